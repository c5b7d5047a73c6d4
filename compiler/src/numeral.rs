//! Numerals: from text to number, with the rules of the reference for source
//! text, `tonumber` and the coercion of strings.

/// A Lua number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
}

/// Whether Lua counts `byte` as white space.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Converts a whole text, white space and sign allowed, to a number.
///
/// Decimal integers that do not fit become floats, hexadecimal ones wrap
/// around; `inf` and `nan` are no numbers.
pub fn parse(text: &[u8]) -> Option<Number> {
    let (negative, body) = strip(text);
    match body {
        [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(negative, digits),
        _ => parse_decimal(negative, body),
    }
}

/// Removes white space at both ends and the sign.
fn strip(text: &[u8]) -> (bool, &[u8]) {
    let start = text
        .iter()
        .position(|&b| !is_space(b))
        .unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|&b| !is_space(b))
        .map_or(start, |i| i + 1);
    match &text[start..end] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

fn parse_decimal(negative: bool, body: &[u8]) -> Option<Number> {
    if !body.is_empty() && body.iter().all(u8::is_ascii_digit) {
        if let Some(integer) = decimal_integer(negative, body) {
            return Some(Number::Int(integer));
        }
    } else if !is_decimal_float(body) {
        return None;
    }
    // Digits, a point and an exponent: ASCII, and the syntax that Rust reads
    // with correct rounding.
    let value: f64 = std::str::from_utf8(body).ok()?.parse().ok()?;
    Some(Number::Float(if negative { -value } else { value }))
}

fn decimal_integer(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut value: i64 = 0;
    for &digit in digits {
        let digit = i64::from(digit - b'0');
        // Accumulating on the right side of zero accepts the smallest integer.
        value = value.checked_mul(10)?;
        value = if negative {
            value.checked_sub(digit)?
        } else {
            value.checked_add(digit)?
        };
    }
    Some(value)
}

/// `digits [. digits] [e [sign] digits]`, with a digit in the mantissa.
fn is_decimal_float(body: &[u8]) -> bool {
    let mut rest = body;
    let mut digits = 0;
    let mut point = false;
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if !point => point = true,
            _ => break,
        }
        rest = tail;
    }
    if digits == 0 {
        return false;
    }
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let exponent = match exponent {
                [b'+' | b'-', tail @ ..] => tail,
                tail => tail,
            };
            !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

fn parse_hexadecimal(negative: bool, body: &[u8]) -> Option<Number> {
    if !body.is_empty() && body.iter().all(u8::is_ascii_hexdigit) {
        let value = body.iter().fold(0u64, |sum, &digit| {
            sum.wrapping_mul(16)
                .wrapping_add(u64::from(hex_value(digit).unwrap_or(0)))
        });
        let value = value as i64;
        return Some(Number::Int(if negative {
            value.wrapping_neg()
        } else {
            value
        }));
    }
    let value = hexadecimal_float(body)?;
    Some(Number::Float(if negative { -value } else { value }))
}

/// `hex digits [. hex digits] [p [sign] digits]`, rounded to nearest even.
fn hexadecimal_float(body: &[u8]) -> Option<f64> {
    let mut mantissa: u64 = 0;
    // Digits that no longer fit only matter as "something nonzero follows".
    let mut sticky = false;
    let mut exponent: i64 = 0;
    let mut digits = 0usize;
    let mut point = false;
    let mut rest = body;
    while let [byte, tail @ ..] = rest {
        if *byte == b'.' && !point {
            point = true;
        } else if let Some(digit) = hex_value(*byte) {
            digits += 1;
            if mantissa >> 60 == 0 {
                mantissa = mantissa << 4 | u64::from(digit);
                exponent -= if point { 4 } else { 0 };
            } else {
                sticky |= digit != 0;
                exponent += if point { 0 } else { 4 };
            }
        } else {
            break;
        }
        rest = tail;
    }
    if digits == 0 {
        return None;
    }
    match rest {
        [] => {}
        [b'p' | b'P', tail @ ..] => {
            let (negative, tail) = match tail {
                [b'-', tail @ ..] => (true, tail),
                [b'+', tail @ ..] => (false, tail),
                tail => (false, tail),
            };
            if tail.is_empty() || !tail.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let value = tail.iter().fold(0i64, |sum, &digit| {
                (sum.saturating_mul(10)
                    .saturating_add(i64::from(digit - b'0')))
                .min(1 << 40)
            });
            exponent = exponent.saturating_add(if negative { -value } else { value });
        }
        _ => return None,
    }
    Some(scale(mantissa, sticky, exponent))
}

/// `mantissa * 2^exponent`, rounded to nearest even; `sticky` says that the
/// true mantissa is a little larger.
fn scale(mantissa: u64, sticky: bool, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = i64::from(64 - mantissa.leading_zeros());
    let top = exponent + bits - 1;
    if top > 1023 {
        return f64::INFINITY;
    }
    // Subnormal numbers have fewer than 53 bits.
    let precision = if top >= -1022 { 53 } else { 53 - (-1022 - top) };
    if precision < 0 {
        return 0.0;
    }
    let shift = bits - precision;
    let quotient = if shift <= 0 {
        mantissa << -shift
    } else {
        let wide = u128::from(mantissa);
        let quotient = (wide >> shift) as u64;
        let remainder = wide & ((1u128 << shift) - 1);
        let half = 1u128 << (shift - 1);
        let up = remainder > half || (remainder == half && (sticky || quotient & 1 == 1));
        quotient + u64::from(up)
    };
    let exponent = exponent + shift;
    let (quotient, exponent) = if quotient == 1 << 53 {
        (1 << 52, exponent + 1)
    } else {
        (quotient, exponent)
    };
    if quotient < 1 << 52 {
        return f64::from_bits(quotient);
    }
    let biased = exponent + 52 + 1023;
    if biased >= 2047 {
        return f64::INFINITY;
    }
    f64::from_bits((biased as u64) << 52 | (quotient - (1 << 52)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(text: &str) -> f64 {
        match parse(text.as_bytes()) {
            Some(Number::Float(value)) => value,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn integers() {
        assert_eq!(parse(b" 10 "), Some(Number::Int(10)));
        assert_eq!(parse(b"-0x10"), Some(Number::Int(-16)));
        assert_eq!(parse(b"0xffffffffffffffffff"), Some(Number::Int(-1)));
        assert_eq!(parse(b"-9223372036854775808"), Some(Number::Int(i64::MIN)));
        assert_eq!(
            parse(b"9223372036854775808"),
            Some(Number::Float(9223372036854775808.0))
        );
    }

    #[test]
    fn floats() {
        assert_eq!(float(".5"), 0.5);
        assert_eq!(float("5."), 5.0);
        assert_eq!(float("0x.8p1"), 1.0);
        assert_eq!(float("0xA.8"), 10.5);
        assert_eq!(float("0x1p-1074"), f64::from_bits(1));
        assert_eq!(float("0x1p-1075"), 0.0);
        assert_eq!(float("0x1.8p-1075"), f64::from_bits(1));
        assert_eq!(float("0x1p1024"), f64::INFINITY);
        assert_eq!(float("0x1.fffffffffffff8p0"), 2.0);
        assert_eq!(float("1e400"), f64::INFINITY);
    }

    #[test]
    fn no_numerals() {
        for text in [
            "", " ", "-", "0x", "1e", "inf", "nan", "1 2", "0x1p", ".", "- 1", "1e+", "0x.p1",
            "1..2",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
