//! Slow operations: what an instruction's body leaves for later.
//!
//! Each is entered with the interpreter's registers at its instruction, saves
//! `pc`, does the whole operation, and returns where to go on. They are safe
//! functions by type (a trait bound of the dispatcher), but only handlers call
//! them, with valid registers.

mod fields;
mod joining;
mod numbers;
mod order;

pub(super) use fields::*;
pub(crate) use joining::concat_continue;
pub(super) use joining::*;
pub(super) use numbers::*;
pub(super) use order::*;

use super::call::{How, begin, call_meta, finish};
use super::index::{self, Get, Set};
use super::unwind::throw;
use super::{
    Pc, Regs, a, arith, b, bx, c, chain, close as closing, compare, copy, copy_values, message,
    name_index, ops, sbx, sc, set_float, set_int, x,
};
use crate::native::{ArithOp, Num};
use crate::object::event::Event;
use crate::object::function::{Closure, proto_data};
use crate::object::string::Str;
use crate::object::table::flag as table_flag;
use crate::object::table::{MAX_INLINE, Table};
use crate::object::thread::cont;
use crate::value::{Value, tag};
use crate::vm::State;
use moonsweep_compiler::bytecode::names::registers_at_statement;
use moonsweep_compiler::bytecode::opcodes::Op;

type Base = *mut Value;
type K = *const Value;

#[inline(always)]
unsafe fn save(vm: *mut State, pc: Pc) {
    // SAFETY: rule 4 of the interpreter.
    unsafe { (*(*vm).frame).pc = pc.add(1) }
}

/// Number of words of the instruction at `pc`.
#[inline(always)]
fn words(op: Op) -> usize {
    1 + op.extension_words()
}

/// Raises `stack overflow`.
pub(crate) fn stack_overflow(vm: *mut State) -> Regs {
    // SAFETY: the frames are consistent.
    unsafe {
        set_stack_overflow(&mut *vm);
        throw(vm)
    }
}

/// Sets `stack overflow` as the error.
#[cold]
pub(crate) fn set_stack_overflow(state: &mut State) {
    if state.handler_depth > 0 {
        // In a message handler that was given the reserve: no handler sees this.
        state.error = message::string_value(state, b"error in error handling");
        state.handled = true;
    } else {
        message::set_error(state, b"stack overflow");
    }
}

/// A safepoint at a JMP, which may lead forward into an expression.
#[cold]
pub(super) fn poll_jump(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: as for `poll`.
    unsafe {
        let offset = (*pc as i32 >> 8) as isize;
        let to = pc.offset(offset + 1);
        if offset < 0 {
            poll(vm, to, base, k)
        } else {
            poll_at(vm, to, base, k)
        }
    }
}

/// A safepoint at a backward jump: `pc` is where the program goes on.
#[cold]
pub(super) fn poll(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: the running frame is a Lua function's; nothing is open above it.
    unsafe {
        clear_temporaries(pc, base);
        poll_at(vm, pc, base, k)
    }
}

unsafe fn poll_at(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: as for `poll`.
    unsafe {
        let state = &mut *vm;
        // As behind the first word of the instruction that comes next.
        (*state.frame).pc = pc.add(1);
        state.top = base;
        if safepoint(state) {
            return throw(vm);
        }
        let f = state.frame;
        Regs {
            pc,
            base: (*f).base,
            k,
        }
    }
}

/// Clears the registers above the variables that are active at `pc`, the start
/// of a statement: what is left there must not keep objects alive.
unsafe fn clear_temporaries(pc: Pc, base: Base) {
    // SAFETY: the innermost frame is the Lua function's.
    unsafe {
        let proto = Closure::of(*base.sub(1)).proto();
        let at = pc.offset_from(proto.code as *const u32) as u32;
        let end = proto.max_stack as usize;
        for i in registers_at_statement(&proto.info, at).unwrap_or(end)..end {
            *base.add(i) = Value::NIL;
        }
    }
}

/// Collects if wanted, and handles interrupts; true: an error was set.
///
/// # Safety
/// As for `State::collect_if_needed`.
pub(crate) unsafe fn safepoint(state: &mut State) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        state.collect_if_needed();
        if state.mem.heap.limit() != state.memory_limit || state.mem.heap.over_limit() {
            // SAFETY: as the caller promised.
            let out = state.memory_is_out();
            if out && !state.handled {
                message::set_memory_error(state);
                return true;
            }
        }
        state.check_limits()
    }
}

pub(super) fn set_upval(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see the head of this file (so for all functions below).
    unsafe {
        let u = ops::data::running(base).upvalue(b(pc));
        u.set(&mut (*vm).mem, *base.add(a(pc)));
        Regs {
            pc: pc.add(1),
            base,
            k,
        }
    }
}

