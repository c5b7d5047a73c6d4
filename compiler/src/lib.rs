//! Lua 5.4 source text to register bytecode.
//!
//! The road of a chunk: [`token`] cuts the bytes into tokens, [`parser`] builds
//! the [`ast`] while [`scope`] resolves every name to a local, an upvalue or a
//! field of `_ENV`, `codegen` turns each function of the tree into a
//! [`bytecode::prototype::Prototype`]. Everything that can be wrong with a
//! source text is found by the parser, at the token where the reference
//! implementation finds it, so that messages agree.
//!
//! This crate knows no heap: strings are `Rc<[u8]>`, constants are plain data.

#![forbid(unsafe_code)]

pub mod ast;
pub mod bytecode;
mod codegen;
pub mod error;
mod fold;
pub mod numeral;
pub mod parser;
pub mod scope;
pub mod token;

pub use bytecode::prototype::Prototype;
pub use error::{CompileError, chunk_id};
pub use parser::BYTES_PER_TOKEN;

/// Compiles a chunk: a vararg function whose only upvalue is `_ENV`.
///
/// `chunk_name` is what the reference calls the source: `@file`, `=name`, or
/// the text itself.
pub fn compile(source: &[u8], chunk_name: &[u8]) -> Result<Prototype, CompileError> {
    compile_within(source, chunk_name, usize::MAX)
}

/// [`compile`], with about so many bytes of memory at most; where they don't suffice
/// the error is `not enough memory`.
///
/// # Errors
/// What is wrong with the source, or that.
pub fn compile_within(
    source: &[u8],
    chunk_name: &[u8],
    memory: usize,
) -> Result<Prototype, CompileError> {
    let chunk = parser::parse(source, chunk_name, memory)?;
    codegen::generate(&chunk, source, chunk_name)
}

/// What a file loader skips before it compiles: a UTF-8 byte order mark and a
/// first line that starts with `#`. The newline stays, so that lines count on.
pub fn skip_shebang(source: &[u8]) -> &[u8] {
    let text = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if text.first() != Some(&b'#') {
        return text;
    }
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shebang_keeps_its_newline() {
        assert_eq!(skip_shebang(b"#!/bin/lua\nx"), b"\nx");
        assert_eq!(skip_shebang(b"\xef\xbb\xbf#\nx"), b"\nx");
        assert_eq!(skip_shebang(b"\xef\xbb\xbfreturn 1"), b"return 1");
        assert_eq!(skip_shebang(b"#only"), b"");
    }
}
