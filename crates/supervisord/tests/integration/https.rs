//! HTTPS: spoken with a client that nobody here wrote, renewed without a restart, refused with a reason.

use std::path::PathBuf;

use crate::support::{TestDaemon, testing_the_original, until};

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls")).join(name)
}

fn take(daemon: &TestDaemon, from: &str, to: &str) {
    daemon.write(to, &std::fs::read_to_string(data(from)).expect("it is there"));
}

const SERVER: &str =
    "[inet_http_server]\nport=*:{port}\nusername=u\npassword=p\ntls_cert=%(here)s/c.pem\ntls_key=%(here)s/k.pem\n";

/// A daemon with a certificate of its own, not started yet; `None`: it would be the original.
fn prepared(options: &str) -> Option<TestDaemon> {
    if testing_the_original() {
        return None;
    }
    let daemon = TestDaemon::prepared(&format!("{SERVER}{options}"));
    take(&daemon, "localhost.crt", "c.pem");
    take(&daemon, "localhost.key", "k.pem");
    Some(daemon)
}

/// What Python's client hears, which believes this authority and shows these files.
fn heard(daemon: &TestDaemon, authority: &str, own: &[&str]) -> String {
    let own: Vec<String> = own.iter().map(|name| data(name).display().to_string()).collect();
    let (client, authority) = (data("client.py"), data(authority));
    let script = format!("python3 {} {} {} {}", client.display(), daemon.port(), authority.display(), own.join(" "));
    daemon.start_script(&script).wait_for_end().stdout.trim().to_owned()
}

const STRANGE: &str = "not this authority's certificate";

#[test]
fn pythons_client_is_answered() {
    let Some(mut daemon) = prepared("") else { return };
    daemon.start();
    assert_eq!(heard(&daemon, "localhost.crt", &[]), "RUNNING");
    assert_eq!(heard(&daemon, "other.crt", &[]), STRANGE);
    daemon.stop();
}

#[test]
fn renewed_certificate_is_taken_at_usr2_and_hup_and_a_bad_one_is_not() {
    let Some(mut daemon) = prepared("") else { return };
    daemon.start();
    daemon.write("c.pem", "junk\n");
    daemon.signal("USR2");
    daemon.wait_for_log(&daemon.filled_in(
        "CRIT inet_http_server keeps its certificate: cannot use tls_cert={dir}/c.pem: there is no certificate in it",
    ));
    assert_eq!(heard(&daemon, "localhost.crt", &[]), "RUNNING");
    take(&daemon, "other.crt", "c.pem");
    take(&daemon, "other.key", "k.pem");
    daemon.signal("USR2");
    daemon.wait_for_log("inet_http_server uses its certificate as read anew");
    assert_eq!(heard(&daemon, "other.crt", &[]), "RUNNING");
    assert_eq!(heard(&daemon, "localhost.crt", &[]), STRANGE);
    take(&daemon, "localhost.crt", "c.pem");
    take(&daemon, "localhost.key", "k.pem");
    daemon.signal("HUP");
    until("the certificate of before is back", || (heard(&daemon, "localhost.crt", &[]) == "RUNNING").then_some(()));
    daemon.stop();
}

#[test]
fn clients_show_a_certificate_where_one_is_asked_for() {
    let Some(mut daemon) = prepared("tls_client_ca=%(here)s/a.pem\n") else { return };
    take(&daemon, "other.crt", "a.pem");
    daemon.start();
    assert_eq!(heard(&daemon, "localhost.crt", &["client.crt", "client.key"]), "RUNNING");
    assert_eq!(heard(&daemon, "localhost.crt", &["localhost.crt", "localhost.key"]), "refused");
    assert_eq!(heard(&daemon, "localhost.crt", &[]), "refused");
    daemon.stop();
}

#[test]
fn file_that_cannot_be_used_is_a_start_up_error() {
    let Some(daemon) = prepared("tls_client_ca=%(here)s/missing.pem\n") else { return };
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    let expected = "Error: [inet_http_server] cannot use tls_client_ca={dir}/missing.pem: No such file or directory (os \
                    error 2) (file {dir}/supervisord.conf)\n";
    assert!(ended.stderr.starts_with(&daemon.filled_in(expected)), "{}", ended.stderr);
    assert_eq!(ended.status, 2);
}

