//! Calling Lua from the program: protected, with a traceback.

use super::keyboard;
use moonsweep::native::{self, Context, Function, NativeDef, Raised, Results, Str, Value};

/// How a protected call ended.
pub enum Outcome {
    /// That many values on top of the frame.
    Values(usize),
    /// A message with a traceback.
    Error(Vec<u8>),
}

/// Calls what `push` puts on top of the frame: a function and as many
/// arguments as it returns. An error's message gets a traceback while the
/// failed frames are still there.
pub fn protected(
    cx: &mut Context,
    push: impl FnOnce(&mut Context) -> native::Result<usize>,
) -> Outcome {
    let base = cx.slots();
    cx.push(cx.native(&NATIVES[0], &[]));
    let called =
        push(cx).and_then(|arguments| keyboard::during(cx, |cx| cx.call(arguments + 1, None)));
    match called {
        Ok(n) if cx.arg(base).truthy() => Outcome::Values(n - 1),
        Ok(_) => {
            let message = text_of(cx.arg(base + 1));
            cx.truncate(base);
            Outcome::Error(message)
        }
        Err(raised) => {
            let message = message_of(cx, raised);
            cx.truncate(base);
            Outcome::Error(message)
        }
    }
}

/// Compiles a chunk and pushes the function.
///
/// # Errors
/// The compiler's message; nothing is pushed then.
pub fn load(cx: &mut Context, text: &[u8], name: &[u8]) -> Result<(), Vec<u8>> {
    let loaded = cx.load(text, name, "bt", None);
    push_loaded(cx, loaded)
}

/// Compiles a file, or standard input for `None`, and pushes the function.
///
/// # Errors
/// The reader's or the compiler's message; nothing is pushed then.
pub fn load_file(cx: &mut Context, path: Option<&[u8]>) -> Result<(), Vec<u8>> {
    let loaded = moonsweep::load_file(cx, path, "bt", None);
    push_loaded(cx, loaded)
}

fn push_loaded<'a>(
    cx: &'a Context,
    loaded: native::Result<Result<Function<'a>, Str<'a>>>,
) -> Result<(), Vec<u8>> {
    match loaded {
        Ok(Ok(chunk)) => {
            cx.push(chunk);
            Ok(())
        }
        Ok(Err(message)) => Err(message.as_bytes().to_vec()),
        Err(raised) => Err(message_of(cx, raised)),
    }
}

/// Pushes the elements of the global table `arg`, the script's arguments.
///
/// # Errors
/// When `arg` is no table any more, or has too many elements.
pub fn push_arguments(cx: &mut Context) -> native::Result<usize> {
    let Some(arg) = cx.globals().get_name(cx, "arg").as_table() else {
        return Err(cx.raise(cx.string("'arg' is not a table")?));
    };
    let n = arg.len(cx);
    let count = usize::try_from(n).unwrap_or(0);
    if !cx.can_push(count + 3) {
        return Err(cx.raise(cx.string("too many arguments to script")?));
    }
    for i in 1..=n {
        cx.push(arg.get_int(cx, i));
    }
    Ok(count)
}

/// The message in an error that reached no message handler.
pub fn message_of(cx: &Context, raised: Raised) -> Vec<u8> {
    text_of(cx.caught(raised))
}

fn text_of(value: Value<'_>) -> Vec<u8> {
    match value {
        Value::Str(text) => text.as_bytes().to_vec(),
        Value::Int(n) => n.to_string().into_bytes(),
        Value::Float(n) => native::float_text(n).into_bytes(),
        _ => b"(error message not a string)".to_vec(),
    }
}

/// `[f, args...]`: calls `f` under the message handler; `true` and its
/// results, or `false` and the message.
fn call_with_traceback(cx: &mut Context) -> native::Result<Results> {
    let n = cx.nargs();
    cx.reserve(n + 1)?;
    cx.push(cx.native(&NATIVES[1], &[]));
    for i in 0..n {
        cx.push(cx.arg(i));
    }
    Ok(cx.tail_xpcall(n.saturating_sub(1)))
}

/// Turns an error value into a message with a traceback.
fn message_handler(cx: &mut Context) -> native::Result<Results> {
    if let Value::Str(_) | Value::Int(_) | Value::Float(_) = cx.arg(0) {
        cx.tostring(0)?;
    } else {
        let method = cx.metafield(cx.arg(0), "__tostring");
        if !method.is_nil() {
            cx.push(method);
            cx.push(cx.arg(0));
            cx.call(1, Some(1))?;
            if cx.top(0).as_str().is_some() {
                return Ok(cx.results(1)); // that is the message, without a traceback
            }
        }
        let kind = cx.arg(0).type_name();
        cx.push(cx.string(format!("(error object is a {kind} value)"))?);
    }
    let message = text_of(cx.top(0));
    let text = cx.traceback(None, Some(&message), 1);
    cx.ret(cx.string(text)?)
}

static NATIVES: &[NativeDef] = &[
    NativeDef {
        name: "call_with_traceback",
        function: call_with_traceback,
    },
    NativeDef {
        name: "message_handler",
        function: message_handler,
    },
];
