//! Levels of the main log (contract/processes.md §10).

/// Severity of a main-log line, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// `CRIT`
    Critical,
    /// `ERRO`
    Error,
    /// `WARN`
    Warn,
    /// `INFO`
    Info,
    /// `DEBG`
    Debug,
    /// `TRAC`
    Trace,
    /// `BLAT`
    Blather,
}

impl LogLevel {
    /// Every level, most severe first.
    pub const ALL: [Self; 7] =
        [Self::Critical, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace, Self::Blather];

    /// The four letters that stand in a main-log line.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Error => "ERRO",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBG",
            Self::Trace => "TRAC",
            Self::Blather => "BLAT",
        }
    }

    /// The number that it has in Supervisor (supervisor.loggers).
    pub fn number(self) -> i64 {
        match self {
            Self::Critical => 50,
            Self::Error => 40,
            Self::Warn => 30,
            Self::Info => 20,
            Self::Debug => 10,
            Self::Trace => 5,
            Self::Blather => 3,
        }
    }

    /// The word that `loglevel=` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Blather => "blather",
        }
    }

    /// The level with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}
