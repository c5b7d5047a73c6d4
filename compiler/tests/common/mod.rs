//! What the tests share: a run of the reference implementation.

use std::io::Write;
use std::process::{Command, Stdio};

/// What `program` prints under `lua5.4`, which has to be installed, when these
/// lines are its input.
pub fn reference(program: &str, lines: &str) -> Vec<u8> {
    let mut lua = Command::new("lua5.4")
        .args(["-e", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lua5.4 is installed");
    let mut input = lua.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || input.write_all(lines.as_bytes()));
        let output = lua.wait_with_output().expect("lua5.4 ran");
        writer.join().expect("no panic").expect("written");
        output.stdout
    })
}
