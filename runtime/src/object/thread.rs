//! Coroutines: their stacks of values and frames.
//!
//! The stack of values is one allocation. A small one moves when it grows (open
//! upvalues and frames are adjusted then); a large one lies in an address range
//! of its own, in which it grows in place. The same goes for the frames. Memory
//! that a deep recursion no longer needs is given back bit by bit (`trim`).
//!
//! Slots from the current frame's end up to `soft_limit` may hold stale values:
//! every collection clears them, and no frame reaches above `soft_limit` without
//! raising it first, so that a collection never meets a stale reference. A
//! collection lowers the limit to a little above the innermost frame; what was
//! below it then may be stale up to `dirty`, and is cleared when the limit is
//! raised again, so never much at once.
//!
//! Slots below `sealed_to` are no business of the thread's: `sealed.rs`.

use super::function::Upvalue;
use super::kind;
use super::sealed::{self, Sealed};
use crate::interp::hook::Hook;
use crate::mem::Mem;
use crate::value::{Value, tag};
use moonsweep_gc::{Header, Obj, Span, Visitor};
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
    /// What is below is sealed (`object::sealed`).
    pub const GUARD: u16 = 128;
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

/// What a THREAD object consists of. Who switches between many coroutines waits for
/// memory most of the time: it is part of the object, and what a resume reads first is in front.
#[repr(C)]
pub(crate) struct ThreadData {
    pub(crate) status: Status,
    pub(crate) is_main: bool,
    /// Slots from `soft_limit` up to this one (a number) may be stale.
    dirty: u32,
    /// The innermost frame, while the thread does not run.
    pub(crate) frame: *mut Frame,
    /// First free slot, while the thread does not run.
    pub(crate) top: *mut Value,
    pub(crate) stack: *mut Value,
    /// Allocated slots.
    pub(crate) capacity: usize,
    /// See the head of this file. Valid while the thread does not run; the
    /// running thread's is `Vm::stack_limit`.
    pub(crate) soft_limit: *mut Value,
    /// The thread that resumed this one.
    pub(crate) resumer: Option<Obj>,
    /// Collections that had happened when it was suspended.
    pub(crate) suspended_at: u64,
    pub(crate) frames: *mut Frame,
    pub(crate) frame_capacity: usize,
    /// Open upvalues, highest first.
    pub(crate) open: Option<Obj>,
    /// Native calls in progress that can't be yielded across.
    pub(crate) boundaries: u32,
    /// Protected calls in progress: bounded, as in the reference, whose results
    /// and messages may grow with each.
    pub(crate) pcalls: u32,
    /// What `debug.sethook` set.
    pub(crate) hook: Option<Box<Hook>>,
    /// Slots (from the stack's start) of to-be-closed variables.
    pub(crate) tbc: Vec<u32>,
    /// Slots below this one (a number) are sealed.
    pub(crate) sealed_to: u32,
    /// The sealed part, once there was one.
    pub(crate) sealed: Option<Box<Sealed>>,
    /// Where large stacks and arrays of frames lie.
    spans: Option<Box<Spans>>,
    /// Values that an error unwinding or close is about to deliver.
    pub(crate) error_status: Option<Value>,
}

/// Address ranges of a thread.
#[derive(Default)]
struct Spans {
    stack: Option<Span>,
    frames: Option<Span>,
}

/// THREAD.
#[repr(C)]
struct ThreadCell {
    header: Header,
    data: ThreadData,
}

/// Largest stack of values, in slots, as in the reference implementation.
pub(crate) const MAX_STACK: usize = 1_000_000;
/// Slots beyond `MAX_STACK` that error handling may use.
pub(crate) const STACK_RESERVE: usize = 4_000;
const INITIAL_STACK: usize = 48;
const INITIAL_FRAMES: usize = 8;
/// Slots of any stack, frames of any array of them: each has a function of its own.
const MOST: usize = MAX_STACK + STACK_RESERVE;
/// From so many slots on a stack lies in a range of its own.
const LARGE_STACK: usize = 4096;
/// From so many frames on these do.
const LARGE_FRAMES: usize = 1024;
/// Bytes given back at a time, of a stack and of frames that are mostly unused.
pub(crate) const TRIM: usize = 256 << 10;

// The bytes of a fresh range are zero.
const _: () = assert!(tag::NIL == 0);

/// A coroutine.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct ThreadObj(pub Obj);

impl ThreadObj {
    pub(crate) fn data<'a>(self) -> &'a mut ThreadData {
        // SAFETY: a `ThreadObj` is a live object of kind THREAD; the interpreter
        // takes care that references from here do not outlive their use.
        unsafe { &mut *self.data_ptr() }
    }
    /// The same, for who keeps it while the thread lives.
    pub(crate) fn data_ptr(self) -> *mut ThreadData {
        // SAFETY: as above.
        unsafe { &raw mut (*(self.0.as_ptr() as *mut ThreadCell)).data }
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
            let data = ThreadData {
                stack,
                capacity: slots,
                soft_limit: stack.add(slots),
                dirty: 0,
                sealed_to: 0,
                sealed: None,
                spans: None,
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
                is_main,
                error_status: None,
            };
            let o = mem.heap.alloc(size_of::<ThreadCell>(), kind::THREAD);
            mem.heap.external(data.bytes() as isize);
            (&raw mut (*(o.as_ptr() as *mut ThreadCell)).data).write(data);
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
        self.capacity * size_of::<Value>() + self.frame_capacity * size_of::<Frame>()
    }

