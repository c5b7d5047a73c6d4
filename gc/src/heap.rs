//! The heap: allocation, collection, accounting. (Skeleton with the final signatures.)

use crate::header::{Header, Obj};
use crate::model::{Model, Roots};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// A heap of objects of the model `M`.
pub struct Heap<M: Model> {
    poll: Cell<u32>,
    bytes: usize,
    model: PhantomData<M>,
}

impl<M: Model> Heap<M> {
    /// A heap.
    pub fn new() -> Heap<M> {
        Heap { poll: Cell::new(0), bytes: 0, model: PhantomData }
    }
    /// Whether the collector wants the program to come to a safepoint. One load.
    #[inline(always)]
    pub fn poll(&self) -> bool {
        self.poll.get() != 0
    }
    /// Allocates `size` bytes (header included) without collecting. The header
    /// is written, the rest is uninitialised: the caller initialises it all
    /// before the next safepoint. `None`: no free cell at hand, take `alloc`.
    ///
    /// # Safety
    /// The caller initialises the object as `M::trace` expects for `kind`.
    #[inline(always)]
    pub unsafe fn alloc_fast(&mut self, _size: usize, _kind: u8) -> Option<Obj> {
        None
    }
    /// As `alloc_fast`, but always succeeds for sizes up to [`Heap::<M>::SMALL_LIMIT`]
    /// (it may overshoot the heap limit; the next safepoint deals with that).
    ///
    /// # Safety
    /// As for `alloc_fast`.
    #[inline]
    pub unsafe fn alloc(&mut self, size: usize, kind: u8) -> Obj {
        self.bytes += size;
        let l = std::alloc::Layout::from_size_align(size, 16).expect("size is bounded");
        // SAFETY: size is not zero.
        let p = unsafe { std::alloc::alloc(l) } as *mut Header;
        let p = NonNull::new(p).expect("out of memory");
        // SAFETY: fresh memory of at least a header's size.
        unsafe {
            p.write(Header::new(kind));
            Obj::from_ptr(p)
        }
    }
    /// Allocates an object of any size; `None` if that would pass the heap's
    /// limit (the caller collects fully and tries again, or raises `not enough memory`).
    ///
    /// # Safety
    /// As for `alloc_fast`.
    pub unsafe fn try_alloc(&mut self, size: usize, kind: u8) -> Option<Obj> {
        // SAFETY: as the caller promised.
        Some(unsafe { self.alloc(size, kind) })
    }
    /// Largest size that `alloc` takes, in bytes.
    pub const SMALL_LIMIT: usize = 32 << 10;
    /// The barrier's slow path: `owner` (UNLOGGED) is about to change.
    #[cold]
    #[inline(never)]
    pub fn log(&mut self, _owner: Obj) {}
    /// Accounts for memory that objects own outside of the heap (`delta` in bytes).
    pub fn external(&mut self, delta: isize) {
        self.bytes = self.bytes.wrapping_add_signed(delta);
    }
    /// Whether `n` more bytes stay below the heap's limit.
    pub fn has_room(&self, _n: usize) -> bool {
        true
    }
    /// `obj` has a finalizer: when it becomes unreachable it is kept alive and
    /// handed out once by `next_finalizable`, in reverse order of registration.
    pub fn register_finalizer(&mut self, _obj: Obj) {}
    /// Whether `obj` is registered and was not handed out yet.
    pub fn has_finalizer(&self, _obj: Obj) -> bool {
        false
    }
    /// The next object whose finalizer is due.
    pub fn next_finalizable(&mut self) -> Option<Obj> {
        None
    }
    /// Puts every registered object into the queue of `next_finalizable` (closing the state).
    pub fn finalize_all(&mut self) {}
    /// `obj` owns something outside of the heap: call `Model::drop_payload` when it dies.
    pub fn register_drop(&mut self, _obj: Obj) {}
    /// Bytes in use: cells and external memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
    /// Called by the program when `poll` is set: does what pacing asks for.
    pub fn safepoint<R: Roots>(&mut self, _roots: &mut R) {}
    /// A full collection: on return everything unreachable is freed or awaits its finalizer.
    pub fn collect_full<R: Roots>(&mut self, _roots: &mut R) {}
}

impl<M: Model> Default for Heap<M> {
    fn default() -> Self {
        Heap::new()
    }
}
