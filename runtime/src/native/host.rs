//! What belongs to the host program: warnings and data of libraries.

use super::{Context, Function, Result};
use crate::value::Value as Raw;
use crate::vm::State;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

type AtExit = Box<dyn FnOnce(&mut Context)>;

/// Where the registry has the function that takes warnings.
const WARNING_FUNCTION: &str = "moonsweep.warn";

/// Data that libraries and the host keep with a virtual machine, by name.
#[derive(Default)]
pub struct Host {
    data: RefCell<HashMap<&'static str, Box<dyn Any>>>,
    at_exit: RefCell<Vec<AtExit>>,
    /// The registry has a function that takes warnings.
    takes_warnings: Cell<bool>,
}

impl Host {
    /// Stores a value under a name.
    pub fn set<T: 'static>(&self, name: &'static str, v: T) {
        self.data.borrow_mut().insert(name, Box::new(v));
    }
    /// Runs `f` on the stored value, if it is there and a `T`.
    pub fn with<T: 'static, R>(
        &self,
        name: &'static str,
        f: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        self.data.borrow_mut().get_mut(name)?.downcast_mut().map(f)
    }
    /// Has `f` called when the program ends through `os.exit`.
    pub fn at_exit(&self, f: impl FnOnce(&mut Context) + 'static) {
        self.at_exit.borrow_mut().push(Box::new(f));
    }
}

impl Context {
    /// The host's data.
    pub fn host(&self) -> &Host {
        &self.vm().host
    }
    /// Runs what `Host::at_exit` registered, last first.
    pub fn run_at_exit(&mut self) {
        loop {
            let f = self.vm().host.at_exit.borrow_mut().pop();
            match f {
                Some(f) => f(self),
                None => return,
            }
        }
    }
    /// A warning, as `warn` emits it: `@on` and `@off` switch. It is written to standard error,
    /// or else it is the function's that `set_warning_function` named.
    ///
    /// # Errors
    /// That function's.
    pub fn warn(&mut self, msg: &[u8], to_be_continued: bool) -> Result<()> {
        if !self.host().takes_warnings.get() {
            self.vm().warn(msg, to_be_continued);
            return Ok(());
        }
        self.push(self.registry().get_name(self, WARNING_FUNCTION));
        self.push(self.string(msg)?);
        self.push(to_be_continued);
        self.call(2, Some(0)).map(drop)
    }
    /// Has a function called with each warning: its text, and whether more of it follows. It gets
    /// all of them, those that begin with `@` as well. `None`: as before.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn set_warning_function(&self, function: Option<Function<'_>>) -> Result<()> {
        self.host().takes_warnings.set(function.is_some());
        let value = function.map_or(super::Value::Nil, super::Value::from);
        self.registry().set_name(self, WARNING_FUNCTION, value)
    }
}

impl State {
    /// The function that takes warnings, if there is one.
    pub(crate) fn warning_function(&self) -> Option<Raw> {
        if !self.host.takes_warnings.get() {
            return None;
        }
        let key = self.mem.strings.find(WARNING_FUNCTION.as_bytes())?;
        // SAFETY: the registry is live, and so is an interned string that was found.
        Some(unsafe { self.registry.get_str(&self.mem, key) })
    }
    /// A warning where no function takes it.
    pub(crate) fn warn(&mut self, msg: &[u8], to_be_continued: bool) {
        if !self.warn.continued && !to_be_continued && msg.first() == Some(&b'@') {
            match msg {
                b"@on" => self.warn.on = true,
                b"@off" => self.warn.on = false,
                _ => {}
            }
            return;
        }
        if self.warn.on {
            let mut text = Vec::new();
            if !self.warn.continued {
                text.extend_from_slice(b"Lua warning: ");
            }
            text.extend_from_slice(msg);
            if !to_be_continued {
                text.push(b'\n');
            }
            use std::io::Write;
            let _ = std::io::stderr().write_all(&text);
        }
        self.warn.continued = to_be_continued;
    }
}
