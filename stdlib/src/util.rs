//! Small helpers that several libraries share: C-string rules for file names, the texts of
//! operating-system errors, results of file operations, and registration with upvalues.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

pub(crate) use moonsweep_runtime::native::c_str;
use moonsweep_runtime::native::{Context, NativeDef, NativeFn, Result, Results, Table, Value};
use rustix::io::Errno;

/// A file name given by a script.
pub(crate) fn path(name: &[u8]) -> &Path {
    Path::new(os_str(name))
}

/// A string given by a script, as the operating system takes it.
pub(crate) fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(c_str(bytes))
}

/// Charges a request to the system, such as opening a file.
pub(crate) fn system_call(cx: &Context) {
    cx.charge(500);
}

/// Charges a new process.
pub(crate) fn new_process(cx: &Context) {
    cx.charge(100_000);
}

/// The errno inside a standard-library error; `EIO` when it carries none.
pub(crate) fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// C's `strerror`: the standard library has the same text, with " (os error N)" behind it.
pub(crate) fn strerror(error: Errno) -> String {
    let mut text = std::io::Error::from(error).to_string();
    if let Some(end) = text.rfind(" (os error ") {
        text.truncate(end);
    }
    text
}

/// The two parts of a message, one after the other.
pub(crate) fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Returns `true`, or `nil, "name: message", errno` (`luaL_fileresult`).
pub(crate) fn file_result(
    cx: &Context,
    outcome: core::result::Result<(), Errno>,
    name: Option<&[u8]>,
) -> Result<Results> {
    match outcome {
        Ok(()) => cx.ret(true),
        Err(error) => file_failure(cx, error, name),
    }
}

/// Returns `nil, "name: message", errno`.
pub(crate) fn file_failure(cx: &Context, error: Errno, name: Option<&[u8]>) -> Result<Results> {
    let count = push_failure(cx, error, name)?;
    Ok(cx.results(count))
}

/// Pushes `nil, "name: message", errno`, and says how many values these are.
pub(crate) fn push_failure(cx: &Context, error: Errno, name: Option<&[u8]>) -> Result<usize> {
    let text = strerror(error);
    let text = match name {
        Some(name) => joined(&[name, b": ", text.as_bytes()]),
        None => text.into_bytes(),
    };
    cx.push(Value::Nil);
    cx.push(cx.string(text)?);
    cx.push(i64::from(error.raw_os_error()));
    Ok(3)
}

/// Returns how a process ended: `true | nil, "exit" | "signal", code` (`luaL_execresult`).
pub(crate) fn exec_result(cx: &Context, status: ExitStatus) -> Result<Results> {
    let (what, code) = match status.signal() {
        Some(signal) => ("signal", signal),
        None => ("exit", status.code().unwrap_or(0)),
    };
    if what == "exit" && code == 0 {
        cx.push(true);
    } else {
        cx.push(Value::Nil);
    }
    cx.push(cx.string(what)?);
    cx.push(i64::from(code));
    Ok(cx.results(3))
}

/// The shell with a command to run, under the name that C's `system` and `popen` give it.
pub(crate) fn shell(command: &[u8]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg0("sh").arg("-c").arg(os_str(command));
    shell
}

/// A row of a library's table.
pub(crate) const fn def(name: &'static str, function: NativeFn) -> NativeDef {
    NativeDef { name, function }
}

/// Puts natives that share upvalues into a table.
pub(crate) fn register_with<'a>(
    cx: &'a Context,
    table: Table<'a>,
    defs: &'static [NativeDef],
    upvalues: &[Value<'a>],
) -> Result<()> {
    for def in defs {
        table.set_name(cx, def.name, cx.native(def, upvalues))?;
    }
    Ok(())
}

/// The table in field `name` of `parent`; made if it is not there (`luaL_getsubtable`).
pub(crate) fn subtable<'a>(cx: &'a Context, parent: Table<'a>, name: &str) -> Result<Table<'a>> {
    if let Some(table) = parent.get_name(cx, name).as_table() {
        return Ok(table);
    }
    let table = cx.table(0, 0);
    parent.set_name(cx, name, table)?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_texts_are_those_of_c() {
        assert_eq!(strerror(Errno::NOENT), "No such file or directory");
        assert_eq!(strerror(Errno::BADF), "Bad file descriptor");
        assert_eq!(strerror(Errno::PIPE), "Broken pipe");
        assert_eq!(strerror(Errno::NOSPC), "No space left on device");
    }

    #[test]
    fn a_c_string_ends_at_its_first_zero() {
        assert_eq!(c_str(b"ab\0c"), b"ab");
        assert_eq!(c_str(b"abc"), b"abc");
        assert_eq!(c_str(b""), b"");
    }
}
