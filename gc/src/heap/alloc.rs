//! Allocation: a bump pointer per size class through runs of free cells.
//!
//! A refill takes the next maximal run of free cells of the class's current
//! block and sets their ALLOC bits at once, so that the fast path touches no
//! bitmap; `flush` clears the bits of what was not handed out, before any
//! collection looks at the bitmaps.
//!
//! Where a class gets its next block from: the warm pool first (resident and
//! empty, probably in the cache), then blocks with free cells (no growth), and
//! fresh memory last.

use super::bitmap::{find_set, for_range};
use super::block::{BLOCK_BYTES, BlockId, Use, young};
use super::foreign::Foreign;
use super::memory::{Memory, Reservation};
use super::pool::Pool;
use super::size_class::{
    CELL_BYTES, CLASSES, GRANULE, SMALL_LIMIT, STARTS, cells_per_block, class_of, end_granule,
};
use crate::header::{Header, Obj};
use std::cell::RefCell;
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The nursery budget is used up, or the log is long.
pub const POLL_WORK: u32 = 1;
/// The heap's limit was passed.
pub const POLL_LIMIT: u32 = 2;
/// Stress mode: always set.
pub const POLL_STRESS: u32 = 4;
/// Somebody asked for a safepoint; set by other threads.
pub const POLL_REQUEST: u32 = 8;
/// The program wants a safepoint for a reason of its own.
pub const POLL_PROGRAM: u32 = 16;
/// The program allocated as much as it wanted to before its next batch of finalizers.
pub const POLL_FINALIZE: u32 = 32;

const NO_BLOCK: BlockId = BlockId::MAX;
/// Unswept blocks looked at for one refill before fresh memory is taken.
const SWEEP_TRIES: usize = 16;
/// Heaps below this many blocks let pages fault in one by one, so that a small script stays small.
const POPULATE_FROM: BlockId = 64;

/// Hot part of a class: the current run.
struct Bump {
    ptr: *mut u8,
    end: *mut u8,
}

/// Cold part of a class: where the current run came from, and its blocks.
pub struct Class {
    block: BlockId,
    granule: usize,
    /// All blocks of the class; `BlockInfo::position` is the index here.
    pub blocks: Vec<BlockId>,
    /// Swept blocks with enough free cells, most recent last.
    pub available: Vec<BlockId>,
    /// Blocks below this index may be unswept.
    pub unswept: usize,
}

impl Class {
    fn new() -> Class {
        Class {
            block: NO_BLOCK,
            granule: 0,
            blocks: Vec::new(),
            available: Vec::new(),
            unswept: 0,
        }
    }
}

/// The allocator and what it knows of its blocks. The program's thread only.
#[repr(C)]
pub struct Space {
    poll: AtomicU32,
    bumps: [Bump; CLASSES],
    /// The reserved range.
    pub mem: Memory,
    /// Cold part, by size class.
    pub classes: Box<[Class]>,
    /// Free blocks.
    pub pool: Pool,
    /// Blocks whose young state is not `NO`.
    pub nursery: Vec<BlockId>,
    /// Large objects without OLD.
    pub large_young: Vec<Obj>,
    /// Large objects with OLD.
    pub large_old: Vec<Obj>,
    /// Large objects that the sweep in progress has not got to.
    pub large_unswept: Vec<Obj>,
    /// Blocks in which cells were freed one by one since they were filed last.
    pub thinned: Vec<BlockId>,
    /// Bytes the program may still allocate before the collector wants a safepoint.
    budget: isize,
    /// Once the budget is below this, blocks newly acquired age for one more minor.
    pub age_below: isize,
    /// Bytes in cells, the unused rest of runs included.
    bytes: usize,
    objects: usize,
    /// Of these, what a full marking found dead and the sweep has not got to;
    /// roughly, until the sweep is over.
    pub dead_bytes: usize,
    pub dead_objects: usize,
    external: usize,
    /// Bytes ever allocated, in runs of cells.
    allocated: u64,
    /// At so many of them `POLL_FINALIZE` is set.
    pub alarm: u64,
    limit: usize,
    peak_bytes: usize,
    /// Sweep epoch: a block of cells with another number is unswept.
    pub epoch: u32,
    /// Fill freed cells with a pattern.
    pub poison: bool,
    /// Objects outside of the blocks.
    pub foreign: Option<Rc<RefCell<Foreign>>>,
    _reservation: Reservation,
}

