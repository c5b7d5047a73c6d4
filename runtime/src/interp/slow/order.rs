//! Comparisons with metamethods, of strings, and of mixed numbers.
//!
//! Slow operations: see `slow/mod.rs`.

use super::numbers::{kb, rb};
use super::*;

/// Takes or skips the jump of the instruction at `pc`.
unsafe fn branch(vm: *mut State, pc: Pc, base: Base, k: K, taken: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        if !taken {
            return Regs {
                pc: pc.add(2),
                base,
                k,
            };
        }
        let offset = x(pc, 1) as i32 as isize;
        let to = pc.offset(offset + 2);
        if offset < 0 && (*vm).mem.heap.poll() {
            return poll(vm, to, base, k);
        }
        Regs { pc: to, base, k }
    }
}

fn equal(vm: *mut State, r: Regs, x: Value, y: Value, expect: bool, raw: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        let pc = r.pc;
        save(vm, pc);
        if compare::raw_equal(x, y) {
            return branch(vm, pc, r.base, r.k, expect);
        }
        if !raw && let Some(m) = compare::eq_metamethod(&*vm, x, y) {
            let how = if expect {
                cont::JUMP_IF
            } else {
                cont::JUMP_IF_NOT
            };
            return call_meta(vm, m, &[x, y], pc.add(2), how, 0);
        }
        branch(vm, pc, r.base, r.k, !expect)
    }
}

fn ordered(vm: *mut State, r: Regs, x: Value, y: Value, event: Event, expect: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        let pc = r.pc;
        save(vm, pc);
        let state = &mut *vm;
        match compare::raw_cmp(x, y) {
            Ok(o) => {
                let holds = match event {
                    Event::Lt => o.is_some_and(|o| o.is_lt()),
                    _ => o.is_some_and(|o| o.is_le()),
                };
                branch(vm, pc, r.base, r.k, holds == expect)
            }
            Err(()) => {
                let Some(call) = compare::order_metamethod(state, x, y, event) else {
                    return message::compare_error(state, x, y);
                };
                let how = if expect != call.negated {
                    cont::JUMP_IF
                } else {
                    cont::JUMP_IF_NOT
                };
                call_meta(vm, call.metamethod, &call.arguments, pc.add(2), how, 0)
            }
        }
    }
}

macro_rules! comparisons {
    ($($name:ident = $f:ident($($arg:expr),*) with $x:ident $y:ident;)*) => {$(
        pub(in crate::interp) fn $name(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
            // SAFETY: see above.
            let (x, y) = unsafe { ($x(pc, base, k), $y(pc, base, k)) };
            $f(vm, Regs { pc, base, k }, x, y, $($arg),*)
        }
    )*};
}
unsafe fn ra(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand A is a register.
    unsafe { *base.add(a(pc)) }
}
unsafe fn imm(pc: Pc, _: Base, _: K) -> Value {
    // SAFETY: the instruction has an immediate.
    Value::int(unsafe { sbx(pc) })
}
comparisons! {
    jeq = equal(true, false) with ra rb;
    jne = equal(false, false) with ra rb;
    jeqk = equal(true, true) with ra kb;
    jnek = equal(false, true) with ra kb;
    jlt = ordered(Event::Lt, true) with ra rb;
    jnlt = ordered(Event::Lt, false) with ra rb;
    jle = ordered(Event::Le, true) with ra rb;
    jnle = ordered(Event::Le, false) with ra rb;
    jlti = ordered(Event::Lt, true) with ra imm;
    jnlti = ordered(Event::Lt, false) with ra imm;
    jlei = ordered(Event::Le, true) with ra imm;
    jnlei = ordered(Event::Le, false) with ra imm;
    jgti = ordered(Event::Lt, true) with imm ra;
    jngti = ordered(Event::Lt, false) with imm ra;
    jgei = ordered(Event::Le, true) with imm ra;
    jngei = ordered(Event::Le, false) with imm ra;
}
