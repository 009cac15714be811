//! Where the servers listen: paths of any length, links that lead nowhere, volumes that cannot do all that a local disk
//! can; and what is said when it cannot be.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use nix::unistd::geteuid;

use crate::support::{Ended, TestDaemon, testing_the_original};

/// `python3 -c DENY ERRNO NUMBERS COMMAND…`: in the command these system calls of x86-64 fail with that errno.
pub(crate) const DENY: &str = "
import ctypes, os, struct, sys
errno, numbers = int(sys.argv[1]), [int(n) for n in sys.argv[2].split(',')]
steps = [(0x20, 0, 0, 0)]
for number in numbers:
    steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | errno)]
steps += [(0x06, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
class Filter(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('steps', ctypes.c_void_p)]
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Filter(len(steps), ctypes.addressof(code))), 0, 0) == 0
os.execvp(sys.argv[3], sys.argv[3:])
";

/// The numbers of system calls are those of x86-64.
pub(crate) fn can_deny() -> bool {
    cfg!(target_arch = "x86_64")
}

/// chmod, fchmod, fchmodat, fchmodat2.
const CHANGING_A_MODE: &str = "90,91,268,452";

#[track_caller]
fn assert_refused(ended: &Ended, parts: &[&str]) {
    let line = ended.stderr.lines().next().unwrap_or_default();
    assert!(line.starts_with("Error: Cannot open an HTTP server: "), "{}", ended.stderr);
    assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    assert_eq!(ended.status, 2);
}

#[test]
fn path_of_any_length_is_served_and_found_by_the_client() {
    if testing_the_original() {
        return; // `AF_UNIX path too long`
    }
    for length in [60, 90, 200] {
        let mut daemon = TestDaemon::prepared("[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
        let folder = daemon.path(&"f".repeat(length));
        fs::create_dir(&folder).expect("the folder is ours");
        let folder = folder.display();
        daemon.configure_also(&format!(
            "[unix_http_server]\nfile={folder}/s.sock\n[supervisorctl]\nserverurl=unix://{folder}/s.sock\n"
        ));
        daemon.launch(&["-n"]);
        daemon.wait_for_log("entered RUNNING state");
        assert_eq!(daemon.ctl(&["pid"]).stdout, format!("{}\n", daemon.program().pid()));
        let again = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
        assert!(again.stderr.contains("s.sock is in use by the process with pid"), "{}", again.stderr);
        daemon.stop();
        assert!(!fs::exists(format!("{folder}/s.sock")).expect("it can be looked at"), "it is removed at the end");
    }
}

#[test]
fn name_that_no_address_holds_is_told_with_its_path() {
    if testing_the_original() {
        return;
    }
    let daemon = TestDaemon::prepared("");
    let name = "n".repeat(120);
    daemon.configure_also(
        &format!("[unix_http_server]\nfile={{dir}}/{name}\n").replace("{dir}", &daemon.filled_in("{dir}")),
    );
    let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
    assert_refused(
        &ended,
        &["errno.ENAMETOOLONG (36): the name of /", &name, "choose a shorter one ([unix_http_server] in"],
    );
    let client = daemon.ctl(&["-s", &daemon.filled_in(&format!("unix://{{dir}}/{name}")), "status"]);
    assert!(client.stdout.contains(&name) || client.stderr.contains(&name), "{client:?}");
}

#[test]
fn link_that_leads_nowhere_is_replaced_like_a_stale_socket() {
    for target in ["/nonexistent/s.sock", "s.sock", "supervisord.conf/x"] {
        if testing_the_original() && target != "/nonexistent/s.sock" {
            continue;
        }
        let mut daemon = TestDaemon::prepared("");
        symlink(target, daemon.path("s.sock")).expect("the folder is ours");
        daemon.start();
        let found = fs::symlink_metadata(daemon.path("s.sock")).expect("it listens");
        assert!(!found.file_type().is_symlink(), "the link is gone");
        assert_eq!(daemon.program().stderr(), daemon.filled_in("Unlinking stale socket {dir}/s.sock\n"));
        daemon.stop();
    }
}

#[test]
fn volume_that_cannot_change_a_mode_is_no_obstacle_if_nobody_else_may_connect() {
    if testing_the_original() || !can_deny() {
        return; // `errno.EINVAL (22)`
    }
    let mut daemon = TestDaemon::prepared("");
    daemon.launch_by(&["sh", "-c", "umask 022; exec \"$@\"", "sh", "python3", "-c", DENY, "22", CHANGING_A_MODE]);
    daemon.wait_until_it_answers();
    let said = daemon.filled_in("WARN {dir}/s.sock has mode 0755 and not 0700, which its file system cannot give it");
    assert_eq!(daemon.log_lines("has mode"), [said]);
    assert_eq!(fs::metadata(daemon.path("s.sock")).expect("it listens").mode() & 0o222, 0o200);
    daemon.stop();

    // With this umask everybody could connect.
    daemon.launch_by(&["sh", "-c", "umask 0; exec \"$@\"", "sh", "python3", "-c", DENY, "22", CHANGING_A_MODE]);
    let ended = daemon.program().wait_for_end();
    assert_refused(
        &ended,
        &[
            "errno.EINVAL (22): cannot change the mode of /",
            "/s.sock to 0700 (Invalid argument), so that others could connect",
            "set file= to a path on a local one, such as /run or /tmp ([unix_http_server] in ",
        ],
    );
    assert!(!daemon.path("s.sock").exists());
}

#[test]
fn every_server_that_cannot_listen_names_file_or_address_and_the_remedy() {
    if testing_the_original() {
        return;
    }
    for (section, parts) in [
        ("[unix_http_server]\nfile={dir}/absent/s.sock\n", &["ENOENT (2): cannot make /", "/absent; make it"][..]),
        ("[unix_http_server]\nfile={dir}\n", &["EISDIR (21): /", " is a folder; set file= to a path in it"]),
        ("[unix_http_server]\nfile=/proc/s.sock\n", &["cannot make /proc/s.sock"]),
        (
            "[inet_http_server]\nport=203.0.113.7:{port}\nusername=u\npassword=p\n",
            &["EADDRNOTAVAIL (99): 203.0.113.7, port ", " is no address of this machine; set port= to one of its own"],
        ),
        (
            "[inet_http_server]\nport=no.such.host.invalid:{port}\nusername=u\npassword=p\n",
            &["no.such.host.invalid", "[inet_http_server]"],
        ),
    ] {
        let daemon = TestDaemon::prepared("");
        daemon.configure_also(&daemon.filled_in(section));
        let ended = daemon.run(&["-n", "-c", "{dir}/supervisord.conf"]);
        assert_refused(&ended, parts);
        assert!(ended.stderr.contains("/supervisord.conf, line "), "{}", ended.stderr);
    }
}

#[test]
fn folder_that_may_not_be_written_to_is_named_with_who_may_not() {
    if testing_the_original() || !geteuid().is_root() {
        return;
    }
    let mut daemon = TestDaemon::prepared("");
    fs::create_dir(daemon.path("kept")).expect("the folder is ours");
    fs::set_permissions(daemon.path(""), fs::Permissions::from_mode(0o777)).expect("it is ours");
    daemon.configure_also(
        "[unix_http_server]\nfile={dir}/kept/s.sock\n".replace("{dir}", &daemon.filled_in("{dir}")).as_str(),
    );
    daemon.launch_by(&["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    let ended = daemon.program().wait_for_end();
    assert_refused(
        &ended,
        &["EACCES (13): cannot make /", "/kept may not be written to by uid 65534 (Permission denied); set file="],
    );
}
