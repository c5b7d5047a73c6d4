//! A virtual machine that its host shares: what the embedding API is built on.
//!
//! A [`Context`] is one path to the state, and there must be only one at a
//! time that is used. A host that keeps handles needs to come back to it at
//! any time, also from within a native that Lua has called. So the path is
//! lent out:
//!
//! 1. [`Shared::enter`] takes the path, hands the context to a closure, and puts
//!    the path back. Meanwhile nobody else gets it: a nested `enter` fails with
//!    [`Unavailable::Busy`], for example in the destructor of a userdata that
//!    the collector frees.
//! 2. A native that the interpreter calls has a path of its own, derived from
//!    the one that was lent out. [`Shared::within`] makes that one the path for
//!    as long as host code runs, and takes it back before the native goes on.
//!
//! An [`Owner`] keeps the state open; when the last one goes, the state is
//! closed: finalizers run, then everything is freed. A [`Root`] keeps a value
//! alive, but not the state: a userdata may hold one without keeping
//! everything alive for ever. (It does keep its value alive, so one that holds
//! a root of itself, however indirectly, is never collected.)

use super::{Context, Value};
use crate::value::Value as Raw;
use crate::vm::Vm;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::rc::Rc;

/// Why a state can't be entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// It was closed.
    Closed,
    /// It is at work: collecting garbage, for example.
    Busy,
}

struct Inner {
    vm: UnsafeCell<Option<Vm>>,
    /// The path to the state; null while it is lent out, and after closing.
    path: Cell<*mut Context>,
    /// The address of the state, to tell it from others.
    id: Cell<*const Context>,
    owners: Cell<usize>,
    closed: Cell<bool>,
    /// Slots of roots that are gone, to be used again.
    free: RefCell<Vec<u32>>,
    /// The same, their values not removed yet.
    dropped: RefCell<Vec<u32>>,
    /// Slots ever used.
    slots: Cell<u32>,
}

/// A virtual machine that may be closed already.
#[derive(Clone)]
pub struct Shared(Rc<Inner>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shared({:p})", self.0.id.get())
    }
}

/// Puts the path back, also when a panic passes by.
struct Lent<'a> {
    inner: &'a Inner,
    path: *mut Context,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.inner.closed.get() {
            self.inner.path.set(self.path);
        }
    }
}

