//! What a failed compilation says, and how chunk names are shortened in it.

use std::fmt;

/// Longest chunk name in a message, as in the reference (its terminator counts).
const ID_SIZE: usize = 60;

/// A source text that does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The whole message: `chunk:line: what near 'token'`.
    pub message: Vec<u8>,
    /// The text ended too early: more input might make it right.
    pub incomplete: bool,
}

impl CompileError {
    /// An error at a line of a chunk; `near` is the token's text, quotes included.
    pub fn at(chunk_name: &[u8], line: u32, what: &[u8], near: Option<&[u8]>) -> CompileError {
        let mut message = chunk_id(chunk_name);
        message.extend_from_slice(format!(":{line}: ").as_bytes());
        message.extend_from_slice(what);
        if let Some(near) = near {
            message.extend_from_slice(b" near ");
            message.extend_from_slice(near);
        }
        CompileError {
            message,
            incomplete: near == Some(b"<eof>"),
        }
    }

    /// An error without a position.
    pub fn plain(what: &[u8]) -> CompileError {
        CompileError {
            message: what.to_vec(),
            incomplete: false,
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message))
    }
}

impl std::error::Error for CompileError {}

/// The short form of a chunk name: `file` for `@file` (its end when long),
/// `name` for `=name`, `[string "first line..."]` for a text.
pub fn chunk_id(source: &[u8]) -> Vec<u8> {
    let source = until_nul(source);
    match source.first() {
        Some(b'=') => source[1..].iter().take(ID_SIZE - 1).copied().collect(),
        Some(b'@') => {
            let name = &source[1..];
            if name.len() < ID_SIZE {
                return name.to_vec();
            }
            let mut id = b"...".to_vec();
            id.extend_from_slice(&name[name.len() - (ID_SIZE - 4)..]);
            id
        }
        _ => {
            let room = ID_SIZE - b"[string \"...\"]".len() - 1;
            let line = source.split(|&b| b == b'\n').next().unwrap_or(source);
            let mut id = b"[string \"".to_vec();
            if line.len() == source.len() && source.len() < room {
                id.extend_from_slice(source);
            } else {
                id.extend_from_slice(&line[..line.len().min(room)]);
                id.extend_from_slice(b"...");
            }
            id.extend_from_slice(b"\"]");
            id
        }
    }
}

/// The part of a text that the reference, with its C strings, would show.
pub(crate) fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|&b| b == 0).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened_as_the_reference_does() {
        assert_eq!(chunk_id(b"=stdin"), b"stdin");
        assert_eq!(chunk_id(b"@a/b.lua"), b"a/b.lua");
        assert_eq!(chunk_id(b"return 1"), b"[string \"return 1\"]");
        assert_eq!(chunk_id(b"a\nb"), b"[string \"a...\"]");
        assert_eq!(chunk_id(&[b'@'; 200]).len(), 59);
        assert_eq!(chunk_id(&[b'='; 200]).len(), 59);
        assert_eq!(chunk_id(&[b'x'; 200]).len(), 59);
    }
}
