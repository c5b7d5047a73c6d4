//! Garbage collection from natives, and finalizers.

use super::{Context, Result};
use crate::interp::{call::call_with, hook};
use crate::object::event::Event;
use crate::object::thread::flag;
use crate::value::Value as Raw;
use crate::vm::State;
use moonsweep_gc::GcKind;
use std::time::Duration;

/// Most finalizers that an automatic collection runs at a time.
const BATCH: usize = 256;
/// How long it goes on beginning others.
const BATCH_TIME: Duration = Duration::from_micros(150);
/// Finalizers between two looks at the clock.
const LOOK: usize = 16;
/// What the program allocates between two batches.
const BATCH_BYTES: usize = 16 << 10;

impl Context {
    /// A full collection; due finalizers run.
    ///
    /// # Errors
    /// None now; the signature leaves room for interrupts.
    pub fn collect(&mut self) -> Result<()> {
        // SAFETY: the native's frame is complete: `top` is its end.
        unsafe { self.vm().collect_full() };
        Ok(())
    }
    /// A minor collection, or a full one if the collector knows no minors; due
    /// finalizers run.
    pub fn collect_young(&mut self) {
        self.vm().charge_collection(0);
        // SAFETY: the native's frame is complete: `top` is its end.
        unsafe {
            self.vm()
                .at_safepoint(|heap, roots| heap.collect_young(roots))
        }
    }
    /// A step of collection, as if `kb` KiB had been allocated, or the smallest
    /// step there is with 0; true if a cycle of collection ended with it.
    ///
    /// In generational mode, the smallest step is a minor collection. The collector
    /// `incremental` knows none: once the program has asked for that mode, it collects
    /// fully; as it starts, its steps are small whatever the mode is called.
    ///
    /// # Errors
    /// As for `collect`.
    pub fn gc_step(&mut self, kb: i64) -> Result<bool> {
        let bytes = usize::try_from(kb).unwrap_or(0).saturating_mul(1024);
        self.vm().charge_collection(bytes);
        let vm = self.vm();
        if bytes == 0 && vm.chose_generational && vm.mem.heap.kind() == GcKind::Incremental {
            self.collect_young();
            return Ok(true);
        }
        // SAFETY: the native's frame is complete: `top` is its end.
        let ended = unsafe {
            self.vm()
                .at_safepoint(|heap, roots| heap.step(bytes, roots))
        };
        Ok(ended)
    }
    /// Bytes in use.
    pub fn gc_bytes(&self) -> usize {
        self.vm().mem.heap.bytes()
    }
    /// What the heap has measured so far.
    pub fn heap_stats(&self) -> &moonsweep_gc::Stats {
        self.vm().mem.heap.stats()
    }
    /// The most bytes ever committed at a time.
    pub fn peak_committed_bytes(&self) -> usize {
        self.vm().mem.heap.peak_committed_bytes()
    }
    /// Whether a finalizer runs, or the state is being closed: the collector's
    /// options have no effect then.
    pub fn in_finalizer(&self) -> bool {
        let vm = self.vm();
        vm.in_finalizer || vm.closing
    }
    /// Closes the state, as `lua_close`: the main thread's pending to-be-closed
    /// variables, then all finalizers.
    pub fn close_state(&mut self) {
        self.vm().close();
    }
    /// Stops automatic collection.
    pub fn gc_stop(&self) {
        self.vm().gc_stopped = true;
        self.vm().mem.heap.set_stopped(true);
    }
    /// Restarts automatic collection.
    pub fn gc_restart(&self) {
        self.vm().gc_stopped = false;
        self.vm().mem.heap.set_stopped(false);
    }
    /// Whether automatic collection runs.
    pub fn gc_is_running(&self) -> bool {
        !self.vm().gc_stopped
    }
    /// Lua's name of the mode: `generational` or `incremental`.
    pub fn gc_mode(&self) -> &'static str {
        self.vm().gc_mode
    }
    /// Sets the mode that Lua sees; returns the old one. Under the collector
    /// `generational` it decides what is collected: young objects on their own,
    /// or the whole heap in steps.
    pub fn set_gc_mode(&mut self, mode: &str) -> &'static str {
        let vm = self.vm();
        let on = mode != "incremental";
        let new = if on { "generational" } else { "incremental" };
        // SAFETY: the native's frame is complete: `top` is its end.
        unsafe { vm.at_safepoint(|heap, roots| heap.set_generational(on, roots)) };
        vm.chose_generational = on;
        std::mem::replace(&mut vm.gc_mode, new)
    }
    /// Sets a parameter of `collectgarbage` (`pause`, `stepmul`, `stepsize`,
    /// `minormul`, `majormul`); returns the old value.
    pub fn set_gc_param(&self, name: &str, value: i64) -> i64 {
        let value = value.max(0);
        let vm = self.vm();
        let heap = &mut vm.mem.heap;
        let mut pace = heap.step_pace();
        let field = match name {
            "pause" => &mut pace.pause,
            "stepmul" => &mut pace.stepmul,
            "stepsize" => &mut pace.stepsize,
            "minormul" => &mut vm.gc_params[0],
            _ => {
                heap.set_growth(1.0 + value.clamp(1, 1000) as f64 / 100.0);
                &mut vm.gc_params[1]
            }
        };
        let old = std::mem::replace(field, value);
        heap.set_step_pace(pace);
        old
    }
}

