//! The options that limit what a program may do, other than the heap's.

use crate::args::{Arity, LongOption};

/// What a program may use up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `--max-instructions N`
    pub instructions: Option<u64>,
}

const FLAG: &str = "max-instructions";
const VARIABLE: &str = "MOONSWEEP_MAX_INSTRUCTIONS";

/// How the long option `name` takes its value, if it is one of these.
pub fn arity(name: &str) -> Option<Arity> {
    (name == FLAG).then_some(Arity::Required)
}

/// The limits of the command line, or else of the environment.
///
/// # Errors
/// A bad value.
pub fn read(
    long: &[LongOption],
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Limits, String> {
    let mut limits = Limits::default();
    if let Some(text) = environment(VARIABLE) {
        limits.instructions = Some(count(&text, VARIABLE)?);
    }
    for option in long.iter().filter(|option| option.name == FLAG) {
        let text = option.value.as_deref().unwrap_or_default();
        limits.instructions = Some(count(text, &format!("--{FLAG}"))?);
    }
    Ok(limits)
}

/// A number, perhaps of thousands (`K`), millions (`M`) or milliards (`G`).
fn count(text: &str, given: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1_000),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1_000_000),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    let number = digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse::<u64>().ok()?.checked_mul(unit));
    number
        .flatten()
        .ok_or_else(|| format!("bad value '{text}' for '{given}' (expected a number, as 10M)"))
}

/// The options for the usage text: form and meaning.
pub fn usage() -> Vec<(String, String)> {
    vec![(
        format!("--{FLAG} N"),
        "Raise the error 'instruction limit reached' after so many instructions, for good: \
         the program can't go on after catching it. K, M and G stand for thousands and more."
            .to_owned(),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str) -> Result<Limits, String> {
        let option = LongOption {
            name: FLAG.to_owned(),
            value: Some(value.to_owned()),
        };
        read(&[option], &|_| Some("7".to_owned()))
    }

    #[test]
    fn numbers_with_and_without_units() {
        assert_eq!(given("0").unwrap().instructions, Some(0));
        assert_eq!(given("250").unwrap().instructions, Some(250));
        assert_eq!(given("3k").unwrap().instructions, Some(3_000));
        assert_eq!(given("10M").unwrap().instructions, Some(10_000_000));
        assert_eq!(given("2G").unwrap().instructions, Some(2_000_000_000));
        for bad in [
            "",
            "M",
            "-1",
            "+1",
            "1.5M",
            "1T",
            "99999999999999999999",
            "99999999999999G",
        ] {
            assert!(given(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_command_line_counts_more_than_the_environment() {
        let none = read(&[], &|_| None).unwrap();
        assert_eq!(none.instructions, None);
        let environment = read(&[], &|name| (name == VARIABLE).then(|| "1K".to_owned()));
        assert_eq!(environment.unwrap().instructions, Some(1_000));
        let message = read(&[], &|_| Some("much".to_owned())).unwrap_err();
        assert!(message.contains(VARIABLE), "{message}");
    }
}
