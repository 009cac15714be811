//! The checks, in their order. Each is a sentence whose subject is the extension.

use std::io;
use std::time::Duration;

use supervisor_core::OwnEventType;
use supervisor_protocol::SUPERVISOR_VERSION;
use supervisor_protocol::extension::{Description, MethodDescription, PROTOCOL_VERSION};
use supervisor_protocol::xmlrpc::Value;
use tokio::time::Instant;

use super::options::Options;
use super::peer::{Outcome, Peer, Silence, members};
use super::process::{Process, Slot, in_words};
use super::verdict::{Finding, Verdicts};
use crate::limits::{
    EXTENSION_ANSWER, EXTENSION_ANSWERS, EXTENSION_CALL, EXTENSION_CHANNEL_END, EXTENSION_END, EXTENSION_START,
    MAX_EXTENSION_CALLS,
};

const UNKNOWN_METHOD: i32 = 1;
const INCORRECT_PARAMETERS: i32 = 2;
/// What libraries for JSON-RPC answer in their places.
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

/// More arguments than a method has.
const TOO_MANY: usize = 17;

/// All of them.
pub(super) async fn all(options: &Options, slot: &Slot, verdicts: &mut Verdicts<'_>) -> io::Result<()> {
    let command = options.command.join(" ");
    verdicts.tell(&format!("starting {command}"));
    let (mut process, channel) = Process::start(options, slot)?;
    let mut peer = Peer::new(channel)?;
    let Some(description) = initialize(options, &mut process, &mut peer, verdicts).await else { return Ok(()) };
    unknown_things(&mut peer, verdicts).await;
    unknown_method(&mut peer, verdicts).await;
    for method in description.methods() {
        wrong_arguments(method, &mut peer, verdicts).await;
    }
    let begin = Instant::now();
    good_call(options, &mut peer, verdicts).await;
    let load = Load::new(options, &description, begin.elapsed());
    many_at_once(&load, &mut peer, verdicts).await;
    cancel(&load, &mut peer, verdicts).await;
    verdicts.add("keeps to the protocol", complaints(&mut peer));
    shutdown(&mut process, &mut peer, verdicts).await;
    drop((process, peer));
    verdicts.tell(&format!("starting {command} once more"));
    let (mut process, channel) = Process::start(options, slot)?;
    let mut peer = Peer::new(channel)?;
    end_of_channel(options, &mut process, &mut peer, verdicts).await;
    Ok(())
}

fn initialize_params(options: &Options) -> Value {
    members(&[
        ("protocol", PROTOCOL_VERSION.into()),
        ("kind", "rpcinterface".into()),
        ("spec", "".into()),
        ("name", options.name.as_str().into()),
        ("config", Value::Struct(options.config.clone())),
        ("identifier", "extension-test".into()),
        ("version", SUPERVISOR_VERSION.into()),
    ])
}

/// `None`: there is nothing more to be tried.
async fn initialize(
    options: &Options,
    process: &mut Process,
    peer: &mut Peer,
    verdicts: &mut Verdicts<'_>,
) -> Option<Description> {
    const CHECK: &str = "answers initialize";
    let id = peer.ask("initialize", &initialize_params(options));
    let wrong = match peer.answer_to(id, EXTENSION_START).await {
        Ok(Ok(answer)) => match Description::read(&answer) {
            Ok(description) => {
                verdicts.add(CHECK, Finding::Good(in_short(&description)));
                return Some(description);
            }
            Err(error) => Finding::Wrong(
                format!("the answer {error}"),
                "see initialize in docs/extensions.md for what it is to answer",
            ),
        },
        Ok(Err(error)) => Finding::Wrong(
            format!("it refuses: {} (code {})", error.message, error.code),
            "give what it misses: options of its section with --set NAME=VALUE",
        ),
        Err(Silence::Ended) => ended_early(process).await,
        Err(silence) => silent(&silence, EXTENSION_START),
    };
    verdicts.add(CHECK, wrong);
    None
}

