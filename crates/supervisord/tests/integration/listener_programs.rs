//! Programs that listen and call back, in every language at hand: the examples, our Python module, the library of the
//! Python release, and plain shell.

use std::path::PathBuf;

use crate::support::{TestDaemon, project_root, python_environment, testing_the_original, until, until_at_most};

/// The longest until the next TICK_5, on a slow machine.
const A_TICK: std::time::Duration = std::time::Duration::from_secs(30);

/// One of the finished programs in `examples/listeners`.
pub(crate) fn example(name: &str) -> PathBuf {
    let binaries = PathBuf::from(env!("CARGO_BIN_EXE_supervisord"));
    let path = binaries.with_file_name("examples").join(name);
    assert!(path.exists(), "{} is missing: run `cargo build --workspace --examples` first", path.display());
    path
}

fn conversation(further: &str, of_program: &str) -> TestDaemon {
    let program = example("conversation");
    let program = program.display();
    TestDaemon::started(&format!(
        "{further}
[program:asks]
command={program} ask 6 7
stdout_capture_maxbytes=1MB
stdout_logfile={{dir}}/asks.out
stderr_logfile={{dir}}/asks.err
[eventlistener:answers]
command={program} answer
events=PROCESS_COMMUNICATION
startsecs=0
stderr_logfile={{dir}}/answers.err
{of_program}
"
    ))
}

#[test]
fn a_program_and_a_listener_talk_with_each_other() {
    let mut daemon = conversation("", "");
    daemon.wait_for_text("asks.err", "6 times 7 is 42\n");
    assert_eq!(daemon.read("asks.out"), "", "a message is no output");
    daemon.stop();
}

#[test]
fn a_listener_calls_back_over_tcp_with_the_credentials_it_is_given() {
    let server = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=p@ss:w";
    let url = "serverurl=http://127.0.0.1:{port}\n";
    let mut refused = conversation(server, url);
    refused.wait_for_text("answers.err", "asks did not hear the answer: supervisord wants credentials");
    refused.stop();
    let credentials = "environment=SUPERVISOR_USERNAME=\"user\",SUPERVISOR_PASSWORD=\"p@ss:w\"\n";
    let mut daemon = conversation(server, &format!("{url}{credentials}"));
    daemon.wait_for_text("asks.err", "6 times 7 is 42\n");
    daemon.stop();
}

#[test]
fn the_memory_monitor_restarts_what_grows_too_large_and_nothing_else() {
    let mut daemon = TestDaemon::prepared(&format!(
        "[program:hog]
command=/bin/sh {{dir}}/hog.sh
[program:small]
command=/bin/sleep 1000
[eventlistener:monitor]
command={} -p hog=30MB -a 2GB
events=TICK_5
stderr_logfile={{dir}}/monitor.err
",
        example("memory_monitor").display()
    ));
    daemon.write("hog.sh", "x=$(head -c 60000000 /dev/zero | tr '\\0' x)\nread -r never\n");
    daemon.start();
    daemon.wait_for_state("hog", "RUNNING");
    let (hog, small) = (daemon.pid_of("hog"), daemon.pid_of("small"));
    until_at_most(A_TICK, "the hog is restarted", || {
        let pid = daemon.pid_of("hog");
        (pid != hog && pid != 0).then_some(())
    });
    assert_eq!(daemon.pid_of("small"), small);
    assert!(daemon.read("monitor.err").contains("hog:hog takes "), "{}", daemon.read("monitor.err"));
    daemon.stop();
}

#[test]
fn the_autoscaler_runs_as_many_instances_as_there_is_work_for() {
    let mut daemon = TestDaemon::prepared(&format!(
        "[include]
files={{dir}}/workers.inc
[eventlistener:scaler]
command={} --name worker --spool {{dir}}/spool --include {{dir}}/workers.inc --command \"/bin/sleep 1000\" \
--jobs-per-instance 2 --min 1 --max 4
events=REMOTE_COMMUNICATION
startsecs=0
stderr_logfile={{dir}}/scaler.err
",
        example("autoscaler").display()
    ));
    let spool = daemon.path("spool");
    std::fs::create_dir(&spool).expect("the folder is ours");
    daemon.start();
    let scale = |jobs: usize, instances: usize| {
        for entry in std::fs::read_dir(&spool).expect("the folder is ours").flatten() {
            std::fs::remove_file(entry.path()).expect("the folder is ours");
        }
        for job in 0..jobs {
            std::fs::write(spool.join(job.to_string()), "").expect("the folder is ours");
        }
        daemon.call("supervisor.sendRemoteCommEvent", &["scale".into(), "".into()]).expect("it is a good call");
        until(&format!("{instances} instances run"), || {
            let status = daemon.ctl(&["status"]).stdout;
            let running: Vec<&str> = status.lines().filter(|line| line.contains("worker_")).collect();
            let all_run = running.iter().all(|line| line.contains("RUNNING") || line.contains("STARTING"));
            (running.len() == instances && all_run).then_some(())
        });
    };
    scale(0, 1);
    let first = daemon.pid_of("worker_1");
    scale(5, 3);
    scale(100, 4);
    scale(3, 2);
    assert_eq!(daemon.pid_of("worker_1"), first, "instances that stay are not touched");
    // What was added and removed at run time is what the file says now.
    assert_eq!(daemon.ctl(&["update"]).stdout, "");
    daemon.stop();
}

