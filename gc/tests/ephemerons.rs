//! Chains through ephemerons under seeded schedules: each key is reached only
//! through the value before it, while the marker advances in the midst of the
//! program, the program finds keys again by weak reads, and helpers mark.

mod toy;

use moonsweep_gc::{GcKind, Options};
use toy::*;

/// Chains in the one ephemeron object, and entries of each.
const CHAINS: usize = 12;
const LENGTH: usize = 6;
/// Roots that keys are held by.
const HELD: usize = 5;
/// An entry's index and its key's or value's generation, as an id.
const GENERATION: u32 = 1000;

struct World {
    m: Machine<false>,
    owner: moonsweep_gc::Obj,
    rng: Random,
    generation: u32,
    /// What each chain was filled with last.
    filled: [u32; CHAINS],
}

impl World {
    fn new(options: Options, seed: u64) -> World {
        let mut m = Machine::new(options);
        let owner = m.alloc(EPHEMERON, 0, 2 * CHAINS * LENGTH);
        m.roots.stack = vec![None; HELD];
        m.roots.stack.push(Some(owner));
        World {
            m,
            owner,
            rng: Random(seed),
            generation: 0,
            filled: [0; CHAINS],
        }
    }
    fn hold(&mut self, key: Option<moonsweep_gc::Obj>) {
        let at = self.rng.below(HELD);
        self.m.roots.stack[at] = key;
    }
    /// New keys and values for a chain of which nothing is left.
    fn fill(&mut self, chain: usize) {
        let first = chain * LENGTH;
        if (first..first + LENGTH).any(|i| get(self.owner, 2 * i).is_some()) {
            return;
        }
        self.generation += 1;
        self.filled[chain] = self.generation;
        let mut value: Option<moonsweep_gc::Obj> = None;
        for l in 0..LENGTH {
            let id = self.generation * GENERATION + (first + l) as u32;
            let key = self.m.alloc(NODE, id, 1);
            match value {
                None => self.hold(Some(key)),
                Some(before) => self.m.set(before, 0, Some(key)),
            }
            let next = self.m.alloc(NODE, id, 1);
            self.m.set(self.owner, 2 * (first + l), Some(key));
            self.m.set(self.owner, 2 * (first + l) + 1, Some(next));
            value = Some(next);
        }
    }
    /// What is held is there, and all that follows it.
    fn check(&self) {
        for key in self.m.roots.stack[..HELD].iter().flatten() {
            let (generation, i) = (id(*key) / GENERATION, (id(*key) % GENERATION) as usize);
            assert_eq!(self.filled[i / LENGTH], generation);
            for at in i..(i / LENGTH + 1) * LENGTH {
                let want = Some(generation * GENERATION + at as u32);
                for field in [2 * at, 2 * at + 1] {
                    let got = get(self.owner, field);
                    assert!(got.is_none_or(|o| self.m.heap.inspect(o).allocated));
                    assert_eq!(got.map(id), want, "entry {at}, held from {i}");
                }
            }
        }
    }
    fn step(&mut self) {
        match self.rng.below(12) {
            0 => {
                let chain = self.rng.below(CHAINS);
                self.fill(chain)
            }
            1 | 2 => {
                let i = self.rng.below(CHAINS * LENGTH);
                if let Some(key) = self.m.read(self.owner, 2 * i) {
                    self.hold(Some(key))
                }
            }
            3 => self.hold(None),
            _ => {
                // A store that the barrier hears of, and some garbage.
                let at = self.rng.below(HELD);
                if let Some(key) = self.m.roots.stack[at]
                    && let Some(value) = self
                        .m
                        .read(self.owner, 2 * (id(key) % GENERATION) as usize + 1)
                {
                    let next = get(value, 0);
                    self.m.set(value, 0, next)
                }
                self.m.alloc(LEAF, 0, 0);
            }
        }
    }
}

fn run(options: Options, seed: u64) -> usize {
    let mut w = World::new(options, seed);
    let mut cycles = 0;
    for _ in 0..3000 {
        w.step();
        let marking = w.m.heap.is_marking();
        w.m.safepoint();
        if marking && !w.m.heap.is_marking() {
            cycles += 1;
            w.check();
        }
    }
    w.m.collect_full();
    w.check();
    w.m.heap.verify(&mut w.m.roots).unwrap();
    cycles
}

fn seeds() -> u64 {
    let asked = std::env::var("GC_SEEDS").ok().and_then(|s| s.parse().ok());
    asked.unwrap_or(if cfg!(debug_assertions) { 1 } else { 6 })
}

#[test]
fn chains_under_a_seeded_schedule() {
    let mut cycles = 0;
    for seed in 0..20 * seeds() {
        let o = Options {
            gc: GcKind::Generational,
            stress: 1 + seed as u32 % 3,
            seed: seed as u32,
            verify: seed % 4 == 0,
            ..Options::default()
        };
        cycles += run(o, seed);
    }
    assert!(cycles as u64 > 20 * seeds(), "{cycles} cycles");
}

#[test]
fn chains_beside_helpers() {
    for seed in 0..5 * seeds() {
        let o = Options {
            gc: GcKind::Generational,
            stress: 1 + seed as u32 % 3,
            seed: seed as u32,
            threads: 2,
            verify: seed % 4 == 0,
            ..Options::default()
        };
        run(o, seed);
    }
}
