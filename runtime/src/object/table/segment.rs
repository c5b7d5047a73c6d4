//! A segment: nodes in chains.
//!
//! A key's chain starts at the node that its hash chooses, its *home*, and goes
//! on from node i to node i ^ link[i], until the link is 0. A node is free
//! (its key is nil), live, or dead (its value is nil): removing an entry leaves
//! key and link, so that a traversal finds its place. All nodes can be in use;
//! at full load a search that succeeds looks at 1.5 nodes.
//!
//! Invariants:
//! - A live key is on the chain that starts at its home.
//! - At most one link leads to a node.
//! - A node with a key whose home is elsewhere is not the home of any live key.
//!   So a new key whose home has such a node moves that node away, or if it is
//!   dead, takes it; other dead nodes serve a new key if they have its home.
//!
//! A dead key that is not a string or boxed integer may dangle: it is
//! compared, as a word, and hashed as one, and never followed. Keys that are
//! compared by content are kept alive by dead nodes too (`trace.rs`), but for
//! long strings in tables with weak keys, whose nodes lose a key that dies
//! (`weak.rs`).
//!
//! The word at 12: bits 0-9, nodes that are not free; 10-19, free nodes are
//! below this index; 20-29, entries that moved to the array part.

use super::hash::{Key, TOMB, hash_key, hash_word, int_key};
use super::store::{
    FLAT_HASH_MAX, HAS_INTS, HAS_POSITIVE, Node, StoreCell, empty_segment, links, node_at, store,
    words,
};
use super::trace::seen_key;
use crate::mem::Mem;
use crate::value::NIL_WORD;
use moonsweep_gc::Obj;
use moonsweep_gc::slot::set_entry;
use std::cell::Cell;

/// The node where the search for a hash begins.
#[inline(always)]
pub(crate) fn home(hash: u64, capacity: usize) -> usize {
    hash as usize & (capacity - 1)
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
    // SAFETY: links lead to nodes of the segment.
    unsafe {
        loop {
            let n = node_at(seg, i);
            let k = n.key.load();
            if key.matches(k) {
                return Some(n);
            }
            if k == NIL_WORD {
                return None;
            }
            let link = links(seg, capacity).get_unchecked(i).get();
            if link == 0 {
                return None;
            }
            i ^= link as usize;
        }
    }
}

const FIELD: u32 = 0x3FF;

/// The counts of a segment (see above).
#[derive(Clone, Copy)]
struct Counts {
    used: u32,
    free: u32,
    moved: u32,
}

