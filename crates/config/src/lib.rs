//! What a configuration file and a command line mean.
//!
//! A file goes: bytes (`source.rs`) → sections and options with their places (`ini.rs`, `include.rs`) → values with
//! their names replaced (`context.rs`, `expand.rs`) → typed sections (`sections/`, `datatypes/`) and processes
//! (`groups.rs`, `process_config.rs`) → [`Config`] (`load.rs`, top to bottom). A command line goes: words (`getopt.rs`)
//! → [`SupervisordOptions`], [`ClientOptions`] (`command_line/`).
//!
//! What an option is called, means and defaults to, and how its value is read, stands in [`options_table`], for parser,
//! warnings and documentation.
//! Errors are upstream's, in its order and its words; [`check`] collects them all. Modules named `python_…` are what
//! Python itself contributes to the format. The crate reads files and looks up users, the host's name and directories;
//! it changes nothing, starts nothing and keeps nothing between two calls.
#![forbid(unsafe_code)]

// Tests and examples share a file that names this crate from outside.
#[cfg(test)]
extern crate self as supervisor_config;

mod check;
mod command_line;
mod config;
mod context;
mod datatypes;
mod diagnostics;
mod effective;
mod environment;
mod exit_code_from;
mod expand;
mod explain;
#[doc(hidden)]
pub mod fuzzing;
mod getopt;
mod glob;
#[cfg(test)]
mod golden_tests;
mod groups;
mod include;
mod include_patterns;
mod inheritance;
mod ini;
pub mod limits;
mod lints;
mod load;
mod nearest;
pub mod options_table;
mod problem;
mod problems;
mod process_config;
mod program_reader;
mod python_format;
mod python_number;
mod python_path;
mod python_repr;
mod python_text;
mod recorder;
mod search;
mod secrets;
mod sections;
mod server_reach;
pub mod shlex;
mod source;
mod spans;
mod strictness;
mod time_zone;
mod unknown_options;
mod unknown_sections;
mod wrapped;

pub use check::{CheckReport, check};
pub use command_line::{
    CheckFormat, ClientOptions, CommandSwitch, SdNotify, ShowConfigFormat, SupervisorctlCommand, SupervisordCommand,
    SupervisordOptions, build_text, parse_supervisorctl_command_line, parse_supervisord_command_line,
    supervisorctl_switches, supervisord_switches,
};
pub use config::{
    AnonymousPaths, BaseUrl, ClientConfig, ClientTlsFiles, Config, CtlPluginConfig, HostedPlugin, HttpServerAddress,
    HttpServerConfig, MainLogFile, RpcInterfaceConfig, Subreaper, SupervisordConfig, TlsFiles, WebConfig, WebInterface,
};
pub use diagnostics::{ConfigError, ConfigWarning, Place, UsageError};
pub use effective::{
    EffectiveConfig, EffectiveOption, EffectiveSection, EffectiveValue, Origin, Secrets, effective_config,
};
pub use lints::may_not_write;
pub use load::{LoadRequest, load, load_client};
pub use nearest::nearest;
pub use problem::{Problem, Severity};
pub use program_reader::ProgramReader;
pub use python_repr::Repr;
pub use recorder::Source;
pub use search::{ROOT_SEARCH_WARNING, config_file_candidates, find_config_file, no_config_file_text, program_path};
pub use secrets::{MASK, MaskedLine, masked_line};
pub use sections::hosted_plugin::plugin_interpreter;
pub use sections::plugins::RpcInterfaceFactory;
pub use server_reach::ServerCertificates;
pub use shlex::ShlexError;
pub use time_zone::{LocalTimeZone, local_time_zone};
