//! Where a program finds its descriptors: each of a list moved to its number, in the child half of a spawn.
//!
//! A source may have any number, that of another's target too, or its own target's; one source may be wanted at several
//! numbers. So nothing is put in its place before all that is in the way was lifted above the places.
//!
//! Invariant: afterwards the numbers of the list are open and stay so across exec. Of everything else only the pipe of
//! reports is left, which closes itself there. Nothing allocates.
#![expect(unsafe_code, reason = "moves descriptors by number, in a child that owns none")]

use std::os::fd::RawFd;

use nix::errno::Errno;

use crate::child::DescriptorTable;
use crate::close_descriptors::{close, close_all_but};
use crate::limits::CHILD_DESCRIPTORS;

/// A descriptor that goes to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Open in the table that the child begins with.
    pub(crate) source: RawFd,
    /// What the program knows it as; no two of a list have the same.
    pub(crate) number: RawFd,
}

/// Puts each in its place and closes the rest. The table is the child's own by now. `report` is the pipe of reports,
/// which may have to move. At most [`CHILD_DESCRIPTORS`] are placed. The error is the error number.
pub(crate) fn place_descriptors(
    placements: &[Placement],
    report: &mut RawFd,
    table: DescriptorTable,
) -> Result<(), i32> {
    // Lifting needs room in a table that may be full.
    let kept = [*report];
    let numbers = || placements.iter().flat_map(|placement| [placement.source, placement.number]).chain(kept);
    close_all_but(|from| numbers().filter(|number| *number >= from).min(), table.end());

    // What is lifted must not take the place of a standard descriptor that the program is to do without: others take
    // that for what it always is.
    let above = placements.iter().fold(FIRST_FREE, |above, placement| above.max(placement.number.saturating_add(1)));
    let mut sources = [0; CHILD_DESCRIPTORS];
    for (source, placement) in sources.iter_mut().zip(placements) {
        *source = lifted(placement.source, above)?;
    }
    *report = lifted(*report, above)?;
    for (source, placement) in sources.into_iter().zip(placements) {
        // Its number is another, so the copy is one that stays open across exec (dup(2)).
        // SAFETY: dup2(2) replaces a descriptor in a table that is the child's own.
        check(unsafe { libc::dup2(source, placement.number) })?;
    }
    // What was lifted closes itself on exec; who has passed on a descriptor need not have seen to that.
    let is_placed = |fd| placements.iter().any(|placement| placement.number == fd);
    placements.iter().map(|placement| placement.source).filter(|fd| !is_placed(*fd)).for_each(close);
    Ok(())
}

/// Above the standard three.
const FIRST_FREE: RawFd = 3;

/// The descriptor itself if it is in nobody's way, else a copy that closes on exec.
fn lifted(fd: RawFd, above: RawFd) -> Result<RawFd, i32> {
    if fd >= above {
        return Ok(fd);
    }
    // SAFETY: fcntl(2) makes a copy with a number that is free, `above` or higher.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, above) };
    check(copy).map(|()| copy)
}

