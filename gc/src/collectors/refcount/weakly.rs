//! Weak references: which objects have some, whom they refer to, and clearing them.
//!
//! An object that dies by count must vanish from all weak stores before its
//! cell is used again. To find them without looking at all weak stores there
//! are, an index has, for each object that a weak store refers to, the stores;
//! it grows when a weak store is visited. An entry may be out of date (the store
//! is gone, or refers to something else by now), never missing.

use crate::core::Core;
use crate::header::{LIMBO, Obj, WEAK_OWNER, WEAKLY};
use crate::heap::alloc::Space;
use crate::mark::{Scope, Tracer, prefetch};
use crate::model::{Model, WeakPart};
use crate::sharded::Sharded;
use rustc_hash::FxHashSet;
use std::cell::Cell;

use super::changes::{References, references};

/// References of a store, at least, for what it referred to to be kept.
const KNOWN: usize = 16;
/// References that came or went at one place of a store and are made out as such.
const RESYNC: usize = 4;

/// Objects prefetched ahead of what is entered.
const AHEAD: usize = 8;

/// The weak stores that may refer to an object.
enum Stores {
    One(Obj),
    Many(Vec<Obj>),
}

/// From objects to the weak stores that may refer to them.
#[derive(Default)]
pub(super) struct WeakIndex {
    stores: Sharded<Stores>,
    /// What larger stores referred to when they were entered last, in the order of
    /// `look`. What is there is in `stores`, and is OLD.
    known: Sharded<Vec<Obj>>,
    now: Vec<Obj>,
    fresh: Vec<Obj>,
}

/// Whether this is (still) an object with weak references, all of them entered but
/// for what changed since it was logged.
fn is_weak_store(space: &Space, obj: Obj) -> bool {
    space.is_allocated(obj.addr()) && obj.flags() & WEAK_OWNER != 0
}

/// The same, and that the collector hears of each store into it.
pub(super) fn is_armed_weak_store(space: &Space, obj: Obj) -> bool {
    is_weak_store(space, obj) && obj.unlogged()
}

/// Appends all that a store refers to weakly.
///
/// # Safety
/// As for `Model::clear_weak`.
unsafe fn look<M: Model>(store: Obj, list: &mut Vec<Obj>) {
    let list = std::cell::RefCell::new(list);
    // Claiming that all are alive clears nothing, and shows us the weak references.
    let look = |o: Obj| {
        list.borrow_mut().push(o);
        true
    };
    // SAFETY: as the caller promised.
    unsafe {
        M::clear_weak(store, WeakPart::Values, &look);
        M::clear_weak(store, WeakPart::Keys, &look);
    }
}

/// Appends to `fresh` what of `now` is not in `known`, and perhaps more: both lists
/// are in the order of a store's slots, a few of which have changed.
fn differences(known: &[Obj], now: &[Obj], fresh: &mut Vec<Obj>) {
    let (mut k, mut n) = (0, 0);
    while n < now.len() {
        if k == known.len() {
            return fresh.extend(&now[n..]);
        }
        if known[k] == now[n] {
            (k, n) = (k + 1, n + 1);
            continue;
        }
        let gone = |&d: &usize| known.get(k + d) == Some(&now[n]);
        let came = |&d: &usize| now.get(n + d) == Some(&known[k]);
        match (1..=RESYNC).find(|d| gone(d) || came(d)) {
            Some(d) if gone(&d) => k += d,
            Some(d) => {
                fresh.extend(&now[n..n + d]);
                n += d
            }
            None => {
                fresh.push(now[n]);
                (k, n) = (k + 1, n + 1)
            }
        }
    }
}

