//! What is said between supervisord and one life of an extension, without the socket: bytes that come, lines to be
//! sent, who waits for an answer (docs/extensions.md).
//!
//! Sans I/O and without a clock. Invariants: whoever asks for a call gets one outcome, through what they left here, or
//! it comes out of [`Conversation::end`]; a call that was given up stays open until it is answered; what waits to be
//! sent, the calls and the questions are bounded, and whoever is beyond a bound is told so or has broken the protocol.

use std::collections::{HashMap, HashSet};
use std::fmt;

use supervisor_core::FaultCode;
use supervisor_protocol::extension::{
    Description, ErrorAnswer, Id, LineTooLong, Lines, Message, push_error, push_notification, push_request,
    push_result, read_message,
};
use supervisor_protocol::limits::EXTENSION_LINE_BYTES;
use supervisor_protocol::xmlrpc::Value;

use crate::control::limits;
use crate::control::rpc_fault::RpcFault;

/// The id of `initialize`.
const INITIALIZE: i64 = 1;

/// One life of an extension; `C` is who waits for the answer to a call.
#[derive(Debug)]
pub(super) struct Conversation<C> {
    lines: Lines,
    /// To be sent, of which so much is.
    out: Vec<u8>,
    sent: usize,
    is_ready: bool,
    last_id: i64,
    /// Calls that are open; `None`: nobody waits for it any more.
    calls: HashMap<i64, Option<C>>,
    /// Its own questions that are open.
    asked: HashSet<Id>,
    /// What it has said without being asked, and without waiting for the answers to what it asked before.
    unasked: u32,
}

/// Something that the extension said.
#[derive(Debug, PartialEq)]
pub(super) enum Happening<C> {
    /// It has answered `initialize`.
    Ready(Description),
    /// It has answered a call.
    Answered(C, Result<Value, RpcFault>),
    /// It asks. To be answered by [`Conversation::answer`].
    Asked {
        /// Names the question.
        id: Id,
        /// What it asks.
        method: String,
        /// With what.
        params: Value,
    },
}

/// How it has broken the protocol. Nothing is to be said to it, or heard from it, after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Breach {
    /// A line has no end.
    LineTooLong(LineTooLong),
    /// A line is no message.
    NoMessage(String),
    /// An answer to what is not open.
    NotOpen(Id),
    /// An error that names no request.
    NamelessError(ErrorAnswer),
    /// An answer to `initialize` that is none.
    BadDescription(String),
    /// `initialize` was refused.
    Refused(ErrorAnswer),
    /// It asks before it is ready.
    AskedTooEarly(String),
    /// It uses an id twice at a time.
    IdInUse(Id),
    /// It does not read.
    DoesNotRead,
    /// It says more than anybody can want.
    Floods,
    /// It has not answered `initialize` in time.
    NotReadyInTime,
    /// It has closed its end and lives on.
    Hung,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineTooLong(error) => error.fmt(f),
            Self::NoMessage(why) => write!(f, "it wrote a line that is no message: {why}"),
            Self::NotOpen(id) => write!(f, "it answered {id} twice or was never asked it"),
            Self::NamelessError(ErrorAnswer { code, message }) => {
                write!(f, "it wrote an error without an id: {code} {message}")
            }
            Self::BadDescription(why) => write!(f, "its answer to initialize {why}"),
            Self::Refused(ErrorAnswer { code, message }) => write!(f, "it refused initialize: {code} {message}"),
            Self::AskedTooEarly(method) => write!(f, "it asked for {method} before it answered initialize"),
            Self::IdInUse(id) => write!(f, "it used the id {id} again while it was open"),
            Self::DoesNotRead => {
                write!(f, "it does not read, {} bytes wait for it", limits::EXTENSION_UNREAD_BYTES)
            }
            Self::Floods => write!(
                f,
                "it floods supervisord with more than {} messages a second",
                limits::EXTENSION_MESSAGES_PER_SECOND
            ),
            Self::NotReadyInTime => {
                write!(f, "it has not answered initialize within {} s", limits::EXTENSION_START.as_secs())
            }
            Self::Hung => f.write_str("it closed its channel and lives on"),
        }
    }
}

impl<C> Conversation<C> {
    /// Begins one, with these parameters of `initialize`; before it goes the line that the plug-in host is read from,
    /// if it is one.
    pub(super) fn begin(program: Option<String>, parameters: &Value) -> Self {
        let mut out = program.map(String::into_bytes).unwrap_or_default();
        push_request(&mut out, INITIALIZE, "initialize", parameters);
        Self {
            lines: Lines::default(),
            out,
            sent: 0,
            is_ready: false,
            last_id: INITIALIZE,
            calls: HashMap::new(),
            asked: HashSet::new(),
            unasked: 0,
        }
    }

