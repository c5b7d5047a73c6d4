//! What gc-arena's calls into our objects have to know and report.
//!
//! gc-arena hands a trace or a drop nothing but the object itself. What else
//! they need (where to note weak references, the pacing's books) is found
//! through a thread-local that is set while gc-arena is at work. When it is
//! dropped with its heap there is nobody left to report to.

use super::cell::{cell_bytes, pointer};
use super::pacing::credit;
use crate::header::{Obj, PAYLOAD, UNLOGGED};
use crate::heap::foreign::Foreign;
use crate::heap::sweep::POISON;
use crate::mark::{Scope, Tracer};
use crate::model::{Model, Roots, Visitor};
use gc_arena::collect::Trace;
use gc_arena::metrics::Metrics;
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::ptr::null;
use std::rc::Rc;

/// Flag of an object's header: equal to the cycle's parity if the object was
/// traced in this cycle. Every object that survives a cycle is traced in it.
const TRACED: u8 = 16;

/// The books of the cycle in progress.
pub(super) struct Cycle {
    /// Traced objects with weak references.
    pub weak: Vec<Obj>,
    /// Traced objects with ephemerons.
    pub owners: Vec<Obj>,
    ephemerons: Ephemerons,
    /// What [`TRACED`] is in an object that was traced in this cycle (or, between
    /// two cycles, will be in the next).
    parity: u8,
    /// Slots and edges traced.
    pub work: usize,
    /// Bytes and number of the objects freed and not yet accounted for.
    pub freed: (usize, usize),
    /// Bytes outside of the heap that went with them.
    pub freed_outside: usize,
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
            owners: Vec::new(),
            ephemerons: Ephemerons::default(),
            parity: 0,
            work: 0,
            freed: (0, 0),
            freed_outside: 0,
            poison: false,
            objects: Rc::default(),
            metrics,
        }
    }
    /// Exchanges what was gathered on weak references with a tracer's.
    pub fn swap<M: Model, S: Scope>(&mut self, tracer: &mut Tracer<M, S>) {
        std::mem::swap(&mut self.weak, &mut tracer.weak);
        std::mem::swap(&mut self.owners, &mut tracer.ephemerons.owners);
    }
    /// The flags of a new object: those of one not traced in the cycle that will
    /// decide on it, which during a sweep is the next one.
    pub fn newborn(&self, sweeping: bool) -> u8 {
        if sweeping {
            self.parity
        } else {
            self.parity ^ TRACED
        }
    }
    /// A sweep has ended: nothing was traced by the next cycle yet.
    pub fn end(&mut self) {
        self.parity ^= TRACED;
    }
    /// Marking has ended, and all that is weak was decided on.
    pub fn forget(&mut self) {
        self.weak = Vec::new();
        self.owners = Vec::new();
        self.ephemerons = Ephemerons::default();
    }
    fn is_traced(&self, obj: Obj) -> bool {
        obj.flags() & TRACED == self.parity
    }
}

const END: u32 = u32::MAX;

/// Ephemeron entries whose keys were not traced yet, in lists by key.
#[derive(Default)]
struct Ephemerons {
    keys: FxHashMap<Obj, u32>,
    entries: Vec<(Obj, u32)>,
}

impl Ephemerons {
    fn wait(&mut self, key: Obj, value: Obj) {
        let at = self.entries.len() as u32;
        let next = self.keys.insert(key, at).unwrap_or(END);
        self.entries.push((value, next));
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
struct Marker<'a, M, C>(&'a mut C, PhantomData<fn(M)>);

impl<'gc, M: Model, C: Trace<'gc>> Visitor for Marker<'_, M, C> {
    #[inline(always)]
    fn object(&mut self, obj: Obj) {
        // SAFETY: only objects of this heap refer to each other, and a live one's referents live.
        self.0.trace_gc(unsafe { pointer(obj) })
    }
    fn weak(&mut self, owner: Obj) {
        report(|cycle| cycle.weak.push(owner))
    }
    /// A value whose key was traced is marked at once, the others wait for their
    /// keys. If an entry changes, the barrier has its owner traced again.
    fn ephemerons(&mut self, owner: Obj) {
        report(|cycle| {
            cycle.owners.push(owner);
            // SAFETY: `owner` is being traced, so it is alive; the program is stopped.
            unsafe {
                M::ephemerons(owner, &mut |key, value| {
                    if cycle.is_traced(key) {
                        self.object(value)
                    } else {
                        cycle.ephemerons.wait(key, value)
                    }
                })
            }
        })
    }
}

/// gc-arena traces an object.
///
/// # Safety
/// `obj` is alive and of the model `M`.
#[inline(never)]
pub(super) unsafe fn traced<'gc, M: Model, C: Trace<'gc>>(obj: Obj, cc: &mut C) {
    // SAFETY: as the caller promised.
    let work = unsafe { M::trace(obj, &mut Marker::<M, C>(cc, PhantomData)) };
    report(|cycle| {
        cycle.work += work;
        obj.set_flags(obj.flags() & !TRACED | cycle.parity | UNLOGGED);
        if !cycle.ephemerons.keys.is_empty()
            && let Some(mut at) = cycle.ephemerons.keys.remove(&obj)
        {
            while at != END {
                let (value, next) = cycle.ephemerons.entries[at as usize];
                // SAFETY: the entry was found in this cycle; nothing is freed before its sweep.
                cc.trace_gc(unsafe { pointer(value) });
                at = next;
            }
        }
        let credit = credit(cell_bytes(obj));
        if credit > 0.0 {
            cycle.metrics.adjust_debt(-credit)
        }
    })
}

/// gc-arena is about to free an object of `bytes` bytes, for which it allocated
/// `committed`: drops its payload; it may be overwritten.
pub(super) fn freed<M: Model>(obj: Obj, bytes: usize, committed: usize) {
    let mut outside = 0;
    if obj.flags() & PAYLOAD != 0 {
        // SAFETY: registered, dead, and freed after this.
        outside = unsafe { M::drop_payload(obj) };
    }
    report(|cycle| {
        cycle.freed_outside += outside;
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
        report(|cycle| cycle.owners.push(owner))
    }
}

/// Tells `sink` all roots.
pub(super) fn trace_roots<R: Roots>(roots: &mut R, sink: &mut dyn FnMut(Obj)) {
    roots.trace_roots(&mut RootMarker(sink))
}
