//! From Lua to Rust.

use super::{Error, Lua, LuaSerdeExt, MAX_DEPTH, Result, Table, Value, deeper, is_list, is_null};
use crate::api::table::TablePairs;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a Lua value.
pub(super) struct Deserializer {
    value: Value,
    /// The metatable of lists.
    arrays: Table,
    /// How much deeper tables may be.
    depth: usize,
}

impl Deserializer {
    pub(super) fn new(value: Value, lua: &Lua) -> Result<Deserializer> {
        Ok(Deserializer {
            value,
            arrays: lua.array_metatable()?,
            depth: MAX_DEPTH,
        })
    }
    fn inside(&self, value: Value) -> Deserializer {
        Deserializer {
            value,
            arrays: self.arrays.clone(),
            depth: self.depth,
        }
    }
    /// The table, as what is one level deeper.
    fn table(mut self) -> Result<(Table, Deserializer)> {
        self.depth = deeper(self.depth)?;
        match std::mem::take(&mut self.value) {
            Value::Table(table) => Ok((table, self)),
            other => Err(de::Error::invalid_type(
                Unexpected::Other(other.type_name()),
                &"a table",
            )),
        }
    }
    fn list<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (table, inside) = self.table()?;
        let len = table.raw_len();
        let mut elements = Elements {
            table,
            inside,
            next: 1,
            len,
        };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.next > len {
            true => Ok(value),
            false => Err(de::Error::invalid_length(len, &"fewer elements")),
        }
    }
    fn map<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (table, inside) = self.table()?;
        visitor.visit_map(Fields {
            pairs: table.pairs(),
            inside,
            value: Value::Nil,
        })
    }
}

/// The elements of a list.
struct Elements {
    table: Table,
    inside: Deserializer,
    next: usize,
    len: usize,
}

impl<'de> de::SeqAccess<'de> for &mut Elements {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next > self.len {
            return Ok(None);
        }
        let value = self.table.raw_get(self.next)?;
        self.next += 1;
        seed.deserialize(self.inside.inside(value)).map(Some)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.len + 1 - self.next)
    }
}

/// The fields of a table.
struct Fields {
    pairs: TablePairs<Value, Value>,
    inside: Deserializer,
    value: Value,
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(pair) = self.pairs.next() else {
            return Ok(None);
        };
        let (key, value) = pair?;
        self.value = value;
        seed.deserialize(self.inside.inside(key)).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = std::mem::take(&mut self.value);
        seed.deserialize(self.inside.inside(value))
    }
}

/// A variant: its name, and what it has.
struct Variant {
    name: String,
    content: Option<Deserializer>,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = Error;
    type Variant = Content;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content)> {
        let name: de::value::StringDeserializer<Error> = self.name.into_deserializer();
        let name = seed.deserialize(name)?;
        Ok((name, Content(self.content)))
    }
}

/// What a variant has.
struct Content(Option<Deserializer>);

impl Content {
    fn expect(self, what: &'static str) -> Result<Deserializer> {
        self.0
            .ok_or_else(|| de::Error::invalid_type(Unexpected::UnitVariant, &what))
    }
}

impl<'de> de::VariantAccess<'de> for Content {
    type Error = Error;
    fn unit_variant(self) -> Result<()> {
        match self.0 {
            None => Ok(()),
            Some(content) if is_null(&content.value) => Ok(()),
            Some(_) => Err(de::Error::invalid_type(
                Unexpected::NewtypeVariant,
                &"a unit variant",
            )),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.expect("a newtype variant")?)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.expect("a tuple variant")?.list(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.expect("a struct variant")?.map(visitor)
    }
}

impl<'de> de::Deserializer<'de> for Deserializer {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value {
            v if is_null(v) => visitor.visit_unit(),
            Value::Boolean(b) => visitor.visit_bool(*b),
            Value::Integer(i) => visitor.visit_i64(*i),
            Value::Number(n) => visitor.visit_f64(*n),
            Value::String(s) => {
                let bytes = s.as_bytes()?;
                match std::str::from_utf8(&bytes) {
                    Ok(text) => visitor.visit_str(text),
                    Err(_) => visitor.visit_bytes(&bytes),
                }
            }
            Value::Table(table) => match is_list(table, &self.arrays)? {
                true => self.list(visitor),
                false => self.map(visitor),
            },
            other => Err(de::Error::custom(format_args!(
                "a {} can't be deserialized",
                other.type_name()
            ))),
        }
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match is_null(&self.value) {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::String(s) => visitor.visit_bytes(&s.as_bytes()?),
            _ => self.deserialize_any(visitor),
        }
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }
    /// An empty table is an empty list, where one is asked for.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::Table(table) if table.is_empty() || is_list(table, &self.arrays)? => {
                self.list(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }
    /// A list is a map from numbers, where a map is asked for.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::Table(_) => self.map(visitor),
            _ => self.deserialize_any(visitor),
        }
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Value::String(name) = &self.value {
            let name = name.to_str()?;
            return visitor.visit_enum(Variant {
                name,
                content: None,
            });
        }
        let (table, inside) = self.table()?;
        let mut pairs = table.pairs::<String, Value>();
        match (pairs.next().transpose()?, pairs.next()) {
            (Some((name, content)), None) => visitor.visit_enum(Variant {
                name,
                content: Some(inside.inside(content)),
            }),
            _ => Err(de::Error::invalid_value(
                Unexpected::Map,
                &"a table with one field, the variant's name",
            )),
        }
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct
        identifier
    }
}
