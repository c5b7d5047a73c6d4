//! The one table of opcodes: enum, decoder, lengths, disassembly and the
//! bytecode checker all come from the rows below.
//!
//! An instruction is one 32-bit word, little-endian bytes `op A B C`, followed
//! by the number of extension words that its row names (inline caches, wide
//! operands, jump offsets). `Bx` is the unsigned 16-bit value in bytes 2-3,
//! `sBx` the same bytes signed, `sJ` the signed 24-bit value in bytes 1-3,
//! `X1..X5` the extension words. Jump offsets (`sJ`, or `X1` as i32) count
//! 32-bit words from the start of the *following* instruction.
//!
//! `R[x]` register of the frame, `K[x]` constant, `U[x]` upvalue of the running
//! closure. Field instructions keep an inline cache in their extension words;
//! the compiler emits it as: `X1` = constant index of the name in the low 16
//! bits, zero elsewhere. A name whose constant index exceeds 65535 is loaded into a register and
//! accessed by `GETTABLE`/`SETTABLE` instead.

// In the rows' texts, `R[A]` is notation and no link.
#![allow(rustdoc::broken_intra_doc_links)]

/// How an instruction's operands are laid out, for the disassembler and checker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// No operands.
    None,
    /// `A`: a register.
    A,
    /// `A`, `B` registers (or counts).
    AB,
    /// `A`, `B`, `C` registers (or counts).
    ABC,
    /// `A` register, `B` register, `C` a constant index.
    ABK,
    /// `A` register, `B` constant index, `C` register.
    AKC,
    /// `A`, `B` registers, `C` a signed 8-bit integer.
    ABsC,
    /// `A` register and `Bx`.
    ABx,
    /// `A` register and `sBx`.
    AsBx,
    /// `sJ`.
    SJ,
    /// `A`, `B` and the field name in X1.
    Field,
    /// Conditional jump on `A`, `B` registers; offset in X1.
    JumpAB,
    /// Conditional jump on register `A` and constant `B`; offset in X1.
    JumpAK,
    /// Conditional jump on register `A` and the signed immediate `sBx`; offset in X1.
    JumpAI,
    /// Conditional jump on register `A`; offset in X1.
    JumpA,
}

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])* $name:ident = $ext:literal, $format:ident;)*) => {
        /// An operation of the register machine.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(clippy::upper_case_acronyms)]
        pub enum Op { $($(#[doc = $doc])* $name),* }

        impl Op {
            /// Every operation, in the order of their numbers.
            pub const ALL: &'static [Op] = &[$(Op::$name),*];
            /// How many operations there are.
            pub const COUNT: usize = Op::ALL.len();
            /// The operation's name.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name)),* }
            }
            /// Number of extension words that follow the first word.
            pub const fn extension_words(self) -> usize {
                match self { $(Op::$name => $ext),* }
            }
            /// The layout of the operands.
            pub const fn format(self) -> Format {
                match self { $(Op::$name => Format::$format),* }
            }
            /// What the operation does, as documented in the table.
            pub const fn doc(self) -> &'static str {
                match self { $(Op::$name => concat!($($doc),*)),* }
            }
            /// The operation with the given number, if there is one.
            pub fn from_u8(n: u8) -> Option<Op> {
                Op::ALL.get(n as usize).copied()
            }
        }
    };
}

