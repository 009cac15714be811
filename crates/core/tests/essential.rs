//! Programs whose end is supervisord's, and the exit status that this gives: `essential`, `on_exit`, `on_fatal`,
//! `exit_when`, `exit_code_from` (docs/containers.md).

mod exit_code_from;
mod exit_when;
mod restarts;

use std::sync::Arc;

use supervisor_core::{
    Aftermath, Autorestart, BadCommand, Command, DaemonSignal, EndingConfig, EssentialConfig, ExitStatus, GroupConfig,
    Input, ProcessConfig, ProcessState, Settings, SupervisorState,
};

use crate::sim::config::{alone, group, program, with};
use crate::sim::{Script, Sim};

const KILLED: ExitStatus = ExitStatus::Signaled { signal: 9, core_dumped: false };
const SEGFAULT: ExitStatus = ExitStatus::Signaled { signal: 11, core_dumped: true };
const TERMINATED: ExitStatus = ExitStatus::Signaled { signal: 15, core_dumped: false };

/// A supervisor that runs these groups with scripts for their children, as `[supervisord]` has it.
fn sim<const N: usize>(ending: EndingConfig, groups: Vec<Arc<GroupConfig>>, scripts: [(&str, Script); N]) -> Sim {
    let mut sim = Sim::new(Settings { ending, ..Settings::default() });
    sim.supervisor.configure(groups, &mut sim.host).expect("there are no sockets");
    for (process, script) in scripts {
        sim.script(process, [script]);
    }
    sim.feed(Input::Boot);
    sim
}

fn essential(name: &str) -> ProcessConfig {
    with(program(name), |it| it.essential = EssentialConfig::ESSENTIAL)
}

fn once(name: &str) -> ProcessConfig {
    with(program(name), |it| it.restart.autorestart = Autorestart::Never)
}

/// The exit status of a supervisord that has ended; `None`: it runs.
fn outcome(sim: &Sim) -> Option<u8> {
    sim.supervisor.is_finished().then(|| sim.supervisor.exit_status())
}

/// Lets an hour pass, at most.
fn outcome_in_an_hour(sim: &mut Sim) -> Option<u8> {
    sim.advance(3_600.0);
    outcome(sim)
}

#[test]
fn the_whole_of_an_end() {
    let groups =
        vec![alone(with(essential("web"), |it| it.restart.autorestart = Autorestart::Never)), alone(program("db"))];
    let mut sim = sim(EndingConfig::default(), groups, [("web", Script::exits(5.0, 3))]);
    sim.advance(4.0);
    sim.take();
    sim.run_until_quiet();
    assert_eq!(
        sim.take().timed(),
        [
            "5.000 PROCESS_STATE_EXITED web from_state:RUNNING expected:0 pid:100",
            "5.000 WARN exited: web (exit status 3; not expected)",
            "5.000 release web",
            "5.000 WARN essential program web has exited (exit status 3), shutting down",
            "5.000 state SHUTDOWN",
            "5.000 SUPERVISOR_STATE_CHANGE_STOPPING",
            "5.000 DEBG killing db (pid 101) with signal SIGTERM",
            "5.000 PROCESS_STATE_STOPPING db from_state:RUNNING pid:101",
            "5.000 kill 101 SIGTERM",
            "5.000 INFO waiting for db to die",
            "5.000 PROCESS_STATE_STOPPED db from_state:STOPPING pid:101",
            "5.000 WARN stopped: db (terminated by SIGTERM)",
            "5.000 release db",
            "5.000 INFO supervisord ends with status 3 (web)",
        ]
    );
    assert_eq!(outcome(&sim), Some(3));
}

