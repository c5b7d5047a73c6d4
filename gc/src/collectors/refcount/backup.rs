//! The backup: a trace of the whole heap in slices, for the cycles that trial
//! deletion leaves: those too large for a trial, those through shared objects
//! or ephemerons, and what counts have lost.
//!
//! 1. *Begin* (an epoch): the rest of the last sweep; from now on MARK says
//!    what this trace has reached.
//! 2. *Mark* (program stopped, in slices at safepoints): grey objects are
//!    visited. Epochs go on meanwhile, and are all that keeps the marking right:
//!    while one looks at roots, at logged objects and at what large cells
//!    gained, each OLD referent without MARK becomes grey; what it promotes gets
//!    MARK, and is visited by the epoch itself. This is the argument of
//!    `slices.rs`: the last epoch comes after the last store. What dies by count
//!    loses MARK; a grey object without MARK is dead.
//! 3. *End* (in an epoch, bounded by the time it may take; else 2 goes on):
//!    nothing is grey. Ephemerons, weak references and finalizers are settled.
//!    What has no MARK now is *condemned*, but for acyclic objects: those die by
//!    count, when what refers to them is gone.
//! 4. *Drain*: until all decrements that were pending at the end are done, some
//!    of them of condemned objects.
//! 5. *Subtract* (in slices): for each condemned object, decrements for what it
//!    refers to and is not condemned. It is not armed any more: its references
//!    do not count.
//! 6. *Free* (in slices): the condemned objects' cells; MARK becomes clear.
//!
//! No living object refers to a condemned one, and none comes to: the program
//! cannot reach it, weak references included.

use super::RefCount;
use super::changes::references;
use super::deaths::release;
use super::weakly::clear_unreached;
use crate::core::Core;
use crate::header::{Obj, UNLOGGED, WEAK_OWNER};
use crate::heap::alloc::Space;
use crate::heap::block::{BLOCK_WORDS, BlockId, Use, young};
use crate::heap::memory::Memory;
use crate::heap::size_class::GRANULE;
use crate::mark::{GreyQueue, Scope, Tracer};
use crate::model::{Model, Roots, WeakPart};
use crate::pacer;
use crate::stats::pause::{Pause, thread_cpu_ns};
use crate::stats::{Cause, PauseKind, Phase};
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

/// Slots visited between two looks at the clock.
const CLOCK: usize = 1024;

/// How far a backup is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Step 2.
    Mark,
    /// Step 4.
    Drain,
    /// Step 5, at this block.
    Subtract(BlockId),
    /// Step 6, at this block.
    Free(BlockId),
}

/// A backup under way.
pub(super) struct Backup {
    pub stage: Stage,
    /// OLD objects with MARK that wait for a visit.
    pub grey: GreyQueue,
    /// Marked objects with weak references.
    weak: Vec<Obj>,
    /// Marked objects with ephemerons.
    ephemerons: Vec<Obj>,
    /// Slots visited.
    done: usize,
    /// Slots to visit, roughly.
    estimate: usize,
    /// Bytes in use at the beginning.
    start: usize,
}

/// OLD objects; MARK says which were reached.
struct BackupScope {
    mem: Memory,
}

impl Scope for BackupScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        if self.mem.young(addr).load(Relaxed) != young::NO && !self.mem.old.test(addr) {
            return false;
        }
        self.mem.mark.claim(addr)
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.mem.mark.test(obj.addr())
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

impl Backup {
    fn new(used: usize) -> Backup {
        Backup {
            stage: Stage::Mark,
            grey: GreyQueue::new(),
            weak: Vec::new(),
            ephemerons: Vec::new(),
            done: 0,
            estimate: used / 8,
            start: used,
        }
    }
    /// Whether what an epoch promotes into block `b` gets MARK.
    pub fn marks(&self, b: BlockId) -> bool {
        match self.stage {
            Stage::Free(at) => b >= at,
            _ => true,
        }
    }
    /// Objects with weak references or ephemerons that an epoch visited.
    pub fn note(&mut self, weak: &[Obj], ephemerons: &[Obj]) {
        if self.stage == Stage::Mark {
            self.weak.extend(weak);
            self.ephemerons.extend(ephemerons);
        }
    }
    fn lend<M: Model>(&mut self, mem: Memory) -> Tracer<M, BackupScope> {
        let mut tracer = Tracer::new(BackupScope { mem }, GreyQueue::new());
        std::mem::swap(&mut tracer.grey, &mut self.grey);
        std::mem::swap(&mut tracer.weak, &mut self.weak);
        std::mem::swap(&mut tracer.ephemerons.owners, &mut self.ephemerons);
        tracer
    }
    fn regain<M: Model>(&mut self, tracer: Tracer<M, BackupScope>) {
        let Tracer {
            grey,
            weak,
            ephemerons,
            work,
            ..
        } = tracer;
        self.grey = grey;
        self.weak = weak;
        self.ephemerons = ephemerons.owners;
        self.done += work;
    }
    /// Whether `obj` is condemned and its references do not count any more, or will soon not.
    pub fn condemns<M: Model>(&self, mem: &Memory, obj: Obj) -> bool {
        let at = match self.stage {
            Stage::Mark | Stage::Drain => return false,
            Stage::Subtract(_) => 0,
            Stage::Free(at) => at,
        };
        mem.block_of(obj.addr()) >= at && !mem.mark.test(obj.addr()) && !M::acyclic(obj.kind())
    }
}

