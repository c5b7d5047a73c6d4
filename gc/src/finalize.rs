//! Objects with finalizers, and objects with something to drop.
//!
//! Both registers are split into young and old entries, so that a minor looks
//! only at what was registered since the last one. A registered object that a
//! collection did not reach is resurrected: it moves to the queue of
//! `next_finalizable`, in reverse order of registration, and everything it
//! refers to stays alive with it.
//!
//! Old entries and the queue are kept in pieces of bounded size, so that a
//! cycle can go through them in steps, and no list is copied as a whole when it grows.
//!
//! A collector that lets objects die one by one asks for an index
//! (`set_indexed`), so that it can take one from among the old entries.

use crate::header::{FINALIZABLE, Obj, PAYLOAD};
use crate::mark::{Budget, Scope, Tracer};
use crate::model::{Model, Visitor};
use crate::sharded::Sharded;
use std::collections::VecDeque;

/// Entries of a piece.
const PIECE: usize = 512;
/// What looking at an entry counts for in a budget, in slots.
const ENTRY: usize = 4;

/// An object and the number of its registration.
type Entry = (u64, Obj);

/// A list in pieces.
pub struct Pieces<T>(VecDeque<Vec<T>>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Pieces(VecDeque::new())
    }
}

impl<T: Copy> Pieces<T> {
    fn push(&mut self, item: T) {
        match self.0.back_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(item),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(item);
                self.0.push_back(piece);
            }
        }
    }
    fn iter(&self) -> impl Iterator<Item = T> {
        self.0.iter().flatten().copied()
    }
    /// Removes what `gone` says, and hands it out in order.
    fn extract(&mut self, mut gone: impl FnMut(T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        for piece in &mut self.0 {
            out.extend(piece.extract_if(.., |&mut e| gone(e)));
        }
        self.0.retain(|piece| !piece.is_empty());
        out
    }
}

impl Pieces<Entry> {
    /// Removes one entry. Entries are in order of their numbers.
    fn remove(&mut self, entry: Entry) -> bool {
        let p = self
            .0
            .partition_point(|piece| piece.last().is_none_or(|e| e.0 < entry.0));
        let Some(piece) = self.0.get_mut(p) else {
            return false;
        };
        let Ok(at) = piece.binary_search_by_key(&entry.0, |e| e.0) else {
            return false;
        };
        if piece[at].1 != entry.1 {
            return false;
        }
        piece.remove(at);
        if piece.is_empty() {
            self.0.remove(p);
        }
        true
    }
}

/// Objects that are due, in the order they will be handed out.
#[derive(Default)]
struct Queue {
    pieces: VecDeque<VecDeque<Entry>>,
    len: usize,
    /// Pieces that were used up: the number of the first one that is there.
    gone: usize,
}

/// Pieces of the queue that are to be claimed, by their numbers.
pub type DuePieces = std::ops::Range<usize>;

impl Queue {
    fn pop(&mut self) -> Option<Obj> {
        let piece = self.pieces.front_mut()?;
        let entry = piece.pop_front();
        if piece.is_empty() {
            self.pieces.pop_front();
            self.gone += 1;
        }
        self.len -= usize::from(entry.is_some());
        entry.map(|e| e.1)
    }
    /// Adds a piece, unless it is empty. Its memory is not copied.
    fn push(&mut self, piece: Vec<Entry>) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_back(piece.into());
        }
    }
    /// All from index `from` on.
    fn iter_from(&self, mut from: usize) -> impl Iterator<Item = Obj> {
        self.pieces.iter().flat_map(move |piece| {
            let skip = from.min(piece.len());
            from -= skip;
            piece.range(skip..).map(|e| e.1)
        })
    }
}

/// The registers and the queue.
#[derive(Default)]
pub struct Finalizers {
    /// Registered since the last collection, or young still.
    young: Vec<Entry>,
    /// Known to be old, in order of registration.
    old: Pieces<Entry>,
    /// The numbers of old entries, and of some that are due.
    index: Option<Sharded<u64>>,
    registered: u64,
    pending: Queue,
    /// So many at the queue's front are known to be old: no roots of a minor.
    pending_old: usize,
}

