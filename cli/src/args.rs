//! The command line of the interpreter: the options of the reference `lua`,
//! by its rules, and the long options for the collector between them.

/// How a long option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// `--name`
    Flag,
    /// `--name` or `--name=VALUE`
    Optional,
    /// `--name VALUE` or `--name=VALUE`
    Required,
}

/// What to do before the script, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `-e stat`
    Execute(Vec<u8>),
    /// `-l mod` or `-l g=mod`, still in one piece
    Require(Vec<u8>),
    /// `-W`
    Warnings,
}

/// A long option as given: its name without the dashes, its value if it had one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongOption {
    /// `gc` for `--gc=none`
    pub name: String,
    /// The value, unparsed.
    pub value: Option<String>,
}

/// A command line, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// `-e`, `-l` and `-W`, in order.
    pub actions: Vec<Action>,
    /// `-i`
    pub interactive: bool,
    /// `-v`, and implied by `-i`
    pub version: bool,
    /// `-E`
    pub ignore_environment: bool,
    /// `--help`
    pub help: bool,
    /// Long options, in order.
    pub long: Vec<LongOption>,
    /// Where in the words given the script stands; `None` without one.
    pub script: Option<usize>,
    /// Whether `--` stands before the script, so that a `-` is a file's name.
    pub script_after_dashes: bool,
}

impl CommandLine {
    /// Whether an option asked for something that makes reading standard input
    /// without being told to unwanted.
    pub fn did_something(&self) -> bool {
        self.version || self.actions.iter().any(|a| matches!(a, Action::Execute(_)))
    }
}

/// An option that cannot be obeyed, in the words of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOption(pub String);

/// Reads `words`, of which the first names the program. `arity` knows the long
/// options.
pub fn parse(
    words: &[Vec<u8>],
    arity: &dyn Fn(&str) -> Option<Arity>,
) -> Result<CommandLine, BadOption> {
    let mut line = CommandLine::default();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        if word.first() != Some(&b'-') {
            line.script = Some(at);
            break;
        }
        let rest = word.get(2..).unwrap_or_default();
        match word.get(1) {
            None => {
                line.script = Some(at);
                break;
            }
            Some(b'-') if rest.is_empty() => {
                line.script_after_dashes = true;
                line.script = (at + 1 < words.len()).then_some(at + 1);
                break;
            }
            Some(b'-') => at = parse_long(words, at, arity, &mut line)?,
            Some(b'E') if rest.is_empty() => line.ignore_environment = true,
            Some(b'W') if rest.is_empty() => line.actions.push(Action::Warnings),
            Some(b'v') if rest.is_empty() => line.version = true,
            Some(b'i') if rest.is_empty() => {
                line.interactive = true;
                line.version = true;
            }
            Some(kind @ (b'e' | b'l')) => {
                let text = if rest.is_empty() {
                    at += 1;
                    match words.get(at) {
                        Some(next) if next.first() != Some(&b'-') => next.clone(),
                        _ => return Err(needs_argument(word)),
                    }
                } else {
                    rest.to_vec()
                };
                line.actions.push(if *kind == b'e' {
                    Action::Execute(text)
                } else {
                    Action::Require(text)
                });
            }
            Some(_) => return Err(unrecognized(word)),
        }
        at += 1;
    }
    Ok(line)
}

