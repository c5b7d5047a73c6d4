//! One run of one program in a process of its own, measured from outside by
//! the kernel and from inside by the runtime's own figures.

use super::options::Program;
use crate::report::figures::{Counts, Figures};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use wait4::Wait4;

/// What runs a program: ourselves under one collector, or the reference.
#[derive(Clone, Debug)]
pub struct Runner {
    /// What the table calls it.
    pub name: String,
    /// The interpreter.
    pub interpreter: OsString,
    /// Its options.
    pub options: Vec<OsString>,
    /// Whether it can tell of its pauses.
    pub has_figures: bool,
}

/// What one run came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// From start to end, by the monotonic clock.
    pub time: Duration,
    /// CPU time, all threads.
    pub cpu: Duration,
    /// The kernel's high-water mark of resident memory.
    pub peak_bytes: u64,
    /// What the runtime measured, if it is ours.
    pub figures: Option<Figures>,
    /// Its pauses by length.
    pub counts: Counts,
    /// What the program told itself, by lines `bench: NAME VALUE` on standard error.
    pub told: BTreeMap<String, f64>,
}

/// Why there is no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It ended by `not enough memory`, which a limited heap may.
    OutOfMemory,
    /// It was ended after the time that a run may take.
    TooLong,
    /// Anything else, in words.
    Other(String),
}

/// Runs `program`, and returns what it printed along with the figures.
pub fn run(
    runner: &Runner,
    program: &Program,
    arguments: &[OsString],
    timeout: Option<Duration>,
    folder: &Path,
) -> Result<(Vec<u8>, Run), Failure> {
    let wrong = |what: &str, e: &dyn std::fmt::Display| Failure::Other(format!("{what}: {e}"));
    let (stats, histogram) = (folder.join("stats.json"), folder.join("histogram.json"));
    let mut command = Command::new(&runner.interpreter);
    command.args(&runner.options);
    if runner.has_figures {
        command.args([OsStr::new("--gc-stats-json"), stats.as_os_str()]);
        command.args([OsStr::new("--gc-histogram"), histogram.as_os_str()]);
    }
    let source = match program {
        Program::Workload(workload, size) => {
            command.arg("-").arg(size.to_string());
            workload.source
        }
        Program::Script(path) => {
            command.arg(path).args(arguments);
            ""
        }
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| {
        let name = runner.interpreter.to_string_lossy();
        wrong(&format!("cannot start {name}"), &e)
    })?;
    let (done, ended_its_output) = mpsc::channel();
    let output = child.stdout.take().map(|pipe| collect(pipe, Some(done)));
    let messages = child.stderr.take().map(|pipe| collect(pipe, None));
    if let Some(mut input) = child.stdin.take() {
        // one that ends early does not read it all; its exit status tells
        let _ = input.write_all(source.as_bytes());
    }
    if let Some(limit) = timeout
        && ended_its_output.recv_timeout(limit) == Err(RecvTimeoutError::Timeout)
    {
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::TooLong);
    }
    let ended = child.wait4().map_err(|e| wrong("cannot wait", &e))?;
    let time = start.elapsed();
    let output = joined(output).map_err(|e| wrong("cannot read its output", &e))?;
    let messages = joined(messages).unwrap_or_default();
    if !ended.status.success() {
        let messages = String::from_utf8_lossy(&messages);
        let mut lines = messages.lines().filter(|l| !l.starts_with("bench: "));
        let first = lines.next().unwrap_or("no message");
        return Err(if first.ends_with("not enough memory") {
            Failure::OutOfMemory
        } else {
            Failure::Other(format!("{} ({first})", ended.status))
        });
    }
    let (mut figures, mut counts) = (None, Counts::default());
    if runner.has_figures {
        figures = Some(read_json(&stats).map_err(|e| wrong("no figures", &e))?);
        counts = read_json(&histogram).map_err(|e| wrong("no histogram", &e))?;
    }
    let run = Run {
        time,
        cpu: ended.rusage.utime + ended.rusage.stime,
        peak_bytes: ended.rusage.maxrss,
        figures,
        counts,
        told: told(&messages),
    };
    Ok((output, run))
}

/// Reads a pipe to its end on a thread of its own; `_done` is dropped then.
fn collect(
    mut pipe: impl Read + Send + 'static,
    _done: Option<mpsc::Sender<()>>,
) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let _done = _done;
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes)?;
        Ok(bytes)
    })
}

/// The figures among a program's messages.
fn told(messages: &[u8]) -> BTreeMap<String, f64> {
    let messages = String::from_utf8_lossy(messages);
    let figure = |line: &str| {
        let (name, value) = line.strip_prefix("bench: ")?.split_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    messages.lines().filter_map(figure).collect()
}

fn joined(reader: Option<thread::JoinHandle<io::Result<Vec<u8>>>>) -> io::Result<Vec<u8>> {
    match reader.map(thread::JoinHandle::join) {
        Some(Ok(read)) => read,
        Some(Err(_)) => Err(io::Error::other("the reader failed")),
        None => Ok(Vec::new()),
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    // a later run must not find it
    let _ = std::fs::remove_file(path);
    serde_json::from_slice(&bytes).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::workloads;
    use super::*;

    fn shell(script: &str) -> Runner {
        Runner {
            name: "shell".into(),
            interpreter: "sh".into(),
            options: vec!["-c".into(), script.into()],
            has_figures: false,
        }
    }

    fn try_run(script: &str) -> Result<(Vec<u8>, Run), Failure> {
        let program = Program::Workload(&workloads::ALL[0], 0.5);
        let limit = Some(Duration::from_secs(5));
        run(&shell(script), &program, &[], limit, &std::env::temp_dir())
    }

    #[test]
    fn the_workload_comes_on_standard_input_and_its_size_as_argument() {
        let (output, run) = try_run("echo size $1; head -c 9; cat >/dev/null").unwrap();
        assert_eq!(output, b"size 0.5\n-- trees:");
        assert!(run.peak_bytes > 100_000 && run.time.as_nanos() > 0);
    }

    #[test]
    fn failures_are_told_apart() {
        let memory = try_run("echo 'x: not enough memory' >&2; exit 1").unwrap_err();
        assert_eq!(memory, Failure::OutOfMemory);
        let Failure::Other(text) = try_run("echo oops >&2; exit 3").unwrap_err() else {
            panic!("not told apart");
        };
        assert!(text.contains("oops") && text.contains('3'), "{text}");
    }

    #[test]
    fn what_a_program_tells_is_taken_from_its_messages() {
        let script = "cat >/dev/null; echo 'bench: gap_ms 0.25' >&2; echo bench: x >&2; echo 7";
        let (output, run) = try_run(script).unwrap();
        assert_eq!(output, b"7\n");
        assert_eq!(run.told, BTreeMap::from([("gap_ms".to_owned(), 0.25)]));
    }

    #[test]
    fn a_run_that_takes_too_long_is_ended() {
        let program = Program::Workload(&workloads::ALL[0], 1.0);
        let limit = Some(Duration::from_millis(50));
        let runner = shell("exec sleep 20");
        let start = Instant::now();
        let failure = run(&runner, &program, &[], limit, &std::env::temp_dir()).unwrap_err();
        assert_eq!(failure, Failure::TooLong);
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_missing_interpreter_is_an_error() {
        let mut runner = shell("");
        runner.interpreter = "/nonexistent/lua".into();
        let program = Program::Workload(&workloads::ALL[0], 1.0);
        let failure = run(&runner, &program, &[], None, &std::env::temp_dir()).unwrap_err();
        assert!(matches!(failure, Failure::Other(text) if text.starts_with("cannot start")));
    }
}
