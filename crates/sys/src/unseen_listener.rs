//! Who listens at a unix socket whose file is gone: the kernel remembers the name that a socket was bound by
//! (`/proc/net/unix`), whatever has become of the file, so that neither a cleaner of /tmp nor an operator can make it
//! forget.
//!
//! Names are strangers' words: another user may bind one of the same spelling (in a mount namespace of its own), or one
//! that holds a line break and so looks like a line of that list. So a socket counts only if a process of a user that
//! is trusted has it open, which lives in our namespaces and calls itself as we do.
//!
//! Not found: sockets bound by way of their folder, since their path was too long ([`crate::SocketPath`]); what the
//! kernel does not let us see (no /proc, processes of others); and what lives in another container.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// The kernel's mark of a socket that listens (`__SO_ACCEPTCON`).
const LISTENS: u64 = 0x1_0000;

/// What has to be the same for a path to mean the same file, and for a name to be in the same list.
const SURROUNDINGS: [&str; 3] = ["ns/mnt", "ns/net", "root"];

/// The pid of a living process, not ourselves, that [`crate::listen_unix`] has made listen at this path: one of root's,
/// of ours or of this user's.
pub fn unseen_listener(path: &Path, trusted: Option<u32>) -> Option<u32> {
    let sockets = bound_for(&fs::read("/proc/net/unix").ok()?, path);
    if sockets.is_empty() {
        return None;
    }
    let ours = Process::own();
    fs::read_dir("/proc").ok()?.filter_map(|entry| Process::of(&entry.ok()?.path())).find_map(|process| {
        let is_trusted = [0, geteuid().as_raw()].contains(&process.uid) || Some(process.uid) == trusted;
        let could_be =
            is_trusted && process.pid != std::process::id() && process.name == ours.name && process.is_beside(&ours);
        (could_be && process.has_one_of(&sockets)).then_some(process.pid)
    })
}

/// The numbers of listening sockets that were bound for this path: `<path>.<pid>`. One that the list has twice is not
/// believed, since one of its lines is a part of a name.
fn bound_for(list: &[u8], path: &Path) -> Vec<u64> {
    let lines: Vec<Line<'_>> = list.split(|byte| *byte == b'\n').filter_map(Line::parse).collect();
    let is_for_it = |line: &&Line<'_>| {
        let pid = line.name.strip_prefix(path.as_os_str().as_bytes()).and_then(|rest| rest.strip_prefix(b"."));
        line.flags & LISTENS != 0 && pid.is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
    };
    let found = lines.iter().filter(is_for_it).map(|line| line.inode);
    found.filter(|inode| lines.iter().filter(|line| line.inode == *inode).count() == 1).collect()
}

/// A line of the list: `Num: RefCount Protocol Flags Type St Inode Path`.
struct Line<'a> {
    flags: u64,
    inode: u64,
    name: &'a [u8],
}

impl<'a> Line<'a> {
    /// `None`: the heading, or no line of the list.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut rest = line;
        let mut field = || {
            let start = rest.iter().position(|byte| *byte != b' ')?;
            let end = rest[start..].iter().position(|byte| *byte == b' ').map_or(rest.len(), |length| start + length);
            let field = std::str::from_utf8(&rest[start..end]).ok()?;
            rest = &rest[end..];
            Some(field)
        };
        let [_number, _references, _protocol] = [field()?, field()?, field()?];
        let flags = u64::from_str_radix(field()?, 16).ok()?;
        let [_kind, _state] = [field()?, field()?];
        let inode = field()?.parse().ok()?;
        Some(Self { flags, inode, name: rest.strip_prefix(b" ").unwrap_or(rest) })
    }
}

/// A process as /proc shows it.
struct Process {
    pid: u32,
    folder: PathBuf,
    /// The effective user.
    uid: u32,
    name: String,
}

impl Process {
    fn own() -> Self {
        let name = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        let folder = PathBuf::from("/proc/self");
        Self { pid: std::process::id(), folder, uid: geteuid().as_raw(), name: name.trim_end().to_owned() }
    }

    /// `None`: no process, or one that has just ended.
    fn of(folder: &Path) -> Option<Self> {
        let pid = folder.file_name()?.to_str()?.parse().ok()?;
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let uid = field("Uid:")?.split_whitespace().nth(1)?.parse().ok()?;
        Some(Self { pid, folder: folder.to_owned(), uid, name: field("Name:")?.to_owned() })
    }

    /// Whether paths and names of sockets mean to it what they mean to us.
    fn is_beside(&self, ours: &Self) -> bool {
        let is_same = |it: &&str| -> io::Result<bool> {
            Ok(fs::read_link(self.folder.join(it))? == fs::read_link(ours.folder.join(it))?)
        };
        SURROUNDINGS.iter().all(|it| is_same(it).unwrap_or(false))
    }

    fn has_one_of(&self, sockets: &[u64]) -> bool {
        let names: Vec<PathBuf> = sockets.iter().map(|inode| format!("socket:[{inode}]").into()).collect();
        let Ok(descriptors) = fs::read_dir(self.folder.join("fd")) else { return false };
        descriptors.flatten().any(|entry| fs::read_link(entry.path()).is_ok_and(|found| names.contains(&found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "Num       RefCount Protocol Flags    Type St Inode Path
00000000f151a525: 00000002 00000000 00010000 0001 01 2155819 /run/a b.sock.13047
00000000f151a526: 00000003 00000000 00000000 0001 03 2155820 /run/a b.sock.13048
00000000f151a527: 00000002 00000000 00010000 0001 01    11 /run/a b.sock.
00000000f151a528: 00000002 00000000 00010000 0001 01    12 /run/a b.sock.5x
00000000f151a529: 00000002 00000000 00010000 0001 01    13 /run/a b.sock
00000000f151a52a: 00000002 00000000 00010000 0001 01    14 /run/a b.sock.77
00000000f151a52b: 00000002 00000000 00000000 0002 01    14
00000000f151a52c: 00000002 00000000 00010000 0001 01    15 @/run/a b.sock.5
";

    #[test]
    fn only_sockets_that_listen_and_were_bound_for_the_path_count() {
        assert_eq!(bound_for(LIST.as_bytes(), Path::new("/run/a b.sock")), [2_155_819]);
        assert!(bound_for(LIST.as_bytes(), Path::new("/run/a")).is_empty());
        assert!(bound_for(b"", Path::new("/run/a")).is_empty());
    }
}
