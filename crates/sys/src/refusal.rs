//! What was asked of the system when it refused, in words: an error number alone leads nobody to the remedy.
//!
//! For what is asked once, at the start; errors that somebody decides by keep their numbers.

use std::io;

use crate::errno::errno_name;

/// The error of a system call that is needed and has no other way, with what may stand behind it.
pub(crate) fn call_refused(call: &str, error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    let remedy = match error.raw_os_error() {
        Some(libc::ENOSYS | libc::EPERM | libc::EACCES) => {
            ": the kernel is too old for it (Linux 3.10 will do), or a filter refuses it (seccomp; SystemCallFilter= \
             of systemd, --security-opt seccomp=… of docker)"
        }
        Some(_) | None => "",
    };
    with_words(&format!("{call}(2) is refused"), &error, remedy)
}

/// The error of a file that has to be there.
pub(crate) fn file_refused(path: &str, error: &io::Error, remedy: &str) -> io::Error {
    with_words(&format!("cannot open {path}"), error, &format!(": {remedy}"))
}

fn with_words(what: &str, error: &io::Error, remedy: &str) -> io::Error {
    let name = error.raw_os_error().map_or("", errno_name);
    io::Error::new(error.kind(), format!("{what} with {name}{remedy}"))
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn words_name_the_call_its_error_and_what_may_stand_behind_it() {
        let filtered = call_refused("eventfd2", Errno::EPERM);
        assert_eq!(filtered.kind(), io::ErrorKind::PermissionDenied);
        let words = filtered.to_string();
        assert!(words.starts_with("eventfd2(2) is refused with EPERM: the kernel is too old for it"), "{words}");
        assert_eq!(call_refused("pipe2", Errno::ENFILE).to_string(), "pipe2(2) is refused with ENFILE");
        let missing = file_refused("/dev/null", &Errno::ENOENT.into(), "make it");
        assert_eq!(missing.to_string(), "cannot open /dev/null with ENOENT: make it");
    }
}
