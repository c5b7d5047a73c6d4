//! Random programs on random graphs, under every collector, normal and stress,
//! beside a shadow of the graph in plain Rust whose reachability is computed
//! here, from Lua's definitions, without the collectors' code.

mod toy;

use moonsweep_gc::{GcKind, Obj, Options, Size};
use std::collections::{HashMap, HashSet};
use toy::*;

type Id = u32;

#[derive(Clone)]
struct Shadow {
    kind: u8,
    obj: Obj,
    fields: Vec<Option<Id>>,
    /// Number of registration.
    finalizer: Option<u64>,
}

struct World<const AGES: bool> {
    m: Machine<AGES>,
    rng: Random,
    objects: HashMap<Id, Shadow>,
    stack: Vec<Option<Id>>,
    /// Due and not handed out.
    pending: Vec<Id>,
    registered: u64,
    next: Id,
    dropped: HashSet<Id>,
    collects: bool,
    /// While the heap is marked in slices: what was unreachable at the snapshot
    /// and was not found through a weak reference since.
    doomed: HashSet<Id>,
    cycles: usize,
}

const STACK: usize = 24;

impl<const AGES: bool> World<AGES> {
    fn new(options: Options, seed: u64) -> Self {
        let collects = options.gc.collects();
        let mut m = Machine::new(options);
        m.roots.stack = vec![None; STACK];
        World {
            m,
            rng: Random(seed),
            objects: HashMap::new(),
            stack: vec![None; STACK],
            pending: Vec::new(),
            registered: 0,
            next: 1,
            dropped: HashSet::new(),
            collects,
            doomed: HashSet::new(),
            cycles: 0,
        }
    }

    /// Everything alive from `from` on, on top of `reached`: strong references and ephemerons.
    fn close(&self, reached: &mut HashSet<Id>, from: impl IntoIterator<Item = Id>) {
        let mut todo: Vec<Id> = from.into_iter().collect();
        loop {
            while let Some(id) = todo.pop() {
                if reached.insert(id) {
                    let s = &self.objects[&id];
                    if s.kind != WEAK && s.kind != EPHEMERON {
                        todo.extend(s.fields.iter().flatten());
                    }
                }
            }
            for &id in reached.iter() {
                let s = &self.objects[&id];
                if s.kind == EPHEMERON {
                    for pair in s.fields.chunks(2) {
                        if let [k, Some(v)] = pair
                            && k.is_none_or(|k| reached.contains(&k))
                            && !reached.contains(v)
                        {
                            todo.push(*v);
                        }
                    }
                }
            }
            if todo.is_empty() {
                return;
            }
        }
    }

    fn strong(&self) -> HashSet<Id> {
        let mut reached = HashSet::new();
        self.close(
            &mut reached,
            self.stack.iter().flatten().chain(&self.pending).copied(),
        );
        reached
    }

    /// All that must not be freed: reachable, registered for a finalizer, or due.
    fn kept(&self) -> HashSet<Id> {
        let mut kept = HashSet::new();
        let due = self.objects.iter().filter(|o| o.1.finalizer.is_some());
        let due: Vec<Id> = due.map(|o| *o.0).collect();
        let roots = self.stack.iter().flatten().chain(&self.pending).copied();
        self.close(&mut kept, roots.chain(due));
        kept
    }

    /// A cycle in slices began: all that is not to be kept now must go.
    /// An ephemeron's value may be marked though overwritten, if its key is found again.
    fn snapshot(&mut self) {
        let mut kept = self.kept();
        let values = self.objects.values().filter(|s| s.kind == EPHEMERON);
        let values: Vec<Id> = values
            .flat_map(|s| s.fields.iter().flatten())
            .copied()
            .collect();
        self.close(&mut kept, values);
        self.doomed = self.objects.keys().copied().collect();
        self.doomed.retain(|id| !kept.contains(id));
    }

    /// Except for what the program found again through a weak reference.
    fn reprieve(&mut self) {
        if !self.doomed.is_empty() {
            let kept = self.kept();
            self.doomed.retain(|id| !kept.contains(id));
        }
    }

    /// The cycle ended.
    fn check_doomed(&mut self) {
        self.cycles += 1;
        for id in std::mem::take(&mut self.doomed) {
            let obj = self.objects[&id].obj;
            assert!(
                !self.m.heap.inspect(obj).allocated || toy::id(obj) != id,
                "{id} was unreachable at the snapshot and survived"
            );
        }
    }

