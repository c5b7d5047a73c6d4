//! Tokens: the table that `logos` turns into a state machine, and the parts
//! that a regular expression cannot do (escapes, long brackets, numerals).

use std::rc::Rc;

use logos::{FilterResult, Lexer as Logos, Logos as _, Skip};

use crate::error::{CompileError, until_nul};
use crate::numeral::{self, Number};

/// Why a token is malformed: the message, and the text to show behind "near".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LexError {
    what: String,
    near: Vec<u8>,
}

impl LexError {
    fn new(what: impl Into<String>, text: &[u8]) -> LexError {
        LexError {
            what: what.into(),
            near: quoted(text),
        }
    }

    fn at_end(what: impl Into<String>) -> LexError {
        LexError {
            what: what.into(),
            near: b"<eof>".to_vec(),
        }
    }
}

/// Where the lexer stands.
#[derive(Debug)]
pub struct Position {
    line: u32,
}

/// A place between two tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line of the token before it.
    pub line: u32,
    /// Where that token ends in the source.
    pub offset: u32,
}

impl Place {
    /// Before the first token.
    pub const START: Place = Place { line: 1, offset: 0 };
}

/// A token of Lua.
#[derive(logos::Logos, Clone, Debug, PartialEq)]
#[logos(utf8 = false, extras = Position, error = LexError, skip r"[ \t\x0b\x0c]+")]
pub enum Token<'s> {
    /// A line break: never delivered.
    #[regex(r"\r\n|\n\r|\n|\r", newline)]
    Newline,
    /// A comment: never delivered.
    #[token("--", comment)]
    Comment,
    /// An identifier.
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*", |lexer| lexer.slice())]
    Name(&'s [u8]),
    /// A numeral (`Int` or `Float`).
    #[regex(r"[0-9]|\.[0-9]", number)]
    Number(Number),
    /// A literal string, escapes resolved.
    #[regex("[\"']", short_string)]
    #[regex(r"\[=*\[", long_string)]
    #[regex(r"\[=+", bad_long_bracket)]
    Str(Rc<[u8]>),
    /// `and`
    #[token("and")]
    And,
    /// `break`
    #[token("break")]
    Break,
    /// `do`
    #[token("do")]
    Do,
    /// `else`
    #[token("else")]
    Else,
    /// `elseif`
    #[token("elseif")]
    Elseif,
    /// `end`
    #[token("end")]
    End,
    /// `false`
    #[token("false")]
    False,
    /// `for`
    #[token("for")]
    For,
    /// `function`
    #[token("function")]
    Function,
    /// `goto`
    #[token("goto")]
    Goto,
    /// `if`
    #[token("if")]
    If,
    /// `in`
    #[token("in")]
    In,
    /// `local`
    #[token("local")]
    Local,
    /// `nil`
    #[token("nil")]
    Nil,
    /// `not`
    #[token("not")]
    Not,
    /// `or`
    #[token("or")]
    Or,
    /// `repeat`
    #[token("repeat")]
    Repeat,
    /// `return`
    #[token("return")]
    Return,
    /// `then`
    #[token("then")]
    Then,
    /// `true`
    #[token("true")]
    True,
    /// `until`
    #[token("until")]
    Until,
    /// `while`
    #[token("while")]
    While,
    /// `//`
    #[token("//")]
    DoubleSlash,
    /// `..`
    #[token("..")]
    Concat,
    /// `...`
    #[token("...")]
    Dots,
    /// `==`
    #[token("==")]
    Equal,
    /// `>=`
    #[token(">=")]
    GreaterEqual,
    /// `<=`
    #[token("<=")]
    LessEqual,
    /// `~=`
    #[token("~=")]
    NotEqual,
    /// `<<`
    #[token("<<")]
    ShiftLeft,
    /// `>>`
    #[token(">>")]
    ShiftRight,
    /// `::`
    #[token("::")]
    DoubleColon,
    /// Any other single byte, an operator or not.
    #[regex(r"(?s-u:.)", |lexer| lexer.slice()[0], priority = 0)]
    Char(u8),
    /// The end of the text.
    Eof,
}

