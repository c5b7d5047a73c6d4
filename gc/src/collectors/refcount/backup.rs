//! The backup: a trace of the whole heap beside the program, for the cycles that trial
//! deletion leaves: those too large for a trial, those through shared objects
//! or ephemerons, and what counts have lost.
//!
//! 1. *Begin* (an epoch): the rest of the last sweep; from now on MARK says
//!    what this trace has reached.
//! 2. *Mark* (helpers beside the program, and slices at safepoints, `beside.rs`): grey objects are
//!    visited, and ephemerons closed over. Epochs go on meanwhile, and are all that keeps the marking right:
//!    while one looks at roots, at logged objects and at what large cells
//!    gained, each OLD referent without MARK becomes grey; what it promotes gets
//!    MARK, and is visited by the epoch itself. This is the argument of
//!    `slices.rs`: the last epoch comes after the last store. What dies by count
//!    loses MARK with its cell; a grey object without MARK is dead.
//! 3. *Verdict* (in an epoch): nothing is grey, or no more than can be visited
//!    in the time it may take; else 2 goes on. What has no MARK now is
//!    *condemned*, but for acyclic objects: those die by count, when what refers
//!    to them is gone. Weak references and finalizers follow in slices
//!    (`verdict.rs`); under a model that does not filter weak reads, most at once.
//! 4. *Drain*: until all decrements are done that are pending now, and those of
//!    condemned objects that follow from them; others may come all the time. After
//!    that nobody refers to a condemned object but others of them.
//! 5. *Subtract* (in slices): for each condemned object, decrements for what it
//!    refers to and is not condemned. It is not armed any more: its references
//!    do not count.
//! 6. *Free* (in slices): the condemned objects' cells; MARK becomes clear.
//!
//! No living object refers to a condemned one, and none comes to: the program
//! cannot reach it, weak references included.

use super::beside::Beside;
use super::changes::references;
use super::deaths::{drop_payload, file_thinned};
use super::{RefCount, has_weak};
use crate::core::Core;
use crate::finalize::{DuePieces, Search};
use crate::header::{Obj, PAYLOAD, UNLOGGED, WEAK_OWNER};
use crate::heap::alloc::Space;
use crate::heap::bitmap::Bitmap;
use crate::heap::block::{BLOCK_WORDS, BlockId, Use};
use crate::heap::memory::Memory;
use crate::heap::size_class::GRANULE;
use crate::mark::{Budget, GreyQueue, Scope, Tracer};
use crate::model::{Model, Roots};
use crate::pacer;
use crate::stats::pause::Pause;
use crate::stats::{Cause, PauseKind, Phase};
use crate::verify;
use crate::weak::Ephemerons;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

/// Objects between two looks at the clock.
const CLOCK: usize = 64;

/// How far a backup is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(super) enum Stage {
    /// Step 2.
    Mark,
    /// Step 3, see `verdict.rs`.
    Values,
    Finalizers,
    Claim,
    Resurrect,
    Keys,
    /// Waits for an epoch.
    Deliver,
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
    /// Who else marks.
    pub(super) beside: Beside,
    /// They have had something.
    pub(super) given: bool,
    /// Marked objects that only the program's thread may trace.
    pub(super) foreign: Vec<Obj>,
    /// Nothing is grey and the closure over ephemerons is complete.
    pub(super) closed: bool,
    /// Objects that were due at the beginning, to be claimed in pieces.
    pub(super) due: DuePieces,
    /// Marked objects with weak references.
    pub weak: Vec<Obj>,
    /// Marked objects with ephemerons, and entries that wait.
    pub ephemerons: Ephemerons,
    /// How far the steps of the verdict are.
    pub values_at: usize,
    pub keys_at: usize,
    pub owners_at: usize,
    pub claimed: usize,
    pub search: Option<Search>,
    /// Condemned objects with something to drop, or with weak references.
    special: Vec<Obj>,
    /// Where the blocks with condemned objects end: what is promoted gets MARK.
    end: BlockId,
    /// Slots visited.
    pub(super) done: usize,
    /// Slots to visit, roughly.
    estimate: usize,
    /// Bytes in use at the beginning.
    start: usize,
}

/// OLD objects; MARK says which were reached.
pub(super) struct BackupScope {
    mem: Memory,
    /// Where what it resurrects gets a bit.
    late: Option<Bitmap>,
}

