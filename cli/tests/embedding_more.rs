//! Scopes and serde: the parts of the embedding API that borrow or convert. Each test runs
//! under every collector, as it is and in stress mode with the verifier.

mod everywhere;

use everywhere::{eval, everywhere};
use moonsweep::{
    Error, Function, GcKind, Lua, LuaOptions, LuaSerdeExt, Result, StdLib, Table, UserData,
    UserDataMethods, Value,
};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[test]
fn scopes_lend_functions() {
    everywhere(|lua| {
        let text = String::from("borrowed");
        let mut calls = 0;
        let kept = lua.scope(|scope| {
            let length = scope.create_function(|_, ()| Ok(text.len()))?;
            let count = scope.create_function_mut(|lua, f: Option<Function>| {
                calls += 1;
                match f {
                    Some(f) => f.call::<Value>(()),
                    None => lua.pack(calls),
                }
            })?;
            lua.globals().set("count", &count)?;
            lua.globals().set("length", length)?;
            let (n, length): (i64, usize) = eval(
                lua,
                "(function() collectgarbage() count() return count(), length() end)()",
            )?;
            assert_eq!((n, length), (2, 8));
            // A function that borrows mutably does not call itself.
            let e = count.call::<Value>(&count).unwrap_err();
            assert!(e.to_string().contains("called recursively"), "{e}");
            Ok(count)
        })?;
        assert_eq!(calls, 3);
        let e = kept.call::<Value>(()).unwrap_err();
        let Error::CallbackError { cause, .. } = &e else {
            panic!("{e:?}")
        };
        assert!(matches!(**cause, Error::CallbackDestructed));
        let (ok, e): (bool, Error) = eval(lua, "pcall(length)")?;
        assert!(
            !ok && matches!(e, Error::CallbackError { .. } | Error::CallbackDestructed),
            "{e:?}"
        );
        // An error, and a panic, end it too.
        let failed: Result<()> = lua.scope(|scope| {
            lua.globals()
                .set("late", scope.create_function(|_, ()| Ok(calls))?)?;
            Err(Error::runtime("on purpose"))
        });
        assert!(failed.is_err() && lua.load("late()").exec().is_err());
        // A coroutine that is suspended in the scope's function's caller goes on after it.
        let thread = lua.scope(|scope| {
            lua.globals().set(
                "inner",
                scope.create_function(|_, ()| Ok(text.as_str().to_owned()))?,
            )?;
            let body: Function = eval(
                lua,
                "function() local s = inner() coroutine.yield(s) return inner() end",
            )?;
            let thread = lua.create_thread(body)?;
            assert_eq!(thread.resume::<String>(())?, "borrowed");
            Ok(thread)
        })?;
        assert!(thread.resume::<String>(()).is_err());
        Ok(())
    });
}

struct Noisy(Rc<Cell<u32>>);

