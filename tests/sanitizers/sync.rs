//! Stands in for `gc/src/sync.rs` in builds for ThreadSanitizer. The standard
//! library comes without instrumentation, so the sanitizer does not see how its
//! mutex and its condition variable order things. These here do the same by
//! atomic operations alone, all of which are compiled with the crate.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::ops::{Deref, DerefMut};

/// As `std::sync::Mutex`, never poisoned.
pub(crate) struct Mutex<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time gets at the value.
unsafe impl<T: Send> Sync for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Mutex<T> {}

/// As `std::sync::MutexGuard`.
pub(crate) struct MutexGuard<'a, T>(&'a Mutex<T>);

/// As `std::sync::PoisonError`; there is none.
pub(crate) struct Poison<G>(Infallible, std::marker::PhantomData<G>);

impl<G> Poison<G> {
    pub fn into_inner(self) -> G {
        match self.0 {}
    }
}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Self {
        Mutex {
            locked: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, ()> {
        match self.locked.swap(true, Acquire) {
            false => Ok(MutexGuard(self)),
            true => Err(()),
        }
    }
    pub fn lock(&self) -> Result<MutexGuard<'_, T>, Poison<MutexGuard<'_, T>>> {
        loop {
            match self.try_lock() {
                Ok(guard) => return Ok(guard),
                Err(()) => std::thread::yield_now(),
            }
        }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard is borrowed uniquely.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.0.locked.store(false, Release)
    }
}

/// As `std::sync::Condvar`; every wait may wake for no reason.
pub(crate) struct Condvar(AtomicUsize);

impl Condvar {
    pub const fn new() -> Self {
        Condvar(AtomicUsize::new(0))
    }
    pub fn wait<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
    ) -> Result<MutexGuard<'a, T>, Poison<MutexGuard<'a, T>>> {
        let (mutex, calls) = (guard.0, self.0.load(Relaxed));
        drop(guard);
        for _ in 0..1000 {
            if self.0.load(Relaxed) != calls {
                break;
            }
            std::thread::yield_now()
        }
        mutex.lock()
    }
    pub fn notify_one(&self) {
        self.0.fetch_add(1, Relaxed);
    }
    pub fn notify_all(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}
