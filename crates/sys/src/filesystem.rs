//! Where a file lies, found out without asking it.
//!
//! A call that touches a file system may wait for it: a server that is gone, a FUSE program that does not answer. So
//! nothing here does, neither stat(2) nor statfs(2): the kernel's list of mounts says what is mounted where, and a path
//! is followed by readlink(2) up to the first directory that lies on a remote file system, and no further.
//!
//! Not known: what is mounted over a directory above an older mount, and what a symbolic link on a remote file system
//! leads to.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::makedev;

use crate::limits::{KNOWN_PLACES, SYMBOLIC_LINKS};

/// Types of file systems that a server or a user's program stands behind, so that a call may take as long as they like.
/// Those of FUSE are named `fuse.NAME`.
const REMOTE: [&str; 26] = [
    "9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "fuse", "fuseblk", "gfs2", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
    "prl_fs",
];

/// Where nobody's logs and programs lie: what container managers (lxcfs) and systemd (binfmt_misc) mount there is no
/// reason to look more closely at every path.
const KERNELS_OWN: [&str; 2] = ["/proc", "/sys"];

const MOUNTS: &str = "/proc/self/mountinfo";

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileSystem {
    /// Its device number, as the list of mounts has it. stat(2) may say another one (btrfs, overlay).
    pub device: u64,
    /// Whether calls may wait for a server or for a user's program.
    pub is_remote: bool,
}

/// What is mounted where. Always up to date: whether the list has changed costs one poll(2), and asks no file system.
#[derive(Debug)]
pub struct MountTable {
    list: List,
    mounts: Vec<Mount>,
    /// Some file system of the list is remote.
    has_remote: bool,
    /// What was found out of folders and of symbolic links, until the list changes.
    known: HashMap<PathBuf, Option<Place>>,
}

/// The kernel's list.
#[derive(Debug)]
enum List {
    /// Open, so that it can be asked whether it has changed.
    Open(File),
    /// Read anew each time.
    ByName,
    /// There is no /proc.
    Missing,
}

#[derive(Debug)]
struct Mount {
    point: PathBuf,
    filesystem: FileSystem,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// Without symbolic links, as far as they may be followed.
    path: PathBuf,
    filesystem: FileSystem,
}

impl MountTable {
    /// Reads the list. Without /proc it stays empty, and nothing is known of any path.
    pub fn new() -> Self {
        let list = File::open(MOUNTS).map_or(List::Missing, List::Open);
        let mut table = Self { list, mounts: Vec::new(), has_remote: false, known: HashMap::new() };
        table.read();
        table
    }

    /// Gives back a descriptor: the list is read anew from now on each time that it is needed, as far as there is a
    /// descriptor just then.
    pub fn do_without_descriptor(&mut self) {
        if let List::Open(_) = self.list {
            self.list = List::ByName;
        }
    }

