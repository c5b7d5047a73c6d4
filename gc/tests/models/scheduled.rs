//! The files as they are, with the primitives of shuttle.

pub mod sync {
    pub use shuttle::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
    pub use shuttle::sync::{Condvar, Mutex, MutexGuard};
    pub use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
}

#[path = "../../src/heap/bitmap.rs"]
pub mod bitmap;
#[path = "block.rs"]
pub mod block;
#[path = "cycle.rs"]
pub mod cycle_models;
#[path = "../../src/collectors/generational/exchange.rs"]
pub mod exchange;
#[path = "../../src/heap/marks.rs"]
pub mod marks;
#[path = "../../src/slot/word.rs"]
pub mod word;
