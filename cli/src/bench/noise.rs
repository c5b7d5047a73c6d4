//! The machine's own noise: how long a thread that does nothing but look at the
//! clock is held up, by other programs, the system or the hypervisor. No pause
//! shorter than that says anything about a collector.

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::time::{Duration, Instant};

/// A gap longer than this is counted, in nanoseconds.
const COUNTED_NS: u64 = 100_000;

/// What a spinning thread saw by one clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Gaps {
    /// Gaps above 0.1 ms.
    pub over_100us: u64,
    /// Gaps above 0.5 ms.
    pub over_500us: u64,
    /// Gaps above 1 ms.
    pub over_1ms: u64,
    /// The longest.
    pub max_ms: f64,
}

/// What a spinning thread saw by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Noise {
    /// How long it looked.
    pub seconds: f64,
    /// By the clock on the wall.
    pub wall: Gaps,
    /// By the thread's own CPU time: on a virtual machine stolen time is part of it.
    pub cpu: Gaps,
}

impl Gaps {
    fn add(&mut self, ns: u64) {
        if ns > COUNTED_NS {
            self.over_100us += 1;
            self.over_500us += u64::from(ns > 500_000);
            self.over_1ms += u64::from(ns > 1_000_000);
        }
        self.max_ms = self.max_ms.max(ns as f64 / 1e6);
    }
    fn and(self, other: Gaps) -> Gaps {
        Gaps {
            over_100us: self.over_100us + other.over_100us,
            over_500us: self.over_500us + other.over_500us,
            over_1ms: self.over_1ms + other.over_1ms,
            max_ms: self.max_ms.max(other.max_ms),
        }
    }
}

impl Noise {
    /// Spins for so long on this thread.
    pub fn measure(time: Duration) -> Noise {
        let start = Instant::now();
        let (mut noise, mut last, mut last_cpu) = (Noise::default(), start, cpu_ns());
        while start.elapsed() < time {
            let (now, now_cpu) = (Instant::now(), cpu_ns());
            noise.wall.add((now - last).as_nanos() as u64);
            noise.cpu.add(now_cpu.saturating_sub(last_cpu));
            (last, last_cpu) = (now, now_cpu);
        }
        noise.seconds = start.elapsed().as_secs_f64();
        noise
    }
    /// Two measurements as one.
    pub fn and(self, other: Noise) -> Noise {
        Noise {
            seconds: self.seconds + other.seconds,
            wall: self.wall.and(other.wall),
            cpu: self.cpu.and(other.cpu),
        }
    }
    /// One sentence: how often it was held up, and for how long.
    pub fn render(&self) -> String {
        let clock = |gaps: &Gaps| {
            format!(
                "{} times for more than 0.1 ms, {} for more than 0.5, {} for more than 1, at most {:.2} ms",
                gaps.over_100us, gaps.over_500us, gaps.over_1ms, gaps.max_ms
            )
        };
        format!(
            "The machine's noise: in {:.1} s a thread that only looked at the clock was held up\n\
             on the wall {};\nof its own CPU time {}.\n",
            self.seconds,
            clock(&self.wall),
            clock(&self.cpu)
        )
    }
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted_by_length() {
        let mut gaps = Gaps::default();
        for ns in [50, 100_001, 600_000, 2_000_000] {
            gaps.add(ns);
        }
        let counts = |g: Gaps| (g.over_100us, g.over_500us, g.over_1ms, g.max_ms);
        assert_eq!(counts(gaps), (3, 2, 1, 2.0));
        assert_eq!(counts(gaps.and(gaps)), (6, 4, 2, 2.0));
    }

    #[test]
    fn spinning_takes_the_time_asked_for() {
        let noise = Noise::measure(Duration::from_millis(5));
        assert!(noise.seconds >= 0.005);
        assert!(noise.wall.max_ms > 0.0 && noise.wall.max_ms <= noise.seconds * 1e3);
        assert!(noise.render().contains("0.0 s"));
    }
}
