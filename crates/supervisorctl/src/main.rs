//! supervisorctl: the client of supervisord, from the command line and as a shell.
//!
//! [`cli`] makes a session from the command line; [`controller`] takes it line by line to [`actions`], one file
//! per command; these ask the server and the person through [`world`], which is [`live`] outside of tests.
#![forbid(unsafe_code)]

mod actions;
mod answers;
mod cli;
mod client;
mod columns;
mod completion;
mod completion_script;
mod completion_words;
mod controller;
mod descriptors;
mod editor;
mod event_stream;
mod event_view;
mod exit_status;
mod extension_test;
mod failure;
mod follow;
mod foreign;
mod format;
mod hash_password;
mod history;
mod json;
mod keyboard;
mod limits;
mod line_reader;
mod live;
mod name_pattern;
mod output;
mod result_code;
mod server_url;
mod shell;
mod status_view;
mod suggestion;
mod terminal;
#[cfg(test)]
mod testing;
mod tls;
mod top_view;
mod upcheck;
mod usage_view;
mod watched;
mod world;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os()).into()
}
