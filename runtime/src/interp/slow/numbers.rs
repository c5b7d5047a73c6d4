//! Arithmetic and bitwise operations on what the bodies do not handle.
//!
//! Slow operations: see `slow/mod.rs`.

use super::*;

/// A binary operation whose operands are `x` and `y`.
#[inline(never)]
fn binary(vm: *mut State, pc: Pc, r: Regs, op: ArithOp, x: Value, y: Value) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        match arith::raw(op, x, y) {
            Ok(v) => {
                *r.base.add(a(pc)) = v;
                Regs { pc: pc.add(1), ..r }
            }
            Err(arith::Fail::DivideByZero) => message::error(
                state,
                if matches!(op, ArithOp::Mod) {
                    b"attempt to perform 'n%0'"
                } else {
                    b"attempt to divide by zero"
                },
            ),
            Err(f) => {
                let event = op.event();
                let mut m = state.metamethod(x, event);
                if m.is_nil() {
                    m = state.metamethod(y, event);
                }
                if !m.is_nil() {
                    return call_meta(vm, m, &[x, y], pc.add(1), cont::STORE, a(pc));
                }
                message::arith_error(state, pc, op, x, y, matches!(f, arith::Fail::NoInteger))
            }
        }
    }
}

macro_rules! binaries {
    ($($name:ident $op:ident $x:ident $y:ident;)*) => {$(
        #[cold]
        pub(in crate::interp) fn $name(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
            // SAFETY: see above.
            let (x, y) = unsafe { ($x(pc, base, k), $y(pc, base, k)) };
            binary(vm, pc, Regs { pc, base, k }, ArithOp::$op, x, y)
        }
    )*};
}
pub(super) unsafe fn rb(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand B is a register.
    unsafe { *base.add(b(pc)) }
}
pub(super) unsafe fn rc(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand C is a register.
    unsafe { *base.add(c(pc)) }
}
pub(super) unsafe fn kb(pc: Pc, _: Base, k: K) -> Value {
    // SAFETY: operand B is a constant.
    unsafe { *k.add(b(pc)) }
}
pub(super) unsafe fn kc(pc: Pc, _: Base, k: K) -> Value {
    // SAFETY: operand C is a constant.
    unsafe { *k.add(c(pc)) }
}
unsafe fn ic(pc: Pc, _: Base, _: K) -> Value {
    // SAFETY: operand C is an immediate.
    Value::int(unsafe { sc(pc) })
}
binaries! {
    add Add rb rc; sub Sub rb rc; mul Mul rb rc; div Div rb rc; mod_ Mod rb rc; idiv IDiv rb rc;
    pow Pow rb rc; band BAnd rb rc; bor BOr rb rc; bxor BXor rb rc; shl Shl rb rc; shr Shr rb rc;
    add_k Add rb kc; sub_k Sub rb kc; mul_k Mul rb kc; div_k Div rb kc; mod_k Mod rb kc;
    idiv_k IDiv rb kc; pow_k Pow rb kc; band_k BAnd rb kc; bor_k BOr rb kc; bxor_k BXor rb kc;
    k_add Add kb rc; k_sub Sub kb rc; k_mul Mul kb rc; k_div Div kb rc;
    add_i Add rb ic; sub_i Sub rb ic; shl_i Shl rb ic; shr_i Shr rb ic;
    unm Unm rb rb; bnot BNot rb rb;
}
