//! The daemon, as a library so that each part can be tested by itself: [`boot`] brings it up, [`supervision`] runs on
//! the main thread, [`control`] answers clients on its own thread, [`boundary`] is what passes between the two,
//! [`clock`] reads the clocks.
#![forbid(unsafe_code)]

pub mod boot;
pub mod boundary;
mod check_command;
pub mod clock;
pub mod control;
mod defect_log;
mod exposure;
pub mod http_servers;
mod init_command;
mod limits;
pub mod name_service;
mod offline;
pub mod pidproxy;
mod plugin_check;
mod rpc_interfaces;
pub mod sample_config;
mod server_trouble;
mod shared_servers;
mod show_config_command;
pub mod supervision;
#[cfg(any(test, fuzzing))]
mod test_data;
#[cfg(test)]
mod test_folder;
