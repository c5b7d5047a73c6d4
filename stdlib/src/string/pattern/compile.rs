//! Pattern text to [`Program`].

use super::{ByteSet, CaptureKind, Follow, Item, MAX_CAPTURES, Node, PatternError, Program, Start};

const ESCAPE: u8 = b'%';

/// Compiles a pattern; what is malformed becomes a [`Node::Broken`].
pub fn compile(pattern: &[u8], anchors: bool) -> Program {
    let anchored = anchors && pattern.first() == Some(&b'^');
    let mut compiler = Compiler {
        pattern,
        at: anchored as usize,
        literal: None,
        nodes: Vec::with_capacity(8),
        sets: Vec::new(),
        captures: Vec::new(),
    };
    // Literals and sets are numbered in 32 bits.
    if pattern.len() > u32::MAX as usize {
        compiler.nodes.push(Node::Broken(PatternError::TooComplex));
    } else if let Err(error) = compiler.pattern() {
        compiler.flush_literal();
        compiler.nodes.push(Node::Broken(error));
    }
    let start = compiler.link();
    Program {
        nodes: compiler.nodes.into(),
        sets: compiler.sets.into(),
        text: pattern.into(),
        captures: compiler.captures.into(),
        start,
        anchored,
    }
}

struct Compiler<'a> {
    pattern: &'a [u8],
    at: usize,
    /// Where the run of plain bytes that ends at `at` began.
    literal: Option<usize>,
    nodes: Vec<Node>,
    sets: Vec<ByteSet>,
    captures: Vec<CaptureKind>,
}

