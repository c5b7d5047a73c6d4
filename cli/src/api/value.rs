//! Lua values as the host holds them.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::string::LuaString;
use super::table::Table;
use super::thread::Thread;
use super::userdata::AnyUserData;
use crate::native;
use crate::native::shared::Root;
use std::ops::{Deref, DerefMut};

/// A Lua value. Strings, tables, functions, coroutines and userdata are
/// handles, which keep what they refer to alive.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// nil
    #[default]
    Nil,
    /// true or false
    Boolean(bool),
    /// An address that means something to the host.
    LightUserData(LightUserData),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string of bytes.
    String(LuaString),
    /// A table.
    Table(Table),
    /// A function, of Lua or of Rust.
    Function(Function),
    /// A coroutine.
    Thread(Thread),
    /// A Rust value.
    UserData(AnyUserData),
    /// An error that a Rust function returned, caught in Lua.
    Error(Box<Error>),
}

/// nil
pub use Value::Nil;

/// An address that means something to the host: of 48 bits, as addresses have; others are lost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LightUserData(pub u64);

impl Value {
    /// The type's name, as `type` gives it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Boolean(_) => "boolean",
            Value::LightUserData(_) | Value::UserData(_) | Value::Error(_) => "userdata",
            Value::Integer(_) | Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Table(_) => "table",
            Value::Function(_) => "function",
            Value::Thread(_) => "thread",
        }
    }
    /// nil?
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }
    /// Neither nil nor false.
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }
    /// The boolean.
    pub fn as_boolean(&self) -> Option<bool> {
        match self {
            Value::Boolean(b) => Some(*b),
            _ => None,
        }
    }
    /// The integer.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(i) => Some(*i),
            _ => None,
        }
    }
    /// The number, integer or float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(i) => Some(*i as f64),
            Value::Number(n) => Some(*n),
            _ => None,
        }
    }
    /// The string.
    pub fn as_string(&self) -> Option<&LuaString> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }
    /// The table.
    pub fn as_table(&self) -> Option<&Table> {
        match self {
            Value::Table(t) => Some(t),
            _ => None,
        }
    }
    /// The function.
    pub fn as_function(&self) -> Option<&Function> {
        match self {
            Value::Function(f) => Some(f),
            _ => None,
        }
    }
    /// The coroutine.
    pub fn as_thread(&self) -> Option<&Thread> {
        match self {
            Value::Thread(t) => Some(t),
            _ => None,
        }
    }
    /// The userdata.
    pub fn as_userdata(&self) -> Option<&AnyUserData> {
        match self {
            Value::UserData(u) => Some(u),
            _ => None,
        }
    }
    /// The error.
    pub fn as_error(&self) -> Option<&Error> {
        match self {
            Value::Error(e) => Some(e),
            _ => None,
        }
    }
    /// Equality as Lua's `==`, metamethods included.
    ///
    /// # Errors
    /// The metamethod's.
    pub fn equals(&self, other: &Value) -> Result<bool> {
        match (self, other) {
            (Value::Nil, Value::Nil) => Ok(true),
            (Value::Boolean(a), Value::Boolean(b)) => Ok(a == b),
            (Value::Integer(a), Value::Integer(b)) => Ok(a == b),
            (Value::Number(a), Value::Number(b)) => Ok(a == b),
            (Value::LightUserData(a), Value::LightUserData(b)) => Ok(a == b),
            (Value::Integer(_) | Value::Number(_), Value::Integer(_) | Value::Number(_)) => {
                // Exact, as in Lua: never by way of a rounded float.
                let (i, n) = match (self, other) {
                    (Value::Integer(i), Value::Number(n))
                    | (Value::Number(n), Value::Integer(i)) => (*i, *n),
                    _ => return Ok(false),
                };
                Ok(n.floor() == n
                    && (-(2f64.powi(63))..2f64.powi(63)).contains(&n)
                    && n as i64 == i)
            }
            _ => match self.root().or(other.root()) {
                None => Ok(false),
                Some(root) => Lua::of(root)?.with(|lua, cx| {
                    let a = lua.push(cx, self)?;
                    let b = lua.push(cx, other)?;
                    cx.equals(a, b).map_err(|e| lua.caught(cx, e))
                }),
            },
        }
    }
    /// What identifies a table, function, coroutine or userdata, as `%p` shows
    /// it; 0 for other values.
    pub fn to_pointer(&self) -> usize {
        let Some(root) = self.root() else { return 0 };
        let address = root.shared().enter(|cx| root.get(cx)?.address());
        address.ok().flatten().unwrap_or(0)
    }
    /// The text that `tostring` gives.
    ///
    /// # Errors
    /// `__tostring`'s.
    pub fn to_string(&self) -> Result<String> {
        Ok(match self {
            Value::Nil => "nil".to_owned(),
            Value::Boolean(b) => b.to_string(),
            Value::Integer(i) => i.to_string(),
            Value::Error(e) => e.to_string(),
            Value::LightUserData(p) => format!("userdata: {:#016x}", p.0),
            Value::Number(n) => native::float_text(*n),
            other => match other.root() {
                None => String::new(),
                Some(root) => Lua::of(root)?.with(|lua, cx| {
                    let slot = lua.push(cx, other)?;
                    cx.tostring(slot).map_err(|e| lua.caught(cx, e))?;
                    let text = cx.top(0).as_str().map(|s| s.as_bytes().to_vec());
                    Ok(String::from_utf8_lossy(&text.unwrap_or_default()).into_owned())
                })?,
            },
        })
    }
    pub(crate) fn root(&self) -> Option<&Root> {
        match self {
            Value::String(s) => Some(&s.0),
            Value::Table(t) => Some(&t.0),
            Value::Function(f) => Some(&f.0),
            Value::Thread(t) => Some(&t.0),
            Value::UserData(u) => Some(&u.0),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    /// Equality without metamethods; strings by content, other objects by identity.
    fn eq(&self, other: &Value) -> bool {
        match (self.root(), other.root()) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => match (self, other) {
                (Value::Error(_), _) | (_, Value::Error(_)) => false,
                _ => self.equals(other).unwrap_or(false),
            },
            _ => false,
        }
    }
}

