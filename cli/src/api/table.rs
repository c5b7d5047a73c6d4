//! Tables.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::value::{MultiValue, Value, same};
use crate::native::shared::Root;
use crate::native::{self, Context};
use std::marker::PhantomData;

/// A table.
///
/// ```
/// use moonsweep::{Lua, Table};
///
/// let lua = Lua::new();
/// let point: Table = lua.load("return { x = 1, y = 2, 10, 20, 30 }").eval()?;
/// point.set("x", 5)?;
/// assert_eq!(point.get::<i64>("x")? + point.get::<i64>("y")?, 7);
/// assert_eq!(point.sequence_values::<i64>().sum::<Result<i64, _>>()?, 60);
/// assert_eq!(point.pairs::<moonsweep::Value, i64>().count(), 5);
/// # Ok::<(), moonsweep::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table(pub(crate) Root);

impl PartialEq for Table {
    /// Whether it is the same table.
    fn eq(&self, other: &Table) -> bool {
        same(&self.0, &other.0)
    }
}

impl Table {
    /// `table[key]`, with metamethods.
    ///
    /// # Errors
    /// A metamethod's, or a conversion's; so for everything below.
    pub fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let lua = Lua::of(&self.0)?;
        let key = key.into_lua(&lua)?;
        let value = lua.with(|lua, cx| {
            let table = lua.push(cx, &Value::Table(self.clone()))?;
            lua.push(cx, &key)?;
            cx.index(table).map_err(|e| lua.caught(cx, e))?;
            lua.value(cx, cx.slots() - 1)
        })?;
        V::from_lua(value, &lua)
    }
    /// `table[key] = value`, with metamethods.
    ///
    /// # Errors
    /// See [`Table::get`]; or the key is nil or NaN.
    pub fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        let lua = Lua::of(&self.0)?;
        let (key, value) = (key.into_lua(&lua)?, value.into_lua(&lua)?);
        lua.with(|lua, cx| {
            let table = lua.push(cx, &Value::Table(self.clone()))?;
            lua.push(cx, &key)?;
            lua.push(cx, &value)?;
            cx.set_index(table).map_err(|e| lua.caught(cx, e))
        })
    }
    /// The value at a path of names, as `"package.loaded.string"`.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn get_path<V: FromLua>(&self, path: &str) -> Result<V> {
        match path.rsplit_once('.') {
            None => self.get(path),
            Some((tables, name)) => tables
                .split('.')
                .try_fold(self.clone(), |table, name| table.get::<Table>(name))?
                .get(name),
        }
    }
    /// Whether `table[key]` is not nil.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn contains_key(&self, key: impl IntoLua) -> Result<bool> {
        Ok(!self.get::<Value>(key)?.is_nil())
    }
    /// Adds an element behind the last one, with metamethods.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn push(&self, value: impl IntoLua) -> Result<()> {
        self.set(self.len()?.wrapping_add(1), value)
    }
    /// Removes the last element and returns it; nil if there is none.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn pop<V: FromLua>(&self) -> Result<V> {
        let n = self.len()?;
        let value = self.get(n)?;
        self.set(n, Value::Nil)?;
        Ok(value)
    }
    /// `#table`, with `__len`.
    ///
    /// # Errors
    /// See [`Table::get`].
    pub fn len(&self) -> Result<i64> {
        Lua::of(&self.0)?.with(|lua, cx| {
            let table = lua.push(cx, &Value::Table(self.clone()))?;
            cx.len(table).map_err(|e| lua.caught(cx, e))
        })
    }
    /// Whether there is no element in it at all, without metamethods.
    pub fn is_empty(&self) -> bool {
        self.raw(|_, cx, table| {
            let first = table.next(cx, native::Value::Nil);
            Ok(first.is_ok_and(|pair| pair.is_none()))
        })
        .unwrap_or(true)
    }
    /// Whether there are elements from 1 on, and nothing else.
    #[cfg(feature = "serde")]
    pub(crate) fn is_list(&self) -> Result<bool> {
        self.raw(|lua, cx, table| {
            let (mut key, mut left) = (native::Value::Nil, table.len(cx));
            if left == 0 {
                return Ok(false);
            }
            while let Some((next, _)) = table.next(cx, key).map_err(|e| lua.caught(cx, e))? {
                left -= 1;
                if left < 0 {
                    return Ok(false);
                }
                key = next;
            }
            Ok(left == 0)
        })
    }
    /// Removes everything.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn clear(&self) -> Result<()> {
        self.raw(|lua, cx, table| {
            let mut key = native::Value::Nil;
            while let Some((next, _)) = table.next(cx, key).map_err(|e| lua.caught(cx, e))? {
                table.set(cx, next, ()).map_err(|e| lua.caught(cx, e))?;
                key = next;
            }
            Ok(())
        })
    }

    /// `rawget(table, key)`
    ///
    /// # Errors
    /// A conversion's.
    pub fn raw_get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let lua = Lua::of(&self.0)?;
        let key = key.into_lua(&lua)?;
        let value = self.raw(|lua, cx, table| {
            let key = lua.push(cx, &key)?;
            let value = cx.push(table.get(cx, cx.arg(key)));
            lua.value(cx, value)
        })?;
        V::from_lua(value, &lua)
    }
    /// `rawset(table, key, value)`
    ///
    /// # Errors
    /// A conversion's; or the key is nil or NaN.
    pub fn raw_set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        let lua = Lua::of(&self.0)?;
        let (key, value) = (key.into_lua(&lua)?, value.into_lua(&lua)?);
        self.raw(|lua, cx, table| {
            let key = lua.push(cx, &key)?;
            let value = lua.push(cx, &value)?;
            let set = table.set(cx, cx.arg(key), cx.arg(value));
            set.map_err(|e| lua.caught(cx, e))
        })
    }
    /// `rawlen(table)`
    pub fn raw_len(&self) -> usize {
        let length = self.raw(|_, cx, table| Ok(table.len(cx)));
        usize::try_from(length.unwrap_or(0)).unwrap_or(0)
    }
    /// Adds an element behind the last one.
    ///
    /// # Errors
    /// A conversion's.
    pub fn raw_push(&self, value: impl IntoLua) -> Result<()> {
        self.raw_set(self.raw_len() + 1, value)
    }
    /// Removes the last element, without metamethods; nil if there is none.
    ///
    /// # Errors
    /// A conversion's.
    pub fn raw_pop<V: FromLua>(&self) -> Result<V> {
        let last = self.raw_len();
        let mut value = Value::Nil;
        if last > 0 {
            value = self.raw_get(last)?;
            self.raw_set(last, Value::Nil)?;
        }
        V::from_lua(value, &Lua::of(&self.0)?)
    }
    /// Inserts an element at `position`, from 1 to one behind the last, and moves those from
    /// there on up, without metamethods.
    ///
    /// # Errors
    /// [`Error::RuntimeError`] for another position; a conversion's.
    pub fn raw_insert(&self, position: usize, value: impl IntoLua) -> Result<()> {
        let last = self.raw_len();
        if position < 1 || position > last + 1 {
            return Err(Error::runtime("index out of bounds"));
        }
        let value = value.into_lua(&Lua::of(&self.0)?)?;
        for i in (position..=last).rev() {
            self.raw_set(i + 1, self.raw_get::<Value>(i)?)?;
        }
        self.raw_set(position, value)
    }
    /// Removes a key, without metamethods; if it is the index of an element, those behind it
    /// move down.
    ///
    /// # Errors
    /// A conversion's.
    pub fn raw_remove(&self, key: impl IntoLua) -> Result<()> {
        let key = key.into_lua(&Lua::of(&self.0)?)?;
        let last = self.raw_len();
        match key.as_integer().and_then(|i| usize::try_from(i).ok()) {
            Some(i) if (1..=last).contains(&i) => {
                for i in i..last {
                    self.raw_set(i, self.raw_get::<Value>(i + 1)?)?;
                }
                self.raw_set(last, Value::Nil)
            }
            _ => self.raw_set(key, Value::Nil),
        }
    }
    /// The metatable.
    pub fn metatable(&self) -> Option<Table> {
        let found = self.raw(|lua, cx, table| match table.metatable() {
            Some(meta) => Ok(Some(Table(lua.root(cx, meta.into())?))),
            None => Ok(None),
        });
        found.ok().flatten()
    }
    /// Sets or removes the metatable.
    ///
    /// # Errors
    /// [`Error::MismatchedState`], [`Error::StateUnavailable`].
    pub fn set_metatable(&self, metatable: Option<Table>) -> Result<()> {
        self.raw(|_, cx, table| {
            let meta = match &metatable {
                None => None,
                Some(meta) => {
                    let meta = meta.0.get(cx).and_then(native::Value::as_table);
                    Some(meta.ok_or(Error::MismatchedState)?)
                }
            };
            table.set_metatable(cx, meta);
            Ok(())
        })
    }

    /// Keys and values, in no order, without metamethods. Fields may be changed
    /// or removed meanwhile, but not added.
    pub fn pairs<K: FromLua, V: FromLua>(&self) -> TablePairs<K, V> {
        TablePairs {
            table: self.clone(),
            key: Some(Value::Nil),
            types: PhantomData,
        }
    }
    /// The elements from index 1 up to the first nil, without metamethods.
    pub fn sequence_values<V: FromLua>(&self) -> TableSequence<V> {
        TableSequence {
            table: self.clone(),
            index: 1,
            types: PhantomData,
        }
    }
    /// Calls `f` for each key and value.
    ///
    /// # Errors
    /// Those of `f`, and conversions'.
    pub fn for_each<K: FromLua, V: FromLua>(
        &self,
        mut f: impl FnMut(K, V) -> Result<()>,
    ) -> Result<()> {
        self.pairs().try_for_each(|pair| {
            let (key, value) = pair?;
            f(key, value)
        })
    }

    /// Calls the function in a field: `table.name(...)`.
    ///
    /// # Errors
    /// See [`Function::call`].
    pub fn call_function<R: FromLuaMulti>(
        &self,
        name: &str,
        arguments: impl IntoLuaMulti,
    ) -> Result<R> {
        self.get::<Function>(name)?.call(arguments)
    }
    /// Calls a method: `table:name(...)`.
    ///
    /// # Errors
    /// See [`Function::call`].
    pub fn call_method<R: FromLuaMulti>(
        &self,
        name: &str,
        arguments: impl IntoLuaMulti,
    ) -> Result<R> {
        let lua = Lua::of(&self.0)?;
        let mut all: MultiValue = arguments.into_lua_multi(&lua)?;
        all.push_front(Value::Table(self.clone()));
        self.get::<Function>(name)?.call(all)
    }
    /// What identifies it.
    pub fn to_pointer(&self) -> usize {
        Value::Table(self.clone()).to_pointer()
    }
    /// `table == other`, with `__eq`.
    ///
    /// # Errors
    /// The metamethod's.
    pub fn equals(&self, other: &Table) -> Result<bool> {
        Value::Table(self.clone()).equals(&Value::Table(other.clone()))
    }

    /// Runs `f` with the table.
    fn raw<R>(&self, f: impl FnOnce(&Lua, &Context, native::Table<'_>) -> Result<R>) -> Result<R> {
        Lua::of(&self.0)?.with(|lua, cx| {
            let cx = &*cx;
            match self.0.get(cx).and_then(native::Value::as_table) {
                Some(table) => f(lua, cx, table),
                None => Err(Error::MismatchedState),
            }
        })
    }
}

