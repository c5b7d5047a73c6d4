//! `Mem`: everything an object operation needs that is not the object itself:
//! the heap, the string intern table, the shapes, the method-cache epoch.

use crate::object::intern::Interner;
use crate::object::shape::Shapes;
use crate::object::trace::LuaModel;
use crate::value::{Value, int_word, tag};
use moonsweep_gc::Heap;

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
    /// A metatable's `__mode` was assigned: tables may have become weak or strong.
    pub modes_stale: bool,
}

impl Mem {
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
