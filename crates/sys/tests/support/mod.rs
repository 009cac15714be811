//! Real children for tests: described, started, spoken to and waited for. Nothing here sleeps; a condition that does
//! not come about within [`PATIENCE`] is a failure.
#![allow(dead_code, reason = "each test file uses its part of this")]

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use supervisor_core::{ExitStatus, KillTarget, Signal};
use supervisor_sys::{
    CStrArray, Child, ChildAttributes, Credentials, SpawnMethod, SpawnPlan, Spawner, kill, pipe, wait_pid,
};

/// How long a condition may take to come about, in milliseconds.
pub(crate) const PATIENCE: u16 = 60_000;

/// Every way to make a child; what holds for one has to hold for the others.
pub(crate) const METHODS: [SpawnMethod; 3] = [SpawnMethod::SharedMemory, SpawnMethod::CopiedMemory, SpawnMethod::Fork];

/// A program to start.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) executable: CString,
    pub(crate) argv: Vec<CString>,
    pub(crate) environment: Vec<CString>,
    pub(crate) directory: Option<CString>,
    pub(crate) attributes: ChildAttributes,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) refusal: Option<String>,
    pub(crate) method: SpawnMethod,
}

impl Program {
    pub(crate) fn new(executable: &str, arguments: &[&str]) -> Self {
        let words = [executable].into_iter().chain(arguments.iter().copied());
        Self {
            executable: c_string(executable),
            argv: words.map(c_string).collect(),
            environment: vec![c_string("PATH=/usr/bin:/bin"), c_string("LC_ALL=C")],
            directory: None,
            attributes: ChildAttributes::default(),
            credentials: None,
            refusal: None,
            method: SpawnMethod::default(),
        }
    }

    /// A shell script.
    pub(crate) fn script(text: &str) -> Self {
        Self::new("/bin/sh", &["-c", text])
    }

    /// One that copies its stdin to its stdout, for as long as it is let.
    pub(crate) fn cat() -> Self {
        Self::new("/bin/cat", &[])
    }

    /// The helper of these tests with a role.
    pub(crate) fn probe(arguments: &[&str]) -> Self {
        let path = probe_path();
        Self::new(path.to_str().expect("target folders have readable names"), arguments)
    }

    pub(crate) fn by(mut self, method: SpawnMethod) -> Self {
        self.method = method;
        self
    }

    /// Starts it between three new pipes.
    pub(crate) fn start(&self, spawner: &mut Spawner) -> Running {
        self.try_start(spawner).expect("the child can be made")
    }

    pub(crate) fn try_start(&self, spawner: &mut Spawner) -> std::io::Result<Running> {
        let (stdin_reader, stdin) = pipe::pipe()?;
        let (stdout, stdout_writer) = pipe::pipe()?;
        let (stderr, stderr_writer) = pipe::pipe()?;
        let ends = [(stdin_reader.as_fd(), 0), (stdout_writer.as_fd(), 1), (stderr_writer.as_fd(), 2)];
        let child = self.start_with(spawner, &ends)?;
        Ok(Running { child, stdin: Some(File::from(stdin)), stdout: File::from(stdout), stderr: File::from(stderr) })
    }