/// Whether both are the same value.
pub(crate) fn same(a: &Root, b: &Root) -> bool {
    let equal = a.shared().enter(|cx| {
        let (Some(a), Some(b)) = (a.get(cx), b.get(cx)) else {
            return false;
        };
        a.raw_eq(b)
    });
    equal.unwrap_or(false)
}

/// Several values: arguments, or results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MultiValue(pub Vec<Value>);

impl MultiValue {
    /// No values.
    pub fn new() -> MultiValue {
        MultiValue::default()
    }
    /// Takes the first one.
    pub fn pop_front(&mut self) -> Option<Value> {
        match self.0.is_empty() {
            true => None,
            false => Some(self.0.remove(0)),
        }
    }
    /// Puts one in front.
    pub fn push_front(&mut self, value: Value) {
        self.0.insert(0, value)
    }
}

impl Deref for MultiValue {
    type Target = Vec<Value>;
    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl DerefMut for MultiValue {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.0
    }
}

impl FromIterator<Value> for MultiValue {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> MultiValue {
        MultiValue(values.into_iter().collect())
    }
}

impl IntoIterator for MultiValue {
    type Item = Value;
    type IntoIter = std::vec::IntoIter<Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Any number of arguments or results of one type.
///
/// ```
/// use moonsweep::{Lua, Variadic};
///
/// let lua = Lua::new();
/// let sum = lua.create_function(|_, numbers: Variadic<f64>| Ok(numbers.iter().sum::<f64>()))?;
/// assert_eq!(sum.call::<f64>((1, 2.5, 3))?, 6.5);
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variadic<T>(pub Vec<T>);

impl<T> Variadic<T> {
    /// None.
    pub fn new() -> Variadic<T> {
        Variadic(Vec::new())
    }
}

impl<T> Deref for Variadic<T> {
    type Target = Vec<T>;
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Variadic<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> FromIterator<T> for Variadic<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Variadic<T> {
        Variadic(values.into_iter().collect())
    }
}

impl<T> IntoIterator for Variadic<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl IntoLua for Value {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(self)
    }
}

impl IntoLua for &Value {
    fn into_lua(self, _: &Lua) -> Result<Value> {
        Ok(self.clone())
    }
}

impl FromLua for Value {
    fn from_lua(value: Value, _: &Lua) -> Result<Value> {
        Ok(value)
    }
}
