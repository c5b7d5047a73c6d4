//! Limits of a run, for the host; and what natives that run long do for them.

use super::{Context, Result};
use std::rc::Rc;

/// What a token of Lua is long with the space behind it, in bytes, for estimates.
const TOKEN_LENGTH: usize = 4;

impl Context {
    /// Charges the budget of instructions with `n` units of work, an
    /// instruction's worth each. Costs a load and a compare while there is no budget.
    #[inline]
    pub fn charge(&self, n: u64) {
        self.vm().charge(n)
    }
    /// Charges the reading, writing or copying of `n` bytes outside of the heap; new
    /// objects are charged by themselves.
    #[inline]
    pub fn charge_bytes(&self, n: usize) {
        self.vm().charge_bytes(n)
    }
    /// Charges the copying of `n` values, or as many steps through something else.
    #[inline]
    pub fn charge_steps(&self, n: usize) {
        self.vm().charge_steps(n)
    }
    /// Charges `n` units of work, and is a safepoint: what a native does every
    /// few thousand steps.
    ///
    /// # Errors
    /// As for [`Context::poll`].
    #[inline]
    pub fn work(&mut self, n: u64) -> Result<()> {
        self.charge(n);
        self.poll()
    }
    /// Whether the next [`Context::poll`] raises an error because the program
    /// was interrupted or its budget is used up; for loops in which nothing may
    /// be collected.
    pub fn must_stop(&self) -> bool {
        self.vm().must_stop()
    }
    /// Whether the callback waits to be called by the next [`Context::poll`].
    pub fn interrupt_is_due(&self) -> bool {
        self.vm().interrupt_is_due()
    }
    /// Lets the program execute `n` more instructions, from now on; `None`:
    /// as many as it likes. When they are used up, the error `instruction limit
    /// reached` is raised again and again, however often the program catches
    /// it, until this is called again.
    ///
    /// The work of long natives counts as well, and so does allocated memory.
    pub fn set_instruction_limit(&self, n: Option<u64>) {
        self.vm().set_budget(n)
    }
    /// What is left of the limit.
    pub fn instructions_left(&self) -> Option<u64> {
        self.vm().budget()
    }
    /// How many instructions were counted so far: those executed while there
    /// was a limit or a callback.
    pub fn instructions_counted(&self) -> u64 {
        self.vm().ticks_used()
    }
    /// Whether the limit was reached.
    pub fn instructions_exhausted(&self) -> bool {
        self.vm().is_exhausted()
    }
    /// Has `callback` called about every `every` instructions. What it raises
    /// is raised in the program.
    pub fn set_interrupt(
        &self,
        every: u64,
        callback: impl Fn(&mut Context) -> Result<()> + 'static,
    ) {
        self.vm().set_interrupt(every, Some(Rc::new(callback)))
    }
    /// Collects if a buffer or string of that many bytes would be refused only because
    /// of garbage: an allocation by a native can't collect, so natives that make large
    /// objects ask first.
    pub fn make_room(&mut self, bytes: usize) {
        if !self.vm().may_borrow(bytes) {
            // SAFETY: the native's frame is complete: `top` is its end.
            unsafe { self.vm().collect_full() };
        }
    }
    /// [`Context::make_room`] for compiling a source of so many bytes. Only the least
    /// that it may take is asked for, a token every [`TOKEN_LENGTH`] bytes, so that
    /// sources that fit anyway rarely cause a collection.
    pub fn make_room_to_compile(&mut self, len: usize) {
        let tokens = len / TOKEN_LENGTH + 1;
        self.make_room(tokens.saturating_mul(moonsweep_compiler::BYTES_PER_TOKEN));
    }
    /// Moves the heap's limit, in bytes; 0: as far as the system goes. Returns
    /// the limit until now.
    pub fn set_memory_limit(&self, bytes: usize) -> usize {
        let vm = self.vm();
        let limit = if bytes == 0 { usize::MAX } else { bytes };
        vm.mem.heap.set_limit(limit);
        // Whether it is exceeded is seen at the next safepoint.
        vm.mem.heap.external(0);
        std::mem::replace(&mut vm.memory_limit, limit)
    }
    /// Who raises the error `interrupted!` in the program, from other threads
    /// and signal handlers.
    pub fn interrupter(&self) -> moonsweep_gc::Requester {
        // SAFETY: the state is boxed (`Vm`), and its heap stays where it is
        // until it is dropped.
        unsafe { self.vm().mem.heap.requester() }
    }
    /// Removes the callback.
    pub fn remove_interrupt(&self) {
        self.vm().set_interrupt(1, None)
    }
}
