//! Lists the bytecode of Lua files, for comparison with `luac -l -l`.

use moonsweep_compiler::bytecode::{check, disasm};
use moonsweep_compiler::{compile, skip_shebang};

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read(&path).expect("a readable file");
        match compile(skip_shebang(&source), format!("@{path}").as_bytes()) {
            Ok(proto) => {
                print!("{}", disasm::disassemble(&proto));
                if let Err(fault) = check::check(&proto) {
                    println!("{path}: rejected by the checker: {fault}");
                }
            }
            Err(error) => println!("{error}"),
        }
    }
}
