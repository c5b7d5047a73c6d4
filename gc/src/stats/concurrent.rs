//! Work of helper threads beside the running program: not a stop, but it costs
//! processor time, and what it costs is recorded like a stop's.
//!
//! A helper opens a [`ConcurrentSpan`] when it takes work up and closes it when
//! it runs out of work or is asked to wait. The record that this gives is plain
//! data: the helper hands it over with its results, and the program's thread,
//! to which [`Stats`](super::Stats) belongs, notes it by
//! [`Stats::concurrent`](super::Stats::concurrent).

use super::pause::{Phase, thread_cpu_ns};
use std::fmt;
use std::time::Instant;

/// One stretch of uninterrupted work on one helper thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConcurrentRecord {
    /// The helper's number, from 0.
    pub thread: u32,
    /// What it did.
    pub phase: Phase,
    /// When it began, in nanoseconds since the heap was made.
    pub start_ns: u64,
    /// When it ended, on the same scale.
    pub end_ns: u64,
    /// Processor time of the helper in between.
    pub cpu_ns: u64,
    /// Slots and edges visited, or cells swept.
    pub work: u64,
}

impl ConcurrentRecord {
    /// How long it took by the monotonic clock.
    pub fn wall_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// One line, as `--gc-log` writes it.
impl fmt::Display for ConcurrentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "[{:.6}s] concurrent {} (helper {}) {:.1}us cpu {:.1}us, work {}",
            self.start_ns as f64 / 1e9,
            self.phase,
            self.thread,
            self.wall_ns() as f64 / 1e3,
            self.cpu_ns as f64 / 1e3,
            self.work,
        )
    }
}

/// A stretch of work in progress, on the helper's thread.
pub struct ConcurrentSpan {
    thread: u32,
    phase: Phase,
    birth: Instant,
    start: Instant,
    cpu: u64,
}

impl ConcurrentSpan {
    /// The calling thread, helper number `thread`, begins. `birth` is the
    /// heap's, [`Stats::birth`](super::Stats::birth).
    pub fn begin(thread: u32, phase: Phase, birth: Instant) -> ConcurrentSpan {
        ConcurrentSpan {
            thread,
            phase,
            birth,
            start: Instant::now(),
            cpu: thread_cpu_ns(),
        }
    }
    /// The same thread has come to an end of it, having done so much `work`.
    pub fn end(self, work: u64) -> ConcurrentRecord {
        let since = |t: Instant| t.saturating_duration_since(self.birth).as_nanos() as u64;
        ConcurrentRecord {
            thread: self.thread,
            phase: self.phase,
            start_ns: since(self.start),
            end_ns: since(Instant::now()),
            cpu_ns: thread_cpu_ns().saturating_sub(self.cpu),
            work,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_measured_on_the_thread_that_works() {
        let birth = Instant::now();
        let helper = std::thread::spawn(move || {
            let span = ConcurrentSpan::begin(3, Phase::Mark, birth);
            let mut n = 0_u64;
            let start = Instant::now();
            while start.elapsed().as_micros() < 2000 {
                n = std::hint::black_box(n + 1);
            }
            span.end(n)
        });
        let r = helper.join().unwrap();
        assert!(r.work > 0 && r.cpu_ns > 0);
        assert!(r.start_ns <= r.end_ns && r.end_ns >= 2_000_000);
        assert!(r.wall_ns() <= birth.elapsed().as_nanos() as u64);
        let line = r.to_string();
        assert!(line.contains("concurrent mark (helper 3)"), "{line}");
    }
}
