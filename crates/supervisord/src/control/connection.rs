//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, SERVER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use supervisor_core::LogLevel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::audience::Visitor;
use super::caught::{self, Caught, caught};
use super::context::Context;
use super::listener::Section;
use super::response::{Response, ResponseBody};
use super::timed_stream::{Activity, TimedStream};
use super::{access_log, limits, router};

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Tcp(SocketAddr),
    Unix,
}

/// As access lines show it.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{}:{}", address.ip(), address.port()),
            Self::Unix => f.write_str("localhost:0"),
        }
    }
}

/// What a connection needs to know.
pub(super) struct Connection {
    pub(super) peer: Peer,
    pub(super) visitor: Visitor,
    pub(super) section: Rc<Section>,
    pub(super) context: Rc<Context>,
    pub(super) activity: Rc<Activity>,
    /// Notified when this connection has to make room for another one.
    pub(super) leave: Rc<Notify>,
}

impl Connection {
    /// Answers requests until the client or we have had enough.
    pub(super) async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let io = TokioIo::new(TimedStream::new(stream, Rc::clone(&self.activity)));
        let service = service_fn(|request| {
            // At once, not when the answer is first worked on: before that, hyper already reads on.
            self.activity.begin_handling();
            self.handle(request)
        });
        let mut builder = http1::Builder::new();
        builder
            .title_case_headers(true)
            .max_buf_size(limits::READ_BUFFER_BYTES)
            .max_header_size(limits::HEAD_BYTES)
            .max_headers(limits::HEADERS);
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut stopped = self.context.stopped.clone();
        tokio::select! {
            // How a connection ends is the client's affair; what it could learn from us, hyper has told it.
            _ = connection.as_mut() => return,
            () = self.leave.notified() => return,
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        connection.as_mut().graceful_shutdown();
        drop(connection.await);
    }

