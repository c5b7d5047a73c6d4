//! Hooks: `debug.sethook`.
//!
//! A program without a hook pays nothing for them in its instructions: while
//! the running thread has a hook, the interpreter dispatches through another
//! table, all of whose handlers call [`step`] first (`tail.rs`, `looped.rs`).
//! Calls and returns are seen where slow operations make them, and that table
//! leaves all calls and returns to slow operations:
//!
//! - a Lua function's frame is marked when pushed (`cont::HOOK_CALL`), and the
//!   hook called at its first instruction behind VARARGPREP, when its
//!   parameters are in place;
//! - a native's before it runs ([`native_called`]);
//! - a return in `call::finish` ([`returning`]).
//!
//! A hook belongs to a thread, and does not see itself, nor finalizers.

use super::call::call_with;
use super::{Pc, Regs, message};
use crate::object::function::Closure;
use crate::object::string::Str;
use crate::object::thread::{cont, flag, frame_kind};
use crate::value::Value;
use crate::vm::State;
use moonsweep_compiler::bytecode::opcodes::{Instruction, Op};

/// Opcode bytes that the hooked dispatch treats on their own.
pub(super) const CALL: u8 = Op::CALL as u8;
/// See [`CALL`].
pub(super) const RETURN0: u8 = Op::RETURN0 as u8;
/// See [`CALL`].
pub(super) const RETURN1: u8 = Op::RETURN1 as u8;
/// See [`CALL`].
#[cfg(not(tail_dispatch))]
pub(super) const EXIT: u8 = Op::EXIT as u8;

/// Events that a hook can wait for: bits of a mask.
pub(crate) mod event {
    /// A function is called.
    pub const CALL: u32 = 1;
    /// A function returns.
    pub const RETURN: u32 = 2;
    /// A new line begins.
    pub const LINE: u32 = 4;
    /// A number of instructions was executed.
    pub const COUNT: u32 = 8;
}

/// A thread's hook.
pub(crate) struct Hook {
    /// What it calls.
    pub(crate) func: Value,
    /// Events it waits for; 0: it is off.
    pub(crate) mask: u32,
    /// Instructions from one count event to the next.
    pub(crate) count: u32,
    /// Instructions left.
    left: u32,
    /// The instruction that the last look for a new line saw; `NEW_FUNCTION`
    /// when the next one begins a line anyway.
    old_pc: usize,
    /// It is being called: it does not see itself.
    running: bool,
    /// Values handed over by the event that is being told: the first one's
    /// number among the locals, and how many.
    pub(crate) transfer: (u32, u32),
}

const NEW_FUNCTION: usize = usize::MAX;

/// Sets or, with an empty mask, removes the hook of a thread's data.
pub(crate) fn set(slot: &mut Option<Box<Hook>>, func: Value, mask: u32, count: u32) {
    let running = slot.as_ref().is_some_and(|h| h.running);
    let transfer = slot.as_ref().map_or((0, 0), |h| h.transfer);
    if mask == 0 && !running {
        *slot = None;
        return;
    }
    let func = if mask == 0 { Value::NIL } else { func };
    let old_pc = slot.as_ref().map_or(0, |h| h.old_pc);
    *slot = Some(Box::new(Hook {
        func,
        mask,
        count,
        left: count,
        old_pc,
        running,
        transfer,
    }));
}

/// Brings what the interpreter looks at up to date: after any change of the
/// running thread, its hook, or whether hooks are allowed.
pub(crate) fn refresh(vm: &mut State) {
    vm.hook_mask = match &vm.thread.data().hook {
        Some(h) if !h.running && !vm.in_finalizer => h.mask,
        _ => 0,
    };
    vm.dispatch = super::dispatch_table(match vm.hook_mask {
        0 if vm.is_counting() => super::Mode::Counted,
        0 => super::Mode::Plain,
        _ => super::Mode::Hooked,
    });
}

/// Calls the running thread's hook. False: it raised an error, which is set.
///
/// # Safety
/// The frames are consistent, and `top` is the end of what the innermost uses.
unsafe fn run(vm: &mut State, name: &[u8], line: Option<u32>, transfer: (u32, u32)) -> bool {
    // SAFETY: as the caller promised; the call happens above everything in use.
    unsafe {
        let t = vm.thread;
        let Some(h) = t.data().hook.as_mut().filter(|h| h.mask != 0) else {
            return true;
        };
        h.running = true;
        h.transfer = transfer;
        let func = h.func;
        refresh(vm);
        vm.save_thread();
        let top = vm.top.offset_from(t.data().stack);
        let at = t.data().live_end();
        vm.top = at;
        let ok = if vm.ensure_stack(at, 8) {
            let name = Str::interned(&mut vm.mem, name).value();
            let line = line.map_or(Value::NIL, |l| Value::int(l as i64));
            for v in [func, name, line] {
                *vm.top = v;
                vm.top = vm.top.add(1);
            }
            call_with(vm, 2, 0, flag::BOUNDARY | flag::HOOK).is_ok()
        } else {
            message::set_error(vm, b"stack overflow");
            false
        };
        if let Some(h) = t.data().hook.as_mut() {
            h.running = false;
            if h.mask == 0 {
                t.data().hook = None;
            }
        }
        refresh(vm);
        vm.top = t.data().stack.offset(top);
        ok
    }
}

