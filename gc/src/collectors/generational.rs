//! `generational`: sticky-bit generations in a heap where nothing moves, and
//! concurrent marking of the whole.
//!
//! 1. *Minor* (program stopped), when the nursery is used up or the log long:
//!    `minor.rs`.
//! 2. *Cycle*, when the heap has grown: the whole heap is marked by helper
//!    threads beside the program, or in slices at its safepoints, while minors go
//!    on; what follows the marking is done in slices. `cycle.rs` has the steps
//!    and the argument why they are right, `helpers.rs` the threads.
//! 3. *Full* (program stopped), when the program asks for it or the heap's limit
//!    is reached, or instead of 2 if slices are switched off or the heap is so
//!    small that marking all of it keeps to the goal for pauses: `full.rs`; a
//!    cycle in progress is given up. Afterwards everything is OLD and UNLOGGED.
//!
//! Barrier: UNLOGGED is set on old objects only. `log` clears it and remembers
//! the object for the next minor. Of a large cell (a chunk of an array, a segment
//! of a hash) the bit stays set, and what is remembered is each young object
//! stored into it. While a cycle marks, an old object stored into a large cell
//! becomes grey as well.
//!
//! Invariants, checked by the verifier before each minor: an old object that
//! refers to a young one is in the log, or the young one is remembered; an old
//! object without UNLOGGED is in the log; young cells lie only in blocks of the
//! nursery, or are large and on the list of young large objects. Checked when
//! the verdict falls: all that is reachable has MARK.
//!
//! A minor's work is bounded by nursery, log, roots and survivors; it never
//! depends on the heap's size.
//!
//! In stress mode the marker advances by seeded random steps, on the program's
//! thread: at safepoints, in the barrier's slow path (before and after the
//! object is logged, so between the check and the store), and when the
//! allocator wants a new run. The schedule depends on the seed alone.

pub(crate) mod cycle;
pub(crate) mod exchange;
pub(crate) mod helpers;
mod minor;

use crate::collector::{Collector, GcKind};
use crate::collectors::full;
use crate::core::Core;
use crate::header::Obj;
use crate::heap::alloc::POLL_WORK;
use crate::heap::block::young;
use crate::mark::Budget;
use crate::model::{Model, Roots};
use crate::options::Options;
use crate::pacer::{self, Forecast};
use crate::slot::referent;
use crate::stats::{Cause, PauseKind, Phase};
use crate::sync;
use crate::verify;
use cycle::{Cycle, Stage};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Blocks given back to the system in one minor, at most.
const RELEASE: usize = 8;
/// In stress mode every so many collections one is full.
const STRESS_FULL: u32 = 8;

/// Of a cell larger than this, in bytes, the log remembers the young objects
/// stored into it instead of the cell: visiting it again would cost more.
const LARGE_OWNER: usize = 256;
/// What a byte of the nursery costs in a cycle's first minor, beside the ones before the
/// cycle: measured 1.0 to 5.4 in 42 of 43 cycles of `list`, `hash`, `tables` and `sessions`
/// (once 11, of next to nothing), 2.2 or more in 25. Those after it are forecast by what they cost.
const BESIDE: f64 = 3.0;

/// The generational collector.
pub(crate) struct Generational {
    /// Current size of the nursery.
    nursery: usize,
    /// What minors cost lately.
    forecast: Forecast,
    /// The same of minors during a cycle, which also make grey what they promote, beside helpers.
    beside: Forecast,
    /// Bytes allocated until the last minor.
    minor_at: u64,
    /// During a cycle: the nursery before it.
    outside: usize,
    /// What was in use after the last collection.
    old: usize,
    /// By how much that had grown since the one before: what the next is expected to keep.
    survived: usize,
    /// Bytes that had ever been allocated when the whole heap was last looked at.
    looked_at: u64,
    /// Bytes that became old during the last cycle, and of these garbage, as estimated.
    promoted: usize,
    floating: usize,
    /// Collections so far in stress mode.
    turn: u32,
    /// During a cycle: bytes the program may allocate until the next minor.
    rest: isize,
    /// During a cycle: bytes it may allocate until the next safepoint's slice.
    step: usize,
    /// A cycle is due, and a minor was made to prepare for it.
    emptied: bool,
    /// During a cycle: bytes allocated since its last slice.
    unpaid: isize,
    /// During a cycle: how many times as often as usual its slices come.
    hurry: usize,
    /// Random numbers of stress mode.
    random: u32,
    /// Nanoseconds that marking an object of a small heap is taken to cost.
    object_ns: u64,
}

