//! What is told of supervisord: its state, what it runs by states, who asks it what; and its process, by the names that
//! every Prometheus client uses.

use std::sync::Arc;

use supervisor_core::{EventStatistics, ProcessInfo, ProcessState};
use supervisor_protocol::SUPERVISOR_VERSION;

use super::exposition::{Exposition, Kind};
use super::own_process::OwnProcess;
use crate::control::attention::needs_attention;
use crate::control::context::Context;

/// Writes the families.
pub(super) fn write(
    out: &mut Exposition,
    infos: &[Arc<ProcessInfo>],
    statistics: &EventStatistics,
    own: Option<&OwnProcess>,
    context: &Context,
) {
    let identifier = context.identifier();
    out.family("supervisord_info", Kind::Gauge, "1, with who it is.")
        .sample(&[("identifier", &identifier), ("version", SUPERVISOR_VERSION)], 1);
    let help = "1 while it runs, 0 while it restarts, -1 while it shuts down.";
    out.single("supervisord_state", Kind::Gauge, help, context.notices.state().code());
    write_processes(out, infos);
    let help = "Events that have happened since its start.";
    let ring = &statistics.ring;
    out.single("supervisord_events_total", Kind::Counter, help, (ring.newest + 1).saturating_sub(ring.first));
    let mut family = out.family("supervisord_streams", Kind::Gauge, "Clients that follow something.");
    for (kind, count) in context.followers() {
        family.sample(&[("kind", kind)], count);
    }
    write_traffic(out, context);
    let help = "When the configuration was read last, in seconds since the epoch.";
    let read_at = context.configuration_read.get().as_secs();
    out.single("supervisord_configuration_read_timestamp_seconds", Kind::Gauge, help, read_at);
    if let Some(own) = own {
        write_own_process(out, own);
    }
}

fn write_processes(out: &mut Exposition, infos: &[Arc<ProcessInfo>]) {
    let mut family = out.family("supervisord_processes", Kind::Gauge, "Processes in each state.");
    for state in ProcessState::ALL {
        let count = infos.iter().filter(|info| info.state == state).count();
        family.sample(&[("state", state.name())], count);
    }
    let help = "Processes that are FATAL, BACKOFF or UNKNOWN, or EXITED when that was not expected.";
    let attention = infos.iter().filter(|info| needs_attention(info)).count();
    out.single("supervisord_processes_needing_attention", Kind::Gauge, help, attention);
}

fn write_traffic(out: &mut Exposition, context: &Context) {
    let help = "Requests that were answered, by what they asked for and the class of their status.";
    let mut family = out.family("supervisord_http_requests_total", Kind::Counter, help);
    for (door, class, count) in context.traffic.answers() {
        family.sample(&[("door", door.name()), ("code", class)], count);
    }
    let help = "Requests that were refused before anything was looked at.";
    let mut family = out.family("supervisord_http_refused_total", Kind::Counter, help);
    for (why, count) in context.traffic.refusals() {
        family.sample(&[("reason", why.name())], count);
    }
}

fn write_own_process(out: &mut Exposition, own: &OwnProcess) {
    let OwnProcess { cpu_seconds, resident, virtual_memory, open_fds, max_fds, start_time, threads } = *own;
    out.single("process_cpu_seconds_total", Kind::Counter, "CPU time of supervisord itself.", cpu_seconds);
    out.single("process_resident_memory_bytes", Kind::Gauge, "Resident memory of supervisord itself.", resident);
    out.single("process_virtual_memory_bytes", Kind::Gauge, "Virtual memory of supervisord itself.", virtual_memory);
    if let Some(open_fds) = open_fds {
        out.single("process_open_fds", Kind::Gauge, "Open file descriptors of supervisord itself.", open_fds);
    }
    out.single("process_max_fds", Kind::Gauge, "File descriptors that it may have open.", max_fds);
    if let Some(start_time) = start_time {
        let help = "Start of supervisord, in seconds since the epoch.";
        out.single("process_start_time_seconds", Kind::Gauge, help, start_time);
    }
    out.single("process_threads", Kind::Gauge, "Threads of supervisord itself.", threads);
}