    fn set_root(&mut self, at: usize, to: Option<Id>) {
        self.stack[at] = to;
        self.m.roots.stack[at] = to.map(|id| self.objects[&id].obj);
        // The program gets hold of nothing that a verdict has condemned.
        let condemned = self.m.roots.stack[at].filter(|o| self.m.heap.condemned(*o));
        assert!(
            condemned.is_none(),
            "{to:?} is condemned, {:?}",
            self.m.heap.stage()
        );
    }

    fn alloc(&mut self) -> Id {
        let kind = [
            NODE, NODE, NODE, NODE, EDGES, EDGES, WEAK, EPHEMERON, PAYLOAD, LEAF,
        ][self.rng.below(10)];
        let n = match self.rng.below(100) {
            0 => 5000 + self.rng.below(20000),
            1..5 => self.rng.below(600),
            _ => self.rng.below(12),
        };
        let n = match kind {
            EPHEMERON => n / 2 * 2,
            LEAF => 0,
            _ => n,
        };
        let id = self.next;
        self.next += 1;
        let obj = self.m.alloc(kind, id, n);
        self.objects.insert(
            id,
            Shadow {
                kind,
                obj,
                fields: vec![None; n],
                finalizer: None,
            },
        );
        if self.rng.one_in(6) {
            obj.set_weakly_referenced();
            self.m.roots.young.push(obj);
        }
        id
    }

    fn set(&mut self, owner: Id, i: usize, to: Option<Id>) {
        // Leaves can be found again by the intern table, so they count as values.
        let weak = matches!(self.objects[&owner].kind, WEAK | EPHEMERON);
        let to = to.filter(|t| !weak || !self.objects[t].fields.is_empty());
        let target = to.map(|t| self.objects[&t].obj);
        let dead = |k: Id| self.m.heap.verdict_pending() && !self.strong().contains(&k);
        if self.objects[&owner].kind == EPHEMERON
            && i.is_multiple_of(2)
            && self.objects[&owner].fields[i].is_none_or(dead)
        {
            // The entry counts as removed: its value does not pass to another key.
            let s = self.objects.get_mut(&owner).unwrap();
            s.fields[i + 1] = None;
            let obj = s.obj;
            self.m.set(obj, i + 1, None);
        }
        let s = self.objects.get_mut(&owner).unwrap();
        s.fields[i] = to;
        self.m.set(s.obj, i, target);
    }

    fn random_root(&mut self) -> Option<Id> {
        self.stack[self.rng.below(STACK)]
    }

    /// What the heap has in field `i`; a weak field may have been cleared, if that was right.
    fn read(&mut self, owner: Id, i: usize) -> Option<Id> {
        let s = &self.objects[&owner];
        let (got, want) = (self.m.read(s.obj, i).map(id), s.fields[i]);
        if s.kind == EPHEMERON
            && self.m.heap.verdict_pending()
            && (got != want || want.is_some_and(|t| !self.strong().contains(&t)))
        {
            // Lua finds due objects as keys of ephemerons; the checks here don't allow it.
            return None;
        }
        if got == want {
            return got;
        }
        assert_eq!(
            got, None,
            "object {owner} field {i}: {got:?} instead of {want:?}"
        );
        assert!(
            self.collects && (s.kind == WEAK || s.kind == EPHEMERON),
            "strong field cleared"
        );
        self.sync();
        assert_eq!(self.objects[&owner].fields[i], None);
        None
    }

    /// After collections: learns which weak fields were cleared, and checks that they had to be.
    fn sync(&mut self) {
        let strong = self.strong();
        self.sync_owners(&strong, &strong)
    }

    fn sync_owners(&mut self, strong: &HashSet<Id>, owners: &HashSet<Id>) {
        for id in owners {
            let s = &self.objects[id];
            if s.kind != WEAK && s.kind != EPHEMERON {
                continue;
            }
            let mut fields = s.fields.clone();
            let step = if s.kind == WEAK { 1 } else { 2 };
            for i in (0..fields.len()).step_by(step) {
                if let Some(t) = fields[i]
                    && if s.kind == WEAK && strong.contains(id) {
                        self.m.read(s.obj, i).is_none()
                    } else {
                        get(s.obj, i).is_none()
                    }
                {
                    assert!(
                        !strong.contains(&t),
                        "{id} lost its weak reference to the living {t}"
                    );
                    fields[i..i + step].fill(None);
                }
            }
            self.objects.get_mut(id).unwrap().fields = fields;
        }
    }

