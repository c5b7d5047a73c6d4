//! The `moonsweep` program: runs Lua scripts, explores in a REPL, compares
//! collectors, shows bytecode.

#![forbid(unsafe_code)]

mod args;
mod bench;
mod disasm;
mod gc_flags;
mod limits;
mod repl;
mod report;
mod run;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Natives that call Lua that calls natives recurse on the Rust stack, up to a
/// limit of the runtime's; so does the parser. This is room for all of it.
const STACK_BYTES: usize = 64 << 20;

/// What a failure of the program itself, not of a script, ends with.
const INTERNAL_ERROR: u8 = 70;

fn main() -> ExitCode {
    let start = Instant::now();
    end_with_closed_pipes();
    let interpreter = std::thread::Builder::new()
        .name("main".to_owned())
        .stack_size(STACK_BYTES);
    match interpreter.spawn(move || command(start)) {
        Ok(thread) => thread.join().unwrap_or_else(|_| {
            run::complain(Some(b"moonsweep"), b"internal error, please report it");
            ExitCode::from(INTERNAL_ERROR)
        }),
        Err(e) => {
            run::complain(Some(b"moonsweep"), format!("cannot start: {e}").as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Lets a reader that goes away end the program, as other programs of the system
/// end: those of Rust ignore the signal, and a script that never looks at what
/// its writes give would write for ever.
fn end_with_closed_pipes() {
    let always = Arc::new(AtomicBool::new(true));
    // Should that fail, writes do.
    let _ = signal_hook::flag::register_conditional_default(signal_hook::consts::SIGPIPE, always);
}

/// Carries out the command that the first word names, or else runs Lua. A
/// script of such a name is reached as `./bench`.
fn command(start: Instant) -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match words.get(1).and_then(|word| word.to_str()) {
        Some("bench") => bench::main(words.into_iter().skip(2).collect()),
        Some("disasm") => disasm::main(words.into_iter().skip(2).collect()),
        _ => {
            let words: Vec<Vec<u8>> = words
                .into_iter()
                .map(OsString::into_encoded_bytes)
                .collect();
            run::main(&words, start)
        }
    }
}
