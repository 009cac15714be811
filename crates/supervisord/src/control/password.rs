//! A password as the configuration has it: plain, `{SHA}` and its SHA-1, or an argon2 hash.
//!
//! Comparing is in constant time. An argon2 hash is slow on purpose and takes much memory: one is computed at a time,
//! by the one thread for logins, and few wait for it, fewer still of one address, so that a flood of guesses neither
//! takes memory nor keeps others out for long. What was right lately is known ([`SharedCredentials`]) and waits for
//! nobody. What was wrong is never remembered: guessing stays slow.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use blake2::{Blake2s256, Digest as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::argon2_hash::{Argon2Hash, HashMemory};
use super::known_credentials::{RememberedLogins, SharedCredentials};
use super::login_queue::{LoginQueue, Origin};
use super::workers::{NotDone, Workers};

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
    known: SharedCredentials,
    queue: LoginQueue,
}

/// Why a password could not be judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Undecided {
    /// As many logins wait as may.
    Crowded,
    /// It failed, and why.
    Failed(String),
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
        let known = SharedCredentials::new().map_err(|error| no_random_bytes(&error))?;
        Ok(Self::Slow(SlowPassword { hash, known, queue: LoginQueue::default() }))
    }

    /// The same, with what is remembered of it since before a restart.
    ///
    /// # Errors
    /// The system has no random key.
    pub(super) fn remembered(text: &str, username: &str, logins: &RememberedLogins) -> Result<Self, String> {
        Ok(match Self::parse(text)? {
            Self::Slow(slow) => {
                let known = logins.of(username, text).map_err(|error| no_random_bytes(&error))?;
                Self::Slow(SlowPassword { known, ..slow })
            }
            quick @ (Self::Plain(_) | Self::Sha1(_)) => quick,
        })
    }

    /// Whether this is the password of this user.
    ///
    /// # Errors
    /// It could not be found out.
    pub(super) async fn admits(
        &self,
        username: &str,
        given: &Credentials<'_>,
        origin: Origin,
        logins: &Logins,
    ) -> Result<bool, Undecided> {
        let right_user = same(given.username.as_bytes(), username.as_bytes());
        let right_password = match self {
            Self::Plain(password) => same(given.password.as_bytes(), password.as_bytes()),
            Self::Sha1(digest) => {
                let given = format!("{:x}", HexDigest(&Sha1::digest(given.password)));
                same(given.as_bytes(), digest.as_bytes())
            }
            Self::Slow(slow) => return slow.admits(right_user, given, origin, logins).await,
        };
        Ok(right_user & right_password)
    }
}

/// Who computes slow hashes, for all servers: one thread, in one piece of memory.
pub(super) struct Logins {
    workers: Workers,
    /// Locked by that one thread, however often it is another one.
    memory: Arc<Mutex<HashMemory>>,
}

impl Logins {
    pub(super) fn new(workers: Workers) -> Self {
        Self { workers, memory: Arc::default() }
    }
}

/// What a client shows.
pub(super) struct Credentials<'c> {
    pub(super) username: &'c str,
    pub(super) password: &'c str,
}

impl SlowPassword {
    /// A wrong user name costs the same time as a wrong password.
    async fn admits(
        &self,
        right_user: bool,
        given: &Credentials<'_>,
        origin: Origin,
        logins: &Logins,
    ) -> Result<bool, Undecided> {
        let tag = self.known.lock().tag_of(given);
        if self.known.lock().has(&tag) {
            return Ok(true);
        }
        let Some(_place) = self.queue.enter(origin) else { return Err(Undecided::Crowded) };
        let (hash, password) = (Arc::clone(&self.hash), given.password.to_owned());
        let memory = Arc::clone(&logins.memory);
        let judge = move || hash.is_of(&password, &mut memory.lock().unwrap_or_else(PoisonError::into_inner));
        let right_password = match logins.workers.run(judge).await {
            Ok(judged) => judged.map_err(Undecided::Failed)?,
            Err(NotDone::Busy) => return Err(Undecided::Crowded),
            Err(why @ (NotDone::NoThread(_) | NotDone::Defect)) => return Err(Undecided::Failed(why.to_string())),
        };
        if right_user & right_password {
            self.known.lock().add(tag);
        }
        Ok(right_user & right_password)
    }
}

fn no_random_bytes(error: &io::Error) -> String {
    format!("there are no random bytes: {error}")
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

    async fn admits(password: &Password, username: &str, given: &str) -> Result<bool, Undecided> {
        let credentials = Credentials { username, password: given };
        password.admits("u", &credentials, Origin::Local, &Logins::new(Workers::new("login", 1))).await
    }

    #[tokio::test]
    async fn an_argon2_hash_admits_whoever_knows_what_was_hashed() {
        for text in [HASH.to_owned(), format!("{{ARGON2}}{HASH}")] {
            let password = Password::parse(&text).unwrap();
            assert_eq!(admits(&password, "u", "password").await, Ok(true));
            for (username, given) in [("u", "wrong"), ("u", text.as_str()), ("other", "password"), ("", "")] {
                assert_eq!(admits(&password, username, given).await, Ok(false));
            }
        }
    }

    #[tokio::test]
    async fn a_restart_remembers_who_was_right_with_this_user_and_this_password() {
        let logins = RememberedLogins::default();
        let knows = |username: &str, text: &str| {
            let Ok(Password::Slow(slow)) = Password::remembered(text, username, &logins) else {
                panic!("it is an argon2 hash")
            };
            let mut known = slow.known.lock();
            let tag = known.tag_of(&Credentials { username: "u", password: "password" });
            known.has(&tag)
        };
        let password = Password::remembered(HASH, "u", &logins).unwrap();
        assert_eq!(admits(&password, "u", "password").await, Ok(true));
        drop(password);
        assert!(knows("u", HASH));
        assert!(!knows("u", &format!("{{ARGON2}}{HASH}")) && !knows("other", HASH));
    }

    #[tokio::test]
    async fn where_all_places_are_taken_only_what_was_right_lately_is_judged() {
        let password = Password::parse(HASH).unwrap();
        assert_eq!(admits(&password, "u", "password").await, Ok(true));
        let Password::Slow(slow) = &password else { panic!("a slow one") };
        let strangers: Vec<_> = std::iter::from_fn(|| slow.queue.enter(Origin::Local)).collect();
        assert_eq!(admits(&password, "u", "password").await, Ok(true));
        for (username, given) in [("u", "wrong"), ("other", "password"), ("", "")] {
            assert_eq!(admits(&password, username, given).await, Err(Undecided::Crowded));
        }
        drop(strangers);
        assert_eq!(admits(&password, "u", "wrong").await, Ok(false));
        let anew = Password::parse(HASH).unwrap();
        let Password::Slow(slow) = &anew else { panic!("a slow one") };
        let _strangers: Vec<_> = std::iter::from_fn(|| slow.queue.enter(Origin::Local)).collect();
        assert_eq!(admits(&anew, "u", "password").await, Err(Undecided::Crowded), "a password that is read anew");
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
