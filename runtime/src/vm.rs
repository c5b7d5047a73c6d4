//! The state of a virtual machine.

use crate::interp::{Regs, code_exit};
use crate::mem::Mem;
use crate::object::characters::Characters;
use crate::object::event::Event;
use crate::object::intern::Interner;
use crate::object::sealed;
use crate::object::shape::Shapes;
use crate::object::string::Str;
use crate::object::table::Table;
use crate::object::thread::{
    Frame, MAX_STACK, STACK_RESERVE, Status, TRIM, ThreadData, ThreadObj, frame_kind,
};
use crate::object::trace::LuaModel;
use crate::value::{Value, tag};
use moonsweep_gc::span::give_back;
use moonsweep_gc::{Heap, Obj, Roots, Visitor};

/// What a virtual machine is made with.
#[derive(Clone, Default)]
pub struct VmOptions {
    /// The collector and its parameters.
    pub gc: moonsweep_gc::Options,
    /// Seed of string hashes and of `math.random`; `None` = from the system.
    pub seed: Option<u64>,
}

/// A native function's limit on nested calls from Rust, as the reference's `LUAI_MAXCCALLS`.
pub(crate) const MAX_NATIVE_DEPTH: u32 = 200;

/// The state of a virtual machine; natives see it as [`crate::native::Context`].
#[repr(C)]
pub struct State {
    /// The innermost frame of the running thread.
    pub(crate) frame: *mut Frame,
    /// The last frame that fits the frame array.
    pub(crate) frame_end: *mut Frame,
    /// See `object::thread`: no frame reaches above it.
    pub(crate) stack_limit: *mut Value,
    /// End of an open list of values; end of a native's frame.
    pub(crate) top: *mut Value,
    /// The table of handlers that is in use: the plain one or, while a hook is
    /// on, the one that looks at each instruction. Null where there are none.
    pub(crate) dispatch: *const (),
    /// The events that the running thread's hook waits for now; 0: none.
    pub(crate) hook_mask: u32,
    /// While instructions are counted: how many until the next look at the account.
    pub(crate) ticks: i64,
    pub(crate) mem: Mem,
    pub(crate) thread: ThreadObj,
    pub(crate) main: ThreadObj,
    /// The error being raised.
    pub(crate) error: Value,
    /// `execute` ended by an error.
    pub(crate) raised: bool,
    /// The message handler has seen the error.
    pub(crate) handled: bool,
    /// Nested calls from natives into the interpreter, plus nested resumes.
    pub(crate) native_depth: u32,
    /// Nested message handlers.
    pub(crate) handler_depth: u32,
    pub(crate) globals: Table,
    pub(crate) registry: Table,
    /// What the host's handles refer to, by slot.
    pub(crate) refs: Table,
    /// The keys of all shapes, in the heap, where a minor sees the new ones only.
    pub(crate) shape_keys: Table,
    /// The strings of one byte.
    pub(crate) characters: Characters,
    /// Metatables of the types that have one per type, by tag.
    pub(crate) type_meta: [Option<Table>; 16],
    /// The keys of the events.
    pub(crate) events: [Str; Event::COUNT],
    /// Allocation sites of tables: inline capacity learned.
    pub(crate) sites: Vec<u8>,
    /// Handles held by Rust code.
    pub(crate) handles: Vec<Value>,
    pub(crate) gc_stopped: bool,
    pub(crate) in_finalizer: bool,
    pub(crate) gc_mode: &'static str,
    /// The program has chosen the mode `generational` by that name.
    pub(crate) chose_generational: bool,
    /// Parameters that Lua sees and no collector uses: `minormul`, `majormul`.
    pub(crate) gc_params: [i64; 2],
    /// The heap's limit as it was set; it may be above that for a while, see `memory_is_out`.
    pub(crate) memory_limit: usize,
    pub(crate) warn: WarnState,
    pub(crate) seed: u64,
    pub(crate) host: crate::native::Host,
    pub(crate) closing: bool,
    /// Lookups through metatables.
    pub(crate) chains: crate::interp::chain::ChainCache,
    /// Collections so far.
    pub(crate) collections: u64,
    /// Instructions are counted, see `interp::limit`.
    pub(crate) counting: bool,
    pub(crate) limits: crate::interp::limit::Limits,
}

