//! argon2 hashes as they are written down: `$argon2id$v=19$m=65536,t=3,p=4$SALT$HASH` (the PHC string format, as the
//! `argon2` command and libraries of every language print it).
//!
//! Checking one is slow and takes memory on purpose, so it belongs on a thread that may block. What a hash may cost is
//! bounded: a configuration must not be able to take the machine down at the first login.

use std::str::FromStr;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::limits;
use crate::limits::RETURNED_BYTES;

/// A hash, ready to be compared with. It is no secret to `Debug`, so that has none.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Argon2Hash {
    /// Whether a password has this hash. May block for a second.
    ///
    /// # Errors
    /// There is not enough memory to tell.
    pub(super) fn is_of(&self, password: &str, memory: &mut HashMemory) -> Result<bool, String> {
        let mut hash = vec![0; self.hash.len()];
        let blocks = memory.blocks(self.params.block_count())?;
        let outcome = Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into_with_memory(password.as_bytes(), &self.salt, &mut hash, blocks)
            .map_err(|error| error.to_string());
        memory.give_back_if_large();
        outcome?;
        Ok(hash.ct_eq(&self.hash).into())
    }
}

/// The memory that a hash is computed in: one for all, so that a crowd of logins takes it once.
///
/// What is small is kept, since allocators do not find it again (glibc keeps aligned pieces apart); what is large goes
/// back to the system.
#[derive(Default)]
pub(super) struct HashMemory(Vec<Block>);

impl HashMemory {
    fn blocks(&mut self, count: usize) -> Result<&mut [Block], String> {
        let missing = count.saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| "there is not enough memory for it".to_owned())?;
        self.0.resize(count, Block::new());
        Ok(&mut self.0)
    }

    fn give_back_if_large(&mut self) {
        let bytes = self.0.capacity().saturating_mul(Block::SIZE);
        if i32::try_from(bytes).is_ok_and(|bytes| bytes < RETURNED_BYTES) {
            return;
        }
        self.0 = Vec::new();
    }
}

/// The error says what is wrong, without the hash.
impl FromStr for Argon2Hash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut fields = text.split('$').peekable();
        let (Some(""), Some(algorithm)) = (fields.next(), fields.next()) else {
            return Err("it does not begin with $argon2id$".to_owned());
        };
        let algorithm = Algorithm::from_str(algorithm)
            .map_err(|_| format!("'{algorithm}' is none of argon2id, argon2i and argon2d"))?;
        let version = match fields.next_if(|field| field.starts_with("v=")) {
            // What was hashed before versions were written down.
            None | Some("v=16") => Version::V0x10,
            Some("v=19") => Version::V0x13,
            Some(other) => return Err(format!("'{other}' is neither v=19 nor v=16")),
        };
        let (Some(costs), Some(salt), Some(hash), None) = (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err("it is not $argon2id$v=19$m=…,t=…,p=…$salt$hash".to_owned());
        };
        let decode =
            |name: &str, field: &str| STANDARD_NO_PAD.decode(field).map_err(|_| format!("its {name} is no base64"));
        let (salt, hash) = (decode("salt", salt)?, decode("hash", hash)?);
        let params = params_of(costs, hash.len())?;
        // The least that the algorithm takes; checked here so that no login fails over it.
        if salt.len() < argon2::MIN_SALT_LEN {
            return Err(format!("its salt is shorter than {} bytes", argon2::MIN_SALT_LEN));
        }
        Ok(Self { algorithm, version, params, salt, hash })
    }
}

