//! A collection of the whole heap beside the program: its state, and the steps
//! that it is made of. `generational.rs` says when they are taken, and
//! `minor.rs` what the minors between them do for a cycle.
//!
//! 1. *Snapshot* (stopped): a minor that promotes everything, and the roots'
//!    referents become grey. MARK was clear everywhere; from now on it says
//!    what this cycle has reached.
//! 2. *Mark* (helpers beside the program; without helpers slices at
//!    safepoints): grey objects are visited. Only OLD cells take part: to the
//!    marker a young cell does not exist. Objects of kinds with plain memory
//!    are left to the program's thread, which visits them in slices.
//! 3. *Ephemerons* (slices): the closure over ephemerons, in linear time.
//! 4. *Final mark* (stopped): a minor; what it made grey is visited. If that is
//!    more than a bounded amount, back to 2; else the *verdict* is fixed:
//!    everything without MARK is dead. From here to the end the program runs
//!    under the weak filter: reads through weak references find nothing dead
//!    (`Heap::condemned`), so the rest has time.
//! 5. *Values* (slices): dead weak values are cleared.
//! 6. *Finalizers* (slices): dead registered objects are searched, then claimed.
//! 7. *Resurrect* (slices): what they lead to gets MARK, and SEEN.
//! 8. *Keys* (slices): dead weak keys, and weak values of what 7 reached.
//! 9. *Prune* (slices): tables outside of the heap.
//! 10. *Drops* (slices): payloads of the dead.
//! 11. *Count* (slices): what lives, for pacing; the cycle's memory is given back. Then
//!     the keys of weak objects that minors visited since 8.
//! 12. *End* (stopped): a minor; found objects become due; the sweep begins,
//!     lazily: OLD becomes MARK, block by block.
//!
//! A model that does not filter weak reads has 5 to 8 done within 4.
//!
//! **Why everything reachable gets MARK.** Call a reference *settled* when its
//! holder has no MARK or its target has. Claim: after the minor and the closure of
//! step 4 every strong reference is settled, and all roots' referents have
//! MARK. Take a holder A with MARK that refers to B.
//! - A was promoted while marking: the minor that promoted it set its MARK and
//!   visited it, and everything A referred to then got MARK (an old object
//!   became grey; a young one was promoted by the same minor).
//! - A was old at the snapshot: the marker visited it after it got MARK, and
//!   everything old it saw got MARK. Young ones: A is in the log, or they are
//!   remembered, by the generational invariant; the next minor promotes them, with MARK.
//! - The reference came later than that visit, or at the same time: A, old by
//!   then, went through the barrier. Either A was logged: the next minor visits
//!   it whole, and if it finds MARK, greys what A refers to; if it does not,
//!   then A's MARK is claimed later, and that claim synchronises with the
//!   minor's look (`Marks::visited_by_markers`), so the marker's visit sees what
//!   the program stored. Or A is a large cell: then the barrier made the new
//!   referent grey (old) or remembered it (young), whether or not A has MARK.
//!
//! The last minor comes after the last store, so nothing is left out; and
//! nothing is said about *where from* the program had B: a reference read out of
//! a weak table, an interned string found again or a finalizer's object are
//! settled like any other, with no read barrier. Stacks of coroutines are
//! objects that are logged when they run. The one promise asked of a model
//! beyond the generational barrier's: what is weak does not become strong
//! without a store, unless the holder is logged (`Model::trace`).
//!
//! **Why a helper never looks into a freed cell.** It visits only what it
//! claimed, and claims only cells with OLD. While a cycle marks no old cell is
//! freed. A reference that a helper loaded may be out of date: its target, young
//! then, died in a minor since, and the cell was reused. If the cell has OLD
//! again, it holds a promoted object, which got MARK before OLD was published,
//! so the claim fails; if not, it fails as well.
//!
//! **Why minors need not stop the helpers.** By the same two arguments: minors
//! write OLD, and MARK with atomic operations, and free young cells only.
//!
//! **Why it ends.** Each old cell is made grey at most once a cycle and
//! promoted cells never, so the marker visits at most what was old at the
//! snapshot; a final mark that fails has made some of it grey.
//!
//! **What is freed.** All that was unreachable at the snapshot, was not revived
//! through a weak reference and not stored into a large cell since: marks come
//! only from roots, from marked holders and from that barrier. (A logged holder
//! without MARK is visited by minors for its young referents, but makes nothing grey.)
//!
//! **Why the verdict holds while the program runs.** After step 4 the roots and
//! all marked objects refer to marked or young objects only. The program can
//! get hold of nothing else: weak reads are filtered, a string found again by
//! the intern table gets its MARK then and there, finalizers get their objects
//! after the end. What is promoted gets MARK. An object that is resurrected can
//! be met as a weak key, and would lead to others that have no MARK yet: so from
//! 6 until 7 is done SEEN tells what MARK came so late, and the filter hides it.
//! A weak store may copy or move what it refers to: after the verdict the
//! barrier makes nothing grey, so that this is no reason to live.
//!
//! This is the incremental-update invariant, not the snapshot's: what the
//! program overwrites need not be captured, so the barrier costs no more than
//! between cycles, and less garbage survives. The price, scanning again what
//! changed, is paid by the minors anyway.

