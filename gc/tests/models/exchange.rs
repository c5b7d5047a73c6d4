//! Models of the exchange of work: loom runs each through all interleavings of a
//! few threads, with all values that the loads may see.

use super::exchange::Exchange;
use crate::checked;
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

/// What helpers write beside the exchange, as they write MARK and grey objects:
/// loom reports a read that is not ordered after the write.
struct Fields([UnsafeCell<u32>; 3]);

// SAFETY: loom checks each access.
unsafe impl Sync for Fields {}
// SAFETY: as above.
unsafe impl Send for Fields {}

impl Fields {
    fn new() -> Arc<Fields> {
        Arc::new(Fields(std::array::from_fn(|_| UnsafeCell::new(0))))
    }
    fn visit(&self, i: usize) {
        // SAFETY: loom checks that nobody else reads or writes meanwhile.
        self.0[i].with_mut(|p| unsafe { *p += 1 })
    }
    fn visits(&self, i: usize) -> u32 {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.0[i].with(|p| unsafe { *p })
    }
}

type Work = Exchange<usize, Vec<usize>>;

fn exchange() -> Arc<Work> {
    Arc::new(Exchange::new())
}

/// A helper as `helpers.rs` has it: visits what it takes, gives away what
/// `share` says, drops it all when recalled.
fn helper(x: &Arc<Work>, fields: &Arc<Fields>, share: bool) -> thread::JoinHandle<()> {
    let (x, fields) = (x.clone(), fields.clone());
    x.join();
    thread::spawn(move || {
        while let Some(mut packet) = x.take() {
            let mut done = Vec::new();
            if share && packet.len() > 1 && x.wants_packets() {
                x.give(packet.split_off(1));
            }
            for i in packet {
                if x.is_recalled() {
                    break;
                }
                fields.visit(i);
                done.push(i);
            }
            x.hand_in(done);
        }
        x.resign();
    })
}

fn wait_idle(x: &Work) {
    while !x.is_idle() {
        thread::yield_now()
    }
}

fn sorted(results: Vec<Vec<usize>>) -> Vec<usize> {
    let mut all: Vec<usize> = results.into_iter().flatten().collect();
    all.sort();
    all
}

fn give(x: &Work, packet: Vec<usize>) {
    if let Err(packet) = x.try_give(packet) {
        x.give(packet)
    }
}

/// What is idle has its results in, and all that was done is visible.
pub fn hand_over() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let h = helper(&x, &fields, false);
        give(&x, vec![0]);
        wait_idle(&x);
        assert_eq!(fields.visits(0), 1);
        assert_eq!(sorted(x.gather().1), [0]);
        assert!(x.is_idle() && !x.has_results());
        // And once more.
        give(&x, vec![0]);
        wait_idle(&x);
        assert_eq!(fields.visits(0), 2);
        x.quit();
        h.join().unwrap();
    })
}

/// Two helpers share a packet; the program may steal from it, or look at
/// results early. It is idle when all is done, and not before.
pub fn sharing() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let hs = [helper(&x, &fields, true), helper(&x, &fields, true)];
        give(&x, vec![0, 1]);
        let (idle, mut results) = x.gather();
        assert!(!idle || sorted(results.clone()) == [0, 1]);
        if let Some(packet) = x.steal() {
            for i in packet {
                fields.visit(i);
                results.push(vec![i]);
            }
        }
        wait_idle(&x);
        for i in 0..2 {
            assert_eq!(fields.visits(i), 1);
        }
        results.extend(x.gather().1);
        assert_eq!(sorted(results), [0, 1]);
        x.quit();
        for h in hs {
            h.join().unwrap();
        }
    })
}

/// A recall returns, after it nobody works, and nothing of what was given
/// before is seen again.
pub fn recalling() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let h = helper(&x, &fields, true);
        give(&x, vec![0, 1]);
        let done: usize = x.recall().iter().map(Vec::len).sum();
        assert!(x.is_idle() && !x.has_results());
        let before = fields.visits(0) + fields.visits(1);
        assert_eq!(before as usize, done);
        give(&x, vec![2]);
        wait_idle(&x);
        assert_eq!(fields.visits(2), 1);
        assert_eq!(sorted(x.gather().1), [2]);
        assert_eq!(fields.visits(0) + fields.visits(1), before);
        x.quit();
        h.join().unwrap();
    })
}

/// Helpers end, whatever they are at.
pub fn quitting() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let hs = [helper(&x, &fields, true), helper(&x, &fields, true)];
        give(&x, vec![0, 1]);
        x.quit();
        for h in hs {
            h.join().unwrap();
        }
    })
}

/// A helper that fails in the midst of its packet.
fn failing(x: &Arc<Work>, fields: &Arc<Fields>) -> thread::JoinHandle<()> {
    let (x, fields) = (x.clone(), fields.clone());
    x.join();
    thread::spawn(move || {
        if let Some(mut packet) = x.take() {
            let rest = packet.split_off(1);
            packet.iter().for_each(|&i| fields.visit(i));
            x.leave(rest, packet);
        } else {
            x.resign();
        }
    })
}

/// The only helper fails: the program's thread finds all that it left.
pub fn failing_alone() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let h = failing(&x, &fields);
        give(&x, vec![0, 1]);
        while !x.is_deserted() {
            assert!(!x.is_idle(), "idle, and not all was done");
            thread::yield_now()
        }
        let (packets, results) = x.take_back();
        assert_eq!((packets, results), (vec![vec![1]], vec![vec![0]]));
        assert_eq!(fields.visits(0), 1);
        assert!(x.is_idle());
        h.join().unwrap();
    })
}

/// One of two fails: the other does all that was left.
pub fn failing_beside_another() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let hs = [failing(&x, &fields), helper(&x, &fields, false)];
        give(&x, vec![0, 1]);
        wait_idle(&x);
        assert!(!x.is_deserted());
        for i in 0..2 {
            assert_eq!(fields.visits(i), 1);
        }
        assert_eq!(sorted(x.gather().1), [0, 1]);
        x.quit();
        for h in hs {
            h.join().unwrap();
        }
    })
}

/// A recall does not wait for the one that fails.
pub fn failing_while_recalled() {
    checked(|| {
        let (x, fields) = (exchange(), Fields::new());
        let h = failing(&x, &fields);
        give(&x, vec![0, 1]);
        x.recall();
        assert!(x.is_idle() && !x.has_results());
        x.quit();
        h.join().unwrap();
        let (packets, results) = x.take_back();
        assert!(packets.is_empty() && results.is_empty());
    })
}
