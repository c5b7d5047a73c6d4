//! Read formats: "n", "l", "L", "a" and a number of bytes.

use moonsweep_runtime::native::{Context, Num, Result, Value};
use moonsweep_runtime::numeral;
use rustix::io::Errno;

use super::LuaFile;
use super::stream::{BUFFER, Line, Outcome, Stream};
use crate::util::{push_failure, system_call};

/// Longest numeral that "n" reads.
const LONGEST_NUMERAL: usize = 200;

#[derive(Clone, Copy)]
enum Format {
    Numeral,
    Line { keep: bool },
    All,
    Bytes(u64),
}

/// Reads and pushes what each format asks for, up to the first failure, which gives nil. After an
/// error of the file, pushes what `luaL_fileresult` does instead. Gives the number of results.
///
/// `format(k)` is the format number `k` of `count`, and `argument + k` its place in messages.
pub(super) fn read_formats<'a>(
    cx: &'a Context,
    file: &LuaFile,
    count: usize,
    argument: usize,
    format: impl Fn(usize) -> Value<'a>,
) -> Result<usize> {
    let mut stream = file.stream.borrow_mut();
    let Some(stream) = stream.as_mut() else {
        return Err(cx.error("attempt to use a closed file"));
    };
    stream.clear_end();
    if count == 0 {
        return match read_one(cx, stream, Format::Line { keep: false })? {
            Ok(Some(value)) => Ok(pushed(cx, value)),
            Ok(None) => {
                system_call(cx);
                Ok(pushed(cx, Value::Nil))
            }
            Err(error) => push_failure(cx, error, None),
        };
    }
    cx.reserve(count + 3)?;
    for k in 0..count {
        let format = parse(cx, format(k), argument + k)?;
        match read_one(cx, stream, format)? {
            Ok(Some(value)) => cx.push(value),
            Ok(None) => {
                // Whether there is more is asked for each time.
                system_call(cx);
                cx.push(Value::Nil);
                return Ok(k + 1);
            }
            Err(error) => return push_failure(cx, error, None),
        };
    }
    Ok(count)
}

/// Raises what interrupted a read.
pub(super) fn interrupted(cx: &mut Context) -> Result<()> {
    match cx.must_stop() {
        true => cx.poll(),
        false => Ok(()),
    }
}

fn pushed(cx: &Context, value: Value<'_>) -> usize {
    cx.push(value);
    1
}

fn parse(cx: &Context, format: Value<'_>, argument: usize) -> Result<Format> {
    match format {
        Value::Int(_) | Value::Float(_) => match format.to_integer() {
            Some(count) => Ok(Format::Bytes(count as u64)),
            None => Err(cx.arg_error(argument, "number has no integer representation")),
        },
        Value::Str(text) => {
            let text = text.as_bytes();
            match text.strip_prefix(b"*").unwrap_or(text).first() {
                Some(b'n') => Ok(Format::Numeral),
                Some(b'l') => Ok(Format::Line { keep: false }),
                Some(b'L') => Ok(Format::Line { keep: true }),
                Some(b'a') => Ok(Format::All),
                _ => Err(cx.arg_error(argument, "invalid format")),
            }
        }
        _ => Err(cx.type_error_of(argument, format, "string")),
    }
}

