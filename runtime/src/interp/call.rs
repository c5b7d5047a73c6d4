//! Calling and returning: pushing frames, running natives, and going on in
//! whoever waits for the results.

use super::coroutine;
use super::unwind::throw;
use super::{Regs, copy, copy_values, hook, message, slow};
use crate::native::{Action, Context};
use crate::object::event::Event;
use crate::object::function::{Closure, Native};
use crate::object::thread::{Frame, cont, flag, frame_kind};
use crate::value::{Value, tag};
use crate::vm::State;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a call's results are delivered.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// Wanted results; -1 = all.
    pub nresults: i32,
    /// See [`flag`].
    pub flags: u16,
    /// See [`cont`].
    pub cont: u8,
    /// See [`Frame::aux`].
    pub aux: u32,
}

impl How {
    /// For a Lua CALL instruction.
    pub(crate) const fn plain(nresults: i32) -> How {
        How {
            nresults,
            flags: 0,
            cont: 0,
            aux: 0,
        }
    }
    /// For a waiting native.
    pub(crate) const fn native_caller() -> How {
        How {
            nresults: -1,
            flags: flag::NATIVE_CALLER,
            cont: 0,
            aux: 0,
        }
    }
}

/// Replaces a callable that is no function by its `__call` metamethod, with
/// the callable as first argument. False: not callable.
///
/// # Safety
/// `func` and `nargs` arguments behind it are on the running thread's stack,
/// with room for one more.
unsafe fn resolve_call(vm: &mut State, func: *mut Value, nargs: &mut usize) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        let m = vm.metamethod(*func, Event::Call);
        if m.is_nil() {
            return false;
        }
        vm.charge(1);
        vm.charge_steps(*nargs);
        std::ptr::copy(func, func.add(1), *nargs + 1);
        *func = m;
        *nargs += 1;
        true
    }
}

/// Starts a call of the value at `func` with the `nargs` values behind it.
///
/// # Safety
/// They are on the running thread's stack above everything that is in use; the
/// caller's frame is saved.
pub(crate) unsafe fn begin(vm: *mut State, func: *mut Value, nargs: usize, how: How) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let state = &mut *vm;
        let (mut func, mut nargs) = (func, nargs);
        let mut chain = 0;
        loop {
            state.top = func.add(1 + nargs);
            match (*func).tag {
                tag::CLOSURE => return push_lua(state, func, nargs, how),
                tag::NATIVE => return run_native(state, func, nargs, how),
                _ => {
                    let offset = func.offset_from(state.thread.data().stack);
                    chain += 1;
                    if chain > 200 || !state.ensure_stack(func, nargs + 3) {
                        return overflow(state, how);
                    }
                    func = state.thread.data().stack.offset(offset);
                    if !resolve_call(state, func, &mut nargs) {
                        message::call_error(state, func, how.flags);
                        return fail(state, how);
                    }
                }
            }
        }
    }
}

/// Raises `stack overflow` in a call that can't begin.
#[cold]
unsafe fn overflow(vm: &mut State, how: How) -> Regs {
    // SAFETY: as for `fail`.
    unsafe {
        slow::set_stack_overflow(vm);
        fail(vm, how)
    }
}

/// Raises `State::error` in a call that can't begin: whoever called has no
/// frame of the callee's that `throw` could find.
///
/// # Safety
/// As for `begin`.
#[cold]
unsafe fn fail(vm: &mut State, how: How) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        if how.flags & (flag::BOUNDARY | flag::THREAD_BASE) == 0 {
            return throw(vm);
        }
        if how.flags & flag::THREAD_BASE != 0 {
            return coroutine::failed(vm);
        }
        if !vm.handled && how.flags & flag::PROTECTED == 0 {
            super::unwind::call_handler(vm);
        }
        vm.raised = true;
        vm.exit_regs()
    }
}

