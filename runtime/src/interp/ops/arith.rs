//! Arithmetic and bitwise operations. Integers first, then floats, then mixed
//! numbers; everything else (strings, metamethods) is a slow operation.

use super::super::arith::{floor, shift_left, shift_right};
use super::super::{Dispatch, Pc, a, b, c, sc, set_float, set_int, slow};
use super::data::body;
use crate::value::{Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

/// A number operand as a float.
#[inline(always)]
unsafe fn float_of(v: *const Value) -> Option<f64> {
    // SAFETY: `v` is a register or constant.
    unsafe {
        match (*v).tag {
            tag::FLOAT => Some((*v).as_float()),
            tag::INT => Some((*v).as_int() as f64),
            _ => None,
        }
    }
}

/// Addition, subtraction, multiplication: `X` and `Y` are operands.
macro_rules! numeric {
    ($name:ident, $x:expr, $y:expr, $int:expr, $float:expr, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x: *const Value = $x(base, k, pc);
            let y: *const Value = $y(base, k, pc);
            let r = base.add(a(pc));
            if (*x).tag == tag::INT && (*y).tag == tag::INT {
                set_int(r, $int((*x).as_int(), (*y).as_int()));
                return d.next(vm, pc.add(1), base, k);
            }
            if (*x).tag == tag::FLOAT && (*y).tag == tag::FLOAT {
                set_float(r, $float((*x).as_float(), (*y).as_float()));
                return d.next(vm, pc.add(1), base, k);
            }
            if let (Some(p), Some(q)) = (float_of(x), float_of(y)) {
                set_float(r, $float(p, q));
                return d.next(vm, pc.add(1), base, k);
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

/// Division and power: always floats.
macro_rules! floating {
    ($name:ident, $x:expr, $y:expr, $float:expr, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x: *const Value = $x(base, k, pc);
            let y: *const Value = $y(base, k, pc);
            let r = base.add(a(pc));
            if (*x).tag == tag::FLOAT && (*y).tag == tag::FLOAT {
                set_float(r, $float((*x).as_float(), (*y).as_float()));
                return d.next(vm, pc.add(1), base, k);
            }
            if let (Some(p), Some(q)) = (float_of(x), float_of(y)) {
                set_float(r, $float(p, q));
                return d.next(vm, pc.add(1), base, k);
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

/// Floor division and modulo of integers: the divisors 0 (an error) and -1 (an
/// overflow of the machine's instruction) are left to the slow operation.
macro_rules! dividing {
    ($name:ident, $y:expr, $int:expr, $float:expr, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x: *const Value = rb(base, k, pc);
            let y: *const Value = $y(base, k, pc);
            let r = base.add(a(pc));
            if (*x).tag == tag::INT && (*y).tag == tag::INT {
                if (*y).payload.wrapping_add(1) > 1 {
                    set_int(r, $int((*x).as_int(), (*y).as_int()));
                    return d.next(vm, pc.add(1), base, k);
                }
                return d.slow($slow, vm, pc, base, k);
            }
            if (*x).tag == tag::FLOAT && (*y).tag == tag::FLOAT {
                let f: Option<f64> = $float((*x).as_float(), (*y).as_float());
                if let Some(f) = f {
                    set_float(r, f);
                    return d.next(vm, pc.add(1), base, k);
                }
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

/// Bitwise operations on two integers; floats and strings are slow.
macro_rules! bitwise {
    ($name:ident, $y:expr, $int:expr, $slow:path) => {
        body!($name, |d, vm, pc, base, k| {
            let x: *const Value = rb(base, k, pc);
            let y: *const Value = $y(base, k, pc);
            if (*x).tag == tag::INT && (*y).tag == tag::INT {
                set_int(base.add(a(pc)), $int((*x).as_int(), (*y).as_int()));
                return d.next(vm, pc.add(1), base, k);
            }
            d.slow($slow, vm, pc, base, k)
        });
    };
}

#[inline(always)]
unsafe fn rb(base: Base, _: K, pc: Pc) -> *const Value {
    // SAFETY: operand B is a register.
    unsafe { base.add(b(pc)) }
}
#[inline(always)]
unsafe fn rc(base: Base, _: K, pc: Pc) -> *const Value {
    // SAFETY: operand C is a register.
    unsafe { base.add(c(pc)) }
}
#[inline(always)]
unsafe fn kb(_: Base, k: K, pc: Pc) -> *const Value {
    // SAFETY: operand B is a constant.
    unsafe { k.add(b(pc)) }
}
#[inline(always)]
unsafe fn kc(_: Base, k: K, pc: Pc) -> *const Value {
    // SAFETY: operand C is a constant.
    unsafe { k.add(c(pc)) }
}
#[inline(always)]
fn fadd(x: f64, y: f64) -> f64 {
    x + y
}
#[inline(always)]
fn fsub(x: f64, y: f64) -> f64 {
    x - y
}
#[inline(always)]
fn fmul(x: f64, y: f64) -> f64 {
    x * y
}
#[inline(always)]
fn fdiv(x: f64, y: f64) -> f64 {
    x / y
}
#[inline(always)]
fn fidiv(x: f64, y: f64) -> Option<f64> {
    Some(floor(x / y))
}
/// The remainder is a library call: slow, but for small whole numbers.
#[inline(always)]
fn fmod(_: f64, _: f64) -> Option<f64> {
    None
}
/// Floored modulo; the divisor is neither 0 nor -1. In 32 bits when both fit:
/// a 64-bit division takes several times as long on many machines.
#[inline(always)]
fn imod(x: i64, y: i64) -> i64 {
    if (x | y) as u64 >> 32 == 0 {
        return (x as u32 % y as u32) as i64;
    }
    let r = x.wrapping_rem(y);
    if r != 0 && (r ^ y) < 0 { r + y } else { r }
}
/// Floored division; the divisor is neither 0 nor -1.
#[inline(always)]
fn idivide(x: i64, y: i64) -> i64 {
    if (x | y) as u64 >> 32 == 0 {
        return (x as u32 / y as u32) as i64;
    }
    let q = x.wrapping_div(y);
    if (x ^ y) < 0 && q.wrapping_mul(y) != x {
        q - 1
    } else {
        q
    }
}

/// `x ^ 2` in place; other powers are library calls, slow operations.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn square<D: Dispatch, F: super::super::SlowOp>(
    d: D,
    vm: *mut State,
    pc: Pc,
    base: Base,
    k: K,
    x: *const Value,
    y: *const Value,
    slow: F,
) -> D::Out {
    // SAFETY: registers or constants.
    unsafe {
        let two = (*y).tag == tag::INT && (*y).payload == 2
            || (*y).tag == tag::FLOAT && (*y).as_float() == 2.0;
        if two && let Some(f) = float_of(x) {
            set_float(base.add(a(pc)), f * f);
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow, vm, pc, base, k)
    }
}

numeric!(add, rb, rc, i64::wrapping_add, fadd, slow::add);
numeric!(sub, rb, rc, i64::wrapping_sub, fsub, slow::sub);
numeric!(mul, rb, rc, i64::wrapping_mul, fmul, slow::mul);
numeric!(add_k, rb, kc, i64::wrapping_add, fadd, slow::add_k);
numeric!(sub_k, rb, kc, i64::wrapping_sub, fsub, slow::sub_k);
numeric!(mul_k, rb, kc, i64::wrapping_mul, fmul, slow::mul_k);
numeric!(k_add, kb, rc, i64::wrapping_add, fadd, slow::k_add);
numeric!(k_sub, kb, rc, i64::wrapping_sub, fsub, slow::k_sub);
numeric!(k_mul, kb, rc, i64::wrapping_mul, fmul, slow::k_mul);
floating!(div, rb, rc, fdiv, slow::div);
floating!(div_k, rb, kc, fdiv, slow::div_k);
floating!(k_div, kb, rc, fdiv, slow::k_div);
body!(pow, |d, vm, pc, base, k| {
    let (x, y) = (base.add(b(pc)), base.add(c(pc)));
    square(d, vm, pc, base, k, x, y, slow::pow)
});
body!(pow_k, |d, vm, pc, base, k| {
    let (x, y) = (base.add(b(pc)), k.add(c(pc)));
    square(d, vm, pc, base, k, x, y, slow::pow_k)
});
dividing!(mod_, rc, imod, fmod, slow::mod_);
dividing!(mod_k, kc, imod, fmod, slow::mod_k);
dividing!(idiv, rc, idivide, fidiv, slow::idiv);
dividing!(idiv_k, kc, idivide, fidiv, slow::idiv_k);
bitwise!(band, rc, |x, y| x & y, slow::band);
bitwise!(bor, rc, |x, y| x | y, slow::bor);
bitwise!(bxor, rc, |x, y| x ^ y, slow::bxor);
bitwise!(band_k, kc, |x, y| x & y, slow::band_k);
bitwise!(bor_k, kc, |x, y| x | y, slow::bor_k);
bitwise!(bxor_k, kc, |x, y| x ^ y, slow::bxor_k);
bitwise!(shl, rc, shift_left, slow::shl);
bitwise!(shr, rc, shift_right, slow::shr);

body!(add_i, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), (*x).as_int().wrapping_add(sc(pc)));
        return d.next(vm, pc.add(1), base, k);
    }
    if (*x).tag == tag::FLOAT {
        set_float(base.add(a(pc)), (*x).as_float() + sc(pc) as f64);
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::add_i, vm, pc, base, k)
});
body!(sub_i, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), (*x).as_int().wrapping_sub(sc(pc)));
        return d.next(vm, pc.add(1), base, k);
    }
    if (*x).tag == tag::FLOAT {
        set_float(base.add(a(pc)), (*x).as_float() - sc(pc) as f64);
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::sub_i, vm, pc, base, k)
});
body!(shl_i, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), shift_left((*x).as_int(), sc(pc)));
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::shl_i, vm, pc, base, k)
});
body!(shr_i, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), shift_right((*x).as_int(), sc(pc)));
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::shr_i, vm, pc, base, k)
});
body!(unm, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), (*x).as_int().wrapping_neg());
        return d.next(vm, pc.add(1), base, k);
    }
    if (*x).tag == tag::FLOAT {
        set_float(base.add(a(pc)), -(*x).as_float());
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::unm, vm, pc, base, k)
});
body!(bnot, |d, vm, pc, base, k| {
    let x = base.add(b(pc));
    if (*x).tag == tag::INT {
        set_int(base.add(a(pc)), !(*x).as_int());
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::bnot, vm, pc, base, k)
});
