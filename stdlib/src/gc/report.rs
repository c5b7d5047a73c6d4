//! What is measured, as Lua tables. Durations and sizes have their unit in their name.

use moonsweep_runtime::gc::stats::pause::thread_cpu_ns;
use moonsweep_runtime::gc::stats::{Distribution, PauseRecord, Summary, process};
use moonsweep_runtime::native::{Context, NativeDef, ObjectReport, Result, Results, Table, Value};

use super::text;
use crate::util::def;

/// The tables that print themselves, by the upvalue that holds their metatable.
#[derive(Clone, Copy)]
pub(super) enum Metatable {
    Stats,
    Pause,
    Object,
    Cost,
}

impl Metatable {
    /// Makes all of them, in this order.
    pub fn make_all(cx: &Context) -> Result<Vec<Value<'_>>> {
        TEXTS
            .iter()
            .map(|tostring| {
                let metatable = cx.table(0, 2);
                metatable.set_name(cx, "__tostring", cx.native(tostring, &[]))?;
                metatable.set_name(cx, "__name", cx.string(tostring.name)?)?;
                Ok(metatable.into())
            })
            .collect()
    }
    fn on<'a>(self, cx: &'a Context, table: Table<'a>) -> Table<'a> {
        table.set_metatable(cx, cx.upvalue(self as usize).as_table());
        table
    }
}

static TEXTS: &[NativeDef] = &[
    def("gc.stats", |cx| tostring(cx, text::stats)),
    def("gc.pause", |cx| tostring(cx, text::pause)),
    def("gc.object", |cx| tostring(cx, text::object)),
    def("gc.cost", |cx| tostring(cx, text::cost)),
];

fn tostring(cx: &mut Context, text: fn(&Context, Table<'_>) -> String) -> Result<Results> {
    let text = text(cx, cx.check_table(0)?);
    cx.ret(cx.string(text)?)
}

fn millis(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// The figures of `--gc-stats-json`.
pub(super) fn stats(cx: &Context) -> Result<Table<'_>> {
    let now = cx.gc_report();
    let table = cx.table(0, 17);
    table.set_name(cx, "collector", cx.string(now.collector.name())?)?;
    for (name, s) in [
        ("wall_s", now.elapsed.as_secs_f64()),
        ("cpu_s", process::cpu_seconds()),
        ("helper_cpu_s", seconds(now.beside.concurrent_cpu_ns)),
        ("gc_s", seconds(now.pauses.0.total_ns)),
    ] {
        table.set_name(cx, name, s)?;
    }
    for (name, bytes) in [
        ("peak_rss_bytes", process::peak_resident_bytes()),
        ("peak_heap_bytes", now.peak_bytes as u64),
        ("average_heap_bytes", now.average_bytes),
        ("peak_committed_bytes", now.peak_committed_bytes as u64),
        ("average_committed_bytes", now.average_committed_bytes),
        ("live_bytes", now.bytes as u64),
        ("barrier_slow_paths", now.beside.barrier_slow_paths),
    ] {
        table.set_name(cx, name, bytes as i64)?;
    }
    table.set_name(cx, "pauses", clocks(cx, &now.pauses.0, &now.pauses.1)?)?;
    let kinds = cx.table(0, now.by_kind.len());
    for (kind, wall, cpu) in &now.by_kind {
        kinds.set_name(cx, kind.name(), clocks(cx, wall, cpu)?)?;
    }
    table.set_name(cx, "by_kind", kinds)?;
    let mmu = cx.table(now.utilisation.len(), 0);
    for (i, &(window_ns, share)) in (1..).zip(&now.utilisation) {
        let window = cx.table(0, 2);
        window.set_name(cx, "window_ms", (window_ns / 1_000_000) as i64)?;
        window.set_name(cx, "share", share)?;
        mmu.set_int(cx, i, window)?;
    }
    table.set_name(cx, "mmu", mmu)?;
    let helpers = cx.table(0, 3);
    helpers.set_name(cx, "count", now.beside.concurrent as i64)?;
    helpers.set_name(cx, "wall_s", seconds(now.beside.concurrent_wall_ns))?;
    helpers.set_name(cx, "cpu_s", seconds(now.beside.concurrent_cpu_ns))?;
    table.set_name(cx, "concurrent", helpers)?;
    let finalizers = cx.table(0, 2);
    finalizers.set_name(cx, "count", now.beside.finalizers as i64)?;
    finalizers.set_name(cx, "wall_s", seconds(now.beside.finalizers_ns))?;
    table.set_name(cx, "finalizers", finalizers)?;
    if let Some(c) = cx.heap_stats().counting() {
        let counting = cx.table(0, 13);
        for (name, n) in [
            ("epochs", c.epochs),
            ("increments", c.increments),
            ("decrements", c.decrements),
            ("freed_by_count", c.freed_by_count),
            ("freed_by_trial", c.freed_by_trial),
            ("freed_by_trace", c.freed_by_trace),
            ("candidates", c.candidates),
            ("trials", c.trials),
            ("traces", c.traces),
        ] {
            counting.set_name(cx, name, n as i64)?;
        }
        for (name, ns) in [
            ("counting_s", c.counting_ns),
            ("deaths_s", c.deaths_ns),
            ("trials_s", c.trials_ns),
            ("traces_s", c.traces_ns),
        ] {
            counting.set_name(cx, name, seconds(ns))?;
        }
        table.set_name(cx, "counting", counting)?;
    }
    Ok(Metatable::Stats.on(cx, table))
}

fn clocks<'a>(cx: &'a Context, wall: &Summary, cpu: &Summary) -> Result<Table<'a>> {
    let table = cx.table(0, 2);
    table.set_name(cx, "wall", lengths(cx, wall)?)?;
    table.set_name(cx, "cpu", lengths(cx, cpu)?)?;
    Ok(table)
}

