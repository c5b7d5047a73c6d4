//! Shapes: which string keys a table has in which slots.
//!
//! A shape is an immutable list of keys: key number n lives in slot n of each
//! table of that shape. Adding a key is a transition to another shape. A shape
//! that grew out of another by adding keys shares its list: a list only grows
//! at its end, and a shape is a list and a count.
//!
//! A *sealed* shape has the keys of another shape but no transitions: tables
//! that have string keys in their hash part as well have one. So whoever caches
//! "shape A lacks key k" or "storing k leads from A to B" may rely on the shape
//! alone for every shape that is not sealed.
//!
//! Shapes live outside of the heap and are never freed, so their number and the
//! number of keys is bounded; beyond the bound, keys go to the hash part.

use moonsweep_gc::{Obj, Visitor};
use std::cell::Cell;
use std::collections::HashSet;

/// No transitions are made when there are that many shapes.
const MAX_SHAPES: usize = 60_000;
/// Sealed shapes may use up the rest: ids fit 16 bits.
const MAX_SEALED: usize = 65_535;
/// Keys of all lists together.
const MAX_TOTAL_KEYS: usize = 1 << 20;
/// Most keys in a shape.
pub const MAX_KEYS: u32 = 1000;
/// Most keys in a shape that are added by computed names (`t[k] = v`).
pub const MAX_DYNAMIC_KEYS: u32 = 64;
/// Number of shapes that computed names may create.
const MAX_DYNAMIC_SHAPES: u32 = 8192;
/// Lists up to this long are searched without an index.
const LINEAR: usize = 8;
const CACHE: usize = 2048;
const ABSENT: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Shape {
    list: u32,
    count: u32,
    sealed: bool,
    /// The sealed shape with the same keys; 0 if not made yet.
    sealed_as: u32,
}

#[derive(Default)]
struct List {
    keys: Vec<Obj>,
    /// Open addressing: key number + 1, or 0.
    index: Vec<u16>,
}

impl List {
    fn find(&self, key: Obj) -> Option<u32> {
        if self.index.is_empty() {
            return self.keys.iter().position(|k| *k == key).map(|n| n as u32);
        }
        let mask = self.index.len() - 1;
        let mut i = hash(0, key) as usize & mask;
        loop {
            match self.index[i] {
                0 => return None,
                n if self.keys[n as usize - 1] == key => return Some(n as u32 - 1),
                _ => i = (i + 1) & mask,
            }
        }
    }
    fn push(&mut self, key: Obj) {
        self.keys.push(key);
        if self.keys.len() <= LINEAR {
            return;
        }
        let from = if self.keys.len() * 2 > self.index.len() {
            self.index = vec![0; (self.keys.len() * 4).next_power_of_two()];
            0
        } else {
            self.keys.len() - 1
        };
        let mask = self.index.len() - 1;
        for n in from..self.keys.len() {
            let mut i = hash(0, self.keys[n]) as usize & mask;
            while self.index[i] != 0 {
                i = (i + 1) & mask;
            }
            self.index[i] = n as u16 + 1;
        }
    }
}

/// All shapes of a virtual machine.
pub struct Shapes {
    shapes: Vec<Shape>,
    lists: Vec<List>,
    /// Open addressing: (shape, key) -> shape.
    transitions: Vec<(u64, u32)>,
    transition_count: usize,
    total_keys: usize,
    dynamic: u32,
    known: HashSet<Obj>,
    /// Those of them that no heap object refers to yet.
    new_keys: Vec<Obj>,
    /// Direct-mapped: (shape, key) -> slot, or `ABSENT`.
    cache: Box<[Cell<(u64, u32)>]>,
}

/// Shape and key in one word; 0 for no pair since the empty shape has no entries.
#[inline(always)]
fn pair(shape: u32, key: Obj) -> u64 {
    (shape as u64) << 48 | key.addr() as u64
}

