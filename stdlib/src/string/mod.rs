//! The string library.
//!
//! The algorithms are pure functions over bytes, the natives wrap them:
//!
//! | pure | natives |
//! |---|---|
//! | `pattern/` compiles and matches patterns | `search.rs` (find, match, gmatch), `gsub.rs` |
//! | `format/` is `printf` | `formatting.rs` |
//! | `layout.rs` reads pack formats | `packing.rs` |
//! | | `basic.rs` (byte, char, dump, len, lower, rep, reverse, sub, upper) |
//! | | `arith.rs`: arithmetic on strings that are numerals |
//!
//! A native borrows its string arguments from the context, and borrows them anew after
//! whatever can run Lua or collect: `check_str` converts numbers in their slots, so that
//! `bytes` finds the same text again.

mod arith;
mod basic;
mod buffer;
mod format;
mod formatting;
mod gsub;
mod layout;
mod packing;
mod pattern;
mod search;

#[cfg(test)]
mod differential;

use moonsweep_runtime::{Context, NativeDef, Result, Value};

/// Opens the library: the global `string` and the metatable of strings.
pub fn open(cx: &mut Context) -> Result<()> {
    let library = cx.table(0, FUNCTIONS.len());
    cx.register(library, FUNCTIONS)?;
    cx.globals().set_name(cx, "string", library)?;
    let metatable = cx.table(0, arith::METAMETHODS.len() + 1);
    cx.register(metatable, arith::METAMETHODS)?;
    metatable.set_name(cx, "__index", library)?;
    cx.set_type_metatable(cx.string("")?.into(), Some(metatable));
    Ok(())
}

/// The bytes of an argument that `check_str` has found, or made, a string.
#[inline(always)]
fn bytes(cx: &Context, i: usize) -> &[u8] {
    match cx.arg(i) {
        Value::Str(s) => s.as_bytes(),
        _ => b"",
    }
}

/// A position at which something starts: negative ones count from the end, and the
/// result is at least 1.
#[inline(always)]
fn start_position(position: i64, length: usize) -> usize {
    match position {
        1.. => position as usize,
        _ if position == 0 || position < -(length as i64) => 1,
        _ => (length as i64 + position + 1) as usize,
    }
}

/// A position at which something ends: negative ones count from the end, and the
/// result is between 0 and the length.
#[inline(always)]
fn end_position(position: i64, length: usize) -> usize {
    let length = length as i64;
    match position {
        _ if position > length => length as usize,
        0.. => position as usize,
        _ if position < -length => 0,
        _ => (length + position + 1) as usize,
    }
}

/// Room for `n` results, or an error that says what has too many.
#[inline]
fn reserve_results(cx: &Context, n: usize, what: &str) -> Result<()> {
    // A native's frame always has room for a few.
    if n <= 8 {
        return Ok(());
    }
    match cx.can_push(n) {
        true => Ok(()),
        false => Err(cx.error(format!("stack overflow ({what})"))),
    }
}

/// The library's functions.
static FUNCTIONS: &[NativeDef] = &[
    NativeDef {
        name: "byte",
        function: basic::byte,
    },
    NativeDef {
        name: "char",
        function: basic::char,
    },
    NativeDef {
        name: "dump",
        function: basic::dump,
    },
    NativeDef {
        name: "find",
        function: search::find,
    },
    NativeDef {
        name: "format",
        function: formatting::format,
    },
    NativeDef {
        name: "gmatch",
        function: search::gmatch,
    },
    NativeDef {
        name: "gsub",
        function: gsub::gsub,
    },
    NativeDef {
        name: "len",
        function: basic::len,
    },
    NativeDef {
        name: "lower",
        function: basic::lower,
    },
    NativeDef {
        name: "match",
        function: search::match_,
    },
    NativeDef {
        name: "pack",
        function: packing::pack,
    },
    NativeDef {
        name: "packsize",
        function: packing::packsize,
    },
    NativeDef {
        name: "rep",
        function: basic::rep,
    },
    NativeDef {
        name: "reverse",
        function: basic::reverse,
    },
    NativeDef {
        name: "sub",
        function: basic::sub,
    },
    NativeDef {
        name: "unpack",
        function: packing::unpack,
    },
    NativeDef {
        name: "upper",
        function: basic::upper,
    },
];
