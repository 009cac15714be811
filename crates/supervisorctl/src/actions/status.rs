//! `status` (contract/ctl.md §3.1, quirks.md K28).

use std::collections::{HashMap, HashSet};

use supervisor_core::{FaultCode, Namespec, ProcessState, make_namespec};

use super::events::EVENT_POOLS;
use super::options::{Format, Shown, take_shown};
use super::{Action, Completes, refuse};
use crate::answers::ProcessInfo;
use crate::controller::{Controller, Flow};
use crate::event_view;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::format;
use crate::limits::{MAX_SINGLE_STATUS_NAMES, SECOND_LOOK};
use crate::name_pattern::is_pattern;
use crate::result_code::ResultCode::Known;
use crate::status_view::{self, Screen};
use crate::upcheck::upcheck;
use crate::world::CallError;
use supervisor_protocol::name_pattern::NamePattern;
use supervisor_protocol::xmlrpc::Value;

pub(super) const ACTION: Action = Action {
    name: "status",
    help: "status <name>\t\tGet status for a single process\n\
           status <gname>:*\tGet status for all processes in a group\n\
           status <name> <name>\tGet status for multiple named processes\n\
           status\t\t\tGet all process status info",
    completes: Completes::ProcessesOrAll,
    options: &["--all", "--format=json", "--format=table", "--format=wide", "--format=plain"],
    more: "Options, before the names:\n\
           --format json\tAn array of objects with all that is known\n\
           --format table\tColumns with a head; in colour on a terminal, unless NO_COLOR is set\n\
           --format wide\tMore columns: pid, uptime, restarts, CPU, memory, exit status, log files\n\
           --format plain\tThe usual lines\n\
           --all\t\t\tExtensions too, which supervisord runs beside the programs\n\
           Names may be patterns with *, ? and [...] (in quotes on a command line).\n\
           Examples:\n\
           status web:*\t\t\tThe processes of the group web\n\
           status --format json 'web*'\tThose that begin with web, for a program to read\n\
           status -- --format\t\tThe process that is called --format",
    run,
};

const ALL: &str = "supervisor.getAllProcessInfo";
const ONE: &str = "supervisor.getProcessInfo";
const PROCESSES: &str = "/api/v1/processes";
const DETAILS: &str = "/api/v1/processes?resources=true";

pub(super) fn run(controller: &mut Controller, argument: &str) -> Result<Flow, Failure> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let taken = take_shown(&words);
    let for_a_program = matches!(taken, Ok((Shown { format: Format::Json, .. }, _)));
    controller.output.divert_lines(for_a_program);
    if !upcheck(controller)? {
        controller.fail(ExitStatus::StatusUnknown);
        return Ok(Flow::Continue);
    }
    let (Shown { format, extensions }, names) = match taken {
        Ok(taken) => taken,
        Err(complaint) => return Ok(refuse(controller, &ACTION, &complaint, ExitStatus::Generic)),
    };
    let mut infos = if names.is_empty() || names.contains(&"all") {
        everything(controller, extensions)?
    } else if names.len() > MAX_SINGLE_STATUS_NAMES || names.iter().any(|name| needs_the_list(name)) {
        from_the_list(controller, names, extensions)?
    } else {
        one_by_one(controller, names)?
    };
    match format {
        Format::Json => {
            add_details(controller, &mut infos);
            add_event_pools(controller, &mut infos);
        }
        Format::Wide => add_usage(controller, &mut infos),
        Format::Plain | Format::Table => {}
    }
    show(controller, format, &infos);
    if infos.iter().any(is_stopped) {
        controller.fail(ExitStatus::SomethingStopped);
    }
    Ok(Flow::Continue)
}

/// Gives the members of event listener pools what their pool has done. The server may be older than that, or not ours;
/// then there is nothing to give.
fn add_event_pools(controller: &mut Controller, infos: &mut [ProcessInfo]) {
    if infos.is_empty() {
        return;
    }
    let Some(pools) = read(controller, EVENT_POOLS, event_view::pools) else { return };
    let pools = pools.unwrap_or_else(|error| {
        controller.output.line(&format!("what event listeners have done is not known: {error}"));
        Vec::new()
    });
    for info in infos {
        if let Some((_, pool)) = pools.iter().find(|(name, _)| *name == info.group) {
            info.others.push(("event_pool".to_owned(), pool.clone()));
        }
    }
}

