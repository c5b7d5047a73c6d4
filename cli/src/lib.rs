//! Lua 5.4 in a Rust program, with a garbage collector chosen at run time and
//! every stop of the program measured.
//!
//! This is all that an embedder depends on. Switch the default features off:
//! they are what the `moonsweep` program needs.
//!
//! ```
//! use moonsweep::{Options, Vm, VmOptions, open_all};
//!
//! let mut gc = Options::default();
//! gc.set("gc", "generational")?;
//! gc.set("heap-max", "64M")?;
//! let mut vm = Vm::new(VmOptions { gc, seed: None })?;
//!
//! let cx = vm.context();
//! open_all(cx).map_err(|_| "cannot open the libraries")?;
//! let chunk = cx.load(b"local t = {} for i = 1, ... do t[i] = i * i end return #t", b"=squares", "t", None);
//! let Ok(Ok(function)) = chunk else { return Err("does not compile".into()) };
//! cx.push(function);
//! cx.push(1000_i64);
//! cx.call(1, Some(1)).map_err(|_| "failed")?;
//! assert_eq!(cx.top(0).to_integer(), Some(1000));
//!
//! // every stop of the program, by wall-clock and by thread-CPU time
//! let (wall, cpu) = vm.heap().stats().all();
//! assert_eq!(wall.count, cpu.count);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Natives are functions of type [`NativeFn`]; [`native`] describes what they
//! may do. A value that a native reads borrows its [`Context`], and whatever
//! can collect takes the context mutably, so an unrooted value cannot be kept
//! across a call into Lua:
//!
//! ```compile_fail
//! # use moonsweep::{Context, Result, Results};
//! fn bad(cx: &mut Context) -> Result<Results> {
//!     let table = cx.check_table(0)?;
//!     cx.call(0, Some(0))?; // may collect
//!     cx.ret(table) // the borrow checker stops this
//! }
//! ```

#![forbid(unsafe_code)]

pub use moonsweep_gc::stats;
pub use moonsweep_gc::{GcKind, Heap, Options, Requester as Interrupter};
pub use moonsweep_runtime::native;
pub use moonsweep_runtime::native::{
    Context, Function, NativeDef, NativeFn, Num, Raised, Result, Results, Str, Table, Thread,
    Userdata, Value,
};
pub use moonsweep_runtime::{Vm, VmOptions};
pub use moonsweep_stdlib::{Waker, flush_all, load_file, open_all};

/// Runs the examples of the manual.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Manual;
