//! The daemon, as a library so that each part can be tested by itself: [`boot`] brings it up, [`supervision`] runs on
//! the main thread, [`control`] answers clients on its own thread, [`inbox`] and [`process_snapshot`] are the boundary
//! to the supervision plane, [`clock`] reads the clocks.
#![forbid(unsafe_code)]

pub mod boot;
mod check_command;
pub mod clock;
pub mod control;
mod defect_log;
mod exposure;
pub mod http_servers;
pub mod inbox;
mod limits;
pub mod name_service;
mod offline;
pub mod pidproxy;
pub mod process_snapshot;
mod rpc_interfaces;
pub mod sample_config;
mod server_trouble;
mod shared_servers;
mod show_config_command;
pub mod supervision;
#[cfg(test)]
mod test_folder;
