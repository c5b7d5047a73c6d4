//! The `gc` library: choosing a collector while the program runs, and seeing what it does.
//!
//! It comes beside `collectgarbage`, which is Lua's own. What is measured is turned into tables by
//! `report.rs`; they print themselves as text (`text.rs`).

mod report;
mod text;

use std::cell::RefCell;
use std::fs::File;
use std::io::{LineWriter, Write};
use std::rc::Rc;

use moonsweep_runtime::gc::stats::PauseRecord;
use moonsweep_runtime::gc::stats::pause::thread_cpu_ns;
use moonsweep_runtime::gc::{GcKind, Setting};
use moonsweep_runtime::native::{Context, NativeDef, Result, Results, Table, Value};

use crate::util::{def, errno, file_failure, path, register_with};
use report::Metatable;

fn collectors(cx: &mut Context) -> Result<Results> {
    let list = cx.table(GcKind::ALL.len(), 0);
    for (i, kind) in (1..).zip(GcKind::ALL) {
        list.set_int(cx, i, cx.string(kind.name())?)?;
    }
    cx.ret(list)
}

/// The collector's name and the mode that `collectgarbage` knows.
fn collector(cx: &mut Context) -> Result<Results> {
    cx.push(cx.string(cx.gc_collector().name())?);
    cx.push(cx.string(cx.gc_mode())?);
    Ok(cx.results(2))
}

/// The step that a collection beside the program takes next; nil between collections.
fn stage(cx: &mut Context) -> Result<Results> {
    match cx.gc_stage() {
        Some(name) => cx.ret(cx.string(name)?),
        None => cx.ret(Value::Nil),
    }
}

fn use_(cx: &mut Context) -> Result<Results> {
    let name = String::from_utf8_lossy(cx.check_str(0)?.as_bytes()).into_owned();
    let kind: GcKind = match name.parse() {
        Ok(kind) => kind,
        Err(unknown) => return Err(cx.arg_error(0, unknown.to_string())),
    };
    let old = cx.gc_collector();
    if let Err(refusal) = cx.gc_switch(kind) {
        return Err(cx.error(refusal.to_string()));
    }
    cx.ret(cx.string(old.name())?)
}

fn stats(cx: &mut Context) -> Result<Results> {
    let figures = report::stats(cx)?;
    cx.ret(figures)
}

fn pauses(cx: &mut Context) -> Result<Results> {
    let most = cx.opt_int(0, i64::MAX)?;
    let records = cx.gc_pauses(usize::try_from(most).unwrap_or(0));
    let list = cx.table(records.len(), 0);
    for (i, record) in (1..).zip(&records) {
        list.set_int(cx, i, report::pause(cx, record)?)?;
    }
    cx.ret(list)
}

fn clock(cx: &mut Context) -> Result<Results> {
    cx.ret(cx.gc_clock().as_secs_f64())
}

fn cpu(cx: &mut Context) -> Result<Results> {
    cx.ret(thread_cpu_ns() as f64 / 1e9)
}

fn live(cx: &mut Context) -> Result<Results> {
    cx.push(cx.gc_bytes() as i64);
    cx.push(cx.gc_objects() as i64);
    Ok(cx.results(2))
}

/// Runs `collect` and returns by how many bytes there are less in use; nil in a finalizer, where
/// nothing happens.
fn freed(cx: &mut Context, collect: impl FnOnce(&mut Context) -> Result<()>) -> Result<Results> {
    if cx.in_finalizer() {
        return cx.ret(Value::Nil);
    }
    let before = cx.gc_bytes();
    collect(cx)?;
    cx.ret(before as i64 - cx.gc_bytes() as i64)
}

fn collect(cx: &mut Context) -> Result<Results> {
    match cx.check_option(0, Some("full"), &["full", "minor"])? {
        0 => freed(cx, Context::collect),
        _ => minor(cx),
    }
}

fn minor(cx: &mut Context) -> Result<Results> {
    freed(cx, |cx| {
        cx.collect_young();
        Ok(())
    })
}

