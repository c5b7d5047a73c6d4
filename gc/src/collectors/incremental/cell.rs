//! How our objects, of any size, are objects of gc-arena.
//!
//! gc-arena allocates values of Rust types, so there is a type for each size
//! class of the heap, [`Small`], whose memory is the object, header first. A
//! reference to the object is the pointer that gc-arena knows; its own header
//! of 16 bytes lies before it.
//!
//! An object too large for a cell (a long string, and little else) has memory
//! of its own, as is usual with gc-arena: what it manages is a [`Large`], which
//! owns that memory. The word before the object says where its owner is; a cell
//! size of zero in the object's header says that it has one. So a size of any
//! number of megabytes wastes nothing, and too large a one is an error to the
//! program where gc-arena itself would abort.

use super::hook::{freed, traced};
use crate::header::{Header, Obj};
use crate::heap::size_class::{CELL_BYTES, CLASSES, GRANULE};
use crate::model::Model;
use gc_arena::collect::Trace;
use gc_arena::{Collect, Gc, Mutation};
use std::alloc::{Layout, alloc, dealloc};
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Bytes that gc-arena allocates with each object of its own.
const ARENA_HEADER: usize = 16;
/// Bytes before a large object.
const PREFIX: usize = 16;

/// An object in memory that gc-arena allocated; a `LEAF` is never traced.
#[repr(C, align(16))]
struct Small<M: Model, const GRANULES: usize, const LEAF: bool> {
    memory: UnsafeCell<[MaybeUninit<[u64; GRANULE / 8]>; GRANULES]>,
    model: PhantomData<fn(M)>,
}

impl<M: Model, const GRANULES: usize, const LEAF: bool> Small<M, GRANULES, LEAF> {
    #[inline(always)]
    fn allocate(mc: &Mutation<'_>) -> NonNull<Header> {
        let cell = Gc::new(
            mc,
            Small::<M, GRANULES, LEAF> {
                memory: UnsafeCell::new([MaybeUninit::uninit(); GRANULES]),
                model: PhantomData,
            },
        );
        NonNull::from(&*cell).cast()
    }
}

impl<M: Model, const GRANULES: usize, const LEAF: bool> Small<M, GRANULES, LEAF> {
    #[inline(always)]
    fn obj(&self) -> Obj {
        // SAFETY: gc-arena calls us for cells that `allocate_small` made objects.
        unsafe { Obj::from_ptr(NonNull::from(&self.memory).cast()) }
    }
}

// SAFETY: every reference of the object is traced by its model; all changes
// go through the barrier, which tells gc-arena.
unsafe impl<'gc, M: Model, const GRANULES: usize, const LEAF: bool> Collect<'gc>
    for Small<M, GRANULES, LEAF>
{
    const NEEDS_TRACE: bool = !LEAF;
    fn trace<C: Trace<'gc>>(&self, cc: &mut C) {
        // SAFETY: gc-arena traces live objects only.
        unsafe { traced::<M, C>(self.obj(), cc) }
    }
}

impl<M: Model, const GRANULES: usize, const LEAF: bool> Drop for Small<M, GRANULES, LEAF> {
    fn drop(&mut self) {
        let bytes = GRANULES * GRANULE;
        freed::<M>(self.obj(), bytes, bytes + ARENA_HEADER)
    }
}

/// The owner of a large object.
struct Large<M: Model> {
    object: NonNull<Header>,
    bytes: usize,
    model: PhantomData<fn(M)>,
}

impl<M: Model> Large<M> {
    fn layout(bytes: usize) -> Option<Layout> {
        Layout::from_size_align(bytes.checked_add(PREFIX)?, GRANULE).ok()
    }
    fn committed(bytes: usize) -> usize {
        bytes + PREFIX + ARENA_HEADER + size_of::<Self>()
    }
}

// SAFETY: as for `Small`.
unsafe impl<'gc, M: Model> Collect<'gc> for Large<M> {
    fn trace<C: Trace<'gc>>(&self, cc: &mut C) {
        // SAFETY: the object lives as long as its owner.
        unsafe { traced::<M, C>(Obj::from_ptr(self.object), cc) }
    }
}

