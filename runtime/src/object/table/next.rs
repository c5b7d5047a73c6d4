//! Iteration: array part, slots of the shape, hash part.
//!
//! A position is a number: the two upper bits name the part; then the index in
//! the array part, the slot, or the upper 32 bits of the hashes of a segment
//! (`prefix`) and a node. Prefixes mean the same before and after a directory
//! doubles, so any position is valid for any table at any time; stores during
//! an iteration that Lua forbids may make it skip or repeat entries, no more.

use super::get::float_to_int;
use super::hash::{Key, Long, Name, Wide, Word, key_value};
use super::store::{CHUNK, nil_chunk, node_at, obj_of, store};
use super::weak::find_again;
use super::{Table, dir, flag};
use crate::mem::Mem;
use crate::object::string::Str;
use crate::value::{NIL_WORD, Value, fits_word, float_word, int_word, tag};

/// The key given to `next` is not in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadKey;

const SHAPE: u64 = 1 << 62;
const HASH: u64 = 2 << 62;
const END: u64 = 3 << 62;
const NODE_BITS: u32 = 16;
/// Slots that a step may skip at no price.
const FEW: u64 = 8;
const NODE_MASK: u64 = (1 << NODE_BITS) - 1;

impl Table {
    /// The entry after a key (nil: the first entry); `None` after the last one.
    pub unsafe fn next(self, mem: &Mem, key: Value) -> Result<Option<(Value, Value)>, BadKey> {
        // SAFETY: as the caller promised.
        unsafe {
            let pos = self.position_after(mem, key)?;
            Ok(self.next_at(mem, pos).map(|(_, k, v)| (k, v)))
        }
    }
    /// The position after a key; 0 for nil.
    pub unsafe fn position_after(self, mem: &Mem, key: Value) -> Result<u64, BadKey> {
        // SAFETY: as the caller promised.
        unsafe {
            let pos = match key.tag {
                tag::NIL => return Ok(0),
                tag::INT => self.int_position(key.as_int()),
                tag::FLOAT => match float_to_int(key.as_float()) {
                    Some(i) => self.int_position(i),
                    None => self.hash_position(Word(float_word(key.as_float()))),
                },
                tag::STRING => self.str_position(mem, Str(key.obj())),
                _ => self.hash_position(Word(key.to_word().unwrap_unchecked())),
            };
            pos.map(|p| p + 1).ok_or(BadKey)
        }
    }
    unsafe fn str_position(self, mem: &Mem, s: Str) -> Option<u64> {
        // SAFETY: as the caller promised.
        unsafe {
            if let Some(n) = mem.shapes.lookup(self.shape(), s.0) {
                return Some(SHAPE + n as u64);
            }
            // Without a look into the string, which may be far away.
            if let Some(pos) = self.hash_position(Name(s.word())) {
                return Some(pos);
            }
            if !s.is_short() {
                return self.hash_position(Long(s, s.hash(mem)));
            }
            let c = mem.strings.find(s.as_bytes()).filter(|c| *c != s)?;
            self.str_position(mem, c)
        }
    }
    unsafe fn int_position(self, i: i64) -> Option<u64> {
        // SAFETY: as the caller promised.
        unsafe {
            let n = (i as u64).wrapping_sub(1);
            if self.in_array(n) {
                return Some(n);
            }
            if !fits_word(i) {
                return self.hash_position(Wide(i));
            }
            self.hash_position(Word(int_word(i))).or_else(|| {
                // `arr_len` may have shrunk since the key was visited.
                let w = self.cell().array.load();
                let unit = if w & 1 == 0 { 1 } else { CHUNK as u64 };
                (w != NIL_WORD && n < store(obj_of(w)).capacity as u64 * unit).then_some(n)
            })
        }
    }
    unsafe fn hash_position<K: Key>(self, key: K) -> Option<u64> {
        // SAFETY: as the caller promised.
        unsafe {
            let (seg, node) = self.find(key)?;
            let index = (std::ptr::from_ref(node).addr() - seg.addr()) / 16 - 1;
            let w = self.cell().hash.load();
            // In a directory: the first hash that leads to the segment.
            let prefix = if w & 1 == 0 {
                0
            } else {
                (key.hash(dir::stride(w)) >> 32) & !(width(seg.user(1) as u32) - 1)
            };
            Some(HASH + (prefix << NODE_BITS) + index as u64)
        }
    }
    /// The first entry at `pos` (0: the start) or after it, and the position after that.
    #[inline]
    pub unsafe fn next_at(self, mem: &Mem, mut pos: u64) -> Option<(u64, Value, Value)> {
        // SAFETY: all indices are checked against the present sizes.
        unsafe {
            let len = self.arr_len() as u64;
            let from = pos;
            while pos < len {
                let (owner, slot) = self.array_slot(pos);
                let w = self.visible(mem, slot.load());
                if owner == nil_chunk() {
                    pos = (pos | (CHUNK as u64 - 1)) + 1;
                    continue;
                }
                pos += 1;
                if w != NIL_WORD {
                    if pos - from > FEW {
                        mem.took((pos - from) as usize);
                    }
                    return Some((pos, Value::int(pos as i64), Value::from_word(w)));
                }
            }
            if pos.wrapping_sub(from) > FEW {
                mem.took((pos - from) as usize);
            }
            self.next_outside(mem, pos)
        }
    }
    #[inline(never)]
    unsafe fn next_outside(self, mem: &Mem, mut pos: u64) -> Option<(u64, Value, Value)> {
        // SAFETY: as above.
        unsafe {
            if pos < HASH {
                let mut n = if pos < SHAPE { 0 } else { (pos - SHAPE) as u32 };
                let shape = self.shape();
                let count = mem.shapes.count(shape);
                while n < count {
                    let w = self.slot(n).1.load();
                    if w != NIL_WORD {
                        let key = Str(mem.shapes.key(shape, n)).value();
                        return Some((SHAPE + n as u64 + 1, key, Value::from_word(w)));
                    }
                    n += 1;
                }
                pos = HASH;
            }
            let w = self.cell().hash.load();
            if w == NIL_WORD || pos >= END {
                return None;
            }
            let mut i = (pos & NODE_MASK) as usize;
            if w & 1 == 0 {
                let (i, k, v) = scan(mem, obj_of(w), i)?;
                return Some((HASH + i as u64, k, v));
            }
            let mut prefix = (pos - HASH) >> NODE_BITS;
            while prefix >> 32 == 0 {
                let p = dir::place(w, prefix << 32);
                if let Some((i, k, v)) = scan(mem, p.segment, i) {
                    return Some((HASH + (prefix << NODE_BITS) + i as u64, k, v));
                }
                i = 0;
                let width = width(p.segment_depth());
                prefix = (prefix & !(width - 1)) + width;
            }
            None
        }
    }
}

/// How many prefixes lead to a segment of a depth.
#[inline(always)]
fn width(depth: u32) -> u64 {
    1 << (32 - depth)
}

/// The first node with a value at `i` or after it, and the index after that.
#[inline(always)]
unsafe fn scan(mem: &Mem, seg: moonsweep_gc::Obj, mut i: usize) -> Option<(usize, Value, Value)> {
    // SAFETY: the index stays below the capacity.
    unsafe {
        let capacity = store(seg).capacity as usize;
        let weak = seg.user(0) & flag::WEAK != 0;
        let from = i;
        while i < capacity {
            let n = node_at(seg, i);
            let v = n.value.load();
            i += 1;
            if v != NIL_WORD {
                let k = n.key.load();
                if weak && !find_again(mem, k, v) {
                    continue;
                }
                if i - from > FEW as usize {
                    mem.took(i - from);
                }
                return Some((i, key_value(k), Value::from_word(v)));
            }
        }
        mem.took(i - from);
    }
    None
}
