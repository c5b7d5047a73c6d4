//! Ctrl-C, with real signals: the program is interrupted where the reference
//! is, with the same words and the same status, and in places where the
//! reference is not (pattern matching, natives, coroutines).

mod common;

use common::{MOONSWEEP, REFERENCE, collectors};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// More than any of these programs takes.
const LIMIT: Duration = Duration::from_secs(300);

/// Said by each program when it is about to do what is to be interrupted.
const READY: &str = "io.stdout:write('ready\\n') io.stdout:flush() ";

struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// How it ended: status, the rest of standard output, standard error without
/// the program's name.
#[derive(Debug, PartialEq)]
struct Ended {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

/// What `/proc` tells of a thread.
#[derive(PartialEq)]
struct Thread {
    id: u64,
    state: char,
    /// What it used of a processor, in hundredths of a second.
    ticks: u64,
    /// How often it gave up a processor.
    switches: u64,
}

impl Thread {
    /// Nothing if the thread has just ended.
    fn read(folder: &Path) -> Option<Thread> {
        let id = folder.file_name()?.to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
        // The name before it, in parentheses, is any text.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let number = |i: usize| fields.get(i)?.parse::<u64>().ok();
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let switches = status
            .lines()
            .filter(|line| line.contains("ctxt_switches"))
            .filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok())
            .sum();
        Some(Thread {
            id,
            state: fields.first()?.chars().next()?,
            ticks: number(11)? + number(12)?,
            switches,
        })
    }
}

impl Running {
    fn start(program: &str, words: &[&str]) -> Running {
        let mut child = common::command(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Running {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
        }
    }

    fn wait_for(&mut self, wanted: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            let n = self.stdout.read_line(&mut line).expect("text");
            assert!(n > 0, "it ended before it said '{wanted}'");
            if line.trim_end().ends_with(wanted) {
                return;
            }
        }
    }

