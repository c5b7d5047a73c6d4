//! The tables of the `gc` library as text: what a person sees at the prompt. They read the tables'
//! fields as they are now; a field that is not what it was counts as 0.

use std::fmt::Write as _;

use moonsweep_runtime::native::{Context, Table, Value};

fn number(cx: &Context, table: Table<'_>, name: &str) -> f64 {
    table.get_name(cx, name).to_number().unwrap_or(0.0)
}

fn name(cx: &Context, table: Table<'_>, name: &str) -> String {
    match table.get_name(cx, name) {
        Value::Str(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        _ => "?".to_owned(),
    }
}

fn field<'a>(cx: &'a Context, table: Option<Table<'a>>, name: &str) -> Option<Table<'a>> {
    table?.get_name(cx, name).as_table()
}

/// Milliseconds with three digits that mean something.
fn millis(ms: f64) -> String {
    match ms {
        0.0 => "0".to_owned(),
        _ if ms < 0.0995 => format!("{ms:.3}"),
        _ if ms < 9.995 => format!("{ms:.2}"),
        _ if ms < 99.95 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

fn size(bytes: f64) -> String {
    if bytes < 1024.0 * 1024.0 {
        format!("{:.1} KB", bytes / 1024.0)
    } else {
        format!("{:.1} MB", bytes / (1024.0 * 1024.0))
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 {
        100.0 * part / whole
    } else {
        0.0
    }
}

/// One line of lengths for each clock.
fn rows(cx: &Context, out: &mut String, title: &str, clocks: Option<Table<'_>>) {
    for clock in ["wall", "cpu"] {
        let Some(lengths) = field(cx, clocks, clock) else {
            continue;
        };
        let ms = |name| millis(number(cx, lengths, name));
        let _ = write!(
            out,
            "\n{:<22}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
            format!("{title}, {clock}"),
            number(cx, lengths, "count"),
            ms("p50_ms"),
            ms("p90_ms"),
            ms("p99_ms"),
            ms("p999_ms"),
            ms("max_ms"),
        );
    }
}

fn table_of_pauses(cx: &Context, out: &mut String, pauses: Option<Table<'_>>) -> bool {
    let wall = field(cx, pauses, "wall");
    if wall.is_none_or(|wall| number(cx, wall, "count") == 0.0) {
        out.push_str("\nno pauses");
        return false;
    }
    let _ = write!(
        out,
        "\n{:<22}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "pauses (ms)", "count", "p50", "p90", "p99", "p99.9", "max"
    );
    rows(cx, out, "all", pauses);
    true
}

fn times(cx: &Context, table: Table<'_>) -> String {
    let (wall, gc) = (number(cx, table, "wall_s"), number(cx, table, "gc_s"));
    let cpu = number(cx, table, "cpu_s");
    format!(
        "{wall:.3} s, cpu {cpu:.3} s, in collection {} ms ({:.1}% of the time)",
        millis(gc * 1e3),
        share(gc, wall)
    )
}

/// Of `gc.stats()`.
pub(super) fn stats(cx: &Context, table: Table<'_>) -> String {
    let bytes = |name| size(number(cx, table, name));
    let mut out = format!(
        "{}: {}\n{} in use, {} at most, {} peak resident",
        name(cx, table, "collector"),
        times(cx, table),
        bytes("live_bytes"),
        bytes("peak_heap_bytes"),
        bytes("peak_rss_bytes"),
    );
    if table_of_pauses(cx, &mut out, field(cx, Some(table), "pauses"))
        && let Some(kinds) = field(cx, Some(table), "by_kind")
    {
        let mut kind = Value::Nil;
        while let Ok(Some((key, clocks))) = kinds.next(cx, kind) {
            if let Value::Str(title) = key {
                let title = String::from_utf8_lossy(title.as_bytes());
                rows(cx, &mut out, &title, clocks.as_table());
            }
            kind = key;
        }
    }
    out
}

/// Of what `gc.measure` returns.
pub(super) fn cost(cx: &Context, table: Table<'_>) -> String {
    let bytes = |name| size(number(cx, table, name));
    let mut out = format!(
        "{}\n{} in use before, {} after",
        times(cx, table),
        bytes("bytes_before"),
        bytes("bytes_after"),
    );
    table_of_pauses(cx, &mut out, field(cx, Some(table), "pauses"));
    out
}

/// Of one of `gc.pauses()`: as `--gc-log` writes it.
pub(super) fn pause(cx: &Context, table: Table<'_>) -> String {
    let number = |name| number(cx, table, name);
    let mut out = format!(
        "[{:.6}s] {} ({}) {:.1}us cpu {:.1}us, {}K -> {}K, {} -> {} objects",
        number("start_s"),
        name(cx, table, "kind"),
        name(cx, table, "cause"),
        number("wall_ms") * 1e3,
        number("cpu_ms") * 1e3,
        (number("bytes_before") / 1024.0).floor(),
        (number("bytes_after") / 1024.0).floor(),
        number("objects_before"),
        number("objects_after"),
    );
    if let Some(phases) = field(cx, Some(table), "phases") {
        let mut separator = "; ";
        let mut phase = Value::Nil;
        while let Ok(Some((key, ms))) = phases.next(cx, phase) {
            if let Value::Str(title) = key {
                let title = String::from_utf8_lossy(title.as_bytes());
                let us = ms.to_number().unwrap_or(0.0) * 1e3;
                let _ = write!(out, "{separator}{title} {us:.1}");
                separator = ", ";
            }
            phase = key;
        }
    }
    out
}

/// Of `gc.inspect(value)`.
pub(super) fn object(cx: &Context, table: Table<'_>) -> String {
    let (bytes, total) = (number(cx, table, "bytes"), number(cx, table, "total"));
    let mut out = format!(
        "{}, {}, {bytes} bytes",
        name(cx, table, "kind"),
        name(cx, table, "age")
    );
    if total != bytes {
        let _ = write!(out, " ({total} with its parts)");
    }
    for (flag, text) in [
        ("unlogged", "next change is reported"),
        ("finalizable", "has a finalizer"),
    ] {
        if table.get_name(cx, flag).truthy() {
            let _ = write!(out, ", {text}");
        }
    }
    out
}