/// The text of a token in messages: quoted, but for classes and the end.
pub fn token_text(token: &Token<'_>) -> Vec<u8> {
    let fixed = match token {
        Token::Name(_) => return b"<name>".to_vec(),
        Token::Str(_) => return b"<string>".to_vec(),
        Token::Number(Number::Int(_)) => return b"<integer>".to_vec(),
        Token::Number(Number::Float(_)) => return b"<number>".to_vec(),
        Token::Eof | Token::Newline | Token::Comment => return b"<eof>".to_vec(),
        Token::Char(byte) if byte.is_ascii_graphic() || *byte == b' ' => return quoted(&[*byte]),
        Token::Char(byte) => return format!("'<\\{byte}>'").into_bytes(),
        Token::And => "and",
        Token::Break => "break",
        Token::Do => "do",
        Token::Else => "else",
        Token::Elseif => "elseif",
        Token::End => "end",
        Token::False => "false",
        Token::For => "for",
        Token::Function => "function",
        Token::Goto => "goto",
        Token::If => "if",
        Token::In => "in",
        Token::Local => "local",
        Token::Nil => "nil",
        Token::Not => "not",
        Token::Or => "or",
        Token::Repeat => "repeat",
        Token::Return => "return",
        Token::Then => "then",
        Token::True => "true",
        Token::Until => "until",
        Token::While => "while",
        Token::DoubleSlash => "//",
        Token::Concat => "..",
        Token::Dots => "...",
        Token::Equal => "==",
        Token::GreaterEqual => ">=",
        Token::LessEqual => "<=",
        Token::NotEqual => "~=",
        Token::ShiftLeft => "<<",
        Token::ShiftRight => ">>",
        Token::DoubleColon => "::",
    };
    quoted(fixed.as_bytes())
}

fn quoted(text: &[u8]) -> Vec<u8> {
    [b"'", until_nul(text), b"'"].concat()
}

/// A token with its place in the source.
#[derive(Clone, Debug)]
pub struct Lexeme<'s> {
    /// The token.
    pub token: Token<'s>,
    /// The bytes it was made of.
    pub text: &'s [u8],
    /// Where it ends in what the lexer was given.
    pub end: u32,
}

impl Lexeme<'_> {
    /// How an error message that stopped at this token shows it.
    pub fn near(&self) -> Vec<u8> {
        match &self.token {
            Token::Name(_) | Token::Number(_) => quoted(self.text),
            Token::Str(content) => {
                let opening = match self.text {
                    [b'[', rest @ ..] => 2 + rest.iter().take_while(|&&b| b == b'=').count(),
                    _ => 1,
                };
                // The reference shows its buffer: delimiters and what the escapes stand for.
                let closing = &self.text[self.text.len() - opening..];
                quoted(&[&self.text[..opening], content, closing].concat())
            }
            other => token_text(other),
        }
    }
}

/// Delivers the tokens of a source text and counts its lines.
pub struct Lexer<'s> {
    logos: Logos<'s, Token<'s>>,
    chunk_name: &'s [u8],
}

