//! Runs real programs (linter, JSON, argument parser, utility libraries of
//! Debian) under every collector; `tests/programs/run.sh` compares what they
//! print with `lua5.4`. Nothing is skipped: a missing package is a failure.

mod common;

use common::{End, collectors, tests_dir};
use std::time::Duration;

#[test]
fn programs_print_what_the_reference_prints() {
    let script = tests_dir().join("programs/run.sh");
    let problems = common::parallel(&collectors(), |collector| {
        let mut command = common::command("bash");
        command
            .env("MOONSWEEP", common::MOONSWEEP)
            .arg(&script)
            .args(["--gc", collector]);
        let outcome = common::run(&mut command, Duration::from_secs(3600));
        let report = String::from_utf8_lossy(&outcome.stdout).into_owned();
        match outcome.end {
            End::Status(0) => {
                println!("{report}");
                None
            }
            End::Status(2) => Some(format!("cannot compare:\n{}", outcome.stderr_head(20))),
            end => Some(format!(
                "under {collector} ({end:?}):\n{report}{}",
                outcome.stderr_head(20)
            )),
        }
    });
    assert!(problems.is_empty(), "{}", problems.concat());
}
