//! Lua 5.4 in a Rust program, with a garbage collector chosen at run time and
//! every stop of the program measured.
//!
//! This is all that an embedder depends on. Switch the default features off:
//! they are what the `moonsweep` program needs.
//!
//! ```
//! use moonsweep::{GcKind, Lua, LuaOptions, StdLib};
//!
//! let options = LuaOptions::new()
//!     .collector(GcKind::Generational)
//!     .heap_max(64 << 20);
//! let lua = Lua::new_with(StdLib::SANDBOX, options)?;
//!
//! lua.globals().set("twice", lua.create_function(|_, n: i64| Ok(2 * n))?)?;
//! let n: i64 = lua.load("local t = {} for i = 1, 1000 do t[i] = twice(i) end return #t").eval()?;
//! assert_eq!(n, 1000);
//!
//! // every stop of the program, by wall-clock and by thread-CPU time
//! let (wall, cpu) = lua.gc_report()?.pauses;
//! assert_eq!(wall.count, cpu.count);
//! # Ok::<(), moonsweep::Error>(())
//! ```
//!
//! Names and shapes are those that users of `mlua` expect. [`Lua`] is the place
//! to begin: it loads chunks, makes values, and calls. Handles ([`Table`],
//! [`Function`], [`Thread`], [`AnyUserData`], [`LuaString`]) keep what they refer
//! to alive. Any value that implements [`IntoLua`] can be given to Lua, any
//! that implements [`FromLua`] can be had from it, and a type that implements
//! [`UserData`] lives there with its methods.
//!
//! Below that is [`native`], what the standard library is written with: natives
//! as plain functions, and values that borrow the context instead of being
//! kept alive by handles, which costs less. There, whatever can collect takes
//! the context mutably, so an unrooted value cannot be kept across a call into
//! Lua:
//!
//! ```compile_fail,E0502
//! # use moonsweep::native::{Context, Result, Results};
//! fn bad(cx: &mut Context) -> Result<Results> {
//!     let table = cx.check_table(0)?;
//!     cx.call(0, Some(0))?; // may collect
//!     cx.ret(table) // the borrow checker stops this
//! }
//! ```

#![forbid(unsafe_code)]

mod api;
pub mod prelude;

pub use api::cast::Either;
pub use api::chunk::{AsChunk, Chunk, ChunkMode};
pub use api::convert::{FromLua, IntoLua};
pub use api::debug::{HookEvent, HookTriggers, StackFrame};
pub use api::error::{Error, ErrorContext, ExternalError, ExternalResult, Result};
pub use api::function::{Function, FunctionInfo};
pub use api::future::AsyncThread;
pub use api::lua::{Lua, RegistryKey, WeakLua};
pub use api::memory::{GcMode, VmState};
pub use api::multi::{FromLuaMulti, IntoLuaMulti};
pub use api::object::ObjectLike;
pub use api::options::{LuaOptions, StdLib};
pub use api::scope::Scope;
#[cfg(feature = "serde")]
pub use api::serde::LuaSerdeExt;
pub use api::string::{BorrowedBytes, LuaString};
pub use api::table::{Table, TablePairs, TableSequence};
pub use api::thread::{Thread, ThreadStatus};
pub use api::userdata::{
    AnyUserData, MetaMethod, UserData, UserDataFields, UserDataMethods, UserDataRef, UserDataRefMut,
};
pub use api::value::{LightUserData, MultiValue, Nil, Value, Variadic};
pub use api::wrap::LuaNativeFn;
pub use moonsweep_gc::stats;
pub use moonsweep_gc::{GcKind, Heap, Options, PauseKind, PauseRecord, Requester as Interrupter};
pub use moonsweep_runtime::native;
pub use moonsweep_runtime::native::GcReport;
pub use moonsweep_runtime::{Vm, VmOptions};
pub use moonsweep_stdlib::{Waker, flush_all, load_file, open_all};

/// Runs the examples of the manual.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Manual;
