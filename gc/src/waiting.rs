//! Values of ephemerons that wait for their keys to be visited.
//!
//! A hash table of keys by linear hashing (Litwin, "Linear hashing: a new tool for file and table
//! addressing", 1980): it grows a bucket at a time. Values with the same key are a list. All of it lies in
//! ranges that grow in place (`span.rs`), so that no step moves much, and that are given back in
//! pieces: to free as much at once to an allocator was seen to take a millisecond.

use crate::header::Obj;
use crate::mark::{Budget, prefetch_line};
use crate::span::Span;
use std::ptr::NonNull;

/// Bits of an object's number.
const NUMBER: u32 = 35;
/// Bits of an entry's.
const LINK: u32 = 28;
/// Entries, at most; no entry has the number 0.
const MOST: usize = (1 << LINK) - 1;
/// In an entry's second word: it stands for its key, which waits.
const KEY: u64 = 1 << 63;
/// Buckets that are halved before the one whose entry is fetched ahead.
const SOON: usize = 4;
/// Bytes given back in one step.
const PIECE: usize = 256 << 10;
/// Bytes that an emptied table keeps.
const KEPT: usize = 64 << 10;

/// Objects as numbers of 35 bits: granules from the middle of a range around the first.
#[derive(Default)]
struct Numbers {
    base: Option<usize>,
}

impl Numbers {
    const HALF: usize = 1 << (NUMBER - 1);

    fn of(&mut self, obj: Obj) -> u64 {
        let base = (obj.addr() >> 4).wrapping_sub(Numbers::HALF);
        self.base.get_or_insert(base);
        let n = self.known(obj);
        assert!(
            n < 2 * Numbers::HALF as u64,
            "an object outside of the heap"
        );
        n
    }
    fn known(&self, obj: Obj) -> u64 {
        (obj.addr() >> 4).wrapping_sub(self.base.unwrap_or(0)) as u64
    }
    fn object(&self, n: u64) -> Obj {
        let granule = self.base.unwrap_or(0).wrapping_add(n as usize);
        let p = std::ptr::with_exposed_provenance_mut(granule << 4);
        // SAFETY: the number came from an object.
        unsafe { Obj::from_ptr(std::ptr::NonNull::new_unchecked(p)) }
    }
}

/// A list in a range of its own.
struct Column<T: Copy> {
    span: Option<Span>,
    start: NonNull<T>,
    len: usize,
    /// The bytes that may be resident.
    touched: usize,
}

// SAFETY: it owns what it points to, and nobody else has the address.
unsafe impl<T: Copy + Send> Send for Column<T> {}

impl<T: Copy> Default for Column<T> {
    fn default() -> Column<T> {
        Column {
            span: None,
            start: NonNull::dangling(),
            len: 0,
            touched: 0,
        }
    }
}

impl<T: Copy> Column<T> {
    const SIZE: usize = size_of::<T>();

    /// Adds an element. False: the system grants no memory for it.
    fn push(&mut self, element: T) -> bool {
        let end = (self.len + 1) * Self::SIZE;
        if self.span.as_ref().is_none_or(|s| end > s.bytes()) {
            if self.span.is_some() {
                return false;
            }
            let mut sizes = (16..=LINK).rev().map(|bits| Self::SIZE << bits);
            self.span = sizes.find_map(Span::reserve);
            let start = self.span.as_ref().map(|s| s.start().cast::<T>());
            let Some(start) = start.and_then(NonNull::new) else {
                return false;
            };
            self.start = start;
        }
        self.len += 1;
        self.touched = self.touched.max(end);
        self.set(self.len - 1, element);
        true
    }
    #[inline(always)]
    fn get(&self, i: usize) -> T {
        assert!(i < self.len);
        // SAFETY: an element within the range, which begins with a page, that `push` wrote.
        unsafe { self.start.add(i).read() }
    }
    /// The element is needed soon.
    fn prefetch(&self, i: usize) {
        prefetch_line(self.start.as_ptr().wrapping_add(i).cast())
    }
    #[inline(always)]
    fn set(&mut self, i: usize, element: T) {
        assert!(i < self.len);
        // SAFETY: as in `get`; it has one owner.
        unsafe { self.start.add(i).write(element) }
    }
    /// Removes all elements and gives a piece of the end back, but not the first `kept` bytes,
    /// whole pages; whether no more is left.
    fn shrink(&mut self, kept: usize) -> bool {
        self.len = 0;
        let end = self.touched.next_multiple_of(PIECE);
        if self.touched > kept
            && let Some(span) = &self.span
        {
            self.touched = kept.max(end - PIECE);
            // SAFETY: the elements are gone.
            unsafe { span.release(self.touched, end) };
        }
        self.touched <= kept
    }
}