impl Space {
    /// An empty space that may hold `limit` bytes (0: as much as can be reserved).
    pub fn new(limit: usize) -> Space {
        let (mem, reservation) = Memory::reserve();
        let most = mem.blocks() * BLOCK_BYTES / 8 * 7;
        Space {
            poll: AtomicU32::new(0),
            bumps: [const {
                Bump {
                    ptr: null_mut(),
                    end: null_mut(),
                }
            }; CLASSES],
            mem,
            classes: (0..CLASSES).map(|_| Class::new()).collect(),
            pool: Pool::default(),
            nursery: Vec::new(),
            large_young: Vec::new(),
            large_old: Vec::new(),
            large_unswept: Vec::new(),
            thinned: Vec::new(),
            budget: isize::MAX,
            age_below: isize::MIN,
            bytes: 0,
            objects: 0,
            dead_bytes: 0,
            dead_objects: 0,
            external: 0,
            allocated: 0,
            alarm: u64::MAX,
            limit: if limit == 0 { most } else { limit.min(most) },
            peak_bytes: 0,
            epoch: 1,
            poison: false,
            foreign: None,
            _reservation: reservation,
        }
    }

    /// Whether the collector wants the program to come to a safepoint.
    #[inline(always)]
    pub fn poll(&self) -> bool {
        self.poll.load(Relaxed) != 0
    }
    /// The `POLL_*` bits that are set.
    pub fn poll_bits(&self) -> u32 {
        self.poll.load(Relaxed)
    }
    /// The word behind `poll`.
    pub fn poll_word(&self) -> &AtomicU32 {
        &self.poll
    }
    /// Sets `POLL_*` bits.
    pub fn set_poll(&self, bits: u32) {
        if self.poll_bits() & bits != bits {
            self.poll.fetch_or(bits, Relaxed);
        }
    }
    /// Clears `POLL_*` bits.
    pub fn clear_poll(&self, bits: u32) {
        if self.poll_bits() & bits != 0 {
            self.poll.fetch_and(!bits, Relaxed);
        }
    }
    /// Lets the program allocate `bytes` before `POLL_WORK` is set.
    pub fn set_budget(&mut self, bytes: usize) {
        self.clear_poll(POLL_WORK);
        self.budget = isize::try_from(bytes).unwrap_or(isize::MAX);
    }

    /// Uses `bytes` of the budget up.
    pub fn spend(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_sub_unsigned(bytes);
    }

    /// What is left of the budget; negative if it was overdrawn.
    pub fn budget(&self) -> isize {
        self.budget
    }

    /// Takes the next free cell of the current run and writes the header.
    ///
    /// # Safety
    /// The caller initialises the rest of the object before the next safepoint.
    #[inline(always)]
    pub unsafe fn alloc_fast(&mut self, size: usize, kind: u8) -> Option<Obj> {
        debug_assert!(size >= size_of::<Header>());
        if size > SMALL_LIMIT {
            return None;
        }
        let class = class_of(size);
        // SAFETY: the table of classes holds numbers below CLASSES only. (A check
        // would be a call in the interpreter's handlers.)
        unsafe { std::hint::assert_unchecked(class < CLASSES) };
        let bump = &mut self.bumps[class];
        let ptr = bump.ptr;
        let next = ptr.wrapping_add(CELL_BYTES[class] as usize);
        if next > bump.end {
            return None;
        }
        bump.ptr = next;
        let header = ptr.cast::<Header>();
        // SAFETY: `ptr..next` is a cell that nothing else uses.
        unsafe {
            header.write(Header::new(kind));
            Some(Obj::from_ptr(NonNull::new_unchecked(header)))
        }
    }

    /// Allocates when the current run is used up; `None`: the reserved range is full.
    ///
    /// # Safety
    /// As for `alloc_fast`.
    #[cold]
    #[inline(never)]
    pub unsafe fn alloc_slow(&mut self, size: usize, kind: u8) -> Option<Obj> {
        if size > SMALL_LIMIT {
            // SAFETY: as the caller promised.
            return unsafe { self.alloc_large(size, kind) };
        }
        if !self.refill(class_of(size)) {
            return None;
        }
        // SAFETY: as the caller promised.
        unsafe { self.alloc_fast(size, kind) }
    }

    fn refill(&mut self, class: usize) -> bool {
        loop {
            if self.classes[class].block != NO_BLOCK && self.next_run(class) {
                return true;
            }
            let Some(block) = self.find_block(class) else {
                return false;
            };
            self.classes[class].block = block;
            self.classes[class].granule = 0;
            let state = self.mem.young(self.mem.addr(block));
            if state.load(Relaxed) == young::NO {
                let late = self.budget < self.age_below;
                state.store(if late { young::AGED } else { young::NURSERY }, Relaxed);
                self.nursery.push(block);
            }
        }
    }