    /// The same behind a TLS handshake, which has as long as a head.
    pub(super) async fn serve_encrypted(self, stream: impl AsyncRead + AsyncWrite + Unpin, acceptor: TlsAcceptor) {
        let mut stopped = self.context.stopped.clone();
        let handshake = tokio::select! {
            handshake = timeout(limits::HEAD_TIME, acceptor.accept(stream)) => handshake,
            () = self.leave.notified() => return,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        match handshake {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => {
                let peer = self.peer;
                self.context.log(LogLevel::Debug, || format!("{peer} cannot be spoken to by TLS: {error}"));
            }
            Err(_late) => {}
        }
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        let line = access_log::RequestLine::of(&request);
        let uri = request.uri().clone();
        let routed = caught(router::route(request, (self.peer, self.visitor), &self.section, &self.context)).await;
        let mut response = routed.unwrap_or_else(|Caught| caught::answer(&uri));
        response.headers_mut().insert(SERVER, HeaderValue::from_static("supervisord"));
        if self.activity.has_ended() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        access_log::log(&self.context, self.peer, &line, &response);
        match response.body_mut() {
            ResponseBody::Measured(measured) => measured.sending = Some(self.activity.begin_sending()),
            ResponseBody::Full(_) => self.activity.finish_handling(),
            ResponseBody::Stream(_) => self.activity.begin_streaming(),
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::watch;
    use tokio::task::{JoinHandle, LocalSet, spawn_local};
    use tokio::time::Instant;

    use super::*;
    use crate::boundary::inbox;

    const OK_REQUEST: &[u8] = b"GET /ok.html HTTP/1.1\r\n\r\n";
    /// A moment more than a deadline.
    const MOMENT: Duration = Duration::from_millis(10);

    /// A connection that is served, and the client's end of it.
    struct Served {
        client: DuplexStream,
        task: JoinHandle<()>,
        leave: Rc<Notify>,
        inbox: inbox::Inbox,
        _stop: watch::Sender<bool>,
    }

    fn serve(buffer: usize) -> Served {
        serve_for(None, buffer)
    }

    /// One that asks for this username.
    fn serve_for(username: Option<&str>, buffer: usize) -> Served {
        serve_where(|_| {}, username, buffer)
    }

    /// One where this has happened before.
    fn serve_where(before: impl FnOnce(&mut Context), username: Option<&str>, buffer: usize) -> Served {
        let (mut context, stop, inbox) = Context::for_tests();
        before(&mut context);
        let (client, server) = duplex(buffer);
        let leave = Rc::new(Notify::new());
        let connection = Connection {
            peer: Peer::Unix,
            visitor: Visitor::Welcome,
            section: Rc::new(Section {
                username: username.map(str::to_owned),
                ..Section::unguarded("unix_http_server")
            }),
            context: Rc::new(context),
            activity: Rc::new(Activity::new(Rc::default())),
            leave: Rc::clone(&leave),
        };
        Served { client, task: spawn_local(connection.serve(server)), leave, inbox, _stop: stop }
    }

    impl Served {
        async fn request(&mut self) {
            self.client.write_all(OK_REQUEST).await.unwrap();
            let mut answer = [0; 15];
            self.client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200 OK");
            while self.client.read_u8().await.unwrap() != b'K' {}
        }

        /// How long the server still waits before it closes the connection.
        async fn patience(mut self) -> Duration {
            let begin = Instant::now();
            let mut rest = vec![];
            self.client.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, b"", "closed without a word");
            self.task.await.unwrap();
            begin.elapsed()
        }
    }

    fn assert_about(patience: Duration, expected: Duration) {
        assert!((expected..=expected + MOMENT).contains(&patience), "{patience:?} instead of {expected:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_to_be_complete_in_time_however_slowly_it_drips() {
        LocalSet::new()
            .run_until(async {
                let mut served = serve(1024);
                served.request().await;
                let begin = Instant::now();
                let drip = Duration::from_millis(700);
                while served.client.write_all(b"G").await.is_ok() {
                    tokio::time::sleep(drip).await;
                }
                let patience = begin.elapsed();
                assert!((limits::HEAD_TIME..=limits::HEAD_TIME + drip).contains(&patience), "{patience:?}");
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_for_long_but_not_for_ever() {
        LocalSet::new()
            .run_until(async {
                assert_about(serve(1024).patience().await, limits::IDLE_TIME);
                let mut served = serve(1024);
                for _ in 0..3 {
                    tokio::time::sleep(limits::IDLE_TIME.saturating_sub(MOMENT)).await;
                    served.request().await;
                }
                assert_about(served.patience().await, limits::IDLE_TIME);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_to_come_in_time() {
        LocalSet::new()
            .run_until(async {
                let mut served = serve(1024);
                served.client.write_all(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<").await.unwrap();
                let begin = Instant::now();
                let mut answer = String::new();
                served.client.read_to_string(&mut answer).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
                assert_about(begin.elapsed(), limits::BODY_TIME);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_refused_may_send_the_body_first_but_not_for_long() {
        LocalSet::new()
            .run_until(async {
                let (head, body) = ("POST /RPC2 HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "<x/>\n");
                for (wait, patience) in [(MOMENT, MOMENT), (Duration::MAX, limits::REFUSED_BODY_TIME)] {
                    let mut served = serve_for(Some("user"), 1024);
                    let begin = Instant::now();
                    served.client.write_all(head.as_bytes()).await.unwrap();
                    let answer = async {
                        let mut answer = [0; 24];
                        served.client.read_exact(&mut answer).await.unwrap();
                        answer
                    };
                    let Ok(answer) = timeout(wait, answer).await else {
                        served.client.write_all(body.as_bytes()).await.expect("the connection is open still");
                        let mut answer = String::new();
                        served.client.read_to_string(&mut answer).await.unwrap();
                        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized"), "{answer}");
                        assert_about(begin.elapsed(), patience);
                        continue;
                    };
                    assert_eq!(&answer, b"HTTP/1.1 401 Unauthorize");
                    assert_about(begin.elapsed(), patience);
                }
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn where_many_are_refused_no_body_is_waited_for() {
        LocalSet::new()
            .run_until(async {
                let take_all = |context: &mut Context| {
                    assert_eq!(context.refused_bodies.forget_permits(usize::MAX), limits::REFUSED_BODIES);
                };
                let mut served = serve_where(take_all, Some("user"), 1024);
                let begin = Instant::now();
                served.client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n").await.unwrap();
                let mut answer = String::new();
                served.client.read_to_string(&mut answer).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 401 Unauthorized"), "{answer}");
                assert_about(begin.elapsed(), Duration::ZERO);
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_to_be_taken_in_time() {
        LocalSet::new()
            .run_until(async {
                let mut served = serve(64);
                served.client.write_all(OK_REQUEST).await.unwrap();
                let begin = Instant::now();
                served.task.await.unwrap();
                assert_about(begin.elapsed(), limits::WRITE_TIME);
                let mut answer = vec![];
                served.client.read_to_end(&mut answer).await.unwrap();
                assert_eq!(answer.len(), 64, "what fitted between us");
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_leaves_when_it_has_to_make_room() {
        LocalSet::new()
            .run_until(async {
                let mut served = serve(1024);
                served.request().await;
                served.leave.notify_one();
                assert_about(served.patience().await, Duration::ZERO);
            })
            .await;
    }

    /// A request that needs the supervision plane.
    fn command() -> String {
        let body = supervisor_protocol::xmlrpc::write_call("supervisor.shutdown", &[]);
        format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_defect_in_the_making_of_an_answer_is_told_to_its_client() {
        let fault = "<int>30</int>";
        let asked = ["GET /logtail/x HTTP/1.1\r\n\r\n", "GET /api/v1/event-pools HTTP/1.1\r\n\r\n"];
        LocalSet::new()
            .run_until(async {
                for (request, status, words) in [
                    (command().as_str(), "200 OK", fault),
                    (asked[0], "500 Internal Server Error", "Internal Server Error"),
                    (asked[1], "500 Internal Server Error", r#""code": "failed""#),
                ] {
                    let breaks = |context: &mut Context| {
                        let sound = AtomicBool::new(false);
                        let wake = move || assert!(sound.swap(true, Ordering::Relaxed), "on purpose");
                        context.sender = inbox::channel(Arc::new(wake)).0;
                    };
                    let mut served = serve_where(breaks, None, 1024);
                    served.client.write_all(request.as_bytes()).await.unwrap();
                    let mut answer = String::new();
                    served.client.read_to_string(&mut answer).await.unwrap();
                    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
                    assert!(answer.contains(words) && answer.contains("Connection: close\r\n"), "{answer}");
                    served.task.await.unwrap();
                }
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_no_more_gets_all_of_an_answer_that_it_takes_slowly() {
        LocalSet::new()
            .run_until(async {
                let mut served = serve(16);
                served.client.write_all(OK_REQUEST).await.unwrap();
                served.client.shutdown().await.unwrap();
                let mut answer = vec![];
                while let Ok(byte) = served.client.read_u8().await {
                    answer.push(byte);
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(b"OK"), "cut off: {answer:?}");
            })
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_no_more_gets_its_answer_if_that_takes_not_too_long() {
        LocalSet::new()
            .run_until(async {
                for (wait, answered) in [
                    (MOMENT, true),
                    (limits::HALF_CLOSED_TIME.saturating_sub(MOMENT), true),
                    (limits::HALF_CLOSED_TIME + MOMENT, false),
                ] {
                    let mut served = serve(1024);
                    served.client.write_all(command().as_bytes()).await.unwrap();
                    served.client.shutdown().await.unwrap();
                    tokio::time::sleep(wait).await;
                    let Some(inbox::Message::Request { reply, .. }) = served.inbox.try_recv() else {
                        panic!("a request")
                    };
                    assert_eq!(reply.is_abandoned(), !answered);
                    reply.send(Ok(supervisor_core::Reply::Done));
                    let begin = Instant::now();
                    let mut answer = String::new();
                    served.client.read_to_string(&mut answer).await.unwrap();
                    assert_eq!(answer.starts_with("HTTP/1.1 200 OK\r\n"), answered, "{answer}");
                    assert_eq!(begin.elapsed(), Duration::ZERO, "closed at once");
                    served.task.await.unwrap();
                }
            })
            .await;
    }
}
