//! pidproxy: lets supervisord supervise a program that goes into the background.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    supervisord::pidproxy::run(&words.collect::<Vec<_>>())
}
