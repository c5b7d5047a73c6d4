//! `%e`, `%f` and `%g`.
//!
//! The digits are those of the number's exact decimal expansion, rounded half to even,
//! as C libraries give them. Most numbers that programs print allow a short way: a
//! 53-bit mantissa times a power of ten fits in 128 bits, so that the digits are one
//! multiplication and one shift. The rest goes through Rust's own exact formatting.

use super::Spec;
use super::integer::{digits, fill_with, pad_from, sign};
use core::fmt::Write;

/// The powers of ten up to 10^22; a mantissa times the last one is below 2^127.
static POWERS: [u128; 23] = {
    let mut powers = [1; 23];
    let mut i = 1;
    while i < 23 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Formats a number for `%e`, `%E`, `%f`, `%g` or `%G`.
pub fn float(out: &mut Vec<u8>, spec: &Spec, x: f64) {
    let start = out.len();
    let sign = sign(spec, x.is_sign_negative());
    out.extend_from_slice(sign);
    if !x.is_finite() {
        not_finite(out, spec, x);
        return pad_from(out, spec, start, 0, false);
    }
    let magnitude = x.abs();
    let precision = spec.precision.unwrap_or(6);
    match spec.letter {
        b'e' | b'E' => {
            let (digits, exponent) = significant(out.len(), out, magnitude, precision + 1);
            exponential(out, spec, digits, exponent);
        }
        b'g' | b'G' => general(out, spec, magnitude, precision.max(1)),
        _ => fixed(out, magnitude, precision, spec.alternate),
    }
    pad_from(out, spec, start, sign.len(), spec.zeros);
}

/// The text of an infinity or a NaN, in the letter's case, without its sign.
pub(super) fn not_finite(out: &mut Vec<u8>, spec: &Spec, x: f64) {
    out.extend_from_slice(match (x.is_nan(), spec.letter.is_ascii_uppercase()) {
        (true, false) => b"nan",
        (true, true) => b"NAN",
        (false, false) => b"inf",
        (false, true) => b"INF",
    });
}

/// The mantissa and the binary exponent of a finite number that is not negative.
fn split(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    match (bits >> 52) as i32 {
        0 => (mantissa, -1074),
        exponent => (mantissa | 1 << 52, exponent - 1075),
    }
}

/// `x * 10^power`, rounded half to even, if the short way can do it.
#[inline]
fn scaled(x: f64, power: usize) -> Option<u128> {
    let (mantissa, exponent) = split(x);
    if power >= POWERS.len() || !(-127..=0).contains(&exponent) {
        return None;
    }
    let product = mantissa as u128 * POWERS[power];
    let shift = (-exponent) as u32;
    let whole = product >> shift;
    let rest = product & ((1 << shift) - 1);
    let half = if shift == 0 {
        u128::MAX
    } else {
        1 << (shift - 1)
    };
    let up = rest > half || (rest == half && whole & 1 == 1);
    Some(whole + (shift != 0 && up) as u128)
}

/// `%f` of a finite magnitude.
fn fixed(out: &mut Vec<u8>, x: f64, precision: usize, point: bool) {
    if let Some(value) = scaled(x, precision)
        && let Ok(value) = u64::try_from(value)
    {
        let mut buffer = [0; 20];
        let text = digits(value, &mut buffer);
        // At least one digit before the point.
        let (whole, fraction) = text.split_at(text.len().saturating_sub(precision));
        out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
        if precision > 0 {
            out.push(b'.');
            fill_with(out, b'0', precision - fraction.len());
            out.extend_from_slice(fraction);
        }
    } else {
        write_exact(out, format_args!("{x:.precision$}"));
    }
    if precision == 0 && point {
        out.push(b'.');
    }
}

/// The `count` significant digits of a finite magnitude, and the decimal exponent of
/// the first. The digits are appended to `out`, and `start` is where they begin.
fn significant(start: usize, out: &mut Vec<u8>, x: f64, count: usize) -> (usize, i32) {
    if x == 0.0 {
        fill_with(out, b'0', count);
        return (start, 0);
    }
    if let Some((value, exponent)) = short_significant(x, count) {
        out.extend_from_slice(digits(value, &mut [0; 20]));
        return (start, exponent);
    }
    let precision = count - 1;
    write_exact(out, format_args!("{x:.precision$e}"));
    // d.ddde-7: take the exponent off, then the point out.
    let mark = out[start..].iter().rposition(|&b| b == b'e').unwrap_or(0) + start;
    let (negative, power) = match &out[mark + 1..] {
        [b'-', power @ ..] => (true, power),
        power => (false, power),
    };
    let power = power.iter().fold(0, |n, b| n * 10 + (b - b'0') as i32);
    out.truncate(mark);
    if precision > 0 {
        out.remove(start + 1);
    }
    (start, if negative { -power } else { power })
}

/// The digits as a number, the short way. `x` is positive.
fn short_significant(x: f64, count: usize) -> Option<(u64, i32)> {
    if count > 17 || !(1e-5..1e22).contains(&x) {
        return None;
    }
    // The binary exponent times log10(2) is the decimal one, or one less; the digits tell.
    let binary = (x.to_bits() >> 52) as i32 - 1023;
    let mut exponent = (binary * 1233) >> 12;
    for _ in 0..2 {
        let power = usize::try_from(count as i32 - 1 - exponent).ok()?;
        let value = scaled(x, power)?;
        if value < POWERS[count - 1] {
            exponent -= 1;
        } else if value > POWERS[count] {
            exponent += 1;
        } else if value == POWERS[count] {
            return Some((POWERS[count - 1] as u64, exponent + 1));
        } else {
            return Some((value as u64, exponent));
        }
    }
    None
}

/// `%e`: puts the point and the exponent to the digits from `digits` on.
fn exponential(out: &mut Vec<u8>, spec: &Spec, digits: usize, exponent: i32) {
    if out.len() > digits + 1 || spec.alternate {
        out.insert(digits + 1, b'.');
    }
    out.push(if spec.letter.is_ascii_uppercase() {
        b'E'
    } else {
        b'e'
    });
    out.push(if exponent < 0 { b'-' } else { b'+' });
    let exponent = exponent.unsigned_abs();
    if exponent >= 100 {
        out.push(b'0' + (exponent / 100) as u8);
    }
    out.push(b'0' + (exponent / 10 % 10) as u8);
    out.push(b'0' + (exponent % 10) as u8);
}

/// `%g`: the shorter of the two forms, without trailing zeros unless asked for.
fn general(out: &mut Vec<u8>, spec: &Spec, x: f64, precision: usize) {
    let (start, exponent) = significant(out.len(), out, x, precision);
    if !spec.alternate {
        while out.len() > start + 1 && out.last() == Some(&b'0') {
            out.pop();
        }
    }
    if exponent < -4 || exponent >= precision as i32 {
        return exponential(out, spec, start, exponent);
    }
    if exponent < 0 {
        // 0.000ddd
        let zeros = (1 - exponent) as usize;
        fill_with(out, b'0', zeros);
        out[start..].rotate_right(zeros);
        out[start + 1] = b'.';
        return;
    }
    let whole = exponent as usize + 1;
    let length = out.len() - start;
    if length < whole {
        fill_with(out, b'0', whole - length);
    }
    if length > whole || spec.alternate {
        out.insert(start + whole, b'.');
    }
}

/// Appends what Rust formats.
fn write_exact(out: &mut Vec<u8>, arguments: core::fmt::Arguments) {
    struct Sink<'a>(&'a mut Vec<u8>);
    impl Write for Sink<'_> {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
    // The sink never fails.
    let _ = Sink(out).write_fmt(arguments);
}

