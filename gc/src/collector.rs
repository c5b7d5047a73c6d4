//! The collectors behind one trait and one enum.
//!
//! The heap holds an `AnyCollector` and matches on it, so a call to a
//! collector is a jump that the compiler can see through, never a virtual call.

use crate::collectors::generational::Generational;
use crate::collectors::incremental::Incremental;
use crate::collectors::marksweep::MarkSweep;
use crate::collectors::none::NoCollector;
use crate::collectors::refcount::RefCount;
use crate::collectors::steps::Steps;
use crate::core::Core;
use crate::header::{Obj, UNLOGGED};
use crate::heap::foreign::Foreign;
use crate::model::{Model, Roots};
use crate::options::Options;
use crate::slot::is_reference;
use crate::stats::{Cause, PauseKind};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

/// A collector, by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GcKind {
    /// Never collects.
    None,
    /// Stop-the-world marking, lazy sweep.
    MarkSweep,
    /// Incremental marking and sweeping by the crate gc-arena.
    Incremental,
    /// Sticky-bit generations.
    Generational,
    /// Deferred reference counting with cycle detection.
    RefCount,
}

impl GcKind {
    /// All collectors.
    pub const ALL: &'static [GcKind] = &[
        GcKind::None,
        GcKind::MarkSweep,
        GcKind::Incremental,
        GcKind::Generational,
        GcKind::RefCount,
    ];

    /// The name that options use.
    pub fn name(self) -> &'static str {
        match self {
            GcKind::None => "none",
            GcKind::MarkSweep => "marksweep",
            GcKind::Incremental => "incremental",
            GcKind::Generational => "generational",
            GcKind::RefCount => "refcount",
        }
    }
    /// One line of help.
    pub fn help(self) -> &'static str {
        match self {
            GcKind::None => {
                "never collects: the baseline that the others' cost is measured against"
            }
            GcKind::MarkSweep => "stops the program, marks everything, sweeps lazily",
            GcKind::Incremental => {
                "marks and sweeps in small steps, by the crate gc-arena; chosen at start only"
            }
            GcKind::Generational => {
                "collects young objects often and the whole heap rarely (the default)"
            }
            GcKind::RefCount => {
                "counts references, frees garbage promptly, looks for cycles on the side"
            }
        }
    }
    /// Whether it frees memory at all.
    pub fn collects(self) -> bool {
        self != GcKind::None
    }
    /// Whether it works on the blocks of the heap, which other collectors can
    /// take over; if not, it is chosen when the heap is made and stays.
    pub fn shares_heap(self) -> bool {
        match self {
            GcKind::None | GcKind::MarkSweep | GcKind::Generational | GcKind::RefCount => true,
            GcKind::Incremental => false,
        }
    }
}

impl fmt::Display for GcKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name of no collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownCollector(String);

impl fmt::Display for UnknownCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown collector '{}' (there are:", self.0)?;
        for kind in GcKind::ALL {
            write!(f, " {kind}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for UnknownCollector {}

/// A change of collectors that is not possible while the program runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SwitchError {
    /// The collector at work.
    pub from: GcKind,
    /// The one that was asked for.
    pub to: GcKind,
}

impl fmt::Display for SwitchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = if self.from.shares_heap() {
            self.to
        } else {
            self.from
        };
        write!(
            f,
            "cannot switch from collector '{}' to '{}' while running: '{own}' has a heap of its own and is chosen at start (--gc {})",
            self.from, self.to, self.to
        )
    }
}

impl std::error::Error for SwitchError {}

impl FromStr for GcKind {
    type Err = UnknownCollector;
    fn from_str(s: &str) -> Result<GcKind, UnknownCollector> {
        GcKind::ALL
            .iter()
            .copied()
            .find(|k| k.name() == s)
            .ok_or_else(|| UnknownCollector(s.to_owned()))
    }
}

