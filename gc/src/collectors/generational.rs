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
//! 2. *Cycle*, when the heap has grown: the whole heap is marked in slices at
//!    safepoints between the minors, which promote every survivor meanwhile:
//!    snapshot, slices, final mark, lazy sweep. `slices.rs` has the phases, the
//!    argument why they are right, and what a minor does for them.
//! 3. *Full* (program stopped), when the program asks for it or the heap's limit
//!    is reached, or instead of 2 if slices are switched off: `full.rs`; a cycle
//!    in progress is given up. Afterwards everything is OLD and UNLOGGED.
//!
//! Barrier: UNLOGGED is set on old objects only. `log` clears it and remembers
//! the object for the next minor. Of a large cell (a chunk of an array, a segment
//! of a hash) the bit stays set, and what is remembered is each young object
//! stored into it. While a cycle marks, an old object stored into a marked large
//! cell becomes grey as well.
//!
//! Invariants, checked by the verifier before each minor: an old object that
//! refers to a young one is in the log, or the young one is remembered; an old object without UNLOGGED is in
//! the log; young cells lie only in blocks of the nursery, or are large and on
//! the list of young large objects.
//!
//! A minor's work is bounded by nursery, log, roots and survivors; it never
//! depends on the heap's size.

use crate::collector::{Collector, GcKind};
use crate::collectors::full::{self, FullScope};
use crate::collectors::slices::{Marking, SliceScope};
use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::heap::alloc::POLL_WORK;
use crate::heap::block::young;
use crate::heap::memory::Memory;
use crate::log::Log;
use crate::mark::{GreyQueue, Scope};
use crate::model::{Life, Model, Roots, Visitor};
use crate::options::Options;
use crate::pacer;
use crate::slot::referent;
use crate::stats::pause::Pause;
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
    /// While marking: bytes the program may allocate until the next minor.
    rest: isize,
    /// While marking: bytes it may allocate until the next safepoint's slice.
    step: usize,
    /// Random numbers of stress mode.
    random: u32,
}

/// Young objects; OLD says which were reached, and SEEN which of them stay young.
/// `MARKING`: while the whole heap is marked in slices; nothing stays young then.
struct MinorScope<const MARKING: bool> {
    mem: Memory,
    /// What is being visited has MARK or is a root: its old referents are made grey.
    greying: bool,
    /// The grey objects of the marking in slices.
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
        if state == young::NURSERY {
            let first = self.mem.old.claim(addr);
            if MARKING && first {
                self.mem.mark.set(addr);
            }
            first
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

impl<const MARKING: bool> Scope for MinorScope<MARKING> {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        let claimed = match self.mem.young(addr).load(Relaxed) {
            young::NO => false,
            state => self.claim_young(addr, state),
        };
        // What was just claimed has MARK, so only old objects get here.
        if MARKING && self.greying && !claimed && self.mem.mark.claim(addr) {
            self.grey.push(obj)
        }
        claimed
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
    fn before(&mut self, obj: Obj) {
        self.young_ref = false;
        if MARKING {
            self.greying = self.mem.mark.test(obj.addr())
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
            nursery: pacer::most_nursery(options.nursery.0, 0),
            old: 0,
            turn: 0,
            rest: 0,
            step: 0,
            random: 0x9E37_79B9,
        }
    }

    fn full_due(&self, core: &Core) -> bool {
        let due = pacer::full_threshold(core.stats.live_after_full(), core.options.growth);
        let ahead = if core.options.slices {
            pacer::headroom(core.stats.live_after_full(), due)
        } else {
            0
        };
        self.old >= due - ahead
    }

    fn minor<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::Minor, cause);
        if core.marking.is_some() {
            self.collect_nursery::<M, R, true>(core, roots, &mut pause);
        } else {
            self.collect_nursery::<M, R, false>(core, roots, &mut pause);
        }
        core.release(RELEASE);
        pause.phase(Phase::Release);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        let goal = core.options.pause_goal.as_nanos() as u64;
        self.nursery = pacer::next_nursery(
            self.nursery,
            record.cpu_ns,
            goal,
            pacer::most_nursery(core.options.nursery.0, core.space.used()),
        );
        self.finish_stop::<M, R>(core, roots)
    }

