//! `refcount`: deferred, coalesced reference counting with cycle detection.
//!
//! 1. *Epoch* (program stopped, `epoch.rs`), when the nursery is used up or
//!    much was logged: counts what changed, frees young objects that were not
//!    reached without ever having counted them, and begins with the deaths.
//! 2. *Decrements* (program stopped, in slices, `deaths.rs`), between two
//!    epochs, until all pending ones are done. An object dies when its count
//!    falls to zero, unless a weak reference could find it again.
//! 3. *Trial deletion* (program stopped, bounded, `cycles.rs`), after an epoch,
//!    once there are enough objects whose counts fell without reaching zero.
//! 4. *Trace* (helpers beside the program, `beside.rs`, and bounded slices, `backup.rs`), between
//!    the epochs, when the heap has grown by the growth factor: finds the cycles
//!    that trial deletion left.
//! 5. *Full collection* (program stopped, `trace.rs`), when the program asks for
//!    it or the heap's limit is reached: a trace that frees everything
//!    unreachable and sets all counts right.
//!
//! Counts are of references between heap objects only. What stacks, registers
//! and handles refer to is looked at anew in each epoch and gets a bit (SEEN)
//! instead; coroutines that run count as roots. New objects are not counted
//! until an epoch finds them alive.
//!
//! Barrier (`changes.rs`): UNLOGGED is set on every object whose references are
//! counted. `change` captures them, to be decremented after the next epoch's
//! increments, clears the bit, and remembers the object, to be counted again.
//! So only the first of many stores into an object costs anything, and what an
//! object held in between is never counted. In a large cell only the slot is
//! captured, until there are many.
//!
//! Invariants, checked by `verify.rs` after each epoch: see its head.
//!
//! Weak references (`weakly.rs`, `clearing.rs`): a weak reference is not counted. The value of
//! an ephemeron is, as long as the entry is there: a cycle through an ephemeron
//! is left to the trace.

mod backup;
mod beside;
mod changes;
mod clearing;
mod counts;
mod cycles;
mod deaths;
mod epoch;
mod trace;
mod verdict;
mod verify;
mod weakly;

use crate::collector::{Collector, GcKind};
use crate::core::Core;
use crate::header::{LIMBO, Obj, WEAK_OWNER};
use crate::heap::alloc::POLL_WORK;
use crate::mark::GreyQueue;
use crate::model::{Model, Roots};
use crate::options::Options;
use crate::pacer::{self, Forecast};
use crate::slot::referent;
use crate::stats::{Cause, Counting, PauseKind, Phase};
use backup::Backup;
use beside::Kept;
use changes::Changes;
use clearing::Clearing;
use cycles::Trial;
use deaths::file_thinned;
use weakly::{WeakStores, still};

/// Whether the object had weak references when it was visited last.
#[inline]
fn has_weak(obj: Obj) -> bool {
    obj.flags() & WEAK_OWNER != 0
}

/// In stress mode every so many collections one is a trace.
const STRESS_TRACE: u32 = 16;

/// The largest nursery for a heap with `used` bytes. What survives a small one costs
/// more here than where nothing is counted, for most of it dies soon after, each
/// object by itself: so it is half as large again.
fn most_nursery(options: &Options, used: usize) -> usize {
    let most = pacer::most_nursery(options.nursery.0, used);
    (most + most / 2).min(options.nursery.0.max(1))
}

/// The reference counting collector.
pub(crate) struct RefCount {
    /// Bytes between two epochs, at most.
    nursery: usize,
    forecast: Forecast,
    /// References that the barrier may remember until an epoch is due.
    limit: usize,
    /// Bytes the program may allocate until the next epoch.
    rest: isize,
    /// Bytes it may allocate until the next safepoint's slice.
    step: usize,
    /// Bytes in use after the last epoch.
    after: usize,
    changes: Changes,
    /// References to be decremented.
    pending: GreyQueue,
    /// Those of them that the backup waits for: they come first.
    awaited: GreyQueue,
    /// Scratch.
    children: Vec<Obj>,
    /// Objects with LIMBO.
    limbo: Vec<Obj>,
    /// Objects with SEEN.
    roots: Vec<Obj>,
    weak: WeakStores,
    clearing: Clearing,
    trial: Trial,
    backup: Option<Box<Backup>>,
    kept: Kept,
    /// It had a slice since the last epoch.
    advanced: bool,
    figures: Counting,
    /// Random numbers of stress mode.
    random: u32,
    /// In stress mode: rounds go on in slices, however small the weak stores, for a while.
    slowly: bool,
}

