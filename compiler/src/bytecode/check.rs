//! The bytecode checker: makes a hostile binary chunk an error.
//!
//! The interpreter trusts its code: it tests no operand, reads no register that
//! was not written, and leaves a frame without looking for open upvalues where
//! the instruction says so. This module proves, for a prototype from anywhere,
//! that this trust is justified:
//!
//! 1. every instruction is whole, its operands are in range and of the type
//!    demanded, its jumps arrive at instructions, control never runs off the end;
//! 2. along every path, a register is written before it is read, the hidden
//!    registers of a loop are left alone, results up to the top are consumed by
//!    the very next instruction, and a return that closes nothing has nothing to
//!    close (`flow`).

use std::collections::HashMap;

use super::effects;
use super::flow::Flow;
use super::opcodes::{Format, Instruction, Op};
use super::prototype::{Constant, MAX_FIELD_NAME, Prototype};

/// How deep functions may nest; the compiler's own limit is a little lower.
pub const MAX_DEPTH: usize = 200;

/// What is wrong with a prototype.
pub type Fault = &'static str;

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// Checks a function and those inside it.
pub fn check(proto: &Prototype) -> Result<()> {
    check_at_depth(proto, 0)
}

fn check_at_depth(proto: &Prototype, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err("functions nest too deep");
    }
    check_header(proto)?;
    let loops = Structure { proto }.check()?;
    Flow::new(proto, &loops).run()?;
    for inner in &proto.protos {
        for upvalue in &inner.upvalues {
            let limit = if upvalue.in_stack {
                usize::from(proto.max_stack)
            } else {
                proto.upvalues.len()
            };
            if usize::from(upvalue.index) >= limit {
                return Err("upvalue out of range");
            }
        }
        check_at_depth(inner, depth + 1)?;
    }
    Ok(())
}

fn check_header(proto: &Prototype) -> Result<()> {
    if proto.max_stack < 2 || proto.max_stack < proto.num_params {
        return Err("too few registers");
    }
    if proto.upvalues.len() > 255 || proto.protos.len() > 1 << 16 {
        return Err("too many upvalues or functions");
    }
    if u32::try_from(proto.code.len()).is_err() || proto.constants.len() >= 1 << 31 {
        return Err("function too large");
    }
    for template in &proto.templates {
        let mut names = template.to_vec();
        names.sort_unstable();
        names.dedup();
        if names.len() != template.len() || names.is_empty() {
            return Err("bad template");
        }
        for name in names {
            check_field_name(proto, usize::from(name))?;
        }
    }
    Ok(())
}

fn constant(proto: &Prototype, index: usize) -> Result<&Constant> {
    proto.constants.get(index).ok_or("constant out of range")
}

fn check_field_name(proto: &Prototype, index: usize) -> Result<()> {
    match constant(proto, index)? {
        Constant::Str(name) if name.len() <= MAX_FIELD_NAME => Ok(()),
        _ => Err("field name is not a short string"),
    }
}

/// Where a jump goes, if the instruction is one.
pub(super) fn jump_target(proto: &Prototype, pc: usize, op: Op) -> Option<i64> {
    let next = (pc + 1 + op.extension_words()) as i64;
    let offset = match op.format() {
        Format::SJ => Instruction(proto.code[pc]).sj_offset(),
        Format::JumpA | Format::JumpAB | Format::JumpAK | Format::JumpAI => {
            proto.code[pc + 1] as i32
        }
        _ => return None,
    };
    Some(next + i64::from(offset))
}

fn ends_flow(op: Op) -> bool {
    matches!(
        op,
        Op::JMP | Op::TAILCALL | Op::RETURN | Op::RETURN0 | Op::RETURN1
    )
}

/// A `for` loop, found at its preparing instruction.
pub(super) struct ForLoop {
    /// First of the hidden registers.
    pub base: usize,
    /// How many registers are hidden.
    pub hidden: usize,
    /// Its `FORLOOP` or `TFORCALL`.
    pub step: usize,
    /// Behind its last instruction.
    pub end: usize,
}

/// The loops of a function, by the position of what prepares them.
pub(super) type ForLoops = HashMap<usize, ForLoop>;

/// Part 1: each instruction by itself.
struct Structure<'p> {
    proto: &'p Prototype,
}

