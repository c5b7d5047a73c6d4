//! The cells that tables are built of: arrays, spines, hash segments, directories.
//!
//! | kind | 8 | 12 | 16.. | user(0) | user(1) |
//! |---|---|---|---|---|---|
//! | ARRAY | capacity | 0 | slots | weak modes | - |
//! | SPINE | capacity | leading chunks given back | edges, then a 16-bit count for each | - | - |
//! | HASH | capacity | counts of nodes (`segment.rs`) | nodes, then a byte for each bucket | weak modes | in a directory: depth; alone: flags |
//! | DIR | capacity | flags, then the stride's twos (`hash.rs`) | the stride's inverse, then edges | bits above | 64 - bits of the index |
//!
//! Capacities never change, so that a marker may read them while the program
//! works; the word at 12 is the program's alone.
//!
//! Two immortal cells outside of the heap stand for parts without content: a
//! chunk of nils and a segment without nodes. They are never written: the
//! headers say UNLOGGED and FROZEN for ever, so `Slot::try_set` refuses, and the slow path
//! (`Table::set_int`) puts a new cell in their place. Traces skip them.

use crate::mem::Mem;
use crate::object::kind;
use crate::value::{ADDR_MASK, NIL_WORD};
use moonsweep_gc::{Edge, Header, Obj, Slot};
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// Slots in a chunk of a large array.
pub const CHUNK: usize = 512;
/// log2 of `CHUNK`.
pub(crate) const CHUNK_BITS: u32 = 9;
/// Capacity of the largest flat array (with the fixed part 8 KiB); larger ones
/// are spines of chunks. A chunk costs an access 0.1-0.25 ns more than a flat
/// array, and makes what a barrier captures and a minor collection rescans small.
pub const FLAT_MAX: usize = 1022;
/// Nodes of the largest flat hash part; larger ones are directories of segments.
pub const FLAT_HASH_MAX: usize = 256;
/// Nodes of a segment of a directory. Their cells begin with a cache line (the
/// heap has a size class for that).
pub const SEGMENT_MAX: usize = 256;
/// Nodes of a bucket of a segment: a cache line.
pub(crate) const BUCKET: usize = 4;

/// Flag of a hash part: integer keys may be among its nodes.
pub(crate) const HAS_INTS: u8 = 1;
/// Flag of a hash part: keys from 1 on may be among its nodes.
pub(crate) const HAS_POSITIVE: u8 = 2;

/// What all stores begin with.
#[repr(C)]
pub(crate) struct StoreCell {
    header: Header,
    pub(crate) capacity: u32,
    pub(crate) extra: Cell<u32>,
}

const _: () = assert!(size_of::<StoreCell>() == 16);

/// A node of a hash segment.
#[repr(C)]
pub(crate) struct Node {
    pub(crate) key: Slot,
    pub(crate) value: Slot,
}

const _: () = assert!(size_of::<Node>() == 16);

#[repr(C, align(16))]
struct Immortal<const N: usize> {
    head: [AtomicU64; 2],
    slots: [AtomicU64; N],
}

const fn immortal<const N: usize>(kind: u8, capacity: u64, extra: u64) -> Immortal<N> {
    // Little-endian header: kind, flags, user bytes, count.
    use moonsweep_gc::header::{FROZEN, UNLOGGED};
    let head = kind as u64 | ((UNLOGGED | FROZEN) as u64) << 8;
    Immortal {
        head: [AtomicU64::new(head), AtomicU64::new(capacity | extra << 32)],
        slots: [const { AtomicU64::new(NIL_WORD) }; N],
    }
}

const _: () = assert!(cfg!(target_endian = "little"));

static NIL_CHUNK: Immortal<CHUNK> = immortal(kind::ARRAY, CHUNK as u64, 0);
static EMPTY_SEGMENT: Immortal<{ 2 * SEGMENT_MAX + SEGMENT_MAX / BUCKET / 8 }> =
    immortal(kind::HASH, SEGMENT_MAX as u64, 0);

/// The chunk of nils.
#[inline(always)]
pub(crate) fn nil_chunk() -> Obj {
    // SAFETY: it looks like an object, lives for ever, and no collector gets to see it.
    unsafe { Obj::from_ptr(NonNull::new_unchecked(&raw const NIL_CHUNK as *mut Header)) }
}