impl Counts {
    #[inline(always)]
    fn of(s: &StoreCell) -> Counts {
        let e = s.extra.get();
        Counts {
            used: e & FIELD,
            free: e >> 10 & FIELD,
            moved: e >> 20,
        }
    }
    #[inline(always)]
    fn put(self, s: &StoreCell) {
        s.extra.set(self.used | self.free << 10 | self.moved << 20)
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
pub(super) fn note_revived(s: &StoreCell) {
    s.extra.set(s.extra.get() & (FIELD | FIELD << 10))
}

/// A free node, which the caller will use.
unsafe fn take_free(seg: Obj) -> Option<usize> {
    // SAFETY: the index stays below the capacity.
    unsafe {
        let s = store(seg);
        let mut c = Counts::of(s);
        let mut free = c.free as usize;
        while free > 0 {
            free -= 1;
            if node_at(seg, free).key.load() == NIL_WORD {
                c.free = free as u32;
                c.used += 1;
                c.put(s);
                return Some(free);
            }
        }
        c.free = 0;
        c.put(s);
        None
    }
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
    hash: u64,
    key: u64,
    value: u64,
) -> bool {
    let main = home(hash, capacity);
    // SAFETY: a live segment.
    unsafe {
        let n = node_at(seg, main);
        if n.key.load() == NIL_WORD {
            if seg == empty_segment() {
                return false;
            }
            let s = store(seg);
            s.extra.set(s.extra.get() + 1);
            write(mem, seg, n, key, value);
            return true;
        }
        if n.value.load() == NIL_WORD {
            let old = n.key.load();
            if old != TOMB {
                unlink(seg, capacity, main, home(hash_key(old), capacity));
            }
            note_revived(store(seg));
            write(mem, seg, n, key, value);
            return true;
        }
        add_colliding(mem, seg, capacity, main, key, value)
    }
}

/// The node whose link leads to `i`, on the chain that begins at `start`.
#[inline(always)]
fn before(links: &[Cell<u8>], start: usize, i: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let link = links[at].get() as usize;
        if at ^ link == i && link != 0 {
            return Some(at);
        }
        if link == 0 {
            return None;
        }
        at ^= link;
    }
}

/// Takes node `i` out of the chain that begins at `start`, unless it begins it.
#[inline(always)]
unsafe fn unlink(seg: Obj, capacity: usize, i: usize, start: usize) {
    if start == i {
        return;
    }
    // SAFETY: a live segment.
    let links = unsafe { links(seg, capacity) };
    if let Some(b) = before(links, start, i) {
        let next = links[i].get();
        let link = if next == 0 { 0 } else { (b ^ i) as u8 ^ next };
        links[b].set(link);
        links[i].set(0);
    }
}

/// As `add` for an integer whose home is free or has a dead integer with the
/// same home, and without a store that the collector must hear of; false: not
/// so, or not done.
#[inline(always)]
pub(super) unsafe fn add_int_home(
    seg: Obj,
    capacity: usize,
    hash: u64,
    key: u64,
    value: u64,
) -> bool {
    let main = home(hash, capacity);
    // SAFETY: a live segment.
    unsafe {
        let n = node_at(seg, main);
        let old = n.key.load();
        let s = store(seg);
        if old == NIL_WORD {
            if seg == empty_segment() || !n.key.try_set(seg, key) {
                return false;
            }
            s.extra.set(s.extra.get() + 1);
        } else {
            if n.value.load() != NIL_WORD
                || int_key(old).is_none()
                || home(hash_word(old), capacity) != main
                || !n.key.try_set(seg, key)
            {
                return false;
            }
            note_revived(s);
        }
        // If this fails, the node is that of a removed entry.
        n.value.try_set(seg, value)
    }
}

/// As `add`, the home being taken by a live key.
#[inline(never)]
unsafe fn add_colliding(
    mem: &mut Mem,
    seg: Obj,
    capacity: usize,
    main: usize,
    key: u64,
    value: u64,
) -> bool {
    // SAFETY: links lead to nodes of the segment.
    unsafe {
        let links = links(seg, capacity);
        let link = |i: usize| links[i].get() as usize;
        let n = node_at(seg, main);
        let other = n.key.load();
        let start = home(hash_key(other), capacity);
        if start == main {
            // A dead node that has the same home can serve.
            let mut i = main;
            while link(i) != 0 {
                i ^= link(i);
                let d = node_at(seg, i);
                let k = d.key.load();
                if d.value.load() == NIL_WORD && k != TOMB && home(hash_key(k), capacity) == main {
                    note_revived(store(seg));
                    write(mem, seg, d, key, value);
                    return true;
                }
            }
            let Some(f) = take_free(seg) else {
                return false;
            };
            write(mem, seg, node_at(seg, f), key, value);
            let next = link(main);
            links[f].set(if next == 0 { 0 } else { f ^ main ^ next } as u8);
            links[main].set((main ^ f) as u8);
            return true;
        }
        let Some(before) = before(links, start, main) else {
            debug_assert!(false, "a live key is on the chain of its home");
            return false;
        };
        let Some(f) = take_free(seg) else {
            return false;
        };
        write(mem, seg, node_at(seg, f), other, n.value.load());
        let next = link(main);
        links[f].set(if next == 0 { 0 } else { f ^ main ^ next } as u8);
        links[before].set((before ^ f) as u8);
        links[main].set(0);
        write(mem, seg, n, key, value);
        true
    }
}

/// Fills a segment that nobody else knows yet: keys take their homes first, as
/// far as these are free; then the others join the chains.
pub(super) struct Filler<'a> {
    seg: Obj,
    nodes: &'a mut [u64],
    links: &'a [Cell<u8>],
    used: u32,
    free: usize,
}

