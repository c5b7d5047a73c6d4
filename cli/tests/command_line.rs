//! Runs the shell scripts of `tests/command_line` with `lua` meaning the reference
//! implementation, and then the program under each collector: output, messages
//! and statuses must be the same, addresses of objects aside.

mod common;

use common::{
    MOONSWEEP, Outcome, REFERENCE, collectors, command, first_difference, run, tests_dir,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// One script.
struct Case {
    /// The file's stem and the case's heading.
    name: String,
    script: String,
}

/// Reads all cases: a heading after `### `, then the script.
fn cases() -> Vec<Case> {
    let folder = tests_dir().join("command_line");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("tests/command_line")
        .map(|entry| entry.expect("a readable folder entry").path())
        .collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&file).expect("a readable file of cases");
        for part in text.split("\n### ").skip(1) {
            let (heading, script) = part.split_once('\n').expect("a script after its heading");
            cases.push(Case {
                name: format!("{stem}: {heading}"),
                script: script.trim_end().to_owned(),
            });
        }
    }
    cases
}

/// The program's place, as `command -v` knows it.
fn absolute(program: &str) -> PathBuf {
    if program.contains('/') {
        return PathBuf::from(program);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{program} is not installed"))
}

/// Runs a script in an empty folder of its own.
fn run_case(case: &Case, program: &Path, collector: Option<&str>) -> Outcome {
    static SERIAL: AtomicUsize = AtomicUsize::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let name = format!("moonsweep-cli-{}-{serial}", std::process::id());
    let base = std::env::temp_dir().join(name);
    let (bin, work) = (base.join("bin"), base.join("work"));
    fs::create_dir_all(&bin).expect("a folder");
    fs::create_dir_all(&work).expect("a folder");
    symlink(program, bin.join("lua")).expect("a link to the program");
    let mut command = command("sh");
    command
        .args(["-c", &case.script])
        .current_dir(&work)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("HOME", &work);
    if let Some(collector) = collector {
        command.env("MOONSWEEP_GC", collector);
    }
    let mut outcome = run(&mut command, Duration::from_secs(300));
    fs::remove_dir_all(&base).expect("the folder that was made");
    outcome.stdout = without_addresses(&outcome.stdout);
    outcome.stderr = without_addresses(&outcome.stderr);
    outcome
}

/// `0x` and six digits or more become `ADDRESS`.
fn without_addresses(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if let Some(digits) = rest.strip_prefix(b"0x") {
            let length = digits.iter().take_while(|c| c.is_ascii_hexdigit()).count();
            if length >= 6 {
                out.extend_from_slice(b"ADDRESS");
                rest = &digits[length..];
                continue;
            }
        }
        out.push(first);
        rest = behind;
    }
    out
}

/// What differs, or nothing.
fn compare(case: &Case, collector: &str, expected: &Outcome, got: &Outcome) -> Option<String> {
    let mut report = String::new();
    if expected.end != got.end {
        report += &format!("    ended {:?}, expected {:?}\n", got.end, expected.end);
    }
    for (what, expected, got) in [
        ("output", &expected.stdout, &got.stdout),
        ("standard error", &expected.stderr, &got.stderr),
    ] {
        if expected != got {
            report += &format!("  {what}:\n{}", first_difference(expected, got));
        }
    }
    (!report.is_empty()).then(|| format!("{} ({collector}):\n{report}", case.name))
}

#[test]
fn the_command_line_is_the_references() {
    let cases = cases();
    assert!(cases.len() > 80, "only {} cases were read", cases.len());
    let (reference, program) = (absolute(REFERENCE), absolute(MOONSWEEP));
    let problems = common::parallel(&cases, |case| {
        let expected = run_case(case, &reference, None);
        let problems: Vec<String> = collectors()
            .into_iter()
            .filter_map(|collector| {
                let got = run_case(case, &program, Some(collector));
                compare(case, collector, &expected, &got)
            })
            .collect();
        (!problems.is_empty()).then(|| problems.concat())
    });
    assert!(problems.is_empty(), "{}", problems.concat());
}

#[test]
fn addresses_are_masked() {
    let masked = without_addresses(b"table: 0x55aa55aa55, 0x10, 0x");
    assert_eq!(masked, b"table: ADDRESS, 0x10, 0x");
}
