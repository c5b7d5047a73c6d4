//! Asking a value what it is; conversions as Lua makes them by itself; one of two types.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::lua::{Lua, RegistryKey};
use super::string::LuaString;
use super::value::{LightUserData, Value};
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

impl Value {
    /// A value that means nothing but is not nil: it can be an element of a list.
    pub const NULL: Value = Value::LightUserData(LightUserData(0));

    /// Is it [`Value::NULL`]?
    pub fn is_null(&self) -> bool {
        matches!(self, Value::LightUserData(LightUserData(0)))
    }
    /// A boolean?
    pub fn is_boolean(&self) -> bool {
        matches!(self, Value::Boolean(_))
    }
    /// An integer?
    pub fn is_integer(&self) -> bool {
        matches!(self, Value::Integer(_))
    }
    /// A float?
    pub fn is_number(&self) -> bool {
        matches!(self, Value::Number(_))
    }
    /// A string?
    pub fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }
    /// A table?
    pub fn is_table(&self) -> bool {
        matches!(self, Value::Table(_))
    }
    /// A function?
    pub fn is_function(&self) -> bool {
        matches!(self, Value::Function(_))
    }
    /// A coroutine?
    pub fn is_thread(&self) -> bool {
        matches!(self, Value::Thread(_))
    }
    /// A Rust value?
    pub fn is_userdata(&self) -> bool {
        matches!(self, Value::UserData(_))
    }
    /// An error that a Rust function returned?
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }
    /// The float; an integer is none, see [`Value::as_f64`].
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }
    /// The integer as another type, if it fits.
    fn as_int<T: TryFrom<i64>>(&self) -> Option<T> {
        T::try_from(self.as_integer()?).ok()
    }
    /// The integer, if it fits.
    pub fn as_i32(&self) -> Option<i32> {
        self.as_int()
    }
    /// The integer, if it fits.
    pub fn as_u32(&self) -> Option<u32> {
        self.as_int()
    }
    /// The integer.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_integer()
    }
    /// The integer, if it is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_int()
    }
    /// The integer, if it fits.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_int()
    }
    /// A string's text, where it is no UTF-8 with replacement characters.
    pub fn as_string_lossy(&self) -> Option<String> {
        self.as_string()?.to_string_lossy().ok()
    }
}

impl Lua {
    /// The value as a string, if Lua would take it for one: a string or a number.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn coerce_string(&self, value: Value) -> Result<Option<LuaString>> {
        match value {
            Value::String(_) | Value::Integer(_) | Value::Number(_) => {
                LuaString::from_lua(value, self).map(Some)
            }
            _ => Ok(None),
        }
    }
    /// The value as an integer, if Lua would take it for one: a number without fraction,
    /// or a string that is its numeral.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn coerce_integer(&self, value: Value) -> Result<Option<i64>> {
        match value {
            Value::Integer(_) | Value::Number(_) | Value::String(_) => {
                Ok(i64::from_lua(value, self).ok())
            }
            _ => Ok(None),
        }
    }
    /// The value as a float, if Lua would take it for a number.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn coerce_number(&self, value: Value) -> Result<Option<f64>> {
        match value {
            Value::Integer(_) | Value::Number(_) | Value::String(_) => {
                Ok(f64::from_lua(value, self).ok())
            }
            _ => Ok(None),
        }
    }
}

/// One of two types: what the left one refuses is tried as the right one.
///
/// ```
/// use moonsweep::{Either, Lua};
///
/// let lua = Lua::new();
/// let double = lua.create_function(|_, x: Either<i64, Vec<i64>>| {
///     Ok(match x {
///         Either::Left(n) => 2 * n,
///         Either::Right(list) => 2 * list.iter().sum::<i64>(),
///     })
/// })?;
/// assert_eq!(double.call::<i64>(4)?, 8);
/// assert_eq!(double.call::<i64>([1, 2, 3])?, 12);
/// assert!(double.call::<i64>(true).is_err());
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Either<L, R> {
    /// It is of the first type.
    Left(L),
    /// It is of the second type.
    Right(R),
}

impl<L, R> Either<L, R> {
    /// The value of the first type.
    pub fn left(self) -> Option<L> {
        match self {
            Either::Left(x) => Some(x),
            Either::Right(_) => None,
        }
    }
    /// The value of the second type.
    pub fn right(self) -> Option<R> {
        match self {
            Either::Left(_) => None,
            Either::Right(x) => Some(x),
        }
    }
}

impl<L: IntoLua, R: IntoLua> IntoLua for Either<L, R> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        match self {
            Either::Left(x) => x.into_lua(lua),
            Either::Right(x) => x.into_lua(lua),
        }
    }
}

impl<L: FromLua, R: FromLua> FromLua for Either<L, R> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Either<L, R>> {
        match L::from_lua(value.clone(), lua) {
            Ok(x) => Ok(Either::Left(x)),
            Err(_) => R::from_lua(value, lua).map(Either::Right),
        }
    }
}

impl IntoLua for RegistryKey {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.registry_value(&self)
    }
}

impl IntoLua for &RegistryKey {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.registry_value(self)
    }
}

impl IntoLua for &CStr {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self.to_bytes()).map(Value::String)
    }
}

impl IntoLua for CString {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        self.as_c_str().into_lua(lua)
    }
}

impl FromLua for CString {
    fn from_lua(value: Value, lua: &Lua) -> Result<CString> {
        let bytes = LuaString::from_lua(value, lua)?.as_bytes()?.to_vec();
        CString::new(bytes).map_err(|_| Error::from_lua_because("string", "CString", "has a zero"))
    }
}

impl IntoLua for &Path {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        let bytes = self.as_os_str().as_bytes();
        lua.create_string(bytes).map(Value::String)
    }
}

impl IntoLua for PathBuf {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        self.as_path().into_lua(lua)
    }
}

impl FromLua for PathBuf {
    fn from_lua(value: Value, lua: &Lua) -> Result<PathBuf> {
        OsString::from_lua(value, lua).map(PathBuf::from)
    }
}

impl IntoLua for OsString {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        lua.create_string(self.as_bytes()).map(Value::String)
    }
}

impl FromLua for OsString {
    fn from_lua(value: Value, lua: &Lua) -> Result<OsString> {
        let text = LuaString::from_lua(value, lua)?;
        Ok(OsString::from_vec(text.as_bytes()?.to_vec()))
    }
}

impl<T: IntoLua> IntoLua for Box<[T]> {
    fn into_lua(self, lua: &Lua) -> Result<Value> {
        self.into_vec().into_lua(lua)
    }
}

impl<T: FromLua> FromLua for Box<[T]> {
    fn from_lua(value: Value, lua: &Lua) -> Result<Box<[T]>> {
        Vec::from_lua(value, lua).map(Vec::into_boxed_slice)
    }
}
