//! The heap, the write barrier and the collectors. Knows no Lua: a virtual
//! machine describes its objects through [`Model`] and its roots through [`Roots`].

pub mod header;
pub mod heap;
pub mod model;
pub mod slot;

pub use header::{Header, Obj};
pub use heap::Heap;
pub use model::{Model, Roots, Visitor, WeakPart};
pub use slot::{Edge, Slot};
