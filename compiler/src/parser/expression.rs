//! Expressions: operator precedence, suffixes, constructors, function bodies.

use std::rc::Rc;

use super::{Parser, Result};
use crate::ast::{BinaryOp, Expr, ExprId, Field, Item, UNARY_PRIORITY, UnaryOp};
use crate::fold;
use crate::numeral::Number;
use crate::scope::{ConstValue, Resolved};
use crate::token::{Place, Token};

fn unary_operator(token: &Token<'_>) -> Option<UnaryOp> {
    Some(match token {
        Token::Not => UnaryOp::Not,
        Token::Char(b'-') => UnaryOp::Minus,
        Token::Char(b'~') => UnaryOp::BitNot,
        Token::Char(b'#') => UnaryOp::Length,
        _ => return None,
    })
}

fn binary_operator(token: &Token<'_>) -> Option<BinaryOp> {
    use BinaryOp::*;
    Some(match token {
        Token::Char(b'+') => Add,
        Token::Char(b'-') => Sub,
        Token::Char(b'*') => Mul,
        Token::Char(b'%') => Mod,
        Token::Char(b'^') => Pow,
        Token::Char(b'/') => Div,
        Token::DoubleSlash => IntDiv,
        Token::Char(b'&') => BitAnd,
        Token::Char(b'|') => BitOr,
        Token::Char(b'~') => BitXor,
        Token::ShiftLeft => ShiftLeft,
        Token::ShiftRight => ShiftRight,
        Token::Concat => Concat,
        Token::NotEqual => NotEqual,
        Token::Equal => Equal,
        Token::Char(b'<') => Less,
        Token::LessEqual => LessEqual,
        Token::Char(b'>') => Greater,
        Token::GreaterEqual => GreaterEqual,
        Token::And => And,
        Token::Or => Or,
        _ => return None,
    })
}

