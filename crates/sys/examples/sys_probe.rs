//! The helper of this crate's tests: does to itself what a test process, with its threads and its neighbours, cannot
//! do to itself, and prints what has become of it.
//!
//! Usage: `sys_probe ROLE [ARGUMENT]`, see `main`.
#![expect(
    unsafe_code,
    reason = "installs filters of system calls, as a container runtime does, and sends itself a signal"
)]
#![expect(clippy::print_stdout, reason = "its output is what the tests read")]

use std::ffi::{CStr, CString, c_long};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::path::Path;
use std::time::Duration;

use supervisor_core::ExitStatus;
use supervisor_sys::rlimits::{Resource, raise};
use supervisor_sys::{
    CStrArray, Child, ChildAttributes, Credentials, Events, Interest, Poller, Shelf, SocketError, SpawnMethod,
    SpawnPlan, Spawner, daemonize, drop_privileges, ensure_standard_fds_open, listen_unix, may_adopt_children,
    peek_any, pipe, resolve_user, set_subreaper, start_thread, wait_pid,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["daemonize", report] => report_from_the_background(report),
        ["daemonize-in-vain", "told"] => daemonize().expect("one thread").failed("Error: no luck\n"),
        ["daemonize-in-vain", "untold"] => drop(daemonize().expect("one thread")),
        ["daemonize-with-threads"] => daemonize_with_threads(),
        ["standard-fds", report] => report_standard_fds(report),
        ["drop-privileges", uid] => drop_to(uid),
        ["spawn-as-nonroot"] => spawn_as_nonroot(),
        ["raise-nofile", minimum] => raise_nofile(minimum),
        ["spawn-without-descriptors"] => spawn_without_descriptors(),
        ["shelf-without-descriptors"] => take_from_a_shelf_without_descriptors(),
        ["spawn-refused", method, calls @ ..] => spawn_with_refused_calls(method, calls),
        ["thread-refused"] => start_thread_without_clone3(),
        ["wait-refused"] => wait_with_the_older_call(),
        ["slots"] => show_slots(),
        ["signals"] => show_signals(),
        ["adopt"] => show_adoption(),
        ["listen-unix", path] => listen_when_told(Path::new(path)),
        _ => panic!("unknown role: {arguments:?}"),
    }
}

/// Writes pid, parent, group, session and what 0 to 2 are, once in the background.
fn report_from_the_background(report: &str) {
    // Before, so that whoever waits for the report does not have to look for it.
    let mut report = File::options().write(true).open(report).expect("the test has made it");
    let before = std::process::id();
    let caller = daemonize().expect("one thread");
    let pid = std::process::id();
    assert_ne!(pid, before, "the original process has ended");
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc is mounted");
    let (_, after_name) = stat.rsplit_once(')').expect("proc(5)");
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let [group, session] = [fields[2], fields[3]];
    let targets = (0..=2).map(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).expect("it is open"));
    let targets: Vec<String> = targets.map(|target| target.display().to_string()).collect();
    writeln!(report, "{pid} {group} {session} {}", targets.join(" ")).expect("the test reads");
    caller.ready();
}

fn daemonize_with_threads() {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    println!("{}", daemonize().expect_err("two threads"));
    drop(release);
    thread.join().expect("it does not panic").expect_err("nothing is sent");
}

/// Started with some of 0 to 2 closed.
fn report_standard_fds(report: &str) {
    ensure_standard_fds_open().expect("/dev/null is there");
    let targets = (0..=2).map(|fd| fs::read_link(format!("/proc/self/fd/{fd}")).expect("it is open"));
    let targets: Vec<String> = targets.map(|target| target.display().to_string()).collect();
    fs::write(report, targets.join(" ")).expect("the test has made a folder");
}

