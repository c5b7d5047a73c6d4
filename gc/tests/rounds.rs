//! Rounds through weak stores under `refcount`: objects that died by count vanish from all
//! of them, in slices, beside traces, finalizers and switches.

mod toy;

use moonsweep_gc::{CycleSearch, GcKind, Obj, Options, Size};
use toy::*;

/// Slots that are not looked through at once.
const MANY: usize = 6000;
/// Objects, each of which dies by count when the one before has.
const CHAIN: usize = 1500;

fn machine(cycles: CycleSearch) -> Machine<false> {
    let mut m = Machine::new(Options {
        gc: GcKind::RefCount,
        cycles,
        nursery: Size(256 << 10),
        // One trace does not follow upon the other.
        growth: 8.0,
        verify: true,
        ..Options::default()
    });
    m.roots.stack = vec![None; 8];
    m
}

fn old(m: &mut Machine<false>, root: usize, kind: u8, n: usize) -> Obj {
    let obj = m.alloc(kind, 1, n);
    m.roots.stack[root] = Some(obj);
    m.collect_young();
    assert!(m.heap.inspect(obj).old);
    obj
}

fn epochs(m: &Machine<false>) -> u64 {
    m.heap.stats().counting().map_or(0, |c| c.epochs)
}

fn traces(m: &Machine<false>) -> u64 {
    m.heap.stats().counting().map_or(0, |c| c.traces)
}

fn stage(m: &Machine<false>) -> String {
    m.heap.stage().unwrap_or_default()
}

/// Something is allocated and dies; then comes a safepoint.
fn tick(m: &mut Machine<false>) {
    m.alloc(NODE, 0, 40);
    m.safepoint();
}

/// A chain of nodes in a weak store, the first of which nothing refers to any more; each
/// refers to `shared`, too. Every node needs a round of its own.
fn dying_chain(m: &mut Machine<false>, shared: Obj) -> (Obj, Vec<Obj>) {
    let weak = old(m, 1, WEAK, MANY);
    // What `begin_trace` fills: from here on the program asks for no collection.
    old(m, 3, NODE, 2000);
    let mut next = None;
    for i in 0..CHAIN {
        let node = m.alloc(NODE, 7, 2);
        m.set(node, 0, next);
        m.set(node, 1, Some(shared));
        m.set(weak, i, Some(node));
        m.roots.stack[2] = Some(node);
        next = Some(node);
        m.safepoint();
    }
    m.collect_young();
    m.roots.stack[2] = None;
    let chain = (0..CHAIN).rev().map(|i| get(weak, i).unwrap()).collect();
    (weak, chain)
}

/// Lets the heap grow until a trace has begun.
fn begin_trace(m: &mut Machine<false>) {
    let keep = m.roots.stack[3].unwrap();
    for i in 0..2000 {
        if stage(m).contains("trace") {
            return;
        }
        let big = m.alloc(NODE, 1, 1500);
        m.set(keep, i, Some(big));
        m.safepoint();
    }
    panic!("no trace begins");
}

/// Objects that die one after the other, each in a round of its own, do not hold up the
/// verdict of a trace that has not reached them; and it frees the rest of them, once.
#[test]
fn a_verdict_does_not_wait_for_all_that_dies() {
    let mut m = machine(CycleSearch::Trace);
    let shared = old(&mut m, 0, NODE, 2);
    let (_, chain) = dying_chain(&mut m, shared);
    begin_trace(&mut m);
    assert!(m.heap.inspect(chain[CHAIN - 1]).allocated);
    let begin = epochs(&m);
    while traces(&m) == 0 {
        tick(&mut m);
        assert!(epochs(&m) < begin + 200, "{}", stage(&m));
    }
    let c = m.heap.stats().counting().unwrap();
    assert!(c.freed_by_trace > CHAIN as u64 / 2, "{c:?}");
    m.roots.stack[0] = None;
    for _ in 0..4 {
        m.collect_young();
    }
    assert!(!m.heap.inspect(shared).allocated);
}