/// Whether an instruction takes an open list of values, up to `top`.
pub(super) fn uses_top(i: Instruction) -> bool {
    match i.op() {
        Some(Op::CALL | Op::TAILCALL | Op::RETURN | Op::SETLIST) => i.b() == 0,
        _ => false,
    }
}

/// Tells the hook of the instruction that is about to run. `pc` stays, unless
/// the hook raised an error.
pub(super) fn step(vm: *mut State, pc: Pc, base: *mut Value, k: *const Value) -> Regs {
    // SAFETY: entered with the interpreter's registers, before an instruction.
    unsafe {
        let state = &mut *vm;
        if state.is_counting() {
            state.ticks -= 1;
            if state.ticks < 0 {
                let r = super::limit::tick(vm, pc, base, k);
                if r.pc != pc {
                    return r;
                }
            }
        }
        let base = (*state.frame).base;
        let stay = Regs { pc, base, k };
        let (mask, f) = (state.hook_mask, state.frame);
        let instruction = Instruction(*pc);
        if mask == 0 || (*f).kind != frame_kind::LUA || instruction.op() == Some(Op::VARARGPREP) {
            return stay;
        }
        let info = &Closure::of(*base.sub(1)).proto().info;
        let at = pc.offset_from(Closure::of(*base.sub(1)).proto().code as *const u32) as usize;
        (*f).pc = pc.add(1);
        if !uses_top(instruction) {
            state.top = base;
        }
        let t = state.thread;
        if (*f).cont & cont::HOOK_CALL != 0 {
            (*f).cont &= !cont::HOOK_CALL;
            if let Some(h) = &mut t.data().hook {
                h.old_pc = NEW_FUNCTION;
            }
            if mask & event::CALL != 0 {
                let tail = (*f).cont & cont::TAIL_CALLED != 0;
                let name: &[u8] = if tail { b"tail call" } else { b"call" };
                if !run(state, name, None, (1, u32::from(info.num_params))) {
                    return super::unwind::throw(vm);
                }
            }
        }
        let Some(h) = &mut t.data().hook else {
            return stay;
        };
        let mut counted = false;
        if mask & event::COUNT != 0 {
            h.left = h.left.saturating_sub(1);
            if h.left == 0 {
                h.left = h.count;
                counted = true;
            }
        }
        if counted && !run(state, b"count", None, (0, 0)) {
            return super::unwind::throw(vm);
        }
        if mask & event::LINE != 0
            && let Some(h) = &t.data().hook
        {
            let old = h.old_pc;
            let line = info.lines.line(at as u32);
            // A jump backward begins a line even if it is the same one.
            let new = old == NEW_FUNCTION || at <= old || line != info.lines.line(old as u32);
            if new && !run(state, b"line", line, (0, 0)) {
                return super::unwind::throw(vm);
            }
            if let Some(h) = &mut t.data().hook {
                h.old_pc = at;
            }
        }
        stay
    }
}

/// Tells the hook that the innermost frame's native is about to run. False:
/// the hook raised an error.
///
/// # Safety
/// The frames are consistent.
pub(super) unsafe fn native_called(vm: &mut State) -> bool {
    // SAFETY: as the caller promised.
    unsafe { vm.hook_mask & event::CALL == 0 || run(vm, b"call", None, (1, (*vm.frame).extra)) }
}

/// Tells the hook that the innermost frame returns the `n` values at `first`;
/// gives where they are then, or `None` if the hook raised an error.
///
/// # Safety
/// The frames are consistent, and the values on the running thread's stack.
pub(super) unsafe fn returning(vm: &mut State, first: *mut Value, n: usize) -> Option<*mut Value> {
    // SAFETY: as the caller promised.
    unsafe {
        let mut first = first;
        let f = vm.frame;
        if vm.hook_mask & event::RETURN != 0 {
            let offset = first.offset_from(vm.thread.data().stack);
            let transfer = (first.offset_from((*f).base) + 1).max(0) as u32;
            vm.top = first.add(n);
            if !run(vm, b"return", None, (transfer, n as u32)) {
                return None;
            }
            first = vm.thread.data().stack.offset(offset);
        }
        let t = vm.thread.data();
        let caller = vm.frame.sub(1);
        if caller > t.frames && (*caller).kind == frame_kind::LUA {
            let at = message::frame_pc(caller);
            if let Some(h) = &mut t.hook {
                h.old_pc = at;
            }
        }
        Some(first)
    }
}
