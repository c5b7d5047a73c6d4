//! Allocation, barrier, marking throughput and minor collections.

mod graphs;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use graphs::*;
use moonsweep_gc::{GcKind, Options};
use std::hint::black_box;

const BATCH: u64 = 10_000;

fn allocation(c: &mut Criterion) {
    let mut g = c.benchmark_group("allocate");
    g.throughput(Throughput::Elements(BATCH));
    for &kind in &[GcKind::MarkSweep, GcKind::Generational] {
        let mut m = Machine::new(Options {
            gc: kind,
            ..Options::default()
        });
        g.bench_function(format!("32 bytes, garbage, {kind}"), |b| {
            b.iter(|| {
                for _ in 0..BATCH {
                    black_box(m.node::<2>(NIL));
                    m.safepoint();
                }
            })
        });
        g.bench_function(format!("64 bytes, garbage, {kind}"), |b| {
            b.iter(|| {
                for _ in 0..BATCH {
                    black_box(m.node::<6>(NIL));
                    m.safepoint();
                }
            })
        });
        g.bench_function(format!("48 bytes, one in ten lives a while, {kind}"), |b| {
            let mut at = 0;
            let filler = m.node::<4>(NIL);
            m.roots.0 = vec![filler; 1000];
            b.iter(|| {
                for i in 0..BATCH {
                    let o = m.node::<4>(NIL);
                    if i % 10 == 0 {
                        at = (at + 1) % 1000;
                        m.roots.0[at] = o;
                    }
                    m.safepoint();
                }
            });
            m.roots.0.clear();
        });
    }
    g.finish();
}

fn barrier(c: &mut Criterion) {
    let mut g = c.benchmark_group("barrier");
    g.throughput(Throughput::Elements(BATCH));
    let mut m = Machine::new(Options::default());
    let all = m.random_graph::<4>(10_000, 3);
    m.heap.collect_full(&mut m.roots);
    let target = to_word(all[1]);
    g.bench_function("store into a logged object", |b| {
        let owner = all[2];
        b.iter(|| {
            for i in 0..BATCH as usize {
                black_box(&slots(owner)[i & 3]).set(black_box(owner), target, &mut m.heap);
            }
        })
    });
    g.bench_function(
        "first store into an old object, and its share of a minor",
        |b| {
            b.iter(|| {
                for &owner in &all {
                    slots(owner)[1].set(owner, target, &mut m.heap);
                }
                m.heap.collect_young(&mut m.roots);
            })
        },
    );
    g.finish();
}

fn marking(c: &mut Criterion) {
    let mut g = c.benchmark_group("mark");
    g.sample_size(10);
    for n in [100_000, 1_000_000] {
        g.throughput(Throughput::Elements(n as u64));
        let mut m = Machine::new(Options {
            gc: GcKind::MarkSweep,
            ..Options::default()
        });
        m.random_graph::<4>(n, 42);
        g.bench_function(format!("random graph, {n} nodes"), |b| {
            b.iter(|| m.heap.collect_full(&mut m.roots))
        });
    }
    g.finish();
}

fn minors(c: &mut Criterion) {
    let mut g = c.benchmark_group("minor");
    for (old, survivors) in [
        (1000, 0),
        (1_000_000, 0),
        (1_000_000, 1000),
        (1_000_000, 10_000),
    ] {
        let mut m = Machine::new(Options::default());
        m.random_graph::<4>(old, 42);
        m.heap.collect_full(&mut m.roots);
        let roots = m.roots.0.len();
        g.bench_function(
            format!("{old} old, 40000 young, {survivors} survive"),
            |b| {
                // The set-up allocates a nursery; only the collection is timed.
                let m = std::cell::RefCell::new(&mut m);
                b.iter_batched(
                    || {
                        let mut m = m.borrow_mut();
                        m.roots.0.truncate(roots);
                        for i in 0..40_000 {
                            let o = m.node::<4>(NIL);
                            if i < survivors {
                                m.roots.0.push(o);
                            }
                        }
                    },
                    |()| {
                        let m = &mut **m.borrow_mut();
                        m.heap.collect_young(&mut m.roots)
                    },
                    BatchSize::PerIteration,
                );
                let m = &mut **m.borrow_mut();
                m.roots.0.truncate(roots);
                m.heap.collect_full(&mut m.roots);
            },
        );
    }
    g.finish();
}

criterion_group!(benches, allocation, barrier, marking, minors);
criterion_main!(benches);
