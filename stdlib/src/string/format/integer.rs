//! Integer conversions, and padding for all the others.

use super::Spec;

/// Two decimal digits of each number below 100.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    pairs
};

/// The decimal digits of a number, at the end of `buffer`.
#[inline]
pub(super) fn digits(mut n: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut at = buffer.len();
    while n >= 100 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[(n % 100) as usize]);
        n /= 100;
    }
    if n >= 10 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[n as usize]);
    } else {
        at -= 1;
        buffer[at] = b'0' + n as u8;
    }
    &buffer[at..]
}

/// `%d` without modifiers.
#[inline]
pub fn decimal(out: &mut Vec<u8>, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits(n.unsigned_abs(), &mut [0; 20]));
}

/// `%d` and `%i`.
pub fn signed(out: &mut Vec<u8>, spec: &Spec, n: i64) {
    number(
        out,
        spec,
        sign(spec, n < 0),
        digits(n.unsigned_abs(), &mut [0; 20]),
    );
}

/// The text of a number's sign.
pub(super) fn sign(spec: &Spec, negative: bool) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (_, _, true) => b" ",
        _ => b"",
    }
}

/// `%u`, `%o`, `%x` and `%X`.
pub fn unsigned(out: &mut Vec<u8>, spec: &Spec, n: u64) {
    if spec.letter == b'u' {
        return number(out, spec, b"", digits(n, &mut [0; 20]));
    }
    let (bits, letters, prefix): (u32, &[u8; 16], &[u8]) = match spec.letter {
        b'o' => (3, b"0123456789abcdef", b""),
        b'X' => (4, b"0123456789ABCDEF", b"0X"),
        _ => (4, b"0123456789abcdef", b"0x"),
    };
    let mut buffer = [0u8; 23]; // a zero, and 22 octal digits
    let mut at = buffer.len();
    let mut rest = n;
    loop {
        at -= 1;
        buffer[at] = letters[(rest & ((1 << bits) - 1)) as usize];
        rest >>= bits;
        if rest == 0 {
            break;
        }
    }
    let mut spec = *spec;
    if spec.alternate && bits == 3 {
        // The octal prefix is a digit: it counts for the precision.
        if n != 0 && spec.precision.is_none_or(|p| p <= buffer.len() - at) {
            at -= 1;
            buffer[at] = b'0';
        } else if n == 0 && spec.precision == Some(0) {
            spec.precision = Some(1);
        }
    }
    let prefix: &[u8] = if spec.alternate && n != 0 {
        prefix
    } else {
        b""
    };
    number(out, &spec, prefix, &buffer[at..]);
}

/// An integer: its digits filled up to the precision, then padded to the width.
fn number(out: &mut Vec<u8>, spec: &Spec, prefix: &[u8], digits: &[u8]) {
    let (digits, zeros) = match spec.precision {
        Some(0) if digits == b"0" => (&b""[..], 0),
        Some(precision) => (digits, precision.saturating_sub(digits.len())),
        None => (digits, 0),
    };
    let length = prefix.len() + zeros + digits.len();
    let fill = spec.width.saturating_sub(length);
    let zero_fill = spec.zeros && !spec.left && spec.precision.is_none();
    if !spec.left && !zero_fill {
        fill_with(out, b' ', fill);
    }
    out.extend_from_slice(prefix);
    fill_with(out, b'0', if zero_fill { fill } else { zeros });
    out.extend_from_slice(digits);
    if spec.left {
        fill_with(out, b' ', fill);
    }
}

/// Text padded with spaces to the width: `%c`, `%p`, and `%s` without a precision.
pub fn padded(out: &mut Vec<u8>, spec: &Spec, text: &[u8]) {
    let fill = spec.width.saturating_sub(text.len());
    if !spec.left {
        fill_with(out, b' ', fill);
    }
    out.extend_from_slice(text);
    if spec.left {
        fill_with(out, b' ', fill);
    }
}

/// Appends a byte some times.
pub(super) fn fill_with(out: &mut Vec<u8>, byte: u8, times: usize) {
    out.resize(out.len() + times, byte);
}

/// Pads what `out` has from `start` on to the width: with zeros after the first
/// `prefix` bytes, or with spaces on the left or the right.
pub(super) fn pad_from(out: &mut Vec<u8>, spec: &Spec, start: usize, prefix: usize, zeros: bool) {
    let length = out.len() - start;
    if length >= spec.width {
        return;
    }
    let fill = spec.width - length;
    fill_with(out, b' ', fill);
    if spec.left {
        return;
    }
    let (from, byte) = if zeros {
        (start + prefix, b'0')
    } else {
        (start, b' ')
    };
    out[from..].rotate_right(fill);
    out[from..from + fill].fill(byte);
}

#[cfg(test)]
mod tests {
    use super::super::Allowed;
    use super::*;

    fn format(text: &str, n: i64) -> String {
        let allowed = match text.as_bytes().last() {
            Some(b'd') => Allowed::INTEGER,
            Some(b'u') => Allowed::UNSIGNED,
            _ => Allowed::HEX,
        };
        let spec = Spec::check(text.as_bytes(), allowed).unwrap();
        let mut out = Vec::new();
        match spec.letter {
            b'd' => signed(&mut out, &spec, n),
            _ => unsigned(&mut out, &spec, n as u64),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn like_printf() {
        for (spec, n, expected) in [
            ("d", i64::MIN, "-9223372036854775808"),
            ("+05d", 7, "+0007"),
            ("-5d", 7, "7    "),
            ("05.3d", 7, "  007"),
            (".0d", 0, ""),
            ("#x", 255, "0xff"),
            ("#010X", 255, "0X000000FF"),
            ("#o", 8, "010"),
            ("#.0o", 0, "0"),
            ("#.5o", 8, "00010"),
            ("#x", 0, "0"),
            ("x", -1, "ffffffffffffffff"),
            ("o", -1, "1777777777777777777777"),
            ("u", -1, "18446744073709551615"),
        ] {
            assert_eq!(format(spec, n), expected, "%{spec}");
        }
        let mut out = Vec::new();
        for n in [0, 9, 10, 99, 100, 12345, -1] {
            decimal(&mut out, n);
            out.push(b' ');
        }
        assert_eq!(out, b"0 9 10 99 100 12345 -1 ");
    }
}
