//! The basic functions: `print`, `pairs`, `pcall`, `setmetatable` and the rest of the global table.
//!
//! `pcall`, `xpcall` and `dofile` do not call: they hand the call back to the interpreter as a tail
//! action, so that a coroutine can yield across them and the Rust stack does not grow. What loads
//! chunks (`load`, `loadfile`, `dofile`) is in `load.rs`.

use moonsweep_runtime::native::{
    Context, IPAIRS_STEP, NEXT, NativeDef, Num, Result, Results, Value,
};

use crate::io::{self, Stdout};
use crate::util::{c_str, def, register_with};

fn assert(cx: &mut Context) -> Result<Results> {
    if cx.arg(0).truthy() {
        return Ok(cx.results(cx.nargs()));
    }
    cx.check_any(0)?;
    if cx.nargs() < 2 {
        return Err(cx.error("assertion failed!"));
    }
    match cx.arg(1) {
        Value::Str(message) => Err(cx.error(message.as_bytes())),
        value => Err(cx.raise(value)),
    }
}

const GC_OPTIONS: &[&str] = &[
    "collect",
    "stop",
    "restart",
    "count",
    "step",
    "isrunning",
    "incremental",
    "generational",
    "setpause",
    "setstepmul",
];

fn collectgarbage(cx: &mut Context) -> Result<Results> {
    let option = GC_OPTIONS[cx.check_option(0, Some("collect"), GC_OPTIONS)?];
    if cx.in_finalizer() {
        return cx.ret(Value::Nil);
    }
    match option {
        "stop" => cx.gc_stop(),
        "restart" => cx.gc_restart(),
        "count" => return cx.ret(cx.gc_bytes() as f64 / 1024.0),
        "step" => {
            let kilobytes = cx.opt_int(1, 0)?;
            let finished = cx.gc_step(kilobytes)?;
            return cx.ret(finished);
        }
        "isrunning" => return cx.ret(cx.gc_is_running()),
        "incremental" | "generational" => {
            let parameters: &[&str] = if option == "incremental" {
                &["pause", "stepmul", "stepsize"]
            } else {
                &["minormul", "majormul"]
            };
            let mut values = [0; 3];
            for (i, value) in values.iter_mut().enumerate().take(parameters.len()) {
                *value = cx.opt_int(i + 1, 0)?;
            }
            // Zero means "leave it as it is".
            for (name, value) in parameters.iter().zip(values) {
                if value != 0 {
                    cx.set_gc_param(name, value);
                }
            }
            let old = cx.set_gc_mode(option);
            return cx.ret(cx.string(old)?);
        }
        "setpause" | "setstepmul" => {
            let value = cx.opt_int(1, 0)?;
            return cx.ret(cx.set_gc_param(&option[3..], value));
        }
        _ => cx.collect()?,
    }
    cx.ret(0)
}

fn error(cx: &mut Context) -> Result<Results> {
    let level = cx.opt_int(1, 1)?;
    if let (Some(message), 1..) = (cx.arg(0).as_str(), level) {
        let mut text = cx.position(usize::try_from(level).unwrap_or(usize::MAX));
        if !text.is_empty() {
            text.extend_from_slice(message.as_bytes());
            return Err(cx.raise(cx.string(text)?));
        }
    }
    Err(cx.raise(cx.arg(0)))
}

fn getmetatable(cx: &mut Context) -> Result<Results> {
    let value = cx.check_any(0)?;
    let Some(metatable) = cx.metatable_of(value) else {
        return cx.ret(Value::Nil);
    };
    let protected = metatable.get_name(cx, "__metatable");
    if protected.is_nil() {
        cx.ret(metatable)
    } else {
        cx.ret(protected)
    }
}

fn setmetatable(cx: &mut Context) -> Result<Results> {
    let table = cx.check_table(0)?;
    let metatable = match cx.arg(1) {
        Value::Nil if !cx.is_none(1) => None,
        Value::Table(metatable) => Some(metatable),
        _ => return Err(cx.type_error(1, "nil or table")),
    };
    if let Some(old) = table.metatable()
        && !old.get_name(cx, "__metatable").is_nil()
    {
        return Err(cx.error("cannot change a protected metatable"));
    }
    table.set_metatable(cx, metatable);
    cx.ret(table)
}

fn ipairs(cx: &mut Context) -> Result<Results> {
    let value = cx.check_any(0)?;
    cx.push(cx.upvalue(0));
    cx.push(value);
    cx.push(0);
    Ok(cx.results(3))
}

