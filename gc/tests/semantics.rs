//! What each collector must do in situations made by hand.

mod toy;

use moonsweep_gc::{Cause, GcKind, Obj, Options, PauseKind, Size};
use std::cell::RefCell;
use std::rc::Rc;
use toy::*;

type M = Machine<false>;

fn machine(gc: GcKind) -> M {
    M::new(Options {
        gc,
        verify: true,
        ..Options::default()
    })
}

fn collecting() -> impl Iterator<Item = GcKind> {
    GcKind::ALL.iter().copied().filter(|k| k.collects())
}

/// A heap whose cycles begin soon and go on in small steps at safepoints.
fn stepped() -> M {
    M::new(Options {
        stress: 1,
        seed: 1024,
        ..Options::default()
    })
}

/// To the safepoint at which a cycle marks, or none does.
fn until_marking(m: &mut M, marking: bool) {
    while m.heap.is_marking() != marking {
        m.safepoint();
    }
}

fn root(m: &mut M, o: Obj) -> Obj {
    m.roots.stack.push(Some(o));
    o
}

#[test]
fn finalizers_run_once_in_reverse_order_and_keep_what_they_need() {
    for gc in collecting() {
        let mut m = machine(gc);
        let holder = m.alloc(NODE, 0, 20);
        root(&mut m, holder);
        for i in 0..20 {
            let o = m.alloc(NODE, 100 + i, 1);
            let inner = m.alloc(NODE, 200 + i, 0);
            m.set(o, 0, Some(inner));
            m.set(holder, i as usize, Some(o));
            m.heap.register_finalizer(o);
            m.heap.register_finalizer(o);
            if i == 9 {
                m.collect_young(); // the first ten are old, if there are generations
            }
        }
        for i in (0..20).step_by(2) {
            m.set(holder, i, None);
        }
        m.collect_full();
        assert_eq!(m.heap.finalizers_due(), 10);
        let due: Vec<_> = std::iter::from_fn(|| m.heap.next_finalizable()).collect();
        let ids: Vec<_> = due.iter().map(|&o| id(o)).collect();
        assert_eq!(
            ids,
            (0..20)
                .step_by(2)
                .map(|i| 100 + i)
                .rev()
                .collect::<Vec<_>>()
        );
        assert!(
            due.iter()
                .all(|&o| get(o, 0).is_some_and(|i| id(i) == id(o) + 100))
        );
        assert!(due.iter().all(|&o| !m.heap.has_finalizer(o)));
        m.collect_full();
        assert_eq!(m.heap.finalizers_due(), 0);
        assert_eq!(m.heap.objects(), 1 + 2 * 10);
        m.heap.finalize_all();
        assert_eq!(m.heap.finalizers_due(), 10);
        assert_eq!(m.heap.next_finalizable().map(id), Some(119));
    }
}

#[test]
fn due_objects_survive_minors_until_handed_out() {
    let mut m = machine(GcKind::Generational);
    for i in 0..3 {
        let o = m.alloc(NODE, i, 1);
        let inner = m.alloc(NODE, 10 + i, 0);
        m.set(o, 0, Some(inner));
        m.heap.register_finalizer(o);
        m.collect_young();
    }
    let late = root_of(&mut m, 7);
    m.heap.register_finalizer(late);
    m.heap.finalize_all();
    m.roots.stack.clear();
    m.collect_young();
    m.collect_young();
    for want in [0, 1, 2, 7] {
        let o = m.heap.next_finalizable().unwrap();
        assert_eq!(id(o), want);
        if want < 3 {
            assert_eq!(id(get(o, 0).unwrap()), 10 + want);
        }
    }
}

fn root_of(m: &mut M, id: u32) -> Obj {
    let o = m.alloc(NODE, id, 0);
    root(m, o)
}

#[test]
fn weak_values_go_before_finalizers_weak_keys_after() {
    for gc in collecting() {
        let mut m = machine(gc);
        let values = m.alloc(WEAK, 1, 1);
        root(&mut m, values);
        let keys = m.alloc(EPHEMERON, 2, 2);
        root(&mut m, keys);
        let o = m.alloc(NODE, 3, 0);
        let value = m.alloc(NODE, 4, 0);
        m.set(values, 0, Some(o));
        m.set(keys, 0, Some(o));
        m.set(keys, 1, Some(value));
        m.heap.register_finalizer(o);
        m.collect_full();
        assert!(
            get(values, 0).is_none(),
            "a weak value must be gone before its finalizer runs"
        );
        assert_eq!(
            get(keys, 0),
            Some(o),
            "a weak key must stay until it is freed"
        );
        assert_eq!(get(keys, 1), Some(value));
        assert_eq!(m.heap.next_finalizable(), Some(o));
        m.collect_full();
        assert!(get(keys, 0).is_none() && get(keys, 1).is_none());
        assert_eq!(m.heap.objects(), 2);
    }
}

