//! The options of a heap, in one table: flags, environment and documentation
//! derive from it.

use crate::collector::GcKind;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// One row of the option table.
#[derive(Clone, Copy, Debug)]
pub struct OptionInfo {
    /// Name, with `-` between words; the command line's flag is `--gc-` and the name,
    /// except for those that say otherwise in `flag`.
    pub name: &'static str,
    /// The flag of the command line.
    pub flag: &'static str,
    /// What its value looks like.
    pub value: &'static str,
    /// The default, as it would be written.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// A value that could not be understood, or an option that does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionError(String);

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OptionError {}

/// A type of option values.
pub trait OptionValue: Sized {
    /// What a value looks like, for help texts.
    const SHAPE: &'static str;
    /// Reads a value.
    fn parse(text: &str) -> Option<Self>;
    /// The value for programs to look at.
    fn setting(&self) -> Setting;
}

/// The value of an option.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Setting {
    /// On or off.
    Switch(bool),
    /// A count, or a number of bytes.
    Count(u64),
    /// A factor, or seconds.
    Real(f64),
    /// A name.
    Name(&'static str),
}

/// A number of bytes, written `4096`, `64K`, `512M` or `2G`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size(pub usize);

impl OptionValue for Size {
    const SHAPE: &'static str = "SIZE";
    fn parse(text: &str) -> Option<Size> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return None,
        };
        digits
            .parse::<usize>()
            .ok()?
            .checked_mul(1 << shift)
            .map(Size)
    }
    fn setting(&self) -> Setting {
        Setting::Count(self.0 as u64)
    }
}

impl OptionValue for Duration {
    const SHAPE: &'static str = "TIME";
    /// `500us`, `1ms`, `2s`.
    fn parse(text: &str) -> Option<Duration> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let n = digits.parse().ok()?;
        match &text[digits.len()..] {
            "ns" => Some(Duration::from_nanos(n)),
            "us" | "" => Some(Duration::from_micros(n)),
            "ms" => Some(Duration::from_millis(n)),
            "s" => Some(Duration::from_secs(n)),
            _ => None,
        }
    }
    fn setting(&self) -> Setting {
        Setting::Real(self.as_secs_f64())
    }
}

impl OptionValue for bool {
    const SHAPE: &'static str = "on|off";
    fn parse(text: &str) -> Option<bool> {
        match text {
            "on" | "true" | "yes" | "1" | "" => Some(true),
            "off" | "false" | "no" | "0" => Some(false),
            _ => None,
        }
    }
    fn setting(&self) -> Setting {
        Setting::Switch(*self)
    }
}

impl OptionValue for u32 {
    const SHAPE: &'static str = "N";
    fn parse(text: &str) -> Option<u32> {
        text.parse().ok()
    }
    fn setting(&self) -> Setting {
        Setting::Count((*self).into())
    }
}

impl OptionValue for f64 {
    const SHAPE: &'static str = "FACTOR";
    fn parse(text: &str) -> Option<f64> {
        text.parse()
            .ok()
            .filter(|f: &f64| f.is_finite() && *f > 1.0)
    }
    fn setting(&self) -> Setting {
        Setting::Real(*self)
    }
}

impl OptionValue for GcKind {
    const SHAPE: &'static str = "NAME";
    fn parse(text: &str) -> Option<GcKind> {
        text.parse().ok()
    }
    fn setting(&self) -> Setting {
        Setting::Name(self.name())
    }
}

/// When a collection of the whole heap is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pacing {
    /// When the heap has grown by a factor.
    Factor,
    /// When it has grown by as much as the square-root rule of MemBalancer gives it.
    MemBalancer,
}

impl OptionValue for Pacing {
    const SHAPE: &'static str = "factor|membalancer";
    fn parse(text: &str) -> Option<Pacing> {
        match text {
            "factor" => Some(Pacing::Factor),
            "membalancer" => Some(Pacing::MemBalancer),
            _ => None,
        }
    }
    fn setting(&self) -> Setting {
        Setting::Name(match self {
            Pacing::Factor => "factor",
            Pacing::MemBalancer => "membalancer",
        })
    }
}

