//! The hash part: open addressing with linear probing in one segment, or in
//! the segments of a directory (`dir.rs`).
//!
//! A node whose key is nil is free. Removing an entry makes its value nil and
//! leaves the key, so that a traversal finds its place; only growing drops such
//! nodes. A removed key that is not a string or boxed integer may dangle: it is
//! compared, as a word, and never followed. Keys that are compared by content
//! are kept alive by removed nodes too (`trace.rs`), but for long strings in
//! tables with weak keys, whose nodes lose a key that dies (`weak.rs`).
//!
//! A long string as a key has the tag `LONG`, so that hashing a key word need
//! not look into a short string.

use super::set::SetError;
use super::store::{
    FLAT_HASH_MAX, HAS_INTS, Node, SEGMENT_MAX, capacity_for, new_hash, node_at, obj_of, store,
    usable, words,
};
use super::{FLAT_MAX, Table, dir};
use crate::mem::Mem;
use crate::object::string::{Str, fold};
use crate::value::{NIL_WORD, Value, tag};
use moonsweep_gc::Obj;
use moonsweep_gc::slot::{REF_TAG, is_reference, reference};

/// The node where the search for a hash begins.
#[inline(always)]
pub(crate) fn home(hash: u64, capacity: usize) -> usize {
    (((hash & 0xFFFF_FFFF) * capacity as u64) >> 32) as usize
}

/// The node after node `i`.
#[inline(always)]
pub(crate) fn after(i: usize, capacity: usize) -> usize {
    if i + 1 == capacity { 0 } else { i + 1 }
}

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

/// The hash of a key that is compared as a word: the upper bits choose the
/// segment, the lower ones the node.
#[inline(always)]
pub(crate) fn hash_word(w: u64) -> u64 {
    fold(w ^ MIX_B, MIX_A)
}

/// The hash of any key's word.
#[inline(always)]
pub(crate) unsafe fn hash_key(w: u64) -> u64 {
    if w >> 48 == REF_TAG {
        // SAFETY: long strings and boxed integers in nodes are alive.
        unsafe {
            match w & 15 {
                LONG => return hash_word(Str(obj_of(w)).known_hash() as u64),
                tag::INT => return hash_word(Value::from_word(w).payload),
                _ => {}
            }
        }
    }
    hash_word(w)
}

/// Whether the word is an integer key, and which.
#[inline(always)]
pub(crate) fn int_key(w: u64) -> Option<i64> {
    if w >= 0xFFFC_0000_0000_0000 {
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
    /// Its hash, equal to `hash_key` of its word.
    fn hash(self) -> u64;
    /// Whether a node's key equals it.
    unsafe fn matches(self, node: u64) -> bool;
    /// The word to store.
    unsafe fn word(self, mem: &mut Mem) -> u64;
}

/// A key compared as a word.
#[derive(Clone, Copy)]
pub(crate) struct Word(pub u64);

impl Key for Word {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash_word(self.0)
    }
    #[inline(always)]
    unsafe fn matches(self, node: u64) -> bool {
        self.0 == node
    }
    #[inline(always)]
    unsafe fn word(self, _: &mut Mem) -> u64 {
        self.0
    }
}

/// A long string, with its hash.
#[derive(Clone, Copy)]
pub(crate) struct Long(pub Str, pub u32);

impl Key for Long {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash_word(self.1 as u64)
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
    #[inline(always)]
    fn hash(self) -> u64 {
        hash_word(self.0 as u64)
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

/// A key that is known to be absent, by its word.
#[derive(Clone, Copy)]
struct Absent(u64);

impl Key for Absent {
    fn hash(self) -> u64 {
        // SAFETY: content-compared keys in nodes are alive.
        unsafe { hash_key(self.0) }
    }
    unsafe fn matches(self, _: u64) -> bool {
        false
    }
    unsafe fn word(self, _: &mut Mem) -> u64 {
        self.0
    }
}

/// The capacity for a table created with a hint.
pub(crate) fn initial_capacity(n: u32) -> usize {
    let n = (n as usize).min(usable(FLAT_HASH_MAX));
    let mut c = 4;
    while n > usable(c) {
        c *= 2;
    }
    c
}

/// The node of a key in a segment.
#[inline(always)]
pub(crate) unsafe fn find_in<'a, K: Key>(
    seg: Obj,
    capacity: usize,
    hash: u64,
    key: K,
) -> Option<&'a Node> {
    let mut i = home(hash, capacity);
    // SAFETY: the index stays below the capacity.
    unsafe {
        for _ in 0..capacity {
            let n = node_at(seg, i);
            let k = n.key.load();
            if key.matches(k) {
                return Some(n);
            }
            if k == NIL_WORD {
                return None;
            }
            i = after(i, capacity);
        }
    }
    None
}

