//! `table.sort`.
//!
//! Two ways. An array of nothing but integers, floats or strings, to be sorted by `<`, is copied out,
//! sorted by the standard library and copied back: nobody can tell equal values apart there. All
//! else is sorted in place by the reference implementation's quicksort, step for step, because an
//! order function sees which elements are compared and decides what happens to those it calls
//! equal: scripts get the same permutation as from the reference. The elements stay in the table
//! while the order function runs; only the pivot and the two elements at hand are in the frame.
//!
//! An order function that contradicts itself cannot lead out of the array: the two scans of a
//! partition stop at its ends and raise "invalid order function for sorting".

use std::cmp::Ordering;

use moonsweep_runtime::native::{Context, Result, Results, Table, Value};

use crate::random::entropy;
use crate::table::{Needs, check_tabular, plain, poll_at};

/// Frame slot of the table.
const TABLE: usize = 0;
/// Frame slot of the order function, or nil.
const ORDER: usize = 1;
/// Arrays larger than this may get a random pivot.
const RANDOM_LIMIT: i64 = 100;

pub(crate) fn sort(cx: &mut Context) -> Result<Results> {
    check_tabular(cx, TABLE, Needs::ALL)?;
    let length = match plain(cx, TABLE) {
        Some(table) => table.len(cx),
        None => cx.len(TABLE)?,
    };
    if length < 2 {
        return cx.none();
    }
    if length >= i64::from(i32::MAX) {
        return Err(cx.arg_error(TABLE, "array too big"));
    }
    let has_order = !cx.is_none_or_nil(ORDER);
    if has_order {
        cx.check_function(ORDER)?;
    }
    cx.truncate(cx.nargs().min(2));
    if cx.slots() < 2 {
        cx.push(Value::Nil);
    }
    let raw = match plain(cx, TABLE) {
        Some(table) => {
            if !has_order && sort_uniform(cx, table, length)? {
                return cx.none();
            }
            true
        }
        None => false,
    };
    cx.reserve(8)?;
    Sorter { raw, has_order }.sort(cx, 1, length, 0)?;
    cx.none()
}

/// Sorts an array of one kind of primitive; false if it is not one.
fn sort_uniform(cx: &Context, table: Table<'_>, length: i64) -> Result<bool> {
    cx.check_size(length as u64 * 16)?;
    cx.charge(length as u64 * 2);
    match table.get_int(cx, 1) {
        Value::Int(_) => sort_copy(cx, table, length, Value::as_int, Ord::cmp),
        // Not a number is in no order with anything: leave that to the quicksort.
        Value::Float(_) => sort_copy(cx, table, length, ordered_float, |a, b| {
            a.partial_cmp(b).unwrap_or(Ordering::Equal)
        }),
        Value::Str(_) => sort_copy(cx, table, length, Value::as_str, |a, b| {
            a.as_bytes().cmp(b.as_bytes())
        }),
        _ => Ok(false),
    }
}

fn ordered_float(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Float(x) if !x.is_nan() => Some(x),
        _ => None,
    }
}

