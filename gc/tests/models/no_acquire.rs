//! A mutant: nothing acquires.

pub mod sync {
    pub use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
    pub use loom::sync::{Condvar, Mutex, MutexGuard};
    pub use std::sync::atomic::Ordering::{
        Relaxed, Relaxed as Acquire, Release, Release as AcqRel,
    };
}

#[path = "../../src/heap/bitmap.rs"]
pub mod bitmap;
#[path = "block.rs"]
pub mod block;
#[path = "../../src/collectors/generational/exchange.rs"]
pub mod exchange;
#[path = "exchange.rs"]
pub mod exchange_models;
#[path = "../../src/heap/marks.rs"]
pub mod marks;
#[path = "marks.rs"]
pub mod marks_models;
#[path = "../../src/slot/word.rs"]
pub mod word;
