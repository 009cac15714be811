//! A supervision plane that has an answer for every command, at once or an hour later.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::sys::memfd::{MFdFlags, memfd_create};
use supervisor_core::{
    Channel, Command, ConfigInfo, EventBatch, EventStatistics, EventType, Fault, FaultCode, LogPaths, ProcessInfo,
    ProcessResult, ProcessState, ReloadDiff, Reply, RingStatistics, StreamEvent,
};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::boundary::inbox::{self, CommandSender, Inbox, Message};
use crate::test_data::{group_config, process_config, process_info};

/// What the log of everybody holds: characters of several bytes, bytes that are none, and what XML cannot carry.
const LOG: &[u8] = b"one\ntwo \xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80 \xff\xfe\xc3 \x00\x08\x1b[31m ]]> <&> \r\n\xed\xa0\x80 \xef\xbf\xbf three\n";

pub(super) struct Supervision {
    inbox: Inbox,
    wake: Arc<Notify>,
    late: bool,
}

/// How late a late answer is: longer than a client stays that sends no more.
const LATE: Duration = Duration::from_hours(1);

impl Supervision {
    pub(super) fn new(late: bool) -> (Self, CommandSender) {
        let wake = Arc::new(Notify::new());
        let waker = Arc::clone(&wake);
        let (sender, inbox) = inbox::channel(Arc::new(move || waker.notify_one()));
        (Self { inbox, wake, late }, sender)
    }

    /// Answers for ever.
    pub(super) async fn run(self) {
        loop {
            while let Some(message) = self.inbox.try_recv() {
                match message {
                    Message::Request { command, reply } => {
                        if self.late {
                            sleep(LATE).await;
                        }
                        reply.send(answer(command));
                    }
                    Message::Follow { follower, .. }
                    | Message::FollowEvents { follower }
                    | Message::FollowProcesses { follower } => {
                        follower.notify();
                    }
                    Message::Log { .. } | Message::SignalStopping { .. } | Message::IdentifierChanged { .. } => {}
                }
            }
            self.wake.notified().await;
        }
    }
}

/// The log of everybody; written once. It lies in memory, where nobody else gets at it and nothing is left of it.
pub(super) fn log_file() -> PathBuf {
    static FILE: OnceLock<File> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let mut file = File::from(memfd_create(c"log", MFdFlags::MFD_CLOEXEC).expect("there is memory for it"));
        file.write_all(LOG).expect("there is memory for it");
        file
    });
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// There are `cat`, whose log is [`log_file`], and `mute`, which has none; everybody else is unknown.
fn answer(command: Command) -> Result<Reply, Fault> {
    match command {
        Command::GetLogFile { name, channel } => Ok(log_of(&known(name)?, channel)),
        Command::ReadEvents { after } => Ok(Reply::Events(Box::new(events(after)))),
        Command::GetEventStatistics => Ok(Reply::EventStatistics(Box::new(event_statistics()))),
        Command::GetProcessInfo { name } => Ok(Reply::ProcessInfo(Box::new(info(&known(name)?)))),
        Command::GetAllProcessInfo => Ok(Reply::AllProcessInfo(vec![info("cat"), info("mute")])),
        Command::GetAllConfigInfo => Ok(Reply::AllConfigInfo(vec![config_info()])),
        Command::ReloadConfig { groups } => {
            let added = groups.iter().map(|group| (*group.name).into()).collect();
            Ok(Reply::Reloaded(ReloadDiff { added, changed: vec!["a&b".into()], removed: vec![] }))
        }
        Command::StartProcess { name, .. }
        | Command::StopProcess { name, .. }
        | Command::SignalProcess { name, .. }
            if name.ends_with(":*") =>
        {
            Ok(results())
        }
        Command::StartProcess { name, .. }
        | Command::StopProcess { name, .. }
        | Command::SignalProcess { name, .. }
        | Command::SendProcessStdin { name, .. }
        | Command::ClearProcessLogs { name }
        | Command::AddProcessGroup { name }
        | Command::RemoveProcessGroup { name } => known(name).map(|_| Reply::Done),
        Command::StartProcessGroup { name, .. }
        | Command::StopProcessGroup { name, .. }
        | Command::SignalProcessGroup { name, .. } => known(name).map(|_| results()),
        Command::StartAllProcesses { .. }
        | Command::StopAllProcesses { .. }
        | Command::SignalAllProcesses { .. }
        | Command::ClearAllProcessLogs => Ok(results()),
        Command::GetGroupNames => Ok(Reply::GroupNames(vec!["cat".into(), "a&b".into()])),
        Command::AddProcesses { group: name, .. } | Command::RemoveProcess { group: name, .. } => {
            known(name).map(|_| Reply::Done)
        }
        // What extensions ask for, of whom there is none, and clients of what is ours.
        Command::GetAllProcessDetails => Ok(Reply::AllProcessDetails(vec![])),
        Command::ResetFailed { name } => known(name).map(|_| results()),
        Command::GetGroup { name } | Command::GetProcessDetails { name } => Err(Fault::new(FaultCode::BadName, name)),
        Command::OnlyWithPid { command, .. } => answer(*command),
        Command::SendRemoteCommEvent { .. }
        | Command::Kill { .. }
        | Command::JudgeResult { .. }
        | Command::StartAnew { .. }
        | Command::WatchTicks { .. }
        | Command::SendOwnEvent { .. }
        | Command::ClearLog
        | Command::Log { .. }
        | Command::Shutdown
        | Command::Restart => Ok(Reply::Done),
    }
}

