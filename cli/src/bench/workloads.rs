//! The built-in workloads: Lua programs that print a checksum and take a
//! factor for their size as their one argument.
//!
//! A workload may tell figures of its own, each by a line `bench: NAME VALUE`
//! on standard error.

/// Which set a workload belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Runs when nothing is asked for.
    Usual,
    /// What makes collectors stop for long; large, so only when asked for.
    Pauses,
}

/// The word that asks for all of [`Set::Pauses`].
pub const PAUSES: &str = "pauses";

/// One of them.
#[derive(Debug)]
pub struct Workload {
    /// What the command line and the table call it.
    pub name: &'static str,
    /// What it is like.
    pub about: &'static str,
    /// The program.
    pub source: &'static str,
    /// Its set.
    pub set: Set,
}

macro_rules! workloads {
    (
        usual { $($name:literal: $about:literal,)* }
        pauses { $($pause:literal $file:literal: $pause_about:literal,)* }
    ) => {
        /// All of them, in the order in which they run.
        pub static ALL: &[Workload] = &[
            $(Workload {
                name: $name,
                about: $about,
                source: include_str!(concat!("workloads/", $name, ".lua")),
                set: Set::Usual,
            },)*
            $(Workload {
                name: $pause,
                about: $pause_about,
                source: concat!(
                    include_str!("workloads/pauses/prelude.lua"),
                    include_str!(concat!("workloads/pauses/", $file, ".lua")),
                ),
                set: Set::Pauses,
            },)*
        ];
    };
}

workloads! {
    usual {
        "trees": "short-lived binary trees beside one that stays",
        "cache": "10^6 entries, replaced at random",
        "queue": "a linked queue, drained as fast as it is filled",
        "graph": "cyclic communities of nodes, dropped and rebuilt",
        "requests": "a server's loop over long-lived sessions",
        "strings": "text built, cut, replaced and counted",
    }
    pauses {
        "tables" "tables": "10^7 small tables live, replaced at random",
        "array" "array": "random stores of fresh objects into one array of 10^7 slots",
        "hash" "hash": "random stores of fresh objects into a hash of 2*10^6 entries",
        "weak-keys" "weak_keys": "a cache of 10^6 entries with weak keys",
        "weak-values" "weak_values": "a cache of 10^6 entries with weak values",
        "weak-both" "weak_both": "a cache of 10^6 entries with weak keys and values",
        "ephemeron-tables" "ephemeron_tables": "20,000 weak tables of one entry, linked in shuffled order",
        "ephemeron-chain" "ephemeron_chain": "100,000 links in one weak table, in shuffled order",
        "coroutines" "coroutines": "100,000 suspended coroutines, resumed at random",
        "list" "list": "a linked list of 10^7 nodes",
        "string-churn" "string_churn": "10^6 live strings, replaced at random",
        "finalizers" "finalizers": "3*10^5 objects with finalizers, dropped at once",
        "grow-hash" "grow_hash": "one hash grows to 4*10^6 keys",
        "grow-array" "grow_array": "one array grows to 2*10^7 elements",
        "grow-strings" "grow_strings": "one table grows to 10^6 string keys",
        "recursion" "recursion": "garbage made 150,000 frames deep",
        "sessions" "sessions": "requests of 50 to 200 KB of garbage over 200 MB of state",
    }
}

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|w| w.name == name)
}

/// The workloads of a set.
pub fn of(set: Set) -> impl Iterator<Item = &'static Workload> {
    ALL.iter().filter(move |w| w.set == set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_name_and_takes_a_size() {
        for workload in ALL {
            assert!(std::ptr::eq(find(workload.name).unwrap(), workload));
            assert!(workload.source.contains("tonumber((...)) or 1"));
            assert!(
                workload
                    .source
                    .contains(&format!("\n-- {}: ", workload.name))
                    || workload
                        .source
                        .starts_with(&format!("-- {}: ", workload.name))
            );
            let checksum = |call| {
                workload
                    .source
                    .contains(&format!("{call}(\"{}\",", workload.name))
            };
            assert!(checksum("print") || checksum("finish"), "{}", workload.name);
        }
        assert!(find(PAUSES).is_none());
    }
}
