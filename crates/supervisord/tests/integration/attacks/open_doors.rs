//! Servers without a password that other machines can reach: they start, and answer this machine alone (N09).

use crate::support::{TestDaemon, TwoMachines, testing_the_original};

/// `python3 ask.py HOST PORT PATH OWN_ADDRESS HEADER…` prints the status and the body that a server answers with.
const ASK: &str = r#"
import socket, sys
host, port, path, own = sys.argv[1:5]
family, kind, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
asking = socket.socket(family, kind)
asking.settimeout(20)
if own:
    asking.bind(socket.getaddrinfo(own, 0, type=socket.SOCK_STREAM)[0][4])
asking.connect(address)
lines = [("POST" if path == "/RPC2" else "GET") + " " + path + " HTTP/1.0", "Content-Length: 0", *sys.argv[5:], "", ""]
asking.sendall("\r\n".join(lines).encode())
head, _, body = asking.makefile(newline="").read().partition("\r\n\r\n")
print(head.split(" ")[1], body, end="")
"#;

const SERVERS: &str = "[inet_http_server]\nport=*:9001\n[inet_http_server:six]\nport=[::]:9002\n";

/// A daemon on the first machine.
struct Daemon {
    machines: TwoMachines,
    daemon: TestDaemon,
}

impl Daemon {
    /// `None` where there is nothing to test.
    fn started(configuration: &str) -> Option<Self> {
        if testing_the_original() {
            return None;
        }
        let machines = TwoMachines::new()?;
        let mut daemon = TestDaemon::prepared(configuration);
        daemon.write("ask.py", ASK);
        daemon.launch_by(&["ip", "netns", "exec", machines.here()]);
        daemon.wait_until_it_answers();
        Some(Self { machines, daemon })
    }

    /// What is answered to somebody in that namespace: `STATUS BODY`.
    fn asked_from(&self, namespace: &str, words: &str) -> String {
        let script = format!("ip netns exec {namespace} python3 ask.py {words}");
        let ended = self.daemon.start_script(&script).wait_for_end();
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{words}");
        ended.stdout
    }

    fn asked_here(&self, words: &str) -> String {
        self.asked_from(self.machines.here(), words)
    }

    fn asked_there(&self, words: &str) -> String {
        self.asked_from(self.machines.there(), words)
    }
}

fn sentence(section: &str, door: &str, port: u16) -> String {
    format!(
        "[{section}] listens on {door}, port {port}, where other machines can reach it, and asks for no password, so \
         it answers requests from this machine alone. Set username= and password= in [{section}]; or listen on this \
         machine alone with port=127.0.0.1:{port} or a [unix_http_server]; or, if something else keeps strangers away, \
         set allow_insecure=true in [{section}]"
    )
}

#[test]
fn open_server_answers_this_machine_and_no_other() {
    let Some(mut daemon) = Daemon::started(SERVERS) else { return };
    for (section, door, port) in [("inet_http_server", "every address", 9001), ("inet_http_server:six", "[::]", 9002)] {
        let warning = format!("CRIT Server '{section}' running without any HTTP authentication checking");
        assert_eq!(daemon.daemon.log_lines(&warning).len(), 1, "{warning}");
        let said = format!(
            "CRIT {} (file {}",
            sentence(section, door, port),
            daemon.daemon.filled_in("{dir}/supervisord.conf, line ")
        );
        assert_eq!(daemon.daemon.log_lines(&said).len(), 1, "{said}");
    }
    for address in [
        "127.0.0.1 9001",
        "192.0.2.1 9001",
        "127.0.0.1 9002",
        "192.0.2.1 9002",
        "::1 9002",
        "2001:db8::1 9002",
        "fe80::1%cable 9002",
    ] {
        assert_eq!(daemon.asked_here(&format!("{address} /ok.html ''")), "200 OK", "{address}");
    }
    let refused = format!("403 {}\n", sentence("inet_http_server", "every address", 9001));
    for path in ["/ok.html", "/", "/RPC2", "/mainlogtail", "/logtail/x", "/nosuch"] {
        assert_eq!(daemon.asked_there(&format!("192.0.2.1 9001 {path} ''")), refused, "{path}");
    }
    let refused_there = daemon.asked_there("192.0.2.1 9001 /api/v1/events ''");
    assert!(refused_there.starts_with("403 {\"type\": \"/api/v1/problems#forbidden\""), "{refused_there}");
    assert!(refused_there.contains("\"detail\": \"[inet_http_server]"), "{refused_there}");
    let refused = format!("403 {}\n", sentence("inet_http_server:six", "[::]", 9002));
    for address in ["192.0.2.1", "2001:db8::1", "fe80::1%cable"] {
        assert_eq!(daemon.asked_there(&format!("{address} 9002 /ok.html ''")), refused, "{address}");
    }
    daemon.daemon.stop();
}