impl UserData for Noisy {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("drops", |_, this, ()| Ok(this.0.get()));
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn userdata_of_a_scope_ends_with_it() {
    everywhere(|lua| {
        let drops = Rc::new(Cell::new(0));
        lua.scope(|scope| {
            let noisy = scope.create_userdata(Noisy(drops.clone()))?;
            lua.globals().set("noisy", noisy)?;
            assert_eq!(eval::<u32>(lua, "noisy:drops()")?, 0);
            Ok(())
        })?;
        assert_eq!(drops.get(), 1);
        let e = lua.load("noisy:drops()").exec().unwrap_err();
        assert!(e.to_string().contains("userdata's value was taken"), "{e}");
        Ok(())
    });
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Line(i32, i32),
    Rect { w: u8, h: u8 },
}

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Wrapped(u16);

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
struct Everything {
    flag: bool,
    small: i8,
    large: u64,
    float: f32,
    letter: char,
    text: String,
    none: Option<i64>,
    some: Option<String>,
    unit: (),
    marker: Unit,
    wrapped: Wrapped,
    pair: (i64, String),
    list: Vec<Shape>,
    empty: Vec<i64>,
    map: BTreeMap<String, Vec<Option<i64>>>,
    numbers: BTreeMap<i64, bool>,
}

#[test]
fn serde_both_ways() {
    everywhere(|lua| {
        let value = Everything {
            flag: true,
            small: -8,
            large: 1 << 60,
            float: 0.5,
            letter: 'ü',
            text: "text".into(),
            none: None,
            some: Some("x".into()),
            unit: (),
            marker: Unit,
            wrapped: Wrapped(9),
            pair: (1, "two".into()),
            list: vec![
                Shape::Empty,
                Shape::Circle(1.5),
                Shape::Line(1, -1),
                Shape::Rect { w: 3, h: 4 },
            ],
            empty: vec![],
            map: BTreeMap::from([
                ("a".into(), vec![Some(1), None, Some(3)]),
                ("b".into(), vec![]),
            ]),
            numbers: BTreeMap::from([(1, true), (2, false), (-3, true)]),
        };
        lua.globals().set("v", lua.to_value(&value)?)?;
        lua.load(
            "assert(v.flag and v.small == -8 and v.large == 1 << 60 and v.letter == 'ü')
            assert(v.list[1] == 'Empty' and v.list[2].Circle == 1.5 and v.list[3].Line[2] == -1)
            assert(v.list[4].Rect.h == 4 and #v.list == 4 and v.wrapped == 9 and v.pair[2] == 'two')
            assert(type(v.none) == 'userdata' and v.none == v.unit and #v.map.a == 3)",
        )
        .exec()?;
        let back: Everything = lua.from_value(eval(lua, "v")?)?;
        assert_eq!(back, value);
        // And by way of another format.
        let json = serde_json::to_string(&lua.globals().get::<Value>("v")?).unwrap();
        assert_eq!(serde_json::from_str::<Everything>(&json).unwrap(), value);
        let dynamic: serde_json::Value = serde_json::from_str(&json).unwrap();
        let again: serde_json::Value = lua.from_value(lua.to_value(&dynamic)?)?;
        assert_eq!(again, dynamic);
        Ok(())
    });
}

#[test]
fn serde_of_what_lua_made() {
    everywhere(|lua| {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Config {
            name: String,
            #[serde(default)]
            size: Option<u32>,
            list: Vec<String>,
        }
        let config: Config =
            lua.from_value(eval(lua, "{ name = 'n', list = {}, other = print }")?)?;
        assert_eq!(
            (config.name.as_str(), config.size, config.list.len()),
            ("n", None, 0)
        );
        let shape: Shape = lua.from_value(eval(lua, "'Empty'")?)?;
        assert_eq!(shape, Shape::Empty);
        let fails = |code: &str| -> Result<String> {
            let e = lua.from_value::<Config>(eval(lua, code)?).unwrap_err();
            assert!(matches!(e, Error::DeserializeError(_)), "{e:?}");
            Ok(e.to_string())
        };
        assert_eq!(fails("{ list = {} }")?, "missing field `name`");
        assert_eq!(
            fails("{ name = 1, list = {} }")?,
            "invalid type: integer `1`, expected a string"
        );
        assert_eq!(
            fails("{ name = print }")?,
            "a function can't be deserialized"
        );
        assert!(fails("5")?.contains("expected struct Config"));
        for code in [
            "{ Circle = {} }",
            "{ Nope = 1 }",
            "'Nope'",
            "{}",
            "{ Empty = 1, Circle = 2 }",
            "{ Line = {1, 2, 3} }",
            "{ 'Circle' }",
        ] {
            assert!(lua.from_value::<Shape>(eval(lua, code)?).is_err(), "{code}");
        }
        // What has itself within, and what is only deep.
        let within: Value = eval(lua, "(function() local t = {} t[1] = t return t end)()")?;
        let deep: Value = eval(
            lua,
            "(function() local t = {} for _ = 1, 300 do t = { t } end return t end)()",
        )?;
        for value in [within, deep] {
            assert!(lua.from_value::<serde_json::Value>(value.clone()).is_err());
            assert!(serde_json::to_string(&value).is_err());
        }
        assert!(serde_json::to_string(&eval::<Value>(lua, "{ 1, print }")?).is_err());
        let list: Table = eval(lua, "{}")?;
        assert_eq!(serde_json::to_string(&list).unwrap(), "{}");
        list.set_metatable(Some(lua.array_metatable()?))?;
        assert_eq!(serde_json::to_string(&list).unwrap(), "[]");
        Ok(())
    });
}

#[test]
fn what_rust_makes_counts_towards_the_limit() {
    for &kind in GcKind::ALL {
        let lua = Lua::new_with(StdLib::ALL, LuaOptions::new().collector(kind)).unwrap();
        lua.set_memory_limit(8 << 20).unwrap();
        let many: Vec<String> = (0..300_000).map(|i| format!("element {i}")).collect();
        // Rust is not refused what it makes itself; the program is, from then on.
        let many = lua.to_value(&many).unwrap();
        let script = "local t = {} for i = 1, 1000 do t[i] = {} end return #t";
        let e = lua.load(script).eval::<i64>().unwrap_err();
        assert!(matches!(e, Error::MemoryError(_)), "{kind}: {e:?}");
        drop(many);
        if kind != GcKind::None {
            assert_eq!(lua.load(script).eval::<i64>().unwrap(), 1000, "{kind}");
        }
    }
}
