//! Coroutines.

use super::value::FunctionObj;
use super::{Context, Function, Result, Thread};
use crate::interp::coroutine;
use crate::object::thread::{Status, ThreadObj};
use crate::value::Value as Raw;
use std::marker::PhantomData;

fn function_value(f: Function<'_>) -> Raw {
    match f.0 {
        FunctionObj::Lua(c) => c.value(),
        FunctionObj::Native(n) => n.value(),
    }
}

impl Context {
    /// A coroutine that will run `f`.
    pub fn new_thread<'a>(&'a self, f: Function<'a>) -> Thread<'a> {
        let vm = self.vm();
        let t = ThreadObj::new(&mut vm.mem, false);
        let d = t.data();
        // SAFETY: a fresh stack has room.
        unsafe {
            *d.top = function_value(f);
            d.top = d.top.add(1);
        }
        Thread(t, PhantomData)
    }
    /// Closes the suspended or dead coroutine in a slot as `close_thread` does, and has it run the
    /// function in another slot from its beginning when it is resumed next. Inner `Err`: an error in
    /// closing its variables, which is pushed; then it stays dead.
    ///
    /// # Errors
    /// `cannot reset a running coroutine`, or a slot has something else.
    pub fn reset_thread(
        &mut self,
        slot: usize,
        function: usize,
    ) -> Result<core::result::Result<(), ()>> {
        let (thread, f) = (self.arg(slot).as_thread(), self.arg(function).as_function());
        let (Some(thread), Some(_)) = (thread, f) else {
            return Err(self.error("a coroutine and a function expected"));
        };
        if matches!(self.thread_status(thread), "running" | "normal") {
            return Err(self.error("cannot reset a running coroutine"));
        }
        // What had ended it is no concern of its next life.
        thread.0.data().error_status = None;
        if let Err(()) = self.close_thread(slot)? {
            return Ok(Err(()));
        }
        if let (Some(thread), Some(f)) =
            (self.arg(slot).as_thread(), self.arg(function).as_function())
        {
            self.vm().touch(thread.0.0);
            let d = thread.0.data();
            // SAFETY: a closed thread has an empty stack, which is never without room for one value;
            // its frame is the bottom one again.
            unsafe {
                *d.top = function_value(f);
                d.top = d.top.add(1);
            }
            d.status = Status::Suspended;
        }
        Ok(Ok(()))
    }
    /// The running coroutine, and whether it is the main one.
    pub fn running(&self) -> (Thread<'_>, bool) {
        let vm = self.vm();
        (Thread(vm.thread, PhantomData), vm.thread == vm.main)
    }
    /// Whether the running native may yield.
    pub fn is_yieldable(&self) -> bool {
        let d = self.vm().thread.data();
        !d.is_main && d.boundaries == 0
    }
    /// Whether a thread's function could yield now.
    pub fn thread_is_yieldable(&self, t: Thread<'_>) -> bool {
        let d = t.0.data();
        !d.is_main && d.boundaries == 0
    }
    /// `suspended`, `running`, `normal` or `dead`.
    pub fn thread_status<'a>(&'a self, t: Thread<'a>) -> &'static str {
        match t.0.data().status {
            Status::Suspended => "suspended",
            Status::Running => "running",
            Status::Normal => "normal",
            Status::Dead => "dead",
        }
    }
    /// Whether an error ended the thread's function.
    pub fn thread_failed(&self, t: Thread<'_>) -> bool {
        t.0.data().error_status.is_some()
    }
    /// Closes the suspended or dead coroutine in a slot. Inner `Err`: an error
    /// happened in it, or in closing its variables; the error value is pushed.
    ///
    /// # Errors
    /// `cannot close a running coroutine`.
    pub fn close_thread(&mut self, slot: usize) -> Result<core::result::Result<(), ()>> {
        let t = match self.arg(slot).as_thread() {
            Some(t) => t.0,
            None => return Err(self.type_error(slot, "thread")),
        };
        let d = t.data();
        match d.status {
            Status::Running | Status::Normal => {
                let s = if d.status == Status::Running {
                    "running"
                } else {
                    "normal"
                };
                return Err(self.error(format!("cannot close a {s} coroutine")));
            }
            _ => {}
        }
        let vm = self.vm();
        vm.touch(t.0);
        vm.error = d.error_status.take().unwrap_or(Raw::NIL);
        d.status = Status::Dead;
        // SAFETY: the thread does not run.
        unsafe { coroutine::close_variables(vm, t) };
        let e = std::mem::replace(&mut vm.error, Raw::NIL);
        if e.is_nil() {
            return Ok(Ok(()));
        }
        self.push_raw(e);
        Ok(Err(()))
    }
    /// Name and kind of the running native, as its caller knows it.
    pub(crate) fn running_name(&self) -> (Option<Vec<u8>>, &'static str) {
        let vm = self.vm();
        // SAFETY: the frames are consistent.
        unsafe {
            let f = vm.frame;
            let (name, what) = super::debug::call_name(vm.thread.data(), f);
            if what == "method" {
                return (name, what);
            }
            if name.is_none() {
                // As `pushglobalfuncname`: a loaded library's function by its full name.
                if let Some(n) = super::debug::global_name(vm, *(*f).base.sub(1)) {
                    return (Some(n), what);
                }
            }
            (name, what)
        }
    }
}