    /// Waits until it works hard, which is when it has used up some time of a processor:
    /// on a busy machine that comes later than on an idle one.
    fn wait_until_it_runs(&self) {
        let used = || self.threads().iter().map(|t| t.ticks).sum::<u64>();
        let (start, before) = (Instant::now(), used());
        while used() < before + 5 {
            assert!(start.elapsed() < LIMIT, "it does nothing");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until all of its threads wait for something, and have not run meanwhile.
    fn wait_until_it_waits(&self) {
        let start = Instant::now();
        let (mut before, mut quiet) = (Vec::new(), 0);
        while quiet < 10 {
            assert!(start.elapsed() < LIMIT, "it does not wait");
            std::thread::sleep(Duration::from_millis(5));
            let now = self.threads();
            let waits = now.iter().all(|t| t.state == 'S') && now == before;
            quiet = if waits { quiet + 1 } else { 0 };
            before = now;
        }
    }

    fn threads(&self) -> Vec<Thread> {
        let folder = format!("/proc/{}/task", self.child.id());
        let mut threads: Vec<Thread> = std::fs::read_dir(folder)
            .expect("it is still there")
            .filter_map(|entry| Thread::read(&entry.ok()?.path()))
            .collect();
        threads.sort_by_key(|t| t.id);
        threads
    }

    fn interrupt(&self) {
        let id = Pid::from_child(&self.child);
        kill_process(id, Signal::INT).expect("the child is there");
    }

    fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("it listens");
        stdin.flush().expect("it listens");
    }

    fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("a status") {
                Some(status) => break status,
                None if start.elapsed() > LIMIT => {
                    let _ = self.child.kill();
                    panic!("it was not interrupted");
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        let pipe = self.child.stderr.as_mut().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("text");
        let stderr = match stderr.split_once(": ") {
            Some((_, message)) if status.code() == Some(1) => message.to_owned(),
            _ => stderr,
        };
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

/// Runs a chunk and interrupts it when it is ready and has worked for some time.
fn interrupted(program: &str, options: &[&str], chunk: &str) -> Ended {
    let text = format!("{READY}{chunk}");
    let mut words = options.to_vec();
    words.extend(["-e", &text]);
    let mut running = Running::start(program, &words);
    running.wait_for("ready");
    running.wait_until_it_runs();
    running.interrupt();
    running.end()
}

#[test]
fn as_the_reference_under_every_collector() {
    let chunks = [
        "while true do end",
        "local function f() while true do end end\nlocal function g()\nf() end g()",
        "print(pcall(function() while true do end end))",
        "print(xpcall(function() while true do end end, function(m) return 'h:' .. m end))",
        "local t = setmetatable({}, {__index = function() while true do end end}) t = t.x",
        "repeat local t = {} until false",
        "for i = 1, math.huge do local s = i .. '' end",
        "goto a ::a:: goto a",
        "local a <close> = setmetatable({}, {__close = function(_, e) print(e) end})\nwhile true do end",
        "os.exit(select(2, pcall(function() while true do end end)) == 'interrupted!' and 7)",
    ];
    for chunk in chunks {
        let expected = interrupted(REFERENCE, &[], chunk);
        for collector in collectors() {
            let got = interrupted(MOONSWEEP, &["--gc", collector], chunk);
            assert_eq!(got, expected, "{chunk} under {collector}");
        }
    }
}

#[test]
fn in_coroutines_and_long_natives() {
    let chunks = [
        "coroutine.wrap(function() while true do end end)()",
        "local f = ('a'):rep(100) f:find(('a?'):rep(100) .. f)",
        "local s = ('a'):rep(1e6):gsub('.-b', '')",
        "while true do local s = ('x'):rep(1e6) end",
        "while true do table.concat({('x'):rep(1e6)}, '') end",
        "table.move(setmetatable({}, {__index = function() end}), 1, 1e15, 2)",
        "table.sort(setmetatable({}, {__len = function() return 2^30 end, __index = function() return 1 end, __newindex = function() end}))",
        "string.gsub(('a'):rep(1e8), 'a', print and {})",
        "while true do utf8.len(('x'):rep(1e7)) end",
        "local function f(n) if n > 0 then return f(n - 1) end return f(1000) end f(1)",
        "table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1e15)",
    ];
    for chunk in chunks {
        let ended = interrupted(MOONSWEEP, &[], chunk);
        assert_eq!(ended.status.code(), Some(1), "{chunk}: {ended:?}");
        assert!(
            ended.stderr.contains("interrupted!\nstack traceback:\n"),
            "{chunk}: {ended:?}"
        );
    }
}

#[test]
fn the_second_one_kills() {
    let chunk =
        format!("{READY} print(pcall(function() while true do end end)) {READY} while true do end");
    for program in [REFERENCE, MOONSWEEP] {
        let mut running = Running::start(program, &["-e", &chunk]);
        running.wait_for("ready");
        running.wait_until_it_runs();
        running.interrupt();
        running.wait_for("ready");
        running.interrupt();
        let ended = running.end();
        assert_eq!(ended.status.signal(), Some(2), "{program}: {ended:?}");
    }
}

#[test]
fn while_it_waits_for_input() {
    let chunks = [
        "print(pcall(function() print(io.read()) return 1 end))",
        "print(pcall(function() local a = io.read('a') return 1 end))",
        "local function f() return (io.stdin:read(5)) end print(pcall(f))",
        "io.read()",
    ];
    for chunk in chunks {
        let run = |program| {
            let mut running = Running::start(program, &["-e", &format!("{READY} {chunk}")]);
            running.wait_for("ready");
            running.wait_until_it_waits();
            running.interrupt();
            // The input stays open: nothing else ends the wait.
            let input = running.stdin.take();
            let ended = running.end();
            drop(input);
            ended
        };
        assert_eq!(run(MOONSWEEP), run(REFERENCE), "{chunk}");
    }
    // Reading goes on after it.
    let chunk = format!("{READY} print(pcall(io.read)) {READY} print(io.read())");
    let mut running = Running::start(MOONSWEEP, &["-e", &chunk]);
    running.wait_for("ready");
    running.wait_until_it_waits();
    running.interrupt();
    running.wait_for("ready");
    running.say("line\n");
    assert_eq!(running.end().stdout, "line\n");
}

#[test]
fn the_interactive_mode_goes_on() {
    for options in [&["-i"][..], &["-i", "-e", "x = 1"]] {
        let mut running = Running::start(MOONSWEEP, options);
        running.say(&format!("{READY} while true do end\n"));
        running.wait_for("ready");
        running.wait_until_it_runs();
        running.interrupt();
        running.say("print('still' .. ' here')\n");
        running.wait_for("still here");
        let ended = running.end();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(
            ended.stderr.starts_with("interrupted!\nstack traceback:"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_script_of_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = dir.path().join("loop.lua");
    std::fs::write(&script, format!("{READY}\nwhile true do end\n")).expect("a file");
    let script = script.to_str().expect("text");
    let run = |program| {
        let mut running = Running::start(program, &[script]);
        running.wait_for("ready");
        running.wait_until_it_runs();
        running.interrupt();
        running.end()
    };
    assert_eq!(run(MOONSWEEP), run(REFERENCE));
}

#[test]
fn before_a_program_runs_it_kills() {
    // Waiting for a line in interactive mode: nothing runs that could catch it.
    let mut running = Running::start(MOONSWEEP, &["-i"]);
    running.say("print('ready')\n");
    running.wait_for("ready");
    running.wait_until_it_waits();
    running.interrupt();
    let ended = running.end();
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
}