impl WeakIndex {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.stores.clear();
        self.known.clear()
    }
    /// An object dies, and no store refers to it any more.
    pub fn remove(&mut self, space: &Space, target: Obj) {
        if target.flags() & WEAKLY != 0 {
            self.take(space, target);
        }
        if target.flags() & WEAK_OWNER != 0 {
            self.store_dies(target)
        }
    }
    /// A store dies.
    pub fn store_dies(&mut self, store: Obj) {
        self.known.remove(store);
    }
    /// Of the visited objects that had weak references before, those that have some
    /// still are in the two lists.
    pub fn retire(&mut self, were_weak: &[Obj], weak: &[Obj], ephemerons: &[Obj]) {
        if were_weak.is_empty() {
            return;
        }
        let are: FxHashSet<Obj> = weak.iter().chain(ephemerons).copied().collect();
        for &store in were_weak {
            if !are.contains(&store) {
                store.set_flags(store.flags() & !WEAK_OWNER);
                self.store_dies(store)
            }
        }
    }
    /// Enters what a store refers to.
    pub fn enter<M: Model>(&mut self, space: &Space, store: Obj) {
        self.settle::<M>(space, store, |_| true);
    }
    /// Enters what a store refers to, if it has all been reached; whether it has.
    fn settle<M: Model>(
        &mut self,
        space: &Space,
        store: Obj,
        reached: impl Fn(Obj) -> bool,
    ) -> bool {
        let (mut now, mut fresh) = (
            std::mem::take(&mut self.now),
            std::mem::take(&mut self.fresh),
        );
        // SAFETY: a live object; the program is stopped.
        unsafe { look::<M>(store, &mut now) };
        let mut known = self.known.remove(store).unwrap_or_default();
        debug_assert!(
            known.is_empty() || store.flags() & WEAK_OWNER != 0,
            "what a store knew outlives it"
        );
        differences(&known, &now, &mut fresh);
        let all = fresh.iter().all(|&o| reached(o));
        if all {
            for (i, &target) in fresh.iter().enumerate() {
                if let Some(&ahead) = fresh.get(i + AHEAD) {
                    prefetch(ahead)
                }
                self.add(space, target, store)
            }
            store.set_flags(store.flags() | WEAK_OWNER);
            std::mem::swap(&mut known, &mut now);
        }
        if known.len() >= KNOWN && store.flags() & WEAK_OWNER != 0 {
            self.known.insert(store, known);
        } else {
            // There is no need to know: it is looked through quickly.
            drop(known)
        }
        now.clear();
        fresh.clear();
        (self.now, self.fresh) = (now, fresh);
        all
    }
    fn add(&mut self, space: &Space, target: Obj, store: Obj) {
        target.set_weakly_referenced();
        match self.stores.entry(target) {
            std::collections::hash_map::Entry::Vacant(e) => {
                e.insert(Stores::One(store));
            }
            std::collections::hash_map::Entry::Occupied(mut e) => match e.get_mut() {
                Stores::One(one) if *one == store => {}
                Stores::One(one) => {
                    let many = vec![*one, store];
                    *e.get_mut() = Stores::Many(many);
                }
                Stores::Many(many) => {
                    if many.last() == Some(&store) {
                        return;
                    }
                    if many.len() == many.capacity() {
                        many.retain(|&s| is_weak_store(space, s));
                        many.sort_unstable_by_key(|s| s.addr());
                        many.dedup();
                    }
                    many.push(store)
                }
            },
        }
    }
    /// Takes the stores that may refer to `target`.
    fn take(&mut self, space: &Space, target: Obj) -> Vec<Obj> {
        let mut stores = match self.stores.remove(target) {
            None => return Vec::new(),
            Some(Stores::One(one)) => vec![one],
            Some(Stores::Many(many)) => many,
        };
        stores.retain(|&s| is_weak_store(space, s));
        stores.sort_unstable_by_key(|s| s.addr());
        stores.dedup();
        for &store in &stores {
            if let Some(known) = self.known.get_mut(store) {
                while let Some(at) = known.iter().position(|&o| o == target) {
                    known.remove(at);
                }
            }
        }
        stores
    }
    /// Clears the weak references to `target`: as values only, or all. What a
    /// store lets go of with them goes to `lost`.
    pub fn forget<M: Model>(
        &mut self,
        space: &Space,
        target: Obj,
        values_only: bool,
        lost: &mut Vec<Obj>,
    ) {
        let stores = self.take(space, target);
        let live = |o: Obj| o != target;
        for &store in &stores {
            let before = lost.len();
            // What a logged store refers to will be counted anew.
            let armed = store.unlogged();
            let mut gone = |o: Obj| {
                if armed {
                    lost.push(o)
                }
            };
            // SAFETY: as below.
            if !values_only && unsafe { M::forget_weak(store, target, &mut gone) } {
                continue;
            }
            // SAFETY: `is_weak_store` found the store allocated; the program is stopped.
            let refers = unsafe {
                clear::<M>(store, WeakPart::Values, &live, true, lost);
                if values_only {
                    refers::<M>(store, target)
                } else {
                    clear::<M>(store, WeakPart::Keys, &live, true, lost);
                    false
                }
            };
            if lost.len() != before {
                // The key of an entry that lost its value may be referred to weakly from now on.
                self.enter::<M>(space, store)
            } else if refers {
                self.add(space, target, store)
            }
        }
    }
}

