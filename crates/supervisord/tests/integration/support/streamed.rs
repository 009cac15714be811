//! An answer of HTTP/1.0 that goes on, read piece by piece: of the old HTTP, so that there are no chunks to be put
//! together. What a piece means is told by whoever reads it.

use std::io::Read;

/// What has come of an answer that goes on and was not taken yet.
pub(crate) struct Streamed<S> {
    socket: S,
    text: String,
}

impl<S: Read> Streamed<S> {
    /// Over a socket that has taken the request: the head of the answer is read, and is that of a success.
    pub(crate) fn begun(socket: S) -> Self {
        let mut streamed = Self { socket, text: String::new() };
        let head = streamed.up_to("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
        streamed
    }

    /// Everything up to this mark, which is taken away; `None` at the end of the stream.
    pub(crate) fn up_to(&mut self, mark: &str) -> Option<String> {
        let mut buffer = [0; 4096];
        loop {
            if let Some((head, rest)) = self.text.split_once(mark) {
                let head = head.to_owned();
                self.text = rest.to_owned();
                return Some(head);
            }
            match self.socket.read(&mut buffer).expect("it goes on or ends") {
                0 => return None,
                count => self.text.push_str(std::str::from_utf8(&buffer[..count]).expect("what is asked for is ASCII")),
            }
        }
    }
}
