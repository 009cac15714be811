//! A password as the configuration has it: plain, `{SHA}` and its SHA-1, or an argon2 hash.
//!
//! Comparing is in constant time. An argon2 hash is slow on purpose: it is computed on a thread that may block, few at
//! a time, and what was once right is remembered by its digest, so that a client that sends its password with each
//! request waits once. What was wrong is never remembered: guessing stays slow.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use blake2::{Blake2s256, Digest as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::argon2_hash::Argon2Hash;
use super::limits;

/// A stored password.
pub(super) enum Password {
    /// As it is.
    Plain(String),
    /// The SHA-1 of it, in lower-case hexadecimal digits.
    Sha1(String),
    /// A hash that is slow to compute.
    Slow(SlowPassword),
}

/// See [`Password::Slow`].
pub(super) struct SlowPassword {
    hash: Arc<Argon2Hash>,
    /// Digests of credentials that were right, newest last.
    known: RefCell<VecDeque<[u8; 32]>>,
    /// Places for computations.
    places: Arc<Semaphore>,
}

impl Password {
    /// From what the configuration has.
    ///
    /// # Errors
    /// What is wrong with an argon2 hash; does not show it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(digest) = text.strip_prefix("{SHA}") {
            return Ok(Self::Sha1(digest.to_owned()));
        }
        let hash = match text.strip_prefix("{ARGON2}") {
            Some(hash) => hash,
            None if text.starts_with("$argon2") => text,
            None => return Ok(Self::Plain(text.to_owned())),
        };
        let hash = Arc::new(hash.parse::<Argon2Hash>()?);
        let places = Arc::new(Semaphore::new(limits::ARGON2_AT_ONCE));
        Ok(Self::Slow(SlowPassword { hash, known: RefCell::default(), places }))
    }

    /// Whether this is the password of this user.
    ///
    /// # Errors
    /// It could not be found out.
    pub(super) async fn admits(&self, username: &str, given: &Credentials<'_>) -> Result<bool, String> {
        let right_user = same(given.username.as_bytes(), username.as_bytes());
        let right_password = match self {
            Self::Plain(password) => same(given.password.as_bytes(), password.as_bytes()),
            Self::Sha1(digest) => {
                let given = format!("{:x}", HexDigest(&Sha1::digest(given.password)));
                same(given.as_bytes(), digest.as_bytes())
            }
            Self::Slow(slow) => return slow.admits(right_user, given).await,
        };
        Ok(right_user & right_password)
    }
}

/// What a client shows.
pub(super) struct Credentials<'c> {
    pub(super) username: &'c str,
    pub(super) password: &'c str,
}

impl SlowPassword {
    /// A wrong user name costs the same time as a wrong password.
    async fn admits(&self, right_user: bool, given: &Credentials<'_>) -> Result<bool, String> {
        let digest = digest_of(given);
        if self.known.borrow().iter().any(|known| known.ct_eq(&digest).into()) {
            return Ok(true);
        }
        let place = Arc::clone(&self.places).acquire_owned().await.expect("nobody closes this semaphore");
        let (hash, password) = (Arc::clone(&self.hash), given.password.to_owned());
        let computing = spawn_blocking(move || {
            // Kept until it is done, though the client may have gone meanwhile.
            let _place = place;
            hash.is_of(&password)
        });
        let right_password = computing.await.map_err(|defect| defect.to_string())??;
        if right_user & right_password {
            let mut known = self.known.borrow_mut();
            if known.len() == limits::KNOWN_CREDENTIALS {
                known.pop_front();
            }
            known.push_back(digest);
        }
        Ok(right_user & right_password)
    }
}

fn digest_of(given: &Credentials<'_>) -> [u8; 32] {
    // A user name holds no colon.
    Blake2s256::new().chain_update(given.username).chain_update(":").chain_update(given.password).finalize().into()
}

/// Compares digests of equal length, so that the time tells nothing about the lengths either.
fn same(left: &[u8], right: &[u8]) -> bool {
    Blake2s256::digest(left).as_slice().ct_eq(Blake2s256::digest(right).as_slice()).into()
}

/// Bytes as hexadecimal digits.
struct HexDigest<'b>(&'b [u8]);

impl std::fmt::LowerHex for HexDigest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    async fn admits(password: &Password, username: &str, given: &str) -> bool {
        password.admits("u", &Credentials { username, password: given }).await.unwrap()
    }

    fn known(password: &Password) -> usize {
        match password {
            Password::Slow(slow) => slow.known.borrow().len(),
            Password::Plain(_) | Password::Sha1(_) => panic!("a slow one"),
        }
    }

    #[tokio::test]
    async fn an_argon2_hash_admits_whoever_knows_what_was_hashed() {
        for text in [HASH.to_owned(), format!("{{ARGON2}}{HASH}")] {
            let password = Password::parse(&text).unwrap();
            assert!(admits(&password, "u", "password").await);
            assert!(!admits(&password, "u", "wrong").await);
            assert!(!admits(&password, "u", &text).await);
            assert!(!admits(&password, "other", "password").await);
        }
    }

    #[tokio::test]
    async fn what_was_right_is_remembered_and_nothing_else() {
        let password = Password::parse(HASH).unwrap();
        for (username, given) in [("u", "wrong"), ("other", "password"), ("", "")] {
            assert!(!admits(&password, username, given).await);
            assert_eq!(known(&password), 0);
        }
        for _ in 0..3 {
            assert!(admits(&password, "u", "password").await);
            assert_eq!(known(&password), 1);
        }
        let Password::Slow(slow) = &password else { panic!("a slow one") };
        let all_places = slow.places.try_acquire_many(u32::try_from(limits::ARGON2_AT_ONCE).unwrap()).unwrap();
        assert!(admits(&password, "u", "password").await, "what is remembered needs no place");
        drop(all_places);
    }

    #[tokio::test]
    async fn few_are_computed_at_a_time() {
        let password = Password::parse(HASH).unwrap();
        let Password::Slow(slow) = &password else { panic!("a slow one") };
        let all_places = slow.places.try_acquire_many(u32::try_from(limits::ARGON2_AT_ONCE).unwrap()).unwrap();
        let mut waiting = Box::pin(admits(&password, "u", "password"));
        assert!(tokio::time::timeout(std::time::Duration::ZERO, &mut waiting).await.is_err());
        drop(all_places);
        assert!(waiting.await);
    }

    #[test]
    fn a_bad_hash_is_an_error_and_other_texts_are_passwords() {
        for bad in ["$argon2id$", "{ARGON2}", "{ARGON2}x", "$argon2"] {
            assert!(Password::parse(bad).is_err(), "{bad}");
        }
        for plain in ["", "$", "argon2", "{argon2}", "{SHA256}x"] {
            assert!(matches!(Password::parse(plain), Ok(Password::Plain(text)) if text == plain), "{plain}");
        }
    }
}
