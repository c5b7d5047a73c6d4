//! `next` and the iterator of `ipairs`: natives that the interpreter's generic
//! `for` recognises and runs in place.

use super::{Context, NativeDef, Result, Results, Value};

/// `next(t, key)`.
pub const NEXT: &NativeDef = &NEXT_DEF;
static NEXT_DEF: NativeDef = NativeDef {
    name: "next",
    function: next,
};

/// The iterator of `ipairs`.
pub const IPAIRS_STEP: &NativeDef = &IPAIRS_DEF;
static IPAIRS_DEF: NativeDef = NativeDef {
    name: "ipairs_iterator",
    function: ipairs_step,
};

fn next(cx: &mut Context) -> Result<Results> {
    let t = cx.check_table(0)?;
    match t.next(cx, cx.arg(1))? {
        Some((k, v)) => {
            cx.push(k);
            cx.push(v);
            Ok(cx.results(2))
        }
        None => cx.ret(Value::Nil),
    }
}

fn ipairs_step(cx: &mut Context) -> Result<Results> {
    let i = cx.check_int(1)?.wrapping_add(1);
    cx.push(i);
    cx.index_int(0, i)?;
    if cx.top(0).is_nil() {
        return Ok(cx.results(1));
    }
    Ok(cx.results(2))
}
