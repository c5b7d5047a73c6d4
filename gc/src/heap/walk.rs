//! Going through all objects, at once or in pieces.

use super::Heap;
use super::block::BlockId;
use crate::collector::Collector;
use crate::header::Obj;
use crate::model::Model;
use crate::stats::{Cause, Pause, PauseKind};

/// How far a walk through the heap has come.
#[derive(Default)]
pub struct Walk {
    /// The next block; behind the last one it goes on with the first.
    next: BlockId,
    /// Blocks to be visited.
    left: BlockId,
}

impl Walk {
    /// Nothing is left to be visited.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }
}

impl<M: Model> Heap<M> {
    /// Has a walk visit, from where it is, every object that there is now.
    pub fn begin_walk(&self, walk: &mut Walk) {
        // One block even if there is none: a foreign heap has no blocks.
        walk.left = self.core.space.pool.high().max(1)
    }
    /// The objects of a walk's next blocks, all of each, until about `limit` were found
    /// or the walk is over. Those that were found dead are left out.
    ///
    /// A foreign heap, which has no blocks, is visited as a whole.
    pub fn walk_on(&mut self, walk: &mut Walk, limit: usize) -> Vec<Obj> {
        let mut found = Vec::new();
        if walk.is_over() {
            return found;
        }
        self.core.space.flush();
        if self.core.space.foreign.is_some() {
            self.collector.complete_sweep(&mut self.core);
            self.core.space.each_object(|o| found.push(o));
            walk.left = 0;
        }
        while !walk.is_over() && found.len() < limit {
            let high = self.core.space.pool.high();
            if walk.next >= high {
                walk.next = 0;
            }
            if walk.next < high {
                self.core.space.each_object_of(walk.next, |o| found.push(o));
            }
            walk.next += 1;
            walk.left -= 1;
        }
        found.retain(|o| !self.condemned(*o) && !self.collector.frees::<M>(&self.core, *o));
        found
    }
    /// The program stands still because its weak tables are attended to: a stop like those
    /// of the collector, until `end_stop`.
    pub fn begin_stop(&mut self) -> Pause {
        let mut pause = self.core.stats.begin(PauseKind::Weak, Cause::Explicit);
        pause.before(self.core.space.used(), self.core.space.objects());
        pause
    }
    /// The program goes on.
    pub fn end_stop(&mut self, pause: Pause) {
        let (used, objects) = (self.core.space.used(), self.core.space.objects());
        self.core.stats.end(pause, used, objects);
    }
}
