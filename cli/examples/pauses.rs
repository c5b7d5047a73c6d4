//! The same program under every collector, with the stops that each makes.
//!
//! `cargo run --release --example pauses`

use moonsweep::{GcKind, Lua, LuaOptions, Result, StdLib};
use std::cell::RefCell;
use std::rc::Rc;

const PROGRAM: &str = "
    local cache, sum = {}, 0
    for i = 1, ... do
        cache[i % 1000] = { key = i, text = 'item ' .. i }
        sum = sum + #cache[i % 1000].text
    end
    return sum";

/// Runs it, and checks what comes out.
pub fn main() -> Result<()> {
    let mut answer = None;
    for &kind in GcKind::ALL {
        let lua = Lua::new_with(StdLib::ALL, LuaOptions::new().collector(kind))?;
        // Each pause as it ends.
        let pauses = Rc::new(RefCell::new(Vec::new()));
        let seen = pauses.clone();
        lua.gc_subscribe(move |pause| seen.borrow_mut().push((pause.kind, pause.wall_ns)))?;

        let sum: i64 = lua.load(PROGRAM).set_name("=program").call(100_000)?;
        assert_eq!(*answer.get_or_insert(sum), sum);
        lua.gc_collect()?;

        let longest = pauses.borrow().iter().map(|p| p.1).max().unwrap_or(0);
        let report = lua.gc_report()?;
        println!(
            "{kind}: {} pauses, longest {} us, {} KiB at most",
            pauses.borrow().len(),
            longest / 1000,
            report.peak_bytes / 1024,
        );
        assert_eq!(pauses.borrow().is_empty(), !kind.collects());
        assert_eq!(report.pauses.0.count, pauses.borrow().len() as u64);
    }

    // A collector can be changed for another one while a program runs.
    let lua = Lua::new();
    lua.load("data = {} for i = 1, 10000 do data[i] = {i} end")
        .exec()?;
    lua.gc_switch(GcKind::MarkSweep)?;
    assert_eq!(lua.load("return #data").eval::<i64>()?, 10_000);
    Ok(())
}
