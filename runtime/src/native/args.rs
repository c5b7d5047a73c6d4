//! Argument checks, with the messages of the reference's auxiliary library.

use super::{Context, Function, Num, Raised, Result, Str, Table, Thread, Value};
use crate::interp::message;
use crate::object::string::Str as RawStr;
use crate::value::tag;
use std::marker::PhantomData;

impl Context {
    /// `bad argument #i to 'f' (msg)`; `i` counts from 0.
    #[cold]
    pub fn arg_error(&self, i: usize, msg: impl AsRef<str>) -> Raised {
        let msg = msg.as_ref();
        let mut arg = i + 1;
        let (name, what) = self.running_name();
        let mut text;
        if what == "method" {
            if arg == 1 {
                text = b"calling '".to_vec();
                text.extend_from_slice(&name.unwrap_or(b"?".to_vec()));
                text.extend_from_slice(format!("' on bad self ({msg})").as_bytes());
                return self.error(text);
            }
            arg -= 1;
        }
        text = format!("bad argument #{arg} to '").into_bytes();
        text.extend_from_slice(&name.unwrap_or(b"?".to_vec()));
        text.extend_from_slice(format!("' ({msg})").as_bytes());
        self.error(text)
    }
    /// `expected expected, got T`.
    #[cold]
    pub fn type_error(&self, i: usize, expected: impl AsRef<str>) -> Raised {
        let expected = expected.as_ref();
        if self.is_none(i) {
            return self.arg_error(i, format!("{expected} expected, got no value"));
        }
        self.type_error_of(i, self.arg(i), expected)
    }
    /// As [`Self::type_error`], for a value that stands in the place of argument `i`.
    #[cold]
    pub fn type_error_of(&self, i: usize, got: Value<'_>, expected: &str) -> Raised {
        let got = match got {
            Value::Light(_) => "light userdata".to_owned(),
            v => String::from_utf8_lossy(&message::type_name(self.vm(), v.raw())).into_owned(),
        };
        self.arg_error(i, format!("{expected} expected, got {got}"))
    }
    /// No argument at all?
    pub fn is_none(&self, i: usize) -> bool {
        i >= self.nargs()
    }
    /// No argument, or nil?
    #[inline]
    pub fn is_none_or_nil(&self, i: usize) -> bool {
        self.raw(i).is_nil()
    }
    /// Any argument.
    ///
    /// # Errors
    /// `value expected` (as below: argument errors).
    pub fn check_any(&self, i: usize) -> Result<Value<'_>> {
        if self.is_none(i) {
            return Err(self.arg_error(i, "value expected"));
        }
        Ok(self.arg(i))
    }
    /// An integer, or what converts to one exactly.
    #[inline]
    pub fn check_int(&self, i: usize) -> Result<i64> {
        let v = self.raw(i);
        if v.tag == tag::INT {
            return Ok(v.as_int());
        }
        self.check_int_slow(i)
    }
    #[cold]
    fn check_int_slow(&self, i: usize) -> Result<i64> {
        match self.arg(i).to_integer() {
            Some(n) => Ok(n),
            None if self.arg(i).to_numeral().is_some() => {
                Err(self.arg_error(i, "number has no integer representation"))
            }
            None => Err(self.type_error(i, "number")),
        }
    }
    /// An integer, or the default if there is none.
    #[inline]
    pub fn opt_int(&self, i: usize, default: i64) -> Result<i64> {
        if self.is_none_or_nil(i) {
            Ok(default)
        } else {
            self.check_int(i)
        }
    }
    /// A number, or a string that reads as one.
    #[inline]
    pub fn check_num(&self, i: usize) -> Result<f64> {
        match self.arg(i).to_number() {
            Some(n) => Ok(n),
            None => Err(self.type_error(i, "number")),
        }
    }
    /// A number, or the default if there is none.
    pub fn opt_num(&self, i: usize, default: f64) -> Result<f64> {
        if self.is_none_or_nil(i) {
            Ok(default)
        } else {
            self.check_num(i)
        }
    }
    /// A number, integer or float.
    #[inline]
    pub fn check_numeral(&self, i: usize) -> Result<Num> {
        match self.arg(i) {
            Value::Int(n) => Ok(Num::Int(n)),
            Value::Float(f) => Ok(Num::Float(f)),
            v => v.to_numeral().ok_or_else(|| self.type_error(i, "number")),
        }
    }
    /// A string; a number is converted in its slot.
    #[inline]
    pub fn check_str(&self, i: usize) -> Result<Str<'_>> {
        match self.arg(i) {
            Value::Str(s) => Ok(s),
            _ => self.check_str_slow(i),
        }
    }
    #[cold]
    fn check_str_slow(&self, i: usize) -> Result<Str<'_>> {
        let v = self.raw(i);
        if !matches!(v.tag, tag::INT | tag::FLOAT) {
            return Err(self.type_error(i, "string"));
        }
        let mut buffer = message::NumberBuffer::default();
        let text = message::number_text(v, &mut buffer);
        // SAFETY: the string goes to its slot at once.
        unsafe {
            let s = RawStr::new(&mut self.vm().mem, text);
            *self.base().add(i) = s.value();
            Ok(Str(s, PhantomData))
        }
    }
    /// A string, or `None` if there is no argument or nil.
    pub fn opt_str(&self, i: usize) -> Result<Option<Str<'_>>> {
        if self.is_none_or_nil(i) {
            Ok(None)
        } else {
            self.check_str(i).map(Some)
        }
    }
    /// A table.
    #[inline]
    pub fn check_table(&self, i: usize) -> Result<Table<'_>> {
        match self.arg(i) {
            Value::Table(t) => Ok(t),
            _ => Err(self.type_error(i, "table")),
        }
    }
    /// A function.
    pub fn check_function(&self, i: usize) -> Result<Function<'_>> {
        match self.arg(i) {
            Value::Function(f) => Ok(f),
            _ => Err(self.type_error(i, "function")),
        }
    }
    /// A coroutine.
    pub fn check_thread(&self, i: usize) -> Result<Thread<'_>> {
        match self.arg(i) {
            Value::Thread(t) => Ok(t),
            _ => Err(self.type_error(i, "thread")),
        }
    }
    /// A userdata whose payload is a `T`.
    pub fn check_userdata<T: 'static>(&self, i: usize, type_name: &str) -> Result<&T> {
        if let Value::Userdata(u) = self.arg(i)
            && let Some(x) = u.downcast::<T>()
        {
            return Ok(x);
        }
        Err(self.type_error(i, type_name))
    }
    /// The index of a string argument, up to its first zero, among `options`.
    pub fn check_option(&self, i: usize, default: Option<&str>, options: &[&str]) -> Result<usize> {
        let text = match default {
            Some(d) if self.is_none_or_nil(i) => d.as_bytes(),
            _ => super::c_str(self.check_str(i)?.as_bytes()),
        };
        match options.iter().position(|o| o.as_bytes() == text) {
            Some(n) => Ok(n),
            None => {
                let text = String::from_utf8_lossy(text);
                Err(self.arg_error(i, format!("invalid option '{text}'")))
            }
        }
    }
}
