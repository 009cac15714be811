//! Being told when what lies at a path may have changed: removed, renamed, given another mode or owner, or a folder
//! above it moved (inotify(7)). Costs nothing while nothing happens, and nothing for what happens to its neighbours.
//!
//! Not told: a file system that is mounted over it, and what another machine does on a shared one.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Watches what is at the path now; a link at its end is not followed. The path is absolute. Gives a file that does not
/// block, and becomes readable, and stays so, when something may have changed. To look again, make a new one first.
///
/// # Errors
/// As `inotify_init1(2)` and `inotify_add_watch(2)`: nothing is there, or the user has too many watches.
pub fn watch_path(path: &Path) -> io::Result<File> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let gone = AddWatchFlags::IN_DELETE_SELF | AddWatchFlags::IN_MOVE_SELF;
    // A name that is removed shows in the number of links, which is an attribute.
    inotify.add_watch(path, gone | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_DONT_FOLLOW)?;
    for folder in path.ancestors().skip(1) {
        // One that may not be read is not watched; nobody but its owner could move it.
        inotify.add_watch(folder, gone | AddWatchFlags::IN_ONLYDIR).ok();
    }
    Ok(File::from(inotify.as_fd().try_clone_to_owned()?))
}
