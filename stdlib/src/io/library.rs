//! The functions of the table `io`. Their upvalue is the library's state.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use std::rc::Rc;

use moonsweep_runtime::native::{Context, NativeDef, Raised, Result, Results, Value};
use rustix::io::Errno;

use super::method::{lines_iterator, make_metatable, write_arguments};
use super::read::{interrupted, read_formats};
use super::stream::{Outcome, Stream};
use super::{
    INPUT, Kind, LuaFile, OUTPUT, check_file, check_open, handle, new_file, state, upvalue_state,
};
use crate::random::entropy;
use crate::util::{c_str, def, errno, file_failure, file_result, joined, path, register_with};
use crate::util::{new_process, shell, strerror, system_call};

fn close(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    if !cx.is_none(0) {
        return check_open(cx, 0)?.close(cx);
    }
    let file = upvalue_state(cx)?.default_output();
    if file.is_closed() {
        return Err(cx.error("attempt to use a closed file"));
    }
    file.close(cx)
}

fn default_closed(cx: &Context, which: &str) -> Raised {
    cx.error(format!("default {which} file is closed"))
}

fn flush(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let file = upvalue_state(cx)?.default_output();
    if file.is_closed() {
        return Err(default_closed(cx, "output"));
    }
    file_result(cx, file.with(Stream::flush), None)
}

fn read(cx: &mut Context) -> Result<Results> {
    let state = upvalue_state(cx)?;
    let file = state.default_input();
    if file.is_closed() {
        return Err(default_closed(cx, "input"));
    }
    state.before_reading(&file);
    let count = read_formats(cx, &file, cx.nargs(), 0, |k| cx.arg(k))?;
    drop(file);
    interrupted(cx)?;
    Ok(cx.results(count))
}

fn write(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let file = upvalue_state(cx)?.default_output();
    if file.is_closed() {
        return Err(default_closed(cx, "output"));
    }
    match write_arguments(cx, &file, 0)? {
        Ok(()) => cx.ret(default_handle(cx, OUTPUT)),
        Err(error) => file_failure(cx, error, None),
    }
}

/// The handle of a default file.
fn default_handle(cx: &Context, which: usize) -> Value<'_> {
    let state = cx.upvalue(0).as_userdata();
    state
        .and_then(|state| state.user_value(which))
        .unwrap_or(Value::Nil)
}

fn input(cx: &mut Context) -> Result<Results> {
    set_default(cx, INPUT, "r")
}

fn output(cx: &mut Context) -> Result<Results> {
    set_default(cx, OUTPUT, "w")
}

/// Changes a default file if there is an argument, and returns its handle.
fn set_default(cx: &mut Context, which: usize, mode: &str) -> Result<Results> {
    let mut opened = None;
    if let Value::Str(_) | Value::Int(_) | Value::Float(_) = cx.arg(0) {
        opened = Some(open_or_raise(cx, mode)?);
    }
    let cx = &*cx;
    if !cx.is_none_or_nil(0) {
        let file: Value<'_> = match opened {
            Some(stream) => new_file(cx, stream, Kind::Regular).into(),
            None => {
                check_open(cx, 0)?;
                cx.arg(0)
            }
        };
        let state = upvalue_state(cx)?;
        let payload: Option<&Rc<LuaFile>> = file.as_userdata().and_then(|file| file.downcast());
        if let (Some(payload), Some(userdata)) = (payload, cx.upvalue(0).as_userdata()) {
            let place = match which {
                INPUT => &state.input,
                _ => &state.output,
            };
            place.replace(payload.clone());
            userdata.set_user_value(cx, which, file);
        }
    }
    cx.ret(default_handle(cx, which))
}

fn lines(cx: &mut Context) -> Result<Results> {
    if cx.is_none_or_nil(0) {
        let file = default_handle(cx, INPUT);
        if upvalue_state(cx)?.default_input().is_closed() {
            return Err(cx.error("attempt to use a closed file"));
        }
        return cx.ret(lines_iterator(cx, file, false)?);
    }
    let stream = open_or_raise(cx, "r")?;
    let cx = &*cx;
    let file = new_file(cx, stream, Kind::Regular);
    let iterator = lines_iterator(cx, file.into(), true)?;
    cx.push(iterator);
    cx.push(Value::Nil);
    cx.push(Value::Nil);
    // To be closed when the loop ends.
    cx.push(file);
    Ok(cx.results(4))
}

/// Opens something. Where that fails because too many files are open, it is tried once
/// more after a collection: garbage may hold some of them, which counts little as memory.
fn with_files<T>(cx: &mut Context, mut open: impl FnMut() -> Outcome<T>) -> Result<Outcome<T>> {
    system_call(cx);
    let outcome = open();
    if !matches!(outcome, Err(Errno::MFILE | Errno::NFILE)) {
        return Ok(outcome);
    }
    cx.collect()?;
    Ok(open())
}

fn open_(cx: &mut Context) -> Result<Results> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let mode = cx.opt_str(1)?.map_or(&b"r"[..], |mode| mode.as_bytes());
    let Some(mode) = Mode::parse(c_str(mode)) else {
        return Err(cx.arg_error(1, "invalid mode"));
    };
    match with_files(cx, || mode.open(&name))? {
        Ok(stream) => cx.ret(new_file(cx, stream, Kind::Regular)),
        Err(error) => file_failure(cx, error, Some(&name)),
    }
}

