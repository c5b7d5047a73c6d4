//! The embedding API where something goes wrong or must not go on: panics,
//! recursion, limits, interrupts; and the collectors. As `embedding.rs`, under
//! every collector.

mod everywhere;

use everywhere::{eval, everywhere};
use moonsweep::{
    Error, Function, GcKind, Interrupter, Lua, LuaOptions, PauseKind, Result, StdLib, UserData,
    UserDataMethods, Value, VmState,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[test]
fn panics_are_errors() {
    std::panic::set_hook(Box::new(|_| {}));
    everywhere(|lua| {
        let bad = lua.create_function(|_, n: i64| -> Result<i64> {
            assert!(n > 0, "n is {n}");
            Ok(n)
        })?;
        lua.globals().set("bad", &bad)?;
        for _ in 0..3 {
            let e = bad.call::<i64>(0).unwrap_err();
            assert_eq!(e.message(), "panic in native function: n is 0");
            let e = eval::<()>(lua, "bad(-1)").unwrap_err();
            assert_eq!(e.message(), "test:1: panic in native function: n is -1");
            assert!(e.traceback().unwrap().contains("'bad'"), "{e}");
            let (ok, e): (bool, String) = eval(lua, "pcall(bad, 0)")?;
            assert!(!ok && e.ends_with("n is 0"));
            assert_eq!(eval::<i64>(lua, "bad(3)")?, 3);
        }
        // In a coroutine, below metamethods, in sort, and through layers of Rust.
        let inside: bool = eval(
            lua,
            "coroutine.wrap(function() return (pcall(bad, 0)) end)()",
        )?;
        assert!(!inside);
        let e = eval::<()>(lua, "coroutine.wrap(bad)(0)").unwrap_err();
        assert!(e.message().ends_with("n is 0"));
        let text = "table.sort({3, 2, 1}, function(a, b) return bad(a - a) end)";
        assert!(
            eval::<()>(lua, text)
                .unwrap_err()
                .message()
                .ends_with("n is 0")
        );
        let text =
            "local t = setmetatable({}, {__index = function(_, k) return bad(k) end}) return t[0]";
        assert!(eval::<()>(lua, text).is_err());
        let outer = bad.clone();
        let layered = lua.create_function(move |_, ()| outer.call::<i64>(0))?;
        assert!(
            layered
                .call::<i64>(())
                .unwrap_err()
                .message()
                .ends_with("n is 0")
        );
        // With a borrowed userdata, and one whose destructor panics.
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("in a destructor");
            }
        }
        impl UserData for Bomb {
            fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
                methods.add_method_mut("fail", |_, _, ()| -> Result<()> { panic!("in a method") });
                methods.add_method_mut("fine", |_, _, ()| Ok(1));
            }
        }
        lua.globals().set("bomb", Bomb)?;
        assert!(!eval::<bool>(lua, "(pcall(bomb.fail, bomb))")?);
        assert_eq!(eval::<i64>(lua, "bomb:fine()")?, 1);
        lua.globals().set("bomb", Value::Nil)?;
        lua.gc_collect()?;
        assert_eq!(eval::<i64>(lua, "bad(1)")?, 1);
        Ok(())
    });
    let _ = std::panic::take_hook();
}

#[test]
fn recursion_between_rust_and_lua_is_bounded() {
    everywhere(|lua| {
        let down = lua.create_function(|lua, n: i64| {
            let f: Function = lua.globals().get("lua_down")?;
            f.call::<i64>(n + 1)
        })?;
        lua.globals().set("rust_down", down)?;
        lua.load("function lua_down(n) deepest = n return rust_down(n) end")
            .exec()?;
        let e = eval::<i64>(lua, "lua_down(1)").unwrap_err();
        assert!(
            e.chain()
                .any(|e| e.to_string().contains("C stack overflow")),
            "{e}"
        );
        let deepest: i64 = lua.globals().get("deepest")?;
        assert!((50..=200).contains(&deepest), "{deepest}");
        assert_eq!(eval::<i64>(lua, "1 + 1")?, 2);
        Ok(())
    });
}

#[test]
fn limits_of_instructions() {
    everywhere(|lua| {
        let runaways = [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "local function f() return f() end f()",
            "xpcall(function() while true do end end, function() while true do end end)",
            "coroutine.wrap(function() while true do end end)()",
            "local t <close> = setmetatable({}, {__close = function() while true do end end})",
            "setmetatable({}, {__gc = function() while true do end end}) collectgarbage()
             local x <close> = setmetatable({}, {__close = function() end}) while true do end",
            "(('a'):rep(100)):find(('a?'):rep(100) .. ('a'):rep(100))",
            "while true do local s = ('x'):rep(1e5) end",
            "string.gsub(('a'):rep(1e6), 'a', function() end)",
            "while true do rust() end",
        ];
        let rust = lua.create_function(|lua, ()| lua.load("for i = 1, 10 do end").exec())?;
        lua.globals().set("rust", rust)?;
        for runaway in runaways {
            lua.set_instruction_limit(Some(50_000))?;
            let e = lua.load(runaway).exec().unwrap_err();
            let limit = e
                .chain()
                .any(|e| e.to_string().contains("instruction limit reached"));
            assert!(limit, "{runaway}: {e}");
            assert_eq!(lua.instructions_left()?, Some(0), "{runaway}");
            assert!(lua.load("x = 1").exec().is_err(), "{runaway}");
            lua.set_instruction_limit(None)?;
            assert_eq!(eval::<i64>(lua, "6 * 7")?, 42, "{runaway}");
        }
        lua.set_instruction_limit(Some(1_000_000))?;
        lua.load("for i = 1, 1000 do end").exec()?;
        let left = lua.instructions_left()?.unwrap();
        assert!((900_000..999_000).contains(&left), "{left}");
        Ok(())
    });
}

