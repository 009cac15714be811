//! `twiddler.*`: programs that come to living groups, as with the plug-in supervisor_twiddler 1.0.0, and lines of
//! clients in the main log. What needs no more than a command is a row of the table alone.

use supervisor_core::{FaultCode, LogLevel};
use supervisor_protocol::method::TwiddlerRequest;
use supervisor_protocol::xmlrpc::{Value, Writer};

use crate::boundary::requests::{AddProcesses, Log};
use crate::control::context::Context;
use crate::control::log_levels::log_level;
use crate::control::rpc_fault::RpcFault;

/// What `getAPIVersion` answers.
const API_VERSION: &str = "1.0";

/// Carries out a request, and writes one value if it succeeds.
pub(in crate::control) async fn perform(
    request: TwiddlerRequest,
    context: &Context,
    writer: &mut Writer,
) -> Result<(), RpcFault> {
    match request {
        TwiddlerRequest::ApiVersion => writer.string(API_VERSION),
        TwiddlerRequest::AddProgram { group, program, options } => {
            let options = texts(options)?;
            // A group that is not there is told before what is wrong with the options.
            context.sender.call(AddProcesses { group: group.clone(), processes: vec![] }).await?;
            let processes = context.read_program(&group, &program, options).await?;
            context.sender.call(AddProcesses { group, processes }).await?;
            writer.boolean(true);
        }
        TwiddlerRequest::Log { message, level } => {
            let level = log_level(&level, LogLevel::abbreviation)
                .ok_or_else(|| RpcFault::bare(FaultCode::IncorrectParameters))?;
            context.sender.call(Log { level, message }).await?;
            writer.boolean(true);
        }
    }
    Ok(())
}

/// The options of a program.
fn texts(options: Value) -> Result<Vec<(String, String)>, RpcFault> {
    let Value::Struct(members) = options else { return Err(RpcFault::bare(FaultCode::IncorrectParameters)) };
    let text = |(name, value): (String, Value)| match value.into_text() {
        Some(text) => Ok((name, text)),
        None => Err(RpcFault::new(FaultCode::IncorrectParameters, format!("option {name} must be a string"))),
    };
    members.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_names_and_numbers() {
        for (level, expected) in [
            (Value::from("INFO"), Some(LogLevel::Info)),
            (Value::from("warn"), Some(LogLevel::Warn)),
            (Value::Int(40), Some(LogLevel::Error)),
            (Value::Int(3), Some(LogLevel::Blather)),
            (Value::Int(17), None),
            (Value::from("NOSUCH"), None),
            (Value::from("20"), None),
            (Value::Nil, None),
        ] {
            assert_eq!(log_level(&level, LogLevel::abbreviation), expected, "{level:?}");
        }
    }
}
