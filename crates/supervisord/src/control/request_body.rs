//! Receiving the body of a request, within its bounds (contract/rpc.md §1.2); or letting it pass.

use std::rc::Rc;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use hyper::{Request, StatusCode};
use tokio::time::timeout;

use super::budget::Share;
use super::context::Context;
use super::limits;

/// The whole body, or the status of the error that ends the connection: 411 without a length, 413 beyond
/// `limits::BODY_BYTES`, 503 where requests take too much memory already, 408 after `limits::BODY_TIME`, 400 when the
/// client breaks off. Its share is to be kept until it is carried out.
pub(super) async fn receive(request: Request<Incoming>, context: &Rc<Context>) -> Result<(Bytes, Share), StatusCode> {
    let headers = request.headers();
    if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
        return Err(StatusCode::LENGTH_REQUIRED);
    }
    let body = request.into_body();
    let length = body.size_hint().upper().unwrap_or(u64::MAX);
    if body.size_hint().lower() > limits::BODY_BYTES as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // One without a length may become as long as any.
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(limits::BODY_BYTES);
    let Ok(share) = timeout(limits::BODY_TIME, context.requests.take(length)).await else {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    };
    match timeout(limits::BODY_TIME, Limited::new(body, limits::BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok((body.to_bytes(), share)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Lets the body of a refused request pass, as far as it comes at once: there are clients, Python's among them, that
/// write it after the head and do not look at an answer before; on a connection that is closed already they fail
/// with a broken pipe instead of reading why they were refused. One that waits to be told to send does not send.
/// Where many are being refused, as by a flood, nothing is waited for.
pub(super) async fn let_pass(request: Request<Incoming>, context: &Rc<Context>) {
    if request.headers().contains_key(EXPECT) {
        return;
    }
    let Ok(_place) = context.refused_bodies.try_acquire() else { return };
    let mut body = request.into_body();
    let mut left = limits::REFUSED_BODY_BYTES;
    let passing = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(bytes) else { return };
            left = rest;
        }
    };
    // Whoever takes longer may see a broken pipe.
    drop(timeout(limits::REFUSED_BODY_TIME, passing).await);
}