#[test]
fn ephemeron_chains_take_linear_work() {
    for gc in collecting() {
        let mut m = M::new(Options {
            gc,
            ..Options::default()
        });
        let n = 100_000;
        let nodes: Vec<_> = (0..n).map(|i| m.alloc(NODE, i, 0)).collect();
        // Owners in shuffled order, so that no order of visiting is a good one.
        let mut order: Vec<_> = (0..n as usize - 1).collect();
        let mut rng = Random(5);
        for i in (1..order.len()).rev() {
            order.swap(i, rng.below(i + 1));
        }
        for i in order {
            let e = m.alloc(EPHEMERON, 0, 2);
            m.set(e, 0, Some(nodes[i]));
            m.set(e, 1, Some(nodes[i + 1]));
            root(&mut m, e);
        }
        root(&mut m, nodes[0]);
        let before = std::time::Instant::now();
        m.collect_full();
        assert_eq!(m.heap.objects(), 2 * n as usize - 1);
        m.roots.stack.pop();
        m.collect_full();
        assert_eq!(
            m.heap.objects(),
            n as usize - 1,
            "without its first key the chain is dead"
        );
        assert!(before.elapsed().as_secs() < 20, "not linear");
    }
}

#[test]
fn payloads_are_dropped_when_their_object_dies() {
    for gc in collecting() {
        let mut m = machine(gc);
        let kept = m.alloc(PAYLOAD, 1, 0);
        root(&mut m, kept);
        m.alloc(PAYLOAD, 2, 0);
        m.collect_young();
        assert_eq!(DROPPED.take(), [2]);
        m.collect_full();
        m.roots.stack.clear();
        m.collect_full();
        assert_eq!(DROPPED.take(), [1]);
        m.alloc(PAYLOAD, 3, 0);
        drop(m);
        assert_eq!(DROPPED.take(), [3]);
    }
}

#[test]
fn large_objects_live_and_die() {
    for gc in collecting() {
        let mut m = machine(gc);
        let mut kept = Vec::new();
        for i in 0..40 {
            let o = m.alloc(NODE, i, 6_000 + 5_000 * (i as usize % 7));
            if i % 2 == 0 {
                kept.push(root(&mut m, o));
            }
            if i % 8 == 7 {
                m.collect_young();
            }
        }
        let before = m.heap.bytes();
        m.collect_full();
        assert!(m.heap.bytes() <= before);
        assert_eq!(m.heap.objects(), kept.len());
        assert_eq!(
            m.heap.bytes(),
            kept.iter().map(|&o| m.heap.inspect(o).bytes).sum::<usize>()
        );
        let target = m.alloc(NODE, 99, 0);
        let last = len(kept[5]) - 1;
        m.set(kept[5], last, Some(target));
        m.collect_young();
        m.collect_full();
        assert_eq!(get(kept[5], last).map(id), Some(99));
        m.roots.stack.clear();
        m.collect_full();
        assert_eq!((m.heap.objects(), m.heap.bytes()), (0, 0));
    }
}

