//! Several runs of one program under one collector, summed up.

use super::Outcome;
use super::child::{Failure, Run};
use super::histogram::Histogram;
use super::noise::Noise;
use super::options::BenchOptions;
use crate::report::figures::{Clocks, Figures, Lengths, Utilisation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one row of the table says.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Seconds from start to end: the median of the runs.
    pub time_s: f64,
    /// Seconds of CPU time: the median.
    pub cpu_s: f64,
    /// The greatest peak of resident memory.
    pub peak_bytes: u64,
    /// Lower-bound overhead of the collector in CPU time: at least so many
    /// times the cost without one. Of our own collectors only.
    pub overhead_cpu: Option<f64>,
    /// The same in time from start to end.
    pub overhead_time: Option<f64>,
    /// What the runtime measured itself; `None` for the reference.
    pub inside: Option<Inside>,
    /// What the programs told: of gaps the worst of all runs, else medians.
    pub told: BTreeMap<String, f64>,
}

/// What only our own runtime can tell.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Share of the time spent in collection: the median.
    pub gc_share: f64,
    /// Seconds of CPU time that are the collector's beyond doubt, in pauses and
    /// on helper threads: the median.
    pub collection_cpu_s: f64,
    /// The same of time: pauses only, the median.
    pub collection_time_s: f64,
    /// Pauses: medians of everything but `max_ms`, which is the worst of all runs.
    pub pauses: Clocks,
    /// The greatest size of the heap.
    pub peak_heap_bytes: u64,
    /// Its mean over time: the median.
    pub average_heap_bytes: f64,
    /// The greatest amount that the heap had from the system.
    pub peak_committed_bytes: u64,
    /// Minimum mutator utilisation: the worst of the runs.
    pub mmu: Vec<Utilisation>,
    /// All runs' pauses by CPU time.
    pub histogram: Histogram,
    /// The same one by one: nanoseconds and how many.
    pub lengths: BTreeMap<u64, u64>,
}

impl Cell {
    /// Sums up at least one run.
    pub fn sum_up(runs: &[Run]) -> Cell {
        Cell {
            time_s: median(runs.iter().map(|r| r.time.as_secs_f64())),
            cpu_s: median(runs.iter().map(|r| r.cpu.as_secs_f64())),
            peak_bytes: runs.iter().map(|r| r.peak_bytes).max().unwrap_or(0),
            overhead_cpu: None,
            overhead_time: None,
            inside: Inside::sum_up(runs),
            told: told(runs),
        }
    }
}

fn told(runs: &[Run]) -> BTreeMap<String, f64> {
    let names = runs.iter().flat_map(|r| r.told.keys());
    let figure = |name: &String| {
        let values = runs.iter().filter_map(|r| r.told.get(name).copied());
        let value = if name.starts_with("gap") {
            values.fold(0.0, f64::max)
        } else {
            median(values)
        };
        (name.clone(), value)
    };
    names.map(figure).collect()
}

impl Inside {
    fn sum_up(runs: &[Run]) -> Option<Inside> {
        let figures: Vec<&Figures> = runs.iter().filter_map(|r| r.figures.as_ref()).collect();
        if figures.is_empty() {
            return None;
        }
        let (mut histogram, mut each) = (Histogram::default(), BTreeMap::new());
        for &(nanoseconds, count) in runs.iter().flat_map(|r| &r.counts.cpu) {
            histogram.add(nanoseconds, count);
            *each.entry(nanoseconds).or_default() += count;
        }
        let lengths = |of: fn(&Figures) -> &Lengths| {
            merged(&figures.iter().map(|f| *of(f)).collect::<Vec<_>>())
        };
        let share = |f: &&Figures| {
            if f.wall_s > 0.0 {
                f.gc_s / f.wall_s
            } else {
                0.0
            }
        };
        Some(Inside {
            gc_share: median(figures.iter().map(share)),
            collection_cpu_s: median(
                figures
                    .iter()
                    .map(|f| f.pauses.cpu.total_ms / 1e3 + f.helper_cpu_s),
            ),
            collection_time_s: median(figures.iter().map(|f| f.gc_s)),
            pauses: Clocks {
                wall: lengths(|f| &f.pauses.wall),
                cpu: lengths(|f| &f.pauses.cpu),
            },
            peak_heap_bytes: figures.iter().map(|f| f.peak_heap_bytes).max().unwrap_or(0),
            average_heap_bytes: median(figures.iter().map(|f| f.average_heap_bytes as f64)),
            peak_committed_bytes: figures
                .iter()
                .map(|f| f.peak_committed_bytes)
                .max()
                .unwrap_or(0),
            mmu: worst_utilisation(&figures),
            histogram,
            lengths: each,
        })
    }
}

