//! Constant folding, done while the tree is built.
//!
//! As in the reference, a result that is not a number, or a float zero (whose
//! sign could get lost), is left for run time, and so is whatever could raise
//! an error.

use crate::ast::{BinaryOp, UnaryOp};
use crate::numeral::Number;

/// The value of `operator a`, if it may be known at compile time.
pub fn unary(operator: UnaryOp, a: Number) -> Option<Number> {
    match (operator, a) {
        (UnaryOp::Minus, Number::Int(a)) => Some(Number::Int(a.wrapping_neg())),
        (UnaryOp::Minus, Number::Float(a)) => float(-a),
        (UnaryOp::BitNot, a) => Some(Number::Int(!to_integer(a)?)),
        (UnaryOp::Not | UnaryOp::Length, _) => None,
    }
}

/// The value of `a operator b`, if it may be known at compile time.
pub fn binary(operator: BinaryOp, a: Number, b: Number) -> Option<Number> {
    use BinaryOp::*;
    let integer = |value| Some(Number::Int(value));
    match operator {
        BitAnd => return integer(to_integer(a)? & to_integer(b)?),
        BitOr => return integer(to_integer(a)? | to_integer(b)?),
        BitXor => return integer(to_integer(a)? ^ to_integer(b)?),
        ShiftLeft => return integer(shift_left(to_integer(a)?, to_integer(b)?)),
        ShiftRight => {
            return integer(shift_left(to_integer(a)?, to_integer(b)?.wrapping_neg()));
        }
        Div | IntDiv | Mod if to_float(b) == 0.0 => return None,
        _ => {}
    }
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        match operator {
            Add => return integer(a.wrapping_add(b)),
            Sub => return integer(a.wrapping_sub(b)),
            Mul => return integer(a.wrapping_mul(b)),
            Mod => return integer(floor_modulo(a, b)),
            IntDiv => return integer(floor_divide(a, b)),
            _ => {}
        }
    }
    let (a, b) = (to_float(a), to_float(b));
    match operator {
        Add => float(a + b),
        Sub => float(a - b),
        Mul => float(a * b),
        Div => float(a / b),
        IntDiv => float((a / b).floor()),
        Pow => float(if b == 2.0 { a * a } else { a.powf(b) }),
        Mod => {
            let remainder = a % b;
            let adjust = if remainder > 0.0 {
                b < 0.0
            } else {
                remainder < 0.0 && b != remainder && b > 0.0
            };
            float(if adjust { remainder + b } else { remainder })
        }
        _ => None,
    }
}

fn float(value: f64) -> Option<Number> {
    (!value.is_nan() && value != 0.0).then_some(Number::Float(value))
}

fn to_float(value: Number) -> f64 {
    match value {
        Number::Int(value) => value as f64,
        Number::Float(value) => value,
    }
}

/// The integer equal to `value`, if there is one.
pub fn to_integer(value: Number) -> Option<i64> {
    match value {
        Number::Int(value) => Some(value),
        Number::Float(value) => {
            let in_range = (-9223372036854775808.0..9223372036854775808.0).contains(&value);
            (in_range && value.floor() == value).then_some(value as i64)
        }
    }
}

fn floor_divide(a: i64, b: i64) -> i64 {
    let quotient = a.wrapping_div(b);
    if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) {
        quotient - 1
    } else {
        quotient
    }
}

fn floor_modulo(a: i64, b: i64) -> i64 {
    let remainder = a.wrapping_rem(b);
    if remainder != 0 && (remainder < 0) != (b < 0) {
        remainder + b
    } else {
        remainder
    }
}

fn shift_left(value: i64, by: i64) -> i64 {
    let bits = value as u64;
    match by {
        0..=63 => (bits << by) as i64,
        -63..=-1 => (bits >> -by) as i64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Number::{Float, Int};

    #[test]
    fn arithmetic() {
        assert_eq!(binary(BinaryOp::IntDiv, Int(-7), Int(2)), Some(Int(-4)));
        assert_eq!(binary(BinaryOp::Mod, Int(-7), Int(2)), Some(Int(1)));
        assert_eq!(
            binary(BinaryOp::Mod, Float(-7.0), Float(2.0)),
            Some(Float(1.0))
        );
        assert_eq!(
            binary(BinaryOp::Mod, Float(5.5), Float(-2.0)),
            Some(Float(-0.5))
        );
        assert_eq!(
            binary(BinaryOp::ShiftRight, Int(-1), Int(60)),
            Some(Int(15))
        );
        assert_eq!(binary(BinaryOp::ShiftLeft, Int(1), Int(64)), Some(Int(0)));
        assert_eq!(
            binary(BinaryOp::IntDiv, Int(i64::MIN), Int(-1)),
            Some(Int(i64::MIN))
        );
    }

    #[test]
    fn what_is_left_for_run_time() {
        assert_eq!(binary(BinaryOp::Div, Int(1), Int(0)), None);
        assert_eq!(binary(BinaryOp::Sub, Float(1.0), Float(1.0)), None);
        assert_eq!(binary(BinaryOp::BitAnd, Float(1.5), Int(1)), None);
        assert_eq!(unary(UnaryOp::Minus, Float(0.0)), None);
        assert_eq!(unary(UnaryOp::Minus, Int(0)), Some(Int(0)));
    }
}
