//! Marking throughput on a random graph: `cargo run --release --example marking [nodes] [rounds]`.

#[path = "../benches/graphs/mod.rs"]
mod graphs;

use graphs::*;
use moonsweep_gc::Options;

fn argument(i: usize, default: usize) -> usize {
    std::env::args()
        .nth(i)
        .and_then(|s| s.parse().ok())
        .unwrap_or(default)
}

fn main() {
    let n = argument(1, 10_000_000);
    let mut m = Machine::new(Options::default());
    m.random_graph::<4>(n, 42);
    m.heap.stats_mut().keep_records();
    for _ in 0..argument(2, 5) {
        m.heap.collect_full(&mut m.roots);
    }
    let best = m
        .heap
        .stats()
        .records()
        .iter()
        .min_by_key(|r| r.cpu_ns)
        .expect("a collection");
    println!(
        "{:.2} ns of processor time an object; {best}",
        best.cpu_ns as f64 / n as f64
    );
}
