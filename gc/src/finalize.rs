//! Objects with finalizers, and objects with something to drop.
//!
//! Both registers are split into young and old entries, so that a minor looks
//! only at what was registered since the last one. A registered object that a
//! collection did not reach is resurrected: it moves to the queue of
//! `next_finalizable`, in reverse order of registration, and everything it
//! refers to stays alive with it.

use crate::header::{FINALIZABLE, Obj};
use crate::mark::{Scope, Tracer};
use crate::model::{Model, Visitor};
use std::collections::VecDeque;

/// The registers and the queue.
#[derive(Default)]
pub struct Finalizers {
    /// With the number of registration; registered since the last collection, or young still.
    young: Vec<(u64, Obj)>,
    /// Known to be old.
    old: Vec<(u64, Obj)>,
    registered: u64,
    pending: VecDeque<Obj>,
    /// So many at the queue's front are known to be old: no roots of a minor.
    pending_old: usize,
}

impl Finalizers {
    /// Registers an object; a second registration changes nothing.
    pub fn register(&mut self, obj: Obj) {
        if obj.flags() & FINALIZABLE == 0 {
            obj.set_flags(obj.flags() | FINALIZABLE);
            self.young.push((self.registered, obj));
            self.registered += 1;
        }
    }
    /// Hands out the next object that is due.
    pub fn next(&mut self) -> Option<Obj> {
        let obj = self.pending.pop_front()?;
        self.pending_old = self.pending_old.saturating_sub(1);
        obj.set_flags(obj.flags() & !FINALIZABLE);
        Some(obj)
    }
    /// Number of objects that are due.
    pub fn due(&self) -> usize {
        self.pending.len()
    }
    /// Registered and due objects, for the verifier.
    pub fn all(&self) -> impl Iterator<Item = Obj> {
        self.pending
            .iter()
            .copied()
            .chain(self.young.iter().chain(&self.old).map(|e| e.1))
    }
    /// Makes every registered object due.
    pub fn finalize_all(&mut self) {
        let mut all = std::mem::take(&mut self.old);
        all.append(&mut self.young);
        self.queue(all);
    }
    fn queue(&mut self, mut due: Vec<(u64, Obj)>) {
        due.sort_unstable_by_key(|&(number, _)| std::cmp::Reverse(number));
        self.pending.extend(due.into_iter().map(|(_, obj)| obj));
    }
    /// Claims the objects that are due: they stay alive until handed out.
    pub fn mark_pending<M: Model, S: Scope>(&self, tracer: &mut Tracer<M, S>, full: bool) {
        let from = if full { 0 } else { self.pending_old };
        for &obj in self.pending.range(from..) {
            tracer.object(obj)
        }
    }
    /// Resurrects the registered objects that were not reached; whether there were any.
    pub fn resurrect<M: Model, S: Scope>(&mut self, tracer: &mut Tracer<M, S>, full: bool) -> bool {
        let scope = &tracer.scope;
        let mut due: Vec<_> = self.young.extract_if(.., |e| !scope.reached(e.1)).collect();
        if full {
            due.extend(self.old.extract_if(.., |e| !scope.reached(e.1)));
        }
        if due.is_empty() {
            return false;
        }
        for &(_, obj) in &due {
            tracer.object(obj)
        }
        self.queue(due);
        true
    }
    /// After a collection: moves the entries that are old now to the old ones.
    pub fn promote(&mut self, is_old: impl Fn(Obj) -> bool) {
        self.old.extend(self.young.extract_if(.., |e| is_old(e.1)));
        while self
            .pending
            .get(self.pending_old)
            .is_some_and(|&o| is_old(o))
        {
            self.pending_old += 1;
        }
    }
}

/// Objects whose payload is dropped when they die.
#[derive(Default)]
pub struct Drops {
    young: Vec<Obj>,
    old: Vec<Obj>,
}

impl Drops {
    /// Registers an object.
    pub fn register(&mut self, obj: Obj) {
        self.young.push(obj)
    }
    /// Drops the payloads of the registered objects that were not reached.
    /// Returns the bytes outside of the heap that were freed.
    pub fn drop_dead<M: Model>(&mut self, reached: impl Fn(Obj) -> bool, full: bool) -> usize {
        let mut bytes = 0;
        let mut sweep = |list: &mut Vec<Obj>| {
            for obj in list.extract_if(.., |&mut o| !reached(o)) {
                // SAFETY: not reached, so dead; its cell is freed after this.
                bytes += unsafe { M::drop_payload(obj) }
            }
        };
        sweep(&mut self.young);
        if full {
            sweep(&mut self.old);
        }
        bytes
    }
    /// After a collection: moves the entries that are old now to the old ones.
    pub fn promote(&mut self, is_old: impl Fn(Obj) -> bool) {
        self.old.extend(self.young.extract_if(.., |o| is_old(*o)));
    }
    /// Drops all payloads: the heap is being dropped.
    pub fn drop_all<M: Model>(&mut self) {
        self.drop_dead::<M>(|_| false, true);
    }
}
