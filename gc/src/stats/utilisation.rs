//! Minimum mutator utilisation: the smallest share of any window of a given
//! length that was left to the program. A short longest pause can hide a
//! starved program; this cannot.

use std::collections::VecDeque;

/// The minimum utilisation over windows of `window_ns` within a run of
/// `run_ns`, given pauses as (start, duration) in order of start.
///
/// The minimum is reached by a window that begins where a pause begins or ends
/// where one ends, so only those are looked at.
pub fn minimum_utilisation(pauses: &[(u64, u64)], run_ns: u64, window_ns: u64) -> f64 {
    if window_ns == 0 || run_ns == 0 {
        return if pauses.is_empty() { 1.0 } else { 0.0 };
    }
    let window = window_ns.min(run_ns);
    let mut sums = Vec::with_capacity(pauses.len() + 1);
    sums.push(0);
    for &(_, d) in pauses {
        sums.push(sums[sums.len() - 1] + d);
    }
    // Pause time before the instant `t`.
    let before = |t: u64| {
        let i = pauses.partition_point(|p| p.0 < t);
        let last = i
            .checked_sub(1)
            .map_or(0, |j| (pauses[j].0 + pauses[j].1).saturating_sub(t));
        sums[i] - last
    };
    let mut most = 0;
    for &(start, duration) in pauses {
        for from in [start, (start + duration).saturating_sub(window)] {
            let from = from.min(run_ns - window);
            most = most.max(before(from + window) - before(from));
        }
    }
    1.0 - most as f64 / window as f64
}

/// The same while the run goes on, for a fixed set of windows: only the pauses
/// of the longest window back are kept.
///
/// Windows that end where a pause ends are enough: moving any other one there,
/// to the left or to the right, loses no pause time.
pub struct UtilisationMeter {
    windows: Vec<Window>,
    recent: VecDeque<Recent>,
    /// Pauses dropped from the front of `recent`.
    dropped: usize,
    /// Pause time so far.
    total_ns: u64,
}

struct Window {
    length_ns: u64,
    /// Number of the first pause that reaches into the window.
    first: usize,
    /// Most pause time in any window so far.
    most_ns: u64,
}

/// A pause, with the pause time before it.
struct Recent {
    start_ns: u64,
    end_ns: u64,
    before_ns: u64,
}

impl UtilisationMeter {
    /// A meter for windows of these lengths, in nanoseconds.
    pub fn new(windows_ns: &[u64]) -> UtilisationMeter {
        let window = |&length_ns: &u64| Window {
            length_ns: length_ns.max(1),
            first: 0,
            most_ns: 0,
        };
        UtilisationMeter {
            windows: windows_ns.iter().map(window).collect(),
            recent: VecDeque::new(),
            dropped: 0,
            total_ns: 0,
        }
    }
    /// Counts a pause that began after the last one had ended.
    pub fn add(&mut self, start_ns: u64, length_ns: u64) {
        let end_ns = start_ns + length_ns;
        self.recent.push_back(Recent {
            start_ns,
            end_ns,
            before_ns: self.total_ns,
        });
        self.total_ns += length_ns;
        let mut needed = self.dropped + self.recent.len();
        for window in &mut self.windows {
            let from = end_ns.saturating_sub(window.length_ns);
            while self.recent[window.first - self.dropped].end_ns < from {
                window.first += 1;
            }
            let first = &self.recent[window.first - self.dropped];
            let outside = from.saturating_sub(first.start_ns);
            let inside = self.total_ns - first.before_ns - outside;
            window.most_ns = window.most_ns.max(inside);
            needed = needed.min(window.first);
        }
        self.recent.drain(..needed - self.dropped);
        self.dropped = needed;
    }
    /// The minimum utilisation for each window, as (length, share), of a run of
    /// so many nanoseconds. For a window longer than the run it is the run's.
    pub fn minimum(&self, run_ns: u64) -> impl Iterator<Item = (u64, f64)> {
        self.windows.iter().map(move |w| {
            let length = w.length_ns.min(run_ns.max(1));
            let share = 1.0 - w.most_ns.min(length) as f64 / length as f64;
            (w.length_ns, share)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_made_cases() {
        type Pauses = &'static [(u64, u64)];
        let cases: &[(Pauses, u64, u64, f64)] = &[
            (&[], 1000, 100, 1.0),
            (&[(100, 50)], 1000, 100, 0.5),
            (&[(100, 50)], 1000, 50, 0.0),
            (&[(100, 50), (160, 40)], 1000, 100, 0.1),
            (&[(100, 10), (120, 10), (140, 10)], 1000, 50, 0.4),
            (&[(0, 100)], 1000, 5000, 0.9),
            (&[(950, 50)], 1000, 100, 0.5),
        ];
        for &(pauses, run, window, want) in cases {
            let got = minimum_utilisation(pauses, run, window);
            assert!(
                (got - want).abs() < 1e-9,
                "{pauses:?} {window}: {got} instead of {want}"
            );
        }
    }

    #[test]
    fn the_meter_agrees_with_the_definition() {
        let windows = [1_000, 5_000, 20_000, 1_000_000];
        let mut random = 12345_u64;
        let mut next = |n: u64| {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1);
            (random >> 33) % n
        };
        for round in 0..50 {
            let mut meter = UtilisationMeter::new(&windows);
            let (mut pauses, mut now) = (Vec::new(), 0);
            for _ in 0..200 {
                now += next(if round % 2 == 0 { 100 } else { 3_000 });
                let length = 1 + next(500);
                meter.add(now, length);
                pauses.push((now, length));
                now += length;
            }
            let run = now + 30_000;
            for (window, got) in meter.minimum(run) {
                let want = minimum_utilisation(&pauses, run, window);
                assert!(
                    (got - want).abs() < 1e-9,
                    "{window}: {got} instead of {want}"
                );
            }
            assert!(meter.recent.len() <= 200);
        }
    }

    #[test]
    fn the_meter_forgets_what_no_window_needs() {
        let mut meter = UtilisationMeter::new(&[1_000, 10_000]);
        for i in 0..10_000 {
            meter.add(i * 100, 10);
            assert!(meter.recent.len() <= 102);
        }
        let shares: Vec<_> = meter.minimum(1_000_000).collect();
        assert_eq!(shares.len(), 2);
        assert!((shares[0].1 - 0.89).abs() < 0.011, "{shares:?}");
    }
}
