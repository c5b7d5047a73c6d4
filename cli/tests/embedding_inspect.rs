//! The embedding API's view of a running program: stack, hooks, modules; and what is kept
//! with a runtime. Each test runs under every collector, as it is and in stress mode.

mod everywhere;

use everywhere::{eval, everywhere};
use moonsweep::{
    Error, Function, GcKind, GcMode, HookEvent, HookTriggers, Lua, MultiValue, Result, StackFrame,
    Table, Thread, ThreadStatus, Value,
};
use std::cell::RefCell;
use std::rc::Rc;

#[test]
fn stacks_are_inspected() {
    everywhere(|lua| {
        let levels = Rc::new(RefCell::new(Vec::<StackFrame>::new()));
        let seen = Rc::clone(&levels);
        let look = lua.create_function(move |lua, ()| {
            let frames = (0..).map_while(|level| lua.inspect_stack(level).transpose());
            *seen.borrow_mut() = frames.collect::<Result<_>>()?;
            lua.traceback(Some("here"), 0)
        })?;
        lua.globals().set("look", look)?;
        let text: String = eval(
            lua,
            "(function()\n local function f()\n  local t = look()\n  return t end\n local t = f() return t end)()",
        )?;
        let frames = levels.borrow();
        let (look, f) = (&frames[0], &frames[1]);
        assert_eq!((look.what, look.name.as_deref()), ("C", Some("look")));
        assert_eq!((f.name.as_deref(), f.name_what), (Some("f"), "local"));
        assert_eq!((f.current_line, f.line_defined), (Some(3), Some(2)));
        assert_eq!(
            (f.what, f.short_src.as_str(), f.is_tail_call),
            ("Lua", "test", false)
        );
        assert!(frames[2].is_tail_call && frames.len() > 3);
        assert_eq!(f.function.info()?.line_defined, Some(2));
        assert!(
            text.starts_with("here\nstack traceback:\n\t") && text.contains("test:3: in "),
            "{text}"
        );
        Ok(())
    });
}

#[test]
fn hooks_follow_the_program() {
    everywhere(|lua| {
        let events = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&events);
        let triggers = HookTriggers {
            on_calls: true,
            on_returns: true,
            every_line: true,
            ..HookTriggers::default()
        };
        lua.globals().set("log", lua.create_table()?)?;
        lua.set_hook(triggers, move |lua, event| {
            let hooked = lua.inspect_stack(1)?.and_then(|level| level.name);
            if hooked.as_deref() == Some("f") {
                log.borrow_mut().push(event);
                // The hook may use the runtime.
                lua.globals()
                    .get::<Table>("log")?
                    .push(lua.create_table()?)?;
            }
            Ok(())
        })?;
        let chunk = "local function f()\n local x = 1\n return x\nend\nlocal x = f()\nlocal function g() return f() end\nx = g()";
        lua.load(chunk).exec()?;
        lua.remove_hook()?;
        lua.load(chunk).exec()?;
        use HookEvent::{Call, Line, Return};
        assert_eq!(*events.borrow(), [Call, Line(2), Line(3), Return]);
        assert_eq!(lua.globals().get::<Table>("log")?.raw_len(), 4);

        // Counting; an error of the hook is the program's.
        let count = HookTriggers {
            every_nth_instruction: Some(1000),
            ..HookTriggers::default()
        };
        let left = RefCell::new(5);
        lua.set_hook(count, move |_, event| {
            assert_eq!(event, HookEvent::Count);
            *left.borrow_mut() -= 1;
            if *left.borrow() == 0 {
                Err(Error::runtime("enough"))
            } else {
                Ok(())
            }
        })?;
        let e = lua.load("while true do end").exec().unwrap_err();
        assert!(e.to_string().contains("enough"), "{e}");
        lua.remove_hook()
    });
}

#[test]
fn threads_know_which_runs() {
    everywhere(|lua| {
        let main = lua.current_thread()?;
        let which = lua.create_function(|lua, ()| lua.current_thread())?;
        lua.globals().set("which", which)?;
        let (co, inside): (Thread, Thread) = eval(
            lua,
            "(function() local co = coroutine.create(function() return which() end) local _, inside = coroutine.resume(co) return co, inside end)()",
        )?;
        assert!(co == inside && co != main);
        assert_eq!(eval::<Thread>(lua, "(which())")?, main);
        Ok(())
    });
}

