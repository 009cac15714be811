//! What the control plane can ask of the supervision plane, and the type of each answer.
//!
//! The core answers every [`Command`] with one of all replies. Here, and nowhere else, the reply that belongs to a
//! request is taken out of them, so that a caller gets its answer or a fault and lists no replies that it cannot get. A
//! request bears the name of the command that it becomes.

use std::sync::Arc;

use supervisor_core::{
    Channel, Command, ConfigInfo, EventBatch, EventStatistics, GroupConfig, Life, LogLevel, OwnEventType, Pid,
    ProcessConfig, ProcessDetails, ProcessInfo, ProcessResult, ReloadDiff, Reply, Verdict,
};

/// Something that can be asked by [`super::inbox::CommandSender::call`].
pub trait Request {
    /// What it is answered with if it is not refused.
    type Answer;

    /// The command that asks for it.
    fn into_command(self) -> Command;

    /// The answer that the core's reply holds; `None`: a reply to something else, which is a defect of the core.
    fn answer(reply: Reply) -> Option<Self::Answer>;
}

/// Where a channel of a process is logged; `None`: it is not logged to a file.
#[derive(Clone, Debug)]
pub struct GetLogFile {
    /// `group:process`, as the client gave it.
    pub name: String,
    /// Which channel.
    pub channel: Channel,
}

impl Request for GetLogFile {
    type Answer = Option<Arc<str>>;

    fn into_command(self) -> Command {
        let Self { name, channel } = self;
        Command::GetLogFile { name, channel }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::LogFile(path) = reply { Some(path) } else { None }
    }
}

/// All processes, sorted by group, then name.
#[derive(Clone, Copy, Debug)]
pub struct GetAllProcessInfo;

impl Request for GetAllProcessInfo {
    type Answer = Vec<Arc<ProcessInfo>>;

    fn into_command(self) -> Command {
        Command::GetAllProcessInfo
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::AllProcessInfo(infos) = reply { Some(shared(infos)) } else { None }
    }
}

/// What follows in the event stream. Works to the very end of a shutdown.
#[derive(Clone, Copy, Debug)]
pub struct ReadEvents {
    /// The serial of the last event that the reader knows; 0: all that can be read; `None`: none, only where to go on
    /// from.
    pub after: Option<u64>,
}

impl Request for ReadEvents {
    type Answer = EventBatch;

    fn into_command(self) -> Command {
        let Self { after } = self;
        Command::ReadEvents { after }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Events(batch) = reply { Some(*batch) } else { None }
    }
}

/// What became of events so far; works during a shutdown.
#[derive(Clone, Copy, Debug)]
pub struct GetEventStatistics;

impl Request for GetEventStatistics {
    type Answer = EventStatistics;

    fn into_command(self) -> Command {
        Command::GetEventStatistics
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::EventStatistics(statistics) = reply { Some(*statistics) } else { None }
    }
}

/// These groups become the pending configuration; what that changes.
#[derive(Clone, Debug)]
pub struct ReloadConfig {
    /// As read from the files, in start order.
    pub groups: Vec<Arc<GroupConfig>>,
}

impl Request for ReloadConfig {
    type Answer = ReloadDiff;

    fn into_command(self) -> Command {
        let Self { groups } = self;
        Command::ReloadConfig { groups }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Reloaded(diff) = reply { Some(diff) } else { None }
    }
}

/// Processes come to a living group. Those with `autostart` start.
#[derive(Clone, Debug)]
pub struct AddProcesses {
    /// Name of an active group.
    pub group: String,
    /// The processes.
    pub processes: Vec<Arc<ProcessConfig>>,
}

impl Request for AddProcesses {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { group, processes } = self;
        Command::AddProcesses { group, processes }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// A line of a client in the main log, which is there when it is answered.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its level.
    pub level: LogLevel,
    /// The line.
    pub message: String,
}

impl Request for Log {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { level, message } = self;
        Command::Log { level, message }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// An active group, with the processes that it has now.
#[derive(Clone, Debug)]
pub struct GetGroup {
    /// Its name.
    pub name: String,
}

impl Request for GetGroup {
    type Answer = Arc<GroupConfig>;

    fn into_command(self) -> Command {
        let Self { name } = self;
        Command::GetGroup { name }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Group(group) = reply { Some(group) } else { None }
    }
}

/// A process, with more than clients are told of all.
#[derive(Clone, Debug)]
pub struct GetProcessDetails {
    /// `group:process`.
    pub name: String,
}

impl Request for GetProcessDetails {
    type Answer = ProcessDetails;

    fn into_command(self) -> Command {
        let Self { name } = self;
        Command::GetProcessDetails { name }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::ProcessDetails(details) = reply { Some(*details) } else { None }
    }
}

/// A signal to a process by its pid.
#[derive(Clone, Debug)]
pub struct Kill {
    /// The pid of one of the processes.
    pub pid: Pid,
    /// To the process group that it leads.
    pub as_group: bool,
    /// Number or name, as given.
    pub signal: String,
}

impl Request for Kill {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { pid, as_group, signal } = self;
        Command::Kill { pid, as_group, signal }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// A command that is carried out only while the process has this pid: what a client wants done to the life that it
/// knows never meets the next one.
#[derive(Clone, Debug)]
pub struct OnlyWithPid {
    /// `group:process`.
    pub name: String,
    /// The pid that the client knows.
    pub pid: Pid,
    /// A command from the table of methods.
    pub command: Command,
}

impl Request for OnlyWithPid {
    /// `None`: it has another pid, or none, and nothing was done.
    type Answer = Option<MethodAnswer>;

