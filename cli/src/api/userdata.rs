//! Userdata: Rust values in Lua, with methods, fields and metamethods.
//!
//! A userdata's payload is a [`Shelf`]: the value, or the note that it is lent
//! out. A shared borrow is another owner of the value; a mutable one takes it
//! off the shelf and puts it back in the end. So a value that is borrowed stays
//! alive whatever the collector does, and a borrow that the rules forbid is an
//! error of Lua's, not a panic.

use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::function::Function;
use super::lua::Lua;
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::table::Table;
use super::value::{MultiValue, Value, same};
use crate::native::shared::Root;
use crate::native::{self, Context, NativeDef, Results};
use std::any::TypeId;
use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

/// Where a value is kept that can be borrowed, also for longer than the
/// shelf's owner lives.
pub(crate) struct Shelf<T>(Rc<RefCell<Place<T>>>);

enum Place<T> {
    /// Here; other owners are shared borrows.
    Here(Rc<T>),
    /// Borrowed mutably.
    Lent,
    /// Taken out for good.
    Gone,
}

impl<T> Shelf<T> {
    pub(crate) fn new(value: T) -> Shelf<T> {
        Shelf(Rc::new(RefCell::new(Place::Here(Rc::new(value)))))
    }
    /// The same shelf.
    fn share(&self) -> Shelf<T> {
        Shelf(self.0.clone())
    }
    pub(crate) fn borrow(&self) -> Result<UserDataRef<T>> {
        match &*self.0.borrow() {
            Place::Here(value) => Ok(UserDataRef(value.clone())),
            Place::Lent => Err(Error::UserDataBorrowError),
            Place::Gone => Err(Error::UserDataDestructed),
        }
    }
    pub(crate) fn borrow_mut(&self) -> Result<UserDataRefMut<T>> {
        let value = self.take_off(Place::Lent)?;
        Ok(UserDataRefMut {
            value: Some(value),
            shelf: self.share(),
        })
    }
    pub(crate) fn take(&self) -> Result<T> {
        match Rc::try_unwrap(self.take_off(Place::Gone)?) {
            Ok(value) => Ok(value),
            Err(_) => Err(Error::UserDataBorrowMutError),
        }
    }
    /// Leaves `instead` where the value was, unless it is borrowed.
    fn take_off(&self, instead: Place<T>) -> Result<Rc<T>> {
        let mut place = self.0.borrow_mut();
        match &*place {
            Place::Here(value) if Rc::strong_count(value) > 1 => {
                return Err(Error::UserDataBorrowMutError);
            }
            Place::Here(_) => {}
            Place::Lent => return Err(Error::UserDataBorrowMutError),
            Place::Gone => return Err(Error::UserDataDestructed),
        }
        match std::mem::replace(&mut *place, instead) {
            Place::Here(value) => Ok(value),
            Place::Lent | Place::Gone => Err(Error::UserDataDestructed),
        }
    }
}

/// A userdata's value, borrowed.
#[derive(Debug)]
pub struct UserDataRef<T>(Rc<T>);

impl<T> Deref for UserDataRef<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A userdata's value, borrowed mutably.
pub struct UserDataRefMut<T> {
    /// There until the drop.
    value: Option<Rc<T>>,
    shelf: Shelf<T>,
}

impl<T> Deref for UserDataRefMut<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value.as_ref().expect("it is there until the drop")
    }
}

impl<T> DerefMut for UserDataRefMut<T> {
    fn deref_mut(&mut self) -> &mut T {
        let value = self.value.as_mut().expect("it is there until the drop");
        Rc::get_mut(value).expect("off the shelf, it has one owner")
    }
}

impl<T> Drop for UserDataRefMut<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            *self.shelf.0.borrow_mut() = Place::Here(value);
        }
    }
}

/// A Rust type whose values Lua can work with.
///
/// ```
/// use moonsweep::{Lua, MetaMethod, UserData, UserDataFields, UserDataMethods, UserDataRef};
///
/// struct Point { x: f64, y: f64 }
///
/// impl UserData for Point {
///     fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
///         fields.add_field_method_get("x", |_, this| Ok(this.x));
///         fields.add_field_method_set("x", |_, this, x| {
///             this.x = x;
///             Ok(())
///         });
///     }
///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
///         methods.add_method("length", |_, this, ()| Ok(this.x.hypot(this.y)));
///         methods.add_method_mut("scale", |_, this, by: f64| {
///             this.x *= by;
///             this.y *= by;
///             Ok(())
///         });
///         methods.add_meta_method(MetaMethod::Add, |_, this, other: UserDataRef<Point>| {
///             Ok(Point { x: this.x + other.x, y: this.y + other.y })
///         });
///     }
/// }
///
/// let lua = Lua::new();
/// let point = lua.create_function(|_, (x, y)| Ok(Point { x, y }))?;
/// lua.globals().set("point", point)?;
/// let (length, x): (f64, f64) = lua
///     .load("local p = point(1, 2) + point(2, 2)  p:scale(2)  return p:length(), p.x")
///     .eval()?;
/// assert_eq!((length, x), (10.0, 6.0));
/// # Ok::<(), moonsweep::Error>(())
/// ```
pub trait UserData: Sized {
    /// Says which fields there are.
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        let _ = fields;
    }
    /// Says which methods and metamethods there are.
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        let _ = methods;
    }
}

