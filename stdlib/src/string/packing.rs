//! pack, packsize and unpack.

use super::buffer::Buffer;
use super::layout::{
    Field, Kind, Layout, LayoutError, MAX_SIZE, fits, get_array, get_integer, put, put_integer,
};
use super::{reserve_results, start_position};
use moonsweep_runtime::{Context, Raised, Result, Results};

#[cold]
fn layout_error(cx: &Context, error: LayoutError) -> Raised {
    match error {
        LayoutError::Plain(message) => cx.error(message),
        LayoutError::Argument(message) => cx.arg_error(0, message),
    }
}

fn next(cx: &Context, layout: &mut Layout, total: usize) -> Result<Option<Field>> {
    layout
        .next(total)
        .transpose()
        .map_err(|error| layout_error(cx, error))
}

/// `string.pack(format, ...)`
pub fn pack(cx: &mut Context) -> Result<Results> {
    let mut layout = Layout::new(cx.check_str(0)?.as_bytes());
    let mut out = Buffer::new();
    let mut arg = 0;
    while let Some(field) = next(cx, &mut layout, out.len())? {
        cx.charge(1);
        out.grow(cx, field.padding + field.size)?;
        let aligned = out.len() + field.padding;
        out.resize(aligned, 0);
        match field.kind {
            Kind::Padding => {
                out.push(0);
                continue;
            }
            Kind::Align | Kind::Nothing => continue,
            _ => arg += 1,
        }
        if arg >= cx.nargs() {
            // The reference has a nil of its own behind the arguments.
            let expected = match field.kind {
                Kind::Char | Kind::String | Kind::Zero => "string expected, got nil",
                _ => "number expected, got nil",
            };
            return Err(cx.arg_error(arg, expected));
        }
        pack_argument(cx, &field, arg, &mut out)?;
    }
    cx.ret(cx.string(&**out)?)
}

fn pack_argument(cx: &Context, field: &Field, arg: usize, out: &mut Buffer) -> Result<()> {
    let Field {
        kind, size, little, ..
    } = *field;
    match kind {
        Kind::Int | Kind::Uint => {
            let n = cx.check_int(arg)?;
            if !fits(n, size, kind) {
                let message = if kind == Kind::Int {
                    "integer overflow"
                } else {
                    "unsigned overflow"
                };
                return Err(cx.arg_error(arg, message));
            }
            put_integer(out, n as u64, size, little, kind == Kind::Int && n < 0);
        }
        Kind::Float => put(out, &mut (cx.check_num(arg)? as f32).to_le_bytes(), little),
        Kind::Double => put(out, &mut cx.check_num(arg)?.to_le_bytes(), little),
        Kind::Char => {
            let s = cx.check_str(arg)?.as_bytes();
            if s.len() > size {
                return Err(cx.arg_error(arg, "string longer than given size"));
            }
            let end = out.len() + size;
            out.extend_from_slice(s);
            out.resize(end, 0);
        }
        Kind::String => {
            let s = cx.check_str(arg)?.as_bytes();
            if !fits(s.len() as i64, size, Kind::Uint) {
                return Err(cx.arg_error(arg, "string length does not fit in given size"));
            }
            put_integer(out, s.len() as u64, size, little, false);
            out.append(cx, s)?;
        }
        Kind::Zero => {
            let s = cx.check_str(arg)?.as_bytes();
            if s.contains(&0) {
                return Err(cx.arg_error(arg, "string contains zeros"));
            }
            out.append(cx, s)?;
            out.push(0);
        }
        Kind::Padding | Kind::Align | Kind::Nothing => {}
    }
    Ok(())
}

/// `string.packsize(format)`
pub fn packsize(cx: &mut Context) -> Result<Results> {
    let mut layout = Layout::new(cx.check_str(0)?.as_bytes());
    let mut total = 0usize;
    while let Some(field) = next(cx, &mut layout, total)? {
        cx.charge(1);
        if matches!(field.kind, Kind::String | Kind::Zero) {
            return Err(cx.arg_error(0, "variable-length format"));
        }
        total += field.padding + field.size;
        if total > MAX_SIZE {
            return Err(cx.arg_error(0, "format result too large"));
        }
    }
    cx.ret(total as i64)
}

/// `string.unpack(format, s [, position])`
pub fn unpack(cx: &mut Context) -> Result<Results> {
    let mut layout = Layout::new(cx.check_str(0)?.as_bytes());
    let data = cx.check_str(1)?.as_bytes();
    let mut at = start_position(cx.opt_int(2, 1)?, data.len()) - 1;
    if at > data.len() {
        return Err(cx.arg_error(2, "initial position out of string"));
    }
    let mut count = 0usize;
    while let Some(field) = next(cx, &mut layout, at)? {
        cx.charge(1);
        let Field {
            kind,
            size,
            padding,
            little,
        } = field;
        if padding + size > data.len() - at {
            return Err(cx.arg_error(1, "data string too short"));
        }
        at += padding;
        // Room for this value and the position, if the frame's first slots are used up.
        if count % 8 == 7 {
            reserve_results(cx, 10, "too many results")?;
        }
        let (bytes, rest) = data[at..].split_at(size);
        let mut extra = 0;
        match kind {
            Kind::Int | Kind::Uint => {
                let n = get_integer(bytes, little, kind == Kind::Int)
                    .map_err(|error| layout_error(cx, error))?;
                cx.push(n);
            }
            Kind::Float => {
                cx.push(f32::from_le_bytes(get_array(bytes, little)) as f64);
            }
            Kind::Double => {
                cx.push(f64::from_le_bytes(get_array(bytes, little)));
            }
            Kind::Char => {
                cx.push(cx.string(bytes)?);
            }
            Kind::String => {
                let length =
                    get_integer(bytes, little, false).map_err(|error| layout_error(cx, error))?;
                // As in the reference a length is unsigned.
                let Some(text) = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(..length))
                else {
                    return Err(cx.arg_error(1, "data string too short"));
                };
                cx.push(cx.string(text)?);
                extra = text.len();
            }
            Kind::Zero => {
                let Some(length) = memchr::memchr(0, rest) else {
                    return Err(cx.arg_error(1, "unfinished string for format 'z'"));
                };
                cx.push(cx.string(&rest[..length])?);
                extra = length + 1;
            }
            Kind::Padding | Kind::Align | Kind::Nothing => {}
        }
        count += !matches!(kind, Kind::Padding | Kind::Align | Kind::Nothing) as usize;
        at += size + extra;
    }
    cx.push(at as i64 + 1);
    Ok(cx.results(count + 1))
}
