//! `supervisorx.getProcessDetails` and `getHistory`: all that is known of a process, as XML-RPC values (programs.md
//! §16.5). What there is not is left out, since XML-RPC has no nothing.

use std::time::Duration;

use supervisor_core::{
    DownCause, ExitStatus, Gate, Goal, LastExit, LifeRecord, ProcessDetails, ProcessState, signal_name,
};
use supervisor_protocol::xmlrpc::Value;

use super::process_info::{ProcessInfoWriter, capped};

type Members = Vec<(String, Value)>;

fn member(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

/// One process.
pub(super) fn details_value(details: &ProcessDetails, words: &mut ProcessInfoWriter) -> Value {
    let ProcessDetails { info, backoff, goal, lives, restarts_counted, history, .. } = details;
    let mut members = vec![
        member("name", &*info.config.name),
        member("group", &*info.group),
        member("state", i64::from(info.state.code())),
        member("statename", info.state.name()),
        member("description", words.description(info)),
        member("goal", if goal.is_up() { "up" } else { "down" }),
        member("goal_cause", goal.cause()),
        member("held", *goal == Goal::Down(DownCause::Client)),
        member("life", capped(number(*lives))),
        member("tries", capped(number(*backoff))),
    ];
    members.extend(info.pid.map(|pid| member("pid", i64::from(pid.get()))));
    members.extend(info.spawnerr.as_deref().map(|error| member("spawnerr", error)));
    if let ProcessState::Running = info.state {
        members.push(member("start", capped(info.start)));
    }
    members.extend(pending(details).map(|pending| ("pending".to_owned(), Value::Struct(pending))));
    members
        .extend(history.last().map(|life| ("last_end".to_owned(), Value::Struct(end(&life.end, life.reason.name())))));
    let in_window = i64::try_from(*restarts_counted).unwrap_or(i64::MAX);
    let restarts = vec![member("total", capped(number(info.tally.restarts))), member("in_window", in_window)];
    members.push(("restarts".to_owned(), Value::Struct(restarts)));
    Value::Struct(members)
}

/// The lives that are over, the oldest first.
pub(super) fn history_value(history: &[LifeRecord]) -> Value {
    let life = |life: &LifeRecord| {
        let mut members = vec![
            member("life", capped(number(life.number))),
            member("pid", i64::from(life.pid.get())),
            member("start", epoch_seconds(life.began())),
        ];
        members.extend(end(&life.end, life.reason.name()));
        Value::Struct(members)
    };
    Value::Array(history.iter().map(life).collect())
}

/// The start that it waits for, with every gate that is shut.
fn pending(details: &ProcessDetails) -> Option<Members> {
    let pending = details.goal.pending()?;
    let mut members = vec![member("cause", details.goal.cause())];
    let words = |gate: &Gate| match gate {
        Gate::Time(at) => {
            let seconds = at.saturating_sub(details.now).as_secs_f64().ceil();
            let reason = pending.put_off.map_or("", |put_off| put_off.reason.name());
            format!("starts in {seconds} seconds ({reason})")
        }
        Gate::Turn => "its turn in the start queue".to_owned(),
    };
    members.extend(details.gates.first().map(|gate| member("gate", gate_name(gate))));
    members.extend(pending.put_off.map(|put_off| member("reason", put_off.reason.name())));
    members.extend(details.next_start.map(|at| member("not_before", epoch_seconds(at))));
    let gates = details.gates.iter().map(|gate| Value::from(&*words(gate))).collect();
    members.push(("waiting_on".to_owned(), Value::Array(gates)));
    Some(members)
}

fn gate_name(gate: &Gate) -> &'static str {
    match gate {
        Gate::Time(_) => "time",
        Gate::Turn => "turn",
    }
}

fn end(end: &LastExit, reason: &str) -> Members {
    let mut members = vec![
        member("end", epoch_seconds(end.at)),
        member("exit_code", i64::from(end.status.code())),
        member("expected", end.expected),
        member("reason", reason),
        ("runtime".to_owned(), Value::Double(to_the_millisecond(end.ran_for))),
    ];
    if let ExitStatus::Signaled { signal, core_dumped } = end.status {
        let name = signal_name(signal).map_or_else(|| signal.to_string(), str::to_owned);
        members.extend([member("signal", name.as_str()), member("core", core_dumped)]);
    }
    members
}

fn to_the_millisecond(duration: Duration) -> f64 {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)).as_secs_f64()
}

fn epoch_seconds(at: Duration) -> i64 {
    capped(number(at.as_secs()))
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use supervisor_core::{EndReason, Pid, PutOffReason, UpCause};

    use super::*;
    use crate::test_data::process_info;

    fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
        path.iter().fold(value, |value, name| match value {
            Value::Struct(members) => members.iter().find(|(known, _)| known == name).map_or(value, |(_, it)| it),
            other => other,
        })
    }

    #[test]
    fn a_start_that_waits_is_told_with_its_gates_and_the_last_end() {
        let put_off = supervisor_core::PutOff { until: Duration::from_secs(63), reason: PutOffReason::Restart };
        let pending = supervisor_core::PendingStart { put_off: Some(put_off), ..Default::default() };
        let status = ExitStatus::Signaled { signal: 11, core_dumped: true };
        let last =
            LastExit { at: Duration::from_secs(1_000), status, expected: false, ran_for: Duration::from_millis(2_500) };
        let pid = Pid::new(7).expect("it is above zero");
        let details = ProcessDetails {
            info: process_info("cat"),
            backoff: 2,
            goal: Goal::Up { cause: UpCause::Autorestart, pending: Some(pending) },
            next_start: Some(Duration::from_secs(1_003)),
            gates: vec![Gate::Time(put_off.until), Gate::Turn],
            now: Duration::from_mins(1),
            lives: 4,
            restarts_counted: 3,
            history: vec![LifeRecord { number: 4, pid, end: last, reason: EndReason::Exit }],
        };
        let value = details_value(&details, &mut ProcessInfoWriter::new());
        assert_eq!(at(&value, &["goal"]), &Value::from("up"));
        assert_eq!(at(&value, &["pending", "not_before"]), &Value::Int(1_003));
        let gates = ["starts in 3 seconds (pause before a restart)", "its turn in the start queue"].map(Value::from);
        assert_eq!(at(&value, &["pending", "waiting_on"]), &Value::Array(gates.into()));
        assert_eq!(at(&value, &["last_end", "signal"]), &Value::from("SIGSEGV"));
        assert_eq!(at(&value, &["restarts", "in_window"]), &Value::Int(3));
        let Value::Array(lives) = history_value(&details.history) else { panic!("an array") };
        assert_eq!((at(&lives[0], &["life"]), at(&lives[0], &["start"])), (&Value::Int(4), &Value::Int(997)));
        assert_eq!(at(&lives[0], &["runtime"]), &Value::Double(2.5));
    }
}