use super::exchange::Exchange;
use super::helpers::Harvest;
use crate::core::Core;
use crate::finalize::{DuePieces, Search};
use crate::header::Obj;
use crate::heap::block::BlockId;
use crate::heap::memory::Memory;
use crate::mark::{Budget, GreyQueue, Scope, Tracer};
use crate::model::{Model, Roots, WeakPart};
use crate::weak::Ephemerons;
use std::sync::Arc;

/// Grey objects on the program's side from which on helpers take over from the
/// closure over ephemerons.
const HAND_OVER: usize = 4096;
/// Entries of tables outside of the heap looked at between two looks at the clock.
const PRUNE: usize = 1024;

/// What a cycle does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    Mark,
    Ephemerons,
    /// Waits for the minor that is the final mark.
    Ready,
    Values,
    Finalizers,
    Claim,
    Resurrect,
    Keys,
    Prune,
    Drops,
    Count,
    /// Clears keys once more, of what minors found since.
    Late,
    /// Waits for the minor that ends the cycle.
    End,
}

/// A cycle in progress.
pub(crate) struct Cycle {
    pub stage: Stage,
    /// Objects with MARK that wait for a visit, on the program's side.
    pub grey: GreyQueue,
    /// Marked objects with weak references.
    weak: Vec<Obj>,
    /// Marked objects with ephemerons, and entries that wait.
    ephemerons: Ephemerons,
    /// Marked objects that only the program's thread may trace.
    foreign: Vec<Obj>,
    /// Objects that were due at the snapshot and are to be claimed.
    due: DuePieces,
    /// Weak objects below this index had their values cleared by the verdict.
    values_at: usize,
    /// Weak objects below this index had their keys cleared.
    keys_at: usize,
    /// Objects with ephemerons below this index had their keys cleared.
    owners_at: usize,
    /// Pieces of the search below this index were claimed.
    claimed: usize,
    /// Step 9 has begun.
    pruning: bool,
    search: Option<Search>,
    /// Bytes and objects in cells that live.
    live: (usize, usize),
    /// The next block to count.
    block: BlockId,
    /// Slots visited so far.
    pub done: usize,
    /// Slots that there are to visit, roughly.
    pub estimate: usize,
    /// Bytes in use at the snapshot.
    pub start: usize,
    helpers: Option<Arc<Exchange<Obj, Harvest>>>,
}

/// Old objects; MARK says which were reached. For the marker, beside the program.
pub(crate) struct MarkScope {
    pub mem: Memory,
}

impl Scope for MarkScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        self.mem.marks().claim(obj.addr())
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.mem.mark.test(obj.addr())
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, _obj: Obj) {}
    /// Entries with young objects were stored since the last minor, so their
    /// owner is in the log, or they are remembered and become strong.
    #[inline(always)]
    fn postpones(&self, obj: Obj) -> bool {
        !self.mem.old.test(obj.addr())
    }
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

/// The same once the verdict has fallen: what is young lives.
struct VerdictScope(MarkScope);

