//! Raw writes. (String keys: `field.rs`.)

use super::get::{float_to_int, other_word};
use super::hash::{Key, Name, Stride, Wide, Word, is_long};
use super::length::{FAITHFUL, border_by_halves};
use super::segment::{add, find_in, note_revived};
use super::store::{Node, SEGMENT_MAX, nil_chunk, obj_of, store};
use super::trace::seen_key;
use super::weak::condemned;
use super::{Table, dir, flag};
use crate::mem::Mem;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, fits_word, float_word, int_word, tag};
use moonsweep_gc::Obj;
use moonsweep_gc::slot::set_entry;

/// Why a key cannot be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetError {
    /// The key is nil.
    NilIndex,
    /// The key is NaN.
    NanIndex,
    /// The table cannot grow: the heap's limit is reached.
    OutOfMemory,
}

impl Table {
    /// Sets the value at a key; nil removes it.
    #[inline]
    pub unsafe fn set(self, mem: &mut Mem, key: Value, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            match key.tag {
                tag::STRING => self.set_any_str(mem, Str(key.obj()), v),
                tag::INT => self.set_int(mem, key.as_int(), v),
                _ => self.set_other(mem, key, v),
            }
        }
    }
    /// Sets an integer key of the hash part, unless more has to be looked at or to
    /// change than one segment; `new`: a new key may be added, too. False: not done.
    #[inline(always)]
    pub unsafe fn set_hashed_int(self, mem: &mut Mem, i: i64, w: u64, new: bool) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            if !fits_word(i) || self.flags() & flag::WEAK != 0 {
                return false;
            }
            self.set_hashed(mem, Word(int_word(i)), int_word(i), w, new)
        }
    }
    /// As [`Table::set_hashed_int`] for a string. One that is not interned is not
    /// added.
    #[inline(always)]
    pub unsafe fn set_hashed_str(self, mem: &mut Mem, s: Str, w: u64, new: bool) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            self.flags() & (flag::IS_META | flag::NO_EVENTS | flag::WEAK) == 0
                && self.set_hashed(mem, Name(s.word()), s.word(), w, new)
        }
    }
    /// As [`Table::set_hashed_int`] for a key that is neither integer nor string, and
    /// a value that is not nil: the collector hears when such a key is removed.
    #[inline(always)]
    pub unsafe fn set_hashed_other(self, mem: &mut Mem, key: Value, w: u64, new: bool) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            w != NIL_WORD
                && self.flags() & flag::WEAK == 0
                && other_word(key).is_some_and(|k| self.set_hashed(mem, Word(k), k, w, new))
        }
    }
    /// Sets the value of a key of the hash part, which has one, or is new and may be
    /// added. False: not done.
    #[inline(always)]
    unsafe fn set_hashed<K: Key>(
        self,
        mem: &mut Mem,
        key: K,
        word: u64,
        w: u64,
        new: bool,
    ) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            if self.is_large() {
                let large = self.cell().hash.load();
                let stride = dir::stride(large);
                let h = key.hash(stride);
                let at = (dir::segment(large, h), SEGMENT_MAX, stride, h);
                return self.set_in(mem, at, key, word, w, new);
            }
            match self.flat_segment() {
                Some((seg, capacity)) => {
                    let h = key.hash(Stride::ONE);
                    self.set_in(mem, (seg, capacity, Stride::ONE, h), key, word, w, new)
                }
                None => false,
            }
        }
    }
    #[inline(always)]
    unsafe fn set_in<K: Key>(
        self,
        mem: &mut Mem,
        (seg, capacity, stride, h): (Obj, usize, Stride, u64),
        key: K,
        word: u64,
        w: u64,
        new: bool,
    ) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            if let Some(node) = find_in(seg, capacity, h, key) {
                if node.value.load() == NIL_WORD {
                    return false;
                }
                if !node.value.try_set_far(seg, w) {
                    node.value.set(seg, w, &mut mem.heap);
                }
                return true;
            }
            new && w != NIL_WORD
                && key.may_join(self, capacity)
                && add(mem, seg, capacity, stride, h, word, w)
        }
    }
    #[inline(never)]
    unsafe fn set_other(self, mem: &mut Mem, key: Value, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let word = match key.tag {
                tag::NIL => return Err(SetError::NilIndex),
                tag::FLOAT => match float_to_int(key.as_float()) {
                    Some(i) => return self.set_int(mem, i, v),
                    None if key.as_float().is_nan() => return Err(SetError::NanIndex),
                    None => float_word(key.as_float()),
                },
                _ => key.to_word().unwrap_unchecked(),
            };
            let w = mem.pack(v);
            self.hash_set(mem, Word(word), w).map(|_| ())
        }
    }
    /// Sets an entry of the hash part whose key cannot be in another part.
    /// Tells whether there was no value before.
    #[inline]
    pub(super) unsafe fn hash_set<K: Key>(
        self,
        mem: &mut Mem,
        key: K,
        value: u64,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if let Some((seg, node)) = self.find(key) {
                return Ok(set_node(mem, seg, node, value));
            }
            if value != NIL_WORD {
                self.insert(mem, key, value)?;
            }
            Ok(true)
        }
    }
    /// Sets the value at an integer key.
    #[inline(always)]
    pub unsafe fn set_int(self, mem: &mut Mem, i: i64, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = mem.pack(v);
            self.set_int_word(mem, i, w)
        }
    }
    #[inline(always)]
    unsafe fn set_int_word(self, mem: &mut Mem, i: i64, w: u64) -> Result<(), SetError> {
        // SAFETY: the index is below `arr_len` where the array part is written.
        unsafe {
            let n = (i as u64).wrapping_sub(1);
            if n < self.arr_len() as u64 {
                let (owner, slot) = self.array_slot(n);
                if slot.try_set(owner, w) {
                    return Ok(());
                }
                if owner != nil_chunk() {
                    slot.set(owner, w, &mut mem.heap);
                    return Ok(());
                }
            }
            self.set_int_outside(mem, i, w)
        }
    }
    /// Sets an integer key that is not below `arr_len` in a real chunk.
    #[inline(never)]
    unsafe fn set_int_outside(self, mem: &mut Mem, i: i64, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if !fits_word(i) {
                return self.hash_set(mem, Wide(i), w).map(|_| ());
            }
            let n = (i as u64).wrapping_sub(1);
            if self.set_in_chunk(mem, n, w) {
                return Ok(());
            }
            let key = Word(int_word(i));
            let mut dead = None;
            if self.hash_has_ints()
                && let Some((seg, node)) = self.find(key)
            {
                if node.value.load() != NIL_WORD {
                    set_node(mem, seg, node, w);
                    return Ok(());
                }
                dead = Some((seg, node));
            }
            let array = self.cell().array.load();
            if w == NIL_WORD || i > 0 && self.add_element(mem, n, w)? {
                return Ok(());
            }
            // Its node can serve again, unless all changed because of the new key.
            if let Some((seg, node)) = dead
                && array == self.cell().array.load()
            {
                set_node(mem, seg, node, w);
                return Ok(());
            }
            if dead.is_some()
                && let Some((seg, node)) = self.find(key)
            {
                set_node(mem, seg, node, w);
                return Ok(());
            }
            if !self.insert(mem, key, w)? {
                return self.set_int_word(mem, i, w);
            }
            Ok(())
        }
    }
    /// Sets the value after the border.
    #[inline]
    pub unsafe fn append(self, mem: &mut Mem, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let n = self.len(mem);
            self.set_int(mem, n.wrapping_add(1), v)
        }
    }
    /// Sets the values at `first`, `first + 1` and so on (a table constructor's list). With
    /// nils among them, the border is that of the reference's array of as many elements,
    /// on which many programs depend.
    pub unsafe fn set_list(
        self,
        mem: &mut Mem,
        first: i64,
        values: &[Value],
    ) -> Result<(), SetError> {
        for (k, v) in values.iter().enumerate() {
            if v.is_nil() {
                // SAFETY: as the caller promised.
                return unsafe {
                    self.set_list_with_holes(mem, first.wrapping_add(k as i64), &values[k..])
                };
            }
            // SAFETY: as the caller promised.
            unsafe { self.set_int(mem, first.wrapping_add(k as i64), *v)? };
        }
        Ok(())
    }
    #[cold]
    unsafe fn set_list_with_holes(
        self,
        mem: &mut Mem,
        first: i64,
        values: &[Value],
    ) -> Result<(), SetError> {
        let at = |k: usize| first.wrapping_add(k as i64);
        let last = values.iter().rposition(|v| !v.is_nil());
        let mut inside = last.map_or(0, |last| last + 1);
        let size = at(values.len()) as u64 - 1;
        if size <= FAITHFUL && inside + 1 < values.len() {
            let border = border_by_halves(size, |i| {
                let k = (i as i64).wrapping_sub(first);
                // SAFETY: as the caller promised.
                k < 0 && unsafe { self.has(mem, i) }
                    || values.get(k as usize).is_some_and(|v| !v.is_nil())
            });
            // What is beyond the border is to be out of the array part's reach.
            let beyond = |(k, v): &(usize, &Value)| at(*k) as u64 > border && !v.is_nil();
            let room = values.iter().enumerate().filter(beyond).count() as u32;
            // SAFETY: as the caller promised.
            unsafe {
                self.reserve(mem, 0, room);
                for (k, v) in values.iter().enumerate().filter(beyond) {
                    let w = mem.pack(*v);
                    if !self.insert(mem, Word(int_word(at(k))), w)? {
                        self.set_int_word(mem, at(k), w)?
                    }
                }
            }
            inside = (border as i64 - (first - 1)).max(0) as usize;
        }
        let values = &values[..inside];
        for (k, v) in values.iter().enumerate() {
            // Holes are filled for now, so that the array part grows over them.
            let v = if v.is_nil() { Value::FALSE } else { *v };
            // SAFETY: as the caller promised.
            unsafe { self.set_int(mem, at(k), v)? };
        }
        for (k, _) in values.iter().enumerate().filter(|(_, v)| v.is_nil()) {
            // SAFETY: as the caller promised.
            unsafe { self.set_int(mem, at(k), Value::NIL)? };
        }
        Ok(())
    }
}

