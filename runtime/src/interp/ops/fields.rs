//! Access to fields by constant name, with inline caches.
//!
//! A cache holds a shape and the slot the name has in it. Shape numbers are
//! never reused, so a cache can be stale but never wrong. SELF caches a lookup
//! through metatables as well: it holds while the receiver's shape and
//! metatable are the same and the epoch (`Mem::epoch`) has not changed.

use super::super::{Dispatch, Pc, a, b, cached_slot, copy, slow, x};
use super::data::{body, running};
use crate::object::table::{Table, TableCell};
use crate::value::{ADDR_MASK, NIL_WORD, Value, tag};
use crate::vm::State;
use moonsweep_gc::{Obj, Slot};

type Base = *mut Value;
type K = *const Value;

/// Slot `n` of a table's shape, with the cell that owns it.
#[inline(always)]
unsafe fn field_slot<'a>(cell: *const TableCell, n: usize) -> (*const TableCell, &'a Slot) {
    // SAFETY: the caller has checked the shape, so the slot exists: inline, or
    // in the overflow store behind its 16-byte head.
    unsafe {
        let inline = *(cell as *const u8).add(2) as usize;
        if n < inline {
            let s = (cell as *const u8).add(crate::object::table::INLINE_OFFSET + 8 * n);
            (cell, &*(s as *const Slot))
        } else {
            let props = ((*cell).props.load() & ADDR_MASK) as *const u8;
            (
                props as *const TableCell,
                &*(props.add(16 + 8 * (n - inline)) as *const Slot),
            )
        }
    }
}

#[inline(always)]
unsafe fn owner(cell: *const TableCell) -> Obj {
    // SAFETY: the address of a live cell.
    unsafe {
        Obj::from_ptr(std::ptr::NonNull::new_unchecked(
            cell as *mut moonsweep_gc::Header,
        ))
    }
}

/// Reads the cached field of the table at `t` into `r`; false: no hit.
#[inline(always)]
unsafe fn read_cached(r: *mut Value, t: *const Value, pc: Pc) -> bool {
    // SAFETY: `t` is a register holding a live value.
    unsafe {
        if (*t).tag != tag::TABLE {
            return false;
        }
        let cell = (*t).payload as *const TableCell;
        if (*cell).shape.get() != x(pc, 2) {
            return false;
        }
        let w = field_slot(cell, cached_slot(pc)).1.load();
        if w == NIL_WORD && (*cell).meta.load().is_some() {
            return false;
        }
        let v = Value::from_word(w);
        copy(r, &v);
        true
    }
}

/// Writes a register into the cached field of the table at `t`; false: no hit.
#[inline(always)]
unsafe fn write_cached(t: *const Value, v: *const Value, pc: Pc) -> bool {
    // SAFETY: as for `read_cached`.
    unsafe {
        if (*t).tag != tag::TABLE {
            return false;
        }
        let cell = (*t).payload as *const TableCell;
        let shape = (*cell).shape.get();
        if shape != x(pc, 2) {
            return false;
        }
        let Some(w) = (*v).to_word() else {
            return false;
        };
        // Metatables are written by the slow operation: caches depend on them.
        if *(cell as *const u8).add(3) & crate::object::table::flag::IS_META != 0 {
            return false;
        }
        let n = cached_slot(pc);
        let after = x(pc, 3);
        if after == shape {
            let (o, s) = field_slot(cell, n);
            if s.load() == NIL_WORD && (*cell).meta.load().is_some_and(no_newindex) {
                return false;
            }
            s.try_set(owner(o), w)
        } else {
            // The name is new: the table goes over to the next shape.
            let inline = *(cell as *const u8).add(2) as usize;
            if n >= inline || (*cell).meta.load().is_some_and(no_newindex) {
                return false;
            }
            let (o, s) = field_slot(cell, n);
            if !s.try_set(owner(o), w) {
                return false;
            }
            (*cell).shape.set(after);
            true
        }
    }
}

