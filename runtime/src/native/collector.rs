//! The collector seen from natives: its figures, its pauses, a look at single
//! objects, and changing to another one.

use super::{Context, Value};
use crate::object::kind;
use moonsweep_gc::stats::{Beside, Distribution, PauseKind, PauseRecord, Summary};
use moonsweep_gc::{GcKind, Model, Obj, Options, Visitor};
use std::time::Duration;

/// A snapshot of the collector's figures.
#[derive(Clone, Debug)]
pub struct GcReport {
    /// The collector at work.
    pub collector: GcKind,
    /// Time since the heap was made.
    pub elapsed: Duration,
    /// Bytes in use, garbage that was not collected yet included.
    pub bytes: usize,
    /// Objects in use.
    pub objects: usize,
    /// The most bytes that were ever in use at a time.
    pub peak_bytes: usize,
    /// The most bytes ever committed at a time.
    pub peak_committed_bytes: usize,
    /// The mean over time of the bytes in use.
    pub average_bytes: u64,
    /// The mean over time of the bytes committed.
    pub average_committed_bytes: u64,
    /// For each window, in nanoseconds, the least share of it that was left to
    /// the program.
    pub utilisation: Vec<(u64, f64)>,
    /// What happened beside the stops.
    pub beside: Beside,
    /// Collections so far.
    pub collections: u64,
    /// All pauses: wall-clock, CPU time of the program's thread.
    pub pauses: (Summary, Summary),
    /// The same by kind.
    pub by_kind: Vec<(PauseKind, Summary, Summary)>,
}

/// What the collector knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectReport {
    /// What its cell holds.
    pub kind: &'static str,
    /// Bytes of its cell.
    pub bytes: usize,
    /// The same with the cells that belong to it alone: a table's parts.
    pub total: usize,
    /// It survived a collection.
    pub old: bool,
    /// The barrier will report the next change of it.
    pub unlogged: bool,
    /// Its finalizer is still to be called.
    pub finalizable: bool,
}

/// Why the collector stays what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchRefusal(String);

impl std::fmt::Display for SwitchRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SwitchRefusal {}

