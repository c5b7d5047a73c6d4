//! `generational` without generations: the whole heap marked in steps, swept
//! lazily, and nothing collected on its own for being young. What Lua's
//! `collectgarbage("incremental")` chooses, and `--gc-generational=off`.
//!
//! 1. *Pause*: the program allocates. Safepoints now and then sweep some of
//!    the blocks that the last cycle left unswept.
//! 2. *Snapshot* (stopped): when `StepPace::due` bytes are in use, the rest of
//!    the last sweep, and the roots' referents become grey. MARK was clear
//!    everywhere.
//! 3. *Steps* (stopped, bounded): each time `StepPace::step` bytes were
//!    allocated, grey objects are visited until a budget of slots or of time is
//!    used up. A visited object becomes UNLOGGED.
//! 4. *Barrier*: a marked object that changes is logged, and visited again
//!    before the cycle ends; of a large cell only the new referent becomes
//!    grey. Objects that are not marked are none of its business.
//! 5. *Final mark* (stopped, bounded): the log, the roots again, and what these
//!    make grey. If that is more than a bounded amount, the steps go on and it
//!    is tried again, at last without the bound. Then weak references,
//!    ephemerons and finalizers are settled as by a full collection.
//! 6. *Sweep* (lazy): ALLOC becomes MARK, block by block.
//!
//! New cells are born white: what was allocated while marking and is garbage at
//! the final mark is freed by it.
//!
//! **Why this is enough.** After step 5 nothing is grey and the log is empty.
//! Take a marked holder A that refers to B: A was visited after its last
//! change, or that change was a store into a large cell that claimed B; either
//! way B has MARK. All that the roots refer to has MARK, as they were scanned
//! while the program stood still. So MARK holds for all that is reachable.

use super::full::{self, FullScope};
use super::slices::Marking;
use super::steps_pace::StepPace;
use crate::collector::{Collector, GcKind};
use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::mark::Budget;
use crate::model::{Model, Roots};
use crate::pacer;
use crate::slot::referent;
use crate::stats::{Cause, PauseKind, Phase};

/// Of a cell larger than this, in bytes, the barrier makes the new referent
/// grey instead of having the cell visited again.
const LARGE_OWNER: usize = 256;
/// While blocks are unswept: bytes allocated between two safepoints.
const SWEEP_STEP: usize = 1 << 20;
/// Bytes of logged objects that are visited in steps, rather than in the final mark.
const LOG_WEIGHT: usize = 64 << 10;
/// So many times the end of a cycle is put off.
const ROUNDS: u32 = 16;
/// Blocks given back to the system at the end of a cycle, at most.
const RELEASE: usize = 64;
/// In stress mode one in so many cycles is a full stop.
const STRESS_FULL: u32 = 8;

/// Marks in steps.
pub(crate) struct Steps {
    pace: StepPace,
    /// How often this cycle's end was put off.
    rounds: u32,
    /// Random numbers of stress mode.
    random: u32,
}

impl Steps {
    /// A collector that begins in its pause.
    pub fn new() -> Steps {
        Steps {
            pace: StepPace::default(),
            rounds: 0,
            random: 0x9E37_79B9,
        }
    }

