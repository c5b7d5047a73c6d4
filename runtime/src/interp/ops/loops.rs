//! Numerical and generic `for`.

use super::super::{Dispatch, Pc, a, c, copy, set_float, set_int, slow, x};
use super::data::body;
use crate::native::NEXT;
use crate::object::function::Native;
use crate::object::table::Table;
use crate::value::{Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

/// Jumps by X1 and polls.
#[inline(always)]
unsafe fn loop_back<D: Dispatch>(d: D, vm: *mut State, pc: Pc, base: Base, k: K) -> D::Out {
    // SAFETY: the offset stays within the function.
    unsafe {
        let to = pc.offset(x(pc, 1) as i32 as isize + 2);
        if (*vm).mem.heap.poll() {
            return d.slow(slow::poll, vm, to, base, k);
        }
        d.next(vm, to, base, k)
    }
}

body!(for_loop, |d, vm, pc, base, k| {
    let r = base.add(a(pc));
    if (*r).tag == tag::INT {
        // R[A+1] counts the iterations that remain.
        let left = (*r.add(1)).payload;
        if left == 0 {
            return d.next(vm, pc.add(2), base, k);
        }
        let i = (*r).as_int().wrapping_add((*r.add(2)).as_int());
        (*r.add(1)).payload = left - 1;
        (*r).payload = i as u64;
        set_int(r.add(3), i);
        return loop_back(d, vm, pc, base, k);
    }
    let step = (*r.add(2)).as_float();
    let limit = (*r.add(1)).as_float();
    let i = (*r).as_float() + step;
    if if step > 0.0 { i <= limit } else { limit <= i } {
        (*r).payload = i.to_bits();
        set_float(r.add(3), i);
        return loop_back(d, vm, pc, base, k);
    }
    d.next(vm, pc.add(2), base, k)
});
body!(for_prep, |d, vm, pc, base, k| {
    let r = base.add(a(pc));
    if (*r).tag == tag::INT && (*r.add(1)).tag == tag::INT && (*r.add(2)).tag == tag::INT {
        let (i, limit, step) = ((*r).as_int(), (*r.add(1)).as_int(), (*r.add(2)).as_int());
        if step == 1 {
            if i > limit {
                return d.next(vm, pc.offset(x(pc, 1) as i32 as isize + 2), base, k);
            }
            (*r.add(1)).payload = (limit as u64).wrapping_sub(i as u64);
            set_int(r.add(3), i);
            return d.next(vm, pc.add(2), base, k);
        }
    }
    d.slow(slow::for_prep, vm, pc, base, k)
});
body!(tfor_prep, |d, vm, pc, base, k| {
    let r = base.add(a(pc));
    if (*r.add(3)).tag == tag::NIL {
        if (*r).tag == tag::NATIVE
            && std::ptr::eq(Native::of(*r).def(), NEXT)
            && (*r.add(1)).tag == tag::TABLE
            && (*r.add(2)).tag == tag::NIL
        {
            // A traversal by `next`: the hidden fourth value is its position.
            (*r.add(3)).tag = tag::POSITION;
            (*r.add(3)).payload = 0;
        }
        return d.next(vm, pc.offset(x(pc, 1) as i32 as isize + 2), base, k);
    }
    d.slow(slow::tfor_prep, vm, pc, base, k)
});
body!(tfor_call, |d, vm, pc, base, k| {
    let r = base.add(a(pc));
    if (*r.add(3)).tag == tag::POSITION {
        return d.slow(tfor_next, vm, pc, base, k);
    }
    d.slow(slow::tfor_call, vm, pc, base, k)
});

/// One step of a traversal by `next` at a position, with the TFORLOOP behind it.
#[inline(always)]
fn tfor_next(vm: *mut State, pc: Pc, base: Base, k: K) -> super::super::Regs {
    // SAFETY: as for the bodies; `tfor_prep` made sure of a table, and hidden
    // registers are out of the program's reach (`debug.setlocal` refuses them).
    unsafe {
        let r = base.add(a(pc));
        let t = Table((*r.add(1)).obj());
        let wanted = c(pc);
        let pc = pc.add(1);
        match t.next_at(&(*vm).mem, (*r.add(3)).payload) {
            Some((position, key, value)) => {
                (*r.add(3)).payload = position;
                copy(r.add(2), &key);
                copy(r.add(4), &key);
                if wanted > 1 {
                    copy(r.add(5), &value);
                    for i in 2..wanted {
                        *r.add(4 + i) = Value::NIL;
                    }
                }
                let to = pc.offset(x(pc, 1) as i32 as isize + 2);
                if (*vm).mem.heap.poll() {
                    return slow::poll(vm, to, base, k);
                }
                super::super::Regs { pc: to, base, k }
            }
            None => {
                *r.add(4) = Value::NIL;
                super::super::Regs {
                    pc: pc.add(2),
                    base,
                    k,
                }
            }
        }
    }
}
body!(tfor_loop, |d, vm, pc, base, k| {
    let r = base.add(a(pc));
    if (*r.add(4)).tag != tag::NIL {
        copy(r.add(2), r.add(4));
        return loop_back(d, vm, pc, base, k);
    }
    d.next(vm, pc.add(2), base, k)
});
