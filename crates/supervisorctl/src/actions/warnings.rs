//! What is probably not meant in the configuration that supervisord has just read, as a start tells it: for the person
//! behind `reread` and `update`, on standard error, since scripts read what these two print.
//!
//! From `/api/v1` of our own daemon. A server that has no such document, or none that can be read, tells nothing.

use serde_json::Value as Json;

use crate::controller::Controller;
use crate::failure::Failure;
use crate::output::visible_on_one_line;
use crate::world::CallError;

pub(super) const WARNINGS: &str = "/api/v1/configuration/warnings";

/// Tells the warnings, a line each.
pub(super) fn tell(controller: &mut Controller) -> Result<(), Failure> {
    controller.output.flush();
    let text = match controller.world.get(WARNINGS) {
        Ok(text) => text,
        Err(error @ (CallError::Interrupted | CallError::DeadlinePassed)) => {
            return Err(Failure::Call { method: WARNINGS, error });
        }
        // The command itself has gone well; whether somebody is there is told by what it does next.
        Err(
            CallError::Fault { .. }
            | CallError::Unauthorized
            | CallError::Http { .. }
            | CallError::Connect(_)
            | CallError::Broken(_)
            | CallError::BadAnswer(_)
            | CallError::BadUrl,
        ) => return Ok(()),
    };
    for line in lines(&text) {
        controller.output.error_line(&visible_on_one_line(&line));
    }
    Ok(())
}

fn lines(text: &str) -> Vec<String> {
    let document: Json = serde_json::from_str(text).unwrap_or_default();
    let warnings = document.get("warnings").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let messages = warnings.iter().filter_map(|warning| warning.get("message")?.as_str());
    let more = document.get("more").and_then(Json::as_u64).filter(|more| *more > 0);
    let rest = more.map(|more| format!("warning: and {more} more, in the main log of supervisord"));
    messages.map(|message| format!("warning: {message}")).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, reloaded, text};

    /// A server that has read its configuration, and has this document about it.
    fn scene(document: &str) -> Scene {
        let server = Scene::bare().on("reloadConfig", reloaded(&[], &[], &["old"]));
        server.on("GET /api/v1/configuration/warnings", text(document))
    }

    const TWO: &str = r#"{"warnings": [{"message": "Unknown section 'a'"}, {"message": "b\nc\u001b[2J"}], "more": 0}"#;

    #[test]
    fn scripts_read_the_usual_lines_and_people_the_warnings() {
        let outcome = scene(TWO).run("reread");
        assert_eq!((outcome.out.as_str(), outcome.status), ("old: disappeared\n", 0));
        assert_eq!(outcome.err, "warning: Unknown section 'a'\nwarning: b\\nc\\x1b[2J\n");
        let update =
            scene(TWO).on("stopProcessGroup old", array([])).on("removeProcessGroup old", text("")).run("update");
        assert_eq!((update.out.as_str(), update.err), ("old: stopped\nold: removed process group\n", outcome.err));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let outcome = scene(r#"{"warnings": [{"message": "a"}], "more": 7}"#).run("reread");
        assert_eq!(outcome.err, "warning: a\nwarning: and 7 more, in the main log of supervisord\n");
    }

    #[test]
    fn a_server_that_tells_nothing_usable_is_no_trouble() {
        for document in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"warnings": [], "more": 0}"#,
            r#"{"warnings": {"a": 1}, "more": -1}"#,
            r#"{"warnings": [1, {"message": 2}, {}], "more": "x"}"#,
        ] {
            let outcome = scene(document).run("reread");
            assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("old: disappeared\n", ""), "{document}");
        }
        let refused = Err(CallError::Http { status: 500, reason: String::new() });
        let server = Scene::bare().on("reloadConfig", reloaded(&[], &[], &["old"]));
        let outcome = server.on("GET /api/v1/configuration/warnings", refused).run("reread");
        assert_eq!((outcome.err.as_str(), outcome.status), ("", 0));
    }
}