    /// Hands out what is due; each must have been registered and unreachable.
    fn run_finalizers(&mut self) {
        let due: Vec<Obj> = std::iter::from_fn(|| self.m.heap.next_finalizable()).collect();
        self.pending.clear();
        let strong = self.strong();
        let mut second = strong.clone();
        self.close(&mut second, due.iter().map(|&o| id(o)));
        // Unreachable objects that were not freed yet may be found again through
        // a weak reference, so what they lost has to be known now.
        let there = |s: &Shadow| self.m.heap.inspect(s.obj).allocated;
        let there = self
            .objects
            .iter()
            .filter(|(i, s)| there(s) && **i == id(s.obj));
        second.extend(there.map(|o| *o.0));
        self.sync_owners(&strong, &second);
        for obj in due {
            let id = toy::id(obj);
            assert!(!strong.contains(&id), "{id} is reachable and was finalized");
            let s = self.objects.get_mut(&id).unwrap();
            assert!(s.finalizer.take().is_some(), "{id} was not registered");
            assert!(!self.m.heap.has_finalizer(obj));
            assert!(s.obj == obj);
            if self.rng.one_in(2) {
                let at = self.rng.below(STACK);
                self.set_root(at, Some(id));
            }
        }
    }

    fn collect_and_check(&mut self) {
        self.m.collect_full();
        self.doomed.clear();
        self.check_dropped();
        if !self.collects {
            return;
        }
        // What should have happened, by Lua's rules. Weak fields cleared earlier don't matter:
        // what they referred to was dead already.
        let first = self.strong();
        let mut due: Vec<_> = self
            .objects
            .iter()
            .filter(|(id, s)| {
                s.finalizer.is_some() && !first.contains(id) && self.m.heap_has(s.obj)
            })
            .map(|(&id, s)| (std::cmp::Reverse(s.finalizer), id))
            .collect();
        due.sort();
        let mut second = first.clone();
        self.close(&mut second, due.iter().map(|d| d.1));
        for id in &second {
            let s = &self.objects[id];
            for i in 0..s.fields.len() {
                let value = s.kind == WEAK;
                let key = s.kind == EPHEMERON;
                let judged = if value && first.contains(id) {
                    &first
                } else {
                    &second
                };
                let want = match s.fields[i] {
                    Some(t) if value && !judged.contains(&t) => None,
                    _ if key && s.fields[i / 2 * 2].is_some_and(|k| !second.contains(&k)) => None,
                    other => other,
                };
                let got = get(s.obj, i).map(toy::id);
                assert!(
                    got == want || (want.is_none() || value || key) && got.is_none(),
                    "object {id} field {i}: {got:?} instead of {want:?}"
                );
            }
        }
        assert_eq!(
            self.m.heap.objects(),
            second.len(),
            "objects after a full collection"
        );
        self.m.heap.verify(&mut self.m.roots).unwrap();
        // The shadow forgets what was freed.
        for (id, s) in &self.objects {
            assert_eq!(
                second.contains(id),
                self.m.heap.inspect(s.obj).allocated && toy::id(s.obj) == *id
            );
            if s.kind == PAYLOAD {
                assert_eq!(
                    self.dropped.contains(id),
                    !second.contains(id),
                    "payload of {id}"
                );
            }
        }
        self.objects.retain(|id, _| second.contains(id));
        for s in self.objects.values_mut() {
            for (i, f) in s.fields.iter_mut().enumerate() {
                if s.kind == WEAK || s.kind == EPHEMERON {
                    *f = get(s.obj, i).map(toy::id);
                }
            }
        }
        let order: Vec<Id> = due.iter().map(|d| d.1).collect();
        self.pending.extend(&order);
        for want in std::mem::take(&mut self.pending) {
            let got = self.m.heap.next_finalizable().map(toy::id);
            assert_eq!(got, Some(want), "order of finalizers");
            self.objects.get_mut(&want).unwrap().finalizer = None;
        }
        assert!(self.m.heap.next_finalizable().is_none());
        let living: HashSet<usize> = self.objects.values().map(|s| s.obj.addr()).collect();
        for o in self.m.roots.interned.iter().chain(&self.m.roots.young) {
            assert!(
                living.contains(&o.addr()),
                "the intern table has a dead object"
            );
        }
    }

