//! Running programs: what the reference's `lua.c` does, in its order and with
//! its messages.

pub mod call;
mod keyboard;

use crate::args::{self, Action, CommandLine};
use crate::gc_flags::{self, Reports};
use crate::{limits, repl, report};
use call::Outcome;
use moonsweep::native::Context;
use moonsweep::{Options, Vm, VmOptions};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

/// A failure that was reported already, or need not be.
pub struct Failed;

/// Runs the interpreter for a command line; `words[0]` names the program.
pub fn main(words: &[Vec<u8>], start: Instant) -> ExitCode {
    let program = words.first().filter(|w| !w.is_empty()).cloned();
    let program = program.unwrap_or_else(|| b"moonsweep".to_vec());
    let arity = |name: &str| limits::arity(name).or_else(|| gc_flags::arity(name));
    let line = match args::parse(words, &arity) {
        Ok(line) => line,
        Err(bad) => {
            complain(Some(&program), bad.0.as_bytes());
            let usage = args::usage(&String::from_utf8_lossy(&program), &usage());
            let _ = io::stderr().write_all(usage.as_bytes());
            return ExitCode::FAILURE;
        }
    };
    if line.help {
        let usage = args::usage(&String::from_utf8_lossy(&program), &usage());
        say(&usage);
        return ExitCode::SUCCESS;
    }
    match start_up(&line, start) {
        Ok(mut vm) => {
            let fine = Session {
                line: &line,
                words,
                program: &program,
            }
            .run(&mut vm);
            // before closing: what lived at the end is reported
            vm.context().run_at_exit();
            vm.close();
            moonsweep::flush_all(vm.context());
            if fine {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(message) => {
            complain(Some(&program), message.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Makes a virtual machine as the options say.
fn start_up(line: &CommandLine, start: Instant) -> Result<Vm, String> {
    let mut options = Options::default();
    let mut reports = Reports::default();
    let read = |name: &str| match line.ignore_environment {
        true => None,
        false => std::env::var(name).ok(),
    };
    gc_flags::apply_environment(&mut options, &read)?;
    let limits = limits::read(&line.long, &read)?;
    let collector = line
        .long
        .iter()
        .filter(|o| limits::arity(&o.name).is_none());
    gc_flags::apply(
        &collector.cloned().collect::<Vec<_>>(),
        &mut options,
        &mut reports,
    )?;
    let made = Vm::new(VmOptions {
        gc: options,
        seed: None,
    });
    let mut vm = made.map_err(|e| format!("cannot create state: {e}"))?;
    report::begin(&reports, &mut vm, start)?;
    let interrupter = vm.interrupter();
    keyboard::watch(vm.context(), interrupter);
    vm.context().set_instruction_limit(limits.instructions);
    Ok(vm)
}

/// The long options for the usage text.
fn usage() -> Vec<(String, String)> {
    let mut rows = limits::usage();
    rows.extend(gc_flags::usage());
    rows
}

/// One command line being carried out.
struct Session<'a> {
    line: &'a CommandLine,
    words: &'a [Vec<u8>],
    program: &'a [u8],
}

impl Session<'_> {
    /// Carries everything out; whether all of it went well.
    fn run(&self, vm: &mut Vm) -> bool {
        let cx = vm.context();
        let done = self.steps(cx);
        moonsweep::flush_all(cx);
        done.is_ok()
    }

    fn steps(&self, cx: &mut Context) -> Result<(), Failed> {
        let line = self.line;
        if line.version {
            print_version();
        }
        self.prepare(cx)?;
        if !line.ignore_environment {
            self.run_init(cx)?;
        }
        for action in &line.actions {
            self.act(cx, action)?;
        }
        if let Some(at) = line.script {
            self.run_script(cx, at)?;
        }
        if line.interactive {
            repl::run(cx)?;
        } else if line.script.is_none() && !line.did_something() {
            if io::stdin().is_terminal() {
                print_version();
                repl::run(cx)?;
            } else {
                // As in the reference, a failure is reported and no failure of the program.
                let _ = self.run_file(cx, None);
            }
        }
        Ok(())
    }

    /// Opens the libraries and makes the table `arg`.
    fn prepare(&self, cx: &mut Context) -> Result<(), Failed> {
        let prepared = (|| {
            if self.line.ignore_environment {
                // tells the libraries to ignore it too
                cx.registry().set_name(cx, "LUA_NOENV", true)?;
            }
            moonsweep::open_all(cx)?;
            let script = self.line.script.unwrap_or(0) as i64;
            let positive = self.words.len().saturating_sub(script as usize + 1);
            let arg = cx.table(positive, script as usize + 1);
            for (i, word) in self.words.iter().enumerate() {
                arg.set_int(cx, i as i64 - script, cx.string(word)?)?;
            }
            cx.globals().set_name(cx, "arg", arg)
        })();
        prepared.map_err(|raised| {
            let message = call::message_of(cx, raised);
            self.report(&message)
        })
    }

    /// Runs what `LUA_INIT_5_4`, or else `LUA_INIT`, says.
    fn run_init(&self, cx: &mut Context) -> Result<(), Failed> {
        for name in ["LUA_INIT_5_4", "LUA_INIT"] {
            let Some(init) = std::env::var_os(name) else {
                continue;
            };
            let init = init.into_encoded_bytes();
            return match init.strip_prefix(b"@") {
                Some(file) => self.run_file(cx, Some(file)),
                None => self.run_text(cx, &init, format!("={name}").as_bytes()),
            };
        }
        Ok(())
    }

    fn act(&self, cx: &mut Context, action: &Action) -> Result<(), Failed> {
        match action {
            Action::Execute(text) => self.run_text(cx, text, b"=(command line)"),
            Action::Require(module) => self.require(cx, module),
            Action::Warnings => {
                // nobody takes warnings yet, so there is nobody's error
                let _ = cx.warn(b"@on", false);
                Ok(())
            }
        }
    }

    /// `-l`: requires a module into a global of its name, or of the one before
    /// `=`; what follows a `-` in a module's name is no part of the global's.
    fn require(&self, cx: &mut Context, text: &[u8]) -> Result<(), Failed> {
        let (global, module) = match text.iter().position(|&c| c == b'=') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => {
                let end = text.iter().position(|&c| c == b'-').unwrap_or(text.len());
                (&text[..end], text)
            }
        };
        let outcome = call::protected(cx, |cx| {
            cx.push(cx.globals().get_name(cx, "require"));
            cx.push(cx.string(module)?);
            Ok(1)
        });
        match outcome {
            Outcome::Values(n) => {
                if n == 0 {
                    cx.push(());
                }
                let first = cx.slots() - n.max(1);
                let set = cx
                    .string(global)
                    .and_then(|name| cx.globals().set(cx, name, cx.arg(first)));
                let result = set.map_err(|raised| self.report(&call::message_of(cx, raised)));
                cx.truncate(0);
                result
            }
            Outcome::Error(message) => Err(self.report(&message)),
        }
    }

    fn run_script(&self, cx: &mut Context, at: usize) -> Result<(), Failed> {
        let name = &self.words[at];
        let stdin = name == b"-" && !self.line.script_after_dashes;
        let loaded = call::load_file(cx, (!stdin).then_some(name.as_slice()));
        self.run_loaded(cx, loaded, true)
    }

    fn run_file(&self, cx: &mut Context, path: Option<&[u8]>) -> Result<(), Failed> {
        let loaded = call::load_file(cx, path);
        self.run_loaded(cx, loaded, false)
    }

    fn run_text(&self, cx: &mut Context, text: &[u8], name: &[u8]) -> Result<(), Failed> {
        let loaded = call::load(cx, text, name);
        self.run_loaded(cx, loaded, false)
    }

    /// Runs the chunk on top of the frame, if it was loaded; the script gets
    /// the elements of `arg` as its arguments.
    fn run_loaded(
        &self,
        cx: &mut Context,
        loaded: Result<(), Vec<u8>>,
        script: bool,
    ) -> Result<(), Failed> {
        loaded.map_err(|message| self.report(&message))?;
        let chunk = cx.slots() - 1;
        let outcome = call::protected(cx, |cx| {
            cx.push(cx.arg(chunk));
            if script {
                call::push_arguments(cx)
            } else {
                Ok(0)
            }
        });
        cx.truncate(0);
        match outcome {
            Outcome::Values(_) => Ok(()),
            Outcome::Error(message) => Err(self.report(&message)),
        }
    }

    fn report(&self, message: &[u8]) -> Failed {
        complain(Some(self.program), message);
        Failed
    }
}

/// Writes a message, up to its first zero, to standard error, after the program's name if
/// there is one.
pub fn complain(program: Option<&[u8]>, message: &[u8]) {
    let mut text = Vec::with_capacity(message.len() + 16);
    if let Some(program) = program {
        text.extend_from_slice(program);
        text.extend_from_slice(b": ");
    }
    text.extend_from_slice(moonsweep::native::c_str(message));
    text.push(b'\n');
    let _ = io::stderr().write_all(&text);
}

/// Writes to standard output; a reader that went away is no error.
pub fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn print_version() {
    say(&format!(
        "Moonsweep {}, Lua 5.4 as defined by Lua.org, PUC-Rio\n",
        env!("CARGO_PKG_VERSION")
    ));
}
