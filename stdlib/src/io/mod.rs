//! The `io` library: its state, file handles, and what the other libraries need of them.
//!
//! - `stream.rs`: a buffered file with the behaviour of C's `FILE`;
//! - `read.rs`: read formats;
//! - `library.rs`: the functions of the table `io`;
//! - `method.rs`: the methods of file handles.
//!
//! A handle is a userdata whose payload is an `Rc<LuaFile>`; a closed file is one without a stream.
//! The state is a userdata too: it knows the standard streams, the default files and every open file.
//! The functions of `io` have it as their upvalue and `print` finds it in the registry, so that all of
//! them write through the same buffers. Nothing here runs Lua while a stream is borrowed.

mod library;
mod method;
mod read;
mod stream;
mod wake;

use std::cell::{Ref, RefCell};
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::rc::{Rc, Weak};

use moonsweep_runtime::native::{Context, Result, Results, Userdata, Value};
use rustix::io::Errno;

use crate::util::{errno, exec_result, file_failure, path, system_call};
use read::{may_read, read_bytes};
use stream::{Outcome, Stream};

pub use library::open;
pub(crate) use library::temporary_file;
pub use wake::Waker;

/// Name of the handles' metatable in the registry, and of their type in messages.
const FILE: &str = "FILE*";
/// Where the registry keeps the state.
const STATE: &str = "moonsweep.io";
/// User value of the state: the handle of the default input.
const INPUT: usize = 1;
/// User value of the state: the handle of the default output.
const OUTPUT: usize = 2;

/// How a file came to be, which decides how it is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Regular,
    Pipe,
    Standard,
}

/// The payload of a file handle.
#[derive(Debug)]
struct LuaFile {
    stream: RefCell<Option<Stream>>,
    kind: Kind,
}

impl LuaFile {
    fn new(stream: Stream, kind: Kind) -> Rc<Self> {
        Rc::new(LuaFile {
            stream: RefCell::new(Some(stream)),
            kind,
        })
    }

    fn is_closed(&self) -> bool {
        self.stream.borrow().is_none()
    }

    /// Does something with the stream; a closed one is a bad descriptor.
    fn with<T>(&self, action: impl FnOnce(&mut Stream) -> Outcome<T>) -> Outcome<T> {
        match self.stream.borrow_mut().as_mut() {
            Some(stream) => action(stream),
            None => Err(Errno::BADF),
        }
    }

    /// Closes the file and returns what `file:close` does.
    fn close(&self, cx: &Context) -> Result<Results> {
        if self.kind == Kind::Standard {
            cx.push(Value::Nil);
            cx.push(cx.string("cannot close standard file")?);
            return Ok(cx.results(2));
        }
        let Some(stream) = self.stream.take() else {
            return file_failure(cx, Errno::BADF, None);
        };
        match stream.close() {
            Ok(None) => cx.ret(true),
            Ok(Some(status)) => exec_result(cx, status),
            Err(error) => file_failure(cx, error, None),
        }
    }
}

/// What the library knows beside the handles.
#[derive(Debug)]
struct State {
    stdin: Rc<LuaFile>,
    stdout: Rc<LuaFile>,
    stderr: Rc<LuaFile>,
    input: RefCell<Rc<LuaFile>>,
    output: RefCell<Rc<LuaFile>>,
    open: RefCell<Vec<Weak<LuaFile>>>,
}

impl State {
    fn new() -> Self {
        let stdin = LuaFile::new(Stream::stdin(), Kind::Standard);
        let stdout = LuaFile::new(Stream::stdout(), Kind::Standard);
        let stderr = LuaFile::new(Stream::stderr(), Kind::Standard);
        State {
            input: RefCell::new(stdin.clone()),
            output: RefCell::new(stdout.clone()),
            stdin,
            stdout,
            stderr,
            open: RefCell::new(Vec::new()),
        }
    }

    /// Remembers an open file, and forgets those that are gone before the list grows.
    fn remember(&self, file: &Rc<LuaFile>) {
        let mut open = self.open.borrow_mut();
        if open.len() == open.capacity() {
            open.retain(|file| file.upgrade().is_some_and(|file| !file.is_closed()));
            let live = open.len();
            open.reserve(live + 16);
        }
        open.push(Rc::downgrade(file));
    }

    /// Writes out all buffers; false if one of them could not be.
    fn flush(&self) -> bool {
        let standard = [&self.stdout, &self.stderr];
        let mut done = true;
        for file in standard.into_iter().cloned().chain(
            self.open
                .borrow()
                .iter()
                .filter_map(Weak::upgrade)
                .filter(|file| !file.is_closed()),
        ) {
            done &= file.with(Stream::flush).is_ok();
        }
        done
    }

    fn default_input(&self) -> Ref<'_, LuaFile> {
        Ref::map(self.input.borrow(), |file| &**file)
    }

    fn default_output(&self) -> Ref<'_, LuaFile> {
        Ref::map(self.output.borrow(), |file| &**file)
    }

    /// On a terminal, a prompt is shown before the answer is waited for.
    fn before_reading(&self, file: &LuaFile) {
        if std::ptr::eq(file, &*self.stdin) {
            let _ = self.stdout.with(|stdout| {
                if stdout.is_line_buffered() {
                    stdout.flush()?;
                }
                Ok(())
            });
        }
    }
}

/// The state, made when it is first asked for.
pub(crate) fn state(cx: &Context) -> Result<Userdata<'_>> {
    if let Some(state) = cx.registry().get_name(cx, STATE).as_userdata() {
        return Ok(state);
    }
    let state = cx.userdata(State::new(), OUTPUT);
    cx.registry().set_name(cx, STATE, state)?;
    Ok(state)
}

