//! Where variables are read from: files, directories, secrets, credentials; and which are passed on (programs.md §7.1).
//! Whether a file is there is not looked at: a secret may be mounted later.

use supervisor_core::{Credential, EnvironmentFile, SecretVariable};

use super::Checked;
use crate::python_path::Folder;
use crate::python_text::strip;

/// A path, or one that may be missing: `-` stands before it. `~` is a home, and what is relative begins in the folder
/// of the configuration.
pub(crate) fn environment_file(text: &str, folder: &Folder<'_>) -> Checked<EnvironmentFile> {
    let (path, is_optional) = text.strip_prefix('-').map_or((text, false), |path| (path, true));
    if path.is_empty() {
        return Err("paths with commas between them, a - before one that may be missing".to_owned());
    }
    Ok(EnvironmentFile { path: folder.resolve(path).into(), is_optional })
}

/// `NAME:/path`
pub(crate) fn secret_variable(text: &str, folder: &Folder<'_>) -> Checked<SecretVariable> {
    let has_to_be = || "NAME:/path with commas between them, a - before a path that may be missing".to_owned();
    let (name, path) = text.split_once(':').ok_or_else(has_to_be)?;
    if !is_variable_name(name) {
        return Err(has_to_be());
    }
    let file = environment_file(strip(path), folder).map_err(|_| has_to_be())?;
    Ok(SecretVariable { name: name.into(), file })
}

/// `name:/path`
pub(crate) fn credential(text: &str, folder: &Folder<'_>) -> Checked<Credential> {
    let has_to_be = || "name:/path with commas between them, the name without a slash".to_owned();
    let (name, path) = text.split_once(':').ok_or_else(has_to_be)?;
    let path = strip(path);
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) || path.is_empty() {
        return Err(has_to_be());
    }
    Ok(Credential { name: name.into(), path: folder.resolve(path).into() })
}

/// The name of a variable, or what names begin with and a `*`.
pub(crate) fn variable_pattern(text: &str) -> Checked<Box<str>> {
    let name = text.strip_suffix('*').unwrap_or(text);
    if text == "*" || is_variable_name(name) && !name.contains('*') {
        return Ok(text.into());
    }
    Err("names of variables with commas between them, * at the end for anything".to_owned())
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || "=\0".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python_path::Home;

    #[test]
    fn paths_begin_in_the_folder_of_the_configuration() {
        let home = Home::from_environment(&[("HOME".to_owned(), "/home/me".to_owned())]);
        let folder = Folder { here: "/etc/app", home: &home };
        let file = |path: &str, is_optional| Ok(EnvironmentFile { path: path.into(), is_optional });
        for (text, expected) in [
            ("/run/x", file("/run/x", false)),
            ("-/run/x", file("/run/x", true)),
            (".env", file("/etc/app/.env", false)),
            ("-../x", file("/etc/x", true)),
            ("~/.env", file("/home/me/.env", false)),
            ("-", Err("paths with commas between them, a - before one that may be missing".to_owned())),
        ] {
            assert_eq!(environment_file(text, &folder), expected, "{text:?}");
        }
        let secret = secret_variable("PASSWORD: -/run/p", &folder).unwrap();
        assert_eq!((&*secret.name, &*secret.file.path, secret.file.is_optional), ("PASSWORD", "/run/p", true));
        let key = credential("tls.key:keys/tls", &folder).unwrap();
        assert_eq!((&*key.name, &*key.path), ("tls.key", "/etc/app/keys/tls"));
        for text in ["", "PASSWORD", "PASSWORD:", ":/x", "A B:/x", "A=B:/x"] {
            assert!(secret_variable(text, &folder).unwrap_err().starts_with("NAME:/path"), "{text:?}");
        }
        for text in ["", "key", "key:", "a/b:/x", "..:/x", ".x:/x"] {
            assert!(credential(text, &folder).unwrap_err().starts_with("name:/path"), "{text:?}");
        }
    }

    #[test]
    fn patterns_of_names() {
        for text in ["PATH", "LC_*", "*"] {
            assert_eq!(variable_pattern(text).as_deref(), Ok(text));
        }
        for text in ["A*B", "**", "A=1", "A B"] {
            assert!(variable_pattern(text).unwrap_err().starts_with("names of variables"), "{text:?}");
        }
    }
}
