//! The two forms of a Lua value: `Value`, 16 bytes, in registers and constants;
//! and the packed 64-bit word, in slots of heap objects.
//!
//! Words: a float is its own bits, NaNs included as long as they do not exceed
//! the negative quiet NaN `FFF8_0000_0000_0000`; above that, by the upper 16 bits:
//!
//! | upper 16 bits | meaning |
//! |---|---|
//! | FFF8 | nil, false, true (low bits 1, 2, 3) |
//! | FFF9 | reference: address, and the value's tag in the low four bits (INT: a boxed integer) |
//! | FFFA | light userdata: 48-bit payload |
//! | FFFC-FFFF | integer of 50 bits, two's complement |

use moonsweep_gc::slot::REF_TAG;
use moonsweep_gc::{Header, Obj};
use std::ptr::NonNull;

/// The tags of register values. References have the tags `STRING..=THREAD`.
pub mod tag {
    /// nil
    pub const NIL: u64 = 0;
    /// false; `tag <= FALSE` means "not true" in a condition
    pub const FALSE: u64 = 1;
    /// true
    pub const TRUE: u64 = 2;
    /// 64-bit integer
    pub const INT: u64 = 3;
    /// 64-bit float
    pub const FLOAT: u64 = 4;
    /// light userdata: a 48-bit number that is only compared
    pub const LIGHT: u64 = 5;
    /// string
    pub const STRING: u64 = 6;
    /// table
    pub const TABLE: u64 = 7;
    /// Lua function
    pub const CLOSURE: u64 = 8;
    /// native function
    pub const NATIVE: u64 = 9;
    /// full userdata
    pub const USERDATA: u64 = 10;
    /// coroutine
    pub const THREAD: u64 = 11;
    /// interpreter-internal, never seen by a program: payload is a position
    /// (hidden iteration state of a generic `for`)
    pub const POSITION: u64 = 12;
}

/// A value in a register: a tag and a payload (integer, float bits or address).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Value {
    /// One of [`tag`].
    pub tag: u64,
    /// Integer, float bits, or the address of the object.
    pub payload: u64,
}

const _: () = assert!(size_of::<Value>() == 16);

/// The word for nil.
pub const NIL_WORD: u64 = 0xFFF8_0000_0000_0001;
/// The word for false.
pub const FALSE_WORD: u64 = 0xFFF8_0000_0000_0002;
/// The word for true.
pub const TRUE_WORD: u64 = 0xFFF8_0000_0000_0003;
const MAX_FLOAT_WORD: u64 = 0xFFF8_0000_0000_0000;
const INT_BASE: u64 = 0xFFFC_0000_0000_0000;
const LIGHT_TAG: u64 = 0xFFFA;
/// The address part of a reference word.
pub const ADDR_MASK: u64 = 0x0000_FFFF_FFFF_FFF0;

/// Whether an integer fits a word without a box.
#[inline(always)]
pub const fn fits_word(i: i64) -> bool {
    ((i << 14) >> 14) == i
}

/// The word of an integer that fits.
#[inline(always)]
pub const fn int_word(i: i64) -> u64 {
    INT_BASE | (i as u64 & 0x0003_FFFF_FFFF_FFFF)
}

/// The word of a float.
#[inline(always)]
pub fn float_word(f: f64) -> u64 {
    let b = f.to_bits();
    if b > MAX_FLOAT_WORD {
        MAX_FLOAT_WORD
    } else {
        b
    }
}

