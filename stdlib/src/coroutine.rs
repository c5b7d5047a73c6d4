//! The `coroutine` library. Resuming and yielding are tail actions: the interpreter switches stacks,
//! and no Rust frame is in between.

use moonsweep_runtime::native::{Context, NativeDef, Result, Results, Thread, Value};

use crate::util::{def, register_with};

fn create(cx: &mut Context) -> Result<Results> {
    let function = cx.check_function(0)?;
    cx.ret(cx.new_thread(function))
}

fn resume(cx: &mut Context) -> Result<Results> {
    cx.check_thread(0)?;
    Ok(cx.tail_resume(cx.nargs() - 1))
}

fn wrap(cx: &mut Context) -> Result<Results> {
    let thread = cx.new_thread(cx.check_function(0)?);
    cx.ret(cx.native(&WRAP_STEP, &[thread.into()]))
}

/// What `wrap` returns; its upvalue is the coroutine.
fn wrap_step(cx: &mut Context) -> Result<Results> {
    let count = cx.nargs();
    cx.reserve(count + 1)?;
    cx.push(cx.upvalue(0));
    for i in 0..count {
        cx.push(cx.arg(i));
    }
    Ok(cx.tail_wrap_resume(count))
}

fn yield_(cx: &mut Context) -> Result<Results> {
    Ok(cx.tail_yield(cx.nargs()))
}

fn status(cx: &mut Context) -> Result<Results> {
    let status = cx.thread_status(cx.check_thread(0)?);
    cx.ret(cx.string(status)?)
}

fn running(cx: &mut Context) -> Result<Results> {
    let (thread, is_main) = cx.running();
    cx.push(thread);
    cx.push(is_main);
    Ok(cx.results(2))
}

/// Without an argument about the running coroutine. Another one can always yield when its turn
/// comes, except for the main one (upvalue).
fn isyieldable(cx: &mut Context) -> Result<Results> {
    if cx.is_none(0) {
        return cx.ret(cx.is_yieldable());
    }
    let thread: Value<'_> = cx.check_thread(0)?.into();
    let running: Value<'_> = cx.running().0.into();
    if thread.raw_eq(running) {
        return cx.ret(cx.is_yieldable());
    }
    cx.ret(!thread.raw_eq(cx.upvalue(0)))
}

fn close(cx: &mut Context) -> Result<Results> {
    let thread: Thread<'_> = cx.check_thread(0)?;
    let status = cx.thread_status(thread);
    if !matches!(status, "dead" | "suspended") {
        return Err(cx.error(format!("cannot close a {status} coroutine")));
    }
    match cx.close_thread(0)? {
        Ok(()) => cx.ret(true),
        Err(()) => {
            let error = cx.slots() - 1;
            cx.push(false);
            cx.push(cx.arg(error));
            Ok(cx.results(2))
        }
    }
}

/// Makes the global table `coroutine`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let coroutine = cx.table(0, COROUTINE.len() + WITH_MAIN.len());
    cx.register(coroutine, COROUTINE)?;
    let (thread, is_main) = cx.running();
    let main = if is_main { thread.into() } else { Value::Nil };
    register_with(cx, coroutine, WITH_MAIN, &[main])?;
    cx.globals().set_name(cx, "coroutine", coroutine)
}

static WRAP_STEP: NativeDef = def("wrap_step", wrap_step);

/// Upvalue: the main coroutine.
static WITH_MAIN: &[NativeDef] = &[def("isyieldable", isyieldable)];

static COROUTINE: &[NativeDef] = &[
    def("close", close),
    def("create", create),
    def("resume", resume),
    def("running", running),
    def("status", status),
    def("wrap", wrap),
    def("yield", yield_),
];
