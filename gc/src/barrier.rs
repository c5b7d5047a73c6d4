//! The write barrier.
//!
//! Every store of a reference-holding slot runs the same check before the
//! store. One that neither removes nor adds a reference concerns no collector:
//!
//! ```text
//! if owner.unlogged() && (is_reference(old) || is_reference(value)) {
//!     heap.store(owner, old, value)   // cold; by default heap.log(owner)
//! }
//! slot.store(value)
//! ```
//!
//! | collector | when UNLOGGED is armed | what `log` does |
//! |---|---|---|
//! | `none`, `marksweep` | never | clears the bit, should another collector have set it |
//! | `incremental` | when gc-arena has traced the object | clears the bit, and calls gc-arena's backward barrier: a black object is grey again; of a large cell, what is stored becomes grey |
//! | `generational` | on every old object | remembers the object for the next minor; of a large cell only the new referent, if young. During a cycle, an old referent stored into a large cell becomes grey |
//! | `refcount` | on every object whose references are counted | captures the old references (decrements) and remembers the object (increments); of a large cell only the slot's old and new referent, and the bit stays set |
//!
//! Slots are private and written by [`Slot`](crate::Slot) and
//! [`Edge`](crate::Edge) alone, so a store without the barrier does not compile:
//!
//! ```compile_fail,E0616
//! # use moonsweep_gc::Slot;
//! fn forget(slot: &Slot) {
//!     slot.0.store(0, std::sync::atomic::Ordering::Relaxed);
//! }
//! ```
//! ```compile_fail,E0061
//! # use moonsweep_gc::Slot;
//! fn no_owner(slot: &Slot) {
//!     slot.set(0);
//! }
//! ```
//! ```compile_fail,E0423
//! # use moonsweep_gc::Edge;
//! fn replace(edge: &mut Edge, word: u64) {
//!     *edge = Edge(std::sync::atomic::AtomicU64::new(word));
//! }
//! ```
//! ```compile_fail
//! # #![deny(unused_must_use)]
//! # use moonsweep_gc::{Slot, Obj};
//! fn ignores_the_slow_path(slot: &Slot, owner: Obj) {
//!     slot.try_set(owner, 0);
//! }
//! ```
//!
//! The same stores by way of the barrier do:
//!
//! ```
//! # #![deny(unused_must_use)]
//! # use moonsweep_gc::{Edge, Heap, Model, Obj, Slot};
//! fn store<M: Model>(owner: Obj, slot: &Slot, edge: &Edge, heap: &mut Heap<M>) {
//!     slot.set(owner, 0, heap);
//!     edge.set(owner, None, heap);
//!     if !slot.try_set(owner, 0) {
//!         slot.set(owner, 0, heap);
//!     }
//! }
//! ```

use crate::collector::Collector;
use crate::header::Obj;
use crate::heap::Heap;
use crate::model::Model;

impl<M: Model> Heap<M> {
    /// The barrier's slow path: `owner` (UNLOGGED) is about to change.
    #[cold]
    #[inline(never)]
    pub fn log(&mut self, owner: Obj) {
        self.collector.log::<M>(&mut self.core, owner)
    }
    /// The same for one slot of `owner` that holds `old` and is about to hold
    /// `word`: a collector may remember less than the whole object.
    #[cold]
    #[inline(never)]
    pub fn store(&mut self, owner: Obj, old: u64, word: u64) {
        self.collector.store::<M>(&mut self.core, owner, old, word)
    }
    /// The same for an edge.
    #[cold]
    #[inline(never)]
    pub fn store_edge(&mut self, owner: Obj, old: Option<Obj>, new: Option<Obj>) {
        self.collector
            .store_edge::<M>(&mut self.core, owner, old, new)
    }
    /// The same for two slots whose words are `old` and about to be `new`.
    #[cold]
    #[inline(never)]
    pub fn store_entry(&mut self, owner: Obj, old: [u64; 2], new: [u64; 2]) {
        self.collector
            .store_entry::<M>(&mut self.core, owner, old, new)
    }
}
