//! What reference counting promises beyond any collector's duty: garbage goes
//! soon, in small steps, and small cycles go without a trace of the heap.

mod toy;

use moonsweep_gc::{CycleSearch, GcKind, Obj, Options, PauseKind, Size};
use std::time::Duration;
use toy::*;

fn options(cycles: CycleSearch) -> Options {
    Options {
        gc: GcKind::RefCount,
        cycles,
        nursery: Size(256 << 10),
        ..Options::default()
    }
}

fn machine(cycles: CycleSearch) -> Machine<false> {
    let mut m = Machine::new(options(cycles));
    m.heap.stats_mut().keep_records();
    m.roots.stack = vec![None; 8];
    m
}

/// Lets the program allocate until `epochs` more epochs have passed.
fn pass(m: &mut Machine<false>, epochs: u64) {
    let count = |m: &Machine<false>| m.heap.stats().counting().map_or(0, |c| c.epochs);
    let end = count(m) + epochs;
    while count(m) < end {
        m.alloc(NODE, 0, 2);
        m.safepoint();
    }
}

fn old(m: &mut Machine<false>, root: usize, kind: u8, n: usize) -> Obj {
    let obj = m.alloc(kind, 1, n);
    m.roots.stack[root] = Some(obj);
    m.collect_young();
    assert!(m.heap.inspect(obj).old);
    obj
}

/// A ring of `n` nodes, the first of which is the answer.
fn ring(m: &mut Machine<false>, n: usize) -> Obj {
    let first = m.alloc(NODE, 7, 2);
    let mut last = first;
    for _ in 1..n {
        let next = m.alloc(NODE, 7, 2);
        m.set(last, 0, Some(next));
        m.set(next, 1, Some(last));
        last = next;
    }
    m.set(last, 0, Some(first));
    m.set(first, 1, Some(last));
    first
}

/// Replaces old rings of nodes in a table; returns the most objects there ever were.
fn flood(m: &mut Machine<false>) -> usize {
    let table = old(m, 0, NODE, 400);
    let mut most = 0;
    for i in 0..100_000 {
        let r = ring(m, 2 + i % 3);
        m.set(table, i % 400, Some(r));
        m.safepoint();
        most = most.max(m.heap.objects());
    }
    most
}

#[test]
fn trial_deletion_keeps_up_with_a_flood_of_small_cycles() {
    let mut m = machine(CycleSearch::Trial);
    let most = flood(&mut m);
    let c = m.heap.stats().counting().unwrap();
    assert!(c.freed_by_trial > 1000, "{c:?}");
    assert_eq!(c.traces, 0);
    assert!(most < 30_000, "{most} objects, {c:?}");
}

#[test]
fn without_a_search_cycles_leak_until_the_program_collects() {
    let mut m = machine(CycleSearch::Off);
    flood(&mut m);
    let c = m.heap.stats().counting().unwrap();
    assert_eq!(c.freed_by_trial + c.freed_by_trace + c.candidates, 0);
    pass(&mut m, 10);
    let leaked = m.heap.objects();
    m.roots.stack.fill(None);
    m.collect_full();
    assert_eq!(m.heap.objects(), 0);
    assert!(leaked > 2000, "{leaked}");
}

/// The first candidates are in use and lead to more than a trial follows; then rings are let go
/// among them all the time.
#[test]
fn trial_deletion_gets_past_candidates_in_use() {
    const TABLES: usize = 32;
    const RINGS: usize = 400;
    let mut m = machine(CycleSearch::Trial);
    let keep = old(&mut m, 0, NODE, TABLES);
    let also = old(&mut m, 1, NODE, TABLES);
    for t in 0..TABLES {
        let table = m.alloc(NODE, 1, RINGS);
        m.set(keep, t, Some(table));
        m.set(also, t, Some(table));
        for i in 0..RINGS {
            let r = ring(&mut m, 4);
            m.set(table, i, Some(r));
            m.safepoint();
        }
    }
    m.collect_young();
    let live = m.heap.objects();
    assert!(live > TABLES * RINGS * 4);
    for t in 0..TABLES {
        m.set(also, t, None);
    }
    pass(&mut m, 100);
    assert!(m.heap.stats().counting().unwrap().candidates > 0);
    for i in 0..20_000 {
        let table = get(keep, i % TABLES).unwrap();
        let r = ring(&mut m, 4);
        m.set(table, i / TABLES % RINGS, Some(r));
        m.safepoint();
    }
    pass(&mut m, 100);
    let c = m.heap.stats().counting().unwrap();
    assert!(c.freed_by_trial > 60_000, "{c:?}");
    assert_eq!(c.freed_by_trace, 0);
    assert!(m.heap.objects() < live + 20_000, "{}", m.heap.objects());
}