opcodes! {
    /// R[A] := R[B]
    MOVE = 0, AB;
    /// R[A] := integer sBx
    LOADI = 0, AsBx;
    /// R[A] := float sBx
    LOADF = 0, AsBx;
    /// R[A] := K[Bx]
    LOADK = 0, ABx;
    /// R[A] := K[X1]
    LOADKX = 1, A;
    /// R[A], ..., R[A+B] := nil
    LOADNIL = 0, AB;
    /// R[A] := false
    LOADFALSE = 0, A;
    /// R[A] := false, then skip the next word (a LOADTRUE)
    LFALSESKIP = 0, A;
    /// R[A] := true
    LOADTRUE = 0, A;
    /// R[A] := U[B]
    GETUPVAL = 0, AB;
    /// U[B] := R[A]
    SETUPVAL = 0, AB;
    /// R[A] := U[B].name; X1 = name | slot<<16, X2 = shape (inline cache)
    GETTABUP = 2, Field;
    /// U[B].name := R[A]; X1 = name | slot<<16, X2 = shape, X3 = shape after
    SETTABUP = 3, Field;
    /// R[A] := R[B][R[C]]
    GETTABLE = 0, ABC;
    /// R[A] := R[B][integer C], C in 0..=255
    GETI = 0, ABC;
    /// R[A] := R[B].name; X1 = name | slot<<16, X2 = shape (inline cache)
    GETFIELD = 2, Field;
    /// R[A][R[B]] := R[C]
    SETTABLE = 0, ABC;
    /// R[A][integer B] := R[C], B in 0..=255
    SETI = 0, ABC;
    /// R[A].name := R[B]; X1 = name | slot<<16, X2 = shape, X3 = shape after
    SETFIELD = 3, Field;
    /// R[A+1] := R[B]; R[A] := R[B].name; X1 = name | slot<<16, X2 = shape,
    /// X3 = metatable, X4 = epoch, X5 = holder (inline cache)
    SELF = 5, Field;
    /// R[A] := {}; X1 = array size hint | record size hint<<24, X2 = site cache (0)
    NEWTABLE = 2, A;
    /// R[A] := record of template X1 whose B fields are R[A], ..., R[A+B-1]; X2 = shape cache (0)
    NEWOBJ = 2, AB;
    /// R[A][X1+i] := R[A+i], 1 <= i <= B (B = 0: up to top)
    SETLIST = 1, AB;
    /// R[A] := R[B] + R[C]
    ADD = 0, ABC;
    /// R[A] := R[B] - R[C]
    SUB = 0, ABC;
    /// R[A] := R[B] * R[C]
    MUL = 0, ABC;
    /// R[A] := R[B] / R[C]
    DIV = 0, ABC;
    /// R[A] := R[B] % R[C]
    MOD = 0, ABC;
    /// R[A] := R[B] // R[C]
    IDIV = 0, ABC;
    /// R[A] := R[B] ^ R[C]
    POW = 0, ABC;
    /// R[A] := R[B] & R[C]
    BAND = 0, ABC;
    /// R[A] := R[B] | R[C]
    BOR = 0, ABC;
    /// R[A] := R[B] ~ R[C]
    BXOR = 0, ABC;
    /// R[A] := R[B] << R[C]
    SHL = 0, ABC;
    /// R[A] := R[B] >> R[C]
    SHR = 0, ABC;
    /// R[A] := R[B] + K[C] (K a number)
    ADDK = 0, ABK;
    /// R[A] := R[B] - K[C] (K a number)
    SUBK = 0, ABK;
    /// R[A] := R[B] * K[C] (K a number)
    MULK = 0, ABK;
    /// R[A] := R[B] / K[C] (K a number)
    DIVK = 0, ABK;
    /// R[A] := R[B] % K[C] (K a number)
    MODK = 0, ABK;
    /// R[A] := R[B] // K[C] (K a number)
    IDIVK = 0, ABK;
    /// R[A] := R[B] ^ K[C] (K a number)
    POWK = 0, ABK;
    /// R[A] := R[B] & K[C] (K an integer)
    BANDK = 0, ABK;
    /// R[A] := R[B] | K[C] (K an integer)
    BORK = 0, ABK;
    /// R[A] := R[B] ~ K[C] (K an integer)
    BXORK = 0, ABK;
    /// R[A] := K[B] + R[C] (K a number)
    KADD = 0, AKC;
    /// R[A] := K[B] - R[C] (K a number)
    KSUB = 0, AKC;
    /// R[A] := K[B] * R[C] (K a number)
    KMUL = 0, AKC;
    /// R[A] := K[B] / R[C] (K a number)
    KDIV = 0, AKC;
    /// R[A] := R[B] + integer sC
    ADDI = 0, ABsC;
    /// R[A] := R[B] - integer sC
    SUBI = 0, ABsC;
    /// R[A] := R[B] << integer sC
    SHLI = 0, ABsC;
    /// R[A] := R[B] >> integer sC
    SHRI = 0, ABsC;
    /// R[A] := -R[B]
    UNM = 0, AB;
    /// R[A] := ~R[B]
    BNOT = 0, AB;
    /// R[A] := not R[B]
    NOT = 0, AB;
    /// R[A] := #R[B]
    LEN = 0, AB;
    /// R[A] := R[A] .. ... .. R[A+B-1]
    CONCAT = 0, AB;
    /// close all open upvalues and to-be-closed variables >= R[A]
    CLOSE = 0, A;
    /// mark R[A] as to-be-closed
    TBC = 0, A;
    /// jump by sJ
    JMP = 0, SJ;
    /// if R[A] is true then jump by X1
    JT = 1, JumpA;
    /// if R[A] is false or nil then jump by X1
    JF = 1, JumpA;
    /// if R[B] is true then R[A] := R[B] and jump by X1
    TESTSETT = 1, JumpAB;
    /// if R[B] is false or nil then R[A] := R[B] and jump by X1
    TESTSETF = 1, JumpAB;
    /// if R[A] == R[B] then jump by X1
    JEQ = 1, JumpAB;
    /// if R[A] ~= R[B] then jump by X1
    JNE = 1, JumpAB;
    /// if R[A] < R[B] then jump by X1
    JLT = 1, JumpAB;
    /// if not (R[A] < R[B]) then jump by X1
    JNLT = 1, JumpAB;
    /// if R[A] <= R[B] then jump by X1
    JLE = 1, JumpAB;
    /// if not (R[A] <= R[B]) then jump by X1
    JNLE = 1, JumpAB;
    /// if R[A] == K[B] then jump by X1 (raw equality; K a string or number)
    JEQK = 1, JumpAK;
    /// if R[A] ~= K[B] then jump by X1 (raw equality; K a string or number)
    JNEK = 1, JumpAK;
    /// if R[A] == integer sBx then jump by X1
    JEQI = 1, JumpAI;
    /// if R[A] ~= integer sBx then jump by X1
    JNEI = 1, JumpAI;
    /// if R[A] < integer sBx then jump by X1
    JLTI = 1, JumpAI;
    /// if not (R[A] < integer sBx) then jump by X1
    JNLTI = 1, JumpAI;
    /// if R[A] <= integer sBx then jump by X1
    JLEI = 1, JumpAI;
    /// if not (R[A] <= integer sBx) then jump by X1
    JNLEI = 1, JumpAI;
    /// if R[A] > integer sBx then jump by X1
    JGTI = 1, JumpAI;
    /// if not (R[A] > integer sBx) then jump by X1
    JNGTI = 1, JumpAI;
    /// if R[A] >= integer sBx then jump by X1
    JGEI = 1, JumpAI;
    /// if not (R[A] >= integer sBx) then jump by X1
    JNGEI = 1, JumpAI;
    /// if R[A] == nil then jump by X1
    JNIL = 1, JumpA;
    /// if R[A] ~= nil then jump by X1
    JNOTNIL = 1, JumpA;
    /// R[A], ..., R[A+C-2] := R[A](R[A+1], ..., R[A+B-1]); B = 0: arguments up to top;
    /// C = 0: all results, top set behind them
    CALL = 0, ABC;
    /// return R[A](R[A+1], ..., R[A+B-1]); C = 1: close upvalues first
    TAILCALL = 0, ABC;
    /// return R[A], ..., R[A+B-2]; B = 0: up to top; C = 1: close upvalues and
    /// to-be-closed variables first
    RETURN = 0, ABC;
    /// return (nothing to close)
    RETURN0 = 0, None;
    /// return R[A] (nothing to close)
    RETURN1 = 0, A;
    /// prepare a numerical loop: R[A] initial, R[A+1] limit, R[A+2] step; if it does
    /// not run at all jump by X1 (to behind the FORLOOP), else R[A+3] := first value
    FORPREP = 1, JumpA;
    /// step the loop at R[A]; if it goes on, R[A+3] := next value and jump by X1 (negative)
    FORLOOP = 1, JumpA;
    /// prepare a generic loop: mark R[A+3] as to-be-closed, then jump by X1 (to the TFORCALL)
    TFORPREP = 1, JumpA;
    /// R[A+4], ..., R[A+3+C] := R[A](R[A+1], R[A+2]); C >= 1
    TFORCALL = 0, ABC;
    /// if R[A+4] ~= nil then R[A+2] := R[A+4] and jump by X1 (negative)
    TFORLOOP = 1, JumpA;
    /// R[A], ..., R[A+C-2] := varargs; C = 0: all of them, top set behind them
    VARARG = 0, ABC;
    /// first instruction of a vararg function with A fixed parameters: move the
    /// function and its fixed parameters above the variable arguments
    VARARGPREP = 0, A;
    /// R[A] := closure of prototype Bx
    CLOSURE = 0, ABx;
    /// leave the interpreter (never emitted by the compiler)
    EXIT = 0, None;
}

