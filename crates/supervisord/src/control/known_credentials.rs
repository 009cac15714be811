//! Credentials that were right lately, so that a client which sends them with each request waits for a slow hash once.
//!
//! Kept as keyed digests, compared in constant time; few, and none for longer than `limits::KNOWN_CREDENTIALS_TIME`
//! after its last use. They belong to one user and one password as they were read: with another one, they are gone. A
//! restart of supervisord keeps them: whoever asked for it under a flood of guesses has to find out how it went.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blake2::{Blake2s256, Digest as _};
use subtle::ConstantTimeEq as _;
use tokio::time::Instant;

use super::limits;
use super::password::Credentials;

/// What is known of all servers, handed from one control plane to the next.
#[derive(Clone, Default)]
pub struct RememberedLogins(Arc<Mutex<Vec<Remembered>>>);

struct Remembered {
    username: String,
    /// As the configuration has it.
    password: String,
    known: SharedCredentials,
}

/// [`KnownCredentials`] of one user and password. Used by one control plane at a time, so that nobody waits for it.
#[derive(Clone)]
pub(super) struct SharedCredentials(Arc<Mutex<KnownCredentials>>);

impl RememberedLogins {
    /// Those of this user and this password, as the configuration has it.
    ///
    /// # Errors
    /// As [`KnownCredentials::new`].
    pub(super) fn of(&self, username: &str, password: &str) -> io::Result<SharedCredentials> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = all.iter().find(|it| it.username == username && it.password == password) {
            return Ok(found.known.clone());
        }
        let known = SharedCredentials::new()?;
        if all.len() == limits::REMEMBERED_PASSWORDS {
            all.remove(0);
        }
        all.push(Remembered { username: username.to_owned(), password: password.to_owned(), known: known.clone() });
        Ok(known)
    }
}

impl fmt::Debug for RememberedLogins {
    /// Shows nothing of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberedLogins").finish_non_exhaustive()
    }
}

impl SharedCredentials {
    /// As [`KnownCredentials::new`].
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(KnownCredentials::new()?))))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, KnownCredentials> {
        // Each of its changes is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Digests of credentials that were right, the last used one last.
pub(super) struct KnownCredentials {
    key: [u8; 32],
    known: VecDeque<(Tag, Instant)>,
}

/// Stands for credentials; tells nothing about them to whoever does not have the key.
#[derive(Clone, Copy)]
pub(super) struct Tag([u8; 32]);

impl KnownCredentials {
    /// None yet.
    ///
    /// # Errors
    /// The system has no random key for them.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { key: supervisor_sys::random_key()?, known: VecDeque::new() })
    }

    pub(super) fn tag_of(&self, given: &Credentials<'_>) -> Tag {
        // A user name holds no colon.
        let keyed = Blake2s256::new().chain_update(self.key).chain_update(given.username).chain_update(":");
        Tag(keyed.chain_update(given.password).finalize().into())
    }

    /// Whether these were right lately; then they are from now on.
    pub(super) fn has(&mut self, tag: &Tag) -> bool {
        let now = Instant::now();
        self.known.retain(|(_, used)| now.duration_since(*used) < limits::KNOWN_CREDENTIALS_TIME);
        let mut place = None;
        for (index, (known, _)) in self.known.iter().enumerate() {
            if bool::from(known.0.ct_eq(&tag.0)) {
                place = Some(index);
            }
        }
        let Some((tag, _)) = place.and_then(|place| self.known.remove(place)) else { return false };
        self.known.push_back((tag, now));
        true
    }

    /// These were right.
    pub(super) fn add(&mut self, tag: Tag) {
        if self.has(&tag) {
            return;
        }
        if self.known.len() == limits::KNOWN_CREDENTIALS {
            self.known.pop_front();
        }
        self.known.push_back((tag, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tag(known: &KnownCredentials, password: &str) -> Tag {
        known.tag_of(&Credentials { username: "u", password })
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_right_is_known_while_it_is_used() {
        let mut known = KnownCredentials::new().unwrap();
        let (right, other) = (tag(&known, "right"), tag(&known, "other"));
        assert!(!known.has(&right));
        known.add(right);
        let moment = Duration::from_secs(1);
        for _ in 0..3 {
            tokio::time::advance(limits::KNOWN_CREDENTIALS_TIME.saturating_sub(moment)).await;
            assert!(known.has(&right) && !known.has(&other));
        }
        tokio::time::advance(limits::KNOWN_CREDENTIALS_TIME).await;
        assert!(!known.has(&right));
    }

    #[tokio::test]
    async fn few_are_known_and_each_once() {
        let mut known = KnownCredentials::new().unwrap();
        let tags: Vec<Tag> = (0..=limits::KNOWN_CREDENTIALS).map(|number| tag(&known, &number.to_string())).collect();
        for tag in &tags[..limits::KNOWN_CREDENTIALS] {
            known.add(*tag);
            known.add(*tag);
        }
        assert_eq!(known.known.len(), limits::KNOWN_CREDENTIALS);
        assert!(known.has(&tags[0]), "the first, which has been used last now");
        known.add(tags[limits::KNOWN_CREDENTIALS]);
        assert!(known.has(&tags[0]) && !known.has(&tags[1]));
    }

    #[test]
    fn each_server_has_a_key_of_its_own() {
        let (one, other) = (KnownCredentials::new().unwrap(), KnownCredentials::new().unwrap());
        assert_ne!(tag(&one, "p").0, tag(&other, "p").0);
        assert_eq!(tag(&one, "p").0, tag(&one, "p").0);
    }
}
