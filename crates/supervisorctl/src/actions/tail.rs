//! `tail` (contract/ctl.md §3.5, quirks.md K29, K45).

use supervisor_config::Repr;
use supervisor_core::FaultCode;

use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::limits::{DEFAULT_TAIL_BYTES, MAX_TAIL_BYTES, USUAL_LINE_BYTES};
use crate::result_code::ResultCode::Known;
use crate::upcheck::upcheck;
use crate::world::{CallError, FollowEvent, Following, Until};
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "tail",
    help: "tail [-f] <name> [stdout|stderr] (default stdout)\n\
           Ex:\n\
           tail -f <name>\t\tContinuous tail of named process stdout\n\
           \t\t\tCtrl-C to exit.\n\
           tail -100 <name>\tlast 100 *bytes* of process stdout\n\
           tail <name> stderr\tlast 1600 *bytes* of process stderr",
    completes: Completes::ProcessThenChannel,
    options: &["-f", "-n "],
    more: "Options, before the name:\n\
           -n <lines>\t\tThe last lines instead of bytes\n\
           Examples:\n\
           tail -f web\t\tWatch what web prints, until Ctrl-C\n\
           tail -n 20 web\t\tThe last 20 lines of what it printed\n\
           tail -5000 web stderr\tThe last 5000 bytes of its standard error",
    run,
};

/// How much of a log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// `-f`: the end, and whatever follows.
    Follow,
    /// `-N`: the last N bytes; 0 is all of it.
    Last(i32),
    /// `-n N`: the last N lines.
    Lines(usize),
}

/// One of the two logs of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Stdout,
    Stderr,
}

#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    name: &'a str,
    channel: Channel,
    amount: Amount,
}

/// What is wrong with the arguments.
#[derive(Debug, PartialEq, Eq)]
enum Complaint {
    /// Their number: the usage is shown too.
    Count(&'static str),
    /// One of them.
    Word(String),
}

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let words: Vec<&str> = argument.split_whitespace().collect();
    match parse(&words) {
        Err(Complaint::Count(words)) => Ok(refuse(controller, &ACTION, words, ExitStatus::Generic)),
        Err(Complaint::Word(words)) => {
            controller.output.line(&words);
            controller.fail(ExitStatus::Generic);
            controller.advise("such as tail -f web, tail -n 20 web, or tail web stderr");
            Ok(Flow::Continue)
        }
        Ok(request) => show(controller, &request),
    }
}

fn parse<'a>(words: &[&'a str]) -> Result<Request<'a>, Complaint> {
    let (lines, words) = take_lines(words).map_err(Complaint::Word)?;
    match words.len() {
        0 => return Err(Complaint::Count("Error: too few arguments")),
        1..=3 => {}
        _ => return Err(Complaint::Count("Error: too many arguments")),
    }
    let (modifier, words) = match words {
        [modifier, rest @ ..] if modifier.starts_with('-') => (Some(*modifier), rest),
        [..] => (None, words),
    };
    let (name, channel) = match words {
        [] => return Err(Complaint::Word("Error: tail requires process name".to_owned())),
        [name] => (*name, Channel::Stdout),
        [name, .., channel] => (*name, parse_channel(channel)?),
    };
    let amount = match (modifier, lines) {
        (None, None) => Amount::Last(DEFAULT_TAIL_BYTES),
        (None, Some(lines)) => Amount::Lines(lines),
        (Some(modifier), Some(_)) => return Err(Complaint::Word(bad_argument(modifier))),
        (Some(modifier), None) => parse_amount(modifier).ok_or_else(|| Complaint::Word(bad_argument(modifier)))?,
    };
    Ok(Request { name, channel, amount })
}

