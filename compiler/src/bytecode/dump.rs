//! Binary chunks: `string.dump` and loading its result.
//!
//! The header is the reference's, up to its check numbers; then comes a tag of
//! our own, because the code behind it is ours. Numbers are little-endian,
//! counts are in groups of seven bits.

use std::rc::Rc;

use super::check::{self, MAX_DEPTH};
use super::opcodes::{Format, Instruction, Op};
use super::prototype::{Constant, LineTable, LocalVar, Prototype, UpvalueDesc, VarKind};

/// How a binary chunk starts.
pub const SIGNATURE: &[u8] = b"\x1bLua";

/// Version, format, conversion check, sizes of instruction, integer and float.
const HEADER: &[u8] = b"\x54\x00\x19\x93\r\n\x1a\n\x04\x08\x08";
/// An integer and a float to recognise.
const CHECK_INT: i64 = 0x5678;
const CHECK_FLOAT: f64 = 370.5;
/// The tag: Moonsweep's code, and its version.
const TAG: &[u8] = b"Ms\x01";

const TRUNCATED: &str = "truncated chunk";
const CORRUPTED: &str = "corrupted chunk";

/// Source name of stripped chunks.
const NO_SOURCE: &[u8] = b"=?";

/// Makes the inline caches of some code empty again.
pub fn reset_caches(code: &mut [u32]) {
    let mut pc = 0;
    while let Some(op) = code.get(pc).and_then(|&word| Instruction(word).op()) {
        let next = (pc + 1 + op.extension_words()).min(code.len());
        let extension = &mut code[pc + 1..next];
        match (op.format(), op) {
            (Format::Field, _) => {
                extension[0] &= 0xffff;
                extension[1..].fill(0);
            }
            (_, Op::NEWTABLE | Op::NEWOBJ) => extension[1..].fill(0),
            _ => {}
        }
        pc = next;
    }
}

/// The binary form of a function; `strip` leaves out what only messages and
/// debuggers need.
pub fn dump(proto: &Prototype, strip: bool) -> Vec<u8> {
    let mut writer = Writer {
        out: Vec::new(),
        strip,
    };
    writer.out.extend_from_slice(SIGNATURE);
    writer.out.extend_from_slice(HEADER);
    writer.out.extend_from_slice(&CHECK_INT.to_le_bytes());
    writer.out.extend_from_slice(&CHECK_FLOAT.to_le_bytes());
    writer.out.extend_from_slice(TAG);
    writer.function(proto, None);
    writer.out
}

struct Writer {
    out: Vec<u8>,
    strip: bool,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    fn count(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    fn function(&mut self, proto: &Prototype, parent: Option<&Rc<[u8]>>) {
        // An empty name stands for the parent's.
        let same = parent.is_some_and(|parent| *parent == proto.source);
        let source: &[u8] = match (self.strip, same) {
            (true, _) => b"",
            (false, true) => b"",
            (false, false) => &proto.source,
        };
        self.bytes(source);
        self.count(proto.line_defined as usize);
        self.count(proto.last_line_defined as usize);
        self.byte(proto.num_params);
        self.byte(u8::from(proto.is_vararg));
        self.byte(proto.max_stack);

        let mut code = proto.code.clone();
        reset_caches(&mut code);
        self.count(code.len());
        for word in code {
            self.out.extend_from_slice(&word.to_le_bytes());
        }
        self.count(proto.constants.len());
        for constant in &proto.constants {
            self.constant(constant);
        }
        self.count(proto.templates.len());
        for template in &proto.templates {
            self.count(template.len());
            for name in template {
                self.out.extend_from_slice(&name.to_le_bytes());
            }
        }
        self.count(proto.upvalues.len());
        for upvalue in &proto.upvalues {
            self.byte(u8::from(upvalue.in_stack));
            self.byte(upvalue.index);
            self.byte(match upvalue.kind {
                VarKind::Regular => 0,
                VarKind::Const => 1,
                VarKind::Close => 2,
            });
            self.bytes(if self.strip { b"" } else { &upvalue.name });
        }
        self.count(proto.protos.len());
        for inner in &proto.protos {
            self.function(inner, Some(&proto.source));
        }
        let (lines, locals) = match self.strip {
            true => (&[][..], &[][..]),
            false => (&proto.lines.runs[..], &proto.locals[..]),
        };
        self.count(lines.len());
        for (pc, line) in lines {
            self.count(*pc as usize);
            self.count(*line as usize);
        }
        self.count(locals.len());
        for local in locals {
            self.bytes(&local.name);
            self.count(local.start_pc as usize);
            self.count(local.end_pc as usize);
            self.byte(local.register);
        }
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Nil => self.byte(0),
            Constant::Bool(false) => self.byte(1),
            Constant::Bool(true) => self.byte(2),
            Constant::Int(value) => {
                self.byte(3);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Constant::Float(value) => {
                self.byte(4);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
            Constant::Str(value) => {
                self.byte(5);
                self.bytes(value);
            }
        }
    }
}

/// Reads a binary chunk and checks it; the error is what the reference puts in
/// `bad binary format (...)`.
pub fn undump(chunk: &[u8]) -> Result<Prototype, String> {
    let mut reader = Reader { rest: chunk };
    reader.literal(SIGNATURE, "not a binary chunk")?;
    reader.literal(&HEADER[..1], "version mismatch")?;
    reader.literal(&HEADER[1..2], "format mismatch")?;
    reader.literal(&HEADER[2..8], CORRUPTED)?;
    reader.literal(&HEADER[8..9], "Instruction size mismatch")?;
    reader.literal(&HEADER[9..10], "lua_Integer size mismatch")?;
    reader.literal(&HEADER[10..], "lua_Number size mismatch")?;
    reader.literal(&CHECK_INT.to_le_bytes(), "integer format mismatch")?;
    reader.literal(&CHECK_FLOAT.to_le_bytes(), "float format mismatch")?;
    reader.literal(TAG, "format mismatch")?;
    let proto = reader.function(&Rc::from(NO_SOURCE), 0)?;
    check::check(&proto).map_err(|fault| format!("{CORRUPTED}: {fault}"))?;
    Ok(proto)
}

type Read<T> = Result<T, &'static str>;

struct Reader<'c> {
    rest: &'c [u8],
}

impl<'c> Reader<'c> {
    fn take(&mut self, count: usize) -> Read<&'c [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(TRUNCATED)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn literal(&mut self, expected: &[u8], fault: &'static str) -> Read<()> {
        let known = expected.len().min(self.rest.len());
        if self.rest[..known] != expected[..known] {
            return Err(fault);
        }
        self.take(expected.len()).map(|_| ())
    }

