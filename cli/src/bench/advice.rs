//! The recommendation of `moonsweep bench --advise` in words and figures.

use super::Outcome;
use super::advise::{Advice, Concern, Measured, Reason, Wishes, advise};
use super::cell::Cell;
use crate::report::summary::millis;
use moonsweep_gc::GcKind;
use std::fmt::Write as _;

/// The advice for one program.
pub fn render(outcome: &Outcome, wishes: &Wishes, runs: usize) -> String {
    if outcome.disagreement.is_some() {
        return format!("No advice for {}: the answers differ.\n", outcome.name());
    }
    let all: Vec<Measured> = outcome
        .cells
        .iter()
        .filter_map(|(name, cell)| measured(name, cell.as_ref().ok()?))
        .collect();
    let advice = advise(&all, wishes);
    let plural = if runs == 1 { "run" } else { "runs" };
    let mut text = format!(
        "Advice for {} ({runs} {plural} each), {}:\n",
        outcome.name(),
        asked(wishes)
    );
    for (i, m) in all.iter().enumerate() {
        let verdict = match advice.out.iter().find(|out| out.0 == i) {
            Some((_, reason)) => verdict(reason),
            None => "fits".to_owned(),
        };
        let _ = writeln!(text, "  {:<13} {}: {verdict}", m.name, figures(m));
    }
    for (name, cell) in &outcome.cells {
        if cell.is_err() {
            let _ = writeln!(text, "  {name:<13} did not run to its end");
        }
    }
    match advice.choice {
        Some(i) => text.push_str(&conclusion(&all, i, &advice, wishes)),
        None => text.push_str("No collector ran the program to its end.\n"),
    }
    text
}

/// The figures that the rules look at; `None` for the reference, which has none.
fn measured(name: &str, cell: &Cell) -> Option<Measured> {
    let kind: GcKind = name.parse().ok()?;
    let inside = cell.inside.as_ref()?;
    Some(Measured {
        name: name.to_owned(),
        frees: kind.collects(),
        cpu_s: cell.cpu_s,
        longest_ms: inside.pauses.cpu.max_ms,
        p999_ms: inside.pauses.cpu.p999_ms,
        peak_bytes: cell.peak_bytes,
        average_bytes: inside.average_heap_bytes as u64,
    })
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / (1 << 20) as f64)
}

fn asked(wishes: &Wishes) -> String {
    let mut parts = Vec::new();
    if let Some(ms) = wishes.latency_ms {
        parts.push(format!("no stop above {} ms", millis(ms)));
    }
    if let Some(bytes) = wishes.memory {
        parts.push(format!("at most {}", megabytes(bytes)));
    }
    if wishes.prompt {
        parts.push("garbage freed soon".to_owned());
    }
    if parts.is_empty() {
        parts.push("no constraints".to_owned());
    }
    parts.join(", ")
}

fn figures(m: &Measured) -> String {
    format!(
        "{:.2} s CPU, longest stop {} ms, {} peak, {} held on average",
        m.cpu_s,
        millis(m.longest_ms),
        megabytes(m.peak_bytes),
        megabytes(m.average_bytes)
    )
}

fn verdict(reason: &Reason) -> String {
    match reason {
        Reason::Latency(f) => format!("out, stops {f:.1} times as long as allowed"),
        Reason::Memory(f) => format!("out, {f:.1} times the memory allowed"),
        Reason::NeverFrees(f) => format!("out, never frees: {f:.1} times the smallest memory"),
    }
}

fn conclusion(all: &[Measured], choice: usize, advice: &Advice, wishes: &Wishes) -> String {
    let m = &all[choice];
    let mut text = String::new();
    if !advice.fits {
        let _ = writeln!(text, "None keeps to that; the nearest is --gc {}.", m.name);
        if wishes.latency_ms.is_some() && m.name == "generational" {
            text.push_str(
                "A shorter --gc-pause-goal, or a smaller --gc-nursery, shortens its stops.\n",
            );
        }
        return text;
    }
    let fits = all.len() - advice.out.len();
    let why = match advice.decided {
        Some((concern, rival)) => because(m, &all[rival], concern),
        None if fits > 1 => "those that fit are equal in all that counts here".to_owned(),
        None => "it is the only one that fits".to_owned(),
    };
    let _ = writeln!(text, "Use --gc {}: {why}.", m.name);
    if !m.frees {
        text.push_str("A longer run takes more memory: it never frees any.\n");
    }
    text
}

