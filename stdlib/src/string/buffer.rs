//! The buffer in which a native builds its result, before the heap sees it.

use core::cell::Cell;
use core::ops::{Deref, DerefMut};
use moonsweep_runtime::{Context, Result};

/// A larger buffer is given back to the allocator rather than kept for the next native.
const KEPT: usize = 64 * 1024;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes under construction. The memory is used again by the next native that builds
/// a string; one that runs meanwhile (in a callback) gets memory of its own.
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// An empty buffer.
    #[inline]
    pub fn new() -> Buffer {
        Buffer(SPARE.take())
    }

    /// Makes room for `more` bytes; raises "not enough memory" if the heap's limit forbids
    /// a string of that size.
    #[inline]
    pub fn grow(&mut self, cx: &Context, more: usize) -> Result<()> {
        if self.0.capacity() - self.0.len() >= more {
            return Ok(());
        }
        self.grow_slowly(cx, more)
    }

    #[cold]
    #[inline(never)]
    fn grow_slowly(&mut self, cx: &Context, more: usize) -> Result<()> {
        let size = (self.0.len() as u64).saturating_add(more as u64);
        if size > KEPT as u64 {
            cx.check_size(size)?;
            cx.charge_bytes(size as usize);
        }
        match self.0.try_reserve(more) {
            Ok(()) => Ok(()),
            Err(_) => cx.check_size(u64::MAX),
        }
    }

    /// Appends bytes, of which there may be many.
    #[inline]
    pub fn append(&mut self, cx: &Context, bytes: &[u8]) -> Result<()> {
        self.grow(cx, bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    #[inline]
    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        if self.0.capacity() <= KEPT {
            let mut bytes = core::mem::take(&mut self.0);
            bytes.clear();
            // When the thread is ending there is nobody to keep it for.
            let _ = SPARE.try_with(|spare| spare.set(bytes));
        }
    }
}