/// Whether a store refers weakly to `target`.
///
/// # Safety
/// As for `Model::clear_weak`.
unsafe fn refers<M: Model>(store: Obj, target: Obj) -> bool {
    let found = Cell::new(false);
    let look = |o: Obj| {
        found.set(found.get() | (o == target));
        true
    };
    // SAFETY: as the caller promised.
    unsafe {
        M::clear_weak(store, WeakPart::Values, &look);
        M::clear_weak(store, WeakPart::Keys, &look);
    }
    found.get()
}

/// Clears weak references of a store; those of its counted references that are
/// gone then go to `lost`. `ephemerons`: whether the
/// values of its ephemerons are counted already.
///
/// # Safety
/// As for `Model::clear_weak`.
pub(super) unsafe fn clear<M: Model>(
    store: Obj,
    part: WeakPart,
    live: &dyn Fn(Obj) -> bool,
    ephemerons: bool,
    lost: &mut Vec<Obj>,
) {
    let dead = Cell::new(false);
    let look = |o: Obj| {
        if !live(o) {
            dead.set(true)
        }
        true
    };
    // SAFETY: as the caller promised, here and below.
    unsafe { M::clear_weak(store, part, &look) };
    if !dead.get() {
        return;
    }
    if !store.unlogged() {
        // What it refers to will be counted anew.
        // SAFETY: as above.
        return unsafe { M::clear_weak(store, part, live) };
    }
    let counted = || {
        let mut list = Vec::new();
        // SAFETY: as above.
        unsafe {
            if ephemerons {
                references::<M>(store, &mut list);
            } else {
                M::trace(
                    store,
                    &mut References {
                        list: &mut list,
                        ephemerons: false,
                    },
                );
            }
        }
        list
    };
    let before = counted();
    // SAFETY: as above.
    unsafe { M::clear_weak(store, part, live) };
    let after = counted();
    // Clearing removes references and keeps the order of the others.
    let mut kept = after.iter().peekable();
    for obj in before {
        if kept.peek() == Some(&&obj) {
            kept.next();
        } else {
            lost.push(obj)
        }
    }
    debug_assert!(kept.next().is_none(), "clearing added a reference");
}

/// What becomes of the weak stores that a collection visits. Those that refer to
/// nothing but what was reached are entered into the index at once.
#[derive(Default)]
pub(super) struct Visited {
    /// Visited stores of the tracer that were looked at.
    seen: usize,
    /// Those that refer to something that was not reached.
    unsettled: Vec<Obj>,
    /// The same of those with ephemerons.
    owners: Vec<Obj>,
}

impl Visited {
    /// Clears, in the stores visited since the last call, values that were not reached.
    pub fn clear_values<M: Model, S: Scope>(
        &mut self,
        tracer: &Tracer<M, S>,
        core: &Core,
        index: &mut WeakIndex,
        lost: &mut Vec<Obj>,
    ) {
        let live = |o: Obj| tracer.scope.reached(o);
        for &store in &tracer.weak[self.seen..] {
            if !index.settle::<M>(&core.space, store, live) {
                // SAFETY: visited in this collection, so alive; the program is stopped.
                unsafe { clear::<M>(store, WeakPart::Values, &live, false, lost) };
                self.unsettled.push(store)
            }
        }
        self.seen = tracer.weak.len()
    }
    /// Clears, in all visited stores, keys that were not reached. The values of
    /// ephemerons are not counted yet.
    pub fn clear_keys<M: Model, S: Scope>(
        &mut self,
        tracer: &Tracer<M, S>,
        core: &Core,
        index: &mut WeakIndex,
        lost: &mut Vec<Obj>,
    ) {
        let live = |o: Obj| tracer.scope.reached(o);
        for &store in &tracer.ephemerons.owners {
            if !index.settle::<M>(&core.space, store, live) {
                self.owners.push(store)
            }
        }
        for &store in self.unsettled.iter().chain(&self.owners) {
            // SAFETY: as above.
            unsafe { clear::<M>(store, WeakPart::Keys, &live, false, lost) }
        }
    }
    /// Once all is reached and cleared: counts the values of the visited `ephemerons`,
    /// and enters the rest of the stores.
    pub fn enter<M: Model>(self, core: &Core, index: &mut WeakIndex, ephemerons: &[Obj]) {
        for &store in ephemerons {
            // SAFETY: as above.
            unsafe { M::ephemerons(store, &mut |_, value| value.increment()) }
        }
        for store in self.unsettled.into_iter().chain(self.owners) {
            index.enter::<M>(&core.space, store)
        }
    }
}

