//! How much heap a program needs: the smallest limit with which it still ends
//! with its answer, found by bisection. Comparisons at multiples of that are
//! fair where a comparison at whatever each collector takes is not.

use super::child::{self, Failure, Runner};
use super::options::{BenchOptions, Program};
use std::path::Path;
use std::time::Duration;

/// The bisection ends when the limits are as near as this.
const PRECISION: f64 = 1.03;
/// The least heap that can be asked for.
const LEAST: f64 = 65536.0;
/// A run in too small a heap may do little but collect: how many times the
/// time of an unlimited run it may take.
const PATIENCE: u32 = 10;

/// The smallest heap in bytes in which `program` runs under `runner`, to three
/// per cent.
///
/// # Errors
/// When the program fails without a limit.
pub fn minimum(
    runner: &Runner,
    program: &Program,
    options: &BenchOptions,
    folder: &Path,
) -> Result<u64, Failure> {
    let (answer, free) = child::run(runner, program, &options.arguments, options.timeout, folder)?;
    let peak = free.figures.map_or(0, |f| f.peak_heap_bytes);
    let patience = free.time * PATIENCE + Duration::from_secs(1);
    let limit = options.timeout.map_or(patience, |t| t.min(patience));
    let fits = |bytes: u64| {
        let mut runner = runner.clone();
        runner.options.push(limit_flag(bytes));
        match child::run(&runner, program, &options.arguments, Some(limit), folder) {
            Ok((output, _)) => output == answer,
            Err(_) => false,
        }
    };
    Ok(bisect(peak as f64, fits))
}

/// The option that limits the heap.
pub fn limit_flag(bytes: u64) -> std::ffi::OsString {
    format!("--heap-max={bytes}").into()
}

/// The smallest number that `fits`, about; the search begins at `start`, which
/// should fit, and goes up where it does not.
fn bisect(start: f64, mut fits: impl FnMut(u64) -> bool) -> u64 {
    let mut high = start.max(LEAST);
    while !fits(high as u64) && high < f64::MAX / 4.0 && high < start * 64.0 {
        high *= 2.0;
    }
    let mut low = high;
    while low > LEAST {
        low = (low / 2.0).max(LEAST);
        if !fits(low as u64) {
            break;
        }
        high = low;
    }
    while high / low > PRECISION {
        let middle = (low * high).sqrt();
        if fits(middle as u64) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_that_fits_is_found() {
        for (start, needed) in [
            (100e6, 30_000_000),
            (10e6, 9_900_000),
            (1e6, 5_000_000),
            (1e9, 70_000),
        ] {
            let mut runs = 0;
            let found = bisect(start, |bytes| {
                runs += 1;
                bytes >= needed
            });
            let ratio = found as f64 / needed as f64;
            assert!((0.999..=PRECISION).contains(&ratio), "{found} for {needed}");
            assert!(runs < 25, "{runs} runs");
        }
    }

    #[test]
    fn what_always_fits_needs_the_least() {
        assert_eq!(bisect(1e6, |_| true), LEAST as u64);
    }
}
