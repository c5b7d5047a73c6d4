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

const END: u32 = u32::MAX;
/// Maps that the waiting keys are spread over, so that none grows in a long stop.
const MAPS: usize = 256;
/// What looking at an ephemeron entry counts for, in slots.
const ENTRY: usize = 8;

#[derive(Clone, Copy)]
struct Waiting {
    owner: Obj,
    value: Obj,
    next: u32,
}

/// The ephemerons met by a collection.
#[derive(Default)]
pub struct Ephemerons {
    /// Objects with ephemeron entries, in the order they were visited.
    pub owners: Vec<Obj>,
    /// Owners below this index had their entries looked at.
    seen: usize,
    /// Unreached key to its first entry in `entries`; no maps, or `MAPS` of them.
    keys: Vec<FxHashMap<Obj, u32>>,
    waiting: usize,
    entries: Vec<Waiting>,
    /// Keys that were visited after all.
    woken: Vec<u32>,
    /// Keys may have been visited that were not woken.
    missed: bool,
    /// The first map that `recheck` has not looked at.
    checked: usize,
}

fn map_of(key: Obj) -> usize {
    (key.addr() >> 4 ^ key.addr() >> 13) % MAPS
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
            let map = &mut self.keys[self.checked];
            budget.spend(1 + 2 * map.len());
            for (_, first) in map.extract_if(|&key, _| reached(key)) {
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
        if self.waiting != 0
            && let Some(first) = self.keys[map_of(obj)].remove(&obj)
        {
            self.waiting -= 1;
            self.woken.push(first);
        }
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
                let mut entries = 0;
                // SAFETY: `owner` was visited in this collection, so it is alive; the program is stopped.
                unsafe {
                    M::ephemerons(owner, &mut |key, value| {
                        entries += 1;
                        self.entry(owner, key, value)
                    })
                };
                budget.spend(ENTRY * (1 + entries));
            } else if let Some(at) = self.ephemerons.woken.pop() {
                let Waiting { owner, value, next } = self.ephemerons.entries[at as usize];
                if next != END {
                    self.ephemerons.woken.push(next);
                }
                self.object(value);
                self.scope.kept_weakly(owner, value);
                budget.spend(ENTRY);
            } else if self.grey.is_empty() {
                return true;
            }
        }
    }

    fn entry(&mut self, owner: Obj, key: Obj, value: Obj) {
        if self.scope.postpones(key) || self.scope.postpones(value) {
            return;
        }
        if self.scope.reached(key) {
            self.object(value);
            self.scope.kept_weakly(owner, value);
        } else if self.scope.reached(value) {
            self.scope.kept_weakly(owner, value);
        } else {
            let e = &mut self.ephemerons;
            if e.keys.is_empty() {
                e.keys.resize_with(MAPS, FxHashMap::default);
            }
            let at = e.entries.len() as u32;
            let next = e.keys[map_of(key)].insert(key, at).unwrap_or(END);
            e.waiting += usize::from(next == END);
            e.entries.push(Waiting { owner, value, next });
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
