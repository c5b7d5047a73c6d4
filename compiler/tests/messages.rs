//! Messages for malformed sources, compared with those of the reference
//! implementation (`lua5.4`), which has to be installed.

mod common;

/// Malformed sources (and a few well-formed ones near them).
const SOURCES: &[&str] = &[
    "",
    "x",
    "x =",
    "x = = 1",
    "x = 1 1",
    "1",
    "= 1",
    "local",
    "local 1",
    "local x = ",
    "local x <const>",
    "local x <foo> = 1",
    "local x <const",
    "local x <close>, y <close> = 1, 2",
    "local x <const> = 1; x = 2",
    "local x <const> = f(); x = 2",
    "local x <close> = nil; x = 2",
    "local x <const> = 1; function x() end",
    "local x <const> = 1; local function f() x = 3 end",
    "local x <const> = f(); local function f() local function g() x = 3 end end",
    "local x <const> = 1; (x) = 2",
    "local x <const> = 1; x.y = 2",
    "local a; (a) = 1",
    "f() = 1",
    "a.b:c = 1",
    "a:b",
    "a.1",
    "a.b.",
    "a[",
    "a[1",
    "a[]",
    "f(",
    "f(1",
    "f(1,",
    "f(1,)",
    "f(1 2)",
    "f(\n1",
    "f(\n1\n2",
    "f 1",
    "f'a",
    "f\"a",
    "x = 'a\nb'",
    "x = 'a\\\nb",
    "x = '\\q'",
    "x = '\\xg'",
    "x = '\\x1g'",
    "x = '\\x'",
    "x = '\\300'",
    "x = '\\999x'",
    "x = '\\u'",
    "x = '\\u{'",
    "x = '\\u{}'",
    "x = '\\u{12'",
    "x = '\\u{12x}'",
    "x = '\\u{ffffffffff}'",
    "x = '\\u{80000000}'",
    "x = 'abc\\",
    "x = 'abc\\z   ",
    "x = [[abc",
    "x = \n[==[abc]]\n",
    "x = [=abc",
    "x = [==",
    "--[[ abc",
    "\n\n--[==[ abc\n]]",
    "x = 3..2",
    "x = 3x",
    "x = 0x",
    "x = 0xg",
    "x = 1e",
    "x = 1e+",
    "x = 0x1p",
    "x = 1.2.3",
    "x = 08_",
    "x = 3 .. 2 ..",
    "x = }",
    "x = {",
    "x = {1",
    "x = {1,",
    "x = {1 2}",
    "x = {\n1\n2}",
    "x = {a=}",
    "x = {[1]}",
    "x = {[1}",
    "x = {a=1 b=2}",
    "x = {,}",
    "if",
    "if x",
    "if x then",
    "if x then else",
    "if x then else elseif y then end",
    "if x then elseif",
    "if x\nthen\nfoo()",
    "if x then end end",
    "while",
    "while x",
    "while x do",
    "while x\ndo\nf()",
    "for",
    "for x",
    "for 1",
    "for x do",
    "for x = 1 do end",
    "for x = 1, do end",
    "for x = 1, 2, 3, 4 do end",
    "for x = 1, 2",
    "for x = 1, 2 do",
    "for x, y = 1, 2 do end",
    "for x, in y do end",
    "for x in do end",
    "for x in y",
    "for x in y\ndo\n",
    "for x.y in z do end",
    "repeat",
    "repeat until",
    "repeat\nx()\nend",
    "until x",
    "function",
    "function f",
    "function f(",
    "function f(a",
    "function f(a,",
    "function f(a,)",
    "function f(..., a)",
    "function f(a b)",
    "function f.g:h.i() end",
    "function f:g:h() end",
    "function f() ",
    "function f()\n\nreturn",
    "function 1() end",
    "function f() return 1; x() end",
    "local function f.g() end",
    "local function",
    "x = function f() end",
    "x = function(",
    "function f() return ... end",
    "return return",
    "return 1,",
    "return 1 x = 2",
    "do return 1; x() end",
    "do",
    "do\n\n",
    "end",
    "break",
    "do break end",
    "while x do function f() break end end",
    "if x then break end",
    "\n\nbreak\n\n",
    "goto",
    "goto 1",
    "goto x",
    "goto x; do ::x:: end",
    "do goto x end; local a; ::x:: f()",
    "goto x; local a; ::x:: f()",
    "goto x; local a <const> = 1; ::x:: f()",
    "goto x; local a; ::x::",
    "goto x; local a; ::x:: ; ::y:: ;",
    "repeat goto x; local a; ::x:: until a",
    "do ::x:: end; goto x",
    "::x:: ::x::",
    "::x::\n::y::\n::x::",
    "::x:: do ::x:: end",
    "do ::x:: end ::x::",
    "::x:: function f() ::x:: goto x end",
    "::x:: function f() goto x end",
    "::x",
    "::1::",
    ":: x ::: ",
    "x = ~",
    "x = 1 +",
    "x = not",
    "x = #",
    "x = 1 + * 2",
    "x = a and",
    "x = a or or b",
    "x = (1",
    "x = (1\n",
    "x = ()",
    "x = )",
    "x = a b",
    "x, y",
    "x, y = ",
    "x, 1 = 2",
    "x, f() = 2",
    "(f)",
    "(f())",
    "f().x",
    "f().x = ",
    "x = @",
    "x = $y",
    "x = !y",
    "x = a ? b",
    "x = a != b",
    "x = \u{1}",
    "x = \0",
    "x = 1\n\0x",
    "x = \u{e9}",
    "x = a\\b",
    "and",
    "x = end",
    "x = nil.y",
    "x = 'a'.y",
    "x = 'a':y()",
    "x = {}.y",
    "x = 1.y",
    "x = a:b",
    "x = a:b.c",
    "x = a:1()",
    "x = ...; local function f(a) return function(...) return a, ... end end x = y z",
    "local x <const>, y = 1, 2; y = 3; x = 4",
    "x = 'long string shown' 'another\\n one'",
    "x = [==[\nlong\n]==] [[x]] y",
    "x = 'nul \\0 inside' 5",
    "x = {y\n\n= 1\nz = 2}",
    "local a <const> = 10; local function f() return a end; a, b = 1",
    "for i = 1, 2 do i = 3 end",
    "for k, v in x do k = 3 end",
    "\r\n\r\nx = = 1",
    "\n\rx = = 1",
    "-- comment\r--[[\r\n]] x = = 1",
    "x = 'a\\\r\nb' y",
    "x = 0xep1 y",
    "x = .5.",
    "x = ..5",
    "x = ....",
    "x = a.b.c:d'x'.e y",
    "x = f{...} y",
    "return ...,",
    "local function f() local _ENV <const> = 1; x = 2 end y",
    "local _ENV <const> = {}; _ENV = 1",
    "function f() goto l1 end ::l1::",
    "while true do local x; goto c; local y; ::c:: end",
    "while true do local x; goto c; local y; ::c:: f() end",
];

