//! Python's `glob.glob` and `fnmatch` (their documentation in Python's library reference): `*`, `?`, `[seq]` and
//! `[!seq]` within one component of a path; a leading dot must be written; `**` is `*`; nothing else is special.
//!
//! Names are bytes, as in the file system. Directories that cannot be read match nothing.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use supervisor_core::raw_text;

/// The paths that match, sorted by their bytes.
pub(crate) fn glob(pattern: &str) -> Vec<PathBuf> {
    let mut paths = expand(&raw_text::to_bytes(pattern), false);
    paths.sort_unstable();
    paths.into_iter().map(|path| PathBuf::from(OsString::from_vec(path))).collect()
}

fn expand(pattern: &[u8], directories_only: bool) -> Vec<Vec<u8>> {
    let (folder, name) = split(pattern);
    if !has_magic(pattern) {
        // A pattern that ends with a slash names a directory.
        let matches = if name.is_empty() { path(folder).is_dir() } else { path(pattern).symlink_metadata().is_ok() };
        return if matches { vec![pattern.to_vec()] } else { Vec::new() };
    }
    let folders = if has_magic(folder) { expand(folder, true) } else { vec![folder.to_vec()] };
    let mut found = Vec::new();
    for folder in folders {
        let names =
            if has_magic(name) { matching_names(&folder, name, directories_only) } else { existing(&folder, name) };
        found.extend(names.into_iter().map(|name| join(&folder, &name)));
    }
    found
}

fn matching_names(folder: &[u8], pattern: &[u8], directories_only: bool) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { path(folder) }) else {
        return Vec::new();
    };
    let is_wanted = |name: &[u8]| (pattern.starts_with(b".") || !name.starts_with(b".")) && matches(pattern, name);
    entries
        .filter_map(Result::ok)
        .filter(|entry| !directories_only || entry.path().is_dir())
        .map(|entry| entry.file_name().into_vec())
        .filter(|name| is_wanted(name))
        .collect()
}

/// The name itself, if there is such a thing in the folder; an empty name asks for the folder.
fn existing(folder: &[u8], name: &[u8]) -> Vec<Vec<u8>> {
    let exists =
        if name.is_empty() { path(folder).is_dir() } else { path(&join(folder, name)).symlink_metadata().is_ok() };
    if exists { vec![name.to_vec()] } else { Vec::new() }
}

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn has_magic(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| b"*?[".contains(byte))
}

/// `os.path.split`: what is before the last slash (without the slashes at its end), and what is after it.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let after_slash = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (head, tail) = path.split_at(after_slash);
    match head.iter().rposition(|byte| *byte != b'/') {
        Some(last) => (&head[..=last], tail),
        None => (head, tail),
    }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if folder.is_empty() || folder.ends_with(b"/") { b"" } else { b"/" };
    [folder, slash, name].concat()
}

/// Python's `fnmatchcase`, on the characters where both are UTF-8, else on bytes.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let both = std::str::from_utf8(pattern).and_then(|pattern| Ok((pattern, std::str::from_utf8(name)?)));
    if let Ok((pattern, name)) = both {
        return matches_characters(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
    }
    let characters = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<Vec<_>>();
    matches_characters(&characters(pattern), &characters(name))
}

/// Walks both; at a mismatch the last star takes one character more. Time is bounded by the product of the lengths.
fn matches_characters(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut last_star = None;
    loop {
        let step = match (pattern.get(at), name.get(position)) {
            (Some('*'), _) => {
                last_star = Some((at + 1, position));
                at += 1;
                continue;
            }
            (None, None) => return true,
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(character)) => match_set(&pattern[at..], *character),
            (Some(expected), Some(character)) if expected == character => Some(1),
            _ => None,
        };
        match (step, last_star) {
            (Some(length), _) => {
                at += length;
                position += 1;
            }
            (None, Some((after_star, taken))) if taken < name.len() => {
                at = after_star;
                position = taken + 1;
                last_star = Some((after_star, taken + 1));
            }
            (None, _) => return false,
        }
    }
}

/// The length of the set that a pattern begins with, if the character is in it. A bracket that is never closed
/// stands for itself.
fn match_set(pattern: &[char], character: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let first = if negated { 2 } else { 1 };
    // A closing bracket in first place belongs to the set.
    let Some(end) = pattern.iter().skip(first + 1).position(|c| *c == ']').map(|offset| first + 1 + offset) else {
        return (character == '[').then_some(1);
    };
    let mut set = &pattern[first..end];
    let mut found = false;
    while let Some((low, rest)) = set.split_first() {
        if let ['-', high, after @ ..] = rest {
            found |= (*low..=*high).contains(&character);
            set = after;
        } else {
            found |= *low == character;
            set = rest;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_python() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf~", false),
            ("a*b*c", "a1b2bc", true),
            ("**", "abc", true),
            ("?", "é", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[c-a]", "b", false),
            ("[]a]", "]", true),
            ("[!]a]", "]", false),
            ("[a-]", "-", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("[a", "a", false),
            ("{a,b}", "a", false),
            ("*[0-9]", "x1y2", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
        assert!(matches(b"\xff*", b"\xff\xfe"));
    }

    #[test]
    fn paths_are_found_and_sorted() {
        let root = std::env::temp_dir().join(format!("supervisor-glob-{}", std::process::id()));
        for folder in ["b.d", "a.d", ".hidden.d"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            std::fs::write(root.join(folder).join("x.conf"), "").unwrap();
        }
        std::fs::write(root.join("a.d/.dot.conf"), "").unwrap();
        std::fs::write(root.join("file.d"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("a.d/dangling.conf")).unwrap();
        let run = |pattern: &str| {
            let found = glob(&format!("{}/{pattern}", root.display()));
            let relative = |path: PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            found.into_iter().map(relative).collect::<Vec<_>>()
        };
        assert_eq!(run("*.d/*.conf"), ["a.d/dangling.conf", "a.d/x.conf", "b.d/x.conf"]);
        assert_eq!(run("a.d/.*.conf"), ["a.d/.dot.conf"]);
        assert_eq!(run("?.d/x.conf"), ["a.d/x.conf", "b.d/x.conf"]);
        assert_eq!(run("a.d/x.conf"), ["a.d/x.conf"]);
        assert_eq!(run("a.d/../b.d/x.conf"), ["a.d/../b.d/x.conf"]);
        assert_eq!(run("a.d/dangling.conf"), ["a.d/dangling.conf"]);
        assert_eq!(run("*/none"), Vec::<String>::new());
        assert_eq!(run("none"), Vec::<String>::new());
        assert_eq!(run("*.d/").len(), 2);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
