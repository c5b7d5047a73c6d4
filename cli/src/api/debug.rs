//! Looking at a running program: its stack, and hooks that follow it.

use super::error::Result;
use super::function::Function;
use super::lua::Lua;
use super::string::LuaString;
use super::thread::Thread;
use crate::native::{self, Context, FrameInfo, HookEvents, NativeDef, Results, Value};

/// What a hook waits for; see [`Lua::set_hook`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct HookTriggers {
    /// Calls of functions.
    pub on_calls: bool,
    /// Returns from functions.
    pub on_returns: bool,
    /// Beginnings of lines.
    pub every_line: bool,
    /// Every so many instructions.
    pub every_nth_instruction: Option<u32>,
}

/// What has happened when a hook is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HookEvent {
    /// A function was called.
    Call,
    /// A function was called by a tail call.
    TailCall,
    /// A function returns.
    Return,
    /// This line begins.
    Line(usize),
    /// So many instructions were executed.
    Count,
}

/// A level of the stack.
#[derive(Clone, Debug)]
pub struct StackFrame {
    /// The name that the function was called by.
    pub name: Option<String>,
    /// What kind of name: `global`, `local`, `method`, `field`, ... or empty.
    pub name_what: &'static str,
    /// `Lua`, `C` (which means Rust) or `main`.
    pub what: &'static str,
    /// The chunk's name as messages show it.
    pub short_src: String,
    /// The line it executes, if it is of Lua.
    pub current_line: Option<usize>,
    /// The line where the function begins, if it is of Lua.
    pub line_defined: Option<usize>,
    /// It was called by a tail call: levels above are missing.
    pub is_tail_call: bool,
    /// The function.
    pub function: Function,
}

impl StackFrame {
    fn new(lua: &Lua, cx: &Context, info: FrameInfo<'_>) -> Result<StackFrame> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(StackFrame {
            name: info.name.as_deref().map(text),
            name_what: info.name_what,
            what: info.what,
            short_src: text(&info.short_src),
            current_line: usize::try_from(info.current_line).ok(),
            line_defined: usize::try_from(info.line_defined).ok(),
            is_tail_call: info.is_tail_call,
            function: Function(lua.root(cx, info.func.into())?),
        })
    }
}

impl Lua {
    // --- The running program

