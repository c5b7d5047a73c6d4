//! `moonsweep bench` from outside: every built-in workload, small, computes the
//! same under every collector and under the reference.

mod common;

use common::{MOONSWEEP, REFERENCE, collectors};
use serde_json::Value;

#[test]
fn every_workload_agrees_with_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.json");
    let output = common::command(MOONSWEEP)
        .args([
            "bench", "trees", "cache", "queue", "graph", "requests", "strings", "pauses",
        ])
        .args(["--size", "0.002", "--runs", "1", "--timeout", "300"])
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

#[test]
fn advice_for_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("game.lua");
    let source = "local kept = {} for i = 1, 2e5 do kept[i % 5000] = { i } end print(#kept)";
    std::fs::write(&script, source).unwrap();
    let advice = |options: &[&str]| {
        let output = common::command(MOONSWEEP)
            .arg("bench")
            .arg(&script)
            .args(["--runs", "1"])
            .args(options)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        text[text.find("Advice for game").unwrap()..].to_owned()
    };
    let text = advice(&["--latency", "1s", "--memory", "4G"]);
    assert!(
        text.contains("no stop above 1000 ms, at most 4096.0 MB"),
        "{text}"
    );
    assert!(text.contains("Use --gc "), "{text}");
    for collector in collectors() {
        assert!(text.contains(&format!("\n  {collector:<13} ")), "{text}");
    }
    let text = advice(&["--prompt", "--gc", "none,marksweep"]);
    assert!(text.contains("out, never frees"), "{text}");
    assert!(
        text.ends_with("Use --gc marksweep: it is the only one that fits.\n"),
        "{text}"
    );
    let text = advice(&["--latency", "1ns", "--gc", "marksweep"]);
    assert!(
        text.contains("None keeps to that; the nearest is --gc marksweep."),
        "{text}"
    );
}

#[test]
fn heaps_of_several_sizes_and_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let [json, html] = ["results.json", "page.html"].map(|name| folder.path().join(name));
    let output = common::command(MOONSWEEP)
        .args(["bench", "graph:0.02", "--gc", "marksweep,generational"])
        .args(["--runs", "1", "--heaps", "2,4", "--json"])
        .arg(&json)
        .arg("--html")
        .arg(&html)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let results: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let rows = results["results"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    let limit = |row: &Value| {
        row["heap_max_bytes"].as_f64().unwrap() / row["heap_factor"].as_f64().unwrap()
    };
    for row in rows {
        assert!(row["error"].is_null(), "{row}");
        assert!(
            (limit(row) / limit(&rows[0]) - 1.0).abs() < 0.01,
            "one minimum: {row}"
        );
        assert!(row["overhead_cpu"].as_f64().unwrap() >= 1.0, "{row}");
        let average = row["average_heap_bytes"].as_f64().unwrap();
        assert!(
            average < row["heap_max_bytes"].as_f64().unwrap() * 1.1,
            "{row}"
        );
        assert!(row["mmu"].as_array().unwrap().len() > 5);
    }
    assert!(results["noise"]["wall"]["max_ms"].as_f64().unwrap() > 0.0);
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains("graph:0.02") && page.matches("<svg").count() >= 3);
}
