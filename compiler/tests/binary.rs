//! Binary chunks: what was dumped loads again, what was tampered with does not
//! get past the checker or is harmless.

use moonsweep_compiler::bytecode::{check, disasm, dump};
use moonsweep_compiler::compile;

const PROGRAM: &str = r#"
local function outer(a, b, ...)
  local t <close> = setmetatable({}, m)
  local x, y, z = ...
  for i = 1, 10, b do
    local f = function() x = x + i; return a, f end
    if i > 5 then break elseif f(i) then goto continue end
    y = {1, 2, x = i, f(), ...}
    ::continue::
  end
  for k, v in pairs(y) do
    while k do
      local k2 = k
      z = function() return k2 end
      if not (k2 == nil or k2 ~= "x") then return z end
    end
    if v then return g(v, ...) end
  end
  repeat local w = x .. y .. 1.5; z = function() return w end until w or not x
  local r = { n = 1, m = x, o = { 2.5, nil, true } }
  r.n, r[1], r[x] = x and y or z, -x, not (a < b), #r
  return r:m(1, ...), 5 // x, x & 3, 3 - x, x << 2
end
return outer, function(...) return ... end, function(n) return outer(n) end
"#;

#[test]
fn compiled_code_passes_the_checker() {
    let proto = compile(PROGRAM.as_bytes(), b"=x").expect("valid");
    assert_eq!(
        check::check(&proto),
        Ok(()),
        "{}",
        disasm::disassemble(&proto)
    );
}

#[test]
fn chunks_survive_the_round_trip() {
    let proto = compile(PROGRAM.as_bytes(), b"=x").expect("valid");
    let bytes = dump::dump(&proto, false);
    let again = dump::undump(&bytes).expect("loads");
    assert_eq!(disasm::disassemble(&proto), disasm::disassemble(&again));
    assert_eq!(dump::dump(&again, false), bytes);
    let stripped = dump::undump(&dump::dump(&proto, true)).expect("loads");
    assert_eq!(stripped.code, proto.code);
    assert!(stripped.locals.is_empty() && stripped.lines.line(0).is_none());
    assert_eq!(*stripped.source, *b"=?");
}

#[test]
fn every_prefix_is_truncated() {
    let bytes = dump::dump(&compile(PROGRAM.as_bytes(), b"=x").expect("valid"), false);
    for length in 0..bytes.len() {
        let error = dump::undump(&bytes[..length]).expect_err("truncated");
        assert!(error.contains("truncated"), "{length}: {error}");
    }
}

/// Flips bytes all over the chunk: it must load or fail, never panic.
#[test]
fn tampering_is_survived() {
    let bytes = dump::dump(&compile(PROGRAM.as_bytes(), b"=x").expect("valid"), true);
    let mut rejected = 0;
    for position in 0..bytes.len() {
        for change in [1, 0x80, 0xff, 0x10] {
            let mut tampered = bytes.clone();
            tampered[position] ^= change;
            rejected += usize::from(dump::undump(&tampered).is_err());
        }
    }
    assert!(rejected > bytes.len(), "{rejected} of {}", bytes.len() * 4);
}

mod hostile {
    use moonsweep_compiler::bytecode::check::check;
    use moonsweep_compiler::bytecode::opcodes::{Instruction, Op};
    use moonsweep_compiler::bytecode::prototype::{Constant, Prototype};
    use moonsweep_compiler::compile;

    fn with_code(code: &[u32]) -> Prototype {
        let mut proto = compile(b"return 1", b"=x").expect("valid");
        proto.is_vararg = false;
        proto.max_stack = 4;
        proto.constants = vec![Constant::Int(1)];
        proto.code = code.to_vec();
        proto
    }

    fn word(op: Op, a: u8, b: u8, c: u8) -> u32 {
        Instruction::abc(op, a, b, c).0
    }

    fn rejects(why: &str, code: &[u32]) {
        assert_eq!(check(&with_code(code)).err(), Some(why));
    }

    #[test]
    fn accepts_plain_code() {
        assert_eq!(check(&with_code(&[word(Op::RETURN0, 0, 0, 0)])), Ok(()));
    }

