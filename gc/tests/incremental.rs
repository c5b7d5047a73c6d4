//! What is particular to `incremental`: objects allocated by gc-arena, collected
//! in slices that its debt bounds.

mod toy;

use moonsweep_gc::{GcKind, Obj, Options, PauseKind, PauseRecord};
use toy::*;

type M = Machine<false>;

fn machine(options: Options) -> M {
    let mut m = M::new(Options {
        gc: GcKind::Incremental,
        ..options
    });
    m.heap.stats_mut().keep_records();
    m
}

/// A list of `n` nodes with `fields` fields, the first of which leads on.
fn list(m: &mut M, n: u32, fields: usize) -> Obj {
    let mut head = m.alloc(NODE, 0, fields);
    m.roots.stack.push(Some(head));
    for i in 1..n {
        let o = m.alloc(NODE, i, fields);
        m.set(o, 0, Some(head));
        head = o;
        *m.roots.stack.last_mut().unwrap() = Some(head);
        m.safepoint();
    }
    head
}

fn records(m: &M, kind: PauseKind) -> impl Iterator<Item = &PauseRecord> {
    m.heap
        .stats()
        .records()
        .iter()
        .filter(move |r| r.kind == kind)
}

#[test]
fn garbage_goes_in_bounded_steps_without_a_full_collection() {
    let mut m = machine(Options::default());
    list(&mut m, 100_000, 4);
    list(&mut m, 100_000, 4);
    m.roots.stack.pop();
    let mut n = 0;
    // A cycle that has begun may keep the list; the next one finds it dead.
    let ends = records(&m, PauseKind::FinalMark).count() + 2;
    while records(&m, PauseKind::FinalMark).count() < ends || m.heap.is_marking() {
        m.alloc(NODE, 0, 4);
        m.safepoint();
        n += 1;
        assert!(n < 1_000_000, "no end to the cycle");
    }
    // One list, and what was allocated during the cycle.
    assert!(m.heap.objects() < 190_000, "{}", m.heap.objects());
    assert_eq!(records(&m, PauseKind::Full).count(), 0);
    assert!(records(&m, PauseKind::FinalMark).count() >= 1);
    assert!(records(&m, PauseKind::Sweep).count() > 20);
    let slices: Vec<_> = records(&m, PauseKind::Slice).collect();
    assert!(slices.len() > 100);
    // 16 KiB of such objects are 470 units of debt, of which each object pays half a unit.
    let most = slices.iter().map(|r| r.work).max().unwrap();
    assert!(most < 20_000, "{most} slots in one slice");
    m.heap.verify(&mut m.roots).unwrap();
}

#[test]
fn what_comes_at_once_is_paid_in_many_slices() {
    let mut m = machine(Options::default());
    list(&mut m, 400_000, 4);
    while !m.heap.is_marking() {
        m.alloc(NODE, 0, 4);
        m.safepoint();
    }
    let before = m.heap.stats().records().len();
    m.alloc(NODE, 0, 1 << 20);
    while m.heap.is_marking() {
        m.alloc(NODE, 0, 4);
        m.safepoint();
    }
    let records = &m.heap.stats().records()[before..];
    assert!(records.len() > 10, "{} stops", records.len());
    let most = records.iter().map(|r| r.work).max().unwrap();
    assert!(most < 400_000, "{most} slots in one slice");
}

/// A store into an object that gc-arena has traced already is seen.
#[test]
fn a_black_object_that_is_changed_is_traced_again() {
    let mut m = machine(Options {
        stress: 1,
        ..Options::default()
    });
    let holder = m.alloc(NODE, 1, 2);
    m.roots.stack.push(Some(holder));
    // Too long to be marked in one slice of stress mode.
    list(&mut m, 20_000, 1);
    m.collect_full();
    let hidden = m.alloc(NODE, 2, 0);
    let key = m.alloc(NODE, 3, 1);
    m.set(key, 0, Some(hidden));
    m.roots.stack.push(Some(key));
    for round in 0..50 {
        while m.heap.is_marking() {
            m.safepoint();
        }
        while !(m.heap.is_marking() && holder.unlogged()) {
            m.safepoint();
        }
        // Moved from one place to the other and back, whichever was traced first.
        let (from, to) = if round % 2 == 0 {
            (key, holder)
        } else {
            (holder, key)
        };
        m.set(to, 0, Some(hidden));
        m.set(from, 0, None);
        while m.heap.is_marking() {
            m.safepoint();
        }
        assert!(m.heap.inspect(hidden).allocated, "round {round}");
        assert_eq!(id(hidden), 2);
    }
    m.heap.verify(&mut m.roots).unwrap();
}

#[test]
fn it_is_chosen_at_start_only() {
    let mut m = machine(Options::default());
    let o = list(&mut m, 10, 1);
    for &kind in GcKind::ALL {
        let result = m.heap.switch(kind, &mut m.roots);
        if kind == GcKind::Incremental {
            assert_eq!(result, Ok(()));
        } else {
            let e = result.unwrap_err().to_string();
            assert!(
                e.contains("'incremental'") && e.contains(kind.name()),
                "{e}"
            );
        }
    }
    assert_eq!(id(o), 9);
    let mut m = M::new(Options::default());
    let e = m
        .heap
        .switch(GcKind::Incremental, &mut m.roots)
        .unwrap_err();
    assert_eq!((e.from, e.to), (GcKind::Generational, GcKind::Incremental));
}

/// Sizes around the largest cell and far beyond, and what no system has.
#[test]
fn objects_of_any_size() {
    let mut m = machine(Options {
        verify: true,
        ..Options::default()
    });
    let limit = moonsweep_gc::Heap::<Toy>::SMALL_LIMIT;
    let holder = m.alloc(NODE, 0, 100);
    m.roots.stack.push(Some(holder));
    let mut total = m.heap.inspect(holder).bytes;
    let sizes = (0..50)
        .map(|i| 1usize << (i % 17))
        .chain([limit / 8 - 2, limit / 8 - 1, 1 << 20]);
    for (i, n) in sizes.enumerate() {
        let o = m.alloc(NODE, i as u32, n);
        assert_eq!(o.addr() % 16, 0);
        m.set(o, n - 1, Some(holder));
        m.set(holder, i, Some(o));
        let found = m.heap.inspect(o);
        assert!(found.allocated && found.bytes >= bytes(n));
        total += found.bytes;
    }
    m.collect_full();
    assert_eq!(m.heap.bytes(), total);
    assert!(m.heap.committed_bytes() > total);
    // A terabyte at most: whether there is address space for it is the system's affair.
    for size in [1usize << 40, usize::MAX / 2, usize::MAX] {
        // SAFETY: made an object without fields, should there be one.
        if let Some(o) = unsafe { m.heap.try_alloc(size, NODE) } {
            // SAFETY: the second word of a new object.
            unsafe { o.as_ptr().cast::<u64>().add(1).write(0) }
        }
    }
    m.roots.stack.clear();
    m.collect_full();
    assert_eq!(
        (m.heap.bytes(), m.heap.objects(), m.heap.committed_bytes()),
        (0, 0, 0)
    );
}
