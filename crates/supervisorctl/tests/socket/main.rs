//! The program as it is run, against a server on a real socket.
#![expect(clippy::disallowed_methods, reason = "the test program is no supervisor: std may run the client")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod completion;
mod events;
mod extension_test;
mod path_commands;
mod plugins;
mod server;
mod terminal;
mod typed_ahead;
mod unreachable;
#[path = "../../../supervisord/tests/integration/support/untested.rs"]
#[expect(dead_code, reason = "is_root is for the tests of supervisord")]
mod untested;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use server::{Answer, serve_tcp, serve_unix, status, stream, value};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("supervisorctl-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // A test that failed left it, and its pid is used again.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    fn socket(&self) -> PathBuf {
        self.0.join("s.sock")
    }

    fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// The client with a configuration that names `url`.
    fn client(&self, url: &str, arguments: &[&str]) -> Command {
        let file = self.0.join("s.conf");
        std::fs::write(&file, format!("[supervisorctl]\nserverurl={url}\nprompt=test\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_supervisorctl"));
        command.arg("-c").arg(file).args(arguments).stdin(Stdio::null());
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Standard output, standard error, exit status.
fn run(command: &mut Command) -> (String, String, i32) {
    let output = command.output().unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn version() -> Answer {
    value("getVersion", "<string>3.0</string>")
}

fn all_processes() -> Answer {
    let member =
        |name: &str, value: &str| format!("<member>\n<name>{name}</name>\n<value>{value}</value>\n</member>\n");
    let members = [
        member("name", "<string>cat</string>"),
        member("group", "<string>cat</string>"),
        member("state", "<int>20</int>"),
        member("statename", "<string>RUNNING</string>"),
        member("description", "<string>pid 7, uptime 0:00:06</string>"),
        member("pid", "<int>7</int>"),
    ]
    .concat();
    let process = format!("<struct>\n{members}</struct>");
    // The single process comes in two shapes: alone, and in the list of all.
    value("getAllProcessInfo", &format!("<array><data>\n<value>{process}</value>\n</data></array>"))
}

fn one_process() -> Answer {
    let all = all_processes().response;
    let (from, to) = (all.find("<struct>").unwrap(), all.find("</data>").unwrap());
    let process = all.get(from..to).unwrap().trim_end().strip_suffix("</value>").unwrap();
    value("getProcessInfo", process)
}

const STATUS: &str = "cat                              RUNNING   pid 7, uptime 0:00:06\n";

#[test]
fn one_connection_serves_a_command() {
    let folder = Folder::new();
    let requests = serve_unix(&folder.socket(), vec![version(), all_processes()]);
    assert_eq!(run(&mut folder.client(&folder.url(), &["status"])), (STATUS.to_owned(), String::new(), 0));
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 2);
    for (connection, request) in requests.iter() {
        assert_eq!(*connection, 0);
        assert!(request.starts_with("POST /RPC2 HTTP/1.1\r\n"), "{request}");
        let head = request.to_ascii_lowercase();
        for header in ["host: localhost\r\n", "content-type: text/xml\r\n", "accept: text/xml\r\n"] {
            assert!(head.contains(header), "{request}");
        }
        assert!(!head.contains("authorization"));
    }
}

#[test]
fn a_server_that_closes_after_each_answer_is_served_too() {
    let folder = Folder::new();
    let closing = |answer: Answer| Answer {
        response: answer.response.replace("Content-Type", "Connection: close\r\nContent-Type"),
        then_close: true,
        ..answer
    };
    let requests = serve_unix(&folder.socket(), vec![closing(version()), closing(all_processes())]);
    assert_eq!(run(&mut folder.client(&folder.url(), &["status"])).0, STATUS);
    let connections: Vec<usize> = requests.lock().unwrap().iter().map(|(connection, _)| *connection).collect();
    assert_eq!(connections, [0, 1]);
}

#[test]
fn credentials_are_sent_over_tcp() {
    let folder = Folder::new();
    let (port, requests) = serve_tcp(vec![version(), all_processes()]);
    let url = format!("http://127.0.0.1:{port}/ignored");
    let arguments = ["-u", "u", "-p", "p:q", "status", "all"];
    assert_eq!(run(&mut folder.client(&url, &arguments)), (STATUS.to_owned(), String::new(), 0));
    for (_, request) in requests.lock().unwrap().iter() {
        let head = request.to_ascii_lowercase();
        assert!(head.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{request}");
        assert!(request.contains("Basic dTpwOnE=\r\n"), "{request}");
    }
}

#[test]
fn refusals_over_http() {
    for (answer, words) in [
        (status("getVersion", "401 Unauthorized"), "Server requires authentication\n"),
        (
            status("getVersion", "500 Internal Server Error"),
            "error: URL answered HTTP 500 Internal Server Error to supervisor.getVersion: the log of supervisord may \
             say why\n",
        ),
    ] {
        let folder = Folder::new();
        serve_unix(&folder.socket(), vec![answer]);
        let words = words.replace("URL", &folder.url());
        assert_eq!(run(&mut folder.client(&folder.url(), &["status"])), (words, String::new(), 1));
    }
}

#[test]
fn a_server_that_hangs_up_or_talks_nonsense_is_an_error() {
    let folder = Folder::new();
    let nonsense = value("getVersion", "<string>3.0</string></array>");
    serve_unix(&folder.socket(), vec![nonsense]);
    let (out, err, status) = run(&mut folder.client(&folder.url(), &["version"]));
    assert!(out.starts_with(&format!("error: {} gave an answer to supervisor.getVersion", folder.url())), "{out}");
    assert_eq!((out.lines().count(), err.as_str(), status), (1, "", 1));
    let (out, err, status) = run(&mut folder.client(&folder.url(), &["avail"]));
    assert!(out.starts_with(&format!("error: {} closed the connection without an answer", folder.url())), "{out}");
    assert_eq!((out.lines().count(), err.as_str(), status), (1, "", 1));
}

#[test]
fn nobody_there() {
    let folder = Folder::new();
    let url = folder.url();
    let file = folder.0.join("s.conf").display().to_string();
    let origin = format!("(serverurl in {file})");
    for (command, words, status) in [
        ("version", format!("{url} no such file\n"), 7),
        ("status", format!("{url} no such file\n"), 4),
        ("shutdown", format!("ERROR: {url} no such file (already shut down?)\n"), 1),
        (
            "avail",
            format!(
                "error: {url} no such file {origin}: is supervisord running, and is this the file of its \
                 [unix_http_server]? If not: supervisord -c {file}\n"
            ),
            1,
        ),
    ] {
        assert_eq!(run(&mut folder.client(&url, &[command])), (words, String::new(), status));
    }
    drop(std::os::unix::net::UnixListener::bind(folder.socket()).unwrap());
    let words = format!("{url} refused connection\n");
    assert_eq!(run(&mut folder.client(&url, &["version"])), (words, String::new(), 4));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (_, err, status) = run(folder.client(&folder.url(), &["status"]).stdout(full));
    assert!(err.starts_with("error: cannot write to standard output: "), "{err}");
    assert_eq!((err.lines().count(), status), (1, 1));
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (_, err, status) = run(folder.client(&folder.url(), &["status"]).stdout(writer));
    assert_eq!((err.as_str(), status), ("", 0));
}

#[test]
fn a_password_from_a_pipe_is_hashed_without_server_and_configuration() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supervisorctl"));
    let mut session = Session::start(command.arg("hash-password"));
    session.type_in("secret\n");
    let (out, err, status) = session.finish();
    assert!(out.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && out.lines().count() == 1, "{out}");
    assert_eq!((err.as_str(), status.code()), ("", Some(0)));
}

#[test]
fn a_stop_that_takes_too_long_is_given_up() {
    let folder = Folder::new();
    // The beginning of an answer that never ends.
    let _requests = serve_unix(&folder.socket(), vec![version(), stream("stopProcess", "<?xml")]);
    let (out, err, status) = run(&mut folder.client(&folder.url(), &["stop", "--timeout", "0.2", "cat"]));
    assert_eq!((out.as_str(), err.as_str(), status), ("cat: ERROR (not done within 0.2 seconds)\n", "", 7));
}

/// The client while it runs; its standard output is read as it comes.
struct Session {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Session {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn press_ctrl_c(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGINT).unwrap();
    }

    /// Reads no more; standard error, and the exit status.
    fn close_and_finish(self) -> (String, ExitStatus) {
        let Self { mut child, out } = self;
        drop(out);
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (err, child.wait().unwrap())
    }

    /// What came after, standard error, and the exit status.
    fn finish(mut self) -> (String, String, ExitStatus) {
        drop(self.child.stdin.take());
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (out, err, self.child.wait().unwrap())
    }
}

#[test]
fn a_log_is_followed_until_ctrl_c() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), stream("GET /logtail/web:cat/stderr ", "one\n")]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &["tail", "-f", "web:cat", "stderr"]));
    assert_eq!(session.next_line(), "==> Press Ctrl-C to exit <==\n");
    assert_eq!(session.next_line(), "one\n");
    session.press_ctrl_c();
    let (out, err, status) = session.finish();
    assert_eq!((out.as_str(), err.as_str(), status.code()), ("\n", "", Some(0)));
}

