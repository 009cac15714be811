//! The extensions in `examples/extensions`, in every language: each keeps to the protocol, and does what it says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::listener_programs::example;
use crate::support::{Program, TestDaemon, Value, not_tested, project_root, supervisorctl, until, until_at_most};

/// The longest until the next TICK_5, on a slow machine.
const A_TICK: Duration = Duration::from_secs(30);

/// The command of an example; `None`, which is said, where its language is not there.
fn command_of(file: &str) -> Option<Vec<PathBuf>> {
    let path = project_root().join("examples/extensions").join(file);
    let interpreter = match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("rs") => return Some(vec![example(file.trim_end_matches(".rs"))]),
        Some("js") => "node",
        Some("py") => "python3",
        Some("sh") => "sh",
        Some(_) | None => panic!("{file} is in no language that is known here"),
    };
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&search_path).any(|folder| folder.join(interpreter).exists()) {
        return Some(vec![interpreter.into(), path]);
    }
    not_tested(&format!("examples/extensions/{file}: {interpreter} is not installed"));
    None
}

/// What `extension-test` says of an example, given options of its own.
fn tried(daemon: &TestDaemon, file: &str, options: &[&str]) {
    let Some(words) = command_of(file) else { return };
    let mut client = Command::new(supervisorctl());
    client.arg("extension-test").args(options).args(words);
    let ended = Program::run(&mut client, daemon.mark(), &daemon.path("run"), "extension-test");
    assert!(ended.stdout.ends_with("\n11 ok, 0 wrong\n"), "{file}: {ended:?}");
    assert_eq!(ended.status, 0, "{file}");
}

#[test]
fn a_method_that_takes_its_time_keeps_to_the_protocol_in_four_languages() {
    let daemon = TestDaemon::of_example("extensions");
    for file in ["slow.py", "slow.rs", "slow.js", "slow.sh"] {
        tried(&daemon, file, &["--call", "wait(0.05)"]);
    }
}

#[test]
fn autoscalers_keep_to_the_protocol_and_survive_that_nothing_is_there() {
    let daemon = TestDaemon::of_example("extensions");
    let spool = format!("spool={}", daemon.path("run/spool").display());
    let further = ["group=none", "worker=cat", "jobs_per_worker=1", "max=1"].map(|option| ["--set", option]).concat();
    for file in ["autoscaler.py", "queue_autoscaler.rs"] {
        tried(&daemon, file, &[&["--call", "depth", "--set", &spool], further.as_slice()].concat());
    }
}

#[test]
fn the_page_beside_them_names_every_file() {
    let folder = project_root().join("examples/extensions");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("it is part of the repository");
    for entry in std::fs::read_dir(&folder).expect("it is part of the repository").flatten() {
        let name = entry.file_name().into_string().expect("our names are UTF-8");
        assert!(page.contains(&name) || name == "README.md" || entry.path().is_dir(), "{name}");
    }
}

/// The whole example on a supervisord, with other programs behind its namespaces where `commands` says so.
fn started(commands: &[(&str, &[PathBuf])]) -> TestDaemon {
    let mut daemon = TestDaemon::of_example("extensions");
    let libraries = project_root().join("python");
    daemon.set_variable("PYTHONPATH", &libraries.display().to_string());
    let mut text = daemon.read("supervisord.conf");
    for (file, words) in commands {
        let old = format!("command = %(here)s/{file}\n");
        assert!(text.contains(&old), "{file}");
        let words: Vec<String> = words.iter().map(|word| word.display().to_string()).collect();
        text = text.replace(&old, &format!("command = {}\n", words.join(" ")));
    }
    daemon.write("supervisord.conf", &text);
    daemon.launch(&[]);
    daemon.wait_until_it_answers();
    daemon
}

/// What a call answers once its extension is ready.
fn answer(daemon: &TestDaemon, method: &str, arguments: &[Value]) -> Value {
    until(&format!("{method} is answered"), || daemon.call(method, arguments).ok())
}