/// Takes `-n LINES` from the head of the words.
pub(super) fn take_lines<'a, 'w>(words: &'w [&'a str]) -> Result<(Option<usize>, &'w [&'a str]), String> {
    let (number, rest) = match words {
        ["-n"] => return Err("Error: -n requires a number of lines".to_owned()),
        ["-n", number, rest @ ..] => (*number, rest),
        [word, rest @ ..] => match word.strip_prefix("-n").filter(|number| !number.is_empty()) {
            Some(number) => (number, rest),
            None => return Ok((None, words)),
        },
        [] => return Ok((None, words)),
    };
    match number.parse() {
        Ok(lines) if lines > 0 => Ok((Some(lines), rest)),
        Ok(_) | Err(_) => Err(format!("Error: -n takes a number of lines from 1, not {number}")),
    }
}

fn parse_channel(word: &str) -> Result<Channel, Complaint> {
    let word = word.to_lowercase();
    match word.as_str() {
        "stdout" => Ok(Channel::Stdout),
        "stderr" => Ok(Channel::Stderr),
        other => Err(Complaint::Word(format!("Error: bad channel {}", Repr(other)))),
    }
}

/// Reads `-f` or `-N`; `None` for anything else.
pub(super) fn parse_amount(modifier: &str) -> Option<Amount> {
    match modifier.strip_prefix('-')? {
        "f" => Some(Amount::Follow),
        // More bytes than can be asked for are all there are.
        number if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => {
            Some(Amount::Last(number.parse().unwrap_or(i32::MAX)))
        }
        number => number.parse().ok().map(Amount::Last),
    }
}

pub(super) fn bad_argument(word: &str) -> String {
    format!("Error: bad argument {word}")
}

fn show(controller: &mut Controller, request: &Request<'_>) -> Result<Flow, Failure> {
    let (channel, method) = match request.channel {
        Channel::Stdout => ("stdout", "supervisor.readProcessStdoutLog"),
        Channel::Stderr => ("stderr", "supervisor.readProcessStderrLog"),
    };
    let bytes = match request.amount {
        Amount::Follow => {
            let path = format!("/logtail/{}/{channel}", request.name);
            if !follow(controller, &path) {
                controller.advise_name(request.name);
            }
            return Ok(Flow::Continue);
        }
        Amount::Lines(lines) => {
            let read = read_lines(controller, method, Some(request.name), lines);
            return show_log(controller, method, read, request.name, Some("no such process name"));
        }
        Amount::Last(bytes) => bytes,
    };
    let name = Value::from(request.name);
    let read = controller.try_call(method, &[name, offset_from_end(bytes), Value::Int(0)]);
    show_log(controller, method, read, request.name, Some("no such process name"))
}

/// The last lines of a log, without the end of the last one: the server knows bytes, so more and more of them are asked
/// for. Of a log that has more than can be asked for at once there are fewer lines, which is said.
pub(super) fn read_lines(
    controller: &mut Controller,
    method: &'static str,
    name: Option<&str>,
    lines: usize,
) -> Result<String, CallError> {
    let mut bytes = i32::try_from(lines.saturating_mul(USUAL_LINE_BYTES)).unwrap_or(MAX_TAIL_BYTES).min(MAX_TAIL_BYTES);
    loop {
        let mut parameters: Vec<Value> = name.map(Value::from).into_iter().collect();
        parameters.extend([offset_from_end(bytes), Value::Int(0)]);
        let log: String = controller.try_call(method, &parameters)?;
        let text = log.strip_suffix('\n').unwrap_or(&log);
        let is_whole = i32::try_from(log.len()).is_ok_and(|length| length < bytes);
        let mut ends = text.rmatch_indices('\n').map(|(place, _)| place);
        match ends.nth(lines - 1) {
            Some(end) => return Ok(text.get(end + 1..).unwrap_or_default().to_owned()),
            None if is_whole => return Ok(text.to_owned()),
            None if bytes == MAX_TAIL_BYTES => {
                controller.output.error_line(&format!("{lines} lines are more than the last {bytes} bytes"));
                return Ok(text.to_owned());
            }
            None => bytes = bytes.saturating_mul(4).min(MAX_TAIL_BYTES),
        }
    }
}

