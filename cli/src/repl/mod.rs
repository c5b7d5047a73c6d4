//! The read-eval-print loop.
//!
//! A line is tried as an expression first, so that values are echoed, and then
//! as statements; while the parser wants more, more lines are asked for
//! ([`chunk`]). Ctrl-C drops what was typed, Ctrl-D ends the loop; whatever
//! happens, the state is kept.

mod chunk;
mod input;

use crate::run::call::{self, Outcome};
use crate::run::{Failed, complain, say};
use chunk::{Chunk, Compile, Step};
use input::{Input, Line};
use moonsweep::native::Context;

/// Runs until the input ends.
///
/// # Errors
/// A prompt that cannot be made into text ends it, as in the reference; it has been reported.
pub fn run(cx: &mut Context) -> Result<(), Failed> {
    let mut input = Input::open();
    loop {
        cx.truncate(0);
        let read = read_chunk(cx, &mut input).map_err(|message| {
            moonsweep::flush_all(cx);
            complain(None, &message);
            Failed
        })?;
        match read {
            Some(Step::Ready) => evaluate(cx),
            Some(Step::Wrong(message)) => complain(None, &message),
            Some(Step::More) => {} // interrupted
            None => break,
        }
    }
    cx.truncate(0);
    moonsweep::flush_all(cx);
    say("\n");
    Ok(())
}

/// Reads one chunk and leaves its function on top of the frame; `None` at the
/// end of the input, `Step::More` when the user gave it up. The error is a prompt's.
fn read_chunk(cx: &mut Context, input: &mut Input) -> Result<Option<Step>, Vec<u8>> {
    let mut chunk = Chunk::default();
    let mut prompt = prompt(cx, "_PROMPT", "> ")?;
    let mut last = None;
    loop {
        moonsweep::flush_all(cx);
        let line = match input.read(cx, &prompt) {
            Line::Text(line) => line,
            Line::Interrupted => return Ok(Some(Step::More)),
            // what is there already stays incomplete: the compiler says how
            Line::End => return Ok(last.map(Step::Wrong)),
        };
        let mut compiler = Stdin { cx, message: None };
        let step = chunk.line(&line, &mut compiler);
        last = compiler.message;
        if step != Step::More {
            input.remember(chunk.text());
            return Ok(Some(step));
        }
        prompt = self::prompt(cx, "_PROMPT2", ">> ")?;
    }
}

/// Compiles chunks called `stdin`.
struct Stdin<'a> {
    cx: &'a mut Context,
    /// The last message.
    message: Option<Vec<u8>>,
}

impl Compile for Stdin<'_> {
    fn compile(&mut self, text: &[u8]) -> Result<(), Vec<u8>> {
        let result = call::load(self.cx, text, b"=stdin");
        self.message = result.as_ref().err().cloned();
        result
    }
}

/// Calls the function on top of the frame and prints what it returns.
fn evaluate(cx: &mut Context) {
    let function = cx.slots() - 1;
    let outcome = call::protected(cx, |cx| {
        cx.push(cx.arg(function));
        Ok(0)
    });
    match outcome {
        Outcome::Values(0) => {}
        Outcome::Values(n) => print(cx, n),
        Outcome::Error(message) => complain(None, &message),
    }
}

/// Hands the last `n` values to the global `print`, whatever that is.
fn print(cx: &mut Context, n: usize) {
    let first = cx.slots() - n;
    if !cx.can_push(n + 2) {
        return complain(None, b"error calling 'print' (too many results to print)");
    }
    cx.push(cx.globals().get_name(cx, "print"));
    for i in first..first + n {
        cx.push(cx.arg(i));
    }
    if let Err(raised) = cx.call(n, Some(0)) {
        let mut message = b"error calling 'print' (".to_vec();
        message.extend_from_slice(&call::message_of(cx, raised));
        message.push(b')');
        complain(None, &message);
    }
}

/// The prompt in the global `name`, by `tostring`, or the usual one.
fn prompt(cx: &mut Context, name: &str, usual: &str) -> Result<String, Vec<u8>> {
    let slots = cx.slots();
    let at = cx.push(cx.globals().get_name(cx, name));
    let mut text = usual.to_owned();
    if !cx.arg(at).is_nil() {
        if let Err(raised) = cx.tostring(at) {
            return Err(call::message_of(cx, raised));
        }
        if let Some(given) = cx.top(0).as_str() {
            text = String::from_utf8_lossy(given.as_bytes()).into_owned();
        }
    }
    cx.truncate(slots);
    Ok(text)
}
