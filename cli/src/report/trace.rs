//! `--gc-trace FILE`: the run as Chrome trace events, which Perfetto and
//! `chrome://tracing` open.
//!
//! | track | slices |
//! |---|---|
//! | `program` | every stop, with its phases inside it |
//! | `helper N` | what a helper thread did beside the program |
//! | counters | live heap and committed heap, before and after every stop |
//!
//! Events are written as they come, so memory is bounded however long the run.
//! A file whose end is missing, because the process was killed, still opens: the
//! format allows that.

use super::Destination;
use moonsweep_gc::stats::{ConcurrentRecord, PauseRecord};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// The one process of a trace.
const PROCESS: u32 = 1;
/// The track of the program's thread; helpers follow.
const PROGRAM: u32 = 0;

/// A trace being written.
pub struct Trace<W: Write = BufWriter<File>> {
    out: W,
    /// The file's name, for messages.
    path: String,
    /// Events so far.
    events: u64,
    /// Helpers that have a track.
    helpers: Vec<u32>,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
    closed: bool,
}

impl Trace {
    /// Begins a trace in a file just made.
    pub fn new(destination: Destination) -> Trace {
        Trace::begin(BufWriter::new(destination.file), destination.path)
    }
}

impl<W: Write> Trace<W> {
    fn begin(out: W, path: String) -> Trace<W> {
        let mut trace = Trace {
            out,
            path,
            events: 0,
            helpers: Vec::new(),
            failed: None,
            closed: false,
        };
        trace.event(&named("process_name", PROGRAM, "moonsweep"));
        trace.event(&named("thread_name", PROGRAM, "program"));
        trace
    }

    /// Writes a stop that has just ended.
    pub fn pause(&mut self, record: &PauseRecord) {
        let mut slice = slice(
            record.kind.name(),
            "pause",
            PROGRAM,
            record.start_ns,
            record.wall_ns,
        );
        slice["args"] = json!({
            "cause": record.cause.name(),
            "cpu_us": micros(record.cpu_ns),
            "bytes_before": record.bytes_before,
            "bytes_after": record.bytes_after,
            "objects_before": record.objects_before,
            "objects_after": record.objects_after,
            "work": record.work,
        });
        self.event(&slice);
        for (phase, offset, length) in record.spans() {
            let start = record.start_ns + offset;
            self.event(&self::slice(phase.name(), "phase", PROGRAM, start, length));
        }
        let end = record.start_ns + record.wall_ns;
        self.event(&counter("live heap", record.start_ns, record.bytes_before));
        self.event(&counter("live heap", end, record.bytes_after));
        self.event(&counter("committed heap", end, record.committed));
    }

    /// Writes what a helper has done.
    pub fn concurrent(&mut self, record: &ConcurrentRecord) {
        let track = PROGRAM + 1 + record.thread;
        if !self.helpers.contains(&record.thread) {
            self.helpers.push(record.thread);
            let name = format!("helper {}", record.thread);
            self.event(&named("thread_name", track, &name));
        }
        let (start, length) = (record.start_ns, record.wall_ns());
        let mut slice = slice(record.phase.name(), "concurrent", track, start, length);
        slice["args"] = json!({ "cpu_us": micros(record.cpu_ns), "work": record.work });
        self.event(&slice);
    }

    /// Ends the file; what comes after is not written.
    ///
    /// # Errors
    /// What went wrong first since the beginning, with the file's name.
    pub fn close(&mut self) -> Result<(), String> {
        if !self.closed {
            self.closed = true;
            self.write("\n]\n");
            if self.failed.is_none() {
                self.failed = self.out.flush().err();
            }
        }
        match self.failed.take() {
            Some(e) => Err(format!("{}: {e}", self.path)),
            None => Ok(()),
        }
    }

    fn event(&mut self, event: &Value) {
        if !self.closed {
            let before = if self.events == 0 { "[\n" } else { ",\n" };
            self.events += 1;
            self.write(before);
            self.write(&event.to_string());
        }
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(text.as_bytes()).err();
        }
    }
}

/// A run that ends in no ordinary way leaves a whole file, too.
impl<W: Write> Drop for Trace<W> {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// Microseconds, the format's unit, to the nanosecond.
fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}

fn named(what: &str, track: u32, name: &str) -> Value {
    json!({ "ph": "M", "pid": PROCESS, "tid": track, "name": what, "args": { "name": name } })
}

fn slice(name: &str, category: &str, track: u32, start_ns: u64, length_ns: u64) -> Value {
    json!({
        "ph": "X", "pid": PROCESS, "tid": track, "name": name, "cat": category,
        "ts": micros(start_ns), "dur": micros(length_ns),
    })
}

fn counter(name: &str, at_ns: u64, bytes: usize) -> Value {
    json!({
        "ph": "C", "pid": PROCESS, "tid": PROGRAM, "name": name, "ts": micros(at_ns),
        "args": { "bytes": bytes },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use moonsweep_gc::stats::Phase;

    fn parsed(bytes: &[u8]) -> Vec<Value> {
        serde_json::from_slice(bytes).unwrap()
    }

    fn helper(thread: u32, start_ns: u64, end_ns: u64) -> ConcurrentRecord {
        ConcurrentRecord {
            thread,
            phase: Phase::Mark,
            start_ns,
            end_ns,
            cpu_ns: 900,
            work: 12,
        }
    }

    #[test]
    fn helpers_have_tracks_of_their_own() {
        let mut bytes = Vec::new();
        let mut trace = Trace::begin(&mut bytes, String::new());
        for (thread, start) in [(0, 1000), (1, 1500), (0, 4250)] {
            trace.concurrent(&helper(thread, start, start + 1000));
        }
        trace.close().unwrap();
        trace.concurrent(&helper(0, 9000, 9001)); // too late
        drop(trace);
        let events = parsed(&bytes);
        let slices: Vec<&Value> = events.iter().filter(|e| e["ph"] == "X").collect();
        assert_eq!(slices.len(), 3);
        assert_eq!(
            (&slices[2]["tid"], &slices[2]["ts"], &slices[2]["dur"]),
            (&json!(1), &json!(4.25), &json!(1.0))
        );
        let names = events.iter().filter(|e| e["name"] == "thread_name");
        let names: Vec<&Value> = names.map(|e| &e["args"]["name"]).collect();
        assert_eq!(names, ["program", "helper 0", "helper 1"]);
    }

    #[test]
    fn an_unfinished_trace_is_closed_when_dropped() {
        let mut bytes = Vec::new();
        drop(Trace::begin(&mut bytes, String::new()));
        assert_eq!(parsed(&bytes).len(), 2);
    }

    #[test]
    fn a_full_disk_is_told_once_at_the_end() {
        let mut room = [0_u8; 100];
        let mut trace = Trace::begin(&mut room[..], "t.json".to_owned());
        trace.concurrent(&helper(0, 1, 2));
        let message = trace.close().unwrap_err();
        assert!(message.starts_with("t.json: "), "{message}");
        assert!(trace.close().is_ok());
    }
}
