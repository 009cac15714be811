//! A namespace with a method that takes its time, in Rust: `wait(seconds)` answers when they are over, and holds up
//! nobody meanwhile. It ends early when whoever called has gone.
//!
//! ```ini
//! [rpcinterface:slow]
//! command=%(here)s/slow
//! allow=
//! ```

use std::io;
use std::time::Duration;

use supervisor_extension::{Call, Extension, Fault, Method, Value};

fn main() -> io::Result<()> {
    let wait = Method::new("wait", wait).help("Waits so many seconds, and says so.").signature("string", &["double"]);
    let ping = Method::new("ping", |_| Ok("pong".into())).help("Answers at once.").signature("string", &[]);
    Extension::new().method(wait).method(ping).run()
}

fn wait(call: &Call) -> Result<Value, Fault> {
    let seconds: f64 = match call.parameters() {
        [Value::Double(seconds)] => *seconds,
        // What is written without a point.
        [Value::Int(seconds)] => f64::from(i32::try_from(*seconds).unwrap_or(i32::MAX)),
        _ => return Err(Fault::incorrect_parameters("wait(seconds)")),
    };
    let time =
        Duration::try_from_secs_f64(seconds).map_err(|error| Fault::new(3, format!("BAD_ARGUMENTS: {error}")))?;
    if call.is_cancelled_within(time) {
        return Err(Fault::failed("nobody waits any more"));
    }
    Ok(format!("waited {seconds} s").into())
}
