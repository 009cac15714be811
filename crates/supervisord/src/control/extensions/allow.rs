//! What an extension may ask for: `allow=` of its section.

/// Whether a list admits a name; without a list everything is admitted. `*` stands at the end of an item for anything.
pub(super) fn admits(allow: Option<&[Box<str>]>, name: &str) -> bool {
    let Some(items) = allow else { return true };
    items.iter().any(|item| match item.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => **item == *name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_admitted_as_a_whole_or_by_their_beginning() {
        let list: Vec<Box<str>> = ["sup.*", "supervisor.get*", "twiddler.log"].map(Box::from).into();
        for (name, expected) in [
            ("sup.kill", true),
            ("sup.", true),
            ("supervisor.getState", true),
            ("supervisor.stopProcess", false),
            ("twiddler.log", true),
            ("twiddler.logs", false),
            ("twiddler", false),
            ("", false),
        ] {
            assert_eq!(admits(Some(&list), name), expected, "{name}");
        }
        assert!(admits(None, "sup.kill"));
        assert!(!admits(Some(&[]), "sup.state"));
        assert!(admits(Some(&["*".into()]), "anything"));
    }
}
