//! What tables and userdata have in common; values that userdata keep; proxies of types.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::table::Table;
use super::userdata::{self, AnyUserData, UserData};
use super::value::{MultiValue, Value};
use crate::native;
use std::marker::PhantomData;

/// What scripts can index and call: tables and userdata. All of it may run metamethods.
pub trait ObjectLike: Sized {
    /// The value as such.
    #[doc(hidden)]
    fn to_value(&self) -> Value;
    /// The runtime it is of.
    #[doc(hidden)]
    fn runtime(&self) -> Result<Lua>;

    /// A field, as Lua would find it.
    ///
    /// # Errors
    /// A metamethod's, or a conversion's; so for everything below.
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V>;
    /// Sets a field, as Lua would.
    ///
    /// # Errors
    /// See [`ObjectLike::get`].
    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()>;
    /// Calls it, by its metamethod `__call`.
    ///
    /// # Errors
    /// See [`ObjectLike::get`].
    fn call<R: FromLuaMulti>(&self, arguments: impl IntoLuaMulti) -> Result<R> {
        let lua = self.runtime()?;
        let mut values = vec![self.to_value()];
        values.extend(arguments.into_lua_multi(&lua)?);
        let results = lua.with(|lua, cx| {
            let from = lua.protected(cx, |lua, cx| lua.push_all(cx, &values))?;
            lua.values(cx, from)
        })?;
        R::from_lua_multi(results, &lua)
    }
    /// Calls a method: `object:name(...)`.
    ///
    /// # Errors
    /// See [`ObjectLike::get`].
    fn call_method<R: FromLuaMulti>(&self, name: &str, arguments: impl IntoLuaMulti) -> Result<R> {
        let lua = self.runtime()?;
        let mut all: MultiValue = arguments.into_lua_multi(&lua)?;
        all.push_front(self.to_value());
        self.get::<Function>(name)?.call(all)
    }
    /// Calls a field: `object.name(...)`.
    ///
    /// # Errors
    /// See [`ObjectLike::get`].
    fn call_function<R: FromLuaMulti>(
        &self,
        name: &str,
        arguments: impl IntoLuaMulti,
    ) -> Result<R> {
        self.get::<Function>(name)?.call(arguments)
    }
    /// The text that `tostring` gives.
    ///
    /// # Errors
    /// `__tostring`'s.
    fn to_string(&self) -> Result<String> {
        self.to_value().to_string()
    }
}

impl ObjectLike for Table {
    fn to_value(&self) -> Value {
        Value::Table(self.clone())
    }
    fn runtime(&self) -> Result<Lua> {
        Lua::of(&self.0)
    }
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        Table::get(self, key)
    }
    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        Table::set(self, key, value)
    }
}

impl ObjectLike for AnyUserData {
    fn to_value(&self) -> Value {
        Value::UserData(self.clone())
    }
    fn runtime(&self) -> Result<Lua> {
        Lua::of(&self.0)
    }
    fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        AnyUserData::get(self, key)
    }
    fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        AnyUserData::set(self, key, value)
    }
}

/// The place of the table in which a userdata keeps values.
const KEPT: usize = 1;

