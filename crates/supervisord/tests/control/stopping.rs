//! The end of the control plane.

use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;

use supervisor_core::{Channel, Command, LogLevel, Reply};
use supervisor_protocol::xmlrpc::{Answer, Value};

use crate::client::{Client, post_call};
use crate::fake_supervision::FakeSupervision;

#[test]
fn idle_connections_are_closed_and_nobody_is_admitted_any_more() {
    let mut daemon = FakeSupervision::answering(|_| None);
    let mut idle = Client::unix(daemon.unix());
    idle.result("supervisor.getPID", &[]);
    let mut silent = Client::tcp(daemon.tcp);
    daemon.stop_control();
    assert_eq!(idle.rest(), "");
    assert_eq!(silent.rest(), "");
    assert!(UnixStream::connect(daemon.unix()).is_err());
    assert!(TcpStream::connect(daemon.tcp).is_err());
}

#[test]
fn an_answer_on_its_way_is_finished() {
    let mut daemon = FakeSupervision::answering(|_| None);
    let mut client = Client::unix(daemon.unix());
    client.send(post_call("supervisor.stopAllProcesses"));
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    let reader = thread::spawn(move || {
        let answer = client.receive().answer();
        (answer, client.rest())
    });
    daemon.release(&Ok(Reply::Results(vec![])));
    daemon.stop_control();
    assert_eq!(reader.join().unwrap(), (Answer::Result(Value::Array(vec![])), String::new()));
}

#[test]
fn a_call_that_nobody_answers_is_cut_off_and_the_log_says_so() {
    let mut daemon = FakeSupervision::answering(|_| None);
    let mut client = Client::unix(daemon.unix());
    client.send(post_call("supervisor.stopAllProcesses"));
    daemon.wait_until("the stop has come", |seen| seen.commands.len() == 1);
    daemon.stop_control();
    assert_eq!(client.rest(), "");
    daemon.wait_until("it is logged", |seen| !seen.log.is_empty());
    let line = "connections of unix_http_server were cut off while supervisord stopped";
    daemon.seen(|seen| assert_eq!(seen.log, [(LogLevel::Warn, line.to_owned())]));
}

#[test]
fn log_streams_end() {
    let mut daemon = FakeSupervision::answering(|command| match command {
        Command::GetLogFile { name, channel: Channel::Stdout } => Some(Ok(Reply::LogFile(Some(name.as_str().into())))),
        other => panic!("{other:?} was sent"),
    });
    let log = daemon.path("main.log");
    fs::write(&log, "first\n").unwrap();
    let mut client = Client::unix(daemon.unix());
    client.send("GET /mainlogtail HTTP/1.1\r\n\r\n");
    client.receive_head();
    client.chunks_until("first\n");
    daemon.wait_for_followers(1);
    daemon.stop_control();
    assert_eq!(client.chunk(), None, "the stream ends properly");
    assert_eq!(client.rest(), "");
    daemon.seen(|seen| assert!(seen.followers[0].1.is_gone()));
}