#[test]
fn an_end_counts_where_nothing_follows_it() {
    use Autorestart::{Always, Never, Unexpected};
    for (autorestart, end, expected) in [
        (Never, ExitStatus::Exited(0), Some(0)),
        (Never, ExitStatus::Exited(3), Some(3)),
        (Never, KILLED, Some(137)),
        (Never, SEGFAULT, Some(139)),
        (Unexpected, ExitStatus::Exited(0), Some(0)),
        (Unexpected, ExitStatus::Exited(3), None),
        (Unexpected, KILLED, None),
        (Always, ExitStatus::Exited(0), None),
        (Always, ExitStatus::Exited(3), None),
    ] {
        for startsecs in [0, 1] {
            let config = with(essential("web"), |it| {
                it.restart.autorestart = autorestart;
                it.start.startsecs = startsecs;
            });
            let mut sim = sim(EndingConfig::default(), vec![alone(config)], [("web", Script::ends(2.0, end))]);
            // The lives after the first one do not end.
            sim.advance(1.0);
            sim.script("web", [Script::lives()]);
            assert_eq!(outcome_in_an_hour(&mut sim), expected, "{autorestart:?} {end:?} {startsecs}");
        }
    }
}

#[test]
fn fatal_is_what_the_last_life_was_and_never_success() {
    let missing = |sim: &mut Sim| sim.hide("web");
    let not_executable = |sim: &mut Sim| {
        let bad = BadCommand::NotExecutable("command at '/bin/web' is not executable".to_owned());
        sim.host.hidden.insert("web".to_owned(), bad);
    };
    let nothing = |_: &mut Sim| {};
    let refused = Script::unborn("too many processes");
    for (case, script, change, expected) in [
        ("missing", Script::lives(), missing as fn(&mut Sim), 127),
        ("not executable", Script::lives(), not_executable, 126),
        ("refused by the kernel", refused, nothing, 1),
        ("too quick", Script::exits(0.5, 3), nothing, 3),
        ("too quick, and pleased with itself", Script::exits(0.5, 0), nothing, 1),
        ("killed", Script::ends(0.5, KILLED), nothing, 137),
    ] {
        for autorestart in [Autorestart::Never, Autorestart::Unexpected, Autorestart::Always] {
            let config = with(essential("web"), |it| it.restart.autorestart = autorestart);
            let mut sim = Sim::configured(vec![alone(config)]);
            sim.script("web", [script.clone()]);
            change(&mut sim);
            sim.feed(Input::Boot);
            assert_eq!(outcome_in_an_hour(&mut sim), Some(expected), "{case} {autorestart:?}");
            let lines = sim.take().with("essential").lines();
            assert_eq!(lines, ["WARN essential program web is FATAL, shutting down"], "{case}");
        }
    }
}

#[test]
fn a_program_that_vanishes_between_two_lives_was_not_found() {
    let config = with(essential("web"), |it| it.restart.autorestart = Autorestart::Always);
    let mut sim = sim(EndingConfig::default(), vec![alone(config)], [("web", Script::exits(2.0, 3))]);
    sim.advance(1.0);
    sim.hide("web");
    assert_eq!(outcome_in_an_hour(&mut sim), Some(127));
}

#[test]
fn each_of_the_two_counts_by_itself() {
    let (none, shutdown) = (Aftermath::None, Aftermath::Shutdown);
    for (on_exit, on_fatal, exits, expected) in [
        (shutdown, none, true, Some(0)),
        (shutdown, none, false, None),
        (none, shutdown, true, None),
        (none, shutdown, false, Some(1)),
        (none, none, true, None),
        (none, none, false, None),
    ] {
        let config = with(program("web"), |it| it.essential = EssentialConfig { on_exit, on_fatal });
        let script = if exits { Script::exits(2.0, 0) } else { Script::exits(0.5, 1) };
        let mut sim = sim(EndingConfig::default(), vec![alone(config)], [("web", script)]);
        assert_eq!(outcome_in_an_hour(&mut sim), expected, "{on_exit:?} {on_fatal:?} {exits}");
    }
}

#[test]
fn what_clients_do_to_an_essential_program_is_no_end() {
    let config = || alone(with(essential("web"), |it| it.restart.autorestart = Autorestart::Never));
    let mut sim = sim(EndingConfig::default(), vec![config(), group("g", 1, [essential("a"), program("b")])], []);
    sim.advance(2.0);
    for command in [
        Command::StopProcess { name: "web".to_owned(), wait: true },
        Command::StartProcess { name: "web".to_owned(), wait: true },
        Command::StopAllProcesses { wait: true },
        Command::ReloadConfig { groups: Vec::new() },
        Command::RemoveProcessGroup { name: "web".to_owned() },
        Command::RemoveProcess { group: "g".to_owned(), process: "a".to_owned() },
        Command::ReloadConfig { groups: vec![config()] },
        Command::AddProcessGroup { name: "web".to_owned() },
    ] {
        sim.request(command.clone());
        sim.advance(5.0);
        assert_eq!(sim.supervisor.state(), SupervisorState::Running, "{command:?}");
    }
    assert_eq!(sim.state("web"), ProcessState::Running);
}

