//! `Mem`: everything an object operation needs that is not the object itself:
//! the heap, the string intern table, the shapes, the method-cache epoch.

use crate::object::intern::Interner;
use crate::object::shape::Shapes;
use crate::object::trace::LuaModel;
use crate::value::{Value, int_word, tag};
use moonsweep_gc::heap::walk::Walk;
use moonsweep_gc::{Heap, Obj};
use std::cell::Cell;

/// Assignments to the `__mode` of metatables that are in use: tables become weak or strong.
#[derive(Default)]
pub struct LateModes {
    /// Metatables of which `__mode` was assigned, with the weak modes before. No
    /// collection has come since.
    pub assigned: Vec<(Obj, u8)>,
    /// On the way to tables that became weak.
    pub walk: Walk,
}

impl LateModes {
    /// Each table is as weak as its metatable says.
    #[inline]
    pub fn are_settled(&self) -> bool {
        self.assigned.is_empty() && self.walk.is_over()
    }
}

/// The memory of a virtual machine.
pub struct Mem {
    /// The garbage-collected heap.
    pub heap: Heap<LuaModel>,
    /// The string intern table.
    pub strings: Interner,
    /// All shapes.
    pub shapes: Shapes,
    /// Changes whenever a cached method lookup through metatables may have become stale.
    pub epoch: u32,
    /// What became of tables whose metatable's `__mode` was assigned.
    pub late_modes: LateModes,
    /// Steps of single instructions that take many, since limits looked last: empty slots
    /// skipped by a traversal, links of a chain of metatables followed.
    pub steps: Cell<u64>,
}

impl Mem {
    /// An instruction took so many steps.
    #[inline]
    pub fn took(&self, steps: usize) {
        self.steps.set(self.steps.get().wrapping_add(steps as u64));
    }
    /// Makes cached method lookups through metatables invalid.
    #[inline]
    pub fn bump_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }
    /// The packed word of any value; a wide integer gets a box.
    #[inline(always)]
    pub fn pack(&mut self, v: Value) -> u64 {
        match v.to_word() {
            Some(w) => w,
            None => self.box_int(v.as_int()),
        }
    }
    #[cold]
    #[inline(never)]
    fn box_int(&mut self, i: i64) -> u64 {
        debug_assert!(int_word(i) != 0);
        // SAFETY: the box is initialised here; its trace reads nothing.
        unsafe {
            let o = self.heap.alloc(16, crate::object::kind::BOXED_INT);
            *(o.as_ptr() as *mut i64).add(1) = i;
            moonsweep_gc::slot::reference(o, tag::INT as u8)
        }
    }
}
