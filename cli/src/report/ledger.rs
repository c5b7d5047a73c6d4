//! What a run has shown so far, kept beside the heap so that it can be had
//! wherever the run ends.

use super::figures::{Clocks, Concurrent, Counts, Figures, Lengths, Tally, Utilisation};
use moonsweep_gc::stats::histogram::Recorder;
use moonsweep_gc::stats::{Beside, Distribution, PauseRecord, Summary, UtilisationMeter};
use std::time::Instant;

/// The windows of which the minimum utilisation is told, in milliseconds.
const WINDOWS_MS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/// Sums a run's pauses up as they come, in bounded memory.
pub struct Ledger {
    recorder: Recorder,
    /// When the heap was made, near enough: what pauses' times count from.
    birth: Instant,
    /// The most bytes in use at the beginning of a pause.
    peak_heap_bytes: usize,
    live: Mean,
    committed: Mean,
    utilisation: UtilisationMeter,
}

/// The mean over time of a quantity that is known at some instants and changes
/// evenly between them.
#[derive(Default)]
struct Mean {
    at_ns: u64,
    value: f64,
    /// Value times nanoseconds.
    area: f64,
}

impl Mean {
    /// The quantity is `value` now.
    fn to(&mut self, now_ns: u64, value: usize) {
        self.area = self.area_at(now_ns, value as f64);
        self.at_ns = self.at_ns.max(now_ns);
        self.value = value as f64;
    }
    /// The mean up to an end at which the quantity is `value`.
    fn at(&self, end_ns: u64, value: usize) -> u64 {
        (self.area_at(end_ns, value as f64) / end_ns.max(self.at_ns).max(1) as f64) as u64
    }
    /// The mean up to an end until which the quantity did not change any more.
    fn until(&self, end_ns: u64) -> u64 {
        self.at(end_ns, self.value as usize)
    }
    fn area_at(&self, now_ns: u64, value: f64) -> f64 {
        let passed = now_ns.saturating_sub(self.at_ns) as f64;
        self.area + passed * (self.value + value) / 2.0
    }
}

impl Ledger {
    /// A ledger of a run that begins now.
    pub fn new() -> Ledger {
        let windows: Vec<u64> = WINDOWS_MS.iter().map(|ms| ms * 1_000_000).collect();
        Ledger {
            recorder: Recorder::default(),
            birth: Instant::now(),
            peak_heap_bytes: 0,
            live: Mean::default(),
            committed: Mean::default(),
            utilisation: UtilisationMeter::new(&windows),
        }
    }

    /// Counts a pause.
    pub fn add(&mut self, record: &PauseRecord) {
        self.recorder.add(record);
        self.peak_heap_bytes = self.peak_heap_bytes.max(record.bytes_before);
        let end_ns = record.start_ns + record.wall_ns;
        self.live.to(record.start_ns, record.bytes_before);
        self.live.to(end_ns, record.bytes_after);
        self.committed.to(end_ns, record.committed);
        self.utilisation.add(record.start_ns, record.wall_ns);
    }

    /// What the run comes to; `live_bytes` are in use at its end.
    pub fn figures(&self, collector: &str, start: Instant, live_bytes: usize) -> Figures {
        let kinds = self.recorder.by_kind().into_iter();
        let all = self.recorder.all();
        let run_ns = self.birth.elapsed().as_nanos() as u64;
        let mmu = self
            .utilisation
            .minimum(run_ns)
            .map(|(ns, share)| Utilisation {
                window_ms: ns / 1_000_000,
                share,
            });
        Figures {
            collector: collector.to_owned(),
            wall_s: start.elapsed().as_secs_f64(),
            cpu_s: process_cpu_seconds(),
            gc_s: all.0.total_ns as f64 / 1e9,
            peak_rss_bytes: peak_resident_bytes(),
            peak_heap_bytes: self.peak_heap_bytes.max(live_bytes) as u64,
            average_heap_bytes: self.live.at(run_ns, live_bytes),
            average_committed_bytes: self.committed.until(run_ns),
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

/// CPU time of all threads of this process.
fn process_cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The kernel's high-water mark of this process's resident memory; 0 where it
/// keeps none.
fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        line.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_time() {
        assert!(peak_resident_bytes() > 100_000);
        assert!(process_cpu_seconds() > 0.0);
    }

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
    fn means_over_time() {
        let mut mean = Mean::default();
        mean.to(100, 200); // 0 to 200
        mean.to(100, 50);
        mean.to(300, 150); // 50 to 150
        assert_eq!(mean.until(300), (100 * 100 + 200 * 100) / 300);
        assert_eq!(mean.until(600), (30_000 + 300 * 150) / 600);
        assert_eq!(mean.at(400, 50), (30_000 + 100 * 100) / 400);
        assert_eq!(Mean::default().until(0), 0);
    }

    #[test]
    fn an_empty_ledger_has_no_pauses() {
        let figures = Ledger::new().figures("none", Instant::now(), 4096);
        assert_eq!((figures.live_bytes, figures.peak_heap_bytes), (4096, 4096));
        assert_eq!(figures.pauses, Clocks::default());
        assert!(figures.by_kind.is_empty());
        assert!(figures.mmu.iter().all(|u| u.share == 1.0));
        assert_eq!(figures.mmu.len(), WINDOWS_MS.len());
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