/// What a heap asks of a collector.
pub(crate) trait Collector {
    /// Which one this is.
    fn kind(&self) -> GcKind;
    /// Sets how much the program may allocate before the next safepoint.
    fn pace(&mut self, core: &mut Core);
    /// Allocates an object when no run of cells is at hand; `None`: there is no memory.
    ///
    /// # Safety
    /// The caller initialises the rest of the object before the next safepoint.
    unsafe fn allocate<M: Model>(&mut self, core: &mut Core, size: usize, kind: u8) -> Option<Obj> {
        // SAFETY: as the caller promised.
        unsafe { core.space.alloc_slow(size, kind) }
    }
    /// `obj` has something to drop when it dies.
    fn register_drop(&mut self, core: &mut Core, obj: Obj) {
        core.drops.register(obj)
    }
    /// Whether a cycle of steps is under way that this collector keeps the books of.
    fn in_cycle(&self) -> bool {
        false
    }
    /// What it does next beside the program, for tests and tools.
    fn stage(&self) -> Option<String> {
        None
    }
    /// Frees all that was found dead, so that what is left refers to nothing freed.
    fn complete_sweep(&mut self, core: &mut Core) {
        let _ = core;
    }
    /// Whether `obj` was found dead and awaits being freed beside others, so that what it
    /// refers to may be gone. That the heap's verdict or its sweep says so does not count.
    fn frees<M: Model>(&self, core: &Core, obj: Obj) -> bool {
        let _ = (core, obj);
        false
    }
    /// The barrier's slow path: `owner` is UNLOGGED and about to change. A
    /// collector that never arms the bit meets objects armed by another one.
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        let _ = core;
        owner.set_flags(owner.flags() & !UNLOGGED)
    }
    /// The same before a store of `word` into one slot of `owner` that holds `old`.
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, old: u64, word: u64) {
        let _ = (old, word);
        self.log::<M>(core, owner)
    }
    /// As `store`, of an edge.
    fn store_edge<M: Model>(
        &mut self,
        core: &mut Core,
        owner: Obj,
        old: Option<Obj>,
        new: Option<Obj>,
    ) {
        let _ = (old, new);
        self.log::<M>(core, owner)
    }
    /// As `store`, of two slots that change at once.
    fn store_entry<M: Model>(&mut self, core: &mut Core, owner: Obj, old: [u64; 2], new: [u64; 2]) {
        for (old, new) in old.into_iter().zip(new) {
            if owner.unlogged() && (is_reference(old) || is_reference(new)) {
                self.store::<M>(core, owner, old, new)
            }
        }
    }
    /// The allocator wants a new run of cells.
    fn refill<M: Model>(&mut self, core: &mut Core) {
        let _ = core;
    }
    /// An object that a collection has found in the queue of those due for
    /// finalization is there no longer: the program has it.
    fn handed_out(&mut self, core: &mut Core, obj: Obj) {
        let _ = (core, obj);
    }
    /// What the program has seen of a cycle's verdict is carried out, and the cycle given up.
    fn give_up_cycle<M: Model>(&mut self, core: &mut Core) {
        core.abandon_cycle::<M>()
    }
    /// Another collector takes the heap over: undoes what only this one knows of.
    fn leave<M: Model>(&mut self, core: &mut Core) {
        let _ = core;
    }
    /// The program is at a safepoint and `cause` holds: do what policy asks for.
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause);
    /// Collect what is young, or everything if this collector makes no difference.
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause);
    /// One step, as large as a collection of `bytes` newly allocated bytes; the
    /// smallest one if 0. Whether a cycle ended with it.
    fn step<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, bytes: usize) -> bool {
        let _ = bytes;
        self.collect_young::<M, R>(core, roots, Cause::Explicit);
        true
    }
    /// Collect everything, from start to end, and record it as `kind`.
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    );
}

/// One of the collectors.
pub(crate) enum AnyCollector {
    None(NoCollector),
    MarkSweep(MarkSweep),
    Incremental(Box<Incremental>),
    Generational(Generational),
    Steps(Steps),
    RefCount(Box<RefCount>),
}

impl AnyCollector {
    /// Creates the collector `kind`.
    pub fn create(kind: GcKind, options: &Options) -> AnyCollector {
        match kind {
            GcKind::None => AnyCollector::None(NoCollector),
            GcKind::MarkSweep => AnyCollector::MarkSweep(MarkSweep),
            GcKind::Incremental => AnyCollector::Incremental(Box::new(Incremental::new(options))),
            GcKind::Generational if !options.generational && options.slices => {
                AnyCollector::Steps(Steps::new())
            }
            GcKind::Generational => AnyCollector::Generational(Generational::new(options)),
            GcKind::RefCount => AnyCollector::RefCount(Box::new(RefCount::new(options))),
        }
    }
    /// The directory of the objects that it allocates by means of its own.
    pub fn foreign(&self) -> Option<Rc<RefCell<Foreign>>> {
        match self {
            AnyCollector::Incremental(c) => Some(c.objects()),
            _ => None,
        }
    }
}

