//! Bytes of a log as lines that a page can show: coloured as the program meant it, with what is no text named instead
//! of executed (reference/web.md §9).
//!
//! In this order: bytes, UTF-8 with U+FFFD, lines, colours. Of a line that a lone carriage return rewrites the last
//! state is shown. Colours and weights become classes; every other sequence is dropped. Control characters and those
//! that turn the direction of a text around become their names, so that no line can pretend to be another one. Nothing
//! here is markup: what comes out are texts and names of classes of ours.

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// `warn`, `bad`, or nothing: what it says of itself at its beginning.
    pub(super) level: &'static str,
    pub(super) runs: Vec<Run>,
}

/// A part of a line that looks the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// `a31 a1` and the like; `ctl`: the name of a character; `mark`: what was searched for.
    pub(super) class: String,
    pub(super) text: String,
}

impl Line {
    /// What is read of it.
    pub(super) fn plain(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// A sequence that has not ended after so many characters is text.
const LONGEST_SEQUENCE: usize = 4_096;

/// The lines of a part of a log.
pub(super) fn lines(bytes: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut style = Style::default();
    text.split('\n').map(|line| read_line(line.strip_suffix('\r').unwrap_or(line), &mut style)).collect()
}

fn read_line(line: &str, style: &mut Style) -> Line {
    // What was overwritten may have set a colour that goes on.
    let (before, shown) = line.rsplit_once('\r').unwrap_or(("", line));
    read_runs(before, style);
    let runs = read_runs(shown, style);
    let plain: String = runs.iter().map(|run| run.text.as_str()).collect();
    Line { level: level(&plain), runs }
}

/// Words in the first 64 characters that say how bad it is.
fn level(text: &str) -> &'static str {
    let beginning: String = text.chars().take(64).collect::<String>().to_uppercase();
    let has = |words: &[&str]| {
        beginning.split(|character: char| !character.is_alphanumeric()).any(|word| words.contains(&word))
    };
    if has(&["ERROR", "ERR", "ERRO", "FATAL", "CRIT", "CRITICAL", "PANIC"]) {
        "bad"
    } else if has(&["WARN", "WARNING"]) {
        "warn"
    } else {
        ""
    }
}

fn read_runs(text: &str, style: &mut Style) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if character == '\u{1b}'
            && let Some((parameters, length)) = sequence(rest)
        {
            if let Some(parameters) = parameters {
                style.apply(parameters);
            }
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        match name_of(character) {
            Some(name) => runs.push(Run { class: "ctl".to_owned(), text: name }),
            None => push(&mut runs, &style.class(), character),
        }
    }
    runs
}

fn push(runs: &mut Vec<Run>, class: &str, character: char) {
    match runs.last_mut() {
        Some(last) if last.class == class => last.text.push(character),
        Some(_) | None => runs.push(Run { class: class.to_owned(), text: character.to_string() }),
    }
}

/// The escape sequence at the beginning of a text: the parameters of one that sets colours, and its length. `None`: it
/// is none, or does not end.
fn sequence(text: &str) -> Option<(Option<&str>, usize)> {
    let mut characters = text.char_indices().skip(1).take(LONGEST_SEQUENCE);
    match characters.next()?.1 {
        '[' => {
            let (end, last) = characters.find(|(_, character)| ('@'..='~').contains(character))?;
            let parameters = text.get(2..end).filter(|_| last == 'm');
            Some((parameters, end + last.len_utf8()))
        }
        // Titles, links, clipboards, and what terminals are told besides: up to BEL or ESC \.
        ']' | 'P' | 'X' | '^' | '_' => {
            let (end, last) = characters.find(|(_, character)| ['\u{7}', '\u{1b}'].contains(character))?;
            let is_long = last == '\u{1b}' && text.get(end + 1..).is_some_and(|rest| rest.starts_with('\\'));
            Some((None, end + last.len_utf8() + usize::from(is_long)))
        }
        // Sets of characters and modes: any number of these, and then one that ends it.
        ' '..='/' => {
            let (end, _) = characters.find(|(_, character)| !(' '..='/').contains(character))?;
            Some((None, end + 1)).filter(|_| text.is_char_boundary(end + 1))
        }
        '0'..='~' => Some((None, 2)),
        _ => None,
    }
}

/// How what follows looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Style {
    bold: bool,
    dim: bool,
    /// 30 to 37 and 90 to 97.
    colour: Option<u8>,
}

impl Style {
    fn apply(&mut self, parameters: &str) {
        let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                22 => (self.bold, self.dim) = (false, false),
                30..=37 | 90..=97 => self.colour = u8::try_from(number).ok(),
                39 => self.colour = None,
                // Colours of other sets have numbers behind them, which are no attributes.
                38 | 48 | 58 => match numbers.next() {
                    Some(5) => drop(numbers.next()),
                    Some(2) => drop((numbers.next(), numbers.next(), numbers.next())),
                    Some(_) | None => {}
                },
                _ => {}
            }
        }
    }

    fn class(&self) -> String {
        // The bright ones are those of the theme, which has one of each.
        let colour = self.colour.map(|colour| match colour {
            91..=97 => format!("a{}", colour - 60),
            30 | 37 => String::new(),
            other => format!("a{other}"),
        });
        let names = [colour.as_deref().unwrap_or_default(), if self.bold { "a1" } else { "" }, self.dim_class()];
        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn dim_class(&self) -> &'static str {
        if self.dim { "a2" } else { "" }
    }
}