#[test]
fn modules_come_from_rust() {
    everywhere(|lua| {
        lua.register_module("answer", 42)?;
        let calls = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&calls);
        let loader = lua.create_function(move |lua, arguments: MultiValue| {
            noted.borrow_mut().push(arguments.len());
            lua.create_table_from([("loaded", true)])
        })?;
        lua.preload_module("later", loader)?;
        let (n, same, loaded): (i64, bool, bool) = eval(
            lua,
            "require 'answer', require 'later' == require 'later', require('later').loaded",
        )?;
        assert_eq!((n, same, loaded), (42, true, true));
        assert_eq!(*calls.borrow(), [2]);
        lua.unload_module("later")?;
        lua.load("require 'later'").exec()?;
        assert_eq!(calls.borrow().len(), 2);
        Ok(())
    });
}

#[test]
fn what_a_runtime_keeps_can_be_given_up() {
    everywhere(|lua| {
        lua.load("weak = setmetatable({}, { __mode = 'v' })")
            .exec()?;
        let weak: Table = lua.globals().get("weak")?;
        let object = |n: i64| -> Result<Table> {
            let object = lua.create_table()?;
            weak.set(n, &object)?;
            Ok(object)
        };
        let mut key = lua.create_registry_value(object(1)?)?;
        lua.set_named_registry_value("mine", object(2)?)?;
        lua.set_app_data(String::from("data"));
        lua.gc_collect()?;
        assert!(lua.owns_registry_value(&key) && weak.contains_key(1)? && weak.contains_key(2)?);
        lua.replace_registry_value(&mut key, "text")?;
        lua.unset_named_registry_value("mine")?;
        assert_eq!(lua.registry_value::<String>(&key)?, "text");
        assert!(lua.named_registry_value::<Value>("mine")?.is_nil());
        assert_eq!(lua.remove_app_data::<String>().as_deref(), Some("data"));
        assert!(
            lua.app_data_ref::<String>().is_none() && lua.remove_app_data::<String>().is_none()
        );
        let other = Lua::new();
        assert!(!other.owns_registry_value(&key));
        assert!(matches!(
            other.replace_registry_value(&mut key, 1),
            Err(Error::MismatchedState)
        ));
        lua.remove_registry_value(key)?;
        if lua.gc_kind()? != moonsweep::GcKind::None {
            lua.gc_collect()?;
            assert!(!weak.contains_key(1)? && !weak.contains_key(2)?);
        }
        Ok(())
    });
}

#[test]
fn raw_elements_and_modes() {
    everywhere(|lua| {
        let t: Table = eval(
            lua,
            "setmetatable({ 1, 2, 3 }, { __index = error, __newindex = error, __len = error })",
        )?;
        t.raw_insert(1, 0)?;
        t.raw_insert(5, 4)?;
        assert!(t.raw_insert(7, 1).is_err() && t.raw_insert(0, 1).is_err());
        t.raw_remove(2)?;
        t.raw_set("k", 1)?;
        t.raw_remove("k")?;
        assert_eq!(t.raw_pop::<i64>()?, 4);
        let all: Vec<Value> = (1..=4).map(|i| t.raw_get(i)).collect::<Result<_>>()?;
        assert_eq!(
            all,
            [
                Value::Integer(0),
                Value::Integer(2),
                Value::Integer(3),
                Value::Nil
            ]
        );
        assert!(t.raw_get::<Value>("k")?.is_nil());
        let empty: Table = eval(lua, "{ [0] = 'not an element' }")?;
        assert!(empty.raw_pop::<Value>()?.is_nil() && empty.contains_key(0)?);

        lua.gc_gen(0, 0)?;
        assert_eq!(lua.gc_inc(150, 0, 0)?, GcMode::Generational);
        assert_eq!(eval::<i64>(lua, "collectgarbage('setpause', 200)")?, 150);
        assert_eq!(lua.gc_gen(0, 0)?, GcMode::Incremental);
        Ok(())
    });
}

