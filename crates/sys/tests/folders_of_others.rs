//! What lies in folders that other users may write to: links, pipes, second names, exchanges while we look.
//!
//! Files are given to another user by root, so these tests need root.

mod support;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::stat::Mode;
use supervisor_core::{SocketAddress, SocketConfig, SocketOwner};
use supervisor_sys::{FcgiSocket, FilePlace, Pidfile, listen_unix, resolve_host};
use support::Folder;

const STRANGER: u32 = 54321;
const ANOTHER: u32 = 54322;
const SECRET: &str = "root's own\n";

/// A file of root's, and a folder of a stranger's.
struct Stage {
    folder: Folder,
}

impl Stage {
    /// `None`: we are not root.
    fn new() -> Option<Self> {
        if !support::is_root("files of others") {
            return None;
        }
        let folder = Folder::new();
        fs::write(folder.path("secret"), SECRET).expect("root may");
        let stage = Self { folder };
        stage.folder_of("theirs", STRANGER);
        Some(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    fn folder_of(&self, name: &str, owner: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).expect("root may");
        chown(&path, Some(owner), None).expect("root may");
        path
    }

    fn link(&self, target: &str, name: &str, owner: u32) -> PathBuf {
        let path = self.path(name);
        symlink(self.path(target), &path).expect("root may");
        lchown(&path, Some(owner), None).expect("root may");
        path
    }

    fn file(&self, name: &str, owner: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "").expect("root may");
        chown(&path, Some(owner), None).expect("root may");
        path
    }

    fn assert_secret_is_untouched(&self) {
        assert_eq!(fs::read_to_string(self.path("secret")).expect("root may"), SECRET);
        let found = fs::metadata(self.path("secret")).expect("root may");
        assert_eq!((found.uid(), found.mode() & 0o7777), (0, 0o644));
    }
}

fn append(path: &Path) -> io::Result<()> {
    FilePlace::find(path)?.append(0o666)?.write_all(b"+")
}

fn read(path: &Path) -> io::Result<File> {
    FilePlace::find(path)?.read()
}