impl Context {
    /// The collector at work.
    pub fn gc_collector(&self) -> GcKind {
        self.vm().mem.heap.kind()
    }
    /// The step that a collection of the whole heap beside the program takes next.
    pub fn gc_stage(&self) -> Option<String> {
        self.vm().mem.heap.stage().map(|s| s.to_lowercase())
    }
    /// Goes on with another collector; due finalizers run. What is in progress
    /// is given up, and the whole heap collected; all of it is one pause, of the
    /// kind `switch`. `generational` begins in its generational mode.
    ///
    /// # Errors
    /// In a finalizer, while the state is being closed, and to or from a
    /// collector with a heap of its own.
    pub fn gc_switch(&mut self, kind: GcKind) -> core::result::Result<(), SwitchRefusal> {
        if self.in_finalizer() {
            let text = "the collector cannot be changed in a finalizer";
            return Err(SwitchRefusal(text.to_owned()));
        }
        let from = self.gc_collector();
        if kind == GcKind::Generational && from.shares_heap() {
            self.set_gc_mode("generational");
        }
        // SAFETY: the native's frame is complete: `top` is its end.
        let changed = unsafe {
            self.vm()
                .at_safepoint(|heap, roots| heap.switch(kind, roots))
        };
        changed.map_err(|refusal| SwitchRefusal(refusal.to_string()))
    }
    /// Time since the heap was made.
    pub fn gc_clock(&self) -> Duration {
        self.vm().mem.heap.stats().birth().elapsed()
    }
    /// Objects in use, garbage that was not collected yet included.
    pub fn gc_objects(&self) -> usize {
        self.vm().mem.heap.objects()
    }
    /// Figures of the collector.
    pub fn gc_report(&self) -> GcReport {
        let vm = self.vm();
        let heap = &vm.mem.heap;
        let elapsed = heap.stats().birth().elapsed();
        let course = heap.stats().course();
        let run_ns = elapsed.as_nanos() as u64;
        GcReport {
            collector: heap.kind(),
            elapsed,
            peak_committed_bytes: heap.peak_committed_bytes(),
            average_bytes: course.average_heap(run_ns, heap.bytes()),
            average_committed_bytes: course.average_committed(run_ns),
            utilisation: course.utilisation(run_ns).collect(),
            beside: heap.stats().beside(),
            bytes: heap.bytes(),
            objects: heap.objects(),
            peak_bytes: heap.peak_bytes(),
            collections: vm.collections,
            pauses: heap.stats().all(),
            by_kind: heap.stats().by_kind(),
        }
    }
    /// The last pauses, at most `n`, oldest first. The heap remembers some
    /// hundred of them.
    pub fn gc_pauses(&self, n: usize) -> Vec<PauseRecord> {
        let recent = self.vm().mem.heap.stats().recent();
        let skipped = recent.len().saturating_sub(n);
        recent.skip(skipped).cloned().collect()
    }
    /// Copies of the distributions of all pauses so far: wall-clock, CPU time.
    pub fn gc_distributions(&self) -> (Distribution, Distribution) {
        let (wall, cpu) = self.vm().mem.heap.stats().distributions();
        (wall.clone(), cpu.clone())
    }
    /// Has `f` called with the record of every pause from now on. It runs while
    /// the program stands still, and has no way to the heap.
    pub fn gc_subscribe(&self, f: impl FnMut(&PauseRecord) + 'static) {
        self.vm().mem.heap.stats_mut().subscribe(Box::new(f))
    }
    /// The options of the heap, as they are now.
    pub fn gc_options(&self) -> Options {
        self.vm().mem.heap.options().clone()
    }
    /// Checks the whole heap; the number of objects that the program can reach.
    ///
    /// # Errors
    /// Says what is wrong with which object.
    pub fn gc_verify(&mut self) -> core::result::Result<usize, String> {
        // SAFETY: the native's frame is complete: `top` is its end.
        let checked = unsafe { self.vm().at_safepoint(|heap, roots| heap.verify(roots)) };
        checked.map_err(|fault| fault.to_string())
    }
    /// What the collector knows of a value; `None` if it is no object of the heap.
    pub fn gc_inspect(&self, value: Value<'_>) -> Option<ObjectReport> {
        let obj = value.raw().as_object()?;
        let heap = &self.vm().mem.heap;
        let seen = heap.inspect(obj);
        let mut parts = Parts(Vec::new());
        let mut total = seen.bytes;
        parts.of(obj);
        while let Some(part) = parts.0.pop() {
            total += heap.inspect(part).bytes;
            parts.of(part);
        }
        Some(ObjectReport {
            kind: crate::object::trace::LuaModel::kind_name(obj.kind()),
            bytes: seen.bytes,
            total,
            old: seen.old,
            unlogged: seen.unlogged,
            finalizable: seen.finalizable,
        })
    }
}

/// Collects the cells that make up a table beside its own.
struct Parts(Vec<Obj>);

impl Parts {
    fn of(&mut self, obj: Obj) {
        if matches!(obj.kind(), kind::TABLE | kind::SPINE | kind::DIR) {
            // SAFETY: reached from a live object; nothing is freed meanwhile.
            unsafe { crate::object::trace::LuaModel::trace(obj, self) };
        }
    }
}

impl Visitor for Parts {
    fn object(&mut self, obj: Obj) {
        let part = matches!(
            obj.kind(),
            kind::ARRAY | kind::SPINE | kind::HASH | kind::DIR
        );
        if part {
            self.0.push(obj)
        }
    }
    fn weak(&mut self, _: Obj) {}
    fn ephemerons(&mut self, _: Obj) {}
}
