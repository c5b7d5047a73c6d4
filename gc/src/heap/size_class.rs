//! Size classes: which cell size serves which request.
//!
//! A cell size is a number of 16-byte granules. Up to 256 bytes there is a
//! class for each granule count; above, steps of about 12% whose sizes divide
//! a block with little waste, chosen so that powers of two plus an object
//! header (528, 1040, 2064, 4112, 8208 bytes) fit closely: chunks and segments
//! of tables have such sizes. The class of 4352 bytes is made for segments: its
//! cells begin with cache lines.

use super::block::{BLOCK_BYTES, BLOCK_WORDS};

/// Bytes of a granule, the unit of the side bitmaps.
pub const GRANULE: usize = 16;
/// Granules in a block.
pub const BLOCK_GRANULES: usize = BLOCK_BYTES / GRANULE;
/// Largest size served from blocks of cells.
pub const SMALL_LIMIT: usize = 32 << 10;

/// Granules of a cell, by class.
const GRANULES: [u16; CLASSES] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, // up to 256 bytes
    17, 19, 21, 23, 26, 29, 33, 37, 42, 48, 54, 60, 65, 75, 85, 97, 107, 120, 132, 151, 170, 195,
    227, 272, 315, 372, 455, 512, 585, 682, 819, 1024, 1365, 2048,
];
/// Number of size classes.
pub const CLASSES: usize = 50;

/// Cell size in bytes, by class.
pub const CELL_BYTES: &[u32; CLASSES] = &{
    let mut t = [0; CLASSES];
    let mut c = 0;
    while c < CLASSES {
        t[c] = GRANULES[c] as u32 * GRANULE as u32;
        c += 1;
    }
    t
};

/// Class by size in granules, rounded up.
const CLASS_OF: &[u8; SMALL_LIMIT / GRANULE + 1] = &{
    let mut t = [0; SMALL_LIMIT / GRANULE + 1];
    let mut class = 0;
    let mut g = 1;
    while g < t.len() {
        if g > GRANULES[class] as usize {
            class += 1;
        }
        t[g] = class as u8;
        g += 1;
    }
    t
};

/// The class that serves `size` bytes; folds to a constant when `size` is one.
///
/// `size` must not exceed [`SMALL_LIMIT`].
#[inline(always)]
pub const fn class_of(size: usize) -> usize {
    CLASS_OF[size.div_ceil(GRANULE)] as usize
}

/// Cells in a block, by class.
pub const fn cells_per_block(class: usize) -> usize {
    BLOCK_GRANULES / GRANULES[class] as usize
}

/// Granule index just past the last cell of a block.
pub const fn end_granule(class: usize) -> usize {
    cells_per_block(class) * GRANULES[class] as usize
}

/// For each class the bitmap of granules at which a cell starts.
pub static STARTS: [[u64; BLOCK_WORDS]; CLASSES] = {
    let mut t = [[0; BLOCK_WORDS]; CLASSES];
    let mut c = 0;
    while c < CLASSES {
        let step = GRANULES[c] as usize;
        let mut g = 0;
        while g + step <= BLOCK_GRANULES {
            t[c][g / 64] |= 1 << (g % 64);
            g += step;
        }
        c += 1;
    }
    t
};

const _: () = {
    let mut c = 1;
    while c < CLASSES {
        assert!(GRANULES[c] > GRANULES[c - 1]);
        c += 1;
    }
    assert!(GRANULES[CLASSES - 1] as usize * GRANULE == SMALL_LIMIT);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_gets_the_smallest_class_that_holds_it() {
        for size in 1..=SMALL_LIMIT {
            let c = class_of(size);
            assert!(CELL_BYTES[c] as usize >= size);
            assert!(c == 0 || (CELL_BYTES[c - 1] as usize) < size);
        }
    }

    #[test]
    fn waste_is_bounded() {
        for c in 1..CLASSES {
            let (small, large) = (CELL_BYTES[c - 1] as f64, CELL_BYTES[c] as f64);
            let step = if large <= 8192.0 { 1.25 } else { 1.51 };
            assert!(
                large - small <= 16.0 || large / small < step,
                "{small} to {large}"
            );
            let tail = BLOCK_BYTES - end_granule(c) * GRANULE;
            assert!(
                tail * 25 <= BLOCK_BYTES,
                "class {c} wastes {tail} bytes of a block"
            );
        }
    }

    #[test]
    fn starts_have_one_bit_a_cell() {
        for (c, starts) in STARTS.iter().enumerate() {
            let bits: u32 = starts.iter().map(|w| w.count_ones()).sum();
            assert_eq!(bits as usize, cells_per_block(c));
        }
    }
}
