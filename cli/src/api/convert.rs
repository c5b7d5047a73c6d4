//! Conversions of single values between Rust and Lua.

use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::string::LuaString;
use super::table::Table;
use super::thread::Thread;
use super::userdata::{AnyUserData, UserData, UserDataRef, UserDataRefMut};
use super::value::{LightUserData, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// What can be given to Lua.
pub trait IntoLua: Sized {
    /// The value in Lua.
    ///
    /// # Errors
    /// If there is no such value, or no memory for it.
    fn into_lua(self, lua: &Lua) -> Result<Value>;
}

/// What can be had from Lua.
pub trait FromLua: Sized {
    /// The value in Rust.
    ///
    /// # Errors
    /// If the Lua value is of another type.
    fn from_lua(value: Value, lua: &Lua) -> Result<Self>;
}

macro_rules! handles {
    ($($type:ident => $variant:ident, $name:literal;)*) => {$(
        impl IntoLua for $type {
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::$variant(self))
            }
        }
        impl IntoLua for &$type {
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::$variant(self.clone()))
            }
        }
        impl FromLua for $type {
            fn from_lua(value: Value, _: &Lua) -> Result<$type> {
                match value {
                    Value::$variant(x) => Ok(x),
                    other => Err(Error::from_lua(other.type_name(), $name)),
                }
            }
        }
    )*};
}

handles! {
    Table => Table, "table";
    Function => Function, "function";
    Thread => Thread, "thread";
    AnyUserData => UserData, "userdata";
    LightUserData => LightUserData, "light userdata";
}

impl IntoLua for LuaString {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::String(self))
    }
}

impl IntoLua for &LuaString {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::String(self.clone()))
    }
}

/// Numbers are converted, as Lua does where it wants a string.
impl FromLua for LuaString {
    fn from_lua(value: Value, lua: &Lua) -> Result<LuaString> {
        match value {
            Value::String(s) => Ok(s),
            Value::Integer(_) | Value::Number(_) => lua.create_string(value.to_string()?),
            other => Err(Error::from_lua(other.type_name(), "string")),
        }
    }
}

/// A copy of the bytes of a string.
fn bytes_of(value: &Value, to: &'static str) -> Result<Vec<u8>> {
    match value {
        Value::String(s) => Ok(s.as_bytes()?.to_vec()),
        Value::Integer(_) | Value::Number(_) => Ok(value.to_string()?.into_bytes()),
        other => Err(Error::from_lua(other.type_name(), to)),
    }
}

impl IntoLua for String {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self).map(Value::String)
    }
}

impl FromLua for String {
    fn from_lua(value: Value, _: &Lua) -> Result<String> {
        let bytes = bytes_of(&value, "String")?;
        String::from_utf8(bytes)
            .map_err(|_| Error::from_lua_because("string", "String", "invalid UTF-8"))
    }
}

impl IntoLua for &str {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self).map(Value::String)
    }
}

impl IntoLua for &String {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self).map(Value::String)
    }
}

impl IntoLua for Cow<'_, str> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(&*self).map(Value::String)
    }
}

impl IntoLua for Box<str> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(&*self).map(Value::String)
    }
}

impl FromLua for Box<str> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Box<str>> {
        String::from_lua(value, lua).map(Into::into)
    }
}

impl IntoLua for char {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self.to_string()).map(Value::String)
    }
}

impl FromLua for char {
    fn from_lua(value: Value, lua: &Lua) -> Result<char> {
        let kind = value.type_name();
        let text = String::from_lua(value, lua)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(Error::from_lua_because(
                kind,
                "char",
                "expected one character",
            )),
        }
    }
}

impl IntoLua for bool {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::Boolean(self))
    }
}

/// As in Lua, everything but nil and false is true.
impl FromLua for bool {
    fn from_lua(value: Value, _: &Lua) -> Result<bool> {
        Ok(value.is_truthy())
    }
}

impl IntoLua for Error {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(Value::Error(Box::new(self)))
    }
}

impl FromLua for Error {
    fn from_lua(value: Value, _: &Lua) -> Result<Error> {
        Ok(match value {
            Value::Error(e) => *e,
            other => Error::RuntimeError(other.to_string()?),
        })
    }
}

/// The integer that a value is, or converts to as Lua converts.
fn integer_of(value: &Value, to: &'static str) -> Result<i64> {
    let kind = value.type_name();
    let whole = |n: f64| {
        let fits = n.floor() == n && (-(2f64.powi(63))..2f64.powi(63)).contains(&n);
        fits.then_some(n as i64)
    };
    let found = match value {
        Value::Integer(i) => Some(*i),
        Value::Number(n) => whole(*n),
        Value::String(s) => match crate::native::parse_number(&s.as_bytes()?) {
            Some(crate::native::Num::Int(i)) => Some(i),
            Some(crate::native::Num::Float(n)) => whole(n),
            None => return Err(Error::from_lua_because(kind, to, "expected a number")),
        },
        _ => return Err(Error::from_lua(kind, to)),
    };
    found.ok_or_else(|| Error::from_lua_because(kind, to, "number has no integer representation"))
}

