//! Weak references and ephemerons.
//!
//! Order within a collection, as Lua defines it: close over strong references
//! and ephemerons; clear weak values; resurrect what is to be finalized and
//! close again; clear weak keys, and weak values of what was only now reached.
//!
//! Ephemerons take linear time: an entry whose key is not reached yet waits in
//! a map under its key, and wakes when the key is visited.
//!
//! An owner of ephemerons only gets its keys cleared: its values are strong,
//! and an entry whose key dies may still be needed by a finalizer until then.

use crate::header::Obj;
use crate::mark::{Budget, Scope, Tracer};
use crate::model::{Model, Visitor, WeakPart};
use rustc_hash::FxHashMap;

const END: u32 = (1 << 29) - 1;
/// Maps that the waiting keys are spread over, so that none grows in a long stop.
const MAPS: usize = 256;
/// What looking at an ephemeron entry counts for, in slots.
const ENTRY: usize = 8;
/// Entries of a piece, so that they are neither copied nor freed in a long stop.
const PIECE: usize = 1 << 12;

/// Objects as numbers of 35 bits: granules from the middle of a range around the first.
#[derive(Default)]
struct Numbers {
    base: Option<usize>,
}

impl Numbers {
    const HALF: usize = 1 << 34;

    fn of(&mut self, obj: Obj) -> usize {
        let granule = obj.addr() >> 4;
        let base = *self.base.get_or_insert(granule.wrapping_sub(Numbers::HALF));
        let n = granule.wrapping_sub(base);
        assert!(n < 2 * Numbers::HALF, "an object outside of the heap");
        n
    }
    fn known(&self, obj: Obj) -> usize {
        (obj.addr() >> 4).wrapping_sub(self.base.unwrap_or(0))
    }
    fn object(&self, n: usize) -> Obj {
        let p = std::ptr::with_exposed_provenance_mut(self.base.unwrap_or(0).wrapping_add(n) << 4);
        // SAFETY: the number came from an object.
        unsafe { Obj::from_ptr(std::ptr::NonNull::new_unchecked(p)) }
    }
}

/// The map for a key's number, and the rest of the number, which the map knows it by.
fn place(n: usize) -> (usize, u32) {
    ((n ^ (n >> 9) ^ (n >> 17)) % MAPS, (n / MAPS) as u32)
}

/// The key's number of an entry of map `map`.
fn number(map: usize, rest: u32) -> usize {
    let high = rest as usize * MAPS;
    high | ((map ^ (high >> 9) ^ (high >> 17)) % MAPS)
}

/// The ephemerons met by a collection.
#[derive(Default)]
pub struct Ephemerons {
    /// Objects with ephemeron entries, in the order they were visited.
    pub owners: Vec<Obj>,
    /// Owners below this index had their entries looked at.
    seen: usize,
    numbers: Numbers,
    /// Unreached key to its first entry; no maps, or `MAPS` of them.
    keys: Vec<FxHashMap<u32, u32>>,
    waiting: usize,
    /// Values that wait for keys, in pieces: the value's number, and 29 bits for
    /// the next entry with the same key.
    entries: Vec<Vec<u64>>,
    /// Their owners, if the scope wants to know.
    holders: Vec<Obj>,
    /// Keys that were visited after all.
    woken: Vec<u32>,
    /// Keys may have been visited that were not woken.
    missed: bool,
    /// The first map that `recheck` has not looked at.
    checked: usize,
}