/// Pushes a frame for the Lua function at `func`.
unsafe fn push_lua(vm: &mut State, func: *mut Value, nargs: usize, how: How) -> Regs {
    // SAFETY: as for `begin`.
    unsafe {
        let proto = Closure::of(*func).proto();
        let mut func = func;
        let need = 1 + (proto.max_stack as usize).max(nargs);
        if func.add(need) > vm.stack_limit {
            let offset = func.offset_from(vm.thread.data().stack);
            if !vm.ensure_stack(func, need) {
                return overflow(vm, how);
            }
            func = vm.thread.data().stack.offset(offset);
        }
        if vm.frame >= vm.frame_end && !vm.ensure_frame() {
            return overflow(vm, how);
        }
        let base = func.add(1);
        for i in nargs..proto.num_params as usize {
            *base.add(i) = Value::NIL;
        }
        vm.frame = vm.frame.add(1);
        *vm.frame = Frame {
            func,
            base,
            pc: proto.code,
            k: proto.k,
            nresults: how.nresults,
            flags: how.flags,
            kind: frame_kind::LUA,
            cont: how.cont
                | if vm.hook_mask == 0 {
                    0
                } else {
                    cont::HOOK_CALL
                },
            extra: 0,
            aux: how.aux,
        };
        Regs {
            pc: proto.code,
            base,
            k: proto.k,
        }
    }
}

/// Slots that a native finds free above its arguments.
const NATIVE_SLOTS: usize = 24;

/// Runs the native function at `func`.
#[inline]
unsafe fn run_native(vm: &mut State, func: *mut Value, nargs: usize, how: How) -> Regs {
    // SAFETY: as for `begin`.
    unsafe {
        let mut func = func;
        if func.add(1 + nargs + NATIVE_SLOTS) > vm.stack_limit {
            let offset = func.offset_from(vm.thread.data().stack);
            if !vm.ensure_stack(func, 1 + nargs + NATIVE_SLOTS) {
                return overflow(vm, how);
            }
            func = vm.thread.data().stack.offset(offset);
            vm.top = func.add(1 + nargs);
        }
        if vm.frame >= vm.frame_end && !vm.ensure_frame() {
            return overflow(vm, how);
        }
        vm.frame = vm.frame.add(1);
        *vm.frame = Frame {
            func,
            base: func.add(1),
            pc: std::ptr::null(),
            k: std::ptr::null(),
            nresults: how.nresults,
            flags: how.flags,
            kind: frame_kind::NATIVE,
            cont: how.cont,
            extra: nargs as u32,
            aux: how.aux,
        };
        if vm.hook_mask != 0 && !hook::native_called(vm) {
            return throw(vm);
        }
        let function = Native::of(*(*vm.frame).base.sub(1)).def().function;
        match function(Context::of(vm)) {
            Ok(r) if r.count() >= 0 => {
                let n = r.count() as usize;
                finish(vm, vm.top.sub(n), n)
            }
            Ok(r) => perform(vm, r.action()),
            Err(_) => throw(vm),
        }
    }
}

/// A CALL of a native function, when nothing is in the way: room on the stack,
/// a free frame, no safepoint wanted.
pub(super) fn call_native(
    vm: *mut State,
    pc: super::Pc,
    base: *mut Value,
    k: *const Value,
) -> Regs {
    // SAFETY: entered from CALL with a native function in its register.
    unsafe {
        let state = &mut *vm;
        let func = base.add(super::a(pc));
        if super::b(pc) != 0 {
            state.top = func.add(super::b(pc));
        }
        if state.top.add(NATIVE_SLOTS) > state.stack_limit
            || state.frame >= state.frame_end
            || state.mem.heap.poll()
        {
            return slow::call(vm, pc, base, k);
        }
        let caller = state.frame;
        (*caller).pc = pc.add(1);
        let frame = caller.add(1);
        state.frame = frame;
        *frame = Frame {
            func,
            base: func.add(1),
            pc: std::ptr::null(),
            k: std::ptr::null(),
            nresults: super::c(pc) as i32 - 1,
            flags: 0,
            kind: frame_kind::NATIVE,
            cont: 0,
            extra: state.top.offset_from(func) as u32 - 1,
            aux: 0,
        };
        let function = Native::of(*func).def().function;
        match function(Context::of(state)) {
            Ok(r) if r.count() >= 0 => {
                let n = r.count() as usize;
                let first = state.top.sub(n);
                if (*state.frame).nresults == 1 && n == 1 {
                    // The stack may have moved.
                    copy((*state.frame).func, first);
                    let caller = state.frame.sub(1);
                    state.frame = caller;
                    return Regs {
                        pc: (*caller).pc,
                        base: (*caller).base,
                        k: (*caller).k,
                    };
                }
                finish(vm, first, n)
            }
            Ok(r) => perform(state, r.action()),
            Err(_) => throw(vm),
        }
    }
}

