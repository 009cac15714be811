//! The web interface: pages for people, and for the programs that read pages (contract/rpc.md §8; reference/web.md).
//!
//! There are two sets. Those of Supervisor 4.3, with the same elements, names, links and texts, are in [`classic`] and
//! go through [`html`] alone. Those of today are templates (`crates/supervisord/templates`), which askama escapes; they
//! read without script. So no text of a program, of a request or of a configuration is ever markup. Nothing here knows
//! how processes are run, and no file of the disk is served by a path that came from outside.

mod assets;
mod base_url;
mod classic;
mod configuration_page;
mod daemon_page;
mod error_pages;
mod events_page;
mod facts;
mod form;
mod form_token;
mod forms;
mod frame;
mod happenings;
mod help_page;
mod house_orders;
mod html;
mod log_text;
mod log_view;
mod look;
mod negotiation;
mod orders;
mod page_headers;
mod process_page;
mod processes_page;
mod query;
mod question_page;
mod rows;
mod strip;
mod view;
mod words;

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use supervisor_config::WebInterface;
use supervisor_core::SupervisorState;

use super::context::Context;
use super::error_page::closing_error_page;
use super::listener::Section;
use super::response::Response;
use super::{limits, request_body};
use crate::clock;
use assets::Asset;
use classic::{static_files, status_page, tail_page};
use form::Form;
use page_headers::{Pages, close_to_other_sites};
use query::Query;
use view::View;
use words::Now;

pub(super) use classic::static_files::StaticFile;
pub(super) use form_token::FormTokens;
pub(super) use page_headers::close_to_scripts;

/// What stands before the names of assets.
const ASSETS: &str = "assets/";

/// Where the forms of our pages go.
const FORMS: &str = "/actions";

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// All processes, and what can be done with them.
    Status,
    /// The end of a log.
    Tail,
}

/// What a request has to do with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WebResource {
    Page {
        page: Page,
        /// It is no mere reading: another site must not have a person's browser send it.
        may_act: bool,
    },
    Static(StaticFile),
    /// A page of today.
    View(View),
    /// What its forms send.
    Form,
    Asset(Asset),
}

impl WebResource {
    /// What a path stands for, decoded and without its leading slashes; `None`: nothing of ours.
    pub(super) fn of<B>(path: &str, request: &Request<B>, section: &Section) -> Option<Self> {
        match section.web.interface {
            WebInterface::Off => return None,
            WebInterface::Auto | WebInterface::New => {
                if let Some(resource) = Self::of_today(request, section) {
                    return Some(resource);
                }
            }
            WebInterface::Classic => {}
        }
        let page = match path {
            "" | "index.html" => Page::Status,
            "tail.html" => Page::Tail,
            other => return StaticFile::of(other).map(Self::Static),
        };
        let is_post = request.method() == Method::POST;
        // Other methods ask for files, and there are none of these names.
        (is_post || request.method() == Method::GET).then(|| {
            let asks_for_an_action = Form::of_query(request.uri().query()).action.is_some();
            Self::Page { page, may_act: is_post || asks_for_an_action }
        })
    }

