//! Looking at functions and activations: names, lines, locals, tracebacks.

use super::value::FunctionObj;
use super::{Context, Function, Thread, Value};
use crate::interp::hook::{self, event};
use crate::interp::message;
use crate::object::function::Closure;
use crate::object::string::Str as RawStr;
use crate::object::table::Table as RawTable;
use crate::object::thread::{Frame, ThreadData, ThreadObj, cont, flag, frame_kind};
use crate::value::{Value as Raw, tag};
use crate::vm::State;
use moonsweep_compiler::bytecode::names;
use std::collections::BTreeSet;
use std::io::Write;
use std::marker::PhantomData;

/// What `debug.getinfo` tells.
pub struct FrameInfo<'a> {
    /// The chunk's name as given to the compiler.
    pub source: Vec<u8>,
    /// The same for messages.
    pub short_src: Vec<u8>,
    /// `Lua`, `C` or `main`.
    pub what: &'static str,
    /// The line it executes; -1 if unknown.
    pub current_line: i64,
    /// Line of its definition; -1 for natives.
    pub line_defined: i64,
    /// Line of its end.
    pub last_line_defined: i64,
    /// The name it was called by.
    pub name: Option<Vec<u8>>,
    /// What kind of name: `global`, `local`, `method`, ... or empty.
    pub name_what: &'static str,
    /// Upvalues.
    pub nups: u8,
    /// Fixed parameters.
    pub nparams: u8,
    /// Takes variable arguments.
    pub is_vararg: bool,
    /// Called by a tail call.
    pub is_tail_call: bool,
    /// In a hook for calls or returns: number among the locals of the first
    /// parameter or result, and how many there are.
    pub transfer: (u32, u32),
    /// The function; `None` for activations that have none.
    pub func: Function<'a>,
    /// Lines with code, sorted; `None` for natives.
    pub active_lines: Option<Vec<i64>>,
}

/// The frame at a level of a thread: 0 is the innermost.
unsafe fn frame_at(vm: &State, t: ThreadObj, level: usize) -> Option<*mut Frame> {
    let d = t.data();
    // SAFETY: frames of a thread are contiguous down to its bottom.
    unsafe {
        let f = if t == vm.thread { vm.frame } else { d.frame };
        let depth = f.offset_from(d.frames) as usize;
        (level < depth).then(|| f.sub(level))
    }
}

/// How a frame's function was called: name and kind of name.
///
/// # Safety
/// `f` is a frame of `t`, whose Lua frames have saved `pc`s.
pub(crate) unsafe fn call_name(t: &ThreadData, f: *const Frame) -> (Option<Vec<u8>>, &'static str) {
    // SAFETY: as the caller promised.
    unsafe {
        if f <= t.frames.cast_const() || (*f).cont & cont::TAIL_CALLED != 0 {
            return (None, "");
        }
        if (*f).flags & flag::HOOK != 0 {
            return (Some(b"?".to_vec()), "hook");
        }
        if (*f).flags & flag::FINALIZER != 0 {
            return (Some(b"__gc".to_vec()), "metamethod");
        }
        if (*f).flags & (flag::BOUNDARY | flag::THREAD_BASE | flag::NATIVE_CALLER) != 0 {
            return (None, "");
        }
        let caller = f.sub(1);
        if (*caller).kind != frame_kind::LUA {
            return (None, "");
        }
        let p = Closure::of(*(*caller).base.sub(1)).proto();
        match names::describe_call(&p.info, message::frame_pc(caller) as u32) {
            Some((what, name)) => (Some(name), what),
            None => (None, ""),
        }
    }
}

/// The name of a function that is a field of a loaded library: `string.rep`.
pub(crate) fn global_name(vm: &State, f: Raw) -> Option<Vec<u8>> {
    // SAFETY: the registry and what it holds are live.
    unsafe {
        let key = vm.mem.strings.find(b"_LOADED")?;
        let loaded = RawTable::from_value(vm.registry.get_str(&vm.mem, key))?;
        let mut pos = 0;
        let mut found: Option<Vec<u8>> = None;
        while let Some((next, k, v)) = loaded.next_at(&vm.mem, pos) {
            pos = next;
            if k.tag == tag::STRING && v.same_bits(f) {
                // A module that is a function.
                return Some(RawStr(k.obj()).as_bytes().to_vec());
            }
            let (tag::STRING, Some(t)) = (k.tag, RawTable::from_value(v)) else {
                continue;
            };
            let lib = RawStr(k.obj()).as_bytes();
            let mut p = 0;
            while let Some((n, k, v)) = t.next_at(&vm.mem, p) {
                p = n;
                if k.tag == tag::STRING && v.same_bits(f) {
                    let name = RawStr(k.obj()).as_bytes();
                    if lib == b"_G" {
                        return Some(name.to_vec());
                    }
                    found = Some([lib, b".", name].concat());
                }
            }
        }
        found
    }
}