/// The offset that asks for the last bytes.
pub(super) fn offset_from_end(bytes: i32) -> Value {
    Value::Int(-i64::from(bytes))
}

/// Prints a log and one newline after it (K45), or why there is none. `bad_name`: the words for an unknown name,
/// where there is a name.
pub(super) fn show_log(
    controller: &mut Controller,
    method: &'static str,
    read: Result<String, CallError>,
    name: &str,
    bad_name: Option<&str>,
) -> Result<Flow, Failure> {
    let error = match read {
        Ok(log) => {
            controller.output.raw(log.as_bytes());
            controller.output.raw(b"\n");
            return Ok(Flow::Continue);
        }
        Err(error) => error,
    };
    let words = match (error, bad_name) {
        (CallError::Fault { code: Known(FaultCode::NoFile), .. }, _) => "no log file",
        (CallError::Fault { code: Known(FaultCode::Failed), .. }, _) => "unknown error reading log",
        (CallError::Fault { code: Known(FaultCode::BadName), .. }, Some(words)) => words,
        (error, _) => return Err(Failure::Call { method, error }),
    };
    controller.output.line(&format::error_line(name, words));
    controller.fail(ExitStatus::Generic);
    if Some(words) == bad_name {
        controller.advise_name(name);
    }
    Ok(Flow::Continue)
}

