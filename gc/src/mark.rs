//! Marking: the grey queue, and the one traversal that every collection uses.
//!
//! A [`Tracer`] walks the graph; its [`Scope`] says which objects the
//! collection is about and remembers which were reached: a minor looks only at
//! young objects, a full collection at all.

use crate::header::Obj;
use crate::model::{Model, Roots, Visitor};
use crate::stats::pause::thread_cpu_ns;
use crate::weak::Ephemerons;
use std::marker::PhantomData;

/// Objects whose fields wait to be visited.
///
/// A stack with a short first-in first-out buffer in front: an object leaving
/// the stack is prefetched and visited a few objects later, when its cache
/// lines have arrived.
pub struct GreyQueue {
    stack: Vec<Obj>,
    ring: [Option<Obj>; GreyQueue::AHEAD],
    at: usize,
    waiting: usize,
}

impl GreyQueue {
    /// Objects prefetched ahead.
    const AHEAD: usize = 16;

    /// An empty queue.
    pub fn new() -> GreyQueue {
        GreyQueue {
            stack: Vec::new(),
            ring: [None; GreyQueue::AHEAD],
            at: 0,
            waiting: 0,
        }
    }
    /// Adds an object.
    #[inline(always)]
    pub fn push(&mut self, obj: Obj) {
        self.stack.push(obj)
    }
    /// The next object to visit.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Obj> {
        loop {
            let next = self.stack.pop();
            match next {
                Some(o) => prefetch(o),
                None if self.waiting == 0 => return None,
                None => {}
            }
            let slot = &mut self.ring[self.at];
            self.at = (self.at + 1) % GreyQueue::AHEAD;
            let ready = std::mem::replace(slot, next);
            self.waiting =
                self.waiting + usize::from(next.is_some()) - usize::from(ready.is_some());
            if ready.is_some() {
                return ready;
            }
        }
    }
    /// Objects in the queue.
    pub fn len(&self) -> usize {
        self.stack.len() + self.waiting
    }
    /// Takes up to `n` objects, those added last.
    pub fn split(&mut self, n: usize) -> Vec<Obj> {
        self.stack
            .split_off(self.stack.len() - n.min(self.stack.len()))
    }
    /// Takes all objects.
    pub fn take(&mut self) -> Vec<Obj> {
        self.stack
            .extend(self.ring.iter_mut().filter_map(Option::take));
        self.waiting = 0;
        std::mem::take(&mut self.stack)
    }
    /// Adds objects.
    pub fn add(&mut self, packet: Vec<Obj>) {
        if self.stack.is_empty() {
            self.stack = packet
        } else {
            self.stack.extend(packet)
        }
    }
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0 && self.stack.is_empty()
    }
    /// Calls `f` for all that waits.
    pub fn each(&self, f: impl FnMut(Obj)) {
        self.stack
            .iter()
            .chain(self.ring.iter().flatten())
            .copied()
            .for_each(f)
    }
    /// Gives memory back that a deep graph once needed.
    pub fn shrink(&mut self) {
        self.stack.shrink_to(1 << 16)
    }
}

/// Says that `obj` is about to be visited.
#[inline(always)]
pub(crate) fn prefetch(obj: Obj) {
    let p = obj.as_ptr().cast::<u8>();
    // The second line as well: half of all 48-byte objects straddle two.
    prefetch_line(p);
    prefetch_line(p.wrapping_add(47));
}

/// Asks for a cache line that is needed soon. Where there is no such instruction,
/// nothing happens.
#[inline(always)]
pub fn prefetch_line(p: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch has no effect that a program can see, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}

/// What a collection is about.
pub trait Scope {
    /// A reference to `obj` was found: true if it is to be visited, which is
    /// said once per object.
    fn claim(&mut self, obj: Obj) -> bool;
    /// Whether `obj` is alive as far as this collection knows.
    fn reached(&self, obj: Obj) -> bool;
    /// The visit of `obj` begins.
    fn before(&mut self, obj: Obj);
    /// All references of `obj` were claimed.
    fn after(&mut self, obj: Obj);
    /// Whether an ephemeron entry that refers to `obj` will be looked at again
    /// later in this collection.
    #[inline(always)]
    fn postpones(&self, _obj: Obj) -> bool {
        false
    }
    /// Whether `kept_weakly` does anything.
    const ASKS_WHO_KEEPS: bool = false;
    /// Whether `obj`, claimed or visited before, is there still: under some
    /// collectors objects are freed while a collection is under way.
    #[inline(always)]
    fn holds(&self, _obj: Obj) -> bool {
        true
    }
    /// A weak reference, or an ephemeron's value, of `owner` leads to `target`, which is alive.
    fn kept_weakly(&mut self, owner: Obj, target: Obj);
}

