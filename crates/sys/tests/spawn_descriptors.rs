//! The list of descriptors that a program is given: each at its number, whatever lies in the way, and nothing else.

mod support;

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use supervisor_core::ExitStatus;
use supervisor_sys::{Child, ExecFailure, Spawner, limits, pipe};
use support::{Folder, METHODS, Program, wait_for_end};

/// A `cat` with descriptors besides the standard three, which has been executed.
struct Cat {
    child: Child,
    stdin: File,
    stdout: File,
}

impl Cat {
    /// `more` come before the standard ones where `first` says so, which then have none of the slots.
    fn start(spawner: &mut Spawner, program: &Program, more: &[(BorrowedFd<'_>, RawFd)], first: bool) -> Self {
        let (stdin_reader, stdin) = pipe::pipe().expect("there is room");
        let (stdout, stdout_writer) = pipe::pipe().expect("there is room");
        let null = support::dev_null();
        let mut list = vec![(stdin_reader.as_fd(), 0), (stdout_writer.as_fd(), 1), (null.as_fd(), 2)];
        let place = if first { 0 } else { list.len() };
        list.splice(place..place, more.iter().copied());
        let child = program.start_with(spawner, &list).expect("the child can be made");
        let (mut stdin, stdout) = (File::from(stdin), File::from(stdout));
        stdin.write_all(b"?").expect("cat reads");
        support::wait_until_readable(stdout.as_fd());
        Self { child, stdin, stdout }
    }

    /// What it has open above the standard three.
    fn more(&self) -> Vec<(RawFd, PathBuf)> {
        let pid = self.child.pid.get();
        let numbers = support::descriptors_of(pid).into_iter();
        numbers.filter(|number| *number > 2).map(|number| (number, opened(pid, number))).collect()
    }

    fn end(self) {
        drop(self.stdin);
        assert_eq!(wait_for_end(&self.child), ExitStatus::Exited(0));
        drop(self.stdout);
    }
}

/// Which file a descriptor of a process has open.
fn opened(pid: i32, number: RawFd) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/fd/{number}")).expect("it is not reaped yet")
}

/// Named files, open.
fn files(folder: &Folder, names: &[&str]) -> Vec<(PathBuf, File)> {
    let open = |name: &&str| (folder.path(name), File::create(folder.path(name)).expect("it is ours"));
    names.iter().map(open).collect()
}

#[test]
fn every_number_of_three_is_right_whatever_was_there() {
    let mut spawner = Spawner::new().unwrap();
    let folder = Folder::new();
    let files = files(&folder, &["a", "b", "c"]);
    let sources: Vec<RawFd> = files.iter().map(|(_, file)| file.as_raw_fd()).collect();
    // Where the spawner has its own, and each of theirs.
    let numbers: Vec<RawFd> = (3..=6).chain(sources.iter().copied().filter(|source| *source > 6)).collect();
    let mut count = 0;
    for method in METHODS {
        let program = Program::cat().by(method);
        for a in &numbers {
            for b in numbers.iter().filter(|b| *b != a) {
                for c in numbers.iter().filter(|c| ![a, b].contains(c)) {
                    let places = [*a, *b, *c];
                    let more: Vec<_> = files.iter().map(|(_, file)| file.as_fd()).zip(places).collect();
                    let cat = Cat::start(&mut spawner, &program, &more, count % 2 == 0);
                    let mut expected: Vec<_> = files.iter().map(|(path, _)| path.clone()).zip(places).collect();
                    expected.sort_by_key(|(_, number)| *number);
                    let found: Vec<_> = cat.more().into_iter().map(|(number, path)| (path, number)).collect();
                    assert_eq!(found, expected, "{method:?}");
                    cat.end();
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 3 * 4 * 3 * 2, "{numbers:?}");
}

#[test]
fn one_file_may_have_several_numbers_and_need_not_close_on_exec_here() {
    let mut spawner = Spawner::new().unwrap();
    let folder = Folder::new();
    let low = files(&folder, &["low"]);
    let hoard: Vec<OwnedFd> = (0..100).map(|_| support::dev_null()).collect();
    let high = files(&folder, &["high"]);
    drop(hoard);
    let ([(low, low_file)], [(high, high_file)]) = (&low[..], &high[..]) else { panic!("one each") };
    fcntl(low_file, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let own = low_file.as_raw_fd();
    assert!((5..50).contains(&own) && high_file.as_raw_fd() > 100, "{own}");
    for method in METHODS {
        for first in [false, true] {
            let more = [(low_file.as_fd(), 50), (low_file.as_fd(), own), (high_file.as_fd(), 4), (low_file.as_fd(), 3)];
            let cat = Cat::start(&mut spawner, &Program::cat().by(method), &more, first);
            let expected = [(3, low), (4, high), (own, low), (50, low)].map(|(number, path)| (number, path.clone()));
            assert_eq!(cat.more(), expected, "{method:?}");
            for (number, _) in expected {
                let info = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", cat.child.pid.get())).unwrap();
                let flags = i32::from_str_radix(&support::status_field(&info, "flags"), 8).unwrap();
                assert!(!OFlag::from_bits_retain(flags).contains(OFlag::O_CLOEXEC), "{number} by {method:?}");
            }
            cat.end();
        }
    }
    assert_eq!(fcntl(low_file, FcntlArg::F_GETFD), Ok(0), "and ours is as it was");
}

#[test]
fn a_standard_descriptor_that_is_not_listed_is_closed() {
    let mut spawner = Spawner::new().unwrap();
    let list_own = Program::script("ls /proc/$$/fd");
    for method in METHODS {
        for (numbers, expected) in [(&[1][..], "1\n"), (&[1, 2], "1\n2\n"), (&[7, 1, 3], "1\n3\n7\n")] {
            let (stdout, writer) = pipe::pipe().unwrap();
            let list: Vec<_> = numbers.iter().map(|number| (writer.as_fd(), *number)).collect();
            let child = list_own.clone().by(method).start_with(&mut spawner, &list).unwrap();
            drop(writer);
            assert_eq!(support::read_all(&mut File::from(stdout)), expected, "{method:?}");
            wait_for_end(&child);
        }
    }
}

#[test]
fn a_failure_is_told_though_the_pipe_of_reports_had_to_move() {
    let mut spawner = Spawner::new().unwrap();
    let null = support::dev_null();
    let missing = Program::new("/no/such/program", &[]);
    for method in METHODS {
        // Whatever number the pipe has, one of these is it.
        let list: Vec<_> = (0..12).map(|number| (null.as_fd(), number)).collect();
        let child = missing.clone().by(method).start_with(&mut spawner, &list).unwrap();
        assert_eq!(wait_for_end(&child), ExitStatus::Exited(127), "{method:?}");
        let words = "couldn't exec /no/such/program: ENOENT".to_owned();
        assert_eq!(spawner.take_failures(), [ExecFailure { pid: child.pid, words }], "{method:?}");
    }
}

#[test]
fn a_number_above_the_limit_is_told_and_starts_nothing() {
    let mut spawner = Spawner::new().unwrap();
    let null = support::dev_null();
    for method in METHODS {
        let list = [(null.as_fd(), 0), (null.as_fd(), 1), (null.as_fd(), 2), (null.as_fd(), RawFd::MAX)];
        let child = Program::cat().by(method).start_with(&mut spawner, &list).unwrap();
        assert_eq!(wait_for_end(&child), ExitStatus::Exited(127), "{method:?}");
        let told = spawner.take_failures();
        let [failure] = &told[..] else { panic!("{method:?}: {told:?}") };
        assert_eq!(failure.words, "couldn't put its descriptors in place: EINVAL", "{method:?}");
    }
}

#[test]
fn a_list_that_breaks_its_rules_starts_nothing() {
    let mut spawner = Spawner::new().unwrap();
    let null = support::dev_null();
    let too_many: Vec<RawFd> = (0..).take(limits::CHILD_DESCRIPTORS + 1).collect();
    for numbers in [&[0, 1, 2, 1][..], &[-1], &too_many] {
        let list: Vec<_> = numbers.iter().map(|number| (null.as_fd(), *number)).collect();
        let refused = Program::cat().start_with(&mut spawner, &list).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput, "{numbers:?}");
    }
    assert_eq!(supervisor_sys::peek_any().unwrap(), None);
    assert!(!supervisor_sys::may_adopt_children());
    let list: Vec<_> = too_many.iter().skip(1).map(|number| (null.as_fd(), *number - 1)).collect();
    let child = Program::new("/bin/true", &[]).start_with(&mut spawner, &list).unwrap();
    assert_eq!(wait_for_end(&child), ExitStatus::Exited(0), "as many as there may be");
}
