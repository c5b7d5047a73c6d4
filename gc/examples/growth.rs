//! What fresh memory costs: allocates and keeps everything. `... --example growth [objects]`.

#[path = "../benches/graphs/mod.rs"]
mod graphs;

use graphs::*;
use moonsweep_gc::{GcKind, Options};
use std::hint::black_box;

fn main() {
    let n: usize = std::env::args()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(10_000_000);
    let mut m = Machine::new(Options {
        gc: GcKind::None,
        ..Options::default()
    });
    let start = moonsweep_gc::stats::pause::thread_cpu_ns();
    for _ in 0..n {
        black_box(m.node::<4>(NIL));
        m.safepoint();
    }
    let ns = moonsweep_gc::stats::pause::thread_cpu_ns() - start;
    println!(
        "{:.2} ns of processor time an object of 48 bytes, nothing freed",
        ns as f64 / n as f64
    );
}