#[test]
fn a_log_that_cannot_be_followed_is_told_on_standard_error() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), status("GET /logtail/x/stdout ", "404 Not Found")]);
    let (out, err, status) = run(&mut folder.client(&folder.url(), &["tail", "-f", "x"]));
    let words = format!("{}/logtail/x/stdout Cannot read, status code 404\n", folder.url());
    assert_eq!((out.as_str(), err, status), ("==> Press Ctrl-C to exit <==\n", words, 1));
}

/// Whatever the input does, Ctrl-C ends it: one without a line end, one without end, one that is closed.
#[test]
fn the_foreground_is_left_by_ctrl_c_whatever_the_input_does() {
    for input in ["exec < /dev/zero", "exec < \"$PIPE\"", "yes | {"] {
        let folder = Folder::new();
        serve_unix(
            &folder.socket(),
            vec![
                version(),
                one_process(),
                stream("GET /logtail/cat/stdout ", "out\n"),
                stream("GET /logtail/cat/stderr ", "err\n"),
                value("sendProcessStdin", "<boolean>1</boolean>"),
            ],
        );
        let pipe = folder.0.join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _writer = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
        let file = folder.client(&folder.url(), &[]).get_args().nth(1).unwrap().to_owned();
        let end = if input.ends_with('{') { "}" } else { "" };
        let program = env!("CARGO_BIN_EXE_supervisorctl");
        let script = format!("{input}\necho $$; exec {program} -c \"$0\" fg cat\n{end}");
        let script = script.replace("echo $$", "sh -c 'echo $PPID'");
        let mut session = Session::start(Command::new("sh").env("PIPE", &pipe).arg("-c").arg(script).arg(file));
        let pid = session.next_line().trim().parse().unwrap();
        assert_eq!(session.next_line(), "==> Press Ctrl-C to exit <==\n");
        session.next_line();
        kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
        let (out, err, status) = session.finish();
        assert!(out.ends_with("Exiting foreground\n"), "{input}: {out}");
        assert_eq!((err.as_str(), status.code()), ("", Some(0)), "{input}");
    }
}

