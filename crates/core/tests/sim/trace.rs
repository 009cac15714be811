//! What was seen of a supervisor, as lines that read like its log.

use std::time::Duration;

use supervisor_core::{Event, Fault, LogLevel, Reply, StateDetail, make_namespec};

/// One thing that the core did to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Since the simulation began.
    pub(crate) at: Duration,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of the main log.
    Log(LogLevel),
    /// A published event.
    Event,
    /// Another call of the host.
    Call,
    /// An answer to a request.
    Reply,
}

/// Lines, in the order they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(pub(crate) Vec<Line>);

impl Trace {
    /// Everything.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|line| line.text.clone()).collect()
    }

    /// Everything, with its time: `12.500 INFO …`.
    pub(crate) fn timed(&self) -> Vec<String> {
        self.0.iter().map(Line::timed).collect()
    }

    pub(crate) fn events(&self) -> Self {
        self.only(|kind| kind == Kind::Event)
    }

    pub(crate) fn calls(&self) -> Self {
        self.only(|kind| kind == Kind::Call)
    }

    pub(crate) fn replies(&self) -> Self {
        self.only(|kind| kind == Kind::Reply)
    }

    /// The main log as users see it, at loglevel info.
    pub(crate) fn log(&self) -> Self {
        self.only(|kind| matches!(kind, Kind::Log(level) if level <= LogLevel::Info))
    }

    /// The lines that contain this.
    pub(crate) fn with(&self, text: &str) -> Self {
        Self(self.0.iter().filter(|line| line.text.contains(text)).cloned().collect())
    }

    fn only(&self, wanted: impl Fn(Kind) -> bool) -> Self {
        Self(self.0.iter().filter(|line| wanted(line.kind)).cloned().collect())
    }
}

impl Line {
    pub(crate) fn timed(&self) -> String {
        format!("{}.{:03} {}", self.at.as_secs(), self.at.subsec_millis(), self.text)
    }
}

/// An event with the keys of its payload.
pub(crate) fn event_text(event: &Event<'_>) -> String {
    let event_type = event.event_type();
    let kind = event_type.name();
    match event {
        Event::ProcessState { process, group, from, detail, to: _, ended: _ } => {
            let detail = match detail {
                StateDetail::None => String::new(),
                StateDetail::Tries(tries) => format!(" tries:{tries}"),
                StateDetail::Pid(pid) => format!(" pid:{pid}"),
                StateDetail::Exit { expected, pid } => format!(" expected:{} pid:{pid}", i32::from(*expected)),
            };
            format!("{kind} {} from_state:{}{detail}", make_namespec(group, process), from.name())
        }
        Event::ProcessLog { process, group, pid, channel: _, data }
        | Event::ProcessCommunication { process, group, pid, channel: _, data } => {
            let pid = pid.map_or(0, supervisor_core::Pid::get);
            format!("{kind} {} pid:{pid} {:?}", make_namespec(group, process), String::from_utf8_lossy(data))
        }
        Event::RemoteCommunication { kind: type_, data } => format!("{kind} type:{type_} {data:?}"),
        Event::SupervisorStateChange { running: _ } => kind.to_owned(),
        Event::Tick { period: _, when } => format!("{kind} when:{when}"),
        Event::ProcessGroup { group, added: _ } => format!("{kind} groupname:{group}"),
        Event::Extended { .. } => format!("{kind} {}", event.payload()),
        Event::Own { name: _, payload } => format!("{kind} {payload:?}"),
    }
}

/// An answer as a client would show it.
pub(crate) fn answer_text(answer: &Result<Reply, Fault>) -> String {
    match answer {
        Err(fault) => fault_text(fault),
        Ok(Reply::Done) => "True".to_owned(),
        Ok(Reply::Results(results)) => {
            let one = |result: &supervisor_core::ProcessResult| {
                let name = make_namespec(&result.group, &result.name);
                result
                    .fault
                    .as_ref()
                    .map_or_else(|| format!("{name} OK"), |fault| format!("{name} {}", fault_text(fault)))
            };
            format!("[{}]", results.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Ok(Reply::ProcessInfo(info)) => format!("{} {}", info.config.name, info.state.name()),
        Ok(Reply::AllProcessInfo(infos)) => format!("{} processes", infos.len()),
        Ok(Reply::AllConfigInfo(infos)) => format!("{} configurations", infos.len()),
        Ok(Reply::LogFile(path)) => format!("log file {path:?}"),
        Ok(Reply::Events(batch)) => format!("events up to {}", batch.position),
        Ok(Reply::EventStatistics(statistics)) => format!("statistics of {} pools", statistics.pools.len()),
        Ok(Reply::GroupNames(names)) => format!("{names:?}"),
        Ok(Reply::OtherPid) => "another pid".to_owned(),
        Ok(Reply::Group(group)) => format!("group {}", group.name),
        Ok(Reply::AllProcessDetails(details)) => format!("details of {}", details.len()),
        Ok(Reply::ProcessDetails(details)) => format!("{:?}", details.goal),
        Ok(Reply::Reloaded(diff)) => format!("[{:?}, {:?}, {:?}]", diff.added, diff.changed, diff.removed),
    }
}

fn fault_text(fault: &Fault) -> String {
    format!("{} {fault}", fault.code.number())
}
