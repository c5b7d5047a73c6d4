//! Operators: which of the operand forms to use.

use super::Result;
use super::function::FunctionState;
use super::value::{Kind, Value};
use crate::ast::{BinaryOp, UnaryOp};
use crate::bytecode::opcodes::{Instruction, Op};
use crate::fold;
use crate::numeral::Number;

fn arithmetic_op(operator: BinaryOp) -> Option<Op> {
    Some(match operator {
        BinaryOp::Add => Op::ADD,
        BinaryOp::Sub => Op::SUB,
        BinaryOp::Mul => Op::MUL,
        BinaryOp::Div => Op::DIV,
        BinaryOp::Mod => Op::MOD,
        BinaryOp::IntDiv => Op::IDIV,
        BinaryOp::Pow => Op::POW,
        BinaryOp::BitAnd => Op::BAND,
        BinaryOp::BitOr => Op::BOR,
        BinaryOp::BitXor => Op::BXOR,
        BinaryOp::ShiftLeft => Op::SHL,
        BinaryOp::ShiftRight => Op::SHR,
        _ => return None,
    })
}

/// The form with a constant as second operand, and whether it has to be an
/// integer.
fn constant_form(operator: BinaryOp) -> Option<(Op, bool)> {
    Some(match operator {
        BinaryOp::Add => (Op::ADDK, false),
        BinaryOp::Sub => (Op::SUBK, false),
        BinaryOp::Mul => (Op::MULK, false),
        BinaryOp::Div => (Op::DIVK, false),
        BinaryOp::Mod => (Op::MODK, false),
        BinaryOp::IntDiv => (Op::IDIVK, false),
        BinaryOp::Pow => (Op::POWK, false),
        BinaryOp::BitAnd => (Op::BANDK, true),
        BinaryOp::BitOr => (Op::BORK, true),
        BinaryOp::BitXor => (Op::BXORK, true),
        _ => return None,
    })
}

/// The form with a constant as first operand.
fn reversed_constant_form(operator: BinaryOp) -> Option<Op> {
    Some(match operator {
        BinaryOp::Add => Op::KADD,
        BinaryOp::Sub => Op::KSUB,
        BinaryOp::Mul => Op::KMUL,
        BinaryOp::Div => Op::KDIV,
        _ => return None,
    })
}

/// The form with a small integer as second operand.
fn immediate_form(operator: BinaryOp) -> Option<Op> {
    Some(match operator {
        BinaryOp::Add => Op::ADDI,
        BinaryOp::Sub => Op::SUBI,
        BinaryOp::ShiftLeft => Op::SHLI,
        BinaryOp::ShiftRight => Op::SHRI,
        _ => return None,
    })
}

/// The immediate that an order comparison can hold. Floats are left out: a
/// metamethod would see an integer in their place.
fn order_immediate(value: &Value) -> Option<i16> {
    match value.numeral() {
        Some(Number::Int(number)) => i16::try_from(number).ok(),
        _ => None,
    }
}

/// The immediate that an equality comparison can hold.
fn equality_immediate(value: &Value) -> Option<i16> {
    fold::to_integer(value.numeral()?).and_then(|number| i16::try_from(number).ok())
}

