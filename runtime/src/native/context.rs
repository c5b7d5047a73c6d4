//! The context: a native's frame and the virtual machine behind it.

use super::{Action, Raised, Result, Results, Value};
use crate::interp::message;
use crate::value::Value as Raw;
use crate::vm::State;
use std::cell::UnsafeCell;

/// What a native gets. Its frame's slots hold the arguments first, then what
/// the native pushes; all of them are roots.
#[repr(transparent)]
pub struct Context(UnsafeCell<State>);

impl Context {
    pub(crate) fn of(vm: &mut State) -> &mut Context {
        // SAFETY: transparent over `UnsafeCell<State>`, which is transparent over `State`.
        unsafe { &mut *(vm as *mut State as *mut Context) }
    }
    /// The state. Methods of the context that take `&self` neither collect nor
    /// run Lua, and no reference to the state outlives them.
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub(crate) fn vm(&self) -> &mut State {
        // SAFETY: only one thread; see above.
        unsafe { &mut *self.0.get() }
    }
    #[inline(always)]
    pub(crate) fn base(&self) -> *mut Raw {
        // SAFETY: the innermost frame is the native's.
        unsafe { (*self.vm().frame).base }
    }
    /// Slot `i` in register form; nil beyond the top.
    #[inline(always)]
    pub(crate) fn raw(&self, i: usize) -> Raw {
        // SAFETY: compared with the frame's top.
        unsafe {
            let p = self.base().add(i);
            if p < self.vm().top { *p } else { Raw::NIL }
        }
    }
    #[inline(always)]
    pub(crate) fn push_raw(&self, v: Raw) -> usize {
        let vm = self.vm();
        // SAFETY: room is made if needed.
        unsafe {
            if vm.top >= vm.stack_limit {
                self.push_slow();
            }
            let vm = self.vm();
            *vm.top = v;
            vm.top = vm.top.add(1);
            vm.top.offset_from(self.base()) as usize - 1
        }
    }
    #[cold]
    #[inline(never)]
    fn push_slow(&self) {
        let vm = self.vm();
        if !vm.ensure_stack(vm.top, 32) {
            // At the stack's limit: natives that push much ask `reserve` first;
            // a few slots beyond the limit are there for the others.
            let depth = vm.handler_depth;
            vm.handler_depth = 1;
            let ok = vm.ensure_stack(vm.top, 32);
            vm.handler_depth = depth;
            assert!(
                ok,
                "a native pushed thousands of values without reserving room"
            );
        }
    }