/// Takes the fields of a type.
pub trait UserDataFields<T> {
    /// A field with the same value for all.
    fn add_field(&mut self, name: impl Into<String>, value: impl IntoLua + 'static);
    /// How a field is read.
    fn add_field_method_get<R: IntoLua>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&Lua, &T) -> Result<R> + 'static,
    );
    /// How a field is written.
    fn add_field_method_set<A: FromLua>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&Lua, &mut T, A) -> Result<()> + 'static,
    );
    /// How a field is read, given the userdata itself.
    fn add_field_function_get<R: IntoLua>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&Lua, AnyUserData) -> Result<R> + 'static,
    );
    /// How a field is written, given the userdata itself.
    fn add_field_function_set<A: FromLua>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&Lua, AnyUserData, A) -> Result<()> + 'static,
    );
    /// A field of the metatable.
    fn add_meta_field(&mut self, name: impl Into<String>, value: impl IntoLua + 'static);
}

/// Takes the methods of a type.
pub trait UserDataMethods<T> {
    /// A method that borrows the value.
    fn add_method<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(&Lua, &T, A) -> Result<R> + 'static,
    );
    /// A method that borrows the value mutably. While it runs, Lua can't
    /// use the value in any other way: that is [`Error::UserDataBorrowError`].
    fn add_method_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
    );
    /// A function beside the methods: nothing is borrowed.
    fn add_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    );
    /// A method that waits, see [`Lua::create_async_function`]. It borrows the value
    /// until its future is done or dropped.
    fn add_async_method<A, R, F>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(Lua, UserDataRef<T>, A) -> F + 'static,
    ) where
        T: 'static,
        A: FromLuaMulti,
        R: IntoLuaMulti,
        F: Future<Output = Result<R>> + 'static;
    /// A function beside the methods that waits.
    fn add_async_function<A, R, F>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(Lua, A) -> F + 'static,
    ) where
        A: FromLuaMulti,
        R: IntoLuaMulti,
        F: Future<Output = Result<R>> + 'static;
    /// A metamethod that borrows the value, which must be the first operand.
    fn add_meta_method<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(&Lua, &T, A) -> Result<R> + 'static,
    );
    /// A metamethod that borrows the value mutably.
    fn add_meta_method_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
    );
    /// A metamethod that gets its operands as they are.
    fn add_meta_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    );
}

macro_rules! metamethods {
    ($($name:ident => $event:literal, $doc:literal;)*) => {
        /// The names of metamethods. Any other name will do as well, as a text.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum MetaMethod {
            $(#[doc = $doc] $name,)*
        }
        impl MetaMethod {
            /// The key in the metatable.
            pub fn name(self) -> &'static str {
                match self {
                    $(MetaMethod::$name => $event,)*
                }
            }
        }
    };
}

metamethods! {
    Add => "__add", "`+`";
    Sub => "__sub", "`-`";
    Mul => "__mul", "`*`";
    Div => "__div", "`/`";
    Mod => "__mod", "`%`";
    Pow => "__pow", "`^`";
    Unm => "__unm", "`-` before its operand";
    IDiv => "__idiv", "`//`";
    BAnd => "__band", "`&`";
    BOr => "__bor", "`|`";
    BXor => "__bxor", "`~`";
    BNot => "__bnot", "`~` before its operand";
    Shl => "__shl", "`<<`";
    Shr => "__shr", "`>>`";
    Concat => "__concat", "`..`";
    Len => "__len", "`#`";
    Eq => "__eq", "`==`";
    Lt => "__lt", "`<`";
    Le => "__le", "`<=`";
    Index => "__index", "Reading a field that is not there.";
    NewIndex => "__newindex", "Writing a field that is not there.";
    Call => "__call", "Calling it.";
    ToString => "__tostring", "`tostring`";
    Pairs => "__pairs", "`pairs`";
    Close => "__close", "Leaving the scope of a to-be-closed variable.";
    Gc => "__gc", "Before it is freed. Dropping the Rust value needs no such thing.";
    Name => "__name", "The type's name in messages.";
}

