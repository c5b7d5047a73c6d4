//! Making values: strings, tables, functions, userdata, chunks.

use super::value::FunctionObj;
use super::{Context, Function, NativeDef, Result, Str, Table, Userdata, Value};
use crate::object::function::{self, Closure, Native, Upvalue};
use crate::object::string::Str as RawStr;
use crate::object::table::Table as RawTable;
use crate::object::userdata::UserdataObj;
use crate::value::Value as Raw;
use moonsweep_compiler::bytecode::{dump, prototype::Prototype};
use std::marker::PhantomData;
use std::rc::Rc;

impl Context {
    /// A string.
    ///
    /// # Errors
    /// `not enough memory`.
    #[inline]
    pub fn string(&self, bytes: impl AsRef<[u8]>) -> Result<Str<'_>> {
        let bytes = bytes.as_ref();
        if bytes.len() <= 1 {
            return self.character(bytes);
        }
        // SAFETY: the string lives until the next `&mut` use of the context.
        match unsafe { RawStr::try_new(&mut self.vm().mem, bytes) } {
            Some(s) => Ok(self.wrap_str(s)),
            None => self.string_on_loan(bytes),
        }
    }
    /// A string of at most one byte.
    fn character(&self, bytes: &[u8]) -> Result<Str<'_>> {
        let vm = self.vm();
        if let Some(s) = vm.characters.get(bytes) {
            return Ok(self.wrap_str(s));
        }
        // SAFETY: as for `string`.
        match unsafe { RawStr::try_new(&mut vm.mem, bytes) } {
            Some(s) => Ok(self.wrap_str(vm.characters.keep(&mut vm.mem, s))),
            None => self.string_on_loan(bytes),
        }
    }
    #[cold]
    fn string_on_loan(&self, bytes: &[u8]) -> Result<Str<'_>> {
        // SAFETY: as for `string`.
        let s = self
            .vm()
            .borrow_memory(bytes.len(), |mem| unsafe { RawStr::try_new(mem, bytes) });
        s.map(|s| self.wrap_str(s))
            .ok_or_else(|| self.memory_error())
    }
    /// A string of `len` bytes that `fill` writes.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn string_with(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<Str<'_>> {
        let mut fill = Some(fill);
        let mut make = |mem: &mut crate::mem::Mem| {
            let fill = &mut fill;
            let write = |bytes: &mut [u8]| {
                if let Some(f) = fill.take() {
                    f(bytes)
                }
            };
            // SAFETY: as for `string`.
            unsafe { RawStr::try_new_with(mem, len, write) }
        };
        let vm = self.vm();
        let s = make(&mut vm.mem).or_else(|| vm.borrow_memory(len, make));
        s.map(|s| self.wrap_str(s))
            .ok_or_else(|| self.memory_error())
    }
    /// Whether a buffer of that many bytes may be built.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn check_size(&self, bytes: u64) -> Result<()> {
        if bytes < u32::MAX as u64 && self.vm().may_borrow(bytes as usize) {
            Ok(())
        } else {
            Err(self.memory_error())
        }
    }
    /// A table with room for `narray` elements and `nrecord` string keys.
    pub fn table(&self, narray: usize, nrecord: usize) -> Table<'_> {
        let narray = narray.min(1 << 24) as u32;
        // SAFETY: as for `string`.
        let t = unsafe { RawTable::new(&mut self.vm().mem, nrecord.min(24) as u8, narray, 0, 0) };
        Table(t, PhantomData)
    }
    /// A native function with upvalues.
    ///
    /// # Panics
    /// With more than 255 upvalues.
    pub fn native<'a>(&'a self, def: &'static NativeDef, upvalues: &[Value<'a>]) -> Function<'a> {
        let raw: Vec<Raw> = upvalues.iter().map(|v| v.raw()).collect();
        let n = Native::new(&mut self.vm().mem, def, &raw);
        Function(FunctionObj::Native(n), PhantomData)
    }
    /// Puts a table of natives into a Lua table, by name.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn register(&self, table: Table<'_>, defs: &'static [NativeDef]) -> Result<()> {
        for d in defs {
            let f = self.native(d, &[]);
            // SAFETY: the lifetimes of both handles end with this borrow of the context.
            let table = Table(table.0, PhantomData);
            table.set_name(self, d.name, f)?;
        }
        Ok(())
    }
    fn running_native(&self) -> Native {
        // SAFETY: the innermost frame is the native's.
        unsafe { Native::of(*self.base().sub(1)) }
    }
    /// Upvalue `i` (from 0) of the running native.
    pub fn upvalue(&self, i: usize) -> Value<'_> {
        let f = self.running_native();
        if i >= f.num_upvalues() {
            return Value::Nil;
        }
        // SAFETY: a live word.
        Value::of(unsafe { Raw::from_word(f.upvalue(i).load()) })
    }
    /// Sets upvalue `i` (from 0) of the running native.
    ///
    /// # Panics
    /// If there is no such upvalue.
    pub fn set_upvalue<'a>(&'a self, i: usize, v: impl Into<Value<'a>>) {
        let f = self.running_native();
        assert!(i < f.num_upvalues(), "no such upvalue");
        let vm = self.vm();
        let w = vm.mem.pack(v.into().raw());
        f.upvalue(i).set(f.0, w, &mut vm.mem.heap);
    }
    /// A full userdata with a Rust payload, dropped when it dies.
    pub fn userdata<T: 'static>(&self, payload: T, user_values: usize) -> Userdata<'_> {
        let u = UserdataObj::new(&mut self.vm().mem, Box::new(payload), user_values);
        Userdata(u, PhantomData)
    }
    /// A new closure of a prototype whose first upvalue is `env`, the others nil.
    fn main_closure(&self, p: &Rc<Prototype>, env: Option<Value<'_>>) -> Closure {
        let vm = self.vm();
        let proto = function::instantiate(&mut vm.mem, p);
        let n = p.upvalues.len();
        let f = Closure::new(&mut vm.mem, proto, n);
        for i in 0..n {
            let v = match (i, env) {
                (0, Some(e)) => e.raw(),
                (0, None) => vm.globals.value(),
                _ => Raw::NIL,
            };
            let u = Upvalue::closed(&mut vm.mem, v);
            f.upvalue_edge(i).init(f.0, Some(u.0));
        }
        f
    }
    /// Compiles a chunk. `mode`: `"t"`, `"b"` or `"bt"`; `env`: the value of its
    /// `_ENV` if not the globals. The inner error is the message.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn load(
        &self,
        source: &[u8],
        chunk_name: &[u8],
        mode: &str,
        env: Option<Value<'_>>,
    ) -> Result<core::result::Result<Function<'_>, Str<'_>>> {
        self.charge(2 * source.len() as u64 + 64);
        let binary = source.first() == Some(&0x1B);
        let kind = if binary { "binary" } else { "text" };
        if !mode.contains(if binary { 'b' } else { 't' }) {
            let text = format!("attempt to load a {kind} chunk (mode is '{mode}')");
            return Ok(Err(self.string(text)?));
        }
        let compiled = if binary {
            match dump::undump(source) {
                Ok(p) => Ok(p),
                Err(e) => {
                    let mut text = binary_name(chunk_name).to_vec();
                    text.extend_from_slice(format!(": bad binary format ({e})").as_bytes());
                    Err(text)
                }
            }
        } else {
            let memory = self.vm().may_borrow_most();
            moonsweep_compiler::compile_within(source, chunk_name, memory).map_err(|e| e.message)
        };
        match compiled {
            Ok(p) => {
                let f = self.main_closure(&Rc::new(p), env);
                Ok(Ok(Function(FunctionObj::Lua(f), PhantomData)))
            }
            Err(text) => Ok(Err(self.string(text)?)),
        }
    }
    /// A Lua function as a binary chunk; `None` for natives.
    pub fn dump(&self, f: Function<'_>, strip: bool) -> Option<Vec<u8>> {
        let c = f.lua()?;
        Some(dump::dump(&c.proto().info, strip))
    }
}

/// How the message about a bad binary chunk names it: in full, unlike that of a text.
fn binary_name(chunk_name: &[u8]) -> &[u8] {
    let end = chunk_name
        .iter()
        .position(|&c| c == 0)
        .unwrap_or(chunk_name.len());
    match &chunk_name[..end] {
        [b'=' | b'@', name @ ..] => name,
        // the chunk itself, which `load` takes where no name is given
        [0x1B, ..] => b"binary string",
        name => name,
    }
}
