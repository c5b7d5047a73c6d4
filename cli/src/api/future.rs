//! Coroutines as futures and streams, and Rust functions that wait for one.
//!
//! Lua calls such a function in a coroutine. While its future is pending the coroutine
//! yields a mark of its own; whoever polls the coroutine, as an [`AsyncThread`], hands the
//! future the waker, and resumes the coroutine when it is polled again. So Lua never blocks,
//! and no executor is chosen: any that runs futures on one thread will do.

use super::chunk::Chunk;
use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::thread::{Thread, ThreadStatus};
use super::userdata::{MetaMethod, UserData, UserDataMethods};
use super::value::{LightUserData, MultiValue, Value};
use crate::native::{self, Context, NativeDef, Results};
use futures_core::Stream;
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{self, Poll};

/// What a coroutine yields while it waits for a future.
const PENDING: LightUserData = LightUserData(0x7761_6974_696e);

/// The function that Lua sees: `start` makes a future of the arguments. When the coroutine
/// is closed the future is dropped.
const WAIT: &str = "
local start, yield, pending = ...
return function(...)
  local future <close> = start(...)
  local function wait(ready, ...)
    if ready then return ... end
    yield(pending)
    return wait(future())
  end
  return wait(future())
end";

/// A coroutine as a future: made by [`Thread::into_async`], [`Function::call_async`] or
/// a chunk's `call_async`, `eval_async`, `exec_async`.
///
/// What it yields by itself is dropped; then it is polled again soon, so that others have
/// their turn. One that is given up is closed, and the futures it waits for are dropped.
///
/// It is a `Stream` (of the crate `futures-core`) as well, of what it yields and returns:
///
/// ```
/// use futures_core::Stream;
/// use moonsweep::{Function, Lua};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let lua = Lua::new();
/// let count: Function = lua
///     .load("function(n) for i = 1, n do coroutine.yield(i) end return 0 end")
///     .eval()?;
/// let mut numbers = pin!(lua.create_thread(count)?.into_async::<i64>(3));
/// let mut seen = Vec::new();
/// // An executor does this.
/// let mut cx = Context::from_waker(Waker::noop());
/// while let Poll::Ready(Some(n)) = numbers.as_mut().poll_next(&mut cx) {
///     seen.push(n?);
/// }
/// assert_eq!(seen, [1, 2, 3, 0]);
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[must_use = "nothing runs before it is polled"]
pub struct AsyncThread<R> {
    thread: Result<Thread>,
    /// Of the first resume.
    arguments: Option<Result<MultiValue>>,
    results: PhantomData<fn() -> R>,
}

/// What a coroutine that was resumed came to.
enum Step {
    /// It waits for a future, which has the waker.
    Waits,
    /// It yielded these.
    Yielded(MultiValue),
    /// It returned these.
    Returned(MultiValue),
}

impl<R: FromLuaMulti> AsyncThread<R> {
    fn step(&mut self, waker: &task::Waker) -> Result<(Lua, Step)> {
        let thread = self.thread.clone()?;
        let lua = Lua::of(&thread.0)?;
        let arguments = self
            .arguments
            .take()
            .unwrap_or_else(|| Ok(MultiValue::new()))?;
        lua.extra(|extra| extra.wakers.push(waker.clone()));
        let passed = thread.resume::<MultiValue>(arguments);
        lua.extra(|extra| extra.wakers.pop());
        let passed = passed?;
        let step = if thread.status()? != ThreadStatus::Resumable {
            Step::Returned(passed)
        } else if passed.0 == [Value::LightUserData(PENDING)] {
            Step::Waits
        } else {
            Step::Yielded(passed)
        };
        Ok((lua, step))
    }
    /// Whether it can't be resumed, or was not made and has said so.
    fn is_over(&self) -> bool {
        match &self.thread {
            Ok(thread) => !matches!(thread.status(), Ok(ThreadStatus::Resumable)),
            Err(_) => self.arguments.is_none(),
        }
    }
}

