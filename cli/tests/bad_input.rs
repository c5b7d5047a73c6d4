//! Bad input: what is wrong with a program, its source or its environment ends
//! as it does under `lua5.4`: the same output, message, traceback and status,
//! whatever the collector. What the two cannot have in common (a limit on the
//! heap, sizes of stacks) is compared with what is expected here.

mod common;

use common::{End, MOONSWEEP, Outcome, REFERENCE};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Programs by name: written to a file of that name and run.
const PROGRAMS: &[(&str, &[u8])] = &[
    ("syntax", b"#!/usr/bin/lua\nlocal x =\n= 1"),
    ("syntax_at_end", b"if x then\n\nfor i = 1, 2 do"),
    ("unfinished_string", b"local s = 'abc\nprint(s)"),
    ("noise", b"\xff\xfe\x00\x01print(1)"),
    ("zero", b"print('fine')\n\0x = 1"),
    ("binary", b"\x1bLuagarbage"),
    ("truncated_binary", b"\x1bLua"),
    ("empty", b""),
    ("runtime_local", b"local a\n\nprint(a.b)"),
    ("runtime_field", b"local t = {a = {}}\nt.a.b.c = 1"),
    ("runtime_global", b"undefined()"),
    ("runtime_method", b"local s = 'x'\ns:nope()"),
    ("arithmetic", b"local function f(x)\n  return x + {}\nend\nprint(pcall(f, 1))\nf(1)"),
    ("compare", b"print(pcall(function() return {} < 1 end)) return nil < nil"),
    ("concat", b"local t = {}\nlocal s = 'a' .. 1 .. t"),
    ("error_table", b"error({})"),
    ("error_nil", b"error()"),
    ("error_level", b"local function f() error('up', 2) end\nf()"),
    ("error_bare", b"error('bare', 0)"),
    ("error_number", b"error(12)"),
    ("error_tostring", b"error(setmetatable({}, {__tostring = function() return 'T!' end}))"),
    ("deep", b"local function f() error('deep') end\nlocal function g() f() end\nlocal t = {m = function() g() end}\nt.m()"),
    ("in_coroutine", b"local co = coroutine.wrap(function() local x = nil + 1 end)\nco()"),
    ("in_sort", b"table.sort({3, 2, 1}, function(a, b) return a.x < b.x end)"),
    ("in_gsub", b"string.gsub('abc', '.', function(c) return {} end)"),
    ("recursion", b"local function f() return 1 + f() end\nlocal ok, e = pcall(f)\nprint(ok, e)\nprint(pcall(f))"),
    ("recursion_gsub", b"local function f(s) return (s:gsub('.', f)) end\nprint(pcall(f, 'x'))\nprint(#('x'):rep(3))"),
    ("recursion_tostring", b"local t = setmetatable({}, {__tostring = function(t) return tostring(t) end})\nprint(pcall(tostring, t))"),
    ("recursion_handler", b"local function f() return 1 + f() end\nprint(xpcall(f, function(m) return 'handled ' .. m end))\nprint(xpcall(f, f))"),
    ("nested_source",
        b"local function try(s) print((select(2, load(s)):gsub('\\nstack traceback.*', ''))) end\ntry(('('):rep(1000) .. '1')\ntry('x = ' .. ('{'):rep(1000))\ntry(('do '):rep(1000))\ntry('x = ' .. ('- '):rep(1000) .. '1')",
    ),
    ("rep", b"print(pcall(string.rep, 'x', 1e15))\nprint(pcall(function() return ('x'):rep(1e9):rep(1e9) end))\nprint(pcall(string.rep, 'x', math.maxinteger, 'yy'))\nlocal t = ('x'):rep(1e15)"),
    ("patterns", b"print(pcall(string.find, ('a'):rep(2200), ('a?'):rep(2200) .. 'b'))\nprint(pcall(string.match, ('x'):rep(300), ('(x'):rep(40)))\nprint(pcall(string.gsub, 'x', '%', ''))\nprint(pcall(string.find, 'x', '[a'))\nprint(pcall(string.find, 'x', '%f'))\nprint(pcall(string.gsub, 'x', '(x', '%2'))\nprint(pcall(string.gsub, 'x', 'x', '%2'))\nprint(pcall(string.find, ('('):rep(3000), '%b()'))"),
    ("concat_range", b"print(pcall(table.concat, {}, '', 1, 2^53))\nprint(pcall(table.concat, {}, '', math.mininteger, math.maxinteger))\nprint(pcall(table.concat, {}, '', math.maxinteger, math.maxinteger))\nprint(pcall(table.concat, {1, {}, 3}))\nprint(pcall(table.concat, setmetatable({}, {__len = function() return math.maxinteger end})))\ntable.concat({}, '', 1, 1)"),
    ("unpack_range", b"print(pcall(table.unpack, {}, 1, 1e8))\nprint(pcall(table.unpack, {}, math.mininteger, math.maxinteger))\nprint(pcall(table.unpack, {}, 0, math.maxinteger))\nprint(select('#', table.unpack({}, math.maxinteger, math.maxinteger)))\nprint(pcall(string.byte, ('x'):rep(1e7), 1, -1))\ntable.unpack({}, 1, 1e7)"),
    ("table_ranges", b"print(pcall(table.insert, {}, 5, 1))\nprint(pcall(table.insert, {}, 1, 2, 3))\nprint(pcall(table.move, {}, 1, math.maxinteger, 2))\nprint(pcall(table.move, {}, math.mininteger, 0, 2))\nprint(pcall(select, -2, 1))\nprint(pcall(string.char, 256))\nprint(pcall(utf8.char, -1))\nprint(pcall(utf8.codepoint, '\\xff'))\nprint(pcall(string.format, '%d', 1.5))\nprint(pcall(string.format, '%y', 1))\nprint(pcall(string.pack, 'i17', 1))\nprint(pcall(math.random, 2, 1))\nprint(pcall(setmetatable, 1))"),
    ("sort", b"local t = {} for i = 1, 100 do t[i] = i * 7919 % 101 end\nprint(pcall(table.sort, t, function(a, b) return true end))\nprint(pcall(table.sort, {3, 1, 'x'}))\nprint(pcall(table.sort, {1, 2, 3, 4, 5}, function() error('order') end))\nprint(pcall(table.sort, setmetatable({}, {__len = function() return math.maxinteger end})))\ntable.sort(t, function(a, b) return true end)"),
    ("handlers", b"print(xpcall(function() error 'one' end, function(m) error 'two' end))\nprint(xpcall(function() error 'one' end, function(m) return m .. '!' end))\nprint(xpcall(function() local x = nil + 1 end, debug.traceback))\nprint(pcall(xpcall))\nprint(pcall(pcall))"),
    ("close", b"local function closing(v) return setmetatable({}, {__close = v}) end\nprint(pcall(function() local c <close> = closing(function(_, e) error('close after ' .. tostring(e), 0) end) error('body', 0) end))\nprint(pcall(function() local c <close> = closing(function(_, e) error('close after ' .. tostring(e), 0) end) return 1 end))\nprint(pcall(function() local c <close> = 42 end))\nlocal x <close> = closing(function() error 'at the end' end)"),
    ("tables", b"print(pcall(rawset, {}, nil, 1))\nprint(pcall(next, {}, 'no key'))\nprint(pcall(function() local t = {} t[0/0] = 1 end))\nprint(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))\nlocal t = {}\nt[nil] = 1"),
    ("loops", b"print(pcall(function() for i = 1, 10, 0 do end end))\nprint(pcall(function() for i = 'a', 2 do end end))\nprint(pcall(function() for i in 5 do end end))\nfor i = 1, {} do end"),
    ("coroutines", b"print(coroutine.resume(coroutine.create(function() error({}) end)))\nlocal co = coroutine.create(function() error('x') end)\nprint(coroutine.resume(co)) print(coroutine.resume(co))\nprint(pcall(coroutine.yield))\nprint(coroutine.close(coroutine.create(print)))\nprint(coroutine.resume(coroutine.running()))\ncoroutine.wrap(function() error('in wrap') end)()"),
    ("files", b"print(io.open('nowhere/x'))\nprint(pcall(io.lines, 'nowhere'))\nprint(pcall(io.open, 'x', 'badmode'))\nlocal f = io.tmpfile() f:close() print(pcall(f.read, f)) print(f:seek())"),
    ("require", b"package.path = './?.lua' package.cpath = '' require 'nowhere.to.be.found'"),
    ("loads", b"print(load('x ='))\nprint(load('x', '=name', 'b'))\nprint(load('\\27Lua', '=name', 't'))\nprint(pcall(load, function() return {} end))\nprint(load(function() error('reader') end))\ndofile('nowhere.lua')"),
    ("exits", b"local t <close> = setmetatable({}, {__close = function() print 'closed' end})\nos.exit(7, true)"),
    ("exit_false", b"os.exit(false)"),
];

