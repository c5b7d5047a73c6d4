//! A backup's marking beside the program (step 2 of `backup.rs`), by the helpers that
//! `generational` has.
//!
//! 1. What is grey goes to the helpers, at first and whenever it is much. While they have some,
//!    slices on the program's thread do what is left to it: objects of kinds with plain
//!    memory, those that are due, and a share of the marking if the heap grows too fast.
//! 2. Meanwhile an object that dies by count keeps its cell, as it is (*kept*): a helper may
//!    have it in its queue, or just look into it. Its references are decremented as ever, so
//!    what it led to may die and be kept as well. No cell that was OLD is used again, hence a
//!    helper finds an object wherever it looks, dead or alive; what only the dead refer to may get
//!    MARK, and is left to the next trace.
//! 3. When the helpers have nothing any more, the kept cells are given back, in slices. Then
//!    the program's thread closes over ephemerons, and visits the little that epochs find.
//!
//! Why the marking is right: the argument of `cycle.rs`. Promotion writes MARK before OLD, so
//! that a helper claims neither what is young nor what an epoch promotes. The program's
//! stores are found by the epochs, whatever a helper saw of them: each makes the referents of
//! what changed grey. An epoch that notes which marked objects have weak references publishes
//! what it saw (`visited_by_markers`): whoever claims another one later visits it as it is now.
//!
//! In stress mode there are no threads, and a queue apart stands for the helpers: it is worked
//! on by seeded random steps at safepoints and in the barrier's slow path.

use super::RefCount;
use super::backup::{Backup, Stage};
use super::deaths::release;
use crate::collectors::generational::cycle::MarkScope;
use crate::collectors::generational::exchange::Exchange;
use crate::collectors::generational::helpers::Harvest;
use crate::core::Core;
use crate::header::{Obj, PAYLOAD};
use crate::mark::{Budget, GreyQueue, Tracer};
use crate::model::Model;
use std::sync::Arc;

/// Grey objects from which on helpers go on, once they had some.
const HAND_OVER: usize = 4096;
/// What giving a cell back counts for, in slots.
const CELL: usize = 4;
/// Objects that the program's thread takes from the queue apart, at most.
const PACKET: usize = 64;

/// Cells of the dead that helpers may still look into.
#[derive(Default)]
pub(super) struct Kept {
    /// Whether there may be such helpers.
    pub open: bool,
    cells: Vec<Obj>,
}

impl Kept {
    /// `obj`, whose references do not count any more, is dead.
    pub fn keep(&mut self, obj: Obj) {
        // Lists that still have the object must not take it for what it was.
        obj.set_flags(obj.flags() & PAYLOAD);
        obj.keep();
        self.cells.push(obj)
    }
    /// Gives cells back; whether that were all.
    pub fn release<M: Model>(&mut self, core: &mut Core, budget: &mut Budget) -> bool {
        while !budget.is_spent() {
            let Some(obj) = self.cells.pop() else {
                return true;
            };
            release::<M>(core, obj);
            budget.spend(CELL)
        }
        self.cells.is_empty()
    }
}

/// Who marks beside the program.
pub(super) enum Beside {
    Nobody,
    Helpers(Arc<Exchange<Obj, Harvest>>),
    /// Stress mode.
    Apart(GreyQueue),
}

impl Beside {
    /// Whether all that was given was visited, and what came of it was taken over.
    fn is_idle(&self) -> bool {
        match self {
            Beside::Nobody => true,
            Beside::Helpers(h) => h.is_idle() && !h.has_results(),
            Beside::Apart(grey) => grey.is_empty(),
        }
    }
    /// The same, for slices that have nothing else to do.
    pub fn is_busy(&self) -> bool {
        match self {
            Beside::Helpers(h) => !h.is_idle() && !h.has_results() && !h.is_deserted(),
            _ => !self.is_idle(),
        }
    }
    /// Takes a packet; hands it back if the lock is taken.
    fn give(&mut self, packet: Vec<Obj>) -> Result<(), Vec<Obj>> {
        match self {
            Beside::Nobody => Err(packet),
            Beside::Helpers(h) => h.try_give(packet),
            Beside::Apart(grey) => {
                grey.add(packet);
                Ok(())
            }
        }
    }
    /// A packet for the program's thread, if there is one.
    fn steal(&mut self) -> Option<Vec<Obj>> {
        match self {
            Beside::Nobody => None,
            Beside::Helpers(h) => h.steal(),
            Beside::Apart(grey) => {
                let packet: Vec<Obj> = std::iter::from_fn(|| grey.pop()).take(PACKET).collect();
                (!packet.is_empty()).then_some(packet)
            }
        }
    }
}

impl Backup {
    /// Takes what helpers have for the program's thread; whether they are idle.
    fn harvest(&mut self, core: &mut Core) -> bool {
        let Beside::Helpers(helpers) = &self.beside else {
            return self.beside.is_idle();
        };
        let (idle, results) = if helpers.is_deserted() {
            let (packets, results) = helpers.take_back();
            packets.into_iter().for_each(|p| self.grey.add(p));
            self.beside = Beside::Nobody;
            core.working_helpers();
            (true, results)
        } else {
            helpers.gather()
        };
        for mut r in results {
            self.foreign.append(&mut r.foreign);
            self.weak.append(&mut r.weak);
            self.ephemerons.owners.append(&mut r.owners);
            self.done += r.work;
            for record in r.records {
                core.stats.concurrent(record)
            }
        }
        idle
    }

