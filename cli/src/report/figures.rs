//! The figures of one run, as `--gc-stats-json` writes them and `moonsweep
//! bench` reads them back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The lengths of a set of pauses, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    /// How many pauses.
    pub count: u64,
    /// All of them together, in milliseconds like everything below.
    pub total_ms: f64,
    /// The mean, 0 without pauses.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// Nine of ten are at most this long.
    pub p90_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// 999 of 1000.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// The same pauses by two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clocks {
    /// Monotonic time: what a user waits.
    pub wall: Lengths,
    /// CPU time of the program's own thread: what the collector is to blame for.
    pub cpu: Lengths,
}

/// Work of helper threads beside the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Concurrent {
    /// Stretches of uninterrupted work.
    pub count: u64,
    /// Their time by the monotonic clock; of two helpers at once, both.
    pub wall_s: f64,
    /// Their CPU time.
    pub cpu_s: f64,
}

/// How often something happened, and how long it took together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// All together, by the monotonic clock.
    pub wall_s: f64,
}

/// The least share of any window of this length that was left to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Utilisation {
    /// The window's length.
    pub window_ms: u64,
    /// Between 0 and 1.
    pub share: f64,
}

/// What a reference counting collector did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counting {
    /// Epochs.
    pub epochs: u64,
    /// References counted.
    pub increments: u64,
    /// Decrements worked off.
    pub decrements: u64,
    /// Old objects freed because their count fell to zero.
    pub freed_by_count: u64,
    /// Objects freed by trial deletion.
    pub freed_by_trial: u64,
    /// Stuck objects, which counts and trials had left, freed by traces in slices.
    pub freed_by_trace: u64,
    /// Candidates for trial deletion that were tried.
    pub candidates: u64,
    /// Trials.
    pub trials: u64,
    /// Traces in slices that came to their end.
    pub traces: u64,
    /// CPU time spent on counting.
    pub counting_s: f64,
    /// On decrements and what dies by them.
    pub deaths_s: f64,
    /// On trials.
    pub trials_s: f64,
    /// On traces in slices.
    pub traces_s: f64,
}

/// One run of one program under one collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The collector's name, as `--gc` takes it.
    pub collector: String,
    /// From the program's start to its end.
    pub wall_s: f64,
    /// CPU time of the whole process.
    pub cpu_s: f64,
    /// Of that, helper threads' work.
    pub helper_cpu_s: f64,
    /// Time in collection: all pauses together, by the monotonic clock.
    pub gc_s: f64,
    /// The kernel's high-water mark of resident memory.
    pub peak_rss_bytes: u64,
    /// The most memory the heap held.
    pub peak_heap_bytes: u64,
    /// The mean over time of what it held.
    pub average_heap_bytes: u64,
    /// The most memory the heap had from the system.
    pub peak_committed_bytes: u64,
    /// The mean over time of that.
    pub average_committed_bytes: u64,
    /// What was in use at the end.
    pub live_bytes: u64,
    /// Every pause.
    pub pauses: Clocks,
    /// The same by the kind of pause.
    pub by_kind: BTreeMap<String, Clocks>,
    /// What was done beside the running program.
    pub concurrent: Concurrent,
    /// Minimum mutator utilisation by the monotonic clock.
    pub mmu: Vec<Utilisation>,
    /// How often the write barrier left its fast path.
    pub barrier_slow_paths: u64,
    /// Finalizers run.
    pub finalizers: Tally,
    /// What the reference counting collector did, if it was at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
}

/// The pauses of one run, counted by length, as `--gc-histogram` writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// By wall time: `[nanoseconds, count]`.
    pub wall: Vec<(u64, u64)>,
    /// By CPU time of the program's thread: `[nanoseconds, count]`.
    pub cpu: Vec<(u64, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_has_exactly_the_documented_keys() {
        let mut figures = Figures::default();
        figures.by_kind.insert("minor".into(), Clocks::default());
        let json = serde_json::to_value(&figures).unwrap();
        let keys = |v: &serde_json::Value| {
            let mut keys: Vec<String> = v.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys.join(" ")
        };
        assert_eq!(
            keys(&json),
            "average_committed_bytes average_heap_bytes barrier_slow_paths by_kind collector \
             concurrent cpu_s finalizers gc_s helper_cpu_s live_bytes mmu pauses \
             peak_committed_bytes peak_heap_bytes peak_rss_bytes wall_s"
        );
        assert_eq!(keys(&json["concurrent"]), "count cpu_s wall_s");
        assert_eq!(keys(&json["finalizers"]), "count wall_s");
        assert_eq!(keys(&json["pauses"]), "cpu wall");
        assert_eq!(keys(&json["by_kind"]["minor"]), "cpu wall");
        assert_eq!(
            keys(&json["pauses"]["cpu"]),
            "count max_ms mean_ms p50_ms p90_ms p999_ms p99_ms total_ms"
        );
        let back: Figures = serde_json::from_value(json).unwrap();
        assert_eq!(back, figures);
    }
}
