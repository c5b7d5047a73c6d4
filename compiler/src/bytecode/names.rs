//! Names for error messages and tracebacks: what the source called the value
//! in a register, by symbolic execution of the code before.
//!
//! Inline caches may have overwritten the extension words of field
//! instructions; only the low half of the first one is read.

use super::opcodes::{Instruction, Op};
use super::prototype::{Constant, Prototype};

/// A kind (`local`, `global`, `field`, ...) and a name.
pub type Description = (&'static str, Vec<u8>);

/// The name of the environment's upvalue.
const ENVIRONMENT: &[u8] = b"_ENV";

/// What stands for a name that is not known.
const UNKNOWN: &[u8] = b"?";

/// The name of the `n`-th local variable (from 1) active at `pc`.
pub fn local_name(proto: &Prototype, n: usize, pc: u32) -> Option<&[u8]> {
    let alive = |local: &&super::prototype::LocalVar| local.start_pc <= pc && pc < local.end_pc;
    let index = n.checked_sub(1)?;
    proto
        .locals
        .iter()
        .filter(alive)
        .nth(index)
        .map(|local| &*local.name)
}

/// Whether `register` is one of the hidden registers of a `for` loop that runs
/// at `pc`: the interpreter trusts their contents, whatever the debug
/// information says, so no debugger may touch them.
pub fn is_loop_state(proto: &Prototype, pc: u32, register: u8) -> bool {
    let mut at = 0;
    while at < pc {
        let Some(op) = proto
            .code
            .get(at as usize)
            .and_then(|&word| Instruction(word).op())
        else {
            return false;
        };
        // The offset leads behind a numerical loop, to the last three words of
        // a generic one.
        let (hidden, tail) = match op {
            Op::FORPREP => (3, 0),
            Op::TFORPREP => (4, 3),
            _ => (0, 0),
        };
        if hidden > 0 {
            let first = Instruction(proto.code[at as usize]).a();
            let offset = proto
                .code
                .get(at as usize + 1)
                .map_or(0, |&word| word as i32);
            let end = i64::from(at) + 2 + i64::from(offset) + tail;
            let own = register >= first && register - first < hidden;
            if own && i64::from(pc) < end {
                return true;
            }
        }
        at += 1 + op.extension_words() as u32;
    }
    false
}

/// How many registers matter when a jump leads back to `pc`, the start of a
/// statement: those of the variables that are active there. `None` when the
/// debug information does not tell.
pub fn registers_at_statement(proto: &Prototype, pc: u32) -> Option<usize> {
    if proto.lines.runs.is_empty() {
        return None;
    }
    let active = |local: &&super::prototype::LocalVar| local.start_pc <= pc && pc < local.end_pc;
    let named = proto
        .locals
        .iter()
        .filter(active)
        .map(|local| usize::from(local.register) + 1)
        .max()
        .unwrap_or(0);
    // A loop's state and its variable matter whatever the debug information says.
    let hidden = (named..usize::from(proto.max_stack))
        .rev()
        .find(|&r| is_loop_state(proto, pc, r as u8))
        .map_or(0, |r| r + 2);
    Some(named.max(hidden).max(usize::from(proto.num_params)))
}

/// What the source calls the value that the instruction at `pc` finds in
/// register `register`, if it has a name.
pub fn describe_register(proto: &Prototype, pc: u32, register: u8) -> Option<Description> {
    let origin = origin(proto, pc, register)?;
    let pc = match origin {
        Origin::Named(description) => return Some(description),
        Origin::Instruction(pc) => pc,
    };
    let instruction = Instruction(*proto.code.get(pc as usize)?);
    match instruction.op()? {
        Op::GETTABUP => {
            let is_environment = *upvalue_name(proto, instruction.b()) == *ENVIRONMENT;
            Some((field_kind(is_environment), field_name(proto, pc)))
        }
        Op::GETFIELD => {
            let kind = field_kind(is_environment(proto, pc, instruction.b()));
            Some((kind, field_name(proto, pc)))
        }
        Op::GETTABLE => {
            let kind = field_kind(is_environment(proto, pc, instruction.b()));
            Some((kind, constant_register(proto, pc, instruction.c())))
        }
        Op::GETI => Some(("field", b"integer index".to_vec())),
        Op::SELF => Some(("method", field_name(proto, pc))),
        _ => None,
    }
}

/// What the source calls upvalue `index`.
pub fn describe_upvalue(proto: &Prototype, index: u8) -> Description {
    ("upvalue", upvalue_name(proto, index).to_vec())
}

/// What the source calls the function that the instruction at `pc` called,
/// directly or as a metamethod.
pub fn describe_call(proto: &Prototype, pc: u32) -> Option<Description> {
    use Op::*;
    let instruction = Instruction(*proto.code.get(pc as usize)?);
    let event: &[u8] = match instruction.op()? {
        CALL | TAILCALL => return describe_register(proto, pc, instruction.a()),
        TFORCALL => return Some(("for iterator", b"for iterator".to_vec())),
        SELF | GETTABUP | GETTABLE | GETI | GETFIELD => b"index",
        SETTABUP | SETTABLE | SETI | SETFIELD => b"newindex",
        ADD | ADDK | KADD | ADDI => b"add",
        SUB | SUBK | KSUB | SUBI => b"sub",
        MUL | MULK | KMUL => b"mul",
        DIV | DIVK | KDIV => b"div",
        MOD | MODK => b"mod",
        IDIV | IDIVK => b"idiv",
        POW | POWK => b"pow",
        BAND | BANDK => b"band",
        BOR | BORK => b"bor",
        BXOR | BXORK => b"bxor",
        SHL | SHLI => b"shl",
        SHR | SHRI => b"shr",
        UNM => b"unm",
        BNOT => b"bnot",
        LEN => b"len",
        CONCAT => b"concat",
        JEQ | JNE => b"eq",
        JLT | JNLT | JLTI | JNLTI | JGTI | JNGTI => b"lt",
        JLE | JNLE | JLEI | JNLEI | JGEI | JNGEI => b"le",
        CLOSE | RETURN => b"close",
        _ => return None,
    };
    Some(("metamethod", event.to_vec()))
}

fn field_kind(is_environment: bool) -> &'static str {
    if is_environment { "global" } else { "field" }
}