/// Programs that need a collector which collects.
const FINALIZERS: &[(&str, &[u8])] = &[
    ("gc_error", b"setmetatable({}, {__gc = function() error('in gc') end})\ncollectgarbage()\nprint 'still here'\nsetmetatable({}, {__gc = function() error('at the end') end})"),
    ("gc_value", b"setmetatable({}, {__gc = function() error({}) end})\nsetmetatable({}, {__gc = true})\ncollectgarbage()\nprint(pcall(collectgarbage, 'nonsense'))"),
];

/// Command lines: words, and the status.
const COMMANDS: &[&[&str]] = &[
    &["nowhere.lua"],
    &["."],
    &["-e", "x ="],
    &["-e", "error('one')", "-e", "print('two')"],
    &["-e"],
    &["-Z"],
    &["-W", "-e", "warn('@on') warn('a', 'b')"],
    &["-"],
    &["-e", "print(...)", "nowhere.lua", "a"],
    &["--", "-x"],
];

const LIMIT: Duration = Duration::from_secs(300);

/// Output without the program's name and without addresses.
fn plain(bytes: &[u8], program: &str) -> String {
    let text = String::from_utf8_lossy(bytes).replace(&format!("{program}: "), "lua: ");
    let text = text.replace(program, "lua").replace("builtin: ", "0x");
    let mut out = String::new();
    let mut rest = &text[..];
    while let Some(at) = rest.find("0x") {
        out += &rest[..at];
        out += "ADDRESS";
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == 'x');
    }
    out + rest
}

