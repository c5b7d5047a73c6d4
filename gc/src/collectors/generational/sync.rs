//! What the exchange with the helpers is built of. The model checker's tests
//! put its own versions in the place of these.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
