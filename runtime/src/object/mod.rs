//! The heap objects of the Lua virtual machine: their kinds, layouts and tracing.
//!
//! | kind | cell |
//! |---|---|
//! | BOXED_INT | header, i64 |
//! | STRING | header, len u32, hash u32, bytes |
//! | TABLE | header, shape u32, arr_len u32, metatable, array, hash, props, inline slots |
//! | CLOSURE | header, prototype, address of its `FnProto`, upvalue edges |
//! | NATIVE | header, function, static description, upvalue slots |
//! | USERDATA | header, metatable, payload box, user-value slots |
//! | THREAD | header, `ThreadData` |
//! | STACK | header, thread, first open upvalue, address of the thread's link, range of slots |
//! | UPVALUE | header, stack address or null, closed slot, next open |
//! | PROTO | header, address of its `FnProto` |
//! | ARRAY | header, capacity u32, -, slots: a flat array part, a chunk, a table's overflow slots |
//! | SPINE | header, capacity u32, -, edges to ARRAY chunks |
//! | HASH | header, node count u32, used u32, nodes of key slot and value slot |
//! | DIR | header, capacity u32, -, edges to HASH segments |

/// Kinds of heap objects. The first ones equal the tags of the values they are.
pub mod kind {
    /// An integer too wide for a slot.
    pub const BOXED_INT: u8 = 3;
    /// String.
    pub const STRING: u8 = 6;
    /// Table.
    pub const TABLE: u8 = 7;
    /// Lua closure.
    pub const CLOSURE: u8 = 8;
    /// Native function.
    pub const NATIVE: u8 = 9;
    /// Full userdata.
    pub const USERDATA: u8 = 10;
    /// Coroutine.
    pub const THREAD: u8 = 11;
    /// Upvalue.
    pub const UPVALUE: u8 = 12;
    /// Prototype.
    pub const PROTO: u8 = 13;
    /// Slots: array part, array chunk, overflow slots of a shape.
    pub const ARRAY: u8 = 14;
    /// Edges to array chunks.
    pub const SPINE: u8 = 15;
    /// Hash segment.
    pub const HASH: u8 = 16;
    /// Edges to hash segments.
    pub const DIR: u8 = 17;
    /// A piece of a coroutine's stack.
    pub const STACK: u8 = 18;
}

pub(crate) mod characters;
pub mod event;
pub(crate) mod function;
pub mod intern;
pub(crate) mod sealed;
pub mod shape;
pub mod string;
pub mod table;
pub(crate) mod thread;
pub mod trace;
pub(crate) mod userdata;
