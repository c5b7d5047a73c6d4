//! The runtime as its host sees it.

use super::chunk::{AsChunk, Chunk};
use super::convert::{FromLua, IntoLua};
use super::error::{Error, Result};
use super::function::{self, Function};
use super::multi::{FromLuaMulti, IntoLuaMulti};
use super::options::{LuaOptions, StdLib};
use super::string::LuaString;
use super::table::Table;
use super::thread::Thread;
use super::userdata::{self, AnyUserData, Shelf, UserData, UserDataRef, UserDataRefMut};
use super::value::{LightUserData, MultiValue, Value};
use crate::native::shared::{Owner, Root, Shared};
use crate::native::{self, Context, Raised};
use moonsweep_runtime::{Vm, VmOptions};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::rc::Rc;

/// A Lua runtime. Clones are the same runtime; it is closed when the last one
/// goes, and then the handles that are left (tables, functions...) are of no
/// use any more: what is tried with them is [`Error::StateUnavailable`].
///
/// ```
/// use moonsweep::Lua;
///
/// let lua = Lua::new();
/// lua.globals().set("answer", 42)?;
/// let greet = lua.create_function(|_, name: String| Ok(format!("hello, {name}")))?;
/// lua.globals().set("greet", greet)?;
/// let (text, n): (String, i64) = lua.load("return greet('moon'), answer + 1").eval()?;
/// assert_eq!((text.as_str(), n), ("hello, moon", 43));
/// # Ok::<(), moonsweep::Error>(())
/// ```
///
/// # Threads
///
/// A runtime and its handles stay on the thread where they were made: they
/// are neither `Send` nor `Sync`, see the chapter on embedding. Two things
/// may go elsewhere: an [`Error`], and the [`Interrupter`](crate::Interrupter).
///
/// ```compile_fail
/// let lua = moonsweep::Lua::new();
/// std::thread::spawn(move || lua.load("x = 1").exec());
/// ```
#[derive(Clone, Debug)]
pub struct Lua {
    pub(crate) owner: Owner,
}

/// What the API keeps with a runtime, among the host's data.
#[derive(Default)]
pub(crate) struct Extra {
    /// Tracebacks of the calls from Rust that are in progress, once they failed.
    tracebacks: Vec<Option<String>>,
    /// Metatables by the Rust type of the userdata.
    pub(crate) metatables: HashMap<TypeId, Root>,
    app_data: HashMap<TypeId, Rc<dyn Any>>,
    /// Of the coroutines that are being polled as futures, the innermost last.
    pub(crate) wakers: Vec<std::task::Waker>,
}

/// Its key.
const EXTRA: &str = "moonsweep api";

impl Default for Lua {
    fn default() -> Lua {
        Lua::new()
    }
}

impl Lua {
    /// A runtime with all libraries and default options.
    ///
    /// # Panics
    /// If the system has no address space left for a heap; [`Lua::new_with`]
    /// tells that instead.
    #[must_use]
    pub fn new() -> Lua {
        match Lua::new_with(StdLib::ALL, LuaOptions::default()) {
            Ok(lua) => lua,
            Err(e) => panic!("cannot make a Lua runtime: {e}"),
        }
    }
    /// A runtime with some libraries.
    ///
    /// ```
    /// use moonsweep::{GcKind, Lua, LuaOptions, StdLib};
    ///
    /// let options = LuaOptions::new().collector(GcKind::MarkSweep).heap_max(64 << 20);
    /// let lua = Lua::new_with(StdLib::TABLE | StdLib::STRING, options)?;
    /// assert_eq!(lua.gc_kind()?, GcKind::MarkSweep);
    /// assert!(lua.load("return io").eval::<moonsweep::Value>()?.is_nil());
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the heap can't be made, or the options contradict each other.
    pub fn new_with(libraries: StdLib, options: LuaOptions) -> Result<Lua> {
        let LuaOptions {
            gc,
            seed,
            instruction_limit,
        } = options;
        let vm = Vm::new(VmOptions { gc, seed }).map_err(Error::OptionError)?;
        let lua = Lua {
            owner: Owner::new(vm),
        };
        lua.with(|lua, cx| {
            cx.host().set(EXTRA, Extra::default());
            let opened = moonsweep_stdlib::open_selected(cx, |name| libraries.has(name));
            opened.map_err(|e| lua.caught(cx, e))?;
            let removed = libraries.restrict(cx);
            removed.map_err(|e| lua.caught(cx, e))?;
            cx.set_instruction_limit(instruction_limit);
            Ok(())
        })?;
        Ok(lua)
    }

