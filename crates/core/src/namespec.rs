//! `group:process` (contract/rpc.md §3).

use crate::fault::{Fault, FaultCode};

/// What a namespec names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespec<'a> {
    /// The group's name.
    pub group: &'a str,
    /// The process's name; `None` is the whole group (`group:*` or `group:`).
    pub process: Option<&'a str>,
}

impl<'a> Namespec<'a> {
    /// Splits at the first colon; a bare `x` means `x:x`.
    pub fn parse(text: &'a str) -> Self {
        match text.split_once(':') {
            None => Self { group: text, process: Some(text) },
            Some((group, "" | "*")) => Self { group, process: None },
            Some((group, process)) => Self { group, process: Some(process) },
        }
    }
}

/// The process that a namespec names, looked up by group and name.
///
/// # Errors
/// BAD_NAME for a group, and for what is not known.
pub fn find_process<T>(text: &str, member: impl FnOnce(&str, &str) -> Option<T>) -> Result<T, Fault> {
    let Namespec { group, process } = Namespec::parse(text);
    process.and_then(|process| member(group, process)).ok_or_else(|| Fault::new(FaultCode::BadName, text))
}

/// The namespec that users see: `x` for process x of group x, else `group:process`.
pub fn make_namespec(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let parse = |text| {
            let n = Namespec::parse(text);
            (n.group, n.process)
        };
        assert_eq!(parse("x"), ("x", Some("x")));
        assert_eq!(parse("g:x"), ("g", Some("x")));
        assert_eq!(parse("g:x:y"), ("g", Some("x:y")));
        assert_eq!(parse("g:*"), ("g", None));
        assert_eq!(parse("g:"), ("g", None));
        assert_eq!(parse(":"), ("", None));
        assert_eq!(make_namespec("x", "x"), "x");
        assert_eq!(make_namespec("g", "x"), "g:x");
    }
}
