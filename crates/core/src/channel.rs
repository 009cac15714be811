//! The two outputs of a child.

/// An output channel of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// fd 1
    Stdout,
    /// fd 2
    Stderr,
}

impl Channel {
    /// Both, stdout first.
    pub const BOTH: [Self; 2] = [Self::Stdout, Self::Stderr];

    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}
