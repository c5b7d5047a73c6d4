//! Futures in Lua and what else users of mlua look for: async functions, objects, user
//! values, proxies, casts. Each test runs under every collector, as it is and in stress
//! mode with the verifier.

mod everywhere;

use everywhere::{eval, everywhere};
use futures_core::Stream;
use moonsweep::prelude::*;
use moonsweep::{AnyUserData, Either, Error, Function, Lua, ObjectLike, StdLib, Table, Value};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A future that others finish.
#[derive(Clone, Default)]
struct Promise(Rc<RefCell<(Option<String>, Option<Waker>)>>);

impl Promise {
    fn keep(&self, text: &str) {
        let waker = {
            let mut state = self.0.borrow_mut();
            state.0 = Some(text.to_owned());
            state.1.take()
        };
        waker.expect("someone waits").wake();
    }
}

impl Future for Promise {
    type Output = String;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        let mut state = self.0.borrow_mut();
        match state.0.take() {
            Some(text) => Poll::Ready(text),
            None => {
                state.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn run<R>(mut future: Pin<&mut impl Future<Output = R>>) -> R {
    for _ in 0..10_000 {
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(result) = future.as_mut().poll(&mut cx) {
            return result;
        }
    }
    panic!("the future never ends");
}

/// Pending the first time.
async fn turn() {
    let mut asked = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut asked, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await
}

#[test]
fn coroutines_wait_for_futures() {
    everywhere(|lua| {
        let promises: Rc<RefCell<VecDeque<Promise>>> = Rc::default();
        let made = promises.clone();
        let ask = lua.create_async_function(move |_, name: String| {
            let promise = Promise::default();
            made.borrow_mut().push_back(promise.clone());
            async move { Ok((name, promise.await)) }
        })?;
        lua.globals().set("ask", ask)?;
        let text = "local a, b = ask 'one' collectgarbage()
            local ok, c, d = pcall(ask, 'two')
            return a .. b, ok, c .. d, select('#', ask('three'))";
        let mut answer = Box::pin(lua.load(text).eval_async::<(String, bool, String, usize)>());
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        for (woken, text) in ["!", "?", "."].into_iter().enumerate() {
            assert!(
                answer
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            lua.gc_collect()?;
            assert_eq!(bell.0.load(Ordering::Relaxed), woken);
            let promise = promises.borrow_mut().pop_front();
            promise.expect("it was asked").keep(text);
        }
        let Poll::Ready(results) = answer.as_mut().poll(&mut Context::from_waker(&waker)) else {
            panic!("it still waits");
        };
        assert_eq!(results?, ("one!".to_owned(), true, "two?".to_owned(), 2));
        Ok(())
    });
}

#[test]
fn errors_and_other_yields() {
    everywhere(|lua| {
        let fail = lua.create_async_function(|_, text: String| async move {
            turn().await;
            Err::<(), _>(Error::runtime(text))
        })?;
        lua.globals().set("fail", fail)?;
        let e = run(Box::pin(lua.load("fail 'on purpose'").exec_async()).as_mut());
        assert_eq!(e.unwrap_err().message(), "on purpose");
        let caught = lua.load("local ok, e = pcall(fail, 'again') return ok, tostring(e)");
        let (ok, text) = run(Box::pin(caught.eval_async::<(bool, String)>()).as_mut())?;
        assert!(!ok && text.contains("again"), "{text}");
        let e = run(Box::pin(lua.load("fail({}, 1)").exec_async()).as_mut()).unwrap_err();
        assert!(e.message().contains("bad argument #1"), "{e}");
        let e = run(Box::pin(lua.load("x = = 1").exec_async()).as_mut()).unwrap_err();
        assert!(matches!(e, Error::SyntaxError { .. }), "{e}");

        // Outside of a coroutine that is polled there is nobody to wait.
        let e = eval::<()>(lua, "fail 'x'").unwrap_err();
        assert!(e.message().contains("nobody polls"), "{e}");
        let e = eval::<()>(lua, "coroutine.wrap(fail)('x')").unwrap_err();
        assert!(e.message().contains("nobody polls"), "{e}");

        // What the coroutine yields itself is passed over; the waker is called.
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        let mut yields = Box::pin(
            lua.load("for i = 1, 3 do coroutine.yield(i) end return ...")
                .call_async::<i64>(7),
        );
        let mut polls = 0;
        let result = loop {
            polls += 1;
            if let Poll::Ready(r) = yields.as_mut().poll(&mut Context::from_waker(&waker)) {
                break r?;
            }
        };
        assert_eq!((result, polls, bell.0.load(Ordering::Relaxed)), (7, 4, 3));
        Ok(())
    });
}

#[test]
fn what_is_given_up_is_dropped() {
    everywhere(|lua| {
        struct Flag(Rc<Cell<bool>>);
        impl Drop for Flag {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let dropped = Rc::new(Cell::new(false));
        let flag = dropped.clone();
        let forever = lua.create_async_function(move |_, ()| {
            let flag = Flag(flag.clone());
            async move {
                std::future::pending::<()>().await;
                drop(flag);
                Ok(())
            }
        })?;
        lua.globals().set("forever", forever)?;
        let text = "local x <close> = setmetatable({}, {__close = function() closed = true end})
            forever()";
        let mut waits = Box::pin(lua.load(text).exec_async());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(waits.as_mut().poll(&mut cx).is_pending());
        assert!(!dropped.get());
        drop(waits);
        assert!(dropped.get() && lua.globals().get::<bool>("closed")?);
        Ok(())
    });
}

#[test]
fn futures_call_lua_and_methods_wait() {
    struct Store(Vec<i64>);
    impl LuaUserData for Store {
        fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
            methods.add_function("new", |_, ()| Ok(Store(vec![3, 4])));
            methods.add_async_method("sum", |_, this, by: i64| async move {
                turn().await;
                Ok(this.0.iter().sum::<i64>() * by)
            });
            methods.add_async_function("later", |_, f: Function| async move {
                turn().await;
                f.call_async::<i64>(5).await
            });
        }
    }
    everywhere(|lua| {
        lua.globals().set("Store", lua.create_proxy::<Store>()?)?;
        let text = "local s = Store.new()
            return s:sum(10) + Store.later(function(n) return n + s:sum(1) end)";
        let sum = run(Box::pin(lua.load(text).eval_async::<i64>()).as_mut())?;
        assert_eq!(sum, 70 + 5 + 7);
        let e = eval::<()>(lua, "Store:sum(1)").unwrap_err();
        assert!(e.message().contains("userdata"), "{e}");
        let thread = lua.create_thread(eval(lua, "function(n) return Store.new():sum(n) end")?)?;
        assert_eq!(run(Box::pin(thread.into_async::<i64>(2)).as_mut())?, 14);
        Ok(())
    });
}

#[test]
fn user_values_keep_and_do_not_leak() {
    everywhere(|lua| {
        if !lua.gc_kind()?.collects() {
            return Ok(());
        }
        struct Counted(Rc<Cell<i32>>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let dropped = Rc::new(Cell::new(0));
        for i in 0..10 {
            let node = lua.create_any_userdata(Counted(dropped.clone()))?;
            assert!(node.user_value::<Value>()?.is_nil());
            let table = lua.create_table()?;
            table.set("node", &node)?; // leads back
            node.set_user_value(&table)?;
            node.set_nth_user_value(2, i)?;
            node.set_named_user_value("name", "n")?;
            lua.gc_collect()?;
            assert_eq!(node.user_value::<Table>()?, table);
            assert_eq!(node.nth_user_value::<i64>(2)?, i);
            assert_eq!(node.named_user_value::<String>("name")?, "n");
        }
        lua.gc_collect()?;
        lua.gc_collect()?;
        assert_eq!(dropped.get(), 10);
        Ok(())
    });
}

#[test]
fn objects_casts_and_weak_handles() {
    fn describe(object: &impl ObjectLike) -> LuaResult<(i64, i64, String)> {
        object.set("n", 1)?;
        Ok((
            object.call(20)?,
            object.call_method("add", 2)?,
            object.to_string()?,
        ))
    }
    everywhere(|lua| {
        let table: Table = eval(
            lua,
            "setmetatable({add = function(self, n) return self.n + n end},
             {__call = function(self, n) return self.n + n end, __tostring = function() return 'T' end})",
        )?;
        assert_eq!(describe(&table)?, (21, 3, "T".to_owned()));
        struct Object(i64);
        impl LuaUserData for Object {
            fn add_fields<F: LuaUserDataFields<Self>>(fields: &mut F) {
                fields.add_field_method_set("n", |_, this, n: i64| {
                    this.0 = n;
                    Ok(())
                });
            }
            fn add_methods<M: LuaUserDataMethods<Self>>(methods: &mut M) {
                methods.add_method("add", |_, this, n: i64| Ok(this.0 + n));
                methods.add_meta_method("__call", |_, this, n: i64| Ok(this.0 + n));
                methods.add_meta_method("__tostring", |_, _, ()| Ok("U"));
            }
        }
        let object: AnyUserData = lua.create_userdata(Object(0))?;
        assert_eq!(describe(&object)?, (21, 3, "U".to_owned()));
        assert_eq!(object.type_name()?.as_deref(), Some("Object"));

        let mixed: Vec<Either<i64, String>> = eval(lua, "{1, 'two', 3}")?;
        assert_eq!(mixed[1], Either::Right("two".to_owned()));
        assert_eq!(lua.coerce_integer(Value::Number(3.0))?, Some(3));
        assert_eq!(lua.coerce_integer(Value::Number(3.5))?, None);
        assert_eq!(lua.coerce_integer(Value::Boolean(true))?, None);
        assert_eq!(lua.coerce_number(lua.pack("0x10")?)?, Some(16.0));
        assert_eq!(lua.coerce_string(Value::Integer(5))?.unwrap(), "5");
        assert!(Value::NULL.is_null() && !Value::NULL.is_nil());
        assert_eq!(Value::Integer(-1).as_u32(), None);
        assert_eq!(Value::Integer(70_000).as_usize(), Some(70_000));
        let path = std::path::PathBuf::from("/tmp/x");
        assert_eq!(lua.convert::<std::path::PathBuf>(path.clone())?, path);
        let key = lua.create_registry_value("kept")?;
        assert_eq!(lua.convert::<String>(&key)?, "kept");
        lua.globals()
            .set("add", Function::wrap_raw(|a: i64, b: i64| a + b))?;
        assert_eq!(eval::<i64>(lua, "add(1, 2)")?, 3);
        assert!(lua.weak().upgrade().is_some());
        Ok(())
    });
    let weak = {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::new()).unwrap();
        assert!(lua.load("return string").eval::<Value>().unwrap().is_nil());
        lua.load_std_libs(StdLib::STRING | StdLib::MATH).unwrap();
        assert_eq!(
            lua.load("('x'):rep(math.max(1, 3))")
                .eval::<String>()
                .unwrap(),
            "xxx"
        );
        assert!(lua.load("return io").eval::<Value>().unwrap().is_nil());
        lua.weak()
    };
    assert!(weak.upgrade().is_none());
}

/// All that a stream has; none of it waits.
fn all<R: moonsweep::FromLuaMulti>(stream: moonsweep::AsyncThread<R>) -> Vec<moonsweep::Result<R>> {
    let mut stream = std::pin::pin!(stream);
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut cx) {
        items.push(item);
    }
    items
}

#[test]
fn streams() {
    everywhere(|lua| {
        let f: Function = eval(
            lua,
            "function(a, b)
               local sum = 0
               while a <= b do
                 sum = sum + a
                 coroutine.yield(a)
                 a = a + 1
               end
               if b > 3 then error('too far') end
               return sum
             end",
        )?;
        let stream = |b: i64| {
            let thread = lua.create_thread(f.clone()).expect("a coroutine");
            thread.into_async::<i64>((1, b))
        };
        let items: moonsweep::Result<Vec<i64>> = all(stream(3)).into_iter().collect();
        assert_eq!(items.unwrap(), [1, 2, 3, 6]);
        // The error is the last item.
        let items = all(stream(4));
        assert_eq!(items.len(), 5);
        assert_eq!(*items[3].as_ref().unwrap(), 4);
        assert!(
            items[4]
                .as_ref()
                .unwrap_err()
                .to_string()
                .contains("too far")
        );
        // So is that of a coroutine that could not be made.
        let items = all(lua.load("syntax error here").call_async::<()>(()));
        assert!(matches!(&items[..], [Err(_)]));
        // A value of another type is an error, and the stream goes on.
        let g: Function = eval(lua, "function() coroutine.yield('x') return 5 end")?;
        let items = all(lua.create_thread(g)?.into_async::<i64>(()));
        assert!(matches!(&items[..], [Err(_), Ok(5)]));
        // It waits where the coroutine does, and goes on when that is woken.
        let promise = Promise::default();
        let kept = promise.clone();
        let wait = lua.create_async_function(move |_, ()| {
            let promise = kept.clone();
            async move { Ok(promise.await) }
        })?;
        lua.globals().set("wait", wait)?;
        let h: Function = eval(
            lua,
            "function() coroutine.yield('before') coroutine.yield(wait()) return 'after' end",
        )?;
        let mut stream = std::pin::pin!(lua.create_thread(h)?.into_async::<String>(()));
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(bell.clone());
        let mut cx = Context::from_waker(&waker);
        let mut next = || match stream.as_mut().poll_next(&mut cx) {
            Poll::Pending => "pending".to_owned(),
            Poll::Ready(None) => "end".to_owned(),
            Poll::Ready(Some(text)) => text.unwrap(),
        };
        assert_eq!(next(), "before");
        assert_eq!(next(), "pending");
        assert_eq!(bell.0.load(Ordering::Relaxed), 0);
        promise.keep("kept");
        assert_eq!(bell.0.load(Ordering::Relaxed), 1);
        assert_eq!(next(), "kept");
        assert_eq!(next(), "after");
        assert_eq!(next(), "end");
        lua.globals().set("wait", Value::Nil)
    });
}