/// See [`Table::pairs`].
#[derive(Debug)]
pub struct TablePairs<K, V> {
    table: Table,
    /// The last one; `None` at the end.
    key: Option<Value>,
    types: PhantomData<(K, V)>,
}

impl<K: FromLua, V: FromLua> Iterator for TablePairs<K, V> {
    type Item = Result<(K, V)>;

    fn next(&mut self) -> Option<Self::Item> {
        let last = self.key.take()?;
        let step = self.table.raw(|lua, cx, table| {
            let last = lua.push(cx, &last)?;
            let next = table.next(cx, cx.arg(last));
            let Some((key, value)) = next.map_err(|e| lua.caught(cx, e))? else {
                return Ok(None);
            };
            let (key, value) = (cx.push(key), cx.push(value));
            Ok(Some((lua.value(cx, key)?, lua.value(cx, value)?)))
        });
        let (key, value) = match step {
            Ok(pair) => pair?,
            Err(e) => return Some(Err(e)),
        };
        self.key = Some(key.clone());
        Some(
            Lua::of(&self.table.0)
                .and_then(|lua| Ok((K::from_lua(key, &lua)?, V::from_lua(value, &lua)?))),
        )
    }
}

/// See [`Table::sequence_values`].
#[derive(Debug)]
pub struct TableSequence<V> {
    table: Table,
    index: i64,
    types: PhantomData<V>,
}

impl<V: FromLua> Iterator for TableSequence<V> {
    type Item = Result<V>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.table.raw_get::<Value>(self.index) {
            Ok(Value::Nil) => None,
            Ok(value) => {
                self.index += 1;
                Some(Lua::of(&self.table.0).and_then(|lua| V::from_lua(value, &lua)))
            }
            Err(e) => Some(Err(e)),
        }
    }
}
