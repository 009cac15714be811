//! The INI dialect: no text makes the reader panic, and what it takes can be shown again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| supervisor_config::fuzzing::ini(text));
