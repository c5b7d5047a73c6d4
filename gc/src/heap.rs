//! The heap: allocation, collection, accounting.
//!
//! | module | concept |
//! |---|---|
//! | `memory` | the reserved range and its side tables |
//! | `block`, `size_class`, `bitmap` | what the tables hold |
//! | `marks` | how two of the bitmaps are written by several threads |
//! | `pool` | free blocks |
//! | `alloc`, `large` | allocation |
//! | `sweep` | freeing |
//! | `walk` | going through all objects, in pieces |
//! | `foreign` | objects that a collector allocates by means of its own |

pub(crate) mod alloc;
pub(crate) mod bitmap;
pub(crate) mod block;
pub(crate) mod foreign;
pub(crate) mod large;
pub(crate) mod marks;
pub(crate) mod memory;
pub(crate) mod pool;
pub(crate) mod size_class;
pub(crate) mod sweep;
pub mod walk;

use crate::collector::{AnyCollector, Collector, GcKind, SwitchError};
use crate::collectors::steps_pace::StepPace;
use crate::core::Core;
use crate::header::Obj;
use crate::model::{Model, Roots};
use crate::options::Options;
use crate::request::Requester;
use crate::stats::{Cause, PauseKind, Stats};
use crate::sync;
use crate::verify::{self, Fault};
use alloc::{POLL_FINALIZE, POLL_LIMIT, POLL_PROGRAM, POLL_REQUEST, POLL_STRESS, POLL_WORK};
use bitmap::Bitmap;
use std::marker::PhantomData;

/// A heap of objects of the model `M`.
#[repr(C)]
pub struct Heap<M: Model> {
    pub(crate) core: Core,
    pub(crate) collector: AnyCollector,
    model: PhantomData<fn(M)>,
}

/// What the collector knows of an object; for tests and tools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Inspection {
    /// Its cell is in use.
    pub allocated: bool,
    /// Bytes of its cell.
    pub bytes: usize,
    /// It survived a collection.
    pub old: bool,
    /// The cycle in progress has reached it.
    pub marked: bool,
    /// The barrier will log it.
    pub unlogged: bool,
    /// It is registered with a finalizer.
    pub finalizable: bool,
}

impl<M: Model> Heap<M> {
    /// Largest size that `alloc` takes, in bytes.
    pub const SMALL_LIMIT: usize = size_class::SMALL_LIMIT;

