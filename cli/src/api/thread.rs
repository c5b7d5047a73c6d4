//! Coroutines, driven from Rust.

use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::value::{Value, same};
use crate::native::shared::Root;
use crate::native::{self, Context, NativeDef, Results};

/// A coroutine.
///
/// ```
/// use moonsweep::{Lua, Thread, ThreadStatus};
///
/// let lua = Lua::new();
/// let sum: Thread = lua
///     .load("return coroutine.create(function(total)
///                while true do total = total + coroutine.yield(total) end
///            end)")
///     .eval()?;
/// assert_eq!(sum.resume::<i64>(1)?, 1);
/// assert_eq!(sum.resume::<i64>(10)?, 11);
/// assert_eq!(sum.resume::<i64>(100)?, 111);
/// assert_eq!(sum.status()?, ThreadStatus::Resumable);
/// assert!(sum.resume::<()>("x").is_err());
/// assert_eq!(sum.status()?, ThreadStatus::Error);
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Thread(pub(crate) Root);

/// What a coroutine is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreadStatus {
    /// It has not begun, or has yielded.
    Resumable,
    /// It is running.
    Running,
    /// It is waiting for another coroutine that it has resumed.
    Normal,
    /// Its function has returned.
    Finished,
    /// An error ended it.
    Error,
}

impl PartialEq for Thread {
    fn eq(&self, other: &Thread) -> bool {
        same(&self.0, &other.0)
    }
}

impl Thread {
    /// Runs it until it yields or returns, and returns what it passes.
    ///
    /// # Errors
    /// The coroutine's, with its traceback, and then it is dead;
    /// [`Error::CoroutineUnresumable`] if it is not suspended; or a conversion's.
    pub fn resume<R: FromLuaMulti>(&self, arguments: impl IntoLuaMulti) -> Result<R> {
        let lua = Lua::of(&self.0)?;
        if self.status()? != ThreadStatus::Resumable {
            return Err(Error::CoroutineUnresumable);
        }
        let mut values = vec![Value::Thread(self.clone())];
        values.extend(arguments.into_lua_multi(&lua)?);
        let results = lua.with(|lua, cx| {
            let from = lua.protected(cx, |lua, cx| {
                cx.push(cx.native(&RESUME, &[]));
                lua.push_all(cx, &values)
            })?;
            lua.values(cx, from)
        });
        match results {
            Ok(results) => R::from_lua_multi(results, &lua),
            Err(e) => Err(e),
        }
    }
    /// What it is doing.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn status(&self) -> Result<ThreadStatus> {
        Lua::of(&self.0)?.with(|_, cx| {
            let thread = self.0.get(cx).and_then(native::Value::as_thread);
            let thread = thread.ok_or(Error::MismatchedState)?;
            Ok(match cx.thread_status(thread) {
                "suspended" => ThreadStatus::Resumable,
                "running" => ThreadStatus::Running,
                "normal" => ThreadStatus::Normal,
                _ if cx.thread_failed(thread) => ThreadStatus::Error,
                _ => ThreadStatus::Finished,
            })
        })
    }
    /// Ends it: its pending to-be-closed variables are closed.
    ///
    /// # Errors
    /// The error that had ended it, or one in closing; or it is running.
    pub fn close(&self) -> Result<()> {
        let lua = Lua::of(&self.0)?;
        lua.with(|lua, cx| {
            lua.protected(cx, |lua, cx| {
                cx.push(cx.native(&CLOSE, &[]));
                lua.push(cx, &Value::Thread(self.clone())).map(drop)
            })
            .map(drop)
        })
    }
    /// Ends it as [`Thread::close`] does, and has it run `function` from its beginning when it is
    /// resumed next: one coroutine serves one task after another. What had ended it is forgotten.
    ///
    /// ```
    /// use moonsweep::{Function, Lua};
    ///
    /// let lua = Lua::new();
    /// let task: Function = lua.load("function(n) coroutine.yield(n) error('late') end").eval()?;
    /// let worker = lua.create_thread(task.clone())?;
    /// assert_eq!(worker.resume::<i64>(1)?, 1);
    /// assert!(worker.resume::<()>(()).is_err());
    /// worker.reset(task)?;
    /// assert_eq!(worker.resume::<i64>(2)?, 2);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is running, or one in closing its variables; then it stays dead.
    pub fn reset(&self, function: Function) -> Result<()> {
        let lua = Lua::of(&self.0)?;
        lua.with(|lua, cx| {
            lua.protected(cx, |lua, cx| {
                cx.push(cx.native(&RESET, &[]));
                lua.push(cx, &Value::Thread(self.clone()))?;
                lua.push(cx, &Value::Function(function)).map(drop)
            })
            .map(drop)
        })
    }
    /// A function that resumes it, as `coroutine.wrap` makes them.
    ///
    /// # Errors
    /// [`Error::MemoryError`].
    pub fn into_function(self) -> Result<Function> {
        let lua = Lua::of(&self.0)?;
        lua.create_function(move |_, arguments: super::value::MultiValue| {
            self.resume::<super::value::MultiValue>(arguments)
        })
    }
    /// What identifies it.
    pub fn to_pointer(&self) -> usize {
        Value::Thread(self.clone()).to_pointer()
    }
}

/// `[thread, args...]`: what it yields or returns.
fn resume(cx: &mut Context) -> native::Result<Results> {
    cx.check_thread(0)?;
    let n = cx.nargs();
    cx.reserve(n + 2)?;
    // Resumed by a call of its own: an error is caught there with the
    // coroutine's traceback at hand.
    cx.push(cx.native(&CATCH, &[]));
    for i in 0..n {
        cx.push(cx.arg(i));
    }
    cx.call(n, None)?;
    if cx.arg(n).truthy() {
        return Ok(cx.results(cx.slots() - n - 1));
    }
    if let Some(thread) = cx.arg(0).as_thread() {
        super::lua::note_thread_traceback(cx, thread);
    }
    Err(cx.raise(cx.arg(n + 1)))
}

/// `[thread, args...]`: true and what it passes, or false and the error.
fn catch(cx: &mut Context) -> native::Result<Results> {
    Ok(cx.tail_resume(cx.nargs() - 1))
}

fn close(cx: &mut Context) -> native::Result<Results> {
    match cx.close_thread(0)? {
        Ok(()) => cx.none(),
        Err(()) => Err(cx.raise(cx.top(0))),
    }
}

/// `[thread, function]`.
fn reset(cx: &mut Context) -> native::Result<Results> {
    match cx.reset_thread(0, 1)? {
        Ok(()) => cx.none(),
        Err(()) => Err(cx.raise(cx.top(0))),
    }
}

static RESUME: NativeDef = NativeDef {
    name: "resume from Rust",
    function: resume,
};
static CATCH: NativeDef = NativeDef {
    name: "resume",
    function: catch,
};
static CLOSE: NativeDef = NativeDef {
    name: "close",
    function: close,
};
static RESET: NativeDef = NativeDef {
    name: "reset",
    function: reset,
};