/// Prints the outcome, then who we are and whether there is a way back.
fn drop_to(uid: &str) {
    let uid = uid.parse().expect("a number");
    println!("{:?}", resolve_user(uid).and_then(|credentials| drop_privileges(&credentials)));
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    for field in ["Uid:", "Gid:", "Groups:"] {
        let line = status.lines().find(|line| line.starts_with(field)).expect("proc(5)");
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    println!("{:?}", nix::unistd::setuid(nix::unistd::Uid::from_raw(0)));
}

fn raise_nofile(minimum: &str) {
    match raise(Resource::NoFile, minimum.parse().expect("a number")) {
        Ok(raised) => println!("{raised}"),
        Err(error) => println!("{error}"),
    }
    println!("{:?}", nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).expect("it is known"));
}

/// Every way to make a child.
const METHODS: [SpawnMethod; 3] = [SpawnMethod::SharedMemory, SpawnMethod::CopiedMemory, SpawnMethod::Fork];

/// Uses up every descriptor, then spawns by each method and prints whether there is a pidfd; then gives one descriptor
/// back and prints it again.
fn spawn_without_descriptors() {
    let limit = 64;
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, limit, limit).expect("lower it may be");
    let mut spawner = Spawner::new().expect("there is room");
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    let spawn = |spawner: &mut Spawner, method| {
        let child = spawn_here(spawner, c"/bin/true", &[c"true".to_owned()], None, method, &[]);
        child.map(|child| child.pidfd.is_some()).map_err(|error| error.raw_os_error())
    };
    println!("{:?}", METHODS.map(|method| spawn(&mut spawner, method)));
    drop(hoard.pop());
    println!("{:?}", METHODS.map(|method| spawn(&mut spawner, method)));
}

/// Uses up every descriptor, then takes from a shelf, in vain; gives one back and takes again. Prints the outcomes, and
/// whether what else lies there is still open.
fn take_from_a_shelf_without_descriptors() {
    let limit = 64;
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, limit, limit).expect("lower it may be");
    let mut shelf = Shelf::new().expect("there is room");
    let mut lay_aside = || {
        let (reader, writer) = pipe::pipe().expect("there is room");
        (reader, shelf.lay_aside(writer).expect("there is room"))
    };
    let ((other_reader, _other), (_reader, wanted)) = (lay_aside(), lay_aside());
    pipe::set_nonblocking(other_reader.as_fd()).expect("it is a pipe");
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    for _ in 0..2 {
        println!("{:?}", shelf.take(wanted).map(drop).map_err(|error| error.raw_os_error()));
    }
    drop(hoard.pop());
    println!("{:?}", shelf.take(wanted).map(drop).map_err(|error| error.raw_os_error()));
    println!("{:?}", pipe::read(other_reader.as_fd(), &mut [0]).map_err(|error| error.kind()));
}