impl Finalizers {
    /// Registers an object; a second registration changes nothing.
    pub fn register(&mut self, obj: Obj) {
        if obj.flags() & FINALIZABLE == 0 {
            obj.set_flags(obj.flags() | FINALIZABLE);
            self.young.push((self.registered, obj));
            self.registered += 1;
        }
    }
    /// Hands out the next object that is due; with it whether a collection has
    /// found it in the queue.
    pub fn next(&mut self) -> Option<(Obj, bool)> {
        let obj = self.pending.pop()?;
        let known = self.pending_old != 0;
        self.pending_old -= usize::from(known);
        if let Some(index) = &mut self.index {
            index.remove(obj);
        }
        obj.set_flags(obj.flags() & !FINALIZABLE);
        Some((obj, known))
    }
    /// Number of objects that are due.
    pub fn due(&self) -> usize {
        self.pending.len
    }
    /// Due objects that a collection has found in the queue.
    pub fn pending_known(&self) -> impl Iterator<Item = Obj> {
        self.pending.iter_from(0).take(self.pending_old)
    }
    /// Due objects.
    pub fn pending(&self) -> impl Iterator<Item = Obj> {
        self.pending.iter_from(0)
    }
    /// Registered and due objects, for the verifier.
    pub fn all(&self) -> impl Iterator<Item = Obj> {
        self.pending().chain(
            self.young
                .iter()
                .copied()
                .chain(self.old.iter())
                .map(|e| e.1),
        )
    }
    /// Makes every registered object due.
    pub fn finalize_all(&mut self) {
        let mut all = self.old.extract(|_| true);
        all.append(&mut self.young);
        self.queue(all);
    }
    /// Keeps an index of the old entries, or none.
    pub fn set_indexed(&mut self, on: bool) {
        if on == self.index.is_some() {
            return;
        }
        self.index = None;
        if on {
            let mut all = self.old.extract(|_| true);
            all.sort_unstable_by_key(|e| e.0);
            let mut index = Sharded::default();
            for (number, obj) in all {
                index.insert(obj, number);
                self.old.push((number, obj))
            }
            self.index = Some(index)
        }
    }
    /// Takes an old object from the register, to be given to `queue`. There is an
    /// index, and no search is under way.
    pub fn take(&mut self, obj: Obj) -> Option<Entry> {
        let number = self.index.as_mut()?.remove(obj)?;
        self.old.remove((number, obj)).then_some((number, obj))
    }
    /// Makes objects taken from the register due.
    pub fn queue(&mut self, mut due: Vec<Entry>) {
        due.sort_unstable_by_key(|&(number, _)| std::cmp::Reverse(number));
        if due.len() <= PIECE {
            return self.pending.push(due);
        }
        for piece in due.chunks(PIECE) {
            self.pending.push(piece.to_vec())
        }
    }
    /// Puts all that became due behind these pieces into one order, as if one collection
    /// had found it.
    pub fn merge_behind(&mut self, pieces: DuePieces) {
        let queue = &mut self.pending;
        let at = pieces.end.saturating_sub(queue.gone);
        let found = queue.pieces.split_off(at.min(queue.pieces.len()));
        let found: Vec<_> = found.into_iter().flatten().collect();
        queue.len -= found.len();
        self.queue(found)
    }
    /// Claims the objects that are due: they stay alive until handed out.
    pub fn mark_pending<M: Model, S: Scope>(&self, tracer: &mut Tracer<M, S>, full: bool) {
        let from = if full { 0 } else { self.pending_old };
        for obj in self.pending.iter_from(from) {
            tracer.object(obj)
        }
    }
    /// The due objects, to be claimed in steps. Those that become due later are
    /// not among them.
    pub fn due_pieces(&self) -> DuePieces {
        self.pending.gone..self.pending.gone + self.pending.pieces.len()
    }
    /// Claims one of these pieces, as far as it was not handed out meanwhile;
    /// false if there is none left.
    pub fn claim_due<M: Model, S: Scope>(
        &self,
        tracer: &mut Tracer<M, S>,
        due: &mut DuePieces,
    ) -> bool {
        due.start = due.start.max(self.pending.gone);
        let Some(at) = due.next() else {
            return false;
        };
        for &(_, obj) in &self.pending.pieces[at - self.pending.gone] {
            tracer.object(obj)
        }
        true
    }
    /// Resurrects the registered objects that were not reached; whether there were any.
    pub fn resurrect<M: Model, S: Scope>(&mut self, tracer: &mut Tracer<M, S>, full: bool) -> bool {
        let scope = &tracer.scope;
        let mut due: Vec<_> = self.young.extract_if(.., |e| !scope.reached(e.1)).collect();
        if full {
            due.extend(self.old.extract(|e| !scope.reached(e.1)));
        }
        if due.is_empty() {
            return false;
        }
        for &(_, obj) in &due {
            tracer.object(obj)
        }
        self.queue(due);
        true
    }
    /// After a collection: moves the entries that are old now to the old ones.
    pub fn promote(&mut self, is_old: impl Fn(Obj) -> bool) {
        for e in self.young.extract_if(.., |e| is_old(e.1)) {
            if let Some(index) = &mut self.index {
                index.insert(e.1, e.0)
            }
            self.old.push(e)
        }
        let known = self.pending_old;
        self.pending_old += self
            .pending
            .iter_from(known)
            .take_while(|&o| is_old(o))
            .count();
    }
    /// Begins to look for old registered objects that were not reached.
    pub fn search(&mut self) -> Search {
        Search {
            rest: std::mem::take(&mut self.old.0),
            kept: VecDeque::new(),
            due: VecDeque::new(),
        }
    }
    /// The search is over: what it found is due.
    pub fn deliver(&mut self, search: Search) {
        for piece in self.abandon(search) {
            self.pending.push(piece);
        }
        // All that is due is old by now.
        self.pending_old = self.pending.len;
    }
    /// The search is given up or over: what was not found stays registered.
    fn abandon(&mut self, mut search: Search) -> VecDeque<Vec<Entry>> {
        search.rest.append(&mut search.kept);
        search.rest.append(&mut self.old.0);
        self.old.0 = search.rest;
        search.due
    }
    /// The search is given up: all stays registered.
    pub fn give_up(&mut self, search: Search) {
        let due = self.abandon(search);
        let mut all: Vec<Entry> = due.into_iter().flatten().collect();
        all.extend(self.old.extract(|_| true));
        all.sort_unstable_by_key(|e| e.0);
        for e in all {
            self.old.push(e)
        }
    }
}

