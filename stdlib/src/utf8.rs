//! The utf8 library. Code points go up to 2^31 in lax mode, as in the original UTF-8.

use moonsweep_runtime::{Context, NativeDef, Raised, Result, Results};

/// The largest code point that the encoding can express.
const MAX_CODE: u32 = 0x7FFF_FFFF;

/// The largest code point of Unicode.
const MAX_UNICODE: u32 = 0x10_FFFF;

/// How many characters are counted between two polls.
const STRIDE: usize = 1 << 16;

/// A pattern that matches one character.
const CHAR_PATTERN: &[u8] = b"[\0-\x7F\xC2-\xFD][\x80-\xBF]*";

/// Opens the library: the global `utf8`.
pub fn open(cx: &mut Context) -> Result<()> {
    let library = cx.table(0, FUNCTIONS.len() + 1);
    cx.register(library, FUNCTIONS)?;
    library.set_name(cx, "charpattern", cx.string(CHAR_PATTERN)?)?;
    cx.globals().set_name(cx, "utf8", library)
}

#[inline]
fn is_continuation(s: &[u8], at: usize) -> bool {
    s.get(at).is_some_and(|byte| byte & 0xC0 == 0x80)
}

/// Decodes the character that `s` begins with: its code and its length.
#[inline]
fn decode(s: &[u8], strict: bool) -> Option<(u32, usize)> {
    let first = *s.first()?;
    if first < 0x80 {
        return Some((first as u32, 1));
    }
    decode_long(s, first, strict)
}

fn decode_long(s: &[u8], first: u8, strict: bool) -> Option<(u32, usize)> {
    // The least code of each length; a smaller one is an overlong form.
    const LEAST: [u32; 5] = [0x80, 0x800, 0x1_0000, 0x20_0000, 0x400_0000];
    let more = (first.leading_ones() as usize).checked_sub(1)?;
    let least = *LEAST.get(more.checked_sub(1)?)?;
    let mut code = first as u32 & (0x3F >> more);
    for at in 1..=more {
        if !is_continuation(s, at) {
            return None;
        }
        code = code << 6 | (s[at] & 0x3F) as u32;
    }
    let valid =
        code >= least && (!strict || (code <= MAX_UNICODE && !(0xD800..=0xDFFF).contains(&code)));
    valid.then_some((code, more + 1))
}

/// Appends the encoding of a code up to [`MAX_CODE`].
fn encode(out: &mut Vec<u8>, code: u32) {
    if code < 0x80 {
        return out.push(code as u8);
    }
    let mut bytes = [0u8; 6];
    let mut at = bytes.len();
    let mut rest = code;
    let mut first_holds = 0x3F; // the largest number that fits in the first byte
    while rest > first_holds {
        at -= 1;
        bytes[at] = 0x80 | (rest & 0x3F) as u8;
        rest >>= 6;
        first_holds >>= 1;
    }
    at -= 1;
    bytes[at] = (!first_holds << 1) as u8 | rest as u8;
    out.extend_from_slice(&bytes[at..]);
}

/// A position that may count from the end; 0 if that is before the start.
fn position(position: i64, length: usize) -> i64 {
    match position {
        0.. => position,
        _ if position.unsigned_abs() > length as u64 => 0,
        _ => length as i64 + position + 1,
    }
}

fn invalid_code(cx: &Context) -> Raised {
    cx.error("invalid UTF-8 code")
}

/// `utf8.len(s [, i [, j [, lax]]])`
fn len(cx: &mut Context) -> Result<Results> {
    let length = cx.check_str(0)?.len();
    let first = position(cx.opt_int(1, 1)?, length);
    let last = position(cx.opt_int(2, -1)?, length);
    let strict = !cx.arg(3).truthy();
    if !(1..=length as i64 + 1).contains(&first) {
        return Err(cx.arg_error(1, "initial position out of bounds"));
    }
    if last > length as i64 {
        return Err(cx.arg_error(2, "final position out of bounds"));
    }
    let (mut at, end) = (first as usize - 1, last as usize);
    let mut count = 0usize;
    loop {
        let s = cx.check_str(0)?.as_bytes();
        while at < end {
            match decode(&s[at..], strict) {
                Some((_, length)) => at += length,
                None => {
                    cx.push(());
                    cx.push(at as i64 + 1);
                    return Ok(cx.results(2));
                }
            }
            count += 1;
            if count.is_multiple_of(STRIDE) {
                break;
            }
        }
        if at >= end {
            return cx.ret(count as i64);
        }
        cx.work(STRIDE as u64)?;
    }
}

/// `utf8.codepoint(s [, i [, j [, lax]]])`
fn codepoint(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    let first = position(cx.opt_int(1, 1)?, s.len());
    let last = position(cx.opt_int(2, first)?, s.len());
    let strict = !cx.arg(3).truthy();
    if first < 1 {
        return Err(cx.arg_error(1, "out of bounds"));
    }
    if last > s.len() as i64 {
        return Err(cx.arg_error(2, "out of bounds"));
    }
    if first > last {
        return cx.none();
    }
    let (mut at, end) = (first as usize - 1, last as usize);
    if end - at > i32::MAX as usize {
        return Err(cx.error("string slice too long"));
    }
    if !cx.can_push(end - at) {
        return Err(cx.error("stack overflow (string slice too long)"));
    }
    let mut count = 0;
    while at < end {
        let (code, length) = decode(&s[at..], strict).ok_or_else(|| invalid_code(cx))?;
        cx.push(code as i64);
        at += length;
        count += 1;
    }
    Ok(cx.results(count))
}

