//! The methods of file handles, and their metatable.

use std::rc::Rc;

use moonsweep_runtime::native::{Context, NativeDef, Num, Result, Results, Value};
use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::read::{interrupted, read_formats};
use super::stream::{BUFFER, Buffering, Stream};
use super::{FILE, LuaFile, check_file, check_open, registry_state};
use crate::util::{c_str, def, file_failure, file_result};

fn close(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    check_open(cx, 0)?.close(cx)
}

/// `__gc` and `__close`: closes a file that is still open.
fn collect(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let file = check_file(cx, 0)?;
    if !file.is_closed() {
        file.close(cx)?;
    }
    cx.none()
}

fn tostring(cx: &mut Context) -> Result<Results> {
    let file = check_file(cx, 0)?;
    if file.is_closed() {
        return cx.ret(cx.string("file (closed)")?);
    }
    cx.ret(cx.string(format!("file ({:p})", Rc::as_ptr(file)))?)
}

fn flush(cx: &mut Context) -> Result<Results> {
    let outcome = check_open(cx, 0)?.with(Stream::flush);
    file_result(cx, outcome, None)
}

fn read(cx: &mut Context) -> Result<Results> {
    let file = check_open(cx, 0)?;
    before_reading(cx, file);
    let count = read_formats(cx, file, cx.nargs() - 1, 1, |k| cx.arg(1 + k))?;
    interrupted(cx)?;
    Ok(cx.results(count))
}

fn before_reading(cx: &Context, file: &LuaFile) {
    if file.kind == super::Kind::Standard
        && let Some(state) = registry_state(cx)
    {
        state.before_reading(file);
    }
}

fn write(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let file = check_open(cx, 0)?;
    match write_arguments(cx, file, 1)? {
        Ok(()) => cx.ret(cx.arg(0)),
        Err(error) => file_failure(cx, error, None),
    }
}

/// Writes the arguments from number `first` on.
pub(super) fn write_arguments(
    cx: &Context,
    file: &LuaFile,
    first: usize,
) -> Result<super::stream::Outcome<()>> {
    let mut stream = file.stream.borrow_mut();
    let Some(stream) = stream.as_mut() else {
        return Ok(Err(Errno::BADF));
    };
    for i in first..cx.nargs() {
        let outcome = match cx.arg(i) {
            Value::Str(text) => {
                cx.charge_bytes(text.len());
                stream.write(text.as_bytes())
            }
            Value::Int(n) => stream.write(&cx.number_to_string(Num::Int(n))),
            Value::Float(n) => {
                // As "%.14g": without the ".0" that marks floats elsewhere.
                let text = cx.number_to_string(Num::Float(n));
                stream.write(text.strip_suffix(b".0").unwrap_or(&text))
            }
            _ => stream.write(cx.check_str(i)?.as_bytes()),
        };
        if let Err(error) = outcome {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

fn seek(cx: &mut Context) -> Result<Results> {
    let file = check_open(cx, 0)?;
    let whence = cx.check_option(1, Some("cur"), &["set", "cur", "end"])?;
    let offset = cx.opt_int(2, 0)?;
    let outcome = file.with(|stream| {
        stream.seek(match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::INVAL)?),
            1 => SeekFrom::Current(offset),
            _ => SeekFrom::End(offset),
        })
    });
    match outcome {
        Ok(position) => cx.ret(position as i64),
        Err(error) => file_failure(cx, error, None),
    }
}

fn setvbuf(cx: &mut Context) -> Result<Results> {
    let file = check_open(cx, 0)?;
    let buffering = match cx.check_option(1, None, &["no", "full", "line"])? {
        0 => Buffering::None,
        1 => Buffering::Full,
        _ => Buffering::Line,
    };
    let size = cx.opt_int(2, BUFFER as i64)?;
    let size = usize::try_from(size).unwrap_or(BUFFER);
    file_result(cx, file.with(|s| s.set_buffering(buffering, size)), None)
}

fn lines(cx: &mut Context) -> Result<Results> {
    check_open(cx, 0)?;
    let iterator = lines_iterator(cx, cx.arg(0), false)?;
    cx.ret(iterator)
}

/// Most formats that `lines` takes.
const MOST_FORMATS: usize = 250;

/// A function that reads from a file in the formats that are the arguments from the second on.
pub(super) fn lines_iterator<'a>(
    cx: &'a Context,
    file: Value<'a>,
    to_close: bool,
) -> Result<Value<'a>> {
    let count = cx.nargs().saturating_sub(1);
    if count > MOST_FORMATS {
        return Err(cx.arg_error(MOST_FORMATS + 1, "too many arguments"));
    }
    let mut upvalues = vec![file, to_close.into(), Value::Int(count as i64)];
    upvalues.extend((0..count).map(|k| cx.arg(1 + k)));
    Ok(cx.native(&LINES_STEP, &upvalues).into())
}

/// The iterator of `lines`. Upvalues: the file, whether to close it at the end, the number of
/// formats, the formats.
fn lines_step(cx: &mut Context) -> Result<Results> {
    let file: Option<&Rc<LuaFile>> = cx.upvalue(0).as_userdata().and_then(|u| u.downcast());
    let Some(file) = file.cloned().filter(|file| !file.is_closed()) else {
        return Err(cx.error("file is already closed"));
    };
    before_reading(cx, &file);
    let formats = cx.upvalue(2).as_int().unwrap_or(0) as usize;
    let count = read_formats(cx, &file, formats, 1, |k| cx.upvalue(3 + k))?;
    interrupted(cx)?;
    if cx.top(count - 1).truthy() {
        return Ok(cx.results(count));
    }
    if count > 1
        && let Value::Str(message) = cx.top(count - 2)
    {
        return Err(cx.error(c_str(message.as_bytes())));
    }
    if cx.upvalue(1).truthy() {
        file.close(cx)?;
    }
    cx.none()
}

/// Makes the metatable of file handles, once.
pub(super) fn make_metatable(cx: &Context) -> Result<()> {
    let registry = cx.registry();
    if registry.get_name(cx, FILE).as_table().is_some() {
        return Ok(());
    }
    let metatable = cx.table(0, METAMETHODS.len() + 2);
    metatable.set_name(cx, "__name", cx.string(FILE)?)?;
    cx.register(metatable, METAMETHODS)?;
    let methods = cx.table(0, METHODS.len());
    cx.register(methods, METHODS)?;
    metatable.set_name(cx, "__index", methods)?;
    registry.set_name(cx, FILE, metatable)
}

static LINES_STEP: NativeDef = def("lines_step", lines_step);

static METHODS: &[NativeDef] = &[
    def("close", close),
    def("flush", flush),
    def("lines", lines),
    def("read", read),
    def("seek", seek),
    def("setvbuf", setvbuf),
    def("write", write),
];

static METAMETHODS: &[NativeDef] = &[
    def("__close", collect),
    def("__gc", collect),
    def("__tostring", tostring),
];
