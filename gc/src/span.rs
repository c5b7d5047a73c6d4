//! Address ranges outside of the heap that grow in place: what lies in one never
//! moves, and its pages become resident when they are first touched.
//!
//! Giving many pages back takes its time, some 50 ns each. So a range is given
//! back in pieces: by its owner, from the end (`release`), and once it has none,
//! by whoever comes to a safepoint (`bury`, `give_back`).

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const PAGE: usize = 4096;

/// A reserved range. Bytes that were never written, or were released, are zero.
#[derive(Debug)]
pub struct Span {
    start: *mut u8,
    len: usize,
}

// SAFETY: the address of a mapping that has one owner.
unsafe impl Send for Span {}

/// Ranges without an owner, with the bytes at the start that may be resident.
static BURIED: Mutex<Vec<(Span, usize)>> = Mutex::new(Vec::new());
/// How many these are.
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Span {
    /// A range of at least `len` bytes; none if the system grants none.
    pub fn reserve(len: usize) -> Option<Span> {
        let len = len.checked_next_multiple_of(PAGE)?;
        // SAFETY: a fresh anonymous mapping, no address demanded.
        let start = unsafe {
            mmap_anonymous(
                null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        };
        let start = start.ok()?.cast();
        Some(Span { start, len })
    }
    /// Where it begins.
    pub fn start(&self) -> *mut u8 {
        self.start
    }
    /// Its length in bytes.
    pub fn bytes(&self) -> usize {
        self.len
    }
    /// Gives the whole pages in `from..to` back to the system. Their bytes are zero then.
    ///
    /// # Safety
    /// Nobody needs what these bytes hold.
    pub unsafe fn release(&self, from: usize, to: usize) {
        let from = from.next_multiple_of(PAGE);
        let to = to.min(self.len) / PAGE * PAGE;
        if from < to {
            // SAFETY: within our own mapping, as the caller promised.
            let _ = unsafe {
                madvise(
                    self.start.wrapping_add(from).cast(),
                    to - from,
                    Advice::LinuxDontNeed,
                )
            };
        }
    }
    /// Gives the range up, of which only the first `used` bytes were written since
    /// the others were released, to be given back by `give_back`.
    pub fn bury(self, used: usize) {
        let mut buried = BURIED.lock().unwrap_or_else(|e| e.into_inner());
        let used = used.min(self.len);
        buried.push((self, used));
        COUNT.store(buried.len(), Relaxed);
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        // SAFETY: our own mapping, whose owner is gone.
        let _ = unsafe { munmap(self.start.cast(), self.len) };
    }
}

/// Gives up to `limit` bytes of what was buried back to the system; whether any is left.
#[inline]
pub fn give_back(limit: usize) -> bool {
    COUNT.load(Relaxed) != 0 && dig(limit)
}

#[cold]
fn dig(limit: usize) -> bool {
    let Ok(mut buried) = BURIED.try_lock() else {
        return true;
    };
    if let Some((span, used)) = buried.pop() {
        if used > limit {
            let rest = (used - limit) / PAGE * PAGE;
            // SAFETY: it has no owner.
            unsafe { span.release(rest, used.next_multiple_of(PAGE)) };
            buried.push((span, rest));
        }
        COUNT.store(buried.len(), Relaxed);
    }
    !buried.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_in_place_and_is_given_back() {
        let span = Span::reserve(1 << 30).expect("address space");
        assert_eq!(span.bytes(), 1 << 30);
        let at = |i: usize| span.start().wrapping_add(i);
        // SAFETY: within the span.
        unsafe {
            assert_eq!(*at(5 * PAGE), 0);
            for i in 0..100 {
                *at(i * PAGE) = 7;
            }
            span.release(10 * PAGE + 1, 20 * PAGE + PAGE - 1);
            assert_eq!(*at(10 * PAGE), 7);
            assert_eq!(*at(11 * PAGE), 0);
            assert_eq!(*at(19 * PAGE), 0);
            assert_eq!(*at(20 * PAGE), 7);
        }
        span.bury(100 * PAGE);
        let mut pieces = 0;
        while give_back(16 * PAGE) {
            pieces += 1;
            assert!(pieces < 100);
        }
        assert!(pieces >= 5, "{pieces}");
    }

    #[test]
    fn what_cannot_be_had_is_none() {
        assert!(Span::reserve(usize::MAX).is_none());
        assert!(Span::reserve(1 << 60).is_none());
    }
}
