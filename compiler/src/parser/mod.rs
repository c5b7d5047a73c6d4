//! The parser: recursive descent over the tokens, one token of look-ahead.
//!
//! It builds the tree and resolves names through [`crate::scope`]; every error
//! is raised at the token where the reference raises it. Nesting is bounded by
//! `MAX_LEVELS`, so that no source text can exhaust the Rust stack, here or in
//! the code generator, whose recursion follows the tree.

mod expression;
mod statement;

use std::collections::HashSet;
use std::rc::Rc;

use crate::ast::{Chunk, Expr, ExprId, Function, Node};
use crate::error::CompileError;
use crate::scope::{Limit, Scopes};
use crate::token::{Lexeme, Lexer, Place, Token, token_text};

/// Nesting of expressions and statements, as deep as the reference's C stack
/// allows to a chunk loaded from a main program.
const MAX_LEVELS: u32 = 197;

type Result<T> = std::result::Result<T, CompileError>;

/// What a token costs in memory until its chunk is compiled, in bytes. Of the sources that take
/// most, a million of `a=a+a` and of `f(a,b)`, it was measured to be 185 and 147.
pub const BYTES_PER_TOKEN: usize = 160;

/// Parses a chunk, with about so many bytes of `memory`, that for generating code included.
pub fn parse(source: &[u8], chunk_name: &[u8], memory: usize) -> Result<Chunk> {
    let mut parser = Parser {
        lexer: Lexer::new(source, chunk_name),
        current: Lexeme {
            token: Token::Eof,
            text: b"",
            end: 0,
        },
        ahead: None,
        last: Place::START,
        tokens_left: memory / BYTES_PER_TOKEN,
        level: 0,
        exprs: Vec::new(),
        scopes: Scopes::default(),
        strings: HashSet::new(),
        environment: Rc::from(&b"_ENV"[..]),
        constant: None,
    };
    let main = parser.main_function()?;
    Ok(Chunk {
        exprs: parser.exprs,
        main,
    })
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    current: Lexeme<'s>,
    ahead: Option<Lexeme<'s>>,
    /// Behind the last token consumed.
    last: Place,
    /// As many as there is memory for.
    tokens_left: usize,
    level: u32,
    exprs: Vec<Node>,
    scopes: Scopes,
    /// Names and literal strings: equal ones of a chunk share their bytes, so
    /// that the runtime can make them one string.
    strings: HashSet<Rc<[u8]>>,
    environment: Rc<[u8]>,
    /// The last expression that names a compile-time constant, and the name:
    /// it reads as its value but must not be assigned to.
    constant: Option<(ExprId, Rc<[u8]>)>,
}

impl<'s> Parser<'s> {
    fn main_function(&mut self) -> Result<Function> {
        self.scopes.open_function(0);
        let environment = self.environment.clone();
        self.scopes.add_environment(environment);
        let function = self.scopes.function();
        function.is_vararg = true;
        function.vararg_place = Place::START;
        self.advance()?;
        let body = self.statement_list()?;
        self.expect(&Token::Eof)?;
        let end_place = self.last;
        let mut function = self.close_function()?;
        function.body = body;
        function.end_place = end_place;
        Ok(function)
    }

    fn close_function(&mut self) -> Result<Function> {
        let result = self.scopes.close_function();
        self.check_semantics(result)
    }

    // Tokens.

