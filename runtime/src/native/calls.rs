//! What may run Lua: calls, and operations with metamethods.

use super::{ArithOp, Context, Raised, Result, Str, Value};
use crate::interp::index::{self, Get, Set};
use crate::interp::{arith, call::call_from_rust, compare, message, slow};
use crate::object::event::Event;
use crate::object::string::Str as RawStr;
use crate::object::table::Table as RawTable;
use crate::value::{Value as Raw, tag};
use std::io::Write;
use std::marker::PhantomData;

impl Context {
    /// Calls the function below the last `nargs` values with them; all are
    /// replaced by `nresults` results, or all results if `None`. Returns how many.
    ///
    /// # Errors
    /// The callee's; the function and arguments are then gone from the frame.
    pub fn call(&mut self, nargs: usize, nresults: Option<usize>) -> Result<usize> {
        assert!(nargs < self.slots(), "no function below the arguments");
        let n = nresults.map_or(-1, |n| n as i32);
        // SAFETY: the values are in this native's frame.
        unsafe { call_from_rust(self.vm(), nargs, n) }.map_err(|()| Raised(()))
    }
    fn call_metamethod(&mut self, f: Raw, args: &[Raw], nresults: usize) -> Result<()> {
        self.push_raw(f);
        for v in args {
            self.push_raw(*v);
        }
        self.call(args.len(), Some(nresults)).map(|_| ())
    }
    fn raise_with(&self, f: impl FnOnce(&mut crate::vm::State)) -> Raised {
        f(self.vm());
        Raised(())
    }
    fn not_indexable(&self, v: Raw) -> Raised {
        let t = message::type_name(self.vm(), v);
        self.plain_error([b"attempt to index a ", &t[..], b" value"].concat())
    }
    /// Raises a message without position, as the reference's core does in C functions.
    fn plain_error(&self, text: impl AsRef<[u8]>) -> Raised {
        self.raise_with(|vm| message::set_error(vm, text.as_ref()))
    }
    fn index_raw(&mut self, obj: Raw, key: Raw) -> Result<()> {
        // SAFETY: the values are in this native's frame, or were read just now.
        match unsafe { index::get(self.vm(), obj, key) } {
            Get::Found(v) => {
                self.push_raw(v);
                Ok(())
            }
            Get::Call(f, o) => self.call_metamethod(f, &[o, key], 1),
            Get::NotIndexable(v, _) => Err(self.not_indexable(v)),
            Get::Loop => Err(self.plain_error("'__index' chain too long; possible loop")),
        }
    }
    fn set_raw(&mut self, obj: Raw, key: Raw, v: Raw) -> Result<()> {
        // SAFETY: as for `index_raw`.
        match unsafe { index::set(self.vm(), obj, key, v, false) } {
            Set::Done => Ok(()),
            Set::Call(f, o) => self.call_metamethod(f, &[o, key, v], 0),
            Set::NotIndexable(v, _) => Err(self.not_indexable(v)),
            Set::Bad(e) => Err(self.set_failed(e)),
            Set::Loop => Err(self.plain_error("'__newindex' chain too long; possible loop")),
        }
    }
    pub(crate) fn set_failed(&self, e: crate::object::table::SetError) -> Raised {
        use crate::object::table::SetError;
        match e {
            SetError::NilIndex => self.plain_error("table index is nil"),
            SetError::NanIndex => self.plain_error("table index is NaN"),
            SetError::OutOfMemory => self.memory_error(),
        }
    }
    pub(crate) fn memory_error(&self) -> Raised {
        message::set_memory_error(self.vm());
        Raised(())
    }
    /// Pops a key and pushes `slot[key]`.
    ///
    /// # Errors
    /// If the value can't be indexed, or its metamethod fails.
    pub fn index(&mut self, obj: usize) -> Result<()> {
        let key = self.top(0).raw();
        let obj = self.raw(obj);
        // The key stays rooted while a metamethod is found.
        self.pop(1);
        self.index_raw(obj, key)
    }
    /// Pushes `slot[i]`.
    ///
    /// # Errors
    /// As for `index`.
    #[inline]
    pub fn index_int(&mut self, obj: usize, i: i64) -> Result<()> {
        let o = self.raw(obj);
        if o.tag == tag::TABLE {
            // SAFETY: a live table.
            let v = unsafe { RawTable(o.obj()).get_int(&self.vm().mem, i) };
            if !v.is_nil() {
                self.push_raw(v);
                return Ok(());
            }
        }
        self.index_raw(o, Raw::int(i))
    }
    /// Pushes `slot.name`.
    ///
    /// # Errors
    /// As for `index`.
    pub fn index_name(&mut self, obj: usize, name: &str) -> Result<()> {
        // SAFETY: the name is used before the next safepoint, or passed to the metamethod.
        let key = unsafe { RawStr::interned(&mut self.vm().mem, name.as_bytes()) };
        self.index_raw(self.raw(obj), key.value())
    }
    /// Pops a value and a key: `slot[key] = value`.
    ///
    /// # Errors
    /// As for `index`, or the key is nil or NaN.
    pub fn set_index(&mut self, obj: usize) -> Result<()> {
        let (v, key) = (self.top(0).raw(), self.top(1).raw());
        let obj = self.raw(obj);
        self.pop(2);
        self.set_raw(obj, key, v)
    }
    /// Pops a value: `slot[i] = value`.
    ///
    /// # Errors
    /// As for `set_index`.
    #[inline]
    pub fn set_index_int(&mut self, obj: usize, i: i64) -> Result<()> {
        let v = self.top(0).raw();
        let obj = self.raw(obj);
        self.pop(1);
        self.set_raw(obj, Raw::int(i), v)
    }
    /// The length of a slot's value, with `__len`.
    ///
    /// # Errors
    /// `object length is not an integer`, or the value has no length.
    pub fn len(&mut self, obj: usize) -> Result<i64> {
        let v = self.raw(obj);
        // SAFETY: live values.
        unsafe {
            if v.tag == tag::STRING {
                return Ok(RawStr(v.obj()).len() as i64);
            }
            if v.tag == tag::TABLE && RawTable(v.obj()).meta().is_none() {
                return Ok(RawTable(v.obj()).len(&self.vm().mem));
            }
            let m = self.vm().metamethod(v, Event::Len);
            if m.is_nil() {
                if v.tag == tag::TABLE {
                    return Ok(RawTable(v.obj()).len(&self.vm().mem));
                }
                let t = message::type_name(self.vm(), v);
                return Err(
                    self.plain_error([b"attempt to get length of a ", &t[..], b" value"].concat())
                );
            }
            self.call_metamethod(m, &[v, v], 1)?;
            let n = self.top(0).to_integer();
            self.pop(1);
            n.ok_or_else(|| self.error("object length is not an integer"))
        }
    }
    fn ordered(&mut self, a: usize, b: usize, event: Event) -> Result<bool> {
        let (x, y) = (self.raw(a), self.raw(b));
        match compare::raw_cmp(x, y) {
            Ok(o) => Ok(match event {
                Event::Lt => o.is_some_and(|o| o.is_lt()),
                _ => o.is_some_and(|o| o.is_le()),
            }),
            Err(()) => {
                let Some(call) = compare::order_metamethod(self.vm(), x, y, event) else {
                    return Err(self.raise_with(|vm| message::compare_message(vm, x, y)));
                };
                self.call_metamethod(call.metamethod, &call.arguments, 1)?;
                let said = self.top(0).truthy();
                self.pop(1);
                Ok(said != call.negated)
            }
        }
    }
    /// `slot a < slot b`.
    ///
    /// # Errors
    /// If the values have no order.
    pub fn less_than(&mut self, a: usize, b: usize) -> Result<bool> {
        self.ordered(a, b, Event::Lt)
    }
    /// `slot a <= slot b`.
    ///
    /// # Errors
    /// If the values have no order.
    pub fn less_equal(&mut self, a: usize, b: usize) -> Result<bool> {
        self.ordered(a, b, Event::Le)
    }
    /// `slot a == slot b`, with `__eq`.
    ///
    /// # Errors
    /// The metamethod's.
    pub fn equals(&mut self, a: usize, b: usize) -> Result<bool> {
        let (x, y) = (self.raw(a), self.raw(b));
        if compare::raw_equal(x, y) {
            return Ok(true);
        }
        let Some(m) = compare::eq_metamethod(self.vm(), x, y) else {
            return Ok(false);
        };
        self.call_metamethod(m, &[x, y], 1)?;
        let r = self.top(0).truthy();
        self.pop(1);
        Ok(r)
    }
    /// Pops two operands (one for negation and bitwise not) and pushes the result.
    ///
    /// # Errors
    /// If the operation is not defined for the operands.
    pub fn arith(&mut self, op: ArithOp) -> Result<()> {
        let unary = matches!(op, ArithOp::Unm | ArithOp::BNot);
        let y = self.top(0).raw();
        let x = if unary { y } else { self.top(1).raw() };
        self.pop(if unary { 1 } else { 2 });
        match arith::raw(op, x, y) {
            Ok(v) => {
                self.push_raw(v);
                Ok(())
            }
            Err(arith::Fail::DivideByZero) => Err(self.plain_error(if op == ArithOp::Mod {
                "attempt to perform 'n%0'"
            } else {
                "attempt to divide by zero"
            })),
            Err(f) => {
                let vm = self.vm();
                let mut m = vm.metamethod(x, op.event());
                if m.is_nil() {
                    m = vm.metamethod(y, op.event());
                }
                if !m.is_nil() {
                    return self.call_metamethod(m, &[x, y], 1);
                }
                let no_integer = matches!(f, arith::Fail::NoInteger);
                Err(self.raise_with(|vm| {
                    // SAFETY: no registers are looked at.
                    unsafe { message::arith_message(vm, op, x, y, no_integer, None) }
                }))
            }
        }
    }
    /// Pops `n` values and pushes their concatenation.
    ///
    /// # Errors
    /// If a value can't be concatenated.
    pub fn concat(&mut self, n: usize) -> Result<()> {
        if n == 0 {
            let s = self.string("")?;
            self.push(s);
            return Ok(());
        }
        for _ in 1..n {
            let (x, y) = (self.top(1), self.top(0));
            let text = |v: Value<'_>| matches!(v, Value::Str(_) | Value::Int(_) | Value::Float(_));
            if text(x) && text(y) {
                let mut bytes = self.text_of(x);
                bytes.extend_from_slice(&self.text_of(y));
                let s = self.string(&bytes)?.0.value();
                self.pop(2);
                self.push_raw(s);
                continue;
            }
            let (x, y) = (x.raw(), y.raw());
            let vm = self.vm();
            let mut m = vm.metamethod(x, Event::Concat);
            if m.is_nil() {
                m = vm.metamethod(y, Event::Concat);
            }
            if m.is_nil() {
                let culprit = if text(Value::of(x)) { y } else { x };
                let t = message::type_name(self.vm(), culprit);
                return Err(
                    self.plain_error([b"attempt to concatenate a ", &t[..], b" value"].concat())
                );
            }
            self.pop(2);
            self.call_metamethod(m, &[x, y], 1)?;
        }
        Ok(())
    }
    /// The text of a string or number.
    pub(crate) fn text_of(&self, v: Value<'_>) -> Vec<u8> {
        match v {
            Value::Str(s) => s.as_bytes().to_vec(),
            v => {
                let mut b = message::NumberBuffer::default();
                message::number_text(v.raw(), &mut b).to_vec()
            }
        }
    }
    /// Pushes the string that `tostring` gives for a slot's value.
    ///
    /// # Errors
    /// `'__tostring' must return a string`, or the metamethod's error.
    pub fn tostring(&mut self, i: usize) -> Result<()> {
        let v = self.raw(i);
        let m = self.vm().metamethod(v, Event::ToString);
        if !m.is_nil() {
            self.call_metamethod(m, &[v], 1)?;
            if !matches!(self.top(0), Value::Str(_)) {
                if matches!(self.top(0), Value::Int(_) | Value::Float(_)) {
                    let t = self.text_of(self.top(0));
                    let s = self.string(&t)?.0.value();
                    self.pop(1);
                    self.push_raw(s);
                    return Ok(());
                }
                return Err(self.error("'__tostring' must return a string"));
            }
            return Ok(());
        }
        let text = match Value::of(v) {
            Value::Str(_) => {
                self.push_raw(v);
                return Ok(());
            }
            Value::Nil => b"nil".to_vec(),
            Value::Bool(b) => b.to_string().into_bytes(),
            n @ (Value::Int(_) | Value::Float(_)) => self.text_of(n),
            o => {
                let n = self.vm().metamethod(v, Event::Name);
                let mut t = match Value::of(n) {
                    Value::Str(s) => message::until_nul(s.as_bytes()).to_vec(),
                    _ => o.type_name().as_bytes().to_vec(),
                };
                let _ = write!(t, ": {:#x}", o.address().unwrap_or(0));
                t
            }
        };
        let s = self.string(&text)?;
        self.push(s);
        Ok(())
    }
    /// The raw metafield of a value's metatable; nil if there is none.
    pub fn metafield<'a>(&'a self, v: Value<'a>, event: &str) -> Value<'a> {
        let vm = self.vm();
        match vm.meta_of(v.raw()) {
            None => Value::Nil,
            // SAFETY: the metatable of a live value.
            Some(m) => unsafe {
                let key = RawStr::interned(&mut vm.mem, event.as_bytes());
                Value::of(m.get_str(&vm.mem, key))
            },
        }
    }
    /// A safepoint, for natives that run long.
    ///
    /// # Errors
    /// `not enough memory`, or an interrupt.
    pub fn poll(&mut self) -> Result<()> {
        let vm = self.vm();
        if vm.mem.heap.poll() {
            // SAFETY: the native's frame is complete: `top` is its end.
            if unsafe { slow::safepoint(vm) } {
                return Err(Raised(()));
            }
        }
        Ok(())
    }
    /// A number's text, as `tostring` gives it.
    pub fn number_to_string(&self, n: super::Num) -> Vec<u8> {
        let mut b = message::NumberBuffer::default();
        message::number_text(slow::number_value(n), &mut b).to_vec()
    }
    pub(crate) fn wrap_str(&self, s: RawStr) -> Str<'_> {
        Str(s, PhantomData)
    }
}
