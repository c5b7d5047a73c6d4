//! Whatever a source text or a binary chunk is made of, the compiler and the
//! loader answer: with code that the checker accepts, or with an error.
//!
//! The texts are noise, sequences of tokens, and real programs (the scripts of
//! `tests/scripts`) that were cut, repeated and mixed; the chunks are those of
//! real programs with bytes changed, cut out and put in.

use moonsweep_compiler::bytecode::prototype::Prototype;
use moonsweep_compiler::bytecode::{check, disasm, dump};
use moonsweep_compiler::compile;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::path::Path;
use std::sync::LazyLock;

/// Real programs.
static SCRIPTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scripts");
    let mut scripts = Vec::new();
    for folder in ["lang", "stdlib", "limit"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the folder of scripts");
        let mut paths: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.extension().is_some_and(|e| e == "lua") {
                scripts.push(std::fs::read(&path).expect("a readable script"));
            }
        }
    }
    assert!(scripts.len() > 50, "{} scripts", scripts.len());
    scripts
});

/// What a text is made of when it is not noise.
const PIECES: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while", "+", "-",
    "*", "/", "%", "^", "#", "&", "~", "|", "<<", ">>", "//", "==", "~=", "<=", ">=", "<", ">",
    "=", "(", ")", "{", "}", "[", "]", "::", ";", ":", ",", ".", "..", "...", "a", "b", "_ENV",
    "x1", "1", "0x10", "3.5", "1e", "0x", "'s'", "\"t\\n\"", "[[long]]", "[==[", "]==]", "--",
    "--[[", "<const>", "<close>", "\n", "\r", "\0", "\u{e9}", "\\", "'", "\"", "\\u{", "\\x4",
];

/// A change to a sequence of bytes.
#[derive(Clone, Debug)]
enum Change {
    /// Another value for a byte.
    Set(Index, u8),
    /// One bit.
    Flip(Index, u8),
    Remove(Index, usize),
    /// A part once more, somewhere else.
    Repeat(Index, usize, Index),
    Insert(Index, Vec<u8>),
    Cut(Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let range = |at: &Index, n: usize| {
            let from = at.index(length);
            from..(from + n).min(length)
        };
        match self {
            Change::Set(at, value) => bytes[at.index(length)] = *value,
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << (bit % 8),
            Change::Remove(at, n) => drop(bytes.drain(range(at, *n))),
            Change::Repeat(at, n, to) => {
                let part = bytes[range(at, *n)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, part);
            }
            Change::Insert(at, part) => {
                let at = at.index(length);
                bytes.splice(at..at, part.iter().copied());
            }
            Change::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    let piece = select(PIECES).prop_map(|p| p.as_bytes().to_vec());
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(i, v)| Change::Set(i, v)),
        3 => (index(), any::<u8>()).prop_map(|(i, b)| Change::Flip(i, b)),
        2 => (index(), 1usize..60).prop_map(|(i, n)| Change::Remove(i, n)),
        2 => (index(), 1usize..60, index()).prop_map(|(i, n, to)| Change::Repeat(i, n, to)),
        2 => (index(), piece).prop_map(|(i, p)| Change::Insert(i, p)),
        1 => (index(), vec(any::<u8>(), 1..9)).prop_map(|(i, p)| Change::Insert(i, p)),
        1 => index().prop_map(Change::Cut),
    ]
}

/// A real program after some changes.
fn changed_script() -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), vec(change(), 0..12)).prop_map(|(script, changes)| {
        let mut text = script.get(&SCRIPTS[..]).clone();
        changes.iter().for_each(|c| c.apply(&mut text));
        text
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = (vec(select(PIECES), 0..60), any::<bool>()).prop_map(|(pieces, spaced)| {
        let between = if spaced { " " } else { "" };
        pieces.join(between).into_bytes()
    });
    prop_oneof![
        1 => vec(any::<u8>(), 0..200),
        3 => pieces,
        3 => changed_script(),
    ]
}

/// Code that was accepted is sound, can be listed, dumped and loaded again.
fn examine(proto: &Prototype) -> Result<(), TestCaseError> {
    prop_assert_eq!(check::check(proto), Ok(()));
    let bytes = dump::dump(proto, false);
    let again = dump::undump(&bytes);
    prop_assert!(again.is_ok(), "{:?}", again.err());
    if let Ok(again) = again {
        prop_assert_eq!(disasm::disassemble(proto), disasm::disassemble(&again));
        prop_assert_eq!(dump::dump(&again, false), bytes);
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..Default::default()
    }
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn any_text_compiles_or_fails(text in text()) {
        match compile(&text, b"@x.lua") {
            Ok(proto) => examine(&proto)?,
            Err(error) => prop_assert!(
                error.message.starts_with(b"x.lua:") || error.message == b"C stack overflow",
                "{}", error
            ),
        }
    }

    #[test]
    fn any_bytes_load_or_fail(bytes in vec(any::<u8>(), 0..300), headed in any::<bool>()) {
        let head = dump::dump(&compile(b"", b"=x").expect("valid"), true);
        let chunk = if headed { [&head[..16.min(head.len())], &bytes].concat() } else { bytes };
        if let Ok(proto) = dump::undump(&chunk) {
            examine(&proto)?;
        }
    }

    #[test]
    fn changed_chunks_load_or_fail(
        script in any::<Index>(),
        strip in any::<bool>(),
        changes in vec(change(), 1..4),
    ) {
        let text: &Vec<u8> = script.get(&SCRIPTS[..]);
        let Ok(proto) = compile(text, b"@x.lua") else {
            return Ok(()); // some scripts are about errors
        };
        let mut chunk = dump::dump(&proto, strip);
        changes.iter().for_each(|c| c.apply(&mut chunk));
        if let Ok(proto) = dump::undump(&chunk) {
            examine(&proto)?;
        }
    }
}