impl Shared {
    /// Runs `f` with the state's context.
    ///
    /// # Errors
    /// If the state is closed, or at work.
    #[inline]
    pub fn enter<R>(&self, f: impl FnOnce(&mut Context) -> R) -> Result<R, Unavailable> {
        let inner = &*self.0;
        let path = inner.path.replace(null_mut());
        if path.is_null() {
            return Err(match inner.closed.get() {
                true => Unavailable::Closed,
                false => Unavailable::Busy,
            });
        }
        // Not the last one: the path goes back before the state can close.
        let _open = self.own();
        let _lent = Lent { inner, path };
        // SAFETY: the path leads to the state, which `_open` keeps open. It was
        // taken from where everybody takes it, so this is the only use of it
        // until `_lent` puts it back.
        let cx = unsafe { &mut *path };
        if !inner.dropped.borrow().is_empty() {
            self.sweep(cx);
        }
        Ok(f(cx))
    }
    /// Runs `f`, host code within a native that has the context `cx`; `enter` gives it.
    ///
    /// # Panics
    /// If `cx` is another state's.
    #[inline]
    pub fn within<R>(&self, cx: &mut Context, f: impl FnOnce() -> R) -> R {
        assert!(self.is_of(cx), "a native of another state");
        let inner = &*self.0;
        let path = inner.path.replace(cx);
        let _lent = Lent { inner, path };
        f()
    }
    /// Whether the state is closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.get()
    }
    /// Whether both are the same state.
    pub fn is_same(&self, other: &Shared) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
    /// Keeps the state open, unless it is closed.
    pub fn own(&self) -> Owner {
        self.0.owners.set(self.0.owners.get() + 1);
        Owner(self.clone())
    }
    #[inline]
    fn is_of(&self, cx: &Context) -> bool {
        std::ptr::eq(cx, self.0.id.get())
    }
    /// Keeps a value alive.
    ///
    /// # Errors
    /// `not enough memory`.
    ///
    /// # Panics
    /// If `cx` is another state's.
    pub fn root(&self, cx: &Context, v: Value<'_>) -> super::Result<Root> {
        assert!(self.is_of(cx), "a value of another state");
        let inner = &*self.0;
        let slot = match inner.free.borrow_mut().pop() {
            Some(slot) => slot,
            None => {
                let slot = inner.slots.get() + 1;
                inner.slots.set(slot);
                slot
            }
        };
        let vm = cx.vm();
        // SAFETY: a root of the state.
        if let Err(e) = unsafe { vm.refs.set_int(&mut vm.mem, slot.into(), v.raw()) } {
            inner.free.borrow_mut().push(slot);
            return Err(cx.set_failed(e));
        }
        let shared = self.clone();
        Ok(Root(Rc::new(Slot { shared, slot })))
    }
    fn release(&self, cx: &Context, slot: u32) {
        let vm = cx.vm();
        // SAFETY: a root of the state. Overwriting an element with nil needs no memory.
        let _ = unsafe { vm.refs.set_int(&mut vm.mem, slot.into(), Raw::NIL) };
        self.0.free.borrow_mut().push(slot);
    }
    #[cold]
    fn sweep(&self, cx: &Context) {
        for slot in self.0.dropped.take() {
            self.release(cx, slot);
        }
    }
    fn close(&self) {
        let inner = &*self.0;
        // What runs now may own the state for a while; it is closed only once.
        inner.owners.set(1);
        let _ = self.enter(|cx| cx.close_state());
        inner.closed.set(true);
        inner.path.set(null_mut());
        // SAFETY: the path is gone, so nothing refers to it any more; destructors
        // that run now find it closed.
        let vm = unsafe { (*inner.vm.get()).take() };
        drop(vm);
    }
}

/// Keeps a virtual machine open.
#[derive(Debug)]
pub struct Owner(Shared);

impl Owner {
    /// Shares a virtual machine.
    pub fn new(vm: Vm) -> Owner {
        let inner = Rc::new(Inner {
            vm: UnsafeCell::new(Some(vm)),
            path: Cell::new(null_mut()),
            id: Cell::new(std::ptr::null()),
            owners: Cell::new(1),
            closed: Cell::new(false),
            free: RefCell::default(),
            dropped: RefCell::default(),
            slots: Cell::new(0),
        });
        // SAFETY: nobody else knows it yet. The state stays where it is until it is closed.
        if let Some(vm) = unsafe { &mut *inner.vm.get() } {
            let path: *mut Context = vm.context();
            inner.path.set(path);
            inner.id.set(path);
        }
        Owner(Shared(inner))
    }
    /// The state.
    #[inline]
    pub fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Clone for Owner {
    #[inline]
    fn clone(&self) -> Owner {
        self.0.own()
    }
}

impl Drop for Owner {
    #[inline]
    fn drop(&mut self) {
        let inner = &*self.0.0;
        let others = inner.owners.get().saturating_sub(1);
        inner.owners.set(others);
        if others == 0 && !inner.closed.get() {
            self.0.close();
        }
    }
}

struct Slot {
    shared: Shared,
    slot: u32,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let slot = self.slot;
        if self.shared.enter(|cx| self.shared.release(cx, slot)) == Err(Unavailable::Busy) {
            self.shared.0.dropped.borrow_mut().push(slot);
        }
    }
}

/// Keeps a value alive.
#[derive(Clone)]
pub struct Root(Rc<Slot>);

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Root({})", self.0.slot)
    }
}

