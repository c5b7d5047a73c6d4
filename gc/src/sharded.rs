//! A map from objects that grows in small steps: many small hash maps, so that
//! no insertion pays for rehashing all of it.

use crate::header::Obj;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

const BITS: u32 = 10;

/// A map from objects to `V`.
pub(crate) struct Sharded<V> {
    shards: Box<[FxHashMap<Obj, V>]>,
}

impl<V> Default for Sharded<V> {
    fn default() -> Self {
        Sharded {
            shards: (0..1 << BITS).map(|_| FxHashMap::default()).collect(),
        }
    }
}

impl<V> Sharded<V> {
    #[inline]
    fn shard(&mut self, obj: Obj) -> &mut FxHashMap<Obj, V> {
        let h = (obj.addr() as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        &mut self.shards[(h >> (64 - BITS)) as usize]
    }
    /// The place of `obj`.
    pub fn entry(&mut self, obj: Obj) -> Entry<'_, Obj, V> {
        self.shard(obj).entry(obj)
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