fn pairs(cx: &mut Context) -> Result<Results> {
    let value = cx.check_any(0)?;
    let metamethod = cx.metafield(value, "__pairs");
    if metamethod.is_nil() {
        cx.push(cx.upvalue(0));
        cx.push(value);
        cx.push(Value::Nil);
    } else {
        // A tail action, so that the metamethod may yield.
        cx.push(metamethod);
        cx.push(value);
        return Ok(cx.tail_call_for(1, 3));
    }
    Ok(cx.results(3))
}

fn pcall(cx: &mut Context) -> Result<Results> {
    cx.check_any(0)?;
    Ok(cx.tail_pcall(cx.nargs() - 1))
}

fn xpcall(cx: &mut Context) -> Result<Results> {
    cx.check_function(1)?;
    // The action wants the handler below the function.
    let (function, handler) = (cx.arg(0), cx.arg(1));
    cx.set_slot(0, handler);
    cx.set_slot(1, function);
    Ok(cx.tail_xpcall(cx.nargs() - 2))
}

fn print(cx: &mut Context) -> Result<Results> {
    let stdout = Stdout::of(cx);
    for i in 0..cx.nargs() {
        if i > 0 {
            stdout.write(b"\t");
        }
        if !print_plain(cx, &stdout, cx.arg(i)) {
            cx.tostring(i)?;
            if let Some(text) = cx.top(0).as_str() {
                stdout.write(text.as_bytes());
            }
            cx.pop(1);
        }
    }
    stdout.write(b"\n");
    stdout.flush();
    cx.none()
}

/// Prints a value whose text no metamethod can change; false if it is not one.
fn print_plain(cx: &Context, stdout: &Stdout, value: Value<'_>) -> bool {
    match value {
        Value::Str(text) if cx.metafield(value, "__tostring").is_nil() => {
            stdout.write(text.as_bytes());
        }
        Value::Int(_) | Value::Float(_) if cx.metatable_of(value).is_some() => return false,
        Value::Int(n) => stdout.write(&cx.number_to_string(Num::Int(n))),
        Value::Float(n) => stdout.write(&cx.number_to_string(Num::Float(n))),
        _ => return false,
    }
    true
}

fn rawequal(cx: &mut Context) -> Result<Results> {
    let (a, b) = (cx.check_any(0)?, cx.check_any(1)?);
    cx.ret(a.raw_eq(b))
}

fn rawget(cx: &mut Context) -> Result<Results> {
    let (table, key) = (cx.check_table(0)?, cx.check_any(1)?);
    cx.ret(table.get(cx, key))
}

fn rawlen(cx: &mut Context) -> Result<Results> {
    match cx.arg(0) {
        Value::Table(table) => cx.ret(table.len(cx)),
        Value::Str(text) => cx.ret(text.len() as i64),
        _ => Err(cx.type_error(0, "table or string")),
    }
}

fn rawset(cx: &mut Context) -> Result<Results> {
    let (table, key) = (cx.check_table(0)?, cx.check_any(1)?);
    table.set(cx, key, cx.check_any(2)?)?;
    cx.ret(table)
}

fn select(cx: &mut Context) -> Result<Results> {
    let nargs = cx.nargs();
    if let Value::Str(text) = cx.arg(0)
        && text.as_bytes().first() == Some(&b'#')
    {
        return cx.ret(nargs as i64 - 1);
    }
    let n = cx.check_int(0)?;
    let count = match n {
        1.. => nargs as i64 - n.min(nargs as i64),
        0 => return Err(cx.arg_error(0, "index out of range")),
        // From the end; -1 is the last argument, and the selector is none of them.
        _ if n <= -(nargs as i64) => return Err(cx.arg_error(0, "index out of range")),
        _ => -n,
    };
    Ok(cx.results(count as usize))
}

fn tonumber(cx: &mut Context) -> Result<Results> {
    if let Value::Str(text) = cx.arg(0) {
        cx.charge(text.len() as u64 / 8);
    }
    if cx.is_none_or_nil(1) {
        return match cx.arg(0) {
            Value::Str(_) | Value::Int(_) | Value::Float(_) => match cx.arg(0).to_numeral() {
                Some(Num::Int(n)) => cx.ret(n),
                Some(Num::Float(n)) => cx.ret(n),
                None => cx.ret(Value::Nil),
            },
            _ => {
                cx.check_any(0)?;
                cx.ret(Value::Nil)
            }
        };
    }
    let base = cx.check_int(1)?;
    let Value::Str(text) = cx.arg(0) else {
        return Err(cx.type_error(0, "string"));
    };
    match u32::try_from(base) {
        Ok(base @ 2..=36) => match integer_in_base(text.as_bytes(), base) {
            Some(n) => cx.ret(n),
            None => cx.ret(Value::Nil),
        },
        _ => Err(cx.arg_error(1, "base out of range")),
    }
}