fn of_function<'a>(f: FunctionObj) -> FrameInfo<'a> {
    let mut i = FrameInfo {
        source: b"=[C]".to_vec(),
        short_src: b"[C]".to_vec(),
        what: "C",
        current_line: -1,
        line_defined: -1,
        last_line_defined: -1,
        name: None,
        name_what: "",
        nups: 0,
        nparams: 0,
        is_vararg: true,
        is_tail_call: false,
        transfer: (0, 0),
        func: Function(f, PhantomData),
        active_lines: None,
    };
    match f {
        FunctionObj::Native(n) => i.nups = n.num_upvalues() as u8,
        FunctionObj::Lua(c) => {
            let p = &c.proto().info;
            i.source = p.source.to_vec();
            i.short_src = moonsweep_compiler::chunk_id(&p.source);
            i.what = if p.line_defined == 0 { "main" } else { "Lua" };
            i.line_defined = p.line_defined as i64;
            i.last_line_defined = p.last_line_defined as i64;
            i.nups = c.num_upvalues() as u8;
            i.nparams = p.num_params;
            i.is_vararg = p.is_vararg;
            let skip = u32::from(p.is_vararg);
            let lines: BTreeSet<i64> = p
                .lines
                .runs
                .iter()
                .enumerate()
                .filter(|(j, r)| {
                    // The VARARGPREP's line does not count.
                    let end = p.lines.runs.get(j + 1).map_or(p.code.len() as u32, |n| n.0);
                    !(r.0 < skip && end <= skip)
                })
                .map(|(_, r)| r.1 as i64)
                .collect();
            i.active_lines = Some(lines.into_iter().collect());
        }
    }
    i
}

/// Where the value of a local variable is.
unsafe fn find_local(vm: &State, f: *mut Frame, n: i64) -> Option<(Vec<u8>, *mut Raw)> {
    // SAFETY: `f` is a frame with a saved `pc`.
    unsafe {
        let limit = if f == vm.frame {
            vm.top
        } else {
            (*f.add(1)).func
        };
        if (*f).kind == frame_kind::LUA {
            let p = Closure::of(*(*f).base.sub(1)).proto();
            if n < 0 {
                let extra = (*f).extra as i64;
                if n < -extra {
                    return None;
                }
                return Some((
                    b"(vararg)".to_vec(),
                    (*f).base.sub(1).offset((-n - 1 - extra) as isize),
                ));
            }
            let pc = message::frame_pc(f);
            if let Some((name, register)) = local_at(p, n, pc) {
                return Some((name, (*f).base.add(register)));
            }
        }
        if n > 0 && n <= limit.offset_from((*f).base) as i64 {
            let name: &[u8] = if (*f).kind == frame_kind::LUA {
                b"(temporary)"
            } else {
                b"(C temporary)"
            };
            return Some((name.to_vec(), (*f).base.add(n as usize - 1)));
        }
        None
    }
}

/// Name and register of the `n`th active local variable.
fn local_at(p: &crate::object::function::FnProto, n: i64, pc: usize) -> Option<(Vec<u8>, usize)> {
    let mut n = n;
    // A waiting frame's `pc` is the call itself; variables that start behind it
    // are not active yet.
    for l in &p.info.locals {
        if l.start_pc as usize > pc {
            break;
        }
        if pc < l.end_pc as usize {
            n -= 1;
            if n == 0 {
                return Some((l.name.to_vec(), l.register as usize));
            }
        }
    }
    None
}