    /// Takes in bytes that came. What they say comes out of [`Conversation::next`], which is to be called until `None`.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    /// The next thing that it said.
    ///
    /// # Errors
    /// It has broken the protocol.
    pub(super) fn next(&mut self) -> Result<Option<Happening<C>>, Breach> {
        loop {
            let Some(line) = self.lines.next_line().map_err(Breach::LineTooLong)? else { return Ok(None) };
            if line.is_empty() {
                self.unasked += 1;
                continue;
            }
            let message = read_message(line).map_err(Breach::NoMessage)?;
            if let Some(happening) = self.understand(message)? {
                return Ok(Some(happening));
            }
        }
    }

    /// `None`: it is nothing to anybody.
    fn understand(&mut self, message: Message) -> Result<Option<Happening<C>>, Breach> {
        match message {
            Message::Answer { id: Some(id), outcome } => self.answered(id, outcome),
            Message::Answer { id: None, outcome: Err(error) } => Err(Breach::NamelessError(error)),
            // What a later version may have.
            Message::Answer { id: None, outcome: Ok(_) } | Message::Notification { .. } => {
                self.unasked += 1;
                Ok(None)
            }
            Message::Request { method, .. } if !self.is_ready => Err(Breach::AskedTooEarly(method)),
            Message::Request { id, .. } if self.asked.contains(&id) => Err(Breach::IdInUse(id)),
            Message::Request { id, method, params } => {
                self.unasked += u32::from(!self.asked.is_empty());
                if self.asked.len() >= limits::EXTENSION_QUESTIONS {
                    let text = format!("more than {} requests are open", limits::EXTENSION_QUESTIONS);
                    let error = error_answer(RpcFault::new(FaultCode::Failed, text));
                    push_error(&mut self.out, &id, &error);
                    return self.check_unread().map(|()| None);
                }
                self.asked.insert(id.clone());
                Ok(Some(Happening::Asked { id, method, params }))
            }
        }
    }

    /// How many messages it has said since this was asked last that nobody has waited for: notifications, empty lines,
    /// and requests while others of its own are open. Whoever waits for each answer is as slow as we are.
    pub(super) fn take_unasked(&mut self) -> u32 {
        std::mem::take(&mut self.unasked)
    }

    fn answered(&mut self, id: Id, outcome: Result<Value, ErrorAnswer>) -> Result<Option<Happening<C>>, Breach> {
        let Id::Number(number) = id else { return Err(Breach::NotOpen(id)) };
        if number == INITIALIZE && !self.is_ready {
            let answer = outcome.map_err(Breach::Refused)?;
            let description = Description::read(&answer).map_err(Breach::BadDescription)?;
            self.is_ready = true;
            return Ok(Some(Happening::Ready(description)));
        }
        let Some(waiting) = self.calls.remove(&number) else { return Err(Breach::NotOpen(id)) };
        Ok(waiting.map(|who| Happening::Answered(who, outcome.map_err(fault_of))))
    }

    /// Calls a method for somebody; the id is for [`Conversation::give_up`].
    ///
    /// # Errors
    /// It cannot be called now: who asked, and what they are told.
    pub(super) fn call(&mut self, method: &str, params: Vec<Value>, who: C) -> Result<i64, (C, RpcFault)> {
        let parameters = Value::Struct(vec![
            ("method".to_owned(), Value::from(method)),
            ("params".to_owned(), Value::Array(params)),
        ]);
        self.ask("call", &parameters, who)
    }

    /// As [`Conversation::call`], with a request of another name.
    pub(super) fn ask(&mut self, request: &str, parameters: &Value, who: C) -> Result<i64, (C, RpcFault)> {
        let failed = |text| RpcFault::new(FaultCode::Failed, text);
        if self.calls.len() >= limits::EXTENSION_CALLS {
            return Err((who, failed(format!("{} calls are open already", limits::EXTENSION_CALLS))));
        }
        if self.unsent() > limits::EXTENSION_UNREAD_BYTES / 2 {
            return Err((who, failed("the extension does not read what is sent to it".to_owned())));
        }
        let before = self.out.len();
        self.last_id += 1;
        push_request(&mut self.out, self.last_id, request, parameters);
        if self.out.len() - before > EXTENSION_LINE_BYTES {
            self.out.truncate(before);
            return Err((who, failed(format!("the arguments take more than {EXTENSION_LINE_BYTES} bytes"))));
        }
        self.calls.insert(self.last_id, Some(who));
        Ok(self.last_id)
    }

