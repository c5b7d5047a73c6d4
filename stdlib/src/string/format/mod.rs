//! What C's `printf` does for `string.format`, byte for byte, in safe Rust.
//!
//! | file | what |
//! |---|---|
//! | `spec.rs` | one conversion specification: reading and checking |
//! | `integer.rs` | `%d %i %u %o %x %X`, and `%c %s %p` |
//! | `float.rs` | `%e %f %g` from exact decimal digits |
//! | `hex.rs` | `%a` |
//! | `quote.rs` | `%q` |
//!
//! Everything appends to a `Vec<u8>` and knows nothing of the VM.

mod float;
mod hex;
mod integer;
mod quote;
mod spec;

pub use float::float;
pub use hex::hex_float;
pub use integer::{decimal, padded, signed, unsigned};
pub use quote::{quote_float, quote_integer, quote_string};
pub use spec::{Allowed, Spec, SpecError, scan};