/// The error number of a call that returned -1.
fn check(result: i32) -> Result<(), i32> {
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};

    /// The numbers where everything happens; what is needed again lies above all that is copied of a shared table.
    const STAGE: RawFd = 5;
    const ABOVE_THE_STAGE: RawFd = 20;
    const TABLE: DescriptorTable = DescriptorTable::Shared { copy_below: 20 };

    /// Calls with every list of `length` numbers of the stage, the same several times or not.
    fn for_each_list(length: usize, repeated: bool, visit: &mut impl FnMut(&[RawFd])) {
        fn extend(list: &mut Vec<RawFd>, length: usize, repeated: bool, visit: &mut impl FnMut(&[RawFd])) {
            if list.len() == length {
                return visit(list);
            }
            for number in (0..STAGE).filter(|number| repeated || !list.contains(number)).collect::<Vec<_>>() {
                list.push(number);
                extend(list, length, repeated, visit);
                list.pop();
            }
        }
        extend(&mut Vec::new(), length, repeated, visit);
    }

    /// What tells one open file from another.
    fn inode(fd: RawFd) -> Option<u64> {
        // SAFETY: what is made of the number does not outlive it, and closes nothing.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        nix::sys::stat::fstat(fd).ok().map(|stat| stat.st_ino)
    }

    fn closes_on_exec(fd: RawFd) -> bool {
        // SAFETY: F_GETFD only reads (fcntl(2)).
        unsafe { libc::fcntl(fd, libc::F_GETFD) & libc::FD_CLOEXEC != 0 }
    }

    /// Opens every number of the stage, each as a file of its own; half of them close on exec.
    fn set_up(files: &[RawFd]) -> Vec<Option<u64>> {
        for (number, file) in (0..STAGE).zip(files) {
            let flags = if number % 2 == 0 { 0 } else { libc::O_CLOEXEC };
            // SAFETY: the table is the test child's own.
            assert_eq!(unsafe { libc::dup3(*file, number, flags) }, number);
        }
        (0..STAGE).map(inode).collect()
    }

    /// One list, one place of the pipe of reports. The error is what is wrong.
    fn try_one(files: &[RawFd], sources: &[RawFd], numbers: &[RawFd], report: RawFd) -> Result<(), String> {
        let before = set_up(files);
        let file = |number: RawFd| before[usize::try_from(number).unwrap()];
        let placements: Vec<Placement> = sources
            .iter()
            .zip(numbers)
            .map(|(source, number)| Placement { source: *source, number: *number })
            .collect();
        let mut moved = report;
        // SAFETY: as all that makes the pipe of reports.
        unsafe { libc::fcntl(report, libc::F_SETFD, libc::FD_CLOEXEC) };
        place_descriptors(&placements, &mut moved, TABLE).map_err(|errno| format!("errno {errno}"))?;
        if inode(moved) != file(report) || !closes_on_exec(moved) || numbers.contains(&moved) {
            return Err("the pipe of reports is lost".to_owned());
        }
        for placement in &placements {
            if inode(placement.number) != file(placement.source) || closes_on_exec(placement.number) {
                return Err(format!("{} is not in its place", placement.number));
            }
        }
        let others = (0..ABOVE_THE_STAGE).filter(|fd| !numbers.contains(fd) && *fd != moved);
        match others.filter(|fd| inode(*fd).is_some() && !closes_on_exec(*fd)).min() {
            Some(fd) => Err(format!("{fd} is left open")),
            None => Ok(()),
        }
    }

    /// In a process of its own: every list, with the pipe of reports wherever no source is. Gives the first that goes
    /// wrong.
    fn try_all(files: &[RawFd]) -> (u32, Option<String>) {
        let (mut count, mut wrong) = (0, None);
        for length in 0..=3 {
            for_each_list(length, true, &mut |sources| {
                for_each_list(length, false, &mut |numbers| {
                    let reports = (0..STAGE).filter(|report| !sources.contains(report));
                    for report in reports.filter(|_| wrong.is_none()).collect::<Vec<_>>() {
                        count += 1;
                        if let Err(what) = try_one(files, sources, numbers, report) {
                            wrong = Some(format!("{sources:?} to {numbers:?}, reports at {report}: {what}"));
                        }
                    }
                });
            });
        }
        (count, wrong)
    }

    #[test]
    fn every_list_is_placed_whatever_lies_in_the_way() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let files: Vec<File> = (0..STAGE).map(|_| File::from(nix::unistd::pipe().unwrap().0)).collect();
        let above = |fd: RawFd| {
            // SAFETY: fcntl(2) makes a copy above all that the child plays with.
            let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, ABOVE_THE_STAGE) };
            assert!(copy >= ABOVE_THE_STAGE, "the limit of descriptors is too low for this test");
            // SAFETY: it was made just now.
            unsafe { File::from_raw_fd(copy) }
        };
        let files: Vec<File> = files.iter().map(|file| above(file.as_raw_fd())).collect();
        let files: Vec<RawFd> = files.iter().map(AsRawFd::as_raw_fd).collect();
        let mut far_writer = above(writer.as_raw_fd());
        drop(writer);
        // SAFETY: fork(2); nothing but this thread goes on in the child, which uses only what it has copied.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let (count, wrong) = try_all(&files);
            write!(far_writer, "{count} {}", wrong.unwrap_or_default()).ok();
            // SAFETY: _exit(2) does not return.
            unsafe { libc::_exit(0) };
        }
        drop(far_writer);
        let mut told = String::new();
        File::from(reader).read_to_string(&mut told).unwrap();
        // SAFETY: waitpid(2) for our own child.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
        // Of k, as many as there are ways to choose their numbers, times 4^k for each of 5 places of the reports.
        assert_eq!(told, format!("{} ", 5 + 5 * 5 * 4 + 20 * 5 * 16 + 60 * 5 * 64));
    }

    #[test]
    fn a_number_that_cannot_be_is_an_error() {
        // SAFETY: fork(2); the child makes system calls only.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let mut report = 2;
            let placements = [Placement { source: 0, number: RawFd::MAX }];
            let outcome = place_descriptors(&placements, &mut report, DescriptorTable::Copied);
            // SAFETY: _exit(2) does not return.
            unsafe { libc::_exit(outcome.err().unwrap_or(0)) };
        }
        let mut status = 0;
        // SAFETY: waitpid(2) writes the status of our own child.
        unsafe { libc::waitpid(pid, &raw mut status, 0) };
        assert!([libc::EINVAL, libc::EBADF].contains(&libc::WEXITSTATUS(status)), "{status}");
    }
}
