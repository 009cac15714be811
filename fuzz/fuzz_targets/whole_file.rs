//! A whole file: reading it ends in a configuration or an error; a check tells the same error first; and what is
//! printed as the configuration in effect reads the same.
#![no_main]

use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use supervisor_config::{
    Config, LoadRequest, Place, Secrets, SupervisordOptions, check, effective_config, load,
};

/// More processes than this say nothing new and cost time.
const PROCESSES: usize = 50;

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("supervisor-fuzz-{}-{name}", std::process::id()))
}

fn meaning(mut config: Config) -> Config {
    for server in &mut config.http_servers {
        server.place = Place { file: "".into(), line: 0, column: 0 };
    }
    Config { path: PathBuf::new(), messages: Vec::new(), ..config }
}

fuzz_target!(|bytes: &[u8]| {
    // An `[include]` would read what lies around on this machine.
    if bytes.windows(8).any(|window| window == b"[include") || bytes.windows(8).any(|window| window == b"numprocs") {
        return;
    }
    let environment = [("HOME".to_owned(), "/tmp".to_owned()), ("X".to_owned(), "x ;y".to_owned())];
    let options = SupervisordOptions::default();
    let (path, written) = (file("main.conf"), file("written.conf"));
    fs::write(&path, bytes).expect("a temporary file");
    let request = LoadRequest { path: &path, command_line: &options, environment: &environment };
    let report = check(&request);
    match load(&request) {
        Err(error) => assert_eq!(report.errors.first(), Some(&error)),
        Ok(config) => {
            assert_eq!(report.errors, []);
            if config.groups.iter().map(|group| group.processes.len()).sum::<usize>() > PROCESSES {
                return;
            }
            let shown = effective_config(&request, Secrets::Shown).expect("it was just read").to_string();
            fs::write(&written, &shown).expect("a temporary file");
            let again = load(&LoadRequest { path: &written, ..request });
            assert_eq!(again.map(meaning), Ok(meaning(config)), "{shown}");
        }
    }
});
