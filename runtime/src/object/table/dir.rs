//! Large hash parts: extendible hashing in two levels.
//!
//! A page is a DIR of 2^P edges that lead to segments; it serves the hashes that
//! begin with the same p bits, and is indexed by the P bits after them. All
//! entries of a segment of depth d agree in the upper d bits (p <= d <= p + P),
//! and 2^(p+P-d) neighbouring edges lead to it. A full segment is replaced by
//! two of depth d + 1, or by a fresh one if enough of its nodes are dead; when
//! d = p + P the page doubles first. A page of `PAGE_MAX` edges splits instead,
//! into two of depth p + 1, which a root leads to in the same way: a DIR whose
//! edges lead to pages, indexed by the upper bits, that doubles when need be.
//!
//! So nothing larger than a page or segment is ever copied, captured by the
//! barrier or scanned again because one entry was added, but for the root: 8
//! bytes for some ten thousand entries.
//!
//! Tag of the table's `hash` word: 1, one page; 3, a root. The word at 12 of the
//! page or root that the table refers to holds `HAS_INTS` and `PENDING`.

use super::Table;
use super::hash::{count_live, hash_key, put_new};
use super::set::SetError;
use super::store::{
    FLAT_HASH_MAX, SEGMENT_MAX, copy_words, edge_at, empty_segment, new_edges, new_hash, node_at,
    obj_of, store, usable, words,
};
use crate::mem::Mem;
use crate::object::kind;
use crate::value::NIL_WORD;
use moonsweep_gc::Obj;
use moonsweep_gc::slot::reference;

/// Depth of the first page: its segments start half full.
const FIRST_DEPTH: u32 = (2 * FLAT_HASH_MAX / SEGMENT_MAX).ilog2();
/// Edges of the largest page.
const PAGE_MAX: usize = 512;
/// Deepest segment.
const MAX_DEPTH: u32 = 28;
const ROOM: usize = usable(SEGMENT_MAX);

/// Where the entries with some hash are.
pub(super) struct Place {
    page: Obj,
    /// Bits before those that index the page.
    above: u32,
    /// Bits of the page's index and those above.
    depth: u32,
    pub(super) segment: Obj,
}

impl Place {
    /// Number of upper bits in which the hashes of the segment's entries agree.
    #[inline(always)]
    pub(super) fn segment_depth(&self) -> u32 {
        if self.segment == empty_segment() {
            self.depth
        } else {
            self.segment.user(1) as u32
        }
    }
    /// The edges of the page that lead to the segment.
    fn edges(&self, hash: u64) -> std::ops::Range<usize> {
        span(hash, self.above, self.depth, self.segment_depth())
    }
}

/// The indices of a DIR with `above` bits before its index and `depth` bits in
/// all that lead to what has the upper `d` bits of `hash`.
fn span(hash: u64, above: u32, depth: u32, d: u32) -> std::ops::Range<usize> {
    let n = 1usize << (depth - d);
    let at = ((hash << above) >> (64 - (depth - above))) as usize & !(n - 1);
    at..at + n
}

/// The page of a root, or the page itself, for a hash.
#[inline(always)]
unsafe fn page(word: u64, hash: u64) -> Obj {
    // SAFETY: a directory consists of live stores.
    unsafe {
        let dir = obj_of(word);
        if word & 2 == 0 {
            return dir;
        }
        edge_at(dir, (hash >> dir.user(1)) as usize)
            .load()
            .unwrap_unchecked()
    }
}

/// The segment for a hash in a directory.
#[inline(always)]
pub(super) unsafe fn segment(word: u64, hash: u64) -> Obj {
    // SAFETY: as above.
    unsafe {
        let page = page(word, hash);
        edge_at(page, ((hash << page.user(0)) >> page.user(1)) as usize)
            .load()
            .unwrap_unchecked()
    }
}

