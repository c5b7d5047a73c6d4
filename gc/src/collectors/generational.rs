//! `generational`: sticky-bit generations in a heap where nothing moves.
//!
//! 1. *Minor* (program stopped), when the nursery is used up or the log long:
//!    a. end the allocator's runs;
//!    b. claim what the roots refer to; visit every logged object;
//!    c. visit young objects only: a cell with OLD is alive by definition;
//!    d. settle weak references, ephemerons, finalizers among the young;
//!    e. sweep the nursery's blocks: ALLOC becomes OLD (or SEEN), and a bounded
//!    number of blocks left unswept by the last full collection.
//!
//!    A survivor gets OLD and UNLOGGED in place. In a block acquired late in
//!    the nursery (`young::AGED`) it gets SEEN instead and stays young for one
//!    more minor, so that what was just being used is not taken for long-lived;
//!    an old object that refers to such a survivor stays in the log.
//! 2. *Full* (program stopped), when the heap has grown: `full.rs`; afterwards
//!    everything is OLD and UNLOGGED.
//!
//! Barrier: UNLOGGED is set on old objects only. `log` clears it and remembers
//! the object for the next minor. Of a large cell (a chunk of an array, a segment
//! of a hash) the bit stays set, and what is remembered is each young object
//! stored into it.
//!
//! Invariants, checked by the verifier before each minor: an old object that
//! refers to a young one is in the log, or the young one is remembered; an old object without UNLOGGED is in
//! the log; young cells lie only in blocks of the nursery, or are large and on
//! the list of young large objects.
//!
//! A minor's work is bounded by nursery, log, roots and survivors; it never
//! depends on the heap's size.

use crate::collector::{Collector, GcKind};
use crate::collectors::full;
use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::heap::alloc::POLL_WORK;
use crate::heap::block::young;
use crate::heap::memory::Memory;
use crate::log::Log;
use crate::mark::Scope;
use crate::model::{Life, Model, Roots, Visitor};
use crate::options::Options;
use crate::pacer;
use crate::slot::referent;
use crate::stats::{Cause, PauseKind, Phase};
use crate::verify;
use std::sync::atomic::Ordering::Relaxed;

/// Blocks given back to the system in one minor, at most.
const RELEASE: usize = 8;
/// In stress mode every so many collections one is full.
const STRESS_FULL: u32 = 8;

/// Of a cell larger than this, in bytes, the log remembers the young objects
/// stored into it instead of the cell: visiting it again would cost more.
const LARGE_OWNER: usize = 256;

/// The generational collector.
pub(crate) struct Generational {
    /// Current size of the nursery.
    nursery: usize,
    /// What was in use after the last collection.
    old: usize,
    /// Collections so far in stress mode.
    turn: u32,
}

/// Young objects; OLD says which were reached, and SEEN which of them stay young.
struct MinorScope {
    mem: Memory,
    /// The object being visited refers to one that stays young.
    young_ref: bool,
    /// Old objects that refer to young ones: the next minor's log.
    log: Log,
}

impl MinorScope {
    /// Claims in a block that has young cells; the cold half of `claim`.
    #[inline(always)]
    fn claim_young(&mut self, addr: usize, state: u8) -> bool {
        if state == young::NURSERY {
            self.mem.old.claim(addr)
        } else if self.mem.old.test(addr) {
            false
        } else {
            self.young_ref = true;
            self.mem.seen.claim(addr)
        }
    }
    /// Whether `obj`, alive, is young after this minor.
    #[inline(always)]
    fn stays_young(&self, obj: Obj) -> bool {
        let addr = obj.addr();
        self.mem.young(addr).load(Relaxed) == young::AGED && !self.mem.old.test(addr)
    }
}

impl Scope for MinorScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        match self.mem.young(addr).load(Relaxed) {
            young::NO => false,
            state => self.claim_young(addr, state),
        }
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        let addr = obj.addr();
        match self.mem.young(addr).load(Relaxed) {
            young::NO => true,
            young::NURSERY => self.mem.old.test(addr),
            _ => self.mem.old.test(addr) || self.mem.seen.test(addr),
        }
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {
        self.young_ref = false
    }
    #[inline(always)]
    fn after(&mut self, obj: Obj) {
        if self.young_ref {
            if !self.stays_young(obj) {
                self.log.push(obj, self.mem.size_of(obj))
            }
        } else if !self.stays_young(obj) {
            obj.set_flags(obj.flags() | UNLOGGED)
        }
    }
    fn kept_weakly(&mut self, owner: Obj, target: Obj) {
        if owner.unlogged() && self.stays_young(target) {
            self.log.push(owner, self.mem.size_of(owner))
        }
    }
}

