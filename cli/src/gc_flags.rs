//! The collector's options on the command line and in the environment. The
//! ones that belong to the heap come from the gc crate's table; those that say
//! what to report at the end are added here.

use crate::args::{Arity, LongOption};
use moonsweep_gc::{GcKind, OptionInfo, Options};

/// What to write about the collector's work, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reports {
    /// `--gc-log`: one line a collection; `Some(None)` is standard error.
    pub log: Option<Option<String>>,
    /// `--gc-stats`
    pub summary: bool,
    /// `--gc-stats-json FILE`
    pub json: Option<String>,
    /// `--gc-histogram FILE`
    pub histogram: Option<String>,
    /// `--gc-hdr-log FILE`
    pub hdr_log: Option<String>,
    /// `--gc-trace FILE`
    pub trace: Option<String>,
}

/// The options that are no business of the heap's: name, arity, form, meaning.
const REPORTS: [(&str, Arity, &str, &str); 6] = [
    (
        "gc-log",
        Arity::Optional,
        "--gc-log[=FILE]",
        "One line a collection, on standard error or to FILE.",
    ),
    (
        "gc-stats",
        Arity::Flag,
        "--gc-stats",
        "A summary of pauses and memory on standard error at the end.",
    ),
    (
        "gc-stats-json",
        Arity::Required,
        "--gc-stats-json FILE",
        "The same figures as one JSON object.",
    ),
    (
        "gc-histogram",
        Arity::Required,
        "--gc-histogram FILE",
        "The pauses counted by length, as JSON.",
    ),
    (
        "gc-hdr-log",
        Arity::Required,
        "--gc-hdr-log FILE",
        "The same as an HdrHistogram log.",
    ),
    (
        "gc-trace",
        Arity::Required,
        "--gc-trace FILE",
        "Pauses with their phases, helpers' work and the heap's size as Chrome trace events, for Perfetto.",
    ),
];

/// The row of the heap's table whose flag is `--name`.
fn heap_option(name: &str) -> Option<&'static OptionInfo> {
    let named = |row: &&OptionInfo| row.flag.strip_prefix("--") == Some(name);
    Options::TABLE.iter().find(named)
}

/// What a flag means when it is given without a value, if it may be.
fn bare_value(row: &OptionInfo) -> Option<&'static str> {
    match (row.name, row.value) {
        ("stress", _) => Some("1"),
        (_, "on|off") => Some("on"),
        _ => None,
    }
}

/// How the long option `name` takes its value; `None` if there is no such option.
pub fn arity(name: &str) -> Option<Arity> {
    if let Some(&(_, arity, ..)) = REPORTS.iter().find(|r| r.0 == name) {
        return Some(arity);
    }
    let row = heap_option(name)?;
    Some(match bare_value(row) {
        Some(_) => Arity::Optional,
        None => Arity::Required,
    })
}

/// Whether the option belongs to the heap, so that a benchmark may hand it on.
pub fn is_heap_option(name: &str) -> bool {
    heap_option(name).is_some()
}

/// Carries the options out, in order.
pub fn apply(
    long: &[LongOption],
    options: &mut Options,
    reports: &mut Reports,
) -> Result<(), String> {
    for LongOption { name, value } in long {
        match name.as_str() {
            "gc-log" => reports.log = Some(value.clone()),
            "gc-stats" => reports.summary = true,
            "gc-stats-json" => reports.json = value.clone(),
            "gc-histogram" => reports.histogram = value.clone(),
            "gc-hdr-log" => reports.hdr_log = value.clone(),
            "gc-trace" => reports.trace = value.clone(),
            _ => {
                let row = heap_option(name).ok_or_else(|| format!("unknown option '{name}'"))?;
                let value = value.as_deref().or(bare_value(row)).unwrap_or_default();
                set(options, row, value, &format!("--{name}"))?;
            }
        }
    }
    Ok(())
}

