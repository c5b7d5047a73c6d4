//! Policy: when to collect. Pure functions, apart from every mechanism.
//!
//! **A heap's size is bounded.** With full collections in one stop: let L be what lived after the last full
//! collection, g the growth factor, N the nursery. The next full collection
//! comes at the first safepoint at which the heap, counted after the last
//! minor, is at least `full_threshold(L)`; one more nursery may be allocated
//! until that safepoint. So the heap never exceeds max(gL, L + M) + 2N, with M
//! the least growth.
//!
//! Marked in slices, the cycle begins `headroom` earlier, and slices are sized
//! so that it ends by then: the share marked keeps up with the share of
//! headroom used. Only a slice's limit in time can delay the end; past the
//! headroom slices come twice as often, half of it further four times, and are
//! recorded as assists: more stops, and none longer. There the program also waits
//! for helpers that hold all the work (phase `wait`). So
//! the bound above is passed by what is allocated until the slices, at that
//! limit, have visited the rest: measured, a fifth of the heap when every
//! allocation survives.
//!
//! What dies while a cycle marks it does not find, so L counts some garbage as
//! living, the more the smaller the heap is beside its nursery. `floating`
//! estimates how much, and `cycle_start` begins the next cycle at a size that aims at
//! twice what really lives and a nursery. It is an aim: a helper that gets no processor
//! marks late. `tests/pacing.rs` holds both collectors to it, but allows for half of what
//! lives more where a helper marks.

/// Least growth before a full collection: smaller heaps are not worth one.
pub const MIN_GROWTH: usize = 1 << 20;
/// Smallest nursery, and the first.
pub const MIN_NURSERY: usize = 256 << 10;
/// Smallest nursery while minors of the usual smallest take too long: nearly all survives.
const LEAST_NURSERY: usize = MIN_NURSERY / 2;
/// Nursery of a small heap, at most.
pub const SMALL_NURSERY: usize = 768 << 10;
/// The nursery of a larger heap is at most such a part of it.
const NURSERY_SHARE: usize = 8;
/// Share of the nursery, counted from its end, whose survivors age one more minor.
pub const AGE_SHARE: usize = 8;
/// A minor is due when visiting the logged objects means reading so many bytes,
pub const LOG_WEIGHT: usize = 256 << 10;
/// or this many, if minors with so long a log take too long.
const MIN_LOG_WEIGHT: usize = 64 << 10;
/// Minors after which a costly one is forgotten, roughly.
const MEMORY: f64 = 16.0;
/// Counting: references that the barrier remembers until an epoch is due, at most.
pub const LOG_REFERENCES: usize = 1 << 15;
/// Counting: the same, at least.
const MIN_LOG_REFERENCES: usize = 1 << 12;
/// Counting: bytes allocated between two slices of decrements.
pub const COUNT_STEP: usize = 64 << 10;

/// Nanoseconds to mark an object of a heap that fits into the processor's caches, at least, and
/// until a stop was measured: `next_object_ns`. Full stops (`--gc-log`) took, bytes included, 9
/// with 19,912 live strings and their table, 12 in a graph of 10,980, 20 in a list of 24,021.
pub const OBJECT_NS: u64 = 6;
/// Bytes of such a heap visited in a nanosecond; measured 7 to 12 where few objects
/// hold all of it (arrays of 2 MB, 172 to 283 us).
const VISITED: u64 = 6;

/// Slices between two minors while marking.
const STEPS: usize = 8;
/// Bytes allocated between two slices, at least.
const MIN_STEP: usize = 16 << 10;
/// So many times as often as usual slices come when marking is far behind: if
/// helpers have all that is left to do, the program waits for them as long as a slice takes.
pub const STALL: usize = 4;
/// Bytes marked for each allocated, at least.
const MARK_RATE: usize = 2;

/// Bytes in use at which a full collection is due, given what lived after the last.
pub fn full_threshold(live: usize, growth: f64) -> usize {
    let grown = (live as f64 * growth).min(usize::MAX as f64 / 2.0) as usize;
    grown.max(live.saturating_add(MIN_GROWTH))
}

