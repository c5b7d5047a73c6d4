//! Raising and catching errors.
//!
//! An error's value is in `State::error`. `throw` looks down the running
//! thread's frames for who catches: a waiting `pcall` or `xpcall`, whose frame
//! is then the innermost; a Rust caller (`flag::BOUNDARY`), to whom `execute`
//! returns with `raised` set and who throws again if it does not handle it; or
//! the thread's end, then the coroutine is dead and its resumer gets the error.
//! A message handler runs before anything is unwound.

use super::call::{How, begin, call_from_rust, finish};
use super::{Regs, close, copy, coroutine, message};
use crate::object::event::Event;
use crate::object::thread::{Frame, flag, frame_kind};
use crate::value::Value;
use crate::vm::State;

/// Raises `State::error`.
///
/// # Safety
/// The frames are consistent.
pub(crate) unsafe fn throw(vm: *mut State) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let vm = &mut *vm;
        if !vm.handled {
            call_handler(vm);
        }
        let origin = vm.frame;
        loop {
            let f = vm.frame;
            match (*f).kind {
                frame_kind::PCALL | frame_kind::XPCALL => {
                    vm.unseal_for(f);
                    vm.handled = false;
                    (*f).aux = 1;
                    // A slot of the frame keeps the error alive while variables are closed.
                    *error_slot(f) = vm.error;
                    vm.error = Value::NIL;
                    return close_and_deliver(vm);
                }
                frame_kind::BOTTOM => {
                    // Not reached: the main thread is entered through boundaries.
                    vm.raised = true;
                    return vm.exit_regs();
                }
                _ => {}
            }
            let flags = (*f).flags;
            if flags & flag::THREAD_BASE != 0 {
                // The frames stay, for tracebacks of the dead coroutine.
                vm.frame = origin;
                return coroutine::failed(vm);
            }
            if flags & flag::BOUNDARY != 0 {
                // The values above stay intact until the variables are closed.
                let level = (*f).func;
                vm.frame = f.sub(1);
                vm.unseal_for(vm.frame);
                close_at_boundary(vm, level);
                vm.raised = true;
                return vm.exit_regs();
            }
            vm.frame = f.sub(1);
        }
    }
}

/// Where a protected call that caught an error keeps it: in its first slot, or
/// behind the message handler, which still sees the errors of closing.
unsafe fn error_slot(f: *const Frame) -> *mut Value {
    // SAFETY: `f` is the frame of a protected call, which had a function above its slots.
    unsafe { (*f).base.add(usize::from((*f).kind == frame_kind::XPCALL)) }
}

/// Closes variables at or above `level` when the error leaves to Rust.
unsafe fn close_at_boundary(vm: &mut State, level: *mut Value) {
    // SAFETY: `level` is on the running thread's stack.
    unsafe {
        let offset = level.offset_from(vm.thread.data().stack) as u32;
        while let Some(i) = close::pop_tbc(vm, offset) {
            let stack = vm.thread.data().stack;
            let v = *stack.add(i as usize);
            let m = vm.metamethod(v, Event::Close);
            vm.top = stack.add(i as usize + 1);
            let (error, handled) = (vm.error, vm.handled);
            for x in [m, v, error] {
                if vm.top.add(4) > vm.stack_limit {
                    let _ = vm.ensure_stack(vm.top, 8);
                }
                *vm.top = x;
                vm.top = vm.top.add(1);
            }
            vm.handles.push(error);
            let ok = call_from_rust(vm, 2, 0).is_ok();
            let kept = vm.handles.pop().unwrap_or(Value::NIL);
            if ok {
                vm.error = kept;
                vm.handled = handled;
            }
        }
        let level = vm.thread.data().stack.add(offset as usize);
        close::close_upvalues(vm, level);
        vm.top = level;
    }
}

/// Goes on with closing the variables of a `pcall` that caught an error; when
/// all are closed, its results are `false` and the error.
///
/// # Safety
/// The innermost frame is that `pcall`'s, with the error in its [`error_slot`].
pub(crate) unsafe fn close_and_deliver(vm: &mut State) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let f = vm.frame;
        let stack = vm.thread.data().stack;
        let level = (*f).base.offset_from(stack) as u32;
        if let Some(i) = close::pop_tbc(vm, level) {
            let v = *stack.add(i as usize);
            let m = vm.metamethod(v, Event::Close);
            let kept = error_slot(f);
            let at = stack.add(i as usize + 1).max(kept.add(1));
            vm.top = at;
            let error = *kept;
            if !vm.ensure_stack(at, 8) {
                return close_and_deliver(vm);
            }
            let at = vm.top;
            *at = m;
            *at.add(1) = v;
            *at.add(2) = error;
            return begin(
                vm,
                at,
                2,
                How {
                    nresults: 0,
                    flags: flag::NATIVE_CALLER,
                    cont: 0,
                    aux: 0,
                },
            );
        }
        close::close_upvalues(vm, (*f).base);
        let first = (*f).func;
        *first = Value::FALSE;
        *first.add(1) = *error_slot(f);
        finish(vm, first, 2)
    }
}

/// Lets the message handler of the nearest `xpcall` see the error.
///
/// # Safety
/// The frames are consistent.
pub(crate) unsafe fn call_handler(vm: &mut State) {
    // SAFETY: as the caller promised.
    unsafe {
        vm.handled = true;
        let mut f = vm.frame;
        let handler = loop {
            match (*f).kind {
                frame_kind::XPCALL => break *(*f).base,
                frame_kind::PCALL | frame_kind::BOTTOM => return,
                _ => {}
            }
            if (*f).flags & (flag::THREAD_BASE | flag::PROTECTED) != 0
                || f == vm.thread.data().frames
            {
                return;
            }
            f = f.sub(1);
        };
        if vm.is_exhausted() && handler.tag != crate::value::tag::NATIVE {
            // It would end at its first instruction.
            return;
        }
        vm.save_thread();
        let end = vm.thread.data().live_end();
        vm.handler_depth += 1;
        vm.top = end;
        if vm.ensure_stack(end, 64) {
            let error = vm.error;
            *vm.top = handler;
            copy(vm.top.add(1), &error);
            vm.top = vm.top.add(2);
            vm.handled = false;
            if call_from_rust(vm, 1, 1).is_ok() {
                vm.top = vm.top.sub(1);
                vm.error = *vm.top;
            }
        } else {
            vm.error = message::string_value(vm, b"error in error handling");
        }
        vm.handled = true;
        vm.handler_depth -= 1;
        if vm.handler_depth == 0 {
            vm.leave_reserve();
        }
    }
}
