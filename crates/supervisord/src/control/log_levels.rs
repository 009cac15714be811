//! Levels of the main log, as a method of a plug-in or an extension is given them.

use supervisor_core::LogLevel;
use supervisor_protocol::xmlrpc::Value;

/// The level that a value names, by what `name_of` calls it, in any case, or by its number (supervisor.loggers).
pub(super) fn log_level(level: &Value, name_of: fn(LogLevel) -> &'static str) -> Option<LogLevel> {
    match level {
        Value::Str(name) => LogLevel::ALL.into_iter().find(|level| name_of(*level).eq_ignore_ascii_case(name)),
        Value::Int(number) => LogLevel::ALL.into_iter().find(|level| level.number() == *number),
        Value::Bool(_)
        | Value::Double(_)
        | Value::DateTime(_)
        | Value::Base64(_)
        | Value::Array(_)
        | Value::Struct(_)
        | Value::Nil => None,
    }
}
