//! Jumps: lists of jumps that wait for their target, and threading.
//!
//! A pending list is threaded through the offsets of its own jumps.

use super::Result;
use super::function::FunctionState;
use crate::bytecode::opcodes::{Instruction, Op};

/// First jump of a list of pending jumps.
pub(super) type JumpList = u32;

/// The empty list.
pub(super) const NO_JUMP: JumpList = u32::MAX;

/// The offset that ends a list: no real jump lands inside itself.
const END_OF_LIST: i32 = -1;

/// Jumps to follow when threading; cyclic ones exist.
const MAX_THREAD: usize = 100;

/// The opposite of a conditional jump.
fn negated(op: Op) -> Option<Op> {
    use Op::*;
    Some(match op {
        JT => JF,
        JF => JT,
        JEQ => JNE,
        JNE => JEQ,
        JLT => JNLT,
        JNLT => JLT,
        JLE => JNLE,
        JNLE => JLE,
        JEQK => JNEK,
        JNEK => JEQK,
        JEQI => JNEI,
        JNEI => JEQI,
        JLTI => JNLTI,
        JNLTI => JLTI,
        JLEI => JNLEI,
        JNLEI => JLEI,
        JGTI => JNGTI,
        JNGTI => JGTI,
        JGEI => JNGEI,
        JNGEI => JGEI,
        JNIL => JNOTNIL,
        JNOTNIL => JNIL,
        _ => return None,
    })
}

impl FunctionState<'_> {
    /// Appends an unconditional jump.
    pub fn emit_jump(&mut self) -> u32 {
        self.emit_word(Instruction::sj(Op::JMP, END_OF_LIST))
    }

    /// Appends a conditional jump that is not yet in a list.
    pub fn emit_conditional(&mut self, instruction: Instruction) -> u32 {
        let pc = self.emit_word(instruction);
        self.code[pc as usize + 1] = END_OF_LIST as u32;
        pc
    }

    /// Makes the comparison at `pc` jump in the opposite case.
    pub fn negate(&mut self, pc: u32) {
        if let Some(op) = self.op(pc).and_then(negated) {
            let word = &mut self.code[pc as usize];
            *word = *word & !0xff | op as u32;
        }
    }

    fn offset(&self, pc: u32) -> i32 {
        match self.op(pc) {
            Some(Op::JMP) => self.instruction(pc).sj_offset(),
            _ => self.code[pc as usize + 1] as i32,
        }
    }

    /// The instruction behind the jump at `pc`, from which offsets count.
    fn origin(&self, pc: u32) -> i64 {
        i64::from(pc) + 1 + i64::from(self.op(pc) != Some(Op::JMP))
    }

    pub fn set_target(&mut self, pc: u32, target: u32) -> Result<()> {
        let offset = i64::from(target) - self.origin(pc);
        let limit = if self.op(pc) == Some(Op::JMP) {
            1 << 23
        } else {
            1 << 31
        };
        if !(-limit..limit).contains(&offset) {
            return Err(self.error("control structure too long"));
        }
        if self.op(pc) == Some(Op::JMP) {
            self.code[pc as usize] = Instruction::sj(Op::JMP, offset as i32).0;
        } else {
            self.code[pc as usize + 1] = offset as i32 as u32;
        }
        Ok(())
    }

    fn target(&self, pc: u32) -> u32 {
        (self.origin(pc) + i64::from(self.offset(pc))) as u32
    }

    fn next_in_list(&self, pc: u32) -> JumpList {
        if self.offset(pc) == END_OF_LIST {
            NO_JUMP
        } else {
            self.target(pc)
        }
    }

    /// The list of `list` and `more`. Walks `list`: let it be the shorter one.
    pub fn join(&mut self, list: JumpList, more: JumpList) -> Result<JumpList> {
        if list == NO_JUMP {
            return Ok(more);
        }
        if more != NO_JUMP {
            let mut last = list;
            loop {
                match self.next_in_list(last) {
                    NO_JUMP => break,
                    next => last = next,
                }
            }
            self.set_target(last, more)?;
        }
        Ok(list)
    }

    /// Turns a "test and set" into a plain test, or into one that sets
    /// `register`; whether `pc` was one.
    fn patch_test(&mut self, pc: u32, register: Option<u8>) -> bool {
        let plain = match self.op(pc) {
            Some(Op::TESTSETT) => Op::JT,
            Some(Op::TESTSETF) => Op::JF,
            _ => return false,
        };
        let source = self.instruction(pc).b();
        match register {
            Some(register) if register != source => self.set_a(pc, register),
            // Nowhere to put the value, or it is there already.
            _ => self.code[pc as usize] = Instruction::abc(plain, source, 0, 0).0,
        }
        true
    }

    /// Makes the tests of a list produce no values.
    pub fn drop_values(&mut self, mut list: JumpList) {
        while list != NO_JUMP {
            self.patch_test(list, None);
            list = self.next_in_list(list);
        }
    }

    /// Whether some jump of the list does not bring a value along.
    pub fn needs_value(&self, mut list: JumpList) -> bool {
        while list != NO_JUMP {
            if !matches!(self.op(list), Some(Op::TESTSETT | Op::TESTSETF)) {
                return true;
            }
            list = self.next_in_list(list);
        }
        false
    }

    /// Sends the jumps of a list to their targets: those that bring a value
    /// (into `register`) to `with_value`, the others to `without`.
    pub fn patch_values(
        &mut self,
        mut list: JumpList,
        with_value: u32,
        register: Option<u8>,
        without: u32,
    ) -> Result<()> {
        while list != NO_JUMP {
            let next = self.next_in_list(list);
            let target = if self.patch_test(list, register) {
                with_value
            } else {
                without
            };
            self.set_target(list, target)?;
            list = next;
        }
        Ok(())
    }

    /// Sends the jumps of a list to `target`.
    pub fn patch(&mut self, list: JumpList, target: u32) -> Result<()> {
        self.patch_values(list, target, None, target)
    }

    /// Sends the jumps of a list to the next instruction.
    pub fn patch_here(&mut self, list: JumpList) -> Result<()> {
        if list == NO_JUMP {
            return Ok(());
        }
        let here = self.label_here();
        self.patch(list, here)
    }

    /// Lets jumps to jumps go where those lead.
    pub fn thread_jumps(&mut self) {
        let mut pc = 0;
        while (pc as usize) < self.code.len() {
            let Some(op) = self.op(pc) else { break };
            let is_jump =
                op == Op::JMP || negated(op).is_some() || matches!(op, Op::TESTSETT | Op::TESTSETF);
            if is_jump {
                let mut target = self.target(pc);
                for _ in 0..MAX_THREAD {
                    if self.op(target) != Some(Op::JMP) {
                        break;
                    }
                    target = self.target(target);
                }
                // A thread too long for its jump stays as it was.
                let _ = self.set_target(pc, target);
            }
            pc += 1 + op.extension_words() as u32;
        }
    }
}
