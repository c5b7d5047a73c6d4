//! Side bitmaps: one bit for each 16-byte granule of the whole reserved range.
//!
//! Being contiguous, a bit is found from an address by shifts alone, without
//! looking at the block. Words are atomic so that a marker's thread may read
//! them; plain loads and stores are enough while one thread writes a bitmap.

use super::block::BLOCK_WORDS;
use super::sync::{AcqRel, Acquire, AtomicU64, Relaxed, Release};

/// The words of one block.
pub type BlockBits = [AtomicU64; BLOCK_WORDS];

/// A bitmap over the reserved range, addressed by heap address.
#[derive(Clone, Copy)]
pub struct Bitmap {
    /// Where the word of address 0 would be.
    origin: *const AtomicU64,
}

impl Bitmap {
    /// A bitmap whose first word, at `words`, belongs to the heap address `base`.
    pub fn new(words: *const AtomicU64, base: usize) -> Bitmap {
        Bitmap {
            origin: words.wrapping_sub(base >> 10),
        }
    }
    #[inline(always)]
    fn word(&self, addr: usize) -> &AtomicU64 {
        // SAFETY: `addr` is in the reserved range, so the word is in the mapped bitmap.
        unsafe { &*self.origin.wrapping_add(addr >> 10) }
    }
    #[inline(always)]
    fn bit(addr: usize) -> u64 {
        1 << ((addr >> 4) & 63)
    }
    /// The bit of `addr`.
    #[inline(always)]
    pub fn test(&self, addr: usize) -> bool {
        self.word(addr).load(Relaxed) & Self::bit(addr) != 0
    }
    /// Sets the bit of `addr`; whether it was clear. Not atomic.
    #[inline(always)]
    pub fn claim(&self, addr: usize) -> bool {
        let (word, bit) = (self.word(addr), Self::bit(addr));
        let old = word.load(Relaxed);
        if old & bit != 0 {
            return false;
        }
        word.store(old | bit, Relaxed);
        true
    }
    /// As `claim`, for a bitmap that other threads write as well.
    #[inline(always)]
    pub fn claim_shared(&self, addr: usize) -> bool {
        let (word, bit) = (self.word(addr), Self::bit(addr));
        word.load(Relaxed) & bit == 0 && word.fetch_or(bit, AcqRel) & bit == 0
    }
    /// As `test`, and all that this thread did before is visible to a thread
    /// that claims the bit later.
    #[inline(always)]
    pub fn test_or_publish(&self, addr: usize) -> bool {
        let (word, bit) = (self.word(addr), Self::bit(addr));
        word.load(Relaxed) & bit != 0 || word.fetch_or(0, AcqRel) & bit != 0
    }
    /// As `test`, and what was done before the bit was published is visible.
    #[inline(always)]
    pub fn test_published(&self, addr: usize) -> bool {
        self.word(addr).load(Acquire) & Self::bit(addr) != 0
    }
    /// Sets the bit for threads that use `test_published`. One thread writes the bitmap.
    #[inline(always)]
    pub fn publish(&self, addr: usize) {
        let (word, bit) = (self.word(addr), Self::bit(addr));
        word.store(word.load(Relaxed) | bit, Release)
    }
    /// Sets the bit of `addr`. Not atomic.
    #[inline(always)]
    pub fn set(&self, addr: usize) {
        self.claim(addr);
    }
    /// Clears the bit of `addr`. Not atomic.
    #[inline(always)]
    pub fn clear(&self, addr: usize) {
        let word = self.word(addr);
        word.store(word.load(Relaxed) & !Self::bit(addr), Relaxed)
    }
    /// The words of the block that starts at `addr`.
    #[inline(always)]
    pub fn block(&self, addr: usize) -> &BlockBits {
        debug_assert!(addr.is_multiple_of(super::block::BLOCK_BYTES));
        // SAFETY: a block in the reserved range has its words in the mapped bitmap.
        unsafe { &*self.origin.wrapping_add(addr >> 10).cast::<BlockBits>() }
    }
}

/// Index of the first set bit at or after `from` in the words that `word` gives.
#[inline]
pub fn find_set(from: usize, word: impl Fn(usize) -> u64) -> Option<usize> {
    let mut w = from / 64;
    if w >= BLOCK_WORDS {
        return None;
    }
    let mut bits = word(w) & (!0 << (from % 64));
    loop {
        if bits != 0 {
            return Some(w * 64 + bits.trailing_zeros() as usize);
        }
        w += 1;
        if w == BLOCK_WORDS {
            return None;
        }
        bits = word(w);
    }
}

/// Calls `f(word index, mask)` for the words that cover bits `from..to`.
#[inline]
pub fn for_range(from: usize, to: usize, mut f: impl FnMut(usize, u64)) {
    if from >= to {
        return;
    }
    let (first, last) = (from / 64, (to - 1) / 64);
    for w in first..=last {
        let mut mask = !0u64;
        if w == first {
            mask &= !0 << (from % 64);
        }
        if w == last {
            mask &= !0 >> (63 - (to - 1) % 64);
        }
        f(w, mask)
    }
}

#[inline(always)]
fn count_generic(bits: &BlockBits) -> usize {
    bits.iter()
        .map(|w| w.load(Relaxed).count_ones() as usize)
        .sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn count_popcnt(bits: &BlockBits) -> usize {
    count_generic(bits)
}

/// Number of set bits of a block.
#[inline]
pub fn count(bits: &BlockBits) -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has the instruction.
        return unsafe { count_popcnt(bits) };
    }
    count_generic(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_exactly_their_bits() {
        for (from, to) in [
            (0, 1),
            (0, 64),
            (0, 65),
            (3, 200),
            (63, 64),
            (64, 64),
            (100, 4096),
        ] {
            let mut words = [0u64; BLOCK_WORDS];
            for_range(from, to, |w, m| words[w] |= m);
            for i in 0..4096 {
                assert_eq!(
                    words[i / 64] >> (i % 64) & 1 == 1,
                    (from..to).contains(&i),
                    "{from}..{to} {i}"
                );
            }
        }
    }

    #[test]
    fn find_set_finds_the_next_bit() {
        let mut words = [0u64; BLOCK_WORDS];
        for i in [0usize, 5, 63, 64, 1000, 4095] {
            words[i / 64] |= 1 << (i % 64);
        }
        let next = |i| find_set(i, |w| words[w]);
        assert_eq!(next(0), Some(0));
        assert_eq!(next(1), Some(5));
        assert_eq!(next(6), Some(63));
        assert_eq!(next(64), Some(64));
        assert_eq!(next(65), Some(1000));
        assert_eq!(next(1001), Some(4095));
        assert_eq!(next(4096), None);
    }
}
