//! Random programs on random graphs (`world`), under every collector, normal and stress.

mod toy;
mod world;

use moonsweep_gc::{CycleSearch, GcKind, Options, Size};
use std::time::Duration;
use toy::{Machine, NODE, kinds};
use world::{World, run};

fn options(gc: GcKind, stress: u32) -> Options {
    Options {
        gc,
        stress,
        verify: true,
        nursery: Size(256 << 10),
        // Otherwise heaps as small as these are collected in one stop.
        pause_goal: Duration::from_micros(2),
        ..Options::default()
    }
}

fn seeds() -> u64 {
    std::env::var("GC_SEEDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(if cfg!(debug_assertions) { 1 } else { 12 })
}

#[test]
fn every_collector() {
    for gc in kinds() {
        for seed in 0..seeds() {
            run::<false>(&options(gc, 0), seed, 4000);
            run::<true>(&options(gc, 0), seed, 4000);
        }
    }
}

/// Without the verifier nothing is poisoned.
#[test]
fn every_collector_sweeping_lazily() {
    for gc in kinds() {
        for seed in 0..seeds() {
            let o = Options {
                verify: false,
                ..options(gc, 0)
            };
            run::<false>(&o, seed, 4000);
            run::<true>(&o, seed, 4000);
        }
    }
}

#[test]
fn every_collector_under_stress() {
    for gc in kinds() {
        for seed in 0..seeds() {
            run::<false>(&options(gc, 1 + seed as u32 % 3), seed, 1500);
            run::<true>(&options(gc, 1 + seed as u32 % 3), seed, 1500);
        }
    }
}

/// Rounds through weak stores, traces and trials go on beside each other.
#[test]
fn every_collector_that_counts() {
    for gc in kinds().into_iter().filter(|&k| k == GcKind::RefCount) {
        for seed in 0..20 * seeds() {
            let all = [CycleSearch::Trace, CycleSearch::Both, CycleSearch::Off];
            let o = Options {
                cycles: if seed % 16 == 15 {
                    CycleSearch::Trial
                } else {
                    all[seed as usize % 3]
                },
                verify: !seed.is_multiple_of(4),
                seed: seed as u32,
                ..options(gc, 1 + seed as u32 % 2)
            };
            run::<false>(&o, seed, 1500);
        }
    }
}

/// A full collection in the midst of a cycle of gc-arena's decides on finalizers twice;
/// to the program it is one collection, with one order of finalizers.
#[test]
fn finalizers_of_a_full_collection_during_marking() {
    for seed in [25, 61, 88] {
        run::<false>(&options(GcKind::Incremental, 2), seed, 1500);
        run::<true>(&options(GcKind::Incremental, 2), seed, 1500);
    }
}

/// The marker advances by seeded random steps at barriers, allocations and safepoints.
#[test]
fn marking_by_a_seeded_schedule() {
    for seed in 0..20 * seeds() {
        let o = Options {
            verify: seed % 4 == 0,
            seed: seed as u32,
            ..options(GcKind::Generational, 1 + seed as u32 % 7)
        };
        run::<false>(&o, seed, 600);
        run::<true>(&o, seed, 600);
    }
}

#[test]
fn marking_slowly() {
    for seed in 0..20 * seeds() {
        let o = Options {
            verify: seed % 4 == 0,
            seed: 1024 | seed as u32,
            ..options(GcKind::Generational, 1 + seed as u32 % 7)
        };
        run::<false>(&o, seed, 1200);
        run::<true>(&o, seed, 1200);
    }
}

/// Real threads mark, beside stress mode's steps and without them.
#[test]
fn marking_by_helpers() {
    for seed in 0..10 * seeds() {
        for stress in [0, 1 + seed as u32 % 7] {
            let o = Options {
                verify: seed.is_multiple_of(4),
                seed: seed as u32,
                threads: 1 + seed as u32 % 3,
                growth: 1.01,
                ..options(GcKind::Generational, stress)
            };
            run::<false>(&o, seed, 1200);
            run::<true>(&o, seed, 1200);
        }
    }
}

/// Real threads mark for reference counting's trace while objects die by count.
#[test]
fn counting_beside_helpers() {
    for seed in 0..20 * seeds() {
        for stress in [0, 1 + seed as u32 % 7] {
            let o = Options {
                verify: seed.is_multiple_of(4),
                seed: seed as u32,
                threads: 1 + seed as u32 % 3,
                growth: 1.01,
                cycles: if seed.is_multiple_of(2) {
                    CycleSearch::Trace
                } else {
                    CycleSearch::Both
                },
                ..options(GcKind::RefCount, stress)
            };
            run::<false>(&o, seed, 1200);
        }
    }
}

#[test]
fn generational_in_one_stop() {
    for seed in 0..seeds() {
        let o = Options {
            slices: false,
            ..options(GcKind::Generational, 2)
        };
        run::<true>(&o, seed, 1500);
    }
}

#[test]
fn generational_without_generations() {
    for seed in 0..seeds() {
        let o = Options {
            generational: false,
            slices: false,
            ..options(GcKind::Generational, 0)
        };
        run::<true>(&o, seed, 4000);
    }
}

/// Without generations the marker advances by steps, large ones and random small ones.
#[test]
fn marking_in_steps() {
    for seed in 0..10 * seeds() {
        let o = Options {
            generational: false,
            verify: seed % 4 == 0,
            ..options(GcKind::Generational, seed as u32 % 5)
        };
        run::<false>(&o, seed, 1000);
        run::<true>(&o, seed, 1000);
    }
}

#[test]
fn switching_while_running() {
    for seed in 0..seeds() {
        let mut w = World::<true>::new(options(GcKind::Generational, 0), seed);
        for i in 0..3000 {
            w.step();
            if i % 100 == 99 {
                let kind = GcKind::ALL[w.rng.below(GcKind::ALL.len())];
                let before = w.m.heap.kind();
                let result = w.m.heap.switch(kind, &mut w.m.roots);
                assert_eq!(result.is_ok(), kind.shares_heap());
                assert_eq!(w.m.heap.kind(), if result.is_ok() { kind } else { before });
                w.forget_cycle();
                w.run_finalizers();
            }
            if i % 150 == 149 {
                let on = !w.m.heap.is_generational();
                w.m.heap.set_generational(on, &mut w.m.roots);
                w.forget_cycle();
                w.run_finalizers();
            }
            if i % 1000 == 999 {
                w.m.heap.switch(GcKind::MarkSweep, &mut w.m.roots).unwrap();
                w.run_finalizers();
                w.collect_and_check();
            }
        }
    }
}

/// From and to every collector that shares the heap, often in the midst of a
/// cycle that advances by random steps, with the verifier or with lazy sweeps.
#[test]
fn switching_in_the_midst_of_marking() {
    let shared: Vec<GcKind> = GcKind::ALL
        .iter()
        .copied()
        .filter(|k| k.shares_heap())
        .collect();
    let mut midst = 0;
    for seed in 0..4 * seeds() {
        for &start in &shared {
            let o = Options {
                verify: seed % 3 == 0,
                ..options(start, 1 + seed as u32 % 5)
            };
            let mut w = World::<true>::new(o, seed);
            w.collects = true;
            for i in 1..600 {
                w.step();
                if w.rng.one_in(15) {
                    midst += usize::from(w.m.heap.is_marking());
                    let kind = shared[w.rng.below(shared.len())];
                    if w.rng.one_in(3) {
                        let on = !w.m.heap.is_generational();
                        w.m.heap.set_generational(on, &mut w.m.roots);
                    } else {
                        w.m.heap.switch(kind, &mut w.m.roots).unwrap();
                        assert_eq!(w.m.heap.kind(), kind);
                    }
                    w.forget_cycle();
                    w.run_finalizers();
                }
                if i % 200 == 0 {
                    w.m.heap.switch(GcKind::MarkSweep, &mut w.m.roots).unwrap();
                    w.forget_cycle();
                    w.run_finalizers();
                    w.collect_and_check();
                }
            }
            w.check_dropped();
        }
    }
    assert!(midst > 0, "no switch met a marking in progress");
}

/// Stopped automatic collection stays stopped across switches, and steps that
/// the program asks for happen all the same.
#[test]
fn switching_while_stopped() {
    for &kind in GcKind::ALL.iter().filter(|k| k.shares_heap()) {
        let mut m = Machine::<true>::new(options(GcKind::Generational, 0));
        m.heap.set_stopped(true);
        m.heap.switch(kind, &mut m.roots).unwrap();
        assert!(m.heap.is_stopped());
        let before = m.heap.stats().count();
        for id in 0..200_000 {
            m.alloc(NODE, id, 2);
            m.safepoint();
        }
        assert_eq!(m.heap.stats().count(), before, "{kind} collected");
        let objects = m.heap.objects();
        let ended = (0..1000).any(|_| m.heap.step(1 << 20, &mut m.roots));
        assert!(ended, "no step of {kind} ended a cycle");
        assert!(m.heap.is_stopped());
        if kind.collects() {
            assert!(m.heap.objects() < objects, "{kind} freed nothing");
        }
        m.heap.set_stopped(false);
        for id in 0..400_000 {
            m.alloc(NODE, id, 2);
            m.safepoint();
        }
        assert!(
            m.heap.objects() < 500_000 || !kind.collects(),
            "{kind} did not go on"
        );
    }
}
