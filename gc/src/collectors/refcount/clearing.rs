//! Objects that died by count while something weak may refer to them: they must be
//! gone from all weak stores before their cells are used again.
//!
//! No index says which stores refer to an object: keeping one costs more time and
//! memory, with each entry that comes, goes or moves, than to look through the
//! stores now and then, for many of the dead at once.
//!
//! 1. *Doom* (in an epoch, after all increments): an object in limbo whose count is
//!    zero still and that no root refers to. From now on weak references to it
//!    count as cleared (`Heap::condemned`), so the program cannot get hold of it.
//! 2. *Round*, once the doomed are many for what the stores hold, or the program
//!    has allocated as much as they occupy: all weak stores are looked through, in
//!    slices between the epochs. Epochs go on; what weak stores they visit
//!    meanwhile, among them all new ones, are looked through again.
//! 3. *End* (in an epoch): nothing is left to look at but what this epoch has visited.
//!    No store refers to the doomed now, except as keys to those with finalizers.
//! 4. *Bury*, as decrements are done: the doomed die. Those with finalizers become
//!    due, in an epoch.
//!
//! Stores that hold little are looked through in 1, and 2 to 4 follow at once.
//!
//! A trace (`backup.rs`) has a verdict of its own, and frees what it condemns: what has
//! no MARK then. So it waits until no object without MARK is doomed, and from then on
//! what would be doomed and has none stays in limbo.

use super::RefCount;
use super::backup::Stage;
use super::deaths::AHEAD;
use super::weakly::clear;
use crate::core::Core;
use crate::header::{FINALIZABLE, LIMBO, Obj};
use crate::heap::memory::Memory;
use crate::mark::{Budget, prefetch};
use crate::model::{Model, Roots, WeakPart};
use crate::pacer;
use crate::sharded::SHARDS;
use crate::stats::{Cause, PauseKind, Phase};

/// Slots of weak stores that may be looked through in one go.
pub(super) const AT_ONCE: usize = 1 << 12;
/// So many slots for each of the doomed are worth a round: what waits for one then occupies
/// about a third of what the stores do.
const SLOTS: usize = 16;
/// Bits of the filter for each of the doomed.
const BITS: usize = 16;
/// Bytes allocated for each slot of the stores after which a round begins at the latest.
const BYTES: usize = 8;
/// As a round goes on it looks at a slot for so many bytes: what dies meanwhile waits for the next.
const PACE: usize = 4;
/// What looking at a store counts for beside its slots.
const STORE: usize = 16;
/// Objects that go from one list to another in one epoch.
const PIECE: usize = 1 << 12;
/// Deaths between two looks at the clock.
const CLOCK: usize = 32;

/// The doomed, and how far a round is.
#[derive(Default)]
pub(super) struct Clearing {
    /// Doomed before the round began, or waiting for one.
    doomed: Vec<Obj>,
    /// Doomed since.
    next: Vec<Obj>,
    /// No weak store refers to these.
    dead: Vec<Obj>,
    /// The same with finalizers.
    due: Vec<Obj>,
    /// Whether some of `doomed`, of `next`, and of `dead` or `due` may have no MARK.
    unmarked: [bool; 3],
    /// In limbo until a trace is over.
    pub waiting: Vec<Obj>,
    /// The part of the stores that a round looks at next.
    at: Option<usize>,
    /// Stores that epochs have visited since it began, and those of this epoch.
    again: Vec<Obj>,
    fresh: Vec<Obj>,
    /// Bits for the addresses of the doomed: most others miss them.
    filter: Filter,
    /// Those of `next`.
    next_filter: Filter,
    /// Bytes allocated since the last round.
    allocated: usize,
}