/// `utf8.char(...)`
fn char(cx: &mut Context) -> Result<Results> {
    let mut text = Vec::new();
    for i in 0..cx.nargs() {
        match u32::try_from(cx.check_int(i)?) {
            Ok(code @ 0..=MAX_CODE) => encode(&mut text, code),
            _ => return Err(cx.arg_error(i, "value out of range")),
        }
    }
    cx.ret(cx.string(text)?)
}

/// `utf8.offset(s, n [, i])`
fn offset(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    let mut n = cx.check_int(1)?;
    let default = if n >= 0 { 1 } else { s.len() as i64 + 1 };
    let from = position(cx.opt_int(2, default)?, s.len());
    if !(1..=s.len() as i64 + 1).contains(&from) {
        return Err(cx.arg_error(2, "position out of bounds"));
    }
    let mut at = from as usize - 1;
    if n == 0 {
        while at > 0 && is_continuation(s, at) {
            at -= 1;
        }
        return cx.ret(at as i64 + 1);
    }
    if is_continuation(s, at) {
        return Err(cx.error("initial position is a continuation byte"));
    }
    if n < 0 {
        while n < 0 && at > 0 {
            at -= 1;
            while at > 0 && is_continuation(s, at) {
                at -= 1;
            }
            n += 1;
        }
    } else {
        n -= 1;
        while n > 0 && at < s.len() {
            at += 1;
            while is_continuation(s, at) {
                at += 1;
            }
            n -= 1;
        }
    }
    match n {
        0 => cx.ret(at as i64 + 1),
        _ => cx.ret(()),
    }
}

/// `utf8.codes(s [, lax])`
fn codes(cx: &mut Context) -> Result<Results> {
    let lax = cx.arg(1).truthy();
    let s = cx.check_str(0)?;
    if is_continuation(s.as_bytes(), 0) {
        return Err(cx.arg_error(0, "invalid UTF-8 code"));
    }
    cx.push(cx.native(if lax { &NEXT_LAX } else { &NEXT_STRICT }, &[]));
    cx.push(s);
    cx.push(0i64);
    Ok(cx.results(3))
}

/// The character after the one at argument 1, which is a position or 0.
fn next(cx: &mut Context, strict: bool) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    // A position beyond `usize`, like a negative one, is beyond every string.
    let mut at = usize::try_from(cx.arg(1).to_integer().unwrap_or(0)).unwrap_or(usize::MAX);
    while is_continuation(s, at) {
        at += 1;
    }
    if at >= s.len() {
        return cx.none();
    }
    match decode(&s[at..], strict) {
        Some((code, length)) if !is_continuation(s, at + length) => {
            cx.push(at as i64 + 1);
            cx.push(code as i64);
            Ok(cx.results(2))
        }
        _ => Err(invalid_code(cx)),
    }
}

fn next_strict(cx: &mut Context) -> Result<Results> {
    next(cx, true)
}

fn next_lax(cx: &mut Context) -> Result<Results> {
    next(cx, false)
}

static NEXT_STRICT: NativeDef = NativeDef {
    name: "codes iterator",
    function: next_strict,
};
static NEXT_LAX: NativeDef = NativeDef {
    name: "codes iterator",
    function: next_lax,
};

/// The library's functions.
static FUNCTIONS: &[NativeDef] = &[
    NativeDef {
        name: "char",
        function: char,
    },
    NativeDef {
        name: "codepoint",
        function: codepoint,
    },
    NativeDef {
        name: "codes",
        function: codes,
    },
    NativeDef {
        name: "len",
        function: len,
    },
    NativeDef {
        name: "offset",
        function: offset,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_there_and_back() {
        for code in [
            0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x1_0000, 0x1F_FFFF, 0x20_0000, 0x3FF_FFFF,
            0x400_0000, MAX_CODE,
        ] {
            let mut text = Vec::new();
            encode(&mut text, code);
            assert_eq!(decode(&text, false), Some((code, text.len())), "{code:x}");
            assert_eq!(decode(&text, true).is_some(), code <= MAX_UNICODE);
            if let Some(c) = core::char::from_u32(code) {
                assert_eq!(text, c.to_string().as_bytes());
            }
            text.pop();
            assert_eq!(decode(&text, false), None);
        }
    }

    #[test]
    fn malformed_sequences() {
        for bad in [
            "\u{80}\u{0}".as_bytes().get(1..).unwrap(),
            b"\xC0\x80",
            b"\xE0\x80\x80",
            b"\xFF\x80\x80\x80\x80\x80\x80",
            b"\xFE",
            b"\x80",
        ] {
            assert_eq!(decode(bad, false), None, "{bad:x?}");
        }
        assert_eq!(decode(b"\xED\xA0\x80", true), None);
        assert_eq!(decode(b"\xED\xA0\x80", false), Some((0xD800, 3)));
    }

    #[test]
    fn positions() {
        assert_eq!(
            (
                position(-1, 5),
                position(-5, 5),
                position(-6, 5),
                position(7, 5)
            ),
            (5, 1, 0, 7)
        );
    }
}
