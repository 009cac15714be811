//! Raising what the daemon, and with it each program, may use (contract/processes.md §9.4; quirks.md F31).

use std::fmt;

use nix::sys::resource::{RLIM_INFINITY, getrlimit, rlim_t, setrlimit};

use crate::errno::errno_name;

/// A limit that can be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `minfds`: descriptors of a process.
    NoFile,
    /// `minprocs`: processes of a user.
    NProc,
}

/// What raising a limit has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It was high enough.
    Unchanged,
    /// It is this now; its text is for the main log.
    To {
        /// Which one.
        resource: Resource,
        /// The new soft limit.
        limit: i64,
    },
    /// It is as it was, which nobody may know: a filter refuses the question. Its text is for the main log.
    Unknown {
        /// Which one.
        resource: Resource,
        /// Why it cannot be read.
        errno: i32,
    },
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => Ok(()),
            Self::To { resource, limit } => write!(f, "Increased {} limit to {limit}", resource.name()),
            Self::Unknown { resource, errno } => {
                let (name, option, errno) = (resource.name(), resource.option(), errno_name(*errno));
                write!(
                    f,
                    "{name} cannot be read ({errno}: a filter refuses prlimit64(2)); {option} is not held against it"
                )
            }
        }
    }
}

/// A limit that could not be raised; its text is the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitError {
    /// Which one.
    pub resource: Resource,
    /// What it should have become.
    pub minimum: i64,
    /// The hard limit as it is; `None`: unlimited.
    pub hard: Option<u64>,
}

impl std::error::Error for LimitError {}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, minimum, hard } = self;
        // As Python prints RLIM_INFINITY.
        let hard = hard.map_or_else(|| "-1".to_owned(), |hard| hard.to_string());
        match resource {
            Resource::NoFile => write!(
                f,
                "The minimum number of file descriptors required to run this process is {minimum} as per the \
                 \"minfds\" command-line argument or config file setting. The current environment will only allow \
                 you to open {hard} file descriptors.  Either raise the number of usable file descriptors in your \
                 environment (see README.rst) or lower the minfds setting in the config file to allow the process \
                 to start."
            ),
            Resource::NProc => write!(
                f,
                "The minimum number of available processes required to run this program is {minimum} as per the \
                 \"minprocs\" command-line argument or config file setting. The current environment will only allow \
                 you to open {hard} processes.  Either raise the number of usable processes in your environment \
                 (see README.rst) or lower the minprocs setting in the config file to allow the program to start."
            ),
        }
    }
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::NoFile => "RLIMIT_NOFILE",
            Self::NProc => "RLIMIT_NPROC",
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::NoFile => "minfds",
            Self::NProc => "minprocs",
        }
    }

    fn kernel(self) -> nix::sys::resource::Resource {
        match self {
            Self::NoFile => nix::sys::resource::Resource::RLIMIT_NOFILE,
            Self::NProc => nix::sys::resource::Resource::RLIMIT_NPROC,
        }
    }
}

/// Raises the soft limit to `minimum` if it is lower, and the hard limit with it where that is needed and allowed.
pub fn raise(resource: Resource, minimum: i64) -> Result<Raised, LimitError> {
    let (soft, hard) = match getrlimit(resource.kernel()) {
        Ok(limits) => limits,
        Err(error) => return Ok(Raised::Unknown { resource, errno: error as i32 }),
    };
    let Some(wanted) = rlim_t::try_from(minimum).ok().filter(|wanted| soft != RLIM_INFINITY && soft < *wanted) else {
        return Ok(Raised::Unchanged);
    };
    // RLIM_INFINITY is the largest number there is.
    match setrlimit(resource.kernel(), wanted, hard.max(wanted)) {
        Ok(()) => Ok(Raised::To { resource, limit: minimum }),
        Err(_) => Err(LimitError { resource, minimum, hard: (hard != RLIM_INFINITY).then_some(hard) }),
    }
}

/// RLIMIT_NOFILE as programs are to have it, where the daemon has another one.
#[derive(Clone, Copy, Debug)]
pub struct DescriptorLimit(pub(crate) libc::rlimit);

/// Raises the soft limit of descriptors to the hard one, but not above `most`; for the daemon alone. What it was before
/// is what programs are to get; `None`: nothing has changed.
///
/// It is low for the sake of programs that use select(2), which supervisord does not.
pub fn use_all_descriptors(most: u64) -> Option<DescriptorLimit> {
    let resource = Resource::NoFile.kernel();
    let (soft, hard) = getrlimit(resource).ok()?;
    let wanted = hard.min(most);
    (soft < wanted && setrlimit(resource, wanted, hard).is_ok())
        .then_some(DescriptorLimit(libc::rlimit { rlim_cur: soft, rlim_max: hard }))
}

/// How many descriptors this process may have open: the soft limit.
pub fn descriptors_allowed() -> u64 {
    getrlimit(Resource::NoFile.kernel()).map_or(u64::MAX, |(soft, _)| soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_high_enough_is_left() {
        assert_eq!(raise(Resource::NoFile, 3), Ok(Raised::Unchanged));
        assert_eq!(raise(Resource::NProc, 0), Ok(Raised::Unchanged));
        assert_eq!(raise(Resource::NoFile, -1), Ok(Raised::Unchanged));
    }

    #[test]
    fn texts_name_the_real_limit() {
        let error = LimitError { resource: Resource::NoFile, minimum: 5000, hard: Some(1024) };
        let text = error.to_string();
        assert!(text.contains("this process is 5000 as per"), "{text}");
        assert!(text.contains("to open 1024 file descriptors.  Either"), "{text}");
        let error = LimitError { resource: Resource::NProc, minimum: 9, hard: Some(8) };
        let text = error.to_string();
        assert!(text.contains("run this program is 9 as per the \"minprocs\""), "{text}");
        assert!(text.ends_with("allow the program to start."), "{text}");
        let raised = Raised::To { resource: Resource::NoFile, limit: 1024 };
        assert_eq!(raised.to_string(), "Increased RLIMIT_NOFILE limit to 1024");
    }
}
