//! A toy virtual machine for testing the heap: a few kinds of objects, roots
//! that are a stack, and an intern table outside of the heap.
#![allow(dead_code)]

use moonsweep_gc::{Edge, GcKind, Heap, Life, Model, Obj, Options, Roots, Slot, Visitor, WeakPart};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// All references strong, in slots.
pub const NODE: u8 = 1;
/// All references strong, in edges.
pub const EDGES: u8 = 2;
/// All references weak.
pub const WEAK: u8 = 3;
/// Pairs of key and value: the value lives while the key does.
pub const EPHEMERON: u8 = 4;
/// As NODE, and owns a payload outside of the heap.
pub const PAYLOAD: u8 = 5;

/// Never any fields.
pub const LEAF: u8 = 6;

/// Pairs of key and value: the key of a pair without value is not visited, and may dangle.
pub const ENTRIES: u8 = 7;

/// A word that is no reference.
pub const NIL: u64 = 0;
const FIELDS: usize = 16;

/// The collectors to test: all, or those named in `GC_KINDS`.
pub fn kinds() -> Vec<GcKind> {
    let all = GcKind::ALL.iter().copied();
    match std::env::var("GC_KINDS") {
        Ok(names) => all.filter(|k| names.contains(k.name())).collect(),
        Err(_) => all.collect(),
    }
}

thread_local! {
    /// Ids of the payloads dropped.
    pub static DROPPED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// Visits by helper threads until one of them panics; 0: none will.
pub static FUSE: AtomicU32 = AtomicU32::new(0);

/// Burns the fuse, on helper threads.
fn may_panic() {
    if FUSE.load(Relaxed) != 0
        && std::thread::current()
            .name()
            .is_some_and(|n| n.starts_with("moonsweep-gc"))
        && FUSE.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)) == Ok(1)
    {
        panic!("a test makes this helper fail")
    }
}

/// The object model.
pub struct Toy;

fn word(o: Obj, at: usize) -> *mut u64 {
    o.as_ptr().cast::<u64>().wrapping_add(at)
}

/// Number of fields.
pub fn len(o: Obj) -> usize {
    // SAFETY: every toy object has its id and length in the second word.
    unsafe { word(o, 1).read() as u32 as usize }
}

/// The number the test gave it.
pub fn id(o: Obj) -> u32 {
    // SAFETY: as for `len`.
    unsafe { (word(o, 1).read() >> 32) as u32 }
}

/// A field of any kind but EDGES.
pub fn slot<'a>(o: Obj, i: usize) -> &'a Slot {
    assert!(i < len(o) && o.kind() != EDGES);
    // SAFETY: the field exists; a slot is one word.
    unsafe { &*word(o, FIELDS / 8 + i).cast::<Slot>() }
}

/// A field of an EDGES object.
pub fn edge<'a>(o: Obj, i: usize) -> &'a Edge {
    assert!(i < len(o) && o.kind() == EDGES);
    // SAFETY: the field exists; an edge is one word.
    unsafe { &*word(o, FIELDS / 8 + i).cast::<Edge>() }
}

/// The reference in a field.
pub fn get(o: Obj, i: usize) -> Option<Obj> {
    if o.kind() == EDGES {
        edge(o, i).load()
    } else {
        moonsweep_gc::slot::referent(slot(o, i).load())
    }
}

/// The word for an optional reference.
pub fn to_word(o: Option<Obj>) -> u64 {
    o.map_or(NIL, |o| moonsweep_gc::slot::reference(o, 3))
}

/// Bytes of an object with `n` fields.
pub fn bytes(n: usize) -> usize {
    FIELDS + n * 8
}