/// What a megabyte is worth, in percent of run time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Price(pub f64);

impl Price {
    /// The share of run time that a byte is worth.
    pub(crate) fn per_byte(self) -> f64 {
        self.0 / 100.0 / (1 << 20) as f64
    }
}

impl OptionValue for Price {
    const SHAPE: &'static str = "PERCENT";
    fn parse(text: &str) -> Option<Price> {
        let n: f64 = text.strip_suffix('%').unwrap_or(text).parse().ok()?;
        (n.is_finite() && n > 0.0).then_some(Price(n))
    }
    fn setting(&self) -> Setting {
        Setting::Real(self.0)
    }
}

/// How a reference counting collector finds garbage cycles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CycleSearch {
    /// By trial deletion from where a cycle may have been cut off.
    Trial,
    /// By tracing the whole heap when it has grown.
    Trace,
    /// Both.
    Both,
    /// Only when the program asks for a full collection, or at the heap's limit.
    Off,
}

impl CycleSearch {
    /// Whether there are trials.
    #[inline]
    pub fn tries(self) -> bool {
        matches!(self, CycleSearch::Trial | CycleSearch::Both)
    }
    /// Whether there are traces.
    #[inline]
    pub fn traces(self) -> bool {
        matches!(self, CycleSearch::Trace | CycleSearch::Both)
    }
}

impl OptionValue for CycleSearch {
    const SHAPE: &'static str = "trial|trace|both|off";
    fn parse(text: &str) -> Option<CycleSearch> {
        match text {
            "trial" => Some(CycleSearch::Trial),
            "trace" => Some(CycleSearch::Trace),
            "both" => Some(CycleSearch::Both),
            "off" => Some(CycleSearch::Off),
            _ => None,
        }
    }
    fn setting(&self) -> Setting {
        Setting::Name(match self {
            CycleSearch::Trial => "trial",
            CycleSearch::Trace => "trace",
            CycleSearch::Both => "both",
            CycleSearch::Off => "off",
        })
    }
}

macro_rules! options {
    ($($field:ident, $name:literal, $flag:literal: $t:ty = $default:literal, $doc:literal;)*) => {
        /// The options of a heap.
        #[derive(Clone, PartialEq, Debug)]
        pub struct Options {
            $(#[doc = $doc] pub $field: $t,)*
        }

        impl Options {
            /// The table of all options.
            pub const TABLE: &'static [OptionInfo] = &[
                $(OptionInfo {
                    name: $name,
                    flag: $flag,
                    value: <$t as OptionValue>::SHAPE,
                    default: $default,
                    doc: $doc,
                },)*
            ];

            /// All options by name, as they are set.
            pub fn settings(&self) -> Vec<(&'static str, Setting)> {
                vec![$(($name, self.$field.setting()),)*]
            }

            /// Sets the option called `name` from text.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
                match name {
                    $($name => match <$t as OptionValue>::parse(value) {
                        Some(v) => {
                            self.$field = v;
                            Ok(())
                        }
                        None => Err(OptionError(format!(
                            "bad value '{value}' for option '{name}' (expected {})",
                            <$t as OptionValue>::SHAPE
                        ))),
                    },)*
                    _ => Err(OptionError(format!("unknown option '{name}'"))),
                }
            }
        }

        impl Default for Options {
            fn default() -> Options {
                Options {
                    $($field: <$t as OptionValue>::parse($default).expect("defaults are well-formed"),)*
                }
            }
        }
    };
}

