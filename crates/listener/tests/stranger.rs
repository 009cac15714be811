//! A password goes to root's supervisord or our own, and to nobody else who listens at its path.

#![expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may start its children")]

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;

use supervisor_listener::{CallError, Client, ServerUrl};

/// Listens at the path as another user, says so, and ends with its standard input.
const STRANGER: &str = "
import os, socket, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print('listens', flush=True)
sys.stdin.read()
";

fn asked_with_a_password(path: &std::path::Path) -> CallError {
    let client = Client::new(ServerUrl::Unix(path.to_owned())).with_credentials("admin", "secret");
    client.call("supervisor.getState", &[]).expect_err("nobody answers")
}

#[test]
fn a_stranger_is_told_no_password_and_we_are() {
    let folder = std::env::temp_dir().join(format!("supervisor-listener-stranger-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o1777)).unwrap();

    let ours = folder.join("ours.sock");
    let listener = UnixListener::bind(&ours).unwrap();
    let heard = thread::spawn(move || {
        let mut said = [0; 4096];
        let count = listener.accept().unwrap().0.read(&mut said).unwrap();
        String::from_utf8_lossy(&said[..count]).into_owned()
    });
    asked_with_a_password(&ours);
    assert!(heard.join().unwrap().contains("Authorization: Basic "));

    if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        let theirs = folder.join("theirs.sock");
        let mut command = Command::new("python3");
        command.args(["-c", STRANGER]).arg(&theirs);
        let mut stranger = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut word = [0; 8];
        stranger.stdout.as_mut().unwrap().read_exact(&mut word).unwrap();
        let CallError::Transport(error) = asked_with_a_password(&theirs) else { panic!("nobody answers") };
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("is served by uid 65534, who is neither root nor us"), "{error}");
        drop(stranger.stdin.take());
        stranger.wait().unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
}