/// Reads the long option at `at` and returns the place of its last word.
fn parse_long(
    words: &[Vec<u8>],
    at: usize,
    arity: &dyn Fn(&str) -> Option<Arity>,
    line: &mut CommandLine,
) -> Result<usize, BadOption> {
    let word = &words[at];
    let text = core::str::from_utf8(&word[2..]).map_err(|_| unrecognized(word))?;
    let (name, mut value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name == "help" && value.is_none() {
        line.help = true;
        return Ok(at);
    }
    let mut last = at;
    match (arity(name), &value) {
        (None, _) | (Some(Arity::Flag), Some(_)) => return Err(unrecognized(word)),
        (Some(Arity::Required), None) => {
            last += 1;
            match words.get(last).map(|next| core::str::from_utf8(next)) {
                Some(Ok(next)) if !next.starts_with('-') => value = Some(next.to_owned()),
                _ => return Err(needs_argument(word)),
            }
        }
        _ => {}
    }
    line.long.push(LongOption {
        name: name.to_owned(),
        value,
    });
    Ok(last)
}

fn needs_argument(word: &[u8]) -> BadOption {
    BadOption(format!(
        "'{}' needs argument",
        String::from_utf8_lossy(word)
    ))
}

fn unrecognized(word: &[u8]) -> BadOption {
    BadOption(format!(
        "unrecognized option '{}'",
        String::from_utf8_lossy(word)
    ))
}

/// The most columns that the usage text takes for our own options.
const USAGE_WIDTH: usize = 92;

/// The reference's usage text with the long options after it, one `(form,
/// meaning)` each.
pub fn usage(program: &str, long: &[(String, String)]) -> String {
    let mut text = format!(
        "usage: {program} [options] [script [args]]\n\
         Available options are:\n\
         \x20 -e stat   execute string 'stat'\n\
         \x20 -i        enter interactive mode after executing 'script'\n\
         \x20 -l mod    require library 'mod' into global 'mod'\n\
         \x20 -l g=mod  require library 'mod' into global 'g'\n\
         \x20 -v        show version information\n\
         \x20 -E        ignore environment variables\n\
         \x20 -W        turn warnings on\n\
         \x20 --        stop handling options\n\
         \x20 -         stop handling options and execute stdin\n\
         \x20 --help    show this text\n"
    );
    if !long.is_empty() {
        text.push_str("The garbage collector:\n");
        let width = long.iter().map(|(form, _)| form.len()).max().unwrap_or(0);
        for (form, meaning) in long {
            let indent = " ".repeat(width + 4);
            let lines = wrapped(meaning, USAGE_WIDTH - indent.len()).join(&format!("\n{indent}"));
            text.push_str(&format!("  {form:width$}  {lines}\n"));
        }
    }
    text.push_str(
        "Other commands:\n\
         \x20 bench [options] [workload or script] ...   compare the collectors\n\
         \x20 disasm file                                show a file's bytecode\n",
    );
    text
}

/// Cuts a text into lines of at most `width` columns, between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if lines[last].len() + 1 + word.len() <= width {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arity(name: &str) -> Option<Arity> {
        match name {
            "gc" | "heap-max" => Some(Arity::Required),
            "gc-stats" => Some(Arity::Flag),
            "gc-log" => Some(Arity::Optional),
            _ => None,
        }
    }

    fn words(text: &str) -> Vec<Vec<u8>> {
        core::iter::once("lua")
            .chain(text.split_whitespace())
            .map(|w| w.as_bytes().to_vec())
            .collect()
    }

    fn ok(text: &str) -> CommandLine {
        parse(&words(text), &arity).unwrap()
    }

    fn bad(text: &str) -> String {
        parse(&words(text), &arity).unwrap_err().0
    }

    #[test]
    fn script_ends_the_options() {
        let line = ok("-W -E a.lua -e x");
        assert_eq!(line.script, Some(3));
        assert!(line.ignore_environment);
        assert_eq!(line.actions, [Action::Warnings]);
    }

    #[test]
    fn no_script() {
        assert_eq!(ok("").script, None);
        assert_eq!(ok("--").script, None);
        assert_eq!(ok("-e x").script, None);
        assert!(ok("-e x").did_something());
        assert!(ok("-v").did_something());
        assert!(!ok("-l m").did_something());
    }

    #[test]
    fn dash_is_standard_input_unless_after_dashes() {
        assert_eq!(ok("- a").script, Some(1));
        let line = ok("-- - a");
        assert_eq!((line.script, line.script_after_dashes), (Some(2), true));
    }

    #[test]
    fn texts_joined_or_apart() {
        assert_eq!(ok("-ex=1").actions, [Action::Execute(b"x=1".to_vec())]);
        assert_eq!(ok("-e x=1").actions, [Action::Execute(b"x=1".to_vec())]);
        assert_eq!(ok("-lm -l g=m").actions.len(), 2);
    }

    #[test]
    fn bad_options_in_the_reference_s_words() {
        assert_eq!(bad("-e"), "'-e' needs argument");
        assert_eq!(bad("-e -i"), "'-e' needs argument");
        assert_eq!(bad("-l"), "'-l' needs argument");
        assert_eq!(bad("-vv"), "unrecognized option '-vv'");
        assert_eq!(bad("-i -x"), "unrecognized option '-x'");
        assert_eq!(bad("--foo"), "unrecognized option '--foo'");
        assert_eq!(bad("--gc"), "'--gc' needs argument");
        assert_eq!(bad("--gc-stats=1"), "unrecognized option '--gc-stats=1'");
    }

    #[test]
    fn long_options() {
        let line = ok("--gc none --gc-log --gc-stats --heap-max=10M x.lua");
        let given: Vec<_> = line
            .long
            .iter()
            .map(|o| (o.name.as_str(), o.value.as_deref()))
            .collect();
        assert_eq!(
            given,
            [
                ("gc", Some("none")),
                ("gc-log", None),
                ("gc-stats", None),
                ("heap-max", Some("10M"))
            ]
        );
        assert_eq!(line.script, Some(6));
        // an optional value stands only behind '='
        assert_eq!(ok("--gc-log x.lua").script, Some(2));
    }

    #[test]
    fn usage_wraps_between_words() {
        assert_eq!(wrapped("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrapped("longer than that", 5), ["longer", "than", "that"]);
        let text = usage("lua", &[("--gc NAME".into(), "word ".repeat(40))]);
        assert!(text.lines().all(|l| l.len() <= USAGE_WIDTH), "{text}");
    }

    #[test]
    fn interactive_implies_version() {
        let line = ok("-i");
        assert!(line.interactive && line.version);
    }
}
