//! Slow operations: what an instruction's body leaves for later.
//!
//! Each is entered with the interpreter's registers at its instruction, saves
//! `pc`, does the whole operation, and returns where to go on. They are safe
//! functions by type (a trait bound of the dispatcher), but only handlers call
//! them, with valid registers.

use super::call::{How, begin, call_meta, finish};
use super::index::{self, Get, Set};
use super::unwind::throw;
use super::{
    Pc, Regs, a, arith, b, bx, c, chain, close as closing, compare, copy, message, name_index, ops,
    sbx, sc, set_float, set_int, x,
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
use std::sync::atomic::Ordering::Relaxed;

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
                state.error = message::string_value(state, b"not enough memory");
                state.handled = true;
                return true;
            }
        }
        if state.interrupt.swap(false, Relaxed) {
            message::set_error(state, b"interrupted!");
            return true;
        }
        false
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

// --- Indexing

/// Puts the outcome of a lookup where it belongs.
unsafe fn got(vm: *mut State, r: Regs, next: Pc, dst: usize, g: Get, key: Value) -> Regs {
    // SAFETY: see above.
    unsafe {
        match g {
            Get::Found(v) => {
                *r.base.add(dst) = v;
                Regs { pc: next, ..r }
            }
            Get::Call(f, obj) => call_meta(vm, f, &[obj, key], next, cont::STORE, dst),
            Get::NotIndexable(v, first) => message::index_error(&mut *vm, v, first, r.pc, key),
            Get::Loop => message::error(&mut *vm, b"'__index' chain too long; possible loop"),
        }
    }
}

unsafe fn was_set(vm: *mut State, r: Regs, next: Pc, s: Set, key: Value, v: Value) -> Regs {
    // SAFETY: see above.
    unsafe {
        match s {
            Set::Done => Regs { pc: next, ..r },
            Set::Call(f, obj) => call_meta(vm, f, &[obj, key, v], next, cont::DISCARD, 0),
            Set::NotIndexable(obj, first) => message::index_error(&mut *vm, obj, first, r.pc, key),
            Set::Bad(e) => message::set_error_of(&mut *vm, e),
            Set::Loop => message::error(&mut *vm, b"'__newindex' chain too long; possible loop"),
        }
    }
}

/// Writes into the inline cache where `name` is in the shape of `obj`.
unsafe fn fill_get_cache(vm: &State, pc: Pc, obj: Value, name: Str) {
    // SAFETY: see above; code words belong to the program's thread.
    unsafe {
        if obj.tag != tag::TABLE {
            return;
        }
        let shape = Table(obj.obj()).shape();
        if let Some(n) = vm.mem.shapes.lookup(shape, name.0) {
            let w = pc as *mut u32;
            *(w as *mut u16).add(3) = n as u16;
            *w.add(2) = shape;
        }
    }
}

pub(super) fn get_field(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let name = Str((*k.add(name_index(pc))).obj());
        let obj = *base.add(b(pc));
        get_name_at(vm, Regs { pc, base, k }, obj, name, words(Op::GETFIELD))
    }
}

unsafe fn get_name_at(vm: *mut State, r: Regs, obj: Value, name: Str, words: usize) -> Regs {
    // SAFETY: see above.
    unsafe {
        let next = r.pc.add(words);
        let key = name.value();
        if !name.is_interned() {
            let g = index::get(&*vm, obj, key);
            return got(vm, r, next, a(r.pc), g, key);
        }
        if obj.tag == tag::TABLE {
            // A cached slot that holds nil needs no other look into the table.
            let t = Table(obj.obj());
            if t.shape() != x(r.pc, 2) {
                fill_get_cache(&*vm, r.pc, obj, name);
                let v = t.get_str(&(*vm).mem, name);
                if !v.is_nil() {
                    *r.base.add(a(r.pc)) = v;
                    return Regs { pc: next, ..r };
                }
            }
            let v = match t.meta() {
                None => Some(Value::NIL),
                Some(m) => chain::get(&mut *vm, m, name),
            };
            if let Some(v) = v {
                *r.base.add(a(r.pc)) = v;
                return Regs { pc: next, ..r };
            }
        }
        let g = index::get_name(&*vm, obj, name);
        got(vm, r, next, a(r.pc), g, key)
    }
}

