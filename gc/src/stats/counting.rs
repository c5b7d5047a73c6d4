//! What a reference counting collector has done.

/// Sums since the collector began.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counting {
    /// Epochs.
    pub epochs: u64,
    /// References counted.
    pub increments: u64,
    /// Decrements worked off.
    pub decrements: u64,
    /// Objects freed because their count fell to zero. Those that die young are
    /// never counted, and not among them.
    pub freed_by_count: u64,
    /// Objects freed by trial deletion.
    pub freed_by_trial: u64,
    /// Stuck objects: garbage that counts and trials had left, freed by traces in slices.
    pub freed_by_trace: u64,
    /// Candidates for trial deletion that were tried.
    pub candidates: u64,
    /// Trials.
    pub trials: u64,
    /// Traces in slices that came to their end.
    pub traces: u64,
    /// Processor time spent on counting in epochs, in nanoseconds.
    pub counting_ns: u64,
    /// On decrements and what dies by them.
    pub deaths_ns: u64,
    /// On trials.
    pub trials_ns: u64,
    /// On traces in slices.
    pub traces_ns: u64,
}
