//! A cache of lookups through metatables: what `name` is for tables with a
//! given metatable that lack it themselves.
//!
//! An entry holds while the epoch (`Mem::epoch`) has not changed, which says
//! that no table on the way has, and until the next collection, which could
//! free the name or the metatable and let another object have its address.

use crate::object::event::Event;
use crate::object::string::Str;
use crate::object::table::Table;
use crate::object::table::flag::IS_META;
use crate::value::{NIL_WORD, Value};
use crate::vm::State;

/// Entries; a power of two.
const SIZE: usize = 512;
/// Longest way that is cached.
const MAX_WAY: usize = 8;

/// The cache.
pub(crate) struct ChainCache {
    entries: Box<[Entry; SIZE]>,
}

#[derive(Clone, Copy)]
struct Entry {
    meta: usize,
    name: usize,
    epoch: u32,
    collections: u32,
    /// Where the name was found; `None`: nowhere.
    holder: Option<Table>,
    slot: u32,
}

/// Where a name is found from a metatable on.
pub(crate) enum Way {
    /// In this slot of the shape of this table.
    Holder(Table, u32),
    /// Nowhere: the value is nil.
    Absent,
    /// The way can't be cached: a function, a hash part, too long.
    Unknown,
}

impl Default for ChainCache {
    fn default() -> ChainCache {
        let empty = Entry {
            meta: 0,
            name: 0,
            epoch: 0,
            collections: 0,
            holder: None,
            slot: 0,
        };
        // By a vector, as an array would be made on the stack first.
        let Ok(entries) = vec![empty; SIZE].into_boxed_slice().try_into() else {
            unreachable!("the slice has SIZE entries")
        };
        ChainCache { entries }
    }
}

/// The value of `name` for a table that lacks it and has the metatable `meta`;
/// `None`: look without the cache.
///
/// # Safety
/// Both are live.
#[inline]
pub(crate) unsafe fn get(vm: &mut State, meta: Table, name: Str) -> Option<Value> {
    let (m, n) = (meta.0.addr(), name.0.addr());
    let i = ((m >> 4) ^ (n >> 4) ^ (n >> 11)) % SIZE;
    let e = &vm.chains.entries[i];
    let hit = e.meta == m
        && e.name == n
        && e.epoch == vm.mem.epoch
        && e.collections == vm.collections as u32;
    // SAFETY: as the caller promised; a valid entry's holder is on the way from `meta`.
    unsafe {
        let (holder, slot) = if hit {
            (e.holder, e.slot)
        } else {
            let (holder, slot) = match find(vm, meta, name) {
                Way::Holder(h, s) => (Some(h), s),
                Way::Absent => (None, 0),
                Way::Unknown => return None,
            };
            let (epoch, collections) = (vm.mem.epoch, vm.collections as u32);
            vm.chains.entries[i] = Entry {
                meta: m,
                name: n,
                epoch,
                collections,
                holder,
                slot,
            };
            (holder, slot)
        };
        let Some(h) = holder else {
            return Some(Value::NIL);
        };
        let w = h.slot(slot).1.load();
        (w != NIL_WORD).then(|| Value::from_word(w))
    }
}

/// Follows the `__index` tables from `meta`, marking the tables on the way so
/// that their changes move the epoch.
///
/// # Safety
/// Both are live.
pub(crate) unsafe fn find(vm: &mut State, meta: Table, name: Str) -> Way {
    // SAFETY: as the caller promised; what live tables refer to is live.
    unsafe {
        let index = vm.events[Event::Index as usize];
        let mut m = meta;
        for _ in 0..MAX_WAY {
            mark(vm, m);
            if vm.mem.shapes.is_sealed(m.shape()) {
                return Way::Unknown;
            }
            let h = m.get_str(&vm.mem, index);
            if h.is_nil() {
                return Way::Absent;
            }
            let Some(h) = Table::from_value(h) else {
                return Way::Unknown;
            };
            mark(vm, h);
            if let Some(n) = vm.mem.shapes.lookup(h.shape(), name.0)
                && h.slot(n).1.load() != NIL_WORD
            {
                return Way::Holder(h, n);
            }
            if vm.mem.shapes.is_sealed(h.shape()) {
                return Way::Unknown;
            }
            match h.meta() {
                Some(next) => m = next,
                None => return Way::Absent,
            }
        }
        Way::Unknown
    }
}

unsafe fn mark(vm: &mut State, t: Table) {
    // SAFETY: live, as for `find`.
    unsafe {
        if t.flags() & IS_META == 0 {
            t.set_flags(t.flags() | IS_META);
            vm.mem.bump_epoch();
        }
    }
}
