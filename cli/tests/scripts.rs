//! Runs every script of `tests/scripts` under every collector, as it is and in
//! stress mode with the verifier, and compares with what its comments expect.
//!
//! In a script, in any line:
//!
//! * `-- expect: TEXT` is one line of standard output, in order; a tab in the
//!   output counts as a space,
//!
//! and at the start of a line of its own:
//!
//! * `-- expect-error: TEXT`: status 1, and TEXT is part of standard error,
//! * `-- expect-warning: TEXT`: TEXT is part of standard error, status 0,
//! * `-- expect-status: N`: the exit status,
//! * `-- args: A B`: arguments for the script; `-- flags: -W`: options before it,
//! * `-- collects: yes`: needs a collector that collects (not `none`),
//! * `-- stress: N`: collect every N safepoints in stress mode; `off`: not at all,
//! * `-- timeout: S`: seconds that it may take.
//!
//! Folders called `modules` hold what scripts load; they are not scripts.
//! `SCRIPTS=part-of-a-path` runs some only, `TEST_JOBS=N` sets the threads.
//!
//! Two more tests are about the marker beside the program, under `generational`
//! in stress mode: `SCRIPT_SEEDS=N` tries each script with N seeded schedules of
//! the marker (from `SCRIPT_SEED` on; a failure names the seed, which reproduces
//! it), and `SCRIPT_REPEATS=N` runs each N times with two real helper threads.
//! Without these only the scripts about collection are run so, once or twice.

mod common;

use common::{End, collectors, lua_files, tests_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often stress mode collects when a script does not say: every so many
/// safepoints.
const STRESS: u32 = 20;

/// How long a script may take when it does not say.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What a script's comments say.
#[derive(Debug, PartialEq, Eq)]
struct Expectations {
    /// Lines of standard output.
    lines: Vec<String>,
    /// Parts of standard error.
    errors: Vec<String>,
    /// The exit status.
    status: i32,
    /// Words after the script's name.
    args: Vec<String>,
    /// Words before it.
    flags: Vec<String>,
    /// Whether it makes no sense without collections.
    collects: bool,
    /// How often stress mode collects, if it is to run in it.
    stress: Option<u32>,
    /// How long it may take.
    timeout: Duration,
}

impl Expectations {
    /// Reads the comments of a script, and complains of those it cannot obey.
    fn read(source: &str) -> Result<Expectations, String> {
        let mut e = Expectations {
            lines: Vec::new(),
            errors: Vec::new(),
            status: 0,
            args: Vec::new(),
            flags: Vec::new(),
            collects: false,
            stress: Some(STRESS),
            timeout: TIMEOUT,
        };
        for line in source.lines() {
            if let Some((_, rest)) = line.split_once("-- expect:") {
                e.lines
                    .push(rest.strip_prefix(' ').unwrap_or(rest).to_owned());
                continue;
            }
            let Some((name, value)) = line.strip_prefix("-- ").and_then(|l| l.split_once(": "))
            else {
                continue;
            };
            let number = || {
                value
                    .parse::<u32>()
                    .map_err(|_| format!("not a number: {line}"))
            };
            let words = || value.split_whitespace().map(str::to_owned).collect();
            match name {
                "expect-error" => {
                    e.status = 1;
                    e.errors.push(value.to_owned());
                }
                "expect-warning" => e.errors.push(value.to_owned()),
                "expect-status" => e.status = number()? as i32,
                "args" => e.args = words(),
                "flags" => e.flags = words(),
                "collects" => e.collects = value == "yes",
                "stress" => {
                    e.stress = if value == "off" {
                        None
                    } else {
                        Some(number()?)
                    }
                }
                "timeout" => e.timeout = Duration::from_secs(number()?.into()),
                _ if name.starts_with("expect") => {
                    return Err(format!("unknown directive: {line}"));
                }
                _ => {}
            }
        }
        if e.lines.is_empty() && e.errors.is_empty() {
            return Err("the script expects nothing".to_owned());
        }
        Ok(e)
    }
}

/// A script with what it expects.
struct Script {
    path: PathBuf,
    expects: Expectations,
}

/// Reads all scripts, or those that `SCRIPTS` asks for.
fn discover() -> Vec<Script> {
    let root = tests_dir().join("scripts");
    let wanted = std::env::var("SCRIPTS").unwrap_or_default();
    let scripts: Vec<_> = lua_files(&root)
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "modules"))
        .filter(|path| path.to_string_lossy().contains(&wanted))
        .map(|path| {
            let source =
                String::from_utf8_lossy(&fs::read(&path).expect("a readable script")).into_owned();
            let expects =
                Expectations::read(&source).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            Script { path, expects }
        })
        .collect();
    assert!(
        !scripts.is_empty(),
        "no scripts found in {} (SCRIPTS={wanted:?})",
        root.display()
    );
    scripts
}

