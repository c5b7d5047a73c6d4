//! What to generate: strategies by sort and depth, each level made of the ones
//! below it. Earlier alternatives are the simpler ones: `proptest` shrinks
//! towards them.

use super::syntax::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const INTEGERS: &[i64] = &[
    0,
    1,
    2,
    3,
    5,
    7,
    -1,
    -2,
    10,
    63,
    64,
    100,
    255,
    256,
    -128,
    65535,
    1_000_003,
    0x7fff_ffff,
    0x8000_0000,
    (1 << 49) - 1,
    1 << 49,
    -(1 << 49) - 1,
    (1 << 53) + 1,
    i64::MAX,
    i64::MIN,
];

const FLOATS: &[&str] = &[
    "0.5",
    "1.0",
    "2.0",
    "-1.5",
    "3.0",
    "0.1",
    "1e15",
    "1e100",
    "-2.5",
    "9007199254740993.0",
    "2^53",
    "2^63",
    "1e308",
    "5e-324",
    "(1/0)",
    "(-1/0)",
    "(0/0)",
    "0x1.8p3",
    "127.0",
    "-128.0",
];

const TEXTS: &[&str] = &[
    "'a'",
    "''",
    "'10'",
    "'0x10'",
    "' 3.5 '",
    "'abc'",
    "'1e2'",
    "'x\\0y'",
    "[[long]]",
    "'-7'",
    "'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'",
];

const FIELDS: &[&str] = &["x", "y", "name", "next"];
const METHODS: &[&str] = &["get", "set", "raise"];
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "//", "%", "^"];
const BITWISE: &[&str] = &["&", "|", "~", "<<", ">>"];
const COMPARISON: &[&str] = &["==", "~=", "<", "<=", ">", ">="];

/// The strategies of one depth.
#[derive(Clone)]
struct Level {
    number: BoxedStrategy<Expr>,
    text: BoxedStrategy<Expr>,
    table: BoxedStrategy<Expr>,
    function: BoxedStrategy<Expr>,
    truth: BoxedStrategy<Expr>,
    /// Anything, sensible or not.
    any: BoxedStrategy<Expr>,
    call: BoxedStrategy<Expr>,
    body: BoxedStrategy<Function>,
    block: BoxedStrategy<Block>,
}

fn boxed(e: Expr) -> Box<Expr> {
    Box::new(e)
}

fn name(sort: Sort) -> impl Strategy<Value = Expr> {
    (0u8..8).prop_map(move |n| Expr::Name(sort, n))
}

fn literal(of: &'static [&'static str]) -> impl Strategy<Value = Expr> {
    select(of).prop_map(|text| Expr::Literal(text.to_owned()))
}

fn sort() -> impl Strategy<Value = Sort> {
    select(&Sort::ALL[..])
}

/// Expressions without parts.
fn leaves() -> Level {
    let number = prop_oneof![
        3 => select(INTEGERS).prop_map(Expr::Integer),
        4 => name(Sort::Number),
        1 => any::<i64>().prop_map(Expr::Integer),
        2 => literal(FLOATS),
    ]
    .boxed();
    let text = prop_oneof![2 => literal(TEXTS), 2 => name(Sort::Text)].boxed();
    let table = prop_oneof![
        3 => name(Sort::Table),
        1 => Just(Expr::Literal("{}".to_owned())),
        1 => Just(Expr::Literal("list(3)".to_owned())),
        1 => (0..4).prop_map(|n| Expr::Literal(format!("object({n})"))),
    ]
    .boxed();
    let function = prop_oneof![
        3 => name(Sort::Function),
        1 => select(&["out", "tostring", "show", "select", "type", "math.type"][..])
            .prop_map(|text| Expr::Literal(text.to_owned())),
    ]
    .boxed();
    let truth = select(&["true", "false", "nil"][..])
        .prop_map(|text| Expr::Literal(text.to_owned()))
        .boxed();
    let any = prop_oneof![
        4 => number.clone(),
        2 => text.clone(),
        2 => truth.clone(),
        2 => table.clone(),
        1 => function.clone(),
        1 => Just(Expr::Vararg),
    ]
    .boxed();
    let call = (function.clone(), vec(any.clone(), 0..3))
        .prop_map(|(f, a)| Expr::Call(boxed(f), a))
        .boxed();
    let body = Just(Function {
        parameters: Vec::new(),
        vararg: false,
        body: Vec::new(),
        results: vec![Expr::Integer(1)],
    })
    .boxed();
    let block = vec(any.clone(), 1..3)
        .prop_map(|values| vec![Statement::Out(values)])
        .boxed();
    Level {
        number,
        text,
        table,
        function,
        truth,
        any,
        call,
        body,
        block,
    }
}

