//! A generated program as Lua text.

use super::syntax::*;
use std::fmt::Write;

/// Locals in scope at most; the language allows 200.
const MAX_LOCALS: usize = 120;

struct Local {
    name: String,
    sort: Sort,
    constant: bool,
}

/// What is known of the function around.
#[derive(Default)]
struct Around {
    vararg: bool,
    /// The labels of the loops around, innermost last, and whether each is used.
    loops: Vec<(usize, bool)>,
}

struct Renderer {
    out: String,
    /// Functions in expressions around: what is in them stays on one line, for
    /// releases of 5.4 do not agree on the line of a call that spans several.
    inline: usize,
    depth: usize,
    serial: usize,
    locals: Vec<Local>,
    around: Around,
}

/// The program's text.
pub fn render(program: &Program) -> String {
    let mut renderer = Renderer {
        out: String::new(),
        inline: 0,
        depth: 0,
        serial: 0,
        locals: Vec::new(),
        around: Around::default(),
    };
    for block in program {
        renderer.protected(block);
    }
    renderer.out
}

impl Renderer {
    fn line(&mut self, text: &str) {
        self.start();
        self.out.push_str(text);
        self.end();
    }

    fn start(&mut self) {
        if self.inline == 0 {
            let depth = self.depth;
            self.out.extend(std::iter::repeat_n(' ', depth));
        }
    }

    /// Ends a statement, or what looks like one.
    fn end(&mut self) {
        self.out.push(if self.inline == 0 { '\n' } else { ' ' });
    }

    fn new_name(&mut self, sort: Sort) -> String {
        self.serial += 1;
        format!("{}{}", sort.letter(), self.serial)
    }

    fn declare(&mut self, name: String, sort: Sort, constant: bool) {
        self.locals.push(Local {
            name,
            sort,
            constant,
        });
    }

    /// The variable that a number stands for: a local in scope or a global.
    fn resolve(&self, sort: Sort, number: u8, assigned: bool) -> String {
        let fitting: Vec<&Local> = self
            .locals
            .iter()
            .filter(|l| l.sort == sort && !(assigned && l.constant))
            .collect();
        let globals = 2;
        let at = usize::from(number) % (fitting.len() + globals);
        match fitting.len().checked_sub(at + 1) {
            // Low numbers are the innermost ones.
            Some(index) => fitting[index].name.clone(),
            None => {
                let letter = sort.letter().to_ascii_uppercase();
                format!("{letter}{}", at - fitting.len())
            }
        }
    }

