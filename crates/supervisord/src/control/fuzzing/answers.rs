//! What a connection answered has to be: HTTP answers one after the other, each as long as it says, and XML-RPC that
//! can be read wherever that is promised, and JSON likewise. A stream alone may break off anywhere: it ends with its
//! client.

use supervisor_protocol::xmlrpc::read_answer;

/// How the answers begin that are streams, behind the minor version of HTTP.
const STREAM_HEADS: [&[u8]; 2] =
    [b" 200 OK\r\nContent-Type: text/plain;charset=utf-8\r\n", b" 200 OK\r\nContent-Type: text/event-stream\r\n"];

/// An answer of HTTP in front of the rest.
struct Head<'a> {
    status: u16,
    is_stream: bool,
    /// Lines in lower case.
    fields: Vec<String>,
    rest: &'a [u8],
}

/// `asked` is what the client has sent.
///
/// # Panics
/// When it is something else.
pub(super) fn check(asked: &[u8], mut bytes: &[u8]) {
    let heads = asked.windows(5).any(|window| window == b"HEAD ");
    while !bytes.is_empty() {
        if is_cut_off_stream(bytes) {
            return;
        }
        let head = head(bytes);
        bytes = after_body(&head, heads);
    }
}

fn is_cut_off_stream(bytes: &[u8]) -> bool {
    let begin = behind_version(bytes);
    let ends_early = end_of_head(bytes).is_none();
    STREAM_HEADS.iter().any(|head| head.starts_with(begin) || (begin.starts_with(head) && ends_early))
}

fn behind_version(bytes: &[u8]) -> &[u8] {
    bytes.get(b"HTTP/1.1".len()..).unwrap_or_default()
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n")
}

fn head(bytes: &[u8]) -> Head<'_> {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    let length = end_of_head(bytes).unwrap_or_else(|| panic!("a head without an end: {}", shown()));
    let (head, rest) = bytes.split_at(length);
    let text = std::str::from_utf8(head).unwrap_or_else(|_| panic!("a head that is no text: {}", shown()));
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok());
    Head {
        is_stream: STREAM_HEADS.iter().any(|stream| behind_version(bytes).starts_with(stream)),
        status: status.unwrap_or_else(|| panic!("no status line: {}", shown())),
        fields: lines.map(str::to_ascii_lowercase).collect(),
        rest: rest.get(4..).expect("the empty line"),
    }
}

impl Head<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| field.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Looks at the body, which answers to HEAD do not have; returns what follows it.
fn after_body<'a>(head: &Head<'a>, heads: bool) -> &'a [u8] {
    if head.status < 200 {
        return head.rest;
    }
    assert!(head.status != 500, "a defect: {:?}", head.fields);
    if head.field("transfer-encoding") == Some("chunked") {
        if heads && is_without_body(head.rest) {
            return head.rest;
        }
        let after = after_chunks(head.rest);
        assert!(after.is_some() || head.is_stream, "chunks break off: {:?}", head.fields);
        return after.unwrap_or_default();
    }
    let Some(length) = head.field("content-length").map(|length| length.parse().expect("a length")) else {
        // It ends with the connection.
        return &[];
    };
    if heads && is_without_body(head.rest) {
        return head.rest;
    }
    let (body, rest) = head.rest.split_at_checked(length).expect("a body as long as its head says");
    if head.status == 200 && head.field("content-type") == Some("text/xml") {
        let text = std::str::from_utf8(body).expect("XML is UTF-8");
        assert!(!text.contains(|c: char| c < ' ' && !"\t\r\n".contains(c)), "what XML cannot carry: {text:?}");
        read_answer(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    if let Some(kind @ ("application/json" | "application/problem+json")) = head.field("content-type") {
        let document: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        let is_refusal = kind == "application/problem+json";
        assert_eq!(is_refusal.then_some(u64::from(head.status)), document["status"].as_u64(), "{document}");
    }
    rest
}

fn is_without_body(rest: &[u8]) -> bool {
    rest.is_empty() || rest.starts_with(b"HTTP/1.")
}

/// What follows the last chunk; `None` where they break off before.
fn after_chunks(mut bytes: &[u8]) -> Option<&[u8]> {
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let (digits, rest) = bytes.split_at(end);
        let digits = std::str::from_utf8(digits).expect("a size of a chunk");
        let size = usize::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no size of a chunk: {digits}"));
        let after = rest.get(size + 4..)?;
        if size == 0 {
            return Some(after);
        }
        bytes = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODILESS: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";
    const BROKEN: &str = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nab";

    #[test]
    fn only_answers_to_head_have_no_body_and_only_streams_break_off() {
        check(b"HEAD / HTTP/1.1\r\n\r\n", BODILESS);
        check(b"", format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{BROKEN}").as_bytes());
    }

    #[test]
    #[should_panic(expected = "a body as long as its head says")]
    fn a_body_that_is_missing_is_noticed() {
        check(b"GET / HTTP/1.1\r\n\r\n", BODILESS);
    }

    #[test]
    #[should_panic(expected = "chunks break off")]
    fn chunks_that_break_off_are_noticed() {
        check(b"", format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n{BROKEN}").as_bytes());
    }
}
