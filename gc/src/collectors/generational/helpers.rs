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
//! 5. A helper that panics, in a model's code, puts back what it has not done,
//!    the visit at hand included, and is gone. When none is left, the cycle, and all that
//!    follow, go on in slices on the program's thread.
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
        let exchange: Arc<Exchange<Obj, Harvest>> = Arc::new(Exchange::new());
        let mut threads = Vec::new();
        for i in 0..n {
            exchange.join();
            let (shared, tables) = (exchange.clone(), Tables(mem));
            let thread = std::thread::Builder::new()
                .name(format!("moonsweep-gc-{i}"))
                .spawn(move || work::<M>(&shared, tables, i as u32, birth));
            match thread {
                Ok(t) => threads.push(t),
                Err(_) => {
                    exchange.resign();
                    break;
                }
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

/// A helper at work. Dropped by a panic, it puts back what it has not done: the
/// others go on with it, or the program's thread.
struct Helper<'a, M: Model> {
    exchange: &'a Exchange<Obj, Harvest>,
    tracer: Tracer<M, MarkScope>,
    harvest: Harvest,
    /// The object being visited.
    visiting: Option<Obj>,
    /// The stretch of work in progress.
    span: Option<ConcurrentSpan>,
}

fn work<M: Model>(exchange: &Exchange<Obj, Harvest>, tables: Tables, thread: u32, birth: Instant) {
    let Tables(mem) = tables;
    let mut helper = Helper {
        exchange,
        tracer: Tracer::<M, _>::new(MarkScope { mem }, GreyQueue::new()),
        harvest: Harvest::default(),
        visiting: None,
        span: None,
    };
    while let Some(packet) = exchange.take() {
        helper.span = Some(ConcurrentSpan::begin(thread, Phase::Mark, birth));
        helper.tracer.grey.add(packet);
        helper.drain();
        if exchange.is_recalled() {
            helper.tracer.grey.take();
        }
        helper.tracer.grey.shrink();
        let harvest = helper.reap();
        exchange.hand_in(harvest);
    }
}

impl<M: Model> Helper<'_, M> {
    fn drain(&mut self) {
        let Helper {
            exchange,
            tracer,
            harvest,
            visiting,
            ..
        } = self;
        let mut next = SHARE;
        while let Some(obj) = tracer.grey.pop() {
            *visiting = Some(obj);
            if exchange.is_recalled() {
                break;
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
        *visiting = None;
    }

    /// The harvest of the stretch of work that ends now.
    fn reap(&mut self) -> Harvest {
        let tracer = &mut self.tracer;
        let mut harvest = std::mem::take(&mut self.harvest);
        harvest.weak.append(&mut tracer.weak);
        harvest.owners.append(&mut tracer.ephemerons.owners);
        harvest.work = std::mem::take(&mut tracer.work);
        if let Some(span) = self.span.take() {
            harvest.records.push(span.end(harvest.work as u64));
        }
        harvest
    }
}

impl<M: Model> Drop for Helper<'_, M> {
    fn drop(&mut self) {
        if self.span.is_none() {
            return self.exchange.resign();
        }
        // A panic in the midst of a visit: it is made again, by somebody else.
        // What it claimed so far waits here, or is claimed and found again there.
        let mut rest = self.tracer.grey.take();
        rest.extend(self.visiting.take());
        let harvest = self.reap();
        self.exchange.leave(rest, harvest)
    }
}