impl Generational {
    /// A generational collector.
    pub fn new(options: &Options) -> Generational {
        Generational {
            nursery: options.nursery.0.max(1),
            old: 0,
            turn: 0,
        }
    }

    fn full_due(&self, core: &Core) -> bool {
        self.old >= pacer::full_threshold(core.stats.live_after_full(), core.options.growth)
    }

    fn minor<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if core.options.verify
            && let Err(fault) = verify::generations::<M>(core)
        {
            panic!("heap verifier, before a minor collection: {fault}");
        }
        let mut pause = core.stats.begin(PauseKind::Minor, cause);
        core.prepare(&mut pause);
        core.stats.count_log(core.log.len());
        let targets = core.log.take_targets();
        let logged = core.log.take();
        pause.phase(Phase::Prepare);

        let mem = core.space.mem;
        let scope = MinorScope {
            mem,
            young_ref: false,
            log: Log::default(),
        };
        let mut tracer = core.tracer::<M, _>(scope);
        tracer.mark_roots(roots);
        pause.phase(Phase::Roots);
        for &obj in &targets {
            tracer.object(obj)
        }
        for &obj in &logged {
            tracer.grey.push(obj)
        }
        pause.phase(Phase::Log);
        core.settle(&mut tracer, false, &mut pause);
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
        core.log.replace(scope.log, logged);
        pause.phase(Phase::Prune);

        core.space.sweep_nursery();
        core.space
            .sweep_some(pacer::sweep_quota(core.space.blocks_in_use()));
        pause.phase(Phase::Sweep);
        core.release(RELEASE);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        let goal = core.options.pause_goal.as_nanos() as u64;
        self.nursery = pacer::next_nursery(
            self.nursery,
            record.cpu_ns,
            goal,
            core.options.nursery.0.max(1),
        );
        self.old = core.space.used();
        self.pace_aging(core, R::AGES);
        core.check_after::<M, R>(roots);
    }

    fn pace_aging(&mut self, core: &mut Core, ages: bool) {
        self.pace(core);
        core.space.age_below = if ages {
            (self.nursery / pacer::AGE_SHARE) as isize
        } else {
            isize::MIN
        };
    }
}

impl Collector for Generational {
    fn kind(&self) -> GcKind {
        GcKind::Generational
    }
    fn pace(&mut self, core: &mut Core) {
        if core.options.generational {
            core.space.set_budget(self.nursery)
        } else {
            let due = pacer::full_threshold(core.stats.live_after_full(), core.options.growth);
            core.space.set_budget(due.saturating_sub(core.space.used()))
        }
    }
    #[inline]
    fn log(&mut self, core: &mut Core, owner: Obj) {
        core.log.push(owner, core.space.mem.size_of(owner));
        if core.log.weight() > pacer::LOG_WEIGHT {
            core.space.set_poll(POLL_WORK)
        }
    }
    #[inline]
    fn store(&mut self, core: &mut Core, owner: Obj, word: u64) {
        let mem = &core.space.mem;
        // With aging, a target that stays young would have to be remembered on.
        if core.space.age_below != isize::MIN || mem.size_of(owner) <= LARGE_OWNER {
            return self.log(core, owner);
        }
        if let Some(target) = referent(word) {
            let addr = target.addr();
            if mem.young(addr).load(Relaxed) != young::NO && !mem.old.test(addr) {
                core.log.remember(target);
                if core.log.weight() > pacer::LOG_WEIGHT {
                    core.space.set_poll(POLL_WORK)
                }
            }
        }
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.turn = self.turn.wrapping_add(u32::from(cause == Cause::Stress));
        let turn = cause == Cause::Stress && self.turn.is_multiple_of(STRESS_FULL);
        if turn || self.full_due(core) || !core.options.generational {
            let cause = if cause == Cause::Stress {
                cause
            } else {
                Cause::Growth
            };
            self.collect_full::<M, R>(core, roots, PauseKind::Full, cause)
        } else {
            self.minor::<M, R>(core, roots, cause)
        }
    }
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if core.options.generational {
            self.minor::<M, R>(core, roots, cause)
        } else {
            self.collect_full::<M, R>(core, roots, PauseKind::Full, cause)
        }
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        if core.options.generational {
            full::collect::<M, R, true>(core, roots, kind, cause);
        } else {
            full::collect::<M, R, false>(core, roots, kind, cause);
        }
        self.old = core.space.used();
        self.pace_aging(core, R::AGES);
    }
}
