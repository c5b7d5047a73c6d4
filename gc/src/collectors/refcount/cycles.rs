//! Trial deletion: garbage cycles found from where they were cut off (Bacon
//! and Rajan, 2001), with the program stopped, right after an epoch.
//!
//! 1. *Gather*: from each candidate (an object whose count fell without
//!    reaching zero, and that is still there after another epoch) follow
//!    references, and count for each object met those that come from objects
//!    met. The counts are kept beside the objects, so that the counts in their
//!    headers stay true and a trial can be given up at any time. What cannot be
//!    garbage or part of a cycle is not followed: referents of roots (SEEN),
//!    acyclic kinds, shared objects (`Model::shared`; in Lua, metatables).
//! 2. *Restore*: an object with more references than were met is referred to
//!    from outside, hence alive, and so is what it refers to.
//! 3. *Collect*: the others are garbage. With a finalizer among them, that
//!    object becomes due, and what it refers to stays. The rest is freed,
//!    whatever it refers to outside has a decrement.
//!
//! Many candidates share one trial, so that what they have in common is
//! visited once. A trial is bounded in time, and so is what one
//! candidate leads to: mostly that is a large structure in use. An object met but not followed
//! counts as alive: less is found, nothing wrong. A cycle too
//! large for a trial is left to the trace (`backup.rs`), and so is one that weak
//! stores refer to, when these hold more than can be looked through at once.
//!
//! Why freeing is right: right after the increments a count is never too low,
//! so an object all of whose counted references come from garbage is garbage:
//! no root refers to it, and weak references to it are cleared here.
//!
//! Trials adapt: one that finds nothing doubles the number of candidates and of
//! epochs that the next one waits for; one that finds something halves the
//! former, and the next one comes after the next epoch. One that finds nothing also lets
//! the next begin at the other end of the queue: where a program first builds and then
//! lets go, the old candidates are alive; where it builds and lets go all the time,
//! the young ones are.

use super::changes::references;
use super::clearing::AT_ONCE;
use super::deaths::{file_thinned, release};
use super::weakly::{clear, still};
use super::{RefCount, has_weak};
use crate::core::Core;
use crate::header::{FINALIZABLE, Obj, PURPLE, WEAKLY};
use crate::heap::alloc::Space;
use crate::model::{Model, Roots, WeakPart};
use crate::stats::{Cause, PauseKind, Phase};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// References looked at between two looks at the clock.
const CLOCK: usize = 256;
/// References followed by one trial, at most.
const MOST: usize = 1 << 14;
/// References followed for one candidate, at most.
const MOST_EACH: usize = 1 << 10;
/// Candidates that a trial waits for, at least and at most.
const LEAST_CANDIDATES: usize = 16;
const MOST_CANDIDATES: usize = 1 << 14;
/// Epochs that a trial waits for, at most.
const MOST_EPOCHS: u32 = 16;
/// Candidates that are kept.
const QUEUE: usize = 1 << 17;

/// An object met by a trial.
struct Met {
    obj: Obj,
    /// References from objects met.
    inner: u32,
    /// Its part of `Trial::edges`.
    edges: (u32, u32),
    followed: bool,
    alive: bool,
}

/// The candidates, and the memory of trials.
pub(super) struct Trial {
    /// Since the last epoch.
    fresh: Vec<Obj>,
    /// Since the epoch before.
    ripening: Vec<Obj>,
    /// Those that have outlived an epoch.
    ripe: VecDeque<Obj>,
    /// A trial begins with the youngest of them.
    youngest: bool,
    /// How many of them there have to be for a trial.
    wait: usize,
    /// Epochs since the last trial, and how many there have to be.
    epochs: u32,
    patience: u32,
    met: Vec<Met>,
    number: FxHashMap<Obj, u32>,
    edges: Vec<u32>,
    list: Vec<Obj>,
}

impl Default for Trial {
    fn default() -> Self {
        Trial {
            fresh: Vec::new(),
            ripening: Vec::new(),
            ripe: VecDeque::new(),
            youngest: false,
            wait: LEAST_CANDIDATES,
            epochs: 0,
            patience: 1,
            met: Vec::new(),
            number: FxHashMap::default(),
            edges: Vec::new(),
            list: Vec::new(),
        }
    }
}

