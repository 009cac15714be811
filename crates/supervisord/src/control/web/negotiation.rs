//! Who asks for a page: a person's browser, or a program (reference/web.md §2, decision 16).
//!
//! Every browser, `lynx` too, names HTML in what it accepts when it goes to a page; curl, wget, Python, Go and probes
//! say `*/*` or nothing. Nobody is told apart by name.

use hyper::HeaderMap;
use hyper::header::ACCEPT;

const HTML: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// Whether HTML is asked for by name.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(is_html)
}

/// Whether a media range is HTML and wanted at all (RFC 9110 §12.5.1).
fn is_html(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let is_named = parts.next().is_some_and(|kind| HTML.iter().any(|html| kind.eq_ignore_ascii_case(html)));
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")));
    is_named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn wants(accept: &[&'static str]) -> bool {
        wants_html(&accept.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn browsers_name_html_and_programs_do_not() {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "text/html, text/plain, text/sgml, text/css, */*;q=0.01",
            "*/*, TEXT/HTML;level=1;q=0.4",
            "application/xhtml+xml",
        ] {
            assert!(wants(&[accept]), "{accept}");
        }
        for accept in ["*/*", "", "application/json", "text/*", "text/html;q=0", "text/html;q=x", "text/htmlx", "q=1"] {
            assert!(!wants(&[accept]), "{accept}");
        }
        assert!(!wants(&[]) && wants(&["*/*", "text/html"]));
    }
}
