//! What the barrier remembers between two epochs.
//!
//! Of an object in a small cell: all its references as they were counted, once
//! an epoch, and that it changed (coalescing). Of a large cell (a chunk of an
//! array, a segment of a hash): the referent that a slot loses and the one that
//! it gains, store by store; after `HOT` stores into one cell, the whole cell
//! as well, since from then on that is cheaper. The two mix: the counts that
//! the pairs adjust are those of the state which is then captured.
//!
//! Of a large cell with weak references the same, as far as they count. Its new weak
//! references are remembered, too: the epoch clears those to young objects that are
//! dead, and notes that the others are referred to weakly (`weakly.rs`). A new entry with a weak
//! key is an ephemeron in that epoch as in any other.

use super::has_weak;
use crate::header::Obj;
use crate::heap::memory::Memory;
use crate::model::{Model, Visitor};
use crate::slot::referent;

/// Of a cell larger than this, in bytes, slots are remembered instead.
const LARGE_OWNER: usize = 256;
/// So many stores into one large cell in an epoch, and it is captured whole.
const HOT: u8 = 32;
/// Cells whose stores are counted at a time.
const WATCHED: usize = 256;
/// Slots of captured objects that are worth one reference.
const SLOTS: usize = 4;
/// What a captured object counts for, in slots, beside its own.
const OBJECT: usize = 8;
/// What a slot of an object with weak references counts for: an epoch looks at those
/// more than once, and at what they refer to.
const WEAK_SLOT: usize = 4;
/// What a weak reference remembered counts for, in other references.
const WEAK: usize = 2;
/// References remembered, at most, while no epoch comes.
const MOST: usize = 1 << 20;

/// Collects the references that count.
pub(super) struct References<'a> {
    pub list: &'a mut Vec<Obj>,
    pub ephemerons: bool,
}

impl Visitor for References<'_> {
    #[inline(always)]
    fn object(&mut self, obj: Obj) {
        self.list.push(obj)
    }
    fn weak(&mut self, _owner: Obj) {}
    fn ephemerons(&mut self, _owner: Obj) {
        self.ephemerons = true
    }
}

/// Appends every reference of `obj` that counts: the strong ones and the values
/// of ephemerons. Returns the slots visited.
///
/// # Safety
/// `obj` is a live object of `M`.
#[inline]
pub(super) unsafe fn references<M: Model>(obj: Obj, list: &mut Vec<Obj>) -> usize {
    let mut v = References {
        list,
        ephemerons: false,
    };
    // SAFETY: as the caller promised; the program's thread.
    unsafe {
        let work = M::trace(obj, &mut v);
        if v.ephemerons {
            M::ephemerons(obj, &mut |_, value| v.list.push(value))
        }
        work
    }
}

/// Changes of an epoch.
#[derive(Default)]
pub(super) struct Changed {
    /// References that were counted and are gone, or will be counted anew.
    pub lost: Vec<Obj>,
    /// References that are not counted yet.
    pub gained: Vec<Obj>,
    /// Weak references that no epoch has seen yet: owners and referents.
    pub weak: Vec<(Obj, Obj)>,
    /// Ephemerons whose values are not counted yet: owner, key, value.
    pub entries: Vec<[Obj; 3]>,
}

/// The changes since the last epoch.
pub(super) struct Changes {
    pub now: Changed,
    watched: Box<[(usize, u8); WATCHED]>,
    /// Slots of the objects captured.
    slots: usize,
}

impl Default for Changes {
    fn default() -> Self {
        Changes {
            now: Changed::default(),
            watched: Box::new([(0, 0); WATCHED]),
            slots: 0,
        }
    }
}

impl Changes {
    /// What the next epoch has to look at: references, and slots at a lower price.
    pub fn weight(&self) -> usize {
        let now = &self.now;
        let weak = WEAK * (now.weak.len() + now.entries.len());
        now.lost.len() + now.gained.len() + weak + self.slots / SLOTS
    }
    /// Begins a new epoch; takes the changes.
    pub fn take(&mut self) -> Changed {
        self.watched.fill((0, 0));
        self.slots = 0;
        std::mem::take(&mut self.now)
    }
    /// Captures all references of an object.
    #[inline]
    pub fn capture<M: Model>(&mut self, owner: Obj) {
        // SAFETY: the program is about to change the object, so it is alive.
        let slots = unsafe { references::<M>(owner, &mut self.now.lost) };
        self.slots += OBJECT + slots * if has_weak(owner) { WEAK_SLOT } else { 1 }
    }
    /// Whether a store into this object is to be remembered by itself.
    #[inline]
    pub fn by_slot(&mut self, mem: &Memory, owner: Obj) -> bool {
        if mem.size_of(owner) <= LARGE_OWNER {
            return false;
        }
        let addr = owner.addr();
        let entry = &mut self.watched[(addr >> 8 ^ addr >> 13) % WATCHED];
        if entry.0 != addr {
            *entry = (addr, 0);
        }
        entry.1 += 1;
        entry.1 < HOT && self.weight() < MOST
    }
    /// Remembers a store into a slot.
    #[inline]
    pub fn slot(&mut self, mem: &Memory, old: Option<Obj>, new: Option<Obj>) {
        // Immortal objects live outside of the heap and have no count.
        let counted = |o: &Obj| mem.contains(o.addr());
        self.now.lost.extend(old.filter(counted));
        self.now.gained.extend(new.filter(counted));
    }
    /// Remembers a store into a slot of an object with weak references; `key`: the
    /// first one of an entry. The old word may dangle if it is weak.
    #[inline]
    pub fn weak_slot<M: Model>(&mut self, mem: &Memory, owner: Obj, key: bool, words: [u64; 2]) {
        // SAFETY: the program is about to change the object, so it is alive.
        let weak = words.map(|w| unsafe { M::is_weak(owner, w, key) });
        let [old, new] = words.map(referent);
        self.slot(mem, old.filter(|_| !weak[0]), new.filter(|_| !weak[1]));
        if weak[1]
            && let Some(target) = new
        {
            self.now.weak.push((owner, target))
        }
    }
    /// Remembers a store into both slots of an entry of such an object.
    #[inline]
    pub fn weak_entry<M: Model>(&mut self, mem: &Memory, owner: Obj, old: [u64; 2], new: [u64; 2]) {
        // SAFETY: as above.
        let weak = |word, key| unsafe { M::is_weak(owner, word, key) };
        self.weak_slot::<M>(mem, owner, true, [old[0], new[0]]);
        match (referent(new[0]), referent(new[1])) {
            (Some(key), Some(value))
                if weak(new[0], true) && !weak(new[1], false) && mem.contains(value.addr()) =>
            {
                self.weak_slot::<M>(mem, owner, false, [old[1], 0]);
                self.now.entries.push([owner, key, value])
            }
            _ => self.weak_slot::<M>(mem, owner, false, [old[1], new[1]]),
        }
    }
}