#[inline(always)]
fn hash(shape: u32, key: Obj) -> u64 {
    (pair(shape, key) ^ (shape as u64) << 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
}

impl Shapes {
    /// The shape of tables without keys in slots.
    pub const EMPTY: u32 = 0;
    /// The sealed empty shape: all string keys are in the hash part.
    pub const DICT: u32 = 1;

    /// The two empty shapes.
    pub fn new() -> Shapes {
        let empty = Shape {
            list: 0,
            count: 0,
            sealed: false,
            sealed_as: Shapes::DICT,
        };
        Shapes {
            shapes: vec![
                empty,
                Shape {
                    sealed: true,
                    ..empty
                },
            ],
            lists: vec![List::default()],
            transitions: vec![(0, 0); 64],
            transition_count: 0,
            total_keys: 0,
            dynamic: 0,
            known: HashSet::new(),
            new_keys: Vec::new(),
            cache: vec![Cell::new((0, 0)); CACHE].into_boxed_slice(),
        }
    }
    /// The slot of a key (a canonical short string).
    #[inline(always)]
    pub fn lookup(&self, shape: u32, key: Obj) -> Option<u32> {
        if shape <= Shapes::DICT {
            return None;
        }
        let p = pair(shape, key);
        let c = &self.cache[hash(shape, key) as usize % CACHE];
        let (q, n) = c.get();
        if p == q {
            return (n != ABSENT).then_some(n);
        }
        self.lookup_slow(shape, key, c)
    }
    /// As [`Shapes::lookup`]; `None` if the answer is not at hand.
    #[inline(always)]
    pub fn cached(&self, shape: u32, key: Obj) -> Option<Option<u32>> {
        if shape <= Shapes::DICT {
            return Some(None);
        }
        let (q, n) = self.cache[hash(shape, key) as usize % CACHE].get();
        (pair(shape, key) == q).then_some((n != ABSENT).then_some(n))
    }
    #[inline(never)]
    fn lookup_slow(&self, shape: u32, key: Obj, cache: &Cell<(u64, u32)>) -> Option<u32> {
        let s = &self.shapes[shape as usize];
        let n = self.lists[s.list as usize]
            .find(key)
            .filter(|n| *n < s.count);
        cache.set((pair(shape, key), n.unwrap_or(ABSENT)));
        n
    }
    /// The shape that results from adding a key, which the shape lacks. Its slot
    /// is the old count. `None`: the key must go to the hash part.
    pub fn transition(&mut self, shape: u32, key: Obj) -> Option<u32> {
        match self.existing(shape, key) {
            None if self.shapes[shape as usize].count < MAX_KEYS => self.create(shape, key),
            t => t,
        }
    }
    /// As [`Shapes::transition`] for keys computed by the program, which must
    /// not make shapes without bound.
    pub fn transition_dynamic(&mut self, shape: u32, key: Obj) -> Option<u32> {
        if let Some(t) = self.existing(shape, key) {
            return Some(t);
        }
        if self.shapes[shape as usize].count >= MAX_DYNAMIC_KEYS
            || self.dynamic >= MAX_DYNAMIC_SHAPES
        {
            return None;
        }
        self.dynamic += 1;
        self.create(shape, key)
    }
    /// The transition, if it was made before.
    pub fn existing(&self, shape: u32, key: Obj) -> Option<u32> {
        // The pair of shape 0 is the bare address, which is not 0 either.
        let p = pair(shape, key);
        let mask = self.transitions.len() - 1;
        let mut i = hash(shape, key) as usize & mask;
        loop {
            match self.transitions[i] {
                (0, _) => return None,
                (q, t) if q == p => return Some(t),
                _ => i = (i + 1) & mask,
            }
        }
    }
    #[cold]
    fn create(&mut self, shape: u32, key: Obj) -> Option<u32> {
        let s = self.shapes[shape as usize];
        if s.sealed
            || self.shapes.len() >= MAX_SHAPES
            || self.total_keys + s.count as usize >= MAX_TOTAL_KEYS
        {
            return None;
        }
        debug_assert!(self.lookup(shape, key).is_none());
        let list = if self.lists[s.list as usize].keys.len() == s.count as usize && s.list != 0 {
            s.list
        } else {
            let mut copy = List::default();
            for &k in &self.lists[s.list as usize].keys[..s.count as usize] {
                copy.push(k);
            }
            self.total_keys += s.count as usize;
            self.lists.push(copy);
            self.lists.len() as u32 - 1
        };
        self.lists[list as usize].push(key);
        self.total_keys += 1;
        if self.known.insert(key) {
            self.new_keys.push(key);
        }
        let new = self.shapes.len() as u32;
        self.shapes.push(Shape {
            list,
            count: s.count + 1,
            sealed: false,
            sealed_as: 0,
        });
        if self.transition_count * 2 >= self.transitions.len() {
            let bigger = vec![(0, 0); self.transitions.len() * 2];
            for (p, t) in std::mem::replace(&mut self.transitions, bigger) {
                if p != 0 {
                    self.put(p, t);
                }
            }
        }
        self.transition_count += 1;
        self.put(pair(shape, key), new);
        Some(new)
    }
    fn put(&mut self, p: u64, t: u32) {
        let mask = self.transitions.len() - 1;
        let mut i =
            ((p ^ (p >> 48) << 4).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & mask;
        while self.transitions[i].0 != 0 {
            i = (i + 1) & mask;
        }
        self.transitions[i] = (p, t);
    }
    /// The sealed shape with the same keys; `None` if there are too many shapes.
    pub fn sealed(&mut self, shape: u32) -> Option<u32> {
        let s = self.shapes[shape as usize];
        if s.sealed {
            return Some(shape);
        }
        if s.sealed_as != 0 {
            return Some(s.sealed_as);
        }
        if self.shapes.len() >= MAX_SEALED {
            return None;
        }
        let new = self.shapes.len() as u32;
        self.shapes.push(Shape { sealed: true, ..s });
        self.shapes[shape as usize].sealed_as = new;
        Some(new)
    }
    /// Whether tables of this shape may have string keys in the hash part too.
    #[inline(always)]
    pub fn is_sealed(&self, shape: u32) -> bool {
        shape != Shapes::EMPTY && self.shapes[shape as usize].sealed
    }
    /// Number of keys.
    #[inline(always)]
    pub fn count(&self, shape: u32) -> u32 {
        self.shapes[shape as usize].count
    }
    /// The key of a slot.
    #[inline(always)]
    pub fn key(&self, shape: u32, slot: u32) -> Obj {
        let s = &self.shapes[shape as usize];
        debug_assert!(slot < s.count);
        self.lists[s.list as usize].keys[slot as usize]
    }
    /// The shape with these keys (canonical short strings, distinct) in this order.
    pub fn from_template(&mut self, keys: &[Obj]) -> Option<u32> {
        keys.iter()
            .try_fold(Shapes::EMPTY, |s, k| self.transition(s, *k))
    }
    /// Number of shapes.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }
    /// Never: the empty shapes always exist.
    pub fn is_empty(&self) -> bool {
        false
    }
    /// The keys that came since this was last called. Who calls it keeps them
    /// alive as long as the shapes.
    pub fn take_new_keys(&mut self) -> Vec<Obj> {
        std::mem::take(&mut self.new_keys)
    }
    /// Puts one of these back.
    pub fn leave_new_key(&mut self, key: Obj) {
        self.new_keys.push(key)
    }
    /// Visits the keys that were not taken.
    pub fn trace_new_keys<V: Visitor>(&self, visitor: &mut V) {
        for k in &self.new_keys {
            visitor.object(*k);
        }
    }
}

impl Default for Shapes {
    fn default() -> Self {
        Shapes::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::string::Str;
    use super::super::table::testing::mem;
    use super::*;

    #[test]
    fn transitions() {
        let mut mem = mem();
        // SAFETY: nothing collects in tests.
        let key: Vec<Obj> = (0..2000)
            .map(|i| unsafe { Str::interned(&mut mem, format!("k{i}").as_bytes()).0 })
            .collect();
        let s = &mut mem.shapes;
        let a = s.from_template(&key[..20]).expect("room");
        assert_eq!((s.count(a), s.len()), (20, 22));
        assert_eq!(s.from_template(&key[..20]), Some(a));
        let b = s.from_template(&key[..5]).expect("room");
        let c = s.transition(b, key[50]).expect("room");
        for (n, k) in key.iter().take(20).enumerate() {
            assert_eq!(s.lookup(a, *k), Some(n as u32));
            assert_eq!(s.lookup(b, *k), (n < 5).then_some(n as u32));
            assert_eq!(s.lookup(c, *k), (n < 5).then_some(n as u32));
            assert_eq!(s.key(a, n as u32), *k);
        }
        assert_eq!(
            (s.lookup(c, key[50]), s.lookup(a, key[50])),
            (Some(5), None)
        );
        let d = s.sealed(c).expect("room");
        assert!(
            s.is_sealed(d) && !s.is_sealed(c) && s.sealed(d) == Some(d) && s.sealed(c) == Some(d)
        );
        assert_eq!(
            (s.lookup(d, key[50]), s.transition(d, key[7])),
            (Some(5), None)
        );
        assert_eq!(s.sealed(Shapes::EMPTY), Some(Shapes::DICT));
        assert_eq!(s.from_template(&key[..1001]), None);
        let big = s.from_template(&key[..1000]).expect("room");
        assert!((0..1000).all(|n| s.lookup(big, key[n]) == Some(n as u32)));
    }

    #[test]
    fn bounded() {
        let mut mem = mem();
        // SAFETY: nothing collects in tests.
        let key: Vec<Obj> = (0..400)
            .map(|i| unsafe { Str::interned(&mut mem, format!("k{i}").as_bytes()).0 })
            .collect();
        let s = &mut mem.shapes;
        for a in 0..400 {
            for b in 0..400 {
                if a != b {
                    s.from_template(&[key[a], key[b]]);
                }
            }
        }
        assert_eq!(s.len(), MAX_SHAPES);
        assert!(s.from_template(&[key[0], key[1]]).is_some());
    }
}
