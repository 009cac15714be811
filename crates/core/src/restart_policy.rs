//! Whether a start follows by itself, and after what pause (contract/processes.md §1.3, §4; programs.md §4).
//!
//! Pure functions of the configuration, of what was counted and of a number drawn at random. Who asks is
//! [`crate::lifecycle`]. Invariant: without jitter the pauses of a run of failures never become shorter.

use std::time::Duration;

use crate::exit_status::ExitStatus;
use crate::goal::{PutOff, PutOffReason};
use crate::limits;
use crate::process_config::{Autorestart, BackoffConfig, RestartConfig, RestartPause};
use crate::restart_window::RestartWindow;

/// `startretries` of a program that is tried for ever.
const FOR_EVER: i64 = -1;

/// Whether a process that was RUNNING and has ended so is started again.
pub(crate) fn follows_an_end(config: &RestartConfig, status: ExitStatus) -> bool {
    match config.autorestart {
        Autorestart::Never => false,
        Autorestart::Always => true,
        Autorestart::Unexpected => !config.expects(status),
    }
}

/// Whether so many failed starts in succession are one too many.
pub(crate) fn gives_up(config: &RestartConfig, failed_starts: u64) -> bool {
    let failed_starts = i64::try_from(failed_starts).unwrap_or(i64::MAX);
    config.startretries != FOR_EVER && failed_starts > config.startretries
}

/// Whether the next start that follows by itself is one too many within the time in which they are counted.
pub(crate) fn has_used_up(config: &RestartConfig, starts: &RestartWindow, now: Duration) -> bool {
    starts.holds(config.limit.count, now.saturating_sub(config.limit.interval))
}

/// The pause before the next try. `random` gives a number below its argument.
pub(crate) fn pause_before_retry(
    config: &RestartConfig,
    failed_starts: u64,
    ends: u32,
    random: impl FnOnce(u64) -> u64,
) -> Duration {
    match config.pause {
        RestartPause::Usual => with_jitter(&config.backoff, config.backoff.pause(failed_starts), random),
        RestartPause::Growing => growing_pause(ends),
    }
}

/// The pause between an end and the start that follows it by itself; the storm guard is no part of it.
pub(crate) fn pause_before_restart(
    config: &RestartConfig,
    ends: u32,
    short_lives: u32,
    random: impl FnOnce(u64) -> u64,
) -> Duration {
    match config.pause {
        RestartPause::Usual => {
            let least = config.delay.unwrap_or_default();
            if config.backoff.shape.is_none() || short_lives == 0 {
                return least;
            }
            with_jitter(&config.backoff, config.backoff.pause(short_lives.into()), random).max(least)
        }
        RestartPause::Growing => growing_pause(ends),
    }
}

/// The pause before the restart of a process that was stopped since it broke the protocol: the more often in succession
/// it has, the longer.
pub(crate) fn pause_after_breach(breaches: u32) -> Duration {
    Duration::from_secs(breaches.clamp(1, limits::PROTOCOL_RESTART_SECONDS).into())
}

/// Until when a start that follows by itself is put off; `None`: it need not wait. Unless a pause is configured, it
/// comes no earlier than the storm guard allows after the spawn before it; `None` for that: a client has ended the
/// life, which is no storm, and what the Python release does at once.
pub(crate) fn put_off(
    config: &RestartConfig,
    now: Duration,
    guarded_since: Option<Duration>,
    pause: Duration,
    reason: PutOffReason,
) -> Option<PutOff> {
    let until = now.saturating_add(pause);
    let guarded = guarded_since.filter(|_| is_guarded(config)).map(|spawned_at| spawned_at + limits::STORM_GUARD);
    let put_off = match guarded.filter(|guarded| *guarded > until) {
        Some(until) => PutOff { until, reason: PutOffReason::StormGuard },
        None => PutOff { until, reason },
    };
    (put_off.until > now).then_some(put_off)
}

/// The ends in succession that nobody asked for, with one more after a life of this length.
pub(crate) fn count_end(ends: u32, ran_for: Duration) -> u32 {
    if ran_for > Duration::from_secs(limits::RESTART_PAUSE_SECONDS.into()) { 1 } else { ends.saturating_add(1) }
}

/// The short lives in succession, with one more if this one was short.
pub(crate) fn count_short_life(config: &RestartConfig, short_lives: u32, ran_for: Duration) -> u32 {
    let is_short = ran_for < config.backoff.reset_after.max(limits::SHORT_LIFE);
    if is_short { short_lives.saturating_add(1) } else { 0 }
}

