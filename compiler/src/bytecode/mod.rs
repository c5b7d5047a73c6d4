//! The compiled form: operations, prototypes, and what reads them.

pub mod check;
pub mod disasm;
pub mod dump;
mod effects;
mod flow;
pub mod names;
pub mod opcodes;
pub mod prototype;
