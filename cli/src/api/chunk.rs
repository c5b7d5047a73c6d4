//! Chunks of Lua, before they are run.

use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::table::Table;
use super::value::Value;
use crate::native;
use std::borrow::Cow;
use std::panic::Location;
use std::path::{Path, PathBuf};

/// What a chunk can be made of: text or bytes, or the path of a file.
pub trait AsChunk {
    /// The source text, or the binary chunk.
    ///
    /// # Errors
    /// When a file can't be read.
    fn source<'a>(&self) -> std::io::Result<Cow<'a, [u8]>>
    where
        Self: 'a;
    /// The chunk's name, if it has one.
    fn name(&self) -> Option<String> {
        None
    }
}

macro_rules! texts {
    ($($type:ty)*) => {$(
        impl AsChunk for $type {
            fn source<'a>(&self) -> std::io::Result<Cow<'a, [u8]>>
            where
                Self: 'a,
            {
                let bytes: &[u8] = self.as_ref();
                Ok(Cow::Owned(bytes.to_vec()))
            }
        }
    )*};
}

texts! { &str String &String &[u8] Vec<u8> &Vec<u8> }

impl<const N: usize> AsChunk for &[u8; N] {
    fn source<'a>(&self) -> std::io::Result<Cow<'a, [u8]>>
    where
        Self: 'a,
    {
        Ok(Cow::Owned(self.to_vec()))
    }
}

macro_rules! paths {
    ($($type:ty)*) => {$(
        impl AsChunk for $type {
            fn source<'a>(&self) -> std::io::Result<Cow<'a, [u8]>>
            where
                Self: 'a,
            {
                std::fs::read(self).map(Cow::Owned)
            }
            fn name(&self) -> Option<String> {
                Some(format!("@{}", self.display()))
            }
        }
    )*};
}

paths! { &Path PathBuf &PathBuf }

/// Which kinds of chunk are accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChunkMode {
    /// Source text.
    Text,
    /// Binary chunks. A damaged one is an error, never worse.
    Binary,
}

/// A chunk, ready to be run.
#[must_use = "nothing runs before `exec`, `eval`, `call` or `into_function`"]
pub struct Chunk<'a> {
    lua: Lua,
    source: std::io::Result<Cow<'a, [u8]>>,
    name: String,
    environment: Option<Table>,
    mode: Option<ChunkMode>,
}

impl<'a> Chunk<'a> {
    pub(crate) fn new(lua: Lua, chunk: impl AsChunk + 'a, caller: &Location<'_>) -> Chunk<'a> {
        let place = || format!("@{}:{}", caller.file(), caller.line());
        Chunk {
            lua,
            name: chunk.name().unwrap_or_else(place),
            source: chunk.source(),
            environment: None,
            mode: None,
        }
    }
    /// With this name in messages: behind `@` that of a file, behind `=` as
    /// it is, otherwise as the text itself (`[string "..."]`). Where nothing
    /// is said, it is the place of the call of `load`.
    pub fn set_name(mut self, name: impl Into<String>) -> Chunk<'a> {
        self.name = name.into();
        self
    }
    /// With this table instead of the globals.
    pub fn set_environment(mut self, environment: Table) -> Chunk<'a> {
        self.environment = Some(environment);
        self
    }
    /// With this kind of chunk only.
    pub fn set_mode(mut self, mode: ChunkMode) -> Chunk<'a> {
        self.mode = Some(mode);
        self
    }
    /// Runs it.
    ///
    /// # Errors
    /// [`Error::SyntaxError`], or what is raised.
    pub fn exec(self) -> Result<()> {
        self.call(())
    }
    /// Evaluates it: as an expression if it is one, otherwise as statements
    /// that `return` something.
    ///
    /// # Errors
    /// [`Error::SyntaxError`], what is raised, or a conversion's.
    pub fn eval<R: FromLuaMulti>(self) -> Result<R> {
        self.into_expression()?.call(())
    }
    /// Compiles it as an expression, if it is one.
    pub(crate) fn into_expression(self) -> Result<Function> {
        if self.mode != Some(ChunkMode::Binary)
            && let Ok(source) = &self.source
            && source.first() != Some(&0x1B)
        {
            let expression = [b"return ", &source[..]].concat();
            if let Ok(function) = self.compile(&expression) {
                return Ok(function);
            }
        }
        self.into_function()
    }
    /// Calls it with arguments, which it has in `...`.
    ///
    /// # Errors
    /// [`Error::SyntaxError`], what is raised, or a conversion's.
    pub fn call<R: FromLuaMulti>(self, arguments: impl IntoLuaMulti) -> Result<R> {
        self.into_function()?.call(arguments)
    }
    /// Compiles it.
    ///
    /// # Errors
    /// [`Error::SyntaxError`], or the file's.
    pub fn into_function(mut self) -> Result<Function> {
        let source = std::mem::replace(&mut self.source, Ok(Cow::Borrowed(b"")))?;
        // As `loadfile`: a first line for the shell is no Lua.
        let source = match source.first() {
            Some(b'#') if self.name.starts_with('@') => {
                let end = source.iter().position(|&b| b == b'\n');
                source[end.unwrap_or(source.len())..].to_vec().into()
            }
            _ => source,
        };
        self.compile(&source)
    }
    fn compile(&self, source: &[u8]) -> Result<Function> {
        let mode = match self.mode {
            None => "bt",
            Some(ChunkMode::Text) => "t",
            Some(ChunkMode::Binary) => "b",
        };
        self.lua.with(|lua, cx| {
            cx.make_room_to_compile(source.len());
            let environment = match &self.environment {
                None => None,
                Some(table) => Some(lua.push(cx, &Value::Table(table.clone()))?),
            };
            let environment = environment.map(|slot| cx.arg(slot));
            let loaded = cx.load(source, self.name.as_bytes(), mode, environment);
            match loaded.map_err(|e| lua.caught(cx, e))? {
                Ok(function) => Ok(Function(lua.root(cx, native::Value::Function(function))?)),
                Err(message) => {
                    let message = String::from_utf8_lossy(message.as_bytes()).into_owned();
                    if message == "not enough memory" {
                        return Err(Error::MemoryError(message));
                    }
                    Err(Error::SyntaxError {
                        incomplete_input: message.ends_with("<eof>"),
                        message,
                    })
                }
            }
        })
    }
}