impl Structure<'_> {
    fn check(&self) -> Result<ForLoops> {
        let code = &self.proto.code;
        let mut starts = vec![false; code.len()];
        let mut targets = Vec::new();
        let mut pc = 0;
        let mut last = Op::EXIT;
        while pc < code.len() {
            let op = Instruction(code[pc]).op().ok_or("unknown operation")?;
            let next = pc + 1 + op.extension_words();
            if next > code.len() {
                return Err("incomplete instruction");
            }
            starts[pc] = true;
            self.check_instruction(pc, op, next)?;
            targets.extend(jump_target(self.proto, pc, op));
            last = op;
            pc = next;
        }
        if !ends_flow(last) {
            return Err("code has no end");
        }
        let is_start = |target: i64| {
            usize::try_from(target)
                .ok()
                .and_then(|target| starts.get(target).copied())
        };
        if targets
            .into_iter()
            .any(|target| is_start(target) != Some(true))
        {
            return Err("jump to nowhere");
        }
        self.for_loops()
    }

    /// Finds the loops: what prepares one and what steps it refer to each other,
    /// which the interpreter relies on.
    fn for_loops(&self) -> Result<ForLoops> {
        let code = &self.proto.code;
        let mut loops = ForLoops::new();
        let mut pc = 0;
        while let Some(op) = code.get(pc).and_then(|&word| Instruction(word).op()) {
            let next = pc + 1 + op.extension_words();
            if matches!(op, Op::FORPREP | Op::TFORPREP) {
                let target = jump_target(self.proto, pc, op).unwrap_or(-1) as usize;
                loops.insert(
                    pc,
                    self.for_loop(pc, op, next, target)
                        .ok_or("malformed loop")?,
                );
            }
            pc = next;
        }
        Ok(loops)
    }

    fn for_loop(&self, pc: usize, op: Op, body: usize, target: usize) -> Option<ForLoop> {
        let code = &self.proto.code;
        let a = Instruction(code[pc]).a();
        let (step, back, hidden) = match op {
            Op::FORPREP => (target.checked_sub(2)?, target.checked_sub(2)?, 3),
            _ => (target, target + 1, 4),
        };
        let (step_op, back_op) = match op {
            Op::FORPREP => (Op::FORLOOP, Op::FORLOOP),
            _ => (Op::TFORCALL, Op::TFORLOOP),
        };
        let is = |at: usize, op: Op| {
            let instruction = Instruction(*code.get(at)?);
            (instruction.op()? == op && instruction.a() == a).then_some(())
        };
        is(step, step_op)?;
        is(back, back_op)?;
        let forward = step >= body;
        let closed = jump_target(self.proto, back, back_op)? == body as i64;
        let base = usize::from(a);
        (forward && closed).then_some(ForLoop {
            base,
            hidden,
            step,
            end: back + 2,
        })
    }

    fn check_instruction(&self, pc: usize, op: Op, next: usize) -> Result<()> {
        let proto = self.proto;
        let i = Instruction(proto.code[pc]);
        let extension = &proto.code[pc + 1..next];
        self.check_counts(pc, op, i, extension)?;
        if effects::extent(op, i) > usize::from(proto.max_stack) {
            return Err("register out of range");
        }
        self.check_constants(op, i, extension)?;
        let caches = match op {
            _ if op.format() == Format::Field => {
                if extension[0] >> 16 != 0 {
                    return Err("inline cache is not empty");
                }
                &extension[1..]
            }
            Op::NEWTABLE | Op::NEWOBJ => &extension[1..],
            _ => &[],
        };
        if caches.iter().any(|&word| word != 0) {
            return Err("inline cache is not empty");
        }
        Ok(())
    }

    fn check_counts(&self, pc: usize, op: Op, i: Instruction, extension: &[u32]) -> Result<()> {
        let proto = self.proto;
        let (a, b, c) = (i.a(), i.b(), i.c());
        let ok = match op {
            Op::EXIT => false,
            Op::VARARGPREP => pc == 0 && proto.is_vararg && a == proto.num_params,
            Op::VARARG => proto.is_vararg,
            Op::CONCAT => b >= 2,
            Op::TFORCALL => c >= 1,
            Op::RETURN | Op::TAILCALL => c <= 1,
            Op::NEWOBJ => {
                let template = proto.templates.get(extension[0] as usize);
                template.is_some_and(|names| names.len() == usize::from(b))
            }
            Op::CLOSURE => usize::from(i.bx()) < proto.protos.len(),
            Op::GETUPVAL | Op::SETUPVAL | Op::GETTABUP | Op::SETTABUP => {
                usize::from(b) < proto.upvalues.len()
            }
            // What it skips has to be an instruction of one word.
            Op::LFALSESKIP => {
                proto
                    .code
                    .get(pc + 1)
                    .and_then(|&word| Instruction(word).op())
                    == Some(Op::LOADTRUE)
            }
            _ => true,
        };
        if !ok {
            return Err("bad operand");
        }
        if pc == 0 && proto.is_vararg && op != Op::VARARGPREP {
            return Err("variable arguments are not prepared");
        }
        Ok(())
    }

    fn check_constants(&self, op: Op, i: Instruction, extension: &[u32]) -> Result<()> {
        use Op::*;
        let proto = self.proto;
        let index = match (op.format(), op) {
            (Format::Field, _) => {
                return check_field_name(proto, (extension[0] & 0xffff) as usize);
            }
            (Format::ABK, _) => usize::from(i.c()),
            (Format::AKC | Format::JumpAK, _) => usize::from(i.b()),
            (_, LOADK) => usize::from(i.bx()),
            (_, LOADKX) => extension[0] as usize,
            _ => return Ok(()),
        };
        let ok = match (op, constant(proto, index)?) {
            (LOADK | LOADKX, _) => true,
            (JEQK | JNEK, Constant::Str(_)) => true,
            (_, Constant::Int(_)) => true,
            (BANDK | BORK | BXORK, _) => false,
            (_, Constant::Float(_)) => true,
            _ => false,
        };
        if ok {
            Ok(())
        } else {
            Err("constant of the wrong type")
        }
    }
}
