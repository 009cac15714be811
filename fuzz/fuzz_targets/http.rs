//! Any bytes of a client on a connection, from hyper to the answer: the connection ends, and what was answered is
//! HTTP, and XML-RPC where it says so. The first byte chooses the circumstances, see `control::fuzzing`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    supervisord::control::fuzzing::connection(bytes);
});