#[test]
fn the_version_needs_neither_server_nor_configuration() {
    let (out, err, status) = run(Command::new(env!("CARGO_BIN_EXE_supervisorctl")).arg("--version"));
    assert_eq!((out, err.as_str(), status), (format!("{}\n", env!("CARGO_PKG_VERSION")), "", 0));
    let (out, err, status) = run(Command::new(env!("CARGO_BIN_EXE_supervisorctl")).args(["--version", "--verbose"]));
    assert_eq!(
        (out.lines().next(), err.as_str(), status),
        (Some(concat!("supervisorctl ", env!("CARGO_PKG_VERSION"))), "", 0)
    );
    assert!(out.contains("\ncommit: ") && out.contains("\ntarget: "), "{out}");
}

#[test]
fn a_log_that_ends_ends_the_command() {
    let folder = Folder::new();
    let ending = Answer { then_close: true, ..stream("GET /mainlogtail ", "log\n") };
    serve_unix(&folder.socket(), vec![version(), ending]);
    let (out, err, status) = run(&mut folder.client(&folder.url(), &["maintail", "-f"]));
    assert_eq!((out.as_str(), err.as_str(), status), ("==> Press Ctrl-C to exit <==\nlog\n", "", 0));
}

#[test]
fn a_process_in_the_foreground() {
    let folder = Folder::new();
    let requests = serve_unix(
        &folder.socket(),
        vec![
            version(),
            one_process(),
            stream("GET /logtail/cat/stdout ", "out\n"),
            status("GET /logtail/cat/stderr ", "404 Not Found"),
            value("sendProcessStdin", "<boolean>1</boolean>"),
        ],
    );
    let mut session = Session::start(&mut folder.client(&folder.url(), &["fg", "cat"]));
    assert_eq!(session.next_line(), "==> Press Ctrl-C to exit <==\n");
    assert_eq!(session.next_line(), "out\n");
    session.type_in("hello <you>\nlast");
    let (out, err, status) = session.finish();
    let words = format!("{}/logtail/cat/stderr Cannot read, status code 404\n", folder.url());
    assert_eq!((out.as_str(), err, status.code()), ("Exiting foreground\n", words, Some(0)));
    let requests = requests.lock().unwrap();
    for sent in ["<string>hello &lt;you&gt;\n</string>", "<string>last\n</string>"] {
        assert!(requests.iter().any(|(_, request)| request.contains(sent)), "{sent}");
    }
}

