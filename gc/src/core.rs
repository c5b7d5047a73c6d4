//! What every collector works on: the space, the log, the registers, the
//! statistics; and the steps that all collections have in common.

use crate::clock::Clock;
use crate::collectors::generational::cycle::Cycle;
use crate::collectors::generational::helpers::Helpers;
use crate::collectors::slices::Marking;
use crate::collectors::steps_pace::StepPace;
use crate::finalize::{Drops, Finalizers};
use crate::header::Obj;
use crate::heap::alloc::{POLL_STRESS, Space};
use crate::heap::bitmap::Bitmap;
use crate::heap::block::BLOCK_BYTES;
use crate::log::Log;
use crate::mark::{GreyQueue, Scope, Tracer};
use crate::model::{Model, Roots};
use crate::options::{Options, Pacing};
use crate::pacer;
use crate::stats::pause::Pause;
use crate::stats::{Phase, Stats};
use crate::verify;
use crate::weak::Ephemerons;

/// Everything in a heap but the collector. The space comes first: `poll` and
/// the bump pointers are at the start of the heap.
#[repr(C)]
pub(crate) struct Core {
    pub space: Space,
    pub log: Log,
    pub grey: Option<GreyQueue>,
    /// What a collection in one stop met, empty: its memory is used again.
    pub ephemerons: Ephemerons,
    /// The marking in steps that is in progress.
    pub marking: Option<Box<Marking>>,
    /// The collection of the whole heap that is in progress beside the program.
    pub cycle: Option<Box<Cycle>>,
    /// Weak references to what the cycle did not reach count as cleared.
    pub verdict: bool,
    /// The same of what `refcount` has doomed.
    pub dooming: bool,
    /// And so do those to what a cycle resurrects, which is what has a bit here, until all
    /// that this leads to has MARK.
    pub resurrecting: Option<Bitmap>,
    /// Threads that mark, once there were any.
    pub helpers: Option<Helpers>,
    pub finalizers: Finalizers,
    pub drops: Drops,
    pub stats: Stats,
    pub options: Options,
    pub clock: Clock,
    /// Parameters of marking in steps.
    pub pace: StepPace,
    /// Where other threads ask for safepoints.
    pub mailbox: std::sync::Arc<crate::request::Mailbox>,
    /// The program has switched automatic collection off.
    pub stopped: bool,
    /// What was left of the budget then.
    pub rest: isize,
    /// Safepoints until the next collection of stress mode.
    pub countdown: u32,
}

impl Core {
    pub fn new(options: Options) -> Core {
        let mut space = Space::new(options.heap_max.0);
        space.poison = options.verify || options.stress != 0;
        if options.huge_pages {
            space.mem.prefer_huge_pages();
        }
        if options.stress != 0 {
            space.set_poll(POLL_STRESS);
        }
        Core {
            space,
            log: Log::default(),
            grey: Some(GreyQueue::new()),
            ephemerons: Ephemerons::default(),
            marking: None,
            cycle: None,
            verdict: false,
            dooming: false,
            resurrecting: None,
            helpers: None,
            finalizers: Finalizers::default(),
            drops: Drops::default(),
            stats: Stats::new(),
            countdown: options.stress,
            clock: Clock::new(options.stress != 0, options.seed),
            options,
            pace: StepPace::default(),
            mailbox: Default::default(),
            stopped: false,
            rest: 0,
        }
    }

    /// Bytes in use at which a collection of the whole heap is due.
    pub fn due(&self) -> usize {
        self.due_with(self.stats.live_after_full())
    }
    /// The same if `live` bytes had lived after the last.
    pub fn due_with(&self, live: usize) -> usize {
        let rates = self.stats.rates();
        match (self.options.pacing, rates.growth(), rates.speed()) {
            (Pacing::MemBalancer, Some(growth), Some(speed)) => {
                pacer::balanced_threshold(live, growth, speed, self.options.price.per_byte())
            }
            _ => pacer::full_threshold(live, self.options.growth),
        }
    }

    /// Automatic collection is stopped: the budget is without end, and what is
    /// left of the collector's is remembered.
    pub fn stop(&mut self) {
        self.rest = self.budget();
        self.stopped = true;
        self.space.set_budget(usize::MAX)
    }

    /// What the program may allocate until the next collection is due, even if
    /// automatic collection is stopped.
    pub fn budget(&self) -> isize {
        if self.stopped {
            let allocated = isize::MAX - self.space.budget();
            self.rest.saturating_sub(allocated)
        } else {
            self.space.budget()
        }
    }

