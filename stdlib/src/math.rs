//! The `math` library.
//!
//! Scripts call `math.floor`, `math.max` and their like in inner loops, so these look at the
//! argument's type themselves and leave everything but plain numbers to the checking functions.
//! The random generator is in `random.rs`.

use std::f64::consts::PI;

use moonsweep_runtime::native::{Context, NativeDef, Num, Result, Results, Value};

use crate::random::{Generator, entropy};
use crate::util::{def, register_with};

fn abs(cx: &mut Context) -> Result<Results> {
    match number(cx, 0)? {
        Num::Int(n) => cx.ret(n.wrapping_abs()),
        Num::Float(n) => cx.ret(n.abs()),
    }
}

/// The argument as a number; strings are converted to floats, as `luaL_checknumber` does.
#[inline]
fn number(cx: &Context, i: usize) -> Result<Num> {
    match cx.arg(i) {
        Value::Int(n) => Ok(Num::Int(n)),
        Value::Float(n) => Ok(Num::Float(n)),
        _ => Ok(Num::Float(converted(cx, i)?)),
    }
}

/// The slow way, out of line to keep the fast one short.
#[cold]
#[inline(never)]
fn converted(cx: &Context, i: usize) -> Result<f64> {
    cx.check_num(i)
}

#[inline]
fn float(cx: &Context, i: usize) -> Result<f64> {
    match cx.arg(i) {
        Value::Float(n) => Ok(n),
        Value::Int(n) => Ok(n as f64),
        _ => converted(cx, i),
    }
}

fn sin(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.sin())
}

fn cos(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.cos())
}

fn tan(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.tan())
}

fn asin(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.asin())
}

fn acos(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.acos())
}

fn atan(cx: &mut Context) -> Result<Results> {
    let y = float(cx, 0)?;
    cx.ret(y.atan2(cx.opt_num(1, 1.0)?))
}

fn exp(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.exp())
}

fn sqrt(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.sqrt())
}

fn deg(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)? * (180.0 / PI))
}

fn rad(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)? * (PI / 180.0))
}

fn log(cx: &mut Context) -> Result<Results> {
    let x = float(cx, 0)?;
    if cx.is_none_or_nil(1) {
        return cx.ret(x.ln());
    }
    let base = float(cx, 1)?;
    cx.ret(if base == 2.0 {
        x.log2()
    } else if base == 10.0 {
        x.log10()
    } else {
        x.ln() / base.ln()
    })
}

/// A float without its fraction, if an integer can hold that; and what it is as a float.
#[inline]
fn truncated(x: f64) -> Option<(i64, f64)> {
    // -2^63 is representable, 2^63 is the first float that is too large.
    if (-9223372036854775808.0..9223372036854775808.0).contains(&x) {
        Some((x as i64, x as i64 as f64))
    } else {
        None
    }
}

/// A float without fraction as an integer, if it fits.
#[inline]
fn integral<'a>(x: f64) -> Value<'a> {
    match truncated(x) {
        Some((n, _)) => Value::Int(n),
        None => Value::Float(x),
    }
}

/// The largest integer below, without a call into C's library.
#[inline]
fn floor_of<'a>(x: f64) -> Value<'a> {
    match truncated(x) {
        Some((n, whole)) => Value::Int(n - i64::from(whole > x)),
        None => Value::Float(x),
    }
}

#[inline]
fn ceil_of<'a>(x: f64) -> Value<'a> {
    match truncated(x) {
        Some((n, whole)) => Value::Int(n + i64::from(whole < x)),
        None => Value::Float(x),
    }
}

fn floor(cx: &mut Context) -> Result<Results> {
    match number(cx, 0)? {
        Num::Int(n) => cx.ret(n),
        Num::Float(x) => cx.ret(floor_of(x)),
    }
}

fn ceil(cx: &mut Context) -> Result<Results> {
    match number(cx, 0)? {
        Num::Int(n) => cx.ret(n),
        Num::Float(x) => cx.ret(ceil_of(x)),
    }
}

fn modf(cx: &mut Context) -> Result<Results> {
    match number(cx, 0)? {
        Num::Int(n) => {
            cx.push(n);
            cx.push(0.0);
        }
        Num::Float(x) => {
            let whole = x.trunc();
            cx.push(integral(whole));
            // The test is for the infinities.
            cx.push(if x == whole { 0.0 } else { x - whole });
        }
    }
    Ok(cx.results(2))
}

fn fmod(cx: &mut Context) -> Result<Results> {
    if let (Value::Int(a), Value::Int(b)) = (cx.arg(0), cx.arg(1)) {
        if b == 0 {
            return Err(cx.arg_error(1, "zero"));
        }
        return cx.ret(a.wrapping_rem(b));
    }
    // The reference, as compilers translate it, looks at the second argument first.
    let b = float(cx, 1)?;
    cx.ret(float(cx, 0)? % b)
}

