//! Slots of heap objects: one 64-bit word, read and written atomically, and
//! written only through the barrier.
//!
//! A [`Slot`] holds a tagged word of the virtual machine's own encoding; the
//! heap demands only that references, and nothing else, have [`REF_TAG`] in the
//! upper 16 bits, the address in the lower 48 and four bits for the machine's
//! own use in the lowest (objects are 16-byte aligned). An [`Edge`] holds a
//! bare reference or null.

use crate::header::{Header, Obj};
use crate::heap::Heap;
use crate::model::Model;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper 16 bits of a word that is a reference.
pub const REF_TAG: u64 = 0xFFF9;

/// Whether a slot's word is a reference.
#[inline(always)]
pub const fn is_reference(word: u64) -> bool {
    word >> 48 == REF_TAG
}

/// The word for a reference to `obj` with the machine's own four bits `tag`.
#[inline(always)]
pub fn reference(obj: Obj, tag: u8) -> u64 {
    debug_assert!(tag < 16);
    REF_TAG << 48 | obj.addr() as u64 | tag as u64
}

/// The object a word refers to.
#[inline(always)]
pub fn referent(word: u64) -> Option<Obj> {
    is_reference(word).then(|| {
        let p = (word & 0x0000_FFFF_FFFF_FFF0) as *mut Header;
        // SAFETY: `reference` made the word from a valid `Obj`.
        unsafe { Obj::from_ptr(NonNull::new_unchecked(p)) }
    })
}

/// A tagged 64-bit word in a heap object.
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    /// The word.
    #[inline(always)]
    pub fn load(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
    /// Gives a slot of a new object (born logged, no safepoint since its
    /// allocation) its first value.
    #[inline(always)]
    pub fn init(&self, owner: Obj, word: u64) {
        debug_assert!(!owner.unlogged());
        self.0.store(word, Ordering::Release)
    }
    /// The barrier's fast path: stores unless the collector wants to hear
    /// first; then it stores nothing and returns false, and the caller must
    /// take its slow path to [`Slot::set`].
    #[inline(always)]
    #[must_use]
    pub fn try_set(&self, owner: Obj, word: u64) -> bool {
        if owner.wants_to_hear(|| self.concerns(word)) {
            return false;
        }
        self.0.store(word, Ordering::Release);
        true
    }
    /// As [`Slot::try_set`], for a slot that may be far from its owner's header:
    /// that is looked at only if the store can concern a collector. The owner
    /// must not be immortal.
    #[inline(always)]
    #[must_use]
    pub fn try_set_far(&self, owner: Obj, word: u64) -> bool {
        if self.concerns(word) && owner.unlogged() {
            return false;
        }
        self.0.store(word, Ordering::Release);
        true
    }
    /// Stores through the barrier.
    #[inline(always)]
    pub fn set<M: Model>(&self, owner: Obj, word: u64, heap: &mut Heap<M>) {
        if owner.wants_to_hear(|| self.concerns(word)) {
            heap.store(owner, self.0.load(Ordering::Relaxed), word);
        }
        self.0.store(word, Ordering::Release)
    }
    /// Whether a store concerns any collector: one that neither removes nor adds
    /// a reference changes nothing that a remembered set, a snapshot or a count
    /// is about.
    #[inline(always)]
    fn concerns(&self, word: u64) -> bool {
        is_reference(word) || is_reference(self.0.load(Ordering::Relaxed))
    }
    /// Clears a weak slot from within `Model::clear_weak` (collector only).
    #[inline(always)]
    pub fn clear(&self, word: u64) {
        debug_assert!(!is_reference(word));
        self.0.store(word, Ordering::Release)
    }
}

/// Stores a key and its value, two slots of `owner`, as one change. Whether
/// `Model::trace` visits the key may depend on the value: `seen` says what it
/// makes of the key's slot before and after, something that is no reference if it
/// passes it by.
#[inline(always)]
pub fn set_entry<M: Model>(
    owner: Obj,
    slots: (&Slot, &Slot),
    words: (u64, u64),
    seen: [u64; 2],
    heap: &mut Heap<M>,
) {
    let (key, value) = slots;
    let heard = || is_reference(seen[0]) || is_reference(seen[1]) || value.concerns(words.1);
    if owner.wants_to_hear(heard) {
        let old = value.0.load(Ordering::Relaxed);
        heap.store_entry(owner, [seen[0], old], [seen[1], words.1])
    }
    key.0.store(words.0, Ordering::Release);
    value.0.store(words.1, Ordering::Release)
}

/// A bare reference or null in a heap object.
#[repr(transparent)]
pub struct Edge(AtomicU64);

impl Edge {
    #[inline(always)]
    fn word(o: Option<Obj>) -> u64 {
        o.map_or(0, |o| o.addr() as u64)
    }
    /// The reference.
    #[inline(always)]
    pub fn load(&self) -> Option<Obj> {
        // SAFETY: only references are stored.
        NonNull::new(self.0.load(Ordering::Acquire) as *mut Header)
            .map(|p| unsafe { Obj::from_ptr(p) })
    }
    /// As [`Slot::init`].
    #[inline(always)]
    pub fn init(&self, owner: Obj, o: Option<Obj>) {
        debug_assert!(!owner.unlogged());
        self.0.store(Edge::word(o), Ordering::Release)
    }
    /// As [`Slot::try_set`].
    #[inline(always)]
    #[must_use]
    pub fn try_set(&self, owner: Obj, o: Option<Obj>) -> bool {
        if owner.unlogged() {
            return false;
        }
        self.0.store(Edge::word(o), Ordering::Release);
        true
    }
    /// As [`Slot::set`].
    #[inline(always)]
    pub fn set<M: Model>(&self, owner: Obj, o: Option<Obj>, heap: &mut Heap<M>) {
        if owner.unlogged() {
            heap.store_edge(owner, self.load(), o);
        }
        self.0.store(Edge::word(o), Ordering::Release)
    }
}

const _: () = assert!(size_of::<Slot>() == 8 && size_of::<Edge>() == 8);
