//! The files of supervisord itself: main log and pidfile, where they cannot be written.

use std::path::Path;

use super::permissions::may_not_write;
use super::{Lint, about_option};
use crate::config::{Config, MainLogFile};
use crate::context::Context;
use crate::problem::{Problem, Severity};

/// `own_uid` is whom a start would begin as.
pub(super) fn look_at(context: &Context, config: &Config, own_uid: u32) -> Vec<Lint> {
    let Some(section) = context.document.section("supervisord") else { return Vec::new() };
    let settings = &config.supervisord;
    // The main log is opened when supervisord is that user already.
    let uid = settings.user.unwrap_or(own_uid);
    let log = match &settings.logfile {
        MainLogFile::Path(path) => problem(path, uid).map(|problem| ("logfile", Severity::Error, problem)),
        MainLogFile::Syslog => None,
    };
    let pidfile = problem(&settings.pidfile, uid).map(|problem| ("pidfile", Severity::Warning, problem));
    let lint = |(option, severity, (message, hint)): (&str, Severity, (String, String))| {
        let problem = about_option(context, section, option, message).with_hint(Some(hint));
        Lint::about(Problem { severity, ..problem })
    };
    log.into_iter().chain(pidfile).map(lint).collect()
}

/// Why a file cannot be written, and what would be right.
fn problem(path: &Path, uid: u32) -> Option<(String, String)> {
    let shown = path.display();
    if path.is_dir() {
        return Some((format!("{shown} is a directory"), format!("name a file in it: {shown}/supervisord.log")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    if !folder.is_dir() {
        return Some((format!("there is no directory {}", folder.display()), format!("mkdir -p {}", folder.display())));
    }
    let (name, barrier) = may_not_write(uid, path)?;
    let hint = format!("ls -ld {0} shows whose it is; chown and chmod change it", barrier.display());
    Some((format!("user {name} may not write {shown}"), hint))
}