/// What someone sees who runs it.
fn shown(outcome: &Outcome, program: &str) -> String {
    // How many levels fit a stack is nobody's business.
    let levels = |line: &str| match line.contains("(skipping ") {
        true => "...".to_owned(),
        false => line.to_owned(),
    };
    let stderr = plain(&outcome.stderr, program);
    format!(
        "{:?}\n{}--\n{}",
        outcome.end,
        plain(&outcome.stdout, program),
        stderr.lines().map(levels).collect::<Vec<_>>().join("\n")
    )
}

/// Runs both in `folder`; how moonsweep differs, if it does.
fn compare(folder: &Path, flags: &[&str], words: &[&str]) -> Option<String> {
    let run = |program: &str, flags: &[&str]| {
        let mut command = common::command(program);
        command.current_dir(folder).args(flags).args(words);
        shown(&common::run(&mut command, LIMIT), program)
    };
    let (expected, got) = (run(REFERENCE, &[]), run(MOONSWEEP, flags));
    (expected != got).then(|| {
        let first = common::first_difference(expected.as_bytes(), got.as_bytes());
        format!("{flags:?} {words:?}:\n{first}")
    })
}

/// Writes programs into a folder, and compares each under every collector.
fn compare_programs(programs: &[(&str, &[u8])], collecting: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut jobs = Vec::new();
    for (name, source) in programs {
        let file = format!("{name}.lua");
        std::fs::write(folder.path().join(&file), source).expect("a file in the folder");
        for collector in common::collectors() {
            if !(collecting && collector == "none") {
                jobs.push((collector, file.clone()));
            }
        }
    }
    let failures = common::parallel(&jobs, |(collector, file)| {
        compare(
            folder.path(),
            &["--gc", collector, "--heap-max", "4G"],
            &[file],
        )
    });
    assert!(failures.is_empty(), "\n{}", failures.concat());
}

#[test]
fn bad_programs_end_as_under_the_reference() {
    compare_programs(PROGRAMS, false);
}

#[test]
fn errors_in_finalizers_are_told_as_under_the_reference() {
    compare_programs(FINALIZERS, true);
}