#[test]
fn a_cycle_too_large_for_a_trial_is_left_to_the_trace() {
    for (cycles, stays) in [(CycleSearch::Trial, true), (CycleSearch::Both, false)] {
        let mut m = machine(cycles);
        let first = ring(&mut m, 100_000);
        m.roots.stack[0] = Some(first);
        m.collect_young();
        m.roots.stack[0] = None;
        let keep = old(&mut m, 1, NODE, 600);
        // A trace begins when the heap has grown.
        for i in 0..600 {
            let big = m.alloc(NODE, 1, 1500);
            m.set(keep, i, Some(big));
            m.safepoint();
        }
        pass(&mut m, 200);
        let c = m.heap.stats().counting().unwrap();
        assert_eq!(m.heap.objects() > 100_000, stays, "{cycles:?} {c:?}");
        assert_eq!(c.freed_by_trace == 100_000, !stays, "{cycles:?} {c:?}");
        let whole = m.heap.stats().records().iter();
        assert_eq!(whole.filter(|r| r.kind == PauseKind::Full).count(), 0);
    }
}

#[test]
fn a_long_list_dies_in_slices() {
    const N: usize = 1_000_000;
    let mut m = machine(CycleSearch::Off);
    for _ in 0..N {
        let node = m.alloc(NODE, 1, 2);
        m.set(node, 0, m.roots.stack[0]);
        m.roots.stack[0] = Some(node);
        m.safepoint();
    }
    m.collect_young();
    assert!(m.heap.objects() >= N);
    let before = m.heap.stats().records().len();
    m.roots.stack[0] = None;
    let c = m.heap.stats().counting().unwrap();
    while m.heap.objects() >= N / 10 {
        m.alloc(NODE, 0, 2);
        m.safepoint();
    }
    let slices = &m.heap.stats().records()[before..];
    let slices = slices.iter().filter(|r| r.kind == PauseKind::Decrements);
    assert!(slices.count() > 20);
    // Of the allocator's share little was needed meanwhile.
    let d = m.heap.stats().counting().unwrap();
    assert!(d.freed_by_count - c.freed_by_count > N as u64 * 9 / 10);
    assert!(d.increments - c.increments < 1000);
}

#[test]
fn acyclic_garbage_is_gone_after_one_epoch() {
    let mut m = machine(CycleSearch::Off);
    let tree = old(&mut m, 0, NODE, 10);
    for i in 0..10 {
        let child = m.alloc(NODE, 2, 10);
        m.set(tree, i, Some(child));
        for j in 0..10 {
            let leaf = m.alloc(EDGES, 3, 1);
            m.set(child, j, Some(leaf));
        }
    }
    m.collect_young();
    assert_eq!(m.heap.objects(), 111);
    m.set(tree, 3, None);
    m.collect_young();
    assert_eq!(m.heap.objects(), 100);
    m.roots.stack[0] = None;
    m.collect_young();
    assert_eq!(m.heap.objects(), 0);
}

#[test]
fn what_an_object_held_in_between_is_never_counted() {
    let mut m = machine(CycleSearch::Off);
    for (fields, most) in [(4, 8), (400, 8_000)] {
        let holder = old(&mut m, 0, NODE, fields);
        let c = m.heap.stats().counting().unwrap();
        for _ in 0..1_000_000 {
            let value = m.alloc(NODE, 2, 0);
            m.set(holder, 1, Some(value));
            m.safepoint();
        }
        m.collect_young();
        let d = m.heap.stats().counting().unwrap();
        // Of a small object one value an epoch; of a large one some slots an epoch more.
        let epochs = d.epochs - c.epochs;
        let counted = d.increments - c.increments;
        assert!(
            counted <= epochs * (most + fields as u64),
            "{epochs} {counted}"
        );
        assert!(m.heap.objects() < 100);
    }
}

