//! A method of the namespace: what supervisord is told of it, and the function behind it.

use std::fmt;
use std::sync::Arc;

use supervisor_protocol::xmlrpc::Value;

use crate::call::Call;
use crate::fault::Fault;

type Work = dyn Fn(&Call) -> Result<Value, Fault> + Send + Sync;

/// A method. `system.methodHelp` answers its help, `system.methodSignature` its signature.
#[derive(Clone)]
pub struct Method {
    pub(crate) name: String,
    help: Option<String>,
    /// The type of the result, then those of the parameters.
    signature: Option<Vec<String>>,
    work: Arc<Work>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Method").field("name", &self.name).field("signature", &self.signature).finish_non_exhaustive()
    }
}

impl Method {
    /// A method of this name: a letter, then letters, digits and `_`.
    pub fn new(name: &str, work: impl Fn(&Call) -> Result<Value, Fault> + Send + Sync + 'static) -> Self {
        Self { name: name.to_owned(), help: None, signature: None, work: Arc::new(work) }
    }

    /// What it does, in words.
    #[must_use]
    pub fn help(self, help: &str) -> Self {
        Self { help: Some(help.to_owned()), ..self }
    }

    /// The types of its result and of its parameters in words of XML-RPC: `int`, `double`, `boolean`, `string`,
    /// `base64`, `dateTime.iso8601`, `array`, `struct`. Other arguments, or more or fewer, are then refused before the
    /// function sees them. A method with parameters that may be left out has none.
    #[must_use]
    pub fn signature(self, result: &str, parameters: &[&str]) -> Self {
        let words = std::iter::once(&result).chain(parameters).map(|word| (*word).to_owned());
        Self { signature: Some(words.collect()), ..self }
    }

    /// What supervisord is told.
    pub(crate) fn describe(&self) -> Value {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Nil, Value::from);
        let words = |words: &Vec<String>| Value::Array(words.iter().map(|word| Value::from(word.as_str())).collect());
        Value::Struct(vec![
            ("name".to_owned(), Value::from(self.name.as_str())),
            ("help".to_owned(), text(&self.help)),
            ("signature".to_owned(), self.signature.as_ref().map_or(Value::Nil, words)),
        ])
    }

    /// Does it.
    pub(crate) fn perform(&self, call: &Call) -> Result<Value, Fault> {
        self.check(call.parameters())?;
        let result = (self.work)(call)?;
        if is_sayable(&result) {
            return Ok(result);
        }
        Err(Fault::failed("the result has a value that XML-RPC has no form for"))
    }

    fn check(&self, given: &[Value]) -> Result<(), Fault> {
        let Some([_, wanted @ ..]) = self.signature.as_deref() else { return Ok(()) };
        let fits = wanted.len() == given.len() && wanted.iter().zip(given).all(|(word, value)| is_a(word, value));
        if fits {
            return Ok(());
        }
        let usage = wanted.join(", ");
        Err(Fault::incorrect_parameters(format!("{}({usage})", self.name)))
    }
}

/// Whether a value is of the type that a word of XML-RPC names; of other words everything is.
fn is_a(word: &str, value: &Value) -> bool {
    match word {
        "int" | "i4" | "i8" => matches!(value, Value::Int(_)),
        "double" => matches!(value, Value::Double(_) | Value::Int(_)),
        "boolean" => matches!(value, Value::Bool(_)),
        "string" => matches!(value, Value::Str(_)),
        "base64" => matches!(value, Value::Base64(_)),
        "dateTime.iso8601" => matches!(value, Value::DateTime(_)),
        "array" => matches!(value, Value::Array(_)),
        "struct" => matches!(value, Value::Struct(_)),
        _ => true,
    }
}

/// Whether there is no nil in it, and no number that is none.
fn is_sayable(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Double(number) => number.is_finite(),
        Value::Array(items) => items.iter().all(is_sayable),
        Value::Struct(members) => members.iter().all(|(_, value)| is_sayable(value)),
        Value::Int(_) | Value::Bool(_) | Value::Str(_) | Value::DateTime(_) | Value::Base64(_) => true,
    }
}
