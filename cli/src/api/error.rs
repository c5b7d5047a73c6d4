//! Errors: what went wrong in Lua, in a conversion, or in a Rust function that
//! Lua called; with the message, the traceback, and the cause.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. It is cheap to clone, and may go to other threads.
///
/// ```
/// use moonsweep::{Error, Lua};
///
/// let lua = Lua::new();
/// let e = lua.load("local t = nil; t.x = 1").set_name("=chunk").exec().unwrap_err();
/// assert_eq!(e.message(), "chunk:1: attempt to index a nil value (local 't')");
/// assert!(e.traceback().unwrap().contains("in main chunk"));
/// assert!(matches!(e, Error::RuntimeError(_)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A chunk does not compile.
    SyntaxError {
        /// What the compiler says.
        message: String,
        /// More text could make it a chunk: a REPL asks for another line.
        incomplete_input: bool,
    },
    /// An error that Lua raised: the message, and the traceback if there is
    /// one. Error values that are no strings are there as `tostring` gives them.
    RuntimeError(String),
    /// The heap's limit was reached.
    MemoryError(String),
    /// The budget of instructions is used up. The program can't go on until
    /// [`Lua::set_instruction_limit`](crate::Lua::set_instruction_limit) grants more.
    InstructionLimit(String),
    /// A Rust function that Lua called, directly or not, returned an error.
    CallbackError {
        /// Where.
        traceback: String,
        /// The error that it returned.
        cause: Arc<Error>,
    },
    /// A Rust function got an argument that it can't take.
    BadArgument {
        /// The function's name, if it is known.
        to: Option<String>,
        /// Which argument, from 1.
        pos: usize,
        /// What is wrong with it.
        cause: Arc<Error>,
    },
    /// A Rust value has no counterpart in Lua.
    ToLuaConversionError {
        /// The Rust type.
        from: String,
        /// The Lua type.
        to: &'static str,
        /// More about it.
        message: Option<String>,
    },
    /// A Lua value is not what was asked for.
    FromLuaConversionError {
        /// The Lua type.
        from: &'static str,
        /// The Rust type.
        to: String,
        /// More about it.
        message: Option<String>,
    },
    /// A coroutine that is not suspended can't be resumed.
    CoroutineUnresumable,
    /// A function made with `create_function_mut` was called by itself.
    RecursiveMutCallback,
    /// A userdata is of another Rust type.
    UserDataTypeMismatch,
    /// A userdata's value was taken out of it.
    UserDataDestructed,
    /// A userdata can't be borrowed while it is borrowed mutably.
    UserDataBorrowError,
    /// A userdata can't be borrowed mutably while it is borrowed.
    UserDataBorrowMutError,
    /// A value of one state was given to another.
    MismatchedState,
    /// The state was closed, or is at work (in the destructor of a userdata
    /// that the collector frees).
    StateUnavailable,
    /// A function of a [`Scope`](crate::Scope) that has ended.
    CallbackDestructed,
    /// A Rust value can't become one of Lua's, by serde (feature `serde`).
    SerializeError(String),
    /// A Lua value can't become one of Rust's, by serde (feature `serde`).
    DeserializeError(String),
    /// A state can't be made with these options.
    OptionError(String),
    /// Any other error of the host's.
    ExternalError(Arc<dyn StdError + Send + Sync>),
    /// An error, and what was being done.
    WithContext {
        /// What was being done.
        context: String,
        /// The error.
        cause: Arc<Error>,
    },
}

/// What stands between a message and its traceback.
const TRACEBACK: &str = "\nstack traceback:\n";

