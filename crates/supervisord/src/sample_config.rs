//! The commented sample that `echo_supervisord_conf` prints (contract/config.md, «Other programs»).

/// A configuration to begin with: what is live is what a first start needs, everything else shows its default.
pub const SAMPLE_CONFIG: &str = include_str!("sample.conf");

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use supervisor_config::{Config, LoadRequest, SupervisordOptions, load};

    use super::*;
    use crate::test_folder::TestFolder;

    fn loaded(name: &str, text: &str) -> Config {
        let folder = TestFolder::new();
        let path = folder.file("supervisord.conf", text.as_bytes());
        let (command_line, environment) = (SupervisordOptions::default(), [("HOME".to_owned(), "/".to_owned())]);
        load(&LoadRequest { path: &path, command_line: &command_line, environment: &environment })
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[test]
    fn the_sample_is_a_configuration_without_programs() {
        let config = loaded("as-it-is", SAMPLE_CONFIG);
        assert_eq!(config.http_servers.len(), 1);
        assert!(config.groups.is_empty());
        assert_eq!(config.supervisord.pidfile, PathBuf::from("/tmp/supervisord.pid"));
    }

    /// Options that name something which need not be there: users and folders.
    const NOT_HERE: [&str; 5] = ["user=", "chown=", "files =", "factory", "[include]"];

    #[test]
    fn what_the_sample_shows_as_comments_is_true_too() {
        let uncomment = |line: &str| {
            let shown =
                line.strip_prefix(';').filter(|rest| rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()));
            let line = shown.unwrap_or(line);
            if NOT_HERE.iter().any(|word| line.starts_with(word)) { String::new() } else { format!("{line}\n") }
        };
        let text = SAMPLE_CONFIG.lines().map(uncomment).collect::<String>().replace("/a/path", "/tmp/path");
        let config = loaded("uncommented", &text);
        let groups: Vec<&str> = config.groups.iter().map(|group| &*group.name).collect();
        assert_eq!(groups.len(), 2, "a listener and a group of two: {groups:?}");
        assert_eq!(config.http_servers.len(), 2);
        assert_eq!(config.messages, [], "no unknown option");
    }
}