macro_rules! integers {
    ($($type:ident)*) => {$(
        impl IntoLua for $type {
            fn into_lua(self, _: &Lua) -> Result<Value> {
                // Too large for an integer: the nearest float, as numerals of that size.
                Ok(match i64::try_from(self) {
                    Ok(i) => Value::Integer(i),
                    Err(_) => Value::Number(self as f64),
                })
            }
        }
        impl FromLua for $type {
            fn from_lua(value: Value, _: &Lua) -> Result<$type> {
                $type::try_from(integer_of(&value, stringify!($type))?).map_err(|_| {
                    Error::from_lua_because(value.type_name(), stringify!($type), "out of range")
                })
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

macro_rules! floats {
    ($($type:ident)*) => {$(
        impl IntoLua for $type {
            fn into_lua(self, _: &Lua) -> Result<Value> {
                Ok(Value::Number(self.into()))
            }
        }
        impl FromLua for $type {
            fn from_lua(value: Value, _: &Lua) -> Result<$type> {
                let kind = value.type_name();
                match &value {
                    Value::Integer(i) => Ok(*i as $type),
                    Value::Number(n) => Ok(*n as $type),
                    Value::String(s) => match crate::native::parse_number(&s.as_bytes()?) {
                        Some(crate::native::Num::Int(i)) => Ok(i as $type),
                        Some(crate::native::Num::Float(n)) => Ok(n as $type),
                        None => Err(Error::from_lua_because(
                            kind,
                            stringify!($type),
                            "expected a number",
                        )),
                    },
                    _ => Err(Error::from_lua(kind, stringify!($type))),
                }
            }
        }
    )*};
}

floats! { f32 f64 }

/// nil is `None`.
impl<T: IntoLua> IntoLua for Option<T> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        match self {
            Some(x) => x.into_lua(lua),
            None => Ok(Value::Nil),
        }
    }
}

impl<T: FromLua> FromLua for Option<T> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Option<T>> {
        match value {
            Value::Nil => Ok(None),
            other => T::from_lua(other, lua).map(Some),
        }
    }
}

impl<T: IntoLua> IntoLua for Vec<T> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_sequence_from(self).map(Value::Table)
    }
}

impl<T: IntoLua + Clone> IntoLua for &[T] {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_sequence_from(self.iter().cloned())
            .map(Value::Table)
    }
}

impl<T: IntoLua, const N: usize> IntoLua for [T; N] {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_sequence_from(self).map(Value::Table)
    }
}

impl<T: FromLua> FromLua for Vec<T> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Vec<T>> {
        Table::from_lua(value, lua)?.sequence_values().collect()
    }
}

impl<T: FromLua, const N: usize> FromLua for [T; N] {
    fn from_lua(value: Value, lua: &Lua) -> Result<[T; N]> {
        let elements = Vec::from_lua(value, lua)?;
        elements.try_into().map_err(|_| {
            Error::from_lua_because("table", "array", "it has another number of elements")
        })
    }
}

impl<K: IntoLua, V: IntoLua, S> IntoLua for HashMap<K, V, S> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_table_from(self).map(Value::Table)
    }
}

impl<K: FromLua + Eq + Hash, V: FromLua, S: BuildHasher + Default> FromLua for HashMap<K, V, S> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        Table::from_lua(value, lua)?.pairs().collect()
    }
}

impl<K: IntoLua, V: IntoLua> IntoLua for BTreeMap<K, V> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_table_from(self).map(Value::Table)
    }
}

impl<K: FromLua + Ord, V: FromLua> FromLua for BTreeMap<K, V> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        Table::from_lua(value, lua)?.pairs().collect()
    }
}

/// A table whose keys are the elements.
impl<T: IntoLua, S> IntoLua for HashSet<T, S> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_table_from(self.into_iter().map(|x| (x, true)))
            .map(Value::Table)
    }
}

impl<T: FromLua + Eq + Hash, S: BuildHasher + Default> FromLua for HashSet<T, S> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        let table = Table::from_lua(value, lua)?;
        table
            .pairs::<T, Value>()
            .map(|pair| pair.map(|p| p.0))
            .collect()
    }
}

impl<T: IntoLua> IntoLua for BTreeSet<T> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_table_from(self.into_iter().map(|x| (x, true)))
            .map(Value::Table)
    }
}

impl<T: FromLua + Ord> FromLua for BTreeSet<T> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        let table = Table::from_lua(value, lua)?;
        table
            .pairs::<T, Value>()
            .map(|pair| pair.map(|p| p.0))
            .collect()
    }
}

impl<T: UserData + 'static> IntoLua for T {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_userdata(self).map(Value::UserData)
    }
}

/// Borrows the value of a userdata.
impl<T: 'static> FromLua for UserDataRef<T> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        AnyUserData::from_lua(value, lua)?.borrow()
    }
}

/// Borrows the value of a userdata mutably.
impl<T: 'static> FromLua for UserDataRefMut<T> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Self> {
        AnyUserData::from_lua(value, lua)?.borrow_mut()
    }
}
