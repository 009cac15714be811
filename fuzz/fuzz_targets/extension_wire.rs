//! Any bytes from an extension, in pieces of any size: lines come out as they went in, each is a message or is refused,
//! what was read is written and then read as the same, and any answer may be what an extension says of itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisor_protocol::extension::{
    Description, Lines, Message, push_error, push_notification, push_request, push_result, read_message,
};
use supervisor_protocol::xmlrpc::Value;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let mut lines = Lines::default();
    for piece in bytes.chunks(usize::from(*size) + 1) {
        lines.push(piece);
        while let Ok(Some(line)) = lines.next_line() {
            assert!(!line.contains(&b'\n'));
            if let Ok(message) = read_message(line) {
                write_and_read(&message);
            }
        }
    }
});

fn write_and_read(message: &Message) {
    let mut out = Vec::new();
    match message {
        Message::Request { method, params, .. } => push_request(&mut out, 1, method, params),
        Message::Notification { method, params } => push_notification(&mut out, method, params),
        Message::Answer { id: Some(id), outcome: Ok(result) } => {
            describe(result);
            push_result(&mut out, id, result);
        }
        Message::Answer { id: Some(id), outcome: Err(error) } => push_error(&mut out, id, error),
        Message::Answer { id: None, .. } => return,
    }
    let line = out.strip_suffix(b"\n").expect("a line ends");
    assert!(!line.contains(&b'\n'), "one line");
    let again = read_message(line).expect("what we write, we read");
    if let Message::Answer { .. } = message {
        assert_eq!(again, *message);
    }
}

fn describe(answer: &Value) {
    let Ok(description) = Description::read(answer) else { return };
    for method in description.methods() {
        assert_eq!(description.find(&method.name), Some(method));
    }
    assert!(description.event_types().is_sorted());
}