impl Generational {
    /// A generational collector.
    pub fn new(options: &Options) -> Generational {
        Generational {
            nursery: pacer::first_nursery(options.nursery.0),
            forecast: Forecast::default(),
            beside: Forecast::default(),
            minor_at: 0,
            outside: 0,
            old: 0,
            survived: 0,
            looked_at: 0,
            promoted: 2 * pacer::most_nursery(options.nursery.0, 0),
            floating: 0,
            turn: 0,
            rest: 0,
            step: 0,
            emptied: false,
            unpaid: 0,
            hurry: 1,
            object_ns: pacer::OBJECT_NS,
            random: 0x9E37_79B9 ^ options.seed.wrapping_mul(0x85EB_CA6B),
        }
    }

    fn full_due(&self, core: &Core) -> bool {
        let live = core.stats.live_after_full();
        let due = core.due();
        let start = if core.options.slices {
            pacer::cycle_start(
                due - pacer::headroom(live, due, self.nursery),
                core.due_with(live.saturating_sub(self.floating)),
                (live, self.floating),
                self.promoted,
                self.nursery,
            )
        } else {
            due
        };
        self.old + self.survived >= start
            || core.space.allocated() - self.looked_at >= pacer::patience(self.old) as u64
    }

    /// Whether marking all there is, even if all of it lives, keeps to the goal for pauses.
    fn is_small(&self, core: &Core) -> bool {
        pacer::stop_ns(core.space.objects(), core.space.used(), self.object_ns) < self.goal(core)
    }

