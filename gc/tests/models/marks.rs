//! Models of OLD, MARK and the words of objects: the promises of
//! `heap/marks.rs`, each with the threads that could break it.

use super::bitmap::Bitmap;
use super::exchange::Exchange;
use super::marks::Marks;
use super::sync::AtomicU64;
use super::word::Word;
use crate::checked;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

/// Where the heap begins: one word of each bitmap covers it.
const BASE: usize = 1 << 10;
/// An old object.
const A: usize = BASE;
/// Another.
const B: usize = BASE + 16;
/// A cell that is young, or free, or reused.
const Y: usize = BASE + 5 * 16;

/// Three cells and their bits.
struct Heap {
    words: Box<[AtomicU64; 2]>,
    /// The first field of each cell.
    fields: [Word; 6],
    /// The plain memory of each: header, lengths.
    headers: [UnsafeCell<u32>; 6],
}

// SAFETY: the bitmaps are atomic, and loom checks each access to a header.
unsafe impl Sync for Heap {}
// SAFETY: as above.
unsafe impl Send for Heap {}

impl Heap {
    /// A and B were old when the cycle began; nothing has MARK.
    fn new() -> Arc<Heap> {
        let heap = Heap {
            words: Box::new([AtomicU64::new(0), AtomicU64::new(0)]),
            fields: std::array::from_fn(|_| Word::new(0)),
            headers: std::array::from_fn(|_| UnsafeCell::new(0)),
        };
        heap.marks().old.set(A);
        heap.marks().old.set(B);
        Arc::new(heap)
    }
    fn marks(&self) -> Marks {
        Marks {
            old: Bitmap::new(&self.words[0], BASE),
            mark: Bitmap::new(&self.words[1], BASE),
        }
    }
    fn field(&self, addr: usize) -> &Word {
        &self.fields[(addr - BASE) / 16]
    }
    fn initialise(&self, addr: usize) {
        // SAFETY: loom checks that nobody else reads or writes meanwhile.
        self.headers[(addr - BASE) / 16].with_mut(|p| unsafe { *p += 1 })
    }
    fn header(&self, addr: usize) -> u32 {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.headers[(addr - BASE) / 16].with(|p| unsafe { *p })
    }
    /// The marker's visit of an object: what it claims, it visits.
    fn visit(&self, addr: usize) {
        let next = self.field(addr).load() as usize;
        if next != 0 && self.marks().claim(next) {
            self.header(next);
            self.visit(next)
        }
    }
}

/// Promise 1: one claim succeeds; and none makes a neighbour's bit disappear.
pub fn claiming() {
    checked(|| {
        let heap = Heap::new();
        let marker = |first, second| {
            let heap = heap.clone();
            thread::spawn(move || {
                let m = heap.marks();
                (m.claim(first), m.claim(second))
            })
        };
        let (h, k) = (marker(A, B), marker(B, A));
        // The program's thread: its minor.
        let mine = heap.marks().claim_old(A);
        let ((a1, b1), (b2, a2)) = (h.join().unwrap(), k.join().unwrap());
        assert_eq!([a1, a2, mine].iter().filter(|c| **c).count(), 1);
        assert!(b1 != b2);
        assert!(heap.marks().mark.test(A) && heap.marks().mark.test(B));
    })
}

/// Promise 1, and 2 for the neighbours: promoting beside claims.
pub fn promoting_beside_claims() {
    checked(|| {
        let heap = Heap::new();
        let marker = {
            let heap = heap.clone();
            thread::spawn(move || heap.marks().claim(A))
        };
        assert!(heap.marks().promote(Y));
        assert!(!heap.marks().promote(Y));
        assert!(marker.join().unwrap());
        let m = heap.marks();
        assert!(m.mark.test(A) && m.mark.test(Y) && m.old.test(Y) && m.old.test(A));
    })
}

/// Promise 2: the address of a cell that died young, was reused and promoted,
/// is claimed by no marker, however late it comes with it.
pub fn stale_references() {
    checked(|| {
        let heap = Heap::new();
        let marker = {
            let heap = heap.clone();
            thread::spawn(move || {
                let m = heap.marks();
                if m.old.test_published(Y) {
                    assert!(m.mark.test(Y), "OLD without MARK");
                }
                if m.claim(Y) {
                    heap.header(Y);
                    panic!("claimed what was promoted in this cycle");
                }
            })
        };
        heap.initialise(Y);
        heap.marks().promote(Y);
        marker.join().unwrap();
    })
}

/// Promise 3: a reference stored into A, old, while A is being claimed, and
/// nowhere else any more: the minor or the marker makes its target grey.
pub fn changed_objects() {
    checked(|| {
        let heap = Heap::new();
        let marker = {
            let heap = heap.clone();
            thread::spawn(move || {
                if heap.marks().claim(A) {
                    heap.visit(A)
                }
            })
        };
        heap.field(A).store(B as u64);
        // The minor: A is in the log.
        let m = heap.marks();
        if m.visited_by_markers(A) {
            m.claim_old(heap.field(A).own() as usize);
        }
        marker.join().unwrap();
        assert!(m.mark.test(A) && m.mark.test(B), "B is lost");
    })
}

/// The same with a young target: it is promoted by that minor, with MARK.
pub fn changed_objects_with_young_targets() {
    checked(|| {
        let heap = Heap::new();
        let marker = {
            let heap = heap.clone();
            thread::spawn(move || {
                if heap.marks().claim(A) {
                    heap.visit(A)
                }
            })
        };
        heap.initialise(Y);
        heap.field(Y).store(B as u64);
        heap.field(A).store(Y as u64);
        let m = heap.marks();
        m.visited_by_markers(A);
        assert!(m.promote(Y));
        // Y, promoted with MARK, is visited by the minor.
        m.claim_old(heap.field(Y).own() as usize);
        marker.join().unwrap();
        assert!(m.mark.test(Y) && m.mark.test(B) && m.mark.test(A));
    })
}

/// Who loads a reference sees the object's header, even of an object that was
/// made after the marker began.
pub fn fresh_objects_are_visible() {
    checked(|| {
        let heap = Heap::new();
        let marker = {
            let heap = heap.clone();
            thread::spawn(move || {
                if heap.field(A).load() as usize == Y {
                    assert_eq!(heap.header(Y), 1);
                }
            })
        };
        heap.initialise(Y);
        heap.field(A).store(Y as u64);
        marker.join().unwrap();
    })
}

/// What the program made before the snapshot is visible to helpers, by way of
/// the exchange; and what they marked to the program when they are idle.
pub fn from_snapshot_to_final_mark() {
    checked(|| {
        let heap = Heap::new();
        let x: Arc<Exchange<usize, ()>> = Arc::new(Exchange::new());
        x.join();
        let helper = {
            let (heap, x) = (heap.clone(), x.clone());
            thread::spawn(move || {
                while let Some(packet) = x.take() {
                    for obj in packet {
                        assert_eq!(heap.header(obj), 1);
                        heap.visit(obj)
                    }
                    x.hand_in(());
                }
            })
        };
        heap.initialise(A);
        heap.initialise(B);
        heap.field(A).store(B as u64);
        assert!(heap.marks().claim(A));
        x.give(vec![A]);
        while !x.is_idle() {
            thread::yield_now()
        }
        assert!(heap.marks().mark.test(B), "idle, and B is not marked");
        x.quit();
        helper.join().unwrap();
    })
}
