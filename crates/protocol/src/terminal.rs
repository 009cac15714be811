//! Which characters a terminal obeys instead of showing them.
//!
//! Names, faults and output come from programs and from strangers, and are shown to people. How such a character is
//! written instead is for each writer to say.

/// Whether a character is a control (C0 with tabs and line ends, DEL, C1), or changes the direction in which text is
/// shown: a mark, an embedding, an override or an isolate of the bidirectional algorithm (UAX #9 §2).
pub fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_not_obeyed() {
        assert!("\0\t\n\u{1b}\u{7f}\u{9b}\u{200e}\u{202e}\u{2069}".chars().all(is_obeyed));
        assert!(!" az~\u{a0}é→\u{200b}😀".chars().any(is_obeyed));
    }
}
