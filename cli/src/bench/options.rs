//! The words of `moonsweep bench`.

use super::advise::Wishes;
use super::workloads::{self, PAUSES, Set, Workload};
use crate::gc_flags;
use lexopt::prelude::*;
use moonsweep_gc::Size;
use moonsweep_gc::options::OptionValue;
use std::ffi::OsString;
use std::time::Duration;

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
    /// What the built-in workloads' sizes are multiplied by, beside their own factors.
    pub size: f64,
    /// The reference implementation's program, if it is to run too.
    pub reference: Option<OsString>,
    /// How long one run may take.
    pub timeout: Option<Duration>,
    /// For how long the machine's own noise is measured.
    pub noise: Duration,
    /// Multiples of each program's minimum heap in which it runs; none: no limit.
    pub heaps: Vec<f64>,
    /// What the recommended collector must do, if one is to be recommended.
    pub advise: Option<Wishes>,
    /// Where the results go as JSON.
    pub json: Option<OsString>,
    /// Where they go as a table in Markdown.
    pub markdown: Option<OsString>,
    /// Where they go as an HTML page.
    pub html: Option<OsString>,
    /// Options of the heap for every process under a collector.
    pub heap: Vec<OsString>,
    /// Arguments for the scripts.
    pub arguments: Vec<OsString>,
}

/// Something to run.
#[derive(Clone, Debug)]
pub enum Program {
    /// A workload of our own, and what its size is multiplied by.
    Workload(&'static Workload, f64),
    /// A user's script.
    Script(OsString),
}

impl Program {
    /// What the table calls it.
    pub fn name(&self) -> String {
        match self {
            Program::Workload(workload, 1.0) => workload.name.to_owned(),
            Program::Workload(workload, size) => format!("{}:{size}", workload.name),
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
    Run(Box<BenchOptions>),
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
         \x20 --size X            multiplies the workloads' sizes; NAME:X does for one of them\n\
         \x20 --reference[=LUA]   adds lua5.4, or another Lua 5.4, in each of its collector's modes\n\
         \x20 --timeout S         ends a run after so many seconds\n\
         \x20 --noise S           measures the machine's own noise for so many seconds; default 1\n\
         \x20 --heaps LIST        runs in heaps of so many times the program's minimum: 1.5,2,3\n\
         \x20 --advise            recommends a collector for each program, by what was measured;\n\
         \x20                     --latency TIME, --memory SIZE, --prompt say what matters:\n\
         \x20                     no longer stop, no more memory, garbage freed soon\n\
         \x20 --json FILE         writes all figures to FILE\n\
         \x20 --markdown FILE     writes the table to FILE, with ratios to the first reference\n\
         \x20 --html FILE         writes a page with tables and charts to FILE\n\
         \x20 --list              names the workloads\n\
         \x20 --source NAME       shows a workload's program\n\
         \x20 --heap-max SIZE and the other options of the heap are handed on\n\
",
    );
    text.push_str(&list());
    text
}

fn list() -> String {
    let rows = |set| {
        let row = |w: &Workload| format!("  {:<17} {}\n", w.name, w.about);
        workloads::of(set).map(row).collect::<String>()
    };
    format!(
        "Workloads:\n{}Large ones that make collectors stop; '{PAUSES}' means all of them:\n{}",
        rows(Set::Usual),
        rows(Set::Pauses)
    )
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
        timeout: None,
        noise: Duration::from_secs(1),
        heaps: Vec::new(),
        advise: None,
        json: None,
        markdown: None,
        html: None,
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
                if !is_size(options.size) {
                    return Err("'--size' must be a number above 0".into());
                }
            }
            Long("reference") => {
                let given = parser.optional_value();
                options.reference = Some(given.unwrap_or_else(|| REFERENCE.into()));
            }
            Long("timeout") => {
                let seconds: f64 = parser.value()?.parse()?;
                let limit = Duration::try_from_secs_f64(seconds).ok();
                options.timeout = Some(limit.filter(|l| !l.is_zero()).ok_or("bad '--timeout'")?);
            }
            Long("noise") => {
                let seconds: f64 = parser.value()?.parse()?;
                options.noise =
                    Duration::try_from_secs_f64(seconds).map_err(|_| "bad '--noise'")?;
            }
            Long("source") => {
                let name = parser.value()?.string()?;
                let found = workloads::find(&name).ok_or_else(|| unknown(&name))?;
                return Ok(Request::Print(found.source.to_owned()));
            }
            Long("heaps") => options.heaps = factors(&parser.value()?.string()?)?,
            Long("advise") => {
                options.advise.get_or_insert_default();
            }
            Long("latency") => {
                let ns = value_of::<Duration>(&parser.value()?, "latency")?.as_nanos();
                wishes(&mut options).latency_ms = Some(ns as f64 / 1e6);
            }
            Long("memory") => {
                let size = value_of::<Size>(&parser.value()?, "memory")?;
                wishes(&mut options).memory = Some(size.0 as u64);
            }
            Long("prompt") => wishes(&mut options).prompt = true,
            Long("json") => options.json = Some(parser.value()?),
            Long("markdown") => options.markdown = Some(parser.value()?),
            Long("html") => options.html = Some(parser.value()?),
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
            Value(word) if word == PAUSES => {
                let all = workloads::of(Set::Pauses).map(|w| Program::Workload(w, 1.0));
                options.programs.extend(all);
            }
            Value(word) => options.programs.push(program(word)?),
            other => return Err(other.unexpected()),
        }
    }
    let limited = |flag: &OsString| flag.to_string_lossy().starts_with("--heap-max");
    if !options.heaps.is_empty() && options.heap.iter().any(limited) {
        return Err("'--heaps' sets the limit that '--heap-max' would set".into());
    }
    if options.programs.is_empty() {
        let usual = workloads::of(Set::Usual).map(|w| Program::Workload(w, 1.0));
        options.programs = usual.collect();
    }
    for program in &mut options.programs {
        if let Program::Workload(_, size) = program {
            *size *= options.size;
        }
    }
    Ok(Request::Run(Box::new(options)))
}

