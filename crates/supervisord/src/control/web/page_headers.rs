//! What browsers are told about pages of ours besides what is on them (reference/web.md §15.1): which scripts
//! run, if any, that they stand in no frame, and that they are nobody else's to read.

use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::control::response::Response;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// A page: styles and images of ours, forms to us, nothing else. The links of the page carry a `Referer` to us, by
/// which [`super::classic`] knows them where browsers say nothing better.
const PAGE: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                    base-uri 'none'";

/// A page of today: besides, scripts of ours, which ask us alone and make no markup of texts.
const PAGE_OF_TODAY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                             connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
                             require-trusted-types-for 'script'; trusted-types 'none'";

/// Which pages one belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Classic,
    Today,
}

/// What is no page: should a browser take it for one, it may do nothing.
const TEXT: &str = "default-src 'none'; sandbox";

/// Of a page. `is_secure`: by TLS, or within this machine; elsewhere browsers complain of the header that needs it.
pub(super) fn close_to_other_sites(response: &mut Response, pages: Pages, is_secure: bool) {
    let policy = match pages {
        Pages::Classic => PAGE,
        Pages::Today => PAGE_OF_TODAY,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), microphone=(), geolocation=(), usb=()"));
    if is_secure {
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
}

/// Of texts, styles and images.
pub(in crate::control) fn close_to_scripts(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(TEXT));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
