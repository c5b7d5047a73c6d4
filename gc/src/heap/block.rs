//! Blocks: 64 KiB of the reserved range, and what the side table knows of each.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Shift from an address to its block's number.
pub const BLOCK_SHIFT: usize = 16;
/// Bytes of a block.
pub const BLOCK_BYTES: usize = 1 << BLOCK_SHIFT;
/// 64-bit words of a side bitmap that cover a block.
pub const BLOCK_WORDS: usize = BLOCK_BYTES / 16 / 64;

/// Number of a block within the reserved range.
pub type BlockId = u32;

/// What a block is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Use {
    /// In the pool, or never used. Zero, as fresh side memory is.
    Free = 0,
    /// Cells of one size class.
    Cells = 1,
    /// First block of a large object. Its further blocks stay `Free` here, but are not in the pool.
    Large = 2,
}

/// Young state of a block, a byte of its own table: minors test it for each reference.
pub mod young {
    /// No young cells: whatever lives here is old.
    pub const NO: u8 = 0;
    /// Allocated into since the last minor: cells without OLD are young.
    pub const NURSERY: u8 = 1;
    /// Acquired late in the nursery: its young cells stay young for one more minor.
    pub const AGED: u8 = 2;
}

/// Side-table entry of a block. All zero: free, never used.
#[repr(C)]
pub struct BlockInfo {
    usage: AtomicU8,
    /// Size class of `Use::Cells`.
    class: AtomicU8,
    /// Pool flags, see `pool.rs`.
    pool: AtomicU8,
    /// 1: on the list of blocks in which cells were freed one by one.
    thinned: AtomicU8,
    /// Index in its class's list of blocks; of a large object with OLD, in the list of those.
    position: AtomicU32,
    /// The sweep epoch in which the block was last swept.
    swept: AtomicU32,
    /// The epoch in which it was put on its class's available list; 0: it is not there.
    available: AtomicU32,
    /// Of a large object: its size in bytes, rounded up to granules.
    large_bytes: AtomicU64,
}

const _: () = assert!(size_of::<BlockInfo>() == 24);

macro_rules! fields {
    ($($(#[$doc:meta])* $get:ident $set:ident: $t:ty;)*) => {
        impl BlockInfo {
            $(
                $(#[$doc])*
                #[inline(always)]
                pub fn $get(&self) -> $t { self.$get.load(Relaxed) }
                $(#[$doc])*
                #[inline(always)]
                pub fn $set(&self, v: $t) { self.$get.store(v, Relaxed) }
            )*
        }
    };
}

fields! {
    /// Pool flags.
    pool set_pool: u8;
    /// Whether it is on the list of blocks in which cells were freed one by one.
    thinned set_thinned: u8;
    /// Index in its class's list of blocks.
    position set_position: u32;
    /// The sweep epoch in which the block was last swept.
    swept set_swept: u32;
    /// The epoch of its place on an available list.
    available set_available: u32;
    /// Size of the large object.
    large_bytes set_large_bytes: u64;
}

impl BlockInfo {
    /// What the block is used for.
    #[inline(always)]
    pub fn usage(&self) -> Use {
        match self.usage.load(Relaxed) {
            1 => Use::Cells,
            2 => Use::Large,
            _ => Use::Free,
        }
    }
    /// Changes what the block is used for.
    #[inline(always)]
    pub fn set_usage(&self, u: Use) {
        self.usage.store(u as u8, Relaxed)
    }
    /// Size class.
    #[inline(always)]
    pub fn class(&self) -> usize {
        self.class.load(Relaxed) as usize
    }
    /// Sets the size class.
    #[inline(always)]
    pub fn set_class(&self, class: usize) {
        self.class.store(class as u8, Relaxed)
    }
}