    fn spans(&mut self) -> &mut Spans {
        self.spans.get_or_insert_default()
    }
    fn stack_span(&self) -> Option<&Span> {
        self.spans.as_ref().and_then(|s| s.stack.as_ref())
    }
    fn frames_span(&self) -> Option<&Span> {
        self.spans.as_ref().and_then(|s| s.frames.as_ref())
    }

    /// Grows the stack to at least `need` slots, adjusting all pointers into
    /// it if it moves. False: memory ran out.
    ///
    /// # Safety
    /// The thread's saved state (`frame`, `top`, `soft_limit`) is current.
    pub(crate) unsafe fn grow_stack(&mut self, need: usize) -> bool {
        if need > MOST {
            return false;
        }
        if self.stack_span().is_some() {
            self.capacity = (self.capacity + self.capacity / 4).max(need).min(MOST);
            return true;
        }
        let new = need.max(self.capacity * 2).min(MOST);
        // SAFETY: as the caller promised.
        unsafe {
            if new >= LARGE_STACK
                && let Some(span) = Span::reserve(MOST * size_of::<Value>())
            {
                let p = span.start() as *mut Value;
                // Above the limit nothing is in use.
                let used = self.soft_limit.offset_from(self.stack) as usize;
                std::ptr::copy_nonoverlapping(self.stack, p, used);
                dealloc(self.stack as *mut u8, stack_layout(self.capacity));
                self.spans().stack = Some(span);
                self.moved_to(p);
                self.dirty = 0;
                self.capacity = new;
                return true;
            }
            self.move_stack(new)
        }
    }

    /// Raises the limit of what frames may use to slot number `to`, or to what
    /// there is; returns by how many slots.
    pub(crate) fn raise_limit(&mut self, to: usize) -> usize {
        // SAFETY: all are within the stack.
        unsafe {
            let from = self.soft_limit.offset_from(self.stack) as usize;
            let to = to.min(self.capacity);
            for i in from..to.min(self.dirty as usize) {
                *self.stack.add(i) = Value::NIL;
            }
            if to > from {
                self.soft_limit = self.stack.add(to);
            }
            to.saturating_sub(from)
        }
    }

    /// Gives memory back when little of what a deep recursion needed is in use:
    /// up to `limit` bytes of the stack, and of the frames, if they have ranges
    /// of their own.
    ///
    /// # Safety
    /// As for `grow_stack`; nothing is stale above the innermost frame.
    pub(crate) unsafe fn trim(&mut self, limit: usize) {
        // SAFETY: what is released is above everything in use.
        unsafe {
            let used = self.soft_limit.offset_from(self.stack) as usize;
            let keep = 2 * used + 2 * LARGE_STACK;
            if self.capacity > 2 * keep
                && let Some(span) = self.stack_span()
            {
                let to = keep.max(self.capacity.saturating_sub(limit / size_of::<Value>()));
                let bytes = |n: usize| n * size_of::<Value>();
                span.release(bytes(to), bytes(self.capacity));
                self.capacity = to;
            }
            let used = self.frame.offset_from(self.frames) as usize;
            let keep = 2 * used + 2 * LARGE_FRAMES;
            if self.frame_capacity > 2 * keep
                && let Some(span) = self.frames_span()
            {
                let to = keep.max(
                    self.frame_capacity
                        .saturating_sub(limit / size_of::<Frame>()),
                );
                let bytes = |n: usize| n * size_of::<Frame>();
                span.release(bytes(to), bytes(self.frame_capacity));
                self.frame_capacity = to;
            }
        }
    }

    /// Gives all memory back that a deep recursion needed, if little is in use.
    ///
    /// # Safety
    /// As for `trim`.
    pub(crate) unsafe fn shrink(&mut self) {
        // SAFETY: all pointers are within their arrays, and what is cut off is not in use.
        unsafe {
            self.trim(usize::MAX);
            let used = self.live_end().offset_from(self.stack) as usize;
            if self.stack_span().is_none()
                && self.capacity > 8192
                && used + 1024 < self.capacity / 8
                && self.move_stack(used * 2 + 1024)
            {
                self.soft_limit = self.soft_limit.min(self.stack.add(self.capacity));
            }
            let frames = self.frame.offset_from(self.frames) as usize;
            if self.frames_span().is_none()
                && self.frame_capacity > 1024
                && frames < self.frame_capacity / 8
            {
                self.resize_frames(frames * 2 + 64);
            }
        }
    }

