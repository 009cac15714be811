//! Bytes that are no UTF-8, carried through texts and back: names of files, arguments and variables may have any bytes,
//! and what is configured is text. What Python does with `surrogateescape`.
//!
//! **Invariant.** [`to_bytes`] gives back what [`to_text`] was given, whatever it was; a text without such characters
//! stays as it is. Each byte that is no UTF-8 is a character at the end of the last private plane, so that answers stay
//! well-formed. Where such a character itself is in a text, its own bytes are carried so.

use std::borrow::Cow;

/// Stands for the byte 0x80; 128 characters from here stand for the bytes above it, too.
const FIRST: u32 = 0x0010_F780;

fn byte_of(character: char) -> Option<u8> {
    let offset = u32::from(character).checked_sub(FIRST)?;
    u8::try_from(offset).ok()?.checked_add(0x80)
}

fn push_byte(text: &mut String, byte: u8) {
    let offset = u32::from(byte).saturating_sub(0x80);
    text.push(char::from_u32(FIRST + offset).unwrap_or(char::REPLACEMENT_CHARACTER));
}

/// Bytes as text.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match byte_of(character) {
                None => text.push(character),
                Some(_) => character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_byte(&mut text, byte)),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_byte(&mut text, *byte));
    }
    text
}

/// The bytes that a text stands for.
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(|character| byte_of(character).is_some()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte_of(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        for bytes in [&b""[..], b"plain", "größe 日本".as_bytes(), b"caf\xe9", b"\xff\xfe\xc3", b"\xed\xa0\x80", &all]
        {
            assert_eq!(&*to_bytes(&to_text(bytes)), bytes, "{bytes:?}");
        }
        let own = char::from_u32(FIRST).unwrap().to_string();
        assert_eq!(&*to_bytes(&to_text(own.as_bytes())), own.as_bytes());
        assert_eq!(to_text("größe".as_bytes()), "größe");
        assert!(matches!(to_bytes("größe"), Cow::Borrowed(_)));
    }
}
