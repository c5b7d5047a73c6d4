//! Any type that implements serde's traits, to Lua and back (feature `serde`).
//!
//! | serde | Lua |
//! |---|---|
//! | bool, integers, floats, char, str, bytes | boolean, number, string |
//! | none, unit, unit struct | [`LuaSerdeExt::null`], so that a table can have it |
//! | seq, tuple, tuple struct | a list with [`LuaSerdeExt::array_metatable`] |
//! | map, struct | a table |
//! | newtype struct | what is in it |
//! | unit variant | its name |
//! | other variant | a table with one field, named like it |
//!
//! The other way, nil and null are none; a table is a list if it has that metatable, or
//! elements from 1 on and nothing else, otherwise a map. Tables within tables are read [`MAX_DEPTH`] deep, so one that
//! has itself within is an error.

mod de;
mod ser;

use super::error::{Error, Result};
use super::lua::Lua;
use super::table::Table;
use super::value::{LightUserData, Value};
use ::serde::de::DeserializeOwned;
use ::serde::ser::Serialize;
use std::fmt::Display;

/// How deep values may be nested in each other.
const MAX_DEPTH: usize = 128;

/// The registry's name of the metatable of lists.
const ARRAYS: &str = "moonsweep.array";

/// Conversions of types that implement serde's traits.
///
/// ```
/// use moonsweep::{Lua, LuaSerdeExt, Table};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Point { x: i64, y: Option<f64>, tags: Vec<String> }
///
/// let lua = Lua::new();
/// let point = Point { x: 3, y: None, tags: vec!["far".into()] };
/// lua.globals().set("p", lua.to_value(&point)?)?;
/// let back = lua.load("p.x = p.x + 1  return p").eval()?;
/// let back: Point = lua.from_value(back)?;
/// assert_eq!(back, Point { x: 4, ..point });
/// # Ok::<(), moonsweep::Error>(())
/// ```
pub trait LuaSerdeExt {
    /// What `None` and `()` become: a value that is not nil, and that a table can have.
    fn null(&self) -> Value;
    /// The metatable that marks a table as a list, an empty one too.
    ///
    /// # Errors
    /// [`Error::MemoryError`], [`Error::StateUnavailable`].
    fn array_metatable(&self) -> Result<Table>;
    /// A Rust value in Lua.
    ///
    /// # Errors
    /// [`Error::SerializeError`], or as for [`Lua::create_table`].
    fn to_value<T: Serialize + ?Sized>(&self, value: &T) -> Result<Value>;
    /// A Lua value in Rust.
    ///
    /// # Errors
    /// [`Error::DeserializeError`].
    #[allow(clippy::wrong_self_convention)] // the name that mlua gave it
    fn from_value<T: DeserializeOwned>(&self, value: Value) -> Result<T>;
}

impl LuaSerdeExt for Lua {
    fn null(&self) -> Value {
        Value::LightUserData(LightUserData(0))
    }
    fn array_metatable(&self) -> Result<Table> {
        if let Some(found) = self.named_registry_value::<Option<Table>>(ARRAYS)? {
            return Ok(found);
        }
        let made = self.create_table()?;
        made.raw_set("__metatable", false)?;
        self.set_named_registry_value(ARRAYS, &made)?;
        Ok(made)
    }
    fn to_value<T: Serialize + ?Sized>(&self, value: &T) -> Result<Value> {
        value.serialize(ser::Serializer::new(self))
    }
    fn from_value<T: DeserializeOwned>(&self, value: Value) -> Result<T> {
        T::deserialize(de::Deserializer::new(value, self)?)
    }
}

impl ::serde::ser::Error for Error {
    fn custom<T: Display>(message: T) -> Error {
        Error::SerializeError(message.to_string())
    }
}

impl ::serde::de::Error for Error {
    fn custom<T: Display>(message: T) -> Error {
        Error::DeserializeError(message.to_string())
    }
}

/// Whether it is what [`LuaSerdeExt::null`] gives.
fn is_null(value: &Value) -> bool {
    matches!(value, Value::Nil | Value::LightUserData(LightUserData(0)))
}

/// Whether a table is to be read as a list.
fn is_list(table: &Table, arrays: &Table) -> Result<bool> {
    Ok(table.metatable().is_some_and(|m| m == *arrays) || table.is_list()?)
}

/// One step deeper.
fn deeper(depth: usize) -> Result<usize> {
    if depth == 0 {
        return Err(Error::DeserializeError(
            "tables are nested too deep, or one has itself within".to_owned(),
        ));
    }
    Ok(depth - 1)
}
