//! Secrets that are told by their own form, whatever they are called and wherever they stand: what services issue with
//! a mark at its beginning, so that it is found where it was left by mistake; and addresses that admit who knows them.

use std::ops::Range;

/// How issued tokens begin: GitHub, GitLab, Slack, Stripe, OpenAI and others with `sk-`, Google, HashiCorp Vault, npm,
/// PyPI, DigitalOcean, SendGrid, Mailgun, Hugging Face, Shopify, JSON web tokens.
const BEGINNINGS: [&str; 25] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk_test_",
    "sk-",
    "AIza",
    "hvs.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "SG.",
    "key-",
    "hf_",
    "shpat_",
    "whsec_",
    "eyJ",
];

/// What stands before the secret part of addresses that anybody may post to who knows them.
const SECRET_ADDRESSES: [&str; 4] =
    ["hooks.slack.com/services/", "/api/webhooks/", ".webhook.office.com/", "api.telegram.org/bot"];

/// Characters after its beginning that a token has at least, some digits among them: `sk-learn` is none.
const LEAST_CHARACTERS: usize = 16;

/// Where they stand.
pub(super) fn tokens(text: &str) -> Vec<Range<usize>> {
    let issued = BEGINNINGS.iter().flat_map(|beginning| {
        text.match_indices(beginning).filter_map(|(start, _)| {
            let begins =
                !text.get(..start)?.ends_with(|before: char| before.is_alphanumeric() || "_-./".contains(before));
            let end = start + run(text.get(start..)?, "_-.");
            let rest = text.get(start + beginning.len()..end)?;
            let is_random = rest.len() >= LEAST_CHARACTERS && rest.contains(|digit: char| digit.is_ascii_digit());
            (begins && is_random).then_some(start..end)
        })
    });
    let addresses = SECRET_ADDRESSES.iter().flat_map(|before| {
        text.match_indices(before).filter_map(|(at, _)| {
            let start = at + before.len();
            Some(start..start + run(text.get(start..)?, "_-./@:"))
        })
    });
    issued.chain(addresses).collect()
}

/// The length of the letters, digits and these that a text begins with.
fn run(text: &str, others: &str) -> usize {
    text.find(|it: char| !it.is_ascii_alphanumeric() && !others.contains(it)).unwrap_or(text.len())
}
