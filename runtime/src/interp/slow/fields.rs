//! Indexing by any key and by constant name, with the filling of inline caches.
//!
//! Slow operations: see `slow/mod.rs`.

use super::*;

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

pub(in crate::interp) fn get_field(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
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

pub(in crate::interp) fn get_tab_up(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let name = Str((*k.add(name_index(pc))).obj());
        let obj = ops::data::running(base).upvalue(b(pc)).get();
        get_name_at(vm, Regs { pc, base, k }, obj, name, words(Op::GETTABUP))
    }
}

pub(in crate::interp) fn set_field(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let obj = *base.add(a(pc));
        let v = *base.add(b(pc));
        set_name_at(vm, Regs { pc, base, k }, obj, v, words(Op::SETFIELD))
    }
}

pub(in crate::interp) fn set_tab_up(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
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

pub(in crate::interp) fn get_table(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        let obj = *base.add(b(pc));
        let key = *base.add(c(pc));
        if obj.tag == tag::TABLE {
            let t = Table(obj.obj());
            let v = if key.tag == tag::STRING && Str(key.obj()).is_short() {
                match Str(key.obj()).canonical(&(*vm).mem) {
                    Some(s) => {
                        // As likely as not the next instructions store by this key.
                        *base.add(c(pc)) = s.value();
                        t.get_str(&(*vm).mem, s)
                    }
                    None => Value::NIL,
                }
            } else {
                t.get(&(*vm).mem, key)
            };
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

pub(in crate::interp) fn get_i(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let key = Value::int(c(pc) as i64);
        let g = index::get(&*vm, *base.add(b(pc)), key);
        got(vm, Regs { pc, base, k }, pc.add(1), a(pc), g, key)
    }
}

pub(in crate::interp) fn set_table(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
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

pub(in crate::interp) fn set_i(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        let (obj, key, v) = (*base.add(a(pc)), Value::int(b(pc) as i64), *base.add(c(pc)));
        let s = index::set(&mut *vm, obj, key, v, false);
        was_set(vm, Regs { pc, base, k }, pc.add(1), s, key, v)
    }
}

pub(in crate::interp) fn self_(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
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