    /// The end of every stop after which the nursery is empty.
    fn finish_stop<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.old = core.space.used();
        self.rest = self.nursery as isize;
        self.pace_aging(core, R::AGES);
        core.check_after::<M, R>(roots);
    }

    /// A minor without its frame. `MARKING` says whether a marking is in progress.
    fn collect_nursery<M: Model, R: Roots, const MARKING: bool>(
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
            greying: true,
            grey: GreyQueue::new(),
            young_ref: false,
            log: Log::default(),
        };
        if let Some(marking) = core.marking.as_mut().filter(|_| MARKING) {
            std::mem::swap(&mut scope.grey, &mut marking.grey);
        }
        let mut tracer = core.tracer::<M, _>(scope);
        tracer.mark_roots(roots);
        tracer.scope.greying = false;
        pause.phase(Phase::Roots);
        for &obj in &targets {
            tracer.object(obj)
        }
        for &obj in &logged {
            tracer.grey.push(obj)
        }
        pause.phase(Phase::Log);
        core.settle(&mut tracer, false, pause);
        if let Some(marking) = core.marking.as_mut().filter(|_| MARKING) {
            marking.note(&mem, &tracer.weak, &tracer.ephemerons.owners);
            std::mem::swap(&mut tracer.scope.grey, &mut marking.grey);
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
        core.log.replace(scope.log, logged);
        pause.phase(Phase::Prune);

        core.space.sweep_nursery();
        core.space
            .sweep_some(pacer::sweep_quota(core.space.blocks_in_use()));
        pause.phase(Phase::Sweep);
    }

    /// Begins a cycle.
    fn snapshot<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::Snapshot, cause);
        core.space.end_aging();
        self.collect_nursery::<M, R, false>(core, roots, &mut pause);
        core.space.finish_sweep();
        pause.phase(Phase::Sweep);
        let mut marking = Marking::new(core.space.used());
        let mem = core.space.mem;
        let mut tracer = marking.lend::<M, _>(SliceScope { mem });
        tracer.mark_roots(roots);
        core.finalizers.mark_pending(&mut tracer, true);
        marking.regain(tracer);
        core.marking = Some(Box::new(marking));
        pause.phase(Phase::Roots);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.finish_stop::<M, R>(core, roots)
    }

    /// Visits grey objects: `slots` of them, or as long as `ns` nanoseconds.
    fn slice<M: Model>(&mut self, core: &mut Core, slots: usize, ns: u64, kind: PauseKind) {
        let Some(marking) = &mut core.marking else {
            return;
        };
        let mut pause = core.stats.begin(kind, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let mem = core.space.mem;
        let mut tracer = marking.lend::<M, _>(SliceScope { mem });
        tracer.drain_some(slots, ns);
        pause.work(tracer.work);
        marking.regain(tracer);
        pause.phase(Phase::Mark);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
    }

    /// Nothing is grey: a minor, and if it made little grey, the cycle's end.
    fn final_mark<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::FinalMark, Cause::Cycle);
        self.collect_nursery::<M, R, true>(core, roots, &mut pause);
        let mem = core.space.mem;
        let goal = core.options.pause_goal.as_nanos() as u64;
        if let Some(mut marking) = core.marking.take() {
            let mut tracer = marking.lend::<M, _>(FullScope::<true> { mem });
            if tracer.drain_some(usize::MAX, goal / 4) {
                core.settle(&mut tracer, true, &mut pause);
                core.retire(tracer);
                full::bury::<M, R>(core, roots, &mut pause);
                core.space.begin_sweep(true);
                core.stats.set_live(core.space.used());
                pause.phase(Phase::Sweep);
            } else {
                pause.work(tracer.work);
                pause.phase(Phase::Mark);
                marking.regain(tracer);
                core.marking = Some(marking);
            }
        }
        core.release(RELEASE);
        pause.phase(Phase::Release);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.finish_stop::<M, R>(core, roots)
    }

    /// A safepoint while marking: a slice, or the minor or final mark that is due.
    fn advance<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        let Some(marking) = &core.marking else {
            return;
        };
        self.rest -= (self.step as isize).saturating_sub(core.space.budget());
        if self.rest <= 0 || cause == Cause::Log {
            return if marking.grey.is_empty() {
                self.final_mark::<M, R>(core, roots)
            } else {
                self.minor::<M, R>(core, roots, cause)
            };
        }
        if !marking.grey.is_empty() {
            let goal = core.options.pause_goal.as_nanos() as u64;
            let (slots, share) = self.quota(core, marking);
            let kind = if share > 1 {
                PauseKind::Assist
            } else {
                PauseKind::Slice
            };
            self.slice::<M>(core, slots, goal / 2 * share, kind);
        }
        self.pace(core)
    }

    /// Slots that the next slice visits, and its share of time: more than 1 if
    /// the heap grows faster than marking proceeds.
    fn quota(&self, core: &Core, marking: &Marking) -> (usize, u64) {
        let live = core.stats.live_after_full();
        let due = pacer::full_threshold(live, core.options.growth);
        pacer::slice_quota(
            self.step,
            self.old.saturating_sub(marking.start),
            pacer::headroom(live, due),
            marking.done,
            marking.estimate,
        )
    }

    /// A safepoint of stress mode: cycles in random small steps, full stops now and then.
    fn stress<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.turn = self.turn.wrapping_add(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let random = self.random as usize;
        let turn = self.turn.is_multiple_of(STRESS_FULL);
        match &core.marking {
            None if turn && (!core.options.slices || random.is_multiple_of(4)) => {
                self.collect_full::<M, R>(core, roots, PauseKind::Full, Cause::Stress)
            }
            None if turn => self.snapshot::<M, R>(core, roots, Cause::Stress),
            None => self.minor::<M, R>(core, roots, Cause::Stress),
            Some(marking) if random.is_multiple_of(4) => {
                if marking.grey.is_empty() {
                    self.final_mark::<M, R>(core, roots)
                } else {
                    self.minor::<M, R>(core, roots, Cause::Stress)
                }
            }
            Some(_) => {
                let slots = 1 << (random / 4 % 12);
                self.slice::<M>(core, slots, u64::MAX, PauseKind::Slice)
            }
        }
    }

    /// With the option `verify`: checks the generational invariants.
    fn verify<M: Model>(&self, core: &mut Core) {
        if core.options.verify
            && let Err(fault) = verify::generations::<M>(core)
        {
            panic!("heap verifier, before a minor collection: {fault}");
        }
    }

    fn pace_aging(&mut self, core: &mut Core, ages: bool) {
        self.pace(core);
        core.space.age_below = if ages && core.marking.is_none() {
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
        if core.marking.is_some() {
            self.step = pacer::step(self.nursery).min(self.rest.max(0) as usize);
            core.space.set_budget(self.step)
        } else if core.options.generational {
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
            if let Some(marking) = &mut core.marking
                && mem.mark.test(owner.addr())
            {
                marking.grey(mem, target)
            }
            if mem.young(addr).load(Relaxed) != young::NO && !mem.old.test(addr) {
                core.log.remember(target);
                if core.log.weight() > pacer::LOG_WEIGHT {
                    core.space.set_poll(POLL_WORK)
                }
            }
        }
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if !core.options.generational {
            let cause = if cause == Cause::Stress {
                cause
            } else {
                Cause::Growth
            };
            self.collect_full::<M, R>(core, roots, PauseKind::Full, cause)
        } else if cause == Cause::Stress {
            self.stress::<M, R>(core, roots)
        } else if core.marking.is_some() {
            self.advance::<M, R>(core, roots, cause)
        } else if !self.full_due(core) {
            self.minor::<M, R>(core, roots, cause)
        } else if core.options.slices {
            self.snapshot::<M, R>(core, roots, Cause::Growth)
        } else {
            self.collect_full::<M, R>(core, roots, PauseKind::Full, Cause::Growth)
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
