//! The function being generated: code, constants, registers, variables.

use std::collections::HashMap;
use std::rc::Rc;

use super::Result;
use super::jump::{JumpList, NO_JUMP};
use crate::ast::{Chunk, Function, LocalId};
use crate::bytecode::opcodes::{Instruction, Op};
use crate::bytecode::prototype::{
    Constant, LineTable, LocalVar, MAX_FIELD_NAME, Prototype, UpvalueDesc, VarKind,
};
use crate::error::CompileError;
use crate::token::{Lexer, Place};

/// A function has fewer registers than this.
const MAX_REGISTERS: usize = 255;

/// What makes two constants the same.
#[derive(PartialEq, Eq, Hash)]
enum ConstantKey {
    Int(i64),
    Float(u64),
    Str(Rc<[u8]>),
}

/// A variable in scope.
pub(super) struct Active {
    /// Index of its debug information.
    debug: usize,
    /// Leaving its scope takes a `CLOSE`.
    pub needs_close: bool,
    /// It is to be closed: no tail calls in its scope.
    pub to_be_closed: bool,
}

/// A loop around the statement at hand.
pub(super) struct Loop {
    /// Jumps of its `break`s.
    pub breaks: JumpList,
    /// Number of active variables outside it.
    pub level: usize,
    /// Its exit closes everything above `level`, `break` need not.
    pub closes_at_exit: bool,
}

/// A label of the function.
#[derive(Clone)]
pub(super) struct Label {
    pub position: Option<u32>,
    pub pending: JumpList,
}

/// The state of generating one function.
pub(super) struct FunctionState<'a> {
    pub chunk: &'a Chunk,
    pub function: &'a Function,
    /// The text of the chunk, for messages.
    text: &'a [u8],
    source: &'a Rc<[u8]>,
    pub code: Vec<u32>,
    lines: Vec<u32>,
    /// Where in the text the instructions to come are from.
    pub place: Place,
    constants: Vec<Constant>,
    constant_index: HashMap<ConstantKey, u32>,
    pub templates: Vec<Box<[u16]>>,
    pub template_index: HashMap<Box<[u16]>, u32>,
    protos: Vec<Rc<Prototype>>,
    locals: Vec<LocalVar>,
    pub active: Vec<Active>,
    /// First free register.
    pub free: usize,
    max_stack: usize,
    /// Last instruction, unless a jump may arrive behind it.
    last: Option<u32>,
    pub loops: Vec<Loop>,
    pub labels: Vec<Label>,
}

impl<'a> FunctionState<'a> {
    /// Generates a function and those inside it.
    pub fn compile(
        chunk: &'a Chunk,
        function: &'a Function,
        text: &'a [u8],
        source: &'a Rc<[u8]>,
    ) -> Result<Prototype> {
        let label = Label {
            position: None,
            pending: NO_JUMP,
        };
        let mut state = FunctionState {
            chunk,
            function,
            text,
            source,
            code: Vec::new(),
            lines: Vec::new(),
            place: function.vararg_place,
            constants: Vec::new(),
            constant_index: HashMap::new(),
            templates: Vec::new(),
            template_index: HashMap::new(),
            protos: Vec::new(),
            locals: Vec::new(),
            active: Vec::new(),
            free: 0,
            max_stack: 2, // the calling convention wants two at least
            last: None,
            loops: Vec::new(),
            labels: vec![label; function.labels.len()],
        };
        for param in 0..u32::from(function.num_params) {
            state.activate(LocalId(param));
        }
        if function.is_vararg {
            state.emit(Op::VARARGPREP, function.num_params, 0, 0);
        }
        state.reserve(usize::from(function.num_params))?;
        state.statements(&function.body)?;
        state.place = function.end_place;
        state.return_nothing();
        state.leave_scope(0);
        state.thread_jumps();
        Ok(state.finish())
    }