/// What stands in the place of a character that is none to be shown; a tab is.
fn name_of(character: char) -> Option<String> {
    const NAMES: [&str; 32] = [
        "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
        "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
    ];
    match character {
        '\t' => None,
        '\u{7f}' => Some("DEL".to_owned()),
        '\0'..='\u{1f}' => NAMES.get(character as usize).map(|name| (*name).to_owned()),
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => Some(format!("U+{:04X}", u32::from(character))),
        _ => None,
    }
}

/// Marks what was searched for, without regard to capitals unless the search has some. True: it is there.
pub(super) fn mark(line: &mut Line, wanted: &str) -> bool {
    let heeds_case = wanted.chars().any(char::is_uppercase);
    let mut found = false;
    let mut marked = Vec::new();
    for run in std::mem::take(&mut line.runs) {
        let text = if heeds_case { run.text.clone() } else { run.text.to_ascii_lowercase() };
        let wanted = if heeds_case { wanted.to_owned() } else { wanted.to_ascii_lowercase() };
        let mut from = 0;
        for (at, _) in text.match_indices(&wanted) {
            found = true;
            let part = |range: std::ops::Range<usize>, class: &str| Run {
                class: class.to_owned(),
                text: run.text.get(range).unwrap_or_default().to_owned(),
            };
            marked.extend([part(from..at, &run.class), part(at..at + wanted.len(), "mark")]);
            from = at + wanted.len();
        }
        marked.push(Run { text: run.text.get(from..).unwrap_or_default().to_owned(), ..run });
    }
    marked.retain(|run| !run.text.is_empty());
    line.runs = marked;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let run = |run: &Run| match run.class.as_str() {
            "" => run.text.clone(),
            class => format!("<{class}:{}>", run.text),
        };
        let line = |line: &Line| line.runs.iter().map(run).collect::<String>();
        lines(bytes).iter().map(line).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_are_as_a_terminal_leaves_them() {
        for (bytes, expected) in [
            (&b""[..], ""),
            (b"\n", ""),
            (b"a\nb\r\nc", "a|b|c"),
            (b"a\n\nb\n", "a||b"),
            (b"10 %\r50 %\r100 %\ndone", "100 %|done"),
            (b"\xff\xc3", "\u{FFFD}\u{FFFD}"),
            (b"\ta", "\ta"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
    }

    #[test]
    fn colours_become_classes_and_go_on_over_lines() {
        for (bytes, expected) in [
            (&b"\x1b[32mok\x1b[0m x"[..], "<a32:ok> x"),
            (b"\x1b[1;31mERROR\x1b[22m y\x1b[m z", "<a31 a1:ERROR><a31: y> z"),
            (b"\x1b[33ma\nb\x1b[39mc", "<a33:a>|<a33:b>c"),
            (b"\x1b[38;5;196ma\x1b[48;2;1;31;1mb\x1b[91mc", "ab<a31:c>"),
            (b"\x1b[90m\x1b[2mx", "<a90 a2:x>"),
            (b"\x1b[31mold\rnew", "<a31:new>"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
    }

    #[test]
    fn whatever_else_a_terminal_would_obey_is_dropped_or_named() {
        for (bytes, expected) in [
            (&b"a\x1b[2Jb\x1b[1;1Hc"[..], "abc"),
            (b"\x1b]0;title\x07x\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "xlink"),
            (b"\x1bP1$r\x1b\\x\x1b_y\x07z\x1b(Bq", "xzq"),
            (b"a\0b\x08\x7f", "a<ctl:NUL>b<ctl:BS><ctl:DEL>"),
            ("x\u{202e}y\u{2066}\u{200b}\u{9b}31m".as_bytes(), "x<ctl:U+202E>y<ctl:U+2066><ctl:U+200B><ctl:U+009B>31m"),
            (b"\x1b[31", "<ctl:ESC>[31"),
            (b"\x1b", "<ctl:ESC>"),
            (b"<img src=x onerror=y>&amp;", "<img src=x onerror=y>&amp;"),
        ] {
            assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn levels_are_words_at_the_beginning() {
        let levels = |text: &str| lines(text.as_bytes()).first().map(|line| line.level);
        assert_eq!(levels("2026 ERROR x"), Some("bad"));
        assert_eq!(levels("{\"level\":\"warn\"}"), Some("warn"));
        assert_eq!(levels("no errors, terror"), Some(""));
        assert_eq!(levels(&format!("{}ERROR", " ".repeat(70))), Some(""));
    }

    #[test]
    fn what_is_searched_for_is_marked() {
        let marked = |text: &str, wanted: &str| {
            let mut line = lines(text.as_bytes()).remove(0);
            let found = mark(&mut line, wanted);
            (found, line.runs.iter().map(|run| format!("{}:{}", run.class, run.text)).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(marked("a Order b", "order"), (true, ":a |mark:Order|: b".to_owned()));
        assert_eq!(marked("a order", "Order"), (false, ":a order".to_owned()));
        assert_eq!(marked("\x1b[32mxx\x1b[0mx", "x"), (true, "mark:x|mark:x|mark:x".to_owned()));
        assert_eq!(marked("éÉ<", "<"), (true, ":éÉ|mark:<".to_owned()));
    }

    /// Whatever comes, it takes time in proportion, and no text is lost but sequences.
    #[test]
    fn bombs_do_not_go_off() {
        let bomb = "\x1b[".repeat(50_000);
        let shown: usize = lines(bomb.as_bytes()).iter().map(|line| line.runs.len()).sum();
        assert!(shown <= 100_000, "{shown}");
    }
}
