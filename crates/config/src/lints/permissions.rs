//! What the user of a program may not do: execute its file, enter its directory. Only modes are looked at; access
//! control lists may allow more or less.

use std::ffi::CString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User, getgrouplist};
use supervisor_core::ProcessConfig;

use super::processes::Found;
use super::scripts::is_script;

const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;

/// `uid` is that of supervisord, which programs without `user=` have.
pub(super) fn look_at(process: &ProcessConfig, file: &Path, uid: u32) -> Vec<Found> {
    let Some(person) = Person::of(process.identity.uid.unwrap_or(uid)) else { return Vec::new() };
    let name = &person.name;
    let mut found = Vec::new();
    let hint = |path: &Path| format!("ls -ld {0} shows whose it is; chmod and chown change it", path.display());
    let why = |path: &Path| {
        if path == file { String::new() } else { format!(": {} may not be entered", path.display()) }
    };
    if let Some(path) = person.barrier(file, EXECUTE) {
        let text = format!("user {name} may not execute {}{}", file.display(), why(&path));
        found.push(Found::new("command", text).hint(hint(&path)));
    } else if is_script(file) && person.barrier(file, READ).is_some() {
        let text = format!("user {name} may not read the script {}, which its interpreter has to", file.display());
        found.push(Found::new("command", text).hint(hint(file)));
    }
    let directory = process.identity.directory.as_deref().map(Path::new).filter(|directory| directory.is_dir());
    if let Some((directory, path)) =
        directory.and_then(|directory| Some((directory, person.barrier(directory, EXECUTE)?)))
    {
        let text = format!("user {name} may not enter {}", directory.display());
        found.push(Found::new("directory", text).hint(hint(&path)));
    }
    found
}

/// The name of a user who may not write a file, which may not be there yet, and the path that stands in the way. Root
/// may write everything.
pub fn may_not_write(uid: u32, file: &Path) -> Option<(String, PathBuf)> {
    let person = Person::of(uid)?;
    let barrier = match fs::metadata(file) {
        Ok(_) => person.barrier(file, WRITE),
        Err(_) => person.barrier(file.parent()?, WRITE | EXECUTE),
    };
    barrier.map(|path| (person.name, path))
}

/// A user other than root, whom nothing is forbidden.
struct Person {
    name: String,
    uid: u32,
    groups: Vec<u32>,
}

impl Person {
    fn of(uid: u32) -> Option<Self> {
        if uid == 0 {
            return None;
        }
        let Some(user) = User::from_uid(Uid::from_raw(uid)).ok().flatten() else {
            return Some(Self { name: uid.to_string(), uid, groups: vec![uid] });
        };
        let mut groups = vec![user.gid.as_raw()];
        let name = CString::new(user.name.clone()).ok()?;
        groups.extend(getgrouplist(&name, user.gid).unwrap_or_default().into_iter().map(Gid::as_raw));
        Some(Self { name: user.name, uid, groups })
    }

    /// The first on the way to a file that this user may not pass, or the file itself. What cannot be looked at is
    /// none.
    fn barrier(&self, file: &Path, wanted: u32) -> Option<PathBuf> {
        let real = fs::canonicalize(file).ok()?;
        let folders: Vec<&Path> = real.ancestors().skip(1).collect();
        let closed = folders.into_iter().rev().find(|folder| self.lacks(folder, EXECUTE)).map(Path::to_owned);
        closed.or_else(|| self.lacks(&real, wanted).then(|| file.to_owned()))
    }

    fn lacks(&self, path: &Path, wanted: u32) -> bool {
        fs::metadata(path).is_ok_and(|metadata| self.bits(&metadata) & wanted != wanted)
    }

    fn bits(&self, metadata: &Metadata) -> u32 {
        let shift = match () {
            () if metadata.uid() == self.uid => 6,
            () if self.groups.contains(&metadata.gid()) => 3,
            () => 0,
        };
        metadata.mode() >> shift & 0o7
    }
}
