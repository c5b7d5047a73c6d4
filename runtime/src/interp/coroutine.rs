//! Switching between coroutines. A resume does not recurse on the Rust stack:
//! the interpreter goes on with the other thread's frames.

use super::call::{How, begin, finish};
use super::unwind::throw;
use super::{Regs, copy, message};
use crate::object::thread::{Status, ThreadObj, flag, frame_kind};
use crate::value::{Value, tag};
use crate::vm::{MAX_NATIVE_DEPTH, State};
use moonsweep_gc::prefetch_line;

/// Leaves the running thread for `t`.
unsafe fn switch(vm: &mut State, t: ThreadObj) {
    vm.save_thread();
    let from = vm.thread.data();
    from.suspended_at = vm.collections;
    // It ran since it was last seen by the collector.
    let from_cell = vm.thread.0;
    vm.touch(from_cell);
    let d = t.data();
    // SAFETY: `t` is suspended, so its saved state is current.
    unsafe {
        if d.suspended_at != vm.collections {
            d.clear_stale();
        }
    }
    // Its stack will change: tell the collector before.
    vm.touch(t.0);
    vm.load_thread(t);
}

/// Resumes the thread at `top - n - 1` with the `n` values behind it.
///
/// # Safety
/// The innermost frame is the native's that asks.
pub(crate) unsafe fn resume(vm: &mut State, n: usize, kind: u8) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let frame = vm.frame;
        (*frame).kind = kind;
        let args = vm.top.sub(n);
        let t = *args.sub(1);
        debug_assert!(t.tag == tag::THREAD);
        let t = ThreadObj(t.obj());
        let d = t.data();
        // A coroutine that has not run for a while is in no cache: its innermost frame
        // and the end of its stack are fetched side by side.
        prefetch_line(d.frame.cast());
        prefetch_line(d.top.cast());
        prefetch_line(d.top.wrapping_sub(4).cast());
        prefetch_line(d.top.wrapping_sub(8).cast());
        let refusal: Option<&[u8]> = match d.status {
            Status::Dead => Some(b"cannot resume dead coroutine"),
            Status::Running | Status::Normal => Some(b"cannot resume non-suspended coroutine"),
            Status::Suspended if vm.native_depth >= MAX_NATIVE_DEPTH => Some(b"C stack overflow"),
            Status::Suspended => None,
        };
        if let Some(text) = refusal {
            vm.error = message::string_value(vm, text);
            return deliver_error(vm, None);
        }
        // The arguments move to the other stack.
        let fresh = (*d.frame).kind == frame_kind::BOTTOM;
        let used = d.top.offset_from(d.stack) as usize;
        if used + n + 8 > d.capacity || d.top.add(n + 8) > d.soft_limit {
            let before = d.bytes();
            if used + n + 64 > crate::object::thread::MAX_STACK
                || (used + n + 8 > d.capacity && !d.grow_stack(used + n + 64))
            {
                vm.error = message::string_value(vm, b"stack overflow");
                return deliver_error(vm, None);
            }
            vm.mem.heap.external(d.bytes() as isize - before as isize);
            d.clear_stale();
            d.raise_limit(used + n + 8);
        }
        vm.touch(t.0);
        for i in 0..n {
            copy(d.top.add(i), args.add(i));
        }
        d.top = d.top.add(n);
        vm.top = args.sub(1);
        vm.thread.data().status = Status::Normal;
        d.resumer = Some(vm.thread.0);
        d.status = Status::Running;
        vm.native_depth += 1;
        switch(vm, t);
        let first = vm.top.sub(n);
        if fresh {
            let how = How {
                nresults: -1,
                flags: flag::THREAD_BASE,
                cont: 0,
                aux: 0,
            };
            return begin(vm, first.sub(1), n, how);
        }
        // The native that yielded returns them.
        finish(vm, first, n)
    }
}

/// Back to the thread that resumed the running one.
unsafe fn back(vm: &mut State, status: Status) -> ThreadObj {
    let d = vm.thread.data();
    d.status = status;
    let from = vm.thread;
    let resumer = ThreadObj(d.resumer.take().unwrap_or(vm.main.0));
    vm.native_depth -= 1;
    // SAFETY: the resumer waits in a RESUME or WRAP frame.
    unsafe { switch(vm, resumer) };
    resumer.data().status = Status::Running;
    from
}

/// Copies values of another thread into the waiting frame and returns them.
unsafe fn deliver(vm: &mut State, first: *const Value, n: usize) -> Regs {
    // SAFETY: the innermost frame is a RESUME or WRAP frame; the other thread's
    // stack does not move meanwhile.
    unsafe {
        if !vm.ensure_stack(vm.top, n + 4) {
            vm.error = message::string_value(vm, b"too many results to resume");
            return deliver_error(vm, None);
        }
        let kind = (*vm.frame).kind;
        let start = vm.top;
        let mut at = start;
        if kind == frame_kind::RESUME {
            *at = Value::TRUE;
            at = at.add(1);
        }
        for i in 0..n {
            copy(at.add(i), first.add(i));
        }
        vm.top = at.add(n);
        finish(vm, start, vm.top.offset_from(start) as usize)
    }
}

