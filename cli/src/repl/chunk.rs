//! Collecting a chunk line by line: which text to compile, and whether to ask
//! for more. Knows no terminal and no virtual machine.

/// What the compiler says about a text.
pub trait Compile {
    /// Compiles `text`, and leaves the function where the caller finds it.
    ///
    /// # Errors
    /// The compiler's message.
    fn compile(&mut self, text: &[u8]) -> Result<(), Vec<u8>>;
}

/// What to do after a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The chunk was compiled.
    Ready,
    /// The parser wants more.
    More,
    /// The chunk cannot become right; the message says why.
    Wrong(Vec<u8>),
}

/// A chunk being typed.
#[derive(Debug, Default)]
pub struct Chunk {
    text: Vec<u8>,
    lines: usize,
}

impl Chunk {
    /// What was typed so far.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Takes a line and tries what there is: as an expression while there is
    /// only one line, then as statements.
    pub fn line(&mut self, line: &[u8], compiler: &mut impl Compile) -> Step {
        if self.lines > 0 {
            self.text.push(b'\n');
        }
        match line.strip_prefix(b"=") {
            // `=expression`, as in old releases of the reference.
            Some(expression) if self.lines == 0 => {
                self.text.extend_from_slice(b"return ");
                self.text.extend_from_slice(expression);
            }
            _ => self.text.extend_from_slice(line),
        }
        self.lines += 1;
        if self.lines == 1 {
            let expression = [b"return ", line].concat();
            if compiler.compile(&expression).is_ok() {
                return Step::Ready;
            }
        }
        match compiler.compile(&self.text) {
            Ok(()) => Step::Ready,
            Err(message) if is_incomplete(&message) => Step::More,
            Err(message) => Step::Wrong(message),
        }
    }
}

/// Whether the text ended where the parser wanted more: then, and only then,
/// the message is about the end of the file.
pub fn is_incomplete(message: &[u8]) -> bool {
    message.ends_with(b"<eof>")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows which texts are right; all else is wrong, or incomplete when it
    /// begins with `do` and has no `end`.
    struct Known(&'static [&'static str], Vec<String>);

    impl Compile for Known {
        fn compile(&mut self, text: &[u8]) -> Result<(), Vec<u8>> {
            let text = String::from_utf8_lossy(text).into_owned();
            self.1.push(text.clone());
            if self.0.contains(&text.as_str()) {
                Ok(())
            } else if text.starts_with("do") && !text.ends_with("end") {
                Err(b"stdin:1: 'end' expected near <eof>".to_vec())
            } else {
                Err(b"stdin:1: syntax error near 'x'".to_vec())
            }
        }
    }

    #[test]
    fn an_expression_is_tried_first() {
        let mut known = Known(&["return 1+1"], vec![]);
        assert_eq!(Chunk::default().line(b"1+1", &mut known), Step::Ready);
        assert_eq!(known.1, ["return 1+1"]);
    }

    #[test]
    fn statements_go_on_until_they_are_whole() {
        let mut known = Known(&["do\nx()\nend"], vec![]);
        let mut chunk = Chunk::default();
        assert_eq!(chunk.line(b"do", &mut known), Step::More);
        assert_eq!(chunk.line(b"x()", &mut known), Step::More);
        assert_eq!(chunk.line(b"end", &mut known), Step::Ready);
        assert_eq!(chunk.text(), b"do\nx()\nend");
        // the later lines were not tried as expressions
        assert!(!known.1.contains(&"return x()".to_owned()));
    }

    #[test]
    fn what_cannot_become_right_ends_at_once() {
        let mut known = Known(&[], vec![]);
        let step = Chunk::default().line(b"x x", &mut known);
        assert_eq!(
            step,
            Step::Wrong(b"stdin:1: syntax error near 'x'".to_vec())
        );
    }
}
