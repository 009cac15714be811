//! How bytes that are no UTF-8 are shown in texts (contract/processes.md §6, quirks.md K49).

use std::borrow::Cow;
use std::fmt::Write;

/// Bytes as text; when they are not UTF-8 as a whole, `Undecodable: ` and Python's notation of them.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => format!("Undecodable: {}", python_bytes(bytes)).into(),
    }
}

/// Python's `repr` of a bytes object.
pub(crate) fn python_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    text.push('b');
    text.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\'' if quote == '\'' => text.push_str("\\'"),
            0x20..=0x7e => text.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        text_of(bytes).into_owned()
    }

    #[test]
    fn utf_8_is_shown_as_it_is() {
        assert_eq!(shown("café\n".as_bytes()), "café\n");
    }

    #[test]
    fn anything_else_is_shown_as_python_shows_it() {
        assert_eq!(shown(b"caf\xe9\n"), "Undecodable: b'caf\\xe9\\n'");
        assert_eq!(shown(b"it's \xff"), "Undecodable: b\"it's \\xff\"");
        assert_eq!(shown(b"'\"\\\t\r\x00\xff"), "Undecodable: b'\\'\"\\\\\\t\\r\\x00\\xff'");
    }
}
