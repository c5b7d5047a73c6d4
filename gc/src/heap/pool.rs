//! Free blocks: a stack of warm ones for reuse in last-in first-out order, so
//! that a nursery stays in the cache; a stack of those whose pages were given
//! back; and a bitmap of all, from which large objects take runs.
//!
//! The bitmap says whether a block is free. The stacks may hold stale entries
//! (a run was taken from the middle): an entry counts only while its bit is set.

use super::block::{BLOCK_BYTES, BlockId};
use super::memory::Memory;

/// Has an entry on the warm stack.
const ON_WARM: u8 = 1;
/// Has an entry on the cold stack.
const ON_COLD: u8 = 2;
/// Its pages may be resident.
const COMMITTED: u8 = 4;

/// The free blocks below `high`, and the untouched range above.
#[derive(Default)]
pub struct Pool {
    warm: Vec<BlockId>,
    cold: Vec<BlockId>,
    free: Vec<u64>,
    high: BlockId,
    free_warm: usize,
    committed: usize,
    peak_committed: usize,
}

impl Pool {
    /// Blocks ever used are below this number.
    pub fn high(&self) -> BlockId {
        self.high
    }
    /// Bytes whose pages may be resident.
    pub fn committed_bytes(&self) -> usize {
        self.committed * BLOCK_BYTES
    }
    /// Most bytes ever committed at a time.
    pub fn peak_committed_bytes(&self) -> usize {
        self.peak_committed * BLOCK_BYTES
    }
    fn is_free(&self, b: BlockId) -> bool {
        self.free[b as usize / 64] >> (b % 64) & 1 == 1
    }
    fn claim(&mut self, mem: &Memory, b: BlockId) {
        self.free[b as usize / 64] &= !(1 << (b % 64));
        let info = mem.info(b);
        let flags = info.pool();
        if flags & COMMITTED != 0 {
            self.free_warm -= 1;
        } else {
            info.set_pool(flags | COMMITTED);
            self.committed += 1;
            self.peak_committed = self.peak_committed.max(self.committed);
        }
    }
    fn pop(&mut self, mem: &Memory, flag: u8) -> Option<BlockId> {
        loop {
            let b = if flag == ON_WARM {
                self.warm.pop()?
            } else {
                self.cold.pop()?
            };
            let info = mem.info(b);
            info.set_pool(info.pool() & !flag);
            if self.is_free(b) {
                self.claim(mem, b);
                return Some(b);
            }
        }
    }
    /// The most recently freed block whose pages are resident.
    pub fn take_warm(&mut self, mem: &Memory) -> Option<BlockId> {
        self.pop(mem, ON_WARM)
    }
    /// A block without resident pages: one given back, or a fresh one.
    pub fn take_cold(&mut self, mem: &Memory) -> Option<BlockId> {
        self.pop(mem, ON_COLD).or_else(|| self.extend(mem, 1))
    }
    /// `n` never used blocks.
    fn extend(&mut self, mem: &Memory, n: usize) -> Option<BlockId> {
        let first = self.high;
        let high = first as usize + n;
        if high > mem.blocks() {
            return None;
        }
        self.high = high as BlockId;
        self.free.resize(high.div_ceil(64), 0);
        for b in first..self.high {
            self.claim(mem, b);
        }
        Some(first)
    }
    /// `n` adjacent blocks, the lowest that are free.
    pub fn take_run(&mut self, mem: &Memory, n: usize) -> Option<BlockId> {
        let Some(first) = self.find_run(n) else {
            return self.extend(mem, n);
        };
        for b in first..first + n as BlockId {
            self.claim(mem, b);
        }
        Some(first)
    }
    fn find_run(&self, n: usize) -> Option<BlockId> {
        let mut run = 0;
        for (w, &bits) in self.free.iter().enumerate() {
            if bits == 0 {
                run = 0;
            } else if bits == !0 {
                run += 64;
                if run >= n {
                    return Some(((w + 1) * 64 - run) as BlockId);
                }
            } else {
                for i in 0..64 {
                    run = if bits >> i & 1 == 1 { run + 1 } else { 0 };
                    if run >= n {
                        return Some((w * 64 + i + 1 - run) as BlockId);
                    }
                }
            }
        }
        None
    }
    /// Frees a block.
    pub fn put(&mut self, mem: &Memory, b: BlockId) {
        debug_assert!(!self.is_free(b));
        self.free[b as usize / 64] |= 1 << (b % 64);
        self.free_warm += 1;
        let info = mem.info(b);
        if info.pool() & ON_WARM == 0 {
            info.set_pool(info.pool() | ON_WARM);
            self.warm.push(b);
        }
    }
    /// Frees `n` adjacent blocks.
    pub fn put_run(&mut self, mem: &Memory, first: BlockId, n: usize) {
        for b in (first..first + n as BlockId).rev() {
            self.put(mem, b);
        }
    }
    /// Gives the pages of the longest unused free blocks back to the system
    /// until at most `keep` resident ones remain or `limit` were released.
    pub fn trim(&mut self, mem: &Memory, keep: usize, limit: usize) -> usize {
        let excess = self.free_warm.saturating_sub(keep).min(limit);
        if excess == 0 {
            return 0;
        }
        let mut victims = Vec::with_capacity(excess);
        let mut scanned = 0;
        for &b in &self.warm {
            if victims.len() == excess {
                break;
            }
            scanned += 1;
            let info = mem.info(b);
            info.set_pool(info.pool() & !ON_WARM);
            if self.is_free(b) {
                victims.push(b);
            }
        }
        self.warm.drain(..scanned);
        victims.sort_unstable();
        for run in victims.chunk_by(|a, b| a + 1 == *b) {
            mem.release(run[0], run.len());
        }
        for &b in victims.iter().rev() {
            let info = mem.info(b);
            let flags = info.pool() & !COMMITTED;
            if flags & ON_COLD == 0 {
                self.cold.push(b);
            }
            info.set_pool(flags | ON_COLD);
        }
        self.free_warm -= victims.len();
        self.committed -= victims.len();
        victims.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse_is_last_in_first_out_and_runs_are_found() {
        let (mem, _owner) = Memory::reserve();
        let mut pool = Pool::default();
        let blocks: Vec<_> = (0..200).map(|_| pool.take_cold(&mem).unwrap()).collect();
        assert_eq!(pool.committed_bytes(), 200 * BLOCK_BYTES);
        pool.put(&mem, blocks[7]);
        pool.put(&mem, blocks[150]);
        assert_eq!(pool.take_warm(&mem), Some(blocks[150]));
        assert_eq!(pool.take_warm(&mem), Some(blocks[7]));
        assert_eq!(pool.take_warm(&mem), None);
        pool.put_run(&mem, blocks[20], 100);
        assert_eq!(pool.take_run(&mem, 80), Some(blocks[20]));
        assert_eq!(pool.take_run(&mem, 21), Some(200));
        // The twenty that remain are handed out once each, stale entries are skipped.
        let mut rest: Vec<_> = std::iter::from_fn(|| pool.take_warm(&mem)).collect();
        rest.sort();
        assert_eq!(rest, (blocks[100]..blocks[120]).collect::<Vec<_>>());
    }

    #[test]
    fn trimmed_blocks_come_back_zeroed() {
        let (mem, _owner) = Memory::reserve();
        let mut pool = Pool::default();
        let b = pool.take_cold(&mem).unwrap();
        // SAFETY: the block is ours.
        unsafe { mem.ptr(b).write(7) };
        pool.put(&mem, b);
        assert_eq!(pool.trim(&mem, 0, 10), 1);
        assert_eq!(pool.committed_bytes(), 0);
        assert_eq!(pool.take_warm(&mem), None);
        assert_eq!(pool.take_cold(&mem), Some(b));
        // SAFETY: as above.
        assert_eq!(unsafe { mem.ptr(b).read() }, 0);
        assert_eq!(pool.peak_committed_bytes(), BLOCK_BYTES);
    }
}
