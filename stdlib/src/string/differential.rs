//! Random cases against the reference implementation, if `lua5.4` is installed: one Lua
//! file with all cases, one run, and a comparison line by line.

use super::format::{
    Allowed, Spec, float, hex_float, padded, quote_float, quote_integer, quote_string, scan,
    signed, unsigned,
};
use super::layout::{Kind, Layout, get_integer, put_integer};
use super::pattern::{Capture, Captures, Program, find_plain, has_specials};
use std::fmt::Write;
use std::process::Command;

/// A small generator (xorshift), so that each run has the same cases.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// The lines that the reference prints, or `None` if it is not installed.
fn reference(name: &str, script: &str) -> Option<Vec<String>> {
    let path = std::env::temp_dir().join(format!("moonsweep-{name}-{}.lua", std::process::id()));
    std::fs::write(&path, script).expect("temporary file");
    let output = Command::new("lua5.4").arg(&path).output();
    std::fs::remove_file(&path).expect("temporary file");
    match output {
        Err(_) => {
            eprintln!("lua5.4 is not installed: {name} is not compared");
            None
        }
        Ok(output) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(
                String::from_utf8(output.stdout)
                    .expect("ASCII")
                    .lines()
                    .map(str::to_owned)
                    .collect(),
            )
        }
    }
}

fn literal(text: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in text {
        write!(quoted, "\\{byte:03}").unwrap();
    }
    quoted + "\""
}

fn hex(text: &[u8]) -> String {
    text.iter().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    })
}

const PRELUDE: &str = r#"
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function show(ok, ...)
  if not ok then
    -- without the position
    return print("error " .. hex((tostring((...)):gsub("^[^:]*:%d+: ", ""))))
  end
  local t = table.pack(...)
  for i = 1, t.n do
    t[i] = type(t[i]) == "string" and "s" .. hex(t[i]) or tostring(t[i])
  end
  print(table.concat(t, " "))
end
"#;

fn compare(name: &str, script: &str, ours: &[String], describe: impl Fn(usize) -> String) {
    let Some(theirs) = reference(name, script) else {
        return;
    };
    assert_eq!(ours.len(), theirs.len());
    for (i, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(our, their, "{}", describe(i));
    }
}

fn random_pattern(random: &mut Random) -> String {
    let mut pattern = String::new();
    if random.below(8) == 0 {
        pattern.push('^');
    }
    let mut open = 0;
    for _ in 0..1 + random.below(7) {
        match random.below(24) {
            0 | 1 => {
                pattern.push('(');
                open += 1;
                continue;
            }
            2 | 3 if open > 0 => {
                pattern.push(')');
                open -= 1;
                continue;
            }
            4 => pattern.push_str("()"),
            5 => pattern.push_str(
                random.pick(&["%b()", "%bab", "%1", "%2", "%f[%a]", "%f[^%w]", "%f[b%d]"]),
            ),
            6 => pattern.push_str(random.pick(&[
                "$", "%", "[", "[]", "[^]", "%f", "%b", "%0", ")", "[a", "[%", "[%]", "%bx",
            ])),
            7 => pattern.push_str(random.pick(&["]", "-", "*", "^", "+", "%%", "%.", "%(", "\0"])),
            _ => pattern.push_str(random.pick(&[
                "a", "b", "ab", "1", " ", ".", "%a", "%d", "%s", "%w", "%S", "%D", "%p", "%x",
                "%l", "%u", "%c", "%g", "%z", "[ab]", "[^a]", "[^,]", "[a-c1]", "[%d%s]", "[^%w]",
                "[]a]", "[a-]", "[%a-z]", "[+-/]", ",", "(", "b)",
            ])),
        }
        if random.below(2) == 0 {
            pattern.push_str(random.pick(&["*", "+", "-", "?"]));
        }
    }
    for _ in 0..open {
        if random.below(12) != 0 {
            pattern.push(')');
        }
    }
    if random.below(6) == 0 {
        pattern.push('$');
    }
    pattern
}

