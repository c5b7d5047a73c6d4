//! `marksweep`: the simple collector that the others are checked against.
//!
//! 1. *Mark* (program stopped): everything reachable from the roots gets MARK;
//!    weak references, ephemerons and finalizers are settled (`full.rs`).
//! 2. *Sweep* (program, lazily): when the allocator wants a block of a size
//!    class, it sweeps the next ones of that class: ALLOC becomes MARK, MARK
//!    becomes clear. What is unswept at the next marking is swept first.
//!
//! The barrier is never armed. A collection is due when the heap has grown by
//! the growth factor over what lived after the last.

use crate::collector::{Collector, GcKind};
use crate::collectors::full;
use crate::core::Core;
use crate::model::{Model, Roots};
use crate::pacer;
use crate::stats::{Cause, PauseKind};

/// Stop-the-world mark, lazy sweep.
pub(crate) struct MarkSweep;

impl Collector for MarkSweep {
    fn kind(&self) -> GcKind {
        GcKind::MarkSweep
    }
    fn pace(&mut self, core: &mut Core) {
        let live = core.stats.live_after_full();
        let due = pacer::full_threshold(live, core.options.growth);
        core.space.set_budget(due.saturating_sub(core.space.used()))
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        let cause = if cause == Cause::Nursery {
            Cause::Growth
        } else {
            cause
        };
        self.collect_full::<M, R>(core, roots, PauseKind::Full, cause)
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
        self.pace(core);
    }
}
