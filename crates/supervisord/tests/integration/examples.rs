//! The examples of this repository do what their texts promise.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Program, TestDaemon, free_port, http_get, project_root, send_signal, until, until_at_most};

/// The longest until a leak is found, on a slow machine: it takes seconds to grow and up to five until the next look.
const A_LEAK: Duration = Duration::from_mins(2);

#[test]
fn quickstart_serves_restarts_and_ends_in_order() {
    let mut daemon = TestDaemon::of_example("quickstart");
    let text = daemon.read("supervisord.conf");
    assert!(text.contains(" 8321 "), "the port of the web server");
    daemon.write("supervisord.conf", &text.replace(" 8321 ", " {port} "));
    daemon.launch(&[]);
    for process in ["web", "jobs:worker"] {
        daemon.wait_until_it_answers();
        daemon.wait_for_state(process, "RUNNING");
    }
    let port = daemon.port();
    let page = until("the page is served", || http_get(port, "/").ok());
    assert_eq!(page.0, 200);
    assert!(page.1.contains("It works"), "{}", page.1);

    let out = |daemon: &mut TestDaemon| daemon.program().stdout();
    until("flaky has failed and runs again", || {
        (out(&mut daemon).matches("spawned: 'flaky'").count() > 1).then_some(())
    });
    assert!(out(&mut daemon).contains("WARN exited: flaky (exit status 1; not expected)"));
    let listed = daemon.ctl(&["status"]).stdout;
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["jobs:flaky", "jobs:worker", "web"]);
    assert!(daemon.ctl(&["tail", "jobs:worker"]).stdout.starts_with("job 1 done\njob 2 done\n"));

    daemon.signal("INT");
    daemon.assert_ends_clean();
    let log = out(&mut daemon);
    let stopped: Vec<&str> = log.lines().filter_map(|line| line.split("stopped: ").nth(1)).collect();
    assert_eq!(stopped.last(), Some(&"web (exit status 0)"), "the web server stops last:\n{log}");
}

/// An example whose Python programs find our libraries, of which the copy has none beside it.
fn python_example(name: &str) -> TestDaemon {
    let mut daemon = TestDaemon::of_example(name);
    let libraries = project_root().join("python");
    daemon.set_variable("PYTHONPATH", &libraries.display().to_string());
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    daemon
}

