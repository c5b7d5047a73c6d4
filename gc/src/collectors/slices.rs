//! Marking the whole heap in slices at the program's safepoints, between the
//! minors of `generational`.
//!
//! 1. *Snapshot* (stopped): the rest of the last sweep, a minor that promotes
//!    everything, and the roots' referents become grey. MARK was clear
//!    everywhere; from now on it says what this cycle has reached.
//! 2. *Slices* (stopped, bounded): grey objects are visited until a budget of
//!    slots or of time is used up. Only OLD cells take part: to a slice a young
//!    cell does not exist.
//! 3. *Minors* go on meanwhile, and are all that keeps the marking right. A
//!    cell that a minor promotes is born black: it gets MARK, and the minor
//!    itself visits it. While a minor visits an object that has MARK (promoted
//!    just now, or from the log), and while it scans the roots, each old
//!    referent without MARK becomes grey.
//! 4. *Final mark* (stopped): once nothing is grey, the next minor promotes
//!    everything, as all do while marking, and what it made grey is visited. If
//!    that is more than a bounded amount, marking goes on and step 4 is tried
//!    again; else all that is reachable has MARK, and weak references,
//!    ephemerons and finalizers are settled as by a full collection.
//! 5. *Sweep* (lazy): OLD becomes MARK, block by block.
//!
//! **Why this is enough.** Say that a reference is *settled* when its holder
//! has no MARK or its target has. Claim: after the minor and the closure of
//! step 4 every strong reference is settled, and all roots' referents have
//! MARK. Take a holder A with MARK that refers to B.
//! - A was promoted while marking: the minor that promoted it visited A, and
//!   everything A referred to then got MARK (an old one became grey; a young
//!   one was promoted by the same minor).
//! - A was old at the snapshot: a slice, or step 4, visited it after it got
//!   MARK, and everything old it referred to then got MARK. Young ones: A is in
//!   the log, or they are remembered, by the generational invariant; the next
//!   minor promotes them, with MARK.
//! - The reference came later: A, old by then, went through the barrier. Either
//!   A was logged, and the next minor visited it whole, as above; or A is a
//!   large cell, and `store` made the new referent grey (old) or remembered it
//!   (young). Then A is UNLOGGED again and the argument repeats.
//!
//! The last minor comes after the last store, so nothing is left out; and
//! nothing is said about *where from* the program had B: a reference read out of
//! a weak table, an interned string found again or a finalizer's object are
//! settled like any other, with no read barrier. Stacks of coroutines are
//! objects that are logged when they run. The one promise asked of a model
//! beyond the generational barrier's: what is weak does not become strong
//! without a store, unless the holder is logged (`Model::trace`).
//!
//! **Why it ends.** Each old cell is made grey at most once a cycle and
//! promoted cells never, so slices visit at most what was old at the snapshot;
//! a final mark that fails has made some of it grey.
//!
//! **What is freed.** All that was unreachable at the snapshot, and not revived
//! through a weak reference: it never gets MARK, as marks come only from roots
//! and from marked holders. (A logged holder without MARK is visited by minors
//! for its young referents, but makes nothing grey.)
//!
//! This is the incremental-update invariant, not the snapshot's: what the
//! program overwrites need not be captured, so the barrier costs no more than
//! between cycles, and less garbage survives. The price, scanning again what
//! changed, is paid by the minors anyway.

use crate::core::Core;
use crate::header::Obj;
use crate::heap::block::young;
use crate::heap::memory::Memory;
use crate::mark::{GreyQueue, Scope, Tracer};
use crate::model::Model;
use crate::stats::pause::thread_cpu_ns;
use crate::weak::Ephemerons;
use std::sync::atomic::Ordering::Relaxed;

/// Slots visited between two looks at the clock.
const CLOCK: usize = 4096;

/// The marking in progress.
pub(crate) struct Marking {
    /// Old objects with MARK that wait for a visit.
    pub grey: GreyQueue,
    /// Marked objects with weak references.
    pub weak: Vec<Obj>,
    /// Marked objects with ephemerons.
    pub owners: Vec<Obj>,
    /// Slots visited so far.
    pub done: usize,
    /// Slots that there are to visit, roughly.
    pub estimate: usize,
    /// Bytes in use at the snapshot.
    pub start: usize,
}

impl Marking {
    /// A marking that begins now.
    pub fn new(used: usize) -> Marking {
        Marking {
            grey: GreyQueue::new(),
            weak: Vec::new(),
            owners: Vec::new(),
            done: 0,
            estimate: used / 8,
            start: used,
        }
    }
    /// A marked holder has a new referent: grey if old and not marked.
    #[inline]
    pub fn grey(&mut self, mem: &Memory, obj: Obj) {
        if mem.old.test(obj.addr()) && mem.mark.claim(obj.addr()) {
            self.grey.push(obj)
        }
    }
    /// Notes objects with weak references that a minor visited.
    pub fn note(&mut self, mem: &Memory, weak: &[Obj], owners: &[Obj]) {
        let marked = |o: &&Obj| mem.mark.test(o.addr());
        self.weak.extend(weak.iter().filter(marked));
        self.owners.extend(owners.iter().filter(marked));
    }
    /// Takes what was gathered into a tracer for the final mark, or a slice.
    pub fn lend<M: Model, S: Scope>(&mut self, scope: S) -> Tracer<M, S> {
        let mut tracer = Tracer::new(scope, GreyQueue::new());
        std::mem::swap(&mut tracer.grey, &mut self.grey);
        std::mem::swap(&mut tracer.weak, &mut self.weak);
        std::mem::swap(&mut tracer.ephemerons.owners, &mut self.owners);
        tracer
    }
    /// Takes it back.
    pub fn regain<M: Model, S: Scope>(&mut self, tracer: Tracer<M, S>) {
        let Tracer {
            grey,
            weak,
            ephemerons: Ephemerons { owners, .. },
            work,
            ..
        } = tracer;
        self.grey = grey;
        self.weak = weak;
        self.owners = owners;
        self.done += work;
    }
}

/// Old objects; MARK says which were reached.
pub(crate) struct SliceScope {
    pub mem: Memory,
}

impl Scope for SliceScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        if self.mem.young(addr).load(Relaxed) != young::NO && !self.mem.old.test(addr) {
            return false;
        }
        self.mem.mark.claim(addr)
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.mem.mark.test(obj.addr())
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

impl<M: Model, S: Scope> Tracer<M, S> {
    /// Visits until `slots` were visited or `ns` nanoseconds of processor time
    /// used up; whether nothing is grey. Ephemerons are not looked into.
    pub fn drain_some(&mut self, slots: usize, ns: u64) -> bool {
        let end = self.work.saturating_add(slots);
        let deadline = thread_cpu_ns().saturating_add(ns);
        let mut clock = self.work + CLOCK;
        while let Some(obj) = self.grey.pop() {
            self.visit(obj);
            if self.work >= end {
                break;
            }
            if self.work >= clock {
                clock = self.work + CLOCK;
                if thread_cpu_ns() >= deadline {
                    break;
                }
            }
        }
        self.grey.is_empty()
    }
}

impl Core {
    /// Gives the marking in progress up, if there is one: MARK is clear again.
    pub fn abandon_marking(&mut self) {
        if self.marking.take().is_some() {
            self.space.clear_marks()
        }
    }
}
