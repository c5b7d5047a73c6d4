//! A verifier that shares nothing with the collectors: its own traversal, its
//! own visited set. It names parent, field and child of what it finds.

use crate::core::Core;
use crate::header::{Header, Obj};
use crate::heap::alloc::Space;
use crate::heap::block::{BlockId, Use, young};
use crate::heap::size_class::{CELL_BYTES, GRANULE};
use crate::heap::sweep::POISON;
use crate::model::{Model, Roots, Visitor, WeakPart};
use crate::slot::{Edge, Slot, referent};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

/// What is wrong with a heap.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub what: &'static str,
    /// The object that refers to the bad one; none: a root.
    pub parent: Option<(usize, &'static str)>,
    /// The how-manieth slot, edge or reference of those that the parent's trace visits.
    pub field: usize,
    /// The bad object's address.
    pub child: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.what)?;
        match self.parent {
            Some((addr, kind)) => write!(f, "{kind} {addr:#x}, reference {}", self.field)?,
            None => write!(f, "root {}", self.field)?,
        }
        write!(f, ", refers to {:#x}", self.child)
    }
}

impl std::error::Error for Fault {}

struct Walker<'a> {
    space: &'a Space,
    visited: HashSet<usize>,
    todo: Vec<Obj>,
    weak: Vec<Obj>,
    ephemerons: Vec<Obj>,
    parent: Option<(usize, &'static str)>,
    field: usize,
    fault: Option<Fault>,
}

impl Walker<'_> {
    fn check(&mut self, obj: Obj) -> bool {
        let what = if !self.space.is_allocated(obj.addr()) {
            "reference to a freed object"
        } else if obj.kind() == POISON {
            "reference to a poisoned object"
        } else {
            return true;
        };
        self.fault.get_or_insert(Fault {
            what,
            parent: self.parent,
            field: self.field,
            child: obj.addr(),
        });
        false
    }
}

impl Visitor for Walker<'_> {
    fn object(&mut self, obj: Obj) {
        if self.check(obj) && self.visited.insert(obj.addr()) {
            self.todo.push(obj)
        }
        self.field += 1;
    }
    fn slot(&mut self, slot: &Slot) {
        match referent(slot.load()) {
            Some(o) => self.object(o),
            None => self.field += 1,
        }
    }
    fn edge(&mut self, edge: &Edge) {
        match edge.load() {
            Some(o) => self.object(o),
            None => self.field += 1,
        }
    }
    fn weak(&mut self, owner: Obj) {
        self.weak.push(owner)
    }
    fn ephemerons(&mut self, owner: Obj) {
        self.ephemerons.push(owner)
    }
}

/// Checks that everything reachable is allocated, weak references and
/// ephemerons included; returns the number of objects reached.
pub(crate) fn reachable<M: Model, R: Roots>(
    core: &mut Core,
    roots: &mut R,
) -> Result<usize, Fault> {
    core.space.flush();
    let mut w = Walker {
        space: &core.space,
        visited: HashSet::new(),
        todo: Vec::new(),
        weak: Vec::new(),
        ephemerons: Vec::new(),
        parent: None,
        field: 0,
        fault: None,
    };
    roots.trace_roots(&mut w);
    for obj in core.finalizers.all() {
        w.object(obj)
    }
    while w.fault.is_none() {
        if let Some(obj) = w.todo.pop() {
            w.parent = Some((obj.addr(), M::kind_name(obj.kind())));
            w.field = 0;
            // SAFETY: `check` found the object allocated.
            unsafe { M::trace(obj, &mut w) };
        } else if let Some(owner) = w.ephemerons.pop() {
            w.parent = Some((owner.addr(), M::kind_name(owner.kind())));
            // SAFETY: as above; the program is stopped.
            unsafe {
                M::ephemerons(owner, &mut |key, value| {
                    w.check(key);
                    w.object(value)
                })
            };
            w.weak.push(owner);
        } else {
            break;
        }
    }
    for owner in std::mem::take(&mut w.weak) {
        w.parent = Some((owner.addr(), M::kind_name(owner.kind())));
        let w = RefCell::new(&mut w);
        // Claiming that all are alive clears nothing, and shows us the weak references.
        let look = |o: Obj| {
            w.borrow_mut().check(o);
            true
        };
        // SAFETY: as above.
        unsafe {
            M::clear_weak(owner, WeakPart::Values, &look);
            M::clear_weak(owner, WeakPart::Keys, &look);
        }
    }
    match w.fault {
        None => Ok(w.visited.len()),
        Some(fault) => Err(fault),
    }
}

struct Marks<'a> {
    space: &'a Space,
    visited: HashSet<usize>,
    todo: Vec<Obj>,
    parent: Option<(usize, &'static str)>,
    field: usize,
    fault: Option<Fault>,
}

impl Visitor for Marks<'_> {
    fn object(&mut self, obj: Obj) {
        if !self.space.mem.is_live(obj) {
            self.fault.get_or_insert(Fault {
                what: "reachable object that the cycle did not mark",
                parent: self.parent,
                field: self.field,
                child: obj.addr(),
            });
        } else if self.visited.insert(obj.addr()) {
            self.todo.push(obj)
        }
        self.field += 1;
    }
    fn weak(&mut self, _owner: Obj) {}
    fn ephemerons(&mut self, _owner: Obj) {}
}

