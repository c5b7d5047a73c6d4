//! Strings: immutable byte sequences in one cell.
//!
//! Short strings (up to [`MAX_SHORT`] bytes) are interned lazily: two short
//! strings that are both interned are equal exactly if they are the same
//! object, and only interned ones serve as keys of tables. Long strings are
//! compared by content.
//!
//! Contract of every `unsafe fn` here: the strings passed are alive (rooted, or
//! no safepoint since they were obtained).
#![allow(clippy::missing_safety_doc)] // one contract for all, stated above

use super::kind;
use crate::mem::Mem;
use crate::value::{Value, tag};
use moonsweep_gc::{Header, Heap, Obj, slot};
use std::cell::Cell;
use std::cmp::Ordering;

/// Longest string that is interned, in bytes.
pub const MAX_SHORT: usize = 40;
/// Longest string.
pub const MAX_LEN: usize = u32::MAX as usize - 32;
/// Header bit (user byte 0): this is the canonical string of its content.
const INTERNED: u8 = 1;
/// Header bit (user byte 0): the hash is stored.
const HASHED: u8 = 2;
/// Offset of the bytes in the cell.
pub const BYTES_OFFSET: usize = 16;

/// The cell of a string; the bytes follow.
#[repr(C)]
pub struct StrCell {
    header: Header,
    len: u32,
    hash: Cell<u32>,
}

const _: () = assert!(size_of::<StrCell>() == BYTES_OFFSET);

/// A string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Str(pub Obj);

