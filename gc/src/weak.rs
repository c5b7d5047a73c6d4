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
use crate::mark::{Scope, Tracer};
use crate::model::{Model, Visitor, WeakPart};
use rustc_hash::FxHashMap;

const END: u32 = u32::MAX;

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
    /// Unreached key to its first entry in `entries`.
    keys: FxHashMap<Obj, u32>,
    entries: Vec<Waiting>,
    /// Keys that were visited after all.
    woken: Vec<u32>,
}

impl<M: Model, S: Scope> Tracer<M, S> {
    /// Closes over strong references and ephemerons.
    pub fn converge(&mut self) {
        loop {
            self.drain_waking();
            if self.ephemerons.seen < self.ephemerons.owners.len() {
                let owner = self.ephemerons.owners[self.ephemerons.seen];
                self.ephemerons.seen += 1;
                // SAFETY: `owner` was visited in this collection, so it is alive; the program is stopped.
                unsafe { M::ephemerons(owner, &mut |key, value| self.entry(owner, key, value)) };
            } else if let Some(first) = self.ephemerons.woken.pop() {
                let mut at = first;
                while at != END {
                    let Waiting { owner, value, next } = self.ephemerons.entries[at as usize];
                    self.object(value);
                    self.scope.kept_weakly(owner, value);
                    at = next;
                }
            } else if self.grey.is_empty() {
                return;
            }
        }
    }

    fn drain_waking(&mut self) {
        if self.ephemerons.keys.is_empty() {
            return self.drain();
        }
        while let Some(obj) = self.grey.pop() {
            if let Some(first) = self.ephemerons.keys.remove(&obj) {
                self.ephemerons.woken.push(first);
            }
            self.visit(obj)
        }
    }

    fn entry(&mut self, owner: Obj, key: Obj, value: Obj) {
        if self.scope.reached(key) {
            self.object(value);
            self.scope.kept_weakly(owner, value);
        } else if self.scope.reached(value) {
            self.scope.kept_weakly(owner, value);
        } else {
            let e = &mut self.ephemerons;
            let at = e.entries.len() as u32;
            let next = e.keys.insert(key, at).unwrap_or(END);
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

    fn clear(&mut self, owner: Obj, part: WeakPart) {
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
