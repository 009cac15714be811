//! Percent-decoding of paths.

use std::borrow::Cow;

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

#[cfg(test)]
mod tests {
    use super::decode;

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
}