fn find(subject: &[u8], pattern: &[u8]) -> String {
    if !has_specials(pattern) {
        return match find_plain(subject, pattern) {
            Some(at) => format!("{} {}", at + 1, at + pattern.len()),
            None => "nil".to_owned(),
        };
    }
    let program = Program::new(pattern, true);
    let mut captures = Captures::new(&program);
    let until = if program.anchored() { 1 } else { usize::MAX };
    let found = match program.search(subject, 0, until, &mut captures, &|_| true) {
        Ok(Some(found)) => found,
        Ok(None) => return "nil".to_owned(),
        Err(error) => return format!("error {}", hex(error.message().as_bytes())),
    };
    let mut line = format!("{} {}", found.start + 1, found.end);
    for index in 0..program.captures() {
        match captures.get(&program, index, found.clone()) {
            Ok(Capture::Text(range)) => write!(line, " s{}", hex(&subject[range])).unwrap(),
            Ok(Capture::Position(position)) => write!(line, " {position}").unwrap(),
            Err(error) => return format!("error {}", hex(error.message().as_bytes())),
        }
    }
    line
}

#[test]
fn patterns() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut script = PRELUDE.to_owned();
    let mut ours = Vec::new();
    let mut cases = Vec::new();
    for _ in 0..60_000 {
        let pattern = random_pattern(&mut random);
        let length = random.below(14);
        let subject: String = (0..length)
            .map(|_| random.pick(&["a", "b", "ab", "c", "1", " ", ",", "(", ")", "-", "A", "\0"]))
            .collect();
        writeln!(
            script,
            "show(pcall(string.find, {}, {}))",
            literal(subject.as_bytes()),
            literal(pattern.as_bytes())
        )
        .unwrap();
        ours.push(find(subject.as_bytes(), pattern.as_bytes()));
        cases.push((subject, pattern));
    }
    compare("patterns", &script, &ours, |i| format!("{:?}", cases[i]));
}

#[test]
fn deep_patterns() {
    let mut random = Random(77);
    let mut script = PRELUDE.to_owned();
    let mut ours = Vec::new();
    let mut cases = Vec::new();
    for _ in 0..3_000 {
        // Long enough that the limit of depth matters, in several ways of using it up; but
        // always matching, because failing would take exponential time.
        let mut pattern = String::from(random.pick(&["", "^"]));
        let unit = random.pick(&[
            "a?", "a*b*", "a-b-", ".?", "a*", "a-", "[ab]?", "a?b*", "b-", "a?b-",
        ]);
        for _ in 0..90 + random.below(120) {
            pattern.push_str(unit);
        }
        for _ in 0..random.below(34) {
            pattern.push_str(random.pick(&["()", "(a-)", "(b*)", "(a?)"]));
        }
        let subject = random
            .pick(&["a", "ab", "aab", "b"])
            .repeat(60 + random.below(100));
        writeln!(
            script,
            "show(pcall(string.find, {}, {}))",
            literal(subject.as_bytes()),
            literal(pattern.as_bytes())
        )
        .unwrap();
        ours.push(find(subject.as_bytes(), pattern.as_bytes()));
        cases.push((subject, pattern));
    }
    compare("deep-patterns", &script, &ours, |i| {
        format!("{:?}", cases[i])
    });
}

fn random_spec(random: &mut Random, letters: &[u8]) -> String {
    let mut spec = String::new();
    for _ in 0..random.below(3) {
        spec.push_str(random.pick(&["-", "+", " ", "#", "0"]));
    }
    if random.below(2) == 0 {
        let most = if random.below(20) == 0 { 120 } else { 30 };
        write!(spec, "{}", random.below(most)).unwrap();
    }
    if random.below(2) == 0 {
        let most = if random.below(20) == 0 { 110 } else { 20 };
        write!(spec, ".{}", random.below(most)).unwrap();
    } else if random.below(10) == 0 {
        spec.push('.');
    }
    spec.push(letters[random.below(letters.len())] as char);
    spec
}