pub(super) fn closure(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let outer = ops::data::running(base);
        let proto = outer.proto().protos[bx(pc)];
        let info = &proto_data(proto).info;
        let new = Closure::new(&mut state.mem, proto, info.upvalues.len());
        for (i, d) in info.upvalues.iter().enumerate() {
            let u = if d.in_stack {
                closing::find_upvalue(state, base.add(d.index as usize)).0
            } else {
                outer.upvalue(d.index as usize).0
            };
            new.upvalue_edge(i).init(new.0, Some(u));
        }
        *base.add(a(pc)) = new.value();
        Regs {
            pc: pc.add(1),
            base,
            k,
        }
    }
}

// --- Constructors

pub(super) fn new_table(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let hints = x(pc, 1);
        let (narray, nrec) = (hints & 0xFF_FFFF, hints >> 24);
        let mut site = x(pc, 2) as usize;
        if site == 0 && state.sites.len() < 1 << 20 {
            site = state.sites.len();
            state.sites.push(nrec.min(MAX_INLINE as u32) as u8);
            *(pc as *mut u32).add(2) = site as u32;
        }
        let cap = state.sites[site];
        let t = Table::new(&mut state.mem, cap, narray, 0, site as u32);
        *base.add(a(pc)) = t.value();
        Regs {
            pc: pc.add(words(Op::NEWTABLE)),
            base,
            k,
        }
    }
}

pub(super) fn new_obj(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let proto = ops::data::running(base).proto();
        let names = &proto.info.templates[x(pc, 1) as usize];
        let n = b(pc);
        let r = base.add(a(pc));
        let mut shape = x(pc, 2);
        if shape == u32::MAX {
            let keys: Vec<_> = names
                .iter()
                .map(|i| proto.constants[*i as usize].obj())
                .collect();
            let short = keys.iter().all(|o| Str(*o).is_interned());
            if short && let Some(s) = state.mem.shapes.from_template(&keys) {
                shape = s;
                *(pc as *mut u32).add(2) = s;
            }
        }
        let t = if shape == u32::MAX {
            let t = Table::new(&mut state.mem, 0, 0, n as u32, 0);
            for i in 0..n {
                let key = proto.constants[names[i] as usize];
                if t.set(&mut state.mem, key, *r.add(i)).is_err() {
                    return message::memory_error(state);
                }
            }
            t
        } else {
            let t = Table::with_shape(&mut state.mem, shape, n as u8, 0);
            for i in 0..n {
                let w = state.mem.pack(*r.add(i));
                t.inline_slot(i).init(t.0, w);
            }
            t
        };
        *r = t.value();
        Regs {
            pc: pc.add(words(Op::NEWOBJ)),
            base,
            k,
        }
    }
}

pub(super) fn set_list(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        let r = base.add(a(pc));
        let n = if b(pc) == 0 {
            state.top.offset_from(r) as usize - 1
        } else {
            b(pc)
        };
        let first = x(pc, 1) as i64;
        // Always a table, unless `debug.setlocal` changed the temporary.
        let Some(t) = Table::from_value(*r) else {
            return message::operand_error(state, pc, a(pc), *r, "index");
        };
        let values = std::slice::from_raw_parts(r.add(1), n);
        if let Err(e) = t.set_list(&mut state.mem, first + 1, values) {
            return message::set_error_of(state, e);
        }
        Regs {
            pc: pc.add(words(Op::SETLIST)),
            base,
            k,
        }
    }
}

pub(super) fn len(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        let v = *base.add(b(pc));
        let dst = base.add(a(pc));
        let next = pc.add(1);
        match v.tag {
            tag::STRING => set_int(dst, Str(v.obj()).len() as i64),
            _ => {
                let m = state.metamethod(v, Event::Len);
                if !m.is_nil() {
                    return call_meta(vm, m, &[v, v], next, cont::STORE, a(pc));
                }
                if v.tag != tag::TABLE {
                    return message::operand_error(state, pc, b(pc), v, "get length of");
                }
                let t = Table(v.obj());
                if let Some(m) = t.meta() {
                    m.set_flags(m.flags() | table_flag::NO_LEN);
                }
                set_int(dst, t.len(&state.mem));
            }
        }
        Regs { pc: next, base, k }
    }
}

// --- Closing

pub(super) fn close(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let level = base.add(a(pc));
        if let Some(r) = close_next(&mut *vm, level, pc, 0) {
            return r;
        }
        closing::close_upvalues(&mut *vm, level);
        Regs {
            pc: pc.add(1),
            base,
            k,
        }
    }
}

