//! One line in the main log for each answer: TRAC, and ERRO for a 5xx (contract/processes.md §10.1, quirks.md F41).
//! A 503 is none: it tells strangers to come later, and as many of them as there are do not fill the log.
//!
//! The last number counts the body alone; the server below adds the head.

use hyper::body::Body;
use hyper::{Method, Request, StatusCode, Uri, Version};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use supervisor_core::LogLevel;

use super::connection::Peer;
use super::context::Context;
use super::response::Response;
use crate::clock;

/// What is kept of a request until its answer is known.
pub(super) struct RequestLine {
    method: Method,
    uri: Uri,
    version: Version,
}

impl RequestLine {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone(), version: request.version() }
    }
}

/// Writes the line, if the main log shows it.
pub(super) fn log(context: &Context, peer: Peer, line: &RequestLine, response: &Response) {
    let status = response.status();
    // 503 is said to crowds, and strangers may come in crowds: a line for each would fill the log.
    let is_defect = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
    let level = if is_defect { LogLevel::Error } else { LogLevel::Trace };
    context.log(level, || {
        let RequestLine { method, uri, version } = line;
        let time = time_text(clock::wall_clock().as_secs(), clock::local_zone().zone.clone());
        let bytes = response.body().size_hint().exact().unwrap_or(0);
        format!("{peer} - - [{time}] \"{method} {uri} {version:?}\" {} {bytes}", status.as_u16())
    });
}

fn time_text(epoch_seconds: u64, zone: TimeZone) -> String {
    let since_epoch = SignedDuration::from_secs(i64::try_from(epoch_seconds).unwrap_or(i64::MAX));
    let time = Timestamp::from_duration(since_epoch).unwrap_or(Timestamp::MAX);
    time.to_zoned(zone).strftime("%d/%b/%Y:%H:%M:%S %z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_did_wrong_is_an_error_and_a_word_in_an_address_is_none() {
        use super::super::error_page::error_page;

        let (context, _stop, inbox) = Context::for_tests();
        let line = RequestLine { method: Method::GET, uri: Uri::from_static("/error"), version: Version::HTTP_11 };
        for (status, shown) in [
            (StatusCode::NOT_FOUND, None),
            (StatusCode::SERVICE_UNAVAILABLE, None),
            (StatusCode::INTERNAL_SERVER_ERROR, Some(LogLevel::Error)),
        ] {
            log(&context, Peer::Unix, &line, &error_page(status));
            let level = match inbox.try_recv() {
                Some(crate::boundary::inbox::Message::Log { level, .. }) => Some(level),
                _ => None,
            };
            assert_eq!(level, shown, "{status}");
        }
    }

    #[test]
    fn time_is_in_the_common_log_format() {
        assert_eq!(time_text(1_795_335_069, TimeZone::UTC), "22/Nov/2026:08:11:09 +0000");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time_text(1_795_335_069, east), "22/Nov/2026:10:11:09 +0200");
    }
}