/// Of each window the least share of all runs.
fn worst_utilisation(runs: &[&Figures]) -> Vec<Utilisation> {
    let mut worst = runs.first().map(|f| f.mmu.clone()).unwrap_or_default();
    for u in &mut worst {
        let same = runs.iter().flat_map(|f| &f.mmu);
        let shares = same.filter(|v| v.window_ms == u.window_ms).map(|v| v.share);
        u.share = shares.fold(u.share, f64::min);
    }
    worst
}

/// What a program costs at least without collection: the least of the given
/// costs, each without what of it is collection beyond doubt. What a collector
/// costs more than that is the least that it can be said to cost, barrier, lazy
/// sweeping and lost cache lines included.
fn least(costs: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let net = costs.map(|(all, collection)| (all - collection).max(0.0));
    net.filter(|c| *c > 0.0).min_by(f64::total_cmp)
}

/// Sets the lower-bound overheads of all that ran the same program.
pub fn set_overheads(cells: &mut [(String, Result<Cell, Failure>)]) {
    let inside = |of: fn(&Cell, &Inside) -> (f64, f64)| {
        let cells = cells.iter().filter_map(|(_, result)| result.as_ref().ok());
        least(cells.filter_map(|cell| Some(of(cell, cell.inside.as_ref()?))))
    };
    let cpu = inside(|cell, inside| (cell.cpu_s, inside.collection_cpu_s));
    let time = inside(|cell, inside| (cell.time_s, inside.collection_time_s));
    for cell in cells
        .iter_mut()
        .filter_map(|(_, result)| result.as_mut().ok())
    {
        if cell.inside.is_some() {
            cell.overhead_cpu = cpu.map(|least| cell.cpu_s / least);
            cell.overhead_time = time.map(|least| cell.time_s / least);
        }
    }
}

/// Medians of everything, but the greatest of the greatest.
fn merged(runs: &[Lengths]) -> Lengths {
    let of = |field: fn(&Lengths) -> f64| median(runs.iter().map(field));
    Lengths {
        count: of(|l| l.count as f64).round() as u64,
        total_ms: of(|l| l.total_ms),
        mean_ms: of(|l| l.mean_ms),
        p50_ms: of(|l| l.p50_ms),
        p90_ms: of(|l| l.p90_ms),
        p99_ms: of(|l| l.p99_ms),
        p999_ms: of(|l| l.p999_ms),
        max_ms: runs.iter().map(|l| l.max_ms).fold(0.0, f64::max),
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (n, half) if n % 2 == 1 => values[half],
        (_, half) => (values[half - 1] + values[half]) / 2.0,
    }
}

/// Everything as JSON, for `--json`.
pub fn json(outcomes: &[Outcome], options: &BenchOptions, noise: &Noise) -> String {
    let rows = |outcome: &Outcome| -> Vec<Value> {
        let row = |(runner, result): &(String, Result<Cell, Failure>)| row(outcome, runner, result);
        outcome.cells.iter().map(row).collect()
    };
    let rows: Vec<Value> = outcomes.iter().flat_map(rows).collect();
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "runs": options.runs,
        "size": options.size,
        "noise": noise,
        "results": rows,
    });
    format!("{all:#}\n")
}

