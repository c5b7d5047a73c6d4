//! Measuring: every stop of the program goes through one [`Pause`] scope.
//!
//! [`pause`] defines what is recorded of a stop, [`histogram`] sums stops up,
//! [`utilisation`] says what share of any window was left to the program, and
//! [`course`] follows both over a run; [`process`] asks the system about the whole
//! process; `rates` is what pacing asks for. Beside the stops stand [`concurrent`] work of helper threads, the
//! barrier's slow paths and the finalizers.

pub mod concurrent;
mod counting;
pub mod course;
pub mod histogram;
pub mod pause;
pub mod process;
mod rates;
pub mod utilisation;

pub use concurrent::{ConcurrentRecord, ConcurrentSpan};
pub use counting::Counting;
pub use course::Course;
pub use histogram::{Distribution, Summary};
pub use pause::{Cause, Pause, PauseKind, PauseRecord, Phase};
pub use rates::Rates;
pub use utilisation::{UtilisationMeter, minimum_utilisation};

use histogram::Recorder;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many pauses are remembered in any case.
pub const RECENT: usize = 256;

/// Receives each pause as it ends.
pub type Subscriber = Box<dyn FnMut(&PauseRecord)>;

/// Receives each stretch of a helper's work when the program hears of it.
pub type ConcurrentSubscriber = Box<dyn FnMut(&ConcurrentRecord)>;

/// Sums of what happens beside the stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// Stretches of helpers' work.
    pub concurrent: u64,
    /// Their time by the monotonic clock, in nanoseconds; two helpers at once count twice.
    pub concurrent_wall_ns: u64,
    /// Their processor time, in nanoseconds.
    pub concurrent_cpu_ns: u64,
    /// How often the barrier's slow path ran.
    pub barrier_slow_paths: u64,
    /// Finalizers run.
    pub finalizers: u64,
    /// Time in finalizers by the monotonic clock, in nanoseconds.
    pub finalizers_ns: u64,
}

/// What a heap has measured so far.
pub struct Stats {
    birth: Instant,
    recorder: Recorder,
    subscribers: Vec<Subscriber>,
    keep: bool,
    kept: Vec<PauseRecord>,
    recent: VecDeque<PauseRecord>,
    course: Course,
    live_after_full: usize,
    rates: Rates,
    concurrent_subscribers: Vec<ConcurrentSubscriber>,
    beside: Beside,
    counting: Option<Counting>,
    /// Bytes committed when last looked at.
    committed: usize,
    /// The pause that begins next began here.
    stopped: Option<Pause>,
}

