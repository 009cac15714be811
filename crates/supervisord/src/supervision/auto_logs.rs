//! AUTO log files: how they are named, made and cleaned away (contract/processes.md §6.1).

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use supervisor_core::Channel;
use supervisor_sys::FilePlace;

use super::limits;
use super::log_file::Readers;

/// Creates an AUTO log: `<process>-<channel>---<identifier>-<8 random characters>.log`, for its owner alone, never
/// over a file or a link that is there.
///
/// # Errors
/// As `open(2)`.
pub(super) fn create(folder: &Path, process: &str, channel: Channel, identifier: &str) -> io::Result<PathBuf> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..limits::AUTO_LOG_NAMES {
        let path = folder.join(format!("{process}-{}---{identifier}-{}.log", channel.name(), random_name()));
        match FilePlace::find(&path)?.create_new(Readers::Owner.mode()) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Removes the AUTO logs that earlier runs under this identifier left, rotated ones included. Gives a warning for
/// each that could not be removed.
pub fn clean(folder: &Path, identifier: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return vec!["Could not clear childlog dir".to_owned()] };
    let mut warnings = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let is_ours = entry.file_name().to_str().is_some_and(|name| is_auto_log(name, identifier));
        if is_ours && FilePlace::at(&entry.path()).and_then(|place| place.remove()).is_err() {
            warnings.push(format!("Failed to clean up '{}'", entry.path().display()));
        }
    }
    warnings
}

/// Whether a file name is that of an AUTO log of this identifier: something, `---`, the identifier, `-`, at least one
/// more character without blanks, `.log`, anything. A `.` of the identifier stands for any character, as upstream.
fn is_auto_log(name: &str, identifier: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let marker: Vec<char> = format!("---{identifier}-").chars().collect();
    let is_marker = |place: &[char]| {
        let mut pairs = marker.iter().enumerate().zip(place);
        pairs.all(|((index, want), got)| want == got || (*want == '.' && index >= 3))
    };
    (1..name.len().saturating_sub(marker.len())).any(|start| {
        let rest = &name[start + marker.len()..];
        is_marker(&name[start..start + marker.len()]) && has_extension(rest)
    })
}

/// At least one character without blanks, then `.log`.
fn has_extension(rest: &[char]) -> bool {
    let word = rest.iter().position(|c| c.is_whitespace()).map_or(rest, |end| &rest[..end]);
    (1..word.len()).any(|at| word[at..].starts_with(&['.', 'l', 'o', 'g']))
}

/// Eight characters of `a`–`z`, `0`–`9` and `_`. They need not be secret, only unlikely to be taken.
fn random_name() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut number = RandomState::new().build_hasher().finish();
    let mut name = String::with_capacity(8);
    for _ in 0..8 {
        let index = usize::try_from(number % LETTERS.len() as u64).unwrap_or(0);
        name.push(char::from(LETTERS[index]));
        number /= LETTERS.len() as u64;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn names_of_auto_logs_are_known_with_everything_that_rotation_and_people_append() {
        for name in [
            "x-stdout---supervisor-abcd1234.log",
            "x-stdout---supervisor-abcd1234.log.1",
            "x-stderr---supervisor-abcd1234.log.12345",
            "x-stdout---supervisor-a.log.2.gz",
            "x---supervisor-a.logfoo",
        ] {
            assert!(is_auto_log(name, "supervisor"), "{name}");
        }
        for name in [
            "---supervisor-abcd1234.log",
            "x-stdout---supervisor-.log",
            "x-stdout---other-abcd1234.log",
            "x-stdout---supervisor-ab cd.log",
            "x-stdout--supervisor-abcd.log",
            "x.log",
        ] {
            assert!(!is_auto_log(name, "supervisor"), "{name}");
        }
        assert!(is_auto_log("x---aXb-1.log", "a.b"));
    }

    #[test]
    fn a_log_is_made_for_its_owner_alone_and_cleaned_away() {
        use std::os::unix::fs::MetadataExt;
        let folder = TestFolder::new();
        let path = create(folder.root(), "x", Channel::Stdout, "ident").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let other = create(folder.root(), "x", Channel::Stdout, "other").unwrap();
        assert_eq!(clean(folder.root(), "ident"), Vec::<String>::new());
        assert!(!path.exists());
        assert!(other.exists());
        fs::remove_dir_all(folder.root()).unwrap();
        assert_eq!(clean(folder.root(), "ident"), ["Could not clear childlog dir"]);
    }
}
