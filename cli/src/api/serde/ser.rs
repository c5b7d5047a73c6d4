//! From Rust to Lua; and Lua's values as what other formats can write.

use super::{Error, Lua, LuaSerdeExt, MAX_DEPTH, Result, Table, Value, is_list, is_null};
use crate::api::convert::IntoLua;
use crate::api::string::LuaString;
use serde::ser::{self, Serialize, SerializeMap, SerializeSeq};
use std::cell::Cell;

/// Room made for elements that are only promised.
const HINT: usize = 4096;

/// Makes Lua values.
#[derive(Clone, Copy)]
pub(super) struct Serializer<'a> {
    lua: &'a Lua,
}

impl<'a> Serializer<'a> {
    pub(super) fn new(lua: &'a Lua) -> Serializer<'a> {
        Serializer { lua }
    }
    fn list(self, len: usize, variant: Option<&'static str>) -> Result<List<'a>> {
        let table = self.lua.create_table_with_capacity(len.min(HINT), 0)?;
        table.set_metatable(Some(self.lua.array_metatable()?))?;
        Ok(List {
            serializer: self,
            table,
            next: 1,
            variant,
        })
    }
    fn map(self, len: usize, variant: Option<&'static str>) -> Result<Map<'a>> {
        Ok(Map {
            serializer: self,
            table: self.lua.create_table_with_capacity(0, len.min(HINT))?,
            key: None,
            variant,
        })
    }
    /// The table of a variant, or what was made if it is none.
    fn of_variant(self, variant: Option<&'static str>, made: Value) -> Result<Value> {
        let Some(name) = variant else {
            return Ok(made);
        };
        let table = self.lua.create_table_with_capacity(0, 1)?;
        table.raw_set(name, made)?;
        Ok(Value::Table(table))
    }
}

/// A list that grows.
pub(super) struct List<'a> {
    serializer: Serializer<'a>,
    table: Table,
    next: i64,
    variant: Option<&'static str>,
}

impl List<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let value = value.serialize(self.serializer)?;
        self.table.raw_set(self.next, value)?;
        self.next += 1;
        Ok(())
    }
    fn done(self) -> Result<Value> {
        let List {
            serializer,
            table,
            variant,
            ..
        } = self;
        serializer.of_variant(variant, Value::Table(table))
    }
}

/// A table of fields that grows.
pub(super) struct Map<'a> {
    serializer: Serializer<'a>,
    table: Table,
    key: Option<Value>,
    variant: Option<&'static str>,
}

impl Map<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, key: impl IntoLua, value: &T) -> Result<()> {
        let value = value.serialize(self.serializer)?;
        self.table.raw_set(key, value)
    }
    fn done(self) -> Result<Value> {
        let Map {
            serializer,
            table,
            variant,
            ..
        } = self;
        serializer.of_variant(variant, Value::Table(table))
    }
}

macro_rules! plain {
    ($($name:ident $type:ty)*) => {$(
        fn $name(self, value: $type) -> Result<Value> {
            value.into_lua(self.lua)
        }
    )*};
}

impl<'a> ser::Serializer for Serializer<'a> {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Map<'a>;
    type SerializeStructVariant = Map<'a>;

    plain! {
        serialize_bool bool
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_f32 f32 serialize_f64 f64
        serialize_char char serialize_str &str
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value> {
        Ok(Value::String(self.lua.create_string(bytes)?))
    }
    fn serialize_none(self) -> Result<Value> {
        Ok(self.lua.null())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value> {
        Ok(self.lua.null())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value> {
        Ok(self.lua.null())
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value> {
        variant.into_lua(self.lua)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value> {
        let value = value.serialize(self)?;
        self.of_variant(Some(variant), value)
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<List<'a>> {
        self.list(len.unwrap_or(0), None)
    }
    fn serialize_tuple(self, len: usize) -> Result<List<'a>> {
        self.list(len, None)
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<List<'a>> {
        self.list(len, None)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<List<'a>> {
        self.list(len, Some(variant))
    }
    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a>> {
        self.map(len.unwrap_or(0), None)
    }
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Map<'a>> {
        self.map(len, None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Map<'a>> {
        self.map(len, Some(variant))
    }
}

impl SerializeSeq for List<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl ser::SerializeTuple for List<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl ser::SerializeTupleStruct for List<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl ser::SerializeTupleVariant for List<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.add(value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl SerializeMap for Map<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key.serialize(self.serializer)?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match self.key.take() {
            Some(key) => self.add(key, value),
            None => Err(ser::Error::custom("a value without its key")),
        }
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl ser::SerializeStruct for Map<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.add(name, value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

impl ser::SerializeStructVariant for Map<'_> {
    type Ok = Value;
    type Error = Error;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        self.add(name, value)
    }
    fn end(self) -> Result<Value> {
        self.done()
    }
}

// --- Lua values in other formats

thread_local! {
    /// How much deeper tables may be; serde has no place for it.
    static DEPTH: Cell<usize> = const { Cell::new(MAX_DEPTH) };
}

/// One level of nesting, for as long as it lives.
struct Level;

impl Level {
    fn enter<E: ser::Error>() -> std::result::Result<Level, E> {
        DEPTH.with(|depth| match depth.get() {
            0 => Err(E::custom(
                "tables are nested too deep, or one has itself within",
            )),
            n => {
                depth.set(n - 1);
                Ok(Level)
            }
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
    }
}

/// As text if it is UTF-8, else as bytes.
impl Serialize for LuaString {
    fn serialize<S: ser::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let bytes = self.as_bytes().map_err(ser::Error::custom)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => s.serialize_str(text),
            Err(_) => s.serialize_bytes(&bytes),
        }
    }
}

/// As a list or as a map, see [`LuaSerdeExt`].
impl Serialize for Table {
    fn serialize<S: ser::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let _level = Level::enter()?;
        let list = Lua::of(&self.0)
            .and_then(|lua| is_list(self, &lua.array_metatable()?))
            .map_err(ser::Error::custom)?;
        if list {
            let len = self.raw_len();
            let mut seq = s.serialize_seq(Some(len))?;
            for i in 1..=len {
                let value: Value = self.raw_get(i).map_err(ser::Error::custom)?;
                seq.serialize_element(&value)?;
            }
            seq.end()
        } else {
            let mut map = s.serialize_map(None)?;
            for pair in self.pairs::<Value, Value>() {
                let (key, value) = pair.map_err(ser::Error::custom)?;
                map.serialize_entry(&key, &value)?;
            }
            map.end()
        }
    }
}

/// Functions, coroutines and userdata are errors.
impl Serialize for Value {
    fn serialize<S: ser::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            v if is_null(v) => s.serialize_unit(),
            Value::Boolean(b) => s.serialize_bool(*b),
            Value::Integer(i) => s.serialize_i64(*i),
            Value::Number(n) => s.serialize_f64(*n),
            Value::String(text) => text.serialize(s),
            Value::Table(table) => table.serialize(s),
            other => Err(ser::Error::custom(format_args!(
                "a {} can't be serialized",
                other.type_name()
            ))),
        }
    }
}