// SAFETY (of the unsafe methods below): the collector passes allocated,
// initialised objects, whose fields `slot` and `edge` find.
impl Model for Toy {
    const FILTERS_WEAK: bool = true;
    fn traced_by_program(kind: u8) -> bool {
        kind == PAYLOAD
    }
    unsafe fn trace<V: Visitor>(obj: Obj, v: &mut V) -> usize {
        let n = len(obj);
        may_panic();
        match obj.kind() {
            EDGES => (0..n).for_each(|i| v.edge(edge(obj, i))),
            WEAK => v.weak(obj),
            EPHEMERON => {
                // A value without a key is an ordinary reference.
                for i in (0..n).step_by(2).filter(|&i| get(obj, i).is_none()) {
                    v.slot(slot(obj, i + 1))
                }
                v.ephemerons(obj)
            }
            ENTRIES => {
                for i in (0..n).step_by(2) {
                    if slot(obj, i + 1).load() != NIL {
                        v.slot(slot(obj, i));
                        v.slot(slot(obj, i + 1));
                    }
                }
            }
            NODE | PAYLOAD | LEAF => (0..n).for_each(|i| v.slot(slot(obj, i))),
            kind => panic!("traced an object of kind {kind}"),
        }
        n
    }
    fn has_references(kind: u8) -> bool {
        kind != LEAF
    }
    unsafe fn ephemerons(obj: Obj, entry: &mut dyn FnMut(Obj, Obj)) {
        if obj.kind() != EPHEMERON {
            return;
        }
        for i in (0..len(obj)).step_by(2) {
            if let (Some(k), Some(v)) = (get(obj, i), get(obj, i + 1)) {
                entry(k, v)
            }
        }
    }
    unsafe fn clear_weak(obj: Obj, part: WeakPart, live: &dyn Fn(Obj) -> bool) {
        match (obj.kind(), part) {
            (WEAK, WeakPart::Values) => {
                for i in 0..len(obj) {
                    if get(obj, i).is_some_and(|o| !live(o)) {
                        slot(obj, i).clear(NIL)
                    }
                }
            }
            (EPHEMERON, WeakPart::Keys) => {
                for i in (0..len(obj)).step_by(2) {
                    if get(obj, i).is_some_and(|o| !live(o)) {
                        slot(obj, i).clear(NIL);
                        slot(obj, i + 1).clear(NIL);
                    }
                }
            }
            _ => {}
        }
    }
    unsafe fn forget_weak(
        obj: Obj,
        dead: &dyn Fn(Obj, WeakPart) -> bool,
        lost: &mut dyn FnMut(Obj),
    ) -> bool {
        let (step, entry, part) = match obj.kind() {
            WEAK => (1, 1, WeakPart::Values),
            EPHEMERON => (2, 2, WeakPart::Keys),
            _ => return false,
        };
        for i in (0..len(obj)).step_by(step) {
            if get(obj, i).is_some_and(|o| dead(o, part)) {
                (i + 1..i + entry)
                    .filter_map(|i| get(obj, i))
                    .for_each(&mut *lost);
                (i..i + entry).for_each(|i| slot(obj, i).clear(NIL))
            }
        }
        true
    }
    const WEAK_BY_SLOT: bool = true;
    unsafe fn is_weak(obj: Obj, _word: u64, key: bool) -> bool {
        obj.kind() == WEAK || key
    }
    unsafe fn may_be_stored_weakly(obj: Obj) -> bool {
        obj.kind() != LEAF
    }
    unsafe fn drop_payload(obj: Obj) -> usize {
        DROPPED.with_borrow_mut(|d| d.push(id(obj)));
        0
    }
    fn kind_name(kind: u8) -> &'static str {
        ["?", "node", "edges", "weak", "ephemeron", "payload", "leaf"]
            .get(kind as usize)
            .unwrap_or(&"?")
    }
}

/// Roots. With `AGES` they understand survivors that stay young.
#[derive(Default)]
pub struct ToyRoots<const AGES: bool> {
    /// Strong roots.
    pub stack: Vec<Option<Obj>>,
    /// An intern table: weak, outside of the heap.
    pub interned: Vec<Obj>,
    /// Those interned since the last collection, or young still.
    pub young: Vec<Obj>,
    /// Objects that change without a barrier; roots and logged.
    pub volatile: Vec<Obj>,
    /// Entries of `interned` that the pruning in steps has not looked at.
    pub rest: usize,
}

impl<const AGES: bool> Roots for ToyRoots<AGES> {
    fn trace_roots<V: Visitor>(&mut self, v: &mut V) {
        self.stack.iter().flatten().for_each(|&o| v.object(o))
    }
    fn prune(&mut self, live: &dyn Fn(Obj) -> bool, full: bool) {
        self.young.retain(|&o| live(o));
        if full {
            self.interned.retain(|&o| live(o));
        }
        self.interned.append(&mut self.young);
    }
    fn volatile(&mut self, f: &mut dyn FnMut(Obj)) {
        self.volatile.iter().for_each(|&o| f(o))
    }
    const STEPS: bool = true;
    fn prune_begin(&mut self) {
        self.rest = self.interned.len();
    }
    fn prune_step(&mut self, live: &dyn Fn(Obj) -> bool, budget: usize) -> bool {
        for _ in 0..budget.min(7) {
            if self.rest == 0 {
                return true;
            }
            // What was added meanwhile lives and is at the end.
            self.rest -= 1;
            if !live(self.interned[self.rest]) {
                self.interned.swap_remove(self.rest);
            }
        }
        self.rest == 0
    }
    fn forget(&mut self, obj: Obj) {
        self.interned.retain(|&o| o != obj);
        self.young.retain(|&o| o != obj);
    }
    fn forget_unreached(&mut self, live: &dyn Fn(Obj) -> bool) {
        self.interned.retain(|&o| live(o));
        self.young.retain(|&o| live(o));
    }
    const AGES: bool = AGES;
    fn prune_young(&mut self, life: &dyn Fn(Obj) -> Life) {
        if !AGES {
            return self.prune(&|o| life(o) != Life::Dead, false);
        }
        self.young.retain(|&o| match life(o) {
            Life::Dead => false,
            Life::Young => true,
            Life::Old => {
                self.interned.push(o);
                false
            }
        })
    }
}

