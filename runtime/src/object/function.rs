//! Functions: prototypes, Lua closures, upvalues and native functions.

use super::kind;
use super::string::Str;
use crate::mem::Mem;
use crate::native::NativeDef;
use crate::value::{Value, tag};
use moonsweep_compiler::bytecode::opcodes::{Format, Instruction, Op};
use moonsweep_compiler::bytecode::prototype::{Constant, Prototype};
use moonsweep_gc::slot::{reference, referent};
use moonsweep_gc::{Edge, Header, Obj, Slot, Visitor};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// What the interpreter needs of a prototype, in the order it needs it.
#[repr(C)]
pub struct FnProto {
    /// First instruction. The extension words are inline caches, written while running.
    pub(crate) code: *mut u32,
    /// Constants in register form.
    pub(crate) k: *const Value,
    /// Registers the function needs.
    pub(crate) max_stack: u32,
    /// Fixed parameters.
    pub(crate) num_params: u16,
    /// Whether it starts with VARARGPREP.
    pub(crate) is_vararg: bool,
    /// The prototype's heap object.
    pub(crate) cell: Cell<Option<Obj>>,
    /// Owner of `code`.
    pub(crate) code_words: Box<[Cell<u32>]>,
    /// Owner of `k`.
    pub(crate) constants: Box<[Value]>,
    /// Prototypes of the functions defined inside.
    pub(crate) protos: Box<[Obj]>,
    /// As compiled: names, lines, templates, upvalue descriptions.
    pub(crate) info: Rc<Prototype>,
}

impl FnProto {
    /// Bytes outside of the heap, roughly: with what the compiler's form takes.
    fn bytes(&self) -> usize {
        size_of::<FnProto>() + self.code_words.len() * 8 + self.constants.len() * 32
    }
}

/// PROTO: header, address of the boxed [`FnProto`].
#[repr(C)]
pub(crate) struct ProtoCell {
    header: Header,
    pub(crate) data: *mut FnProto,
}

/// CLOSURE: upvalue edges follow. The number of upvalues is in `user(0)`.
#[repr(C)]
pub(crate) struct ClosureCell {
    header: Header,
    proto: Edge,
    pub(crate) data: *const FnProto,
    upvalues: [Edge; 0],
}

/// UPVALUE: open (its variable is in a register, at `at`, and the slot refers to
/// the thread whose stack that is) or closed (`at` is null, the slot holds the value).
#[repr(C)]
pub(crate) struct UpvalueCell {
    header: Header,
    pub(crate) at: Cell<*mut Value>,
    pub(crate) slot: Slot,
    /// The next open upvalue of the thread, at a lower address. Not traced:
    /// the thread keeps its open upvalues alive.
    pub(crate) next_open: Cell<Option<Obj>>,
}

/// NATIVE: upvalue slots follow. Their number is in `user(0)`.
#[repr(C)]
pub(crate) struct NativeCell {
    header: Header,
    pub(crate) def: *const NativeDef,
    upvalues: [Slot; 0],
}

const _: () = assert!(size_of::<UpvalueCell>() == 32);
const _: () = assert!(size_of::<ClosureCell>() == 24);
const _: () = assert!(size_of::<NativeCell>() == 16);

/// A Lua function.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Closure(pub Obj);

