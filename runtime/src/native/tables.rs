//! Raw operations on tables, and metatables.

use super::{Context, Result, Table, Userdata, Value};
use crate::object::event::Event;
use crate::object::string::Str as RawStr;
use crate::object::table::{Table as RawTable, flag, modes};
use crate::vm::State;
use moonsweep_gc::heap::walk::Walk;
use std::marker::PhantomData;

impl<'a> Table<'a> {
    /// The value at a key; nil if there is none.
    #[inline]
    pub fn get(self, cx: &'a Context, key: impl Into<Value<'a>>) -> Value<'a> {
        // SAFETY: live for `'a` (as for all handles below).
        Value::of(unsafe { self.0.get(&cx.vm().mem, key.into().raw()) })
    }
    /// The value at an integer key.
    #[inline]
    pub fn get_int(self, cx: &'a Context, i: i64) -> Value<'a> {
        // SAFETY: live.
        Value::of(unsafe { self.0.get_int(&cx.vm().mem, i) })
    }
    /// The value at a string key.
    pub fn get_name(self, cx: &'a Context, name: impl AsRef<[u8]>) -> Value<'a> {
        let vm = cx.vm();
        // SAFETY: live; a name that is not interned is nobody's short key.
        unsafe {
            match vm.mem.strings.find(name.as_ref()) {
                Some(s) => Value::of(self.0.get_str(&vm.mem, s)),
                None if name.as_ref().len() > crate::object::string::MAX_SHORT => {
                    match RawStr::try_new(&mut vm.mem, name.as_ref()) {
                        Some(s) => Value::of(self.0.get(&vm.mem, s.value())),
                        None => Value::Nil,
                    }
                }
                None => Value::Nil,
            }
        }
    }
    /// Sets the value at a key.
    ///
    /// # Errors
    /// `index is nil`, `index is NaN`, `not enough memory`.
    pub fn set(
        self,
        cx: &'a Context,
        key: impl Into<Value<'a>>,
        v: impl Into<Value<'a>>,
    ) -> Result<()> {
        // SAFETY: live.
        unsafe {
            self.0
                .set(&mut cx.vm().mem, key.into().raw(), v.into().raw())
        }
        .map_err(|e| cx.set_failed(e))
    }
    /// Sets the value at an integer key.
    ///
    /// # Errors
    /// `not enough memory`.
    #[inline]
    pub fn set_int(self, cx: &'a Context, i: i64, v: impl Into<Value<'a>>) -> Result<()> {
        // SAFETY: live.
        unsafe { self.0.set_int(&mut cx.vm().mem, i, v.into().raw()) }.map_err(|e| cx.set_failed(e))
    }
    /// Sets the native's slots from `from` on as elements 1, 2 and so on, like a constructor.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn set_slots(self, cx: &'a Context, from: usize) -> Result<()> {
        let count = cx.slots().saturating_sub(from);
        // SAFETY: the frame's slots are live, and nothing runs meanwhile.
        unsafe {
            let values = std::slice::from_raw_parts(cx.base().add(from), count);
            self.0.set_list(&mut cx.vm().mem, 1, values)
        }
        .map_err(|e| cx.set_failed(e))
    }
    /// Sets the value at a string key.
    ///
    /// # Errors
    /// `not enough memory`.
    pub fn set_name(
        self,
        cx: &'a Context,
        name: impl AsRef<[u8]>,
        v: impl Into<Value<'a>>,
    ) -> Result<()> {
        let vm = cx.vm();
        let v = v.into().raw();
        // SAFETY: live; nothing collects between making the key and setting it.
        unsafe {
            if name.as_ref().len() <= crate::object::string::MAX_SHORT {
                let key = RawStr::interned(&mut vm.mem, name.as_ref());
                self.0.set_field(&mut vm.mem, key, v)
            } else {
                match RawStr::try_new(&mut vm.mem, name.as_ref()) {
                    Some(key) => self.0.set(&mut vm.mem, key.value(), v),
                    None => Err(crate::object::table::SetError::OutOfMemory),
                }
            }
        }
        .map_err(|e| cx.set_failed(e))
    }
    /// A border (section 3.4.7 of the manual), without metamethods.
    #[inline]
    pub fn len(self, cx: &'a Context) -> i64 {
        // SAFETY: live.
        unsafe { self.0.len(&cx.vm().mem) }
    }
    /// The entry behind a key in the order of `next`.
    ///
    /// # Errors
    /// `invalid key to 'next'`.
    pub fn next(self, cx: &'a Context, key: Value<'a>) -> Result<Option<(Value<'a>, Value<'a>)>> {
        // SAFETY: live.
        match unsafe { self.0.next(&cx.vm().mem, key.raw()) } {
            Ok(e) => Ok(e.map(|(k, v)| (Value::of(k), Value::of(v)))),
            Err(_) => {
                crate::interp::message::set_error(cx.vm(), b"invalid key to 'next'");
                Err(super::Raised(()))
            }
        }
    }
    /// The metatable.
    pub fn metatable(self) -> Option<Table<'a>> {
        // SAFETY: live.
        unsafe { self.0.meta() }.map(|t| Table(t, PhantomData))
    }
    /// Sets the metatable; honours its `__gc` and `__mode` as they are now.
    pub fn set_metatable(self, cx: &'a Context, meta: Option<Table<'a>>) {
        let vm = cx.vm();
        // SAFETY: live.
        unsafe {
            self.0.set_meta(&mut vm.mem, meta.map(|m| m.0));
            if let Some(m) = meta {
                let mode = mode_of(vm, m.0);
                if mode != self.0.flags() & flag::WEAK {
                    let _ = self.0.set_weak(&mut vm.mem, mode);
                }
                register_finalizer(vm, m.0, self.0.0);
            } else if self.0.flags() & flag::WEAK != 0 {
                let _ = self.0.set_weak(&mut vm.mem, 0);
            }
        }
    }
    /// No metatable: raw access is what the program would see.
    pub fn is_plain(self) -> bool {
        // SAFETY: live.
        unsafe { self.0.meta().is_none() }
    }
    /// Shifts elements `pos..=#t` up by one and puts `v` at `pos`; false: not
    /// possible in bulk, go element by element.
    pub fn insert_shift(self, cx: &'a Context, pos: i64, v: Value<'a>) -> bool {
        // SAFETY: live.
        unsafe {
            let n = self.0.len(&cx.vm().mem);
            self.0.insert_shift(&mut cx.vm().mem, pos, n, v.raw())
        }
    }
    /// Takes the element at `pos` and shifts the ones behind it down; `None`:
    /// not possible in bulk.
    pub fn remove_shift(self, cx: &'a Context, pos: i64) -> Option<Value<'a>> {
        // SAFETY: live.
        unsafe {
            let n = self.0.len(&cx.vm().mem);
            self.0.remove_shift(&mut cx.vm().mem, pos, n).map(Value::of)
        }
    }
    /// Copies elements `from..=end` to `dst[at..]`; false: not possible in bulk.
    pub fn move_within(
        self,
        cx: &'a Context,
        from: i64,
        end: i64,
        dst: Table<'a>,
        at: i64,
    ) -> bool {
        // SAFETY: live.
        unsafe { RawTable::move_range(&mut cx.vm().mem, self.0, from, end, at, dst.0) }
    }
}

