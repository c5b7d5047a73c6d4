//! The bodies of the instructions, by what they work on.

pub(super) mod arith;
pub(super) mod calls;
pub(super) mod compare;
pub(super) mod control;
pub(super) mod data;
pub(super) mod fields;
pub(super) mod loops;
pub(super) mod tables;
