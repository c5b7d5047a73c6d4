//! The strings of one byte, and the empty one.
//!
//! Programs that look at text byte by byte make them all the time: here each is
//! made once, interned, and kept. A table in the heap keeps them alive, so that a
//! minor has nothing to do with those it has seen before.

use super::string::Str;
use super::table::Table;
use crate::mem::Mem;

/// As many strings as there are bytes, and the empty one.
const COUNT: usize = 257;
const EMPTY: usize = 256;

/// The cache.
pub(crate) struct Characters {
    strings: Box<[Option<Str>]>,
    /// Refers to each of them: a root.
    pub(crate) keeper: Table,
}

impl Characters {
    pub(crate) fn new(mem: &mut Mem) -> Characters {
        Characters {
            strings: vec![None; COUNT].into_boxed_slice(),
            // SAFETY: the new table is a root from now on.
            keeper: unsafe { Table::new(mem, 0, 0, 0, 0) },
        }
    }
    /// The string of these bytes, if there are at most one and it was made before.
    #[inline(always)]
    pub(crate) fn get(&self, bytes: &[u8]) -> Option<Str> {
        match bytes {
            [] => self.strings[EMPTY],
            [b] => self.strings[*b as usize],
            _ => None,
        }
    }
    /// Keeps a string from now on: `s`, or the canonical one of the same content.
    /// One that is longer, or that there is no memory for, is not kept.
    pub(crate) fn keep(&mut self, mem: &mut Mem, s: Str) -> Str {
        // SAFETY: a live string, and a table that is a root.
        unsafe {
            let i = match s.as_bytes() {
                [] => EMPTY,
                [b] => *b as usize,
                _ => return s,
            };
            let s = s.intern(mem);
            if self.keeper.append(mem, s.value()).is_ok() {
                self.strings[i] = Some(s);
            }
            s
        }
    }
}
