//! The `debug` library.

use moonsweep_runtime::native::{
    Context, FrameInfo, Function, HookEvents, NativeDef, Result, Results, Table, Thread, Value,
};

use crate::io;
use crate::util::{c_str, def, subtable};

/// Many functions take a thread as an optional first argument: that thread, if it is not the running
/// one, and the number of the argument that comes next.
fn thread_argument(cx: &Context) -> (Option<Thread<'_>>, usize) {
    match cx.arg(0).as_thread() {
        Some(thread) => {
            let running: Value<'_> = cx.running().0.into();
            let other = !running.raw_eq(thread.into());
            (other.then_some(thread), 1)
        }
        None => (None, 0),
    }
}

/// A stack level, if there is such a frame.
fn frame<'a>(cx: &'a Context, thread: Option<Thread<'a>>, level: i64) -> Option<FrameInfo<'a>> {
    cx.frame_info(thread, usize::try_from(level).ok()?)
}

fn getinfo(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, first) = thread_argument(cx);
    let options = cx
        .opt_str(first + 1)?
        .map_or(&b"flnSrtu"[..], |text| c_str(text.as_bytes()));
    if options.first() == Some(&b'>') {
        return Err(cx.arg_error(first + 1, "invalid option '>'"));
    }
    let info = match cx.arg(first) {
        Value::Function(function) => Some(cx.function_info(function)),
        _ => frame(cx, thread, cx.check_int(first)?),
    };
    let Some(info) = info else {
        return cx.ret(Value::Nil);
    };
    if options.iter().any(|option| !b"SlnrutLf".contains(option)) {
        return Err(cx.arg_error(first + 1, "invalid option"));
    }
    let table = cx.table(0, 16);
    let text = |name: &str, text: &[u8]| table.set_name(cx, name, cx.string(text)?);
    let has = |option: u8| options.contains(&option);
    if has(b'S') {
        text("source", &info.source)?;
        text("short_src", &info.short_src)?;
        text("what", info.what.as_bytes())?;
        table.set_name(cx, "linedefined", info.line_defined)?;
        table.set_name(cx, "lastlinedefined", info.last_line_defined)?;
    }
    if has(b'l') {
        table.set_name(cx, "currentline", info.current_line)?;
    }
    if has(b'u') {
        table.set_name(cx, "nups", i64::from(info.nups))?;
        table.set_name(cx, "nparams", i64::from(info.nparams))?;
        table.set_name(cx, "isvararg", info.is_vararg)?;
    }
    if has(b'n') {
        if let Some(name) = &info.name {
            text("name", name)?;
        }
        text("namewhat", info.name_what.as_bytes())?;
    }
    if has(b'r') {
        table.set_name(cx, "ftransfer", i64::from(info.transfer.0))?;
        table.set_name(cx, "ntransfer", i64::from(info.transfer.1))?;
    }
    if has(b't') {
        table.set_name(cx, "istailcall", info.is_tail_call)?;
    }
    if has(b'L')
        && let Some(lines) = &info.active_lines
    {
        let active = cx.table(0, lines.len());
        for &line in lines {
            active.set_int(cx, line, true)?;
        }
        table.set_name(cx, "activelines", active)?;
    }
    if has(b'f') {
        table.set_name(cx, "func", info.func)?;
    }
    cx.ret(table)
}

fn getlocal(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, first) = thread_argument(cx);
    let n = cx.check_int(first + 1)?;
    if let Value::Function(function) = cx.arg(first) {
        let name = usize::try_from(n)
            .ok()
            .and_then(|n| cx.param_name(function, n));
        return match name {
            Some(name) => cx.ret(cx.string(name)?),
            None => cx.ret(Value::Nil),
        };
    }
    let level = check_level(cx, thread, first)?;
    match cx.local(thread, level, n) {
        Some((name, value)) => {
            cx.push(cx.string(name)?);
            cx.push(value);
            Ok(cx.results(2))
        }
        None => cx.ret(Value::Nil),
    }
}

/// The argument as the level of a frame that exists.
fn check_level(cx: &Context, thread: Option<Thread<'_>>, i: usize) -> Result<usize> {
    let level = cx.check_int(i)?;
    match usize::try_from(level) {
        Ok(level) if cx.frame_info(thread, level).is_some() => Ok(level),
        _ => Err(cx.arg_error(i, "level out of range")),
    }
}

