//! `strict` and `strict_ignore`: what becomes of that which nobody knows (docs/templates.md).

use crate::glob::matches;

/// How a configuration wants to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strictness {
    /// What is otherwise ignored with a warning is an error.
    pub(crate) is_strict: bool,
    /// Patterns of names that others read.
    pub(crate) ignored: Box<[Box<str>]>,
}

impl Strictness {
    /// Whether an option or a section that nobody knows is somebody else's.
    pub(crate) fn ignores(&self, name: &str) -> bool {
        let is_foreign = |pattern: &str| matches(pattern.as_bytes(), name.as_bytes());
        name.starts_with("x-") || name.starts_with("x_") || self.ignored.iter().any(|pattern| is_foreign(pattern))
    }

    /// What is done with it, as part of a sentence.
    pub(crate) fn consequence(&self) -> &'static str {
        if self.is_strict { "is an error (strict)" } else { "is ignored" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others() {
        let strictness = Strictness { is_strict: true, ignored: ["dependent_*".into(), "superlance?".into()].into() };
        for (name, is_ignored) in [
            ("dependent_startup", true),
            ("superlance2", true),
            ("superlance", false),
            ("x-anything", true),
            ("x_1", true),
            ("xx", false),
            ("usr", false),
        ] {
            assert_eq!(strictness.ignores(name), is_ignored, "{name}");
        }
    }
}
