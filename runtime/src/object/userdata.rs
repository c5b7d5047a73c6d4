//! Full userdata: a Rust payload, a metatable, and user values.
//!
//! The payload holds no heap references (it could not be traced): references go
//! into the user-value slots, so no embedder code runs on a marker's thread.

use super::kind;
use super::table::Table;
use crate::mem::Mem;
use crate::value::{NIL_WORD, Value, tag};
use moonsweep_gc::{Edge, Header, Obj, Slot, Visitor};
use std::any::Any;

/// USERDATA: user-value slots follow; their number is in `user(0)`.
#[repr(C)]
pub(crate) struct UserdataCell {
    header: Header,
    pub(crate) meta: Edge,
    payload: *mut Box<dyn Any>,
    values: [Slot; 0],
}

/// A full userdata.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct UserdataObj(pub Obj);

impl UserdataObj {
    pub(crate) fn new(mem: &mut Mem, payload: Box<dyn Any>, values: usize) -> UserdataObj {
        let n = values.min(255);
        // SAFETY: all fields are initialised here, before any safepoint.
        unsafe {
            let o = mem
                .heap
                .alloc(size_of::<UserdataCell>() + 8 * n, kind::USERDATA);
            o.set_user(0, n as u8);
            let c = o.as_ptr() as *mut UserdataCell;
            (*c).meta.init(o, None);
            (*c).payload = Box::into_raw(Box::new(payload));
            let u = UserdataObj(o);
            for i in 0..n {
                u.slot(i).init(o, NIL_WORD);
            }
            mem.heap.register_drop(o);
            u
        }
    }
    pub(crate) fn cell<'a>(self) -> &'a UserdataCell {
        // SAFETY: a `UserdataObj` is a live object of kind USERDATA.
        unsafe { &*(self.0.as_ptr() as *const UserdataCell) }
    }
    pub(crate) fn meta(self) -> Option<Table> {
        self.cell().meta.load().map(Table)
    }
    pub(crate) fn payload<'a>(self) -> &'a dyn Any {
        // SAFETY: the box lives as long as the object.
        unsafe { &**self.cell().payload }
    }
    pub(crate) fn num_values(self) -> usize {
        self.0.user(0) as usize
    }
    pub(crate) fn slot<'a>(self, i: usize) -> &'a Slot {
        debug_assert!(i < self.num_values());
        // SAFETY: the cell was allocated with `user(0)` slots.
        unsafe { &*self.cell().values.as_ptr().add(i) }
    }
    pub(crate) fn value(self) -> Value {
        Value::object(tag::USERDATA, self.0)
    }
}

/// # Safety
/// `o` is a live USERDATA.
pub(crate) unsafe fn trace_userdata<V: Visitor>(o: Obj, v: &mut V) -> usize {
    let u = UserdataObj(o);
    v.edge(&u.cell().meta);
    for i in 0..u.num_values() {
        v.slot(u.slot(i));
    }
    u.num_values() + 1
}

/// # Safety
/// `o` is a dead USERDATA; called once.
pub(crate) unsafe fn drop_userdata(o: Obj) -> usize {
    // SAFETY: made by `Box::into_raw` in `new`.
    let payload = unsafe { Box::from_raw(UserdataObj(o).cell().payload) };
    // A panic must not tear the collector apart: the payload is gone either way,
    // and the panic's message was written.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(payload)));
    0
}