pub(super) fn get_tab_up(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let name = Str((*k.add(name_index(pc))).obj());
        let obj = ops::data::running(base).upvalue(b(pc)).get();
        get_name_at(vm, Regs { pc, base, k }, obj, name, words(Op::GETTABUP))
    }
}

pub(super) fn set_field(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let obj = *base.add(a(pc));
        let v = *base.add(b(pc));
        set_name_at(vm, Regs { pc, base, k }, obj, v, words(Op::SETFIELD))
    }
}

pub(super) fn set_tab_up(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let obj = ops::data::running(base).upvalue(b(pc)).get();
        let v = *base.add(a(pc));
        set_name_at(vm, Regs { pc, base, k }, obj, v, words(Op::SETTABUP))
    }
}

unsafe fn set_name_at(vm: *mut State, r: Regs, obj: Value, v: Value, words: usize) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        let key = *r.k.add(name_index(r.pc));
        let name = Str(key.obj());
        let next = r.pc.add(words);
        let interned = name.is_interned();
        let before = if obj.tag == tag::TABLE {
            Table(obj.obj()).shape()
        } else {
            0
        };
        let site = if obj.tag == tag::TABLE && interned && overflows(state, obj, name) {
            Table(obj.obj()).site() as usize
        } else {
            0
        };
        let s = index::set(state, obj, key, v, interned);
        if matches!(s, Set::Done) && obj.tag == tag::TABLE && interned {
            let t = Table(obj.obj());
            let after = t.shape();
            if let Some(n) = state.mem.shapes.lookup(after, name.0) {
                if before == after || n < t.inline_cap() as u32 {
                    let w = r.pc as *mut u32;
                    *(w as *mut u16).add(3) = n as u16;
                    *w.add(2) = before;
                    *w.add(3) = after;
                }
                learn_site(state, site, n);
            }
        }
        was_set(vm, r, next, s, key, v)
    }
}

/// Whether a new field would not fit the inline slots.
unsafe fn overflows(vm: &State, obj: Value, name: Str) -> bool {
    // SAFETY: see above.
    unsafe {
        let t = Table(obj.obj());
        let n = vm.mem.shapes.count(t.shape());
        n >= t.inline_cap() as u32
            && n < MAX_INLINE as u32
            && vm.mem.shapes.lookup(t.shape(), name.0).is_none()
    }
}

/// Field `n` did not fit inline: next time the allocation site makes room for it.
fn learn_site(vm: &mut State, site: usize, n: u32) {
    if site > 0 && site < vm.sites.len() {
        let cap = &mut vm.sites[site];
        *cap = (*cap).max((n + 1).min(MAX_INLINE as u32) as u8);
    }
}

pub(super) fn get_table(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let obj = *base.add(b(pc));
        let key = *base.add(c(pc));
        if obj.tag == tag::TABLE {
            let t = Table(obj.obj());
            let v = t.get(&(*vm).mem, key);
            if !v.is_nil() || t.meta().is_none() {
                *base.add(a(pc)) = v;
                return Regs {
                    pc: pc.add(1),
                    base,
                    k,
                };
            }
        }
        save(vm, pc);
        let g = index::get(&*vm, obj, key);
        got(vm, Regs { pc, base, k }, pc.add(1), a(pc), g, key)
    }
}

pub(super) fn get_i(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let key = Value::int(c(pc) as i64);
        let g = index::get(&*vm, *base.add(b(pc)), key);
        got(vm, Regs { pc, base, k }, pc.add(1), a(pc), g, key)
    }
}

