//! The embedding API from outside, with the one dependency that an embedder
//! has. Each test runs under every collector, as it is and in stress mode with
//! the verifier. Limits and failures have a file of their own.

mod everywhere;

use everywhere::{eval, everywhere};
use moonsweep::{
    AnyUserData, Error, ErrorContext, ExternalResult, Function, GcKind, Lua, LuaOptions, LuaString,
    MetaMethod, MultiValue, Result, StdLib, Table, Thread, ThreadStatus, UserData, UserDataFields,
    UserDataMethods, UserDataRef, UserDataRefMut, Value, Variadic,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

#[test]
fn values_both_ways() {
    everywhere(|lua| {
        let echo: Function = eval(lua, "function(...) return ... end")?;
        assert_eq!(echo.call::<i64>(-5_i8)?, -5);
        assert_eq!(echo.call::<u64>(1_u64 << 60)?, 1 << 60);
        assert_eq!(echo.call::<f64>(u64::MAX)?, u64::MAX as f64);
        assert_eq!(echo.call::<f32>("0x10")?, 16.0);
        assert_eq!(echo.call::<u8>(7.0)?, 7);
        assert!(echo.call::<u8>(300).is_err() && echo.call::<i64>(0.5).is_err());
        assert!(echo.call::<bool>(0)? && !echo.call::<bool>(None::<i64>)?);
        assert_eq!(echo.call::<String>(2.5)?, "2.5");
        assert_eq!(echo.call::<char>('ü')?, 'ü');
        assert!(echo.call::<String>(lua.create_string(b"\xff")?).is_err());
        assert_eq!(
            echo.call::<Option<String>>(Some("x"))?.as_deref(),
            Some("x")
        );
        assert_eq!(echo.call::<Option<String>>(())?, None);
        assert_eq!(echo.call::<Vec<i64>>(vec![3, 1, 2])?, [3, 1, 2]);
        assert_eq!(echo.call::<[String; 2]>(["a", "b"])?, ["a", "b"]);
        let map = HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(echo.call::<HashMap<String, i64>>(map.clone())?, map);
        let ordered: BTreeMap<String, i64> = echo.call(map)?;
        assert_eq!(ordered.into_values().collect::<Vec<_>>(), [1, 2]);
        let set = HashSet::from([1_i64, 5]);
        assert_eq!(echo.call::<HashSet<i64>>(set.clone())?, set);
        let (a, rest): (i64, Variadic<String>) = echo.call((1, "x", "y"))?;
        assert_eq!((a, &rest[..]), (1, &["x".to_owned(), "y".to_owned()][..]));
        let (a, b, c): (i64, Option<i64>, Value) = echo.call(1)?;
        assert_eq!((a, b, c), (1, None, Value::Nil));
        assert_eq!(echo.call::<MultiValue>((1, true, "s"))?.len(), 3);
        let deep: Vec<Vec<i64>> = eval(lua, "{{1}, {2, 3}, {}}")?;
        assert_eq!(deep, [vec![1], vec![2, 3], vec![]]);
        assert_eq!(lua.convert::<i64>("12")?, 12);
        assert_eq!(Value::Integer(1), Value::Number(1.0));
        assert_ne!(
            Value::Integer(i64::MAX),
            Value::Number(9223372036854775808.0)
        );
        Ok(())
    });
}

#[test]
fn tables() {
    everywhere(|lua| {
        let t = lua.create_table()?;
        t.set("name", "moon")?;
        t.set(1, "one")?;
        t.push("two")?;
        t.raw_push("three")?;
        assert_eq!((t.len()?, t.raw_len()), (3, 3));
        assert_eq!(t.pop::<String>()?, "three");
        assert!(t.contains_key("name")? && !t.contains_key("other")?);
        let mut keys: Vec<String> = Vec::new();
        t.for_each(|key: Value, _: Value| {
            keys.push(key.to_string()?);
            Ok(())
        })?;
        keys.sort();
        assert_eq!(keys, ["1", "2", "name"]);
        let all: Result<Vec<String>> = t.sequence_values().collect();
        assert_eq!(all?, ["one", "two"]);
        assert!(t.set(Value::Nil, 1).is_err() && t.raw_set(f64::NAN, 1).is_err());
        // Metamethods: by `get` and `set`, not by the raw ones.
        let meta = lua.create_table()?;
        meta.set(
            "__index",
            lua.create_function(|_, (_, k): (Table, String)| Ok(k + "!"))?,
        )?;
        meta.set("__len", lua.create_function(|_, _: Table| Ok(42))?)?;
        t.set_metatable(Some(meta.clone()))?;
        assert_eq!(t.metatable().as_ref(), Some(&meta));
        assert_eq!(t.get::<String>("nothing")?, "nothing!");
        assert_eq!(t.raw_get::<Option<String>>("nothing")?, None);
        assert_eq!((t.len()?, t.raw_len()), (42, 2));
        t.set_metatable(None)?;
        t.clear()?;
        assert!(t.is_empty() && t.metatable().is_none());
        let module =
            lua.create_table_from([("double", lua.create_function(|_, n: i64| Ok(2 * n))?)])?;
        assert_eq!(module.call_function::<i64>("double", 4)?, 8);
        assert_eq!(lua.globals().get_path::<LuaString>("_VERSION")?, "Lua 5.4");
        let counter: Table = eval(
            lua,
            "{n = 1, add = function(self, k) self.n = self.n + k return self.n end}",
        )?;
        assert_eq!(counter.call_method::<i64>("add", 5)?, 6);
        // Many of them, and handles that outlive what they came from.
        let many: Vec<Table> = (0..500)
            .map(|i| lua.create_sequence_from([i, i + 1]))
            .collect::<Result<_>>()?;
        lua.gc_collect()?;
        for (i, table) in many.iter().enumerate() {
            assert_eq!(table.get::<usize>(2)?, i + 1);
        }
        Ok(())
    });
}

#[test]
fn handles_keep_alive_and_let_go() {
    everywhere(|lua| {
        let alive = Rc::new(());
        struct Guard(#[allow(dead_code)] Rc<()>);
        let userdata = lua.create_any_userdata(Guard(alive.clone()))?;
        let copy = userdata.clone();
        drop(userdata);
        lua.gc_collect()?;
        assert_eq!(Rc::strong_count(&alive), 2);
        assert!(copy.is::<Guard>() && !copy.is::<String>());
        let key = lua.create_registry_value(&copy)?;
        lua.set_named_registry_value("kept", copy)?;
        lua.gc_collect()?;
        assert!(lua.registry_value::<AnyUserData>(&key)?.is::<Guard>());
        assert!(
            lua.named_registry_value::<AnyUserData>("kept")?
                .is::<Guard>()
        );
        drop(key);
        lua.set_named_registry_value("kept", Value::Nil)?;
        lua.gc_collect()?;
        lua.gc_collect()?;
        let collects = lua.gc_kind()?.collects();
        assert_eq!(Rc::strong_count(&alive), if collects { 1 } else { 2 });
        Ok(())
    });
}

#[test]
fn closing_frees_everything_and_handles_know() {
    for &kind in GcKind::ALL {
        let alive = Rc::new(Cell::new(0));
        struct Noisy(Rc<Cell<i32>>, Option<Table>);
        impl Drop for Noisy {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
                // At work or closed: an error, not a crash.
                if let Some(table) = &self.1 {
                    assert!(matches!(
                        table.get::<Value>(1),
                        Err(Error::StateUnavailable)
                    ));
                }
            }
        }
        let lua = Lua::new_with(StdLib::ALL, LuaOptions::new().collector(kind)).unwrap();
        let table = lua.create_table().unwrap();
        let noisy = Noisy(alive.clone(), Some(table.clone()));
        lua.globals()
            .set("noisy", lua.create_any_userdata(noisy).unwrap())
            .unwrap();
        let count = alive.clone();
        let finalizer = lua.create_function(move |lua, _: Table| {
            count.set(count.get() + 10);
            lua.load("x = 1").exec()
        });
        let object = lua.create_table().unwrap();
        let meta = lua
            .create_table_from([("__gc", finalizer.unwrap())])
            .unwrap();
        object.set_metatable(Some(meta)).unwrap();
        // A function that owns its runtime keeps it open, so only by a handle:
        let function = lua.create_function(|lua, ()| Ok(lua.globals())).unwrap();
        drop(object);
        drop(lua);
        assert_eq!(alive.get(), 11, "{kind}");
        assert!(matches!(table.set(1, 1), Err(Error::StateUnavailable)));
        assert!(matches!(
            function.call::<()>(()),
            Err(Error::StateUnavailable)
        ));
        assert_eq!(table.to_pointer(), 0);
    }
}

#[test]
fn handles_of_another_runtime() {
    everywhere(|lua| {
        let other = Lua::new();
        let table = other.create_table()?;
        assert!(matches!(
            lua.globals().set("t", &table),
            Err(Error::MismatchedState)
        ));
        let f: Function = eval(lua, "print")?;
        assert!(matches!(f.call::<()>(table), Err(Error::MismatchedState)));
        Ok(())
    });
}

#[test]
fn errors_have_message_traceback_and_cause() {
    everywhere(|lua| {
        let e =
            eval::<()>(lua, "local function f() error('no luck') end\nreturn (f())").unwrap_err();
        assert_eq!(e.message(), "test:1: no luck");
        assert!(
            e.traceback().unwrap().contains("test:2: in main chunk"),
            "{e}"
        );
        assert!(matches!(e, Error::RuntimeError(_)));
        // Objects: by `__tostring`, or by their type.
        let text = "error(setmetatable({}, {__tostring = function() return 'object' end}))";
        assert_eq!(lua.load(text).exec().unwrap_err().message(), "object");
        let e = lua.load("error({})").exec().unwrap_err();
        assert_eq!(e.message(), "(error object is a table value)");
        // Chunks that don't compile.
        match lua.load("x = = 1").set_name("=c").exec() {
            Err(Error::SyntaxError {
                message,
                incomplete_input,
            }) => {
                assert_eq!(message, "c:1: unexpected symbol near '='");
                assert!(!incomplete_input);
            }
            other => panic!("{other:?}"),
        }
        match lua.load("for i = 1, 2 do").into_function() {
            Err(Error::SyntaxError {
                incomplete_input, ..
            }) => assert!(incomplete_input),
            other => panic!("{other:?}"),
        }
        // A Rust error goes through Lua and comes back.
        let parse = lua.create_function(|_, s: String| s.parse::<i32>().into_lua_err())?;
        lua.globals().set("parse", parse)?;
        assert_eq!(eval::<i32>(lua, "parse('12')")?, 12);
        let e = eval::<i32>(lua, "parse('twelve')").unwrap_err();
        assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
        assert!(matches!(&e, Error::CallbackError { .. }));
        assert!(e.traceback().unwrap().contains("in main chunk"), "{e}");
        let (ok, e): (bool, Error) = eval(lua, "pcall(parse, '')")?;
        assert!(!ok && e.downcast_ref::<std::num::ParseIntError>().is_some());
        let text: String = eval(lua, "tostring(select(2, pcall(parse, '')))")?;
        assert_eq!(text, "cannot parse integer from empty string");
        // Through several layers, with what was being done.
        let outer = lua.create_function(|lua, ()| {
            let parse: Function = lua.globals().get("parse")?;
            parse.call::<i32>("?").context("reading the answer")
        })?;
        let e = outer.call::<i32>(()).unwrap_err();
        assert!(e.downcast_ref::<std::num::ParseIntError>().is_some());
        assert!(e.message().starts_with("reading the answer: "), "{e}");
        assert!(e.chain().count() >= 3);
        // Arguments.
        let add = lua.create_function(|_, (a, b): (i64, i64)| Ok(a + b))?;
        lua.globals().set("add", add)?;
        let e = eval::<i64>(lua, "add(1, 'x')").unwrap_err();
        assert_eq!(
            e.message(),
            "bad argument #2 to 'add': error converting Lua string to i64 (expected a number)"
        );
        let sent: Box<dyn std::error::Error + Send + Sync> = Box::new(e);
        assert!(sent.to_string().contains("bad argument"));
        Ok(())
    });
}

struct Account {
    owner: String,
    cents: i64,
}

impl UserData for Account {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("currency", "EUR");
        fields.add_field_method_get("owner", |_, this| Ok(this.owner.clone()));
        fields.add_field_method_set("owner", |_, this, owner: String| {
            this.owner = owner;
            Ok(())
        });
        fields.add_field_function_get("itself", |_, this| Ok(this));
        fields.add_meta_field("__kind", "account");
    }
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("cents", |_, this, ()| Ok(this.cents));
        methods.add_method_mut("deposit", |_, this, cents: i64| {
            if cents < 0 {
                return Err(Error::runtime("negative deposit"));
            }
            this.cents += cents;
            Ok(this.cents)
        });
        methods.add_method_mut("with", |_, this, f: Function| {
            let change: i64 = f.call(this.cents)?;
            this.cents += change;
            Ok(())
        });
        methods.add_function(
            "merge",
            |_, (a, b): (UserDataRef<Account>, UserDataRef<Account>)| {
                Ok(Account {
                    owner: a.owner.clone() + "+" + &b.owner,
                    cents: a.cents + b.cents,
                })
            },
        );
        methods.add_function(
            "move",
            |_, (a, mut b): (AnyUserData, UserDataRefMut<Account>)| {
                let a = a.take::<Account>()?;
                b.cents += a.cents;
                Ok(a.owner)
            },
        );
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            Ok(format!("{}: {}", this.owner, this.cents))
        });
        methods.add_meta_function(MetaMethod::Add, |_, (a, b): (Value, Value)| {
            let cents = |v: &Value| match v {
                Value::UserData(u) => Ok(u.borrow::<Account>()?.cents),
                other => other
                    .as_integer()
                    .ok_or_else(|| Error::runtime("not an amount")),
            };
            Ok(cents(&a)? + cents(&b)?)
        });
        methods.add_meta_method(MetaMethod::Eq, |_, this, other: UserDataRef<Account>| {
            Ok(this.cents == other.cents)
        });
        methods.add_meta_method(MetaMethod::Call, |_, this, by: i64| Ok(this.cents * by));
        methods.add_meta_method(MetaMethod::Index, |_, _, key: String| Ok(key + "?"));
    }
}