/// Performs what a native asked for instead of returning.
unsafe fn perform(vm: &mut State, action: Action) -> Regs {
    // SAFETY: the native's frame is the innermost; its values are below `top`.
    unsafe {
        let frame = vm.frame;
        match action {
            Action::Call(n) => {
                (*frame).kind = frame_kind::TAIL;
                begin(vm, vm.top.sub(n + 1), n, How::native_caller())
            }
            Action::CallFor(n, wanted) => {
                (*frame).kind = frame_kind::TAIL;
                let how = How {
                    nresults: wanted.into(),
                    ..How::native_caller()
                };
                begin(vm, vm.top.sub(n + 1), n, how)
            }
            Action::Pcall(n) => {
                if !enter_pcall(vm) {
                    return throw(vm);
                }
                (*frame).kind = frame_kind::PCALL;
                (*frame).aux = 0;
                begin(vm, vm.top.sub(n + 1), n, How::native_caller())
            }
            Action::Xpcall(n) => {
                if !enter_pcall(vm) {
                    return throw(vm);
                }
                (*frame).kind = frame_kind::XPCALL;
                (*frame).aux = 0;
                // The handler to the frame's first slot, where `throw` finds it.
                let handler = vm.top.sub(n + 2);
                copy((*frame).base, handler);
                begin(vm, vm.top.sub(n + 1), n, How::native_caller())
            }
            Action::Yield(n) => coroutine::yield_(vm, n),
            Action::Resume(n) => coroutine::resume(vm, n, frame_kind::RESUME),
            Action::WrapResume(n) => coroutine::resume(vm, n, frame_kind::WRAP),
        }
    }
}

/// Counts a protected call that begins. False: too many are in progress, an
/// error is set.
unsafe fn enter_pcall(vm: &mut State) -> bool {
    let t = vm.thread.data();
    if t.pcalls + vm.native_depth >= crate::vm::MAX_NATIVE_DEPTH {
        message::set_error(vm, b"C stack overflow");
        return false;
    }
    t.pcalls += 1;
    true
}

