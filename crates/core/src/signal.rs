//! Signals by number and by name, as Linux numbers them and as Python's `signal` module names them
//! (contract/config.md §4 «signal»; quirks.md F49: only real signals).

/// A signal that can be sent: 1–31, 34 (`SIGRTMIN`) or 64 (`SIGRTMAX`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// Number and name; for a number with several names the one that is printed comes last.
const NAMES: [(u8, &str); 36] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGIOT"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (16, "SIGSTKFLT"),
    (17, "SIGCLD"),
    (17, "SIGCHLD"),
    (18, "SIGCONT"),
    (19, "SIGSTOP"),
    (20, "SIGTSTP"),
    (21, "SIGTTIN"),
    (22, "SIGTTOU"),
    (23, "SIGURG"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (26, "SIGVTALRM"),
    (27, "SIGPROF"),
    (28, "SIGWINCH"),
    (29, "SIGIO"),
    (29, "SIGPOLL"),
    (30, "SIGPWR"),
    (31, "SIGSYS"),
    (34, "SIGRTMIN"),
    (64, "SIGRTMAX"),
];

impl Signal {
    /// SIGKILL.
    pub const KILL: Self = Self(9);
    /// SIGTERM, the default `stopsignal`.
    pub const TERM: Self = Self(15);

    /// Every signal, by its number.
    pub fn all() -> impl Iterator<Item = Self> {
        let first_names = NAMES.iter().enumerate().filter(|(index, (number, _))| {
            index.checked_sub(1).and_then(|before| NAMES.get(before)).is_none_or(|(before, _)| before != number)
        });
        first_names.map(|(_, (number, _))| Self(*number))
    }

    /// The signal with this number, if it is one that has a name.
    pub fn from_number(number: i64) -> Option<Self> {
        NAMES.iter().map(|(known, _)| *known).find(|known| i64::from(*known) == number).map(Self)
    }

    /// The signal that a user means: a number, or a name in any case with or without `SIG`; blanks around it
    /// do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_number(number);
        }
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        NAMES.iter().find(|(_, name)| name.strip_prefix("SIG") == Some(bare)).map(|(number, _)| Self(*number))
    }

    /// The number that the kernel knows.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// The name with its `SIG`.
    pub fn name(self) -> &'static str {
        signal_name(self.number()).expect("a Signal is made from the table of names")
    }
}

/// The name printed for a signal number, `None` for one without a name (such as 35).
pub fn signal_name(number: i32) -> Option<&'static str> {
    NAMES.iter().rev().find(|(known, _)| i32::from(*known) == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_form_mean_the_same_signal() {
        for text in ["TERM", "term", "SIGTERM", "sigterm", " Term ", "15"] {
            assert_eq!(Signal::parse(text), Some(Signal::TERM), "{text:?}");
        }
        assert_eq!(Signal::parse("CLD").map(Signal::name), Some("SIGCHLD"));
        assert_eq!(Signal::parse("RTMIN").map(Signal::number), Some(34));
    }

    #[test]
    fn all_are_named_once() {
        let names: Vec<&str> = Signal::all().map(Signal::name).collect();
        assert_eq!(names.len(), 33);
        assert!(names.starts_with(&["SIGHUP", "SIGINT"]) && names.ends_with(&["SIGRTMIN", "SIGRTMAX"]));
        assert!(names.contains(&"SIGABRT") && !names.contains(&"SIGIOT"));
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in ["0", "-1", "33", "65", "999", "", "SIG", "NOSUCH", "_DFL", "SIG_IGN", "1.0"] {
            assert_eq!(Signal::parse(text), None, "{text:?}");
        }
    }
}
