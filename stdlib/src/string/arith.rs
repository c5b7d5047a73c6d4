//! The arithmetic metamethods of strings: numerals are converted; for anything else
//! the other operand's metamethod is asked.

use moonsweep_runtime::{ArithOp, Context, NativeDef, Num, Result, Results, Value};

fn arith(cx: &mut Context, op: ArithOp, event: &str) -> Result<Results> {
    let (Some(left), Some(right)) = (cx.arg(0).to_numeral(), cx.arg(1).to_numeral()) else {
        return other_operand(cx, event);
    };
    let unary = matches!(op, ArithOp::Unm);
    push(cx, left);
    if !unary {
        push(cx, right);
    }
    cx.arith(op)?;
    Ok(cx.results(1))
}

fn push(cx: &Context, n: Num) {
    match n {
        Num::Int(i) => cx.push(i),
        Num::Float(x) => cx.push(x),
    };
}

/// Calls the second operand's metamethod. Had the first one had another than this, that
/// would have been called instead of this.
fn other_operand(cx: &mut Context, event: &str) -> Result<Results> {
    let (left, right) = (cx.arg(0), cx.arg(1));
    let metamethod = match right {
        Value::Str(_) => Value::Nil,
        _ => cx.metafield(right, event),
    };
    if metamethod.is_nil() {
        return Err(cx.error(format!(
            "attempt to {} a '{}' with a '{}'",
            &event[2..],
            left.type_name(),
            right.type_name()
        )));
    }
    cx.push(metamethod);
    cx.push(left);
    cx.push(right);
    Ok(cx.tail_call(2))
}

fn add(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Add, "__add")
}

fn sub(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Sub, "__sub")
}

fn mul(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Mul, "__mul")
}

fn modulo(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Mod, "__mod")
}

fn pow(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Pow, "__pow")
}

fn div(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Div, "__div")
}

fn idiv(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::IDiv, "__idiv")
}

fn unm(cx: &mut Context) -> Result<Results> {
    arith(cx, ArithOp::Unm, "__unm")
}

/// The metamethods.
pub static METAMETHODS: &[NativeDef] = &[
    NativeDef {
        name: "__add",
        function: add,
    },
    NativeDef {
        name: "__sub",
        function: sub,
    },
    NativeDef {
        name: "__mul",
        function: mul,
    },
    NativeDef {
        name: "__mod",
        function: modulo,
    },
    NativeDef {
        name: "__pow",
        function: pow,
    },
    NativeDef {
        name: "__div",
        function: div,
    },
    NativeDef {
        name: "__idiv",
        function: idiv,
    },
    NativeDef {
        name: "__unm",
        function: unm,
    },
];
