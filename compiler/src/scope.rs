//! Scopes: which variable a name means, which labels a `goto` may reach, and
//! the limits of the register machine (200 variables, 255 upvalues).
//!
//! The parser drives this as it reads, because the reference finds these errors
//! while it reads. Variables get their registers here: those of the active
//! variables are consecutive from 0.

use std::rc::Rc;

use crate::ast::{Block, Function, GotoId, LabelId, LocalId, LocalInfo};
use crate::bytecode::prototype::{UpvalueDesc, VarKind};
use crate::token::Place;

/// Most local variables of a function.
const MAX_LOCALS: usize = 200;
/// Most upvalues of a function.
const MAX_UPVALUES: usize = 255;

/// The value of a compile-time constant (`local x <const> = 5`).
#[derive(Clone, Debug)]
pub enum ConstValue {
    /// `nil`
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(Rc<[u8]>),
}

/// What a name means.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// A variable of the innermost function.
    Local(LocalId),
    /// An upvalue of the innermost function.
    Upvalue(u8),
    /// A compile-time constant.
    Const(ConstValue),
    /// Nothing: a field of `_ENV`.
    Global,
}

/// A limit that was hit: what there is too much of, the limit, and the line of
/// the function.
#[derive(Debug)]
pub struct Limit {
    what: &'static str,
    limit: usize,
    line_defined: u32,
}

impl Limit {
    /// The message of the reference.
    pub fn message(&self) -> String {
        let place = match self.line_defined {
            0 => "main function".to_string(),
            line => format!("function at line {line}"),
        };
        format!(
            "too many {} (limit is {}) in {place}",
            self.what, self.limit
        )
    }
}

/// What a declared name stands for.
#[derive(Debug)]
enum Binding {
    Variable(LocalId),
    Constant(ConstValue),
}

#[derive(Debug)]
struct Declared {
    name: Rc<[u8]>,
    binding: Binding,
}

#[derive(Debug)]
struct BlockScope {
    first_active: usize,
    first_label: usize,
    first_goto: usize,
}

#[derive(Debug)]
struct VisibleLabel {
    name: Rc<[u8]>,
    line: u32,
    id: LabelId,
}

#[derive(Debug)]
struct PendingGoto {
    /// `None` for `break`.
    name: Option<Rc<[u8]>>,
    line: u32,
    active: usize,
    id: Option<GotoId>,
}

/// A function being parsed.
#[derive(Debug)]
struct FunctionScope {
    function: Function,
    /// Declared variables: the first `active` ones are in scope.
    declared: Vec<Declared>,
    active: usize,
    blocks: Vec<BlockScope>,
    labels: Vec<VisibleLabel>,
    pending: Vec<PendingGoto>,
}

impl FunctionScope {
    fn limit(&self, what: &'static str, limit: usize) -> Limit {
        Limit {
            what,
            limit,
            line_defined: self.function.line_defined,
        }
    }

    /// Registers taken by the first `active` declared names.
    fn register_level(&self, active: usize) -> u8 {
        self.declared[..active]
            .iter()
            .rev()
            .find_map(|declared| match declared.binding {
                Binding::Variable(id) => Some(self.function.local(id).register + 1),
                Binding::Constant(_) => None,
            })
            .unwrap_or(0)
    }

    fn find(&self, name: &[u8]) -> Option<&Declared> {
        self.declared[..self.active]
            .iter()
            .rev()
            .find(|declared| &*declared.name == name)
    }

    fn find_label(&self, name: &[u8]) -> Option<&VisibleLabel> {
        self.labels.iter().find(|label| &*label.name == name)
    }
}

/// The functions being parsed, innermost last.
#[derive(Debug, Default)]
pub struct Scopes {
    functions: Vec<FunctionScope>,
}

impl Scopes {
    fn top(&mut self) -> &mut FunctionScope {
        self.functions
            .last_mut()
            .expect("a function is being parsed")
    }

    fn top_ref(&self) -> &FunctionScope {
        self.functions.last().expect("a function is being parsed")
    }

    /// Starts a function and its outermost block.
    pub fn open_function(&mut self, line_defined: u32) {
        self.functions.push(FunctionScope {
            function: Function {
                line_defined,
                last_line_defined: 0,
                end_place: Place::START,
                vararg_place: Place::START,
                num_params: 0,
                is_vararg: false,
                locals: Vec::new(),
                upvalues: Vec::new(),
                labels: Vec::new(),
                gotos: Vec::new(),
                body: Block::default(),
            },
            declared: Vec::new(),
            active: 0,
            blocks: Vec::new(),
            labels: Vec::new(),
            pending: Vec::new(),
        });
        self.enter_block();
    }