/// Shows a log as it grows, until Ctrl-C; `false` if it cannot be followed.
pub(super) fn follow(controller: &mut Controller, path: &str) -> bool {
    controller.output.line("==> Press Ctrl-C to exit <==");
    controller.output.flush();
    let opened = controller.world.start_following(&[path.to_owned()], &mut controller.output);
    let interrupted = match opened {
        Following::All => controller.world.follow(Until::End, &mut controller.output) != FollowEvent::StreamsEnded,
        Following::NotAll => false,
        Following::Interrupted => true,
    };
    controller.world.stop_following();
    if interrupted {
        controller.output.line("");
    }
    if opened == Following::NotAll {
        controller.fail(ExitStatus::Generic);
    }
    opened != Following::NotAll
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, fault, text};

    #[test]
    fn any_number_of_bytes_is_one() {
        for (word, amount) in [
            ("-1", Some(Amount::Last(1))),
            ("-2147483647", Some(Amount::Last(i32::MAX))),
            ("-99999999999", Some(Amount::Last(i32::MAX))),
            ("-99999999999x", None),
            ("--99999999999", None),
        ] {
            assert_eq!(parse_amount(word), amount, "{word}");
        }
    }

    #[test]
    fn requests() {
        let request = |name, channel, amount| Ok(Request { name, channel, amount });
        let last = Amount::Last(DEFAULT_TAIL_BYTES);
        for (words, expected) in [
            (&["x"][..], request("x", Channel::Stdout, last)),
            (&["x", "STDERR"], request("x", Channel::Stderr, last)),
            (&["-5", "x"], request("x", Channel::Stdout, Amount::Last(5))),
            (&["-f", "x", "stderr"], request("x", Channel::Stderr, Amount::Follow)),
            (&["x", "anything", "stderr"], request("x", Channel::Stderr, last)),
            (&["--5", "x"], request("x", Channel::Stdout, Amount::Last(-5))),
        ] {
            assert_eq!(parse(words), expected, "{words:?}");
        }
    }

    #[test]
    fn complaints() {
        let word = |text: &str| Err(Complaint::Word(text.to_owned()));
        for (words, expected) in [
            (&[][..], Err(Complaint::Count("Error: too few arguments"))),
            (&["a", "b", "c", "d"], Err(Complaint::Count("Error: too many arguments"))),
            (&["-5"], word("Error: tail requires process name")),
            (&["-x", "a"], word("Error: bad argument -x")),
            (&["-", "a"], word("Error: bad argument -")),
            (&["a", "Foo"], word("Error: bad channel 'foo'")),
            (&["a", "it's"], word("Error: bad channel \"it's\"")),
            (&["-x", "a", "foo"], word("Error: bad channel 'foo'")),
        ] {
            assert_eq!(parse(words), expected, "{words:?}");
        }
    }

    #[test]
    fn lines() {
        let log = "1\n2\n3\n";
        for (words, out) in [("-n 2 x", "2\n3\n"), ("-n2 x", "2\n3\n"), ("-n 9 x", "1\n2\n3\n")] {
            let bytes = if words.contains('9') { 1800 } else { 400 };
            let scene = Scene::new().on(&format!("readProcessStdoutLog x -{bytes} 0"), text(log));
            check(scene, &format!("tail {words}"), out, 0);
        }
        let long = format!("{}\n{}", "a".repeat(100), "b".repeat(300));
        let end = "b".repeat(200);
        let scene = Scene::new()
            .on("readProcessStderrLog x -200 0", text(&end))
            .on("readProcessStderrLog x -800 0", text(&long));
        check(scene, "tail -n 1 x stderr", &format!("{}\n", "b".repeat(300)), 0);
        let scene = Scene::new().on("readProcessStdoutLog x -200 0", fault(FaultCode::BadName, "x"));
        check(scene, "tail -n 1 x", "x: ERROR (no such process name)\n", 1);
        for (words, complaint) in [
            ("-n", "Error: -n requires a number of lines"),
            ("-n 0 x", "Error: -n takes a number of lines from 1, not 0"),
            ("-nx x", "Error: -n takes a number of lines from 1, not x"),
            ("-n 5", "Error: too few arguments"),
        ] {
            let (out, status) = Scene::new().run(&format!("tail {words}")).words_and_status();
            assert_eq!((out.lines().next(), status), (Some(complaint), 1), "{words}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_followed_is_an_error() {
        let outcome = Scene::new().refuses_streams().run("tail -f nosuch");
        assert_eq!((outcome.out.as_str(), outcome.status), ("==> Press Ctrl-C to exit <==\n", 1));
        assert_eq!(Scene::new().refuses_streams().run("maintail -f").status, 1);
    }

    #[test]
    fn a_log_and_one_newline() {
        check(Scene::new().on("readProcessStdoutLog x -1600 0", text("one\n")), "tail x", "one\n\n", 0);
        check(Scene::new().on("readProcessStderrLog g:x -7 0", text("")), "tail -7 g:x stderr", "\n", 0);
    }

    #[test]
    fn why_there_is_no_log() {
        for (code, words) in [
            (FaultCode::NoFile, "x: ERROR (no log file)\n"),
            (FaultCode::Failed, "x: ERROR (unknown error reading log)\n"),
            (FaultCode::BadName, "x: ERROR (no such process name)\n"),
            (
                FaultCode::BadArguments,
                "error: unix:///run/s.sock refused supervisor.readProcessStdoutLog: BAD_ARGUMENTS (fault 3)\n",
            ),
        ] {
            check(Scene::new().on("readProcessStdoutLog x -1600 0", fault(code, "")), "tail x", words, 1);
        }
    }

    #[test]
    fn wrong_words() {
        check(Scene::new(), "tail -x a", "Error: bad argument -x\n", 1);
        check(Scene::new(), "tail", &format!("Error: too few arguments\n{}\n", ACTION.help), 1);
        check(Scene::new(), "tail a b c d", &format!("Error: too many arguments\n{}\n", ACTION.help), 1);
    }

    #[test]
    fn following_until_the_end_or_ctrl_c() {
        let outcome = Scene::new().streams("one\n").run("tail -f x stderr");
        assert_eq!(outcome.out, "==> Press Ctrl-C to exit <==\none\n");
        assert_eq!((outcome.err.as_str(), outcome.status), ("opens /logtail/x/stderr\n", 0));
        for scene in [Scene::new().interrupts(), Scene::new().interrupts_early()] {
            let outcome = scene.run("tail -f x");
            assert_eq!((outcome.out.as_str(), outcome.status), ("==> Press Ctrl-C to exit <==\n\n", 0));
        }
    }
}
