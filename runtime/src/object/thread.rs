//! Coroutines: their stacks of values and frames.
//!
//! The stack of values is one allocation that may move when it grows (open
//! upvalues and frames are adjusted then). Slots from the current frame's end
//! up to `soft_limit` may hold stale values: every collection clears them, and
//! no frame reaches above `soft_limit` without raising it first, so that a
//! collection never meets a stale reference.

use super::function::Upvalue;
use super::kind;
use crate::interp::hook::Hook;
use crate::mem::Mem;
use crate::value::{Value, tag};
use moonsweep_gc::{Header, Obj, Visitor};
use std::alloc::{Layout, alloc, dealloc, realloc};

/// An activation of a function.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Frame {
    /// Where the function was called: results go here.
    pub(crate) func: *mut Value,
    /// Register 0; `base[-1]` is the function.
    pub(crate) base: *mut Value,
    /// While it is not running: the next instruction (Lua functions).
    pub(crate) pc: *const u32,
    /// Constants (Lua functions).
    pub(crate) k: *const Value,
    /// Wanted results; -1 = all.
    pub(crate) nresults: i32,
    /// How to go on in the caller, see [`flag`]; 0: plain return into a Lua function.
    pub(crate) flags: u16,
    /// What it is, see [`frame_kind`].
    pub(crate) kind: u8,
    /// Continuation of a metamethod's caller, see [`cont`].
    pub(crate) cont: u8,
    /// Extra arguments (vararg functions), or number of arguments (natives).
    pub(crate) extra: u32,
    /// Register of the continuation, or saved top.
    pub(crate) aux: u32,
}

/// Kinds of frames.
pub(crate) mod frame_kind {
    /// A Lua function.
    pub const LUA: u8 = 0;
    /// A native function.
    pub const NATIVE: u8 = 1;
    /// A native that waits for a protected call.
    pub const PCALL: u8 = 2;
    /// The same with a message handler in its first slot.
    pub const XPCALL: u8 = 3;
    /// A native that waits for a coroutine, as `coroutine.resume`.
    pub const RESUME: u8 = 4;
    /// The same, as the functions of `coroutine.wrap`.
    pub const WRAP: u8 = 5;
    /// A native that has yielded.
    pub const YIELD: u8 = 6;
    /// A native whose tail call's results are its own.
    pub const TAIL: u8 = 7;
    /// The bottom of a thread's stack.
    pub const BOTTOM: u8 = 8;
}

/// Flags of frames: who gets the results.
pub(crate) mod flag {
    /// A Rust caller (`Vm::execute` returns).
    pub const BOUNDARY: u16 = 1;
    /// An instruction that called a metamethod: `cont` says how it goes on.
    pub const META: u16 = 2;
    /// A native's frame that waits (PCALL, XPCALL, TAIL).
    pub const NATIVE_CALLER: u16 = 4;
    /// The thread ends with this frame.
    pub const THREAD_BASE: u16 = 8;
    /// A hook's function: for tracebacks.
    pub const HOOK: u16 = 16;
    /// A finalizer: for tracebacks.
    pub const FINALIZER: u16 = 32;
    /// With BOUNDARY: the Rust caller handles errors itself.
    pub const PROTECTED: u16 = 64;
}

/// Continuations of instructions that called a metamethod.
pub(crate) mod cont {
    /// Result to register `aux`.
    pub const STORE: u8 = 0;
    /// Jump if the result is true.
    pub const JUMP_IF: u8 = 1;
    /// Jump if the result is false.
    pub const JUMP_IF_NOT: u8 = 2;
    /// No result.
    pub const DISCARD: u8 = 3;
    /// Result to register `aux`, then go on concatenating.
    pub const CONCAT: u8 = 4;
    /// The function returns all results.
    pub const RETURN: u8 = 6;
    /// The frame is a tail call (bit beside the others): for tracebacks.
    pub const TAIL_CALLED: u8 = 0x80;
    /// The call hook has not seen the frame yet (bit beside the others).
    pub const HOOK_CALL: u8 = 0x40;
    /// The bits that say how to go on.
    pub const HOW: u8 = 0x3F;
    /// The instruction whose first word is before `pc` runs again; `aux`
    /// restores the top if not 0.
    pub const RETRY: u8 = 5;
}

