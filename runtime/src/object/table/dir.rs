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
//! Tag of the table's `hash` word: 1, one page; 3, a root. The page or root that
//! the table refers to holds the flags of the hash part, and the stride of its
//! integer keys, which is chosen when the directory is made.

use super::Table;
use super::hash::{Stride, hash_key, int_key};
use super::segment::{Filler, NodeSet, copy_live, count_live, each_live};
use super::set::SetError;
use super::store::{
    CHUNK, SEGMENT_MAX, copy_words, dir_edge, empty_segment, inverse_at, new_dir, obj_of, store,
    words,
};
use crate::mem::Mem;
use crate::value::NIL_WORD;
use moonsweep_gc::Obj;
use moonsweep_gc::slot::reference;

/// Edges of the largest page.
const PAGE_MAX: usize = 512;
/// Deepest segment.
const MAX_DEPTH: u32 = 28;
/// Where the stride's twos are in the word at 12.
const TWOS: u32 = 8;
/// Live nodes of a segment up to which removed ones are worth dropping.
const CROWDED: usize = SEGMENT_MAX * 13 / 16;

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
        dir_edge(dir, (hash >> dir.user(1)) as usize)
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
        dir_edge(page, ((hash << page.user(0)) >> page.user(1)) as usize)
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

/// The stride of a directory's integer keys.
#[inline(always)]
pub(super) unsafe fn stride(word: u64) -> Stride {
    // SAFETY: as above.
    unsafe {
        let dir = obj_of(word);
        Stride {
            inverse: inverse_at(dir).get(),
            twos: store(dir).extra.get() >> TWOS,
        }
    }
}