impl<'s> Lexer<'s> {
    /// A lexer at the start of `source`.
    pub fn new(source: &'s [u8], chunk_name: &'s [u8]) -> Lexer<'s> {
        Lexer {
            logos: Token::lexer_with_extras(source, Position { line: 1 }),
            chunk_name,
        }
    }

    /// A lexer at some place of `source`.
    pub fn resume(source: &'s [u8], chunk_name: &'s [u8], place: Place) -> Lexer<'s> {
        let rest = source.get(place.offset as usize..).unwrap_or_default();
        let line = place.line;
        Lexer {
            logos: Token::lexer_with_extras(rest, Position { line }),
            chunk_name,
        }
    }

    /// The line where the last token delivered ends.
    pub fn line(&self) -> u32 {
        self.logos.extras.line
    }

    /// The name of the chunk, as given to the compiler.
    pub fn chunk_name(&self) -> &'s [u8] {
        self.chunk_name
    }

    /// The next token.
    pub fn next_token(&mut self) -> Result<Lexeme<'s>, CompileError> {
        let next = self.logos.next();
        let end = self.logos.span().end as u32;
        match next {
            None => Ok(Lexeme {
                token: Token::Eof,
                text: b"",
                end,
            }),
            Some(Ok(token)) => Ok(Lexeme {
                token,
                text: self.logos.slice(),
                end,
            }),
            Some(Err(error)) => {
                let what = error.what.as_bytes();
                Err(CompileError::at(
                    self.chunk_name,
                    self.line(),
                    what,
                    Some(&error.near),
                ))
            }
        }
    }
}

type Callback<'a, 's> = &'a mut Logos<'s, Token<'s>>;

fn newline(lexer: Callback<'_, '_>) -> Skip {
    lexer.extras.line += 1;
    Skip
}

/// Length of the line break at the start of `text`, which starts with one.
fn line_break(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] | [b'\n', b'\r', ..] => 2,
        _ => 1,
    }
}

fn comment<'s>(lexer: Callback<'_, 's>) -> FilterResult<(), LexError> {
    let rest = lexer.remainder();
    if rest.first() == Some(&b'[') {
        let level = rest[1..].iter().take_while(|&&b| b == b'=').count();
        if rest.get(level + 1) == Some(&b'[') {
            lexer.bump(level + 2);
            return match long_bracket(lexer, level, "comment") {
                Ok(_) => FilterResult::Skip,
                Err(error) => FilterResult::Error(error),
            };
        }
    }
    let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    lexer.bump(end);
    FilterResult::Skip
}

fn bad_long_bracket(lexer: Callback<'_, '_>) -> Result<Rc<[u8]>, LexError> {
    Err(LexError::new(
        "invalid long string delimiter",
        lexer.slice(),
    ))
}

fn long_string(lexer: Callback<'_, '_>) -> Result<Rc<[u8]>, LexError> {
    let level = lexer.slice().len() - 2;
    long_bracket(lexer, level, "string").map(Rc::from)
}

/// Reads up to the closing bracket of `level`; returns the content with line
/// breaks made `\n`.
fn long_bracket(lexer: Callback<'_, '_>, level: usize, what: &str) -> Result<Vec<u8>, LexError> {
    let start_line = lexer.extras.line;
    let rest = lexer.remainder();
    let mut content = Vec::new();
    let mut at = 0;
    if matches!(rest.first(), Some(b'\n' | b'\r')) {
        at = line_break(rest);
        lexer.extras.line += 1;
    }
    loop {
        let Some(run) = memchr::memchr3(b']', b'\n', b'\r', &rest[at..]) else {
            lexer.bump(rest.len());
            let what = format!("unfinished long {what} (starting at line {start_line})");
            return Err(LexError::at_end(what));
        };
        content.extend_from_slice(&rest[at..at + run]);
        at += run;
        if rest[at] == b']' {
            let equals = rest[at + 1..].iter().take_while(|&&b| b == b'=').count();
            if equals == level && rest.get(at + 1 + equals) == Some(&b']') {
                lexer.bump(at + level + 2);
                return Ok(content);
            }
            content.extend_from_slice(&rest[at..at + 1 + equals]);
            at += 1 + equals;
        } else {
            at += line_break(&rest[at..]);
            lexer.extras.line += 1;
            content.push(b'\n');
        }
    }
}

