//! Raw reads.

use super::hash::{Key, Long, Name, Wide, Word};
use super::store::nil_chunk;
use super::{Table, flag};
use crate::mem::Mem;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, fits_word, float_word, int_word, tag};

/// The integer equal to a float, if there is one.
#[inline(always)]
pub(crate) fn float_to_int(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    ((-LIMIT..LIMIT).contains(&f) && (f as i64) as f64 == f).then_some(f as i64)
}

/// The word of a key that is neither integer nor string, if it has one and equals
/// no integer.
#[inline(always)]
pub(super) fn other_word(key: Value) -> Option<u64> {
    match key.tag {
        tag::NIL => None,
        tag::FLOAT => {
            let f = key.as_float();
            (float_to_int(f).is_none() && !f.is_nan()).then(|| float_word(f))
        }
        _ => key.to_word(),
    }
}

impl Table {
    /// The value at a key.
    #[inline]
    pub unsafe fn get(self, mem: &Mem, key: Value) -> Value {
        // SAFETY: as the caller promised.
        unsafe {
            match key.tag {
                tag::STRING => self.get_any_str(mem, Str(key.obj())),
                tag::INT => self.get_int(mem, key.as_int()),
                _ => self.get_other(mem, key),
            }
        }
    }
    /// The word that the hash part has for an integer key, if that can be told fast.
    #[inline(always)]
    pub unsafe fn hashed_int(self, i: i64) -> Option<u64> {
        // SAFETY: as the caller promised.
        unsafe {
            (fits_word(i) && self.flags() & flag::WEAK == 0).then(|| self.found(Word(int_word(i))))
        }
    }
    /// The same for a key that is neither integer nor string.
    #[inline(always)]
    pub unsafe fn hashed_other(self, key: Value) -> Option<u64> {
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::WEAK != 0 {
                return None;
            }
            other_word(key).map(|k| self.found(Word(k)))
        }
    }
    /// The word at a string, if it is interned and that can be told fast; else nil.
    #[inline(always)]
    pub unsafe fn hashed_str(self, mem: &Mem, s: Str) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::WEAK != 0 {
                return NIL_WORD;
            }
            match mem.shapes.cached(self.shape(), s.0) {
                Some(Some(n)) => self.slot(n).1.load(),
                Some(None) => {
                    // Most are interned and present, and then the string itself,
                    // which may be far away, is not looked into.
                    self.found(Name(s.word()))
                }
                None => NIL_WORD,
            }
        }
    }
    #[inline(never)]
    unsafe fn get_other(self, mem: &Mem, key: Value) -> Value {
        // SAFETY: as the caller promised.
        unsafe {
            let word = match key.tag {
                tag::NIL => return Value::NIL,
                tag::FLOAT => match float_to_int(key.as_float()) {
                    Some(i) => return self.get_int(mem, i),
                    None if key.as_float().is_nan() => return Value::NIL,
                    None => float_word(key.as_float()),
                },
                _ => key.to_word().unwrap_unchecked(),
            };
            Value::from_word(self.hash_word(mem, Word(word)))
        }
    }
    /// The word that the hash part of a table without weak references has for a key.
    #[inline(always)]
    unsafe fn found<K: Key>(self, key: K) -> u64 {
        // SAFETY: as the caller promised.
        unsafe { self.find(key).map_or(NIL_WORD, |(_, n)| n.value.load()) }
    }
    /// The word that the hash part has for a key.
    #[inline(always)]
    pub(super) unsafe fn hash_word<K: Key>(self, mem: &Mem, key: K) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            match self.find(key) {
                Some((_, n)) => self.visible(mem, n.value.load()),
                None => NIL_WORD,
            }
        }
    }
    /// The value at an integer key.
    #[inline(always)]
    pub unsafe fn get_int(self, mem: &Mem, i: i64) -> Value {
        // SAFETY: the index is below `arr_len` where the array part is read.
        unsafe {
            let n = (i as u64).wrapping_sub(1);
            if n < self.arr_len() as u64 {
                let (owner, slot) = self.array_slot(n);
                let w = slot.load();
                if w != NIL_WORD || owner != nil_chunk() {
                    return Value::from_word(self.visible(mem, w));
                }
            }
            if self.cell().hash.load() == NIL_WORD {
                return Value::NIL;
            }
            Value::from_word(self.hash_int(mem, i))
        }
    }
    /// The word that the hash part has for an integer key.
    #[inline(never)]
    pub(super) unsafe fn hash_int(self, mem: &Mem, i: i64) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            if fits_word(i) {
                self.hash_word(mem, Word(int_word(i)))
            } else {
                self.hash_word(mem, Wide(i))
            }
        }
    }
    /// The value at a string key, which must be interned if it is short.
    #[inline(always)]
    pub unsafe fn get_str(self, mem: &Mem, s: Str) -> Value {
        // SAFETY: as the caller promised.
        unsafe { Value::from_word(self.get_str_word(mem, s)) }
    }
    /// As [`Table::get_str`], the packed word.
    #[inline]
    pub unsafe fn get_str_word(self, mem: &Mem, s: Str) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            debug_assert!(s.is_interned() || !s.is_short());
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                return self.slot(n).1.load();
            }
            if self.cell().hash.load() == NIL_WORD {
                return NIL_WORD;
            }
            if s.is_interned() {
                return self.hash_word(mem, Name(s.word()));
            }
            self.hash_word(mem, Long(s, s.hash(mem)))
        }
    }
    /// The value at any string. Most are interned and present, and then the
    /// string itself, which may be far away, is not looked into.
    #[inline]
    unsafe fn get_any_str(self, mem: &Mem, s: Str) -> Value {
        // SAFETY: as the caller promised.
        unsafe {
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                return Value::from_word(self.slot(n).1.load());
            }
            if let Some((_, node)) = self.find(Name(s.word())) {
                return Value::from_word(self.visible(mem, node.value.load()));
            }
            if s.is_interned() {
                Value::NIL
            } else {
                self.get_other_str(mem, s)
            }
        }
    }
    #[inline(never)]
    unsafe fn get_other_str(self, mem: &Mem, s: Str) -> Value {
        // SAFETY: as the caller promised.
        unsafe {
            if !s.is_short() {
                return Value::from_word(self.hash_word(mem, Long(s, s.hash(mem))));
            }
            // A short string that has no canonical object is no table's key.
            match s.canonical(mem) {
                Some(c) => self.get_str(mem, c),
                None => Value::NIL,
            }
        }
    }
}