fn setlocal(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, first) = thread_argument(cx);
    cx.check_int(first)?;
    let n = cx.check_int(first + 1)?;
    let level = check_level(cx, thread, first)?;
    let value = cx.check_any(first + 2)?;
    match cx.set_local(thread, level, n, value) {
        Some(name) => cx.ret(cx.string(name)?),
        None => cx.ret(Value::Nil),
    }
}

/// The function argument `i` and the number of an upvalue in the argument behind it.
fn upvalue_arguments(cx: &Context, i: usize) -> Result<(Function<'_>, Option<usize>)> {
    let n = cx.check_int(i + 1)?;
    let function = cx.check_function(i)?;
    // Upvalues count from 1.
    Ok((function, usize::try_from(n).ok().filter(|&n| n > 0)))
}

fn getupvalue(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (function, n) = upvalue_arguments(cx, 0)?;
    match n.and_then(|n| function.upvalue(n)) {
        Some((name, value)) => {
            cx.push(cx.string(name)?);
            cx.push(value);
            Ok(cx.results(2))
        }
        None => cx.none(),
    }
}

fn setupvalue(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let value = cx.check_any(2)?;
    let (function, n) = upvalue_arguments(cx, 0)?;
    match n.and_then(|n| function.set_upvalue(cx, n, value)) {
        Some(name) => cx.ret(cx.string(name)?),
        None => cx.none(),
    }
}

fn upvalueid(cx: &mut Context) -> Result<Results> {
    let (function, n) = upvalue_arguments(cx, 0)?;
    match n.and_then(|n| function.upvalue_id(n)) {
        Some(id) => cx.ret(Value::Light(id)),
        None => cx.ret(Value::Nil),
    }
}

fn upvaluejoin(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let existing = |i| {
        let (function, n) = upvalue_arguments(cx, i)?;
        n.filter(|&n| function.upvalue_id(n).is_some())
            .map(|n| (function, n))
            .ok_or_else(|| cx.arg_error(i + 1, "invalid upvalue index"))
    };
    let (one, n) = existing(0)?;
    let (other, m) = existing(2)?;
    for (i, function) in [(0, one), (2, other)] {
        if function.is_native() {
            return Err(cx.arg_error(i, "Lua function expected"));
        }
    }
    one.upvalue_join(cx, n, other, m);
    cx.none()
}

fn getmetatable(cx: &mut Context) -> Result<Results> {
    match cx.metatable_of(cx.check_any(0)?) {
        Some(metatable) => cx.ret(metatable),
        None => cx.ret(Value::Nil),
    }
}

fn setmetatable(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let metatable = match cx.arg(1) {
        Value::Nil if !cx.is_none(1) => None,
        Value::Table(metatable) => Some(metatable),
        _ => return Err(cx.type_error(1, "nil or table")),
    };
    match cx.arg(0) {
        Value::Table(table) => table.set_metatable(cx, metatable),
        Value::Userdata(userdata) => userdata.set_metatable(cx, metatable),
        other => cx.set_type_metatable(other, metatable),
    }
    cx.ret(cx.arg(0))
}

fn getregistry(cx: &mut Context) -> Result<Results> {
    cx.ret(cx.registry())
}

fn getuservalue(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let n = cx.opt_int(1, 1)?;
    let value = cx
        .arg(0)
        .as_userdata()
        .and_then(|userdata| userdata.user_value(user_value_number(n)?));
    let Some(value) = value else {
        return cx.ret(Value::Nil);
    };
    cx.push(value);
    cx.push(true);
    Ok(cx.results(2))
}

/// User values count from 1.
fn user_value_number(n: i64) -> Option<usize> {
    usize::try_from(n).ok().filter(|&n| n > 0)
}

fn setuservalue(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let n = cx.opt_int(2, 1)?;
    let Value::Userdata(userdata) = cx.arg(0) else {
        return Err(cx.type_error(0, "userdata"));
    };
    let value = cx.check_any(1)?;
    match user_value_number(n) {
        Some(n) if userdata.set_user_value(cx, n, value) => cx.ret(userdata),
        _ => cx.ret(Value::Nil),
    }
}

