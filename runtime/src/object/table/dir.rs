//! Large hash parts: extendible hashing.
//!
//! A DIR of 2^D edges is indexed by the upper D bits of a hash. All entries of
//! a segment of depth d agree in the upper d bits, and 2^(D-d) neighbouring
//! edges lead to it. A full segment is replaced by two of depth d+1, or by a
//! fresh one if enough of its nodes are dead; when d = D the directory doubles
//! first. So nothing larger than a segment is ever copied, but for the
//! directory: 8 bytes a segment.

use super::Table;
use super::hash::{count_live, hash_key, put_new};
use super::set::SetError;
use super::store::{
    HAS_INTS, SEGMENT_MAX, copy_words, edge_at, empty_segment, new_edges, new_hash, node_at, obj_of, store, usable,
    words,
};
use crate::mem::Mem;
use crate::object::kind;
use crate::value::NIL_WORD;
use moonsweep_gc::Obj;
use moonsweep_gc::slot::reference;

/// Deepest directory: 2^28 segments.
const MAX_DEPTH: u32 = 28;
const ROOM: usize = usable(SEGMENT_MAX);

impl Table {
    /// Turns a flat hash part into a directory of two segments.
    pub(super) unsafe fn make_dir(self, mem: &mut Mem, old: Obj, ints: bool) -> Result<(), SetError> {
        // SAFETY: new cells are complete when they become reachable.
        unsafe {
            let dir = new_edges(mem, kind::DIR, 2).ok_or(SetError::OutOfMemory)?;
            dir.set_user(1, 63);
            store(dir).extra.set(if ints { HAS_INTS as u32 } else { 0 });
            let [low, high] = self.split(mem, old, 0);
            edge_at(dir, 0).init(dir, Some(low));
            edge_at(dir, 1).init(dir, Some(high));
            self.cell().hash.set(self.0, reference(dir, 1), &mut mem.heap);
            Ok(())
        }
    }
    /// Two segments with the entries of one of depth `depth`.
    unsafe fn split(self, mem: &mut Mem, old: Obj, depth: u32) -> [Obj; 2] {
        // SAFETY: as above.
        unsafe {
            let halves = [new_hash(mem, SEGMENT_MAX, self.weak_bits()), new_hash(mem, SEGMENT_MAX, self.weak_bits())];
            let nodes = halves.map(|h| words(h, 2 * SEGMENT_MAX));
            let mut used = [0u32; 2];
            for i in 0..store(old).capacity as usize {
                let n = node_at(old, i);
                let v = n.value.load();
                if v != NIL_WORD {
                    let k = n.key.load();
                    let h = hash_key(k);
                    let side = (h >> (63 - depth) & 1) as usize;
                    put_new(nodes[side], SEGMENT_MAX, h, k, v);
                    used[side] += 1;
                }
            }
            for side in 0..2 {
                store(halves[side]).extra.set(used[side]);
                halves[side].set_user(1, depth as u8 + 1);
            }
            halves
        }
    }
    /// Makes room for one more entry with this hash in a directory.
    pub(super) unsafe fn grow_dir(self, mem: &mut Mem, hash: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let mut dir = obj_of(self.cell().hash.load());
            let mut depth = 64 - dir.user(1) as u32;
            let at = (hash >> (64 - depth)) as usize;
            let seg = edge_at(dir, at).load().unwrap_unchecked();
            if seg == empty_segment() {
                let new = new_hash(mem, SEGMENT_MAX, self.weak_bits());
                new.set_user(1, depth as u8);
                edge_at(dir, at).set(dir, Some(new), &mut mem.heap);
                return Ok(());
            }
            let d = seg.user(1) as u32;
            let (live, _) = count_live(seg);
            if live <= ROOM * 3 / 4 {
                let new = new_hash(mem, SEGMENT_MAX, self.weak_bits());
                let nodes = words(new, 2 * SEGMENT_MAX);
                for i in 0..SEGMENT_MAX {
                    let n = node_at(seg, i);
                    let v = n.value.load();
                    if v != NIL_WORD {
                        let k = n.key.load();
                        put_new(nodes, SEGMENT_MAX, hash_key(k), k, v);
                    }
                }
                store(new).extra.set(live as u32);
                new.set_user(1, d as u8);
                let span = 1usize << (depth - d);
                let start = at & !(span - 1);
                for e in start..start + span {
                    edge_at(dir, e).set(dir, Some(new), &mut mem.heap);
                }
                return Ok(());
            }
            if d == depth {
                if depth == MAX_DEPTH {
                    return Err(SetError::OutOfMemory);
                }
                dir = self.double_dir(mem, dir)?;
                depth += 1;
            }
            let [low, high] = self.split(mem, seg, d);
            let span = 1usize << (depth - d);
            let start = (hash >> (64 - depth)) as usize & !(span - 1);
            for e in 0..span {
                let half = if e < span / 2 { low } else { high };
                edge_at(dir, start + e).set(dir, Some(half), &mut mem.heap);
            }
            Ok(())
        }
    }
    unsafe fn double_dir(self, mem: &mut Mem, dir: Obj) -> Result<Obj, SetError> {
        // SAFETY: as the caller promised; the new directory is complete when it becomes reachable.
        unsafe {
            let n = store(dir).capacity as usize;
            let new = new_edges(mem, kind::DIR, 2 * n).ok_or(SetError::OutOfMemory)?;
            let to = words(new, 2 * n);
            copy_words(dir, 0, &mut to[n..]);
            for i in 0..n {
                // Reads at n + i stay ahead of the writes at 2i and 2i + 1.
                let e = to[n + i];
                to[2 * i] = e;
                to[2 * i + 1] = e;
            }
            new.set_user(1, dir.user(1) - 1);
            store(new).extra.set(store(dir).extra.get());
            self.cell().hash.set(self.0, reference(new, 1), &mut mem.heap);
            Ok(new)
        }
    }
    /// Notes that an entry of `seg` moved to the array part. A segment of a
    /// directory, or a flat hash part, whose last node goes that way is given back.
    pub(super) unsafe fn note_moved(self, mem: &mut Mem, seg: Obj, hash: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let s = store(seg);
            s.extra.set(s.extra.get() + (1 << 16));
            let w = self.cell().hash.load();
            if s.extra.get() >> 16 < s.extra.get() & 0xFFFF {
                return;
            }
            if w & 1 == 0 {
                return self.cell().hash.set(self.0, NIL_WORD, &mut mem.heap);
            }
            let dir = obj_of(w);
            let depth = 64 - dir.user(1) as u32;
            let span = 1usize << (depth - seg.user(1) as u32);
            let start = (hash >> (64 - depth)) as usize & !(span - 1);
            for e in start..start + span {
                edge_at(dir, e).set(dir, Some(empty_segment()), &mut mem.heap);
            }
        }
    }
}
