//! Object graphs for the benchmarks: nodes of `n` slots, no checks.
#![allow(dead_code)]

use moonsweep_gc::{Heap, Model, Obj, Options, Roots, Slot, Visitor, WeakPart};

/// The kind of all nodes.
pub const NODE: u8 = 1;

/// A model with one kind of object: a header, a length, slots.
pub struct Nodes;

#[inline(always)]
fn word(o: Obj, at: usize) -> *mut u64 {
    o.as_ptr().cast::<u64>().wrapping_add(at)
}

/// The slots of a node.
#[inline(always)]
pub fn slots<'a>(o: Obj) -> &'a [Slot] {
    // SAFETY: every node has its length in the second word and that many slots after it.
    unsafe { std::slice::from_raw_parts(word(o, 2).cast::<Slot>(), word(o, 1).read() as usize) }
}

// SAFETY (of the unsafe methods): the collector passes initialised nodes.
impl Model for Nodes {
    #[inline(always)]
    unsafe fn trace<V: Visitor>(obj: Obj, v: &mut V) -> usize {
        let slots = slots(obj);
        for s in slots {
            v.slot(s)
        }
        slots.len()
    }
    unsafe fn ephemerons(_: Obj, _: &mut dyn FnMut(Obj, Obj)) {}
    unsafe fn clear_weak(_: Obj, _: WeakPart, _: &dyn Fn(Obj) -> bool) {}
    unsafe fn drop_payload(_: Obj) -> usize {
        0
    }
    fn kind_name(_: u8) -> &'static str {
        "node"
    }
}

/// Roots: a list.
#[derive(Default)]
pub struct List(pub Vec<Obj>);

impl Roots for List {
    fn trace_roots<V: Visitor>(&mut self, v: &mut V) {
        self.0.iter().for_each(|&o| v.object(o))
    }
    fn prune(&mut self, _: &dyn Fn(Obj) -> bool, _: bool) {}
}

/// A heap with roots.
pub struct Machine {
    pub heap: Heap<Nodes>,
    pub roots: List,
}

pub const NIL: u64 = 0;

/// The word for a reference.
#[inline(always)]
pub fn to_word(o: Obj) -> u64 {
    moonsweep_gc::slot::reference(o, 1)
}

impl Machine {
    pub fn new(options: Options) -> Machine {
        Machine {
            heap: Heap::with_options(options),
            roots: List::default(),
        }
    }
    /// A node whose `N` slots hold `first`.
    #[inline(always)]
    pub fn node<const N: usize>(&mut self, first: u64) -> Obj {
        // SAFETY: initialised right here.
        unsafe {
            let o = match self.heap.alloc_fast(16 + N * 8, NODE) {
                Some(o) => o,
                None => self.heap.alloc_slow(16 + N * 8, NODE),
            };
            word(o, 1).write(N as u64);
            for s in slots(o) {
                s.init(o, first)
            }
            o
        }
    }
    #[inline(always)]
    pub fn safepoint(&mut self) {
        if self.heap.poll() {
            self.heap.safepoint(&mut self.roots)
        }
    }
    /// `n` nodes of `N` slots that refer to random nodes; all reachable from the
    /// root: a table of tables.
    pub fn random_graph<const N: usize>(&mut self, n: usize, seed: u64) -> Vec<Obj> {
        let mut rng = Random(seed);
        let mut all = Vec::with_capacity(n);
        for _ in 0..n {
            let o = self.node::<N>(NIL);
            all.push(o);
        }
        for (i, &o) in all.iter().enumerate() {
            let s = slots(o);
            // A random tree, so that all are reachable, and random references besides.
            if i + 1 < n {
                let from = all[rng.below(i + 1)];
                let k = rng.below(N);
                let old = slots(from)[k].load();
                s[0].set(o, old, &mut self.heap);
                slots(from)[k].set(from, to_word(all[i + 1]), &mut self.heap);
            }
        }
        for &o in &all {
            for s in slots(o) {
                if s.load() == NIL && rng.below(4) != 0 {
                    s.set(o, to_word(all[rng.below(n)]), &mut self.heap)
                }
            }
        }
        self.roots.0.push(all[0]);
        all
    }
}

/// A small generator of random numbers.
pub struct Random(pub u64);

impl Random {
    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    #[inline(always)]
    pub fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }
}
