//! How fast the heap grows, and how fast a collection of the whole heap is: what
//! pacing by the square-root rule wants to know. Both are smoothed, each new
//! collection counting for half.

use super::pause::{PauseKind, PauseRecord};

/// What was measured of the collections of the whole heap so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// Bytes by which the heap grows in a second.
    growth: Option<f64>,
    /// Bytes that live after a collection, by the processor seconds it took.
    speed: Option<f64>,
    /// What lived after the last collection, and when that ended.
    live: usize,
    ended_ns: u64,
    /// A collection is under way: the processor time it took so far.
    cost_ns: u64,
    begun: bool,
    /// The stop in progress ends the collection, after which so much lives.
    ending: Option<usize>,
}

fn smooth(old: Option<f64>, new: f64) -> Option<f64> {
    Some(old.map_or(new, |old| (old + new) / 2.0))
}

impl Rates {
    /// Bytes by which the heap grows in a second of the clock, what dies young not
    /// counted if young objects are collected on their own; none: not known yet.
    pub fn growth(&self) -> Option<f64> {
        self.growth
    }
    /// Bytes that live, by the seconds of processor time (helpers' included) that
    /// finding them takes.
    pub fn speed(&self) -> Option<f64> {
        self.speed
    }
    /// The stop in progress ends a collection of the whole heap.
    pub(super) fn ends(&mut self, live: usize) {
        self.ending = Some(live)
    }
    /// A helper took so long for the collection under way.
    pub(super) fn helped(&mut self, cpu_ns: u64) {
        self.cost_ns += cpu_ns
    }
    /// A stop has ended.
    pub(super) fn add(&mut self, record: &PauseRecord) {
        use PauseKind::*;
        let begins = match record.kind {
            Snapshot => Some(record.bytes_after),
            Full | Switch | Slice => Some(record.bytes_before),
            _ => None,
        };
        if let Some(bytes) = begins
            && !self.begun
        {
            self.begun = true;
            self.begin(bytes, record.start_ns)
        }
        match record.kind {
            Snapshot | Full | Switch | FinalMark | Slice | Weak | Sweep | Assist | Stall => {
                self.cost_ns += record.cpu_ns
            }
            Minor | Epoch | Decrements | Cycles => {}
        }
        if let Some(live) = self.ending.take() {
            self.end(live, record.start_ns + record.wall_ns)
        }
    }
    fn begin(&mut self, bytes: usize, now_ns: u64) {
        let ns = now_ns.saturating_sub(self.ended_ns);
        if ns != 0 {
            let grown = bytes.saturating_sub(self.live);
            self.growth = smooth(self.growth, grown as f64 * 1e9 / ns as f64);
        }
    }
    fn end(&mut self, live: usize, now_ns: u64) {
        if self.cost_ns != 0 && live != 0 {
            self.speed = smooth(self.speed, live as f64 * 1e9 / self.cost_ns as f64);
        }
        *self = Rates {
            growth: self.growth,
            speed: self.speed,
            live,
            ended_ns: now_ns,
            ..Rates::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::pause::{Cause, Pause};
    use super::*;
    use std::time::Instant;

    const MB: usize = 1 << 20;

    fn record(
        kind: PauseKind,
        at_ms: u64,
        cpu_ms: u64,
        before: usize,
        after: usize,
    ) -> PauseRecord {
        let mut pause = Pause::begin(kind, Cause::Growth, Instant::now());
        pause.before(before, 0);
        let mut r = pause.end(after, 0);
        (r.start_ns, r.wall_ns, r.cpu_ns) =
            (at_ms * 1_000_000, cpu_ms * 1_000_000, cpu_ms * 1_000_000);
        r
    }

    fn close(a: Option<f64>, b: f64) {
        let a = a.expect("measured");
        assert!((a - b).abs() < b * 1e-9, "{a} instead of {b}");
    }

    #[test]
    fn collections_in_one_stop() {
        let mut rates = Rates::default();
        assert!(rates.growth().is_none() && rates.speed().is_none());
        // 10 MB in the first second; 4 MB are found alive in 2 ms.
        rates.ends(4 * MB);
        rates.add(&record(PauseKind::Full, 1000, 2, 10 * MB, 4 * MB));
        close(rates.growth(), (10 * MB) as f64);
        close(rates.speed(), (4 * MB) as f64 * 500.0);
        // 2 MB in the next 100 ms.
        rates.ends(4 * MB);
        rates.add(&record(PauseKind::Full, 1102, 4, 6 * MB, 4 * MB));
        close(rates.growth(), (15 * MB) as f64);
        close(rates.speed(), (4 * MB) as f64 * 375.0);
    }

    #[test]
    fn cycles_of_many_stops_and_helpers() {
        let mut rates = Rates::default();
        rates.add(&record(PauseKind::Minor, 500, 7, 9 * MB, 8 * MB));
        rates.add(&record(PauseKind::Snapshot, 1000, 1, 9 * MB, 8 * MB));
        close(rates.growth(), (8 * MB) as f64);
        rates.add(&record(PauseKind::Slice, 1001, 1, 8 * MB, 8 * MB));
        rates.helped(5_000_000);
        rates.add(&record(PauseKind::Minor, 1003, 9, 9 * MB, 8 * MB));
        rates.add(&record(PauseKind::FinalMark, 1004, 1, 9 * MB, 8 * MB));
        assert!(rates.speed().is_none());
        rates.ends(6 * MB);
        rates.add(&record(PauseKind::Sweep, 1010, 2, 8 * MB, 6 * MB));
        close(rates.speed(), (6 * MB) as f64 * 100.0);
    }
}
