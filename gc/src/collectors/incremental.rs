//! `incremental`: tri-colour marking and sweeping in small steps by the crate
//! `gc-arena`. It is the yardstick from outside: gc-arena's own code allocates,
//! marks, sweeps and frees the objects, one by one; everything else (the object
//! model, the barrier, the interpreter) is as under the other collectors.
//!
//! 1. *Sleep*. The program allocates; each object is a `Gc` (`cell.rs`). Every
//!    so many bytes there is a look at how much. No stop is recorded.
//! 2. *Mark* (stopped, a slice at a safepoint), once the heap has grown by the
//!    sleep: gc-arena traces grey objects until the debt that was handed to it
//!    is paid (`pacing.rs`), in portions with a look at the clock between them.
//!    Roots are not barriered, so whenever nothing else is grey they are traced,
//!    and again in each later slice.
//! 3. *Final mark* (stopped): in the slice after the one in which nothing was
//!    grey any more, the roots are traced again. If nothing is grey still, weak
//!    references, ephemerons and finalizers are decided on in gc-arena's
//!    finalize phase (`settle.rs`), and the intern table forgets the dead.
//!    Otherwise marking goes on.
//! 4. *Sweep* (stopped, a slice at a safepoint): gc-arena frees what is white,
//!    one object at a time, until its debt is paid; payloads are dropped. New objects are born white
//!    but behind the sweep. At the end everything is white and 1 begins again.
//! 5. *Full* (stopped), when the program asks for it or the heap's limit is
//!    reached: the cycle in progress is finished, as it may keep what has died
//!    since it began; then a whole one follows.
//!
//! Barrier: gc-arena's trace of an object sets UNLOGGED, as the object is black
//! then. `log` clears the bit and calls gc-arena's backward barrier, which
//! makes a black object grey again. So while marking a black object is UNLOGGED;
//! a bit left over from the last cycle costs one useless call. Of a large cell
//! (a chunk of an array, a segment of a hash) the bit stays set while marking,
//! and what is stored into it becomes grey, by gc-arena's forward barrier. The stacks of
//! running coroutines are objects that the virtual machine logs before each
//! safepoint.
//!
//! What bounds a stop: the largest object that is traced whole (a coroutine's
//! stack; tables are built of bounded pieces), the roots, and all of 3, which
//! is in one piece.
//!
//! No `Mutation` of gc-arena lives across a safepoint: each allocation and each
//! call of the barrier has one of its own.

mod cell;
mod hook;
mod pacing;
mod settle;

use crate::collector::{Collector, GcKind};
use crate::core::Core;
use crate::header::{Obj, PAYLOAD, UNLOGGED};
use crate::heap::foreign::Foreign;
use crate::heap::size_class::{SMALL_LIMIT, class_of};
use crate::model::{Model, Roots};
use crate::options::Options;
use crate::slot::referent;
use crate::stats::pause::Pause;
use crate::stats::{Cause, PauseKind, Phase};
use gc_arena::arena::CollectionPhase;
use gc_arena::collect::Trace;
use gc_arena::{Arena, Collect, Rootable};
use hook::{Cycle, Reporting};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Of cells larger than this, in bytes, the barrier makes the object grey that is
/// stored, not the cell. Random stores into an array of 10^7 tables would otherwise
/// have its chunks traced again faster than marking proceeds.
const LARGE_OWNER: usize = 256;
/// In stress mode every so many collections one is full.
const STRESS_FULL: u32 = 8;
/// In stress mode a slice may take so long.
const STRESS_NS: u64 = 1_000_000_000;

/// The roots, lent by the virtual machine for the time of a stop.
#[derive(Clone, Copy)]
struct Lent {
    roots: *mut (),
    trace: unsafe fn(*mut (), &mut dyn FnMut(Obj)),
}

/// gc-arena's root.
struct RootSet(Option<Lent>);

// SAFETY: the virtual machine's roots are traced; they are not lent between
// stops, and lent anew, which is a mutation of the root, for each.
unsafe impl<'gc> Collect<'gc> for RootSet {
    fn trace<C: Trace<'gc>>(&self, cc: &mut C) {
        let lent = self.0.expect("a collection without roots");
        // SAFETY: lent for the time of this stop; roots refer to live objects.
        unsafe { (lent.trace)(lent.roots, &mut |obj| cc.trace_gc(cell::pointer(obj))) }
    }
}

