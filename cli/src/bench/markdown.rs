//! The comparison as a table in Markdown, for documents: what it costs beside the
//! reference, and how long the program was stopped.

use super::Outcome;
use super::cell::Cell;
use crate::report::summary::millis;
use std::fmt::Write as _;

const HEADER: &str = "\
| workload | | longest, CPU ms | p99.9, CPU | longest, wall | p99.9, wall | gap seen | time s | of the reference | CPU s | of the reference | peak MB | of the reference |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// The table. Ratios are to the first row of each program that is no collector
/// of ours.
pub fn render(outcomes: &[Outcome]) -> String {
    let mut text = HEADER.to_owned();
    for outcome in outcomes {
        let cells = outcome.cells.iter();
        let reference = cells
            .filter_map(|(_, result)| result.as_ref().ok())
            .find(|cell| cell.inside.is_none());
        for (runner, result) in &outcome.cells {
            let _ = write!(text, "| {} | {runner} |", outcome.name());
            match result {
                Ok(cell) if outcome.disagreement.is_none() => row(&mut text, cell, reference),
                _ => {
                    let why = super::table::columns(outcome, result).join(" ");
                    let _ = write!(text, " {why} |{}", " |".repeat(10));
                }
            }
            text.push('\n');
        }
    }
    text
}

fn row(text: &mut String, cell: &Cell, reference: Option<&Cell>) {
    let absent = || "-".to_owned();
    let stops = cell.inside.as_ref().map(|inside| &inside.pauses);
    let stops = stops.map(|p| [p.cpu.max_ms, p.cpu.p999_ms, p.wall.max_ms, p.wall.p999_ms]);
    for at in 0..4 {
        let ms = stops.map(|stops| stops[at]);
        let _ = write!(text, " {} |", ms.map_or_else(absent, millis));
    }
    let gap = cell.told.get("gap_ms");
    let _ = write!(text, " {} |", gap.map_or_else(absent, |ms| millis(*ms)));
    let costs: [fn(&Cell) -> f64; 3] = [
        |c| c.time_s,
        |c| c.cpu_s,
        |c| c.peak_bytes as f64 / (1024.0 * 1024.0),
    ];
    for (cost, digits) in costs.into_iter().zip([2, 2, 0]) {
        let of_reference = match reference {
            Some(reference) if cell.inside.is_some() && cost(reference) > 0.0 => {
                format!("{:.2}", cost(cell) / cost(reference))
            }
            _ => absent(),
        };
        let _ = write!(text, " {:.digits$} | {of_reference} |", cost(cell));
    }
}

#[cfg(test)]
mod tests {
    use super::super::child::Failure;
    use super::super::table::tests::{cell, inside};
    use super::*;

    #[test]
    fn a_line_a_row_with_ratios_to_the_reference() {
        let mut ours = cell(Some(inside()));
        ours.time_s = 0.75;
        ours.peak_bytes = 16 << 20;
        let outcome = Outcome {
            program: "trees".into(),
            cells: vec![
                ("generational".into(), Ok(ours)),
                ("none".into(), Err(Failure::OutOfMemory)),
                ("lua5.4 inc".into(), Ok(cell(None))),
            ],
            disagreement: None,
            heap: None,
        };
        let text = render(&[outcome]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines.iter().all(|l| l.matches('|').count() == 14), "{text}");
        assert!(
            lines[2]
                .contains("| 3.25 | 0 | 3.25 | 0 | 4.75 | 0.75 | 0.50 | 1.25 | 1.00 | 16 | 0.25 |"),
            "{text}"
        );
        assert!(lines[3].contains("no memory"));
        assert!(
            lines[4].contains("| - | - | - | - | 4.75 | 1.50 | - |"),
            "{text}"
        );
    }
}