fn random_float(random: &mut Random) -> f64 {
    let bits = random.next();
    match random.below(10) {
        0 => f64::from_bits(bits),
        1 => (bits >> 54) as f64,
        2 => (bits >> 50) as f64 / 16.0, // ties
        3 => (bits >> 40) as f64 / 1000.0,
        4 => [
            0.0,
            f64::INFINITY,
            f64::NAN,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            0.5,
            1.0,
            999999.5,
            1e15,
        ][random.below(10)],
        5 => 10f64.powi(random.below(40) as i32 - 20),
        6 => f64::from_bits(bits >> 12), // subnormal
        7 => (bits >> 11) as f64,
        _ => f64::from_bits(bits >> 12 | (1023 - 40 + random.below(100) as u64) << 52),
    }
    .copysign(if random.below(3) == 0 { -1.0 } else { 1.0 })
}

fn random_integer(random: &mut Random) -> i64 {
    let bits = random.next() as i64;
    match random.below(6) {
        0 => 0,
        1 => bits,
        2 => [i64::MIN, i64::MAX, -1, 1, 255, 8][random.below(6)],
        _ => bits >> (1 + random.below(62)),
    }
}

/// The result of one conversion, or the error message.
fn convert(spec: &str, n: i64, x: f64, s: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let text = scan(spec.as_bytes()).map_err(|error| error.message())?;
    let check = |allowed| Spec::check(text, allowed).map_err(|error| error.message());
    let mut out = Vec::new();
    match text.last().unwrap() {
        b'd' | b'i' => signed(&mut out, &check(Allowed::INTEGER)?, n),
        b'u' => unsigned(&mut out, &check(Allowed::UNSIGNED)?, n as u64),
        b'o' | b'x' | b'X' => unsigned(&mut out, &check(Allowed::HEX)?, n as u64),
        b'a' | b'A' => hex_float(&mut out, &check(Allowed::FLOAT)?, x),
        b's' => {
            let spec = check(Allowed::TEXT)?;
            padded(
                &mut out,
                &spec,
                &s[..spec.precision.unwrap_or(s.len()).min(s.len())],
            );
        }
        b'c' => padded(&mut out, &check(Allowed::PLAIN)?, &[n as u8]),
        _ => float(&mut out, &check(Allowed::FLOAT)?, x),
    }
    Ok(out)
}

#[test]
fn formats() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut script = PRELUDE.to_owned();
    script.push_str("local function float(s) return (string.unpack('<d', s)) end\n");
    let mut ours = Vec::new();
    let mut cases = Vec::new();
    let letters = b"diuoxXaAeEfgGscefgefg";
    for _ in 0..60_000 {
        let spec = random_spec(&mut random, letters);
        let (n, x) = (random_integer(&mut random), random_float(&mut random));
        let s = "text and more".repeat(random.below(4));
        let result = convert(&spec, n, x, s.as_bytes());
        if let (true, Some(b'g' | b'G'), Ok(text)) =
            (spec.contains('#'), spec.as_bytes().last(), &result)
            && text
                .split(|&b| b == b'e' || b == b'E')
                .next()
                .is_some_and(|m| m.iter().filter(|b| matches!(b, b'1'..=b'9')).eq(b"1"))
        {
            continue; // old versions of the GNU C library forget the zeros when 9.9 becomes 10
        }
        let argument = match spec.as_bytes().last().unwrap() {
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'c' => format!("math.tointeger({n:#x})"),
            b's' => literal(s.as_bytes()),
            _ => format!("float({})", literal(&x.to_le_bytes())),
        };
        writeln!(
            script,
            "show(pcall(string.format, \"%{spec}\", {argument}))"
        )
        .unwrap();
        ours.push(match result {
            Ok(text) => format!("s{}", hex(&text)),
            Err(message) => format!("error {}", hex(&message)),
        });
        cases.push((spec, n, x, s));
    }
    compare("formats", &script, &ours, |i| format!("{:?}", cases[i]));
}

