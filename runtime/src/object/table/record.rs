//! Records: tables made in their final shape by a constructor.

use super::{INLINE_OFFSET, Table};
use crate::mem::Mem;
use crate::object::kind;
use crate::value::{NIL_WORD, int_word};
use moonsweep_gc::Slot;

impl Table {
    /// A table of a shape with `n` slots, which the caller initialises before
    /// anything else; `None`: the allocator has no free cell at hand.
    ///
    /// # Safety
    /// `shape` has `n` keys, at most `MAX_INLINE`.
    #[inline(always)]
    pub unsafe fn alloc_record(mem: &mut Mem, shape: u32, n: usize) -> Option<Table> {
        let cap = (n + 1) & !1;
        // SAFETY: header, shape and parts are initialised here, the slots by the caller.
        unsafe {
            let o = mem.heap.alloc_fast(INLINE_OFFSET + 8 * cap, kind::TABLE)?;
            o.set_user(0, cap as u8);
            let w = o.as_ptr() as *mut u64;
            w.add(1).write(shape as u64);
            w.add(2).write(0);
            w.add(3).write(NIL_WORD);
            w.add(4).write(NIL_WORD);
            w.add(5).write(int_word(0));
            if n & 1 != 0 {
                w.add(6 + n).write(NIL_WORD);
            }
            Some(Table(o))
        }
    }
    /// Inline slot `i`.
    ///
    /// # Safety
    /// The table is live and has more than `i` inline slots.
    #[inline(always)]
    pub unsafe fn inline_slot<'a>(self, i: usize) -> &'a Slot {
        // SAFETY: as the caller promised.
        unsafe { &*(self.0.as_ptr() as *const Slot).add(INLINE_OFFSET / 8 + i) }
    }
    /// The allocation site, or 0 when unknown or no longer kept.
    ///
    /// # Safety
    /// The table is live.
    pub unsafe fn site(self) -> u32 {
        // SAFETY: as the caller promised.
        let w = unsafe { self.cell().props.load() };
        if moonsweep_gc::slot::is_reference(w) {
            0
        } else {
            w as u32
        }
    }
}
