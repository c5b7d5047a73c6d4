//! What a marking in steps on the program's thread has in hand between two steps.

use crate::header::Obj;
use crate::mark::{GreyQueue, Scope, Tracer};
use crate::model::Model;
use crate::weak::Ephemerons;

/// The marking in progress.
pub(crate) struct Marking {
    /// Objects with MARK that wait for a visit.
    pub grey: GreyQueue,
    /// Marked objects with weak references.
    weak: Vec<Obj>,
    /// Marked objects with ephemerons.
    owners: Vec<Obj>,
    /// Slots visited so far.
    pub done: usize,
    /// Slots that there are to visit, roughly.
    pub estimate: usize,
    /// Bytes in use at the snapshot.
    pub start: usize,
}

impl Marking {
    /// A marking that begins now.
    pub fn new(used: usize) -> Marking {
        Marking {
            grey: GreyQueue::new(),
            weak: Vec::new(),
            owners: Vec::new(),
            done: 0,
            estimate: used / 8,
            start: used,
        }
    }
    /// Takes what was gathered into a tracer for the final mark, or a step.
    pub fn lend<M: Model, S: Scope>(&mut self, scope: S) -> Tracer<M, S> {
        let mut tracer = Tracer::new(scope, GreyQueue::new());
        std::mem::swap(&mut tracer.grey, &mut self.grey);
        std::mem::swap(&mut tracer.weak, &mut self.weak);
        std::mem::swap(&mut tracer.ephemerons.owners, &mut self.owners);
        tracer
    }
    /// Takes it back.
    pub fn regain<M: Model, S: Scope>(&mut self, tracer: Tracer<M, S>) {
        let Tracer {
            grey,
            weak,
            ephemerons: Ephemerons { owners, .. },
            work,
            ..
        } = tracer;
        self.grey = grey;
        self.weak = weak;
        self.owners = owners;
        self.done += work;
    }
}
