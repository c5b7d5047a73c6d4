//! The matcher: backtracking over a [`Program`]'s nodes.
//!
//! Rules:
//! 1. Recursion happens only where a failure must come back: at a repetition or an
//!    optional item that matched. Its depth is bounded by [`MAX_DEPTH`].
//! 2. Depth is counted as the reference implementation nests its calls, so that
//!    "pattern too complex" is raised for the same patterns and subjects. Captures
//!    count too, although they don't recurse here.
//! 3. Attempts are counted, and now and then whoever asked is asked whether to go on:
//!    backtracking can take longer than anyone waits for.
//! 4. An attempt that [`Follow`] rules out is skipped, except near the limit of depth,
//!    where the attempt itself could raise the error.

use super::{
    ByteSet, CaptureKind, Follow, Item, MAX_CAPTURES, MAX_DEPTH, Node, PatternError, Program, Start,
};
use core::ops::Range;

type Outcome = Result<Option<usize>, PatternError>;

/// Below this depth no attempt is skipped: a chain of captures may use up the rest.
const SKIP_DEPTH: u32 = 2 * MAX_CAPTURES as u32 + 1;

/// How many attempts are made between two questions whether to go on.
const PATIENCE: i64 = 1 << 12;

/// Asked whether to go on, after so many attempts; false ends the search with
/// [`PatternError::Stopped`].
pub type GoOn<'a> = &'a dyn Fn(u64) -> bool;

/// Where the captures of a match are: offsets into the subject.
pub struct Captures {
    /// The first few, which are all for nearly every pattern.
    few: [Span; FEW],
    /// The others.
    more: Vec<Span>,
}

/// From, and up to.
type Span = (usize, usize);

const FEW: usize = 6;

/// What a capture holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Capture {
    /// A part of the subject.
    Text(Range<usize>),
    /// A position, counted from 1.
    Position(usize),
}

impl Captures {
    /// Room for the captures of a program.
    #[inline]
    pub fn new(program: &Program) -> Self {
        let more = program.captures().saturating_sub(FEW);
        Captures {
            few: [(0, 0); FEW],
            more: vec![(0, 0); more],
        }
    }

    #[inline]
    fn span(&mut self, level: u8) -> &mut Span {
        match self.few.get_mut(level as usize) {
            Some(span) => span,
            None => &mut self.more[level as usize - FEW],
        }
    }

    #[inline]
    fn spanned(&self, level: usize) -> Span {
        match self.few.get(level) {
            Some(span) => *span,
            None => self.more[level - FEW],
        }
    }

    /// The capture `index` (from 0) of a match of `program` at `whole`. Of a pattern
    /// without captures, the first is the whole match.
    #[inline]
    pub fn get(
        &self,
        program: &Program,
        index: usize,
        whole: Range<usize>,
    ) -> Result<Capture, PatternError> {
        match program.captures.get(index) {
            Some(CaptureKind::Text) => {
                let (from, to) = self.spanned(index);
                Ok(Capture::Text(from..to))
            }
            Some(CaptureKind::Position) => Ok(Capture::Position(self.spanned(index).0 + 1)),
            Some(CaptureKind::Unfinished) => Err(PatternError::UnfinishedCapture),
            None if index == 0 => Ok(Capture::Text(whole)),
            None => Err(PatternError::InvalidCapture(index as u8 + 1)),
        }
    }
}

impl Program {
    /// The first match that starts at `from` or later, but before `until` (which may
    /// exceed the subject, so that the empty string at its end is tried as well).
    pub fn search(
        &self,
        subject: &[u8],
        from: usize,
        until: usize,
        captures: &mut Captures,
        go_on: GoOn<'_>,
    ) -> Result<Option<Range<usize>>, PatternError> {
        let until = until.min(subject.len() + 1);
        let mut run = Run {
            program: self,
            subject,
            captures,
            attempts: PATIENCE,
            go_on,
        };
        let mut at = from;
        while at < until {
            match self.start {
                Start::Any => {}
                Start::Byte(byte) => {
                    match memchr::memchr(byte, &subject[at..until.min(subject.len())]) {
                        Some(skip) => at += skip,
                        None => return Ok(None),
                    }
                }
                Start::Set(set) => match subject[at..until.min(subject.len())]
                    .iter()
                    .position(|&b| set.contains(b))
                {
                    Some(skip) => at += skip,
                    None => return Ok(None),
                },
            }
            if let Some(end) = run.nodes(at, 0, MAX_DEPTH)? {
                return Ok(Some(at..end));
            }
            at += 1;
        }
        Ok(None)
    }
}

