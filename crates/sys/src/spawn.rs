//! Starting programs: the parent half (contract/processes.md §3.1 steps 7 and 8, §3.3).
//!
//! The child begins on the daemon's own table of descriptors and copies only its lowest part, where its own wait in
//! slots, so that a spawn costs the same with ten programs as with ten thousand; fork(2), as vfork and posix_spawn,
//! copies the whole table for each child, which exec then closes again.
//!
//! Whose memory it begins on, and who waits:
//! - a child that stays who the daemon is shares the daemon's memory, whose thread waits until the exec is done or has
//!   failed: the cheapest way;
//! - one that becomes another user has a copy, since everything of that user may stop it, or hold up its exec, as long
//!   as it likes. The daemon waits only until it has left our table, which it does as root;
//! - likewise one whose program is on a network file system, where an exec may take forever;
//! - where the kernel or a filter refuses all that, it is a plain fork.
//!
//! Invariant: the daemon shares memory with, and waits for, nobody that another user may touch.
//!
//! Not here: finding the program, making pipes, choosing the environment; the system calls (`make_child`).

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::fcntl::OFlag;
use supervisor_core::Pid;

use crate::c_str_array::{CStrArray, null_terminated};
use crate::child::{ChildPlan, DescriptorTable, Memory, Outcome};
use crate::child_attributes::ChildAttributes;
use crate::child_stack::ChildStack;
use crate::credentials::{Credentials, Privilege};
use crate::exec_report::{ExecFailure, ExecReports};
use crate::limits::CHILD_DESCRIPTORS;
use crate::low_copy::low_copy;
use crate::make_child::{Attempt, Pidfds, child_on_a_copy, child_on_our_memory, forked_child};
use crate::place_descriptors::Placement;
use crate::refusal::file_refused;
use crate::rlimits::DescriptorLimit;
use crate::signal_dispositions::SignalDispositions;
use crate::signal_mask::SignalsBlocked;

/// What to start, and how.
#[derive(Debug)]
pub struct SpawnPlan<'a> {
    /// The file to execute; relative to `directory` if it is relative.
    pub executable: &'a CStr,
    /// The words of the command; the first as it was written.
    pub argv: &'a [CString],
    /// The whole environment, `NAME=value`.
    pub envp: &'a CStrArray,
    /// Where the program starts; `None`: where the daemon is.
    pub directory: Option<&'a CStr>,
    /// What it sets of itself.
    pub attributes: ChildAttributes,
    /// The user it runs as; `None`: the daemon's.
    pub credentials: Option<&'a Credentials>,
    /// Why it cannot be started, as found out before (`couldn't setuid to 7: Can't find uid 7`): the child writes
    /// `supervisor: ` and this to its fd 2 and ends with status 127, as it does for a failure of its own.
    pub refusal: Option<&'a str>,
    /// What it finds open, each with its number there, and nothing else. They stay open here. Their open files are the
    /// program's too, so they have to be blocking where it expects that.
    ///
    /// At most [`CHILD_DESCRIPTORS`], and no number twice. The first three cost least: the standard ones belong there.
    pub descriptors: &'a [(BorrowedFd<'a>, RawFd)],
    /// How to make the child.
    pub method: SpawnMethod,
}

/// How a child is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpawnMethod {
    /// Cheapest; the calling thread waits for the exec. Not for a child that becomes another user, which is made by
    /// [`SpawnMethod::CopiedMemory`] all the same.
    #[default]
    SharedMemory,
    /// Costs the copy of a page table, and never waits for the exec: for a child that others may hold up, and for a
    /// program whose directory or file [lies on a remote file system](crate::MountTable::is_remote).
    CopiedMemory,
    /// Costs time in proportion to open descriptors too. What the others fall back to where they are refused.
    Fork,
}