    /// Ends the innermost function; the error is the message about a `goto`
    /// without label.
    pub fn close_function(&mut self) -> Result<Function, String> {
        self.leave_block(false)?;
        let scope = self.functions.pop().expect("a function is being parsed");
        Ok(scope.function)
    }

    /// The innermost function.
    pub fn function(&mut self) -> &mut Function {
        &mut self.top().function
    }

    /// Gives a main function its `_ENV`.
    pub fn add_environment(&mut self, name: Rc<[u8]>) {
        let desc = UpvalueDesc {
            name,
            in_stack: true,
            index: 0,
            kind: VarKind::Regular,
        };
        self.top().function.upvalues.push(desc);
    }

    /// Starts a block.
    pub fn enter_block(&mut self) {
        let scope = self.top();
        let block = BlockScope {
            first_active: scope.active,
            first_label: scope.labels.len(),
            first_goto: scope.pending.len(),
        };
        scope.blocks.push(block);
    }

    /// Ends a block; pending `break`s stop at a loop's.
    pub fn leave_block(&mut self, is_loop: bool) -> Result<(), String> {
        let scope = self.top();
        let block = scope.blocks.pop().expect("a block is open");
        scope.declared.truncate(block.first_active);
        scope.active = block.first_active;
        scope.labels.truncate(block.first_label);
        if is_loop {
            let mut index = 0;
            scope.pending.retain(|pending| {
                index += 1;
                index <= block.first_goto || pending.name.is_some()
            });
        }
        if !scope.blocks.is_empty() {
            for pending in &mut scope.pending[block.first_goto..] {
                pending.active = block.first_active;
            }
            return Ok(());
        }
        match scope.pending.get(block.first_goto) {
            None => Ok(()),
            Some(PendingGoto {
                name: None, line, ..
            }) => Err(format!("break outside loop at line {line}")),
            Some(PendingGoto {
                name: Some(name),
                line,
                ..
            }) => {
                let name = String::from_utf8_lossy(name);
                Err(format!(
                    "no visible label '{name}' for <goto> at line {line}"
                ))
            }
        }
    }

    /// Declares a variable, which is not yet in scope.
    pub fn declare(&mut self, name: Rc<[u8]>) -> Result<LocalId, Limit> {
        let scope = self.top();
        if scope.declared.len() >= MAX_LOCALS {
            return Err(scope.limit("local variables", MAX_LOCALS));
        }
        let id = LocalId(scope.function.locals.len() as u32);
        let info = LocalInfo {
            name: name.clone(),
            kind: VarKind::Regular,
            register: 0,
            captured: false,
        };
        scope.function.locals.push(info);
        scope.declared.push(Declared {
            name,
            binding: Binding::Variable(id),
        });
        Ok(id)
    }

    /// Sets the attrib of a variable just declared.
    pub fn set_kind(&mut self, id: LocalId, kind: VarKind) {
        self.top().function.locals[id.0 as usize].kind = kind;
    }

    /// Brings the next `count` declared variables into scope and gives them
    /// registers.
    pub fn activate(&mut self, count: usize) {
        let scope = self.top();
        let mut register = scope.register_level(scope.active);
        for index in scope.active..scope.active + count {
            if let Binding::Variable(id) = scope.declared[index].binding {
                scope.function.locals[id.0 as usize].register = register;
                register += 1;
            }
        }
        scope.active += count;
    }

    /// Makes the last declared variable a compile-time constant.
    pub fn make_constant(&mut self, value: ConstValue) {
        let last = self
            .top()
            .declared
            .last_mut()
            .expect("a variable was declared");
        last.binding = Binding::Constant(value);
    }

    /// Finds what `name` means in the innermost function.
    pub fn resolve(&mut self, name: &Rc<[u8]>) -> Result<Resolved, Limit> {
        self.resolve_at(self.functions.len() - 1, name)
    }

