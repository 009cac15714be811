//! `environment=`: no list makes it panic, and a list that is written again is the same list.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| supervisor_config::fuzzing::environment(text));
