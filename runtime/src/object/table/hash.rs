//! The hash part: one segment of nodes (`segment.rs`), or a directory of
//! segments (`dir.rs`).
//!
//! The hash of a key spreads groups, not single keys: 512 integers, or 2 KiB of
//! addresses, that differ only in some low bits have homes side by side, in one
//! segment as a rule. So what is used in sequence is found in sequence.
//!
//! A long string as a key has the tag `LONG`, so that hashing a key word need
//! not look into a short string.

use super::length::SMALL_HASH;
use super::segment::{add, copy_live, count_live, find_in};
use super::set::SetError;
use super::store::{
    FLAT_HASH_MAX, HAS_INTS, HAS_POSITIVE, Node, SEGMENT_MAX, capacity_for, new_hash, obj_of, store,
};
use super::{Table, dir};
use crate::mem::Mem;
use crate::object::shape::Shapes;
use crate::object::string::{Str, fold};
use crate::value::{NIL_WORD, Value, tag};
use moonsweep_gc::Obj;
use moonsweep_gc::slot::{REF_TAG, is_reference, reference};

/// Tag of a reference to a long string as a key; nowhere else.
pub(crate) const LONG: u64 = 15;
/// Key of a node whose weak key died: not a key's word, not nil.
pub(crate) const TOMB: u64 = 0xFFF8_0000_0000_0004;

/// Whether a key's word is a reference to a long string.
#[inline(always)]
pub(super) fn is_long(w: u64) -> bool {
    w >> 48 == REF_TAG && w & 15 == LONG
}

const MIX_A: u64 = 0x9E37_79B9_7F4A_7C15;
const MIX_B: u64 = 0xD6E8_FEB8_6659_FD93;

/// The hash of a number: the upper bits choose the segment, the lowest ones the
/// node. The 512 neighbours that differ from bit `shift` on have homes in
/// sequence, in one segment unless their table is very large: three of the bits
/// in which they differ take part in the choice of segments of depth `FINE` on,
/// so that no segment ever gets more of them than it has nodes.
#[inline(always)]
pub(crate) fn spread(w: u64, shift: u32) -> u64 {
    spread_low(w, 511 << shift, shift)
}

/// As `spread`, neighbours being those that differ in the bits `mask`.
#[inline(always)]
fn spread_low(w: u64, mask: u64, shift: u32) -> u64 {
    let low = (w & mask) >> shift;
    let f = fold((w & !mask) ^ MIX_B, MIX_A);
    (f & !0xFF | f.wrapping_add(low) & 0xFF) ^ (low >> 6) << (64 - FINE)
}

/// What divides the distances between the integer keys of a large hash part. Keys
/// at that distance are numbered in sequence (and all words differently, whatever
/// the stride), so that neighbours in an arithmetic progression are neighbours in
/// the table.
#[derive(Clone, Copy)]
pub(crate) struct Stride {
    /// Multiplicative inverse of its odd part.
    pub(crate) inverse: u64,
    /// How many times two divides it.
    pub(crate) twos: u32,
}

impl Stride {
    /// Keys as they are.
    pub(crate) const ONE: Stride = Stride {
        inverse: 1,
        twos: 0,
    };
    /// The stride `step`; 0: there is none.
    pub(crate) fn of(step: u64) -> Stride {
        if step == 0 {
            return Stride::ONE;
        }
        let twos = step.trailing_zeros();
        let odd = step >> twos;
        // Each step of Newton's doubles the bits that are right, three at first.
        let mut inverse = odd;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        }
        Stride { inverse, twos }
    }
    #[inline(always)]
    pub(crate) fn is_one(self) -> bool {
        self.inverse == 1 && self.twos == 0
    }
    /// The hash of an integer's word. In an unbroken progression all neighbours
    /// are there, so fewer of them share a segment: four runs fill it.
    #[inline(always)]
    fn spread(self, w: u64) -> u64 {
        let mask = if self.is_one() { 511 } else { 63 };
        spread_low(
            w.rotate_right(self.twos).wrapping_mul(self.inverse),
            mask,
            0,
        )
    }
}

const FINE: u32 = 14;

/// The hash of an object's address, in units of 32 bytes; 64 of them are
/// neighbours.
#[inline(always)]
fn spread_address(w: u64) -> u64 {
    let low = w >> 5 & 63;
    fold((w & !(63 << 5)) ^ MIX_B, MIX_A) ^ low
}