/// Returns the `n` values at `first` from the innermost frame, and says where
/// to go on.
///
/// # Safety
/// The values are on the running thread's stack, in or above that frame.
pub(crate) unsafe fn finish(vm: *mut State, first: *mut Value, n: usize) -> Regs {
    // SAFETY: as the caller promised; frames below the innermost are consistent.
    unsafe {
        let vm = &mut *vm;
        let (mut first, mut n) = (first, n);
        loop {
            let ending = vm.frame;
            if matches!((*ending).kind, frame_kind::PCALL | frame_kind::XPCALL) {
                let t = vm.thread.data();
                t.pcalls = t.pcalls.saturating_sub(1);
                // It catches nothing any more, not even its return hook's error.
                (*ending).kind = frame_kind::NATIVE;
            }
            if vm.hook_mask != 0 {
                match hook::returning(vm, first, n) {
                    Some(moved) => first = moved,
                    None => return throw(vm),
                }
            }
            let f = vm.frame;
            let dst = (*f).func;
            let flags = (*f).flags;
            if flags & flag::THREAD_BASE != 0 {
                return coroutine::finished(vm, first, n);
            }
            let wanted = (*f).nresults;
            let count = if wanted < 0 {
                copy_values(vm, dst, first, n);
                vm.top = dst.add(n);
                n
            } else {
                let wanted = wanted as usize;
                for i in 0..wanted {
                    if i < n {
                        copy(dst.add(i), first.add(i));
                    } else {
                        (*dst.add(i)).tag = tag::NIL;
                    }
                }
                wanted
            };
            let caller = f.sub(1);
            vm.frame = caller;
            if flags & flag::GUARD != 0 {
                vm.unseal_for(caller);
            }
            if flags & (flag::BOUNDARY | flag::META | flag::NATIVE_CALLER) == 0 {
                return Regs {
                    pc: (*caller).pc,
                    base: (*caller).base,
                    k: (*caller).k,
                };
            }
            if flags & flag::BOUNDARY != 0 {
                vm.top = dst.add(count);
                return vm.exit_regs();
            }
            if flags & flag::META != 0 {
                return continue_meta(vm, (*f).cont & cont::HOW, (*f).aux, dst);
            }
            match (*caller).kind {
                frame_kind::PCALL | frame_kind::XPCALL => {
                    if (*caller).aux != 0 {
                        return super::unwind::close_and_deliver(vm);
                    }
                    first = dst.sub(1);
                    *first = Value::TRUE;
                    n = count + 1;
                }
                _ => {
                    first = dst;
                    n = count;
                }
            }
        }
    }
}

/// Goes on with the instruction that called a metamethod; its result is at `v`.
unsafe fn continue_meta(vm: &mut State, how: u8, aux: u32, v: *mut Value) -> Regs {
    // SAFETY: the innermost frame is the Lua function that waited.
    unsafe {
        let f = vm.frame;
        let mut r = Regs {
            pc: (*f).pc,
            base: (*f).base,
            k: (*f).k,
        };
        match how {
            cont::STORE => copy(r.base.add(aux as usize), v),
            cont::JUMP_IF | cont::JUMP_IF_NOT => {
                let taken = (*v).truthy() == (how == cont::JUMP_IF);
                r.pc = r.pc.offset(if taken {
                    *r.pc.sub(1) as i32 as isize
                } else {
                    0
                });
            }
            cont::CONCAT => {
                copy(r.base.add(aux as usize), v);
                return slow::concat_continue(vm, r, aux as usize);
            }
            cont::RETRY => {
                r.pc = r.pc.sub(1);
                if aux != 0 {
                    vm.top = r.base.add(aux as usize - 1);
                }
            }
            cont::RETURN => {
                let n = vm.top.offset_from(v) as usize;
                return finish(vm, v, n);
            }
            _ => {}
        }
        r
    }
}

/// Calls a metamethod for the instruction of the running Lua function, which
/// goes on at `resume` as `cont` says.
///
/// # Safety
/// The innermost frame is that function's.
pub(crate) unsafe fn call_meta(
    vm: *mut State,
    f: Value,
    args: &[Value],
    resume: super::Pc,
    cont: u8,
    aux: usize,
) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let vm = &mut *vm;
        (*vm.frame).pc = resume;
        let base = (*vm.frame).base;
        let size = Closure::of(*base.sub(1)).proto().max_stack as usize;
        let mut at = base.add(size);
        if cont == super::super::object::thread::cont::RETRY && aux != 0 {
            at = at.max(base.add(aux - 1));
        }
        if at.add(args.len() + 4) > vm.stack_limit {
            let offset = at.offset_from(vm.thread.data().stack);
            if !vm.ensure_stack(at, args.len() + 4) {
                return slow::stack_overflow(vm);
            }
            at = vm.thread.data().stack.offset(offset);
        }
        *at = f;
        for (i, v) in args.iter().enumerate() {
            *at.add(1 + i) = *v;
        }
        let nresults = if cont == super::super::object::thread::cont::DISCARD
            || cont == super::super::object::thread::cont::RETRY
        {
            0
        } else {
            1
        };
        begin(
            vm,
            at,
            args.len(),
            How {
                nresults,
                flags: flag::META,
                cont,
                aux: aux as u32,
            },
        )
    }
}

