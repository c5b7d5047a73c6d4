//! Values under way: where an expression's result is, or how to get it.

use std::rc::Rc;

use super::Result;
use super::function::FunctionState;
use super::jump::{JumpList, NO_JUMP};
use crate::bytecode::opcodes::{Instruction, Op};
use crate::fold;
use crate::numeral::Number;

/// Where a result is, or how it could be had.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// No expression.
    Void,
    Nil,
    True,
    False,
    Int(i64),
    Float(f64),
    Str(Rc<[u8]>),
    /// In a register, fixed.
    Register(u8),
    /// A local variable, in a register.
    Local(u8),
    Upvalue(u8),
    /// `R[table][R[key]]`
    Indexed {
        table: u8,
        key: u8,
    },
    /// `U[upvalue].name`
    IndexedUpvalue {
        upvalue: u8,
        name: u16,
    },
    /// `R[table][key]`
    IndexedInt {
        table: u8,
        key: u8,
    },
    /// `R[table].name`
    IndexedField {
        table: u8,
        name: u16,
    },
    /// The comparison at this position, which jumps when true.
    Comparison(u32),
    /// The instruction at this position, whose register A is still open.
    Open(u32),
    /// The call at this position.
    Call(u32),
    /// The `VARARG` at this position.
    Vararg(u32),
}

/// A result with the jumps that leave the expression early: `on_true` with a
/// true value, `on_false` with a false one.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub kind: Kind,
    pub on_true: JumpList,
    pub on_false: JumpList,
}

impl Value {
    pub fn new(kind: Kind) -> Value {
        Value {
            kind,
            on_true: NO_JUMP,
            on_false: NO_JUMP,
        }
    }

    pub fn has_jumps(&self) -> bool {
        self.on_true != NO_JUMP || self.on_false != NO_JUMP
    }

    pub fn is_multi(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::Vararg(_))
    }

    /// The numeric constant that this is.
    pub fn numeral(&self) -> Option<Number> {
        match self.kind {
            Kind::Int(value) if !self.has_jumps() => Some(Number::Int(value)),
            Kind::Float(value) if !self.has_jumps() => Some(Number::Float(value)),
            _ => None,
        }
    }

    /// Whether this is a constant of any type.
    pub fn is_constant(&self) -> bool {
        !self.has_jumps()
            && matches!(
                self.kind,
                Kind::Nil | Kind::True | Kind::False | Kind::Int(_) | Kind::Float(_) | Kind::Str(_)
            )
    }

    /// The temporary or variable register that this is.
    fn register(&self) -> Option<u8> {
        match self.kind {
            Kind::Register(register) => Some(register),
            _ => None,
        }
    }
}

