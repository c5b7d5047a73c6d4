//! Weak tables.
//!
//! The stores of a weak table (not the table itself) are what the collector
//! sees as weak: each carries the weak modes and is traced, asked for
//! ephemerons and cleared on its own. Strings and boxed integers count as
//! values: they are never removed.
//!
//! **The weak filter.** When marking is over, the collector's verdict is that
//! whatever it has not reached is dead; but it clears the references to that, and
//! resurrects what is to be finalized, bit by bit, while the program runs. So a
//! read of a weak store takes for absent what is condemned:
//!
//! - A value that is found under its key (`Table::visible`). The key needs no
//!   look: the program has it, so it lives; and then so does an ephemeron's value.
//! - Key and value of an entry that a traversal meets (`find_again`).
//! - A removed node that lives again: a long string that is its key (`set_node`).
//! - What is copied because a part grows: condemned values stay behind
//!   (`drop_condemned`), for a value has to be gone before its finalizer runs.
//!   Condemned keys are copied, for those of objects that are to be finalized stay.
//! - All of a table that becomes strong.
use super::hash::{LONG, TOMB, is_long};
use super::set::{SetError, set_node};
use super::store::{edge_at, nil_chunk, node_at, obj_of, slot_at, store};
use super::{Table, dir, flag, kind};
use crate::mem::Mem;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, tag};
use moonsweep_gc::slot::{REF_TAG, referent};
use moonsweep_gc::{Obj, WeakPart};

/// Whether a word refers to something that a weak table may lose.
#[inline(always)]
pub(super) fn losable(w: u64) -> bool {
    w >> 48 == REF_TAG && !matches!(w & 15, tag::STRING | tag::INT | LONG)
}

/// The weak modes that the value of a metatable's `__mode` stands for.
pub fn modes(v: Value) -> u8 {
    let Some(s) = Str::from_value(v) else {
        return 0;
    };
    // SAFETY: the value was just read from a live table.
    let text = unsafe { s.as_bytes() };
    let k = text.contains(&b'k').then_some(flag::WEAK_KEYS);
    let v = text.contains(&b'v').then_some(flag::WEAK_VALUES);
    k.unwrap_or(0) | v.unwrap_or(0)
}

/// Changes how a store's references are seen. The collector hears of it, since
/// what was weak so far may have to be visited now.
fn change_modes(mem: &mut Mem, o: Obj, modes: u8) {
    if o.unlogged() {
        mem.heap.log(o);
    }
    o.set_user(0, modes);
}

/// Whether a word of a weak store refers to something that counts as cleared.
#[inline]
pub(super) unsafe fn condemned(mem: &Mem, w: u64) -> bool {
    // SAFETY: the word is of a live store, so its referent is not freed.
    mem.heap.verdict_pending() && losable(w) && mem.heap.condemned(unsafe { obj_of(w) })
}

/// A traversal meets an entry of a weak store: whether the entry is there for
/// the program.
#[inline]
pub(super) unsafe fn find_again(mem: &Mem, key: u64, value: u64) -> bool {
    // SAFETY: as above.
    unsafe {
        if !mem.heap.verdict_pending() {
            return true;
        }
        if condemned(mem, key) || condemned(mem, value) {
            return false;
        }
        if is_long(key) {
            mem.heap.revive(obj_of(key));
        }
        true
    }
}

/// Removes the condemned values of a store, and with `keys` the entries whose
/// key is condemned.
unsafe fn drop_from(mem: &mut Mem, seg: Obj, keys: bool) {
    // SAFETY: a live ARRAY or HASH.
    unsafe {
        for i in 0..store(seg).capacity as usize {
            if seg.kind() == kind::ARRAY {
                if condemned(mem, slot_at(seg, i).load()) {
                    slot_at(seg, i).set(seg, NIL_WORD, &mut mem.heap);
                }
                continue;
            }
            let n = node_at(seg, i);
            let v = n.value.load();
            if v != NIL_WORD && (condemned(mem, v) || keys && condemned(mem, n.key.load())) {
                set_node(mem, seg, n, NIL_WORD);
            }
        }
    }
}

