//! A model of a whole cycle, for shuttle: the program changes a random graph,
//! takes minors, hands grey objects to helpers and ends the cycle, all with the
//! real exchange, marks and words; only the graph is a toy. Schedules are random.

use super::bitmap::Bitmap;
use super::exchange::Exchange;
use super::marks::Marks;
use super::sync::AtomicU64;
use super::word::Word;
use shuttle::rand::Rng;
use shuttle::sync::Arc;
use shuttle::thread;
use std::collections::BTreeSet;

const BASE: usize = 1 << 10;
/// Cells of the heap, each with two fields.
const CELLS: usize = 24;
/// Of these so many are old when the cycle begins.
const OLD: usize = 12;

struct Heap {
    words: [AtomicU64; 2],
    fields: Vec<[Word; 2]>,
}

impl Heap {
    fn marks(&self) -> Marks {
        Marks {
            old: Bitmap::new(&self.words[0], BASE),
            mark: Bitmap::new(&self.words[1], BASE),
        }
    }
    fn fields(&self, addr: usize) -> &[Word; 2] {
        &self.fields[(addr - BASE) / 16]
    }
}

fn cell(i: usize) -> usize {
    BASE + 16 * i
}

type Work = Exchange<usize, usize>;

/// As `helpers.rs`; with `fails` it gives up in the midst of some packet.
fn help(heap: &Heap, x: &Work, fails: bool) {
    let mut rng = shuttle::rand::thread_rng();
    while let Some(mut grey) = x.take() {
        let mut work = 0;
        while let Some(obj) = grey.pop() {
            if x.is_recalled() {
                grey.clear();
                break;
            }
            if fails && rng.gen_ratio(1, 4) {
                // The visit at hand is made again by somebody else.
                grey.push(obj);
                return x.leave(grey, work);
            }
            for field in heap.fields(obj) {
                let to = field.load() as usize;
                if to != 0 && heap.marks().claim(to) {
                    grey.push(to)
                }
            }
            work += 1;
            if grey.len() > 1 && x.wants_packets() {
                x.give(grey.split_off(1));
            }
        }
        x.hand_in(work);
    }
    x.resign()
}

/// The program's side of a cycle.
struct Program {
    heap: Arc<Heap>,
    x: Arc<Work>,
    roots: [usize; 3],
    /// Cells in use that are not old.
    young: BTreeSet<usize>,
    log: BTreeSet<usize>,
    grey: Vec<usize>,
    alone: bool,
}

