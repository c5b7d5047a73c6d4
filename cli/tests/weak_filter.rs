//! The weak filter: a script that reads weak tables in every way, under many
//! seeded schedules of the collector, with the verifier on; and the proof that
//! each way was taken while a verdict was being carried out.

mod common;

use common::{End, MOONSWEEP, command, one_at_a_time, parallel, run, tests_dir};
use std::collections::BTreeMap;
use std::time::Duration;

const SCRIPT: &str = "scripts/gc/weak_window.lua";
/// The ways that have to meet the window.
const PATHS: &[&str] = &[
    "border",
    "concat",
    "grow",
    "grow_names",
    "index",
    "inherit",
    "insert",
    "ipairs",
    "keys",
    "late",
    "long keys",
    "mode",
    "move",
    "newindex",
    "next",
    "pairs",
    "rawget",
    "replace",
    "sort",
    "unpack",
    "weak keys",
];

fn seeds() -> u32 {
    let wanted = std::env::var("GC_SEEDS").ok().and_then(|s| s.parse().ok());
    wanted.unwrap_or(if cfg!(debug_assertions) { 4 } else { 12 })
}

/// Runs the script under one schedule: how often each way met the window.
fn met(seed: &u32) -> Result<BTreeMap<String, u32>, String> {
    let mut c = command(MOONSWEEP);
    c.arg(format!("--gc-stress={}", 2 + seed % 5))
        // Bit 10 is the marker that advances at safepoints alone.
        .arg(format!("--gc-seed={}", seed | (seed & 1) << 10))
        .args(["--gc=generational", "--gc-verify"])
        .arg(tests_dir().join(SCRIPT))
        .arg("report");
    let outcome = run(&mut c, Duration::from_secs(600));
    if outcome.end != End::Status(0) {
        let text = String::from_utf8_lossy(&outcome.stderr);
        return Err(format!("seed {seed}: {:?}\n{text}\n", outcome.end));
    }
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let lines = text.lines().filter_map(|l| l.strip_prefix("met\t"));
    Ok(lines
        .filter_map(|l| l.rsplit_once(' '))
        .filter_map(|(path, n)| Some((path.to_owned(), n.parse().ok()?)))
        .collect())
}

#[test]
fn nothing_condemned_is_found_under_any_schedule() {
    let _turn = one_at_a_time();
    let seeds: Vec<u32> = (0..seeds()).collect();
    let failures = parallel(&seeds, |seed| met(seed).err());
    assert!(
        failures.is_empty(),
        "{} of {} schedules failed:\n{}",
        failures.len(),
        seeds.len(),
        failures.concat()
    );
}

#[test]
fn every_way_meets_the_window() {
    let _turn = one_at_a_time();
    let mut sum = BTreeMap::<String, u32>::new();
    for seed in 0..4 {
        for (path, n) in met(&seed).expect("the script runs") {
            *sum.entry(path).or_default() += n;
        }
    }
    for path in PATHS {
        assert!(sum.contains_key(*path), "{path} never met it: {sum:?}");
    }
}
