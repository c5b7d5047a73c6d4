//! Garbage collection from natives, and finalizers.

use super::{Context, Result};
use crate::interp::{call::call_with, hook};
use crate::object::event::Event;
use crate::object::thread::flag;
use crate::value::Value as Raw;
use crate::vm::State;

/// A snapshot of the collector's figures.
#[derive(Clone, Debug, Default)]
pub struct GcReport {
    /// Bytes in use.
    pub bytes: usize,
    /// Collections so far.
    pub collections: u64,
}

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
    /// A step of collection worth `kb` KiB; true if it finished a cycle. These
    /// collectors have no smaller steps than a collection: it happens when the
    /// steps so far are worth the heap's size. A step of 0 is one at once.
    ///
    /// # Errors
    /// As for `collect`.
    pub fn gc_step(&mut self, kb: i64) -> Result<bool> {
        let vm = self.vm();
        let credit = (kb.max(0) as usize)
            .saturating_mul(1024)
            .saturating_add(vm.step_credit);
        if kb > 0 && credit < vm.mem.heap.bytes() {
            vm.step_credit = credit;
            return Ok(false);
        }
        vm.step_credit = 0;
        self.collect()?;
        Ok(true)
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
    /// Sets the mode that Lua sees; returns the old one.
    pub fn set_gc_mode(&self, m: &str) -> &'static str {
        let new = if m == "incremental" {
            "incremental"
        } else {
            "generational"
        };
        std::mem::replace(&mut self.vm().gc_mode, new)
    }
    /// Sets a parameter that Lua sees (`pause`, `stepmul`, `stepsize`); returns the old value.
    pub fn set_gc_param(&self, name: &str, v: i64) -> i64 {
        let i = match name {
            "pause" => 0,
            "stepmul" => 1,
            _ => 2,
        };
        std::mem::replace(&mut self.vm().gc_params[i], v)
    }
    /// Figures of the collector.
    pub fn gc_report(&self) -> GcReport {
        let vm = self.vm();
        GcReport {
            bytes: vm.mem.heap.bytes(),
            collections: vm.collections,
        }
    }
}

impl State {
    /// Runs the finalizers that are due.
    pub(crate) fn run_finalizers(&mut self) {
        if self.in_finalizer
            || self.native_depth >= crate::vm::MAX_NATIVE_DEPTH - 10
            || self.mem.heap.finalizers_due() == 0
        {
            return;
        }
        self.in_finalizer = true;
        hook::refresh(self);
        let (start, mut ran) = (std::time::Instant::now(), 0);
        while let Some(o) = self.mem.heap.next_finalizable() {
            self.finalize(o);
            ran += 1;
        }
        let stats = self.mem.heap.stats_mut();
        stats.finalizers_ran(ran, start.elapsed());
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
                    self.warn(&text, false);
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
