//! Counting while tracing: the scope of an epoch and of a full trace.

use super::backup::Backup;
use crate::core::Core;
use crate::header::{LIMBO, Obj, PURPLE, UNLOGGED, WEAK_OWNER};
use crate::heap::block::young;
use crate::heap::memory::Memory;
use crate::mark::{Scope, Tracer};
use crate::model::{Model, Roots};
use std::sync::atomic::Ordering::Relaxed;

/// What a reference found now is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// One of an object whose references count.
    Counted,
    /// One of the roots, or of an object that changes without a barrier.
    Root,
    /// One that is counted later, or not at all.
    Alive,
}

/// What a tracer with this scope reaches becomes OLD (an epoch) or gets MARK
/// (`FULL`); references in objects are counted; referents of roots get SEEN.
pub(super) struct CountScope<const FULL: bool> {
    mem: Memory,
    found: Found,
    /// Objects that change without a barrier.
    volatile: Vec<Obj>,
    /// References counted.
    pub counted: u64,
    /// Objects with SEEN.
    pub roots: Vec<Obj>,
    /// Those of `volatile` that were visited.
    pub running: Vec<Obj>,
    /// The trace in slices that is under way.
    pub backup: Option<Box<Backup>>,
    /// Objects that had weak references when they were visited last.
    pub were_weak: Vec<Obj>,
}

impl<const FULL: bool> CountScope<FULL> {
    /// A scope for the heap `mem`, with what is volatile now.
    pub fn new<R: Roots>(mem: Memory, roots: &mut R) -> Self {
        let mut volatile = Vec::new();
        roots.volatile(&mut |o| volatile.push(o));
        CountScope {
            mem,
            found: Found::Alive,
            volatile,
            counted: 0,
            roots: Vec::new(),
            running: Vec::new(),
            backup: None,
            were_weak: Vec::new(),
        }
    }
    /// Whether the object changes without a barrier.
    #[inline]
    pub fn is_volatile(&self, obj: Obj) -> bool {
        self.volatile.contains(&obj)
    }
}

impl<const FULL: bool> Scope for CountScope<FULL> {
    #[inline(always)]
    fn claim(&mut self, obj: Obj) -> bool {
        let addr = obj.addr();
        let first = if FULL {
            let first = self.mem.mark.claim(addr);
            if first {
                obj.set_count(0)
            }
            first
        } else {
            let young = self.mem.young(addr).load(Relaxed) != young::NO;
            match &mut self.backup {
                Some(backup) if young && backup.marks(self.mem.block_of(addr)) => {
                    let first = self.mem.marks().promote(addr);
                    if !first && backup.marking() && self.mem.marks().claim_old(addr) {
                        backup.found(&self.mem, obj)
                    }
                    first
                }
                Some(backup) if !young => {
                    if backup.marking() && self.mem.marks().claim_old(addr) {
                        backup.found(&self.mem, obj)
                    }
                    false
                }
                _ => young && self.mem.old.claim(addr),
            }
        };
        match self.found {
            Found::Counted => {
                obj.increment();
                self.counted += 1;
            }
            Found::Root if self.mem.seen.claim(addr) => self.roots.push(obj),
            Found::Root | Found::Alive => {}
        }
        first
    }
    #[inline(always)]
    fn reached(&self, obj: Obj) -> bool {
        let addr = obj.addr();
        if FULL {
            self.mem.mark.test(addr)
        } else {
            self.mem.young(addr).load(Relaxed) == young::NO || self.mem.old.test(addr)
        }
    }
    #[inline(always)]
    fn before(&mut self, obj: Obj) {
        self.found = if self.is_volatile(obj) {
            Found::Root
        } else {
            Found::Counted
        };
    }
    #[inline(always)]
    fn after(&mut self, obj: Obj) {
        let mut flags = obj.flags();
        if FULL {
            flags &= !(LIMBO | PURPLE | WEAK_OWNER);
        }
        if flags & WEAK_OWNER != 0 {
            self.were_weak.push(obj)
        }
        if self.found == Found::Root {
            self.running.push(obj);
            flags &= !UNLOGGED;
        } else {
            flags |= UNLOGGED;
        }
        obj.set_flags(flags);
        self.found = Found::Alive;
    }
    #[inline(always)]
    fn kept_weakly(&mut self, _owner: Obj, _target: Obj) {}
}

/// Notes what the roots refer to now, running coroutines included.
pub(super) fn find_roots<M: Model, R: Roots, const FULL: bool>(
    core: &Core,
    tracer: &mut Tracer<M, CountScope<FULL>>,
    roots: &mut R,
) {
    let mem = &core.space.mem;
    // Young ones, and with FULL all of them, are visited when they are claimed.
    let mut known = tracer.scope.volatile.clone();
    known.retain(|o| !FULL && tracer.scope.reached(*o));
    tracer.scope.found = Found::Root;
    tracer.mark_roots(roots);
    // The queue has a count of what is due: what is new in it gets that now.
    tracer.scope.found = Found::Counted;
    core.finalizers.mark_pending(tracer, FULL);
    tracer.scope.found = Found::Alive;
    debug_assert!(known.iter().all(|o| mem.seen.test(o.addr())));
    for obj in known {
        tracer.grey.push(obj)
    }
}

/// Resurrects registered objects that were not reached; whether there were any.
pub(super) fn resurrect<M: Model, const FULL: bool>(
    core: &mut Core,
    tracer: &mut Tracer<M, CountScope<FULL>>,
    full: bool,
) -> bool {
    tracer.scope.found = Found::Counted;
    let any = core.finalizers.resurrect(tracer, full);
    tracer.scope.found = Found::Alive;
    any
}