impl AnyUserData {
    /// Keeps a value with the userdata, for as long as that lives. The collector sees it
    /// there, so it may lead back to the userdata, which a handle in the Rust value must not.
    ///
    /// ```
    /// use moonsweep::{Lua, Table};
    ///
    /// let lua = Lua::new();
    /// let node = lua.create_any_userdata("a Rust value")?;
    /// let children = lua.create_sequence_from([&node])?;
    /// node.set_user_value(children)?;
    /// assert_eq!(node.user_value::<Table>()?.raw_len(), 1);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MemoryError`], or a conversion's.
    pub fn set_user_value(&self, value: impl IntoLua) -> Result<()> {
        self.keep(1, value)
    }
    /// The value kept; nil if there is none.
    ///
    /// # Errors
    /// A conversion's.
    pub fn user_value<V: FromLua>(&self) -> Result<V> {
        self.kept(1)
    }
    /// The same under a number.
    ///
    /// # Errors
    /// See [`AnyUserData::set_user_value`].
    pub fn set_nth_user_value(&self, n: usize, value: impl IntoLua) -> Result<()> {
        self.keep(n, value)
    }
    /// The value kept under a number.
    ///
    /// # Errors
    /// A conversion's.
    pub fn nth_user_value<V: FromLua>(&self, n: usize) -> Result<V> {
        self.kept(n)
    }
    /// The same under a name.
    ///
    /// # Errors
    /// See [`AnyUserData::set_user_value`].
    pub fn set_named_user_value(&self, name: &str, value: impl IntoLua) -> Result<()> {
        self.keep(name, value)
    }
    /// The value kept under a name.
    ///
    /// # Errors
    /// A conversion's.
    pub fn named_user_value<V: FromLua>(&self, name: &str) -> Result<V> {
        self.kept(name)
    }
    /// The name of its type in messages: `__name` of its metatable.
    ///
    /// # Errors
    /// [`Error::StateUnavailable`].
    pub fn type_name(&self) -> Result<Option<String>> {
        Lua::of(&self.0)?.with(|_, cx| {
            let userdata = self.0.get(cx).ok_or(Error::MismatchedState)?;
            let name = cx.metafield(userdata, "__name");
            let text = name.as_str().map(|s| String::from_utf8_lossy(s.as_bytes()));
            Ok(text.map(|text| text.into_owned()))
        })
    }
    fn keep(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        let table = match self.keeper()? {
            Some(table) => table,
            None => {
                let lua = Lua::of(&self.0)?;
                let table = lua.create_table()?;
                lua.with(|lua, cx| {
                    let slot = lua.push(cx, &Value::Table(table.clone()))?;
                    let userdata = self.0.get(cx).and_then(native::Value::as_userdata);
                    let userdata = userdata.ok_or(Error::MismatchedState)?;
                    userdata.set_user_value(cx, KEPT, cx.arg(slot));
                    Ok(())
                })?;
                table
            }
        };
        table.raw_set(key, value)
    }
    fn kept<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        match self.keeper()? {
            Some(table) => table.raw_get(key),
            None => V::from_lua(Value::Nil, &Lua::of(&self.0)?),
        }
    }
    fn keeper(&self) -> Result<Option<Table>> {
        Lua::of(&self.0)?.with(|lua, cx| {
            let userdata = self.0.get(cx).and_then(native::Value::as_userdata);
            let userdata = userdata.ok_or(Error::MismatchedState)?;
            let slot = cx.push(userdata.user_value(KEPT).unwrap_or(native::Value::Nil));
            Ok(lua.value(cx, slot)?.as_table().cloned())
        })
    }
}

/// Stands for a type in Lua, see [`Lua::create_proxy`].
struct Proxy<T>(PhantomData<fn() -> T>);

impl Lua {
    /// A userdata that stands for a type: it has the functions of [`UserData`] but no value,
    /// so that scripts can call constructors: `Point.new(1, 2)`.
    ///
    /// ```
    /// use moonsweep::{Lua, UserData, UserDataMethods};
    ///
    /// struct Point(i64, i64);
    /// impl UserData for Point {
    ///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
    ///         methods.add_function("new", |_, (x, y)| Ok(Point(x, y)));
    ///         methods.add_method("sum", |_, this, ()| Ok(this.0 + this.1));
    ///     }
    /// }
    /// let lua = Lua::new();
    /// lua.globals().set("Point", lua.create_proxy::<Point>()?)?;
    /// assert_eq!(lua.load("Point.new(3, 4):sum()").eval::<i64>()?, 7);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_proxy<T: UserData + 'static>(&self) -> Result<AnyUserData> {
        let metatable = userdata::metatable::<T>(self)?;
        self.create_userdata_with(Proxy::<T>(PhantomData), metatable)
    }
}