/// State of a coroutine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    /// Not started yet, or yielded.
    Suspended,
    /// The one that runs.
    Running,
    /// It resumed another one.
    Normal,
    /// Returned, or stopped by an error.
    Dead,
}

/// What a THREAD object owns.
pub(crate) struct ThreadData {
    pub(crate) stack: *mut Value,
    /// Allocated slots.
    pub(crate) capacity: usize,
    /// See the head of this file. Valid while the thread does not run; the
    /// running thread's is `Vm::stack_limit`.
    pub(crate) soft_limit: *mut Value,
    pub(crate) frames: *mut Frame,
    pub(crate) frame_capacity: usize,
    /// The innermost frame, while the thread does not run.
    pub(crate) frame: *mut Frame,
    /// First free slot, while the thread does not run.
    pub(crate) top: *mut Value,
    /// Open upvalues, highest first.
    pub(crate) open: Option<Obj>,
    /// Slots (from the stack's start) of to-be-closed variables.
    pub(crate) tbc: Vec<u32>,
    pub(crate) status: Status,
    /// The thread that resumed this one.
    pub(crate) resumer: Option<Obj>,
    /// Native calls in progress that can't be yielded across.
    pub(crate) boundaries: u32,
    /// Protected calls in progress: bounded, as in the reference, whose results
    /// and messages may grow with each.
    pub(crate) pcalls: u32,
    /// What `debug.sethook` set.
    pub(crate) hook: Option<Box<Hook>>,
    /// Collections that had happened when it was suspended.
    pub(crate) suspended_at: u64,
    pub(crate) cell: Option<Obj>,
    pub(crate) is_main: bool,
    /// Values that an error unwinding or close is about to deliver.
    pub(crate) error_status: Option<Value>,
}

/// THREAD: header, address of its boxed [`ThreadData`].
#[repr(C)]
struct ThreadCell {
    header: Header,
    data: *mut ThreadData,
}

/// Largest stack of values, in slots, as in the reference implementation.
pub(crate) const MAX_STACK: usize = 1_000_000;
/// Slots beyond `MAX_STACK` that error handling may use.
pub(crate) const STACK_RESERVE: usize = 4_000;
const INITIAL_STACK: usize = 48;
const INITIAL_FRAMES: usize = 8;

/// A coroutine.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct ThreadObj(pub Obj);

impl ThreadObj {
    pub(crate) fn data<'a>(self) -> &'a mut ThreadData {
        // SAFETY: a `ThreadObj` is a live object of kind THREAD; the interpreter
        // takes care that references from here do not outlive their use.
        unsafe { &mut *(*(self.0.as_ptr() as *const ThreadCell)).data }
    }
    pub(crate) fn value(self) -> Value {
        Value::object(tag::THREAD, self.0)
    }
    /// A new thread with an empty stack.
    pub(crate) fn new(mem: &mut Mem, is_main: bool) -> ThreadObj {
        let (slots, frames) = if is_main {
            (1024, 64)
        } else {
            (INITIAL_STACK, INITIAL_FRAMES)
        };
        // SAFETY: sizes are not zero; everything is initialised here.
        unsafe {
            let stack = alloc(stack_layout(slots)) as *mut Value;
            let fs = alloc(frame_layout(frames)) as *mut Frame;
            assert!(
                !stack.is_null() && !fs.is_null(),
                "no memory for a thread's stack"
            );
            for i in 0..slots {
                *stack.add(i) = Value::NIL;
            }
            *fs = Frame {
                func: stack,
                base: stack.add(1),
                pc: std::ptr::null(),
                k: std::ptr::null(),
                nresults: -1,
                flags: 0,
                kind: frame_kind::BOTTOM,
                cont: 0,
                extra: 0,
                aux: 0,
            };
            let data = Box::new(ThreadData {
                stack,
                capacity: slots,
                soft_limit: stack.add(slots),
                frames: fs,
                frame_capacity: frames,
                frame: fs,
                top: stack.add(1),
                open: None,
                tbc: Vec::new(),
                status: Status::Suspended,
                resumer: None,
                boundaries: 0,
                pcalls: 0,
                hook: None,
                suspended_at: 0,
                cell: None,
                is_main,
                error_status: None,
            });
            let o = mem.heap.alloc(16, kind::THREAD);
            let data = Box::into_raw(data);
            (*data).cell = Some(o);
            (*(o.as_ptr() as *mut ThreadCell)).data = data;
            mem.heap.external(((*data).bytes()) as isize);
            mem.heap.register_drop(o);
            ThreadObj(o)
        }
    }
}

