//! Where the REPL's lines come from: a terminal with editing and history, or
//! plain standard input.

use moonsweep::native::Context;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// What came instead of, or as, a line.
pub enum Line {
    /// A line without its end.
    Text(Vec<u8>),
    /// Ctrl-C: forget what was typed.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
}

/// A source of lines.
pub enum Input {
    /// A terminal.
    Editor {
        /// Does the editing.
        editor: Box<DefaultEditor>,
        /// Where the history is kept, if anywhere.
        history: Option<PathBuf>,
    },
    /// Anything else.
    Plain,
}

impl Input {
    /// The terminal if there is one.
    pub fn open() -> Input {
        if !io::stdin().is_terminal() {
            return Input::Plain;
        }
        let Ok(mut editor) = DefaultEditor::new() else {
            return Input::Plain;
        };
        let history = history_file(&|name| std::env::var_os(name));
        if let Some(path) = &history {
            // there is none the first time
            let _ = editor.load_history(path);
        }
        Input::Editor {
            editor: Box::new(editor),
            history,
        }
    }

    /// Asks for a line.
    pub fn read(&mut self, cx: &Context, prompt: &str) -> Line {
        match self {
            Input::Editor { editor, .. } => match editor.readline(prompt) {
                Ok(text) => Line::Text(text.into_bytes()),
                Err(ReadlineError::Interrupted) => Line::Interrupted,
                Err(_) => Line::End,
            },
            Input::Plain => {
                moonsweep_stdlib::write_stdout(cx, prompt.as_bytes());
                moonsweep::flush_all(cx);
                match moonsweep_stdlib::read_stdin_line(cx) {
                    None => Line::End,
                    Some(mut line) => {
                        if line.last() == Some(&b'\n') {
                            line.pop();
                        }
                        // The reference's line editor shows the line after its prompt even
                        // if nobody typed it.
                        moonsweep_stdlib::write_stdout(cx, &line);
                        moonsweep_stdlib::write_stdout(cx, b"\n");
                        moonsweep::flush_all(cx);
                        Line::Text(line)
                    }
                }
            }
        }
    }

    /// Puts a chunk into the history, in the file as well.
    pub fn remember(&mut self, chunk: &[u8]) {
        let Input::Editor { editor, history } = self else {
            return;
        };
        let text = String::from_utf8_lossy(chunk);
        if text.trim().is_empty() {
            return;
        }
        if let (Ok(true), Some(path)) = (editor.add_history_entry(text), history)
            && editor.append_history(path).is_err()
        {
            // a place that cannot be written to: keep it for this session only
            let _ = editor.save_history(path);
        }
    }
}

/// `$XDG_STATE_HOME/moonsweep_history` where that is set, or else
/// `~/.moonsweep_history`.
fn history_file(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let folder = |name| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    match folder("XDG_STATE_HOME").filter(|path| path.is_dir()) {
        Some(state) => Some(state.join("moonsweep_history")),
        None => folder("HOME").map(|home| home.join(".moonsweep_history")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_history_is() {
        let home = |name: &str| (name == "HOME").then(|| "/home/ann".into());
        assert_eq!(
            history_file(&home).unwrap(),
            PathBuf::from("/home/ann/.moonsweep_history")
        );
        let state = |name: &str| Some(if name == "HOME" { "/home/ann" } else { "/tmp" }.into());
        assert_eq!(
            history_file(&state).unwrap(),
            PathBuf::from("/tmp/moonsweep_history")
        );
        assert_eq!(history_file(&|_| None), None);
    }
}