#[test]
fn a_shell_reads_standard_input() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes(), one_process()]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    session.type_in("status cat\nshutdown\nno\n\nnosuch\nstatus cat");
    let (out, err, status) = session.finish();
    let question = "Really shut the remote supervisord process down y/N? ";
    let expected =
        format!("{STATUS}test> {STATUS}test> {question}test> test> *** Unknown syntax: nosuch\ntest> {STATUS}test> \n");
    assert_eq!((out, err.as_str(), status.code()), (expected, "", Some(0)));
}

#[test]
fn ctrl_c_leaves_the_shell() {
    let folder = Folder::new();
    serve_unix(&folder.socket(), vec![version(), all_processes()]);
    let mut session = Session::start(&mut folder.client(&folder.url(), &[]));
    assert_eq!(session.next_line(), STATUS);
    session.press_ctrl_c();
    let (out, err, status) = session.finish();
    assert_eq!((out.as_str(), err.as_str(), status.code()), ("test> \n", "", Some(0)));
}

#[test]
fn a_command_line_that_cannot_be_used() {
    let program = env!("CARGO_BIN_EXE_supervisorctl");
    for (arguments, words) in [
        (&["--nosuch"][..], "option --nosuch not recognized"),
        (&["-c"], "option -c requires argument"),
        (&["-c", "/no/such/file", "status"], "could not find config file /no/such/file"),
    ] {
        let expected = format!("Error: {words}\nFor help, use {program} -h\n");
        assert_eq!(run(Command::new(program).args(arguments)), (String::new(), expected, 2));
    }
    let (out, err, status) = run(Command::new(program).arg("-h"));
    assert!(out.contains("--configuration"), "{out}");
    assert_eq!((err.as_str(), status), ("", 0));
    assert!(Path::new(program).is_absolute());
}