fn row(outcome: &Outcome, runner: &str, result: &Result<Cell, Failure>) -> Value {
    let mut row = json!({ "workload": outcome.program, "collector": runner });
    if let Some(heap) = &outcome.heap {
        row["heap_factor"] = json!(heap.factor);
        row["heap_max_bytes"] = json!(heap.bytes);
    }
    match result {
        _ if outcome.disagreement.is_some() => row["error"] = json!("the answers differ"),
        Err(Failure::OutOfMemory) => row["error"] = json!("not enough memory"),
        Err(Failure::TooLong) => row["error"] = json!("took too long"),
        Err(Failure::Other(text)) => row["error"] = json!(text),
        Ok(cell) => {
            row["time_s"] = json!(cell.time_s);
            row["cpu_s"] = json!(cell.cpu_s);
            row["peak_rss_bytes"] = json!(cell.peak_bytes);
            if !cell.told.is_empty() {
                row["told"] = json!(cell.told);
            }
            if let Some(inside) = &cell.inside {
                row["gc_share"] = json!(inside.gc_share);
                row["collection_cpu_s"] = json!(inside.collection_cpu_s);
                row["overhead_cpu"] = json!(cell.overhead_cpu);
                row["overhead_time"] = json!(cell.overhead_time);
                row["average_heap_bytes"] = json!(inside.average_heap_bytes);
                row["peak_committed_bytes"] = json!(inside.peak_committed_bytes);
                row["mmu"] = json!(inside.mmu);
                row["peak_heap_bytes"] = json!(inside.peak_heap_bytes);
                row["pauses"] = json!(inside.pauses);
            }
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::Counts;
    use std::time::Duration;

    pub fn run(milliseconds: u64, p50: f64, max: f64) -> Run {
        let lengths = Lengths {
            count: 3,
            p50_ms: p50,
            max_ms: max,
            ..Lengths::default()
        };
        Run {
            time: Duration::from_millis(milliseconds),
            cpu: Duration::from_millis(milliseconds),
            peak_bytes: milliseconds << 20,
            figures: Some(Figures {
                wall_s: 1.0,
                gc_s: 0.25,
                pauses: Clocks {
                    wall: lengths,
                    cpu: lengths,
                },
                ..Figures::default()
            }),
            counts: Counts {
                wall: vec![],
                cpu: vec![(20_000, 2), (2_000_000, 1)],
            },
            told: BTreeMap::from([("gap_ms".to_owned(), max), ("other".to_owned(), p50)]),
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median([].into_iter()), 0.0);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
    }

    #[test]
    fn overhead_over_the_cheapest_without_its_collection() {
        let cell = |cpu_s: f64, collection: f64| {
            let mut cell = Cell::sum_up(&[run((cpu_s * 1000.0) as u64, 0.1, 1.0)]);
            if let Some(inside) = &mut cell.inside {
                inside.collection_cpu_s = collection;
            }
            Ok(cell)
        };
        let mut reference = Cell::sum_up(&[run(100, 0.1, 1.0)]);
        reference.inside = None;
        let mut cells = vec![
            ("a".to_owned(), cell(2.0, 1.0)),
            ("b".to_owned(), cell(1.5, 0.25)),
            ("c".to_owned(), Err(Failure::OutOfMemory)),
            ("lua".to_owned(), Ok(reference)),
        ];
        set_overheads(&mut cells);
        let overhead = |at: usize| cells[at].1.as_ref().ok().and_then(|c| c.overhead_cpu);
        assert_eq!((overhead(0), overhead(1)), (Some(2.0), Some(1.5)));
        assert_eq!((overhead(2), overhead(3)), (None, None));
    }

    #[test]
    fn medians_of_the_runs_but_the_worst_pause() {
        let cell = Cell::sum_up(&[run(300, 0.1, 1.0), run(100, 0.2, 7.0), run(200, 0.3, 2.0)]);
        assert_eq!(cell.time_s, 0.2);
        assert_eq!(cell.peak_bytes, 300 << 20);
        let inside = cell.inside.unwrap();
        assert_eq!(inside.gc_share, 0.25);
        assert_eq!(inside.pauses.cpu.p50_ms, 0.2);
        assert_eq!(inside.pauses.cpu.max_ms, 7.0);
        assert_eq!((cell.told["gap_ms"], cell.told["other"]), (7.0, 0.2));
        assert_eq!(inside.histogram.classes().iter().sum::<u64>(), 9);
    }
}
