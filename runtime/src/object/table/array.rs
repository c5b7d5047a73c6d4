//! The array part: one flat ARRAY, or above `FLAT_MAX` elements a SPINE whose
//! edges lead to chunks of `CHUNK` slots.
//!
//! A flat array grows by appending, and when the hash part is full and moving
//! its integer keys takes no more memory than a larger hash part would
//! ([`Table::widen_array`]).
//!
//! A spine is as long as the table's integer keys make it worth. Each of its
//! chunks is on its own either *real*, and then has all keys of its range, or
//! the shared chunk of nils, and then keys of its range are in the hash part. A
//! chunk becomes real when elements are appended to the one before it, when the
//! hash part has `DENSE` keys of its range, or a few, and one of its neighbours
//! is dense (`should_be_real`). So an array may be filled from any side, in any
//! order, and each step costs at most a few chunks' work.
//!
//! A flat array that is mostly nil when it is full moves to the hash part. A
//! spine gives back leading chunks that are all nil, so that a queue (appended
//! to at one end, emptied at the other) needs memory for what is in it; a spine
//! that is nearly all given back does not grow any more: what is appended goes
//! to the hash part, until the array part is empty and goes away.

use super::Table;
use super::hash::{Stride, Word, hash_word, int_key};
use super::segment::{each_live, find_in, note_moved};
use super::set::SetError;
use super::store::{
    CHUNK, CHUNK_BITS, FLAT_MAX, copy_words, count_at, edge_at, new_array, new_spine, nil_chunk,
    obj_of, slot_at, store, words,
};
use crate::mem::Mem;
use crate::value::{NIL_WORD, Value, int_word};
use moonsweep_gc::Obj;

/// Elements that make a chunk take less memory than nodes of a hash part.
const DENSE: u16 = 176;
/// Keys of a chunk's range in the hash part after which its neighbours are looked at.
const NEAR: u16 = 8;
/// Chunks examined for being all nil by one growth.
const TRIM: usize = 4;
/// A spine with fewer edges grows whatever is in it.
const SMALL_SPINE: usize = 64;
/// Edges worth having for a real chunk: less memory than its elements had as nodes.
const EDGES_A_CHUNK: usize = 768;
/// Elements of a flat array at least one eighth of which it must have to grow.
const SPARSE: usize = 8;

/// A table's array part, as its word says.
enum Part {
    None,
    Flat(Obj),
    Spine(Obj),
}

impl Part {
    #[inline(always)]
    unsafe fn of(t: Table) -> Part {
        // SAFETY: the array part is a live store.
        unsafe {
            let w = t.cell().array.load();
            if w == NIL_WORD {
                Part::None
            } else if w & 1 == 0 {
                Part::Flat(obj_of(w))
            } else {
                Part::Spine(obj_of(w))
            }
        }
    }
}

/// The chunk of a spine for index `n + 1`, and whether it is real; `None`
/// beyond the spine's end.
#[inline(always)]
unsafe fn chunk_of(spine: Obj, n: u64) -> Option<(Obj, bool)> {
    // SAFETY: the edge is below the capacity.
    unsafe {
        let c = n >> CHUNK_BITS;
        if c >= store(spine).capacity as u64 {
            return None;
        }
        let chunk = edge_at(spine, c as usize).load().unwrap_unchecked();
        Some((chunk, chunk != nil_chunk()))
    }
}