    /// Opens more libraries.
    ///
    /// # Errors
    /// [`Error::MemoryError`].
    pub fn load_std_libs(&self, libraries: StdLib) -> Result<()> {
        self.with(|lua, cx| {
            let wanted = |name: &str| name != "_G" && libraries.has(name);
            moonsweep_stdlib::open_selected(cx, wanted).map_err(|e| lua.caught(cx, e))
        })
    }
    /// A handle that does not keep the runtime open.
    #[must_use]
    pub fn weak(&self) -> WeakLua {
        WeakLua(self.owner.shared().clone())
    }

    // --- Values

    /// The table of global variables.
    ///
    /// # Panics
    /// If the runtime is at work (in the destructor of a userdata that the
    /// collector frees).
    #[must_use]
    pub fn globals(&self) -> Table {
        let globals = self.with(|lua, cx| Ok(Table(lua.root(cx, cx.globals().into())?)));
        match globals {
            Ok(table) => table,
            Err(e) => panic!("no globals: {e}"),
        }
    }
    /// A string of any bytes.
    ///
    /// # Errors
    /// [`Error::MemoryError`]; so for everything below that makes values.
    pub fn create_string(&self, bytes: impl AsRef<[u8]>) -> Result<LuaString> {
        self.with(|lua, cx| {
            let string = cx.string(bytes.as_ref());
            let slot = cx.push(string.map_err(|e| lua.caught(cx, e))?);
            Ok(LuaString(lua.root(cx, cx.arg(slot))?))
        })
    }
    /// An empty table.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_table(&self) -> Result<Table> {
        self.create_table_with_capacity(0, 0)
    }
    /// An empty table with room for `elements` in order and `fields`.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_table_with_capacity(&self, elements: usize, fields: usize) -> Result<Table> {
        self.with(|lua, cx| Ok(Table(lua.root(cx, cx.table(elements, fields).into())?)))
    }
    /// A table with these keys and values.
    ///
    /// # Errors
    /// See [`Lua::create_string`]; or when a key is nil or NaN, or a conversion fails.
    pub fn create_table_from<K: IntoLua, V: IntoLua>(
        &self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Table> {
        let pairs = pairs.into_iter();
        let table = self.create_table_with_capacity(0, pairs.size_hint().0)?;
        for (key, value) in pairs {
            table.raw_set(key, value)?;
        }
        Ok(table)
    }
    /// A table with these elements, from index 1 on.
    ///
    /// # Errors
    /// See [`Lua::create_string`]; or when a conversion fails.
    pub fn create_sequence_from<T: IntoLua>(
        &self,
        elements: impl IntoIterator<Item = T>,
    ) -> Result<Table> {
        let elements = elements.into_iter();
        let table = self.create_table_with_capacity(elements.size_hint().0, 0)?;
        for (i, element) in (1_i64..).zip(elements) {
            table.raw_set(i, element)?;
        }
        Ok(table)
    }
    /// A function in Rust. It gets the runtime and its arguments. An error that
    /// it returns is raised in Lua; caught by Rust again it is an
    /// [`Error::CallbackError`] with the error as its cause. A panic is
    /// raised as an error too, with the panic's text in its message.
    ///
    /// ```
    /// use moonsweep::{Error, Lua};
    ///
    /// let lua = Lua::new();
    /// let divide = lua.create_function(|_, (a, b): (i64, i64)| {
    ///     a.checked_div(b).ok_or_else(|| Error::runtime("no such quotient"))
    /// })?;
    /// assert_eq!(divide.call::<i64>((7, 2))?, 3);
    /// lua.globals().set("divide", divide)?;
    /// let (ok, e): (bool, Error) = lua.load("return pcall(divide, 1, 0)").eval()?;
    /// assert!(!ok && e.message() == "no such quotient");
    /// let e = lua.load("divide(1, {})").exec().unwrap_err();
    /// assert_eq!(e.message(), "bad argument #2 to 'divide': error converting Lua table to i64");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_function<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        function: impl Fn(&Lua, A) -> Result<R> + 'static,
    ) -> Result<Function> {
        self.create_callback(Rc::new(move |lua: &Lua, arguments| {
            let arguments = A::from_lua_args(arguments, 1, lua)?;
            function(lua, arguments)?.into_lua_multi(lua)
        }))
    }
    /// A function in Rust with a state of its own. While it runs it can't be
    /// called again: that is [`Error::RecursiveMutCallback`].
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_function_mut<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        function: impl FnMut(&Lua, A) -> Result<R> + 'static,
    ) -> Result<Function> {
        let function = std::cell::RefCell::new(function);
        self.create_function(move |lua, arguments| match function.try_borrow_mut() {
            Ok(mut function) => function(lua, arguments),
            Err(_) => Err(Error::RecursiveMutCallback),
        })
    }
    /// A native function of the lower level, see [`crate::native`].
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_native(&self, native: &'static native::NativeDef) -> Result<Function> {
        self.with(|lua, cx| Ok(Function(lua.root(cx, cx.native(native, &[]).into())?)))
    }
    /// A coroutine that will run `function`.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_thread(&self, function: Function) -> Result<Thread> {
        self.with(|lua, cx| {
            let slot = lua.push(cx, &Value::Function(function))?;
            let Some(f) = cx.arg(slot).as_function() else {
                return Err(Error::MismatchedState);
            };
            Ok(Thread(lua.root(cx, cx.new_thread(f).into())?))
        })
    }
    /// A userdata: a Rust value with the methods that its type's [`UserData`] gives it.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_userdata<T: UserData + 'static>(&self, value: T) -> Result<AnyUserData> {
        let metatable = userdata::metatable::<T>(self)?;
        self.create_userdata_with(value, metatable)
    }
    pub(crate) fn create_userdata_with<T: 'static>(
        &self,
        value: T,
        metatable: Table,
    ) -> Result<AnyUserData> {
        let userdata = self.create_any_userdata(value)?;
        self.with(|lua, cx| {
            let slot = lua.push(cx, &Value::UserData(userdata.clone()))?;
            let meta = lua.push(cx, &Value::Table(metatable))?;
            if let Some(u) = cx.arg(slot).as_userdata() {
                u.set_metatable(cx, cx.arg(meta).as_table());
            }
            Ok(())
        })?;
        Ok(userdata)
    }
    /// A userdata of a type that has no methods in Lua: scripts can hand it on.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn create_any_userdata<T: 'static>(&self, value: T) -> Result<AnyUserData> {
        self.with(|lua, cx| {
            let u = cx.userdata(Shelf::new(value), 1);
            Ok(AnyUserData(lua.root(cx, u.into())?))
        })
    }
    /// Source text or a binary chunk, to be run.
    ///
    /// ```
    /// # let lua = moonsweep::Lua::new();
    /// let squares: Vec<i64> = lua
    ///     .load("local t = {} for i = 1, ... do t[i] = i * i end return t")
    ///     .set_name("squares")
    ///     .call(4)?;
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// # Ok::<(), moonsweep::Error>(())
    /// ```
    #[track_caller]
    pub fn load<'a>(&self, chunk: impl AsChunk + 'a) -> Chunk<'a> {
        let caller = std::panic::Location::caller();
        Chunk::new(self.clone(), chunk, caller)
    }
    /// Converts a value by way of Lua.
    ///
    /// # Errors
    /// The conversion's.
    pub fn convert<U: FromLua>(&self, value: impl IntoLua) -> Result<U> {
        U::from_lua(value.into_lua(self)?, self)
    }
    /// The value in Lua.
    ///
    /// # Errors
    /// The conversion's.
    pub fn pack(&self, value: impl IntoLua) -> Result<Value> {
        value.into_lua(self)
    }
    /// The value in Rust.
    ///
    /// # Errors
    /// The conversion's.
    pub fn unpack<T: FromLua>(&self, value: Value) -> Result<T> {
        T::from_lua(value, self)
    }

    // --- What is kept with the runtime

    /// Keeps a value under a name, out of reach of scripts (but for the debug library).
    ///
    /// # Errors
    /// See [`Lua::create_string`]; or the conversion's.
    pub fn set_named_registry_value(&self, name: &str, value: impl IntoLua) -> Result<()> {
        let value = value.into_lua(self)?;
        self.with(|lua, cx| {
            let slot = lua.push(cx, &value)?;
            let set = cx.registry().set_name(cx, name, cx.arg(slot));
            set.map_err(|e| lua.caught(cx, e))
        })
    }
    /// The value kept under a name; nil if there is none.
    ///
    /// # Errors
    /// The conversion's.
    pub fn named_registry_value<T: FromLua>(&self, name: &str) -> Result<T> {
        let value = self.with(|lua, cx| {
            let slot = cx.push(cx.registry().get_name(cx, name));
            lua.value(cx, slot)
        })?;
        T::from_lua(value, self)
    }
    /// Keeps a value for as long as the key is there.
    ///
    /// # Errors
    /// See [`Lua::create_string`]; or the conversion's.
    pub fn create_registry_value(&self, value: impl IntoLua) -> Result<RegistryKey> {
        let value = value.into_lua(self)?;
        Ok(RegistryKey(self.clone().owner.shared().clone(), value))
    }
    /// The value of a key.
    ///
    /// # Errors
    /// The conversion's, or [`Error::MismatchedState`].
    pub fn registry_value<T: FromLua>(&self, key: &RegistryKey) -> Result<T> {
        if !key.0.is_same(self.owner.shared()) {
            return Err(Error::MismatchedState);
        }
        T::from_lua(key.1.clone(), self)
    }
    /// Puts another value in the place of a key's.
    ///
    /// # Errors
    /// The conversion's, or [`Error::MismatchedState`].
    pub fn replace_registry_value(&self, key: &mut RegistryKey, value: impl IntoLua) -> Result<()> {
        if !self.owns_registry_value(key) {
            return Err(Error::MismatchedState);
        }
        key.1 = value.into_lua(self)?;
        Ok(())
    }
    /// Gives a key up; dropping it does the same.
    ///
    /// # Errors
    /// [`Error::MismatchedState`].
    pub fn remove_registry_value(&self, key: RegistryKey) -> Result<()> {
        match self.owns_registry_value(&key) {
            true => Ok(()),
            false => Err(Error::MismatchedState),
        }
    }
    /// Whether a key is of this runtime.
    pub fn owns_registry_value(&self, key: &RegistryKey) -> bool {
        key.0.is_same(self.owner.shared())
    }
    /// Forgets the value kept under a name.
    ///
    /// # Errors
    /// See [`Lua::create_string`].
    pub fn unset_named_registry_value(&self, name: &str) -> Result<()> {
        self.set_named_registry_value(name, Value::Nil)
    }
    /// Keeps a Rust value with the runtime, one of each type; returns the one
    /// that was there. It can be had back in every function.
    pub fn set_app_data<T: 'static>(&self, data: T) -> Option<T> {
        let new: Rc<dyn Any> = Rc::new(Shelf::new(data));
        let old = self.extra(|extra| extra.app_data.insert(TypeId::of::<T>(), new))??;
        old.downcast::<Shelf<T>>().ok()?.take().ok()
    }
    /// The Rust value of that type, if there is one that is not borrowed mutably.
    pub fn app_data_ref<T: 'static>(&self) -> Option<UserDataRef<T>> {
        self.app_data::<T>()?.borrow().ok()
    }
    /// The same, to change it.
    pub fn app_data_mut<T: 'static>(&self) -> Option<UserDataRefMut<T>> {
        self.app_data::<T>()?.borrow_mut().ok()
    }
    /// Takes the Rust value of that type, unless it is borrowed.
    pub fn remove_app_data<T: 'static>(&self) -> Option<T> {
        let taken = self.app_data::<T>()?.take().ok()?;
        self.extra(|extra| extra.app_data.remove(&TypeId::of::<T>()));
        Some(taken)
    }
    fn app_data<T: 'static>(&self) -> Option<Rc<Shelf<T>>> {
        let found = self.extra(|extra| extra.app_data.get(&TypeId::of::<T>()).cloned())??;
        found.downcast().ok()
    }

    // --- For the API itself

    /// The runtime of a handle.
    pub(crate) fn of(root: &Root) -> Result<Lua> {
        Lua::open(root.shared())
    }
    pub(crate) fn open(shared: &Shared) -> Result<Lua> {
        if shared.is_closed() {
            return Err(Error::StateUnavailable);
        }
        Ok(Lua {
            owner: shared.own(),
        })
    }
    /// Runs `f` with the context, whose frame is afterwards as before.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&Lua, &mut Context) -> Result<R>) -> Result<R> {
        self.owner.shared().enter(|cx| {
            let slots = cx.slots();
            let result = f(self, cx);
            cx.truncate(slots);
            result
        })?
    }
    pub(crate) fn extra<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> Option<R> {
        let entered = self.owner.shared().enter(|cx| cx.host().with(EXTRA, f));
        entered.ok().flatten()
    }
    /// Pushes a value; returns its slot.
    pub(crate) fn push(&self, cx: &Context, value: &Value) -> Result<usize> {
        Ok(match value {
            Value::Nil => cx.push(()),
            Value::Boolean(b) => cx.push(*b),
            Value::Integer(i) => cx.push(*i),
            Value::Number(n) => cx.push(*n),
            Value::LightUserData(p) => cx.push(native::Value::Light(p.0)),
            Value::Error(e) => {
                let pushed = function::push_error(cx, (**e).clone());
                pushed.map_err(|e| self.caught(cx, e))?
            }
            other => match other.root().and_then(|root| root.get(cx)) {
                Some(value) => cx.push(value),
                None => return Err(Error::MismatchedState),
            },
        })
    }
    /// Pushes values.
    pub(crate) fn push_all(&self, cx: &Context, values: &[Value]) -> Result<()> {
        let room = cx.reserve(values.len());
        room.map_err(|e| self.caught(cx, e))?;
        values.iter().try_for_each(|v| self.push(cx, v).map(drop))
    }
    /// The value in a slot.
    pub(crate) fn value(&self, cx: &Context, slot: usize) -> Result<Value> {
        let value = cx.arg(slot);
        Ok(match value {
            native::Value::Nil => Value::Nil,
            native::Value::Bool(b) => Value::Boolean(b),
            native::Value::Int(i) => Value::Integer(i),
            native::Value::Float(n) => Value::Number(n),
            native::Value::Light(p) => Value::LightUserData(LightUserData(p)),
            native::Value::Str(_) => Value::String(LuaString(self.root(cx, value)?)),
            native::Value::Table(_) => Value::Table(Table(self.root(cx, value)?)),
            native::Value::Function(_) => Value::Function(Function(self.root(cx, value)?)),
            native::Value::Thread(_) => Value::Thread(Thread(self.root(cx, value)?)),
            native::Value::Userdata(_) => match wrapped(value) {
                Some(e) => Value::Error(Box::new(e.clone())),
                None => Value::UserData(AnyUserData(self.root(cx, value)?)),
            },
        })
    }
    /// The values from a slot on.
    pub(crate) fn values(&self, cx: &Context, from: usize) -> Result<MultiValue> {
        (from..cx.slots()).map(|i| self.value(cx, i)).collect()
    }
    pub(crate) fn root(&self, cx: &Context, value: native::Value<'_>) -> Result<Root> {
        let root = self.owner.shared().root(cx, value);
        root.map_err(|e| self.caught(cx, e))
    }
    /// The error that was raised.
    pub(crate) fn caught(&self, cx: &Context, raised: Raised) -> Error {
        let exhausted = cx.instructions_exhausted();
        let slot = cx.push(cx.caught(raised));
        let error = error_in(cx, slot, exhausted);
        cx.pop(1);
        error
    }
    /// Calls the function and the arguments that `push` pushes, and returns the
    /// results: from the slot returned on.
    pub(crate) fn protected(
        &self,
        cx: &mut Context,
        push: impl FnOnce(&Lua, &mut Context) -> Result<()>,
    ) -> Result<usize> {
        let base = cx.push(cx.native(&function::PROTECTED, &[]));
        push(self, cx)?;
        cx.host()
            .with(EXTRA, |e: &mut Extra| e.tracebacks.push(None));
        let called = cx.call(cx.slots() - base - 1, None);
        let traceback = cx.host().with(EXTRA, |e: &mut Extra| e.tracebacks.pop());
        match called {
            Ok(_) if cx.arg(base).truthy() => Ok(base + 1),
            Ok(_) => {
                let exhausted = cx.instructions_exhausted();
                let described = cx.arg(base + 1).as_str().is_none()
                    && !cx.metafield(cx.arg(base + 1), "__tostring").is_nil()
                    && wrapped(cx.arg(base + 1)).is_none()
                    && cx.tostring(base + 1).is_ok();
                let slot = if described { cx.slots() - 1 } else { base + 1 };
                let error = error_in(cx, slot, exhausted);
                Err(error.with_traceback(traceback.flatten().flatten()))
            }
            Err(raised) => Err(self.caught(cx, raised)),
        }
    }
}

