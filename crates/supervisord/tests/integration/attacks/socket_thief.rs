//! Whoever comes first to a socket path in a folder where everybody may write gets no password.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use nix::unistd::geteuid;

use crate::support::{Program, TestDaemon, project_root, testing_the_original, until};

/// Listens at the path as another user, and writes down what it is sent.
const THIEF: &str = "exec python3 -c '
import os, socket
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
listener = socket.socket(socket.AF_UNIX)
listener.bind(\"common/s.sock\")
listener.listen()
while True:
    client, _ = listener.accept()
    said = client.recv(65536)
    with open(\"common/said\", \"ab\") as log:
        log.write(said + b\"|\")
    client.close()
'";

/// What a client is told that asks for something with a password.
const REFUSAL: &str = "is served by uid 65534, who is neither root nor ";

/// A folder like /tmp, and in it a socket of a stranger at the path of the server.
fn robbed() -> (TestDaemon, Program) {
    let daemon = TestDaemon::prepared("");
    fs::create_dir(daemon.path("common")).expect("the folder is ours");
    fs::set_permissions(daemon.path("common"), fs::Permissions::from_mode(0o1777)).expect("it is ours");
    daemon.write(
        "supervisord.conf",
        "[supervisord]\n[unix_http_server]\nfile={dir}/common/s.sock\n[supervisorctl]\n\
         serverurl=unix://{dir}/common/s.sock\nusername=admin\npassword=secret\n",
    );
    let thief = daemon.start_script(THIEF);
    until("the thief listens", || {
        let told = daemon.ctl(&["-s", &daemon.filled_in("unix://{dir}/common/s.sock"), "-u", "", "-p", "", "pid"]);
        (!told.stdout.contains("no such file") && !told.stdout.contains("refused connection")).then_some(())
    });
    (daemon, thief)
}

#[test]
fn neither_supervisorctl_nor_a_listener_says_its_password_to_a_stranger() {
    if testing_the_original() || !geteuid().is_root() {
        return; // it says it to whoever listens
    }
    let (mut daemon, mut thief) = robbed();
    for words in [&["status"][..], &["pid"], &["tail", "-f", "x"], &["maintail", "-f"]] {
        let told = daemon.ctl(words);
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(said.contains(REFUSAL), "{words:?}: {said}");
        assert_ne!(told.status, 0, "{words:?}");
    }
    daemon.set_variable("SUPERVISOR_SERVER_URL", "unix://{dir}/common/s.sock");
    daemon.set_variable("SUPERVISOR_USERNAME", "admin");
    daemon.set_variable("SUPERVISOR_PASSWORD", "secret");
    daemon.set_variable("PYTHONPATH", project_root().join("python").to_str().expect("its name is plain"));
    let library = "import os, supervisor_listener as s; s.getRPCInterface(os.environ).supervisor.getState()";
    let script = daemon.start_script(&format!("exec python3 -c '{library}'"));
    let ended = { script }.wait_for_end();
    assert!(ended.stderr.contains(REFUSAL), "{ended:?}");
    assert!(!daemon.read("common/said").contains("Authorization"), "{}", daemon.read("common/said"));

    // A user whom the configuration names, and one in a folder where nobody else could have come first.
    let good = daemon.read("supervisord.conf");
    let asks = |daemon: &TestDaemon| {
        daemon.ctl(&["status"]);
        let said = daemon.read("common/said");
        said.contains("Authorization: Basic ") || said.contains("authorization: Basic ")
    };
    for named in ["[supervisord]\nuser=65534\n", "[unix_http_server]\nchown=65534\n"] {
        daemon.write("supervisord.conf", &format!("{good}{named}"));
        assert!(asks(&daemon), "{named}");
        fs::remove_file(daemon.path("common/said")).expect("it was written");
    }
    daemon.write("supervisord.conf", &good);
    assert!(!asks(&daemon));
    fs::set_permissions(daemon.path("common"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert!(!asks(&daemon), "root's folder says nothing of a stranger");
    chown(daemon.path("common"), Some(65534), None).expect("we are root");
    assert!(asks(&daemon));
    thief.kill();
}