impl Table {
    /// Whether the key with index `n + 1` has no place but the array part.
    #[inline]
    pub(super) unsafe fn in_array(self, n: u64) -> bool {
        // SAFETY: the array part consists of live stores.
        unsafe {
            match Part::of(self) {
                Part::None => false,
                Part::Flat(_) => n < self.arr_len() as u64,
                Part::Spine(s) => chunk_of(s, n).is_some_and(|(_, real)| real),
            }
        }
    }
    /// Sets the element with index `n + 1` if its chunk is real.
    #[inline]
    pub(super) unsafe fn set_in_chunk(self, mem: &mut Mem, n: u64, value: u64) -> bool {
        // SAFETY: as above.
        unsafe {
            let Part::Spine(s) = Part::of(self) else {
                return false;
            };
            let Some((chunk, true)) = chunk_of(s, n) else {
                return false;
            };
            slot_at(chunk, n as usize & (CHUNK - 1)).set(chunk, value, &mut mem.heap);
            if value != NIL_WORD {
                self.reach(n);
            }
            true
        }
    }
    /// Sets the element with index `n + 1`, which is below `arr_len`; of a spine
    /// its chunk becomes real.
    pub(super) unsafe fn store_array(self, mem: &mut Mem, n: u64, value: u64) {
        // SAFETY: as above.
        unsafe {
            let (owner, slot) = self.array_slot(n);
            if owner != nil_chunk() {
                slot.set(owner, value, &mut mem.heap)
            } else if value != NIL_WORD
                && let Part::Spine(s) = Part::of(self)
            {
                self.real_chunk(mem, s, (n >> CHUNK_BITS) as usize);
                self.set_in_chunk(mem, n, value);
            }
        }
    }
    /// Whether a new key with index `n + 1` has its place in the hash part, and
    /// nothing about that can change before the hash part is full.
    #[inline(always)]
    pub(super) unsafe fn is_outside(self, n: u64) -> bool {
        // SAFETY: as above.
        unsafe {
            let w = self.cell().array.load();
            if w == NIL_WORD {
                return n != 0;
            }
            let unit = if w & 1 == 0 { 1 } else { CHUNK as u64 };
            n != self.arr_len() as u64 && n >= store(obj_of(w)).capacity as u64 * unit
        }
    }
    /// The element with index `n + 1` exists from now on.
    #[inline(always)]
    unsafe fn reach(self, n: u64) {
        // SAFETY: as the caller promised.
        let len = unsafe { &self.cell().arr_len };
        len.set(len.get().max(n as u32 + 1));
    }
    /// A new key, index `n + 1`, neither in a real chunk nor in the hash part:
    /// sets it if it has a place in the array part, or now gets one.
    pub(super) unsafe fn add_element(
        self,
        mem: &mut Mem,
        n: u64,
        value: u64,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let len = self.arr_len() as u64;
            if n == len {
                return self.push(mem, value);
            }
            match Part::of(self) {
                Part::Flat(a) if n > len && n < store(a).capacity as u64 => {
                    let border = self.border_with(mem, n + 1);
                    if border > n {
                        self.fill_gap(mem, a, n, value, border);
                    }
                    Ok(border > n)
                }
                Part::Spine(s) if n >> CHUNK_BITS < store(s).capacity as u64 => {
                    let c = (n >> CHUNK_BITS) as usize;
                    if !self.should_be_real(s, c) {
                        return Ok(false);
                    }
                    self.real_chunk(mem, s, c);
                    Ok(self.set_in_chunk(mem, n, value))
                }
                Part::None | Part::Flat(_)
                    if self.may_lengthen(n) && self.widen_array(mem, n as i64 + 1)? =>
                {
                    if n == self.arr_len() as u64 {
                        return self.push(mem, value);
                    }
                    self.store_array(mem, n, value);
                    Ok(true)
                }
                _ => Ok(false),
            }
        }
    }
    /// Appends a value that is not nil at index `arr_len + 1`. `Ok(false)`: the
    /// array part must not grow, use the hash part.
    #[inline]
    pub(super) unsafe fn push(self, mem: &mut Mem, value: u64) -> Result<bool, SetError> {
        // SAFETY: a slot is taken below the capacity only.
        unsafe {
            let n = self.arr_len() as usize;
            if let Part::Flat(a) = Part::of(self)
                && n < store(a).capacity as usize
            {
                slot_at(a, n).set(a, value, &mut mem.heap);
                self.reach(n as u64);
                self.migrate(mem);
                return Ok(true);
            }
            if self.set_in_chunk(mem, n as u64, value) {
                return Ok(true);
            }
            self.push_slow(mem, value)
        }
    }
    #[cold]
    #[inline(never)]
    unsafe fn push_slow(self, mem: &mut Mem, value: u64) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let n = self.arr_len() as usize;
            if n >= u32::MAX as usize - CHUNK {
                return Ok(false);
            }
            if let Part::Flat(a) = Part::of(self)
                && n >= SPARSE
            {
                let used = (0..n).filter(|i| slot_at(a, *i).load() != NIL_WORD).count();
                if used < n / SPARSE {
                    self.scatter(mem, a)?;
                    return Ok(false);
                }
            }
            self.trim_array(mem);
            match Part::of(self) {
                // It was a spine, and is empty.
                Part::None if n > 0 => Ok(false),
                Part::None | Part::Flat(_) if n < FLAT_MAX => {
                    self.lengthen(mem, n + 1);
                    self.push(mem, value)
                }
                _ => {
                    let c = n >> CHUNK_BITS;
                    if !self.make_spine(mem, c + 1, 0)? {
                        return Ok(false);
                    }
                    if let Part::Spine(s) = Part::of(self)
                        && !chunk_of(s, n as u64).is_some_and(|(_, real)| real)
                    {
                        self.real_chunk(mem, s, c);
                    }
                    Ok(self.set_in_chunk(mem, n as u64, value))
                }
            }
        }
    }
    /// Moves a flat array part that is mostly nil to where its elements belong.
    unsafe fn scatter(self, mem: &mut Mem, old: Obj) -> Result<(), SetError> {
        // SAFETY: the old array stays alive: nothing here reaches a safepoint.
        unsafe {
            let cell = self.cell();
            let n = cell.arr_len.get() as usize;
            cell.arr_len.set(0);
            cell.array.set(self.0, NIL_WORD, &mut mem.heap);
            for i in 0..n {
                let w = self.visible(mem, slot_at(old, i).load());
                if w != NIL_WORD {
                    self.set_int(mem, i as i64 + 1, Value::from_word(w))?;
                }
            }
            Ok(())
        }
    }
    /// Gives a flat array part, or none, room for `len` elements.
    unsafe fn lengthen(self, mem: &mut Mem, len: usize) {
        // SAFETY: the new store is complete when it becomes reachable.
        unsafe {
            let capacity = len.next_power_of_two().clamp(4, FLAT_MAX);
            let new = new_array(mem, capacity, self.weak_bits());
            if let Part::Flat(old) = Part::of(self) {
                self.drop_condemned(mem, old);
                copy_words(old, 0, words(new, store(old).capacity as usize));
            }
            self.set_array(mem, new, 0);
        }
    }
    /// Stores at index `n + 1`, which a flat array has room for beyond its length,
    /// and takes the keys up to `to` from the hash part.
    unsafe fn fill_gap(self, mem: &mut Mem, a: Obj, n: u64, value: u64, to: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let len = self.arr_len() as u64;
            slot_at(a, n as usize).set(a, value, &mut mem.heap);
            self.reach(n);
            if self.hash_has_positive() {
                self.take_keys(mem, len, to.min(store(a).capacity as u64));
                self.migrate(mem);
            }
        }
    }
    /// After an append to a flat array: takes the keys that follow from the hash part.
    #[inline]
    pub(super) unsafe fn migrate(self, mem: &mut Mem) {
        // SAFETY: as the caller promised.
        unsafe {
            if self.hash_has_positive() {
                self.migrate_run(mem)
            }
        }
    }
    #[inline(never)]
    unsafe fn migrate_run(self, mem: &mut Mem) {
        // SAFETY: as the caller promised.
        unsafe {
            loop {
                let n = self.arr_len() as usize;
                let found = self
                    .find(Word(int_word(n as i64 + 1)))
                    .is_some_and(|(_, node)| node.value.load() != NIL_WORD);
                if !found {
                    return;
                }
                let Part::Flat(a) = Part::of(self) else {
                    return;
                };
                if n == FLAT_MAX {
                    // A spine takes the keys of all its chunks. (Without memory
                    // for it, the length is that of the array part.)
                    let _ = self.make_spine(mem, 2, 0);
                    return;
                }
                if n == store(a).capacity as usize {
                    self.lengthen(mem, n + 1);
                }
                self.take_keys(mem, n as u64, n as u64 + 1);
            }
        }
    }
    /// Moves the keys from `from + 1` to `to` from the hash part to the array
    /// part, which has slots for them.
    unsafe fn take_keys(self, mem: &mut Mem, from: u64, to: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let part = Part::of(self);
            self.each_key(from, to, |n, seg, node, hash| {
                let (owner, i) = match part {
                    Part::Flat(a) => (a, n as usize),
                    Part::Spine(s) => (
                        edge_at(s, (n >> CHUNK_BITS) as usize)
                            .load()
                            .unwrap_unchecked(),
                        n as usize & (CHUNK - 1),
                    ),
                    Part::None => return,
                };
                let w = self.visible(mem, node.value.load());
                slot_at(owner, i).set(owner, w, &mut mem.heap);
                node.value.set(seg, NIL_WORD, &mut mem.heap);
                self.reach(n);
                if note_moved(store(seg)) {
                    self.drop_segment(mem, hash)
                }
            })
        }
    }
    /// Calls `f` for each live key from `from + 1` to `to` in the hash part, with
    /// its index minus one, segment, node and hash. `f` may drop the segment.
    unsafe fn each_key(
        self,
        from: u64,
        to: u64,
        mut f: impl FnMut(u64, Obj, &super::store::Node, u64),
    ) {
        // SAFETY: as the caller promised. A dropped segment is still there to be
        // read, and has nothing live.
        unsafe {
            let mut at = None;
            let mut group = u64::MAX;
            let stride = self.stride();
            for n in from..to {
                let w = int_word(n as i64 + 1);
                let h = hash_word(w, stride);
                // The keys of a group share their segment.
                if w >> 6 != group || !stride.is_one() {
                    group = w >> 6;
                    at = self.segment(h);
                }
                let Some((seg, capacity)) = at else { continue };
                if let Some(node) = find_in(seg, capacity, h, Word(w))
                    && node.value.load() != NIL_WORD
                {
                    f(n, seg, node, h)
                }
            }
        }
    }
    /// Makes the array part a spine with at least `chunks` edges. `keys`: how
    /// many keys the hash part has for it. `Ok(false)`: it is not worth that.
    pub(super) unsafe fn make_spine(
        self,
        mem: &mut Mem,
        chunks: usize,
        keys: usize,
    ) -> Result<bool, SetError> {
        // SAFETY: new stores are complete when they become reachable.
        unsafe {
            let old = Part::of(self);
            let mut real = 0;
            if let Part::Spine(s) = old {
                let edges = store(s).capacity as usize;
                if chunks <= edges {
                    return Ok(true);
                }
                let freed = store(s).extra.get() as usize;
                real = (freed..edges)
                    .filter(|c| edge_at(s, *c).load() != Some(nil_chunk()))
                    .count();
            }
            let worth = EDGES_A_CHUNK * real + keys * EDGES_A_CHUNK / CHUNK;
            if chunks > SMALL_SPINE.max(worth) {
                return Ok(false);
            }
            let slack = if keys == 0 { chunks / 2 } else { chunks / 8 };
            let edges = chunks.max(2) + slack + 2;
            let spine = new_spine(mem, edges).ok_or(SetError::OutOfMemory)?;
            let to = words(spine, edges);
            match old {
                Part::Spine(s) => {
                    let n = store(s).capacity as usize;
                    copy_words(s, 0, &mut to[..n]);
                    store(spine).extra.set(store(s).extra.get());
                    for c in 0..n {
                        count_at(spine, c).set(count_at(s, c).get());
                    }
                    self.set_array(mem, spine, 1);
                }
                Part::Flat(a) => {
                    self.drop_condemned(mem, a);
                    let n = store(a).capacity as usize;
                    for (c, at) in (0..n).step_by(CHUNK).enumerate() {
                        let chunk = new_array(mem, CHUNK, self.weak_bits());
                        copy_words(a, at, words(chunk, CHUNK.min(n - at)));
                        to[c] = chunk.addr() as u64;
                    }
                    self.set_array(mem, spine, 1);
                    if self.hash_has_positive() {
                        self.take_keys(mem, 0, n.next_multiple_of(CHUNK) as u64);
                    }
                }
                Part::None => self.set_array(mem, spine, 1),
            }
            Ok(true)
        }
    }
    /// Puts a real chunk in the place of the chunk of nils.
    unsafe fn real_chunk(self, mem: &mut Mem, spine: Obj, c: usize) {
        // SAFETY: as the caller promised.
        unsafe {
            let chunk = new_array(mem, CHUNK, self.weak_bits());
            edge_at(spine, c).set(spine, Some(chunk), &mut mem.heap);
            let freed = &store(spine).extra;
            freed.set(freed.get().min(c as u32));
            if self.hash_has_positive() {
                let first = (c * CHUNK) as u64;
                self.take_keys(mem, first, first + CHUNK as u64);
            }
        }
    }
    /// One more key of the range of chunk `c`, which is not real, is to be set.
    unsafe fn should_be_real(self, spine: Obj, c: usize) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            let count = count_at(spine, c);
            let n = count.get() + 1;
            count.set(n);
            if n % NEAR != 0 {
                return false;
            }
            let edges = store(spine).capacity as usize;
            if c > 0 && dense(spine, c - 1) || c + 1 < edges && dense(spine, c + 1) {
                return true;
            }
            if n < DENSE {
                return false;
            }
            let mut present = 1u16;
            let first = (c * CHUNK) as u64;
            self.each_key(first, first + CHUNK as u64, |_, _, _, _| present += 1);
            // Now the count is exact; but if the keys are far fewer, they come and
            // go, and the next look at them should not be soon.
            count.set(if present >= DENSE * 3 / 4 {
                present.min(DENSE - 2 * NEAR)
            } else {
                present.saturating_sub(DENSE / 2)
            });
            present >= DENSE
        }
    }
    /// The flat hash part is full: gives integer keys a place in the array part,
    /// if `extra`, which is to be added, and the keys in the hash part make that
    /// worthwhile. Tells whether anything changed for `extra`.
    pub(super) unsafe fn widen_array(self, mem: &mut Mem, extra: i64) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let len = self.arr_len() as u64;
            let w = self.cell().hash.load();
            let mut sample = Sample::default();
            sample.count(extra);
            if w != NIL_WORD {
                each_live(obj_of(w), |_, k, _| sample.count_word(k));
            }
            let elements = match Part::of(self) {
                Part::Spine(s) if sample.chunks() <= store(s).capacity as usize => {
                    return Ok(false);
                }
                Part::Spine(_) => 0,
                _ => {
                    let best = self.best_length(sample.bins);
                    if best > len {
                        return self.widen_flat(mem, best, extra);
                    }
                    if sample.keys < DENSE as usize || !sample.dense() {
                        return Ok(false);
                    }
                    len as usize
                }
            };
            self.cover(mem, sample.chunks(), sample.keys + elements, w)
        }
    }
    /// The largest power of two (or `FLAT_MAX`) such that more than a quarter of
    /// the indices up to it are in use, given how many there are in the hash part;
    /// of few indices more than half, as in the reference implementation, since
    /// programs see the difference in what `#` says of a list with holes.
    unsafe fn best_length(self, bins: [u64; 11]) -> u64 {
        // SAFETY: a flat array.
        unsafe {
            let len = self.arr_len() as u64;
            let longest = |used: &dyn Fn(usize) -> u64| {
                let (mut sum, mut best) = (0, 0);
                for (b, n) in bins.iter().enumerate() {
                    let u = used(b);
                    sum += n + u;
                    if n + u > 0 && sum * if b <= 5 { 2 } else { 4 } > 1 << b {
                        best = (1 << b).min(FLAT_MAX as u64);
                    }
                }
                best
            };
            // Elements with indices of bin b.
            let bounds = |b: usize| {
                (
                    if b == 0 { 0 } else { (1 << b) / 2 }.min(len),
                    (1 << b).min(len),
                )
            };
            // If all were in use, would that be enough?
            let best = longest(&|b| bounds(b).1 - bounds(b).0);
            if best <= len {
                return 0;
            }
            longest(&|b| {
                let (from, to) = bounds(b);
                (from..to)
                    .filter(|i| self.array_slot(*i).1.load() != NIL_WORD)
                    .count() as u64
            })
        }
    }
    /// Moves the keys up to `best` from the hash part to a flat array.
    unsafe fn widen_flat(self, mem: &mut Mem, best: u64, extra: i64) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let len = self.arr_len() as u64;
            let w = self.cell().hash.load();
            let mut last = if extra as u64 <= best {
                extra as u64
            } else {
                0
            };
            if w != NIL_WORD {
                each_live(obj_of(w), |_, k, _| {
                    if let Some(k) = int_key(k)
                        && k > 0
                        && k as u64 <= best
                    {
                        last = last.max(k as u64)
                    }
                });
            }
            last = self.border_among(mem, last, extra as u64);
            if last <= len {
                return Ok(false);
            }
            let room = match Part::of(self) {
                Part::Flat(a) => store(a).capacity as u64,
                _ => 0,
            };
            if last > room {
                self.lengthen(mem, last as usize);
            }
            self.reach(last - 1);
            self.take_keys(mem, len, last);
            self.migrate(mem);
            // The new key has a place in the array part, or is the next to have one.
            Ok(extra as u64 <= self.arr_len() as u64 + 1)
        }
    }
    /// Makes the array part a spine that has an edge for chunk `chunks - 1`. The
    /// hash part, flat, has `keys` keys for it.
    unsafe fn cover(
        self,
        mem: &mut Mem,
        chunks: usize,
        keys: usize,
        hash: u64,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if !self.make_spine(mem, chunks, keys)? {
                return Ok(false);
            }
            let Part::Spine(s) = Part::of(self) else {
                return Ok(false);
            };
            let mut full = None;
            if hash != NIL_WORD {
                each_live(obj_of(hash), |_, k, _| {
                    if let Some(k) = int_key(k)
                        && let Some((_, false)) = chunk_of(s, (k as u64).wrapping_sub(1))
                    {
                        let at = (k as usize - 1) >> CHUNK_BITS;
                        let c = count_at(s, at);
                        c.set(c.get() + 1);
                        if c.get() == DENSE {
                            full = Some(at)
                        }
                    }
                });
            }
            // A flat hash part has keys for one such chunk. With them gone it has room: as a
            // directory, the keys of one chunk would share a segment and split it many times.
            if let Some(c) = full {
                self.real_chunk(mem, s, c)
            }
            Ok(true)
        }
    }
    /// A segment of depth `depth`, full, is a sample of a directory. If its
    /// integer keys are dense where they are, the array part becomes a spine that
    /// reaches so far.
    pub(super) unsafe fn cover_sample(
        self,
        mem: &mut Mem,
        seg: Obj,
        depth: u32,
        stride: Stride,
    ) -> Result<bool, SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let mut sample = Sample::default();
            each_live(seg, |_, k, _| sample.count_word(k));
            if sample.keys == 0 || stride.is_one() && !sample.dense() {
                return Ok(false);
            }
            let there = if stride.is_one() {
                (sample.keys * CHUNK / (64 * sample.groups())) as u16
            } else {
                // Their neighbours are elsewhere.
                self.present_around(mem, sample.last)
            };
            let old = match Part::of(self) {
                Part::Spine(s) => store(s).capacity as usize,
                _ => 0,
            };
            if there < CHUNK as u16 / 4
                || sample.chunks() <= old
                || !self.make_spine(mem, sample.chunks(), sample.keys << depth)?
            {
                return Ok(false);
            }
            let Part::Spine(s) = Part::of(self) else {
                return Ok(false);
            };
            for c in old..store(s).capacity as usize {
                count_at(s, c).set(there.min(DENSE - 4 * NEAR));
            }
            Ok(true)
        }
    }
    /// Gives back leading chunks of a spine that are all nil, a few at a time,
    /// and the spine when nothing is left.
    pub(super) unsafe fn trim_array(self, mem: &mut Mem) {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            let Part::Spine(spine) = Part::of(self) else {
                return;
            };
            let freed = &store(spine).extra;
            let len = cell.arr_len.get() as usize;
            for _ in 0..TRIM {
                let c = freed.get() as usize;
                if (c + 1) * CHUNK > len {
                    break;
                }
                let e = edge_at(spine, c);
                let chunk = e.load().unwrap_unchecked();
                if chunk == nil_chunk() {
                    if count_at(spine, c).get() > 0 {
                        return;
                    }
                } else {
                    if (0..CHUNK).any(|i| slot_at(chunk, i).load() != NIL_WORD) {
                        return;
                    }
                    e.set(spine, Some(nil_chunk()), &mut mem.heap);
                    count_at(spine, c).set(0);
                }
                freed.set(c as u32 + 1);
            }
            let from = freed.get() as usize * CHUNK;
            if len > 0
                && len < from + CHUNK
                && (from..len).all(|i| self.array_slot(i as u64).1.load() == NIL_WORD)
            {
                cell.arr_len.set(0);
                cell.array.set(self.0, NIL_WORD, &mut mem.heap);
            }
        }
    }
}