impl Table {
    /// A value that was found under its key, or nil if it counts as cleared.
    #[inline(always)]
    pub(super) unsafe fn visible(self, mem: &Mem, w: u64) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::WEAK_VALUES != 0 && condemned(mem, w) {
                NIL_WORD
            } else {
                w
            }
        }
    }
    /// A store of this table is to be copied: removes the condemned values.
    #[inline]
    pub(super) unsafe fn drop_condemned(self, mem: &mut Mem, o: Obj) {
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::WEAK_VALUES != 0 && mem.heap.verdict_pending() {
                drop_from(mem, o, false)
            }
        }
    }
    /// Makes an element of the array part, which the program sees as nil, nil.
    #[inline]
    pub(super) unsafe fn clear_element(self, n: u64) {
        // SAFETY: as the caller promised.
        unsafe {
            if Table::is_weak_array(self.cell().array.load()) {
                let (owner, slot) = self.array_slot(n);
                if owner != nil_chunk() {
                    slot.clear(NIL_WORD)
                }
            }
        }
    }
    /// Sets the weak modes (`flag::WEAK_KEYS`, `flag::WEAK_VALUES` or neither).
    pub unsafe fn set_weak(self, mem: &mut Mem, modes: u8) -> Result<(), SetError> {
        let modes = modes & flag::WEAK;
        // SAFETY: as the caller promised.
        unsafe {
            let before = self.flags() & flag::WEAK;
            if before == modes {
                return Ok(());
            }
            if modes != 0 && self.flags() & flag::DICT == 0 {
                self.make_dict(mem)?;
            }
            if before != 0 && mem.heap.verdict_pending() {
                // Nothing condemned may be found again by another mode.
                self.each_store(|o| drop_from(mem, o, true));
            }
            let dict = if modes != 0 { flag::DICT } else { 0 };
            self.set_flags(self.flags() & !flag::WEAK | modes | dict);
            self.each_store(|o| change_modes(mem, o, modes));
            let array = self.cell().array.load();
            if array != NIL_WORD {
                self.set_array(mem, obj_of(array), array as u8 & 1);
            }
            Ok(())
        }
    }
    /// Calls `f` for each chunk and segment.
    unsafe fn each_store(self, mut f: impl FnMut(Obj)) {
        // SAFETY: the parts consist of live stores.
        unsafe {
            let w = self.cell().array.load();
            if w != NIL_WORD && w & 1 == 0 {
                f(obj_of(w))
            } else if w != NIL_WORD {
                let spine = obj_of(w);
                for i in 0..store(spine).capacity as usize {
                    if let Some(chunk) = edge_at(spine, i).load()
                        && chunk != nil_chunk()
                    {
                        f(chunk)
                    }
                }
            }
            let w = self.cell().hash.load();
            if w != NIL_WORD && w & 1 == 0 {
                f(obj_of(w))
            } else if w != NIL_WORD {
                dir::each_segment(w, f)
            }
        }
    }
}

/// Calls `entry` for the entries of a store with weak keys whose key may be lost
/// and whose value, too (others are visited with the store). If values are weak too, then for those whose
/// value may be lost and whose key is a long string, the other way round: the
/// value keeps the key, and the string need not outlive it.
pub unsafe fn ephemerons(o: Obj, entry: &mut dyn FnMut(Obj, Obj)) {
    if o.kind() != kind::HASH {
        return;
    }
    // SAFETY: a live segment.
    unsafe {
        let modes = o.user(0) & flag::WEAK;
        for i in 0..store(o).capacity as usize {
            let n = node_at(o, i);
            let (k, v) = (n.key.load(), n.value.load());
            if modes == flag::WEAK_KEYS {
                if losable(k) && losable(v) {
                    entry(obj_of(k), obj_of(v));
                }
            } else if modes == flag::WEAK && is_long(k) && losable(v) {
                entry(obj_of(v), obj_of(k));
            }
        }
    }
}

