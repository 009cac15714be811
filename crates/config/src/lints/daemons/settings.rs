//! What configuration files of daemons say about the background. Only the line that decides is looked for.

use std::path::{Path, PathBuf};

use crate::glob::glob;
use crate::source::read_regular;

/// What the files of a daemon say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Foreground,
    Background,
}

/// What is looked for in the files of a daemon.
struct Settings {
    program: &'static str,
    /// Flags that are followed by its file; empty: the first word that is no flag.
    flags: &'static [&'static str],
    /// Where its files are otherwise.
    files: &'static [&'static str],
    foreground: &'static str,
    background: &'static str,
}

const SETTINGS: [Settings; 7] = [
    Settings {
        program: "nginx",
        flags: &["-c"],
        files: &[
            "/etc/nginx/nginx.conf",
            "/usr/local/nginx/conf/nginx.conf",
            "/usr/local/openresty/nginx/conf/nginx.conf",
        ],
        foreground: "daemon off;",
        background: "",
    },
    Settings {
        program: "php-fpm",
        flags: &["-y", "--fpm-config"],
        files: &[
            "/usr/local/etc/php-fpm.conf",
            "/usr/local/etc/php-fpm.d/*.conf",
            "/etc/php*/*/fpm/php-fpm.conf",
            "/etc/php*/php-fpm.conf",
            "/etc/php-fpm.conf",
        ],
        foreground: "daemonize = no",
        background: "",
    },
    Settings { program: "redis-server", flags: &[], files: &[], foreground: "", background: "daemonize yes" },
    Settings {
        program: "gunicorn",
        flags: &["-c", "--config"],
        files: &[],
        foreground: "",
        background: "daemon = True",
    },
    Settings { program: "uwsgi", flags: &["--ini", "-i"], files: &[], foreground: "", background: "daemonize =" },
    Settings { program: "haproxy", flags: &["-f"], files: &[], foreground: "", background: "daemon" },
    Settings { program: "mongod", flags: &["-f", "--config"], files: &[], foreground: "", background: "fork: true" },
];

pub(super) fn what_files_say(program: &str, arguments: &[String]) -> Says {
    let Some(settings) = SETTINGS.iter().find(|settings| program.starts_with(settings.program)) else {
        return Says::Nothing;
    };
    if ["-db", "no"].iter().any(|stays| arguments.iter().any(|argument| argument == stays)) {
        return Says::Nothing;
    }
    let named = named_file(settings, arguments);
    let files =
        named.map_or_else(|| settings.files.iter().flat_map(|pattern| glob(pattern)).collect(), |file| vec![file]);
    let says = |wanted: &str| !wanted.is_empty() && files.iter().any(|file| has_line(file, wanted));
    match () {
        () if says(settings.foreground) => Says::Foreground,
        () if says(settings.background) => Says::Background,
        () => Says::Nothing,
    }
}

fn named_file(settings: &Settings, arguments: &[String]) -> Option<PathBuf> {
    if settings.flags.is_empty() {
        return arguments.first().filter(|word| !word.starts_with('-')).map(PathBuf::from);
    }
    let with_equals = |word: &String| {
        settings.flags.iter().find_map(|flag| word.strip_prefix(flag)?.strip_prefix('=')).map(PathBuf::from)
    };
    let position = arguments.iter().position(|word| settings.flags.contains(&word.as_str()));
    let next = position.and_then(|at| arguments.get(at + 1)).map(PathBuf::from);
    next.or_else(|| arguments.iter().find_map(with_equals))
}

/// Whether a line of a file begins so, whatever its blanks; comments do not.
fn has_line(file: &Path, wanted: &str) -> bool {
    let squeezed = |line: &str| line.split_whitespace().collect::<String>();
    let wanted = squeezed(wanted);
    let is_wanted = |line: &str| {
        let line = squeezed(line);
        line.strip_prefix(&wanted)
            .is_some_and(|rest| wanted.ends_with([';', '=']) || rest.is_empty() || rest.starts_with(['#', ';']))
    };
    read_regular(file).is_ok_and(|text| text.whole().lines().any(is_wanted))
}
