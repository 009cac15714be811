//! `top`: what processes use, live. New: the original knows nothing of it.
//!
//! On a terminal it is drawn anew with each sample until Ctrl-C; elsewhere it is told once, as soon as two looks have
//! told who computes. All of it comes over one stream of the server.

use super::options::value_of;
use super::page_stream::{self, PATH, percent_encoded};
use super::{Action, Completes, refuse};
use crate::controller::{Controller, Flow};
use crate::event_stream::Frames;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::status_view::Screen;
use crate::top_view::{Order, page};
use crate::upcheck::upcheck;
use crate::watched::Watched;
use crate::world::StreamPiece;

pub(super) const ACTION: Action = Action {
    name: "top",
    help: "top\t\t\tShow what processes use, until Ctrl-C\n\
           top <name> <name>\tShow what these use",
    completes: Completes::ProcessesOrAll,
    options: &["--once", "--sort=cpu", "--sort=memory", "--sort=name", "--sort=restarts"],
    more: "CPU is the share of one processor, memory what is resident, both with all descendants.\n\
           Options, before the names:\n\
           --sort cpu, memory, restarts, name\tWho comes first\n\
           --once\t\t\tOnce, and not until Ctrl-C; so it is where this is no terminal\n\
           Names may be patterns with * (in quotes on a command line).\n\
           Examples:\n\
           top web:*\t\tThe processes of the group web\n\
           top --once --sort memory\tWho has most memory now",
    run,
};

#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    order: Order,
    once: bool,
    names: Vec<String>,
}

fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match parse(&words) {
        Ok(request) => request,
        Err(complaint) => return Ok(refuse(controller, &ACTION, &complaint, ExitStatus::Generic)),
    };
    if !upcheck(controller)? {
        return Ok(Flow::Continue);
    }
    page_stream::follow(controller, &request.path(), |controller| watch(controller, &request))
}

fn parse(words: &[&str]) -> Result<Request, String> {
    let mut request = Request::default();
    let mut rest = words;
    loop {
        rest = if let Some((value, after)) = value_of("--sort", rest)? {
            request.order = match value {
                "cpu" => Order::Cpu,
                "memory" => Order::Memory,
                "restarts" => Order::Restarts,
                "name" => Order::Name,
                other => return Err(format!("Error: --sort takes cpu, memory, restarts or name, not {other}")),
            };
            after
        } else if let ["--once", after @ ..] = rest {
            request.once = true;
            after
        } else if let [option, ..] = rest
            && option.starts_with('-')
        {
            return Err(format!("Error: top has no option {option}"));
        } else {
            break;
        };
    }
    request.names = rest.iter().filter(|name| **name != "all").map(ToString::to_string).collect();
    Ok(request)
}

impl Request {
    fn path(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| percent_encoded(name)).collect();
        let names = if names.is_empty() { "*".to_owned() } else { names.join(",") };
        format!("{PATH}?processes={names}&samples=2")
    }
}

/// Until Ctrl-C, or until it has been told once; why it ends else.
fn watch(controller: &mut Controller, request: &Request) -> Option<&'static str> {
    let is_live = !request.once && controller.output.shows_progress();
    let mut frames = Frames::default();
    let mut watched = Watched::default();
    loop {
        let bytes = match controller.world.next_piece() {
            StreamPiece::Bytes(bytes) => bytes,
            StreamPiece::Interrupted => return None,
            StreamPiece::Ended => return Some("has ended the stream"),
            StreamPiece::Silent => return Some("gives no sign of life any more"),
        };
        let Ok(complete) = frames.push(&bytes) else { return Some("sends a frame without an end") };
        let mut has_sample = false;
        for frame in complete {
            has_sample |= frame.name == "sample";
            if watched.take(&frame).is_err() {
                return Some("sends what is no JSON");
            }
        }
        if watched.ended.is_some() {
            return Some("has ended the stream: it shuts down or restarts");
        }
        if is_live {
            draw(controller, &watched, request.order);
        } else if has_sample && (watched.samples > 1 || knows_shares(&watched)) {
            tell(controller, &watched, request.order);
            return None;
        }
        if controller.output.broken().is_some() {
            return None;
        }
    }
}

