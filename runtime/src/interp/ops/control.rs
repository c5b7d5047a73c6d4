//! Jumps, tests, and closing of variables.

use super::super::{Dispatch, Pc, a, b, copy, slow, x};
use super::data::body;
use crate::value::{Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

/// Takes the jump of a two-word instruction; polls when it goes backward.
#[inline(always)]
pub(super) unsafe fn jump<D: Dispatch>(d: D, vm: *mut State, pc: Pc, base: Base, k: K) -> D::Out {
    // SAFETY: the offset stays within the function.
    unsafe {
        let offset = x(pc, 1) as i32 as isize;
        let to = pc.offset(offset + 2);
        if offset < 0 && (*vm).mem.heap.poll() {
            return d.slow(slow::poll, vm, to, base, k);
        }
        d.next(vm, to, base, k)
    }
}

/// Jumps or falls through.
#[inline(always)]
pub(super) unsafe fn jump_if<D: Dispatch>(
    cond: bool,
    d: D,
    vm: *mut State,
    pc: Pc,
    base: Base,
    k: K,
) -> D::Out {
    // SAFETY: as for `jump`.
    unsafe {
        if cond {
            return jump(d, vm, pc, base, k);
        }
        d.next(vm, pc.add(2), base, k)
    }
}

body!(jmp, |d, vm, pc, base, k| {
    let offset = (*pc as i32 >> 8) as isize;
    let to = pc.offset(offset + 1);
    if (*vm).mem.heap.poll() {
        return d.slow(slow::poll_jump, vm, pc, base, k);
    }
    d.next(vm, to, base, k)
});
body!(jt, |d, vm, pc, base, k| {
    jump_if((*base.add(a(pc))).truthy(), d, vm, pc, base, k)
});
body!(jf, |d, vm, pc, base, k| {
    jump_if(!(*base.add(a(pc))).truthy(), d, vm, pc, base, k)
});
body!(jnil, |d, vm, pc, base, k| {
    jump_if((*base.add(a(pc))).tag == tag::NIL, d, vm, pc, base, k)
});
body!(jnotnil, |d, vm, pc, base, k| {
    jump_if((*base.add(a(pc))).tag != tag::NIL, d, vm, pc, base, k)
});
body!(testset_t, |d, vm, pc, base, k| {
    let v = base.add(b(pc));
    if (*v).truthy() {
        copy(base.add(a(pc)), v);
        return jump(d, vm, pc, base, k);
    }
    d.next(vm, pc.add(2), base, k)
});
body!(testset_f, |d, vm, pc, base, k| {
    let v = base.add(b(pc));
    if !(*v).truthy() {
        copy(base.add(a(pc)), v);
        return jump(d, vm, pc, base, k);
    }
    d.next(vm, pc.add(2), base, k)
});
body!(close, |d, vm, pc, base, k| {
    d.slow(slow::close, vm, pc, base, k)
});
body!(tbc, |d, vm, pc, base, k| {
    d.slow(slow::tbc, vm, pc, base, k)
});
body!(exit, |d, _vm, pc, base, k| { d.exit(pc, base, k) });