fn in_short(description: &Description) -> String {
    let names: Vec<&str> = description.methods().iter().map(|method| &*method.name).collect();
    let methods = format!("{} ({})", counted(names.len(), "method"), names.join(", "));
    let types: Vec<&str> = description.event_types().iter().map(OwnEventType::as_str).collect();
    if types.is_empty() {
        return methods;
    }
    format!("{methods}, {} ({})", counted(types.len(), "event type"), types.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

async fn ended_early(process: &mut Process) -> Finding {
    match process.end_within(EXTENSION_CHANNEL_END).await {
        Some(status) => Finding::Wrong(
            format!("it ended with {}", in_words(status)),
            "what it printed stands above; it has to stay, and to read from the descriptor in SUPERVISOR_EXT_FD",
        ),
        None => Finding::Wrong(
            "it closed the channel and lives on".to_owned(),
            "keep the descriptor in SUPERVISOR_EXT_FD open, and exit at its end",
        ),
    }
}

/// The finding of no answer.
fn silent(silence: &Silence, time: Duration) -> Finding {
    match silence {
        Silence::Late => Finding::Wrong(
            format!("no answer within {} s", time.as_secs()),
            "read on while you work, answer every request once with its id, and flush after each line",
        ),
        Silence::Ended => Finding::Wrong(
            "the channel ended".to_owned(),
            "what it printed stands above: catch what goes wrong in one request, and answer it with an error",
        ),
        Silence::Garbage(what) => Finding::Wrong(
            format!("a line that is no message: {what}"),
            "write JSON-RPC 2.0, one object a line, and print nothing else there: stdout and stderr are yours",
        ),
    }
}

/// What a later version may add.
async fn unknown_things(peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    peer.notify("later_notification", &members(&[("a", 1.into())]));
    let id = peer.ask("later_request", &members(&[("a", 1.into())]));
    let finding = match peer.answer_to(id, EXTENSION_ANSWER).await {
        Ok(Err(error)) if [UNKNOWN_METHOD, METHOD_NOT_FOUND].contains(&error.code) => Finding::Good(String::new()),
        Ok(Err(error)) => Finding::Wrong(
            format!("code {}: {}", error.code, error.message),
            "answer a request that you do not know with 1 UNKNOWN_METHOD or -32601, so that later versions can ask",
        ),
        Ok(Ok(_)) => Finding::Wrong(
            "it answered a result".to_owned(),
            "answer a request that you do not know with 1 UNKNOWN_METHOD or -32601, so that later versions can ask",
        ),
        Err(silence) => silent(&silence, EXTENSION_ANSWER),
    };
    verdicts.add("lets pass what it does not know, and refuses requests", finding);
}

async fn unknown_method(peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    let id = peer.call("no_such_method", &[]);
    let finding = match peer.answer_to(id, EXTENSION_ANSWER).await {
        Ok(Err(error)) if [UNKNOWN_METHOD, METHOD_NOT_FOUND].contains(&error.code) => Finding::Good(String::new()),
        Ok(_) => Finding::Note(
            "it was no fault 1".to_owned(),
            "answer a name that you have not given with 1 UNKNOWN_METHOD; supervisord asks for none",
        ),
        Err(silence) => silent(&silence, EXTENSION_ANSWER),
    };
    verdicts.add("refuses a method that it does not have", finding);
}

async fn wrong_arguments(method: &MethodDescription, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    const ADVICE: &str = "answer a wrong number of arguments, and wrong types, with 2 INCORRECT_PARAMETERS or -32602";
    let id = peer.call(&method.name, &vec!["x".into(); TOO_MANY]);
    let finding = match peer.answer_to(id, EXTENSION_ANSWER).await {
        Ok(Err(error)) if [INCORRECT_PARAMETERS, INVALID_PARAMS].contains(&error.code) => {
            if method.help.as_ref().is_some_and(|help| !help.is_empty()) {
                Finding::Good(String::new())
            } else {
                Finding::Note("it has no help".to_owned(), "say in 'help' what it does and takes")
            }
        }
        Ok(Err(error)) => Finding::Wrong(format!("code {}: {}", error.code, error.message), ADVICE),
        Ok(Ok(_)) if method.signature.is_some() => Finding::Wrong(format!("it took {TOO_MANY}"), ADVICE),
        Ok(Ok(_)) => Finding::Note(
            format!("it took {TOO_MANY}, and has told no signature"),
            "if it takes any number that is right; else answer 2 INCORRECT_PARAMETERS",
        ),
        Err(silence) => silent(&silence, EXTENSION_ANSWER),
    };
    verdicts.add(&format!("refuses wrong arguments of {}", method.name), finding);
}

async fn good_call(options: &Options, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    let Some((method, arguments)) = &options.call else {
        let why = "name a call that does no harm, with --call 'METHOD(JSON, …)'";
        return verdicts.add("answers a call", Finding::Untried(why));
    };
    let id = peer.call(method, arguments);
    let finding = match peer.answer_to(id, EXTENSION_CALL).await {
        Ok(Ok(value)) if is_sayable(&value) => Finding::Good(String::new()),
        Ok(Ok(_)) => Finding::Wrong(
            "there is null in the result".to_owned(),
            "answer something else, such as true or an empty text: XML-RPC has no null",
        ),
        Ok(Err(error)) => {
            Finding::Wrong(format!("code {}: {}", error.code, error.message), "--call is to name a call that succeeds")
        }
        Err(silence) => silent(&silence, EXTENSION_CALL),
    };
    verdicts.add(&format!("answers {method}"), finding);
}

fn is_sayable(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Array(items) => items.iter().all(is_sayable),
        Value::Struct(members) => members.iter().all(|(_, member)| is_sayable(member)),
        Value::Int(_) | Value::Bool(_) | Value::Str(_) | Value::Double(_) | Value::DateTime(_) | Value::Base64(_) => {
            true
        }
    }
}

/// What is called many times: what `--call` names, or the first method with wrong arguments.
struct Load {
    method: String,
    arguments: Vec<Value>,
    /// How long one call takes.
    takes: Duration,
}

impl Load {
    fn new(options: &Options, description: &Description, takes: Duration) -> Self {
        if let Some((method, arguments)) = &options.call {
            return Self { method: method.clone(), arguments: arguments.clone(), takes };
        }
        let first = description.methods().first().map_or("no_such_method", |method| &*method.name);
        Self { method: first.to_owned(), arguments: vec!["x".into(); TOO_MANY], takes }
    }

    fn call(&self, peer: &mut Peer) -> i64 {
        peer.call(&self.method, &self.arguments)
    }
}

async fn many_at_once(load: &Load, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    let ids: Vec<i64> = (0..MAX_EXTENSION_CALLS).map(|_| load.call(peer)).collect();
    let (mut answered, mut trouble) = (0, None);
    // All together have the time, and after one that was not answered in it there is no more.
    let all = tokio::time::timeout(EXTENSION_ANSWERS, async {
        for id in ids {
            match peer.answer_to(id, EXTENSION_ANSWERS).await {
                Ok(_) => answered += 1,
                Err(silence) => {
                    trouble = Some(silence);
                    return;
                }
            }
        }
    });
    let is_late = all.await.is_err();
    let finding = match trouble {
        None if !is_late => Finding::Good(format!("{answered} calls")),
        None | Some(Silence::Late) => Finding::Wrong(
            format!("{answered} of {MAX_EXTENSION_CALLS} calls were answered within {} s", EXTENSION_ANSWERS.as_secs()),
            "read on while you work, and answer each call once; calls may be answered one after the other",
        ),
        Some(silence) => silent(&silence, EXTENSION_ANSWERS),
    };
    verdicts.add("answers as many calls as may be open", finding);
}

async fn cancel(load: &Load, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    let id = load.call(peer);
    peer.notify("cancel", &members(&[("id", id.into())]));
    // Also of one that has been answered, and of one that never was.
    peer.notify("cancel", &members(&[("id", 1.into())]));
    peer.notify("cancel", &members(&[("id", i64::MAX.into())]));
    let first = peer.answer_to(id, EXTENSION_ANSWER + load.takes).await;
    // Whatever it says after that about the cancelled call comes before this answer.
    let id = peer.ask("later_request", &Value::Nil);
    let after: Result<Outcome, Silence> = peer.answer_to(id, EXTENSION_ANSWER).await;
    let finding = match (first, after) {
        (Ok(_), Ok(_)) => Finding::Good(String::new()),
        (Err(Silence::Late), _) => Finding::Wrong(
            "the cancelled call was not answered".to_owned(),
            "answer a cancelled call too, with anything: until then it counts as open",
        ),
        (Err(silence), _) | (Ok(_), Err(silence)) => silent(&silence, EXTENSION_ANSWER),
    };
    verdicts.add("takes cancel", finding);
}

fn complaints(peer: &mut Peer) -> Finding {
    let complaints = peer.questions.take_complaints();
    if complaints.is_empty() {
        return Finding::Good(String::new());
    }
    Finding::Wrong(complaints.join("; "), "supervisord cuts an extension off for it (docs/extensions.md)")
}

async fn shutdown(process: &mut Process, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    const CHECK: &str = "ends when it is asked to";
    peer.notify("shutdown", &Value::Nil);
    // Its last answers are to be read, or it might wait for that.
    let has_closed = peer.ends_within(EXTENSION_END).await;
    let finding = match process.end_within(if has_closed { EXTENSION_END } else { Duration::ZERO }).await {
        Some(status) if status.success() => Finding::Good(String::new()),
        Some(status) => Finding::Note(format!("it ended with {}", in_words(status)), "exit with 0 after a shutdown"),
        None => Finding::Wrong(
            format!("it still runs after {} s", EXTENSION_END.as_secs()),
            "exit after the notification shutdown; supervisord sends SIGTERM then, and SIGKILL after stopwaitsecs",
        ),
    };
    verdicts.add(CHECK, finding);
    if process.ended().is_some() && !peer.ends_within(EXTENSION_CHANNEL_END).await {
        verdicts.add(
            "keeps the channel to itself",
            Finding::Note(
                "a program that it has started holds it open".to_owned(),
                "set close-on-exec on the descriptor, or close it in what you start",
            ),
        );
    }
}

async fn end_of_channel(options: &Options, process: &mut Process, peer: &mut Peer, verdicts: &mut Verdicts<'_>) {
    let id = peer.ask("initialize", &initialize_params(options));
    if let Err(silence) = peer.answer_to(id, EXTENSION_START).await {
        return verdicts.add("answers initialize again", silent(&silence, EXTENSION_START));
    }
    peer.close();
    let finding = match process.end_within(EXTENSION_ANSWER).await {
        Some(_) => Finding::Good(String::new()),
        None => Finding::Wrong(
            format!("it still runs {} s later", EXTENSION_ANSWER.as_secs()),
            "exit when there is nothing more to be read: supervisord has gone",
        ),
    };
    verdicts.add("ends when supervisord has gone", finding);
}
