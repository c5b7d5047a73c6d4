//! How OLD and MARK are written while helpers mark beside the program.
//!
//! Three parties: *markers* (helpers, and the program's thread in slices) claim
//! what they find; a *minor* promotes young objects; the same minor looks
//! whether an object that changed has MARK. The promises:
//!
//! 1. One claim of an object succeeds in a cycle, whoever makes it.
//! 2. A marker never claims what is not OLD, nor what was promoted in this
//!    cycle, even if it found the address in an object long since freed: it
//!    never looks into a cell that the program may be initialising.
//! 3. A changed object is visited as it is now, by the minor or by a marker:
//!    if the minor finds no MARK, a marker that claims it later sees what the
//!    program stored before the minor.
//!
//! `cycle.rs` builds its argument on these; `tests/models/marks.rs` checks them
//! for all interleavings and all that the memory model allows.

use super::bitmap::Bitmap;

/// The bitmaps OLD and MARK.
#[derive(Clone, Copy)]
pub struct Marks {
    /// Survivors; written by the program's thread alone.
    pub old: Bitmap,
    /// Reached in this cycle; written by all.
    pub mark: Bitmap,
}

impl Marks {
    /// A marker found a reference to `addr`: whether it is to visit it.
    #[inline(always)]
    pub fn claim(&self, addr: usize) -> bool {
        self.old.test_published(addr) && self.mark.claim_shared(addr)
    }
    /// A minor found `addr`, old or young, in a root or in an object with MARK:
    /// whether a marker is to visit it.
    #[inline(always)]
    pub fn claim_old(&self, addr: usize) -> bool {
        self.mark.claim_shared(addr)
    }
    /// A minor found `addr`, in a block with young objects: whether it was young
    /// and was promoted by this.
    #[inline(always)]
    pub fn promote(&self, addr: usize) -> bool {
        let first = !self.old.test(addr);
        if first {
            // In this order: a marker that sees OLD must see MARK.
            self.mark.claim_shared(addr);
            self.old.publish(addr);
        }
        first
    }
    /// A minor visits `addr`, old: whether it has MARK; if not, whoever claims
    /// it later sees its fields as they are now.
    #[inline(always)]
    pub fn visited_by_markers(&self, addr: usize) -> bool {
        self.mark.test_or_publish(addr)
    }
}