/// A search in steps, from the last registration to the first.
pub struct Search {
    rest: VecDeque<Vec<Entry>>,
    kept: VecDeque<Vec<Entry>>,
    due: VecDeque<Vec<Entry>>,
}

impl Search {
    /// Looks for what was not reached; whether all were looked at. Nothing is
    /// claimed before all were judged.
    pub fn step(&mut self, reached: impl Fn(Obj) -> bool, budget: &mut Budget) -> bool {
        while !budget.is_spent() {
            let Some(mut piece) = self.rest.pop_back() else {
                return true;
            };
            budget.spend(ENTRY * piece.len());
            let mut due: Vec<_> = piece.extract_if(.., |e| !reached(e.1)).collect();
            due.reverse();
            if !due.is_empty() {
                self.due.push_back(due);
            }
            if !piece.is_empty() {
                self.kept.push_front(piece);
            }
        }
        self.rest.is_empty()
    }
    /// One piece of what was found, `at` counting them.
    pub fn piece(&self, at: usize) -> Option<impl Iterator<Item = Obj>> {
        Some(self.due.get(at)?.iter().map(|e| e.1))
    }
    /// Claims one piece of what was found, `at` counting them; false if there is no such piece.
    pub fn claim<M: Model, S: Scope>(&self, tracer: &mut Tracer<M, S>, at: usize) -> bool {
        let Some(piece) = self.due.get(at) else {
            return false;
        };
        for &(_, obj) in piece {
            tracer.object(obj)
        }
        true
    }
}

/// Objects whose payload is dropped when they die.
#[derive(Default)]
pub struct Drops {
    young: Vec<Obj>,
    old: Pieces<Obj>,
    /// Old ones that the cycle in progress has not looked at.
    unjudged: VecDeque<Vec<Obj>>,
    /// The old ones instead, with an index.
    indexed: Option<Sharded<()>>,
}

