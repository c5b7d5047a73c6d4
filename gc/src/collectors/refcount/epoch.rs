//! An epoch, with the program stopped.
//!
//! 1. *Prepare*: end the allocator's runs; take what the barrier remembers.
//! 2. *Roots*: everything that roots and running coroutines refer to gets SEEN,
//!    instead of a count; what had SEEN and has it no longer is kept in mind.
//! 3. *Increments*: for what slots of large cells gained; for all references of
//!    logged objects; for those of every young object reached, which becomes
//!    OLD. Visited objects are armed (UNLOGGED), except those that change
//!    without a barrier: they stay in the log.
//! 4. *Weak references* to young objects that were not reached are cleared;
//!    young objects with finalizers are resurrected.
//! 5. *Sweep*: what is young and was not reached is free, uncounted.
//! 6. *End of a trace*, if one is under way and has marked everything (`backup.rs`).
//! 7. *Deaths*: what lost its last root and has no count dies; decrements for
//!    what the barrier captured; objects in limbo. As long as the pause's goal
//!    allows; the rest is worked off in slices between this epoch and the next.
//!
//! Afterwards a count is the number of references from OLD objects plus the
//! decrements that are still pending: never too low, so zero means dead.

use super::changes::Changed;
use super::counts::{CountScope, find_roots, resurrect};
use super::deaths::file_thinned;
use super::weakly::{Gains, Visited, is_armed_weak_store};
use super::{RefCount, most_nursery};
use crate::core::Core;
use crate::header::Obj;
use crate::heap::block::young;
use crate::mark::Tracer;
use crate::model::{Life, Model, Roots, Visitor, WeakPart};
use crate::pacer;
use crate::stats::pause::Pause;
use crate::stats::{Cause, PauseKind, Phase};
use std::sync::atomic::Ordering::Relaxed;

/// Blocks given back to the system in one epoch, at most.
const RELEASE: usize = 8;
/// Objects in limbo that may wait.
const LIMBO: usize = 1 << 10;

