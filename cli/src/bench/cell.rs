//! Several runs of one program under one collector, summed up.

use super::Outcome;
use super::child::{Failure, Run};
use super::histogram::Histogram;
use super::options::BenchOptions;
use crate::report::figures::{Clocks, Figures, Lengths};
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
    /// Pauses: medians of everything but `max_ms`, which is the worst of all runs.
    pub pauses: Clocks,
    /// The greatest size of the heap.
    pub peak_heap_bytes: u64,
    /// All runs' pauses by CPU time.
    pub histogram: Histogram,
}

impl Cell {
    /// Sums up at least one run.
    pub fn sum_up(runs: &[Run]) -> Cell {
        Cell {
            time_s: median(runs.iter().map(|r| r.time.as_secs_f64())),
            cpu_s: median(runs.iter().map(|r| r.cpu.as_secs_f64())),
            peak_bytes: runs.iter().map(|r| r.peak_bytes).max().unwrap_or(0),
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
        let mut histogram = Histogram::default();
        for &(nanoseconds, count) in runs.iter().flat_map(|r| &r.counts.cpu) {
            histogram.add(nanoseconds, count);
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
            pauses: Clocks {
                wall: lengths(|f| &f.pauses.wall),
                cpu: lengths(|f| &f.pauses.cpu),
            },
            peak_heap_bytes: figures.iter().map(|f| f.peak_heap_bytes).max().unwrap_or(0),
            histogram,
        })
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
pub fn json(outcomes: &[Outcome], options: &BenchOptions) -> String {
    let rows = |outcome: &Outcome| -> Vec<Value> {
        let row = |(runner, result): &(String, Result<Cell, Failure>)| row(outcome, runner, result);
        outcome.cells.iter().map(row).collect()
    };
    let rows: Vec<Value> = outcomes.iter().flat_map(rows).collect();
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "runs": options.runs,
        "size": options.size,
        "results": rows,
    });
    format!("{all:#}\n")
}

fn row(outcome: &Outcome, runner: &str, result: &Result<Cell, Failure>) -> Value {
    let mut row = json!({ "workload": outcome.program, "collector": runner });
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