/// Checks that everything reachable by strong references, what is due
/// included, has MARK or is young: when the verdict of a cycle falls.
pub(crate) fn marked<M: Model, R: Roots>(core: &mut Core, roots: &mut R) -> Result<(), Fault> {
    let mut m = Marks {
        space: &core.space,
        visited: HashSet::new(),
        todo: Vec::new(),
        parent: None,
        field: 0,
        fault: None,
    };
    roots.trace_roots(&mut m);
    for obj in core.finalizers.pending() {
        m.object(obj)
    }
    while m.fault.is_none()
        && let Some(obj) = m.todo.pop()
    {
        m.parent = Some((obj.addr(), M::kind_name(obj.kind())));
        m.field = 0;
        // SAFETY: reachable, so alive, if the other checks have found nothing.
        unsafe { M::trace(obj, &mut m) };
    }
    m.fault.map_or(Ok(()), Err)
}

struct Generations<'a> {
    space: &'a Space,
    remembered: &'a HashSet<usize>,
    young: Option<(usize, usize)>,
    field: usize,
}

impl Visitor for Generations<'_> {
    fn object(&mut self, obj: Obj) {
        if !self.space.mem.old.test(obj.addr()) && !self.remembered.contains(&obj.addr()) {
            self.young = Some((self.field, obj.addr()));
        }
        self.field += 1;
    }
    fn slot(&mut self, slot: &Slot) {
        match referent(slot.load()) {
            Some(o) => self.object(o),
            None => self.field += 1,
        }
    }
    fn edge(&mut self, edge: &Edge) {
        match edge.load() {
            Some(o) => self.object(o),
            None => self.field += 1,
        }
    }
    fn weak(&mut self, _owner: Obj) {}
    fn ephemerons(&mut self, _owner: Obj) {}
}

/// Checks the generational invariants over all old objects.
pub(crate) fn generations<M: Model>(core: &mut Core) -> Result<(), Fault> {
    core.space.flush();
    let logged: HashSet<usize> = core.log.entries().iter().map(|o| o.addr()).collect();
    let remembered: HashSet<usize> = core.log.targets().iter().map(|o| o.addr()).collect();
    let mut fault = None;
    core.space.each_object(|obj| {
        let mem = &core.space.mem;
        let parent = Some((obj.addr(), M::kind_name(obj.kind())));
        let mut fail = |what, field, child| {
            fault.get_or_insert(Fault {
                what,
                parent,
                field,
                child,
            });
        };
        if core.verdict && !mem.is_live(obj) {
            return; // its payload may be gone
        }
        if !mem.old.test(obj.addr()) {
            if mem.young(obj.addr()).load(Relaxed) == young::NO {
                fail("young object outside of the nursery", 0, obj.addr());
            }
            return;
        }
        let is_logged = logged.contains(&obj.addr());
        if is_logged == obj.unlogged() {
            fail(
                "old object whose UNLOGGED bit contradicts the log",
                0,
                obj.addr(),
            );
        }
        if !is_logged {
            let mut g = Generations {
                space: &core.space,
                remembered: &remembered,
                young: None,
                field: 0,
            };
            // SAFETY: `each_object` gives allocated objects, and the program is stopped.
            unsafe { M::trace(obj, &mut g) };
            if let Some((field, child)) = g.young {
                fail(
                    "old object that refers to a young one and is not in the log",
                    field,
                    child,
                );
            }
        }
    });
    fault.map_or(Ok(()), Err)
}

impl Space {
    /// Calls `f` for every object, dead ones not collected yet included. Flush first.
    pub(crate) fn each_object(&self, mut f: impl FnMut(Obj)) {
        let foreign = self.foreign.as_ref().map(|o| o.borrow().addresses());
        for p in foreign.into_iter().flatten() {
            if let Some(p) = NonNull::new(p as *mut Header) {
                // SAFETY: an object that was allocated and not freed.
                f(unsafe { Obj::from_ptr(p) })
            }
        }
        for block in 0..self.pool.high() {
            self.each_object_of(block, &mut f)
        }
    }
    /// Calls `f` for every object of a block, as `each_object`.
    pub(crate) fn each_object_of(&self, block: BlockId, mut f: impl FnMut(Obj)) {
        let info = self.mem.info(block);
        let start = self.mem.addr(block);
        let step = match info.usage() {
            Use::Free => return,
            Use::Large => usize::MAX,
            Use::Cells => CELL_BYTES[info.class()] as usize / GRANULE,
        };
        let mut granule = 0;
        while granule < super::heap::size_class::BLOCK_GRANULES {
            if self.is_allocated(start + granule * GRANULE) {
                let p = self.mem.ptr(block).wrapping_add(granule * GRANULE);
                // SAFETY: an allocated cell.
                f(unsafe { Obj::from_ptr(NonNull::new_unchecked(p.cast())) });
            }
            granule = granule.saturating_add(step);
        }
    }
}