fn is_guarded(config: &RestartConfig) -> bool {
    match config.pause {
        RestartPause::Usual => config.delay.is_none() && config.backoff.shape.is_none(),
        RestartPause::Growing => false,
    }
}

fn with_jitter(config: &BackoffConfig, pause: Duration, random: impl FnOnce(u64) -> u64) -> Duration {
    let most = u64::try_from(config.jitter.of(pause).as_nanos()).unwrap_or(u64::MAX);
    if most == 0 { pause } else { pause.saturating_add(Duration::from_nanos(random(most.saturating_add(1)))) }
}

fn growing_pause(ends: u32) -> Duration {
    Duration::from_secs(ends.clamp(1, limits::RESTART_PAUSE_SECONDS).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::percent::Percent;
    use crate::process_config::BackoffShape;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn backoff(shape: BackoffShape, change: impl FnOnce(&mut BackoffConfig)) -> RestartConfig {
        let mut config = RestartConfig::default();
        config.backoff.shape = Some(shape);
        change(&mut config.backoff);
        config
    }

    fn retry(config: &RestartConfig, failures: u64) -> Duration {
        pause_before_retry(config, failures, 0, |_| panic!("no jitter, no dice"))
    }

    #[test]
    fn pauses_of_every_shape() {
        use BackoffShape::{Exponential, Fixed, Linear};
        let quarter = |it: &mut BackoffConfig| it.delay = milliseconds(250);
        let capped = |it: &mut BackoffConfig| it.max = Some(milliseconds(3_000));
        let uncapped = |it: &mut BackoffConfig| it.max = Some(Duration::ZERO);
        for (config, pauses) in [
            (RestartConfig::default(), [1_000, 2_000, 3_000, 4_000]),
            (backoff(Linear, |_| ()), [1_000, 2_000, 3_000, 4_000]),
            (backoff(Linear, quarter), [250, 500, 750, 1_000]),
            (backoff(Linear, capped), [1_000, 2_000, 3_000, 3_000]),
            (backoff(Exponential, |_| ()), [1_000, 2_000, 4_000, 8_000]),
            (backoff(Exponential, quarter), [250, 500, 1_000, 2_000]),
            (backoff(Exponential, capped), [1_000, 2_000, 3_000, 3_000]),
            (backoff(Exponential, uncapped), [1_000, 2_000, 4_000, 8_000]),
            (backoff(Fixed, |_| ()), [1_000, 1_000, 1_000, 1_000]),
            (backoff(Fixed, |it| it.delay = milliseconds(50)), [50, 50, 50, 50]),
            (backoff(Fixed, |it| it.max = Some(milliseconds(500))), [500, 500, 500, 500]),
        ] {
            let seen = [1, 2, 3, 4].map(|failures| retry(&config, failures));
            assert_eq!(seen, pauses.map(milliseconds), "{:?}", config.backoff);
        }
    }

    /// S-4a
    #[test]
    fn pauses_never_shrink_and_never_overflow() {
        use BackoffShape::{Exponential, Fixed, Linear};
        let far = (1..=64).chain((7..20).map(|power| 1 << power)).chain([1_000_000, u64::from(u32::MAX) + 1, u64::MAX]);
        for config in [
            backoff(Linear, |_| ()),
            backoff(Linear, |it| it.delay = Duration::from_hours(87_600)),
            backoff(Exponential, |_| ()),
            backoff(Exponential, |it| it.max = Some(Duration::ZERO)),
            backoff(Exponential, |it| it.max = Some(Duration::from_hours(87_600))),
            backoff(Fixed, |_| ()),
        ] {
            let mut before = Duration::ZERO;
            for failures in far.clone() {
                let pause = retry(&config, failures);
                assert!(pause >= before, "{:?} after {failures}: {pause:?} after {before:?}", config.backoff);
                before = pause;
            }
        }
        assert_eq!(retry(&backoff(Exponential, |_| ()), 1_000_000), Duration::from_mins(1));
        assert_eq!(retry(&RestartConfig::default(), 1_000_000), Duration::from_secs(1_000_000));
    }

    #[test]
    fn jitter_adds_nothing_up_to_its_share() {
        let config = backoff(BackoffShape::Linear, |it| {
            it.jitter = Percent::from_millionths(200_000).unwrap();
            it.max = Some(milliseconds(2_000));
        });
        let at = |failures, random: fn(u64) -> u64| pause_before_retry(&config, failures, 0, random);
        for (failures, least, most) in [(1, 1_000, 1_200), (2, 2_000, 2_400), (1_000_000, 2_000, 2_400)] {
            assert_eq!(at(failures, |_| 0), milliseconds(least));
            assert_eq!(at(failures, |below| below - 1), milliseconds(most));
        }
        let endless = backoff(BackoffShape::Linear, |it| {
            it.jitter = Percent::from_millionths(1_000_000).unwrap();
            it.max = Some(Duration::ZERO);
        });
        assert_eq!(pause_before_retry(&endless, u64::MAX, 0, |below| below - 1), Duration::MAX);
    }

    #[test]
    fn restarts_after_an_end_are_paced_by_what_is_written() {
        let restart = |config: &RestartConfig, short_lives| pause_before_restart(config, 7, short_lives, |_| 0);
        let with_delay = RestartConfig { delay: Some(milliseconds(1_500)), ..RestartConfig::default() };
        let mut with_both = backoff(BackoffShape::Exponential, |_| ());
        with_both.delay = with_delay.delay;
        let mut with_a_unit = RestartConfig::default();
        with_a_unit.backoff.delay = milliseconds(9_000);
        for (config, pauses) in [
            (&RestartConfig::default(), [0, 0, 0, 0]),
            // Only a `backoff` that is written paces them.
            (&with_a_unit, [0, 0, 0, 0]),
            (&with_delay, [1_500, 1_500, 1_500, 1_500]),
            (&backoff(BackoffShape::Exponential, |_| ()), [0, 1_000, 2_000, 4_000]),
            (&with_both, [1_500, 1_500, 2_000, 4_000]),
        ] {
            assert_eq!([0, 1, 2, 3].map(|lives| restart(config, lives)), pauses.map(milliseconds), "{config:?}");
        }
    }

    #[test]
    fn a_life_is_short_below_ten_seconds_or_below_the_time_after_which_failures_are_forgotten() {
        let usual = RestartConfig::default();
        let longer = backoff(BackoffShape::Linear, |it| it.reset_after = milliseconds(30_000));
        for (config, ran_for, expected) in [
            (&usual, 0, 4),
            (&usual, 9_999, 4),
            (&usual, 10_000, 0),
            (&longer, 10_000, 4),
            (&longer, 29_999, 4),
            (&longer, 30_000, 0),
        ] {
            assert_eq!(count_short_life(config, 3, milliseconds(ran_for)), expected, "{ran_for}");
        }
        assert_eq!(count_short_life(&usual, u32::MAX, Duration::ZERO), u32::MAX);
    }

    #[test]
    fn the_storm_guard_holds_what_comes_within_a_second_of_the_spawn_before() {
        let guard = |config: &RestartConfig, ran_for: u64, pause| {
            let (spawned_at, now) = (milliseconds(50_000), milliseconds(50_000 + ran_for));
            let put_off = put_off(config, now, Some(spawned_at), milliseconds(pause), PutOffReason::Restart)?;
            Some((u64::try_from(put_off.until.saturating_sub(now).as_millis()).unwrap(), put_off.reason))
        };
        let usual = RestartConfig::default();
        let off = RestartConfig { delay: Some(Duration::ZERO), ..RestartConfig::default() };
        let paced = backoff(BackoffShape::Linear, |_| ());
        let growing = RestartConfig { pause: RestartPause::Growing, ..RestartConfig::default() };
        for (config, ran_for, pause, expected) in [
            (&usual, 0, 0, Some((1_000, PutOffReason::StormGuard))),
            (&usual, 999, 0, Some((1, PutOffReason::StormGuard))),
            (&usual, 1_000, 0, None),
            (&usual, 1_001, 0, None),
            (&usual, 0, 1_000, Some((1_000, PutOffReason::Restart))),
            (&off, 0, 0, None),
            (&paced, 0, 0, None),
            (&paced, 0, 50, Some((50, PutOffReason::Restart))),
            (&growing, 0, 500, Some((500, PutOffReason::Restart))),
        ] {
            assert_eq!(guard(config, ran_for, pause), expected, "{ran_for} {pause}");
        }
    }

    #[test]
    fn only_one_negative_number_of_retries_is_for_ever() {
        for (startretries, failed_starts, expected) in [
            (3, 3, false),
            (3, 4, true),
            (3, u64::MAX, true),
            (0, 1, true),
            (-1, 1, false),
            (-1, u64::MAX, false),
            (-2, 1, true),
        ] {
            let config = RestartConfig { startretries, ..RestartConfig::default() };
            assert_eq!(gives_up(&config, failed_starts), expected, "{startretries} {failed_starts}");
        }
    }
}