/// One run of a script.
struct Job<'a> {
    script: &'a Script,
    collector: &'static str,
    stress: Option<u32>,
    /// More options of the collector.
    options: Vec<String>,
}

impl Job<'_> {
    /// Runs it; says what was wrong, if anything.
    fn run(&self) -> Option<String> {
        let expects = &self.script.expects;
        let mut command = common::command(common::MOONSWEEP);
        command.current_dir(self.script.path.parent().expect("a script is in a folder"));
        command.arg("--gc").arg(self.collector);
        if let Some(every) = self.stress {
            command
                .arg(format!("--gc-stress={every}"))
                .arg("--gc-verify");
        } else if self.collector == "generational" {
            // With the usual goal, heaps as small as theirs are collected in one stop.
            command.arg("--gc-pause-goal=2us");
        }
        command
            .args(&self.options)
            .args(&expects.flags)
            .arg(self.script.path.file_name().expect("a script has a name"))
            .args(&expects.args);
        let outcome = common::run(&mut command, expects.timeout);

        let mut wrong = String::new();
        if outcome.end != End::Status(expects.status) {
            wrong += &format!(
                "    ended with {:?}, expected status {}\n",
                outcome.end, expects.status
            );
        }
        let got: Vec<u8> = outcome
            .stdout
            .iter()
            .map(|&b| if b == b'\t' { b' ' } else { b })
            .collect();
        let mut expected = expects.lines.join("\n");
        if !expects.lines.is_empty() {
            expected.push('\n');
        }
        // Outputs that are no text are compared as the text they are shown as.
        if String::from_utf8_lossy(&got) != expected {
            wrong += &common::first_difference(expected.as_bytes(), &got);
        }
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        for part in expects
            .errors
            .iter()
            .filter(|part| !stderr.contains(part.as_str()))
        {
            wrong += &format!("    standard error lacks: {part}\n");
        }
        if expects.errors.is_empty() && !stderr.is_empty() {
            wrong += "    standard error should be empty\n";
        }
        if wrong.is_empty() {
            return None;
        }
        let mode = self
            .stress
            .map_or("normal".to_owned(), |n| format!("stress {n}"));
        let shown = self
            .script
            .path
            .strip_prefix(tests_dir())
            .unwrap_or(&self.script.path);
        let head = format!(
            "{} under {} {}, {mode}:\n",
            shown.display(),
            self.collector,
            self.options.join(" ")
        );
        Some(head + &wrong + &outcome.stderr_head(6))
    }
}

/// Runs all scripts in one mode and fails with a report if any went wrong.
fn run_all(mode: &str, stress: impl Fn(&Script) -> Option<Option<u32>>) {
    let _turn = common::one_at_a_time();
    let scripts = discover();
    let mut jobs = Vec::new();
    for script in &scripts {
        let Some(stress) = stress(script) else {
            continue;
        };
        for collector in collectors() {
            if !(script.expects.collects && collector == "none") {
                jobs.push(Job {
                    script,
                    collector,
                    stress,
                    options: Vec::new(),
                });
            }
        }
    }
    run_jobs(mode, scripts.len(), &jobs);
}

fn run_jobs(mode: &str, scripts: usize, jobs: &[Job]) {
    let failures = common::parallel(jobs, Job::run);
    assert!(
        failures.is_empty(),
        "{} of {} runs of {} scripts failed ({mode}):\n{}",
        failures.len(),
        jobs.len(),
        scripts,
        failures.concat()
    );
    println!("{} runs of {scripts} scripts ({mode})", jobs.len());
}

