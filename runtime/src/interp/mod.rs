//! The interpreter.
//!
//! Rules of the run loop:
//! 1. An instruction's body is written once, generic over [`Dispatch`]. In
//!    optimised builds each body becomes a handler of its own that tail-calls
//!    the next one through a table (`tail.rs`); elsewhere all bodies are arms
//!    of one `loop { match }` (`looped.rs`).
//! 2. The state of the running function is in five registers: `vm`, `pc` (the
//!    current instruction), `base` (R[0]), `k` (K[0]), and the handler table.
//!    A body must not keep anything else alive across its end, hold a value
//!    with a destructor, or let the address of a local escape: then the last
//!    call in it becomes a jump.
//! 3. Whatever may call, fail, allocate beyond the bump pointer or collect is a
//!    slow operation: a function `fn(vm, pc, base, k) -> Regs` entered as the
//!    body's last act. It may move the stack, push and pop frames, switch
//!    threads, and says with its result where to go on.
//! 4. A slow operation saves `pc` in the frame before it can fail or call: the
//!    saved `pc` is behind the first word of the failing instruction, or the
//!    next instruction when the frame waits for a call.
//! 5. A store into a heap object goes through the barrier: `try_set` in bodies
//!    (false: take the slow operation), `set` in slow operations.
//! 6. Collections happen only in slow operations: at calls, at backward jumps,
//!    and in natives that poll or call.
//! 7. While a hook is on (`hook.rs`) or instructions are counted (`limit.rs`),
//!    another table of handlers is in use, so that nothing else has to ask. Slow operations may change the table.
//! 8. Errors are values in `State::error`; `unwind::throw` finds who catches.
//!    Leaving the interpreter, by return or by error, is the instruction EXIT.

pub(crate) mod arith;
pub(crate) mod call;
pub(crate) mod chain;
pub(crate) mod close;
pub(crate) mod compare;
pub(crate) mod coroutine;
pub(crate) mod hook;
pub(crate) mod index;
pub(crate) mod limit;
#[cfg(not(tail_dispatch))]
mod looped;
pub(crate) mod message;
mod ops;
pub(crate) mod slow;
mod table;
#[cfg(tail_dispatch)]
mod tail;
pub(crate) mod unwind;

use crate::value::Value;
use crate::vm::State;
use moonsweep_compiler::bytecode::opcodes::{Instruction, Op};

#[cfg(not(tail_dispatch))]
pub(crate) use looped::execute;
#[cfg(not(tail_dispatch))]
use looped::table as dispatch_table;
#[cfg(tail_dispatch)]
pub(crate) use tail::execute;
#[cfg(tail_dispatch)]
use tail::table as dispatch_table;

/// How this build's interpreter goes from one instruction to the next: `tail`
/// or `loop` (rule 1).
pub const DISPATCH: &str = if cfg!(tail_dispatch) { "tail" } else { "loop" };

/// What the dispatch does between two instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    Plain,
    /// Counts (`limit.rs`).
    Counted,
    /// Asks the hook (`hook.rs`), and counts if need be.
    Hooked,
}

/// Address of an instruction.
pub(crate) type Pc = *const u32;

/// Where the interpreter goes on.
#[derive(Clone, Copy)]
pub(crate) struct Regs {
    pub pc: Pc,
    pub base: *mut Value,
    pub k: *const Value,
}

/// How a body hands over to the next instruction.
pub(crate) trait Dispatch: Copy {
    /// What a body returns.
    type Out;
    /// Goes on with the instruction at `pc`.
    unsafe fn next(self, vm: *mut State, pc: Pc, base: *mut Value, k: *const Value) -> Self::Out;
    /// Goes on where `op` says.
    unsafe fn slow<F: SlowOp>(
        self,
        op: F,
        vm: *mut State,
        pc: Pc,
        base: *mut Value,
        k: *const Value,
    ) -> Self::Out;
    /// Leaves the interpreter.
    unsafe fn exit(self, pc: Pc, base: *mut Value, k: *const Value) -> Self::Out;
}

/// A slow operation; a zero-sized function item.
pub(crate) trait SlowOp:
    Fn(*mut State, Pc, *mut Value, *const Value) -> Regs + Copy
{
}
impl<F: Fn(*mut State, Pc, *mut Value, *const Value) -> Regs + Copy> SlowOp for F {}

