//! The pidfile (contract/processes.md §9.6).
//!
//! It may lie in a folder of others, such as /tmp: a link that another user has planted there is replaced, never
//! followed, and nothing that lies in its place holds us up ([`crate::open_file`]).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::stat::{FileStat, SFlag};

use crate::file_place::{FilePlace, is_kind};

/// Bytes of a pid in a pidfile that are read.
const PID_BYTES: u64 = 20;

/// Mode of a new pidfile, less the umask.
const MODE: u32 = 0o666;

/// A pidfile that we have written.
#[derive(Debug)]
pub struct Pidfile {
    path: PathBuf,
    content: String,
    /// With our locks, as long as this lives.
    held: Option<File>,
}

impl Pidfile {
    /// Writes `<pid>` and a newline. Whoever reads the path finds the old content or the new one, never a part: the
    /// file is written aside and renamed. Where that cannot be done (a directory that is not ours to write, a path
    /// that is a device or a mount), it is written in place. A full disk leaves what was there.
    ///
    /// # Errors
    /// As `open(2)`, `write(2)` and `rename(2)`.
    pub fn write(path: &Path, pid: u32) -> io::Result<Self> {
        let content = format!("{pid}\n");
        let place = FilePlace::find(path)?;
        let replaceable = place.status().map_or(true, |found| may_be_replaced(&found)) && !place.is_kernels_link;
        let replaced = if replaceable { replace(&place, pid, &content) } else { Err(Errno::EACCES.into()) };
        match replaced {
            Err(error) if is_refusal(&error) => write_in_place(&place, content.as_bytes())?,
            other => other?,
        }
        Ok(Self { path: path.to_owned(), content, held: None })
    }

    /// Holds the file for these names (such as paths of sockets), so that [`Pidfile::holder`] finds us as long as we
    /// live. Needs the right to write to it, so that nobody else can pretend to be us.
    ///
    /// # Errors
    /// As `fcntl(2)` with `F_OFD_SETLK`; where there are no locks, nobody is found.
    pub fn hold(&mut self, names: &[&[u8]]) -> io::Result<()> {
        let file = FilePlace::find(&self.path)?.write()?;
        for name in names {
            fcntl(&file, FcntlArg::F_OFD_SETLK(&lock_for(name)))?;
        }
        self.held = Some(file);
        Ok(())
    }

    /// The pid of a living process that holds the pidfile at this path for one of these names.
    pub fn holder(path: &Path, names: &[&[u8]]) -> Option<u32> {
        let mut file = FilePlace::find(path).and_then(|place| place.read()).ok()?;
        let is_held = names.iter().any(|name| {
            let mut lock = lock_for(name);
            fcntl(&file, FcntlArg::F_OFD_GETLK(&mut lock)).is_ok() && i32::from(lock.l_type) != libc::F_UNLCK
        });
        let mut text = String::new();
        is_held.then(|| (&mut file).take(PID_BYTES).read_to_string(&mut text).ok()).flatten()?;
        text.trim().parse().ok()
    }

    /// Removes the file, unless somebody else has written it since. `false`: it was not ours any more.
    ///
    /// # Errors
    /// As `unlink(2)`.
    pub fn remove(self) -> io::Result<bool> {
        let Ok(place) = FilePlace::find(&self.path) else { return Ok(false) };
        let ours = read_start(&place, self.content.len()).is_ok_and(|found| found == self.content.as_bytes());
        if ours {
            place.remove()?;
        }
        Ok(ours)
    }
}

/// One byte of the file for each name, far behind its content: names that meet in one byte are as rare as equal hashes.
fn lock_for(name: &[u8]) -> libc::flock {
    // FNV-1a, since it has to be the same in every version of ours.
    let hash = name
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let short = |number: libc::c_int| libc::c_short::try_from(number).expect("these constants are 0 to 2");
    libc::flock {
        l_type: short(libc::F_WRLCK),
        l_whence: short(libc::SEEK_SET),
        // Positive, and within what every system takes for an offset.
        l_start: libc::off_t::try_from((hash & 0x3fff_ffff) + 0x1000).unwrap_or(0x1000),
        l_len: 1,
        l_pid: 0,
    }
}

/// A regular file, or a link that was not to be followed.
fn may_be_replaced(found: &FileStat) -> bool {
    is_kind(found, SFlag::S_IFREG) || is_kind(found, SFlag::S_IFLNK)
}

/// Whether making or renaming a file is not for us to do here. A full disk is none: what cannot be written aside
/// cannot be written in place either, but for a file that would lose what it holds.
fn is_refusal(error: &io::Error) -> bool {
    let refusals = [libc::EACCES, libc::EPERM, libc::EROFS, libc::EBUSY, libc::EXDEV, libc::ENAMETOOLONG];
    error.raw_os_error().is_some_and(|errno| refusals.contains(&errno))
}

fn replace(place: &FilePlace, pid: u32, content: &str) -> io::Result<()> {
    let mut name: OsString = place.name().to_owned();
    name.push(format!(".{pid}"));
    let aside = place.beside(name)?;
    // A leftover of the same name, from a predecessor with our pid.
    aside.remove_if_present()?;
    let written = aside
        .create_new(MODE)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .and_then(|()| place.rename(aside.name(), place.name()));
    if written.is_err() {
        // It may not have come to be; what counts is the error of writing.
        aside.remove().ok();
    }
    written
}

/// Over what is there, which is cut only once the pid stands in it; a new file that cannot be written goes again.
fn write_in_place(place: &FilePlace, content: &[u8]) -> io::Result<()> {
    let (mut file, is_new) = match place.write() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (place.create_new(MODE)?, true),
        other => (other?, false),
    };
    if !file.metadata()?.is_file() {
        return file.write_all(content);
    }
    let written = file.write_all_at(content, 0).and_then(|()| file.set_len(content.len() as u64));
    if written.is_err() && is_new {
        place.remove().ok();
    }
    written
}

/// One byte more than asked for, if there are more.
fn read_start(place: &FilePlace, length: usize) -> io::Result<Vec<u8>> {
    let file: File = place.read()?;
    let mut bytes = Vec::with_capacity(length + 1);
    file.take(length as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