/// State of the warning system.
#[derive(Default)]
pub(crate) struct WarnState {
    pub(crate) on: bool,
    pub(crate) continued: bool,
}

impl State {
    pub(crate) fn new(options: VmOptions) -> Result<Box<State>, String> {
        let seed = options.seed.unwrap_or_else(random_seed);
        let gc_mode = if options.gc.generational {
            "generational"
        } else {
            "incremental"
        };
        let mut mem = Mem {
            heap: Heap::with_options(options.gc),
            strings: Interner::new(seed),
            shapes: Shapes::new(),
            epoch: 0,
            late_modes: Default::default(),
            steps: Default::default(),
        };
        // SAFETY: allocation never collects, so the objects made here stay
        // alive until they are roots.
        unsafe {
            let main = ThreadObj::new(&mut mem, true);
            let events = std::array::from_fn(|i| {
                let s = Str::interned(&mut mem, Event::ALL[i].key().as_bytes());
                s.0.set_user(1, i as u8 + 1);
                s
            });
            let globals = Table::new(&mut mem, 0, 0, 0, 0);
            let registry = Table::new(&mut mem, 0, 0, 0, 0);
            let refs = Table::new(&mut mem, 0, 0, 0, 0);
            let shape_keys = Table::new(&mut mem, 0, 0, 0, 0);
            let characters = Characters::new(&mut mem);
            let mut s = Box::new(State {
                frame: std::ptr::null_mut(),
                frame_end: std::ptr::null_mut(),
                stack_limit: std::ptr::null_mut(),
                top: std::ptr::null_mut(),
                dispatch: std::ptr::null(),
                hook_mask: 0,
                ticks: 0,
                mem,
                thread: main,
                main,
                error: Value::NIL,
                raised: false,
                handled: false,
                native_depth: 0,
                handler_depth: 0,
                globals,
                registry,
                refs,
                shape_keys,
                characters,
                type_meta: [None; 16],
                events,
                sites: vec![2],
                handles: Vec::new(),
                gc_stopped: false,
                in_finalizer: false,
                gc_mode,
                chose_generational: false,
                gc_params: [20, 100],
                memory_limit: 0,
                warn: WarnState::default(),
                seed,
                host: crate::native::Host::default(),
                closing: false,
                chains: Default::default(),
                collections: 0,
                counting: false,
                limits: Default::default(),
            });
            s.memory_limit = s.mem.heap.limit();
            s.load_thread(main);
            s.thread.data().status = Status::Running;
            // The base frame of natives called by the host.
            let f = s.frame;
            (*f).kind = frame_kind::NATIVE;
            (*f).nresults = 0;
            Ok(s)
        }
    }

    /// Copies the running thread's registers into its data.
    pub(crate) fn save_thread(&mut self) {
        let t = self.thread.data();
        t.frame = self.frame;
        t.top = self.top;
        t.soft_limit = self.stack_limit;
    }

    /// Makes `t` the running thread.
    pub(crate) fn load_thread(&mut self, t: ThreadObj) {
        self.thread = t;
        let d = t.data();
        self.frame = d.frame;
        self.top = d.top;
        self.stack_limit = d.soft_limit;
        // SAFETY: the last element of the frame array.
        self.frame_end = unsafe { d.frames.add(d.frame_capacity - 1) };
        crate::interp::hook::refresh(self);
    }

    /// Slow path of every stack check: makes room for `need` slots from `from`
    /// on. False: the stack is at its limit, or memory is out.
    ///
    /// The stack may move: pointers into it must be taken anew afterwards.
    pub(crate) fn ensure_stack(&mut self, from: *mut Value, need: usize) -> bool {
        let t = self.thread.data();
        // SAFETY: both point into the stack of the running thread.
        let used = unsafe { from.offset_from(t.stack) } as usize;
        let want = used + need;
        let limit = if self.handler_depth > 0 || self.handled {
            MAX_STACK + STACK_RESERVE
        } else {
            MAX_STACK
        };
        if want > limit {
            return false;
        }
        self.save_thread();
        if want > t.capacity {
            let before = t.bytes();
            // SAFETY: the state was saved just now.
            if !unsafe { t.grow_stack(want) } {
                return false;
            }
            self.mem.heap.external(t.bytes() as isize - before as isize);
            self.frame = t.frame;
            self.top = t.top;
        }
        // What a collection will have to look at once is paced like what was allocated.
        let raised = t.raise_limit((want + 512).min(limit));
        self.mem.heap.charge(raised * size_of::<Value>());
        self.stack_limit = t.soft_limit;
        true
    }