/// Walks the graph for a collection.
pub struct Tracer<M: Model, S: Scope> {
    /// What the collection is about.
    pub scope: S,
    pub(crate) grey: GreyQueue,
    /// Objects with weak references, in the order they were visited.
    pub(crate) weak: Vec<Obj>,
    pub(crate) ephemerons: Ephemerons,
    /// Slots and edges visited.
    pub work: usize,
    model: PhantomData<M>,
}

impl<M: Model, S: Scope> Visitor for Tracer<M, S> {
    #[inline(always)]
    fn object(&mut self, obj: Obj) {
        if self.scope.claim(obj) {
            self.grey.push(obj)
        }
    }
    fn weak(&mut self, owner: Obj) {
        self.weak.push(owner)
    }
    fn ephemerons(&mut self, owner: Obj) {
        self.ephemerons.owners.push(owner)
    }
}

impl<M: Model, S: Scope> Tracer<M, S> {
    /// A tracer that uses `grey`, empty, for its queue.
    pub fn new(scope: S, grey: GreyQueue) -> Self {
        debug_assert!(grey.is_empty());
        Tracer {
            scope,
            grey,
            weak: Vec::new(),
            ephemerons: Ephemerons::default(),
            work: 0,
            model: PhantomData,
        }
    }
    /// Claims what the roots refer to.
    pub fn mark_roots<R: Roots>(&mut self, roots: &mut R) {
        roots.trace_roots(self)
    }
    /// Visits one object.
    #[inline(always)]
    pub fn visit(&mut self, obj: Obj) {
        self.scope.before(obj);
        // SAFETY: a claimed object was reached from the roots, so it is alive and initialised.
        self.work += unsafe { M::trace(obj, self) };
        self.scope.after(obj);
    }
    /// Visits until nothing is grey.
    pub fn drain(&mut self) {
        while let Some(obj) = self.grey.pop() {
            self.visit(obj)
        }
    }
    /// Visits until nothing is grey, which it says, or the budget is used up.
    pub fn drain_within(&mut self, budget: &mut Budget) -> bool {
        while !budget.is_spent()
            && let Some(obj) = self.grey.pop()
        {
            let before = self.work;
            self.visit(obj);
            budget.spend(self.work - before + 1);
        }
        self.grey.is_empty()
    }
}

/// How much a stop may do: slots to visit and processor time.
pub struct Budget {
    slots: usize,
    deadline: u64,
    unchecked: usize,
}

impl Budget {
    /// Slots visited between two looks at the clock.
    const CLOCK: usize = 2048;

    /// Up to `slots` slots, or `ns` nanoseconds from now on.
    pub fn new(slots: usize, ns: u64) -> Budget {
        let deadline = if ns == u64::MAX {
            ns
        } else {
            thread_cpu_ns().saturating_add(ns)
        };
        Budget {
            slots,
            deadline,
            unchecked: 0,
        }
    }
    /// Without end.
    pub fn unlimited() -> Budget {
        Budget::new(usize::MAX, u64::MAX)
    }
    /// Accounts for work, in slots.
    #[inline(always)]
    pub fn spend(&mut self, work: usize) {
        self.slots = self.slots.saturating_sub(work);
        self.unchecked += work;
        if self.unchecked >= Budget::CLOCK {
            self.look()
        }
    }
    fn look(&mut self) {
        self.unchecked = 0;
        if self.deadline != u64::MAX {
            if thread_cpu_ns() >= self.deadline {
                self.slots = 0
            }
        } else if self.slots > usize::MAX / 2 {
            self.slots = usize::MAX
        }
    }
    /// Whether it is used up.
    #[inline(always)]
    pub fn is_spent(&self) -> bool {
        self.slots == 0
    }
}
