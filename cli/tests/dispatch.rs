//! The interpreter's dispatch by tail calls, which stable Rust does not promise
//! (design: `runtime/src/interp/mod.rs`): a handler that made a call of what
//! should be a jump would use up the stack, so the machine code of the handlers
//! is searched for calls, and long programs run on a small stack.
//!
//! A build that dispatches in a loop has nothing to show here; the tests then
//! say that they were skipped.

mod common;

use moonsweep::{Vm, VmOptions, open_all};
use moonsweep_compiler::bytecode::opcodes::{Instruction, Op};
use moonsweep_compiler::bytecode::prototype::Prototype;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

/// Says that a test cannot run here, past the harness, which shows no output of
/// tests that do not fail.
fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Whether this build dispatches by tail calls; says so if not.
fn dispatches_by_tail_calls(test: &str) -> bool {
    let tail = moonsweep_runtime::DISPATCH == "tail";
    if !tail {
        skipped(test, "this build dispatches in a loop");
    }
    tail
}

/// A function of the disassembly.
struct Listing {
    name: String,
    instructions: Vec<String>,
}

/// The functions of the program whose names contain `part`.
fn disassemble(part: &str) -> Option<Vec<Listing>> {
    let output = Command::new("objdump")
        .args(["-d", "--no-show-raw-insn", "-C", common::MOONSWEEP])
        .output()
        .ok()?;
    assert!(output.status.success(), "objdump failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found: Vec<Listing> = Vec::new();
    let mut wanted = false;
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(">:") {
            wanted = name.contains(part);
            if wanted {
                found.push(Listing {
                    name: name.to_owned(),
                    instructions: Vec::new(),
                });
            }
        } else if wanted && let Some((_, instruction)) = line.split_once('\t') {
            let function = found.last_mut().expect("a line of a function");
            function.instructions.push(instruction.to_owned());
        }
    }
    Some(found)
}

impl Listing {
    /// Its instructions that call.
    fn calls(&self) -> Vec<&str> {
        let is_call = |i: &&str| matches!(i.split_whitespace().next(), Some("call" | "bl" | "blr"));
        self.instructions
            .iter()
            .map(String::as_str)
            .filter(is_call)
            .collect()
    }
}

#[test]
fn handlers_make_no_calls() {
    if !dispatches_by_tail_calls("handlers_make_no_calls") {
        return;
    }
    let known = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    let Some(handlers) = known.then(|| disassemble("HANDLERS::handler")).flatten() else {
        skipped(
            "handlers_make_no_calls",
            "no objdump (Debian's binutils), or one for another machine",
        );
        return;
    };
    // Handlers whose machine code is the same may share it.
    assert!(
        handlers.len() > Op::COUNT * 9 / 10,
        "only {} handlers of {} operations found",
        handlers.len(),
        Op::COUNT
    );
    let mut report = String::new();
    for handler in &handlers {
        if !handler.calls().is_empty() {
            report += &format!("{}: {:?}\n", handler.name, handler.calls());
        }
    }
    // What runs a slow operation calls that, and jumps to the next handler.
    let slow = disassemble("tail::slow_handler").expect("objdump ran before");
    assert!(slow.len() > 50, "only {} slow operations found", slow.len());
    for runner in &slow {
        if runner.calls().len() > 1 {
            report += &format!("{}: {:?}\n", runner.name, runner.calls());
        }
    }
    assert!(
        report.is_empty(),
        "calls where jumps are expected:\n{report}"
    );
}

/// Runs `source` on a thread with a stack of 64 KiB; its first result.
fn run_on_small_stack(source: &'static str, argument: i64) -> i64 {
    let thread = std::thread::Builder::new().stack_size(64 << 10);
    let run = move || {
        let mut vm = Vm::new(VmOptions::default()).expect("a virtual machine");
        let cx = vm.context();
        open_all(cx).unwrap_or_else(|_| panic!("the libraries"));
        let Ok(Ok(chunk)) = cx.load(source.as_bytes(), b"=small", "t", None) else {
            panic!("the program does not compile");
        };
        cx.push(chunk);
        cx.push(argument);
        if cx.call(1, Some(1)).is_err() {
            panic!("the program failed");
        }
        cx.top(0).to_integer().expect("a number")
    };
    let thread = thread.spawn(run).expect("a thread");
    thread.join().expect("the program ran")
}

/// Adds up in straight lines: the operations of a round can be counted.
const STRAIGHT: &str = "
local n = ...
local x, y, t = 0, 1.5, {field = 1, 2, 3}
for i = 1, n do
  x = x + i
  x = x & 0xffff
  y = y * 0.5
  t.field = x
  t[1] = t.field
  x = t[1] ~ i
  y = y + x
  x = x - 1
end
return x
";

/// Every operation of the interpreter, each with what makes it take its slow
/// ways, over and over.
const EVERYTHING: &str = include_str!("dispatch_everything.lua");

fn instructions(proto: &Prototype) -> Vec<Op> {
    let mut found = Vec::new();
    let mut pc = 0;
    while pc < proto.code.len() {
        let op = Instruction(proto.code[pc]).op().expect("valid code");
        found.push(op);
        pc += 1 + op.extension_words();
    }
    found
}

#[test]
fn hundred_million_operations_fit_a_small_stack() {
    if !dispatches_by_tail_calls("hundred_million_operations_fit_a_small_stack") {
        return;
    }
    let proto = moonsweep_compiler::compile(STRAIGHT.as_bytes(), b"=x").expect("it compiles");
    let all = instructions(&proto);
    let at = |op: Op| all.iter().position(|o| *o == op).expect("a loop");
    let round = at(Op::FORLOOP) - at(Op::FORPREP);
    let rounds = 100_000_000 / round as i64 + 1;
    let x = (1..=rounds).fold(0, |x, i| (((x + i) & 0xffff) ^ i) - 1);
    assert_eq!(run_on_small_stack(STRAIGHT, rounds), x);
}

#[test]
fn every_operation_fits_a_small_stack() {
    if !dispatches_by_tail_calls("every_operation_fits_a_small_stack") {
        return;
    }
    let main = moonsweep_compiler::compile(EVERYTHING.as_bytes(), b"=x").expect("it compiles");
    let mut seen = BTreeSet::new();
    let mut protos = vec![&main];
    while let Some(proto) = protos.pop() {
        seen.extend(instructions(proto).iter().map(|op| op.name()));
        protos.extend(proto.protos.iter().map(|p| &**p));
    }
    let missing: Vec<_> = Op::ALL
        .iter()
        .map(|op| op.name())
        // The one ends a run; the other takes 65,536 constants in a function.
        .filter(|name| !seen.contains(name) && !["EXIT", "LOADKX"].contains(name))
        .collect();
    assert!(missing.is_empty(), "the program lacks {missing:?}");
    // A call that leaves 16 bytes behind uses up the stack in 4096 rounds.
    assert_eq!(run_on_small_stack(EVERYTHING, 20_000), 20_000);
}
