//! Limits of a run: a budget of instructions, a callback now and then, and
//! requests from outside (`interrupted!`).
//!
//! A program without a budget and without a callback pays nothing: while there
//! is one, the interpreter dispatches through a table of its own, whose
//! handlers count down [`State::ticks`] (`tail.rs`, `looped.rs`). At zero the
//! *tick* settles accounts:
//!
//! - The budget is charged with the instructions since the last tick, with what
//!   natives charged (`Context::charge`), with the steps of instructions that take
//!   many (`Mem::steps`), and with the memory allocated, [`BYTES_PER_TICK`] for one:
//!   copying and filling is work, too.
//! - Once it is used up, an error is raised here, at every instruction and at
//!   every safepoint, until the host grants more. A protected call catches it,
//!   and the next instruction raises it again; message handlers, `__close` and
//!   finalizers in Lua end at their first instruction.
//! - The callback is called when its number of instructions went by. It may
//!   run Lua, raise an error, or change the limits.
//!
//! A native that runs long charges what it did and polls (`Context::poll`):
//! an overdrawn account keeps the heap's poll word set, so that the poll comes
//! here as well.

use super::call::call_with;
use super::unwind::throw;
use super::{Pc, Regs, hook, message};
use crate::native::{Context, NativeDef, Result, Results};
use crate::object::function::Native;
use crate::object::thread::{flag, frame_kind};
use crate::value::Value;
use crate::vm::State;
use moonsweep_compiler::bytecode::opcodes::{Instruction, Op};
use std::rc::Rc;

/// What the host wants to be called with, now and then.
pub type Interrupt = Rc<dyn Fn(&mut Context) -> Result<()>>;

/// Ticks in a row without a look at the account.
const QUANTUM: i64 = 256;

/// How many bytes of new memory cost as much as an instruction.
const BYTES_PER_TICK: u64 = 64;

/// How many values copied, slots skipped or links followed cost as much as one.
const STEPS_PER_TICK: u64 = 8;

/// The account of a run.
#[derive(Default)]
pub(crate) struct Limits {
    /// What is left of the budget; `None`: there is none.
    left: Option<u64>,
    /// Ticks charged since the state began, or the count was reset.
    used: u64,
    /// What `ticks` was set to at the last settlement.
    granted: i64,
    /// `Heap::allocated_bytes` at the last settlement.
    allocated: u64,
    callback: Option<Interrupt>,
    /// Instructions from one call of it to the next, and to the next one.
    every: u64,
    until_callback: u64,
    /// It is running: it does not see itself.
    in_callback: bool,
}

impl Limits {
    fn is_idle(&self) -> bool {
        self.left.is_none() && self.callback.is_none()
    }
}