#[test]
fn the_limit_is_told_after_a_full_collection() {
    for gc in collecting() {
        let mut m = M::new(Options {
            gc,
            heap_max: Size(8 << 20),
            ..Options::default()
        });
        // Garbage never hits the limit, however much of it.
        for i in 0..1_000_000 {
            m.alloc(NODE, i, 4);
            m.safepoint();
            assert!(!m.heap.over_limit());
        }
        // A growing list does.
        let mut last = m.alloc(NODE, 0, 4);
        m.roots.stack.push(Some(last));
        let mut n = 0;
        while !m.heap.over_limit() || m.heap.poll() {
            let o = m.alloc(NODE, n, 4);
            m.set(o, 0, Some(last));
            last = o;
            m.roots.stack[0] = Some(last);
            m.safepoint();
            n += 1;
            assert!(n < 1_000_000);
        }
        assert!(n > (7 << 20) / 48, "{gc}: only {n} objects fit");
        // SAFETY: no object comes of it.
        assert!(unsafe { m.heap.try_alloc(1 << 20, NODE) }.is_none());
        assert!(!m.heap.has_room(100) && !m.heap.has_room(usize::MAX));
        let by_limit = m
            .heap
            .stats()
            .by_kind()
            .iter()
            .any(|k| k.0 == PauseKind::Full);
        assert!(by_limit);
        m.roots.stack.clear();
        m.collect_full();
        assert!(!m.heap.over_limit());
        // SAFETY: initialised before the next safepoint: no fields.
        assert!(unsafe { m.heap.try_alloc(usize::MAX / 2, NODE) }.is_none());
    }
}

#[test]
fn survivors_become_old_and_the_barrier_logs_them() {
    let mut m = machine(GcKind::Generational);
    let o = m.alloc(NODE, 1, 2);
    root(&mut m, o);
    let i = m.heap.inspect(o);
    assert!(i.allocated && !i.old && !i.unlogged && i.bytes == 32);
    m.collect_young();
    let i = m.heap.inspect(o);
    assert!(i.old && i.unlogged);
    let young = m.alloc(NODE, 2, 0);
    assert!(
        !slot(o, 0).try_set(o, to_word(Some(young))),
        "the fast path must refuse"
    );
    assert!(get(o, 0).is_none());
    m.set(o, 0, Some(young));
    assert!(!m.heap.inspect(o).unlogged);
    m.collect_young();
    assert!(m.heap.inspect(o).unlogged && m.heap.inspect(young).old);
    assert_eq!(get(o, 0), Some(young));
    assert_eq!(m.heap.stats().barrier_slow_paths(), 1);
}

#[test]
fn what_was_allocated_last_stays_young_for_one_minor() {
    let mut m = Machine::<true>::new(Options {
        verify: true,
        ..Options::default()
    });
    m.collect_young();
    let size = bytes(4);
    let mut first = None;
    let mut last = None;
    while !m.heap.poll() {
        let o = m.alloc(NODE, 1, 4);
        first = first.or(Some(o));
        last = Some(o);
    }
    let (first, last) = (first.unwrap(), last.unwrap());
    m.roots.stack.extend([Some(first), Some(last)]);
    m.set(first, 0, Some(last));
    m.safepoint();
    assert!(
        m.heap.inspect(first).old && !m.heap.inspect(last).old && m.heap.inspect(last).allocated
    );
    assert!(
        !m.heap.inspect(first).unlogged,
        "it refers to a young object: it stays in the log"
    );
    m.roots.stack.truncate(1);
    m.collect_young();
    assert!(m.heap.inspect(last).old && m.heap.inspect(first).unlogged);
    assert_eq!(m.heap.bytes(), 2 * size);
}

/// Of a large cell the barrier remembers what was stored, for one minor; but not
/// if that may stay young for another.
#[test]
fn a_large_cell_keeps_what_stays_young() {
    let mut m = Machine::<true>::new(Options {
        verify: true,
        ..Options::default()
    });
    let owner = m.alloc(NODE, 1, 100);
    m.roots.stack.push(Some(owner));
    m.collect_young();
    m.collect_young();
    assert!(m.heap.inspect(owner).old && m.heap.inspect(owner).bytes > 256);
    while !m.heap.poll() {
        m.alloc(NODE, 3, 4);
    }
    let late = m.alloc(NODE, 4, 0);
    m.set(owner, 70, Some(late));
    m.safepoint();
    assert!(!m.heap.inspect(late).old);
    m.collect_young();
    assert!(m.heap.inspect(late).allocated && m.heap.inspect(late).old);
    assert_eq!(get(owner, 70), Some(late));
}

