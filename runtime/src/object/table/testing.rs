//! What the tests of this crate's objects share.

use crate::mem::Mem;
use crate::object::intern::Interner;
use crate::object::shape::Shapes;
use moonsweep_gc::Heap;

/// A memory that never collects.
pub(crate) fn mem() -> Mem {
    Mem {
        heap: Heap::new(),
        strings: Interner::new(0x1234_5678),
        shapes: Shapes::new(),
        epoch: 0,
        late_modes: Default::default(),
        steps: Default::default(),
    }
}

/// A small random generator.
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}