/// Calls from Rust: the value at `top - nargs - 1` with the values behind it;
/// they are replaced by the results. Err: an error was raised (`State::error`),
/// and the stack is as before the function was pushed.
///
/// # Safety
/// The values are above the innermost frame's own.
pub(crate) unsafe fn call_from_rust(
    vm: &mut State,
    nargs: usize,
    nresults: i32,
) -> Result<usize, ()> {
    // SAFETY: as the caller promised.
    unsafe { call_with(vm, nargs, nresults, flag::BOUNDARY) }
}

/// The same for a caller that handles errors itself: no message handler further
/// out sees them.
///
/// # Safety
/// As for `call_from_rust`.
pub(crate) unsafe fn pcall_from_rust(
    vm: &mut State,
    nargs: usize,
    nresults: i32,
) -> Result<usize, ()> {
    // SAFETY: as the caller promised.
    unsafe { call_with(vm, nargs, nresults, flag::BOUNDARY | flag::PROTECTED) }
}

/// The same with the given flags in the callee's frame.
///
/// # Safety
/// As for `call_from_rust`.
pub(crate) unsafe fn call_with(
    vm: &mut State,
    nargs: usize,
    nresults: i32,
    flags: u16,
) -> Result<usize, ()> {
    // SAFETY: as the caller promised.
    unsafe {
        let func = vm.top.sub(nargs + 1);
        let offset = func.offset_from(vm.thread.data().stack);
        let thread = vm.thread;
        // One call too many is an error; a message handler for it may go deeper.
        let reserve = crate::vm::MAX_NATIVE_DEPTH / 10;
        let excess = vm.native_depth.checked_sub(crate::vm::MAX_NATIVE_DEPTH);
        if let Some(excess) = excess.filter(|&e| e == 0 || e >= reserve) {
            if excess > 0 {
                let v = message::string_value(vm, b"error in error handling");
                vm.error = v;
                vm.handled = true;
            } else {
                vm.native_depth += 1;
                message::set_error(vm, b"C stack overflow");
                super::unwind::call_handler(vm);
                vm.native_depth -= 1;
            }
            vm.top = func;
            return Err(());
        }
        vm.native_depth += 1;
        thread.data().boundaries += 1;
        let how = How {
            nresults,
            flags,
            cont: 0,
            aux: 0,
        };
        run(vm, func, nargs, how);
        debug_assert!(vm.thread == thread);
        thread.data().boundaries -= 1;
        vm.native_depth -= 1;
        let func = vm.thread.data().stack.offset(offset);
        if vm.raised {
            vm.raised = false;
            vm.top = func;
            return Err(());
        }
        Ok(vm.top.offset_from(func) as usize)
    }
}

/// Begins a call and runs until it has returned to Rust.
///
/// A native that panics unwinds to here. The interpreter's functions hold
/// nothing that would have to be dropped, and what a panic leaves of the state
/// is the native's frame as the innermost one: the same as when it had returned
/// an error. So the panic becomes one, raised where the native was called.
unsafe fn run(vm: &mut State, func: *mut Value, nargs: usize, how: How) {
    let vm: *mut State = vm;
    // SAFETY: as for `call_with`.
    let ended = catch_unwind(AssertUnwindSafe(|| unsafe {
        let r = begin(vm, func, nargs, how);
        super::execute(vm, r);
    }));
    let Err(mut panic) = ended else { return };
    loop {
        // SAFETY: see above; `throw` says where to go on.
        let ended = catch_unwind(AssertUnwindSafe(|| unsafe {
            message::set_panic(&mut *vm, &*panic);
            let r = throw(vm);
            super::execute(vm, r);
        }));
        match ended {
            Ok(()) => return,
            Err(next) => panic = next,
        }
    }
}