/// What is found again while it waits for a trace dies by count later, like anything else.
#[test]
fn what_waited_for_a_trace_and_was_found_again_dies_by_count() {
    let mut m = machine(CycleSearch::Trace);
    let shared = old(&mut m, 0, NODE, 2);
    let (weak, _) = dying_chain(&mut m, shared);
    begin_trace(&mut m);
    let begin = epochs(&m);
    let found = loop {
        tick(&mut m);
        assert!(epochs(&m) < begin + 200, "{}", stage(&m));
        let stage = stage(&m);
        if stage.contains("trace: Mark") && stage.contains("waiting") {
            // The last of the weak store's is the chain's first.
            break (0..CHAIN).rev().find_map(|i| m.read(weak, i)).unwrap();
        }
    };
    m.roots.stack[4] = Some(found);
    while stage(&m).contains("trace") {
        tick(&mut m);
    }
    let (done, begin) = (traces(&m), epochs(&m));
    assert_eq!(get(found, 1), Some(shared));
    m.roots.stack[4] = None;
    while m.heap.inspect(found).allocated && id(found) == 7 {
        tick(&mut m);
        assert!(epochs(&m) < begin + 200, "{}", stage(&m));
    }
    assert_eq!(traces(&m), done, "a trace had to free it");
}

/// In Lua, an object's finalizer still finds what a weak-keyed table has for it.
#[test]
fn a_key_with_a_finalizer_stays_until_that_has_run() {
    for slots in [8, MANY] {
        let mut m = machine(CycleSearch::Both);
        let holder = old(&mut m, 0, NODE, 1);
        let keys = old(&mut m, 1, EPHEMERON, slots);
        let weak = old(&mut m, 2, WEAK, slots);
        for i in 0..20 {
            let (key, value) = (m.alloc(NODE, 7, 1), m.alloc(NODE, 8 + i, 1));
            m.set(holder, 0, Some(key));
            m.set_ephemeron(keys, 0, key, value);
            m.set(weak, 0, Some(key));
            m.heap.register_finalizer(key);
            m.collect_young();
            m.set(holder, 0, None);
            while m.heap.finalizers_due() == 0 {
                // It is dead and has not been finalized: or the program finds all of it.
                assert!(m.read(keys, 0).is_none_or(|k| k == key));
                tick(&mut m);
            }
            let due = m.heap.next_finalizable();
            assert_eq!(due, Some(key));
            m.roots.stack[3] = due;
            assert_eq!(m.read(keys, 0), Some(key));
            assert_eq!(m.read(keys, 1).map(id), Some(8 + i));
            assert_eq!(m.read(weak, 0), None);
            m.roots.stack[3] = None;
            let begin = epochs(&m);
            while epochs(&m) < begin + 10 {
                tick(&mut m);
            }
            assert_eq!(m.read(keys, 0), None);
            assert_eq!(m.read(keys, 1), None);
        }
    }
}

/// What the program saw as cleared in the midst of a round stays so when a switch gives that
/// up, or the closing of the state, after which finalizers run.
#[test]
fn what_counts_as_cleared_is_cleared_when_a_round_is_given_up() {
    for to in [Some(GcKind::MarkSweep), Some(GcKind::Generational), None] {
        let mut m = machine(CycleSearch::Off);
        let holder = old(&mut m, 0, NODE, 1);
        let weak = old(&mut m, 1, WEAK, 10 * MANY);
        let target = m.alloc(NODE, 7, 1);
        m.set(holder, 0, Some(target));
        m.set(weak, 5, Some(target));
        m.collect_young();
        m.set(holder, 0, None);
        let begin = epochs(&m);
        while m.read(weak, 5).is_some() {
            tick(&mut m);
            assert!(epochs(&m) < begin + 10);
        }
        // It is not cleared yet, but counts as if it were.
        assert_eq!(get(weak, 5), Some(target));
        match to {
            Some(kind) => m.heap.switch(kind, &mut m.roots).unwrap(),
            None => m.heap.finalize_all(),
        }
        assert!(!m.heap.verdict_pending());
        assert_eq!(m.read(weak, 5), None);
    }
}

/// Nor does it come back when a full collection resurrects both the object and the store.
#[test]
fn what_counts_as_cleared_does_not_come_back_by_resurrection() {
    let mut m = machine(CycleSearch::Both);
    let holder = old(&mut m, 0, NODE, 1);
    let weak = old(&mut m, 1, WEAK, 10 * MANY);
    let friend = old(&mut m, 2, NODE, 1);
    m.set(friend, 0, Some(weak));
    let target = m.alloc(NODE, 7, 1);
    m.set(holder, 0, Some(target));
    m.set(weak, 5, Some(target));
    m.heap.register_finalizer(target);
    m.heap.register_finalizer(friend);
    m.collect_young();
    m.set(holder, 0, None);
    let begin = epochs(&m);
    while m.read(weak, 5).is_some() {
        tick(&mut m);
        assert!(epochs(&m) < begin + 10);
    }
    assert_eq!(get(weak, 5), Some(target));
    (m.roots.stack[1], m.roots.stack[2]) = (None, None);
    m.collect_full();
    assert_eq!(m.heap.finalizers_due(), 2);
    assert_eq!(m.read(weak, 5), None);
}