/// The collectors that mark beside the program.
const BESIDE: [&str; 2] = ["generational", "refcount"];

/// Runs scripts in stress mode under the collectors given, each `count` times with
/// the options that `options` gives for the number of the run.
fn run_marker(
    mode: &str,
    count: &str,
    default: u32,
    collectors: &[&'static str],
    options: impl Fn(u32, u32) -> (u32, Vec<String>),
) {
    let _turn = common::one_at_a_time();
    let asked = number(count);
    let scripts: Vec<_> = discover()
        .into_iter()
        .filter(|s| asked.is_some() || s.path.to_string_lossy().contains("scripts/gc/"))
        .collect();
    let mut jobs = Vec::new();
    for script in &scripts {
        let Some(every) = script.expects.stress else {
            continue;
        };
        for n in 0..asked.unwrap_or(default) {
            for &collector in collectors {
                let (stress, options) = options(n, every);
                jobs.push(Job {
                    script,
                    collector,
                    stress: Some(stress),
                    options,
                });
            }
        }
    }
    run_jobs(mode, scripts.len(), &jobs);
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The marker advances by seeded random steps on the program's thread: at
/// safepoints, in the barrier and when memory is taken.
#[test]
fn scripts_under_seeded_schedules() {
    let from = number("SCRIPT_SEED").unwrap_or(1);
    run_marker("seeded", "SCRIPT_SEEDS", 2, &BESIDE, |n, every| {
        let seed = from + n;
        // Odd seeds collect as often as the script says, even ones less often.
        let stress = every + seed.wrapping_add(1) % 2 * (1 + seed % 13);
        // Each third goes through the heap one object at a time.
        let slow = if seed.is_multiple_of(3) { 1024 } else { 0 };
        let seed = seed / 1024 * 2048 + seed % 1024 + slow;
        (stress, vec![format!("--gc-seed={seed}")])
    });
}

/// Two helper threads mark while the program runs in stress mode.
#[test]
fn scripts_with_real_helpers_in_stress_mode() {
    run_marker("helpers", "SCRIPT_REPEATS", 1, &BESIDE, |n, every| {
        let options = ["--gc-threads=2".to_owned(), format!("--gc-seed={}", n + 1)];
        (every, options.to_vec())
    });
}

#[test]
fn scripts_under_every_collector() {
    run_all("normal", |_| Some(None));
}

#[test]
fn scripts_under_every_collector_in_stress_mode() {
    run_all("stress", |script| script.expects.stress.map(Some));
}

#[test]
fn directives_are_understood() {
    let e = Expectations::read(
        "-- stress: 7\n-- args: a b\n-- collects: yes\nprint(1) -- expect: 1\n-- expect:\n  -- expect: x  y\n",
    )
    .expect("a good script");
    assert_eq!(e.lines, ["1", "", "x  y"]);
    assert_eq!(
        (e.stress, e.args.len(), e.collects, e.status),
        (Some(7), 2, true, 0)
    );
    let e = Expectations::read("-- expect-error: one: two\n-- stress: off\n-- Plain: prose\n")
        .expect("a good script");
    assert_eq!(
        (e.errors.as_slice(), e.status, e.stress),
        (["one: two".to_owned()].as_slice(), 1, None)
    );
    assert!(Expectations::read("print(1)\n").is_err());
    assert!(Expectations::read("-- expect-eror: x\n").is_err());
    assert!(Expectations::read("-- expect: x\n-- stress: often\n").is_err());
}

#[test]
fn every_lua_file_opens_with_a_comment() {
    let opens_with_comment = |path: &Path| {
        let text = String::from_utf8_lossy(&fs::read(path).expect("a readable file")).into_owned();
        let mut lines = text.lines().skip_while(|l| l.starts_with("#!"));
        lines.next().is_some_and(|l| l.starts_with("--"))
    };
    let bare: Vec<_> = lua_files(&tests_dir())
        .into_iter()
        .filter(|path| !opens_with_comment(path))
        .collect();
    assert!(
        bare.is_empty(),
        "these files do not say what they test: {bare:?}"
    );
}
