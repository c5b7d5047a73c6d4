//! Objects that keep the keys of some pairs and not of others, by what is in
//! another slot: under every collector nothing is freed too early, and by count
//! nothing is kept too long.

mod toy;

use moonsweep_gc::{GcKind, Obj, Options, Size};
use toy::*;

/// Whether the whole heap may be marked beside the program.
fn beside(seed: u64) -> bool {
    seed % 8 >= 4
}

/// A value that is no reference.
const PLAIN: u64 = 1;
/// Pairs of a small owner, and of one whose stores are remembered one by one.
const PAIRS: [usize; 2] = [5, 200];

/// What a pair should hold: its key and, if that is a reference, its value.
type Pair = Option<(u32, Option<u32>)>;

struct Table {
    obj: Obj,
    pairs: Vec<Pair>,
}

struct World {
    m: Machine<false>,
    rng: Random,
    tables: Vec<Table>,
    id: u32,
}

impl World {
    fn new(gc: GcKind, seed: u64) -> World {
        let mut m = Machine::new(Options {
            gc,
            stress: seed as u32 % 4,
            verify: true,
            nursery: Size(64 << 10),
            concurrent: beside(seed),
            ..Options::default()
        });
        let mut tables = Vec::new();
        for n in PAIRS {
            let obj = m.alloc(ENTRIES, 1, 2 * n);
            m.roots.stack.push(Some(obj));
            let pairs = vec![None; n];
            tables.push(Table { obj, pairs })
        }
        World {
            m,
            rng: Random(seed),
            tables,
            id: 1,
        }
    }
    fn node(&mut self) -> Obj {
        self.id += 1;
        self.m.alloc(NODE, self.id, 1)
    }
    fn step(&mut self) {
        let t = self.rng.below(self.tables.len());
        // Mostly the same few pairs, so that they change more than once an epoch.
        let few = if self.rng.one_in(2) { 4 } else { PAIRS[t] };
        let i = self.rng.below(few);
        let obj = self.tables[t].obj;
        let key = if self.tables[t].pairs[i].is_none() || self.rng.one_in(3) {
            Some(self.node())
        } else {
            None
        };
        let value = if self.rng.one_in(2) {
            Some(self.node())
        } else {
            None
        };
        let pair = &mut self.tables[t].pairs[i];
        if pair.is_some() && self.rng.one_in(3) {
            self.m.set_pair(obj, i, None, NIL);
            *pair = None;
        } else {
            let key_id = key.map(id).or(pair.map(|p| p.0)).unwrap();
            let word = value.map_or(PLAIN, |v| to_word(Some(v)));
            self.m.set_pair(obj, i, key, word);
            *pair = Some((key_id, value.map(id)));
        }
        self.m.safepoint();
    }
    /// Compares what is there; returns how many objects there should be.
    fn check(&self) -> usize {
        let mut objects = self.tables.len();
        for t in &self.tables {
            for (i, pair) in t.pairs.iter().enumerate() {
                let Some((key, value)) = *pair else { continue };
                assert_eq!(get(t.obj, 2 * i).map(id), Some(key));
                assert_eq!(get(t.obj, 2 * i + 1).map(id), value);
                objects += 1 + usize::from(value.is_some());
            }
        }
        objects
    }
}

#[test]
fn keys_live_as_long_as_their_pairs() {
    for gc in kinds() {
        for seed in 0..20 {
            let mut w = World::new(gc, seed);
            for round in 0..20 {
                for _ in 0..300 {
                    w.step();
                }
                let objects = w.check();
                match gc {
                    // While a trace marks beside the program, cells are kept.
                    GcKind::RefCount if round % 2 == 0 && !beside(seed) => {
                        // The first epoch counts, the second decides on what was in limbo.
                        w.m.collect_young();
                        w.m.collect_young();
                    }
                    _ => w.m.collect_full(),
                }
                if gc.collects() {
                    assert_eq!(
                        w.m.heap.objects(),
                        objects,
                        "{gc} seed {seed} round {round}"
                    );
                }
                w.check();
            }
        }
    }
}
