//! The pidfile: written whole, removed only by its owner.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use supervisor_sys::Pidfile;
use support::Folder;

#[test]
fn it_holds_the_pid_and_a_newline_and_replaces_what_was_there() {
    let folder = Folder::new();
    let path = folder.path("s.pid");
    fs::write(&path, "99999999 and more than that\n").unwrap();
    let before = fs::metadata(&path).unwrap().ino();
    let pidfile = Pidfile::write(&path, 1234).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1234\n");
    assert_ne!(fs::metadata(&path).unwrap().ino(), before, "renamed over, so that nobody reads a part");
    assert_eq!(folder.names(), ["s.pid"]);
    assert!(pidfile.remove().unwrap());
    assert!(folder.names().is_empty());
}

#[test]
fn the_file_of_a_successor_stays() {
    let folder = Folder::new();
    let path = folder.path("s.pid");
    let first = Pidfile::write(&path, 1).unwrap();
    let second = Pidfile::write(&path, 2).unwrap();
    assert!(!first.remove().unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "2\n");
    assert!(second.remove().unwrap());
}

#[test]
fn one_that_is_gone_is_no_error() {
    let folder = Folder::new();
    let path = folder.path("s.pid");
    let pidfile = Pidfile::write(&path, 1).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(!pidfile.remove().unwrap());
}

#[test]
fn a_link_is_written_through() {
    let folder = Folder::new();
    let (link, target) = (folder.path("link.pid"), folder.path("target.pid"));
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let _pidfile = Pidfile::write(&link, 5).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "5\n");
    assert_eq!(folder.names(), ["link.pid", "target.pid"]);
}

#[test]
fn a_leftover_of_the_same_pid_is_no_obstacle() {
    let folder = Folder::new();
    fs::write(folder.path("s.pid.7"), "half").unwrap();
    let _pidfile = Pidfile::write(&folder.path("s.pid"), 7).unwrap();
    assert_eq!(folder.names(), ["s.pid"]);
}

#[test]
fn a_device_is_written_to_and_stays() {
    let _pidfile = Pidfile::write(std::path::Path::new("/dev/null"), 7).unwrap();
    let kind = fs::metadata("/dev/null").unwrap().permissions().mode() & libc::S_IFMT;
    assert_eq!(kind, libc::S_IFCHR);
}

#[test]
fn where_nothing_can_be_written_the_error_says_so() {
    let folder = Folder::new();
    let error = Pidfile::write(&folder.path("no/such/s.pid"), 7).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    let error = Pidfile::write(&folder.path(""), 7).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EISDIR));
    assert!(folder.names().is_empty());
}
