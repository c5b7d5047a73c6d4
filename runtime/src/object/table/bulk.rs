//! Bulk operations on array parts: what `table.insert`, `table.remove` and
//! `table.move` do when no metamethod can interfere.
//!
//! Each declines (returns false or `None`, with nothing changed) when an index
//! is outside of the array part, or elements are weak; the caller then goes
//! element by element.

use super::Table;
use super::store::obj_of;
use crate::mem::Mem;
use crate::value::{NIL_WORD, Value};

impl Table {
    /// Whether elements `i..=j` are all in the array part. (A spine may have
    /// left some of them to the hash part.)
    #[inline]
    unsafe fn all_in_array(self, i: i64, j: i64) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            let word = self.cell().array.load();
            let flat = word & 1 == 0;
            !Table::is_weak_array(word)
                && i >= 1
                && j <= self.arr_len() as i64
                && (flat || !self.hash_has_positive())
        }
    }
    /// Copies `n` elements within or between array parts, from `f + 1` to `t + 1`.
    /// `up`: from the last to the first.
    unsafe fn copy_elements(
        mem: &mut Mem,
        src: Table,
        f: u64,
        dst: Table,
        t: u64,
        n: u64,
        up: bool,
    ) {
        // SAFETY: both ranges are in the array parts.
        unsafe {
            let (ws, wd) = (src.cell().array.load(), dst.cell().array.load());
            if (ws | wd) & 1 == 0 {
                // Both flat: nothing can replace the stores.
                let (a, b) = (obj_of(ws), obj_of(wd));
                for k in 0..n as usize {
                    let k = if up { n as usize - 1 - k } else { k };
                    let w = super::slot_at(a, f as usize + k).load();
                    super::slot_at(b, t as usize + k).set(b, w, &mut mem.heap);
                }
                return;
            }
            for k in 0..n {
                let k = if up { n - 1 - k } else { k };
                let w = src.array_slot(f + k).1.load();
                let (owner, slot) = dst.array_slot(t + k);
                if !slot.try_set(owner, w) {
                    dst.store_array(mem, t + k, w);
                }
            }
        }
    }
    /// `table.insert(t, pos, v)` for a table of length `len`: makes room at `pos` and stores.
    pub unsafe fn insert_shift(self, mem: &mut Mem, pos: i64, len: i64, v: Value) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            if len < 1 || !(1..=len).contains(&pos) || len != self.arr_len() as i64 || v.is_nil() {
                return false;
            }
            let last = self.array_slot(len as u64 - 1).1.load();
            if Table::is_weak_array(self.cell().array.load())
                || last == NIL_WORD
                || self.hash_has_ints()
                || !matches!(self.push(mem, last), Ok(true))
            {
                return false;
            }
            let p = pos as u64 - 1;
            Table::copy_elements(mem, self, p, self, p + 1, len as u64 - 1 - p, true);
            let w = mem.pack(v);
            self.store_array(mem, p, w);
            true
        }
    }
    /// `table.remove(t, pos)` for a table of length `len`: removes and closes the gap.
    pub unsafe fn remove_shift(self, mem: &mut Mem, pos: i64, len: i64) -> Option<Value> {
        // SAFETY: as the caller promised.
        unsafe {
            if pos < 1 || pos > len || !self.all_in_array(pos, len) {
                return None;
            }
            let p = pos as u64 - 1;
            let removed = Value::from_word(self.array_slot(p).1.load());
            Table::copy_elements(mem, self, p + 1, self, p, len as u64 - 1 - p, false);
            self.store_array(mem, len as u64 - 1, NIL_WORD);
            if len == self.arr_len() as i64 && !self.hash_has_ints() {
                self.cell().arr_len.set(len as u32 - 1);
            }
            Some(removed)
        }
    }
    /// `table.move(src, f, e, t, dst)`.
    pub unsafe fn move_range(
        mem: &mut Mem,
        src: Table,
        f: i64,
        e: i64,
        t: i64,
        dst: Table,
    ) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            if e < f {
                return true;
            }
            let last = (e - f).checked_add(t);
            if !src.all_in_array(f, e) || !last.is_some_and(|l| dst.all_in_array(t, l)) {
                return false;
            }
            let up = t > f && src == dst;
            Table::copy_elements(
                mem,
                src,
                f as u64 - 1,
                dst,
                t as u64 - 1,
                (e - f) as u64 + 1,
                up,
            );
            true
        }
    }
}