impl Trial {
    /// A decrement left references to `obj`.
    #[inline]
    pub fn candidate<M: Model>(&mut self, obj: Obj) {
        let flags = obj.flags();
        if flags & PURPLE == 0 && !M::acyclic(obj.kind()) {
            obj.set_flags(flags | PURPLE);
            self.fresh.push(obj)
        }
    }
    /// An epoch has passed.
    pub fn ripen(&mut self, space: &Space) {
        self.epochs = self.epochs.saturating_add(1);
        self.ripe.extend(self.ripening.drain(..));
        let excess = self.ripe.len().saturating_sub(QUEUE);
        for obj in self.ripe.drain(..excess) {
            if still(space, obj, PURPLE) {
                obj.set_flags(obj.flags() & !PURPLE)
            }
        }
        std::mem::swap(&mut self.fresh, &mut self.ripening);
    }
    /// Forgets all candidates.
    pub fn clear(&mut self) {
        self.fresh.clear();
        self.ripening.clear();
        self.ripe.clear();
    }
    /// Whether there are enough candidates for a trial.
    pub fn due(&self) -> bool {
        self.ripe.len() >= self.wait && self.epochs >= self.patience
    }
    /// Right after a trial: whether it found something, and left as much to try.
    pub fn due_again(&self) -> bool {
        self.patience == 1 && self.ripe.len() > self.wait.max(1 << 10)
    }
    /// Whether there are any.
    pub fn possible(&self) -> bool {
        !self.ripe.is_empty()
    }

    /// The number of `obj` among those met; `None` if it is not to be followed.
    fn meet<M: Model>(&mut self, core: &Core, obj: Obj) -> Option<u32> {
        if let Some(&n) = self.number.get(&obj) {
            return Some(n);
        }
        // SAFETY: a live object: it is counted, or a candidate that is still there.
        let outside = M::acyclic(obj.kind())
            || core.space.mem.seen.test(obj.addr())
            || unsafe { M::shared(obj) };
        if outside {
            return None;
        }
        let n = self.met.len() as u32;
        self.number.insert(obj, n);
        self.met.push(Met {
            obj,
            inner: 0,
            edges: (0, 0),
            followed: false,
            alive: false,
        });
        Some(n)
    }

    /// Step 1.
    fn gather<M: Model>(&mut self, core: &Core, deadline: u64) -> u64 {
        let mut tried = 0;
        let mut next = 0;
        // Where the edges begin that this candidate led to.
        let mut begin = 0;
        // Also of what is not followed: a chunk of strings has no edges.
        let mut unchecked = 0;
        loop {
            if unchecked >= CLOCK {
                unchecked = 0;
                if self.edges.len() >= MOST || core.clock.now() >= deadline {
                    return tried;
                }
            }
            if next == self.met.len() {
                let candidate = if self.youngest {
                    self.ripe.pop_back()
                } else {
                    self.ripe.pop_front()
                };
                let Some(candidate) = candidate else {
                    return tried;
                };
                unchecked += 1;
                begin = self.edges.len();
                if still(&core.space, candidate, PURPLE) {
                    candidate.set_flags(candidate.flags() & !PURPLE);
                    tried += 1;
                    // Without a count it is a root's referent or in limbo.
                    if candidate.count() != 0 {
                        self.meet::<M>(core, candidate);
                    }
                }
                continue;
            }
            if self.edges.len() - begin >= MOST_EACH {
                next = self.met.len();
                continue;
            }
            let from = self.edges.len() as u32;
            let mut list = std::mem::take(&mut self.list);
            // SAFETY: a live object; the program is stopped.
            unsafe { references::<M>(self.met[next].obj, &mut list) };
            unchecked += 1 + list.len();
            for target in list.drain(..) {
                if let Some(n) = self.meet::<M>(core, target) {
                    self.met[n as usize].inner += 1;
                    self.edges.push(n)
                }
            }
            self.list = list;
            self.met[next].edges = (from, self.edges.len() as u32);
            self.met[next].followed = true;
            next += 1;
        }
    }

    /// Marks `n`, and what can be reached from it, as alive.
    fn restore(&mut self, n: usize) {
        let mut todo = vec![n as u32];
        while let Some(n) = todo.pop() {
            let met = &mut self.met[n as usize];
            if !met.alive {
                met.alive = true;
                let (from, to) = met.edges;
                todo.extend(&self.edges[from as usize..to as usize])
            }
        }
    }

    /// Step 2.
    fn restore_referenced(&mut self) {
        for n in 0..self.met.len() {
            let met = &self.met[n];
            if !met.alive && (!met.followed || met.obj.count() > met.inner) {
                self.restore(n)
            }
        }
    }

    /// What weak stores may refer to lives, and what it refers to.
    fn restore_weakly_referenced<M: Model>(&mut self) {
        for n in 0..self.met.len() {
            let Met { obj, alive, .. } = self.met[n];
            // SAFETY: it is counted, so it is there.
            if !alive && obj.flags() & WEAKLY != 0 && unsafe { M::may_be_stored_weakly(obj) } {
                self.restore(n)
            }
        }
    }

    /// The objects met that are not alive.
    fn garbage(&self) -> impl Iterator<Item = Obj> {
        self.met.iter().filter(|m| !m.alive).map(|m| m.obj)
    }

    /// Whether `obj` is among them.
    fn is_garbage(&self, obj: Obj) -> bool {
        self.number
            .get(&obj)
            .is_some_and(|&n| !self.met[n as usize].alive)
    }
}

