//! The log: objects about to change that the collector had asked to hear of.
//!
//! One entry an object and epoch: logging clears UNLOGGED, and only a pause
//! arms it again. `weight` bounds the work that a minor will have with the
//! log, since each entry means visiting the whole object once more: once it
//! is above `limit` a minor is due.

use crate::header::{Obj, UNLOGGED};
use crate::pacer;

/// What a remembered young object counts for in `weight`.
const TARGET_WEIGHT: usize = 16;

/// The objects logged since the last collection, and young objects that large
/// old cells refer to since then.
pub struct Log {
    entries: Vec<Obj>,
    weight: usize,
    targets: Vec<Obj>,
    limit: usize,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            entries: Vec::new(),
            weight: 0,
            targets: Vec::new(),
            limit: pacer::LOG_WEIGHT,
        }
    }
}

impl Log {
    /// Remembers `owner` and clears its UNLOGGED bit; `bytes` is what a visit reads.
    #[inline]
    pub fn push(&mut self, owner: Obj, bytes: usize) {
        owner.set_flags(owner.flags() & !UNLOGGED);
        self.entries.push(owner);
        self.weight += bytes;
    }
    /// Remembers a young object that an old one, not itself in the log, refers to.
    #[inline]
    pub fn remember(&mut self, target: Obj) {
        self.targets.push(target);
        self.weight += TARGET_WEIGHT;
    }
    /// The remembered young objects.
    pub fn targets(&self) -> &[Obj] {
        &self.targets
    }
    /// Takes the remembered young objects.
    pub fn take_targets(&mut self) -> Vec<Obj> {
        std::mem::take(&mut self.targets)
    }
    /// Bytes that visiting the objects in the log will read.
    pub fn weight(&self) -> usize {
        self.weight
    }
    /// Whether a minor is due.
    #[inline]
    pub fn is_long(&self) -> bool {
        self.weight > self.limit
    }
    /// The weight above which a minor is due.
    pub fn limit(&self) -> usize {
        self.limit
    }
    /// Sets it.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit
    }
    /// Empties the log into a list.
    pub fn take(&mut self) -> Vec<Obj> {
        self.weight = 0;
        std::mem::take(&mut self.entries)
    }
    /// Empties the log, keeping its memory.
    pub fn clear(&mut self) {
        self.weight = 0;
        self.targets.clear();
        self.entries.clear()
    }
    /// Continues with the entries of `next`. `spare` and `targets` are old lists whose
    /// memory may be used again: freeing it may take the allocator long.
    pub fn replace(&mut self, next: Log, mut spare: Vec<Obj>, mut targets: Vec<Obj>) {
        let limit = self.limit;
        *self = Log { limit, ..next };
        if self.entries.is_empty() {
            spare.clear();
            self.entries = spare;
        }
        if self.targets.is_empty() {
            targets.clear();
            self.targets = targets;
        }
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// The entries.
    pub fn entries(&self) -> &[Obj] {
        &self.entries
    }
}