impl Closure {
    /// The closure of a register value with tag CLOSURE.
    ///
    /// # Safety
    /// `v` is a live closure.
    #[inline(always)]
    pub unsafe fn of(v: Value) -> Closure {
        // SAFETY: as the caller promised.
        Closure(unsafe { v.obj() })
    }
    #[inline(always)]
    pub(crate) fn cell<'a>(self) -> &'a ClosureCell {
        // SAFETY: a `Closure` is a live object of kind CLOSURE.
        unsafe { &*(self.0.as_ptr() as *const ClosureCell) }
    }
    /// What it runs.
    #[inline(always)]
    pub(crate) fn proto<'a>(self) -> &'a FnProto {
        // SAFETY: the prototype lives as long as its closures (edge `proto`).
        unsafe { &*self.cell().data }
    }
    /// Number of upvalues.
    #[inline(always)]
    pub fn num_upvalues(self) -> usize {
        self.0.user(0) as usize
    }
    /// The edge of upvalue `i`.
    #[inline(always)]
    pub(crate) fn upvalue_edge<'a>(self, i: usize) -> &'a Edge {
        debug_assert!(i < self.num_upvalues());
        // SAFETY: the cell was allocated with `user(0)` edges.
        unsafe { &*self.cell().upvalues.as_ptr().add(i) }
    }
    /// Upvalue `i`.
    #[inline(always)]
    pub(crate) fn upvalue(self, i: usize) -> Upvalue {
        // SAFETY: edges of a reachable closure are set before it can run.
        Upvalue(unsafe { self.upvalue_edge(i).load().unwrap_unchecked() })
    }
    /// A closure of `proto` with `n` upvalue edges, all null.
    pub(crate) fn new(mem: &mut Mem, proto: Obj, n: usize) -> Closure {
        // SAFETY: all fields are initialised here, before any safepoint.
        unsafe {
            let o = mem
                .heap
                .alloc(size_of::<ClosureCell>() + 8 * n, kind::CLOSURE);
            o.set_user(0, n as u8);
            let c = o.as_ptr() as *mut ClosureCell;
            (*c).proto.init(o, Some(proto));
            (*c).data = (*(proto.as_ptr() as *const ProtoCell)).data;
            let closure = Closure(o);
            for i in 0..n {
                closure.upvalue_edge(i).init(o, None);
            }
            closure
        }
    }
    /// As a register value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value::object(tag::CLOSURE, self.0)
    }
}

/// A variable shared by closures.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Upvalue(pub Obj);

impl Upvalue {
    #[inline(always)]
    pub(crate) fn cell<'a>(self) -> &'a UpvalueCell {
        // SAFETY: an `Upvalue` is a live object of kind UPVALUE.
        unsafe { &*(self.0.as_ptr() as *const UpvalueCell) }
    }
    /// The variable's value.
    #[inline(always)]
    pub(crate) fn get(self) -> Value {
        let c = self.cell();
        let at = c.at.get();
        // SAFETY: an open upvalue points into the live stack of its thread; a
        // closed one's slot holds a live word.
        unsafe {
            if at.is_null() {
                Value::from_word(c.slot.load())
            } else {
                *at
            }
        }
    }
    /// Assigns the variable.
    pub(crate) fn set(self, mem: &mut Mem, v: Value) {
        let c = self.cell();
        let at = c.at.get();
        if at.is_null() {
            let w = mem.pack(v);
            c.slot.set(self.0, w, &mut mem.heap);
        } else {
            // The stack may be that of a suspended coroutine.
            if let Some(t) = referent(c.slot.load())
                && t.unlogged()
            {
                mem.heap.log(t);
            }
            // SAFETY: as in `get`.
            unsafe { *at = v }
        }
    }
    /// A closed upvalue.
    pub(crate) fn closed(mem: &mut Mem, v: Value) -> Upvalue {
        let w = mem.pack(v);
        Upvalue::make(mem, std::ptr::null_mut(), w, None)
    }
    /// An upvalue for the register at `at` of a thread's stack.
    pub(crate) fn open(mem: &mut Mem, at: *mut Value, thread: Obj, next: Option<Obj>) -> Upvalue {
        Upvalue::make(mem, at, reference(thread, tag::THREAD as u8), next)
    }
    fn make(mem: &mut Mem, at: *mut Value, word: u64, next: Option<Obj>) -> Upvalue {
        // SAFETY: all fields are initialised here, before any safepoint.
        unsafe {
            let o = mem.heap.alloc(size_of::<UpvalueCell>(), kind::UPVALUE);
            let c = o.as_ptr() as *mut UpvalueCell;
            (&raw mut (*c).at).write(Cell::new(at));
            (&raw mut (*c).next_open).write(Cell::new(next));
            (*c).slot.init(o, word);
            Upvalue(o)
        }
    }
    /// Moves the variable from its register into the heap.
    pub(crate) fn close(self, mem: &mut Mem) {
        let v = self.get();
        let w = mem.pack(v);
        let c = self.cell();
        c.slot.set(self.0, w, &mut mem.heap);
        c.at.set(std::ptr::null_mut());
        c.next_open.set(None);
    }
}