    /// Nobody waits for a call any more. True if it is open, so that the extension is told.
    pub(super) fn give_up(&mut self, id: i64) -> bool {
        let Some(waiting @ Some(_)) = self.calls.get_mut(&id) else { return false };
        *waiting = None;
        let parameters = Value::Struct(vec![("id".to_owned(), Value::Int(id))]);
        push_notification(&mut self.out, "cancel", &parameters);
        true
    }

    /// Answers a question.
    ///
    /// # Errors
    /// It does not read.
    pub(super) fn answer(&mut self, id: &Id, outcome: Result<Value, RpcFault>) -> Result<(), Breach> {
        if !self.asked.remove(id) {
            return Ok(());
        }
        let before = self.out.len();
        match outcome {
            Ok(result) => push_result(&mut self.out, id, &result),
            Err(fault) => push_error(&mut self.out, id, &error_answer(fault)),
        }
        if self.out.len() - before > EXTENSION_LINE_BYTES {
            self.out.truncate(before);
            let text = format!("the answer takes more than {EXTENSION_LINE_BYTES} bytes");
            push_error(&mut self.out, id, &error_answer(RpcFault::new(FaultCode::Failed, text)));
        }
        self.check_unread()
    }

    /// Tells something that is not answered.
    pub(super) fn tell(&mut self, method: &str, params: &Value) {
        push_notification(&mut self.out, method, params);
    }

    /// Appends lines that are made already.
    pub(super) fn append(&mut self, lines: &[u8]) {
        self.out.extend_from_slice(lines);
    }

    fn check_unread(&self) -> Result<(), Breach> {
        if self.unsent() > limits::EXTENSION_UNREAD_BYTES { Err(Breach::DoesNotRead) } else { Ok(()) }
    }