fn binary(
    operators: &'static [&'static str],
    left: &BoxedStrategy<Expr>,
    right: &BoxedStrategy<Expr>,
) -> impl Strategy<Value = Expr> + use<> {
    (select(operators), left.clone(), right.clone())
        .prop_map(|(op, l, r)| Expr::Binary(op, boxed(l), boxed(r)))
}

/// The next depth.
fn deeper(low: &Level) -> Level {
    // Mostly of the wanted sort, now and then not.
    let wild =
        |sort: &BoxedStrategy<Expr>| prop_oneof![15 => sort.clone(), 1 => low.any.clone()].boxed();
    let (number, text) = (wild(&low.number), wild(&low.text));
    let (table, function) = (wild(&low.table), wild(&low.function));
    let any = low.any.clone();
    let item = low.any.clone();
    let checked = |check: &'static str, e: &BoxedStrategy<Expr>| {
        e.clone().prop_map(move |e| Expr::Checked(check, boxed(e)))
    };
    let field = (table.clone(), select(FIELDS)).prop_map(|(t, f)| Expr::Field(boxed(t), f));
    let index = (table.clone(), any.clone()).prop_map(|(t, k)| Expr::Index(boxed(t), boxed(k)));
    let call = prop_oneof![
        3 => (function.clone(), vec(item.clone(), 0..4)).prop_map(|(f, a)| Expr::Call(boxed(f), a)),
        1 => (table.clone(), select(METHODS), vec(item.clone(), 0..3))
            .prop_map(|(t, m, a)| Expr::Method(boxed(t), m, a)),
        1 => vec(item.clone(), 0..3)
            .prop_map(|a| Expr::Call(boxed(Expr::Literal("coroutine.yield".to_owned())), a)),
    ]
    .boxed();
    let truth = prop_oneof![
        low.truth.clone(),
        binary(COMPARISON, &number, &number),
        binary(COMPARISON, &text, &text),
        binary(&["==", "~="], &any, &any),
        binary(&["and", "or"], &low.truth, &low.truth),
        low.truth.clone().prop_map(|e| Expr::Unary("not", boxed(e))),
    ]
    .boxed();
    let choice = |sort: &BoxedStrategy<Expr>| {
        prop_oneof![
            binary(&["or"], sort, sort),
            binary(&["and"], &low.truth, sort),
            (low.truth.clone(), sort.clone(), sort.clone()).prop_map(|(c, a, b)| {
                let and = Expr::Binary("and", boxed(c), boxed(a));
                Expr::Binary("or", boxed(and), boxed(b))
            }),
        ]
    };
    let new_number = prop_oneof![
        3 => low.number.clone(),
        6 => binary(ARITHMETIC, &number, &number),
        1 => binary(ARITHMETIC, &number, &any),
        2 => binary(BITWISE, &number, &number),
        1 => number.clone().prop_map(|e| Expr::Unary("-", boxed(e))),
        1 => number.clone().prop_map(|e| Expr::Unary("~", boxed(e))),
        1 => text.clone().prop_map(|e| Expr::Unary("#", boxed(e))),
        1 => checked("number", &any),
        1 => checked("number", &call),
        1 => checked("number", &field.clone().boxed()),
        1 => number.clone().prop_map(|e| Expr::Paren(boxed(e))),
        1 => choice(&number),
    ]
    .boxed();
    let part = prop_oneof![2 => text.clone(), 1 => checked("fix", &number)];
    let new_text = prop_oneof![
        2 => low.text.clone(),
        // Cut, for else a loop could make it longer and longer.
        3 => vec(part, 2..5).prop_map(|parts| Expr::Checked("cut", boxed(Expr::Concat(parts)))),
        1 => checked("show", &any),
        1 => choice(&text),
    ]
    .boxed();
    let fields = prop_oneof![
        2 => item.clone().prop_map(Field::Item),
        3 => (select(FIELDS), item.clone()).prop_map(|(f, e)| Field::Named(f, e)),
        1 => (any.clone(), item.clone()).prop_map(|(k, e)| Field::Keyed(k, e)),
    ];
    let new_table = prop_oneof![
        3 => low.table.clone(),
        3 => vec(fields, 0..5).prop_map(Expr::Table),
        1 => choice(&table),
    ]
    .boxed();
    let body = (
        vec(sort(), 0..4),
        proptest::bool::ANY,
        low.block.clone(),
        vec(item.clone(), 0..3),
    )
        .prop_map(|(parameters, vararg, body, results)| Function {
            parameters,
            vararg,
            body,
            results,
        })
        .boxed();
    let new_function = prop_oneof![
        3 => low.function.clone(),
        4 => body.clone().prop_map(|f| Expr::Function(Box::new(f))),
        1 => body.clone().prop_map(|f| Expr::Wrapped(Box::new(f))),
    ]
    .boxed();
    let new_any = prop_oneof![
        4 => new_number.clone(),
        2 => new_text.clone(),
        2 => truth.clone(),
        2 => new_table.clone(),
        2 => call.clone(),
        1 => new_function.clone(),
        1 => field,
        1 => index,
        1 => Just(Expr::Vararg),
        1 => any.clone().prop_map(|e| Expr::Unary("-", boxed(e))),
    ]
    .boxed();
    Level {
        number: new_number,
        text: new_text,
        table: new_table,
        function: new_function,
        truth,
        any: new_any,
        call,
        body,
        block: vec(statement(low), 1..5).boxed(),
    }
}

