//! The exchange of work between the program's thread and its helpers.
//!
//! `open` counts the packets that wait and those being worked on. It reaches
//! zero only when all work given out was done and its results are in, and only
//! the program's thread makes it rise from zero: what `is_idle` says stays true
//! until the program itself gives more.
//!
//! A helper that fails (it panicked) says `leave`, with what it has not done:
//! that becomes a packet for the others. When the last has left, the exchange
//! is *deserted*, and the program's thread takes everything back.

use super::sync::{Acquire, AtomicBool, AtomicUsize, Condvar, Mutex, MutexGuard, Relaxed, Release};

/// Packets of `T` out, results `R` in.
pub(crate) struct Exchange<T, R> {
    /// Packets waiting or being worked on.
    open: AtomicUsize,
    /// Packets waiting, roughly.
    waiting: AtomicUsize,
    /// Results waiting.
    ready: AtomicUsize,
    /// Everybody is to stop and forget.
    recalled: AtomicBool,
    /// There were helpers, and all have left.
    deserted: AtomicBool,
    state: Mutex<State<T, R>>,
    /// There is a packet, or the end.
    work: Condvar,
    /// Nobody is at work.
    rest: Condvar,
}

struct State<T, R> {
    packets: Vec<Vec<T>>,
    results: Vec<R>,
    working: usize,
    /// Helpers that have joined and not left.
    crew: usize,
    quit: bool,
}

impl<T, R> Exchange<T, R> {
    /// With nothing to do.
    pub fn new() -> Self {
        Exchange {
            open: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            recalled: AtomicBool::new(false),
            deserted: AtomicBool::new(false),
            state: Mutex::new(State {
                packets: Vec::new(),
                results: Vec::new(),
                working: 0,
                crew: 0,
                quit: false,
            }),
            work: Condvar::new(),
            rest: Condvar::new(),
        }
    }
    fn lock(&self) -> MutexGuard<'_, State<T, R>> {
        // A helper that panicked leaves the state as it is between two moves.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// One more helper will come; said before it does.
    pub fn join(&self) {
        self.lock().crew += 1
    }
    /// A helper that joined will not come, or goes: it has no packet at hand.
    pub fn resign(&self) {
        self.depart(&mut self.lock())
    }
    /// A helper goes that cannot go on with the packet it took: `rest` is what
    /// is left of it, `result` what came of it so far.
    pub fn leave(&self, rest: Vec<T>, result: R) {
        let mut state = self.lock();
        if !rest.is_empty() {
            self.put(&mut state, rest);
        }
        self.finish(&mut state, result);
        self.depart(&mut state);
    }
    fn depart(&self, state: &mut State<T, R>) {
        state.crew -= 1;
        if state.crew == 0 {
            self.deserted.store(true, Relaxed)
        }
    }
    /// Whether there is nobody left to take what is given.
    pub fn is_deserted(&self) -> bool {
        self.deserted.load(Relaxed)
    }
    /// Everything in a deserted exchange.
    pub fn take_back(&self) -> (Vec<Vec<T>>, Vec<R>) {
        let mut state = self.lock();
        let packets = std::mem::take(&mut state.packets);
        self.waiting.store(0, Relaxed);
        self.open.fetch_sub(packets.len(), Release);
        (packets, self.take_results(&mut state))
    }

    /// A packet for whoever takes it first. By a helper, or by the program's
    /// thread through `try_give`.
    pub fn give(&self, packet: Vec<T>) {
        self.put(&mut self.lock(), packet)
    }
    fn put(&self, state: &mut State<T, R>, packet: Vec<T>) {
        if state.quit || self.recalled.load(Relaxed) {
            return;
        }
        self.open.fetch_add(1, Relaxed);
        self.waiting.fetch_add(1, Relaxed);
        state.packets.push(packet);
        self.work.notify_one();
    }
    /// As `give`; hands the packet back if the lock is taken.
    pub fn try_give(&self, packet: Vec<T>) -> Result<(), Vec<T>> {
        match self.state.try_lock() {
            Ok(mut state) => {
                self.put(&mut state, packet);
                Ok(())
            }
            Err(_) => Err(packet),
        }
    }
    /// Whether a helper with much work should give some away.
    pub fn wants_packets(&self) -> bool {
        self.waiting.load(Relaxed) < 2
    }
    /// The program's thread takes a packet to work on it itself, its results
    /// going nowhere; none if there is none or the lock is taken.
    pub fn steal(&self) -> Option<Vec<T>> {
        let mut state = self.state.try_lock().ok()?;
        let packet = state.packets.pop()?;
        self.waiting.fetch_sub(1, Relaxed);
        self.open.fetch_sub(1, Release);
        Some(packet)
    }
    /// Whether there are results.
    pub fn has_results(&self) -> bool {
        self.ready.load(Relaxed) != 0
    }
    /// Results so far, and whether that is all: everything given was worked on,
    /// until the program gives more. If there is more to come and the lock is
    /// taken, none for now.
    pub fn gather(&self) -> (bool, Vec<R>) {
        // Before results are taken: what is idle now has its results in.
        let idle = self.is_idle();
        let state = if idle {
            Some(self.lock()) // free, or about to be
        } else {
            self.state.try_lock().ok()
        };
        let results = state.map_or(Vec::new(), |mut s| self.take_results(&mut s));
        (idle, results)
    }
    fn take_results(&self, state: &mut State<T, R>) -> Vec<R> {
        self.ready.store(0, Relaxed);
        std::mem::take(&mut state.results)
    }
    /// Whether all that was given was worked on, and all that was done to it is
    /// visible to the caller. What came of it `gather` has.
    pub fn is_idle(&self) -> bool {
        self.open.load(Acquire) == 0
    }

    /// A helper waits for a packet; none: the end.
    pub fn take(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            if state.quit {
                return None;
            }
            if let Some(packet) = state.packets.pop() {
                self.waiting.fetch_sub(1, Relaxed);
                state.working += 1;
                return Some(packet);
            }
            state = self.work.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }
    /// A helper has done with the packet it took.
    pub fn hand_in(&self, result: R) {
        self.finish(&mut self.lock(), result)
    }
    fn finish(&self, state: &mut State<T, R>, result: R) {
        state.working -= 1;
        state.results.push(result);
        self.ready.store(1, Relaxed);
        // Last: whoever sees zero finds the results.
        self.open.fetch_sub(1, Release);
        if state.working == 0 {
            self.rest.notify_all();
        }
    }
    /// Whether work is to be dropped.
    #[inline]
    pub fn is_recalled(&self) -> bool {
        self.recalled.load(Relaxed)
    }
    /// Takes everything back: returns when no helper works, with no packet and
    /// no result left. What came of it until then is of use for the books only.
    pub fn recall(&self) -> Vec<R> {
        let mut state = self.lock();
        self.recalled.store(true, Relaxed);
        while state.working != 0 {
            state = self.rest.wait(state).unwrap_or_else(|e| e.into_inner());
        }
        let dropped = state.packets.len();
        state.packets.clear();
        self.waiting.store(0, Relaxed);
        self.open.fetch_sub(dropped, Release);
        self.recalled.store(false, Relaxed);
        self.take_results(&mut state)
    }
    /// No more packets: helpers that wait end, those at work drop it and end.
    pub fn quit(&self) {
        let mut state = self.lock();
        self.recalled.store(true, Relaxed);
        state.quit = true;
        self.work.notify_all();
    }
}