    /// Gives the cycle or the marking in progress up, if there is one: MARK is clear again.
    pub fn abandon_cycle<M: Model>(&mut self) {
        if let Some(cycle) = self.cycle.take() {
            cycle.abandon::<M>(self);
            (self.verdict, self.resurrecting) = (false, None);
            self.space.clear_marks()
        }
        if self.marking.take().is_some() {
            self.space.clear_marks()
        }
    }

    /// Ends what goes on beside the program.
    pub fn close<M: Model>(&mut self) {
        self.abandon_cycle::<M>();
        self.helpers = None;
    }

    /// Starts the helpers that the options ask for, unless they are there.
    pub fn start_helpers<M: Model>(&mut self) {
        if self.working_helpers().is_none()
            && let wanted = self.options.helpers()
            && wanted != 0
        {
            let helpers = Helpers::start::<M>(wanted, self.space.mem, self.stats.birth());
            self.helpers = Some(helpers).filter(|h| h.count() != 0);
        }
    }

    /// The helpers, if there are any that have not failed. Those that have are not
    /// replaced: the heap goes on without.
    pub fn working_helpers(&mut self) -> Option<&Helpers> {
        if self
            .helpers
            .as_ref()
            .is_some_and(|h| h.exchange().is_deserted())
        {
            self.helpers = None;
            self.options.concurrent = false;
        }
        self.helpers.as_ref()
    }

    /// Ends the runs of the allocator and notes what is in use.
    pub fn prepare(&mut self, pause: &mut Pause) {
        self.space.flush();
        pause.before(self.space.used(), self.space.objects());
        self.stats.set_committed(self.space.pool.committed_bytes());
    }

    /// Bytes that a visit of `obj` reads.
    #[inline]
    pub fn weight_of<M: Model>(&self, obj: Obj) -> usize {
        // SAFETY: an object that the program is about to change is alive.
        self.space.mem.size_of(obj) + unsafe { M::weight(obj) }
    }

    /// A tracer that uses this heap's grey queue; hand it back with `retire`.
    pub fn tracer<M: Model, S: Scope>(&mut self, scope: S) -> Tracer<M, S> {
        let mut tracer = Tracer::new(scope, self.grey.take().unwrap_or_else(GreyQueue::new));
        tracer.ephemerons = std::mem::take(&mut self.ephemerons);
        tracer
    }

    /// The common middle of a collection, once roots and log were claimed:
    /// marks, decides on weak references and finalizers in Lua's order.
    pub fn settle<M: Model, S: Scope>(
        &mut self,
        tracer: &mut Tracer<M, S>,
        full: bool,
        pause: &mut Pause,
    ) {
        self.finalizers.mark_pending(tracer, full);
        tracer.converge();
        pause.phase(Phase::Mark);
        tracer.clear_weak_values(0);
        let cleared = tracer.weak.len();
        if self.finalizers.resurrect(tracer, full) {
            tracer.converge();
        }
        tracer.clear_weak_values(cleared);
        tracer.clear_weak_keys();
        pause.work(tracer.work);
        pause.phase(Phase::Weak);
    }

    /// Takes the grey queue back; what remains is the scope.
    pub fn retire<M: Model, S: Scope>(&mut self, tracer: Tracer<M, S>) -> S {
        let Tracer {
            scope,
            mut grey,
            mut ephemerons,
            ..
        } = tracer;
        grey.shrink();
        ephemerons.clear();
        self.ephemerons = ephemerons;
        self.grey = Some(grey);
        scope
    }

    /// Gives free blocks beyond what the program will soon need back to the
    /// system, at most `limit` of them.
    pub fn release(&mut self, limit: usize) {
        let used = self.space.used();
        let nursery = pacer::most_nursery(self.options.nursery.0, used);
        let keep = pacer::blocks_to_keep(nursery, used, BLOCK_BYTES);
        self.space.pool.trim(&self.space.mem, keep, limit);
        self.stats.set_committed(self.space.pool.committed_bytes());
    }

    /// With the option `verify`: checks the heap after a collection.
    pub fn check_after<M: Model, R: Roots>(&mut self, roots: &mut R) {
        if self.options.verify
            && let Err(fault) = verify::reachable::<M, R>(self, roots)
        {
            panic!("heap verifier, after a collection: {fault}");
        }
    }
}
