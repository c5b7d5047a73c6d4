//! Weak references: which objects have some, what becomes of those to young objects,
//! and clearing them.
//!
//! An object that dies by count must vanish from all weak stores before its
//! cell is used again (`clearing.rs`). So all weak stores are known from the epoch on
//! that visits them first, and whatever a weak store refers to has WEAKLY, also if
//! it does not any more.

use super::changes::{References, references};
use super::has_weak;
use crate::core::Core;
use crate::header::{LIMBO, Obj, WEAK_OWNER, WEAKLY};
use crate::heap::alloc::Space;
use crate::heap::memory::Memory;
use crate::mark::{Scope, Tracer, prefetch};
use crate::model::{Model, WeakPart};
use crate::sharded::{SHARDS, Sharded};
use rustc_hash::FxHashSet;
use std::cell::Cell;
use std::collections::hash_map::Entry;

/// Objects prefetched ahead of what is looked at.
const AHEAD: usize = 16;

/// The objects with weak references: all that have WEAK_OWNER, and no others.
#[derive(Default)]
pub(super) struct WeakStores {
    /// With the slots of each.
    stores: Sharded<u32>,
    slots: usize,
    /// Scratch.
    targets: Vec<Obj>,
}

/// Whether this is (still) an object with weak references, and the collector hears
/// of each store into it.
pub(super) fn is_armed_weak_store(space: &Space, obj: Obj) -> bool {
    space.is_allocated(obj.addr()) && has_weak(obj) && obj.unlogged()
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

impl WeakStores {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.stores.clear();
        self.slots = 0
    }
    /// Slots of all stores.
    pub fn slots(&self) -> usize {
        self.slots
    }
    /// Whether this is one of them.
    pub fn has(&self, store: Obj) -> bool {
        self.stores.contains(store)
    }
    /// All stores.
    pub fn all(&self) -> impl Iterator<Item = Obj> {
        (0..SHARDS).flat_map(|at| self.shard(at))
    }
    /// The stores of one part, of `SHARDS`.
    pub fn shard(&self, at: usize) -> impl Iterator<Item = Obj> {
        self.stores.keys(at)
    }
    /// A store dies, or has no weak references any more.
    pub fn store_dies(&mut self, store: Obj) {
        if let Some(slots) = self.stores.remove(store) {
            self.slots -= slots as usize
        }
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
    /// A store is known from now on, and what it refers to as referred to weakly.
    pub fn enter<M: Model>(&mut self, mem: &Memory, store: Obj) {
        self.settle::<M>(mem, store, |_| true);
    }
    /// The same, if all that it refers to has been reached; whether it has.
    fn settle<M: Model>(
        &mut self,
        mem: &Memory,
        store: Obj,
        reached: impl Fn(Obj) -> bool,
    ) -> bool {
        let mut targets = std::mem::take(&mut self.targets);
        // SAFETY: a live object; the program is stopped.
        unsafe { look::<M>(store, &mut targets) };
        let all = targets.iter().all(|&o| reached(o));
        if all {
            for (i, &target) in targets.iter().enumerate() {
                if let Some(&ahead) = targets.get(i + AHEAD) {
                    prefetch(ahead)
                }
                note_target(target)
            }
            store.set_flags(store.flags() | WEAK_OWNER);
            if let Entry::Vacant(place) = self.stores.entry(store) {
                let slots = mem.size_of(store) / 8;
                place.insert(slots as u32);
                self.slots += slots
            }
        }
        targets.clear();
        self.targets = targets;
        all
    }
}

/// Something weak refers to `target`.
fn note_target(target: Obj) {
    if target.flags() & WEAKLY == 0 {
        target.set_weakly_referenced()
    }
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
        index: &mut WeakStores,
        lost: &mut Vec<Obj>,
    ) {
        let live = |o: Obj| tracer.scope.reached(o);
        for &store in &tracer.weak[self.seen..] {
            if !index.settle::<M>(&core.space.mem, store, live) {
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
        index: &mut WeakStores,
        lost: &mut Vec<Obj>,
    ) {
        let live = |o: Obj| tracer.scope.reached(o);
        for &store in &tracer.ephemerons.owners {
            if !index.settle::<M>(&core.space.mem, store, live) {
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
    pub fn enter<M: Model>(self, core: &Core, index: &mut WeakStores, ephemerons: &[Obj]) {
        let mut values = std::mem::take(&mut index.targets);
        for &store in ephemerons {
            // SAFETY: as above.
            unsafe { M::ephemerons(store, &mut |_, value| values.push(value)) }
            for (i, value) in values.iter().enumerate() {
                if let Some(&ahead) = values.get(i + AHEAD) {
                    prefetch(ahead)
                }
                value.increment()
            }
            values.clear()
        }
        index.targets = values;
        for store in self.unsettled.into_iter().chain(self.owners) {
            index.enter::<M>(&core.space.mem, store)
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
        index: &mut WeakStores,
    ) {
        for (_, target) in self.list {
            if tracer.scope.reached(target) {
                note_target(target)
            }
        }
        for store in self.again {
            // The key of an entry that lost its value may be referred to weakly from now on.
            index.enter::<M>(&core.space.mem, store)
        }
    }
}

/// Whether the object, found in an old list, is still the one that was entered there.
pub(super) fn still(space: &Space, obj: Obj, flag: u8) -> bool {
    space.is_allocated(obj.addr()) && obj.flags() & flag != 0
}

const _: () = assert!(LIMBO & (WEAK_OWNER | WEAKLY) == 0);
