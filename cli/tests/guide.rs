//! The Lua examples of the guide, run under every collector, and the figures
//! that the `gc` library and `--gc-stats-json` have in common.
//!
//! In an example, `--> TEXT` is one line of output, in order; a tab in the
//! output counts as a space, and `...` at the end stands for any rest.

mod common;

use common::{End, collectors, tests_dir};
use std::fs;
use std::time::Duration;

/// Runs a script under a collector, with more options; what it printed.
fn run(script: &str, collector: &str, options: &[&str]) -> String {
    let mut command = common::command(common::MOONSWEEP);
    command.args(["--gc", collector]).args(options);
    command.args(["-e", script]);
    let outcome = common::run(&mut command, Duration::from_secs(300));
    assert!(
        outcome.end == End::Status(0),
        "under {collector}:\n{script}\n{}",
        outcome.stderr_head(4)
    );
    String::from_utf8_lossy(&outcome.stdout).replace('\t', " ")
}

/// The Lua blocks of a page.
fn examples(page: &str) -> Vec<String> {
    let text = fs::read_to_string(tests_dir().join("../docs").join(page)).expect("a page");
    text.split("```lua\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn examples_print_what_they_say() {
    let examples = examples("guide.md");
    assert!(examples.len() >= 4, "the guide has lost its examples");
    for collector in collectors() {
        for example in &examples {
            // These show what a change does, and this one cannot be changed.
            if collector == "incremental" && example.contains("gc.use(") {
                continue;
            }
            let collects = !example.contains("gc.collect()") || collector != "none";
            let output = run(example, collector, &[]);
            let said = example.lines().filter_map(|l| l.split_once("--> "));
            let mut lines = output.lines();
            for (code, expected) in said {
                let line = lines.next().unwrap_or("(nothing)");
                let fits = match expected.strip_suffix("...") {
                    Some(start) => line.starts_with(start),
                    None => line == expected,
                };
                assert!(
                    fits || !collects,
                    "under {collector}: {code}\nprints {line}\nnot {expected}"
                );
            }
        }
    }
}

/// Prints the path of every key in `gc.stats()`.
const KEYS: &str = r#"
    for i = 1, 200000 do local t = { i } end
    local function walk(t, path)
      for k, v in pairs(t) do
        print(path .. k .. " " .. type(v))
        if type(v) == "table" then walk(v, path .. k .. ".") end
      end
    end
    collectgarbage("stop")
    walk(gc.stats(), "")
"#;

fn walk(value: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    let list = value.as_array().into_iter().flatten().enumerate();
    let list = list.map(|(i, value)| ((i + 1).to_string(), value));
    let fields = value.as_object().into_iter().flatten();
    for (key, value) in list.chain(fields.map(|(k, v)| (k.clone(), v))) {
        let kind = match value {
            serde_json::Value::Object(_) | serde_json::Value::Array(_) => "table",
            serde_json::Value::String(_) => "string",
            _ => "number",
        };
        found.push(format!("{path}{key} {kind}"));
        if kind == "table" {
            walk(value, &format!("{path}{key}."), found);
        }
    }
}

#[test]
fn the_library_and_the_report_have_the_same_figures() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let path = file.path().to_str().expect("a name in UTF-8");
    for collector in collectors() {
        let output = run(KEYS, collector, &["--gc-stats-json", path]);
        let mut inside: Vec<_> = output.lines().map(str::to_owned).collect();
        let text = fs::read(path).expect("the report");
        let report = serde_json::from_slice(&text).expect("JSON");
        let mut outside = Vec::new();
        walk(&report, "", &mut outside);
        inside.sort();
        outside.sort();
        assert_eq!(inside, outside, "under {collector}");
    }
}