    /// Makes the next run of free cells of the class's block the current run.
    fn next_run(&mut self, class: usize) -> bool {
        let Class { block, granule, .. } = self.classes[class];
        let start = self.mem.addr(block);
        let alloc = self.mem.alloc.block(start);
        let starts = &STARTS[class];
        let Some(from) = find_set(granule, |w| starts[w] & !alloc[w].load(Relaxed)) else {
            self.classes[class].block = NO_BLOCK;
            return false;
        };
        let end = find_set(from, |w| alloc[w].load(Relaxed)).unwrap_or(end_granule(class));
        for_range(from, end, |w, mask| {
            alloc[w].store(alloc[w].load(Relaxed) | starts[w] & mask, Relaxed)
        });
        let bytes = (end - from) * GRANULE;
        let ptr = self.mem.ptr(block).wrapping_add(from * GRANULE);
        self.classes[class].granule = end;
        self.bumps[class] = Bump {
            ptr,
            end: ptr.wrapping_add(bytes),
        };
        self.account(bytes, bytes / CELL_BYTES[class] as usize);
        true
    }

    /// Counts what was allocated and tells the program when it is time to collect.
    pub fn account(&mut self, bytes: usize, objects: usize) {
        self.bytes += bytes;
        self.objects += objects;
        self.allocated += bytes as u64;
        self.budget = self.budget.saturating_sub_unsigned(bytes);
        self.after_growth()
    }

    fn after_growth(&mut self) {
        let total = self.bytes.saturating_sub(self.dead_bytes) + self.external;
        self.peak_bytes = self.peak_bytes.max(total);
        if self.budget < 0 {
            self.set_poll(POLL_WORK);
        }
        if self.allocated >= self.alarm {
            self.set_poll(POLL_FINALIZE);
        }
        if total > self.limit {
            self.set_poll(POLL_LIMIT);
        }
    }

    fn find_block(&mut self, class: usize) -> Option<BlockId> {
        // Holes before empty blocks: else every minor's few survivors would hold
        // blocks of their own, and the heap would grow with the number of minors.
        if let Some(b) = self.classes[class].available.pop() {
            self.mem.info(b).set_available(0);
            return Some(b);
        }
        if let Some(b) = self.pool.take_warm(&self.mem) {
            return Some(self.adopt(b, class));
        }
        for _ in 0..SWEEP_TRIES {
            if !self.sweep_next(class) {
                break;
            }
            if let Some(b) = self.classes[class].available.pop() {
                self.mem.info(b).set_available(0);
                return Some(b);
            }
            if let Some(b) = self.pool.take_warm(&self.mem) {
                return Some(self.adopt(b, class));
            }
        }
        let b = self.pool.take_cold(&self.mem)?;
        if b >= POPULATE_FROM {
            self.mem.populate(b, 1);
        }
        Some(self.adopt(b, class))
    }

    /// Makes an empty block one of `class`.
    fn adopt(&mut self, b: BlockId, class: usize) -> BlockId {
        let info = self.mem.info(b);
        info.set_usage(Use::Cells);
        info.set_class(class);
        info.set_swept(self.epoch);
        info.set_available(0);
        info.set_position(self.classes[class].blocks.len() as u32);
        self.classes[class].blocks.push(b);
        b
    }

    /// Ends all runs: afterwards ALLOC says exactly which cells are in use.
    pub fn flush(&mut self) {
        for (class, cell) in CELL_BYTES.iter().enumerate() {
            let Bump { ptr, end } = self.bumps[class];
            if ptr < end {
                let block = self.mem.block_of(ptr as usize);
                let start = self.mem.addr(block);
                let alloc = self.mem.alloc.block(start);
                let (from, to) = (
                    (ptr as usize - start) / GRANULE,
                    (end as usize - start) / GRANULE,
                );
                // Cells without ALLOC have no bit between their starts either.
                for_range(from, to, |w, mask| {
                    alloc[w].store(alloc[w].load(Relaxed) & !mask, Relaxed)
                });
                let bytes = end as usize - ptr as usize;
                self.bytes -= bytes;
                self.objects -= bytes / *cell as usize;
            }
            self.bumps[class] = Bump {
                ptr: null_mut(),
                end: null_mut(),
            };
            self.classes[class].block = NO_BLOCK;
        }
    }

