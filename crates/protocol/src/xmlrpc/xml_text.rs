//! Characters that XML 1.0 allows (its production 2, `Char`), and their escapes.

/// Stands for each character that XML cannot carry (contract/quirks.md F15).
const REPLACEMENT: char = '\u{FFFD}';

/// Whether XML 1.0 allows this character.
pub(super) fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

/// Whether every character is legal.
pub(super) fn all_legal(text: &str) -> bool {
    text.bytes().all(|byte| CLASS[usize::from(byte)] != Class::Special || matches!(byte, b'&' | b'<' | b'>'))
        || text.chars().all(is_legal)
}

/// Appends text with `&`, `<`, `>` escaped and illegal characters replaced.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    if text.bytes().all(|byte| CLASS[usize::from(byte)] == Class::Plain) {
        out.push_str(text);
    } else {
        push_escaped_slowly(out, text);
    }
}

fn push_escaped_slowly(out: &mut String, text: &str) {
    out.reserve(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            legal if is_legal(legal) => out.push(legal),
            _ => out.push(REPLACEMENT),
        }
    }
}

/// What a byte of UTF-8 text may be the beginning of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A character that is written as it is.
    Plain,
    /// A markup character, an illegal one, or the first byte of U+FFFE and U+FFFF and their neighbours.
    Special,
}

static CLASS: [Class; 256] = {
    let mut table = [Class::Plain; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = Class::Special;
        byte += 1;
    }
    table[b'\t' as usize] = Class::Plain;
    table[b'\n' as usize] = Class::Plain;
    table[b'\r' as usize] = Class::Plain;
    table[b'&' as usize] = Class::Special;
    table[b'<' as usize] = Class::Special;
    table[b'>' as usize] = Class::Special;
    table[0xEF] = Class::Special;
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        push_escaped(&mut out, text);
        out
    }

    #[test]
    fn markup_is_escaped_and_the_rest_is_kept() {
        assert_eq!(escaped("a<b> & \"c'"), "a&lt;b&gt; &amp; \"c'");
        assert_eq!(
            escaped("tab\tline\ncr\r é € 😀 \u{7F}\u{85}\u{FFFD}"),
            "tab\tline\ncr\r é € 😀 \u{7F}\u{85}\u{FFFD}"
        );
    }

    #[test]
    fn what_xml_cannot_carry_becomes_the_replacement_character() {
        for illegal in (0..0x20).filter(|code| ![9, 10, 13].contains(code)).chain([0xFFFE, 0xFFFF]) {
            let c = char::from_u32(illegal).unwrap();
            assert!(!is_legal(c), "{illegal:#x}");
            assert!(!all_legal(&format!("a{c}b")), "{illegal:#x}");
            assert_eq!(escaped(&format!("a{c}<")), "a\u{FFFD}&lt;");
        }
        assert!(all_legal("a\u{FFFD}<&>\r\n\u{10FFFF}"));
    }
}