/// What our own client says.
fn said(daemon: &TestDaemon, words: &[&str]) -> (i32, String) {
    said_of(daemon, "localhost", words)
}

/// What it says when it reaches the daemon by this name.
fn said_of(daemon: &TestDaemon, host: &str, words: &[&str]) -> (i32, String) {
    let port = daemon.port().to_string();
    let url = format!("https://{host}:{port}");
    let ended = daemon.ctl(&[&["-s", &url, "-u", "u", "-p", "p"], words].concat());
    assert_eq!(ended.stderr, "");
    (ended.status, ended.stdout.replace(&port, "PORT"))
}

fn authority(name: &str) -> String {
    format!("--tls-ca={}", data(name).display())
}

#[test]
fn n42_supervisorctl_speaks_https() {
    let Some(mut daemon) = prepared("[program:p]\ncommand=/bin/cat\nstartsecs=0\n") else { return };
    daemon.start();
    let (status, text) = said(&daemon, &[&authority("localhost.crt"), "status"]);
    assert!(status == 0 && text.starts_with("p                                RUNNING   pid "), "{status} {text}");
    assert_eq!(said(&daemon, &[&authority("localhost.crt"), "tail", "p"]), (0, "\n".to_owned()));
    for words in [&[&*authority("other.crt"), "status"][..], &["status"]] {
        let distrust = "error: https://localhost:PORT has a certificate that cannot be trusted: it has signed itself (as \
                        given): set tls_ca in [supervisorctl], or --tls-ca, to the file of the authority that has signed \
                        it\n";
        assert_eq!(said(&daemon, words), (1, distrust.to_owned()));
    }
    let strange = "error: https://127.0.0.2:PORT has a certificate that cannot be trusted: it is that of another host (as \
                   given): ";
    let (status, text) = said_of(&daemon, "127.0.0.2", &[&authority("localhost.crt"), "status"]);
    assert!(status == 1 && text.starts_with(strange), "{status} {text}");
    let missing = "error: https://localhost:PORT cannot use tls_ca=/no/such/file: No such file or directory (os error 2) (as given)\n";
    assert_eq!(said(&daemon, &["--tls-ca=/no/such/file", "status"]), (1, missing.to_owned()));
    daemon.stop();
}

#[test]
fn n42_supervisorctl_believes_no_expired_certificate_even_one_that_it_knows() {
    let Some(mut daemon) = prepared("") else { return };
    take(&daemon, "expired.crt", "c.pem");
    take(&daemon, "expired.key", "k.pem");
    daemon.start();
    let (status, text) = said(&daemon, &[&authority("expired.crt"), "status"]);
    let expired = "error: https://localhost:PORT has a certificate that cannot be trusted: it has expired (as given): ";
    assert!(status == 1 && text.starts_with(expired), "{status} {text}");
    daemon.stop();
}

#[test]
fn n42_supervisorctl_shows_a_certificate_and_reads_its_files_from_the_configuration() {
    let section = format!(
        "tls_client_ca=%(here)s/a.pem\n[supervisorctl]\nserverurl=https://localhost:{{port}}\nusername=u\npassword=p\n\
         tls_ca={}\n",
        data("localhost.crt").display()
    );
    let own = format!("tls_cert={}\ntls_key={}\n", data("client.crt").display(), data("client.key").display());
    // Where the server's words are lost on the way, the client makes a guess.
    for (own, expected, hint) in [(&*own, "p", ""), ("", "error: https://localhost:", "set tls_cert and tls_key in ")] {
        let options = format!("{section}{own}[program:p]\ncommand=/bin/cat\nstartsecs=0\n");
        let Some(mut daemon) = prepared(&options) else { return };
        take(&daemon, "other.crt", "a.pem");
        daemon.start();
        let ended = daemon.ctl(&["status"]);
        assert!(ended.stdout.starts_with(expected) && ended.stdout.contains(hint), "{ended:?}");
        daemon.stop();
    }
}
