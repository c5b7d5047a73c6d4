//! Compiled patterns by their text.
//!
//! Programs use few patterns and use them often, mostly as literals in a loop, so a
//! small direct-mapped table is enough: a lookup is one multiplication and one comparison.

use super::Program;
use std::cell::RefCell;
use std::rc::Rc;

/// Entries of the table; a power of two.
const ENTRIES: usize = 128;

/// Longer patterns are compiled anew each time rather than kept.
const LONGEST: usize = 128;

struct Entry {
    anchors: bool,
    pattern: Box<[u8]>,
    program: Rc<Program>,
}

thread_local! {
    static CACHE: RefCell<[Option<Entry>; ENTRIES]> = const { RefCell::new([const { None }; ENTRIES]) };
}

/// The program of a pattern, compiled now or earlier. About `anchors` see [`Program::new`].
pub fn program(pattern: &[u8], anchors: bool) -> Rc<Program> {
    if pattern.len() > LONGEST {
        return Rc::new(Program::new(pattern, anchors));
    }
    let slot = slot_of(pattern, anchors);
    CACHE.with_borrow_mut(|table| {
        let entry = &mut table[slot];
        if let Some(found) = entry
            && found.anchors == anchors
            && *found.pattern == *pattern
        {
            return Rc::clone(&found.program);
        }
        let program = Rc::new(Program::new(pattern, anchors));
        *entry = Some(Entry {
            anchors,
            pattern: pattern.into(),
            program: Rc::clone(&program),
        });
        program
    })
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
    fn colliding_and_long_patterns_are_right() {
        for n in 0..1000 {
            let text = format!("({n})");
            assert_eq!(program(text.as_bytes(), true).captures(), 1);
        }
        let long = vec![b'a'; 1000];
        assert_eq!(program(&long, true).captures(), 0);
    }
}
