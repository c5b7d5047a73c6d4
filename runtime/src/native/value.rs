//! Values as natives see them: they borrow the context.

use super::Num;
use crate::interp::{arith, compare, message};
use crate::object::function::{Closure, Native, Upvalue};
use crate::object::string::Str as RawStr;
use crate::object::table::Table as RawTable;
use crate::object::thread::ThreadObj;
use crate::object::userdata::UserdataObj;
use crate::value::{Value as Raw, tag};
use std::marker::PhantomData;

macro_rules! handles {
    ($($(#[$m:meta])* $name:ident($raw:ty);)*) => {$(
        $(#[$m])*
        #[derive(Clone, Copy)]
        pub struct $name<'a>(pub(crate) $raw, pub(crate) PhantomData<&'a ()>);
        impl<'a> From<$name<'a>> for Value<'a> {
            fn from(x: $name<'a>) -> Value<'a> { Value::$name(x) }
        }
    )*};
}

handles! {
    /// A string.
    Str(RawStr);
    /// A table.
    Table(RawTable);
    /// A function, Lua or native.
    Function(FunctionObj);
    /// A full userdata.
    Userdata(UserdataObj);
    /// A coroutine.
    Thread(ThreadObj);
}

/// Either kind of function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionObj {
    Lua(Closure),
    Native(Native),
}

impl FunctionObj {
    pub(crate) fn value(self) -> Raw {
        match self {
            FunctionObj::Lua(c) => c.value(),
            FunctionObj::Native(n) => n.value(),
        }
    }
}

/// A Lua value.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// nil
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A light userdata.
    Light(u64),
    /// A string.
    Str(Str<'a>),
    /// A table.
    Table(Table<'a>),
    /// A function.
    Function(Function<'a>),
    /// A full userdata.
    Userdata(Userdata<'a>),
    /// A coroutine.
    Thread(Thread<'a>),
}

impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
impl From<i64> for Value<'_> {
    fn from(i: i64) -> Self {
        Value::Int(i)
    }
}
impl From<f64> for Value<'_> {
    fn from(f: f64) -> Self {
        Value::Float(f)
    }
}
impl From<Num> for Value<'_> {
    fn from(n: Num) -> Self {
        match n {
            Num::Int(i) => Value::Int(i),
            Num::Float(f) => Value::Float(f),
        }
    }
}
impl From<()> for Value<'_> {
    fn from((): ()) -> Self {
        Value::Nil
    }
}

impl<'a> Value<'a> {
    /// From register form.
    #[inline(always)]
    pub(crate) fn of(v: Raw) -> Value<'a> {
        // SAFETY: tags come with objects of their kind.
        unsafe {
            match v.tag {
                tag::FALSE => Value::Bool(false),
                tag::TRUE => Value::Bool(true),
                tag::INT => Value::Int(v.as_int()),
                tag::FLOAT => Value::Float(v.as_float()),
                tag::LIGHT => Value::Light(v.payload),
                tag::STRING => Value::Str(Str(RawStr(v.obj()), PhantomData)),
                tag::TABLE => Value::Table(Table(RawTable(v.obj()), PhantomData)),
                tag::CLOSURE => {
                    Value::Function(Function(FunctionObj::Lua(Closure(v.obj())), PhantomData))
                }
                tag::NATIVE => {
                    Value::Function(Function(FunctionObj::Native(Native(v.obj())), PhantomData))
                }
                tag::USERDATA => Value::Userdata(Userdata(UserdataObj(v.obj()), PhantomData)),
                tag::THREAD => Value::Thread(Thread(ThreadObj(v.obj()), PhantomData)),
                _ => Value::Nil,
            }
        }
    }
    /// To register form.
    #[inline(always)]
    pub(crate) fn raw(self) -> Raw {
        match self {
            Value::Nil => Raw::NIL,
            Value::Bool(b) => Raw::bool(b),
            Value::Int(i) => Raw::int(i),
            Value::Float(f) => Raw::float(f),
            Value::Light(p) => Raw::light(p),
            Value::Str(s) => s.0.value(),
            Value::Table(t) => t.0.value(),
            Value::Function(f) => f.0.value(),
            Value::Userdata(u) => u.0.value(),
            Value::Thread(t) => t.0.value(),
        }
    }
    /// The type's name, as `type` returns it.
    pub fn type_name(self) -> &'static str {
        message::basic_type_name(self.raw().tag)
    }
    /// Neither nil nor false.
    pub fn truthy(self) -> bool {
        !matches!(self, Value::Nil | Value::Bool(false))
    }
    /// nil?
    pub fn is_nil(self) -> bool {
        matches!(self, Value::Nil)
    }
    /// Equality without metamethods.
    pub fn raw_eq(self, other: Value<'_>) -> bool {
        compare::raw_equal(self.raw(), other.raw())
    }
    /// The address of the object, for `%p` and `tostring`.
    pub fn address(self) -> Option<usize> {
        match self {
            Value::Light(p) => Some(p as usize),
            _ => self.raw().as_object().map(|o| o.addr()),
        }
    }
    /// The string, without coercion.
    pub fn as_str(self) -> Option<Str<'a>> {
        if let Value::Str(s) = self {
            Some(s)
        } else {
            None
        }
    }
    /// The table.
    pub fn as_table(self) -> Option<Table<'a>> {
        if let Value::Table(t) = self {
            Some(t)
        } else {
            None
        }
    }
    /// The function.
    pub fn as_function(self) -> Option<Function<'a>> {
        if let Value::Function(f) = self {
            Some(f)
        } else {
            None
        }
    }
    /// The thread.
    pub fn as_thread(self) -> Option<Thread<'a>> {
        if let Value::Thread(t) = self {
            Some(t)
        } else {
            None
        }
    }
    /// The userdata.
    pub fn as_userdata(self) -> Option<Userdata<'a>> {
        if let Value::Userdata(u) = self {
            Some(u)
        } else {
            None
        }
    }
    /// The integer, without coercion.
    pub fn as_int(self) -> Option<i64> {
        if let Value::Int(i) = self {
            Some(i)
        } else {
            None
        }
    }
    /// An integer, a float with an exact integer value, or a string that reads as one of them.
    #[inline]
    pub fn to_integer(self) -> Option<i64> {
        if let Value::Int(i) = self {
            Some(i)
        } else {
            arith::to_integer(self.raw())
        }
    }
    /// A number, or a string that reads as one, as a float.
    #[inline]
    pub fn to_number(self) -> Option<f64> {
        match self {
            Value::Float(f) => Some(f),
            Value::Int(i) => Some(i as f64),
            _ => arith::to_number(self.raw()).map(|n| match n {
                Num::Int(i) => i as f64,
                Num::Float(f) => f,
            }),
        }
    }
    /// A number, or a string that reads as one.
    pub fn to_numeral(self) -> Option<Num> {
        arith::to_number(self.raw())
    }
}

