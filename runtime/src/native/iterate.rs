//! `next` and the iterator of `ipairs`: natives that the interpreter's generic
//! `for` recognises and runs in place.

use super::{Context, NativeDef, Result, Results, Value};

/// `next(t, key)`.
pub static NEXT: NativeDef = NativeDef { name: "next", function: next };

/// The iterator of `ipairs`.
pub static IPAIRS_STEP: NativeDef = NativeDef { name: "ipairs_iterator", function: ipairs_step };

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
