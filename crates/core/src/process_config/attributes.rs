//! What a child sets of itself before it is its program: limits, priorities, privileges (programs.md §11.1). Unset,
//! each is supervisord's.

use crate::signal::Signal;

/// See above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributesConfig {
    /// Each resource at most once.
    pub limits: Box<[ResourceLimit]>,
    /// -20 to 19.
    pub nice: Option<i32>,
    /// How its reads and writes are ordered among others.
    pub ioprio: Option<IoPriority>,
    /// How it is given processors.
    pub sched: Option<Scheduler>,
    /// The processors that it may run on.
    pub cpu_affinity: Option<Box<[CpuRange]>>,
    /// -1000 to 1000.
    pub oom_score_adj: Option<i32>,
    /// Neither it nor its children ever gain privileges by an exec.
    pub no_new_privs: bool,
    /// What stays of the bounding set.
    pub capability_bounding: Option<Capabilities>,
    /// What it keeps over the change of its user, and passes on.
    pub ambient_capabilities: Capabilities,
    /// It leads a session of its own.
    pub new_session: bool,
    /// Sent to it by the kernel when supervisord is no more.
    pub pdeathsig: Option<Signal>,
}

/// A limit of setrlimit(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// What is limited.
    pub resource: Resource,
    /// How far.
    pub limit: Limit,
}

/// How far something is limited. `None` in either place is «unlimited».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What counts.
    pub soft: Option<u64>,
    /// How far the program may raise it. Not given: as it was, or as the soft one if that is higher.
    pub hard: Option<Option<u64>>,
}

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of setrlimit(2)")]
pub enum Resource {
    Core,
    Cpu,
    Data,
    Fsize,
    Memlock,
    Msgqueue,
    Nice,
    Nofile,
    Nproc,
    Rss,
    Rtprio,
    Rttime,
    Sigpending,
    Stack,
    As,
}

impl Resource {
    /// Each with the option that limits it.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Core, "rlimit_core"),
        (Self::Cpu, "rlimit_cpu"),
        (Self::Data, "rlimit_data"),
        (Self::Fsize, "rlimit_fsize"),
        (Self::Memlock, "rlimit_memlock"),
        (Self::Msgqueue, "rlimit_msgqueue"),
        (Self::Nice, "rlimit_nice"),
        (Self::Nofile, "rlimit_nofile"),
        (Self::Nproc, "rlimit_nproc"),
        (Self::Rss, "rlimit_rss"),
        (Self::Rtprio, "rlimit_rtprio"),
        (Self::Rttime, "rlimit_rttime"),
        (Self::Sigpending, "rlimit_sigpending"),
        (Self::Stack, "rlimit_stack"),
        (Self::As, "rlimit_as"),
    ];

    /// The option that limits it.
    pub fn option(self) -> &'static str {
        Self::ALL.into_iter().find(|(resource, _)| *resource == self).map_or("", |(_, option)| option)
    }
}

/// Classes of ioprio_set(2), with levels 0 (first) to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of ioprio_set(2)")]
pub enum IoPriority {
    None,
    Idle,
    BestEffort(u8),
    Realtime(u8),
}

/// Policies of sched(7), the real-time ones with priorities 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of sched(7)")]
pub enum Scheduler {
    Other,
    Batch,
    Idle,
    Fifo(u8),
    RoundRobin(u8),
}

/// Processors from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuRange {
    /// The first.
    pub first: u16,
    /// The last, not below the first.
    pub last: u16,
}

/// A set of capabilities: bit N is capability N (capabilities(7)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

/// By their numbers, without `CAP_`.
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

impl Capabilities {
    /// The set with the one of this name, in any case, with or without `CAP_`.
    pub fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        CAPABILITIES.iter().position(|known| *known == bare).map(|number| Self(1 << number))
    }

    /// What is in either.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_have_the_numbers_of_the_kernel() {
        for (name, number) in [("CAP_CHOWN", 0), ("net_bind_service", 10), ("CAP_SYS_ADMIN", 21), ("Cap_BPF", 39)] {
            assert_eq!(Capabilities::named(name), Some(Capabilities(1 << number)), "{name}");
        }
        assert_eq!(Capabilities::named("CAP_NOSUCH"), None);
        assert_eq!(Resource::As.option(), "rlimit_as");
    }
}