    fn check_dropped(&mut self) {
        for id in DROPPED.with_borrow_mut(std::mem::take) {
            assert!(self.dropped.insert(id), "payload {id} dropped twice");
        }
    }

    fn check_marks(&self, when: &str) {
        for id in &self.doomed {
            let s = &self.objects[id];
            assert!(
                !self.m.heap.inspect(s.obj).marked || toy::id(s.obj) != *id,
                "{id}, unreachable at the snapshot, was marked {when}"
            );
        }
    }

    fn step(&mut self) {
        match self.rng.below(40) {
            0..16 => {
                let id = self.alloc();
                let at = self.rng.below(STACK);
                if let Some(old) = self.stack[at]
                    && !self.objects[&id].fields.is_empty()
                    && self.rng.one_in(3)
                {
                    self.set(id, 0, Some(old));
                }
                self.set_root(at, Some(id));
            }
            16..30 => {
                if let (Some(owner), target) = (self.random_root(), self.random_root()) {
                    let n = self.objects[&owner].fields.len();
                    if n != 0 {
                        let i = self.rng.below(n.min(16));
                        self.set(owner, i, target);
                    }
                }
            }
            30..36 => {
                if let Some(owner) = self.random_root() {
                    let n = self.objects[&owner].fields.len();
                    if n != 0 {
                        let i = self.rng.below(n.min(16));
                        if let Some(target) = self.read(owner, i) {
                            let at = self.rng.below(STACK);
                            self.set_root(at, Some(target));
                        }
                    }
                }
            }
            36 => {
                let roots = &self.m.roots;
                let n = roots.interned.len();
                if n + roots.young.len() != 0 {
                    let i = self.rng.below(n + roots.young.len());
                    let roots = &self.m.roots;
                    let found = *roots.interned.get(i).unwrap_or_else(|| &roots.young[i - n]);
                    assert!(self.m.heap.inspect(found).allocated, "interned, freed");
                    // The program's own search: leaves live again, others are found
                    // while a verdict is pending only if they are reachable.
                    let leaf = len(found) == 0 && !self.m.heap.has_finalizer(found);
                    if leaf {
                        self.m.heap.revive(found)
                    }
                    if leaf || !self.m.heap.verdict_pending() || self.strong().contains(&id(found))
                    {
                        let at = self.rng.below(STACK);
                        self.set_root(at, Some(id(found)));
                    }
                }
            }
            37 => {
                let at = self.rng.below(STACK);
                self.set_root(at, None);
            }
            38 => {
                if let Some(id) = self.random_root() {
                    let s = self.objects.get_mut(&id).unwrap();
                    if s.finalizer.is_none() {
                        s.finalizer = Some(self.registered);
                        self.registered += 1;
                        self.m.heap.register_finalizer(s.obj);
                    }
                }
            }
            _ => {
                if self.rng.one_in(12) {
                    // The program goes on in the midst of the lazy sweep.
                    let kind = self.m.heap.kind();
                    if self.collects && kind.shares_heap() {
                        for by in [GcKind::MarkSweep, GcKind::Generational, kind] {
                            self.m.heap.switch(by, &mut self.m.roots).unwrap();
                            self.run_finalizers();
                        }
                        self.doomed.clear();
                    }
                }
                if self.rng.one_in(4) {
                    self.m.collect_young();
                    self.run_finalizers();
                }
            }
        }
        self.reprieve();
        self.check_marks("by the program");
        let marking = self.m.heap.is_marking();
        let stepped = self.rng.one_in(100);
        if stepped {
            let bytes = self.rng.below(2) * self.rng.below(1 << 20);
            self.m.heap.step(bytes, &mut self.m.roots);
        }
        if self.m.safepoint() || stepped {
            match (marking, self.m.heap.is_marking()) {
                (false, true) => self.snapshot(),
                (true, false) => self.check_doomed(),
                _ => self.check_marks("at a safepoint"),
            }
            self.run_finalizers();
        }
    }
}

impl<const AGES: bool> Machine<AGES> {
    fn heap_has(&self, obj: Obj) -> bool {
        self.heap.inspect(obj).allocated && self.heap.has_finalizer(obj)
    }
}