/// A child that exists; it has to be reaped, also if it does not become its program, which
/// [`Spawner::take_failures`] tells.
#[derive(Debug)]
pub struct Child {
    /// Its pid; it leads a process group of the same number.
    pub pid: Pid,
    /// Readable once it has ended, for [`crate::wait_pid`]; `None` where the kernel has none (before Linux 5.3), or
    /// no descriptor is left for it.
    pub pidfd: Option<OwnedFd>,
}

/// Starts children, one at a time. Made once, early at boot, when descriptors 0 to 2 are open and 3 to 6 still free.
///
/// It holds four descriptors as low as it can get them: where each child tells its fate, and where it looks for the
/// first three of its list, which are its 0, 1 and 2.
#[derive(Debug)]
pub struct Spawner {
    /// `None`: given up, so that a child copies as much of our table as it needs.
    slots: Option<[OwnedFd; 3]>,
    stack: ChildStack,
    dispositions: SignalDispositions,
    shared_table: SharedTable,
    reports: ExecReports,
    pidfds: Pidfds,
    descriptor_limit: Option<libc::rlimit>,
}

/// Whether the kernel lets a child share our table of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SharedTable {
    /// As far as known.
    Allowed,
    /// Tried once, and never again.
    Refused,
}

impl Spawner {
    /// Takes the slots and maps the stack.
    ///
    /// # Errors
    /// As the system calls behind it: EMFILE, ENFILE, ENOMEM.
    pub fn new() -> io::Result<Self> {
        // Going into the background needs it, and so does nearly every program: its lack is told at the start.
        let dev_null = File::options().read(true).write(true).open("/dev/null");
        drop(dev_null.map_err(|error| {
            file_refused("/dev/null", &error, "a chroot or container needs it too (mknod -m 666 dev/null c 1 3)")
        })?);
        let reports = ExecReports::new()?;
        let idle = reports.for_children();
        let slots = [low_copy(&idle)?, low_copy(&idle)?, low_copy(&idle)?];
        Ok(Self {
            slots: Some(slots),
            stack: ChildStack::new()?,
            dispositions: SignalDispositions::read(),
            shared_table: SharedTable::Allowed,
            reports,
            pidfds: Pidfds::WherePossible,
            descriptor_limit: None,
        })
    }

    /// Starts a child. An error means that there is none: EMFILE or ENFILE (descriptors), EAGAIN (processes), ENOMEM.
    /// What fails later, the child tells.
    ///
    /// InvalidInput: the list of descriptors breaks its rules.
    pub fn spawn(&mut self, plan: &SpawnPlan<'_>) -> io::Result<Child> {
        check_descriptors(plan.descriptors)?;
        self.dispositions.refresh();
        let child = self.fill_slots(plan).and_then(|()| self.start(plan));
        self.clear_slots();
        child
    }

    /// What RLIMIT_NOFILE children get from now on.
    pub fn give_descriptor_limit(&mut self, limit: DescriptorLimit) {
        self.descriptor_limit = Some(limit.0);
    }

    /// Children get no pidfd from now on: their ends show in SIGCHLD.
    pub fn do_without_pidfds(&mut self) {
        self.pidfds = Pidfds::None;
    }

    /// Gives back three descriptors. A spawn costs somewhat more from now on, by how many are open.
    pub fn do_without_slots(&mut self) {
        self.slots = None;
    }

    /// The children that have not become their programs, since the last time. Does not wait.
    pub fn take_failures(&mut self) -> Vec<ExecFailure> {
        self.reports.take_failures()
    }

