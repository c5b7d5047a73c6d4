//! Dispatch by `loop { match }`, for builds in which tail calls are not made.

use super::{Dispatch, Pc, Regs, SlowOp};
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
    unsafe { while super::table::step(vm, &mut r) {} }
}