    fn snapshot<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        let mut pause = core.stats.begin(PauseKind::Snapshot, cause);
        pause.before(core.space.used(), core.space.objects());
        core.space.finish_sweep();
        core.stats.count_log(core.log.len());
        core.log.clear();
        pause.phase(Phase::Prepare);
        let mut marking = Marking::new(core.space.used());
        let mem = core.space.mem;
        let mut tracer = marking.lend::<M, _>(FullScope::<true> { mem });
        tracer.mark_roots(roots);
        core.finalizers.mark_pending(&mut tracer, true);
        marking.regain(tracer);
        core.marking = Some(Box::new(marking));
        self.rounds = 0;
        pause.phase(Phase::Roots);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
    }

    /// Visits grey objects, and logged ones once nothing is grey: `slots`, or as
    /// long as `ns` nanoseconds.
    fn slice<M: Model>(&mut self, core: &mut Core, slots: usize, ns: u64, kind: PauseKind) {
        let Some(marking) = &mut core.marking else {
            return;
        };
        let mut pause = core.stats.begin(kind, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        if marking.grey.is_empty() {
            core.stats.count_log(core.log.len());
            for obj in core.log.take() {
                marking.grey.push(obj)
            }
            pause.phase(Phase::Log);
        }
        let mem = core.space.mem;
        let mut tracer = marking.lend::<M, _>(FullScope::<true> { mem });
        tracer.drain_within(&mut Budget::new(slots.max(1), ns));
        pause.work(tracer.work);
        marking.regain(tracer);
        pause.phase(Phase::Mark);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
    }

    /// Nothing is grey: the cycle's end, unless much is left after all.
    /// Whether it ended.
    fn final_mark<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) -> bool {
        let Some(mut marking) = core.marking.take() else {
            return false;
        };
        let mut pause = core.stats.begin(PauseKind::FinalMark, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let mem = core.space.mem;
        let mut tracer = marking.lend::<M, _>(FullScope::<true> { mem });
        core.stats.count_log(core.log.len());
        for obj in core.log.take() {
            tracer.grey.push(obj)
        }
        pause.phase(Phase::Log);
        tracer.mark_roots(roots);
        pause.phase(Phase::Roots);
        self.rounds += 1;
        let ns = if self.rounds > ROUNDS {
            u64::MAX
        } else {
            core.options.pause_goal.as_nanos() as u64 / 4
        };
        let ended = tracer.drain_within(&mut Budget::new(usize::MAX, ns));
        if ended {
            core.space.flush();
            core.settle(&mut tracer, true, &mut pause);
            core.retire(tracer);
            full::bury::<M, R>(core, roots, &mut pause);
            core.space.begin_sweep(false);
            core.stats.set_live(core.space.used());
            pause.phase(Phase::Sweep);
            core.release(RELEASE);
            pause.phase(Phase::Release);
        } else {
            pause.work(tracer.work);
            pause.phase(Phase::Mark);
            marking.regain(tracer);
            core.marking = Some(marking);
        }
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        core.check_after::<M, R>(roots);
        ended
    }

    /// Whether nothing is left but what the final mark may do at once.
    fn is_marked(&self, core: &Core) -> bool {
        let grey = core.marking.as_ref().is_some_and(|m| !m.grey.is_empty());
        !grey && (core.log.weight() <= LOG_WEIGHT || self.rounds >= ROUNDS)
    }

    /// At a safepoint: the step that is due. One stop each time.
    fn advance<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        if core.marking.is_none() {
            self.snapshot::<M, R>(core, roots, Cause::Growth)
        } else if self.is_marked(core) {
            self.final_mark::<M, R>(core, roots);
        } else if let Some((slots, share)) = self.quota(core) {
            let kind = if share > 1 {
                PauseKind::Assist
            } else {
                PauseKind::Slice
            };
            let goal = core.options.pause_goal.as_nanos() as u64;
            let ns = self.pace.time(goal).saturating_mul(share);
            self.slice::<M>(core, slots, ns, kind)
        }
    }

    /// Slots to visit, and the share of the usual time: more if the heap grows
    /// faster than marking proceeds.
    fn quota(&self, core: &Core) -> Option<(usize, u64)> {
        let marking = core.marking.as_ref()?;
        let room = self.pace.room(core.stats.live_after_full());
        let grown = core.space.used().saturating_sub(marking.start);
        let (least, hurry) = pacer::slice_quota(0, grown, room, marking.done, marking.estimate);
        let slots = self.pace.slots(self.pace.step());
        Some((slots.max(least), hurry.min(2) as u64))
    }

    /// A safepoint of stress mode: a random small step.
    fn stress<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        match &core.marking {
            None if self.random.is_multiple_of(STRESS_FULL) => {
                self.collect_full::<M, R>(core, roots, PauseKind::Full, Cause::Stress)
            }
            None => self.snapshot::<M, R>(core, roots, Cause::Stress),
            Some(marking) if marking.grey.is_empty() && self.random.is_multiple_of(2) => {
                self.final_mark::<M, R>(core, roots);
            }
            Some(_) => {
                let slots = 1 << (self.random / 4 % 12);
                self.slice::<M>(core, slots, u64::MAX, PauseKind::Slice)
            }
        }
    }

    /// Bytes until the next cycle begins.
    fn pause_left(&self, core: &Core) -> usize {
        let due = self.pace.due(core.stats.live_after_full());
        due.saturating_sub(core.space.used())
    }
}

impl Collector for Steps {
    fn kind(&self) -> GcKind {
        GcKind::Generational
    }
    fn pace(&mut self, core: &mut Core) {
        self.pace = core.pace;
        let bytes = match &core.marking {
            Some(_) => self.pace.step(),
            None if core.space.is_swept() => self.pause_left(core),
            None => self.pause_left(core).min(SWEEP_STEP),
        };
        core.space.set_budget(bytes)
    }
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        let mem = core.space.mem;
        if core.marking.is_some() && mem.mark.test(owner.addr()) {
            core.log.push(owner, mem.size_of(owner))
        } else {
            owner.set_flags(owner.flags() & !UNLOGGED)
        }
    }
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, _old: u64, word: u64) {
        let mem = core.space.mem;
        match &mut core.marking {
            Some(marking) if mem.mark.test(owner.addr()) && mem.size_of(owner) > LARGE_OWNER => {
                if let Some(target) = referent(word)
                    && mem.mark.claim(target.addr())
                {
                    marking.grey.push(target)
                }
            }
            _ => self.log::<M>(core, owner),
        }
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if cause == Cause::Stress {
            return self.stress::<M, R>(core, roots);
        }
        if core.marking.is_none() && self.pause_left(core) > 0 {
            let mut pause = core.stats.begin(PauseKind::Sweep, Cause::Cycle);
            pause.before(core.space.used(), core.space.objects());
            let blocks = core.space.blocks_in_use();
            core.space.sweep_some(pacer::sweep_quota(blocks));
            pause.phase(Phase::Sweep);
            core.stats
                .end(pause, core.space.used(), core.space.objects());
        } else {
            self.advance::<M, R>(core, roots)
        }
        self.pace(core)
    }
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.collect_full::<M, R>(core, roots, PauseKind::Full, cause)
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        full::collect::<M, R, false>(core, roots, kind, cause);
        self.pace(core)
    }
    /// The step that the program asks for is as large as it says, however long it takes.
    fn step<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, bytes: usize) -> bool {
        let slots = self.pace.slots(bytes.max(self.pace.step()));
        if core.marking.is_none() {
            self.snapshot::<M, R>(core, roots, Cause::Explicit)
        }
        self.slice::<M>(core, slots, u64::MAX, PauseKind::Slice);
        let ended = self.is_marked(core) && self.final_mark::<M, R>(core, roots);
        self.pace(core);
        ended
    }
}