impl RefCount {
    /// A reference counting collector. It begins with a `collect_full`, or an empty heap.
    pub fn new(options: &Options) -> RefCount {
        let nursery = pacer::first_nursery(options.nursery.0);
        RefCount {
            nursery,
            forecast: Forecast::default(),
            limit: pacer::LOG_REFERENCES,
            rest: nursery as isize,
            step: 0,
            after: 0,
            changes: Changes::default(),
            pending: GreyQueue::new(),
            awaited: GreyQueue::new(),
            children: Vec::new(),
            limbo: Vec::new(),
            roots: Vec::new(),
            weak: WeakStores::default(),
            clearing: Clearing::default(),
            trial: Trial::default(),
            backup: None,
            kept: Kept::default(),
            advanced: false,
            figures: Counting::default(),
            random: (0x9E37_79B9 ^ options.seed.wrapping_mul(0x85EB_CA6B)).max(1),
            slowly: false,
        }
    }

    /// Forgets all that waits to be counted or worked off.
    fn forget(&mut self, core: &mut Core) {
        for obj in std::mem::take(&mut self.roots) {
            core.space.mem.seen.clear(obj.addr())
        }
        self.changes.take();
        self.pending = GreyQueue::new();
        self.awaited = GreyQueue::new();
        self.limbo.clear();
        self.weak.clear();
        self.clearing = Clearing::default();
        core.dooming = false;
        self.trial.clear();
    }

    fn pace_now(&mut self, core: &mut Core) {
        core.space.age_below = isize::MIN;
        let rest = self.rest.max(0) as usize;
        self.step = if self.decremented() && self.backup.is_none() && !self.clearing.goes_on() {
            rest
        } else {
            rest.min(pacer::COUNT_STEP)
        };
        core.space.set_budget(self.step)
    }

    fn remembered(&self, core: &mut Core) {
        if self.changes.weight() > self.limit {
            core.space.set_poll(POLL_WORK)
        }
    }

    /// Whether a store into `owner` is remembered by itself.
    #[inline]
    fn by_slot<M: Model>(&mut self, core: &Core, owner: Obj) -> bool {
        (M::WEAK_BY_SLOT || !has_weak(owner)) && self.changes.by_slot(&core.space.mem, owner)
    }

    /// Decrements between two epochs.
    fn slice<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, ns: u64) {
        let mut pause = core.stats.begin(PauseKind::Decrements, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let begin = core.clock.now();
        self.bury::<M, R>(core, roots, begin.saturating_add(ns / 2));
        self.decrement_until::<M>(core, begin.saturating_add(ns - ns / 4));
        file_thinned(core, begin.saturating_add(ns));
        pause.phase(Phase::Deaths);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.deaths_ns += record.cpu_ns;
        core.stats.set_counting(self.figures);
    }

    fn patience(&self, core: &Core) -> u64 {
        core.options.pause_goal.as_nanos() as u64 / 2
    }

    /// A safepoint of stress mode: mostly epochs that leave much undone.
    fn stress<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.interleave::<M>(core);
        let random = self.random;
        if (random >> 8).is_multiple_of(32) {
            self.slowly = !self.slowly
        }
        if self.backup.is_none() && core.options.cycles.traces() && random.is_multiple_of(7) {
            self.begin_backup::<M>(core);
        }
        // A backup takes many slices: most of them are not given up.
        let rare = if self.backup.is_some() { 16 } else { 1 };
        if random.is_multiple_of(rare * STRESS_TRACE) {
            return self.trace_all::<M, R>(core, roots, PauseKind::Full, Cause::Stress);
        }
        match random / STRESS_TRACE % 4 {
            0 => {
                self.slice::<M, R>(core, roots, 0);
                let slots = 1 << (random / 64 % 12);
                self.round_slice::<M>(core, slots, u64::MAX);
                let quota = (slots, (random >> 20).is_multiple_of(4));
                self.backup_slice::<M>(core, quota, u64::from(random / 64 % 4) * 1000);
                return self.pace_now(core);
            }
            // Whoever has all the time there is does not leave a round to slices.
            1 => {
                let ns = u64::MAX - u64::from(self.slowly);
                self.epoch::<M, R>(core, roots, Cause::Stress, ns)
            }
            _ => self.epoch::<M, R>(core, roots, Cause::Stress, 0),
        }
        if core.options.cycles.tries() && self.backup.is_none() && self.trial.possible() {
            let deadline = if random.is_multiple_of(3) {
                0
            } else {
                u64::MAX
            };
            self.try_cycles::<M, R>(core, roots, Cause::Stress, deadline)
        }
    }
}

