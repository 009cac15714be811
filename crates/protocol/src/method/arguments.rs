//! The arguments of a call, taken one after the other as what they are meant to be.
//!
//! As lenient as Python was where a client can have relied on it: a number for a truth value, a numeral for a
//! number. What made Python answer HTTP 500 is INCORRECT_PARAMETERS here (contract/quirks.md F14).

use supervisor_core::{Fault, FaultCode};

use super::{DefaultArgument, Parameter, Type};
use crate::python::{parse_int, text_of};
use crate::xmlrpc::Value;

/// The arguments that are still to be taken. Their number fits the parameters.
pub(crate) struct Arguments {
    parameters: std::slice::Iter<'static, Parameter>,
    values: std::vec::IntoIter<Value>,
}

impl Arguments {
    pub(super) fn new(parameters: &'static [Parameter], values: Vec<Value>) -> Self {
        Self { parameters: parameters.iter(), values: values.into_iter() }
    }

    /// A text, which nothing but a text can stand for.
    pub(super) fn text(&mut self) -> Result<String, Fault> {
        match self.next() {
            (_, Value::Str(text)) => Ok(text),
            (parameter, _) => Err(wrong_type(parameter)),
        }
    }

    /// A signal: its name, or its number as text or number.
    pub(super) fn signal(&mut self) -> Result<String, Fault> {
        match self.next() {
            (_, Value::Str(text)) => Ok(text),
            (_, Value::Int(number)) => Ok(number.to_string()),
            (parameter, _) => Err(wrong_type(parameter)),
        }
    }

    /// Text for the stdin of a process; the fault names what was sent instead.
    pub(super) fn chars(&mut self) -> Result<Vec<u8>, Fault> {
        match self.next() {
            (_, Value::Str(text)) => Ok(text.into_bytes()),
            (_, other) => Err(Fault { code: FaultCode::IncorrectParameters, extra: text_of(&other) }),
        }
    }

    /// Anything that has a text.
    pub(super) fn any_text(&mut self) -> Result<String, Fault> {
        let (parameter, value) = self.next();
        text_of(&value).ok_or_else(|| wrong_type(parameter))
    }

    /// A number, a numeral, or a fraction, whose whole part counts.
    pub(super) fn int(&mut self) -> Result<i64, Fault> {
        let (parameter, value) = self.next();
        let number = match value {
            Value::Int(number) => Some(number),
            Value::Bool(truth) => Some(i64::from(truth)),
            Value::Str(text) => parse_int(&text),
            Value::Double(number) => whole_part(number),
            Value::DateTime(_) | Value::Base64(_) | Value::Array(_) | Value::Struct(_) | Value::Nil => None,
        };
        number.ok_or_else(|| wrong_type(parameter))
    }

    /// A truth value: whatever Python takes for true, that is, what is neither zero nor empty.
    pub(super) fn truth(&mut self) -> bool {
        match self.next().1 {
            Value::Int(number) => number != 0,
            Value::Bool(truth) => truth,
            Value::Str(text) => !text.is_empty(),
            Value::Double(number) => number != 0.0,
            Value::DateTime(_) => true,
            Value::Base64(bytes) => !bytes.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Struct(members) => !members.is_empty(),
            Value::Nil => false,
        }
    }

    /// Whatever it is.
    pub(super) fn any(&mut self) -> Value {
        self.next().1
    }

    /// An array, as it is.
    pub(super) fn array(&mut self) -> Result<Vec<Value>, Fault> {
        match self.next() {
            (_, Value::Array(items)) => Ok(items),
            (parameter, _) => Err(wrong_type(parameter)),
        }
    }

    /// The next parameter and what was given for it, or its default.
    fn next(&mut self) -> (&'static Parameter, Value) {
        let parameter = self.parameters.next().expect("a row takes as many arguments as it has parameters");
        let given = self.values.next();
        let value = given.or_else(|| parameter.default.map(default_value));
        (parameter, value.expect("the arity was checked, so what is left out has a default"))
    }
}

fn default_value(default: DefaultArgument) -> Value {
    match default {
        DefaultArgument::Boolean(truth) => Value::Bool(truth),
        DefaultArgument::Text(text) => Value::from(text),
    }
}

fn wrong_type(parameter: &Parameter) -> Fault {
    let article = if matches!(parameter.kind, Type::Int | Type::Integer | Type::Array) { "an" } else { "a" };
    let kind = parameter.kind.name();
    Fault::new(FaultCode::IncorrectParameters, format!("{} must be {article} {kind}", parameter.name))
}

/// `int(number)`; `None` for what is no number or beyond 64 bits.
fn whole_part(number: f64) -> Option<i64> {
    // Both bounds are powers of two, hence exact; the upper one is the first number that is too big.
    const TOO_BIG: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is meant to go")]
    (-TOO_BIG..TOO_BIG).contains(&number).then_some(number as i64)
}