    /// Readable when there may be failures to take.
    pub fn failures_fd(&self) -> BorrowedFd<'_> {
        self.reports.fd()
    }

    fn fill_slots(&mut self, plan: &SpawnPlan<'_>) -> io::Result<()> {
        for ((fd, _), slot) in plan.descriptors.iter().zip(self.slots.iter_mut().flatten()) {
            nix::unistd::dup3(fd, slot, OFlag::O_CLOEXEC)?;
        }
        Ok(())
    }

    /// A pipe end left in a slot would keep its reader from ever seeing the end.
    fn clear_slots(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            let cleared = nix::unistd::dup3(self.reports.for_children(), slot, OFlag::O_CLOEXEC);
            debug_assert_eq!(cleared, Ok(()), "both are open, and no number is needed (dup(2))");
        }
    }

    /// Where the child finds what it is to get: the first in the slots; those beyond, which few have, as they are.
    fn placements(&self, descriptors: &[(BorrowedFd<'_>, RawFd)]) -> Vec<Placement> {
        let slots = self.slots.iter().flatten();
        let slots = slots.map(|slot| Some(slot.as_raw_fd())).chain(std::iter::repeat(None));
        let placed = descriptors.iter().zip(slots);
        placed
            .map(|((fd, number), slot)| Placement { source: slot.unwrap_or(fd.as_raw_fd()), number: *number })
            .collect()
    }

    fn start(&mut self, plan: &SpawnPlan<'_>) -> io::Result<Child> {
        let refusal;
        let (credentials, refusal) = match plan.credentials.map(Credentials::privilege_to_assume) {
            Some(Privilege::Already) if plan.attributes.sets_groups => (plan.credentials, plan.refusal),
            None | Some(Privilege::Already) => (None, plan.refusal),
            Some(Privilege::Root) => (plan.credentials, plan.refusal),
            Some(Privilege::Lacking(reason)) => {
                refusal = format!("couldn't setuid to {}: {reason}", plan.credentials.map_or(0, |it| it.uid));
                (None, plan.refusal.or(Some(&refusal)))
            }
        };
        let argv = null_terminated(plan.argv);
        let placements = self.placements(plan.descriptors);
        let report = self.reports.for_children().as_raw_fd();
        let needed = placements.iter().map(|placement| placement.source).chain([report]);
        let copy_below = needed.fold(0, |above, fd| above.max(fd.unsigned_abs() + 1));
        let outcome = Outcome::default();
        let mut child_plan = ChildPlan {
            executable: plan.executable,
            argv: &argv,
            argv0: plan.argv.first().map_or(b"", |word| word.to_bytes()),
            envp: plan.envp.pointers(),
            directory: plan.directory,
            attributes: &plan.attributes,
            daemon: nix::unistd::getpid().as_raw(),
            credentials,
            refusal,
            descriptors: &placements,
            table: DescriptorTable::Shared { copy_below },
            memory: Memory::Copied,
            dispositions: &self.dispositions,
            descriptor_limit: self.descriptor_limit.as_ref(),
            report,
        };
        // Until the child has set its own dispositions; and so that a stop signal sent to it early waits for them.
        let _blocked = SignalsBlocked::all()?;
        if self.shared_table == SharedTable::Allowed {
            let attempt = match plan.method {
                // Nobody else may touch what shares our memory.
                SpawnMethod::SharedMemory if credentials.is_none() => {
                    child_plan.memory = Memory::Shared(&outcome);
                    child_on_our_memory(&child_plan, &outcome, &self.stack, self.pidfds)?
                }
                SpawnMethod::SharedMemory | SpawnMethod::CopiedMemory => {
                    child_on_a_copy(&child_plan, &mut self.reports, self.pidfds)?
                }
                SpawnMethod::Fork => Attempt::NotMade,
            };
            match attempt {
                Attempt::Started(child) => return Ok(child),
                Attempt::Refused => self.shared_table = SharedTable::Refused,
                Attempt::NotMade => {}
            }
        }
        child_plan.memory = Memory::Copied;
        child_plan.table = DescriptorTable::Copied;
        forked_child(&child_plan, self.pidfds)
    }
}

/// What a child could not be given.
fn check_descriptors(descriptors: &[(BorrowedFd<'_>, RawFd)]) -> io::Result<()> {
    let refused = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    if descriptors.len() > CHILD_DESCRIPTORS {
        return refused("too many descriptors for one program");
    }
    for (place, (_, number)) in descriptors.iter().enumerate() {
        if *number < 0 || descriptors.iter().take(place).any(|(_, other)| other == number) {
            return refused("a descriptor's number is negative, or that of another");
        }
    }
    Ok(())
}
