//! `/assets/{hash}/{file}`: the style, the scripts and the icons of the pages.
//!
//! They are part of the program and read by nobody's build step: what lies in `crates/supervisord/assets` is what a
//! browser gets. The hash is of all of them together, so that browsers may keep each for good; under another hash there
//! is nothing.

use std::sync::OnceLock;

use blake2::{Blake2s256, Digest as _};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::control::response::{Response, full};

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($kind:literal, $name:literal) => {
        Asset { name: $name, content_type: $kind, bytes: include_bytes!(concat!("../../../assets/", $name)) }
    };
}

const ASSETS: &[Asset] = &[
    asset!("text/css", "style.css"),
    asset!("image/svg+xml", "icon.svg"),
    asset!("image/svg+xml", "icon-attention.svg"),
    asset!("text/javascript", "js/theme.js"),
    asset!("text/javascript", "js/page.js"),
    asset!("text/javascript", "js/actions.js"),
    asset!("text/javascript", "js/ansi.js"),
    asset!("text/javascript", "js/dom.js"),
    asset!("text/javascript", "js/keys.js"),
    asset!("text/javascript", "js/log.js"),
    asset!("text/javascript", "js/selection.js"),
    asset!("text/javascript", "js/stream.js"),
    asset!("text/javascript", "js/theme-button.js"),
];

impl Asset {
    /// By its path behind `assets/`.
    pub(in crate::control) fn of(path: &str) -> Option<Self> {
        let name = path.strip_prefix(hash())?.strip_prefix('/')?;
        ASSETS.iter().copied().find(|asset| asset.name == name)
    }

    pub(super) fn answer(self) -> Response {
        let mut response = full(StatusCode::OK, self.bytes);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
        response
    }
}

/// The scripts of a page, the one that begins first. All are asked for at once, so that none waits for another one that
/// imports it. Those for logs are asked for where there is one.
pub(super) const MODULES: [&str; 7] =
    ["js/page.js", "js/actions.js", "js/dom.js", "js/keys.js", "js/selection.js", "js/stream.js", "js/theme-button.js"];

/// Twelve hexadecimal digits that are others when any file is another.
pub(super) fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut hasher = Blake2s256::new();
        for asset in ASSETS {
            hasher.update((asset.bytes.len() as u64).to_le_bytes());
            hasher.update(asset.bytes);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let beginning = digest.first_chunk().copied().map_or(0, u64::from_be_bytes);
        format!("{:012x}", beginning >> 16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_under_the_hash_of_today_alone() {
        let path = |hash: &str, name: &str| format!("{hash}/{name}");
        for asset in ASSETS {
            assert_eq!(Asset::of(&path(hash(), asset.name)), Some(*asset));
            assert_eq!(Asset::of(&path("0123456789ab", asset.name)), None);
        }
        for module in MODULES {
            assert!(Asset::of(&path(hash(), module)).is_some(), "{module}");
        }
        assert_eq!(hash().len(), 12);
        for path in ["", "style.css", &path(hash(), ""), &path(hash(), "../style.css"), &path(hash(), "js/")] {
            assert_eq!(Asset::of(path), None, "{path}");
        }
    }

    /// reference/web.md §16: style and scripts of a first visit.
    #[test]
    fn files_are_small() {
        let bytes = |ending: &str| -> usize {
            ASSETS.iter().filter(|asset| asset.name.ends_with(ending)).map(|asset| asset.bytes.len()).sum()
        };
        assert!(bytes(".css") <= 32 << 10, "{}", bytes(".css"));
        assert!(bytes(".js") <= 60 << 10, "{}", bytes(".js"));
    }
}