impl FunctionState<'_> {
    /// Applies a prefix operator.
    pub fn prefix(&mut self, operator: UnaryOp, value: &mut Value, line: u32) -> Result<()> {
        self.discharge(value);
        let op = match operator {
            UnaryOp::Not => return self.negation(value),
            UnaryOp::Minus => Op::UNM,
            UnaryOp::BitNot => Op::BNOT,
            UnaryOp::Length => Op::LEN,
        };
        let register = self.put_any(value)?;
        self.free_value(value);
        let pc = self.emit(op, 0, register, 0);
        self.fix_line(pc, line);
        *value = Value::new(Kind::Open(pc));
        Ok(())
    }

    fn negation(&mut self, value: &mut Value) -> Result<()> {
        match value.kind {
            Kind::Nil | Kind::False => value.kind = Kind::True,
            Kind::Str(_) | Kind::Float(_) | Kind::Int(_) | Kind::True => value.kind = Kind::False,
            Kind::Comparison(pc) => self.negate(pc),
            _ => {
                let register = self.discharge_anywhere(value)?;
                self.free_value(value);
                value.kind = Kind::Open(self.emit(Op::NOT, 0, register, 0));
            }
        }
        std::mem::swap(&mut value.on_true, &mut value.on_false);
        // What a test would have kept is useless once negated.
        self.drop_values(value.on_true);
        self.drop_values(value.on_false);
        Ok(())
    }

    /// Prepares the first operand before the second one is evaluated.
    pub fn infix(&mut self, operator: BinaryOp, left: &mut Value) -> Result<()> {
        self.discharge(left);
        match operator {
            BinaryOp::And => self.go_if_true(left),
            BinaryOp::Or => self.go_if_false(left),
            BinaryOp::Concat => self.put_next(left).map(|_| ()),
            BinaryOp::Equal | BinaryOp::NotEqual if left.is_constant() => Ok(()),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual
                if order_immediate(left).is_some() =>
            {
                Ok(())
            }
            _ if arithmetic_op(operator).is_some() && left.numeral().is_some() => Ok(()),
            _ => self.put_any(left).map(|_| ()),
        }
    }

    /// Finishes the operation when the second operand is there.
    pub fn postfix(
        &mut self,
        operator: BinaryOp,
        mut left: Value,
        mut right: Value,
        line: u32,
    ) -> Result<Value> {
        self.discharge(&mut right);
        match operator {
            BinaryOp::And => {
                right.on_false = self.join(right.on_false, left.on_false)?;
                Ok(right)
            }
            BinaryOp::Or => {
                right.on_true = self.join(right.on_true, left.on_true)?;
                Ok(right)
            }
            BinaryOp::Concat => {
                self.put_next(&mut right)?;
                self.concatenation(&left, &right, line);
                Ok(left)
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.equality(operator == BinaryOp::Equal, left, right)
            }
            BinaryOp::Less => self.order(left, right, false),
            BinaryOp::LessEqual => self.order(left, right, true),
            BinaryOp::Greater => self.order(right, left, false),
            BinaryOp::GreaterEqual => self.order(right, left, true),
            _ => self.arithmetic(operator, &mut left, &mut right, line),
        }
    }

    /// Concatenation is right associative: when the right operand is one, it
    /// takes one operand more.
    fn concatenation(&mut self, left: &Value, right: &Value, line: u32) {
        let Kind::Register(first) = left.kind else {
            return;
        };
        if let Some((pc, previous)) = self.last_instruction()
            && previous.op() == Some(Op::CONCAT)
            && previous.a() == first + 1
        {
            self.free_value(right);
            self.set_a(pc, first);
            self.set_b(pc, previous.b() + 1);
        } else {
            let pc = self.emit(Op::CONCAT, first, 2, 0);
            self.free_value(right);
            self.fix_line(pc, line);
        }
    }

    fn number_constant(&mut self, value: &Value) -> Option<(u8, bool)> {
        let (index, integer) = match value.numeral()? {
            Number::Int(number) => (self.int_constant(number), true),
            Number::Float(number) => (self.float_constant(number), false),
        };
        u8::try_from(index).ok().map(|index| (index, integer))
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOp,
        left: &mut Value,
        right: &mut Value,
        line: u32,
    ) -> Result<Value> {
        let (op, b, c) = self.arithmetic_operands(operator, left, right)?;
        let pc = self.emit(op, 0, b, c);
        self.free_values(left, right);
        self.fix_line(pc, line);
        Ok(Value::new(Kind::Open(pc)))
    }

    /// Chooses the form of an operation and puts what it needs into registers.
    fn arithmetic_operands(
        &mut self,
        operator: BinaryOp,
        left: &mut Value,
        right: &mut Value,
    ) -> Result<(Op, u8, u8)> {
        if let (Some(op), Some(Number::Int(number))) = (immediate_form(operator), right.numeral())
            && let Ok(immediate) = i8::try_from(number)
        {
            return Ok((op, self.put_any(left)?, immediate as u8));
        }
        if let Some((op, only_integers)) = constant_form(operator)
            && (!only_integers || matches!(right.numeral(), Some(Number::Int(_))))
            && let Some((index, _)) = self.number_constant(right)
        {
            return Ok((op, self.put_any(left)?, index));
        }
        if let Some(op) = reversed_constant_form(operator)
            && let Some((index, _)) = self.number_constant(left)
        {
            return Ok((op, index, self.put_any(right)?));
        }
        let op = arithmetic_op(operator).unwrap_or(Op::ADD);
        let c = self.put_any(right)?;
        let b = self.put_any(left)?;
        Ok((op, b, c))
    }

    fn equality(&mut self, equal: bool, mut left: Value, mut right: Value) -> Result<Value> {
        if left.is_constant() {
            std::mem::swap(&mut left, &mut right);
        }
        let a = self.put_any(&mut left)?;
        let pick = |when_equal, when_not| if equal { when_equal } else { when_not };
        let instruction = if let Some(immediate) = equality_immediate(&right) {
            Instruction::asbx(pick(Op::JEQI, Op::JNEI), a, immediate)
        } else if right.is_constant() && matches!(right.kind, Kind::Nil) {
            Instruction::abc(pick(Op::JNIL, Op::JNOTNIL), a, 0, 0)
        } else if let Some(index) = self.comparable_constant(&right) {
            Instruction::abc(pick(Op::JEQK, Op::JNEK), a, index, 0)
        } else {
            let b = self.put_any(&mut right)?;
            Instruction::abc(pick(Op::JEQ, Op::JNE), a, b, 0)
        };
        self.free_values(&left, &right);
        Ok(Value::new(Kind::Comparison(
            self.emit_conditional(instruction),
        )))
    }

    /// The index of a string or number that an equality test can name.
    fn comparable_constant(&mut self, value: &Value) -> Option<u8> {
        match &value.kind {
            Kind::Str(content) if !value.has_jumps() => {
                u8::try_from(self.string_constant(content)).ok()
            }
            _ => self.number_constant(value).map(|(index, _)| index),
        }
    }

    /// `left < right`, or `left <= right` if `or_equal`.
    fn order(&mut self, mut left: Value, mut right: Value, or_equal: bool) -> Result<Value> {
        let pick = |less, less_equal| if or_equal { less_equal } else { less };
        let instruction = if let Some(immediate) = order_immediate(&right) {
            let a = self.put_any(&mut left)?;
            Instruction::asbx(pick(Op::JLTI, Op::JLEI), a, immediate)
        } else if let Some(immediate) = order_immediate(&left) {
            let a = self.put_any(&mut right)?;
            Instruction::asbx(pick(Op::JGTI, Op::JGEI), a, immediate)
        } else {
            let a = self.put_any(&mut left)?;
            let b = self.put_any(&mut right)?;
            Instruction::abc(pick(Op::JLT, Op::JLE), a, b, 0)
        };
        self.free_values(&left, &right);
        Ok(Value::new(Kind::Comparison(
            self.emit_conditional(instruction),
        )))
    }
}
