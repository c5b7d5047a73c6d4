//! The `table` library, except `sort`, which is in `sort.rs`.
//!
//! Each function has two ways. A table without a metatable is worked on directly, in bulk where the
//! runtime can do that; anything else goes element by element through the metamethods.

use moonsweep_runtime::native::{Context, NativeDef, Num, Result, Results, Table, Value};

use crate::sort::sort;
use crate::util::def;

/// What an object must be able to do to pass for a table.
#[derive(Clone, Copy)]
pub(crate) struct Needs {
    read: bool,
    write: bool,
    length: bool,
}

impl Needs {
    const READ: Needs = Needs {
        read: true,
        write: false,
        length: false,
    };
    const WRITE: Needs = Needs {
        read: false,
        write: true,
        length: false,
    };
    const READ_LENGTH: Needs = Needs {
        read: true,
        write: false,
        length: true,
    };
    pub(crate) const ALL: Needs = Needs {
        read: true,
        write: true,
        length: true,
    };
}

/// Checks that an argument is a table, or has the metamethods to behave like one.
pub(crate) fn check_tabular(cx: &Context, i: usize, needs: Needs) -> Result<()> {
    if matches!(cx.arg(i), Value::Table(_)) {
        return Ok(());
    }
    let has = |event| {
        cx.metatable_of(cx.arg(i))
            .is_some_and(|metatable| !metatable.get_name(cx, event).is_nil())
    };
    let passes = (!needs.read || has("__index"))
        && (!needs.write || has("__newindex"))
        && (!needs.length || has("__len"));
    if passes {
        Ok(())
    } else {
        Err(cx.type_error(i, "table"))
    }
}

/// The argument, if it is a table that raw access is right for.
pub(crate) fn plain(cx: &Context, i: usize) -> Option<Table<'_>> {
    cx.arg(i).as_table().filter(|table| table.is_plain())
}

/// In loops of natives there is a poll at every so many steps, and one.
const POLL_STEPS: i64 = 0x3ff;

/// Lets the collector in, now and then, in a loop that may be long.
#[inline]
pub(crate) fn poll_at(cx: &mut Context, step: i64) -> Result<()> {
    if step & POLL_STEPS == POLL_STEPS {
        cx.work(POLL_STEPS as u64)?;
    }
    Ok(())
}

fn insert(cx: &mut Context) -> Result<Results> {
    let end;
    if let Some(table) = plain(cx, 0) {
        end = table.len(cx).wrapping_add(1);
        if cx.nargs() == 2 {
            table.set_int(cx, end, cx.arg(1))?;
            return cx.none();
        }
        if cx.nargs() == 3 {
            let position = insert_position(cx, end)?;
            cx.charge(end.wrapping_sub(position) as u64 / 16);
            if table.insert_shift(cx, position, cx.arg(2)) {
                return cx.none();
            }
        }
    } else {
        check_tabular(cx, 0, Needs::ALL)?;
        end = cx.len(0)?.wrapping_add(1);
    }
    let position = match cx.nargs() {
        2 => end,
        3 => {
            let position = insert_position(cx, end)?;
            let mut i = end;
            while i > position {
                cx.index_int(0, i - 1)?;
                cx.set_index_int(0, i)?;
                i -= 1;
                poll_at(cx, end - i)?;
            }
            position
        }
        _ => return Err(cx.error("wrong number of arguments to 'insert'")),
    };
    cx.push(cx.arg(cx.nargs() - 1));
    cx.set_index_int(0, position)?;
    cx.none()
}

/// The position argument, which must be in `[1, end]`.
fn insert_position(cx: &Context, end: i64) -> Result<i64> {
    let position = cx.check_int(1)?;
    if (position as u64).wrapping_sub(1) < end as u64 {
        Ok(position)
    } else {
        Err(cx.arg_error(1, "position out of bounds"))
    }
}