impl RefCount {
    /// An epoch; `patience` says how long deaths may take, in nanoseconds.
    pub(super) fn epoch<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        cause: Cause,
        patience: u64,
    ) {
        let mut pause = core.stats.begin(PauseKind::Epoch, cause);
        let begin = core.clock.now();
        let goal = core.options.pause_goal.as_nanos() as u64;
        let old_roots = self.count_changes::<M, R>(core, roots, &mut pause);
        let counted = core.clock.now();
        self.end_backup::<M, R>(core, roots, &mut pause, goal / 4);
        for obj in old_roots {
            if obj.count() == 0 {
                self.at_zero::<M>(core, obj)
            } else if core.options.cycles.tries() {
                // A root's reference was not counted: no decrement tells of it.
                self.trial.candidate::<M>(obj)
            }
        }
        // After much counting the deaths wait, unless too many do already.
        let rest = goal.saturating_sub(counted - begin).max(goal / 4);
        let patience = if patience == u64::MAX || self.limbo.len() > LIMBO {
            patience
        } else {
            patience.min(rest)
        };
        self.settle_deaths::<M, R>(core, roots, patience);
        let deadline = core.clock.now().saturating_add(goal / 8);
        file_thinned(core, deadline);
        pause.phase(Phase::Deaths);
        core.release(RELEASE);
        pause.phase(Phase::Release);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.epochs += 1;
        self.figures.counting_ns += counted - begin;
        self.figures.deaths_ns += record.cpu_ns.saturating_sub(counted - begin);
        core.stats.set_counting(self.figures);
        let most = most_nursery(&core.options, core.space.used());
        if cause != Cause::Log {
            self.forecast.observe(counted - begin, self.nursery)
        }
        self.nursery = pacer::forecast_nursery(self.nursery, self.forecast, goal, most);
        self.limit = pacer::next_log(self.limit, counted - begin, goal);
        self.rest = self.nursery as isize;
        self.after = core.space.used();
        self.trial.ripen(&core.space);
        self.pace_now(core);
        self.check::<M, R>(core, roots);
    }

    /// Steps 1 to 5. Returns what had SEEN and has it no longer.
    fn count_changes<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        pause: &mut Pause,
    ) -> Vec<Obj> {
        core.prepare(pause);
        let logged = core.log.take();
        let mut changed = self.changes.take();
        let entries = changed.weak.len() + changed.entries.len();
        core.stats
            .count_log(logged.len() + changed.gained.len() + entries);
        pause.phase(Phase::Prepare);

        let mem = core.space.mem;
        let mut old_roots = std::mem::take(&mut self.roots);
        for obj in &old_roots {
            mem.seen.clear(obj.addr())
        }
        let mut scope = CountScope::<false>::new(mem, roots);
        scope.backup = self.backup.take();
        let mut tracer = core.tracer::<M, _>(scope);
        find_roots(core, &mut tracer, roots);
        pause.phase(Phase::Roots);

        self.count_slots(&mut tracer, core, &mut changed);
        let mut gains = Gains::new(&core.space, changed.weak);
        for &obj in &logged {
            if !tracer.scope.is_volatile(obj) {
                tracer.grey.push(obj)
            }
        }
        pause.phase(Phase::Log);
        tracer.converge();
        self.figures.increments += tracer.scope.counted;
        pause.phase(Phase::Mark);

        let mut lost = Vec::new();
        let mut visited = Visited::default();
        visited.clear_values(&tracer, core, &mut self.weak, &mut lost);
        gains.clear(&tracer, WeakPart::Values, &mut lost);
        if resurrect(core, &mut tracer, false) {
            tracer.converge();
            visited.clear_values(&tracer, core, &mut self.weak, &mut lost);
        }
        visited.clear_keys(&tracer, core, &mut self.weak, &mut lost);
        gains.clear(&tracer, WeakPart::Keys, &mut lost);
        for obj in lost {
            self.pending.push(obj)
        }
        let weak = std::mem::take(&mut tracer.weak);
        let ephemerons = std::mem::take(&mut tracer.ephemerons.owners);
        visited.enter::<M>(core, &mut self.weak, &ephemerons);
        self.weak
            .retire(&tracer.scope.were_weak, &weak, &ephemerons);
        gains.enter(&tracer, core, &mut self.weak);
        pause.work(tracer.work);
        pause.phase(Phase::Weak);

        let mut scope = core.retire(tracer);
        self.backup = scope.backup.take();
        if let Some(backup) = &mut self.backup {
            backup.note(&mem, &weak, &ephemerons)
        }
        self.clearing.note(&weak);
        self.clearing.note(&ephemerons);
        self.roots = std::mem::take(&mut scope.roots);
        core.log.replace(Default::default(), logged, Vec::new());
        for &obj in &scope.running {
            core.log.push(obj, 0)
        }
        let reached =
            |o: Obj| mem.young(o.addr()).load(Relaxed) == young::NO || mem.old.test(o.addr());
        roots.prune_young(&|o| if reached(o) { Life::Old } else { Life::Dead });
        let freed = core.drops.drop_dead::<M>(reached, false);
        core.space.external(-(freed as isize));
        core.finalizers.promote(|_| true);
        core.drops.promote(|_| true);
        pause.phase(Phase::Prune);

        core.space.sweep_nursery();
        core.space
            .sweep_some(pacer::sweep_quota(core.space.blocks_in_use()));
        pause.phase(Phase::Sweep);
        old_roots.retain(|o| !mem.seen.test(o.addr()));
        old_roots
    }

    /// What slots of large cells gained and lost. A young object that came and
    /// went again is not taken for reached. The value of a new ephemeron is if its key is.
    fn count_slots<M: Model>(
        &mut self,
        tracer: &mut Tracer<M, CountScope<false>>,
        core: &Core,
        changed: &mut Changed,
    ) {
        let mem = &core.space.mem;
        let is_young =
            |o: Obj| mem.young(o.addr()).load(Relaxed) != young::NO && !mem.old.test(o.addr());
        let values = changed.entries.iter().map(|e| e[2]);
        for obj in changed.gained.iter().copied().chain(values) {
            obj.increment()
        }
        self.figures.increments += (changed.gained.len() + changed.entries.len()) as u64;
        // What a root refers to is OLD by now, so it has its decrement like any other.
        changed.lost.retain(|&obj| {
            let young = is_young(obj);
            if young {
                obj.decrement();
            }
            !young
        });
        for &obj in &changed.gained {
            if obj.count() != 0 {
                tracer.object(obj)
            }
        }
        for &[owner, key, value] in &changed.entries {
            // A store that was captured since is visited as a whole.
            if value.count() != 0 && is_armed_weak_store(&core.space, owner) {
                tracer.entry(owner, key, value)
            }
        }
        for obj in changed.lost.drain(..) {
            self.pending.push(obj)
        }
    }
}