#[test]
fn userdata() {
    everywhere(|lua| {
        lua.globals().set(
            "new",
            lua.create_function(|_, (owner, cents)| Ok(Account { owner, cents }))?,
        )?;
        let text = "local a, b = new('ann', 10), new('bob', 20)
            assert(a.owner == 'ann' and a.currency == 'EUR' and a.itself == a)
            a.owner = 'anna'
            assert(a:deposit(5) == 15 and a:cents() == 15)
            assert(tostring(a) == 'anna: 15' and a + b == 35 and a + 1 == 16 and 1 + a == 16)
            assert(a ~= b and a == new('x', 15) and a(2) == 30)
            assert(a.unknown == 'unknown?')
            assert(a.merge(a, b).owner == 'anna+bob')
            a:with(function(cents) return cents end)
            assert(a:cents() == 30)
            assert(getmetatable(a) == false)
            return a, b";
        let (a, b): (AnyUserData, AnyUserData) = eval(lua, text)?;
        assert_eq!(a.borrow::<Account>()?.cents, 30);
        a.borrow_mut::<Account>()?.cents = 7;
        assert_eq!(a.call_method::<i64>("cents", ())?, 7);
        a.set("owner", "eve")?;
        assert_eq!(a.get::<String>("owner")?, "eve");
        lua.globals().set("a", &a)?;
        // Borrowing against the rules is an error of Lua's.
        let e = eval::<()>(lua, "a:with(function() return a:cents() end)").unwrap_err();
        assert!(e.message().contains("already mutably borrowed"), "{e}");
        let e = eval::<()>(lua, "a:with(function() return a:deposit(1) end)").unwrap_err();
        assert!(e.message().contains("already"), "{e}");
        {
            let held = a.borrow::<Account>()?;
            assert!(matches!(
                a.borrow_mut::<Account>(),
                Err(Error::UserDataBorrowMutError)
            ));
            assert!(eval::<()>(lua, "a:deposit(1)").is_err());
            assert_eq!(eval::<i64>(lua, "a:cents()")?, held.cents);
        }
        assert_eq!(eval::<i64>(lua, "a:deposit(1)")?, 8);
        let e = eval::<()>(lua, "a:deposit(-1)").unwrap_err();
        assert_eq!(e.message(), "negative deposit");
        let e = eval::<()>(lua, "a.deposit(io.stdout, 1)").unwrap_err();
        assert!(e.message().contains("another type"), "{e}");
        let e = eval::<()>(lua, "a.cents(1)").unwrap_err();
        assert_eq!(
            e.message(),
            "bad argument #1 to 'cents': error converting Lua number to userdata"
        );
        let e = eval::<()>(lua, "a.nothing = 1").unwrap_err();
        assert!(e.message().contains("no field 'nothing'"), "{e}");
        assert!(matches!(
            a.borrow::<String>(),
            Err(Error::UserDataTypeMismatch)
        ));
        // Values taken out are gone for Lua.
        lua.globals().set("b", &b)?;
        assert_eq!(eval::<String>(lua, "a.move(a, b)")?, "eve");
        assert_eq!(b.borrow::<Account>()?.cents, 28);
        assert!(
            eval::<()>(lua, "a:cents()")
                .unwrap_err()
                .message()
                .contains("taken")
        );
        // Many of them, garbage in between.
        let sum: i64 = eval(
            lua,
            "local sum = 0 for i = 1, 300 do
            local x = new('n' .. i, i) x:deposit(1) sum = sum + x:cents() end return sum",
        )?;
        assert_eq!(sum, 300 * 301 / 2 + 300);
        Ok(())
    });
}

