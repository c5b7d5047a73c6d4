//! A stopped trace of the whole heap, which finds every cycle and sets every
//! count right.
//!
//! 1. *Prepare*: end the allocator's runs, finish the last sweep. What waits to
//!    be counted or worked off is forgotten: all is counted anew.
//! 2. *Mark and count* from the roots: an object's count is set to zero when it
//!    gets MARK, and rises with each reference found in a marked object.
//! 3. *Weak references, ephemerons, finalizers*, as after every full marking.
//! 4. *Sweep*: ALLOC and OLD become MARK, lazily; a collection that the program
//!    asked for sweeps everything and returns all it can.

use super::RefCount;
use super::counts::{CountScope, find_roots, resurrect};
use super::weakly::Visited;
use crate::collectors::full;
use crate::core::Core;
use crate::model::{Model, Roots};
use crate::stats::{Cause, PauseKind, Phase};

impl RefCount {
    /// Traces and counts the whole heap in one stop.
    pub(super) fn trace_all<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        let mut pause = core.stats.begin(kind, cause);
        self.abandon_backup::<M>(core);
        // What the program saw as cleared must not be found again in what is resurrected.
        self.give_up_doomed::<M>(core);
        core.prepare(&mut pause);
        core.space.finish_sweep();
        core.stats.count_log(core.log.len());
        core.log.clear();
        self.forget(core);
        core.finalizers.set_indexed(true);
        core.drops.set_indexed(true);
        pause.phase(Phase::Prepare);

        let scope = CountScope::<true>::new(core.space.mem, roots);
        let mut tracer = core.tracer::<M, _>(scope);
        find_roots(core, &mut tracer, roots);
        pause.phase(Phase::Roots);
        tracer.converge();
        pause.phase(Phase::Mark);
        let mut lost = Vec::new();
        let mut visited = Visited::default();
        visited.clear_values(&tracer, core, &mut self.weak, &mut lost);
        if resurrect(core, &mut tracer, true) {
            tracer.converge();
            visited.clear_values(&tracer, core, &mut self.weak, &mut lost);
        }
        visited.clear_keys(&tracer, core, &mut self.weak, &mut lost);
        let ephemerons = std::mem::take(&mut tracer.ephemerons.owners);
        visited.enter::<M>(core, &mut self.weak, &ephemerons);
        for obj in lost {
            self.pending.push(obj)
        }
        pause.work(tracer.work);
        pause.phase(Phase::Weak);

        let mut scope = core.retire(tracer);
        self.roots = std::mem::take(&mut scope.roots);
        for &obj in &scope.running {
            core.log.push(obj, 0)
        }
        full::bury::<M, R>(core, roots, &mut pause);
        core.space.begin_sweep(true);
        core.stats.set_live(core.space.used());
        let asked = kind == PauseKind::Full && cause == Cause::Explicit;
        if asked {
            core.space.finish_sweep();
        }
        pause.phase(Phase::Sweep);
        // References that went with the keys of cleared entries.
        self.settle_deaths::<M, R>(core, roots, u64::MAX);
        core.stats.set_counting(self.figures);
        core.space.file_thinned(usize::MAX);
        pause.phase(Phase::Deaths);
        core.release(if asked { usize::MAX } else { 256 });
        pause.phase(Phase::Release);
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        self.rest = self.nursery as isize;
        self.after = core.space.used();
        self.pace_now(core);
        self.check::<M, R>(core, roots);
    }
}