/// The stride for a directory that begins with the keys of a segment.
unsafe fn choose_stride(seg: Obj) -> Stride {
    let (mut first, mut step, mut ints) = (None, 0u64, 0);
    // SAFETY: a live segment.
    unsafe {
        each_live(seg, |_, k, _| {
            if let Some(k) = int_key(k) {
                ints += 1;
                step = common_divisor(step, k.abs_diff(*first.get_or_insert(k)));
            }
        })
    };
    if ints < SEGMENT_MAX / 8 {
        Stride::ONE
    } else {
        Stride::of(step)
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
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
            let page = new_page(mem, 0, 1)?;
            let stride = choose_stride(old);
            inverse_at(page).set(stride.inverse);
            store(page)
                .extra
                .set(old.user(1) as u32 | stride.twos << TWOS);
            for (i, half) in self.split(mem, old, 0, stride).into_iter().enumerate() {
                dir_edge(page, i).init(page, Some(half));
            }
            self.cell()
                .hash
                .set(self.0, reference(page, 1), &mut mem.heap);
            Ok(())
        }
    }
    /// Makes room for one more entry with this hash in a directory, or comes
    /// closer to it. True: the array part changed for the integer key `int`.
    pub(super) unsafe fn grow_dir(
        self,
        mem: &mut Mem,
        hash: u64,
        int: Option<i64>,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = self.cell().hash.load();
            let stride = stride(w);
            let p = place(w, hash);
            let d = p.segment_depth();
            let live = if p.segment == empty_segment() {
                0
            } else {
                count_live(p.segment)
            };
            if live <= CROWDED {
                let new = self.new_segment(mem, SEGMENT_MAX, d as u8);
                if live > 0 {
                    copy_live(p.segment, new, SEGMENT_MAX, stride);
                }
                self.set_edges(mem, p.page, p.edges(hash), new);
                return Ok(false);
            }
            if let Some(i) = int
                && i > 0
                && self.cover_sample(mem, p.segment, d, stride)?
            {
                return Ok(true);
            }
            if d == p.depth {
                self.grow_page(mem, hash, p)?;
                return Ok(false);
            }
            let [low, high] = self.split(mem, p.segment, d, stride);
            let edges = p.edges(hash);
            let middle = edges.start + edges.len() / 2;
            self.set_edges(mem, p.page, edges.start..middle, low);
            self.set_edges(mem, p.page, middle..edges.end, high);
            Ok(false)
        }
    }
    /// An estimate of how many keys of the chunk of index `last` the hash part has.
    pub(super) unsafe fn present_around(self, mem: &Mem, last: i64) -> u16 {
        let first = (last - 1) as u64 & !(CHUNK as u64 - 1);
        let mut probes = 16;
        loop {
            let step = CHUNK / probes;
            let present = (0..probes)
                // One of each few neighbours, not the same of all.
                .map(|i| (i * step + i * 7 % step) as u64)
                // SAFETY: as the caller promised.
                .filter(|i| unsafe { self.hash_int(mem, (first + i) as i64 + 1) } != NIL_WORD)
                .count();
            if probes == CHUNK / 2 || present < probes / 4 {
                return (present * step) as u16;
            }
            probes = CHUNK / 2;
        }
    }
    unsafe fn set_edges(self, mem: &mut Mem, dir: Obj, edges: std::ops::Range<usize>, to: Obj) {
        for e in edges {
            // SAFETY: as the caller promised.
            unsafe { dir_edge(dir, e).set(dir, Some(to), &mut mem.heap) };
        }
    }
    /// Two segments with the entries of one of depth `depth`.
    unsafe fn split(self, mem: &mut Mem, old: Obj, depth: u32, stride: Stride) -> [Obj; 2] {
        // SAFETY: as above.
        unsafe {
            let halves = [0, 1].map(|_| self.new_segment(mem, SEGMENT_MAX, depth as u8 + 1));
            let mut to = halves.map(|h| Filler::new(h, SEGMENT_MAX));
            let mut late = NodeSet::default();
            let side = |h: u64| (h >> (63 - depth) & 1) as usize;
            each_live(old, |i, k, v| {
                let h = hash_key(k, stride);
                if !to[side(h)].put(h, k, v) {
                    late.add(i);
                }
            });
            late.each(old, |k, v| {
                let h = hash_key(k, stride);
                to[side(h)].displace(h, k, v);
            });
            to.into_iter().for_each(Filler::finish);
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
                *h = new_page(mem, p.above + 1, bits - 1)?;
                copy_words(p.page, 1 + i * half, &mut words(*h, 1 + half)[1..]);
            }
            let cell = self.cell();
            let w = cell.hash.load();
            let top = obj_of(w);
            if w & 2 == 0 {
                let root = new_page(mem, 0, 1)?;
                dir_edge(root, 0).init(root, Some(halves[0]));
                dir_edge(root, 1).init(root, Some(halves[1]));
                copy_head(top, root);
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
    /// Gives back a segment of a directory, or a flat hash part, all entries of
    /// which moved to the array part.
    #[cold]
    pub(super) unsafe fn drop_segment(self, mem: &mut Mem, hash: u64) {
        // SAFETY: as the caller promised.
        unsafe {
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
unsafe fn new_page(mem: &mut Mem, above: u32, bits: u32) -> Result<Obj, SetError> {
    // SAFETY: as the caller promised.
    unsafe {
        let dir = new_dir(mem, 1 << bits).ok_or(SetError::OutOfMemory)?;
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
        let new = new_page(mem, dir.user(0) as u32, 64 - dir.user(1) as u32 + 1)?;
        let to = &mut words(new, 1 + 2 * n)[1..];
        copy_words(dir, 1, &mut to[n..]);
        for i in 0..n {
            // Reads at n + i stay ahead of the writes at 2i and 2i + 1.
            let e = to[n + i];
            to[2 * i] = e;
            to[2 * i + 1] = e;
        }
        copy_head(dir, new);
        Ok(new)
    }
}

/// Copies flags and stride.
unsafe fn copy_head(from: Obj, to: Obj) {
    // SAFETY: as the caller promised.
    unsafe {
        store(to).extra.set(store(from).extra.get());
        inverse_at(to).set(inverse_at(from).get());
    }
}
