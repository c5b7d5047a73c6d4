//! The built-in workloads: Lua programs that print a checksum and take a
//! factor for their size as their one argument.

/// One of them.
#[derive(Debug)]
pub struct Workload {
    /// What the command line and the table call it.
    pub name: &'static str,
    /// What it is like.
    pub about: &'static str,
    /// The program.
    pub source: &'static str,
}

macro_rules! workloads {
    ($($name:literal: $about:literal,)*) => {
        /// All of them, in the order in which they run.
        pub static ALL: &[Workload] = &[
            $(Workload {
                name: $name,
                about: $about,
                source: include_str!(concat!("workloads/", $name, ".lua")),
            },)*
        ];
    };
}

workloads! {
    "trees": "short-lived binary trees beside one that stays",
    "cache": "10^6 entries, replaced at random",
    "queue": "a linked queue, drained as fast as it is filled",
    "graph": "cyclic communities of nodes, dropped and rebuilt",
    "requests": "a server's loop over long-lived sessions",
    "strings": "text built, cut, replaced and counted",
}

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|w| w.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_name_and_takes_a_size() {
        for workload in ALL {
            assert!(std::ptr::eq(find(workload.name).unwrap(), workload));
            assert!(workload.source.contains("tonumber((...)) or 1"));
            let checksum = format!("print(\"{}\",", workload.name);
            assert!(workload.source.contains(&checksum));
        }
    }
}
