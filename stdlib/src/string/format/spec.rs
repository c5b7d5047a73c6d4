//! One conversion specification (`%-10.3f`): reading and checking it.

/// A checked specification.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Spec {
    /// `-`: pad on the right.
    pub left: bool,
    /// `+`: write the plus sign too.
    pub plus: bool,
    /// ` `: a space in place of the plus sign.
    pub space: bool,
    /// `#`: the alternative form.
    pub alternate: bool,
    /// `0`: pad with zeros.
    pub zeros: bool,
    /// The least width.
    pub width: usize,
    /// The precision, if there is one.
    pub precision: Option<usize>,
    /// The letter.
    pub letter: u8,
}

/// The modifiers that a conversion accepts.
#[derive(Clone, Copy)]
pub struct Allowed {
    flags: &'static [u8],
    precision: bool,
}

impl Allowed {
    /// For `%a %e %f %g`.
    pub const FLOAT: Allowed = Allowed {
        flags: b"-+#0 ",
        precision: true,
    };
    /// For `%o %x %X`.
    pub const HEX: Allowed = Allowed {
        flags: b"-#0",
        precision: true,
    };
    /// For `%d %i`.
    pub const INTEGER: Allowed = Allowed {
        flags: b"-+0 ",
        precision: true,
    };
    /// For `%u`.
    pub const UNSIGNED: Allowed = Allowed {
        flags: b"-0",
        precision: true,
    };
    /// For `%s`.
    pub const TEXT: Allowed = Allowed {
        flags: b"-",
        precision: true,
    };
    /// For `%c %p`.
    pub const PLAIN: Allowed = Allowed {
        flags: b"-",
        precision: false,
    };
}

/// What is wrong with a specification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SpecError {
    /// More modifiers than any conversion can have.
    TooLong,
    /// Modifiers that the conversion does not take; the text after `%`.
    Modifiers(Vec<u8>),
    /// No such conversion; the text after `%`.
    Conversion(Vec<u8>),
}

impl SpecError {
    /// The message, worded as the reference implementation does.
    pub fn message(&self) -> Vec<u8> {
        let quoted = |before: &str, text: &[u8], after: &str| {
            // The reference hands the text on as a C string.
            let text = text.split(|&b| b == 0).next().unwrap_or_default();
            [before.as_bytes(), b"'%", text, b"'", after.as_bytes()].concat()
        };
        match self {
            SpecError::TooLong => b"invalid format (too long)".to_vec(),
            SpecError::Modifiers(text) => quoted("invalid conversion specification: ", text, ""),
            SpecError::Conversion(text) => quoted("invalid conversion ", text, " to 'format'"),
        }
    }
}

/// The longest text of a specification, letter included.
const LONGEST: usize = 21;

/// Splits the specification off the front of what follows a `%`: modifiers and one
/// more byte, which should be the letter. At the format's end that byte is missing.
#[inline]
pub fn scan(format: &[u8]) -> Result<&[u8], SpecError> {
    let modifiers = format
        .iter()
        .position(|b| !b"-+#0 123456789.".contains(b))
        .unwrap_or(format.len());
    if modifiers + 1 > LONGEST {
        return Err(SpecError::TooLong);
    }
    Ok(&format[..format.len().min(modifiers + 1)])
}

impl Spec {
    /// A letter without modifiers.
    pub fn bare(letter: u8) -> Spec {
        Spec {
            letter,
            ..Spec::default()
        }
    }

    /// Checks the text of a specification (as [`scan`] gives it) against what its
    /// letter allows.
    pub fn check(text: &[u8], allowed: Allowed) -> Result<Spec, SpecError> {
        let mut spec = Spec::default();
        let mut rest = text;
        while let [flag, tail @ ..] = rest
            && allowed.flags.contains(flag)
        {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                _ => spec.zeros = true,
            }
            rest = tail;
        }
        // A width does not begin with 0: where it could, that is a flag.
        if rest.first() != Some(&b'0') {
            (spec.width, rest) = two_digits(rest);
            if let [b'.', tail @ ..] = rest
                && allowed.precision
            {
                let (precision, tail) = two_digits(tail);
                spec.precision = Some(precision);
                rest = tail;
            }
        }
        match rest {
            [letter, ..] if letter.is_ascii_alphabetic() => {
                spec.letter = *letter;
                Ok(spec)
            }
            _ => Err(SpecError::Modifiers(text.to_vec())),
        }
    }
}

/// A number of at most two digits, and what follows.
fn two_digits(text: &[u8]) -> (usize, &[u8]) {
    let digits = text
        .iter()
        .take(2)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let (number, rest) = text.split_at(digits);
    (
        number.iter().fold(0, |n, b| n * 10 + (b - b'0') as usize),
        rest,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers() {
        let spec = Spec::check(b"-+012.5f", Allowed::FLOAT).unwrap();
        assert!(spec.left && spec.plus && spec.zeros && !spec.space);
        assert_eq!(
            (spec.width, spec.precision, spec.letter),
            (12, Some(5), b'f')
        );
        assert_eq!(
            Spec::check(b".d", Allowed::INTEGER).unwrap().precision,
            Some(0)
        );
        for bad in ["#d", "123d", "1.123d", "5.3.2d"] {
            assert!(
                Spec::check(bad.as_bytes(), Allowed::INTEGER).is_err(),
                "{bad}"
            );
        }
        assert!(Spec::check(b"05s", Allowed::TEXT).is_err());
        assert!(Spec::check(b".3c", Allowed::PLAIN).is_err());
    }

    #[test]
    fn scanning_stops_after_the_letter() {
        assert_eq!(scan(b"5.2f tail"), Ok(&b"5.2f"[..]));
        assert_eq!(scan(b"10"), Ok(&b"10"[..]));
        assert_eq!(scan(&[b'0'; 21]), Err(SpecError::TooLong));
        assert!(scan(&[b'0'; 20]).is_ok());
    }
}
