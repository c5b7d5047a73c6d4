//! A map from objects that grows in small steps: many small hash maps, so that
//! no insertion pays for rehashing all of it. Some are twice as likely as others,
//! so that they do not all grow at the same time.

use crate::header::Obj;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

const BITS: u32 = 10;
/// The number of maps.
pub(crate) const SHARDS: usize = 1 << BITS;

/// A map from objects to `V`.
pub(crate) struct Sharded<V> {
    shards: Box<[FxHashMap<Obj, V>]>,
}

/// Of a number below 2^(BITS + 10), roughly 2^BITS * log2(1 + u), where u is the
/// number's share of the range: the last maps get twice as much as the first.
#[inline(always)]
fn spread(n: u64) -> usize {
    const ONE: u64 = 1 << (BITS + 10);
    // u * (1.3465 - 0.3465 u) is within 0.01 of it.
    (((n * (1379 * ONE - 355 * n)) >> (BITS + 20)) >> 10) as usize
}

/// The number of an object's map.
#[inline]
fn place(obj: Obj) -> usize {
    let h = (obj.addr() as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    spread(h >> (64 - BITS - 10))
}

impl<V> Default for Sharded<V> {
    fn default() -> Self {
        Sharded {
            shards: (0..SHARDS).map(|_| FxHashMap::default()).collect(),
        }
    }
}

impl<V> Sharded<V> {
    #[inline]
    fn shard(&mut self, obj: Obj) -> &mut FxHashMap<Obj, V> {
        &mut self.shards[place(obj)]
    }
    /// The place of `obj`.
    pub fn entry(&mut self, obj: Obj) -> Entry<'_, Obj, V> {
        self.shard(obj).entry(obj)
    }
    /// Whether `obj` has a place.
    pub fn contains(&self, obj: Obj) -> bool {
        self.shards[place(obj)].contains_key(&obj)
    }
    /// The objects in one of the maps.
    pub fn keys(&self, at: usize) -> impl Iterator<Item = Obj> {
        self.shards[at].keys().copied()
    }
    /// Sets the value of `obj`.
    pub fn insert(&mut self, obj: Obj, value: V) {
        self.shard(obj).insert(obj, value);
    }
    /// Removes `obj`.
    pub fn remove(&mut self, obj: Obj) -> Option<V> {
        self.shard(obj).remove(&obj)
    }
    /// Removes what `gone` says, and hands it out.
    pub fn extract(&mut self, mut gone: impl FnMut(Obj) -> bool) -> Vec<Obj> {
        let mut out = Vec::new();
        for shard in &mut self.shards {
            out.extend(shard.extract_if(|&obj, _| gone(obj)).map(|e| e.0))
        }
        out
    }
    /// Removes everything.
    pub fn clear(&mut self) {
        for shard in &mut self.shards {
            *shard = FxHashMap::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_maps_get_twice_as_much() {
        let mut share = vec![0u32; 1 << BITS];
        for n in 0..1 << (BITS + 10) {
            share[spread(n)] += 1
        }
        let (first, last): (u32, u32) = (share[..64].iter().sum(), share[960..].iter().sum());
        assert!(share.iter().all(|&n| n > 0));
        assert!((17..23).contains(&(last * 10 / first)), "{first} {last}");
    }
}
