//! The architecture page is enforced: what every source file and manifest of
//! the workspace has to keep to (ARCHITECTURE.md, "Invariants").
//!
//! Each rule is a function from a text to what is wrong with it; a test of its
//! own breaks the rule and sees that it complains.

mod common;

use common::End;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest source file, in lines.
const MAX_LINES: usize = 800;

/// The crates and, for each, the siblings that it may import.
const ARROWS: &[(&str, &[&str])] = &[
    ("gc", &[]),
    ("compiler", &[]),
    ("runtime", &["gc", "compiler"]),
    ("stdlib", &["runtime"]),
    ("cli", &["gc", "compiler", "runtime", "stdlib"]),
];

/// Crates in which no `unsafe` compiles.
const SAFE: &[&str] = &["compiler", "stdlib", "cli"];

/// The workspace's folder.
fn root() -> PathBuf {
    let tests = common::tests_dir();
    tests.parent().expect("tests are in a folder").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All Rust files below a folder, but for what was built.
fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.expect("a readable folder entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The Rust files of a crate, with their names in the workspace and texts.
fn sources(member: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    rust_files(&root().join(member), &mut files);
    assert!(!files.is_empty(), "no sources in {member}");
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let shown = path.strip_prefix(root()).unwrap_or(&path);
            (shown.to_string_lossy().into_owned(), read(&path))
        })
        .collect()
}

/// A file says first what it is about, and is not long.
fn form(text: &str) -> Option<String> {
    if !text.starts_with("//!") {
        return Some("does not open with `//!`".to_owned());
    }
    let lines = text.lines().count();
    (lines > MAX_LINES).then(|| format!("has {lines} lines, more than {MAX_LINES}"))
}

/// The words of a Rust text that are code, not comments.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

/// Siblings that a text names though its crate may not import them.
fn arrows(allowed: &[&str], own: &str, text: &str) -> Option<String> {
    let wrong: BTreeSet<&str> = identifiers(text)
        .filter_map(|word| {
            let sibling = word.strip_prefix("moonsweep_")?;
            ARROWS.iter().map(|(name, _)| *name).find(|n| *n == sibling)
        })
        .filter(|sibling| *sibling != own && !allowed.contains(sibling))
        .collect();
    (!wrong.is_empty()).then(|| format!("imports {wrong:?}"))
}

/// Types of the heap that a text of the compiler names.
fn heap_types(names: &BTreeSet<String>, text: &str) -> Option<String> {
    let wrong: BTreeSet<&str> = identifiers(text).filter(|w| names.contains(*w)).collect();
    (!wrong.is_empty()).then(|| format!("names types of the heap: {wrong:?}"))
}

/// A dependency of a manifest.
struct Dependency {
    name: String,
    /// The line above it is a comment.
    explained: bool,
}

/// The dependencies of all kinds in a manifest.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found = Vec::new();
    let mut in_list = false;
    let mut above = "";
    for line in manifest.lines().map(str::trim) {
        let explained = above.starts_with('#');
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            in_list = section.ends_with("dependencies");
            if let Some((_, name)) = section.rsplit_once("dependencies.") {
                let name = name.to_owned();
                found.push(Dependency { name, explained });
            }
        } else if in_list
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once('=')
        {
            let name = name.trim().split('.').next().unwrap_or_default();
            found.push(Dependency {
                name: name.to_owned(),
                explained,
            });
        }
        above = line;
    }
    found
}

/// What is wrong with a manifest: a sibling that its crate may not import, a
/// dependency without its reason.
fn manifest(allowed: &[&str], text: &str) -> Option<String> {
    let mut wrong = String::new();
    for dependency in dependencies(text) {
        match dependency.name.strip_prefix("moonsweep-") {
            Some(sibling) if allowed.contains(&sibling) => {}
            Some(sibling) => wrong += &format!("imports {sibling}; "),
            None if dependency.explained => {}
            None => wrong += &format!("does not say why it needs {}; ", dependency.name),
        }
    }
    (!wrong.is_empty()).then_some(wrong)
}

/// Whether the compiler refuses unsafe code in a crate.
fn forbids_unsafe(text: &str) -> bool {
    text.lines().any(|line| line == "#![forbid(unsafe_code)]")
}