fn stack_layout(n: usize) -> Layout {
    Layout::array::<Value>(n).expect("bounded by MAX_STACK")
}

fn frame_layout(n: usize) -> Layout {
    Layout::array::<Frame>(n).expect("bounded by MAX_STACK")
}

impl ThreadData {
    /// Bytes owned outside of the heap.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<ThreadData>()
            + self.capacity * size_of::<Value>()
            + self.frame_capacity * size_of::<Frame>()
    }

    /// Grows the stack to at least `need` slots, adjusting all pointers into
    /// it; returns how far it moved, or `None` when memory ran out.
    ///
    /// # Safety
    /// The thread's saved state (`frame`, `top`, `soft_limit`) is current.
    pub(crate) unsafe fn grow_stack(&mut self, need: usize) -> Option<isize> {
        let new = need
            .max(self.capacity * 2)
            .min((MAX_STACK + STACK_RESERVE).max(need));
        // SAFETY: as the caller promised.
        unsafe {
            let delta = self.move_stack(new)?;
            // The reserve is for those who ask.
            self.soft_limit = self.stack.add(new.min(MAX_STACK.max(need)));
            Some(delta)
        }
    }

    /// Gives memory back when little of what a deep recursion needed is in use.
    ///
    /// # Safety
    /// As for `grow_stack`; nothing is stale above the innermost frame.
    pub(crate) unsafe fn shrink(&mut self) {
        // SAFETY: all pointers are within their arrays, and what is cut off is not in use.
        unsafe {
            let used = self.live_end().offset_from(self.stack) as usize;
            if self.capacity > 8192 && used + 1024 < self.capacity / 8 {
                let new = used * 2 + 1024;
                if self.move_stack(new).is_some() {
                    self.soft_limit = self.stack.add(new);
                }
            }
            let frames = self.frame.offset_from(self.frames) as usize;
            if self.frame_capacity > 1024 && frames < self.frame_capacity / 8 {
                self.resize_frames(frames * 2 + 64);
            }
        }
    }

    /// Reallocates the stack with `new` slots; returns how far it moved.
    ///
    /// # Safety
    /// As for `grow_stack`; all slots in use fit.
    unsafe fn move_stack(&mut self, new: usize) -> Option<isize> {
        // SAFETY: `stack` was allocated with this layout.
        let p = unsafe {
            realloc(
                self.stack as *mut u8,
                stack_layout(self.capacity),
                stack_layout(new).size(),
            )
        } as *mut Value;
        if p.is_null() {
            return None;
        }
        let delta = (p as isize).wrapping_sub(self.stack as isize);
        let old_capacity = self.capacity;
        self.capacity = new;
        let moved = |q: *mut Value| q.wrapping_byte_offset(delta);
        self.stack = p;
        self.top = moved(self.top);
        // SAFETY: within the new allocation.
        unsafe {
            for i in old_capacity..new {
                *p.add(i) = Value::NIL;
            }
            let mut f = self.frames;
            while f <= self.frame {
                (*f).func = moved((*f).func);
                (*f).base = moved((*f).base);
                f = f.add(1);
            }
        }
        let mut u = self.open;
        while let Some(o) = u {
            let c = Upvalue(o).cell();
            c.at.set(moved(c.at.get()));
            u = c.next_open.get();
        }
        Some(delta)
    }

    /// Doubles the array of frames.
    ///
    /// # Safety
    /// As for `grow_stack`.
    pub(crate) unsafe fn grow_frames(&mut self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.resize_frames(self.frame_capacity * 2) }
    }

    /// # Safety
    /// As for `grow_stack`; the frames in use fit.
    unsafe fn resize_frames(&mut self, new: usize) -> bool {
        // SAFETY: `frames` was allocated with this layout.
        let p = unsafe {
            realloc(
                self.frames as *mut u8,
                frame_layout(self.frame_capacity),
                frame_layout(new).size(),
            )
        } as *mut Frame;
        if p.is_null() {
            return false;
        }
        // SAFETY: same offset in the new allocation.
        self.frame = unsafe { p.add(self.frame.offset_from(self.frames) as usize) };
        self.frames = p;
        self.frame_capacity = new;
        true
    }

    /// The first slot above everything the thread's innermost frame uses.
    ///
    /// # Safety
    /// As for `grow_stack`.
    pub(crate) unsafe fn live_end(&self) -> *mut Value {
        // SAFETY: `frame` is a frame of this thread.
        unsafe {
            let f = &*self.frame;
            if f.kind == frame_kind::LUA {
                let cl = super::function::Closure::of(*f.base.sub(1));
                let end = f.base.add(cl.proto().max_stack as usize);
                end.max(self.top)
            } else {
                self.top
            }
        }
    }

    /// Clears stale slots above the live ones.
    ///
    /// # Safety
    /// As for `grow_stack`; the program's thread.
    pub(crate) unsafe fn clear_stale(&mut self) {
        // SAFETY: both ends are within the stack.
        unsafe {
            let mut p = self.live_end();
            while p < self.soft_limit {
                *p = Value::NIL;
                p = p.add(1);
            }
        }
    }
}