fn traceback(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, first) = thread_argument(cx);
    let message = match cx.arg(first) {
        Value::Nil => None,
        Value::Str(_) | Value::Int(_) | Value::Float(_) => Some(cx.check_str(first)?.as_bytes()),
        // Not a text: it stays what it is.
        value => return cx.ret(value),
    };
    let level = cx.opt_int(first + 1, i64::from(thread.is_none()))?;
    // No level is below 0: nothing is listed then.
    let level = usize::try_from(level).unwrap_or(usize::MAX);
    cx.ret(cx.string(cx.traceback(thread, message, level))?)
}

fn sethook(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, first) = thread_argument(cx);
    let key: Value<'_> = thread.unwrap_or(cx.running().0).into();
    if cx.arg(first).is_nil() {
        cx.set_hook(thread, None, HookEvents::default());
        hooks(cx)?.set(cx, key, Value::Nil)?;
        return cx.none();
    }
    let mask = c_str(cx.check_str(first + 1)?.as_bytes());
    let function = cx.check_function(first)?;
    let count = cx.opt_int(first + 2, 0)?;
    let events = HookEvents {
        call: mask.contains(&b'c'),
        ret: mask.contains(&b'r'),
        line: mask.contains(&b'l'),
        count: u32::try_from(count.max(0)).unwrap_or(u32::MAX),
    };
    cx.set_hook(thread, Some(function), events);
    hooks(cx)?.set(cx, key, function)?;
    cx.none()
}

/// The registry's table of hooks by thread: the interpreter has no need of it, programs that look
/// into the registry know it.
fn hooks(cx: &Context) -> Result<Table<'_>> {
    let hooks = subtable(cx, cx.registry(), "_HOOKKEY")?;
    if hooks.metatable().is_none() {
        hooks.set_name(cx, "__mode", cx.string("k")?)?;
        hooks.set_metatable(cx, Some(hooks));
    }
    Ok(hooks)
}

fn gethook(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let (thread, _) = thread_argument(cx);
    let Some((function, events)) = cx.hook(thread) else {
        return cx.ret(Value::Nil);
    };
    let letters = [(events.call, b'c'), (events.ret, b'r'), (events.line, b'l')];
    let mask: Vec<u8> = letters.iter().filter(|l| l.0).map(|l| l.1).collect();
    cx.push(function);
    cx.push(cx.string(mask)?);
    cx.push(i64::from(events.count));
    Ok(cx.results(3))
}

/// How deep calls nest no longer depends on the C stack; the function is kept for old scripts.
fn setcstacklimit(cx: &mut Context) -> Result<Results> {
    cx.check_int(0)?;
    cx.ret(200)
}

fn debug(cx: &mut Context) -> Result<Results> {
    loop {
        io::write_stderr(cx, b"lua_debug> ");
        let Some(line) = io::read_stdin_line(cx) else {
            return cx.none();
        };
        if line == b"cont\n" {
            return cx.none();
        }
        let slots = cx.slots();
        if let Err(raised) = run_command(cx, &line) {
            let error = cx.push(cx.caught(raised));
            cx.tostring(error)?;
            if let Value::Str(text) = cx.top(0) {
                io::write_stderr(cx, text.as_bytes());
                io::write_stderr(cx, b"\n");
            }
        }
        cx.truncate(slots);
    }
}

fn run_command(cx: &mut Context, line: &[u8]) -> Result<()> {
    match cx.load(line, b"=(debug command)", "bt", None)? {
        Ok(function) => cx.push(function),
        Err(message) => return Err(cx.raise(message)),
    };
    cx.call(0, Some(0))?;
    Ok(())
}

/// Makes the global table `debug`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let debug = cx.table(0, DEBUG.len());
    cx.register(debug, DEBUG)?;
    cx.globals().set_name(cx, "debug", debug)
}

static DEBUG: &[NativeDef] = &[
    def("debug", debug),
    def("gethook", gethook),
    def("getinfo", getinfo),
    def("getlocal", getlocal),
    def("getmetatable", getmetatable),
    def("getregistry", getregistry),
    def("getupvalue", getupvalue),
    def("getuservalue", getuservalue),
    def("setcstacklimit", setcstacklimit),
    def("sethook", sethook),
    def("setlocal", setlocal),
    def("setmetatable", setmetatable),
    def("setupvalue", setupvalue),
    def("setuservalue", setuservalue),
    def("traceback", traceback),
    def("upvalueid", upvalueid),
    def("upvaluejoin", upvaluejoin),
];
