//! What every page has around it: title, header, tabs, and the message that an action has led to.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};

use super::assets;
use super::view::View;
use crate::clock;
use crate::control::context::Context;
use crate::control::error_page::error_page;
use crate::control::listener::Section;
use crate::control::response::{Response, full, try_again_later};

/// See above. `root` leads from the page to where all URLs begin: `./` or `../`, whatever stands before that.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) root: &'static str,
    pub(super) title: String,
    pub(super) identifier: String,
    /// Who has logged in; empty: nobody needs to.
    pub(super) user: String,
    pub(super) tab: Tab,
    /// Something needs attention, which the icon of the window shows.
    pub(super) needs_attention: bool,
    /// Proof that forms on it are ours.
    pub(super) token: String,
    /// What of the stream of `/api/v1/stream` tells that the page is another one by now; empty: nothing.
    pub(super) topics: String,
    /// What came of the form that has led here.
    pub(super) message: Option<Message>,
}

/// A message above the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// `done`, `failed`, or `link`: text of a link, which anybody may have written.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The tab that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Processes,
    Events,
    Configuration,
    Daemon,
    None,
}

impl Frame {
    pub(super) fn new(view: View, title: &str, section: &Section, context: &Context) -> Self {
        let identifier = context.identifier().to_string();
        Self {
            root: view.root(),
            title: format!("{title} · {identifier}"),
            identifier,
            user: section.username.clone().unwrap_or_default(),
            tab: view.tab(),
            needs_attention: false,
            token: context.form_tokens.make(section, clock::wall_clock()).unwrap_or_default(),
            topics: String::new(),
            message: None,
        }
    }

    /// The URLs of its scripts.
    pub(super) fn modules(&self) -> Vec<String> {
        assets::MODULES.iter().map(|module| self.asset(module)).collect()
    }

    /// The URL of an asset.
    pub(super) fn asset(&self, name: &str) -> String {
        format!("{}assets/{}/{name}", self.root, assets::hash())
    }

    /// The icon of the window, which tells from afar that something needs attention.
    pub(super) fn icon(&self) -> String {
        self.asset(if self.needs_attention { "icon-attention.svg" } else { "icon.svg" })
    }

    pub(super) fn is_tab(&self, tab: &str) -> bool {
        tab == match self.tab {
            Tab::Processes => "processes",
            Tab::Events => "events",
            Tab::Configuration => "configuration",
            Tab::Daemon => "daemon",
            Tab::None => "",
        }
    }
}

/// A page as an answer, if there is room for it beside the answers that others have not taken.
pub(super) fn page(status: StatusCode, template: &impl askama::Template, context: &Context) -> Response {
    let Ok(text) = template.render() else {
        return error_page(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let Some(share) = context.answers.try_take(text.len()) else {
        return try_again_later(error_page(StatusCode::SERVICE_UNAVAILABLE));
    };
    let mut response = full(status, share.hold(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    response
}
