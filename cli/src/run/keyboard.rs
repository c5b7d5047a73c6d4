//! Ctrl-C, as the reference's `lua.c` treats it: the first one while a program
//! runs raises the error `interrupted!` in it, which it may catch; the next one
//! during the same call, and any other one, ends the process.
//!
//! Three actions are registered for the signal, carried out in this order: the
//! signal's default, if `fatal` is set; setting `fatal`; and waking a thread
//! that asks the program to come to a safepoint, or wakes it where it waits for
//! input.

use moonsweep::Interrupter;
use moonsweep::native::Context;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Its name among the host's data.
const KEY: &str = "keyboard";

/// The thread does nothing but forward.
const STACK_BYTES: usize = 64 << 10;

struct Keyboard {
    /// The next Ctrl-C ends the process.
    fatal: Arc<AtomicBool>,
    interrupter: Interrupter,
}

/// From here on Ctrl-C interrupts the programs that [`during`] runs. Where
/// that can't be had it goes on ending the process.
pub fn watch(cx: &Context, interrupter: Interrupter) {
    let fatal = Arc::new(AtomicBool::new(true));
    if forward(&fatal, interrupter.clone()).is_ok() {
        cx.host().set(KEY, Keyboard { fatal, interrupter });
    }
}

fn forward(fatal: &Arc<AtomicBool>, interrupter: Interrupter) -> io::Result<()> {
    let mut signals = Signals::new::<_, i32>([])?;
    let handle = signals.handle();
    let waker = moonsweep::Waker::new(interrupter.clone())?;
    std::thread::Builder::new()
        .name("keyboard".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            for _ in signals.forever() {
                interrupter.request();
                waker.wake();
            }
        })?;
    flag::register_conditional_default(SIGINT, fatal.clone())?;
    flag::register(SIGINT, fatal.clone())?;
    handle.add_signal(SIGINT)
}

/// Runs `f`, in which Ctrl-C raises an error.
pub fn during<R>(cx: &mut Context, f: impl FnOnce(&mut Context) -> R) -> R {
    set_fatal(cx, false);
    let result = f(cx);
    set_fatal(cx, true);
    result
}

fn set_fatal(cx: &Context, fatal: bool) {
    cx.host().with(KEY, |keyboard: &mut Keyboard| {
        keyboard.fatal.store(fatal, SeqCst);
        if fatal {
            // Too late for the program that it was meant for.
            keyboard.interrupter.cancel();
        }
    });
}