#[test]
fn an_old_weak_object_hears_of_the_death_of_what_stayed_young() {
    for kind in [WEAK, EPHEMERON] {
        let mut m = Machine::<true>::new(Options {
            verify: true,
            ..Options::default()
        });
        let owner = m.alloc(kind, 1, 2);
        let key = m.alloc(NODE, 2, 0);
        m.roots.stack.extend([Some(owner), Some(key)]);
        m.collect_young();
        m.collect_young();
        while !m.heap.poll() {
            m.alloc(NODE, 3, 4);
        }
        // Young for two minors: as a weak value, and as an ephemeron's key.
        let late = m.alloc(NODE, 4, 0);
        m.roots.stack.push(Some(late));
        m.set(owner, 0, Some(late));
        m.set(owner, 1, Some(key));
        m.safepoint();
        assert!(!m.heap.inspect(late).old && m.heap.inspect(late).allocated);
        m.roots.stack.truncate(2);
        m.collect_young();
        assert!(!m.heap.inspect(late).allocated);
        assert!(get(owner, 0).is_none());
    }
    // As an ephemeron's value, whose key lives.
    let mut m = Machine::<true>::new(Options {
        verify: true,
        ..Options::default()
    });
    let owner = m.alloc(EPHEMERON, 1, 2);
    let key = m.alloc(NODE, 2, 0);
    m.roots.stack.extend([Some(owner), Some(key)]);
    m.collect_young();
    m.collect_young();
    while !m.heap.poll() {
        m.alloc(NODE, 3, 4);
    }
    let late = m.alloc(NODE, 4, 0);
    m.set(owner, 0, Some(key));
    m.set(owner, 1, Some(late));
    m.safepoint();
    assert!(!m.heap.inspect(late).old);
    m.collect_young();
    assert_eq!(get(owner, 1), Some(late));
    assert!(m.heap.inspect(late).allocated && m.heap.inspect(late).old);
}

#[test]
fn many_ephemerons_wait_for_one_key() {
    for gc in collecting() {
        let mut m = machine(gc);
        let key = m.alloc(NODE, 1, 0);
        let gate = m.alloc(NODE, 2, 0);
        for i in 0..10 {
            let e = m.alloc(EPHEMERON, 3, 4);
            root(&mut m, e);
            for j in [0, 2] {
                let value = m.alloc(NODE, 10 + i, 0);
                m.set(e, j, Some(key));
                m.set(e, j + 1, Some(value));
            }
        }
        // The last ephemeron to be looked at opens the gate to the key.
        let opener = m.alloc(EPHEMERON, 4, 2);
        m.set(opener, 0, Some(gate));
        m.set(opener, 1, Some(key));
        m.roots.stack.insert(0, Some(opener));
        m.roots.stack.push(Some(gate));
        m.roots.stack.rotate_right(3);
        m.collect_young();
        m.collect_full();
        assert_eq!(m.heap.objects(), 11 + 2 + 20);
        m.roots.stack.retain(|&o| o != Some(gate));
        m.collect_full();
        assert_eq!(m.heap.objects(), 11);
    }
}

#[test]
fn a_minor_does_not_depend_on_the_heaps_size() {
    let mut m = M::new(Options::default());
    let records = Rc::new(RefCell::new(Vec::new()));
    let mut list = None;
    for i in 0..300_000 {
        let o = m.alloc(NODE, i, 4);
        m.set(o, 0, list);
        list = Some(o);
    }
    m.roots.stack.push(list);
    m.collect_full();
    let to = records.clone();
    m.heap
        .stats_mut()
        .subscribe(Box::new(move |r| to.borrow_mut().push(r.clone())));
    for i in 0..200_000 {
        m.alloc(NODE, i, 4);
        m.safepoint();
    }
    let records = records.borrow();
    assert!(records.len() >= 3);
    for r in records.iter() {
        assert_eq!((r.kind, r.cause), (PauseKind::Minor, Cause::Nursery));
        assert!(r.work < 100, "{r}");
        assert!(r.objects_after >= 300_000 && r.bytes_after < r.bytes_before);
    }
    assert_eq!(m.heap.stats().all().0.count, records.len() as u64 + 1);
}

#[test]
fn garbage_reuses_the_same_few_blocks() {
    let mut m = M::new(Options::default());
    for i in 0..2_000_000 {
        m.alloc(NODE, i, 4 + i as usize % 8);
        m.safepoint();
    }
    assert!(
        m.heap.peak_committed_bytes() < 4 << 20,
        "{}",
        m.heap.peak_committed_bytes()
    );
}