#[cfg(test)]
mod tests {
    use super::super::Allowed;
    use super::*;

    fn format(text: &str, x: f64) -> String {
        let spec = Spec::check(text.as_bytes(), Allowed::FLOAT).unwrap();
        let mut out = Vec::new();
        float(&mut out, &spec, x);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn like_printf() {
        for (spec, x, expected) in [
            (".2f", 0.125, "0.12"),
            (".0f", 0.5, "0"),
            (".0f", 2.5, "2"),
            ("#.0f", 2.5, "2."),
            (".3f", 2.0005, "2.001"),
            ("f", 1e15, "1000000000000000.000000"),
            ("10.3f", -1.5, "    -1.500"),
            ("-10.3f", -1.5, "-1.500    "),
            ("010.3f", -1.5, "-00001.500"),
            ("e", 0.0, "0.000000e+00"),
            (".0e", 15.0, "2e+01"),
            ("#.0e", 15.0, "2.e+01"),
            ("E", 1e-300, "1.000000E-300"),
            ("g", 100000.0, "100000"),
            ("g", 1000000.0, "1e+06"),
            ("g", 0.0001, "0.0001"),
            ("g", 0.00001, "1e-05"),
            ("#g", 1.0, "1.00000"),
            (".0g", 0.0, "0"),
            (".14g", 0.1, "0.1"),
            (".14g", 1.0 / 3.0, "0.33333333333333"),
            (".17g", 0.1, "0.10000000000000001"),
            (".3g", 999.9, "1e+03"),
            ("+g", f64::INFINITY, "+inf"),
            ("05G", f64::NAN, "  NAN"),
            ("g", f64::NEG_INFINITY, "-inf"),
            ("g", -0.0, "-0"),
        ] {
            assert_eq!(format(spec, x), expected, "%{spec}");
        }
        assert_eq!(format(".99f", 1e308).len(), 309 + 1 + 99);
    }

    #[test]
    fn the_short_way_is_the_exact_way() {
        let mut state = 88172645463325252u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let decimals = (state >> 60) as usize;
            let x = match state % 3 {
                0 => (state >> 20) as f64 / 1e7,
                1 => (state >> 44) as f64 / 1024.0,
                _ => f64::from_bits((state >> 12) | (1000 + state % 60) << 52),
            };
            let mut short = Vec::new();
            fixed(&mut short, x, decimals, false);
            assert_eq!(
                String::from_utf8(short).unwrap(),
                std::format!("{x:.decimals$}")
            );
            if x != 0.0
                && let Some((value, exponent)) = short_significant(x, decimals + 1)
            {
                let text = std::format!("{x:.decimals$e}").replace('.', "");
                assert_eq!(std::format!("{value}e{exponent}"), text);
            }
        }
    }
}
