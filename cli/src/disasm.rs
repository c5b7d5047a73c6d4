//! `moonsweep disasm FILE`: a file's bytecode in words.

use crate::run::{complain, say};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::process::ExitCode;

/// Runs the command; `words` are those after `disasm`.
pub fn main(words: Vec<OsString>) -> ExitCode {
    let [file] = words.as_slice() else {
        complain(
            None,
            b"usage: moonsweep disasm file    ('-' for standard input)",
        );
        return ExitCode::FAILURE;
    };
    match disassembled(file) {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(message) => {
            complain(Some(b"moonsweep"), &message);
            ExitCode::FAILURE
        }
    }
}

/// The bytecode of a file, or why there is none.
fn disassembled(file: &OsStr) -> Result<String, Vec<u8>> {
    let (read, name) = if file == "-" {
        let mut text = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut text).map(|_| text);
        (read, b"=stdin".to_vec())
    } else {
        (
            std::fs::read(file),
            [b"@", file.as_encoded_bytes()].concat(),
        )
    };
    let text = read.map_err(|e| format!("{}: {e}", file.to_string_lossy()))?;
    let source = moonsweep_compiler::skip_shebang(&text);
    let compiled = moonsweep_compiler::compile(source, &name);
    let prototype = compiled.map_err(|e| e.message)?;
    Ok(moonsweep_compiler::bytecode::disasm::disassemble(
        &prototype,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_bytecode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lua");
        std::fs::write(&path, "#!/usr/bin/moonsweep\nlocal a = 1 print(a)\n").unwrap();
        let text = disassembled(path.as_os_str()).unwrap();
        assert!(text.to_lowercase().contains("return"), "{text}");
        std::fs::write(&path, "x x").unwrap();
        let message = disassembled(path.as_os_str()).unwrap_err();
        assert!(message.ends_with(b":1: syntax error near 'x'"));
        assert!(disassembled(OsStr::new("/nonexistent.lua")).is_err());
    }
}
