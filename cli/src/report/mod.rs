//! What `--gc-stats`, `--gc-stats-json`, `--gc-histogram`, `--gc-hdr-log`,
//! `--gc-log` and `--gc-trace` write.

pub mod figures;
mod hdr;
mod ledger;
pub mod summary;
mod trace;

use crate::gc_flags::Reports;
use crate::run::complain;
use ledger::Ledger;
use moonsweep::Vm;
use moonsweep::native::Context;
use moonsweep_gc::stats::{ConcurrentRecord, PauseRecord};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, LineWriter, Write};
use std::rc::Rc;
use std::time::Instant;
use trace::Trace;

/// Where the reports of one run go.
struct Report {
    start: Instant,
    ledger: Rc<RefCell<Ledger>>,
    summary: bool,
    json: Option<Destination>,
    histogram: Option<Destination>,
    hdr_log: Option<Destination>,
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
        let log: Box<dyn Write> = match destination {
            None => Box::new(io::stderr()),
            // whole lines, so that nothing is lost however the program ends
            Some(path) => Box::new(LineWriter::new(create(path)?.file)),
        };
        let log = Rc::new(RefCell::new(log));
        let shared = Rc::clone(&log);
        let write = move |record: &PauseRecord| drop(writeln!(log.borrow_mut(), "{record}"));
        stats.subscribe(Box::new(write));
        stats.subscribe_concurrent(Box::new(move |record| {
            drop(writeln!(shared.borrow_mut(), "{record}"))
        }));
    }
    let trace = match &reports.trace {
        Some(path) => Some(Rc::new(RefCell::new(Trace::new(create(path)?)))),
        None => None,
    };
    if let Some(trace) = &trace {
        let [pauses, helpers] = [Rc::clone(trace), Rc::clone(trace)];
        stats.subscribe(Box::new(move |record| pauses.borrow_mut().pause(record)));
        let concurrent = move |record: &ConcurrentRecord| helpers.borrow_mut().concurrent(record);
        stats.subscribe_concurrent(Box::new(concurrent));
    }
    if let Some(trace) = trace {
        let close = move |_: &mut Context| {
            if let Err(message) = trace.borrow_mut().close() {
                complain(Some(b"moonsweep"), message.as_bytes());
            }
        };
        vm.context().host().at_exit(close);
    }
    let files = [&reports.json, &reports.histogram, &reports.hdr_log];
    if !reports.summary && files.iter().all(|file| file.is_none()) {
        return Ok(());
    }
    let ledger = Rc::new(RefCell::new(Ledger::new()));
    let shared = Rc::clone(&ledger);
    let stats = vm.heap().stats_mut();
    stats.subscribe(Box::new(move |record| shared.borrow_mut().add(record)));
    let report = Report {
        start,
        ledger,
        summary: reports.summary,
        json: reports.json.as_deref().map(create).transpose()?,
        histogram: reports.histogram.as_deref().map(create).transpose()?,
        hdr_log: reports.hdr_log.as_deref().map(create).transpose()?,
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
        let collector = cx.gc_collector().name();
        let mut figures = ledger.figures(collector, self.start, cx.gc_bytes());
        ledger::beside(&mut figures, &cx.heap_stats().beside());
        ledger::counting(&mut figures, cx.heap_stats().counting());
        figures.peak_committed_bytes = cx.peak_committed_bytes() as u64;
        if let Some(destination) = self.json {
            destination.write(&json(&figures));
        }
        if let Some(destination) = self.histogram {
            destination.write(&json(&ledger.counts()));
        }
        if let Some(Destination { path, file }) = self.hdr_log {
            let (wall, cpu) = ledger.distributions();
            let clocks = [("wall", wall.histogram()), ("cpu", cpu.histogram())];
            if let Err(e) = hdr::write(BufWriter::new(file), self.start.elapsed(), clocks) {
                complain(Some(b"moonsweep"), format!("{path}: {e}").as_bytes());
            }
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

fn json<T: serde::Serialize>(value: &T) -> String {
    // numbers and strings only: nothing that JSON cannot say
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let message = create("/nonexistent/h.json").err().unwrap();
        assert!(message.starts_with("/nonexistent/h.json: "));
    }
}