pub(super) fn set_table(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let (obj, key, v) = (*base.add(a(pc)), *base.add(b(pc)), *base.add(c(pc)));
        save(vm, pc);
        if obj.tag == tag::TABLE {
            let t = Table(obj.obj());
            if t.meta().is_none() {
                return match t.set(&mut (*vm).mem, key, v) {
                    Ok(()) => Regs {
                        pc: pc.add(1),
                        base,
                        k,
                    },
                    Err(e) => message::set_error_of(&mut *vm, e),
                };
            }
        }
        let s = index::set(&mut *vm, obj, key, v, false);
        was_set(vm, Regs { pc, base, k }, pc.add(1), s, key, v)
    }
}

pub(super) fn set_i(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let (obj, key, v) = (*base.add(a(pc)), Value::int(b(pc) as i64), *base.add(c(pc)));
        let s = index::set(&mut *vm, obj, key, v, false);
        was_set(vm, Regs { pc, base, k }, pc.add(1), s, key, v)
    }
}

pub(super) fn self_(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        let obj = *base.add(b(pc));
        let key = *k.add(name_index(pc));
        let name = Str(key.obj());
        let dst = a(pc);
        let next = pc.add(words(Op::SELF));
        let r = Regs { pc, base, k };
        if obj.tag == tag::TABLE && x(pc, 2) == Table(obj.obj()).shape() && x(pc, 5) != 0 {
            // The same shape with another metatable: a call of different classes' methods.
            if let Some(m) = Table(obj.obj()).meta()
                && let Some(v) = chain::get(state, m, name)
            {
                *base.add(dst + 1) = obj;
                *base.add(dst) = v;
                return Regs { pc: next, base, k };
            }
        }
        let g = if name.is_interned() {
            fill_self_cache(state, pc, obj, name);
            index::get_name(state, obj, name)
        } else {
            index::get(state, obj, key)
        };
        if !matches!(g, Get::NotIndexable(..)) {
            *base.add(dst + 1) = obj;
        }
        got(vm, r, next, dst, g, key)
    }
}

