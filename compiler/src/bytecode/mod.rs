//! The compiled form: operations, prototypes, and what reads them.

pub mod disasm;
pub mod names;
pub mod opcodes;
pub mod prototype;
