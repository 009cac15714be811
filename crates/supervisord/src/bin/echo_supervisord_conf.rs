//! echo_supervisord_conf: prints a commented sample configuration (contract/config.md, «console scripts»).
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use supervisord::sample_config::SAMPLE_CONFIG;

fn main() -> ExitCode {
    // A reader that has seen enough (`| head`) is no failure.
    match io::stdout().write_all(SAMPLE_CONFIG.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}
