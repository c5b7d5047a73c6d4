//! `moonsweep bench --advise`: from measured figures and the user's constraints
//! to a collector. The rules are those at the head of `docs/collectors.md`;
//! they are pure functions here, and [`super::advice`] puts them into words.
//!
//! 1. A collector under which the program fails is out. So is one that breaks a
//!    constraint: its longest stop is longer than `--latency` or its memory more
//!    than `--memory`.
//! 2. `none` needs a reason: a `--memory` that it keeps to, or a program so small
//!    that never freeing costs little memory.
//! 3. Of the rest, those are *equal* that come within a tenth of the best in
//!    what matters most, and the next concern decides between them:
//!
//!    | asked for | matters most | then | then |
//!    |---|---|---|---|
//!    | nothing | time | longest stop | memory |
//!    | `--latency` | time | 99.9th percentile of the stops | memory |
//!    | `--memory` | time | longest stop | memory |
//!    | `--prompt` | memory held on average | time | longest stop |
//!
//! 4. If none is left, the one that misses the constraints by the smallest
//!    factor is named, and that it misses them.

/// What the user asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// No stop longer than this, in milliseconds.
    pub latency_ms: Option<f64>,
    /// No more resident memory than this, in bytes.
    pub memory: Option<u64>,
    /// Garbage is to be freed, and finalized, soon after it died.
    pub prompt: bool,
}

/// What one collector was measured at.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// Whether it frees memory at all.
    pub frees: bool,
    /// Seconds of CPU time, all threads.
    pub cpu_s: f64,
    /// The longest stop, in milliseconds of CPU time.
    pub longest_ms: f64,
    /// Of 1000 stops 999 were at most this long.
    pub p999_ms: f64,
    /// Peak of resident memory.
    pub peak_bytes: u64,
    /// What the heap held on average, garbage included.
    pub average_bytes: u64,
}

/// Why a collector is out.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Its longest stop is so many times the limit.
    Latency(f64),
    /// Its peak memory is so many times the limit.
    Memory(f64),
    /// It never frees anything: so many times the memory of the smallest other.
    NeverFrees(f64),
}

impl Reason {
    fn factor(&self) -> f64 {
        match *self {
            Reason::Latency(factor) | Reason::Memory(factor) | Reason::NeverFrees(factor) => factor,
        }
    }
}

/// What decided between the chosen one and its nearest rival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// CPU time.
    Time,
    /// The longest stop.
    Longest,
    /// The 99.9th percentile of the stops.
    P999,
    /// Peak memory.
    Memory,
    /// Memory held on average.
    Held,
}

impl Concern {
    /// The figure, smaller is better.
    pub fn of(self, m: &Measured) -> f64 {
        match self {
            Concern::Time => m.cpu_s,
            Concern::Longest => m.longest_ms,
            Concern::P999 => m.p999_ms,
            Concern::Memory => m.peak_bytes as f64,
            Concern::Held => m.average_bytes as f64,
        }
    }
    /// Differences below this do not count, whatever share they are.
    fn least(self) -> f64 {
        match self {
            Concern::Time => 0.01,
            Concern::Longest | Concern::P999 => 0.05,
            Concern::Memory | Concern::Held => (1 << 20) as f64,
        }
    }
}

/// The outcome: indices into what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The collector to use, if any ran.
    pub choice: Option<usize>,
    /// Whether it keeps to all constraints.
    pub fits: bool,
    /// The concern that decided, and the best of the rivals that lost by it.
    /// `None`: no other fits, or all are equal.
    pub decided: Option<(Concern, usize)>,
    /// Those that are out.
    pub out: Vec<(usize, Reason)>,
}

/// Within this factor of the best two figures are equal.
const EQUAL: f64 = 1.1;
/// `none` may take so much of the smallest other's memory, without being asked to keep to a limit.
const NEVER_FREES: f64 = 1.5;

/// The order in which concerns decide.
fn concerns(wishes: &Wishes) -> [Concern; 3] {
    if wishes.prompt {
        [Concern::Held, Concern::Time, Concern::Longest]
    } else if wishes.latency_ms.is_some() {
        [Concern::Time, Concern::P999, Concern::Memory]
    } else {
        [Concern::Time, Concern::Longest, Concern::Memory]
    }
}

/// Why a collector is out, worst first.
fn reason(all: &[Measured], m: &Measured, wishes: &Wishes) -> Option<Reason> {
    let over = |value: f64, limit: f64| (value > limit).then(|| value / limit);
    let latency = wishes.latency_ms.and_then(|ms| over(m.longest_ms, ms));
    let memory = wishes
        .memory
        .and_then(|b| over(m.peak_bytes as f64, b as f64));
    let mut reasons: Vec<Reason> = latency.map(Reason::Latency).into_iter().collect();
    reasons.extend(memory.map(Reason::Memory));
    if !m.frees && (wishes.memory.is_none() || wishes.prompt) {
        let others = all.iter().filter(|o| o.frees).map(|o| o.peak_bytes);
        let factor = others.min().map(|b| m.peak_bytes as f64 / b.max(1) as f64);
        let never = factor.filter(|&f| f > NEVER_FREES || wishes.prompt);
        reasons.extend(never.map(Reason::NeverFrees));
    }
    reasons
        .into_iter()
        .max_by(|a, b| a.factor().total_cmp(&b.factor()))
}

