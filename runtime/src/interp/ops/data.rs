//! Loads, moves, upvalues, closures, `not` and concatenation.

use super::super::{Dispatch, Pc, a, b, bx, copy, sbx, set_float, set_int, slow, x};
use crate::object::function::Closure;
use crate::value::{ADDR_MASK, Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

/// The running closure.
#[inline(always)]
pub(in super::super) unsafe fn running(base: Base) -> Closure {
    // SAFETY: `base[-1]` of a Lua frame is its closure.
    unsafe { Closure::of(*base.sub(1)) }
}

macro_rules! body {
    ($(#[$m:meta])* $name:ident, |$d:ident, $vm:ident, $pc:ident, $base:ident, $k:ident| $e:block) => {
        $(#[$m])*
        #[inline(always)]
        pub(in super::super) unsafe fn $name<D: Dispatch>($d: D, $vm: *mut State, $pc: Pc, $base: Base, $k: K) -> D::Out {
            // SAFETY: the interpreter's registers are valid (rules in `interp/mod.rs`),
            // operands are in range (the compiler's promise, or the checker's).
            unsafe { $e }
        }
    };
}
pub(super) use body;

body!(mov, |d, vm, pc, base, k| {
    copy(base.add(a(pc)), base.add(b(pc)));
    d.next(vm, pc.add(1), base, k)
});
body!(load_i, |d, vm, pc, base, k| {
    set_int(base.add(a(pc)), sbx(pc));
    d.next(vm, pc.add(1), base, k)
});
body!(load_f, |d, vm, pc, base, k| {
    set_float(base.add(a(pc)), sbx(pc) as f64);
    d.next(vm, pc.add(1), base, k)
});
body!(load_k, |d, vm, pc, base, k| {
    copy(base.add(a(pc)), k.add(bx(pc)));
    d.next(vm, pc.add(1), base, k)
});
body!(load_kx, |d, vm, pc, base, k| {
    copy(base.add(a(pc)), k.add(x(pc, 1) as usize));
    d.next(vm, pc.add(2), base, k)
});
body!(load_nil, |d, vm, pc, base, k| {
    let mut r = base.add(a(pc));
    let end = r.add(b(pc));
    while r <= end {
        (*r).tag = tag::NIL;
        r = r.add(1);
    }
    d.next(vm, pc.add(1), base, k)
});
body!(load_false, |d, vm, pc, base, k| {
    (*base.add(a(pc))).tag = tag::FALSE;
    d.next(vm, pc.add(1), base, k)
});
body!(load_false_skip, |d, vm, pc, base, k| {
    (*base.add(a(pc))).tag = tag::FALSE;
    d.next(vm, pc.add(2), base, k)
});
body!(load_true, |d, vm, pc, base, k| {
    (*base.add(a(pc))).tag = tag::TRUE;
    d.next(vm, pc.add(1), base, k)
});
body!(not, |d, vm, pc, base, k| {
    let t = (*base.add(b(pc))).truthy();
    (*base.add(a(pc))).tag = tag::TRUE - t as u64;
    d.next(vm, pc.add(1), base, k)
});
body!(get_upval, |d, vm, pc, base, k| {
    let u = running(base).upvalue(b(pc));
    let v = u.get();
    copy(base.add(a(pc)), &v);
    d.next(vm, pc.add(1), base, k)
});
body!(set_upval, |d, vm, pc, base, k| {
    let u = running(base).upvalue(b(pc));
    let v = *base.add(a(pc));
    let at = u.cell().at.get();
    if !at.is_null() && u.cell().slot.load() & ADDR_MASK == (*vm).thread.0.addr() as u64 {
        *at = v;
        return d.next(vm, pc.add(1), base, k);
    }
    if at.is_null()
        && let Some(w) = v.to_word()
        && u.cell().slot.try_set(u.0, w)
    {
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::set_upval, vm, pc, base, k)
});
body!(closure, |d, vm, pc, base, k| {
    d.slow(slow::closure, vm, pc, base, k)
});
body!(concat, |d, vm, pc, base, k| {
    d.slow(slow::concat, vm, pc, base, k)
});
