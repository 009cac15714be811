//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

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
        let service = service_fn(|request| self.handle(request));
        let mut builder = http1::Builder::new();
        builder.title_case_headers(true).max_buf_size(limits::HEAD_BYTES).max_headers(limits::HEADERS);
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

    async fn handle(&self, request: Request<Incoming>) -> Result<Response, Infallible> {
        self.activity.begin_handling();
        let line = access_log::RequestLine::of(&request);
        let response = router::route(request, &self.section, &self.context).await;
        access_log::log(&self.context, self.peer, &line, &response);
        match response.body() {
            ResponseBody::Full(_) => self.activity.finish_handling(),
            ResponseBody::Stream(_) => self.activity.begin_streaming(),
        }
        Ok(response)
    }
}