#[test]
fn quoted() {
    let mut random = Random(4242);
    let mut script = PRELUDE.to_owned();
    let mut ours = Vec::new();
    for i in 0..6_000 {
        let mut out = Vec::new();
        let argument = match i % 3 {
            0 => {
                let text: Vec<u8> = (0..random.below(12))
                    .map(|_| (random.next() >> 33) as u8 & [0x3F, 0xFF][i & 1])
                    .collect();
                quote_string(&mut out, &text);
                literal(&text)
            }
            1 => {
                let n = random_integer(&mut random);
                quote_integer(&mut out, n);
                format!("math.tointeger({n:#x})")
            }
            _ => {
                let x = random_float(&mut random);
                quote_float(&mut out, x);
                format!("string.unpack('<d', {})", literal(&x.to_le_bytes()))
            }
        };
        writeln!(script, "show(pcall(string.format, '%q', ({argument})))").unwrap();
        ours.push(format!("s{}", hex(&out)));
    }
    compare("quoted", &script, &ours, |i| i.to_string());
}

#[test]
fn packed_sizes_and_integers() {
    let mut random = Random(99);
    let mut script = PRELUDE.to_owned();
    let mut ours = Vec::new();
    let mut cases = Vec::new();
    for _ in 0..20_000 {
        let mut format = String::new();
        for _ in 0..random.below(8) {
            format.push_str(random.pick(&[
                "b", "B", "h", "H", "l", "j", "T", "f", "d", "n", "i", "I3", "i16", "c5", "x",
                "Xh", "Xd", "Xi3", "<", ">", "=", "!", "!4", "!2", "! ", " ", "i17", "!3", "c",
                "y", "X", "i0", "!16",
            ]));
        }
        writeln!(
            script,
            "show(pcall(string.packsize, {}))",
            literal(format.as_bytes())
        )
        .unwrap();
        let (mut layout, mut total) = (Layout::new(format.as_bytes()), 0);
        let mut line = None;
        while let Some(field) = layout.next(total) {
            match field {
                Ok(field) => total += field.padding + field.size,
                Err(error) => {
                    let message = match error {
                        super::layout::LayoutError::Plain(message) => message,
                        super::layout::LayoutError::Argument(message) => {
                            // The oracle finds another name for a function that pcall calls.
                            format!("bad argument #1 to 'string.packsize' ({message})").into_bytes()
                        }
                    };
                    line = Some(format!("error {}", hex(&message)));
                    break;
                }
            }
        }
        ours.push(line.unwrap_or_else(|| total.to_string()));
        cases.push(format);
    }
    for _ in 0..5_000 {
        let (n, size, little) = (
            random_integer(&mut random),
            1 + random.below(16),
            random.below(2) == 0,
        );
        let format = format!("{}i{size}", if little { '<' } else { '>' });
        let mut out = Vec::new();
        put_integer(&mut out, n as u64, size, little, n < 0);
        let back = get_integer(&out, little, true).unwrap();
        assert!(size < 8 || back == n);
        if super::layout::fits(n, size, Kind::Int) {
            writeln!(
                script,
                "show(pcall(string.pack, '{format}', math.tointeger({n:#x})))"
            )
            .unwrap();
            ours.push(format!("s{}", hex(&out)));
        } else {
            writeln!(
                script,
                "show(pcall(string.unpack, '{format}', {}))",
                literal(&out)
            )
            .unwrap();
            ours.push(format!("{back} {}", size + 1));
        }
        cases.push(format!("{format} {n}"));
    }
    compare("packed", &script, &ours, |i| cases[i].clone());
}
