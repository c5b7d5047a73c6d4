//! What gc-arena's calls into our objects have to know and report.
//!
//! gc-arena hands a trace or a drop nothing but the object itself. What else
//! they need (where to note weak references, the pacing's books) is found
//! through a thread-local that is set while gc-arena is at work. When it is
//! dropped with its heap there is nobody left to report to.

use super::cell::{cell_bytes, pointer};
use super::pacing::credit;
use crate::header::{Obj, UNLOGGED};
use crate::heap::foreign::Foreign;
use crate::heap::sweep::POISON;
use crate::mark::{Scope, Tracer};
use crate::model::{Model, Roots, Visitor};
use crate::weak::Ephemerons;
use gc_arena::collect::Trace;
use gc_arena::metrics::Metrics;
use std::cell::{Cell, RefCell};
use std::ptr::null;
use std::rc::Rc;

/// The books of the cycle in progress.
pub(super) struct Cycle {
    /// Traced objects with weak references.
    pub weak: Vec<Obj>,
    /// Traced objects with ephemerons, and the keys waited for.
    pub ephemerons: Ephemerons,
    /// Slots and edges traced.
    pub work: usize,
    /// Bytes and number of the objects freed and not yet accounted for.
    pub freed: (usize, usize),
    /// Fill dead cells with a pattern.
    pub poison: bool,
    /// Where the objects are.
    pub objects: Rc<RefCell<Foreign>>,
    metrics: Metrics,
}

impl Cycle {
    /// The books of an arena.
    pub fn new(metrics: Metrics) -> Cycle {
        Cycle {
            weak: Vec::new(),
            ephemerons: Ephemerons::default(),
            work: 0,
            freed: (0, 0),
            poison: false,
            objects: Rc::default(),
            metrics,
        }
    }
    /// Exchanges what was gathered on weak references with a tracer's.
    pub fn swap<M: Model, S: Scope>(&mut self, tracer: &mut Tracer<M, S>) {
        std::mem::swap(&mut self.weak, &mut tracer.weak);
        std::mem::swap(&mut self.ephemerons, &mut tracer.ephemerons);
    }
}

thread_local! {
    static AT_WORK: Cell<*const RefCell<Cycle>> = const { Cell::new(null()) };
}

/// While it lives, traces and drops on this thread report to a cycle.
pub(super) struct Reporting(*const RefCell<Cycle>);

impl Reporting {
    /// # Safety
    /// `cycle` outlives the result, which is dropped, not forgotten.
    pub unsafe fn to(cycle: &RefCell<Cycle>) -> Reporting {
        Reporting(AT_WORK.replace(cycle))
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        AT_WORK.set(self.0)
    }
}

#[inline(always)]
fn report(f: impl FnOnce(&mut Cycle)) {
    let cycle = AT_WORK.get();
    if !cycle.is_null() {
        // SAFETY: set by `Reporting`, which the cycle outlives.
        f(&mut unsafe { &*cycle }.borrow_mut())
    }
}

/// Passes references on to gc-arena.
struct Marker<'a, C>(&'a mut C);

impl<'gc, C: Trace<'gc>> Visitor for Marker<'_, C> {
    #[inline(always)]
    fn object(&mut self, obj: Obj) {
        // SAFETY: only objects of this heap refer to each other, and a live one's referents live.
        self.0.trace_gc(unsafe { pointer(obj) })
    }
    fn weak(&mut self, owner: Obj) {
        report(|cycle| cycle.weak.push(owner))
    }
    fn ephemerons(&mut self, owner: Obj) {
        report(|cycle| cycle.ephemerons.owners.push(owner))
    }
}

/// gc-arena traces an object.
///
/// # Safety
/// `obj` is alive and of the model `M`.
#[inline(never)]
pub(super) unsafe fn traced<'gc, M: Model, C: Trace<'gc>>(obj: Obj, cc: &mut C) {
    // SAFETY: as the caller promised.
    let work = unsafe { M::trace(obj, &mut Marker(cc)) };
    if !obj.unlogged() {
        obj.set_flags(obj.flags() | UNLOGGED)
    }
    report(|cycle| {
        cycle.work += work;
        cycle.ephemerons.visited(obj);
        let credit = credit(cell_bytes(obj));
        if credit > 0.0 {
            cycle.metrics.adjust_debt(-credit)
        }
    })
}

/// gc-arena is about to free an object of `bytes` bytes, for which it allocated
/// `committed`; it may be overwritten.
pub(super) fn freed(obj: Obj, bytes: usize, committed: usize) {
    report(|cycle| {
        cycle.freed.0 += bytes;
        cycle.freed.1 += 1;
        cycle.objects.borrow_mut().remove(obj, committed);
        if cycle.poison {
            // SAFETY: dead, of `bytes` bytes, and not freed yet.
            unsafe {
                obj.as_ptr()
                    .cast::<u8>()
                    .write_bytes(POISON, bytes.min(1 << 16))
            }
        }
    })
}

/// Passes the roots on to gc-arena.
struct RootMarker<'a>(&'a mut dyn FnMut(Obj));

impl Visitor for RootMarker<'_> {
    fn object(&mut self, obj: Obj) {
        (self.0)(obj)
    }
    fn weak(&mut self, owner: Obj) {
        report(|cycle| cycle.weak.push(owner))
    }
    fn ephemerons(&mut self, owner: Obj) {
        report(|cycle| cycle.ephemerons.owners.push(owner))
    }
}

/// Tells `sink` all roots.
pub(super) fn trace_roots<R: Roots>(roots: &mut R, sink: &mut dyn FnMut(Obj)) {
    roots.trace_roots(&mut RootMarker(sink))
}
