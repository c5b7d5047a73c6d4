//! The Lua virtual machine: values, objects, the interpreter, and the Rust API.

pub(crate) mod interp;
pub mod mem;
pub mod native;
pub mod object;
pub mod value;
pub mod vm;

pub use interp::DISPATCH;
pub use moonsweep_compiler as compiler;
pub use moonsweep_compiler::numeral;
pub use moonsweep_gc as gc;
pub use native::{
    ArithOp, Context, FrameInfo, Function, Host, NativeDef, NativeFn, Num, Raised, Result, Results,
    Str, Table, Thread, Userdata, Value,
};
pub use vm::{Vm, VmOptions};
