//! The embedding API. Its types are at the root of the crate.
//!
//! It is built on [`crate::native`], the lower level that natives of the standard
//! library use, and on [`crate::native::shared`], which lends the way to the
//! runtime's state to whoever holds a handle. There is no unsafe code here.
//!
//! | file | what |
//! |---|---|
//! | `lua.rs` | [`Lua`](crate::Lua): the runtime; what handles need of it |
//! | `options.rs` | what a runtime is made with |
//! | `value.rs`, `convert.rs`, `cast.rs`, `multi.rs` | values, and conversions both ways |
//! | `string.rs`, `table.rs`, `function.rs`, `thread.rs`, `userdata.rs` | handles |
//! | `object.rs` | what tables and userdata have in common; user values |
//! | `wrap.rs` | plain Rust functions |
//! | `future.rs` | coroutines as futures, async functions |
//! | `chunk.rs` | chunks, before they are run |
//! | `memory.rs` | the collector, statistics, limits |
//! | `error.rs` | errors |
//! | `debug.rs` | the stack, hooks, warnings |
//! | `modules.rs` | modules for `require` |
//! | `scope.rs` | Rust functions that borrow |
//! | `serde/` | conversions by serde |

pub(crate) mod cast;
pub(crate) mod chunk;
pub(crate) mod convert;
pub(crate) mod debug;
pub(crate) mod error;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod lua;
pub(crate) mod memory;
pub(crate) mod modules;
pub(crate) mod multi;
pub(crate) mod object;
pub(crate) mod options;
pub(crate) mod scope;
#[cfg(feature = "serde")]
pub(crate) mod serde;
pub(crate) mod string;
pub(crate) mod table;
pub(crate) mod thread;
pub(crate) mod userdata;
pub(crate) mod value;
pub(crate) mod wrap;