fn remove(cx: &mut Context) -> Result<Results> {
    let size;
    if let Some(table) = plain(cx, 0) {
        size = table.len(cx);
        let position = remove_position(cx, size)?;
        if position >= size {
            let last = table.get_int(cx, position);
            if !last.is_nil() {
                table.set_int(cx, position, Value::Nil)?;
            }
            return cx.ret(last);
        }
        cx.charge(size.wrapping_sub(position) as u64 / 16);
        if let Some(removed) = table.remove_shift(cx, position) {
            return cx.ret(removed);
        }
    } else {
        check_tabular(cx, 0, Needs::ALL)?;
        size = cx.len(0)?;
    }
    let mut position = remove_position(cx, size)?;
    cx.index_int(0, position)?;
    let removed = cx.slots() - 1;
    while position < size {
        cx.index_int(0, position + 1)?;
        cx.set_index_int(0, position)?;
        position += 1;
        poll_at(cx, size - position)?;
    }
    cx.push(Value::Nil);
    cx.set_index_int(0, position)?;
    cx.ret(cx.arg(removed))
}

/// The position argument, which must be in `[1, size + 1]`; the default is `size`.
fn remove_position(cx: &Context, size: i64) -> Result<i64> {
    let position = cx.opt_int(1, size)?;
    if position == size || (position as u64).wrapping_sub(1) <= size as u64 {
        Ok(position)
    } else {
        Err(cx.arg_error(1, "position out of bounds"))
    }
}

fn move_(cx: &mut Context) -> Result<Results> {
    let (from, end, at) = (cx.check_int(1)?, cx.check_int(2)?, cx.check_int(3)?);
    let target = if cx.is_none_or_nil(4) { 0 } else { 4 };
    check_tabular(cx, 0, Needs::READ)?;
    check_tabular(cx, target, Needs::WRITE)?;
    if end >= from {
        if !(from > 0 || end < i64::MAX.wrapping_add(from)) {
            return Err(cx.arg_error(2, "too many elements to move"));
        }
        let count = end - from + 1;
        if at > i64::MAX - count + 1 {
            return Err(cx.arg_error(3, "destination wrap around"));
        }
        cx.charge(count as u64 / 16);
        let done = match (plain(cx, 0), plain(cx, target)) {
            (Some(source), Some(target)) => source.move_within(cx, from, end, target, at),
            _ => false,
        };
        if !done {
            move_elements(cx, from, count, at, target)?;
        }
    }
    cx.ret(cx.arg(target))
}

/// Moves one by one: upwards where that does not overwrite what is still to be read.
fn move_elements(cx: &mut Context, from: i64, count: i64, at: i64, target: usize) -> Result<()> {
    let end = from + (count - 1);
    let upwards = at > end || at <= from || (target != 0 && !cx.equals(0, target)?);
    for step in 0..count {
        let i = if upwards { step } else { count - 1 - step };
        cx.index_int(0, from + i)?;
        cx.set_index_int(target, at + i)?;
        poll_at(cx, step)?;
    }
    Ok(())
}

fn concat(cx: &mut Context) -> Result<Results> {
    check_tabular(cx, 0, Needs::READ_LENGTH)?;
    let length = match plain(cx, 0) {
        Some(table) => table.len(cx),
        None => cx.len(0)?,
    };
    cx.opt_str(1)?;
    let first = cx.opt_int(2, 1)?;
    let last = cx.opt_int(3, length)?;
    if first > last {
        return cx.ret(cx.string("")?);
    }
    if let Some(table) = plain(cx, 0)
        && let Some(length) = joined_length(cx, table, first, last)?
    {
        return concat_strings(cx, table, first, last, length);
    }
    concat_elements(cx, first, last)
}

