//! gsub.

use super::buffer::Buffer;
use super::bytes;
use super::format::decimal;
use super::pattern::{self, Capture, Captures, PatternError, Program};
use super::search::{STRIDE, Search, pattern_error, push_captures};
use core::ops::Range;
use moonsweep_runtime::{Context, Num, Raised, Result, Results, Value};

/// Frame slots of the arguments.
const SUBJECT: usize = 0;
const PATTERN: usize = 1;
const REPLACEMENT: usize = 2;

/// How many replacements are made between two polls.
const MATCHES_PER_POLL: u32 = 256;

/// What they cost, in instructions.
const MATCHES_WORK: u64 = 8 * MATCHES_PER_POLL as u64;

/// What the third argument is.
#[derive(Clone, Copy)]
enum Replacement {
    /// Text without escapes.
    Plain,
    /// Text with escapes.
    Template,
    Function,
    Table,
}

/// `string.gsub(s, pattern, replacement [, n])`
pub fn gsub(cx: &mut Context) -> Result<Results> {
    let length = cx.check_str(SUBJECT)?.len();
    let program = pattern::program(cx.check_str(PATTERN)?.as_bytes(), true);
    let most = cx.opt_int(3, length as i64 + 1)?;
    let replacement = match cx.arg(REPLACEMENT) {
        Value::Str(_) | Value::Int(_) | Value::Float(_) => {
            let text = cx.check_str(REPLACEMENT)?;
            if text.as_bytes().contains(&b'%') {
                Replacement::Template
            } else {
                Replacement::Plain
            }
        }
        Value::Function(_) => Replacement::Function,
        Value::Table(_) => Replacement::Table,
        _ => return Err(cx.type_error(REPLACEMENT, "string/function/table")),
    };
    let mut captures = Captures::new(&program);
    let mut out = Buffer::new();
    let mut changed = false;
    let mut count = 0;
    let mut at = 0; // where to look next
    let mut copied = 0; // how much of the subject is in `out`, replaced or not
    let mut last = None; // the end of the last match
    let mut until_poll = MATCHES_PER_POLL;
    let mut search = Search::new();
    while count < most {
        let subject = bytes(cx, SUBJECT);
        let until = if program.anchored() { 1 } else { at + STRIDE };
        let found = match search.run(cx, &program, subject, at..until, &mut captures) {
            Err(error) => {
                search.failed(cx, error)?;
                continue;
            }
            Ok(None) if program.anchored() || until > length => break,
            Ok(None) => {
                at = until;
                cx.work(STRIDE as u64 / 8)?;
                continue;
            }
            Ok(Some(found)) => found,
        };
        if Some(found.end) == last {
            // An empty match where the last one ended.
            at += 1;
            continue;
        }
        count += 1;
        at = found.end;
        last = Some(found.end);
        let matched = Match {
            program: &program,
            captures: &captures,
            whole: found,
        };
        if matched.replace(cx, replacement, &mut out, copied)? {
            changed = true;
            copied = at;
        }
        if program.anchored() {
            break;
        }
        until_poll -= 1;
        if until_poll == 0 {
            until_poll = MATCHES_PER_POLL;
            cx.work(MATCHES_WORK)?;
        }
    }
    if changed {
        out.append(cx, &bytes(cx, SUBJECT)[copied..])?;
        cx.push(cx.string(&**out)?);
    } else {
        cx.push(cx.arg(SUBJECT));
    }
    cx.push(count);
    Ok(cx.results(2))
}

struct Match<'a> {
    program: &'a Program,
    captures: &'a Captures,
    whole: Range<usize>,
}

impl Match<'_> {
    fn capture(&self, index: usize) -> core::result::Result<Capture, PatternError> {
        self.captures.get(self.program, index, self.whole.clone())
    }

    /// Appends the subject from `copied` up to the match, and then the replacement;
    /// neither, and false, if the match is to stay as it is.
    fn replace(
        &self,
        cx: &mut Context,
        replacement: Replacement,
        out: &mut Buffer,
        copied: usize,
    ) -> Result<bool> {
        let before = copied..self.whole.start;
        match replacement {
            Replacement::Plain => {
                let text = bytes(cx, REPLACEMENT);
                out.grow(cx, before.len() + text.len())?;
                out.extend_from_slice(&bytes(cx, SUBJECT)[before]);
                out.extend_from_slice(text);
                return Ok(true);
            }
            Replacement::Template => {
                out.append(cx, &bytes(cx, SUBJECT)[before])?;
                self.fill_in(cx, out)?;
                return Ok(true);
            }
            Replacement::Function => {
                cx.push(cx.arg(REPLACEMENT));
                let subject = bytes(cx, SUBJECT);
                let count = push_captures(
                    cx,
                    self.program,
                    self.captures,
                    subject,
                    Some(self.whole.clone()),
                )?;
                cx.call(count, Some(1))?;
            }
            Replacement::Table => self.look_up(cx)?,
        }
        let changed = match cx.top(0) {
            Value::Nil | Value::Bool(false) => false,
            Value::Str(text) => {
                out.append(cx, &bytes(cx, SUBJECT)[before])?;
                out.append(cx, text.as_bytes())?;
                true
            }
            Value::Int(n) => {
                out.append(cx, &bytes(cx, SUBJECT)[before])?;
                decimal(out, n);
                true
            }
            Value::Float(x) => {
                out.append(cx, &bytes(cx, SUBJECT)[before])?;
                out.append(cx, &cx.number_to_string(Num::Float(x)))?;
                true
            }
            other => {
                return Err(cx.error(format!(
                    "invalid replacement value (a {})",
                    other.type_name()
                )));
            }
        };
        cx.pop(1);
        Ok(changed)
    }

    /// Pushes the replacement table's value for the first capture.
    fn look_up(&self, cx: &mut Context) -> Result<()> {
        let key = match self.capture(0) {
            Ok(Capture::Text(range)) => Value::from(cx.string(&bytes(cx, SUBJECT)[range])?),
            Ok(Capture::Position(position)) => Value::Int(position as i64),
            Err(error) => return Err(pattern_error(cx, error)),
        };
        match cx.arg(REPLACEMENT) {
            Value::Table(table) if table.is_plain() => {
                cx.push(table.get(cx, key));
                Ok(())
            }
            _ => {
                cx.push(key);
                cx.index(REPLACEMENT)
            }
        }
    }

    /// Appends the replacement text with its escapes filled in.
    fn fill_in(&self, cx: &Context, out: &mut Buffer) -> Result<()> {
        let subject = bytes(cx, SUBJECT);
        let mut rest = bytes(cx, REPLACEMENT);
        while let Some(escape) = rest.iter().position(|&b| b == b'%') {
            out.append(cx, &rest[..escape])?;
            let index = match rest.get(escape + 1) {
                Some(b'%') => {
                    out.push(b'%');
                    None
                }
                Some(b'0') => {
                    out.append(cx, &subject[self.whole.clone()])?;
                    None
                }
                Some(digit @ b'1'..=b'9') => Some((digit - b'1') as usize),
                _ => return Err(bad_escape(cx)),
            };
            if let Some(index) = index {
                match self.capture(index) {
                    Ok(Capture::Text(range)) => out.append(cx, &subject[range])?,
                    Ok(Capture::Position(position)) => decimal(out, position as i64),
                    Err(error) => return Err(pattern_error(cx, error)),
                }
            }
            rest = &rest[escape + 2..];
        }
        out.append(cx, rest)
    }
}

#[cold]
fn bad_escape(cx: &Context) -> Raised {
    cx.error("invalid use of '%' in replacement string")
}