struct Run<'a> {
    program: &'a Program,
    subject: &'a [u8],
    captures: &'a mut Captures,
    /// How many attempts may be made before the next question.
    attempts: i64,
    go_on: GoOn<'a>,
}

impl Run<'_> {
    /// Counts attempts, or scanning that is worth as many.
    #[inline(always)]
    fn count(&mut self, n: usize) -> Result<(), PatternError> {
        self.attempts -= n as i64;
        if self.attempts < 0 {
            return self.ask();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn ask(&mut self) -> Result<(), PatternError> {
        let made = PATIENCE - self.attempts;
        self.attempts = PATIENCE;
        match (self.go_on)(made as u64) {
            true => Ok(()),
            false => Err(PatternError::Stopped),
        }
    }

    /// Matches the nodes from `pc` on at `at`. `depth` is how many nested calls of the
    /// reference's matcher are still allowed, this one included.
    fn nodes(&mut self, mut at: usize, mut pc: usize, depth: u32) -> Outcome {
        let mut depth = nest(depth)?;
        let program = self.program;
        let subject = self.subject;
        loop {
            match program.nodes[pc] {
                Node::Literal { from, to } => {
                    let text = &program.text[from as usize..to as usize];
                    if !subject[at..].starts_with(text) {
                        self.count(text.len() >> 4)?;
                        return Ok(None);
                    }
                    at += text.len();
                }
                Node::One(item) => {
                    if !self.matches(item, at) {
                        return Ok(None);
                    }
                    at += 1;
                }
                Node::Maybe(item) => {
                    if self.matches(item, at) {
                        if let Some(end) = self.nodes(at + 1, pc + 1, depth)? {
                            return Ok(Some(end));
                        }
                        self.count(1)?;
                    }
                }
                Node::Greedy {
                    item,
                    least,
                    follow,
                } => {
                    let most = at + self.run_length(item, at);
                    self.count((most - at) >> 4)?;
                    let least = at + least as usize;
                    if most < least {
                        return Ok(None);
                    }
                    if most > at {
                        // An attempt at each end from `most` down to `least`; the last
                        // one goes on in this call.
                        match self.greedy(most, least, follow, pc + 1, depth)? {
                            Ends::Matched(end) => return Ok(Some(end)),
                            Ends::Failed => return Ok(None),
                            Ends::Last => depth = nest(depth)?,
                        }
                        at = least;
                    }
                }
                Node::Lazy { item, follow } => {
                    if self.matches(item, at) {
                        return self.lazy(at, item, follow, pc + 1, depth);
                    }
                }
                Node::Open(level) => {
                    depth = nest(depth)?;
                    self.captures.span(level).0 = at;
                }
                Node::Position(level) => {
                    depth = nest(depth)?;
                    self.captures.span(level).0 = at;
                }
                Node::Close(level) => {
                    depth = nest(depth)?;
                    self.captures.span(level).1 = at;
                }
                Node::Same(level) => {
                    let (from, to) = *self.captures.span(level);
                    if !subject[at..].starts_with(&subject[from..to]) {
                        return Ok(None);
                    }
                    self.count((to - from) >> 4)?;
                    at += to - from;
                }
                Node::Balanced(open, close) => match balanced(&subject[at..], open, close) {
                    Some(length) => {
                        self.count(length >> 2)?;
                        at += length;
                    }
                    None => {
                        // It was looked for up to the end, if it began here.
                        if subject.get(at) == Some(&open) {
                            self.count((subject.len() - at) >> 2)?;
                        }
                        return Ok(None);
                    }
                },
                Node::Frontier(set) => {
                    let set = &program.sets[set as usize];
                    let before = if at == 0 { 0 } else { subject[at - 1] };
                    let after = subject.get(at).copied().unwrap_or(0);
                    if set.contains(before) || !set.contains(after) {
                        return Ok(None);
                    }
                }
                Node::End => {
                    return Ok((at == subject.len()).then_some(at));
                }
                Node::Accept => return Ok(Some(at)),
                Node::Never => return Ok(None),
                Node::Broken(error) => return Err(error),
            }
            pc += 1;
        }
    }

    /// Tries the rest of the pattern after each allowed number of repetitions, most
    /// first, except for the fewest, which it leaves to the caller ([`Ends::Last`]).
    #[inline]
    fn greedy(
        &mut self,
        most: usize,
        least: usize,
        follow: Follow,
        pc: usize,
        depth: u32,
    ) -> Result<Ends, PatternError> {
        let skip = depth > SKIP_DEPTH;
        if skip && follow == Follow::Accept {
            return Ok(Ends::Matched(most));
        }
        let mut end = most;
        while end > least {
            if skip {
                match self.last_possible(follow, least, end) {
                    None => {
                        self.count((end - least) >> 4)?;
                        return Ok(Ends::Failed);
                    }
                    Some(at) if at == least => return Ok(Ends::Last),
                    Some(at) => end = at,
                }
            }
            if let Some(end) = self.nodes(end, pc, depth)? {
                return Ok(Ends::Matched(end));
            }
            self.count(1)?;
            end -= 1;
        }
        Ok(Ends::Last)
    }

    /// Tries the rest of the pattern after each number of repetitions, fewest first.
    /// The item matches at `at`.
    fn lazy(
        &mut self,
        mut at: usize,
        item: Item,
        follow: Follow,
        pc: usize,
        depth: u32,
    ) -> Outcome {
        let skip = depth > SKIP_DEPTH;
        loop {
            if skip && item == Item::Any {
                // Whatever lies between is accepted, so go where the rest can match.
                match self.first_possible(follow, at) {
                    None => {
                        // It was looked for up to the end.
                        self.count((self.subject.len() - at) >> 4)?;
                        return Ok(None);
                    }
                    Some(found) => {
                        self.count((found - at) >> 4)?;
                        at = found;
                    }
                }
            }
            if (!skip || self.possible(follow, at))
                && let Some(end) = self.nodes(at, pc, depth)?
            {
                return Ok(Some(end));
            }
            if !self.matches(item, at) {
                return Ok(None);
            }
            self.count(1)?;
            at += 1;
        }
    }

    /// Whether the rest of the pattern may match here.
    #[inline(always)]
    fn possible(&self, follow: Follow, at: usize) -> bool {
        match follow {
            Follow::Any | Follow::Accept => true,
            Follow::Byte(byte) => self.subject.get(at) == Some(&byte),
            Follow::Set { set, end } => match self.subject.get(at) {
                Some(&byte) => self.program.sets[set as usize].contains(byte),
                None => end,
            },
        }
    }

    /// The last position from `least` to `most` where the rest may match.
    #[inline]
    fn last_possible(&self, follow: Follow, least: usize, most: usize) -> Option<usize> {
        if self.possible(follow, most) {
            return Some(most);
        }
        let before = &self.subject[least..most];
        let found = match follow {
            Follow::Byte(byte) => memchr::memrchr(byte, before),
            Follow::Set { set, .. } => {
                let set = &self.program.sets[set as usize];
                before.iter().rposition(|&b| set.contains(b))
            }
            Follow::Any | Follow::Accept => return Some(most),
        };
        found.map(|skip| least + skip)
    }

    /// The first position from `at` where the rest may match.
    #[inline]
    fn first_possible(&self, follow: Follow, at: usize) -> Option<usize> {
        let rest = &self.subject[at..];
        let (found, end) = match follow {
            Follow::Byte(byte) => (memchr::memchr(byte, rest), false),
            Follow::Set { set, end } => {
                let set = &self.program.sets[set as usize];
                (rest.iter().position(|&b| set.contains(b)), end)
            }
            Follow::Any | Follow::Accept => return Some(at),
        };
        match found {
            Some(skip) => Some(at + skip),
            None => end.then_some(self.subject.len()),
        }
    }

    /// Whether the item matches the byte at `at`; false at the subject's end.
    #[inline(always)]
    fn matches(&self, item: Item, at: usize) -> bool {
        match self.subject.get(at) {
            None => false,
            Some(&byte) => match item {
                Item::Any => true,
                Item::Byte(b) => byte == b,
                Item::Not(b) => byte != b,
                Item::Set(set) => self.program.sets[set as usize].contains(byte),
            },
        }
    }

    /// How many bytes from `at` on the item matches.
    #[inline]
    fn run_length(&self, item: Item, at: usize) -> usize {
        let rest = &self.subject[at..];
        match item {
            Item::Any => rest.len(),
            Item::Byte(b) => rest
                .iter()
                .position(|&byte| byte != b)
                .unwrap_or(rest.len()),
            Item::Not(b) => {
                let near = &rest[..rest.len().min(16)];
                match near.iter().position(|&byte| byte == b) {
                    Some(found) => found,
                    None => memchr::memchr(b, &rest[near.len()..])
                        .map_or(rest.len(), |found| near.len() + found),
                }
            }
            Item::Set(set) => {
                let set: ByteSet = self.program.sets[set as usize];
                rest.iter()
                    .position(|&byte| !set.contains(byte))
                    .unwrap_or(rest.len())
            }
        }
    }
}

/// How a greedy repetition's attempts ended.
enum Ends {
    /// The whole pattern matched, up to here.
    Matched(usize),
    /// Nothing matches.
    Failed,
    /// What is left is the attempt with the fewest repetitions.
    Last,
}

/// One call deeper.
#[inline(always)]
fn nest(depth: u32) -> Result<u32, PatternError> {
    match depth {
        0 => Err(PatternError::TooComplex),
        _ => Ok(depth - 1),
    }
}

/// The length of the balanced text that `text` begins with.
fn balanced(text: &[u8], open: u8, close: u8) -> Option<usize> {
    if text.first() != Some(&open) {
        return None;
    }
    let mut nested = 1usize;
    for (i, &byte) in text.iter().enumerate().skip(1) {
        if byte == close {
            nested -= 1;
            if nested == 0 {
                return Some(i + 1);
            }
        } else if byte == open {
            nested += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(subject: &str, pattern: &str) -> Result<Option<Range<usize>>, PatternError> {
        let program = Program::new(pattern.as_bytes(), true);
        let until = if program.anchored() { 1 } else { usize::MAX };
        let captures = &mut Captures::new(&program);
        program.search(subject.as_bytes(), 0, until, captures, &|_| true)
    }

    #[test]
    fn repetitions() {
        assert_eq!(find("aaab", "a*b"), Ok(Some(0..4)));
        assert_eq!(find("aaa", "a-b"), Ok(None));
        assert_eq!(find("key = value", "(%w+)%s*=%s*(%w+)$"), Ok(Some(0..11)));
        assert_eq!(find("a\nb", "^.-\n"), Ok(Some(0..2)));
        assert_eq!(find("aXb", "%u?b"), Ok(Some(1..3)));
        assert_eq!(find("", "x*"), Ok(Some(0..0)));
        assert_eq!(find("abc", "[^,]*,"), Ok(None));
        assert_eq!(
            find("0123456789012345678901234567,9", "[^,]*,"),
            Ok(Some(0..29))
        );
    }

    #[test]
    fn balance_frontier_and_repeated_captures() {
        assert_eq!(find("f(a(b)c)d)", "%b()"), Ok(Some(1..8)));
        assert_eq!(find("THE (quick) fox", "%f[%a]%a+%f[%A]"), Ok(Some(0..3)));
        assert_eq!(find("say \"x\" 'y\"'", "(['\"]).-%1"), Ok(Some(4..7)));
        assert_eq!(find("a", "()%1"), Ok(None));
    }

    #[test]
    fn depth_is_that_of_the_reference() {
        let fits = |n: usize| find(&"a".repeat(n), &".?".repeat(n));
        assert_eq!(fits(199), Ok(Some(0..199)));
        assert_eq!(fits(200), Err(PatternError::TooComplex));
        let starred = |n: usize| find(&"ab".repeat(n), &format!("{}c", "a*b*".repeat(n)));
        assert_eq!(starred(250), Err(PatternError::TooComplex));
        assert_eq!(find(&"a".repeat(300_000), "^a*.?$"), Ok(Some(0..300_000)));
    }

    #[test]
    fn a_search_without_end_can_be_stopped() {
        let runaway = [
            ("a?".repeat(30) + &"a".repeat(30), "a".repeat(30)),
            ("a*".repeat(12) + "b", "a".repeat(300)),
            (".-.-.-.-b".to_owned(), "a".repeat(100_000)),
            ("%b()x".to_owned(), "(".repeat(30_000)),
        ];
        for (pattern, subject) in runaway {
            let program = Program::new(pattern.as_bytes(), true);
            let (made, asked) = (core::cell::Cell::new(0), core::cell::Cell::new(0));
            let go_on = |n| {
                made.set(made.get() + n);
                asked.set(asked.get() + 1);
                made.get() < 100_000
            };
            let captures = &mut Captures::new(&program);
            let found = program.search(subject.as_bytes(), 0, usize::MAX, captures, &go_on);
            assert_eq!(found, Err(PatternError::Stopped), "{pattern}");
            assert!(asked.get() > 1, "{pattern}");
        }
    }

    #[test]
    fn errors_are_raised_on_arrival_only() {
        assert_eq!(find("abc", "x["), Ok(None));
        assert_eq!(find("abc", "b["), Err(PatternError::MissingBracket));
        assert_eq!(find("abc", "%d*["), Err(PatternError::MissingBracket));
    }
}
