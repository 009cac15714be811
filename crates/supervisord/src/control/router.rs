//! Which handler answers which request: the order of contract/rpc.md §1.3, behind all that can refuse one.
//!
//! Refusals come in the order of what they cost us: by where they come from, by the name that we are called, by the
//! site that asks, by credentials. Whatever has an effect or a cost is asked for by our own pages alone; what has
//! neither, by anybody.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use supervisor_config::AnonymousPaths;

use super::audience::Visitor;
use super::auth::{Admission, admission};
use super::connection::Peer;
use super::context::Context;
use super::error_page::{closing_error_page, error_page, plain_text, unauthorized};
use super::listener::Section;
use super::origin::{cross_site, is_followed_link};
use super::percent::decode;
use super::response::Response;
use super::traffic::{Door, Refusal};
use super::web::{self, WebResource};
use super::{api, health, limits, log_stream, metrics, request_body, rpc};

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Api,
    Rpc,
    ProcessLog,
    MainLog,
    /// For monitors.
    Ok,
    Health,
    Ready,
    Metrics,
    Web(WebResource),
    Nothing,
}

impl Resource {
    /// `path` is decoded once, `inner` twice and without leading slashes: handlers decode once more what the server
    /// has decoded, as the original does.
    fn of<B>(path: &str, inner: &str, request: &Request<B>, section: &Section) -> Self {
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
        } else if inner == "healthz" {
            Self::Health
        } else if inner == "readyz" {
            Self::Ready
        } else if inner == "metrics" {
            Self::Metrics
        } else {
            WebResource::of(inner, request, section).map_or(Self::Nothing, Self::Web)
        }
    }

    fn has_effect_or_cost(self) -> bool {
        match self {
            Self::Api
            | Self::Rpc
            | Self::ProcessLog
            | Self::MainLog
            | Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::Web(WebResource::Page { .. } | WebResource::View(_) | WebResource::Form) => true,
            Self::Ok | Self::Web(WebResource::Static(_) | WebResource::Asset(_)) | Self::Nothing => false,
        }
    }

    /// Whether it is a page that another site may have a link to.
    fn may_be_linked(self) -> bool {
        match self {
            Self::ProcessLog
            | Self::MainLog
            | Self::Ok
            | Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::Web(WebResource::Static(_) | WebResource::Asset(_) | WebResource::View(_))
            | Self::Nothing => true,
            Self::Web(WebResource::Page { may_act, .. }) => !may_act,
            Self::Api | Self::Rpc | Self::Web(WebResource::Form) => false,
        }
    }

    /// Whether nothing but that we are there can be learnt from it. Monitors call themselves browsers and ask for it.
    fn tells_nothing(self) -> bool {
        match self {
            Self::Ok | Self::Health | Self::Web(WebResource::Static(_) | WebResource::Asset(_)) => true,
            Self::Ready
            | Self::Metrics
            | Self::Api
            | Self::Rpc
            | Self::ProcessLog
            | Self::MainLog
            | Self::Web(WebResource::Page { .. } | WebResource::View(_) | WebResource::Form)
            | Self::Nothing => false,
        }
    }
}

impl Resource {
    /// Whether a server tells it without a password.
    fn is_anonymous(self, section: &Section) -> bool {
        let AnonymousPaths { healthz, readyz, metrics } = section.web.anonymous;
        match self {
            Self::Health => healthz,
            Self::Ready => readyz,
            Self::Metrics => metrics,
            Self::Api | Self::Rpc | Self::ProcessLog | Self::MainLog | Self::Ok | Self::Web(_) | Self::Nothing => false,
        }
    }

