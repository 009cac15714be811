//! Lines `NAME=value` as in files for systemd's `EnvironmentFile=`, which units and programs share (programs.md §7.3).
//!
//! What systemd passes over in silence is an error here: half an environment is worse than none. Nothing is expanded.
//! An error names the line and never quotes it: it may hold a secret.

use super::limits::ENV_VARIABLES;

/// A variable.
pub(super) type Variable = (Vec<u8>, Vec<u8>);

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// From 1.
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// The variables of a file in its order, a name perhaps more than once.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Variable>, BadLine> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader { bytes, at: 0, line: 1 };
    let mut variables = Vec::new();
    while reader.skip_to_assignment() {
        let line = reader.line;
        if variables.len() == ENV_VARIABLES {
            return Err(BadLine { line, what: "there are too many variables" });
        }
        let name = reader.name().ok_or(BadLine { line, what: "this is no NAME=value" })?;
        variables.push((name, reader.value()?));
    }
    Ok(variables)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    line: usize,
}

impl Reader<'_> {
    /// The next byte, the two that end a line in some files as one.
    fn peek(&self) -> Option<u8> {
        match self.bytes.get(self.at..) {
            Some([b'\r', b'\n', ..]) => Some(b'\n'),
            Some([byte, ..]) => Some(*byte),
            Some([]) | None => None,
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        if byte == b'\n' {
            self.line += 1;
            self.at += usize::from(self.bytes.get(self.at) == Some(&b'\r'));
        }
        self.at += 1;
        Some(byte)
    }

    fn skip_while(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.next();
        }
    }

    /// To the next line that is not empty nor a comment. False at the end.
    fn skip_to_assignment(&mut self) -> bool {
        loop {
            self.skip_while(|byte| is_blank(byte) || byte == b'\n');
            match self.peek() {
                None => return false,
                Some(b'#' | b';') => self.skip_while(|byte| byte != b'\n'),
                Some(_) => return true,
            }
        }
    }

    /// What stands before the `=`; `None` if that is no name.
    fn name(&mut self) -> Option<Vec<u8>> {
        let mut name = Vec::new();
        loop {
            match self.next()? {
                b'\n' => return None,
                b'=' => break,
                byte => name.push(byte),
            }
        }
        let name = name.trim_ascii();
        let name = match name.strip_prefix(b"export") {
            Some(rest) if rest.first().copied().is_some_and(is_blank) => rest.trim_ascii(),
            Some(_) | None => name,
        };
        let is_name = !name.is_empty() && !name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0);
        is_name.then(|| name.to_vec())
    }

    /// What stands behind the `=`: quoted pieces, and at last perhaps one that is not quoted.
    fn value(&mut self) -> Result<Vec<u8>, BadLine> {
        let mut value = Vec::new();
        loop {
            self.skip_while(is_blank);
            let line = self.line;
            let is_whole = match self.peek() {
                None | Some(b'\n') => break,
                Some(b'\'') => self.single_quoted(&mut value),
                Some(b'"') => self.double_quoted(&mut value),
                Some(_) => {
                    self.unquoted(&mut value);
                    break;
                }
            };
            if !is_whole {
                return Err(BadLine { line, what: "the quote that begins here has no end" });
            }
        }
        if value.contains(&0) {
            return Err(BadLine { line: self.line, what: "there is a zero byte" });
        }
        Ok(value)
    }

    /// False if the quote has no end.
    fn single_quoted(&mut self, value: &mut Vec<u8>) -> bool {
        self.next();
        while let Some(byte) = self.next() {
            if byte == b'\'' {
                return true;
            }
            value.push(byte);
        }
        false
    }

    /// False if the quote has no end.
    fn double_quoted(&mut self, value: &mut Vec<u8>) -> bool {
        self.next();
        while let Some(byte) = self.next() {
            match byte {
                b'"' => return true,
                b'\\' => match self.next() {
                    None => return false,
                    Some(b'\n') => {}
                    Some(escaped @ (b'"' | b'\\' | b'`' | b'$')) => value.push(escaped),
                    Some(other) => value.extend([b'\\', other]),
                },
                other => value.push(other),
            }
        }
        false
    }

    /// Up to the end of its line; blanks at the end do not count, unless they are escaped.
    fn unquoted(&mut self, value: &mut Vec<u8>) {
        let mut end = value.len();
        while let Some(byte) = self.peek() {
            if byte == b'\n' {
                break;
            }
            self.next();
            match byte {
                b'\\' => match self.next() {
                    None | Some(b'\n') => {}
                    Some(escaped) => {
                        value.push(escaped);
                        end = value.len();
                    }
                },
                blank if is_blank(blank) => value.push(blank),
                other => {
                    value.push(other);
                    end = value.len();
                }
            }
        }
        value.truncate(end);
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
        let text_of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let variables = parse(text.as_bytes()).map_err(|bad| (bad.line, bad.what))?;
        Ok(variables.into_iter().map(|(name, value)| (text_of(name), text_of(value))).collect())
    }

    #[test]
    fn each_element_of_the_grammar() {
        for (text, value) in [
            ("A=", ""),
            ("A=b", "b"),
            ("  A =  b c  ", "b c"),
            ("export A=b", "b"),
            ("export\tA=b", "b"),
            ("\u{feff}A=b", "b"),
            ("A=b\r\n", "b"),
            ("A=b # c", "b # c"),
            ("A=b;c", "b;c"),
            (r"A=a\ \\b\n", r"a \bn"),
            ("A=a\\ ", "a "),
            ("A=a\\\n  b", "a  b"),
            ("A=a\\\r\nb", "ab"),
            ("A=a\\", "a"),
            ("A='a \\n\"b\nc'", "a \\n\"b\nc"),
            ("A=\"a'b\nc\"", "a'b\nc"),
            (r#"A="\"\\\`\$\n""#, r#""\`$\n"#),
            ("A=\"a\\\nb\"", "ab"),
            ("A=\"a\" 'b'c", "abc"),
            ("A='a' # b", "a# b"),
            ("A=a\"b\"", "a\"b\""),
            ("A=a 'b'  ", "a 'b'"),
            ("A=''", ""),
            ("A=$HOME `x` %(here)s ~", "$HOME `x` %(here)s ~"),
            ("A==b=", "=b="),
        ] {
            assert_eq!(told(text), Ok(vec![("A".to_owned(), value.to_owned())]), "{text:?}");
        }
    }

    #[test]
    fn lines_comments_and_names_that_come_twice() {
        let text = "\n# a comment = x\n ; another\nA=1\n\nexport=2\nB='x\ny'\nA=3";
        let names: Vec<_> = told(text).unwrap().into_iter().map(|(name, value)| name + "=" + &value).collect();
        assert_eq!(names, ["A=1", "export=2", "B=x\ny", "A=3"]);
        assert_eq!(told(""), Ok(vec![]));
        assert_eq!(told("# only"), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, line, what) in [
            ("A=1\nsecret", 2, "this is no NAME=value"),
            ("secret\nA=1", 1, "this is no NAME=value"),
            ("=x", 1, "this is no NAME=value"),
            ("A B=x", 1, "this is no NAME=value"),
            ("export A B=x", 1, "this is no NAME=value"),
            ("A\0=x", 1, "this is no NAME=value"),
            ("B=1\n\nA='x\ny", 3, "the quote that begins here has no end"),
            ("A=\"x\\\"", 1, "the quote that begins here has no end"),
            ("A=\"x\\", 1, "the quote that begins here has no end"),
            ("A=1\0", 1, "there is a zero byte"),
        ] {
            assert_eq!(told(text), Err((line, what)), "{text:?}");
        }
        let many = "A=1\n".repeat(ENV_VARIABLES + 1);
        assert_eq!(told(&many), Err((ENV_VARIABLES + 1, "there are too many variables")));
        assert_eq!(told(many.strip_prefix("A=1\n").unwrap()).map(|variables| variables.len()), Ok(ENV_VARIABLES));
    }

    #[test]
    fn every_prefix_of_a_file_is_read_or_refused() {
        let text = "\u{feff}# c\r\nexport A='x y'\"z\\$\"\\ w\\\n v \r\n;d\nB = \"1\\\r\n2\"\n";
        for end in 0..=text.len() {
            parse(&text.as_bytes()[..end]).ok();
        }
    }
}
