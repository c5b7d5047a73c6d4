//! Functions: calling them, and Rust functions that Lua calls.

use super::error::{Error, Result};
use super::lua::{Lua, note_traceback};
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::value::{MultiValue, Value, same};
use crate::native::shared::{Root, Shared};
use crate::native::{self, Context, NativeDef, Results};
use std::rc::Rc;
use std::sync::Arc;

/// A function, of Lua or of Rust.
#[derive(Clone, Debug)]
pub struct Function(pub(crate) Root);

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        same(&self.0, &other.0)
    }
}

/// What a function is and where it comes from.
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    /// `Lua`, `C` (which means Rust) or `main`.
    pub what: &'static str,
    /// The chunk's name as messages show it.
    pub short_src: String,
    /// The line where it begins, if it is of Lua.
    pub line_defined: Option<usize>,
    /// The line where it ends, if it is of Lua.
    pub last_line_defined: Option<usize>,
    /// How many parameters it has.
    pub parameters: usize,
    /// It takes more arguments than that.
    pub is_vararg: bool,
}

impl Function {
    /// Calls it. Errors have a traceback.
    ///
    /// ```
    /// let lua = moonsweep::Lua::new();
    /// let max: moonsweep::Function = lua.globals().get_path("math.max")?;
    /// assert_eq!(max.call::<i64>((3, 9, 4))?, 9);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// The function's, or a conversion's.
    pub fn call<R: FromLuaMulti>(&self, arguments: impl IntoLuaMulti) -> Result<R> {
        let lua = Lua::of(&self.0)?;
        let mut values = vec![Value::Function(self.clone())];
        values.extend(arguments.into_lua_multi(&lua)?);
        let results = lua.with(|lua, cx| {
            let from = lua.protected(cx, |lua, cx| lua.push_all(cx, &values))?;
            lua.values(cx, from)
        })?;
        R::from_lua_multi(results, &lua)
    }
    /// A function that calls this one with `first` before its own arguments.
    ///
    /// # Errors
    /// [`Error::MemoryError`], or a conversion's.
    pub fn bind(&self, first: impl IntoLuaMulti) -> Result<Function> {
        let lua = Lua::of(&self.0)?;
        let first = first.into_lua_multi(&lua)?;
        let function = self.clone();
        lua.create_function(move |_, rest: MultiValue| {
            let mut all = first.clone();
            all.extend(rest);
            function.call::<MultiValue>(all)
        })
    }
    /// What it is and where it comes from.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn info(&self) -> Result<FunctionInfo> {
        Lua::of(&self.0)?.with(|_, cx| {
            let function = self.0.get(cx).and_then(native::Value::as_function);
            let info = cx.function_info(function.ok_or(Error::MismatchedState)?);
            Ok(FunctionInfo {
                what: info.what,
                short_src: String::from_utf8_lossy(&info.short_src).into_owned(),
                line_defined: usize::try_from(info.line_defined).ok(),
                last_line_defined: usize::try_from(info.last_line_defined).ok(),
                parameters: info.nparams.into(),
                is_vararg: info.is_vararg,
            })
        })
    }
    /// A binary chunk of it, without debug information if `strip`; `None` if
    /// it is not of Lua.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn dump(&self, strip: bool) -> Result<Option<Vec<u8>>> {
        Lua::of(&self.0)?.with(|_, cx| {
            let function = self.0.get(cx).and_then(native::Value::as_function);
            Ok(cx.dump(function.ok_or(Error::MismatchedState)?, strip))
        })
    }
    /// What identifies it.
    pub fn to_pointer(&self) -> usize {
        Value::Function(self.clone()).to_pointer()
    }
}

/// A Rust function, with values instead of arguments and results.
pub(crate) type Callback = Rc<dyn Fn(&Lua, MultiValue) -> Result<MultiValue>>;

/// What the function's upvalue holds. The runtime is not kept open by it.
struct Held {
    shared: Shared,
    callback: Callback,
}

impl Lua {
    pub(crate) fn create_callback(&self, callback: Callback) -> Result<Function> {
        self.with(|lua, cx| {
            let shared = lua.owner.shared().clone();
            let held = cx.userdata(Held { shared, callback }, 0);
            let function = cx.native(&CALLBACK, &[held.into()]);
            Ok(Function(lua.root(cx, function.into())?))
        })
    }
}

