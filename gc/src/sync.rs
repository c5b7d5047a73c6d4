//! What the protocols between the program's thread and the helpers are built of.
//! The files that use it (`exchange.rs`, `heap/bitmap.rs`, `heap/marks.rs`,
//! `slot/word.rs`) name it `super::sync`, so that the model checker's tests
//! (`tests/models/`) can include them with its own versions in the place of these.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
