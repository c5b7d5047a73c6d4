//! What `bitmap.rs` knows of blocks.

/// Words of a block's bits.
pub const BLOCK_WORDS: usize = 64;
/// Bytes of a block.
pub const BLOCK_BYTES: usize = 64 << 10;