/// What one format reads: nothing at the end of the file.
#[inline]
fn read_one<'a>(
    cx: &'a Context,
    stream: &mut Stream,
    format: Format,
) -> Result<Outcome<Option<Value<'a>>>> {
    Ok(match format {
        Format::Line { keep } => match stream.read_line(keep, |length| may_read(cx, length)) {
            Ok(Line::Buffered(line)) => Ok(Some(cx.string(stream.buffered(line))?.into())),
            Ok(Line::Spilled) => {
                let line = stream.take_spilled();
                cx.check_size(line.len() as u64)?;
                Ok(Some(cx.string(line)?.into()))
            }
            Ok(Line::End) => Ok(None),
            Err(error) => Err(error),
        },
        Format::Numeral => read_numeral(stream).map(|number| match number {
            Some(Num::Int(n)) => Some(Value::Int(n)),
            Some(Num::Float(n)) => Some(Value::Float(n)),
            None => None,
        }),
        Format::Bytes(0) => match stream.peek() {
            Ok(Some(_)) => Ok(Some(cx.string("")?.into())),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        },
        Format::Bytes(count) => {
            if count > isize::MAX as u64 {
                cx.check_size(count)?;
            }
            match read_bytes(cx, stream, count)? {
                Ok(bytes) if bytes.is_empty() => Ok(None),
                Ok(bytes) => Ok(Some(cx.string(bytes)?.into())),
                Err(error) => Err(error),
            }
        }
        Format::All => match read_bytes(cx, stream, u64::MAX)? {
            Ok(bytes) => Ok(Some(cx.string(bytes)?.into())),
            Err(error) => Err(error),
        },
    })
}

/// Whether something of which `length` bytes were read may go on; charges the last piece.
pub(super) fn may_read(cx: &Context, length: usize) -> bool {
    cx.charge_bytes(BUFFER);
    !cx.must_stop() && cx.check_size(length as u64).is_ok()
}

/// Up to `count` bytes; fewer at the end of the file. Fails with EINTR where the program must stop.
pub(super) fn read_bytes(
    cx: &Context,
    stream: &mut Stream,
    count: u64,
) -> Result<Outcome<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    while bytes.len() < limit {
        match stream.read_some(limit - bytes.len(), &mut bytes) {
            Ok(0) => break,
            Ok(read) => {
                cx.charge_bytes(read);
                cx.check_size(bytes.len() as u64)?;
                if cx.must_stop() {
                    return Ok(Err(Errno::INTR));
                }
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(bytes))
}

/// Reads the longest prefix that looks like a numeral, and converts it. What was read is gone even if
/// it is no numeral; the byte behind it stays.
fn read_numeral(stream: &mut Stream) -> Outcome<Option<Num>> {
    while let Some(b' ' | b'\t'..=b'\r') = stream.peek()? {
        stream.skip();
    }
    let mut text = NumeralText {
        stream,
        text: Vec::new(),
        too_long: false,
    };
    text.accept(b"+-")?;
    let mut hex = false;
    let mut digits = 0;
    if text.accept(b"0")? {
        if text.accept(b"xX")? {
            hex = true;
        } else {
            digits = 1;
        }
    }
    digits += text.digits(hex)?;
    if text.accept(b".")? {
        digits += text.digits(hex)?;
    }
    if digits > 0 && text.accept(if hex { b"pP" } else { b"eE" })? {
        text.accept(b"+-")?;
        text.digits(false)?;
    }
    if text.too_long {
        return Ok(None);
    }
    Ok(numeral::parse(&text.text))
}

struct NumeralText<'s> {
    stream: &'s mut Stream,
    text: Vec<u8>,
    too_long: bool,
}

impl NumeralText<'_> {
    /// Takes the next byte if it satisfies the test.
    fn take(&mut self, test: impl Fn(u8) -> bool) -> Outcome<bool> {
        match self.stream.peek()? {
            Some(byte) if test(byte) => {
                if self.text.len() >= LONGEST_NUMERAL {
                    self.too_long = true;
                    return Ok(false);
                }
                self.text.push(byte);
                self.stream.skip();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn accept(&mut self, set: &[u8]) -> Outcome<bool> {
        self.take(|byte| set.contains(&byte))
    }

    fn digits(&mut self, hex: bool) -> Outcome<usize> {
        let mut count = 0;
        while self.take(|byte| {
            if hex {
                byte.is_ascii_hexdigit()
            } else {
                byte.is_ascii_digit()
            }
        })? {
            count += 1;
        }
        Ok(count)
    }
}
