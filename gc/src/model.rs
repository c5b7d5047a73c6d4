//! What a virtual machine tells the heap: how to trace an object, what its
//! roots are, and what is weak.

use crate::header::Obj;
use crate::slot::{Edge, Slot, referent};

/// Receives the references of an object or of the roots.
pub trait Visitor {
    /// A strong reference.
    fn object(&mut self, obj: Obj);
    /// A slot whose reference, if it has one, is strong.
    #[inline(always)]
    fn slot(&mut self, slot: &Slot) {
        if let Some(o) = referent(slot.load()) {
            self.object(o)
        }
    }
    /// A strong edge.
    #[inline(always)]
    fn edge(&mut self, edge: &Edge) {
        if let Some(o) = edge.load() {
            self.object(o)
        }
    }
    /// `owner` (the object being traced) has weak references that were not
    /// visited: `Model::clear_weak` will be called on it after marking.
    fn weak(&mut self, owner: Obj);
    /// `owner` has ephemeron entries that were not visited: the collector asks
    /// for them with `Model::ephemerons`, and calls `Model::clear_weak` later.
    fn ephemerons(&mut self, owner: Obj);
}

/// Which references of a weak object to clear: Lua clears weak values before
/// finalizable objects are resurrected, and once more with the keys after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WeakPart {
    /// Entries whose weak value is dead.
    Values,
    /// Entries whose weak key is dead.
    Keys,
}

/// The object model of a virtual machine.
pub trait Model: Sized + 'static {
    /// Whether every read through a weak reference asks [`Heap::condemned`]
    /// and takes a condemned object for absent, and a search outside of the
    /// heap that finds a leaf again calls [`Heap::revive`]. If so, the verdict on weak
    /// references is carried out while the program runs; if not, in one stop.
    ///
    /// [`Heap::condemned`]: crate::Heap::condemned
    /// [`Heap::revive`]: crate::Heap::revive
    const FILTERS_WEAK: bool = false;
    /// Whether objects of this kind have memory that only the program's thread
    /// may read: a helper that marks leaves them to it.
    fn traced_by_program(kind: u8) -> bool {
        let _ = kind;
        false
    }
    /// Bytes outside of its cell that a visit of `obj` reads: what a minor has to do
    /// because `obj` changed is bounded by these and by the bytes of its cell.
    ///
    /// # Safety
    /// As for `trace`; on the program's thread.
    unsafe fn weight(obj: Obj) -> usize {
        let _ = obj;
        0
    }
    /// Visits the references of `obj` and returns the work done, in slots.
    /// May run on a marker's thread while the program stores into `obj`.
    ///
    /// A reference of a live object that is not stored anew must not turn from
    /// weak to strong (a table's mode changes, an ephemeron loses its key, or gets
    /// another without its value being stored after that), unless
    /// the object is logged first (`Heap::log`).
    ///
    /// # Safety
    /// `obj` is a live, initialised object of this model.
    unsafe fn trace<V: Visitor>(obj: Obj, visitor: &mut V) -> usize;
    /// Whether objects of `kind` may have references, weak or strong. A collector
    /// need not trace those that never have any.
    fn has_references(kind: u8) -> bool {
        let _ = kind;
        true
    }
    /// Calls `entry(key, value)` for each ephemeron entry of `obj` whose value is a
    /// reference that `trace` does not visit; for none if it is not such an object.
    ///
    /// # Safety
    /// As for `trace`; the program is stopped.
    unsafe fn ephemerons(obj: Obj, entry: &mut dyn FnMut(Obj, Obj));
    /// Removes the entries of `obj` whose `part` refers to an object that is not `live`.
    ///
    /// # Safety
    /// As for `trace`; the program is stopped.
    unsafe fn clear_weak(obj: Obj, part: WeakPart, live: &dyn Fn(Obj) -> bool);
    /// Removes the entries of `obj` that refer weakly to `dead` objects, as keys or as
    /// values, and hands the references that go with them and are not weak to `lost`
    /// (values of ephemerons among them). False if not all was done, which is always
    /// allowed, and demanded if something that is referred to otherwise would be
    /// referred to weakly.
    ///
    /// # Safety
    /// As for `trace`; the program is stopped.
    unsafe fn forget_weak(
        obj: Obj,
        dead: &dyn Fn(Obj, WeakPart) -> bool,
        lost: &mut dyn FnMut(Obj),
    ) -> bool {
        let _ = (obj, dead, lost);
        false
    }
    /// Whether each reference of an object with weak ones that comes or goes, weak or
    /// not, is told by its store (`Slot::set`, `set_entry`), or else the object is logged
    /// first: then a collector may look at single stores, and asks `is_weak`.
    const WEAK_BY_SLOT: bool = false;
    /// Whether `word`, a reference stored into a slot of `obj`, is weak; `key`: as an
    /// entry's first slot (`set_entry`). If so, and the second is not weak, that is an
    /// ephemeron's value. `word` may dangle.
    ///
    /// # Safety
    /// `obj` as for `trace`; on the program's thread.
    unsafe fn is_weak(obj: Obj, word: u64, key: bool) -> bool {
        let _ = (obj, word, key);
        true
    }
    /// Whether a weak reference of another object may lead to `obj`: else only such as
    /// `Obj::set_weakly_referenced` speaks of.
    ///
    /// # Safety
    /// As for `trace`.
    unsafe fn may_be_stored_weakly(obj: Obj) -> bool {
        let _ = obj;
        true
    }
    /// Drops what `obj` owns outside of the heap; called once, when `obj`
    /// (registered with `Heap::register_drop`) is dead, before its cell is reused.
    /// Returns the bytes, accounted with `Heap::external`, that this frees.
    ///
    /// # Safety
    /// `obj` is dead but its cell is intact; objects it refers to may be gone.
    unsafe fn drop_payload(obj: Obj) -> usize;
    /// Whether no object of this kind can ever be part of a cycle: a search for
    /// garbage cycles does not look into it.
    fn acyclic(kind: u8) -> bool {
        let _ = kind;
        false
    }
    /// Whether a search for garbage cycles stops at this object: it is shared by
    /// many and lives long. A cycle through it is found by a trace only.
    ///
    /// # Safety
    /// As for `trace`.
    unsafe fn shared(obj: Obj) -> bool {
        let _ = obj;
        false
    }
    /// The kind's name, for the verifier, heap dumps and statistics.
    fn kind_name(kind: u8) -> &'static str;
}

