//! Moonsweep.
