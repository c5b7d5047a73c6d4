//! The syntax tree, with names already resolved.
//!
//! Expressions live in one arena per chunk and refer to each other by index, so
//! that a chain of a hundred thousand operators costs no recursion when the
//! tree is dropped. Statements nest by ownership; the parser bounds how deep.
//!
//! Many nodes carry lines. They are the lines the reference implementation
//! would note for the instructions it emits at that point of the text, which is
//! the line of the last token consumed; tracebacks and messages show them.

use std::rc::Rc;

use crate::bytecode::prototype::{UpvalueDesc, VarKind};

/// Index of an expression in the arena of its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExprId(pub u32);

/// Index of a local variable in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalId(pub u32);

/// Index of a label in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelId(pub u32);

/// Index of a `goto` in its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GotoId(pub u32);

/// A parsed chunk.
#[derive(Debug)]
pub struct Chunk {
    /// All expressions.
    pub exprs: Vec<Node>,
    /// The main function.
    pub main: Function,
}

impl Chunk {
    /// The expression with the given index.
    pub fn node(&self, id: ExprId) -> &Node {
        &self.exprs[id.0 as usize]
    }
}

/// An expression and the line of its last token.
#[derive(Debug)]
pub struct Node {
    /// The expression.
    pub expr: Expr,
    /// Line of its last token.
    pub line: u32,
}

/// An expression.
#[derive(Debug)]
pub enum Expr {
    /// `nil`
    Nil,
    /// `true`
    True,
    /// `false`
    False,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A literal string.
    Str(Rc<[u8]>),
    /// `...`
    Vararg {
        /// Line of the token before it.
        line: u32,
    },
    /// A function body.
    Function(Box<Function>),
    /// A local variable of the function at hand.
    Local(LocalId),
    /// An upvalue of the function at hand.
    Upvalue(u8),
    /// `object[key]`, also for `object.key` and globals (`_ENV.key`).
    Index {
        /// What is indexed.
        object: ExprId,
        /// The key.
        key: ExprId,
    },
    /// `function(arguments)`
    Call {
        /// What is called.
        function: ExprId,
        /// The arguments.
        arguments: Vec<Item>,
        /// Line where the arguments start.
        line: u32,
    },
    /// `object:name(arguments)`
    Method {
        /// The receiver.
        object: ExprId,
        /// The method's name.
        name: Rc<[u8]>,
        /// Line of the name.
        name_line: u32,
        /// The arguments.
        arguments: Vec<Item>,
        /// Line where the arguments start.
        line: u32,
    },
    /// `(inner)`: one value, and no variable.
    Paren(ExprId),
    /// A prefix operation.
    Unary {
        /// The operator.
        operator: UnaryOp,
        /// The operand.
        operand: ExprId,
        /// Line of the operator.
        line: u32,
    },
    /// An infix operation.
    Binary {
        /// The operator.
        operator: BinaryOp,
        /// First operand.
        left: ExprId,
        /// Second operand.
        right: ExprId,
        /// Line of the operator.
        line: u32,
    },
    /// A table constructor.
    Table {
        /// The fields, in order.
        fields: Vec<Field>,
        /// Line of the token before it.
        line: u32,
    },
}

/// A member of an expression list.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The expression.
    pub expr: ExprId,
    /// Line where its value is put in its place: that of the following comma
    /// or closing parenthesis.
    pub line: u32,
}

/// A field of a table constructor.
#[derive(Debug)]
pub enum Field {
    /// `value`
    Positional(Item),
    /// `name = value` or `[key] = value`
    Keyed {
        /// The key.
        key: ExprId,
        /// Line of the `=`.
        line: u32,
        /// The value.
        value: ExprId,
    },
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `~`
    BitNot,
    /// `not`
    Not,
    /// `#`
    Length,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Mod,
    Pow,
    Div,
    IntDiv,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    Concat,
    Equal,
    Less,
    LessEqual,
    NotEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

impl BinaryOp {
    /// How strongly the operator binds to its left and to its right operand.
    pub const fn priority(self) -> (u8, u8) {
        use BinaryOp::*;
        match self {
            Pow => (14, 13),
            Mul | Mod | Div | IntDiv => (11, 11),
            Add | Sub => (10, 10),
            Concat => (9, 8),
            ShiftLeft | ShiftRight => (7, 7),
            BitAnd => (6, 6),
            BitXor => (5, 5),
            BitOr => (4, 4),
            Equal | Less | LessEqual | NotEqual | Greater | GreaterEqual => (3, 3),
            And => (2, 2),
            Or => (1, 1),
        }
    }
}

/// How strongly a prefix operator binds.
pub const UNARY_PRIORITY: u8 = 12;

/// A sequence of statements.
#[derive(Debug, Default)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
    /// Line of the last token before the block's end.
    pub line: u32,
}