impl Context {
    fn thread_or_running(&self, t: Option<Thread<'_>>) -> ThreadObj {
        t.map_or(self.vm().thread, |t| t.0)
    }
    /// What is known of the activation at a level (0: the running native, or
    /// the innermost of another thread).
    pub fn frame_info<'a>(
        &'a self,
        thread: Option<Thread<'a>>,
        level: usize,
    ) -> Option<FrameInfo<'a>> {
        let t = self.thread_or_running(thread);
        // SAFETY: frames of a thread that does not run, or below the running native.
        unsafe {
            let f = frame_at(self.vm(), t, level)?;
            let v = *(*f).base.sub(1);
            let function = match Value::of(v) {
                Value::Function(f) => f.0,
                _ => return None,
            };
            let mut i = of_function(function);
            if (*f).kind == frame_kind::LUA {
                i.current_line = message::frame_line(f).map_or(-1, |l| l as i64);
            }
            let (name, what) = call_name(t.data(), f);
            i.name = name;
            i.name_what = what;
            i.is_tail_call = (*f).cont & cont::TAIL_CALLED != 0;
            let innermost = if t == self.vm().thread {
                self.vm().frame
            } else {
                t.data().frame
            };
            if f < innermost
                && (*f.add(1)).flags & flag::HOOK != 0
                && let Some(h) = &t.data().hook
            {
                i.transfer = h.transfer;
            }
            Some(i)
        }
    }
    /// What is known of a function that is not necessarily active.
    pub fn function_info<'a>(&'a self, f: Function<'a>) -> FrameInfo<'a> {
        of_function(f.0)
    }
    /// Name and value of local variable `n` of an activation; negative: extra arguments.
    pub fn local<'a>(
        &'a self,
        thread: Option<Thread<'a>>,
        level: usize,
        n: i64,
    ) -> Option<(Vec<u8>, Value<'a>)> {
        let t = self.thread_or_running(thread);
        // SAFETY: as for `frame_info`.
        unsafe {
            let f = frame_at(self.vm(), t, level)?;
            let (name, at) = self.local_in(t, f, n)?;
            Some((name, Value::of(*at)))
        }
    }
    unsafe fn local_in(&self, t: ThreadObj, f: *mut Frame, n: i64) -> Option<(Vec<u8>, *mut Raw)> {
        let vm = self.vm();
        // SAFETY: as for `frame_info`.
        unsafe {
            if t == vm.thread {
                return find_local(vm, f, n);
            }
            let d = t.data();
            let (frame, top) = (vm.frame, vm.top);
            // The limits are the other thread's.
            vm.frame = d.frame;
            vm.top = d.top;
            let r = find_local(vm, f, n);
            vm.frame = frame;
            vm.top = top;
            r
        }
    }
    /// Assigns a local variable; returns its name.
    pub fn set_local<'a>(
        &'a self,
        thread: Option<Thread<'a>>,
        level: usize,
        n: i64,
        v: Value<'a>,
    ) -> Option<Vec<u8>> {
        let t = self.thread_or_running(thread);
        // SAFETY: as for `frame_info`.
        unsafe {
            let f = frame_at(self.vm(), t, level)?;
            let (name, at) = self.local_in(t, f, n)?;
            if (*f).kind == frame_kind::LUA && n > 0 {
                let p = Closure::of(*(*f).base.sub(1)).proto();
                let register = at.offset_from((*f).base) as u8;
                if names::is_loop_state(&p.info, message::frame_pc(f) as u32, register) {
                    // The interpreter relies on the types of a loop's state.
                    return Some(name);
                }
            }
            self.vm().touch(crate::object::sealed::owner(t, at));
            *at = v.raw();
            Some(name)
        }
    }
    /// The name of parameter `n` (from 1) of a function.
    pub fn param_name(&self, f: Function<'_>, n: usize) -> Option<Vec<u8>> {
        let c = f.lua()?;
        local_at(c.proto(), n as i64, 0).map(|x| x.0)
    }
    /// A traceback, as `luaL_traceback`: of a thread, from a level on, behind the message
    /// up to its first zero.
    pub fn traceback(
        &self,
        thread: Option<Thread<'_>>,
        msg: Option<&[u8]>,
        level: usize,
    ) -> Vec<u8> {
        let t = self.thread_or_running(thread);
        let mut out = Vec::new();
        if let Some(m) = msg {
            out.extend_from_slice(super::c_str(m));
            out.push(b'\n');
        }
        out.extend_from_slice(b"stack traceback:");
        let vm = self.vm();
        let d = t.data();
        // SAFETY: as for `frame_info`.
        let total = unsafe {
            let f = if t == vm.thread { vm.frame } else { d.frame };
            f.offset_from(d.frames) as usize
        };
        const HEAD: usize = 10;
        const TAIL: usize = 11;
        let mut l = level;
        while l < total {
            if l == level + HEAD && total - 1 - level > HEAD + TAIL {
                // As the reference counts: one less than are left out.
                let skip = total - 1 - level - HEAD - TAIL;
                let _ = write!(out, "\n\t...\t(skipping {skip} levels)");
                l = total - TAIL;
            }
            // Names are looked for in all of `package.loaded`.
            self.charge(200);
            let Some(i) = self.frame_info(thread, l) else {
                break;
            };
            let _ = write!(out, "\n\t");
            out.extend_from_slice(&i.short_src);
            out.push(b':');
            if i.current_line > 0 {
                let _ = write!(out, "{}:", i.current_line);
            }
            out.extend_from_slice(b" in ");
            let global = global_name(vm, i.func.0.value());
            if let Some(n) = global {
                out.extend_from_slice(b"function '");
                out.extend_from_slice(&n);
                out.push(b'\'');
            } else if !i.name_what.is_empty() {
                out.extend_from_slice(i.name_what.as_bytes());
                out.extend_from_slice(b" '");
                out.extend_from_slice(i.name.as_deref().unwrap_or(b"?"));
                out.push(b'\'');
            } else if i.what == "main" {
                out.extend_from_slice(b"main chunk");
            } else if i.what != "C" {
                out.extend_from_slice(b"function <");
                out.extend_from_slice(&i.short_src);
                let _ = write!(out, ":{}>", i.line_defined);
            } else {
                out.push(b'?');
            }
            if i.is_tail_call {
                out.extend_from_slice(b"\n\t(...tail calls...)");
            }
            l += 1;
        }
        out
    }
}

