//! `extension-test`: tries somebody's extension as supervisord would use it (docs/extensions.md), says what is wrong
//! with it and what to do. Needs no server and no configuration.
//!
//! It starts the command twice, with one end of a socket pair each time, and plays supervisord on the other. There are
//! no programs behind it: what the extension calls back is answered, and mostly refused. What it asks of methods are
//! calls with wrong arguments, which must do nothing, and the one that `--call` names.

mod checks;
mod options;
mod peer;
mod process;
mod questions;
mod verdict;

use std::io;

use crate::output::Output;
use options::Options;
use verdict::Verdicts;

pub(crate) use options::OPTIONS;

/// Does it, given the words behind `extension-test`, and returns the exit status: 1 where something is wrong.
///
/// # Errors
/// What is wrong with the words.
pub(crate) fn run(words: &[&str], output: &mut Output) -> Result<u8, String> {
    let options = Options::read(words)?;
    let status = match try_out(&options, output) {
        Ok(is_good) => u8::from(!is_good),
        Err(error) => {
            output.error_line(&format!("Error: {error}"));
            1
        }
    };
    output.flush();
    Ok(if output.broken().is_some() { 1 } else { status })
}

/// Whether nothing is wrong.
fn try_out(options: &Options, output: &mut Output) -> io::Result<bool> {
    let slot = process::Slot::reserve()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let mut verdicts = Verdicts::new(output);
    runtime.block_on(checks::all(options, &slot, &mut verdicts))?;
    Ok(verdicts.conclude())
}