fn step(cx: &mut Context) -> Result<Results> {
    let kilobytes = cx.opt_int(0, 0)?;
    if cx.in_finalizer() {
        return cx.ret(Value::Nil);
    }
    let ended = cx.gc_step(kilobytes)?;
    cx.ret(ended)
}

fn verify(cx: &mut Context) -> Result<Results> {
    match cx.gc_verify() {
        Ok(reached) => cx.ret(reached as i64),
        Err(fault) => Err(cx.error(format!("the heap is damaged: {fault}"))),
    }
}

fn inspect(cx: &mut Context) -> Result<Results> {
    match cx.gc_inspect(cx.check_any(0)?) {
        Some(object) => {
            let object = report::object(cx, &object)?;
            cx.ret(object)
        }
        None => cx.ret(Value::Nil),
    }
}

fn options(cx: &mut Context) -> Result<Results> {
    let table = cx.table(0, 0);
    for (name, setting) in cx.gc_options().settings() {
        let value: Value<'_> = match setting {
            Setting::Switch(on) => on.into(),
            Setting::Count(n) => i64::try_from(n).unwrap_or(i64::MAX).into(),
            Setting::Real(x) => x.into(),
            Setting::Name(name) => cx.string(name)?.into(),
        };
        table.set_name(cx, name, value)?;
    }
    cx.ret(table)
}

/// Calls a function, and returns what it cost before its own results.
fn measure(cx: &mut Context) -> Result<Results> {
    cx.check_function(0)?;
    let begin = report::Moment::now(cx);
    let results = cx.call(cx.nargs() - 1, None)?;
    cx.reserve(results + 1)?;
    let cost = report::cost(cx, &begin)?;
    cx.push(cost);
    for i in 0..results {
        cx.push(cx.arg(i));
    }
    Ok(cx.results(results + 1))
}

/// Where the log goes, if it goes anywhere.
type Log = Rc<RefCell<Option<Box<dyn Write>>>>;

/// Under this name the host keeps the log.
const LOG: &str = "gc.log";

/// `gc.log(true)` writes a line about each pause to standard error, `gc.log(name)` to a file,
/// `gc.log(false)` ends that.
fn log(cx: &mut Context) -> Result<Results> {
    let output: Option<Box<dyn Write>> = match cx.arg(0) {
        Value::Bool(false) | Value::Nil => None,
        Value::Bool(true) => Some(Box::new(std::io::stderr())),
        _ => {
            let name = cx.check_str(0)?.as_bytes();
            match File::create(path(name)) {
                Ok(file) => Some(Box::new(LineWriter::new(file))),
                Err(error) => return file_failure(cx, errno(&error), Some(name)),
            }
        }
    };
    let log = match cx.host().with(LOG, |log: &mut Log| Rc::clone(log)) {
        Some(log) => log,
        None => {
            let log = Log::default();
            cx.host().set(LOG, Rc::clone(&log));
            let shared = Rc::clone(&log);
            cx.gc_subscribe(move |record: &PauseRecord| {
                if let Some(output) = &mut *shared.borrow_mut() {
                    let _ = writeln!(output, "{record}");
                }
            });
            log
        }
    };
    *log.borrow_mut() = output;
    cx.ret(true)
}

/// Makes the table `gc`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let library: Table<'_> = cx.table(0, GC.len() as _);
    register_with(cx, library, GC, &[])?;
    let metatables = Metatable::make_all(cx)?;
    register_with(cx, library, REPORTS, &metatables)?;
    cx.globals().set_name(cx, "gc", library)
}

static GC: &[NativeDef] = &[
    def("clock", clock),
    def("collect", collect),
    def("collector", collector),
    def("collectors", collectors),
    def("cpu", cpu),
    def("live", live),
    def("log", log),
    def("minor", minor),
    def("options", options),
    def("stage", stage),
    def("step", step),
    def("use", use_),
    def("verify", verify),
];

/// Upvalues: the metatables of what they return, in the order of `Metatable`.
static REPORTS: &[NativeDef] = &[
    def("inspect", inspect),
    def("measure", measure),
    def("pauses", pauses),
    def("stats", stats),
];