/// Constraints are given for the sake of advice.
fn wishes(options: &mut BenchOptions) -> &mut Wishes {
    options.advise.get_or_insert_default()
}

/// A value as the options of the heap are written: `1ms`, `64M`; not nothing.
fn value_of<T: OptionValue>(word: &OsString, option: &str) -> Result<T, lexopt::Error> {
    let word = word.to_string_lossy();
    let positive = word.chars().any(|c| ('1'..='9').contains(&c));
    let value = T::parse(&word).filter(|_| positive);
    let expected = T::SHAPE;
    value.ok_or_else(|| format!("bad value '{word}' for '--{option}' (expected {expected})").into())
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

/// A list of heap sizes.
fn factors(list: &str) -> Result<Vec<f64>, lexopt::Error> {
    let factor = |text: &str| text.parse().ok().filter(|f| (1.0..=1000.0).contains(f));
    let factors: Option<Vec<f64>> = list.split(',').map(factor).collect();
    factors.ok_or_else(|| format!("'--heaps {list}' must be numbers from 1 up").into())
}

/// A workload by its name, with a factor for its size behind a colon, or else
/// a file that exists.
fn program(word: OsString) -> Result<Program, lexopt::Error> {
    let text = word.to_str().unwrap_or_default();
    let (name, size) = text.split_once(':').unwrap_or((text, "1"));
    if let Some(workload) = workloads::find(name) {
        let size = size.parse().ok().filter(|s: &f64| is_size(*s));
        let size = size.ok_or_else(|| format!("the size in '{text}' must be a number above 0"))?;
        return Ok(Program::Workload(workload, size));
    }
    if std::path::Path::new(&word).is_file() {
        return Ok(Program::Script(word));
    }
    Err(unknown(&word.to_string_lossy()).into())
}

fn unknown(name: &str) -> String {
    format!("'{name}' is neither a workload nor a file (see --list)")
}

/// Whether a workload's size can be multiplied by this.
fn is_size(factor: f64) -> bool {
    factor > 0.0 && factor.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &str) -> BenchOptions {
        match parse(words.split_whitespace().map(OsString::from)).unwrap() {
            Request::Run(options) => *options,
            Request::Print(text) => panic!("printed {text}"),
        }
    }

    fn bad(words: &str) -> String {
        parse(words.split_whitespace().map(OsString::from)).unwrap_err()
    }

    #[test]
    fn by_default_everything_runs() {
        let options = run("");
        assert_eq!(options.programs.len(), 6);
        assert_eq!(options.collectors, gc_flags::collectors());
        assert_eq!(options.runs, 3);
    }

    #[test]
    fn a_choice() {
        let options =
            run("trees --gc marksweep,none,marksweep --runs 2 --size=0.5 --reference --noise 2.5");
        assert_eq!(options.noise, Duration::from_millis(2500));
        assert_eq!(bad("--noise -1"), "bad '--noise'");
        assert_eq!(options.programs.len(), 1);
        assert_eq!(options.collectors, ["marksweep", "none"]);
        assert_eq!((options.runs, options.size), (2, 0.5));
        assert_eq!(options.reference.unwrap(), "lua5.4");
    }

    #[test]
    fn sizes_of_one_and_of_all() {
        let names = |words| {
            run(words)
                .programs
                .iter()
                .map(Program::name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("hash:0.5 list"), ["hash:0.5", "list"]);
        assert_eq!(names("hash:0.5 list --size 0.5"), ["hash:0.25", "list:0.5"]);
        assert_eq!(names("pauses").len(), workloads::of(Set::Pauses).count());
        assert!(bad("hash:x").contains("'hash:x'") && bad("hash:-1").contains("above 0"));
        assert_eq!(
            run("--timeout 1.5").timeout,
            Some(Duration::from_millis(1500))
        );
        assert!(
            bad("--timeout 0").contains("--timeout") && bad("--timeout nan").contains("--timeout")
        );
    }

    #[test]
    fn heaps_are_factors_from_one_up() {
        assert_eq!(run("trees --heaps 1.5,2").heaps, [1.5, 2.0]);
        assert!(bad("--heaps 0.5").contains("from 1 up") && bad("--heaps 2,x").contains("from 1"));
        assert!(bad("--heaps 2 --heap-max 1G").contains("--heap-max"));
    }

    #[test]
    fn a_workload_s_program_is_shown() {
        let words = ["--source", "list"].map(OsString::from);
        let Request::Print(text) = parse(words).unwrap() else {
            panic!("not printed");
        };
        assert!(text.contains("finish(\"list\""));
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
    fn advice_and_constraints() {
        assert_eq!(run("trees").advise, None);
        assert_eq!(run("trees --advise").advise, Some(Wishes::default()));
        let wishes = run("trees --latency 500us --memory=64M --prompt").advise;
        let expected = Wishes {
            latency_ms: Some(0.5),
            memory: Some(64 << 20),
            prompt: true,
        };
        assert_eq!(wishes, Some(expected));
        for words in [
            "--latency soon",
            "--latency 0ms",
            "--memory much",
            "--memory 0",
        ] {
            assert!(bad(words).contains("bad value"), "{words}");
        }
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
