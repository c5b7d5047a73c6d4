//! What follows when a backup has marked everything: weak references and
//! finalizers of what it did not reach, in slices between which the program runs
//! under the weak filter (`Heap::condemned`).
//!
//! 1. *Values*: weak values that lead to the condemned are cleared.
//! 2. *Finalizers*: condemned objects that are registered are searched for, then
//!    claimed: the queue of those due holds a count of each.
//! 3. *Resurrect*: what they lead to gets MARK, as in step 2 of a backup, with an
//!    epoch at the end: the program may have got hold of some of it through a weak
//!    key before, and what it has stored since is found by that epoch. Until that has found
//!    all, what is resurrected counts as condemned still (LATE): the program never sees a
//!    part of it.
//! 4. *Keys*: weak keys that lead to what is condemned still, and weak values of
//!    what 3 reached.
//! 5. *Deliver* (in an epoch): what was found becomes due.
//!
//! In a weak store that is armed, a counted reference that goes with an entry
//! has its decrement after the next epoch's increments; one that is logged will be
//! counted anew anyway.

use super::backup::{Backup, Stage};
use super::weakly::clear;
use super::{RefCount, has_weak};
use crate::core::Core;
use crate::header::Obj;
use crate::heap::memory::Memory;
use crate::mark::{Budget, Scope};
use crate::model::{Model, WeakPart};
use crate::weak::Ephemerons;

/// Bytes of a store that count for one slot: it is looked at more than once.
const WORD: usize = 4;
/// What claiming a piece of the search, or of the queue, counts for, in slots.
pub(super) const PIECE: usize = 2048;

impl Backup {
    /// Takes a step of the stages above; whether there is more to do now.
    pub(super) fn judge<M: Model>(
        &mut self,
        this: &mut RefCount,
        core: &mut Core,
        budget: &mut Budget,
    ) -> bool {
        let mem = core.space.mem;
        match self.stage {
            Stage::Values => {
                if self.clear_weak::<M>(this, core, false, budget) {
                    self.stage = Stage::Finalizers
                }
            }
            Stage::Finalizers => {
                let search = self.search.get_or_insert_with(|| core.finalizers.search());
                if search.step(|o| mem.is_live(o), budget) {
                    core.resurrecting = Some(mem.late);
                    self.stage = Stage::Claim
                }
            }
            Stage::Claim => {
                self.claim::<M>(mem, budget);
                self.closed = false
            }
            Stage::Keys => {
                if self.clear_weak::<M>(this, core, true, budget) {
                    self.stage = Stage::Deliver
                }
            }
            _ => return false,
        }
        true
    }

    fn claim<M: Model>(&mut self, mem: Memory, budget: &mut Budget) {
        let search = self.search.take();
        let mut tracer = self.lend::<M>(mem);
        while !budget.is_spent() {
            let Some(piece) = search.as_ref().and_then(|s| s.piece(self.claimed)) else {
                self.stage = Stage::Resurrect;
                break;
            };
            for obj in piece {
                obj.increment();
                if tracer.scope.claim(obj) {
                    tracer.grey.push(obj)
                }
            }
            self.claimed += 1;
            budget.spend(PIECE);
        }
        self.regain(tracer);
        self.search = search;
    }

    /// Step 1: values of the stores known so far. Step 4: keys of all, and values of
    /// those that came to be known since. Whether all was looked at.
    fn clear_weak<M: Model>(
        &mut self,
        this: &mut RefCount,
        core: &Core,
        keys: bool,
        budget: &mut Budget,
    ) -> bool {
        let mem = &core.space.mem;
        let mut lost = Vec::new();
        let mut part = |store: Obj, part| {
            if !is_store(mem, store) {
                return;
            }
            let before = lost.len();
            // SAFETY: a live object; the program is stopped.
            unsafe { clear::<M>(store, part, &|o| mem.is_live(o), true, &mut lost) };
            if part == WeakPart::Values && lost.len() != before {
                // The key of an entry that lost its value may be referred to weakly from now on.
                this.weak.enter::<M>(mem, store)
            }
        };
        if !keys {
            while !budget.is_spent()
                && let Some(&store) = self.weak.get(self.values_at)
            {
                self.values_at += 1;
                part(store, WeakPart::Values);
                budget.spend(mem.size_of(store) / WORD);
            }
        } else {
            while !budget.is_spent()
                && let Some(&store) = self.weak.get(self.keys_at)
            {
                if self.keys_at >= self.values_at {
                    part(store, WeakPart::Values);
                }
                part(store, WeakPart::Keys);
                self.keys_at += 1;
                budget.spend(mem.size_of(store) / WORD);
            }
            while !budget.is_spent()
                && let Some(&store) = self.ephemerons.owners.get(self.owners_at)
            {
                self.owners_at += 1;
                part(store, WeakPart::Keys);
                budget.spend(mem.size_of(store) / WORD);
            }
        }
        // Not pending: its increment may be yet to come, in the next epoch.
        this.changes.now.lost.append(&mut lost);
        if keys {
            self.keys_at == self.weak.len() && self.owners_at == self.ephemerons.owners.len()
        } else {
            self.values_at == self.weak.len()
        }
    }

    /// Step 5: the verdict is carried out.
    pub(super) fn deliver<M: Model>(&mut self, this: &mut RefCount, core: &mut Core) {
        // What an epoch has found since.
        self.clear_weak::<M>(this, core, true, &mut Budget::unlimited());
        if let Some(search) = self.search.take() {
            // The queue is taken to hold a count of all that is in it: it does, for the
            // epoch that this is part of has found the rest.
            core.finalizers.deliver(search)
        }
        self.weak = Vec::new();
        self.ephemerons = Ephemerons::default();
        core.verdict = false;
        self.stage = Stage::Drain
    }

    /// The verdict is not carried out: what was found stays registered.
    pub(super) fn give_up<M: Model>(&mut self, this: &mut RefCount, core: &mut Core) {
        if self.stage == Stage::Values {
            self.clear_weak::<M>(this, core, false, &mut Budget::unlimited());
        }
        for obj in self.claimed() {
            if obj.decrement() == 0 {
                this.at_zero::<M>(core, obj)
            }
        }
        if let Some(search) = self.search.take() {
            core.finalizers.give_up(search)
        }
        (core.verdict, core.resurrecting) = (false, None)
    }

    /// Objects claimed for the queue that are not in it yet.
    pub(super) fn claimed(&self) -> impl Iterator<Item = Obj> {
        let pieces = (0..self.claimed).filter_map(|at| self.search.as_ref()?.piece(at));
        pieces.flatten()
    }
}

/// Whether a store found in a list is one still.
fn is_store(mem: &Memory, store: Obj) -> bool {
    mem.mark.test(store.addr()) && has_weak(store)
}
