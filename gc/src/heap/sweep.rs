//! Sweeping: operations on the bitmaps of a block. Dead cells are not touched
//! (except to poison them in stress mode).
//!
//! After a minor every nursery block is swept at once. After a full marking
//! the nursery blocks are swept at once as well, since their young survivors
//! become old by it; the others when a refill or a safepoint gets to them.

use super::alloc::Space;
use super::bitmap::count;
use super::block::{BLOCK_WORDS, BlockId, Use, young};
use super::size_class::{CELL_BYTES, CLASSES, GRANULE};
use crate::header::Obj;
use crate::mark::Budget;
use std::sync::atomic::Ordering::Relaxed;

/// What poisoned memory holds: no kind, no reference.
pub const POISON: u8 = 0xDB;

impl Space {
    /// Sweeps the nursery after a minor's marking: cells that are neither OLD
    /// nor SEEN are free. Blocks that aged stay in the nursery.
    pub fn sweep_nursery(&mut self) {
        let nursery = std::mem::take(&mut self.nursery);
        for b in nursery {
            let addr = self.mem.addr(b);
            let state = self.mem.young(addr).load(Relaxed);
            let aged = state == young::AGED;
            let (alloc, old) = (self.mem.alloc.block(addr), self.mem.old.block(addr));
            let seen = self.mem.seen.block(addr);
            let mut dead = 0;
            for w in 0..BLOCK_WORDS {
                let a = alloc[w].load(Relaxed);
                let mut live = old[w].load(Relaxed);
                if aged {
                    live |= seen[w].load(Relaxed);
                    seen[w].store(0, Relaxed);
                }
                let free = a & !live;
                if free != 0 {
                    dead += free.count_ones() as usize;
                    alloc[w].store(a & live, Relaxed);
                    if self.poison {
                        self.poison_cells(b, w, free);
                    }
                }
            }
            let class = self.mem.info(b).class();
            self.freed(dead * CELL_BYTES[class] as usize, dead);
            let live = count(self.mem.alloc.block(addr));
            if aged && live != 0 {
                self.mem.young(addr).store(young::NURSERY, Relaxed);
                self.nursery.push(b);
            } else {
                self.mem.young(addr).store(young::NO, Relaxed);
            }
            self.file(b, live);
        }
        self.sweep_large_young();
    }

    /// Frees one object with OLD, dead for reasons of its own. What remains of
    /// its block is looked at by `file_thinned`.
    pub fn free_one(&mut self, obj: Obj) {
        let addr = obj.addr();
        let b = self.mem.block_of(addr);
        let info = self.mem.info(b);
        if info.usage() == Use::Large {
            return self.free_large_old(obj);
        }
        self.mem.alloc.clear(addr);
        self.mem.old.clear(addr);
        self.mem.mark.clear(addr);
        let size = CELL_BYTES[info.class()] as usize;
        if self.poison {
            self.poison_range(addr, size);
        }
        self.thin(b);
        self.freed(size, 1);
    }

    /// Frees the objects of a block that have OLD and not MARK, and clears MARK.
    /// Returns how many there were.
    pub fn free_unmarked(&mut self, b: BlockId) -> usize {
        let addr = self.mem.addr(b);
        let info = self.mem.info(b);
        let (alloc, old) = (self.mem.alloc.block(addr), self.mem.old.block(addr));
        let mark = self.mem.mark.block(addr);
        match info.usage() {
            Use::Free => 0,
            Use::Large => {
                let dead = old[0].load(Relaxed) & !mark[0].load(Relaxed) & 1 != 0;
                mark[0].store(0, Relaxed);
                if dead {
                    let at = info.position() as usize;
                    self.free_large_old(self.large_old[at]);
                }
                usize::from(dead)
            }
            Use::Cells => {
                let size = CELL_BYTES[info.class()] as usize;
                let mut dead = 0;
                for w in 0..BLOCK_WORDS {
                    let free =
                        alloc[w].load(Relaxed) & old[w].load(Relaxed) & !mark[w].load(Relaxed);
                    mark[w].store(0, Relaxed);
                    if free != 0 {
                        dead += free.count_ones() as usize;
                        alloc[w].store(alloc[w].load(Relaxed) & !free, Relaxed);
                        old[w].store(old[w].load(Relaxed) & !free, Relaxed);
                        if self.poison {
                            self.poison_cells(b, w, free);
                        }
                    }
                }
                if dead != 0 {
                    self.thin(b);
                    self.freed(dead * size, dead);
                }
                dead
            }
        }
    }

