//! Closing upvalues and to-be-closed variables.

use crate::object::event::Event;
use crate::object::function::Upvalue;
use crate::value::Value;
use crate::vm::State;

/// The open upvalue for the register at `at`, made if there is none.
///
/// # Safety
/// `at` is on the running thread's stack.
pub(crate) unsafe fn find_upvalue(vm: &mut State, at: *mut Value) -> Upvalue {
    let t = vm.thread.data();
    let mut before: Option<Upvalue> = None;
    let mut next = t.open;
    while let Some(o) = next {
        let u = Upvalue(o);
        let p = u.cell().at.get();
        if p == at {
            return u;
        }
        if p < at {
            break;
        }
        before = Some(u);
        next = u.cell().next_open.get();
    }
    let u = Upvalue::open(&mut vm.mem, at, vm.thread.0, next);
    match before {
        None => t.open = Some(u.0),
        Some(b) => b.cell().next_open.set(Some(u.0)),
    }
    u
}

/// Closes all open upvalues at or above `level`.
///
/// # Safety
/// `level` is on the running thread's stack.
pub(crate) unsafe fn close_upvalues(vm: &mut State, level: *mut Value) {
    let t = vm.thread.data();
    while let Some(o) = t.open {
        let u = Upvalue(o);
        if u.cell().at.get() < level {
            break;
        }
        t.open = u.cell().next_open.get();
        u.close(&mut vm.mem);
    }
}

/// Takes the last to-be-closed variable at or above stack slot `level`.
pub(crate) fn pop_tbc(vm: &mut State, level: u32) -> Option<u32> {
    let tbc = &mut vm.thread.data().tbc;
    match tbc.last() {
        Some(&i) if i >= level => tbc.pop(),
        _ => None,
    }
}

/// Marks the variable at `at` as to-be-closed. False: its value can't be closed.
///
/// # Safety
/// `at` is on the running thread's stack.
pub(crate) unsafe fn mark_tbc(vm: &mut State, at: *mut Value) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        if !(*at).truthy() {
            return true;
        }
        if vm.metamethod(*at, Event::Close).is_nil() {
            return false;
        }
        let t = vm.thread.data();
        t.tbc.push(at.offset_from(t.stack) as u32);
        true
    }
}