fn run<const AGES: bool>(options: &Options, seed: u64, steps: usize) {
    println!(
        "{} seed {seed} stress {} ages {AGES}",
        options.gc, options.stress
    );
    let mut w = World::<AGES>::new(options.clone(), seed);
    for i in 0..steps {
        w.step();
        if i % 700 == 699 {
            w.collect_and_check();
        }
    }
    println!("{} cycles", w.cycles);
    if w.rng.one_in(2) {
        w.stack.fill(None);
        w.m.roots.stack.fill(None);
        w.collect_and_check();
        w.collect_and_check();
        if w.collects {
            assert_eq!(w.m.heap.objects(), 0);
        }
    }
    w.check_dropped();
    let payloads: HashSet<Id> = w
        .objects
        .iter()
        .filter(|o| o.1.kind == PAYLOAD && !w.dropped.contains(o.0))
        .map(|o| *o.0)
        .collect();
    drop(w);
    let dropped: HashSet<Id> = DROPPED
        .with_borrow_mut(std::mem::take)
        .into_iter()
        .collect();
    assert_eq!(payloads, dropped, "payloads dropped with the heap");
}

fn options(gc: GcKind, stress: u32) -> Options {
    Options {
        gc,
        stress,
        verify: true,
        nursery: Size(256 << 10),
        ..Options::default()
    }
}

