//! Lua tables: string fields in the slots of a shape, integer keys in an array
//! part, everything else in a hash part.
//!
//! | part | file |
//! |---|---|
//! | cell layout, accessors, creation | here |
//! | the cells of the parts | `store.rs` |
//! | array part: append, growth, chunks | `array.rs` |
//! | hash part: keys and their hashes, flat growth | `hash.rs` |
//! | one segment of a hash part: search, insertion | `segment.rs` |
//! | large hash parts, split segment by segment | `dir.rs` |
//! | reads, writes, fields and shapes | `get.rs`, `set.rs`, `field.rs` |
//! | iteration, border | `next.rs`, `length.rs` |
//! | metatables, weak modes | `meta.rs`, `weak.rs` |
//! | table.insert and friends | `bulk.rs` |
//! | tracing | `trace.rs` |
//!
//! Invariants:
//! - A key is in one place: a string key in its shape slot if the shape has it;
//!   an integer key from 1 to `arr_len` in a flat array part, or one of the range
//!   of a real chunk, in the array part; all others in the hash part.
//! - If element `arr_len` is not nil, the hash part does not have the key after
//!   it, unless the array part is a spine and that key is of another chunk.
//! - Slots of the array part beyond `arr_len` hold nil.
//! - A table whose hash part has string keys has a sealed shape.
//! - A weak table has no slots, so no inline cache leads to a weak reference.
//!   What reads one asks whether the collector has condemned its referent
//!   (`weak.rs`); the interpreter's fast paths leave arrays with weak elements,
//!   and hash parts with weak entries, alone.
//! - Stores are complete before they become reachable, never shrink, and are
//!   replaced, through the barrier, by other stores.
//!
//! Contract of every `unsafe fn` here: the table, and every object among the
//! arguments, is alive (rooted, or no safepoint since it was obtained), and so
//! it stays until the returned references are last used. Nothing in this module
//! reaches a safepoint.
#![allow(clippy::missing_safety_doc)] // one contract for all, stated above

mod array;
mod bulk;
mod dir;
mod field;
mod get;
mod hash;
mod length;
mod meta;
mod next;
mod record;
mod segment;
mod set;
mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod timings;
mod trace;
mod weak;

pub use next::BadKey;
pub use set::SetError;
pub use store::{CHUNK, FLAT_HASH_MAX, FLAT_MAX, SEGMENT_MAX};
pub use trace::{trace_array, trace_dir, trace_hash, trace_spine, trace_table};
pub use weak::{clear_weak, ephemerons, forget_weak, is_weak, modes};

use super::kind;
use super::shape::Shapes;
use crate::mem::Mem;
use crate::value::{NIL_WORD, Value, int_word, tag};
use moonsweep_gc::slot::reference;
use moonsweep_gc::{Edge, Header, Obj, Slot};
use std::cell::Cell;
use store::{CHUNK_BITS, edge_at, obj_of, slot_at};

/// Flags of a table (`user(1)` of its header).
pub mod flag {
    /// Used as a metatable, or reached through `__index` by a cached lookup.
    pub const IS_META: u8 = 1;
    /// `__mode` has a `k`. The same bit in `user(0)` of an ARRAY or HASH.
    pub const WEAK_KEYS: u8 = 2;
    /// `__mode` has a `v`. The same bit in `user(0)` of an ARRAY or HASH.
    pub const WEAK_VALUES: u8 = 4;
    /// Known to lack `__index`.
    pub const NO_INDEX: u8 = 8;
    /// Known to lack `__newindex`.
    pub const NO_NEWINDEX: u8 = 16;
    /// Known to lack `__eq`.
    pub const NO_EQ: u8 = 32;
    /// Known to lack `__len`.
    pub const NO_LEN: u8 = 64;
    /// String keys always go to the hash part.
    pub const DICT: u8 = 128;
    /// The knowledge that a set of an event's name makes void.
    pub const NO_EVENTS: u8 = NO_INDEX | NO_NEWINDEX | NO_EQ | NO_LEN;
    /// Either weak mode.
    pub const WEAK: u8 = WEAK_KEYS | WEAK_VALUES;
}

/// Bit of the array part's tag: values are weak.
pub(crate) const WEAK_ARRAY: u8 = 2;