/// gc-arena, and what it must be told.
pub(crate) struct Incremental {
    arena: Arena<Rootable![RootSet]>,
    cycle: RefCell<Cycle>,
    /// The last slice left nothing grey.
    marked: bool,
    /// Debt that the program may still make before the next cycle.
    sleep: f64,
    /// Debt that gc-arena was not told of yet.
    pending: f64,
    /// Objects allocated since the last look.
    allocated: usize,
    /// The budget given at the last look.
    granted: isize,
    growth: f64,
    /// Collections so far in stress mode.
    turn: u32,
    /// Random numbers of stress mode.
    random: u32,
}

impl Incremental {
    /// An empty arena.
    pub fn new(options: &Options) -> Incremental {
        join_freed_chunks();
        let arena = Arena::new(|_| RootSet(None));
        arena.metrics().set_pacing(pacing::PACING);
        let mut cycle = Cycle::new(arena.metrics().clone());
        cycle.poison = options.verify || options.stress != 0;
        Incremental {
            arena,
            cycle: RefCell::new(cycle),
            marked: false,
            sleep: pacing::sleep(0, 0, options.growth),
            pending: 0.0,
            allocated: 0,
            granted: 0,
            growth: options.growth,
            turn: 0,
            random: 0x9E37_79B9,
        }
    }
    /// Where its objects are.
    pub fn objects(&self) -> Rc<RefCell<Foreign>> {
        self.cycle.borrow().objects.clone()
    }
    fn sleeping(&self) -> bool {
        self.arena.collection_phase() == CollectionPhase::Sleeping
    }
    fn sweeping(&self) -> bool {
        self.arena.collection_phase() == CollectionPhase::Sweeping
    }
    fn marking(&self) -> bool {
        !self.sleeping() && !self.sweeping()
    }

    /// Lends the roots to gc-arena, which must trace them again then.
    fn lend<R: Roots>(&mut self, roots: *mut R) {
        unsafe fn trace<R: Roots>(roots: *mut (), sink: &mut dyn FnMut(Obj)) {
            // SAFETY: lent as an `R`, and used by nobody else while gc-arena marks.
            hook::trace_roots(unsafe { &mut *roots.cast::<R>() }, sink)
        }
        let lent = Lent {
            roots: roots.cast(),
            trace: trace::<R>,
        };
        self.arena.mutate_root(|_, root| root.0 = Some(lent))
    }
    fn take_back(&mut self) {
        self.arena.mutate_root(|_, root| root.0 = None)
    }

    /// Notes what the program allocated since the last look.
    fn account(&mut self, core: &Core) -> f64 {
        let bytes = self.granted.saturating_sub(core.budget()).max(0);
        let new = pacing::units(self.allocated, bytes as usize);
        self.pending += new;
        self.granted = core.budget();
        // gc-arena counts objects as debt of its own; it is told in portions instead.
        self.arena
            .metrics()
            .adjust_debt(-(std::mem::take(&mut self.allocated) as f64));
        new
    }

    /// Lets gc-arena pay debt until it has marked everything, the cycle ended,
    /// or quota or time are used up.
    fn pay(&mut self, mut quota: f64, ns: u64) {
        let deadline = Instant::now().checked_add(Duration::from_nanos(ns));
        // SAFETY: the books outlive the guard.
        let _reporting = unsafe { Reporting::to(&self.cycle) };
        let sweeping = self.sweeping();
        self.marked = false;
        while quota > 0.0 {
            let portion = quota.min(pacing::PORTION);
            quota -= portion;
            self.pending -= portion;
            if sweeping {
                let portion = portion * pacing::SWEEP_HASTE;
                self.arena.metrics().adjust_debt(portion);
                self.arena.cycle_debt();
                if self.sleeping() {
                    break;
                }
            } else {
                self.arena.metrics().adjust_debt(portion);
                if self.arena.mark_debt().is_some() {
                    self.marked = true;
                    break;
                }
            }
            if deadline.is_some_and(|end| Instant::now() >= end) {
                break;
            }
        }
    }

    fn begin_sweep(&mut self) {
        // SAFETY: the books outlive the guard.
        let _reporting = unsafe { Reporting::to(&self.cycle) };
        let marked = self.arena.finish_marking();
        marked.expect("marked before a sweep").start_sweeping();
        self.marked = false;
    }

    fn finish_sweep(&mut self) {
        // SAFETY: the books outlive the guard.
        let _reporting = unsafe { Reporting::to(&self.cycle) };
        self.arena.finish_cycle();
    }