    fn byte(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Read<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CORRUPTED),
        }
    }

    fn number(&mut self) -> Read<u32> {
        let mut value: u64 = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| CORRUPTED);
            }
        }
        Err(CORRUPTED)
    }

    /// A count of things that take at least `size` bytes each; so that no more
    /// is allocated than the chunk can fill.
    fn count(&mut self, size: usize) -> Read<usize> {
        let count = self.number()? as usize;
        match count.checked_mul(size) {
            Some(needed) if needed <= self.rest.len() => Ok(count),
            _ => Err(TRUNCATED),
        }
    }

    fn bytes(&mut self) -> Read<Rc<[u8]>> {
        let count = self.count(1)?;
        self.take(count).map(Rc::from)
    }

    fn list<T>(
        &mut self,
        size: usize,
        mut item: impl FnMut(&mut Reader<'c>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let count = self.count(size)?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            list.push(item(self)?);
        }
        Ok(list)
    }

    fn function(&mut self, parent: &Rc<[u8]>, depth: usize) -> Read<Prototype> {
        if depth > MAX_DEPTH {
            return Err(CORRUPTED);
        }
        let mut source = self.bytes()?;
        if source.is_empty() {
            source = parent.clone();
        }
        Ok(Prototype {
            line_defined: self.number()?,
            last_line_defined: self.number()?,
            num_params: self.byte()?,
            is_vararg: self.flag()?,
            max_stack: self.byte()?,
            code: self.list(4, |reader| reader.array().map(u32::from_le_bytes))?,
            constants: self.list(1, Reader::constant)?,
            templates: self.list(1, |reader| {
                let names = reader.list(2, |reader| reader.array().map(u16::from_le_bytes))?;
                Ok(names.into_boxed_slice())
            })?,
            upvalues: self.list(4, Reader::upvalue)?,
            protos: self.list(8, |reader| reader.function(&source, depth + 1).map(Rc::new))?,
            lines: LineTable {
                runs: self.list(2, |reader| Ok((reader.number()?, reader.number()?)))?,
            },
            locals: self.list(4, Reader::local)?,
            source,
        })
    }

    fn constant(&mut self) -> Read<Constant> {
        Ok(match self.byte()? {
            0 => Constant::Nil,
            1 => Constant::Bool(false),
            2 => Constant::Bool(true),
            3 => Constant::Int(i64::from_le_bytes(self.array()?)),
            4 => Constant::Float(f64::from_le_bytes(self.array()?)),
            5 => Constant::Str(self.bytes()?),
            _ => return Err(CORRUPTED),
        })
    }

    fn upvalue(&mut self) -> Read<UpvalueDesc> {
        Ok(UpvalueDesc {
            in_stack: self.flag()?,
            index: self.byte()?,
            kind: match self.byte()? {
                0 => VarKind::Regular,
                1 => VarKind::Const,
                2 => VarKind::Close,
                _ => return Err(CORRUPTED),
            },
            name: self.bytes()?,
        })
    }

    fn local(&mut self) -> Read<LocalVar> {
        Ok(LocalVar {
            name: self.bytes()?,
            start_pc: self.number()?,
            end_pc: self.number()?,
            register: self.byte()?,
        })
    }
}
