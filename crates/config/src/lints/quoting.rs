//! Quotes that do not hold together what they seem to: a comment begins within them all the same; and what stands
//! beside the values of `environment=`.

use super::Lint;
use crate::context::Context;
use crate::diagnostics::Place;
use crate::ini::{Section, before_comment, lines, section_name, split_option};
use crate::problem::Problem;
use crate::python_text::is_space;
use crate::secrets::hides;
use crate::shlex::tokens;

/// Options whose values have quotes.
const QUOTED: [&str; 2] = ["command", "environment"];

/// ` ;` and ` #` between quotes.
pub(super) fn comments_within_quotes(context: &Context) -> Vec<Lint> {
    let Some(recorder) = &context.recorder else { return Vec::new() };
    let mut lints = Vec::new();
    for source in &recorder.sources {
        let mut section = String::new();
        let mut option = None;
        for (number, line) in (1..).zip(lines(&source.text)) {
            let before = before_comment(line);
            let indented = line.starts_with(is_space);
            if let Some(name) = section_name(before).filter(|_| !(indented && option.is_some())) {
                name.clone_into(&mut section);
                option = None;
                continue;
            }
            let value = match split_option(before) {
                _ if indented && option.is_some() => before,
                Some((key, value)) => {
                    option = QUOTED.into_iter().find(|known| key.eq_ignore_ascii_case(known));
                    value
                }
                None => {
                    option = option.filter(|_| before.trim().is_empty());
                    continue;
                }
            };
            let comment = line.get(before.len()..).unwrap_or_default();
            let Some(option) = option.filter(|_| open_quote(value).is_some_and(|quote| comment.contains(quote))) else {
                continue;
            };
            let characters = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            let place = Place { file: source.file.clone(), line: number, column: characters(before) + 1 };
            let sign = comment.chars().next().unwrap_or_default();
            let problem =
                Problem::warning(format!("a comment begins here, within quotes: `{sign}` after a blank always does"))
                    .at(place)
                    .in_section(&section)
                    .in_option(option)
                    .with_hint(Some(hint(sign)));
            lints.push(Lint::placed(Problem { length: characters(comment.trim_end()), ..problem }));
        }
    }
    lints
}

fn hint(sign: char) -> String {
    let without = if sign == ';' { "write it without the blank before it; or " } else { "" };
    format!("{without}close the quotes after the blank and open them again: ' ''{sign}'")
}

/// The quote that is open at the end of a text.
fn open_quote(text: &str) -> Option<char> {
    let mut open = None;
    let mut escaped = false;
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if open != Some('\'') => escaped = true,
            '"' | '\'' if open.is_none() => open = Some(character),
            '"' | '\'' if open == Some(character) => open = None,
            _ => {}
        }
    }
    open
}

/// What `environment=` loses: a value without quotes ends at the first character that is no word character.
pub(super) fn lost_values(context: &Context, section: &Section, environment: &[(String, String)]) -> Vec<Lint> {
    let Some(entry) = context.document.get(section, "environment") else { return Vec::new() };
    let Ok(tokens) = tokens(&without_directives(&entry.value)) else { return Vec::new() };
    let lint = |message: String, hint: String, part: &str| {
        Lint::about_option(context, section, "environment", message, Some(hint)).part(Some(part.to_owned()))
    };
    let mut lints = Vec::new();
    for pair in tokens.chunks(4) {
        let [name, equals, value, rest @ ..] = pair else { break };
        if equals != "=" {
            break;
        }
        if let Some(lost) = rest.first().filter(|separator| !matches!(separator.as_str(), "," | ";")) {
            let before = if hides(name, lost) { "what follows".to_owned() } else { format!("`{lost}`") };
            let message =
                format!("the value of {name} ends before {before}: without quotes it has no blanks and few signs");
            lints.push(lint(message, format!("write {name}=\"…\""), name));
            // From here on pairs are no pairs.
            break;
        }
        let inherited = |variable: &str| variable == name || environment.iter().any(|(known, _)| known == variable);
        if let Some(variable) = referred(value).filter(|variable| inherited(variable)) {
            let message = format!("`${variable}` stands for nothing here: no shell reads this");
            lints.push(lint(message, format!("write %(ENV_{variable})s"), &format!("${variable}")));
        }
    }
    lints
}

/// A list with a word in the place of each `%(name)s`.
fn without_directives(text: &str) -> String {
    let mut parts = text.split("%(");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once(')').map_or("", |(_, rest)| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        without += "word";
        without += rest.strip_prefix(char::is_alphabetic).unwrap_or(rest);
    }
    without
}

/// The variable that `$NAME` or `${NAME}` would stand for.
fn referred(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once('$')?;
    let rest = rest.strip_prefix('{').unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.get(..end).filter(|name| !name.is_empty())
}