    /// A full collection in one stop. A small heap's is shorter than many a minor,
    /// and spares the memory that a program allocates while a cycle runs.
    fn stop_small<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        let (objects, bytes) = (core.space.objects(), core.space.used());
        let ns = full::collect::<M, R, true>(core, roots, PauseKind::Full, Cause::Growth);
        self.object_ns = pacer::next_object_ns(self.object_ns, ns, objects, bytes);
        self.after_full::<R>(core)
    }

    /// The end of a full collection in one stop.
    fn after_full<R: Roots>(&mut self, core: &mut Core) {
        self.nursery = self.nursery.max(std::mem::take(&mut self.outside));
        self.survived = 0;
        self.floating = 0;
        self.old = core.space.used();
        self.looked_at = core.space.allocated();
        self.pace_aging(core, R::AGES);
    }

    /// What a stop may plan to take: it ends somewhat after its plan does, and what minors
    /// cost varies by more than half.
    fn goal(&self, core: &Core) -> u64 {
        core.options.pause_goal.as_nanos() as u64 * 2 / 3
    }

    fn minor<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::Minor, cause);
        if core.cycle.is_some() {
            self.collect_nursery::<M, R, true>(core, roots, &mut pause);
        } else {
            self.collect_nursery::<M, R, false>(core, roots, &mut pause);
        }
        core.release(RELEASE);
        pause.phase(Phase::Release);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        let goal = self.goal(core);
        let forecast = if core.cycle.is_some() {
            &mut self.beside
        } else {
            &mut self.forecast
        };
        let bytes = (core.space.allocated() - self.minor_at) as usize;
        self.minor_at = core.space.allocated();
        if cause == Cause::Nursery {
            forecast.observe(record.cpu_ns, self.nursery)
        } else if bytes >= self.nursery / 2 {
            // The log was long, but so would have been the minor of a full nursery.
            forecast.observe(record.cpu_ns, bytes)
        }
        // What bounded this minor is what makes the next one shorter or longer.
        if cause == Cause::Log {
            let limit = pacer::next_log_weight(core.log.limit(), record.cpu_ns, goal);
            core.log.set_limit(limit)
        } else {
            self.nursery = pacer::forecast_nursery(
                self.nursery,
                *forecast,
                goal,
                pacer::most_nursery(core.options.nursery.0, core.space.used()),
            );
        }
        self.finish_stop::<M, R>(core, roots)
    }

    /// The end of every stop after which the nursery is empty.
    fn finish_stop<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.survived = core.space.used().saturating_sub(self.old);
        self.old = core.space.used();
        self.rest = self.nursery as isize;
        self.pace_aging(core, R::AGES);
        core.check_after::<M, R>(roots);
    }

    /// Step 1 of a cycle.
    fn snapshot<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::Snapshot, cause);
        core.start_helpers::<M>();
        core.space.end_aging();
        self.collect_nursery::<M, R, false>(core, roots, &mut pause);
        core.space.finish_sweep();
        pause.phase(Phase::Sweep);
        let mut cycle = Box::new(Cycle::new::<M, R>(core, roots));
        // Helpers begin now.
        cycle.advance::<M, R>(core, roots, false, &mut Budget::new(0, 0));
        core.cycle = Some(cycle);
        self.looked_at = core.space.allocated();
        self.hurry = 1;
        self.emptied = false;
        self.outside = self.nursery;
        self.beside.prepare(self.forecast, BESIDE);
        self.nursery = pacer::nursery_anew(
            self.nursery,
            self.beside,
            self.goal(core),
            pacer::most_nursery(core.options.nursery.0, core.space.used()),
        );
        pause.phase(Phase::Roots);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.finish_stop::<M, R>(core, roots)
    }

    /// The steps of a cycle that are taken between minors, within a budget.
    fn slice<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        slots: usize,
        ns: u64,
        assist: bool,
    ) {
        let Some(mut cycle) = core.cycle.take() else {
            return;
        };
        let (kind, phase) = match cycle.stage {
            Stage::Mark if assist => (PauseKind::Assist, Phase::Mark),
            Stage::Mark => (PauseKind::Slice, Phase::Mark),
            Stage::Prune | Stage::Drops => (PauseKind::Weak, Phase::Prune),
            Stage::Count => (PauseKind::Sweep, Phase::Sweep),
            _ => (PauseKind::Weak, Phase::Weak),
        };
        let mut pause = core.stats.begin(kind, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let mut budget = Budget::new(slots, ns);
        pause.work(cycle.advance::<M, R>(core, roots, assist, &mut budget));
        pause.phase(phase);
        let stall = assist && self.hurry >= pacer::STALL && core.options.stress == 0;
        if stall && !budget.is_spent() && !cycle.has_work() {
            // What is left to mark helpers have in their hands, which may have no
            // processor to do it with but the program's. Else the heap has no bound.
            std::thread::sleep(Duration::from_nanos(ns));
            pause.phase(Phase::Wait);
        }
        core.cycle = Some(cycle);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
    }

    /// Step 4 of a cycle: a minor, and if it made little grey, the verdict.
    fn final_mark<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::FinalMark, Cause::Cycle);
        self.collect_nursery::<M, R, true>(core, roots, &mut pause);
        let mut budget = if core.options.stress != 0 {
            Budget::new(1 << (self.random() % 16), u64::MAX)
        } else {
            Budget::new(usize::MAX, self.goal(core) / 4)
        };
        if let Some(mut cycle) = core.cycle.take() {
            let (closed, work) = cycle.close_within::<M>(core, &mut budget);
            pause.work(work);
            pause.phase(Phase::Mark);
            if closed {
                cycle.verdict(core);
                if core.options.verify
                    && let Err(fault) = verify::marked::<M, R>(core, roots)
                {
                    panic!("heap verifier, when the verdict fell: {fault}");
                }
                if !M::FILTERS_WEAK {
                    pause.work(cycle.settle_weak::<M>(core));
                    pause.phase(Phase::Weak);
                }
                core.cycle = Some(cycle);
            } else {
                cycle.go_on_marking();
                core.cycle = Some(cycle);
            }
        }
        core.release(RELEASE);
        pause.phase(Phase::Release);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.finish_stop::<M, R>(core, roots)
    }

    /// Step 12 of a cycle.
    fn end_cycle<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.verify::<M>(core);
        let mut pause = core.stats.begin(PauseKind::Sweep, Cause::Cycle);
        self.collect_nursery::<M, R, true>(core, roots, &mut pause);
        if core.options.verify
            && let Err(fault) = verify::marked::<M, R>(core, roots)
        {
            panic!("heap verifier, at the end of a cycle: {fault}");
        }
        if let Some(cycle) = core.cycle.take() {
            let (start, before) = (cycle.start, core.space.used());
            let grown = start.saturating_sub(core.stats.live_after_full());
            cycle.end::<M, R>(core, roots);
            let live = core.space.used();
            self.promoted = before.saturating_sub(start);
            self.floating =
                pacer::floating(self.promoted, before.saturating_sub(live), grown).min(live);
            core.stats.set_live(live);
        }
        self.nursery = self.nursery.max(std::mem::take(&mut self.outside));
        pause.phase(Phase::Sweep);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.finish_stop::<M, R>(core, roots)
    }

    /// A minor during a cycle, which may be one of its steps.
    fn minor_of_cycle<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        match core.cycle.as_ref().map(|c| c.stage) {
            Some(Stage::Ready) => self.final_mark::<M, R>(core, roots),
            Some(Stage::End) => self.end_cycle::<M, R>(core, roots),
            _ => self.minor::<M, R>(core, roots, cause),
        }
    }

    /// A safepoint during a cycle: a slice, or the minor that is due.
    fn advance<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        let Some(cycle) = &core.cycle else {
            return;
        };
        let spent = (self.step as isize).saturating_sub(core.space.budget());
        self.rest -= spent;
        self.unpaid += spent;
        // What waits for a minor to go on need not wait for the nursery to be full:
        // all that is promoted until then survives the cycle.
        let waits = matches!(cycle.stage, Stage::Ready | Stage::End);
        if self.rest <= 0 || cause == Cause::Log || waits {
            self.minor_of_cycle::<M, R>(core, roots, cause);
            let due = self.unpaid >= pacer::step(self.nursery) as isize;
            if cause == Cause::Log && due && core.cycle.is_some() {
                // However short the log makes the time between minors, the
                // cycle goes on: its slice comes halfway to the next one.
                self.step = spent.max(0) as usize / 2;
                core.space.set_budget(self.step)
            }
            return;
        }
        self.unpaid = 0;
        let (slots, hurry) = self.quota(core, cycle);
        self.hurry = hurry;
        let assist = hurry > 1;
        if cycle.has_work() || assist && cycle.stage == Stage::Mark {
            let slots = if cycle.stage == Stage::Mark && core.helpers.is_none() {
                slots
            } else {
                usize::MAX
            };
            self.slice::<M, R>(core, roots, slots, self.goal(core) / 2, assist);
        }
        self.pace(core)
    }

    /// Slots that the next slice visits, and how many times as often as usual those
    /// after it come: more than 1 if the heap grows faster than marking proceeds.
    fn quota(&self, core: &Core, cycle: &Cycle) -> (usize, usize) {
        let live = core.stats.live_after_full();
        let due = core.due();
        pacer::slice_quota(
            self.step,
            self.old.saturating_sub(cycle.start),
            pacer::headroom(live, due, self.nursery),
            cycle.done,
            cycle.estimate,
        )
    }

    fn random(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random as usize
    }

    /// A safepoint of stress mode: cycles in random small steps, full stops now and then.
    fn stress<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.turn = self.turn.wrapping_add(1);
        let random = self.random();
        let turn = self.turn.is_multiple_of(STRESS_FULL);
        match &core.cycle {
            None if turn && (!core.options.slices || random.is_multiple_of(4)) => {
                self.collect_full::<M, R>(core, roots, PauseKind::Full, Cause::Stress)
            }
            None if turn => self.snapshot::<M, R>(core, roots, Cause::Stress),
            None => self.minor::<M, R>(core, roots, Cause::Stress),
            Some(_) if random.is_multiple_of(4) => {
                self.minor_of_cycle::<M, R>(core, roots, Cause::Stress)
            }
            Some(_) => {
                let slots = if core.options.seed & 1024 != 0 {
                    1
                } else {
                    1 << (random / 4 % 12)
                };
                let assist = (random / 64).is_multiple_of(2);
                self.slice::<M, R>(core, roots, slots, u64::MAX, assist)
            }
        }
    }

    /// In stress mode: the marker takes a few steps now, wherever the program is.
    fn interleave<M: Model>(&mut self, core: &mut Core) {
        if core.options.stress == 0 || core.cycle.is_none() || core.options.seed & 1024 != 0 {
            return;
        }
        let random = self.random();
        if random.is_multiple_of(3)
            && let Some(mut cycle) = core.cycle.take()
        {
            cycle.mark_on::<M>(core, &mut Budget::new(1 << (random / 4 % 6), u64::MAX));
            core.cycle = Some(cycle);
        }
    }

    /// A piece of the sweep that the next cycle waits for.
    fn sweep(&mut self, core: &mut Core) {
        let mut pause = core.stats.begin(PauseKind::Sweep, Cause::Growth);
        pause.before(core.space.used(), core.space.objects());
        let mut budget = Budget::new(usize::MAX, self.goal(core) / 2);
        while !core.space.is_swept() && !budget.is_spent() {
            core.space.sweep_some(32);
            budget.spend(2048);
        }
        pause.phase(Phase::Sweep);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
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
        core.space.age_below = if ages && core.cycle.is_none() {
            (self.nursery / pacer::AGE_SHARE) as isize
        } else {
            isize::MIN
        };
    }

    /// `owner` is about to refer to `target`: of a large one only that is remembered,
    /// and the next minor promotes it.
    #[inline]
    fn store_target<M: Model>(&mut self, core: &mut Core, owner: Obj, target: Option<Obj>) {
        let mem = core.space.mem;
        if mem.size_of(owner) <= LARGE_OWNER {
            return Collector::log::<M>(self, core, owner);
        }
        self.interleave::<M>(core);
        if let Some(target) = target {
            let addr = target.addr();
            // After the verdict what the program has needs no MARK; and a weak
            // store may move a reference to what is condemned within itself.
            if let Some(cycle) = &mut core.cycle
                && !core.verdict
            {
                cycle.grey(&mem, target)
            }
            if mem.young(addr).load(Relaxed) != young::NO && !mem.old.test(addr) {
                core.log.remember(target);
                if core.log.is_long() {
                    core.space.set_poll(POLL_WORK)
                }
            }
        }
        self.interleave::<M>(core);
    }
}

