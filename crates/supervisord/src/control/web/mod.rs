//! The web interface: pages for people, and for the programs that read pages (contract/rpc.md §8; reference/web.md).
//!
//! Today these are the pages of Supervisor 4.3, with the same elements, names, links and texts, in our own markup. They
//! are made here from values and go through [`html`] alone, so that no text of a program, of a request or of a
//! configuration is ever markup. Nothing here knows how processes are run, and no file of the disk is served by a path
//! that came from outside.

mod base_url;
mod classic;
mod form;
mod form_token;
mod html;
mod negotiation;
mod page_headers;

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use supervisor_config::WebInterface;

use super::context::Context;
use super::error_page::closing_error_page;
use super::listener::Section;
use super::response::Response;
use super::{limits, request_body};
use classic::{static_files, status_page, tail_page};
use form::Form;
use page_headers::close_to_other_sites;

pub(super) use classic::static_files::StaticFile;
pub(super) use form_token::FormTokens;
pub(super) use page_headers::close_to_scripts;

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
}

impl WebResource {
    /// What a path stands for, decoded and without its leading slashes; `None`: nothing of ours.
    pub(super) fn of<B>(path: &str, request: &Request<B>, section: &Section) -> Option<Self> {
        match section.web.interface {
            WebInterface::Off => return None,
            WebInterface::Auto | WebInterface::Classic => {}
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
            close_to_other_sites(&mut response, visit.is_secure(section));
            response
        }
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
            let (body, _share) = request_body::receive(whole, context).await.map_err(closing_error_page)?;
            if body.len() > limits::FORM_BYTES {
                return Err(closing_error_page(StatusCode::PAYLOAD_TOO_LARGE));
            }
            form.add_posted(&String::from_utf8_lossy(&body));
        }
        let varies = section.web.interface == WebInterface::Auto;
        let for_people = varies && negotiation::wants_html(&head.headers);
        Ok(Self { head, form, varies, for_people })
    }

    /// Whether browsers take our word on how windows of ours and of others are kept apart.
    fn is_secure(&self, section: &Section) -> bool {
        section.certificate.is_some() || base_url::is_this_machine(&self.head.headers)
    }
}