/// Sources that are too long to spell out.
fn generated() -> Vec<String> {
    let names = |prefix: &str, count: usize| {
        (0..count)
            .map(|i| format!("{prefix}{i}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut upvalues = String::new();
    for group in 0..3 {
        upvalues.push_str(&format!(
            "local function f{group}()\nlocal {}\n",
            names(&format!("a{group}_"), 100)
        ));
    }
    upvalues.push_str("local function g()\n x = {");
    let used: Vec<_> = (0..3)
        .map(|group| names(&format!("a{group}_"), 100))
        .collect();
    upvalues.push_str(&used.join(","));
    vec![
        format!("local {} = 1", names("v", 201)),
        format!("\nfunction f()\nlocal {} = 1 end", names("v", 201)),
        format!("local {} = 1 for i = 1, 2 do end", names("v", 197)),
        format!("local {} = 1 for i in x do end", names("v", 196)),
        upvalues,
        format!("x = {}1{}", "(".repeat(195), ")".repeat(195)),
        format!("x = {}1{}", "(".repeat(196), ")".repeat(196)),
        format!("{}{}", "do ".repeat(197), " end".repeat(197)),
        format!("{}{}", "do ".repeat(198), " end".repeat(198)),
        format!("x = {}1{}", "{".repeat(250), "}".repeat(250)),
        format!("x = a{}", "..a".repeat(250)),
        format!("x = a{}", "+a".repeat(1000)),
        format!("x = {}a", "- ".repeat(250)),
        format!("a{} = 1", ",a".repeat(194)),
        format!("a{} = 1", ",a".repeat(197)),
        format!("{}{}", "function f() ".repeat(250), " end".repeat(250)),
        format!(
            "x = {}1{}",
            "function() return ".repeat(250),
            " end".repeat(250)
        ),
        format!("{}{}", "if a then else ".repeat(250), " end".repeat(250)),
        format!("x = {}1{}", "f(".repeat(250), ")".repeat(250)),
        format!("f{}", "()".repeat(300)),
        // Registers: each kind of expression and statement that can take the last one.
        format!("f({})", names("a", 300)),
        format!("f({})", names("a", 300).replace(',', "\n,\n")),
        format!("x = f({}1)", "2, ".repeat(252)),
        format!("x = f({}1\n) y()", "2, ".repeat(253)),
        format!("f({}g())", "a, ".repeat(253)),
        format!("f({}...)", "a, ".repeat(254)),
        format!("a:f({})", names("a", 253)),
        format!("return {}", names("a", 300)),
        format!("return f, {} or b", names("a", 300)),
        format!("local x = {}", names("a", 300)),
        format!("x, y = {}a --[[c]] .. 'z'", "a, ".repeat(300)),
        format!("for i in {} do end", names("a", 300)),
        format!("local {} = f{}", names("v", 200), "(1".repeat(60)),
        format!(
            "local {}\nlocal x = {}\nreturn 1",
            names("v", 190),
            ["a"; 120].join("\n..")
        ),
        format!("local {} f({}\n\n{{}} )", names("v", 190), "x, ".repeat(64)),
        format!(
            "local {} f({}{{{}}} )",
            names("v", 190),
            "x, ".repeat(44),
            "y;".repeat(60)
        ),
        format!(
            "local {} f({}{{[a] = b, {}}} )",
            names("v", 190),
            "x, ".repeat(44),
            "y;".repeat(60)
        ),
        format!(
            "local {} f({}{{1, z = w}} )",
            names("v", 190),
            "x, ".repeat(61)
        ),
        format!(
            "local {} f({}function() end )",
            names("v", 190),
            "x, ".repeat(64)
        ),
        format!("local {} f({}- a )", names("v", 190), "x, ".repeat(64)),
        format!("local {} f({}a < b )", names("v", 190), "x, ".repeat(63)),
        format!("local {} f({}a + b\n )", names("v", 190), "x, ".repeat(63)),
        format!("local {} f({}a.b.c[d] )", names("v", 190), "x, ".repeat(63)),
        format!("local {} f({}a:b() )", names("v", 190), "x, ".repeat(63)),
        format!(
            "local {} f({}a and not b )",
            names("v", 190),
            "x, ".repeat(64)
        ),
        format!("local {} f({}'s' )", names("v", 190), "x, ".repeat(64)),
        format!("local {} f({}g'x', y )", names("v", 190), "x, ".repeat(62)),
        format!(
            "local {} while f({}b) do end",
            names("v", 190),
            "x, ".repeat(64)
        ),
        format!(
            "local {} if f({}b) then end",
            names("v", 190),
            "x, ".repeat(64)
        ),
        format!(
            "local {} repeat until f({}b)",
            names("v", 190),
            "x, ".repeat(64)
        ),
        format!("local {} a[f({}b)] = 1", names("v", 190), "x, ".repeat(64)),
        format!("function g() f({}) end", names("a", 300)),
    ]
}

/// A Lua string literal for any source.
fn quote(source: &str) -> String {
    let escaped: String = source.bytes().map(|byte| format!("\\{byte:03}")).collect();
    format!("\"{escaped}\"")
}

const PROGRAM: &str = r#"
for line in io.lines() do
  local f, m = load(load("return " .. line)(), "=x")
  print(f and "ok" or (m:gsub("\nstack traceback.*", ""):gsub("[\n\r]", "|")))
end
"#;

#[test]
fn messages_are_those_of_the_reference() {
    let sources: Vec<String> = SOURCES
        .iter()
        .map(|source| source.to_string())
        .chain(generated())
        .collect();
    let lines: String = sources.iter().map(|source| quote(source) + "\n").collect();
    let output = common::reference(PROGRAM, &lines);
    let expected: Vec<&[u8]> = output.split(|&b| b == b'\n').collect();
    let mut failures = String::new();
    for (source, expected) in sources.iter().zip(&expected) {
        let mut actual = match moonsweep_compiler::compile(source.as_bytes(), b"=x") {
            Ok(_) => b"ok".to_vec(),
            Err(error) => error.message,
        };
        for byte in &mut actual {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b'|';
            }
        }
        if actual != *expected {
            failures.push_str(&format!(
                "{}\n  expected {}\n  actual   {}\n",
                source.chars().take(60).collect::<String>().escape_debug(),
                String::from_utf8_lossy(expected),
                String::from_utf8_lossy(&actual)
            ));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert_eq!(expected.len(), sources.len() + 1);
}
