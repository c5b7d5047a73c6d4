//! The border: `#t` without metamethods.

use super::Table;
use super::hash::Word;
use super::segment::count_live;
use super::store::{obj_of, store};
use crate::mem::Mem;
use crate::value::{NIL_WORD, int_word};

/// Trailing nils looked at one by one before searching by halves.
const WALK: u64 = 256;

/// Nodes of the smallest hash part.
pub(super) const SMALL_HASH: u64 = 4;
/// Elements up to which lists with holes have the reference implementation's border.
pub(super) const FAITHFUL: u64 = 256;

impl Table {
    /// A border: n such that `t[n]` is not nil (or n is 0) and `t[n + 1]` is nil.
    /// Trailing nils of the array part are dropped on the way.
    #[inline]
    pub unsafe fn len(self, mem: &Mem) -> i64 {
        // SAFETY: indices below `arr_len` only.
        unsafe {
            let n = self.arr_len() as u64;
            if n > 0 && self.visible(mem, self.array_slot(n - 1).1.load()) == NIL_WORD {
                return self.border_inside(mem, n) as i64;
            }
            if self.hash_has_ints() {
                self.border_outside(mem, n)
            } else {
                n as i64
            }
        }
    }
    /// The last of the `n` array elements is nil, or in the hash part.
    #[inline(never)]
    unsafe fn border_inside(self, mem: &Mem, mut n: u64) -> u64 {
        // SAFETY: as above.
        unsafe {
            let stop = n.saturating_sub(WALK);
            let ints = self.hash_has_ints();
            while n > stop && self.visible(mem, self.array_slot(n - 1).1.load()) == NIL_WORD {
                // Besides, a traversal may be at this key: that it was in the array
                // part is only known as long as the hash part has no node for it,
                // not even a removed one (see `position_after`).
                if ints && self.find(Word(int_word(n as i64))).is_some() {
                    break;
                }
                n -= 1;
                self.clear_element(n);
            }
            self.cell().arr_len.set(n as u32);
            if n == 0 || !self.get_int(mem, n as i64).is_nil() {
                return if ints {
                    self.border_outside(mem, n) as u64
                } else {
                    n
                };
            }
            // Element `high` is nil; element `low` is not, or it is 0.
            let (mut low, mut high) = (0, n);
            while high - low > 1 {
                let mid = low + (high - low) / 2;
                if self.get_int(mem, mid as i64).is_nil() {
                    high = mid
                } else {
                    low = mid
                }
            }
            low
        }
    }
    /// Element `n` is the last one that the array part may have, and the hash
    /// part may go on.
    #[inline(never)]
    unsafe fn border_outside(self, mem: &Mem, n: u64) -> i64 {
        // SAFETY: as the caller promised.
        unsafe {
            let n = n as i64;
            if self.hash_int(mem, n + 1) == NIL_WORD {
                return n;
            }
            let mut low = n + 1;
            let mut high = low;
            loop {
                if high > i64::MAX / 2 {
                    if self.hash_int(mem, i64::MAX) != NIL_WORD {
                        return i64::MAX;
                    }
                    high = i64::MAX;
                    break;
                }
                high *= 2;
                if self.hash_int(mem, high) == NIL_WORD {
                    break;
                }
                low = high;
            }
            while high - low > 1 {
                let mid = low + (high - low) / 2;
                if self.hash_int(mem, mid) == NIL_WORD {
                    high = mid
                } else {
                    low = mid
                }
            }
            low
        }
    }
    /// Where a list ends, for `#`, to which a new key is added beyond its flat array part.
    ///
    /// Any border will do for the manual, but programs see which. The reference
    /// implementation has an array of a power of two elements when more than half of them
    /// are in use, and finds a border in it by halves. What is beyond that border goes to
    /// the hash part here, so that `#` has it without searching.
    pub(super) unsafe fn border_with(self, mem: &Mem, key: u64) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            let size = key.next_power_of_two();
            if size > FAITHFUL {
                return key;
            }
            let len = self.arr_len() as u64;
            if size > len.next_power_of_two()
                && (1..=size).filter(|i| self.has_with(mem, *i, key)).count() as u64 <= size / 2
            {
                return len;
            }
            self.border_among(mem, key, key)
        }
    }
    /// Whether adding key `n + 1`, which the flat array part has no room for, may lengthen
    /// that in the reference implementation, where a hash part of one or two keys is full.
    pub(super) unsafe fn may_lengthen(self, n: u64) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            let hash = self.cell().hash.load();
            n < 2 * (self.arr_len() as u64 + SMALL_HASH)
                && hash != NIL_WORD
                && hash & 1 == 0
                && store(obj_of(hash)).capacity as u64 <= SMALL_HASH
                && matches!(count_live(obj_of(hash)), 1 | 2)
        }
    }
    /// The border in an array with room for the keys up to `last`, of which `new` is one.
    pub(super) unsafe fn border_among(self, mem: &Mem, last: u64, new: u64) -> u64 {
        // SAFETY: as the caller promised.
        unsafe {
            let size = last.next_power_of_two();
            if size > FAITHFUL {
                return last;
            }
            if let Some(end) = (size.saturating_sub(1).max(1)..=size)
                .rev()
                .find(|i| self.has_with(mem, *i, new))
            {
                return end;
            }
            border_by_halves(size, |i| self.has_with(mem, i, new))
        }
    }
    /// Whether there is a value at key `i`.
    pub(super) unsafe fn has(self, mem: &Mem, i: u64) -> bool {
        // SAFETY: an index below `arr_len`.
        unsafe {
            if i <= self.arr_len() as u64 {
                self.visible(mem, self.array_slot(i - 1).1.load()) != NIL_WORD
            } else {
                self.hash_int(mem, i as i64) != NIL_WORD
            }
        }
    }
    /// Whether there is a value at key `i` when `new` has been added.
    unsafe fn has_with(self, mem: &Mem, i: u64, new: u64) -> bool {
        // SAFETY: as the caller promised.
        i == new || unsafe { self.has(mem, i) }
    }
}

/// The border that the reference finds by halves in an array of `size` elements, the last
/// of which is nil.
pub(super) fn border_by_halves(size: u64, has: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if has(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    low
}