#[test]
fn functions() {
    everywhere(|lua| {
        let mut n = 0;
        let count = lua.create_function_mut(move |_, ()| {
            n += 1;
            Ok(n)
        })?;
        assert_eq!((count.call::<i64>(())?, count.call::<i64>(())?), (1, 2));
        let slot: Rc<RefCell<Option<Function>>> = Rc::default();
        let again = slot.clone();
        let recursive = lua.create_function_mut(move |_, ()| {
            let f = again.borrow().clone();
            f.map_or(Ok(()), |f| f.call::<()>(()))
        })?;
        *slot.borrow_mut() = Some(recursive.clone());
        let e = recursive.call::<()>(()).unwrap_err();
        assert!(
            e.chain()
                .any(|e| e.to_string().contains("called recursively")),
            "{e}"
        );
        slot.borrow_mut().take();
        let hello = eval::<Function>(lua, "function(a, b) return a .. b end")?.bind("hello, ")?;
        assert_eq!(hello.call::<String>("moon")?, "hello, moon");
        let info = eval::<Function>(lua, "function(a, b, ...)\n end")?.info()?;
        assert_eq!(
            (info.what, info.parameters, info.is_vararg),
            ("Lua", 2, true)
        );
        assert_eq!(
            (info.line_defined, info.last_line_defined),
            (Some(1), Some(2))
        );
        let f = lua.load("local a = ... return a * 2").into_function()?;
        let binary = f.dump(true)?.unwrap();
        assert_eq!(lua.load(&binary).call::<i64>(21)?, 42);
        assert!(
            lua.load(&binary)
                .set_mode(moonsweep::ChunkMode::Text)
                .exec()
                .is_err()
        );
        let environment = lua.create_table_from([("x", 5)])?;
        lua.load("y = x + 1")
            .set_environment(environment.clone())
            .exec()?;
        assert_eq!(environment.get::<i64>("y")?, 6);
        assert!(lua.globals().get::<Value>("y")?.is_nil());
        let many: Variadic<i64> = eval::<Function>(lua, "function(...) return ... end")?
            .call((1..=1000).collect::<Variadic<i64>>())?;
        assert_eq!(many.len(), 1000);
        Ok(())
    });
}