impl From<MetaMethod> for String {
    fn from(m: MetaMethod) -> String {
        m.name().to_owned()
    }
}

/// What a type has given.
struct Registry<'a, T> {
    lua: &'a Lua,
    getters: Vec<(String, Value)>,
    setters: Vec<(String, Value)>,
    methods: Vec<(String, Value)>,
    meta: Vec<(String, Value)>,
    /// The first failure.
    failure: Option<Error>,
    type_: PhantomData<fn(T)>,
}

/// Splits off the userdata that a method is called on.
fn receiver<A: FromLuaMulti>(lua: &Lua, mut arguments: MultiValue) -> Result<(AnyUserData, A)> {
    let this = arguments.pop_front().unwrap_or_default();
    let this = AnyUserData::from_lua(this, lua).map_err(|cause| Error::BadArgument {
        to: None,
        pos: 1,
        cause: cause.into(),
    })?;
    Ok((this, A::from_lua_args(arguments, 2, lua)?))
}

impl<T: 'static> Registry<'_, T> {
    fn function<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    ) -> Value {
        let made = self.lua.create_function(function).map(Value::Function);
        self.noted(made)
    }
    fn method<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        method: impl Fn(&Lua, &T, A) -> Result<R> + 'static,
    ) -> Value {
        self.function(move |lua, all: MultiValue| {
            let (this, arguments) = receiver(lua, all)?;
            method(lua, &*this.borrow::<T>()?, arguments)?.into_lua_multi(lua)
        })
    }
    fn method_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        method: impl FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
    ) -> Value {
        let method = RefCell::new(method);
        self.function(move |lua, all: MultiValue| {
            let (this, arguments) = receiver(lua, all)?;
            let mut method = method
                .try_borrow_mut()
                .map_err(|_| Error::RecursiveMutCallback)?;
            method(lua, &mut *this.borrow_mut::<T>()?, arguments)?.into_lua_multi(lua)
        })
    }
    fn noted(&mut self, value: Result<Value>) -> Value {
        value.unwrap_or_else(|e| {
            self.failure.get_or_insert(e);
            Value::Nil
        })
    }
}

impl<T: 'static> UserDataFields<T> for Registry<'_, T> {
    fn add_field(&mut self, name: impl Into<String>, value: impl IntoLua + 'static) {
        let value = value.into_lua(self.lua);
        let value = self.noted(value);
        self.methods.push((name.into(), value));
    }
    fn add_field_method_get<R: IntoLua>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&Lua, &T) -> Result<R> + 'static,
    ) {
        let get = self.method(move |lua, this, ()| get(lua, this));
        self.getters.push((name.into(), get));
    }
    fn add_field_method_set<A: FromLua>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&Lua, &mut T, A) -> Result<()> + 'static,
    ) {
        let set = self.method_mut(move |lua, this, value: A| set(lua, this, value));
        self.setters.push((name.into(), set));
    }
    fn add_field_function_get<R: IntoLua>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&Lua, AnyUserData) -> Result<R> + 'static,
    ) {
        let get = self.function(get);
        self.getters.push((name.into(), get));
    }
    fn add_field_function_set<A: FromLua>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&Lua, AnyUserData, A) -> Result<()> + 'static,
    ) {
        let set = self.function(move |lua, (this, value): (AnyUserData, A)| set(lua, this, value));
        self.setters.push((name.into(), set));
    }
    fn add_meta_field(&mut self, name: impl Into<String>, value: impl IntoLua + 'static) {
        let value = value.into_lua(self.lua);
        let value = self.noted(value);
        self.meta.push((name.into(), value));
    }
}

