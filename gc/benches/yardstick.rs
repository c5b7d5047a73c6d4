//! The graphs of `heap.rs` in the `gc-arena` crate.

mod graphs;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gc_arena::lock::RefLock;
use gc_arena::{Arena, Collect, Gc, Rootable};
use graphs::Random;
use std::hint::black_box;

const BATCH: u64 = 10_000;

#[derive(Collect)]
#[collect(no_drop)]
struct Node<'gc, const N: usize>([Option<Ref<'gc, N>>; N]);

type Ref<'gc, const N: usize> = Gc<'gc, RefLock<Node<'gc, N>>>;
type List<const N: usize> = Arena<Rootable![Vec<Ref<'_, N>>]>;

fn allocation(c: &mut Criterion) {
    let mut g = c.benchmark_group("gc-arena allocate");
    g.throughput(Throughput::Elements(BATCH));
    let mut arena = List::<4>::new(|_| Vec::new());
    g.bench_function("48 bytes, garbage", |b| {
        b.iter(|| {
            for _ in 0..BATCH / 100 {
                arena.mutate(|mc, _| {
                    for _ in 0..100 {
                        black_box(Gc::new(mc, RefLock::new(Node([None; 4]))));
                    }
                });
                arena.collect_debt();
            }
        })
    });
    g.finish();
}

fn barrier(c: &mut Criterion) {
    let mut g = c.benchmark_group("gc-arena barrier");
    g.throughput(Throughput::Elements(BATCH));
    let arena = List::<4>::new(|mc| {
        (0..2)
            .map(|_| Gc::new(mc, RefLock::new(Node([None; 4]))))
            .collect()
    });
    g.bench_function("store", |b| {
        b.iter(|| {
            arena.mutate(|mc, root| {
                for i in 0..BATCH as usize {
                    black_box(root[0]).borrow_mut(mc).0[i & 3] = Some(root[1]);
                }
            })
        })
    });
    g.finish();
}

fn marking(c: &mut Criterion) {
    let mut g = c.benchmark_group("gc-arena mark");
    g.sample_size(10);
    for n in [100_000, 1_000_000] {
        g.throughput(Throughput::Elements(n as u64));
        let mut arena = List::<4>::new(|mc| {
            let mut rng = Random(42);
            let all: Vec<Ref<'_, 4>> = (0..n)
                .map(|_| Gc::new(mc, RefLock::new(Node([None; 4]))))
                .collect();
            for i in 0..n - 1 {
                let from = all[rng.below(i + 1)];
                let k = rng.below(4);
                let old = from.borrow().0[k];
                all[i].borrow_mut(mc).0[0] = old;
                from.borrow_mut(mc).0[k] = Some(all[i + 1]);
            }
            for o in &all {
                for k in 0..4 {
                    if o.borrow().0[k].is_none() && rng.below(4) != 0 {
                        o.borrow_mut(mc).0[k] = Some(all[rng.below(n)]);
                    }
                }
            }
            vec![all[0]]
        });
        arena.finish_cycle();
        g.bench_function(format!("random graph, {n} nodes"), |b| {
            b.iter(|| arena.finish_cycle())
        });
    }
    g.finish();
}

criterion_group!(benches, allocation, barrier, marking);
criterion_main!(benches);
