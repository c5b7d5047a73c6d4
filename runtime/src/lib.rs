//! The Lua virtual machine: values, objects, the interpreter, and the Rust API.

pub mod mem;
pub mod object;
pub mod value;
