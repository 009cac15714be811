//! `extension-test` with extensions that are good, and with ones that break one rule each.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Folder;
use crate::untested::not_tested;

/// A good extension, but for what `BREAKS` says. Its method `wait` sleeps, in a thread, so that others are answered.
const EXTENSION: &str = r#"
import json, os, socket, subprocess, sys, threading, time
breaks = sys.argv[1] if len(sys.argv) > 1 else ""
channel = socket.socket(fileno=int(os.environ.pop("SUPERVISOR_EXT_FD")))
os.set_inheritable(channel.fileno(), breaks == "hands on")
if breaks == "ends":
    sys.exit("no such queue")
if breaks == "silent":
    time.sleep(1000)
lines, lock, cancelled = channel.makefile("rb"), threading.Lock(), set()
def write(message):
    with lock:
        channel.sendall(json.dumps(message).encode() + b"\n")
def answer(me, **what):
    write({"jsonrpc": "2.0", "id": me, **what})
    if breaks == "answers twice" and "result" in what:
        write({"jsonrpc": "2.0", "id": me, **what})
def call(me, name, params):
    if name not in ("wait", "depth"):
        answer(me, error={"code": 5 if breaks == "own codes" else -32601, "message": "no such method"})
    elif len(params) > 1 and breaks != "takes all":
        if breaks == "dies of wrong arguments":
            os._exit(3)
        answer(me, error={"code": 2, "message": "INCORRECT_PARAMETERS"})
    elif name == "wait" and params and params[0] != "x":
        time.sleep(params[0])
        if not (breaks == "forgets cancelled" and me in cancelled):
            answer(me, result=None if breaks == "null" else True)
    else:
        answer(me, result=17)
if breaks == "asks early":
    write({"id": "a", "method": "sup.state"})
if breaks == "prints there":
    channel.sendall(b"Starting...\n")
for line in lines:
    message = json.loads(line)
    method, me = message.get("method"), message.get("id")
    if method == "initialize":
        methods = [{"name": "wait", "help": "Waits.", "signature": ["boolean", "double"]},
                   {"name": "depth", "help": "How deep.", "signature": ["int"]}]
        if breaks == "bad name":
            methods[0]["name"] = "_wait"
        if breaks == "refuses" and "spool" not in message["params"]["config"]:
            answer(me, error={"code": 30, "message": "FAILED: spool= is missing"})
            continue
        answer(me, result={"methods": methods, "events": ["QUEUE_DEPTH"]})
        if breaks == "asks badly":
            for id in ("a", "a"):
                write({"jsonrpc": "2.0", "id": id, "method": "sup.everything"})
            write({"jsonrpc": "2.0", "id": "b", "method": "sup.notify", "params": {"name": "OTHER", "payload": ""}})
        if breaks == "asks":
            for method in ("sup.state", "sup.groups", "sup.subscribe", "sup.call", "sup.notify"):
                params = {"name": "QUEUE_DEPTH", "payload": "", "event": "TICK", "method": "a.b", "params": []}
                write({"jsonrpc": "2.0", "id": method, "method": method, "params": params})
    elif method == "call":
        params = message["params"]
        threading.Thread(target=call, args=(me, params["method"], params["params"]), daemon=True).start()
    elif method == "cancel":
        cancelled.add(message["params"]["id"])
    elif method == "shutdown":
        if breaks == "hands on":
            subprocess.Popen(["sleep", "4"], close_fds=False)
        if breaks != "stays":
            os._exit(9 if breaks == "bad end" else 0)
    elif method and me is not None and breaks != "ignores requests":
        answer(me, error={"code": 1, "message": "UNKNOWN_METHOD"})
if breaks in ("stays", "outlives"):
    time.sleep(1000)
"#;