impl<M: Model> Drop for Large<M> {
    fn drop(&mut self) {
        // SAFETY: our object, allocated with this layout; nobody refers to it any more.
        unsafe {
            let obj = Obj::from_ptr(self.object);
            freed::<M>(obj, self.bytes, Self::committed(self.bytes));
            if let Some(layout) = Self::layout(self.bytes) {
                dealloc(self.object.as_ptr().cast::<u8>().sub(PREFIX), layout)
            }
        }
    }
}

type Allocate = fn(&Mutation<'_>) -> NonNull<Header>;

/// The allocators of cells with references (`LEAF` false) and without.
struct Cells<M, const LEAF: bool>(PhantomData<fn(M)>);

macro_rules! cells {
    ($($class:literal)*) => {
        impl<M: Model, const LEAF: bool> Cells<M, LEAF> {
            /// Allocates a cell, by class.
            const ALLOCATE: [Allocate; CLASSES] =
                [$(Small::<M, { CELL_BYTES[$class] as usize / GRANULE }, LEAF>::allocate),*];
        }
    };
}

cells! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49
}

/// Memory that was obtained for an object.
pub(super) struct Allocated {
    pub obj: Obj,
    /// What the object takes.
    pub bytes: usize,
    /// What was allocated for it.
    pub committed: usize,
}

/// A new object in a cell of `class`.
#[inline]
pub(super) fn allocate_small<M: Model>(mc: &Mutation<'_>, class: usize, kind: u8) -> Allocated {
    let header = if M::has_references(kind) {
        Cells::<M, false>::ALLOCATE[class](mc)
    } else {
        Cells::<M, true>::ALLOCATE[class](mc)
    };
    let bytes = CELL_BYTES[class] as usize;
    // SAFETY: memory of a cell, which nobody else knows.
    let obj = unsafe {
        header.write(Header::new(kind));
        Obj::from_ptr(header)
    };
    obj.set_count(bytes as u32);
    Allocated {
        obj,
        bytes,
        committed: bytes + ARENA_HEADER,
    }
}

/// A new object with memory of its own; `None` if there is none.
pub(super) fn allocate_large<M: Model>(
    mc: &Mutation<'_>,
    size: usize,
    kind: u8,
) -> Option<Allocated> {
    let bytes = size.checked_next_multiple_of(GRANULE)?;
    let layout = Large::<M>::layout(bytes)?;
    // SAFETY: the layout is not empty.
    let memory = NonNull::new(unsafe { alloc(layout) })?;
    // SAFETY: the memory is that large, and nobody else knows it.
    let obj = unsafe {
        let object = memory.add(PREFIX).cast::<Header>();
        object.write(Header::new(kind));
        let owner = Gc::new(
            mc,
            Large::<M> {
                object,
                bytes,
                model: PhantomData,
            },
        );
        memory
            .cast::<*const ()>()
            .write(Gc::as_ptr(Gc::erase(owner)));
        Obj::from_ptr(object)
    };
    Some(Allocated {
        obj,
        bytes,
        committed: Large::<M>::committed(bytes),
    })
}

/// Bytes of an object's cell; zero if the object is a large one.
#[inline(always)]
pub(super) fn cell_bytes(obj: Obj) -> usize {
    obj.count() as usize
}

/// gc-arena's pointer to an object.
///
/// # Safety
/// `obj` is an object of the arena whose lifetime is `'gc`, and not freed.
#[inline(always)]
pub(super) unsafe fn pointer<'gc>(obj: Obj) -> Gc<'gc, ()> {
    // SAFETY: as the caller promised; a large object has its owner's address before it.
    unsafe {
        if cell_bytes(obj) != 0 {
            Gc::from_ptr(obj.as_ptr().cast::<()>())
        } else {
            let memory = obj.as_ptr().cast::<u8>().sub(PREFIX);
            Gc::from_ptr(memory.cast::<*const ()>().read())
        }
    }
}