/// Calls `slow.wait(10)`, as a person would, and everything else all the while.
fn holds_up_nobody(file: &str) {
    let Some(words) = command_of(file) else { return };
    let mut daemon = started(&[("slow.py", &words)]);
    assert!(answer(&daemon, "slow.ping", &[]).as_text().starts_with("pong"));
    let help = daemon.call("system.methodHelp", &["slow.wait".into()]).expect("it is there");
    assert_eq!(help.as_text(), "Waits so many seconds, and says so.");
    let wrong = daemon.call("slow.wait", &["soon".into()]).expect_err("it is no number");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    let mut call = Command::new(daemon.path("call.py"));
    let call = call.args(["slow.wait", "10"]).env("PYTHONPATH", project_root().join("python"));
    let mut slow = Program::start(call, daemon.mark(), &daemon.path("run"), "slow");
    let mut answered = 0;
    let ended = until("the slow call is answered", || {
        daemon.call("slow.ping", &[]).expect("it is answered meanwhile");
        daemon.call("supervisor.getState", &[]).expect("so is supervisord");
        answered += 1;
        slow.try_wait()
    });
    assert_eq!((ended.status, ended.stdout.as_str()), (0, "waited 10 s\n"), "{}", ended.stderr);
    assert!(answered > 20, "{answered} answers in ten seconds");
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

#[test]
fn a_method_in_python_that_takes_ten_seconds_holds_up_nobody() {
    holds_up_nobody("slow.py");
}

#[test]
fn a_method_in_rust_that_takes_ten_seconds_holds_up_nobody() {
    holds_up_nobody("slow.rs");
}

#[test]
fn a_method_in_javascript_that_takes_ten_seconds_holds_up_nobody() {
    holds_up_nobody("slow.js");
}

#[test]
fn a_method_in_shell_that_takes_ten_seconds_holds_up_nobody() {
    holds_up_nobody("slow.sh");
}

/// Writes so many jobs, and takes away what is more.
fn put_jobs(daemon: &TestDaemon, count: usize) {
    for number in 0..8 {
        let job = daemon.path(&format!("run/spool/{number}"));
        if number < count {
            std::fs::write(job, "").expect("the folder is there");
        } else {
            // Most are not there.
            drop(std::fs::remove_file(job));
        }
    }
}

fn workers(daemon: &TestDaemon) -> Vec<String> {
    let listed = daemon.ctl(&["status", "workers:*"]).stdout;
    let names = listed.lines().filter_map(|line| line.split(' ').next()?.strip_prefix("workers:"));
    names.filter(|name| *name != "inlet").map(str::to_owned).collect()
}

#[test]
fn autoscalers_add_and_remove_programs_of_a_running_group() {
    for file in ["autoscaler.py", "queue_autoscaler.rs"] {
        let Some(words) = command_of(file) else { continue };
        let mut daemon = started(&[("autoscaler.py", &words)]);
        let inlet = until("the inlet runs", || Some(daemon.pid_of("workers:inlet")).filter(|pid| *pid != 0));
        put_jobs(&daemon, 3);
        assert_eq!(answer(&daemon, "queue.scale", &[]), 2.into(), "{file}");
        assert_eq!(daemon.call("queue.depth", &[]), Ok(3.into()), "{file}");
        until("both run", || (daemon.state("workers:worker-1") == "RUNNING").then_some(()));
        assert_eq!(workers(&daemon), ["worker-0", "worker-1"], "{file}");
        let first = daemon.pid_of("workers:worker-0");
        put_jobs(&daemon, 8);
        // Nobody asks: the next tick does.
        until_at_most(A_TICK, "there are as many as may be", || (workers(&daemon).len() == 3).then_some(()));
        put_jobs(&daemon, 1);
        until_at_most(A_TICK, "there is one left", || (workers(&daemon) == ["worker-0"]).then_some(()));
        assert_eq!([daemon.pid_of("workers:worker-0"), daemon.pid_of("workers:inlet")], [first, inlet], "{file}");
        let log = daemon.program().stdout();
        assert!(log.contains(" INFO 3 jobs wait: from 0 to 2 workers\n"), "{file}: {log}");
        daemon.signal("INT");
        daemon.assert_ends_clean();
    }
}

#[test]
fn what_is_not_in_allow_is_refused_and_said() {
    let Some(words) = command_of("autoscaler.py") else { return };
    let mut daemon = started(&[("autoscaler.py", &words)]);
    let text = daemon.read("supervisord.conf").replace("allow = sup.group, ", "allow = ");
    daemon.write("supervisord.conf", &text);
    assert_eq!(answer(&daemon, "queue.depth", &[]), 0.into());
    assert_eq!(daemon.ctl(&["update"]).status, 0);
    let refused =
        until("it is refused", || daemon.call("queue.scale", &[]).err().filter(|fault| fault.text.contains("allow")));
    assert_eq!(
        (refused.code, refused.text.as_str()),
        (30, "FAILED: sup.group is not in allow= of [rpcinterface:queue]")
    );
    daemon.signal("INT");
    daemon.assert_ends_clean();
}

#[test]
fn the_example_of_the_guide_answers_what_the_guide_says() {
    let page =
        std::fs::read_to_string(project_root().join("docs/extensions.md")).expect("it is part of the repository");
    let block = |begin: &str| {
        let (_, rest) = page.split_once(begin).expect("the guide has it");
        rest.split_once("```").expect("it ends").0.to_owned()
    };
    let section =
        block("```ini\n").replace("/usr/local/bin/disk.py", "python3 {dir}/disk.py").replace("user=nobody\n", "");
    let mut daemon = TestDaemon::prepared(&section);
    daemon.write("disk.py", &block("```python\n"));
    daemon.start();
    let help = answer(&daemon, "system.methodHelp", &["disk.free".into()]);
    assert_eq!(help.as_text(), "Bytes that are free where this path leads.");
    let refused = daemon.call("disk.free", &["/nowhere".into()]).expect_err("it is not there");
    let words = "FAILED: [Errno 2] No such file or directory: '/nowhere'";
    assert_eq!((refused.code, refused.text.as_str()), (30, words));
    assert!(page.contains(&format!("# fault 30: {words}\n")), "the guide says so");
    daemon.stop();
}
