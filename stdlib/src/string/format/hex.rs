//! `%a`: hexadecimal floats.

use super::Spec;
use super::float::not_finite;
use super::integer::{fill_with, pad_from, sign};

/// Bits of the mantissa after the point: thirteen hexadecimal digits.
const FRACTION_BITS: u32 = 52;
const FRACTION_DIGITS: usize = 13;

/// Formats a number for `%a` or `%A`, as the GNU C library does: normalised numbers
/// begin with 1, others with 0; rounding is half to even and may make a 2 of the 1.
pub fn hex_float(out: &mut Vec<u8>, spec: &Spec, x: f64) {
    let start = out.len();
    let sign = sign(spec, x.is_sign_negative());
    out.extend_from_slice(sign);
    if !x.is_finite() {
        not_finite(out, spec, x);
        return pad_from(out, spec, start, 0, false);
    }
    let letters = if spec.letter == b'A' {
        b"0123456789ABCDEFXP"
    } else {
        b"0123456789abcdefxp"
    };
    let bits = x.abs().to_bits();
    let mut fraction = bits & ((1 << FRACTION_BITS) - 1);
    let (mut lead, exponent) = match (bits >> FRACTION_BITS) as i32 {
        0 if fraction == 0 => (0, 0),
        0 => (0, -1022),
        biased => (1, biased - 1023),
    };
    let shown = spec.precision.unwrap_or(FRACTION_DIGITS);
    if shown < FRACTION_DIGITS {
        let dropped = 4 * (FRACTION_DIGITS - shown) as u32;
        let whole = lead << FRACTION_BITS | fraction;
        let rest = whole & ((1 << dropped) - 1);
        let half = 1 << (dropped - 1);
        let mut kept = whole >> dropped;
        kept += (rest > half || (rest == half && kept & 1 == 1)) as u64;
        let rounded = kept << dropped;
        lead = rounded >> FRACTION_BITS;
        fraction = rounded & ((1 << FRACTION_BITS) - 1);
    }
    out.extend_from_slice(&[b'0', letters[16], b'0' + lead as u8]);
    // Without a precision as many digits as it takes.
    let count = match spec.precision {
        Some(precision) => precision.min(FRACTION_DIGITS),
        None => FRACTION_DIGITS - (fraction.trailing_zeros().min(FRACTION_BITS) / 4) as usize,
    };
    if shown > 0 && (count > 0 || spec.precision.is_some()) || spec.alternate {
        out.push(b'.');
    }
    for digit in 0..count {
        let shift = FRACTION_BITS - 4 * (digit as u32 + 1);
        out.push(letters[(fraction >> shift & 15) as usize]);
    }
    fill_with(
        out,
        b'0',
        spec.precision.unwrap_or(0).saturating_sub(FRACTION_DIGITS),
    );
    out.push(letters[17]);
    out.push(if exponent < 0 { b'-' } else { b'+' });
    out.extend_from_slice(exponent.unsigned_abs().to_string().as_bytes());
    pad_from(out, spec, start, sign.len() + 2, spec.zeros);
}

#[cfg(test)]
mod tests {
    use super::super::Allowed;
    use super::*;

    #[test]
    fn like_printf() {
        for (spec, x, expected) in [
            ("a", 0.0, "0x0p+0"),
            ("a", 1.0, "0x1p+0"),
            ("a", 0.1, "0x1.999999999999ap-4"),
            ("a", 5e-324, "0x0.0000000000001p-1022"),
            (".0a", 1.5, "0x2p+0"),
            (".0a", 1.25, "0x1p+0"),
            ("#.0a", 1.0, "0x1.p+0"),
            (".1a", 1.0 + 1.0 / 32.0, "0x1.0p+0"),
            (".15a", 1.5, "0x1.800000000000000p+0"),
            ("A", -1.0 / 3.0, "-0X1.5555555555555P-2"),
            ("012a", 1.0, "0x0000001p+0"),
            ("+8a", f64::INFINITY, "    +inf"),
        ] {
            let checked = Spec::check(spec.as_bytes(), Allowed::FLOAT).unwrap();
            let mut out = Vec::new();
            hex_float(&mut out, &checked, x);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "%{spec}");
        }
    }
}