impl Scope for VerdictScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        self.0.claim(obj)
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.0.mem.is_live(obj)
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

/// Old objects again, for resurrection: what it marks is known by SEEN until it is over.
struct ResurrectScope(MarkScope);

impl Scope for ResurrectScope {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let claimed = self.0.claim(obj);
        if claimed {
            self.0.mem.seen.set(obj.addr())
        }
        claimed
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        self.0.reached(obj)
    }
    #[inline(always)]
    fn before(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn after(&mut self, _obj: Obj) {}
    #[inline(always)]
    fn postpones(&self, obj: Obj) -> bool {
        self.0.postpones(obj)
    }
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

impl Cycle {
    /// A cycle that begins now, right after a minor that left nothing young.
    pub fn new<M: Model, R: Roots>(core: &mut Core, roots: &mut R) -> Cycle {
        debug_assert!(core.space.marks_are_clear());
        let used = core.space.used();
        let mut cycle = Cycle {
            stage: Stage::Mark,
            grey: GreyQueue::new(),
            weak: Vec::new(),
            ephemerons: Ephemerons::default(),
            foreign: Vec::new(),
            due: core.finalizers.due_pieces(),
            values_at: 0,
            keys_at: 0,
            owners_at: 0,
            claimed: 0,
            pruning: false,
            search: None,
            live: (0, 0),
            block: 0,
            done: 0,
            estimate: used / 8,
            start: used,
            helpers: core.working_helpers().map(|h| h.exchange().clone()),
        };
        let mem = core.space.mem;
        let mut tracer = cycle.lend::<M, _>(MarkScope { mem });
        tracer.mark_roots(roots);
        cycle.regain(tracer);
        cycle
    }

    /// Takes what was gathered into a tracer.
    fn lend<M: Model, S: Scope>(&mut self, scope: S) -> Tracer<M, S> {
        let mut tracer = Tracer::new(scope, GreyQueue::new());
        std::mem::swap(&mut tracer.grey, &mut self.grey);
        std::mem::swap(&mut tracer.weak, &mut self.weak);
        std::mem::swap(&mut tracer.ephemerons, &mut self.ephemerons);
        tracer
    }
    /// Takes it back.
    fn regain<M: Model, S: Scope>(&mut self, tracer: Tracer<M, S>) -> usize {
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

    /// A holder has a new referent: grey if it is old and has no MARK.
    #[inline]
    pub fn grey(&mut self, mem: &Memory, obj: Obj) {
        if (MarkScope { mem: *mem }).claim(obj) {
            self.grey.push(obj)
        }
    }
    /// Notes objects with weak references that a minor visited.
    pub fn note(&mut self, mem: &Memory, weak: &[Obj], owners: &[Obj]) {
        let marked = |o: &&Obj| mem.mark.test(o.addr());
        self.weak.extend(weak.iter().filter(marked));
        self.ephemerons.owners.extend(owners.iter().filter(marked));
        if self.stage == Stage::Ready && self.ephemerons.unseen() {
            self.stage = Stage::Ephemerons
        }
    }

    /// Whether a slice would have something to do now.
    pub fn has_work(&self) -> bool {
        match self.stage {
            Stage::Ready | Stage::End => false,
            Stage::Mark => self.helpers.as_ref().is_none_or(|helpers| {
                helpers.is_idle()
                    || helpers.is_deserted()
                    || !self.grey.is_empty()
                    || !self.foreign.is_empty()
                    || !self.due.is_empty()
                    || helpers.has_results()
            }),
            _ => true,
        }
    }

    /// Goes on until the budget is used up or the cycle waits for a minor or
    /// for helpers. With `assist` the program takes over what helpers have not
    /// got to. Returns the slots visited.
    pub fn advance<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        assist: bool,
        budget: &mut Budget,
    ) -> usize {
        let mut work = 0;
        loop {
            let before = self.stage;
            let more = match self.stage {
                Stage::Ready | Stage::End => false,
                Stage::Mark => self.mark::<M>(core, assist, budget, &mut work),
                Stage::Ephemerons => self.close::<M>(core, budget, &mut work),
                Stage::Resurrect => self.resurrect::<M>(core, budget, &mut work),
                Stage::Values => self.clear_values::<M>(core, budget),
                Stage::Keys | Stage::Late => self.clear_keys::<M>(core, budget),
                Stage::Finalizers | Stage::Claim => self.search::<M>(core, budget, &mut work),
                Stage::Prune => self.prune(core, roots, budget),
                Stage::Drops => self.drops::<M>(core, budget),
                Stage::Count => self.count(core, budget),
            };
            if !more || (budget.is_spent() && self.stage == before) {
                return work;
            }
        }
    }

    /// Steps 5 to 8 at once, while the program is stopped and nothing is young:
    /// afterwards no weak reference leads to anything condemned.
    pub fn settle_weak<M: Model>(&mut self, core: &mut Core) -> usize {
        let mut budget = Budget::unlimited();
        let mut work = 0;
        loop {
            match self.stage {
                Stage::Values => self.clear_values::<M>(core, &mut budget),
                Stage::Finalizers | Stage::Claim => self.search::<M>(core, &mut budget, &mut work),
                Stage::Resurrect => self.resurrect::<M>(core, &mut budget, &mut work),
                Stage::Keys => self.clear_keys::<M>(core, &mut budget),
                _ => return work,
            };
        }
    }

    /// Step 2. False: the helpers are at it, or the budget is used up.
    fn mark<M: Model>(
        &mut self,
        core: &mut Core,
        assist: bool,
        budget: &mut Budget,
        work: &mut usize,
    ) -> bool {
        if self.helpers.as_ref().is_some_and(|h| h.is_deserted()) {
            self.go_alone(core)
        }
        let mem = core.space.mem;
        // If something is given below, more will come, however soon.
        let mut idle = self.harvest(core);
        let mut tracer = self.lend::<M, _>(MarkScope { mem });
        while !budget.is_spent() && core.finalizers.claim_due(&mut tracer, &mut self.due) {
            budget.spend(1024);
        }
        while !budget.is_spent()
            && let Some(obj) = self.foreign.pop()
        {
            let before = tracer.work;
            tracer.visit(obj);
            budget.spend(tracer.work - before + 8);
        }
        match &self.helpers {
            None => {
                tracer.drain_within(budget);
            }
            Some(helpers) => {
                if assist && idle {
                    tracer.drain_within(budget);
                } else if assist {
                    while tracer.drain_within(budget)
                        && !budget.is_spent()
                        && let Some(packet) = helpers.steal()
                    {
                        tracer.grey.add(packet);
                    }
                }
                if !tracer.grey.is_empty() {
                    idle = false;
                    if let Err(packet) = helpers.try_give(tracer.grey.take()) {
                        tracer.grey.add(packet);
                    }
                }
            }
        }
        *work += self.regain(tracer);
        if idle && self.grey.is_empty() && self.foreign.is_empty() && self.due.is_empty() {
            self.stage = Stage::Ephemerons;
            return true;
        }
        // With helpers there is nothing to do but to wait for them, unless they
        // are idle, and what is left here was left by the budget.
        idle && !budget.is_spent()
    }

    /// Steps of the marker on the program's thread, at any place in the program.
    pub fn mark_on<M: Model>(&mut self, core: &Core, budget: &mut Budget) {
        let mem = core.space.mem;
        if !matches!(self.stage, Stage::Mark | Stage::Ephemerons) {
            return;
        }
        let mut tracer = self.lend::<M, _>(MarkScope { mem });
        while !budget.is_spent()
            && let Some(obj) = tracer.grey.pop()
        {
            tracer.ephemerons.miss();
            if M::traced_by_program(obj.kind()) {
                self.foreign.push(obj);
                continue;
            }
            let before = tracer.work;
            tracer.visit(obj);
            budget.spend(tracer.work - before + 1);
        }
        self.regain(tracer);
        if !self.foreign.is_empty() {
            self.go_on_marking()
        }
    }

    /// Takes what helpers have for the program's thread; whether that is all.
    fn harvest(&mut self, core: &mut Core) -> bool {
        let Some(helpers) = &self.helpers else {
            return true;
        };
        let (idle, results) = helpers.gather();
        self.gather(core, results);
        idle
    }

    /// All helpers have failed: what they left is work for the program's thread.
    fn go_alone(&mut self, core: &mut Core) {
        let Some(helpers) = self.helpers.take() else {
            return;
        };
        let (packets, results) = helpers.take_back();
        packets.into_iter().for_each(|p| self.grey.add(p));
        self.gather(core, results);
        core.working_helpers();
    }

    fn gather(&mut self, core: &mut Core, results: Vec<Harvest>) {
        for mut r in results {
            append(&mut self.foreign, &mut r.foreign);
            append(&mut self.weak, &mut r.weak);
            append(&mut self.ephemerons.owners, &mut r.owners);
            self.done += r.work;
            for record in r.records {
                core.stats.concurrent(record)
            }
        }
    }

    /// Step 3.
    fn close<M: Model>(&mut self, core: &Core, budget: &mut Budget, work: &mut usize) -> bool {
        let mem = core.space.mem;
        let reached = |o: Obj| mem.mark.test(o.addr());
        if !self.ephemerons.recheck(reached, budget) {
            return true;
        }
        let mut tracer = self.lend::<M, _>(MarkScope { mem });
        let done = tracer.converge_within(budget);
        *work += self.regain(tracer);
        if done {
            self.stage = Stage::Ready
        } else if self.grey.len() > HAND_OVER && self.helpers.is_some() {
            self.go_on_marking()
        }
        true
    }

    /// Step 7: by the program's thread alone, which knows what SEEN means.
    fn resurrect<M: Model>(
        &mut self,
        core: &mut Core,
        budget: &mut Budget,
        work: &mut usize,
    ) -> bool {
        let mem = core.space.mem;
        let mut tracer = self.lend::<M, _>(ResurrectScope(MarkScope { mem }));
        let done = tracer.converge_within(budget);
        *work += self.regain(tracer);
        if done {
            core.resurrecting = None;
            self.stage = Stage::Keys
        }
        true
    }

    /// Visits what the final mark's minor made grey; whether that is all.
    pub fn close_within<M: Model>(&mut self, core: &Core, budget: &mut Budget) -> (bool, usize) {
        let mut tracer = self.lend::<M, _>(MarkScope {
            mem: core.space.mem,
        });
        let done = tracer.converge_within(budget);
        (done, self.regain(tracer))
    }

    /// There is more to mark than a stop may do.
    pub fn go_on_marking(&mut self) {
        self.ephemerons.miss();
        self.stage = Stage::Mark;
    }

    /// The verdict: what has no MARK is dead.
    pub fn verdict(&mut self, core: &mut Core) {
        core.verdict = true;
        self.stage = Stage::Values;
    }

    /// Step 5.
    fn clear_values<M: Model>(&mut self, core: &Core, budget: &mut Budget) -> bool {
        let mem = core.space.mem;
        let mut tracer = self.lend::<M, _>(VerdictScope(MarkScope { mem }));
        while !budget.is_spent()
            && let Some(&owner) = tracer.weak.get(self.values_at)
        {
            self.values_at += 1;
            tracer.clear(owner, WeakPart::Values);
            budget.spend(mem.size_of(owner) / 4);
        }
        self.regain(tracer);
        if self.values_at == self.weak.len() {
            self.stage = Stage::Finalizers
        }
        true
    }

    /// Step 8, and the end of step 11.
    fn clear_keys<M: Model>(&mut self, core: &Core, budget: &mut Budget) -> bool {
        let mem = core.space.mem;
        let mut tracer = self.lend::<M, _>(VerdictScope(MarkScope { mem }));
        while !budget.is_spent()
            && let Some(&owner) = tracer.weak.get(self.keys_at)
        {
            if self.keys_at >= self.values_at {
                tracer.clear(owner, WeakPart::Values);
            }
            tracer.clear(owner, WeakPart::Keys);
            self.keys_at += 1;
            budget.spend(mem.size_of(owner) / 4);
        }
        while !budget.is_spent()
            && let Some(&owner) = tracer.ephemerons.owners.get(self.owners_at)
        {
            self.owners_at += 1;
            tracer.clear(owner, WeakPart::Keys);
            budget.spend(mem.size_of(owner) / 4);
        }
        self.regain(tracer);
        if self.keys_at == self.weak.len() && self.owners_at == self.ephemerons.owners.len() {
            self.stage = match self.stage {
                Stage::Keys => Stage::Prune,
                _ => Stage::End,
            }
        }
        true
    }

    /// Step 6.
    fn search<M: Model>(&mut self, core: &mut Core, budget: &mut Budget, work: &mut usize) -> bool {
        let mem = core.space.mem;
        let search = self.search.get_or_insert_with(|| core.finalizers.search());
        if self.stage == Stage::Finalizers {
            if search.step(|o| mem.is_live(o), budget) {
                self.stage = Stage::Claim;
            }
            return true;
        }
        let Some(search) = self.search.take() else {
            return true;
        };
        core.resurrecting = Some(core.space.mem.seen);
        let mut tracer = self.lend::<M, _>(ResurrectScope(MarkScope { mem }));
        while !budget.is_spent() {
            if !search.claim(&mut tracer, self.claimed) {
                self.stage = Stage::Resurrect;
                break;
            }
            self.claimed += 1;
            budget.spend(2048);
        }
        *work += self.regain(tracer);
        self.search = Some(search);
        true
    }

    /// Step 9. Roots that do not prune in steps do it at the end.
    fn prune<R: Roots>(&mut self, core: &mut Core, roots: &mut R, budget: &mut Budget) -> bool {
        let mem = core.space.mem;
        let mut done = !R::STEPS;
        if R::STEPS {
            if !self.pruning {
                roots.prune_begin();
                self.pruning = true;
            }
            while !done && !budget.is_spent() {
                done = roots.prune_step(&|o| mem.is_live(o), PRUNE);
                budget.spend(2 * PRUNE);
            }
        }
        if done {
            self.stage = Stage::Drops;
            core.drops.judge_begin();
        }
        true
    }

    /// Step 10.
    fn drops<M: Model>(&mut self, core: &mut Core, budget: &mut Budget) -> bool {
        let mem = core.space.mem;
        let (freed, done) = core.drops.judge_step::<M>(|o| mem.is_live(o), budget);
        core.space.external(-(freed as isize));
        if done {
            self.stage = Stage::Count;
        }
        true
    }

    /// Step 11.
    fn count(&mut self, core: &mut Core, budget: &mut Budget) -> bool {
        if !self.ephemerons.shrink(budget) {
            return true;
        }
        let unsee = self.claimed != 0;
        match core
            .space
            .count_marked(self.block, &mut self.live, unsee, budget)
        {
            Some(next) => self.block = next,
            None => self.stage = Stage::Late,
        }
        true
    }

    /// Step 12, after its minor.
    pub fn end<M: Model, R: Roots>(mut self, core: &mut Core, roots: &mut R) {
        let mem = core.space.mem;
        // Of weak objects that this minor visited.
        self.clear_keys::<M>(core, &mut Budget::unlimited());
        if !R::STEPS {
            roots.prune(&|o| mem.is_live(o), true);
        }
        if let Some(search) = self.search.take() {
            core.finalizers.deliver(search);
        }
        core.verdict = false;
        core.space.begin_sweep_counted(self.live.0, self.live.1);
    }

    /// Gives the cycle up. Weak values that the program saw as cleared are
    /// cleared; finalizable objects that were found stay registered.
    pub fn abandon<M: Model>(mut self, core: &mut Core) {
        if let Some(helpers) = &self.helpers {
            for record in helpers.recall().into_iter().flat_map(|r| r.records) {
                core.stats.concurrent(record)
            }
        }
        if self.stage == Stage::Values {
            self.clear_values::<M>(core, &mut Budget::unlimited());
        }
        if let Some(search) = self.search.take() {
            core.finalizers.give_up(search);
        }
        if self.claimed != 0 {
            core.space.clear_seen()
        }
    }
}

/// Moves all of `from` to the end of `to`, without copying if `to` is empty.
fn append(to: &mut Vec<Obj>, from: &mut Vec<Obj>) {
    if to.is_empty() {
        std::mem::swap(to, from)
    } else {
        to.append(from)
    }
}
