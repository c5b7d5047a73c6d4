//! Lists the bytecode of a Lua file, for comparison with `luac -l -l`.

fn main() {
    let path = std::env::args().nth(1).expect("a file name");
    let source = std::fs::read(&path).expect("a readable file");
    let name = format!("@{path}");
    match moonsweep_compiler::compile(moonsweep_compiler::skip_shebang(&source), name.as_bytes()) {
        Ok(proto) => print!(
            "{}",
            moonsweep_compiler::bytecode::disasm::disassemble(&proto)
        ),
        Err(error) => eprintln!("{error}"),
    }
}