#[test]
fn limits_of_memory() {
    for &kind in GcKind::ALL {
        let options = LuaOptions::new().collector(kind).heap_max(16 << 20);
        let lua = Lua::new_with(StdLib::SANDBOX, options).unwrap();
        let e = lua
            .load("local t = {} for i = 1, 1e9 do t[i] = {i} end")
            .exec();
        assert!(matches!(e, Err(Error::MemoryError(_))), "{kind}: {e:?}");
        let e = lua.load("return ('x'):rep(1e9)").exec();
        assert!(matches!(e, Err(Error::MemoryError(_))), "{kind}: {e:?}");
        if kind.collects() {
            lua.gc_collect().unwrap();
            assert_eq!(lua.load("1 + 1").eval::<i64>().unwrap(), 2);
            assert_eq!(lua.set_memory_limit(64 << 20).unwrap(), 16 << 20);
            lua.load("local s = ('x'):rep(20e6)").exec().unwrap();
        }
    }
}

#[test]
fn interrupts() {
    everywhere(|lua| {
        let calls = Rc::new(Cell::new(0));
        let seen = calls.clone();
        lua.set_interrupt_every(100, move |lua| {
            seen.set(seen.get() + 1);
            // It may use the runtime, and allocate.
            let t = lua.create_sequence_from([1, 2, 3])?;
            assert_eq!(lua.load("return #...").call::<i64>(t)?, 3);
            match seen.get() < 1000 {
                true => Ok(VmState::Continue),
                false => Err(Error::runtime("enough")),
            }
        })?;
        let sum: i64 = eval(
            lua,
            "local s = 0 for i = 1, 500 do s = s + #{i, i} end return s",
        )?;
        assert_eq!(sum, 1000);
        assert!(calls.get() >= 3, "{}", calls.get());
        let e = eval::<()>(lua, "while true do local t = {1, 'x' .. 2} end").unwrap_err();
        assert_eq!(e.message(), "enough");
        calls.set(997);
        let text = "(('a'):rep(25)):find(('a?'):rep(25) .. ('a'):rep(25))";
        assert_eq!(
            eval::<(i64, i64)>(lua, text)
                .map(|_| 0)
                .map_err(|e| e.message()),
            Err("enough".to_owned())
        );
        calls.set(-10_000_000);
        let text = "(('a'):rep(12)):find(('a?'):rep(12) .. ('a'):rep(12))";
        assert_eq!(eval::<(i64, i64)>(lua, text)?, (1, 12));
        lua.remove_interrupt()?;
        calls.set(100);
        lua.load("for i = 1, 1e4 do end").exec()?;
        // From another thread.
        let interrupter: Interrupter = lua.interrupter()?;
        let other = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(5));
            interrupter.request();
        });
        let e = eval::<()>(lua, "while true do end").unwrap_err();
        assert_eq!(e.message(), "interrupted!");
        other.join().unwrap();
        Ok(())
    });
}

#[test]
fn collectors_and_their_pauses() {
    everywhere(|lua| {
        let kinds: Rc<RefCell<Vec<PauseKind>>> = Rc::default();
        let seen = kinds.clone();
        lua.gc_subscribe(move |pause| seen.borrow_mut().push(pause.kind))?;
        lua.load("kept = {} for i = 1, 2000 do kept[i] = {i} end")
            .exec()?;
        lua.gc_collect()?;
        let kind = lua.gc_kind()?;
        assert_eq!(kinds.borrow().is_empty(), !kind.collects());
        assert_eq!(lua.gc_report()?.pauses.0.count, kinds.borrow().len() as u64);
        assert!(lua.used_memory() > 2000 * 16);
        lua.gc_stop()?;
        assert!(!lua.gc_is_running()?);
        lua.gc_restart()?;
        assert!(lua.gc_is_running()?);
        for &to in GcKind::ALL {
            match lua.gc_switch(to) {
                Ok(()) => assert_eq!(lua.gc_kind()?, to),
                // A heap of its own is chosen at the start.
                Err(Error::OptionError(text)) => {
                    assert!(text.contains("heap of its own"), "{text}")
                }
                Err(e) => return Err(e),
            }
            lua.load("for i = 1, 2000 do assert(kept[i][1] == i) kept[i] = {i} end")
                .exec()?;
            lua.gc_collect()?;
            lua.gc_verify()?;
        }
        Ok(())
    });
}

#[test]
fn sandbox_has_nothing_dangerous() {
    let lua = Lua::new_with(StdLib::SANDBOX, LuaOptions::new()).unwrap();
    for name in [
        "io",
        "os",
        "package",
        "require",
        "debug",
        "dofile",
        "loadfile",
        "collectgarbage",
    ] {
        assert!(lua.globals().get::<Value>(name).unwrap().is_nil(), "{name}");
    }
    for name in [
        "string",
        "table",
        "math",
        "utf8",
        "coroutine",
        "pcall",
        "load",
        "setmetatable",
    ] {
        assert!(
            !lua.globals().get::<Value>(name).unwrap().is_nil(),
            "{name}"
        );
    }
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::new()).unwrap();
    assert!(lua.globals().get::<Value>("string").unwrap().is_nil());
    assert!(LuaOptions::new().gc_option("gc", "best").is_err());
    assert!(LuaOptions::new().gc_option("nothing", "1").is_err());
}
