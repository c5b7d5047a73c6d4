//! A stop of the program: its kind, its cause, its phases, its times.

use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::time::Instant;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $type { $($(#[$vdoc])* $variant,)* }
        impl $type {
            /// All of them.
            pub const ALL: &'static [$type] = &[$($type::$variant,)*];
            /// The name in logs and reports.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

names! {
    /// What kind of stop it was.
    PauseKind {
        /// Young objects only.
        Minor = "minor",
        /// The whole heap, from start to end.
        Full = "full",
        /// Start of concurrent marking.
        Snapshot = "snapshot",
        /// End of concurrent marking.
        FinalMark = "final-mark",
        /// A slice of marking at a safepoint.
        Slice = "slice",
        /// Weak references, ephemerons and finalizers, a bounded part.
        Weak = "weak",
        /// Sweeping, a bounded part.
        Sweep = "sweep",
        /// Reference counting: increments and decrements.
        Epoch = "epoch",
        /// Reference counting: decrements between two epochs.
        Decrements = "decrements",
        /// Reference counting: a search for cycles.
        Cycles = "cycles",
        /// The program marks because it allocates faster than the helpers mark.
        Assist = "assist",
        /// The program waits for a collection to end.
        Stall = "stall",
        /// Change to another collector.
        Switch = "switch",
    }
}

names! {
    /// Why the program was stopped.
    Cause {
        /// The nursery was used up.
        Nursery = "nursery",
        /// The log was long.
        Log = "log",
        /// The heap had grown.
        Growth = "growth",
        /// Memory outside of the heap had grown.
        External = "external",
        /// The program asked for it.
        Explicit = "explicit",
        /// The heap's limit was reached.
        HeapLimit = "heap-limit",
        /// Stress mode.
        Stress = "stress",
        /// Part of a collection that began earlier.
        Cycle = "cycle",
    }
}

names! {
    /// A phase of a stop.
    Phase {
        /// What is done before marking: ends of runs, the rest of the last sweep.
        Prepare = "prepare",
        /// Stacks, registry, handles.
        Roots = "roots",
        /// The logged objects.
        Log = "log",
        /// Following references.
        Mark = "mark",
        /// Weak references, ephemerons, finalizers.
        Weak = "weak",
        /// Weak tables outside of the heap, dropped payloads.
        Prune = "prune",
        /// Freeing cells.
        Sweep = "sweep",
        /// Reference counting: decrements, and what dies by them.
        Deaths = "deaths",
        /// Returning memory to the system.
        Release = "release",
        /// Waiting for helpers, which takes no processor time.
        Wait = "wait",
    }
}

/// Spans of phases that a record keeps; what comes later is added to the last.
const SPANS: usize = 12;

/// The record of a stop.
#[derive(Clone, Debug)]
pub struct PauseRecord {
    /// What kind of stop.
    pub kind: PauseKind,
    /// Why.
    pub cause: Cause,
    /// When it began, in nanoseconds since the heap was made.
    pub start_ns: u64,
    /// How long it took by the monotonic clock.
    pub wall_ns: u64,
    /// How much processor time the program's thread used in it.
    pub cpu_ns: u64,
    /// The first `spans` of them, each with its length in wall-clock nanoseconds.
    phases: [(Phase, u64); SPANS],
    spans: usize,
    /// Bytes in use before.
    pub bytes_before: usize,
    /// Bytes in use after.
    pub bytes_after: usize,
    /// Objects in use before.
    pub objects_before: usize,
    /// Objects in use after.
    pub objects_after: usize,
    /// Bytes whose pages may be resident, after.
    pub committed: usize,
    /// Slots and edges visited.
    pub work: usize,
}

impl PauseRecord {
    /// The phases that took place, with their durations in wall-clock nanoseconds;
    /// of one that took place twice the sum.
    pub fn phases(&self) -> impl Iterator<Item = (Phase, u64)> {
        let sum = |phase| {
            let spans = self.phases[..self.spans].iter();
            spans.filter(|s| s.0 == phase).map(|s| s.1).sum()
        };
        Phase::ALL
            .iter()
            .map(move |&p| (p, sum(p)))
            .filter(|p| p.1 != 0)
    }
    /// The phases in the order in which they took place: each with its offset
    /// from the start of the stop and its length, in wall-clock nanoseconds.
    pub fn spans(&self) -> impl Iterator<Item = (Phase, u64, u64)> {
        let mut offset = 0;
        self.phases[..self.spans].iter().map(move |&(phase, ns)| {
            offset += ns;
            (phase, offset - ns, ns)
        })
    }
}

/// One line, as `--gc-log` writes it.
impl fmt::Display for PauseRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "[{:.6}s] {} ({}) {:.1}us cpu {:.1}us, {}K -> {}K, {} -> {} objects",
            self.start_ns as f64 / 1e9,
            self.kind,
            self.cause,
            self.wall_ns as f64 / 1e3,
            self.cpu_ns as f64 / 1e3,
            self.bytes_before >> 10,
            self.bytes_after >> 10,
            self.objects_before,
            self.objects_after,
        )?;
        for (i, (phase, ns)) in self.phases().enumerate() {
            write!(
                f,
                "{}{phase} {:.1}",
                if i == 0 { "; " } else { ", " },
                ns as f64 / 1e3
            )?;
        }
        Ok(())
    }
}

/// Processor time of the calling thread, in nanoseconds.
pub fn thread_cpu_ns() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// A stop in progress.
pub struct Pause {
    record: PauseRecord,
    start: Instant,
    mark: Instant,
    cpu: u64,
}

impl Pause {
    /// The program has just stopped.
    pub fn begin(kind: PauseKind, cause: Cause, birth: Instant) -> Pause {
        let cpu = thread_cpu_ns();
        let start = Instant::now();
        Pause {
            record: PauseRecord {
                kind,
                cause,
                start_ns: (start - birth).as_nanos() as u64,
                wall_ns: 0,
                cpu_ns: 0,
                phases: [(Phase::Prepare, 0); SPANS],
                spans: 0,
                bytes_before: 0,
                bytes_after: 0,
                objects_before: 0,
                objects_after: 0,
                committed: 0,
                work: 0,
            },
            start,
            mark: start,
            cpu,
        }
    }
    /// The program stopped earlier, when `first` began.
    pub fn since(mut self, first: Pause) -> Pause {
        self.record.start_ns = first.record.start_ns;
        (self.start, self.mark, self.cpu) = (first.start, first.mark, first.cpu);
        self
    }
    /// What was in use before.
    pub fn before(&mut self, bytes: usize, objects: usize) {
        self.record.bytes_before = bytes;
        self.record.objects_before = objects;
    }
    /// Slots and edges visited.
    pub fn work(&mut self, work: usize) {
        self.record.work += work;
    }
    /// `phase` has just ended; it began when the last one ended.
    pub fn phase(&mut self, phase: Phase) {
        let now = Instant::now();
        let ns = (now - self.mark).as_nanos() as u64;
        let record = &mut self.record;
        if record.spans < SPANS {
            record.phases[record.spans] = (phase, ns);
            record.spans += 1;
        } else {
            record.phases[SPANS - 1].1 += ns;
        }
        self.mark = now;
    }
    /// The program goes on.
    pub fn end(mut self, bytes: usize, objects: usize) -> PauseRecord {
        self.record.bytes_after = bytes;
        self.record.objects_after = objects;
        self.record.wall_ns = self.start.elapsed().as_nanos() as u64;
        self.record.cpu_ns = thread_cpu_ns() - self.cpu;
        self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_that_names_its_phases() {
        let mut p = Pause::begin(PauseKind::Minor, Cause::Nursery, Instant::now());
        p.before(4096, 12);
        std::hint::black_box((0..10_000).sum::<u64>());
        p.phase(Phase::Roots);
        let r = p.end(2048, 6);
        let line = r.to_string();
        assert!(
            line.contains("minor (nursery)") && line.contains("4K -> 2K, 12 -> 6 objects"),
            "{line}"
        );
        assert!(line.contains("roots") && !line.contains('\n'), "{line}");
        assert!(r.wall_ns >= r.phases().map(|p| p.1).sum());
    }
}
