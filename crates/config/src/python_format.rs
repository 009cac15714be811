//! Python's `text % mapping` (printf-style formatting; «printf-style String Formatting» in Python's library
//! reference).
//!
//! A directive is `%(name)`, flags, width, `.precision`, one conversion of `s r a d i u o x X e E f F g G c`; or
//! it is `%%`. Two things are not Python's: a directive without a name never prints the whole mapping, and width and
//! precision are bounded.

mod digits;

use std::fmt::Write;

use self::digits::{float_digits, integer_digits};
use crate::limits::FORMAT_WIDTH;
use crate::python_repr::{Ascii, Repr};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Text(&'v str),
    Integer(i64),
}

/// Why a text cannot be formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormatError {
    /// A name that stands for nothing.
    UnknownName(String),
    /// Python's words.
    Malformed(String),
}

/// The text with every directive replaced.
pub(crate) fn format<'v>(template: &str, lookup: impl Fn(&str) -> Option<Value<'v>>) -> Result<String, FormatError> {
    let mut formatter = Formatter {
        characters: template.chars(),
        index: 0,
        lookup,
        argument: Argument::Mapping,
        output: String::new(),
    };
    formatter.output.reserve(template.len());
    while let Some(character) = formatter.next() {
        if character == '%' {
            formatter.directive()?;
        } else {
            formatter.output.push(character);
        }
    }
    Ok(formatter.output)
}

fn malformed<T>(text: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Malformed(text.into()))
}

struct Formatter<'t, 'v, L: Fn(&str) -> Option<Value<'v>>> {
    characters: std::str::Chars<'t>,
    /// Characters read so far.
    index: usize,
    lookup: L,
    argument: Argument<'v>,
    output: String,
}

/// What the next conversion gets.
#[derive(Clone, Copy)]
enum Argument<'v> {
    /// No name was given so far.
    Mapping,
    Value(Value<'v>),
    /// The last one was used up.
    Nothing,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "five independent flags")]
struct Directive {
    left: bool,
    sign: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl<'v, L: Fn(&str) -> Option<Value<'v>>> Formatter<'_, 'v, L> {
    fn next(&mut self) -> Option<char> {
        let character = self.characters.next()?;
        self.index += 1;
        Some(character)
    }

    fn expect_next(&mut self) -> Result<char, FormatError> {
        self.next().ok_or_else(|| FormatError::Malformed("incomplete format".to_owned()))
    }

    fn next_argument(&mut self) -> Result<Argument<'v>, FormatError> {
        match std::mem::replace(&mut self.argument, Argument::Nothing) {
            Argument::Nothing => malformed("not enough arguments for format string"),
            argument @ (Argument::Mapping | Argument::Value(_)) => Ok(argument),
        }
    }

    /// All after a percent sign.
    fn directive(&mut self) -> Result<(), FormatError> {
        let mut directive = Directive::default();
        let mut character = self.expect_next()?;
        if character == '%' {
            self.output.push('%');
            return Ok(());
        }
        if character == '(' {
            self.name()?;
            character = self.expect_next()?;
        }
        loop {
            match character {
                '-' => directive.left = true,
                '+' => directive.sign = true,
                ' ' => directive.blank = true,
                '#' => directive.alternate = true,
                '0' => directive.zero = true,
                _ => break,
            }
            character = self.expect_next()?;
        }
        if character == '*' {
            let width = self.star()?;
            directive.left |= width < 0;
            directive.width = Some(bounded(width.unsigned_abs(), "width")?);
            character = self.expect_next()?;
        } else if character.is_ascii_digit() {
            directive.width = Some(self.number(&mut character, "width")?);
        }
        if character == '.' {
            character = self.expect_next()?;
            directive.precision = Some(0);
            if character == '*' {
                directive.precision = Some(bounded(self.star()?.max(0).unsigned_abs(), "precision")?);
                character = self.expect_next()?;
            } else if character.is_ascii_digit() {
                directive.precision = Some(self.number(&mut character, "precision")?);
            }
        }
        if matches!(character, 'h' | 'l' | 'L') {
            character = self.expect_next()?;
        }
        self.convert(character, &directive)
    }