/// Opens the file that the first argument names.
fn open_or_raise(cx: &mut Context, mode: &str) -> Result<Stream> {
    let name = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let mode = Mode::parse(mode.as_bytes()).unwrap_or(Mode::READ);
    with_files(cx, || mode.open(&name))?.map_err(|error| {
        let text = strerror(error);
        let parts = [
            b"cannot open file '",
            &name[..],
            b"' (",
            text.as_bytes(),
            b")",
        ];
        cx.error(joined(&parts))
    })
}

/// The mode of `io.open`: as C's, checked as the reference does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mode {
    letter: u8,
    update: bool,
}

impl Mode {
    const READ: Mode = Mode {
        letter: b'r',
        update: false,
    };

    /// `[rwa]%+?b*`
    fn parse(mode: &[u8]) -> Option<Mode> {
        let (&letter, rest) = mode.split_first()?;
        let (update, rest) = match rest {
            [b'+', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let valid = matches!(letter, b'r' | b'w' | b'a') && rest.iter().all(|&c| c == b'b');
        valid.then_some(Mode { letter, update })
    }

    fn open(self, name: &[u8]) -> Outcome<Stream> {
        let read = self.letter == b'r' || self.update;
        let write = self.letter != b'r' || self.update;
        let file = OpenOptions::new()
            .read(read)
            .write(write && self.letter != b'a')
            .append(self.letter == b'a')
            .create(self.letter != b'r')
            .truncate(self.letter == b'w')
            .open(path(name))
            .map_err(|error| errno(&error))?;
        Ok(Stream::file(file, read, write))
    }
}

fn popen(cx: &mut Context) -> Result<Results> {
    let command = c_str(cx.check_str(0)?.as_bytes()).to_vec();
    let mode = cx.opt_str(1)?.map_or(&b"r"[..], |mode| mode.as_bytes());
    let reads = match c_str(mode) {
        b"r" => true,
        b"w" => false,
        _ => return Err(cx.arg_error(1, "invalid mode")),
    };
    upvalue_state(cx)?.flush();
    new_process(cx);
    let mut shell = shell(&command);
    if reads {
        shell.stdout(Stdio::piped());
    } else {
        shell.stdin(Stdio::piped());
    }
    let mut spawn = || match shell.spawn() {
        Ok(child) => Stream::pipe(child).ok_or(Errno::PIPE),
        Err(error) => Err(errno(&error)),
    };
    match with_files(cx, &mut spawn)? {
        Ok(stream) => cx.ret(new_file(cx, stream, Kind::Pipe)),
        Err(error) => file_failure(cx, error, Some(&command)),
    }
}

fn tmpfile(cx: &mut Context) -> Result<Results> {
    let make = || {
        let (file, name) = temporary_file()?;
        std::fs::remove_file(name)?;
        Ok(Stream::file(file, true, true))
    };
    match with_files(cx, || make().map_err(|error: std::io::Error| errno(&error)))? {
        Ok(stream) => cx.ret(new_file(cx, stream, Kind::Regular)),
        Err(error) => file_failure(cx, error, None),
    }
}

/// A new, empty file with a name nobody else has.
pub(crate) fn temporary_file() -> std::io::Result<(File, PathBuf)> {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut attempts = 0;
    loop {
        let mut random = entropy().1;
        let mut name = String::from("/tmp/lua_");
        for _ in 0..6 {
            name.push(char::from(LETTERS[(random % 62) as usize]));
            random /= 62;
        }
        let outcome = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&name);
        match outcome {
            Ok(file) => return Ok((file, PathBuf::from(name))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && attempts < 100 => {
                attempts += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn type_(cx: &mut Context) -> Result<Results> {
    cx.check_any(0)?;
    // Not an error here if it is something else.
    let is_file =
        matches!(cx.arg(0), Value::Userdata(file) if file.downcast::<Rc<LuaFile>>().is_some());
    if !is_file {
        return cx.ret(Value::Nil);
    }
    let closed = check_file(cx, 0)?.is_closed();
    cx.ret(cx.string(if closed { "closed file" } else { "file" })?)
}

/// Makes the global table `io` with the standard streams.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    make_metatable(cx)?;
    let userdata = state(cx)?;
    let io = cx.table(0, IO.len() + 3);
    register_with(cx, io, IO, &[userdata.into()])?;
    if let Some(state) = userdata.downcast::<super::State>() {
        let input = handle(cx, state.stdin.clone());
        io.set_name(cx, "stdin", input)?;
        userdata.set_user_value(cx, INPUT, input.into());
        let output = handle(cx, state.stdout.clone());
        io.set_name(cx, "stdout", output)?;
        userdata.set_user_value(cx, OUTPUT, output.into());
        io.set_name(cx, "stderr", handle(cx, state.stderr.clone()))?;
    }
    cx.globals().set_name(cx, "io", io)
}

static IO: &[NativeDef] = &[
    def("close", close),
    def("flush", flush),
    def("input", input),
    def("lines", lines),
    def("open", open_),
    def("output", output),
    def("popen", popen),
    def("read", read),
    def("tmpfile", tmpfile),
    def("type", type_),
    def("write", write),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_of_c() {
        for mode in ["r", "w", "a", "r+", "w+", "a+", "rb", "r+b", "wbb"] {
            assert!(Mode::parse(mode.as_bytes()).is_some(), "{mode}");
        }
        for mode in ["", "x", "rw", "+r", "rb+", "r++", "rt", "r "] {
            assert!(Mode::parse(mode.as_bytes()).is_none(), "{mode}");
        }
    }
}