/// Visits grey objects until `slots` were visited or the clock says `deadline`;
/// whether nothing is grey.
fn drain<M: Model>(tracer: &mut Tracer<M, BackupScope>, slots: usize, deadline: u64) -> bool {
    let mut clock = tracer.work + CLOCK;
    let end = tracer.work.saturating_add(slots);
    while let Some(obj) = tracer.grey.pop() {
        // Without MARK it has died by count since.
        if !tracer.scope.reached(obj) {
            continue;
        }
        tracer.visit(obj);
        if tracer.work >= end {
            break;
        }
        if tracer.work >= clock {
            clock = tracer.work + CLOCK;
            if thread_cpu_ns() >= deadline {
                break;
            }
        }
    }
    tracer.grey.is_empty()
}

impl RefCount {
    /// Step 1; an epoch follows.
    pub(super) fn begin_backup(&mut self, core: &mut Core) {
        core.space.finish_sweep();
        self.backup = Some(Box::new(Backup::new(self.after)));
    }

    /// Gives a backup up: MARK is clear again.
    pub(super) fn abandon_backup(&mut self, core: &mut Core) {
        if self.backup.take().is_some() {
            core.space.finish_sweep();
            core.space.clear_marks()
        }
    }

    /// A slice of a backup, `ns` nanoseconds at most.
    pub(super) fn backup_slice<M: Model>(&mut self, core: &mut Core, slots: usize, ns: u64) {
        let Some(mut backup) = self.backup.take() else {
            return;
        };
        let drained = self.pending.is_empty();
        if match backup.stage {
            Stage::Mark => backup.grey.is_empty(),
            Stage::Drain => !drained,
            _ => false,
        } {
            self.backup = Some(backup);
            return;
        }
        let kind = match backup.stage {
            Stage::Mark => PauseKind::Slice,
            _ => PauseKind::Sweep,
        };
        let mut pause = core.stats.begin(kind, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let deadline = thread_cpu_ns().saturating_add(ns);
        let mem = core.space.mem;
        let mut over = false;
        match backup.stage {
            Stage::Mark => {
                let mut tracer = backup.lend::<M>(mem);
                drain(&mut tracer, slots, deadline);
                pause.work(tracer.work);
                backup.regain(tracer);
                pause.phase(Phase::Mark);
            }
            Stage::Drain => backup.stage = Stage::Subtract(0),
            Stage::Subtract(at) => {
                let at = self.each_condemned::<M>(
                    core,
                    at,
                    deadline,
                    |this, core, obj| this.subtract::<M>(core, obj),
                    false,
                );
                backup.stage = at.map_or(Stage::Free(0), Stage::Subtract);
                pause.phase(Phase::Deaths);
            }
            Stage::Free(at) => {
                let at = self.each_condemned::<M>(
                    core,
                    at,
                    deadline,
                    |this, core, obj| {
                        this.weak.remove(obj);
                        this.figures.freed_by_trace += 1;
                        release::<M>(core, obj)
                    },
                    true,
                );
                match at {
                    Some(at) => backup.stage = Stage::Free(at),
                    None => over = true,
                }
                core.space.file_thinned();
                pause.phase(Phase::Sweep);
            }
        }
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.traces_ns += record.cpu_ns;
        core.stats.set_counting(self.figures);
        if over {
            self.figures.traces += 1;
            core.stats.set_live(core.space.used())
        } else {
            self.backup = Some(backup)
        }
    }

    fn subtract<M: Model>(&mut self, core: &Core, obj: Obj) {
        let mem = &core.space.mem;
        // SAFETY: its cell is intact.
        unsafe { references::<M>(obj, &mut self.children) };
        for child in self.children.drain(..) {
            if mem.mark.test(child.addr()) || M::acyclic(child.kind()) {
                self.pending.push(child)
            }
        }
        obj.set_flags(obj.flags() & !UNLOGGED)
    }

    /// Calls `f` for the condemned objects of the blocks from `at` on, a block
    /// at a time, until `deadline`; where to go on. `freeing`: MARK becomes clear.
    fn each_condemned<M: Model>(
        &mut self,
        core: &mut Core,
        mut at: BlockId,
        deadline: u64,
        mut f: impl FnMut(&mut RefCount, &mut Core, Obj),
        freeing: bool,
    ) -> Option<BlockId> {
        while at < core.space.pool.high() {
            let b = at;
            at += 1;
            if core.space.mem.info(b).usage() == Use::Free {
                continue;
            }
            for w in 0..BLOCK_WORDS {
                let mut bits = unmarked(&core.space, b, w);
                while bits != 0 {
                    let granule = w * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let p = core.space.mem.ptr(b).wrapping_add(granule * GRANULE);
                    // SAFETY: a cell with ALLOC and OLD holds an object.
                    let obj = unsafe { Obj::from_ptr(NonNull::new_unchecked(p.cast())) };
                    if !M::acyclic(obj.kind()) {
                        f(self, core, obj)
                    }
                }
                if freeing {
                    let addr = core.space.mem.addr(b);
                    core.space.mem.mark.block(addr)[w].store(0, Relaxed)
                }
            }
            if thread_cpu_ns() >= deadline {
                return Some(at);
            }
        }
        None
    }

    /// Step 3, at the end of the counting part of an epoch, if nothing is grey
    /// that cannot be visited in `ns` nanoseconds.
    pub(super) fn end_backup<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        pause: &mut Pause,
        ns: u64,
    ) {
        let Some(mut backup) = self.backup.take() else {
            return;
        };
        if backup.stage != Stage::Mark {
            self.backup = Some(backup);
            return;
        }
        let mem = core.space.mem;
        let mut tracer = backup.lend::<M>(mem);
        if !drain(&mut tracer, usize::MAX, thread_cpu_ns().saturating_add(ns)) {
            pause.work(tracer.work);
            backup.regain(tracer);
            self.backup = Some(backup);
            return pause.phase(Phase::Mark);
        }
        // A store that died since is no store any more.
        let is_store = |o: &mut Obj| mem.mark.test(o.addr()) && o.flags() & WEAK_OWNER != 0;
        for list in [&mut tracer.weak, &mut tracer.ephemerons.owners] {
            list.sort_unstable_by_key(|o| o.addr());
            list.dedup();
            list.retain_mut(is_store);
        }
        tracer.converge();
        pause.phase(Phase::Mark);
        let mut lost = Vec::new();
        clear_unreached(&tracer, WeakPart::Values, 0, true, &mut lost);
        let cleared = tracer.weak.len();
        if core.finalizers.resurrect(&mut tracer, true) {
            tracer.converge();
        }
        clear_unreached(&tracer, WeakPart::Keys, 0, true, &mut lost);
        clear_unreached(&tracer, WeakPart::Values, cleared, true, &mut lost);
        for obj in lost {
            self.pending.push(obj)
        }
        // What is due now is held by the queue.
        let due: Vec<Obj> = core.finalizers.pending().collect();
        for obj in due {
            if mem.seen.claim(obj.addr()) {
                self.roots.push(obj)
            }
        }
        roots.forget_unreached(&|o| M::acyclic(o.kind()) || mem.mark.test(o.addr()));
        pause.work(tracer.work);
        backup.regain(tracer);
        backup.weak = Vec::new();
        backup.ephemerons = Vec::new();
        backup.stage = Stage::Drain;
        self.backup = Some(backup);
        pause.phase(Phase::Weak);
    }

    /// Whether a backup should begin.
    pub(super) fn backup_due(&self, core: &Core) -> bool {
        if !core.options.cycles.traces() || self.backup.is_some() {
            return false;
        }
        let live = core.stats.live_after_full();
        let due = pacer::full_threshold(live, core.options.growth);
        self.after >= due - pacer::headroom(live, due)
    }

    /// Slots that the next slice of a backup visits.
    pub(super) fn backup_quota(&self, core: &Core) -> usize {
        let Some(backup) = &self.backup else { return 0 };
        let live = core.stats.live_after_full();
        let due = pacer::full_threshold(live, core.options.growth);
        let grown = self.after.saturating_sub(backup.start);
        let ahead = pacer::headroom(live, due);
        pacer::slice_quota(self.step, grown, ahead, backup.done, backup.estimate).0
    }
}

/// Of a word of a block's cells: those in use and OLD without MARK.
fn unmarked(space: &Space, b: BlockId, w: usize) -> u64 {
    let mem = &space.mem;
    let addr = mem.addr(b);
    let load = |bits: &crate::heap::bitmap::BlockBits| bits[w].load(Relaxed);
    load(mem.alloc.block(addr)) & load(mem.old.block(addr)) & !load(mem.mark.block(addr))
}
