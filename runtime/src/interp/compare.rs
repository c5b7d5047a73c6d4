//! Equality and order as the manual defines them (section 3.4.4).

use super::arith::float_to_int;
use crate::object::event::Event;
use crate::object::string::Str;
use crate::object::table::flag::NO_EQ;
use crate::value::{Value, tag};
use crate::vm::State;
use std::cmp::Ordering;

/// Equality without metamethods.
pub(crate) fn raw_equal(x: Value, y: Value) -> bool {
    if x.tag != y.tag {
        return match (x.tag, y.tag) {
            (tag::INT, tag::FLOAT) => int_eq_float(x.as_int(), y.as_float()),
            (tag::FLOAT, tag::INT) => int_eq_float(y.as_int(), x.as_float()),
            _ => false,
        };
    }
    match x.tag {
        tag::NIL | tag::FALSE | tag::TRUE => true,
        tag::FLOAT => x.as_float() == y.as_float(),
        // SAFETY: live strings.
        tag::STRING => unsafe { Str(x.obj()).eq(Str(y.obj())) },
        _ => x.payload == y.payload,
    }
}

fn int_eq_float(i: i64, f: f64) -> bool {
    float_to_int(f) == Some(i)
}

/// The metamethod that decides whether two values that are not raw equal are
/// equal, if there is one.
pub(crate) fn eq_metamethod(vm: &State, x: Value, y: Value) -> Option<Value> {
    if x.tag != y.tag || !matches!(x.tag, tag::TABLE | tag::USERDATA) {
        return None;
    }
    for v in [x, y] {
        if let Some(m) = vm.meta_of(v)
            // SAFETY: the metatable of a live value.
            && unsafe { m.flags() } & NO_EQ == 0
        {
            // SAFETY: the metatable of a live value.
            let f = unsafe { m.get_str(&vm.mem, vm.events[Event::Eq as usize]) };
            if !f.is_nil() {
                return Some(f);
            }
            // SAFETY: as above.
            unsafe { m.set_flags(m.flags() | NO_EQ) };
        }
    }
    None
}

/// How an integer and a float compare; `None` for NaN.
pub(crate) fn int_cmp_float(i: i64, f: f64) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if f >= 9223372036854775808.0 {
        return Some(Ordering::Less);
    }
    if f < -9223372036854775808.0 {
        return Some(Ordering::Greater);
    }
    let whole = f.floor();
    Some(match i.cmp(&(whole as i64)) {
        // i == floor(f): less when f has a fraction.
        Ordering::Equal if f > whole => Ordering::Less,
        o => o,
    })
}

/// Order of two numbers or two strings; `Err`: of other types. `Ok(None)`: NaN.
pub(crate) fn raw_cmp(x: Value, y: Value) -> Result<Option<Ordering>, ()> {
    Ok(match (x.tag, y.tag) {
        (tag::INT, tag::INT) => Some(x.as_int().cmp(&y.as_int())),
        (tag::FLOAT, tag::FLOAT) => x.as_float().partial_cmp(&y.as_float()),
        (tag::INT, tag::FLOAT) => int_cmp_float(x.as_int(), y.as_float()),
        (tag::FLOAT, tag::INT) => int_cmp_float(y.as_int(), x.as_float()).map(Ordering::reverse),
        // SAFETY: live strings.
        (tag::STRING, tag::STRING) => unsafe { Some(Str(x.obj()).cmp(Str(y.obj()))) },
        _ => return Err(()),
    })
}

/// How two values are ordered by a metamethod.
pub(crate) struct OrderCall {
    pub(crate) metamethod: Value,
    pub(crate) arguments: [Value; 2],
    /// The order holds if the metamethod says no.
    pub(crate) negated: bool,
}

/// The metamethod that orders two values. Without `__le`, `x <= y` is `not (y < x)` by `__lt`, as
/// the reference implementation is built by default (its `LUA_COMPAT_LT_LE`).
pub(crate) fn order_metamethod(vm: &State, x: Value, y: Value, event: Event) -> Option<OrderCall> {
    let find = |x, y, event, negated| {
        let of_first = vm.metamethod(x, event);
        let metamethod = match of_first.is_nil() {
            true => vm.metamethod(y, event),
            false => of_first,
        };
        (!metamethod.is_nil()).then_some(OrderCall {
            metamethod,
            arguments: [x, y],
            negated,
        })
    };
    find(x, y, event, false).or_else(|| match event {
        Event::Le => find(y, x, Event::Lt, true),
        _ => None,
    })
}