/// Applies the rules.
pub fn advise(all: &[Measured], wishes: &Wishes) -> Advice {
    let mut out = Vec::new();
    let mut left = Vec::new();
    for (i, m) in all.iter().enumerate() {
        match reason(all, m, wishes) {
            Some(reason) => out.push((i, reason)),
            None => left.push(i),
        }
    }
    if left.is_empty() {
        // `none` is no answer to a limit that it would break some time later.
        let nearest = out.iter().filter(|(i, _)| all[*i].frees);
        let nearest = nearest.min_by(|a, b| a.1.factor().total_cmp(&b.1.factor()));
        return Advice {
            choice: nearest.map(|n| n.0),
            fits: false,
            decided: None,
            out,
        };
    }
    let mut decided = None;
    for concern in concerns(wishes) {
        if left.len() == 1 {
            break;
        }
        let figure = |i: &usize| concern.of(&all[*i]);
        let best = left.iter().map(figure).fold(f64::INFINITY, f64::min);
        let equal = (best * EQUAL).max(best + concern.least());
        let lost = left.extract_if(.., |i| figure(i) > equal);
        let rival = lost.min_by(|a, b| figure(a).total_cmp(&figure(b)));
        decided = rival.map(|i| (concern, i)).or(decided);
    }
    // Still equal: the first concern decides after all.
    let first = concerns(wishes)[0];
    let choice = left
        .into_iter()
        .min_by(|&a, &b| first.of(&all[a]).total_cmp(&first.of(&all[b])));
    Advice {
        choice,
        fits: true,
        decided,
        out,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: u64 = 1 << 20;

    /// name, CPU s, longest ms, p99.9 ms, peak MB, average MB
    type Row = (&'static str, f64, f64, f64, u64, u64);

    fn measured(rows: &[Row]) -> Vec<Measured> {
        let one = |&(name, cpu_s, longest_ms, p999_ms, peak, average): &Row| Measured {
            name: name.into(),
            frees: name != "none",
            cpu_s,
            longest_ms,
            p999_ms,
            peak_bytes: peak * M,
            average_bytes: average * M,
        };
        rows.iter().map(one).collect()
    }

    /// A cache: much alive, long full stops.
    const CACHE: &[Row] = &[
        ("none", 1.20, 0.0, 0.0, 900, 450),
        ("marksweep", 1.40, 66.6, 66.6, 180, 140),
        ("generational", 1.30, 1.3, 0.6, 182, 138),
        ("refcount", 1.70, 0.9, 0.4, 150, 105),
    ];
    /// A script that allocates little.
    const SMALL: &[Row] = &[
        ("none", 0.50, 0.0, 0.0, 6, 3),
        ("marksweep", 0.52, 0.2, 0.2, 5, 2),
        ("generational", 0.52, 0.1, 0.1, 5, 2),
    ];

    fn wishes(latency_ms: f64, memory_mb: u64, prompt: bool) -> Wishes {
        Wishes {
            latency_ms: Some(latency_ms).filter(|&ms| ms > 0.0),
            memory: Some(memory_mb * M).filter(|&b| b > 0),
            prompt,
        }
    }

    #[test]
    fn the_rules() {
        use Concern::*;
        for (rows, latency, memory, prompt, choice, fits, decided) in [
            // time within a tenth: the longest stop decides
            (
                CACHE,
                0.0,
                0,
                false,
                "generational",
                true,
                Some((Longest, "marksweep")),
            ),
            // a limit that only one keeps to
            (CACHE, 1.0, 0, false, "refcount", true, None),
            (
                CACHE,
                2.0,
                0,
                false,
                "generational",
                true,
                Some((Time, "refcount")),
            ),
            (
                CACHE,
                100.0,
                0,
                false,
                "generational",
                true,
                Some((P999, "marksweep")),
            ),
            (CACHE, 0.0, 160, false, "refcount", true, None),
            // with memory enough never to free, that is the fastest
            (
                CACHE,
                0.0,
                1000,
                false,
                "none",
                true,
                Some((Longest, "generational")),
            ),
            // nobody keeps to it: the nearest
            (CACHE, 0.5, 0, false, "refcount", false, None),
            (CACHE, 0.5, 100, false, "refcount", false, None),
            (
                CACHE,
                0.0,
                0,
                true,
                "refcount",
                true,
                Some((Held, "generational")),
            ),
            // prompt release is nothing that `none` could do, however small
            (
                SMALL,
                0.0,
                0,
                true,
                "generational",
                true,
                Some((Longest, "marksweep")),
            ),
            (
                SMALL,
                0.0,
                0,
                false,
                "none",
                true,
                Some((Longest, "generational")),
            ),
        ] {
            let all = measured(rows);
            let wishes = wishes(latency, memory, prompt);
            let advice = advise(&all, &wishes);
            let name = |i: usize| all[i].name.as_str();
            assert_eq!(
                advice.choice.map(name),
                Some(choice),
                "{wishes:?}: {advice:?}"
            );
            let why = advice
                .decided
                .map(|(concern, rival)| (concern, name(rival)));
            assert_eq!((advice.fits, why), (fits, decided), "{wishes:?}");
        }
    }

    #[test]
    fn why_the_others_are_out() {
        let all = measured(CACHE);
        let out = advise(&all, &wishes(2.0, 170, false)).out;
        let expected = [
            (0, Reason::Memory(900.0 / 170.0)),
            (1, Reason::Latency(66.6 / 2.0)),
            (2, Reason::Memory(182.0 / 170.0)),
        ];
        assert_eq!(out, expected);
        let out = advise(&all, &Wishes::default()).out;
        assert_eq!(out, [(0, Reason::NeverFrees(6.0))]);
    }

    #[test]
    fn nothing_to_choose_from() {
        let advice = advise(&[], &Wishes::default());
        assert_eq!((advice.choice, advice.fits), (None, false));
        let only = measured(&CACHE[..1]);
        let advice = advise(&only, &Wishes::default());
        assert_eq!((advice.choice, advice.fits), (Some(0), true));
    }
}
