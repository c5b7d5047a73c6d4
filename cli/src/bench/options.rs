//! The words of `moonsweep bench`.

use super::workloads::{self, Workload};
use crate::gc_flags;
use lexopt::prelude::*;
use std::ffi::OsString;

/// What the reference implementation is called where it is installed.
const REFERENCE: &str = "lua5.4";

/// What to run and how often.
#[derive(Debug)]
pub struct BenchOptions {
    /// What runs.
    pub programs: Vec<Program>,
    /// The collectors, each in a process of its own.
    pub collectors: Vec<String>,
    /// How often each pair runs.
    pub runs: usize,
    /// What the built-in workloads' sizes are multiplied by.
    pub size: f64,
    /// The reference implementation's program, if it is to run too.
    pub reference: Option<OsString>,
    /// Where the results go as JSON.
    pub json: Option<OsString>,
    /// Options of the heap for every process under a collector.
    pub heap: Vec<OsString>,
    /// Arguments for the scripts.
    pub arguments: Vec<OsString>,
}

/// Something to run.
#[derive(Clone, Debug)]
pub enum Program {
    /// A workload of our own.
    Workload(&'static Workload),
    /// A user's script.
    Script(OsString),
}

impl Program {
    /// What the table calls it.
    pub fn name(&self) -> String {
        match self {
            Program::Workload(workload) => workload.name.to_owned(),
            Program::Script(path) => std::path::Path::new(path)
                .file_stem()
                .unwrap_or(path)
                .to_string_lossy()
                .into_owned(),
        }
    }
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// Run the benchmark.
    Run(BenchOptions),
    /// Print this text.
    Print(String),
}

/// The help text.
pub fn help() -> String {
    let mut text = String::from(
        "usage: moonsweep bench [options] [workload or script] ... [-- script arguments]\n\
         Runs each program under each collector, in fresh processes and by turns, checks that\n\
         all of them print the same, and compares time, pauses and memory.\n\
         Options:\n\
         \x20 --gc LIST           collectors, separated by commas; default: all\n\
         \x20 --runs N            how often each pair runs; default 3\n\
         \x20 --size X            multiplies the workloads' sizes; default 1\n\
         \x20 --reference[=LUA]   adds lua5.4, or another interpreter, as a row\n\
         \x20 --json FILE         writes all figures to FILE\n\
         \x20 --list              names the workloads\n\
         \x20 --heap-max SIZE and the other options of the heap are handed on\n\
         Workloads:\n",
    );
    text.push_str(&list());
    text
}

fn list() -> String {
    let row = |w: &Workload| format!("  {:<10} {}\n", w.name, w.about);
    workloads::ALL.iter().map(row).collect()
}

/// Reads the words after `bench`.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    parse_words(words).map_err(|e| e.to_string())
}

fn parse_words(words: impl IntoIterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    let mut options = BenchOptions {
        programs: Vec::new(),
        collectors: gc_flags::collectors()
            .iter()
            .map(|c| (*c).to_owned())
            .collect(),
        runs: 3,
        size: 1.0,
        reference: None,
        json: None,
        heap: Vec::new(),
        arguments: Vec::new(),
    };
    // lexopt gives values after "--" like any other: cut the script's arguments off first
    let mut words: Vec<OsString> = words.into_iter().collect();
    if let Some(at) = words.iter().position(|w| w == "--") {
        options.arguments = words.split_off(at).into_iter().skip(1).collect();
    }
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("gc") => options.collectors = collectors(&parser.value()?.string()?)?,
            Long("runs") => {
                options.runs = parser.value()?.parse()?;
                if options.runs == 0 {
                    return Err("'--runs' must be at least 1".into());
                }
            }
            Long("size") => {
                options.size = parser.value()?.parse()?;
                if !(options.size > 0.0 && options.size.is_finite()) {
                    return Err("'--size' must be a number above 0".into());
                }
            }
            Long("reference") => {
                let given = parser.optional_value();
                options.reference = Some(given.unwrap_or_else(|| REFERENCE.into()));
            }
            Long("json") => options.json = Some(parser.value()?),
            Long("list") => return Ok(Request::Print(list())),
            Long("help") | Short('h') => return Ok(Request::Print(help())),
            Long(name) if gc_flags::is_heap_option(name) => {
                let mut flag = OsString::from(format!("--{name}"));
                let arity = gc_flags::arity(name);
                let value = match parser.optional_value() {
                    None if arity == Some(crate::args::Arity::Required) => Some(parser.value()?),
                    given => given,
                };
                if let Some(value) = value {
                    flag.push("=");
                    flag.push(value);
                }
                options.heap.push(flag);
            }
            Value(word) => options.programs.push(program(word)?),
            other => return Err(other.unexpected()),
        }
    }
    if options.programs.is_empty() {
        options.programs = workloads::ALL.iter().map(Program::Workload).collect();
    }
    Ok(Request::Run(options))
}

/// A list of collectors, each of which must exist.
fn collectors(list: &str) -> Result<Vec<String>, lexopt::Error> {
    let known = gc_flags::collectors();
    let mut chosen: Vec<String> = Vec::new();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        if !known.contains(&name) {
            let known = known.join(", ");
            return Err(format!("no collector is called '{name}' (there are {known})").into());
        }
        if !chosen.iter().any(|c| c == name) {
            chosen.push(name.to_owned());
        }
    }
    if chosen.is_empty() {
        return Err("'--gc' names no collector".into());
    }
    Ok(chosen)
}

/// A workload by its name, or else a file that exists.
fn program(word: OsString) -> Result<Program, lexopt::Error> {
    if let Some(workload) = word.to_str().and_then(workloads::find) {
        return Ok(Program::Workload(workload));
    }
    if std::path::Path::new(&word).is_file() {
        return Ok(Program::Script(word));
    }
    let name = word.to_string_lossy();
    Err(format!("'{name}' is neither a workload nor a file (see --list)").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &str) -> BenchOptions {
        match parse(words.split_whitespace().map(OsString::from)).unwrap() {
            Request::Run(options) => options,
            Request::Print(text) => panic!("printed {text}"),
        }
    }

    fn bad(words: &str) -> String {
        parse(words.split_whitespace().map(OsString::from)).unwrap_err()
    }

    #[test]
    fn by_default_everything_runs() {
        let options = run("");
        assert_eq!(options.programs.len(), workloads::ALL.len());
        assert_eq!(options.collectors, gc_flags::collectors());
        assert_eq!(options.runs, 3);
    }

    #[test]
    fn a_choice() {
        let options = run("trees --gc marksweep,none,marksweep --runs 2 --size=0.5 --reference");
        assert_eq!(options.programs.len(), 1);
        assert_eq!(options.collectors, ["marksweep", "none"]);
        assert_eq!((options.runs, options.size), (2, 0.5));
        assert_eq!(options.reference.unwrap(), "lua5.4");
    }

    #[test]
    fn heap_options_are_handed_on_and_arguments_kept_apart() {
        let options = run("queue --heap-max 64M --gc-verify --gc-nursery=1M -- --gc x");
        assert_eq!(
            options.heap,
            ["--heap-max=64M", "--gc-verify", "--gc-nursery=1M"]
        );
        assert_eq!(options.arguments, ["--gc", "x"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(bad("--gc best").contains("no collector is called 'best'"));
        assert!(bad("--runs 0").contains("at least 1"));
        assert!(bad("--size 0").contains("above 0"));
        assert!(bad("nosuch").contains("neither a workload nor a file"));
        assert!(bad("--nosuch").contains("--nosuch"));
    }
}