    /// The name up to its closing parenthesis, other pairs of them included; what it stands for becomes the argument.
    fn name(&mut self) -> Result<(), FormatError> {
        let mut name = String::new();
        let mut depth = 1;
        loop {
            let Some(character) = self.next() else { return malformed("incomplete format key") };
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            name.push(character);
        }
        match (self.lookup)(&name) {
            Some(value) => self.argument = Argument::Value(value),
            None => return Err(FormatError::UnknownName(name)),
        }
        Ok(())
    }

    fn star(&mut self) -> Result<i64, FormatError> {
        match self.next_argument()? {
            Argument::Value(Value::Integer(number)) => Ok(number),
            Argument::Value(Value::Text(_)) | Argument::Mapping | Argument::Nothing => malformed("* wants int"),
        }
    }

    /// A number that begins with `character`, which then is the one after it.
    fn number(&mut self, character: &mut char, what: &str) -> Result<usize, FormatError> {
        let mut number: u64 = 0;
        while let Some(digit) = character.to_digit(10) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit));
            *character = self.expect_next()?;
        }
        bounded(number, what)
    }

    fn convert(&mut self, conversion: char, directive: &Directive) -> Result<(), FormatError> {
        let argument = self.next_argument()?;
        match conversion {
            's' | 'r' | 'a' => {
                let Argument::Value(value) = argument else { return malformed("a name in parentheses is required") };
                self.pad(&shorten(as_text(value, conversion), directive.precision), directive);
            }
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
                let number = integer_argument(argument, conversion)?;
                self.pad_number(number < 0, &integer_digits(number, conversion, directive), directive);
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let Argument::Value(Value::Integer(number)) = argument else {
                    return malformed(format!("must be real number, not {}", type_name(argument)));
                };
                let digits = (None, float_digits(number, conversion, directive));
                self.pad_number(number < 0, &digits, directive);
            }
            'c' => self.pad(&character_argument(argument)?.to_string(), directive),
            _ => {
                let shown = if ('\x1f'..'~').contains(&conversion) { conversion } else { '?' };
                let (code, index) = (u32::from(conversion), self.index - 1);
                return malformed(format!("unsupported format character '{shown}' (0x{code:x}) at index {index}"));
            }
        }
        Ok(())
    }

    /// Writes a text at its place in a field as wide as asked for.
    fn pad(&mut self, text: &str, directive: &Directive) {
        let width = directive.width.unwrap_or(0);
        if directive.left { write!(self.output, "{text:<width$}") } else { write!(self.output, "{text:>width$}") }
            .expect("writing to a String cannot fail");
    }

    /// As [`Self::pad`], for a number: its sign, its prefix (such as `0x`), its digits; with the flag `0` the
    /// field is filled between prefix and digits.
    fn pad_number(&mut self, negative: bool, (prefix, digits): &(Option<char>, String), directive: &Directive) {
        let mut head = String::new();
        if negative {
            head.push('-');
        } else if directive.sign {
            head.push('+');
        } else if directive.blank {
            head.push(' ');
        }
        if let Some(letter) = prefix {
            head.extend(['0', *letter]);
        }
        if directive.zero && !directive.left {
            let width = directive.width.unwrap_or(0).saturating_sub(head.len());
            write!(head, "{digits:0>width$}").expect("writing to a String cannot fail");
        } else {
            head += digits;
        }
        self.pad(&head, directive);
    }
}

fn bounded(number: u64, what: &str) -> Result<usize, FormatError> {
    match usize::try_from(number) {
        Ok(number) if number <= FORMAT_WIDTH => Ok(number),
        Ok(_) | Err(_) => malformed(format!("{what} too big")),
    }
}

