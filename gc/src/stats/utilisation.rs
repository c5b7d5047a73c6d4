//! Minimum mutator utilisation: the smallest share of any window of a given
//! length that was left to the program. A short longest pause can hide a
//! starved program; this cannot.

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
}