    /// Bytes and cells of the current runs that were not handed out.
    fn unused(&self) -> (usize, usize) {
        let mut bytes = 0;
        let mut cells = 0;
        for (bump, size) in self.bumps.iter().zip(CELL_BYTES) {
            let rest = bump.end as usize - bump.ptr as usize;
            if rest != 0 {
                bytes += rest;
                cells += rest / *size as usize;
            }
        }
        (bytes, cells)
    }
    /// Bytes in use: cells and external memory.
    pub fn used(&self) -> usize {
        (self.bytes - self.unused().0).saturating_sub(self.dead_bytes) + self.external
    }
    /// Objects in use (dead ones not collected yet included).
    pub fn objects(&self) -> usize {
        (self.objects - self.unused().1).saturating_sub(self.dead_objects)
    }
    /// What lives after a full marking, in cells: the rest is dead until swept.
    pub fn set_live(&mut self, bytes: usize, objects: usize) {
        self.dead_bytes = self.bytes.saturating_sub(bytes);
        self.dead_objects = self.objects.saturating_sub(objects);
    }
    /// Subtracts what the sweep after a full marking freed.
    pub fn swept(&mut self, bytes: usize, objects: usize) {
        self.freed(bytes, objects);
        self.dead_bytes = self.dead_bytes.saturating_sub(bytes);
        self.dead_objects = self.dead_objects.saturating_sub(objects);
    }
    /// Subtracts what a sweep freed.
    pub fn freed(&mut self, bytes: usize, objects: usize) {
        self.bytes -= bytes;
        self.objects -= objects;
    }
    /// Accounts for external memory.
    pub fn external(&mut self, delta: isize) {
        self.external = self.external.saturating_add_signed(delta);
        if delta > 0 {
            self.budget = self.budget.saturating_sub(delta);
            self.after_growth()
        }
    }
    /// Uses `bytes` of the budget up, and tells the program if that was all.
    pub fn charge(&mut self, bytes: usize) {
        self.spend(bytes);
        self.after_growth()
    }
    /// Bytes ever allocated, in runs of cells.
    pub fn allocated(&self) -> u64 {
        self.allocated
    }
    /// The most bytes that were in use at a time.
    pub fn peak_bytes(&self) -> usize {
        self.peak_bytes
    }
    /// The heap's limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }
    /// Clears `POLL_LIMIT` if the limit is not passed, runs at hand included.
    pub fn check_limit(&self) {
        if self.bytes.saturating_sub(self.dead_bytes) + self.external <= self.limit {
            self.clear_poll(POLL_LIMIT)
        }
    }
    /// Moves the limit.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit
    }
    /// Whether `n` more bytes stay below the limit.
    pub fn has_room(&self, n: usize) -> bool {
        self.used()
            .checked_add(n)
            .is_some_and(|total| total <= self.limit)
    }

    /// Whether an object starts at `addr` and was not found dead. For checks; exact after `flush`.
    pub fn is_allocated(&self, addr: usize) -> bool {
        if let Some(foreign) = &self.foreign {
            return foreign.borrow().contains(addr);
        }
        if !self.mem.contains(addr) || !addr.is_multiple_of(GRANULE) || !self.mem.alloc.test(addr) {
            return false;
        }
        let info = self.mem.info(self.mem.block_of(addr));
        match info.usage() {
            Use::Free => false,
            Use::Large | Use::Cells => info.swept() == self.epoch || self.mem.mark.test(addr),
        }
    }
    /// Bytes of the cell, run of blocks or foreign memory that holds `obj`.
    pub fn size_of(&self, obj: Obj) -> usize {
        match &self.foreign {
            None => self.mem.size_of(obj),
            Some(foreign) => {
                let large = foreign.borrow().large_bytes(obj);
                large.unwrap_or(obj.count() as usize)
            }
        }
    }
    /// Whether `obj` survived a collection, if the collector keeps track of that.
    pub fn is_old(&self, obj: Obj) -> bool {
        self.mem.contains(obj.addr()) && self.mem.old.test(obj.addr())
    }
    /// Bytes whose pages may be resident. Of foreign objects only what was
    /// allocated for them is known, not what their allocator holds beyond that.
    pub fn committed_bytes(&self) -> usize {
        let foreign = self
            .foreign
            .as_ref()
            .map_or(0, |f| f.borrow().committed_bytes());
        self.pool.committed_bytes() + foreign
    }
    /// The most at a time.
    pub fn peak_committed_bytes(&self) -> usize {
        let foreign = self
            .foreign
            .as_ref()
            .map_or(0, |f| f.borrow().peak_committed_bytes());
        self.pool.peak_committed_bytes() + foreign
    }
    /// Blocks that were ever used, roughly.
    pub fn blocks_in_use(&self) -> usize {
        self.pool.committed_bytes() / BLOCK_BYTES
    }
    /// Number of cells a block of this class holds.
    pub fn capacity(class: usize) -> usize {
        cells_per_block(class)
    }
}
