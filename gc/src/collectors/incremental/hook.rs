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
use std::ptr::null;
use std::rc::Rc;

/// Flag of an object's header: it is on the list of those with weak references.
const WEAK: u8 = 64;
/// Flag: it is on the list of those with ephemerons.
const OWNER: u8 = 32;
/// Flag: its ephemerons are to be looked into.
const UNSEEN: u8 = 16;

/// The books of the cycle in progress.
pub(super) struct Cycle {
    /// Traced objects with weak references.
    pub weak: Vec<Obj>,
    /// Traced objects with ephemerons.
    pub owners: Vec<Obj>,
    /// Those that are to be looked into: traced since they were.
    unseen: Vec<Obj>,
    pub waiting: Waiting,
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
            unseen: Vec::new(),
            waiting: Waiting::default(),
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
    /// Whether no ephemerons are to be looked into.
    pub fn all_seen(&self) -> bool {
        self.unseen.is_empty()
    }
    /// The next object whose ephemerons are to be looked into.
    pub fn next_unseen(&mut self) -> Option<Obj> {
        let owner = self.unseen.pop()?;
        owner.set_flags(owner.flags() & !UNSEEN);
        Some(owner)
    }
    fn add_weak(&mut self, owner: Obj) {
        if owner.flags() & WEAK == 0 {
            owner.set_flags(owner.flags() | WEAK);
            self.weak.push(owner)
        }
    }
    fn add_owner(&mut self, owner: Obj) {
        let flags = owner.flags();
        owner.set_flags(flags | OWNER | UNSEEN);
        if flags & OWNER == 0 {
            self.owners.push(owner)
        }
        if flags & UNSEEN == 0 {
            self.unseen.push(owner)
        }
    }
    /// Marking has ended, and all that is weak was decided on; nothing was freed yet.
    pub fn forget(&mut self) {
        for owner in self.weak.iter().chain(&self.owners) {
            owner.set_flags(owner.flags() & !(WEAK | OWNER | UNSEEN))
        }
        self.weak = Vec::new();
        self.owners = Vec::new();
        self.unseen = Vec::new();
        self.waiting = Waiting::default();
    }
}

const END: u32 = u32::MAX;

/// Values of ephemerons whose keys were not reached yet, in lists by key.
#[derive(Default)]
pub(super) struct Waiting {
    keys: FxHashMap<Obj, u32>,
    values: Vec<(Obj, u32)>,
}

impl Waiting {
    /// `value` waits for `key`.
    pub fn add(&mut self, key: Obj, value: Obj) {
        let at = self.values.len() as u32;
        let next = self.keys.insert(key, at).unwrap_or(END);
        self.values.push((value, next));
    }
    /// Takes the values that wait for `key`.
    #[inline(always)]
    fn take(&mut self, key: Obj, mut f: impl FnMut(Obj)) {
        if !self.keys.is_empty()
            && let Some(mut at) = self.keys.remove(&key)
        {
            while at != END {
                let (value, next) = self.values[at as usize];
                f(value);
                at = next;
            }
        }
    }
    /// Takes the values whose keys were reached without a visit. Whether there were any.
    pub fn take_reached(&mut self, reached: impl Fn(Obj) -> bool, mut f: impl FnMut(Obj)) -> bool {
        let keys: Vec<Obj> = self.keys.keys().copied().filter(|&k| reached(k)).collect();
        for &key in &keys {
            self.take(key, &mut f)
        }
        !keys.is_empty()
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
        report(|cycle| cycle.add_weak(owner))
    }
    fn ephemerons(&mut self, owner: Obj) {
        report(|cycle| cycle.add_owner(owner))
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
        // SAFETY: a value was found in this cycle; nothing is freed before its sweep.
        let mark = |value| cc.trace_gc(unsafe { pointer(value) });
        cycle.waiting.take(obj, mark);
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
        report(|cycle| cycle.add_weak(owner))
    }
    fn ephemerons(&mut self, owner: Obj) {
        report(|cycle| cycle.add_owner(owner))
    }
}

/// Tells `sink` all roots.
pub(super) fn trace_roots<R: Roots>(roots: &mut R, sink: &mut dyn FnMut(Obj)) {
    roots.trace_roots(&mut RootMarker(sink))
}
