//! Decrements, and what follows when a count falls to zero.
//!
//! 1. A decrement that leaves a count of zero kills the object at once, in an
//!    epoch or between two, unless
//!    a. a root refers to it (SEEN): the next epoch looks at it again;
//!    b. it is registered with a finalizer, or something weak may refer to it:
//!    it goes into limbo. The program may find it again until the next epoch
//!    has counted what the program did.
//! 2. Killing an object queues its references for decrements of their own and
//!    frees its cell. No object is larger than a pause can bear (large tables
//!    are built of pieces), so an object dies in one step, however many follow it.
//! 3. In an epoch, after all increments, an object in limbo whose count is
//!    still zero and that no root refers to is dead. If a weak store may refer to it,
//!    it first has to vanish from those (`clearing.rs`). Then, with a finalizer, it
//!    becomes due, and a root; else it is killed.
//! 4. A decrement that does not leave zero may have cut a cycle off: the object
//!    becomes a candidate for trial deletion.

use super::backup::Stage;
use super::changes::references;
use super::clearing::AT_ONCE;
use super::weakly::still;
use super::{RefCount, has_weak};
use crate::core::Core;
use crate::header::{FINALIZABLE, LIMBO, Obj, PAYLOAD, WEAKLY};
use crate::mark::prefetch;
use crate::model::{Model, Roots};

/// Decrements between two looks at the clock.
const CLOCK: usize = 128;
/// Decrements done at least in one go while a backup waits for them.
const AWAITED: usize = 1024;
/// Blocks with new free cells between two looks at the clock.
const THINNED: usize = 64;
/// Objects in limbo between two looks at the clock.
const LIMBO_CLOCK: usize = 64;
/// Objects in limbo that are worth more of an epoch: only epochs decide on them, while
/// decrements and burials have slices, too.
const LONG_LIMBO: usize = 1 << 10;
/// Objects prefetched ahead of the one that is looked at.
pub(super) const AHEAD: usize = 16;

impl RefCount {
    /// Works off decrements until the thread's processor time is `deadline`, or
    /// all are done; whether they are.
    pub(super) fn decrement_until<M: Model>(&mut self, core: &mut Core, deadline: u64) -> bool {
        let mut some = if self.awaited.is_empty() {
            CLOCK
        } else {
            AWAITED
        };
        loop {
            for _ in 0..std::mem::replace(&mut some, CLOCK) {
                let next = self.awaited.pop().or_else(|| self.pending.pop());
                let Some(obj) = next else {
                    return true;
                };
                self.figures.decrements += 1;
                if obj.decrement() == 0 {
                    self.at_zero::<M>(core, obj)
                } else if core.options.cycles.tries() {
                    self.trial.candidate::<M>(obj)
                }
            }
            if core.clock.now() >= deadline {
                return self.decremented();
            }
        }
    }

    /// Whether no decrement is pending.
    pub(super) fn decremented(&self) -> bool {
        self.pending.is_empty() && self.awaited.is_empty() && self.clearing.is_buried()
    }

    /// A reference is gone that was counted.
    #[inline]
    pub(super) fn decrement_later<M: Model>(&mut self, core: &Core, obj: Obj) {
        match &self.backup {
            Some(backup) if backup.frees::<M>(&core.space.mem, obj) => {
                // Once the backup subtracts, its count does not matter any more.
                if backup.stage == Stage::Drain {
                    self.awaited.push(obj)
                }
            }
            _ => self.pending.push(obj),
        }
    }

    /// The count of an object is zero.
    pub(super) fn at_zero<M: Model>(&mut self, core: &mut Core, obj: Obj) {
        if core.space.mem.seen.test(obj.addr()) {
            return;
        }
        let flags = obj.flags();
        if flags & (FINALIZABLE | WEAKLY) == 0 {
            self.kill::<M>(core, obj)
        } else if flags & LIMBO == 0 {
            obj.set_flags(flags | LIMBO);
            self.limbo.push(obj)
        }
    }

    /// Frees an object that nothing refers to.
    pub(super) fn kill<M: Model>(&mut self, core: &mut Core, obj: Obj) {
        debug_assert!(
            obj.unlogged(),
            "an object dies whose references were not counted"
        );
        // SAFETY: its cell is intact, and so are those of what it refers to: they
        // are counted still.
        unsafe { references::<M>(obj, &mut self.children) };
        let mut children = std::mem::take(&mut self.children);
        for child in children.drain(..) {
            self.decrement_later::<M>(core, child)
        }
        // The next death uses its memory again.
        self.children = children;
        self.figures.freed_by_count += 1;
        if has_weak(obj) {
            self.weak.store_dies(obj)
        }
        if self.kept.open {
            return self.kept.keep(obj);
        }
        release::<M>(core, obj)
    }