fn tointeger(cx: &mut Context) -> Result<Results> {
    match cx.check_any(0)?.to_integer() {
        Some(n) => cx.ret(n),
        None => cx.ret(Value::Nil),
    }
}

fn ult(cx: &mut Context) -> Result<Results> {
    let (a, b) = (cx.check_int(0)?, cx.check_int(1)?);
    cx.ret((a as u64) < (b as u64))
}

fn type_(cx: &mut Context) -> Result<Results> {
    let name = match cx.check_any(0)? {
        Value::Int(_) => "integer",
        Value::Float(_) => "float",
        _ => return cx.ret(Value::Nil),
    };
    cx.ret(cx.string(name)?)
}

fn max(cx: &mut Context) -> Result<Results> {
    extreme(cx, |cx, i, best| less(cx, best, i))
}

fn min(cx: &mut Context) -> Result<Results> {
    extreme(cx, less)
}

/// Whether the value in slot `a` is less than the one in slot `b`.
#[inline]
fn less(cx: &mut Context, a: usize, b: usize) -> Result<bool> {
    match (cx.arg(a), cx.arg(b)) {
        (Value::Int(a), Value::Int(b)) => Ok(a < b),
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        _ => cx.less_than(a, b),
    }
}

/// Returns the first argument than which no later one is `better`.
#[inline]
fn extreme(
    cx: &mut Context,
    better: impl Fn(&mut Context, usize, usize) -> Result<bool>,
) -> Result<Results> {
    cx.check_any(0)?;
    let mut best = 0;
    for i in 1..cx.nargs() {
        if better(cx, i, best)? {
            best = i;
        }
    }
    cx.ret(cx.arg(best))
}

/// The generator that `random` and `randomseed` share.
fn generator(cx: &Context) -> Result<&Generator> {
    cx.upvalue(0)
        .as_userdata()
        .and_then(|userdata| userdata.downcast())
        .ok_or_else(|| cx.error("random generator lost"))
}

fn random(cx: &mut Context) -> Result<Results> {
    let generator = generator(cx)?;
    let (low, high) = match cx.nargs() {
        0 => return cx.ret(generator.float()),
        1 => {
            let high = cx.check_int(0)?;
            if high == 0 {
                return cx.ret(generator.next() as i64);
            }
            (1, high)
        }
        2 => (cx.check_int(0)?, cx.check_int(1)?),
        _ => return Err(cx.error("wrong number of arguments")),
    };
    if low > high {
        return Err(cx.arg_error(0, "interval is empty"));
    }
    cx.ret(generator.between(low, high, generator.next()))
}

fn randomseed(cx: &mut Context) -> Result<Results> {
    let (a, b) = if cx.is_none(0) {
        entropy()
    } else {
        (cx.check_int(0)? as u64, cx.opt_int(1, 0)? as u64)
    };
    generator(cx)?.seed(a, b);
    cx.push(a as i64);
    cx.push(b as i64);
    Ok(cx.results(2))
}

// What Lua 5.2 had and the stock build of 5.4 keeps.

fn cosh(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.cosh())
}

fn sinh(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.sinh())
}

fn tanh(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.tanh())
}

fn log10(cx: &mut Context) -> Result<Results> {
    cx.ret(float(cx, 0)?.log10())
}

fn pow(cx: &mut Context) -> Result<Results> {
    let (x, y) = (float(cx, 0)?, float(cx, 1)?);
    cx.ret(x.powf(y))
}

fn frexp(cx: &mut Context) -> Result<Results> {
    let (fraction, exponent) = split(float(cx, 0)?);
    cx.push(fraction);
    cx.push(exponent);
    Ok(cx.results(2))
}

/// The fraction in [0.5, 1) and the exponent of a float.
fn split(x: f64) -> (f64, i64) {
    const BIAS: i64 = 1022;
    let exponent = (x.to_bits() >> 52) as i64 & 0x7ff;
    match exponent {
        0x7ff => (x, 0),
        0 if x == 0.0 => (x, 0),
        0 => {
            // Subnormal: scale it into the normal range first.
            let (fraction, exponent) = split(x * (1_u64 << 54) as f64);
            (fraction, exponent - 54)
        }
        _ => {
            let bits = x.to_bits() & !(0x7ff << 52) | (BIAS as u64) << 52;
            (f64::from_bits(bits), exponent - BIAS)
        }
    }
}

fn ldexp(cx: &mut Context) -> Result<Results> {
    let (x, exponent) = (float(cx, 0)?, cx.check_int(1)?);
    cx.ret(scale(x, exponent))
}