/// Gives each process what XML-RPC does not tell of it. As with the pools, an older server has nothing to give.
fn add_details(controller: &mut Controller, infos: &mut [ProcessInfo]) {
    if infos.is_empty() {
        return;
    }
    let Some(details) = read(controller, DETAILS, event_view::process_details) else { return };
    let mut details: HashMap<_, _> = match details {
        Ok(details) => details.into_iter().collect(),
        Err(error) => {
            controller.output.error_line(&format!("how processes have ended is not known: {error}"));
            return;
        }
    };
    for info in infos {
        info.others.extend(details.remove(&make_namespec(&info.group, &info.name)).into_iter().flatten());
    }
}

/// The same for people: where nobody has looked lately, the share of a processor needs a second look.
fn add_usage(controller: &mut Controller, infos: &mut [ProcessInfo]) {
    let names: Vec<usize> = infos.iter().map(|info| info.others.len()).collect();
    add_details(controller, infos);
    let resources = |info: &ProcessInfo| info.member("resources").cloned();
    let lacks_cpu = |info: &ProcessInfo| {
        resources(info).is_some_and(|used| used.member("memory").is_some() && used.member("cpu").is_none())
    };
    if infos.iter().any(lacks_cpu) && controller.world.pause(SECOND_LOOK).is_ok() {
        for (info, count) in infos.iter_mut().zip(names) {
            info.others.truncate(count);
        }
        add_details(controller, infos);
    }
}

/// What a document of the server says, or why that is not known; `None`: the server is older than that, or not ours.
fn read<T>(controller: &mut Controller, path: &str, parse: fn(&str) -> Result<T, String>) -> Option<Result<T, String>> {
    match controller.world.get(path) {
        Ok(document) => Some(parse(&document)),
        Err(CallError::Http { status: 404, .. }) => None,
        Err(error) => Some(Err(error.to_string())),
    }
}

fn show(controller: &mut Controller, format: Format, infos: &[ProcessInfo]) {
    let screen = Screen { colour: controller.output.has_colour(), columns: controller.output.columns() };
    let text = match format {
        Format::Plain => {
            if screen.colour {
                controller.output.raw(status_view::coloured_lines(infos).as_bytes());
                return;
            }
            for line in format::status_lines(infos) {
                controller.output.line(&line);
            }
            return;
        }
        Format::Table => status_view::table(infos, screen),
        Format::Wide => status_view::wide(infos, screen),
        Format::Json => status_view::json(infos),
    };
    controller.output.raw(text.as_bytes());
}

/// Groups, and patterns, which are names only if no process has another.
fn needs_the_list(name: &str) -> bool {
    Namespec::parse(name).process.is_none() || is_pattern(name)
}

/// All processes, and then the extensions if they are wanted too: old monitors count what the list of XML-RPC holds, so
/// it has none. As with the pools, an older server has nothing to add.
fn everything(controller: &mut Controller, extensions: bool) -> Result<Vec<ProcessInfo>, Failure> {
    let mut all: Vec<ProcessInfo> = controller.call(ALL, &[])?;
    let Some(known) = extensions.then(|| read(controller, PROCESSES, event_view::process_details)).flatten() else {
        return Ok(all);
    };
    let known = known.unwrap_or_else(|error| {
        controller.output.error_line(&format!("which extensions there are is not known: {error}"));
        Vec::new()
    });
    let listed: HashSet<String> = all.iter().map(|info| make_namespec(&info.group, &info.name)).collect();
    let left_out: Vec<&str> =
        known.iter().map(|(name, _)| name.as_str()).filter(|name| !listed.contains(*name)).collect();
    all.extend(one_by_one(controller, &left_out)?);
    Ok(all)
}

/// Asks for all processes and picks the named ones, in the order of the names.
fn from_the_list(controller: &mut Controller, names: &[&str], extensions: bool) -> Result<Vec<ProcessInfo>, Failure> {
    let all = everything(controller, extensions)?;
    let mut chosen = Vec::new();
    for name in names {
        let wanted = Namespec::parse(name);
        let before = chosen.len();
        chosen.extend(all.iter().filter(|info| is_named(info, wanted)).cloned());
        if chosen.len() == before && is_pattern(name) {
            let pattern = NamePattern::new(name);
            chosen.extend(all.iter().filter(|info| pattern.means(&info.group, &info.name)).cloned());
        }
        if chosen.len() == before {
            no_such(controller, name, wanted);
        }
    }
    Ok(chosen)
}

