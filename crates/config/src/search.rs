//! Where a configuration file is looked for when the command line names none (contract/config.md §1.1).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::python_path::dirname;

/// What supervisord says on standard error before it searches as root.
pub const ROOT_SEARCH_WARNING: &str = "Supervisord is running as root and it is searching for its configuration \
file in default locations (including its current working directory); you probably want to specify a \"-c\" argument \
specifying an absolute path to a configuration file for improved security.";

/// The path by which a program was started: a bare `argv[0]` is looked up in `PATH`, as the shell did.
pub fn program_path(argv0: &str, path_variable: Option<&str>) -> PathBuf {
    if !argv0.contains('/') {
        for folder in path_variable.unwrap_or_default().split(':') {
            let candidate = Path::new(folder).join(argv0);
            let is_program =
                |metadata: std::fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
            if std::fs::metadata(&candidate).is_ok_and(is_program) {
                return candidate;
            }
        }
    }
    PathBuf::from(argv0)
}

/// The paths in the order of the search. The first two belong to the installation: two levels above the
/// program, symbolic links not followed.
pub fn config_file_candidates(program_path: &Path) -> Vec<String> {
    let program = program_path.to_string_lossy();
    let root = dirname(dirname(&program));
    let below_root = |path: &str| match root {
        "" => path.to_owned(),
        _ if root.ends_with('/') => format!("{root}{path}"),
        _ => format!("{root}/{path}"),
    };
    vec![
        below_root("etc/supervisord.conf"),
        below_root("supervisord.conf"),
        "supervisord.conf".to_owned(),
        "etc/supervisord.conf".to_owned(),
        "/etc/supervisord.conf".to_owned(),
        "/etc/supervisor/supervisord.conf".to_owned(),
    ]
}

/// The first candidate that exists, readable or not.
pub fn find_config_file(program_path: &Path) -> Option<PathBuf> {
    config_file_candidates(program_path).into_iter().map(PathBuf::from).find(|path| path.exists())
}

/// What supervisord says when there is none.
pub fn no_config_file_text(program_path: &Path) -> String {
    format!(
        "No config file found at default paths ({}); use the -c option to specify a config file at a different path, \
         or --init to write one to begin with",
        config_file_candidates(program_path).join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_follow_the_installation() {
        let of = |program: &str| config_file_candidates(Path::new(program))[..2].to_vec();
        assert_eq!(
            of("/usr/local/bin/supervisord"),
            ["/usr/local/etc/supervisord.conf", "/usr/local/supervisord.conf"]
        );
        assert_eq!(of("/bin/supervisord"), ["/etc/supervisord.conf", "/supervisord.conf"]);
        assert_eq!(of("bin/supervisord"), ["etc/supervisord.conf", "supervisord.conf"]);
        assert_eq!(of("./venv/bin/supervisord"), ["./venv/etc/supervisord.conf", "./venv/supervisord.conf"]);
    }

    #[test]
    fn the_text_lists_all_six() {
        assert_eq!(
            no_config_file_text(Path::new("/opt/s/bin/supervisord")),
            "No config file found at default paths (/opt/s/etc/supervisord.conf, /opt/s/supervisord.conf, \
             supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf); \
             use the -c option to specify a config file at a different path, or --init to write one to begin with"
        );
    }

    #[test]
    fn a_bare_name_is_looked_up_in_path() {
        assert_eq!(program_path("sh", Some("/nonexistent:/bin")), Path::new("/bin/sh"));
        assert_eq!(program_path("no-such-program", Some("/bin")), Path::new("no-such-program"));
        assert_eq!(program_path("x/sh", Some("/bin")), Path::new("x/sh"));
    }

    #[test]
    fn the_first_that_exists_is_found() {
        let root = std::env::temp_dir().join(format!("supervisor-search-{}", std::process::id()));
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::write(root.join("supervisord.conf"), "").unwrap();
        let program = root.join("bin/supervisord");
        assert_eq!(find_config_file(&program), Some(root.join("supervisord.conf")));
        std::fs::write(root.join("etc/supervisord.conf"), "").unwrap();
        assert_eq!(find_config_file(&program), Some(root.join("etc/supervisord.conf")));
        std::fs::remove_dir_all(&root).unwrap();
    }
}