/// The same by the square-root rule of MemBalancer (Kirisame, Shenoy and Panchekha,
/// "Optimal heap limits for reducing browser memory use", 2022). `growth` bytes a
/// second are allocated, `speed` bytes a second collected. A collection for each
/// E bytes takes the share `live / speed * growth / E` of the time; one byte more
/// saves `live * growth / (speed * E^2)` of it. E is where that is the `price`
/// of a byte: heaps of one program, or of several, that pay the same price are
/// together as fast as their memory allows.
pub fn balanced_threshold(live: usize, growth: f64, speed: f64, price: f64) -> usize {
    let room = (live as f64 * growth / (speed * price)).sqrt();
    let room = if room.is_finite() {
        room.min(usize::MAX as f64 / 4.0) as usize
    } else {
        0
    };
    live.saturating_add(room.max(MIN_GROWTH))
}

/// Bytes allocated after which the whole heap is looked at even though it has
/// not grown: what died old is found in the end, at a cost of marking one byte
/// for some thirty allocated.
pub fn patience(used: usize) -> usize {
    used.saturating_add(1 << 20).saturating_mul(32)
}

/// Nanoseconds that a full collection in one stop is expected to take if all `objects`
/// of `bytes` live and each costs `object_ns`.
pub fn stop_ns(objects: usize, bytes: usize, object_ns: u64) -> u64 {
    (objects as u64)
        .saturating_mul(object_ns)
        .saturating_add(bytes as u64 / VISITED)
}

/// What marking an object is taken to cost after a stop that took `ns` for `objects` of
/// `bytes`. At most twice the `current`: the stop may have been held up.
pub fn next_object_ns(current: u64, ns: u64, objects: usize, bytes: usize) -> u64 {
    let seen = ns.saturating_sub(bytes as u64 / VISITED) / objects.max(1) as u64;
    seen.clamp(OBJECT_NS, current.max(OBJECT_NS).saturating_mul(2))
}

/// How much earlier a cycle of slices begins than a full stop would: the heap
/// may grow by so much until marking has ended. A cycle has three stops with a
/// nursery before each, however small the heap.
pub fn headroom(live: usize, due: usize, nursery: usize) -> usize {
    let growth = due.saturating_sub(live);
    (growth / 4).max((nursery * 3).min(growth / 2))
}

/// Of `promoted` bytes that became old during a cycle as many, in the end, are
/// garbage that it did not find, for objects die while it marks: the share that the last
/// `grown` bytes before it had of what it found `dead`.
pub fn floating(promoted: usize, dead: usize, grown: usize) -> usize {
    let share = dead as f64 / grown.max(1) as f64;
    (promoted as f64 * share.min(1.0)) as usize
}

/// Bytes in use at which a cycle begins: at `planned`, unless the heap would then
/// pass what it may come to under steady churn. That is `due`, for what lives
/// without the last cycle's `floating` garbage, and a quarter of it (with the
/// default growth twice what lives), and a nursery. The heap is expected to grow by
/// as much as during the last cycle, `promoted`.
pub fn cycle_start(
    planned: usize,
    due: usize,
    (live, floating): (usize, usize),
    promoted: usize,
    nursery: usize,
) -> usize {
    let most = due + live.saturating_sub(floating) / 4 + nursery;
    let least = live.saturating_add(MIN_GROWTH / 2);
    planned.min(most.saturating_sub(promoted)).max(least)
}

/// While marking: bytes between two safepoints with a slice.
pub fn step(nursery: usize) -> usize {
    (nursery / STEPS).max(MIN_STEP)
}

/// Slots to visit in the slice after `step` bytes were allocated, and how many
/// times as often as usual the next ones come. `grown` of `headroom` bytes are used up,
/// `done` of `estimate` slots visited. At least so much that the heap is marked
/// while the program allocates `1 / MARK_RATE` of it; more if the heap grows
/// faster than that allows for.
pub fn slice_quota(
    step: usize,
    grown: usize,
    headroom: usize,
    done: usize,
    estimate: usize,
) -> (usize, usize) {
    let least = step * MARK_RATE / 8;
    let share = grown as f64 / headroom.max(1) as f64;
    let behind = (estimate as f64 * share) as usize;
    let slots = least.max(behind.saturating_sub(done));
    let hurry = match share {
        ..=1.0 => 1,
        ..=1.5 => 2,
        _ => STALL,
    };
    (slots, hurry)
}

/// The largest nursery for a heap with `used` bytes, `option` being what was
/// asked for. A larger one would save a small heap no time, for few objects
/// survive there, but its memory would be most of the program's.
pub fn most_nursery(option: usize, used: usize) -> usize {
    option.clamp(1, SMALL_NURSERY.max(used / NURSERY_SHARE))
}

/// The first nursery: the smallest, because nothing is known of what survives,
/// and while a program builds up its data all of it does.
pub fn first_nursery(option: usize) -> usize {
    MIN_NURSERY.min(most_nursery(option, 0))
}