fn number(lexer: Callback<'_, '_>) -> Result<Number, LexError> {
    let start = lexer.slice();
    let rest = lexer.remainder();
    let mut at = 0;
    let mut exponent = b'e';
    // `.0x` is no number, but the reference reads on as if it were hexadecimal.
    if matches!(start, b"0" | b".0") && matches!(rest.first(), Some(b'x' | b'X')) {
        exponent = b'p';
        at = 1;
    }
    while let Some(&byte) = rest.get(at) {
        if byte.to_ascii_lowercase() == exponent {
            at += 1;
            at += usize::from(matches!(rest.get(at), Some(b'+' | b'-')));
        } else if byte.is_ascii_hexdigit() || byte == b'.' {
            at += 1;
        } else {
            break;
        }
    }
    // A letter that touches the numeral makes it malformed.
    at += usize::from(
        rest.get(at)
            .is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_'),
    );
    lexer.bump(at);
    numeral::parse(lexer.slice()).ok_or_else(|| LexError::new("malformed number", lexer.slice()))
}

/// The state of reading one quoted string.
struct Quoted<'s> {
    rest: &'s [u8],
    at: usize,
    /// Opening quote and content so far, as messages show it.
    buffer: Vec<u8>,
    lines: u32,
}

fn short_string(lexer: Callback<'_, '_>) -> Result<Rc<[u8]>, LexError> {
    let quote = lexer.slice()[0];
    let rest = lexer.remainder();
    // Most strings hold nothing special.
    if let Some(end) = rest
        .iter()
        .position(|&b| b == quote || matches!(b, b'\\' | b'\n' | b'\r'))
        && rest[end] == quote
    {
        lexer.bump(end + 1);
        return Ok(Rc::from(&rest[..end]));
    }
    let mut string = Quoted {
        rest,
        at: 0,
        buffer: vec![quote],
        lines: 0,
    };
    let result = string.read(quote);
    let (at, lines) = (string.at, string.lines);
    lexer.bump(at);
    lexer.extras.line += lines;
    result.map(|()| Rc::from(&string.buffer[1..]))
}

