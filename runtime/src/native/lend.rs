//! Closures that borrow, lent to holders that may outlive what they borrow.
//!
//! A native that Lua holds lives as long as Lua likes. [`scope`] lends closures for a
//! shorter time: [`Scope::lend`] puts one into a slot of its own, the holder calls it through
//! a [`Lent`], and when the scope ends every slot is emptied, whatever Lua still holds.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;

/// Lends closures until [`scope`] returns.
pub struct Scope<'scope, 'env: 'scope> {
    slots: RefCell<Vec<Rc<dyn Revoke>>>,
    ended: Cell<bool>,
    /// Neither longer nor shorter, as in [`std::thread::scope`].
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A closure, while its scope lasts.
pub struct Lent<A: 'static>(Rc<Slot<A>>);

type Closure<A> = Rc<dyn Fn(&mut A)>;

struct Slot<A: 'static>(RefCell<Option<Closure<A>>>);

trait Revoke {
    /// Empties the slot; what was in it is dropped with the result.
    fn revoke(&self) -> Option<Box<dyn Revoked>>;
}

/// A closure that no slot has any more.
trait Revoked {}
impl<A> Revoked for Rc<dyn Fn(&mut A)> {}

impl<A: 'static> Revoke for Slot<A> {
    fn revoke(&self) -> Option<Box<dyn Revoked>> {
        let closure = self.0.borrow_mut().take()?;
        if Rc::strong_count(&closure) > 1 {
            // It is running, and what it borrows is about to go. Calls return before the
            // scope in which their closure was lent, unless somebody switches stacks.
            std::process::abort();
        }
        Some(Box::new(closure))
    }
}

/// Empties all slots, also when a panic passes by.
struct End<'a> {
    slots: &'a RefCell<Vec<Rc<dyn Revoke>>>,
    ended: &'a Cell<bool>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.ended.set(true);
        let slots = self.slots.take();
        // First nothing can be called any more, then destructors run.
        let revoked: Vec<_> = slots.iter().filter_map(|slot| slot.revoke()).collect();
        drop(revoked);
    }
}

/// Runs `f`; what it lends is taken back before this returns.
pub fn scope<'env, R>(f: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> R {
    let scope = Scope {
        slots: RefCell::default(),
        ended: Cell::new(false),
        scope: PhantomData,
        env: PhantomData,
    };
    let _end = End {
        slots: &scope.slots,
        ended: &scope.ended,
    };
    f(&scope)
}

impl<'scope> Scope<'scope, '_> {
    /// Lends a closure, which may borrow whatever outlives the scope.
    pub fn lend<A: 'static>(&'scope self, closure: impl Fn(&mut A) + 'scope) -> Lent<A> {
        if self.ended.get() {
            return Lent(Rc::new(Slot(RefCell::new(None))));
        }
        let closure: Rc<dyn Fn(&mut A) + 'scope> = Rc::new(closure);
        // SAFETY: only the type's lifetime changes. The slot alone has the closure, and a
        // `Lent::call` a second owner while it runs; `End` empties the slot, and drops the
        // closure or aborts, before `scope` returns, and so while all that outlives 'scope
        // is there. Nothing borrowed leaves through the argument, which is 'static.
        let closure: Rc<dyn Fn(&mut A) + 'static> = unsafe { std::mem::transmute(closure) };
        let slot = Rc::new(Slot(RefCell::new(Some(closure))));
        self.slots.borrow_mut().push(slot.clone());
        Lent(slot)
    }
}

impl<A: 'static> Lent<A> {
    /// Calls the closure; false if its scope has ended.
    pub fn call(&self, argument: &mut A) -> bool {
        let closure = self.0.0.borrow().clone();
        match closure {
            Some(closure) => {
                closure(argument);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_takes_its_closures_back() {
        let mut sum = 0;
        let kept = {
            let sum = RefCell::new(&mut sum);
            scope(|s| {
                let lent = s.lend(|n: &mut i32| **sum.borrow_mut() += *n);
                assert!(lent.call(&mut 3) && lent.call(&mut 4));
                lent
            })
        };
        assert!(!kept.call(&mut 5));
        assert_eq!(sum, 7);
    }

    #[test]
    fn a_panic_ends_the_scope_as_well() {
        struct Noisy<'a>(&'a Cell<bool>);
        impl Drop for Noisy<'_> {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        let (dropped, kept) = (Cell::new(false), RefCell::new(None));
        let noisy = Noisy(&dropped);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            scope(|s| {
                *kept.borrow_mut() = Some(s.lend(move |_: &mut ()| {
                    let _ = &noisy;
                }));
                panic!("on purpose");
            })
        }));
        assert!(result.is_err() && dropped.get());
        assert!(!kept.into_inner().is_some_and(|lent| lent.call(&mut ())));
    }

    #[test]
    fn what_a_destructor_lends_is_not_called() {
        struct Lends<'scope, 'env>(&'scope Scope<'scope, 'env>, &'env Cell<u32>);
        impl Drop for Lends<'_, '_> {
            fn drop(&mut self) {
                let count = self.1;
                let lent = self.0.lend(move |_: &mut ()| count.set(count.get() + 100));
                assert!(!lent.call(&mut ()));
                count.set(count.get() + 1);
            }
        }
        let count = Cell::new(0);
        scope(|s| {
            let lends = Lends(s, &count);
            s.lend(move |_: &mut ()| {
                let _ = &lends;
            });
        });
        assert_eq!(count.get(), 1);
    }
}
