//! What may be the name of a method of an extension (docs/extensions.md, «initialize»).

use crate::limits::EXTENSION_NAME_BYTES;

/// Whether a method may be called this, without its namespace: a letter, then letters, digits and `_`.
pub fn is_method_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    begins_well && name.bytes().all(is_word) && name.len() <= EXTENSION_NAME_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let longest = "x".repeat(EXTENSION_NAME_BYTES);
        for name in ["a", "getDepth", "B_2", &longest] {
            assert!(is_method_name(name), "{name}");
        }
        for name in ["", "_a", "2a", "a.b", "ä", "a b", &format!("{longest}x")] {
            assert!(!is_method_name(name), "{name}");
        }
    }
}