/// `m=65536,t=3,p=4`
fn params_of(costs: &str, hash_length: usize) -> Result<Params, String> {
    let mut numbers = [0_u32; 3];
    let mut parts = costs.split(',');
    for (number, name) in numbers.iter_mut().zip(["m", "t", "p"]) {
        let value = parts.next().and_then(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
        *number = value.ok_or_else(|| format!("'{costs}' is not m=…,t=…,p=…"))?;
    }
    let [memory, passes, lanes] = numbers;
    if let Some(more) = parts.next() {
        return Err(format!("'{more}' is not supported"));
    }
    if memory > limits::ARGON2_KIBIBYTES || passes > limits::ARGON2_PASSES {
        let (most_memory, most_passes) = (limits::ARGON2_KIBIBYTES, limits::ARGON2_PASSES);
        return Err(format!("'{costs}' is beyond m={most_memory},t={most_passes}"));
    }
    Params::new(memory, passes, lanes, Some(hash_length)).map_err(|error| format!("'{costs}' cannot be: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the reference implementation.
    const VECTORS: [&str; 3] = [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ];

    #[test]
    fn the_reference_implementations_hashes_are_understood() {
        let mut memory = HashMemory::default();
        for text in VECTORS {
            let hash: Argon2Hash = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(hash.is_of("password", &mut memory), Ok(true), "{text}");
            for wrong in ["", "Password", "password "] {
                assert_eq!(hash.is_of(wrong, &mut memory), Ok(false), "{text}");
            }
        }
    }

    #[test]
    fn memory_that_is_not_there_is_an_error_and_what_is_large_is_given_back() {
        let mut memory = HashMemory::default();
        assert_eq!(
            memory.blocks(usize::MAX / Block::SIZE).map(|blocks| blocks.len()),
            Err("there is not enough memory for it".to_owned())
        );
        let large = usize::try_from(RETURNED_BYTES).unwrap() / Block::SIZE;
        for (count, kept) in [(large - 1, true), (large, false), (8, true)] {
            assert_eq!(memory.blocks(count).map(|blocks| blocks.len()), Ok(count));
            memory.give_back_if_large();
            assert_eq!(memory.0.capacity() > 0, kept, "{count}");
        }
    }

    #[test]
    fn what_is_no_hash_is_told_without_showing_it() {
        for (text, error) in [
            ("", "it does not begin with $argon2id$"),
            ("argon2id$v=19", "it does not begin with $argon2id$"),
            ("$argon2$v=19$m=8,t=1,p=1$c29tZXNhbHQ$YWJjZA", "'argon2' is none of argon2id, argon2i and argon2d"),
            ("$argon2id$v=18$m=8,t=1,p=1$c29tZXNhbHQ$YWJjZA", "'v=18' is neither v=19 nor v=16"),
            ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ", "it is not $argon2id$v=19$m=…,t=…,p=…$salt$hash"),
            ("$argon2id$v=19$m=8,t=1$c29tZXNhbHQ$YWJjZA", "'m=8,t=1' is not m=…,t=…,p=…"),
            ("$argon2id$v=19$m=8,t=1,p=x$c29tZXNhbHQ$YWJjZA", "'m=8,t=1,p=x' is not m=…,t=…,p=…"),
            ("$argon2id$v=19$m=8,t=1,p=1,keyid=a$c29tZXNhbHQ$YWJjZA", "'keyid=a' is not supported"),
            ("$argon2id$v=19$m=8,t=1,p=1$!$YWJjZA", "its salt is no base64"),
            ("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$=", "its hash is no base64"),
            ("$argon2id$v=19$m=8,t=1,p=1$YWJj$YWJjZA", "its salt is shorter than 8 bytes"),
            (
                "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$YWJjZA",
                "'m=4294967295,t=1,p=1' is beyond m=1048576,t=64",
            ),
        ] {
            assert_eq!(text.parse::<Argon2Hash>().map(|_| ()), Err(error.to_owned()), "{text}");
        }
        for impossible in ["m=1,t=1,p=1", "m=8,t=0,p=1", "m=8,t=1,p=0", "m=8,t=1,p=4294967295"] {
            let text = format!("$argon2id$v=19${impossible}$c29tZXNhbHQ$YWJjZA");
            assert!(text.parse::<Argon2Hash>().is_err(), "{impossible}");
        }
    }
}