/// A Python listener that tells what it has read, with one module or the other.
const TELLS: &str = "\
import os, sys
import MODULE as childutils
proxy = childutils.getRPCInterface(os.environ)
print('state', proxy.supervisor.getState()['statename'], file=sys.stderr, flush=True)
while True:
    headers, payload = childutils.listener.wait(sys.stdin, sys.stdout)
    tokens, data = childutils.eventdata(payload + '\\n')
    print(headers['eventname'], sorted(tokens.items())[0], ascii(data), file=sys.stderr, flush=True)
    if data.startswith('again') and not os.path.exists('seen'):
        open('seen', 'w').close()
        childutils.listener.fail(sys.stdout)
    else:
        childutils.listener.ok(sys.stdout)
";

fn python_listener(module: &str) {
    let python = python_environment().join("bin/python");
    let mut daemon = TestDaemon::prepared(&format!(
        "[eventlistener:tells]
command={} {{dir}}/tells.py
events=REMOTE_COMMUNICATION
directory={{dir}}
environment=PYTHONPATH=\"{}\"
startsecs=0
stderr_logfile={{dir}}/tells.err
",
        python.display(),
        project_root().join("python").display()
    ));
    daemon.write("tells.py", &TELLS.replace("MODULE", module));
    daemon.start();
    for data in ["one", "日本語 🦀\nsecond line", "", "again", "last"] {
        let sent = daemon.call("supervisor.sendRemoteCommEvent", &["kind".into(), data.into()]);
        sent.expect("it is a good call");
    }
    daemon.wait_for_text("tells.err", "'last");
    let told = daemon.read("tells.err");
    let lines: Vec<&str> =
        told.lines().filter(|line| line.starts_with("REMOTE") || line.starts_with("state")).collect();
    assert_eq!(
        lines,
        [
            "state RUNNING",
            r"REMOTE_COMMUNICATION ('type', 'kind') 'one\n'",
            r"REMOTE_COMMUNICATION ('type', 'kind') '\u65e5\u672c\u8a9e \U0001f980\nsecond line\n'",
            r"REMOTE_COMMUNICATION ('type', 'kind') '\n'",
            r"REMOTE_COMMUNICATION ('type', 'kind') 'again\n'",
            r"REMOTE_COMMUNICATION ('type', 'kind') 'again\n'",
            r"REMOTE_COMMUNICATION ('type', 'kind') 'last\n'",
        ]
    );
    daemon.stop();
}

#[test]
fn our_python_module_works() {
    python_listener("supervisor_listener");
}

#[test]
fn childutils_of_the_python_release_works() {
    python_listener("supervisor.childutils");
}

#[test]
fn an_event_of_megabytes_arrives_whole_and_what_follows_it_too() {
    if testing_the_original() {
        return; // a pipe that is full ends it: quirk F13
    }
    let mut daemon = TestDaemon::prepared(
        "[program:talks]
command=/bin/sh {dir}/talks.sh
stdout_capture_maxbytes=4MB
autorestart=false
startsecs=0
[eventlistener:measures]
command=/bin/sh {dir}/measures.sh
events=PROCESS_COMMUNICATION
startsecs=0
stderr_logfile={dir}/measures.err
",
    );
    let message = |bytes: u32| {
        format!(
            "printf '<!--XSUPERVISOR:BEGIN-->'; head -c {bytes} /dev/zero | tr '\\0' x; printf '<!--XSUPERVISOR:END-->'"
        )
    };
    daemon.write("talks.sh", &format!("{}\n{}\n", message(3_000_000), message(5)));
    daemon.write(
        "measures.sh",
        "while echo READY; read -r header; do
    head -c \"${header##*len:}\" | wc -c >&2
    printf 'RESULT 2\\nOK'
done
",
    );
    daemon.start();
    until("both messages are read", || (daemon.read("measures.err").lines().count() == 2).then_some(()));
    let pid_digits = daemon.log_lines("spawned: 'talks'")[0].rsplit(' ').next().map_or(0, str::len);
    let head = "processname:talks groupname:talks pid:\n".len() + pid_digits;
    assert_eq!(daemon.read("measures.err"), format!("{}\n{}\n", 3_000_000 + head, 5 + head));
    daemon.stop();
}
