//! The words behind `extension-test`: options, then the command.

use supervisor_config::shlex;
use supervisor_protocol::extension::read_value;
use supervisor_protocol::xmlrpc::Value;

/// Its options, for completion.
pub(crate) const OPTIONS: [&str; 3] = ["--call", "--name", "--set"];

/// What is to be tried, and how.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Options {
    /// The extension and its arguments; never empty.
    pub(super) command: Vec<String>,
    /// The namespace that it is told; `test` unless said.
    pub(super) name: String,
    /// Options of its section, in their order.
    pub(super) config: Vec<(String, Value)>,
    /// A call that does no harm and succeeds: its method and arguments.
    pub(super) call: Option<(String, Vec<Value>)>,
}

impl Options {
    pub(super) fn read(words: &[&str]) -> Result<Self, String> {
        let mut options = Self { name: "test".to_owned(), ..Self::default() };
        let mut rest = words;
        loop {
            rest = match rest {
                ["--set", value, after @ ..] => {
                    let (name, value) = value.split_once('=').ok_or("--set takes NAME=VALUE")?;
                    options.config.push((name.to_lowercase(), value.into()));
                    after
                }
                ["--call", call, after @ ..] => {
                    options.call = Some(read_call(call)?);
                    after
                }
                ["--name", name, after @ ..] => {
                    (*name).clone_into(&mut options.name);
                    after
                }
                [option @ ("--set" | "--call" | "--name")] => return Err(format!("{option} requires a value")),
                ["--", after @ ..] => {
                    rest = after;
                    break;
                }
                [option, ..] if option.starts_with('-') => {
                    return Err(format!("extension-test knows --call, --name and --set, not {option}"));
                }
                [..] => break,
            };
        }
        options.command = match rest {
            [] => return Err("extension-test requires the command of an extension".to_owned()),
            // As `command=` has it.
            [line] => shlex::split(line).map_err(|error| error.to_string())?,
            words => words.iter().map(|word| (*word).to_owned()).collect(),
        };
        if options.command.is_empty() {
            return Err("extension-test requires the command of an extension".to_owned());
        }
        Ok(options)
    }
}

/// `depth`, or `wait(0.1, "x")` with JSON between the parentheses.
fn read_call(text: &str) -> Result<(String, Vec<Value>), String> {
    let Some((method, arguments)) = text.split_once('(') else { return Ok((text.to_owned(), Vec::new())) };
    let arguments = arguments.strip_suffix(')').ok_or("--call takes METHOD or METHOD(JSON, …)")?;
    match read_value(format!("[{arguments}]").as_bytes()) {
        Ok(Value::Array(arguments)) => Ok((method.to_owned(), arguments)),
        Ok(_) => Err("--call takes METHOD or METHOD(JSON, …)".to_owned()),
        Err(error) => Err(format!("--call: the arguments are no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn options_come_first_and_the_rest_is_the_command() {
        let read = Options::read(&[
            "--set",
            "Spool=/a=b",
            "--call",
            "wait(0.5, \"x\")",
            "--name",
            "q",
            "python3",
            "x.py",
            "--set",
        ]);
        let expected = Options {
            command: words(&["python3", "x.py", "--set"]),
            name: "q".to_owned(),
            config: vec![("spool".to_owned(), "/a=b".into())],
            call: Some(("wait".to_owned(), vec![Value::Double(0.5), "x".into()])),
        };
        assert_eq!(read, Ok(expected));
        assert_eq!(Options::read(&["--", "-x"]).unwrap().command, ["-x"]);
    }

    #[test]
    fn one_word_is_taken_apart_as_in_the_file() {
        assert_eq!(Options::read(&["python3 'a b.py'"]).unwrap().command, ["python3", "a b.py"]);
        assert_eq!(Options::read(&["a b", "c"]).unwrap().command, ["a b", "c"]);
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (given, complaint) in [
            (&[][..], "extension-test requires the command of an extension"),
            (&[" "], "extension-test requires the command of an extension"),
            (&["--set", "a", "x"], "--set takes NAME=VALUE"),
            (&["--call"], "--call requires a value"),
            (&["--call", "a(1", "x"], "--call takes METHOD or METHOD(JSON, …)"),
            (&["--verbose", "x"], "extension-test knows --call, --name and --set, not --verbose"),
        ] {
            assert_eq!(Options::read(given), Err(complaint.to_owned()), "{given:?}");
        }
        assert!(
            Options::read(&["--call", "a(x)", "x"]).unwrap_err().starts_with("--call: the arguments are no JSON: ")
        );
    }
}
