//! The word in a slot or an edge: stored by the program's thread alone, loaded
//! by the threads that mark as well. Whoever loads a reference sees all that
//! was stored into its object before the reference was.

use super::sync::{Acquire, AtomicU64, Relaxed, Release};

/// One word of a heap object.
#[repr(transparent)]
pub(crate) struct Word(AtomicU64);

impl Word {
    /// The word, for any thread.
    #[inline(always)]
    pub fn load(&self) -> u64 {
        self.0.load(Acquire)
    }
    /// The word, for the thread that stores.
    #[inline(always)]
    pub fn own(&self) -> u64 {
        self.0.load(Relaxed)
    }
    /// Changes it.
    #[inline(always)]
    pub fn store(&self, word: u64) {
        self.0.store(word, Release)
    }
    /// A word outside of any object, for tests.
    #[cfg(test)]
    #[allow(dead_code)]
    pub fn new(word: u64) -> Word {
        Word(AtomicU64::new(word))
    }
}