impl Str {
    /// A new string, not interned, of at most `Heap::SMALL_LIMIT` bytes with its header.
    #[inline]
    pub unsafe fn new(mem: &mut Mem, bytes: &[u8]) -> Str {
        let size = BYTES_OFFSET + bytes.len();
        debug_assert!(size <= Heap::<super::trace::LuaModel>::SMALL_LIMIT);
        // SAFETY: all of the cell is initialised here, and nobody else knows it yet.
        unsafe {
            let obj = match mem.heap.alloc_fast(size, kind::STRING) {
                Some(obj) => obj,
                None => mem.heap.alloc(size, kind::STRING),
            };
            let s = Str::init(obj, bytes.len());
            s.bytes_ptr()
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            s
        }
    }
    /// A new string of any size, not interned; `None` if the heap's limit is reached.
    pub unsafe fn try_new(mem: &mut Mem, bytes: &[u8]) -> Option<Str> {
        // SAFETY: as the caller promised.
        unsafe { Str::concat(mem, &[bytes]) }
    }
    /// A new string of `len` bytes that `fill` writes (they are zero before).
    pub unsafe fn try_new_with(
        mem: &mut Mem,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Option<Str> {
        // SAFETY: the bytes are `len` bytes of a cell that nobody else knows yet.
        unsafe {
            let s = Str::raw(mem, len)?;
            s.bytes_ptr().write_bytes(0, len);
            fill(std::slice::from_raw_parts_mut(s.bytes_ptr(), len));
            Some(s)
        }
    }
    /// The concatenation of `parts`; `None` if it is too long or the heap's limit is reached.
    pub unsafe fn concat(mem: &mut Mem, parts: &[&[u8]]) -> Option<Str> {
        let mut len = 0usize;
        for p in parts {
            len = len.checked_add(p.len())?;
        }
        // SAFETY: the parts fill the bytes of the new cell exactly.
        unsafe {
            let s = Str::raw(mem, len)?;
            let mut at = s.bytes_ptr();
            for p in parts {
                at.copy_from_nonoverlapping(p.as_ptr(), p.len());
                at = at.add(p.len());
            }
            Some(s)
        }
    }
    /// A string of any size with its bytes not written.
    unsafe fn raw(mem: &mut Mem, len: usize) -> Option<Str> {
        if len > MAX_LEN {
            return None;
        }
        let size = BYTES_OFFSET + len;
        // SAFETY: `init` and the callers initialise the cell.
        unsafe {
            let obj = if size <= 1024 {
                mem.heap.alloc(size, kind::STRING)
            } else {
                mem.heap.try_alloc(size, kind::STRING)?
            };
            Some(Str::init(obj, len))
        }
    }
    #[inline(always)]
    unsafe fn init(obj: Obj, len: usize) -> Str {
        // SAFETY: a new cell, at least as large as `StrCell`.
        unsafe {
            let cell = obj.as_ptr() as *mut StrCell;
            (&raw mut (*cell).len).write(len as u32);
            (&raw mut (*cell).hash).write(Cell::new(0));
        }
        Str(obj)
    }
    #[inline(always)]
    unsafe fn cell<'a>(self) -> &'a StrCell {
        // SAFETY: a live string's cell; only the hash ever changes, and it is a `Cell`.
        unsafe { &*(self.0.as_ptr() as *const StrCell) }
    }
    #[inline(always)]
    unsafe fn bytes_ptr(self) -> *mut u8 {
        // SAFETY: the bytes follow the fixed part.
        unsafe { (self.0.as_ptr() as *mut u8).add(BYTES_OFFSET) }
    }
    /// Length in bytes.
    #[inline(always)]
    pub unsafe fn len(self) -> usize {
        // SAFETY: as the caller promised.
        unsafe { self.cell().len as usize }
    }
    /// No bytes?
    #[inline(always)]
    pub unsafe fn is_empty(self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.len() == 0 }
    }
    /// The bytes.
    #[inline(always)]
    pub unsafe fn as_bytes<'a>(self) -> &'a [u8] {
        // SAFETY: the bytes are immutable; the caller keeps the string alive.
        unsafe { std::slice::from_raw_parts(self.bytes_ptr(), self.len()) }
    }
    /// Short enough to be interned?
    #[inline(always)]
    pub unsafe fn is_short(self) -> bool {
        // SAFETY: as the caller promised.
        unsafe { self.len() <= MAX_SHORT }
    }
    /// The hash of the content, computed at first use.
    #[inline(always)]
    pub unsafe fn hash(self, mem: &Mem) -> u32 {
        // SAFETY: as the caller promised.
        unsafe { self.hash_with(mem.strings.seed()) }
    }
    /// As [`Str::hash`], with the seed given.
    #[inline(always)]
    pub(super) unsafe fn hash_with(self, seed: u64) -> u32 {
        // SAFETY: as the caller promised.
        unsafe {
            if self.0.user(0) & HASHED != 0 {
                return self.cell().hash.get();
            }
            self.set_hash(hash_bytes(seed, self.as_bytes()))
        }
    }
    #[inline(always)]
    pub(super) unsafe fn set_hash(self, h: u32) -> u32 {
        // SAFETY: as the caller promised.
        unsafe { self.cell().hash.set(h) };
        self.0.set_user(0, self.0.user(0) | HASHED);
        h
    }
    /// The hash of a string that was hashed before.
    #[inline(always)]
    pub(super) unsafe fn known_hash(self) -> u32 {
        debug_assert!(self.0.user(0) & HASHED != 0);
        // SAFETY: as the caller promised.
        unsafe { self.cell().hash.get() }
    }
    /// The canonical string of its content?
    #[inline(always)]
    pub unsafe fn is_interned(self) -> bool {
        self.0.user(0) & INTERNED != 0
    }
    /// Marks a string as the canonical one (interner only).
    pub(super) unsafe fn set_interned(self) {
        self.0.set_user(0, self.0.user(0) | INTERNED);
    }
    /// The interned string with the content of this short one, if there is one.
    #[inline]
    pub unsafe fn canonical(self, mem: &Mem) -> Option<Str> {
        // SAFETY: as the caller promised.
        unsafe {
            if self.is_interned() {
                return Some(self);
            }
            let found = mem.strings.find_hashed(self.as_bytes(), self.hash(mem));
            if let Some(s) = found {
                mem.heap.revive(s.0);
            }
            found
        }
    }
    /// Same content?
    #[inline(always)]
    pub unsafe fn eq(self, other: Str) -> bool {
        if self.0 == other.0 {
            return true;
        }
        if self.0.user(0) & other.0.user(0) & INTERNED != 0 {
            return false;
        }
        // SAFETY: as the caller promised.
        unsafe { self.eq_content(other) }
    }
    #[inline(never)]
    unsafe fn eq_content(self, other: Str) -> bool {
        // SAFETY: as the caller promised.
        unsafe {
            let both = self.0.user(0) & other.0.user(0);
            self.len() == other.len()
                && (both & HASHED == 0 || self.cell().hash.get() == other.cell().hash.get())
                && self.as_bytes() == other.as_bytes()
        }
    }
    /// The order of the contents, byte by byte (`strcoll` in the C locale).
    #[inline]
    pub unsafe fn cmp(self, other: Str) -> Ordering {
        // SAFETY: as the caller promised.
        unsafe { self.as_bytes().cmp(other.as_bytes()) }
    }
    /// The value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value {
            tag: tag::STRING,
            payload: self.0.addr() as u64,
        }
    }
    /// The packed word.
    #[inline(always)]
    pub fn word(self) -> u64 {
        slot::reference(self.0, tag::STRING as u8)
    }
    /// The string, if the value is one.
    #[inline(always)]
    pub fn from_value(v: Value) -> Option<Str> {
        // SAFETY: string values come with the address of a string.
        (v.tag == tag::STRING).then(|| Str(unsafe { v.obj() }))
    }
    /// The canonical string of a short content, found or created; a new plain string for a long one.
    pub unsafe fn interned(mem: &mut Mem, bytes: &[u8]) -> Str {
        // SAFETY: as the caller promised.
        unsafe {
            if bytes.len() > MAX_SHORT {
                let s = Str::try_new(mem, bytes);
                return s.unwrap_or_else(|| Str::new(mem, bytes));
            }
            let h = hash_bytes(mem.strings.seed(), bytes);
            if let Some(s) = mem.strings.find_hashed(bytes, h) {
                mem.heap.revive(s.0);
                return s;
            }
            let s = Str::new(mem, bytes);
            s.set_hash(h);
            mem.strings.insert(s);
            s
        }
    }
    /// The canonical string of the same content; a long string stays what it is.
    #[inline(always)]
    pub unsafe fn intern(self, mem: &mut Mem) -> Str {
        // SAFETY: as the caller promised.
        unsafe {
            if self.is_interned() || !self.is_short() {
                return self;
            }
            let s = mem.strings.intern(self);
            mem.heap.revive(s.0);
            s
        }
    }
    /// The number + 1 of the metamethod event that this (canonical) string names; 0 if none.
    #[inline(always)]
    pub unsafe fn event(self) -> u8 {
        self.0.user(1)
    }
    /// Makes this (canonical) string the name of the metamethod event number `n - 1`.
    pub unsafe fn set_event(self, n: u8) {
        self.0.set_user(1, n)
    }
}

