//! The end of marking, in gc-arena's finalize phase: weak references and
//! finalizers, in Lua's order (`weak.rs`), and whatever outside of the heap
//! knows of the dead.
//!
//! `is_dead` tells what was not reached, `resurrect` makes it grey, and
//! `finish_marking` lets gc-arena mark on from there. The common code of all collectors decides; it sees gc-arena's
//! verdict through a [`Scope`].

use super::Incremental;
use super::cell::pointer;
use super::hook::Reporting;
use crate::core::Core;
use crate::header::Obj;
use crate::mark::{GreyQueue, Scope, Tracer};
use crate::model::{Model, Roots};
use crate::stats::Phase;
use crate::stats::pause::Pause;
use gc_arena::{Finalization, Gc};

/// What gc-arena has reached.
pub(super) struct Verdict<'gc> {
    finalization: &'gc Finalization<'gc>,
}

impl Scope for Verdict<'_> {
    /// Lets gc-arena visit the object, so it is never the caller's to visit.
    fn claim(&mut self, obj: Obj) -> bool {
        // SAFETY: what a live or resurrected object refers to is not freed before the sweep.
        let gc = unsafe { pointer(obj) };
        if Gc::is_dead(self.finalization, gc) {
            Gc::resurrect(self.finalization, gc)
        }
        false
    }
    fn reached(&self, obj: Obj) -> bool {
        // SAFETY: as in `claim`; lists of objects forget the dead in each cycle.
        !Gc::is_dead(self.finalization, unsafe { pointer(obj) })
    }
    fn before(&mut self, _obj: Obj) {}
    fn after(&mut self, _obj: Obj) {}
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

impl Incremental {
    /// Lets gc-arena mark until nothing is grey.
    fn mark_all(&mut self) {
        // SAFETY: the books outlive the guard.
        let _reporting = unsafe { Reporting::to(&self.cycle) };
        self.arena.finish_marking();
    }

    /// Lets gc-arena mark to the end, then shows its verdict to `f`.
    ///
    /// The roots must be lent, and no sweep be under way.
    fn examine<M: Model, T>(&mut self, f: impl FnOnce(&mut Tracer<M, Verdict>) -> T) -> T {
        self.mark_all();
        let cycle = &self.cycle;
        let marked = self.arena.finish_marking();
        let marked = marked.expect("marking ends unless a sweep is under way");
        marked.finalize(|finalization, _| {
            let mut tracer = Tracer::new(Verdict { finalization }, GreyQueue::new());
            cycle.borrow_mut().swap(&mut tracer);
            let result = f(&mut tracer);
            cycle.borrow_mut().swap(&mut tracer);
            result
        })
    }

    /// Looks into ephemerons, once nothing is grey: marks the values whose keys
    /// were reached, the others wait for a visit of their key.
    fn look_into_ephemerons<M: Model>(&mut self) {
        let cycle = &self.cycle;
        let marked = self.arena.finish_marking();
        let marked = marked.expect("marking ends unless a sweep is under way");
        marked.finalize(|finalization, _| {
            let mut verdict = Verdict { finalization };
            let mut cycle = cycle.borrow_mut();
            while let Some(owner) = cycle.next_unseen() {
                let mut entry = |key, value| {
                    if verdict.reached(key) {
                        verdict.claim(value);
                    } else if !verdict.reached(value) {
                        cycle.waiting.add(key, value)
                    }
                };
                // SAFETY: `owner` was traced in this cycle, so it is alive; the program is stopped.
                unsafe { M::ephemerons(owner, &mut entry) };
            }
        })
    }

    /// Closes over references and ephemerons.
    fn converge<M: Model>(&mut self) {
        loop {
            self.mark_all();
            if !self.cycle.borrow().all_seen() {
                self.look_into_ephemerons::<M>();
                continue;
            }
            // Keys without references are not visited.
            let cycle = &self.cycle;
            let marked = self.arena.finish_marking();
            let marked = marked.expect("marking ends unless a sweep is under way");
            let more = marked.finalize(|finalization, _| {
                let reached = |o: Obj| Verdict { finalization }.reached(o);
                let mut waiting = std::mem::take(&mut cycle.borrow_mut().waiting);
                let more = waiting.take_reached(reached, |value| {
                    Verdict { finalization }.claim(value);
                });
                cycle.borrow_mut().waiting = waiting;
                more
            });
            if !more {
                return;
            }
        }
    }

    /// Marks to the end, decides on all that is weak, and begins the sweep.
    pub(super) fn settle<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: *mut R,
        pause: &mut Pause,
    ) {
        let finalizers = &mut core.finalizers;
        self.examine::<M, _>(|tracer| finalizers.mark_pending(tracer, true));
        self.converge::<M>();
        let cleared = self.examine::<M, _>(|tracer| {
            pause.phase(Phase::Mark);
            tracer.clear_weak_values(0);
            finalizers.resurrect(tracer, true);
            tracer.weak.len()
        });
        self.converge::<M>();
        self.examine::<M, _>(|tracer| {
            tracer.clear_weak_values(cleared);
            tracer.clear_weak_keys();
        });
        pause.phase(Phase::Weak);
        self.examine::<M, _>(|tracer| {
            let live = |o: Obj| tracer.scope.reached(o);
            // SAFETY: the caller lends the roots; gc-arena does not look at them meanwhile.
            unsafe { &mut *roots }.prune(&live, true)
        });
        core.finalizers.promote(|_| true);
        self.cycle.get_mut().forget();
        pause.phase(Phase::Prune);
        self.begin_sweep();
    }
}