/// New weak references of stores that are not visited.
pub(super) struct Gains {
    list: Vec<(Obj, Obj)>,
    /// Stores that lost counted references.
    again: Vec<Obj>,
}

impl Gains {
    /// Those of `list`, owners and referents, that are not of stores captured since.
    pub fn new(space: &Space, mut list: Vec<(Obj, Obj)>) -> Gains {
        list.retain(|e| is_armed_weak_store(space, e.0));
        let again = Vec::new();
        Gains { list, again }
    }
    /// Clears, in these stores, what was not reached.
    pub fn clear<M: Model, S: Scope>(
        &mut self,
        tracer: &Tracer<M, S>,
        part: WeakPart,
        lost: &mut Vec<Obj>,
    ) {
        let live = |o: Obj| tracer.scope.reached(o);
        let dead = self.list.iter().filter(|e| !live(e.1));
        let mut stores: Vec<Obj> = dead.map(|e| e.0).collect();
        stores.sort_unstable_by_key(|s| s.addr());
        stores.dedup();
        for store in stores {
            let mut gone = Vec::new();
            // SAFETY: `new` found the store allocated; the program is stopped.
            unsafe { clear::<M>(store, part, &live, true, &mut gone) };
            if !gone.is_empty() {
                self.again.push(store)
            }
            // Values of dead keys that were not reached go with the nursery.
            lost.extend(gone.into_iter().filter(|&o| live(o)))
        }
    }
    /// Once all is cleared: enters the rest.
    pub fn enter<M: Model, S: Scope>(
        self,
        tracer: &Tracer<M, S>,
        core: &Core,
        index: &mut WeakIndex,
    ) {
        for (store, target) in self.list {
            if tracer.scope.reached(target) {
                index.add(&core.space, target, store)
            }
        }
        for store in self.again {
            // The key of an entry that lost its value may be referred to weakly from now on.
            index.enter::<M>(&core.space, store)
        }
    }
}

/// Whether the object, found in an old list, is still the one that was entered there.
pub(super) fn still(space: &Space, obj: Obj, flag: u8) -> bool {
    space.is_allocated(obj.addr()) && obj.flags() & flag != 0
}

const _: () = assert!(LIMBO & (WEAK_OWNER | WEAKLY) == 0);

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(numbers: &[usize]) -> Vec<Obj> {
        let object = |&n: &usize| {
            let p = std::ptr::with_exposed_provenance_mut(0x7F00_0000_0000 + n * 16);
            // SAFETY: never looked into here.
            unsafe { Obj::from_ptr(std::ptr::NonNull::new_unchecked(p)) }
        };
        numbers.iter().map(object).collect()
    }

    fn fresh(known: &[usize], now: &[usize]) -> Vec<Obj> {
        let mut fresh = Vec::new();
        differences(&objects(known), &objects(now), &mut fresh);
        fresh
    }

    #[test]
    fn what_came_and_went_at_a_place_is_made_out() {
        let known: Vec<usize> = (0..100).collect();
        let mut now = known.clone();
        now.drain(90..92);
        now.splice(70..70, [170, 171]);
        now[50] = 150;
        now.insert(20, 120);
        now.remove(10);
        now.insert(0, 100);
        assert_eq!(fresh(&known, &now), objects(&[100, 120, 150, 170, 171]));
        assert_eq!(fresh(&known, &known), []);
        assert_eq!(fresh(&[], &known), objects(&known));
        assert_eq!(fresh(&known, &[]), []);
        assert_eq!(fresh(&[1, 2], &[1, 2, 3]), objects(&[3]));
    }

    #[test]
    fn nothing_new_is_passed_over() {
        let mut n = 1u32;
        let mut random = |below: usize| {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (n >> 16) as usize % below
        };
        for _ in 0..2000 {
            let known: Vec<usize> = (0..1 + random(40)).map(|_| random(30)).collect();
            let mut now = known.clone();
            for at in 0..random(10) {
                match (random(3), now.is_empty()) {
                    (0, _) | (_, true) => now.insert(random(now.len() + 1), 40 + at),
                    (1, _) => {
                        let place = random(now.len());
                        now[place] = 60 + at
                    }
                    _ => {
                        let place = random(now.len());
                        now.remove(place);
                    }
                }
            }
            let fresh = fresh(&known, &now);
            let (known, now) = (objects(&known), objects(&now));
            for o in &now {
                assert!(known.contains(o) || fresh.contains(o));
            }
            assert!(fresh.iter().all(|o| now.contains(o)));
        }
    }
}
