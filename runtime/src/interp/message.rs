//! Error values and their messages, in the reference implementation's wording.

use super::unwind::throw;
use super::{Pc, Regs};
use crate::native::ArithOp;
use crate::object::event::Event;
use crate::object::function::Closure;
use crate::object::string::Str;
use crate::object::table::SetError;
use crate::object::thread::{Frame, flag, frame_kind};
use crate::value::{Value, tag};
use crate::vm::State;
use moonsweep_compiler::bytecode::names;
use moonsweep_compiler::bytecode::opcodes::Instruction;
use std::io::Write;

/// Room for the text of a number.
#[derive(Default)]
pub(crate) struct NumberBuffer {
    bytes: Vec<u8>,
}

/// The text of a number, as `tostring` gives it.
pub(crate) fn number_text(v: Value, buffer: &mut NumberBuffer) -> &[u8] {
    buffer.bytes.clear();
    if v.tag == tag::INT {
        let _ = write!(buffer.bytes, "{}", v.as_int());
    } else {
        buffer.bytes.extend_from_slice(&float_text(v.as_float()));
    }
    &buffer.bytes
}

/// A float as `%.14g`, with `.0` if it would look like an integer.
pub(crate) fn float_text(f: f64) -> Vec<u8> {
    if f.is_nan() {
        return if f.is_sign_negative() {
            b"-nan".to_vec()
        } else {
            b"nan".to_vec()
        };
    }
    if f.is_infinite() {
        return if f < 0.0 {
            b"-inf".to_vec()
        } else {
            b"inf".to_vec()
        };
    }
    if f == f.trunc() && f.abs() < 1e14 {
        let mut out = Vec::with_capacity(20);
        if f == 0.0 && f.is_sign_negative() {
            out.push(b'-');
        }
        let _ = write!(out, "{}.0", f as i64);
        return out;
    }
    // Scientific with 13 decimals rounds to 14 significant digits.
    let e = format!("{f:.13e}");
    let (mantissa, exponent) = e.split_once('e').unwrap_or((&e, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let negative = mantissa.starts_with('-');
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    if (-5 < exponent && exponent < 14) || digits.is_empty() {
        if exponent < 0 {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
            out.push_str(digits);
        } else {
            let whole = exponent as usize + 1;
            if digits.len() <= whole {
                out.push_str(digits);
                out.extend(std::iter::repeat_n('0', whole - digits.len()));
                out.push_str(".0");
            } else {
                out.push_str(&digits[..whole]);
                out.push('.');
                out.push_str(&digits[whole..]);
            }
        }
    } else {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        out.push_str(&format!(
            "e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        ));
    }
    out.into_bytes()
}

/// A new string value. Message texts are short; one that is not is cut.
pub(crate) fn string_value(vm: &mut State, text: &[u8]) -> Value {
    // SAFETY: the value is stored or pushed before the next safepoint.
    unsafe {
        match Str::try_new(&mut vm.mem, text) {
            Some(s) => s.value(),
            None => Str::interned(&mut vm.mem, b"not enough memory").value(),
        }
    }
}

/// The word index of the instruction that `f` executes or waits in.
///
/// # Safety
/// `f` is a Lua function's frame with a saved `pc`.
pub(crate) unsafe fn frame_pc(f: *const Frame) -> usize {
    // SAFETY: as the caller promised.
    unsafe {
        let p = Closure::of(*(*f).base.sub(1)).proto();
        let at = (*f).pc.offset_from(p.code as *const u32) - 1;
        instruction_start(p.info.code.as_slice(), at.max(0) as usize)
    }
}

/// The first word of the instruction that word `at` belongs to.
fn instruction_start(code: &[u32], at: usize) -> usize {
    let mut i = 0;
    while i < code.len() {
        let n = Instruction(code[i])
            .op()
            .map_or(1, |op| 1 + op.extension_words());
        if at < i + n {
            return i;
        }
        i += n;
    }
    at
}

/// The line that a frame executes; `None` for natives and stripped code.
///
/// # Safety
/// As for `frame_pc`, if the frame is a Lua function's.
pub(crate) unsafe fn frame_line(f: *const Frame) -> Option<u32> {
    // SAFETY: as the caller promised.
    unsafe {
        if (*f).kind != frame_kind::LUA {
            return None;
        }
        let p = Closure::of(*(*f).base.sub(1)).proto();
        p.info.lines.line(frame_pc(f) as u32)
    }
}

/// `file:line: ` for a Lua function's frame; line -1 without line information.
///
/// # Safety
/// As for `frame_line`.
pub(crate) unsafe fn frame_position(f: *const Frame) -> Vec<u8> {
    // SAFETY: as the caller promised.
    unsafe {
        if (*f).kind != frame_kind::LUA {
            return Vec::new();
        }
        let p = Closure::of(*(*f).base.sub(1)).proto();
        let mut out = moonsweep_compiler::chunk_id(&p.info.source);
        match frame_line(f) {
            Some(l) => {
                let _ = write!(out, ":{l}: ");
            }
            None => out.extend_from_slice(b":-1: "),
        }
        out
    }
}

/// Sets `State::error` to a message with the running function's position.
pub(crate) fn set_error(vm: &mut State, text: &[u8]) {
    // SAFETY: the innermost frame is saved (rule 4).
    let mut out = unsafe { frame_position(vm.frame) };
    out.extend_from_slice(text);
    vm.error = string_value(vm, &out);
    vm.handled = false;
}

/// Makes an error of a native's panic: its text behind the caller's position.
#[cold]
pub(crate) fn set_panic(vm: &mut State, payload: &(dyn std::any::Any + Send)) {
    let text = match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "no message",
    };
    let mut out = position(vm, 1);
    out.extend_from_slice(b"panic in native function: ");
    out.extend_from_slice(text.as_bytes());
    vm.error = string_value(vm, &out);
    vm.handled = false;
    vm.raised = false;
}

/// Raises a message with the running function's position.
#[cold]
pub(crate) fn error(vm: &mut State, text: &[u8]) -> Regs {
    set_error(vm, text);
    // SAFETY: the frames are consistent.
    unsafe { throw(vm) }
}

/// Sets the error `not enough memory`, of which no message handler is told.
pub(crate) fn set_memory_error(vm: &mut State) {
    vm.error = string_value(vm, b"not enough memory");
    vm.handled = true;
}

/// Raises `not enough memory`.
#[cold]
pub(crate) fn memory_error(vm: &mut State) -> Regs {
    set_memory_error(vm);
    // SAFETY: the frames are consistent.
    unsafe { throw(vm) }
}

/// Puts the position of level `level` before the error, a string.
pub(crate) fn prefix_error(vm: &mut State, level: usize) {
    // SAFETY: the error is a live string.
    unsafe {
        let mut out = position(vm, level);
        out.extend_from_slice(Str(vm.error.obj()).as_bytes());
        vm.error = string_value(vm, &out);
    }
}

/// The position of the function at `level` (0: the innermost frame).
pub(crate) fn position(vm: &State, level: usize) -> Vec<u8> {
    // SAFETY: frames down to the bottom are consistent.
    unsafe {
        let mut f = vm.frame;
        let bottom = vm.thread.data().frames;
        for _ in 0..level {
            if f == bottom {
                return Vec::new();
            }
            f = f.sub(1);
        }
        if frame_line(f).is_none() {
            return Vec::new();
        }
        frame_position(f)
    }
}

/// The name of a value's type in messages: `__name` of its metatable, or its type.
pub(crate) fn type_name(vm: &State, v: Value) -> Vec<u8> {
    if matches!(v.tag, tag::TABLE | tag::USERDATA) {
        let n = vm.metamethod(v, Event::Name);
        if n.tag == tag::STRING {
            // SAFETY: a live string.
            return until_nul(unsafe { Str(n.obj()).as_bytes() }).to_vec();
        }
    }
    basic_type_name(v.tag).as_bytes().to_vec()
}

/// The type of a tag.
pub(crate) fn basic_type_name(t: u64) -> &'static str {
    match t {
        tag::NIL => "nil",
        tag::FALSE | tag::TRUE => "boolean",
        tag::INT | tag::FLOAT => "number",
        tag::LIGHT | tag::USERDATA => "userdata",
        tag::STRING => "string",
        tag::TABLE => "table",
        tag::CLOSURE | tag::NATIVE => "function",
        tag::THREAD => "thread",
        _ => "no value",
    }
}

/// The part of a name that the reference, with its C strings, would show.
pub(crate) fn until_nul(name: &[u8]) -> &[u8] {
    name.split(|&b| b == 0).next().unwrap_or(name)
}

fn with_info(info: Option<(&str, Vec<u8>)>) -> Vec<u8> {
    match info {
        None => Vec::new(),
        Some((kind, name)) => {
            let mut out = b" (".to_vec();
            out.extend_from_slice(kind.as_bytes());
            out.extend_from_slice(b" '");
            out.extend_from_slice(until_nul(&name));
            out.extend_from_slice(b"')");
            out
        }
    }
}

/// ` (local 'x')` for a register of the running Lua function.
unsafe fn register_info(vm: &State, register: usize) -> Vec<u8> {
    // SAFETY: the innermost frame is a Lua function's.
    unsafe {
        let f = vm.frame;
        let p = Closure::of(*(*f).base.sub(1)).proto();
        with_info(names::describe_register(
            &p.info,
            frame_pc(f) as u32,
            register as u8,
        ))
    }
}

/// ` (upvalue 'x')` or the like, for an operand value that sits in a register
/// or upvalue of the running Lua function.
unsafe fn operand_info(vm: &State, v: Value, candidates: &[usize]) -> Vec<u8> {
    // SAFETY: the innermost frame is a Lua function's.
    unsafe {
        let base = (*vm.frame).base;
        for r in candidates {
            if (*base.add(*r)).same_bits(v) {
                return register_info(vm, *r);
            }
        }
        Vec::new()
    }
}

fn raise_text(vm: &mut State, parts: &[&[u8]]) -> Regs {
    let text = parts.concat();
    error(vm, &text)
}

/// `attempt to index a nil value (local 'x')`.
#[cold]
pub(crate) unsafe fn index_error(
    vm: &mut State,
    v: Value,
    first: bool,
    pc: Pc,
    key: Value,
) -> Regs {
    use moonsweep_compiler::bytecode::opcodes::Op;
    let _ = key;
    // SAFETY: `pc` is the failing instruction of the innermost frame.
    unsafe {
        let mut info = Vec::new();
        if first {
            let w = Instruction(*pc);
            let f = vm.frame;
            let p = Closure::of(*(*f).base.sub(1)).proto();
            info = match w.op() {
                Some(Op::GETTABUP | Op::SETTABUP) => {
                    with_info(Some(names::describe_upvalue(&p.info, w.b())))
                }
                Some(Op::SETTABLE | Op::SETI | Op::SETFIELD) => register_info(vm, w.a() as usize),
                _ => register_info(vm, w.b() as usize),
            };
        }
        let t = type_name(vm, v);
        raise_text(vm, &[b"attempt to index a ", &t, b" value", &info])
    }
}

/// `attempt to OP a T value (local 'x')` for the value in a register.
#[cold]
pub(crate) unsafe fn operand_error(
    vm: &mut State,
    _pc: Pc,
    register: usize,
    v: Value,
    what: &str,
) -> Regs {
    // SAFETY: the innermost frame is a Lua function's.
    unsafe {
        let info = register_info(vm, register);
        let t = type_name(vm, v);
        raise_text(
            vm,
            &[
                b"attempt to ",
                what.as_bytes(),
                b" a ",
                &t,
                b" value",
                &info,
            ],
        )
    }
}

/// The registers that an arithmetic instruction's operands may be in.
unsafe fn operand_registers(pc: Pc) -> Vec<usize> {
    use moonsweep_compiler::bytecode::opcodes::Format;
    // SAFETY: `pc` is an instruction.
    let w = Instruction(unsafe { *pc });
    let (b, c) = (w.b() as usize, w.c() as usize);
    match w.op().map(|o| o.format()) {
        Some(Format::ABC) => vec![b, c],
        Some(Format::AKC) => vec![c],
        _ => vec![b],
    }
}

/// An arithmetic or bitwise operation without metamethod.
#[cold]
pub(crate) unsafe fn arith_error(
    vm: &mut State,
    pc: Pc,
    op: ArithOp,
    x: Value,
    y: Value,
    no_integer: bool,
) -> Regs {
    // SAFETY: as for `index_error`.
    unsafe {
        let registers = operand_registers(pc);
        arith_message(vm, op, x, y, no_integer, Some(&registers));
        throw(vm)
    }
}

/// Sets `State::error` for an operation on two values without metamethod.
pub(crate) unsafe fn arith_message(
    vm: &mut State,
    op: ArithOp,
    x: Value,
    y: Value,
    no_integer: bool,
    registers: Option<&[usize]>,
) {
    let number = |v: Value| matches!(v.tag, tag::INT | tag::FLOAT);
    if no_integer {
        // Both are numbers: the culprit is the first without integer value.
        let culprit = if super::arith::to_integer(x).is_none() {
            x
        } else {
            y
        };
        // SAFETY: with registers, the innermost frame is a Lua function's.
        let info = registers.map_or(Vec::new(), |r| unsafe { operand_info(vm, culprit, r) });
        set_error(
            vm,
            &[b"number", &info[..], b" has no integer representation"].concat(),
        );
        return;
    }
    let mut culprit = y;
    if !number(x) {
        culprit = x;
    }
    let what: &[u8] = if op.is_bitwise() {
        b"attempt to perform bitwise operation on a "
    } else {
        b"attempt to perform arithmetic on a "
    };
    // SAFETY: as above.
    let info = registers.map_or(Vec::new(), |r| unsafe { operand_info(vm, culprit, r) });
    let t = type_name(vm, culprit);
    set_error(vm, &[what, &t, b" value", &info].concat());
}

/// `attempt to concatenate a nil value (local 'x')`; the operands are in
/// registers `at` and `at + 1`.
#[cold]
pub(crate) unsafe fn concat_error(vm: &mut State, _pc: Pc, x: Value, y: Value, at: usize) -> Regs {
    // SAFETY: the innermost frame is a Lua function's.
    unsafe {
        let text = matches!(x.tag, tag::STRING | tag::INT | tag::FLOAT);
        let (v, r) = if text { (y, at + 1) } else { (x, at) };
        let info = register_info(vm, r);
        let t = type_name(vm, v);
        raise_text(vm, &[b"attempt to concatenate a ", &t, b" value", &info])
    }
}

/// `attempt to compare two nil values`.
#[cold]
pub(crate) fn compare_error(vm: &mut State, x: Value, y: Value) -> Regs {
    compare_message(vm, x, y);
    // SAFETY: the frames are consistent.
    unsafe { throw(vm) }
}

/// Sets `State::error` for values that have no order.
pub(crate) fn compare_message(vm: &mut State, x: Value, y: Value) {
    let (t, u) = (type_name(vm, x), type_name(vm, y));
    let text = if t == u {
        [b"attempt to compare two ", &t[..], b" values"].concat()
    } else {
        [b"attempt to compare ", &t[..], b" with ", &u[..]].concat()
    };
    set_error(vm, &text);
}

/// Sets the error `attempt to call a nil value (global 'f')`; `flags` are those
/// that the callee's frame would have had.
#[cold]
pub(crate) unsafe fn call_error(vm: &mut State, func: *mut Value, flags: u16) {
    // SAFETY: the innermost frame is the caller's.
    unsafe {
        let f = vm.frame;
        let v = *func;
        let mut info = Vec::new();
        if flags & flag::FINALIZER != 0 {
            info = with_info(Some(("metamethod", b"__gc".to_vec())));
        } else if flags & flag::BOUNDARY == 0 && (*f).kind == frame_kind::LUA {
            let p = Closure::of(*(*f).base.sub(1)).proto();
            info = with_info(names::describe_call(&p.info, frame_pc(f) as u32));
            if info.is_empty() {
                let r = func.offset_from((*f).base);
                if (0..p.max_stack as isize).contains(&r) {
                    info = register_info(vm, r as usize);
                }
            }
        }
        let t = type_name(vm, v);
        set_error(
            vm,
            &[b"attempt to call a ", &t[..], b" value", &info].concat(),
        );
    }
}

/// `bad 'for' limit (number expected, got nil)`.
#[cold]
pub(crate) fn for_error(vm: &mut State, v: Value, what: &str) -> Regs {
    let what = if what == "initial" {
        "initial value"
    } else {
        what
    };
    let t = type_name(vm, v);
    let what = what.as_bytes();
    raise_text(
        vm,
        &[b"bad 'for' ", what, b" (number expected, got ", &t, b")"],
    )
}

/// `variable 'x' got a non-closable value`.
#[cold]
pub(crate) unsafe fn not_closable(vm: &mut State, _pc: Pc, register: usize) -> Regs {
    // SAFETY: the innermost frame is a Lua function's.
    unsafe {
        let f = vm.frame;
        let p = Closure::of(*(*f).base.sub(1)).proto();
        let pc = frame_pc(f);
        let name = p
            .info
            .locals
            .iter()
            .rev()
            .find(|l| {
                l.register as usize == register
                    && l.start_pc as usize <= pc + 1
                    && pc < l.end_pc as usize
            })
            .map_or(b"?".to_vec(), |l| l.name.to_vec());
        raise_text(vm, &[b"variable '", &name, b"' got a non-closable value"])
    }
}

/// Raises what a failed raw assignment means.
#[cold]
pub(crate) fn set_error_of(vm: &mut State, e: SetError) -> Regs {
    match e {
        SetError::NilIndex => error(vm, b"table index is nil"),
        SetError::NanIndex => error(vm, b"table index is NaN"),
        _ => memory_error(vm),
    }
}
