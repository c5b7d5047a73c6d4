//! Tables by computed key, table constructors, and length.

use super::super::{Dispatch, Pc, a, b, c, copy, set_int, slow, x};
use super::data::body;
use crate::object::string::Str;
use crate::object::table::flag::{NO_LEN, NO_NEWINDEX};
use crate::object::table::{CHUNK, Table, TableCell};
use crate::value::{ADDR_MASK, NIL_WORD, Value, tag};
use crate::vm::State;
use moonsweep_gc::{Header, Obj, Slot};
use std::ptr::NonNull;

type Base = *mut Value;
type K = *const Value;

/// Reads element `i` (zero-based) of the array part into `r`; false: not there,
/// or nil and there is a metatable or a hash part.
#[inline(always)]
unsafe fn read_element(r: *mut Value, t: *const Value, i: u64) -> bool {
    // SAFETY: `t` is a register holding a live table.
    unsafe {
        let cell = (*t).payload as *const TableCell;
        if i >= (*cell).arr_len.get() as u64 {
            return false;
        }
        let array = (*cell).array.load();
        if Table::is_weak_array(array) {
            return false;
        }
        let (_, s) = Table::slot_of_array(array, i);
        let w = s.load();
        if w == NIL_WORD && ((*cell).meta.load().is_some() || (*cell).hash.load() != NIL_WORD) {
            return false;
        }
        let v = Value::from_word(w);
        copy(r, &v);
        true
    }
}

/// Overwrites element `i` (zero-based) of the array part; false: slow operation.
#[inline(always)]
unsafe fn write_element(t: *const Value, i: u64, v: *const Value) -> bool {
    // SAFETY: as for `read_element`.
    unsafe {
        let cell = (*t).payload as *const TableCell;
        if i >= (*cell).arr_len.get() as u64 {
            return false;
        }
        let Some(w) = (*v).to_word() else {
            return false;
        };
        let array = (*cell).array.load();
        if Table::is_weak_array(array) {
            return false;
        }
        let (o, s) = Table::slot_of_array(array, i);
        if let Some(m) = (*cell).meta.load()
            && m.user(1) & NO_NEWINDEX == 0
            && s.load() == NIL_WORD
        {
            return false;
        }
        s.try_set(o, w)
    }
}

/// Puts a value behind the last element of the array part; false: no room, or
/// other parts of the table have a say.
#[inline(always)]
unsafe fn append_element(t: *const Value, i: u64, v: *const Value) -> bool {
    // SAFETY: as for `read_element`; a store's capacity is the first word behind
    // its header, its slots start at 16.
    unsafe {
        let cell = (*t).payload as *const TableCell;
        if i != (*cell).arr_len.get() as u64
            || (*cell).meta.load().is_some()
            || (*v).tag == tag::NIL
        {
            return false;
        }
        let array = (*cell).array.load();
        if array == NIL_WORD {
            return false;
        }
        let Some(w) = (*v).to_word() else {
            return false;
        };
        let mut store = (array & ADDR_MASK) as *const u64;
        let capacity = *store.add(1) as u32 as u64;
        let mut at = i;
        if array & 1 != 0 {
            at = i % CHUNK as u64;
            let chunk = i / CHUNK as u64;
            // Behind an element of the same chunk, the chunk exists; if it is real,
            // the hash part has no say.
            if at == 0 || chunk >= capacity {
                return false;
            }
            store = *store.add(2 + chunk as usize) as *const u64;
        } else if i >= capacity || (*cell).hash.load() != NIL_WORD {
            return false;
        }
        let owner = Obj::from_ptr(NonNull::new_unchecked(store as *mut Header));
        if !(*(store.add(2 + at as usize) as *const Slot)).try_set(owner, w) {
            return false;
        }
        (*cell).arr_len.set(i as u32 + 1);
        true
    }
}

/// `get_table` by an integer that is not in the array part.
#[inline(never)]
unsafe fn get_int<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: the interpreter's registers are valid, the table in one is live.
    unsafe {
        let table = Table((*base.add(b(pc))).obj());
        if let Some(w) = table.hashed_int((*base.add(c(pc))).as_int())
            && (w != NIL_WORD || table.cell().meta.load().is_none())
        {
            let v = Value::from_word(w);
            copy(base.add(a(pc)), &v);
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::get_table, vm, pc, base, k)
    }
}

/// `get_table` by a key that is neither integer nor string.
#[inline(never)]
unsafe fn get_other<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: as for `get_int`.
    unsafe {
        let table = Table((*base.add(b(pc))).obj());
        if let Some(w) = table.hashed_other(*base.add(c(pc)))
            && (w != NIL_WORD || table.cell().meta.load().is_none())
        {
            let v = Value::from_word(w);
            copy(base.add(a(pc)), &v);
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::get_table, vm, pc, base, k)
    }
}

/// `get_table` by a string.
#[inline(never)]
unsafe fn get_str<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: as for `get_int`.
    unsafe {
        let table = Table((*base.add(b(pc))).obj());
        let w = table.hashed_str(&(*vm).mem, Str((*base.add(c(pc))).obj()));
        if w != NIL_WORD {
            let v = Value::from_word(w);
            copy(base.add(a(pc)), &v);
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::get_table, vm, pc, base, k)
    }
}