    /// Step 2 of a backup, until the budget is used up; returns the slots visited here.
    pub(super) fn mark<M: Model>(
        &mut self,
        this: &mut RefCount,
        core: &mut Core,
        assist: bool,
        budget: &mut Budget,
    ) -> usize {
        self.closed = false;
        let idle = self.harvest(core);
        if idle {
            this.kept.open = false
        }
        let mem = core.space.mem;
        let mut tracer = self.lend::<M>(mem);
        while !budget.is_spent() && core.finalizers.claim_due(&mut tracer, &mut self.due) {
            budget.spend(super::verdict::PIECE);
        }
        while !budget.is_spent()
            && let Some(obj) = self.foreign.pop()
        {
            let before = tracer.work;
            // Without MARK it has died since.
            if mem.mark.test(obj.addr()) {
                tracer.visit(obj)
            }
            budget.spend(tracer.work - before + 8);
        }
        if assist && !idle {
            while tracer.drain_within(budget)
                && !budget.is_spent()
                && let Some(packet) = self.beside.steal()
            {
                tracer.grey.add(packet)
            }
        }
        let grey = tracer.grey.len();
        let much = !idle || !self.given || grey > HAND_OVER;
        let give = much && grey != 0 && self.stage == Stage::Mark;
        if give && !matches!(self.beside, Beside::Nobody) {
            // Before anybody has one of them.
            this.kept.open = true;
            let mut packet = tracer.grey.take();
            if idle {
                // Until now what died lost its cell, and MARK with it.
                packet.retain(|o| mem.mark.test(o.addr()))
            }
            match self.beside.give(packet) {
                Ok(()) => {
                    self.given = true;
                    tracer.ephemerons.miss()
                }
                Err(packet) => {
                    this.kept.open = !idle;
                    tracer.grey.add(packet)
                }
            }
            return self.regain(tracer);
        }
        let work = self.regain(tracer);
        if !idle
            || !this.kept.release::<M>(core, budget)
            || !self.ephemerons.recheck(|o| mem.mark.test(o.addr()), budget)
        {
            return work;
        }
        let mut tracer = self.lend::<M>(mem);
        self.closed =
            tracer.converge_within(budget) && self.due.is_empty() && self.foreign.is_empty();
        work + self.regain(tracer)
    }

    /// Nobody marks any more, what was grey is forgotten.
    pub(super) fn recall(&mut self, core: &mut Core) {
        match &mut self.beside {
            Beside::Nobody => {}
            Beside::Helpers(helpers) => {
                for record in helpers.recall().into_iter().flat_map(|r| r.records) {
                    core.stats.concurrent(record)
                }
            }
            Beside::Apart(grey) => {
                grey.take();
            }
        }
    }

    /// Stress mode: steps of the marker, at any place in the program.
    fn mark_apart<M: Model>(&mut self, core: &Core, budget: &mut Budget) {
        let Beside::Apart(grey) = &mut self.beside else {
            return;
        };
        let scope = MarkScope {
            mem: core.space.mem,
        };
        let mut tracer = Tracer::<M, _>::new(scope, std::mem::replace(grey, GreyQueue::new()));
        while !budget.is_spent()
            && let Some(obj) = tracer.grey.pop()
        {
            let before = tracer.work;
            if M::traced_by_program(obj.kind()) {
                self.foreign.push(obj)
            } else {
                tracer.visit(obj)
            }
            budget.spend(tracer.work - before + 1);
        }
        self.weak.append(&mut tracer.weak);
        self.ephemerons.owners.append(&mut tracer.ephemerons.owners);
        self.done += tracer.work;
        self.beside = Beside::Apart(tracer.grey);
    }
}

impl RefCount {
    /// Who is to mark beside the program in the backup that begins.
    pub(super) fn choose_beside<M: Model>(&mut self, core: &mut Core) -> Beside {
        if !core.options.concurrent {
            return Beside::Nobody;
        }
        core.start_helpers::<M>();
        let exchange = core.working_helpers().map(|h| h.exchange().clone());
        match exchange {
            Some(exchange) => Beside::Helpers(exchange),
            None if core.options.stress != 0 && self.random.is_multiple_of(3) => {
                Beside::Apart(GreyQueue::new())
            }
            None => Beside::Nobody,
        }
    }

    /// In stress mode: the marker takes a few steps now, wherever the program is.
    #[inline]
    pub(super) fn interleave<M: Model>(&mut self, core: &mut Core) {
        if core.options.stress != 0
            && let Some(backup) = &mut self.backup
        {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            let random = self.random;
            if random.is_multiple_of(3) {
                let slots = 1 << (random / 4 % 6);
                backup.mark_apart::<M>(core, &mut Budget::new(slots, u64::MAX))
            }
        }
    }
}
