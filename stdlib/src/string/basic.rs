//! Natives on bytes and slices: byte, char, dump, len, lower, rep, reverse, sub, upper.

use super::{end_position, reserve_results, start_position};
use moonsweep_runtime::{Context, Result, Results};

/// Results of `rep` and of slices are limited to the size of a C int.
const MAX_SIZE: u64 = i32::MAX as u64;

/// `string.len(s)`
pub fn len(cx: &mut Context) -> Result<Results> {
    let length = cx.check_str(0)?.len();
    cx.ret(length as i64)
}

/// `string.sub(s, i [, j])`
pub fn sub(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?;
    let length = s.len();
    let start = start_position(cx.check_int(1)?, length);
    let end = end_position(cx.opt_int(2, -1)?, length);
    if start == 1 && end == length {
        return cx.ret(s);
    }
    let part = if start <= end {
        &s.as_bytes()[start - 1..end]
    } else {
        b""
    };
    cx.ret(cx.string(part)?)
}

/// `string.byte(s [, i [, j]])`
pub fn byte(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    let first = cx.opt_int(1, 1)?;
    let start = start_position(first, s.len());
    let end = end_position(cx.opt_int(2, first)?, s.len());
    if start > end {
        return cx.none();
    }
    if start == end {
        return cx.ret(s[start - 1] as i64);
    }
    let part = &s[start - 1..end];
    if part.len() as u64 > MAX_SIZE {
        return Err(cx.error("string slice too long"));
    }
    reserve_results(cx, part.len(), "string slice too long")?;
    cx.charge_steps(part.len());
    for &byte in part {
        cx.push(byte as i64);
    }
    Ok(cx.results(part.len()))
}

/// `string.char(...)`
pub fn char(cx: &mut Context) -> Result<Results> {
    let count = cx.nargs();
    let mut small = [0u8; 32];
    let mut large = Vec::new();
    let text = if count <= small.len() {
        &mut small[..count]
    } else {
        large.resize(count, 0);
        &mut large[..]
    };
    for (i, byte) in text.iter_mut().enumerate() {
        *byte = match u8::try_from(cx.check_int(i)?) {
            Ok(code) => code,
            Err(_) => return Err(cx.arg_error(i, "value out of range")),
        };
    }
    cx.ret(cx.string(&*text)?)
}

/// `string.lower(s)`
pub fn lower(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    cx.ret(cx.string_with(s.len(), |text| {
        text.copy_from_slice(s);
        text.make_ascii_lowercase();
    })?)
}

/// `string.upper(s)`
pub fn upper(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    cx.ret(cx.string_with(s.len(), |text| {
        text.copy_from_slice(s);
        text.make_ascii_uppercase();
    })?)
}

/// `string.reverse(s)`
pub fn reverse(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    cx.ret(cx.string_with(s.len(), |text| {
        text.copy_from_slice(s);
        text.reverse();
    })?)
}

/// `string.rep(s, n [, sep])`
pub fn rep(cx: &mut Context) -> Result<Results> {
    let len = cx.check_str(0)?.len();
    let times = cx.check_int(1)?;
    let separator_len = cx.opt_str(2)?.map_or(0, |sep| sep.len());
    if times <= 0 {
        return cx.ret(cx.string("")?);
    }
    let unit = len as u64 + separator_len as u64;
    if unit > MAX_SIZE / times as u64 {
        return Err(cx.error("resulting string too large"));
    }
    if times == 1 {
        return cx.ret(cx.check_str(0)?);
    }
    let total = unit as usize * times as usize - separator_len;
    cx.make_room(total);
    let s = cx.check_str(0)?.as_bytes();
    let separator = cx.opt_str(2)?.map_or(&b""[..], |sep| sep.as_bytes());
    cx.ret(cx.string_with(total, |text| repeat(text, s, separator))?)
}

/// Fills `text` with copies of `s`, separated; it ends with a copy of `s`.
fn repeat(text: &mut [u8], s: &[u8], separator: &[u8]) {
    if let ([byte], []) = (s, separator) {
        return text.fill(*byte);
    }
    if text.is_empty() {
        return;
    }
    // The first unit, then what there is again and again: each time twice as much.
    let unit = (s.len() + separator.len()).min(text.len());
    text[..s.len()].copy_from_slice(s);
    text[s.len()..unit].copy_from_slice(&separator[..unit - s.len()]);
    let mut done = unit;
    while done < text.len() {
        let more = done.min(text.len() - done);
        text.copy_within(..more, done);
        done += more;
    }
}

/// `string.dump(f [, strip])`
pub fn dump(cx: &mut Context) -> Result<Results> {
    let function = cx.check_function(0)?;
    match cx.dump(function, cx.arg(1).truthy()) {
        Some(chunk) => cx.ret(cx.string(chunk)?),
        None => Err(cx.error("unable to dump given function")),
    }
}

#[cfg(test)]
mod tests {
    use super::repeat;

    #[test]
    fn repetitions_with_and_without_separator() {
        for (s, separator, times) in [
            ("ab", "", 5),
            ("ab", ", ", 7),
            ("", "x", 4),
            ("a", "", 9),
            ("", "", 3),
            ("abc", "-", 1),
        ] {
            let expected = vec![s; times].join(separator);
            let mut text = vec![0; expected.len()];
            repeat(&mut text, s.as_bytes(), separator.as_bytes());
            assert_eq!(text, expected.as_bytes());
        }
    }
}
