//! Numbers as text and texts as numbers, under moonsweep and `lua5.4`.

use crate::common::{MOONSWEEP, REFERENCE};
use crate::{answers, quote};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Any float as a numeral that is exact. NaNs are left out: the sign that the
/// reference prints is the C library's.
fn float() -> impl Strategy<Value = String> {
    let exact = |f: f64| {
        let bits = f.to_bits();
        let (exponent, mantissa) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
        let sign = if f.is_sign_negative() { "-" } else { "" };
        match exponent {
            0x7ff => format!("({sign}1/0)"),
            0 => format!("{sign}0x0.{mantissa:013x}p-1022"),
            _ => format!("{sign}0x1.{mantissa:013x}p{}", exponent as i64 - 1023),
        }
    };
    prop_oneof![
        2 => (-1_000_000i64..1_000_000, select(&[1.0, 2.0, 10.0, 100.0, 1000.0, 3.0][..]))
            .prop_map(move |(n, by)| exact(n as f64 / by)),
        2 => (any::<i32>(), -30i32..30).prop_map(move |(n, e)| exact(f64::from(n) * 10f64.powi(e))),
        1 => any::<i64>().prop_map(move |n| exact(n as f64)),
        // Any bits.
        3 => any::<u64>().prop_map(f64::from_bits)
            .prop_filter("a number", |f| !f.is_nan())
            .prop_map(exact),
    ]
}

fn integer() -> impl Strategy<Value = String> {
    let numeral = |i: i64| match i {
        i64::MIN => "math.mininteger".to_owned(),
        _ => i.to_string(),
    };
    prop_oneof![
        (-300i64..300).prop_map(numeral),
        any::<i64>().prop_map(numeral),
        (0i64..64, -2i64..3)
            .prop_map(move |(bits, more)| numeral((1i64 << bits).wrapping_add(more))),
    ]
}

/// A conversion, at times one that the reference refuses.
fn conversion(letters: &'static str) -> impl Strategy<Value = String> {
    let letters: Vec<char> = letters.chars().collect();
    (
        "[-+ #0]{0,2}",
        "[0-9]{0,2}",
        "(\\.[0-9]{0,2})?",
        select(letters),
    )
        .prop_map(|(flags, width, precision, letter)| {
            format!("'%{flags}{width}{precision}{letter}'")
        })
}

/// A text like a numeral, as a Lua literal.
fn numeral() -> impl Strategy<Value = String> {
    let decimal = "[ \t]?[-+]?[0-9]{0,22}(\\.[0-9]{0,22})?([eE][-+]?[0-9]{0,3})?[ \n]?";
    let hexadecimal = "[-+]?0[xX][0-9a-fA-F]{0,18}(\\.[0-9a-fA-F]{0,12})?([pP][-+]?[0-9]{0,3})?";
    let junk = "[-+0-9a-zA-Z_. ]{0,10}";
    prop_oneof![3 => decimal, 2 => hexadecimal, 1 => junk].prop_map(|text| quote(&text))
}

/// An expression about a number and its text.
fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (conversion("eEfFgGaA"), float()).prop_map(|(c, f)| format!("string.format({c}, {f})")),
        2 => (conversion("dixXoc"), integer()).prop_map(|(c, i)| format!("string.format({c}, {i})")),
        1 => (conversion("dxs"), float()).prop_map(|(c, f)| format!("string.format({c}, {f})")),
        1 => (conversion("gsd"), numeral()).prop_map(|(c, t)| format!("string.format({c}, {t})")),
        1 => prop_oneof![float(), integer()].prop_map(|n| format!("string.format('%q', {n})")),
        2 => float().prop_map(|f| format!("tostring({f})")),
        1 => prop_oneof![float(), integer()].prop_map(|n| format!("{n} .. ''")),
        1 => float().prop_map(|f| format!("math.tointeger({f}), ({f}) // 1, math.floor({f})")),
        // Subnormal hexadecimal numerals are left to the compiler's tests: the C
        // library rounds some to the wrong neighbour.
        3 => numeral().prop_map(|t| format!("normal(tonumber({t}))")),
        1 => numeral().prop_map(|t| format!("normal(load('return ' .. {t}) and load('return ' .. {t})())")),
        1 => (numeral(), 2u8..37).prop_map(|(t, base)| format!("tonumber({t}, {base})")),
        1 => (numeral(), numeral()).prop_map(|(a, b)| format!("normal({a} + {b})")),
    ]
}

/// One program: each expression's values, or its error.
fn program(expressions: &[String]) -> String {
    let mut text = String::from(
        "local function normal(n)
           local small = math.type(n) == 'float' and n ~= 0 and math.abs(n) < 2.3e-308
           return small and 'small' or n
         end\n",
    );
    for e in expressions {
        text += &format!("out(pcall(function() return {e} end));\n");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 600,
        ..Default::default()
    })]

    #[test]
    fn numbers_and_texts_are_those_of_the_reference(expressions in vec(expression(), 70)) {
        let text = [program(&expressions)];
        let expected = answers(REFERENCE, &[], &text, "numbers");
        let got = answers(MOONSWEEP, &[], &text, "numbers");
        prop_assert!(
            expected == got,
            "{}\n{}", text[0], crate::difference(&expected[0], &got[0])
        );
    }
}
