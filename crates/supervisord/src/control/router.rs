//! Which handler answers which request: the order of contract/rpc.md §1.3, behind all that can refuse one.
//!
//! Refusals come in the order of what they cost us: by where they come from, by the name that we are called, by the
//! site that asks, by credentials. Whatever has an effect or a cost is asked for by our own pages alone; what has
//! neither, by anybody.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};

use super::audience::Visitor;
use super::auth::{Admission, admission};
use super::connection::Peer;
use super::context::Context;
use super::error_page::{closing_error_page, error_page, plain_text, unauthorized};
use super::listener::Section;
use super::origin::{cross_site, is_followed_link};
use super::percent::decode;
use super::response::Response;
use super::{api, limits, log_stream, request_body, rpc, start_page};

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Api,
    Rpc,
    ProcessLog,
    MainLog,
    /// For monitors.
    Ok,
    /// What a person sees who opens the port in a browser; monitors ask for it too.
    StartPage,
    Nothing,
}

impl Resource {
    /// `path` is decoded once, `inner` twice and without leading slashes: handlers decode once more what the server
    /// has decoded, as the original does.
    fn of(path: &str, inner: &str) -> Self {
        if api::owns(path) {
            Self::Api
        } else if path.starts_with("/RPC2") {
            Self::Rpc
        } else if path.starts_with("/logtail") {
            Self::ProcessLog
        } else if path.starts_with("/mainlogtail") {
            Self::MainLog
        } else if inner == "ok.html" {
            Self::Ok
        } else if start_page::owns(inner) {
            Self::StartPage
        } else {
            Self::Nothing
        }
    }

    fn has_effect_or_cost(self) -> bool {
        match self {
            Self::Api | Self::Rpc | Self::ProcessLog | Self::MainLog => true,
            Self::Ok | Self::StartPage | Self::Nothing => false,
        }
    }

    /// Whether it is a page that another site may have a link to.
    fn may_be_linked(self) -> bool {
        match self {
            Self::ProcessLog | Self::MainLog | Self::Ok | Self::StartPage | Self::Nothing => true,
            Self::Api | Self::Rpc => false,
        }
    }
}

/// Answers one request.
pub(super) async fn route(
    request: Request<Incoming>,
    client: (Peer, Visitor),
    section: &Section,
    context: &Rc<Context>,
) -> Response {
    let path = decode(request.uri().path());
    let inner = decode(path.trim_start_matches('/'));
    let inner = inner.trim_start_matches('/');
    let resource = Resource::of(&path, inner);
    if let Some(refusal) = refusal(&request, resource, client, section, context).await {
        let refusal = if resource == Resource::Api { api::as_document(refusal) } else { refusal };
        request_body::let_pass(request, context).await;
        return refusal;
    }
    let method = request.method();
    let is_get_or_post = matches!(*method, Method::GET | Method::POST);
    match resource {
        Resource::Api => api::route(&request, &path, section, context).await,
        Resource::Rpc if method == Method::POST => rpc::handle(request, context).await,
        Resource::Rpc => error_page(StatusCode::BAD_REQUEST),
        Resource::ProcessLog => log_stream::process_log(method, inner, section, context).await,
        Resource::MainLog => log_stream::main_log(method, section, context).await,
        Resource::Ok if is_get_or_post => plain_text(StatusCode::OK, "OK"),
        Resource::StartPage if is_get_or_post => start_page::start_page(),
        Resource::Ok | Resource::StartPage | Resource::Nothing => nothing(method),
    }
}

/// The answer where nothing is.
fn nothing(method: &Method) -> Response {
    match *method {
        Method::GET | Method::HEAD => error_page(StatusCode::NOT_FOUND),
        _ => error_page(StatusCode::BAD_REQUEST),
    }
}

/// The answer to whoever is not admitted.
async fn refusal(
    request: &Request<Incoming>,
    resource: Resource,
    (peer, visitor): (Peer, Visitor),
    section: &Section,
    context: &Rc<Context>,
) -> Option<Response> {
    if let Some(reason) = section.audience.refusal(visitor) {
        return Some(plain_text(StatusCode::FORBIDDEN, format!("{reason}\n")));
    }
    // Monitors call themselves browsers, and learn nothing but that we are there.
    let marks_count = !matches!(resource, Resource::Ok | Resource::StartPage);
    if let Some(host) = section.host_names.as_ref().and_then(|names| names.stranger(request, marks_count)) {
        return Some(stranger_host(host, section));
    }
    let headers = request.headers();
    // Behind a password every path costs at least the judging of it.
    if (resource.has_effect_or_cost() || section.asks_for_credentials())
        && !(resource.may_be_linked() && is_followed_link(headers))
        && let Some(reason) = cross_site(headers, section)
    {
        return Some(plain_text(StatusCode::FORBIDDEN, reason + "\n"));
    }
    match admission(section, headers, peer, context).await {
        Admission::Admitted => None,
        Admission::Refused => Some(unauthorized()),
        Admission::Unreadable => Some(closing_error_page(StatusCode::BAD_REQUEST)),
        Admission::Undecided => Some(try_again()),
    }
}

/// Others are being judged.
fn try_again() -> Response {
    let mut refusal = closing_error_page(StatusCode::SERVICE_UNAVAILABLE);
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    refusal
}

/// A page calls us by a name that is not ours, as after DNS rebinding.
fn stranger_host(host: &str, section: &Section) -> Response {
    let host: &str = &host.chars().filter(|c| !c.is_control()).take(limits::SHOWN_HOST_CHARACTERS).collect::<String>();
    let name = &section.name;
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    let text = format!(
        "'{bare}' is not known to be this machine, so what web pages send there is refused. If it is, set \
         allowed_hosts={bare} in [{name}].\n"
    );
    plain_text(StatusCode::FORBIDDEN, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_they_begin_with() {
        for (path, expected) in [
            ("/RPC2", Resource::Rpc),
            ("/RPC2foo", Resource::Rpc),
            ("/logtail/x", Resource::ProcessLog),
            ("/mainlogtail", Resource::MainLog),
            ("/api/v1/events", Resource::Api),
            ("/ok.html", Resource::Ok),
            ("///ok.html", Resource::Ok),
            ("/ok%2ehtml", Resource::Ok),
            ("/", Resource::StartPage),
            ("/nosuch", Resource::Nothing),
            ("/rpc2", Resource::Nothing),
        ] {
            let inner = decode(path.trim_start_matches('/'));
            assert_eq!(Resource::of(path, inner.trim_start_matches('/')), expected, "{path}");
        }
    }

    #[test]
    fn whatever_has_a_cost_is_no_link_but_a_log() {
        use Resource::{Api, MainLog, Nothing, Ok, ProcessLog, Rpc, StartPage};
        for resource in [Api, Rpc, ProcessLog, MainLog, Ok, StartPage, Nothing] {
            let log = matches!(resource, ProcessLog | MainLog);
            assert_eq!(resource.has_effect_or_cost() && resource.may_be_linked(), log, "{resource:?}");
        }
    }
}
