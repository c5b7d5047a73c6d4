//! Programs that nobody trusts: no files, so much memory, so many
//! instructions, so much time.
//!
//! `cargo run --example sandbox`

use moonsweep::{Error, Lua, LuaOptions, Result, StdLib, VmState};
use std::time::{Duration, Instant};

fn sandbox() -> Result<Lua> {
    let options = LuaOptions::new()
        .heap_max(16 << 20)
        .instruction_limit(5_000_000);
    let lua = Lua::new_with(StdLib::SANDBOX, options)?;
    let deadline = Instant::now() + Duration::from_secs(2);
    lua.set_interrupt(move |lua| {
        if Instant::now() < deadline {
            return Ok(VmState::Continue);
        }
        // For good: what is raised alone could be caught.
        lua.set_instruction_limit(Some(0))?;
        Err(Error::runtime("time is up"))
    })?;
    Ok(lua)
}

/// Runs it, and checks what comes out.
pub fn main() -> Result<()> {
    let programs = [
        (
            "harmless",
            "local t = {} for i = 1, 100 do t[i] = i end return #t",
        ),
        (
            "greedy",
            "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
        ),
        ("endless", "while true do end"),
        (
            "stubborn",
            "while true do pcall(function() while true do end end) end",
        ),
        (
            "patterns",
            "return (('a'):rep(50)):find(('a?'):rep(50) .. ('a'):rep(50))",
        ),
        (
            "recursive",
            "local function f() return 1 + f() end return f()",
        ),
        ("prying", "return io.open('/etc/passwd')"),
    ];
    for (name, program) in programs {
        let lua = sandbox()?;
        let start = Instant::now();
        let result = lua.load(program).set_name(format!("={name}")).eval::<i64>();
        let said = match &result {
            Ok(n) => format!("gives {n}"),
            Err(Error::MemoryError(_)) => "takes too much memory".to_owned(),
            Err(Error::InstructionLimit(_)) => "runs too long".to_owned(),
            Err(error) => error.message(),
        };
        println!("{name}: {said} ({:?})", start.elapsed());
        assert_eq!(result.is_ok(), name == "harmless");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    Ok(())
}