    /// The file system that a path leads to, or would be made on. `None`: nothing is known of it.
    pub fn filesystem_of(&mut self, path: &Path) -> Option<FileSystem> {
        self.refresh();
        let path = std::path::absolute(path).ok()?;
        if let Some(known) = self.known.get(&path) {
            return known.as_ref().map(|place| place.filesystem);
        }
        // Programs and logs come in numbers, their folders do not.
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return mounted_at(&self.mounts, &path);
        };
        let folder = self.place_of(folder)?;
        if folder.filesystem.is_remote {
            return Some(folder.filesystem);
        }
        let file = folder.path.join(name);
        let filesystem = mounted_at(&self.mounts, &file)?;
        if filesystem.is_remote || fs::read_link(&file).is_err() {
            return Some(filesystem);
        }
        self.place_of(&path).map(|place| place.filesystem)
    }

    /// Where a path leads; remembered.
    fn place_of(&mut self, path: &Path) -> Option<Place> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let place = follow(&self.mounts, path);
        if self.known.len() >= KNOWN_PLACES {
            self.known.clear();
        }
        self.known.insert(path.to_owned(), place.clone());
        place
    }

    /// Whether calls for a path may wait for a server or for a user's program: a program there is started with
    /// [`crate::SpawnMethod::CopiedMemory`].
    pub fn is_remote(&mut self, path: &Path) -> bool {
        self.has_remote() && self.filesystem_of(path).is_some_and(|filesystem| filesystem.is_remote)
    }

    /// Whether any file system is remote. If none is, no path needs to be followed.
    pub fn has_remote(&mut self) -> bool {
        self.refresh();
        self.has_remote
    }

    fn refresh(&mut self) {
        if self.has_changed() {
            self.read();
        }
    }

    /// proc(5), «/proc/pid/mounts»: a change shows as an error and an exceptional condition.
    fn has_changed(&self) -> bool {
        let list = match &self.list {
            List::Open(list) => list,
            List::ByName => return true,
            List::Missing => return false,
        };
        let mut polled = [PollFd::new(list.as_fd(), PollFlags::POLLPRI)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|changed| changed > 0)
    }

    fn read(&mut self) {
        self.known.clear();
        let mounts = match &mut self.list {
            List::Open(list) => read_mounts(list),
            List::ByName => File::open(MOUNTS).and_then(|mut list| read_mounts(&mut list)),
            List::Missing => return,
        };
        if let Ok(mounts) = mounts {
            self.has_remote = has_remote(&mounts);
            self.mounts = mounts;
        }
    }
}

impl Default for MountTable {
    fn default() -> Self {
        Self::new()
    }
}

fn read_mounts(list: &mut File) -> io::Result<Vec<Mount>> {
    let mut text = Vec::new();
    list.rewind()?;
    list.read_to_end(&mut text)?;
    Ok(text.split(|byte| *byte == b'\n').filter_map(parse_mount).collect())
}

fn has_remote(mounts: &[Mount]) -> bool {
    mounts.iter().any(|mount| mount.filesystem.is_remote)
}

/// One line of the list (proc(5)): id, parent, major:minor, root, mount point, options, optional fields, `-`, type, …
fn parse_mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let (major, minor) = std::str::from_utf8(fields.nth(2)?).ok()?.split_once(':')?;
    let device = makedev(major.parse().ok()?, minor.parse().ok()?);
    let point = PathBuf::from(unescape(fields.nth(1)?));
    fields.find(|field| *field == b"-")?;
    let kind = std::str::from_utf8(fields.next()?).ok()?;
    let is_ours = !KERNELS_OWN.iter().any(|root| point.starts_with(root));
    let is_remote = is_ours && (REMOTE.contains(&kind) || kind.starts_with("fuse."));
    Some(Mount { point, filesystem: FileSystem { device, is_remote } })
}

/// A blank, a tab, a new line and a backslash are written as `\040` and the like.
fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, after)) = rest.split_first() {
        let number = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = number.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| first == b'\\');
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    OsString::from_vec(bytes)
}

/// The last mount on the longest of the mount points that a path lies below.
fn mounted_at(mounts: &[Mount], path: &Path) -> Option<FileSystem> {
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.as_os_str().len()).map(|mount| mount.filesystem)
}

/// Follows an absolute path as path_resolution(7) does, but stops where it gets remote, and where nothing is there yet.
fn follow(mounts: &[Mount], path: &Path) -> Option<Place> {
    let mut reached = PathBuf::from("/");
    let mut left: Vec<OsString> = components(path.as_os_str());
    let mut links = 0;
    while let Some(name) = left.pop() {
        if name == ".." {
            reached.pop();
            continue;
        }
        reached.push(&name);
        let filesystem = mounted_at(mounts, &reached)?;
        if filesystem.is_remote {
            return Some(Place { path: reached, filesystem });
        }
        let Ok(target) = fs::read_link(&reached) else { continue };
        links += 1;
        if links > SYMBOLIC_LINKS {
            return None;
        }
        reached.pop();
        if target.is_absolute() {
            reached = PathBuf::from("/");
        }
        left.extend(components(target.as_os_str()));
    }
    let filesystem = mounted_at(mounts, &reached)?;
    Some(Place { path: reached, filesystem })
}

