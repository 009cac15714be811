//! How a number is written: its digits as each conversion wants them, without sign and field.
//!
//! Tested with the directives: [`super::format`], `tests/goldens`.

use super::Directive;

/// The digits without their sign, and the letter of the prefix that the flag `#` asks for.
pub(super) fn integer_digits(number: i64, conversion: char, directive: &Directive) -> (Option<char>, String) {
    let number = number.unsigned_abs();
    let digits = match conversion {
        'o' => format!("{number:o}"),
        'x' => format!("{number:x}"),
        'X' => format!("{number:X}"),
        _ => number.to_string(),
    };
    let prefix = (directive.alternate && "oxX".contains(conversion)).then_some(conversion);
    let width = directive.precision.unwrap_or(0);
    (prefix, format!("{digits:0>width$}"))
}

/// The digits of a whole number as a float, without their sign.
pub(super) fn float_digits(number: i64, conversion: char, directive: &Directive) -> String {
    #[expect(clippy::cast_precision_loss, reason = "Python formats the nearest double, too")]
    let value = number.unsigned_abs() as f64;
    let precision = directive.precision.unwrap_or(6);
    let digits = match conversion.to_ascii_lowercase() {
        'f' => with_point(format!("{value:.precision$}"), directive.alternate),
        'e' => exponential(value, precision, directive.alternate),
        _ => general(value, precision.max(1), directive.alternate),
    };
    if conversion.is_ascii_uppercase() { digits.to_ascii_uppercase() } else { digits }
}

fn with_point(mut digits: String, alternate: bool) -> String {
    if alternate && !digits.contains('.') {
        digits.push('.');
    }
    digits
}

fn exponential(value: f64, precision: usize, alternate: bool) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').expect("Rust writes an exponent");
    let mantissa = with_point(mantissa.to_owned(), alternate);
    format!("{mantissa}e+{exponent:0>2}")
}

/// `%g`: as many significant digits as the precision says, without the zeros at their end unless asked for.
fn general(value: f64, precision: usize, alternate: bool) -> String {
    let scientific = format!("{value:.digits$e}", digits = precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust writes an exponent");
    let exponent: usize = exponent.parse().expect("a whole number is 0 or at least 1, so its exponent is not negative");
    let without_zeros = |digits: &str| match (alternate, digits.contains('.')) {
        (false, true) => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => with_point(digits.to_owned(), alternate),
    };
    if exponent < precision {
        without_zeros(&format!("{value:.decimals$}", decimals = precision - 1 - exponent))
    } else {
        format!("{}e+{exponent:0>2}", without_zeros(mantissa))
    }
}