/// The hash of a key that is compared as a word.
#[inline(always)]
pub(crate) fn hash_word(w: u64, stride: Stride) -> u64 {
    if w >> 48 == REF_TAG {
        spread_address(w)
    } else if w >= INT_WORDS {
        stride.spread(w)
    } else {
        // Fractions of floats of some thousands to millions begin about bit 33.
        spread(w, 33)
    }
}

/// The hash of any key's word.
#[inline(always)]
pub(crate) unsafe fn hash_key(w: u64, stride: Stride) -> u64 {
    if w >> 48 == REF_TAG {
        // SAFETY: long strings and boxed integers in nodes are alive.
        unsafe {
            match w & 15 {
                LONG => return spread(Str(obj_of(w)).known_hash() as u64, 0),
                tag::INT => return spread(Value::from_word(w).payload, 0),
                _ => {}
            }
        }
    }
    hash_word(w, stride)
}

/// Words from this one on are integers.
const INT_WORDS: u64 = 0xFFFC_0000_0000_0000;

/// Whether the word is an integer key, and which.
#[inline(always)]
pub(crate) fn int_key(w: u64) -> Option<i64> {
    if w >= INT_WORDS {
        Some(((w << 14) as i64) >> 14)
    } else {
        None
    }
}

/// The value of a key's word.
#[inline(always)]
pub(crate) unsafe fn key_value(w: u64) -> Value {
    if is_reference(w) && w & 15 == LONG {
        // SAFETY: the keys of nodes in use are alive.
        return Str(unsafe { obj_of(w) }).value();
    }
    // SAFETY: as above.
    unsafe { Value::from_word(w) }
}

/// A key to search for.
pub(crate) trait Key: Copy {
    /// Whether `matches` compares words.
    const IS_WORD: bool;
    /// Its hash, equal to `hash_key` of its word.
    fn hash(self, stride: Stride) -> u64;
    /// Whether a node's key equals it.
    unsafe fn matches(self, node: u64) -> bool;
    /// False if no node can have it: a search that is not yet over may end.
    #[inline(always)]
    unsafe fn can_be_key(self) -> bool {
        true
    }
    /// The word to store.
    unsafe fn word(self, mem: &mut Mem) -> u64;
    /// Whether a table that does not have the key may get it in its hash part, a
    /// segment of which has that capacity, without a look at its other parts.
    #[inline(always)]
    unsafe fn may_join(self, _: Table, _: usize) -> bool {
        false
    }
}

/// A key that is an object, compared as a word.
#[derive(Clone, Copy)]
pub(crate) struct Name(pub u64);

impl Key for Name {
    const IS_WORD: bool = true;
    #[inline(always)]
    fn hash(self, _: Stride) -> u64 {
        spread_address(self.0)
    }
    #[inline(always)]
    unsafe fn matches(self, node: u64) -> bool {
        self.0 == node
    }
    #[inline(always)]
    unsafe fn can_be_key(self) -> bool {
        // SAFETY: the word of a live string.
        unsafe { Str(obj_of(self.0)).is_interned() }
    }
    #[inline(always)]
    unsafe fn word(self, _: &mut Mem) -> u64 {
        self.0
    }
    #[inline(always)]
    unsafe fn may_join(self, t: Table, _: usize) -> bool {
        // SAFETY: a string's word; as the caller promised.
        unsafe { t.shape() == Shapes::DICT && Str(obj_of(self.0)).is_interned() }
    }
}

/// A key compared as a word.
#[derive(Clone, Copy)]
pub(crate) struct Word(pub u64);

impl Key for Word {
    const IS_WORD: bool = true;
    #[inline(always)]
    fn hash(self, stride: Stride) -> u64 {
        hash_word(self.0, stride)
    }
    #[inline(always)]
    unsafe fn matches(self, node: u64) -> bool {
        self.0 == node
    }
    #[inline(always)]
    unsafe fn word(self, _: &mut Mem) -> u64 {
        self.0
    }
    #[inline(always)]
    unsafe fn may_join(self, t: Table, capacity: usize) -> bool {
        match int_key(self.0) {
            // SAFETY: as the caller promised.
            Some(i) => unsafe {
                capacity as u64 > SMALL_HASH
                    && t.is_outside((i as u64).wrapping_sub(1))
                    && t.hash_knows(i)
            },
            None => true,
        }
    }
}

