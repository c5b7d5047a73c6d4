//! find, match and gmatch.

use super::pattern::{self, Capture, Captures, PatternError, Program};
use super::{reserve_results, start_position};
use core::cell::Cell;
use core::ops::Range;
use moonsweep_runtime::{Context, NativeDef, Raised, Result, Results, Value};

/// How many start positions are tried between two polls.
pub const STRIDE: usize = 1 << 14;

/// A stride's price, in instructions.
const STRIDE_WORK: u64 = STRIDE as u64 / 8;

/// Plain searches through less than this are not charged.
const CHEAP: usize = 1 << 14;

/// A search that can be interrupted.
///
/// Where the host's callback is due, the search is given up and begun again after it,
/// with twice the time: the callback may run Lua and collect, which a search in progress
/// does not survive.
pub struct Search {
    patience: u64,
}

impl Search {
    /// At the beginning.
    pub fn new() -> Search {
        Search { patience: 1 << 16 }
    }

    /// [`Program::search`]; charges what it costs.
    pub fn run(
        &self,
        cx: &Context,
        program: &Program,
        subject: &[u8],
        range: Range<usize>,
        captures: &mut Captures,
    ) -> core::result::Result<Option<Range<usize>>, PatternError> {
        let made = Cell::new(0);
        let go_on = |n| {
            cx.charge(n);
            made.set(made.get() + n);
            !(cx.must_stop() || made.get() > self.patience && cx.interrupt_is_due())
        };
        program.search(subject, range.start, range.end, captures, &go_on)
    }

    /// What to do about an error: nothing, if the search is to begin again.
    #[cold]
    pub fn failed(&mut self, cx: &mut Context, error: PatternError) -> Result<()> {
        match error {
            PatternError::Stopped => {
                self.patience = self.patience.saturating_mul(2);
                cx.poll()
            }
            error => Err(pattern_error(cx, error)),
        }
    }
}

/// Raises what is wrong with a pattern.
#[cold]
pub fn pattern_error(cx: &Context, error: PatternError) -> Raised {
    cx.error(error.message())
}

/// `string.find(s, pattern [, init [, plain]])`
pub fn find(cx: &mut Context) -> Result<Results> {
    let s = cx.check_str(0)?.as_bytes();
    let pattern = cx.check_str(1)?.as_bytes();
    let init = start_position(cx.opt_int(2, 1)?, s.len()) - 1;
    if init > s.len() {
        return cx.ret(());
    }
    if pattern::has_specials(pattern) && !cx.arg(3).truthy() {
        return search(cx, init, true);
    }
    if s.len() - init > CHEAP {
        cx.charge((s.len() - init) as u64 / 32);
    }
    match pattern::find_plain(&s[init..], pattern) {
        None => cx.ret(()),
        Some(skip) => {
            cx.push((init + skip + 1) as i64);
            cx.push((init + skip + pattern.len()) as i64);
            Ok(cx.results(2))
        }
    }
}

/// `string.match(s, pattern [, init])`
pub fn match_(cx: &mut Context) -> Result<Results> {
    let length = cx.check_str(0)?.len();
    cx.check_str(1)?;
    let init = start_position(cx.opt_int(2, 1)?, length) - 1;
    if init > length {
        return cx.ret(());
    }
    search(cx, init, false)
}

/// Looks for the pattern in argument 1 in argument 0, from the offset `init` on.
fn search(cx: &mut Context, init: usize, positions: bool) -> Result<Results> {
    let program = pattern::program(cx.check_str(1)?.as_bytes(), true);
    let mut captures = Captures::new(&program);
    let mut at = init;
    let mut search = Search::new();
    loop {
        let s = cx.check_str(0)?.as_bytes();
        let until = if program.anchored() {
            at + 1
        } else {
            at + STRIDE
        };
        match search.run(cx, &program, s, at..until, &mut captures) {
            Err(error) => {
                search.failed(cx, error)?;
                continue;
            }
            Ok(Some(found)) if positions => {
                cx.push(found.start as i64 + 1);
                cx.push(found.end as i64);
                let count = push_captures(cx, &program, &captures, s, None)?;
                return Ok(cx.results(2 + count));
            }
            Ok(Some(found)) => {
                let count = push_captures(cx, &program, &captures, s, Some(found))?;
                return Ok(cx.results(count));
            }
            Ok(None) if program.anchored() || until > s.len() => return cx.ret(()),
            Ok(None) => at = until,
        }
        cx.work(STRIDE_WORK)?;
    }
}