fn upvalue_name(proto: &Prototype, index: u8) -> &[u8] {
    match proto.upvalues.get(usize::from(index)) {
        Some(upvalue) if !upvalue.name.is_empty() => &upvalue.name,
        _ => UNKNOWN,
    }
}

fn string_constant(proto: &Prototype, index: usize) -> Option<&[u8]> {
    match proto.constants.get(index) {
        Some(Constant::Str(value)) => Some(value),
        _ => None,
    }
}

/// The name in the first extension word of the field instruction at `pc`.
fn field_name(proto: &Prototype, pc: u32) -> Vec<u8> {
    let word = proto.code.get(pc as usize + 1).copied().unwrap_or(0);
    string_constant(proto, (word & 0xffff) as usize)
        .unwrap_or(UNKNOWN)
        .to_vec()
}

/// Whether the table in `register` is the variable `_ENV`.
fn is_environment(proto: &Prototype, pc: u32, register: u8) -> bool {
    match origin(proto, pc, register) {
        Some(Origin::Named((kind, name))) => {
            matches!(kind, "local" | "upvalue") && name == ENVIRONMENT
        }
        _ => false,
    }
}

/// The string that a key register was loaded with.
fn constant_register(proto: &Prototype, pc: u32, register: u8) -> Vec<u8> {
    match origin(proto, pc, register) {
        Some(Origin::Named(("constant", name))) => name,
        _ => UNKNOWN.to_vec(),
    }
}