/// A long string, with its hash.
#[derive(Clone, Copy)]
pub(crate) struct Long(pub Str, pub u32);

impl Key for Long {
    const IS_WORD: bool = false;
    #[inline(always)]
    fn hash(self, _: Stride) -> u64 {
        spread(self.1 as u64, 0)
    }
    #[inline(always)]
    unsafe fn matches(self, node: u64) -> bool {
        // SAFETY: long strings in nodes are alive.
        is_reference(node) && node & 15 == LONG && unsafe { Str(obj_of(node)).eq(self.0) }
    }
    unsafe fn word(self, _: &mut Mem) -> u64 {
        reference(self.0.0, LONG as u8)
    }
}

/// An integer too wide for a word.
#[derive(Clone, Copy)]
pub(crate) struct Wide(pub i64);

impl Key for Wide {
    const IS_WORD: bool = false;
    #[inline(always)]
    fn hash(self, _: Stride) -> u64 {
        spread(self.0 as u64, 0)
    }
    #[inline(always)]
    unsafe fn matches(self, node: u64) -> bool {
        // SAFETY: boxed integers in nodes are alive.
        is_reference(node)
            && node & 15 == tag::INT
            && unsafe { Value::from_word(node) }.as_int() == self.0
    }
    unsafe fn word(self, mem: &mut Mem) -> u64 {
        mem.pack(Value::int(self.0))
    }
}

/// The capacity for a table created with a hint.
pub(crate) fn initial_capacity(n: u32) -> usize {
    (n as usize).next_power_of_two().clamp(4, FLAT_HASH_MAX)
}