    fn resolve_at(&mut self, level: usize, name: &Rc<[u8]>) -> Result<Resolved, Limit> {
        // Walk outwards until some function knows the name, ...
        let mut owner = level;
        let mut found = loop {
            let scope = &self.functions[owner];
            if let Some(declared) = scope.find(name) {
                break match &declared.binding {
                    Binding::Variable(id) => Resolved::Local(*id),
                    Binding::Constant(value) => return Ok(Resolved::Const(value.clone())),
                };
            }
            let known = scope
                .function
                .upvalues
                .iter()
                .position(|upvalue| upvalue.name == *name);
            if let Some(index) = known {
                break Resolved::Upvalue(index as u8);
            }
            if owner == 0 {
                return Ok(Resolved::Global);
            }
            owner -= 1;
        };
        // ... then hand it inwards as an upvalue.
        while owner < level {
            let outer = &mut self.functions[owner].function;
            let (in_stack, index, kind) = match found {
                Resolved::Local(id) => {
                    let local = &mut outer.locals[id.0 as usize];
                    local.captured = true;
                    (true, local.register, local.kind)
                }
                Resolved::Upvalue(index) => (false, index, outer.upvalues[index as usize].kind),
                Resolved::Const(_) | Resolved::Global => return Ok(found),
            };
            owner += 1;
            let inner = &mut self.functions[owner];
            if inner.function.upvalues.len() >= MAX_UPVALUES {
                return Err(inner.limit("upvalues", MAX_UPVALUES));
            }
            found = Resolved::Upvalue(inner.function.upvalues.len() as u8);
            inner.function.upvalues.push(UpvalueDesc {
                name: name.clone(),
                in_stack,
                index,
                kind,
            });
        }
        Ok(found)
    }

    /// The name of a local variable that must not be assigned to.
    pub fn read_only_local(&self, id: LocalId) -> Option<Rc<[u8]>> {
        let local = self.top_ref().function.local(id);
        (local.kind != VarKind::Regular).then(|| local.name.clone())
    }

    /// The name of an upvalue that must not be assigned to.
    pub fn read_only_upvalue(&self, index: u8) -> Option<Rc<[u8]>> {
        let upvalue = &self.top_ref().function.upvalues[index as usize];
        (upvalue.kind != VarKind::Regular).then(|| upvalue.name.clone())
    }

    /// Notes a `break`, to be stopped by a loop.
    pub fn add_break(&mut self, line: u32) {
        let scope = self.top();
        let active = scope.active;
        scope.pending.push(PendingGoto {
            name: None,
            line,
            active,
            id: None,
        });
    }

    /// Notes a `goto`.
    pub fn add_goto(&mut self, name: Rc<[u8]>, line: u32) -> GotoId {
        let scope = self.top();
        let id = GotoId(scope.function.gotos.len() as u32);
        match scope.find_label(&name) {
            Some(label) => {
                let label = label.id;
                scope.function.gotos.push(label);
            }
            None => {
                scope.function.gotos.push(LabelId(u32::MAX));
                let active = scope.active;
                scope.pending.push(PendingGoto {
                    name: Some(name),
                    line,
                    active,
                    id: Some(id),
                });
            }
        }
        id
    }

    /// Fails if a label of that name is visible.
    pub fn check_repeated_label(&self, name: &[u8]) -> Result<(), String> {
        match self.top_ref().find_label(name) {
            None => Ok(()),
            Some(label) => Err(format!(
                "label '{}' already defined on line {}",
                String::from_utf8_lossy(name),
                label.line
            )),
        }
    }

    /// Defines a label and resolves the pending gotos of this block to it. A
    /// label that ends its block counts as behind the scope of its variables.
    pub fn add_label(
        &mut self,
        name: Rc<[u8]>,
        line: u32,
        ends_block: bool,
    ) -> Result<LabelId, String> {
        let scope = self.top();
        let block = scope.blocks.last().expect("a block is open");
        let (first_active, first_goto) = (block.first_active, block.first_goto);
        let active = if ends_block {
            first_active
        } else {
            scope.active
        };
        let id = LabelId(scope.function.labels.len() as u32);
        scope.function.labels.push(scope.register_level(active));
        let mut index = first_goto;
        while index < scope.pending.len() {
            let pending = &scope.pending[index];
            if pending.name.as_ref() != Some(&name) {
                index += 1;
                continue;
            }
            if pending.active < active {
                return Err(format!(
                    "<goto {}> at line {} jumps into the scope of local '{}'",
                    String::from_utf8_lossy(&name),
                    pending.line,
                    String::from_utf8_lossy(&scope.declared[pending.active].name),
                ));
            }
            if let Some(goto) = pending.id {
                scope.function.gotos[goto.0 as usize] = id;
            }
            scope.pending.remove(index);
        }
        scope.labels.push(VisibleLabel { name, line, id });
        Ok(id)
    }
}
