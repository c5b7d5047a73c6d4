//! A segment: nodes in buckets of four.
//!
//! The hash of a key chooses one node, its *home*, and with it a bucket. The key
//! is in its home if that was free, else in another node of the bucket, else in
//! one of the next buckets of its *path*: the neighbour, then every so many
//! buckets, depending on the hash. Each bucket has a count of the keys that are
//! further along the paths through it (`passes`), so most searches that fail end
//! in the first bucket. In large tables a bucket is one cache line, and a search
//! for a word compares all four keys without a branch between them: so the
//! processor can be busy with several searches at a time, each of which waits
//! for one line.
//!
//! A node is free (its key is nil), live, or dead (its value is nil): removing an
//! entry leaves the key, so that a traversal finds its place.
//!
//! Invariants:
//! - A key is on its path; no bucket before it on the path has a free node, and
//!   `passes` of each is not 0.
//! - A key that is not in its home has a home that is not free.
//!
//! A dead key that is not a string or boxed integer may dangle: it is
//! compared, as a word, and hashed as one, and never followed. Keys that are
//! compared by content are kept alive by dead nodes too (`trace.rs`), but for
//! long strings in tables with weak keys, whose nodes lose a key that dies
//! (`weak.rs`).
//!
//! The word at 12: bits 0-9, nodes that are not free; 10-19, nodes with lost keys
//! that serve again; 20-29, entries that moved to the array part.

use super::hash::{Key, Stride, TOMB, hash_key, int_key};
use super::store::{
    BUCKET, FLAT_HASH_MAX, HAS_INTS, HAS_POSITIVE, Node, SEGMENT_MAX, StoreCell, empty_segment,
    node_at, passes, store, words,
};
use super::trace::seen_key;
use crate::mem::Mem;
use crate::value::NIL_WORD;
use moonsweep_gc::Obj;
use moonsweep_gc::slot::set_entry;
use std::cell::Cell;

/// A count of passes that is not exact any more.
const MANY: u8 = u8::MAX;

/// Where a hash leads to in a segment.
#[derive(Clone, Copy)]
struct Path {
    /// The first bucket.
    first: usize,
    /// Buckets between two later ones.
    stride: usize,
    /// Number of buckets of the segment.
    buckets: usize,
}

impl Path {
    #[inline(always)]
    fn of(hash: u64, capacity: usize) -> Path {
        Path {
            first: first(hash, capacity),
            stride: (hash >> 8) as usize | 1,
            buckets: capacity / BUCKET,
        }
    }
    /// Bucket number `i` of the path. The first `buckets + 1` are all there are.
    #[inline(always)]
    fn bucket(self, i: usize) -> usize {
        let at = match i {
            0 => self.first,
            1 => self.first ^ 1,
            _ => self.first.wrapping_add(self.stride.wrapping_mul(i - 1)),
        };
        at & (self.buckets - 1)
    }
}

/// The first bucket for a hash. In large segments neighbours have neighbouring
/// buckets, so that a few runs of them fill all buckets alike; in small ones, where
/// it is the home that counts, neighbouring homes.
#[inline(always)]
fn first(hash: u64, capacity: usize) -> usize {
    if capacity == SEGMENT_MAX {
        hash as usize % (SEGMENT_MAX / BUCKET)
    } else {
        (hash as usize & (capacity - 1)) / BUCKET
    }
}

/// The number of the home in its bucket.
#[inline(always)]
fn slot(hash: u64, capacity: usize) -> usize {
    if capacity == SEGMENT_MAX {
        hash as usize / (SEGMENT_MAX / BUCKET) % BUCKET
    } else {
        hash as usize % BUCKET
    }
}

/// The home of a hash.
#[inline(always)]
fn home(hash: u64, capacity: usize) -> usize {
    member(first(hash, capacity), slot(hash, capacity), capacity)
}

/// Node `k` of a bucket. The nodes begin 16 bytes into a segment's cell, so the
/// last one before a multiple of four begins a bucket.
#[inline(always)]
fn member(bucket: usize, k: usize, capacity: usize) -> usize {
    (BUCKET * bucket + k).wrapping_sub(1) & (capacity - 1)
}

/// Which nodes of a bucket fulfil a condition, as bits.
#[inline(always)]
unsafe fn among(
    seg: Obj,
    capacity: usize,
    bucket: usize,
    mut is: impl FnMut(&Node) -> bool,
) -> u32 {
    // SAFETY: indices of the segment.
    unsafe {
        is(node_at(seg, member(bucket, 0, capacity))) as u32
            | (is(node_at(seg, BUCKET * bucket)) as u32) << 1
            | (is(node_at(seg, BUCKET * bucket + 1)) as u32) << 2
            | (is(node_at(seg, BUCKET * bucket + 2)) as u32) << 3
    }
}

