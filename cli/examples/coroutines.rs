//! A scheduler in Rust: Lua tasks that wait for each other by yielding.
//!
//! `cargo run --example coroutines`

use moonsweep::{Function, Lua, Result, Thread, ThreadStatus};
use std::collections::VecDeque;

/// Runs it, and checks what comes out.
pub fn main() -> Result<()> {
    let lua = Lua::new();
    lua.globals().set("log", lua.create_table()?)?;
    let task: Function = lua
        .load(
            "function(name, rounds)
                 for i = 1, rounds do
                     log[#log + 1] = name .. i
                     local left = coroutine.yield(rounds - i)
                     if left == 'stop' then error(name .. ' was stopped') end
                 end
                 return name .. ' is done'
             end",
        )
        .eval()?;

    let mut ready: VecDeque<Thread> = VecDeque::new();
    for (name, rounds) in [("a", 2), ("b", 3)] {
        let thread = lua.create_thread(task.clone())?;
        thread.resume::<i64>((name, rounds))?; // up to its first yield
        ready.push_back(thread);
    }
    let mut finished = Vec::new();
    while let Some(thread) = ready.pop_front() {
        let passed: moonsweep::Value = thread.resume("go on")?;
        match thread.status()? {
            ThreadStatus::Resumable => ready.push_back(thread),
            _ => finished.push(passed.to_string()?),
        }
    }
    assert_eq!(finished, ["a is done", "b is done"]);
    let log: Vec<String> = lua.globals().get("log")?;
    assert_eq!(log, ["a1", "b1", "a2", "b2", "b3"]);
    println!("{}", log.join(" "));

    // An error ends a task, and says where it was.
    let thread = lua.create_thread(task)?;
    thread.resume::<i64>(("c", 9))?;
    let error = thread.resume::<()>("stop").unwrap_err();
    assert!(error.message().ends_with("c was stopped"));
    assert_eq!(thread.status()?, ThreadStatus::Error);
    Ok(())
}