/// Whether a metatable may have `__newindex`.
#[inline(always)]
fn no_newindex(m: Obj) -> bool {
    m.user(1) & crate::object::table::flag::NO_NEWINDEX == 0
}

body!(get_field, |d, vm, pc, base, k| {
    if read_cached(base.add(a(pc)), base.add(b(pc)), pc) {
        return d.next(vm, pc.add(3), base, k);
    }
    d.slow(slow::get_field, vm, pc, base, k)
});
body!(get_tab_up, |d, vm, pc, base, k| {
    let t = running(base).upvalue(b(pc)).get();
    if read_cached(base.add(a(pc)), &t, pc) {
        return d.next(vm, pc.add(3), base, k);
    }
    d.slow(slow::get_tab_up, vm, pc, base, k)
});
body!(set_field, |d, vm, pc, base, k| {
    if write_cached(base.add(a(pc)), base.add(b(pc)), pc) {
        return d.next(vm, pc.add(4), base, k);
    }
    d.slow(slow::set_field, vm, pc, base, k)
});
body!(set_tab_up, |d, vm, pc, base, k| {
    let t = running(base).upvalue(b(pc)).get();
    if write_cached(&t, base.add(a(pc)), pc) {
        return d.next(vm, pc.add(4), base, k);
    }
    d.slow(slow::set_tab_up, vm, pc, base, k)
});
body!(self_, |d, vm, pc, base, k| {
    let t = base.add(b(pc));
    if (*t).tag == tag::TABLE {
        let cell = (*t).payload as *const TableCell;
        if (*cell).shape.get() == x(pc, 2) {
            let meta = (*cell).meta.load().map_or(0, compressed);
            let holder = x(pc, 5);
            let w = if holder == 0 {
                field_slot(cell, cached_slot(pc)).1.load()
            } else if meta == x(pc, 3) && (*vm).mem.epoch == x(pc, 4) {
                let h = expand(vm, holder);
                field_slot(h, cached_slot(pc)).1.load()
            } else {
                NIL_WORD
            };
            if w != NIL_WORD {
                let v = Value::from_word(w);
                let r = base.add(a(pc));
                copy(r.add(1), t);
                copy(r, &v);
                return d.next(vm, pc.add(6), base, k);
            }
        }
    }
    if (*t).tag == tag::STRING && x(pc, 2) == STRING_RECEIVER && (*vm).mem.epoch == x(pc, 4) {
        let h = expand(vm, x(pc, 5));
        let w = field_slot(h, cached_slot(pc)).1.load();
        if w != NIL_WORD {
            let v = Value::from_word(w);
            let r = base.add(a(pc));
            copy(r.add(1), t);
            copy(r, &v);
            return d.next(vm, pc.add(6), base, k);
        }
    }
    d.slow(slow::self_, vm, pc, base, k)
});

/// In place of a shape: the cached lookup is that of a string's method.
pub(in super::super) const STRING_RECEIVER: u32 = u32::MAX - 1;

/// An object's address in 32 bits, as caches hold it: in units of 16 bytes,
/// modulo 64 GiB, which no heap exceeds. Never 0 for a table.
#[inline(always)]
pub(in super::super) fn compressed(o: Obj) -> u32 {
    (o.addr() >> 4) as u32
}

/// The table that a cache names: the one nearest to the globals.
#[inline(always)]
unsafe fn expand(vm: *mut State, c: u32) -> *const TableCell {
    // SAFETY: `globals` is set.
    let near = unsafe { (*vm).globals.0.addr() } >> 4;
    let distance = c.wrapping_sub(near as u32) as i32 as isize;
    (near.wrapping_add_signed(distance) << 4) as *const TableCell
}

/// Whether a cache can name the table.
pub(in super::super) fn expandable(vm: &mut State, t: Table) -> bool {
    let c = compressed(t.0);
    // SAFETY: only an address is computed.
    c != 0 && unsafe { expand(vm, c) } as usize == t.0.addr()
}
