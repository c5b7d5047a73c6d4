//! Dispatch by `loop { match }`, for builds in which tail calls are not made.

use super::{Dispatch, Mode, Pc, Regs, SlowOp};
use crate::value::Value;
use crate::vm::State;

/// A body's end returns the registers to the loop.
#[derive(Clone, Copy)]
pub(super) struct Loop;

impl Dispatch for Loop {
    type Out = Regs;
    #[inline(always)]
    unsafe fn next(self, _: *mut State, pc: Pc, base: *mut Value, k: *const Value) -> Regs {
        Regs { pc, base, k }
    }
    #[inline(always)]
    unsafe fn slow<F: SlowOp>(
        self,
        op: F,
        vm: *mut State,
        pc: Pc,
        base: *mut Value,
        k: *const Value,
    ) -> Regs {
        op(vm, pc, base, k)
    }
    #[inline(always)]
    unsafe fn exit(self, pc: Pc, base: *mut Value, k: *const Value) -> Regs {
        Regs { pc, base, k }
    }
}

/// Runs until EXIT.
///
/// # Safety
/// `r` are valid registers of `vm`'s innermost frame.
pub(crate) unsafe fn execute(vm: *mut State, mut r: Regs) {
    // SAFETY: as the caller promised; each body returns valid registers.
    unsafe {
        loop {
            if (*vm).hook_mask != 0 && *(r.pc as *const u8) != super::hook::EXIT {
                let at = super::hook::step(vm, r.pc, r.base, r.k).pc;
                let f = (*vm).frame;
                let same = at == r.pc;
                r = Regs {
                    pc: at,
                    base: (*f).base,
                    k: (*f).k,
                };
                if !same {
                    continue;
                }
                // Calls and returns of which hooks are told happen in slow operations.
                let slow = match *(r.pc as *const u8) {
                    super::hook::CALL => super::slow::call,
                    super::hook::RETURN0 => super::slow::return0,
                    super::hook::RETURN1 => super::slow::return1,
                    _ => {
                        if !super::table::step(vm, &mut r) {
                            return;
                        }
                        continue;
                    }
                };
                r = slow(vm, r.pc, r.base, r.k);
                continue;
            }
            if (*vm).is_counting() && *(r.pc as *const u8) != super::hook::EXIT {
                (*vm).ticks -= 1;
                if (*vm).ticks < 0 {
                    let at = super::limit::tick(vm, r.pc, r.base, r.k).pc;
                    let f = (*vm).frame;
                    let same = at == r.pc;
                    r = Regs {
                        pc: at,
                        base: (*f).base,
                        k: (*f).k,
                    };
                    if !same {
                        continue;
                    }
                }
            }
            if !super::table::step(vm, &mut r) {
                return;
            }
        }
    }
}

/// There are no tables of handlers here.
pub(super) fn table(_: Mode) -> *const () {
    std::ptr::null()
}