impl RefCount {
    /// One trial. `deadline`: when to stop gathering, in the thread's processor time.
    pub(super) fn try_cycles<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        cause: Cause,
        deadline: u64,
    ) {
        let mut pause = core.stats.begin(PauseKind::Cycles, cause);
        self.figures.trials += 1;
        core.prepare(&mut pause);
        self.figures.candidates += self.trial.gather::<M>(core, deadline);
        pause.work(self.trial.edges.len());
        pause.phase(Phase::Mark);
        self.trial.restore_referenced();
        if self.weak.slots() > AT_ONCE {
            self.trial.restore_weakly_referenced::<M>()
        }
        self.finalize_garbage::<M>(core);
        let freed = self.free_garbage::<M, R>(core, roots);
        self.figures.freed_by_trial += freed as u64;
        let trial = &mut self.trial;
        if freed == 0 {
            trial.youngest = !trial.youngest;
            trial.wait = (trial.wait * 2).min(MOST_CANDIDATES);
            trial.patience = (trial.patience * 2).min(MOST_EPOCHS)
        } else {
            trial.wait = (trial.wait / 2).max(LEAST_CANDIDATES);
            trial.patience = 1
        }
        trial.epochs = 0;
        trial.met.clear();
        trial.edges.clear();
        trial.number.clear();
        file_thinned(core, deadline);
        pause.phase(Phase::Deaths);
        let record = core
            .stats
            .end(pause, core.space.used(), core.space.objects());
        self.figures.trials_ns += record.cpu_ns;
        core.stats.set_counting(self.figures);
        self.check::<M, R>(core, roots);
    }

    /// Step 3, for finalizers: those of the garbage become due.
    fn finalize_garbage<M: Model>(&mut self, core: &mut Core) {
        let due: Vec<usize> = (0..self.trial.met.len())
            .filter(|&n| {
                let met = &self.trial.met[n];
                !met.alive && met.obj.flags() & FINALIZABLE != 0
            })
            .collect();
        if due.is_empty() {
            return;
        }
        // Weak values that refer to garbage are gone before finalizers run.
        let mut lost = Vec::new();
        if self.trial.garbage().any(|o| o.flags() & WEAKLY != 0) {
            self.clear_garbage::<M>(core, true, &mut lost)
        }
        // A store among the garbage that lets go of garbage: one reference less,
        // still to be subtracted, so that the other stays for now.
        for &obj in &lost {
            if let Some(&n) = self.trial.number.get(&obj) {
                self.trial.restore(n as usize)
            }
        }
        for obj in lost {
            self.pending.push(obj)
        }
        let mut queue = Vec::new();
        for n in due {
            let obj = self.trial.met[n].obj;
            queue.extend(core.finalizers.take(obj));
            core.space.mem.seen.set(obj.addr());
            self.roots.push(obj);
            self.trial.restore(n)
        }
        core.finalizers.queue(queue);
    }

    /// Clears weak references to garbage: those that are values, or all.
    fn clear_garbage<M: Model>(&mut self, core: &Core, values_only: bool, lost: &mut Vec<Obj>) {
        let stores: Vec<Obj> = self.weak.all().collect();
        for store in stores {
            let trial = &self.trial;
            let live = |o: Obj| o.flags() & WEAKLY == 0 || !trial.is_garbage(o);
            let before = lost.len();
            // SAFETY: a live object; the program is stopped.
            unsafe {
                clear::<M>(store, WeakPart::Values, &live, true, lost);
                if !values_only {
                    clear::<M>(store, WeakPart::Keys, &live, true, lost)
                }
            }
            if lost.len() != before {
                // The key of an entry that lost its value may be referred to weakly from now on.
                self.weak.enter::<M>(&core.space.mem, store)
            }
        }
    }

    /// Step 3, for the rest. Returns how many objects were freed.
    fn free_garbage<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) -> usize {
        let garbage: Vec<Obj> = self.trial.garbage().collect();
        let mut lost = Vec::new();
        if garbage.iter().any(|o| o.flags() & WEAKLY != 0) {
            self.clear_garbage::<M>(core, false, &mut lost)
        }
        for &obj in &garbage {
            if obj.flags() & WEAKLY != 0 {
                roots.forget(obj)
            }
        }
        // Everything is looked at before anything is freed.
        for &obj in &garbage {
            // SAFETY: its cell is intact; the program is stopped.
            unsafe { references::<M>(obj, &mut lost) };
        }
        for obj in lost {
            if !self.trial.is_garbage(obj) {
                self.pending.push(obj)
            }
        }
        for &obj in &garbage {
            if has_weak(obj) {
                self.weak.store_dies(obj)
            }
            release::<M>(core, obj)
        }
        garbage.len()
    }
}