/// The state that is a native's first upvalue.
fn upvalue_state(cx: &Context) -> Result<&State> {
    cx.upvalue(0)
        .as_userdata()
        .and_then(|state| state.downcast())
        .ok_or_else(|| cx.error("the state of the io library is lost"))
}

fn registry_state(cx: &Context) -> Option<&State> {
    let state = cx.registry().get_name(cx, STATE).as_userdata();
    state.and_then(|state| state.downcast())
}

/// A new handle for a stream.
fn new_file(cx: &Context, stream: Stream, kind: Kind) -> Userdata<'_> {
    let file = LuaFile::new(stream, kind);
    if let Some(state) = registry_state(cx) {
        state.remember(&file);
    }
    handle(cx, file)
}

fn handle(cx: &Context, file: Rc<LuaFile>) -> Userdata<'_> {
    let handle = cx.userdata(file, 0);
    handle.set_metatable(cx, cx.registry().get_name(cx, FILE).as_table());
    handle
}

/// The argument as a file handle.
fn check_file(cx: &Context, i: usize) -> Result<&Rc<LuaFile>> {
    cx.check_userdata(i, FILE)
}

/// Does something with the descriptor of the open file that is argument `i`, for the function `what`.
pub(crate) fn with_descriptor<T>(
    cx: &Context,
    i: usize,
    what: &str,
    action: impl FnOnce(BorrowedFd<'_>) -> T,
) -> Result<T> {
    match check_file(cx, i)?.stream.borrow().as_ref() {
        Some(stream) => Ok(action(stream.fd())),
        None => Err(cx.error(format!("{what}: closed file"))),
    }
}

/// The argument as a handle of an open file.
fn check_open(cx: &Context, i: usize) -> Result<&Rc<LuaFile>> {
    let file = check_file(cx, i)?;
    if file.is_closed() {
        return Err(cx.error("attempt to use a closed file"));
    }
    Ok(file)
}

/// All that is left on standard input, for loading it as a chunk.
///
/// # Errors
/// `not enough memory`.
pub(crate) fn read_stdin(cx: &Context) -> Result<Outcome<Vec<u8>>> {
    let Some(state) = registry_state(cx) else {
        return Ok(Err(Errno::BADF));
    };
    state.before_reading(&state.stdin);
    read_all(cx, &state.stdin)
}

/// All that is in the file of a name, likewise; an error says what could not be done.
///
/// # Errors
/// `not enough memory`.
pub(crate) fn read_named(
    cx: &Context,
    name: &[u8],
) -> Result<core::result::Result<Vec<u8>, (&'static str, Errno)>> {
    system_call(cx);
    let file = match File::open(path(name)) {
        Ok(file) => LuaFile::new(Stream::file(file, true, false), Kind::Regular),
        Err(error) => return Ok(Err(("open", errno(&error)))),
    };
    Ok(read_all(cx, &file)?.map_err(|error| ("read", error)))
}

/// What is left of an open file.
fn read_all(cx: &Context, file: &LuaFile) -> Result<Outcome<Vec<u8>>> {
    match file.stream.borrow_mut().as_mut() {
        Some(stream) => {
            stream.clear_end();
            read_bytes(cx, stream, u64::MAX)
        }
        None => Ok(Err(Errno::BADF)),
    }
}

/// One line from standard input with its newline; nothing at the end.
pub fn read_stdin_line(cx: &Context) -> Option<Vec<u8>> {
    let state = registry_state(cx)?;
    state.before_reading(&state.stdin);
    state
        .stdin
        .with(|stdin| {
            stdin.clear_end();
            Ok(
                match stdin.read_line(true, |length| may_read(cx, length))? {
                    stream::Line::Buffered(line) => Some(stdin.buffered(line).to_vec()),
                    stream::Line::Spilled => Some(stdin.take_spilled()),
                    stream::Line::End => None,
                },
            )
        })
        .ok()
        .flatten()
}

/// The standard output that scripts write to, for several writes. As in C, `print` does not tell of
/// errors.
pub(crate) struct Stdout(Option<Rc<LuaFile>>);

impl Stdout {
    pub(crate) fn of(cx: &Context) -> Stdout {
        Stdout(registry_state(cx).map(|state| state.stdout.clone()))
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        if let Some(stdout) = &self.0 {
            let _ = stdout.with(|stdout| stdout.write(bytes));
        }
    }

    /// Writes out what is buffered, as `print` does: whoever reads along sees each line in time, and
    /// in order with what other programs and standard error write.
    pub(crate) fn flush(&self) {
        if let Some(stdout) = &self.0 {
            let _ = stdout.with(Stream::flush);
        }
    }
}

/// Writes to the standard output that scripts write to, in order with what they wrote. Errors are
/// ignored, as `print` does.
pub fn write_stdout(cx: &Context, bytes: &[u8]) {
    Stdout::of(cx).write(bytes);
}

/// Writes to the standard error that scripts write to.
pub fn write_stderr(cx: &Context, bytes: &[u8]) {
    if let Some(state) = registry_state(cx) {
        let _ = state.stderr.with(|stderr| stderr.write(bytes));
    }
}

/// Writes out the buffers of standard output and of all open files: to be called before the process
/// ends, and before another process writes to the same places. False if something could not be
/// written.
pub fn flush_all(cx: &Context) -> bool {
    registry_state(cx).is_none_or(State::flush)
}
