//! Compiled patterns by their text.
//!
//! Programs use few patterns and use them often, mostly as literals in a loop, so a
//! small direct-mapped table is enough: a lookup is one multiplication and one comparison.
//! Who comes back for a pattern again and again (`gmatch`) keeps a [`Ticket`], which
//! spares the comparison.

use super::Program;
use std::cell::RefCell;
use std::rc::Rc;

/// Entries of the table; a power of two.
const ENTRIES: usize = 128;

/// Longer patterns are compiled anew each time rather than kept.
const LONGEST: usize = 1024;

/// Names an entry of the table as it is now: its place, and above that a number that is
/// never used again. 0 names none.
pub type Ticket = u64;

struct Entry {
    ticket: Ticket,
    anchors: bool,
    pattern: Box<[u8]>,
    program: Rc<Program>,
}

struct Table {
    entries: [Option<Entry>; ENTRIES],
    /// Entries made so far.
    made: u64,
}

thread_local! {
    static CACHE: RefCell<Table> =
        const { RefCell::new(Table { entries: [const { None }; ENTRIES], made: 0 }) };
}

/// The program of a pattern, compiled now or earlier. About `anchors` see [`Program::new`].
#[inline]
pub fn program(pattern: &[u8], anchors: bool) -> Rc<Program> {
    ticket(pattern, anchors).0
}

/// The same, with the ticket for coming back.
pub fn ticket(pattern: &[u8], anchors: bool) -> (Rc<Program>, Ticket) {
    if pattern.len() > LONGEST {
        return (Rc::new(Program::new(pattern, anchors)), 0);
    }
    let slot = slot_of(pattern, anchors);
    CACHE.with_borrow_mut(|table| match &table.entries[slot] {
        Some(found) if found.anchors == anchors && *found.pattern == *pattern => {
            (Rc::clone(&found.program), found.ticket)
        }
        _ => table.fill(slot, pattern, anchors),
    })
}

/// The program that a ticket was given for, if it is still in the table.
#[inline]
pub fn by_ticket(ticket: Ticket) -> Option<Rc<Program>> {
    CACHE.with_borrow(|table| match &table.entries[ticket as usize % ENTRIES] {
        Some(found) if found.ticket == ticket => Some(Rc::clone(&found.program)),
        _ => None,
    })
}

impl Table {
    #[cold]
    fn fill(&mut self, slot: usize, pattern: &[u8], anchors: bool) -> (Rc<Program>, Ticket) {
        self.made += 1;
        let ticket = self.made * ENTRIES as u64 + slot as u64;
        let program = Rc::new(Program::new(pattern, anchors));
        self.entries[slot] = Some(Entry {
            ticket,
            anchors,
            pattern: pattern.into(),
            program: Rc::clone(&program),
        });
        (program, ticket)
    }
}

/// Mixes the length and the first and the last eight bytes.
#[inline]
fn slot_of(pattern: &[u8], anchors: bool) -> usize {
    let (head, tail) = match (pattern.first_chunk::<8>(), pattern.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (
            pattern
                .iter()
                .fold(0, |word, &byte| (word << 8) | byte as u64),
            0,
        ),
    };
    let mixed = (head ^ tail.rotate_left(29) ^ ((pattern.len() as u64) << 1 | anchors as u64))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> (64 - ENTRIES.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_gives_the_same_program() {
        let one = program(b"^%a+", true);
        assert!(Rc::ptr_eq(&one, &program(b"^%a+", true)));
        let other = program(b"^%a+", false);
        assert!(one.anchored() && !other.anchored());
    }

    #[test]
    fn a_ticket_is_good_until_the_entry_is_used_again() {
        let (one, first) = ticket(b"ticket", true);
        assert!(Rc::ptr_eq(&one, &by_ticket(first).unwrap()));
        for n in 0..10_000 {
            program(format!("other {n}").as_bytes(), true);
        }
        assert!(by_ticket(first).is_none() && by_ticket(0).is_none());
    }

    #[test]
    fn colliding_and_long_patterns_are_right() {
        for n in 0..1000 {
            let text = format!("({n})");
            assert_eq!(program(text.as_bytes(), true).captures(), 1);
        }
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!(program(&long, true).captures(), 0);
    }
}