fn type_name(argument: Argument<'_>) -> &'static str {
    match argument {
        Argument::Mapping | Argument::Nothing => "dict",
        Argument::Value(Value::Text(_)) => "str",
        Argument::Value(Value::Integer(_)) => "int",
    }
}

fn as_text(value: Value<'_>, conversion: char) -> String {
    match (value, conversion) {
        (Value::Integer(number), _) => number.to_string(),
        (Value::Text(text), 'r') => Repr(text).to_string(),
        (Value::Text(text), 'a') => Ascii(text).to_string(),
        (Value::Text(text), _) => text.to_owned(),
    }
}

fn shorten(text: String, precision: Option<usize>) -> String {
    match precision {
        Some(length) => text.chars().take(length).collect(),
        None => text,
    }
}

fn integer_argument(argument: Argument<'_>, conversion: char) -> Result<i64, FormatError> {
    match argument {
        Argument::Value(Value::Integer(number)) => Ok(number),
        Argument::Value(Value::Text(_)) | Argument::Mapping | Argument::Nothing => {
            let wanted = if "oxX".contains(conversion) { "an integer" } else { "a real number" };
            malformed(format!("%{conversion} format: {wanted} is required, not {}", type_name(argument)))
        }
    }
}

fn character_argument(argument: Argument<'_>) -> Result<char, FormatError> {
    match argument {
        Argument::Value(Value::Integer(number)) => match u32::try_from(number) {
            Ok(code) if code < 0x11_0000 => Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
            Ok(_) | Err(_) => malformed("%c arg not in range(0x110000)"),
        },
        Argument::Value(Value::Text(text)) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(only), None) => Ok(only),
                _ => malformed("%c requires int or char"),
            }
        }
        Argument::Mapping | Argument::Nothing => malformed("%c requires int or char"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(template: &str) -> Result<String, FormatError> {
        format(template, |name| match name {
            "n" => Some(Value::Integer(10)),
            "neg" => Some(Value::Integer(-10)),
            "s" => Some(Value::Text("abc")),
            "c" => Some(Value::Text("é")),
            "a(b)" => Some(Value::Text("nested")),
            _ => None,
        })
    }

    #[test]
    fn directives() {
        for (template, expected) in [
            ("plain", "plain"),
            ("100%%", "100%"),
            ("%(s)s-%(n)d", "abc-10"),
            ("%(a(b))s", "nested"),
            ("%(n)02d|%(n)5d|%(n)-5d|%(n)+d", "10|   10|10   |+10"),
            ("%(n)x %(n)#x %(n)o %(n)#X", "a 0xa 12 0XA"),
            ("%(n)f %(n).0f %(n)e %(n)g", "10.000000 10 1.000000e+01 10"),
            ("%(n)5.3d|%(neg)05d|%(n)-05d|", "  010|-0010|10   |"),
            ("%(s)10s|%(s).1s|%(s)r|%(c)a", "       abc|a|'abc'|'\\xe9'"),
            ("%%(s)s", "%(s)s"),
            ("%(n)ld%(c)c", "10é"),
        ] {
            assert_eq!(run(template).as_deref(), Ok(expected), "{template:?}");
        }
    }

    #[test]
    fn errors() {
        assert_eq!(run("%(nosuch)s"), Err(FormatError::UnknownName("nosuch".to_owned())));
        for (template, text) in [
            ("50%", "incomplete format"),
            ("%(s)", "incomplete format"),
            ("%(s)5", "incomplete format"),
            ("%(s", "incomplete format key"),
            ("12345678901 %Y", "unsupported format character 'Y' (0x59) at index 13"),
            ("%(s)é", "unsupported format character '?' (0xe9) at index 4"),
            ("%d", "%d format: a real number is required, not dict"),
            ("%(s)d", "%d format: a real number is required, not str"),
            ("%(s)x", "%x format: an integer is required, not str"),
            ("%(s)f", "must be real number, not str"),
            ("%(s)c", "%c requires int or char"),
            ("%(s)*d", "* wants int"),
            ("%(n)*d", "not enough arguments for format string"),
            ("%(s)s %d", "not enough arguments for format string"),
            ("%(s)%", "unsupported format character '%' (0x25) at index 4"),
            ("%s", "a name in parentheses is required"),
            ("%(n)9999d", "width too big"),
            ("%(n).9999d", "precision too big"),
        ] {
            assert_eq!(run(template), Err(FormatError::Malformed(text.to_owned())), "{template:?}");
        }
    }
}