impl Table {
    /// The segment for a hash, and its capacity.
    #[inline(always)]
    pub(crate) unsafe fn segment(self, hash: u64) -> Option<(Obj, usize)> {
        // SAFETY: the hash part consists of live stores.
        unsafe {
            let w = self.cell().hash.load();
            if w == NIL_WORD {
                return None;
            }
            let o = obj_of(w);
            if w & 1 == 0 {
                return Some((o, store(o).capacity as usize));
            }
            Some((dir::segment(w, hash), SEGMENT_MAX))
        }
    }
    /// The stride of the integer keys.
    #[inline(always)]
    pub(crate) unsafe fn stride(self) -> Stride {
        // SAFETY: the hash part consists of live stores.
        unsafe {
            let w = self.cell().hash.load();
            if w & 1 == 0 || w == NIL_WORD {
                Stride::ONE
            } else {
                dir::stride(w)
            }
        }
    }
    /// The hash part that is one segment, and its capacity.
    #[inline(always)]
    pub(super) unsafe fn flat_segment(self) -> Option<(Obj, usize)> {
        // SAFETY: the hash part is a live store.
        unsafe {
            let w = self.cell().hash.load();
            if w == NIL_WORD {
                return None;
            }
            let o = obj_of(w);
            Some((o, store(o).capacity as usize))
        }
    }
    /// Whether the hash part is a directory of segments.
    #[inline(always)]
    pub(super) unsafe fn is_large(self) -> bool {
        // SAFETY: as the caller promised.
        let w = unsafe { self.cell().hash.load() };
        w & 1 == 1 && w != NIL_WORD
    }
    /// The node of a key and the segment that owns it.
    #[inline(always)]
    pub(crate) unsafe fn find<'a, K: Key>(self, key: K) -> Option<(Obj, &'a Node)> {
        // SAFETY: as the caller promised.
        unsafe {
            // Most of what is inlined here is constant in one of the two cases.
            if self.is_large() {
                let w = self.cell().hash.load();
                let h = key.hash(dir::stride(w));
                let seg = dir::segment(w, h);
                return find_in(seg, SEGMENT_MAX, h, key).map(|n| (seg, n));
            }
            let h = key.hash(Stride::ONE);
            let (seg, capacity) = self.flat_segment()?;
            find_in(seg, capacity, h, key).map(|n| (seg, n))
        }
    }
    #[inline(always)]
    unsafe fn hash_flags(self) -> u8 {
        // SAFETY: the hash part is a live store.
        unsafe {
            let w = self.cell().hash.load();
            if w == NIL_WORD {
                return 0;
            }
            let o = obj_of(w);
            if w & 1 == 0 {
                o.user(1)
            } else {
                store(o).extra.get() as u8
            }
        }
    }
    /// Whether the hash part may have integer keys.
    #[inline(always)]
    pub(crate) unsafe fn hash_has_ints(self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.hash_flags() & HAS_INTS != 0 }
    }
    /// Whether the hash part may have keys from 1 on.
    #[inline(always)]
    pub(crate) unsafe fn hash_has_positive(self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.hash_flags() & HAS_POSITIVE != 0 }
    }
    /// Whether its flags say already what the integer key `i` would make them say.
    #[inline(always)]
    pub(crate) unsafe fn hash_knows(self, i: i64) -> bool {
        let flag = if i > 0 { HAS_POSITIVE } else { HAS_INTS };
        // SAFETY: as the caller promised.
        unsafe { self.hash_flags() & flag != 0 }
    }
    /// Notes that the hash part has an integer key.
    #[inline(always)]
    unsafe fn note_int(self, i: i64) {
        let flags = HAS_INTS | if i > 0 { HAS_POSITIVE } else { 0 };
        // SAFETY: the hash part exists.
        unsafe {
            let w = self.cell().hash.load();
            let o = obj_of(w);
            if w & 1 == 0 {
                o.set_user(1, o.user(1) | flags);
            } else {
                let e = &store(o).extra;
                e.set(e.get() | flags as u32);
            }
        }
    }
    /// Adds an entry whose key is not in the table; the value is not nil.
    /// `Ok(false)`: the array part changed, and may have a place for the key now.
    #[inline]
    pub(crate) unsafe fn insert<K: Key>(
        self,
        mem: &mut Mem,
        key: K,
        value: u64,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let kw = key.word(mem);
            let int = int_key(kw);
            loop {
                let stride = self.stride();
                let h = key.hash(stride);
                if let Some((seg, capacity)) = self.segment(h)
                    && add(mem, seg, capacity, stride, h, kw, value)
                {
                    if let Some(i) = int {
                        self.note_int(i);
                    }
                    return Ok(true);
                }
                if self.grow_hash(mem, h, int)? {
                    return Ok(false);
                }
            }
        }
    }
    /// Makes room for one more entry with this hash. True: the array part
    /// changed, and may have a place for the integer key `int` now.
    #[cold]
    #[inline(never)]
    unsafe fn grow_hash(
        self,
        mem: &mut Mem,
        hash: u64,
        int: Option<i64>,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = self.cell().hash.load();
            self.trim_array(mem);
            if let Some((seg, _)) = self.segment(hash) {
                self.drop_condemned(mem, seg);
            }
            if w != NIL_WORD && w & 1 == 1 {
                return self.grow_dir(mem, hash, int);
            }
            self.rehash(mem, int)
        }
    }
    /// Replaces the flat hash part by one with room for one more entry, unless
    /// its integer keys had better be in the array part.
    unsafe fn rehash(self, mem: &mut Mem, int: Option<i64>) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            if let Some(i) = int
                && i > 0
                && self.widen_array(mem, i)?
            {
                return Ok(true);
            }
            let w = cell.hash.load();
            if w == NIL_WORD {
                let h = self.new_segment(mem, 4, 0);
                cell.hash.set(self.0, reference(h, 0), &mut mem.heap);
                return Ok(false);
            }
            let old = obj_of(w);
            let live = count_live(old);
            let capacity = capacity_for(live + 1);
            if capacity > FLAT_HASH_MAX {
                self.make_dir(mem, old)?;
                return Ok(false);
            }
            let new = self.new_segment(mem, capacity, 0);
            let flags = copy_live(old, new, capacity, Stride::ONE);
            new.set_user(1, flags);
            cell.hash.set(self.0, reference(new, 0), &mut mem.heap);
            Ok(false)
        }
    }
    /// A new segment; `mark` is its depth in a directory.
    pub(super) unsafe fn new_segment(self, mem: &mut Mem, capacity: usize, mark: u8) -> Obj {
        // SAFETY: as the caller promised.
        unsafe {
            let s = new_hash(mem, capacity, self.weak_bits());
            s.set_user(1, mark);
            s
        }
    }
}
