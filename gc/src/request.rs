//! Asking the program to come to a safepoint: from another thread, or from a
//! signal handler.
//!
//! A heap's poll word is inside of the heap, because the program looks at it
//! at every call and every backward jump. A [`Requester`] may outlive the heap,
//! so it goes through a `Mailbox` that both own and from which the heap
//! takes the word's address back when it dies. Nothing here blocks or
//! allocates: a handler may do it at any time.
//!
//! 1. A request sets `wanted`, announces itself in `users`, and only then
//!    reads the address: `detach` takes the address away first and waits for
//!    the users that may have read it.
//! 2. The bit is set after `wanted`; the program clears the bit before it
//!    reads `wanted`. So no request is lost: at worst the bit is found set once
//!    more.

use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

/// What a heap and its requesters share.
#[derive(Default, Debug)]
pub(crate) struct Mailbox {
    wanted: AtomicBool,
    users: AtomicUsize,
    /// The heap's poll word; null before there is a requester and after the heap.
    poll: AtomicPtr<AtomicU32>,
}

impl Mailbox {
    /// Takes the request, if there is one.
    pub fn take(&self) -> bool {
        self.wanted.load(Relaxed) && self.wanted.swap(false, SeqCst)
    }
    /// Whether there is a request.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }
    /// Tells requesters where the poll word is.
    ///
    /// # Safety
    /// It stays there until `detach`.
    pub unsafe fn attach(&self, poll: &AtomicU32) {
        self.poll.store(poll as *const _ as *mut _, SeqCst);
    }
    /// From here on no requester touches the poll word.
    pub fn detach(&self) {
        self.poll.store(null_mut(), SeqCst);
        while self.users.load(SeqCst) != 0 {
            std::hint::spin_loop();
        }
    }
}

/// Asks a program to come to a safepoint soon. Any thread may use it, a signal
/// handler too; after the heap's end it does nothing.
#[derive(Clone, Debug)]
pub struct Requester {
    mailbox: Arc<Mailbox>,
}

impl Requester {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Requester {
        Requester { mailbox }
    }
    /// Makes the request; several before the next safepoint are one.
    pub fn request(&self) {
        let mailbox = &*self.mailbox;
        mailbox.wanted.store(true, SeqCst);
        mailbox.users.fetch_add(1, SeqCst);
        let poll = mailbox.poll.load(SeqCst);
        if !poll.is_null() {
            // SAFETY: whoever detaches waits for `users`, which counts this one
            // since before the address was read.
            unsafe { (*poll).fetch_or(crate::heap::alloc::POLL_REQUEST, SeqCst) };
        }
        mailbox.users.fetch_sub(1, SeqCst);
    }
    /// Whether a request waits for its answer.
    pub fn is_requested(&self) -> bool {
        self.mailbox.is_wanted()
    }
    /// Takes an unanswered request back.
    pub fn cancel(&self) {
        self.mailbox.wanted.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_sets_the_bit_until_the_heap_is_gone() {
        let mailbox = Arc::new(Mailbox::default());
        let requester = Requester::new(mailbox.clone());
        requester.request(); // no heap yet
        assert!(mailbox.take() && !mailbox.take());
        {
            let word = Box::new(AtomicU32::new(1));
            // SAFETY: detached below, before the word goes.
            unsafe { mailbox.attach(&word) };
            requester.request();
            assert_eq!(word.load(SeqCst), 1 | crate::heap::alloc::POLL_REQUEST);
            mailbox.detach();
        }
        requester.request();
        assert!(mailbox.is_wanted());
        requester.cancel();
        assert!(!mailbox.take());
    }

    #[test]
    fn requests_race_with_the_end() {
        let mailbox = Arc::new(Mailbox::default());
        std::thread::scope(|scope| {
            let requester = Requester::new(mailbox.clone());
            scope.spawn(move || (0..20_000).for_each(|_| requester.request()));
            for _ in 0..200 {
                let word = Box::new(AtomicU32::new(0));
                // SAFETY: detached before the word goes.
                unsafe { mailbox.attach(&word) };
                std::thread::yield_now();
                mailbox.detach();
                word.store(u32::MAX, SeqCst);
            }
        });
        assert!(mailbox.take());
    }
}
