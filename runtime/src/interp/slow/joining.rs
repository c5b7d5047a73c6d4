//! Concatenation of strings and numbers, with metamethods.
//!
//! Slow operations: see `slow/mod.rs`.

use super::*;

pub(in crate::interp) fn concat(vm: *mut State, pc: Pc, base: Base, k: K) -> Regs {
    // SAFETY: see above.
    unsafe {
        save(vm, pc);
        concat_from(&mut *vm, Regs { pc, base, k }, b(pc))
    }
}

/// After a `__concat` metamethod: its result is in register `at`; `r.pc` is
/// behind the CONCAT.
///
/// # Safety
/// The innermost frame is the Lua function's.
pub(crate) unsafe fn concat_continue(vm: &mut State, r: Regs, at: usize) -> Regs {
    // SAFETY: as the caller promised.
    unsafe {
        let pc = r.pc.sub(1);
        save(vm, pc);
        concat_from(vm, Regs { pc, ..r }, at + 1 - a(pc))
    }
}

/// Concatenates the first `n` operands of the CONCAT at `r.pc`, from the right.
unsafe fn concat_from(vm: &mut State, r: Regs, n: usize) -> Regs {
    // SAFETY: see above.
    unsafe {
        let mut r = r;
        let mut first = r.base.add(a(r.pc));
        let mut n = n;
        while n > 1 {
            let (x, y) = (*first.add(n - 2), *first.add(n - 1));
            let text = |v: Value| matches!(v.tag, tag::STRING | tag::INT | tag::FLOAT);
            if !text(x) || !text(y) {
                let mut m = vm.metamethod(x, Event::Concat);
                if m.is_nil() {
                    m = vm.metamethod(y, Event::Concat);
                }
                if m.is_nil() {
                    return message::concat_error(vm, r.pc, x, y, a(r.pc) + n - 2);
                }
                let at = a(r.pc) + n - 2;
                return call_meta(vm, m, &[x, y], r.pc.add(1), cont::CONCAT, at);
            }
            let mut count = 2;
            while count < n && text(*first.add(n - count - 1)) {
                count += 1;
            }
            let mut start = first.add(n - count);
            let s = match join(vm, start, count) {
                Some(s) => s,
                None => {
                    // There may be garbage.
                    vm.top = r.base;
                    vm.collect_full();
                    // The stack may have moved.
                    r.base = (*vm.frame).base;
                    first = r.base.add(a(r.pc));
                    start = first.add(n - count);
                    match join(vm, start, count) {
                        Some(s) => s,
                        None => return message::memory_error(vm),
                    }
                }
            };
            *start = s;
            n -= count - 1;
        }
        Regs {
            pc: r.pc.add(1),
            ..r
        }
    }
}

/// The concatenation of `n` strings and numbers in consecutive registers.
unsafe fn join(vm: &mut State, start: *const Value, n: usize) -> Option<Value> {
    // SAFETY: see above.
    unsafe {
        let mut total = 0usize;
        let mut numbers = false;
        for i in 0..n {
            let v = *start.add(i);
            if v.tag == tag::STRING {
                total += Str(v.obj()).len();
            } else {
                numbers = true;
            }
        }
        if numbers {
            // Numbers become strings in their registers.
            for i in 0..n {
                let v = start.add(i) as *mut Value;
                if (*v).tag != tag::STRING {
                    let mut buffer = message::NumberBuffer::default();
                    let text = message::number_text(*v, &mut buffer);
                    total += text.len();
                    *v = Str::new(&mut vm.mem, text).value();
                }
            }
        }
        if n == 2 {
            let (x, y) = (*start, *start.add(1));
            if Str(x.obj()).is_empty() {
                return Some(y);
            }
            if Str(y.obj()).is_empty() {
                return Some(x);
            }
        }
        let s = Str::try_new_with(&mut vm.mem, total, |out| {
            let mut at = 0;
            for i in 0..n {
                let part = Str((*start.add(i)).obj()).as_bytes();
                out[at..at + part.len()].copy_from_slice(part);
                at += part.len();
            }
        })?;
        Some(s.value())
    }
}
