//! `%q`: values as Lua source that reads back as the same value.

use super::{Spec, decimal, hex_float};

/// A string in double quotes.
pub fn quote_string(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.iter().peekable();
    while let Some(&byte) = rest.next() {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', byte]),
            _ if byte.is_ascii_control() => {
                out.push(b'\\');
                // A digit that follows must not be taken for part of the escape.
                if rest.peek().is_some_and(|next| next.is_ascii_digit()) {
                    out.extend_from_slice(&[
                        b'0' + byte / 100,
                        b'0' + byte / 10 % 10,
                        b'0' + byte % 10,
                    ]);
                } else {
                    decimal(out, byte as i64);
                }
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// A float: in hexadecimal, which loses nothing; infinities and NaN as expressions.
pub fn quote_float(out: &mut Vec<u8>, x: f64) {
    if x.is_nan() {
        out.extend_from_slice(b"(0/0)");
    } else if x.is_infinite() {
        out.extend_from_slice(if x > 0.0 { b"1e9999" } else { b"-1e9999" });
    } else {
        hex_float(out, &Spec::bare(b'a'), x);
    }
}

/// An integer: in decimal, but for the one whose decimal form would be read as a float.
pub fn quote_integer(out: &mut Vec<u8>, n: i64) {
    if n == i64::MIN {
        out.extend_from_slice(b"0x8000000000000000");
    } else {
        decimal(out, n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        let mut out = Vec::new();
        quote_string(&mut out, b"a\"b\\c\nd\0e\x001\r\x7f\xff");
        assert_eq!(out, b"\"a\\\"b\\\\c\\\nd\\0e\\0001\\13\\127\xff\"");
    }

    #[test]
    fn numbers() {
        let mut out = Vec::new();
        quote_integer(&mut out, i64::MIN);
        quote_float(&mut out, f64::NEG_INFINITY);
        quote_float(&mut out, 0.5);
        assert_eq!(out, b"0x8000000000000000-1e99990x1p-1");
    }
}