    fn into_command(self) -> Command {
        let Self { name, pid, command } = self;
        Command::OnlyWithPid { name, pid, command: Box::new(command) }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::OtherPid = reply { Some(None) } else { Command::answer(reply).map(Some) }
    }
}

/// A life that has broken the protocol that it speaks with supervisord is stopped, and another follows.
#[derive(Clone, Copy, Debug)]
pub struct StartAnew {
    /// The life.
    pub life: Life,
}

impl Request for StartAnew {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { life } = self;
        Command::StartAnew { life }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// A result handler has judged what a listener said of an event.
#[derive(Clone, Copy, Debug)]
pub struct JudgeResult {
    /// The life of the listener.
    pub life: Life,
    /// The serial of the event.
    pub serial: u64,
    /// What the handler thinks.
    pub verdict: Verdict,
}

impl Request for JudgeResult {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { life, serial, verdict } = self;
        Command::JudgeResult { life, serial, verdict }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// An event of an extension's own; answered once every pool that wants it has a place for it.
#[derive(Clone, Debug)]
pub struct SendOwnEvent {
    /// Its type.
    pub name: OwnEventType,
    /// Its payload.
    pub payload: String,
}

impl Request for SendOwnEvent {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { name, payload } = self;
        Command::SendOwnEvent { name, payload }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// There are to be TICK events as long as this life lasts.
#[derive(Clone, Copy, Debug)]
pub struct WatchTicks {
    /// The life.
    pub life: Life,
}

impl Request for WatchTicks {
    type Answer = ();

    fn into_command(self) -> Command {
        let Self { life } = self;
        Command::WatchTicks { life }
    }

    fn answer(reply: Reply) -> Option<Self::Answer> {
        if let Reply::Done = reply { Some(()) } else { None }
    }
}

/// A command from the table of methods, which is known only when a client has named it.
impl Request for Command {
    type Answer = MethodAnswer;

    fn into_command(self) -> Command {
        self
    }

    fn answer(reply: Reply) -> Option<MethodAnswer> {
        match reply {
            Reply::Done => Some(MethodAnswer::Done),
            Reply::Results(results) => Some(MethodAnswer::Results(results)),
            Reply::ProcessInfo(info) => Some(MethodAnswer::ProcessInfo(Arc::from(info))),
            Reply::AllProcessInfo(infos) => Some(MethodAnswer::AllProcessInfo(shared(infos))),
            Reply::AllConfigInfo(infos) => Some(MethodAnswer::AllConfigInfo(infos)),
            Reply::GroupNames(names) => Some(MethodAnswer::GroupNames(names)),
            Reply::ProcessDetails(details) => Some(MethodAnswer::ProcessDetails(details)),
            Reply::AllProcessDetails(details) => Some(MethodAnswer::AllProcessDetails(details)),
            // No method is a command that is answered so: those are requests of their own.
            Reply::LogFile(_)
            | Reply::Events(_)
            | Reply::EventStatistics(_)
            | Reply::Reloaded(_)
            | Reply::Group(_)
            | Reply::OtherPid => None,
        }
    }
}

/// What a method is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodAnswer {
    /// It is done.
    Done,
    /// What became of each process, in order of completion.
    Results(Vec<ProcessResult>),
    /// One process.
    ProcessInfo(Arc<ProcessInfo>),
    /// All processes, sorted by group, then name.
    AllProcessInfo(Vec<Arc<ProcessInfo>>),
    /// The pending configuration, sorted by process name.
    AllConfigInfo(Vec<ConfigInfo>),
    /// Names of groups, in the order they were added.
    GroupNames(Vec<Arc<str>>),
    /// One process, with all that is known of it.
    ProcessDetails(Box<ProcessDetails>),
    /// All processes so, sorted by group, then name.
    AllProcessDetails(Vec<ProcessDetails>),
}

/// As the snapshot has them.
fn shared(infos: Vec<ProcessInfo>) -> Vec<Arc<ProcessInfo>> {
    infos.into_iter().map(Arc::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_takes_its_own_answer_and_no_other() {
        assert_eq!(GetLogFile::answer(Reply::LogFile(Some("/l".into()))), Some(Some("/l".into())));
        assert_eq!(ReloadConfig::answer(Reply::Reloaded(ReloadDiff::default())), Some(ReloadDiff::default()));
        assert_eq!(AddProcesses::answer(Reply::Done), Some(()));
        assert_eq!(GetLogFile::answer(Reply::Done), None);
        assert_eq!(GetAllProcessInfo::answer(Reply::Done), None);
        assert_eq!(Log::answer(Reply::LogFile(None)), None);
        assert_eq!(Command::answer(Reply::Done), Some(MethodAnswer::Done));
        assert_eq!(Command::answer(Reply::LogFile(None)), None);
        assert_eq!(OnlyWithPid::answer(Reply::OtherPid), Some(None));
        assert_eq!(OnlyWithPid::answer(Reply::Done), Some(Some(MethodAnswer::Done)));
    }
}