/// An expression that fits a variable of some sort.
fn of_sort(level: &Level, sort: Sort) -> BoxedStrategy<Expr> {
    match sort {
        Sort::Number => level.number.clone(),
        Sort::Text => level.text.clone(),
        Sort::Table => level.table.clone(),
        Sort::Function => level.function.clone(),
    }
}

/// A sort and an expression that fits it.
fn sorted(level: &Level) -> BoxedStrategy<(Sort, Expr)> {
    let one = |sort| of_sort(level, sort).prop_map(move |e| (sort, e));
    prop_oneof![
        4 => one(Sort::Number),
        2 => one(Sort::Text),
        2 => one(Sort::Table),
        2 => one(Sort::Function),
    ]
    .boxed()
}

fn target(level: &Level) -> impl Strategy<Value = Target> + use<> {
    let key = prop_oneof![3 => level.number.clone(), 1 => level.text.clone()];
    prop_oneof![
        2 => (sort(), 0u8..8).prop_map(|(s, n)| Target::Name(s, n)),
        1 => (level.table.clone(), select(FIELDS)).prop_map(|(t, f)| Target::Field(t, f)),
        1 => (level.table.clone(), key).prop_map(|(t, k)| Target::Index(t, k)),
    ]
}

/// A statement made of what is of a level.
fn statement(level: &Level) -> BoxedStrategy<Statement> {
    let block = level.block.clone();
    let truth = level.truth.clone();
    let maybe = proptest::option::of(truth.clone());
    let attrib = select(&[Attrib::None, Attrib::None, Attrib::Const][..]);
    let iterate = prop_oneof![
        2 => level.table.clone().prop_map(Iterate::Ipairs),
        2 => level.table.clone().prop_map(Iterate::Sorted),
        1 => level.function.clone().prop_map(Iterate::Function),
    ];
    let simple = prop_oneof![
        4 => vec(level.any.clone(), 1..4).prop_map(Statement::Out),
        4 => (sorted(level), attrib.clone())
            .prop_map(|((sort, e), attrib)| Statement::Local(vec![(sort, attrib)], vec![e])),
        1 => (vec((sort(), attrib), 1..4), vec(level.any.clone(), 0..4))
            .prop_map(|(variables, values)| Statement::Local(variables, values)),
        1 => (0u8..4).prop_map(Statement::Closing),
        4 => (sorted(level), 0u8..8)
            .prop_map(|((sort, e), n)| Statement::Assign(vec![Target::Name(sort, n)], vec![e])),
        2 => (vec(target(level), 1..4), vec(level.any.clone(), 1..4))
            .prop_map(|(targets, values)| Statement::Assign(targets, values)),
        2 => level.call.clone().prop_map(Statement::Call),
        1 => maybe.clone().prop_map(Statement::Break),
        1 => maybe.clone().prop_map(Statement::Continue),
        1 => vec(level.any.clone(), 0..3).prop_map(Statement::Return),
    ];
    let compound = prop_oneof![
        1 => block.clone().prop_map(Statement::Do),
        2 => (truth.clone(), block.clone()).prop_map(|(c, b)| Statement::While(c, b)),
        2 => (block.clone(), truth.clone()).prop_map(|(b, c)| Statement::Repeat(b, c)),
        3 => (vec((truth.clone(), block.clone()), 1..3), proptest::option::of(block.clone()))
            .prop_map(|(arms, otherwise)| Statement::If(arms, otherwise)),
        3 => (vec(level.number.clone(), 2..4), block.clone())
            .prop_map(|(bounds, b)| Statement::NumericFor(bounds, b)),
        2 => (iterate, block.clone()).prop_map(|(i, b)| Statement::GenericFor(i, b)),
        2 => level.body.clone().prop_map(Statement::LocalFunction),
        1 => (0u8..2, level.body.clone()).prop_map(|(n, f)| Statement::GlobalFunction(n, f)),
        1 => (block.clone(), truth).prop_map(|(b, c)| Statement::Again(b, c)),
        1 => block.prop_map(Statement::Protected),
    ];
    prop_oneof![3 => simple, 2 => compound].boxed()
}

/// Programs.
pub fn program() -> BoxedStrategy<Program> {
    let mut level = leaves();
    for _ in 0..3 {
        level = deeper(&level);
    }
    vec(level.block, 1..5).boxed()
}
