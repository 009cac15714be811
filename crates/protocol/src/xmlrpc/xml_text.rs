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
    !contains(text, may_be_illegal) || text.chars().all(is_legal)
}

/// Appends text with `&`, `<`, `>` escaped and illegal characters replaced.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    if contains(text, |byte| is_markup(byte) | may_be_illegal(byte)) {
        push_special(out, text);
    } else {
        out.push_str(text);
    }
}

/// Appends runs of plain text, and what is not plain character by character.
fn push_special(out: &mut String, text: &str) {
    out.reserve(text.len() + text.len() / 8);
    let mut rest = text;
    while let Some(end) = rest.bytes().position(|byte| is_markup(byte) | may_be_illegal(byte)) {
        // The byte that was found begins a character: it is ASCII, or the first byte of U+F000 to U+FFFF.
        let (plain, special) = rest.split_at(end);
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some(legal) if is_legal(legal) => out.push(legal),
            Some(_) | None => out.push(REPLACEMENT),
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Whether some byte is as wanted; asks many at a time, since nearly every text has none.
fn contains(text: &str, wanted: impl Fn(u8) -> bool) -> bool {
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let in_block = |block: &[u8]| block.iter().fold(false, |found, byte| found | wanted(*byte));
    blocks.iter().any(|block| in_block(block)) || rest.iter().any(|byte| wanted(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "without branches, sixteen bytes are compared at a time")]
fn is_markup(byte: u8) -> bool {
    (byte == b'&') | (byte == b'<') | (byte == b'>')
}

/// Whether an illegal character may begin with this byte: the control characters, and U+FFFE and U+FFFF.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, sixteen bytes are compared at a time")]
fn may_be_illegal(byte: u8) -> bool {
    ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0xEF)
}

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
        assert_eq!(escaped("<"), "&lt;");
        assert_eq!(escaped("<<&>>"), "&lt;&lt;&amp;&gt;&gt;");
        assert_eq!(escaped("\u{F000}<\u{FFFD}"), "\u{F000}&lt;\u{FFFD}");
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