#[track_caller]
fn assert_refused<T>(result: io::Result<T>, words: &str) {
    let error = result.err().expect("it is refused");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn a_strangers_link_at_the_end_of_a_path_is_not_followed() {
    let Some(stage) = Stage::new() else { return };
    for (target, name) in [("secret", "theirs/x.log"), ("nothing-there", "theirs/new.log")] {
        let link = stage.link(target, name, STRANGER);
        assert_refused(append(&link), "a link of the user with uid 54321");
        assert_refused(read(&link), "not followed");
    }
    assert!(!stage.path("nothing-there").exists());
    stage.assert_secret_is_untouched();
}

#[test]
fn links_of_roots_are_followed_one_after_the_other() {
    let Some(stage) = Stage::new() else { return };
    stage.link("theirs/inner", "outer", 0);
    symlink("../target", stage.path("theirs/inner")).unwrap();
    append(&stage.path("outer")).unwrap();
    assert_eq!(fs::read_to_string(stage.path("target")).unwrap(), "+");
    let place = FilePlace::find(&stage.path("outer")).unwrap();
    assert_eq!(place.name(), "target");
    stage.link("loop", "loop", 0);
    assert_eq!(append(&stage.path("loop")).unwrap_err().raw_os_error(), Some(libc::ELOOP));
}

#[test]
fn a_strangers_link_on_the_way_leads_to_their_own_folders_only() {
    let Some(stage) = Stage::new() else { return };
    stage.folder_of("releases", STRANGER);
    stage.folder_of("others", ANOTHER);
    stage.folder_of("releases/log", STRANGER);
    stage.link("releases", "theirs/current", STRANGER);
    append(&stage.path("theirs/current/x.log")).unwrap();
    append(&stage.path("theirs/current/log/x.log")).unwrap();
    assert!(stage.path("releases/x.log").exists() && stage.path("releases/log/x.log").exists());

    stage.link("", "theirs/up", STRANGER);
    assert_refused(append(&stage.path("theirs/up/secret")), "uid 54321");
    assert_refused(append(&stage.path("theirs/current/../secret")), "uid 54321");
    stage.link("others", "theirs/aside", STRANGER);
    assert_refused(append(&stage.path("theirs/aside/x.log")), "uid 54321");
    // Two strangers have no folder in common.
    stage.link("releases", "others/back", ANOTHER);
    stage.link("others", "theirs/zigzag", STRANGER);
    assert_refused(append(&stage.path("theirs/zigzag/back/x.log")), "uid 5432");
    stage.assert_secret_is_untouched();
}

#[test]
fn a_second_name_for_a_file_of_roots_is_refused_where_others_may_write() {
    let Some(stage) = Stage::new() else { return };
    let name = stage.path("theirs/x.log");
    fs::hard_link(stage.path("secret"), &name).unwrap();
    assert_refused(append(&name), "second name");
    assert_refused(read(&name), "second name");
    stage.assert_secret_is_untouched();

    // A link of root's that has got a second name is not root's word any more.
    stage.link("secret", "of-root", 0);
    fs::hard_link(stage.path("of-root"), stage.path("theirs/link.log")).unwrap();
    assert_refused(append(&stage.path("theirs/link.log")), "a link of");

    // Backups that are made of second names: in a folder of root's, and a user's own in theirs.
    fs::hard_link(stage.path("secret"), stage.path("backup")).unwrap();
    append(&stage.path("backup")).unwrap();
    let own = stage.file("theirs/own.log", STRANGER);
    fs::hard_link(&own, stage.path("theirs/own.backup")).unwrap();
    append(&own).unwrap();
}

#[test]
fn in_a_folder_for_everybody_a_strangers_file_is_not_written_to() {
    let Some(stage) = Stage::new() else { return };
    let everybodys = stage.folder_of("tmp", 0);
    fs::set_permissions(&everybodys, fs::Permissions::from_mode(0o1777)).unwrap();
    let planted = stage.file("tmp/x.log", STRANGER);
    assert_eq!(append(&planted).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(FilePlace::find(&planted).unwrap().write().unwrap_err().kind(), ErrorKind::PermissionDenied);
    nix::unistd::mkfifo(&stage.path("tmp/fifo"), Mode::S_IRWXU).unwrap();
    chown(stage.path("tmp/fifo"), Some(STRANGER), None).unwrap();
    assert_eq!(append(&stage.path("tmp/fifo")).unwrap_err().kind(), ErrorKind::PermissionDenied);
    append(&stage.path("tmp/new.log")).unwrap();
}

#[test]
fn pipes_hold_nobody_and_are_for_writing_alone() {
    let Some(stage) = Stage::new() else { return };
    let fifo = stage.path("theirs/x.log");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    assert_eq!(read(&fifo).unwrap_err().kind(), ErrorKind::Unsupported);
    append(&fifo).unwrap();
    append(Path::new("/dev/null")).unwrap();
}

#[test]
fn links_of_the_kernels_own_are_the_kernels_to_follow() {
    let Some(stage) = Stage::new() else { return };
    let (_reader, writer) = supervisor_sys::pipe::pipe().unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&writer);
    for path in [format!("/proc/self/fd/{number}"), format!("/proc/{}/fd/{number}", std::process::id())] {
        append(Path::new(&path)).unwrap();
    }
    let inside = stage.path("inside");
    fs::create_dir(&inside).unwrap();
    let open = File::open(&inside).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&open.as_fd());
    append(Path::new(&format!("/proc/self/fd/{number}/x.log"))).unwrap();
    assert!(inside.join("x.log").exists());
}

/// Runs while another thread exchanges two names as fast as it can.
fn while_exchanged(one: &Path, other: &Path, mut act: impl FnMut()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE).expect("root may");
            }
        });
        (0..2_000).for_each(|_| act());
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn an_exchange_of_file_and_link_while_we_look_wins_nothing() {
    let Some(stage) = Stage::new() else { return };
    let (log, link) = (stage.file("theirs/x.log", STRANGER), stage.link("secret", "theirs/link", STRANGER));
    let mut opened = 0;
    while_exchanged(&log, &link, || opened += u32::from(append(&stage.path("theirs/x.log")).is_ok()));
    stage.assert_secret_is_untouched();
    assert!(opened > 0, "it was the file at times");
}

#[test]
fn an_exchange_of_folder_and_link_while_we_look_wins_nothing() {
    let Some(stage) = Stage::new() else { return };
    let inner = stage.folder_of("theirs/logs", STRANGER);
    let link = stage.link("", "theirs/link", STRANGER);
    let mut opened = 0;
    while_exchanged(&inner, &link, || opened += u32::from(append(&stage.path("theirs/logs/secret")).is_ok()));
    stage.assert_secret_is_untouched();
    assert!(opened > 0, "it was the folder at times");
}