/// Whether there was a look before somebody asked now.
fn knows_shares(watched: &Watched) -> bool {
    watched.rows().all(|(_, row)| row.used.is_none_or(|used| used.cpu.is_some()))
}

fn tell(controller: &mut Controller, watched: &Watched, order: Order) {
    let screen = Screen { colour: controller.output.has_colour(), columns: controller.output.columns() };
    let text = page(watched, order, screen, None);
    controller.output.raw(text.as_bytes());
}

/// From the first line of the terminal; what stood there is gone.
fn draw(controller: &mut Controller, watched: &Watched, order: Order) {
    let screen = Screen { colour: controller.output.has_colour(), columns: controller.output.columns() };
    let lines = controller.output.lines();
    let text = page(watched, order, screen, lines).replace('\n', "\x1b[K\n");
    controller.output.raw(format!("\x1b[H{text}\x1b[J").as_bytes());
    controller.output.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, check, done};
    use crate::world::CallError;

    const BEGIN: &str = "retry: 1000\nid: 1\nevent: hello\ndata: {\"identifier\": \"app\"}\n\nid: 1\nevent: table\n\
         data: {\"processes\": [{\"name\": \"cat\", \"state\": \"RUNNING\", \"pid\": 7}]}\n\n";
    const FIRST: &str = "id: 1\nevent: sample\ndata: {\"values\": {\"cat\": [null, 2048, 1]}}\n\n";
    const SECOND: &str = "id: 1\nevent: sample\ndata: {\"values\": {\"cat\": [0.5, 2048, 1]}}\n\n";
    const PAGE: &str = "app: 1 processes, 1 RUNNING; CPU 50.0%, memory 2.0K\n\
         NAME  STATE    PID  UPTIME  RESTARTS  CPU    MEMORY  PROCS  DESCRIPTION\n\
         cat   RUNNING  7    -       0         50.0%  2.0K    1      -\n";

    fn opens(path: &str) -> Scene {
        Scene::new().on(&format!("opens {path}"), done())
    }

    #[test]
    fn it_is_told_once_where_nobody_sits() {
        let all = "/api/v1/stream?processes=*&samples=2";
        check(opens(all).streams(BEGIN).streams(FIRST).streams(SECOND), "top", PAGE, 0);
        check(opens(all).streams(BEGIN).streams(SECOND), "top --once all", PAGE, 0);
        let some = "/api/v1/stream?processes=web:*,a%26b&samples=2";
        check(opens(some).streams(BEGIN).streams(SECOND), "top --sort=name web:* a&b", PAGE, 0);
    }

    #[test]
    fn a_stream_that_ends_is_told() {
        let opens = || opens("/api/v1/stream?processes=*&samples=2");
        let outcome = opens().streams(BEGIN).run("top");
        assert_eq!((outcome.err.as_str(), outcome.status), ("error: unix:///run/s.sock has ended the stream\n", 1));
        let bye = "id: 1\nevent: bye\ndata: {\"reason\": \"shutdown\"}\n\n";
        let outcome = opens().streams(BEGIN).streams(bye).run("top");
        assert!(outcome.err.contains("it shuts down or restarts"), "{outcome:?}");
        assert_eq!(opens().interrupts().run("top").status, 0);
    }

    #[test]
    fn refusals() {
        let path = "opens /api/v1/stream?processes=*&samples=2";
        let old = Scene::new().on(path, Err(CallError::Http { status: 404, reason: "Not Found".to_owned() }));
        let words = "error: unix:///run/s.sock has no /api/v1/stream: this supervisord is too old for it\n";
        check(old, "top", words, 1);
        for (line, complaint) in [
            ("top --sort pid", "Error: --sort takes cpu, memory, restarts or name, not pid"),
            ("top --twice", "Error: top has no option --twice"),
        ] {
            check(Scene::bare(), line, &format!("{complaint}\n{}\n", ACTION.help), 1);
        }
    }
}