#[test]
fn stranger_cannot_pass_for_this_machine() {
    let Some(mut daemon) = Daemon::started(SERVERS) else { return };
    for header in ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: ::1", "Host: localhost"] {
        let answer = daemon.asked_there(&format!("192.0.2.1 9001 /ok.html '' '{header}'"));
        assert!(answer.starts_with("403 [inet_http_server]"), "{header}: {answer}");
    }
    // A link-local address that this machine has on another link, where it is another machine's.
    TwoMachines::configure(daemon.machines.here(), "link add other type veth peer name end");
    TwoMachines::configure(daemon.machines.here(), "addr add fe80::bad/64 dev other nodad");
    TwoMachines::configure(daemon.machines.here(), "link set other up");
    TwoMachines::configure(daemon.machines.there(), "addr add fe80::bad/64 dev cable nodad");
    let answer = daemon.asked_there("fe80::1%cable 9002 /ok.html fe80::bad%cable");
    assert!(answer.starts_with("403 [inet_http_server:six]"), "{answer}");
    // An address that this machine comes to have later is its own, and one that it had is not.
    for (change, own) in [("add", true), ("del", false)] {
        let namespace = if own { daemon.machines.here() } else { daemon.machines.there() };
        TwoMachines::configure(daemon.machines.here(), &format!("addr {change} 192.0.2.9/24 dev cable"));
        if !own {
            TwoMachines::configure(namespace, "addr add 192.0.2.9/24 dev cable");
        }
        let answer = daemon.asked_from(namespace, "192.0.2.1 9001 /ok.html 192.0.2.9");
        assert_eq!(answer == "200 OK", own, "{change}: {answer}");
    }
    daemon.daemon.stop();
}

#[test]
fn doors_are_opened_by_a_word_or_a_password_and_by_a_reload() {
    let insecure = "[inet_http_server]\nport=*:9001\nallow_insecure=true\n";
    let program = "[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    let Some(mut daemon) = Daemon::started(&format!("{insecure}{program}")) else { return };
    assert_eq!(daemon.asked_there("192.0.2.1 9001 /ok.html ''"), "200 OK");
    assert!(!daemon.daemon.log().contains("from this machine alone"));
    daemon.daemon.wait_for_state("a", "RUNNING");
    let pid = daemon.daemon.pid_of("a");
    daemon.daemon.configure(&format!("[inet_http_server]\nport=*:9001\n{program}"));
    assert!(daemon.daemon.call("supervisor.reloadConfig", &[]).is_ok(), "a reread opens and closes no door");
    assert_eq!((daemon.asked_there("192.0.2.1 9001 /ok.html ''").as_str(), daemon.daemon.pid_of("a")), ("200 OK", pid));
    daemon.daemon.signal("HUP");
    daemon.daemon.wait_for_log("so it answers requests from this machine alone");
    daemon.daemon.wait_until_it_answers();
    assert!(daemon.asked_there("192.0.2.1 9001 /ok.html ''").starts_with("403 [inet_http_server]"));
    daemon.daemon.wait_for_state("a", "RUNNING");
    daemon.daemon.configure("[inet_http_server]\nport=*:9001\nusername=u\npassword=p\n");
    daemon.daemon.signal("HUP");
    crate::support::until("it asks for the password", || {
        let script = format!("ip netns exec {} python3 ask.py 192.0.2.1 9001 /ok.html ''", daemon.machines.there());
        daemon.daemon.start_script(&script).wait_for_end().stdout.starts_with("401").then_some(())
    });
    daemon.daemon.wait_until_it_answers();
    daemon.daemon.stop();
}
