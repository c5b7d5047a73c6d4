//! The threads that mark beside the program.
//!
//! 1. The program's thread hands grey objects over in packets (`Helpers::give`).
//! 2. A helper takes a packet, visits its objects and what they lead to, and
//!    puts what it has too much of back as packets. What only the program's
//!    thread can do (objects of kinds with plain memory, weak references) it
//!    collects in a `Harvest`.
//! 3. When its own queue is empty, the helper hands in the harvest and takes
//!    the next packet. When no packets are left and no helper is at work,
//!    `Helpers::is_idle` says so: nothing is grey on this side.
//! 4. To give a cycle up, or to go on alone, the program's thread asks all
//!    helpers to stop (`Helpers::recall`) and waits for each to finish the object at hand.
//!
//! The program never waits for a helper in 1 and 3: if the lock is taken it
//! tries again at its next safepoint. The exchange itself is in `exchange.rs`,
//! which knows nothing of heaps, so that it can be checked by itself.

use super::cycle::MarkScope;
use super::exchange::Exchange;
use crate::header::Obj;
use crate::heap::memory::Memory;
use crate::mark::{GreyQueue, Tracer};
use crate::model::Model;
use crate::stats::{ConcurrentRecord, ConcurrentSpan, Phase};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// Objects in a packet that a helper gives away.
const PACKET: usize = 1024;
/// Slots visited between two looks at what the others need.
const SHARE: usize = 4096;

/// What a helper has for the program's thread.
#[derive(Default)]
pub(crate) struct Harvest {
    /// Marked objects that only the program's thread may trace.
    pub foreign: Vec<Obj>,
    /// Visited objects with weak references.
    pub weak: Vec<Obj>,
    /// Visited objects with ephemerons.
    pub owners: Vec<Obj>,
    /// Slots visited.
    pub work: usize,
    /// Stretches of work.
    pub records: Vec<ConcurrentRecord>,
}

/// The helpers of a heap.
pub(crate) struct Helpers {
    exchange: Arc<Exchange<Obj, Harvest>>,
    threads: Vec<JoinHandle<()>>,
}

/// The addresses of a heap's tables, for its own helpers only.
struct Tables(Memory);

// SAFETY: all that a helper does with the tables is atomic, and the helpers
// are joined before the heap gives its memory back (`Core::close`).
unsafe impl Send for Tables {}

impl Helpers {
    /// Starts `n` threads; as many as the system grants.
    pub fn start<M: Model>(n: usize, mem: Memory, birth: Instant) -> Helpers {
        let exchange = Arc::new(Exchange::new());
        let mut threads = Vec::new();
        for i in 0..n {
            let (exchange, tables) = (exchange.clone(), Tables(mem));
            let thread = std::thread::Builder::new()
                .name(format!("moonsweep-gc-{i}"))
                .spawn(move || work::<M>(&exchange, tables, i as u32, birth));
            match thread {
                Ok(t) => threads.push(t),
                Err(_) => break,
            }
        }
        Helpers { exchange, threads }
    }
    /// Number of threads.
    pub fn count(&self) -> usize {
        self.threads.len()
    }
    /// The exchange with them.
    pub fn exchange(&self) -> &Arc<Exchange<Obj, Harvest>> {
        &self.exchange
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        self.exchange.quit();
        for t in self.threads.drain(..) {
            // A helper that panicked has already said so.
            let _ = t.join();
        }
    }
}

fn work<M: Model>(exchange: &Exchange<Obj, Harvest>, tables: Tables, thread: u32, birth: Instant) {
    let Tables(mem) = tables;
    let mut tracer = Tracer::<M, _>::new(MarkScope { mem }, GreyQueue::new());
    let mut harvest = Harvest::default();
    while let Some(packet) = exchange.take() {
        let span = ConcurrentSpan::begin(thread, Phase::Mark, birth);
        tracer.grey.add(packet);
        tracer.work = 0;
        drain(&mut tracer, &mut harvest, exchange);
        if exchange.is_recalled() {
            tracer.grey.take();
        }
        harvest.weak.append(&mut tracer.weak);
        harvest.owners.append(&mut tracer.ephemerons.owners);
        harvest.work += tracer.work;
        harvest.records.push(span.end(tracer.work as u64));
        tracer.grey.shrink();
        exchange.hand_in(std::mem::take(&mut harvest));
    }
}

fn drain<M: Model>(
    tracer: &mut Tracer<M, MarkScope>,
    harvest: &mut Harvest,
    exchange: &Exchange<Obj, Harvest>,
) {
    let mut next = SHARE;
    while let Some(obj) = tracer.grey.pop() {
        if exchange.is_recalled() {
            return;
        }
        if M::traced_by_program(obj.kind()) {
            harvest.foreign.push(obj);
            continue;
        }
        tracer.visit(obj);
        if tracer.work >= next {
            next = tracer.work + SHARE;
            if tracer.grey.len() > 2 * PACKET && exchange.wants_packets() {
                exchange.give(tracer.grey.split(PACKET));
            }
        }
    }
}
