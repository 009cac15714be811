//! What happens to log files, from inside and from outside.

use std::fs;
use std::os::unix::fs::FileTypeExt;

use super::*;
use crate::test_folder::TestFolder;

const NEVER: Rotation = Rotation { maxbytes: 0, backups: 0 };

/// A folder with logs.
struct Folder(TestFolder);

/// A log with its settings.
struct Log {
    file: LogFile,
    rotation: Rotation,
}

impl Log {
    fn append(&mut self, bytes: &[u8]) -> Option<LogFileNotice> {
        self.append_at(Duration::ZERO, bytes)
    }

    fn append_at(&mut self, now: Duration, bytes: &[u8]) -> Option<LogFileNotice> {
        self.file.append(bytes, self.rotation, 0, now)
    }
}

impl Folder {
    fn new() -> Self {
        Self(TestFolder::new())
    }

    fn log(&self, maxbytes: u64, backups: u32) -> Log {
        let file = LogFile::open(self.0.path("x.log")).unwrap();
        Log { file, rotation: Rotation { maxbytes, backups } }
    }

    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.path(name)).ok()
    }
}

#[test]
fn a_file_rotates_once_it_has_reached_its_size_and_keeps_so_many_backups() {
    let folder = Folder::new();
    let mut log = folder.log(100, 2);
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        assert!(log.append(letter.repeat(40).as_bytes()).is_none());
    }
    assert_eq!(folder.text("x.log"), Some("j".repeat(40)));
    assert_eq!(folder.text("x.log.1"), Some(["g", "h", "i"].map(|x| x.repeat(40)).concat()));
    assert_eq!(folder.text("x.log.2"), Some(["d", "e", "f"].map(|x| x.repeat(40)).concat()));
    assert_eq!(folder.text("x.log.3"), None);
}

#[test]
fn backups_of_earlier_runs_make_room_and_a_gap_is_filled_first() {
    let folder = Folder::new();
    for number in [1, 2, 4] {
        fs::write(folder.0.path(format!("x.log.{number}")), format!("old {number}")).unwrap();
    }
    let mut log = folder.log(4, 1_000_000_000);
    assert!(log.append(b"1234").is_none());
    assert_eq!(folder.text("x.log.1").as_deref(), Some("1234"));
    assert_eq!(folder.text("x.log.2").as_deref(), Some("old 1"));
    assert_eq!(folder.text("x.log.3").as_deref(), Some("old 2"));
    assert_eq!(folder.text("x.log.4").as_deref(), Some("old 4"));
    assert!(log.append(b"5678").is_none());
    let names = ["5678", "1234", "old 1", "old 2", "old 4"];
    for (number, text) in (1..).zip(names) {
        assert_eq!(folder.text(&format!("x.log.{number}")).as_deref(), Some(text), "the gap was filled");
    }
}

#[test]
fn without_backups_a_file_is_emptied() {
    let folder = Folder::new();
    let mut log = folder.log(10, 0);
    assert!(log.append(b"0123456789").is_none());
    assert!(log.append(b"x").is_none());
    assert_eq!(folder.text("x.log").as_deref(), Some("x"));
    assert_eq!(folder.text("x.log.1"), None);
}

#[test]
fn a_file_counts_what_was_in_it_and_never_rotates_with_a_size_of_zero() {
    let folder = Folder::new();
    assert!(folder.log(0, 1).append(&[b'x'; 500]).is_none());
    assert_eq!(folder.text("x.log").map(|text| text.len()), Some(500));
    assert!(folder.log(501, 1).append(b"y").is_none());
    assert_eq!(folder.text("x.log.1").map(|text| text.len()), Some(501));
}

#[test]
fn a_file_renamed_from_outside_is_written_to_until_it_is_reopened() {
    let folder = Folder::new();
    let mut log = folder.log(0, 0);
    assert!(log.append(b"one\n").is_none());
    fs::rename(log.file.path(), folder.0.path("moved")).unwrap();
    assert!(log.append(b"two\n").is_none());
    log.file.reopen();
    assert!(log.append(b"three\n").is_none());
    assert_eq!(folder.text("moved").as_deref(), Some("one\ntwo\n"));
    assert_eq!(folder.text("x.log").as_deref(), Some("three\n"));
}

#[test]
fn a_file_truncated_from_outside_goes_on_at_its_new_end() {
    let folder = Folder::new();
    let mut log = folder.log(0, 0);
    assert!(log.append(b"before\n").is_none());
    File::create(log.file.path()).unwrap();
    assert!(log.append(b"after\n").is_none());
    assert_eq!(folder.text("x.log").as_deref(), Some("after\n"));
}

