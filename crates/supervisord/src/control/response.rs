//! Answers: their type, their body, and how the plain ones are made.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::RETRY_AFTER;
use tokio::sync::mpsc;

use super::timed_stream::Sending;

use super::limits;

/// What a handler returns.
pub(super) type Response = hyper::Response<ResponseBody>;

/// A body: known as a whole, or coming in pieces.
pub(super) enum ResponseBody {
    /// All of it; `None` once it is sent.
    Full(Option<Bytes>),
    /// Pieces as they come, of a length that is announced. Fewer bytes than that end the connection.
    Measured(Measured),
    /// Pieces as they come, until the sender is dropped. No length is announced.
    Stream(mpsc::Receiver<Bytes>),
}

/// See [`ResponseBody::Measured`].
pub(super) struct Measured {
    pieces: mpsc::Receiver<Bytes>,
    left: u64,
    /// Dropped when all is sent or given up.
    pub(super) sending: Option<Sending>,
}

/// A response whose body comes in pieces, of this many bytes in all.
pub(super) fn measured(bytes: u64, pieces: mpsc::Receiver<Bytes>) -> Response {
    with_status(StatusCode::OK, ResponseBody::Measured(Measured { pieces, left: bytes, sending: None }))
}

/// A response with a body that is known as a whole.
pub(super) fn full(status: StatusCode, body: impl Into<Bytes>) -> Response {
    with_status(status, ResponseBody::Full(Some(body.into())))
}

/// A response whose body comes in pieces.
pub(super) fn stream(pieces: mpsc::Receiver<Bytes>) -> Response {
    with_status(StatusCode::OK, ResponseBody::Stream(pieces))
}

/// The same refusal, which holds for a while only.
pub(super) fn try_again_later(mut refusal: Response) -> Response {
    refusal.headers_mut().insert(RETRY_AFTER, limits::RETRY_AFTER_SECONDS.into());
    refusal
}

fn with_status(status: StatusCode, body: ResponseBody) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Full(body) => Poll::Ready(body.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Measured(measured) => measured.pieces.poll_recv(cx).map(|piece| {
                let bytes = piece?;
                measured.left = measured.left.saturating_sub(bytes.len() as u64);
                Some(Ok(Frame::data(bytes)))
            }),
            Self::Stream(pieces) => pieces.poll_recv(cx).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(body) => body.is_none(),
            Self::Measured(measured) => measured.left == 0,
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(Some(body)) => SizeHint::with_exact(body.len() as u64),
            Self::Full(None) => SizeHint::with_exact(0),
            Self::Measured(measured) => SizeHint::with_exact(measured.left),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
