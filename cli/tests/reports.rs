//! What `--gc-trace` and `--gc-stats-json` leave behind, however a script ends.

mod common;

use common::{End, MOONSWEEP, collectors, command, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Enough for minors and cycles; finalizers run, old objects are changed.
const CHURN: &str = "local ring = {} \
     for i = 1, 400000 do ring[i % 40000] = setmetatable({ i }, i % 1000 == 0 and { __gc = function() end } or nil) end ";

fn after(ending: &str, flags: &[&str], status: i32) {
    let script = format!("{CHURN}{ending}");
    let mut command = command(MOONSWEEP);
    command.args(flags).args(["-e", &script]);
    let outcome = run(&mut command, Duration::from_secs(300));
    assert_eq!(
        outcome.end,
        End::Status(status),
        "{}",
        outcome.stderr_head(5)
    );
}

fn read(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap();
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn number(event: &Value, field: &str) -> f64 {
    let value = event[field].as_f64();
    value.unwrap_or_else(|| panic!("no {field} in {event}"))
}

/// What a trace is made of; fails where a slice lies outside of its stop.
fn check_trace(events: &[Value]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut stop = (0.0, 0.0);
    for event in events {
        let category = event["cat"].as_str();
        let name = category.or(event["ph"].as_str()).unwrap();
        *counts.entry(name.to_owned()).or_default() += 1;
        match category {
            Some("pause") => {
                let start = number(event, "ts");
                assert!(start >= stop.1 - 0.001, "stops overlap: {event}");
                stop = (start, start + number(event, "dur"));
                for field in ["cpu_us", "bytes_before", "bytes_after", "work"] {
                    assert!(number(&event["args"], field) >= 0.0);
                }
                assert!(event["args"]["cause"].is_string());
            }
            Some("phase") => {
                let (start, length) = (number(event, "ts"), number(event, "dur"));
                assert!(
                    start >= stop.0 - 0.001 && start + length <= stop.1 + 0.001,
                    "{event}"
                );
                assert_eq!(event["tid"], 0);
            }
            Some("concurrent") => assert!(number(event, "tid") >= 1.0),
            _ if event["ph"] == "C" => assert!(number(&event["args"], "bytes") >= 0.0),
            _ => assert_eq!(event["ph"], "M"),
        }
    }
    counts
}

#[test]
fn a_trace_is_whole_however_the_script_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    for (ending, status) in [
        ("", 0),
        ("error('on purpose')", 1),
        ("os.exit(3)", 3),
        ("os.exit(true, true)", 0),
        ("coroutine.wrap(function() os.exit(4, true) end)()", 4),
    ] {
        after(ending, &["--gc-trace", file.to_str().unwrap()], status);
        let events = read(&file);
        let counts = check_trace(events.as_array().unwrap());
        assert!(counts["pause"] > 5, "{ending}: {counts:?}");
        assert!(counts["phase"] > counts["pause"], "{ending}: {counts:?}");
        assert_eq!(counts["C"], 3 * counts["pause"]);
    }
}

#[test]
fn every_collector_has_a_trace_that_agrees_with_the_figures() {
    let folder = tempfile::tempdir().unwrap();
    let [trace, stats] = ["trace.json", "stats.json"].map(|name| folder.path().join(name));
    for collector in collectors() {
        let [trace_path, stats_path] = [&trace, &stats].map(|p| p.to_str().unwrap());
        let flags = [
            "--gc",
            collector,
            "--gc-trace",
            trace_path,
            "--gc-stats-json",
            stats_path,
        ];
        after("", &flags, 0);
        let (events, figures) = (read(&trace), read(&stats));
        let events = events.as_array().unwrap();
        let counts = check_trace(events);
        let stops = counts.get("pause").copied().unwrap_or(0) as u64;
        assert_eq!(
            figures["pauses"]["wall"]["count"].as_u64(),
            Some(stops),
            "{collector}"
        );
        let concurrent = counts.get("concurrent").copied().unwrap_or(0) as u64;
        assert_eq!(
            figures["concurrent"]["count"].as_u64(),
            Some(concurrent),
            "{collector}"
        );
        let longest = events
            .iter()
            .filter(|e| e["cat"] == "pause")
            .map(|e| number(e, "dur"));
        let longest = longest.fold(0.0, f64::max) / 1e3;
        assert!((number(&figures["pauses"]["wall"], "max_ms") - longest).abs() < 1e-6);

        // utilisation: of no window less than a stop as long as it leaves, never falling for a
        // window that is a multiple of another
        let mmu = figures["mmu"].as_array().unwrap();
        let share = |ms: u64| {
            let row = mmu.iter().find(|row| row["window_ms"].as_u64() == Some(ms));
            number(row.unwrap(), "share")
        };
        assert!(share(1) <= 1.0 - longest.min(1.0) + 1e-6, "{collector}");
        assert!(share(1) <= share(10) + 1e-9 && share(10) <= share(100) + 1e-9);
        let [average, peak] =
            ["average_heap_bytes", "peak_heap_bytes"].map(|f| number(&figures, f));
        assert!(
            average > 0.0 && average <= peak,
            "{collector}: {average} of {peak}"
        );
        assert!(number(&figures, "helper_cpu_s") <= number(&figures, "cpu_s"));
        if collector != "none" {
            assert!(number(&figures["finalizers"], "count") > 0.0, "{collector}");
        }
    }
}

#[test]
fn a_trace_that_cannot_be_made_is_told_before_the_work() {
    let mut command = command(MOONSWEEP);
    command.args(["--gc-trace", "/nonexistent/trace.json", "-e", "print(1)"]);
    let outcome = run(&mut command, Duration::from_secs(300));
    assert_eq!(outcome.end, End::Status(1));
    assert!(outcome.stdout.is_empty());
    let message = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(message.contains("/nonexistent/trace.json: "), "{message}");
}