/// What the integer keys of a segment are like.
#[derive(Default)]
struct Sample {
    /// Number of keys that an array part could have.
    keys: usize,
    /// The largest of them.
    last: i64,
    /// Which 64 neighbours have such keys, by 8 bits of a hash.
    groups: [u64; 4],
    /// Bin b is for keys above 2^(b-1) and up to 2^b that a flat array could have.
    bins: [u64; 11],
}

impl Sample {
    fn count_word(&mut self, w: u64) {
        if let Some(k) = int_key(w) {
            self.count(k)
        }
    }
    fn count(&mut self, k: i64) {
        if 0 < k && k < u32::MAX as i64 - CHUNK as i64 {
            self.keys += 1;
            self.last = self.last.max(k);
            let g = (k as u64 >> 6).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
            self.groups[g as usize / 64] |= 1 << (g % 64);
            if k <= FLAT_MAX as i64 {
                self.bins[64 - (k as u64 - 1).leading_zeros() as usize] += 1
            }
        }
    }
    fn groups(&self) -> usize {
        self.groups.iter().map(|g| g.count_ones() as usize).sum()
    }
    /// Whether a quarter of the neighbourhoods' places are taken.
    fn dense(&self) -> bool {
        self.keys >= 16 * self.groups()
    }
    /// Chunks up to the largest key.
    fn chunks(&self) -> usize {
        ((self.last - 1) >> CHUNK_BITS) as usize + 1
    }
}

/// Whether chunk `c` of a spine is real and dense.
unsafe fn dense(spine: Obj, c: usize) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        let chunk = edge_at(spine, c).load().unwrap_unchecked();
        chunk != nil_chunk()
            && (0..CHUNK)
                .filter(|i| slot_at(chunk, *i).load() != NIL_WORD)
                .count()
                >= DENSE as usize
    }
}