/// Fills SELF's cache: the name in the receiver's own shape, or in a table
/// found through `__index` tables, all of which are marked so that a change of
/// any of them moves the epoch. Strings' methods likewise.
unsafe fn fill_self_cache(vm: &mut State, pc: Pc, obj: Value, name: Str) {
    // SAFETY: see above.
    unsafe {
        let w = pc as *mut u32;
        let (receiver, meta) = match obj.tag {
            tag::TABLE => {
                let t = Table(obj.obj());
                if let Some(n) = vm.mem.shapes.lookup(t.shape(), name.0) {
                    *(w as *mut u16).add(3) = n as u16;
                    *w.add(2) = t.shape();
                    *w.add(5) = 0;
                    return;
                }
                if vm.mem.shapes.is_sealed(t.shape()) {
                    return;
                }
                (t.shape(), t.meta())
            }
            tag::STRING => (ops::fields::STRING_RECEIVER, vm.meta_of(obj)),
            _ => return,
        };
        let Some(meta) = meta else { return };
        let chain::Way::Holder(holder, n) = chain::find(vm, meta, name) else {
            return;
        };
        if n >= u16::MAX as u32 || !ops::fields::expandable(vm, holder) {
            return;
        }
        *(w as *mut u16).add(3) = n as u16;
        *w.add(2) = receiver;
        *w.add(3) = ops::fields::compressed(meta.0);
        *w.add(4) = vm.mem.epoch;
        *w.add(5) = ops::fields::compressed(holder.0);
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
                    return message::error(state, b"not enough memory");
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
        for i in 1..=n {
            if let Err(e) = t.set_int(&mut state.mem, first + i as i64, *r.add(i)) {
                return message::set_error_of(state, e);
            }
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

// --- Arithmetic

/// A binary operation whose operands are `x` and `y`.
#[inline(never)]
fn binary(vm: *mut State, pc: Pc, r: Regs, op: ArithOp, x: Value, y: Value) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let state = &mut *vm;
        match arith::raw(op, x, y) {
            Ok(v) => {
                *r.base.add(a(pc)) = v;
                Regs { pc: pc.add(1), ..r }
            }
            Err(arith::Fail::DivideByZero) => message::error(
                state,
                if matches!(op, ArithOp::Mod) {
                    b"attempt to perform 'n%0'"
                } else {
                    b"attempt to divide by zero"
                },
            ),
            Err(f) => {
                let event = op.event();
                let mut m = state.metamethod(x, event);
                if m.is_nil() {
                    m = state.metamethod(y, event);
                }
                if !m.is_nil() {
                    return call_meta(vm, m, &[x, y], pc.add(1), cont::STORE, a(pc));
                }
                message::arith_error(state, pc, op, x, y, matches!(f, arith::Fail::NoInteger))
            }
        }
    }
}

macro_rules! binaries {
    ($($name:ident $op:ident $x:ident $y:ident;)*) => {$(
        #[cold]
        pub(super) fn $name(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
            // SAFETY: see above.
            let (x, y) = unsafe { ($x(pc, base, k), $y(pc, base, k)) };
            binary(vm, pc, Regs { pc, base, k }, ArithOp::$op, x, y)
        }
    )*};
}
unsafe fn rb(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand B is a register.
    unsafe { *base.add(b(pc)) }
}
unsafe fn rc(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand C is a register.
    unsafe { *base.add(c(pc)) }
}
unsafe fn kb(pc: Pc, _: Base, k: K) -> Value {
    // SAFETY: operand B is a constant.
    unsafe { *k.add(b(pc)) }
}
unsafe fn kc(pc: Pc, _: Base, k: K) -> Value {
    // SAFETY: operand C is a constant.
    unsafe { *k.add(c(pc)) }
}
unsafe fn ic(pc: Pc, _: Base, _: K) -> Value {
    // SAFETY: operand C is an immediate.
    Value::int(unsafe { sc(pc) })
}
binaries! {
    add Add rb rc; sub Sub rb rc; mul Mul rb rc; div Div rb rc; mod_ Mod rb rc; idiv IDiv rb rc;
    pow Pow rb rc; band BAnd rb rc; bor BOr rb rc; bxor BXor rb rc; shl Shl rb rc; shr Shr rb rc;
    add_k Add rb kc; sub_k Sub rb kc; mul_k Mul rb kc; div_k Div rb kc; mod_k Mod rb kc;
    idiv_k IDiv rb kc; pow_k Pow rb kc; band_k BAnd rb kc; bor_k BOr rb kc; bxor_k BXor rb kc;
    k_add Add kb rc; k_sub Sub kb rc; k_mul Mul kb rc; k_div Div kb rc;
    add_i Add rb ic; sub_i Sub rb ic; shl_i Shl rb ic; shr_i Shr rb ic;
    unm Unm rb rb; bnot BNot rb rb;
}

// --- Comparisons

/// Takes or skips the jump of the instruction at `pc`.
unsafe fn branch(vm: *mut State, pc: Pc, base: Base, k: K, taken: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        if !taken {
            return Regs {
                pc: pc.add(2),
                base,
                k,
            };
        }
        let offset = x(pc, 1) as i32 as isize;
        let to = pc.offset(offset + 2);
        if offset < 0 && (*vm).mem.heap.poll() {
            return poll(vm, to, base, k);
        }
        Regs { pc: to, base, k }
    }
}

fn equal(vm: *mut State, r: Regs, x: Value, y: Value, expect: bool, raw: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        let pc = r.pc;
        save(vm, pc);
        if compare::raw_equal(x, y) {
            return branch(vm, pc, r.base, r.k, expect);
        }
        if !raw && let Some(m) = compare::eq_metamethod(&*vm, x, y) {
            let how = if expect {
                cont::JUMP_IF
            } else {
                cont::JUMP_IF_NOT
            };
            return call_meta(vm, m, &[x, y], pc.add(2), how, 0);
        }
        branch(vm, pc, r.base, r.k, !expect)
    }
}

