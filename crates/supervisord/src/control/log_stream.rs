//! `/logtail` and `/mainlogtail`: a log as it grows, for as long as the client stays (contract/rpc.md §7).
//!
//! The supervision plane tells when a log has changed; once a second the file is looked at anyway, since others may
//! write to it. A client that reads slowly makes us read the log slowly: nothing piles up. Each takes one of the places
//! that its server has for those who follow, so that they never take all connections.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::SystemTime;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED};
use hyper::{Method, StatusCode};
use jiff::Timestamp;
use supervisor_core::Channel;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::context::Context;
use super::error_page::{error_page, plain_text};
use super::followed_file::{FollowedFile, Step};
use super::listener::Section;
use super::places::Place;
use super::response::{Response, stream, try_again_later};
use super::{limits, rpc};
use crate::boundary::followers::FollowedChanges;
use crate::boundary::inbox::FollowedLog;

/// Takes the place of what a truncated file no longer holds.
const TRUNCATED: &[u8] = b"==> File truncated <==\n";

/// Told to whoever wants to follow when hardly a descriptor is left.
const NO_DESCRIPTOR: &str = "the last file descriptors of supervisord are for programs: raise its limit (minfds= in \
                             [supervisord], ulimit -n), or follow less\n";

/// `X-Accel-Buffering: no`: proxies that understand it pass each piece on at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `/logtail/<name>[/<channel>]`; `path` is decoded and begins behind the leading slashes.
pub(super) async fn process_log(method: &Method, path: &str, section: &Section, context: &Rc<Context>) -> Response {
    if method != Method::GET {
        return error_page(StatusCode::BAD_REQUEST);
    }
    let Some((name, channel)) = name_and_channel(path) else { return error_page(StatusCode::NOT_FOUND) };
    let Some(place) = section.streams.take() else { return no_place(section) };
    let Ok(Some(file)) = rpc::log_file(name.to_owned(), channel, context).await else {
        return error_page(StatusCode::NOT_FOUND);
    };
    let log = FollowedLog::Process { name: name.to_owned(), channel };
    let mut response = follow(file, log, (section, place), context).await;
    if response.status() == StatusCode::OK {
        response.headers_mut().insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    response
}

/// `/mainlogtail`
pub(super) async fn main_log(method: &Method, section: &Section, context: &Rc<Context>) -> Response {
    if method != Method::GET {
        return error_page(StatusCode::BAD_REQUEST);
    }
    let Some(file) = context.main_log.clone() else { return error_page(StatusCode::NOT_FOUND) };
    match section.streams.take() {
        Some(place) => follow(file, FollowedLog::Main, (section, place), context).await,
        None => no_place(section),
    }
}

/// The answer to whoever wants to follow when as many do as may.
pub(super) fn no_place(section: &Section) -> Response {
    let (count, name) = (section.streams.count(), &section.name);
    let text = format!(
        "{count} clients of [{name}] follow logs or events already, which is as many as may. Requests are answered as \
         ever: a log can be read piece by piece, by supervisorctl tail without -f.\n"
    );
    try_again_later(plain_text(StatusCode::SERVICE_UNAVAILABLE, text))
}

/// Name and channel of `logtail/<name>[/<channel>]`, stdout if none is given.
fn name_and_channel(path: &str) -> Option<(&str, Channel)> {
    let (_, rest) = path.split_once('/')?;
    let (name, channel) = rest.split_once('/').unwrap_or((rest, Channel::Stdout.name()));
    let channel = Channel::BOTH.into_iter().find(|known| known.name() == channel)?;
    Some((name, channel))
}

async fn follow(
    path: PathBuf,
    log: FollowedLog,
    (section, place): (&Section, Place),
    context: &Rc<Context>,
) -> Response {
    let Ok(Ok((file, modified))) = context.files.run(move || FollowedFile::open(path)).await else {
        return error_page(StatusCode::NOT_FOUND);
    };
    if section.capacity.is_beyond(&file) {
        return try_again_later(plain_text(StatusCode::SERVICE_UNAVAILABLE, NO_DESCRIPTOR));
    }
    // Registered before the first reading, so that no change falls between the two.
    let (changes, follower) = FollowedChanges::new();
    context.sender.follow(log, follower).await;
    let (pieces, body) = mpsc::channel(limits::STREAM_PIECES);
    let pump_context = Rc::clone(context);
    let mark = Rc::clone(&context.log_followers);
    spawn_local(async move {
        pump(file, changes, pieces, pump_context).await;
        drop((place, mark));
    });
    let mut response = stream(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
    if let Some(date) = http_date(modified) {
        headers.insert(LAST_MODIFIED, date);
    }
    response
}

/// Sends what the log brings until the client goes, the control plane stops or the file can no longer be read.
async fn pump(file: FollowedFile, changes: FollowedChanges, pieces: mpsc::Sender<Bytes>, context: Rc<Context>) {
    let mut stopped = context.stopped.clone();
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = pump_on(file, changes, &pieces, &context) => {}
    }
}

async fn pump_on(mut file: FollowedFile, changes: FollowedChanges, pieces: &mpsc::Sender<Bytes>, context: &Context) {
    loop {
        let reading = context.files.run(move || {
            let step = file.step();
            (file, step)
        });
        let Ok((same_file, Ok(step))) = reading.await else { return };
        file = same_file;
        let piece = match step {
            Step::Bytes(bytes) => Bytes::from(bytes),
            Step::Truncated => Bytes::from_static(TRUNCATED),
            Step::Quiet => {
                tokio::select! {
                    () = changes.changed() => continue,
                    () = sleep(limits::STREAM_RECHECK) => continue,
                    () = pieces.closed() => return,
                }
            }
        };
        if pieces.send(piece).await.is_err() {
            return;
        }
    }
}

/// The date format of HTTP; `None` for a time that it cannot say.
fn http_date(time: SystemTime) -> Option<HeaderValue> {
    let time = Timestamp::try_from(time).ok()?;
    HeaderValue::from_str(&time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use http_body_util::BodyExt as _;
    use tokio::task::LocalSet;
    use tokio::time::Instant;

    use super::*;
    use crate::boundary::inbox::Message;
    use crate::test_folder::TestFolder;

    #[test]
    fn a_path_names_a_process_and_a_channel() {
        for (path, expected) in [
            ("logtail/cat", Some(("cat", Channel::Stdout))),
            ("logtail/web:cat", Some(("web:cat", Channel::Stdout))),
            ("logtail/web:cat/stdout", Some(("web:cat", Channel::Stdout))),
            ("logtail/web:cat/stderr", Some(("web:cat", Channel::Stderr))),
            ("logtailing/cat", Some(("cat", Channel::Stdout))),
            ("logtail/", Some(("", Channel::Stdout))),
            ("logtail", None),
            ("logtail/cat/stdin", None),
            ("logtail/cat/stdout/", None),
            ("logtail/cat/", None),
        ] {
            assert_eq!(name_and_channel(path), expected, "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_is_told_is_sent_at_once() {
        LocalSet::new()
            .run_until(async {
                let folder = TestFolder::new();
                let path = folder.file("log", b"first");
                let (context, _stop, inbox) = Context::for_tests();
                let context = Rc::new(context);
                let section = Section::unguarded("unix_http_server");
                let place = (&section, section.streams.take().unwrap());
                let mut body = follow(path.clone(), FollowedLog::Main, place, &context).await.into_body();
                let Some(Message::Follow { follower, .. }) = inbox.try_recv() else { panic!("a follower") };
                let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
                assert_eq!(first, "first");
                // The stream has seen that there is no more, and waits; far from its next look on its own.
                sleep(limits::STREAM_RECHECK / 2).await;
                let begin = Instant::now();
                fs::write(&path, "first, then").unwrap();
                assert!(follower.notify());
                let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
                assert_eq!((second.as_ref(), begin.elapsed()), (&b", then"[..], Duration::ZERO));
            })
            .await;
    }

    #[test]
    fn dates_are_those_of_http() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_335_467);
        assert_eq!(http_date(time).unwrap(), "Sun, 22 Nov 2026 08:17:47 GMT");
    }
}