impl Compiler<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    fn pattern(&mut self) -> Result<(), PatternError> {
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'(', next) => {
                    self.flush_literal();
                    if self.captures.len() == MAX_CAPTURES {
                        return Err(PatternError::TooManyCaptures);
                    }
                    let level = self.captures.len() as u8;
                    if next == Some(b')') {
                        self.captures.push(CaptureKind::Position);
                        self.step(Node::Position(level), 2);
                    } else {
                        self.captures.push(CaptureKind::Unfinished);
                        self.step(Node::Open(level), 1);
                    }
                }
                (b')', _) => {
                    self.flush_literal();
                    let open = self
                        .captures
                        .iter()
                        .rposition(|&kind| kind == CaptureKind::Unfinished);
                    let level = open.ok_or(PatternError::UnmatchedClose)?;
                    self.captures[level] = CaptureKind::Text;
                    self.step(Node::Close(level as u8), 1);
                }
                (b'$', None) => {
                    self.flush_literal();
                    self.step(Node::End, 1);
                }
                (ESCAPE, Some(b'b')) => {
                    self.flush_literal();
                    let (Some(open), Some(close)) = (self.peek(2), self.peek(3)) else {
                        return Err(PatternError::MissingBalanceArguments);
                    };
                    self.step(Node::Balanced(open, close), 4);
                }
                (ESCAPE, Some(b'f')) => {
                    self.flush_literal();
                    self.at += 2;
                    if self.peek(0) != Some(b'[') {
                        return Err(PatternError::MissingFrontierSet);
                    }
                    let set = self.set()?;
                    let set = self.number(set);
                    self.step(Node::Frontier(set), 0);
                }
                (ESCAPE, Some(digit @ b'0'..=b'9')) => {
                    self.flush_literal();
                    let level = (digit as usize).wrapping_sub(b'1' as usize);
                    let node = match self.captures.get(level) {
                        Some(CaptureKind::Text) => Node::Same(level as u8),
                        Some(CaptureKind::Position) => Node::Never,
                        _ => return Err(PatternError::InvalidCapture(digit - b'0')),
                    };
                    self.step(node, 2);
                }
                _ => self.item_and_suffix()?,
            }
        }
        self.flush_literal();
        self.nodes.push(Node::Accept);
        Ok(())
    }

    fn step(&mut self, node: Node, length: usize) {
        self.nodes.push(node);
        self.at += length;
    }

    /// One item and the suffix after it, if any.
    fn item_and_suffix(&mut self) -> Result<(), PatternError> {
        let from = self.at;
        let item = self.item()?;
        let suffix = self.peek(0);
        if !matches!(suffix, Some(b'*' | b'+' | b'?' | b'-')) {
            match item {
                Item::Byte(_) if self.pattern[from] != ESCAPE && self.at == from + 1 => {
                    self.literal.get_or_insert(from);
                }
                Item::Byte(_) if self.pattern[from] == ESCAPE => {
                    // An escaped byte begins a run of its own, without the escape.
                    self.flush_literal_to(from);
                    self.literal = Some(from + 1);
                }
                _ => {
                    self.flush_literal_to(from);
                    self.nodes.push(Node::One(item));
                }
            }
            return Ok(());
        }
        self.flush_literal_to(from);
        self.at += 1;
        self.nodes.push(match suffix {
            Some(b'?') => Node::Maybe(item),
            Some(b'-') => Node::Lazy {
                item,
                follow: Follow::Any,
            },
            other => Node::Greedy {
                item,
                least: (other == Some(b'+')) as u8,
                follow: Follow::Any,
            },
        });
        Ok(())
    }

    fn flush_literal(&mut self) {
        self.flush_literal_to(self.at);
    }

    /// Makes a node of the run of plain bytes that ends before `end`.
    fn flush_literal_to(&mut self, end: usize) {
        if let Some(from) = self.literal.take() {
            self.nodes.push(if end == from + 1 {
                Node::One(Item::Byte(self.pattern[from]))
            } else {
                Node::Literal {
                    from: from as u32,
                    to: end as u32,
                }
            });
        }
    }

    fn item(&mut self) -> Result<Item, PatternError> {
        let byte = self.pattern[self.at];
        match byte {
            b'.' => {
                self.at += 1;
                Ok(Item::Any)
            }
            ESCAPE => {
                let letter = self.peek(1).ok_or(PatternError::EndsWithEscape)?;
                self.at += 2;
                Ok(match ByteSet::class(letter) {
                    Some(set) => Item::Set(self.number(set)),
                    None => Item::Byte(letter),
                })
            }
            b'[' => {
                let set = self.set()?;
                Ok(match (set.single(), set.complement().single()) {
                    (Some(byte), _) => Item::Byte(byte),
                    (_, Some(byte)) => Item::Not(byte),
                    _ => Item::Set(self.number(set)),
                })
            }
            _ => {
                self.at += 1;
                Ok(Item::Byte(byte))
            }
        }
    }

    /// Reads a bracketed set: its end first, for what is read as a range depends on it.
    fn set(&mut self) -> Result<ByteSet, PatternError> {
        let negated = self.peek(1) == Some(b'^');
        let first = self.at + 1 + negated as usize;
        let mut end = first;
        loop {
            // The first byte is never the closing bracket.
            match self.pattern.get(end) {
                None => return Err(PatternError::MissingBracket),
                Some(&ESCAPE) if end + 1 < self.pattern.len() => end += 2,
                Some(_) => end += 1,
            }
            match self.pattern.get(end) {
                Some(b']') => break,
                Some(_) => {}
                None => return Err(PatternError::MissingBracket),
            }
        }
        let body = &self.pattern[first..end];
        self.at = end + 1;
        let mut set = ByteSet::EMPTY;
        let mut i = 0;
        while i < body.len() {
            match body[i..] {
                [ESCAPE, letter, ..] => {
                    match ByteSet::class(letter) {
                        Some(class) => set = set.union(class),
                        None => set.insert(letter),
                    }
                    i += 2;
                }
                [low, b'-', high, ..] => {
                    set.insert_range(low, high);
                    i += 3;
                }
                [byte, ..] => {
                    set.insert(byte);
                    i += 1;
                }
                [] => break,
            }
        }
        Ok(if negated { set.complement() } else { set })
    }

    /// The number of a set, new or known.
    fn number(&mut self, set: ByteSet) -> u32 {
        let recent = self.sets.len().saturating_sub(16);
        if let Some(known) = self.sets[recent..].iter().position(|&s| s == set) {
            return (recent + known) as u32;
        }
        self.sets.push(set);
        (self.sets.len() - 1) as u32
    }

    fn item_set(&self, item: Item) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        match item {
            Item::Any => return ByteSet::FULL,
            Item::Byte(byte) => set.insert(byte),
            Item::Not(byte) => {
                set.insert(byte);
                return set.complement();
            }
            Item::Set(number) => return self.sets[number as usize],
        }
        set
    }

    /// From the last node to the first: what the rest of the pattern can begin with,
    /// noted at each repetition. Returns what the whole can begin with.
    fn link(&mut self) -> Start {
        let (mut set, mut end) = (ByteSet::FULL, true);
        let mut accept = false; // the node after is Accept
        for at in (0..self.nodes.len()).rev() {
            let follow = if accept {
                Follow::Accept
            } else if end && set == ByteSet::FULL {
                Follow::Any
            } else if let (false, Some(byte)) = (end, set.single()) {
                Follow::Byte(byte)
            } else if matches!(self.nodes[at], Node::Greedy { .. } | Node::Lazy { .. }) {
                Follow::Set {
                    set: self.number(set),
                    end,
                }
            } else {
                Follow::Any
            };
            match &mut self.nodes[at] {
                Node::Greedy { follow: f, .. } | Node::Lazy { follow: f, .. } => *f = follow,
                _ => {}
            }
            accept = false;
            (set, end) = match self.nodes[at] {
                Node::Literal { from, .. } => (
                    self.item_set(Item::Byte(self.pattern[from as usize])),
                    false,
                ),
                Node::One(item) | Node::Greedy { item, least: 1, .. } => {
                    (self.item_set(item), false)
                }
                Node::Maybe(item) | Node::Greedy { item, .. } | Node::Lazy { item, .. } => {
                    (self.item_set(item).union(set), end)
                }
                Node::Open(_) | Node::Position(_) | Node::Close(_) => (set, end),
                Node::Balanced(open, _) => (self.item_set(Item::Byte(open)), false),
                Node::Frontier(number) => {
                    let inside = self.sets[number as usize];
                    (inside, inside.contains(0))
                }
                Node::End => (ByteSet::EMPTY, true),
                Node::Never => (ByteSet::EMPTY, false),
                Node::Accept => {
                    accept = true;
                    (ByteSet::FULL, true)
                }
                Node::Same(_) | Node::Broken(_) => (ByteSet::FULL, true),
            };
        }
        match (end, set.single()) {
            (true, _) => Start::Any,
            (false, Some(byte)) => Start::Byte(byte),
            (false, None) => Start::Set(set),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(pattern: &str) -> Vec<Node> {
        compile(pattern.as_bytes(), true).nodes.into()
    }

    #[test]
    fn runs_of_plain_bytes_become_one_node() {
        assert_eq!(
            nodes("abc"),
            [Node::Literal { from: 0, to: 3 }, Node::Accept]
        );
        assert_eq!(
            nodes("ab%.cd*"),
            [
                Node::Literal { from: 0, to: 2 },
                Node::Literal { from: 3, to: 5 },
                Node::Greedy {
                    item: Item::Byte(b'd'),
                    least: 0,
                    follow: Follow::Accept
                },
                Node::Accept
            ]
        );
    }

    #[test]
    fn repetitions_know_what_follows() {
        assert_eq!(
            nodes("(.-)x"),
            [
                Node::Open(0),
                Node::Lazy {
                    item: Item::Any,
                    follow: Follow::Byte(b'x')
                },
                Node::Close(0),
                Node::One(Item::Byte(b'x')),
                Node::Accept
            ]
        );
        let trim = compile(b"^%s*(.-)%s*$", true);
        let Node::Lazy {
            follow: Follow::Set { set, end: true },
            ..
        } = trim.nodes[2]
        else {
            panic!("{:?}", trim.nodes)
        };
        assert_eq!(trim.sets[set as usize], ByteSet::class(b's').unwrap());
    }

    #[test]
    fn what_is_malformed_breaks_at_its_place() {
        let broken = |p: &str| *nodes(p).last().unwrap();
        assert_eq!(broken("a["), Node::Broken(PatternError::MissingBracket));
        assert_eq!(broken("[%]"), Node::Broken(PatternError::MissingBracket));
        assert_eq!(broken("[^]"), Node::Broken(PatternError::MissingBracket));
        assert_eq!(broken("a%"), Node::Broken(PatternError::EndsWithEscape));
        assert_eq!(
            broken("%ba"),
            Node::Broken(PatternError::MissingBalanceArguments)
        );
        assert_eq!(
            broken("%fa"),
            Node::Broken(PatternError::MissingFrontierSet)
        );
        assert_eq!(broken("a)"), Node::Broken(PatternError::UnmatchedClose));
        assert_eq!(
            broken("(%1)"),
            Node::Broken(PatternError::InvalidCapture(1))
        );
        assert_eq!(broken("%0"), Node::Broken(PatternError::InvalidCapture(0)));
        assert_eq!(
            broken(&"()".repeat(33)),
            Node::Broken(PatternError::TooManyCaptures)
        );
        assert_eq!(nodes("a[")[0], Node::One(Item::Byte(b'a')));
    }

    #[test]
    fn where_a_match_can_start() {
        let start = |p: &str| compile(p.as_bytes(), true).start;
        assert_eq!(start("(foo)"), Start::Byte(b'f'));
        assert_eq!(start("[a]b"), Start::Byte(b'a'));
        assert_eq!(start("a*b*"), Start::Any);
        assert_eq!(start("x["), Start::Byte(b'x'));
        assert_eq!(start("["), Start::Any);
        assert!(matches!(start("%s*%d"), Start::Set(set) if set.len() == 16));
    }
}