/// The segment without nodes: nothing is in it, and nothing is put into it.
#[inline(always)]
pub(crate) fn empty_segment() -> Obj {
    // SAFETY: as for `nil_chunk`.
    unsafe {
        Obj::from_ptr(NonNull::new_unchecked(
            &raw const EMPTY_SEGMENT as *mut Header,
        ))
    }
}

/// The capacity of a flat hash part for `n` entries of which some come and go:
/// a quarter stays free, or replacing one by another would soon rebuild it.
pub(crate) fn capacity_for(n: usize) -> usize {
    let mut c = 4;
    while n + if c < FLAT_HASH_MAX { c / 4 } else { c / 8 } > c {
        c *= 2;
    }
    c
}

/// The object of a reference word.
///
/// # Safety
/// The word is a reference.
#[inline(always)]
pub(crate) unsafe fn obj_of(word: u64) -> Obj {
    // SAFETY: as the caller promised.
    unsafe { Obj::from_ptr(NonNull::new_unchecked((word & ADDR_MASK) as *mut Header)) }
}

/// The fixed part of a store.
///
/// # Safety
/// `o` is a live store.
#[inline(always)]
pub(crate) unsafe fn store<'a>(o: Obj) -> &'a StoreCell {
    // SAFETY: as the caller promised.
    unsafe { &*(o.as_ptr() as *const StoreCell) }
}

/// A slot of an ARRAY.
///
/// # Safety
/// `o` is a live ARRAY and `i` below its capacity.
#[inline(always)]
pub(crate) unsafe fn slot_at<'a>(o: Obj, i: usize) -> &'a Slot {
    // SAFETY: as the caller promised.
    unsafe { &*(o.as_ptr() as *const Slot).add(2 + i) }
}

/// An edge of a SPINE.
///
/// # Safety
/// `o` is a live SPINE and `i` below its capacity.
#[inline(always)]
pub(crate) unsafe fn edge_at<'a>(o: Obj, i: usize) -> &'a Edge {
    // SAFETY: as the caller promised.
    unsafe { &*(o.as_ptr() as *const Edge).add(2 + i) }
}

/// An edge of a DIR.
///
/// # Safety
/// `o` is a live DIR and `i` below its capacity.
#[inline(always)]
pub(crate) unsafe fn dir_edge<'a>(o: Obj, i: usize) -> &'a Edge {
    // SAFETY: as the caller promised.
    unsafe { edge_at(o, 1 + i) }
}

/// The first word of a DIR behind its fixed part, which the program's thread alone reads.
///
/// # Safety
/// `o` is a live DIR.
#[inline(always)]
pub(crate) unsafe fn inverse_at<'a>(o: Obj) -> &'a Cell<u64> {
    // SAFETY: as the caller promised; it is no slot.
    unsafe { &*(o.as_ptr() as *const Cell<u64>).add(2) }
}

/// A node of a HASH.
///
/// # Safety
/// `o` is a live HASH and `i` below its capacity.
#[inline(always)]
pub(crate) unsafe fn node_at<'a>(o: Obj, i: usize) -> &'a Node {
    // SAFETY: as the caller promised.
    unsafe { &*(o.as_ptr() as *const Node).add(1 + i) }
}

/// Bytes behind the nodes of a HASH: one for each bucket, if it has several.
#[inline(always)]
fn tail(capacity: usize) -> usize {
    if capacity == BUCKET {
        0
    } else {
        capacity / BUCKET
    }
}

/// For each bucket of a HASH how many keys are further along the paths through it
/// (`segment.rs`); nothing if there is but one. Only the program's thread reads or
/// writes them.
///
/// # Safety
/// `o` is a live HASH of that capacity.
#[inline(always)]
pub(crate) unsafe fn passes<'a>(o: Obj, capacity: usize) -> &'a [Cell<u8>] {
    // SAFETY: they follow the nodes.
    unsafe {
        let first = (o.as_ptr() as *const Cell<u8>).add(16 + 16 * capacity);
        std::slice::from_raw_parts(first, tail(capacity))
    }
}

/// For an edge of a SPINE that leads to the chunk of nils: how many keys with a
/// place there went to the hash part, roughly.
///
/// # Safety
/// `o` is a live SPINE and `i` below its capacity.
#[inline(always)]
pub(crate) unsafe fn count_at<'a>(o: Obj, i: usize) -> &'a Cell<u16> {
    // SAFETY: they follow the edges.
    unsafe {
        let n = store(o).capacity as usize;
        &*((o.as_ptr() as *const u8).add(16 + 8 * n) as *const Cell<u16>).add(i)
    }
}

