//! How a program is tried again: pauses and limits that do not go together (programs.md §4.4).

use std::time::Duration;

use supervisor_core::{BackoffShape, ProcessConfig, RestartConfig, limits};

use super::processes::Found;

pub(super) fn look_at(process: &ProcessConfig) -> Vec<Found> {
    let restart = &process.restart;
    let mut found = Vec::new();
    if restart.backoff.shape == Some(BackoffShape::Exponential) && restart.backoff.max == Some(Duration::ZERO) {
        let message = "pauses that double without a bound: the 20th takes six days";
        let hint = "leave backoff_max out, which means 60 seconds, or set a bound";
        found.push(Found::new("backoff_max", message).hint(hint));
    }
    if !restart.fatal_retry.is_zero() && restart.startretries == -1 && restart.limit.count == 0 {
        let message = "fatal_retry_secs has no effect, since with startretries=-1 it is never FATAL";
        found.push(Found::new("fatal_retry_secs", message).hint("leave one of them out"));
    }
    found.extend(a_limit_that_is_never_reached(process));
    found
}

/// A number of starts that the pauses between them keep from ever being reached within their interval.
fn a_limit_that_is_never_reached(process: &ProcessConfig) -> Option<Found> {
    let restart = &process.restart;
    let count = restart.limit.count;
    let pauses = sum_of_pauses(restart, count);
    if count == 0 || pauses < restart.limit.interval {
        return None;
    }
    let message = format!(
        "{}: {count} restarts within {} seconds cannot happen, since the pauses alone take {} seconds",
        process.name,
        restart.limit.interval.as_secs_f64(),
        pauses.as_secs_f64()
    );
    let hint = "lower restart_limit_count or raise restart_limit_interval";
    Some(Found::new("restart_limit_count", message).hint(hint))
}

/// The shortest time that so many starts by themselves take: retries, or restarts after an end, whichever is faster.
fn sum_of_pauses(restart: &RestartConfig, count: u32) -> Duration {
    let sum = |pause: &dyn Fn(u64) -> Duration| {
        (1..=u64::from(count)).fold(Duration::ZERO, |sum, failures| sum.saturating_add(pause(failures)))
    };
    let retries = sum(&|failures| restart.backoff.pause(failures));
    let restarts = sum(&|failures| match (restart.delay, restart.backoff.shape) {
        (None, None) => limits::STORM_GUARD,
        (delay, None) => delay.unwrap_or_default(),
        (delay, Some(_)) => restart.backoff.pause(failures).max(delay.unwrap_or_default()),
    });
    retries.min(restarts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl FnOnce(&mut RestartConfig)) -> Vec<(&'static str, String)> {
        let mut process = ProcessConfig::new("web", "web");
        change(&mut process.restart);
        look_at(&process).into_iter().map(|found| (found.option, found.message)).collect()
    }

    #[test]
    fn limits_that_the_pauses_keep_from_being_reached() {
        let limited = |count, backoff, delay: Option<u64>| {
            told(|it| {
                it.limit.count = count;
                it.backoff.shape = backoff;
                it.backoff.delay = Duration::from_secs(5);
                it.delay = delay.map(Duration::from_secs);
            })
        };
        let never = |count, pauses| {
            let text = format!(
                "web: {count} restarts within 60 seconds cannot happen, since the pauses alone take {pauses} seconds"
            );
            vec![("restart_limit_count", text)]
        };
        assert_eq!(limited(5, Some(BackoffShape::Linear), None), never(5, 75));
        assert_eq!(limited(4, Some(BackoffShape::Linear), None), []);
        assert_eq!(limited(12, Some(BackoffShape::Fixed), None), never(12, 60));
        assert_eq!(limited(11, Some(BackoffShape::Fixed), None), []);
        // The guard lets one start a second come.
        assert_eq!(limited(60, None, None), never(60, 60));
        assert_eq!(limited(59, None, None), []);
        // Retries wait longer than restarts, or the other way round: the faster way is looked at.
        assert_eq!(limited(4, None, Some(30)), []);
        assert_eq!(limited(5, None, Some(30)), never(5, 75));
        assert_eq!(limited(1_000, None, Some(0)), []);
        assert_eq!(limited(0, None, Some(3_600)), []);
    }

    #[test]
    fn pauses_without_a_bound_and_retries_that_never_come() {
        let unbounded = |shape| {
            let found = told(|it| (it.backoff.shape, it.backoff.max) = (Some(shape), Some(Duration::ZERO)));
            found.iter().map(|(option, _)| *option).collect::<Vec<_>>()
        };
        assert_eq!(unbounded(BackoffShape::Exponential), ["backoff_max"]);
        assert_eq!(unbounded(BackoffShape::Linear), [""; 0]);
        assert_eq!(told(|it| it.backoff.shape = Some(BackoffShape::Exponential)), []);
        let retried = |startretries, count| {
            let found = told(|it| {
                (it.startretries, it.limit.count, it.fatal_retry) = (startretries, count, Duration::from_mins(10));
            });
            found.iter().map(|(option, _)| *option).collect::<Vec<_>>()
        };
        assert_eq!(retried(-1, 0), ["fatal_retry_secs"]);
        assert_eq!(retried(-1, 5), [""; 0]);
        assert_eq!(retried(3, 0), [""; 0]);
    }
}