#[test]
fn memory_goes_back_to_the_system() {
    for gc in collecting() {
        let mut m = M::new(Options {
            gc,
            ..Options::default()
        });
        let mut list = None;
        for i in 0..500_000 {
            let o = m.alloc(NODE, i, 6);
            m.set(o, 0, list);
            list = Some(o);
            m.roots.stack.clear();
            m.roots.stack.push(list);
            m.safepoint();
        }
        assert!(m.heap.committed_bytes() >= 500_000 * 64);
        m.roots.stack.clear();
        m.collect_full();
        assert!(
            m.heap.committed_bytes() <= 4 << 20,
            "{gc}: {}",
            m.heap.committed_bytes()
        );
        assert!(m.heap.peak_committed_bytes() >= 500_000 * 64);
    }
}

#[test]
fn a_stopped_heap_collects_only_when_told() {
    let mut m = M::new(Options::default());
    m.heap.set_stopped(true);
    for i in 0..200_000 {
        m.alloc(NODE, i, 4);
        m.safepoint();
    }
    assert_eq!(m.heap.stats().all().0.count, 0);
    m.collect_full();
    assert_eq!(m.heap.objects(), 0);
    m.heap.set_stopped(false);
    for i in 0..200_000 {
        m.alloc(NODE, i, 4);
        m.safepoint();
    }
    assert!(m.heap.stats().all().0.count > 1);
}

/// Stores behind the barrier's back, as no safe code can.
fn smuggle(o: Obj, i: usize, to: Obj) {
    let field = std::ptr::from_ref(slot(o, i)).cast::<u64>().cast_mut();
    // SAFETY: a slot is one word; nothing runs besides.
    unsafe { field.write(to_word(Some(to))) }
}

#[test]
#[should_panic(expected = "not in the log: node")]
fn the_verifier_sees_a_forgotten_barrier() {
    let mut m = machine(GcKind::Generational);
    let o = m.alloc(NODE, 1, 2);
    root(&mut m, o);
    m.collect_young();
    let young = m.alloc(NODE, 2, 0);
    smuggle(o, 1, young);
    m.collect_young();
}

#[test]
#[should_panic(expected = "reference 1, refers to")]
fn the_verifier_sees_a_reference_to_a_freed_object() {
    let mut m = machine(GcKind::Generational);
    let o = m.alloc(NODE, 1, 2);
    root(&mut m, o);
    let dead = m.alloc(NODE, 2, 0);
    m.collect_full();
    smuggle(o, 1, dead);
    if let Err(fault) = m.heap.verify(&mut m.roots) {
        panic!("{fault}");
    }
}

/// What is due, and what it refers to, outlives cycles until it is handed out.
#[test]
fn due_objects_survive_cycles_until_handed_out() {
    for threads in [0, 2] {
        let mut m = Machine::<true>::new(Options {
            stress: 1,
            verify: true,
            threads,
            ..Options::default()
        });
        for i in 0..50 {
            let (o, friend) = (m.alloc(NODE, 2 * i, 1), m.alloc(NODE, 2 * i + 1, 0));
            m.set(o, 0, Some(friend));
            m.heap.register_finalizer(o);
        }
        m.collect_full();
        assert_eq!(m.heap.finalizers_due(), 50);
        for _ in 0..3 {
            while !m.heap.is_marking() {
                m.safepoint();
            }
            while m.heap.is_marking() {
                m.safepoint();
            }
        }
        for i in (0..50).rev() {
            let o = m.heap.next_finalizable().expect("still due");
            let friend = get(o, 0).expect("a reference");
            assert_eq!((id(o), id(friend)), (2 * i, 2 * i + 1));
            assert!(m.heap.inspect(o).allocated && m.heap.inspect(friend).allocated);
        }
        assert!(m.heap.next_finalizable().is_none());
    }
}

/// What a large cell is given while the heap is marked in slices is kept, though
/// nothing else refers to it and the cell itself is not logged.
#[test]
fn a_marked_large_cell_keeps_what_is_moved_into_it() {
    let mut m = M::new(Options {
        stress: 1,
        ..Options::default()
    });
    let large = m.alloc(NODE, 1, 200);
    m.roots.stack.push(Some(large));
    let end = m.alloc(NODE, 2, 1);
    let mut before = end;
    let mut last = end;
    for i in 3..20_000 {
        let o = m.alloc(NODE, i, 1);
        m.set(o, 0, Some(last));
        if last == end {
            before = o;
        }
        last = o;
    }
    m.roots.stack.push(Some(last));
    m.collect_full();
    m.heap.stats_mut().keep_records();
    let sliced = |m: &M| -> usize {
        let slices = m.heap.stats().records().iter();
        slices
            .filter(|r| r.kind == PauseKind::Slice)
            .map(|r| r.work)
            .sum()
    };
    while sliced(&m) < 500 {
        m.safepoint();
    }
    // The large cell was visited, the list's end is far from it.
    assert!(m.heap.is_marking() && sliced(&m) < 10_000);
    m.set(large, 150, Some(end));
    m.set(before, 0, None);
    assert!(large.unlogged(), "the large cell is not logged whole");
    until_marking(&mut m, false);
    assert!(m.heap.inspect(end).allocated && id(end) == 2);
    m.heap.verify(&mut m.roots).unwrap();
}

