//! Expressions: the walk over the tree.

use std::rc::Rc;

use super::Result;
use super::function::FunctionState;
use super::value::{Kind, Value};
use crate::ast::{Expr, ExprId, Item};
use crate::bytecode::opcodes::{Instruction, Op};
use crate::token::Place;

impl<'a> FunctionState<'a> {
    /// Evaluates an expression, up to putting the result somewhere.
    pub fn expression(&mut self, id: ExprId) -> Result<Value> {
        let node = self.chunk.node(id);
        let value = match &node.expr {
            Expr::Nil => Value::new(Kind::Nil),
            Expr::True => Value::new(Kind::True),
            Expr::False => Value::new(Kind::False),
            Expr::Int(value) => Value::new(Kind::Int(*value)),
            Expr::Float(value) => Value::new(Kind::Float(*value)),
            Expr::Str(content) => Value::new(Kind::Str(content.clone())),
            Expr::Local(local) => Value::new(Kind::Local(self.function.local(*local).register)),
            Expr::Upvalue(index) => Value::new(Kind::Upvalue(*index)),
            Expr::Vararg { place } => {
                self.place = *place;
                Value::new(Kind::Vararg(self.emit(Op::VARARG, 0, 0, 2)))
            }
            Expr::Function(function) => {
                let index = self.add_proto(function)?;
                self.place = node.place;
                let pc = self.emit_word(Instruction::abx(Op::CLOSURE, 0, index));
                let mut value = Value::new(Kind::Open(pc));
                self.put_next(&mut value)?;
                value
            }
            Expr::Paren(inner) => {
                let mut value = self.expression(*inner)?;
                self.place = node.place;
                self.discharge(&mut value);
                value
            }
            Expr::Unary {
                operator,
                operand,
                line,
            } => {
                let mut value = self.expression(*operand)?;
                self.prefix(*operator, &mut value, *line)?;
                value
            }
            Expr::Table { fields, place } => {
                self.place = *place;
                self.constructor(fields, node.place)?
            }
            Expr::Binary { .. } => self.operators(id)?,
            Expr::Index { .. } | Expr::Call { .. } | Expr::Method { .. } => self.suffixed(id)?,
        };
        self.place = node.place;
        Ok(value)
    }

    /// A chain of operators: goes down to the leftmost operand and comes back,
    /// without recursion, for such chains may be long.
    fn operators(&mut self, id: ExprId) -> Result<Value> {
        let mut chain = Vec::new();
        let mut leftmost = id;
        while let Expr::Binary {
            operator,
            left,
            right,
            place,
        } = &self.chunk.node(leftmost).expr
        {
            chain.push((*operator, *right, *place));
            leftmost = *left;
        }
        let mut value = self.expression(leftmost)?;
        while let Some((operator, right, place)) = chain.pop() {
            self.place = place;
            self.infix(operator, &mut value)?;
            let right = self.expression(right)?;
            value = self.postfix(operator, value, right, place.line)?;
        }
        Ok(value)
    }

    /// A chain of suffixes, likewise.
    fn suffixed(&mut self, id: ExprId) -> Result<Value> {
        let mut chain = Vec::new();
        let mut first = id;
        loop {
            let node = self.chunk.node(first);
            let inner = match &node.expr {
                Expr::Index { object, .. } | Expr::Method { object, .. } => *object,
                Expr::Call { function, .. } => *function,
                _ => break,
            };
            chain.push(node);
            first = inner;
        }
        let mut value = self.expression(first)?;
        while let Some(node) = chain.pop() {
            match &node.expr {
                Expr::Index { key, .. } => {
                    self.put_any_or_upvalue(&mut value)?;
                    let mut key = self.expression(*key)?;
                    self.put_value(&mut key)?;
                    self.place = node.place;
                    self.indexed(&mut value, &mut key)?;
                }
                Expr::Call {
                    arguments, line, ..
                } => {
                    self.put_next(&mut value)?;
                    value = self.call(&value, arguments, *line, node.place)?;
                }
                Expr::Method {
                    name,
                    name_place,
                    arguments,
                    line,
                    ..
                } => {
                    self.place = *name_place;
                    self.method(&mut value, name)?;
                    value = self.call(&value, arguments, *line, node.place)?;
                }
                _ => {}
            }
            self.place = node.place;
        }
        Ok(value)
    }

    /// Puts `object.name` and `object` into the next two registers.
    fn method(&mut self, value: &mut Value, name: &Rc<[u8]>) -> Result<()> {
        let object = self.put_any(value)?;
        self.free_value(value);
        let base = self.free_register();
        self.reserve(2)?;
        match self.field_name(name) {
            Some(name) => {
                self.emit_extended(Op::SELF, base, object, 0, u32::from(name));
            }
            None => {
                // The name does not fit: do it step by step.
                self.emit(Op::MOVE, base + 1, object, 0);
                let mut key = Value::new(Kind::Str(name.clone()));
                let register = self.put_next(&mut key)?;
                self.emit(Op::GETTABLE, base, base + 1, register);
                self.free_value(&key);
            }
        }
        *value = Value::new(Kind::Register(base));
        Ok(())
    }

    /// Calls the function in the register of `function`.
    fn call(
        &mut self,
        function: &Value,
        arguments: &[Item],
        line: u32,
        end: Place,
    ) -> Result<Value> {
        let Kind::Register(base) = function.kind else {
            return Ok(Value::new(Kind::Void));
        };
        let last = self.expression_list(arguments)?;
        self.place = end;
        let operand = match last {
            Some(last) if last.is_multi() => {
                self.set_all_results(&last)?;
                0
            }
            last => {
                if let Some(mut last) = last {
                    self.put_next(&mut last)?;
                }
                (self.free - usize::from(base)) as u8
            }
        };
        let pc = self.emit(Op::CALL, base, operand, 2);
        self.fix_line(pc, line);
        self.free = usize::from(base) + 1;
        Ok(Value::new(Kind::Call(pc)))
    }

    /// Puts all values but the last into consecutive registers; the last one.
    pub fn expression_list(&mut self, items: &[Item]) -> Result<Option<Value>> {
        let Some((last, others)) = items.split_last() else {
            return Ok(None);
        };
        for item in others {
            let mut value = self.expression(item.expr)?;
            self.place = item.place;
            self.put_next(&mut value)?;
        }
        self.expression(last.expr).map(Some)
    }
}