    /// A level of the running coroutine's stack: 0 is the Rust function that Lua has called
    /// last, 1 what called it, and so on; `None` if there are not so many.
    ///
    /// ```
    /// let lua = moonsweep::Lua::new();
    /// let line = lua.create_function(|lua, ()| {
    ///     Ok(lua.inspect_stack(1)?.and_then(|caller| caller.current_line))
    /// })?;
    /// lua.globals().set("line", line)?;
    /// assert_eq!(lua.load("\n\nreturn (line())").eval::<usize>()?, 3);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::StateUnavailable`](crate::Error::StateUnavailable).
    pub fn inspect_stack(&self, level: usize) -> Result<Option<StackFrame>> {
        self.with(|lua, cx| {
            let info = cx.frame_info(None, level);
            info.map(|info| StackFrame::new(lua, cx, info)).transpose()
        })
    }
    /// The running coroutine's stack as text, from a level on, behind `message`.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`](crate::Error::StateUnavailable).
    pub fn traceback(&self, message: Option<&str>, level: usize) -> Result<String> {
        self.with(|_, cx| {
            let text = cx.traceback(None, message.map(str::as_bytes), level);
            Ok(String::from_utf8_lossy(&text).into_owned())
        })
    }
    /// The running coroutine, or the main one.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`](crate::Error::StateUnavailable), or
    /// [`Error::MemoryError`](crate::Error::MemoryError).
    pub fn current_thread(&self) -> Result<Thread> {
        self.with(|lua, cx| {
            let thread: Value<'_> = cx.running().0.into();
            Ok(Thread(lua.root(cx, thread)?))
        })
    }
    /// Has `hook` called when one of the events happens in the running coroutine (the main
    /// one, if Rust has called nothing). It stands in the place of a hook of
    /// `debug.sethook`; an error that it returns is raised where the program is.
    ///
    /// ```
    /// use moonsweep::{HookEvent, HookTriggers, Lua};
    /// use std::{cell::RefCell, rc::Rc};
    ///
    /// let lua = Lua::new();
    /// let lines = Rc::new(RefCell::new(Vec::new()));
    /// let seen = Rc::clone(&lines);
    /// let triggers = HookTriggers { every_line: true, ..HookTriggers::default() };
    /// lua.set_hook(triggers, move |_, event| {
    ///     if let HookEvent::Line(line) = event {
    ///         seen.borrow_mut().push(line)
    ///     }
    ///     Ok(())
    /// })?;
    /// lua.load("local a = 1\nlocal b = 2\nreturn a + b").exec()?;
    /// lua.remove_hook()?;
    /// lua.load("return 1").exec()?;
    /// assert_eq!(*lines.borrow(), [1, 2, 3]);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Lua::create_function`].
    pub fn set_hook(
        &self,
        triggers: HookTriggers,
        hook: impl Fn(&Lua, HookEvent) -> Result<()> + 'static,
    ) -> Result<()> {
        let function = self.create_function(move |lua, (name, line): (String, Option<i64>)| {
            let line = line.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            hook(
                lua,
                match name.as_str() {
                    "call" => HookEvent::Call,
                    "tail call" => HookEvent::TailCall,
                    "return" => HookEvent::Return,
                    "line" => HookEvent::Line(line),
                    _ => HookEvent::Count,
                },
            )
        })?;
        let events = HookEvents {
            call: triggers.on_calls,
            ret: triggers.on_returns,
            line: triggers.every_line,
            count: triggers.every_nth_instruction.unwrap_or(0),
        };
        self.with(|_, cx| {
            let function = function.0.get(cx).and_then(Value::as_function);
            cx.set_hook(None, function, events);
            Ok(())
        })
    }
    /// Removes the running coroutine's hook.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`](crate::Error::StateUnavailable).
    pub fn remove_hook(&self) -> Result<()> {
        self.with(|_, cx| {
            cx.set_hook(None, None, HookEvents::default());
            Ok(())
        })
    }
    /// Emits a warning, as Lua's `warn`; with `to_be_continued`, its beginning.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`](crate::Error::StateUnavailable).
    pub fn warning(&self, message: impl AsRef<[u8]>, to_be_continued: bool) -> Result<()> {
        self.with(|lua, cx| {
            let text = crate::native::c_str(message.as_ref());
            lua.protected(cx, |lua, cx| {
                cx.push(cx.native(&WARN, &[]));
                let text = cx.string(text).map_err(|e| lua.caught(cx, e))?;
                cx.push(text);
                cx.push(to_be_continued);
                Ok(())
            })
            .map(drop)
        })
    }
    /// Has `callback` called with each warning: its text, and whether more of it follows. It gets
    /// all of them, those that begin with `@` as well, and it decides which to show. An error that it
    /// returns is raised where `warn` was called; one about a finalizer's warning is lost.
    ///
    /// ```
    /// use moonsweep::Lua;
    /// use std::{cell::RefCell, rc::Rc};
    ///
    /// let lua = Lua::new();
    /// let log = Rc::new(RefCell::new(String::new()));
    /// let to = Rc::clone(&log);
    /// lua.set_warning_function(move |_, text, continued| {
    ///     *to.borrow_mut() += text;
    ///     *to.borrow_mut() += if continued { "" } else { ";" };
    ///     Ok(())
    /// })?;
    /// lua.load("warn('disk ', 'full') warn('@on')").exec()?;
    /// assert_eq!(*log.borrow(), "disk full;@on;");
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MemoryError`](crate::Error::MemoryError).
    pub fn set_warning_function(
        &self,
        callback: impl Fn(&Lua, &str, bool) -> Result<()> + 'static,
    ) -> Result<()> {
        let function = self.create_function(move |lua, (text, continued): (LuaString, bool)| {
            callback(lua, &text.to_string_lossy()?, continued)
        })?;
        self.with(|lua, cx| {
            let function = function.0.get(cx).and_then(Value::as_function);
            let set = cx.set_warning_function(function);
            set.map_err(|e| lua.caught(cx, e))
        })
    }
    /// Warnings go to standard error again, if they are on.
    pub fn remove_warning_function(&self) {
        // fails only where the runtime is gone
        let _ = self.with(|lua, cx| {
            let set = cx.set_warning_function(None);
            set.map_err(|e| lua.caught(cx, e))
        });
    }
}

/// `[text, to be continued]`.
fn warn(cx: &mut Context) -> native::Result<Results> {
    let text = cx.check_str(0)?.as_bytes().to_vec();
    cx.warn(&text, cx.arg(1).truthy())?;
    cx.none()
}

static WARN: NativeDef = NativeDef {
    name: "warn",
    function: warn,
};
