//! Reads configuration files whose names come line by line on standard input, and prints what each means, or why it
//! cannot be used, as one line: `=` and the configuration or `!` and the error, with `\\` and line feeds escaped.
//! conformance/differential_config.py compares that with what Python makes of the same files.

use std::io::{self, BufRead, Write};
use std::path::Path;

use supervisor_config::{LoadRequest, SupervisordOptions, load};

#[path = "../tests/goldens/dump.rs"]
mod dump;

fn main() -> io::Result<()> {
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let options = SupervisordOptions::default();
    let mut output = io::stdout().lock();
    for path in io::stdin().lock().lines() {
        let path = path?;
        let request = LoadRequest { path: Path::new(&path), command_line: &options, environment: &environment };
        let outcome = match load(&request) {
            Ok(config) => format!("={}", dump::dump(&config)),
            Err(error) => format!("!{error}"),
        };
        writeln!(output, "{}", outcome.replace('\\', "\\\\").replace('\n', "\\n"))?;
        output.flush()?;
    }
    Ok(())
}
