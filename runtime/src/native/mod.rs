//! The interface of native functions: safe, because the borrow checker is the
//! root checker.
//!
//! A native gets a [`Context`]. Values it reads borrow the context; whatever
//! can run Lua or collect garbage takes the context mutably, so no value read
//! before can be used after. What must survive a call lives in a slot of the
//! native's frame and is read again. Allocation never collects.
//!
//! ```compile_fail,E0502
//! use moonsweep_runtime::{Context, Result, Results};
//! fn bad(cx: &mut Context) -> Result<Results> {
//!     let t = cx.check_table(0)?;
//!     cx.call(0, None)?; // may collect
//!     cx.ret(t)          // `t` was not rooted
//! }
//! ```
//!
//! What is read after the call compiles:
//!
//! ```
//! use moonsweep_runtime::{Context, Result, Results};
//! fn good(cx: &mut Context) -> Result<Results> {
//!     cx.call(0, None)?;
//!     let t = cx.check_table(0)?;
//!     cx.ret(t)
//! }
//! ```

mod args;
mod calls;
mod collector;
mod context;
mod debug;
mod gc;
mod host;
mod iterate;
pub mod lend;
mod limits;
mod make;
pub mod shared;
mod tables;
mod threads;
mod value;

pub use collector::{GcReport, ObjectReport, SwitchRefusal};
pub use context::Context;
pub use debug::{FrameInfo, HookEvents};
pub use host::Host;
pub use iterate::{IPAIRS_STEP, NEXT};
pub use moonsweep_compiler::numeral::Number as Num;
pub(crate) use tables::refresh_modes;
pub use value::{Function, Str, Table, Thread, Userdata, Value};

use crate::object::event::Event;

/// A float's text, as `tostring` gives it.
pub fn float_text(n: f64) -> String {
    String::from_utf8_lossy(&crate::interp::message::float_text(n)).into_owned()
}

/// The number that a string reads as, by the rules of Lua's conversions.
pub fn parse_number(text: &[u8]) -> Option<Num> {
    moonsweep_compiler::numeral::parse(text)
}

/// What the reference implementation sees of a string that it takes as a C string: everything
/// before the first zero byte.
pub fn c_str(bytes: &[u8]) -> &[u8] {
    bytes.split(|&c| c == 0).next().unwrap_or(bytes)
}

/// A native function.
pub type NativeFn = fn(&mut Context) -> Result<Results>;

/// What natives return.
pub type Result<T> = core::result::Result<T, Raised>;

/// An error was raised. The error value itself is kept by the virtual machine:
/// return this token, or take the value with [`Context::caught`].
#[derive(Debug)]
#[must_use = "an error is raised: return it"]
pub struct Raised(pub(crate) ());

/// A native function's static description.
#[derive(Clone, Copy)]
pub struct NativeDef {
    /// Its name, for messages and registration.
    pub name: &'static str,
    /// The function.
    pub function: NativeFn,
}

/// What a native wants the interpreter to do with the values on top of its frame.
#[derive(Clone, Copy, Debug)]
pub struct Results(i64);

/// Things that a native asks the interpreter for instead of returning; with the
/// number of values above the function (or thread, or handler and function).
#[derive(Clone, Copy)]
pub(crate) enum Action {
    Call(usize),
    /// A call of which that many results are wanted.
    CallFor(usize, u8),
    Pcall(usize),
    Xpcall(usize),
    Yield(usize),
    Resume(usize),
    WrapResume(usize),
}

impl Results {
    #[inline(always)]
    pub(crate) fn values(n: usize) -> Results {
        Results(n as i64)
    }
    /// Number of results; negative: an action.
    #[inline(always)]
    pub(crate) fn count(self) -> i64 {
        self.0
    }
    pub(crate) fn of_action(a: Action) -> Results {
        let (code, n) = match a {
            Action::Call(n) => (1, n),
            Action::CallFor(n, wanted) => (7, n << 8 | wanted as usize),
            Action::Pcall(n) => (2, n),
            Action::Xpcall(n) => (3, n),
            Action::Yield(n) => (4, n),
            Action::Resume(n) => (5, n),
            Action::WrapResume(n) => (6, n),
        };
        Results(-((n as i64) << 3 | code))
    }
    pub(crate) fn action(self) -> Action {
        let x = -self.0;
        let n = (x >> 3) as usize;
        match x & 7 {
            1 => Action::Call(n),
            2 => Action::Pcall(n),
            3 => Action::Xpcall(n),
            4 => Action::Yield(n),
            5 => Action::Resume(n),
            6 => Action::WrapResume(n),
            _ => Action::CallFor(n >> 8, n as u8),
        }
    }
}

/// Arithmetic and bitwise operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum ArithOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    IDiv,
    BAnd,
    BOr,
    BXor,
    Shl,
    Shr,
    Unm,
    BNot,
}

impl ArithOp {
    /// The metatable event.
    pub fn event(self) -> Event {
        match self {
            ArithOp::Add => Event::Add,
            ArithOp::Sub => Event::Sub,
            ArithOp::Mul => Event::Mul,
            ArithOp::Div => Event::Div,
            ArithOp::Mod => Event::Mod,
            ArithOp::Pow => Event::Pow,
            ArithOp::IDiv => Event::IDiv,
            ArithOp::BAnd => Event::BAnd,
            ArithOp::BOr => Event::BOr,
            ArithOp::BXor => Event::BXor,
            ArithOp::Shl => Event::Shl,
            ArithOp::Shr => Event::Shr,
            ArithOp::Unm => Event::Unm,
            ArithOp::BNot => Event::BNot,
        }
    }
    /// Works on integers only.
    pub fn is_bitwise(self) -> bool {
        use ArithOp::*;
        matches!(self, BAnd | BOr | BXor | Shl | Shr | BNot)
    }
}
