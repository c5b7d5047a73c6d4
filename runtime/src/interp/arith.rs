//! Arithmetic as the manual defines it (section 3.4), for the bodies' slow
//! paths, for natives, and for metamethods.

use crate::native::{ArithOp, Num};
use crate::object::string::Str;
use crate::value::{Value, tag};

/// `x % y` of floats: the sign of the divisor.
#[inline(always)]
pub(crate) fn float_mod(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r != 0.0 && (r < 0.0) != (y < 0.0) {
        r + y
    } else {
        r
    }
}

/// The largest whole number not above `f`, without a library call.
#[inline(always)]
pub(crate) fn floor(f: f64) -> f64 {
    if f.abs() < 4503599627370496.0 {
        let t = f as i64 as f64;
        // Equal also for -0.0, which stays.
        if t == f {
            f
        } else if t > f {
            t - 1.0
        } else {
            t
        }
    } else {
        f
    }
}

/// `x ^ y`.
#[inline(always)]
pub(crate) fn float_pow(x: f64, y: f64) -> f64 {
    if y == 2.0 { x * x } else { x.powf(y) }
}

/// `x << n`: zeros come in on both sides; negative `n` shifts right.
#[inline(always)]
pub(crate) fn shift_left(x: i64, n: i64) -> i64 {
    if (n as u64) < 64 {
        ((x as u64) << n) as i64
    } else if n <= -64 || n >= 64 {
        0
    } else {
        ((x as u64) >> -n) as i64
    }
}

/// `x >> n`.
#[inline(always)]
pub(crate) fn shift_right(x: i64, n: i64) -> i64 {
    if (n as u64) < 64 {
        ((x as u64) >> n) as i64
    } else if n <= -64 || n >= 64 {
        0
    } else {
        ((x as u64) << -n) as i64
    }
}

/// Floored modulo of integers; `y` is not 0.
pub(crate) fn int_mod(x: i64, y: i64) -> i64 {
    let r = x.wrapping_rem(y);
    if r != 0 && (r ^ y) < 0 { r + y } else { r }
}

/// Floored division of integers; `y` is not 0.
pub(crate) fn int_div(x: i64, y: i64) -> i64 {
    let q = x.wrapping_div(y);
    if (x ^ y) < 0 && q.wrapping_mul(y) != x {
        q.wrapping_sub(1)
    } else {
        q
    }
}

/// The exact integer of a float.
#[inline]
pub(crate) fn float_to_int(f: f64) -> Option<i64> {
    // 2^63 is a float; i64::MAX is not.
    if (-9223372036854775808.0..9223372036854775808.0).contains(&f) && f.trunc() == f {
        Some(f as i64)
    } else {
        None
    }
}

/// The number that a value is or, being a string, reads as.
pub(crate) fn to_number(v: Value) -> Option<Num> {
    match v.tag {
        tag::INT => Some(Num::Int(v.as_int())),
        tag::FLOAT => Some(Num::Float(v.as_float())),
        // SAFETY: a live string.
        tag::STRING => unsafe { moonsweep_compiler::numeral::parse(Str(v.obj()).as_bytes()) },
        _ => None,
    }
}

/// The integer that a value is, or converts to exactly.
pub(crate) fn to_integer(v: Value) -> Option<i64> {
    match to_number(v)? {
        Num::Int(i) => Some(i),
        Num::Float(f) => float_to_int(f),
    }
}

/// Why an operation on two values has no raw result.
pub(crate) enum Fail {
    /// Not both numbers: try metamethods.
    NotNumbers,
    /// Both are numbers, but one has no integer representation.
    NoInteger,
    /// `attempt to divide by zero` or `attempt to perform 'n%0'`.
    DivideByZero,
}

/// The operation on two numbers (no strings).
pub(crate) fn raw(op: ArithOp, x: Value, y: Value) -> Result<Value, Fail> {
    use ArithOp::*;
    let number = |v: Value| match v.tag {
        tag::INT => Ok(Num::Int(v.as_int())),
        tag::FLOAT => Ok(Num::Float(v.as_float())),
        _ => Err(Fail::NotNumbers),
    };
    let (p, q) = (number(x)?, number(y)?);
    let float = |n: Num| match n {
        Num::Int(i) => i as f64,
        Num::Float(f) => f,
    };
    match op {
        BAnd | BOr | BXor | Shl | Shr | BNot => {
            let int = |n: Num| match n {
                Num::Int(i) => Ok(i),
                Num::Float(f) => float_to_int(f).ok_or(Fail::NoInteger),
            };
            let (i, j) = (int(p)?, int(q)?);
            Ok(Value::int(match op {
                BAnd => i & j,
                BOr => i | j,
                BXor => i ^ j,
                Shl => shift_left(i, j),
                Shr => shift_right(i, j),
                _ => !i,
            }))
        }
        Div => Ok(Value::float(float(p) / float(q))),
        Pow => Ok(Value::float(float_pow(float(p), float(q)))),
        _ => {
            if let (Num::Int(i), Num::Int(j)) = (p, q) {
                return Ok(Value::int(match op {
                    Add => i.wrapping_add(j),
                    Sub => i.wrapping_sub(j),
                    Mul => i.wrapping_mul(j),
                    Unm => i.wrapping_neg(),
                    Mod | IDiv if j == 0 => return Err(Fail::DivideByZero),
                    Mod => int_mod(i, j),
                    _ => int_div(i, j),
                }));
            }
            let (f, g) = (float(p), float(q));
            Ok(Value::float(match op {
                Add => f + g,
                Sub => f - g,
                Mul => f * g,
                Unm => -f,
                Mod => float_mod(f, g),
                _ => (f / g).floor(),
            }))
        }
    }
}