#[test]
fn a_planted_link_in_the_place_of_the_pidfile_is_replaced_and_nothing_else_is_touched() {
    let Some(stage) = Stage::new() else { return };
    for (name, owner) in [("theirs/s.pid", STRANGER), ("tmp/s.pid", ANOTHER)] {
        if owner == ANOTHER {
            let everybodys = stage.folder_of("tmp", 0);
            fs::set_permissions(&everybodys, fs::Permissions::from_mode(0o1777)).unwrap();
        }
        let path = stage.link("secret", name, owner);
        let pidfile = Pidfile::write(&path, 1234).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(fs::read_to_string(&path).unwrap(), "1234\n");
        stage.assert_secret_is_untouched();
        // While it runs, or between two lives of it.
        fs::remove_file(&path).unwrap();
        stage.link("secret", name, owner);
        assert!(!pidfile.remove().unwrap());
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    }
    stage.assert_secret_is_untouched();
}

#[test]
fn a_pipe_in_the_place_of_the_pidfile_holds_neither_start_nor_end() {
    let folder = Folder::new();
    let path = folder.path("s.pid");
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
    assert_eq!(Pidfile::write(&path, 1234).unwrap_err().raw_os_error(), Some(libc::ENXIO));
    fs::remove_file(&path).unwrap();
    let pidfile = Pidfile::write(&path, 1234).unwrap();
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
    assert!(!pidfile.remove().unwrap());
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
}

#[test]
fn an_endless_file_in_the_place_of_the_pidfile_is_not_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.path("s.pid");
    let pidfile = Pidfile::write(&path, 1234).unwrap();
    fs::remove_file(&path).unwrap();
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(!pidfile.remove().unwrap());
}

/// Makes sockets until `done`, while a link to root's file comes and goes at their path.
fn while_planted(stage: &Stage, path: &Path, mut make: impl FnMut()) {
    let done = AtomicBool::new(false);
    let planted = stage.link("secret", "theirs/planted", STRANGER);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // The planted link takes the place of the socket, and gives it back.
                if renameat2(AT_FDCWD, &planted, AT_FDCWD, path, RenameFlags::RENAME_EXCHANGE).is_ok() {
                    renameat2(AT_FDCWD, &planted, AT_FDCWD, path, RenameFlags::RENAME_EXCHANGE).ok();
                }
            }
        });
        (0..500).for_each(|_| make());
        done.store(true, Ordering::Relaxed);
    });
    stage.assert_secret_is_untouched();
}

#[test]
fn a_link_that_takes_the_place_of_a_new_socket_gets_neither_mode_nor_owner() {
    let Some(stage) = Stage::new() else { return };
    let owner = Some(SocketOwner { uid: STRANGER, gid: None });
    let path = stage.path("theirs/s.sock");
    while_planted(&stage, &path, || {
        // Refused, lost to the exchange, or made: all that counts is root's file.
        if let Ok(bound) = listen_unix(&path, 0o777, owner) {
            bound.file.remove_if_ours().ok();
        }
    });
}

#[test]
fn a_link_that_takes_the_place_of_a_new_fastcgi_socket_gets_neither_mode_nor_owner() {
    let Some(stage) = Stage::new() else { return };
    let path = stage.path("theirs/f.sock");
    let config = SocketConfig {
        url: "unix".into(),
        address: SocketAddress::Unix {
            path: path.to_str().unwrap().into(),
            owner: Some(SocketOwner { uid: STRANGER, gid: None }),
            mode: 0o777,
        },
        backlog: None,
    };
    while_planted(&stage, &path, || drop(FcgiSocket::open(&config, resolve_host)));
    // Whatever lies there goes, and nothing that it leads to.
    fs::remove_file(&path).ok();
    stage.link("secret", "theirs/f.sock", 0);
    let _socket = FcgiSocket::open(&config, resolve_host).unwrap();
    let made = fs::symlink_metadata(&path).unwrap();
    assert_eq!((made.uid(), made.mode() & 0o7777), (STRANGER, 0o777));
    stage.assert_secret_is_untouched();
}
