//! `moonsweep bench`: the same programs under every collector, side by side.
//!
//! 1. Each program runs under each collector in a fresh process, so that
//!    nothing is warm; the collectors take turns, so that a slow moment of the
//!    machine hits all of them ([`child`]).
//! 2. What each run printed is compared. Where answers differ no time counts.
//! 3. Several runs become one row: medians of times, shares and percentiles,
//!    but the worst of all runs as the longest pause ([`cell`]).
//! 4. One table, and a line of bars for each row ([`table`], [`histogram`]); on
//!    demand a page with charts ([`html`], [`chart`]) or a table for a document
//!    ([`markdown`]).
//!
//! With `--heaps` all that is done in heaps of several sizes, multiples of the
//! least that each program needs ([`heaps`]). Before each program and after the
//! last the machine's own noise is measured ([`noise`]).
//!
//! With `--advise` it also says which collector to use ([`advise`], [`advice`]).

mod advice;
mod advise;
mod cell;
mod chart;
mod child;
mod heaps;
mod histogram;
mod html;
mod markdown;
mod noise;
mod options;
mod table;
mod workloads;

use cell::Cell;
use child::{Failure, Run, Runner};
use noise::Noise;
use options::{BenchOptions, Program, Request};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// One program's results: its row for each runner.
struct Outcome {
    program: String,
    cells: Vec<(String, Result<Cell, Failure>)>,
    /// Why no time of this program counts, if answers differed.
    disagreement: Option<String>,
    /// The heap in which it ran, if that was limited to a multiple of the minimum.
    heap: Option<Heap>,
}

/// The size of a heap.
#[derive(Clone, Debug)]
struct Heap {
    /// How many times the minimum.
    factor: f64,
    /// Its limit.
    bytes: u64,
}

impl Outcome {
    /// What the table calls it.
    fn name(&self) -> String {
        match &self.heap {
            Some(heap) => format!("{} {}x", self.program, heap.factor),
            None => self.program.clone(),
        }
    }
}

/// Runs the command; `words` are those after `bench`.
pub fn main(words: Vec<OsString>) -> ExitCode {
    match options::parse(words) {
        Ok(Request::Print(text)) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Ok(Request::Run(options)) => match compare(&options) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(message) => complain(&message),
        },
        Err(message) => {
            complain(&message);
            complain("try 'moonsweep bench --help'")
        }
    }
}

/// Runs everything and prints the comparison. `Ok(false)`: something failed.
fn compare(options: &BenchOptions) -> Result<bool, String> {
    let runners = runners(options)?;
    let folder = tempfile::Builder::new()
        .prefix("moonsweep-bench-")
        .tempdir();
    let folder = folder.map_err(|e| format!("cannot make a temporary folder: {e}"))?;
    let piece = options.noise / (options.programs.len() as u32 + 1);
    let mut noise = Noise::default();
    let (mut outcomes, mut fine) = (Vec::new(), true);
    for program in &options.programs {
        noise = noise.and(Noise::measure(piece));
        if options.heaps.is_empty() {
            outcomes.push(run_program(program, &runners, options, folder.path()));
            continue;
        }
        progress(&format!("{}: looking for its minimum heap", program.name()));
        match heaps::minimum(&frugal(&runners[0]), program, options, folder.path()) {
            Ok(bytes) => {
                let sizes = options.heaps.iter().map(|factor| Heap {
                    factor: *factor,
                    bytes: (bytes as f64 * factor) as u64,
                });
                let in_heap = |heap| run_in(heap, program, &runners, options, folder.path());
                outcomes.extend(sizes.map(in_heap));
            }
            Err(failure) => {
                complain(&format!("{}: no minimum heap: {failure:?}", program.name()));
                fine = false;
            }
        }
    }
    progress("");
    let noise = noise.and(Noise::measure(piece));
    say(&table::render(&outcomes, options.runs));
    say(&format!("\n{}", noise.render()));
    if let Some(wishes) = &options.advise {
        for outcome in &outcomes {
            say("\n");
            say(&advice::render(outcome, wishes, options.runs));
        }
    }
    for outcome in &outcomes {
        if let Some(text) = &outcome.disagreement {
            complain(&format!("{}: {text}", outcome.program));
            fine = false;
        }
        for (name, result) in &outcome.cells {
            if let Err(Failure::Other(text)) = result {
                complain(&format!("{} under {name}: {text}", outcome.name()));
                fine = false;
            }
        }
    }
    if let Some(path) = &options.json {
        write(path, &cell::json(&outcomes, options, &noise))?;
    }
    if let Some(path) = &options.markdown {
        write(path, &markdown::render(&outcomes))?;
    }
    if let Some(path) = &options.html {
        write(path, &html::render(&outcomes, options.runs, &noise)?)?;
    }
    Ok(fine)
}

/// What runs each program: this program once a collector, then the reference.
fn runners(options: &BenchOptions) -> Result<Vec<Runner>, String> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let ours = |collector: &String| {
        let mut flags: Vec<OsString> = vec!["--gc".into(), collector.into()];
        flags.extend(options.heap.iter().cloned());
        Runner {
            name: collector.clone(),
            interpreter: own.clone().into_os_string(),
            options: flags,
            has_figures: true,
        }
    };
    let mut runners: Vec<Runner> = options.collectors.iter().map(ours).collect();
    if let Some(lua) = &options.reference {
        let name = Path::new(lua).file_name().unwrap_or(lua).to_string_lossy();
        for (short, mode) in [("inc", "incremental"), ("gen", "generational")] {
            let choice = format!("collectgarbage(\"{mode}\")");
            runners.push(Runner {
                name: format!("{name} {short}"),
                interpreter: lua.clone(),
                options: vec!["-e".into(), choice.into()],
                has_figures: false,
            });
        }
    }
    Ok(runners)
}

