//! Strangers who guess passwords, many at once: what they cost, and whom they keep out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::{TestDaemon, peak_kilobytes, resident_kilobytes, testing_the_original, until};

/// Of `password`, with the costs that `supervisorctl hash-password` takes.
const ARGON2: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$C+wELS8PhRbmHnUSYdXOpw$3sVnHkFtHM/4/PGX3UrXNfepRnxvtdC9n+OOjMvzR5M";
/// The memory that one computation takes, in KiB.
const BLOCK_KILOBYTES: u64 = 19_456;
/// What a few hundred connections and their threads may take beside it, in KiB.
const CONNECTIONS_KILOBYTES: u64 = 16 * 1024;

const RIGHT: &str = "dTpwYXNzd29yZA==";

fn daemon() -> TestDaemon {
    TestDaemon::started(&format!("[inet_http_server]\nport=127.0.0.1:{{port}}\nusername=u\npassword={ARGON2}\n"))
}

/// `Authorization` of user `u` with a password that nobody has tried before.
fn wrong(number: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("u:wrong{number}"))
}

/// Asks with these credentials; the answer is not read yet.
fn ask(address: SocketAddr, credentials: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    send(&mut stream, credentials);
    stream
}

fn send(stream: &mut TcpStream, credentials: &str) {
    let head = format!(
        "GET /ok.html HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("it reads");
}

fn status(mut stream: TcpStream) -> u16 {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer to its end");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    status.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// A connection from another address of this machine.
fn connect_from(source: &str, address: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(source.parse().expect("an address")).expect("an address of this machine");
        socket.connect(address).await.expect("it listens").into_std().expect("a socket")
    });
    stream.set_nonblocking(false).expect("a socket");
    stream
}

#[test]
fn wrong_passwords_take_one_block_of_memory_and_keep_out_nobody_who_was_right_lately() {
    if testing_the_original() {
        return;
    }
    let mut daemon = daemon();
    let address = SocketAddr::from(([127, 0, 0, 1], daemon.port()));
    assert_eq!(status(ask(address, RIGHT)), 200);
    let pid = daemon.program().pid();
    let before = resident_kilobytes(pid);
    let mut refused = [0; 2];
    for round in 0..2 {
        let flood: Vec<_> = (0..100).map(|number| ask(address, &wrong(100 * round + number))).collect();
        assert_eq!(status(ask(address, RIGHT)), 200, "not queued behind strangers");
        for stream in flood {
            match status(stream) {
                401 => refused[0] += 1,
                503 => refused[1] += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert!(refused[0] > 0 && refused[1] > 0, "{refused:?}: some were judged and some sent away");
    let (peak, after) = (peak_kilobytes(pid), resident_kilobytes(pid));
    let budget = 2 * BLOCK_KILOBYTES + CONNECTIONS_KILOBYTES;
    assert!(peak <= before + budget, "{peak} KiB at the most, {before} KiB before");
    assert!(after <= before + budget, "{after} KiB after, {before} KiB before");
    daemon.stop();
}

#[test]
fn whoever_was_right_lately_is_not_queued_after_a_restart_either() {
    if testing_the_original() {
        return;
    }
    let mut daemon = daemon();
    let address = SocketAddr::from(([127, 0, 0, 1], daemon.port()));
    assert_eq!(status(ask(address, RIGHT)), 200);
    daemon.signal("HUP");
    until("it has restarted", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    let flood: Vec<_> = (0..100).map(|number| ask(address, &wrong(number))).collect();
    assert_eq!(status(ask(address, RIGHT)), 200, "not queued behind strangers");
    assert!(flood.into_iter().all(|stream| matches!(status(stream), 401 | 503)));
    daemon.stop();
}

#[test]
fn somebody_who_guesses_keeps_out_nobody_of_another_address() {
    if testing_the_original() {
        return;
    }
    let mut daemon = daemon();
    let address = SocketAddr::from(([127, 0, 0, 1], daemon.port()));
    let flood: Vec<_> = (0..100).map(|number| ask(address, &wrong(number))).collect();
    let mut newcomer = connect_from("127.0.0.2:0", address);
    send(&mut newcomer, RIGHT);
    assert_eq!(status(newcomer), 200);
    assert!(flood.into_iter().all(|stream| matches!(status(stream), 401 | 503)));
    daemon.stop();
}