static EXIT: [u32; 2] = [Instruction::abc(Op::EXIT, 0, 0, 0).0; 2];

/// The code that leaves the interpreter.
pub(crate) fn code_exit() -> Pc {
    EXIT.as_ptr()
}

/// Operand A of the instruction at `pc`.
///
/// # Safety
/// `pc` points at an instruction (as for the other operands).
#[inline(always)]
pub(crate) unsafe fn a(pc: Pc) -> usize {
    // SAFETY: byte 1 of the instruction's word.
    unsafe { *(pc as *const u8).add(1) as usize }
}
/// Operand B.
#[inline(always)]
pub(crate) unsafe fn b(pc: Pc) -> usize {
    // SAFETY: byte 2 of the instruction's word.
    unsafe { *(pc as *const u8).add(2) as usize }
}
/// Operand C.
#[inline(always)]
pub(crate) unsafe fn c(pc: Pc) -> usize {
    // SAFETY: byte 3 of the instruction's word.
    unsafe { *(pc as *const u8).add(3) as usize }
}
/// Operand C, signed.
#[inline(always)]
pub(crate) unsafe fn sc(pc: Pc) -> i64 {
    // SAFETY: byte 3 of the instruction's word.
    unsafe { *(pc as *const i8).add(3) as i64 }
}
/// Operand Bx.
#[inline(always)]
pub(crate) unsafe fn bx(pc: Pc) -> usize {
    // SAFETY: bytes 2 and 3 of the instruction's word.
    unsafe { *(pc as *const u16).add(1) as usize }
}
/// Operand sBx.
#[inline(always)]
pub(crate) unsafe fn sbx(pc: Pc) -> i64 {
    // SAFETY: bytes 2 and 3 of the instruction's word.
    unsafe { *(pc as *const i16).add(1) as i64 }
}
/// Extension word `i` (from 1).
#[inline(always)]
pub(crate) unsafe fn x(pc: Pc, i: usize) -> u32 {
    // SAFETY: the instruction has that many words.
    unsafe { *pc.add(i) }
}
/// Field instructions: index of the name among the constants.
#[inline(always)]
pub(crate) unsafe fn name_index(pc: Pc) -> usize {
    // SAFETY: low half of X1.
    unsafe { *(pc as *const u16).add(2) as usize }
}
/// Field instructions: cached slot number.
#[inline(always)]
pub(crate) unsafe fn cached_slot(pc: Pc) -> usize {
    // SAFETY: high half of X1.
    unsafe { *(pc as *const u16).add(3) as usize }
}

/// Writes an integer into a register.
#[inline(always)]
pub(crate) unsafe fn set_int(r: *mut Value, i: i64) {
    // SAFETY: `r` is a register.
    unsafe {
        (*r).payload = i as u64;
        (*r).tag = crate::value::tag::INT;
    }
}
/// Writes a float into a register.
#[inline(always)]
pub(crate) unsafe fn set_float(r: *mut Value, f: f64) {
    // SAFETY: `r` is a register.
    unsafe {
        (*r).payload = f.to_bits();
        (*r).tag = crate::value::tag::FLOAT;
    }
}
/// Copies a value as two words.
#[inline(always)]
pub(crate) unsafe fn copy(to: *mut Value, from: *const Value) {
    // SAFETY: both are registers or constants.
    unsafe {
        let (t, p) = ((*from).tag, (*from).payload);
        (*to).payload = p;
        (*to).tag = t;
    }
}

/// Copies `n` values to where they were or below it. Many are charged.
///
/// # Safety
/// Both are registers of the running thread.
#[inline(always)]
pub(crate) unsafe fn copy_values(vm: &mut State, to: *mut Value, from: *const Value, n: usize) {
    /// As many as are copied one by one.
    const FEW: usize = 8;
    // SAFETY: as the caller promised; what overlaps is read before it is written.
    unsafe {
        if n > FEW {
            return copy_many(vm, to, from, n);
        }
        for i in 0..n {
            copy(to.add(i), from.add(i));
        }
    }
}

#[cold]
#[inline(never)]
unsafe fn copy_many(vm: &mut State, to: *mut Value, from: *const Value, n: usize) {
    vm.charge_steps(n);
    // SAFETY: as for `copy_values`.
    unsafe { std::ptr::copy(from, to, n) }
}
