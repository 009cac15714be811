//! The pidfile (contract/processes.md §9.6).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A pidfile that we have written.
#[derive(Debug)]
pub struct Pidfile {
    path: PathBuf,
    content: String,
}

impl Pidfile {
    /// Writes `<pid>` and a newline. Whoever reads the path finds the old content or the new one, never a part: the
    /// file is written aside and renamed. Where that cannot be done (a directory that is not ours to write, a path
    /// that is a device or a mount), it is written in place.
    pub fn write(path: &Path, pid: u32) -> io::Result<Self> {
        let content = format!("{pid}\n");
        let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let replaced = if special { Err(io::ErrorKind::Unsupported.into()) } else { replace(path, pid, &content) };
        replaced.or_else(|_: io::Error| fs::write(path, &content))?;
        Ok(Self { path: path.to_owned(), content })
    }

    /// Removes the file, unless somebody else has written it since. `false`: it was not ours any more.
    pub fn remove(self) -> io::Result<bool> {
        let ours = fs::read(&self.path).is_ok_and(|found| found == self.content.as_bytes());
        if ours {
            fs::remove_file(&self.path)?;
        }
        Ok(ours)
    }
}

fn replace(path: &Path, pid: u32, content: &str) -> io::Result<()> {
    // Through a link to the file that it leads to, as an open would.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut aside = target.clone().into_os_string();
    aside.push(format!(".{pid}"));
    let aside = PathBuf::from(aside);
    let written = create(&aside)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .and_then(|()| fs::rename(&aside, &target));
    if written.is_err() {
        // It may not have come to be; what counts is the error of writing.
        let _no_matter = fs::remove_file(&aside);
    }
    written
}

/// A new file; a leftover of the same name, from a predecessor with our pid, goes.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        other => other,
    }
}
