//! The clock by which stops of `refcount` are cut short: the thread's processor
//! time, or, in stress mode, a count of the looks at it, so that where a stop ends
//! depends on the seed alone.

use crate::mark::Budget;
use crate::stats::pause::thread_cpu_ns;
use std::cell::Cell;

/// Nanoseconds, from an arbitrary beginning.
pub(crate) struct Clock {
    /// In stress mode: its time, and the random numbers by which it goes on.
    stress: Option<(Cell<u64>, Cell<u32>)>,
}

impl Clock {
    /// The clock of stress mode or not, with this seed.
    pub fn new(stress: bool, seed: u32) -> Clock {
        let random = 0x2545_F491 ^ seed.wrapping_mul(0x85EB_CA6B);
        let random = Cell::new(random.max(1));
        Clock {
            stress: stress.then(|| (Cell::new(1), random)),
        }
    }
    /// The time now.
    pub fn now(&self) -> u64 {
        let Some((time, random)) = &self.stress else {
            return thread_cpu_ns();
        };
        let mut r = random.get();
        r ^= r << 13;
        r ^= r >> 17;
        r ^= r << 5;
        random.set(r);
        // Mostly a little, now and then a lot.
        let step = u64::from(r >> 8) % (1 << (r % 14));
        time.set(time.get() + step);
        time.get()
    }
    /// As `Budget::new`; in stress mode a nanosecond is a slot.
    pub fn budget(&self, slots: usize, ns: u64) -> Budget {
        match self.stress {
            None => Budget::new(slots, ns),
            Some(_) if ns == u64::MAX => Budget::new(slots, ns),
            Some(_) => Budget::new(slots.min(ns as usize), u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stress_mode_goes_by_its_seed() {
        let times = |seed| {
            let clock = Clock::new(true, seed);
            (0..100).map(|_| clock.now()).collect::<Vec<_>>()
        };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
        assert!(times(3).is_sorted());
        let clock = Clock::new(true, 0);
        let mut budget = clock.budget(100, 7);
        budget.spend(7);
        assert!(budget.is_spent());
        assert!(clock.budget(5, 0).is_spent());
        assert!(!clock.budget(5, u64::MAX).is_spent());
    }
}