impl Drops {
    /// Registers an object.
    pub fn register(&mut self, obj: Obj) {
        obj.set_flags(obj.flags() | PAYLOAD);
        self.young.push(obj)
    }
    /// Keeps an index of the old ones, or none. No cycle judges them.
    pub fn set_indexed(&mut self, on: bool) {
        if on == self.indexed.is_some() {
            return;
        }
        if on {
            self.give_up();
            let mut index = Sharded::default();
            for obj in self.old.extract(|_| true) {
                index.insert(obj, ())
            }
            self.indexed = Some(index)
        } else if let Some(mut index) = self.indexed.take() {
            for obj in index.extract(|_| true) {
                self.old.push(obj)
            }
        }
    }
    /// Forgets an old object whose payload was dropped. There is an index.
    pub fn forget(&mut self, obj: Obj) {
        if let Some(index) = &mut self.indexed {
            index.remove(obj);
        }
    }
    /// Drops the payloads of the registered objects that were not reached.
    /// Returns the bytes outside of the heap that were freed.
    pub fn drop_dead<M: Model>(&mut self, reached: impl Fn(Obj) -> bool, full: bool) -> usize {
        let mut dead: Vec<Obj> = self.young.extract_if(.., |o| !reached(*o)).collect();
        if full {
            self.give_up();
            dead.extend(self.old.extract(|o| !reached(o)));
            if let Some(index) = &mut self.indexed {
                dead.extend(index.extract(|o| !reached(o)))
            }
        }
        drop_all::<M>(dead)
    }
    /// After a collection: moves the entries that are old now to the old ones.
    pub fn promote(&mut self, is_old: impl Fn(Obj) -> bool) {
        for o in self.young.extract_if(.., |o| is_old(*o)) {
            match &mut self.indexed {
                Some(index) => index.insert(o, ()),
                None => self.old.push(o),
            }
        }
    }
    /// The old ones are to be judged, in steps.
    pub fn judge_begin(&mut self) {
        self.give_up();
        self.unjudged = std::mem::take(&mut self.old.0);
    }
    /// Drops payloads of old ones that were not reached: the bytes freed, and
    /// whether all were looked at.
    pub fn judge_step<M: Model>(
        &mut self,
        reached: impl Fn(Obj) -> bool,
        budget: &mut Budget,
    ) -> (usize, bool) {
        let mut bytes = 0;
        while !budget.is_spent()
            && let Some(mut piece) = self.unjudged.pop_front()
        {
            let dead: Vec<Obj> = piece.extract_if(.., |o| !reached(*o)).collect();
            budget.spend(ENTRY * (piece.len() + 16 * dead.len()));
            bytes += drop_all::<M>(dead);
            if !piece.is_empty() {
                self.old.0.push_back(piece);
            }
        }
        (bytes, self.unjudged.is_empty())
    }
    fn give_up(&mut self) {
        self.old.0.append(&mut self.unjudged);
    }
    /// Drops all payloads: the heap is being dropped.
    pub fn drop_everything<M: Model>(&mut self) {
        self.drop_dead::<M>(|_| false, true);
    }
}

fn drop_all<M: Model>(dead: Vec<Obj>) -> usize {
    dead.into_iter()
        // SAFETY: not reached, so dead; their cells are freed after this.
        .map(|obj| unsafe { M::drop_payload(obj) })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn obj(n: usize) -> Obj {
        // SAFETY: never looked into here.
        unsafe { Obj::from_ptr(std::ptr::NonNull::new_unchecked((n * 16) as *mut _)) }
    }

    #[test]
    fn pieces_keep_their_order() {
        let mut list = Pieces::default();
        for n in 1..=2000 {
            list.push((n as u64, obj(n)));
        }
        let gone = list.extract(|e| e.0 % 3 == 0);
        assert_eq!(gone.len(), 666);
        assert!(gone.is_sorted_by_key(|e| e.0) && list.iter().is_sorted_by_key(|e| e.0));
        assert_eq!(list.iter().count(), 1334);
    }

    #[test]
    fn an_indexed_entry_is_taken_once() {
        let mut f = Finalizers::default();
        for n in (1..=2000).rev() {
            f.old.push((n as u64, obj(n)));
        }
        f.set_indexed(true);
        for n in (1..=2000).step_by(3) {
            assert_eq!(f.take(obj(n)), Some((n as u64, obj(n))));
            assert_eq!(f.take(obj(n)), None);
        }
        assert_eq!(f.old.iter().count(), 2000 - 667);
        assert!(f.old.iter().is_sorted_by_key(|e| e.0));
    }

    #[test]
    fn a_queue_hands_out_in_order_and_skips() {
        let mut q = Queue::default();
        for piece in 0..5 {
            q.push((1..=10).map(|i| (0, obj(piece * 10 + i))).collect());
        }
        assert!((0..13).all(|i| q.pop() == Some(obj(i + 1))));
        assert_eq!(q.len, 37);
        let rest: Vec<_> = q.iter_from(9).collect();
        assert_eq!((rest.len(), rest[0]), (28, obj(23)));
    }

    #[test]
    fn a_search_given_up_leaves_all_registered() {
        let mut f = Finalizers::default();
        for n in 1..=3000 {
            f.old.push((n as u64, obj(n)));
        }
        let mut search = f.search();
        f.old.push((3001, obj(3001)));
        for _ in 0..3 {
            let piece = search.rest.pop_back().unwrap();
            let (mut due, kept): (Vec<_>, Vec<_>) = piece.into_iter().partition(|e| e.0 % 2 == 0);
            due.reverse();
            search.due.push_back(due);
            search.kept.push_front(kept);
        }
        f.give_up(search);
        assert_eq!(f.old.iter().count(), 3001);
        assert!(f.old.iter().is_sorted_by_key(|e| e.0));
    }
}
