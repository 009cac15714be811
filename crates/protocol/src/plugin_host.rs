//! The program that runs plug-ins written in Python: where it comes from, and how its process begins.
//!
//! It lies in `python/supervisor_plugin_host/` and is part of both binaries, so that no file of it can be missing, be
//! old or be somebody else's. A process of it is `INTERPRETER -c BOOTSTRAP NAME` with a connected socket that
//! `SUPERVISOR_EXT_FD` names. [`program_line`] is the first line on that socket; what follows is the protocol of
//! docs/extensions.md. Here is neither that protocol nor a process.

use crate::json::{array, push_string};

/// What the interpreter is to do: take the program from the socket. Nothing is imported from the working directory,
/// which anybody may have written to.
pub const BOOTSTRAP: &str = r#"import sys
sys.path[:] = [path for path in sys.path if path]
import json, os, socket, types
connection = socket.socket(fileno=int(os.environ.pop("SUPERVISOR_EXT_FD")))
reader = connection.makefile("rb")
for name, text in json.loads(reader.readline()):
    module = sys.modules.setdefault(name, types.ModuleType(name))
    exec(compile(text, name.replace(".", "/") + ".py", "exec"), module.__dict__)
"#;

/// Modules in the order in which they are made: each imports only what stands before it.
const MODULES: [(&str, &str); 10] = [
    ("supervisor_plugin_host", include_str!("../plugin_host/__init__.py")),
    ("supervisor_plugin_host.values", include_str!("../plugin_host/values.py")),
    ("supervisor_plugin_host.wire", include_str!("../plugin_host/wire.py")),
    ("supervisor_plugin_host.facade", include_str!("../plugin_host/facade.py")),
    ("supervisor_plugin_host.factory", include_str!("../plugin_host/factory.py")),
    ("supervisor_plugin_host.library", include_str!("../plugin_host/library.py")),
    ("supervisor_plugin_host.namespace", include_str!("../plugin_host/namespace.py")),
    ("supervisor_plugin_host.result_handler", include_str!("../plugin_host/result_handler.py")),
    ("supervisor_plugin_host.commands", include_str!("../plugin_host/commands.py")),
    ("__main__", include_str!("../plugin_host/__main__.py")),
];

/// The program as one line, with its end.
pub fn program_line() -> String {
    let mut line = String::new();
    array(&mut line, &MODULES, |line, (name, text)| {
        array(line, &[name, text], |line, text| push_string(line, text));
    });
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_one_line_and_short_enough_for_the_protocol() {
        let line = program_line();
        assert!(line.starts_with(r#"[["supervisor_plugin_host", "\"\"\"Runs plug-ins"#), "{line}");
        assert!(line.find('\n') == Some(line.len() - 1) && line.len() < 256 * 1024);
    }
}
