//! `logs`: the logs of several processes as they grow, each line with its process before it. New: the original follows
//! one at a time.
//!
//! All of them come over one stream of the server. What programs write is passed on as it is; the name before it is
//! ours.

use serde_json::Value as Json;
use supervisor_core::{Channel, Namespec, make_namespec};
use supervisor_protocol::name_pattern::NamePattern;

use super::page_stream::{self, PATH, percent_encoded};
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::event_stream::{Frame, Frames};
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::limits::{LOGS_FROM, MAX_LOG_LINE_BYTES, MAX_LOGS};
use crate::name_pattern::is_pattern;
use crate::output::visible_on_one_line;
use crate::upcheck::upcheck;
use crate::world::{ProcessName, StreamPiece};

pub(super) const ACTION: Action = Action {
    name: "logs",
    help: "logs <name> <name>\tFollow the logs of these processes, until Ctrl-C\n\
           logs <gname>:*\t\tFollow those of a group",
    completes: Completes::ProcessesOrAll,
    options: &["--both", "--stderr"],
    more: "Each line begins with its process, in a colour of its own on a terminal.\n\
           Options, before the names:\n\
           --stderr\t\tWhat they write to standard error\n\
           --both\t\t\tBoth of each\n\
           Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           logs web:* nginx\tWhat the group web and nginx say\n\
           logs 'web*' | grep -i error\tWhat goes wrong there",
    run,
};

/// Colours of names, one after the other: none that means something for a state.
const COLOURS: [&str; 5] = ["36", "35", "34", "96", "95"];

/// One log.
struct Followed {
    /// As the server calls it.
    log: String,
    /// As it is shown.
    shown: String,
    /// A line without its end.
    begun: String,
    /// Nothing has come of it yet: it may begin within a line.
    is_new: bool,
}

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let (channels, names): (&[Channel], _) = match words.as_slice() {
        ["--stderr", names @ ..] => (&[Channel::Stderr], names),
        ["--both", names @ ..] => (&Channel::BOTH, names),
        [option, ..] if option.starts_with("--") => {
            let complaint = format!("Error: logs has no option {option}");
            return Ok(refuse(controller, &ACTION, &complaint, ExitStatus::Generic));
        }
        names => (&[Channel::Stdout], names),
    };
    if names.is_empty() {
        return Ok(refuse(controller, &ACTION, "Error: logs requires a process name", ExitStatus::Generic));
    }
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    let meant = find(controller, names)?;
    let mut followed = followed(&meant, channels);
    if followed.is_empty() {
        return Ok(Flow::Continue);
    }
    if followed.len() > MAX_LOGS {
        let complaint = format!("Error: logs follows {MAX_LOGS} logs at a time, not {}", followed.len());
        return Ok(refuse(controller, &ACTION, &complaint, ExitStatus::Generic));
    }
    page_stream::follow(controller, &path(&followed), |controller| follow(controller, &mut followed))
}

/// The processes of these names, each once; of names that nobody has it is said so.
fn find(controller: &mut Controller, names: &[&str]) -> Result<Vec<String>, Failure> {
    let all: Vec<ProcessName> = controller.call("supervisor.getAllProcessInfo", &[])?;
    let mut meant: Vec<String> = Vec::new();
    for name in names {
        let wanted = Namespec::parse(name);
        let is_named = |known: &&ProcessName| {
            *name == "all" || known.group == wanted.group && wanted.process.is_none_or(|process| known.name == process)
        };
        let mut found: Vec<&ProcessName> = all.iter().filter(is_named).collect();
        if found.is_empty() && is_pattern(name) {
            let pattern = NamePattern::new(name);
            found = all.iter().filter(|known| pattern.means(&known.group, &known.name)).collect();
        }
        if found.is_empty() {
            let (about, what) =
                if wanted.process.is_some() { (*name, "no such process") } else { (wanted.group, "no such group") };
            controller.output.line(&format::error_line(about, what));
            controller.fail(ExitStatus::Generic);
            controller.advise_name(name);
        }
        for known in found {
            let namespec = make_namespec(&known.group, &known.name);
            if !meant.contains(&namespec) {
                meant.push(namespec);
            }
        }
    }
    Ok(meant)
}

