//! Is there a server that understands us? Asked first by most commands (contract/ctl.md §2.1).
//!
//! Where there is none a script reads the words of the original, and a person at a terminal what to try.

use supervisor_core::FaultCode;

use crate::controller::Controller;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::{CallError, ConnectError};

/// The version of the API that the commands are written for.
const API_VERSION: &str = "3.0";

/// The deprecated name, which servers of every age know.
const METHOD: &str = "supervisor.getVersion";

/// `false` after a line that says why not; other troubles than the four usual ones are a failure.
pub(crate) fn upcheck(controller: &mut Controller) -> Result<bool, Failure> {
    let url = controller.world.url().to_owned();
    let (words, status) = match controller.try_call::<String>(METHOD, &[]) {
        Ok(version) if version == API_VERSION => return Ok(true),
        Ok(version) => (wrong_version(&version), ExitStatus::ApiMismatch),
        Err(CallError::Fault { code: Known(FaultCode::UnknownMethod), .. }) => {
            (NAMESPACE_MISSING.to_owned(), ExitStatus::NamespaceMissing)
        }
        Err(CallError::Connect(error @ (ConnectError::Refused | ConnectError::NotASocket(_)))) => {
            let words = format!("{url} refused connection");
            (controller.words_for_nobody_there(words, error), ExitStatus::ConnectionRefused)
        }
        Err(CallError::Connect(error @ ConnectError::NoSuchFile)) => {
            let words = format!("{url} no such file");
            (controller.words_for_nobody_there(words, error), ExitStatus::NotRunning)
        }
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    };
    controller.output.line(&words);
    controller.fail(status);
    Ok(false)
}

fn wrong_version(version: &str) -> String {
    format!(
        "Sorry, this version of supervisorctl expects to talk to a server with API version {API_VERSION}, \
         but the remote version is {version}."
    )
}

const NAMESPACE_MISSING: &str = "Sorry, supervisord responded but did not recognize the supervisor namespace commands \
    that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the \
    configuration file (see sample.conf).";

#[cfg(test)]
mod tests {
    use supervisor_protocol::xmlrpc::Value;

    use super::*;
    use crate::testing::{Scene, check, fault, text, unreachable};

    /// Every command that asks first, with arguments that it accepts.
    const COMMANDS: [&str; 10] =
        ["clear x", "fg x", "maintail", "pid", "restart x", "signal HUP x", "start x", "stop x", "tail x", "version"];

    #[test]
    fn lines_and_statuses() {
        for command in COMMANDS {
            let no = |reply: Result<Value, CallError>| Scene::bare().on("getVersion", reply);
            check(no(unreachable(ConnectError::Refused)), command, "unix:///run/s.sock refused connection\n", 4);
            check(no(unreachable(ConnectError::NoSuchFile)), command, "unix:///run/s.sock no such file\n", 7);
            check(no(fault(FaultCode::UnknownMethod, "")), command, &format!("{NAMESPACE_MISSING}\n"), 3);
            check(no(text("2.0")), command, &format!("{}\n", wrong_version("2.0")), 5);
        }
    }

    #[test]
    fn people_are_told_what_to_try() {
        let hints = [
            (
                ConnectError::Refused,
                "refused connection",
                "is supervisord running? If not: supervisord -c /etc/s.conf",
                4,
            ),
            (
                ConnectError::NoSuchFile,
                "no such file",
                "is supervisord running, and is this the file of its [unix_http_server]? If not: supervisord -c /etc/s.conf",
                7,
            ),
            (
                ConnectError::NotASocket("a file"),
                "is a file, not a socket",
                "is this the file of its [unix_http_server]?",
                4,
            ),
        ];
        for (error, what, hint, status) in hints {
            let line = format!("error: unix:///run/s.sock {what} (serverurl in /etc/s.conf): {hint}\n");
            for command in COMMANDS {
                let scene = Scene::bare().at_terminal().on("getVersion", unreachable(error.clone()));
                check(scene, command, &line, status);
            }
            let scene = Scene::bare().at_terminal().on("getVersion", unreachable(error.clone()));
            check(scene, "status", &line, 4);
            let scene = Scene::bare().at_terminal().on("shutdown", unreachable(error));
            check(scene, "shutdown", &line, 1);
        }
        let scene = Scene::bare().at_terminal().on("getVersion", Err(CallError::Unauthorized));
        let line = "Server requires authentication (serverurl in /etc/s.conf): set username= and password= in \
                    [supervisorctl], give -u and -p, or be asked with -i\n";
        check(scene, "status", line, 1);
        let wrong = || Scene::bare().asked_by("me").on("getVersion", Err(CallError::Unauthorized));
        let line = "unix:///run/s.sock refuses the username me with this password (serverurl in /etc/s.conf): are they \
                    those of its server section?\n";
        check(wrong().at_terminal(), "status", line, 1);
        check(wrong(), "status", "Server requires authentication\n", 1);
    }

    #[test]
    fn everything_else_is_an_error() {
        for (error, words) in [
            (CallError::Unauthorized, "Server requires authentication\n"),
            (
                CallError::Http { status: 500, reason: "Internal Server Error".to_owned() },
                "error: unix:///run/s.sock answered HTTP 500 Internal Server Error to supervisor.getVersion: \
                 the log of supervisord may say why\n",
            ),
            (
                CallError::Broken("early end".to_owned()),
                "error: unix:///run/s.sock closed the connection without an answer to supervisor.getVersion (early end): \
                 is it supervisord? (serverurl in /etc/s.conf)\n",
            ),
            (
                CallError::BadAnswer("no XML".to_owned()),
                "error: unix:///run/s.sock gave an answer to supervisor.getVersion that cannot be read (no XML): \
                 is it supervisord? (serverurl in /etc/s.conf)\n",
            ),
        ] {
            check(Scene::bare().on("getVersion", Err(error)), "status", words, 1);
        }
    }
}