/// Spawns on our own standard descriptors, and more.
fn spawn_here(
    spawner: &mut Spawner,
    file: &CStr,
    argv: &[CString],
    credentials: Option<&Credentials>,
    method: SpawnMethod,
    more: &[(BorrowedFd<'_>, RawFd)],
) -> std::io::Result<Child> {
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let standard = [(stdin.as_fd(), 0), (stdout.as_fd(), 1), (stderr.as_fd(), 2)];
    spawner.spawn(&SpawnPlan {
        executable: file,
        argv,
        envp: &CStrArray::new(Vec::new()),
        directory: None,
        attributes: ChildAttributes::default(),
        credentials,
        refusal: None,
        descriptors: &[&standard[..], more].concat(),
        method,
    })
}

/// Reaps by pid, which works without a pidfd too.
fn end_of(child: &Child) -> ExitStatus {
    loop {
        match wait_pid(child.pid).expect("it is our child") {
            Some(status) => return status,
            None => std::thread::yield_now(),
        }
    }
}

/// Without being root, starts a program as another user by either method.
fn spawn_as_nonroot() {
    if nix::unistd::getuid().is_root() {
        drop_privileges(&Credentials { uid: 65_534, gid: 65_534, groups: vec![65_534] }).expect("root may");
    }
    let mut spawner = Spawner::new().expect("there is room");
    let root = Credentials { uid: 0, gid: 0, groups: vec![0] };
    for method in METHODS {
        let argv = [c"true".to_owned()];
        let child = spawn_here(&mut spawner, c"/bin/true", &argv, Some(&root), method, &[]).expect("there is a child");
        println!("{}", end_of(&child));
    }
}

/// Has some system calls refused, as an old kernel or a container would, then starts a program twice, which prints
/// its descriptors, and one that is missing. Prints what is known of them.
fn spawn_with_refused_calls(method: &str, calls: &[&str]) {
    let method = if method == "shared" { SpawnMethod::SharedMemory } else { SpawnMethod::CopiedMemory };
    let mut spawner = Spawner::new().expect("there is room");
    // Not closed on exec, to be seen in a child if it is forgotten there.
    let leak = nix::fcntl::fcntl(std::io::stdin().as_fd(), nix::fcntl::FcntlArg::F_DUPFD(77)).expect("there is room");
    let before = open_descriptors();
    for call in calls {
        match *call {
            "clone" => refuse(libc::SYS_clone, libc::EPERM, Some(libc::CLONE_FILES)),
            "close_range" => refuse(libc::SYS_close_range, libc::ENOSYS, None),
            "close_range-by-filter" => refuse(libc::SYS_close_range, libc::EPERM, None),
            "pidfd_open" => refuse(libc::SYS_pidfd_open, libc::ENOSYS, None),
            "/proc" => refuse(libc::SYS_getdents64, libc::EPERM, None),
            _ => panic!("unknown call: {call}"),
        }
    }
    let stdin = std::io::stdin();
    let more = [(stdin.as_fd(), 5)];
    let list = [c"ls".to_owned(), c"/proc/self/fd".to_owned()];
    for (file, argv) in [(c"/bin/ls", &list[..]), (c"/bin/ls", &list[..]), (c"/no/such/file", &[c"x".to_owned()])] {
        let child = spawn_here(&mut spawner, file, argv, None, method, &more).expect("one way is left");
        let status = end_of(&child);
        let failures: Vec<String> = spawner.take_failures().into_iter().map(|failure| failure.words).collect();
        println!("{status}, pidfd {}, {failures:?}", child.pidfd.is_some());
    }
    assert!(peek_any().expect("it can be asked").is_none(), "nobody is left to reap");
    assert!(before.contains(&leak.to_string()), "it is open here");
    if !calls.contains(&"/proc") {
        assert_eq!(open_descriptors(), before, "and nothing of ours was closed or left");
    }
}

/// Starts threads below a filter that answers clone3(2) with EPERM: prints what one has found, which starts another
/// itself.
fn start_thread_without_clone3() {
    refuse(libc::SYS_clone3, libc::EPERM, None);
    let refused = std::thread::Builder::new().spawn(|| ()).expect_err("it is refused");
    println!("{refused}");
    let filters = |of: &str| {
        let status = fs::read_to_string(of).expect("/proc is mounted");
        status.lines().find(|line| line.starts_with("Seccomp_filters")).expect("Linux 5.9 or newer").to_owned()
    };
    let before = filters("/proc/thread-self/status");
    let sum = start_thread(|| {
        std::thread::Builder::new().spawn(|| {
            let other = start_thread(|| std::thread::Builder::new().spawn(|| 40)).expect("it starts");
            other.join().expect("it ends") + 2
        })
    });
    println!("{}", sum.expect("it starts").join().expect("it ends"));
    assert_eq!(filters("/proc/thread-self/status"), before, "nothing stays with us");
}

/// Waits on a kernel that does not know epoll_pwait2(2): prints what is ready of one pipe, without and with something
/// in it and after a wake-up.
fn wait_with_the_older_call() {
    refuse(libc::SYS_epoll_pwait2, libc::ENOSYS, None);
    let poller = Poller::new().expect("this kernel has epoll");
    let mut events = Events::new();
    let (reader, writer) = pipe::pipe().expect("there is room");
    poller.add(reader.as_fd(), 3, Interest::Readable).expect("it is new");
    let mut show = |timeout| {
        poller.wait(&mut events, timeout).expect("waiting works");
        println!("{events:?}");
    };
    show(Some(Duration::ZERO));
    show(Some(Duration::from_micros(10)));
    poller.waker().wake();
    show(None);
    pipe::write(&writer, b"x").expect("there is room");
    show(None);
}

/// From now on this call, if it has this flag in its first argument, does nothing but to return this error number
/// (seccomp(2)).
fn refuse(call: c_long, errno: i32, flag: Option<i32>) {
    let load = |offset: u32| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let call = u32::try_from(call).expect("numbers of calls are small");
    let refused = libc::SECCOMP_RET_ERRNO | errno.unsigned_abs();
    // struct seccomp_data: the number at 0, the first argument at 16.
    let mut program = match flag {
        None => vec![
            load(0),
            jump(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call, 0, 1),
            statement(libc::BPF_RET | libc::BPF_K, refused),
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
        ],
        Some(flag) => vec![
            load(0),
            jump(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call, 0, 3),
            load(16),
            jump(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, flag.unsigned_abs(), 0, 1),
            statement(libc::BPF_RET | libc::BPF_K, refused),
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
        ],
    };
    let length = u16::try_from(program.len()).expect("it is short");
    let program = libc::sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: prctl(2) with PR_SET_NO_NEW_PRIVS takes numbers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: prctl(2) with PR_SET_SECCOMP reads the program, which lives until after the call.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) }, 0);
}