#[test]
fn a_stop_before_the_start_is_done_is_no_end_either() {
    let mut sim = sim(EndingConfig::default(), vec![alone(essential("web"))], [("web", Script::exits(0.5, 1))]);
    sim.advance(0.7);
    assert_eq!(sim.state("web"), ProcessState::Backoff);
    sim.stop("web");
    assert_eq!(outcome_in_an_hour(&mut sim), None);
}

#[test]
fn of_two_the_one_that_is_reaped_first_decides() {
    for (first, second, expected) in [("a", "b", 3), ("b", "a", 4)] {
        let pair = ["a", "b"].map(|name| with(essential(name), |it| it.restart.autorestart = Autorestart::Never));
        let mut sim =
            sim(EndingConfig::default(), pair.map(alone).to_vec(), [("b", Script::lives().dying_slowly(2.0))]);
        sim.advance(2.0);
        let status = |name: &str| ExitStatus::Exited(if name == "a" { 3 } else { 4 });
        sim.exit(first, status(first));
        if sim.pid(second).is_some() {
            sim.exit(second, status(second));
        }
        assert_eq!(outcome_in_an_hour(&mut sim), Some(expected), "{first} {second}");
        assert_eq!(sim.take().with("essential").lines().len(), 1);
    }
}

#[test]
fn who_begins_the_shutdown_decides_over_the_status() {
    let config = with(essential("web"), |it| it.restart.autorestart = Autorestart::Never);
    let groups = || vec![alone(config.clone()), alone(program("slow"))];
    let scripts = || [("slow", Script::lives().dying_slowly(5.0))];
    // Told to end: the essential program ends while others are still asked, and it is no matter any more.
    let mut told = sim(EndingConfig::default(), groups(), scripts());
    told.advance(2.0);
    told.signal(DaemonSignal::Term);
    told.exit("web", ExitStatus::Exited(3));
    assert_eq!(outcome_in_an_hour(&mut told), Some(0));
    assert_eq!(told.take().with("essential").lines(), [""; 0]);
    assert_eq!(told.take().with("ends with").lines(), [""; 0]);
    // Ended by itself: what it is told afterwards changes nothing.
    let mut ended = sim(EndingConfig::default(), groups(), scripts());
    ended.advance(2.0);
    ended.exit("web", ExitStatus::Exited(3));
    ended.signal(DaemonSignal::Term);
    assert_eq!(outcome_in_an_hour(&mut ended), Some(3));
}

#[test]
fn a_restart_that_is_under_way_is_not_turned_into_an_end() {
    let config = with(essential("web"), |it| it.restart.autorestart = Autorestart::Never);
    let mut sim = sim(
        EndingConfig::default(),
        vec![alone(config), alone(program("slow"))],
        [("slow", Script::lives().dying_slowly(5.0))],
    );
    sim.advance(2.0);
    sim.signal(DaemonSignal::Hup);
    sim.exit("web", TERMINATED);
    sim.run_until_quiet();
    assert_eq!(sim.supervisor.state(), SupervisorState::Restarting);
}

/// An essential program in a group of a common socket, a pool or a group is like any other.
#[test]
fn members_of_groups_are_named_with_their_group() {
    let member = with(essential("a"), |it| it.restart.autorestart = Autorestart::Never);
    let mut sim =
        sim(EndingConfig::default(), vec![group("g", 1, [member, program("b")])], [("a", Script::exits(2.0, 7))]);
    assert_eq!(outcome_in_an_hour(&mut sim), Some(7));
    let lines = sim.take();
    assert_eq!(
        lines.with("essential").lines(),
        ["WARN essential program g:a has exited (exit status 7), shutting down"]
    );
    assert_eq!(lines.with("ends with").lines(), ["INFO supervisord ends with status 7 (g:a)"]);
}