impl State {
    /// Whether the interpreter counts.
    #[inline]
    pub(crate) fn is_counting(&self) -> bool {
        self.counting
    }
    /// Whether the budget of instructions is used up.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.limits.left == Some(0)
    }
    /// Whether a program must stop what it does: the next poll raises an error.
    pub(crate) fn must_stop(&mut self) -> bool {
        if self.mem.heap.is_requested() && !self.in_finalizer {
            return true;
        }
        if !self.counting || self.ticks > 0 {
            return false;
        }
        self.settle();
        self.is_exhausted()
    }
    /// Whether the callback is to be called at the next safepoint.
    pub(crate) fn interrupt_is_due(&self) -> bool {
        let limits = &self.limits;
        self.counting
            && limits.callback.is_some()
            && !limits.in_callback
            && limits.granted.saturating_sub(self.ticks)
                >= limits.until_callback.min(i64::MAX as u64) as i64
    }
    /// Charges work that is not instructions.
    #[inline]
    pub(crate) fn charge(&mut self, n: u64) {
        if self.counting {
            self.ticks = self.ticks.saturating_sub_unsigned(n);
            if self.ticks < 0 {
                self.mem.heap.set_program_poll(true);
            }
        }
    }
    /// Charges the copying of `n` bytes.
    #[inline]
    pub(crate) fn charge_bytes(&mut self, n: usize) {
        self.charge(n as u64 / BYTES_PER_TICK);
    }
    /// Charges the copying of `n` values, or as many steps of another kind.
    #[inline]
    pub(crate) fn charge_steps(&mut self, n: usize) {
        self.charge(n as u64 / STEPS_PER_TICK);
    }
    /// Charges a collection that the program asked for, or made necessary by filling its
    /// memory: of the whole heap, or so many bytes of it.
    pub(crate) fn charge_collection(&mut self, bytes: usize) {
        const LEAST: u64 = 500;
        const BYTES_PER_TICK: usize = 128;
        let bytes = bytes.min(self.mem.heap.bytes());
        self.charge(LEAST + (bytes / BYTES_PER_TICK) as u64);
    }
    /// The budget: so many instructions from now on, or as many as it likes.
    pub(crate) fn set_budget(&mut self, n: Option<u64>) {
        self.settle();
        self.limits.left = n;
        self.restart();
    }
    /// What is left of the budget.
    pub(crate) fn budget(&mut self) -> Option<u64> {
        self.settle();
        self.limits.left
    }
    /// Ticks charged so far while there was something to count for.
    pub(crate) fn ticks_used(&mut self) -> u64 {
        self.settle();
        self.limits.used
    }
    /// The callback, and how many instructions are between two calls of it.
    pub(crate) fn set_interrupt(&mut self, every: u64, callback: Option<Interrupt>) {
        self.settle();
        self.limits.every = every.max(1);
        self.limits.until_callback = self.limits.every;
        self.limits.callback = callback;
        self.restart();
    }

    /// Charges what was done since the last time.
    fn settle(&mut self) {
        if !self.counting {
            return;
        }
        let allocated = self.mem.heap.allocated_bytes();
        let limits = &mut self.limits;
        let bytes = allocated.saturating_sub(limits.allocated);
        limits.allocated = allocated;
        let used = (limits.granted.saturating_sub(self.ticks).max(0) as u64)
            .saturating_add(bytes / BYTES_PER_TICK)
            .saturating_add(self.mem.steps.take() / STEPS_PER_TICK);
        limits.used = limits.used.saturating_add(used);
        if let Some(left) = &mut limits.left {
            *left = left.saturating_sub(used);
        }
        limits.until_callback = limits.until_callback.saturating_sub(used);
        self.grant();
    }
    /// Says when to settle next.
    fn grant(&mut self) {
        let limits = &mut self.limits;
        let mut quantum = QUANTUM;
        if let Some(left) = limits.left {
            quantum = quantum.min(left.min(i64::MAX as u64) as i64);
        }
        if limits.callback.is_some() && !limits.in_callback {
            quantum = quantum.min(limits.until_callback.min(i64::MAX as u64) as i64);
        }
        limits.granted = quantum;
        self.ticks = quantum;
        let due = quantum == 0 && self.counting;
        if due {
            // Nothing runs on credit.
            limits.granted = 0;
            self.ticks = 0;
        }
        self.mem.heap.set_program_poll(due);
    }
    /// Begins or ends counting, as the limits ask for.
    fn restart(&mut self) {
        self.counting = !self.limits.is_idle();
        self.limits.allocated = self.mem.heap.allocated_bytes();
        self.mem.steps.set(0);
        self.grant();
        hook::refresh(self);
    }

    /// Raises what is due at a safepoint; true: an error was set.
    ///
    /// # Safety
    /// As for `State::collect_if_needed`.
    pub(crate) unsafe fn check_limits(&mut self) -> bool {
        if self.mem.heap.is_requested() && !self.in_finalizer {
            self.mem.heap.take_request();
            // As the reference's `lua.c`, which raises it from a hook: the
            // position is that of the caller.
            let mut text = message::position(self, 1);
            text.extend_from_slice(b"interrupted!");
            self.error = message::string_value(self, &text);
            self.handled = false;
            return true;
        }
        if !self.counting || self.ticks > 0 {
            return false;
        }
        self.settle();
        if self.is_exhausted() {
            message::set_error(self, b"instruction limit reached");
            return true;
        }
        if self.limits.until_callback > 0 || self.limits.in_callback {
            return false;
        }
        self.limits.until_callback = self.limits.every;
        // SAFETY: as the caller promised.
        unsafe { self.call_back() }
    }
    /// Calls the callback; true: it raised an error.
    unsafe fn call_back(&mut self) -> bool {
        if self.limits.callback.is_none() {
            return false;
        }
        self.limits.in_callback = true;
        self.grant();
        // SAFETY: as in `hook::run`: the call happens above everything in use,
        // and the pending error survives it.
        let raised = unsafe {
            self.save_thread();
            let (error, handled) = (self.error, self.handled);
            let top = self.top.offset_from(self.thread.data().stack);
            let at = self.thread.data().live_end();
            self.top = at;
            self.handles.push(error);
            let raised = if self.ensure_stack(at, 8) {
                *self.top = Native::new(&mut self.mem, &CALLBACK, &[]).value();
                self.top = self.top.add(1);
                call_with(self, 0, 0, flag::BOUNDARY | flag::HOOK).is_err()
            } else {
                message::set_error(self, b"stack overflow");
                true
            };
            let error = self.handles.pop().unwrap_or(error);
            if !raised {
                (self.error, self.handled) = (error, handled);
            }
            self.top = self.thread.data().stack.offset(top);
            raised
        };
        self.limits.in_callback = false;
        self.settle();
        raised
    }
}

/// Runs the host's callback in a frame of its own.
fn callback(cx: &mut Context) -> Result<Results> {
    if let Some(f) = cx.vm().limits.callback.clone() {
        f(cx)?;
    }
    cx.none()
}

static CALLBACK: NativeDef = NativeDef {
    name: "interrupt",
    function: callback,
};

/// The tick: entered before the instruction at `pc` when the count is at its
/// end. `pc` stays, unless an error is raised.
pub(super) fn tick(vm: *mut State, pc: Pc, base: *mut Value, k: *const Value) -> Regs {
    // SAFETY: entered with the interpreter's registers, before an instruction.
    unsafe {
        let state = &mut *vm;
        let stay = Regs { pc, base, k };
        let f = state.frame;
        let instruction = Instruction(*pc);
        if (*f).kind != frame_kind::LUA || instruction.op() == Some(Op::VARARGPREP) {
            return stay;
        }
        (*f).pc = pc.add(1);
        if !hook::uses_top(instruction) {
            state.top = base;
        }
        if state.check_limits() {
            return throw(vm);
        }
        stay
    }
}
