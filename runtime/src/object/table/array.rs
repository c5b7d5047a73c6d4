//! The array part: one flat ARRAY, or above `FLAT_MAX` elements a SPINE of
//! chunks of `CHUNK` slots.
//!
//! The array part grows at its end, by appending. When it is full, a flat array
//! that is mostly nil moves to the hash part, and a spine gives back its
//! leading chunks if they are all nil, so that a queue (appended to at one end,
//! emptied at the other) needs memory for what is in it. A spine that is mostly
//! given back does not grow any more: what is appended goes to the hash part,
//! until the array part is empty and goes away.

use super::hash::{Word, hash_word};
use super::set::SetError;
use super::store::{
    CHUNK, CHUNK_BITS, FLAT_MAX, PENDING, copy_words, edge_at, new_array, new_edges, nil_chunk,
    obj_of, slot_at, store, words,
};
use super::{Table, kind};
use crate::mem::Mem;
use crate::value::{NIL_WORD, Value, int_word};
use moonsweep_gc::slot::reference;

/// Integer keys moved from a directory to the array part by one append.
const MIGRATE: usize = 512;
/// Chunks examined for being all nil by one growth.
const TRIM: usize = 4;
/// A spine with fewer edges grows even if it is mostly given back.
const SMALL_SPINE: usize = 64;