#[test]
fn a_weak_read_revives_what_has_no_count() {
    let mut m = machine(CycleSearch::Both);
    let holder = old(&mut m, 0, NODE, 2);
    let weak = old(&mut m, 1, WEAK, 4);
    let target = m.alloc(NODE, 9, 1);
    m.set(holder, 0, Some(target));
    m.set(weak, 2, Some(target));
    m.collect_young();
    m.set(holder, 0, None);
    // Between two epochs it can be found again.
    let found = get(weak, 2).unwrap();
    m.set(holder, 1, Some(found));
    m.collect_young();
    assert_eq!(get(weak, 2), Some(target));
    assert!(m.heap.inspect(target).allocated);
    m.set(holder, 1, None);
    m.collect_young();
    m.collect_young();
    assert_eq!(get(weak, 2), None);
    assert!(!m.heap.inspect(target).allocated);
}

#[test]
fn finalizers_of_what_died_by_count_are_due_in_reverse_order() {
    let mut m = machine(CycleSearch::Both);
    let holder = old(&mut m, 0, NODE, 5);
    for i in 0..5 {
        let obj = m.alloc(NODE, i, 1);
        m.set(holder, i as usize, Some(obj));
        m.heap.register_finalizer(obj);
    }
    m.collect_young();
    for i in [3, 0, 4] {
        m.set(holder, i, None);
    }
    m.collect_young();
    let due: Vec<u32> = std::iter::from_fn(|| m.heap.next_finalizable())
        .map(id)
        .collect();
    assert_eq!(due, [4, 3, 0]);
    m.collect_young();
    m.collect_young();
    assert_eq!(m.heap.objects(), 3);
}

#[test]
fn a_cycle_that_only_a_root_referred_to_is_tried() {
    let mut m = machine(CycleSearch::Trial);
    for i in 0..1000 {
        let r = ring(&mut m, 3);
        m.roots.stack[0] = Some(r);
        if i % 20 == 0 {
            pass(&mut m, 1);
        }
    }
    m.roots.stack[0] = None;
    pass(&mut m, 5);
    let c = m.heap.stats().counting().unwrap();
    assert!(c.freed_by_trial > 90, "{c:?}");
}

#[test]
fn finalizers_of_a_garbage_cycle_run_once() {
    let mut m = machine(CycleSearch::Trial);
    let holder = old(&mut m, 0, NODE, 1);
    for _ in 0..100 {
        let r = ring(&mut m, 3);
        m.heap.register_finalizer(r);
        m.set(holder, 0, Some(r));
        m.collect_young();
    }
    m.set(holder, 0, None);
    let mut ran = 0;
    for _ in 0..100 {
        pass(&mut m, 1);
        while m.heap.next_finalizable().is_some() {
            ran += 1
        }
    }
    assert!(ran > 50, "{ran}");
    let c = m.heap.stats().counting().unwrap();
    assert!(c.freed_by_trial > 100, "{c:?}");
}

/// As a running coroutine does.
#[test]
fn what_changes_without_a_barrier_is_not_counted() {
    let mut m = Machine::<false>::new(Options {
        verify: true,
        ..options(CycleSearch::Off)
    });
    m.roots.stack = vec![None; 1];
    let running = old(&mut m, 0, NODE, 2);
    m.heap.log(running);
    m.roots.volatile.push(running);
    for i in 0..100 {
        let value = m.alloc(NODE, i, 0);
        slot(running, 0).init(running, to_word(Some(value)));
        m.collect_young();
        assert_eq!(get(running, 0).map(id), Some(i));
        // The one before is gone.
        assert_eq!(m.heap.objects(), 2);
    }
}

#[test]
fn what_comes_and_goes_in_a_large_object_is_never_counted() {
    let mut m = machine(CycleSearch::Off);
    let holder = old(&mut m, 0, NODE, 400);
    let freed = |m: &Machine<false>| m.heap.stats().counting().unwrap().freed_by_count;
    let before = freed(&m);
    for _ in 0..100 {
        for i in 0..8 {
            let value = m.alloc(NODE, 2, 0);
            m.set(holder, i, Some(value));
            m.set(holder, i, None);
        }
        m.collect_young();
        assert_eq!(m.heap.objects(), 1);
    }
    assert_eq!(freed(&m), before);
}