    /// Reallocates the stack with `new` slots.
    ///
    /// # Safety
    /// As for `grow_stack`; all slots in use fit, and it has no range of its own.
    unsafe fn move_stack(&mut self, new: usize) -> bool {
        // SAFETY: `stack` was allocated with this layout.
        let p = unsafe {
            realloc(
                self.stack as *mut u8,
                stack_layout(self.capacity),
                stack_layout(new).size(),
            )
        } as *mut Value;
        if p.is_null() {
            return false;
        }
        // SAFETY: the contents are there.
        unsafe { self.moved_to(p) };
        self.capacity = new;
        // What was never written counts as stale.
        self.dirty = new as u32;
        true
    }

    /// The stack is at `p` now: adjusts all pointers into it.
    ///
    /// # Safety
    /// All slots in use were copied.
    unsafe fn moved_to(&mut self, p: *mut Value) {
        let delta = (p as isize).wrapping_sub(self.stack as isize);
        let moved = |q: *mut Value| q.wrapping_byte_offset(delta);
        self.stack = p;
        self.top = moved(self.top);
        self.soft_limit = moved(self.soft_limit);
        // SAFETY: frames of this thread.
        unsafe {
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
    }

    /// Makes room for more frames.
    ///
    /// # Safety
    /// As for `grow_stack`.
    pub(crate) unsafe fn grow_frames(&mut self) -> bool {
        if self.frames_span().is_some() {
            // Of each frame's function the stack has a slot.
            let new = self.frame_capacity + self.frame_capacity / 4;
            self.frame_capacity = new.min(MOST);
            return true;
        }
        let new = self.frame_capacity * 2;
        // SAFETY: as the caller promised; the bottom's frame comes on top of the others.
        unsafe {
            if new >= LARGE_FRAMES
                && let Some(span) = Span::reserve((MOST + 1) * size_of::<Frame>())
            {
                let p = span.start() as *mut Frame;
                let used = self.frame.offset_from(self.frames) as usize;
                std::ptr::copy_nonoverlapping(self.frames, p, used + 1);
                dealloc(self.frames as *mut u8, frame_layout(self.frame_capacity));
                self.spans().frames = Some(span);
                self.frames = p;
                self.frame = p.add(used);
                self.frame_capacity = new;
                return true;
            }
            self.resize_frames(new)
        }
    }

    /// # Safety
    /// As for `grow_stack`; the frames in use fit, and they have no range of their own.
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

    /// Clears stale slots above the live ones, and lowers the limit to a little
    /// above these.
    ///
    /// # Safety
    /// As for `grow_stack`; the program's thread.
    pub(crate) unsafe fn clear_stale(&mut self) {
        // SAFETY: all are within the stack.
        unsafe {
            let end = self.live_end();
            let number = |p: *mut Value| p.offset_from(self.stack) as usize;
            let low = (number(end) + 256).min(number(self.soft_limit));
            self.dirty = self.dirty.max(number(self.soft_limit) as u32);
            self.soft_limit = self.stack.add(low);
            let mut p = end;
            while p < self.soft_limit {
                *p = Value::NIL;
                p = p.add(1);
            }
        }
    }
}

impl Drop for ThreadData {
    fn drop(&mut self) {
        let spans = self.spans.take().map(|s| *s).unwrap_or_default();
        match spans.stack {
            Some(span) => span.bury(self.capacity * size_of::<Value>()),
            // SAFETY: allocated with this layout.
            None => unsafe { dealloc(self.stack as *mut u8, stack_layout(self.capacity)) },
        }
        match spans.frames {
            Some(span) => span.bury(self.frame_capacity * size_of::<Frame>()),
            // SAFETY: as above.
            None => unsafe { dealloc(self.frames as *mut u8, frame_layout(self.frame_capacity)) },
        }
    }
}

/// Visits a thread's values: the stack's slots that are not sealed, up to the
/// innermost frame's end, the open upvalues among them, the sealed pieces, and
/// the thread that waits for it.
///
/// # Safety
/// The thread's saved state is current and it does not run meanwhile.
unsafe fn trace_data<V: Visitor>(t: &ThreadData, v: &mut V) -> usize {
    // SAFETY: slots below `live_end` are initialised.
    unsafe {
        let end = t.live_end();
        let start = t.stack.add(t.sealed_to as usize);
        let mut p = start;
        while p < end {
            if let Some(o) = (*p).as_object() {
                v.object(o);
            }
            p = p.add(1);
        }
        let mut work = end.offset_from(start).max(0) as usize;
        let mut u = t.open;
        while let Some(o) = u {
            let c = Upvalue(o).cell();
            if c.at.get() < start {
                break;
            }
            v.object(o);
            u = c.next_open.get();
            work += 1;
        }
        if let Some(sealed) = &t.sealed {
            work += sealed::trace_pieces(sealed, v);
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
        work
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
    let slots = slots.saturating_sub(t.sealed_to as usize);
    size_of::<ThreadData>() + size_of::<Frame>() + 64 + slots * size_of::<Value>()
}

/// # Safety
/// `o` is a dead THREAD; called once.
pub(crate) unsafe fn drop_thread(o: Obj) -> usize {
    // SAFETY: as the caller promised: nobody uses what is read here again.
    unsafe {
        let data = &raw mut (*(o.as_ptr() as *mut ThreadCell)).data;
        let bytes = (*data).bytes();
        sealed::leave(data.read());
        bytes
    }
}