/// What the `gc` crate exports.
fn exports(lib: &str) -> BTreeSet<String> {
    lib.lines()
        .filter(|line| line.starts_with("pub use "))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn files_say_what_they_are_about_and_are_short() {
    let mut report = String::new();
    for (member, _) in ARROWS {
        for (name, text) in sources(member) {
            if let Some(wrong) = form(&text) {
                report += &format!("{name} {wrong}\n");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn crates_import_along_the_arrows() {
    let mut report = String::new();
    for (member, allowed) in ARROWS {
        for (name, text) in sources(member) {
            if let Some(wrong) = arrows(allowed, member, &text) {
                report += &format!("{name} {wrong}\n");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn manifests_explain_their_dependencies() {
    let mut report = String::new();
    let everything: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let mut manifests = vec![("Cargo.toml".to_owned(), &everything[..])];
    manifests.extend(ARROWS.iter().map(|(m, a)| (format!("{m}/Cargo.toml"), *a)));
    for (name, allowed) in manifests {
        if let Some(wrong) = manifest(allowed, &read(&root().join(&name))) {
            report += &format!("{name} {wrong}\n");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_crate_of_the_workspace_is_checked() {
    let text = read(&root().join("Cargo.toml"));
    let members = text
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .expect("a list of members");
    let members: BTreeSet<&str> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(members, ARROWS.iter().map(|(name, _)| *name).collect());
}

#[test]
fn safe_crates_forbid_unsafe_code() {
    for member in SAFE {
        for file in ["src/lib.rs", "src/main.rs"] {
            let path = root().join(member).join(file);
            assert!(
                !path.exists() || forbids_unsafe(&read(&path)),
                "{} does not forbid unsafe code",
                path.display()
            );
        }
    }
}

#[test]
fn the_compiler_names_no_heap_type() {
    let names = exports(&read(&root().join("gc/src/lib.rs")));
    assert!(names.contains("Obj") && names.contains("Heap") && names.contains("Slot"));
    let mut report = String::new();
    for (name, text) in sources("compiler") {
        if let Some(wrong) = heap_types(&names, &text) {
            report += &format!("{name} {wrong}\n");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Files that a test's name in COMPATIBILITY.md stands for; nothing for what names no test.
/// `lang/goto` is a script, `lang/meta_*` several, `gc/` all of a folder.
fn tests_named(name: &str) -> Option<Vec<PathBuf>> {
    const SCRIPTS: &[&str] = &["lang/", "stdlib/", "gc/", "limit/", "regression/"];
    const PLACES: &[&str] = &["tests/", "cli/", "compiler/", "runtime/"];
    let path = if SCRIPTS.iter().any(|folder| name.starts_with(folder)) {
        root().join("tests/scripts").join(name)
    } else if PLACES.iter().any(|folder| name.starts_with(folder)) {
        root().join(name)
    } else {
        return None;
    };
    let text = path.to_string_lossy();
    let (folder, prefix) = match text.strip_suffix('*') {
        Some(text) => text.rsplit_once('/').unwrap_or((text, "")),
        None if path.is_dir() => (text.as_ref(), ""),
        None => {
            let forms = ["", ".lua", ".txt"].map(|end| PathBuf::from(format!("{text}{end}")));
            return Some(forms.into_iter().filter(|form| form.is_file()).collect());
        }
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| {
        let name = entry.file_name();
        entry.path().is_file() && name.to_string_lossy().starts_with(prefix)
    });
    Some(files.map(|entry| entry.path()).collect())
}

/// How many tests files have: those of Rust, shell scripts of `tests/command_line`, Lua scripts.
fn count_tests(files: &[PathBuf]) -> usize {
    let count = |path: &PathBuf| match path.extension().and_then(|e| e.to_str()) {
        Some("rs") => read(path).matches("#[test]\n").count(),
        Some("txt") => format!("\n{}", read(path)).matches("\n### ").count(),
        _ => 1,
    };
    files.iter().map(count).sum()
}

/// What is wrong with the tests that a row of COMPATIBILITY.md names: some do not exist, or there
/// are more or less of them than `N scripts`, `N shell scripts` before or `: N tests` after a name.
fn row(line: &str) -> Option<String> {
    let mut wrong = String::new();
    let pieces: Vec<&str> = line.split('`').collect();
    for (i, name) in pieces.iter().enumerate().skip(1).step_by(2) {
        let Some(files) = tests_named(name) else {
            continue;
        };
        if files.is_empty() {
            wrong += &format!("there is no test {name}; ");
        }
        let before = ["scripts", "shell scripts"].iter().find_map(|what| {
            let words = pieces[i - 1].trim_end().strip_suffix(what)?;
            words.trim_end().rsplit(' ').next()?.parse::<usize>().ok()
        });
        let after = pieces.get(i + 1).and_then(|text| {
            let (number, rest) = text.strip_prefix(": ")?.split_once(' ')?;
            rest.starts_with("tests").then(|| number.parse().ok())?
        });
        let found = count_tests(&files);
        if let Some(said) = before.or(after)
            && said != found
        {
            wrong += &format!("{name} has {found} tests, not {said}; ");
        }
    }
    (!wrong.is_empty()).then_some(wrong)
}

#[test]
fn compatibility_names_tests_that_there_are() {
    let text = read(&root().join("COMPATIBILITY.md"));
    // Other projects' tests are theirs.
    let own = text.split("\n## Real programs").next().unwrap_or_default();
    let rows = own.lines().filter(|line| line.starts_with('|'));
    let report: String = rows
        .filter_map(|line| Some(format!("{line}\n  {}\n", row(line)?)))
        .collect();
    assert!(report.is_empty(), "\n{report}");
}

// Each rule, broken.

#[test]
fn rules_of_named_tests_complain() {
    assert_eq!(
        row("| x | scripts `lang/meta_*`, `gc/`; `cli/tests/tidy.rs` |"),
        None
    );
    assert!(row("| x | scripts `lang/no_such_*` |").is_some());
    assert!(row("| x | `cli/tests/tidy` |").is_some());
    assert!(row("| x | `tests/programs/no_such` |").is_some());
    assert!(row("| x | 3 scripts `gc/` |").is_some());
    assert!(row("| x | 1 shell scripts `tests/command_line/` |").is_some());
    assert!(row("| x | `cli/tests/bad_input.rs`: 1 tests |").is_some());
    assert_eq!(row("| x | `/`, `a/b`: 1 tests |"), None);
}

/// A mutant whose pattern is of older code tests nothing. Running them takes hours and
/// is not part of this.
#[test]
fn every_mutant_can_be_applied() {
    let mut command = common::command("bash");
    command
        .env("MUTANT_CHECK", "1")
        .arg(common::tests_dir().join("mutants/run.sh"));
    let outcome = common::run(&mut command, Duration::from_secs(300));
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert_eq!(
        outcome.end,
        End::Status(0),
        "{said}{}",
        outcome.stderr_head(10)
    );
    assert!(said.contains(" mutants can be applied"), "{said}");
}

#[test]
fn rules_of_form_complain() {
    assert_eq!(form("//! What it is.\n\nfn f() {}\n"), None);
    assert!(form("// What it is.\nfn f() {}\n").is_some());
    assert!(form("\n//! What it is.\n").is_some());
    let lines = |n: usize| format!("//! Long.\n{}", "\n".repeat(n - 1));
    assert_eq!(form(&lines(MAX_LINES)), None);
    assert!(form(&lines(MAX_LINES + 1)).is_some());
}

#[test]
fn rules_of_imports_complain() {
    let gc = "use moonsweep_gc::Heap;\n";
    assert!(arrows(&[], "compiler", gc).is_some());
    assert!(arrows(&["runtime"], "stdlib", gc).is_some());
    assert_eq!(arrows(&["gc", "compiler"], "runtime", gc), None);
    assert_eq!(arrows(&[], "gc", gc), None);
    assert_eq!(arrows(&[], "compiler", "// as moonsweep_gc has it\n"), None);
    let names = exports("pub use header::{Header, Obj};\nmod core;\n");
    assert!(heap_types(&names, "fn f(o: &Obj) {}").is_some());
    assert_eq!(heap_types(&names, "fn f(o: &Object) {} // an Obj"), None);
}

#[test]
fn rules_of_manifests_complain() {
    let with = |lines: &str| format!("[package]\nname = \"x\"\n\n[dependencies]\n{lines}");
    assert_eq!(
        manifest(&[], &with("# Why.\nlogos = { version = \"1\" }\n")),
        None
    );
    assert!(manifest(&[], &with("logos = \"1\"\n")).is_some());
    assert!(manifest(&[], &with("# Why.\nlogos = \"1\"\nmemchr = \"2\"\n")).is_some());
    assert!(manifest(&[], "[dev-dependencies]\nlogos = \"1\"\n").is_some());
    assert!(manifest(&[], "[target.'cfg(unix)'.dependencies]\nlogos = \"1\"\n").is_some());
    assert!(manifest(&[], "[dependencies.logos]\nversion = \"1\"\n").is_some());
    assert_eq!(
        manifest(&["gc"], &with("moonsweep-gc.workspace = true\n")),
        None
    );
    assert!(manifest(&[], &with("moonsweep-gc.workspace = true\n")).is_some());
    assert!(
        manifest(
            &[],
            "[dev-dependencies]\nmoonsweep-gc = { path = \"../gc\" }\n"
        )
        .is_some()
    );
    assert!(!forbids_unsafe(
        "//! x\n// #![forbid(unsafe_code)]\n#![deny(unsafe_code)]\n"
    ));
    assert!(forbids_unsafe("//! x\n#![forbid(unsafe_code)]\n"));
}
