//! Generated programs under moonsweep and `lua5.4`: what they show, and how
//! they fail, must agree to the letter.
//!
//! `syntax` has the trees, `strategy` says what to generate, `render` makes it
//! Lua. Many programs go through one process of each implementation; a program
//! that the two disagree on is shrunk, and the test shows the smallest one found.
//!
//! `numbers` compares numbers and their texts in the same way, `chunks` runs
//! binary chunks that were tampered with.
//!
//! The same programs come each time. `GENERATED_SEED=N` starts elsewhere,
//! `GENERATED_COUNT=N` makes more of them, `GENERATED_FLAGS="--gc-stress=20"`
//! runs moonsweep with other options.

mod chunks;
#[path = "../common/mod.rs"]
mod common;
mod numbers;
mod render;
mod strategy;
mod syntax;

use common::{End, MOONSWEEP, REFERENCE};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Write;
use std::time::Duration;
use syntax::Program;

/// Programs in a test run.
const COUNT: usize = 600;

/// Programs that go through one process.
const BATCH: usize = 100;

/// Steps of shrinking at most, for each of which both programs run.
const SHRINKING: usize = 400;

/// What runs a program, and what programs use.
const PRELUDE: &str = include_str!("prelude.lua");

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|v| v.parse().ok())
}

/// A source of the same programs each time.
fn runner() -> TestRunner {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&setting("GENERATED_SEED").unwrap_or(0).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, rng)
}

/// A Lua string literal for any text.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => write!(quoted, "\\{byte:03}").expect("a string takes any text"),
        }
    }
    quoted + "\""
}

/// Runs programs in one process of `program`; what each did, on one line. A
/// crash is an answer like another.
fn answers(program: &str, flags: &[&str], texts: &[String], tag: &str) -> Vec<String> {
    let mut script = PRELUDE.to_owned();
    for text in texts {
        writeln!(script, "run({})", quote(text)).expect("a string takes any text");
    }
    let path = std::env::temp_dir().join(format!(
        "moonsweep-generated-{}-{tag}.lua",
        std::process::id()
    ));
    std::fs::write(&path, script).expect("a file in the temporary folder");
    let mut command = common::command(program);
    let outcome = common::run(command.args(flags).arg(&path), Duration::from_secs(600));
    std::fs::remove_file(&path).expect("the file that was just written");
    let mut lines: Vec<String> = String::from_utf8_lossy(&outcome.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    if outcome.end != End::Status(0) || lines.len() != texts.len() {
        let end = format!("({:?}) {}", outcome.end, outcome.stderr_head(3));
        lines.resize(texts.len(), end);
    }
    lines
}

/// The two answers to a program that they differ on.
fn disagreement(texts: &[String], flags: &[&str], tag: &str) -> Option<(usize, String, String)> {
    let expected = answers(REFERENCE, &[], texts, tag);
    let got = answers(MOONSWEEP, flags, texts, tag);
    let mut pairs = expected.into_iter().zip(got).enumerate();
    pairs
        .find(|(_, (expected, got))| expected != got)
        .map(|(i, (expected, got))| (i, expected, got))
}

/// Makes a tree smaller as long as the two still disagree.
fn shrink(tree: &mut impl ValueTree<Value = Program>, flags: &[&str], tag: &str) {
    let fails = |p: &Program| disagreement(&[render::render(p)], flags, tag).is_some();
    if !fails(&tree.current()) {
        return; // it takes the programs before it
    }
    for _ in 0..SHRINKING {
        let more = if fails(&tree.current()) {
            tree.simplify()
        } else {
            tree.complicate()
        };
        if !more {
            break;
        }
    }
    while !fails(&tree.current()) && tree.complicate() {}
}

/// Where two answers part, with what is around.
fn difference(expected: &str, got: &str) -> String {
    let cut = |s: &str| s.replace("; ", "\n");
    common::first_difference(cut(expected).as_bytes(), cut(got).as_bytes())
}

#[test]
fn generated_programs_behave_as_under_the_reference() {
    let flags = std::env::var("GENERATED_FLAGS").unwrap_or_default();
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let count = setting("GENERATED_COUNT").map_or(COUNT, |n| n as usize);
    let mut runner = runner();
    let programs = strategy::program();
    let mut batches: Vec<Vec<_>> = (0..count.div_ceil(BATCH))
        .map(|_| {
            let tree = |_| programs.new_tree(&mut runner).expect("a program");
            (0..BATCH).map(tree).collect()
        })
        .collect();
    // Trees stay on this thread; their texts go to the workers.
    let texts: Vec<(usize, Vec<String>)> = batches
        .iter()
        .map(|trees| trees.iter().map(|t| render::render(&t.current())).collect())
        .enumerate()
        .collect();
    let failures = common::parallel(&texts, |(batch, texts)| {
        let (i, expected, got) = disagreement(texts, &flags, &format!("batch{batch}"))?;
        Some(format!("{batch} {i}\n{}", difference(&expected, &got)))
    });
    let Some(first) = failures.first() else {
        return;
    };
    let mut words = first.split_whitespace().map(|w| w.parse::<usize>());
    let (Some(Ok(batch)), Some(Ok(i))) = (words.next(), words.next()) else {
        panic!("{first}");
    };
    let tree = &mut batches[batch][i];
    shrink(tree, &flags, "shrink");
    let text = render::render(&tree.current());
    let report = match disagreement(std::slice::from_ref(&text), &flags, "shrink") {
        Some((_, expected, got)) => difference(&expected, &got),
        None => format!("(only behind the programs of batch {batch})\n{first}"),
    };
    panic!(
        "{} of {} batches have programs that differ, this one among them:\n{text}\n{report}",
        failures.len(),
        texts.len()
    );
}

/// Programs that all failed at once would prove nothing.
#[test]
fn generated_programs_do_something() {
    let mut runner = runner();
    let programs = strategy::program();
    let texts: Vec<String> = (0..BATCH)
        .map(|_| render::render(&programs.new_tree(&mut runner).expect("a program").current()))
        .collect();
    let all = answers(MOONSWEEP, &[], &texts, "something");
    let shown: usize = all.iter().map(|line| line.matches("; ").count()).sum();
    let failed = all
        .iter()
        .filter(|l| l.starts_with("does not compile"))
        .count();
    assert!(
        shown > 10 * BATCH,
        "{BATCH} programs show {shown} values only"
    );
    assert!(
        failed < BATCH / 10,
        "{failed} of {BATCH} programs do not compile"
    );
}