/// Objects visited in one stop because a metatable's `__mode` was assigned late.
const WALK_PIECE: usize = 8192;

/// Gives tables the weakness that their metatables ask for now, after a `__mode` was
/// assigned to a metatable in use.
///
/// Tables that become weak do so in pieces, a bounded one at each safepoint where the
/// collector works; before a full collection that the program asks for, all that are left.
/// Tables that become strong, or weak in another way, do so now: what they hold must not be
/// cleared any more. Nothing changes where the same `__mode` was assigned again.
#[cold]
pub(crate) fn refresh_modes(vm: &mut State, all: bool) {
    let assigned = std::mem::take(&mut vm.mem.late_modes.assigned);
    let (mut changed, mut now) = (false, all);
    for (m, before) in assigned {
        let after = mode_of(vm, RawTable(m));
        changed |= after != before;
        now |= before & !after != 0;
    }
    let mut walk = std::mem::take(&mut vm.mem.late_modes.walk);
    if changed {
        vm.mem.heap.begin_walk(&mut walk)
    }
    if !walk.is_over() {
        let stop = vm.mem.heap.begin_stop();
        refresh_next(vm, &mut walk);
        while now && !walk.is_over() {
            refresh_next(vm, &mut walk)
        }
        vm.mem.heap.end_stop(stop);
    }
    vm.mem.late_modes.walk = walk;
}

