//! Weak references and ephemerons.
//!
//! Order within a collection, as Lua defines it: close over strong references
//! and ephemerons; clear weak values; resurrect what is to be finalized and
//! close again; clear weak keys, and weak values of what was only now reached.
//!
//! Ephemerons take linear time: an entry whose key is not reached yet waits in
//! a table under its key, and wakes when the key is visited: `waiting.rs`.
//!
//! An owner of ephemerons only gets its keys cleared: its values are strong,
//! and an entry whose key dies may still be needed by a finalizer until then.

use crate::header::Obj;
use crate::mark::{Budget, Scope, Tracer};
use crate::model::{Model, Visitor, WeakPart};
use crate::waiting::Waiting;

/// What looking at an ephemeron entry counts for, in slots: it waits for memory three times,
/// for the marks of key and value and for a bucket.
const ENTRY: usize = 16;

/// The ephemerons met by a collection.
#[derive(Default)]
pub struct Ephemerons {
    /// Objects with ephemeron entries, in the order they were visited.
    pub owners: Vec<Obj>,
    /// Owners below this index had their entries looked at.
    seen: usize,
    waiting: Waiting,
    /// The owners of entries that wait, if the scope wants to know.
    holders: Vec<Obj>,
}

impl Ephemerons {
    /// Whether there are owners whose entries were not looked at.
    pub fn unseen(&self) -> bool {
        self.seen < self.owners.len()
    }
    /// Objects are visited elsewhere, from now on until `recheck`: keys that
    /// wait may be among them.
    pub fn miss(&mut self) {
        self.waiting.miss()
    }
    /// Wakes the keys that were visited elsewhere; `true` when all were looked at.
    pub fn recheck(&mut self, reached: impl Fn(Obj) -> bool, budget: &mut Budget) -> bool {
        self.waiting.recheck(reached, ENTRY / 2, budget)
    }
    /// `value` waits for `key`. False: there is no room for more.
    fn wait(&mut self, key: Obj, value: Obj, holder: Option<Obj>) -> bool {
        let entry = self.waiting.wait(key, value);
        self.holders.extend(holder.filter(|_| entry.is_some()));
        entry.is_some()
    }
    /// The next value whose key was visited, and its holder if it is known.
    fn wake(&mut self) -> Option<(Obj, Option<Obj>)> {
        let (value, entry) = self.waiting.wake()?;
        Some((value, self.holders.get(entry - 1).copied()))
    }
    /// Nobody will wait any more: gives memory back, in steps; `true` when that is done.
    pub fn shrink(&mut self, budget: &mut Budget) -> bool {
        self.waiting.shrink(budget)
    }
    /// Ready for another collection, with some of the memory of this one.
    pub fn clear(&mut self) {
        self.owners = Vec::new();
        self.holders = Vec::new();
        self.seen = 0;
        self.waiting.clear()
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
            if !BOUNDED && self.ephemerons.waiting.keys() == 0 {
                self.drain();
            }
            while let Some(obj) = self.grey.pop() {
                if !self.scope.holds(obj) {
                    continue;
                }
                self.ephemerons.waiting.visited(obj);
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
