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
use crate::mark::{Scope, Tracer};
use crate::model::{Model, WeakPart};
use crate::sharded::Sharded;
use std::cell::Cell;

use super::changes::{References, references};

/// The weak stores that may refer to an object.
enum Stores {
    One(Obj),
    Many(Vec<Obj>),
}

/// From objects to the weak stores that may refer to them.
#[derive(Default)]
pub(super) struct WeakIndex {
    stores: Sharded<Stores>,
    scratch: Vec<Obj>,
}

/// Whether this is (still) an object with weak references.
fn is_weak_store(space: &Space, obj: Obj) -> bool {
    space.is_allocated(obj.addr()) && obj.flags() & WEAK_OWNER != 0
}

impl WeakIndex {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.stores.clear()
    }
    /// Forgets an object that no store refers to any more.
    pub fn remove(&mut self, target: Obj) {
        self.stores.remove(target);
    }
    /// Enters what a visited store refers to.
    pub fn enter<M: Model>(&mut self, space: &Space, store: Obj) {
        store.set_flags(store.flags() | WEAK_OWNER);
        let targets = std::cell::RefCell::new(std::mem::take(&mut self.scratch));
        // Claiming that all are alive clears nothing, and shows us the weak references.
        let look = |o: Obj| {
            targets.borrow_mut().push(o);
            true
        };
        // SAFETY: a live object; the program is stopped.
        unsafe {
            M::clear_weak(store, WeakPart::Values, &look);
            M::clear_weak(store, WeakPart::Keys, &look);
        }
        self.scratch = targets.into_inner();
        let targets = std::mem::take(&mut self.scratch);
        for &target in &targets {
            self.add(space, target, store)
        }
        self.scratch = targets;
        self.scratch.clear();
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

/// Clears, in the weak stores visited from number `from` on, what was not
/// reached. The values of ephemerons are not counted yet.
pub(super) fn clear_unreached<M: Model, S: Scope>(
    tracer: &Tracer<M, S>,
    part: WeakPart,
    from: usize,
    lost: &mut Vec<Obj>,
) {
    let live = |o: Obj| tracer.scope.reached(o);
    let owners: &[Obj] = match part {
        WeakPart::Values => &[],
        WeakPart::Keys => &tracer.ephemerons.owners,
    };
    for &store in tracer.weak[from..].iter().chain(owners) {
        // SAFETY: visited in this collection, so alive; the program is stopped.
        unsafe { clear::<M>(store, part, &live, false, lost) }
    }
}

/// Once all is reached and cleared: counts the values of the visited ephemerons,
/// and enters the visited weak stores into the index.
pub(super) fn note_stores<M: Model>(
    core: &Core,
    index: &mut WeakIndex,
    weak: &[Obj],
    ephemerons: &[Obj],
) {
    for &store in ephemerons {
        // SAFETY: visited in this collection, so alive; the program is stopped.
        unsafe { M::ephemerons(store, &mut |_, value| value.increment()) }
    }
    for &store in weak.iter().chain(ephemerons) {
        index.enter::<M>(&core.space, store)
    }
}

/// Whether the object, found in an old list, is still the one that was entered there.
pub(super) fn still(space: &Space, obj: Obj, flag: u8) -> bool {
    space.is_allocated(obj.addr()) && obj.flags() & flag != 0
}

const _: () = assert!(LIMBO & (WEAK_OWNER | WEAKLY) == 0);