/// A statement.
#[derive(Debug)]
pub enum Statement {
    /// `local variables = values`
    Local {
        /// The variables, without a last compile-time constant.
        variables: Vec<LocalId>,
        /// The to-be-closed one, if any, as index into `variables`.
        close: Option<usize>,
        /// The values, without that of a compile-time constant.
        values: Vec<Item>,
        /// Line of the last token.
        line: u32,
    },
    /// `targets = values`
    Assign {
        /// The variables.
        targets: Vec<ExprId>,
        /// The values.
        values: Vec<Item>,
    },
    /// A call for its effects.
    Call(ExprId),
    /// `do ... end`
    Do(Block),
    /// `while condition do ... end`
    While {
        /// The condition.
        condition: ExprId,
        /// The body.
        body: Block,
    },
    /// `repeat ... until condition`
    Repeat {
        /// The body, whose scope includes the condition.
        body: Block,
        /// The condition.
        condition: ExprId,
    },
    /// `if ... elseif ... else ... end`
    If {
        /// Conditions and blocks.
        arms: Vec<Arm>,
        /// The block of `else`.
        otherwise: Option<Block>,
    },
    /// `for variable = start, limit, step do ... end`
    NumericFor {
        /// Three hidden variables and the visible one.
        variables: [LocalId; 4],
        /// Start and limit and, if given, step.
        bounds: Vec<ExprId>,
        /// Line of `for`.
        line: u32,
        /// Line of `do`.
        do_line: u32,
        /// The body.
        body: Block,
    },
    /// `for variables in values do ... end`
    GenericFor {
        /// Four hidden variables, then the visible ones.
        variables: Vec<LocalId>,
        /// Iterator, state, control, closing value.
        values: Vec<Item>,
        /// Its lines.
        lines: ForLines,
        /// The body.
        body: Block,
    },
    /// `function a.b:c() ... end`
    Function {
        /// Where the function goes.
        target: ExprId,
        /// The function.
        function: ExprId,
        /// Line of `function`.
        line: u32,
    },
    /// `local function name() ... end`
    LocalFunction {
        /// The variable.
        variable: LocalId,
        /// The function.
        function: ExprId,
    },
    /// `return values`
    Return {
        /// The values.
        values: Vec<Item>,
        /// Line of the last token.
        line: u32,
    },
    /// `break`
    Break {
        /// Its line.
        line: u32,
    },
    /// `goto name`
    Goto {
        /// Finds the label in [`Function::gotos`].
        id: GotoId,
        /// Its line.
        line: u32,
    },
    /// `::name::`
    Label(LabelId),
}

/// The lines of a generic `for`.
#[derive(Clone, Copy, Debug)]
pub struct ForLines {
    /// Where its values start.
    pub head: u32,
    /// Of `do`.
    pub body: u32,
    /// Of `end`.
    pub end: u32,
}

/// One `if` or `elseif`.
#[derive(Debug)]
pub struct Arm {
    /// The condition.
    pub condition: ExprId,
    /// Line of `then`.
    pub then_line: u32,
    /// What to do.
    pub block: Block,
}

/// A local variable of a function.
#[derive(Debug)]
pub struct LocalInfo {
    /// Its name.
    pub name: Rc<[u8]>,
    /// Its attrib.
    pub kind: VarKind,
    /// Its register.
    pub register: u8,
    /// Whether an inner function uses it.
    pub captured: bool,
}

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Line of `function`, 0 for a main chunk.
    pub line_defined: u32,
    /// Line of `end`, 0 for a main chunk.
    pub last_line_defined: u32,
    /// Line of the final return.
    pub end_line: u32,
    /// Line of the token before the parameters' end, where `...` is prepared.
    pub vararg_line: u32,
    /// Number of fixed parameters: the first variables of `locals`.
    pub num_params: u8,
    /// Whether it has `...`.
    pub is_vararg: bool,
    /// All local variables, in order of declaration.
    pub locals: Vec<LocalInfo>,
    /// The upvalues.
    pub upvalues: Vec<UpvalueDesc>,
    /// For each label, the number of registers in use by variables there.
    pub labels: Vec<u8>,
    /// For each `goto`, its label.
    pub gotos: Vec<LabelId>,
    /// The body.
    pub body: Block,
}

impl Function {
    /// The variable with the given index.
    pub fn local(&self, id: LocalId) -> &LocalInfo {
        &self.locals[id.0 as usize]
    }
}