/// What it has ahead of a rival.
fn because(m: &Measured, rival: &Measured, concern: Concern) -> String {
    let show = |m: &Measured| match concern {
        Concern::Time => format!("{:.2} s", m.cpu_s),
        Concern::Longest => format!("{} ms", millis(m.longest_ms)),
        Concern::P999 => format!("{} ms", millis(m.p999_ms)),
        Concern::Memory => megabytes(m.peak_bytes),
        Concern::Held => megabytes(m.average_bytes),
    };
    let what = match concern {
        Concern::Time => "of those that fit it takes the least time",
        Concern::Longest => "it is as fast as any, and its longest stop is shorter",
        Concern::P999 => "it is as fast as any, and its stops are shorter (999 of 1000)",
        Concern::Memory => "time and stops are equal, and it takes less memory",
        Concern::Held => "it holds the least memory on average",
    };
    format!(
        "{what}, {} against {} of {}",
        show(m),
        show(rival),
        rival.name
    )
}

#[cfg(test)]
mod tests {
    use super::super::cell::Inside;
    use super::super::child::Failure;
    use super::super::table::tests;
    use super::*;
    use crate::report::figures::{Clocks, Lengths};

    fn cell(cpu_s: f64, longest_ms: f64, peak_mb: u64) -> Cell {
        let lengths = Lengths {
            count: 9,
            max_ms: longest_ms,
            p999_ms: longest_ms,
            ..Lengths::default()
        };
        let inside = Inside {
            pauses: Clocks {
                wall: lengths,
                cpu: lengths,
            },
            average_heap_bytes: (peak_mb << 19) as f64,
            ..tests::inside()
        };
        Cell {
            cpu_s,
            peak_bytes: peak_mb << 20,
            ..tests::cell(Some(inside))
        }
    }

    fn outcome() -> Outcome {
        let reference = Cell {
            inside: None,
            ..cell(9.0, 0.0, 100)
        };
        Outcome {
            program: "game".into(),
            cells: vec![
                ("none".into(), Err(Failure::OutOfMemory)),
                ("marksweep".into(), Ok(cell(1.0, 30.0, 100))),
                ("generational".into(), Ok(cell(1.05, 0.75, 110))),
                ("lua5.4".into(), Ok(reference)),
            ],
            disagreement: None,
            heap: None,
        }
    }

    #[test]
    fn what_is_said() {
        let text = render(&outcome(), &Wishes::default(), 3);
        for part in [
            "Advice for game (3 runs each), no constraints:",
            "marksweep     1.00 s CPU, longest stop 30.0 ms, 100.0 MB peak, 50.0 MB held on average: fits",
            "none          did not run to its end",
            "Use --gc generational: it is as fast as any, and its longest stop is shorter, 0.75 ms against 30.0 ms of marksweep.",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(!text.contains("lua5.4"), "{text}");
        let wishes = Wishes {
            latency_ms: Some(1.0),
            ..Wishes::default()
        };
        let text = render(&outcome(), &wishes, 1);
        for part in [
            "(1 run each), no stop above 1.00 ms:",
            "out, stops 30.0 times as long as allowed",
            "Use --gc generational: it is the only one that fits.",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        let wishes = Wishes {
            latency_ms: Some(0.5),
            ..Wishes::default()
        };
        let text = render(&outcome(), &wishes, 1);
        assert!(text.contains("the nearest is --gc generational"), "{text}");
    }

    #[test]
    fn no_advice_without_answers() {
        let mut outcome = outcome();
        outcome.disagreement = Some("differ".into());
        assert!(render(&outcome, &Wishes::default(), 3).starts_with("No advice for game"));
        outcome.disagreement = None;
        outcome.cells.truncate(1);
        let text = render(&outcome, &Wishes::default(), 3);
        assert!(text.contains("No collector ran the program"), "{text}");
    }
}
