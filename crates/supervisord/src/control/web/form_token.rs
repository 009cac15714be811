//! Proof that a form is of a page of ours: a keyed digest that no other site can make and no page shows to it
//! (reference/web.md §15.2).
//!
//! The key is of this start alone and is made when the first form is shown. A proof holds for its server and its user
//! and for twelve hours; nothing is kept of it.

use std::cell::OnceCell;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake2::{Blake2s256, Digest as _};
use subtle::ConstantTimeEq as _;

use crate::control::limits;
use crate::control::listener::Section;

/// Makes and checks them.
#[derive(Default)]
pub(in crate::control) struct FormTokens {
    key: OnceCell<[u8; 32]>,
}

impl FormTokens {
    /// A proof for now; `None`: the system has no randomness to give, so there can be none.
    pub(super) fn make(&self, section: &Section, wall: Duration) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(self.digest(section, hour(wall))?))
    }

    /// Whether this is one that was made lately.
    pub(super) fn is_one(&self, token: &str, section: &Section, wall: Duration) -> bool {
        let Ok(given) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let now = hour(wall);
        let mut hours = now.saturating_sub(limits::FORM_TOKEN_HOURS)..=now;
        // Each is compared in constant time; how old a right one is is no secret.
        hours.any(|hour| self.digest(section, hour).is_some_and(|digest| digest.ct_eq(&given).into()))
    }

    fn digest(&self, section: &Section, hour: u64) -> Option<[u8; 32]> {
        if self.key.get().is_none() {
            let key = supervisor_sys::random_key().ok()?;
            self.key.get_or_init(|| key);
        }
        let mut hasher = Blake2s256::new();
        hasher.update(self.key.get()?);
        hasher.update(hour.to_le_bytes());
        for text in [section.name.as_str(), section.username.as_deref().unwrap_or_default()] {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        // The key is of fixed length and stands first, and BLAKE2 cannot be extended.
        Some(hasher.finalize().into())
    }
}

fn hour(wall: Duration) -> u64 {
    wall.as_secs() / 3_600
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_795_335_467);

    #[test]
    fn a_token_is_of_one_start_one_server_one_user_and_half_a_day() {
        let (tokens, section) = (FormTokens::default(), Section::unguarded("inet_http_server"));
        let token = tokens.make(&section, NOW).unwrap();
        let hours = |hours: u64| NOW + Duration::from_hours(hours);
        for (later, expected) in [(0, true), (11, true), (limits::FORM_TOKEN_HOURS, true), (13, false), (1_000, false)]
        {
            assert_eq!(tokens.is_one(&token, &section, hours(later)), expected, "{later}");
        }
        assert!(!tokens.is_one(&token, &Section::unguarded("unix_http_server"), NOW));
        let user = Section { username: Some("u".to_owned()), ..Section::unguarded("inet_http_server") };
        assert!(!tokens.is_one(&token, &user, NOW));
        assert!(!FormTokens::default().is_one(&token, &section, NOW));
        for wrong in ["", "x", token.get(1..).unwrap(), &format!("{token}A"), &"A".repeat(43)] {
            assert!(!tokens.is_one(wrong, &section, NOW), "{wrong}");
        }
    }
}
