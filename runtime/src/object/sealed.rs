//! The part of a coroutine's stack that does not run: *sealed*, in pieces.
//!
//! A deep stack is not visited whole by each collection. What lies below a mark,
//! the slots under the frames that have not run for a while, belongs to cells of
//! the kind STACK, each of which stands for a bounded piece of the stack: a
//! collector visits, remembers and marks them one by one, like the chunks of a
//! large table. The THREAD itself refers to them and stands for what is above.
//!
//! 1. *Seal*, before a collection: the mark rises to near the innermost frames.
//!    Each new piece gets a cell. The open upvalues of its slots, a run of the
//!    thread's list, belong to the piece from then on: it visits them, and they
//!    refer to it in place of the thread.
//! 2. A frame above the mark, the *guard*, gets `flag::GUARD`. With a flag set it
//!    returns by the slow path (`call::finish`), so a return into a sealed frame
//!    costs the others nothing.
//! 3. *Unseal*: before a frame under the guard runs again, the mark is lowered
//!    below that frame, the pieces above are given up, and another guard is set.
//!
//! **A sealed slot changes only after its piece was logged.** A slot is written
//! by its frame while that runs; by callees, which write at or above their own
//! `func`; and by the following, each of which takes care of it:
//! - a return: of the guard, see 2. Frames above the guard return into frames
//!   that are not sealed, since `func` rises from frame to frame. A tail call
//!   hands its frame's flags on. The guard is a Lua function: natives
//!   return without looking at flags.
//! - an error: `unwind::throw` goes down by many frames at once, and unseals for
//!   the one where it ends, before that closes variables or gets the error.
//! - an assignment to a captured variable: `Upvalue::set` logs what the upvalue
//!   refers to, and that is the piece.
//! - `debug.setlocal`: logs the owner of the slot ([`owner`]).
//! - closing a dead or suspended coroutine: unseals all of it.
//! - a resume writes behind `top`, at the end of the innermost frame, never sealed.
//! - growth may move the stack: pieces know slots by number.
//!
//! So a piece is a heap object like any other: it changes through the barrier.
//! When it is given up its slots become the thread's, which is logged while it
//! runs; the piece is logged too, for who captures what is overwritten. So the
//! arguments of the collectors hold for it as for a table, and the program's
//! frames above the mark are what the final mark visits again.

use super::function::Upvalue;
use super::kind;
use super::thread::{Frame, ThreadData, ThreadObj, flag, frame_kind};
use crate::mem::Mem;
use crate::value::tag;
use moonsweep_gc::slot::reference;
use moonsweep_gc::{Edge, Header, Obj, Visitor};
use std::cell::Cell;
use std::rc::Rc;

/// Slots of a piece.
const PIECE: usize = 1024;
/// Slots below the innermost frame that are not sealed, at least.
const SLACK: usize = 512;
/// The same in stress mode.
const STRESS_PIECE: usize = 8;
const STRESS_SLACK: usize = 4;

/// What the pieces of a stack have in common: the thread's data, which are theirs
/// once the thread is dead.
struct Link {
    data: Cell<*mut ThreadData>,
    inherited: Cell<bool>,
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.inherited.get() {
            // SAFETY: made by `Box::into_raw` in `leave`, for the last piece to drop.
            drop(unsafe { Box::from_raw(self.data.get()) })
        }
    }
}

/// STACK: some slots of a thread's stack. The thread is a reference, for the
/// upvalues' sake; what is read is found through `link`: of a thread and a piece
/// that are both dead either may be freed first, and who counts references looks
/// at the other once more.
#[repr(C)]
struct StackCell {
    header: Header,
    thread: Edge,
    /// The highest of its open upvalues.
    open: Edge,
    link: *const Link,
    from: u32,
    to: u32,
}

const _: () = assert!(size_of::<StackCell>() == 40);

/// The sealed part of a stack.
#[derive(Default)]
pub(crate) struct Sealed {
    /// Its pieces, the lowest first.
    pieces: Vec<Obj>,
    link: Option<Rc<Link>>,
    /// Number of the guard's frame.
    guard: usize,
}

/// The thread of these data is dead: its pieces inherit them, if there are any.
pub(crate) fn leave(mut d: ThreadData) {
    let link = d.sealed.as_mut().and_then(|s| s.link.take());
    if let Some(link) = link.filter(|l| Rc::strong_count(l) > 1) {
        link.data.set(Box::into_raw(Box::new(d)));
        link.inherited.set(true);
    }
}

