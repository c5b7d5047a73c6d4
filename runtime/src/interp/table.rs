//! Which body runs for which opcode.

use super::ops::{arith, calls, compare, control, data, fields, loops, tables};
#[cfg(tail_dispatch)]
use super::{
    Pc,
    tail::{Handler, TableEntry, Tail, counted, hooked},
};
#[cfg(not(tail_dispatch))]
use super::{Regs, looped::Loop};
#[cfg(tail_dispatch)]
use crate::value::Value;
use crate::vm::State;
use moonsweep_compiler::bytecode::opcodes::Op;

macro_rules! instructions {
    ($($op:ident => $body:path;)*) => {
        /// One handler per opcode byte.
        #[cfg(tail_dispatch)]
        pub(super) static HANDLERS: HandlerTable = HandlerTable({
            let mut t = [TableEntry(handler_of_unknown); 256];
            $({
                unsafe fn handler(
                    vm: *mut State,
                    pc: Pc,
                    base: *mut Value,
                    k: *const Value,
                    table: *const TableEntry,
                ) {
                    // SAFETY: the interpreter's registers are valid.
                    unsafe { $body(Tail(table), vm, pc, base, k) }
                }
                t[Op::$op as usize] = TableEntry(handler as Handler);
            })*
            t
        });

        /// Runs one instruction; false at EXIT.
        #[cfg(not(tail_dispatch))]
        #[inline(always)]
        pub(super) unsafe fn step(vm: *mut State, r: &mut Regs) -> bool {
            // SAFETY: the interpreter's registers are valid.
            unsafe {
                let op = *(r.pc as *const u8);
                if op == Op::EXIT as u8 {
                    return false;
                }
                $(if op == Op::$op as u8 {
                    *r = $body(Loop, vm, r.pc, r.base, r.k);
                    return true;
                })*
                false
            }
        }
        const _: () = assert!([$(Op::$op),*].len() == Op::COUNT, "an opcode has no body");
    };
}

/// The handlers while a hook is on: all but the one that leaves the interpreter
/// go through the hook.
#[cfg(tail_dispatch)]
pub(super) static HOOKED: HandlerTable = HandlerTable({
    let mut t = [TableEntry(hooked as Handler); 256];
    t[Op::EXIT as usize] = HANDLERS.0[Op::EXIT as usize];
    t
});

/// The handlers while instructions are counted.
#[cfg(tail_dispatch)]
pub(super) static COUNTED: HandlerTable = HandlerTable({
    let mut t = [TableEntry(counted as Handler); 256];
    t[Op::EXIT as usize] = HANDLERS.0[Op::EXIT as usize];
    t
});

/// The table of handlers.
#[cfg(tail_dispatch)]
pub(super) struct HandlerTable(pub [TableEntry; 256]);

#[cfg(tail_dispatch)]
unsafe fn handler_of_unknown(
    _: *mut State,
    _: Pc,
    _: *mut Value,
    _: *const Value,
    _: *const TableEntry,
) {
}

instructions! {
    MOVE => data::mov;
    LOADI => data::load_i;
    LOADF => data::load_f;
    LOADK => data::load_k;
    LOADKX => data::load_kx;
    LOADNIL => data::load_nil;
    LOADFALSE => data::load_false;
    LFALSESKIP => data::load_false_skip;
    LOADTRUE => data::load_true;
    GETUPVAL => data::get_upval;
    SETUPVAL => data::set_upval;
    GETTABUP => fields::get_tab_up;
    SETTABUP => fields::set_tab_up;
    GETTABLE => tables::get_table;
    GETI => tables::get_i;
    GETFIELD => fields::get_field;
    SETTABLE => tables::set_table;
    SETI => tables::set_i;
    SETFIELD => fields::set_field;
    SELF => fields::self_;
    NEWTABLE => tables::new_table;
    NEWOBJ => tables::new_obj;
    SETLIST => tables::set_list;
    ADD => arith::add;
    SUB => arith::sub;
    MUL => arith::mul;
    DIV => arith::div;
    MOD => arith::mod_;
    IDIV => arith::idiv;
    POW => arith::pow;
    BAND => arith::band;
    BOR => arith::bor;
    BXOR => arith::bxor;
    SHL => arith::shl;
    SHR => arith::shr;
    ADDK => arith::add_k;
    SUBK => arith::sub_k;
    MULK => arith::mul_k;
    DIVK => arith::div_k;
    MODK => arith::mod_k;
    IDIVK => arith::idiv_k;
    POWK => arith::pow_k;
    BANDK => arith::band_k;
    BORK => arith::bor_k;
    BXORK => arith::bxor_k;
    KADD => arith::k_add;
    KSUB => arith::k_sub;
    KMUL => arith::k_mul;
    KDIV => arith::k_div;
    ADDI => arith::add_i;
    SUBI => arith::sub_i;
    SHLI => arith::shl_i;
    SHRI => arith::shr_i;
    UNM => arith::unm;
    BNOT => arith::bnot;
    NOT => data::not;
    LEN => tables::len;
    CONCAT => data::concat;
    CLOSE => control::close;
    TBC => control::tbc;
    JMP => control::jmp;
    JT => control::jt;
    JF => control::jf;
    TESTSETT => control::testset_t;
    TESTSETF => control::testset_f;
    JEQ => compare::jeq;
    JNE => compare::jne;
    JLT => compare::jlt;
    JNLT => compare::jnlt;
    JLE => compare::jle;
    JNLE => compare::jnle;
    JEQK => compare::jeqk;
    JNEK => compare::jnek;
    JEQI => compare::jeqi;
    JNEI => compare::jnei;
    JLTI => compare::jlti;
    JNLTI => compare::jnlti;
    JLEI => compare::jlei;
    JNLEI => compare::jnlei;
    JGTI => compare::jgti;
    JNGTI => compare::jngti;
    JGEI => compare::jgei;
    JNGEI => compare::jngei;
    JNIL => control::jnil;
    JNOTNIL => control::jnotnil;
    CALL => calls::call;
    TAILCALL => calls::tail_call;
    RETURN => calls::return_;
    RETURN0 => calls::return0;
    RETURN1 => calls::return1;
    FORPREP => loops::for_prep;
    FORLOOP => loops::for_loop;
    TFORPREP => loops::tfor_prep;
    TFORCALL => loops::tfor_call;
    TFORLOOP => loops::tfor_loop;
    VARARG => calls::vararg;
    VARARGPREP => calls::vararg_prep;
    CLOSURE => data::closure;
    EXIT => control::exit;
}
