//! `hash-password`: the hash of a password for a configuration file, so that the password itself is written nowhere.
//!
//! What is printed is a PHC string (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`), the form that password hashing tools have
//! agreed on. Needs no server and no configuration. The parameters are the first choice of OWASP's cheat sheet.

use std::fs::File;
use std::io::{self, Read as _};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::output::Output;
use crate::world::{Line, World};

/// Memory that a check of the password takes, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes that could be computed side by side.
const LANES: u32 = 1;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Reads a password, twice from a terminal and without showing it, and prints its hash. Returns the exit status.
pub(crate) fn run(world: &mut dyn World, output: &mut Output, from_terminal: bool) -> u8 {
    let answer = if from_terminal { ask_twice(world, output) } else { read_line(world, output) };
    let printed = answer.and_then(|password| {
        let salt = random_salt().map_err(|error| format!("no random bytes: {error}"))?;
        hash(&password, &salt)
    });
    let status = match printed {
        Ok(hash) => {
            output.line(&hash);
            0
        }
        Err(complaint) => {
            output.error_line(&format!("Error: {complaint}"));
            1
        }
    };
    output.flush();
    if output.broken().is_some() { 1 } else { status }
}

fn ask_twice(world: &mut dyn World, output: &mut Output) -> Result<String, String> {
    let first = typed(world.ask_secret("Password:", output))?;
    let second = typed(world.ask_secret("Password again:", output))?;
    if first == second { Ok(first) } else { Err("the passwords differ".to_owned()) }
}

fn read_line(world: &mut dyn World, output: &mut Output) -> Result<String, String> {
    typed(world.ask("", output))
}

fn typed(line: Line) -> Result<String, String> {
    match line {
        Line::Text(text) if text.is_empty() => Err("an empty password".to_owned()),
        Line::Text(text) => Ok(text),
        Line::EndOfInput | Line::Interrupted => Err("no password".to_owned()),
    }
}

fn random_salt() -> io::Result<[u8; SALT_BYTES]> {
    let mut salt = [0; SALT_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut salt)?;
    Ok(salt)
}

fn hash(password: &str, salt: &[u8; SALT_BYTES]) -> Result<String, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(|error| error.to_string())?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(|error| error.to_string())?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    /// What Python's argon2-cffi 25 makes of the same password, salt and parameters.
    #[test]
    fn the_hash_is_the_one_of_other_tools() {
        let hash = hash("secret", b"0123456789abcdef").unwrap();
        assert_eq!(
            hash,
            "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8qPpaWig0H31wvibKAgpght2Ry2M8rtRQYtZ93ooMus"
        );
    }

    #[test]
    fn every_salt_is_new() {
        let made = || Scene::bare().types("secret").hash_password(false);
        let (one, other) = (made(), made());
        assert!(one.out.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one.status == 0, "{one:?}");
        assert_ne!(one.out, other.out);
    }

    #[test]
    fn a_terminal_asks_twice() {
        let same = Scene::bare().types("secret").types("secret").hash_password(true);
        assert!(same.out.starts_with("Password:Password again:$argon2id$"), "{same:?}");
        let other = Scene::bare().types("secret").types("secrte").hash_password(true);
        assert_eq!(
            (other.out.as_str(), other.err.as_str()),
            ("Password:Password again:", "Error: the passwords differ\n")
        );
        assert_eq!(other.status, 1);
    }

    #[test]
    fn nothing_has_no_hash() {
        for (scene, complaint) in [
            (Scene::bare(), "Error: no password\n"),
            (Scene::bare().interrupts(), "Error: no password\n"),
            (Scene::bare().types(""), "Error: an empty password\n"),
        ] {
            let outcome = scene.hash_password(false);
            assert_eq!((outcome.out.as_str(), outcome.err.as_str(), outcome.status), ("", complaint, 1));
        }
    }
}
