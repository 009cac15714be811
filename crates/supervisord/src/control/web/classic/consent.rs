//! Whether a person means what their browser asks for (reference/web.md §15.2).
//!
//! What browsers say of themselves is judged before: a request with `Sec-Fetch-Site` or `Origin` that comes to this
//! place is ours. But to a name over plain HTTP they say nothing, and any page has them send a GET, with the password
//! that they know. There a link counts that is on a page of ours, which the `Referer` says; a form of ours; and whoever
//! is no browser, since scripts have always done so. Everybody else is asked; and so is a person whose browser makes a
//! page ready before anybody has gone there.

use hyper::HeaderMap;
use hyper::header::{HeaderName, REFERER, USER_AGENT};

use super::super::Visit;
use crate::clock;
use crate::control::context::Context;
use crate::control::listener::Section;
use crate::control::origin::{is_own_page, tells_its_site};

/// Sent by browsers with what is fetched, or made ready as a whole page, before a person has gone there.
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");

/// Whether an action is carried out, or asked about first.
pub(super) fn is_given(visit: &Visit, section: &Section, context: &Context) -> bool {
    let headers = &visit.head.headers;
    let has_token = || {
        let token = visit.form.token.as_deref();
        token.is_some_and(|token| context.form_tokens.is_one(token, section, clock::wall_clock()))
    };
    if headers.get(SEC_PURPOSE).is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch")) {
        return false;
    }
    tells_its_site(headers)
        || section.web.classic_actions
        || !calls_itself_a_browser(headers)
        || headers.get(REFERER).is_some_and(|page| is_own_page(page, headers, section))
        || has_token()
}

fn calls_itself_a_browser(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}