#[test]
fn memory_restarts_what_leaks_and_leaves_the_rest_alone() {
    let mut daemon = python_example("memory");
    daemon.wait_for_state("steady", "RUNNING");
    let steady = daemon.pid_of("steady");
    until_at_most(A_LEAK, "what leaks is restarted", || {
        (daemon.program().stdout().matches("spawned: 'leaks'").count() > 1).then_some(())
    });
    let out = daemon.program().stdout();
    assert!(out.contains("leaks:leaks takes ") && out.contains(" MB, it may take 60: restarting it\n"), "{out}");
    assert_eq!(daemon.pid_of("steady"), steady);
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

#[test]
fn conversation_goes_both_ways_and_others_come_by() {
    let mut daemon = python_example("conversation");
    until("the answer is heard", || {
        daemon.program().stdout().contains("asks has heard: 6 times 7 is 42\n").then_some(())
    });
    let mut tell = Command::new(daemon.path("tell.py"));
    let tell = tell.arg("dinner is ready").env("PYTHONPATH", project_root().join("python"));
    let told = Program::run(tell, daemon.mark(), &daemon.path("run"), "tell");
    assert_eq!((told.status, told.stderr.as_str()), (0, ""));
    until("what was told is heard", || {
        daemon.program().stdout().contains("asks has heard: dinner is ready\n").then_some(())
    });
    assert!(!daemon.program().stdout().contains("multiply"), "a message is no output");
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

#[test]
fn environment_tells_a_program_what_its_files_say() {
    let mut daemon = TestDaemon::of_example("environment");
    daemon.set_variable("APP_NAME", "of the shell");
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("app", "RUNNING");
    let page =
        std::fs::read_to_string(project_root().join("docs/environment.md")).expect("it is part of the repository");
    let told = until("it has said everything", || {
        let told = daemon.ctl(&["tail", "app"]).stdout;
        told.contains("bytes\n").then_some(told)
    });
    assert!(page.contains(told.trim_end()), "{told}");
    daemon.write("local.env", "APP_URL=here\n");
    daemon.ctl(&["restart", "app"]);
    until("it has read the other file", || daemon.ctl(&["tail", "app"]).stdout.contains("at here: ").then_some(()));
    let log = daemon.program().stdout();
    assert!(!log.contains("battery") && !log.contains("real key"), "{log}");
    daemon.stop();
}

#[test]
fn retries_are_patient_and_have_an_end() {
    let mut daemon = TestDaemon::of_example("retries");
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    daemon.wait_for_state("patient", "RUNNING");
    daemon.wait_for_state("crashes", "FATAL");
    let out = daemon.program().stdout();
    let gave_up = "gave up: crashes entered FATAL state, restarted 3 times within 60 seconds (restart_limit_count)\n";
    assert!(out.contains(gave_up) && out.contains("WARN crashes is tried again in 600 seconds"), "{out}");
    assert_eq!(out.matches("spawned: 'patient'").count(), 4, "{out}");
    let status = daemon.ctl(&["status", "crashes"]).stdout;
    assert!(status.contains("restarted 3 times within 60 seconds, starts in "), "{status}");
    let why = daemon.ctl(&["why", "crashes"]).stdout;
    assert!(why.contains("wanted: up (fatal_retry)") && why.contains("seconds (fatal_retry_secs)\n"), "{why}");
    assert!(why.contains("last end: exit status 3 after 0."), "{why}");
    let history = daemon.ctl(&["history", "crashes"]).stdout;
    assert_eq!(history.matches("exit status 3 after 0.").count(), 4, "{history}");
    assert_eq!(daemon.ctl(&["reset_failed", "crashes"]).stdout, "crashes: reset\n");
    daemon.wait_for_state("crashes", "STOPPED");
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

/// The commands of the page, each of which has its own test here or in `extension_examples.rs`.
#[test]
fn the_page_of_examples_names_each_and_what_it_names_is_there() {
    let folder = project_root().join("examples");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("it is part of the repository");
    for entry in std::fs::read_dir(&folder).expect("it is part of the repository").flatten() {
        let name = entry.file_name().into_string().expect("our names are UTF-8");
        assert!(page.contains(&name) || !entry.path().is_dir(), "{name}");
    }
    let named = page.split([' ', '`', '|']).filter(|word| word.starts_with("examples/"));
    let missing: Vec<&str> = named.filter(|path| !project_root().join(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn container_ends_with_its_job_and_has_its_exit_status() {
    let mut daemon = TestDaemon::of_example("container");
    daemon.launch(&[]);
    let ended = daemon.program().wait_for_end();
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let out = &ended.stdout;
    let crashed = out.find("the job crashes\n").expect("it crashes first");
    let done = out.find("the job is done\n").expect("it is started again");
    assert!(crashed < done && out.contains("WARN exited: job (exit status 1; not expected)"), "{out}");
    assert!(out.contains("WARN essential program job has exited (exit status 0), shutting down\n"), "{out}");
    assert!(out.ends_with("INFO supervisord ends with status 0 (job)\n"), "{out}");
    daemon.assert_nothing_left();
    // The way of `docker stop`.
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    daemon.signal("TERM");
    daemon.assert_ends_clean();
}

#[test]
fn provisioning_adds_and_removes_instances_while_supervisord_runs() {
    let mut daemon = TestDaemon::of_example("provisioning");
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    let scale = |daemon: &TestDaemon, instances: &str| {
        let mut script = Command::new(daemon.path("scale.py"));
        Program::run(script.arg(instances), daemon.mark(), &daemon.path("run"), "scale")
    };
    let members = |daemon: &TestDaemon| {
        let listed = daemon.ctl(&["status", "workers:*"]).stdout;
        let names = listed.lines().filter_map(|line| line.split(' ').next());
        names.map(|name| name.replace("workers:", "")).collect::<Vec<_>>().join(" ")
    };
    let added = scale(&daemon, "3");
    assert_eq!(added.stdout.lines().count(), 3, "{added:?}");
    for number in 0..3 {
        daemon.wait_for_state(&format!("workers:worker-{number}"), "RUNNING");
    }
    assert_eq!(scale(&daemon, "3").stdout, "", "a second time changes nothing");
    assert_eq!(scale(&daemon, "1").stdout, "workers:worker-1: removed\nworkers:worker-2: removed\n");
    assert_eq!(members(&daemon), "inlet worker-0");
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

/// The ports of the stack: nginx, gunicorn, redis.
struct Ports([u16; 3]);

/// A visit: its number and the pid of the gunicorn master that answered.
fn visit(port: u16) -> Option<(u32, i64)> {
    let (status, body) = http_get(port, "/").ok()?;
    if status != 200 {
        return None;
    }
    let words: Vec<&str> = body.split([' ', ',']).collect();
    Some((words.get(1)?.parse().ok()?, words.get(4)?.parse().ok()?))
}

fn web_stack() -> (TestDaemon, Ports) {
    let environment = project_root().join("target/web-stack");
    let mut daemon = TestDaemon::of_example("web-stack");
    install_web_stack(&daemon, &environment);
    let ports = [free_port(), free_port(), free_port()];
    daemon.set_variable("STACK_DIR", "{dir}/run");
    for (name, port) in ["WEB_PORT", "APP_PORT", "REDIS_PORT"].into_iter().zip(ports) {
        daemon.set_variable(name, &port.to_string());
    }
    let python = environment.join("bin/python");
    daemon.set_variable("APP_PYTHON", python.to_str().expect("a plain path"));
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    for process in ["redis", "app", "web"] {
        daemon.wait_for_state(process, "RUNNING");
    }
    (daemon, Ports(ports))
}

/// Brings nginx, redis-server and gunicorn to this machine, if they are not there.
fn install_web_stack(daemon: &TestDaemon, environment: &Path) {
    let mut script = Command::new(daemon.path("install.sh"));
    let mut program = Program::start(script.arg(environment), daemon.mark(), &daemon.path("run"), "install");
    let ended = program.wait_for_end_at_most(Duration::from_mins(5));
    assert_eq!(ended.status, 0, "{}", ended.stderr);
}

#[test]
fn web_stack_survives_the_death_of_its_application_server() {
    let (mut daemon, Ports(ports)) = web_stack();
    let web_port = ports[0];
    let (first, _) = until("the page is served through nginx", || visit(web_port));
    let master = daemon.pid_of("app");
    let (second, answered_by) = visit(web_port).expect("it is up");
    assert_eq!((second, answered_by), (first + 1, master));

    send_signal("KILL", &master.to_string());
    // Its workers notice within a second, and until then keep the port that the new master wants.
    let (later, _) = until_at_most(Duration::from_secs(40), "a new master serves", || {
        visit(web_port).filter(|(_, by)| *by != master && *by == daemon.pid_of("app"))
    });
    assert!(later > second, "redis has kept the count: {later} after {second}");
    daemon.wait_for_state("app", "RUNNING");

    daemon.signal("TERM");
    daemon.assert_ends_clean();
    for port in ports {
        TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    }
    let out = daemon.program().stdout();
    assert!(out.contains("WARN exited: app (terminated by SIGKILL; not expected)"), "{out}");
    assert!(out.contains("stopped: web (exit status 0)"), "nginx ends gracefully:\n{out}");
    assert!(out.contains("\"GET / HTTP/1."), "nginx's access log comes through /dev/fd/1:\n{out}");
    assert!(out.contains("Ready to accept connections"), "redis' log comes through /dev/stdout:\n{out}");
}
