//! The protocols between the program's thread and its helpers, model-checked.
//!
//! The files checked are the real ones: `exchange.rs`, `heap/bitmap.rs`,
//! `heap/marks.rs` and `slot/word.rs` are included here with loom's or shuttle's
//! primitives in the place of the standard library's (`sync`). Small models go
//! through loom, which tries all interleavings (with up to a number of
//! preemptions) and all values a load may see; a whole cycle goes through
//! shuttle, which tries random schedules. The *mutants* `no_acquire` and
//! `no_release` are the same files without an ordering: models must fail on
//! them. `tests/mutants/` has more, made by editing the source.
//!
//! `GC_MODELS=long` checks with more preemptions and schedules.
#![allow(dead_code, unused_imports, clippy::duplicate_mod)]

mod no_acquire;
mod no_release;
mod scheduled;
mod sound;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn long() -> bool {
    std::env::var("GC_MODELS").is_ok_and(|v| v == "long")
}

/// Runs a model through loom, and prints how many executions there were.
fn checked(model: impl Fn() + Sync + Send + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counter = executions.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(if long() { 5 } else { 2 });
    builder.check(move || {
        counter.fetch_add(1, Relaxed);
        model()
    });
    println!("{} executions", executions.load(Relaxed));
}

/// Tests that each model holds of the files as they are.
macro_rules! holds {
    ($($models:ident: $($name:ident),*;)*) => {$(
        mod $models {$(
            #[test]
            fn $name() {
                crate::sound::$models::$name()
            }
        )*}
    )*};
}

/// Tests that a model finds the fault of a mutant.
macro_rules! catches {
    ($($mutant:ident: $($models:ident::$name:ident),*;)*) => {$(
        mod $mutant {$(
            #[test]
            #[should_panic]
            fn $name() {
                crate::$mutant::$models::$name()
            }
        )*}
    )*};
}

mod loom_models {
    holds! {
        exchange_models: hand_over, sharing, recalling, quitting, failing_alone,
            failing_beside_another, failing_while_recalled;
        marks_models: claiming, promoting_beside_claims, stale_references, changed_objects,
            changed_objects_with_young_targets, fresh_objects_are_visible,
            from_snapshot_to_final_mark;
    }
}

mod caught {
    catches! {
        no_acquire: exchange_models::hand_over, exchange_models::sharing,
            marks_models::stale_references, marks_models::fresh_objects_are_visible,
            marks_models::changed_objects, marks_models::from_snapshot_to_final_mark;
        no_release: exchange_models::hand_over, exchange_models::sharing,
            marks_models::stale_references, marks_models::fresh_objects_are_visible,
            marks_models::changed_objects, marks_models::from_snapshot_to_final_mark;
    }
}

mod shuttle_models {
    use super::long;
    use super::scheduled::cycle_models::cycle;

    fn random(n: usize, model: impl Fn() + Send + Sync + 'static) {
        let n = if long() { 200 * n } else { n };
        shuttle::check_random(model, n)
    }

    #[test]
    fn a_cycle() {
        random(1500, || cycle(2, 0, false))
    }
    #[test]
    fn a_cycle_after_one_that_was_given_up() {
        random(1000, || cycle(2, 0, true))
    }
    #[test]
    fn a_cycle_with_a_helper_that_fails() {
        random(1000, || cycle(2, 1, false))
    }
    #[test]
    fn a_cycle_whose_helpers_all_fail() {
        random(1000, || cycle(2, 2, true))
    }
    /// Few changes of threads, at bad moments.
    #[test]
    fn a_cycle_with_few_preemptions() {
        let n = if long() { 100_000 } else { 800 };
        shuttle::check_pct(|| cycle(2, 1, true), n, 3)
    }
}