fn sort_copy<'a, T: Into<Value<'a>>>(
    cx: &'a Context,
    table: Table<'a>,
    length: i64,
    get: impl Fn(Value<'a>) -> Option<T>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<bool> {
    let mut copy = Vec::with_capacity(length as usize);
    for i in 1..=length {
        match get(table.get_int(cx, i)) {
            Some(element) => copy.push(element),
            None => return Ok(false),
        }
    }
    copy.sort_unstable_by(compare);
    for (i, element) in (1..).zip(copy) {
        table.set_int(cx, i, element)?;
    }
    Ok(true)
}

#[derive(Clone, Copy)]
struct Sorter {
    /// The table had no metatable when the sort began.
    raw: bool,
    has_order: bool,
}

impl Sorter {
    /// Pushes an element and gives its slot.
    #[inline]
    fn get(self, cx: &mut Context, i: i64) -> Result<usize> {
        if self.raw
            && let Some(table) = cx.arg(TABLE).as_table()
        {
            return Ok(cx.push(table.get_int(cx, i)));
        }
        cx.index_int(TABLE, i)?;
        Ok(cx.slots() - 1)
    }

    /// Pops a value into an element.
    #[inline]
    fn set(self, cx: &mut Context, i: i64) -> Result<()> {
        if self.raw
            && let Some(table) = cx.arg(TABLE).as_table()
        {
            table.set_int(cx, i, cx.top(0))?;
            cx.pop(1);
            return Ok(());
        }
        cx.set_index_int(TABLE, i)
    }

    /// Pops two values into two elements.
    fn set_two(self, cx: &mut Context, last: i64, before: i64) -> Result<()> {
        self.set(cx, last)?;
        self.set(cx, before)
    }

    /// Whether the value in slot `a` comes before the one in slot `b`.
    #[inline]
    fn less(self, cx: &mut Context, a: usize, b: usize) -> Result<bool> {
        if !self.has_order {
            return cx.less_than(a, b);
        }
        cx.push(cx.arg(ORDER));
        cx.push(cx.arg(a));
        cx.push(cx.arg(b));
        cx.call(2, Some(1))?;
        let result = cx.top(0).truthy();
        cx.pop(1);
        Ok(result)
    }

    /// Sorts the elements `low..=high`. Recursion is on the smaller part, so at most 31 deep.
    fn sort(self, cx: &mut Context, mut low: i64, mut high: i64, mut random: u64) -> Result<()> {
        while low < high {
            // Put the first, the middle and the last element in order.
            let a = self.get(cx, low)?;
            let b = self.get(cx, high)?;
            if self.less(cx, b, a)? {
                self.set_two(cx, low, high)?;
            } else {
                cx.pop(2);
            }
            if high - low == 1 {
                break;
            }
            let middle = if high - low < RANDOM_LIMIT || random == 0 {
                (low + high) / 2
            } else {
                random_pivot(low, high, random)
            };
            let m = self.get(cx, middle)?;
            let a = self.get(cx, low)?;
            if self.less(cx, m, a)? {
                self.set_two(cx, middle, low)?;
            } else {
                cx.pop(1);
                let b = self.get(cx, high)?;
                if self.less(cx, b, m)? {
                    self.set_two(cx, middle, high)?;
                } else {
                    cx.pop(2);
                }
            }
            if high - low == 2 {
                break;
            }
            // The middle element is the pivot; it waits at `high - 1`, and a copy in the frame.
            let pivot = self.get(cx, middle)?;
            cx.push(cx.arg(pivot));
            self.get(cx, high - 1)?;
            self.set_two(cx, middle, high - 1)?;
            let split = self.partition(cx, low, high, pivot)?;
            let smaller;
            if split - low < high - split {
                self.sort(cx, low, split - 1, random)?;
                smaller = split - low;
                low = split + 1;
            } else {
                self.sort(cx, split + 1, high, random)?;
                smaller = high - split;
                high = split - 1;
            }
            if (high - low) / 128 > smaller {
                // Badly out of balance: choose pivots at random from here on.
                random = entropy().1;
            }
        }
        Ok(())
    }

    /// Given a[low] <= P == a[high - 1] <= a[high] and P in slot `pivot` on top of the frame, moves
    /// smaller elements down and larger ones up, and gives the place of P between them.
    fn partition(self, cx: &mut Context, low: i64, high: i64, pivot: usize) -> Result<i64> {
        let mut i = low;
        let mut j = high - 1;
        loop {
            i += 1;
            let mut a = self.get(cx, i)?;
            while self.less(cx, a, pivot)? {
                if i == high - 1 {
                    return Err(cx.error("invalid order function for sorting"));
                }
                cx.pop(1);
                i += 1;
                poll_at(cx, i)?;
                a = self.get(cx, i)?;
            }
            j -= 1;
            let mut b = self.get(cx, j)?;
            while self.less(cx, pivot, b)? {
                if j < i {
                    return Err(cx.error("invalid order function for sorting"));
                }
                cx.pop(1);
                j -= 1;
                poll_at(cx, j)?;
                b = self.get(cx, j)?;
            }
            if j < i {
                cx.pop(1);
                self.set_two(cx, high - 1, i)?;
                return Ok(i);
            }
            self.set_two(cx, i, j)?;
            poll_at(cx, i)?;
        }
    }
}

/// An element of the middle half.
fn random_pivot(low: i64, high: i64, random: u64) -> i64 {
    let quarter = (high - low) / 4;
    (random % (quarter as u64 * 2)) as i64 + low + quarter
}

#[cfg(test)]
mod tests {
    use super::random_pivot;

    #[test]
    fn a_random_pivot_is_in_the_middle_half() {
        for random in [1, 2, 1000, u64::MAX] {
            let p = random_pivot(1, 101, random);
            assert!((26..=75).contains(&p), "{p}");
        }
    }
}