/// Where a register's value comes from.
enum Origin {
    Named(Description),
    /// From the instruction there, which gives no name by itself.
    Instruction(u32),
}

fn origin(proto: &Prototype, mut pc: u32, mut register: u8) -> Option<Origin> {
    loop {
        if let Some(name) = local_name(proto, usize::from(register) + 1, pc) {
            return Some(Origin::Named(("local", name.to_vec())));
        }
        pc = find_set_register(proto, pc, register)?;
        let instruction = Instruction(*proto.code.get(pc as usize)?);
        let constant = match instruction.op()? {
            Op::MOVE if instruction.b() < instruction.a() => {
                register = instruction.b();
                continue;
            }
            Op::GETUPVAL => {
                return Some(Origin::Named(describe_upvalue(proto, instruction.b())));
            }
            Op::LOADK => usize::from(instruction.bx()),
            Op::LOADKX => *proto.code.get(pc as usize + 1)? as usize,
            _ => return Some(Origin::Instruction(pc)),
        };
        let name = string_constant(proto, constant)?;
        return Some(Origin::Named(("constant", name.to_vec())));
    }
}

/// The last instruction before `last_pc` that set `register`, if it was
/// certainly executed.
fn find_set_register(proto: &Prototype, last_pc: u32, register: u8) -> Option<u32> {
    let mut found = None;
    // Code before this address may have been jumped over.
    let mut jump_target = 0;
    let mut pc = 0;
    while pc < last_pc {
        let instruction = Instruction(*proto.code.get(pc as usize)?);
        let op = instruction.op()?;
        let a = instruction.a();
        let changed = match op {
            Op::LOADNIL => (a..=a.saturating_add(instruction.b())).contains(&register),
            Op::TFORCALL => u16::from(register) >= u16::from(a) + 2,
            Op::CALL | Op::TAILCALL => register >= a,
            _ => sets_a(op) && register == a,
        };
        if changed {
            found = (pc >= jump_target).then_some(pc);
        }
        if let Some(target) = jump_destination(proto, pc, instruction, op)
            && target <= last_pc
            && target > jump_target
        {
            jump_target = target;
        }
        pc += 1 + op.extension_words() as u32;
    }
    found
}

/// Where a jump goes; loop instructions do not count as jumps here.
fn jump_destination(proto: &Prototype, pc: u32, instruction: Instruction, op: Op) -> Option<u32> {
    use Op::*;
    let (next, offset) = match op {
        JMP => (pc + 1, instruction.sj_offset()),
        JT | JF | TESTSETT | TESTSETF | JEQ | JNE | JLT | JNLT | JLE | JNLE | JEQK | JNEK
        | JEQI | JNEI | JLTI | JNLTI | JLEI | JNLEI | JGTI | JNGTI | JGEI | JNGEI | JNIL
        | JNOTNIL => (pc + 2, *proto.code.get(pc as usize + 1)? as i32),
        _ => return None,
    };
    u32::try_from(i64::from(next) + i64::from(offset)).ok()
}

