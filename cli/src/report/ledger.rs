//! What a run has shown so far, kept beside the heap so that it can be had
//! wherever the run ends.

use super::figures::{Clocks, Concurrent, Counting, Counts, Figures, Lengths, Tally, Utilisation};
use moonsweep_gc::stats::histogram::Recorder;
use moonsweep_gc::stats::{Beside, Course, Distribution, PauseRecord, Summary, process};
use std::time::Instant;

/// Sums a run's pauses up as they come, in bounded memory.
pub struct Ledger {
    recorder: Recorder,
    /// When the heap was made, near enough: what pauses' times count from.
    birth: Instant,
    /// The most bytes in use at the beginning of a pause.
    peak_heap_bytes: usize,
    course: Course,
}

impl Ledger {
    /// A ledger of a run that begins now.
    pub fn new() -> Ledger {
        Ledger {
            recorder: Recorder::default(),
            birth: Instant::now(),
            peak_heap_bytes: 0,
            course: Course::new(),
        }
    }

    /// Counts a pause.
    pub fn add(&mut self, record: &PauseRecord) {
        self.recorder.add(record);
        self.peak_heap_bytes = self.peak_heap_bytes.max(record.bytes_before);
        self.course.add(record);
    }

    /// What the run comes to; `live_bytes` are in use at its end.
    pub fn figures(&self, collector: &str, start: Instant, live_bytes: usize) -> Figures {
        let kinds = self.recorder.by_kind().into_iter();
        let all = self.recorder.all();
        let run_ns = self.birth.elapsed().as_nanos() as u64;
        let mmu = self
            .course
            .utilisation(run_ns)
            .map(|(ns, share)| Utilisation {
                window_ms: ns / 1_000_000,
                share,
            });
        Figures {
            collector: collector.to_owned(),
            wall_s: start.elapsed().as_secs_f64(),
            cpu_s: process::cpu_seconds(),
            gc_s: all.0.total_ns as f64 / 1e9,
            peak_rss_bytes: process::peak_resident_bytes(),
            peak_heap_bytes: self.peak_heap_bytes.max(live_bytes) as u64,
            average_heap_bytes: self.course.average_heap(run_ns, live_bytes),
            average_committed_bytes: self.course.average_committed(run_ns),
            live_bytes: live_bytes as u64,
            mmu: mmu.collect(),
            pauses: clocks(&all),
            by_kind: kinds
                .map(|(kind, wall, cpu)| (kind.name().to_owned(), clocks(&(wall, cpu))))
                .collect(),
            ..Figures::default()
        }
    }

    /// The pauses by wall-clock and by CPU time.
    pub fn distributions(&self) -> (&Distribution, &Distribution) {
        self.recorder.distributions()
    }

    /// The pauses by length.
    pub fn counts(&self) -> Counts {
        let (wall, cpu) = self.recorder.distributions();
        let listed = |distribution: &Distribution| {
            let recorded = distribution.histogram().iter_recorded();
            recorded
                .map(|s| (s.value_iterated_to(), s.count_since_last_iteration()))
                .collect()
        };
        Counts {
            wall: listed(wall),
            cpu: listed(cpu),
        }
    }
}

fn clocks((wall, cpu): &(Summary, Summary)) -> Clocks {
    Clocks {
        wall: lengths(wall),
        cpu: lengths(cpu),
    }
}

fn lengths(summary: &Summary) -> Lengths {
    let millis = |ns: u64| ns as f64 / 1e6;
    Lengths {
        count: summary.count,
        total_ms: millis(summary.total_ns),
        mean_ms: summary.mean_ns / 1e6,
        p50_ms: millis(summary.p50_ns),
        p90_ms: millis(summary.p90_ns),
        p99_ms: millis(summary.p99_ns),
        p999_ms: millis(summary.p999_ns),
        max_ms: millis(summary.max_ns),
    }
}

/// Adds what happened beside the stops.
pub fn beside(figures: &mut Figures, beside: &Beside) {
    let seconds = |ns: u64| ns as f64 / 1e9;
    figures.helper_cpu_s = seconds(beside.concurrent_cpu_ns);
    figures.concurrent = Concurrent {
        count: beside.concurrent,
        wall_s: seconds(beside.concurrent_wall_ns),
        cpu_s: seconds(beside.concurrent_cpu_ns),
    };
    figures.barrier_slow_paths = beside.barrier_slow_paths;
    figures.finalizers = Tally {
        count: beside.finalizers,
        wall_s: seconds(beside.finalizers_ns),
    };
}

/// Adds what a reference counting collector did.
pub fn counting(figures: &mut Figures, counting: Option<moonsweep_gc::Counting>) {
    let seconds = |ns: u64| ns as f64 / 1e9;
    figures.counting = counting.map(|c| Counting {
        epochs: c.epochs,
        increments: c.increments,
        decrements: c.decrements,
        freed_by_count: c.freed_by_count,
        freed_by_trial: c.freed_by_trial,
        freed_by_trace: c.freed_by_trace,
        candidates: c.candidates,
        trials: c.trials,
        traces: c.traces,
        counting_s: seconds(c.counting_ns),
        deaths_s: seconds(c.deaths_ns),
        trials_s: seconds(c.trials_ns),
        traces_s: seconds(c.traces_ns),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_become_milliseconds() {
        let summary = Summary {
            count: 2,
            total_ns: 3_000_000,
            mean_ns: 1_500_000.0,
            max_ns: 2_000_000,
            ..Summary::default()
        };
        let lengths = lengths(&summary);
        assert_eq!(
            (lengths.total_ms, lengths.mean_ms, lengths.max_ms),
            (3.0, 1.5, 2.0)
        );
    }

    #[test]
    fn an_empty_ledger_has_no_pauses() {
        let figures = Ledger::new().figures("none", Instant::now(), 4096);
        assert_eq!((figures.live_bytes, figures.peak_heap_bytes), (4096, 4096));
        assert_eq!(figures.pauses, Clocks::default());
        assert!(figures.by_kind.is_empty());
        assert!(figures.mmu.iter().all(|u| u.share == 1.0));
        assert_eq!(figures.mmu.len(), 10);
        assert_eq!(Ledger::new().counts(), Counts::default());
    }

    #[test]
    fn what_happens_beside_the_stops_is_told() {
        let mut figures = Figures::default();
        let seen = Beside {
            concurrent: 3,
            concurrent_wall_ns: 2_000_000_000,
            concurrent_cpu_ns: 1_500_000_000,
            barrier_slow_paths: 7,
            finalizers: 5,
            finalizers_ns: 250_000_000,
        };
        beside(&mut figures, &seen);
        assert_eq!(
            (figures.helper_cpu_s, figures.concurrent.wall_s),
            (1.5, 2.0)
        );
        assert_eq!(
            (figures.barrier_slow_paths, figures.finalizers.count),
            (7, 5)
        );
        assert_eq!(figures.finalizers.wall_s, 0.25);
    }
}