/// What a minor will cost for each byte of its nursery, in nanoseconds: as much
/// as the costliest of late, which counts the less the longer ago it was.
#[derive(Clone, Copy, Default, Debug)]
pub struct Forecast {
    cost: f64,
}

impl Forecast {
    /// A minor took `ns` after `nursery` bytes.
    pub fn observe(&mut self, ns: u64, nursery: usize) {
        let cost = ns as f64 / nursery.max(1) as f64;
        self.cost = cost.max(self.cost + (cost - self.cost) / MEMORY);
    }
    /// Other minors are about to come, that were seen to cost up to `times` what `usual` ones do.
    pub fn prepare(&mut self, usual: Forecast, times: f64) {
        self.cost = self.cost.max(usual.cost * times);
    }
    /// What a minor will take after `nursery` bytes.
    pub fn predict(self, nursery: usize) -> u64 {
        (self.cost * nursery as f64) as u64
    }
}

/// The next nursery's size: shrinks while more is predicted for a minor than half
/// the goal (half, because what survives varies from one to the next), and grows
/// back to `most` as long as the larger one keeps to it.
pub fn forecast_nursery(current: usize, forecast: Forecast, goal_ns: u64, most: usize) -> usize {
    let least = LEAST_NURSERY.min(most);
    let larger = current.saturating_add(current / 4);
    if forecast.predict(current) > goal_ns / 2 {
        let share = (goal_ns / 2) as f64 / forecast.predict(current) as f64;
        let smaller = (current as f64 * share) as usize;
        smaller.max(current / 2).clamp(least, most)
    } else if forecast.predict(larger) <= goal_ns / 2 {
        larger.clamp(least, most)
    } else {
        current.clamp(least, most)
    }
}

/// The nursery while another forecast holds, which may be of much dearer minors.
pub fn nursery_anew(current: usize, forecast: Forecast, goal_ns: u64, most: usize) -> usize {
    let next = forecast_nursery(current, forecast, goal_ns, most);
    if next < current {
        nursery_anew(next, forecast, goal_ns, most)
    } else {
        current
    }
}

/// The weight of the log above which the next minor is due, after a minor that
/// the limit `current` brought about has taken `minor_ns`.
pub fn next_log_weight(current: usize, minor_ns: u64, goal_ns: u64) -> usize {
    let next = if minor_ns > goal_ns {
        current / 2
    } else if minor_ns > goal_ns / 2 {
        current - current / 8
    } else {
        current.saturating_add(current / 16)
    };
    next.clamp(MIN_LOG_WEIGHT, LOG_WEIGHT)
}

/// The references that the barrier may remember until the next epoch: fewer
/// while epochs miss the goal.
pub fn next_log(current: usize, epoch_ns: u64, goal_ns: u64) -> usize {
    let next = if epoch_ns > goal_ns {
        current / 2
    } else if epoch_ns < goal_ns / 2 {
        current.saturating_add(current / 4)
    } else {
        current
    };
    next.clamp(MIN_LOG_REFERENCES, LOG_REFERENCES)
}

/// Unswept blocks to sweep at a minor, so that the sweep ends long before the next full collection.
pub fn sweep_quota(unswept: usize) -> usize {
    (unswept / 64).clamp(16, 64)
}

