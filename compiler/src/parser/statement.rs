//! Statements.

use std::rc::Rc;

use super::{Parser, Result};
use crate::ast::{Arm, Block, Expr, ExprId, ForPlaces, LocalId, Statement};
use crate::bytecode::prototype::VarKind;
use crate::scope::ConstValue;
use crate::token::{Place, Token};

impl Parser<'_> {
    /// `{ stat [';'] }`, up to a token that ends a block.
    pub(super) fn statement_list(&mut self) -> Result<Block> {
        let mut statements = Vec::new();
        while !self.block_ends(true) {
            let last = self.at(&Token::Return);
            self.statement(&mut statements)?;
            if last {
                break;
            }
        }
        Ok(Block {
            statements,
            place: self.last,
        })
    }

    /// A statement list with a scope of its own.
    fn block(&mut self) -> Result<Block> {
        self.scopes.enter_block();
        let block = self.statement_list()?;
        self.leave_block(false)?;
        Ok(block)
    }

    fn leave_block(&mut self, is_loop: bool) -> Result<()> {
        let result = self.scopes.leave_block(is_loop);
        self.check_semantics(result)
    }

    fn statement(&mut self, out: &mut Vec<Statement>) -> Result<()> {
        let line = self.lexer.line();
        self.enter_level()?;
        match self.current.token {
            Token::Char(b';') => self.advance()?,
            Token::If => out.push(self.if_statement(line)?),
            Token::While => out.push(self.while_statement(line)?),
            Token::Do => {
                self.advance()?;
                let block = self.block()?;
                self.close(&Token::End, &Token::Do, line)?;
                out.push(Statement::Do(block));
            }
            Token::For => out.push(self.for_statement(line)?),
            Token::Repeat => out.push(self.repeat_statement(line)?),
            Token::Function => out.push(self.function_statement(line)?),
            Token::Local => {
                self.advance()?;
                if self.accept(&Token::Function)? {
                    out.push(self.local_function()?);
                } else {
                    out.push(self.local_statement()?);
                }
            }
            Token::DoubleColon => {
                self.advance()?;
                let name = self.expect_name()?;
                self.label(name, line, out)?;
            }
            Token::Return => {
                self.advance()?;
                out.push(self.return_statement()?);
            }
            Token::Break => {
                self.advance()?;
                self.scopes.add_break(line);
                out.push(Statement::Break { place: self.last });
            }
            Token::Goto => {
                self.advance()?;
                let goto_line = self.lexer.line();
                let name = self.expect_name()?;
                let id = self.scopes.add_goto(name, goto_line);
                out.push(Statement::Goto {
                    id,
                    place: self.last,
                });
            }
            _ => out.push(self.expression_statement()?),
        }
        self.leave_level();
        Ok(())
    }

    fn if_statement(&mut self, line: u32) -> Result<Statement> {
        let mut arms = Vec::new();
        loop {
            self.advance()?; // 'if' or 'elseif'
            let condition = self.expression()?;
            self.expect_and_skip(&Token::Then)?;
            let then_place = self.last;
            let block = self.block()?;
            arms.push(Arm {
                condition,
                then_place,
                block,
            });
            if !self.at(&Token::Elseif) {
                break;
            }
        }
        let otherwise = if self.accept(&Token::Else)? {
            Some(self.block()?)
        } else {
            None
        };
        self.close(&Token::End, &Token::If, line)?;
        Ok(Statement::If { arms, otherwise })
    }

    fn while_statement(&mut self, line: u32) -> Result<Statement> {
        self.advance()?;
        let condition = self.expression()?;
        self.scopes.enter_block();
        self.expect_and_skip(&Token::Do)?;
        let body = self.block()?;
        self.close(&Token::End, &Token::While, line)?;
        self.leave_block(true)?;
        Ok(Statement::While { condition, body })
    }

    fn repeat_statement(&mut self, line: u32) -> Result<Statement> {
        self.scopes.enter_block(); // the loop
        self.scopes.enter_block(); // the scope, which includes the condition
        self.advance()?;
        let body = self.statement_list()?;
        self.close(&Token::Until, &Token::Repeat, line)?;
        let condition = self.expression()?;
        self.leave_block(false)?;
        self.leave_block(true)?;
        Ok(Statement::Repeat { body, condition })
    }

    fn declare(&mut self, name: Rc<[u8]>) -> Result<LocalId> {
        let declared = self.scopes.declare(name);
        self.check_limit(declared)
    }

    fn declare_hidden(&mut self) -> Result<LocalId> {
        self.declare(Rc::from(&b"(for state)"[..]))
    }

    fn for_statement(&mut self, line: u32) -> Result<Statement> {
        self.scopes.enter_block();
        self.advance()?;
        let name = self.expect_name()?;
        let mut statement = match self.current.token {
            Token::Char(b'=') => self.numeric_for(name, line)?,
            Token::Char(b',') | Token::In => self.generic_for(name)?,
            _ => return Err(self.syntax_error(b"'=' or 'in' expected")),
        };
        self.close(&Token::End, &Token::For, line)?;
        if let Statement::GenericFor { places, .. } = &mut statement {
            places.end = self.last;
        }
        self.leave_block(true)?;
        Ok(statement)
    }

    fn numeric_for(&mut self, name: Rc<[u8]>, line: u32) -> Result<Statement> {
        let variables = [
            self.declare_hidden()?,
            self.declare_hidden()?,
            self.declare_hidden()?,
            self.declare(name)?,
        ];
        self.advance()?; // '='
        let mut bounds = vec![self.expression()?];
        self.expect_and_skip(&Token::Char(b','))?;
        bounds.push(self.expression()?);
        if self.accept_char(b',')? {
            bounds.push(self.expression()?);
        }
        self.scopes.activate(3);
        let (do_place, body) = self.for_body(1)?;
        Ok(Statement::NumericFor {
            variables,
            bounds,
            line,
            do_place,
            body,
        })
    }

    fn generic_for(&mut self, name: Rc<[u8]>) -> Result<Statement> {
        let mut variables = Vec::new();
        for _ in 0..4 {
            variables.push(self.declare_hidden()?);
        }
        variables.push(self.declare(name)?);
        while self.accept_char(b',')? {
            let name = self.expect_name()?;
            variables.push(self.declare(name)?);
        }
        self.expect_and_skip(&Token::In)?;
        let line = self.lexer.line();
        let values = self.expression_list()?;
        self.scopes.activate(4);
        let (do_place, body) = self.for_body(variables.len() - 4)?;
        let places = ForPlaces {
            head_line: line,
            body: do_place,
            end: do_place,
        };
        Ok(Statement::GenericFor {
            variables,
            values,
            places,
            body,
        })
    }

    /// `do block`, with `count` loop variables coming into scope.
    fn for_body(&mut self, count: usize) -> Result<(Place, Block)> {
        self.expect_and_skip(&Token::Do)?;
        let do_place = self.last;
        self.scopes.enter_block();
        self.scopes.activate(count);
        let body = self.block()?;
        self.leave_block(false)?;
        Ok((do_place, body))
    }

    fn function_statement(&mut self, line: u32) -> Result<Statement> {
        self.advance()?;
        let name = self.expect_name()?;
        let mut target = self.variable(&name)?;
        while self.at_char(b'.') {
            target = self.field_selector(target)?;
        }
        let is_method = self.at_char(b':');
        if is_method {
            target = self.field_selector(target)?;
        }
        let constant = self.constant.clone();
        let function = self.function_body(is_method, line)?;
        self.constant = constant;
        self.check_assignable(target)?;
        Ok(Statement::Function {
            target,
            function,
            line,
        })
    }

    fn local_function(&mut self) -> Result<Statement> {
        let name = self.expect_name()?;
        let variable = self.declare(name)?;
        self.scopes.activate(1);
        let line = self.lexer.line();
        let function = self.function_body(false, line)?;
        Ok(Statement::LocalFunction { variable, function })
    }

    /// `local Name [attrib] { ',' Name [attrib] } ['=' exprs]`
    fn local_statement(&mut self) -> Result<Statement> {
        let mut variables = Vec::new();
        let mut close = None;
        let mut last_kind;
        loop {
            let name = self.expect_name()?;
            let id = self.declare(name)?;
            last_kind = self.attrib()?;
            self.scopes.set_kind(id, last_kind);
            if last_kind == VarKind::Close {
                if close.is_some() {
                    let what = "multiple to-be-closed variables in local list";
                    return Err(self.semantic_error(what));
                }
                close = Some(variables.len());
            }
            variables.push(id);
            if !self.accept_char(b',')? {
                break;
            }
        }
        let mut values = if self.accept_char(b'=')? {
            self.expression_list()?
        } else {
            Vec::new()
        };
        let place = self.last;
        let count = variables.len();
        if count == values.len()
            && last_kind == VarKind::Const
            && let Some(value) = values
                .last()
                .and_then(|item| self.constant_value(item.expr))
        {
            self.scopes.make_constant(value);
            variables.pop();
            values.pop();
        }
        self.scopes.activate(count);
        Ok(Statement::Local {
            variables,
            close,
            values,
            place,
        })
    }

    fn attrib(&mut self) -> Result<VarKind> {
        if !self.accept_char(b'<')? {
            return Ok(VarKind::Regular);
        }
        let name = self.expect_name()?;
        self.expect_and_skip(&Token::Char(b'>'))?;
        match &*name {
            b"const" => Ok(VarKind::Const),
            b"close" => Ok(VarKind::Close),
            other => {
                let what = format!("unknown attribute '{}'", String::from_utf8_lossy(other));
                Err(self.semantic_error(&what))
            }
        }
    }

    fn constant_value(&self, id: ExprId) -> Option<ConstValue> {
        Some(match self.expr(id) {
            Expr::Nil => ConstValue::Nil,
            Expr::True => ConstValue::Bool(true),
            Expr::False => ConstValue::Bool(false),
            Expr::Int(value) => ConstValue::Int(*value),
            Expr::Float(value) => ConstValue::Float(*value),
            Expr::Str(value) => ConstValue::Str(value.clone()),
            _ => return None,
        })
    }

    /// `::name::`; labels and semicolons that follow at once belong to it, so
    /// that a label before them still counts as the end of its block.
    fn label(&mut self, name: Rc<[u8]>, line: u32, out: &mut Vec<Statement>) -> Result<()> {
        self.expect_and_skip(&Token::DoubleColon)?;
        while self.at_char(b';') || self.at(&Token::DoubleColon) {
            self.statement(out)?;
        }
        let repeated = self.scopes.check_repeated_label(&name);
        self.check_semantics(repeated)?;
        let ends_block = self.block_ends(false);
        let added = self.scopes.add_label(name, line, ends_block);
        let id = self.check_semantics(added)?;
        out.push(Statement::Label(id));
        Ok(())
    }

    fn return_statement(&mut self) -> Result<Statement> {
        let values = if self.block_ends(true) || self.at_char(b';') {
            Vec::new()
        } else {
            self.expression_list()?
        };
        let place = self.last;
        self.accept_char(b';')?;
        Ok(Statement::Return { values, place })
    }

    /// A call or an assignment.
    fn expression_statement(&mut self) -> Result<Statement> {
        let first = self.suffixed_expression()?;
        if !self.at_char(b'=') && !self.at_char(b',') {
            return match self.expr(first) {
                Expr::Call { .. } | Expr::Method { .. } => Ok(Statement::Call(first)),
                _ => Err(self.syntax_error(b"syntax error")),
            };
        }
        let mut targets = vec![first];
        let mut levels = 0;
        self.check_target(first)?;
        while self.accept_char(b',')? {
            let target = self.suffixed_expression()?;
            // The reference recurses here, and so bounds the number of targets.
            self.enter_level()?;
            levels += 1;
            self.check_target(target)?;
            targets.push(target);
        }
        self.expect_and_skip(&Token::Char(b'='))?;
        let values = self.expression_list()?;
        self.level -= levels;
        Ok(Statement::Assign { targets, values })
    }

    fn check_target(&self, target: ExprId) -> Result<()> {
        let is_constant = self.constant.as_ref().is_some_and(|(id, _)| *id == target);
        let is_variable = matches!(
            self.expr(target),
            Expr::Local(_) | Expr::Upvalue(_) | Expr::Index { .. }
        );
        if !is_constant && !is_variable {
            return Err(self.syntax_error(b"syntax error"));
        }
        self.check_assignable(target)
    }

    fn check_assignable(&self, target: ExprId) -> Result<()> {
        let name = match (&self.constant, self.expr(target)) {
            (Some((id, name)), _) if *id == target => Some(name.clone()),
            (_, Expr::Local(id)) => self.scopes.read_only_local(*id),
            (_, Expr::Upvalue(index)) => self.scopes.read_only_upvalue(*index),
            _ => None,
        };
        match name {
            None => Ok(()),
            Some(name) => Err(self.semantic_error(&format!(
                "attempt to assign to const variable '{}'",
                String::from_utf8_lossy(&name)
            ))),
        }
    }
}
