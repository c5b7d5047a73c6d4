//! The comparison as one HTML page that needs nothing else: for each program a
//! table of its figures, and charts of pauses, of utilisation and, with several
//! heap sizes, of the price of a smaller heap.

use super::cell::{Cell, Inside};
use super::chart::{self, Axis, Line};
use super::noise::Noise;
use super::{Outcome, table};
use crate::report::summary::millis;
use std::fmt::Write as _;

/// Shortest pause that the charts tell apart from none, in milliseconds.
const SHORTEST_MS: f64 = 0.001;

const STYLE: &str = "body{font:15px/1.4 sans-serif;max-width:1180px;margin:2em auto;padding:0 1em;color:#222}\
table{border-collapse:collapse;margin:.5em 0}th,td{padding:.15em .6em;text-align:right;border-bottom:1px solid #ddd}\
th{background:#f4f4f4}td:first-child,th:first-child{text-align:left}.charts{display:flex;flex-wrap:wrap;gap:8px}\
p.note{color:#555;max-width:60em}";

/// The page.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn render(outcomes: &[Outcome], runs: usize, noise: &Noise) -> Result<String, String> {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>moonsweep bench</title><style>{STYLE}</style></head><body>\n\
         <h1>Collectors compared</h1>\n<p class=\"note\">moonsweep {}. {} {}</p>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(&table::legend(runs)),
        escaped(&noise.render()),
    );
    let mut done: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if done.contains(&outcome.program.as_str()) {
            continue;
        }
        done.push(&outcome.program);
        let same: Vec<&Outcome> = outcomes
            .iter()
            .filter(|o| o.program == outcome.program)
            .collect();
        program(&mut page, &same)?;
    }
    page.push_str("</body></html>\n");
    Ok(page)
}

/// One program, in each of its heap sizes.
fn program(page: &mut String, sizes: &[&Outcome]) -> Result<(), String> {
    let _ = writeln!(page, "<h2>{}</h2>", escaped(&sizes[0].program));
    if sizes.len() > 1 {
        page.push_str("<div class=\"charts\">\n");
        page.push_str(&price(sizes)?);
        page.push_str("</div>\n");
    }
    for outcome in sizes {
        if let Some(heap) = &outcome.heap {
            let megabytes = heap.bytes as f64 / (1024.0 * 1024.0);
            let text = format!(
                "In {} times the minimum heap: {megabytes:.1} MB",
                heap.factor
            );
            let _ = writeln!(page, "<h3>{}</h3>", escaped(&text));
        }
        figures(page, outcome);
        if let Some(text) = &outcome.disagreement {
            let _ = writeln!(page, "<p>{}</p>", escaped(text));
            continue;
        }
        let inside: Vec<(&str, &Inside)> = told(outcome)
            .filter_map(|(name, cell)| Some((name, cell.inside.as_ref()?)))
            .filter(|(_, inside)| inside.pauses.cpu.count > 0)
            .collect();
        if !inside.is_empty() {
            page.push_str("<div class=\"charts\">\n");
            page.push_str(&percentiles(&inside)?);
            page.push_str(&utilisation(&inside)?);
            page.push_str("</div>\n");
        }
    }
    Ok(())
}

/// The rows that have figures.
fn told(outcome: &Outcome) -> impl Iterator<Item = (&str, &Cell)> {
    let rows = outcome.cells.iter();
    rows.filter_map(|(name, result)| Some((name.as_str(), result.as_ref().ok()?)))
}