    /// Number of arguments.
    #[inline(always)]
    pub fn nargs(&self) -> usize {
        // SAFETY: the innermost frame is the native's.
        unsafe { (*self.vm().frame).extra as usize }
    }
    /// The value in slot `i`, arguments first (from 0); nil beyond the last.
    #[inline(always)]
    pub fn arg(&self, i: usize) -> Value<'_> {
        Value::of(self.raw(i))
    }
    /// Number of slots in use.
    #[inline(always)]
    pub fn slots(&self) -> usize {
        // SAFETY: both are on the running thread's stack.
        unsafe { self.vm().top.offset_from(self.base()) as usize }
    }
    /// Pushes a value; returns its slot, a rooted handle for [`Context::arg`].
    #[inline]
    pub fn push<'a>(&'a self, v: impl Into<Value<'a>>) -> usize {
        self.push_raw(v.into().raw())
    }
    /// Replaces the value of a slot in use.
    ///
    /// # Panics
    /// If there is no such slot.
    pub fn set_slot<'a>(&'a self, i: usize, v: impl Into<Value<'a>>) {
        assert!(i < self.slots(), "no such slot");
        // SAFETY: a slot of the frame.
        unsafe { *self.base().add(i) = v.into().raw() }
    }
    /// The value `back` slots below the last one.
    pub fn top(&self, back: usize) -> Value<'_> {
        match self.slots().checked_sub(back + 1) {
            Some(i) => self.arg(i),
            None => Value::Nil,
        }
    }
    /// Drops the last `n` values.
    pub fn pop(&self, n: usize) {
        let n = n.min(self.slots());
        // SAFETY: not below the frame's base.
        unsafe { self.vm().top = self.vm().top.sub(n) }
    }
    /// Drops all slots from `slots` on.
    pub fn truncate(&self, slots: usize) {
        self.pop(self.slots().saturating_sub(slots));
    }
    /// Fills up with nils, or drops, so that there are exactly `slots`.
    pub fn resize(&self, slots: usize) {
        while self.slots() < slots {
            self.push_raw(Raw::NIL);
        }
        self.truncate(slots);
    }
    /// Whether `n` more values can be pushed.
    pub fn can_push(&self, n: usize) -> bool {
        let vm = self.vm();
        n < crate::object::thread::MAX_STACK && vm.ensure_stack(vm.top, n + 8)
    }
    /// Makes room for `n` more values.
    ///
    /// # Errors
    /// `stack overflow`.
    pub fn reserve(&self, n: usize) -> Result<()> {
        if self.can_push(n) {
            Ok(())
        } else {
            Err(self.error("stack overflow"))
        }
    }

    /// The last `n` values are the results.
    #[inline(always)]
    pub fn results(&self, n: usize) -> Results {
        debug_assert!(n <= self.slots());
        Results::values(n)
    }
    /// Pushes a value and returns it.
    #[inline(always)]
    pub fn ret<'a>(&'a self, v: impl Into<Value<'a>>) -> Result<Results> {
        self.push(v);
        Ok(Results::values(1))
    }
    /// No results.
    #[inline(always)]
    pub fn none(&self) -> Result<Results> {
        Ok(Results::values(0))
    }
    /// The results of calling the function below the last `nargs` values.
    pub fn tail_call(&self, nargs: usize) -> Results {
        Results::of_action(Action::Call(nargs))
    }
    /// The same, with exactly `wanted` results.
    pub fn tail_call_for(&self, nargs: usize, wanted: u8) -> Results {
        Results::of_action(Action::CallFor(nargs, wanted))
    }
    /// The same, protected: true and the results, or false and the error.
    pub fn tail_pcall(&self, nargs: usize) -> Results {
        Results::of_action(Action::Pcall(nargs))
    }
    /// The same with a message handler below the function.
    pub fn tail_xpcall(&self, nargs: usize) -> Results {
        Results::of_action(Action::Xpcall(nargs))
    }
    /// Yields the last `n` values; what the next resume passes are the results.
    pub fn tail_yield(&self, n: usize) -> Results {
        Results::of_action(Action::Yield(n))
    }
    /// Resumes the thread below the last `nargs` values: true and what it
    /// yields or returns, or false and the error.
    pub fn tail_resume(&self, nargs: usize) -> Results {
        Results::of_action(Action::Resume(nargs))
    }
    /// The same for functions of `coroutine.wrap`: errors are raised again.
    pub fn tail_wrap_resume(&self, nargs: usize) -> Results {
        Results::of_action(Action::WrapResume(nargs))
    }

    /// Raises a message with the position of the native's caller in front.
    #[cold]
    pub fn error(&self, msg: impl AsRef<[u8]>) -> Raised {
        let vm = self.vm();
        let mut text = message::position(vm, 1);
        text.extend_from_slice(msg.as_ref());
        vm.error = message::string_value(vm, &text);
        vm.handled = false;
        Raised(())
    }
    /// Raises `not enough memory`.
    pub fn out_of_memory(&self) -> Raised {
        self.memory_error()
    }
    /// Raises any value.
    pub fn raise<'a>(&'a self, v: impl Into<Value<'a>>) -> Raised {
        let vm = self.vm();
        vm.error = v.into().raw();
        vm.handled = false;
        Raised(())
    }
    /// `file:line: ` of the function at `level` (1: the native's caller), or nothing.
    pub fn position(&self, level: usize) -> Vec<u8> {
        message::position(self.vm(), level)
    }
    /// Takes the value of an error that was raised.
    pub fn caught(&self, _: Raised) -> Value<'_> {
        let vm = self.vm();
        vm.handled = false;
        vm.raised = false;
        Value::of(vm.error)
    }
}