fn traces(m: &Machine<false>) -> u64 {
    m.heap.stats().counting().unwrap().traces
}

#[test]
fn what_is_due_survives_traces_until_it_is_handed_out() {
    let mut m = Machine::<false>::new(Options {
        stress: 1,
        verify: true,
        ..options(CycleSearch::Trace)
    });
    for i in 0..1200 {
        let (o, friend) = (m.alloc(NODE, 2 * i, 1), m.alloc(NODE, 2 * i + 1, 0));
        m.set(o, 0, Some(friend));
        m.heap.register_finalizer(o);
    }
    m.collect_young();
    assert_eq!(m.heap.finalizers_due(), 1200);
    let end = traces(&m) + 3;
    while traces(&m) < end {
        m.safepoint();
    }
    for i in (0..1200).rev() {
        let o = m.heap.next_finalizable().expect("still due");
        let friend = get(o, 0).expect("a reference");
        assert_eq!((id(o), id(friend)), (2 * i, 2 * i + 1));
        assert!(m.heap.inspect(o).allocated && m.heap.inspect(friend).allocated);
    }
}

/// Garbage cycles that weak stores and dying objects refer to, while traces that
/// find them begin, go on and end.
#[test]
fn traces_go_on_among_deaths_by_count() {
    const FAN: usize = 3000;
    let mut m = Machine::<false>::new(Options {
        stress: 1,
        verify: true,
        ..options(CycleSearch::Trace)
    });
    m.roots.stack = vec![None; 12];
    let weak = old(&mut m, 0, WEAK, 8);
    let keys = old(&mut m, 1, EPHEMERON, 8);
    let fans = old(&mut m, 2, NODE, 4);
    let mut rng = Random(1);
    for step in 0..4000 {
        let i = rng.below(3);
        // It is logged whenever a slice looks at it.
        m.set(keys, 7, (step % 2 == 0).then_some(fans));
        match step % 5 {
            // What a ring's first node is referred to by goes in one epoch; the ring
            // does not.
            0 => {
                let first = ring(&mut m, 3);
                m.set(weak, i, Some(first));
                // One that has no other reference, or one that goes on to live.
                let value = if rng.one_in(2) {
                    m.alloc(NODE, 5, 0)
                } else {
                    fans
                };
                m.set(keys, 2 * i, Some(first));
                m.set(keys, 2 * i + 1, Some(value));
                let fan = m.alloc(NODE, 6, FAN);
                m.set(fans, i, Some(fan));
                for at in 0..FAN {
                    m.set(fan, at, Some(first));
                }
            }
            1 => m.set(fans, i, None),
            // A weak store that only an epoch visits.
            2 => {
                let another = m.alloc(WEAK, 8, 4);
                for at in 0..4 {
                    let found = m.read(weak, at);
                    assert!(found.is_none_or(|o| id(o) == 7));
                    m.set(another, at, found)
                }
                m.roots.stack[4 + i] = Some(another)
            }
            3 => {
                if let Some(another) = m.roots.stack[4 + i] {
                    for at in 0..4 {
                        let found = m.read(another, at);
                        assert!(found.is_none_or(|o| id(o) == 7));
                    }
                }
            }
            // A finalizer in a garbage ring.
            _ => {
                let first = ring(&mut m, 2);
                m.heap.register_finalizer(first);
                m.set(fans, i, Some(first))
            }
        }
        m.safepoint();
        if rng.one_in(3)
            && let Some(o) = m.heap.next_finalizable()
        {
            assert_eq!(get(o, 0).and_then(|next| get(next, 0)), Some(o));
        }
    }
    assert!(traces(&m) > 20, "{}", traces(&m));
}

