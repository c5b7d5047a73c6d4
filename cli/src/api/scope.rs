//! Rust functions that borrow, for as long as a scope lasts.

use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::userdata::{AnyUserData, UserData};
use super::value::MultiValue;
use crate::native::lend;
use std::cell::RefCell;
use std::rc::Rc;

/// Makes functions and userdata that end with it; see [`Lua::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    lua: Lua,
    lender: &'scope lend::Scope<'scope, 'env>,
    /// Takes the values out of the userdata.
    ends: RefCell<Vec<Box<dyn FnOnce()>>>,
}

/// One call of a function that was lent.
struct Call {
    lua: Lua,
    arguments: MultiValue,
    result: Result<MultiValue>,
}

impl Lua {
    /// Runs `f` with a scope, whose functions may borrow what is around it. When it ends,
    /// they are dropped, whatever Lua still holds: calling one is then
    /// [`Error::CallbackDestructed`].
    ///
    /// ```
    /// use moonsweep::Lua;
    ///
    /// let lua = Lua::new();
    /// let mut lines = Vec::new();
    /// lua.scope(|scope| {
    ///     let print = scope.create_function_mut(|_, line: String| {
    ///         lines.push(line);
    ///         Ok(())
    ///     })?;
    ///     lua.globals().set("print", print)?;
    ///     lua.load("print('one') print('two')").exec()
    /// })?;
    /// assert_eq!(lines, ["one", "two"]);
    /// assert!(lua.load("print('three')").exec().is_err());
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// What is borrowed has to outlive the scope:
    ///
    /// ```compile_fail,E0373
    /// # let lua = moonsweep::Lua::new();
    /// lua.scope(|scope| {
    ///     let mut n = 0;
    ///     let f = scope.create_function_mut(|_, ()| { n += 1; Ok(n) })?;
    ///     f.call::<i64>(())
    /// })?;
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of `f`.
    pub fn scope<'env, R>(
        &self,
        f: impl for<'scope> FnOnce(&Scope<'scope, 'env>) -> Result<R>,
    ) -> Result<R> {
        lend::scope(|lender| {
            f(&Scope {
                lua: self.clone(),
                lender,
                ends: RefCell::default(),
            })
        })
    }
}

impl<'scope> Scope<'scope, '_> {
    /// As [`Lua::create_function`].
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        function: impl Fn(&Lua, A) -> Result<R> + 'scope,
    ) -> Result<Function> {
        let lent = self.lender.lend(move |call: &mut Call| {
            let arguments = std::mem::take(&mut call.arguments);
            call.result = A::from_lua_args(arguments, 1, &call.lua)
                .and_then(|arguments| function(&call.lua, arguments)?.into_lua_multi(&call.lua));
        });
        self.lua
            .create_callback(Rc::new(move |lua: &Lua, arguments| {
                let mut call = Call {
                    lua: lua.clone(),
                    arguments,
                    result: Err(Error::CallbackDestructed),
                };
                lent.call(&mut call);
                call.result
            }))
    }
    /// As [`Lua::create_function_mut`].
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_function_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        function: impl FnMut(&Lua, A) -> Result<R> + 'scope,
    ) -> Result<Function> {
        let function = RefCell::new(function);
        self.create_function(move |lua, arguments| match function.try_borrow_mut() {
            Ok(mut function) => function(lua, arguments),
            Err(_) => Err(Error::RecursiveMutCallback),
        })
    }
    /// As [`Lua::create_userdata`]; when the scope ends its value is dropped, unless it is
    /// borrowed then, and using the userdata is [`Error::UserDataDestructed`]. The value itself
    /// borrows nothing: lend functions for that.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_userdata<T: UserData + 'static>(&self, value: T) -> Result<AnyUserData> {
        let made = self.lua.create_userdata(value)?;
        let end = made.clone();
        self.ends
            .borrow_mut()
            .push(Box::new(move || drop(end.take::<T>())));
        Ok(made)
    }
}

impl Drop for Scope<'_, '_> {
    fn drop(&mut self) {
        for end in self.ends.take() {
            end();
        }
    }
}