/// Free blocks to keep resident: what the nursery needs, and a share of the heap.
pub fn blocks_to_keep(nursery: usize, used: usize, block: usize) -> usize {
    (nursery + used / 8) / block + 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        const M: usize = 1 << 20;
        for (live, growth, want) in [
            (0, 1.75, MIN_GROWTH),
            (M, 1.75, M + MIN_GROWTH),
            (100 * M, 1.75, 175 * M),
            (100 * M, 1.0001, 100 * M + MIN_GROWTH),
        ] {
            assert_eq!(full_threshold(live, growth), want);
        }
        assert!(full_threshold(usize::MAX, 1.75) >= usize::MAX / 2);
    }

    #[test]
    fn small_heaps_are_stopped() {
        for (objects, bytes, want) in [
            (0, 0, 0),
            (20_000, 0, 120_000),
            (0, 6 << 20, 1 << 20),
            (20_000, 3 << 20, 120_000 + (512 << 10)),
        ] {
            assert_eq!(stop_ns(objects, bytes, OBJECT_NS), want);
        }
        assert_eq!(stop_ns(usize::MAX, usize::MAX, u64::MAX), u64::MAX);
        for (current, ns, objects, bytes, want) in [
            // What bytes account for is not the objects'.
            (6, 230_000, 10_000, 720_000, 11),
            (11, 230_000, 10_000, 0, 22),
            // One that was held up; one that was not, after it.
            (6, 2_000_000, 10_000, 0, 12),
            (12, 90_000, 10_000, 0, 9),
            (12, 1000, 10_000, 6 << 20, OBJECT_NS),
            (6, 1000, 0, 0, 12),
        ] {
            let next = next_object_ns(current, ns, objects, bytes);
            assert_eq!(next, want, "{ns} for {objects} of {bytes}");
        }
    }

    #[test]
    fn room_by_the_square_root_rule() {
        const M: f64 = (1 << 20) as f64;
        // Half a percent of the time for a megabyte.
        let price = 0.005 / M;
        let room = |live: f64, growth: f64, speed: f64| {
            let live = (live * M) as usize;
            (balanced_threshold(live, growth * M, speed * M, price) - live) as f64 / M
        };
        for (live, growth, speed, want) in [
            (50.0, 100.0, 1000.0, 1000.0_f64.sqrt()),
            (200.0, 100.0, 1000.0, 4000.0_f64.sqrt()),
            (50.0, 400.0, 1000.0, 4000.0_f64.sqrt()),
            (50.0, 100.0, 4000.0, 250.0_f64.sqrt()),
            // A heap that hardly grows, or is tiny, gets the least.
            (50.0, 0.001, 1000.0, 1.0),
            (0.0, 100.0, 1000.0, 1.0),
        ] {
            let got = room(live, growth, speed);
            assert!((got - want).abs() < 0.001, "{got} instead of {want}");
        }
        // One byte more would save what it costs.
        let (live, growth, speed) = (80.0, 30.0, 700.0);
        let share = |e: f64| live / speed * growth / e;
        let e = room(live, growth, speed);
        let saved = (share(e) - share(e + 1e-4)) / 1e-4;
        assert!((saved / 0.005 - 1.0).abs() < 1e-3, "{saved}");
        // Whatever was measured, there is a threshold.
        for bad in [0.0, f64::INFINITY, f64::NAN, -1.0] {
            assert!(balanced_threshold(usize::MAX, bad, 1.0, 1.0) == usize::MAX);
            assert!(balanced_threshold(100, 1.0, bad, 1.0) >= 100 + MIN_GROWTH);
        }
    }

    #[test]
    fn patience_ends() {
        assert_eq!(patience(0), 32 << 20);
        assert_eq!(patience(1 << 30), (32 << 30) + (32 << 20));
        assert_eq!(patience(usize::MAX), usize::MAX);
    }

    #[test]
    fn cycles_begin_early_enough_under_churn() {
        const M: usize = 1 << 20;
        // All that is promoted replaces something; nothing does; half of it.
        for (promoted, dead, grown, want) in [
            (4 * M, 12 * M, 8 * M, 4 * M),
            (4 * M, 0, 8 * M, 0),
            (4 * M, 4 * M, 8 * M, 2 * M),
            (4 * M, 0, 0, 0),
        ] {
            assert_eq!(floating(promoted, dead, grown), want);
        }
        let due = |live: usize| full_threshold(live, 1.75);
        for (live, floating, promoted, want) in [
            // A large heap, little of it floating: as planned.
            (104, 4, 4, due(104 * M)),
            // 12 MB live: 24 and a nursery are the most.
            (18, 6, 6, (24 + 1 - 6) * M),
            // Never at once again.
            (22, 10, 10, 22 * M + MIN_GROWTH / 2),
        ] {
            let lean = due((live - floating) * M);
            let (live, floating) = (live * M, floating * M);
            let got = cycle_start(due(live), lean, (live, floating), promoted * M, M);
            assert_eq!(got, want);
        }
    }

    #[test]
    fn slices_keep_up_with_growth() {
        const M: usize = 1 << 20;
        assert_eq!(headroom(100 * M, 175 * M, 2 * M), 75 * M / 4);
        assert_eq!(headroom(16 * M, 28 * M, M), 3 * M);
        assert_eq!(headroom(16 * M, 28 * M, 2 * M), 6 * M);
        assert_eq!(headroom(16 * M, 20 * M, 2 * M), 2 * M);
        let least = (M / 4) * MARK_RATE / 8;
        for (grown, done, want) in [
            (0, 0, (least, 1)),
            (M, 500 * M, (least, 1)),
            (5 * M, 100 * M, (400 * M, 1)),
            (11 * M, 1000 * M, (100 * M, 2)),
            (16 * M, 1000 * M, (600 * M, 4)),
        ] {
            assert_eq!(slice_quota(M / 4, grown, 10 * M, done, 1000 * M), want);
        }
    }

    #[test]
    fn nurseries_are_worth_their_memory() {
        const M: usize = 1 << 20;
        for (option, used, want) in [
            (2 * M, 0, SMALL_NURSERY),
            (2 * M, 4 * M, SMALL_NURSERY),
            (2 * M, 8 * M, M),
            (2 * M, 12 * M, 12 * M / 8),
            (2 * M, 1 << 30, 2 * M),
            (64 << 10, 1 << 30, 64 << 10),
            (16 * M, 64 * M, 8 * M),
            (0, M, 1),
        ] {
            assert_eq!(most_nursery(option, used), want);
        }
    }

    #[test]
    fn the_log_follows_the_goal() {
        const K: usize = 1 << 10;
        for (current, ns, want) in [
            (32 * K, 600, 16 * K),
            (4 * K, 600, 4 * K),
            (16 * K, 300, 16 * K),
            (16 * K, 100, 20 * K),
            (32 * K, 100, 32 * K),
        ] {
            assert_eq!(next_log(current, ns, 500), want);
        }
    }

    #[test]
    fn nursery_follows_the_goal() {
        const K: usize = 1 << 10;
        for (current, ns, goal, most, want) in [
            (2048 * K, 1000, 500, 2048 * K, 1024 * K),
            (2048 * K, 500, 500, 2048 * K, 1024 * K),
            (2048 * K, 312, 500, 2048 * K, 1641 * K),
            (256 * K, 600, 500, 2048 * K, 128 * K),
            (128 * K, 600, 500, 2048 * K, 128 * K),
            (1024 * K, 240, 500, 2048 * K, 1024 * K),
            (1024 * K, 100, 500, 2048 * K, 1280 * K),
            (2048 * K, 100, 500, 2048 * K, 2048 * K),
            (64 * K, 900, 500, 64 * K, 64 * K),
        ] {
            let mut forecast = Forecast::default();
            forecast.observe(ns, current);
            let next = forecast_nursery(current, forecast, goal, most);
            assert_eq!(next / K, want / K, "{current} {ns}");
        }
        assert_eq!(first_nursery(2 << 20), MIN_NURSERY);
        assert_eq!(first_nursery(64 * K), 64 * K);
    }

    #[test]
    fn a_nursery_for_dearer_minors() {
        const K: usize = 1 << 10;
        let (mut usual, mut beside) = (Forecast::default(), Forecast::default());
        beside.prepare(usual, 3.0);
        assert_eq!(nursery_anew(1024 * K, beside, 500, 2048 * K), 1024 * K);
        usual.observe(240, 1024 * K);
        beside.prepare(usual, 3.0);
        assert_eq!(beside.predict(1024 * K), 720);
        let next = nursery_anew(1024 * K, beside, 500, 2048 * K);
        assert!((340 * K..=356 * K).contains(&next), "{next}");
        // What was seen counts more than what was expected.
        beside.observe(2400, 1024 * K);
        beside.prepare(usual, 3.0);
        assert_eq!(beside.predict(1024 * K), 2400);
        assert_eq!(nursery_anew(1024 * K, beside, 500, 2048 * K), LEAST_NURSERY);
    }

    #[test]
    fn a_costly_minor_is_remembered_for_a_while() {
        let mut f = Forecast::default();
        assert_eq!(f.predict(1 << 20), 0);
        f.observe(1000, 1000);
        assert_eq!(f.predict(2000), 2000);
        let mut before = f.predict(1_000_000);
        for _ in 0..100 {
            f.observe(100, 1000);
            assert!(f.predict(1_000_000) <= before);
            before = f.predict(1_000_000);
        }
        assert!((100_000..110_000).contains(&before), "{before}");
        f.observe(300, 1000);
        assert_eq!(f.predict(1000), 300);
    }

    #[test]
    fn log_weight_follows_the_goal() {
        const K: usize = 1 << 10;
        for (current, ns, want) in [
            (LOG_WEIGHT, 100, LOG_WEIGHT),
            (LOG_WEIGHT, 600, LOG_WEIGHT / 2),
            (160 * K, 300, 140 * K),
            (160 * K, 200, 170 * K),
            (MIN_LOG_WEIGHT, 600, MIN_LOG_WEIGHT),
        ] {
            assert_eq!(next_log_weight(current, ns, 500), want);
        }
    }
}
