//! `open`: another server (contract/ctl.md §3.13).

use super::{Action, Completes, status};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;

pub(super) const ACTION: Action = Action {
    name: "open",
    help: "open <url>\tConnect to a remote supervisord process.\n\
           \t\t(for UNIX domain socket, use unix:///socket/path)",
    completes: Completes::Nothing,
    options: &[],
    more: "Examples:\n\
           open unix:///run/supervisor.sock\n\
           open http://host:9001",
    run,
};

/// Switches the session and shows what is there; that something is stopped there is no error of `open`.
fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !has_known_scheme(argument) {
        controller.output.line("ERROR: url must be http:// or unix://");
        controller.fail(ExitStatus::Generic);
        controller.advise("such as open http://localhost:9001, or open unix:///run/supervisor.sock");
        return Ok(Flow::Continue);
    }
    controller.open(argument);
    let before = controller.exit_status;
    let flow = status::run(controller, "")?;
    controller.exit_status = before;
    Ok(flow)
}

fn has_known_scheme(url: &str) -> bool {
    url.split_once(':')
        .is_some_and(|(scheme, _)| ["http", "https", "unix"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, process, unreachable};
    use crate::world::{CallError, ConnectError};

    #[test]
    fn schemes() {
        for (url, known) in [
            ("http://x", true),
            ("unix:///s", true),
            ("HTTP://x", true),
            ("https://x", true),
            ("ftp://x", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(has_known_scheme(url), known, "{url}");
        }
    }

    #[test]
    fn the_status_of_the_other_server_is_shown_and_not_kept() {
        let scene = Scene::new().on("getAllProcessInfo", array([process("x", "x", (0, "STOPPED"), "Not started", 0)]));
        check(scene, "open unix:///other", "x                                STOPPED   Not started\n", 0);
        let nobody = Scene::bare().on("getVersion", unreachable(ConnectError::Refused));
        check(nobody, "open http://host:1", "http://host:1 refused connection\n", 0);
    }

    #[test]
    fn other_kinds_are_refused() {
        for line in ["open", "open x", "open ftp://x"] {
            check(Scene::bare(), line, "ERROR: url must be http:// or unix://\n", 1);
        }
        let unusable = Scene::bare().on("getVersion", Err(CallError::BadUrl));
        let words = "error: Unknown protocol for serverurl HTTP://x (as given): use http://HOST:PORT, https://HOST:PORT or \
                     unix://PATH\n";
        check(unusable, "open HTTP://x", words, 1);
    }
}
