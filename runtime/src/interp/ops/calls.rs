//! Calls, returns and variable arguments.

use super::super::{Dispatch, Pc, Regs, a, b, c, copy, copy_values, slow};
use super::data::{body, running};
use crate::object::function::Closure;
use crate::value::{Value, tag};
use crate::vm::State;

type Base = *mut Value;
type K = *const Value;

body!(call, |d, vm, pc, base, k| {
    let func = base.add(a(pc));
    if (*func).tag != tag::CLOSURE {
        if (*func).tag == tag::NATIVE {
            return d.slow(super::super::call::call_native, vm, pc, base, k);
        }
        return d.slow(slow::call, vm, pc, base, k);
    }
    let proto = Closure::of(*func).cell().data;
    let first = func.add(1);
    let frame = (*vm).frame;
    if first.add((*proto).max_stack as usize) > (*vm).stack_limit
        || frame >= (*vm).frame_end
        || (*vm).mem.heap.poll()
    {
        return d.slow(slow::call, vm, pc, base, k);
    }
    if b(pc) != 0 {
        (*vm).top = func.add(b(pc));
    }
    let end = first.add((*proto).num_params as usize);
    let mut arg = (*vm).top;
    while arg < end {
        (*arg).tag = tag::NIL;
        arg = arg.add(1);
    }
    (*frame).pc = pc.add(1);
    let callee = frame.add(1);
    (*callee).func = func;
    (*callee).base = first;
    (*callee).k = (*proto).k;
    (*callee).nresults = c(pc) as i32 - 1;
    (*callee).flags = 0;
    (*callee).kind = 0;
    (*callee).cont = 0;
    (*callee).extra = 0;
    (*vm).frame = callee;
    d.next(vm, (*proto).code, first, (*proto).k)
});
body!(tail_call, |d, vm, pc, base, k| {
    d.slow(slow::tail_call, vm, pc, base, k)
});
body!(return0, |d, vm, pc, base, k| {
    let frame = (*vm).frame;
    if (*frame).flags == 0 {
        let caller = frame.sub(1);
        let func = (*frame).func;
        let wanted = (*frame).nresults;
        (*vm).frame = caller;
        if wanted <= 0 {
            // For an open list of results.
            (*vm).top = func;
            return d.next(vm, (*caller).pc, (*caller).base, (*caller).k);
        }
        let mut i = 0;
        while i < wanted as usize {
            (*func.add(i)).tag = tag::NIL;
            i += 1;
        }
        return d.next(vm, (*caller).pc, (*caller).base, (*caller).k);
    }
    d.slow(slow::return0, vm, pc, base, k)
});
body!(return1, |d, vm, pc, base, k| {
    let frame = (*vm).frame;
    if (*frame).flags == 0 {
        let caller = frame.sub(1);
        let func = (*frame).func;
        let wanted = (*frame).nresults;
        copy(func, base.add(a(pc)));
        (*vm).frame = caller;
        if wanted == 1 {
            return d.next(vm, (*caller).pc, (*caller).base, (*caller).k);
        }
        (*vm).top = func.add(1);
        let mut i = 1;
        while i < wanted {
            (*func.add(i as usize)).tag = tag::NIL;
            i += 1;
        }
        return d.next(vm, (*caller).pc, (*caller).base, (*caller).k);
    }
    d.slow(slow::return1, vm, pc, base, k)
});
body!(return_, |d, vm, pc, base, k| {
    d.slow(slow::return_, vm, pc, base, k)
});
body!(vararg_prep, |d, vm, pc, base, k| {
    // `top` is behind the last argument.
    let fixed = a(pc);
    let got = (*vm).top.offset_from(base);
    if got <= fixed as isize {
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(vararg_shift, vm, pc, base, k)
});

/// Moves the function and its fixed parameters above the extra arguments.
#[inline(always)]
fn vararg_shift(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: as for the bodies; room is made first.
    unsafe {
        let fixed = a(pc);
        let mut base = base;
        let got = (*vm).top.offset_from(base) as usize;
        let size = running(base).proto().max_stack as usize;
        let mut new = base.add(got + 1);
        if new.add(size) > (*vm).stack_limit {
            (*(*vm).frame).pc = pc.add(1);
            if !(*vm).ensure_stack(new, size) {
                return slow::stack_overflow(vm);
            }
            base = (*(*vm).frame).base;
            new = base.add(got + 1);
        }
        copy(new.sub(1), base.sub(1));
        for i in 0..fixed {
            copy(new.add(i), base.add(i));
            (*base.add(i)).tag = tag::NIL;
        }
        (*(*vm).frame).base = new;
        (*(*vm).frame).extra = (got - fixed) as u32;
        Regs {
            pc: pc.add(1),
            base: new,
            k,
        }
    }
}
body!(vararg, |d, vm, pc, base, k| {
    d.slow(vararg_copy, vm, pc, base, k)
});

/// Copies the extra arguments.
#[inline(always)]
fn vararg_copy(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: as for `vararg_shift`.
    unsafe {
        let mut base = base;
        let have = (*(*vm).frame).extra as usize;
        let wanted = match c(pc) {
            0 => {
                let mut r = base.add(a(pc));
                if r.add(have) > (*vm).stack_limit {
                    (*(*vm).frame).pc = pc.add(1);
                    if !(*vm).ensure_stack(r, have) {
                        return slow::stack_overflow(vm);
                    }
                    base = (*(*vm).frame).base;
                    r = base.add(a(pc));
                }
                (*vm).top = r.add(have);
                have
            }
            n => n - 1,
        };
        let r = base.add(a(pc));
        let from = base.sub(1 + have);
        copy_values(&mut *vm, r, from, wanted.min(have));
        for i in have..wanted {
            (*r.add(i)).tag = tag::NIL;
        }
        Regs {
            pc: pc.add(1),
            base,
            k,
        }
    }
}
