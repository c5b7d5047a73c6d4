//! The 8-byte object header and the reference type `Obj`.
//!
//! Byte 0 `kind`: written once at allocation. Byte 1 `flags`: the collector's
//! (UNLOGGED and others), changed by the program's thread only. Bytes 2-3: the
//! model's own. Bytes 4-7: reference count (collector `refcount`), or the bytes
//! of the object's cell (collector `incremental`; zero: it is too large for one).

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

/// The collector has seen this object's fields as they are now and wants to hear before they change.
pub const UNLOGGED: u8 = 1;
/// An immortal object outside of the heap that must not be written: every store
/// takes the slow path, where its model's code looks for it. Comes with UNLOGGED.
pub const FROZEN: u8 = 0x80;
/// The object is on the list of objects with a finalizer.
pub const FINALIZABLE: u8 = 2;
/// The object is on the list of objects with something to drop.
pub(crate) const PAYLOAD: u8 = 4;
/// `refcount`: something weak may refer to it: a weak table, or a table outside of the heap.
pub(crate) const WEAKLY: u8 = 8;
/// `refcount`: it has weak references.
pub(crate) const WEAK_OWNER: u8 = 16;
/// `refcount`: its count fell, but not to zero; it waits for a trial.
pub(crate) const PURPLE: u8 = 32;
/// `refcount`: its count fell to zero; the next epoch decides.
pub(crate) const LIMBO: u8 = 64;

/// First word of every heap object.
#[repr(C, align(8))]
pub struct Header {
    kind: AtomicU8,
    flags: AtomicU8,
    user: [AtomicU8; 2],
    count: AtomicU32,
}

const _: () = assert!(size_of::<Header>() == 8);

impl Header {
    /// A header for a new object: born logged (flags clear).
    #[inline(always)]
    pub fn new(kind: u8) -> Header {
        Header {
            kind: AtomicU8::new(kind),
            flags: AtomicU8::new(0),
            user: [AtomicU8::new(0), AtomicU8::new(0)],
            count: AtomicU32::new(0),
        }
    }
}

/// A reference to a heap object: non-null, 16-byte aligned, below 2^48.
///
/// Copying it is safe; looking into the object requires that it is still alive,
/// which the virtual machine's rooting discipline guarantees.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Obj(NonNull<Header>);

// SAFETY: an `Obj` is an address; what may be read through it from another
// thread (kind, slots) is atomic.
unsafe impl Send for Obj {}
// SAFETY: as for Send.
unsafe impl Sync for Obj {}

impl Obj {
    /// Wraps the address of a heap object.
    ///
    /// # Safety
    /// `p` must be the address of an object that a `Heap` allocated.
    #[inline(always)]
    pub const unsafe fn from_ptr(p: NonNull<Header>) -> Obj {
        Obj(p)
    }
    /// The object's address.
    #[inline(always)]
    pub const fn as_ptr(self) -> *mut Header {
        self.0.as_ptr()
    }
    /// The address as a number.
    #[inline(always)]
    pub fn addr(self) -> usize {
        self.0.as_ptr() as usize
    }
    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: `from_ptr` demands a live object's address; header bytes are atomic.
        unsafe { self.0.as_ref() }
    }
    /// The object's kind, as given at allocation.
    #[inline(always)]
    pub fn kind(self) -> u8 {
        self.header().kind.load(Relaxed)
    }
    /// One of the model's two own bytes (`i` is 0 or 1).
    #[inline(always)]
    pub fn user(self, i: usize) -> u8 {
        self.header().user[i].load(Relaxed)
    }
    /// Sets one of the model's two own bytes.
    #[inline(always)]
    pub fn set_user(self, i: usize, v: u8) {
        self.header().user[i].store(v, Relaxed)
    }
    /// Whether the collector must hear before a field of this object changes.
    #[inline(always)]
    pub fn unlogged(self) -> bool {
        self.header().flags.load(Relaxed) & UNLOGGED != 0
    }
    /// Whether a store into this object must take the slow
    /// path; `concerns` says whether the store adds or removes a reference.
    #[inline(always)]
    pub(crate) fn wants_to_hear(self, concerns: impl FnOnce() -> bool) -> bool {
        let flags = self.header().flags.load(Relaxed);
        flags & UNLOGGED != 0 && (flags & FROZEN != 0 || concerns())
    }
    /// Something outside of the heap refers weakly to this object from now on:
    /// `Roots::forget` is called before a collector frees it apart from a
    /// collection that calls `Roots::prune`.
    #[inline(always)]
    pub fn set_weakly_referenced(self) {
        self.set_flags(self.flags() | WEAKLY)
    }
    /// The reference count ([`Obj::STUCK`]: too large to be counted); under
    /// `incremental` the bytes of the object's cell.
    #[inline(always)]
    pub(crate) fn count(self) -> u32 {
        self.header().count.load(Relaxed)
    }
    /// Sets the reference count.
    #[inline(always)]
    pub(crate) fn set_count(self, n: u32) {
        self.header().count.store(n, Relaxed)
    }
    /// One more reference.
    #[inline(always)]
    pub(crate) fn increment(self) {
        debug_assert!(
            !self.is_doomed() && !self.is_kept(),
            "a reference to a dead object"
        );
        let n = self.count().saturating_add(1);
        self.set_count(if n >= Obj::KEPT { Obj::STUCK } else { n })
    }
    /// One reference less; returns how many are left.
    #[inline(always)]
    pub(crate) fn decrement(self) -> u32 {
        let n = self.count();
        debug_assert!(
            n != 0 && n != Obj::DOOMED && n != Obj::KEPT,
            "count below zero"
        );
        if n == Obj::STUCK {
            return n;
        }
        self.set_count(n - 1);
        n - 1
    }
    /// A count that was reached is not left again: only a trace frees the object.
    pub(crate) const STUCK: u32 = u32::MAX;
    /// In the place of a count of zero: weak references to it count as cleared.
    const DOOMED: u32 = u32::MAX - 1;
    /// In the place of a count of zero: dead, and only the cell is still needed.
    const KEPT: u32 = u32::MAX - 2;
    /// Marks an object without a count as dead, its cell to be freed later.
    #[inline(always)]
    pub(crate) fn keep(self) {
        debug_assert!(self.count() == 0, "a dead object with a count");
        self.set_count(Obj::KEPT)
    }
    /// Whether it is.
    #[inline(always)]
    pub(crate) fn is_kept(self) -> bool {
        self.count() == Obj::KEPT
    }
    /// Marks an object without a count as doomed.
    #[inline(always)]
    pub(crate) fn doom(self) {
        debug_assert!(self.count() == 0, "a dead object with a count");
        self.set_count(Obj::DOOMED)
    }
    /// Whether it is.
    #[inline(always)]
    pub(crate) fn is_doomed(self) -> bool {
        self.count() == Obj::DOOMED
    }
    /// The collector's flags.
    #[inline(always)]
    pub(crate) fn flags(self) -> u8 {
        self.header().flags.load(Relaxed)
    }
    /// Replaces the collector's flags.
    #[inline(always)]
    pub(crate) fn set_flags(self, v: u8) {
        self.header().flags.store(v, Relaxed)
    }
}