fn ordered(vm: *mut State, r: Regs, x: Value, y: Value, event: Event, expect: bool) -> Regs {
    // SAFETY: see above.
    unsafe {
        let pc = r.pc;
        save(vm, pc);
        let state = &mut *vm;
        match compare::raw_cmp(x, y) {
            Ok(o) => {
                let holds = match event {
                    Event::Lt => o.is_some_and(|o| o.is_lt()),
                    _ => o.is_some_and(|o| o.is_le()),
                };
                branch(vm, pc, r.base, r.k, holds == expect)
            }
            Err(()) => {
                let m = compare::order_metamethod(state, x, y, event);
                if m.is_nil() {
                    return message::compare_error(state, x, y);
                }
                let how = if expect {
                    cont::JUMP_IF
                } else {
                    cont::JUMP_IF_NOT
                };
                call_meta(vm, m, &[x, y], pc.add(2), how, 0)
            }
        }
    }
}

macro_rules! comparisons {
    ($($name:ident = $f:ident($($arg:expr),*) with $x:ident $y:ident;)*) => {$(
        pub(super) fn $name(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
            // SAFETY: see above.
            let (x, y) = unsafe { ($x(pc, base, k), $y(pc, base, k)) };
            $f(vm, Regs { pc, base, k }, x, y, $($arg),*)
        }
    )*};
}
unsafe fn ra(pc: Pc, base: Base, _: K) -> Value {
    // SAFETY: operand A is a register.
    unsafe { *base.add(a(pc)) }
}
unsafe fn imm(pc: Pc, _: Base, _: K) -> Value {
    // SAFETY: the instruction has an immediate.
    Value::int(unsafe { sbx(pc) })
}
comparisons! {
    jeq = equal(true, false) with ra rb;
    jne = equal(false, false) with ra rb;
    jeqk = equal(true, true) with ra kb;
    jnek = equal(false, true) with ra kb;
    jlt = ordered(Event::Lt, true) with ra rb;
    jnlt = ordered(Event::Lt, false) with ra rb;
    jle = ordered(Event::Le, true) with ra rb;
    jnle = ordered(Event::Le, false) with ra rb;
    jlti = ordered(Event::Lt, true) with ra imm;
    jnlti = ordered(Event::Lt, false) with ra imm;
    jlei = ordered(Event::Le, true) with ra imm;
    jnlei = ordered(Event::Le, false) with ra imm;
    jgti = ordered(Event::Lt, true) with imm ra;
    jngti = ordered(Event::Lt, false) with imm ra;
    jgei = ordered(Event::Le, true) with imm ra;
    jngei = ordered(Event::Le, false) with imm ra;
}

// --- Concatenation

pub(super) fn concat(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        concat_from(&mut *vm, Regs { pc, base, k }, b(pc))
    }
}

/// After a `__concat` metamethod: its result is in register `at`; `r.pc` is
/// behind the CONCAT.
///
/// # Safety
/// The innermost frame is the Lua function's.
pub(crate) unsafe fn concat_continue(vm: &mut State, r: Regs, at: usize) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let pc = r.pc.sub(1);
        save(vm, pc);
        concat_from(vm, Regs { pc, ..r }, at + 1 - a(pc))
    }
}