/// As [`segment`], with what leads there.
#[inline(always)]
pub(super) unsafe fn place(word: u64, hash: u64) -> Place {
    // SAFETY: as above.
    unsafe {
        let page = page(word, hash);
        let above = page.user(0) as u32;
        Place {
            page,
            above,
            depth: above + 64 - page.user(1) as u32,
            segment: segment(word, hash),
        }
    }
}

/// Calls `f` for each segment of a directory.
pub(super) unsafe fn each_segment(word: u64, mut f: impl FnMut(Obj)) {
    let mut hash = 0u64;
    loop {
        // SAFETY: as above.
        let p = unsafe { place(word, hash) };
        if p.segment != empty_segment() {
            f(p.segment);
        }
        match hash.checked_add(1 << (64 - p.segment_depth())) {
            Some(h) => hash = h,
            None => return,
        }
    }
}

impl Table {
    /// Turns a flat hash part into a directory.
    pub(super) unsafe fn make_dir(self, mem: &mut Mem, old: Obj) -> Result<(), SetError> {
        // SAFETY: new cells are complete when they become reachable.
        unsafe {
            let page = new_dir(mem, 0, FIRST_DEPTH)?;
            for i in 0..1 << FIRST_DEPTH {
                edge_at(page, i).init(page, Some(empty_segment()));
            }
            self.cell()
                .hash
                .set(self.0, reference(page, 1), &mut mem.heap);
            self.insert_all(mem, old)
        }
    }
    /// Makes room for one more entry with this hash in a directory, or comes closer to it.
    pub(super) unsafe fn grow_dir(self, mem: &mut Mem, hash: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let p = place(self.cell().hash.load(), hash);
            let d = p.segment_depth();
            if p.segment == empty_segment() {
                let new = self.new_segment(mem, d);
                self.set_edges(mem, p.page, p.edges(hash), new);
                return Ok(());
            }
            let (live, _) = count_live(p.segment);
            if live <= ROOM * 3 / 4 {
                let new = self.new_segment(mem, d);
                let nodes = words(new, 2 * SEGMENT_MAX);
                for i in 0..SEGMENT_MAX {
                    let n = node_at(p.segment, i);
                    let v = n.value.load();
                    if v != NIL_WORD {
                        let k = n.key.load();
                        put_new(nodes, SEGMENT_MAX, hash_key(k), k, v);
                    }
                }
                store(new).extra.set(live as u32);
                self.set_edges(mem, p.page, p.edges(hash), new);
                return Ok(());
            }
            if d == p.depth {
                return self.grow_page(mem, hash, p);
            }
            let [low, high] = self.split(mem, p.segment, d);
            let edges = p.edges(hash);
            let middle = edges.start + edges.len() / 2;
            self.set_edges(mem, p.page, edges.start..middle, low);
            self.set_edges(mem, p.page, middle..edges.end, high);
            Ok(())
        }
    }
    unsafe fn new_segment(self, mem: &mut Mem, depth: u32) -> Obj {
        // SAFETY: as the caller promised.
        unsafe {
            let s = new_hash(mem, SEGMENT_MAX, self.weak_bits());
            s.set_user(1, depth as u8);
            s
        }
    }
    unsafe fn set_edges(self, mem: &mut Mem, dir: Obj, edges: std::ops::Range<usize>, to: Obj) {
        for e in edges {
            // SAFETY: as the caller promised.
            unsafe { edge_at(dir, e).set(dir, Some(to), &mut mem.heap) };
        }
    }
    /// Two segments with the entries of one of depth `depth`.
    unsafe fn split(self, mem: &mut Mem, old: Obj, depth: u32) -> [Obj; 2] {
        // SAFETY: as above.
        unsafe {
            let halves = [
                self.new_segment(mem, depth + 1),
                self.new_segment(mem, depth + 1),
            ];
            let nodes = halves.map(|h| words(h, 2 * SEGMENT_MAX));
            let mut used = [0u32; 2];
            for i in 0..SEGMENT_MAX {
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
            }
            halves
        }
    }
    /// Doubles or splits a page.
    unsafe fn grow_page(self, mem: &mut Mem, hash: u64, p: Place) -> Result<(), SetError> {
        if p.depth == MAX_DEPTH {
            return Err(SetError::OutOfMemory);
        }
        // SAFETY: new cells are complete when they become reachable.
        unsafe {
            let bits = p.depth - p.above;
            if 1 << bits < PAGE_MAX {
                let new = doubled(mem, p.page)?;
                self.replace_page(mem, hash, p.above, [new, new]);
                return Ok(());
            }
            let half = PAGE_MAX / 2;
            let mut halves = [p.page; 2];
            for (i, h) in halves.iter_mut().enumerate() {
                *h = new_dir(mem, p.above + 1, bits - 1)?;
                copy_words(p.page, i * half, words(*h, half));
            }
            let cell = self.cell();
            let w = cell.hash.load();
            let top = obj_of(w);
            if w & 2 == 0 {
                let root = new_dir(mem, 0, 1)?;
                edge_at(root, 0).init(root, Some(halves[0]));
                edge_at(root, 1).init(root, Some(halves[1]));
                store(root).extra.set(store(top).extra.get());
                cell.hash.set(self.0, reference(root, 3), &mut mem.heap);
                return Ok(());
            }
            if 64 - top.user(1) as u32 == p.above {
                let root = doubled(mem, top)?;
                cell.hash.set(self.0, reference(root, 3), &mut mem.heap);
            }
            self.replace_page(mem, hash, p.above, halves);
            Ok(())
        }
    }
    /// Puts two pages, or one given twice, in the place of one for `above` bits.
    unsafe fn replace_page(self, mem: &mut Mem, hash: u64, above: u32, new: [Obj; 2]) {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            let w = cell.hash.load();
            let top = obj_of(w);
            if w & 2 == 0 {
                return cell.hash.set(self.0, reference(new[0], 1), &mut mem.heap);
            }
            let edges = span(hash, 0, 64 - top.user(1) as u32, above);
            let middle = edges.start + edges.len() / 2;
            self.set_edges(mem, top, edges.start..middle, new[0]);
            self.set_edges(mem, top, middle..edges.end, new[1]);
        }
    }
    /// Notes that an entry of `seg` moved to the array part. A segment of a
    /// directory, or a flat hash part, whose last node goes that way is given back.
    pub(super) unsafe fn note_moved(self, mem: &mut Mem, seg: Obj, hash: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let s = store(seg);
            s.extra.set(s.extra.get() + (1 << 16));
            if s.extra.get() >> 16 < s.extra.get() & 0xFFFF {
                return;
            }
            let w = self.cell().hash.load();
            if w & 1 == 0 {
                return self.cell().hash.set(self.0, NIL_WORD, &mut mem.heap);
            }
            let p = place(w, hash);
            self.set_edges(mem, p.page, p.edges(hash), empty_segment());
        }
    }
}

/// A DIR of 2^`bits` edges, yet to be filled, for the bits after the upper `above` ones.
unsafe fn new_dir(mem: &mut Mem, above: u32, bits: u32) -> Result<Obj, SetError> {
    // SAFETY: as the caller promised.
    unsafe {
        let dir = new_edges(mem, kind::DIR, 1 << bits).ok_or(SetError::OutOfMemory)?;
        dir.set_user(0, above as u8);
        dir.set_user(1, 64 - bits as u8);
        Ok(dir)
    }
}

/// A DIR with each edge twice.
unsafe fn doubled(mem: &mut Mem, dir: Obj) -> Result<Obj, SetError> {
    // SAFETY: as the caller promised.
    unsafe {
        let n = store(dir).capacity as usize;
        let new = new_dir(mem, dir.user(0) as u32, 64 - dir.user(1) as u32 + 1)?;
        let to = words(new, 2 * n);
        copy_words(dir, 0, &mut to[n..]);
        for i in 0..n {
            // Reads at n + i stay ahead of the writes at 2i and 2i + 1.
            let e = to[n + i];
            to[2 * i] = e;
            to[2 * i + 1] = e;
        }
        store(new).extra.set(store(dir).extra.get());
        Ok(new)
    }
}
