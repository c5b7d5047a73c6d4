//! String keys: slots of shapes, transitions, and the way out into the hash part.

use super::hash::{Long, Name};
use super::set::{SetError, set_node};
use super::store::{copy_words, new_array, obj_of, store, words};
use super::{Table, flag, weak};
use crate::mem::Mem;
use crate::object::event::Event;
use crate::object::shape::Shapes;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, int_word};
use moonsweep_gc::slot::{is_reference, reference};

impl Table {
    /// Sets the value at a string key that the program computed (`t[k] = v`); it
    /// must be interned if it is short. A new key goes to the hash part if the
    /// table has no shape yet or has string keys there.
    #[inline]
    pub unsafe fn set_str(self, mem: &mut Mem, s: Str, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = mem.pack(v);
            debug_assert!(s.is_interned() || !s.is_short());
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                self.set_slot(mem, s, n, w);
                return Ok(());
            }
            self.set_str_outside(mem, s, w)
        }
    }
    /// Sets the value at any string. Most are interned and present, and then the
    /// string itself, which may be far away, is not looked into.
    #[inline]
    pub(super) unsafe fn set_any_str(
        self,
        mem: &mut Mem,
        s: Str,
        v: Value,
    ) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = mem.pack(v);
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                self.set_slot(mem, s, n, w);
                return Ok(());
            }
            if let Some((seg, node)) = self.find(Name(s.word())) {
                self.note_mode(mem, s);
                let new = set_node(mem, seg, node, w);
                if self.flags() & (flag::IS_META | flag::NO_EVENTS) != 0 {
                    self.note_set(mem, s, new && w != NIL_WORD);
                }
                return Ok(());
            }
            self.set_absent_str(mem, s, w)
        }
    }
    /// As `set_any_str`, the string object itself not being a key of the table.
    #[inline(never)]
    unsafe fn set_absent_str(self, mem: &mut Mem, s: Str, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if s.is_interned() || !s.is_short() {
                return self.set_str_outside(mem, s, w);
            }
            let c = s.intern(mem);
            if let Some(n) = mem.shapes.lookup(self.shape(), c.0) {
                self.set_slot(mem, c, n, w);
                return Ok(());
            }
            self.set_str_outside(mem, c, w)
        }
    }
    #[inline(never)]
    unsafe fn set_str_outside(self, mem: &mut Mem, s: Str, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let shape = self.shape();
            if shape != Shapes::EMPTY
                && w != NIL_WORD
                && s.is_interned()
                && !mem.shapes.is_sealed(shape)
                && let Some(new) = mem.shapes.transition_dynamic(shape, s.0)
            {
                return self.add_slot(mem, s, new, w);
            }
            self.hash_set_str(mem, s, w)
        }
    }
    /// Sets the value at an interned string that is a constant of the program or
    /// of a native. A new key becomes a slot of the next shape if possible.
    #[inline]
    pub unsafe fn set_field(self, mem: &mut Mem, s: Str, v: Value) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let w = mem.pack(v);
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                self.set_slot(mem, s, n, w);
                return Ok(());
            }
            self.set_field_outside(mem, s, w)
        }
    }
    #[inline(never)]
    unsafe fn set_field_outside(self, mem: &mut Mem, s: Str, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let shape = self.shape();
            if w != NIL_WORD
                && s.is_interned()
                && !mem.shapes.is_sealed(shape)
                && let Some(new) = mem.shapes.transition(shape, s.0)
            {
                return self.add_slot(mem, s, new, w);
            }
            self.hash_set_str(mem, s, w)
        }
    }
    /// Stores into a slot of the shape, which is that of the key `s`.
    #[inline(always)]
    unsafe fn set_slot(self, mem: &mut Mem, s: Str, n: u32, w: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            let (owner, slot) = self.slot(n);
            if self.flags() & (flag::IS_META | flag::NO_EVENTS) != 0 {
                self.note_mode(mem, s);
                self.note_set(mem, s, slot.load() == NIL_WORD && w != NIL_WORD);
            }
            slot.set(owner, w, &mut mem.heap);
        }
    }
    /// The key `s` is about to be set: if it is the `__mode` of a metatable, what that was.
    #[inline]
    unsafe fn note_mode(self, mem: &mut Mem, s: Str) {
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::IS_META != 0 && s.event() as usize == Event::Mode as usize + 1 {
                let before = weak::modes(self.get_str(mem, s));
                mem.late_modes.assigned.push((self.0, before));
            }
        }
    }
    /// A key of a table that may be a metatable is being set; `new`: it had no value.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn note_set(self, mem: &mut Mem, s: Str, new: bool) {
        // SAFETY: as the caller promised.
        unsafe {
            let event = s.event() != 0;
            if event {
                self.clear_event_cache();
            }
            if self.flags() & flag::IS_META != 0 && (new || event) {
                mem.bump_epoch();
            }
        }
    }
    /// Adds the key `s` by the transition to the shape `new`.
    unsafe fn add_slot(self, mem: &mut Mem, s: Str, new: u32, w: u64) -> Result<(), SetError> {
        // SAFETY: there is room for the slot before the shape says that it exists.
        unsafe {
            if self.flags() & (flag::IS_META | flag::NO_EVENTS) != 0 {
                self.note_mode(mem, s);
                self.note_set(mem, s, true);
            }
            let n = mem.shapes.count(new) - 1;
            self.make_slots(mem, n + 1);
            let (owner, slot) = self.slot(n);
            slot.set(owner, w, &mut mem.heap);
            self.cell().shape.set(new);
            Ok(())
        }
    }
    /// Makes room for `count` slots of a shape.
    #[inline]
    pub unsafe fn make_slots(self, mem: &mut Mem, count: u32) {
        // SAFETY: as the caller promised.
        unsafe {
            let cap = self.inline_cap() as u32;
            if count <= cap {
                return;
            }
            let cell = self.cell();
            let w = cell.props.load();
            let old = if is_reference(w) {
                store(obj_of(w)).capacity
            } else {
                0
            };
            if count - cap <= old {
                return;
            }
            let props = new_array(mem, ((count - cap) as usize).next_power_of_two().max(4), 0);
            if old > 0 {
                copy_words(obj_of(w), 0, words(props, old as usize));
            }
            cell.props.set(self.0, reference(props, 0), &mut mem.heap);
        }
    }
    /// Sets a string key that the shape lacks.
    unsafe fn hash_set_str(self, mem: &mut Mem, s: Str, w: u64) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            if !mem.shapes.is_sealed(self.shape()) {
                // No string keys in the hash part so far.
                if w == NIL_WORD {
                    return Ok(());
                }
                self.seal(mem)?;
            }
            self.note_mode(mem, s);
            let new = if s.is_interned() {
                self.hash_set(mem, Name(s.word()), w)?
            } else {
                let h = s.hash(mem);
                self.hash_set(mem, Long(s, h), w)?
            };
            if self.flags() & (flag::IS_META | flag::NO_EVENTS) != 0 {
                self.note_set(mem, s, new && w != NIL_WORD);
            }
            Ok(())
        }
    }
    /// Seals the shape: from now on, new string keys go to the hash part.
    unsafe fn seal(self, mem: &mut Mem) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            match mem.shapes.sealed(self.shape()) {
                Some(sealed) => {
                    self.cell().shape.set(sealed);
                    Ok(())
                }
                None => self.make_dict(mem),
            }
        }
    }
    /// Moves all slots of the shape to the hash part.
    pub(super) unsafe fn make_dict(self, mem: &mut Mem) -> Result<(), SetError> {
        // SAFETY: as the caller promised.
        unsafe {
            let cell = self.cell();
            let shape = self.shape();
            for n in 0..mem.shapes.count(shape) {
                let (owner, slot) = self.slot(n);
                let w = slot.load();
                if w != NIL_WORD {
                    let key = mem.shapes.key(shape, n);
                    self.insert(mem, Name(Str(key).word()), w)?;
                    slot.set(owner, NIL_WORD, &mut mem.heap);
                }
            }
            cell.shape.set(Shapes::DICT);
            if is_reference(cell.props.load()) {
                cell.props.set(self.0, int_word(0), &mut mem.heap);
            }
            Ok(())
        }
    }
}