options! {
    gc, "gc", "--gc": GcKind = "generational", "The collector.";
    heap_max, "heap-max", "--heap-max": Size = "0",
        "Largest heap; past it, and after a full collection, allocation fails. 0: no limit but memory.";
    nursery, "nursery", "--gc-nursery": Size = "2M",
        "Bytes allocated between two minor collections, at most; no more than 768K or an eighth of the heap while that is small.";
    pause_goal, "pause-goal", "--gc-pause-goal": Duration = "500us",
        "The nursery shrinks while minor collections take longer than this; a heap small enough to be marked as a whole within it is collected in one stop.";
    growth, "growth", "--gc-growth": f64 = "1.75",
        "A full collection is due when the heap has grown by this factor over what lived after the last.";
    pacing, "pacing", "--gc-pacing": Pacing = "factor",
        "When a full collection is due: `factor` (`--gc-growth`), or `membalancer`: what the heap may grow by \
         follows from how fast it grows and is collected, by MemBalancer's square-root rule.";
    price, "price", "--gc-price": Price = "0.3",
        "With `membalancer`: a heap grows until one megabyte more would save less than this percentage of run time.";
    stress, "stress", "--gc-stress": u32 = "0",
        "Collect at every Nth safepoint, and poison freed cells; 0: off.";
    verify, "verify", "--gc-verify": bool = "off",
        "Check the whole heap after each collection.";
    seed, "seed", "--gc-seed": u32 = "0",
        "Seed of stress mode's random schedule.";
    threads, "threads", "--gc-threads": u32 = "0",
        "Helper threads for marking; 0: half of the usable cores, at most 4.";
    concurrent, "concurrent", "--gc-concurrent": bool = "on",
        "Mark beside the program; off, or with one usable core: in slices at its safepoints.";
    generational, "generational", "--gc-generational": bool = "on",
        "Collect young objects on their own; off: the collector `generational` marks the whole heap in steps.";
    slices, "slices", "--gc-slices": bool = "on",
        "Mark the whole heap in slices between minor collections, rather than in one stop.";
    cycles, "cycles", "--gc-cycles": CycleSearch = "both",
        "How `refcount` finds garbage cycles: by trial deletion, by tracing the grown heap, both, or not \
         until the program collects.";
    huge_pages, "huge-pages", "--gc-huge-pages": bool = "off",
        "Ask the system for 2 MiB pages once the heap is larger than 32 MiB: faster growth and marking, \
         but the system may stop the program to make room for one.";
}

impl Options {
    /// Helper threads to mark with; 0: mark on the program's thread. Stress mode
    /// has none unless threads are asked for, so that its schedules repeat.
    pub(crate) fn helpers(&self) -> usize {
        if !self.concurrent || (self.stress != 0 && self.threads == 0) {
            return 0;
        }
        match self.threads {
            0 => (cores() / 2).min(4),
            n => n as usize,
        }
    }
}

/// Processors that the process may use. Asked for once: on Linux the answer is put
/// together from files, which takes longer than most stops.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_default_that_parses_and_a_name_that_sets() {
        let mut o = Options::default();
        for row in Options::TABLE {
            o.set(row.name, row.default).unwrap();
            assert!(row.flag.starts_with("--"));
        }
        assert_eq!(o, Options::default());
    }

    #[test]
    fn values() {
        let mut o = Options::default();
        o.set("heap-max", "64M").unwrap();
        assert_eq!(o.heap_max, Size(64 << 20));
        o.set("pause-goal", "2ms").unwrap();
        assert_eq!(o.pause_goal, Duration::from_millis(2));
        o.set("pacing", "membalancer").unwrap();
        assert_eq!(o.pacing, Pacing::MemBalancer);
        o.set("price", "0.5%").unwrap();
        assert_eq!(o.price, Price(0.5));
        assert!((o.price.per_byte() * f64::from(1 << 20) - 0.005).abs() < 1e-12);
        o.set("gc", "none").unwrap();
        assert_eq!(o.gc, GcKind::None);
        let settings = o.settings();
        assert_eq!(settings.len(), Options::TABLE.len());
        for (name, setting) in [
            ("gc", Setting::Name("none")),
            ("heap-max", Setting::Count(64 << 20)),
            ("pause-goal", Setting::Real(0.002)),
            ("verify", Setting::Switch(false)),
        ] {
            assert!(settings.contains(&(name, setting)), "{name}");
        }
        for (name, bad) in [
            ("heap-max", "x"),
            ("growth", "0.5"),
            ("pacing", "fast"),
            ("price", "0"),
            ("price", "-1%"),
            ("gc", "best"),
            ("verify", "maybe"),
            ("nope", "1"),
        ] {
            assert!(o.set(name, bad).is_err(), "{name}={bad}");
        }
    }
}