/// Calls `__close` of the last to-be-closed variable at or above `level`; the
/// instruction at `pc` runs again afterwards.
unsafe fn close_next(vm: &mut State, level: *mut Value, pc: Pc, aux: usize) -> Option<Regs> {
    // SAFETY: see above.
    unsafe {
        let stack = vm.thread.data().stack;
        let i = closing::pop_tbc(vm, level.offset_from(stack) as u32)?;
        let v = *stack.add(i as usize);
        let m = vm.metamethod(v, Event::Close);
        // The metamethod may have vanished: calling nil raises the error.
        Some(call_meta(
            vm,
            m,
            &[v, Value::NIL],
            pc.add(1),
            cont::RETRY,
            aux,
        ))
    }
}

pub(super) fn tbc(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        if !closing::mark_tbc(&mut *vm, base.add(a(pc))) {
            return message::not_closable(&mut *vm, pc, a(pc));
        }
        Regs {
            pc: pc.add(1),
            base,
            k,
        }
    }
}

// --- Calls

/// What the call at `pc` calls, with `top` behind its arguments.
unsafe fn callee(state: &mut State, pc: Pc, base: Base) -> *mut Value {
    // SAFETY: `base` is the running frame's, `pc` a CALL or TAILCALL of it.
    unsafe {
        (*state.frame).pc = pc.add(1);
        let func = base.add(a(pc));
        if b(pc) != 0 {
            state.top = func.add(b(pc));
        }
        func
    }
}

/// A safepoint before the call of `func`, and where that is then, for the stack
/// may move; `None`: an error was set.
unsafe fn poll_call(state: &mut State, pc: Pc, func: *mut Value) -> Option<*mut Value> {
    // SAFETY: as for `callee`; everything in use is below `top`.
    unsafe {
        if !state.mem.heap.poll() {
            return Some(func);
        }
        let end = state.top.offset_from(func);
        if safepoint(state) {
            return None;
        }
        let func = (*state.frame).base.add(a(pc));
        state.top = func.offset(end);
        Some(func)
    }
}

pub(super) fn call(vm: *mut State, pc: Pc, base: Base, _: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let func = callee(state, pc, base);
        let Some(func) = poll_call(state, pc, func) else {
            return throw(vm);
        };
        let nargs = state.top.offset_from(func) as usize - 1;
        begin(vm, func, nargs, How::plain(c(pc) as i32 - 1))
    }
}

pub(super) fn tail_call(vm: *mut State, pc: Pc, base: Base, _: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let func = callee(state, pc, base);
        if c(pc) != 0 {
            closing::close_upvalues(state, base);
        }
        let Some(func) = poll_call(state, pc, func) else {
            return throw(vm);
        };
        let nargs = state.top.offset_from(func) as usize - 1;
        if (*func).tag != tag::CLOSURE {
            // The function returns what it calls returns.
            let how = How {
                nresults: -1,
                flags: crate::object::thread::flag::META,
                cont: cont::RETURN,
                aux: 0,
            };
            return begin(vm, func, nargs, how);
        }
        let f = state.frame;
        let to = (*f).func;
        copy_values(state, to, func, nargs + 1);
        let how = How {
            nresults: (*f).nresults,
            flags: (*f).flags,
            cont: (*f).cont | cont::TAIL_CALLED,
            aux: (*f).aux,
        };
        state.frame = f.sub(1);
        begin_tail(vm, to, nargs, how, f)
    }
}

/// Starts the call that replaces frame `f`; on a stack overflow the frame stays.
unsafe fn begin_tail(
    vm: *mut State,
    to: *mut Value,
    nargs: usize,
    how: How,
    f: *mut crate::object::thread::Frame,
) -> Regs {
    // SAFETY: see above.
    unsafe {
        let proto = Closure::of(*to).proto();
        let state = &mut *vm;
        if to.add(1 + (proto.max_stack as usize).max(nargs)) > state.stack_limit {
            state.frame = f;
            state.top = to.add(1 + nargs);
            let offset = to.offset_from(state.thread.data().stack);
            if !state.ensure_stack(to, 1 + (proto.max_stack as usize).max(nargs)) {
                return stack_overflow(vm);
            }
            let to = state.thread.data().stack.offset(offset);
            state.frame = state.frame.sub(1);
            return begin(vm, to, nargs, how);
        }
        begin(vm, to, nargs, how)
    }
}

pub(super) fn return_(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let _ = k;
        let first = base.add(a(pc));
        let n = if b(pc) == 0 {
            state.top.offset_from(first) as usize
        } else {
            b(pc) - 1
        };
        if c(pc) != 0 {
            (*state.frame).pc = pc.add(1);
            let end = first.add(n);
            state.top = end;
            let aux = end.offset_from(base) as usize + 1;
            if let Some(r) = close_next(state, base, pc, aux) {
                return r;
            }
            closing::close_upvalues(state, base);
        }
        finish(vm, first, n)
    }
}