impl Stats {
    pub(crate) fn new() -> Stats {
        Stats {
            birth: Instant::now(),
            recorder: Recorder::default(),
            subscribers: Vec::new(),
            keep: false,
            kept: Vec::new(),
            recent: VecDeque::new(),
            course: Course::new(),
            live_after_full: 0,
            rates: Rates::default(),
            concurrent_subscribers: Vec::new(),
            beside: Beside::default(),
            counting: None,
            committed: 0,
            stopped: None,
        }
    }
    /// Calls `f` with the record of every pause from now on.
    pub fn subscribe(&mut self, f: Subscriber) {
        self.subscribers.push(f)
    }
    /// Keeps the records of all pauses from now on, for [`Stats::records`].
    pub fn keep_records(&mut self) {
        self.keep = true
    }
    /// The records kept.
    pub fn records(&self) -> &[PauseRecord] {
        &self.kept
    }
    /// The last pauses, at most [`RECENT`], oldest first.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = &PauseRecord> {
        self.recent.iter()
    }
    /// Mean sizes and utilisation over the run so far.
    pub fn course(&self) -> &Course {
        &self.course
    }
    /// When the heap was made: pauses' start times count from here.
    pub fn birth(&self) -> Instant {
        self.birth
    }
    /// Bytes in use after the last full collection, 0 before the first.
    pub fn live_after_full(&self) -> usize {
        self.live_after_full
    }
    /// How fast the heap grows and is collected.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }
    /// Pauses of all kinds together, by wall-clock and by thread-CPU time.
    /// Computing percentiles takes some microseconds.
    pub fn all(&self) -> (Summary, Summary) {
        self.recorder.all()
    }
    /// Pauses of each kind that occurred.
    pub fn by_kind(&self) -> Vec<(PauseKind, Summary, Summary)> {
        self.recorder.by_kind()
    }
    /// The full distributions (wall-clock, thread-CPU) of all pauses, for histograms.
    pub fn distributions(&self) -> (&Distribution, &Distribution) {
        self.recorder.distributions()
    }
    /// Number of pauses.
    pub fn count(&self) -> u64 {
        self.recorder.distributions().0.count()
    }
    /// Wall-clock nanoseconds of all pauses.
    pub fn total_ns(&self) -> u64 {
        self.recorder.distributions().0.total_ns()
    }
    /// What happened beside the stops.
    pub fn beside(&self) -> Beside {
        self.beside
    }
    /// What the reference counting collector did, if it was at work.
    pub fn counting(&self) -> Option<Counting> {
        self.counting
    }
    pub(crate) fn set_counting(&mut self, counting: Counting) {
        self.counting = Some(counting)
    }
    /// Calls `f` with the record of every stretch of helpers' work from now on.
    pub fn subscribe_concurrent(&mut self, f: ConcurrentSubscriber) {
        self.concurrent_subscribers.push(f)
    }
    /// Notes what a helper has done; called on the program's thread.
    pub fn concurrent(&mut self, record: ConcurrentRecord) {
        self.beside.concurrent += 1;
        self.beside.concurrent_wall_ns += record.wall_ns();
        self.beside.concurrent_cpu_ns += record.cpu_ns;
        self.rates.helped(record.cpu_ns);
        for s in &mut self.concurrent_subscribers {
            s(&record)
        }
    }
    /// Notes that `n` finalizers ran, and how long they took together.
    pub fn finalizers_ran(&mut self, n: u64, time: Duration) {
        self.beside.finalizers += n;
        self.beside.finalizers_ns += time.as_nanos() as u64;
    }
    /// How often the barrier's slow path ran.
    pub fn barrier_slow_paths(&self) -> u64 {
        self.beside.barrier_slow_paths
    }
    pub(crate) fn count_log(&mut self, n: usize) {
        self.beside.barrier_slow_paths += n as u64
    }
    /// Notes how much is committed: the records of pauses say it.
    pub(crate) fn set_committed(&mut self, bytes: usize) {
        self.committed = bytes
    }
    pub(crate) fn begin(&mut self, kind: PauseKind, cause: Cause) -> Pause {
        let pause = Pause::begin(kind, cause, self.birth);
        match self.stopped.take() {
            Some(first) => pause.since(first),
            None => pause,
        }
    }
    /// The program has stopped for something that goes before the next pause's
    /// own work, and is part of that pause.
    pub(crate) fn stop_early(&mut self) {
        let first = self.begin(PauseKind::Stall, Cause::Explicit);
        self.stopped = Some(first)
    }
    pub(crate) fn set_live(&mut self, bytes: usize) {
        self.live_after_full = bytes;
        self.rates.ends(bytes)
    }
    pub(crate) fn end(
        &mut self,
        pause: Pause,
        bytes_after: usize,
        objects_after: usize,
    ) -> PauseRecord {
        let mut record = pause.end(bytes_after, objects_after);
        record.committed = self.committed;
        self.recorder.add(&record);
        self.course.add(&record);
        self.rates.add(&record);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(record.clone());
        if self.keep {
            self.kept.push(record.clone());
        }
        for s in &mut self.subscribers {
            s(&record)
        }
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn helpers_work_is_summed_and_told() {
        let mut stats = Stats::new();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let shared = Rc::clone(&seen);
        stats.subscribe_concurrent(Box::new(move |r| shared.borrow_mut().push(*r)));
        for (start_ns, end_ns, cpu_ns) in [(100, 400, 250), (500, 600, 90)] {
            stats.concurrent(ConcurrentRecord {
                thread: 0,
                phase: Phase::Mark,
                start_ns,
                end_ns,
                cpu_ns,
                work: 7,
            });
        }
        let beside = stats.beside();
        assert_eq!(
            (
                beside.concurrent,
                beside.concurrent_wall_ns,
                beside.concurrent_cpu_ns
            ),
            (2, 400, 340)
        );
        assert_eq!(seen.borrow().len(), 2);
        assert_eq!(stats.count(), 0, "not a stop");
    }

    #[test]
    fn a_pause_tells_what_was_committed_at_its_end() {
        let mut stats = Stats::new();
        let pause = stats.begin(PauseKind::Minor, Cause::Nursery);
        stats.set_committed(123 << 16);
        assert_eq!(stats.end(pause, 0, 0).committed, 123 << 16);
    }
}
