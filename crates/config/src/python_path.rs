//! The few functions of Python's `posixpath` that decide what a path in a configuration file means. All but
//! [`Home`] and [`absolute`] only look at the text; symbolic links are never resolved.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::unistd::{User, getuid};
use supervisor_core::raw_text;

/// `os.path.dirname`: all before the last slash, without the slashes at its end unless it is nothing else.
pub(crate) fn dirname(path: &str) -> &str {
    let head = path.rfind('/').map_or("", |slash| path.get(..=slash).unwrap_or_default());
    let trimmed = head.trim_end_matches('/');
    if trimmed.is_empty() { head } else { trimmed }
}

/// `os.path.normpath`: without empty and `.` components, `..` resolved against the text before it.
pub(crate) fn normalize(path: &Path) -> PathBuf {
    let bytes = &*real_bytes(path);
    let slashes = match bytes {
        [b'/', b'/', b'/', ..] => 1,
        [b'/', b'/', ..] => 2,
        [b'/', ..] => 1,
        _ => 0,
    };
    let mut components: Vec<&[u8]> = Vec::new();
    for component in bytes.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if components.last().is_some_and(|last| *last != b"..") => {
                components.pop();
            }
            b".." if slashes > 0 => {}
            _ => components.push(component),
        }
    }
    let mut normal = vec![b'/'; slashes];
    normal.extend(components.join(&b'/'));
    if normal.is_empty() {
        normal.push(b'.');
    }
    PathBuf::from(OsString::from_vec(normal))
}

/// The bytes of a path that may have come from a text.
fn real_bytes(path: &Path) -> Cow<'_, [u8]> {
    match path.to_str() {
        Some(text) => raw_text::to_bytes(text),
        None => Cow::Borrowed(path.as_os_str().as_bytes()),
    }
}

/// The path that a text stands for, for a look at the file.
pub(crate) fn real_path(text: &str) -> PathBuf {
    PathBuf::from(OsString::from_vec(raw_text::to_bytes(text).into_owned()))
}

/// A path as text, which [`real_path`] gives back.
pub(crate) fn text_of(path: &Path) -> String {
    raw_text::to_text(path.as_os_str().as_bytes())
}

/// `os.path.abspath`: against the working directory, then normalised.
pub(crate) fn absolute(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    if path.is_absolute() {
        return normalize(path);
    }
    // Without a working directory (it was removed) the root is as good a place as any.
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    normalize(&folder.join(path))
}

/// What the paths of options of ours are relative to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folder<'c> {
    /// The folder of the configuration.
    pub(crate) here: &'c str,
    pub(crate) home: &'c Home,
}

impl Folder<'_> {
    /// The absolute path that a text means.
    pub(crate) fn resolve(&self, text: &str) -> String {
        let path = self.home.expand(text);
        text_of(&absolute(real_path(self.here).join(real_path(&path))))
    }
}

/// What `~` stands for.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    variable: Option<String>,
}

impl Home {
    /// From the variables of an environment.
    pub(crate) fn from_environment(environment: &[(String, String)]) -> Self {
        let home = environment.iter().rev().find(|(name, _)| name == "HOME");
        Self { variable: home.map(|(_, value)| value.clone()) }
    }

    /// From the variables of this process.
    pub(crate) fn of_this_process() -> Self {
        Self { variable: std::env::var("HOME").ok() }
    }

    /// `os.path.expanduser`: `~` and `~user` at the beginning; of an unknown user it stays.
    pub(crate) fn expand(&self, path: &str) -> String {
        let Some(after_tilde) = path.strip_prefix('~') else { return path.to_owned() };
        let (user, rest) = after_tilde.split_at(after_tilde.find('/').unwrap_or(after_tilde.len()));
        let Some(folder) = self.folder(user) else { return path.to_owned() };
        let expanded = folder.trim_end_matches('/').to_owned() + rest;
        if expanded.is_empty() { "/".to_owned() } else { expanded }
    }

    fn folder(&self, user: &str) -> Option<String> {
        let entry = match (user, &self.variable) {
            ("", Some(home)) => return Some(home.clone()),
            ("", None) => User::from_uid(getuid()),
            _ => User::from_name(user),
        };
        entry.ok()?.map(|user| text_of(&user.dir))
    }

    /// Upstream's `normalize_path`: `~` expanded, absolute, normalised.
    pub(crate) fn normalize(&self, path: &str) -> PathBuf {
        absolute(self.expand(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dirname_is_pythons() {
        for (path, expected) in
            [("a", ""), ("a/b", "a"), ("/a", "/"), ("//a", "//"), ("a//b", "a"), ("a/", "a"), ("/", "/"), ("", "")]
        {
            assert_eq!(dirname(path), expected, "{path:?}");
        }
    }

    #[test]
    fn normalize_is_pythons() {
        for (path, expected) in [
            ("/a/./b//c/", "/a/b/c"),
            ("/a/../../b", "/b"),
            ("a/../../b", "../b"),
            ("../../x", "../../x"),
            ("//a/b", "//a/b"),
            ("///a", "/a"),
            ("", "."),
            ("a/..", "."),
            ("/..", "/"),
        ] {
            assert_eq!(normalize(Path::new(path)), Path::new(expected), "{path:?}");
        }
        assert!(absolute("x").is_absolute());
    }

    #[test]
    fn tilde_is_the_home_directory() {
        let home = Home::from_environment(&[("HOME".to_owned(), "/home/x/".to_owned())]);
        for (path, expected) in [
            ("~", "/home/x"),
            ("~/a", "/home/x/a"),
            ("a~", "a~"),
            ("~root/a", "/root/a"),
            ("~nosuchuser/a", "~nosuchuser/a"),
            ("", ""),
        ] {
            assert_eq!(home.expand(path), expected, "{path:?}");
        }
        let root = Home::from_environment(&[("HOME".to_owned(), "/".to_owned())]);
        assert_eq!(root.expand("~"), "/");
        assert_eq!(root.normalize("~/a/../b"), Path::new("/b"));
    }
}
