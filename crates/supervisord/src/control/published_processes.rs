//! What is told of processes without asking the supervision plane: from the snapshot that it publishes. The answer is
//! the one that the supervision plane would give.

use std::sync::Arc;

use supervisor_core::{Command, Fault, FaultCode, ProcessInfo, SupervisorState};

use tokio::time::sleep;

use super::context::Context;
use super::limits;
use crate::boundary::requests::{GetAllProcessInfo, MethodAnswer};

/// The answer to a command, if it is one that is answered so. `None`: the supervision plane is to be asked.
pub(super) fn answer(command: &Command, context: &Context) -> Option<Result<MethodAnswer, Fault>> {
    if let Command::GetProcessInfo { name } = command {
        let found = context.processes.find(name)?;
        Some(still_running(context).and(found).map(MethodAnswer::ProcessInfo))
    } else if *command == Command::GetAllProcessInfo {
        let infos = context.processes.all()?;
        Some(still_running(context).map(|()| MethodAnswer::AllProcessInfo(infos)))
    } else {
        None
    }
}

/// All processes that lists have, sorted by group, then name; from the supervision plane while they change.
pub(super) async fn listed(context: &Context) -> Result<Vec<Arc<ProcessInfo>>, Fault> {
    let mut infos = match context.processes.all() {
        Some(infos) => still_running(context).map(|()| infos)?,
        None => context.sender.call(GetAllProcessInfo).await?,
    };
    infos.retain(|info| is_listed(info));
    Ok(infos)
}

/// Whether lists have a process. They leave extensions out, since old monitors count what they get.
pub(super) fn is_listed(info: &ProcessInfo) -> bool {
    info.config.extension.is_none()
}

/// All processes, extensions too, whatever else goes on: in a shutdown too. `None`: supervision has ended.
pub(super) async fn even_in_a_shutdown(context: &Context) -> Option<Vec<Arc<ProcessInfo>>> {
    for _ in 0..limits::SNAPSHOT_LOOKS {
        if let Some(infos) = context.processes.all() {
            return Some(infos);
        }
        if let Ok(infos) = context.sender.call(GetAllProcessInfo).await {
            return Some(infos);
        }
        // In a shutdown supervision refuses, and the next moment will be a quiet one.
        sleep(limits::EVENT_STREAM_PAUSE).await;
    }
    None
}

/// What was read may be of a shutdown that has begun since the call was let in.
fn still_running(context: &Context) -> Result<(), Fault> {
    match context.notices.state() {
        SupervisorState::Running => Ok(()),
        SupervisorState::Restarting | SupervisorState::Shutdown => Err(Fault::bare(FaultCode::ShutdownState)),
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::ProcessId;
    use supervisor_protocol::xmlrpc::Writer;

    use super::super::reply::write_answer;
    use super::*;
    use crate::boundary::outbox::{self, Notice, Outbox};
    use crate::boundary::snapshot::{SnapshotPublisher, process_snapshot};
    use crate::test_data::process_info;

    fn context() -> (Context, Outbox, SnapshotPublisher) {
        let (mut context, _stop, _inbox) = Context::for_tests();
        let (outbox, notices) = outbox::channel(SupervisorState::Running);
        let (mut publisher, processes) = process_snapshot();
        let (id, info) = (ProcessId::new(0, 0), process_info("cat"));
        publisher.publish([(id, info)].into_iter(), Some([id].into_iter()));
        (context.notices, context.processes) = (notices, processes);
        (context, outbox, publisher)
    }

    fn commands() -> [Command; 2] {
        [Command::GetProcessInfo { name: "cat".to_owned() }, Command::GetAllProcessInfo]
    }

    fn answered(command: &Command, context: &Context) -> Option<Result<usize, Fault>> {
        let mut writer = Writer::default();
        answer(command, context).map(|outcome| {
            outcome.map(|answer| {
                write_answer(&mut writer, &answer);
                writer.len()
            })
        })
    }

    #[test]
    fn what_is_published_is_told() {
        let (context, _outbox, _publisher) = context();
        for command in commands() {
            assert!(matches!(answered(&command, &context), Some(Ok(1..))), "{command:?}");
        }
        let unknown = Command::GetProcessInfo { name: "dog".to_owned() };
        assert_eq!(answered(&unknown, &context), Some(Err(Fault::new(FaultCode::BadName, "dog"))));
    }

    #[test]
    fn what_changes_and_everything_else_is_left_to_the_supervision_plane() {
        let (context, _outbox, publisher) = context();
        assert_eq!(answered(&Command::GetAllConfigInfo, &context), None);
        publisher.begin_change();
        for command in commands() {
            assert_eq!(answered(&command, &context), None);
        }
    }

    #[test]
    fn a_shutdown_that_has_begun_meanwhile_refuses() {
        let (context, mut outbox, _publisher) = context();
        outbox.tell(Notice::State(SupervisorState::Shutdown));
        for command in commands() {
            assert_eq!(answered(&command, &context), Some(Err(Fault::bare(FaultCode::ShutdownState))));
        }
    }
}
