//! supervisord: starts programs, keeps them running, captures what they print and tells whoever asks.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    supervisord::boot::run()
}