fn try_out(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_supervisorctl"))
        .arg("extension-test")
        .args(arguments)
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn scripted() -> Folder {
    let folder = Folder::new();
    std::fs::write(folder.0.join("x.py"), EXTENSION).unwrap();
    folder
}

#[test]
fn a_good_extension_passes() {
    let folder = scripted();
    let (status, out, err) = try_out(&folder, &["--call", "wait(0.01)", "python3 x.py"]);
    assert_eq!(
        out,
        "starting python3 x.py
ok    answers initialize: 2 methods (wait, depth), 1 event type (QUEUE_DEPTH)
ok    lets pass what it does not know, and refuses requests
ok    refuses a method that it does not have
ok    refuses wrong arguments of wait
ok    refuses wrong arguments of depth
ok    answers wait
ok    answers as many calls as may be open: 1024 calls
ok    takes cancel
ok    keeps to the protocol
ok    ends when it is asked to
starting python3 x.py once more
ok    ends when supervisord has gone
11 ok, 0 wrong
"
    );
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let (status, out, _) = try_out(&folder, &["python3", "x.py", "asks"]);
    assert!(out.ends_with("10 ok, 0 wrong, 1 not tried\n"), "{out}");
    assert_eq!(status, Some(0));
}

/// What breaks a rule; what is said of it; the exit status.
type Broken = (&'static str, &'static str, i32);

const BROKEN: [Broken; 12] = [
    ("ends", "WRONG answers initialize: it ended with exit status 1\n", 1),
    ("bad name", "WRONG answers initialize: the answer has a method with the name \"_wait\"", 1),
    ("refuses", "WRONG answers initialize: it refuses: FAILED: spool= is missing (code 30)\n", 1),
    ("prints there", "WRONG answers initialize: a line that is no message: expected value at line 1", 1),
    ("asks early", "WRONG keeps to the protocol: it asked sup.state before it had answered initialize\n", 1),
    (
        "asks badly",
        "WRONG keeps to the protocol: it asked 'sup.everything', which no supervisord knows; it used the id \"a\" for \
         two requests; it asked 'sup.everything', which no supervisord knows; it sent an event 'OTHER', which is not in \
         its events\n",
        1,
    ),
    ("own codes", "note  refuses a method that it does not have: it was no fault 1\n", 0),
    ("takes all", "WRONG refuses wrong arguments of wait: it took 17\n", 1),
    ("dies of wrong arguments", "WRONG refuses wrong arguments of wait: the channel ended\n", 1),
    ("null", "WRONG answers wait: there is null in the result\n", 1),
    ("answers twice", "WRONG keeps to the protocol: it answered 1 twice or was never asked it; it answered ", 1),
    ("bad end", "note  ends when it is asked to: it ended with exit status 9\n", 0),
];

/// Of these something does not come, and is waited for.
const SILENT: [Broken; 6] = [
    ("hands on", "note  keeps the channel to itself: a program that it has started holds it open\n", 0),
    ("stays", "WRONG ends when it is asked to: it still runs after 2 s\n", 1),
    ("outlives", "WRONG ends when supervisord has gone: it still runs 10 s later\n", 1),
    ("forgets cancelled", "WRONG takes cancel: the cancelled call was not answered\n", 1),
    ("silent", "WRONG answers initialize: no answer within 10 s\n", 1),
    ("ignores requests", "WRONG lets pass what it does not know, and refuses requests: no answer within 10 s\n", 1),
];

#[test]
fn what_breaks_a_rule_is_told_with_what_to_do() {
    for some in BROKEN.chunks(4) {
        try_broken(some);
    }
}

#[test]
fn what_does_not_come_is_told_with_what_to_do() {
    try_broken(&SILENT);
}

/// Side by side.
fn try_broken(extensions: &[Broken]) {
    let folder = scripted();
    std::thread::scope(|scope| {
        for (breaks, said, status) in extensions {
            let folder = &folder;
            scope.spawn(move || {
                let (ended, out, _) = try_out(folder, &["--call", "wait(0.3)", "python3", "x.py", breaks]);
                let (_, behind) = out.split_once(said).unwrap_or_else(|| panic!("{breaks}: {said}\n{out}"));
                let advice = behind.lines().find(|line| line.starts_with("      ")).unwrap_or_default();
                assert!(advice.len() > 20, "{breaks}: what to do is said:\n{out}");
                assert_eq!(ended, Some(*status), "{breaks}:\n{out}");
            });
        }
    });
}

#[test]
fn options_of_the_section_reach_it() {
    let folder = scripted();
    let (status, out, _) = try_out(&folder, &["--set", "Spool=/x", "python3", "x.py", "refuses"]);
    assert_eq!(status, Some(0), "{out}");
}

#[test]
fn what_cannot_be_tried_is_said() {
    let folder = scripted();
    let (status, _, err) = try_out(&folder, &[]);
    assert_eq!(
        (status, err.lines().next()),
        (Some(2), Some("Error: extension-test requires the command of an extension"))
    );
    let (status, _, err) = try_out(&folder, &["./no-such-program"]);
    let expected = "Error: ./no-such-program cannot be started: No such file or directory (os error 2)\n";
    assert_eq!((status, err.as_str()), (Some(1), expected));
}

fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

#[test]
fn the_example_of_the_specification_passes() {
    let page = std::fs::read_to_string(project_root().join("docs/extensions.md")).unwrap();
    let (_, program) = page.split_once("```python\n#!").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    let folder = Folder::new();
    std::fs::write(folder.0.join("disk.py"), format!("#!{program}")).unwrap();
    let (status, out, _) = try_out(&folder, &["--call", "free(\"/\")", "python3 disk.py"]);
    assert!(out.contains("ok    answers free\n") && out.ends_with("10 ok, 0 wrong\n"), "{out}");
    assert_eq!(status, Some(0));
}

#[test]
fn every_descriptor_taken_is_one_clear_error() {
    let Ok(shell) = std::fs::canonicalize("/bin/bash") else {
        return not_tested("descriptors 3 to 9: there is no bash");
    };
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    let line = format!("exec {program} extension-test true 3</ 4</ 5</ 6</ 7</ 8</ 9</");
    let output = Command::new(shell).args(["-c", &line]).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "Error: descriptors 3 to 9 are all open here, and an extension gets one of them\n"
    );
    assert_eq!(output.status.code(), Some(1));
}
