//! The code generator: from a function's tree to its prototype, in one walk.
//!
//! Expressions become [`value::Value`]s, descriptions of where a result is or
//! how it could be had, which are put into registers as late as possible; so
//! `x = y + 1` adds straight into the register of `x`. Comparisons and logical
//! operators become lists of pending jumps ([`jump`]). Registers are a stack:
//! the active local variables from 0 up, temporaries above them.

mod assign;
mod expression;
mod function;
mod jump;
mod operator;
mod statement;
mod table;
mod value;

use std::rc::Rc;

use crate::ast::Chunk;
use crate::bytecode::prototype::Prototype;
use crate::error::CompileError;
use function::FunctionState;

type Result<T> = std::result::Result<T, CompileError>;

/// Generates the code of a chunk.
pub(crate) fn generate(chunk: &Chunk, text: &[u8], chunk_name: &[u8]) -> Result<Prototype> {
    let source: Rc<[u8]> = Rc::from(chunk_name);
    FunctionState::compile(chunk, &chunk.main, text, &source)
}