/// The table of one program's figures.
fn figures(page: &mut String, outcome: &Outcome) {
    page.push_str("<table><tr>");
    for title in &table::HEADER[1..] {
        let _ = write!(page, "<th>{title}</th>");
    }
    page.push_str("</tr>\n");
    for (runner, result) in &outcome.cells {
        let _ = write!(page, "<tr><td>{}</td>", escaped(runner));
        for text in table::columns(outcome, result) {
            let _ = write!(page, "<td>{}</td>", escaped(&text));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

/// How long the pauses are: the higher the percentile, the further to the right.
fn percentiles(rows: &[(&str, &Inside)]) -> Result<String, String> {
    let line = |(name, inside): &(&str, &Inside)| {
        let total: u64 = inside.lengths.values().sum();
        let mut seen = 0;
        let mut points = Vec::new();
        for (&ns, &count) in &inside.lengths {
            let height = (ns as f64 / 1e6).max(SHORTEST_MS).log10();
            points.push((nines(seen, total), height));
            seen += count;
            points.push((nines(seen, total), height));
        }
        Line {
            name: (*name).to_owned(),
            points,
        }
    };
    let lines: Vec<Line> = rows.iter().map(line).collect();
    let all = || lines.iter().flat_map(|l| &l.points);
    let right = all().map(|p| p.0).fold(1.0, f64::max);
    let top = all().map(|p| p.1).fold(0.0, f64::max);
    let bottom = all().map(|p| p.1).fold(top, f64::min);
    let x = Axis {
        title: "percentile",
        range: (0.0, right),
        // 90%, 99%, 99.9%; nothing between them
        label: |nines| match (nines - nines.round()).abs() < 0.01 {
            true => format!("{}%", rounded(100.0 - 100.0 * 10_f64.powf(-nines))),
            false => String::new(),
        },
    };
    let y = Axis {
        title: "pause, ms of CPU time",
        range: (bottom - 0.1, top + 0.3),
        label: |log| millis(10_f64.powf(log)),
    };
    chart::draw("Pauses by percentile", &x, &y, &lines)
}

/// How many nines the share `seen` of `total` has: 0.9 is 1, 0.99 is 2.
fn nines(seen: u64, total: u64) -> f64 {
    // the last one of all stands for itself
    let left = (total.saturating_sub(seen) as f64).max(0.5) / total.max(1) as f64;
    -left.min(1.0).log10()
}

/// What share of any window is left to the program at least.
fn utilisation(rows: &[(&str, &Inside)]) -> Result<String, String> {
    let line = |(name, inside): &(&str, &Inside)| Line {
        name: (*name).to_owned(),
        points: inside
            .mmu
            .iter()
            .map(|u| ((u.window_ms.max(1) as f64).log10(), u.share))
            .collect(),
    };
    let lines: Vec<Line> = rows.iter().map(line).collect();
    let x = Axis {
        title: "window, ms",
        range: (0.0, 3.0),
        label: |log| millis(10_f64.powf(log)),
    };
    let y = Axis {
        title: "least share left to the program",
        range: (0.0, 1.0),
        label: |share| format!("{:.0}%", share * 100.0),
    };
    chart::draw("Minimum mutator utilisation", &x, &y, &lines)
}

/// CPU time by heap size.
fn price(sizes: &[&Outcome]) -> Result<String, String> {
    let mut lines: Vec<Line> = Vec::new();
    for outcome in sizes.iter().filter(|o| o.disagreement.is_none()) {
        let Some(heap) = &outcome.heap else { continue };
        for (name, cell) in told(outcome) {
            let point = (heap.factor, cell.cpu_s);
            match lines.iter_mut().find(|l| l.name == name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line {
                    name: name.to_owned(),
                    points: vec![point],
                }),
            }
        }
    }
    let all = || lines.iter().flat_map(|l| &l.points);
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) = (
            all().map(of).fold(f64::MAX, f64::min),
            all().map(of).fold(0.0, f64::max),
        );
        if low < high {
            (low, high)
        } else {
            (0.0, high.max(1.0))
        }
    };
    let x = Axis {
        title: "heap, times the minimum",
        range: ends(|p| p.0),
        label: |factor| rounded(factor),
    };
    let y = Axis {
        title: "CPU time, s",
        range: (0.0, ends(|p| p.1).1 * 1.1),
        label: |s| format!("{s:.2}"),
    };
    chart::draw("The price of a smaller heap", &x, &y, &lines)
}

/// At most four digits behind the point, and no zeros at the end.
fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::Heap;
    use super::super::table::tests::{cell, inside};
    use super::*;

    fn outcome(factor: f64) -> Outcome {
        Outcome {
            program: "<trees>".into(),
            cells: vec![
                ("marksweep".into(), Ok(cell(Some(inside())))),
                ("lua5.4 inc".into(), Ok(cell(None))),
            ],
            disagreement: None,
            heap: Some(Heap {
                factor,
                bytes: (factor * 1e7) as u64,
            }),
        }
    }

    #[test]
    fn one_page_with_tables_and_charts() {
        let page = render(&[outcome(1.5), outcome(3.0)], 3, &Noise::default()).unwrap();
        assert_eq!(page.matches("<h2>").count(), 1);
        assert_eq!(page.matches("<table>").count(), 2);
        assert_eq!(page.matches("<svg").count(), 1 + 2 * 2);
        for part in [
            "&lt;trees&gt;",
            "marksweep",
            "lua5.4 inc",
            "1.5 times the minimum",
            "utilisation",
        ] {
            assert!(page.contains(part), "no {part:?}");
        }
        assert!(
            !page.contains("<trees>") && !page.contains("src="),
            "self-contained"
        );
    }

    #[test]
    fn without_limits_or_pauses_there_is_less_to_draw() {
        let mut one = outcome(1.0);
        one.heap = None;
        one.cells.truncate(0);
        one.cells.push(("lua5.4 inc".into(), Ok(cell(None))));
        let page = render(&[one], 1, &Noise::default()).unwrap();
        assert_eq!(page.matches("<table>").count(), 1);
        assert!(!page.contains("<svg"));
    }

    #[test]
    fn nines_of_shares() {
        assert_eq!(nines(0, 1000), 0.0);
        assert!((nines(900, 1000) - 1.0).abs() < 1e-9);
        assert!((nines(999, 1000) - 3.0).abs() < 1e-9);
        assert!(nines(1000, 1000) > 3.0 && nines(1000, 1000).is_finite());
        assert_eq!(rounded(99.9), "99.9");
    }
}
