//! Any text as a call and as an answer: it is read or refused, and what was read as a call can be written and is then
//! read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisor_protocol::xmlrpc::{read_answer, read_call, write_call};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    drop(read_answer(&text));
    if let Ok(call) = read_call(&text) {
        let written = write_call(&call.method, &call.params);
        let again = read_call(&written).expect("what we write, we read");
        assert_eq!(again.params.len(), call.params.len());
    }
});
