//! What is told of each process: the four names of node_exporter's collector first, so that dashboards stay, then what
//! it did not know (reference/web.md §13).

use std::sync::Arc;

use supervisor_core::{ProcessInfo, ProcessState};

use super::exposition::{Exposition, Kind};
use crate::control::resources::Usage;

/// Writes the families; `usages` are of the same processes in the same order.
pub(super) fn write(out: &mut Exposition, infos: &[Arc<ProcessInfo>], usages: Option<&[Usage]>) {
    write_states(out, infos);
    write_history(out, infos);
    if let Some(usages) = usages {
        write_usage(out, infos, usages);
    }
}

/// Both labels of a process.
fn labels(info: &ProcessInfo) -> [(&str, &str); 2] {
    [("name", &info.config.name), ("group", &info.group)]
}

fn write_states(out: &mut Exposition, infos: &[Arc<ProcessInfo>]) {
    let gauge = |out: &mut Exposition, name, help, value: fn(&ProcessInfo) -> Option<i64>| {
        let mut family = out.family(name, Kind::Gauge, help);
        for info in infos {
            if let Some(value) = value(info) {
                family.sample(&labels(info), value);
            }
        }
    };
    gauge(out, "node_supervisord_up", "1 in STARTING, RUNNING and STOPPING, else 0.", |info| Some(is_up(info).into()));
    gauge(
        out,
        "node_supervisord_state",
        "State: 0 STOPPED, 10 STARTING, 20 RUNNING, 30 BACKOFF, 40 STOPPING, 100 EXITED, 200 FATAL, 1000 UNKNOWN.",
        |info| Some(info.state.code().into()),
    );
    gauge(
        out,
        "node_supervisord_exit_status",
        "Exit status of the last run, -1: it was ended by a signal; 0 while it runs.",
        |info| Some(info.exit_code.unwrap_or(0).into()),
    );
    gauge(
        out,
        "node_supervisord_start_time_seconds",
        "Start of the run, in seconds since the epoch; absent when it is not up.",
        |info| is_up(info).then_some(info.start),
    );
}

fn is_up(info: &ProcessInfo) -> bool {
    match info.state {
        ProcessState::Starting | ProcessState::Running | ProcessState::Stopping => true,
        ProcessState::Stopped
        | ProcessState::Backoff
        | ProcessState::Exited
        | ProcessState::Fatal
        | ProcessState::Unknown => false,
    }
}

fn write_history(out: &mut Exposition, infos: &[Arc<ProcessInfo>]) {
    let counter = |out: &mut Exposition, name, help, value: fn(&ProcessInfo) -> u64| {
        let mut family = out.family(name, Kind::Counter, help);
        for info in infos {
            family.sample(&labels(info), value(info));
        }
    };
    counter(out, "supervisord_process_starts_total", "Children that were spawned.", |info| info.tally.starts);
    counter(
        out,
        "supervisord_process_restarts_total",
        "Children that were spawned though nobody had asked: after an end, or after a start that failed.",
        |info| info.tally.restarts,
    );
    counter(
        out,
        "supervisord_process_failed_starts_total",
        "Starts that failed: the child ended before startsecs, or could not be spawned.",
        |info| info.tally.failed_starts,
    );
    let help = "Ends, by whether they were expected (exitcodes, exitsignals).";
    let mut family = out.family("supervisord_process_exits_total", Kind::Counter, help);
    for info in infos {
        let [name, group] = labels(info);
        family.sample(&[name, group, ("expected", "false")], info.tally.unexpected_ends);
        family.sample(&[name, group, ("expected", "true")], info.tally.expected_ends);
    }
}

fn write_usage(out: &mut Exposition, infos: &[Arc<ProcessInfo>], usages: &[Usage]) {
    let both = || infos.iter().zip(usages);
    let help = "CPU time of it and its descendants over all runs, as far as it was looked at.";
    let mut family = out.family("supervisord_process_cpu_seconds_total", Kind::Counter, help);
    for (info, usage) in both() {
        family.sample(&labels(info), usage.cpu_seconds);
    }
    let help = "Resident memory of it and its descendants; shared pages count for each.";
    let mut family = out.family("supervisord_process_resident_memory_bytes", Kind::Gauge, help);
    for (info, usage) in both() {
        if let Some(now) = usage.now {
            family.sample(&labels(info), now.memory);
        }
    }
    let help = "Processes that it consists of: itself and its descendants.";
    let mut family = out.family("supervisord_process_members", Kind::Gauge, help);
    for (info, usage) in both() {
        if let Some(now) = usage.now {
            family.sample(&labels(info), now.processes);
        }
    }
}