    /// Whether to raise `not enough memory`. Who catches that error gets some
    /// slack, in which to let go of what is too much: the limit is moved up a
    /// little, until the heap is below it again.
    ///
    /// # Safety
    /// At a safepoint.
    #[cold]
    pub(crate) unsafe fn memory_is_out(&mut self) -> bool {
        let limit = self.memory_limit;
        if self.mem.heap.over_limit() {
            // SAFETY: as the caller promised.
            unsafe { self.collect_full() };
        }
        let bytes = self.mem.heap.bytes();
        if bytes <= limit {
            self.mem.heap.set_limit(limit);
            return false;
        }
        if !self.mem.heap.over_limit() {
            return false;
        }
        self.mem
            .heap
            .set_limit((bytes + limit / 64).min(limit + limit / 8));
        true
    }

    /// Whether a native may allocate `n` bytes, somewhat beyond the limit if
    /// need be: it can't collect, and the next safepoint will.
    pub(crate) fn may_borrow(&self, n: usize) -> bool {
        n <= self.may_borrow_most()
    }
    /// How many bytes that are at most.
    pub(crate) fn may_borrow_most(&self) -> usize {
        let most = self.memory_limit.saturating_add(self.memory_limit / 4);
        most.saturating_sub(self.mem.heap.bytes())
    }

    /// Runs an allocation of `n` bytes that failed again, with the limit moved up for it.
    #[cold]
    pub(crate) fn borrow_memory<R>(
        &mut self,
        n: usize,
        allocate: impl FnOnce(&mut Mem) -> Option<R>,
    ) -> Option<R> {
        if !self.may_borrow(n) {
            return None;
        }
        let limit = self.mem.heap.limit();
        self.mem.heap.set_limit(usize::MAX);
        let r = allocate(&mut self.mem);
        self.mem.heap.set_limit(limit);
        // The heap notices that it is above its limit.
        self.mem.heap.external(0);
        r
    }

    /// Gives the reserve for message handlers back, so that the next overflow
    /// finds it again.
    pub(crate) fn leave_reserve(&mut self) {
        self.save_thread();
        let t = self.thread.data();
        // SAFETY: within the stack, whose end is at or above `stack_limit`.
        unsafe {
            let low = t.live_end().max(t.stack.add(MAX_STACK.min(t.capacity)));
            let mut p = low;
            while p < self.stack_limit {
                *p = Value::NIL;
                p = p.add(1);
            }
            self.stack_limit = self.stack_limit.min(low);
        }
        t.soft_limit = self.stack_limit;
    }

    /// `frame`, one of the running thread's, is the innermost one from now on, and
    /// those above were not left by returns that could have seen what is sealed.
    ///
    /// # Safety
    /// As said.
    pub(crate) unsafe fn unseal_for(&mut self, frame: *mut Frame) {
        let t = self.thread;
        // SAFETY: as the caller promised.
        unsafe {
            if sealed::is_below_guard(t.data(), frame) {
                sealed::unseal(&mut self.mem, t, frame)
            }
        }
    }

    /// Makes room for one more frame.
    pub(crate) fn ensure_frame(&mut self) -> bool {
        self.save_thread();
        let t = self.thread.data();
        let before = t.bytes();
        // SAFETY: the state was saved just now.
        if !unsafe { t.grow_frames() } {
            return false;
        }
        self.mem.heap.external(t.bytes() as isize - before as isize);
        self.frame = t.frame;
        // SAFETY: the last element of the frame array.
        self.frame_end = unsafe { t.frames.add(t.frame_capacity - 1) };
        true
    }

    /// The metatable of any value.
    #[inline(always)]
    pub(crate) fn meta_of(&self, v: Value) -> Option<Table> {
        // SAFETY: references in live values are live.
        unsafe {
            match v.tag {
                tag::TABLE => Table(v.obj()).meta(),
                tag::USERDATA => crate::object::userdata::UserdataObj(v.obj()).meta(),
                t => self.type_meta[t as usize],
            }
        }
    }