impl Parser<'_> {
    /// `expr`
    pub(super) fn expression(&mut self) -> Result<ExprId> {
        self.subexpression(0)
    }

    /// `(simple | unary subexpr) { binary subexpr }`, for operators that bind
    /// more strongly than `limit`.
    fn subexpression(&mut self, limit: u8) -> Result<ExprId> {
        self.enter_level()?;
        let mut left = match unary_operator(&self.current.token) {
            Some(operator) => {
                let line = self.lexer.line();
                self.advance()?;
                let operand = self.subexpression(UNARY_PRIORITY)?;
                self.unary(operator, operand, line)
            }
            None => self.simple_expression()?,
        };
        while let Some(operator) = binary_operator(&self.current.token) {
            let (left_priority, right_priority) = operator.priority();
            if left_priority <= limit {
                break;
            }
            self.advance()?;
            let place = self.last;
            let right = self.subexpression(right_priority)?;
            left = self.binary(operator, left, right, place);
        }
        self.leave_level();
        Ok(left)
    }

    fn numeral(&self, id: ExprId) -> Option<Number> {
        match self.expr(id) {
            Expr::Int(value) => Some(Number::Int(*value)),
            Expr::Float(value) => Some(Number::Float(*value)),
            _ => None,
        }
    }

    fn number_node(&mut self, number: Number) -> ExprId {
        self.node(match number {
            Number::Int(value) => Expr::Int(value),
            Number::Float(value) => Expr::Float(value),
        })
    }

    /// The truth of a constant expression.
    fn constant_truth(&self, id: ExprId) -> Option<bool> {
        match self.expr(id) {
            Expr::Nil | Expr::False => Some(false),
            Expr::True | Expr::Int(_) | Expr::Float(_) | Expr::Str(_) => Some(true),
            _ => None,
        }
    }

    fn unary(&mut self, operator: UnaryOp, operand: ExprId, line: u32) -> ExprId {
        if operator == UnaryOp::Not
            && let Some(truth) = self.constant_truth(operand)
        {
            return self.node(if truth { Expr::False } else { Expr::True });
        }
        if let Some(value) = self
            .numeral(operand)
            .and_then(|value| fold::unary(operator, value))
        {
            return self.number_node(value);
        }
        self.node(Expr::Unary {
            operator,
            operand,
            line,
        })
    }

    fn binary(&mut self, operator: BinaryOp, left: ExprId, right: ExprId, place: Place) -> ExprId {
        let decided = match operator {
            BinaryOp::And => self.constant_truth(left) == Some(true),
            BinaryOp::Or => self.constant_truth(left) == Some(false),
            _ => {
                if let (Some(a), Some(b)) = (self.numeral(left), self.numeral(right))
                    && let Some(value) = fold::binary(operator, a, b)
                {
                    return self.number_node(value);
                }
                false
            }
        };
        if decided {
            return self.parenthesized(right);
        }
        self.node(Expr::Binary {
            operator,
            left,
            right,
            place,
        })
    }

    /// The expression as one value that is no variable.
    fn parenthesized(&mut self, inner: ExprId) -> ExprId {
        if self.constant_truth(inner).is_some() {
            // A fresh node: `(X) = 1` must not find the constant X.
            let expr = match self.expr(inner) {
                Expr::Nil => Expr::Nil,
                Expr::False => Expr::False,
                Expr::Int(value) => Expr::Int(*value),
                Expr::Float(value) => Expr::Float(*value),
                Expr::Str(value) => Expr::Str(value.clone()),
                _ => Expr::True,
            };
            return self.node(expr);
        }
        self.node(Expr::Paren(inner))
    }

    fn simple_expression(&mut self) -> Result<ExprId> {
        let expr = match &self.current.token {
            Token::Number(Number::Int(value)) => Expr::Int(*value),
            Token::Number(Number::Float(value)) => Expr::Float(*value),
            Token::Str(content) => {
                let content = content.clone();
                self.literal(content)
            }
            Token::Nil => Expr::Nil,
            Token::True => Expr::True,
            Token::False => Expr::False,
            Token::Dots => {
                if !self.scopes.function().is_vararg {
                    return Err(self.syntax_error(b"cannot use '...' outside a vararg function"));
                }
                Expr::Vararg { place: self.last }
            }
            Token::Char(b'{') => return self.constructor(),
            Token::Function => {
                self.advance()?;
                let line = self.lexer.line();
                return self.function_body(false, line);
            }
            _ => return self.suffixed_expression(),
        };
        self.advance()?;
        Ok(self.node(expr))
    }

    fn primary_expression(&mut self) -> Result<ExprId> {
        match self.current.token {
            Token::Char(b'(') => {
                let line = self.lexer.line();
                self.advance()?;
                let inner = self.expression()?;
                self.close(&Token::Char(b')'), &Token::Char(b'('), line)?;
                Ok(self.parenthesized(inner))
            }
            Token::Name(_) => {
                let name = self.expect_name()?;
                self.variable(&name)
            }
            _ => Err(self.syntax_error(b"unexpected symbol")),
        }
    }

    /// What a name stands for.
    pub(super) fn variable(&mut self, name: &Rc<[u8]>) -> Result<ExprId> {
        if let Some(id) = self.known_variable(name)? {
            return Ok(id);
        }
        let environment = self.environment.clone();
        let object = match self.known_variable(&environment)? {
            Some(id) => id,
            // Every function sees the main chunk's upvalue.
            None => self.node(Expr::Nil),
        };
        self.constant = None;
        let key = self.node(Expr::Str(name.clone()));
        Ok(self.node(Expr::Index { object, key }))
    }

    fn known_variable(&mut self, name: &Rc<[u8]>) -> Result<Option<ExprId>> {
        let resolved = self.scopes.resolve(name);
        let id = match self.check_limit(resolved)? {
            Resolved::Local(id) => self.node(Expr::Local(id)),
            Resolved::Upvalue(index) => self.node(Expr::Upvalue(index)),
            Resolved::Global => return Ok(None),
            Resolved::Const(value) => {
                let id = self.node(match value {
                    ConstValue::Nil => Expr::Nil,
                    ConstValue::Bool(true) => Expr::True,
                    ConstValue::Bool(false) => Expr::False,
                    ConstValue::Int(value) => Expr::Int(value),
                    ConstValue::Float(value) => Expr::Float(value),
                    ConstValue::Str(value) => Expr::Str(value),
                });
                self.constant = Some((id, name.clone()));
                id
            }
        };
        Ok(Some(id))
    }

    /// `primary { '.' Name | '[' expr ']' | ':' Name args | args }`
    pub(super) fn suffixed_expression(&mut self) -> Result<ExprId> {
        let mut expr = self.primary_expression()?;
        loop {
            match self.current.token {
                Token::Char(b'.') => expr = self.field_selector(expr)?,
                Token::Char(b'[') => {
                    let key = self.bracketed_key()?;
                    expr = self.node(Expr::Index { object: expr, key });
                }
                Token::Char(b':') => {
                    self.advance()?;
                    let name = self.expect_name()?;
                    let name_place = self.last;
                    let line = self.lexer.line();
                    let arguments = self.call_arguments()?;
                    let object = expr;
                    expr = self.node(Expr::Method {
                        object,
                        name,
                        name_place,
                        arguments,
                        line,
                    });
                }
                Token::Char(b'(' | b'{') | Token::Str(_) => {
                    let line = self.lexer.line();
                    let arguments = self.call_arguments()?;
                    expr = self.node(Expr::Call {
                        function: expr,
                        arguments,
                        line,
                    });
                }
                _ => return Ok(expr),
            }
        }
    }

    /// `.name`, or the `:name` of a function statement.
    pub(super) fn field_selector(&mut self, object: ExprId) -> Result<ExprId> {
        self.advance()?;
        let name = self.expect_name()?;
        let key = self.node(Expr::Str(name));
        Ok(self.node(Expr::Index { object, key }))
    }

    /// `[expr]`
    fn bracketed_key(&mut self) -> Result<ExprId> {
        self.advance()?;
        let key = self.expression()?;
        self.expect_and_skip(&Token::Char(b']'))?;
        Ok(key)
    }

    fn call_arguments(&mut self) -> Result<Vec<Item>> {
        match &self.current.token {
            Token::Char(b'(') => {
                let line = self.lexer.line();
                self.advance()?;
                let mut arguments = if self.at_char(b')') {
                    Vec::new()
                } else {
                    self.expression_list()?
                };
                self.close(&Token::Char(b')'), &Token::Char(b'('), line)?;
                if let Some(last) = arguments.last_mut() {
                    last.place = self.last;
                }
                Ok(arguments)
            }
            Token::Char(b'{') => {
                let expr = self.constructor()?;
                Ok(vec![Item {
                    expr,
                    place: self.last,
                }])
            }
            Token::Str(content) => {
                let content = content.clone();
                self.advance()?;
                let literal = self.literal(content);
                let expr = self.node(literal);
                Ok(vec![Item {
                    expr,
                    place: self.last,
                }])
            }
            _ => Err(self.syntax_error(b"function arguments expected")),
        }
    }

    /// `expr { ',' expr }`
    pub(super) fn expression_list(&mut self) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            let expr = self.expression()?;
            let place = self.last;
            let more = self.accept_char(b',')?;
            items.push(Item {
                expr,
                place: if more { self.last } else { place },
            });
            if !more {
                return Ok(items);
            }
        }
    }

    /// `'{' [ field { sep field } [sep] ] '}'`
    fn constructor(&mut self) -> Result<ExprId> {
        let place = self.last;
        let open_line = self.lexer.line();
        self.advance()?;
        let mut fields = Vec::new();
        while !self.at_char(b'}') {
            let keyed = match self.current.token {
                Token::Name(_) => *self.peek_ahead()? == Token::Char(b'='),
                Token::Char(b'[') => true,
                _ => false,
            };
            let field = if keyed {
                self.keyed_field()?
            } else {
                let expr = self.expression()?;
                Field::Positional(Item {
                    expr,
                    place: self.last,
                })
            };
            fields.push(field);
            if !self.accept_char(b',')? && !self.accept_char(b';')? {
                break;
            }
            if let Some(Field::Positional(item)) = fields.last_mut() {
                item.place = self.last;
            }
        }
        self.close(&Token::Char(b'}'), &Token::Char(b'{'), open_line)?;
        Ok(self.node(Expr::Table { fields, place }))
    }

    fn keyed_field(&mut self) -> Result<Field> {
        let key = if self.at_char(b'[') {
            self.bracketed_key()?
        } else {
            let name = self.expect_name()?;
            self.node(Expr::Str(name))
        };
        self.expect_and_skip(&Token::Char(b'='))?;
        let place = self.last;
        let value = self.expression()?;
        Ok(Field::Keyed { key, place, value })
    }

    /// `'(' parlist ')' block 'end'`
    pub(super) fn function_body(&mut self, is_method: bool, line: u32) -> Result<ExprId> {
        self.scopes.open_function(line);
        self.expect_and_skip(&Token::Char(b'('))?;
        let mut params = 0;
        if is_method {
            let declared = self.scopes.declare(Rc::from(&b"self"[..]));
            self.check_limit(declared)?;
            params += 1;
        }
        params += self.parameters()?;
        self.scopes.activate(params);
        self.scopes.function().num_params = params as u8;
        self.expect_and_skip(&Token::Char(b')'))?;
        let body = self.statement_list()?;
        self.scopes.function().last_line_defined = self.lexer.line();
        self.close(&Token::End, &Token::Function, line)?;
        let mut function = self.close_function()?;
        function.body = body;
        function.end_place = self.last;
        Ok(self.node(Expr::Function(Box::new(function))))
    }

    /// Declares the parameters; the count of fixed ones.
    fn parameters(&mut self) -> Result<usize> {
        let mut count = 0;
        if self.at_char(b')') {
            return Ok(count);
        }
        loop {
            match self.current.token {
                Token::Name(_) => {
                    let name = self.expect_name()?;
                    let declared = self.scopes.declare(name);
                    self.check_limit(declared)?;
                    count += 1;
                }
                Token::Dots => {
                    self.advance()?;
                    let place = self.last;
                    let function = self.scopes.function();
                    function.is_vararg = true;
                    function.vararg_place = place;
                    return Ok(count);
                }
                _ => return Err(self.syntax_error(b"<name> or '...' expected")),
            }
            if !self.accept_char(b',')? {
                return Ok(count);
            }
        }
    }
}