/// A native function object.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Native(pub Obj);

impl Native {
    #[inline(always)]
    pub(crate) unsafe fn of(v: Value) -> Native {
        // SAFETY: as the caller promised.
        Native(unsafe { v.obj() })
    }
    #[inline(always)]
    pub(crate) fn cell<'a>(self) -> &'a NativeCell {
        // SAFETY: a `Native` is a live object of kind NATIVE.
        unsafe { &*(self.0.as_ptr() as *const NativeCell) }
    }
    /// Its static description.
    #[inline(always)]
    pub(crate) fn def(self) -> &'static NativeDef {
        // SAFETY: made from a static reference.
        unsafe { &*self.cell().def }
    }
    /// Number of upvalues.
    #[inline(always)]
    pub(crate) fn num_upvalues(self) -> usize {
        self.0.user(0) as usize
    }
    /// The slot of upvalue `i`.
    #[inline(always)]
    pub(crate) fn upvalue<'a>(self, i: usize) -> &'a Slot {
        debug_assert!(i < self.num_upvalues());
        // SAFETY: the cell was allocated with `user(0)` slots.
        unsafe { &*self.cell().upvalues.as_ptr().add(i) }
    }
    /// A native function with the given upvalues.
    pub(crate) fn new(mem: &mut Mem, def: &'static NativeDef, upvalues: &[Value]) -> Native {
        let n = upvalues.len();
        assert!(n < 256, "at most 255 upvalues");
        // SAFETY: all fields are initialised here, before any safepoint.
        unsafe {
            let o = mem
                .heap
                .alloc(size_of::<NativeCell>() + 8 * n, kind::NATIVE);
            o.set_user(0, n as u8);
            (*(o.as_ptr() as *mut NativeCell)).def = def;
            let f = Native(o);
            for (i, v) in upvalues.iter().enumerate() {
                let w = mem.pack(*v);
                f.upvalue(i).init(o, w);
            }
            f
        }
    }
    /// As a register value.
    #[inline(always)]
    pub(crate) fn value(self) -> Value {
        Value::object(tag::NATIVE, self.0)
    }
}

/// Makes the heap form of a compiled prototype and of those inside it.
pub(crate) fn instantiate(mem: &mut Mem, p: &Rc<Prototype>) -> Obj {
    instantiate_with(mem, p, &mut HashMap::new())
}

