//! Binary chunks that were tampered with: what the checker lets through runs,
//! fails or loops, but never crashes.

use crate::common::{self, End, MOONSWEEP};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use std::time::Duration;

/// Chunks to run.
const COUNT: usize = 300;

/// How long one may run: some have become endless loops.
const LIMIT: Duration = Duration::from_millis(500);

/// A changed byte: where, and what its bits are changed by.
type Change = (Index, u8);

/// A script's number, and changes to its code.
fn case() -> impl Strategy<Value = (Index, bool, Vec<Change>)> {
    (
        any::<Index>(),
        any::<bool>(),
        vec((any::<Index>(), 1u8..), 1..4),
    )
}

#[test]
fn tampered_chunks_do_not_crash() {
    let scripts = common::lua_files(&common::tests_dir().join("scripts/lang"));
    let chunks: Vec<_> = scripts
        .iter()
        .filter_map(|path| {
            let text = std::fs::read(path).expect("a readable script");
            let proto = moonsweep_compiler::compile(&text, b"@x.lua").ok()?;
            let dumped = |strip| moonsweep_compiler::bytecode::dump::dump(&proto, strip);
            Some([dumped(false), dumped(true)])
        })
        .collect();
    let mut runner = crate::runner();
    let mut jobs = Vec::new();
    let mut tries = 0;
    // Most chunks do not load any more: only those that do are of interest.
    while jobs.len() < COUNT {
        let (script, strip, changes) = case().new_tree(&mut runner).expect("a case").current();
        let mut chunk = script.get(&chunks)[usize::from(strip)].clone();
        for (at, bits) in changes {
            let at = at.index(chunk.len());
            chunk[at] ^= bits;
        }
        if moonsweep_compiler::bytecode::dump::undump(&chunk).is_ok() {
            jobs.push((jobs.len(), chunk));
        }
        tries += 1;
        assert!(tries < 100 * COUNT, "hardly any chunk loads");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let failures = common::parallel(&jobs, |(number, chunk)| {
        let path = folder.path().join(format!("{number}.luac"));
        std::fs::write(&path, chunk).expect("a file in the temporary folder");
        let mut command = common::command(MOONSWEEP);
        command.current_dir(folder.path());
        command
            .args(["--heap-max", "64M", "--gc-verify"])
            .arg(&path);
        let outcome = common::run(&mut command, LIMIT);
        match outcome.end {
            End::Status(0 | 1) | End::TimedOut => None,
            end => Some(format!(
                "chunk {number}: {end:?}\n{}",
                outcome.stderr_head(3)
            )),
        }
    });
    assert!(failures.is_empty(), "{}", failures.concat());
}
