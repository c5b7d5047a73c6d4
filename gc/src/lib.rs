//! The heap, the write barrier and the collectors. Knows no Lua: a virtual
//! machine describes its objects through [`Model`] and its roots through [`Roots`].
//!
//! | module | concept |
//! |---|---|
//! | [`model`] | what a virtual machine tells us: objects, roots, weak references |
//! | [`header`], [`slot`] | the header word; slots, written through the barrier only |
//! | [`heap`] | blocks, bitmaps, allocation, sweeping; the façade [`Heap`] |
//! | [`barrier`], `log` | the write barrier and what it remembers |
//! | `mark`, `weak`, `waiting`, `finalize` | the traversal; what is decided after it |
//! | [`collector`], `collectors` | the choice of collector, and the collectors |
//! | [`request`] | asking for a safepoint from other threads and signal handlers |
//! | `pacer`, [`stats`], `clock` | policy; every stop measured |
//! | [`verify`] | an independent check of the heap |
//! | [`options`] | one table of options |
//! | [`span`] | memory outside of the heap that grows in place |

pub mod barrier;
mod clock;
pub mod collector;
mod collectors;
mod core;
mod finalize;
pub mod header;
pub mod heap;
mod log;
mod mark;
pub mod model;
pub mod options;
mod pacer;
pub mod request;
mod sharded;
pub mod slot;
pub mod span;
pub mod stats;
mod sync;
pub mod verify;
mod waiting;
mod weak;

pub use collector::{GcKind, SwitchError};
pub use collectors::steps_pace::StepPace;
pub use header::{Header, Obj};
pub use heap::{Heap, Inspection};
pub use mark::prefetch_line;
pub use model::{Life, Model, Roots, Visitor, WeakPart};
pub use options::{CycleSearch, OptionInfo, Options, Pacing, Price, Setting, Size};
pub use request::Requester;
pub use slot::{Edge, Slot};
pub use span::Span;
pub use stats::{Cause, Counting, PauseKind, PauseRecord, Stats};