/// The virtual machine's roots, and its weak tables outside of the heap.
pub trait Roots {
    /// Visits every root: stacks of the running coroutines, registry, handles.
    fn trace_roots<V: Visitor>(&mut self, visitor: &mut V);
    /// After marking, before cells are freed: forget dead entries of the string
    /// intern table and the like. After a minor collection (`full` false) only
    /// objects allocated since the previous collection can be dead.
    fn prune(&mut self, live: &dyn Fn(Obj) -> bool, full: bool);
    /// Whether `prune_begin` and `prune_step` are implemented.
    const STEPS: bool = false;
    /// As `prune` with `full`, but in steps between which the program runs:
    /// the first of them is about to be made.
    fn prune_begin(&mut self) {}
    /// A step that looks at about `budget` entries; whether it was the last.
    /// Whatever is not `live` when `prune_begin` is called must be forgotten by then.
    fn prune_step(&mut self, live: &dyn Fn(Obj) -> bool, budget: usize) -> bool {
        let _ = (live, budget);
        true
    }
    /// A collector frees `obj`, for which `Obj::set_weakly_referenced` was
    /// called, apart from a collection: forget it.
    fn forget(&mut self, obj: Obj) {
        let _ = obj;
    }
    /// A collector has condemned what is not `live`, and frees it soon: forget
    /// such objects of kinds that are not acyclic (those are left to `forget`).
    fn forget_unreached(&mut self, live: &dyn Fn(Obj) -> bool) {
        let _ = live;
    }
    /// Calls `f` for each object that changes without a barrier at the moment,
    /// as the running coroutines do. Each is also a root, and was logged when
    /// that began.
    fn volatile(&mut self, f: &mut dyn FnMut(Obj)) {
        let _ = f;
    }
    /// Whether `prune_young` is implemented. If not, every survivor of a minor
    /// becomes old at once, as `prune` expects; if so, what was allocated just
    /// before a minor may stay young for one more, which keeps short-lived
    /// objects from being taken for long-lived ones.
    const AGES: bool = false;
    /// What `prune` is after a minor, for roots that keep lists of young
    /// objects: forget the dead, drop the old from those lists, keep the young.
    fn prune_young(&mut self, life: &dyn Fn(Obj) -> Life) {
        self.prune(&|o| life(o) != Life::Dead, false)
    }
}

/// How an object stands after a minor collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// Its cell is about to be freed.
    Dead,
    /// Alive, and looked at again by the next minor.
    Young,
    /// Alive, and not looked at again until the next full collection.
    Old,
}