/// The node of a key in a segment.
#[inline(always)]
pub(crate) unsafe fn find_in<'a, K: Key>(
    seg: Obj,
    capacity: usize,
    hash: u64,
    key: K,
) -> Option<&'a Node> {
    // SAFETY: indices of the segment.
    unsafe {
        if K::IS_WORD && capacity == SEGMENT_MAX {
            let bucket = Path::of(hash, SEGMENT_MAX).first;
            // If one of the last three nodes has it, that one; else the first, if any.
            // (No closure: it could be that the handlers' calls were no jumps then.)
            let at = BUCKET * bucket;
            let k = key.matches(node_at(seg, at).key.load()) as usize
                + 2 * key.matches(node_at(seg, at + 1).key.load()) as usize
                + 3 * key.matches(node_at(seg, at + 2).key.load()) as usize;
            let n = node_at(seg, member(bucket, k, SEGMENT_MAX));
            if key.matches(n.key.load()) {
                return Some(n);
            }
            if !key.can_be_key()
                || among(seg, SEGMENT_MAX, bucket, |n| n.key.load() == NIL_WORD) != 0
            {
                return None;
            }
            return find_from(1, seg, SEGMENT_MAX, hash, key);
        }
        let n = node_at(seg, home(hash, capacity));
        let k = n.key.load();
        if key.matches(k) {
            return Some(n);
        }
        if k == NIL_WORD || !key.can_be_key() {
            return None;
        }
        find_from(0, seg, capacity, hash, key)
    }
}

/// As `find_in`, from bucket number `from` of the path on. (No key is in the
/// buckets before, and they have no free nodes.)
#[inline(never)]
unsafe fn find_from<'a, K: Key>(
    from: usize,
    seg: Obj,
    capacity: usize,
    hash: u64,
    key: K,
) -> Option<&'a Node> {
    // SAFETY: indices of the segment.
    unsafe {
        let path = Path::of(hash, capacity);
        if path.buckets == 1 {
            // Small tables have no counts.
            return (0..BUCKET)
                .map(|i| node_at(seg, i))
                .find(|n| key.matches(n.key.load()));
        }
        let passes = passes(seg, capacity);
        if from == 1 && passes.get_unchecked(path.first).get() == 0 {
            return None;
        }
        for i in from..=path.buckets {
            let bucket = path.bucket(i);
            let mut free = false;
            for k in 0..BUCKET {
                let n = node_at(seg, member(bucket, k, capacity));
                let k = n.key.load();
                if key.matches(k) {
                    return Some(n);
                }
                free |= k == NIL_WORD;
            }
            if free || passes.get_unchecked(bucket).get() == 0 {
                return None;
            }
        }
        None
    }
}

const FIELD: u32 = 0x3FF;

/// The counts of a segment (see above).
#[derive(Clone, Copy)]
struct Counts {
    used: u32,
    stale: u32,
    moved: u32,
}

impl Counts {
    #[inline(always)]
    fn of(s: &StoreCell) -> Counts {
        let e = s.extra.get();
        Counts {
            used: e & FIELD,
            stale: e >> 10 & FIELD,
            moved: e >> 20,
        }
    }
    #[inline(always)]
    fn put(self, s: &StoreCell) {
        s.extra.set(self.used | self.stale << 10 | self.moved << 20)
    }
}

/// Notes that an entry of a segment moved to the array part; tells whether all did.
pub(super) fn note_moved(s: &StoreCell) -> bool {
    let mut c = Counts::of(s);
    c.moved += 1;
    c.put(s);
    c.moved >= c.used
}

/// A dead node lives again: how many are dead is not known any more.
#[inline(always)]
pub(super) fn note_revived(s: &StoreCell) {
    s.extra.set(s.extra.get() & (FIELD | FIELD << 10))
}

/// Counts one more node in use; false: the segment is full. One in sixteen nodes
/// stays free, or paths would become long, unless there is a progression of keys,
/// which fill all buckets alike.
#[inline(always)]
fn take_free(s: &StoreCell, capacity: usize, stride: Stride) -> bool {
    let e = s.extra.get();
    let most = if stride.is_one() {
        capacity - capacity / 16
    } else {
        capacity
    };
    if (e & FIELD) as usize >= most {
        return false;
    }
    s.extra.set(e + 1);
    true
}

/// Writes an entry into a node. A dead key that it replaces may dangle, and is
/// not one that the collector has seen.
#[inline(always)]
unsafe fn write(mem: &mut Mem, seg: Obj, n: &Node, key: u64, value: u64) {
    let seen = [seen_key(seg, n.key.load(), n.value.load()), key];
    let slots = (&n.key, &n.value);
    set_entry(seg, slots, (key, value), seen, &mut mem.heap);
}