#[test]
fn clearing_begins_a_new_file_and_leaves_backups() {
    let folder = Folder::new();
    let mut log = folder.log(4, 1);
    assert!(log.append(b"old!").is_none());
    assert!(log.append(b"new").is_none());
    log.file.clear().unwrap();
    assert!(log.append(b"er").is_none());
    assert_eq!(folder.text("x.log").as_deref(), Some("er"));
    assert_eq!(folder.text("x.log.1").as_deref(), Some("old!"));
    clear_closed(&folder.0.path("x.log").into()).unwrap();
    assert_eq!(folder.text("x.log").as_deref(), Some(""));
    clear_closed(&folder.0.path("never-there").into()).unwrap();
    assert_eq!(folder.text("never-there"), None);
}

#[test]
fn what_a_full_disk_refuses_is_told_once() {
    let mut log = LogFile::open(Path::new("/dev/full")).unwrap();
    let rotation = Rotation { maxbytes: 1, backups: 3 };
    assert!(!log.is_regular());
    assert!(matches!(log.append(b"lost", rotation, 0, Duration::ZERO), Some(LogFileNotice::Drops { .. })));
    assert!(log.append(b"lost too", rotation, 0, Duration::ZERO).is_none());
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
}

#[test]
fn a_directory_taken_away_and_given_back_loses_only_what_came_between() {
    let folder = Folder::new();
    let inner = folder.0.path("inner");
    fs::create_dir(&inner).unwrap();
    let rotation = Rotation { maxbytes: 4, backups: 1 };
    let mut log = Log { file: LogFile::open(inner.join("y.log")).unwrap(), rotation };
    fs::remove_dir_all(&inner).unwrap();
    assert!(log.append(b"into the unlinked file").is_none());
    assert!(matches!(log.append(b"lost"), Some(LogFileNotice::Drops { .. })));
    fs::create_dir(&inner).unwrap();
    let soon = limits::LOG_OPEN_PAUSE / 2;
    assert!(log.append_at(soon, b"not tried").is_none(), "an attempt for each chunk would cost too much");
    let later = limits::LOG_OPEN_PAUSE;
    assert!(matches!(log.append_at(later, b"ok"), Some(LogFileNotice::TakesAgain { dropped: 13 })));
    assert_eq!(fs::read_to_string(inner.join("y.log")).unwrap(), "ok");
}

#[test]
fn a_file_that_cannot_be_renamed_grows_and_says_so_once() {
    let folder = Folder::new();
    // A directory in the place of the backup refuses the rename, whoever we are.
    fs::create_dir_all(folder.0.path("x.log.1")).unwrap();
    let mut log = folder.log(4, 1);
    assert!(matches!(log.append(b"1234"), Some(LogFileNotice::CannotRotate { .. })));
    for more in [b"5678", b"9abc"] {
        assert!(log.append(more).is_none());
    }
    assert_eq!(folder.text("x.log").as_deref(), Some("123456789abc"));
    fs::remove_dir(folder.0.path("x.log.1")).unwrap();
    assert!(log.append(b"defg").is_none());
    assert_eq!(folder.text("x.log.1").as_deref(), Some("123456789abcdefg"));
    assert_eq!(folder.text("x.log").as_deref(), Some(""));
}

#[test]
fn a_full_file_that_was_renamed_from_outside_leaves_its_successor_alone() {
    let folder = Folder::new();
    for backups in [0, 2] {
        let mut log = folder.log(8, backups);
        assert!(log.append(b"1234").is_none());
        fs::rename(log.file.path(), folder.0.path("moved")).unwrap();
        fs::write(log.file.path(), "another's\n").unwrap();
        assert!(log.append(b"5678").is_none());
        assert!(log.append(b"9\n").is_none());
        assert_eq!(folder.text("moved").as_deref(), Some("12345678"));
        let all = folder.text("x.log.1").unwrap_or_default() + &folder.text("x.log").unwrap_or_default();
        let expected = if backups == 0 { "" } else { "another's\n9\n" };
        assert_eq!(all, expected, "with {backups} backups");
        fs::remove_file(log.file.path()).unwrap();
    }
}

#[test]
fn a_fifo_is_written_when_it_can_be_and_never_renamed() {
    let folder = Folder::new();
    let path = folder.0.path("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut log = LogFile::open(path.as_path()).unwrap();
    assert!(log.append(b"no reader yet\n", NEVER, 100, Duration::ZERO).is_none());
    let mut appended = b"no reader yet\n".to_vec();
    while !log.is_blocked() {
        let line = format!("{}\n", appended.len()).into_bytes();
        let rotation = Rotation { maxbytes: 10, backups: 2 };
        assert!(log.append(&line, rotation, 100, Duration::ZERO).is_none());
        appended.extend_from_slice(&line);
    }
    let mut reader = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path).unwrap();
    let mut text = Vec::new();
    assert_eq!(io::Read::read_to_end(&mut reader, &mut text).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert!(log.flush().is_none());
    assert_eq!(io::Read::read_to_end(&mut reader, &mut text).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert!(text == appended);
    assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(fs::read_dir(folder.0.root()).unwrap().count(), 1);
}
