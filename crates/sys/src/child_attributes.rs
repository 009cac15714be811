//! What a child sets of itself before it is its program: plain values, the same for who asks for them and for it
//! (programs.md §11.1).
//!
//! Each setting brings the words that tell of its failure, made by the parent: the child allocates nothing.
//! Not here: who it is (`credentials.rs`), where it starts and what it finds open (`spawn.rs`).
#![expect(unsafe_code, reason = "system calls in a process that must not allocate")]

use std::ffi::{c_int, c_long, c_ulong};

use nix::errno::Errno;
use supervisor_core::{Capabilities, CpuRange, IoPriority, Limit, Resource, Scheduler, Signal};

/// Attributes of a child; what is not set is the daemon's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildAttributes {
    /// Its file mode creation mask.
    pub umask: Option<u32>,
    /// What it sets while it may do what the daemon may, in this order.
    pub settings: Vec<ChildSetting>,
    /// Its bounding set, and why that could not be set.
    pub bounding: Option<(Capabilities, String)>,
    /// What it keeps over the change of its user, and why that could not be kept.
    pub ambient: Option<(Capabilities, String)>,
    /// Its groups are to be set though it stays who the daemon is.
    pub sets_groups: bool,
    /// It leads a session of its own, not only a process group.
    pub new_session: bool,
    /// Sent to it when the thread that makes it is no more.
    pub pdeathsig: Option<Signal>,
    /// Neither it nor its children gain privileges by an exec.
    pub no_new_privs: bool,
}

/// Something that is set, and the words for it: `nice to -5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSetting {
    /// What is set.
    pub what: Setting,
    /// As they follow on «couldn't set ».
    pub words: String,
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The text for `/proc/self/oom_score_adj`.
    OomScore(String),
    /// A limit.
    Limit(Resource, Limit),
    /// The nice value.
    Nice(i32),
    /// How its reads and writes are ordered.
    IoPriority(IoPriority),
    /// How it is given processors.
    Scheduler(Scheduler),
    /// The processors that it may run on.
    Cpus(CpuSet),
}

/// A set of processors, as sched_setaffinity(2) takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuSet(Vec<c_ulong>);

impl CpuSet {
    /// All processors of these ranges.
    pub fn new(ranges: &[CpuRange]) -> Self {
        let bits = usize::try_from(c_ulong::BITS).unwrap_or(32);
        let highest = ranges.iter().map(|range| usize::from(range.last)).max().unwrap_or(0);
        let mut words = vec![0; highest / bits + 1];
        for cpu in ranges.iter().flat_map(|range| usize::from(range.first)..=usize::from(range.last)) {
            if let Some(word) = words.get_mut(cpu / bits) {
                *word |= 1 << (cpu % bits);
            }
        }
        Self(words)
    }
}

/// What could not be set, in words, with the number of the error.
pub(crate) type NotSet<'a> = (&'a str, i32);

impl ChildAttributes {
    /// In the child, while it may still do what the daemon may.
    pub(crate) fn apply_privileged(&self) -> Result<(), NotSet<'_>> {
        for ChildSetting { what, words } in &self.settings {
            what.apply().map_err(|errno| (words.as_str(), errno))?;
        }
        if let Some((stays, words)) = &self.bounding {
            bound(*stays).map_err(|errno| (words.as_str(), errno))?;
        }
        if let Some((_, words)) = &self.ambient {
            // SAFETY: prctl(2) with PR_SET_KEEPCAPS takes a number.
            check(unsafe { libc::prctl(libc::PR_SET_KEEPCAPS, 1 as c_ulong) })
                .map_err(|errno| (words.as_str(), errno))?;
        }
        Ok(())
    }

    /// In the child, when it is the user that it is to be; `is_other`: that was a change.
    pub(crate) fn apply_as_user(&self, is_other: bool) -> Result<(), NotSet<'_>> {
        if let Some((kept, words)) = &self.ambient {
            keep(*kept, is_other).map_err(|errno| (words.as_str(), errno))?;
        }
        Ok(())
    }

    /// In the child, when it stands in its directory.
    pub(crate) fn apply_last(&self) -> Result<(), NotSet<'_>> {
        if let Some(umask) = self.umask {
            // SAFETY: umask(2) takes any value and cannot fail.
            unsafe { libc::umask(umask) };
        }
        if self.no_new_privs {
            let (yes, unused) = (1 as c_ulong, 0 as c_ulong);
            // SAFETY: prctl(2) with PR_SET_NO_NEW_PRIVS takes numbers.
            let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, unused, unused, unused) };
            check(result).map_err(|errno| ("no_new_privs", errno))?;
        }
        Ok(())
    }
}

impl Setting {
    fn apply(&self) -> Result<(), i32> {
        match self {
            Self::OomScore(text) => write_oom_score(text.as_bytes()),
            Self::Limit(resource, limit) => set_limit(*resource, *limit),
            Self::Nice(value) => {
                // SAFETY: setpriority(2) takes numbers.
                check_long(unsafe { libc::syscall(libc::SYS_setpriority, 0, 0, *value) })
            }
            Self::IoPriority(priority) => {
                let process = 1;
                // SAFETY: ioprio_set(2) takes numbers.
                check_long(unsafe { libc::syscall(libc::SYS_ioprio_set, process, 0, io_priority_number(*priority)) })
            }
            Self::Scheduler(scheduler) => {
                let (policy, priority) = policy(*scheduler);
                // SAFETY: sched_setscheduler(2) reads one int, the priority.
                check_long(unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) })
            }
            Self::Cpus(CpuSet(words)) => {
                let bytes = size_of_val(words.as_slice());
                // SAFETY: sched_setaffinity(2) reads that many bytes.
                check_long(unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, bytes, words.as_ptr()) })
            }
        }
    }
}

