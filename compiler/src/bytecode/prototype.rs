//! The compiled form of a function: code, constants, nested prototypes and what
//! error messages and tracebacks need. Plain data, no heap references.

use std::rc::Rc;

/// Longest string that field instructions and templates may name: every such
/// name is short enough to be interned.
pub const MAX_FIELD_NAME: usize = 40;

/// A constant of a function. No two equal constants in one prototype.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float (compare by bits: `0.0` and `-0.0` are two constants).
    Float(f64),
    /// A string of bytes. Equal strings of one chunk, in whatever function, share
    /// their bytes when they come from the compiler.
    Str(Rc<[u8]>),
}

/// Where a new closure finds one of its upvalues.
#[derive(Clone, Debug)]
pub struct UpvalueDesc {
    /// The variable's name; empty when stripped.
    pub name: Rc<[u8]>,
    /// True: register `index` of the enclosing function; false: its upvalue `index`.
    pub in_stack: bool,
    /// Register or upvalue index.
    pub index: u8,
    /// Whether the variable can be assigned, and must be closed.
    pub kind: VarKind,
}

/// The attrib of a local variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarKind {
    /// An ordinary variable.
    Regular,
    /// `<const>`
    Const,
    /// `<close>`
    Close,
}

/// A local variable's name and the code range where it is alive.
#[derive(Clone, Debug)]
pub struct LocalVar {
    /// Name, as in the source; `(for state)` and the like for hidden ones.
    pub name: Rc<[u8]>,
    /// First word of the code where the variable is active.
    pub start_pc: u32,
    /// First word where it is dead.
    pub end_pc: u32,
    /// Its register.
    pub register: u8,
}

/// A compiled function.
#[derive(Clone, Debug)]
pub struct Prototype {
    /// Chunk name as given to the compiler (`@file`, `=name` or source text).
    pub source: Rc<[u8]>,
    /// Line of `function`, 0 for a main chunk.
    pub line_defined: u32,
    /// Line of `end`, 0 for a main chunk.
    pub last_line_defined: u32,
    /// Number of fixed parameters.
    pub num_params: u8,
    /// Whether it has `...` (its first instruction is then VARARGPREP).
    pub is_vararg: bool,
    /// Registers it needs (at least 2).
    pub max_stack: u8,
    /// Instructions and their extension words.
    pub code: Vec<u32>,
    /// Constants.
    pub constants: Vec<Constant>,
    /// Field names (constant indices) of record constructors, in order, for NEWOBJ.
    pub templates: Vec<Box<[u16]>>,
    /// Functions defined inside.
    pub protos: Vec<Rc<Prototype>>,
    /// Upvalue descriptions.
    pub upvalues: Vec<UpvalueDesc>,
    /// Source line of each word of `code`; empty when stripped.
    pub lines: LineTable,
    /// Local variables, by `start_pc`; empty when stripped.
    pub locals: Vec<LocalVar>,
}

/// Source lines of the code words, as runs: `(first word, line)`, sorted by word.
#[derive(Clone, Debug, Default)]
pub struct LineTable {
    /// The runs.
    pub runs: Vec<(u32, u32)>,
}

impl LineTable {
    /// Appends the line of word `pc` (words come in order).
    pub fn push(&mut self, pc: u32, line: u32) {
        if self.runs.last().is_none_or(|r| r.1 != line) {
            self.runs.push((pc, line));
        }
    }
    /// The line of word `pc`, or `None` when line information was stripped.
    pub fn line(&self, pc: u32) -> Option<u32> {
        let i = self.runs.partition_point(|r| r.0 <= pc);
        (i > 0).then(|| self.runs[i - 1].1)
    }
}
