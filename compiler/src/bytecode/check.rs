//! The bytecode checker: makes a hostile binary chunk an error.
//!
//! The interpreter trusts its code: it tests no operand, reads no register that
//! was not written, and leaves a frame without looking for open upvalues where
//! the instruction says so. This module proves, for a prototype from anywhere,
//! that this trust is justified:
//!
//! 1. every instruction is whole, its operands are in range and of the type
//!    demanded, its jumps arrive at instructions, control never runs off the end;
//! 2. along every path, a register is written before it is read, results up to
//!    the top are consumed by the very next instruction, and a return that closes
//!    nothing has nothing to close.

use super::effects::{self, Run};
use super::opcodes::{Format, Instruction, Op};
use super::prototype::{Constant, MAX_FIELD_NAME, Prototype};

/// How deep functions may nest; the compiler's own limit is a little lower.
pub const MAX_DEPTH: usize = 200;

/// What is wrong with a prototype.
pub type Fault = &'static str;

type Result<T> = std::result::Result<T, Fault>;

/// Checks a function and those inside it.
pub fn check(proto: &Prototype) -> Result<()> {
    check_at_depth(proto, 0)
}

fn check_at_depth(proto: &Prototype, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err("functions nest too deep");
    }
    check_header(proto)?;
    Structure { proto }.check()?;
    Flow::new(proto).run()?;
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
fn jump_target(proto: &Prototype, pc: usize, op: Op) -> Option<i64> {
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

/// Part 1: each instruction by itself.
struct Structure<'p> {
    proto: &'p Prototype,
}

impl Structure<'_> {
    fn check(&self) -> Result<()> {
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
        Ok(())
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

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Registers([u64; 4]);

impl Registers {
    fn below(limit: usize) -> Registers {
        let mut set = Registers::default();
        for (word, bits) in set.0.iter_mut().enumerate() {
            let from = word * 64;
            *bits = match limit.saturating_sub(from) {
                0 => 0,
                n @ 1..=63 => (1 << n) - 1,
                _ => u64::MAX,
            };
        }
        set
    }

    fn run((first, count): Run) -> Registers {
        Registers::below(first + count).without(Registers::below(first))
    }

    fn and(self, other: Registers) -> Registers {
        Registers(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    fn with(self, other: Registers) -> Registers {
        Registers(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    fn without(self, other: Registers) -> Registers {
        Registers(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    fn contains(self, other: Registers) -> bool {
        other.without(self) == Registers::default()
    }

    fn is_empty(self) -> bool {
        self == Registers::default()
    }
}

/// What is known before an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    /// Registers certainly written.
    written: Registers,
    /// Registers that open upvalues may refer to.
    captured: Registers,
    /// Registers that may be to-be-closed.
    closing: Registers,
    /// First register of the open results of the instruction before.
    top: Option<usize>,
}

impl State {
    fn merge(self, other: State) -> Result<State> {
        if self.top != other.top {
            return Err("open results meet a jump");
        }
        Ok(State {
            written: self.written.and(other.written),
            captured: self.captured.with(other.captured),
            closing: self.closing.with(other.closing),
            top: self.top,
        })
    }
}

/// Part 2: what holds along all paths.
struct Flow<'p> {
    proto: &'p Prototype,
    states: Vec<Option<State>>,
    pending: Vec<usize>,
}

impl<'p> Flow<'p> {
    fn new(proto: &'p Prototype) -> Flow<'p> {
        let entry = State {
            written: Registers::below(usize::from(proto.num_params)),
            captured: Registers::default(),
            closing: Registers::default(),
            top: None,
        };
        let mut states = vec![None; proto.code.len()];
        states[0] = Some(entry);
        Flow {
            proto,
            states,
            pending: vec![0],
        }
    }

    fn run(mut self) -> Result<()> {
        while let Some(pc) = self.pending.pop() {
            if let Some(state) = self.states[pc] {
                self.step(pc, state)?;
            }
        }
        Ok(())
    }

    fn arrive(&mut self, pc: usize, state: State) -> Result<()> {
        let known = self.states.get_mut(pc).ok_or("code has no end")?;
        let merged = match *known {
            None => state,
            Some(known) => known.merge(state)?,
        };
        if *known != Some(merged) {
            *known = Some(merged);
            self.pending.push(pc);
        }
        Ok(())
    }

    fn step(&mut self, pc: usize, before: State) -> Result<()> {
        let i = Instruction(self.proto.code[pc]);
        let op = i.op().ok_or("unknown operation")?;
        let (a, b, c) = (usize::from(i.a()), usize::from(i.b()), usize::from(i.c()));

        let consumes_top = match op {
            Op::CALL | Op::TAILCALL | Op::RETURN | Op::SETLIST => b == 0,
            _ => false,
        };
        if consumes_top != before.top.is_some() {
            return Err("open results are not used at once");
        }
        if let Some(top) = before.top {
            // Function or table first, then at least nothing.
            let least = if op == Op::RETURN { a } else { a + 1 };
            if top < least {
                return Err("open results are out of place");
            }
        }
        for run in effects::reads(op, i, before.top) {
            if !before.written.contains(Registers::run(run)) {
                return Err("register is read before it is written");
            }
        }

        let mut after = State {
            top: None,
            ..before
        };
        if let Some(first) = effects::clobbers_from(op, i) {
            after.written = after.written.and(Registers::below(first));
        }
        if op == Op::CONCAT || op == Op::SETLIST {
            after.written = after.written.with(Registers::run((a, 1)));
        }
        match op {
            Op::CALL | Op::VARARG if c == 0 => after.top = Some(a),
            Op::CLOSURE => self.capture(i, &mut after)?,
            Op::TBC => after.closing = after.closing.with(Registers::run((a, 1))),
            Op::TFORPREP => after.closing = after.closing.with(Registers::run((a + 3, 1))),
            Op::CLOSE => {
                after.captured = after.captured.and(Registers::below(a));
                after.closing = after.closing.and(Registers::below(a));
            }
            Op::RETURN0 | Op::RETURN1 | Op::RETURN | Op::TAILCALL => {
                let closes = matches!(op, Op::RETURN | Op::TAILCALL) && c == 1;
                let closes_variables = op == Op::RETURN && c == 1;
                if (!before.captured.is_empty() && !closes)
                    || (!before.closing.is_empty() && !closes_variables)
                {
                    return Err("return leaves variables open");
                }
                return Ok(());
            }
            _ => {}
        }

        if let Some(target) = jump_target(self.proto, pc, op) {
            let written = after
                .written
                .with(Registers::run(effects::writes_on_jump(op, i)));
            self.arrive(target as usize, State { written, ..after })?;
            if matches!(op, Op::JMP | Op::TFORPREP) {
                return Ok(());
            }
        }
        after.written = after.written.with(Registers::run(effects::writes(op, i)));
        let skipped = usize::from(op == Op::LFALSESKIP);
        self.arrive(pc + 1 + op.extension_words() + skipped, after)
    }

    /// A closure opens upvalues to registers, which need a value; its own
    /// register is about to get one.
    fn capture(&self, i: Instruction, after: &mut State) -> Result<()> {
        for upvalue in &self.proto.protos[usize::from(i.bx())].upvalues {
            if !upvalue.in_stack {
                continue;
            }
            let register = Registers::run((usize::from(upvalue.index), 1));
            if upvalue.index != i.a() && !after.written.contains(register) {
                return Err("upvalue refers to a register without value");
            }
            after.captured = after.captured.with(register);
        }
        Ok(())
    }
}