/// Delivers `State::error` to the waiting frame: as results of a resume, or as
/// an error of a wrapped coroutine.
unsafe fn deliver_error(vm: &mut State, from: Option<ThreadObj>) -> Regs {
    // SAFETY: the innermost frame is a RESUME or WRAP frame.
    unsafe {
        if (*vm.frame).kind == frame_kind::RESUME {
            let start = vm.top;
            *start = Value::FALSE;
            *start.add(1) = vm.error;
            vm.error = Value::NIL;
            vm.handled = false;
            vm.top = start.add(2);
            return finish(vm, start, 2);
        }
        vm.handled = false;
        if let Some(t) = from {
            // As the reference's auxwrap: the coroutine's variables are closed first.
            vm.touch(t.0);
            t.data().error_status = None;
            close_variables(vm, t);
        }
        (*vm.frame).kind = frame_kind::NATIVE;
        if vm.error.tag == tag::STRING {
            message::prefix_error(vm, 1);
        }
        throw(vm)
    }
}

/// Closes the pending variables of a dead thread; an error in one of them
/// replaces `State::error`.
///
/// # Safety
/// `t` does not run.
pub(crate) unsafe fn close_variables(vm: &mut State, t: ThreadObj) {
    // SAFETY: as the caller promised.
    unsafe {
        let d = t.data();
        vm.touch(t.0);
        crate::object::sealed::unseal_all(&mut vm.mem, t);
        while let Some(o) = d.open {
            let u = crate::object::function::Upvalue(o);
            d.open = u.cell().next_open.get();
            u.close(&mut vm.mem);
        }
        d.frame = d.frames;
        d.pcalls = 0;
        if let Some(&last) = d.tbc.last() {
            // Their metamethods run in the thread itself.
            let closer = vm.thread;
            closer.data().status = Status::Normal;
            d.top = d.stack.add(last as usize + 1);
            d.resumer = Some(closer.0);
            d.status = Status::Running;
            vm.native_depth += 1;
            switch(vm, t);
            close_pending(vm, t);
            vm.native_depth -= 1;
            d.resumer = None;
            d.status = Status::Dead;
            switch(vm, closer);
            closer.data().status = Status::Running;
        }
        d.frame = d.frames;
        d.top = d.stack.add(1);
    }
}

/// Calls the `__close` metamethods of the running thread, which has no frames.
unsafe fn close_pending(vm: &mut State, t: ThreadObj) {
    // SAFETY: as for `close_variables`.
    unsafe {
        let d = t.data();
        while let Some(i) = d.tbc.pop() {
            let at = d.stack.add(i as usize);
            let v = *at;
            let m = vm.metamethod(v, crate::object::event::Event::Close);
            let error = vm.error;
            vm.handles.push(error);
            vm.top = at.add(1);
            if vm.ensure_stack(vm.top, 8) {
                for x in [m, v, error] {
                    *vm.top = x;
                    vm.top = vm.top.add(1);
                }
                vm.error = Value::NIL;
                let ok = super::call::pcall_from_rust(vm, 2, 0).is_ok();
                vm.handled = false;
                if ok {
                    vm.error = error;
                }
            }
            vm.handles.pop();
        }
    }
}

/// The running thread's function has returned the `n` values at `first`.
///
/// # Safety
/// The innermost frame is the thread's base.
pub(crate) unsafe fn finished(vm: &mut State, first: *mut Value, n: usize) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        vm.frame = vm.frame.sub(1);
        vm.top = vm.thread.data().stack.add(1);
        back(vm, Status::Dead);
        deliver(vm, first, n)
    }
}

/// The running thread ends with `State::error`; its frames stay for tracebacks.
///
/// # Safety
/// The innermost frame is the thread's base.
pub(crate) unsafe fn failed(vm: &mut State) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let from = back(vm, Status::Dead);
        vm.handled = false;
        from.data().error_status = Some(vm.error);
        deliver_error(vm, Some(from))
    }
}

/// Yields the `n` values on top of the running native's frame.
///
/// # Safety
/// The innermost frame is that native's.
pub(crate) unsafe fn yield_(vm: &mut State, n: usize) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let d = vm.thread.data();
        if d.is_main || d.boundaries > 0 {
            let text: &[u8] = if d.is_main {
                b"attempt to yield from outside a coroutine"
            } else {
                b"attempt to yield across a C-call boundary"
            };
            message::set_error(vm, text);
            return throw(vm);
        }
        (*vm.frame).kind = frame_kind::YIELD;
        let first = vm.top.sub(n);
        vm.top = first;
        back(vm, Status::Suspended);
        deliver(vm, first, n)
    }
}
