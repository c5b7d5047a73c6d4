//! The second part of the checker: what holds along all paths of a function.
//!
//! A forward analysis to a fixed point. The state before each instruction says
//! which registers certainly hold values of this frame, which may be referred
//! to by open upvalues or be to-be-closed, which certainly hold a table fresh
//! from its constructor, and which loops are running, whose hidden registers
//! the interpreter trusts.

use super::check::{ForLoops, Result, jump_target};
use super::effects::{self, Run};
use super::opcodes::{Instruction, Op};
use super::prototype::Prototype;

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Registers([u64; 4]);

impl Registers {
    fn below(limit: usize) -> Registers {
        let mut set = Registers::default();
        for (word, bits) in set.0.iter_mut().enumerate() {
            *bits = match limit.saturating_sub(word * 64) {
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

    fn meets(self, other: Registers) -> bool {
        !self.and(other).is_empty()
    }
}

/// What is known before an instruction.
#[derive(Clone, PartialEq, Eq)]
struct State {
    /// Registers certainly written, and not hidden.
    written: Registers,
    /// Registers that certainly hold a table made by this function.
    tables: Registers,
    /// Registers that open upvalues may refer to.
    captured: Registers,
    /// Registers that may be to-be-closed.
    closing: Registers,
    /// First register of the open results of the instruction before.
    top: Option<usize>,
    /// The loops that are certainly running, by what prepared them.
    loops: Vec<usize>,
}

impl State {
    fn merge(&self, other: &State) -> Result<State> {
        if self.top != other.top {
            return Err("open results meet a jump");
        }
        Ok(State {
            written: self.written.and(other.written),
            tables: self.tables.and(other.tables),
            captured: self.captured.with(other.captured),
            closing: self.closing.with(other.closing),
            top: self.top,
            loops: self
                .loops
                .iter()
                .copied()
                .filter(|pc| other.loops.contains(pc))
                .collect(),
        })
    }

    /// The contents of these registers are lost.
    fn lose(&mut self, registers: Registers, loops: &ForLoops) {
        self.written = self.written.without(registers);
        self.tables = self.tables.without(registers);
        self.loops.retain(|pc| {
            let hidden = &loops[pc];
            !registers.meets(Registers::run((hidden.base, hidden.hidden)))
        });
    }

    fn write(&mut self, registers: Registers, loops: &ForLoops) {
        self.lose(registers, loops);
        self.written = self.written.with(registers);
    }
}

/// The analysis of one function.
pub(super) struct Flow<'p> {
    proto: &'p Prototype,
    loops: &'p ForLoops,
    states: Vec<Option<State>>,
    pending: Vec<usize>,
}

impl<'p> Flow<'p> {
    pub fn new(proto: &'p Prototype, loops: &'p ForLoops) -> Flow<'p> {
        let entry = State {
            written: Registers::below(usize::from(proto.num_params)),
            tables: Registers::default(),
            captured: Registers::default(),
            closing: Registers::default(),
            top: None,
            loops: Vec::new(),
        };
        let mut states = vec![None; proto.code.len()];
        states[0] = Some(entry);
        Flow {
            proto,
            loops,
            states,
            pending: vec![0],
        }
    }

    pub fn run(mut self) -> Result<()> {
        while let Some(pc) = self.pending.pop() {
            if let Some(state) = self.states[pc].clone() {
                self.step(pc, &state)?;
            }
        }
        Ok(())
    }

    fn arrive(&mut self, pc: usize, mut state: State) -> Result<()> {
        // A loop runs only inside its own code.
        state
            .loops
            .retain(|prepare| (*prepare..self.loops[prepare].end).contains(&pc));
        let known = self.states.get_mut(pc).ok_or("code has no end")?;
        let merged = match known {
            None => state,
            Some(known) => known.merge(&state)?,
        };
        if known.as_ref() != Some(&merged) {
            *known = Some(merged);
            self.pending.push(pc);
        }
        Ok(())
    }

    fn step(&mut self, pc: usize, before: &State) -> Result<()> {
        let i = Instruction(self.proto.code[pc]);
        let op = i.op().ok_or("unknown operation")?;
        let (a, c) = (usize::from(i.a()), usize::from(i.c()));
        check_top(op, i, before)?;
        self.check_reads(pc, op, i, before)?;

        let mut after = State {
            top: None,
            ..before.clone()
        };
        if let Some(first) = effects::clobbers_from(op, i) {
            after.lose(
                Registers::below(256).without(Registers::below(first)),
                self.loops,
            );
        }
        match op {
            Op::CALL | Op::VARARG if c == 0 => after.top = Some(a),
            Op::CLOSURE => self.capture(i, &mut after)?,
            Op::TBC => after.closing = after.closing.with(Registers::run((a, 1))),
            Op::CLOSE => {
                after.captured = after.captured.and(Registers::below(a));
                after.closing = after.closing.and(Registers::below(a));
            }
            Op::FORPREP | Op::TFORPREP => self.enter_loop(pc, op, &mut after)?,
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
            let mut jumped = after.clone();
            let written = Registers::run(effects::writes_on_jump(op, i));
            jumped.write(written, self.loops);
            self.arrive(target as usize, jumped)?;
            if matches!(op, Op::JMP | Op::TFORPREP) {
                return Ok(());
            }
        }
        let written = Registers::run(effects::writes(op, i));
        after.write(written, self.loops);
        if matches!(op, Op::NEWTABLE | Op::NEWOBJ) {
            after.tables = after.tables.with(written);
        }
        let skipped = usize::from(op == Op::LFALSESKIP);
        self.arrive(pc + 1 + op.extension_words() + skipped, after)
    }

    fn check_reads(&self, pc: usize, op: Op, i: Instruction, before: &State) -> Result<()> {
        let a = usize::from(i.a());
        // The instructions of a loop read what is hidden from all others.
        let step = match op {
            Op::FORLOOP | Op::TFORCALL => Some(pc),
            Op::TFORLOOP => pc.checked_sub(1),
            _ => None,
        };
        if matches!(op, Op::FORLOOP | Op::TFORCALL | Op::TFORLOOP) {
            let running = |prepare: &usize| Some(self.loops[prepare].step) == step;
            if !before.loops.iter().any(running) {
                return Err("loop is not prepared");
            }
            if op != Op::TFORLOOP {
                return Ok(());
            }
        }
        for run in effects::reads(op, i, before.top) {
            if !before.written.contains(Registers::run(run)) {
                return Err("register is read before it is written");
            }
        }
        let table = Registers::run((a, 1));
        if op == Op::SETLIST && (!before.tables.contains(table) || before.captured.contains(table))
        {
            return Err("list is not stored into a new table");
        }
        Ok(())
    }

    /// A loop starts: its registers become hidden.
    fn enter_loop(&self, pc: usize, op: Op, after: &mut State) -> Result<()> {
        let hidden = Registers::run((self.loops[&pc].base, self.loops[&pc].hidden));
        if after.captured.meets(hidden) || !after.written.contains(hidden) {
            return Err("loop cannot be prepared");
        }
        after.lose(hidden, self.loops);
        after.loops.push(pc);
        if op == Op::TFORPREP {
            let closing = Registers::run((self.loops[&pc].base + 3, 1));
            after.closing = after.closing.with(closing);
        }
        Ok(())
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

/// Open results are for the very next instruction, and in their place there.
fn check_top(op: Op, i: Instruction, before: &State) -> Result<()> {
    let consumes = match op {
        Op::CALL | Op::TAILCALL | Op::RETURN | Op::SETLIST => i.b() == 0,
        _ => false,
    };
    if consumes != before.top.is_some() {
        return Err("open results are not used at once");
    }
    // Function or table first, then at least nothing.
    let first = usize::from(i.a()) + usize::from(op != Op::RETURN);
    match before.top {
        Some(top) if top < first => Err("open results are out of place"),
        _ => Ok(()),
    }
}
