//! Tracing: what the collector visits in a table and its stores. May run on a
//! marker's thread while the program works: slots are loaded, and capacities,
//! which never change, are read; nothing else.

use super::hash::{LONG, is_long};
use super::store::{edge_at, empty_segment, nil_chunk, node_at, slot_at, store};
use super::weak::losable;
use super::{INLINE_OFFSET, Table, flag};
use crate::value::{NIL_WORD, tag};
use moonsweep_gc::slot::{REF_TAG, referent};
use moonsweep_gc::{Obj, Slot, Visitor};

/// Visits a table's cell.
#[inline]
pub unsafe fn trace_table<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: a live table; the inline slots follow the fixed part.
    unsafe {
        let cell = Table(o).cell();
        v.edge(&cell.meta);
        v.slot(&cell.array);
        v.slot(&cell.hash);
        v.slot(&cell.props);
        let n = o.user(0) as usize;
        let slots = (o.as_ptr() as *const Slot).add(INLINE_OFFSET / 8);
        for i in 0..n {
            v.slot(&*slots.add(i));
        }
        6 + n
    }
}

/// Visits an ARRAY.
#[inline]
pub unsafe fn trace_array<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: a live ARRAY.
    unsafe {
        let n = store(o).capacity as usize;
        if o.user(0) & flag::WEAK_VALUES != 0 {
            v.weak(o);
            for i in 0..n {
                strong_part(slot_at(o, i).load(), v);
            }
        } else {
            for i in 0..n {
                v.slot(slot_at(o, i));
            }
        }
        2 + n
    }
}

/// Visits what is strong even where references are weak: strings and boxed integers.
#[inline(always)]
fn strong_part<V: Visitor>(w: u64, v: &mut V) {
    if !losable(w)
        && let Some(o) = referent(w)
    {
        v.object(o)
    }
}

/// Visits a SPINE.
#[inline]
pub unsafe fn trace_spine<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: a live SPINE.
    unsafe { trace_edges(o, nil_chunk(), v) }
}

/// Visits a DIR, a segment or page once for each edge that leads to it.
#[inline]
pub unsafe fn trace_dir<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: a live DIR.
    unsafe { trace_edges(o, empty_segment(), v) }
}

#[inline(always)]
unsafe fn trace_edges<V: Visitor>(o: Obj, immortal: Obj, v: &mut V) -> usize {
    // SAFETY: as the caller promised.
    unsafe {
        let n = store(o).capacity as usize;
        for i in 0..n {
            if let Some(e) = edge_at(o, i).load()
                && e != immortal
            {
                v.object(e);
            }
        }
        2 + n
    }
}

/// What a segment's trace makes of a key beside a value: its word, or nil if it
/// passes it by. (Where keys are weak, a key that may be lost counts as visited:
/// the collector looks at such a segment as a whole.)
#[inline(always)]
pub(super) fn seen_key(seg: Obj, key: u64, value: u64) -> u64 {
    let passed =
        value == NIL_WORD && (losable(key) || is_long(key) && seg.user(0) & flag::WEAK_KEYS != 0);
    if passed { NIL_WORD } else { key }
}

/// Visits the key of a strong entry. That of a removed one is visited only if
/// it is one that searches look into (see `hash.rs`).
#[inline(always)]
fn visit_key<V: Visitor>(key: u64, value: u64, v: &mut V) {
    if let Some(k) = referent(key)
        && (value != NIL_WORD || !losable(key))
    {
        v.object(k);
    }
}

/// Visits a HASH.
#[inline]
pub unsafe fn trace_hash<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: a live HASH.
    unsafe {
        let n = store(o).capacity as usize;
        match o.user(0) & flag::WEAK {
            0 => {
                for i in 0..n {
                    let node = node_at(o, i);
                    let value = node.value.load();
                    let key = node.key.load();
                    visit_key(key, value, v);
                    if let Some(o) = referent(value) {
                        v.object(o);
                    }
                }
            }
            flag::WEAK_VALUES => {
                v.weak(o);
                for i in 0..n {
                    let node = node_at(o, i);
                    let value = node.value.load();
                    let key = node.key.load();
                    visit_key(key, value, v);
                    strong_part(value, v);
                }
            }
            modes => {
                // A weak key's value is strong as long as the key lives: an ephemeron.
                let ephemeral = modes == flag::WEAK_KEYS;
                if ephemeral {
                    v.ephemerons(o)
                } else {
                    v.weak(o)
                }
                for i in 0..n {
                    let node = node_at(o, i);
                    let value = node.value.load();
                    let key = node.key.load();
                    // A removed long key is kept by nobody but those who hold it
                    // elsewhere: `clear_weak` sees to those that die.
                    if value != NIL_WORD || !is_long(key) {
                        strong_part(key, v);
                    }
                    if ephemeral && !losable(key) {
                        if let Some(o) = referent(value) {
                            v.object(o);
                        }
                    } else {
                        strong_part(value, v);
                    }
                }
            }
        }
        2 + 2 * n
    }
}

const _: () = assert!(LONG < 16 && tag::INT < 16 && REF_TAG < 1 << 16);