impl Ephemerons {
    /// Whether there are owners whose entries were not looked at.
    pub fn unseen(&self) -> bool {
        self.seen < self.owners.len()
    }
    /// Objects are visited elsewhere, from now on until `recheck`: keys that
    /// wait may be among them.
    pub fn miss(&mut self) {
        self.missed = self.waiting != 0;
        self.checked = 0;
    }
    /// Wakes the keys that were visited elsewhere; `true` when all were looked at.
    pub fn recheck(&mut self, reached: impl Fn(Obj) -> bool, budget: &mut Budget) -> bool {
        while self.missed {
            if budget.is_spent() {
                return false;
            }
            let at = self.checked;
            let (map, numbers) = (&mut self.keys[at], &self.numbers);
            budget.spend(1 + 2 * map.len());
            for (_, first) in map.extract_if(|&rest, _| reached(numbers.object(number(at, rest)))) {
                self.waiting -= 1;
                self.woken.push(first);
            }
            self.checked += 1;
            self.missed = self.checked < MAPS;
        }
        true
    }
    /// `obj` is visited: the entries that wait for this key wake.
    #[inline(always)]
    pub fn visited(&mut self, obj: Obj) {
        if self.waiting != 0 {
            let n = self.numbers.known(obj);
            let (map, rest) = place(n);
            if n < 2 * Numbers::HALF
                && let Some(first) = self.keys[map].remove(&rest)
            {
                self.waiting -= 1;
                self.woken.push(first);
            }
        }
    }
    /// `value` waits for `key`. False: there is no room for more.
    fn wait(&mut self, key: Obj, value: Obj, holder: Option<Obj>) -> bool {
        let at = match self.entries.last() {
            Some(last) => (self.entries.len() - 1) * PIECE + last.len(),
            None => 0,
        };
        if at >= END as usize {
            return false;
        }
        if self.keys.is_empty() {
            self.keys.resize_with(MAPS, FxHashMap::default);
        }
        let (map, rest) = place(self.numbers.of(key));
        let next = self.keys[map].insert(rest, at as u32).unwrap_or(END);
        self.waiting += usize::from(next == END);
        let entry = (self.numbers.of(value) as u64) << 29 | next as u64;
        match self.entries.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(entry),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.entries.push(piece)
            }
        }
        self.holders.extend(holder);
        true
    }
    /// The next value whose key was visited, and its holder if it is known.
    fn wake(&mut self) -> Option<(Obj, Option<Obj>)> {
        let at = self.woken.pop()? as usize;
        let entry = self.entries[at / PIECE][at % PIECE];
        let next = entry as u32 & END;
        if next != END {
            self.woken.push(next);
        }
        let value = self.numbers.object((entry >> 29) as usize);
        Some((value, self.holders.get(at).copied()))
    }
    /// Nobody will wait any more: gives memory back, in steps; `true` when that is done.
    pub fn shrink(&mut self, budget: &mut Budget) -> bool {
        self.waiting = 0;
        self.missed = false;
        self.woken = Vec::new();
        while !budget.is_spent() {
            if self.entries.pop().is_none() && self.keys.pop().is_none() {
                return true;
            }
            budget.spend(PIECE / 2);
        }
        false
    }
}

impl<M: Model, S: Scope> Tracer<M, S> {
    /// Closes over strong references and ephemerons.
    pub fn converge(&mut self) {
        self.close::<false>(&mut Budget::unlimited());
    }
    /// The same; false if the budget ended it early.
    pub fn converge_within(&mut self, budget: &mut Budget) -> bool {
        self.close::<true>(budget)
    }

    fn close<const BOUNDED: bool>(&mut self, budget: &mut Budget) -> bool {
        loop {
            if !BOUNDED && self.ephemerons.waiting == 0 {
                self.drain();
            }
            while let Some(obj) = self.grey.pop() {
                if !self.scope.holds(obj) {
                    continue;
                }
                self.ephemerons.visited(obj);
                let before = self.work;
                self.visit(obj);
                if BOUNDED {
                    budget.spend(self.work - before + 1);
                    if budget.is_spent() {
                        return false;
                    }
                }
            }
            if BOUNDED && budget.is_spent() {
                return false;
            }
            if self.ephemerons.seen < self.ephemerons.owners.len() {
                let owner = self.ephemerons.owners[self.ephemerons.seen];
                self.ephemerons.seen += 1;
                if !self.scope.holds(owner) {
                    continue;
                }
                let mut entries = 0;
                // SAFETY: `owner` was visited in this collection and is there still; the program is stopped.
                unsafe {
                    M::ephemerons(owner, &mut |key, value| {
                        entries += 1;
                        self.entry(owner, key, value)
                    })
                };
                budget.spend(ENTRY * (1 + entries));
            } else if let Some((value, holder)) = self.ephemerons.wake() {
                self.object(value);
                if let Some(owner) = holder {
                    self.scope.kept_weakly(owner, value);
                }
                budget.spend(ENTRY);
            } else if self.grey.is_empty() {
                return true;
            }
        }
    }