    fn finish(self) -> Prototype {
        let mut lines = LineTable::default();
        for (pc, line) in self.lines.iter().enumerate() {
            lines.push(pc as u32, *line);
        }
        let upvalues = self
            .function
            .upvalues
            .iter()
            .map(UpvalueDesc::clone)
            .collect();
        Prototype {
            source: self.source.clone(),
            line_defined: self.function.line_defined,
            last_line_defined: self.function.last_line_defined,
            num_params: self.function.num_params,
            is_vararg: self.function.is_vararg,
            max_stack: self.max_stack as u8,
            code: self.code,
            constants: self.constants,
            templates: self.templates,
            protos: self.protos,
            upvalues,
            lines,
            locals: self.locals,
        }
    }

    /// Generates an inner function; its index.
    pub fn add_proto(&mut self, function: &'a Function) -> Result<u16> {
        let proto = FunctionState::compile(self.chunk, function, self.text, self.source)?;
        let index = u16::try_from(self.protos.len())
            .map_err(|_| self.error("too many functions in a function"))?;
        self.protos.push(Rc::new(proto));
        Ok(index)
    }

    /// An error that only code generation can find. The reference, which reads
    /// and generates in one pass, finds it at the token that comes next.
    pub fn error(&self, what: &str) -> CompileError {
        let mut lexer = Lexer::resume(self.text, self.source, self.place);
        match lexer.next_token() {
            Ok(next) => CompileError::at(
                self.source,
                lexer.line(),
                what.as_bytes(),
                Some(&next.near()),
            ),
            // Not reached: the parser has seen every token.
            Err(error) => error,
        }
    }

    // Code.

    /// The position of the next instruction.
    pub fn pc(&self) -> u32 {
        self.code.len() as u32
    }

    /// The next position, as one that a jump may reach: keeps instructions
    /// before and behind it from being merged.
    pub fn label_here(&mut self) -> u32 {
        self.last = None;
        self.pc()
    }

    /// Appends an instruction with zeroed extension words; its position.
    pub fn emit_word(&mut self, instruction: Instruction) -> u32 {
        let pc = self.pc();
        let extension = instruction.op().map_or(0, Op::extension_words);
        self.last = Some(pc);
        self.code.push(instruction.0);
        self.code.resize(self.code.len() + extension, 0);
        self.lines.resize(self.code.len(), self.place.line);
        pc
    }

    /// Appends an `A B C` instruction.
    pub fn emit(&mut self, op: Op, a: u8, b: u8, c: u8) -> u32 {
        self.emit_word(Instruction::abc(op, a, b, c))
    }

    /// Appends an instruction whose first extension word is `x1`.
    pub fn emit_extended(&mut self, op: Op, a: u8, b: u8, c: u8, x1: u32) -> u32 {
        let pc = self.emit(op, a, b, c);
        self.code[pc as usize + 1] = x1;
        pc
    }

    /// Gives the instruction at `pc`, the last one, another line.
    pub fn fix_line(&mut self, pc: u32, line: u32) {
        for word in &mut self.lines[pc as usize..] {
            *word = line;
        }
    }

    pub fn instruction(&self, pc: u32) -> Instruction {
        Instruction(self.code[pc as usize])
    }

    pub fn op(&self, pc: u32) -> Option<Op> {
        self.instruction(pc).op()
    }

    /// The last instruction, if it is certain to be executed right before the
    /// next one.
    pub fn last_instruction(&self) -> Option<(u32, Instruction)> {
        self.last.map(|pc| (pc, self.instruction(pc)))
    }

    pub fn set_a(&mut self, pc: u32, a: u8) {
        let word = &mut self.code[pc as usize];
        *word = *word & !0xff00 | u32::from(a) << 8;
    }

    pub fn set_b(&mut self, pc: u32, b: u8) {
        let word = &mut self.code[pc as usize];
        *word = *word & !0x00ff_0000 | u32::from(b) << 16;
    }

    pub fn set_c(&mut self, pc: u32, c: u8) {
        let word = &mut self.code[pc as usize];
        *word = *word & 0x00ff_ffff | u32::from(c) << 24;
    }

