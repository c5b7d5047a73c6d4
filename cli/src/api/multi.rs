//! Conversions of several values: arguments and results.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::lua::Lua;
use super::value::{MultiValue, Value, Variadic};
use std::sync::Arc;

/// What can be given to Lua as arguments or results: a value, a tuple of
/// values, a [`Variadic`] at the end of one, a `Result` of them.
pub trait IntoLuaMulti: Sized {
    /// The values in Lua.
    ///
    /// # Errors
    /// As for [`IntoLua`].
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue>;
}

/// What can be had from Lua's arguments or results. Missing ones are nil, those
/// that are too many are ignored.
pub trait FromLuaMulti: Sized {
    /// The values in Rust.
    ///
    /// # Errors
    /// As for [`FromLua`].
    fn from_lua_multi(values: MultiValue, lua: &Lua) -> Result<Self>;

    /// The same for the arguments of a function, from number `first` on (for messages).
    ///
    /// # Errors
    /// [`Error::BadArgument`].
    #[doc(hidden)]
    fn from_lua_args(values: MultiValue, first: usize, lua: &Lua) -> Result<Self> {
        let _ = first;
        Self::from_lua_multi(values, lua)
    }
}

fn argument<T: FromLua>(value: Value, pos: usize, lua: &Lua) -> Result<T> {
    T::from_lua(value, lua).map_err(|cause| Error::BadArgument {
        to: None,
        pos,
        cause: Arc::new(cause),
    })
}

impl<T: IntoLua> IntoLuaMulti for T {
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        Ok(MultiValue(vec![self.into_lua(lua)?]))
    }
}

impl<T: FromLua> FromLuaMulti for T {
    fn from_lua_multi(mut values: MultiValue, lua: &Lua) -> Result<T> {
        T::from_lua(values.pop_front().unwrap_or_default(), lua)
    }
    fn from_lua_args(mut values: MultiValue, first: usize, lua: &Lua) -> Result<T> {
        argument(values.pop_front().unwrap_or_default(), first, lua)
    }
}

impl IntoLuaMulti for MultiValue {
    fn into_lua_multi(self, _: &Lua) -> Result<MultiValue> {
        Ok(self)
    }
}

impl FromLuaMulti for MultiValue {
    fn from_lua_multi(values: MultiValue, _: &Lua) -> Result<MultiValue> {
        Ok(values)
    }
}

impl<T: IntoLua> IntoLuaMulti for Variadic<T> {
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        self.into_iter()
            .map(|x| x.into_lua(lua))
            .collect::<Result<_>>()
    }
}

impl<T: FromLua> FromLuaMulti for Variadic<T> {
    fn from_lua_multi(values: MultiValue, lua: &Lua) -> Result<Variadic<T>> {
        values.into_iter().map(|v| T::from_lua(v, lua)).collect()
    }
    fn from_lua_args(values: MultiValue, first: usize, lua: &Lua) -> Result<Variadic<T>> {
        let numbered = (first..).zip(values);
        numbered.map(|(i, v)| argument(v, i, lua)).collect()
    }
}

impl<T: IntoLuaMulti, E: std::error::Error + Send + Sync + 'static> IntoLuaMulti
    for std::result::Result<T, E>
{
    /// As Lua's functions report failures: nil and the message.
    fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
        match self {
            Ok(values) => values.into_lua_multi(lua),
            Err(e) => (Value::Nil, e.to_string()).into_lua_multi(lua),
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident)*) $last:ident;)*) => {$(
        impl<$($name: IntoLua,)* $last: IntoLuaMulti> IntoLuaMulti for ($($name,)* $last,) {
            #[allow(non_snake_case)]
            fn into_lua_multi(self, lua: &Lua) -> Result<MultiValue> {
                let ($($name,)* $last,) = self;
                #[allow(unused_mut)]
                let mut values: Vec<Value> = vec![$($name.into_lua(lua)?),*];
                values.extend($last.into_lua_multi(lua)?);
                Ok(MultiValue(values))
            }
        }
        impl<$($name: FromLua,)* $last: FromLuaMulti> FromLuaMulti for ($($name,)* $last,) {
            #[allow(non_snake_case)]
            fn from_lua_multi(values: MultiValue, lua: &Lua) -> Result<Self> {
                #[allow(unused_mut)]
                let mut values = values.into_iter();
                $(let $name = $name::from_lua(values.next().unwrap_or_default(), lua)?;)*
                let $last = $last::from_lua_multi(values.collect(), lua)?;
                Ok(($($name,)* $last,))
            }
            #[allow(non_snake_case, unused_assignments, unused_mut)]
            fn from_lua_args(values: MultiValue, first: usize, lua: &Lua) -> Result<Self> {
                let mut values = values.into_iter();
                let mut i = first;
                $(
                    let $name = argument(values.next().unwrap_or_default(), i, lua)?;
                    i += 1;
                )*
                let $last = $last::from_lua_args(values.collect(), i, lua)?;
                Ok(($($name,)* $last,))
            }
        }
    )*};
}

impl IntoLuaMulti for () {
    fn into_lua_multi(self, _: &Lua) -> Result<MultiValue> {
        Ok(MultiValue::new())
    }
}

impl FromLuaMulti for () {
    fn from_lua_multi(_: MultiValue, _: &Lua) -> Result<()> {
        Ok(())
    }
}

tuples! {
    () A;
    (A) B;
    (A B) C;
    (A B C) D;
    (A B C D) E;
    (A B C D E) F;
    (A B C D E F) G;
    (A B C D E F G) H;
    (A B C D E F G H) I;
    (A B C D E F G H I) J;
    (A B C D E F G H I J) K;
    (A B C D E F G H I J K) L;
}
