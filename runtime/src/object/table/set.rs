//! Raw writes. (String keys: `field.rs`.)

use super::Table;
use super::get::float_to_int;
use super::hash::{Key, Wide, Word};
use super::store::{CHUNK_BITS, Node, edge_at, nil_chunk, obj_of, store};
use crate::mem::Mem;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, fits_word, float_word, int_word, tag};
use moonsweep_gc::Obj;

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
            let n = (i as u64).wrapping_sub(1);
            if n < self.arr_len() as u64 {
                self.store_array(mem, n, w);
                return Ok(());
            }
            self.set_int_outside(mem, i, w)
        }
    }
    /// Sets an integer key that is not in the array part.
    #[inline(never)]
    unsafe fn set_int_outside(self, mem: &mut Mem, i: i64, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if !fits_word(i) {
                return self.hash_set(mem, Wide(i), w).map(|_| ());
            }
            let key = Word(int_word(i));
            let n = (i as u64).wrapping_sub(1);
            let len = self.arr_len() as u64;
            let mut removed = false;
            if self.hash_has_ints()
                && let Some((seg, node)) = self.find(key)
            {
                if node.value.load() != NIL_WORD {
                    set_node(mem, seg, node, w);
                    return Ok(());
                }
                removed = true;
            }
            if w == NIL_WORD {
                return Ok(());
            }
            if n == len {
                if self.push(mem, w)? {
                    return self.migrate(mem);
                }
            } else if n > len && self.reaches(n) {
                self.fill_gap(mem, n, w)?;
                return self.migrate(mem);
            }
            // Its node may serve again, unless the hash part was replaced meanwhile.
            if removed && let Some((seg, node)) = self.find(key) {
                set_node(mem, seg, node, w);
                return Ok(());
            }
            if !self.insert(mem, key, w)? {
                self.store_array(mem, n, w);
                return self.migrate(mem);
            }
            self.migrate_pending(mem)
        }
    }
    /// Whether the array part has room for index `n + 1` though it is beyond `arr_len`.
    unsafe fn reaches(self, n: u64) -> bool {
        // SAFETY: the array part consists of live stores.
        unsafe {
            let w = self.cell().array.load();
            if w == NIL_WORD {
                return false;
            }
            let a = obj_of(w);
            if w & 1 == 0 {
                return n < store(a).capacity as u64;
            }
            let c = n >> CHUNK_BITS;
            c == (self.arr_len() >> CHUNK_BITS) as u64
                && c < store(a).capacity as u64
                && edge_at(a, c as usize)
                    .load()
                    .is_some_and(|o| o != nil_chunk())
        }
    }
    /// Makes the array part reach up to index `n + 1`, which it has room for.
    unsafe fn fill_gap(self, mem: &mut Mem, n: u64, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let len = self.arr_len() as u64;
            let ints = self.hash_has_ints();
            self.extend_array(mem, n as usize + 1)?;
            self.store_array(mem, n, w);
            if ints {
                for k in len..n {
                    if let Some((seg, node)) = self.find(Word(int_word(k as i64 + 1)))
                        && node.value.load() != NIL_WORD
                    {
                        self.store_array(mem, k, node.value.load());
                        node.value.set(seg, NIL_WORD, &mut mem.heap);
                    }
                }
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
    /// Sets the values at `first`, `first + 1` and so on (a table constructor's list). Where a
    /// value behind a nil follows, the nil has a place in the array part: the border is then
    /// behind the last value, as in the reference, on which many programs depend.
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
        let last = values.iter().rposition(|v| !v.is_nil());
        let values = &values[..last.map_or(0, |last| last + 1)];
        let at = |k: usize| first.wrapping_add(k as i64);
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
    if old == NIL_WORD {
        if value == NIL_WORD {
            return true;
        }
        // A removed node lives again: the count of nodes known to be dead is void.
        // SAFETY: as the caller promised.
        let e = unsafe { &store(seg).extra };
        e.set(e.get() & 0xFFFF);
        // Its key was not visited while it was removed, and may be another object
        // at the same address: the collector hears of it as of a new reference.
        let key = node.key.load();
        node.key.set(seg, key, &mut mem.heap);
    }
    node.value.set(seg, value, &mut mem.heap);
    old == NIL_WORD
}
