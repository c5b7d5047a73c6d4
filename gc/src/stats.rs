//! Measuring: every stop of the program goes through one [`Pause`] scope.
//!
//! [`pause`] defines what is recorded of a stop, [`histogram`] sums stops up,
//! [`utilisation`] says what share of any window was left to the program.

pub mod histogram;
pub mod pause;
pub mod utilisation;

pub use histogram::{Distribution, Summary};
pub use pause::{Cause, PauseKind, PauseRecord, Phase};
pub use utilisation::minimum_utilisation;

use histogram::Recorder;
use pause::Pause;
use std::time::Instant;

/// Receives each pause as it ends.
pub type Subscriber = Box<dyn FnMut(&PauseRecord)>;

/// What a heap has measured so far.
pub struct Stats {
    birth: Instant,
    recorder: Recorder,
    subscribers: Vec<Subscriber>,
    keep: bool,
    kept: Vec<PauseRecord>,
    live_after_full: usize,
    log_calls: u64,
}

impl Stats {
    pub(crate) fn new() -> Stats {
        Stats {
            birth: Instant::now(),
            recorder: Recorder::default(),
            subscribers: Vec::new(),
            keep: false,
            kept: Vec::new(),
            live_after_full: 0,
            log_calls: 0,
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
    /// When the heap was made: pauses' start times count from here.
    pub fn birth(&self) -> Instant {
        self.birth
    }
    /// Bytes in use after the last full collection, 0 before the first.
    pub fn live_after_full(&self) -> usize {
        self.live_after_full
    }
    /// Pauses of all kinds together, by wall-clock and by thread-CPU time.
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
    /// Wall-clock nanoseconds of all pauses.
    pub fn total_ns(&self) -> u64 {
        self.recorder.all().0.total_ns
    }
    /// How often the barrier's slow path ran.
    pub fn barrier_slow_paths(&self) -> u64 {
        self.log_calls
    }
    pub(crate) fn count_log(&mut self, n: usize) {
        self.log_calls += n as u64
    }
    pub(crate) fn begin(&self, kind: PauseKind, cause: Cause) -> Pause {
        Pause::begin(kind, cause, self.birth)
    }
    pub(crate) fn set_live(&mut self, bytes: usize) {
        self.live_after_full = bytes
    }
    pub(crate) fn end(
        &mut self,
        pause: Pause,
        bytes_after: usize,
        objects_after: usize,
    ) -> PauseRecord {
        let record = pause.end(bytes_after, objects_after);
        self.recorder.add(&record);
        if self.keep {
            self.kept.push(record.clone());
        }
        for s in &mut self.subscribers {
            s(&record)
        }
        record
    }
}
