//! Declarations and assignments.

use super::Result;
use super::function::FunctionState;
use super::value::{Kind, Value};
use crate::ast::{ExprId, Item, LocalId};
use crate::bytecode::opcodes::Op;
use crate::token::Place;

impl FunctionState<'_> {
    /// Makes `items` values fill `wanted` registers, given the last value.
    pub fn adjust(&mut self, wanted: usize, items: usize, last: Option<Value>) -> Result<()> {
        let missing = wanted.saturating_sub(items);
        let surplus = items.saturating_sub(wanted);
        match last {
            // The last expression provides what is missing, beside its own.
            Some(last) if last.is_multi() => {
                self.set_results(&last, (missing + 1).saturating_sub(surplus))?;
            }
            last => {
                if let Some(mut last) = last {
                    self.put_next(&mut last)?;
                }
                if missing > 0 {
                    self.load_nil(self.free_register(), missing);
                }
            }
        }
        self.free -= surplus;
        self.reserve(missing)
    }

    /// `local variables = values`
    pub fn declaration(
        &mut self,
        variables: &[LocalId],
        close: Option<usize>,
        values: &[Item],
        place: Place,
    ) -> Result<()> {
        let last = self.expression_list(values)?;
        self.place = place;
        self.adjust(variables.len(), values.len(), last)?;
        for variable in variables {
            self.activate(*variable);
        }
        if let Some(index) = close {
            let register = self.function.local(variables[index]).register;
            self.emit(Op::TBC, register, 0, 0);
        }
        Ok(())
    }

    /// `targets = values`
    pub fn assignment(&mut self, targets: &[ExprId], values: &[Item]) -> Result<()> {
        let mut variables: Vec<Value> = Vec::with_capacity(targets.len());
        for target in targets {
            let variable = self.expression(*target)?;
            if matches!(variable.kind, Kind::Local(_) | Kind::Upvalue(_)) {
                self.save_conflicting(&mut variables, &variable)?;
            }
            variables.push(variable);
        }
        let last = self.expression_list(values)?;
        let mut rest = &variables[..];
        if values.len() == targets.len() {
            // The last value need not pass through a register of its own.
            if let (Some(mut value), Some((variable, others))) = (last, rest.split_last()) {
                self.set_one_result(&mut value);
                self.store(variable, &mut value)?;
                rest = others;
            }
        } else {
            self.adjust(targets.len(), values.len(), last)?;
        }
        for variable in rest.iter().rev() {
            let mut value = Value::new(Kind::Register((self.free - 1) as u8));
            self.store(variable, &mut value)?;
        }
        Ok(())
    }

    /// When `variable` will be assigned while an earlier target uses it as
    /// table or key, lets that target use a copy of it.
    fn save_conflicting(&mut self, earlier: &mut [Value], variable: &Value) -> Result<()> {
        let copy = self.free_register();
        let mut conflict = false;
        for target in earlier {
            match (&mut target.kind, &variable.kind) {
                (Kind::IndexedUpvalue { upvalue, name }, Kind::Upvalue(index))
                    if upvalue == index =>
                {
                    conflict = true;
                    target.kind = Kind::IndexedField {
                        table: copy,
                        name: *name,
                    };
                }
                (Kind::Indexed { table, key }, Kind::Local(register)) => {
                    for operand in [table, key] {
                        if operand == register {
                            conflict = true;
                            *operand = copy;
                        }
                    }
                }
                (
                    Kind::IndexedInt { table, .. } | Kind::IndexedField { table, .. },
                    Kind::Local(register),
                ) if table == register => {
                    conflict = true;
                    *table = copy;
                }
                _ => {}
            }
        }
        if conflict {
            match variable.kind {
                Kind::Upvalue(index) => self.emit(Op::GETUPVAL, copy, index, 0),
                Kind::Local(register) => self.emit(Op::MOVE, copy, register, 0),
                _ => return Ok(()),
            };
            self.reserve(1)?;
        }
        Ok(())
    }
}