/// Takes options from the environment: `MOONSWEEP_` and the flag's name in
/// capitals, `MOONSWEEP_GC=marksweep` for `--gc marksweep`.
pub fn apply_environment(
    options: &mut Options,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<(), String> {
    for row in Options::TABLE {
        let variable = variable(row);
        if let Some(value) = read(&variable) {
            set(options, row, &value, &variable)?;
        }
    }
    Ok(())
}

/// The environment variable of an option.
pub fn variable(row: &OptionInfo) -> String {
    let name = row.flag.trim_start_matches('-').replace('-', "_");
    format!("MOONSWEEP_{}", name.to_uppercase())
}

fn set(options: &mut Options, row: &OptionInfo, value: &str, given: &str) -> Result<(), String> {
    options.set(row.name, value).map_err(|_| {
        let expected = match row.name {
            "gc" => collectors().join(", "),
            _ => row.value.to_owned(),
        };
        format!("bad value '{value}' for '{given}' (expected {expected})")
    })
}

/// The names of all collectors.
pub fn collectors() -> Vec<&'static str> {
    GcKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// The options for the usage text: form and meaning.
pub fn usage() -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for row in Options::TABLE {
        let form = match bare_value(row) {
            Some(_) => format!("{}[={}]", row.flag, row.value),
            None => format!("{} {}", row.flag, row.value),
        };
        let doc = row.doc.trim_end_matches('.');
        let meaning = match row.name {
            "gc" => format!(
                "{doc}: {}; default {}.",
                collectors().join(", "),
                row.default
            ),
            _ if doc.contains(&format!("{}:", row.default)) => format!("{doc}."),
            _ => format!("{doc}. Default {}.", row.default),
        };
        rows.push((form, meaning));
    }
    let reports = REPORTS.iter();
    rows.extend(reports.map(|&(_, _, form, meaning)| (form.to_owned(), meaning.to_owned())));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(name: &str, value: Option<&str>) -> LongOption {
        LongOption {
            name: name.to_owned(),
            value: value.map(str::to_owned),
        }
    }

    fn applied(given: &[LongOption]) -> Result<(Options, Reports), String> {
        let (mut options, mut reports) = Default::default();
        apply(given, &mut options, &mut reports)?;
        Ok((options, reports))
    }

    #[test]
    fn every_row_of_the_table_is_a_flag() {
        for row in Options::TABLE {
            let name = row.flag.strip_prefix("--").unwrap();
            assert!(arity(name).is_some(), "{name}");
            applied(&[long(name, Some(row.default))]).unwrap();
        }
        assert_eq!(arity("gc"), Some(Arity::Required));
        assert_eq!(arity("gc-stress"), Some(Arity::Optional));
        assert_eq!(arity("gc-nonsense"), None);
        assert_eq!(usage().len(), Options::TABLE.len() + REPORTS.len());
    }

    #[test]
    fn flags_without_values() {
        let (options, reports) = applied(&[
            long("gc-stress", None),
            long("gc-verify", None),
            long("gc-log", None),
            long("gc-stats", None),
        ])
        .unwrap();
        assert_eq!(options.stress, 1);
        assert!(options.verify);
        assert_eq!(reports.log, Some(None));
        assert!(reports.summary);
    }

    #[test]
    fn a_bad_collector_is_told_the_good_ones() {
        let message = applied(&[long("gc", Some("best"))]).unwrap_err();
        assert!(message.starts_with("bad value 'best' for '--gc' (expected none, "));
    }

    #[test]
    fn the_environment() {
        let mut options = Options::default();
        let read = |name: &str| (name == "MOONSWEEP_GC_NURSERY").then(|| "64K".to_owned());
        apply_environment(&mut options, &read).unwrap();
        assert_eq!(options.nursery.0, 64 << 10);
        let read = |name: &str| (name == "MOONSWEEP_HEAP_MAX").then(|| "much".to_owned());
        let message = apply_environment(&mut options, &read).unwrap_err();
        assert!(message.contains("MOONSWEEP_HEAP_MAX"));
    }
}
