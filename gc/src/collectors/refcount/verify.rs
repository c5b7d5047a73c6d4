//! The verifier of counts: recomputes them all from the references of all
//! objects and from what is still pending, and compares.
//!
//! After an epoch: each object's count is the number of references to it from
//! objects that are OLD and armed (the others change without a barrier and are
//! in the log), plus its pending decrements. Nothing else is young. An object
//! whose count is zero is a root's referent or in limbo: else nobody would free
//! it. What a trace has condemned is exempt, and so is what is dead and keeps its cell.

use super::RefCount;
use super::changes::references;
use crate::core::Core;
use crate::header::{LIMBO, Obj};
use crate::model::{Model, Roots};
use rustc_hash::{FxHashMap, FxHashSet};

impl RefCount {
    /// With the option `verify`: checks the counts, then the heap.
    pub(super) fn check<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R) {
        if core.options.verify {
            if let Err(fault) = self.counts_are_right::<M>(core) {
                panic!("heap verifier, after an epoch: {fault}");
            }
            core.check_after::<M, R>(roots);
        }
    }

    fn counts_are_right<M: Model>(&self, core: &mut Core) -> Result<(), String> {
        core.space.flush();
        let logged: FxHashSet<Obj> = core.log.entries().iter().copied().collect();
        let mut expected: FxHashMap<Obj, u32> = FxHashMap::default();
        let mut objects = Vec::new();
        core.space.each_object(|obj| objects.push(obj));
        expected.reserve(objects.len());
        let name = |o: Obj| format!("{} {:#x}", M::kind_name(o.kind()), o.addr());
        let mut list = Vec::new();
        let mem = core.space.mem;
        let condemned = |o: Obj| {
            let backup = self.backup.as_ref();
            backup.is_some_and(|b| b.condemns::<M>(&mem, o))
        };
        for &obj in &objects {
            if obj.is_kept() {
                continue;
            }
            if !core.space.mem.old.test(obj.addr()) {
                return Err(format!("{} is young", name(obj)));
            }
            if obj.unlogged() == logged.contains(&obj) && !condemned(obj) {
                let armed = if obj.unlogged() { "armed" } else { "not armed" };
                return Err(format!("{} is {armed}, against the log", name(obj)));
            }
            if obj.unlogged() {
                // SAFETY: an allocated object; the program is stopped.
                unsafe { references::<M>(obj, &mut list) };
                for target in list.drain(..) {
                    *expected.entry(target).or_default() += 1
                }
            }
        }
        for queue in [&self.pending, &self.awaited] {
            queue.each(|obj| *expected.entry(obj).or_default() += 1)
        }
        let claimed = self.backup.iter().flat_map(|b| b.claimed());
        for obj in core.finalizers.pending_known().chain(claimed) {
            *expected.entry(obj).or_default() += 1
        }
        let roots: FxHashSet<Obj> = self.roots.iter().copied().collect();
        for obj in objects {
            let want = expected.remove(&obj).unwrap_or(0);
            if condemned(obj) || obj.is_kept() && want == 0 {
                continue;
            }
            let count = if obj.is_doomed() { 0 } else { obj.count() };
            if count != want && count != Obj::STUCK {
                return Err(format!("{} has count {count} instead of {want}", name(obj)));
            }
            let rooted = core.space.mem.seen.test(obj.addr());
            if rooted != roots.contains(&obj) {
                return Err(format!("{}: SEEN contradicts the roots", name(obj)));
            }
            if count == 0 && !rooted && obj.flags() & LIMBO == 0 {
                return Err(format!("{} is dead and nobody frees it", name(obj)));
            }
        }
        match expected.keys().next() {
            None => Ok(()),
            Some(o) => Err(format!("reference to {:#x}, which was freed", o.addr())),
        }
    }
}
