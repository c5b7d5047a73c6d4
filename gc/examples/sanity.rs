//! A quick look at the heap's speed: allocation with minors, marking, the
//! barrier, minors beside a large heap. `cargo run --release --example sanity [objects]`.

#[path = "../benches/graphs/mod.rs"]
mod graphs;

use graphs::*;
use moonsweep_gc::{GcKind, Options, PauseKind};
use std::hint::black_box;
use std::time::Instant;

fn per<T>(n: usize, f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let r = f();
    (r, start.elapsed().as_nanos() as f64 / n as f64)
}

fn pauses(m: &Machine) {
    for (kind, wall, cpu) in m.heap.stats().by_kind() {
        println!(
            "    {kind}: {} pauses, wall p50 {:.1}us p99 {:.1}us max {:.1}us, cpu max {:.1}us, total {:.1}ms",
            wall.count,
            wall.p50_ns as f64 / 1e3,
            wall.p99_ns as f64 / 1e3,
            wall.max_ns as f64 / 1e3,
            cpu.max_ns as f64 / 1e3,
            wall.total_ns as f64 / 1e6
        );
    }
}

fn allocate<const N: usize>(kind: GcKind, n: usize) {
    let mut m = Machine::new(Options {
        gc: kind,
        ..Options::default()
    });
    let (_, ns) = per(n, || {
        for _ in 0..n {
            black_box(m.node::<N>(NIL));
            m.safepoint();
        }
    });
    println!(
        "allocate {} bytes, all garbage, {kind}: {ns:.2} ns an object",
        16 + 8 * N
    );
    pauses(&m);
}

fn main() {
    let n: usize = std::env::args()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(10_000_000);
    for kind in [GcKind::None, GcKind::MarkSweep, GcKind::Generational] {
        allocate::<2>(kind, n);
    }
    allocate::<4>(GcKind::Generational, n * 5);
    allocate::<6>(GcKind::Generational, n * 5);

    let mut m = Machine::new(Options::default());
    let (all, ns) = per(n, || m.random_graph::<4>(n, 42));
    println!("random graph of {n} nodes of 48 bytes built in {ns:.1} ns a node");
    for _ in 0..2 {
        let (_, ns) = per(n, || m.heap.collect_full(&mut m.roots));
        println!(
            "full collection: {ns:.2} ns an object ({} objects)",
            m.heap.objects()
        );
    }
    m.heap.stats_mut().keep_records();
    m.heap.collect_full(&mut m.roots);
    println!("    {}", m.heap.stats().records()[0]);

    // Few survivors beside the large heap.
    let mut rng = Random(7);
    let mut slow = 0;
    let minors = |m: &Machine| {
        m.heap
            .stats()
            .by_kind()
            .iter()
            .find(|k| k.0 == PauseKind::Minor)
            .map_or(0, |k| k.1.count)
    };
    let before = minors(&m);
    let count = 20_000_000;
    let (_, ns) = per(count, || {
        for i in 0..count {
            let o = m.node::<4>(NIL);
            if i % 100 == 0 {
                let owner = all[rng.below(n)];
                let s = &slots(owner)[3];
                if !s.try_set(owner, to_word(o)) {
                    slow += 1;
                    s.set(owner, to_word(o), &mut m.heap);
                }
            }
            m.safepoint();
        }
    });
    println!(
        "churn beside it, 1 in 100 stored into the old graph: {ns:.2} ns an object, {slow} logged, {} minors",
        minors(&m) - before
    );
    pauses(&m);
    println!("    last: {}", m.heap.stats().records().last().unwrap());
    let biggest = m
        .heap
        .stats()
        .records()
        .iter()
        .filter(|r| r.kind == PauseKind::Minor)
        .max_by_key(|r| r.cpu_ns);
    println!("    longest minor: {}", biggest.unwrap());
    println!(
        "    committed {} MB, in use {} MB",
        m.heap.committed_bytes() >> 20,
        m.heap.bytes() >> 20
    );

    // The barrier on an object that is logged already.
    let owner = all[5];
    let target = to_word(all[6]);
    let (_, ns) = per(100_000_000, || {
        for i in 0..100_000_000usize {
            black_box(&slots(owner)[i & 3]).set(black_box(owner), target, &mut m.heap);
        }
    });
    println!("barrier, fast path: {ns:.2} ns a store");
}
