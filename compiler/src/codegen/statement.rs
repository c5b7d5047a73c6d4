//! Statements and control flow.

use super::Result;
use super::function::{FunctionState, Loop};
use super::jump::{JumpList, NO_JUMP};
use super::value::Kind;
use crate::ast::{Arm, Block, Expr, ExprId, ForPlaces, GotoId, Item, LabelId, LocalId, Statement};
use crate::bytecode::opcodes::{Instruction, Op};
use crate::token::Place;

/// Whether control never comes out at the end of a block.
fn leaves(block: &Block) -> bool {
    matches!(
        block.statements.last(),
        Some(Statement::Return { .. } | Statement::Break { .. } | Statement::Goto { .. })
    )
}

impl FunctionState<'_> {
    /// The statements of a block, in the scope at hand.
    pub fn statements(&mut self, block: &Block) -> Result<()> {
        for statement in &block.statements {
            self.statement(statement)?;
            self.free = self.active.len();
        }
        self.place = block.place;
        Ok(())
    }

    /// A block with a scope of its own, where `variables` are new.
    fn block(&mut self, block: &Block, variables: &[LocalId]) -> Result<()> {
        let level = self.active.len();
        for variable in variables {
            self.activate(*variable);
        }
        self.reserve(variables.len())?;
        self.statements(block)?;
        let close = self.needs_close(level) && !leaves(block);
        self.leave_scope(level);
        if close {
            self.emit_close(level);
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        match statement {
            Statement::Local {
                variables,
                close,
                values,
                place,
            } => self.declaration(variables, *close, values, *place),
            Statement::Assign { targets, values } => self.assignment(targets, values),
            Statement::Call(call) => {
                let value = self.expression(*call)?;
                self.set_results(&value, 0)
            }
            Statement::Do(block) => self.block(block, &[]),
            Statement::While { condition, body } => self.while_loop(*condition, body),
            Statement::Repeat { body, condition } => self.repeat_loop(body, *condition),
            Statement::If { arms, otherwise } => self.conditional(arms, otherwise.as_ref()),
            Statement::NumericFor {
                variables,
                bounds,
                line,
                do_place,
                body,
            } => self.numeric_for(variables, bounds, *line, *do_place, body),
            Statement::GenericFor {
                variables,
                values,
                places,
                body,
            } => self.generic_for(variables, values, places, body),
            Statement::Function {
                target,
                function,
                line,
            } => {
                let target = self.expression(*target)?;
                let mut value = self.expression(*function)?;
                let before = self.pc();
                self.store(&target, &mut value)?;
                // The definition "happens" in its first line.
                if self.pc() > before {
                    self.fix_line(before, *line);
                }
                Ok(())
            }
            Statement::LocalFunction { variable, function } => {
                self.activate(*variable);
                // Its register is the next one, which is not reserved yet.
                let mut value = self.expression(*function)?;
                self.put_any(&mut value)?;
                self.restart_last_variable();
                Ok(())
            }
            Statement::Return { values, place } => self.return_values(values, *place),
            Statement::Break { place } => {
                self.place = *place;
                let (level, close) = self.break_level();
                if close {
                    self.emit_close(level);
                }
                let jump = self.emit_jump();
                self.add_break(jump)
            }
            Statement::Goto { id, place } => {
                self.place = *place;
                let (label, level) = self.goto_label(*id);
                if self.needs_close(level) {
                    self.emit_close(level);
                }
                let jump = self.emit_jump();
                self.jump_to_label(jump, label)
            }
            Statement::Label(id) => {
                let position = self.label_here();
                let label = &mut self.labels[id.0 as usize];
                label.position = Some(position);
                let pending = std::mem::replace(&mut label.pending, NO_JUMP);
                self.patch(pending, position)
            }
        }
    }

    // Jumps out of blocks.

    /// The level of the innermost loop, and whether a `break` has to close
    /// what is above it.
    fn break_level(&self) -> (usize, bool) {
        match self.loops.last() {
            Some(inner) => (
                inner.level,
                !inner.closes_at_exit && self.needs_close(inner.level),
            ),
            None => (0, false),
        }
    }

    /// Adds jumps to those that leave the innermost loop.
    fn add_break(&mut self, jumps: JumpList) -> Result<()> {
        let Some(breaks) = self.loops.last().map(|inner| inner.breaks) else {
            return Ok(());
        };
        let joined = self.join(jumps, breaks)?;
        if let Some(inner) = self.loops.last_mut() {
            inner.breaks = joined;
        }
        Ok(())
    }

    /// The label of a `goto`, and the number of variables alive there.
    fn goto_label(&self, id: GotoId) -> (LabelId, usize) {
        let label = self.function.gotos[id.0 as usize];
        (label, usize::from(self.function.labels[label.0 as usize]))
    }

    fn jump_to_label(&mut self, jumps: JumpList, id: LabelId) -> Result<()> {
        let index = id.0 as usize;
        match self.labels[index].position {
            Some(position) => self.patch(jumps, position),
            None => {
                self.labels[index].pending = self.join(jumps, self.labels[index].pending)?;
                Ok(())
            }
        }
    }

    fn enter_loop(&mut self, closes_at_exit: bool) {
        let level = self.active.len();
        self.loops.push(Loop {
            breaks: NO_JUMP,
            level,
            closes_at_exit,
        });
    }

    /// Ends the innermost loop: its `break`s arrive here.
    fn leave_loop(&mut self) -> Result<()> {
        match self.loops.pop() {
            Some(inner) => self.patch_here(inner.breaks),
            None => Ok(()),
        }
    }

    // Statements.

    fn conditional(&mut self, arms: &[Arm], otherwise: Option<&Block>) -> Result<()> {
        let mut escapes = NO_JUMP;
        for (index, arm) in arms.iter().enumerate() {
            let mut condition = self.expression(arm.condition)?;
            self.place = arm.then_place;
            if let Some(jump) = self.lone_jump(&arm.block) {
                self.go_if_false(&mut condition)?;
                match jump {
                    LoneJump::Break => self.add_break(condition.on_true)?,
                    LoneJump::Goto(label) => self.jump_to_label(condition.on_true, label)?,
                }
                continue;
            }
            self.go_if_true(&mut condition)?;
            self.block(&arm.block, &[])?;
            let more = index + 1 < arms.len() || otherwise.is_some();
            if more && !leaves(&arm.block) {
                let jump = self.emit_jump();
                escapes = self.join(jump, escapes)?;
            }
            self.patch_here(condition.on_false)?;
        }
        if let Some(block) = otherwise {
            self.block(block, &[])?;
        }
        self.patch_here(escapes)
    }

    /// The jump that a block consists of, if the condition's own jump can do
    /// its work.
    fn lone_jump(&self, block: &Block) -> Option<LoneJump> {
        match &block.statements[..] {
            [Statement::Break { .. }] => (!self.break_level().1).then_some(LoneJump::Break),
            [Statement::Goto { id, .. }] => {
                let (label, level) = self.goto_label(*id);
                (!self.needs_close(level)).then_some(LoneJump::Goto(label))
            }
            _ => None,
        }
    }

    /// The condition comes behind the body, so that each round takes one jump.
    fn while_loop(&mut self, condition: ExprId, body: &Block) -> Result<()> {
        let entry = self.chunk.node(condition).place;
        let endless = matches!(
            self.chunk.node(condition).expr,
            Expr::True | Expr::Int(_) | Expr::Float(_) | Expr::Str(_)
        );
        self.enter_loop(false);
        self.place = entry;
        let entry = if endless { NO_JUMP } else { self.emit_jump() };
        let start = self.label_here();
        self.block(body, &[])?;
        if endless {
            let jump = self.emit_jump();
            self.patch(jump, start)?;
        } else {
            self.patch_here(entry)?;
            let mut value = self.expression(condition)?;
            self.go_if_false(&mut value)?;
            self.patch(value.on_true, start)?;
        }
        self.leave_loop()
    }

    fn repeat_loop(&mut self, body: &Block, condition: ExprId) -> Result<()> {
        let start = self.label_here();
        self.enter_loop(false);
        let level = self.active.len();
        self.statements(body)?;
        let mut value = self.expression(condition)?;
        if matches!(value.kind, Kind::Nil) {
            value.kind = Kind::False;
        }
        self.go_if_true(&mut value)?;
        let close = self.needs_close(level);
        self.leave_scope(level);
        if close {
            // Both ways out of the scope close it.
            self.emit_close(level);
            let exit = self.emit_jump();
            self.patch_here(value.on_false)?;
            self.emit_close(level);
            let again = self.emit_jump();
            self.patch(again, start)?;
            self.patch_here(exit)?;
        } else {
            self.patch(value.on_false, start)?;
        }
        self.leave_loop()
    }

    fn numeric_for(
        &mut self,
        variables: &[LocalId; 4],
        bounds: &[ExprId],
        line: u32,
        do_place: Place,
        body: &Block,
    ) -> Result<()> {
        self.enter_loop(false);
        let level = self.active.len();
        let base = self.free_register();
        for bound in bounds {
            let mut value = self.expression(*bound)?;
            self.put_next(&mut value)?;
        }
        if bounds.len() < 3 {
            let step = self.free_register();
            self.reserve(1)?;
            self.load_int(step, 1);
        }
        for variable in &variables[..3] {
            self.activate(*variable);
        }
        self.place = do_place;
        let prepare = self.emit_conditional(Instruction::abc(Op::FORPREP, base, 0, 0));
        let start = self.label_here();
        self.block(body, &variables[3..])?;
        self.place.line = line;
        self.label_here();
        let step = self.emit_conditional(Instruction::abc(Op::FORLOOP, base, 0, 0));
        self.set_target(step, start)?;
        let end = self.label_here();
        self.set_target(prepare, end)?;
        self.leave_scope(level);
        self.leave_loop()
    }

    fn generic_for(
        &mut self,
        variables: &[LocalId],
        values: &[Item],
        places: &ForPlaces,
        body: &Block,
    ) -> Result<()> {
        self.enter_loop(true);
        let level = self.active.len();
        let base = self.free_register();
        let last = self.expression_list(values)?;
        self.adjust(4, values.len(), last)?;
        let (hidden, visible) = variables.split_at(4);
        for variable in hidden {
            self.activate(*variable);
        }
        if let Some(closing) = self.active.last_mut() {
            closing.needs_close = true;
            closing.to_be_closed = true;
        }
        self.check_stack(3)?; // room for the iterator's call
        self.place = places.body;
        let prepare = self.emit_conditional(Instruction::abc(Op::TFORPREP, base, 0, 0));
        let start = self.label_here();
        self.block(body, visible)?;
        let call = self.label_here();
        self.set_target(prepare, call)?;
        self.place.line = places.head_line;
        self.emit(Op::TFORCALL, base, 0, visible.len() as u8);
        let again = self.emit_conditional(Instruction::abc(Op::TFORLOOP, base, 0, 0));
        self.set_target(again, start)?;
        self.place = places.end;
        self.leave_scope(level);
        self.leave_loop()?;
        self.label_here();
        self.emit_close(level);
        Ok(())
    }

    // Returns.

    /// The return at the end of a function.
    pub fn return_nothing(&mut self) {
        self.emit_return(self.active.len() as u8, 1);
    }

    /// A return of `operand - 1` values, 0 for all up to the top.
    fn emit_return(&mut self, first: u8, operand: u8) {
        let close = self.needs_close(0);
        match operand {
            1 if !close => self.emit(Op::RETURN0, 0, 0, 0),
            2 if !close => self.emit(Op::RETURN1, first, 0, 0),
            _ => self.emit(Op::RETURN, first, operand, u8::from(close)),
        };
    }

    fn return_values(&mut self, values: &[Item], place: Place) -> Result<()> {
        let first = self.free_register();
        let last = self.expression_list(values)?;
        self.place = place;
        let Some(mut last) = last else {
            self.emit_return(first, 1);
            return Ok(());
        };
        if last.is_multi() {
            let to_be_closed = self.active.iter().any(|active| active.to_be_closed);
            self.set_all_results(&last)?;
            if let (Kind::Call(pc), 1, false) = (&last.kind, values.len(), to_be_closed) {
                let call = self.instruction(*pc);
                let close = u8::from(self.needs_close(0));
                self.code[*pc as usize] =
                    Instruction::abc(Op::TAILCALL, call.a(), call.b(), close).0;
            } else {
                self.emit_return(first, 0);
            }
        } else if values.len() == 1 {
            let register = self.put_any(&mut last)?;
            self.emit_return(register, 2);
        } else {
            self.put_next(&mut last)?;
            self.emit_return(first, values.len() as u8 + 1);
        }
        Ok(())
    }
}

/// What a block of one jump does.
enum LoneJump {
    Break,
    Goto(LabelId),
}