/// Calls the Rust function in the upvalue.
fn call_back(cx: &mut Context) -> native::Result<Results> {
    let held = cx.upvalue(0).as_userdata().and_then(|u| u.downcast());
    let Some(Held { shared, callback }) = held else {
        return Err(cx.error("this function has lost its upvalue"));
    };
    let (shared, callback) = (shared.clone(), callback.clone());
    let lua = Lua {
        owner: shared.own(),
    };
    let returned = shared.within(cx, || {
        let arguments = lua.with(|lua, cx| lua.values(cx, 0))?;
        callback(&lua, arguments)
    });
    let returned = returned.and_then(|values| {
        cx.truncate(0);
        lua.push_all(cx, &values)?;
        Ok(values.len())
    });
    match returned {
        Ok(n) => Ok(cx.results(n)),
        Err(error) => Err(raise(cx, error)),
    }
}

/// Raises an error that Rust code returned.
pub(crate) fn raise(cx: &Context, error: Error) -> native::Raised {
    let error = match error {
        // Who called whom with a bad argument is known here.
        Error::BadArgument {
            to: None,
            pos,
            cause,
        } => named(cx, pos, cause),
        // As Lua raised it, so that it is told apart again.
        Error::MemoryError(_) => return cx.out_of_memory(),
        Error::InstructionLimit(_) => match cx.string(error.message()) {
            Ok(text) => return cx.raise(text),
            Err(raised) => return raised,
        },
        error => error,
    };
    match push_error(cx, error) {
        Ok(slot) => cx.raise(cx.arg(slot)),
        Err(raised) => raised,
    }
}

fn named(cx: &Context, pos: usize, cause: Arc<Error>) -> Error {
    let info = cx.frame_info(None, 0);
    let name = info.and_then(|info| info.name);
    Error::BadArgument {
        to: name.map(|name| String::from_utf8_lossy(&name).into_owned()),
        pos,
        cause,
    }
}

/// Pushes an error as a value that Lua can hand on; returns its slot.
pub(crate) fn push_error(cx: &Context, error: Error) -> native::Result<usize> {
    let slot = cx.push(cx.userdata(error, 0));
    let meta = match cx.registry().get_name(cx, ERRORS).as_table() {
        Some(meta) => meta,
        None => {
            let meta = cx.table(0, 3);
            meta.set_name(cx, "__name", cx.string("error")?)?;
            meta.set_name(cx, "__metatable", false)?;
            meta.set_name(cx, "__tostring", cx.native(&ERROR_TEXT, &[]))?;
            cx.registry().set_name(cx, ERRORS, meta)?;
            meta
        }
    };
    if let Some(error) = cx.arg(slot).as_userdata() {
        error.set_metatable(cx, Some(meta));
    }
    Ok(slot)
}

/// The registry's name of the metatable of errors.
const ERRORS: &str = "moonsweep.error";

fn error_text(cx: &mut Context) -> native::Result<Results> {
    let text = cx.check_userdata::<Error>(0, "error")?.to_string();
    cx.ret(cx.string(text)?)
}

/// `[f, args...]`: calls `f`; notes the traceback of an error.
fn protected(cx: &mut Context) -> native::Result<Results> {
    let n = cx.nargs();
    cx.reserve(n + 1)?;
    cx.push(cx.native(&HANDLER, &[]));
    for i in 0..n {
        cx.push(cx.arg(i));
    }
    Ok(cx.tail_xpcall(n.saturating_sub(1)))
}

fn handler(cx: &mut Context) -> native::Result<Results> {
    note_traceback(cx);
    cx.ret(cx.arg(0))
}

pub(crate) static PROTECTED: NativeDef = NativeDef {
    name: "call from Rust",
    function: protected,
};
static HANDLER: NativeDef = NativeDef {
    name: "message handler",
    function: handler,
};
static CALLBACK: NativeDef = NativeDef {
    name: "Rust function",
    function: call_back,
};
static ERROR_TEXT: NativeDef = NativeDef {
    name: "error text",
    function: error_text,
};