macro_rules! each {
    ($any:expr, $c:ident => $call:expr) => {
        match $any {
            AnyCollector::None($c) => $call,
            AnyCollector::MarkSweep($c) => $call,
            AnyCollector::Incremental($c) => $call,
            AnyCollector::Generational($c) => $call,
            AnyCollector::Steps($c) => $call,
            AnyCollector::RefCount($c) => $call,
        }
    };
}

impl Collector for AnyCollector {
    fn kind(&self) -> GcKind {
        each!(self, c => c.kind())
    }
    fn pace(&mut self, core: &mut Core) {
        each!(self, c => c.pace(core))
    }
    #[inline]
    unsafe fn allocate<M: Model>(&mut self, core: &mut Core, size: usize, kind: u8) -> Option<Obj> {
        // SAFETY: as the caller promised.
        each!(self, c => unsafe { c.allocate::<M>(core, size, kind) })
    }
    fn register_drop(&mut self, core: &mut Core, obj: Obj) {
        each!(self, c => c.register_drop(core, obj))
    }
    fn in_cycle(&self) -> bool {
        each!(self, c => c.in_cycle())
    }
    fn stage(&self) -> Option<String> {
        each!(self, c => c.stage())
    }
    fn complete_sweep(&mut self, core: &mut Core) {
        each!(self, c => c.complete_sweep(core))
    }
    fn frees<M: Model>(&self, core: &Core, obj: Obj) -> bool {
        each!(self, c => c.frees::<M>(core, obj))
    }
    #[inline]
    fn log<M: Model>(&mut self, core: &mut Core, owner: Obj) {
        each!(self, c => c.log::<M>(core, owner))
    }
    #[inline]
    fn store<M: Model>(&mut self, core: &mut Core, owner: Obj, old: u64, word: u64) {
        each!(self, c => c.store::<M>(core, owner, old, word))
    }
    #[inline]
    fn store_edge<M: Model>(
        &mut self,
        core: &mut Core,
        owner: Obj,
        old: Option<Obj>,
        new: Option<Obj>,
    ) {
        each!(self, c => c.store_edge::<M>(core, owner, old, new))
    }
    #[inline]
    fn store_entry<M: Model>(&mut self, core: &mut Core, owner: Obj, old: [u64; 2], new: [u64; 2]) {
        each!(self, c => c.store_entry::<M>(core, owner, old, new))
    }
    fn refill<M: Model>(&mut self, core: &mut Core) {
        each!(self, c => c.refill::<M>(core))
    }
    fn handed_out(&mut self, core: &mut Core, obj: Obj) {
        each!(self, c => c.handed_out(core, obj))
    }
    fn give_up_cycle<M: Model>(&mut self, core: &mut Core) {
        each!(self, c => c.give_up_cycle::<M>(core))
    }
    fn leave<M: Model>(&mut self, core: &mut Core) {
        each!(self, c => c.leave::<M>(core))
    }
    fn safepoint<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        each!(self, c => c.safepoint::<M, R>(core, roots, cause))
    }
    fn collect_young<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, cause: Cause) {
        each!(self, c => c.collect_young::<M, R>(core, roots, cause))
    }
    fn step<M: Model, R: Roots>(&mut self, core: &mut Core, roots: &mut R, bytes: usize) -> bool {
        each!(self, c => c.step::<M, R>(core, roots, bytes))
    }
    fn collect_full<M: Model, R: Roots>(
        &mut self,
        core: &mut Core,
        roots: &mut R,
        kind: PauseKind,
        cause: Cause,
    ) {
        each!(self, c => c.collect_full::<M, R>(core, roots, kind, cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for &kind in GcKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert!(!kind.help().is_empty());
        }
        let e = "fancy".parse::<GcKind>().unwrap_err().to_string();
        assert!(e.contains("fancy") && e.contains("marksweep"), "{e}");
    }
}
