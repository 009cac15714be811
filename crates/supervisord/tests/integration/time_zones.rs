//! Local times are those of `TZ`, in every form that the C library knows; what it means is tested in
//! `config/src/time_zone.rs`, here that the daemon and the client ask it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::support::{TestDaemon, until};

/// Seven hours and 23 minutes ahead, which no real zone is.
const OFFSET: i64 = 7 * 3600 + 23 * 60;
const RULE: &str = "PPP-7:23";

#[expect(clippy::disallowed_methods, reason = "the test program is no supervisor: it may read the clock")]
fn now() -> i64 {
    Timestamp::now().as_second()
}

/// A zone file with this rule and nothing else (RFC 8536 §3).
fn zone_file(rule: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _version_1_and_2 in 0..2 {
        bytes.extend_from_slice(b"TZif2");
        bytes.extend_from_slice(&[0; 15]);
        for count in [0_u32, 0, 0, 0, 1, 4] {
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        bytes.extend_from_slice(b"\0\0\0\0\0\0LMT\0");
    }
    bytes.extend_from_slice(format!("\n{rule}\n").as_bytes());
    bytes
}

fn with_zone_files(tz: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared("[program:gone]\ncommand=/bin/true\nautorestart=false\nstartsecs=0\n");
    std::fs::create_dir_all(daemon.path("zones/Test")).expect("a folder");
    std::fs::write(daemon.path("zones/Test/City"), zone_file(RULE)).expect("a file");
    let zones = daemon.path("zones").to_str().expect("a folder of ours").to_owned();
    daemon.set_variable("TZDIR", &zones);
    daemon.set_variable("TZ", &tz.replace("{zones}", &zones));
    daemon
}

/// The time at the beginning of a line of the main log, as if it were UTC.
fn stamp(line: &str) -> i64 {
    let (stamp, _) = line.split_once(',').expect("a line begins with its time");
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", stamp).expect("a time");
    time.to_zoned(TimeZone::UTC).expect("UTC has all times").timestamp().as_second()
}

#[test]
fn every_form_of_tz_gives_its_local_time() {
    for tz in ["Test/City", ":Test/City", "{zones}/Test/City", RULE, ":PPP-7:23"] {
        let mut daemon = with_zone_files(tz);
        let before = now();
        daemon.start();
        daemon.wait_for_state("gone", "EXITED");
        daemon.call("supervisor.stopAllProcesses", &[]).expect("there is nothing to stop");
        let log = daemon.log();
        let line = log.lines().find(|line| line.contains("supervisord started with pid")).expect("it has started");
        let written = stamp(line) - OFFSET;
        assert!((before..=now()).contains(&written), "{tz}: {line}");
        assert_eq!(daemon.log_lines("time zone"), [""; 0], "{tz}");
        // What `status` says of one that has ended: `Nov 22 03:11 PM`.
        let description = daemon.info("gone")["description"].as_text().to_owned();
        let stop = daemon.info("gone")["stop"].as_int();
        let minutes = (stop + OFFSET) / 60 % 60;
        assert!(description.contains(&format!(":{minutes:02} ")), "{tz}: {description} for {stop}");
        daemon.stop();
    }
}

#[test]
fn zone_that_cannot_be_found_is_told_once() {
    let mut daemon = with_zone_files("Nowhere/City");
    daemon.start();
    let told = |daemon: &TestDaemon| daemon.log_lines("WARN TZ=Nowhere/City is neither a time zone below").len();
    assert_eq!(told(&daemon), 1);
    daemon.signal("HUP");
    until("it has been restarted", || (daemon.log_lines("supervisord started with pid").len() == 2).then_some(()));
    assert_eq!(told(&daemon), 1);
    daemon.stop();
}
