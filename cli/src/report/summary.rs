//! `--gc-stats`: the figures of one run for people, on standard error.

use super::figures::{Clocks, Counting, Figures, Lengths, Utilisation};
use std::fmt::Write as _;

/// Lays the figures out in lines of at most 80 columns.
pub fn render(figures: &Figures) -> String {
    let mut out = String::new();
    let all = &figures.pauses;
    let _ = writeln!(out, "-- collector {} --", figures.collector);
    let _ = writeln!(
        out,
        "time    {}   cpu {}   in collection {} ({:.1}% of the time)",
        seconds(figures.wall_s),
        seconds(figures.cpu_s),
        seconds(figures.gc_s),
        percent(figures.gc_s, figures.wall_s),
    );
    let _ = writeln!(
        out,
        "memory  {} peak resident   heap {} peak, {} mean, {} at the end",
        bytes(figures.peak_rss_bytes),
        bytes(figures.peak_heap_bytes),
        bytes(figures.average_heap_bytes),
        bytes(figures.live_bytes),
    );
    let _ = writeln!(
        out,
        "beside  helpers {} cpu   barrier {} slow paths   {} finalizers {}",
        seconds(figures.helper_cpu_s),
        figures.barrier_slow_paths,
        figures.finalizers.count,
        seconds(figures.finalizers.wall_s),
    );
    if let Some(counting) = &figures.counting {
        counted(&mut out, counting)
    }
    if all.wall.count == 0 {
        out.push_str("no pauses\n");
        return out;
    }
    let _ = writeln!(
        out,
        "{:<22}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "pauses (ms)", "count", "p50", "p90", "p99", "p99.9", "max"
    );
    section(&mut out, "all", all);
    let shown = |u: &&Utilisation| [1, 10, 100, 1000].contains(&u.window_ms);
    for (at, u) in figures.mmu.iter().filter(shown).enumerate() {
        let text = match at {
            0 => "least share left to the program: of",
            _ => ", of",
        };
        let _ = write!(out, "{text} {} ms {:.0}%", u.window_ms, 100.0 * u.share);
    }
    if !figures.mmu.is_empty() {
        out.push('\n');
    }
    if figures.by_kind.len() > 1 {
        for (kind, clocks) in &figures.by_kind {
            section(&mut out, kind, clocks);
        }
    } else if let Some(kind) = figures.by_kind.keys().next() {
        let _ = writeln!(out, "every pause was of kind {kind}");
    }
    out
}

fn counted(out: &mut String, c: &Counting) {
    let _ = writeln!(
        out,
        "counts  {} epochs   {} increments {}   {} decrements {}",
        c.epochs,
        c.increments,
        seconds(c.counting_s),
        c.decrements,
        seconds(c.deaths_s),
    );
    let _ = writeln!(
        out,
        "freed   {} by count   {} by trial deletion   {} stuck, by traces",
        c.freed_by_count, c.freed_by_trial, c.freed_by_trace,
    );
    let _ = writeln!(
        out,
        "cycles  {} candidates in {} trials {}   {} traces {}",
        c.candidates,
        c.trials,
        seconds(c.trials_s),
        c.traces,
        seconds(c.traces_s),
    );
}

fn section(out: &mut String, name: &str, clocks: &Clocks) {
    row(out, &format!("{name}, wall"), &clocks.wall);
    row(out, &format!("{name}, cpu"), &clocks.cpu);
}

fn row(out: &mut String, name: &str, l: &Lengths) {
    let _ = writeln!(
        out,
        "{:<22}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
        name,
        l.count,
        millis(l.p50_ms),
        millis(l.p90_ms),
        millis(l.p99_ms),
        millis(l.p999_ms),
        millis(l.max_ms)
    );
}

/// Milliseconds with three digits that mean something.
pub fn millis(ms: f64) -> String {
    if ms == 0.0 {
        "0".to_owned()
    } else if ms < 0.0995 {
        format!("{ms:.3}")
    } else if ms < 9.995 {
        format!("{ms:.2}")
    } else if ms < 99.95 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

/// Seconds, or milliseconds when there is less than a tenth of one.
pub fn seconds(s: f64) -> String {
    if s < 0.1 {
        format!("{} ms", millis(s * 1e3))
    } else {
        format!("{s:.2} s")
    }
}

/// Bytes in the unit that leaves one to four digits before the point.
pub fn bytes(n: u64) -> String {
    let n = n as f64;
    if n < 1024.0 * 1024.0 {
        format!("{:.0} KB", (n / 1024.0).ceil())
    } else {
        format!("{:.1} MB", n / (1024.0 * 1024.0))
    }
}

/// `part` of `whole` in percent, 0 of nothing.
pub fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        100.0 * part / whole
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(millis(0.0123), "0.012");
        assert_eq!(millis(0.5), "0.50");
        assert_eq!(millis(12.34), "12.3");
        assert_eq!(millis(468.0), "468");
        assert_eq!(seconds(0.05), "50.0 ms");
        assert_eq!(seconds(2.0), "2.00 s");
        assert_eq!(bytes(10 * 1024), "10 KB");
        assert_eq!(bytes(190_000_000), "181.2 MB");
        assert_eq!(percent(1.0, 0.0), 0.0);
    }

    #[test]
    fn a_summary_names_each_kind_and_both_clocks() {
        let lengths = Lengths {
            count: 12,
            total_ms: 6.0,
            mean_ms: 0.5,
            p50_ms: 0.4,
            p90_ms: 0.8,
            p99_ms: 0.9,
            p999_ms: 0.9,
            max_ms: 1.25,
        };
        let clocks = Clocks {
            wall: lengths,
            cpu: lengths,
        };
        let mut figures = Figures {
            collector: "generational".into(),
            wall_s: 1.0,
            cpu_s: 1.0,
            gc_s: 0.25,
            peak_rss_bytes: 64 << 20,
            pauses: clocks,
            ..Figures::default()
        };
        figures.by_kind.insert("minor".into(), clocks);
        figures.by_kind.insert("full".into(), clocks);
        figures.helper_cpu_s = 0.5;
        figures.mmu = [(1, 0.0), (5, 0.5), (1000, 0.75)]
            .map(|(window_ms, share)| Utilisation { window_ms, share })
            .to_vec();
        let text = render(&figures);
        for part in [
            "generational",
            "25.0% of the time",
            "12",
            "minor, wall",
            "full, cpu",
            "1.25",
            "64.0 MB",
            "helpers 0.50 s cpu",
            "of 1 ms 0%, of 1000 ms 75%",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    }

    #[test]
    fn no_pauses_no_table() {
        let text = render(&Figures::default());
        assert!(text.contains("no pauses"));
        assert!(!text.contains("p99"));
    }
}
