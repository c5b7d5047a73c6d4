//! A stopped collection of the whole heap, as `marksweep` does it always and
//! `generational` now and then.
//!
//! 1. *Prepare*: give up a marking in slices, end the allocator's runs, finish the last sweep, so that all
//!    MARK bits are clear. The log is emptied: everything gets visited anyway.
//! 2. *Mark* from the roots and the queue of finalizers.
//! 3. *Settle* weak references, ephemerons, finalizers; prune tables outside
//!    of the heap; drop payloads.
//! 4. *Begin the sweep*: count what lives, sweep large objects and, for a
//!    generational heap, the nursery; the rest follows lazily. A collection
//!    that the program asked for sweeps everything and returns all it can.
//!
//! With `ARM`, every survivor becomes OLD and UNLOGGED: nothing is young
//! afterwards, and the log is empty.

use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::heap::memory::Memory;
use crate::mark::Scope;
use crate::model::{Model, Roots};
use crate::stats::pause::Pause;
use crate::stats::{Cause, PauseKind, Phase};

/// All objects; MARK says which were reached.
pub(crate) struct FullScope<const ARM: bool> {
    pub mem: Memory,
}

impl<const ARM: bool> Scope for FullScope<ARM> {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        self.mem.mark.claim(obj.addr())
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.mem.mark.test(obj.addr())
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, obj: Obj) {
        if ARM && !obj.unlogged() {
            obj.set_flags(obj.flags() | UNLOGGED)
        }
    }
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

/// Collects the whole heap. Returns the stop's CPU time in nanoseconds.
pub(crate) fn collect<M: Model, R: Roots, const ARM: bool>(
    core: &mut Core,
    roots: &mut R,
    kind: PauseKind,
    cause: Cause,
) -> u64 {
    let mut pause = core.stats.begin(kind, cause);
    core.abandon_cycle::<M>();
    core.prepare(&mut pause);
    core.space.finish_sweep();
    core.stats.count_log(core.log.len());
    core.log.clear();
    pause.phase(Phase::Prepare);

    let mem = core.space.mem;
    let mut tracer = core.tracer::<M, _>(FullScope::<ARM> { mem });
    tracer.mark_roots(roots);
    pause.phase(Phase::Roots);
    core.settle(&mut tracer, true, &mut pause);
    core.retire(tracer);
    bury::<M, R>(core, roots, &mut pause);

    core.space.begin_sweep(ARM);
    core.stats.set_live(core.space.used());
    if kind == PauseKind::Full && cause == Cause::Explicit {
        core.space.finish_sweep();
        pause.phase(Phase::Sweep);
        core.release(usize::MAX);
    } else {
        pause.phase(Phase::Sweep);
        core.release(256);
    }
    pause.phase(Phase::Release);
    let ns = core
        .stats
        .end(pause, core.space.used(), core.space.objects())
        .cpu_ns;
    core.check_after::<M, R>(roots);
    ns
}

/// Everything without MARK is dead: forgets it wherever it is known, drops payloads.
pub(crate) fn bury<M: Model, R: Roots>(core: &mut Core, roots: &mut R, pause: &mut Pause) {
    let mem = core.space.mem;
    let live = |o: Obj| mem.mark.test(o.addr());
    roots.prune(&live, true);
    let freed = core.drops.drop_dead::<M>(live, true);
    core.space.external(-(freed as isize));
    core.finalizers.promote(|_| true);
    core.drops.promote(|_| true);
    pause.phase(Phase::Prune);
}
