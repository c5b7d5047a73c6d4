//! Plain Rust functions as Lua functions, without a runtime at hand.

use super::convert::IntoLua;
use super::error::{ExternalError, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::value::Value;

/// A Rust function that takes Lua's arguments as its own, up to eight of them.
pub trait LuaNativeFn<A: FromLuaMulti> {
    /// What it returns.
    type Output;
    /// Calls it.
    fn call(&self, arguments: A) -> Self::Output;
}

macro_rules! functions {
    ($($($name:ident)*;)*) => {$(
        impl<F, Output, $($name),*> LuaNativeFn<($($name,)*)> for F
        where
            F: Fn($($name),*) -> Output,
            ($($name,)*): FromLuaMulti,
        {
            type Output = Output;
            #[allow(non_snake_case, clippy::unused_unit)]
            fn call(&self, arguments: ($($name,)*)) -> Output {
                let ($($name,)*) = arguments;
                self($($name),*)
            }
        }
    )*};
}

functions! {
    ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E G;
    A B C D E G H;
    A B C D E G H I;
}

/// A function that is made when it is given to a runtime.
struct Wrapped<F>(F);

impl<F: FnOnce(&Lua) -> Result<Function>> IntoLua for Wrapped<F> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        (self.0)(lua).map(Value::Function)
    }
}

impl Function {
    /// A Rust function that returns a `Result`, to be given to a runtime. An error is raised.
    ///
    /// ```
    /// use moonsweep::{Error, Function, Lua};
    ///
    /// let lua = Lua::new();
    /// let divide = |a: i64, b: i64| a.checked_div(b).ok_or(Error::runtime("no quotient"));
    /// lua.globals().set("divide", Function::wrap(divide))?;
    /// lua.globals().set("parse", Function::wrap(|text: String| text.parse::<i64>()))?;
    /// assert_eq!(lua.load("divide(parse '84', 2)").eval::<i64>()?, 42);
    /// assert!(lua.load("divide(1, 0)").exec().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn wrap<F, A, R, E>(function: F) -> impl IntoLua
    where
        F: LuaNativeFn<A, Output = std::result::Result<R, E>> + 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
        E: ExternalError,
    {
        Wrapped(|lua: &Lua| {
            lua.create_function(move |_, arguments: A| {
                function
                    .call(arguments)
                    .map_err(ExternalError::into_lua_err)
            })
        })
    }
    /// The same for a function that does not fail.
    pub fn wrap_raw<F, A>(function: F) -> impl IntoLua
    where
        F: LuaNativeFn<A> + 'static,
        F::Output: IntoLuaMulti,
        A: FromLuaMulti,
    {
        Wrapped(|lua: &Lua| {
            lua.create_function(move |_, arguments: A| Ok(function.call(arguments)))
        })
    }
}
