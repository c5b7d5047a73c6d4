//! Chunks from strings, reader functions and files: `load`, `loadfile`, `dofile`, and the loading of
//! files for `require` and for the command line.

use moonsweep_runtime::native::{
    Context, Function, NativeDef, Raised, Result, Results, Str, Value,
};

use crate::io;
use crate::util::{c_str, def, joined, strerror};

/// The outcome of loading a chunk: the function, or the message.
pub type Loaded<'a> = core::result::Result<Function<'a>, Str<'a>>;

fn load(cx: &mut Context) -> Result<Results> {
    let text = matches!(cx.arg(0), Value::Str(_) | Value::Int(_) | Value::Float(_));
    if text {
        let len = cx.check_str(0)?.len();
        cx.make_room_to_compile(len);
        return load_chunk(cx, cx.check_str(0)?.as_bytes(), None);
    }
    cx.opt_str(2)?;
    cx.opt_str(1)?;
    cx.check_function(0)?;
    match read_pieces(cx) {
        Ok(source) => {
            cx.make_room_to_compile(source.len());
            load_chunk(cx, &source, Some("=(load)"))
        }
        // Like an error in the text itself, an error in the reader is a result of `load`.
        Err(raised) => {
            let message = cx.push(cx.caught(raised));
            cx.push(Value::Nil);
            cx.push(cx.arg(message));
            Ok(cx.results(2))
        }
    }
}

/// Calls the reader in slot 0 until it gives nil or an empty string.
fn read_pieces(cx: &mut Context) -> core::result::Result<Vec<u8>, Raised> {
    let mut source = Vec::new();
    loop {
        cx.push(cx.arg(0));
        cx.call(0, Some(1))?;
        cx.charge(1);
        match cx.top(0) {
            Value::Nil => break,
            Value::Str(piece) if piece.is_empty() => break,
            Value::Str(piece) => {
                cx.check_size((source.len() + piece.len()) as u64)?;
                cx.charge_bytes(piece.len());
                source.extend_from_slice(piece.as_bytes());
            }
            Value::Int(_) | Value::Float(_) => {
                source.extend_from_slice(cx.check_str(cx.slots() - 1)?.as_bytes());
            }
            _ => return Err(cx.error("reader function must return a string")),
        }
        cx.pop(1);
    }
    cx.pop(1);
    Ok(source)
}

/// Loads `source` with the name, mode and environment of `load`'s arguments. Without a name
/// argument the chunk is called `default_name`, or else by its own text.
fn load_chunk(cx: &Context, source: &[u8], default_name: Option<&str>) -> Result<Results> {
    let mode = cx.opt_str(2)?;
    let mode = mode.map_or(&b"bt"[..], Str::as_bytes);
    let name = match (cx.opt_str(1)?, default_name) {
        (Some(name), _) => name.as_bytes(),
        (None, Some(name)) => name.as_bytes(),
        (None, None) => source,
    };
    let env = (!cx.is_none(3)).then(|| cx.arg(3));
    let loaded = cx.load(source, c_str(name), &mode_text(mode), env)?;
    loaded_results(cx, loaded)
}

/// A mode is looked at for the letters `b` and `t` only, but an error message shows all of it.
fn mode_text(mode: &[u8]) -> String {
    String::from_utf8_lossy(c_str(mode)).into_owned()
}

fn loaded_results(cx: &Context, loaded: Loaded<'_>) -> Result<Results> {
    match loaded {
        Ok(function) => cx.ret(function),
        Err(message) => {
            cx.push(Value::Nil);
            cx.push(message);
            Ok(cx.results(2))
        }
    }
}

fn loadfile(cx: &mut Context) -> Result<Results> {
    let cx = &*cx;
    let name = cx.opt_str(0)?.map(Str::as_bytes);
    let mode = cx.opt_str(1)?.map_or(&b"bt"[..], Str::as_bytes);
    let env = (!cx.is_none(2)).then(|| cx.arg(2));
    let loaded = load_file(cx, name, &mode_text(mode), env)?;
    loaded_results(cx, loaded)
}

fn dofile(cx: &mut Context) -> Result<Results> {
    let name = cx.opt_str(0)?.map(Str::as_bytes);
    match load_file(cx, name, "bt", None)? {
        Ok(function) => cx.push(function),
        Err(message) => return Err(cx.raise(message)),
    };
    Ok(cx.tail_call(0))
}

/// Loads a file, or standard input when it has no name: a byte-order mark and a first line that
/// starts with `#` are skipped. The inner error is the message.
///
/// # Errors
/// Raises "not enough memory" if the file does not fit.
pub fn load_file<'a>(
    cx: &'a Context,
    name: Option<&[u8]>,
    mode: &str,
    env: Option<Value<'_>>,
) -> Result<Loaded<'a>> {
    let name = name.map(c_str);
    let source = match name {
        Some(name) => io::read_named(cx, name)?,
        None => io::read_stdin(cx)?.map_err(|error| ("read", error)),
    };
    let source = match source {
        Ok(source) => source,
        Err((what, error)) => {
            let name = name.unwrap_or(b"stdin");
            let text = strerror(error);
            let parts = [
                b"cannot ",
                what.as_bytes(),
                b" ",
                name,
                b": ",
                text.as_bytes(),
            ];
            return Ok(Err(cx.string(joined(&parts))?));
        }
    };
    let chunk_name = match name {
        Some(name) => joined(&[b"@", name]),
        None => b"=stdin".to_vec(),
    };
    cx.load(without_shebang(&source), &chunk_name, mode, env)
}

/// The chunk proper: without a byte-order mark and without a first line that starts with `#`. The
/// end of that line stays in front of a text chunk, to keep the line numbers right.
fn without_shebang(source: &[u8]) -> &[u8] {
    let source = source.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(source);
    if source.first() != Some(&b'#') {
        return source;
    }
    let Some(end) = memchr::memchr(b'\n', source) else {
        return &[];
    };
    match source.get(end + 1) {
        Some(b'\x1b') => &source[end + 1..],
        _ => &source[end..],
    }
}

/// The part of the basic functions that is implemented here.
pub(crate) static LOAD: &[NativeDef] = &[
    def("dofile", dofile),
    def("load", load),
    def("loadfile", loadfile),
];

#[cfg(test)]
mod tests {
    use super::without_shebang;

    #[test]
    fn a_chunk_starts_behind_mark_and_first_comment() {
        assert_eq!(without_shebang(b"return 1"), b"return 1");
        assert_eq!(without_shebang(b"\xEF\xBB\xBFreturn"), b"return");
        assert_eq!(without_shebang(b"#!lua\nreturn"), b"\nreturn");
        assert_eq!(without_shebang(b"\xEF\xBB\xBF# x\nreturn"), b"\nreturn");
        assert_eq!(without_shebang(b"# x\n\x1bLua"), b"\x1bLua");
        assert_eq!(without_shebang(b"# x"), b"");
        assert_eq!(without_shebang(b"\xEF\xBBreturn"), b"\xEF\xBBreturn");
        assert_eq!(without_shebang(b""), b"");
    }
}