fn is_named(info: &ProcessInfo, wanted: Namespec<'_>) -> bool {
    info.group == wanted.group && wanted.process.is_none_or(|process| info.name == process)
}

/// Asks for each name: what nobody wants to see is not fetched.
fn one_by_one(controller: &mut Controller, names: &[&str]) -> Result<Vec<ProcessInfo>, Failure> {
    let mut chosen = Vec::new();
    for name in names {
        match controller.try_call(ONE, &[Value::from(*name)]) {
            Ok(info) => chosen.push(info),
            Err(CallError::Fault { code: Known(FaultCode::BadName), .. }) => {
                no_such(controller, name, Namespec::parse(name));
            }
            Err(error) => return Err(Failure::Call { method: ONE, error }),
        }
    }
    Ok(chosen)
}

fn no_such(controller: &mut Controller, name: &str, wanted: Namespec<'_>) {
    let line = match wanted.process {
        Some(_) => format::error_line(name, "no such process"),
        None => format::error_line(wanted.group, "no such group"),
    };
    controller.output.line(&line);
    controller.fail(ExitStatus::StatusUnknown);
    controller.advise_name(name);
}

fn is_stopped(info: &ProcessInfo) -> bool {
    ProcessState::ALL.into_iter().any(|state| state.code() == info.state && state.is_stopped())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, array, check, fault, process, text, unreachable};
    use crate::world::ConnectError;

    fn cat() -> Value {
        process("cat", "cat", (20, "RUNNING"), "pid 7, uptime 0:00:06", 7)
    }

    fn manual() -> Value {
        process("g1", "manual", (0, "STOPPED"), "Not started", 0)
    }

    fn starting() -> Value {
        process("new", "new", (10, "STARTING"), "", 8)
    }

    const CAT: &str = "cat                              RUNNING   pid 7, uptime 0:00:06\n";
    const MANUAL: &str = "g1:manual                        STOPPED   Not started\n";
    const STARTING: &str = "new                              STARTING  \n";

    #[test]
    fn of_everything() {
        for line in ["status", "status all", "status cat all"] {
            check(
                Scene::new().on("getAllProcessInfo", array([cat(), starting()])),
                line,
                &format!("{CAT}{STARTING}"),
                0,
            );
        }
        check(Scene::new().on("getAllProcessInfo", array([])), "status", "", 0);
    }

    #[test]
    fn something_stopped_is_three() {
        for (state, status) in [
            ((0, "STOPPED"), 3),
            ((100, "EXITED"), 3),
            ((200, "FATAL"), 3),
            ((1000, "UNKNOWN"), 3),
            ((10, "STARTING"), 0),
            ((20, "RUNNING"), 0),
            ((30, "BACKOFF"), 0),
            ((40, "STOPPING"), 0),
        ] {
            let line = format!("x                                {:<10}d\n", state.1);
            check(Scene::new().on("getProcessInfo x", Ok(process("x", "x", state, "d", 0))), "status x", &line, status);
        }
    }

    #[test]
    fn names_are_asked_for_one_by_one_in_their_order() {
        let scene = Scene::new()
            .on("getProcessInfo new", Ok(starting()))
            .on("getProcessInfo cat", Ok(cat()))
            .on("getProcessInfo new", Ok(starting()));
        check(scene, "status new cat new", &format!("{STARTING}{CAT}{STARTING}"), 0);
    }

    #[test]
    fn unknown_names_come_first_and_are_four_unless_something_is_stopped() {
        let unknown = || Scene::new().on("getProcessInfo no", fault(FaultCode::BadName, "no"));
        check(unknown(), "status no", "no: ERROR (no such process)\n", 4);
        let scene = unknown().on("getProcessInfo cat", Ok(cat()));
        check(scene, "status cat no", &format!("no: ERROR (no such process)\n{CAT}"), 4);
        let scene = unknown().on("getProcessInfo g1:manual", Ok(manual()));
        check(scene, "status g1:manual no", &format!("no: ERROR (no such process)\n{MANUAL}"), 3);
    }

    #[test]
    fn groups_are_picked_from_the_list() {
        let scene = || Scene::new().on("getAllProcessInfo", array([cat(), manual(), starting()]));
        check(scene(), "status g1:*", MANUAL, 3);
        check(scene(), "status new cat:", &format!("{STARTING}{CAT}"), 0);
        check(scene(), "status no:*", "no: ERROR (no such group)\n", 4);
        check(
            scene(),
            "status no: g1:no cat",
            &format!("no: ERROR (no such group)\ng1:no: ERROR (no such process)\n{CAT}"),
            4,
        );
    }

    #[test]
    fn patterns_are_for_names_that_nobody_has() {
        let scene = || Scene::new().on("getAllProcessInfo", array([cat(), manual(), starting()]));
        check(scene(), "status c*", CAT, 0);
        check(scene(), "status *a* new", &format!("{CAT}{MANUAL}{STARTING}"), 3);
        check(scene(), "status g1:m?nual", MANUAL, 3);
        check(scene(), "status no* *:*", "no*: ERROR (no such process)\n*: ERROR (no such group)\n", 4);
        let literal = || array([cat(), process("c*", "c*", (20, "RUNNING"), "", 9)]);
        let words = "c*                               RUNNING   \n";
        check(Scene::new().on("getAllProcessInfo", literal()), "status c*", words, 0);
    }

    #[test]
    fn formats_are_chosen_before_the_names() {
        let scene = || Scene::new().on("getAllProcessInfo", array([cat(), manual()]));
        check(scene(), "status --format plain", &format!("{CAT}{MANUAL}"), 3);
        let table = "NAME       STATE    DESCRIPTION\n\
                     cat        RUNNING  pid 7, uptime 0:00:06\n\
                     g1:manual  STOPPED  Not started\n";
        check(scene(), "status --format=table all", table, 3);
        let one = || Scene::new().on("getProcessInfo cat", Ok(cat()));
        let wide_of_old = one().on("GET /api/v1/processes?resources=true", old());
        let words = wide_of_old.run("status --format wide cat").words_and_status();
        assert!(words.0.starts_with("NAME  STATE    PID"), "{words:?}");
        let one_of_old = one().on("GET /api/v1/processes?resources=true", old()).on("GET /api/v1/event-pools", old());
        let (json, status) = one_of_old.run("status --format json cat").words_and_status();
        assert!(json.starts_with("[\n  {\"name\": \"cat\", \"group\": \"cat\", ") && status == 0, "{json}");
        let complaint = "Error: --format takes json, table, wide or plain, not xml";
        check(Scene::new(), "status --format xml", &format!("{complaint}\n{}\n", ACTION.help), 1);
        let named = Scene::new().on("getProcessInfo --format", fault(FaultCode::BadName, "--format"));
        check(named, "status -- --format", "--format: ERROR (no such process)\n", 4);
    }

    fn old() -> Result<Value, CallError> {
        Err(CallError::Http { status: 404, reason: "Not Found".to_owned() })
    }

    #[test]
    fn json_tells_what_the_pool_of_a_listener_has_done() {
        let scene = |reply| {
            let processes = array([cat(), process("watch", "one", (20, "RUNNING"), "", 9)]);
            let scene =
                Scene::new().on("getAllProcessInfo", processes).on("GET /api/v1/processes?resources=true", old());
            scene.on("GET /api/v1/event-pools", reply)
        };
        let document = r#"{"pools": [{"dropped_by_count": 7, "name": "watch", "later": [true]}], "stream": {}}"#;
        let (json, _) = scene(text(document)).run("status --format json").words_and_status();
        let member = r#""event_pool": {"name": "watch", "dropped_by_count": 7, "later": [true]}}"#;
        let lines: Vec<&str> = json.lines().collect();
        assert!(lines[2].ends_with(member), "{json}");
        assert!(!lines[1].contains("event_pool"), "{json}");
        for (reply, words) in [
            (old(), ""),
            (
                Err(CallError::Broken("early end".to_owned())),
                "what event listeners have done is not known: early end\n",
            ),
            (text("[]"), "what event listeners have done is not known: no list of pools\n"),
        ] {
            let outcome = scene(reply).run("status --format json");
            assert_eq!((outcome.out.lines().count(), outcome.status), (4, 0), "{outcome:?}");
            assert!(!outcome.out.contains("event_pool"));
            assert_eq!(outcome.err, words);
        }
    }

    #[test]
    fn json_and_wide_tell_how_processes_have_ended_whatever_came_after_it() {
        let scene = |reply| {
            let processes = array([cat(), process("watch", "one", (20, "RUNNING"), "pid 9", 9)]);
            Scene::new().on("getAllProcessInfo", processes).on("GET /api/v1/processes?resources=true", reply)
        };
        let document = r#"{"processes": [
            {"name": "cat", "exit": {"code": 3, "expected": false, "ran": 1.5}, "later": 1},
            {"name": "watch:one", "exit": {"signal": "SIGSEGV", "core_dumped": true}, "protocol_error": "hello"}]}"#;
        let (json, _) =
            scene(text(document)).on("GET /api/v1/event-pools", old()).run("status --format json").words_and_status();
        let lines: Vec<&str> = json.lines().collect();
        assert!(lines[1].contains(r#""exit": {"code": 3, "expected": false, "ran": 1.5}"#), "{json}");
        assert!(lines[2].contains(r#""exit": {"core_dumped": true, "signal": "SIGSEGV"}, "protocol_error": "hello""#));
        let (wide, _) = scene(text(document)).run("status --format wide").words_and_status();
        let lines: Vec<&str> = wide.lines().collect();
        assert!(lines[1].contains("  3  "), "{wide}");
        assert!(lines[2].contains("  SIGSEGV  "), "{wide}");
        assert!(lines[2].ends_with("pid 9; broke the listener protocol: 'hello'"), "{wide}");
        let broken = scene(Err(CallError::Broken("early end".to_owned()))).run("status --format wide");
        assert_eq!(broken.err, "how processes have ended is not known: early end\n");
        assert!(broken.out.starts_with("NAME"), "{broken:?}");
    }

    #[test]
    fn extensions_are_shown_when_they_are_asked_for() {
        let asked = |reply| Scene::new().on("getAllProcessInfo", array([cat()])).on("GET /api/v1/processes", reply);
        let scene = |reply| {
            let queue = process("rpcinterface.queue", "rpcinterface.queue", (20, "RUNNING"), "pid 3", 3);
            asked(reply).on("getProcessInfo rpcinterface.queue", Ok(queue))
        };
        let document = r#"{"processes": [{"name": "cat"}, {"name": "rpcinterface.queue"}]}"#;
        let queue = "rpcinterface.queue               RUNNING   pid 3\n";
        for line in ["status --all", "status --all all"] {
            check(scene(text(document)), line, &format!("{CAT}{queue}"), 0);
        }
        check(scene(text(document)), "status --all rpc*", queue, 0);
        check(asked(old()), "status --all", CAT, 0);
        let broken = asked(Err(CallError::Broken("early end".to_owned()))).run("status --all");
        assert_eq!(broken.err, "which extensions there are is not known: early end\n");
        assert_eq!((broken.out.as_str(), broken.status), (CAT, 0));
    }

    #[test]
    fn json_is_alone_on_standard_output() {
        let scene = Scene::new().on("getProcessInfo no", fault(FaultCode::BadName, "no"));
        let outcome = scene.run("status --format json no");
        assert_eq!(outcome.out, "[]\n");
        assert_eq!((outcome.err.as_str(), outcome.status), ("no: ERROR (no such process)\n", 4));
        let outcome = Scene::bare().on("getVersion", unreachable(ConnectError::Refused)).run("status --format json");
        assert_eq!((outcome.out.as_str(), outcome.status), ("", 4));
        let words = "error: unix:///run/s.sock refused connection (serverurl in /etc/s.conf): is supervisord running? \
             If not: supervisord -c /etc/s.conf\n";
        assert_eq!(outcome.err, words);
    }

    #[test]
    fn many_names_are_picked_from_the_list_too() {
        let names = ["cat"; MAX_SINGLE_STATUS_NAMES + 1].join(" ");
        let scene = Scene::new().on("getAllProcessInfo", array([cat()]));
        check(scene, &format!("status {names}"), &CAT.repeat(MAX_SINGLE_STATUS_NAMES + 1), 0);
    }

    #[test]
    fn no_server_is_four_whatever_the_reason() {
        for (why, words) in [
            (unreachable(ConnectError::Refused), "unix:///run/s.sock refused connection\n"),
            (unreachable(ConnectError::NoSuchFile), "unix:///run/s.sock no such file\n"),
        ] {
            check(Scene::bare().on("getVersion", why), "status", words, 4);
        }
    }
}