    /// In an epoch, after all increments: decides on the objects in limbo, works
    /// off decrements, and again, for about `ns` nanoseconds.
    pub(super) fn settle_deaths<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        ns: u64,
    ) {
        let begin = core.clock.now();
        let deadline = begin.saturating_add(ns);
        // However many decrements there are, limbo has its share.
        let half = begin.saturating_add(ns / 2);
        let share = if self.limbo.len() > LONG_LIMBO {
            begin.saturating_add(ns - ns / 4)
        } else {
            half
        };
        let mut due = Vec::new();
        let mut later = Vec::new();
        let few = self.weak.slots() <= AT_ONCE && !self.slowly;
        let at_once = !M::FILTERS_WEAK || ns == u64::MAX || few;
        self.end_waiting();
        self.advance_round::<M>(core, false);
        loop {
            while !self.limbo.is_empty() {
                for _ in 0..LIMBO_CLOCK {
                    let Some(obj) = self.limbo.pop() else { break };
                    if let Some(at) = self.limbo.len().checked_sub(AHEAD) {
                        prefetch(self.limbo[at])
                    }
                    if !self.leave_limbo::<M, R>(core, roots, obj, &mut due) {
                        later.push(obj)
                    }
                }
                if core.clock.now() >= share {
                    break;
                }
            }
            if at_once {
                self.advance_round::<M>(core, true)
            }
            self.bury::<M, R>(core, roots, half);
            self.deliver_doomed(core, &mut due, half);
            let all = self.decrement_until::<M>(core, deadline);
            if !all || self.limbo.is_empty() || core.clock.now() >= deadline {
                break;
            }
        }
        self.limbo.append(&mut later);
        core.finalizers.queue(due);
    }

    /// Decides on an object in limbo; false: it stays there.
    fn leave_limbo<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        obj: Obj,
        due: &mut Vec<(u64, Obj)>,
    ) -> bool {
        let mem = core.space.mem;
        // An old entry may be of an object at the same address that was entered again.
        if !still(&core.space, obj, LIMBO) || obj.is_doomed() {
            return true;
        }
        let flags = obj.flags() & !LIMBO;
        // A verdict's search finds it.
        if flags & FINALIZABLE != 0 && core.verdict {
            return false;
        }
        obj.set_flags(flags);
        if let Some(backup) = &self.backup
            && backup.condemns::<M>(&mem, obj)
        {
            return true;
        }
        if obj.count() != 0 || mem.seen.test(obj.addr()) {
            return true;
        }
        // SAFETY: it has not been freed.
        if flags & WEAKLY != 0 && unsafe { M::may_be_stored_weakly(obj) } {
            self.doom::<M>(core, obj)
        } else if flags & FINALIZABLE == 0 {
            if flags & WEAKLY != 0 {
                roots.forget(obj);
            }
            self.kill::<M>(core, obj)
        } else {
            self.make_due(core, obj, due)
        }
        true
    }

    /// An object's finalizer is to run: it is a root until the queue counts it.
    pub(super) fn make_due(&mut self, core: &mut Core, obj: Obj, due: &mut Vec<(u64, Obj)>) {
        due.extend(core.finalizers.take(obj));
        core.space.mem.seen.set(obj.addr());
        self.roots.push(obj);
    }
}

/// Lets the allocator have the cells of dead objects, until `deadline`; the next stop goes on.
pub(super) fn file_thinned(core: &mut Core, deadline: u64) {
    while !core.space.file_thinned(THINNED) && core.clock.now() < deadline {}
}

/// Gives the cell of a dead object back, and what it owns outside of the heap.
pub(super) fn release<M: Model>(core: &mut Core, obj: Obj) {
    drop_payload::<M>(core, obj);
    // Lists that still have the object must not take it for what it was.
    obj.set_flags(0);
    if let Some(late) = core.resurrecting {
        // Nor must the filter, for what comes to be in its cell.
        late.clear(obj.addr())
    }
    core.space.free_one(obj)
}

/// Drops what a dead object owns outside of the heap.
pub(super) fn drop_payload<M: Model>(core: &mut Core, obj: Obj) {
    if obj.flags() & PAYLOAD != 0 {
        core.drops.forget(obj);
        // SAFETY: dead, registered with something to drop and not dropped before; its cell is intact.
        let freed = unsafe { M::drop_payload(obj) };
        core.space.external(-(freed as isize));
    }
}
