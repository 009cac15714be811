//! `/api/v1/configuration/warnings`: what is probably not meant in the configuration that was read last, at the start
//! or by `reloadConfig`, in the words of the main log.

use hyper::StatusCode;
use supervisor_protocol::json;

use super::document;
use crate::control::context::Context;
use crate::control::limits::TOLD_WARNINGS;
use crate::control::response::Response;

pub(super) fn tell_warnings(context: &Context) -> Response {
    document(StatusCode::OK, text(&context.warnings()))
}

fn text(warnings: &[String]) -> String {
    let told = warnings.get(..TOLD_WARNINGS).unwrap_or(warnings);
    let mut text = String::new();
    json::object(&mut text, |object| {
        object.objects("warnings", told, |object, warning| object.string("message", warning));
        object.number("more", warnings.len() - told.len());
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_told_up_to_a_bound() {
        assert_eq!(text(&[]), r#"{"warnings": [], "more": 0}"#);
        assert_eq!(text(&["a \"b\"".to_owned()]), r#"{"warnings": [{"message": "a \"b\""}], "more": 0}"#);
        let many = vec![String::new(); TOLD_WARNINGS + 3];
        assert!(text(&many).ends_with(r#""more": 3}"#));
    }
}
