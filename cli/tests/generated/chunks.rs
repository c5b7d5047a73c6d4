//! Binary chunks that were tampered with: the checker answers, whatever they are, and what
//! it lets through runs, fails or loops, but never crashes. What may execute so many
//! instructions only does not loop either.
//!
//! `CHUNK_COUNT=N` runs more of them.

use crate::common::{self, End, MOONSWEEP};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use std::path::Path;
use std::time::{Duration, Instant};

/// Chunks to run.
const COUNT: usize = 400;

/// How long one may run that has no limit of instructions: some have become endless loops.
const LIMIT: Duration = Duration::from_millis(500);

/// How long one may run that has one: far longer than it can.
const LONG: Duration = Duration::from_secs(300);

/// How long the checker may take for one chunk.
const CHECK: Duration = Duration::from_secs(60);

/// How chunks are run, by turns.
const WAYS: [&[&str]; 4] = [
    &["--max-instructions", "2M", "--gc-verify"],
    &["--gc-stress", "9", "--gc-verify"],
    &[
        "--max-instructions",
        "200K",
        "--gc",
        "refcount",
        "--gc-stress",
        "5",
        "--gc-verify",
    ],
    &[
        "--max-instructions",
        "200K",
        "--gc",
        "incremental",
        "--gc-stress",
        "3",
        "--gc-verify",
    ],
];

/// One change of a chunk.
#[derive(Clone, Debug)]
enum Change {
    /// Bits of a byte.
    Flip(Index, u8),
    /// A byte that is often a limit.
    Set(Index, u8),
    /// Four bytes, of an instruction's or a number's size.
    Word(Index, u32),
    /// Bytes go.
    Remove(Index, usize),
    /// Bytes come.
    Insert(Index, Vec<u8>),
    /// Bytes of this chunk, copied to elsewhere.
    Copy(Index, Index, usize),
    /// Two ranges of bytes change places.
    Swap(Index, Index, usize),
    /// All bytes from here on go.
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let edge = prop::sample::select(vec![0u8, 1, 2, 0x7f, 0x80, 0xfe, 0xff]);
    let word = prop_oneof![
        any::<u32>(),
        prop::sample::select(vec![0, 1, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX]),
    ];
    prop_oneof![
        10 => (at(), 1u8..).prop_map(|(i, bits)| Change::Flip(i, bits)),
        6 => (at(), edge).prop_map(|(i, byte)| Change::Set(i, byte)),
        3 => (at(), word).prop_map(|(i, word)| Change::Word(i, word)),
        1 => (at(), 1usize..9).prop_map(|(i, n)| Change::Remove(i, n)),
        1 => (at(), vec(any::<u8>(), 1..9)).prop_map(|(i, bytes)| Change::Insert(i, bytes)),
        3 => (at(), at(), 1usize..17).prop_map(|(i, j, n)| Change::Copy(i, j, n)),
        3 => (at(), at(), 1usize..9).prop_map(|(i, j, n)| Change::Swap(i, j, n)),
        1 => at().prop_map(Change::Cut),
    ]
}

impl Change {
    fn apply(&self, chunk: &mut Vec<u8>) {
        if chunk.is_empty() {
            return;
        }
        let len = chunk.len();
        match self {
            Change::Flip(i, bits) => chunk[i.index(len)] ^= bits,
            Change::Set(i, byte) => chunk[i.index(len)] = *byte,
            Change::Word(i, word) => {
                let at = i.index(len);
                let end = len.min(at + 4);
                chunk[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            }
            Change::Remove(i, n) => {
                let at = i.index(len);
                chunk.drain(at..len.min(at + n));
            }
            Change::Insert(i, bytes) => {
                let at = i.index(len);
                chunk.splice(at..at, bytes.iter().copied());
            }
            Change::Copy(i, j, n) => {
                let (from, to) = (i.index(len), j.index(len));
                let n = (*n).min(len - from.max(to));
                chunk.copy_within(from..from + n, to);
            }
            Change::Swap(i, j, n) => {
                let (a, b) = (i.index(len), j.index(len));
                for k in 0..(*n).min(len - a.max(b)) {
                    chunk.swap(a + k, b + k)
                }
            }
            Change::Cut(i) => chunk.truncate(i.index(len)),
        }
    }
}

/// A script's number, whether its chunk is stripped, and changes.
fn case() -> impl Strategy<Value = (Index, bool, Vec<Change>)> {
    (any::<Index>(), any::<bool>(), vec(change(), 1..5))
}

/// The chunks of all scripts, with and without debug information.
fn originals() -> Vec<[Vec<u8>; 2]> {
    let scripts = common::lua_files(&common::tests_dir().join("scripts/lang"));
    scripts
        .iter()
        .filter_map(|path| {
            let text = std::fs::read(path).expect("a readable script");
            let proto = moonsweep_compiler::compile(&text, b"@x.lua").ok()?;
            let dumped = |strip| moonsweep_compiler::bytecode::dump::dump(&proto, strip);
            Some([dumped(false), dumped(true)])
        })
        .collect()
}

/// Runs a chunk in the way of its number; what is wrong with how it ended.
fn outcome(number: usize, chunk: &[u8], folder: &Path) -> Option<String> {
    let path = folder.join(format!("{number}.luac"));
    std::fs::write(&path, chunk).expect("a file in the temporary folder");
    let flags = WAYS[number % WAYS.len()];
    let limited = flags.contains(&"--max-instructions");
    let mut command = common::command(MOONSWEEP);
    command.current_dir(folder);
    command.args(["--heap-max", "64M"]).args(flags).arg(&path);
    let outcome = common::run(&mut command, if limited { LONG } else { LIMIT });
    match outcome.end {
        End::Status(0 | 1) => None,
        End::TimedOut if !limited => None,
        end => {
            let kept = std::env::temp_dir().join(format!("moonsweep-chunk-{number}.luac"));
            let _ = std::fs::copy(&path, &kept);
            Some(format!(
                "chunk {number}, now {}: {end:?} with {}\n{}",
                kept.display(),
                flags.join(" "),
                outcome.stderr_head(3)
            ))
        }
    }
}

#[test]
fn tampered_chunks_do_not_crash() {
    let chunks = originals();
    let count = crate::setting("CHUNK_COUNT").map_or(COUNT, |n| n as usize);
    let mut runner = crate::runner();
    let mut jobs = Vec::new();
    let mut tries = 0;
    // Most chunks do not load any more: of those, that the checker says so is the test.
    while jobs.len() < count {
        let (script, strip, changes) = case().new_tree(&mut runner).expect("a case").current();
        let mut chunk = script.get(&chunks)[usize::from(strip)].clone();
        for change in &changes {
            change.apply(&mut chunk)
        }
        let started = Instant::now();
        let loads = moonsweep_compiler::bytecode::dump::undump(&chunk).is_ok();
        assert!(
            started.elapsed() < CHECK,
            "the checker takes long: {changes:?}"
        );
        if loads {
            jobs.push((jobs.len(), chunk));
        }
        tries += 1;
        assert!(tries < 200 * count, "hardly any chunk loads");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let failures = common::parallel(&jobs, |(number, chunk)| {
        outcome(*number, chunk, folder.path())
    });
    assert!(failures.is_empty(), "{}", failures.concat());
    println!("{count} of {tries} chunks loaded and were run");
}
