//! The reserved address range and its side tables.
//!
//! One mapping holds it all: the heap proper, five bitmaps over its granules,
//! a byte table and an info table over its blocks. Pages become resident when
//! first touched, so reserving much costs nothing.
//!
//! | table | meaning of a set bit |
//! |---|---|
//! | ALLOC | a cell starts here and is in use (or was handed to the allocator as part of a run) |
//! | OLD | it survived a collection; sticky; never set without ALLOC except in blocks not yet swept |
//! | MARK | reached in this full cycle; all clear outside of cycles in swept blocks |
//! | SEEN | reached in this minor, but staying young; during a cycle, when nothing stays young: MARK came after the verdict, by resurrection; else all clear |
//! | LATE | `refcount`: MARK came after the verdict, by resurrection; cleared as MARK is |

use super::bitmap::Bitmap;
use super::block::{BLOCK_BYTES, BLOCK_SHIFT, BlockId, BlockInfo, Use};
use super::marks::Marks;
use super::size_class::CELL_BYTES;
use crate::header::Obj;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::AtomicU8;

/// How much is reserved when the system allows it.
const RESERVE: usize = 256 << 30;
/// Less than this is no heap.
const RESERVE_MIN: usize = 16 << 20;

/// Addresses of the tables; freely copied. Valid as long as the `Reservation` lives.
#[derive(Clone, Copy)]
pub struct Memory {
    base: usize,
    bytes: usize,
    start: *mut u8,
    young: *const AtomicU8,
    infos: *const BlockInfo,
    /// Cells in use.
    pub alloc: Bitmap,
    /// Survivors.
    pub old: Bitmap,
    /// Reached in the full cycle.
    pub mark: Bitmap,
    /// Reached in this minor, staying young; or resurrected in this cycle.
    pub seen: Bitmap,
    /// Resurrected by a trace of `refcount`, for which SEEN says something else.
    pub late: Bitmap,
}

/// Smaller heaps keep small pages.
const HUGE_FROM: usize = 32 << 20;

/// Owner of the mapping.
pub struct Reservation {
    map: *mut c_void,
    len: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: our own mapping; the heap that used it is being dropped.
        let _ = unsafe { munmap(self.map, self.len) };
    }
}

impl Memory {
    /// Reserves the largest range the system grants.
    pub fn reserve() -> (Memory, Reservation) {
        let mut bytes = RESERVE;
        loop {
            let blocks = bytes >> BLOCK_SHIFT;
            let bitmap = bytes / 128;
            let len = BLOCK_BYTES + bytes + 5 * bitmap + blocks * (1 + size_of::<BlockInfo>());
            // SAFETY: a fresh anonymous mapping, no address demanded.
            let map = unsafe {
                mmap_anonymous(
                    null_mut(),
                    len,
                    ProtFlags::READ | ProtFlags::WRITE,
                    MapFlags::PRIVATE | MapFlags::NORESERVE,
                )
            };
            let Ok(map) = map else {
                assert!(bytes > RESERVE_MIN, "cannot reserve memory for the heap");
                bytes /= 2;
                continue;
            };
            let skip = (map as usize).wrapping_neg() & (BLOCK_BYTES - 1);
            let start = map.cast::<u8>().wrapping_add(skip);
            let base = start as usize;
            let side = start.wrapping_add(bytes);
            let table = |i: usize| Bitmap::new(side.wrapping_add(i * bitmap).cast(), base);
            let infos = side.wrapping_add(5 * bitmap);
            let young = infos.wrapping_add(blocks * size_of::<BlockInfo>());
            let first = base >> BLOCK_SHIFT;
            let memory = Memory {
                base,
                bytes,
                start,
                young: young.cast::<AtomicU8>().wrapping_sub(first),
                infos: infos.cast::<BlockInfo>(),
                alloc: table(0),
                old: table(1),
                mark: table(2),
                seen: table(3),
                late: table(4),
            };
            return (memory, Reservation { map, len });
        }
    }
    /// Asks for huge pages beyond the first 32 MiB.
    pub fn prefer_huge_pages(&self) {
        let from = HUGE_FROM.min(self.bytes);
        let p = self.start.wrapping_add(from).cast();
        // SAFETY: advice about our own mapping; the system may ignore it.
        let _ = unsafe { madvise(p, self.bytes - from, Advice::LinuxHugepage) };
    }
    /// Number of blocks in the range.
    pub fn blocks(&self) -> usize {
        self.bytes >> BLOCK_SHIFT
    }
    /// Whether `addr` is in the range.
    pub fn contains(&self, addr: usize) -> bool {
        addr.wrapping_sub(self.base) < self.bytes
    }
    /// The block that contains `addr`.
    #[inline(always)]
    pub fn block_of(&self, addr: usize) -> BlockId {
        ((addr - self.base) >> BLOCK_SHIFT) as BlockId
    }
    /// Start address of a block.
    #[inline(always)]
    pub fn addr(&self, block: BlockId) -> usize {
        self.base + ((block as usize) << BLOCK_SHIFT)
    }
    /// Start of a block as a pointer.
    #[inline(always)]
    pub fn ptr(&self, block: BlockId) -> *mut u8 {
        self.start.wrapping_add((block as usize) << BLOCK_SHIFT)
    }
    /// The side-table entry of a block.
    #[inline(always)]
    pub fn info(&self, block: BlockId) -> &BlockInfo {
        debug_assert!((block as usize) < self.blocks());
        // SAFETY: in the mapped table, as the block is in the range.
        unsafe { &*self.infos.wrapping_add(block as usize) }
    }
    /// Young state (`young::*`) of the block that contains `addr`.
    #[inline(always)]
    pub fn young(&self, addr: usize) -> &AtomicU8 {
        // SAFETY: in the mapped table, as `addr` is in the range.
        unsafe { &*self.young.wrapping_add(addr >> BLOCK_SHIFT) }
    }
    /// OLD and MARK, while helpers may be marking.
    #[inline(always)]
    pub fn marks(&self) -> Marks {
        Marks {
            old: self.old,
            mark: self.mark,
        }
    }
    /// Whether `obj` was reached by the cycle whose verdict is being carried out:
    /// it has MARK, or it is young.
    #[inline(always)]
    pub fn is_live(&self, obj: Obj) -> bool {
        !self.old.test(obj.addr()) || self.mark.test(obj.addr())
    }
    /// Bytes of the cell or run that holds `obj`.
    pub fn size_of(&self, obj: Obj) -> usize {
        let info = self.info(self.block_of(obj.addr()));
        match info.usage() {
            Use::Cells => CELL_BYTES[info.class()] as usize,
            Use::Large => info.large_bytes() as usize,
            Use::Free => 0,
        }
    }
    /// Gives the pages of `count` blocks back to the system; they read as zero afterwards.
    pub fn release(&self, block: BlockId, count: usize) {
        // SAFETY: the blocks are free: nothing in them is read before it is written.
        let _ = unsafe {
            madvise(
                self.ptr(block).cast(),
                count << BLOCK_SHIFT,
                Advice::LinuxDontNeed,
            )
        };
    }
    /// Makes the pages of a block resident at once, which is cheaper than one fault each.
    pub fn populate(&self, block: BlockId, count: usize) {
        // SAFETY: only faults pages in; on failure they are faulted in when touched.
        let _ = unsafe {
            madvise(
                self.ptr(block).cast(),
                count << BLOCK_SHIFT,
                Advice::LinuxPopulateWrite,
            )
        };
    }
}