fn lengths<'a>(cx: &'a Context, summary: &Summary) -> Result<Table<'a>> {
    let table = cx.table(0, 8);
    table.set_name(cx, "count", summary.count as i64)?;
    for (name, ms) in [
        ("total_ms", millis(summary.total_ns)),
        ("mean_ms", summary.mean_ns / 1e6),
        ("p50_ms", millis(summary.p50_ns)),
        ("p90_ms", millis(summary.p90_ns)),
        ("p99_ms", millis(summary.p99_ns)),
        ("p999_ms", millis(summary.p999_ns)),
        ("max_ms", millis(summary.max_ns)),
    ] {
        table.set_name(cx, name, ms)?;
    }
    Ok(table)
}

/// One pause.
pub(super) fn pause<'a>(cx: &'a Context, record: &PauseRecord) -> Result<Table<'a>> {
    let table = cx.table(0, 12);
    table.set_name(cx, "kind", cx.string(record.kind.name())?)?;
    table.set_name(cx, "cause", cx.string(record.cause.name())?)?;
    table.set_name(cx, "start_s", record.start_ns as f64 / 1e9)?;
    table.set_name(cx, "wall_ms", millis(record.wall_ns))?;
    table.set_name(cx, "cpu_ms", millis(record.cpu_ns))?;
    for (name, n) in [
        ("bytes_before", record.bytes_before),
        ("bytes_after", record.bytes_after),
        ("objects_before", record.objects_before),
        ("objects_after", record.objects_after),
        ("committed_bytes", record.committed),
        ("work", record.work),
    ] {
        table.set_name(cx, name, n as i64)?;
    }
    let phases = cx.table(0, 0);
    for (phase, ns) in record.phases() {
        phases.set_name(cx, phase.name(), millis(ns))?;
    }
    table.set_name(cx, "phases", phases)?;
    Ok(Metatable::Pause.on(cx, table))
}

/// One object.
pub(super) fn object<'a>(cx: &'a Context, object: &ObjectReport) -> Result<Table<'a>> {
    let table = cx.table(0, 6);
    table.set_name(cx, "kind", cx.string(object.kind)?)?;
    table.set_name(cx, "bytes", object.bytes as i64)?;
    table.set_name(cx, "total", object.total as i64)?;
    let age = if object.old { "old" } else { "young" };
    table.set_name(cx, "age", cx.string(age)?)?;
    table.set_name(cx, "unlogged", object.unlogged)?;
    table.set_name(cx, "finalizable", object.finalizable)?;
    Ok(Metatable::Object.on(cx, table))
}

/// What was measured when something began.
pub(super) struct Moment {
    clock: std::time::Duration,
    cpu_ns: u64,
    bytes: usize,
    pauses: (Distribution, Distribution),
}

impl Moment {
    /// Right now.
    pub fn now(cx: &Context) -> Moment {
        let now = cx.gc_report();
        Moment {
            bytes: now.bytes,
            pauses: cx.gc_distributions(),
            cpu_ns: thread_cpu_ns(),
            clock: now.elapsed,
        }
    }
}

/// What was spent since `begin`.
pub(super) fn cost<'a>(cx: &'a Context, begin: &Moment) -> Result<Table<'a>> {
    let cpu_ns = thread_cpu_ns() - begin.cpu_ns;
    let now = cx.gc_report();
    let (wall, cpu) = cx.gc_distributions();
    let wall = wall.since(&begin.pauses.0).summary();
    let cpu = cpu.since(&begin.pauses.1).summary();
    let table = cx.table(0, 6);
    table.set_name(cx, "wall_s", (now.elapsed - begin.clock).as_secs_f64())?;
    table.set_name(cx, "cpu_s", cpu_ns as f64 / 1e9)?;
    table.set_name(cx, "gc_s", wall.total_ns as f64 / 1e9)?;
    table.set_name(cx, "bytes_before", begin.bytes as i64)?;
    table.set_name(cx, "bytes_after", now.bytes as i64)?;
    table.set_name(cx, "pauses", clocks(cx, &wall, &cpu)?)?;
    Ok(Metatable::Cost.on(cx, table))
}
