//! How many requests there were, by what they asked for and how they were answered; and why some were refused.
//!
//! For `/metrics`. Counted on the control thread alone, hence `Cell`s.

use std::cell::Cell;

use hyper::StatusCode;

/// What requests ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Rpc,
    Api,
    /// The pages of today, their forms, style and scripts.
    Web,
    /// The pages of Supervisor 4.3, their style and pictures.
    Classic,
    /// A log that is followed.
    Log,
    Metrics,
    Health,
    /// Nothing that is there.
    Nothing,
}

/// Why a request is refused before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No credentials, or wrong ones, or unreadable ones.
    Auth,
    /// A browser calls us by a name that is not ours.
    Host,
    /// Another site has the browser ask.
    CrossSite,
    /// Too many wait to be judged.
    Limit,
    /// The server answers its own machine alone.
    OtherMachine,
}

/// Their numbers since the control plane began.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    answers: [[Cell<u64>; CLASSES]; Door::ALL.len()],
    refusals: [Cell<u64>; Refusal::ALL.len()],
}

/// `2xx` to `5xx`
const CLASSES: usize = 4;

impl Door {
    pub(super) const ALL: [Self; 8] =
        [Self::Rpc, Self::Api, Self::Web, Self::Classic, Self::Log, Self::Metrics, Self::Health, Self::Nothing];

    /// As metrics call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Api => "api",
            Self::Web => "web",
            Self::Classic => "classic",
            Self::Log => "log",
            Self::Metrics => "metrics",
            Self::Health => "health",
            Self::Nothing => "nothing",
        }
    }
}

impl Refusal {
    pub(super) const ALL: [Self; 5] = [Self::Auth, Self::Host, Self::CrossSite, Self::Limit, Self::OtherMachine];

    /// As metrics call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Host => "host",
            Self::CrossSite => "cross_site",
            Self::Limit => "limit",
            Self::OtherMachine => "other_machine",
        }
    }
}

impl Traffic {
    /// A request was answered.
    pub(super) fn answered(&self, door: Door, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        if let Some(count) = self.answers.get(door as usize).and_then(|classes| classes.get(class)) {
            count.set(count.get() + 1);
        }
    }

    /// A request was refused.
    pub(super) fn refused(&self, why: Refusal) {
        if let Some(count) = self.refusals.get(why as usize) {
            count.set(count.get() + 1);
        }
    }

    /// Each number of answers, with its door and the class of its statuses.
    pub(super) fn answers(&self) -> impl Iterator<Item = (Door, &'static str, u64)> {
        Door::ALL.into_iter().zip(&self.answers).flat_map(|(door, classes)| {
            ["2xx", "3xx", "4xx", "5xx"].into_iter().zip(classes).map(move |(class, count)| (door, class, count.get()))
        })
    }

    /// Each number of refusals.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (Refusal, u64)> {
        Refusal::ALL.into_iter().zip(&self.refusals).map(|(why, count)| (why, count.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_in_its_place() {
        let traffic = Traffic::default();
        for (number, door) in Door::ALL.into_iter().enumerate() {
            assert_eq!(door as usize, number);
            traffic.answered(door, StatusCode::NOT_FOUND);
        }
        for (number, why) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, number);
            traffic.refused(why);
        }
        traffic.answered(Door::Rpc, StatusCode::OK);
        assert!(
            traffic.answers().all(|(door, class, count)| {
                count == u64::from(class == "4xx" || door == Door::Rpc && class == "2xx")
            })
        );
        assert!(traffic.refusals().all(|(_, count)| count == 1));
    }
}