/// Sets a node's value; tells whether it was nil.
#[inline(always)]
pub(super) unsafe fn set_node(mem: &mut Mem, seg: Obj, node: &Node, value: u64) -> bool {
    let old = node.value.load();
    let (absent, absence) = (old == NIL_WORD, value == NIL_WORD);
    let weak = seg.user(0) & flag::WEAK != 0;
    if absent == absence {
        if !absent {
            node.value.set(seg, value, &mut mem.heap);
            if weak {
                // SAFETY: as the caller promised.
                return unsafe { replaced_weakly(mem, seg, node, old) };
            }
        }
        return absent;
    }
    let key = node.key.load();
    if absence && is_long(key) && seg.user(0) & flag::WEAK_KEYS != 0 && seg.unlogged() {
        // From now on it is a weak reference, which no store tells of.
        mem.heap.log(seg)
    }
    if absent {
        // A removed node lives again: the count of nodes known to be dead is void.
        // SAFETY: as the caller promised.
        note_revived(unsafe { store(seg) });
        if weak && is_long(key) {
            // SAFETY: long strings in nodes are not freed.
            mem.heap.revive(unsafe { obj_of(key) })
        }
    }
    // The key of a removed entry is not visited, and may be another object at the
    // same address when the node lives again: the collector hears of both.
    let seen = [seen_key(seg, key, old), seen_key(seg, key, value)];
    let slots = (&node.key, &node.value);
    set_entry(seg, slots, (key, value), seen, &mut mem.heap);
    absent
}

/// A value of a weak store was replaced; tells whether the program could not see it.
#[inline(never)]
unsafe fn replaced_weakly(mem: &mut Mem, seg: Obj, node: &Node, old: u64) -> bool {
    let key = node.key.load();
    if is_long(key) {
        // A collector may keep the key for the value's sake, and that is another now.
        // SAFETY: long strings in nodes are not freed.
        mem.heap.revive(unsafe { obj_of(key) });
        node.key.set(seg, key, &mut mem.heap);
    }
    // SAFETY: what is not cleared yet is not freed yet.
    unsafe { condemned(mem, old) }
}