/// `set_table` by an integer that is not in the array part.
#[inline(never)]
unsafe fn set_by_int<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: as for `get_int`.
    unsafe {
        let table = Table((*base.add(a(pc))).obj());
        let bare = table.cell().meta.load().is_none();
        if let Some(w) = (*base.add(c(pc))).to_word()
            && table.set_hashed_int(&mut (*vm).mem, (*base.add(b(pc))).as_int(), w, bare)
        {
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::set_table, vm, pc, base, k)
    }
}

/// `set_table` by a string.
#[inline(never)]
unsafe fn set_by_str<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: as for `get_int`.
    unsafe {
        let table = Table((*base.add(a(pc))).obj());
        let bare = table.cell().meta.load().is_none();
        if let Some(w) = (*base.add(c(pc))).to_word()
            && table.set_hashed_str(&mut (*vm).mem, Str((*base.add(b(pc))).obj()), w, bare)
        {
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::set_table, vm, pc, base, k)
    }
}

/// `set_table` by a key that is neither integer nor string.
#[inline(never)]
unsafe fn set_by_other<D: Dispatch>(vm: *mut State, pc: Pc, base: Base, k: K, d: D) -> D::Out {
    // SAFETY: as for `get_int`.
    unsafe {
        let table = Table((*base.add(a(pc))).obj());
        let bare = table.cell().meta.load().is_none();
        if let Some(w) = (*base.add(c(pc))).to_word()
            && table.set_hashed_other(&mut (*vm).mem, *base.add(b(pc)), w, bare)
        {
            return d.next(vm, pc.add(1), base, k);
        }
        d.slow(slow::set_table, vm, pc, base, k)
    }
}

body!(get_table, |d, vm, pc, base, k| {
    let t = base.add(b(pc));
    let key = base.add(c(pc));
    if (*t).tag == tag::TABLE {
        if (*key).tag == tag::INT {
            if read_element(base.add(a(pc)), t, (*key).payload.wrapping_sub(1)) {
                return d.next(vm, pc.add(1), base, k);
            }
            return get_int(vm, pc, base, k, d);
        }
        if (*key).tag == tag::STRING {
            return get_str(vm, pc, base, k, d);
        }
        return get_other(vm, pc, base, k, d);
    }
    d.slow(slow::get_table, vm, pc, base, k)
});
body!(get_i, |d, vm, pc, base, k| {
    let t = base.add(b(pc));
    if (*t).tag == tag::TABLE && read_element(base.add(a(pc)), t, (c(pc) as u64).wrapping_sub(1)) {
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::get_i, vm, pc, base, k)
});
body!(set_table, |d, vm, pc, base, k| {
    let t = base.add(a(pc));
    let key = base.add(b(pc));
    if (*t).tag == tag::TABLE {
        if (*key).tag == tag::INT {
            if write_element(t, (*key).payload.wrapping_sub(1), base.add(c(pc)))
                || append_element(t, (*key).payload.wrapping_sub(1), base.add(c(pc)))
            {
                return d.next(vm, pc.add(1), base, k);
            }
            return set_by_int(vm, pc, base, k, d);
        }
        if (*key).tag == tag::STRING {
            return set_by_str(vm, pc, base, k, d);
        }
        return set_by_other(vm, pc, base, k, d);
    }
    d.slow(slow::set_table, vm, pc, base, k)
});
body!(set_i, |d, vm, pc, base, k| {
    let t = base.add(a(pc));
    if (*t).tag == tag::TABLE && write_element(t, (b(pc) as u64).wrapping_sub(1), base.add(c(pc))) {
        return d.next(vm, pc.add(1), base, k);
    }
    d.slow(slow::set_i, vm, pc, base, k)
});
body!(new_table, |d, vm, pc, base, k| {
    d.slow(slow::new_table, vm, pc, base, k)
});
body!(new_obj, |d, vm, pc, base, k| {
    let shape = x(pc, 2);
    if shape != u32::MAX {
        let n = b(pc);
        let r = base.add(a(pc));
        if let Some(o) = Table::alloc_record(&mut (*vm).mem, shape, n) {
            let mut i = 0;
            while i < n {
                let Some(w) = (*r.add(i)).to_word() else {
                    return d.slow(slow::new_obj, vm, pc, base, k);
                };
                o.inline_slot(i).init(o.0, w);
                i += 1;
            }
            (*r).payload = o.0.addr() as u64;
            (*r).tag = tag::TABLE;
            return d.next(vm, pc.add(3), base, k);
        }
    }
    d.slow(slow::new_obj, vm, pc, base, k)
});
body!(set_list, |d, vm, pc, base, k| {
    d.slow(slow::set_list, vm, pc, base, k)
});
body!(len, |d, vm, pc, base, k| {
    let t = base.add(b(pc));
    if (*t).tag == tag::TABLE {
        let table = Table((*t).obj());
        if table.meta().is_none_or(|m| m.flags() & NO_LEN != 0) {
            let n = table.arr_len() as u64;
            let array = table.cell().array.load();
            if n > 0
                && !Table::is_weak_array(array)
                && Table::slot_of_array(array, n - 1).1.load() != NIL_WORD
                && (!n.is_multiple_of(CHUNK as u64) || table.cell().hash.load() == NIL_WORD)
            {
                // Element n+1 is not in the hash part (see the invariants of tables).
                set_int(base.add(a(pc)), n as i64);
                return d.next(vm, pc.add(1), base, k);
            }
        }
    }
    d.slow(slow::len, vm, pc, base, k)
});