fn seeds() -> u64 {
    std::env::var("GC_SEEDS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(if cfg!(debug_assertions) { 1 } else { 12 })
}

#[test]
fn every_collector() {
    for &gc in GcKind::ALL {
        for seed in 0..seeds() {
            run::<false>(&options(gc, 0), seed, 4000);
            run::<true>(&options(gc, 0), seed, 4000);
        }
    }
}

/// Without the verifier nothing is poisoned.
#[test]
fn every_collector_sweeping_lazily() {
    for &gc in GcKind::ALL {
        for seed in 0..seeds() {
            let o = Options {
                verify: false,
                ..options(gc, 0)
            };
            run::<false>(&o, seed, 4000);
            run::<true>(&o, seed, 4000);
        }
    }
}

#[test]
fn every_collector_under_stress() {
    for &gc in GcKind::ALL {
        for seed in 0..seeds() {
            run::<false>(&options(gc, 1 + seed as u32 % 3), seed, 1500);
            run::<true>(&options(gc, 1 + seed as u32 % 3), seed, 1500);
        }
    }
}

/// The marker advances by seeded random steps at barriers, allocations and safepoints.
#[test]
fn marking_by_a_seeded_schedule() {
    for seed in 0..20 * seeds() {
        let o = Options {
            verify: seed % 4 == 0,
            seed: seed as u32,
            ..options(GcKind::Generational, 1 + seed as u32 % 7)
        };
        run::<false>(&o, seed, 600);
        run::<true>(&o, seed, 600);
    }
}

#[test]
fn marking_slowly() {
    for seed in 0..20 * seeds() {
        let o = Options {
            verify: seed % 4 == 0,
            seed: 1024 | seed as u32,
            ..options(GcKind::Generational, 1 + seed as u32 % 7)
        };
        run::<false>(&o, seed, 1200);
        run::<true>(&o, seed, 1200);
    }
}

/// Real threads mark, beside stress mode's steps and without them.
#[test]
fn marking_by_helpers() {
    for seed in 0..10 * seeds() {
        for stress in [0, 1 + seed as u32 % 7] {
            let o = Options {
                verify: seed.is_multiple_of(4),
                seed: seed as u32,
                threads: 1 + seed as u32 % 3,
                growth: 1.01,
                ..options(GcKind::Generational, stress)
            };
            run::<false>(&o, seed, 1200);
            run::<true>(&o, seed, 1200);
        }
    }
}

#[test]
fn generational_in_one_stop() {
    for seed in 0..seeds() {
        let o = Options {
            slices: false,
            ..options(GcKind::Generational, 2)
        };
        run::<true>(&o, seed, 1500);
    }
}

#[test]
fn generational_without_generations() {
    for seed in 0..seeds() {
        let o = Options {
            generational: false,
            slices: false,
            ..options(GcKind::Generational, 0)
        };
        run::<true>(&o, seed, 4000);
    }
}

/// Without generations the marker advances by steps, large ones and random small ones.
#[test]
fn marking_in_steps() {
    for seed in 0..10 * seeds() {
        let o = Options {
            generational: false,
            verify: seed % 4 == 0,
            ..options(GcKind::Generational, seed as u32 % 5)
        };
        run::<false>(&o, seed, 1000);
        run::<true>(&o, seed, 1000);
    }
}

#[test]
fn switching_while_running() {
    for seed in 0..seeds() {
        let mut w = World::<true>::new(options(GcKind::Generational, 0), seed);
        for i in 0..3000 {
            w.step();
            if i % 100 == 99 {
                let kind = GcKind::ALL[w.rng.below(GcKind::ALL.len())];
                let before = w.m.heap.kind();
                let result = w.m.heap.switch(kind, &mut w.m.roots);
                assert_eq!(result.is_ok(), kind.shares_heap());
                assert_eq!(w.m.heap.kind(), if result.is_ok() { kind } else { before });
                w.doomed.clear();
                w.run_finalizers();
            }
            if i % 150 == 149 {
                let on = !w.m.heap.is_generational();
                w.m.heap.set_generational(on, &mut w.m.roots);
                w.doomed.clear();
                w.run_finalizers();
            }
            if i % 1000 == 999 {
                w.m.heap.switch(GcKind::MarkSweep, &mut w.m.roots).unwrap();
                w.run_finalizers();
                w.collect_and_check();
            }
        }
    }
}

/// From and to every collector that shares the heap, often in the midst of a
/// cycle that advances by random steps, with the verifier or with lazy sweeps.
#[test]
fn switching_in_the_midst_of_marking() {
    let shared: Vec<GcKind> = GcKind::ALL
        .iter()
        .copied()
        .filter(|k| k.shares_heap())
        .collect();
    let mut midst = 0;
    for seed in 0..4 * seeds() {
        for &start in &shared {
            let o = Options {
                verify: seed % 3 == 0,
                ..options(start, 1 + seed as u32 % 5)
            };
            let mut w = World::<true>::new(o, seed);
            w.collects = true;
            for i in 1..600 {
                w.step();
                if w.rng.one_in(15) {
                    midst += usize::from(w.m.heap.is_marking());
                    let kind = shared[w.rng.below(shared.len())];
                    if w.rng.one_in(3) {
                        let on = !w.m.heap.is_generational();
                        w.m.heap.set_generational(on, &mut w.m.roots);
                    } else {
                        w.m.heap.switch(kind, &mut w.m.roots).unwrap();
                        assert_eq!(w.m.heap.kind(), kind);
                    }
                    w.doomed.clear();
                    w.run_finalizers();
                }
                if i % 200 == 0 {
                    w.m.heap.switch(GcKind::MarkSweep, &mut w.m.roots).unwrap();
                    w.doomed.clear();
                    w.run_finalizers();
                    w.collect_and_check();
                }
            }
            w.check_dropped();
        }
    }
    assert!(midst > 0, "no switch met a marking in progress");
}

/// Stopped automatic collection stays stopped across switches, and steps that
/// the program asks for happen all the same.
#[test]
fn switching_while_stopped() {
    for &kind in GcKind::ALL.iter().filter(|k| k.shares_heap()) {
        let mut m = Machine::<true>::new(options(GcKind::Generational, 0));
        m.heap.set_stopped(true);
        m.heap.switch(kind, &mut m.roots).unwrap();
        assert!(m.heap.is_stopped());
        let before = m.heap.stats().count();
        for id in 0..200_000 {
            m.alloc(NODE, id, 2);
            m.safepoint();
        }
        assert_eq!(m.heap.stats().count(), before, "{kind} collected");
        let objects = m.heap.objects();
        let ended = (0..1000).any(|_| m.heap.step(1 << 20, &mut m.roots));
        assert!(ended, "no step of {kind} ended a cycle");
        assert!(m.heap.is_stopped());
        if kind.collects() {
            assert!(m.heap.objects() < objects, "{kind} freed nothing");
        }
        m.heap.set_stopped(false);
        for id in 0..400_000 {
            m.alloc(NODE, id, 2);
            m.safepoint();
        }
        assert!(
            m.heap.objects() < 500_000 || !kind.collects(),
            "{kind} did not go on"
        );
    }
}