    /// `owner`, which is alive, has an entry: its value lives if the key does.
    pub(crate) fn entry(&mut self, owner: Obj, key: Obj, value: Obj) {
        if self.scope.postpones(key) || self.scope.postpones(value) {
            return;
        }
        if self.scope.reached(key) {
            self.object(value);
            self.scope.kept_weakly(owner, value);
        } else if self.scope.reached(value) {
            self.scope.kept_weakly(owner, value);
        } else {
            let holder = S::ASKS_WHO_KEEPS.then_some(owner);
            if !self.ephemerons.wait(key, value, holder) {
                // Kept for longer than need be, which is better than not at all.
                self.object(value)
            }
        }
    }

    /// Clears the dead weak values of the weak owners from index `from` on.
    pub fn clear_weak_values(&mut self, from: usize) {
        for i in from..self.weak.len() {
            self.clear(self.weak[i], WeakPart::Values)
        }
    }

    /// Clears the dead keys of all weak owners and ephemeron owners.
    pub fn clear_weak_keys(&mut self) {
        for i in 0..self.weak.len() {
            self.clear(self.weak[i], WeakPart::Keys)
        }
        for i in 0..self.ephemerons.owners.len() {
            self.clear(self.ephemerons.owners[i], WeakPart::Keys)
        }
    }

    /// Clears the dead references of one weak owner.
    pub fn clear(&mut self, owner: Obj, part: WeakPart) {
        let scope = std::cell::RefCell::new(&mut self.scope);
        let live = |o: Obj| {
            let mut scope = scope.borrow_mut();
            let live = scope.reached(o);
            if live {
                scope.kept_weakly(owner, o)
            }
            live
        };
        // SAFETY: `owner` was visited in this collection; the program is stopped.
        unsafe { M::clear_weak(owner, part, &live) }
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

    #[test]
    fn a_map_and_the_rest_are_the_number() {
        let mut n = 1usize;
        for _ in 0..100_000 {
            n = (n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)) % (2 * Numbers::HALF);
            let (map, rest) = place(n);
            assert_eq!(number(map, rest), n);
        }
    }

    #[test]
    fn all_values_of_a_visited_key_wake_and_no_others() {
        let mut e = Ephemerons::default();
        let n = 3 * PIECE;
        for i in 0..n {
            // Three values for each key.
            assert!(e.wait(obj(i % PIECE), obj((1 << 33) + i), Some(obj(i))));
        }
        assert_eq!(e.waiting, PIECE);
        e.visited(obj(n));
        e.visited(obj(usize::MAX >> 20));
        assert!(e.wake().is_none());
        e.visited(obj(7));
        let mut woken: Vec<_> = std::iter::from_fn(|| e.wake()).collect();
        woken.sort_by_key(|w| w.0.addr());
        let want = [7, PIECE + 7, 2 * PIECE + 7].map(|i| (obj((1 << 33) + i), Some(obj(i))));
        assert_eq!(woken, want);
        // Those visited elsewhere are found by a second look at all keys.
        e.miss();
        assert!(e.recheck(|k| k == obj(8), &mut Budget::unlimited()));
        assert_eq!(std::iter::from_fn(|| e.wake()).count(), 3);
        assert_eq!(e.waiting, PIECE - 2);
        assert!(!e.shrink(&mut Budget::new(PIECE, u64::MAX)));
        assert!(e.shrink(&mut Budget::unlimited()));
    }
}