pub(super) fn return0(vm: *mut State, _: Pc, base: Base, _: K) -> Regs {
    // SAFETY: see above.
    unsafe { finish(vm, base, 0) }
}

pub(super) fn return1(vm: *mut State, pc: Pc, base: Base, _: K) -> Regs {
    // SAFETY: see above.
    unsafe { finish(vm, base.add(a(pc)), 1) }
}

// --- Loops

pub(super) fn for_prep(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        let r = base.add(a(pc));
        let (init, limit, step) = (*r, *r.add(1), *r.add(2));
        let enter = Regs {
            pc: pc.add(2),
            base,
            k,
        };
        let skip = Regs {
            pc: pc.offset(x(pc, 1) as i32 as isize + 2),
            base,
            k,
        };
        if init.tag == tag::INT && step.tag == tag::INT {
            let (i, step) = (init.as_int(), step.as_int());
            if step == 0 {
                return message::error(state, b"'for' step is zero");
            }
            let limit = match arith::to_number(limit) {
                Some(Num::Int(limit)) => limit,
                Some(Num::Float(f)) => {
                    let f = if step < 0 { f.ceil() } else { f.floor() };
                    // As the reference, NaN counts as less than everything here.
                    if f >= 9223372036854775808.0 {
                        if step < 0 {
                            return skip;
                        }
                        i64::MAX
                    } else if f < -9223372036854775808.0 || f.is_nan() {
                        if step > 0 {
                            return skip;
                        }
                        i64::MIN
                    } else {
                        f as i64
                    }
                }
                None => return message::for_error(state, limit, "limit"),
            };
            if if step > 0 { i > limit } else { i < limit } {
                return skip;
            }
            let count = if step > 0 {
                (limit as u64).wrapping_sub(i as u64) / step as u64
            } else {
                (i as u64).wrapping_sub(limit as u64) / ((-(step + 1)) as u64 + 1)
            };
            set_int(r.add(1), count as i64);
            set_int(r.add(3), i);
            return enter;
        }
        let number = |v: Value| match arith::to_number(v)? {
            Num::Int(i) => Some(i as f64),
            Num::Float(f) => Some(f),
        };
        let Some(l) = number(limit) else {
            return message::for_error(state, limit, "limit");
        };
        let Some(s) = number(step) else {
            return message::for_error(state, step, "step");
        };
        let Some(i) = number(init) else {
            return message::for_error(state, init, "initial");
        };
        if s == 0.0 {
            return message::error(state, b"'for' step is zero");
        }
        // A comparison with NaN does not end the loop before its first round.
        if if s > 0.0 { l < i } else { i < l } {
            return skip;
        }
        set_float(r, i);
        set_float(r.add(1), l);
        set_float(r.add(2), s);
        set_float(r.add(3), i);
        enter
    }
}

pub(super) fn tfor_prep(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        if !closing::mark_tbc(&mut *vm, base.add(a(pc) + 3)) {
            return message::not_closable(&mut *vm, pc, a(pc) + 3);
        }
        Regs {
            pc: pc.offset(x(pc, 1) as i32 as isize + 2),
            base,
            k,
        }
    }
}

pub(super) fn tfor_call(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let r = base.add(a(pc));
        if (*r).tag == tag::NATIVE
            && state.hook_mask == 0
            && std::ptr::eq(
                crate::object::function::Native::of(*r).def(),
                crate::native::IPAIRS_STEP,
            )
            && (*r.add(1)).tag == tag::TABLE
            && (*r.add(2)).tag == tag::INT
        {
            // One step of `ipairs` on a table whose element is at hand.
            let t = Table((*r.add(1)).obj());
            let i = (*r.add(2)).as_int().wrapping_add(1);
            let v = t.get_int(&state.mem, i);
            if !v.is_nil() || t.meta().is_none() {
                if v.is_nil() {
                    (*r.add(4)).tag = tag::NIL;
                } else {
                    set_int(r.add(4), i);
                }
                if c(pc) >= 2 {
                    *r.add(5) = v;
                    for j in 2..c(pc) {
                        *r.add(4 + j) = Value::NIL;
                    }
                }
                return Regs {
                    pc: pc.add(1),
                    base,
                    k,
                };
            }
        }
        (*state.frame).pc = pc.add(1);
        for i in 0..3 {
            copy(r.add(4 + i), r.add(i));
        }
        begin(vm, r.add(4), 2, How::plain(c(pc) as i32))
    }
}

/// A numeral's value.
pub(crate) fn number_value(n: Num) -> Value {
    match n {
        Num::Int(i) => Value::int(i),
        Num::Float(f) => Value::float(f),
    }
}