    fn expressions(&mut self, list: &[Expr]) {
        for (i, e) in list.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.expression(e);
        }
    }

    /// An expression that can be called or indexed.
    fn prefix(&mut self, e: &Expr) {
        let plain = matches!(
            e,
            Expr::Name(..) | Expr::Paren(_) | Expr::Checked(..) | Expr::Call(..) | Expr::Field(..)
        );
        if plain {
            return self.expression(e);
        }
        self.out.push('(');
        self.expression(e);
        self.out.push(')');
    }

    fn arguments(&mut self, list: &[Expr]) {
        self.out.push('(');
        self.expressions(list);
        self.out.push(')');
    }

    fn expression(&mut self, e: &Expr) {
        match e {
            Expr::Literal(text) => self.out.push_str(text),
            Expr::Integer(i64::MIN) => self.out.push_str("math.mininteger"),
            Expr::Integer(i) => write!(self.out, "{i}").expect("a string takes any text"),
            Expr::Name(sort, number) => {
                let name = self.resolve(*sort, *number, false);
                self.out.push_str(&name);
            }
            Expr::Vararg if self.around.vararg => self.out.push_str("..."),
            Expr::Vararg => self.out.push_str("nil"),
            Expr::Function(f) => {
                self.out.push_str("function");
                self.inline += 1;
                self.function(f);
                self.inline -= 1;
            }
            Expr::Wrapped(f) => {
                self.out.push_str("coroutine.wrap(function");
                self.inline += 1;
                self.function(f);
                self.inline -= 1;
                self.out.push(')');
            }
            Expr::Unary(op, operand) => {
                write!(self.out, "({op} ").expect("a string takes any text");
                self.expression(operand);
                self.out.push(')');
            }
            Expr::Binary(op, left, right) => {
                self.out.push('(');
                self.expression(left);
                write!(self.out, " {op} ").expect("a string takes any text");
                match **right {
                    // The reference adds 0 instead, which is another zero for -0.0.
                    Expr::Integer(0) if *op == "-" => self.out.push('1'),
                    _ => self.expression(right),
                }
                self.out.push(')');
            }
            Expr::Concat(parts) => {
                self.out.push('(');
                for (i, part) in parts.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(" .. ");
                    }
                    self.expression(part);
                }
                self.out.push(')');
            }
            Expr::Paren(inner) => {
                self.out.push('(');
                self.expression(inner);
                self.out.push(')');
            }
            Expr::Field(object, name) => {
                self.prefix(object);
                write!(self.out, ".{name}").expect("a string takes any text");
            }
            Expr::Index(object, key) => {
                self.prefix(object);
                self.out.push('[');
                self.expression(key);
                self.out.push(']');
            }
            Expr::Call(function, arguments) => {
                self.prefix(function);
                self.arguments(arguments);
            }
            Expr::Checked(check, inner) => {
                write!(self.out, "{check}(").expect("a string takes any text");
                self.expression(inner);
                self.out.push(')');
            }
            Expr::Method(object, name, arguments) => {
                self.prefix(object);
                write!(self.out, ":{name}").expect("a string takes any text");
                self.arguments(arguments);
            }
            Expr::Table(fields) => {
                self.out.push('{');
                for field in fields {
                    match field {
                        Field::Item(e) => self.expression(e),
                        Field::Named(name, e) => {
                            write!(self.out, "{name} = ").expect("a string takes any text");
                            self.expression(e);
                        }
                        Field::Keyed(key, e) => {
                            self.out.push('[');
                            self.expression(key);
                            self.out.push_str("] = ");
                            self.expression(e);
                        }
                    }
                    self.out.push_str(", ");
                }
                self.out.push('}');
            }
        }
    }

    /// Parameters, body and `end`.
    fn function(&mut self, f: &Function) {
        let level = self.locals.len();
        let mut names = Vec::new();
        for sort in &f.parameters {
            let name = self.new_name(*sort);
            names.push(name.clone());
            self.declare(name, *sort, false);
        }
        if f.vararg {
            names.push("...".to_owned());
        }
        write!(self.out, "({})", names.join(", ")).expect("a string takes any text");
        self.end();
        let inner = Around {
            vararg: f.vararg,
            loops: Vec::new(),
        };
        let outer = std::mem::replace(&mut self.around, inner);
        self.depth += 1;
        self.line("tick();");
        self.statements(&f.body);
        if !f.results.is_empty() {
            self.start();
            self.out.push_str("return ");
            self.expressions(&f.results);
            self.end();
        }
        self.depth -= 1;
        self.around = outer;
        self.locals.truncate(level);
        self.start();
        self.out.push_str("end");
    }

    /// A block's statements, indented, in a scope of their own.
    fn block(&mut self, block: &Block) {
        let level = self.locals.len();
        self.depth += 1;
        self.statements(block);
        self.depth -= 1;
        self.locals.truncate(level);
    }

    /// The same for the body of a loop; `until` closes it inside its scope.
    fn body(&mut self, variables: Vec<(String, Sort)>, block: &Block, until: Option<&Expr>) {
        let level = self.locals.len();
        for (name, sort) in variables {
            self.declare(name, sort, false);
        }
        self.serial += 1;
        let label = self.serial;
        self.around.loops.push((label, false));
        self.depth += 1;
        self.line("tick();");
        if until.is_some() {
            // A `continue` may not jump into the scope of what `until` sees.
            self.line("do");
            self.block(block);
            self.line("end");
        } else {
            self.statements(block);
        }
        if self.around.loops.pop().is_some_and(|(_, used)| used) {
            self.line(&format!("::c{label}::"));
        }
        self.depth -= 1;
        if let Some(until) = until {
            self.start();
            self.out.push_str("until ");
            self.expression(until);
            self.end();
        }
        self.locals.truncate(level);
    }

    fn statements(&mut self, block: &Block) {
        for s in block {
            self.statement(s);
        }
    }

    /// `if condition then action end`, or `do action end`: legal anywhere.
    fn jump(&mut self, condition: Option<&Expr>, action: &str) {
        self.start();
        match condition {
            Some(e) => {
                self.out.push_str("if ");
                self.expression(e);
                self.out.push_str(" then ");
            }
            None => self.out.push_str("do "),
        }
        self.out.push_str(action);
        self.out.push_str(" end");
        self.end();
    }

    fn protected(&mut self, block: &Block) {
        self.start();
        self.out.push_str("out(pcall(function");
        self.function(&Function {
            parameters: vec![Sort::Number],
            vararg: true,
            body: block.clone(),
            results: Vec::new(),
        });
        self.out.push_str(", 7, 'more', 0.5))");
        self.end();
    }

    fn statement(&mut self, s: &Statement) {
        match s {
            Statement::Out(values) => {
                self.start();
                self.out.push_str("out");
                self.arguments(values);
                self.out.push(';');
                self.end();
            }
            Statement::Local(variables, values) => {
                if self.locals.len() + variables.len() > MAX_LOCALS {
                    return;
                }
                let names: Vec<_> = variables.iter().map(|(s, _)| self.new_name(*s)).collect();
                let list: Vec<_> = names
                    .iter()
                    .zip(variables)
                    .map(|(name, (_, attrib))| match attrib {
                        Attrib::None => name.clone(),
                        Attrib::Const => format!("{name} <const>"),
                    })
                    .collect();
                self.start();
                write!(self.out, "local {}", list.join(", ")).expect("a string takes any text");
                if !values.is_empty() {
                    self.out.push_str(" = ");
                    self.expressions(values);
                }
                self.end();
                for (name, (sort, attrib)) in names.into_iter().zip(variables) {
                    self.declare(name, *sort, matches!(attrib, Attrib::Const));
                }
            }
            Statement::Closing(number) => {
                self.serial += 1;
                let serial = self.serial;
                self.line(&format!("local c{serial} <close> = closer({number})"));
            }
            Statement::Assign(targets, values) => {
                self.start();
                // It may begin with a parenthesis, and so may what follows.
                self.out.push(';');
                for (i, target) in targets.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    match target {
                        Target::Name(sort, number) => {
                            let name = self.resolve(*sort, *number, true);
                            self.out.push_str(&name);
                        }
                        Target::Field(object, name) => {
                            self.prefix(object);
                            write!(self.out, ".{name}").expect("a string takes any text");
                        }
                        Target::Index(object, key) => {
                            self.prefix(object);
                            self.out.push('[');
                            self.expression(key);
                            self.out.push(']');
                        }
                    }
                }
                self.out.push_str(" = ");
                self.expressions(values);
                self.out.push(';');
                self.end();
            }
            Statement::Call(e) => {
                self.start();
                self.out.push(';');
                self.expression(e);
                self.out.push(';');
                self.end();
            }
            Statement::Do(block) => {
                self.line("do");
                self.block(block);
                self.line("end");
            }
            Statement::While(condition, block) => {
                self.start();
                self.out.push_str("while ");
                self.expression(condition);
                self.out.push_str(" do");
                self.end();
                self.body(Vec::new(), block, None);
                self.line("end");
            }
            Statement::Repeat(block, condition) => {
                self.line("repeat");
                self.body(Vec::new(), block, Some(condition));
            }
            Statement::If(arms, otherwise) => {
                for (i, (condition, block)) in arms.iter().enumerate() {
                    self.start();
                    self.out.push_str(if i == 0 { "if " } else { "elseif " });
                    self.expression(condition);
                    self.out.push_str(" then");
                    self.end();
                    self.block(block);
                }
                if let Some(block) = otherwise {
                    self.line("else");
                    self.block(block);
                }
                self.line("end");
            }
            Statement::NumericFor(bounds, block) => {
                let name = self.new_name(Sort::Number);
                self.start();
                write!(self.out, "for {name} = ").expect("a string takes any text");
                self.expressions(bounds);
                self.out.push_str(" do");
                self.end();
                self.body(vec![(name, Sort::Number)], block, None);
                self.line("end");
            }
            Statement::GenericFor(iterate, block) => {
                let (first, second) = (self.new_name(Sort::Number), self.new_name(Sort::Text));
                self.start();
                write!(self.out, "for {first}, {second} in ").expect("a string takes any text");
                match iterate {
                    Iterate::Ipairs(e) => {
                        self.expression(&Expr::Checked("ipairs", e.clone().into()))
                    }
                    Iterate::Sorted(e) => {
                        self.expression(&Expr::Checked("sorted", e.clone().into()))
                    }
                    Iterate::Function(e) => self.expression(e),
                }
                self.out.push_str(" do");
                self.end();
                let variables = vec![(first, Sort::Number), (second, Sort::Text)];
                self.body(variables, block, None);
                self.line("end");
            }
            Statement::LocalFunction(f) => {
                if self.locals.len() >= MAX_LOCALS {
                    return;
                }
                let name = self.new_name(Sort::Function);
                self.start();
                write!(self.out, "local function {name}").expect("a string takes any text");
                self.declare(name, Sort::Function, false);
                self.function(f);
                self.end();
            }
            Statement::GlobalFunction(number, f) => {
                self.start();
                write!(self.out, "function F{}", number % 2).expect("a string takes any text");
                self.function(f);
                self.end();
            }
            Statement::Return(values) => {
                self.start();
                self.out.push_str("do return ");
                self.expressions(values);
                self.out.push_str(" end");
                self.end();
            }
            Statement::Break(condition) => {
                if !self.around.loops.is_empty() {
                    self.jump(condition.as_ref(), "break");
                }
            }
            Statement::Continue(condition) => {
                if let Some((label, used)) = self.around.loops.last_mut() {
                    *used = true;
                    let action = format!("goto c{label}");
                    self.jump(condition.as_ref(), &action);
                }
            }
            Statement::Again(block, condition) => {
                self.serial += 1;
                let label = self.serial;
                self.line("do");
                self.line(&format!("::a{label}::"));
                self.line("tick();");
                self.block(block);
                self.jump(Some(condition), &format!("goto a{label}"));
                self.line("end");
            }
            Statement::Protected(block) => self.protected(block),
        }
    }
}
