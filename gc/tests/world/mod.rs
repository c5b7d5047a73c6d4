//! Random programs on random graphs: a machine of the toy model, beside a shadow
//! of its graph in plain Rust whose reachability is computed here, from Lua's
//! definitions, without the collectors' code.

use crate::toy::{self, *};
use moonsweep_gc::{GcKind, Obj, Options};
use std::collections::{HashMap, HashSet};

/// Names of the shadow's objects.
type Id = u32;

#[derive(Clone)]
struct Shadow {
    kind: u8,
    obj: Obj,
    fields: Vec<Option<Id>>,
    /// Number of registration.
    finalizer: Option<u64>,
}

/// A machine, and beside it a shadow of its graph.
pub struct World<const AGES: bool> {
    pub m: Machine<AGES>,
    pub rng: Random,
    objects: HashMap<Id, Shadow>,
    stack: Vec<Option<Id>>,
    /// Due and not handed out.
    pending: Vec<Id>,
    registered: u64,
    next: Id,
    dropped: HashSet<Id>,
    pub collects: bool,
    /// Weak objects are sometimes replaced by copies, as tables that grow are by new segments.
    /// Not where it would change the programs of chosen seeds.
    copies: bool,
    /// While the heap is marked in slices: what was unreachable at the snapshot
    /// and was not found through a weak reference since.
    pub doomed: HashSet<Id>,
    /// The same of what is registered for a finalizer, and must become due when the cycle ends.
    pub awaited: HashSet<Id>,
    /// How many did.
    delivered: usize,
    cycles: usize,
}

const STACK: usize = 24;

impl<const AGES: bool> World<AGES> {
    pub fn new(options: Options, seed: u64) -> Self {
        let (collects, copies) = (options.gc.collects(), options.gc.shares_heap());
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
            copies,
            doomed: HashSet::new(),
            awaited: HashSet::new(),
            delivered: 0,
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
        let values = self.objects.values().filter(|s| s.kind == EPHEMERON);
        let values: Vec<Id> = values
            .flat_map(|s| s.fields.iter().flatten())
            .copied()
            .collect();
        let mut strong = self.strong();
        self.close(&mut strong, values.iter().copied());
        let mut kept = self.kept();
        self.close(&mut kept, values);
        self.doomed = self.objects.keys().copied().collect();
        self.doomed.retain(|id| !kept.contains(id));
        // Of those that are due already the heap knows no finalizer any more.
        let registered = |s: &Shadow| s.finalizer.is_some() && self.m.heap_has(s.obj);
        let registered = self.objects.iter().filter(|(_, s)| registered(s));
        self.awaited = registered.map(|o| *o.0).collect();
        self.awaited.retain(|id| !strong.contains(id));
    }

    /// Except for what the program found again through a weak reference.
    fn reprieve(&mut self) {
        if !self.doomed.is_empty() {
            let kept = self.kept();
            self.doomed.retain(|id| !kept.contains(id));
        }
        if !self.awaited.is_empty() {
            let strong = self.strong();
            self.awaited.retain(|id| !strong.contains(id));
        }
    }

    /// The cycle ended, and what it found was handed out.
    fn check_awaited(&mut self) {
        for id in std::mem::take(&mut self.awaited) {
            let due = self.objects[&id].finalizer.is_none();
            assert!(due, "{id} was unreachable at the snapshot and is not due");
            self.delivered += 1;
        }
    }

    /// A cycle was given up, or there is none.
    pub fn forget_cycle(&mut self) {
        self.doomed.clear();
        self.awaited.clear();
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

    /// More often when copies may have what is condemned.
    fn copy_some(&mut self) {
        let often = self.m.heap.verdict_pending();
        if !self.copies || !self.rng.one_in(if often { 3 } else { 40 }) {
            return;
        }
        // What this step found must count as found before a copy takes its place.
        self.reprieve();
        for at in 0..STACK {
            if let Some(id) = self.stack[at]
                && matches!(self.objects[&id].kind, WEAK | EPHEMERON)
                && self.rng.one_in(2)
            {
                let copy = self.copy(id);
                self.set_root(at, Some(copy));
            }
        }
    }

    /// A new object with what a weak one has: values that are condemned stay behind
    /// (those that are resurrected have to be gone before), keys do not.
    fn copy(&mut self, from: Id) -> Id {
        let s = self.objects[&from].clone();
        let id = self.next;
        self.next += 1;
        let obj = self.m.alloc(s.kind, id, s.fields.len());
        for i in 0..s.fields.len() {
            let seen = |o: &Obj| s.kind == EPHEMERON || !self.m.heap.condemned(*o);
            let field = get(s.obj, i).filter(seen);
            self.m.set(obj, i, field);
        }
        let copy = Shadow {
            obj,
            finalizer: None,
            ..s
        };
        self.objects.insert(id, copy);
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

    /// As two calls of `set`, in one store.
    fn set_entry(&mut self, owner: Id, pair: usize, key: Id, value: Id) {
        let leaf = |id| self.objects[&id].fields.is_empty();
        if leaf(key) || leaf(value) {
            return;
        }
        let [k, v] = [key, value].map(|id| self.objects[&id].obj);
        let s = self.objects.get_mut(&owner).unwrap();
        s.fields[2 * pair..2 * pair + 2].copy_from_slice(&[Some(key), Some(value)]);
        self.m.set_ephemeron(s.obj, pair, k, v);
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
            // Lua finds due objects as keys of ephemerons; the checks here don't
            // allow it. But they must have been resurrected as a whole.
            if let Some(found) = got {
                let mut whole = HashSet::new();
                self.close(&mut whole, [found]);
                let part = whole
                    .into_iter()
                    .find(|id| self.m.heap.condemned(self.objects[id].obj));
                assert_eq!(part, None, "{found} is visible, {:?}", self.m.heap.stage());
            }
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
    pub fn run_finalizers(&mut self) {
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

    pub fn collect_and_check(&mut self) {
        self.m.collect_full();
        self.forget_cycle();
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

    pub fn check_dropped(&mut self) {
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

    pub fn step(&mut self) {
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
                        match (target, self.random_root()) {
                            (Some(key), Some(value))
                                if self.objects[&owner].kind == EPHEMERON && self.rng.one_in(2) =>
                            {
                                self.set_entry(owner, i / 2, key, value)
                            }
                            _ => self.set(owner, i, target),
                        }
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
                        self.forget_cycle();
                    }
                }
                if self.rng.one_in(4) {
                    self.m.collect_young();
                    self.run_finalizers();
                }
            }
        }
        self.copy_some();
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
            if marking && !self.m.heap.is_marking() {
                self.check_awaited()
            }
        }
    }
}

impl<const AGES: bool> Machine<AGES> {
    fn heap_has(&self, obj: Obj) -> bool {
        self.heap.inspect(obj).allocated && self.heap.has_finalizer(obj)
    }
}

/// A random program of so many steps, then all that can be checked at its end.
pub fn run<const AGES: bool>(options: &Options, seed: u64, steps: usize) {
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
    println!("{} cycles, {} finalizers in time", w.cycles, w.delivered);
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