/// How long all the strings with separators between them are; nothing if some of them are not
/// strings.
fn joined_length(cx: &Context, table: Table<'_>, first: i64, last: i64) -> Result<Option<usize>> {
    let separator = cx.opt_str(1)?.map_or(0, |text| text.len());
    let mut length = 0_usize;
    for i in first..=last {
        let Value::Str(text) = table.get_int(cx, i) else {
            return Ok(None);
        };
        length = length.saturating_add(text.len()).saturating_add(separator);
    }
    cx.charge(last.wrapping_sub(first) as u64 / 2);
    Ok(Some(length - separator))
}

/// Joins elements that are known to be strings right into their result.
fn concat_strings(
    cx: &Context,
    table: Table<'_>,
    first: i64,
    last: i64,
    length: usize,
) -> Result<Results> {
    let separator = cx.opt_str(1)?.map_or(&b""[..], |text| text.as_bytes());
    let joined = cx.string_with(length, |mut room| {
        for i in first..=last {
            if let Value::Str(text) = table.get_int(cx, i) {
                room = fill(room, text.as_bytes());
            }
            if i < last {
                room = fill(room, separator);
            }
        }
    })?;
    cx.ret(joined)
}

/// Copies `bytes` to the start of `room` and gives what is left of it.
fn fill<'r>(room: &'r mut [u8], bytes: &[u8]) -> &'r mut [u8] {
    let (to, rest) = room.split_at_mut(bytes.len());
    to.copy_from_slice(bytes);
    rest
}

fn concat_elements(cx: &mut Context, first: i64, last: i64) -> Result<Results> {
    let mut joined = Vec::new();
    for i in first..=last {
        cx.index_int(0, i)?;
        match cx.top(0) {
            Value::Str(text) => joined.extend_from_slice(text.as_bytes()),
            Value::Int(n) => joined.extend(cx.number_to_string(Num::Int(n))),
            Value::Float(n) => joined.extend(cx.number_to_string(Num::Float(n))),
            value => {
                let kind = value.type_name();
                return Err(cx.error(format!(
                    "invalid value ({kind}) at index {i} in table for 'concat'"
                )));
            }
        }
        cx.pop(1);
        if i < last
            && let Some(separator) = cx.opt_str(1)?
        {
            joined.extend_from_slice(separator.as_bytes());
        }
        cx.check_size(joined.len() as u64)?;
        poll_at(cx, i)?;
    }
    cx.ret(cx.string(joined)?)
}

fn pack(cx: &mut Context) -> Result<Results> {
    let count = cx.nargs();
    let table = cx.table(count, 1);
    table.set_slots(cx, 0)?;
    table.set_name(cx, "n", count as i64)?;
    cx.ret(table)
}

fn unpack(cx: &mut Context) -> Result<Results> {
    let first = cx.opt_int(1, 1)?;
    let last = if !cx.is_none_or_nil(2) {
        cx.check_int(2)?
    } else {
        match plain(cx, 0) {
            Some(table) => table.len(cx),
            None => cx.len(0)?,
        }
    };
    if first > last {
        return cx.none();
    }
    let below = last.wrapping_sub(first) as u64;
    if below >= i32::MAX as u64 || !cx.can_push(below as usize + 1) {
        return Err(cx.error("too many results to unpack"));
    }
    let count = below as usize + 1;
    cx.reserve(count)?;
    cx.charge(count as u64 / 4);
    match plain(cx, 0) {
        Some(table) => {
            for i in first..=last {
                cx.push(table.get_int(cx, i));
            }
        }
        None => {
            for i in first..=last {
                cx.index_int(0, i)?;
            }
        }
    }
    Ok(cx.results(count))
}

/// Makes the global table `table`.
pub fn open(cx: &mut Context) -> Result<()> {
    let cx = &*cx;
    let table = cx.table(0, TABLE.len());
    cx.register(table, TABLE)?;
    cx.globals().set_name(cx, "table", table)
}

static TABLE: &[NativeDef] = &[
    def("concat", concat),
    def("insert", insert),
    def("move", move_),
    def("pack", pack),
    def("remove", remove),
    def("sort", sort),
    def("unpack", unpack),
];