    fn thin(&mut self, b: BlockId) {
        let info = self.mem.info(b);
        if info.thinned() == 0 {
            info.set_thinned(1);
            self.thinned.push(b);
        }
    }

    /// Lets the allocator have what `free_one` freed in up to `most` blocks; whether that
    /// is all. Blocks of the nursery and unswept ones are left to the sweep.
    pub fn file_thinned(&mut self, most: usize) -> bool {
        for _ in 0..most {
            let Some(b) = self.thinned.pop() else { break };
            let info = self.mem.info(b);
            info.set_thinned(0);
            let addr = self.mem.addr(b);
            if info.usage() == Use::Cells
                && info.swept() == self.epoch
                && self.mem.young(addr).load(Relaxed) == young::NO
            {
                let live = count(self.mem.alloc.block(addr));
                self.file(b, live);
            }
        }
        self.thinned.is_empty()
    }

    /// Decides what a swept block with `live` cells is good for.
    fn file(&mut self, b: BlockId, live: usize) {
        let info = self.mem.info(b);
        let class = info.class();
        if info.available() == self.epoch {
            return; // it waits for its class already, empty or not
        }
        let capacity = Space::capacity(class);
        if live == 0 {
            self.disown(b, class);
        } else if (capacity - live) * 4 >= capacity {
            info.set_available(self.epoch);
            self.classes[class].available.push(b);
        }
    }

    /// Takes an empty block from its class and puts it into the pool.
    fn disown(&mut self, b: BlockId, class: usize) {
        let info = self.mem.info(b);
        let c = &mut self.classes[class];
        let at = info.position() as usize;
        c.blocks.swap_remove(at);
        if let Some(&moved) = c.blocks.get(at) {
            self.mem.info(moved).set_position(at as u32);
        }
        c.unswept = c.unswept.min(c.blocks.len());
        info.set_usage(Use::Free);
        self.pool.put(&self.mem, b);
    }

    /// Starts the sweep after a full marking: counts what lives, sweeps the
    /// large objects and, if `promote`, the nursery, so that its survivors are
    /// OLD at once; leaves the rest for later.
    pub fn begin_sweep(&mut self, promote: bool) {
        let (mut bytes, mut objects) = self.count_large();
        for (class, cell) in CELL_BYTES.iter().enumerate() {
            let cells: usize = self.classes[class]
                .blocks
                .iter()
                .map(|&b| count(self.mem.mark.block(self.mem.addr(b))))
                .sum();
            bytes += cells * *cell as usize;
            objects += cells;
        }
        self.start_sweep(bytes, objects);
        self.sweep_large_some(usize::MAX);
        for b in std::mem::take(&mut self.nursery) {
            self.mem.young(self.mem.addr(b)).store(young::NO, Relaxed);
            if promote {
                self.sweep_block(b);
            }
        }
        if self.poison {
            self.finish_sweep();
        }
    }

    /// Starts the sweep after a marking whose living were counted before; the
    /// nursery is empty. All is left for later.
    pub fn begin_sweep_counted(&mut self, bytes: usize, objects: usize) {
        debug_assert!(self.nursery.is_empty() && self.large_young.is_empty());
        self.start_sweep(bytes, objects);
        if self.poison {
            self.finish_sweep();
        }
    }

    fn start_sweep(&mut self, bytes: usize, objects: usize) {
        for c in &mut self.classes {
            c.available.clear();
            c.unswept = c.blocks.len();
        }
        self.set_live(bytes, objects);
        self.epoch += 1;
        self.begin_sweep_large();
    }

    /// Counts objects with MARK, in steps: looks at blocks from number `from` on;
    /// returns the next one, or none when all were looked at, and adds to `live`.
    /// With `unsee`, clears SEEN on the way.
    pub fn count_marked(
        &self,
        from: BlockId,
        live: &mut (usize, usize),
        unsee: bool,
        budget: &mut Budget,
    ) -> Option<BlockId> {
        for b in from..self.pool.high() {
            if budget.is_spent() {
                return Some(b);
            }
            let info = self.mem.info(b);
            if unsee {
                self.unsee(b);
            }
            match info.usage() {
                Use::Free => {}
                Use::Large => {
                    if self.mem.mark.test(self.mem.addr(b)) {
                        live.0 += info.large_bytes() as usize;
                        live.1 += 1;
                    }
                }
                Use::Cells => {
                    let cells = count(self.mem.mark.block(self.mem.addr(b)));
                    live.0 += cells * CELL_BYTES[info.class()] as usize;
                    live.1 += cells;
                    budget.spend(BLOCK_WORDS);
                }
            }
        }
        None
    }