/// `long` has the long strings made so far: equal ones of a chunk are one
/// object, as in the reference, and the compiler gave them the same bytes.
fn instantiate_with(mem: &mut Mem, p: &Rc<Prototype>, long: &mut HashMap<*const u8, Str>) -> Obj {
    let constants: Box<[Value]> = p
        .constants
        .iter()
        .map(|c| match c {
            Constant::Nil => Value::NIL,
            Constant::Bool(b) => Value::bool(*b),
            Constant::Int(i) => Value::int(*i),
            Constant::Float(f) => Value::float(*f),
            // SAFETY: no safepoint until the prototype's cell is reachable: allocation never collects.
            Constant::Str(s) => unsafe {
                let s = if s.len() <= super::string::MAX_SHORT {
                    Str::interned(mem, s)
                } else {
                    *long.entry(s.as_ptr()).or_insert_with(|| {
                        Str::try_new(mem, s)
                            .unwrap_or_else(|| Str::interned(mem, b"<string too long>"))
                    })
                };
                s.value()
            },
        })
        .collect();
    let protos: Box<[Obj]> = p
        .protos
        .iter()
        .map(|q| instantiate_with(mem, q, long))
        .collect();
    let code_words: Box<[Cell<u32>]> = p.code.iter().map(|w| Cell::new(*w)).collect();
    reset_caches(&code_words);
    let data = Box::new(FnProto {
        code: code_words.as_ptr() as *mut u32,
        k: constants.as_ptr(),
        max_stack: p.max_stack as u32,
        num_params: p.num_params as u16,
        is_vararg: p.is_vararg,
        cell: Cell::new(None),
        code_words,
        constants,
        protos,
        info: p.clone(),
    });
    mem.heap.external(data.bytes() as isize);
    // SAFETY: the cell is initialised here.
    unsafe {
        let o = mem.heap.alloc(size_of::<ProtoCell>(), kind::PROTO);
        data.cell.set(Some(o));
        (*(o.as_ptr() as *mut ProtoCell)).data = Box::into_raw(data);
        mem.heap.register_drop(o);
        o
    }
}

/// Sets all inline caches to "never matches".
fn reset_caches(code: &[Cell<u32>]) {
    let mut i = 0;
    while i < code.len() {
        let Some(op) = Instruction(code[i].get()).op() else {
            return;
        };
        let ext = op.extension_words();
        if op.format() == Format::Field {
            code[i + 1].set(code[i + 1].get() & 0xFFFF);
            for w in 2..=ext {
                code[i + w].set(u32::MAX);
            }
        } else if matches!(op, Op::NEWOBJ) {
            code[i + 2].set(u32::MAX);
        } else if matches!(op, Op::NEWTABLE) {
            code[i + 2].set(0);
        }
        i += 1 + ext;
    }
}

/// The `FnProto` of a PROTO object.
///
/// # Safety
/// `o` is a live object of kind PROTO.
pub(crate) unsafe fn proto_data<'a>(o: Obj) -> &'a FnProto {
    // SAFETY: as the caller promised.
    unsafe { &*(*(o.as_ptr() as *const ProtoCell)).data }
}

/// Frees what a dead PROTO owns.
///
/// # Safety
/// `o` is a dead object of kind PROTO; called once.
pub(crate) unsafe fn drop_proto(o: Obj) -> usize {
    // SAFETY: made by `Box::into_raw` in `instantiate`.
    unsafe { Box::from_raw((*(o.as_ptr() as *const ProtoCell)).data) }.bytes()
}

/// # Safety
/// `o` is a live CLOSURE.
pub(crate) unsafe fn trace_closure<V: Visitor>(o: Obj, v: &mut V) -> usize {
    let c = Closure(o);
    v.edge(&c.cell().proto);
    for i in 0..c.num_upvalues() {
        v.edge(c.upvalue_edge(i));
    }
    c.num_upvalues() + 2
}

/// # Safety
/// `o` is a live NATIVE.
pub(crate) unsafe fn trace_native<V: Visitor>(o: Obj, v: &mut V) -> usize {
    let f = Native(o);
    for i in 0..f.num_upvalues() {
        v.slot(f.upvalue(i));
    }
    f.num_upvalues() + 1
}

/// # Safety
/// `o` is a live UPVALUE.
pub(crate) unsafe fn trace_upvalue<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // An open upvalue keeps the thread alive on whose stack its value is.
    v.slot(&Upvalue(o).cell().slot);
    1
}

/// # Safety
/// `o` is a live PROTO.
pub(crate) unsafe fn trace_proto<V: Visitor>(o: Obj, v: &mut V) -> usize {
    // SAFETY: as the caller promised; these fields never change.
    let p = unsafe { proto_data(o) };
    for c in &p.constants {
        if let Some(o) = c.as_object() {
            v.object(o);
        }
    }
    for q in &p.protos {
        v.object(*q);
    }
    p.constants.len() + p.protos.len()
}
