//! Weak tables.
//!
//! The stores of a weak table (not the table itself) are what the collector
//! sees as weak: each carries the weak modes and is traced, asked for
//! ephemerons and cleared on its own. Strings and boxed integers count as
//! values: they are never removed.

use super::hash::{LONG, TOMB, is_long};
use super::set::SetError;
use super::store::{edge_at, nil_chunk, node_at, obj_of, slot_at, store};
use super::{Table, dir, flag, kind};
use crate::mem::Mem;
use crate::value::{NIL_WORD, tag};
use moonsweep_gc::slot::{REF_TAG, referent};
use moonsweep_gc::{Obj, WeakPart};

/// Whether a word refers to something that a weak table may lose.
#[inline(always)]
pub(super) fn losable(w: u64) -> bool {
    w >> 48 == REF_TAG && !matches!(w & 15, tag::STRING | tag::INT | LONG)
}

/// Changes how a store's references are seen. The collector hears of it, since
/// what was weak so far may have to be visited now.
fn change_modes(mem: &mut Mem, o: Obj, modes: u8) {
    if o.unlogged() {
        mem.heap.log(o);
    }
    o.set_user(0, modes);
}

impl Table {
    /// Sets the weak modes (`flag::WEAK_KEYS`, `flag::WEAK_VALUES` or neither).
    pub unsafe fn set_weak(self, mem: &mut Mem, modes: u8) -> Result<(), SetError> {
        let modes = modes & flag::WEAK;
        // SAFETY: as the caller promised.
        unsafe {
            if self.flags() & flag::WEAK == modes {
                return Ok(());
            }
            if modes != 0 && self.flags() & flag::DICT == 0 {
                self.make_dict(mem)?;
            }
            let dict = if modes != 0 { flag::DICT } else { 0 };
            self.set_flags(self.flags() & !flag::WEAK | modes | dict);
            let cell = self.cell();
            let w = cell.array.load();
            if w != NIL_WORD && w & 1 == 0 {
                change_modes(mem, obj_of(w), modes);
            } else if w != NIL_WORD {
                let spine = obj_of(w);
                for i in 0..store(spine).capacity as usize {
                    if let Some(chunk) = edge_at(spine, i).load()
                        && chunk != nil_chunk()
                    {
                        change_modes(mem, chunk, modes);
                    }
                }
            }
            let w = cell.hash.load();
            if w != NIL_WORD && w & 1 == 0 {
                change_modes(mem, obj_of(w), modes);
            } else if w != NIL_WORD {
                dir::each_segment(w, |seg| change_modes(mem, seg, modes));
            }
            Ok(())
        }
    }
}

/// Calls `entry` for the entries of a store with weak keys whose key may be lost
/// and whose value is a reference (unless values are weak too).
pub unsafe fn ephemerons(o: Obj, entry: &mut dyn FnMut(Obj, Obj)) {
    if o.kind() != kind::HASH || o.user(0) & flag::WEAK != flag::WEAK_KEYS {
        return;
    }
    // SAFETY: a live segment.
    unsafe {
        for i in 0..store(o).capacity as usize {
            let n = node_at(o, i);
            let k = n.key.load();
            if let Some(v) = referent(n.value.load())
                && losable(k)
            {
                entry(obj_of(k), v);
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