impl FunctionState<'_> {
    /// Frees the register of a value, if it is a temporary.
    pub fn free_value(&mut self, value: &Value) {
        if let Some(register) = value.register() {
            self.free_temporary(register);
        }
    }

    /// Frees the registers of two values in proper order.
    pub fn free_values(&mut self, a: &Value, b: &Value) {
        match (a.register(), b.register()) {
            (Some(a), Some(b)) => self.free_temporaries(a, b),
            (Some(register), None) | (None, Some(register)) => self.free_temporary(register),
            (None, None) => {}
        }
    }

    /// Makes a value that can have many results have exactly `count`.
    pub fn set_results(&mut self, value: &Value, count: usize) -> Result<()> {
        self.set_result_operand(value, count as u8 + 1)
    }

    /// Makes a value that can have many results leave all of them.
    pub fn set_all_results(&mut self, value: &Value) -> Result<()> {
        self.set_result_operand(value, 0)
    }

    fn set_result_operand(&mut self, value: &Value, operand: u8) -> Result<()> {
        match value.kind {
            Kind::Call(pc) => self.set_c(pc, operand),
            Kind::Vararg(pc) => {
                self.set_c(pc, operand);
                self.set_a(pc, self.free_register());
                self.reserve(1)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes a value that can have many results have one.
    pub fn set_one_result(&mut self, value: &mut Value) {
        match value.kind {
            Kind::Call(pc) => value.kind = Kind::Register(self.instruction(pc).a()),
            Kind::Vararg(pc) => {
                self.set_c(pc, 2);
                value.kind = Kind::Open(pc);
            }
            _ => {}
        }
    }

    /// Makes sure that the value is no variable any more: a constant, in a
    /// register, or computed by an open instruction. Jumps may remain.
    pub fn discharge(&mut self, value: &mut Value) {
        let pc = match value.kind {
            Kind::Local(register) => {
                value.kind = Kind::Register(register);
                return;
            }
            Kind::Upvalue(index) => self.emit(Op::GETUPVAL, 0, index, 0),
            Kind::IndexedUpvalue { upvalue, name } => {
                self.emit_extended(Op::GETTABUP, 0, upvalue, 0, u32::from(name))
            }
            Kind::IndexedInt { table, key } => {
                self.free_temporary(table);
                self.emit(Op::GETI, 0, table, key)
            }
            Kind::IndexedField { table, name } => {
                self.free_temporary(table);
                self.emit_extended(Op::GETFIELD, 0, table, 0, u32::from(name))
            }
            Kind::Indexed { table, key } => {
                self.free_temporaries(table, key);
                self.emit(Op::GETTABLE, 0, table, key)
            }
            Kind::Call(_) | Kind::Vararg(_) => return self.set_one_result(value),
            _ => return,
        };
        value.kind = Kind::Open(pc);
    }

    /// Loads nil into `count` registers, together with an adjacent load before.
    pub fn load_nil(&mut self, from: u8, count: usize) {
        let mut from = usize::from(from);
        let mut last = from + count - 1;
        if let Some((pc, previous)) = self.last_instruction()
            && previous.op() == Some(Op::LOADNIL)
        {
            let start = usize::from(previous.a());
            let end = start + usize::from(previous.b());
            if (start <= from && from <= end + 1) || (from <= start && start <= last + 1) {
                from = from.min(start);
                last = last.max(end);
                self.set_a(pc, from as u8);
                self.set_b(pc, (last - from) as u8);
                return;
            }
        }
        self.emit(Op::LOADNIL, from as u8, (last - from) as u8, 0);
    }

    fn load_constant(&mut self, register: u8, index: u32) {
        match u16::try_from(index) {
            Ok(index) => self.emit_word(Instruction::abx(Op::LOADK, register, index)),
            Err(_) => self.emit_extended(Op::LOADKX, register, 0, 0, index),
        };
    }

    /// Loads an integer.
    pub fn load_int(&mut self, register: u8, value: i64) {
        if let Ok(small) = i16::try_from(value) {
            self.emit_word(Instruction::asbx(Op::LOADI, register, small));
        } else {
            let index = self.int_constant(value);
            self.load_constant(register, index);
        }
    }

    fn load_float(&mut self, register: u8, value: f64) {
        let small =
            fold::to_integer(Number::Float(value)).and_then(|value| i16::try_from(value).ok());
        match small {
            Some(small) if small != 0 || value.is_sign_positive() => {
                self.emit_word(Instruction::asbx(Op::LOADF, register, small));
            }
            _ => {
                let index = self.float_constant(value);
                self.load_constant(register, index);
            }
        }
    }

    /// Puts the value into `register`, but for a comparison, which stays one.
    fn discharge_into(&mut self, value: &mut Value, register: u8) {
        self.discharge(value);
        match &value.kind {
            Kind::Nil => self.load_nil(register, 1),
            Kind::True => {
                self.emit(Op::LOADTRUE, register, 0, 0);
            }
            Kind::False => {
                self.emit(Op::LOADFALSE, register, 0, 0);
            }
            Kind::Int(number) => self.load_int(register, *number),
            Kind::Float(number) => self.load_float(register, *number),
            Kind::Str(content) => {
                let index = self.string_constant(content);
                self.load_constant(register, index);
            }
            Kind::Open(pc) => self.set_a(*pc, register),
            Kind::Register(source) => {
                if *source != register {
                    self.emit(Op::MOVE, register, *source, 0);
                }
            }
            _ => return,
        }
        value.kind = Kind::Register(register);
    }

    /// Puts the value, but for its jumps, into some register.
    pub fn discharge_anywhere(&mut self, value: &mut Value) -> Result<u8> {
        match value.kind {
            Kind::Register(register) => Ok(register),
            _ => {
                self.reserve(1)?;
                let register = (self.free - 1) as u8;
                self.discharge_into(value, register);
                Ok(register)
            }
        }
    }

    /// Puts the final value, jumps included, into `register`.
    pub fn put_in(&mut self, value: &mut Value, register: u8) -> Result<()> {
        self.discharge_into(value, register);
        let mut is_comparison = false;
        if let Kind::Comparison(pc) = value.kind {
            is_comparison = true;
            value.on_true = self.join(pc, value.on_true)?;
        }
        if value.has_jumps() {
            let mut load_false = 0;
            let mut load_true = 0;
            if self.needs_value(value.on_true) || self.needs_value(value.on_false) {
                // A comparison falls through when false, another value is there.
                let over = if is_comparison {
                    NO_JUMP
                } else {
                    self.emit_jump()
                };
                load_false = self.label_here();
                self.emit(Op::LFALSESKIP, register, 0, 0);
                load_true = self.label_here();
                self.emit(Op::LOADTRUE, register, 0, 0);
                self.patch_here(over)?;
            }
            let end = self.label_here();
            self.patch_values(value.on_false, end, Some(register), load_false)?;
            self.patch_values(value.on_true, end, Some(register), load_true)?;
        }
        *value = Value::new(Kind::Register(register));
        Ok(())
    }

    /// Puts the final value into the next free register.
    pub fn put_next(&mut self, value: &mut Value) -> Result<u8> {
        self.discharge(value);
        self.free_value(value);
        self.reserve(1)?;
        let register = (self.free - 1) as u8;
        self.put_in(value, register)?;
        Ok(register)
    }

    /// Puts the final value into some register.
    pub fn put_any(&mut self, value: &mut Value) -> Result<u8> {
        self.discharge(value);
        if let Kind::Register(register) = value.kind {
            if !value.has_jumps() {
                return Ok(register);
            }
            // The jumps' values must not go into a variable.
            if usize::from(register) >= self.active.len() {
                self.put_in(value, register)?;
                return Ok(register);
            }
        }
        self.put_next(value)
    }

    /// Puts the final value into some register, unless it is in an upvalue.
    pub fn put_any_or_upvalue(&mut self, value: &mut Value) -> Result<()> {
        if !matches!(value.kind, Kind::Upvalue(_)) || value.has_jumps() {
            self.put_any(value)?;
        }
        Ok(())
    }

    /// Makes sure that the value is final: a constant, or somewhere.
    pub fn put_value(&mut self, value: &mut Value) -> Result<()> {
        if matches!(value.kind, Kind::Comparison(_)) || value.has_jumps() {
            self.put_any(value)?;
        } else {
            self.discharge(value);
        }
        Ok(())
    }

    /// Makes `table[key]` of a table in a register or upvalue.
    pub fn indexed(&mut self, table: &mut Value, key: &mut Value) -> Result<()> {
        let name = match &key.kind {
            Kind::Str(name) if !key.has_jumps() => {
                let name = name.clone();
                self.field_name(&name)
            }
            _ => None,
        };
        if let (Kind::Upvalue(upvalue), Some(name)) = (&table.kind, name) {
            table.kind = Kind::IndexedUpvalue {
                upvalue: *upvalue,
                name,
            };
            return Ok(());
        }
        let register = match table.kind {
            Kind::Local(register) => register,
            _ => self.put_any(table)?,
        };
        table.kind = match (name, &key.kind) {
            (Some(name), _) => Kind::IndexedField {
                table: register,
                name,
            },
            (None, Kind::Int(value @ 0..=255)) if !key.has_jumps() => Kind::IndexedInt {
                table: register,
                key: *value as u8,
            },
            _ => Kind::Indexed {
                table: register,
                key: self.put_any(key)?,
            },
        };
        Ok(())
    }

    /// Stores a value into a variable.
    pub fn store(&mut self, variable: &Value, value: &mut Value) -> Result<()> {
        if let Kind::Local(register) = variable.kind {
            self.free_value(value);
            return self.put_in(value, register);
        }
        let source = self.put_any(value)?;
        match variable.kind {
            Kind::Upvalue(index) => {
                self.emit(Op::SETUPVAL, source, index, 0);
            }
            Kind::IndexedUpvalue { upvalue, name } => {
                self.emit_extended(Op::SETTABUP, source, upvalue, 0, u32::from(name));
            }
            Kind::IndexedInt { table, key } => {
                self.emit(Op::SETI, table, key, source);
            }
            Kind::IndexedField { table, name } => {
                self.emit_extended(Op::SETFIELD, table, source, 0, u32::from(name));
            }
            Kind::Indexed { table, key } => {
                self.emit(Op::SETTABLE, table, key, source);
            }
            _ => {}
        }
        self.free_value(value);
        Ok(())
    }

    /// Jumps when the value is `condition`, keeping it for later.
    fn jump_on(&mut self, value: &mut Value, condition: bool) -> Result<u32> {
        if let Kind::Open(pc) = value.kind
            && self.op(pc) == Some(Op::NOT)
        {
            // Test the operand instead.
            let operand = self.instruction(pc).b();
            self.remove_last(pc);
            let op = if condition { Op::JF } else { Op::JT };
            return Ok(self.emit_conditional(Instruction::abc(op, operand, 0, 0)));
        }
        let register = self.discharge_anywhere(value)?;
        self.free_value(value);
        let op = if condition {
            Op::TESTSETT
        } else {
            Op::TESTSETF
        };
        Ok(self.emit_conditional(Instruction::abc(op, 0, register, 0)))
    }

    /// Goes on if the value is true, jumps (`on_false`) otherwise.
    pub fn go_if_true(&mut self, value: &mut Value) -> Result<()> {
        self.discharge(value);
        let jump = match value.kind {
            Kind::Comparison(pc) => {
                self.negate(pc);
                pc
            }
            Kind::True | Kind::Int(_) | Kind::Float(_) | Kind::Str(_) => NO_JUMP,
            Kind::False => self.emit_jump(),
            _ => self.jump_on(value, false)?,
        };
        value.on_false = self.join(jump, value.on_false)?;
        self.patch_here(value.on_true)?;
        value.on_true = NO_JUMP;
        Ok(())
    }

    /// Goes on if the value is false, jumps (`on_true`) otherwise.
    pub fn go_if_false(&mut self, value: &mut Value) -> Result<()> {
        self.discharge(value);
        let jump = match value.kind {
            Kind::Comparison(pc) => pc,
            Kind::Nil | Kind::False => NO_JUMP,
            Kind::True => self.emit_jump(),
            _ => self.jump_on(value, true)?,
        };
        value.on_true = self.join(jump, value.on_true)?;
        self.patch_here(value.on_false)?;
        value.on_false = NO_JUMP;
        Ok(())
    }
}