/// A weak store whose references come and go at the same places, and whose cell,
/// like theirs, is used again.
#[test]
fn a_large_weak_store_hears_of_every_death() {
    const N: usize = 40;
    for stress in [1, 5] {
        let mut m = Machine::<false>::new(Options {
            stress,
            verify: true,
            ..options(CycleSearch::Trace)
        });
        m.roots.stack = vec![None; 2];
        old(&mut m, 0, NODE, N);
        let mut rng = Random(u64::from(stress));
        for step in 0..3000 {
            let holder = m.roots.stack[0].unwrap();
            if step % 150 == 0 {
                // Another store refers to all there is.
                let weak = m.alloc(WEAK, 2, N);
                for i in 0..N {
                    m.set(weak, i, get(holder, i))
                }
                m.roots.stack[1] = Some(weak)
            }
            let weak = m.roots.stack[1].unwrap();
            for _ in 0..1 + rng.below(4) {
                let i = rng.below(N);
                match rng.below(3) {
                    0 => m.set(holder, i, None),
                    1 => {
                        let value = m.alloc(NODE, i as u32, 1);
                        m.set(holder, i, Some(value));
                        m.set(weak, i, Some(value))
                    }
                    _ => {
                        // Dies young.
                        let value = m.alloc(NODE, i as u32, 1);
                        m.set(weak, i, Some(value));
                        m.set(holder, i, None)
                    }
                }
            }
            m.safepoint();
            let weak = m.roots.stack[1].unwrap();
            for i in 0..N {
                let (held, found) = (get(holder, i), m.read(weak, i));
                assert!(found.is_none_or(|o| id(o) == i as u32));
                assert!(held.is_none() || found == held, "step {step}");
            }
        }
    }
}

/// Stores into a large weak store are remembered one by one: what they make it refer
/// to dies as if the store had been visited.
#[test]
fn new_entries_of_a_large_weak_store_die_with_their_keys() {
    const N: usize = 20;
    for verify in [false, true] {
        let mut m = Machine::<false>::new(Options {
            verify,
            ..options(CycleSearch::Off)
        });
        m.roots.stack = vec![None; 8];
        let table = old(&mut m, 0, EPHEMERON, 2 * N);
        let weak = old(&mut m, 1, WEAK, 2 * N);
        let settled = m.heap.objects();
        for i in 0..N {
            let [key, value, other] = [1, 2, 3].map(|id| m.alloc(NODE, id, 1));
            // Nothing but the ephemeron keeps them.
            m.set(value, 0, Some(key));
            m.set_ephemeron(table, i, key, value);
            m.set(weak, i, Some(other));
            assert!(table.unlogged() && weak.unlogged());
        }
        m.collect_young();
        assert_eq!(m.heap.objects(), settled);
        for i in 0..N {
            assert!(get(weak, i).is_none() && get(table, 2 * i).is_none());
            assert!(get(table, 2 * i + 1).is_none());
        }
        // With keys that live, the values do, too; and not longer.
        let [first, second, kept] = [4, 5, 6].map(|id| m.alloc(NODE, id, 1));
        m.roots.stack[2] = Some(first);
        m.set_ephemeron(table, 0, first, second);
        m.set_ephemeron(table, 1, second, kept);
        m.set(weak, 0, Some(kept));
        m.collect_young();
        assert_eq!(m.heap.objects(), settled + 3);
        assert_eq!(get(table, 3), Some(kept));
        assert_eq!(get(weak, 0), Some(kept));
        m.roots.stack[2] = None;
        for _ in 0..4 {
            m.collect_young();
        }
        assert_eq!(m.heap.objects(), settled);
        assert!(get(weak, 0).is_none());
        // A value that came and went in between was never there.
        let [key, value] = [7, 8].map(|id| m.alloc(NODE, id, 1));
        m.roots.stack[2] = Some(key);
        m.set_ephemeron(table, 2, key, value);
        m.set(table, 5, None);
        m.collect_young();
        assert_eq!(m.heap.objects(), settled + 1);
    }
}

