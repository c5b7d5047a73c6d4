//! Numerals against the reference implementation (`lua5.4`, which has to be
//! installed): random texts that look like numbers, converted by both.

mod common;

use moonsweep_compiler::numeral::{Number, parse};
use proptest::prelude::*;

const PROGRAM: &str = r#"
for line in io.lines() do
  local n = tonumber((line:gsub("%x%x", function(h) return string.char(tonumber(h, 16)) end)))
  if n == nil then print("nil")
  elseif math.type(n) == "integer" then print("i" .. n)
  else print("f" .. string.format("%016x", string.unpack("i8", string.pack("d", n))))
  end
end
"#;

fn reference(texts: &[String]) -> Vec<String> {
    let lines: String = texts
        .iter()
        .map(|text| {
            text.bytes()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                + "\n"
        })
        .collect();
    let output = common::reference(PROGRAM, &lines);
    String::from_utf8_lossy(&output)
        .lines()
        .map(str::to_string)
        .collect()
}

fn ours(text: &str) -> String {
    match parse(text.as_bytes()) {
        None => "nil".to_string(),
        Some(Number::Int(value)) => format!("i{value}"),
        Some(Number::Float(value)) => format!("f{:016x}", value.to_bits()),
    }
}

/// Equal; but the C library that the reference relies on rounds some
/// subnormal hexadecimal numerals to the wrong neighbour (glibc 2.36 does).
fn agree(ours: &str, expected: &str) -> bool {
    let bits = |text: &str| {
        text.strip_prefix('f')
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
    };
    match (bits(ours), bits(expected)) {
        (Some(a), Some(b)) if f64::from_bits(a).is_subnormal() => a.abs_diff(b) <= 1,
        _ => ours == expected,
    }
}

/// Mostly well-formed numerals, long ones and extreme exponents included.
fn numeral() -> impl Strategy<Value = String> {
    let decimal = "[0-9]{0,25}(\\.[0-9]{0,25})?([eE][+-]?[0-9]{0,4})?";
    let hexadecimal = "0[xX][0-9a-fA-F]{0,20}(\\.[0-9a-fA-F]{0,20})?([pP][+-]?[0-9]{0,4})?";
    let subnormal = "0x[0-9a-f]{0,3}\\.?[0-9a-f]{0,14}[08f]{0,4}p-10[0-9]{2}";
    let near_limit = "-?92233720368547758[0-9]{2}";
    let junk = "[-+ 0-9a-fxXpPeE._nifINFA\t\n]{0,12}";
    prop_oneof![
        4 => (" ?", "[-+]?", decimal, " ?").prop_map(|(a, b, c, d)| a + &b + &c + &d),
        4 => ("[ \t]?", "[-+]?", hexadecimal, "\n?").prop_map(|(a, b, c, d)| a + &b + &c + &d),
        2 => subnormal,
        1 => near_limit,
        2 => junk,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn numerals_are_those_of_the_reference(texts in prop::collection::vec(numeral(), 500)) {
        let expected = reference(&texts);
        prop_assert_eq!(expected.len(), texts.len());
        for (text, expected) in texts.iter().zip(expected) {
            prop_assert!(agree(&ours(text), &expected), "{:?}: {} {}", text, ours(text), expected);
        }
    }
}