impl Filler<'_> {
    pub(super) unsafe fn new(seg: Obj, capacity: usize) -> Self {
        // SAFETY: as the caller promised.
        unsafe {
            Filler {
                seg,
                nodes: words(seg, 2 * capacity),
                links: links(seg, capacity),
                used: 0,
                free: capacity,
            }
        }
    }
    /// Puts an entry into its home; false if that is taken.
    #[inline(always)]
    pub(super) fn put(&mut self, hash: u64, key: u64, value: u64) -> bool {
        let main = home(hash, self.links.len());
        if self.nodes[2 * main] != NIL_WORD {
            return false;
        }
        self.nodes[2 * main] = key;
        self.nodes[2 * main + 1] = value;
        self.used += 1;
        true
    }
    /// Puts an entry whose home is taken elsewhere.
    #[inline(always)]
    pub(super) fn chain(&mut self, hash: u64, key: u64, value: u64) {
        let main = home(hash, self.links.len());
        loop {
            self.free -= 1;
            if self.nodes[2 * self.free] == NIL_WORD {
                break;
            }
        }
        let f = self.free;
        self.nodes[2 * f] = key;
        self.nodes[2 * f + 1] = value;
        let next = self.links[main].get();
        let link = if next == 0 {
            0
        } else {
            (f ^ main) as u8 ^ next
        };
        self.links[f].set(link);
        self.links[main].set((main ^ f) as u8);
        self.used += 1;
    }
    /// The segment is full enough.
    pub(super) fn finish(self) {
        let counts = Counts {
            used: self.used,
            free: self.free as u32,
            moved: 0,
        };
        // SAFETY: the new segment.
        counts.put(unsafe { store(self.seg) })
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
pub(super) unsafe fn copy_live(old: Obj, new: Obj, capacity: usize) -> u8 {
    // SAFETY: live segments, the new one with room enough.
    unsafe {
        let mut to = Filler::new(new, capacity);
        let mut late = NodeSet::default();
        let mut flags = 0;
        each_live(old, |i, k, v| {
            if let Some(i) = int_key(k) {
                flags |= HAS_INTS | if i > 0 { HAS_POSITIVE } else { 0 };
            }
            if !to.put(hash_key(k), k, v) {
                late.add(i);
            }
        });
        late.each(old, |k, v| to.chain(hash_key(k), k, v));
        to.finish();
        flags
    }
}

/// Checks the invariants of a segment.
#[cfg(test)]
pub(super) unsafe fn check_segment(seg: Obj) {
    // SAFETY: a live segment.
    unsafe {
        let capacity = store(seg).capacity as usize;
        let links = links(seg, capacity);
        let key = |i: usize| node_at(seg, i).key.load();
        let live = |i: usize| node_at(seg, i).value.load() != NIL_WORD;
        let start = |i: usize| home(hash_key(key(i)), capacity);
        let mut led_to = vec![false; capacity];
        for i in 0..capacity {
            let link = links[i].get() as usize;
            if link != 0 {
                assert!(key(i) != NIL_WORD && key(i ^ link) != NIL_WORD);
                assert!(!std::mem::replace(&mut led_to[i ^ link], true));
            }
            if key(i) == NIL_WORD || key(i) == TOMB || !live(i) {
                continue;
            }
            let mut j = start(i);
            while j != i {
                assert_ne!(links[j].get(), 0, "not on the chain of its home");
                j ^= links[j].get() as usize;
            }
            let home = start(i);
            assert!(
                key(home) == TOMB || start(home) == home,
                "a stranger in its home"
            );
        }
        let used = (0..capacity).filter(|i| key(*i) != NIL_WORD).count();
        assert_eq!(Counts::of(store(seg)).used as usize, used);
    }
}