    /// Bytes that wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.out.len() - self.sent
    }

    /// What waits to be sent.
    pub(super) fn output(&self) -> &[u8] {
        &self.out[self.sent..]
    }

    /// So many bytes of it are sent.
    pub(super) fn written(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.out.len() {
            self.sent = 0;
            self.out.clear();
            self.out.shrink_to(limits::EXTENSION_KEPT_BYTES);
        } else if self.sent > limits::EXTENSION_KEPT_BYTES.max(self.out.len() / 2) {
            self.out.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Whether `initialize` is answered.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Ends it: those whose calls were open.
    pub(super) fn end(&mut self) -> impl Iterator<Item = C> {
        self.calls.drain().filter_map(|(_, who)| who)
    }
}

/// The error of an answer as a client gets it. Libraries for JSON-RPC have codes of their own for what they refuse by
/// themselves.
fn fault_of(error: ErrorAnswer) -> RpcFault {
    let ErrorAnswer { code, message } = error;
    match code {
        -32601 => RpcFault::new(FaultCode::UnknownMethod, message),
        -32602 => RpcFault::new(FaultCode::IncorrectParameters, message),
        -32_768..=-32_000 => RpcFault::new(FaultCode::Failed, message),
        _ => RpcFault { code, text: message },
    }
}

fn error_answer(fault: RpcFault) -> ErrorAnswer {
    ErrorAnswer { code: fault.code, message: fault.text }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Talk = Conversation<&'static str>;

    /// One that is ready, with what was sent until then read.
    fn ready() -> Talk {
        let mut talk = Talk::begin(None, &Value::Struct(vec![]));
        assert_eq!(sent(&mut talk), [r#"{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}"#]);
        assert!(!talk.is_ready());
        let happened = says(&mut talk, r#"{"jsonrpc":"2.0","id":1,"result":{"methods":[{"name":"a"}]}}"#);
        assert!(matches!(&*happened, [Happening::Ready(description)] if description.find("a").is_some()));
        assert!(talk.is_ready());
        talk
    }

    /// Reads what is to be sent.
    fn sent(talk: &mut Talk) -> Vec<String> {
        let text = String::from_utf8(talk.output().to_vec()).unwrap();
        talk.written(text.len());
        assert_eq!(talk.unsent(), 0);
        text.lines().map(str::to_owned).collect()
    }

    fn try_says(talk: &mut Talk, lines: &str) -> Result<Vec<Happening<&'static str>>, Breach> {
        talk.receive(format!("{lines}\n").as_bytes());
        let mut happened = Vec::new();
        while let Some(happening) = talk.next()? {
            happened.push(happening);
        }
        Ok(happened)
    }

    fn says(talk: &mut Talk, lines: &str) -> Vec<Happening<&'static str>> {
        try_says(talk, lines).unwrap()
    }

    #[test]
    fn answers_find_who_asked_in_any_order() {
        let mut talk = ready();
        assert_eq!(talk.call("slow", vec![Value::Int(1)], "first"), Ok(2));
        assert_eq!(talk.call("fast", vec![], "second"), Ok(3));
        let slow = r#"{"jsonrpc": "2.0", "id": 2, "method": "call", "params": {"method": "slow", "params": [1]}}"#;
        assert_eq!(sent(&mut talk)[0], slow);
        let happened =
            says(&mut talk, "{\"id\":3,\"result\":5}\n\n{\"id\":2,\"error\":{\"code\":4711,\"message\":\"MINE: x\"}}");
        let fault = RpcFault { code: 4711, text: "MINE: x".to_owned() };
        assert_eq!(
            happened,
            [Happening::Answered("second", Ok(Value::Int(5))), Happening::Answered("first", Err(fault))]
        );
    }

    #[test]
    fn who_waits_for_each_answer_says_nothing_unasked() {
        let mut talk = ready();
        for _ in 0..100 {
            says(&mut talk, r#"{"id":"a","method":"sup.state"}"#);
            talk.answer(&Id::Text("a".to_owned()), Ok(Value::Nil)).unwrap();
        }
        let id = talk.call("a", vec![], "who").unwrap();
        says(&mut talk, &format!("{{\"id\":{id},\"result\":1}}"));
        assert_eq!(talk.take_unasked(), 0);
        let many = "{\"id\":\"a\",\"method\":\"x\"}\n{\"id\":\"b\",\"method\":\"x\"}\n\n{\"method\":\"later\"}";
        says(&mut talk, many);
        assert_eq!((talk.take_unasked(), talk.take_unasked()), (3, 0));
    }

    #[test]
    fn codes_of_libraries_become_those_of_supervisor() {
        let mut talk = ready();
        for (code, expected) in [(-32601, 1), (-32602, 2), (-32700, 30), (-32000, 30), (-1, -1), (230, 230)] {
            let id = talk.call("a", vec![], "who").unwrap();
            let answer = format!("{{\"id\":{id},\"error\":{{\"code\":{code},\"message\":\"m\"}}}}");
            let happened = says(&mut talk, &answer);
            assert!(
                matches!(&*happened, [Happening::Answered("who", Err(fault))] if fault.code == expected),
                "{code}: {happened:?}"
            );
        }
    }

    #[test]
    fn a_call_that_is_given_up_stays_open_until_it_is_answered() {
        let mut talk = ready();
        let id = talk.call("a", vec![], "gone").unwrap();
        sent(&mut talk);
        talk.give_up(id);
        talk.give_up(id);
        assert_eq!(sent(&mut talk), [r#"{"jsonrpc": "2.0", "method": "cancel", "params": {"id": 2}}"#]);
        assert_eq!(says(&mut talk, r#"{"id":2,"result":5}"#), []);
        assert_eq!(try_says(&mut talk, r#"{"id":2,"result":5}"#), Err(Breach::NotOpen(Id::Number(2))));
    }

    #[test]
    fn an_answer_that_nobody_asked_for_or_that_comes_twice_is_a_breach() {
        for lines in [
            "{\"id\":2,\"result\":1}\n{\"id\":2,\"result\":1}",
            r#"{"id":1,"result":{"methods":[]}}"#,
            r#"{"id":99,"result":1}"#,
            r#"{"id":"2","result":1}"#,
        ] {
            let mut talk = ready();
            talk.call("a", vec![], "who").unwrap();
            let breach = try_says(&mut talk, lines).unwrap_err();
            assert!(breach.to_string().ends_with(" twice or was never asked it"), "{breach}");
        }
    }

    #[test]
    fn it_asks_while_it_is_asked() {
        let mut talk = ready();
        talk.call("a", vec![], "who").unwrap();
        sent(&mut talk);
        let happened = says(&mut talk, r#"{"id":"x","method":"sup.state","params":{}}"#);
        let id = Id::Text("x".to_owned());
        let [Happening::Asked { id: asked, method, .. }] = &*happened else { panic!("{happened:?}") };
        assert_eq!((asked, method.as_str()), (&id, "sup.state"));
        talk.answer(&id, Ok(Value::Bool(true))).unwrap();
        talk.answer(&id, Ok(Value::Bool(true))).unwrap();
        assert_eq!(sent(&mut talk), [r#"{"jsonrpc": "2.0", "id": "x", "result": true}"#]);
        // Once it is answered the id is free again.
        assert_eq!(says(&mut talk, r#"{"id":"x","method":"sup.state"}"#).len(), 1);
        let breach = try_says(&mut talk, r#"{"id":"x","method":"sup.state"}"#).unwrap_err();
        assert_eq!(breach, Breach::IdInUse(id));
    }

    #[test]
    fn nothing_is_asked_before_initialize_is_answered() {
        let mut talk = Talk::begin(None, &Value::Nil);
        // What it tells is nothing to anybody.
        assert_eq!(says(&mut talk, r#"{"method":"hello"}"#), []);
        let breach = try_says(&mut talk, r#"{"id":1,"method":"sup.state"}"#).unwrap_err();
        assert_eq!(breach, Breach::AskedTooEarly("sup.state".to_owned()));
        for (answer, words) in [
            (r#"{"id":1,"error":{"code":1,"message":"no"}}"#, "it refused initialize: 1 no"),
            (r#"{"id":1,"result":5}"#, "its answer to initialize is no object"),
            (r#"{"id":2,"result":{"methods":[]}}"#, "it answered 2 twice or was never asked it"),
        ] {
            let breach = try_says(&mut Talk::begin(None, &Value::Nil), answer).unwrap_err();
            assert_eq!(breach.to_string(), words);
        }
    }

    #[test]
    fn garbage_is_a_breach_that_says_why() {
        for line in ["hello", "[]", "{}", "5", r#"{"error":{"code":1,"message":"m"}}"#] {
            let breach = try_says(&mut ready(), line).unwrap_err();
            assert!(breach.to_string().starts_with("it wrote "), "{line}: {breach}");
        }
    }

    #[test]
    fn calls_that_are_open_are_bounded() {
        let mut talk = ready();
        for _ in 0..limits::EXTENSION_CALLS {
            talk.call("a", vec![], "who").unwrap();
        }
        let (_, fault) = talk.call("a", vec![], "who").unwrap_err();
        assert_eq!(fault.text, "FAILED: 1024 calls are open already");
        talk.give_up(2);
        assert!(talk.call("a", vec![], "who").is_err(), "it is open until it is answered");
        says(&mut talk, r#"{"id":2,"result":5}"#);
        assert!(talk.call("a", vec![], "who").is_ok());
        assert_eq!(talk.end().count(), limits::EXTENSION_CALLS);
    }

    #[test]
    fn questions_that_are_open_are_bounded() {
        let mut talk = ready();
        for id in 0..limits::EXTENSION_QUESTIONS {
            assert_eq!(says(&mut talk, &format!("{{\"id\":{id},\"method\":\"x\"}}")).len(), 1);
        }
        assert_eq!(says(&mut talk, r#"{"id":"more","method":"x"}"#), []);
        let refusal = sent(&mut talk);
        assert!(refusal[0].contains("FAILED: more than 1024 requests are open"), "{refusal:?}");
    }

    #[test]
    fn one_that_does_not_read_is_told_no_more() {
        let mut talk = ready();
        let piece = || Value::Str("x".repeat(EXTENSION_LINE_BYTES / 2));
        let asks = |talk: &mut Talk| says(talk, r#"{"id":7,"method":"x"}"#).len();
        let mut answers = 0;
        let breach = loop {
            assert_eq!(asks(&mut talk), 1);
            match talk.answer(&Id::Number(7), Ok(piece())) {
                Ok(()) => answers += 1,
                Err(breach) => break breach,
            }
        };
        assert_eq!((breach, answers), (Breach::DoesNotRead, 3));
        let (_, fault) = talk.call("a", vec![], "who").unwrap_err();
        assert!(fault.text.contains("does not read"), "{fault}");
    }

    #[test]
    fn no_line_is_longer_than_it_may_be() {
        let mut talk = ready();
        let huge = || Value::Str("\u{1}".repeat(EXTENSION_LINE_BYTES / 4));
        let (_, fault) = talk.call("a", vec![huge()], "who").unwrap_err();
        assert!(fault.text.contains("arguments take more than"), "{fault}");
        says(&mut talk, r#"{"id":7,"method":"x"}"#);
        talk.answer(&Id::Number(7), Ok(huge())).unwrap();
        let answer = sent(&mut talk);
        assert!(answer.len() == 1 && answer[0].contains("the answer takes more than"), "{}", answer[0].len());
    }
}
