//! Marking: the grey queue, and the one traversal that every collection uses.
//!
//! A [`Tracer`] walks the graph; its [`Scope`] says which objects the
//! collection is about and remembers which were reached: a minor looks only at
//! young objects, a full collection at all.

use crate::header::Obj;
use crate::model::{Model, Roots, Visitor};
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
    const AHEAD: usize = 8;

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
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0 && self.stack.is_empty()
    }
    /// Gives memory back that a deep graph once needed.
    pub fn shrink(&mut self) {
        self.stack.shrink_to(1 << 16)
    }
}

#[inline(always)]
fn prefetch(obj: Obj) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let p = obj.as_ptr().cast::<i8>();
        // SAFETY: a prefetch has no effect that a program can see.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(p);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = obj;
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
}
