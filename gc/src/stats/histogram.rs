//! Distributions of durations, over all pauses and by kind.

use super::pause::{PauseKind, PauseRecord};
use hdrhistogram::Histogram;

/// Durations in nanoseconds, counted with a precision of three digits.
#[derive(Clone)]
pub struct Distribution {
    histogram: Histogram<u32>,
    total_ns: u64,
    max_ns: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three digits are a valid precision");
        Distribution {
            histogram,
            total_ns: 0,
            max_ns: 0,
        }
    }
}

/// What a distribution comes to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Summary {
    /// Number of pauses.
    pub count: u64,
    /// Sum, in nanoseconds.
    pub total_ns: u64,
    /// Mean.
    pub mean_ns: f64,
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// The longest, exactly.
    pub max_ns: u64,
}

impl Distribution {
    /// Counts a duration.
    pub fn add(&mut self, ns: u64) {
        // It grows as needed; a duration of more than centuries is not counted.
        let _ = self.histogram.record(ns);
        self.total_ns += ns;
        self.max_ns = self.max_ns.max(ns);
    }
    /// Number of durations.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }
    /// Their sum.
    pub fn total_ns(&self) -> u64 {
        self.total_ns
    }
    /// The underlying histogram.
    pub fn histogram(&self) -> &Histogram<u32> {
        &self.histogram
    }
    /// What was counted since `earlier`, a copy of this distribution as it was
    /// then. The longest of these durations is known to three digits.
    pub fn since(&self, earlier: &Distribution) -> Distribution {
        let mut histogram = self.histogram.clone();
        // It holds all that the earlier one does, so nothing is missing.
        let _ = histogram.subtract(&earlier.histogram);
        Distribution {
            max_ns: histogram.max().min(self.max_ns),
            total_ns: self.total_ns - earlier.total_ns,
            histogram,
        }
    }
    /// Its figures.
    pub fn summary(&self) -> Summary {
        let h = &self.histogram;
        let count = h.len();
        if count == 0 {
            return Summary::default();
        }
        let quantile = |q| h.value_at_quantile(q).min(self.max_ns);
        Summary {
            count,
            total_ns: self.total_ns,
            mean_ns: self.total_ns as f64 / count as f64,
            p50_ns: quantile(0.5),
            p90_ns: quantile(0.9),
            p99_ns: quantile(0.99),
            p999_ns: quantile(0.999),
            max_ns: self.max_ns,
        }
    }
}

/// Distributions of wall-clock and thread-CPU time.
#[derive(Default)]
struct Pair {
    wall: Distribution,
    cpu: Distribution,
}

impl Pair {
    fn add(&mut self, r: &PauseRecord) {
        self.wall.add(r.wall_ns);
        self.cpu.add(r.cpu_ns);
    }
}

/// Sums pauses up.
#[derive(Default)]
pub struct Recorder {
    all: Pair,
    kinds: Vec<(PauseKind, Pair)>,
}

impl Recorder {
    /// Counts a pause.
    pub fn add(&mut self, r: &PauseRecord) {
        self.all.add(r);
        match self.kinds.iter_mut().find(|k| k.0 == r.kind) {
            Some((_, pair)) => pair.add(r),
            None => {
                let mut pair = Pair::default();
                pair.add(r);
                self.kinds.push((r.kind, pair));
            }
        }
    }
    /// All pauses: wall-clock, thread-CPU.
    pub fn all(&self) -> (Summary, Summary) {
        (self.all.wall.summary(), self.all.cpu.summary())
    }
    /// By kind.
    pub fn by_kind(&self) -> Vec<(PauseKind, Summary, Summary)> {
        self.kinds
            .iter()
            .map(|(k, p)| (*k, p.wall.summary(), p.cpu.summary()))
            .collect()
    }
    /// The distributions of all pauses.
    pub fn distributions(&self) -> (&Distribution, &Distribution) {
        (&self.all.wall, &self.all.cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_known_distribution() {
        let mut d = Distribution::default();
        assert_eq!(d.summary(), Summary::default());
        for i in 1..=1000 {
            d.add(i * 1000);
        }
        let s = d.summary();
        assert_eq!(
            (s.count, s.total_ns, s.max_ns),
            (1000, 500_500_000, 1_000_000)
        );
        for (got, want) in [
            (s.p50_ns, 500_000),
            (s.p90_ns, 900_000),
            (s.p99_ns, 990_000),
            (s.p999_ns, 999_000),
        ] {
            assert!(
                (got as f64 / want as f64 - 1.0).abs() < 0.002,
                "{got} {want}"
            );
        }
    }

    #[test]
    fn what_came_later() {
        let mut d = Distribution::default();
        d.add(9_000_000);
        let earlier = d.clone();
        assert_eq!(d.since(&earlier).summary(), Summary::default());
        d.add(1000);
        d.add(3000);
        let s = d.since(&earlier).summary();
        assert_eq!((s.count, s.total_ns), (2, 4000));
        assert!(s.max_ns.abs_diff(3000) <= 6, "{}", s.max_ns);
    }
}
