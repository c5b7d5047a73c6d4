//! What belongs to the host program: warnings and data of libraries.

use super::Context;
use crate::vm::State;
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;

type AtExit = Box<dyn FnOnce(&mut Context)>;
type WarningOutput = fn(&Context, &[u8]);

/// Data that libraries and the host keep with a virtual machine, by name.
#[derive(Default)]
pub struct Host {
    data: RefCell<HashMap<&'static str, Box<dyn Any>>>,
    at_exit: RefCell<Vec<AtExit>>,
    output: RefCell<Option<WarningOutput>>,
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
    /// Sets who writes warnings (else standard error).
    pub fn set_warning_output(&self, f: fn(&Context, &[u8])) {
        *self.output.borrow_mut() = Some(f);
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
    /// A warning, as `warn` emits it: `@on` and `@off` switch.
    pub fn warn(&self, msg: &[u8], to_be_continued: bool) {
        self.vm().warn(msg, to_be_continued);
    }
}

impl State {
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
            let output = *self.host.output.borrow();
            match output {
                Some(f) => f(Context::of(self), &text),
                None => {
                    use std::io::Write;
                    let _ = std::io::stderr().write_all(&text);
                }
            }
        }
        self.warn.continued = to_be_continued;
    }
}