    /// As what its requests are counted.
    fn door(self) -> Door {
        match self {
            Self::Api => Door::Api,
            Self::Rpc => Door::Rpc,
            Self::ProcessLog | Self::MainLog => Door::Log,
            Self::Ok | Self::Health | Self::Ready => Door::Health,
            Self::Metrics => Door::Metrics,
            Self::Web(WebResource::Page { .. } | WebResource::Static(_)) => Door::Classic,
            Self::Web(WebResource::View(_) | WebResource::Form | WebResource::Asset(_)) => Door::Web,
            Self::Nothing => Door::Nothing,
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
    let path = decode(request.uri().path()).into_owned();
    let inner = decode(path.trim_start_matches('/'));
    let inner = inner.trim_start_matches('/');
    let resource = Resource::of(&path, inner, &request, section);
    let response = answer(resource, request, (&path, inner), client, (section, context)).await;
    context.traffic.answered(resource.door(), response.status());
    response
}

async fn answer(
    resource: Resource,
    request: Request<Incoming>,
    (path, inner): (&str, &str),
    client: (Peer, Visitor),
    (section, context): (&Section, &Rc<Context>),
) -> Response {
    if let Some((why, refusal)) = refusal(&request, resource, client, section, context).await {
        context.traffic.refused(why);
        let refusal = match resource {
            Resource::Api => api::problem::of_refusal(why, refusal),
            Resource::Rpc => refusal,
            Resource::ProcessLog
            | Resource::MainLog
            | Resource::Ok
            | Resource::Health
            | Resource::Ready
            | Resource::Metrics
            | Resource::Web(_)
            | Resource::Nothing => as_people_read_it(refusal, &request, section, context),
        };
        request_body::let_pass(request, context).await;
        return refusal;
    }
    let method = request.method();
    let is_get_or_post = matches!(*method, Method::GET | Method::POST);
    match resource {
        Resource::Api => closed(api::route(request, path, section, context).await),
        Resource::Rpc if method == Method::POST => rpc::handle(request, context).await,
        Resource::Rpc => error_page(StatusCode::BAD_REQUEST),
        Resource::ProcessLog => closed(log_stream::process_log(method, inner, section, context).await),
        Resource::MainLog => closed(log_stream::main_log(method, section, context).await),
        Resource::Ok if is_get_or_post => plain_text(StatusCode::OK, "OK"),
        Resource::Health | Resource::Ready | Resource::Metrics if !matches!(*method, Method::GET | Method::HEAD) => {
            only_to_be_asked_for()
        }
        Resource::Health => closed(health::health(context).await),
        Resource::Ready => closed(health::readiness(request.uri().query(), section, context).await),
        Resource::Metrics => closed(metrics::scrape(request.uri().query(), context).await),
        Resource::Web(resource) => web::answer(resource, request, section, context).await,
        Resource::Ok | Resource::Nothing => as_people_read_it(nothing(method), &request, section, context),
    }
}

/// A refusal as a page, for whoever asks for one by name.
fn as_people_read_it<B>(refusal: Response, request: &Request<B>, section: &Section, context: &Context) -> Response {
    if web::tells_people(request.headers(), section) {
        web::refusal_for_people(refusal, request.headers(), request.uri().path(), section, context)
    } else {
        refusal
    }
}

/// What others have written, for which no browser may take it for a page.
fn closed(mut response: Response) -> Response {
    web::close_to_scripts(&mut response);
    response
}

/// The answer to whoever sends something to what can only be read.
fn only_to_be_asked_for() -> Response {
    let mut refusal = closing_error_page(StatusCode::METHOD_NOT_ALLOWED);
    refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refusal
}

/// The answer where nothing is.
fn nothing(method: &Method) -> Response {
    match *method {
        Method::GET | Method::HEAD => error_page(StatusCode::NOT_FOUND),
        _ => error_page(StatusCode::BAD_REQUEST),
    }
}

/// Why somebody is not admitted, and the answer.
async fn refusal(
    request: &Request<Incoming>,
    resource: Resource,
    (peer, visitor): (Peer, Visitor),
    section: &Section,
    context: &Rc<Context>,
) -> Option<(Refusal, Response)> {
    if let Some(reason) = section.audience.refusal(visitor) {
        return Some((Refusal::OtherMachine, plain_text(StatusCode::FORBIDDEN, format!("{reason}\n"))));
    }
    let marks_count = !resource.tells_nothing();
    if let Some(host) = section.host_names.as_ref().and_then(|names| names.stranger(request, marks_count)) {
        return Some((Refusal::Host, stranger_host(host, section)));
    }
    let headers = request.headers();
    // Behind a password every path costs at least the judging of it.
    if (resource.has_effect_or_cost() || section.asks_for_credentials())
        && !(resource.may_be_linked() && is_followed_link(headers))
        && let Some(reason) = cross_site(headers, section)
    {
        return Some((Refusal::CrossSite, plain_text(StatusCode::FORBIDDEN, reason + "\n")));
    }
    if resource.is_anonymous(section) {
        return None;
    }
    match admission(section, headers, peer, context).await {
        Admission::Admitted => None,
        Admission::Refused => Some((Refusal::Auth, unauthorized())),
        Admission::Unreadable => Some((Refusal::Auth, closing_error_page(StatusCode::BAD_REQUEST))),
        Admission::Undecided => Some((Refusal::Limit, try_again())),
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
    use supervisor_config::{WebConfig, WebInterface};

    use super::super::web::Page;
    use super::*;

    fn resource(line: &str, interface: WebInterface) -> Resource {
        let (method, uri) = line.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(uri).body(()).unwrap();
        let web = WebConfig { interface, ..WebConfig::default() };
        let path = decode(request.uri().path());
        let inner = decode(path.trim_start_matches('/'));
        let section = Section { web, ..Section::unguarded("inet_http_server") };
        Resource::of(&path, inner.trim_start_matches('/'), &request, &section)
    }

    const STATUS: Resource = Resource::Web(WebResource::Page { page: Page::Status, may_act: false });
    const ACTION: Resource = Resource::Web(WebResource::Page { page: Page::Status, may_act: true });

    #[test]
    fn paths_are_what_they_begin_with() {
        for (line, expected) in [
            ("GET /RPC2", Resource::Rpc),
            ("GET /RPC2foo", Resource::Rpc),
            ("GET /logtail/x", Resource::ProcessLog),
            ("GET /mainlogtail", Resource::MainLog),
            ("GET /api/v1/events", Resource::Api),
            ("GET /ok.html", Resource::Ok),
            ("GET ///ok.html", Resource::Ok),
            ("GET /ok%2ehtml", Resource::Ok),
            ("GET /healthz", Resource::Health),
            ("GET /readyz?processes=all", Resource::Ready),
            ("POST //metrics", Resource::Metrics),
            ("GET /metrics/x", Resource::Nothing),
            ("GET /", STATUS),
            ("GET //index.html?action=", STATUS),
            ("GET /index.html?action=stopall", ACTION),
            ("GET /?x&%61ction=s", ACTION),
            ("POST /", ACTION),
            ("HEAD /", Resource::Nothing),
            ("PUT /index.html", Resource::Nothing),
            ("GET /tail.html", Resource::Web(WebResource::Page { page: Page::Tail, may_act: false })),
            ("GET /nosuch", Resource::Nothing),
            ("GET /images/..", Resource::Nothing),
            ("GET /rpc2", Resource::Nothing),
        ] {
            assert_eq!(resource(line, WebInterface::Auto), expected, "{line}");
        }
        assert!(matches!(
            resource("HEAD /images/rule.gif", WebInterface::Classic),
            Resource::Web(WebResource::Static(_))
        ));
    }

    #[test]
    fn a_server_without_pages_has_the_rest() {
        for path in
            ["/", "/index.html", "/tail.html", "/images/rule.gif", "/stylesheets/supervisor.css", "/?action=stopall"]
        {
            assert_eq!(resource(&format!("GET {path}"), WebInterface::Off), Resource::Nothing, "{path}");
        }
        for path in ["/ok.html", "/RPC2", "/api/v1/events", "/logtail/x", "/mainlogtail"] {
            assert_ne!(resource(&format!("GET {path}"), WebInterface::Off), Resource::Nothing, "{path}");
        }
    }

    #[test]
    fn whatever_has_a_cost_is_no_link_but_a_log_and_a_page_that_does_nothing() {
        for (line, linked) in [
            ("GET /logtail/x", true),
            ("GET /mainlogtail", true),
            ("GET /", true),
            ("GET /tail.html?processname=x", true),
            ("GET /?action=stopall", false),
            ("POST /index.html", false),
            ("GET /api/v1/events", false),
            ("POST /RPC2", false),
        ] {
            let resource = resource(line, WebInterface::Auto);
            assert!(resource.has_effect_or_cost(), "{line}");
            assert_eq!(resource.may_be_linked(), linked, "{line}");
        }
        for line in ["GET /ok.html", "GET /images/rule.gif", "GET /nosuch"] {
            assert!(!resource(line, WebInterface::Auto).has_effect_or_cost(), "{line}");
        }
    }
}
