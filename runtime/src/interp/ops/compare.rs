//! Comparisons, each with its jump.

use super::super::{Dispatch, Pc, a, b, sbx, slow};
use super::control::jump_if;
use super::data::body;
use crate::value::{Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

/// Ordered comparison of two registers.
macro_rules! ordered {
    ($name:ident, $op:tt, $expect:literal, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x = base.add(a(pc));
            let y = base.add(b(pc));
            if (*x).tag == tag::INT && (*y).tag == tag::INT {
                return jump_if(((*x).as_int() $op (*y).as_int()) == $expect, d, vm, pc, base, k);
            }
            if (*x).tag == tag::FLOAT && (*y).tag == tag::FLOAT {
                return jump_if(((*x).as_float() $op (*y).as_float()) == $expect, d, vm, pc, base, k);
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

/// Comparison of a register with an immediate integer.
macro_rules! immediate {
    ($name:ident, $op:tt, $expect:literal, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x = base.add(a(pc));
            if (*x).tag == tag::INT {
                return jump_if(((*x).as_int() $op sbx(pc)) == $expect, d, vm, pc, base, k);
            }
            if (*x).tag == tag::FLOAT {
                return jump_if(((*x).as_float() $op sbx(pc) as f64) == $expect, d, vm, pc, base, k);
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

ordered!(jlt, <, true, slow::jlt);
ordered!(jnlt, <, false, slow::jnlt);
ordered!(jle, <=, true, slow::jle);
ordered!(jnle, <=, false, slow::jnle);
immediate!(jlti, <, true, slow::jlti);
immediate!(jnlti, <, false, slow::jnlti);
immediate!(jlei, <=, true, slow::jlei);
immediate!(jnlei, <=, false, slow::jnlei);
immediate!(jgti, >, true, slow::jgti);
immediate!(jngti, >, false, slow::jngti);
immediate!(jgei, >=, true, slow::jgei);
immediate!(jngei, >=, false, slow::jngei);

/// Equality that needs no metamethod and no look into strings, if decidable so.
#[inline(always)]
unsafe fn quick_equal(x: *const Value, y: *const Value) -> Option<bool> {
    // SAFETY: registers or constants.
    unsafe {
        if (*x).tag == (*y).tag {
            match (*x).tag {
                tag::NIL | tag::FALSE | tag::TRUE => Some(true),
                tag::FLOAT => Some((*x).as_float() == (*y).as_float()),
                _ if (*x).payload == (*y).payload => Some(true),
                tag::STRING | tag::TABLE | tag::USERDATA => None,
                _ => Some(false),
            }
        } else if (*x).tag == tag::INT && (*y).tag == tag::FLOAT
            || (*x).tag == tag::FLOAT && (*y).tag == tag::INT
        {
            None
        } else {
            Some(false)
        }
    }
}

body!(jeq, |d, vm, pc, base, k| {
    match quick_equal(base.add(a(pc)), base.add(b(pc))) {
        Some(eq) => jump_if(eq, d, vm, pc, base, k),
        None => d.slow(slow::jeq, vm, pc, base, k),
    }
});
body!(jne, |d, vm, pc, base, k| {
    match quick_equal(base.add(a(pc)), base.add(b(pc))) {
        Some(eq) => jump_if(!eq, d, vm, pc, base, k),
        None => d.slow(slow::jne, vm, pc, base, k),
    }
});
body!(jeqk, |d, vm, pc, base, k| {
    match quick_equal(base.add(a(pc)), k.add(b(pc))) {
        Some(eq) => jump_if(eq, d, vm, pc, base, k),
        None => d.slow(slow::jeqk, vm, pc, base, k),
    }
});
body!(jnek, |d, vm, pc, base, k| {
    match quick_equal(base.add(a(pc)), k.add(b(pc))) {
        Some(eq) => jump_if(!eq, d, vm, pc, base, k),
        None => d.slow(slow::jnek, vm, pc, base, k),
    }
});

/// Whether a register equals an immediate integer.
#[inline(always)]
unsafe fn equal_immediate(x: *const Value, i: i64) -> bool {
    // SAFETY: a register.
    unsafe {
        match (*x).tag {
            tag::INT => (*x).as_int() == i,
            tag::FLOAT => (*x).as_float() == i as f64,
            _ => false,
        }
    }
}
body!(jeqi, |d, vm, pc, base, k| {
    jump_if(
        equal_immediate(base.add(a(pc)), sbx(pc)),
        d,
        vm,
        pc,
        base,
        k,
    )
});
body!(jnei, |d, vm, pc, base, k| {
    jump_if(
        !equal_immediate(base.add(a(pc)), sbx(pc)),
        d,
        vm,
        pc,
        base,
        k,
    )
});
