//! What the whole-program tests share: where the binary and the test folders
//! are, which collectors exist, and how to run a program with a time limit.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// The program under test.
pub const MOONSWEEP: &str = env!("CARGO_BIN_EXE_moonsweep");

/// The reference implementation that outputs are compared with.
pub const REFERENCE: &str = "lua5.4";

/// The names of all collectors, as `--gc` takes them.
pub fn collectors() -> Vec<&'static str> {
    moonsweep_gc::GcKind::ALL
        .iter()
        .map(|kind| kind.name())
        .collect()
}

/// The `tests/` folder of the workspace.
pub fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests")
        .canonicalize()
        .expect("the workspace has a tests folder")
}

/// All files below `dir` whose name ends in `.lua`, sorted.
pub fn lua_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        for entry in
            fs::read_dir(&dir).unwrap_or_else(|e| panic!("cannot list {}: {e}", dir.display()))
        {
            let path = entry.expect("a readable folder entry").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "lua") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It left with this status.
    Status(i32),
    /// A signal ended it: a crash.
    Signal,
    /// It was still running at the limit and has been stopped.
    TimedOut,
}

/// What a program did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Everything on standard output.
    pub stdout: Vec<u8>,
    /// Everything on standard error.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// The first `count` lines of standard error, for a report.
    pub fn stderr_head(&self, count: usize) -> String {
        String::from_utf8_lossy(&self.stderr)
            .lines()
            .take(count)
            .map(|l| format!("    stderr: {l}\n"))
            .collect()
    }
}

/// A command whose environment is the same on every machine.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let prefixes = ["LUA_", "MOONSWEEP_", "LC_"];
        let text = name.to_string_lossy();
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    // The reference reads its lines with readline, which folds them as terminals want it.
    for name in ["COLUMNS", "LINES", "INPUTRC"] {
        command.env_remove(name);
    }
    command.env("TERM", "dumb");
    command.env("LC_ALL", "C").env("LANG", "C").env("TZ", "UTC");
    command
}

/// Runs `command` with empty input until it ends or `limit` has passed. Output
/// goes through files, so a grandchild that holds on to them blocks nobody.
pub fn run(command: &mut Command, limit: Duration) -> Outcome {
    static SERIAL: AtomicUsize = AtomicUsize::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let base = std::env::temp_dir().join(format!("moonsweep-test-{}-{serial}", std::process::id()));
    let paths = [base.with_extension("out"), base.with_extension("err")];
    let [out, err] =
        [0, 1].map(|i| File::create(&paths[i]).expect("a file in the temporary folder"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
    let started = Instant::now();
    let mut nap = Duration::from_micros(500);
    let end = loop {
        if let Some(status) = child.try_wait().expect("a child that can be waited for") {
            break status.code().map_or(End::Signal, End::Status);
        }
        if started.elapsed() > limit {
            // It may just have ended by itself; either way it is gone afterwards.
            let _ = child.kill();
            let _ = child.wait();
            break End::TimedOut;
        }
        thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(10));
    };
    let [stdout, stderr] = [0, 1].map(|i| {
        let bytes = fs::read(&paths[i]).expect("the output that was just written");
        let _ = fs::remove_file(&paths[i]);
        bytes
    });
    Outcome {
        end,
        stdout,
        stderr,
    }
}

/// Runs `work` on every item, on as many threads as `TEST_JOBS` says (two by
/// default), and returns what it had to say, in the order of the items.
pub fn parallel<T: Sync>(items: &[T], work: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let threads = std::env::var("TEST_JOBS")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(2usize)
        .max(1);
    let next = AtomicUsize::new(0);
    let said = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { break };
                    if let Some(text) = work(item) {
                        said.lock().expect("no worker panicked").push((i, text));
                    }
                }
            });
        }
    });
    let mut said = said.into_inner().expect("no worker panicked");
    said.sort();
    said.into_iter().map(|(_, text)| text).collect()
}

/// Lets one of the tests of a file run at a time: each brings its own threads.
pub fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The first line in which two outputs differ, shown with what came before it.
pub fn first_difference(expected: &[u8], got: &[u8]) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (expected, got) = (text(expected), text(got));
    let (expected, got): (Vec<_>, Vec<_>) =
        (expected.split('\n').collect(), got.split('\n').collect());
    let at = expected
        .iter()
        .zip(&got)
        .take_while(|(a, b)| a == b)
        .count();
    let line = |lines: &[&str], i: usize| {
        lines
            .get(i)
            .map_or("(nothing more)".to_owned(), |l| (*l).to_owned())
    };
    let mut report = String::new();
    if at > 0 {
        report += &format!("    line {at}, still equal: {}\n", line(&expected, at - 1));
    }
    report += &format!("    line {}, expected: {}\n", at + 1, line(&expected, at));
    report += &format!("    line {}, got:      {}\n", at + 1, line(&got, at));
    report
}