impl Drop for ThreadData {
    fn drop(&mut self) {
        // SAFETY: allocated with these layouts.
        unsafe {
            dealloc(self.stack as *mut u8, stack_layout(self.capacity));
            dealloc(self.frames as *mut u8, frame_layout(self.frame_capacity));
        }
    }
}

/// Visits a thread's values: all stack slots up to the innermost frame's end,
/// the open upvalues, and the thread that waits for it.
///
/// # Safety
/// The thread's saved state is current and it does not run meanwhile.
unsafe fn trace_data<V: Visitor>(t: &ThreadData, v: &mut V) -> usize {
    // SAFETY: slots below `live_end` are initialised.
    unsafe {
        let end = t.live_end();
        let mut p = t.stack;
        while p < end {
            if let Some(o) = (*p).as_object() {
                v.object(o);
            }
            p = p.add(1);
        }
        let mut u = t.open;
        while let Some(o) = u {
            v.object(o);
            u = Upvalue(o).cell().next_open.get();
        }
        if let Some(r) = t.resumer {
            v.object(r);
        }
        if let Some(o) = t.error_status.and_then(Value::as_object) {
            v.object(o);
        }
        if let Some(o) = t.hook.as_ref().and_then(|h| h.func.as_object()) {
            v.object(o);
        }
        end.offset_from(t.stack) as usize
    }
}

/// # Safety
/// `o` is a live THREAD that does not run meanwhile.
pub(crate) unsafe fn trace_thread<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: as the caller promised.
    unsafe { trace_data(ThreadObj(o).data(), v) }
}

/// Bytes that a visit reads: the slots in use, and what says which those are.
///
/// # Safety
/// `o` is a live THREAD.
pub(crate) unsafe fn weight(o: Obj) -> usize {
    let t = ThreadObj(o).data();
    // SAFETY: both are in the stack; of the running thread `top` is out of date,
    // but there is only one of that kind.
    let slots = unsafe { t.top.offset_from(t.stack) } as usize;
    size_of::<ThreadData>() + size_of::<Frame>() + 64 + slots * size_of::<Value>()
}

/// # Safety
/// `o` is a dead THREAD; called once.
pub(crate) unsafe fn drop_thread(o: Obj) -> usize {
    // SAFETY: made by `Box::into_raw`.
    unsafe { Box::from_raw((*(o.as_ptr() as *const ThreadCell)).data) }.bytes()
}