/// Offset of the inline slots in a table's cell.
pub const INLINE_OFFSET: usize = 48;
/// Most inline slots.
pub const MAX_INLINE: u8 = 32;

/// The cell of a table; `inline_cap` (user(0) of the header) slots follow.
#[repr(C)]
pub struct TableCell {
    header: Header,
    /// Shape id.
    pub(crate) shape: Cell<u32>,
    /// Indices 1 to `arr_len` are in the array part.
    pub(crate) arr_len: Cell<u32>,
    /// Metatable.
    pub(crate) meta: Edge,
    /// Array part: nil, an ARRAY (tag 0) or a SPINE (tag 1); `WEAK_ARRAY` is added
    /// to the tag where values are weak.
    pub(crate) array: Slot,
    /// Hash part: nil, a HASH (tag 0), a DIR of segments (tag 1) or of such DIRs (tag 3).
    pub(crate) hash: Slot,
    /// Allocation site (an integer), or an ARRAY with the slots beyond the inline ones.
    pub(crate) props: Slot,
}

const _: () = assert!(size_of::<TableCell>() == INLINE_OFFSET);

/// A table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Table(pub Obj);

impl Table {
    /// A new table with at least `inline_cap` inline slots, room for `narray`
    /// array elements and `nhash` other keys, made at the allocation site `site`.
    #[inline]
    pub unsafe fn new(mem: &mut Mem, inline_cap: u8, narray: u32, nhash: u32, site: u32) -> Table {
        // SAFETY: the stores are attached to the new table, which nobody else knows yet.
        unsafe {
            let t = Table::with_shape(mem, Shapes::EMPTY, inline_cap, site);
            if narray | nhash != 0 {
                t.reserve(mem, narray, nhash);
            }
            t
        }
    }
    /// A new table of a shape, its slots nil. The shape's keys must fit the inline slots.
    #[inline(always)]
    pub unsafe fn with_shape(mem: &mut Mem, shape: u32, inline_cap: u8, site: u32) -> Table {
        // An even number of slots fills the 16-byte granules.
        let cap = (inline_cap.min(MAX_INLINE) + 1) & !1;
        debug_assert!(mem.shapes.count(shape) <= cap as u32);
        let size = INLINE_OFFSET + 8 * cap as usize;
        // SAFETY: all of the new cell is initialised here.
        unsafe {
            let o = match mem.heap.alloc_fast(size, kind::TABLE) {
                Some(o) => o,
                None => mem.heap.alloc(size, kind::TABLE),
            };
            o.set_user(0, cap);
            let w = o.as_ptr() as *mut u64;
            w.add(1).write(shape as u64);
            w.add(2).write(0);
            w.add(3).write(NIL_WORD);
            w.add(4).write(NIL_WORD);
            w.add(5).write(int_word(site as i64));
            for i in 0..cap as usize {
                w.add(6 + i).write(NIL_WORD);
            }
            Table(o)
        }
    }
    /// Gives a table room for `narray` array elements and `nhash` entries of the
    /// hash part, as far as it has no such part yet.
    #[cold]
    #[inline(never)]
    pub unsafe fn reserve(self, mem: &mut Mem, narray: u32, nhash: u32) {
        // SAFETY: new stores become reachable at once.
        unsafe {
            let cell = self.cell();
            if narray > 0 && cell.array.load() == NIL_WORD {
                if narray as usize <= FLAT_MAX {
                    let a = store::new_array(mem, (narray as usize + 1) & !1, self.weak_bits());
                    self.set_array(mem, a, 0);
                } else if let Some(s) = store::new_spine(mem, narray as usize / CHUNK + 1) {
                    self.set_array(mem, s, 1);
                }
            }
            if nhash > 0 && cell.hash.load() == NIL_WORD {
                let h = self.new_segment(mem, self::hash::initial_capacity(nhash), 0);
                cell.hash.set(self.0, reference(h, 0), &mut mem.heap);
            }
        }
    }
    /// The cell.
    #[inline(always)]
    pub unsafe fn cell<'a>(self) -> &'a TableCell {
        // SAFETY: a live table's cell; all that changes is atomic or a `Cell`.
        unsafe { &*(self.0.as_ptr() as *const TableCell) }
    }
    /// The shape id.
    #[inline(always)]
    pub unsafe fn shape(self) -> u32 {
        // SAFETY: as the caller promised.
        unsafe { self.cell().shape.get() }
    }
    /// Number of array-part slots in use.
    #[inline(always)]
    pub unsafe fn arr_len(self) -> u32 {
        // SAFETY: as the caller promised.
        unsafe { self.cell().arr_len.get() }
    }
    /// Number of inline slots.
    #[inline(always)]
    pub unsafe fn inline_cap(self) -> u8 {
        self.0.user(0)
    }
    /// The flags (see [`flag`]).
    #[inline(always)]
    pub unsafe fn flags(self) -> u8 {
        self.0.user(1)
    }
    /// Whether it is, or was, a metatable or on an `__index` chain.
    #[inline(always)]
    pub unsafe fn is_meta(self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.flags() & flag::IS_META != 0 }
    }
    /// Replaces the flags.
    #[inline(always)]
    pub unsafe fn set_flags(self, flags: u8) {
        self.0.set_user(1, flags)
    }
    /// Makes a store the array part: an ARRAY (tag 0) or a SPINE (tag 1).
    #[inline]
    unsafe fn set_array(self, mem: &mut Mem, store: Obj, tag: u8) {
        // SAFETY: as the caller promised.
        unsafe {
            let weak = self.flags() & flag::WEAK_VALUES != 0;
            let tag = tag | if weak { WEAK_ARRAY } else { 0 };
            self.cell()
                .array
                .set(self.0, reference(store, tag), &mut mem.heap);
        }
    }
    #[inline(always)]
    unsafe fn weak_bits(self) -> u8 {
        self.0.user(1) & flag::WEAK
    }
    /// The metatable.
    #[inline(always)]
    pub unsafe fn meta(self) -> Option<Table> {
        // SAFETY: as the caller promised.
        unsafe { self.cell().meta.load().map(Table) }
    }
    /// The value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value {
            tag: tag::TABLE,
            payload: self.0.addr() as u64,
        }
    }
    /// The table, if the value is one.
    #[inline(always)]
    pub fn from_value(v: Value) -> Option<Table> {
        // SAFETY: table values come with the address of a table.
        (v.tag == tag::TABLE).then(|| Table(unsafe { v.obj() }))
    }
    /// Slot `n` of the shape and the cell that owns it; `n` must be below the
    /// number of keys of the table's shape.
    #[inline(always)]
    pub unsafe fn slot<'a>(self, n: u32) -> (Obj, &'a Slot) {
        // SAFETY: a table has room for all slots of its shape.
        unsafe {
            let cap = self.inline_cap() as u32;
            if n < cap {
                (
                    self.0,
                    &*(self.0.as_ptr() as *const Slot).add(INLINE_OFFSET / 8 + n as usize),
                )
            } else {
                let props = obj_of(self.cell().props.load());
                (props, slot_at(props, (n - cap) as usize))
            }
        }
    }
    /// The slot of the array element with index `i + 1` and the cell that owns
    /// it; `i` must be below `arr_len`.
    ///
    /// To store there: `try_set`; if that refuses, [`Table::set_int`], never
    /// `Slot::set`, because the slot may be one of the shared chunk of nils.
    #[inline(always)]
    pub unsafe fn array_slot<'a>(self, i: u64) -> (Obj, &'a Slot) {
        // SAFETY: the array part has a slot for each index up to `arr_len`.
        unsafe { Table::slot_of_array(self.cell().array.load(), i) }
    }
    /// Whether the word of an array part says that its elements are weak, so
    /// that those that are condemned count as nil: `Table::visible`.
    #[inline(always)]
    pub fn is_weak_array(word: u64) -> bool {
        word & WEAK_ARRAY as u64 != 0
    }
    /// As [`Table::array_slot`], for a table whose array part is `word`.
    #[inline(always)]
    pub unsafe fn slot_of_array<'a>(word: u64, i: u64) -> (Obj, &'a Slot) {
        // SAFETY: as for `array_slot`.
        unsafe {
            let o = obj_of(word);
            if word & 1 == 0 {
                return (o, slot_at(o, i as usize));
            }
            let chunk = edge_at(o, (i >> CHUNK_BITS) as usize)
                .load()
                .unwrap_unchecked();
            (chunk, slot_at(chunk, i as usize & (CHUNK - 1)))
        }
    }
}