/// The words of a new store, to be filled before it is reachable.
///
/// # Safety
/// `o` is a new store with `n` words after its fixed part; no other use of them is alive.
#[inline(always)]
pub(crate) unsafe fn words<'a>(o: Obj, n: usize) -> &'a mut [u64] {
    // SAFETY: as the caller promised: nobody else knows the cell, plain writes will do.
    unsafe { std::slice::from_raw_parts_mut((o.as_ptr() as *mut u64).add(2), n) }
}

/// Copies words of a store, from number `at` on, into a new one. A marker may read the old
/// store meanwhile.
///
/// # Safety
/// `from` is a live store with at least `at + to.len()` words after its fixed part.
#[inline(always)]
pub(crate) unsafe fn copy_words(from: Obj, at: usize, to: &mut [u64]) {
    // SAFETY: as the caller promised; only this thread writes slots.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (from.as_ptr() as *const u64).add(2 + at),
            to.as_mut_ptr(),
            to.len(),
        )
    }
}

#[inline(always)]
unsafe fn init(o: Obj, capacity: usize, fill: u64, n: usize, weak: u8) -> Obj {
    // SAFETY: a new cell of 16 + 8 * n bytes.
    unsafe {
        (o.as_ptr() as *mut u64).add(1).write(capacity as u64);
        words(o, n).fill(fill);
    }
    o.set_user(0, weak);
    o
}

/// A new ARRAY of nils of a size within `Heap::SMALL_LIMIT`.
///
/// # Safety
/// The caller makes it reachable before the next safepoint.
#[inline]
pub(crate) unsafe fn new_array(mem: &mut Mem, capacity: usize, weak: u8) -> Obj {
    // SAFETY: initialised here.
    unsafe {
        let size = 16 + 8 * capacity;
        let o = match mem.heap.alloc_fast(size, kind::ARRAY) {
            Some(o) => o,
            None => mem.heap.alloc(size, kind::ARRAY),
        };
        init(o, capacity, NIL_WORD, capacity, weak)
    }
}

/// A new HASH segment without nodes.
///
/// # Safety
/// As for `new_array`.
#[inline]
pub(crate) unsafe fn new_hash(mem: &mut Mem, capacity: usize, weak: u8) -> Obj {
    debug_assert!(capacity <= FLAT_HASH_MAX && capacity.is_power_of_two());
    // SAFETY: initialised here.
    unsafe {
        let size = 16 + 16 * capacity + tail(capacity);
        let o = mem.heap.alloc(size, kind::HASH);
        if weak != 0 {
            // Each entry's referents are asked for twice: a minor takes three times as long
            // with it, measured, as with a cell of strong references.
            mem.heap.charge(2 * size)
        }
        o.set_user(1, 0);
        init(o, capacity, NIL_WORD, 2 * capacity, weak);
        let first = (o.as_ptr() as *mut u8).add(16 + 16 * capacity);
        std::ptr::write_bytes(first, 0, tail(capacity));
        o
    }
}

/// A new SPINE, all of whose edges lead to the chunk of nils; `None` if the
/// heap's limit is reached.
///
/// # Safety
/// As for `new_array`.
pub(crate) unsafe fn new_spine(mem: &mut Mem, capacity: usize) -> Option<Obj> {
    // SAFETY: initialised here.
    unsafe {
        let size = 16 + 10 * capacity;
        let o = mem.heap.try_alloc(size, kind::SPINE)?;
        init(o, capacity, nil_chunk().addr() as u64, capacity, 0);
        let counts = (o.as_ptr() as *mut u8).add(16 + 8 * capacity);
        std::ptr::write_bytes(counts, 0, 2 * capacity);
        Some(o)
    }
}

/// A new DIR without edges; `None` if the heap's limit is reached.
///
/// # Safety
/// As for `new_array`.
pub(crate) unsafe fn new_dir(mem: &mut Mem, capacity: usize) -> Option<Obj> {
    // SAFETY: initialised here.
    unsafe {
        let o = mem.heap.try_alloc(24 + 8 * capacity, kind::DIR)?;
        Some(init(o, capacity, 0, capacity + 1, 0))
    }
}
