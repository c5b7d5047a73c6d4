//! Helper threads that fail: nothing hangs, nothing that lives is freed, and the
//! program's thread finishes what they began.

mod toy;

use moonsweep_gc::{GcKind, Options, Size};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use toy::*;

/// The fuse is one for all.
static TURN: Mutex<()> = Mutex::new(());

const KINDS: [GcKind; 2] = [GcKind::Generational, GcKind::RefCount];

fn machine(gc: GcKind, threads: u32) -> Machine<true> {
    Machine::new(Options {
        gc,
        threads,
        growth: 1.01,
        nursery: Size(256 << 10),
        ..Options::default()
    })
}

/// A wide graph that several packets' worth of objects hang from.
fn plant(m: &mut Machine<true>, n: u32) {
    m.roots.stack = vec![None; 64];
    for id in 0..n {
        let at = id as usize % 64;
        let o = m.alloc(if id % 5 == 0 { EDGES } else { NODE }, id, 4);
        m.set(o, 0, m.roots.stack[at]);
        m.roots.stack[at] = Some(o);
        m.safepoint();
    }
}

/// Whether the whole heap is being marked, or what follows from that is done.
fn in_cycle(m: &Machine<true>) -> bool {
    m.heap.is_marking() || m.heap.stage().is_some_and(|s| s.starts_with("trace"))
}

/// Replaces nothing that lives, allocates garbage until `cycles` more cycles ended.
fn churn(m: &mut Machine<true>, cycles: usize, next: &mut u32) {
    let start = Instant::now();
    for _ in 0..cycles {
        for ended in [false, true] {
            while in_cycle(m) == ended {
                assert!(
                    start.elapsed() < Duration::from_secs(300),
                    "a cycle hangs: {:?}",
                    m.heap.stage()
                );
                for _ in 0..200 {
                    let o = m.alloc(NODE, *next, 6);
                    m.set(o, 0, m.roots.stack[(*next % 64) as usize]);
                    // Some of it stays, so that the heap grows.
                    if next.is_multiple_of(8) {
                        m.roots.stack[(*next % 64) as usize] = Some(o);
                    }
                    *next += 1;
                    m.safepoint();
                }
            }
        }
    }
}

fn living(m: &Machine<true>) -> HashSet<u32> {
    let mut ids = HashSet::new();
    let mut todo: Vec<_> = m.roots.stack.iter().flatten().copied().collect();
    while let Some(o) = todo.pop() {
        if ids.insert(id(o)) {
            todo.extend((0..len(o)).filter_map(|i| get(o, i)));
        }
    }
    ids
}

fn fail_after(gc: GcKind, visits: u32, threads: u32) {
    let mut m = machine(gc, threads);
    let mut next = 60_000;
    plant(&mut m, next);
    FUSE.store(visits, Relaxed);
    churn(&mut m, 2, &mut next);
    let burnt = FUSE.swap(0, Relaxed) == 0;
    assert!(burnt, "no helper got that far: {gc:?}, {visits} visits");
    // It goes on, in whatever way is left.
    churn(&mut m, 2, &mut next);
    m.heap.verify(&mut m.roots).unwrap();
    let living = living(&m);
    assert!((0..60_000).all(|id| living.contains(&id)));
    m.collect_full();
    assert_eq!(m.heap.objects(), living.len());
}

#[test]
fn the_only_helper_fails_and_the_program_marks_on_its_own() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    for gc in KINDS {
        for visits in [1, 2, 17, 5_000, 40_000] {
            fail_after(gc, visits, 1);
        }
    }
}

#[test]
fn one_of_several_helpers_fails_and_the_others_go_on() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    for gc in KINDS {
        for visits in [1, 1_000, 30_000] {
            fail_after(gc, visits, 3);
        }
    }
}

/// A cycle is given up while its helpers may be failing: `recall` returns.
#[test]
fn giving_a_cycle_up_does_not_wait_for_the_dead() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    for round in 0..40 {
        let mut m = machine(KINDS[round as usize % 2], 2);
        let mut next = 20_000;
        plant(&mut m, next);
        FUSE.store(1 + round / 2 * 400, Relaxed);
        churn(&mut m, 1, &mut next);
        while !in_cycle(&m) {
            // Reference counting traces a heap that grows only.
            let o = m.alloc(NODE, next, 6);
            m.set(o, 0, m.roots.stack[0]);
            m.roots.stack[0] = Some(o);
            next += 1;
            m.safepoint();
        }
        m.collect_full();
        FUSE.store(0, Relaxed);
        m.heap.verify(&mut m.roots).unwrap();
        assert_eq!(m.heap.objects(), living(&m).len());
    }
}
