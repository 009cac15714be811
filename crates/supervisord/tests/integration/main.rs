//! The two binaries from outside: real processes, real sockets, real files.
//!
//! One test program for all behaviours, so that it links once. A test builds a [`support::TestDaemon`], waits for
//! conditions and never for time, and ends with no process left. The folder with the binaries under test comes
//! from the environment variable `SUPERVISOR_BIN`; without it they are the ones that cargo has just built. Naming
//! the folder of the Python release there runs the same tests against the original, which is how they are known to
//! be right; what differs on purpose (COMPATIBILITY.md) says so with [`support::testing_the_original`].

mod api_actions;
mod attacks;
mod attributes;
mod auto_logs;
mod chaos;
mod check_goldens;
mod config_commands;
mod containers;
mod daemonize;
mod deploys;
mod descriptors;
mod environment;
mod event_overflow;
mod event_stream;
mod examples;
mod exit_statuses;
mod extension_examples;
mod extensions;
mod facing_the_world;
mod first_minutes;
mod hostile_listeners;
mod https;
mod https_children;
mod hung_disks;
mod last_ends;
mod last_words;
mod lifecycle;
mod linked_logs;
mod listener_programs;
mod log_destinations;
mod logs;
mod loose_clients;
mod mended_defects;
mod metrics;
mod native_namespaces;
mod old_pains;
mod original_client;
mod page_stream;
mod pages;
mod pidproxy;
mod program_users;
mod python_plugins;
mod raw_bytes;
mod refused_calls;
mod reload;
mod resources;
mod reverse_proxy;
mod server_sockets;
mod service_files;
mod service_manager;
mod startup_errors;
mod stopping;
mod support;
mod syslog;
mod time_zones;
mod told_at_once;
