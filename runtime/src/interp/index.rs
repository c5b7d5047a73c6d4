//! Indexing with metamethods.

use crate::object::event::Event;
use crate::object::string::Str;
use crate::object::table::flag::{NO_INDEX, NO_NEWINDEX};
use crate::object::table::{SetError, Table};
use crate::value::{Value, tag};
use crate::vm::State;

/// Longest chain of `__index` or `__newindex` tables.
const MAX_CHAIN: usize = 2000;
/// Links of a chain that count as one step of the chain's price.
const SPAN: usize = 16;

/// Counts the links of a chain for the limit of instructions, [`SPAN`] at a time.
#[inline(always)]
fn long_chain(vm: &State, links: usize) {
    if links % SPAN == SPAN - 1 {
        // A link is a lookup in two tables.
        vm.mem.took(2 * SPAN);
    }
}

/// Outcome of a lookup.
pub(crate) enum Get {
    /// The value.
    Found(Value),
    /// Call this metamethod with this object and the key.
    Call(Value, Value),
    /// This value can't be indexed; `true`: it is the one that was asked for.
    NotIndexable(Value, bool),
    /// Too many tables in the chain.
    Loop,
}

/// Outcome of an assignment.
pub(crate) enum Set {
    /// Done.
    Done,
    /// Call this metamethod with this object, the key and the value.
    Call(Value, Value),
    /// This value can't be indexed; `true`: it is the one that was asked for.
    NotIndexable(Value, bool),
    /// The key is nil or NaN, or memory is out.
    Bad(SetError),
    /// Too many tables in the chain.
    Loop,
}

/// The `__index` metamethod of a table's metatable; remembers its absence.
#[inline]
unsafe fn index_of(vm: &State, m: Table) -> Value {
    // SAFETY: `m` is live.
    unsafe {
        if m.flags() & NO_INDEX != 0 {
            return Value::NIL;
        }
        let v = m.get_str(&vm.mem, vm.events[Event::Index as usize]);
        if v.is_nil() {
            m.set_flags(m.flags() | NO_INDEX);
        }
        v
    }
}

/// The same for `__newindex`.
#[inline]
unsafe fn newindex_of(vm: &State, m: Table) -> Value {
    // SAFETY: `m` is live.
    unsafe {
        if m.flags() & NO_NEWINDEX != 0 {
            return Value::NIL;
        }
        let v = m.get_str(&vm.mem, vm.events[Event::NewIndex as usize]);
        if v.is_nil() {
            m.set_flags(m.flags() | NO_NEWINDEX);
        }
        v
    }
}

/// `obj[key]`.
///
/// # Safety
/// The values are live.
pub(crate) unsafe fn get(vm: &State, obj: Value, key: Value) -> Get {
    // SAFETY: as the caller promised.
    unsafe { get_behind(vm, obj, key, 0) }
}

/// `obj[key]`, where `obj` is reached after `steps` tables of a chain.
unsafe fn get_behind(vm: &State, obj: Value, key: Value, steps: usize) -> Get {
    // SAFETY: as for `get`; what is found in live tables is live.
    unsafe {
        let mut at = obj;
        for i in steps..MAX_CHAIN {
            long_chain(vm, i);
            let m = if at.tag == tag::TABLE {
                let t = Table(at.obj());
                let v = t.get(&vm.mem, key);
                if !v.is_nil() {
                    return Get::Found(v);
                }
                let Some(meta) = t.meta() else {
                    return Get::Found(Value::NIL);
                };
                let m = index_of(vm, meta);
                if m.is_nil() {
                    return Get::Found(Value::NIL);
                }
                m
            } else {
                let m = vm.metamethod(at, Event::Index);
                if m.is_nil() {
                    return Get::NotIndexable(at, i == 0);
                }
                m
            };
            if m.tag == tag::CLOSURE || m.tag == tag::NATIVE {
                return Get::Call(m, at);
            }
            at = m;
        }
        Get::Loop
    }
}

/// `obj.name`, for a name that is a canonical short string.
///
/// # Safety
/// The values are live.
pub(crate) unsafe fn get_name(vm: &State, obj: Value, name: Str) -> Get {
    // SAFETY: as for `get`.
    unsafe {
        let mut at = obj;
        let mut steps = 0;
        while steps < MAX_CHAIN {
            long_chain(vm, steps);
            if at.tag != tag::TABLE {
                break;
            }
            let t = Table(at.obj());
            let v = t.get_str(&vm.mem, name);
            if !v.is_nil() {
                return Get::Found(v);
            }
            let Some(meta) = t.meta() else {
                return Get::Found(Value::NIL);
            };
            let m = index_of(vm, meta);
            if m.is_nil() {
                return Get::Found(Value::NIL);
            }
            if m.tag != tag::TABLE {
                if m.tag == tag::CLOSURE || m.tag == tag::NATIVE {
                    return Get::Call(m, at);
                }
                return get_behind(vm, m, name.value(), steps + 1);
            }
            at = m;
            steps += 1;
        }
        get_behind(vm, at, name.value(), steps)
    }
}

/// `obj[key] = v`. `named`: the key is a constant name, so that a table may
/// take it into its shape.
///
/// # Safety
/// The values are live.
pub(crate) unsafe fn set(vm: &mut State, obj: Value, key: Value, v: Value, named: bool) -> Set {
    // SAFETY: as for `get`.
    unsafe {
        let mut at = obj;
        for i in 0..MAX_CHAIN {
            long_chain(vm, i);
            let m = if at.tag == tag::TABLE {
                let t = Table(at.obj());
                let m = match t.meta() {
                    None => Value::NIL,
                    Some(meta) => {
                        let m = newindex_of(vm, meta);
                        if !m.is_nil() && !t.get(&vm.mem, key).is_nil() {
                            Value::NIL
                        } else {
                            m
                        }
                    }
                };
                if m.is_nil() {
                    let r = if named {
                        t.set_field(&mut vm.mem, Str(key.obj()), v)
                    } else {
                        t.set(&mut vm.mem, key, v)
                    };
                    return match r {
                        Ok(()) => Set::Done,
                        Err(e) => Set::Bad(e),
                    };
                }
                m
            } else {
                let m = vm.metamethod(at, Event::NewIndex);
                if m.is_nil() {
                    return Set::NotIndexable(at, i == 0);
                }
                m
            };
            if m.tag == tag::CLOSURE || m.tag == tag::NATIVE {
                return Set::Call(m, at);
            }
            at = m;
        }
        Set::Loop
    }
}