/// Concatenates the first `n` operands of the CONCAT at `r.pc`, from the right.
unsafe fn concat_from(vm: &mut State, r: Regs, n: usize) -> Regs {
    // SAFETY: see above.
    unsafe {
        let mut r = r;
        let mut first = r.base.add(a(r.pc));
        let mut n = n;
        while n > 1 {
            let (x, y) = (*first.add(n - 2), *first.add(n - 1));
            let text = |v: Value| matches!(v.tag, tag::STRING | tag::INT | tag::FLOAT);
            if !text(x) || !text(y) {
                let mut m = vm.metamethod(x, Event::Concat);
                if m.is_nil() {
                    m = vm.metamethod(y, Event::Concat);
                }
                if m.is_nil() {
                    return message::concat_error(vm, r.pc, x, y, a(r.pc) + n - 2);
                }
                let at = a(r.pc) + n - 2;
                return call_meta(vm, m, &[x, y], r.pc.add(1), cont::CONCAT, at);
            }
            let mut count = 2;
            while count < n && text(*first.add(n - count - 1)) {
                count += 1;
            }
            let mut start = first.add(n - count);
            let s = match join(vm, start, count) {
                Some(s) => s,
                None => {
                    // There may be garbage.
                    vm.top = r.base;
                    vm.collect_full();
                    // The stack may have moved.
                    r.base = (*vm.frame).base;
                    first = r.base.add(a(r.pc));
                    start = first.add(n - count);
                    match join(vm, start, count) {
                        Some(s) => s,
                        None => return message::memory_error(vm),
                    }
                }
            };
            *start = s;
            n -= count - 1;
        }
        Regs {
            pc: r.pc.add(1),
            ..r
        }
    }
}

/// The concatenation of `n` strings and numbers in consecutive registers.
unsafe fn join(vm: &mut State, start: *const Value, n: usize) -> Option<Value> {
    // SAFETY: see above.
    unsafe {
        let mut total = 0usize;
        let mut numbers = false;
        for i in 0..n {
            let v = *start.add(i);
            if v.tag == tag::STRING {
                total += Str(v.obj()).len();
            } else {
                numbers = true;
            }
        }
        if numbers {
            // Numbers become strings in their registers.
            for i in 0..n {
                let v = start.add(i) as *mut Value;
                if (*v).tag != tag::STRING {
                    let mut buffer = message::NumberBuffer::default();
                    let text = message::number_text(*v, &mut buffer);
                    total += text.len();
                    *v = Str::new(&mut vm.mem, text).value();
                }
            }
        }
        if n == 2 {
            let (x, y) = (*start, *start.add(1));
            if Str(x.obj()).is_empty() {
                return Some(y);
            }
            if Str(y.obj()).is_empty() {
                return Some(x);
            }
        }
        let s = Str::try_new_with(&mut vm.mem, total, |out| {
            let mut at = 0;
            for i in 0..n {
                let part = Str((*start.add(i)).obj()).as_bytes();
                out[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
        })?;
        Some(s.value())
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

pub(super) fn call(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        (*state.frame).pc = pc.add(1);
        let mut func = base.add(a(pc));
        if b(pc) != 0 {
            state.top = func.add(b(pc));
        }
        let nargs = state.top.offset_from(func) as usize - 1;
        if state.mem.heap.poll() {
            let top = state.top.offset_from(func);
            if safepoint(state) {
                return throw(vm);
            }
            let _ = k;
            func = (*state.frame).base.add(a(pc));
            state.top = func.offset(top);
        }
        begin(vm, func, nargs, How::plain(c(pc) as i32 - 1))
    }
}

pub(super) fn tail_call(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let state = &mut *vm;
        (*state.frame).pc = pc.add(1);
        let mut func = base.add(a(pc));
        if b(pc) != 0 {
            state.top = func.add(b(pc));
        }
        if c(pc) != 0 {
            closing::close_upvalues(state, base);
        }
        let _ = k;
        if state.mem.heap.poll() {
            let top = state.top.offset_from(func);
            if safepoint(state) {
                return throw(vm);
            }
            func = (*state.frame).base.add(a(pc));
            state.top = func.offset(top);
        }
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
        for i in 0..=nargs {
            copy(to.add(i), func.add(i));
        }
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