impl Value {
    /// nil
    pub const NIL: Value = Value {
        tag: tag::NIL,
        payload: 0,
    };
    /// false
    pub const FALSE: Value = Value {
        tag: tag::FALSE,
        payload: 0,
    };
    /// true
    pub const TRUE: Value = Value {
        tag: tag::TRUE,
        payload: 0,
    };
    /// A boolean.
    #[inline(always)]
    pub const fn bool(b: bool) -> Value {
        Value {
            tag: tag::FALSE + b as u64,
            payload: 0,
        }
    }
    /// An integer.
    #[inline(always)]
    pub const fn int(i: i64) -> Value {
        Value {
            tag: tag::INT,
            payload: i as u64,
        }
    }
    /// A float.
    #[inline(always)]
    pub const fn float(f: f64) -> Value {
        Value {
            tag: tag::FLOAT,
            payload: f.to_bits(),
        }
    }
    /// A light userdata; only the low 48 bits count.
    #[inline(always)]
    pub const fn light(p: u64) -> Value {
        Value {
            tag: tag::LIGHT,
            payload: p & 0xFFFF_FFFF_FFFF,
        }
    }
    /// A reference; `tag` must be the tag for the object's kind.
    #[inline(always)]
    pub fn object(tag: u64, o: Obj) -> Value {
        debug_assert!((tag::STRING..=tag::THREAD).contains(&tag) && o.kind() as u64 == tag);
        Value {
            tag,
            payload: o.addr() as u64,
        }
    }
    /// nil?
    #[inline(always)]
    pub const fn is_nil(self) -> bool {
        self.tag == tag::NIL
    }
    /// Neither nil nor false?
    #[inline(always)]
    pub const fn truthy(self) -> bool {
        self.tag > tag::FALSE
    }
    /// A reference to a heap object?
    #[inline(always)]
    pub const fn is_object(self) -> bool {
        self.tag.wrapping_sub(tag::STRING) <= tag::THREAD - tag::STRING
    }
    /// The payload as an integer.
    #[inline(always)]
    pub const fn as_int(self) -> i64 {
        self.payload as i64
    }
    /// The payload as a float.
    #[inline(always)]
    pub const fn as_float(self) -> f64 {
        f64::from_bits(self.payload)
    }
    /// The object, if it is a reference.
    #[inline(always)]
    pub fn as_object(self) -> Option<Obj> {
        // SAFETY: reference tags come with the address of an object (`Value::object`).
        self.is_object().then(|| unsafe { self.obj() })
    }
    /// The object.
    ///
    /// # Safety
    /// The value must be a reference.
    #[inline(always)]
    pub unsafe fn obj(self) -> Obj {
        // SAFETY: as the caller promised.
        unsafe { Obj::from_ptr(NonNull::new_unchecked(self.payload as *mut Header)) }
    }
    /// Same tag and payload: primitive equality but for floats, strings and int/float pairs.
    #[inline(always)]
    pub const fn same_bits(self, o: Value) -> bool {
        self.tag == o.tag && self.payload == o.payload
    }
    /// The packed word, or `None` for an integer that needs a box
    /// (`Mem::pack` allocates it).
    #[inline(always)]
    pub fn to_word(self) -> Option<u64> {
        // In order of frequency, and so that no jump table comes of it: an
        // indirect jump here would cost more than the store.
        if self.tag > tag::LIGHT {
            return Some(REF_TAG << 48 | self.payload | self.tag);
        }
        if self.tag == tag::INT {
            if !fits_word(self.as_int()) {
                return None;
            }
            return Some(int_word(self.as_int()));
        }
        if self.tag == tag::FLOAT {
            return Some(float_word(self.as_float()));
        }
        // nil, false, true are consecutive words; light userdata has its bit set apart.
        let light = (self.tag >> 2).wrapping_neg();
        Some(((NIL_WORD + self.tag) & !light) | ((LIGHT_TAG << 48 | self.payload) & light))
    }
    /// The value of a packed word.
    ///
    /// # Safety
    /// If the word is a boxed integer, the box must be alive.
    #[inline(always)]
    pub unsafe fn from_word(w: u64) -> Value {
        if w <= MAX_FLOAT_WORD {
            return Value {
                tag: tag::FLOAT,
                payload: w,
            };
        }
        if w >= INT_BASE {
            return Value::int(((w << 14) as i64) >> 14);
        }
        if w >> 48 == REF_TAG {
            let t = w & 15;
            let p = w & ADDR_MASK;
            if t == tag::INT {
                // SAFETY: a live boxed integer: header, then the value.
                return Value::int(unsafe { *(p as *const i64).add(1) });
            }
            return Value { tag: t, payload: p };
        }
        if w >> 48 == LIGHT_TAG {
            return Value::light(w);
        }
        Value {
            tag: (w & 3) - 1,
            payload: 0,
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.tag {
            tag::NIL => write!(f, "nil"),
            tag::FALSE => write!(f, "false"),
            tag::TRUE => write!(f, "true"),
            tag::INT => write!(f, "{}", self.as_int()),
            tag::FLOAT => write!(f, "{:?}", self.as_float()),
            t => write!(f, "<{t}:{:#x}>", self.payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for v in [
            Value::NIL,
            Value::TRUE,
            Value::FALSE,
            Value::int(0),
            Value::int(-1),
            Value::int((1 << 49) - 1),
            Value::int(-(1 << 49)),
            Value::float(0.5),
            Value::float(-0.0),
            Value::float(f64::INFINITY),
            Value::float(f64::NEG_INFINITY),
            Value::light(0xFFFF_FFFF_FFFF),
        ] {
            let w = v.to_word().expect("fits");
            // SAFETY: no boxed integer among them.
            assert!(unsafe { Value::from_word(w) }.same_bits(v), "{v:?}");
        }
        assert!(Value::int(1 << 49).to_word().is_none());
        assert!(Value::int(-(1 << 49) - 1).to_word().is_none());
        for f in [f64::NAN, -f64::NAN, f64::from_bits(u64::MAX)] {
            // SAFETY: as above.
            let g = unsafe { Value::from_word(Value::float(f).to_word().expect("float")) };
            assert!(
                g.as_float().is_nan() && g.as_float().is_sign_negative() == f.is_sign_negative()
            );
        }
    }
}