#[test]
fn coroutines_from_rust() {
    everywhere(|lua| {
        let f: Function = eval(
            lua,
            "function(a) local b = coroutine.yield(a + 1) return b, 'done' end",
        )?;
        let thread = lua.create_thread(f.clone())?;
        assert_eq!(thread.status()?, ThreadStatus::Resumable);
        assert_eq!(thread.resume::<i64>(1)?, 2);
        lua.gc_collect()?;
        assert_eq!(thread.resume::<(i64, String)>(5)?, (5, "done".to_owned()));
        assert_eq!(thread.status()?, ThreadStatus::Finished);
        assert!(matches!(
            thread.resume::<()>(()),
            Err(Error::CoroutineUnresumable)
        ));
        // Errors, with the coroutine's traceback.
        let bad: Thread = eval(
            lua,
            "coroutine.create(function() local function inner() error('oops') end inner() end)",
        )?;
        let e = bad.resume::<()>(()).unwrap_err();
        assert_eq!(e.message(), "test:1: oops");
        assert!(e.traceback().unwrap().contains("in local 'inner'"), "{e}");
        assert_eq!(bad.status()?, ThreadStatus::Error);
        // One that resumes itself is told.
        let slot: Rc<RefCell<Option<Thread>>> = Rc::default();
        let own = slot.clone();
        let status = lua.create_function(move |_, ()| {
            let thread = own.borrow().clone().unwrap();
            assert_eq!(thread.status()?, ThreadStatus::Running);
            assert!(matches!(
                thread.resume::<()>(()),
                Err(Error::CoroutineUnresumable)
            ));
            Ok(7)
        })?;
        let thread = lua.create_thread(status)?;
        *slot.borrow_mut() = Some(thread.clone());
        assert_eq!(thread.resume::<i64>(())?, 7);
        slot.borrow_mut().take();
        // Closing runs what is pending.
        let text = "coroutine.create(function()
            local x <close> = setmetatable({}, {__close = function() closed = true end})
            coroutine.yield() end)";
        let pending: Thread = eval(lua, text)?;
        pending.resume::<()>(())?;
        pending.close()?;
        assert!(lua.globals().get::<bool>("closed")?);
        assert_eq!(pending.status()?, ThreadStatus::Finished);
        // Many at a time, and as functions.
        let threads: Vec<Thread> = (0..200)
            .map(|_| lua.create_thread(f.clone()))
            .collect::<Result<_>>()?;
        for (i, thread) in threads.iter().enumerate() {
            assert_eq!(thread.resume::<usize>(i)?, i + 1);
        }
        let next = lua.create_thread(f)?.into_function()?;
        lua.globals().set("next_value", next)?;
        assert_eq!(
            eval::<(i64, i64)>(lua, "(next_value(1)), (next_value(8))")?,
            (2, 8)
        );
        Ok(())
    });
}

#[test]
fn app_data() {
    everywhere(|lua| {
        assert_eq!(lua.set_app_data(String::from("first")), None);
        assert_eq!(
            lua.set_app_data(String::from("second")).as_deref(),
            Some("first")
        );
        let read =
            lua.create_function(|lua, ()| Ok(lua.app_data_ref::<String>().map(|s| s.clone())))?;
        assert_eq!(read.call::<String>(())?, "second");
        lua.app_data_mut::<String>().unwrap().push('!');
        assert_eq!(read.call::<String>(())?, "second!");
        assert!(lua.app_data_ref::<i32>().is_none());
        Ok(())
    });
}