/// The slots of a piece.
fn cell<'a>(piece: Obj) -> &'a StackCell {
    // SAFETY: of the kind STACK and alive, or dead and intact.
    unsafe { &*(piece.as_ptr() as *const StackCell) }
}

fn log(mem: &mut Mem, o: Obj) {
    if o.unlogged() {
        mem.heap.log(o)
    }
}

/// Raises the mark to near the innermost frame. Returns the number of new pieces.
///
/// # Safety
/// The thread's saved state is current, and it is logged.
pub(crate) unsafe fn seal(mem: &mut Mem, t: ThreadObj) -> usize {
    let stress = mem.heap.options().stress != 0;
    let (piece, slack) = if stress {
        (STRESS_PIECE, STRESS_SLACK)
    } else {
        (PIECE, SLACK)
    };
    let d = t.data();
    let mark = d.sealed_to as usize;
    // SAFETY: frames and slots of the thread.
    unsafe {
        let slot = |f: *mut Frame| (*f).func.offset_from(d.stack) as usize;
        if slot(d.frame) < mark + slack + piece {
            return 0;
        }
        let limit = slot(d.frame) - slack;
        let mut guard = d.frame;
        while slot(guard) > limit || (*guard).kind != frame_kind::LUA {
            if slot(guard) < mark + piece {
                return 0;
            }
            guard = guard.sub(1);
        }
        let pieces = slot(guard).saturating_sub(mark) / piece;
        if pieces == 0 {
            return 0;
        }
        let sealed = d.sealed.get_or_insert_default();
        let link = sealed.link.get_or_insert_with(|| {
            Rc::new(Link {
                data: Cell::new(t.data_ptr()),
                inherited: Cell::new(false),
            })
        });
        let first = sealed.pieces.len();
        for i in 0..pieces {
            let o = mem.heap.alloc(size_of::<StackCell>(), kind::STACK);
            let c = o.as_ptr() as *mut StackCell;
            (*c).thread.init(o, Some(t.0));
            (*c).open.init(o, None);
            (*c).link = Rc::into_raw(link.clone());
            (*c).from = (mark + i * piece) as u32;
            (*c).to = (mark + (i + 1) * piece) as u32;
            mem.heap.register_drop(o);
            sealed.pieces.push(o);
        }
        d.sealed_to = (mark + pieces * piece) as u32;
        // Upvalues of the new pieces, from above.
        let mut last = None;
        let mut open = d.open;
        while let Some(o) = open {
            let u = Upvalue(o);
            let at = u.cell().at.get().offset_from(d.stack) as usize;
            if at < mark {
                break;
            }
            if at < d.sealed_to as usize {
                let p = sealed.pieces[first + (at - mark) / piece];
                if last != Some(p) {
                    cell(p).open.init(p, Some(o));
                    last = Some(p);
                }
                assign(mem, u, p);
            }
            open = u.cell().next_open.get();
        }
        set_guard(d.frames, sealed, guard);
        pieces
    }
}

/// The open upvalue `u` is of a slot that belongs to `owner` now.
unsafe fn assign(mem: &mut Mem, u: Upvalue, owner: Obj) {
    let word = reference(owner, tag::THREAD as u8);
    u.cell().slot.set(u.0, word, &mut mem.heap);
}

/// # Safety
/// Frames of the thread, some of which may have been left.
unsafe fn set_guard(frames: *mut Frame, sealed: &mut Sealed, guard: *mut Frame) {
    // SAFETY: as the caller promised.
    unsafe {
        let number = guard.offset_from(frames) as usize;
        if sealed.guard < number {
            // One that was higher up has been left.
            (*frames.add(sealed.guard)).flags &= !flag::GUARD;
        }
        (*guard).flags |= flag::GUARD;
        sealed.guard = number;
    }
}

/// Whether `frame` is below the guard, so that something of it may be sealed.
///
/// # Safety
/// A frame of the thread.
pub(crate) unsafe fn is_below_guard(d: &ThreadData, frame: *const Frame) -> bool {
    // SAFETY: as the caller promised.
    d.sealed.as_ref().is_some_and(|s| {
        // SAFETY: a frame of this thread's array of frames.
        let number = unsafe { frame.offset_from(d.frames) };
        d.sealed_to != 0 && number < s.guard as isize
    })
}