impl Root {
    /// The value; `None` if `cx` is another state's.
    pub fn get<'a>(&self, cx: &'a Context) -> Option<Value<'a>> {
        if !self.0.shared.is_of(cx) {
            return None;
        }
        let vm = cx.vm();
        // SAFETY: a root of the state.
        Some(Value::of(unsafe {
            vm.refs.get_int(&vm.mem, self.0.slot.into())
        }))
    }
    /// The state.
    pub fn shared(&self) -> &Shared {
        &self.0.shared
    }
    /// The bytes, if it is a string.
    ///
    /// # Errors
    /// As for [`Shared::enter`].
    pub fn bytes(&self) -> Result<Option<Bytes<'_>>, Unavailable> {
        let owner = self.0.shared.own();
        let found = self.0.shared.enter(|cx| {
            let text = self.get(cx)?.as_str()?.as_bytes();
            Some(text as *const [u8])
        })?;
        Ok(found.map(|bytes| Bytes {
            bytes,
            _owner: owner,
            _root: PhantomData,
        }))
    }
}

/// The bytes of a string that is kept alive.
pub struct Bytes<'a> {
    bytes: *const [u8],
    _owner: Owner,
    _root: PhantomData<&'a Root>,
}

impl std::ops::Deref for Bytes<'_> {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the string's root is borrowed, and its slot is nobody else's
        // while a root of it is there, so the string is alive; the state is
        // kept open, so the heap is. Strings don't change, objects don't move.
        unsafe { &*self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::{NativeDef, Results};

    fn shared() -> Owner {
        Owner::new(Vm::new(Default::default()).unwrap())
    }

    #[test]
    fn one_path_at_a_time() {
        let owner = shared();
        let state = owner.shared();
        let nested = state.enter(|_| state.enter(|_| ()));
        assert_eq!(nested, Ok(Err(Unavailable::Busy)));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _ = state.enter(|_| panic!("on purpose"));
        }));
        assert!(panicked.is_err());
        assert_eq!(state.enter(|cx| cx.slots()), Ok(0));
        let again = state.enter(|cx| state.within(cx, || state.enter(|_| 1)));
        assert_eq!(again, Ok(Ok(1)));
    }

    #[test]
    fn roots_keep_values_and_give_their_slots_back() {
        let owner = shared();
        let state = owner.shared();
        let root = state
            .enter(|cx| state.root(cx, cx.string("kept").unwrap().into()).unwrap())
            .unwrap();
        state.enter(|cx| cx.collect().unwrap()).unwrap();
        assert_eq!(&*root.bytes().unwrap().unwrap(), b"kept");
        let twin = root.clone();
        drop(root);
        assert_eq!(&*twin.bytes().unwrap().unwrap(), b"kept");
        state.enter(|_| drop(twin)).unwrap(); // while it is busy
        let next = state
            .enter(|cx| state.root(cx, Value::Int(7)).unwrap())
            .unwrap();
        assert_eq!(next.0.slot, 1);
        let other = shared();
        assert!(other.shared().enter(|cx| next.get(cx).is_none()).unwrap());
    }

    #[test]
    fn the_last_owner_closes() {
        static FINALIZER: NativeDef = NativeDef {
            name: "finalizer",
            function: |cx| -> crate::native::Result<Results> {
                cx.host()
                    .with("count", |n: &mut Rc<Cell<i32>>| n.set(n.get() + 1));
                cx.none()
            },
        };
        let count = Rc::new(Cell::new(0));
        let owner = shared();
        let state = owner.shared().clone();
        let root = state
            .enter(|cx| {
                cx.host().set("count", count.clone());
                let (object, meta) = (cx.table(0, 0), cx.table(0, 1));
                meta.set_name(cx, "__gc", cx.native(&FINALIZER, &[]))
                    .unwrap();
                object.set_metatable(cx, Some(meta));
                state.root(cx, object.into()).unwrap()
            })
            .unwrap();
        let second = owner.clone();
        drop(owner);
        assert!(!state.is_closed() && count.get() == 0);
        drop(second);
        assert!(state.is_closed() && count.get() == 1);
        assert_eq!(state.enter(|_| ()), Err(Unavailable::Closed));
        assert_eq!(root.bytes().err(), Some(Unavailable::Closed));
    }
}