impl Table {
    /// Appends a value that is not nil at index `arr_len + 1`, which is not in the
    /// hash part. `Ok(false)`: the array part must not grow, use the hash part.
    #[inline]
    pub(super) unsafe fn push(self, mem: &mut Mem, value: u64) -> Result<bool, SetError> {
        // SAFETY: `arr_len` is below the capacity where a slot is taken.
        unsafe {
            let cell = self.cell();
            let n = cell.arr_len.get() as usize;
            let w = cell.array.load();
            if w != NIL_WORD {
                let a = obj_of(w);
                if w & 1 == 0 {
                    if n < store(a).capacity as usize {
                        slot_at(a, n).set(a, value, &mut mem.heap);
                        cell.arr_len.set(n as u32 + 1);
                        return Ok(true);
                    }
                } else if n >> CHUNK_BITS < store(a).capacity as usize
                    && let Some(chunk) = edge_at(a, n >> CHUNK_BITS).load()
                    && chunk != nil_chunk()
                {
                    slot_at(chunk, n & (CHUNK - 1)).set(chunk, value, &mut mem.heap);
                    cell.arr_len.set(n as u32 + 1);
                    return Ok(true);
                }
            }
            self.push_slow(mem, value)
        }
    }
    #[cold]
    #[inline(never)]
    unsafe fn push_slow(self, mem: &mut Mem, value: u64) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            let n = cell.arr_len.get() as usize;
            if n >= u32::MAX as usize - CHUNK {
                return Ok(false);
            }
            let w = cell.array.load();
            if w != NIL_WORD && w & 1 == 0 && n >= 4 {
                let a = obj_of(w);
                let used = (0..n).filter(|i| slot_at(a, *i).load() != NIL_WORD).count();
                if used < n / 2 {
                    self.scatter(mem)?;
                    return Ok(false);
                }
            }
            if w != NIL_WORD && w & 1 == 1 {
                self.trim_array(mem);
                let w = cell.array.load();
                if w == NIL_WORD {
                    return Ok(false);
                }
                let spine = obj_of(w);
                let freed = store(spine).extra.get() as usize;
                let edges = store(spine).capacity as usize;
                if n >> CHUNK_BITS >= edges && edges >= SMALL_SPINE && freed > edges / 2 {
                    return Ok(false);
                }
            }
            if !self.extend_array(mem, n + 1)? {
                return Ok(false);
            }
            self.store_array(mem, n as u64, value);
            Ok(true)
        }
    }
    /// Moves a flat array part that is mostly nil to where its elements belong.
    unsafe fn scatter(self, mem: &mut Mem) -> Result<(), SetError> {
        // SAFETY: the old array stays alive: nothing here reaches a safepoint.
        unsafe {
            let cell = self.cell();
            let old = obj_of(cell.array.load());
            let n = cell.arr_len.get() as usize;
            cell.arr_len.set(0);
            cell.array.set(self.0, NIL_WORD, &mut mem.heap);
            for i in 0..n {
                let w = slot_at(old, i).load();
                if w != NIL_WORD {
                    self.set_int(mem, i as i64 + 1, Value::from_word(w))?;
                }
            }
            Ok(())
        }
    }
    /// Makes the array part `len` (> `arr_len`) long; the new elements are nil.
    /// `Ok(false)`: it is too long for an array part.
    pub(super) unsafe fn extend_array(self, mem: &mut Mem, len: usize) -> Result<bool, SetError> {
        if len >= u32::MAX as usize {
            return Ok(false);
        }
        // SAFETY: new stores are complete when they become reachable.
        unsafe {
            let cell = self.cell();
            let weak = self.weak_bits();
            let w = cell.array.load();
            let flat = w == NIL_WORD || w & 1 == 0;
            let old_len = cell.arr_len.get() as usize;
            let capacity = if w == NIL_WORD {
                0
            } else {
                store(obj_of(w)).capacity as usize
            };
            if flat && len <= FLAT_MAX {
                if len > capacity {
                    let new = new_array(mem, len.next_power_of_two().clamp(4, FLAT_MAX), weak);
                    if w != NIL_WORD {
                        copy_words(obj_of(w), 0, words(new, old_len));
                    }
                    cell.array.set(self.0, reference(new, 0), &mut mem.heap);
                }
                cell.arr_len.set(len as u32);
                return Ok(true);
            }
            let chunks = ((len - 1) >> CHUNK_BITS) + 1;
            let spine;
            if !flat && chunks <= capacity {
                spine = obj_of(w);
            } else {
                let edges = chunks + chunks / 2 + 2;
                spine = new_edges(mem, kind::SPINE, edges).ok_or(SetError::OutOfMemory)?;
                let to = words(spine, edges);
                if !flat {
                    copy_words(obj_of(w), 0, &mut to[..capacity]);
                    store(spine).extra.set(store(obj_of(w)).extra.get());
                } else if w != NIL_WORD {
                    for (c, at) in (0..old_len).step_by(CHUNK).enumerate() {
                        let chunk = new_array(mem, CHUNK, weak);
                        copy_words(obj_of(w), at, words(chunk, CHUNK.min(old_len - at)));
                        to[c] = chunk.addr() as u64;
                    }
                }
                cell.array.set(self.0, reference(spine, 1), &mut mem.heap);
            }
            // Chunks on the way that do not exist yet are nil; the last one is real.
            for c in (old_len >> CHUNK_BITS)..chunks {
                let e = edge_at(spine, c);
                if e.load().is_none() {
                    let chunk = if c + 1 == chunks {
                        new_array(mem, CHUNK, weak)
                    } else {
                        nil_chunk()
                    };
                    e.set(spine, Some(chunk), &mut mem.heap);
                }
            }
            cell.arr_len.set(len as u32);
            Ok(true)
        }
    }
    /// Stores at index `i + 1`, which is in the array part.
    #[inline(always)]
    pub(super) unsafe fn store_array(self, mem: &mut Mem, i: u64, value: u64) {
        // SAFETY: `i` is below `arr_len`.
        unsafe {
            let (owner, slot) = self.array_slot(i);
            if !slot.try_set(owner, value) {
                self.store_array_slow(mem, i, value);
            }
        }
    }
    #[cold]
    #[inline(never)]
    unsafe fn store_array_slow(self, mem: &mut Mem, i: u64, value: u64) {
        // SAFETY: as above.
        unsafe {
            let (owner, slot) = self.array_slot(i);
            if owner != nil_chunk() {
                slot.set(owner, value, &mut mem.heap);
            } else if value != NIL_WORD {
                self.real_chunk(mem, i as usize, value);
            }
        }
    }
    /// Puts a real chunk in the place of the chunk of nils, and the value into it.
    unsafe fn real_chunk(self, mem: &mut Mem, i: usize, value: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let spine = obj_of(self.cell().array.load());
            let c = i >> CHUNK_BITS;
            let chunk = new_array(mem, CHUNK, self.weak_bits());
            slot_at(chunk, i & (CHUNK - 1)).init(chunk, value);
            edge_at(spine, c).set(spine, Some(chunk), &mut mem.heap);
            let freed = &store(spine).extra;
            freed.set(freed.get().min(c as u32));
        }
    }
    /// Number of leading chunks that were given back.
    pub(super) unsafe fn leading_freed(self) -> usize {
        // SAFETY: the array part is a live store.
        unsafe {
            let w = self.cell().array.load();
            if w == NIL_WORD || w & 1 == 0 {
                0
            } else {
                store(obj_of(w)).extra.get() as usize
            }
        }
    }
    /// Gives back leading chunks of a spine that are all nil, a few at a time,
    /// and the spine when nothing is left.
    pub(super) unsafe fn trim_array(self, mem: &mut Mem) {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            let w = cell.array.load();
            if w == NIL_WORD || w & 1 == 0 {
                return;
            }
            let spine = obj_of(w);
            let freed = &store(spine).extra;
            let len = cell.arr_len.get() as usize;
            for _ in 0..TRIM {
                let c = freed.get() as usize;
                if (c + 1) * CHUNK > len {
                    break;
                }
                let e = edge_at(spine, c);
                let chunk = e.load().unwrap_unchecked();
                if chunk != nil_chunk() {
                    if (0..CHUNK).any(|i| slot_at(chunk, i).load() != NIL_WORD) {
                        return;
                    }
                    e.set(spine, Some(nil_chunk()), &mut mem.heap);
                }
                freed.set(c as u32 + 1);
            }
            let from = freed.get() as usize * CHUNK;
            if len > 0
                && len < from + CHUNK
                && (from..len).all(|i| self.array_slot(i as u64).1.load() == NIL_WORD)
            {
                cell.arr_len.set(0);
                cell.array.set(self.0, NIL_WORD, &mut mem.heap);
            }
        }
    }
    /// After an append: moves the keys that follow from the hash part to the array part.
    #[inline]
    pub(super) unsafe fn migrate(self, mem: &mut Mem) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if self.hash_has_ints() {
                self.migrate_run(mem, MIGRATE)
            } else {
                Ok(())
            }
        }
    }
    /// Goes on with a migration that `migrate` did not finish.
    #[inline]
    pub(super) unsafe fn migrate_pending(self, mem: &mut Mem) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = self.cell().hash.load();
            if w != NIL_WORD && w & 1 == 1 && store(obj_of(w)).extra.get() & PENDING != 0 {
                return self.migrate_run(mem, MIGRATE / 8);
            }
            Ok(())
        }
    }
    #[inline(never)]
    unsafe fn migrate_run(self, mem: &mut Mem, limit: usize) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let mut pending = true;
            for _ in 0..limit {
                let w = int_word(self.arr_len() as i64 + 1);
                let found = self
                    .find(Word(w))
                    .filter(|(_, n)| n.value.load() != NIL_WORD);
                let Some((seg, node)) = found else {
                    pending = false;
                    break;
                };
                if !self.push(mem, node.value.load())? {
                    pending = false;
                    break;
                }
                // `push` may have moved entries, but only if it then returned false.
                node.value.set(seg, NIL_WORD, &mut mem.heap);
                self.note_moved(mem, seg, hash_word(w));
            }
            let w = self.cell().hash.load();
            if w != NIL_WORD && w & 1 == 1 {
                let e = &store(obj_of(w)).extra;
                e.set(e.get() & !PENDING | if pending { PENDING } else { 0 });
            }
            Ok(())
        }
    }
}
