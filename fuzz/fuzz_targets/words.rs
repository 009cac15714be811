//! The words of a command: no text makes the reader panic, and words that are quoted come back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisor_config::shlex::split;

fuzz_target!(|text: &str| {
    let Ok(words) = split(text) else { return };
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\"'\"'"))).collect();
    assert_eq!(split(&quoted.join(" ")).as_deref(), Ok(words.as_slice()));
});
