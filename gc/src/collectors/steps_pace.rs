//! Policy of marking in steps, by the parameters that Lua's incremental mode
//! has. Pure functions, apart from every mechanism.
//!
//! **The heap stays bounded.** Let L be what lived after the last cycle, D =
//! `due(L)`. A cycle begins when D bytes are in use. While it marks, `slots(n)`
//! slots are visited for n bytes allocated: with the usual parameters 6 slots,
//! 50 bytes of the heap, for each byte, so that marking L takes L/50 of new
//! allocation. With parameters that mark too little for that, the share marked
//! still keeps up with the share used of `room(L)`; so marking ends before the
//! heap exceeds D + `room(L)` and what limits on a step's time let pass.

use crate::pacer::MIN_GROWTH;

/// The parameters of Lua's incremental mode, as `collectgarbage` takes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepPace {
    /// A cycle begins when the heap is this percentage of what lived after the last.
    pub pause: i64,
    /// How much is marked for what is allocated; 100 is usual.
    pub stepmul: i64,
    /// Binary logarithm of the bytes allocated between two steps.
    pub stepsize: i64,
}

impl Default for StepPace {
    fn default() -> StepPace {
        StepPace {
            pause: 200,
            stepmul: 100,
            stepsize: 13,
        }
    }
}

/// Bytes allocated for which `stepmul` slots are visited.
const UNIT: usize = 16;

impl StepPace {
    fn percent(self) -> usize {
        self.pause.clamp(0, 1000) as usize
    }
    fn multiplier(self) -> usize {
        self.stepmul.clamp(1, 1000) as usize
    }
    /// Bytes in use at which a cycle begins, given what lived after the last.
    /// Small heaps wait for some growth, unless the program wants no pause.
    pub fn due(self, live: usize) -> usize {
        let extra = self.percent().saturating_sub(100);
        let grown = (live as u128 * extra as u128 / 100) as usize;
        let least = (MIN_GROWTH / 100).saturating_mul(extra).min(MIN_GROWTH);
        live.saturating_add(grown.max(least))
    }
    /// Bytes that the heap may grow by while a cycle marks.
    pub fn room(self, live: usize) -> usize {
        (live / 2).max(MIN_GROWTH)
    }
    /// Bytes allocated between two steps.
    pub fn step(self) -> usize {
        1 << self.stepsize.clamp(10, 40)
    }
    /// Slots to visit for `bytes` allocated.
    pub fn slots(self, bytes: usize) -> usize {
        (bytes / UNIT).saturating_mul(self.multiplier())
    }
    /// Nanoseconds that a step may take. A program that asks for larger steps
    /// than usual gets longer ones.
    pub fn time(self, goal_ns: u64) -> u64 {
        let usual = StepPace::default();
        let times = self.slots(self.step()) / usual.slots(usual.step());
        (goal_ns / 2).saturating_mul(times.max(1) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: usize = 1 << 20;

    fn pace(pause: i64, stepmul: i64, stepsize: i64) -> StepPace {
        StepPace {
            pause,
            stepmul,
            stepsize,
        }
    }

    #[test]
    fn when_a_cycle_begins() {
        for (pause, live, want) in [
            (200, 100 * M, 200 * M),
            (150, 100 * M, 150 * M),
            (100, 100 * M, 100 * M),
            (0, 100 * M, 100 * M),
            (-5, M, M),
            (200, 0, 100 * (MIN_GROWTH / 100)),
            (110, 0, 10 * (MIN_GROWTH / 100)),
            (100_000, 10 * M, 100 * M),
        ] {
            assert_eq!(pace(pause, 100, 13).due(live), want, "{pause} {live}");
        }
        assert_eq!(pace(1000, 1, 1).due(usize::MAX), usize::MAX);
    }

    #[test]
    fn how_large_a_step_is() {
        for (stepmul, stepsize, bytes, slots, times) in [
            (100, 13, 8 << 10, 51_200, 1),
            (200, 13, 8 << 10, 102_400, 2),
            (0, 0, 1 << 10, 64, 1),
            (100, 20, M, 6_553_600, 128),
            (5000, 13, 8 << 10, 512_000, 10),
            (100, i64::MAX, 1 << 40, 6_871_947_673_600, 134_217_728),
        ] {
            let p = pace(200, stepmul, stepsize);
            assert_eq!(p.step(), bytes);
            assert_eq!(p.slots(p.step()), slots);
            assert_eq!(p.time(1000), 500 * times);
        }
    }
}
