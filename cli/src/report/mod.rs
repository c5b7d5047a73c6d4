//! What `--gc-stats`, `--gc-stats-json`, `--gc-histogram` and `--gc-log` write.

pub mod figures;
pub mod summary;

use crate::gc_flags::Reports;
use crate::run::complain;
use figures::{Clocks, Counts, Figures, Lengths};
use moonsweep::{Context, Vm};
use moonsweep_gc::stats::histogram::Recorder;
use moonsweep_gc::stats::{Distribution, PauseRecord, Summary};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, LineWriter, Write};
use std::rc::Rc;
use std::time::Instant;

/// What a run has shown so far, kept beside the heap so that it can be had
/// wherever the run ends.
#[derive(Default)]
struct Ledger {
    recorder: Recorder,
    /// The most bytes in use at the beginning of a pause.
    peak_heap_bytes: usize,
}

/// Where the reports of one run go.
struct Report {
    collector: &'static str,
    start: Instant,
    ledger: Rc<RefCell<Ledger>>,
    summary: bool,
    json: Option<Destination>,
    histogram: Option<Destination>,
}

/// A file made at the beginning, so that a bad name is told before the work is done.
struct Destination {
    path: String,
    file: File,
}

/// Makes the virtual machine log its pauses, and report at the end of the run
/// that began at `start`: when `Context::run_at_exit` is called, as `os.exit`
/// does and whoever else ends the run has to.
///
/// # Errors
/// When a file cannot be made.
pub fn begin(reports: &Reports, vm: &mut Vm, start: Instant) -> Result<(), String> {
    let stats = vm.heap().stats_mut();
    if let Some(destination) = &reports.log {
        let mut log: Box<dyn Write> = match destination {
            None => Box::new(io::stderr()),
            // whole lines, so that nothing is lost however the program ends
            Some(path) => Box::new(LineWriter::new(create(path)?.file)),
        };
        let write = move |record: &PauseRecord| drop(writeln!(log, "{record}"));
        stats.subscribe(Box::new(write));
    }
    if !reports.summary && reports.json.is_none() && reports.histogram.is_none() {
        return Ok(());
    }
    let ledger = Rc::new(RefCell::new(Ledger::default()));
    let shared = Rc::clone(&ledger);
    stats.subscribe(Box::new(move |record| {
        let mut ledger = shared.borrow_mut();
        ledger.recorder.add(record);
        ledger.peak_heap_bytes = ledger.peak_heap_bytes.max(record.bytes_before);
    }));
    let report = Report {
        collector: vm.heap().kind().name(),
        start,
        ledger,
        summary: reports.summary,
        json: reports.json.as_deref().map(create).transpose()?,
        histogram: reports.histogram.as_deref().map(create).transpose()?,
    };
    vm.context().host().at_exit(move |cx| report.write(cx));
    Ok(())
}

fn create(path: &str) -> Result<Destination, String> {
    match File::create(path) {
        Ok(file) => Ok(Destination {
            path: path.to_owned(),
            file,
        }),
        Err(e) => Err(format!("{path}: {e}")),
    }
}

impl Report {
    /// Writes everything; the state is still open.
    fn write(self, cx: &mut Context) {
        let ledger = self.ledger.borrow();
        let figures = ledger.figures(self.collector, self.start, cx.gc_bytes());
        if let Some(destination) = self.json {
            destination.write(&json(&figures));
        }
        if let Some(destination) = self.histogram {
            destination.write(&json(&ledger.counts()));
        }
        if self.summary {
            let _ = io::stderr().write_all(summary::render(&figures).as_bytes());
        }
    }
}

impl Destination {
    fn write(mut self, text: &str) {
        if let Err(e) = self.file.write_all(text.as_bytes()) {
            complain(Some(b"moonsweep"), format!("{}: {e}", self.path).as_bytes());
        }
    }
}

impl Ledger {
    fn figures(&self, collector: &str, start: Instant, live_bytes: usize) -> Figures {
        let kinds = self.recorder.by_kind().into_iter();
        let all = self.recorder.all();
        Figures {
            collector: collector.to_owned(),
            wall_s: start.elapsed().as_secs_f64(),
            cpu_s: process_cpu_seconds(),
            gc_s: all.0.total_ns as f64 / 1e9,
            peak_rss_bytes: peak_resident_bytes(),
            peak_heap_bytes: self.peak_heap_bytes.max(live_bytes) as u64,
            live_bytes: live_bytes as u64,
            pauses: clocks(&all),
            by_kind: kinds
                .map(|(kind, wall, cpu)| (kind.name().to_owned(), clocks(&(wall, cpu))))
                .collect(),
        }
    }

    /// The pauses by length.
    fn counts(&self) -> Counts {
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

fn json<T: serde::Serialize>(value: &T) -> String {
    // numbers and strings only: nothing that JSON cannot say
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
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
    fn a_file_that_cannot_be_made_is_named() {
        let message = create("/nonexistent/h.json").err().unwrap();
        assert!(message.starts_with("/nonexistent/h.json: "));
    }

    #[test]
    fn an_empty_ledger_has_no_pauses() {
        let figures = Ledger::default().figures("none", Instant::now(), 4096);
        assert_eq!((figures.live_bytes, figures.peak_heap_bytes), (4096, 4096));
        assert_eq!(figures.pauses, Clocks::default());
        assert!(figures.by_kind.is_empty());
        assert_eq!(Ledger::default().counts(), Counts::default());
    }
}