/// Whether the operation puts a value into its register A.
fn sets_a(op: Op) -> bool {
    use Op::*;
    match op {
        MOVE | LOADI | LOADF | LOADK | LOADKX | LOADNIL | LOADFALSE | LFALSESKIP | LOADTRUE
        | GETUPVAL | GETTABUP | GETTABLE | GETI | GETFIELD | SELF | NEWTABLE | NEWOBJ | ADD
        | SUB | MUL | DIV | MOD | IDIV | POW | BAND | BOR | BXOR | SHL | SHR | ADDK | SUBK
        | MULK | DIVK | MODK | IDIVK | POWK | BANDK | BORK | BXORK | KADD | KSUB | KMUL | KDIV
        | ADDI | SUBI | SHLI | SHRI | UNM | BNOT | NOT | LEN | CONCAT | TESTSETT | TESTSETF
        | CALL | TAILCALL | FORPREP | FORLOOP | TFORLOOP | VARARG | CLOSURE => true,
        SETUPVAL | SETTABUP | SETTABLE | SETI | SETFIELD | SETLIST | CLOSE | TBC | JMP | JT
        | JF | JEQ | JNE | JLT | JNLT | JLE | JNLE | JEQK | JNEK | JEQI | JNEI | JLTI | JNLTI
        | JLEI | JNLEI | JGTI | JNGTI | JGEI | JNGEI | JNIL | JNOTNIL | RETURN | RETURN0
        | RETURN1 | TFORPREP | TFORCALL | VARARGPREP | EXIT => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The description of the function that the last call of the chunk calls.
    fn called(source: &str) -> Option<(&'static str, String)> {
        let proto = crate::compile(source.as_bytes(), b"=x").expect("valid source");
        let mut pc = 0;
        let mut call = None;
        while let Some(word) = proto.code.get(pc as usize) {
            let op = Instruction(*word).op().expect("an operation");
            if matches!(op, Op::CALL | Op::TAILCALL) {
                call = Some(pc);
            }
            pc += 1 + op.extension_words() as u32;
        }
        describe_call(&proto, call.expect("a call"))
            .map(|(kind, name)| (kind, String::from_utf8_lossy(&name).into_owned()))
    }

    fn named(kind: &'static str, name: &str) -> Option<(&'static str, String)> {
        Some((kind, name.to_string()))
    }

    #[test]
    fn callees_have_names() {
        assert_eq!(called("f()"), named("global", "f"));
        assert_eq!(called("local f; f()"), named("local", "f"));
        assert_eq!(called("a.b.c()"), named("field", "c"));
        assert_eq!(called("a:m()"), named("method", "m"));
        assert_eq!(called("local t; t[1]()"), named("field", "integer index"));
        assert_eq!(called("local t, k; t[k]()"), named("field", "?"));
        assert_eq!(called("local _ENV = {}; f()"), named("global", "f"));
        assert_eq!(called("local t = {}; t.f()"), named("field", "f"));
        assert_eq!(called("('x')()"), named("constant", "x"));
        assert_eq!(called("(a or b)()"), None);
        assert_eq!(called("return f()"), named("global", "f"));
        assert_eq!(called("while a do g(a) end; b()"), named("global", "b"));
    }

    #[test]
    fn loop_state_is_found_without_names() {
        let source = b"for i = 1, 2 do f(i) end for k in g do h(k) end j()";
        let proto = crate::compile(source, b"=x").expect("valid");
        let hidden_at = |name: &[u8]| -> Vec<u8> {
            let index = proto
                .constants
                .iter()
                .position(|k| matches!(k, Constant::Str(s) if **s == *name));
            let index = index.expect("a constant") as u32;
            let mut pc = 0;
            while Instruction(proto.code[pc]).op() != Some(Op::GETTABUP)
                || proto.code[pc + 1] != index
            {
                pc += 1 + Instruction(proto.code[pc])
                    .op()
                    .map_or(0, Op::extension_words);
            }
            (0..10)
                .filter(|r| is_loop_state(&proto, pc as u32, *r))
                .collect()
        };
        assert_eq!(hidden_at(b"f"), [0, 1, 2]);
        assert_eq!(hidden_at(b"h"), [0, 1, 2, 3]);
        assert_eq!(hidden_at(b"g"), []);
        assert_eq!(hidden_at(b"j"), []);
    }

    #[test]
    fn locals_are_counted_while_alive() {
        let proto = crate::compile(b"local a, b; do local c; f() end; g()", b"=x").expect("valid");
        let at_f = proto.locals[2].start_pc;
        assert_eq!(local_name(&proto, 3, at_f), Some(&b"c"[..]));
        assert_eq!(local_name(&proto, 3, proto.locals[2].end_pc), None);
        assert_eq!(local_name(&proto, 0, at_f), None);
    }
}
