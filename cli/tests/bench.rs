//! `moonsweep bench` from outside: every built-in workload, small, computes the
//! same under every collector and under the reference.

mod common;

use common::{MOONSWEEP, REFERENCE, collectors};
use serde_json::Value;
use std::process::Command;

#[test]
fn every_workload_agrees_with_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let output = Command::new(MOONSWEEP)
        .args([
            "bench", "trees", "cache", "queue", "graph", "requests", "strings", "pauses",
        ])
        .args(["--size", "0.002", "--runs", "1", "--timeout", "60"])
        .args([&format!("--reference={REFERENCE}"), "--json"])
        .arg(&file)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let results: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let rows = results["results"].as_array().unwrap();
    assert_eq!(rows.len(), 23 * (collectors().len() + 2));
    for row in rows {
        assert!(row["error"].is_null(), "{row}");
        assert!(row["peak_rss_bytes"].as_u64().unwrap() > 100_000, "{row}");
    }
    let pauses = rows.iter().filter(|r| r["workload"] == "sessions:0.002");
    for row in pauses {
        assert!(row["told"]["gap_ms"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["told"]["metered_ms_99.9"].is_number(), "{row}");
    }
}
