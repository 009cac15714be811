//! A defect in the making of one answer: caught, so that its client is told, and its connection ends in order.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::{StatusCode, Uri};
use supervisor_core::FaultCode;
use supervisor_protocol::api::ProblemCode;
use supervisor_protocol::xmlrpc::write_fault;

use super::error_page::closing_error_page;
use super::response::Response;
use super::{api, rpc};
use crate::defect_log;

/// It panicked; the main log says where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caught;

/// Runs a future to its end or to its panic. Whatever it shares with others has to bear that it ends in between.
pub(super) async fn caught<F: Future>(future: F) -> Result<F::Output, Caught> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(_) => Poll::Ready(Err(Caught)),
    })
    .await
}

/// What the client of such a request is told: a fault where calls are answered, an error elsewhere.
pub(super) fn answer(uri: &Uri) -> Response {
    let mut response = if uri.path().starts_with("/RPC2") {
        rpc::xml(write_fault(FaultCode::Failed.number(), &defect_log::fault().to_string()))
    } else {
        let page = closing_error_page(StatusCode::INTERNAL_SERVER_ERROR);
        if api::owns(uri.path()) { api::problem::as_problem(ProblemCode::Failed, page) } else { page }
    };
    // What is left of the request is not known.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_ends_well_is_passed_on_and_a_panic_is_caught_wherever_it_waits() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let late = caught(async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        assert_eq!(late.await, Err::<(), _>(Caught));
    }
}
