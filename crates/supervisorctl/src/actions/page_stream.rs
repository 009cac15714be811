//! The stream that pages of the web interface live on, for commands that follow it: opened, followed, and told how it
//! ended. What its frames mean is the command's.

use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::output::visible_on_one_line;
use crate::world::CallError;

/// Where the server has it.
pub(super) const PATH: &str = "/api/v1/stream";

/// Opens this path and follows what comes; `follow` gives why it ended, if that is an error.
pub(super) fn follow(
    controller: &mut Controller,
    path: &str,
    follow: impl FnOnce(&mut Controller) -> Option<&'static str>,
) -> Result<Flow, Failure> {
    controller.output.flush();
    if let Err(error) = controller.world.open_stream(path) {
        return refused(controller, error);
    }
    let ended = follow(controller);
    controller.world.stop_following();
    if let Some(why) = ended {
        let url = controller.world.url();
        let words = visible_on_one_line(&format!("error: {url} {why}")).into_owned();
        controller.output.error_line(&words);
        controller.fail(ExitStatus::Generic);
    }
    Ok(Flow::Continue)
}

/// What means something in a query, and what may not stand there, as `%XX`.
pub(super) fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:*/".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The statuses of HTTP that have words of their own.
fn refused(controller: &mut Controller, error: CallError) -> Result<Flow, Failure> {
    let url = controller.world.url();
    let words = match error {
        CallError::Http { status: 404, reason } if reason.starts_with("there is no log") => format!("error: {reason}"),
        CallError::Http { status: 404, reason } if reason.ends_with("is not logged to a file") => {
            format!("error: {reason}")
        }
        CallError::Http { status: 404, .. } => {
            format!("error: {url} has no {PATH}: this supervisord is too old for it")
        }
        CallError::Http { status: 400 | 403 | 503, reason } => format!("error: {url} refuses: {reason}"),
        error => return Err(Failure::Call { method: PATH, error }),
    };
    controller.output.line(&visible_on_one_line(&words));
    controller.fail(ExitStatus::Generic);
    Ok(Flow::Continue)
}
