//! The string intern table: the canonical object of every short string that is
//! or was a key or was compared as one.
//!
//! It lives outside of the heap and is weak: the collector calls
//! [`Interner::prune`] between marking and freeing. It is an extendible hash
//! table of segments that split alone, so no insertion costs more than one
//! segment's work however many strings there are.

use super::string::{Str, hash_bytes};
use moonsweep_gc::Obj;
use std::ptr::NonNull;

const NODES: usize = 1024;
const FULL: u32 = (NODES * 3 / 4) as u32;
/// Hash words of nodes without a string. Hashes are never 0 or 1.
const FREE: u32 = 0;
const REMOVED: u32 = 1;

struct Segment {
    /// Nodes that are not free.
    used: u32,
    live: u32,
    /// All strings here have the same upper `depth` hash bits.
    depth: u32,
    hashes: [u32; NODES],
    strings: [usize; NODES],
}

impl Segment {
    fn new(depth: u32) -> Box<Segment> {
        Box::new(Segment {
            used: 0,
            live: 0,
            depth,
            hashes: [FREE; NODES],
            strings: [0; NODES],
        })
    }
    fn put(&mut self, h: u32, addr: usize) {
        let mut i = h as usize % NODES;
        while self.hashes[i] != FREE {
            i = (i + 1) % NODES;
        }
        self.hashes[i] = h;
        self.strings[i] = addr;
        self.used += 1;
        self.live += 1;
    }
    fn nodes(&self) -> impl Iterator<Item = (u32, usize)> {
        self.hashes
            .iter()
            .zip(&self.strings)
            .filter(|(h, _)| **h > REMOVED)
            .map(|(h, s)| (*h, *s))
    }
    /// Forgets dead strings; strings that stay keep their place.
    fn retain(&mut self, live: &dyn Fn(Obj) -> bool) {
        for i in 0..NODES {
            if self.hashes[i] > REMOVED && !live(object(self.strings[i])) {
                self.hashes[i] = REMOVED;
                self.live -= 1;
            }
        }
        if self.live == 0 {
            self.hashes.fill(FREE);
            self.used = 0;
        }
    }
}

fn object(addr: usize) -> Obj {
    // SAFETY: only addresses of strings are stored, and they are removed before the string is freed.
    unsafe { Obj::from_ptr(NonNull::new_unchecked(addr as *mut _)) }
}

/// The string intern table.
pub struct Interner {
    seed: u64,
    /// Segment numbers, by the upper `depth` bits of the hash.
    directory: Vec<u32>,
    depth: u32,
    segments: Vec<Box<Segment>>,
    /// Strings interned since the last `prune`, in lists of bounded length.
    recent: Vec<Vec<Obj>>,
    /// Segments below this number were looked at by the pruning in steps.
    pruned: usize,
}