/// The names of a path, the last one first.
fn components(path: &OsStr) -> Vec<OsString> {
    let names = Path::new(OsStr::from_bytes(path.as_bytes())).components().rev();
    names
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    const LIST: &str = r"29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 29 0:21 / /proc rw - proc proc rw
31 29 0:40 / /mnt/shared\040logs rw,relatime shared:2 master:3 - nfs4 server:/logs rw,vers=4.2
32 29 0:41 / /home/me/remote rw - fuse.sshfs me@host: rw
33 29 0:42 / /data rw - xfs /dev/sdb rw
34 33 0:43 / /data rw - 9p share rw
35 30 0:44 / /proc/sys/fs/binfmt_misc rw,relatime shared:4 - autofs systemd-1 rw,fd=29
36 30 0:45 / /proc/cpuinfo rw - fuse.lxcfs lxcfs rw
nonsense
";

    fn mounts() -> Vec<Mount> {
        LIST.as_bytes().split(|byte| *byte == b'\n').filter_map(parse_mount).collect()
    }

    #[test]
    fn a_path_belongs_to_the_longest_mount_point_above_it_and_to_the_last_mount_there() {
        let mounts = mounts();
        let at = |path: &str| mounted_at(&mounts, Path::new(path)).unwrap();
        assert_eq!(at("/var/log/x"), FileSystem { device: makedev(8, 1), is_remote: false });
        assert_eq!(at("/mnt/shared logs/a/b"), FileSystem { device: makedev(0, 40), is_remote: true });
        assert_eq!(at("/mnt/shared logs2").device, makedev(8, 1));
        assert!(at("/home/me/remote").is_remote);
        assert_eq!(at("/data/x").device, makedev(0, 43));
        assert_eq!(mounts.len(), 8);
    }

    #[test]
    fn what_is_mounted_on_the_kernels_own_file_systems_is_no_reason_to_follow_paths() {
        let local: Vec<Mount> = mounts().into_iter().filter(|mount| !mount.filesystem.is_remote).collect();
        let points: Vec<_> = local.iter().map(|mount| mount.point.as_path()).collect();
        let expected = ["/", "/proc", "/data", "/proc/sys/fs/binfmt_misc", "/proc/cpuinfo"];
        assert_eq!(points, expected.map(Path::new));
        assert!(has_remote(&mounts()) && !has_remote(&local));
        let mut table = MountTable { list: List::Missing, has_remote: false, mounts: local, known: HashMap::new() };
        assert!(!table.is_remote(Path::new("/data/x")));
        assert!(table.known.is_empty(), "no path was followed");
    }

    #[test]
    fn symbolic_links_are_followed_up_to_where_it_gets_remote() {
        let folder = std::env::temp_dir().join(format!("mounts-{}", std::process::id()));
        fs::create_dir_all(folder.join("real")).unwrap();
        symlink("real", folder.join("near")).unwrap();
        symlink("/no-such-server/logs", folder.join("far")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        let mut mounts = mounts();
        let filesystem = FileSystem { device: 7, is_remote: true };
        mounts.push(Mount { point: PathBuf::from("/no-such-server"), filesystem });
        let mut table =
            MountTable { list: List::Missing, has_remote: has_remote(&mounts), mounts, known: HashMap::new() };
        for _ in ["found out", "remembered"] {
            assert_eq!(table.filesystem_of(&folder.join("near/../far/x.log")), Some(filesystem));
            assert_eq!(table.filesystem_of(&folder.join("far")), Some(filesystem));
            assert!(!table.is_remote(&folder.join("near/new/x.log")));
            assert_eq!(table.filesystem_of(&folder.join("loop/x")), None);
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_kernels_own_list_names_the_devices_that_stat_names() {
        let mut table = MountTable::new();
        let proc = table.filesystem_of(Path::new("/proc/self/status")).unwrap();
        assert_eq!(proc, FileSystem { device: fs::metadata("/proc").unwrap().dev(), is_remote: false });
        assert_eq!(table.known.len(), 1);
        assert!(!table.is_remote(Path::new("/no/such/path")));
        assert!(!table.has_changed());
    }
}