/// 64x64-bit multiplication folded to 64 bits.
#[inline(always)]
pub(super) const fn fold(a: u64, b: u64) -> u64 {
    let p = (a as u128).wrapping_mul(b as u128);
    p as u64 ^ (p >> 64) as u64
}

const K0: u64 = 0xA076_1D64_78BD_642F;
const K1: u64 = 0xE703_7ED1_A0B4_28DB;
const K2: u64 = 0x8EBC_6AF0_9C88_C6E3;

#[inline(always)]
fn read8(s: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(s[at..at + 8].try_into().expect("8 bytes"))
}

#[inline(always)]
fn read4(s: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(s[at..at + 4].try_into().expect("4 bytes")) as u64
}

/// The seeded hash of a byte string (after wyhash); never 0 or 1.
#[inline]
pub fn hash_bytes(seed: u64, s: &[u8]) -> u32 {
    let n = s.len();
    let mut h = seed ^ (n as u64).wrapping_mul(K0);
    let (a, b) = if n > 16 {
        let mut i = 0;
        while n - i > 16 {
            h = fold(read8(s, i) ^ K1, read8(s, i + 8) ^ h);
            i += 16;
        }
        (read8(s, n - 16), read8(s, n - 8))
    } else if n >= 8 {
        (read8(s, 0), read8(s, n - 8))
    } else if n >= 4 {
        (read4(s, 0), read4(s, n - 4))
    } else if n > 0 {
        (
            (s[0] as u64) << 16 | (s[n / 2] as u64) << 8 | s[n - 1] as u64,
            0,
        )
    } else {
        (0, 0)
    };
    let h = fold(fold(a ^ K2, b ^ h) ^ K0, K1 ^ h);
    let h = (h ^ h >> 32) as u32;
    if h < 2 { h + 2 } else { h }
}

#[cfg(test)]
mod tests {
    use super::super::table::testing::mem;
    use super::*;

    #[test]
    fn strings() {
        let mut mem = mem();
        let mem = &mut mem;
        // SAFETY: nothing collects in tests.
        unsafe {
            let a = Str::new(mem, b"hello");
            let b = Str::concat(mem, &[b"he", b"", b"llo"]).expect("small");
            assert!(a.eq(b) && a.0 != b.0 && a.hash(mem) == b.hash(mem) && a.len() == 5);
            assert!(
                a.intern(mem).0 == a.0
                    && b.intern(mem).0 == a.0
                    && Str::interned(mem, b"hello").0 == a.0
            );
            assert!(a.is_interned() && !b.is_interned() && a.eq(b));
            let c = Str::interned(mem, b"hellp");
            assert!(!a.eq(c) && a.cmp(c) == Ordering::Less && c.cmp(b) == Ordering::Greater);
            assert!(Str::from_value(a.value()) == Some(a) && Str::from_value(Value::NIL).is_none());
            let l = Str::try_new_with(mem, 100_000, |s| s.fill(b'x')).expect("memory");
            let m = Str::try_new(mem, &[b'x'; 100_000]).expect("memory");
            assert!(
                l.eq(m) && l.intern(mem).0 == l.0 && !l.is_interned() && l.hash(mem) == m.hash(mem)
            );
            assert!(l.eq(m) && Str::try_new_with(mem, MAX_LEN + 1, |_| ()).is_none());
            assert!(Str::new(mem, b"").is_empty());
        }
    }

    #[test]
    fn hashes_differ() {
        let mut seen = std::collections::HashSet::new();
        for n in 0..100 {
            for i in 0..n {
                let mut v = vec![0u8; n];
                v[i] = 1;
                seen.insert(hash_bytes(7, &v));
            }
        }
        assert!(seen.len() > 4945, "{}", seen.len());
    }
}