impl Interner {
    /// An empty table; `seed` is mixed into all string hashes.
    pub fn new(seed: u64) -> Interner {
        let segments = vec![Segment::new(0)];
        Interner {
            seed,
            directory: vec![0],
            depth: 0,
            segments,
            recent: Vec::new(),
            pruned: 0,
        }
    }
    /// The seed of string hashes.
    #[inline(always)]
    pub fn seed(&self) -> u64 {
        self.seed
    }
    /// Number of strings.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|s| s.live as usize).sum()
    }
    /// No strings?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    #[inline(always)]
    fn index(&self, h: u32) -> usize {
        (h as u64 >> (32 - self.depth)) as usize
    }
    /// The canonical string with these bytes, if there is one.
    pub fn find(&self, bytes: &[u8]) -> Option<Str> {
        self.find_hashed(bytes, hash_bytes(self.seed, bytes))
    }
    /// As [`Interner::find`], with the hash of the bytes given.
    #[inline]
    pub fn find_hashed(&self, bytes: &[u8], h: u32) -> Option<Str> {
        let seg = &self.segments[self.directory[self.index(h)] as usize];
        let mut i = h as usize % NODES;
        loop {
            if seg.hashes[i] == h {
                let s = Str(object(seg.strings[i]));
                // SAFETY: strings are removed from here before they are freed.
                if unsafe { s.as_bytes() } == bytes {
                    return Some(s);
                }
            } else if seg.hashes[i] == FREE {
                return None;
            }
            i = (i + 1) % NODES;
        }
    }
    /// The canonical string equal to `s`, which if none exists is `s` itself from now on.
    ///
    /// # Safety
    /// `s` is alive and short.
    pub unsafe fn intern(&mut self, s: Str) -> Str {
        // SAFETY: as the caller promised.
        unsafe {
            let h = s.hash_with(self.seed);
            if let Some(c) = self.find_hashed(s.as_bytes(), h) {
                return c;
            }
            self.insert(s);
            s
        }
    }
    /// Makes `s` canonical.
    ///
    /// # Safety
    /// `s` is alive, short, hashed, and no equal string is in the table.
    pub unsafe fn insert(&mut self, s: Str) {
        // SAFETY: as the caller promised.
        let h = unsafe {
            s.set_interned();
            s.0.set_weakly_referenced();
            s.known_hash()
        };
        let mut n = self.directory[self.index(h)] as usize;
        while self.segments[n].used >= FULL {
            self.make_room(n, h);
            n = self.directory[self.index(h)] as usize;
        }
        self.segments[n].put(h, s.0.addr());
        match self.recent.last_mut() {
            Some(list) if list.len() < NODES => list.push(s.0),
            _ => {
                let mut list = Vec::with_capacity(NODES);
                list.push(s.0);
                self.recent.push(list);
            }
        }
    }
    #[cold]
    fn make_room(&mut self, n: usize, h: u32) {
        let depth = self.segments[n].depth;
        let split = self.segments[n].live * 3 > FULL * 2 && depth < 24;
        if !split {
            let mut fresh = Segment::new(depth);
            for (h, s) in self.segments[n].nodes() {
                fresh.put(h, s);
            }
            self.segments[n] = fresh;
            // A segment that cannot split any more must not be full: impossible with a
            // seeded hash short of 2^33 strings.
            assert!(self.segments[n].used < FULL, "intern table overflow");
            return;
        }
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|&s| [s, s]).collect();
            self.depth += 1;
        }
        let mut halves = [Segment::new(depth + 1), Segment::new(depth + 1)];
        for (h, s) in self.segments[n].nodes() {
            halves[(h >> (31 - depth) & 1) as usize].put(h, s);
        }
        let [low, high] = halves;
        self.segments[n] = low;
        let new = self.segments.len();
        self.segments.push(high);
        let span = 1usize << (self.depth - depth - 1);
        let at = (self.index(h) / (2 * span)) * 2 * span + span;
        self.directory[at..at + span].fill(new as u32);
    }
    /// Forgets dead strings; before their cells are freed. `full`: all of them;
    /// else only those interned since the last call can be dead.
    pub fn prune(&mut self, live: &dyn Fn(Obj) -> bool, full: bool) {
        let recent = std::mem::take(&mut self.recent);
        if full {
            for s in &mut self.segments {
                s.retain(live);
            }
            return;
        }
        for o in recent.into_iter().flatten() {
            if !live(o) {
                self.remove(Str(o));
            }
        }
    }
    /// A pruning of all segments in steps begins. Between the steps strings are
    /// found (the collector is told that they live again) and inserted, and
    /// segments split: the upper half goes to the end, where the steps get to it.
    pub fn prune_begin(&mut self) {
        self.pruned = 0;
    }
    /// Looks at the segments of about `budget` strings; whether none is left.
    pub fn prune_step(&mut self, live: &dyn Fn(Obj) -> bool, budget: usize) -> bool {
        let from = self.pruned;
        let to = (from + budget.div_ceil(NODES)).min(self.segments.len());
        for s in &mut self.segments[from..to] {
            s.retain(live);
        }
        self.pruned = to;
        to == self.segments.len()
    }
    /// Forgets `s`, which is about to be freed, if it is in the table.
    pub fn forget(&mut self, s: Str) {
        // SAFETY: not freed yet.
        if s.0.kind() == super::kind::STRING && unsafe { s.is_interned() } {
            self.remove(s)
        }
    }
    fn remove(&mut self, s: Str) {
        // SAFETY: dead, but not freed yet.
        let h = unsafe { s.known_hash() };
        let n = self.directory[self.index(h)] as usize;
        let seg = &mut self.segments[n];
        let mut i = h as usize % NODES;
        while seg.hashes[i] != FREE {
            if seg.hashes[i] == h && seg.strings[i] == s.0.addr() {
                let free = seg.hashes[(i + 1) % NODES] == FREE;
                seg.hashes[i] = if free { FREE } else { REMOVED };
                seg.used -= free as u32;
                seg.live -= 1;
                return;
            }
            i = (i + 1) % NODES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::testing::mem;
    use super::*;

    #[test]
    fn many_and_prune() {
        let mut mem = mem();
        let mem = &mut mem;
        // SAFETY: nothing collects in tests.
        unsafe {
            let n = 100_000;
            let all: Vec<Str> = (0..n)
                .map(|i| Str::interned(mem, format!("key{i}").as_bytes()))
                .collect();
            assert_eq!(mem.strings.len(), n);
            for (i, s) in all.iter().enumerate() {
                assert!(mem.strings.find(format!("key{i}").as_bytes()) == Some(*s));
            }
            let dead: std::collections::HashSet<usize> =
                all.iter().step_by(3).map(|s| s.0.addr()).collect();
            mem.strings.prune(&|o| !dead.contains(&o.addr()), false);
            for (i, s) in all.iter().enumerate() {
                let want = if i % 3 == 0 { None } else { Some(*s) };
                assert!(mem.strings.find(format!("key{i}").as_bytes()) == want);
            }
            assert_eq!(mem.strings.len(), n - dead.len());
            // Only strings interned since the last prune may be dead now.
            mem.strings.prune(&|_| panic!("none is recent"), false);
            mem.strings.prune(&|_| false, true);
            assert!(mem.strings.is_empty());
            for i in 0..n {
                Str::interned(mem, format!("key{i}").as_bytes());
            }
            assert_eq!(mem.strings.len(), n);
        }
    }

    /// Strings come and segments split while the pruning goes on in steps.
    #[test]
    fn prunes_in_steps() {
        let mut mem = mem();
        let mem = &mut mem;
        // SAFETY: nothing collects in tests.
        unsafe {
            let old: Vec<Str> = (0..50_000)
                .map(|i| Str::interned(mem, format!("old{i}").as_bytes()))
                .collect();
            let dead: std::collections::HashSet<usize> =
                old.iter().step_by(2).map(|s| s.0.addr()).collect();
            mem.strings.prune_begin();
            let mut added = 0;
            while !mem.strings.prune_step(&|o| !dead.contains(&o.addr()), 1000) {
                for _ in 0..100 {
                    Str::interned(mem, format!("new{added}").as_bytes());
                    added += 1;
                }
            }
            assert!(added > 2_000, "{added}");
            assert_eq!(mem.strings.len(), old.len() / 2 + added);
            for (i, s) in old.iter().enumerate() {
                let want = (i % 2 == 1).then_some(*s);
                assert!(mem.strings.find(format!("old{i}").as_bytes()) == want);
            }
        }
    }

    #[test]
    fn churn_stays_small() {
        let mut mem = mem();
        for round in 0..50 {
            for i in 0..1000 {
                // SAFETY: nothing collects in tests.
                unsafe { Str::interned(&mut mem, format!("{round}/{i}").as_bytes()) };
            }
            mem.strings.prune(&|_| false, round % 7 == 0);
        }
        assert!(mem.strings.is_empty() && mem.strings.segments.len() <= 4);
    }
}