fn statement(code: u32, value: u32) -> libc::sock_filter {
    jump(code, value, 0, 0)
}

fn jump(code: u32, value: u32, if_true: u8, if_false: u8) -> libc::sock_filter {
    let code = u16::try_from(code).expect("codes have 16 bits");
    libc::sock_filter { code, jt: if_true, jf: if_false, k: value }
}

/// Numbers of our open descriptors, without the one that lists them.
fn open_descriptors() -> Vec<String> {
    let listed = fs::read_dir("/proc/self/fd").expect("/proc is mounted");
    let listed = listed.filter_map(Result::ok).filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| !target.ends_with(format!("{}/fd", std::process::id())))
    });
    listed.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Prints the numbers of the descriptors that a spawner holds.
fn show_slots() {
    let _spawner = Spawner::new().expect("there is room");
    println!("{}", open_descriptors().join(" "));
}

/// Started with SIGHUP ignored, SIGCHLD ignored and SIGUSR2 blocked and pending.
fn show_signals() {
    let mut signals = supervisor_sys::Signals::install().expect("handlers can be set");
    println!("{:?}", signals.drain().collect::<Vec<_>>());
    // By default it would be the end.
    let own = i32::try_from(std::process::id()).expect("pids are small");
    // SAFETY: kill(2) takes numbers; this one is ours.
    assert_eq!(unsafe { libc::kill(own, libc::SIGRTMIN()) }, 0);
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    for line in status.lines().filter(|line| line.starts_with("SigBlk") || line.starts_with("SigIgn")) {
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}

fn show_adoption() {
    println!("{}", may_adopt_children());
    set_subreaper(true).expect("this kernel has subreapers");
    println!("{}", may_adopt_children());
    set_subreaper(false).expect("this kernel has subreapers");
    println!("{}", may_adopt_children());
}

/// Waits for a line, tries to listen, prints what has come of it; answers whoever connects until its stdin ends.
fn listen_when_told(path: &Path) {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the test writes");
    match listen_unix(path, 0o700, None) {
        Ok(bound) => {
            println!("listening, {} removed", bound.stale_removed);
            let listener = bound.listener;
            std::thread::spawn(move || {
                for mut client in listener.incoming().filter_map(Result::ok) {
                    // One that is gone has its answer.
                    let _no_matter = client.write_all(b"H");
                }
            });
            std::io::stdin().read_line(&mut line).expect("the test closes it");
            assert!(bound.file.remove_if_ours().expect("the folder is there"));
        }
        Err(SocketError::AddressInUse { .. }) => println!("in use"),
        Err(error) => println!("{error}"),
    }
}
