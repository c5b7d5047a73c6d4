//! Reads that wait can be interrupted: on a thread that has asked for it, a
//! read of a pipe or a terminal waits for input or for a wake-up, whichever
//! comes first, and fails with EINTR if it was the latter, as a system call
//! does that a signal has interrupted.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use moonsweep_runtime::gc::Requester;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{PipeFlags, pipe_with};

use super::stream::Outcome;

/// Wakes the thread that made it, if it waits for input.
#[derive(Debug)]
pub struct Waker(OwnedFd);

/// The thread's end of it.
struct Sleeper {
    wakes: OwnedFd,
    requester: Requester,
}

thread_local! {
    static SLEEPER: RefCell<Option<Sleeper>> = const { RefCell::new(None) };
}

impl Waker {
    /// For the calling thread. It is woken for good reason only: when
    /// something was requested.
    ///
    /// # Errors
    /// When the process can't have another pipe.
    pub fn new(requester: Requester) -> io::Result<Waker> {
        let (wakes, waker) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        SLEEPER.set(Some(Sleeper { wakes, requester }));
        Ok(Waker(waker))
    }

    /// To be called after the request was made.
    pub fn wake(&self) {
        // A full pipe wakes as well.
        let _ = rustix::io::write(&self.0, b"!");
    }
}

impl Sleeper {
    /// Forgets wake-ups; whether there is a request.
    fn is_wanted(&self) -> bool {
        let mut bytes = [0; 16];
        while matches!(rustix::io::read(&self.wakes, &mut bytes), Ok(n) if n > 0) {}
        self.requester.is_requested()
    }

    /// Waits until `fd` has something to read.
    fn wait(&self, fd: BorrowedFd<'_>) -> Outcome<()> {
        loop {
            let mut either = [
                PollFd::from_borrowed_fd(fd, PollFlags::IN),
                PollFd::new(&self.wakes, PollFlags::IN),
            ];
            retry_on_intr(|| poll(&mut either, None))?;
            if !either[1].revents().is_empty() && self.is_wanted() {
                return Err(Errno::INTR);
            }
            if !either[0].revents().is_empty() {
                return Ok(());
            }
        }
    }
}

/// Reads from what may keep the reader waiting.
pub(super) fn read(fd: BorrowedFd<'_>, to: &mut [u8]) -> Outcome<usize> {
    SLEEPER.with_borrow(|sleeper| match sleeper {
        Some(sleeper) => sleeper.wait(fd),
        None => Ok(()),
    })?;
    retry_on_intr(|| rustix::io::read(fd, &mut *to))
}

/// Whether reading may wait: not from files and folders.
pub(super) fn may_wait(fd: BorrowedFd<'_>) -> bool {
    use rustix::fs::{FileType, fstat};
    let kind = fstat(fd.as_fd()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    !matches!(kind, Ok(FileType::RegularFile | FileType::Directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_or_a_wake_up() {
        let vm = moonsweep_runtime::Vm::new(Default::default()).unwrap();
        let requester = vm.interrupter();
        let (input, output) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        assert!(may_wait(input.as_fd()));
        let waker = Waker::new(requester.clone()).unwrap();
        let mut bytes = [0; 4];
        rustix::io::write(&output, b"ab").unwrap();
        assert_eq!(read(input.as_fd(), &mut bytes), Ok(2));
        // Without a request, a wake-up changes nothing.
        waker.wake();
        rustix::io::write(&output, b"c").unwrap();
        assert_eq!(read(input.as_fd(), &mut bytes), Ok(1));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                requester.request();
                waker.wake();
            });
            assert_eq!(read(input.as_fd(), &mut bytes), Err(Errno::INTR));
        });
        drop(output);
        requester.cancel();
        assert_eq!(read(input.as_fd(), &mut bytes), Ok(0));
        SLEEPER.set(None);
    }
}
