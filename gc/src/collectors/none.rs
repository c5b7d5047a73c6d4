//! `none`: never collects.
//!
//! 1. *Allocate* (program). Nothing is ever freed; the barrier is never armed.
//!    At the heap's limit allocation fails.
//! 2. *Take over* (program stopped) from another collector: its log is dropped.
//!
//! Finalizers run only when the heap is closed. It is the baseline that the
//! cost of the others is measured against.

use crate::collector::{Collector, GcKind};
use crate::core::Core;
use crate::model::{Model, Roots};
use crate::stats::{Cause, PauseKind, Phase};

/// The collector that does nothing.
pub(crate) struct NoCollector;

impl Collector for NoCollector {
    fn kind(&self) -> GcKind {
        GcKind::None
    }
    fn pace(&mut self, core: &mut Core) {
        core.space.set_budget(usize::MAX)
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, _roots: &mut R, _cause: Cause) {
        self.pace(core)
    }
    fn collect_young<M: Model, R: Roots>(
        &mut self,
        _core: &mut Core,
        _roots: &mut R,
        _cause: Cause,
    ) {
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        _roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        if kind == PauseKind::Switch {
            let mut pause = core.stats.begin(kind, cause);
            core.prepare(&mut pause);
            core.log.clear();
            pause.phase(Phase::Prepare);
            core.stats
                .end(pause, core.space.used(), core.space.objects());
        }
    }
}