impl<T: Copy> Drop for Column<T> {
    fn drop(&mut self) {
        if let Some(span) = self.span.take()
            && self.touched > KEPT
        {
            span.bury(self.touched)
        }
    }
}

/// Values that wait for keys.
#[derive(Default)]
pub struct Waiting {
    numbers: Numbers,
    /// From 1 on: a value's number and the next entry with the same key; a key's number and
    /// the next key in the bucket, or that has woken.
    entries: Column<[u64; 2]>,
    /// To each bucket's first entry, and which of four kinds of keys may be in it.
    buckets: Column<u32>,
    keys: usize,
    /// The first entry whose key was visited.
    woken: usize,
    /// Keys may have been visited that were not woken.
    missed: bool,
    /// The first entry that `recheck` has not looked at.
    checked: usize,
}

fn link(word: u64) -> usize {
    (word as usize) & MOST
}
fn relink(word: u64, to: usize) -> u64 {
    word & !(MOST as u64) | to as u64
}
fn key_of(word: u64) -> u64 {
    (word & !KEY) >> LINK
}
fn hash(n: u64) -> u64 {
    n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20
}
fn kind(hash: u64) -> u32 {
    1 << (LINK + (hash >> 40) as u32 % 4)
}

impl Waiting {
    /// How many keys values wait for.
    pub fn keys(&self) -> usize {
        self.keys
    }
    fn bucket(&self, hash: u64) -> usize {
        let n = self.buckets.len;
        let mask = n.next_power_of_two() - 1;
        let at = hash as usize & mask;
        if at < n { at } else { at & (mask >> 1) }
    }
    /// The key's entry in a bucket, and the one before it there.
    fn find(&self, bucket: usize, key: u64) -> Option<(usize, usize)> {
        let (mut before, mut at) = (0, link(self.buckets.get(bucket).into()));
        while at != 0 {
            let word = self.entries.get(at)[1];
            if key_of(word) == key {
                return Some((before, at));
            }
            (before, at) = (at, link(word))
        }
        None
    }
    /// `value` waits for `key`; the number of the entry. None: there is no room for more.
    pub fn wait(&mut self, key: Obj, value: Obj) -> Option<usize> {
        if self.entries.len == 0 && !self.entries.push([0; 2]) {
            return None;
        }
        if self.buckets.len == 0 && !self.buckets.push(0) {
            return None;
        }
        let (key, value) = (self.numbers.of(key), self.numbers.of(value) << LINK);
        let new = self.entries.len;
        let hash = hash(key);
        let bucket = self.bucket(hash);
        let kinds = self.buckets.get(bucket);
        let found = match kinds & kind(hash) {
            0 => None,
            _ => self.find(bucket, key),
        };
        let entry = match found {
            Some((_, at)) => [relink(value, link(self.entries.get(at)[0])), 0],
            None => {
                let first = link(kinds.into());
                [value, KEY | relink(key << LINK, first)]
            }
        };
        if new > MOST || !self.entries.push(entry) {
            return None;
        }
        if let Some((_, at)) = found {
            let [value, key] = self.entries.get(at);
            self.entries.set(at, [relink(value, new), key])
        } else {
            let kinds = kinds & !(MOST as u32) | kind(hash);
            self.buckets.set(bucket, kinds | new as u32);
            self.keys += 1;
            if self.keys > self.buckets.len {
                self.grow()
            }
        }
        Some(new)
    }
    /// Another bucket, for half of the keys in one.
    fn grow(&mut self) {
        let new = self.buckets.len;
        if !self.buckets.push(0) {
            return; // Buckets become longer.
        }
        let old = new - (new + 1).next_power_of_two() / 2;
        if old + SOON < new {
            self.entries
                .prefetch(link(self.buckets.get(old + SOON).into()))
        }
        let mut at = link(self.buckets.get(old).into());
        let mut heads = [0u32; 2];
        while at != 0 {
            let [value, word] = self.entries.get(at);
            let hash = hash(key_of(word));
            let head = &mut heads[usize::from(self.bucket(hash) == new)];
            self.entries
                .set(at, [value, relink(word, link(u64::from(*head)))]);
            *head = *head & !(MOST as u32) | kind(hash) | at as u32;
            at = link(word);
        }
        self.buckets.set(old, heads[0]);
        self.buckets.set(new, heads[1]);
    }
    /// The values of the key at `at`, which `before` leads to in its bucket, wake.
    fn rouse(&mut self, bucket: usize, before: usize, at: usize) {
        let [value, word] = self.entries.get(at);
        if before == 0 {
            let head = relink(self.buckets.get(bucket).into(), link(word)) as u32;
            self.buckets
                .set(bucket, if link(word) == 0 { 0 } else { head })
        } else {
            let [other, previous] = self.entries.get(before);
            self.entries
                .set(before, [other, relink(previous, link(word))])
        }
        self.entries.set(at, [value, self.woken as u64]);
        self.woken = at;
        self.keys -= 1;
    }
    /// `obj` is visited: the values that wait for this key wake.
    #[inline(always)]
    pub fn visited(&mut self, obj: Obj) {
        if self.keys != 0 {
            self.look_up(obj)
        }
    }
    #[inline]
    fn look_up(&mut self, obj: Obj) {
        let key = self.numbers.known(obj);
        let hash = hash(key);
        let bucket = self.bucket(hash);
        if key < 2 * Numbers::HALF as u64
            && self.buckets.get(bucket) & kind(hash) != 0
            && let Some((before, at)) = self.find(bucket, key)
        {
            self.rouse(bucket, before, at)
        }
    }
    /// The next value whose key was visited, and the number of its entry.
    pub fn wake(&mut self) -> Option<(Obj, usize)> {
        if self.woken == 0 {
            return None;
        }
        let at = self.woken;
        let [value, rest] = self.entries.get(at);
        self.woken = match link(value) {
            0 => link(rest),
            next => {
                let [other, _] = self.entries.get(next);
                self.entries.set(next, [other, rest]);
                next
            }
        };
        Some((self.numbers.object(value >> LINK), at))
    }
    /// Objects are visited elsewhere, from now on until `recheck`: keys that
    /// wait may be among them.
    pub fn miss(&mut self) {
        self.missed = self.keys != 0;
        self.checked = 0;
    }
    /// Wakes the keys that were visited elsewhere; `true` when all were looked at. Each
    /// counts for `cost` slots.
    pub fn recheck(
        &mut self,
        reached: impl Fn(Obj) -> bool,
        cost: usize,
        budget: &mut Budget,
    ) -> bool {
        while self.missed {
            if budget.is_spent() {
                return false;
            }
            if self.checked >= self.entries.len {
                self.missed = false;
                break;
            }
            let at = self.checked;
            self.checked += 1;
            let word = self.entries.get(at)[1];
            if word & KEY == 0 {
                budget.spend(1);
                continue;
            }
            budget.spend(cost);
            let key = key_of(word);
            if reached(self.numbers.object(key)) {
                let bucket = self.bucket(hash(key));
                if let Some((before, at)) = self.find(bucket, key) {
                    self.rouse(bucket, before, at)
                }
            }
        }
        true
    }
    /// Nobody will wait any more: gives memory back, in steps; `true` when that is done.
    pub fn shrink(&mut self, budget: &mut Budget) -> bool {
        self.forget();
        while !budget.is_spent() {
            if self.entries.shrink(0) && self.buckets.shrink(0) {
                return true;
            }
            budget.spend(PIECE / 32);
        }
        false
    }
    /// Nobody waits any more; most of the memory is given back at once.
    pub fn clear(&mut self) {
        self.forget();
        while !self.entries.shrink(KEPT) {}
        while !self.buckets.shrink(KEPT) {}
    }
    fn forget(&mut self) {
        self.keys = 0;
        self.missed = false;
        self.woken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obj(n: usize) -> Obj {
        let p = std::ptr::with_exposed_provenance_mut(0x7F00_0000_0000 + n * 16);
        // SAFETY: never looked into here.
        unsafe { Obj::from_ptr(std::ptr::NonNull::new_unchecked(p)) }
    }

    fn woken(w: &mut Waiting) -> Vec<usize> {
        let mut woken: Vec<_> = std::iter::from_fn(|| w.wake())
            .map(|(o, _)| (o.addr() - 0x7F00_0000_0000) >> 4)
            .collect();
        woken.sort();
        woken
    }

    #[test]
    fn all_values_of_a_visited_key_wake_and_no_others() {
        const KEYS: usize = 5000;
        let mut w = Waiting::default();
        // Three values for each key.
        for i in 0..3 * KEYS {
            assert_eq!(w.wait(obj(i % KEYS), obj((1 << 33) + i)), Some(i + 1));
        }
        assert_eq!((w.keys(), w.buckets.len), (KEYS, KEYS));
        w.visited(obj(3 * KEYS));
        w.visited(obj(usize::MAX >> 20));
        assert!(woken(&mut w).is_empty());
        for key in [7, 4999, 0, 1234] {
            w.visited(obj(key));
            w.visited(obj(key)); // wakes once
        }
        let mut want: Vec<_> = [7, 4999, 0, 1234]
            .iter()
            .flat_map(|k| [0, 1, 2].map(|i| (1 << 33) + k + i * KEYS))
            .collect();
        want.sort();
        assert_eq!(woken(&mut w), want);
        assert_eq!(w.keys(), KEYS - 4);
        // A key that has woken may wait again.
        assert!(w.wait(obj(7), obj(1)).is_some());
        // All others, in both halves of every bucket, are still found.
        for i in 0..KEYS {
            w.visited(obj(i))
        }
        assert_eq!(woken(&mut w).len(), 3 * (KEYS - 4) + 1);
        assert_eq!(w.keys(), 0);
    }

    #[test]
    fn keys_visited_elsewhere_wake_in_steps() {
        let mut w = Waiting::default();
        for i in 0..3000 {
            assert!(w.wait(obj(i), obj(100_000 + i)).is_some());
        }
        let even = |o: Obj| o.addr() >> 4 & 1 == 0;
        // Nothing was missed yet.
        assert!(w.recheck(even, 8, &mut Budget::new(0, u64::MAX)));
        assert!(woken(&mut w).is_empty());
        w.miss();
        let mut steps = 0;
        while !w.recheck(even, 8, &mut Budget::new(800, u64::MAX)) {
            steps += 1;
        }
        assert_eq!(steps, 30);
        let want: Vec<_> = (0..1500).map(|i| 100_000 + 2 * i).collect();
        assert_eq!(woken(&mut w), want);
        assert_eq!(w.keys(), 1500);
    }

    #[test]
    fn memory_is_given_back_in_steps() {
        let mut w = Waiting::default();
        for round in 0..3 {
            for i in 0..100_000 {
                assert!(w.wait(obj(i), obj(i + 1)).is_some());
            }
            assert!(w.entries.touched > 1_600_000);
            let mut steps = 1;
            while !w.shrink(&mut Budget::new(1, u64::MAX)) {
                steps += 1;
            }
            assert!(steps > 6, "{steps}");
            assert_eq!((w.entries.touched, w.buckets.touched, w.keys()), (0, 0, 0));
            w.visited(obj(round));
            assert!(woken(&mut w).is_empty());
        }
        for i in 0..100_000 {
            assert!(w.wait(obj(i), obj(i + 1)).is_some());
        }
        w.clear();
        assert!(w.entries.touched <= KEPT && w.buckets.touched <= KEPT);
        assert_eq!(w.wait(obj(1), obj(2)), Some(1));
    }
}
