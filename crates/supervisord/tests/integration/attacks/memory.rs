//! Clients that ask for much and take nothing: what it costs, and that it ends nobody.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;

use crate::support::{TestDaemon, Value, peak_kilobytes, resident_kilobytes, testing_the_original};

/// What answers may take in all, and what connections and threads may take beside them, in KiB: generous, and far from
/// the 320 MiB that the answers below would take.
const BUDGET_KILOBYTES: u64 = (64 + 64) * 1024;
const LOG_BYTES: usize = 5 * 1024 * 1024;
const MIB: usize = 1024 * 1024;

/// A daemon whose program has a log of `<`, each of which is four bytes in an answer.
fn daemon_with_a_long_log() -> TestDaemon {
    let daemon = TestDaemon::started(
        "[program:cat]\ncommand=/bin/cat\nstdout_logfile={dir}/cat.log\nstdout_logfile_maxbytes=0\n",
    );
    daemon.wait_for_state("cat", "RUNNING");
    let mut log = File::create(daemon.path("cat.log")).expect("its folder is there");
    for _ in 0..LOG_BYTES / MIB {
        log.write_all(&vec![b'<'; MIB]).expect("the disk has room");
    }
    daemon
}

fn call(method: &str, params: &str) -> String {
    let body = format!("<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>");
    format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn read_log() -> String {
    let number = "<param><value><int>0</int></value></param>";
    let name = "<param><value><string>cat</string></value></param>";
    call("supervisor.readProcessStdoutLog", &format!("{name}{number}{number}"))
}

/// Asks, and waits for the first bytes of the answer, which are all that is taken of it.
fn ask(daemon: &TestDaemon, request: &str) -> (UnixStream, String) {
    let mut stream = UnixStream::connect(daemon.path("s.sock")).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut begin = [0; 512];
    let count = stream.read(&mut begin).expect("an answer");
    (stream, String::from_utf8_lossy(&begin[..count]).into_owned())
}

#[test]
fn long_logs_that_nobody_takes_are_not_in_memory() {
    if testing_the_original() {
        return;
    }
    let mut daemon = daemon_with_a_long_log();
    let pid = daemon.program().pid();
    let before = resident_kilobytes(pid);
    let readers: Vec<_> = (0..16).map(|_| ask(&daemon, &read_log())).collect();
    let announced = format!("Content-Length: {}\r\n", 4 * LOG_BYTES + envelope());
    for (_, begin) in &readers {
        assert!(begin.contains(&announced), "{begin}");
    }
    // Several in one answer cannot be sent piece by piece: they are refused one by one.
    let one = "<value><struct><member><name>methodName</name><value>supervisor.readProcessStdoutLog</value></member>\
               <member><name>params</name><value><array><data><value>cat</value><value><int>0</int></value>\
               <value><int>0</int></value></data></array></value></member></struct></value>";
    let calls = format!("<param><value><array><data>{}</data></array></value></param>", one.repeat(4));
    let (_, several) = ask(&daemon, &call("system.multicall", &calls));
    assert!(several.contains("FAILED: the log is too long to be one of several answers"), "{several}");
    assert_eq!(daemon.state("cat"), "RUNNING");
    let peak = peak_kilobytes(pid);
    assert!(peak <= before + BUDGET_KILOBYTES, "{peak} KiB at the most, {before} KiB before");
    drop(readers);
    daemon.stop();
}

/// Bytes of an answer beside its text.
fn envelope() -> usize {
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string></string></value>\n</param>\n</params>\n\
     </methodResponse>\n"
        .len()
}

#[test]
fn a_long_log_arrives_whole_and_one_that_is_cleared_meanwhile_breaks_off() {
    if testing_the_original() {
        return;
    }
    let mut daemon = daemon_with_a_long_log();
    let (mut stream, begin) = ask(&daemon, &read_log());
    let mut rest = vec![];
    let head = begin.find("\r\n\r\n").expect("a head") + 4;
    let whole = 4 * LOG_BYTES + envelope();
    let mut taken = begin.len() - head;
    while taken < whole {
        rest.resize(MIB, 0);
        let count = stream.read(&mut rest).expect("an answer to its end");
        assert!(count > 0, "{taken} of {whole}");
        taken += count;
    }
    assert!(
        rest.windows(20).any(|part| part == b"</methodResponse>\n\0\0" || part.starts_with(b"</methodResponse>\n"))
    );
    let (mut stream, _) = ask(&daemon, &read_log());
    File::create(daemon.path("cat.log")).expect("it is there");
    let mut taken = 0;
    loop {
        match stream.read(&mut rest) {
            Ok(0) | Err(_) => break,
            Ok(count) => taken += count,
        }
    }
    assert!(taken < whole, "nobody takes a part for the whole");
    assert_eq!(daemon.state("cat"), "RUNNING");
    daemon.stop();
}

#[test]
fn large_requests_and_large_answers_are_bounded_in_all() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started("");
    let pid = daemon.program().pid();
    let before = resident_kilobytes(pid);
    // A name that is not known comes back in its fault.
    let name = "x".repeat(6 * MIB);
    let request = call("supervisor.startProcess", &format!("<param><value><string>{name}</string></value></param>"));
    let answers: Vec<_> = (0..14).map(|_| ask(&daemon, &request)).collect();
    let refused = answers.iter().filter(|(_, begin)| begin.contains("leave no memory for this one")).count();
    assert!((1..14).contains(&refused), "{refused} of 14 refused");
    assert_eq!(daemon.call("supervisor.getState", &[]).expect("small ones go on")["statename"], "RUNNING".into());
    let peak = peak_kilobytes(pid);
    assert!(peak <= before + BUDGET_KILOBYTES + 32 * 1024, "{peak} KiB at the most, {before} KiB before");
    drop(answers);
    daemon.stop();
}

/// Offsets and sizes beyond 31 bits, which the int of XML-RPC cannot say.
#[test]
fn n81_offsets_beyond_31_bits_are_read_and_told() {
    if testing_the_original() {
        return;
    }
    let mut daemon = TestDaemon::started(
        "[program:cat]\ncommand=/bin/cat\nstdout_logfile={dir}/cat.log\nstdout_logfile_maxbytes=0\n",
    );
    daemon.wait_for_state("cat", "RUNNING");
    let size: u64 = 5 << 30;
    let log = File::options().write(true).open(daemon.path("cat.log")).expect("it was made");
    log.write_all_at(b"the end", size - 7).expect("a file with holes");
    let at = i64::try_from(size - 7).expect("it fits");
    let read = daemon.call("supervisor.readProcessStdoutLog", &["cat".into(), at.into(), 0_i64.into()]);
    assert_eq!(read.expect("it is there"), Value::Text("the end".to_owned()));
    let name = "<param><value><string>cat</string></value></param>";
    for (params, expected) in [
        ("<param><value><int>0</int></value></param><param><value><int>7</int></value></param>", "<i8>5368709120</i8>"),
        (
            "<param><value><i8>5368709120</i8></value></param><param><value><int>7</int></value></param>",
            "<i8>5368709120</i8>",
        ),
    ] {
        let (_, answer) = ask(&daemon, &call("supervisor.tailProcessStdoutLog", &format!("{name}{params}")));
        assert!(answer.contains(expected), "{answer}");
    }
    let ended = daemon.ctl(&["tail", "-7", "cat"]);
    assert_eq!(ended.stdout, "the end\n");
    daemon.stop();
}