    /// Starts it with these descriptors, each with its number.
    pub(crate) fn start_with(
        &self,
        spawner: &mut Spawner,
        descriptors: &[(BorrowedFd<'_>, RawFd)],
    ) -> std::io::Result<Child> {
        spawner.spawn(&SpawnPlan {
            executable: &self.executable,
            argv: &self.argv,
            envp: &CStrArray::new(self.environment.clone()),
            directory: self.directory.as_deref(),
            attributes: self.attributes.clone(),
            credentials: self.credentials.as_ref(),
            refusal: self.refusal.as_deref(),
            descriptors,
            method: self.method,
        })
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(&self, spawner: &mut Spawner) -> Finished {
        self.start(spawner).finish()
    }
}

/// A program that was started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) stdin: Option<File>,
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

impl Running {
    /// For a `cat`: returns when it has answered, so that it surely has been executed.
    pub(crate) fn wait_until_it_answers(&mut self) {
        self.stdin.as_mut().expect("open until finish").write_all(b"?").expect("cat reads");
        let mut answer = [0];
        self.stdout.read_exact(&mut answer).expect("cat writes");
        assert_eq!(&answer, b"?");
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.pid.get()
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill(KillTarget::Process(self.child.pid), signal).expect("it is not reaped yet");
    }

    /// Closes its stdin, reads what it writes and waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        drop(self.stdin.take());
        let stdout = read_all(&mut self.stdout);
        let stderr = read_all(&mut self.stderr);
        Finished { status: wait_for_end(&self.child), stdout, stderr }
    }
}

/// What has become of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// What it wrote, if it ended well.
    pub(crate) fn output(self) -> String {
        assert_eq!((self.status, self.stderr.as_str()), (ExitStatus::Exited(0), ""), "stdout: {}", self.stdout);
        self.stdout
    }
}

/// Waits for the end of a child and reaps it.
pub(crate) fn wait_for_end(child: &Child) -> ExitStatus {
    let pidfd = child.pidfd.as_ref().expect("this kernel has pidfds");
    wait_until_readable(pidfd.as_fd());
    wait_pid(child.pid).expect("it is our child").expect("its pidfd was readable")
}

/// Waits until a descriptor has something to say.
pub(crate) fn wait_until_readable(fd: BorrowedFd<'_>) {
    let ready = poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], PollTimeout::from(PATIENCE));
    assert_eq!(ready, Ok(1), "nothing came");
}

/// Reads to the end.
pub(crate) fn read_all(file: &mut File) -> String {
    let mut bytes = Vec::new();
    loop {
        wait_until_readable(file.as_fd());
        let mut piece = [0; 4096];
        match file.read(&mut piece).expect("a pipe can be read") {
            0 => return String::from_utf8(bytes).expect("tests write UTF-8"),
            length => bytes.extend_from_slice(&piece[..length]),
        }
    }
}

/// A line of /proc/PID/status.
pub(crate) fn status_of(pid: i32, field: &str) -> String {
    status_field(&fs::read_to_string(format!("/proc/{pid}/status")).expect("it is not reaped yet"), field)
}

/// A field of the text that /proc/PID/status holds.
pub(crate) fn status_field(status: &str, field: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.expect("the kernel has this field").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Numbers of the open descriptors of a process.
pub(crate) fn descriptors_of(pid: i32) -> Vec<i32> {
    let listed = fs::read_dir(format!("/proc/{pid}/fd")).expect("it is not reaped yet");
    let mut numbers: Vec<i32> = listed
        .map(|entry| entry.expect("/proc can be listed").file_name())
        .map(|name| name.to_str().and_then(|name| name.parse().ok()).expect("names are numbers"))
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The mask of these signals, as /proc shows it.
pub(crate) fn mask_of(signals: &[i32]) -> String {
    let mask = signals.iter().fold(0_u64, |mask, signal| mask | 1 << (signal - 1));
    format!("{mask:016x}")
}

/// Whether the tests run as root; says so if they do not.
pub(crate) fn is_root(what: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: {what} needs root").expect("stderr is open");
    }
    root
}

/// A folder of its own, removed in the end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("supervisor-sys-{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // A test that failed left it, and its pid is used again.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let listed = fs::read_dir(&self.0).expect("it is there");
        let mut names: Vec<String> = listed
            .map(|entry| entry.expect("it can be listed").file_name().into_string().expect("tests use UTF-8"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is ours");
    }
}

pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).expect("tests use no zero bytes")
}

/// Where the helper lies: next to the folder of the test programs.
fn probe_path() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows itself");
    let profile = test.parent().and_then(Path::parent).expect("it lies in target/PROFILE/deps");
    let probe = profile.join("examples/sys_probe");
    assert!(probe.exists(), "{} is missing: build the examples", probe.display());
    probe
}

/// /dev/null to read and write.
pub(crate) fn dev_null() -> OwnedFd {
    File::options().read(true).write(true).open("/dev/null").expect("every system has it").into()
}