    /// Gives the heap back what gc-arena freed.
    fn report_freed(&mut self, core: &mut Core) {
        let mut cycle = self.cycle.borrow_mut();
        let (bytes, objects) = std::mem::take(&mut cycle.freed);
        core.space.freed(bytes, objects);
        let outside = std::mem::take(&mut cycle.freed_outside);
        core.space.external(-(outside as isize));
    }

    /// A cycle has ended: how long to sleep.
    fn fall_asleep(&mut self, core: &mut Core) {
        let (objects, bytes) = (core.space.objects(), core.space.used());
        core.stats.set_live(bytes);
        self.sleep = pacing::sleep(objects, bytes, self.growth);
        self.pending = 0.0;
    }

    fn end_stop<M: Model, R: Roots>(&mut self, core: &mut Core, roots: *mut R, mut pause: Pause) {
        self.take_back();
        self.report_freed(core);
        pause.work(std::mem::take(&mut self.cycle.borrow_mut().work));
        if self.sleeping() {
            self.fall_asleep(core);
        }
        core.stats
            .end(pause, core.space.used(), core.space.objects());
        // SAFETY: the caller's roots, no longer lent.
        core.check_after::<M, R>(unsafe { &mut *roots });
        self.pace(core);
    }

    /// A slice of marking or sweeping, or the final mark.
    fn slice<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: *mut R,
        cause: Cause,
        quota: f64,
        ns: u64,
    ) {
        let mut pause = core.stats.begin(self.next_stop(), cause);
        pause.before(core.space.used(), core.space.objects());
        self.lend(roots);
        self.advance::<M, R>(core, roots, &mut pause, quota, ns);
        self.end_stop::<M, R>(core, roots, pause)
    }

    /// What the next slice is, should it be the only one of a stop.
    fn next_stop(&self) -> PauseKind {
        match (self.sweeping(), self.marked) {
            (true, _) => PauseKind::Sweep,
            (_, true) => PauseKind::FinalMark,
            _ => PauseKind::Slice,
        }
    }

    /// A slice within a stop. The roots are lent.
    fn advance<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: *mut R,
        pause: &mut Pause,
        quota: f64,
        ns: u64,
    ) {
        let (sweeping, again) = (self.sweeping(), self.marked);
        self.pay(quota, ns);
        pause.phase(if sweeping { Phase::Sweep } else { Phase::Mark });
        if again && self.marked {
            self.settle::<M, R>(core, roots, pause);
        }
    }

    /// A safepoint of stress mode: cycles in random small steps, full stops now and then.
    fn stress<M: Model, R: Roots>(&mut self, core: &mut Core, roots: *mut R) {
        self.account(core);
        self.turn = self.turn.wrapping_add(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let random = self.random as usize;
        if self.turn.is_multiple_of(STRESS_FULL) && random.is_multiple_of(8) {
            self.full::<M, R>(core, roots, PauseKind::Full, Cause::Stress)
        } else {
            let quota = (1usize << (random / 8 % 12)) as f64;
            self.slice::<M, R>(core, roots, Cause::Stress, quota, STRESS_NS)
        }
    }

    fn full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: *mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        let mut pause = core.stats.begin(kind, cause);
        core.prepare(&mut pause);
        self.account(core);
        self.lend(roots);
        let due = core.finalizers.due_pieces();
        if self.marking() {
            self.settle::<M, R>(core, roots, &mut pause);
        }
        if self.sweeping() {
            self.finish_sweep();
        }
        pause.phase(Phase::Prepare);
        self.settle::<M, R>(core, roots, &mut pause);
        // To the program this is one collection: its finalizers have one order.
        core.finalizers.merge_behind(due);
        self.finish_sweep();
        pause.phase(Phase::Sweep);
        self.end_stop::<M, R>(core, roots, pause)
    }
}

