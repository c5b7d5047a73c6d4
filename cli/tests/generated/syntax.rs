//! The trees of generated programs.
//!
//! Expressions have a sort, so that most of what a program does makes sense;
//! a name is a number that stands for one of the variables of its sort in
//! scope, whatever those are, so that any part of a tree can be cut away.

/// What an expression is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Number,
    Text,
    Table,
    Function,
}

impl Sort {
    pub const ALL: [Sort; 4] = [Sort::Number, Sort::Text, Sort::Table, Sort::Function];

    /// The letter with which names of variables of this sort begin.
    pub fn letter(self) -> char {
        match self {
            Sort::Number => 'n',
            Sort::Text => 's',
            Sort::Table => 't',
            Sort::Function => 'f',
        }
    }
}

#[derive(Clone, Debug)]
pub enum Expr {
    /// A literal, or a call of the prelude without arguments of interest.
    Literal(String),
    Integer(i64),
    Name(Sort, u8),
    Vararg,
    Function(Box<Function>),
    /// A coroutine that looks like a function.
    Wrapped(Box<Function>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Concat(Vec<Expr>),
    Paren(Box<Expr>),
    Field(Box<Expr>, &'static str),
    Index(Box<Expr>, Box<Expr>),
    /// A call of something.
    Call(Box<Expr>, Vec<Expr>),
    /// A call of something by way of the prelude's function of that name, which
    /// makes the result what it should be.
    Checked(&'static str, Box<Expr>),
    Method(Box<Expr>, &'static str, Vec<Expr>),
    Table(Vec<Field>),
}

#[derive(Clone, Debug)]
pub enum Field {
    Item(Expr),
    Named(&'static str, Expr),
    Keyed(Expr, Expr),
}

#[derive(Clone, Debug)]
pub struct Function {
    pub parameters: Vec<Sort>,
    pub vararg: bool,
    pub body: Block,
    pub results: Vec<Expr>,
}

pub type Block = Vec<Statement>;

#[derive(Clone, Copy, Debug)]
pub enum Attrib {
    None,
    Const,
}

#[derive(Clone, Debug)]
pub enum Statement {
    /// Shows values.
    Out(Vec<Expr>),
    Local(Vec<(Sort, Attrib)>, Vec<Expr>),
    /// A to-be-closed variable that shows when it is closed.
    Closing(u8),
    Assign(Vec<Target>, Vec<Expr>),
    Call(Expr),
    Do(Block),
    While(Expr, Block),
    Repeat(Block, Expr),
    If(Vec<(Expr, Block)>, Option<Block>),
    NumericFor(Vec<Expr>, Block),
    GenericFor(Iterate, Block),
    LocalFunction(Function),
    GlobalFunction(u8, Function),
    Return(Vec<Expr>),
    Break(Option<Expr>),
    Continue(Option<Expr>),
    /// A loop made of a label and a `goto`.
    Again(Block, Expr),
    /// The block as a protected call, whose results are shown.
    Protected(Block),
}

#[derive(Clone, Debug)]
pub enum Target {
    Name(Sort, u8),
    Field(Expr, &'static str),
    Index(Expr, Expr),
}

#[derive(Clone, Debug)]
pub enum Iterate {
    Ipairs(Expr),
    /// Keys in sorted order: those of `pairs` have none.
    Sorted(Expr),
    /// Any function.
    Function(Expr),
}

/// A program: blocks that are run one after the other, whatever happens to them.
pub type Program = Vec<Block>;