/// Pushes the captures of a match. Without captures, pushes the whole match if it is given.
pub fn push_captures(
    cx: &Context,
    program: &Program,
    captures: &Captures,
    subject: &[u8],
    whole: Option<Range<usize>>,
) -> Result<usize> {
    let count = match (program.captures(), &whole) {
        (0, Some(_)) => 1,
        (count, _) => count,
    };
    reserve_results(cx, count, "too many captures")?;
    let whole = whole.unwrap_or_default();
    for index in 0..count {
        match captures.get(program, index, whole.clone()) {
            Ok(Capture::Text(range)) => cx.push(cx.string(&subject[range])?),
            Ok(Capture::Position(position)) => cx.push(position as i64),
            Err(error) => return Err(pattern_error(cx, error)),
        };
    }
    Ok(count)
}

// Upvalues of gmatch's iterator.
const SUBJECT: usize = 0;
const PATTERN: usize = 1;
/// Where it is: an offset `n` if a match ended there, which then must not be found again
/// as an empty match; `-1 - n` before the first match.
const PLACE: usize = 2;
/// The pattern's ticket in the cache.
const TICKET: usize = 3;

/// `string.gmatch(s, pattern [, init])`
pub fn gmatch(cx: &mut Context) -> Result<Results> {
    let length = cx.check_str(0)?.len();
    cx.check_str(1)?;
    let init = start_position(cx.opt_int(2, 1)?, length) - 1;
    let place = -1 - init.min(length + 1) as i64;
    let upvalues = [cx.arg(0), cx.arg(1), Value::Int(place), Value::Int(0)];
    cx.ret(cx.native(&GMATCH_NEXT, &upvalues))
}

/// What `gmatch` returns.
fn gmatch_next(cx: &mut Context) -> Result<Results> {
    let ticket = cx.upvalue(TICKET).as_int().unwrap_or(0);
    let program = match pattern::by_ticket(ticket as u64) {
        Some(program) => program,
        None => {
            let Value::Str(pattern) = cx.upvalue(PATTERN) else {
                return cx.none();
            };
            let (program, ticket) = pattern::ticket(pattern.as_bytes(), false);
            cx.set_upvalue(TICKET, ticket as i64);
            program
        }
    };
    let place = cx.upvalue(PLACE).as_int().unwrap_or(0);
    let (mut at, last) = if place < 0 {
        ((-1 - place) as usize, None)
    } else {
        (place as usize, Some(place as usize))
    };
    let mut captures = Captures::new(&program);
    let mut search = Search::new();
    loop {
        let Value::Str(subject) = cx.upvalue(SUBJECT) else {
            return cx.none();
        };
        let subject = subject.as_bytes();
        let until = at + STRIDE;
        match search.run(cx, &program, subject, at..until, &mut captures) {
            Err(error) => search.failed(cx, error)?,
            // Only an empty match right where the last one ended can end there.
            Ok(Some(found)) if Some(found.end) == last => at += 1,
            Ok(Some(found)) => {
                cx.set_upvalue(PLACE, found.end as i64);
                let count = push_captures(cx, &program, &captures, subject, Some(found))?;
                return Ok(cx.results(count));
            }
            Ok(None) if until > subject.len() => return cx.none(),
            Ok(None) => {
                at = until;
                cx.work(STRIDE_WORK)?;
            }
        }
    }
}

static GMATCH_NEXT: NativeDef = NativeDef {
    name: "gmatch iterator",
    function: gmatch_next,
};