fn followed(names: &[String], channels: &[Channel]) -> Vec<Followed> {
    let one = |(name, channel): (&String, &Channel)| {
        let log = format!("{name}/{}", channel.name());
        let shown = if channels.len() > 1 { &log } else { name };
        let shown = visible_on_one_line(shown).into_owned();
        Followed { log, shown, begun: String::new(), is_new: true }
    };
    names.iter().flat_map(|name| channels.iter().map(move |channel| (name, channel))).map(one).collect()
}

fn path(followed: &[Followed]) -> String {
    let logs = followed.iter().map(|one| format!("log={}&log_from={LOGS_FROM}", percent_encoded(&one.log)));
    format!("{PATH}?{}", logs.collect::<Vec<_>>().join("&"))
}

/// Until Ctrl-C; why it ends else.
fn follow(controller: &mut Controller, followed: &mut [Followed]) -> Option<&'static str> {
    let mut frames = Frames::default();
    let ended = loop {
        let bytes = match controller.world.next_piece() {
            StreamPiece::Bytes(bytes) => bytes,
            StreamPiece::Interrupted => break None,
            StreamPiece::Ended => break Some("has ended the stream"),
            StreamPiece::Silent => break Some("gives no sign of life any more"),
        };
        let Ok(complete) = frames.push(&bytes) else { break Some("sends a frame without an end") };
        for frame in complete {
            show(controller, followed, &frame);
        }
        controller.output.flush();
        if controller.output.broken().is_some() {
            break None;
        }
    };
    for number in 0..followed.len() {
        end_line(controller, followed, number);
    }
    controller.output.flush();
    ended
}

fn show(controller: &mut Controller, followed: &mut [Followed], frame: &Frame) {
    let Ok(data) = serde_json::from_str::<Json>(&frame.data) else { return };
    let Some(number) = followed.iter().position(|one| data["log"] == one.log.as_str()) else { return };
    match frame.name.as_str() {
        "gap" if data["reason"] == "slow" => {
            let left_out = data["to"].as_u64().unwrap_or_default() - data["from"].as_u64().unwrap_or_default();
            end_line(controller, followed, number);
            print(controller, followed, number, &format!("… {left_out} bytes are left out: they came too fast"));
        }
        "log" => {
            let text = data["text"].as_str().unwrap_or_default();
            let begins_within = data["offset"].as_u64().is_some_and(|offset| offset > 0);
            take(controller, followed, number, (text, begins_within));
        }
        _ => {}
    }
}