/// An instruction's first word, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Instruction(pub u32);

impl Instruction {
    /// `op A B C`.
    pub const fn abc(op: Op, a: u8, b: u8, c: u8) -> Instruction {
        Instruction(op as u32 | (a as u32) << 8 | (b as u32) << 16 | (c as u32) << 24)
    }
    /// `op A Bx`.
    pub const fn abx(op: Op, a: u8, bx: u16) -> Instruction {
        Instruction(op as u32 | (a as u32) << 8 | (bx as u32) << 16)
    }
    /// `op A sBx`.
    pub const fn asbx(op: Op, a: u8, sbx: i16) -> Instruction {
        Instruction::abx(op, a, sbx as u16)
    }
    /// `op sJ`; `offset` must fit in 24 bits, signed.
    pub const fn sj(op: Op, offset: i32) -> Instruction {
        Instruction(op as u32 | (offset as u32) << 8)
    }
    /// The operation, if the number is a known one.
    pub fn op(self) -> Option<Op> {
        Op::from_u8(self.0 as u8)
    }
    /// Operand A.
    pub const fn a(self) -> u8 {
        (self.0 >> 8) as u8
    }
    /// Operand B.
    pub const fn b(self) -> u8 {
        (self.0 >> 16) as u8
    }
    /// Operand C.
    pub const fn c(self) -> u8 {
        (self.0 >> 24) as u8
    }
    /// Operand Bx.
    pub const fn bx(self) -> u16 {
        (self.0 >> 16) as u16
    }
    /// Operand sBx.
    pub const fn sbx(self) -> i16 {
        (self.0 >> 16) as i16
    }
    /// Operand sJ.
    pub const fn sj_offset(self) -> i32 {
        (self.0 as i32) >> 8
    }
}
