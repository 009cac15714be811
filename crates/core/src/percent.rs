//! A share of something, as options say it: `20%`.

use std::time::Duration;

/// Nothing to all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percent {
    /// 0 to [`ALL`].
    millionths: u32,
}

/// All of it, in millionths.
const ALL: u32 = 1_000_000;

impl Percent {
    /// `None`: more than all.
    pub fn from_millionths(millionths: u32) -> Option<Self> {
        (millionths <= ALL).then_some(Self { millionths })
    }

    /// How many millionths it is.
    pub fn millionths(self) -> u32 {
        self.millionths
    }

    /// So much of a duration, to the nanosecond below.
    pub(crate) fn of(self, duration: Duration) -> Duration {
        let nanoseconds = duration.as_nanos() * u128::from(self.millionths) / u128::from(ALL);
        u64::try_from(nanoseconds).map_or(Duration::MAX, Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_duration() {
        let share = |millionths| Percent::from_millionths(millionths).map(|share| share.of(Duration::from_secs(10)));
        assert_eq!(share(0), Some(Duration::ZERO));
        assert_eq!(share(5_000), Some(Duration::from_millis(50)));
        assert_eq!(share(ALL), Some(Duration::from_secs(10)));
        assert_eq!(share(ALL + 1), None);
        assert_eq!(Percent { millionths: ALL }.of(Duration::MAX), Duration::MAX);
    }
}