/// Takes in more of a log and prints the lines that are complete.
fn take(controller: &mut Controller, followed: &mut [Followed], number: usize, (text, begins_within): (&str, bool)) {
    let Some(one) = followed.get_mut(number) else { return };
    let is_cut = std::mem::take(&mut one.is_new) && begins_within;
    let text = if is_cut { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let mut pieces = text.split('\n').peekable();
    while let Some(piece) = pieces.next() {
        let Some(one) = followed.get_mut(number) else { return };
        one.begun.push_str(piece);
        if pieces.peek().is_some() || one.begun.len() > MAX_LOG_LINE_BYTES {
            let line = std::mem::take(&mut one.begun);
            print(controller, followed, number, &line);
        }
    }
}

fn end_line(controller: &mut Controller, followed: &mut [Followed], number: usize) {
    let begun = followed.get_mut(number).map(|one| std::mem::take(&mut one.begun)).unwrap_or_default();
    if !begun.is_empty() {
        print(controller, followed, number, &begun);
    }
}

fn print(controller: &mut Controller, followed: &[Followed], number: usize, line: &str) {
    let Some(one) = followed.get(number) else { return };
    let width = followed.iter().map(|one| one.shown.chars().count()).max().unwrap_or_default();
    let prefix = format!("{:width$} | ", one.shown);
    let text = match COLOURS.get(number % COLOURS.len()).filter(|_| controller.output.has_colour()) {
        // A program that leaves a colour on does not colour the next name.
        Some(colour) => format!("\x1b[{colour}m{prefix}\x1b[0m{line}\x1b[0m\n"),
        None => format!("{prefix}{line}\n"),
    };
    controller.output.raw(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, done, process};
    use crate::world::CallError;

    fn scene() -> Scene {
        let running = |group: &str, name: &str| process(group, name, (20, "RUNNING"), "", 7);
        Scene::new().on("getAllProcessInfo", array([running("cat", "cat"), running("web", "a"), running("web", "b")]))
    }

    fn opens(logs: &[&str]) -> Scene {
        let logs: Vec<String> = logs.iter().map(|log| format!("log={log}&log_from=-4096")).collect();
        scene().on(&format!("opens /api/v1/stream?{}", logs.join("&")), done())
    }

    #[test]
    fn lines_of_several_logs_with_their_processes() {
        let both = || opens(&["cat/stdout", "web:b/stdout"]);
        let first =
            "id: 1\nevent: log\ndata: {\"log\": \"web:b/stdout\", \"offset\": 90, \"text\": \"lf\\nwhole\\nbeg\"}\n\n";
        let second = "id: 2\nevent: log\ndata: {\"log\": \"cat/stdout\", \"offset\": 0, \"text\": \"x\\n\\n\"}\n\n\
                      id: 2\nevent: log\ndata: {\"log\": \"web:b/stdout\", \"offset\": 99, \"text\": \"un\\nlast\"}\n\n";
        let expected = "web:b | whole\ncat   | x\ncat   | \nweb:b | begun\nweb:b | last\n";
        check(both().streams(first).streams(second).interrupts(), "logs cat web:b", expected, 0);
        let slow =
            "id: 3\nevent: gap\ndata: {\"log\": \"cat/stdout\", \"from\": 5, \"to\": 9, \"reason\": \"slow\"}\n\n";
        let expected = "cat   | … 4 bytes are left out: they came too fast\n";
        check(both().streams(slow).interrupts(), "logs cat web:b", expected, 0);
    }

    #[test]
    fn groups_patterns_and_channels() {
        check(opens(&["web:a/stderr", "web:b/stderr"]).interrupts(), "logs --stderr web:*", "", 0);
        check(opens(&["web:a/stdout", "web:b/stdout", "cat/stdout"]).interrupts(), "logs w* all", "", 0);
        let text = "id: 1\nevent: log\ndata: {\"log\": \"cat/stderr\", \"offset\": 0, \"text\": \"x\\n\"}\n\n";
        check(
            opens(&["cat/stdout", "cat/stderr"]).streams(text).interrupts(),
            "logs --both cat",
            "cat/stderr | x\n",
            0,
        );
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        check(scene(), "logs dog", "dog: ERROR (no such process)\n", 1);
        check(scene(), "logs dog:*", "dog: ERROR (no such group)\n", 1);
        let usage = |complaint: &str| format!("{complaint}\n{}\n", ACTION.help);
        check(Scene::bare(), "logs", &usage("Error: logs requires a process name"), 1);
        check(Scene::bare(), "logs --tail", &usage("Error: logs has no option --tail"), 1);
        let many = (0..9).map(|number| process("g", &number.to_string(), (20, "RUNNING"), "", 7));
        let crowd = Scene::new().on("getAllProcessInfo", array(many));
        check(crowd, "logs all", &usage("Error: logs follows 8 logs at a time, not 9"), 1);
        let reason = "cat/stdout is not logged to a file".to_owned();
        let refused = scene()
            .on("opens /api/v1/stream?log=cat/stdout&log_from=-4096", Err(CallError::Http { status: 404, reason }));
        check(refused, "logs cat", "error: cat/stdout is not logged to a file\n", 1);
    }
}