/// Adds an entry, whose key is absent, to a segment; false if it is full.
#[inline]
pub(super) unsafe fn add(
    mem: &mut Mem,
    seg: Obj,
    capacity: usize,
    stride: Stride,
    hash: u64,
    key: u64,
    value: u64,
) -> bool {
    // SAFETY: a live segment.
    unsafe {
        let n = node_at(seg, home(hash, capacity));
        let n = if n.key.load() == NIL_WORD && seg != empty_segment() {
            if !take_free(store(seg), capacity, stride) {
                return false;
            }
            n
        } else {
            match place(seg, capacity, stride, hash) {
                Some(n) => n,
                None => return false,
            }
        };
        write(mem, seg, n, key, value);
        true
    }
}

/// The node for a new entry, which the caller writes there, its home being in use;
/// `None`: the segment is full.
#[inline(never)]
unsafe fn place<'a>(seg: Obj, capacity: usize, stride: Stride, hash: u64) -> Option<&'a Node> {
    if seg == empty_segment() {
        return None;
    }
    // SAFETY: indices of the segment.
    unsafe {
        let s = store(seg);
        let path = Path::of(hash, capacity);
        let last = if path.buckets == 1 { 0 } else { path.buckets };
        for i in 0..=last {
            let bucket = path.bucket(i);
            let mut vacant = among(seg, capacity, bucket, |n| n.value.load() == NIL_WORD);
            let mut chosen = None;
            while vacant != 0 {
                let k = vacant.trailing_zeros() as usize;
                let n = node_at(seg, member(bucket, k, capacity));
                let old = n.key.load();
                if old == NIL_WORD {
                    if !take_free(s, capacity, stride) {
                        return None;
                    }
                    chosen = Some(n);
                    break;
                }
                if reusable(seg, capacity, old) {
                    leave(seg, capacity, stride, bucket, old);
                    note_revived(s);
                    chosen = Some(n);
                    break;
                }
                vacant &= vacant - 1;
            }
            let Some(n) = chosen else {
                continue;
            };
            for j in 0..i {
                let p = &passes(seg, capacity)[path.bucket(j)];
                p.set(p.get().saturating_add(1));
            }
            return Some(n);
        }
        None
    }
}

/// Whether a dead node can have another key than `old`. One that lost its key may be counted
/// where its path went; so that such counts do not pile up, only some serve again
/// before the segment is rebuilt.
#[inline(always)]
unsafe fn reusable(seg: Obj, capacity: usize, old: u64) -> bool {
    // SAFETY: a live segment.
    old != TOMB || Counts::of(unsafe { store(seg) }).stale < capacity as u32 / 4
}

/// A dead node of a bucket will have another key instead of `old`.
unsafe fn leave(seg: Obj, capacity: usize, stride: Stride, bucket: usize, old: u64) {
    // SAFETY: a live segment; dead keys can be hashed (see above).
    unsafe {
        if capacity == BUCKET {
            return;
        }
        if old == TOMB {
            let mut c = Counts::of(store(seg));
            c.stale += 1;
            return c.put(store(seg));
        }
        let path = Path::of(hash_key(old, stride), capacity);
        for i in 0..=path.buckets {
            let at = path.bucket(i);
            if at == bucket {
                return;
            }
            let p = &passes(seg, capacity)[at];
            if p.get() != MANY {
                p.set(p.get() - 1);
            }
        }
    }
}

/// Fills a segment that nobody else knows yet: keys take their homes first, as
/// far as these are free; then the others go on along their paths.
pub(super) struct Filler<'a> {
    nodes: &'a mut [u64],
    passes: &'a [Cell<u8>],
    store: &'a StoreCell,
    used: u32,
}

impl Filler<'_> {
    pub(super) unsafe fn new(seg: Obj, capacity: usize) -> Self {
        // SAFETY: as the caller promised.
        unsafe {
            Filler {
                nodes: words(seg, 2 * capacity),
                passes: passes(seg, capacity),
                store: store(seg),
                used: 0,
            }
        }
    }
    fn capacity(&self) -> usize {
        self.nodes.len() / 2
    }
    #[inline(always)]
    fn fill(&mut self, i: usize, key: u64, value: u64) -> bool {
        if self.nodes[2 * i] != NIL_WORD {
            return false;
        }
        self.nodes[2 * i] = key;
        self.nodes[2 * i + 1] = value;
        self.used += 1;
        true
    }
    /// Puts an entry into its home; false if that is taken.
    #[inline(always)]
    pub(super) fn put(&mut self, hash: u64, key: u64, value: u64) -> bool {
        self.fill(home(hash, self.capacity()), key, value)
    }
    /// Puts an entry whose home is taken elsewhere.
    #[inline(always)]
    pub(super) fn displace(&mut self, hash: u64, key: u64, value: u64) {
        let path = Path::of(hash, self.capacity());
        for i in 0..=path.buckets {
            let bucket = path.bucket(i);
            for k in 0..BUCKET {
                if self.fill(member(bucket, k, self.capacity()), key, value) {
                    return;
                }
            }
            if let Some(p) = self.passes.get(bucket) {
                p.set(p.get().saturating_add(1));
            }
        }
        debug_assert!(false, "a segment has room for what is moved to it");
    }
    /// The segment is full enough.
    pub(super) fn finish(self) {
        let counts = Counts {
            used: self.used,
            stale: 0,
            moved: 0,
        };
        counts.put(self.store)
    }
}