    /// The metamethod of a value for an event, or nil.
    pub(crate) fn metamethod(&self, v: Value, event: Event) -> Value {
        match self.meta_of(v) {
            None => Value::NIL,
            // SAFETY: as for `meta_of`.
            Some(m) => unsafe { m.get_str(&self.mem, self.events[event as usize]) },
        }
    }

    /// Tells the collector that a thread's stack is about to change, or has.
    pub(crate) fn touch(&mut self, thread: Obj) {
        if thread.unlogged() {
            self.mem.heap.log(thread);
        }
    }

    /// The running thread is in a Lua function of which `pc` is the next
    /// instruction; where `Regs` leave the interpreter.
    pub(crate) fn exit_regs(&self) -> Regs {
        // SAFETY: `frame` is the innermost frame.
        let base = unsafe { (*self.frame).base };
        Regs {
            pc: code_exit(),
            base,
            k: std::ptr::null(),
        }
    }

    /// The roots, for a collection. The running thread's state must be saved.
    pub(crate) fn roots(&mut self) -> VmRoots {
        VmRoots { vm: self }
    }

    /// Brings the thread's state up to date and clears what a collection must not see.
    ///
    /// # Safety
    /// `frame` and `top` are current: see `object::thread::live_end`.
    unsafe fn prepare_collection(&mut self) {
        if !self.mem.late_modes.are_settled() {
            crate::native::refresh_modes(self, false);
        }
        self.keep_shape_keys();
        self.save_thread();
        // SAFETY: as the caller promised.
        unsafe {
            // The stacks of the running chain change without a barrier: the
            // collector is told now.
            let mut chain = Some(self.thread);
            while let Some(t) = chain {
                self.touch(t.0);
                sealed::seal(&mut self.mem, t);
                chain = t.data().resumer.map(ThreadObj);
            }
            let t = self.thread;
            t.data().clear_stale();
            self.stack_limit = t.data().soft_limit;
            self.adjust_stack(|d| d.trim(TRIM));
        }
        give_back(TRIM);
    }

    /// Moves the keys of new shapes to where the collector finds them.
    fn keep_shape_keys(&mut self) {
        for key in self.mem.shapes.take_new_keys() {
            // SAFETY: keys are strings, and alive until now.
            let kept = unsafe { self.shape_keys.append(&mut self.mem, Str(key).value()) };
            if kept.is_err() {
                // No memory: it stays a root.
                self.mem.shapes.leave_new_key(key);
            }
        }
    }

    /// Gives back what a deep recursion left of the running thread's stack.
    ///
    /// # Safety
    /// Right after `prepare_collection`.
    unsafe fn shrink_stack(&mut self) {
        // SAFETY: as the caller promised.
        self.adjust_stack(|d| unsafe { d.shrink() })
    }
    fn adjust_stack(&mut self, f: impl FnOnce(&mut ThreadData)) {
        let t = self.thread;
        let before = t.data().bytes();
        f(t.data());
        let after = t.data().bytes();
        if after != before {
            self.mem.heap.external(after as isize - before as isize);
            self.load_thread(t);
        }
    }

    /// Lets `f` work on the heap while the program stands still; then due finalizers.
    ///
    /// # Safety
    /// As for `prepare_collection`.
    pub(crate) unsafe fn at_safepoint<R>(
        &mut self,
        f: impl FnOnce(&mut Heap<LuaModel>, &mut VmRoots) -> R,
    ) -> R {
        // SAFETY: as the caller promised; the roots are fields other than the heap.
        let result = unsafe {
            self.prepare_collection();
            let mut roots = self.roots();
            f(&mut self.mem.heap, &mut roots)
        };
        self.run_finalizers();
        result
    }

    /// What the collector asked for, if it may run; then a batch of due finalizers.
    ///
    /// # Safety
    /// As for `prepare_collection`.
    pub(crate) unsafe fn collect_if_needed(&mut self) {
        // SAFETY: as the caller promised; the roots are fields other than the heap.
        unsafe {
            self.prepare_collection();
            let mut roots = self.roots();
            self.mem.heap.safepoint(&mut roots)
        }
        if self.mem.heap.over_limit() {
            self.run_finalizers()
        } else {
            self.run_some_finalizers()
        }
    }