/// Notes the traceback of the call from Rust in which an error is raised.
pub(crate) fn note_traceback(cx: &Context) {
    note(cx, &cx.traceback(None, None, 1));
}

/// The same for a coroutine that Rust has resumed.
pub(crate) fn note_thread_traceback(cx: &Context, thread: native::Thread<'_>) {
    note(cx, &cx.traceback(Some(thread), None, 0));
}

fn note(cx: &Context, lines: &[u8]) {
    let lines = String::from_utf8_lossy(lines).into_owned();
    cx.host().with(EXTRA, |extra: &mut Extra| {
        if let Some(last) = extra.tracebacks.last_mut() {
            last.get_or_insert(lines);
        }
    });
}

/// The error that a Rust function returned, as Lua knows it.
fn wrapped(value: native::Value<'_>) -> Option<&Error> {
    value.as_userdata()?.downcast()
}

/// What the error value in a slot means to Rust.
fn error_in(cx: &Context, slot: usize, exhausted: bool) -> Error {
    let text = match cx.arg(slot) {
        native::Value::Str(s) => String::from_utf8_lossy(s.as_bytes()).into_owned(),
        native::Value::Int(i) => i.to_string(),
        native::Value::Float(n) => native::float_text(n),
        other => match wrapped(other) {
            Some(error) => return error.clone(),
            None => format!("(error object is a {} value)", other.type_name()),
        },
    };
    if exhausted && text.ends_with("instruction limit reached") {
        return Error::InstructionLimit(text);
    }
    match text.as_str() {
        "not enough memory" => Error::MemoryError(text),
        _ => Error::RuntimeError(text),
    }
}

/// A handle of a runtime that does not keep it open.
#[derive(Clone, Debug)]
pub struct WeakLua(Shared);

impl WeakLua {
    /// The runtime, if it is still open.
    pub fn upgrade(&self) -> Option<Lua> {
        Lua::open(&self.0).ok()
    }
}

/// Keeps a value that Lua need not know of; see [`Lua::create_registry_value`].
#[derive(Clone, Debug)]
pub struct RegistryKey(Shared, Value);