    /// The same for what Supervisor 4.3 did not have. `/` is its page for whoever does not ask for HTML by name, and
    /// its links are its own wherever they stand.
    fn of_today<B>(request: &Request<B>, section: &Section) -> Option<Self> {
        let path = request.uri().path();
        if path == FORMS {
            return Some(Self::Form);
        }
        if let Some(asset) = path.strip_prefix('/').and_then(|path| Asset::of(path.strip_prefix(ASSETS)?)) {
            return Some(Self::Asset(asset));
        }
        let (view, _) = View::of(path)?;
        if view != View::Home {
            return Some(Self::View(view));
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_for_people = section.web.interface == WebInterface::New || negotiation::wants_html(request.headers());
        let is_action = Form::of_query(request.uri().query()).action.is_some();
        (is_read && is_for_people && !is_action).then_some(Self::View(view))
    }
}

/// Whether refusals are told to whoever asks as pages of ours.
pub(super) fn tells_people(headers: &HeaderMap, section: &Section) -> bool {
    let has_pages = match section.web.interface {
        WebInterface::Auto | WebInterface::New => true,
        WebInterface::Classic | WebInterface::Off => false,
    };
    has_pages && negotiation::wants_html(headers)
}

/// The same refusal as a page.
pub(super) fn refusal_for_people(
    refusal: Response,
    headers: &HeaderMap,
    path: &str,
    section: &Section,
    context: &Context,
) -> Response {
    let mut response = error_pages::for_people(refusal, path, section, context);
    close_to_other_sites(&mut response, Pages::Today, is_secure(headers, section));
    response
}

/// Answers a request that has been admitted.
pub(super) async fn answer(
    resource: WebResource,
    request: Request<Incoming>,
    section: &Section,
    context: &Rc<Context>,
) -> Response {
    match resource {
        WebResource::Static(file) => {
            let mut response = static_files::answer(file, &request, section, context);
            close_to_scripts(&mut response);
            response
        }
        WebResource::Page { page, .. } => {
            let visit = match Visit::of(request, section, context).await {
                Ok(visit) => visit,
                Err(refusal) => return refusal,
            };
            let mut response = match page {
                Page::Status => status_page::answer(&visit, section, context).await,
                Page::Tail => tail_page::answer(&visit, context).await,
            };
            close_to_other_sites(&mut response, Pages::Classic, is_secure(&visit.head.headers, section));
            response
        }
        WebResource::View(_) | WebResource::Form | WebResource::Asset(_)
            if !resource.methods().contains(request.method()) =>
        {
            not_allowed(resource.methods())
        }
        WebResource::Asset(asset) => {
            let mut response = asset.answer();
            close_to_scripts(&mut response);
            response
        }
        WebResource::View(_) => {
            let secure = is_secure(request.headers(), section);
            let (view, name) = View::of(request.uri().path()).unwrap_or((View::Home, String::new()));
            let query = Query::read(request.uri().query().unwrap_or_default());
            let visit = NewVisit { view, name, query, now: now(), section, context };
            let mut response = visit.answer().await;
            close_to_other_sites(&mut response, Pages::Today, secure);
            response
        }
        WebResource::Form => {
            let secure = is_secure(request.headers(), section);
            let form = match received(request, context).await {
                Ok(body) => Query::read(&body),
                Err(refusal) => return refusal,
            };
            let visit = NewVisit {
                view: View::Home,
                name: String::new(),
                query: Query::default(),
                now: now(),
                section,
                context,
            };
            let mut response = forms::answer(&visit, &form).await;
            close_to_other_sites(&mut response, Pages::Today, secure);
            response
        }
    }
}

impl WebResource {
    fn methods(self) -> &'static [Method] {
        match self {
            Self::Form => &[Method::POST],
            Self::Page { .. } | Self::Static(_) | Self::View(_) | Self::Asset(_) => &[Method::GET, Method::HEAD],
        }
    }
}

fn not_allowed(methods: &[Method]) -> Response {
    let mut refusal = closing_error_page(StatusCode::METHOD_NOT_ALLOWED);
    let names = if methods.contains(&Method::POST) { "POST" } else { "GET, HEAD" };
    refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(names));
    refusal
}

/// The time of a page, in the zone of the server.
fn now() -> Now {
    Now { wall: clock::wall_clock(), zone: clock::local_zone().zone.clone() }
}

/// What a form has sent.
async fn received(request: Request<Incoming>, context: &Rc<Context>) -> Result<String, Response> {
    let (body, _share) = request_body::receive(request, context).await.map_err(closing_error_page)?;
    if body.len() > limits::FORM_BYTES {
        return Err(closing_error_page(StatusCode::PAYLOAD_TOO_LARGE));
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Whether browsers take our word on how windows of ours and of others are kept apart.
fn is_secure(headers: &HeaderMap, section: &Section) -> bool {
    section.certificate.is_some() || base_url::is_this_machine(headers)
}

/// A request for a page of today.
struct NewVisit<'v> {
    view: View,
    /// What the page is of; empty where it is of everything.
    name: String,
    query: Query,
    now: Now,
    section: &'v Section,
    context: &'v Rc<Context>,
}

impl NewVisit<'_> {
    async fn answer(&self) -> Response {
        // Nothing is told of processes in a shutdown.
        if self.context.notices.state() != SupervisorState::Running {
            return error_pages::ending(self);
        }
        match self.view {
            View::Home | View::Processes | View::Group => processes_page::answer(self).await,
            View::Process => process_page::answer(self).await,
            View::Events => events_page::answer(self).await,
            View::Configuration => configuration_page::answer(self).await,
            View::Daemon => daemon_page::answer(self).await,
            View::Help => help_page::answer(self),
        }
    }

    /// This page, as forms name it to be led back.
    fn place(&self) -> String {
        forms::place(self.view, &self.name, &self.query)
    }
}

/// A request for a page, all of it.
struct Visit {
    head: hyper::http::request::Parts,
    form: Form,
    /// What is shown depends on who asks.
    varies: bool,
    /// It is shown to a person, who may be offered more than programs expect.
    for_people: bool,
}

impl Visit {
    /// The answer where its body cannot be had.
    async fn of(request: Request<Incoming>, section: &Section, context: &Rc<Context>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let mut form = Form::of_query(head.uri.query());
        if head.method == Method::POST {
            let whole = Request::from_parts(head.clone(), body);
            let body = received(whole, context).await?;
            form.add_posted(&body);
        }
        let varies = match section.web.interface {
            WebInterface::Auto | WebInterface::New => true,
            WebInterface::Classic | WebInterface::Off => false,
        };
        let for_people = varies && negotiation::wants_html(&head.headers);
        Ok(Self { head, form, varies, for_people })
    }
}