/// The last events of a supervisord that has ended.
fn events(after: Option<u64>) -> EventBatch {
    let event = |(serial, event_type, payload): (u64, EventType, &str)| StreamEvent {
        serial,
        time: Duration::from_millis(1_795_335_467_089),
        event_type,
        payload: payload.into(),
        omitted_bytes: 3,
        ended: None,
    };
    let all = [
        (3, EventType::RemoteCommunication, "type:a\r\ndata: {}\n\nevent: x\u{0}\u{1b}[2J\u{2028}"),
        (4, EventType::ProcessStateExited, "processname:cat groupname:cat from_state:RUNNING expected:0 pid:7"),
        (5, EventType::ProcessLogStdout, "no payload at all"),
    ];
    let events = all.into_iter().filter(|(serial, ..)| after.is_some_and(|after| *serial > after)).map(event).collect();
    EventBatch {
        restarted: after.is_some_and(|after| after > 5),
        lost: (after == Some(0)).then_some((1, 2)),
        events,
        position: 5,
        newest: 5,
        is_ended: true,
    }
}

fn event_statistics() -> EventStatistics {
    EventStatistics { pools: vec![], ring: RingStatistics { first: 1, oldest: 3, newest: 5, bytes: 99 } }
}

fn known(name: String) -> Result<String, Fault> {
    match name.as_str() {
        "cat" | "cat:cat" | "mute" => Ok(name),
        _ => Err(Fault::new(FaultCode::BadName, name)),
    }
}

fn log_of(name: &str, channel: Channel) -> Reply {
    let path = match (name, channel) {
        ("mute", Channel::Stdout | Channel::Stderr) => None,
        (_, Channel::Stdout) => Some(log_file()),
        (_, Channel::Stderr) => Some(log_file().with_extension("missing")),
    };
    Reply::LogFile(path.map(|path| path.to_string_lossy().into()))
}

fn results() -> Reply {
    let result = |name: &str, fault| ProcessResult { name: name.into(), group: name.into(), fault };
    Reply::Results(vec![result("cat", None), result("mute", Some(Fault::new(FaultCode::NotRunning, "<mute>")))])
}

fn info(name: &str) -> ProcessInfo {
    ProcessInfo {
        state: if name == "mute" { ProcessState::Fatal } else { ProcessState::Running },
        start: 1_795_335_467,
        exit_code: Some(-1),
        spawnerr: Some("can't find command '<mute>\u{1}'".into()),
        ..process_info(name)
    }
}

fn config_info() -> ConfigInfo {
    let process = Arc::new(process_config("cat"));
    let group = group_config("cat", vec![Arc::clone(&process)]).into();
    ConfigInfo { group, process, in_use: true, auto_logs: LogPaths::default() }
}