#[test]
fn bad_command_lines_end_as_under_the_reference() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let failures = common::parallel(COMMANDS, |words| {
        // The usage shown for a bad option names options of its own.
        let outcome = common::run(
            common::command(MOONSWEEP)
                .current_dir(folder.path())
                .args(*words),
            LIMIT,
        );
        if String::from_utf8_lossy(&outcome.stderr).contains("usage: ") {
            let refused = outcome.end == End::Status(1);
            return (!refused).then(|| format!("{words:?}: {:?}", outcome.end));
        }
        compare(folder.path(), &[], words)
    });
    assert!(failures.is_empty(), "\n{}", failures.concat());
}

/// Past `--heap-max`: an error that can be caught, told without a traceback, as
/// the reference tells its own; the program goes on.
#[test]
fn memory_that_is_out_is_an_error() {
    const EATERS: &[&str] = &[
        "local t = {} for i = 1, 1e9 do t[i] = {i} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = tostring(i) end",
        "local t = {} while true do t = {t, function() return t end} end",
        "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
        "local s = ('x'):rep(1e9)",
        "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6):upper():gsub('X', 'yy') end",
    ];
    let jobs: Vec<_> = EATERS
        .iter()
        .flat_map(|eater| common::collectors().into_iter().map(move |c| (*eater, c)))
        .collect();
    let failures = common::parallel(&jobs, |(eater, collector)| {
        let run = |source: &str| {
            let mut command = common::command(MOONSWEEP);
            command.args(["--gc", collector, "--heap-max", "32M", "-e", source]);
            let outcome = common::run(&mut command, LIMIT);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (outcome.end, text(&outcome.stdout), text(&outcome.stderr))
        };
        let caught = format!(
            "for i = 1, 2 do print(pcall(function() {eater} end)) end
             print(xpcall(function() {eater} end, function() return 'handled' end))
             local u = {{}} for i = 1, 1e4 do u[i] = {{}} end print(#u)"
        );
        let line = "false\tnot enough memory\n";
        let expected = (
            End::Status(0),
            format!("{line}{line}{line}10000\n"),
            String::new(),
        );
        let (got, uncaught) = (run(&caught), run(eater));
        let told = (
            End::Status(1),
            String::new(),
            format!("{MOONSWEEP}: not enough memory\n"),
        );
        let mut wrong = String::new();
        // Without collections there is no memory left to go on with.
        if got != expected && *collector != "none" {
            wrong += &format!("{collector} caught: {eater}\n  {got:?}\n");
        }
        if uncaught != told {
            wrong += &format!("{collector}: {eater}\n  {uncaught:?}\n");
        }
        (!wrong.is_empty()).then_some(wrong)
    });
    assert!(failures.is_empty(), "\n{}", failures.concat());
}

/// A reader that goes away ends the writer, even one that never looks.
#[test]
fn closed_pipes_end_the_program() {
    for program in [REFERENCE, MOONSWEEP] {
        let mut writer = common::command(program)
            .args(["-e", "while true do print('again') end"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program that starts");
        drop(writer.stdout.take());
        let started = std::time::Instant::now();
        let status = loop {
            if let Some(status) = writer.try_wait().expect("a child") {
                break status;
            }
            if started.elapsed() > Duration::from_secs(120) {
                let _ = writer.kill();
                panic!("{program} goes on writing");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), None, "{program}: no signal ended it");
    }
}

/// Files that only garbage holds do not keep others from being opened, however small
/// they are as memory.
#[test]
fn garbage_gives_its_files_back() {
    const OPENS: &[&str] = &[
        "assert(io.open('.'))",
        "assert(io.tmpfile())",
        "io.lines('lines.txt')",
        "io.input('lines.txt')",
        "if i % 20 == 0 then assert(io.popen(':')) end",
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("lines.txt"), "line").expect("a file");
    let mut jobs = Vec::new();
    for open in OPENS {
        let collectors = common::collectors().into_iter();
        jobs.extend(collectors.filter(|c| *c != "none").map(|c| (c, *open)));
    }
    let failures = common::parallel(&jobs, |(collector, open)| {
        let script = format!("for i = 1, 1000 do {open} end print('fine')");
        let mut command = common::command("sh");
        command
            .current_dir(folder.path())
            .args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\"", MOONSWEEP])
            .args(["--gc", collector, "-e", &script]);
        let outcome = common::run(&mut command, LIMIT);
        (outcome.stdout != b"fine\n")
            .then(|| format!("{collector}: {open}\n{}", outcome.stderr_head(2)))
    });
    assert!(failures.is_empty(), "\n{}", failures.concat());
}