fn write_oom_score(text: &[u8]) -> Result<(), i32> {
    // SAFETY: open(2) reads a string that ends with a zero byte.
    let fd = unsafe { libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    check(fd)?;
    // SAFETY: write(2) reads that many bytes of the text.
    let written = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
    let outcome = if written == -1 { Err(Errno::last_raw()) } else { Ok(()) };
    // SAFETY: close(2) of the descriptor that was just opened here.
    unsafe { libc::close(fd) };
    outcome
}

fn set_limit(resource: Resource, limit: Limit) -> Result<(), i32> {
    let number = |limit: Option<u64>| limit.map_or(libc::RLIM64_INFINITY, |limit| limit);
    let resource = kernel_resource(resource);
    let mut now = libc::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: prlimit64(2) with no new limit writes the old one.
    let result = unsafe { libc::syscall(libc::SYS_prlimit64, 0, resource, 0 as c_long, &raw mut now) };
    check_long(result)?;
    let soft = number(limit.soft);
    let hard = limit.hard.map_or(now.rlim_max.max(soft), number);
    let wanted = libc::rlimit64 { rlim_cur: soft, rlim_max: hard };
    // SAFETY: prlimit64(2) reads the new limit, and writes no old one.
    check_long(unsafe { libc::syscall(libc::SYS_prlimit64, 0, resource, &raw const wanted, 0 as c_long) })
}

/// The numbers of setrlimit(2) as most machines have them (asm-generic/resource.h); MIPS and SPARC differ.
fn kernel_resource(resource: Resource) -> c_int {
    match resource {
        Resource::Cpu => 0,
        Resource::Fsize => 1,
        Resource::Data => 2,
        Resource::Stack => 3,
        Resource::Core => 4,
        Resource::Rss => 5,
        Resource::Nproc => 6,
        Resource::Nofile => 7,
        Resource::Memlock => 8,
        Resource::As => 9,
        Resource::Sigpending => 11,
        Resource::Msgqueue => 12,
        Resource::Nice => 13,
        Resource::Rtprio => 14,
        Resource::Rttime => 15,
    }
}

/// Class and level in one number (ioprio_set(2)).
fn io_priority_number(priority: IoPriority) -> c_int {
    let (class, level) = match priority {
        IoPriority::None => (0, 0),
        IoPriority::Realtime(level) => (1, level),
        IoPriority::BestEffort(level) => (2, level),
        IoPriority::Idle => (3, 0),
    };
    class << 13 | c_int::from(level)
}

/// The policy and its priority (sched(7)).
fn policy(scheduler: Scheduler) -> (c_int, c_int) {
    match scheduler {
        Scheduler::Other => (libc::SCHED_OTHER, 0),
        Scheduler::Batch => (libc::SCHED_BATCH, 0),
        Scheduler::Idle => (libc::SCHED_IDLE, 0),
        Scheduler::Fifo(priority) => (libc::SCHED_FIFO, c_int::from(priority)),
        Scheduler::RoundRobin(priority) => (libc::SCHED_RR, c_int::from(priority)),
    }
}

/// Takes all others out of the bounding set, as many as the kernel knows.
fn bound(stays: Capabilities) -> Result<(), i32> {
    for number in 0..u64::BITS {
        let number = c_ulong::from(number);
        // SAFETY: prctl(2) with PR_CAPBSET_READ takes a number.
        match unsafe { libc::prctl(libc::PR_CAPBSET_READ, number) } {
            // Not known, and so is none above it.
            -1 => return Ok(()),
            1 if stays.0 >> number & 1 == 0 => {
                // SAFETY: prctl(2) with PR_CAPBSET_DROP takes a number.
                check(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number) })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The header and data of capset(2), version 3.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilityWord {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

/// Has these, and as another user no others, and passes them on.
fn keep(kept: Capabilities, is_other: bool) -> Result<(), i32> {
    let mut header = CapabilityHeader { version: CAPABILITY_VERSION_3, pid: 0 };
    let mut words = [CapabilityWord::default(); 2];
    // SAFETY: capget(2) reads the header and writes two words of data.
    check_long(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, words.as_mut_ptr()) })?;
    let [low, high] = &mut words;
    for (word, bits) in [(low, kept.0 & 0xffff_ffff), (high, kept.0 >> 32)] {
        let bits = u32::try_from(bits).unwrap_or_default();
        word.inheritable |= bits;
        if is_other {
            *word = CapabilityWord { effective: bits, permitted: bits, inheritable: bits };
        }
    }
    // SAFETY: capset(2) reads the header and two words of data.
    check_long(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, words.as_ptr()) })?;
    for number in (0..u64::BITS).filter(|number| kept.0 >> number & 1 == 1) {
        let (raise, number, unused) = (libc::PR_CAP_AMBIENT_RAISE as c_ulong, c_ulong::from(number), 0 as c_ulong);
        // SAFETY: prctl(2) with PR_CAP_AMBIENT takes numbers.
        check(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, raise, number, unused, unused) })?;
    }
    Ok(())
}

fn check(result: c_int) -> Result<(), i32> {
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}

fn check_long(result: c_long) -> Result<(), i32> {
    if result == -1 { Err(Errno::last_raw()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_processors_has_a_bit_for_each() {
        let set = CpuSet::new(&[CpuRange { first: 0, last: 2 }, CpuRange { first: 70, last: 70 }]);
        let bits = c_ulong::BITS as usize;
        let is_set = |cpu: usize| set.0[cpu / bits] >> (cpu % bits) & 1 == 1;
        let numbers: Vec<usize> = (0..set.0.len() * bits).filter(|cpu| is_set(*cpu)).collect();
        assert_eq!(numbers, [0, 1, 2, 70]);
    }
}