    /// A heap with default options.
    pub fn new() -> Heap<M> {
        Heap::with_options(Options::default())
    }
    /// A heap.
    pub fn with_options(options: Options) -> Heap<M> {
        let mut collector = AnyCollector::create(options.gc, &options);
        let mut core = Core::new(options);
        core.space.foreign = collector.foreign();
        collector.pace(&mut core);
        Heap {
            core,
            collector,
            model: PhantomData,
        }
    }
    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.core.options
    }
    /// The collector at work.
    pub fn kind(&self) -> GcKind {
        self.collector.kind()
    }

    /// Whether the collector wants the program to come to a safepoint. One load.
    #[inline(always)]
    pub fn poll(&self) -> bool {
        self.core.space.poll()
    }
    /// Who asks this heap's program, from any thread, to come to a safepoint.
    ///
    /// # Safety
    /// The heap stays where it is in memory until it is dropped.
    pub unsafe fn requester(&self) -> Requester {
        // SAFETY: as the caller promised; `drop` detaches.
        unsafe { self.core.mailbox.attach(self.core.space.poll_word()) };
        Requester::new(self.core.mailbox.clone())
    }
    /// Whether somebody asked for a safepoint, and nobody took the request.
    pub fn is_requested(&self) -> bool {
        self.core.mailbox.is_wanted()
    }
    /// Takes the request for a safepoint, if there is one.
    pub fn take_request(&mut self) -> bool {
        self.core.space.clear_poll(POLL_REQUEST);
        self.core.mailbox.take()
    }
    /// Keeps `poll` set for a reason of the program's own, or does so no longer.
    pub fn set_program_poll(&self, wanted: bool) {
        if wanted {
            self.core.space.set_poll(POLL_PROGRAM)
        } else {
            self.core.space.clear_poll(POLL_PROGRAM)
        }
    }
    /// More finalizers are due than the program wants to run now: `poll` is set
    /// once it has allocated `bytes` more.
    pub fn postpone_finalizers(&mut self, bytes: usize) {
        let space = &mut self.core.space;
        space.clear_poll(POLL_FINALIZE);
        space.alarm = space.allocated().saturating_add(bytes as u64);
    }
    /// Whether finalizers are due that are not, or no longer, postponed. If so,
    /// they are not postponed any more.
    pub fn take_finalizers(&mut self) -> bool {
        let space = &mut self.core.space;
        let postponed = space.alarm != u64::MAX && space.allocated() < space.alarm;
        if postponed {
            return false;
        }
        space.alarm = u64::MAX;
        space.clear_poll(POLL_FINALIZE);
        self.core.finalizers.due() != 0
    }
    /// Bytes ever allocated, to the granularity of a run of cells.
    pub fn allocated_bytes(&self) -> u64 {
        self.core.space.allocated()
    }
    /// Allocates `size` bytes (header included) without collecting. The header
    /// is written, the rest is uninitialised: the caller initialises it all
    /// before the next safepoint. `None`: no free cell at hand, take `alloc`.
    ///
    /// # Safety
    /// The caller initialises the object as `M::trace` expects for `kind`.
    #[inline(always)]
    pub unsafe fn alloc_fast(&mut self, size: usize, kind: u8) -> Option<Obj> {
        // SAFETY: as the caller promised.
        unsafe { self.core.space.alloc_fast(size, kind) }
    }
    /// As `alloc_fast`, but always succeeds for sizes up to [`Heap::<M>::SMALL_LIMIT`]
    /// (it may overshoot the heap limit; the next safepoint deals with that).
    ///
    /// # Safety
    /// As for `alloc_fast`.
    #[inline]
    pub unsafe fn alloc(&mut self, size: usize, kind: u8) -> Obj {
        // SAFETY: as the caller promised.
        match unsafe { self.core.space.alloc_fast(size, kind) } {
            Some(obj) => obj,
            // SAFETY: as the caller promised.
            None => unsafe { self.alloc_slow(size, kind) },
        }
    }
    /// The rest of `alloc`, when `alloc_fast` has found nothing.
    ///
    /// # Safety
    /// As for `alloc_fast`.
    #[cold]
    #[inline(never)]
    pub unsafe fn alloc_slow(&mut self, size: usize, kind: u8) -> Obj {
        self.collector.refill::<M>(&mut self.core);
        // SAFETY: as the caller promised.
        match unsafe { self.collector.allocate::<M>(&mut self.core, size, kind) } {
            Some(obj) => obj,
            None => {
                let layout = std::alloc::Layout::from_size_align(size, 16);
                std::alloc::handle_alloc_error(layout.unwrap_or(std::alloc::Layout::new::<u64>()))
            }
        }
    }
    /// Allocates an object of any size; `None` if that would pass the heap's
    /// limit (the caller collects fully and tries again, or raises `not enough memory`).
    ///
    /// # Safety
    /// As for `alloc_fast`.
    #[inline]
    pub unsafe fn try_alloc(&mut self, size: usize, kind: u8) -> Option<Obj> {
        // SAFETY: as the caller promised.
        if let Some(obj) = unsafe { self.core.space.alloc_fast(size, kind) } {
            return Some(obj); // from a run that was accounted for already
        }
        if !self.has_room(size) {
            return None;
        }
        // SAFETY: as the caller promised.
        unsafe { self.collector.allocate::<M>(&mut self.core, size, kind) }
    }
    /// Accounts for memory that objects own outside of the heap (`delta` in bytes).
    pub fn external(&mut self, delta: isize) {
        self.core.space.external(delta)
    }
    /// `bytes` more will have to be looked at by the next collection: for its
    /// pacing they count as if they had been allocated.
    pub fn charge(&mut self, bytes: usize) {
        self.core.space.charge(bytes)
    }
    /// Whether `n` more bytes stay below the heap's limit.
    pub fn has_room(&self, n: usize) -> bool {
        self.core.space.has_room(n)
    }
    /// Whether the heap's limit is exceeded. At a safepoint that finds it so
    /// everything is collected first; if it still holds after the safepoint,
    /// the program has too much memory in use.
    pub fn over_limit(&self) -> bool {
        !self.has_room(0)
    }
    /// Moves the heap's limit, for example to leave room for the program's
    /// answer to being out of memory.
    pub fn set_limit(&mut self, limit: usize) {
        self.core.space.set_limit(limit)
    }
    /// The heap's limit in bytes.
    pub fn limit(&self) -> usize {
        self.core.space.limit()
    }

    /// `obj` has a finalizer: when it becomes unreachable it is kept alive and
    /// handed out once by `next_finalizable`, in reverse order of registration.
    pub fn register_finalizer(&mut self, obj: Obj) {
        self.core.finalizers.register(obj)
    }
    /// Whether `obj` is registered and was not handed out yet.
    pub fn has_finalizer(&self, obj: Obj) -> bool {
        obj.flags() & crate::header::FINALIZABLE != 0
    }
    /// The next object whose finalizer is due.
    #[inline]
    pub fn next_finalizable(&mut self) -> Option<Obj> {
        let (obj, known) = self.core.finalizers.next()?;
        if known {
            self.collector.handed_out(&mut self.core, obj)
        }
        Some(obj)
    }
    /// Number of objects whose finalizer is due.
    #[inline]
    pub fn finalizers_due(&self) -> usize {
        self.core.finalizers.due()
    }
    /// Puts every registered object into the queue of `next_finalizable` (closing the state).
    pub fn finalize_all(&mut self) {
        // A cycle may be searching among them.
        self.collector.give_up_cycle::<M>(&mut self.core);
        self.core.finalizers.finalize_all()
    }
    /// `obj` owns something outside of the heap: call `Model::drop_payload` when it dies.
    pub fn register_drop(&mut self, obj: Obj) {
        self.collector.register_drop(&mut self.core, obj)
    }

    /// Bytes in use: cells and external memory.
    pub fn bytes(&self) -> usize {
        self.core.space.used()
    }
    /// Objects in use, dead ones not collected yet included.
    pub fn objects(&self) -> usize {
        self.core.space.objects()
    }
    /// Bytes whose pages may be resident.
    pub fn committed_bytes(&self) -> usize {
        self.core.space.committed_bytes()
    }
    /// Most bytes ever in use at a time (to the granularity of a run of cells).
    pub fn peak_bytes(&self) -> usize {
        self.core.space.peak_bytes()
    }
    /// Most bytes ever committed at a time.
    pub fn peak_committed_bytes(&self) -> usize {
        self.core.space.peak_committed_bytes()
    }
    /// What was measured.
    pub fn stats(&self) -> &Stats {
        &self.core.stats
    }
    /// What was measured, to subscribe to it.
    pub fn stats_mut(&mut self) -> &mut Stats {
        &mut self.core.stats
    }

    /// Called by the program when `poll` is set: does what pacing asks for.
    #[inline(never)]
    pub fn safepoint<R: Roots>(&mut self, roots: &mut R) {
        let bits = self.core.space.poll_bits();
        if bits & POLL_LIMIT != 0 {
            if self.over_limit() {
                self.core.space.clear_poll(POLL_LIMIT);
                return self.full::<R>(roots, Cause::HeapLimit);
            }
            // The bit stays while the runs at hand, used up, would pass the limit.
            self.core.space.check_limit();
        }
        if self.core.stopped {
            return self.core.stop();
        }
        if bits & POLL_WORK != 0 {
            let cause = if self.core.log.is_long() {
                Cause::Log
            } else {
                Cause::Nursery
            };
            self.collector
                .safepoint::<M, R>(&mut self.core, roots, cause)
        } else if bits & POLL_STRESS != 0 {
            self.core.countdown = self.core.countdown.saturating_sub(1);
            if self.core.countdown == 0 {
                self.core.countdown = self.core.options.stress;
                self.collector
                    .safepoint::<M, R>(&mut self.core, roots, Cause::Stress)
            }
        }
    }
    /// What the cycle in progress does next, for tests and tools.
    pub fn stage(&self) -> Option<String> {
        let cycle = self.core.cycle.as_ref().map(|c| format!("{:?}", c.stage));
        cycle.or_else(|| self.collector.stage())
    }
    /// Whether a collection of the whole heap is under way beside the program.
    pub fn is_marking(&self) -> bool {
        self.core.cycle.is_some() || self.core.marking.is_some() || self.collector.in_cycle()
    }
    /// Whether the verdict on what a cycle did not reach is being carried out:
    /// until that is done, [`Heap::condemned`] has to be asked of what is read
    /// through a weak reference.
    #[inline(always)]
    pub fn verdict_pending(&self) -> bool {
        self.core.verdict | self.core.dooming
    }
    /// Whether `obj`, read through a weak reference, was found unreachable, so
    /// that the reference counts as cleared already. If it is resurrected, that
    /// ends when all it leads to is: the program never sees a part of it.
    #[inline]
    pub fn condemned(&self, obj: Obj) -> bool {
        let late = |bits: Bitmap| bits.test(obj.addr());
        self.core.verdict
            && (!self.core.space.mem.is_live(obj) || self.core.resurrecting.is_some_and(late))
            || self.core.dooming && obj.is_doomed()
    }
    /// `obj`, which has no references to other objects, was found again by a
    /// search outside of the heap: it lives.
    #[inline]
    pub fn revive(&self, obj: Obj) {
        if self.core.dooming && obj.is_doomed() {
            // The collector finds out.
            return obj.set_count(0);
        }
        // A young object must not have MARK: if it dies, its cell is free.
        if self.condemned(obj) {
            self.core.space.mem.mark.claim_shared(obj.addr());
            if let Some(bits) = self.core.resurrecting {
                bits.clear(obj.addr())
            }
        }
    }
    /// A full collection: on return everything unreachable is freed or awaits its finalizer.
    pub fn collect_full<R: Roots>(&mut self, roots: &mut R) {
        self.full(roots, Cause::Explicit)
    }
    /// A minor collection; a full one if the collector knows no minors.
    pub fn collect_young<R: Roots>(&mut self, roots: &mut R) {
        self.collector
            .collect_young::<M, R>(&mut self.core, roots, Cause::Explicit);
        self.stay_stopped()
    }
    /// A step of collection, as if the program had allocated `bytes`; with 0 the
    /// smallest step there is. It happens even if automatic collection is
    /// stopped. Whether a cycle of collection ended with it.
    pub fn step<R: Roots>(&mut self, bytes: usize, roots: &mut R) -> bool {
        self.core.space.spend(bytes);
        let left = self.core.budget();
        if bytes != 0 && left >= 0 && self.kind().collects() {
            return false;
        }
        let ended = self
            .collector
            .step::<M, R>(&mut self.core, roots, left.min(0).unsigned_abs());
        self.stay_stopped();
        ended
    }
    /// The collector has set its budget anew, after a collection that the
    /// program asked for, or needed.
    fn stay_stopped(&mut self) {
        if self.core.stopped {
            self.core.stopped = false;
            self.core.stop()
        }
    }
    /// The parameters of marking in steps.
    pub fn step_pace(&self) -> StepPace {
        self.core.pace
    }
    /// Changes the parameters of marking in steps, from the next step on.
    pub fn set_step_pace(&mut self, pace: StepPace) {
        self.core.pace = pace
    }
    /// Sets the factor of growth at which a full collection is due.
    pub fn set_growth(&mut self, growth: f64) {
        self.core.options.growth = growth
    }
    /// Whether the collector `generational` collects young objects on their
    /// own, or would if it were at work.
    pub fn is_generational(&self) -> bool {
        self.core.options.generational
    }
    /// Makes the collector `generational` collect young objects on their own,
    /// or mark the whole heap in steps. A change while it is at work collects
    /// fully, and is recorded as a switch.
    pub fn set_generational<R: Roots>(&mut self, on: bool, roots: &mut R) {
        if self.core.options.generational == on {
            return;
        }
        self.core.options.generational = on;
        if self.kind() == GcKind::Generational {
            self.convert(roots)
        }
    }
    fn full<R: Roots>(&mut self, roots: &mut R, cause: Cause) {
        self.collector
            .collect_full::<M, R>(&mut self.core, roots, PauseKind::Full, cause);
        self.stay_stopped()
    }
    /// Stops automatic collection, or lets it go on. Explicit collections, and
    /// those at the heap's limit, happen nevertheless.
    pub fn set_stopped(&mut self, stopped: bool) {
        if stopped {
            self.core.stop();
            self.core.space.clear_poll(POLL_STRESS);
        } else {
            self.core.stopped = false;
            self.collector.pace(&mut self.core);
            if self.core.options.stress != 0 {
                self.core.space.set_poll(POLL_STRESS);
            }
        }
    }
    /// Whether automatic collection is stopped.
    pub fn is_stopped(&self) -> bool {
        self.core.stopped
    }
    /// Goes on with another collector; this collects fully, and is recorded as a switch.
    /// A collector that allocates objects by means of its own cannot take over
    /// another's, nor leave its own to another.
    pub fn switch<R: Roots>(&mut self, kind: GcKind, roots: &mut R) -> Result<(), SwitchError> {
        let from = self.kind();
        if kind == from {
            return Ok(());
        }
        if !(from.shares_heap() && kind.shares_heap()) {
            return Err(SwitchError { from, to: kind });
        }
        self.core.options.gc = kind;
        self.convert(roots);
        Ok(())
    }
    /// Goes on with the collector that the options name.
    fn convert<R: Roots>(&mut self, roots: &mut R) {
        self.core.stats.stop_early();
        self.core.abandon_cycle::<M>();
        self.collector.leave::<M>(&mut self.core);
        self.collector = AnyCollector::create(self.core.options.gc, &self.core.options);
        self.collector.collect_full::<M, R>(
            &mut self.core,
            roots,
            PauseKind::Switch,
            Cause::Explicit,
        );
        let stopped = std::mem::replace(&mut self.core.stopped, false);
        self.collector.pace(&mut self.core);
        self.set_stopped(stopped);
    }

    /// Checks the whole heap; returns the number of objects reached.
    pub fn verify<R: Roots>(&mut self, roots: &mut R) -> Result<usize, Fault> {
        verify::reachable::<M, R>(&mut self.core, roots)
    }
    /// What the collector knows of an object.
    pub fn inspect(&self, obj: Obj) -> Inspection {
        let space = &self.core.space;
        let allocated = space.is_allocated(obj.addr());
        if !allocated && !space.mem.contains(obj.addr()) {
            return Inspection::default(); // not our memory: it must not be looked at
        }
        Inspection {
            allocated,
            bytes: space.size_of(obj),
            old: space.is_old(obj),
            marked: self.core.cycle.is_some() && space.mem.mark.test(obj.addr()),
            unlogged: obj.unlogged(),
            finalizable: self.has_finalizer(obj),
        }
    }
}

impl<M: Model> Default for Heap<M> {
    fn default() -> Self {
        Heap::new()
    }
}

impl<M: Model> Drop for Heap<M> {
    fn drop(&mut self) {
        self.core.mailbox.detach();
        self.core.close::<M>();
        self.core.drops.drop_everything::<M>();
        // Nobody may come to a safepoint any more.
        while crate::span::give_back(usize::MAX) {}
    }
}
