//! Lua patterns: compiled once, kept in a small cache, matched by backtracking.
//!
//! A pattern becomes a [`Program`], a row of [`Node`]s. Patterns have no alternation
//! and no groups, so each capture is opened and closed at a known node: captures
//! need no undoing when the matcher backtracks, and every error that the reference
//! implementation finds while matching sits at a known node too. Such an error becomes
//! a [`Node::Broken`], raised only when matching arrives there, because a program may
//! depend on a malformed tail that is never reached.
//!
//! | file | what |
//! |---|---|
//! | `set.rs` | sets of bytes |
//! | `compile.rs` | pattern text to program, and what can follow each repetition |
//! | `matcher.rs` | the matcher and the search for a start position |
//! | `cache.rs` | programs by pattern text |
//!
//! Nothing here knows the VM: subjects are byte slices, results are offsets.

mod cache;
mod compile;
mod matcher;
mod set;

pub use cache::{by_ticket, program, ticket};
pub use matcher::{Capture, Captures};
pub use set::ByteSet;

/// The most captures that a pattern may have.
pub const MAX_CAPTURES: usize = 32;

/// How deep the matcher may nest (the reference's MAXCCALLS); deeper is "pattern too complex".
pub const MAX_DEPTH: u32 = 200;

/// What is wrong with a pattern, or with the use of its captures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatternError {
    /// Whoever asked did not want to go on.
    Stopped,
    /// Nested deeper than [`MAX_DEPTH`].
    TooComplex,
    /// The pattern's last byte is the escape.
    EndsWithEscape,
    /// A set without its closing bracket.
    MissingBracket,
    /// `%f` without a set.
    MissingFrontierSet,
    /// `%b` without its two bytes.
    MissingBalanceArguments,
    /// A closing parenthesis without an open capture.
    UnmatchedClose,
    /// More captures than [`MAX_CAPTURES`].
    TooManyCaptures,
    /// A capture that is asked for was never closed.
    UnfinishedCapture,
    /// No such capture; the number as written.
    InvalidCapture(u8),
}

impl PatternError {
    /// The message, worded as the reference implementation does.
    pub fn message(self) -> String {
        let text = match self {
            PatternError::Stopped => "stopped",
            PatternError::TooComplex => "pattern too complex",
            PatternError::EndsWithEscape => "malformed pattern (ends with '%')",
            PatternError::MissingBracket => "malformed pattern (missing ']')",
            PatternError::MissingFrontierSet => "missing '[' after '%f' in pattern",
            PatternError::MissingBalanceArguments => {
                "malformed pattern (missing arguments to '%b')"
            }
            PatternError::UnmatchedClose => "invalid pattern capture",
            PatternError::TooManyCaptures => "too many captures",
            PatternError::UnfinishedCapture => "unfinished capture",
            PatternError::InvalidCapture(n) => return format!("invalid capture index %{n}"),
        };
        text.to_owned()
    }
}

/// One character's worth of pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Item {
    /// `.`: any byte.
    Any,
    /// This byte.
    Byte(u8),
    /// Any byte but this one (`[^,]`), for which a fast scan exists.
    Not(u8),
    /// A byte of the set with this number.
    Set(u32),
}

/// What must come after a repetition for the rest of the pattern to match: a cheap
/// test that spares the matcher most of the attempts that backtracking would make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Follow {
    /// Anything may follow.
    Any,
    /// The pattern ends here: any position will do.
    Accept,
    /// This byte.
    Byte(u8),
    /// A byte of the set, or, if `end`, the end of the subject.
    Set { set: u32, end: bool },
}

/// One step of a compiled pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Node {
    /// These bytes, a range of the pattern's text.
    Literal { from: u32, to: u32 },
    /// One of the item.
    One(Item),
    /// `?`
    Maybe(Item),
    /// `*` (`least` 0) and `+` (`least` 1), as many as possible.
    Greedy {
        item: Item,
        least: u8,
        follow: Follow,
    },
    /// `-`: as few as possible.
    Lazy { item: Item, follow: Follow },
    /// `(`: the capture begins.
    Open(u8),
    /// `()`: the capture is this position.
    Position(u8),
    /// `)`: the capture ends.
    Close(u8),
    /// `%1`: the text of a capture again.
    Same(u8),
    /// `%bxy`: balanced text.
    Balanced(u8, u8),
    /// `%f[set]`: between a byte outside and a byte inside the set.
    Frontier(u32),
    /// `$` at the pattern's end: the end of the subject.
    End,
    /// The whole pattern matched.
    Accept,
    /// Nothing matches here (`%1` of a position capture).
    Never,
    /// The pattern is malformed from here on.
    Broken(PatternError),
}

/// How a capture stands when the whole pattern has matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CaptureKind {
    /// `(...)`
    Text,
    /// `()`
    Position,
    /// `(` without its `)`
    Unfinished,
}

/// What a match can begin with, to skip positions where it can't.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    /// With anything.
    Any,
    /// With this byte.
    Byte(u8),
    /// With a byte of this set, and not at the subject's end.
    Set(ByteSet),
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    nodes: Box<[Node]>,
    sets: Box<[ByteSet]>,
    /// The pattern's text, of which literals are parts.
    text: Box<[u8]>,
    captures: Box<[CaptureKind]>,
    start: Start,
    anchored: bool,
}

impl Program {
    /// Compiles a pattern. With `anchors` a `^` in front anchors it; without
    /// (`gmatch`) that is an ordinary byte.
    pub fn new(pattern: &[u8], anchors: bool) -> Program {
        compile::compile(pattern, anchors)
    }

    /// Whether the pattern matches at the subject's start only.
    #[inline]
    pub fn anchored(&self) -> bool {
        self.anchored
    }

    /// How many captures a match has.
    #[inline]
    pub fn captures(&self) -> usize {
        self.captures.len()
    }
}

/// The bytes that make a pattern more than plain text.
pub fn has_specials(pattern: &[u8]) -> bool {
    pattern.iter().any(|&b| {
        matches!(
            b,
            b'^' | b'$' | b'*' | b'+' | b'?' | b'.' | b'(' | b'[' | b'%' | b'-'
        )
    })
}

/// Finds plain text, as `string.find` with `plain` does.
pub fn find_plain(subject: &[u8], text: &[u8]) -> Option<usize> {
    match text {
        [] => Some(0),
        [byte] => memchr::memchr(*byte, subject),
        // Building a searcher costs more than it saves on a short subject.
        [first, ..] if subject.len() < 96 => {
            let last = subject.len().checked_sub(text.len())?;
            let mut from = 0;
            while from <= last {
                from += memchr::memchr(*first, &subject[from..=last])?;
                if subject[from..].starts_with(text) {
                    return Some(from);
                }
                from += 1;
            }
            None
        }
        _ => memchr::memmem::find(subject, text),
    }
}