impl<'a> Str<'a> {
    /// The bytes.
    #[inline(always)]
    pub fn as_bytes(self) -> &'a [u8] {
        // SAFETY: the string is alive as long as `'a`, and immutable.
        unsafe { self.0.as_bytes() }
    }
    /// Length in bytes.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: as above.
        unsafe { self.0.len() }
    }
    /// No bytes?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'a> Userdata<'a> {
    /// The payload, if it is a `T`.
    pub fn downcast<T: 'static>(self) -> Option<&'a T> {
        self.0.payload().downcast_ref()
    }
    /// The metatable.
    pub fn metatable(self) -> Option<Table<'a>> {
        self.0.meta().map(|t| Table(t, PhantomData))
    }
    /// User value `n` (from 1).
    pub fn user_value(self, n: usize) -> Option<Value<'a>> {
        // SAFETY: slots of a live object hold live words.
        (n >= 1 && n <= self.0.num_values())
            .then(|| Value::of(unsafe { Raw::from_word(self.0.slot(n - 1).load()) }))
    }
}

impl<'a> Function<'a> {
    /// A native function?
    pub fn is_native(self) -> bool {
        matches!(self.0, FunctionObj::Native(_))
    }
    /// Number of upvalues.
    pub fn num_upvalues(self) -> usize {
        match self.0 {
            FunctionObj::Lua(c) => c.num_upvalues(),
            FunctionObj::Native(n) => n.num_upvalues(),
        }
    }
    /// Name and value of upvalue `n` (from 1). Natives' upvalues have empty
    /// names; stripped ones `(no name)`.
    pub fn upvalue(self, n: usize) -> Option<(Vec<u8>, Value<'a>)> {
        if n < 1 || n > self.num_upvalues() {
            return None;
        }
        match self.0 {
            FunctionObj::Lua(c) => {
                let name = &c.proto().info.upvalues[n - 1].name;
                let name = if name.is_empty() {
                    b"(no name)".to_vec()
                } else {
                    name.to_vec()
                };
                Some((name, Value::of(c.upvalue(n - 1).get())))
            }
            FunctionObj::Native(f) => {
                // SAFETY: slots of a live object hold live words.
                let v = unsafe { Raw::from_word(f.upvalue(n - 1).load()) };
                Some((Vec::new(), Value::of(v)))
            }
        }
    }
    /// Identifies the variable behind upvalue `n`.
    pub fn upvalue_id(self, n: usize) -> Option<u64> {
        if n < 1 || n > self.num_upvalues() {
            return None;
        }
        Some(match self.0 {
            FunctionObj::Lua(c) => c.upvalue(n - 1).0.addr() as u64,
            FunctionObj::Native(f) => f.upvalue(n - 1) as *const _ as u64,
        })
    }
    pub(crate) fn lua(self) -> Option<Closure> {
        if let FunctionObj::Lua(c) = self.0 {
            Some(c)
        } else {
            None
        }
    }
    pub(crate) fn lua_upvalue(self, n: usize) -> Option<Upvalue> {
        let c = self.lua()?;
        (n >= 1 && n <= c.num_upvalues()).then(|| c.upvalue(n - 1))
    }
}