/// Decrements come faster than a tiny pause goal lets them be done. Those that a trace
/// waits for are done all the same, before what it has condemned is freed.
#[test]
fn traces_end_though_decrements_never_do() {
    const FAN: usize = 300;
    for verify in [true, false] {
        let mut m = Machine::<false>::new(Options {
            verify,
            pause_goal: Duration::from_micros(2),
            ..options(CycleSearch::Trace)
        });
        m.roots.stack = vec![None; 8];
        let fans = old(&mut m, 0, NODE, 4);
        let mut step = 0;
        while traces(&m) < 3 {
            assert!(step < 8000, "{} traces", traces(&m));
            // All but the ring itself dies by count, some time.
            let first = m.alloc(NODE, 7, 1000);
            let second = m.alloc(NODE, 7, 1000);
            m.set(first, 0, Some(second));
            m.set(second, 0, Some(first));
            let fan = m.alloc(NODE, 6, FAN);
            for i in 0..FAN {
                m.set(fan, i, Some(first));
            }
            m.set(fans, step % 4, Some(fan));
            m.safepoint();
            step += 1;
        }
        let c = m.heap.stats().counting().unwrap();
        assert_ne!(c.freed_by_trace, 0);
        // They have not been done.
        assert!(c.increments - c.decrements > 20 * FAN as u64, "{c:?}");
        m.collect_full();
        assert_eq!(m.heap.objects(), 1 + 4 * 3);
    }
}

/// A key with a finalizer is found again through a weak table while a trace carries its
/// verdict out in slices: not before all that the key leads to has been resurrected.
#[test]
fn a_key_is_found_again_only_as_a_whole() {
    const LIST: usize = 3000;
    let (mut resurrecting, mut found_again) = (0, 0);
    for seed in 0..6 {
        let mut m = Machine::<false>::new(Options {
            stress: 1,
            seed,
            ..options(CycleSearch::Trace)
        });
        m.roots.stack = vec![None; 4];
        let keys = old(&mut m, 0, EPHEMERON, 2);
        for _ in 0..60 {
            let first = ring(&mut m, 2);
            let mut last = get(first, 0).unwrap();
            for _ in 0..LIST {
                let next = m.alloc(NODE, 7, 1);
                m.set(last, 0, Some(next));
                last = next;
            }
            m.set(last, 0, Some(first));
            m.roots.stack[1] = Some(first);
            m.heap.register_finalizer(first);
            m.set_ephemeron(keys, 0, first, first);
            m.collect_young();
            m.roots.stack[1] = None;
            while m.heap.finalizers_due() == 0 {
                m.safepoint();
                let stage = m.heap.stage().unwrap_or_default();
                resurrecting += usize::from(stage.contains("Resurrect"));
                let Some(key) = m.read(keys, 0) else { continue };
                assert_eq!(key, first);
                if !m.heap.verdict_pending() {
                    continue;
                }
                found_again += 1;
                let mut at = key;
                for _ in 0..LIST + 2 {
                    assert!(!m.heap.condemned(at), "a part is visible: {stage}");
                    at = get(at, 0).unwrap();
                }
            }
            while m.heap.next_finalizable().is_some() {}
            m.collect_full();
            assert_eq!(m.heap.objects(), 1);
        }
    }
    assert!(resurrecting > 20, "{resurrecting}");
    assert!(found_again > 5, "{found_again}");
}

/// What one trace has resurrected lives on, and is not hidden when the next one resurrects.
#[test]
fn what_was_resurrected_is_seen_during_the_next_trace() {
    let mut resurrecting = 0;
    for seed in 0..6 {
        let mut m = Machine::<false>::new(Options {
            stress: 1,
            seed,
            ..options(CycleSearch::Trace)
        });
        m.roots.stack = vec![None; 4];
        let weak = old(&mut m, 0, WEAK, 2);
        for _ in 0..60 {
            let first = ring(&mut m, 1000);
            m.roots.stack[1] = Some(first);
            m.heap.register_finalizer(first);
            m.collect_young();
            m.roots.stack[1] = None;
            while m.heap.finalizers_due() == 0 {
                m.safepoint();
                let stage = m.heap.stage().unwrap_or_default();
                resurrecting += usize::from(stage.contains("Resurrect"));
                assert_eq!(m.read(weak, 0), m.roots.stack[2], "{stage}");
            }
            let due = m.heap.next_finalizable();
            m.roots.stack[2] = due;
            m.set(weak, 0, due);
        }
    }
    assert!(resurrecting > 20, "{resurrecting}");
}
