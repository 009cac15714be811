//! The child half of a spawn allocates nothing, whichever way it is made and wherever it fails.
//!
//! An allocator stands guard that ends any process but the test's own with status 99.
#![expect(unsafe_code, reason = "an allocator, and a fork that shows that it stands guard")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicI32, Ordering};

use supervisor_core::{Capabilities, CpuRange, ExitStatus, IoPriority, Limit, Resource, Scheduler, Signal};
use supervisor_sys::{ChildAttributes, ChildSetting, CpuSet, Credentials, Setting, Spawner};
use support::{METHODS, Program, c_string};

const CAUGHT: i32 = 99;

/// The process that may allocate; 0: every one.
static ALLOWED: AtomicI32 = AtomicI32::new(0);

struct Guard;

impl Guard {
    fn check() {
        let allowed = ALLOWED.load(Ordering::Relaxed);
        // SAFETY: getpid(2) always succeeds; memory that a child shares with us does not change its answer.
        if allowed != 0 && unsafe { libc::getpid() } != allowed {
            // SAFETY: _exit(2) does not return.
            unsafe { libc::_exit(CAUGHT) };
        }
    }
}

// SAFETY: everything is the system allocator's; the check before changes no memory.
unsafe impl GlobalAlloc for Guard {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::check();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        Self::check();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Guard = Guard;

#[test]
fn no_way_through_the_child_allocates() {
    let mut spawner = Spawner::new().unwrap();
    let own = std::process::id();
    ALLOWED.store(i32::try_from(own).unwrap(), Ordering::Relaxed);
    assert_eq!(status_of_a_child_that_allocates(), CAUGHT, "the guard has to be awake");
    for method in METHODS {
        for (what, program, expected) in programs() {
            let finished = program.by(method).run(&mut spawner);
            assert_eq!(finished.status, ExitStatus::Exited(expected), "{what} by {method:?}: {}", finished.stderr);
        }
        let null = support::dev_null();
        // Some numbers are the spawner's own, so that things have to be moved.
        let list: Vec<_> = (0..9).map(|number| (null.as_fd(), number)).collect();
        let child = Program::script("exit 7").by(method).start_with(&mut spawner, &list).unwrap();
        assert_eq!(support::wait_for_end(&child), ExitStatus::Exited(7), "a list of descriptors by {method:?}");
    }
}

/// Every way through the child half, with the status in which it ends.
fn programs() -> Vec<(&'static str, Program, u8)> {
    let plain = Program::new("/bin/true", &[]);
    let full = Program {
        directory: Some(c_string("/")),
        attributes: ChildAttributes { umask: Some(0o027), ..ChildAttributes::default() },
        ..Program::new("/bin/sh", &["-c", "exit 7"])
    };
    let setting = |what, words: &str| ChildSetting { what, words: words.to_owned() };
    let nofile = |soft, hard| Setting::Limit(Resource::Nofile, Limit { soft: Some(soft), hard: Some(Some(hard)) });
    let everything = ChildAttributes {
        umask: Some(0o027),
        settings: vec![
            setting(Setting::OomScore("900".to_owned()), "oom"),
            setting(nofile(77, 99), "limit"),
            setting(Setting::Nice(7), "nice"),
            setting(Setting::IoPriority(IoPriority::Idle), "ioprio"),
            setting(Setting::Scheduler(Scheduler::Batch), "sched"),
            setting(Setting::Cpus(CpuSet::new(&[CpuRange { first: 0, last: 0 }])), "cpus"),
        ],
        new_session: true,
        pdeathsig: Some(Signal::TERM),
        no_new_privs: true,
        ..ChildAttributes::default()
    };
    let impossible = ChildAttributes { settings: vec![setting(nofile(9, 3), "limit")], ..ChildAttributes::default() };
    let somebody = Credentials { uid: 65_534, gid: 65_534, groups: vec![65_534] };
    let mut programs = vec![
        ("a plain program", plain.clone(), 0),
        ("a program with a directory and a umask", full.clone(), 7),
        ("all that anybody may set", Program { attributes: everything, ..full.clone() }, 7),
        ("what cannot be set", Program { attributes: impossible, ..plain.clone() }, 127),
        ("a missing program", Program::new("/no/such/program", &[]), 127),
        ("a missing directory", Program { directory: Some(c_string("/no/such")), ..plain.clone() }, 127),
        ("a refusal", Program { refusal: Some("no".to_owned()), ..plain.clone() }, 127),
    ];
    if support::is_root("another user") {
        let bind = Capabilities::named("NET_BIND_SERVICE").expect("the kernel has it");
        let privileged = ChildAttributes {
            bounding: Some((bind, "bounding".to_owned())),
            ambient: Some((bind, "ambient".to_owned())),
            ..ChildAttributes::default()
        };
        let somebody_able = Program { credentials: Some(somebody.clone()), attributes: privileged, ..full.clone() };
        programs.push(("another user with a capability", somebody_able, 7));
        programs.push(("another user", Program { credentials: Some(somebody.clone()), ..full }, 7));
        let groups = vec![0; 70_000];
        let too_many = Credentials { groups, ..somebody };
        programs.push(("too many groups", Program { credentials: Some(too_many), ..plain }, 127));
    }
    programs
}

fn status_of_a_child_that_allocates() -> i32 {
    // SAFETY: fork(2); the child allocates on purpose, which the guard turns into its end.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let kept = std::hint::black_box(Box::new(1));
        // SAFETY: _exit(2) does not return.
        unsafe { libc::_exit(*kept) };
    }
    let mut status = 0;
    // SAFETY: waitpid(2) writes the status of our own child.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    libc::WEXITSTATUS(status)
}
