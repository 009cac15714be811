//! What a configuration file and a command line mean.
#![forbid(unsafe_code)]

mod command_line;
mod config;
mod datatypes;
mod diagnostics;
mod getopt;
pub mod limits;
mod load;
mod python_number;
mod python_path;
mod python_repr;
mod python_text;
mod search;
mod shlex;

pub use command_line::{
    ClientOptions, SupervisorctlCommand, SupervisordCommand, SupervisordOptions, parse_supervisorctl_command_line,
    parse_supervisord_command_line,
};
pub use config::{
    ClientConfig, Config, CtlPluginConfig, HttpServerAddress, HttpServerConfig, MainLogFile, RpcInterfaceConfig,
    SupervisordConfig,
};
pub use diagnostics::{ConfigError, Place, UsageError};
pub use load::{LoadRequest, load, load_client};
pub use python_repr::Repr;
pub use search::{ROOT_SEARCH_WARNING, config_file_candidates, find_config_file, no_config_file_text, program_path};
pub use shlex::{ShlexError, split};