impl Scope for BackupScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        let first = self.mem.marks().claim(addr);
        if first && let Some(late) = self.late {
            late.set(addr)
        }
        first
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.mem.mark.test(obj.addr())
    }
    /// A store with a young key or value is in the log, and is visited by the next epoch.
    #[inline(always)]
    fn postpones(&self, obj: Obj) -> bool {
        !self.mem.old.test(obj.addr())
    }
    /// Without MARK it has died by count since.
    #[inline(always)]
    fn holds(&self, obj: Obj) -> bool {
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
    fn new(used: usize, due: DuePieces, beside: Beside) -> Backup {
        Backup {
            stage: Stage::Mark,
            grey: GreyQueue::new(),
            beside,
            given: false,
            foreign: Vec::new(),
            closed: false,
            due,
            weak: Vec::new(),
            ephemerons: Ephemerons::default(),
            values_at: 0,
            keys_at: 0,
            owners_at: 0,
            claimed: 0,
            search: None,
            special: Vec::new(),
            end: 0,
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
    /// Whether what an epoch finds without MARK becomes grey.
    #[inline(always)]
    pub fn marking(&self) -> bool {
        matches!(self.stage, Stage::Mark | Stage::Resurrect)
    }
    /// An epoch has given MARK to an OLD object.
    #[inline(always)]
    pub fn found(&mut self, mem: &Memory, obj: Obj) {
        if self.stage == Stage::Resurrect {
            mem.late.set(obj.addr())
        }
        self.grey.push(obj)
    }
    /// Whether a slice of marking would have nothing to do.
    fn rests(&self, assist: bool) -> bool {
        let idle = self.grey.is_empty() && self.foreign.is_empty() && self.due.is_empty();
        if self.beside.is_busy() {
            idle && !assist
        } else {
            idle && self.closed && !self.ephemerons.unseen()
        }
    }
    /// Objects with weak references or ephemerons that an epoch visited.
    pub fn note(&mut self, mem: &Memory, weak: &[Obj], ephemerons: &[Obj]) {
        if self.stage <= Stage::Deliver {
            let marked = |o: &&Obj| mem.marks().visited_by_markers(o.addr());
            self.weak.extend(weak.iter().filter(marked));
            self.ephemerons
                .owners
                .extend(ephemerons.iter().filter(marked));
        }
    }
    pub(super) fn lend<M: Model>(&mut self, mem: Memory) -> Tracer<M, BackupScope> {
        let late = (self.stage > Stage::Mark).then_some(mem.late);
        let mut tracer = Tracer::new(BackupScope { mem, late }, GreyQueue::new());
        std::mem::swap(&mut tracer.grey, &mut self.grey);
        std::mem::swap(&mut tracer.weak, &mut self.weak);
        std::mem::swap(&mut tracer.ephemerons, &mut self.ephemerons);
        tracer
    }
    /// Takes back what `lend` gave; returns the slots visited.
    pub(super) fn regain<M: Model>(&mut self, tracer: Tracer<M, BackupScope>) -> usize {
        let Tracer {
            grey,
            weak,
            ephemerons,
            work,
            ..
        } = tracer;
        self.grey = grey;
        self.weak = weak;
        self.ephemerons = ephemerons;
        self.done += work;
        work
    }
    /// Step 5, for one object.
    fn subtract<M: Model>(&mut self, this: &mut RefCount, core: &Core, obj: Obj) {
        let mem = &core.space.mem;
        // SAFETY: its cell is intact.
        unsafe { references::<M>(obj, &mut this.children) };
        for child in this.children.drain(..) {
            if mem.mark.test(child.addr()) || M::acyclic(child.kind()) {
                this.pending.push(child)
            }
        }
        let flags = obj.flags();
        obj.set_flags(flags & !UNLOGGED);
        if flags & (PAYLOAD | WEAK_OWNER) != 0 {
            self.special.push(obj)
        }
    }
    /// Whether `obj` is condemned and its references do not count any more, or will soon not.
    pub fn condemns<M: Model>(&self, mem: &Memory, obj: Obj) -> bool {
        let at = match self.stage {
            Stage::Subtract(_) => 0,
            Stage::Free(at) => at,
            _ => return false,
        };
        mem.block_of(obj.addr()) >= at && !mem.mark.test(obj.addr()) && !M::acyclic(obj.kind())
    }
    /// Whether `obj` is condemned, from the verdict's end until its cell is free.
    pub fn frees<M: Model>(&self, mem: &Memory, obj: Obj) -> bool {
        let at = match self.stage {
            Stage::Drain | Stage::Subtract(_) => 0,
            Stage::Free(at) => at,
            _ => return false,
        };
        mem.block_of(obj.addr()) >= at && !mem.is_live(obj) && !M::acyclic(obj.kind())
    }
}

impl RefCount {
    /// Step 1; an epoch follows.
    pub(super) fn begin_backup<M: Model>(&mut self, core: &mut Core) {
        core.space.finish_sweep();
        self.clearing.unmark();
        let beside = self.choose_beside::<M>(core);
        let due = core.finalizers.due_pieces();
        self.backup = Some(Box::new(Backup::new(self.after, due, beside)));
    }

    /// Gives a backup up: MARK is clear again. Weak values that the program saw as
    /// cleared are cleared; finalizable objects that were found stay registered.
    pub(super) fn abandon_backup<M: Model>(&mut self, core: &mut Core) {
        if let Some(mut backup) = self.backup.take() {
            backup.recall(core);
            self.kept.open = false;
            self.kept.release::<M>(core, &mut Budget::unlimited());
            if core.verdict {
                backup.give_up::<M>(self, core)
            }
            core.space.finish_sweep();
            core.space.clear_marks();
            if backup.stage > Stage::Mark {
                (0..core.space.pool.high()).for_each(|b| core.space.clear_late(b))
            }
        }
    }

    /// A slice of a backup, `ns` nanoseconds at most. With `assist` the program takes over
    /// what helpers have not got to.
    pub(super) fn backup_slice<M: Model>(
        &mut self,
        core: &mut Core,
        (slots, assist): (usize, bool),
        ns: u64,
    ) {
        let Some(mut backup) = self.backup.take() else {
            return;
        };
        self.advanced = true;
        if match backup.stage {
            Stage::Mark | Stage::Resurrect => backup.rests(assist),
            Stage::Deliver => true,
            Stage::Drain => !self.awaited.is_empty(),
            _ => false,
        } {
            self.backup = Some(backup);
            return;
        }
        let kind = match backup.stage {
            Stage::Subtract(_) | Stage::Free(_) => PauseKind::Sweep,
            _ => PauseKind::Slice,
        };
        let mut pause = core.stats.begin(kind, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let deadline = core.clock.now().saturating_add(ns);
        let mut over = false;
        match backup.stage {
            Stage::Mark | Stage::Resurrect => {
                let mut budget = core.clock.budget(slots, ns);
                pause.work(backup.mark::<M>(self, core, assist, &mut budget));
                pause.phase(Phase::Mark);
            }
            Stage::Drain => {
                backup.end = core.space.pool.high();
                backup.stage = Stage::Subtract(0)
            }
            Stage::Subtract(at) => {
                let blocks = at..backup.end;
                let at = self.each_condemned::<M>(core, blocks, deadline, |this, core, obj| {
                    backup.subtract::<M>(this, core, obj)
                });
                backup.stage = at.map_or(Stage::Free(0), Stage::Subtract);
                pause.phase(Phase::Deaths);
            }
            Stage::Free(at) => {
                match self.free_condemned::<M>(core, &mut backup, at, deadline) {
                    Some(at) => backup.stage = Stage::Free(at),
                    None => over = true,
                }
                file_thinned(core, deadline);
                pause.phase(Phase::Sweep);
            }
            _ => {
                let mut budget = core.clock.budget(usize::MAX, ns);
                while !budget.is_spent() && backup.judge::<M>(self, core, &mut budget) {}
                pause.phase(Phase::Weak);
            }
        }
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.traces_ns += record.cpu_ns;
        if over {
            self.figures.traces += 1;
            core.stats.set_live(core.space.used())
        } else {
            self.backup = Some(backup)
        }
        core.stats.set_counting(self.figures)
    }

    /// Calls `f` for the condemned objects of some blocks, a block at a time, until
    /// `deadline`; where to go on. What is not condemned gets MARK.
    fn each_condemned<M: Model>(
        &mut self,
        core: &mut Core,
        blocks: std::ops::Range<BlockId>,
        deadline: u64,
        mut f: impl FnMut(&mut RefCount, &Core, Obj),
    ) -> Option<BlockId> {
        let mem = core.space.mem;
        for b in blocks {
            if mem.info(b).usage() == Use::Free {
                continue;
            }
            for w in 0..BLOCK_WORDS {
                let mut bits = unmarked(&core.space, b, w);
                while bits != 0 {
                    let granule = w * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let p = mem.ptr(b).wrapping_add(granule * GRANULE);
                    // SAFETY: a cell with ALLOC and OLD holds an object.
                    let obj = unsafe { Obj::from_ptr(NonNull::new_unchecked(p.cast())) };
                    if M::acyclic(obj.kind()) {
                        mem.mark.set(obj.addr())
                    } else {
                        f(self, core, obj)
                    }
                }
            }
            if core.clock.now() >= deadline {
                return Some(b + 1);
            }
        }
        None
    }

    /// Step 6.
    fn free_condemned<M: Model>(
        &mut self,
        core: &mut Core,
        backup: &mut Backup,
        mut at: BlockId,
        deadline: u64,
    ) -> Option<BlockId> {
        while let Some(obj) = backup.special.pop() {
            if has_weak(obj) {
                self.weak.store_dies(obj)
            }
            drop_payload::<M>(core, obj);
            if backup.special.len().is_multiple_of(CLOCK) && core.clock.now() >= deadline {
                return Some(at);
            }
        }
        while at < core.space.pool.high() {
            self.figures.freed_by_trace += core.space.free_unmarked(at) as u64;
            core.space.clear_late(at);
            at += 1;
            if at.is_multiple_of(8) && core.clock.now() >= deadline {
                return Some(at);
            }
        }
        None
    }

    /// Step 3, at the end of the counting part of an epoch: the verdict, if all is
    /// marked or can be in `ns` nanoseconds; or its end.
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
        let mem = core.space.mem;
        if backup.marking() && backup.closed {
            let mut budget = core.clock.budget(usize::MAX, ns);
            pause.work(backup.mark::<M>(self, core, false, &mut budget));
            pause.phase(Phase::Mark);
            if !backup.closed {
                // There is more to do than a stop may.
            } else if backup.stage == Stage::Resurrect {
                // All of it can be seen now.
                core.resurrecting = None;
                backup.stage = Stage::Keys
            } else if self.clearing.is_marked() {
                core.verdict = true;
                backup.stage = Stage::Values;
                self.check_marks::<M, R>(core, roots);
                roots.forget_unreached(&|o| M::acyclic(o.kind()) || mem.mark.test(o.addr()));
                if !M::FILTERS_WEAK {
                    let mut budget = Budget::unlimited();
                    while backup.judge::<M>(self, core, &mut budget) {}
                    pause.work(backup.mark::<M>(self, core, false, &mut budget));
                    core.resurrecting = None;
                    backup.stage = Stage::Keys;
                    while backup.judge::<M>(self, core, &mut budget) {}
                }
                pause.phase(Phase::Weak);
            }
        }
        if backup.stage == Stage::Deliver {
            backup.deliver::<M>(self, core);
            // This epoch has had its increments.
            for obj in std::mem::take(&mut self.changes.now.lost) {
                self.pending.push(obj)
            }
            self.awaited.add(self.pending.take());
            pause.phase(Phase::Weak);
        }
        self.backup = Some(backup);
    }

    fn check_marks<M: Model, R: Roots>(&self, core: &mut Core, roots: &mut R) {
        if core.options.verify
            && let Err(fault) = verify::marked::<M, R>(core, roots)
        {
            panic!("heap verifier, when the verdict fell: {fault}");
        }
    }

    /// Whether a backup should begin.
    pub(super) fn backup_due(&self, core: &Core) -> bool {
        if !core.options.cycles.traces() || self.backup.is_some() {
            return false;
        }
        let live = core.stats.live_after_full();
        let due = core.due();
        self.after >= due - pacer::headroom(live, due, self.nursery)
    }

    /// Slots that the next slice of a backup visits, and whether the heap grows faster than
    /// helpers mark.
    pub(super) fn backup_quota(&self, core: &Core) -> (usize, bool) {
        let Some(backup) = &self.backup else {
            return (0, false);
        };
        let live = core.stats.live_after_full();
        let due = core.due();
        let grown = self.after.saturating_sub(backup.start);
        let ahead = pacer::headroom(live, due, self.nursery);
        let (slots, hurry) =
            pacer::slice_quota(self.step, grown, ahead, backup.done, backup.estimate);
        (slots, hurry > 1)
    }
}

/// Of a word of a block's cells: those in use and OLD without MARK.
fn unmarked(space: &Space, b: BlockId, w: usize) -> u64 {
    let mem = &space.mem;
    let addr = mem.addr(b);
    let load = |bits: &crate::heap::bitmap::BlockBits| bits[w].load(Relaxed);
    load(mem.alloc.block(addr)) & load(mem.old.block(addr)) & !load(mem.mark.block(addr))
}
