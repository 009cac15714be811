//! Percent-encoding of paths, there and back.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Replaces each `%XX` by its byte, once. What is no such triple stays; bytes that are not UTF-8 become U+FFFD.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex_digit(*high) << 4 | hex_digit(*low));
                rest = after;
            }
            (other, _) => bytes.push(*other),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The value of a hexadecimal digit.
fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

/// A text as one segment of a path: all but letters, digits and what no URL cares about is encoded.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => {
                encoded.push(char::from(byte));
            }
            other => write!(encoded, "%{other:02X}").expect("a String takes all"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn triples_are_decoded_once() {
        for (text, decoded) in [
            ("/logtail/web:cat", "/logtail/web:cat"),
            ("/logtail/web%3Acat", "/logtail/web:cat"),
            ("/logtail/web%3acat", "/logtail/web:cat"),
            ("%253A", "%3A"),
            ("caf%C3%A9", "café"),
            ("%ff", "\u{FFFD}"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%%41", "%A"),
            ("", ""),
        ] {
            assert_eq!(decode(text), decoded, "{text}");
        }
    }

    #[test]
    fn what_is_encoded_comes_back() {
        assert_eq!(encode("web:a b/é%"), "web:a%20b%2F%C3%A9%25");
        assert_eq!(decode(&encode("web:a b/é%")), "web:a b/é%");
    }
}
