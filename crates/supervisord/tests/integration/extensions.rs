//! Extensions: programs of `[rpcinterface:x]` with `command=`, which offer methods beside supervisord
//! (docs/extensions.md). The Python release has none of it.

mod asking;
mod calls;
mod events;
mod misbehaving;
mod sections;

use crate::support::{TestDaemon, Value, until};

/// What the main log says of an extension that broke the protocol.
const CUT_OFF: &str = " is cut off: ";

/// What most tests run.
const WORKER: &str = include_str!("extensions/worker.py");

/// A daemon with the extension `w` and these sections besides; `{options}` are further options of the extension.
fn daemon_with(options: &str, sections: &str) -> TestDaemon {
    let mut daemon = prepared(options, sections);
    daemon.start();
    daemon
}

fn prepared(options: &str, sections: &str) -> TestDaemon {
    let daemon = TestDaemon::prepared(&configuration(options, sections));
    daemon.write("worker.py", WORKER);
    daemon
}

fn configuration(options: &str, sections: &str) -> String {
    format!("[rpcinterface:w]\ncommand=python3 {{dir}}/worker.py\n{options}\n{sections}")
}

fn fault(daemon: &TestDaemon, method: &str, arguments: &[Value]) -> (i64, String) {
    let fault = daemon.call(method, arguments).expect_err("it is refused");
    (fault.code, fault.text)
}

fn structure(members: &[(&str, Value)]) -> Value {
    Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// Has the extension ask supervisord for something.
fn ask(daemon: &TestDaemon, method: &str, params: &[(&str, Value)]) -> Result<Value, (i64, String)> {
    let answer = daemon.call("w.ask", &[method.into(), structure(params)]);
    answer.map_err(|fault| (fault.code, fault.text))
}

/// Waits until the extension answers, as another process than this one; its pid.
fn wait_for_another(daemon: &TestDaemon, before: i64) -> i64 {
    until("another life of the extension answers", || {
        daemon.call("w.pid", &[]).ok().map(|pid| pid.as_int()).filter(|pid| *pid != before)
    })
}
