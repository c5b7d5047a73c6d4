//! The comparison as a table and lines of bars.

use super::Outcome;
use super::cell::{Cell, Inside};
use super::child::Failure;
use super::histogram;
use crate::report::summary::millis;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

/// The titles of the columns.
pub const HEADER: [&str; 15] = [
    "workload",
    "collector",
    "time s",
    "CPU s",
    "LBO",
    "GC %",
    "pauses",
    "p50",
    "p99",
    "p99.9",
    "max",
    "w99.9",
    "w max",
    "gap",
    "peak MB",
];

/// Lines above, below and under the header, none between columns.
const RULED: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The whole comparison, ready to print.
pub fn render(outcomes: &[Outcome], runs: usize) -> String {
    let mut table = Table::new();
    table.load_style(RULED);
    table.set_header(HEADER);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if at >= 2 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut bars = Vec::new();
    for outcome in outcomes {
        for (at, (runner, result)) in outcome.cells.iter().enumerate() {
            let name = if at == 0 {
                outcome.name()
            } else {
                String::new()
            };
            let mut row = vec![name, runner.clone()];
            row.extend(columns(outcome, result));
            let inside = result.as_ref().ok().and_then(|cell| cell.inside.as_ref());
            if let Some(inside) = inside.filter(|i| i.pauses.cpu.count > 0)
                && outcome.disagreement.is_none()
            {
                let name = format!("{:<16} {runner}", outcome.name());
                bars.push((name, inside.histogram.clone()));
            }
            table.add_row(row);
        }
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text.push_str(&legend(runs));
    let waits: String = outcomes.iter().map(latencies).collect();
    if !waits.is_empty() {
        text.push_str(
            "\nLatency of requests in ms; metered: they come at even intervals and wait for each other.\n",
        );
        text.push_str(&waits);
    }
    if !bars.is_empty() {
        text.push_str("\nPauses by length, all runs together (heights are logarithmic):\n");
        text.push_str(&histogram::render(&bars));
    }
    text
}

/// One line for each row of which the latency of requests is known.
fn latencies(outcome: &Outcome) -> String {
    let line = |(runner, result): &(String, Result<Cell, Failure>)| {
        let told = &result.as_ref().ok()?.told;
        let figures = |kind: &str| {
            let of = |percentile: &str| {
                let ms = told.get(&format!("{kind}_ms_{percentile}"))?;
                Some(format!("{:>9}", millis(*ms)))
            };
            ["50", "99", "99.9", "100"]
                .into_iter()
                .map(of)
                .collect::<Option<String>>()
        };
        Some(format!(
            "{:<16} {runner:<14} p50, p99, p99.9, max{}   metered{}\n",
            outcome.name(),
            figures("latency")?,
            figures("metered")?,
        ))
    };
    let agreed = outcome.disagreement.is_none();
    outcome
        .cells
        .iter()
        .filter(|_| agreed)
        .filter_map(line)
        .collect()
}

/// What the columns mean.
pub fn legend(runs: usize) -> String {
    format!(
        "{}; max is the longest of all runs. Pauses are in milliseconds of the program's\n\
         CPU time, but w99.9 and w max of time on the wall; GC % is their share of it. LBO: CPU time\n\
         over the least that the program costs without collection. Gap: the longest time without\n\
         progress that the program itself saw, in milliseconds.\n",
        match runs {
            1 => "One run each".to_owned(),
            _ => format!("Medians of {runs} runs"),
        }
    )
}

/// The columns after the collector's name.
pub fn columns(outcome: &Outcome, result: &Result<Cell, Failure>) -> Vec<String> {
    let word = |text: &str| vec![text.to_owned()];
    match result {
        _ if outcome.disagreement.is_some() => word("differs"),
        Err(Failure::OutOfMemory) => word("no memory"),
        Err(Failure::TooLong) => word("too long"),
        Err(Failure::Other(_)) => word("failed"),
        Ok(cell) => {
            let mut row = Vec::new();
            figures(&mut row, cell);
            row
        }
    }
}

/// Appends the columns of a run that went well.
fn figures(row: &mut Vec<String>, cell: &Cell) {
    row.push(format!("{:.2}", cell.time_s));
    row.push(format!("{:.2}", cell.cpu_s));
    let overhead = cell.overhead_cpu;
    row.push(overhead.map_or_else(|| "-".to_owned(), |o| format!("{o:.2}")));
    match &cell.inside {
        Some(Inside {
            gc_share, pauses, ..
        }) => {
            row.push(format!("{:.1}", gc_share * 100.0));
            row.push(pauses.cpu.count.to_string());
            let none = pauses.cpu.count == 0;
            let (cpu, wall) = (&pauses.cpu, &pauses.wall);
            let figures = [cpu.p50_ms, cpu.p99_ms, cpu.p999_ms, cpu.max_ms];
            for ms in figures.into_iter().chain([wall.p999_ms, wall.max_ms]) {
                row.push(if none { "-".to_owned() } else { millis(ms) });
            }
        }
        None => row.extend(["-"; 8].map(str::to_owned)),
    }
    let gap = cell.told.get("gap_ms");
    row.push(gap.map_or_else(|| "-".to_owned(), |&ms| millis(ms)));
    row.push(format!("{:.1}", cell.peak_bytes as f64 / (1024.0 * 1024.0)));
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::report::figures::{Clocks, Lengths, Utilisation};
    use std::collections::BTreeMap;

    pub fn cell(inside: Option<Inside>) -> Cell {
        Cell {
            time_s: 1.5,
            cpu_s: 1.25,
            peak_bytes: 64 << 20,
            overhead_cpu: Some(1.125),
            overhead_time: None,
            inside,
            told: BTreeMap::from([("gap_ms".to_owned(), 4.75)]),
        }
    }

    pub fn inside() -> Inside {
        let lengths = Lengths {
            count: 40,
            p50_ms: 0.25,
            p99_ms: 1.5,
            max_ms: 3.25,
            ..Lengths::default()
        };
        let mut histogram = histogram::Histogram::default();
        histogram.add(250_000, 40);
        Inside {
            gc_share: 0.125,
            collection_cpu_s: 0.5,
            collection_time_s: 0.5,
            pauses: Clocks {
                wall: lengths,
                cpu: lengths,
            },
            peak_heap_bytes: 0,
            average_heap_bytes: 0.0,
            peak_committed_bytes: 0,
            mmu: [(1, 0.25), (10, 0.5), (1000, 0.875)]
                .map(|(window_ms, share)| Utilisation { window_ms, share })
                .to_vec(),
            histogram,
            lengths: BTreeMap::from([(20_000, 30), (3_250_000, 10)]),
        }
    }

    fn outcome(disagreement: Option<String>) -> Outcome {
        Outcome {
            program: "trees".into(),
            cells: vec![
                ("marksweep".into(), Ok(cell(Some(inside())))),
                ("none".into(), Err(Failure::OutOfMemory)),
                ("lua5.4".into(), Ok(cell(None))),
            ],
            disagreement,
            heap: None,
        }
    }

    #[test]
    fn a_row_each_and_bars_for_those_that_tell() {
        let text = render(&[outcome(None)], 3);
        for part in [
            "Medians of 3 runs",
            "12.5",
            "1.12",
            "0.25",
            "3.25",
            "4.75",
            "64.0",
            "no memory",
            "trees            marksweep",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
    }

    #[test]
    fn latencies_where_they_are_told() {
        assert!(!render(&[outcome(None)], 1).contains("Latency"));
        let mut one = outcome(None);
        let (_, Ok(cell)) = &mut one.cells[0] else {
            panic!("a cell")
        };
        for (at, percentile) in ["50", "99", "99.9", "100"].iter().enumerate() {
            cell.told
                .insert(format!("latency_ms_{percentile}"), at as f64 + 0.5);
            cell.told
                .insert(format!("metered_ms_{percentile}"), at as f64 + 10.5);
        }
        let text = render(&[one], 1);
        let line = text.lines().find(|l| l.contains("metered ")).unwrap();
        assert!(
            line.contains("0.50     1.50     2.50     3.50   metered     10.5     11.5"),
            "{line}"
        );
    }

    #[test]
    fn no_time_counts_where_answers_differ() {
        let text = render(&[outcome(Some("differ".into()))], 1);
        assert!(text.contains("differs"));
        assert!(
            !text.contains("12.5") && !text.contains("logarithmic"),
            "{text}"
        );
    }
}