impl<R: FromLuaMulti> Future for AsyncThread<R> {
    type Output = Result<R>;
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Result<R>> {
        match self.get_mut().step(cx.waker()) {
            Ok((_, Step::Waits)) => Poll::Pending,
            Ok((_, Step::Yielded(_))) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Ok((lua, Step::Returned(results))) => Poll::Ready(R::from_lua_multi(results, &lua)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

/// What the coroutine yields, and last what it returns or the error that ends it.
impl<R: FromLuaMulti> Stream for AsyncThread<R> {
    type Item = Result<R>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result<R>>> {
        let this = self.get_mut();
        if this.is_over() {
            return Poll::Ready(None);
        }
        let step = this.step(cx.waker());
        // An error comes once, where there is no coroutine as well.
        this.arguments = None;
        match step {
            Ok((_, Step::Waits)) => Poll::Pending,
            Ok((lua, Step::Yielded(values) | Step::Returned(values))) => {
                Poll::Ready(Some(R::from_lua_multi(values, &lua)))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl<R> Drop for AsyncThread<R> {
    fn drop(&mut self) {
        // One that has not begun has nothing to close, and may begin elsewhere.
        if let Ok(thread) = &self.thread
            && self.arguments.is_none()
            && matches!(thread.status(), Ok(ThreadStatus::Resumable))
        {
            let _ = thread.close();
        }
    }
}

/// The future of a call, in a userdata of the coroutine that waits for it.
struct Waiting(RefCell<Option<Pending>>);

/// The future of a function's results.
type Pending = Pin<Box<dyn Future<Output = Result<MultiValue>>>>;

impl UserData for Waiting {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Call, |lua, this, ()| this.poll(lua));
        methods.add_meta_method(MetaMethod::Close, |_, this, _: MultiValue| {
            drop(this.0.take());
            Ok(())
        });
    }
}

impl Waiting {
    /// False, or true and the results.
    fn poll(&self, lua: &Lua) -> Result<MultiValue> {
        let waker = lua.extra(|extra| extra.wakers.last().cloned()).flatten();
        let Some(waker) = waker else {
            return Err(Error::runtime(
                "an async function was called where nobody polls: see Thread::into_async",
            ));
        };
        // Not borrowed meanwhile, as a future may run Lua.
        let mut future = self.0.take().ok_or(Error::RecursiveMutCallback)?;
        match future.as_mut().poll(&mut task::Context::from_waker(&waker)) {
            Poll::Pending => {
                self.0.replace(Some(future));
                Ok(MultiValue(vec![Value::Boolean(false)]))
            }
            Poll::Ready(results) => {
                let mut results = results?;
                results.push_front(Value::Boolean(true));
                Ok(results)
            }
        }
    }
}

fn give_way(cx: &mut Context) -> native::Result<Results> {
    Ok(cx.tail_yield(cx.nargs()))
}

static YIELD: NativeDef = NativeDef {
    name: "yield",
    function: give_way,
};

impl Lua {
    /// A Rust function that waits: Lua calls it like any other, in a coroutine that is
    /// polled as a future ([`Thread::into_async`] and the like). An error of the future's
    /// is raised in Lua.
    ///
    /// ```
    /// use moonsweep::Lua;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let lua = Lua::new();
    /// let later = lua.create_async_function(|_, n: i64| async move {
    ///     let mut polled = false;
    ///     std::future::poll_fn(move |cx| {
    ///         cx.waker().wake_by_ref(); // a timer would do this when it is time
    ///         match std::mem::replace(&mut polled, true) {
    ///             true => Poll::Ready(()),
    ///             false => Poll::Pending,
    ///         }
    ///     })
    ///     .await;
    ///     Ok(n + 1)
    /// })?;
    /// lua.globals().set("later", later)?;
    /// let sum = lua.load("return later(1) + later(2)").eval_async::<i64>();
    ///
    /// // An executor would do this:
    /// let mut sum = Box::pin(sum);
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let sum = loop {
    ///     if let Poll::Ready(sum) = sum.as_mut().poll(&mut cx) {
    ///         break sum?;
    ///     }
    /// };
    /// assert_eq!(sum, 5);
    /// # use std::future::Future;
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_async_function<A, R, F>(
        &self,
        function: impl Fn(Lua, A) -> F + 'static,
    ) -> Result<Function>
    where
        A: FromLuaMulti,
        R: IntoLuaMulti,
        F: Future<Output = Result<R>> + 'static,
    {
        let start = self.create_function(move |lua, arguments: MultiValue| {
            let arguments = A::from_lua_args(arguments, 1, lua)?;
            let owned = lua.clone();
            let results = function(lua.clone(), arguments);
            let future = async move { results.await?.into_lua_multi(&owned) };
            lua.create_userdata(Waiting(RefCell::new(Some(Box::pin(future)))))
        })?;
        let yields = self.create_native(&YIELD)?;
        let wait = self.load(WAIT).set_name("=async");
        wait.call((start, yields, PENDING))
    }
}

impl Thread {
    /// The coroutine as a future: polling runs it until it returns, or waits for a function
    /// made by [`Lua::create_async_function`].
    pub fn into_async<R: FromLuaMulti>(self, arguments: impl IntoLuaMulti) -> AsyncThread<R> {
        let arguments = Lua::of(&self.0).and_then(|lua| arguments.into_lua_multi(&lua));
        AsyncThread {
            thread: Ok(self),
            arguments: Some(arguments),
            results: PhantomData,
        }
    }
}

impl Function {
    /// Calls it in a coroutine of its own, as a future.
    pub fn call_async<R: FromLuaMulti>(&self, arguments: impl IntoLuaMulti) -> AsyncThread<R> {
        let thread = Lua::of(&self.0).and_then(|lua| lua.create_thread(self.clone()));
        match thread {
            Ok(thread) => thread.into_async(arguments),
            Err(error) => failed(error),
        }
    }
}

fn failed<R>(error: Error) -> AsyncThread<R> {
    AsyncThread {
        thread: Err(error),
        arguments: Some(Ok(MultiValue::new())),
        results: PhantomData,
    }
}

impl Chunk<'_> {
    /// Runs it in a coroutine, as a future.
    pub fn exec_async(self) -> AsyncThread<()> {
        self.call_async(())
    }
    /// Evaluates it, as [`Chunk::eval`] does, in a coroutine, as a future.
    pub fn eval_async<R: FromLuaMulti>(self) -> AsyncThread<R> {
        match self.into_expression() {
            Ok(function) => function.call_async(()),
            Err(error) => failed(error),
        }
    }
    /// Calls it with arguments in a coroutine, as a future.
    pub fn call_async<R: FromLuaMulti>(self, arguments: impl IntoLuaMulti) -> AsyncThread<R> {
        match self.into_function() {
            Ok(function) => function.call_async(arguments),
            Err(error) => failed(error),
        }
    }
}
