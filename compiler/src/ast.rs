//! The syntax tree, with names already resolved.
//!
//! Expressions live in one arena per chunk and refer to each other by index, so
//! that a chain of a hundred thousand operators costs no recursion when the
//! tree is dropped. Statements nest by ownership; the parser bounds how deep.
//!
//! Many nodes carry [`Place`]s. They are where the reference implementation
//! would stand when it emits instructions at that point of the text: behind the
//! last token consumed. Tracebacks and messages show its line, messages about
//! exhausted registers also the token that comes next.

use std::rc::Rc;

use crate::bytecode::prototype::{UpvalueDesc, VarKind};
use crate::token::Place;

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

/// An expression and where it ends.
#[derive(Debug)]
pub struct Node {
    /// The expression.
    pub expr: Expr,
    /// Behind its last token.
    pub place: Place,
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
        /// Behind the token before it.
        place: Place,
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
        /// Behind the name.
        name_place: Place,
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
        /// Behind the operator.
        place: Place,
    },
    /// A table constructor.
    Table {
        /// The fields, in order.
        fields: Vec<Field>,
        /// Behind the token before it.
        place: Place,
    },
}

/// A member of an expression list.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The expression.
    pub expr: ExprId,
    /// Where its value is put in its register: behind the following comma or
    /// closing parenthesis.
    pub place: Place,
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
        /// Behind the `=`.
        place: Place,
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
    /// Behind the last token before the block's end.
    pub place: Place,
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
        /// Behind the last token.
        place: Place,
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
        /// Behind `do`.
        do_place: Place,
        /// The body.
        body: Block,
    },
    /// `for variables in values do ... end`
    GenericFor {
        /// Four hidden variables, then the visible ones.
        variables: Vec<LocalId>,
        /// Iterator, state, control, closing value.
        values: Vec<Item>,
        /// Where its parts are.
        places: ForPlaces,
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
        /// Behind the last token.
        place: Place,
    },
    /// `break`
    Break {
        /// Behind it.
        place: Place,
    },
    /// `goto name`
    Goto {
        /// Finds the label in [`Function::gotos`].
        id: GotoId,
        /// Behind it.
        place: Place,
    },
    /// `::name::`
    Label(LabelId),
}

/// The places of a generic `for`.
#[derive(Clone, Copy, Debug)]
pub struct ForPlaces {
    /// Line where its values start.
    pub head_line: u32,
    /// Behind `do`.
    pub body: Place,
    /// Behind `end`.
    pub end: Place,
}

/// One `if` or `elseif`.
#[derive(Debug)]
pub struct Arm {
    /// The condition.
    pub condition: ExprId,
    /// Behind `then`.
    pub then_place: Place,
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
    /// Where the final return is emitted.
    pub end_place: Place,
    /// Behind the `...` of the parameters, where it is prepared.
    pub vararg_place: Place,
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