/// Writes an entry into a segment that nobody else knows yet and that has room.
#[inline(always)]
pub(crate) unsafe fn put_new(nodes: &mut [u64], capacity: usize, hash: u64, key: u64, value: u64) {
    let mut i = home(hash, capacity);
    while nodes[2 * i] != NIL_WORD {
        i = after(i, capacity);
    }
    nodes[2 * i] = key;
    nodes[2 * i + 1] = value;
}

/// The number of entries with a value, and how many of these have integer keys.
pub(crate) unsafe fn count_live(seg: Obj) -> (usize, usize) {
    let (mut live, mut ints) = (0, 0);
    // SAFETY: a live segment.
    unsafe {
        for i in 0..store(seg).capacity as usize {
            let n = node_at(seg, i);
            if n.value.load() != NIL_WORD {
                live += 1;
                ints += int_key(n.key.load()).is_some() as usize;
            }
        }
    }
    (live, ints)
}

/// Counts an integer key; bin b is for keys above 2^(b-1) and up to 2^b.
fn count(bins: &mut [u64; 33], k: i64) {
    if (1..=1 << 31).contains(&k) {
        bins[64 - (k as u64 - 1).leading_zeros() as usize] += 1;
    }
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
    /// The node of a key and the segment that owns it.
    #[inline(always)]
    pub(crate) unsafe fn find<'a, K: Key>(self, key: K) -> Option<(Obj, &'a Node)> {
        // SAFETY: as the caller promised.
        unsafe {
            let h = key.hash();
            let (seg, capacity) = self.segment(h)?;
            find_in(seg, capacity, h, key).map(|n| (seg, n))
        }
    }
    /// Whether the hash part may have integer keys.
    #[inline(always)]
    pub(crate) unsafe fn hash_has_ints(self) -> bool {
        // SAFETY: the hash part is a live store.
        unsafe {
            let w = self.cell().hash.load();
            if w == NIL_WORD {
                return false;
            }
            let o = obj_of(w);
            if w & 1 == 0 {
                o.user(1) & HAS_INTS != 0
            } else {
                store(o).extra.get() & HAS_INTS as u32 != 0
            }
        }
    }
    /// Notes that the hash part has integer keys from now on.
    #[inline(always)]
    unsafe fn note_ints(self) {
        // SAFETY: the hash part exists.
        unsafe {
            let w = self.cell().hash.load();
            let o = obj_of(w);
            if w & 1 == 0 {
                o.set_user(1, HAS_INTS);
            } else {
                let e = &store(o).extra;
                e.set(e.get() | HAS_INTS as u32);
            }
        }
    }
    /// Adds an entry whose key is not in the table; the value is not nil.
    /// `Ok(false)`: the array part grew meanwhile, and now has a place for the key.
    #[inline]
    pub(crate) unsafe fn insert<K: Key>(
        self,
        mem: &mut Mem,
        key: K,
        value: u64,
    ) -> Result<bool, SetError> {
        let h = key.hash();
        // SAFETY: as the caller promised.
        unsafe {
            let kw = key.word(mem);
            let int = int_key(kw);
            loop {
                if let Some((seg, capacity)) = self.segment(h) {
                    let s = store(seg);
                    let used = s.extra.get();
                    if (used as u16 as usize) < usable(capacity) {
                        let mut i = home(h, capacity);
                        while node_at(seg, i).key.load() != NIL_WORD {
                            i = after(i, capacity);
                        }
                        let n = node_at(seg, i);
                        n.key.set(seg, kw, &mut mem.heap);
                        n.value.set(seg, value, &mut mem.heap);
                        s.extra.set(used + 1);
                        if int.is_some() {
                            self.note_ints();
                        }
                        return Ok(true);
                    }
                }
                self.grow_hash(mem, h, int)?;
                if let Some(i) = int
                    && ((i as u64).wrapping_sub(1)) < self.arr_len() as u64
                {
                    return Ok(false);
                }
            }
        }
    }
    /// Adds the entries of a segment to a directory that has none of them.
    pub(super) unsafe fn insert_all(self, mem: &mut Mem, from: Obj) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            for i in 0..store(from).capacity as usize {
                let n = node_at(from, i);
                let v = n.value.load();
                if v != NIL_WORD {
                    self.insert(mem, Absent(n.key.load()), v)?;
                }
            }
            Ok(())
        }
    }
    /// Makes room for one more entry with this hash.
    #[cold]
    #[inline(never)]
    unsafe fn grow_hash(self, mem: &mut Mem, hash: u64, int: Option<i64>) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = self.cell().hash.load();
            self.trim_array(mem);
            if w != NIL_WORD && w & 1 == 1 {
                return self.grow_dir(mem, hash);
            }
            self.rehash(mem, int)
        }
    }
    /// Replaces the flat hash part by one with room for one more entry, after
    /// moving integer keys to the array part if that will be more than half full.
    unsafe fn rehash(self, mem: &mut Mem, int: Option<i64>) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            if self.hash_has_ints() || int.is_some() {
                self.widen_array(mem, int)?;
                if let Some(i) = int
                    && ((i as u64).wrapping_sub(1)) < self.arr_len() as u64
                {
                    return Ok(());
                }
            }
            let w = cell.hash.load();
            if w == NIL_WORD {
                let h = new_hash(mem, 4, self.weak_bits());
                cell.hash.set(self.0, reference(h, 0), &mut mem.heap);
                return Ok(());
            }
            let old = obj_of(w);
            let (live, ints) = count_live(old);
            let capacity = capacity_for(live + 1);
            if capacity > FLAT_HASH_MAX {
                return self.make_dir(mem, old);
            }
            let new = new_hash(mem, capacity, self.weak_bits());
            let nodes = words(new, 2 * capacity);
            for i in 0..store(old).capacity as usize {
                let n = node_at(old, i);
                let v = n.value.load();
                if v != NIL_WORD {
                    let k = n.key.load();
                    put_new(nodes, capacity, hash_key(k), k, v);
                }
            }
            store(new).extra.set(live as u32);
            new.set_user(1, if ints > 0 { HAS_INTS } else { 0 });
            cell.hash.set(self.0, reference(new, 0), &mut mem.heap);
            Ok(())
        }
    }
    /// Chooses the largest n such that more than n/2 of the indices 1 to n are
    /// in use, counting `extra`, and if the array part is shorter, makes it that long.
    unsafe fn widen_array(self, mem: &mut Mem, extra: Option<i64>) -> Result<(), SetError> {
        let mut bins = [0u64; 33];
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            if let Some(k) = extra {
                count(&mut bins, k);
            }
            let w = cell.hash.load();
            if w != NIL_WORD {
                let seg = obj_of(w);
                for i in 0..store(seg).capacity as usize {
                    let n = node_at(seg, i);
                    if n.value.load() != NIL_WORD
                        && let Some(k) = int_key(n.key.load())
                    {
                        count(&mut bins, k);
                    }
                }
            }
            let len = self.arr_len() as u64;
            if bins.iter().all(|b| *b == 0) {
                return Ok(());
            }
            if len <= FLAT_MAX as u64 {
                for i in 0..len {
                    if self.array_slot(i).1.load() != NIL_WORD {
                        count(&mut bins, i as i64 + 1);
                    }
                }
            } else {
                // A large array part counts as full but for what was given back.
                let mut k = self.leading_freed() as u64 * super::CHUNK as u64 + 1;
                while k <= len {
                    let b = 64 - (k - 1).leading_zeros() as usize;
                    let end = (1u64 << b).min(len);
                    bins[b] += end - k + 1;
                    k = end + 1;
                }
            }
            let (mut sum, mut best) = (0, 0);
            for (b, n) in bins.iter().enumerate() {
                sum += n;
                if *n > 0 && sum > (1u64 << b) / 2 {
                    best = 1u64 << b;
                }
            }
            if best <= len {
                return Ok(());
            }
            // The last index in use below `best` is where the array part will end.
            let mut last = extra
                .filter(|k| *k as u64 <= best)
                .map_or(0, |k| k.max(0) as u64);
            if w != NIL_WORD {
                let seg = obj_of(w);
                for i in 0..store(seg).capacity as usize {
                    let n = node_at(seg, i);
                    if n.value.load() != NIL_WORD
                        && let Some(k) = int_key(n.key.load())
                        && k > 0
                        && k as u64 <= best
                    {
                        last = last.max(k as u64);
                    }
                }
            }
            if last <= len || !self.extend_array(mem, last as usize)? {
                return Ok(());
            }
            if w != NIL_WORD {
                let seg = obj_of(w);
                for i in 0..store(seg).capacity as usize {
                    let n = node_at(seg, i);
                    let v = n.value.load();
                    if v != NIL_WORD
                        && let Some(k) = int_key(n.key.load())
                        && k as u64 > len
                        && k as u64 <= last
                    {
                        self.store_array(mem, k as u64 - 1, v);
                        n.value.set(seg, NIL_WORD, &mut mem.heap);
                    }
                }
            }
            Ok(())
        }
    }
}