impl Quoted<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.get(self.at).copied()
    }

    fn read(&mut self, quote: u8) -> Result<(), LexError> {
        loop {
            let Some(byte) = self.peek() else {
                return Err(LexError::at_end("unfinished string"));
            };
            match byte {
                b'\n' | b'\r' => return Err(LexError::new("unfinished string", &self.buffer)),
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                _ => {
                    self.at += 1;
                    if byte == quote {
                        return Ok(());
                    }
                    self.buffer.push(byte);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), LexError> {
        let start = self.at - 1;
        let Some(byte) = self.peek() else {
            return Ok(()); // the caller reports the unfinished string
        };
        self.at += 1;
        let value = match byte {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'"' | b'\'' => byte,
            b'x' => {
                let high = self.hex_digit(start)?;
                let low = self.hex_digit(start)?;
                (high << 4 | low) as u8
            }
            b'\n' | b'\r' => {
                self.at += line_break(&self.rest[self.at - 1..]) - 1;
                self.lines += 1;
                b'\n'
            }
            b'u' => return self.utf8_escape(start),
            b'z' => {
                self.skip_space();
                return Ok(());
            }
            b'0'..=b'9' => {
                self.at -= 1;
                self.decimal_escape(start)?
            }
            _ => {
                self.at -= 1;
                return Err(self.bad_escape(start, "invalid escape sequence"));
            }
        };
        self.buffer.push(value);
        Ok(())
    }

    /// The message shows the escape as far as it was read, and one byte more.
    fn bad_escape(&self, start: usize, what: &str) -> LexError {
        let end = (self.at + 1).min(self.rest.len());
        LexError::new(what, &[&self.buffer, &self.rest[start..end]].concat())
    }

    fn hex_digit(&mut self, start: usize) -> Result<u32, LexError> {
        match self.peek().and_then(|byte| (byte as char).to_digit(16)) {
            Some(digit) => {
                self.at += 1;
                Ok(digit)
            }
            None => Err(self.bad_escape(start, "hexadecimal digit expected")),
        }
    }

    fn decimal_escape(&mut self, start: usize) -> Result<u8, LexError> {
        let mut value = 0u32;
        for _ in 0..3 {
            match self.peek() {
                Some(digit @ b'0'..=b'9') => value = value * 10 + u32::from(digit - b'0'),
                _ => break,
            }
            self.at += 1;
        }
        u8::try_from(value).map_err(|_| self.bad_escape(start, "decimal escape too large"))
    }

    fn utf8_escape(&mut self, start: usize) -> Result<(), LexError> {
        if self.peek() != Some(b'{') {
            return Err(self.bad_escape(start, "missing '{'"));
        }
        self.at += 1;
        let mut value = self.hex_digit(start)?;
        while let Some(digit) = self.peek().and_then(|byte| (byte as char).to_digit(16)) {
            if value > 0x7fff_ffff >> 4 {
                return Err(self.bad_escape(start, "UTF-8 value too large"));
            }
            value = value << 4 | digit;
            self.at += 1;
        }
        if self.peek() != Some(b'}') {
            return Err(self.bad_escape(start, "missing '}'"));
        }
        self.at += 1;
        push_utf8(&mut self.buffer, value);
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if !numeral::is_space(byte) {
                return;
            }
            if matches!(byte, b'\n' | b'\r') {
                self.at += line_break(&self.rest[self.at..]);
                self.lines += 1;
            } else {
                self.at += 1;
            }
        }
    }
}

/// Appends the (original, up to six bytes) UTF-8 encoding of `code` < 2^31.
fn push_utf8(buffer: &mut Vec<u8>, code: u32) {
    if code < 0x80 {
        buffer.push(code as u8);
        return;
    }
    let mut rest = code;
    let mut tail = Vec::new();
    let mut first_max = 0x3f;
    while rest > first_max {
        tail.push(0x80 | (rest & 0x3f) as u8);
        rest >>= 6;
        first_max >>= 1;
    }
    buffer.push((!first_max << 1) as u8 | rest as u8);
    buffer.extend(tail.iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &[u8]) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(source, b"=x");
        let mut all = Vec::new();
        loop {
            match lexer.next_token().expect("valid source").token {
                Token::Eof => return all,
                token => all.push(token),
            }
        }
    }

    fn string(source: &[u8]) -> Vec<u8> {
        match &tokens(source)[..] {
            [Token::Str(content)] => content.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn strings() {
        assert_eq!(
            string(b"'a\\n\\x41\\65\\u{48}\\z  \n b\\\r\nc'"),
            b"a\nAAHb\nc"
        );
        assert_eq!(string(b"[==[\r\na]]\n\r]=]b]==]"), b"a]]\n]=]b");
        assert_eq!(string(b"'\\u{7FFFFFFF}'"), b"\xfd\xbf\xbf\xbf\xbf\xbf");
        assert_eq!(string("'\\u{20AC}'".as_bytes()), "\u{20ac}".as_bytes());
        assert_eq!(string(b"'\\u{80}'"), "\u{80}".as_bytes());
        assert_eq!(string(b"'\\u{7ff}\\u{800}'"), "\u{7ff}\u{800}".as_bytes());
    }

    #[test]
    fn operators_and_comments() {
        use Token::*;
        assert_eq!(
            tokens(b"a.b..c...--[[x\n]]--y\n//~=[#"),
            [
                Name(b"a"),
                Char(b'.'),
                Name(b"b"),
                Concat,
                Name(b"c"),
                Dots,
                DoubleSlash,
                NotEqual,
                Char(b'['),
                Char(b'#')
            ]
        );
    }

    #[test]
    fn lines() {
        let mut lexer = Lexer::new(b"a\nb\r\nc\n\rd\r\re [[\n\n]]", b"=x");
        let mut lines = Vec::new();
        while lexer.next_token().expect("valid").token != Token::Eof {
            lines.push(lexer.line());
        }
        assert_eq!(lines, [1, 2, 3, 4, 6, 8]);
    }
}
