//! Which registers an instruction reads and writes, for the checker.

use super::opcodes::{Format, Instruction, Op};

/// A run of registers: first, count.
pub(super) type Run = (usize, usize);

/// The registers that an instruction reads. `top` is where the open results
/// before it start: they belong to what it reads, but are not registers yet.
pub(super) fn reads(op: Op, i: Instruction, top: Option<usize>) -> Vec<Run> {
    use Op::*;
    let (a, b, c) = (usize::from(i.a()), usize::from(i.b()), usize::from(i.c()));
    let up_to_top = |first: usize| (first, top.unwrap_or(first).saturating_sub(first));
    match op {
        MOVE | UNM | BNOT | NOT | LEN | GETI | GETFIELD | SELF | TESTSETT | TESTSETF => {
            vec![(b, 1)]
        }
        SETUPVAL | SETTABUP | TBC | RETURN1 => vec![(a, 1)],
        GETTABLE => vec![(b, 1), (c, 1)],
        SETTABLE => vec![(a, 1), (b, 1), (c, 1)],
        SETI => vec![(a, 1), (c, 1)],
        SETFIELD => vec![(a, 1), (b, 1)],
        NEWOBJ | CONCAT => vec![(a, b)],
        SETLIST if b == 0 => vec![(a, 1), up_to_top(a + 1)],
        SETLIST => vec![(a, b + 1)],
        CALL | TAILCALL if b == 0 => vec![up_to_top(a)],
        CALL | TAILCALL => vec![(a, b)],
        RETURN if b == 0 => vec![up_to_top(a)],
        RETURN => vec![(a, b - 1)],
        FORPREP | FORLOOP => vec![(a, 3)],
        TFORPREP | TFORCALL => vec![(a, 4)],
        TFORLOOP => vec![(a + 4, 1)],
        _ => match op.format() {
            Format::JumpA | Format::JumpAK | Format::JumpAI => vec![(a, 1)],
            Format::JumpAB => vec![(a, 1), (b, 1)],
            Format::ABK | Format::ABsC => vec![(b, 1)],
            Format::AKC => vec![(c, 1)],
            Format::ABC if op != VARARG => vec![(b, 1), (c, 1)],
            _ => Vec::new(),
        },
    }
}

/// The registers that an instruction writes when it goes on to the next one.
pub(super) fn writes(op: Op, i: Instruction) -> Run {
    use Op::*;
    let (a, b, c) = (usize::from(i.a()), usize::from(i.b()), usize::from(i.c()));
    match op {
        LOADNIL => (a, b + 1),
        SELF => (a, 2),
        CALL | VARARG => (a, c.saturating_sub(1)),
        FORPREP => (a + 3, 1),
        TFORCALL => (a + 4, c),
        SETUPVAL | SETTABUP | SETTABLE | SETI | SETFIELD | SETLIST | CLOSE | TBC | JMP
        | TESTSETT | TESTSETF | TAILCALL | RETURN | RETURN0 | RETURN1 | FORLOOP | TFORPREP
        | TFORLOOP | VARARGPREP | EXIT => (0, 0),
        _ => match op.format() {
            Format::JumpA | Format::JumpAB | Format::JumpAK | Format::JumpAI => (0, 0),
            _ => (a, 1),
        },
    }
}

/// The registers that an instruction writes when it jumps, hidden ones of
/// loops aside.
pub(super) fn writes_on_jump(op: Op, i: Instruction) -> Run {
    let a = usize::from(i.a());
    match op {
        Op::TESTSETT | Op::TESTSETF => (a, 1),
        Op::FORLOOP => (a + 3, 1),
        _ => (0, 0),
    }
}

/// The first register whose content is lost, for instructions that use the
/// registers above for their own purposes.
pub(super) fn clobbers_from(op: Op, i: Instruction) -> Option<usize> {
    let a = usize::from(i.a());
    match op {
        Op::CALL | Op::CONCAT => Some(a),
        // A fixed number of values may go below live registers.
        Op::VARARG if i.c() == 0 => Some(a),
        Op::SETLIST => Some(a + 1),
        Op::TFORCALL => Some(a + 4),
        _ => None,
    }
}

/// How many registers, from 0, the instruction may touch at all.
pub(super) fn extent(op: Op, i: Instruction) -> usize {
    let end = |run: Run| if run.1 == 0 { 0 } else { run.0 + run.1 };
    let reads = reads(op, i, None).into_iter().map(end).max().unwrap_or(0);
    let writes = end(writes(op, i)).max(end(writes_on_jump(op, i)));
    let a = usize::from(i.a());
    let named = match op {
        // The iterator is called above the loop's registers.
        Op::TFORCALL => a + 7,
        Op::CALL | Op::TAILCALL | Op::VARARG | Op::SETLIST | Op::CONCAT | Op::NEWOBJ => a + 1,
        _ => 0,
    };
    reads.max(writes).max(named)
}