/// What a hook waits for.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct HookEvents {
    /// Calls of functions.
    pub call: bool,
    /// Returns.
    pub ret: bool,
    /// Beginnings of lines.
    pub line: bool,
    /// Every so many instructions; 0: never.
    pub count: u32,
}

impl Context {
    /// Sets the hook of a thread, or of the running one; without a function or
    /// events, removes it. The function is called with the event's name and,
    /// for lines, the line.
    pub fn set_hook(
        &self,
        thread: Option<Thread<'_>>,
        f: Option<Function<'_>>,
        events: HookEvents,
    ) {
        let t = self.thread_or_running(thread);
        let vm = self.vm();
        vm.touch(t.0);
        let HookEvents {
            call,
            ret,
            line,
            count,
        } = events;
        let bits = [
            (call, event::CALL),
            (ret, event::RETURN),
            (line, event::LINE),
            (count > 0, event::COUNT),
        ];
        let mask = bits
            .iter()
            .filter(|b| b.0 && f.is_some())
            .map(|b| b.1)
            .sum();
        let func = f.map_or(Raw::NIL, |f| f.0.value());
        hook::set(&mut t.data().hook, func, mask, count);
        hook::refresh(vm);
    }
    /// The hook of a thread, or of the running one.
    pub fn hook<'a>(&'a self, thread: Option<Thread<'a>>) -> Option<(Value<'a>, HookEvents)> {
        let t = self.thread_or_running(thread);
        let h = t.data().hook.as_ref().filter(|h| h.mask != 0)?;
        let on = |bit| h.mask & bit != 0;
        let events = HookEvents {
            call: on(event::CALL),
            ret: on(event::RETURN),
            line: on(event::LINE),
            count: h.count,
        };
        Some((Value::of(h.func), events))
    }
}

impl<'a> Function<'a> {
    /// Assigns upvalue `n` (from 1); returns its name.
    pub fn set_upvalue(self, cx: &'a Context, n: usize, v: Value<'a>) -> Option<Vec<u8>> {
        let (name, _) = self.upvalue(n)?;
        let vm = cx.vm();
        match self.0 {
            FunctionObj::Lua(c) => c.upvalue(n - 1).set(&mut vm.mem, v.raw()),
            FunctionObj::Native(f) => {
                let w = vm.mem.pack(v.raw());
                f.upvalue(n - 1).set(f.0, w, &mut vm.mem.heap);
            }
        }
        Some(name)
    }
    /// Makes upvalue `n` refer to upvalue `m` of another Lua function.
    pub fn upvalue_join(self, cx: &'a Context, n: usize, other: Function<'a>, m: usize) -> bool {
        let (Some(c), Some(_), Some(u)) = (self.lua(), self.lua_upvalue(n), other.lua_upvalue(m))
        else {
            return false;
        };
        c.upvalue_edge(n - 1)
            .set(c.0, Some(u.0), &mut cx.vm().mem.heap);
        true
    }
}
