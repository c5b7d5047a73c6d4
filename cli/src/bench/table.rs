//! The comparison as a table and lines of bars.

use super::Outcome;
use super::cell::{Cell, Inside};
use super::child::Failure;
use super::histogram;
use crate::report::summary::millis;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

const HEADER: [&str; 14] = [
    "workload",
    "collector",
    "time s",
    "CPU s",
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
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut bars = Vec::new();
    for outcome in outcomes {
        for (at, (runner, result)) in outcome.cells.iter().enumerate() {
            let name = if at == 0 {
                outcome.program.as_str()
            } else {
                ""
            };
            let mut row = vec![name.to_owned(), runner.clone()];
            match result {
                _ if outcome.disagreement.is_some() => row.push("differs".to_owned()),
                Err(Failure::OutOfMemory) => row.push("no memory".to_owned()),
                Err(Failure::TooLong) => row.push("too long".to_owned()),
                Err(Failure::Other(_)) => row.push("failed".to_owned()),
                Ok(cell) => {
                    figures(&mut row, cell);
                    if let Some(inside) = cell.inside.as_ref().filter(|i| i.pauses.cpu.count > 0) {
                        let name = format!("{:<16} {runner}", outcome.program);
                        bars.push((name, inside.histogram.clone()));
                    }
                }
            }
            table.add_row(row);
        }
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text.push_str(&format!(
        "{}; max is the longest of all runs. Pauses are in milliseconds of the program's\n\
         CPU time, but w99.9 and w max of time on the wall; GC % is their share of it. Gap is the\n\
         longest time without progress that the program itself saw, in milliseconds.\n",
        match runs {
            1 => "One run each".to_owned(),
            _ => format!("Medians of {runs} runs"),
        }
    ));
    if !bars.is_empty() {
        text.push_str("\nPauses by length, all runs together (heights are logarithmic):\n");
        text.push_str(&histogram::render(&bars));
    }
    text
}

/// Appends the columns after the collector's name.
fn figures(row: &mut Vec<String>, cell: &Cell) {
    row.push(format!("{:.2}", cell.time_s));
    row.push(format!("{:.2}", cell.cpu_s));
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
mod tests {
    use super::*;
    use crate::report::figures::{Clocks, Lengths};
    use std::collections::BTreeMap;

    fn cell(inside: Option<Inside>) -> Cell {
        Cell {
            time_s: 1.5,
            cpu_s: 1.25,
            peak_bytes: 64 << 20,
            inside,
            told: BTreeMap::from([("gap_ms".to_owned(), 4.75)]),
        }
    }

    fn inside() -> Inside {
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
            pauses: Clocks {
                wall: lengths,
                cpu: lengths,
            },
            peak_heap_bytes: 0,
            histogram,
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
        }
    }

    #[test]
    fn a_row_each_and_bars_for_those_that_tell() {
        let text = render(&[outcome(None)], 3);
        for part in [
            "Medians of 3 runs",
            "12.5",
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
    fn no_time_counts_where_answers_differ() {
        let text = render(&[outcome(Some("differ".into()))], 1);
        assert!(text.contains("differs"));
        assert!(
            !text.contains("12.5") && !text.contains("logarithmic"),
            "{text}"
        );
    }
}
