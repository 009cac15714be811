//! What strangers, programs and local users try, and that it leads nowhere: one file for each border.

mod descriptors;
mod forged_log_lines;
mod frozen_starts;
mod left_groups;
mod logins;
mod memory;
mod no_memory;
mod no_threads;
mod open_doors;
mod pidfile;
mod planted_logs;
mod restart_window;
mod slow_name_service;
mod socket_thief;
mod swept_socket;
