//! `string.format`.

use super::buffer::Buffer;
use super::bytes;
use super::format::{
    Allowed, Spec, SpecError, decimal, float, hex_float, padded, quote_float, quote_integer,
    quote_string, scan, signed, unsigned,
};
use moonsweep_runtime::{Context, Raised, Result, Results, Value};

/// `string.format(format, ...)`
pub fn format(cx: &mut Context) -> Result<Results> {
    cx.check_str(0)?;
    let mut out = Buffer::new();
    let mut at = 0;
    let mut arg = 0;
    loop {
        let rest = &bytes(cx, 0)[at..];
        let Some(plain) = memchr::memchr(b'%', rest) else {
            out.append(cx, rest)?;
            break;
        };
        out.append(cx, &rest[..plain])?;
        let rest = &rest[plain + 1..];
        at += plain + 1;
        if rest.first() == Some(&b'%') {
            out.push(b'%');
            at += 1;
            continue;
        }
        arg += 1;
        if arg >= cx.nargs() {
            return Err(cx.arg_error(arg, "no value"));
        }
        // Most conversions are a letter alone.
        let text = match rest {
            [letter, ..] if letter.is_ascii_alphabetic() => &rest[..1],
            _ => scan(rest).map_err(|error| spec_error(cx, error))?,
        };
        at += text.len();
        if text.last() == Some(&b's') {
            let text = text.len(); // the format is borrowed anew
            string(cx, at - text..at, arg, &mut out)?;
        } else {
            let before = out.len();
            convert(cx, text, arg, &mut out)?;
            // The digits of large numbers take longer than an instruction.
            cx.charge((out.len() - before) as u64);
        }
    }
    cx.ret(cx.string(&**out)?)
}

#[cold]
fn spec_error(cx: &Context, error: SpecError) -> Raised {
    cx.error(error.message())
}

fn check(cx: &Context, text: &[u8], allowed: Allowed) -> Result<Spec> {
    match text {
        [letter] => Ok(Spec::bare(*letter)),
        _ => Spec::check(text, allowed).map_err(|error| spec_error(cx, error)),
    }
}

/// Appends one argument, converted by anything but `%s`.
fn convert(cx: &Context, text: &[u8], arg: usize, out: &mut Buffer) -> Result<()> {
    match text.last() {
        Some(b'd' | b'i') => {
            let n = cx.check_int(arg)?;
            if text.len() == 1 {
                decimal(out, n);
            } else {
                signed(out, &check(cx, text, Allowed::INTEGER)?, n);
            }
        }
        Some(b'u') => {
            let n = cx.check_int(arg)?;
            unsigned(out, &check(cx, text, Allowed::UNSIGNED)?, n as u64);
        }
        Some(b'o' | b'x' | b'X') => {
            let n = cx.check_int(arg)?;
            unsigned(out, &check(cx, text, Allowed::HEX)?, n as u64);
        }
        Some(b'e' | b'E' | b'f' | b'g' | b'G') => {
            let x = cx.check_num(arg)?;
            float(out, &check(cx, text, Allowed::FLOAT)?, x);
        }
        Some(b'a' | b'A') => {
            let spec = check(cx, text, Allowed::FLOAT)?;
            hex_float(out, &spec, cx.check_num(arg)?);
        }
        Some(b'c') => {
            let spec = check(cx, text, Allowed::PLAIN)?;
            padded(out, &spec, &[cx.check_int(arg)? as u8]);
        }
        Some(b'p') => {
            let spec = check(cx, text, Allowed::PLAIN)?;
            match address(cx, cx.arg(arg))? {
                Some(address) => padded(out, &spec, format!("{address:#x}").as_bytes()),
                None => padded(out, &spec, b"(null)"),
            }
        }
        Some(b'q') => {
            if text.len() > 1 {
                return Err(cx.error("specifier '%q' cannot have modifiers"));
            }
            match cx.arg(arg) {
                Value::Str(s) => {
                    out.grow(cx, s.len().saturating_add(2))?;
                    quote_string(out, s.as_bytes());
                }
                Value::Int(n) => quote_integer(out, n),
                Value::Float(x) => quote_float(out, x),
                Value::Nil => out.extend_from_slice(b"nil"),
                Value::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
                _ => return Err(cx.arg_error(arg, "value has no literal form")),
            }
        }
        _ => return Err(spec_error(cx, SpecError::Conversion(text.to_vec()))),
    }
    Ok(())
}

/// The longest string of which there is one object only in the reference implementation.
const SHORT: usize = 40;

/// What `%p` shows, as `tostring` does: the same for equal short strings.
fn address<'a>(cx: &'a Context, value: Value<'a>) -> Result<Option<usize>> {
    match value {
        Value::Str(s) if s.len() <= SHORT => {
            // Strings become one object when they are keys.
            let table = cx.table(0, 1);
            table.set(cx, s, true)?;
            let key = table.next(cx, Value::Nil)?.map(|(key, _)| key);
            Ok(key.unwrap_or(value).address())
        }
        _ => Ok(value.address()),
    }
}

/// `%s`: the specification is the range `spec` of the format.
fn string(
    cx: &mut Context,
    spec: core::ops::Range<usize>,
    arg: usize,
    out: &mut Buffer,
) -> Result<()> {
    let pushed = match cx.arg(arg) {
        Value::Str(_) => false,
        _ => {
            cx.tostring(arg)?;
            true
        }
    };
    let s = match if pushed { cx.top(0) } else { cx.arg(arg) } {
        Value::Str(s) => s.as_bytes(),
        _ => b"",
    };
    if spec.len() == 1 {
        out.append(cx, s)?;
    } else {
        let text = &bytes(cx, 0)[spec];
        if s.contains(&0) {
            return Err(cx.arg_error(arg, "string contains zeros"));
        }
        let spec = check(cx, text, Allowed::TEXT)?;
        let shown = spec
            .precision
            .map_or(s.len(), |precision| precision.min(s.len()));
        out.grow(cx, shown)?;
        padded(out, &spec, &s[..shown]);
    }
    if pushed {
        cx.pop(1);
    }
    Ok(())
}
