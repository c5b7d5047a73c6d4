//! Metatables.

use super::{Table, flag};
use crate::mem::Mem;

impl Table {
    /// Sets or removes the metatable.
    pub unsafe fn set_meta(self, mem: &mut Mem, meta: Option<Table>) {
        // SAFETY: as the caller promised.
        unsafe {
            if let Some(m) = meta
                && m.flags() & flag::IS_META == 0
            {
                m.set_flags(m.flags() | flag::IS_META);
                mem.bump_epoch();
            }
            if self.flags() & flag::IS_META != 0 {
                mem.bump_epoch();
            }
            self.cell()
                .meta
                .set(self.0, meta.map(|m| m.0), &mut mem.heap);
        }
    }
    /// Forgets which metamethods this table is known to lack.
    #[inline(always)]
    pub unsafe fn clear_event_cache(self) {
        self.0.set_user(1, self.0.user(1) & !flag::NO_EVENTS);
    }
}