/// Lowers the mark below `frame`, which is about to run.
///
/// # Safety
/// It is a frame of the thread, and the innermost one from now on.
#[cold]
#[inline(never)]
pub(crate) unsafe fn unseal(mem: &mut Mem, t: ThreadObj, frame: *mut Frame) {
    let d = t.data();
    let Some(mut sealed) = d.sealed.take() else {
        return;
    };
    // SAFETY: frames and slots of the thread.
    unsafe {
        let slot = |f: *mut Frame| (*f).func.offset_from(d.stack) as usize;
        let mut guard = frame;
        while let Some(&piece) = sealed.pieces.last() {
            let mark = cell(piece).to as usize;
            if slot(frame) >= mark {
                // The lowest Lua function above the mark.
                let mut found = None;
                while guard > d.frames && slot(guard) >= mark {
                    if (*guard).kind == frame_kind::LUA {
                        found = Some(guard);
                    }
                    guard = guard.sub(1);
                }
                if let Some(guard) = found {
                    set_guard(d.frames, &mut sealed, guard);
                    break;
                }
            }
            give_up(mem, t, piece);
            sealed.pieces.pop();
            d.sealed_to = cell(piece).from;
        }
    }
    if sealed.pieces.is_empty() {
        sealed.guard = 0;
    }
    d.sealed = Some(sealed);
}

/// Unseals the whole stack of a thread that is about to lose its frames.
///
/// # Safety
/// The thread does not run.
pub(crate) unsafe fn unseal_all(mem: &mut Mem, t: ThreadObj) {
    let d = t.data();
    let Some(mut sealed) = d.sealed.take() else {
        return;
    };
    while let Some(piece) = sealed.pieces.pop() {
        // SAFETY: a piece of this thread's.
        unsafe { give_up(mem, t, piece) };
    }
    d.sealed_to = 0;
    sealed.guard = 0;
    d.sealed = Some(sealed);
}

/// The slots of `piece` are the thread's again.
unsafe fn give_up(mem: &mut Mem, t: ThreadObj, piece: Obj) {
    log(mem, piece);
    log(mem, t.0);
    let c = cell(piece);
    let d = t.data();
    let mut open = c.open.load();
    // SAFETY: upvalues that are open still, since only those above the mark are closed.
    unsafe {
        let from = d.stack.add(c.from as usize);
        while let Some(o) = open {
            let u = Upvalue(o);
            if u.cell().at.get() < from {
                break;
            }
            assign(mem, u, t.0);
            open = u.cell().next_open.get();
        }
    }
    c.open.set(piece, None, &mut mem.heap);
    // From here on its trace visits nothing.
    piece.set_user(0, 1);
}

/// The object that has the slot at `at` of a thread's stack: who writes there
/// from outside of the frames above the mark must log it.
pub(crate) fn owner(t: ThreadObj, at: *const crate::value::Value) -> Obj {
    let d = t.data();
    let slot = (at as usize - d.stack as usize) / size_of::<crate::value::Value>();
    let pieces = d.sealed.as_ref().map_or(&[][..], |s| &s.pieces);
    let i = pieces.partition_point(|p| cell(*p).to as usize <= slot);
    pieces.get(i).copied().unwrap_or(t.0)
}

/// Visits the pieces; from the thread's trace.
pub(crate) fn trace_pieces<V: Visitor>(sealed: &Sealed, v: &mut V) -> usize {
    for p in &sealed.pieces {
        v.object(*p)
    }
    sealed.pieces.len()
}

/// # Safety
/// `o` is a live STACK; the program's thread.
pub(crate) unsafe fn trace_stack<V: Visitor>(o: Obj, v: &mut V) -> usize {
    let c = cell(o);
    if o.user(0) != 0 {
        return 1;
    }
    // SAFETY: the link outlives the piece, and the data outlive the link; sealed
    // slots are initialised, open upvalues alive.
    unsafe {
        let d = &*(*c.link).data.get();
        for i in c.from..c.to {
            if let Some(o) = (*d.stack.add(i as usize)).as_object() {
                v.object(o);
            }
        }
        let mut work = (c.to - c.from) as usize;
        let from = d.stack.add(c.from as usize);
        let mut open = c.open.load();
        while let Some(o) = open {
            let u = Upvalue(o).cell();
            if u.at.get() < from {
                break;
            }
            open = u.next_open.get();
            v.object(o);
            work += 1;
        }
        v.edge(&c.thread);
        work
    }
}

/// Bytes of the slots of a piece.
///
/// # Safety
/// `o` is a live STACK.
pub(crate) unsafe fn weight(o: Obj) -> usize {
    let c = cell(o);
    (c.to - c.from) as usize * size_of::<crate::value::Value>()
}

/// # Safety
/// `o` is a dead STACK; called once.
pub(crate) unsafe fn drop_stack(o: Obj) -> usize {
    // SAFETY: made by `Rc::into_raw`.
    drop(unsafe { Rc::from_raw(cell(o).link) });
    0
}