    /// Takes back the last instruction, at `pc`.
    pub fn remove_last(&mut self, pc: u32) {
        self.code.truncate(pc as usize);
        self.lines.truncate(pc as usize);
        self.last = None;
    }

    // Constants.

    fn constant(&mut self, key: ConstantKey, value: Constant) -> u32 {
        let constants = &mut self.constants;
        *self.constant_index.entry(key).or_insert_with(|| {
            constants.push(value);
            constants.len() as u32 - 1
        })
    }

    pub fn string_constant(&mut self, value: &Rc<[u8]>) -> u32 {
        self.constant(
            ConstantKey::Str(value.clone()),
            Constant::Str(value.clone()),
        )
    }

    pub fn int_constant(&mut self, value: i64) -> u32 {
        self.constant(ConstantKey::Int(value), Constant::Int(value))
    }

    pub fn float_constant(&mut self, value: f64) -> u32 {
        self.constant(ConstantKey::Float(value.to_bits()), Constant::Float(value))
    }

    /// The constant index of a string that field instructions can name.
    pub fn field_name(&mut self, name: &Rc<[u8]>) -> Option<u16> {
        if name.len() > MAX_FIELD_NAME {
            return None;
        }
        u16::try_from(self.string_constant(name)).ok()
    }

    // Registers.

    /// Makes sure that `count` registers can be used above the free one.
    pub fn check_stack(&mut self, count: usize) -> Result<()> {
        let needed = self.free + count;
        if needed > self.max_stack {
            if needed >= MAX_REGISTERS {
                return Err(self.error("function or expression needs too many registers"));
            }
            self.max_stack = needed;
        }
        Ok(())
    }

    pub fn reserve(&mut self, count: usize) -> Result<()> {
        self.check_stack(count)?;
        self.free += count;
        Ok(())
    }

    /// The free register, which must be below the limit already.
    pub fn free_register(&self) -> u8 {
        self.free as u8
    }

    /// Frees a register if it is a temporary; temporaries are freed in order.
    pub fn free_temporary(&mut self, register: u8) {
        if usize::from(register) >= self.active.len() {
            self.free -= 1;
            debug_assert_eq!(usize::from(register), self.free);
        }
    }

    /// Frees two registers in proper order.
    pub fn free_temporaries(&mut self, a: u8, b: u8) {
        self.free_temporary(a.max(b));
        self.free_temporary(a.min(b));
    }

    // Variables.

    /// Brings a variable into scope; its register holds its value already.
    pub fn activate(&mut self, id: LocalId) {
        let info = self.function.local(id);
        debug_assert_eq!(usize::from(info.register), self.active.len());
        self.locals.push(LocalVar {
            name: info.name.clone(),
            start_pc: self.pc(),
            end_pc: 0,
            register: info.register,
        });
        self.active.push(Active {
            debug: self.locals.len() - 1,
            needs_close: info.captured || info.kind == VarKind::Close,
            to_be_closed: info.kind == VarKind::Close,
        });
    }

    /// Lets the last variable begin here for the debugger.
    pub fn restart_last_variable(&mut self) {
        let pc = self.pc();
        if let Some(active) = self.active.last() {
            self.locals[active.debug].start_pc = pc;
        }
    }

    /// Whether leaving the scope of the variables from `level` on takes a `CLOSE`.
    pub fn needs_close(&self, level: usize) -> bool {
        self.active[level..].iter().any(|active| active.needs_close)
    }

    /// Ends the scope of the variables from `level` on.
    pub fn leave_scope(&mut self, level: usize) {
        let pc = self.pc();
        for active in self.active.drain(level..) {
            self.locals[active.debug].end_pc = pc;
        }
        self.free = level;
    }

    /// `CLOSE` for the variables from `level` on.
    pub fn emit_close(&mut self, level: usize) {
        self.emit(Op::CLOSE, level as u8, 0, 0);
    }
}
