//! Deep and long sources: they compile or fail, but never exhaust the stack.

use moonsweep_compiler::compile;

fn compiles(source: &str) {
    if let Err(error) = compile(source.as_bytes(), b"=x") {
        panic!("{error}: {}...", &source[..60.min(source.len())]);
    }
}

fn overflows(source: &str) {
    let error = compile(source.as_bytes(), b"=x").expect_err("too deep");
    assert!(error.message.ends_with(b"overflow"), "{error}");
}

const MANY: usize = 100_000;

#[test]
fn long_chains_compile() {
    compiles(&format!("x = a{}", "+a".repeat(MANY)));
    compiles(&format!("x = a{}", " and a".repeat(MANY)));
    compiles(&format!("x = a{}", " or a == b and c".repeat(MANY)));
    compiles(&format!("if a{} then f() end", " and not a".repeat(MANY)));
    compiles(&format!("x = a{}", ".b".repeat(MANY)));
    compiles(&format!("x = a{}", "[b]".repeat(MANY)));
    compiles(&format!("f{}", "()".repeat(MANY)));
    compiles(&format!("f{}", ":m()".repeat(MANY)));
    compiles(&format!(
        "if a then f() {} end",
        "elseif a then f() ".repeat(MANY)
    ));
    compiles(&format!(
        "while a do {} end",
        "if a then break end ".repeat(MANY)
    ));
    compiles(&"local x; do local x end x = nil f() ".repeat(199));
    compiles(&"f();".repeat(MANY));
    compiles(&format!("x = {{{}}}", "1,".repeat(MANY)));
    compiles(&format!("x = {{{}}}", "a = 1,".repeat(MANY)));
    compiles("goto x; ::x:: goto x; do goto x end");
}

#[test]
fn many_constants_compile() {
    let fields: String = (0..70_000).map(|i| format!("f{i} = {i}.5,")).collect();
    compiles(&format!("x = {{{fields}}} a.b = y:zz(123456789, 'zz').b"));
}

#[test]
fn deep_nesting_is_bounded() {
    overflows(&format!("x = a{}", "..a".repeat(MANY)));
    overflows(&format!("x = a{}", "^a".repeat(MANY)));
    overflows(&"(".repeat(MANY));
    overflows(&format!("x = {}", "{".repeat(MANY)));
    overflows(&format!("x = {}", "{{},{".repeat(MANY)));
    overflows(&format!("x = {}", "not ".repeat(MANY)));
    overflows(&"function f() ".repeat(MANY));
    overflows(&format!("x = {}", "function() return ".repeat(MANY)));
    overflows(&format!("x = {}", "f{".repeat(MANY)));
    overflows(&"while a do ".repeat(MANY));
    overflows(&"::a:: ".repeat(MANY));
}

#[test]
fn the_deepest_nesting_allowed_compiles() {
    compiles(&format!("x = {}1{}", "(".repeat(195), ")".repeat(195)));
    compiles(&format!("x = {}1{}", "f(a, ".repeat(60), ")".repeat(60)));
    compiles(&format!(
        "{}{}",
        "local function f() ".repeat(190),
        "end ".repeat(190)
    ));
    compiles(&format!("x = {}1{}", "{".repeat(190), "}".repeat(190)));
    compiles(&format!("x = {}1{}", "{a=".repeat(190), "}".repeat(190)));
    compiles(&format!("x = a{}", "..a".repeat(190)));
}
