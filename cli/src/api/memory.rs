//! Memory and limits: the choice of the collector, its statistics, and what a
//! program may use up.

use super::error::{Error, Result};
use super::lua::Lua;
use crate::native::GcReport;
use moonsweep_gc::{GcKind, PauseRecord, Requester as Interrupter};

/// What a callback of [`Lua::set_interrupt`] wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum VmState {
    /// The program goes on.
    Continue,
}

/// Lua's own two modes of collection, as `collectgarbage` names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GcMode {
    /// The whole heap, in steps.
    Incremental,
    /// Young objects on their own.
    Generational,
}

impl Lua {
    // --- The collector

    /// `collectgarbage("incremental", pause, step_multiplier, step_size)`; 0 leaves a
    /// parameter as it is. Returns the mode before. What a mode does is up to the collector.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn gc_inc(&self, pause: i64, step_multiplier: i64, step_size: i64) -> Result<GcMode> {
        let parameters = [
            ("pause", pause),
            ("stepmul", step_multiplier),
            ("stepsize", step_size),
        ];
        self.set_gc_mode("incremental", &parameters)
    }
    /// `collectgarbage("generational", minor_multiplier, major_multiplier)`; 0 leaves a
    /// parameter as it is. Returns the mode before.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn gc_gen(&self, minor_multiplier: i64, major_multiplier: i64) -> Result<GcMode> {
        let parameters = [
            ("minormul", minor_multiplier),
            ("majormul", major_multiplier),
        ];
        self.set_gc_mode("generational", &parameters)
    }
    fn set_gc_mode(&self, mode: &str, parameters: &[(&str, i64)]) -> Result<GcMode> {
        self.with(|_, cx| {
            for &(name, value) in parameters.iter().filter(|p| p.1 != 0) {
                cx.set_gc_param(name, value);
            }
            Ok(match cx.set_gc_mode(mode) {
                "incremental" => GcMode::Incremental,
                _ => GcMode::Generational,
            })
        })
    }

    /// Collects all garbage; finalizers that are due run.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`]; so for everything below.
    pub fn gc_collect(&self) -> Result<()> {
        self.with(|lua, cx| cx.collect().map_err(|e| lua.caught(cx, e)))
    }
    /// A step of collection worth so many KiB; whether it ended a cycle.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_step_kbytes(&self, kbytes: i64) -> Result<bool> {
        self.with(|lua, cx| cx.gc_step(kbytes).map_err(|e| lua.caught(cx, e)))
    }
    /// Stops automatic collection.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_stop(&self) -> Result<()> {
        self.with(|_, cx| {
            cx.gc_stop();
            Ok(())
        })
    }
    /// Restarts automatic collection.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_restart(&self) -> Result<()> {
        self.with(|_, cx| {
            cx.gc_restart();
            Ok(())
        })
    }
    /// Whether automatic collection is on.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_is_running(&self) -> Result<bool> {
        self.with(|_, cx| Ok(cx.gc_is_running()))
    }
    /// The collector at work.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_kind(&self) -> Result<GcKind> {
        self.with(|_, cx| Ok(cx.gc_collector()))
    }
    /// Goes on with another collector. Everything is collected once, in a
    /// pause that is recorded as a switch.
    ///
    /// ```
    /// use moonsweep::{GcKind, Lua};
    ///
    /// let lua = Lua::new();
    /// lua.gc_switch(GcKind::MarkSweep)?;
    /// assert_eq!(lua.gc_kind()?, GcKind::MarkSweep);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OptionError`] into or out of a collector with a heap of its own.
    pub fn gc_switch(&self, kind: GcKind) -> Result<()> {
        self.with(|_, cx| {
            cx.gc_switch(kind)
                .map_err(|e| Error::OptionError(e.to_string()))
        })
    }
    /// What the collector has done so far.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_report(&self) -> Result<GcReport> {
        self.with(|_, cx| Ok(cx.gc_report()))
    }
    /// Has `subscriber` called with the record of every pause from now on,
    /// when it ends. It can't reach the runtime, which is at work then.
    ///
    /// ```
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let lua = moonsweep::Lua::new();
    /// let longest = Rc::new(Cell::new(0));
    /// let seen = longest.clone();
    /// lua.gc_subscribe(move |pause| seen.set(seen.get().max(pause.wall_ns)))?;
    /// lua.load("for i = 1, 1e5 do local t = {i} end").exec()?;
    /// lua.gc_collect()?;
    /// assert!(longest.get() > 0);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn gc_subscribe(&self, subscriber: impl FnMut(&PauseRecord) + 'static) -> Result<()> {
        self.with(|_, cx| {
            cx.gc_subscribe(subscriber);
            Ok(())
        })
    }
    /// Bytes in use.
    pub fn used_memory(&self) -> usize {
        self.with(|_, cx| Ok(cx.gc_bytes())).unwrap_or(0)
    }
    /// Checks the whole heap; returns how many objects are reachable. For tests.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn gc_verify(&self) -> Result<usize> {
        self.with(|_, cx| cx.gc_verify().map_err(Error::RuntimeError))
    }

    // --- Limits

    /// Lets the heap have at most so many bytes; 0: as many as the system
    /// gives. Returns the limit until now. Beyond it, after a full collection,
    /// programs get the error `not enough memory`.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn set_memory_limit(&self, bytes: usize) -> Result<usize> {
        self.with(|_, cx| Ok(cx.set_memory_limit(bytes)))
    }
    /// Lets programs execute `n` more instructions; `None`: as many as they
    /// like. When they are used up, the error `instruction limit reached` is
    /// raised. Catching it does not help: it is raised again at once, in
    /// protected calls, message handlers, coroutines, `__close` and `__gc`, until
    /// Rust grants more. The work of long natives and new memory count too.
    ///
    /// ```
    /// use moonsweep::{Error, Lua};
    ///
    /// let lua = Lua::new();
    /// lua.set_instruction_limit(Some(100_000))?;
    /// let e = lua.load("while true do pcall(function() while true do end end) end").exec();
    /// assert!(matches!(e, Err(Error::InstructionLimit(_))));
    /// assert!(lua.load("x = 1").exec().is_err());
    /// lua.set_instruction_limit(Some(100_000))?;
    /// lua.load("x = 1").exec()?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn set_instruction_limit(&self, n: Option<u64>) -> Result<()> {
        self.with(|_, cx| {
            cx.set_instruction_limit(n);
            Ok(())
        })
    }
    /// What is left of the limit.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn instructions_left(&self) -> Result<Option<u64>> {
        self.with(|_, cx| Ok(cx.instructions_left()))
    }
    /// Has `callback` called about every 10,000 instructions, see
    /// [`Lua::set_interrupt_every`].
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn set_interrupt(
        &self,
        callback: impl Fn(&Lua) -> Result<VmState> + 'static,
    ) -> Result<()> {
        self.set_interrupt_every(10_000, callback)
    }
    /// Has `callback` called about every `n` instructions, in long natives too.
    /// An error that it returns is raised in the program, which may catch it;
    /// a callback that means it returns it again the next time.
    ///
    /// ```
    /// use moonsweep::{Error, Lua, VmState};
    /// use std::time::{Duration, Instant};
    ///
    /// let lua = Lua::new();
    /// let end = Instant::now() + Duration::from_millis(20);
    /// lua.set_interrupt(move |_| match Instant::now() < end {
    ///     true => Ok(VmState::Continue),
    ///     false => Err(Error::runtime("time is up")),
    /// })?;
    /// let e = lua.load("while true do pcall(function() end) end").exec().unwrap_err();
    /// assert_eq!(e.message(), "time is up");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn set_interrupt_every(
        &self,
        n: u64,
        callback: impl Fn(&Lua) -> Result<VmState> + 'static,
    ) -> Result<()> {
        let shared = self.owner.shared().clone();
        self.with(|_, cx| {
            cx.set_interrupt(n, move |cx| {
                let lua = Lua {
                    owner: shared.own(),
                };
                let state = shared.within(cx, || callback(&lua));
                match state {
                    Ok(VmState::Continue) => Ok(()),
                    Err(e) => Err(super::function::raise(cx, e)),
                }
            });
            Ok(())
        })
    }
    /// Removes the callback.
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn remove_interrupt(&self) -> Result<()> {
        self.with(|_, cx| {
            cx.remove_interrupt();
            Ok(())
        })
    }
    /// Who raises the error `interrupted!` in the running program, from any
    /// thread or a signal handler.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let lua = moonsweep::Lua::new();
    /// let interrupter = lua.interrupter()?;
    /// let watch = std::thread::spawn(move || {
    ///     std::thread::sleep(Duration::from_millis(20));
    ///     interrupter.request();
    /// });
    /// let e = lua.load("while true do end").exec().unwrap_err();
    /// assert_eq!(e.message(), "interrupted!");
    /// # watch.join().unwrap();
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::gc_collect`].
    pub fn interrupter(&self) -> Result<Interrupter> {
        self.with(|_, cx| Ok(cx.interrupter()))
    }
}