/// A heap with roots.
pub struct Machine<const AGES: bool> {
    pub heap: Heap<Toy>,
    pub roots: ToyRoots<AGES>,
}

impl<const AGES: bool> Machine<AGES> {
    pub fn new(options: Options) -> Self {
        DROPPED.with_borrow_mut(Vec::clear);
        Machine {
            heap: Heap::with_options(options),
            roots: ToyRoots::default(),
        }
    }
    /// A new object, its fields empty.
    pub fn alloc(&mut self, kind: u8, id: u32, n: usize) -> Obj {
        // SAFETY: initialised right here.
        unsafe {
            let size = bytes(n);
            let o = if size <= Heap::<Toy>::SMALL_LIMIT {
                self.heap.alloc(size, kind)
            } else {
                self.heap.try_alloc(size, kind).expect("no limit set")
            };
            word(o, 1).write((id as u64) << 32 | n as u64);
            for i in 0..n {
                if kind == EDGES {
                    edge(o, i).init(o, None)
                } else {
                    slot(o, i).init(o, NIL)
                }
            }
            if kind == PAYLOAD {
                self.heap.register_drop(o);
            }
            o
        }
    }
    /// Stores through the barrier.
    pub fn set(&mut self, o: Obj, i: usize, to: Option<Obj>) {
        if o.kind() == EPHEMERON && i.is_multiple_of(2) && o.unlogged() {
            // A value that loses its key becomes strong; one that gets another may.
            self.heap.log(o)
        }
        if o.kind() == EDGES {
            edge(o, i).set(o, to, &mut self.heap)
        } else if !slot(o, i).try_set(o, to_word(to)) {
            slot(o, i).set(o, to_word(to), &mut self.heap)
        }
    }
    /// Stores pair `i` of an ENTRIES object: a key, or the one that is there, with a value's word.
    pub fn set_pair(&mut self, o: Obj, i: usize, key: Option<Obj>, value: u64) {
        let slots = (slot(o, 2 * i), slot(o, 2 * i + 1));
        let old = slots.0.load();
        let new = key.map_or(old, |k| to_word(Some(k)));
        let seen = |key, value| if value == NIL { NIL } else { key };
        let seen = [seen(old, slots.1.load()), seen(new, value)];
        moonsweep_gc::slot::set_entry(o, slots, (new, value), seen, &mut self.heap)
    }
    /// Stores key and value of pair `i` of an EPHEMERON at once.
    pub fn set_ephemeron(&mut self, o: Obj, i: usize, key: Obj, value: Obj) {
        let slots = (slot(o, 2 * i), slot(o, 2 * i + 1));
        let words = (to_word(Some(key)), to_word(Some(value)));
        let seen = [slots.0.load(), words.0];
        moonsweep_gc::slot::set_entry(o, slots, words, seen, &mut self.heap)
    }
    /// The reference in a field, as the program may see it.
    pub fn read(&self, o: Obj, i: usize) -> Option<Obj> {
        let weak = |o: Obj| o.kind() == WEAK || o.kind() == EPHEMERON;
        get(o, i).filter(|&t| {
            !weak(o)
                || !self.heap.condemned(t)
                    && (o.kind() == WEAK
                        || i.is_multiple_of(2)
                        || !get(o, i - 1).is_some_and(|k| self.heap.condemned(k)))
        })
    }
    /// Collects if the heap wants to; whether it did.
    pub fn safepoint(&mut self) -> bool {
        let before = self.heap.stats().count();
        if self.heap.poll() {
            self.heap.safepoint(&mut self.roots);
        }
        self.heap.stats().count() != before
    }
    pub fn collect_full(&mut self) {
        self.heap.collect_full(&mut self.roots)
    }
    pub fn collect_young(&mut self) {
        self.heap.collect_young(&mut self.roots)
    }
}

/// A small generator of random numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Less than `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }
    /// True once in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
