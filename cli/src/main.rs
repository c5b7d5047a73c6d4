//! The `moonsweep` program.

fn main() {}