impl State {
    /// Runs the finalizers that are due.
    pub(crate) fn run_finalizers(&mut self) {
        self.finalize_up_to(usize::MAX, Duration::MAX)
    }

    /// Runs some of the finalizers that are due; the others have their turn when
    /// the program has done some work of its own.
    pub(crate) fn run_some_finalizers(&mut self) {
        if self.mem.heap.finalizers_due() == 0 || self.in_finalizer {
            return;
        }
        if self.mem.heap.take_finalizers() {
            // The order of events in stress mode depends on no clock.
            let stress = self.mem.heap.options().stress != 0;
            let time = if stress { Duration::MAX } else { BATCH_TIME };
            self.finalize_up_to(BATCH, time);
            if self.mem.heap.finalizers_due() != 0 {
                self.mem.heap.postpone_finalizers(BATCH_BYTES)
            }
        }
    }

    fn finalize_up_to(&mut self, count: usize, time: Duration) {
        if self.in_finalizer
            || self.native_depth >= crate::vm::MAX_NATIVE_DEPTH - 10
            || self.mem.heap.finalizers_due() == 0
        {
            return;
        }
        self.in_finalizer = true;
        hook::refresh(self);
        let (start, mut ran) = (std::time::Instant::now(), 0);
        while ran < count
            && !(ran.is_multiple_of(LOOK) && start.elapsed() > time)
            && let Some(o) = self.mem.heap.next_finalizable()
        {
            self.finalize(o);
            ran += 1;
        }
        let stats = self.mem.heap.stats_mut();
        stats.finalizers_ran(ran as u64, start.elapsed());
        self.in_finalizer = false;
        hook::refresh(self);
    }

    fn finalize(&mut self, o: moonsweep_gc::Obj) {
        let v = Raw::object(o.kind() as u64, o);
        let f = self.metamethod(v, Event::Gc);
        if f.is_nil() {
            return;
        }
        // SAFETY: the call happens above everything in use; the open results
        // and the pending error survive it.
        unsafe {
            self.save_thread();
            let (top, error, handled) = (self.top, self.error, self.handled);
            let at = self.thread.data().live_end();
            let top_offset = top.offset_from(self.thread.data().stack);
            self.handles.push(error);
            self.handles.push(v);
            self.top = at;
            if self.ensure_stack(at, 8) {
                *self.top = f;
                *self.top.add(1) = v;
                self.top = self.top.add(2);
                self.handled = false;
                let flags = flag::BOUNDARY | flag::PROTECTED | flag::FINALIZER;
                if call_with(self, 1, 0, flags).is_err() {
                    let e = self.error;
                    let mut text = b"error in __gc".to_vec();
                    text.extend_from_slice(b" (");
                    match super::Value::of(e) {
                        super::Value::Str(s) => text.extend_from_slice(s.as_bytes()),
                        _ => text.extend_from_slice(b"error object is not a string"),
                    }
                    text.push(b')');
                    if let Some(takes) = self.warning_function() {
                        self.top = self.thread.data().live_end();
                        if self.ensure_stack(self.top, 8) {
                            let text = crate::interp::message::string_value(self, &text);
                            for v in [takes, text, Raw::bool(false)] {
                                *self.top = v;
                                self.top = self.top.add(1);
                            }
                            // There is nobody to tell of an error in it.
                            let _ = call_with(self, 2, 0, flags);
                        }
                    } else {
                        self.warn(&text, false);
                    }
                }
            }
            self.handles.pop();
            self.error = self.handles.pop().unwrap_or(error);
            self.handled = handled;
            self.top = self.thread.data().stack.offset(top_offset);
        }
    }

    /// Closes the main thread's variables and runs all finalizers. A finalizer
    /// that closes again has the remaining ones run.
    pub(crate) fn close(&mut self) {
        if !std::mem::replace(&mut self.closing, true) {
            self.close_main_variables();
            self.mem.heap.finalize_all();
        }
        let within = std::mem::replace(&mut self.in_finalizer, false);
        self.run_finalizers();
        self.in_finalizer = within;
        hook::refresh(self);
    }

    /// Calls `__close` of the main thread's pending variables.
    fn close_main_variables(&mut self) {
        let main = self.main.data();
        let mut failure = Raw::NIL;
        while let Some(i) = main.tbc.pop() {
            // SAFETY: as in `finalize`; a pending variable's slot is in use.
            unsafe {
                self.save_thread();
                let v = *main.stack.add(i as usize);
                let f = self.metamethod(v, Event::Close);
                let top = self.top.offset_from(self.thread.data().stack);
                let at = self.thread.data().live_end();
                self.top = at;
                if self.ensure_stack(at, 8) {
                    for x in [f, v, failure] {
                        *self.top = x;
                        self.top = self.top.add(1);
                    }
                    self.handles.push(failure);
                    let ok = call_with(self, 2, 0, flag::BOUNDARY | flag::PROTECTED).is_ok();
                    failure = self.handles.pop().unwrap_or(Raw::NIL);
                    if !ok {
                        failure = self.error;
                    }
                }
                self.top = self.thread.data().stack.offset(top);
            }
        }
    }
}
