//! What a run shows over time: how much memory it held on average, and what
//! share of any stretch of time was left to the program.

use super::pause::PauseRecord;
use super::utilisation::UtilisationMeter;

/// The windows of which the minimum utilisation is told, in milliseconds.
const WINDOWS_MS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/// Follows a run by its pauses, in bounded memory.
pub struct Course {
    live: Mean,
    committed: Mean,
    utilisation: UtilisationMeter,
}

/// The mean over time of a quantity that is known at some instants and changes
/// evenly between them.
#[derive(Default)]
struct Mean {
    at_ns: u64,
    value: f64,
    /// Value times nanoseconds.
    area: f64,
}

impl Mean {
    /// The quantity is `value` now.
    fn to(&mut self, now_ns: u64, value: usize) {
        self.area = self.area_at(now_ns, value as f64);
        self.at_ns = self.at_ns.max(now_ns);
        self.value = value as f64;
    }
    /// The mean up to an end at which the quantity is `value`.
    fn at(&self, end_ns: u64, value: usize) -> u64 {
        (self.area_at(end_ns, value as f64) / end_ns.max(self.at_ns).max(1) as f64) as u64
    }
    /// The mean up to an end until which the quantity did not change any more.
    fn until(&self, end_ns: u64) -> u64 {
        self.at(end_ns, self.value as usize)
    }
    fn area_at(&self, now_ns: u64, value: f64) -> f64 {
        let passed = now_ns.saturating_sub(self.at_ns) as f64;
        self.area + passed * (self.value + value) / 2.0
    }
}

impl Course {
    /// A run that begins now.
    pub fn new() -> Course {
        Course {
            live: Mean::default(),
            committed: Mean::default(),
            utilisation: UtilisationMeter::new(&WINDOWS_MS.map(|ms| ms * 1_000_000)),
        }
    }
    /// Counts a pause.
    pub fn add(&mut self, record: &PauseRecord) {
        let end_ns = record.start_ns + record.wall_ns;
        self.live.to(record.start_ns, record.bytes_before);
        self.live.to(end_ns, record.bytes_after);
        self.committed.to(end_ns, record.committed);
        self.utilisation.add(record.start_ns, record.wall_ns);
    }
    /// The mean over time of the bytes in use, of a run that took `run_ns` and
    /// has `live` of them in the end.
    pub fn average_heap(&self, run_ns: u64, live: usize) -> u64 {
        self.live.at(run_ns, live)
    }
    /// The mean over time of the bytes committed.
    pub fn average_committed(&self, run_ns: u64) -> u64 {
        self.committed.until(run_ns)
    }
    /// For each window, in nanoseconds, the least share of it that was left to
    /// the program.
    pub fn utilisation(&self, run_ns: u64) -> impl Iterator<Item = (u64, f64)> {
        self.utilisation.minimum(run_ns)
    }
}

impl Default for Course {
    fn default() -> Course {
        Course::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_over_time() {
        let mut mean = Mean::default();
        mean.to(100, 200); // 0 to 200
        mean.to(100, 50);
        mean.to(300, 150); // 50 to 150
        assert_eq!(mean.until(300), (100 * 100 + 200 * 100) / 300);
        assert_eq!(mean.until(600), (30_000 + 300 * 150) / 600);
        assert_eq!(mean.at(400, 50), (30_000 + 100 * 100) / 400);
        assert_eq!(Mean::default().until(0), 0);
    }
}