/// Nodes of a segment, by index.
#[derive(Default)]
pub(super) struct NodeSet([u64; FLAT_HASH_MAX / 64]);

impl NodeSet {
    #[inline(always)]
    pub(super) fn add(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }
    /// Calls `f` with key and value of each node of the set.
    #[inline(always)]
    pub(super) unsafe fn each(&self, seg: Obj, mut f: impl FnMut(u64, u64)) {
        for (k, mut bits) in self.0.into_iter().enumerate() {
            while bits != 0 {
                // SAFETY: indices of the segment.
                let n = unsafe { node_at(seg, 64 * k + bits.trailing_zeros() as usize) };
                f(n.key.load(), n.value.load());
                bits &= bits - 1;
            }
        }
    }
}

/// The number of live entries.
pub(crate) unsafe fn count_live(seg: Obj) -> usize {
    let mut live = 0;
    // SAFETY: a live segment.
    unsafe { each_live(seg, |_, _, _| live += 1) };
    live
}

/// Calls `f` with index, key and value of each live node.
#[inline(always)]
pub(super) unsafe fn each_live(seg: Obj, mut f: impl FnMut(usize, u64, u64)) {
    // SAFETY: a live segment.
    unsafe {
        for i in 0..store(seg).capacity as usize {
            let n = node_at(seg, i);
            let v = n.value.load();
            if v != NIL_WORD {
                f(i, n.key.load(), v)
            }
        }
    }
}

/// Fills a new segment with the live entries of another, and returns the flags
/// for a flat hash part with these keys.
pub(super) unsafe fn copy_live(old: Obj, new: Obj, capacity: usize, stride: Stride) -> u8 {
    // SAFETY: live segments, the new one with room enough.
    unsafe {
        let mut to = Filler::new(new, capacity);
        let mut late = NodeSet::default();
        let mut flags = 0;
        each_live(old, |i, k, v| {
            if let Some(i) = int_key(k) {
                flags |= HAS_INTS | if i > 0 { HAS_POSITIVE } else { 0 };
            }
            if !to.put(hash_key(k, stride), k, v) {
                late.add(i);
            }
        });
        late.each(old, |k, v| to.displace(hash_key(k, stride), k, v));
        to.finish();
        flags
    }
}

/// Checks the invariants of a segment.
#[cfg(test)]
pub(super) unsafe fn check_segment(seg: Obj, stride: Stride) {
    // SAFETY: a live segment.
    unsafe {
        let capacity = store(seg).capacity as usize;
        let key = |i: usize| node_at(seg, i).key.load();
        let mut passing = vec![0; capacity / BUCKET];
        let used: Vec<_> = (0..capacity).filter(|i| key(*i) != NIL_WORD).collect();
        for &i in &used {
            if key(i) == TOMB {
                continue;
            }
            let hash = hash_key(key(i), stride);
            assert_ne!(key(home(hash, capacity)), NIL_WORD, "its home is free");
            let path = Path::of(hash, capacity);
            let mut step = 0;
            while path.bucket(step) != (i + 1) % capacity / BUCKET {
                let bucket = path.bucket(step);
                passing[bucket] += 1;
                for k in 0..BUCKET {
                    assert_ne!(key(member(bucket, k, capacity)), NIL_WORD);
                }
                step += 1;
                assert!(step <= path.buckets, "not on the path of its hash");
            }
        }
        let counts = Counts::of(store(seg));
        assert_eq!(counts.used as usize, used.len());
        if capacity > BUCKET {
            let lost = counts.stale > 0 || used.iter().any(|i| key(*i) == TOMB);
            for (count, passing) in passes(seg, capacity).iter().zip(passing) {
                let count = count.get();
                let most = if lost { MANY as usize } else { passing };
                assert!(count == MANY || (passing..=most).contains(&(count as usize)));
            }
        }
    }
}
