//! `%(name)s`: no template makes it panic, and a value taken apart is the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| supervisor_config::fuzzing::expansion(text));