    /// Clears SEEN in a block.
    fn unsee(&self, b: BlockId) {
        for w in self.mem.seen.block(self.mem.addr(b)) {
            if w.load(Relaxed) != 0 {
                w.store(0, Relaxed)
            }
        }
    }

    /// Clears SEEN everywhere, while nothing is young.
    pub fn clear_seen(&self) {
        (0..self.pool.high()).for_each(|b| self.unsee(b))
    }

    /// Clears LATE in a block.
    pub fn clear_late(&self, b: BlockId) {
        for w in self.mem.late.block(self.mem.addr(b)) {
            if w.load(Relaxed) != 0 {
                w.store(0, Relaxed)
            }
        }
    }

    /// Whether no block and no large object waits to be swept.
    pub fn is_swept(&self) -> bool {
        self.large_unswept.is_empty() && self.classes.iter().all(|c| c.unswept == 0)
    }

    /// Whether MARK is clear everywhere, as it is outside of cycles once all is swept.
    pub fn marks_are_clear(&self) -> bool {
        (0..self.pool.high()).all(|b| count(self.mem.mark.block(self.mem.addr(b))) == 0)
    }

    /// Clears MARK everywhere. All blocks are swept.
    pub fn clear_marks(&mut self) {
        for class in &self.classes {
            for &b in &class.blocks {
                for w in self.mem.mark.block(self.mem.addr(b)) {
                    w.store(0, Relaxed)
                }
            }
        }
        debug_assert!(self.large_unswept.is_empty());
        for obj in self.large_old.iter().chain(&self.large_young) {
            self.mem.mark.clear(obj.addr())
        }
    }

    /// What aged becomes an ordinary part of the nursery: the next minor
    /// promotes all its survivors.
    pub fn end_aging(&mut self) {
        self.age_below = isize::MIN;
        for &b in &self.nursery {
            self.mem
                .young(self.mem.addr(b))
                .store(young::NURSERY, Relaxed)
        }
    }

    /// ALLOC and OLD become MARK, MARK becomes clear.
    fn sweep_block(&mut self, b: BlockId) {
        let addr = self.mem.addr(b);
        let (alloc, old) = (self.mem.alloc.block(addr), self.mem.old.block(addr));
        let mark = self.mem.mark.block(addr);
        let mut dead = 0;
        for w in 0..BLOCK_WORDS {
            let m = mark[w].load(Relaxed);
            let free = alloc[w].load(Relaxed) & !m;
            dead += free.count_ones() as usize;
            if self.poison {
                self.poison_cells(b, w, free);
            }
            alloc[w].store(m, Relaxed);
            old[w].store(m, Relaxed);
            mark[w].store(0, Relaxed);
        }
        let info = self.mem.info(b);
        info.set_swept(self.epoch);
        self.swept(dead * CELL_BYTES[info.class()] as usize, dead);
        let live = count(self.mem.alloc.block(addr));
        self.file(b, live);
    }

    /// Sweeps one more block of the class; false if all are swept.
    pub fn sweep_next(&mut self, class: usize) -> bool {
        while self.classes[class].unswept > 0 {
            self.classes[class].unswept -= 1;
            let b = self.classes[class].blocks[self.classes[class].unswept];
            if self.mem.info(b).swept() != self.epoch {
                self.sweep_block(b);
                return true;
            }
        }
        false
    }

    /// Sweeps up to `n` blocks of whatever class.
    pub fn sweep_some(&mut self, n: usize) {
        let mut n = self.sweep_large_some(n);
        for class in 0..CLASSES {
            while n > 0 && self.sweep_next(class) {
                n -= 1;
            }
        }
        if self.is_swept() {
            // What was only estimated is known now.
            (self.dead_bytes, self.dead_objects) = (0, 0);
        }
    }

    /// Sweeps everything left over.
    pub fn finish_sweep(&mut self) {
        self.sweep_some(usize::MAX)
    }

    #[cold]
    fn poison_cells(&self, b: BlockId, word: usize, mut cells: u64) {
        let size = CELL_BYTES[self.mem.info(b).class()] as usize;
        while cells != 0 {
            let granule = word * 64 + cells.trailing_zeros() as usize;
            cells &= cells - 1;
            self.poison_range(self.mem.addr(b) + granule * GRANULE, size);
        }
    }

    /// Fills a dead cell with `POISON`.
    pub fn poison_range(&self, addr: usize, bytes: usize) {
        let b = self.mem.block_of(addr);
        let p = self.mem.ptr(b).wrapping_add(addr - self.mem.addr(b));
        // SAFETY: a dead cell: nobody reads it, and it lies within its block or run.
        unsafe { p.write_bytes(POISON, bytes) }
    }
}
