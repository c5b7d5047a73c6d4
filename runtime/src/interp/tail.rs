//! Dispatch by tail calls: every handler ends in a jump to the next one.

use super::{Dispatch, Mode, Pc, Regs, SlowOp};
use crate::value::Value;
use crate::vm::State;

/// A handler: the interpreter's registers, and the table of handlers.
pub(super) type Handler =
    unsafe fn(*mut State, Pc, *mut Value, *const Value, *const TableEntry) -> ();

/// An entry of the table (a named type, because `Handler` mentions it).
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct TableEntry(pub Handler);

/// Dispatch through a table of handlers.
#[derive(Clone, Copy)]
pub(super) struct Tail(pub *const TableEntry);

impl Dispatch for Tail {
    type Out = ();
    #[inline(always)]
    unsafe fn next(self, vm: *mut State, pc: Pc, base: *mut Value, k: *const Value) {
        // SAFETY: the table has an entry for each of the 256 opcode bytes.
        unsafe {
            let op = *(pc as *const u8) as usize;
            ((*self.0.add(op)).0)(vm, pc, base, k, self.0)
        }
    }
    #[inline(always)]
    unsafe fn slow<F: SlowOp>(
        self,
        op: F,
        vm: *mut State,
        pc: Pc,
        base: *mut Value,
        k: *const Value,
    ) {
        // SAFETY: as for the caller; `op` is zero-sized and takes no register.
        unsafe { slow_handler(vm, pc, base, k, self.0, op) }
    }
    #[inline(always)]
    unsafe fn exit(self, _: Pc, _: *mut Value, _: *const Value) {}
}

#[inline(never)]
unsafe fn slow_handler<F: SlowOp>(
    vm: *mut State,
    pc: Pc,
    base: *mut Value,
    k: *const Value,
    _: *const TableEntry,
    op: F,
) {
    // SAFETY: a slow operation returns valid registers, and `base` and `k` are
    // those of the innermost frame.
    unsafe {
        let pc = slow_body(vm, pc, base, k, op);
        let f = (*vm).frame;
        // The operation may have turned hooks on or off.
        Tail((*vm).dispatch as *const TableEntry).next(vm, pc, (*f).base, (*f).k)
    }
}

/// The operation itself. It returns one word: a result in memory would be a
/// local whose address escapes, and then `slow_handler` could not tail-call.
#[inline(never)]
fn slow_body<F: SlowOp>(vm: *mut State, pc: Pc, base: *mut Value, k: *const Value, op: F) -> Pc {
    op(vm, pc, base, k).pc
}

/// Runs until EXIT.
///
/// # Safety
/// `r` are valid registers of `vm`'s innermost frame.
pub(crate) unsafe fn execute(vm: *mut State, r: Regs) {
    // SAFETY: as the caller promised.
    unsafe { Tail((*vm).dispatch as *const TableEntry).next(vm, r.pc, r.base, r.k) }
}

/// The table of handlers to use.
pub(super) fn table(mode: Mode) -> *const () {
    let t = match mode {
        Mode::Plain => &super::table::HANDLERS,
        Mode::Counted => &super::table::COUNTED,
        Mode::Hooked => &super::table::HOOKED,
    };
    t.0.as_ptr() as *const ()
}

/// The handler of all instructions while they are counted.
pub(super) unsafe fn counted(
    vm: *mut State,
    pc: Pc,
    base: *mut Value,
    k: *const Value,
    table: *const TableEntry,
) {
    // SAFETY: as for `next`.
    unsafe {
        let left = (*vm).ticks - 1;
        (*vm).ticks = left;
        if left < 0 {
            return tick(vm, pc, base, k, table);
        }
        let own = super::table::HANDLERS.0[*(pc as *const u8) as usize].0;
        own(vm, pc, base, k, table)
    }
}

/// The count is at its end.
#[cold]
#[inline(never)]
unsafe fn tick(vm: *mut State, pc: Pc, base: *mut Value, k: *const Value, _: *const TableEntry) {
    // SAFETY: as for `slow_handler`.
    unsafe {
        let at = slow_body(vm, pc, base, k, super::limit::tick);
        let f = (*vm).frame;
        let (base, k) = ((*f).base, (*f).k);
        let table = (*vm).dispatch as *const TableEntry;
        if at != pc {
            return Tail(table).next(vm, at, base, k);
        }
        let own = super::table::HANDLERS.0[*(pc as *const u8) as usize].0;
        own(vm, pc, base, k, table)
    }
}

/// The handler of all instructions while a hook is on: the hook first, then the
/// instruction's own handler.
pub(super) unsafe fn hooked(
    vm: *mut State,
    pc: Pc,
    base: *mut Value,
    k: *const Value,
    table: *const TableEntry,
) {
    // SAFETY: as for `slow_handler`.
    unsafe {
        let at = slow_body(vm, pc, base, k, super::hook::step);
        let f = (*vm).frame;
        let (base, k) = ((*f).base, (*f).k);
        if at != pc {
            // The hook raised an error.
            return Tail((*vm).dispatch as *const TableEntry).next(vm, at, base, k);
        }
        // Calls and returns of which hooks are told happen in slow operations.
        match *(pc as *const u8) {
            super::hook::CALL => slow_handler(vm, pc, base, k, table, super::slow::call),
            super::hook::RETURN0 => slow_handler(vm, pc, base, k, table, super::slow::return0),
            super::hook::RETURN1 => slow_handler(vm, pc, base, k, table, super::slow::return1),
            op => {
                let own = super::table::HANDLERS.0[op as usize].0;
                own(vm, pc, base, k, (*vm).dispatch as *const TableEntry)
            }
        }
    }
}
