//! Large objects: each a run of whole blocks, its bits at the first granule.

use super::alloc::Space;
use super::block::{BLOCK_BYTES, Use, young};
use super::size_class::GRANULE;
use crate::header::{Header, Obj};
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

impl Space {
    /// Allocates an object in blocks of its own; `None`: no such run of blocks.
    ///
    /// # Safety
    /// As for `alloc_fast`.
    pub unsafe fn alloc_large(&mut self, size: usize, kind: u8) -> Option<Obj> {
        if size > self.mem.blocks() * BLOCK_BYTES {
            return None;
        }
        let block = self.pool.take_run(&self.mem, size.div_ceil(BLOCK_BYTES))?;
        let bytes = size.next_multiple_of(GRANULE);
        let info = self.mem.info(block);
        info.set_usage(Use::Large);
        info.set_large_bytes(bytes as u64);
        info.set_swept(self.epoch);
        let addr = self.mem.addr(block);
        self.mem.alloc.set(addr);
        self.mem.young(addr).store(young::NURSERY, Relaxed);
        let header = self.mem.ptr(block).cast::<Header>();
        // SAFETY: the run of blocks is ours, and as large as asked for.
        let obj = unsafe {
            header.write(Header::new(kind));
            Obj::from_ptr(NonNull::new_unchecked(header))
        };
        self.large_young.push(obj);
        self.account(bytes, 1);
        Some(obj)
    }

    /// Frees a large object with OLD.
    pub fn free_large_old(&mut self, obj: Obj) {
        let at = self.mem.info(self.mem.block_of(obj.addr())).position() as usize;
        self.large_old.swap_remove(at);
        self.number_large_old(at, at + 1);
        self.freed(self.mem.size_of(obj), 1);
        self.free_large(obj);
    }

    /// Notes the places `from..to` of the list of large objects with OLD.
    fn number_large_old(&self, from: usize, to: usize) {
        for (i, obj) in self.large_old.iter().enumerate().take(to).skip(from) {
            let info = self.mem.info(self.mem.block_of(obj.addr()));
            info.set_position(i as u32)
        }
    }

    fn free_large(&mut self, obj: Obj) {
        let block = self.mem.block_of(obj.addr());
        let info = self.mem.info(block);
        let bytes = info.large_bytes() as usize;
        let addr = obj.addr();
        self.mem.alloc.clear(addr);
        self.mem.old.clear(addr);
        self.mem.mark.clear(addr);
        self.mem.young(addr).store(young::NO, Relaxed);
        info.set_usage(Use::Free);
        if self.poison {
            self.poison_range(addr, bytes.min(BLOCK_BYTES));
        }
        self.pool
            .put_run(&self.mem, block, bytes.div_ceil(BLOCK_BYTES));
    }

    /// After a minor: frees young large objects without OLD, the others are old now.
    pub fn sweep_large_young(&mut self) {
        for obj in std::mem::take(&mut self.large_young) {
            if self.mem.old.test(obj.addr()) {
                self.mem.young(obj.addr()).store(young::NO, Relaxed);
                self.large_old.push(obj);
                self.number_large_old(self.large_old.len() - 1, self.large_old.len());
            } else {
                self.freed(self.mem.size_of(obj), 1);
                self.free_large(obj);
            }
        }
    }

    /// After a full marking: all large objects are to be swept.
    pub fn begin_sweep_large(&mut self) {
        debug_assert!(self.large_unswept.is_empty());
        self.large_unswept = std::mem::take(&mut self.large_old);
        for obj in &self.large_young {
            self.mem.young(obj.addr()).store(young::NO, Relaxed);
        }
        self.large_unswept.append(&mut self.large_young);
    }

    /// Bytes and number of the large objects with MARK.
    pub fn count_large(&self) -> (usize, usize) {
        let marked = self
            .large_old
            .iter()
            .chain(&self.large_young)
            .filter(|o| self.mem.mark.test(o.addr()));
        marked.fold((0, 0), |(bytes, n), &o| {
            (bytes + self.mem.size_of(o), n + 1)
        })
    }

    /// Sweeps up to `n` large objects: those without MARK are freed. Returns
    /// how many of `n` were not used up.
    pub fn sweep_large_some(&mut self, mut n: usize) -> usize {
        while n > 0
            && let Some(obj) = self.large_unswept.pop()
        {
            n -= 1;
            let addr = obj.addr();
            if self.mem.mark.test(addr) {
                self.mem.mark.clear(addr);
                self.mem.old.set(addr);
                let block = self.mem.block_of(addr);
                let info = self.mem.info(block);
                info.set_swept(self.epoch);
                info.set_position(self.large_old.len() as u32);
                self.large_old.push(obj);
            } else {
                self.swept(self.mem.size_of(obj), 1);
                self.free_large(obj);
            }
        }
        n
    }
}
