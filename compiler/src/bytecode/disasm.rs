//! A listing of a prototype, for people: code, constants, variables, and the
//! functions inside.

use std::fmt::Write;

use super::opcodes::{Format, Instruction, Op};
use super::prototype::{Constant, Prototype};

/// The listing of a function and of those inside it.
pub fn disassemble(proto: &Prototype) -> String {
    let mut out = String::new();
    let mut pending = vec![proto];
    while let Some(proto) = pending.pop() {
        if !out.is_empty() {
            out.push('\n');
        }
        header(&mut out, proto);
        code(&mut out, proto);
        tables(&mut out, proto);
        pending.extend(proto.protos.iter().rev().map(|inner| &**inner));
    }
    out
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A constant as source text.
fn constant_text(constant: &Constant) -> String {
    match constant {
        Constant::Nil => "nil".to_string(),
        Constant::Bool(value) => value.to_string(),
        Constant::Int(value) => value.to_string(),
        Constant::Float(value) => format!("{value:?}"),
        Constant::Str(value) => format!("\"{}\"", text(value)),
    }
}

fn header(out: &mut String, proto: &Prototype) {
    let what = if proto.line_defined == 0 {
        "main"
    } else {
        "function"
    };
    let _ = writeln!(
        out,
        "{what} <{}:{},{}> ({} words)",
        text(&crate::error::chunk_id(&proto.source)),
        proto.line_defined,
        proto.last_line_defined,
        proto.code.len(),
    );
    let _ = writeln!(
        out,
        "{}{} params, {} slots, {} upvalues, {} locals, {} constants, {} functions",
        proto.num_params,
        if proto.is_vararg { "+" } else { "" },
        proto.max_stack,
        proto.upvalues.len(),
        proto.locals.len(),
        proto.constants.len(),
        proto.protos.len(),
    );
}

fn code(out: &mut String, proto: &Prototype) {
    let mut pc = 0usize;
    while pc < proto.code.len() {
        let instruction = Instruction(proto.code[pc]);
        let line = proto
            .lines
            .line(pc as u32)
            .map_or("-".to_string(), |line| line.to_string());
        let Some(op) = instruction.op() else {
            let _ = writeln!(out, "\t{pc}\t[{line}]\t?");
            pc += 1;
            continue;
        };
        let next = pc + 1 + op.extension_words();
        let extension = proto.code.get(pc + 1..next).unwrap_or(&[]);
        let operands = operands(op, instruction, extension);
        let mut row = format!("\t{pc}\t[{line}]\t{:<10} {operands}", op.name());
        let comment = comment(proto, op, instruction, extension, next);
        if !comment.is_empty() {
            let _ = write!(row, "\t; {comment}");
        }
        let _ = writeln!(out, "{}", row.trim_end());
        pc = next;
    }
}

fn operands(op: Op, i: Instruction, extension: &[u32]) -> String {
    let mut text = match op.format() {
        Format::None | Format::SJ => String::new(),
        Format::A | Format::JumpA => format!("{}", i.a()),
        Format::AB | Format::JumpAB | Format::JumpAK | Format::Field => {
            format!("{} {}", i.a(), i.b())
        }
        Format::ABC | Format::ABK | Format::AKC => format!("{} {} {}", i.a(), i.b(), i.c()),
        Format::ABsC => format!("{} {} {}", i.a(), i.b(), i.c() as i8),
        Format::ABx => format!("{} {}", i.a(), i.bx()),
        Format::AsBx | Format::JumpAI => format!("{} {}", i.a(), i.sbx()),
    };
    match op.format() {
        Format::Field => {
            let _ = write!(text, " {}", extension.first().map_or(0, |x| x & 0xffff));
        }
        Format::JumpAB | Format::JumpAK | Format::JumpAI | Format::JumpA | Format::SJ => {}
        _ if !extension.is_empty() => {
            let _ = write!(text, " {}", extension[0]);
        }
        _ => {}
    }
    text
}

fn comment(proto: &Prototype, op: Op, i: Instruction, extension: &[u32], next: usize) -> String {
    let constant = |index: usize| {
        proto
            .constants
            .get(index)
            .map_or("?".to_string(), constant_text)
    };
    let upvalue = |index: u8| {
        proto
            .upvalues
            .get(usize::from(index))
            .map_or("?".to_string(), |up| text(&up.name))
    };
    let x1 = extension.first().copied().unwrap_or(0);
    let target = |offset: i32| format!("to {}", next as i64 + i64::from(offset));
    match op.format() {
        Format::ABK => constant(usize::from(i.c())),
        Format::AKC => constant(usize::from(i.b())),
        Format::SJ => target(i.sj_offset()),
        Format::JumpAK => format!("{} {}", constant(usize::from(i.b())), target(x1 as i32)),
        Format::JumpAB | Format::JumpAI | Format::JumpA => target(x1 as i32),
        Format::Field => {
            let name = constant((x1 & 0xffff) as usize);
            match op {
                Op::GETTABUP | Op::SETTABUP => format!("{} {name}", upvalue(i.b())),
                _ => name,
            }
        }
        _ => match op {
            Op::LOADK => constant(usize::from(i.bx())),
            Op::LOADKX => constant(x1 as usize),
            Op::GETUPVAL | Op::SETUPVAL => upvalue(i.b()),
            Op::CLOSURE => match proto.protos.get(usize::from(i.bx())) {
                Some(inner) => format!("function at line {}", inner.line_defined),
                None => "?".to_string(),
            },
            Op::NEWOBJ => match proto.templates.get(x1 as usize) {
                Some(names) => {
                    let names: Vec<_> = names.iter().map(|k| constant(usize::from(*k))).collect();
                    names.join(" ")
                }
                None => "?".to_string(),
            },
            Op::NEWTABLE => format!("array {} record {}", x1 & 0xff_ffff, x1 >> 24),
            _ => String::new(),
        },
    }
}

fn tables(out: &mut String, proto: &Prototype) {
    if !proto.constants.is_empty() {
        let _ = writeln!(out, "constants");
        for (index, constant) in proto.constants.iter().enumerate() {
            let _ = writeln!(out, "\t{index}\t{}", constant_text(constant));
        }
    }
    if !proto.locals.is_empty() {
        let _ = writeln!(out, "locals");
        for local in &proto.locals {
            let _ = writeln!(
                out,
                "\t{}\t{}\t{}..{}",
                local.register,
                text(&local.name),
                local.start_pc,
                local.end_pc
            );
        }
    }
    if !proto.upvalues.is_empty() {
        let _ = writeln!(out, "upvalues");
        for (index, upvalue) in proto.upvalues.iter().enumerate() {
            let place = if upvalue.in_stack {
                "register"
            } else {
                "upvalue"
            };
            let _ = writeln!(
                out,
                "\t{index}\t{}\t{place} {}",
                text(&upvalue.name),
                upvalue.index
            );
        }
    }
}
