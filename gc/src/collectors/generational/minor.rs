//! Minor collections, and what they do for a cycle in progress.
//!
//! a. End the allocator's runs.
//! b. Claim what was remembered, then what the roots refer to; visit every logged object.
//! c. Visit young objects only: a cell with OLD is alive by definition.
//! d. Settle weak references, ephemerons, finalizers among the young.
//! e. Sweep the nursery's blocks: ALLOC becomes OLD (or SEEN), and a bounded
//!    number of blocks left unswept by the last full collection.
//!
//! A survivor gets OLD and UNLOGGED in place. In a block acquired late in
//! the nursery (`young::AGED`) it gets SEEN instead and stays young for one
//! more minor, so that what was just being used is not taken for long-lived;
//! an old object that refers to such a survivor stays in the log. What was remembered
//! instead of its owner does not stay young.
//!
//! During a cycle (`MARKING`) nothing stays young; a survivor gets MARK before
//! OLD; and while the roots or an object with MARK are visited, each old
//! referent without MARK becomes grey. Helpers may be marking meanwhile: MARK
//! is written with atomic operations, OLD is published (`heap/marks.rs`). `cycle.rs` has the argument.

use super::Generational;
use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::heap::block::young;
use crate::heap::memory::Memory;
use crate::log::Log;
use crate::mark::{GreyQueue, Scope};
use crate::model::{Life, Model, Roots};
use crate::pacer;
use crate::stats::Phase;
use crate::stats::pause::Pause;
use std::sync::atomic::Ordering::Relaxed;

/// Young objects; OLD says which were reached, and SEEN which of them stay young.
struct MinorScope<const MARKING: bool> {
    mem: Memory,
    /// What is being visited has MARK or is a root: its old referents are made grey.
    greying: bool,
    /// The grey objects of the cycle.
    grey: GreyQueue,
    /// The object being visited refers to one that stays young.
    young_ref: bool,
    /// Old objects that refer to young ones: the next minor's log.
    log: Log,
}

impl<const MARKING: bool> MinorScope<MARKING> {
    /// Claims in a block that has young cells; the cold half of `claim`.
    #[inline(always)]
    fn claim_young(&mut self, addr: usize, state: u8) -> bool {
        if MARKING {
            self.mem.marks().promote(addr)
        } else if state == young::NURSERY {
            self.mem.old.claim(addr)
        } else if self.mem.old.test(addr) {
            false
        } else {
            self.young_ref = true;
            self.mem.seen.claim(addr)
        }
    }
    /// Claims a remembered object, whose owner will not be looked at again: it does not stay
    /// young. False: it was claimed before.
    fn promote(&mut self, obj: Obj) -> bool {
        if MARKING {
            self.mem.marks().promote(obj.addr())
        } else {
            self.mem.old.claim(obj.addr())
        }
    }
    /// Whether `obj`, alive, is young after this minor.
    #[inline(always)]
    fn stays_young(&self, obj: Obj) -> bool {
        let addr = obj.addr();
        !MARKING && self.mem.young(addr).load(Relaxed) == young::AGED && !self.mem.old.test(addr)
    }
}

impl<const MARKING: bool> Scope for MinorScope<MARKING> {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        let claimed = match self.mem.young(addr).load(Relaxed) {
            young::NO => false,
            state => self.claim_young(addr, state),
        };
        // What was just claimed has MARK, so only old objects get here.
        if MARKING && self.greying && !claimed && self.mem.marks().claim_old(addr) {
            self.grey.push(obj)
        }
        claimed
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        let addr = obj.addr();
        match self.mem.young(addr).load(Relaxed) {
            young::NO => true,
            young::AGED if !MARKING => self.mem.old.test(addr) || self.mem.seen.test(addr),
            _ => self.mem.old.test(addr),
        }
    }
    #[inline(always)]
    fn before(&mut self, obj: Obj) {
        self.young_ref = false;
        if MARKING {
            self.greying = self.mem.marks().visited_by_markers(obj.addr())
        }
    }
    #[inline(always)]
    fn after(&mut self, obj: Obj) {
        if MARKING {
            self.greying = false
        }
        if self.young_ref {
            if !self.stays_young(obj) {
                self.log.push(obj, self.mem.size_of(obj))
            }
        } else if !self.stays_young(obj) {
            obj.set_flags(obj.flags() | UNLOGGED)
        }
    }
    const ASKS_WHO_KEEPS: bool = true;
    fn kept_weakly(&mut self, owner: Obj, target: Obj) {
        if owner.unlogged() && self.stays_young(target) {
            self.log.push(owner, self.mem.size_of(owner))
        }
    }
}

impl Generational {
    /// A minor without its frame. `MARKING` says whether a cycle is in progress.
    pub(super) fn collect_nursery<M: Model, R: Roots, const MARKING: bool>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        pause: &mut Pause,
    ) {
        core.prepare(pause);
        core.stats.count_log(core.log.len());
        let targets = core.log.take_targets();
        let logged = core.log.take();
        if MARKING {
            core.space.end_aging();
        }
        pause.phase(Phase::Prepare);

        let mem = core.space.mem;
        let mut scope = MinorScope::<MARKING> {
            mem,
            greying: false,
            grey: GreyQueue::new(),
            young_ref: false,
            log: Log::default(),
        };
        if let Some(cycle) = core.cycle.as_mut().filter(|_| MARKING) {
            std::mem::swap(&mut scope.grey, &mut cycle.grey);
        }
        let mut tracer = core.tracer::<M, _>(scope);
        // First: one that something else had found, and let stay young, would be visited twice.
        for &obj in &targets {
            if tracer.scope.promote(obj) {
                tracer.grey.push(obj)
            }
        }
        pause.phase(Phase::Log);
        tracer.scope.greying = true;
        tracer.mark_roots(roots);
        tracer.scope.greying = false;
        pause.phase(Phase::Roots);
        for &obj in &logged {
            tracer.grey.push(obj)
        }
        pause.phase(Phase::Log);
        core.settle(&mut tracer, false, pause);
        if let Some(cycle) = core.cycle.as_mut().filter(|_| MARKING) {
            cycle.note(&mem, &tracer.weak, &tracer.ephemerons.owners);
            std::mem::swap(&mut tracer.scope.grey, &mut cycle.grey);
        }
        let scope = core.retire(tracer);

        let reached = |o: Obj| scope.reached(o);
        let is_old = |o: Obj| !scope.stays_young(o);
        roots.prune_young(&|o| match (scope.reached(o), scope.stays_young(o)) {
            (false, _) => Life::Dead,
            (true, true) => Life::Young,
            (true, false) => Life::Old,
        });
        let freed = core.drops.drop_dead::<M>(reached, false);
        core.space.external(-(freed as isize));
        core.finalizers.promote(is_old);
        core.drops.promote(is_old);
        core.log.replace(scope.log, logged, targets);
        pause.phase(Phase::Prune);

        core.space.sweep_nursery();
        core.space
            .sweep_some(pacer::sweep_quota(core.space.blocks_in_use()));
        pause.phase(Phase::Sweep);
    }
}