impl Collector for RefCount {
    fn kind(&self) -> GcKind {
        GcKind::RefCount
    }
    fn stage(&self) -> Option<String> {
        let backup = self
            .backup
            .as_ref()
            .map(|b| format!("trace: {:?}", b.stage));
        let round = self.clearing.stage();
        match (backup, round) {
            (Some(backup), Some(round)) => Some(format!("{backup}, {round}")),
            (backup, round) => backup.or(round),
        }
    }
    fn pace(&mut self, core: &mut Core) {
        core.finalizers.set_indexed(true);
        core.drops.set_indexed(true);
        self.pace_now(core)
    }
    fn frees<M: Model>(&self, core: &Core, obj: Obj) -> bool {
        let backup = self.backup.as_ref();
        obj.is_kept() || backup.is_some_and(|b| b.frees::<M>(&core.space.mem, obj))
    }
    #[inline]
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        self.interleave::<M>(core);
        self.changes.capture::<M>(owner);
        core.log.push(owner, 0);
        self.remembered(core);
        self.interleave::<M>(core)
    }
    #[inline]
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, old: u64, word: u64) {
        if !self.by_slot::<M>(core, owner) {
            return self.log::<M>(core, owner);
        }
        self.interleave::<M>(core);
        let mem = &core.space.mem;
        if has_weak(owner) {
            self.changes.weak_slot::<M>(mem, owner, false, [old, word])
        } else {
            self.changes.slot(mem, referent(old), referent(word))
        }
        self.remembered(core)
    }
    #[inline]
    fn store_edge<M: Model>(
        &mut self,
        core: &mut Core,
        owner: Obj,
        old: Option<Obj>,
        new: Option<Obj>,
    ) {
        if has_weak(owner) || !self.by_slot::<M>(core, owner) {
            return self.log::<M>(core, owner);
        }
        self.interleave::<M>(core);
        self.changes.slot(&core.space.mem, old, new);
        self.remembered(core)
    }
    #[inline]
    fn store_entry<M: Model>(&mut self, core: &mut Core, owner: Obj, old: [u64; 2], new: [u64; 2]) {
        if !self.by_slot::<M>(core, owner) {
            return self.log::<M>(core, owner);
        }
        self.interleave::<M>(core);
        let mem = &core.space.mem;
        if has_weak(owner) {
            self.changes.weak_entry::<M>(mem, owner, old, new)
        } else {
            for (old, new) in old.into_iter().zip(new) {
                self.changes.slot(mem, referent(old), referent(new))
            }
        }
        self.remembered(core)
    }
    fn handed_out(&mut self, _core: &mut Core, obj: Obj) {
        self.changes.now.lost.push(obj)
    }
    fn give_up_cycle<M: Model>(&mut self, core: &mut Core) {
        self.abandon_backup::<M>(core);
        self.give_up_doomed::<M>(core)
    }
    fn leave<M: Model>(&mut self, core: &mut Core) {
        core.space.flush();
        self.abandon_backup::<M>(core);
        self.give_up_doomed::<M>(core);
        for obj in std::mem::take(&mut self.limbo) {
            if still(&core.space, obj, LIMBO) {
                obj.set_flags(obj.flags() & !LIMBO)
            }
        }
        self.forget(core);
        core.log.clear();
        core.finalizers.set_indexed(false);
        core.drops.set_indexed(false);
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if cause == Cause::Stress {
            return self.stress::<M, R>(core, roots);
        }
        let allocated = (self.step as isize).saturating_sub(core.space.budget());
        self.clearing.allocated(allocated.max(0) as usize);
        self.rest -= allocated;
        let long = self.changes.weight() > self.limit;
        if self.rest > 0 && !long {
            if !self.decremented() {
                self.slice::<M, R>(core, roots, self.patience(core));
            }
            self.round_slice::<M>(core, self.round_quota(), self.patience(core));
            let quota = self.backup_quota(core);
            self.backup_slice::<M>(core, quota, self.patience(core));
            return self.pace_now(core);
        }
        let cause = if long { Cause::Log } else { cause };
        let patience = self.patience(core);
        if self.backup_due(core) {
            self.begin_backup::<M>(core)
        }
        let advanced = std::mem::take(&mut self.advanced);
        self.epoch::<M, R>(core, roots, cause, patience);
        if !advanced {
            // However soon one epoch follows the other, a backup ends.
            let quota = self.backup_quota(core);
            self.backup_slice::<M>(core, quota, patience);
            self.advanced = false
        }
        if core.options.cycles.tries() && self.backup.is_none() && self.trial.due() {
            let deadline = core.clock.now().saturating_add(patience);
            self.try_cycles::<M, R>(core, roots, Cause::Cycle, deadline);
            if self.trial.due_again() {
                self.rest /= 4;
                self.pace_now(core)
            }
        }
        self.round_slice::<M>(core, self.round_quota(), patience)
    }
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.epoch::<M, R>(core, roots, cause, u64::MAX)
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        self.trace_all::<M, R>(core, roots, kind, cause)
    }
}