impl Error {
    /// An error with a message.
    pub fn runtime(message: impl fmt::Display) -> Error {
        Error::RuntimeError(message.to_string())
    }
    /// An error of the host's own.
    pub fn external(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
        let error = error.into();
        match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::ExternalError(error.into()),
        }
    }
    /// The message, without a traceback; a callback's error tells that of its cause.
    pub fn message(&self) -> String {
        match self {
            Error::RuntimeError(text)
            | Error::MemoryError(text)
            | Error::InstructionLimit(text) => match text.split_once(TRACEBACK) {
                Some((message, _)) => message.to_owned(),
                None => text.clone(),
            },
            Error::CallbackError { cause, .. } => cause.message(),
            Error::WithContext { context, cause } => format!("{context}: {}", cause.message()),
            other => other.to_string(),
        }
    }
    /// The calls that were in progress, innermost first, if they are known.
    pub fn traceback(&self) -> Option<&str> {
        match self {
            Error::RuntimeError(text)
            | Error::MemoryError(text)
            | Error::InstructionLimit(text) => Some(text.split_once(TRACEBACK)?.1),
            Error::CallbackError { traceback, .. } => traceback.split_once(TRACEBACK).map(|t| t.1),
            Error::WithContext { cause, .. } | Error::BadArgument { cause, .. } => {
                cause.traceback()
            }
            _ => None,
        }
    }
    /// The first of this error and its causes that is a `T`.
    ///
    /// ```
    /// use moonsweep::{Error, ExternalResult, Lua};
    ///
    /// let lua = Lua::new();
    /// let parse = lua.create_function(|_, text: String| {
    ///     text.parse::<u8>().into_lua_err()
    /// })?;
    /// let e = parse.call::<u8>("300").unwrap_err();
    /// assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
    /// This error and its causes.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let this: &(dyn StdError + 'static) = self;
        std::iter::successors(Some(this), |&e| e.source())
    }
    /// The error, and what was being done.
    pub fn context(self, context: impl fmt::Display) -> Error {
        Error::WithContext {
            context: context.to_string(),
            cause: Arc::new(self),
        }
    }
    pub(crate) fn from_lua(from: &'static str, to: &str) -> Error {
        Error::from_lua_because(from, to, None)
    }
    pub(crate) fn from_lua_because(
        from: &'static str,
        to: &str,
        message: impl Into<Option<&'static str>>,
    ) -> Error {
        Error::FromLuaConversionError {
            from,
            to: to.to_owned(),
            message: message.into().map(str::to_owned),
        }
    }
    /// With a traceback behind the message, if it is a message of Lua's.
    pub(crate) fn with_traceback(self, lines: Option<String>) -> Error {
        let Some(lines) = lines else { return self };
        let with = |text: String| match text.contains(TRACEBACK) {
            true => text,
            false => text + "\n" + &lines,
        };
        match self {
            Error::RuntimeError(text) => Error::RuntimeError(with(text)),
            Error::MemoryError(text) => Error::MemoryError(with(text)),
            Error::InstructionLimit(text) => Error::InstructionLimit(with(text)),
            cause => Error::CallbackError {
                traceback: "\n".to_owned() + &lines,
                cause: Arc::new(cause),
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let because = |message: &Option<String>| match message {
            Some(message) => format!(" ({message})"),
            None => String::new(),
        };
        match self {
            Error::SyntaxError { message, .. } => write!(f, "syntax error: {message}"),
            Error::RuntimeError(text)
            | Error::MemoryError(text)
            | Error::InstructionLimit(text) => f.write_str(text),
            Error::CallbackError { traceback, cause } => {
                // The innermost cause has the longest traceback.
                let mut cause = cause;
                let mut innermost = traceback;
                while let Error::CallbackError {
                    traceback,
                    cause: c,
                } = &**cause
                {
                    (innermost, cause) = (traceback, c);
                }
                write!(f, "{cause}{innermost}")
            }
            Error::BadArgument { to, pos, cause } => match to {
                Some(to) => write!(f, "bad argument #{pos} to '{to}': {cause}"),
                None => write!(f, "bad argument #{pos}: {cause}"),
            },
            Error::ToLuaConversionError { from, to, message } => {
                let because = because(message);
                write!(f, "error converting {from} to Lua {to}{because}")
            }
            Error::FromLuaConversionError { from, to, message } => {
                let because = because(message);
                write!(f, "error converting Lua {from} to {to}{because}")
            }
            Error::CoroutineUnresumable => f.write_str("coroutine is not resumable"),
            Error::RecursiveMutCallback => f.write_str("mutable function called recursively"),
            Error::UserDataTypeMismatch => f.write_str("userdata is of another type"),
            Error::UserDataDestructed => f.write_str("userdata's value was taken"),
            Error::UserDataBorrowError => f.write_str("userdata already mutably borrowed"),
            Error::UserDataBorrowMutError => f.write_str("userdata already borrowed"),
            Error::MismatchedState => f.write_str("value of another Lua state"),
            Error::StateUnavailable => f.write_str("Lua state is closed or at work"),
            Error::CallbackDestructed => f.write_str("function of a scope that has ended"),
            Error::SerializeError(text)
            | Error::DeserializeError(text)
            | Error::OptionError(text) => f.write_str(text),
            Error::ExternalError(error) => error.fmt(f),
            Error::WithContext { context, cause } => write!(f, "{context}\n{cause}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::CallbackError { cause, .. }
            | Error::BadArgument { cause, .. }
            | Error::WithContext { cause, .. } => Some(&**cause),
            Error::ExternalError(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<crate::native::shared::Unavailable> for Error {
    fn from(_: crate::native::shared::Unavailable) -> Error {
        Error::StateUnavailable
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::external(error)
    }
}

impl From<std::str::Utf8Error> for Error {
    fn from(error: std::str::Utf8Error) -> Error {
        Error::external(error)
    }
}

/// Makes an [`Error`] of any error.
pub trait ExternalError {
    /// The error, to be returned to Lua.
    fn into_lua_err(self) -> Error;
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> ExternalError for E {
    fn into_lua_err(self) -> Error {
        Error::external(self)
    }
}

/// Makes a [`Result`] of any result.
pub trait ExternalResult<T> {
    /// The result, to be returned to Lua.
    fn into_lua_err(self) -> Result<T>;
}

impl<T, E: ExternalError> ExternalResult<T> for std::result::Result<T, E> {
    fn into_lua_err(self) -> Result<T> {
        self.map_err(ExternalError::into_lua_err)
    }
}

/// Says what was being done when an error happened.
pub trait ErrorContext<T> {
    /// Adds what was being done.
    fn context(self, context: impl fmt::Display) -> Result<T>;
    /// The same, made only if there is an error.
    fn with_context<C: fmt::Display>(self, context: impl FnOnce(&Error) -> C) -> Result<T>;
}

impl<T> ErrorContext<T> for Result<T> {
    fn context(self, context: impl fmt::Display) -> Result<T> {
        self.map_err(|e| e.context(context))
    }
    fn with_context<C: fmt::Display>(self, context: impl FnOnce(&Error) -> C) -> Result<T> {
        self.map_err(|e| {
            let text = context(&e);
            e.context(text)
        })
    }
}