impl Clearing {
    /// Whether no object is doomed.
    pub fn is_idle(&self) -> bool {
        self.doomed.is_empty() && self.next.is_empty() && self.is_buried() && self.due.is_empty()
    }
    /// What it does, for tests and tools.
    pub fn stage(&self) -> Option<String> {
        let doomed = self.doomed.len() + self.next.len();
        let (dead, waiting) = (self.dead.len() + self.due.len(), self.waiting.len());
        let mut parts = vec![];
        if !self.is_idle() {
            parts.push(format!("{doomed} doomed, {dead} dead"))
        }
        if let Some(at) = self.at {
            parts.push(format!("round at {at} of {SHARDS}"))
        }
        if waiting != 0 {
            parts.push(format!("{waiting} waiting"))
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
    /// Whether all the doomed have MARK.
    pub fn is_marked(&self) -> bool {
        let buried = self.is_buried() && self.due.is_empty();
        let empty = [self.doomed.is_empty(), self.next.is_empty(), buried];
        (0..3).all(|i| empty[i] || !self.unmarked[i])
    }
    /// A trace begins: nothing has MARK.
    pub fn unmark(&mut self) {
        self.unmarked = [true; 3]
    }
    /// Whether none of the dead waits to be freed.
    pub fn is_buried(&self) -> bool {
        self.dead.is_empty()
    }
    /// Whether slices of a round are wanted.
    pub fn goes_on(&self) -> bool {
        self.at.is_some() && !self.is_through()
    }
    /// The program has allocated so much.
    pub fn allocated(&mut self, bytes: usize) {
        self.allocated = self.allocated.saturating_add(bytes)
    }
    /// An epoch has visited these stores.
    pub fn note(&mut self, stores: &[Obj]) {
        if self.at.is_some() {
            self.fresh.extend_from_slice(stores)
        }
    }
    fn is_through(&self) -> bool {
        self.at == Some(SHARDS) && self.again.is_empty()
    }
    fn is_due(&self, slots: usize) -> bool {
        !self.doomed.is_empty()
            && (self.doomed.len() * SLOTS >= slots || self.allocated >= slots * BYTES)
    }
    fn begin(&mut self) {
        self.at = Some(0);
        self.allocated = 0
    }
    /// `obj` is doomed; the stores have so many slots.
    fn add(&mut self, obj: Obj, marked: bool, slots: usize) {
        let (list, filter, unmarked) = match self.at {
            None => (&mut self.doomed, &mut self.filter, &mut self.unmarked[0]),
            Some(_) => (&mut self.next, &mut self.next_filter, &mut self.unmarked[1]),
        };
        if list.is_empty() {
            filter.clear(slots / SLOTS);
            *unmarked = false
        }
        *unmarked |= !marked;
        filter.add(obj);
        list.push(obj)
    }
    fn end(&mut self) {
        let [doomed, next, dead] = self.unmarked;
        let rest = dead && !(self.is_buried() && self.due.is_empty());
        self.unmarked = [next, false, rest || doomed];
        if self.dead.is_empty() {
            std::mem::swap(&mut self.dead, &mut self.doomed)
        } else {
            self.dead.append(&mut self.doomed)
        }
        std::mem::swap(&mut self.doomed, &mut self.next);
        std::mem::swap(&mut self.filter, &mut self.next_filter);
        self.at = None
    }
}

/// A set of objects that may say of some others that it has them.
#[derive(Default)]
struct Filter(Vec<u64>);

impl Filter {
    /// Empty, for about `objects` objects.
    fn clear(&mut self, objects: usize) {
        let words = (objects * BITS / 64 + 1).next_power_of_two();
        self.0.clear();
        self.0.resize(words, 0)
    }
    #[inline(always)]
    fn place(&self, obj: Obj) -> (usize, u64) {
        let h = (obj.addr() as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (
            (h >> 32) as usize & (self.0.len() - 1),
            1 << ((h >> 24) % 64),
        )
    }
    fn add(&mut self, obj: Obj) {
        let (word, bit) = self.place(obj);
        self.0[word] |= bit
    }
    #[inline(always)]
    fn may_have(&self, obj: Obj) -> bool {
        let (word, bit) = self.place(obj);
        self.0[word] & bit != 0
    }
}

impl RefCount {
    /// Whether a trace is about to have its verdict.
    fn is_awaited(&self) -> bool {
        let backup = self.backup.as_ref();
        backup.is_some_and(|b| b.stage == Stage::Mark && b.closed)
    }

    /// Whether `obj` may be doomed now.
    fn may_doom<M: Model>(&self, mem: &Memory, obj: Obj) -> bool {
        match self.backup.as_ref() {
            None => true,
            Some(b) if b.stage == Stage::Mark && !b.closed => true,
            Some(b) if b.stage <= Stage::Deliver => mem.is_live(obj),
            Some(b) => !b.frees::<M>(mem, obj),
        }
    }

    /// Step 1: an object in limbo is dead, and something weak may refer to it.
    pub(super) fn doom<M: Model>(&mut self, core: &mut Core, obj: Obj) {
        obj.set_flags(obj.flags() | LIMBO);
        if !self.may_doom::<M>(&core.space.mem, obj) {
            return self.clearing.waiting.push(obj);
        }
        obj.doom();
        core.dooming = true;
        let marked = core.space.mem.is_live(obj);
        self.clearing.add(obj, marked, self.weak.slots())
    }

    /// In an epoch: of what waits for a trace some is in limbo again.
    pub(super) fn end_waiting(&mut self) {
        if !self.is_awaited() {
            let waiting = &mut self.clearing.waiting;
            let rest = waiting.len().saturating_sub(PIECE);
            self.limbo.extend(waiting.drain(rest..))
        }
    }

    /// In an epoch, after all increments: a round ends, if all was looked at, or
    /// begins. `at_once`: all of it now.
    pub(super) fn advance_round<M: Model>(&mut self, core: &mut Core, at_once: bool) {
        let through = self.clearing.is_through();
        let Clearing { again, fresh, .. } = &mut self.clearing;
        again.append(fresh);
        let urgent = self.is_awaited() && !self.clearing.is_marked();
        if self.clearing.at.is_none()
            && (at_once && !self.clearing.doomed.is_empty()
                || urgent && !self.clearing.doomed.is_empty()
                || !self.slowly && self.clearing.is_due(self.weak.slots())
                || self.slowly
                    && !self.clearing.doomed.is_empty()
                    && (self.random >> 4).is_multiple_of(8))
        {
            self.clearing.begin()
        }
        if self.clearing.at.is_some() && (at_once || through) {
            let mut lost = Vec::new();
            self.look_through::<M>(core, &mut Budget::unlimited(), &mut lost);
            for obj in lost {
                self.decrement_later::<M>(core, obj)
            }
            self.clearing.end()
        }
    }

    /// Step 2, until the budget is spent.
    fn look_through<M: Model>(&mut self, core: &Core, budget: &mut Budget, lost: &mut Vec<Obj>) {
        let space = &core.space;
        while !budget.is_spent() {
            if let Some(store) = self.clearing.again.pop() {
                if self.weak.has(store) {
                    budget.spend(STORE + space.mem.size_of(store) / 8);
                    self.clear_doomed::<M>(core, store, lost)
                }
                continue;
            }
            let Some(at) = self.clearing.at.filter(|&at| at < SHARDS) else {
                break;
            };
            let mut stores = std::mem::take(&mut self.children);
            stores.extend(self.weak.shard(at));
            for store in stores.drain(..) {
                budget.spend(STORE + space.mem.size_of(store) / 8);
                self.clear_doomed::<M>(core, store, lost)
            }
            self.children = stores;
            self.clearing.at = Some(at + 1)
        }
    }

    /// Clears a store's references to the doomed.
    fn clear_doomed<M: Model>(&mut self, core: &Core, store: Obj, lost: &mut Vec<Obj>) {
        let filter = &self.clearing.filter;
        let live = |o: Obj| !filter.may_have(o) || !o.is_doomed();
        // As a key, an object with a finalizer stays until that has run.
        let keys = |o: Obj| live(o) || o.flags() & FINALIZABLE != 0;
        let dead = |o: Obj, part| match part {
            WeakPart::Values => !live(o),
            WeakPart::Keys => !keys(o),
        };
        // What a logged store refers to will be counted anew.
        let armed = store.unlogged();
        let mut gone = |o: Obj| {
            if armed {
                lost.push(o)
            }
        };
        // SAFETY: a live object; the program is stopped.
        if unsafe { M::forget_weak(store, &dead, &mut gone) } {
            return;
        }
        let before = lost.len();
        // SAFETY: as above.
        unsafe {
            clear::<M>(store, WeakPart::Values, &live, true, lost);
            if lost.len() != before {
                // The key of an entry that lost its value may be referred to weakly from now on.
                self.weak.enter::<M>(&core.space.mem, store)
            }
            clear::<M>(store, WeakPart::Keys, &keys, true, lost)
        }
    }

    /// Step 2: a slice, between two epochs.
    pub(super) fn round_slice<M: Model>(&mut self, core: &mut Core, slots: usize, ns: u64) {
        if !self.clearing.goes_on() {
            return;
        }
        let mut pause = core.stats.begin(PauseKind::Slice, Cause::Cycle);
        pause.before(core.space.used(), core.space.objects());
        let mut lost = Vec::new();
        self.look_through::<M>(core, &mut core.clock.budget(slots, ns), &mut lost);
        // Not pending: its increment may be yet to come, in the next epoch.
        self.changes.now.lost.append(&mut lost);
        pause.phase(Phase::Weak);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.deaths_ns += record.cpu_ns;
        core.stats.set_counting(self.figures)
    }

    /// Slots that a slice looks at.
    pub(super) fn round_quota(&self) -> usize {
        pacer::COUNT_STEP / PACE
    }

    /// Step 4, until the thread's processor time is `deadline`; whether all are buried.
    pub(super) fn bury<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        deadline: u64,
    ) -> bool {
        let mut n = 0;
        while let Some(obj) = self.clearing.dead.pop() {
            if let Some(at) = self.clearing.dead.len().checked_sub(AHEAD) {
                prefetch(self.clearing.dead[at])
            }
            if !obj.is_doomed() {
                // It was found again outside of the heap.
                self.limbo.push(obj)
            } else if obj.flags() & FINALIZABLE != 0 {
                self.clearing.due.push(obj)
            } else {
                obj.set_count(0);
                obj.set_flags(obj.flags() & !LIMBO);
                roots.forget(obj);
                self.kill::<M>(core, obj)
            }
            n += 1;
            if n % CLOCK == 0 && core.clock.now() >= deadline {
                break;
            }
        }
        core.dooming = !self.clearing.is_idle();
        self.clearing.is_buried()
    }

    /// Step 4, in an epoch, until `deadline`: those with finalizers are due.
    pub(super) fn deliver_doomed(
        &mut self,
        core: &mut Core,
        due: &mut Vec<(u64, Obj)>,
        deadline: u64,
    ) {
        while let Some(obj) = self.clearing.due.pop() {
            obj.set_count(0);
            obj.set_flags(obj.flags() & !LIMBO);
            self.make_due(core, obj, due);
            if due.len().is_multiple_of(CLOCK) && core.clock.now() >= deadline {
                break;
            }
        }
        core.dooming = !self.clearing.is_idle()
    }

    /// Weak references that the program saw as cleared are cleared; the doomed are
    /// in limbo again.
    pub(super) fn give_up_doomed<M: Model>(&mut self, core: &mut Core) {
        while !self.clearing.is_idle() {
            if !self.clearing.doomed.is_empty() {
                if self.clearing.at.is_none() {
                    self.clearing.begin()
                }
                let mut lost = Vec::new();
                self.look_through::<M>(core, &mut Budget::unlimited(), &mut lost);
                self.changes.now.lost.append(&mut lost);
            }
            self.clearing.end();
            let Clearing { dead, due, .. } = &mut self.clearing;
            for obj in dead.drain(..).chain(due.drain(..)) {
                if obj.is_doomed() {
                    obj.set_count(0)
                }
                self.limbo.push(obj)
            }
        }
        self.limbo.append(&mut self.clearing.waiting);
        core.dooming = false
    }
}