impl<T: 'static> UserDataMethods<T> for Registry<'_, T> {
    fn add_method<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(&Lua, &T, A) -> Result<R> + 'static,
    ) {
        let method = self.method(method);
        self.methods.push((name.into(), method));
    }
    fn add_method_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
    ) {
        let method = self.method_mut(method);
        self.methods.push((name.into(), method));
    }
    fn add_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    ) {
        let function = self.function(function);
        self.methods.push((name.into(), function));
    }
    fn add_async_method<A, R, F>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(Lua, UserDataRef<T>, A) -> F + 'static,
    ) where
        A: FromLuaMulti,
        R: IntoLuaMulti,
        F: Future<Output = Result<R>> + 'static,
    {
        let method = move |lua, (this, arguments)| method(lua, this, arguments);
        self.add_async_function(name, method);
    }
    fn add_async_function<A, R, F>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(Lua, A) -> F + 'static,
    ) where
        A: FromLuaMulti,
        R: IntoLuaMulti,
        F: Future<Output = Result<R>> + 'static,
    {
        let made = self.lua.create_async_function(function);
        let function = self.noted(made.map(Value::Function));
        self.methods.push((name.into(), function));
    }
    fn add_meta_method<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl Fn(&Lua, &T, A) -> Result<R> + 'static,
    ) {
        let method = self.method(method);
        self.meta.push((name.into(), method));
    }
    fn add_meta_method_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        method: impl FnMut(&Lua, &mut T, A) -> Result<R> + 'static,
    ) {
        let method = self.method_mut(method);
        self.meta.push((name.into(), method));
    }
    fn add_meta_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &mut self,
        name: impl Into<String>,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    ) {
        let function = self.function(function);
        self.meta.push((name.into(), function));
    }
}

/// The metatable of a type's userdata, made once.
pub(crate) fn metatable<T: UserData + 'static>(lua: &Lua) -> Result<Table> {
    let id = TypeId::of::<T>();
    if let Some(Some(root)) = lua.extra(|extra| extra.metatables.get(&id).cloned()) {
        return Ok(Table(root));
    }
    let mut registry = Registry::<T> {
        lua,
        getters: Vec::new(),
        setters: Vec::new(),
        methods: Vec::new(),
        meta: Vec::new(),
        failure: None,
        type_: PhantomData,
    };
    T::add_fields(&mut registry);
    T::add_methods(&mut registry);
    let Registry {
        getters,
        setters,
        methods,
        meta,
        failure,
        ..
    } = registry;
    if let Some(failure) = failure {
        return Err(failure);
    }
    let table = lua.create_table()?;
    let name = std::any::type_name::<T>();
    table.raw_set("__name", name.rsplit("::").next().unwrap_or(name))?;
    table.raw_set("__metatable", false)?;
    for (key, value) in meta {
        table.raw_set(key, value)?;
    }
    let fallback: Value = table.raw_get("__index")?;
    let methods = lua.create_table_from(methods)?;
    if getters.is_empty() && fallback.is_nil() {
        table.raw_set("__index", methods)?;
    } else {
        let getters = lua.create_table_from(getters)?;
        let index = dispatcher(
            lua,
            &INDEX,
            [getters.into_lua(lua)?, methods.into_lua(lua)?, fallback],
        )?;
        table.raw_set("__index", index)?;
    }
    if !setters.is_empty() {
        let fallback: Value = table.raw_get("__newindex")?;
        let setters = lua.create_table_from(setters)?.into_lua(lua)?;
        let newindex = dispatcher(lua, &NEWINDEX, [setters, Value::Nil, fallback])?;
        table.raw_set("__newindex", newindex)?;
    }
    let root = table.0.clone();
    lua.extra(|extra| extra.metatables.insert(id, root));
    Ok(table)
}

/// A native with three upvalues.
fn dispatcher(lua: &Lua, def: &'static NativeDef, upvalues: [Value; 3]) -> Result<Function> {
    lua.with(|lua, cx| {
        let first = cx.slots();
        lua.push_all(cx, &upvalues)?;
        let upvalues = [cx.arg(first), cx.arg(first + 1), cx.arg(first + 2)];
        Ok(Function(lua.root(cx, cx.native(def, &upvalues).into())?))
    })
}

/// The entry of upvalue `i`, a table, for the key in argument 1.
fn entry(cx: &Context, i: usize) -> native::Value<'_> {
    match cx.upvalue(i).as_table() {
        Some(table) => table.get(cx, cx.arg(1)),
        None => native::Value::Nil,
    }
}

/// Upvalues: getters, methods, and what else `__index` is.
fn index(cx: &mut Context) -> native::Result<Results> {
    let getter = entry(cx, 0);
    if !getter.is_nil() {
        cx.push(getter);
        cx.push(cx.arg(0));
        return Ok(cx.tail_call(1));
    }
    let method = entry(cx, 1);
    if !method.is_nil() {
        return cx.ret(method);
    }
    fall_back(cx, 2)
}

/// Upvalues: setters, nothing, and what else `__newindex` is.
fn new_index(cx: &mut Context) -> native::Result<Results> {
    let setter = entry(cx, 0);
    if !setter.is_nil() {
        cx.push(setter);
        cx.push(cx.arg(0));
        cx.push(cx.arg(2));
        return Ok(cx.tail_call(2));
    }
    if cx.upvalue(2).is_nil() {
        let key = match cx.arg(1) {
            native::Value::Str(s) => String::from_utf8_lossy(s.as_bytes()).into_owned(),
            other => other.type_name().to_owned(),
        };
        return Err(cx.error(format!("no field '{key}' to assign to")));
    }
    fall_back(cx, 3)
}

