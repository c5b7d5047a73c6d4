//! The pseudo-random numbers of `math.random`: xoshiro256**, seeded and projected exactly as in the
//! reference implementation, so that a seed gives the same numbers.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// The generator's state; natives share one through an upvalue.
#[derive(Debug)]
pub(crate) struct Generator {
    state: Cell<[u64; 4]>,
}

impl Generator {
    /// A generator with an unpredictable seed.
    pub(crate) fn new() -> Self {
        let generator = Generator {
            state: Cell::new([0; 4]),
        };
        let (a, b) = entropy();
        generator.seed(a, b);
        generator
    }

    /// Starts the sequence that belongs to a seed of two words.
    pub(crate) fn seed(&self, a: u64, b: u64) {
        // The constant keeps the state from being all zeros.
        self.state.set([a, 0xff, b, 0]);
        for _ in 0..16 {
            self.next();
        }
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        let [s0, s1, s2, s3] = self.state.get();
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (s2, s3) = (s2 ^ s0, s3 ^ s1);
        self.state
            .set([s0 ^ s3, s1 ^ s2, s2 ^ (s1 << 17), s3.rotate_left(45)]);
        result
    }

    /// A float in [0, 1), from 53 random bits.
    #[inline]
    pub(crate) fn float(&self) -> f64 {
        const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 * SCALE
    }

    /// An integer in [low, high], made of `random` or, where that does not fall into the interval's
    /// power of two, of further numbers. All values are equally likely.
    #[inline]
    pub(crate) fn between(&self, low: i64, high: i64, mut random: u64) -> i64 {
        let size = (high as u64).wrapping_sub(low as u64);
        let limit = match size {
            0 => 0,
            _ => u64::MAX >> size.leading_zeros(),
        };
        random &= limit;
        while random > size {
            random = self.next() & limit;
        }
        random.wrapping_add(low as u64) as i64
    }
}

/// Two words that differ from run to run: the time, and the keys that the system gives a hash map.
pub(crate) fn entropy() -> (u64, u64) {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64);
    (time, RandomState::new().hash_one(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequences_are_those_of_the_reference() {
        // From lua5.4: math.randomseed(42); print(math.random(0)) ...
        let generator = Generator::new();
        generator.seed(42, 0);
        let expected = REFERENCE_42;
        for n in expected {
            assert_eq!(generator.next() as i64, n);
        }
        generator.seed(1007, 0);
        // The official test suite checks this very number.
        assert_eq!(generator.next(), 0x7a7040a5a323c9d6);
    }

    const REFERENCE_42: [i64; 3] = [
        -1276290044721465627,
        8333941968102511665,
        -8358531260401861301,
    ];

    #[test]
    fn intervals_are_kept() {
        let generator = Generator::new();
        for (low, high) in [
            (0, 0),
            (1, 6),
            (-3, 3),
            (i64::MIN, i64::MAX),
            (i64::MAX - 1, i64::MAX),
        ] {
            for _ in 0..100 {
                let n = generator.between(low, high, generator.next());
                assert!(low <= n && n <= high);
            }
        }
        for _ in 0..1000 {
            let x = generator.float();
            assert!((0.0..1.0).contains(&x));
        }
    }
}