/// An integer numeral of the given base, with a sign and white space around it; it wraps around
/// where it does not fit.
fn integer_in_base(text: &[u8], base: u32) -> Option<i64> {
    let space = |c: &u8| matches!(c, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|c| !space(c))?;
    let end = text.iter().rposition(|c| !space(c))? + 1;
    let (negative, digits) = match &text[start..end] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut n = 0_i64;
    for &c in digits {
        let digit = char::from(c).to_digit(base)?;
        n = n
            .wrapping_mul(i64::from(base))
            .wrapping_add(i64::from(digit));
    }
    Some(if negative { n.wrapping_neg() } else { n })
}

fn tostring(cx: &mut Context) -> Result<Results> {
    cx.check_any(0)?;
    cx.tostring(0)?;
    Ok(cx.results(1))
}

fn type_(cx: &mut Context) -> Result<Results> {
    let name = cx.check_any(0)?.type_name();
    cx.ret(cx.string(name)?)
}

fn warn(cx: &mut Context) -> Result<Results> {
    // All arguments are checked first, so that an error leaves no half-said warning.
    for i in 0..cx.nargs().max(1) {
        cx.check_str(i)?;
    }
    let last = cx.nargs() - 1;
    for i in 0..=last {
        let text = c_str(cx.check_str(i)?.as_bytes()).to_vec();
        cx.charge(text.len() as u64 / 16);
        cx.warn(&text, i < last)?;
    }
    cx.none()
}

/// Puts the basic functions, `_G` and `_VERSION` into the global table.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    // Where `print` finds standard output, whether or not the library `io` is opened.
    io::state(cx)?;
    let globals = cx.globals();
    register_with(cx, globals, BASE, &[])?;
    register_with(cx, globals, crate::load::LOAD, &[])?;
    let next = cx.native(NEXT, &[]);
    globals.set_name(cx, "next", next)?;
    register_with(cx, globals, WITH_NEXT, &[next.into()])?;
    let step = cx.native(IPAIRS_STEP, &[]);
    register_with(cx, globals, WITH_STEP, &[step.into()])?;
    globals.set_name(cx, "_G", globals)?;
    globals.set_name(cx, "_VERSION", cx.string("Lua 5.4")?)
}

static BASE: &[NativeDef] = &[
    def("assert", assert),
    def("collectgarbage", collectgarbage),
    def("error", error),
    def("getmetatable", getmetatable),
    def("pcall", pcall),
    def("print", print),
    def("rawequal", rawequal),
    def("rawget", rawget),
    def("rawlen", rawlen),
    def("rawset", rawset),
    def("select", select),
    def("setmetatable", setmetatable),
    def("tonumber", tonumber),
    def("tostring", tostring),
    def("type", type_),
    def("warn", warn),
    def("xpcall", xpcall),
];

/// Upvalue: `next`, so that `pairs(t)` gives the very function.
static WITH_NEXT: &[NativeDef] = &[def("pairs", pairs)];

/// Upvalue: the step function of `ipairs`.
static WITH_STEP: &[NativeDef] = &[def("ipairs", ipairs)];

#[cfg(test)]
mod tests {
    use super::integer_in_base;

    #[test]
    fn integers_in_any_base() {
        assert_eq!(integer_in_base(b"10", 2), Some(2));
        assert_eq!(integer_in_base(b" -ff\t", 16), Some(-255));
        assert_eq!(integer_in_base(b"+Zz", 36), Some(35 * 36 + 35));
        assert_eq!(integer_in_base(b"12", 2), None);
        assert_eq!(integer_in_base(b"", 10), None);
        assert_eq!(integer_in_base(b"  ", 10), None);
        assert_eq!(integer_in_base(b"-", 10), None);
        assert_eq!(integer_in_base(b"- 1", 10), None);
        assert_eq!(integer_in_base(b"1 1", 10), None);
        assert_eq!(integer_in_base(b"1\0", 10), None);
        assert_eq!(integer_in_base(b"ffffffffffffffff", 16), Some(-1));
        assert_eq!(integer_in_base(b"1e", 16), Some(30));
    }
}
