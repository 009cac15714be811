//! Where a file lies.

use std::path::Path;

use nix::sys::statfs::statfs;

/// Magic numbers (statfs(2), linux/magic.h) of file systems that a server or a user's program stands behind, so that a
/// call may take as long as they like: 9P, AFS (two), autofs, BeeGFS, Ceph, CIFS, Coda, FUSE, GFS2, GPFS, Lustre,
/// NCP, NFS, OCFS2, OrangeFS, PanFS, SMB (two), vboxsf, vmhgfs.
const REMOTE: [u32; 20] = [
    0x0102_1997,
    0x5346_414F,
    0x6B41_4653,
    0x0000_0187,
    0x1983_0326,
    0x00C3_6400,
    0xFF53_4D42,
    0x7375_7245,
    0x6573_5546,
    0x0116_1970,
    0x4750_4653,
    0x0BD0_0BD0,
    0x0000_564C,
    0x0000_6969,
    0x7461_636F,
    0x2003_0528,
    0xAAD7_AAEA,
    0x0000_517B,
    0xFE53_4D42,
    0x786F_4256,
];

/// Whether a path lies on a file system that may keep a caller waiting: a program there is started with
/// [`crate::SpawnMethod::Fork`]. `false` for a path that is not there.
///
/// It may itself wait for the server, so it is for the time a program is configured, not for each spawn.
pub fn is_on_network_filesystem(path: &Path) -> bool {
    statfs(path).is_ok_and(|answer| is_remote(answer.filesystem_type()))
}

fn is_remote(kind: nix::sys::statfs::FsType) -> bool {
    // The type of the field differs between machines; the numbers have 32 bits on all of them.
    let low = i128::from(kind.0) & 0xFFFF_FFFF;
    REMOTE.iter().any(|magic| i128::from(*magic) == low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, TMPFS_MAGIC};

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        assert!(is_remote(NFS_SUPER_MAGIC));
        assert!(is_remote(SMB_SUPER_MAGIC));
        assert!(is_remote(FsType(0x6573_5546)));
        assert!(!is_remote(TMPFS_MAGIC));
        assert!(!is_remote(FsType(0xEF53)));
    }

    #[test]
    fn neither_proc_nor_a_missing_path_is_remote() {
        assert!(!is_on_network_filesystem(Path::new("/proc")));
        assert!(!is_on_network_filesystem(Path::new("/no/such/path")));
    }
}
