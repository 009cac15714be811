//! Answers of the supervision plane as XML-RPC values (contract/rpc.md §4).

use std::sync::Arc;

use supervisor_core::{FaultCode, ProcessInfo, ProcessResult, ReloadDiff};
use supervisor_protocol::xmlrpc::Writer;

use super::config_info::write_config_info;
use super::process_details::details_value;
use super::process_info::ProcessInfoWriter;
use super::published_processes::is_listed;
use crate::boundary::requests::MethodAnswer;

/// What a process takes in an answer, long log paths included; a guess too low costs a copy.
const PROCESS_INFO_BYTES: usize = 1_400;

/// Writes exactly one value.
pub(super) fn write_answer(writer: &mut Writer, answer: &MethodAnswer) {
    match answer {
        MethodAnswer::Done => writer.boolean(true),
        MethodAnswer::Results(results) => write_array(writer, results, write_result),
        MethodAnswer::ProcessInfo(info) => ProcessInfoWriter::new().write(writer, info),
        MethodAnswer::AllProcessInfo(infos) => write_process_infos(writer, infos),
        MethodAnswer::AllConfigInfo(infos) => write_array(writer, infos, write_config_info),
        MethodAnswer::GroupNames(names) => write_array(writer, names, |writer, name| writer.string(name)),
        MethodAnswer::ProcessDetails(details) => {
            writer.value(&details_value(details, &mut ProcessInfoWriter::new()));
        }
        MethodAnswer::AllProcessDetails(all) => {
            let mut words = ProcessInfoWriter::new();
            let listed = all.iter().filter(|details| is_listed(&details.info)).collect::<Vec<_>>();
            write_array(writer, &listed, |writer, details| writer.value(&details_value(details, &mut words)));
        }
    }
}

fn write_process_infos(writer: &mut Writer, infos: &[Arc<ProcessInfo>]) {
    let mut one = ProcessInfoWriter::new();
    writer.reserve(infos.len() * PROCESS_INFO_BYTES);
    writer.begin_array();
    infos.iter().filter(|info| is_listed(info)).for_each(|info| one.write(writer, info));
    writer.end_array();
}

fn write_array<T>(writer: &mut Writer, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
    writer.begin_array();
    for item in items {
        write(writer, item);
    }
    writer.end_array();
}

/// What became of one process (contract/rpc.md §4.4).
fn write_result(writer: &mut Writer, result: &ProcessResult) {
    let ProcessResult { name, group, fault } = result;
    let code = fault.as_ref().map_or(FaultCode::Success, |fault| fault.code);
    writer.begin_struct();
    writer.string_member("name", name);
    writer.string_member("group", group);
    writer.int_member("status", i64::from(code.number()));
    match fault {
        Some(fault) => writer.string_member("description", &fault.to_string()),
        None => writer.string_member("description", "OK"),
    }
    writer.end_struct();
}

/// `[[added, changed, removed]]`, once more nested than needed (contract/quirks.md K06).
pub(super) fn write_diff(writer: &mut Writer, diff: &ReloadDiff) {
    let ReloadDiff { added, changed, removed } = diff;
    writer.begin_array();
    write_array(writer, &[added, changed, removed], |writer, names| {
        write_array(writer, names, |writer, name| writer.string(name));
    });
    writer.end_array();
}

#[cfg(test)]
mod tests {
    use supervisor_core::{Command, Fault};
    use supervisor_protocol::method::{Request, Type, all_methods};
    use supervisor_protocol::xmlrpc::{Answer, Value, read_answer};

    use super::*;

    fn value_of(answer: &MethodAnswer) -> Value {
        value(|writer| write_answer(writer, answer))
    }

    fn value(write: impl FnOnce(&mut Writer)) -> Value {
        let mut writer = Writer::response(0);
        write(&mut writer);
        match read_answer(&writer.finish_response()) {
            Ok(Answer::Result(value)) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn done_is_true_and_nothing_is_an_empty_array() {
        assert_eq!(value_of(&MethodAnswer::Done), Value::Bool(true));
        assert_eq!(value_of(&MethodAnswer::Results(vec![])), Value::Array(vec![]));
        assert_eq!(value_of(&MethodAnswer::AllProcessInfo(vec![])), Value::Array(vec![]));
    }

    #[test]
    fn results_tell_what_became_of_each_process() {
        let result = |fault| ProcessResult { name: "p".into(), group: "g".into(), fault };
        let not_running = Fault::new(FaultCode::NotRunning, "g:p");
        let value = value_of(&MethodAnswer::Results(vec![result(None), result(Some(not_running))]));
        let expected = |status: i64, description: &str| {
            let member = |name: &str, value: Value| (name.to_owned(), value);
            Value::Struct(vec![
                member("name", "p".into()),
                member("group", "g".into()),
                member("status", status.into()),
                member("description", description.into()),
            ])
        };
        assert_eq!(value, Value::Array(vec![expected(80, "OK"), expected(70, "NOT_RUNNING: g:p")]));
    }

    #[test]
    fn a_reload_is_nested_once_more_than_needed() {
        let diff = ReloadDiff { added: vec!["a".into()], changed: vec![], removed: vec!["r".into(), "s".into()] };
        let names = |names: &[&str]| Value::Array(names.iter().map(|name| Value::from(*name)).collect());
        let expected = Value::Array(vec![Value::Array(vec![names(&["a"]), names(&[]), names(&["r", "s"])])]);
        assert_eq!(value(|writer| write_diff(writer, &diff)), expected);
    }

    #[test]
    fn every_command_of_the_table_of_methods_is_answered_by_what_can_be_written() {
        let sample = |kind| match kind {
            Type::Int | Type::Integer => Value::Int(1),
            Type::Boolean => Value::Bool(true),
            Type::String | Type::StringOrInt => Value::from("x"),
            Type::Array => Value::Array(vec![]),
            Type::Struct => Value::Struct(vec![]),
        };
        let mut commands = 0;
        for method in all_methods() {
            let given = method.parameters.iter().map(|parameter| sample(parameter.kind)).collect();
            let Ok(Request::Command(command)) = method.request(given) else { continue };
            commands += 1;
            let has_a_request_of_its_own = matches!(
                command,
                Command::GetLogFile { .. }
                    | Command::ReadEvents { .. }
                    | Command::GetEventStatistics
                    | Command::ReloadConfig { .. }
            );
            assert!(!has_a_request_of_its_own, "{}: {command:?} has no MethodAnswer", method.name);
        }
        assert!(commands > 20, "{commands} methods are commands");
    }
}