/// The object with the edges to a large table's chunks is such a cell: visited again by the
/// minor after each store, it would make all chunks grey in one stop.
#[test]
fn a_minor_does_not_mark_all_that_a_large_cell_refers_to_for_one_store() {
    for kind in [EDGES, NODE] {
        let mut m = stepped();
        let owner = m.alloc(kind, 0, 5000);
        m.roots.stack.push(Some(owner));
        for i in 0..5000 {
            let o = m.alloc(NODE, 1 + i as u32, 0);
            m.set(owner, i, Some(o));
        }
        m.collect_full();
        let marked = |m: &M| {
            let fields = (0..5000).filter_map(|i| get(owner, i));
            fields.filter(|&o| m.heap.inspect(o).marked).count()
        };
        until_marking(&mut m, true);
        // The snapshot only looks at the roots.
        assert!(m.heap.inspect(owner).marked && marked(&m) == 0);
        m.set(owner, 17, get(owner, 3000));
        m.collect_young();
        assert!(m.heap.is_marking());
        assert_eq!(marked(&m), 2, "what was stored, in both fields");
        until_marking(&mut m, false);
        m.heap.verify(&mut m.roots).unwrap();
        assert_eq!(m.heap.objects(), 5000);
    }
}

/// What is dropped before the marker has reached it does not survive the cycle for having been
/// changed meanwhile: the minor that visits it makes nothing grey.
#[test]
fn a_minor_marks_nothing_for_a_changed_object_without_mark() {
    let mut m = stepped();
    let holder = m.alloc(NODE, 0, 1);
    m.roots.stack.push(Some(holder));
    let owner = m.alloc(NODE, 1, 2);
    m.set(holder, 0, Some(owner));
    let referent = m.alloc(NODE, 2, 0);
    m.set(owner, 0, Some(referent));
    m.set(owner, 1, Some(holder));
    m.collect_full();
    until_marking(&mut m, true);
    assert!(m.heap.inspect(holder).marked && !m.heap.inspect(owner).marked);
    m.set(owner, 1, None);
    assert!(!owner.unlogged(), "the owner is in the log");
    m.set(holder, 0, None);
    m.collect_young();
    assert!(m.heap.is_marking() && !m.heap.inspect(referent).marked);
    until_marking(&mut m, false);
    m.heap.verify(&mut m.roots).unwrap();
    assert_eq!(m.heap.objects(), 1);
}

/// A cycle that is given up without a collection, as when a state is closed, first clears the
/// weak references that the program was told are cleared: what they led to does not reappear.
#[test]
fn a_verdict_given_up_is_carried_out() {
    let mut m = stepped();
    let holder = m.alloc(NODE, 0, 100);
    m.roots.stack.push(Some(holder));
    for i in 0..100 {
        let target = m.alloc(NODE, 1 + i as u32, 0);
        m.set(holder, i, Some(target));
        let weak = m.alloc(WEAK, 200 + i as u32, 1);
        m.set(weak, 0, Some(target));
        m.roots.stack.push(Some(weak));
    }
    m.collect_full();
    let weak: Vec<Obj> = m.roots.stack.drain(1..).flatten().collect();
    m.roots.stack.clear();
    m.roots.stack.extend(weak.iter().copied().map(Some));
    let condemned = |m: &M| {
        weak.iter()
            .filter_map(|&w| get(w, 0))
            .any(|o| m.heap.condemned(o))
    };
    while !condemned(&m) {
        m.safepoint();
    }
    m.heap.finalize_all();
    assert!(!m.heap.is_marking());
    for &w in &weak {
        assert_eq!(get(w, 0), None, "weak object {}", id(w));
    }
    m.heap.verify(&mut m.roots).unwrap();
}