fn write(path: &OsString, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.to_string_lossy()))
}

/// The runner under which minimum heaps are found: the collector that keeps
/// nothing for later.
fn frugal(any: &Runner) -> Runner {
    let mut runner = any.clone();
    runner.options.extend(["--gc".into(), "marksweep".into()]);
    runner
}

/// Runs one program in a heap of limited size.
fn run_in(
    heap: Heap,
    program: &Program,
    runners: &[Runner],
    options: &BenchOptions,
    folder: &Path,
) -> Outcome {
    let limited = |runner: &Runner| {
        let mut runner = runner.clone();
        runner.options.push(heaps::limit_flag(heap.bytes));
        runner
    };
    // the reference knows no limit
    let ours = runners.iter().filter(|r| r.has_figures);
    let runners: Vec<Runner> = ours.map(limited).collect();
    let mut outcome = run_program(program, &runners, options, folder);
    outcome.heap = Some(heap);
    outcome
}

/// Runs one program under each runner by turns, as often as asked for.
fn run_program(
    program: &Program,
    runners: &[Runner],
    options: &BenchOptions,
    folder: &Path,
) -> Outcome {
    let name = program.name();
    let mut runs: Vec<Result<Vec<Run>, Failure>> = vec![Ok(Vec::new()); runners.len()];
    let mut answer: Option<(String, Vec<u8>)> = None;
    let mut disagreement = None;
    for round in 0..options.runs {
        for turn in 0..runners.len() {
            // another one begins each round
            let at = (turn + round) % runners.len();
            let (runner, Ok(done)) = (&runners[at], &mut runs[at]) else {
                continue;
            };
            progress(&format!(
                "{name}: {}, run {} of {}",
                runner.name,
                round + 1,
                options.runs
            ));
            match child::run(runner, program, &options.arguments, options.timeout, folder) {
                Ok((output, run)) => {
                    done.push(run);
                    match &answer {
                        None => answer = Some((runner.name.clone(), output)),
                        Some((first, expected)) if *expected != output => {
                            let text = differ(first, expected, &runner.name, &output);
                            disagreement.get_or_insert(text);
                        }
                        Some(_) => {}
                    }
                }
                Err(failure) => runs[at] = Err(failure),
            }
        }
    }
    let sum_up = |runs: Result<Vec<Run>, Failure>| runs.map(|runs| Cell::sum_up(&runs));
    let names = runners.iter().map(|r| r.name.clone());
    let mut cells: Vec<_> = names.zip(runs.into_iter().map(sum_up)).collect();
    cell::set_overheads(&mut cells);
    Outcome {
        program: name,
        cells,
        disagreement,
        heap: None,
    }
}

/// Says where two outputs part.
fn differ(first: &str, expected: &[u8], second: &str, got: &[u8]) -> String {
    let lines = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (expected, got) = (lines(expected), lines(got));
    let parts = |&at: &usize| expected.get(at) != got.get(at);
    let at = (0..expected.len().max(got.len())).find(parts).unwrap_or(0);
    let line = |lines: &[String]| {
        lines
            .get(at)
            .cloned()
            .unwrap_or_else(|| "nothing".to_owned())
    };
    let (expected, got) = (line(&expected), line(&got));
    format!(
        "the answers differ, so no time counts; line {} is under {first}: {expected} / under {second}: {got}",
        at + 1
    )
}

/// Shows what is going on, on a terminal only; an empty text clears the line.
fn progress(text: &str) {
    let mut err = io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[K{text}");
        let _ = err.flush();
    }
}

/// Writes to standard output; a reader that went away is no error.
fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a message to standard error.
fn complain(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "moonsweep: {message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(name: &str, script: &str) -> Runner {
        Runner {
            name: name.into(),
            interpreter: "sh".into(),
            options: vec!["-c".into(), script.into()],
            has_figures: false,
        }
    }

    fn outcome(scripts: &[(&str, &str)]) -> Outcome {
        let Ok(Request::Run(options)) =
            options::parse(["trees", "--runs", "2"].map(OsString::from))
        else {
            panic!("not a run");
        };
        let runners: Vec<Runner> = scripts.iter().map(|(n, s)| runner(n, s)).collect();
        let folder = tempfile::tempdir().unwrap();
        run_program(&options.programs[0], &runners, &options, folder.path())
    }

    #[test]
    fn agreement() {
        let outcome = outcome(&[("a", "echo 7"), ("b", "echo 7")]);
        assert!(outcome.disagreement.is_none());
        assert!(outcome.cells.iter().all(|(_, cell)| cell.is_ok()));
    }

    #[test]
    fn disagreement_says_where() {
        let outcome = outcome(&[("a", "echo same; echo 7"), ("b", "echo same; echo 8")]);
        let text = outcome.disagreement.unwrap();
        assert!(text.contains("line 2 is under a: 7 / under b: 8"), "{text}");
    }

    #[test]
    fn one_failure_leaves_the_others() {
        let outcome = outcome(&[("a", "echo 7"), ("b", "exit 1")]);
        assert!(outcome.cells[0].1.is_ok());
        assert!(outcome.cells[1].1.is_err());
        assert!(outcome.disagreement.is_none());
    }
}