fn refresh_next(vm: &mut State, walk: &mut Walk) {
    let found = vm.mem.heap.walk_on(walk, WALK_PIECE);
    let (mut last, mut mode) = (None, 0);
    for o in found {
        if o.kind() != crate::object::kind::TABLE {
            continue;
        }
        let t = RawTable(o);
        // SAFETY: nothing that the walk finds is being freed, and nothing is before the
        // next collection.
        unsafe {
            let meta = t.meta();
            if meta != last {
                mode = meta.map_or(0, |m| mode_of(vm, m));
                last = meta;
            }
            if mode != t.flags() & flag::WEAK {
                let _ = t.set_weak(&mut vm.mem, mode);
            }
        }
    }
}

/// The weak modes that a metatable asks for.
pub(crate) fn mode_of(vm: &State, m: RawTable) -> u8 {
    // SAFETY: live.
    modes(unsafe { m.get_str(&vm.mem, vm.events[Event::Mode as usize]) })
}

/// Registers an object for finalization if its metatable has `__gc`.
fn register_finalizer(vm: &mut State, m: RawTable, o: moonsweep_gc::Obj) {
    // SAFETY: live.
    unsafe {
        let f = m.get_str(&vm.mem, vm.events[Event::Gc as usize]);
        if !f.is_nil() && !vm.closing && !vm.mem.heap.has_finalizer(o) {
            vm.mem.heap.register_finalizer(o);
        }
    }
}

impl<'a> Userdata<'a> {
    /// Sets the metatable; honours its `__gc`.
    pub fn set_metatable(self, cx: &'a Context, meta: Option<Table<'a>>) {
        let vm = cx.vm();
        self.0
            .cell()
            .meta
            .set(self.0.0, meta.map(|m| m.0.0), &mut vm.mem.heap);
        vm.mem.bump_epoch();
        if let Some(m) = meta {
            register_finalizer(vm, m.0, self.0.0);
        }
    }
    /// Sets user value `n` (from 1); false if there is none.
    pub fn set_user_value(self, cx: &'a Context, n: usize, v: Value<'a>) -> bool {
        if n < 1 || n > self.0.num_values() {
            return false;
        }
        let vm = cx.vm();
        let w = vm.mem.pack(v.raw());
        self.0.slot(n - 1).set(self.0.0, w, &mut vm.mem.heap);
        true
    }
}

impl Context {
    /// The metatable of any value.
    pub fn metatable_of<'a>(&'a self, v: Value<'a>) -> Option<Table<'a>> {
        self.vm().meta_of(v.raw()).map(|t| Table(t, PhantomData))
    }
    /// Sets the metatable that all values of `like`'s type share (not tables
    /// and full userdata).
    pub fn set_type_metatable<'a>(&'a self, like: Value<'a>, mt: Option<Table<'a>>) {
        use crate::value::tag;
        let t = like.raw().tag;
        let tags: &[u64] = match t {
            tag::FALSE | tag::TRUE => &[tag::FALSE, tag::TRUE],
            tag::INT | tag::FLOAT => &[tag::INT, tag::FLOAT],
            tag::CLOSURE | tag::NATIVE => &[tag::CLOSURE, tag::NATIVE],
            _ => &[t],
        };
        self.vm().mem.bump_epoch();
        for t in tags {
            self.vm().type_meta[*t as usize] = mt.map(|m| m.0);
        }
    }
    /// The globals.
    pub fn globals(&self) -> Table<'_> {
        Table(self.vm().globals, PhantomData)
    }
    /// The registry: a table that only natives reach.
    pub fn registry(&self) -> Table<'_> {
        Table(self.vm().registry, PhantomData)
    }
}
