//! The one traversal of heap objects: a match over all kinds.

use super::kind;
use super::table::Table;
use moonsweep_gc::{Model, Obj, Visitor, WeakPart};

/// The object model of Lua.
pub struct LuaModel;

impl Model for LuaModel {
    /// `table/weak.rs` says where.
    const FILTERS_WEAK: bool = true;
    /// A coroutine's stack is plain memory.
    fn traced_by_program(k: u8) -> bool {
        matches!(k, kind::THREAD | kind::STACK)
    }
    unsafe fn weight(obj: Obj) -> usize {
        // SAFETY: as for the caller.
        unsafe {
            match obj.kind() {
                kind::THREAD => super::thread::weight(obj),
                kind::STACK => super::sealed::weight(obj),
                _ => 0,
            }
        }
    }
    unsafe fn trace<V: Visitor>(obj: Obj, visitor: &mut V) -> usize {
        // SAFETY: each function gets an object of its kind.
        unsafe {
            match obj.kind() {
                kind::TABLE => super::table::trace_table(obj, visitor),
                kind::ARRAY => super::table::trace_array(obj, visitor),
                kind::SPINE => super::table::trace_spine(obj, visitor),
                kind::HASH => super::table::trace_hash(obj, visitor),
                kind::DIR => super::table::trace_dir(obj, visitor),
                kind::CLOSURE => super::function::trace_closure(obj, visitor),
                kind::UPVALUE => super::function::trace_upvalue(obj, visitor),
                kind::PROTO => super::function::trace_proto(obj, visitor),
                kind::NATIVE => super::function::trace_native(obj, visitor),
                kind::USERDATA => super::userdata::trace_userdata(obj, visitor),
                kind::THREAD => super::thread::trace_thread(obj, visitor),
                kind::STACK => super::sealed::trace_stack(obj, visitor),
                // Strings and boxed integers.
                _ => 1,
            }
        }
    }
    fn has_references(k: u8) -> bool {
        k != kind::STRING && k != kind::BOXED_INT
    }
    unsafe fn ephemerons(obj: Obj, entry: &mut dyn FnMut(Obj, Obj)) {
        // SAFETY: as for the caller.
        unsafe { super::table::ephemerons(obj, entry) }
    }
    unsafe fn clear_weak(obj: Obj, part: WeakPart, live: &dyn Fn(Obj) -> bool) {
        // SAFETY: as for the caller.
        unsafe { super::table::clear_weak(obj, part, live) }
    }
    unsafe fn forget_weak(
        obj: Obj,
        dead: &dyn Fn(Obj, WeakPart) -> bool,
        lost: &mut dyn FnMut(Obj),
    ) -> bool {
        // SAFETY: as for the caller.
        unsafe { super::table::forget_weak(obj, dead, lost) }
    }
    const WEAK_BY_SLOT: bool = true;
    unsafe fn is_weak(obj: Obj, word: u64, key: bool) -> bool {
        super::table::is_weak(obj, word, key)
    }
    unsafe fn may_be_stored_weakly(obj: Obj) -> bool {
        // A long string is weakly referred to as the key of a removed entry.
        // SAFETY: as for the caller.
        obj.kind() != kind::STRING || !unsafe { super::string::Str(obj).is_short() }
    }
    unsafe fn drop_payload(obj: Obj) -> usize {
        // SAFETY: as for the caller.
        unsafe {
            match obj.kind() {
                kind::PROTO => super::function::drop_proto(obj),
                kind::USERDATA => super::userdata::drop_userdata(obj),
                kind::THREAD => super::thread::drop_thread(obj),
                kind::STACK => super::sealed::drop_stack(obj),
                _ => 0,
            }
        }
    }
    fn acyclic(k: u8) -> bool {
        matches!(k, kind::STRING | kind::BOXED_INT | kind::PROTO)
    }
    unsafe fn shared(obj: Obj) -> bool {
        // SAFETY: a live table.
        obj.kind() == kind::TABLE && unsafe { Table(obj).is_meta() }
    }
    fn kind_name(k: u8) -> &'static str {
        match k {
            kind::BOXED_INT => "boxed integer",
            kind::STRING => "string",
            kind::TABLE => "table",
            kind::CLOSURE => "closure",
            kind::NATIVE => "native function",
            kind::USERDATA => "userdata",
            kind::THREAD => "thread",
            kind::STACK => "piece of a stack",
            kind::UPVALUE => "upvalue",
            kind::PROTO => "prototype",
            kind::ARRAY => "array",
            kind::SPINE => "array spine",
            kind::HASH => "hash segment",
            kind::DIR => "hash directory",
            _ => "unknown kind",
        }
    }
}
