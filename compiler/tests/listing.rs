//! Golden listings: the code of typical loops, calls and conditions, so that a
//! change of what is generated is seen. Set `UPDATE_GOLDEN=1` to accept one.

use moonsweep_compiler::bytecode::disasm::disassemble;
use moonsweep_compiler::compile;

fn golden(name: &str) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/");
    let source = std::fs::read(format!("{directory}{name}.lua")).expect("a source");
    let listing = disassemble(&compile(&source, format!("@{name}.lua").as_bytes()).expect("valid"));
    let path = format!("{directory}{name}.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &listing).expect("writable");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(listing, expected, "{name}: see {path}");
}

#[test]
fn loops() {
    golden("loops");
}

#[test]
fn calls() {
    golden("calls");
}

#[test]
fn conditions() {
    golden("conditions");
}