/// What the type's own metamethod, a function or a table, says.
fn fall_back(cx: &mut Context, arguments: usize) -> native::Result<Results> {
    match cx.upvalue(2) {
        native::Value::Nil => cx.ret(()),
        native::Value::Function(function) => {
            cx.push(function);
            for i in 0..arguments {
                cx.push(cx.arg(i));
            }
            Ok(cx.tail_call(arguments))
        }
        other => {
            let object = cx.push(other);
            cx.push(cx.arg(1));
            if arguments == 2 {
                cx.index(object)?;
                return Ok(cx.results(1));
            }
            cx.push(cx.arg(2));
            cx.set_index(object)?;
            cx.none()
        }
    }
}

static INDEX: NativeDef = NativeDef {
    name: "index",
    function: index,
};
static NEWINDEX: NativeDef = NativeDef {
    name: "newindex",
    function: new_index,
};

/// A userdata of any type.
#[derive(Clone, Debug)]
pub struct AnyUserData(pub(crate) Root);

impl PartialEq for AnyUserData {
    /// Whether it is the same userdata.
    fn eq(&self, other: &AnyUserData) -> bool {
        same(&self.0, &other.0)
    }
}

impl AnyUserData {
    /// Whether its value is a `T`.
    pub fn is<T: 'static>(&self) -> bool {
        self.shelf::<T>().is_ok()
    }
    /// Borrows its value.
    ///
    /// # Errors
    /// [`Error::UserDataTypeMismatch`], [`Error::UserDataBorrowError`],
    /// [`Error::UserDataDestructed`].
    pub fn borrow<T: 'static>(&self) -> Result<UserDataRef<T>> {
        self.shelf()?.borrow()
    }
    /// Borrows its value mutably.
    ///
    /// # Errors
    /// [`Error::UserDataTypeMismatch`], [`Error::UserDataBorrowMutError`],
    /// [`Error::UserDataDestructed`].
    pub fn borrow_mut<T: 'static>(&self) -> Result<UserDataRefMut<T>> {
        self.shelf()?.borrow_mut()
    }
    /// Takes its value out; Lua finds nothing in it any more.
    ///
    /// # Errors
    /// As for [`AnyUserData::borrow_mut`].
    pub fn take<T: 'static>(&self) -> Result<T> {
        self.shelf()?.take()
    }
    fn shelf<T: 'static>(&self) -> Result<Shelf<T>> {
        Lua::of(&self.0)?.with(|_, cx| {
            let userdata = self.0.get(cx).and_then(native::Value::as_userdata);
            let userdata = userdata.ok_or(Error::MismatchedState)?;
            match userdata.downcast::<Shelf<T>>() {
                Some(shelf) => Ok(shelf.share()),
                None => Err(Error::UserDataTypeMismatch),
            }
        })
    }
    /// A field or method, as Lua would find it.
    ///
    /// # Errors
    /// A metamethod's, or a conversion's.
    pub fn get<V: FromLua>(&self, key: impl IntoLua) -> Result<V> {
        let lua = Lua::of(&self.0)?;
        let key = key.into_lua(&lua)?;
        let value = lua.with(|lua, cx| {
            let object = lua.push(cx, &Value::UserData(self.clone()))?;
            lua.push(cx, &key)?;
            cx.index(object).map_err(|e| lua.caught(cx, e))?;
            lua.value(cx, cx.slots() - 1)
        })?;
        V::from_lua(value, &lua)
    }
    /// Sets a field, as Lua would.
    ///
    /// # Errors
    /// A metamethod's, or a conversion's.
    pub fn set(&self, key: impl IntoLua, value: impl IntoLua) -> Result<()> {
        let lua = Lua::of(&self.0)?;
        let (key, value) = (key.into_lua(&lua)?, value.into_lua(&lua)?);
        lua.with(|lua, cx| {
            let object = lua.push(cx, &Value::UserData(self.clone()))?;
            lua.push(cx, &key)?;
            lua.push(cx, &value)?;
            cx.set_index(object).map_err(|e| lua.caught(cx, e))
        })
    }
    /// Calls a method: `userdata:name(...)`.
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
        all.push_front(Value::UserData(self.clone()));
        self.get::<Function>(name)?.call(all)
    }
    /// What identifies it.
    pub fn to_pointer(&self) -> usize {
        Value::UserData(self.clone()).to_pointer()
    }
}