/// Removes the entries of a weak store whose weak `part` is not live.
pub unsafe fn clear_weak(o: Obj, part: WeakPart, live: &dyn Fn(Obj) -> bool) {
    let modes = o.user(0);
    let mode = match part {
        WeakPart::Values => flag::WEAK_VALUES,
        WeakPart::Keys => flag::WEAK_KEYS,
    };
    if modes & mode == 0 {
        return;
    }
    // SAFETY: a live ARRAY or HASH; references in it are intact until the dead are freed.
    unsafe {
        let capacity = store(o).capacity as usize;
        match (o.kind(), part) {
            (kind::ARRAY, WeakPart::Values) => {
                for i in 0..capacity {
                    let s = slot_at(o, i);
                    let w = s.load();
                    if losable(w) && !live(obj_of(w)) {
                        s.clear(NIL_WORD);
                    }
                }
            }
            (kind::HASH, WeakPart::Values) => {
                for i in 0..capacity {
                    let n = node_at(o, i);
                    let w = n.value.load();
                    if losable(w) && !live(obj_of(w)) {
                        n.value.clear(NIL_WORD);
                    }
                }
            }
            (kind::HASH, WeakPart::Keys) => {
                for i in 0..capacity {
                    let n = node_at(o, i);
                    let w = n.key.load();
                    // The key of a removed entry may dangle already, unless it is long.
                    let entry = n.value.load() != NIL_WORD;
                    if (if entry { losable(w) } else { is_long(w) }) && !live(obj_of(w)) {
                        n.value.clear(NIL_WORD);
                        n.key.clear(TOMB);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a word stored into a weak store is a weak reference, as `trace.rs` has it.
pub fn is_weak(o: Obj, word: u64, key: bool) -> bool {
    let mode = if key {
        flag::WEAK_KEYS
    } else {
        flag::WEAK_VALUES
    };
    o.user(0) & mode != 0 && losable(word)
}

/// Removes the entries of a weak store that refer weakly to what is dead, and hands what
/// goes with them and is not weak to `lost`. False if there are some left: values
/// that alone keep a long string.
pub unsafe fn forget_weak(
    o: Obj,
    dead: &dyn Fn(Obj, WeakPart) -> bool,
    lost: &mut dyn FnMut(Obj),
) -> bool {
    let modes = o.user(0) & flag::WEAK;
    let (keys, values) = (modes & flag::WEAK_KEYS != 0, modes & flag::WEAK_VALUES != 0);
    let mut all = true;
    // SAFETY: a live ARRAY or HASH; what it refers to is not freed yet.
    unsafe {
        let capacity = store(o).capacity as usize;
        let is_dead = |w: u64, part| losable(w) && dead(obj_of(w), part);
        match o.kind() {
            kind::ARRAY if values => {
                for i in 0..capacity {
                    let s = slot_at(o, i);
                    if is_dead(s.load(), WeakPart::Values) {
                        s.clear(NIL_WORD)
                    }
                }
            }
            kind::HASH => {
                for i in 0..capacity {
                    let n = node_at(o, i);
                    let (key, value) = (n.key.load(), n.value.load());
                    let dead_key = keys
                        && if value != NIL_WORD {
                            is_dead(key, WeakPart::Keys)
                        } else {
                            // Any other key of a removed entry may dangle already.
                            is_long(key) && dead(obj_of(key), WeakPart::Keys)
                        };
                    if dead_key {
                        // What the trace visits of this entry (`trace_hash`), and not after this.
                        if let Some(value) = referent(value).filter(|_| !(values && losable(value)))
                        {
                            lost(value)
                        }
                        n.value.clear(NIL_WORD);
                        n.key.clear(TOMB)
                    } else if values && is_dead(value, WeakPart::Values) {
                        if keys && is_long(key) {
                            all = false;
                            continue;
                        }
                        if !keys && losable(key) {
                            lost(obj_of(key))
                        }
                        n.value.clear(NIL_WORD)
                    }
                }
            }
            _ => {}
        }
    }
    all
}