impl Program {
    fn below(n: usize) -> usize {
        shuttle::rand::thread_rng().gen_range(0..n)
    }
    fn step(&mut self) {
        let root = self.roots[Self::below(3)];
        match Self::below(6) {
            0 | 1 => {
                let to = self.roots[Self::below(3)];
                self.store(root, Self::below(2), to)
            }
            2 => self.store(root, Self::below(2), 0),
            3 => {
                let to = self.heap.fields(root)[Self::below(2)].own() as usize;
                if to != 0 {
                    self.roots[Self::below(3)] = to;
                }
            }
            4 => {
                // A cell that is free, maybe one that died young.
                let free = (OLD..CELLS)
                    .map(cell)
                    .find(|&c| !self.young.contains(&c) && !self.heap.marks().old.test(c));
                if let Some(new) = free {
                    self.young.insert(new);
                    self.heap.fields(new)[0].store(root as u64);
                    self.heap.fields(new)[1].store(0);
                    self.roots[Self::below(3)] = new;
                }
            }
            _ => self.minor(),
        }
    }
    fn store(&mut self, owner: usize, i: usize, to: usize) {
        if !self.young.contains(&owner) {
            self.log.insert(owner);
        }
        self.heap.fields(owner)[i].store(to as u64)
    }
    /// As `minor.rs`: roots, log, survivors.
    fn minor(&mut self) {
        let m = self.heap.marks();
        let mut todo = Vec::new();
        let mut found = |addr: usize, greying: bool, todo: &mut Vec<usize>| {
            if self.young.contains(&addr) {
                if m.promote(addr) {
                    todo.push(addr)
                }
            } else if greying && m.claim_old(addr) {
                self.grey.push(addr)
            }
        };
        for root in self.roots {
            found(root, true, &mut todo)
        }
        for owner in std::mem::take(&mut self.log) {
            let greying = m.visited_by_markers(owner);
            for field in self.heap.fields(owner) {
                match field.own() as usize {
                    0 => {}
                    to => found(to, greying, &mut todo),
                }
            }
        }
        while let Some(obj) = todo.pop() {
            for field in self.heap.fields(obj) {
                match field.own() as usize {
                    0 => {}
                    to => found(to, true, &mut todo),
                }
            }
        }
        self.young.clear();
    }
    /// As `Cycle::mark`: whether all that is known to be grey was visited.
    fn hand_over(&mut self) -> bool {
        if !self.alone && self.x.is_deserted() {
            self.alone = true;
            self.grey.extend(self.x.take_back().0.into_iter().flatten());
        }
        if self.alone {
            while let Some(obj) = self.grey.pop() {
                for field in self.heap.fields(obj) {
                    let to = field.own() as usize;
                    if to != 0 && self.heap.marks().claim(to) {
                        self.grey.push(to)
                    }
                }
            }
            return true;
        }
        let idle = self.x.is_idle();
        if !self.grey.is_empty() {
            if let Err(grey) = self.x.try_give(std::mem::take(&mut self.grey)) {
                self.grey = grey;
            }
            return false;
        }
        idle
    }
    fn check(&self) {
        let mut seen = BTreeSet::new();
        let mut todo = self.roots.to_vec();
        while let Some(obj) = todo.pop() {
            if seen.insert(obj) {
                assert!(self.heap.marks().mark.test(obj), "{obj:#x} is lost");
                let fields = self.heap.fields(obj).iter();
                todo.extend(fields.map(|f| f.own() as usize).filter(|&a| a != 0));
            }
        }
    }
}

/// One cycle; all that is reachable at its end has MARK.
pub fn cycle(helpers: usize, failing: usize, recalls: bool) {
    let mut heap = Heap {
        words: [AtomicU64::new(0), AtomicU64::new(0)],
        fields: (0..CELLS).map(|_| [Word::new(0), Word::new(0)]).collect(),
    };
    for i in 0..OLD {
        heap.marks().old.set(cell(i));
        heap.fields[i] = std::array::from_fn(|_| Word::new(cell(Program::below(OLD)) as u64));
    }
    let heap = Arc::new(heap);
    let x: Arc<Work> = Arc::new(Exchange::new());
    let threads: Vec<_> = (0..helpers)
        .map(|i| {
            let (heap, x) = (heap.clone(), x.clone());
            x.join();
            thread::spawn(move || help(&heap, &x, i < failing))
        })
        .collect();
    let mut p = Program {
        roots: std::array::from_fn(cell),
        heap,
        x,
        young: BTreeSet::new(),
        log: BTreeSet::new(),
        grey: Vec::new(),
        alone: false,
    };
    p.minor();
    if recalls {
        // A cycle that is given up: its marks are cleared, nothing of it is left.
        p.hand_over();
        (0..3).for_each(|_| p.step());
        p.x.recall();
        assert!(p.x.is_idle() && !p.x.has_results());
        p.grey.clear();
        p.minor();
        p.grey.clear();
        for i in 0..CELLS {
            p.heap.marks().mark.clear(cell(i))
        }
        p.minor();
    }
    loop {
        p.hand_over();
        for _ in 0..4 {
            p.step();
        }
        if p.hand_over() {
            // The final mark: a minor; if it made anything grey, marking goes on.
            p.minor();
            if p.grey.is_empty() {
                break;
            }
        }
        thread::yield_now();
    }
    p.check();
    p.x.quit();
    for t in threads {
        t.join().unwrap();
    }
}
