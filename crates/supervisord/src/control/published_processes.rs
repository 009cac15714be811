//! What is told of processes without asking the supervision plane: from the snapshot that it publishes.

use supervisor_core::{Command, Fault, FaultCode, SupervisorState};
use supervisor_protocol::xmlrpc::Writer;

use super::context::Context;
use super::process_info::ProcessInfoWriter;
use super::reply::write_process_infos;

/// Writes exactly one value, if the command is answered so and succeeds. `None`: the supervision plane is to be asked.
pub(super) fn answer(command: &Command, context: &Context, writer: &mut Writer) -> Option<Result<(), Fault>> {
    if let Command::GetProcessInfo { name } = command {
        let found = context.processes.find(name)?;
        Some(still_running(context).and(found).map(|info| ProcessInfoWriter::new().write(writer, &info)))
    } else if *command == Command::GetAllProcessInfo {
        let infos = context.processes.all()?;
        Some(still_running(context).map(|()| write_process_infos(writer, &infos)))
    } else {
        None
    }
}

/// What was read may be of a shutdown that has begun since the call was let in.
fn still_running(context: &Context) -> Result<(), Fault> {
    match context.state.get() {
        SupervisorState::Running => Ok(()),
        SupervisorState::Restarting | SupervisorState::Shutdown => Err(Fault::bare(FaultCode::ShutdownState)),
    }
}

#[cfg(test)]
mod tests {
    use supervisor_core::ProcessId;

    use super::super::supervisor_state::{StatePublisher, publish_state};
    use super::super::test_data::process_info;
    use super::*;
    use crate::process_snapshot::{SnapshotPublisher, process_snapshot};

    fn context() -> (Context, StatePublisher, SnapshotPublisher) {
        let (mut context, _stop, _inbox) = Context::for_tests();
        let (state, receiver) = publish_state(SupervisorState::Running);
        let (mut publisher, processes) = process_snapshot();
        let (id, info) = (ProcessId::new(0, 0), process_info("cat"));
        publisher.publish([(id, info)].into_iter(), Some([id].into_iter()));
        (context.state, context.processes) = (receiver, processes);
        (context, state, publisher)
    }

    fn commands() -> [Command; 2] {
        [Command::GetProcessInfo { name: "cat".to_owned() }, Command::GetAllProcessInfo]
    }

    fn answered(command: &Command, context: &Context) -> Option<Result<usize, Fault>> {
        let mut writer = Writer::default();
        answer(command, context, &mut writer).map(|outcome| outcome.map(|()| writer.len()))
    }

    #[test]
    fn what_is_published_is_told() {
        let (context, _state, _publisher) = context();
        for command in commands() {
            assert!(matches!(answered(&command, &context), Some(Ok(1..))), "{command:?}");
        }
        let unknown = Command::GetProcessInfo { name: "dog".to_owned() };
        assert_eq!(answered(&unknown, &context), Some(Err(Fault::new(FaultCode::BadName, "dog"))));
    }

    #[test]
    fn what_changes_and_everything_else_is_left_to_the_supervision_plane() {
        let (context, _state, publisher) = context();
        assert_eq!(answered(&Command::GetAllConfigInfo, &context), None);
        publisher.begin_change();
        for command in commands() {
            assert_eq!(answered(&command, &context), None);
        }
    }

    #[test]
    fn a_shutdown_that_has_begun_meanwhile_refuses() {
        let (context, state, _publisher) = context();
        state.publish(SupervisorState::Shutdown);
        for command in commands() {
            assert_eq!(answered(&command, &context), Some(Err(Fault::bare(FaultCode::ShutdownState))));
        }
    }
}
