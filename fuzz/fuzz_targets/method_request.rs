//! Any text as a call, and what the table of methods makes of it: a request or a fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisor_protocol::method::Namespaces;
use supervisor_protocol::xmlrpc::{read_call, write_fault};

fuzz_target!(|bytes: &[u8]| {
    let namespaces = Namespaces::new(["supervisor".to_owned(), "x".to_owned()]);
    let Ok(call) = read_call(&String::from_utf8_lossy(bytes)) else { return };
    let asked = namespaces.find(&call.method).and_then(|method| method.request(call.params));
    if let Err(fault) = asked {
        assert!(!write_fault(fault.code.number(), &fault.to_string()).is_empty());
    }
});