#[test]
fn warnings_go_to_rust() {
    everywhere(|lua| {
        let said = Rc::new(RefCell::new(Vec::new()));
        let to = Rc::clone(&said);
        lua.set_warning_function(move |lua, text, continued| {
            to.borrow_mut().push((text.to_owned(), continued));
            // It may use the runtime.
            match lua.load("return 1 + 1").eval::<i64>()? {
                2 if text == "refused" => Err(Error::runtime("no such warning")),
                n => lua.globals().set("warned", n),
            }
        })?;
        let taken = || std::mem::take(&mut *said.borrow_mut());
        lua.load("warn('@on') warn('a', 'b\\0c')").exec()?;
        let expected = [("@on", false), ("a", true), ("b", false)];
        assert_eq!(
            taken(),
            expected.map(|(text, more)| (text.to_owned(), more))
        );
        assert_eq!(lua.globals().get::<i64>("warned")?, 2);
        lua.warning("from Rust", false)?;
        assert_eq!(taken(), [("from Rust".to_owned(), false)]);
        // Its errors are those of `warn`.
        let caught: (bool, String) = eval(
            lua,
            "(function() local ok, e = pcall(warn, 'refused') return ok, tostring(e) end)()",
        )?;
        assert!(
            !caught.0 && caught.1.contains("no such warning"),
            "{caught:?}"
        );
        let e = lua.warning("refused", true).unwrap_err();
        assert!(e.to_string().contains("no such warning"), "{e}");
        taken();
        // What a finalizer fails with is a warning.
        lua.load("setmetatable({}, { __gc = function() error('late', 0) end })")
            .exec()?;
        lua.gc_collect()?;
        lua.gc_collect()?;
        let expected = match lua.gc_kind()? {
            GcKind::None => vec![],
            _ => vec![("error in __gc (late)".to_owned(), false)],
        };
        assert_eq!(taken(), expected);
        lua.remove_warning_function();
        lua.load("warn('@off') warn('nobody hears this')").exec()?;
        assert!(taken().is_empty());
        Ok(())
    });
}

#[test]
fn coroutines_begin_again() {
    everywhere(|lua| {
        lua.globals().set("closed", 0)?;
        let task: Function = eval(
            lua,
            "function(n)
               local guard <close> = setmetatable({}, { __close = function(_, e)
                 closed = closed + 1
                 if n == 'bad' and e == nil then error('in closing', 0) end
               end })
               local cell = { n }
               local get = function() return cell[1] end
               coroutine.yield(get)
               return get(), n
             end",
        )?;
        let thread = lua.create_thread(task.clone())?;
        for n in 1..=50 {
            let get: Function = thread.resume(n)?;
            assert_eq!(thread.status()?, ThreadStatus::Resumable);
            if n % 2 == 0 {
                assert_eq!(thread.resume::<(i64, i64)>(())?, (n, n));
                assert_eq!(thread.status()?, ThreadStatus::Finished);
            }
            thread.reset(task.clone())?;
            // What the earlier life left behind is its own.
            assert_eq!(get.call::<i64>(())?, n);
            assert_eq!(lua.globals().get::<i64>("closed")?, n);
        }
        // An error in closing: dead until the next reset.
        thread.resume::<Function>("bad")?;
        let e = thread.reset(task.clone()).unwrap_err();
        assert!(e.to_string().contains("in closing"), "{e}");
        assert!(matches!(
            thread.resume::<()>(()),
            Err(Error::CoroutineUnresumable)
        ));
        thread.reset(eval(lua, "function() error('once') end")?)?;
        assert!(thread.resume::<()>(()).is_err());
        assert_eq!(thread.status()?, ThreadStatus::Error);
        // A native function, deep recursion, and one that runs.
        thread.reset(lua.create_function(|_, n: i64| Ok(n + 1))?)?;
        assert_eq!(thread.resume::<i64>(1)?, 2);
        thread.reset(eval(
            lua,
            "function() local function f(n) return n == 0 and coroutine.yield(7) or 1 + f(n - 1) end f(3000) end",
        )?)?;
        assert_eq!(thread.resume::<i64>(())?, 7);
        thread.reset(task.clone())?;
        thread.resume::<Function>(1)?;
        let itself = thread.clone();
        let reset = lua.create_function(move |_, f: Function| itself.reset(f))?;
        thread.reset(reset)?;
        let e = thread.resume::<()>(task).unwrap_err();
        assert!(
            e.to_string().contains("cannot reset a running coroutine"),
            "{e}"
        );
        Ok(())
    });
}
