//! Random bytes that nobody can guess.
#![expect(unsafe_code, reason = "getrandom(2)")]

use std::io;

/// Fresh random bytes, for keys. Waits only while the system has just been switched on and has collected no randomness
/// yet, as getrandom(2) does.
///
/// # Errors
/// As getrandom(2): a kernel that does not have it, or a filter that forbids it.
pub fn random_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    loop {
        // SAFETY: the pointer and the length are those of `key`, which lives and is borrowed by nobody else.
        let count = unsafe { libc::getrandom(key.as_mut_ptr().cast(), key.len(), 0) };
        match usize::try_from(count) {
            // Up to 256 bytes come as a whole.
            Ok(count) if count == key.len() => return Ok(key),
            Ok(_) => {}
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_keys_are_the_same() {
        assert_ne!(super::random_key().unwrap(), super::random_key().unwrap());
    }
}