    /// A full collection, then due finalizers.
    ///
    /// # Safety
    /// As for `prepare_collection`.
    pub(crate) unsafe fn collect_full(&mut self) {
        self.charge_collection(usize::MAX);
        if !self.mem.late_modes.are_settled() {
            crate::native::refresh_modes(self, true);
        }
        // SAFETY: as for `collect_if_needed`.
        unsafe {
            self.prepare_collection();
            self.shrink_stack();
            let mut roots = self.roots();
            self.mem.heap.collect_full(&mut roots);
        }
        self.run_finalizers();
    }
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

/// The roots of a virtual machine.
pub(crate) struct VmRoots {
    vm: *mut State,
}

impl Roots for VmRoots {
    fn trace_roots<V: Visitor>(&mut self, v: &mut V) {
        // SAFETY: the collector runs while the state's other fields are not borrowed.
        unsafe {
            let vm = &*self.vm;
            v.object(vm.main.0);
            v.object(vm.globals.0);
            v.object(vm.registry.0);
            v.object(vm.refs.0);
            v.object(vm.shape_keys.0);
            v.object(vm.characters.keeper.0);
            for m in vm.type_meta.iter().flatten() {
                v.object(m.0);
            }
            for s in &vm.events {
                v.object(s.0);
            }
            for h in vm.handles.iter().chain([&vm.error]) {
                if let Some(o) = h.as_object() {
                    v.object(o);
                }
            }
            let mut t: Option<Obj> = Some(vm.thread.0);
            while let Some(o) = t {
                v.object(o);
                t = ThreadObj(o).data().resumer;
            }
            vm.mem.shapes.trace_new_keys(v);
        }
    }

    const STEPS: bool = true;
    fn prune_begin(&mut self) {
        // SAFETY: the collector runs while the state's other fields are not borrowed.
        unsafe {
            (*self.vm).collections += 1;
            (*self.vm).mem.strings.prune_begin()
        }
    }
    fn prune_step(&mut self, live: &dyn Fn(Obj) -> bool, budget: usize) -> bool {
        // SAFETY: as above.
        unsafe { (*self.vm).mem.strings.prune_step(live, budget) }
    }
    fn forget(&mut self, obj: Obj) {
        // SAFETY: as above; only strings are in tables outside of the heap.
        unsafe { (*self.vm).mem.strings.forget(Str(obj)) }
    }

    fn volatile(&mut self, f: &mut dyn FnMut(Obj)) {
        // SAFETY: as above.
        let mut t: Option<Obj> = Some(unsafe { (*self.vm).thread.0 });
        while let Some(o) = t {
            f(o);
            t = ThreadObj(o).data().resumer;
        }
    }

    fn prune(&mut self, live: &dyn Fn(Obj) -> bool, full: bool) {
        // SAFETY: as above.
        unsafe {
            (*self.vm).collections += 1;
            (*self.vm).mem.strings.prune(live, full)
        }
    }
}

/// A Lua virtual machine.
///
/// ```
/// let mut vm = moonsweep_runtime::Vm::new(Default::default())?;
/// let cx = vm.context();
/// let Ok(f) = cx.load(b"return 6 * 7", b"=example", "t", None).unwrap() else { panic!() };
/// cx.push(f);
/// cx.call(0, Some(1)).unwrap();
/// assert_eq!(cx.top(0).to_integer(), Some(42));
/// # Ok::<(), String>(())
/// ```
pub struct Vm {
    pub(crate) state: Box<State>,
}

impl Vm {
    /// A virtual machine with empty globals.
    ///
    /// # Errors
    /// When the heap's address range can't be reserved, or the options contradict each other.
    pub fn new(options: VmOptions) -> Result<Vm, String> {
        Ok(Vm {
            state: State::new(options)?,
        })
    }
    /// The base frame, in which the host pushes values and calls.
    pub fn context(&mut self) -> &mut crate::native::Context {
        crate::native::Context::of(&mut self.state)
    }
    /// The heap, for its statistics.
    pub fn heap(&mut self) -> &mut Heap<crate::object::trace::LuaModel> {
        &mut self.state.mem.heap
    }
    /// Makes the program raise the error `interrupted!` at its next safepoint,
    /// from any thread or a signal handler.
    pub fn interrupter(&self) -> moonsweep_gc::Requester {
        // SAFETY: the state is boxed, and its heap stays where it is until it is dropped.
        unsafe { self.state.mem.heap.requester() }
    }
    /// Runs all finalizers, as `lua_close` does. Dropping does the same.
    pub fn close(&mut self) {
        self.state.close();
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.state.close();
    }
}
