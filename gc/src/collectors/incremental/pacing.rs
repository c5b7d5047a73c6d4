//! How gc-arena's pacing, which counts objects, is made to count bytes as well.
//! Pure functions.
//!
//! gc-arena runs a collection in proportion to *debt*: an object allocated is
//! one unit of it, marking, tracing and keeping an object pays back 0.55 in all,
//! freeing one 0.5. As each path pays less than one, a cycle ends before as
//! many objects are allocated as there are.
//!
//! Here an object is one unit *and* another for each [`UNIT`] bytes, whether
//! of its cell or of what it owns outside of the heap: a table of 512 slots is
//! no cheaper to trace than many small ones. Tracing a larger cell therefore
//! pays back more, in the same proportion, which is taken back when the barrier
//! makes it grey again. Each object still pays less than it owes, so the
//! argument holds, in bytes.
//!
//! Between two cycles gc-arena sleeps until the heap has grown by half. So it is
//! here, at the default `--gc-growth` of 1.75: the rest of the growth is left
//! for the cycle itself. gc-arena's own sleep is set to nothing, since
//! it would count in objects.

use crate::pacer::MIN_GROWTH;
use gc_arena::metrics::Pacing;

/// Bytes that count as much as an object.
const UNIT: f64 = 128.0;
/// Units of debt handed to gc-arena at once: it pays all of it back before it returns.
pub(super) const PORTION: f64 = 64.0;
/// Sweeping pays so much debt for each unit that is owed: at gc-arena's own pace
/// the program allocates half as many objects as are freed before their memory
/// is to be had, and the heap never shrinks below twice of what lives.
pub(super) const SWEEP_HASTE: f64 = 2.0;
/// Most bytes allocated between two safepoints of a cycle.
pub(super) const STEP: usize = 16 << 10;
/// Least bytes.
const LEAST_STEP: usize = 2 << 10;
/// A heap of no more objects than this is swept in as few slices as their time allows.
const SMALL: usize = 1 << 15;
/// Most bytes allocated between two looks at a sleeping collector.
const MOST_ASLEEP: usize = 1 << 20;
/// Share of a backlog that one slice may work off.
const BACKLOG_SHARE: f64 = 8.0;

/// gc-arena's factors as they come, without its sleep.
pub(super) const PACING: Pacing = Pacing {
    sleep_factor: 0.0,
    min_sleep: 0,
    ..Pacing::DEFAULT
};

/// The debt for so many objects and bytes.
pub(super) fn units(objects: usize, bytes: usize) -> f64 {
    objects as f64 + bytes as f64 / UNIT
}

/// What tracing a cell of `bytes` pays back beyond what every object does.
#[inline(always)]
pub(super) fn credit(bytes: usize) -> f64 {
    if bytes as f64 > UNIT {
        PACING.trace_factor * (bytes as f64 / UNIT)
    } else {
        0.0
    }
}

/// The debt at which the next cycle begins, after one that left so much.
pub(super) fn sleep(objects: usize, bytes: usize, growth: f64) -> f64 {
    let factor = (growth - 1.0) * 2.0 / 3.0;
    let least = units(MIN_GROWTH / 64, MIN_GROWTH);
    (units(objects, bytes) * factor).max(least)
}

/// Bytes until the next look at a collector that sleeps for `units` more:
/// never so many that it oversleeps by more than a step.
pub(super) fn step_asleep(sleep: f64) -> usize {
    // The most that bytes can owe: in objects of the smallest cell.
    let bytes = sleep / units(1, 16) * 16.0;
    (bytes as usize).clamp(STEP, MOST_ASLEEP)
}

/// Bytes until the next slice of a cycle: a cycle of a small heap takes as many slices as
/// that of a larger one, and what the program allocates in it is to be little beside `live`
/// bytes, which were left by the last one.
pub(super) fn step_awake(live: usize) -> usize {
    (live / 32).clamp(LEAST_STEP, STEP)
}

/// Units that a slice of sweeping may pay, of `quota` that it may by what is owed. At the
/// pace of debt, the program allocates a share of what is freed; where little lives and
/// much died, that is more than lives.
pub(super) fn sweep_quota(quota: f64, objects: usize) -> f64 {
    if objects <= SMALL {
        SMALL as f64
    } else {
        quota
    }
}

/// Units that a slice may pay, of `pending` that are owed, when `new` came
/// since the last one. In a steady state as much is paid as is owed; what came
/// at once, such as a string of many megabytes, is spread.
pub(super) fn quota(pending: f64, new: f64) -> f64 {
    pending.min((2.0 * new).max(pending / BACKLOG_SHARE))
}

/// How long a slice may take: half the goal, and more once the debt not paid yet
/// is more than a quarter of the heap, so that it cannot grow without bound.
pub(super) fn slice_ns(goal_ns: u64, pending: f64, heap: f64) -> u64 {
    let heap = heap.max(units(MIN_GROWTH / 64, MIN_GROWTH));
    let haste = (4.0 * pending / heap).max(1.0);
    (goal_ns as f64 / 2.0 * haste) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_pays_less_than_it_owes() {
        let p = PACING;
        for bytes in [16, 48, 112, 128, 144, 1024, 4112, 32 << 10] {
            let owed = units(1, bytes);
            let kept = p.mark_factor + p.trace_factor + p.keep_factor + credit(bytes);
            assert!(
                kept < owed && p.drop_factor + p.free_factor < owed,
                "{bytes}"
            );
        }
    }

    #[test]
    fn sleep_follows_growth_and_has_a_least() {
        let least = sleep(0, 0, 1.75);
        assert!(least >= MIN_GROWTH as f64 / UNIT);
        let live = units(1 << 20, 1 << 26);
        assert_eq!(sleep(1 << 20, 1 << 26, 1.75), live / 2.0);
        assert_eq!(sleep(1 << 20, 1 << 26, 2.5), live);
        for s in [0.0, 10.0, least, 1e9] {
            let step = step_asleep(s);
            assert!((STEP..=MOST_ASLEEP).contains(&step));
            // Whatever is allocated in it, a step or less is slept too long.
            assert!(units(step / 16, step) <= s.max(units(STEP / 16, STEP)));
        }
    }

    #[test]
    fn what_comes_at_once_is_spread_and_what_comes_steadily_is_paid() {
        assert_eq!(quota(100.0, 100.0), 100.0);
        assert_eq!(quota(100_000.0, 10.0), 12_500.0);
        let (mut pending, mut most) = (0.0f64, 0.0f64);
        for i in 0..1000 {
            let new = if i % 2 == 0 { 5000.0 } else { 1.0 };
            pending += new;
            pending -= quota(pending, new);
            most = most.max(pending);
        }
        assert!(most <= 5000.0);
    }

    #[test]
    fn a_backlog_buys_time() {
        assert_eq!(slice_ns(500_000, 0.0, 1e9), 250_000);
        assert_eq!(slice_ns(500_000, 0.25e9, 1e9), 250_000);
        assert_eq!(slice_ns(500_000, 1e9, 1e9), 4 * 250_000);
    }
}