/// `x * 2^exponent`, rounded once.
fn scale(x: f64, exponent: i64) -> f64 {
    let (fraction, own) = split(x);
    if fraction == 0.0 || !fraction.is_finite() {
        return x;
    }
    let exponent = own.saturating_add(exponent.clamp(-5000, 5000));
    if exponent > 1024 {
        return f64::INFINITY.copysign(x);
    }
    if exponent < -1080 {
        return 0.0_f64.copysign(x);
    }
    // The fraction times 2^e for a large e is exact; only the last step can round.
    let power = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    if exponent > 1000 {
        fraction * power(1000) * power(exponent - 1000)
    } else if exponent < -1000 {
        fraction * power(-1000) * power(exponent + 1000)
    } else {
        fraction * power(exponent)
    }
}

/// Makes the global table `math`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let math = cx.table(0, MATH.len() + COMPATIBLE.len() + 6);
    cx.register(math, MATH)?;
    cx.register(math, COMPATIBLE)?;
    let generator = cx.userdata(Generator::new(), 0);
    register_with(cx, math, RANDOM, &[generator.into()])?;
    math.set_name(cx, "pi", PI)?;
    math.set_name(cx, "huge", f64::INFINITY)?;
    math.set_name(cx, "maxinteger", i64::MAX)?;
    math.set_name(cx, "mininteger", i64::MIN)?;
    cx.globals().set_name(cx, "math", math)
}

static MATH: &[NativeDef] = &[
    def("abs", abs),
    def("acos", acos),
    def("asin", asin),
    def("atan", atan),
    def("ceil", ceil),
    def("cos", cos),
    def("deg", deg),
    def("exp", exp),
    def("floor", floor),
    def("fmod", fmod),
    def("log", log),
    def("max", max),
    def("min", min),
    def("modf", modf),
    def("rad", rad),
    def("sin", sin),
    def("sqrt", sqrt),
    def("tan", tan),
    def("tointeger", tointeger),
    def("type", type_),
    def("ult", ult),
];

/// Upvalue: the generator.
static RANDOM: &[NativeDef] = &[def("random", random), def("randomseed", randomseed)];

static COMPATIBLE: &[NativeDef] = &[
    def("atan2", atan),
    def("cosh", cosh),
    def("frexp", frexp),
    def("ldexp", ldexp),
    def("log10", log10),
    def("pow", pow),
    def("sinh", sinh),
    def("tanh", tanh),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_integers_where_they_fit() {
        assert!(matches!(integral(3.0), Value::Int(3)));
        assert!(matches!(integral(-0.0), Value::Int(0)));
        assert!(matches!(integral(-(2_f64.powi(63))), Value::Int(i64::MIN)));
        assert!(matches!(integral(2_f64.powi(63)), Value::Float(_)));
        assert!(matches!(integral(f64::NAN), Value::Float(_)));
        assert!(matches!(integral(f64::NEG_INFINITY), Value::Float(_)));
    }

    #[test]
    fn floor_and_ceiling() {
        let int = |value| match value {
            Value::Int(n) => Some(n),
            _ => None,
        };
        for x in [
            0.0,
            -0.0,
            0.5,
            -0.5,
            1.0,
            -1.0,
            2.5,
            -2.5,
            1e15 + 0.5,
            -9.3e15,
            9.2e18,
        ] {
            assert_eq!(int(floor_of(x)), Some(x.floor() as i64), "{x}");
            assert_eq!(int(ceil_of(x)), Some(x.ceil() as i64), "{x}");
        }
        assert_eq!(int(floor_of(-(2_f64.powi(63)))), Some(i64::MIN));
        for x in [2_f64.powi(63), f64::NAN, f64::INFINITY, -1e19] {
            assert_eq!((int(floor_of(x)), int(ceil_of(x))), (None, None));
        }
    }

    #[test]
    fn fractions_and_exponents() {
        assert_eq!(split(8.0), (0.5, 4));
        assert_eq!(split(-0.75), (-0.75, 0));
        assert_eq!(split(0.0), (0.0, 0));
        assert_eq!(split(5e-324), (0.5, -1073));
        assert_eq!(split(f64::INFINITY), (f64::INFINITY, 0));
        for x in [1.0, -3.5, 1e300, 5e-324, 2.3e-310] {
            let (fraction, exponent) = split(x);
            assert_eq!(scale(fraction, exponent), x);
        }
        assert_eq!(scale(1.0, 1023), 2_f64.powi(1023));
        assert_eq!(scale(1.0, 1024), f64::INFINITY);
        assert_eq!(scale(0.75, 1024), 0.75 * 2_f64.powi(1023) * 2.0);
        assert_eq!(scale(1.0, -1074), 5e-324);
        assert_eq!(scale(1.0, i64::MIN), 0.0);
    }
}