/// Has the C library join small free chunks with their neighbours when they are
/// freed. Else glibc keeps them apart for as long as nothing large is allocated,
/// and then joins all of them at once: a stop that no collector knows of; and until
/// then new objects lie scattered. Measured on binary trees: a third of the time.
fn join_freed_chunks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: a setting of the allocator; it may be changed at any time.
    unsafe {
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

impl Collector for Incremental {
    fn kind(&self) -> GcKind {
        GcKind::Incremental
    }
    fn pace(&mut self, core: &mut Core) {
        let step = if self.sleeping() {
            pacing::step_asleep(self.sleep)
        } else {
            pacing::step_awake(core.stats.live_after_full())
        };
        self.granted = step as isize;
        core.space.set_budget(step)
    }
    unsafe fn allocate<M: Model>(&mut self, core: &mut Core, size: usize, kind: u8) -> Option<Obj> {
        let mut objects = self.cycle.get_mut().objects.borrow_mut();
        let new = if size <= SMALL_LIMIT {
            let class = class_of(size);
            let new = self
                .arena
                .mutate(|mc, _| cell::allocate_small::<M>(mc, class, kind));
            objects.add(new.obj, new.committed);
            new
        } else {
            let new = self
                .arena
                .mutate(|mc, _| cell::allocate_large::<M>(mc, size, kind))?;
            objects.add_large(new.obj, new.bytes, new.committed);
            new
        };
        self.allocated += 1;
        core.space.account(new.bytes, 1);
        Some(new.obj)
    }
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        owner.set_flags(owner.flags() & !UNLOGGED);
        core.stats.count_log(1);
        if self.marking() {
            // If it is black, the trace that made it so is to be done again.
            let credit = pacing::credit(cell::cell_bytes(owner));
            self.arena.metrics().adjust_debt(credit);
            self.arena.mutate(|mc, _| {
                // SAFETY: a live object of this heap.
                mc.backward_barrier(unsafe { cell::pointer(owner) }, None)
            })
        }
    }
    /// A large cell that was traced is not traced again for each store into it:
    /// what is stored becomes grey instead, by gc-arena's forward barrier.
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, _old: u64, word: u64) {
        let bytes = cell::cell_bytes(owner);
        if !self.marking() || (1..=LARGE_OWNER).contains(&bytes) {
            return self.log::<M>(core, owner);
        }
        core.stats.count_log(1);
        if let Some(target) = referent(word) {
            self.arena.mutate(|mc, _| {
                // SAFETY: live objects of this heap.
                let (owner, target) = unsafe { (cell::pointer(owner), cell::pointer(target)) };
                mc.forward_barrier(Some(owner), target)
            })
        }
    }
    /// gc-arena's sweep drops it.
    fn register_drop(&mut self, _core: &mut Core, obj: Obj) {
        obj.set_flags(obj.flags() | PAYLOAD)
    }
    fn in_cycle(&self) -> bool {
        !self.sleeping()
    }
    fn complete_sweep(&mut self, core: &mut Core) {
        if self.sweeping() {
            self.account(core);
            self.finish_sweep();
            self.report_freed(core);
            self.fall_asleep(core);
        }
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        if cause == Cause::Stress {
            return self.stress::<M, R>(core, roots);
        }
        let new = self.account(core);
        let cause = if self.sleeping() {
            let slept = self.sleep.min(self.pending);
            self.sleep -= slept;
            self.pending -= slept;
            if self.sleep > 0.0 {
                return self.pace(core);
            }
            Cause::Growth
        } else {
            Cause::Cycle
        };
        let goal = core.options.pause_goal.as_nanos() as u64;
        let heap = pacing::units(core.space.objects(), core.space.used());
        let mut quota = pacing::quota(self.pending, new).max(pacing::PORTION);
        if self.sweeping() {
            quota = pacing::sweep_quota(quota, core.space.objects())
        }
        let ns = pacing::slice_ns(goal, self.pending, heap);
        self.slice::<M, R>(core, roots, cause, quota, ns)
    }
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        self.full::<M, R>(core, roots, PauseKind::Full, cause)
    }
    /// One stop for all that is owed; a cycle begins if none is under way and no
    /// size was asked for, or the heap has grown by the sleep.
    fn step<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, bytes: usize) -> bool {
        self.account(core);
        if self.sleeping() {
            let slept = self.sleep.min(self.pending);
            self.sleep -= slept;
            self.pending -= slept;
            if bytes != 0 && self.sleep > 0.0 {
                self.pace(core);
                return false;
            }
        }
        let mut quota = self.pending.max(pacing::units(0, pacing::STEP));
        let mut pause = core.stats.begin(self.next_stop(), Cause::Explicit);
        pause.before(core.space.used(), core.space.objects());
        let roots: *mut R = roots;
        self.lend(roots);
        loop {
            let before = self.pending;
            self.advance::<M, R>(core, roots, &mut pause, quota, u64::MAX);
            quota -= before - self.pending;
            if self.sleeping() || quota <= 0.0 {
                break;
            }
        }
        let ended = self.sleeping();
        self.end_stop::<M, R>(core, roots, pause);
        ended
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        self.full::<M, R>(core, roots, kind, cause)
    }
}
