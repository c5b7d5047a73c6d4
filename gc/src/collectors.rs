//! The collectors. Each file opens with its phases: who runs them, whether the
//! program is stopped, what the barrier does.

pub(crate) mod full;
pub(crate) mod generational;
pub(crate) mod incremental;
pub(crate) mod marksweep;
pub(crate) mod none;
pub(crate) mod refcount;
pub(crate) mod slices;
pub(crate) mod steps;
pub(crate) mod steps_pace;