    #[test]
    fn rejects_what_would_break_the_interpreter() {
        let end = word(Op::RETURN0, 0, 0, 0);
        rejects("code has no end", &[]);
        rejects("code has no end", &[word(Op::LOADTRUE, 0, 0, 0)]);
        rejects("unknown operation", &[255, end]);
        rejects("bad operand", &[word(Op::EXIT, 0, 0, 0), end]);
        rejects("register out of range", &[word(Op::LOADTRUE, 4, 0, 0), end]);
        rejects("register out of range", &[word(Op::LOADNIL, 0, 4, 0), end]);
        rejects(
            "register is read before it is written",
            &[word(Op::RETURN1, 0, 0, 0)],
        );
        rejects(
            "register is read before it is written",
            &[word(Op::MOVE, 0, 1, 0), end],
        );
        rejects("constant out of range", &[word(Op::LOADK, 0, 1, 0), end]);
        rejects(
            "field name is not a short string",
            &[word(Op::GETTABUP, 0, 0, 0), 0, 0, end],
        );
        rejects(
            "incomplete instruction",
            &[end, word(Op::GETTABUP, 0, 0, 0), 0],
        );
        rejects("jump to nowhere", &[Instruction::sj(Op::JMP, 5).0, end]);
        rejects(
            "jump to nowhere",
            &[word(Op::LOADKX, 0, 0, 0), 0, Instruction::sj(Op::JMP, -2).0],
        );
        rejects("bad operand", &[word(Op::LFALSESKIP, 0, 0, 0), end]);
        rejects("bad operand", &[word(Op::VARARG, 0, 0, 0), end]);
        rejects("bad operand", &[word(Op::CLOSURE, 0, 0, 0), end]);
        rejects("bad operand", &[word(Op::NEWOBJ, 0, 0, 0), 0, 0, end]);
        let nil = word(Op::LOADNIL, 0, 3, 0);
        rejects(
            "open results are not used at once",
            &[nil, word(Op::CALL, 0, 1, 0), end],
        );
        rejects(
            "open results are not used at once",
            &[nil, word(Op::CALL, 0, 0, 1), end],
        );
        rejects(
            "register is read before it is written",
            &[nil, word(Op::CALL, 1, 1, 1), word(Op::RETURN1, 2, 0, 0)],
        );
        rejects(
            "return leaves variables open",
            &[nil, word(Op::TBC, 0, 0, 0), end],
        );
        rejects(
            "return leaves variables open",
            &[nil, word(Op::TBC, 0, 0, 0), word(Op::TAILCALL, 1, 1, 1)],
        );
    }

    #[test]
    fn rejects_upvalues_left_open() {
        let source = b"local x; return function() return x end";
        let mut proto = compile(source, b"=x").expect("valid");
        assert_eq!(check(&proto), Ok(()));
        for word in &mut proto.code {
            if Instruction(*word).op() == Some(Op::RETURN) {
                *word &= 0x00ff_ffff;
            }
        }
        assert_eq!(check(&proto), Err("return leaves variables open"));
    }

    /// The code of a numerical loop whose body is `body`.
    fn numeric_loop(body: &[u32]) -> Vec<u32> {
        let length = body.len() as u32;
        let mut code = vec![
            word(Op::LOADNIL, 0, 3, 0),
            word(Op::FORPREP, 0, 0, 0),
            length + 2,
        ];
        code.extend_from_slice(body);
        code.extend([word(Op::FORLOOP, 0, 0, 0), (length + 2).wrapping_neg()]);
        code.push(word(Op::RETURN0, 0, 0, 0));
        code
    }

    #[test]
    fn rejects_tampering_with_loops() {
        assert_eq!(check(&with_code(&numeric_loop(&[]))), Ok(()));
        assert_eq!(
            check(&with_code(&numeric_loop(&[word(Op::NOT, 3, 3, 0)]))),
            Ok(())
        );
        rejects(
            "loop is not prepared",
            &numeric_loop(&[word(Op::LOADTRUE, 1, 0, 0)]),
        );
        rejects(
            "register is read before it is written",
            &numeric_loop(&[word(Op::MOVE, 3, 0, 0)]),
        );
        let end = word(Op::RETURN0, 0, 0, 0);
        let nil = word(Op::LOADNIL, 0, 3, 0);
        rejects(
            "loop is not prepared",
            &[nil, word(Op::FORLOOP, 0, 0, 0), -2i32 as u32, end],
        );
        rejects("malformed loop", &[nil, word(Op::FORPREP, 0, 0, 0), 0, end]);
        let mut other = numeric_loop(&[]);
        other[3] = word(Op::FORLOOP, 1, 0, 0);
        rejects("register out of range", &other);
        // Out of the loop and in again.
        let leave = Instruction::sj(Op::JMP, 2).0;
        let mut code = numeric_loop(&[leave]);
        code.insert(6, Instruction::sj(Op::JMP, -3).0);
        rejects("loop is not prepared", &code);
    }

    #[test]
    fn rejects_lists_for_what_is_no_table() {
        let end = word(Op::RETURN0, 0, 0, 0);
        let nil = word(Op::LOADNIL, 0, 3, 0);
        rejects(
            "list is not stored into a new table",
            &[nil, word(Op::SETLIST, 0, 1, 0), 0, end],
        );
    }
}
