//! Objects that a collector allocates by means of its own, outside of the
//! blocks: which addresses they have, and how much memory they take.
//!
//! A bit for each granule of the regions where such objects lie, because
//! nothing that a general allocator gives us can be asked whether an address is
//! an object's, or be listed.

use super::size_class::GRANULE;
use crate::header::Obj;
use rustc_hash::FxHashMap;

/// Shift from an address to its region's number: 4 MiB.
const REGION_SHIFT: usize = 22;
const REGION_WORDS: usize = (1 << REGION_SHIFT) / GRANULE / 64;

struct Region {
    number: usize,
    /// Objects that start in it.
    objects: u32,
    bits: Box<[u64]>,
}

/// The directory of foreign objects.
#[derive(Default)]
pub struct Foreign {
    regions: Vec<Region>,
    /// Region number to index in `regions`.
    index: FxHashMap<usize, usize>,
    /// Index of the region looked at last.
    recent: usize,
    /// Objects too large for a cell, with their sizes.
    large: FxHashMap<usize, usize>,
    committed: usize,
    peak_committed: usize,
}

/// Word and mask of an address within its region.
fn bit(addr: usize) -> (usize, u64) {
    let granule = (addr & ((1 << REGION_SHIFT) - 1)) / GRANULE;
    (granule / 64, 1 << (granule % 64))
}

impl Foreign {
    fn region(&self, addr: usize) -> Option<usize> {
        let number = addr >> REGION_SHIFT;
        match self.regions.get(self.recent) {
            Some(r) if r.number == number => Some(self.recent),
            _ => self.index.get(&number).copied(),
        }
    }
    fn new_region(&mut self, number: usize) -> usize {
        self.regions.push(Region {
            number,
            objects: 0,
            bits: vec![0; REGION_WORDS].into_boxed_slice(),
        });
        let at = self.regions.len() - 1;
        self.index.insert(number, at);
        at
    }
    /// A new object in a cell; `committed` bytes were allocated for it.
    #[inline]
    pub fn add(&mut self, obj: Obj, committed: usize) {
        let number = obj.addr() >> REGION_SHIFT;
        let at = self
            .region(obj.addr())
            .unwrap_or_else(|| self.new_region(number));
        self.recent = at;
        let (word, mask) = bit(obj.addr());
        let region = &mut self.regions[at];
        debug_assert!(region.bits[word] & mask == 0);
        region.bits[word] |= mask;
        region.objects += 1;
        self.commit(committed);
    }
    /// A new object of `bytes` bytes, too large for a cell.
    pub fn add_large(&mut self, obj: Obj, bytes: usize, committed: usize) {
        self.large.insert(obj.addr(), bytes);
        self.commit(committed);
    }
    fn commit(&mut self, bytes: usize) {
        self.committed += bytes;
        self.peak_committed = self.peak_committed.max(self.committed);
    }
    /// The object is gone.
    #[inline]
    pub fn remove(&mut self, obj: Obj, committed: usize) {
        self.committed -= committed;
        let Some(at) = self.region(obj.addr()) else {
            self.large.remove(&obj.addr());
            return;
        };
        let (word, mask) = bit(obj.addr());
        let region = &mut self.regions[at];
        if region.bits[word] & mask == 0 {
            self.large.remove(&obj.addr());
            return;
        }
        self.recent = at;
        region.bits[word] &= !mask;
        region.objects -= 1;
        if region.objects == 0 {
            self.index.remove(&region.number);
            self.regions.swap_remove(at);
            if let Some(moved) = self.regions.get(at) {
                self.index.insert(moved.number, at);
            }
        }
    }
    /// Whether an object starts at `addr`.
    pub fn contains(&self, addr: usize) -> bool {
        let cell = self.region(addr).is_some_and(|at| {
            let (word, mask) = bit(addr);
            addr.is_multiple_of(GRANULE) && self.regions[at].bits[word] & mask != 0
        });
        cell || self.large.contains_key(&addr)
    }
    /// Bytes of an object that is too large for a cell.
    pub fn large_bytes(&self, obj: Obj) -> Option<usize> {
        self.large.get(&obj.addr()).copied()
    }
    /// Addresses of all objects.
    pub fn addresses(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.large.keys().copied().collect();
        for region in &self.regions {
            let start = region.number << REGION_SHIFT;
            for (i, &word) in region.bits.iter().enumerate() {
                let mut word = word;
                while word != 0 {
                    all.push(start + (i * 64 + word.trailing_zeros() as usize) * GRANULE);
                    word &= word - 1;
                }
            }
        }
        all
    }
    /// Bytes allocated for objects, the owner's own words beside them included.
    pub fn committed_bytes(&self) -> usize {
        self.committed
    }
    /// The most at a time.
    pub fn peak_committed_bytes(&self) -> usize {
        self.peak_committed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::Header;
    use std::ptr::NonNull;

    fn obj(addr: usize) -> Obj {
        // SAFETY: only its address is looked at.
        unsafe { Obj::from_ptr(NonNull::new(addr as *mut Header).unwrap()) }
    }

    #[test]
    fn objects_are_found_until_removed() {
        let mut f = Foreign::default();
        let far = 7 << REGION_SHIFT;
        let cells = [0x1000, 0x1010, 0x1400, far, far + (1 << REGION_SHIFT) - 16];
        for &a in &cells {
            f.add(obj(a), 32);
        }
        f.add_large(obj(far + 64), 1 << 20, 1 << 20);
        assert!(cells.iter().all(|&a| f.contains(a)) && f.contains(far + 64));
        assert!(!f.contains(0x1008) && !f.contains(0x1020) && !f.contains(3 << REGION_SHIFT));
        assert_eq!(f.large_bytes(obj(far + 64)), Some(1 << 20));
        assert_eq!(f.large_bytes(obj(far)), None);
        let mut all = f.addresses();
        all.sort();
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|&a| f.contains(a)));
        assert_eq!(f.committed_bytes(), 5 * 32 + (1 << 20));
        f.remove(obj(far + 64), 1 << 20);
        for &a in &cells {
            f.remove(obj(a), 32);
            assert!(!f.contains(a));
        }
        assert_eq!((f.addresses().len(), f.regions.len()), (0, 0));
        assert_eq!(f.committed_bytes(), 0);
        assert_eq!(f.peak_committed_bytes(), 5 * 32 + (1 << 20));
    }
}