    fn advance(&mut self) -> Result<()> {
        self.last = Place {
            line: self.lexer.line(),
            offset: self.current.end,
        };
        match self.tokens_left.checked_sub(1) {
            Some(left) => self.tokens_left = left,
            None => return Err(CompileError::plain(b"not enough memory")),
        }
        self.current = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.lexer.next_token()?,
        };
        Ok(())
    }

    fn peek_ahead(&mut self) -> Result<&Token<'s>> {
        if self.ahead.is_none() {
            self.ahead = Some(self.lexer.next_token()?);
        }
        Ok(self
            .ahead
            .as_ref()
            .map_or(&Token::Eof, |ahead| &ahead.token))
    }

    fn at(&self, token: &Token<'_>) -> bool {
        self.current.token == *token
    }

    fn at_char(&self, byte: u8) -> bool {
        self.current.token == Token::Char(byte)
    }

    /// Skips the token if it is next.
    fn accept(&mut self, token: &Token<'_>) -> Result<bool> {
        let found = self.at(token);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn accept_char(&mut self, byte: u8) -> Result<bool> {
        self.accept(&Token::Char(byte))
    }

    fn expect(&self, token: &Token<'_>) -> Result<()> {
        if self.at(token) {
            Ok(())
        } else {
            Err(self.expected(token))
        }
    }

    fn expect_and_skip(&mut self, token: &Token<'_>) -> Result<()> {
        self.expect(token)?;
        self.advance()
    }

    /// Skips the token that closes what `opener` opened at `line`.
    fn close(&mut self, closer: &Token<'_>, opener: &Token<'_>, line: u32) -> Result<()> {
        if self.at(closer) {
            return self.advance();
        }
        if line == self.lexer.line() {
            return Err(self.expected(closer));
        }
        let what = [
            &token_text(closer)[..],
            b" expected (to close ",
            &token_text(opener),
            format!(" at line {line})").as_bytes(),
        ]
        .concat();
        Err(self.syntax_error(&what))
    }

    fn expect_name(&mut self) -> Result<Rc<[u8]>> {
        match self.current.token {
            Token::Name(name) => {
                let name = self.intern(name);
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.syntax_error(b"<name> expected")),
        }
    }

    fn intern(&mut self, text: &[u8]) -> Rc<[u8]> {
        match self.strings.get(text) {
            Some(known) => known.clone(),
            None => {
                let text: Rc<[u8]> = Rc::from(text);
                self.strings.insert(text.clone());
                text
            }
        }
    }

    /// The shared form of a literal string.
    fn literal(&mut self, content: Rc<[u8]>) -> Expr {
        Expr::Str(match self.strings.get(&content) {
            Some(known) => known.clone(),
            None => {
                self.strings.insert(content.clone());
                content
            }
        })
    }

    /// Whether the current token ends a block; `until` ends one, but not its scope.
    fn block_ends(&self, with_until: bool) -> bool {
        match self.current.token {
            Token::Else | Token::Elseif | Token::End | Token::Eof => true,
            Token::Until => with_until,
            _ => false,
        }
    }

    // Errors.

    fn syntax_error(&self, what: &[u8]) -> CompileError {
        // The reference takes a zero byte for no token at all.
        let near = (self.current.text != b"\0").then(|| self.current.near());
        CompileError::at(
            self.lexer.chunk_name(),
            self.lexer.line(),
            what,
            near.as_deref(),
        )
    }

    fn expected(&self, token: &Token<'_>) -> CompileError {
        self.syntax_error(&[&token_text(token)[..], b" expected"].concat())
    }

    /// An error of meaning, not of form: no token is shown.
    fn semantic_error(&self, what: &str) -> CompileError {
        CompileError::at(
            self.lexer.chunk_name(),
            self.lexer.line(),
            what.as_bytes(),
            None,
        )
    }

    fn check_semantics<T>(&self, result: std::result::Result<T, String>) -> Result<T> {
        result.map_err(|what| self.semantic_error(&what))
    }

    fn check_limit<T>(&self, result: std::result::Result<T, Limit>) -> Result<T> {
        result.map_err(|limit| self.syntax_error(limit.message().as_bytes()))
    }

    // Nesting.

    fn enter_level(&mut self) -> Result<()> {
        self.level += 1;
        if self.level > MAX_LEVELS {
            return Err(CompileError::plain(b"C stack overflow"));
        }
        Ok(())
    }

    fn leave_level(&mut self) {
        self.level -= 1;
    }

    // Nodes.

    fn node(&mut self, expr: Expr) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(Node {
            expr,
            place: self.last,
        });
        id
    }

    fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize].expr
    }
}