impl Collector for Generational {
    fn kind(&self) -> GcKind {
        GcKind::Generational
    }
    fn pace(&mut self, core: &mut Core) {
        if let Some(cycle) = &core.cycle {
            // Nobody else works at the closure over ephemerons, and long chains of
            // them take many slices: the heap should not grow much meanwhile.
            let hurry = if cycle.stage == Stage::Ephemerons {
                self.hurry.max(2)
            } else {
                self.hurry
            };
            let step = pacer::step(self.nursery) / hurry;
            self.step = step.min(self.rest.max(0) as usize);
            core.space.set_budget(self.step)
        } else if core.options.generational {
            core.space.set_budget(self.nursery)
        } else {
            let due = core.due();
            core.space.set_budget(due.saturating_sub(core.space.used()))
        }
    }
    #[inline]
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        self.interleave::<M>(core);
        core.log.push(owner, core.weight_of::<M>(owner));
        if core.log.is_long() {
            core.space.set_poll(POLL_WORK)
        }
        self.interleave::<M>(core);
    }
    #[inline]
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, _old: u64, word: u64) {
        // What a slot holds may be garbage, or overwritten, by the next minor, which remembering
        // it would promote: with aging there is time to look again. A cycle has no aging.
        if core.space.age_below != isize::MIN {
            return Collector::log::<M>(self, core, owner);
        }
        self.store_target::<M>(core, owner, referent(word))
    }
    #[inline]
    fn store_edge<M: Model>(
        &mut self,
        core: &mut Core,
        owner: Obj,
        _old: Option<Obj>,
        new: Option<Obj>,
    ) {
        // Edges are parts of one structure and live as long as it does.
        // A model may have edges to what is no object of the heap, and passes it by in `trace`.
        let new = new.filter(|o| core.space.mem.contains(o.addr()));
        self.store_target::<M>(core, owner, new)
    }
    fn refill<M: Model>(&mut self, core: &mut Core) {
        self.interleave::<M>(core)
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
        } else if core.cycle.is_some() {
            self.advance::<M, R>(core, roots, cause)
        } else if !self.full_due(core) {
            self.minor::<M, R>(core, roots, cause)
        } else if !core.options.slices || self.is_small(core) {
            self.stop_small::<M, R>(core, roots)
        } else if core.space.is_swept() {
            if std::mem::replace(&mut self.emptied, true) {
                return self.snapshot::<M, R>(core, roots, Cause::Growth);
            }
            // The snapshot begins with a minor, and there is more to it: it comes
            // when the nursery is nearly empty.
            self.minor::<M, R>(core, roots, cause);
            core.space.set_budget(pacer::step(self.nursery))
        } else {
            // The last cycle's sweep has to end first; it hurries.
            self.minor::<M, R>(core, roots, cause);
            self.sweep(core)
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
        self.after_full::<R>(core)
    }
}
